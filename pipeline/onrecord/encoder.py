"""Read a text with the encoder that the trained stages share: one pass, by onnxruntime, on one thread.

In: a text and its quotations. Out: for each window the scores and vectors that find attributions in it, and for each
piece of the text a *view*, the vector with which the stances stage looks at an attribution again.
Windows are run one at a time, unpadded: dynamic int8 scales depend on what shares a batch, and the same article must
give the same bytes whatever was processed beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from onrecord.model_folder import check_files, load_tokenizer, open_session
from onrecord.pieces import Pieces, Window, encode, lay_out, windows

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from onrecord.stages.quotations import Quotation

Array = NDArray[np.float32]

# Positions of a window, [CLS] and [SEP] included: what the network was trained with.
LENGTH = 256
# Pieces of the paragraph before a window that are read along with it.
CONTEXT = 64
FILES = ("encoder.onnx", "tokenizer.json")
OUTPUTS = ("tags", "cue", "gate", "word", "view")


@dataclass(frozen=True, slots=True)
class Scored:
    """A window's scores. `words`: the piece that each word begins with; arrays have one row a word."""

    window: Window
    words: NDArray[np.int64]
    tags: Array
    cue: Array
    gate: Array
    word: Array


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A text as word pieces; `views` has a row a piece, zeros where the encoder has not been yet."""

    text: str
    pieces: Pieces
    views: NDArray[np.float16]


# What was read of a Doc, from the attributions stage until the stances stage takes it.
READINGS: WeakKeyDictionary[Doc, Reading] = WeakKeyDictionary()


class Encoder:
    """The exported encoder of a model folder; load once, use for any number of articles."""

    def __init__(self, folder: Path) -> None:
        check_files(folder, FILES)
        self.session = open_session(folder / "encoder.onnx")
        self.tokenizer = load_tokenizer(folder)
        self.width = int(self.session.get_outputs()[OUTPUTS.index("view")].shape[-1])

    def open(self, text: str, quotations: Sequence[Quotation]) -> Reading:
        """Return a text that has not been read yet."""
        pieces = encode(text, quotations, self.tokenizer)
        return Reading(text, pieces, np.zeros((len(pieces), self.width), dtype=np.float16))

    def score(self, reading: Reading) -> Iterator[Scored]:
        """Yield the scores of the windows that cover the whole text, in order, and keep the views of their pieces."""
        pieces = reading.pieces
        starts = np.flatnonzero(pieces.first)
        for window in windows(pieces, LENGTH, context=CONTEXT):
            layout = lay_out(window, pieces)
            feed = {"ids": layout.ids[None], "features": layout.features[None]}
            *parts, views = (part[0] for part in self.session.run(OUTPUTS, feed))
            rows = np.flatnonzero(layout.position >= 0)
            core = rows[window.core - window.start : window.core_end - window.start]
            reading.views[window.core : window.core_end] = views[core]
            low, high = np.searchsorted(starts, [window.start, window.end])
            words = starts[low:high]
            at = rows[words - window.start]
            yield Scored(window, words, *(part[at] for part in parts))

    def read(self, text: str, quotations: Sequence[Quotation]) -> Reading:
        """Return a text with the views of all its pieces."""
        reading = self.open(text, quotations)
        for _ in self.score(reading):
            pass
        return reading


@lru_cache(maxsize=4)
def load_encoder(folder: Path) -> Encoder:
    """Load the encoder of a model folder, once a process."""
    return Encoder(folder)
