"""Run the attribution network: from word pieces to scores, by onnxruntime, on one thread.

In: `Pieces`. Out: for each window the scores of the word tags and the vectors that score a cue against its words.
Windows are run one at a time, unpadded: dynamic int8 scales depend on what shares a batch, and the same article must
give the same bytes whatever was processed beside it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from onrecord.labels import ACTS
from onrecord.model_folder import check_files, load_tokenizer, open_session
from onrecord.pieces import Pieces, Window, lay_out, windows
from onrecord.stages.attributions.decoding import Array, buckets

# Positions of a window, [CLS] and [SEP] included: what the network was trained with.
LENGTH = 256
# Pieces of the paragraph before a window that are read along with it.
CONTEXT = 64
FILES = ("attributions.onnx", "attributions.json", "pairs.npz", "acts.npz", "tokenizer.json")


@dataclass(frozen=True, slots=True)
class Scored:
    """A window's scores. `words`: the piece that each word begins with; arrays have one row a word."""

    window: Window
    words: NDArray[np.int64]
    tags: Array
    cue: Array
    gate: Array
    word: Array


class Network:
    """The exported attribution network of a model folder; load once, use for any number of articles."""

    def __init__(self, folder: Path) -> None:
        check_files(folder, FILES)
        self.session = open_session(folder / "attributions.onnx")
        self.tokenizer = load_tokenizer(folder)
        with np.load(folder / "pairs.npz") as weights:
            self.distance, self.weight, self.bias = (weights[name] for name in ("distance", "weight", "bias"))
        with np.load(folder / "acts.npz") as weights:
            self.act_weight, self.act_bias = weights["weight"], weights["bias"]
        calibration = json.loads((folder / "attributions.json").read_text(encoding="utf-8"))
        self.slope, self.intercept = float(calibration["slope"]), float(calibration["intercept"])

    def calibrated(self, score: float) -> float:
        """Return the chance that an attribution of this score is right: Platt scaling, fitted by the recipe."""
        odds = math.log(max(score, 1e-6) / max(1 - score, 1e-6))
        return 1 / (1 + math.exp(-(self.slope * odds + self.intercept)))

    def act(self, scored: Scored, cue: tuple[int, int]) -> str:
        """Return the act of the cue in words [start, end) of a window, as its vector tells."""
        vector = scored.cue[cue[0] : cue[1]].mean(0)
        return ACTS[int((vector @ self.act_weight + self.act_bias).argmax())]

    def score(self, pieces: Pieces, parts: Iterable[Window] | None = None) -> Iterator[Scored]:
        """Yield the scores of the windows `parts`, by default those that cover the whole text, in order."""
        starts = np.flatnonzero(pieces.first)
        for window in windows(pieces, LENGTH, context=CONTEXT) if parts is None else parts:
            layout = lay_out(window, pieces)
            feed = {
                "ids": layout.ids[None],
                "features": layout.features[None],
                "mask": np.ones((1, len(layout.ids)), dtype=np.int64),
            }
            tags, cue, gate, word = self.session.run(["tags", "cue", "gate", "word"], feed)
            low, high = np.searchsorted(starts, [window.start, window.end])
            words = starts[low:high]
            rows = np.flatnonzero(layout.position >= 0)[words - window.start]
            yield Scored(window, words, *(part[0][rows] for part in (tags, cue, gate, word)))

    def pair(self, scored: Scored, cue: tuple[int, int]) -> Array:
        """Score the words of a window (words, pair tags) for the cue in words [start, end) of it."""
        first, last = cue
        vector = scored.cue[first:last].mean(0)
        gate = scored.gate[first:last].mean(0)
        distance = self.distance[buckets(np.arange(len(scored.words)) - first)]
        hidden = np.maximum(vector + scored.word * (1 + gate) + distance, 0.0)
        scores: Array = hidden @ self.weight + self.bias
        return scores
