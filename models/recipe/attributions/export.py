"""Export a trained network to what the pipeline loads: an int8 ONNX graph, the heads' arrays, the tokenizer."""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from attributions.evaluate import write_calibration
from attributions.network import Network
from encoder import minilm_folder
from onrecord.labels import ACTS


def export(model: Network, folder: Path) -> None:
    """Write all files of the stage to `folder`; confidence is not calibrated yet and every act is the first."""
    model.eval()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "plain.onnx"
        export_plain(model, plain)
        quantise(plain, folder / "attributions.onnx")
    np.savez(
        folder / "pairs.npz",
        distance=model.distance.weight.detach().numpy(),
        weight=model.pair.weight.detach().numpy().T.copy(),
        bias=model.pair.bias.detach().numpy(),
    )
    write_calibration(folder, 1.0, 0.0)
    width = model.pair.weight.shape[1]
    np.savez(folder / "acts.npz", weight=np.zeros((width, len(ACTS)), np.float32), bias=np.zeros(len(ACTS), np.float32))
    shutil.copyfile(minilm_folder() / "tokenizer.json", folder / "tokenizer.json")


def export_plain(model: Network, path: Path) -> None:
    """Write the fp32 graph: (ids, features, mask) to (tags, cue, gate, word), any batch and length."""
    ids = torch.randint(1000, 20000, (2, 40))
    inputs = ["ids", "features", "mask"]
    outputs = ["tags", "cue", "gate", "word"]
    axes = {name: {0: "batch", 1: "length"} for name in inputs + outputs}
    ones = torch.ones_like(ids)
    torch.onnx.export(
        model, (ids, ones, ones), str(path), input_names=inputs, output_names=outputs, dynamic_axes=axes,
        opset_version=17, dynamo=False,
    )  # fmt: skip


def quantise(source: Path, target: Path) -> None:
    """Quantise the matrix products and the embedding tables to int8.

    Weights keep 7 bits (`reduce_range`): with 8, processors without VNNI saturate in 16-bit sums and give other, worse
    scores than those with it.
    """
    logging.getLogger().setLevel(logging.ERROR)
    quantize_dynamic(
        str(source), str(target), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True,
        op_types_to_quantize=["MatMul", "Gemm", "Gather"],
    )  # fmt: skip
