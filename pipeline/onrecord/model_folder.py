"""Open what a model folder holds: ONNX graphs for one thread, and the tokenizer that goes with them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from onrecord.errors import OnRecordError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer


def check_files(folder: Path, names: Iterable[str]) -> None:
    """Raise OnRecordError, naming the first file that a model folder lacks."""
    for name in names:
        if not (folder / name).is_file():
            raise OnRecordError(f"{folder}: {name} is missing; a model folder is made by models/recipe")


def open_session(graph: Path) -> InferenceSession:
    """Open an ONNX graph; on one thread, so that a batch's workers do not get into each other's way."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Addition and normalisation fused into one step take several times as long as the two (onnxruntime 1.32).
    return onnxruntime.InferenceSession(
        str(graph), options, providers=["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion"]
    )


@lru_cache(maxsize=4)
def load_tokenizer(folder: Path) -> Tokenizer:
    """Load the tokenizer of a model folder, once a process; it neither cuts nor pads."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
