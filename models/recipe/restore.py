"""Turn exported graphs back into weights of torch, to go on training from a shipped model.

    python models/recipe/restore.py models/en_onrecord -o runs/shipped

Writes short.pt (the network that finds attributions) and reader.pt (the one that judges them). The graphs hold int8, so
the weights are those that the pipeline computes with, not those that were once exported.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from encoder import MINILM, Shape
from network import Network, Reader

QUANTIZED = "_quantized"


def weights_of(graph: Path) -> dict[str, Tensor]:
    """Return the weights that stand in a graph, named as in the module that it was exported from."""
    model = onnx.load(graph).graph
    arrays = {one.name: numpy_helper.to_array(one) for one in model.initializer}
    found = {name: array for name, array in arrays.items() if "." in name and "weight_" not in name}
    for node in model.node:
        name = next((name for name in node.input if name in arrays and name.endswith(QUANTIZED)), None)
        if name is None:
            continue
        stem = name.removesuffix(QUANTIZED)
        zero = arrays[f"{stem}_zero_point"].astype(np.float32)
        plain = (arrays[name].astype(np.float32) - zero) * arrays[f"{stem}_scale"]
        if node.op_type == "Gather":
            found[stem] = plain
        else:
            # A product without a bias is the graph's output itself, and bears its name.
            path = re.match(r"/?(.+?)/MatMul", node.output[0])
            found[f"{path[1].replace('/', '.') if path else 'aim'}.weight"] = plain.T
    return {name: torch.tensor(np.ascontiguousarray(array)) for name, array in found.items()}


def arrays_of(path: Path) -> dict[str, Tensor]:
    """Return the arrays of an .npz as tensors."""
    with np.load(path) as arrays:
        return {name: torch.tensor(arrays[name]) for name in arrays}


def shape_of(weights: Mapping[str, Tensor]) -> Shape:
    """Return the shape of the encoder, as wide as MiniLM, that has these weights."""
    layers = sum(name.endswith("qkv.weight") for name in weights)
    inner, hidden = (len(weights[f"encoder.layers.0.{part}.weight"]) for part in ("qkv", "up"))
    return replace(MINILM, layers=layers, heads=inner // 3 // MINILM.head_width, hidden=hidden)


def network_of(folder: Path) -> Network:
    """Return the network of a model folder that finds attributions."""
    weights, pairs = weights_of(folder / "encoder.onnx"), arrays_of(folder / "pairs.npz")
    heads = {"distance.weight": pairs["distance"], "pair.weight": pairs["weight"].T, "pair.bias": pairs["bias"]}
    network = Network(shape_of(weights))
    network.load_state_dict({**weights, **heads})
    return network


def reader_of(folder: Path) -> Reader:
    """Return the reader of a model folder."""
    head, weights = arrays_of(folder / "stances.npz"), weights_of(folder / "stances.onnx")
    aim = weights.pop("aim.weight")
    ends = {"up.weight": torch.cat([aim, head["rest"].T], 1), "up.bias": head["rest_bias"]}
    ends |= {"down.weight": head["down"].T, "down.bias": head["down_bias"]}
    weights = {name.removeprefix("reader."): weight for name, weight in weights.items()}
    reader = Reader(shape_of(weights))
    reader.load_state_dict(weights | ends)
    return reader


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the weights")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    torch.save(network_of(args.model).state_dict(), args.output / "short.pt")
    torch.save(reader_of(args.model).state_dict(), args.output / "reader.pt")


if __name__ == "__main__":
    main()
