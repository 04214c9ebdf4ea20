"""Read a text with the trained encoder: one pass, by onnxruntime, on one thread.

In: a text's pieces. Out: for each window the scores and vectors that find attributions in it.
Windows are run one at a time, unpadded: dynamic int8 scales depend on what shares a batch, and the same article must
give the same bytes whatever was processed beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from onrecord.model_folder import check_files, load_tokenizer, open_session
from onrecord.pieces import Pieces, Window, encode, lay_out, windows

if TYPE_CHECKING:
    from onrecord.stages.quotations import Quotation

Array = NDArray[np.float32]

# Positions of a window, [CLS] and [SEP] included: what the network was trained with.
LENGTH = 256
# Pieces of the paragraph before a window that are read along with it.
CONTEXT = 64
FILES = ("encoder.onnx", "tokenizer.json")
OUTPUTS = ("tags", "cue", "gate", "word")


@dataclass(frozen=True, slots=True)
class Scored:
    """A window's scores. `words`: the piece that each word begins with; arrays have one row a word."""

    window: Window
    words: NDArray[np.int64]
    tags: Array
    cue: Array
    gate: Array
    word: Array


class Encoder:
    """The exported encoder of a model folder; load once, use for any number of articles."""

    def __init__(self, folder: Path) -> None:
        check_files(folder, FILES)
        self.session = open_session(folder / "encoder.onnx")
        self.tokenizer = load_tokenizer(folder)

    def pieces(self, text: str, quotations: Sequence[Quotation]) -> Pieces:
        """Return the pieces of a text."""
        return encode(text, quotations, self.tokenizer)

    def score(self, pieces: Pieces) -> Iterator[Scored]:
        """Yield the scores of the windows that cover the whole text, in order."""
        starts = np.flatnonzero(pieces.first)
        for window in windows(pieces, LENGTH, context=CONTEXT):
            layout = lay_out(window, pieces)
            feed = {"ids": layout.ids[None], "features": layout.features[None]}
            parts = [part[0] for part in self.session.run(OUTPUTS, feed)]
            rows = np.flatnonzero(layout.position >= 0)
            low, high = np.searchsorted(starts, [window.start, window.end])
            words = starts[low:high]
            at = rows[words - window.start]
            yield Scored(window, words, *(part[at] for part in parts))


@lru_cache(maxsize=4)
def load_encoder(folder: Path) -> Encoder:
    """Load the encoder of a model folder, once a process."""
    return Encoder(folder)
