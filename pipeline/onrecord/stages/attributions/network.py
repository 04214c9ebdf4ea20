"""The attribution heads on the encoder: which words belong to a given cue, what the cue does, how sure all that is."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

from onrecord.encoder import LENGTH, Scored, load_encoder
from onrecord.labels import ACTS
from onrecord.model_folder import check_files
from onrecord.stages.attributions.decoding import Array, buckets

FILES = ("attributions.json", "pairs.npz", "acts.npz")


class Network:
    """Encoder and attribution heads of a model folder; load once, use for any number of articles."""

    def __init__(self, folder: Path) -> None:
        check_files(folder, FILES)
        self.encoder = load_encoder(folder)
        with np.load(folder / "pairs.npz") as weights:
            self.weight, self.bias = weights["weight"], weights["bias"]
            # By distance in words, which is at most a window's length.
            self.distance = weights["distance"][buckets(np.arange(-LENGTH, LENGTH))]
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

    def pair(self, scored: Scored, cue: tuple[int, int]) -> Array:
        """Score the words of a window (words, pair tags) for the cue in words [start, end) of it."""
        first, last = cue
        vector = scored.cue[first:last].mean(0)
        gate = scored.gate[first:last].mean(0)
        hidden = scored.word * (1 + gate)
        hidden += vector
        hidden += self.distance[LENGTH - first : LENGTH - first + len(hidden)]
        scores: Array = np.maximum(hidden, 0.0, out=hidden) @ self.weight + self.bias
        return scores
