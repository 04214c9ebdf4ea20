"""Find a model folder and open what it holds: ONNX graphs for one thread, and the tokenizer that goes with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from onrecord.errors import OnRecordError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer


# Models that are packages: the one that is always there, and one that finds more and costs more.
PACKAGES: Mapping[str | Path | None, str] = {None: "en_onrecord", "accurate": "en_onrecord_accurate"}
# What the stages that are trained read first; a folder of one's own needs one of them.
MAIN = ("encoder.onnx", "speakers.json", "stances.onnx")


def model_folder(model: str | Path | None) -> Path:
    """Return the folder of a model: of that which comes with onrecord (None), of `accurate`, or of the path `model`.

    Raises OnRecordError if it is not there.
    """
    if package := PACKAGES.get(model):
        try:
            path: Path = import_module(package).path()
            return path
        except ImportError as error:
            remedy = f"in a clone of the repository, pip install ./models/{package}"
            raise OnRecordError(f"the model {model!r} is not installed; {remedy}") from error
    folder = Path(str(model))
    if not any((folder / name).is_file() for name in MAIN):
        raise OnRecordError(f"{folder}: no model folder, none of {', '.join(MAIN)} is there; models/recipe makes one")
    return folder


def folder_with(name: str, model: str | Path | None) -> Path:
    """Return the folder of `model`, or, if it lacks the file `name`, that of the model that comes with the package."""
    folder = model_folder(model)
    return folder if (folder / name).is_file() else model_folder(None)


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
