"""What is decided about a source, and the fitted weights that decide.

A `Verdict` is the outcome for one attribution, with all that explains it; a `Model` holds the weights of
`speakers.json`, which models/recipe/speakers fits.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from onrecord.model_folder import folder_with
from onrecord.stages.attributions import Span
from onrecord.stages.speakers import addressees, kinds
from onrecord.stages.speakers.entities import Entity
from onrecord.stages.speakers.ranking import Candidate, Ranker


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who speaks, how that was found (`resolved`, `rule`), and the candidates looked at, best first.

    `chance` is what the model said, 0.5 where a rule decided; `confidence` is the calibrated chance.
    """

    name: str | None = None
    kind: str = "unknown"
    title: str | None = None
    id: str | None = None
    resolved: str = "none"
    rule: str = "no source"
    chance: float = 0.5
    confidence: float | None = None
    addressee: Span | None = None
    addressee_name: str | None = None
    entity: Entity | None = None
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True)
class Model:
    """The fitted parts: weights of the ranker by task and feature, of kinds by feature and kind, of addressees.

    `calibration` maps a rule to (offset, slope): how the log odds of its chance become those of being right.
    """

    ranker: Ranker
    kinds: kinds.Weights
    addressees: addressees.Weights
    calibration: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def confidence(self, verdict: Verdict) -> float | None:
        """Return the calibrated chance that the name is right, for rules too rare to tell that of all of them."""
        fitted = self.calibration.get(verdict.rule) or self.calibration.get("any rule")
        if fitted is None:
            return None
        offset, slope = fitted
        return round(1.0 / (1.0 + math.exp(-offset - slope * log_odds(verdict.chance))), 3)


def log_odds(chance: float) -> float:
    """Return the log odds of a chance, kept within bounds."""
    kept = min(max(chance, 0.001), 0.999)
    return math.log(kept / (1.0 - kept))


@lru_cache(maxsize=4)
def load_model(model: str | Path | None) -> Model:
    """Read `speakers.json` of a model, which is given as for `onrecord.load`."""
    data = json.loads((folder_with("speakers.json", model) / "speakers.json").read_text(encoding="utf-8"))
    return Model(Ranker(data["ranker"]), data["kinds"], data["addressees"], data["calibration"])
