"""Export trained weights to what the pipeline loads: an int8 ONNX graph and the arrays of the stance head.

    python models/recipe/stances/export.py runs/stances/weights.pt -o models/en_onrecord

The temperatures (stances.json) are written by calibrate.py, which reads the exported graph.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from attributions.export import quantise
from encoder import minilm_folder
from stances.network import Network

INPUTS, OUTPUTS = ["ids", "features", "mask"], ["vectors", "spans"]


def export(weights: Path, folder: Path) -> None:
    """Write stances.onnx (int8) and stances.npz to `folder`, and stances.json if it is not there."""
    model = Network()
    model.load_state_dict(torch.load(weights, map_location="cpu"))
    model.eval()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "plain.onnx"
        export_plain(model, plain)
        quantise(plain, folder / "stances.onnx")
    np.savez(
        folder / "stances.npz",
        up=array(model.up.weight.T),
        up_bias=array(model.up.bias),
        down=array(model.down.weight.T),
        down_bias=array(model.down.bias),
    )
    shutil.copyfile(minilm_folder() / "tokenizer.json", folder / "tokenizer.json")
    if not (folder / "stances.json").exists():
        text = json.dumps({"target_temperature": 1.0, "stance_temperature": 1.0})
        (folder / "stances.json").write_text(text + "\n", encoding="utf-8")


def array(weight: Tensor) -> np.ndarray:
    """Return a weight as a contiguous array."""
    return np.ascontiguousarray(weight.detach().numpy())


def export_plain(model: Network, path: Path) -> None:
    """Write the fp32 graph, any batch and length."""
    ids = torch.randint(1000, 20000, (2, 40))
    axes = {name: {0: "batch", 1: "length"} for name in INPUTS + OUTPUTS}
    axes["spans"][2] = "length"
    ones = torch.ones_like(ids)
    torch.onnx.export(
        model, (ids, ones, ones), str(path), input_names=INPUTS, output_names=OUTPUTS, dynamic_axes=axes,
        opset_version=17, dynamo=False,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    export(args.weights, args.output)


if __name__ == "__main__":
    main()
