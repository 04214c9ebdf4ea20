"""Export trained weights to what the pipeline loads: int8 ONNX graphs, the heads' arrays, the tokenizer.

    python models/recipe/export.py runs/network/short.pt -o models/en_onrecord
    python models/recipe/export.py runs/network/reader.pt -o models/en_onrecord --part reader
    python models/recipe/export.py runs/network/large.pt -o models/en_onrecord_accurate --part large

What is fitted on the exported graphs is left as it was: calibrate.py and attributions/acts.py make it anew.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from torch import Tensor, nn

from encoder import LOWER, SHORT, minilm_folder
from network import Network, Reader


def export(model: Network, folder: Path) -> None:
    """Write encoder.onnx, pairs.npz and tokenizer.json to `folder`."""
    model.eval()
    folder.mkdir(parents=True, exist_ok=True)
    ids = torch.randint(1000, 20000, (1, 40))
    inputs = {"ids": ids, "features": torch.ones_like(ids)}
    blocks = "/down/" if model.encoder.shape.buckets else ""
    write_graph(model, inputs, ("tags", "cue", "gate", "word"), folder / "encoder.onnx", blocks=blocks)
    pairs = {"distance": model.distance.weight, "weight": model.pair.weight.T, "bias": model.pair.bias}
    write_arrays(pairs, folder / "pairs.npz")
    shutil.copyfile(minilm_folder() / "tokenizer.json", folder / "tokenizer.json")


def export_reader(model: Reader, folder: Path) -> None:
    """Write stances.onnx and stances.npz to `folder`."""
    model.eval()
    ids = torch.randint(1000, 20000, (1, 40))
    inputs = {"ids": ids, "features": torch.ones_like(ids), "roles": torch.ones_like(ids)}
    # Quantised, six roles are too much alike: 2 points of the targets on development articles.
    write_graph(Aimed(model), inputs, ("vectors", "aims", "spans"), folder / "stances.onnx", exact="reader.role.weight")
    write_arrays(head_of(model), folder / "stances.npz")


def head_of(reader: Reader) -> dict[str, Tensor]:
    """Return what of the stance head is left to numpy: all but what each place adds as a target."""
    up, down = reader.up, reader.down
    rest = up.weight[:, reader.encoder.shape.width :].T
    return {"rest": rest, "rest_bias": up.bias, "down": down.weight.T, "down_bias": down.bias}


class Aimed(nn.Module):
    """A reader whose graph gives what each place would add to the stance head as a target, the mean of its places."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader
        self.aim = nn.Linear(reader.encoder.shape.width, reader.up.out_features, bias=False)
        self.aim.weight.data = reader.up.weight[:, : reader.encoder.shape.width].detach().clone()

    def forward(self, ids: Tensor, features: Tensor, roles: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        vectors, spans = self.reader(ids, features, roles)
        return vectors, self.aim(vectors), spans


def write_graph(
    module: nn.Module,
    inputs: dict[str, Tensor],
    outputs: tuple[str, ...],
    path: Path,
    exact: str = "",
    blocks: str = "",
) -> None:
    """Write a module's graph for one window of any length, its weights in int8.

    Weights keep 7 bits (`reduce_range`): with 8, processors without VNNI saturate in 16-bit sums and give other, worse
    scores than those with it. The table called `exact` keeps its floats. Products with `blocks` in their name have a
    scale for every 128 weights and numbers that come in: MPNet's hidden units are so unlike that one for all of them
    loses 8 points of the sources.
    """
    logging.getLogger().setLevel(logging.ERROR)
    axes = {name: {1: "length"} for name in (*inputs, *outputs)}
    axes |= {"spans": {1: "length", 2: "length"}} if "spans" in outputs else {}
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "plain.onnx"
        torch.onnx.export(
            module, tuple(inputs.values()), str(plain), input_names=list(inputs), output_names=list(outputs),
            dynamic_axes=axes, opset_version=17, dynamo=False,
        )  # fmt: skip
        if blocks:
            graph = onnx.load(plain)
            others = [node.name for node in graph.graph.node if blocks not in node.name]
            quantizer = MatMulNBitsQuantizer(
                graph, bits=8, block_size=128, is_symmetric=True, accuracy_level=4, nodes_to_exclude=others
            )
            quantizer.process()
            quantizer.model.save_model_to_file(str(plain))
        tables = [node for node in onnx.load(plain).graph.node if node.op_type == "Gather"]
        quantize_dynamic(
            str(plain), str(path), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True,
            op_types_to_quantize=["MatMul", "Gemm", "Gather"],
            nodes_to_exclude=[node.name for node in tables if node.input[0] == exact],
        )  # fmt: skip


def write_arrays(tensors: dict[str, Tensor], path: Path) -> None:
    """Write tensors as contiguous arrays."""
    np.savez(path, **{name: np.ascontiguousarray(tensor.detach().numpy()) for name, tensor in tensors.items()})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--part", choices=["short", "large", "reader"], default="short", help="whose weights they are")
    args = parser.parse_args()
    model = Reader(SHORT) if args.part == "reader" else Network(LOWER if args.part == "large" else SHORT)
    model.load_state_dict(torch.load(args.weights, map_location="cpu"))
    if isinstance(model, Reader):
        export_reader(model, args.output)
    else:
        export(model, args.output)


if __name__ == "__main__":
    main()
