"""Score a model folder's attribution stage on gold articles, and calibrate its confidence on them.

    python models/recipe/attributions/evaluate.py models/en_onrecord polnear.dev.jsonl [--calibrate]

Speakers and stances are not run; attributions within others are left out, since gold marks the outer one only.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onrecord.evaluation.gold import GoldArticle, Roles, read_gold
from onrecord.evaluation.meaning import calibration_error
from onrecord.evaluation.spans import Comparison, compare, score_spans
from onrecord.stages.attributions import Attribution, find_attributions
from onrecord.stages.attributions.network import Network
from onrecord.stages.quotations import find_quotations


def score_model(folder: Path, gold: Mapping[str, GoldArticle]) -> dict[str, Any]:
    """Return the span figures of a model folder."""
    rows = run_model(folder, gold)
    scores, right = outcomes(rows)
    error = calibration_error(scores.tolist(), right.tolist())
    return {"calibration error": error, **score_spans([comparison for comparison, _ in rows])}


def run_model(folder: Path, gold: Mapping[str, GoldArticle]) -> list[tuple[Comparison, list[Attribution]]]:
    """Return each article's comparison with gold, and the attributions that were compared."""
    network = Network(folder)
    rows = []
    for article in gold.values():
        found = find_attributions(article.text, find_quotations(article.text), network)
        outer = [item for item in found if item.within is None]
        rows.append((compare(article, [roles(item) for item in outer]), outer))
    return rows


def roles(item: Attribution) -> Roles:
    """Return the spans of an attribution by role."""
    return {
        "source": (item.source,) if item.source else (),
        "cue": (item.cue,) if item.cue else (),
        "content": item.content,
    }


# ---------------------------------------------------------------- calibration


def outcomes(rows: Sequence[tuple[Comparison, list[Attribution]]]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return confidence and rightness (content found, IoU 0.5 or more) of every attribution that has a confidence."""
    scores, right = [], []
    for comparison, found in rows:
        hits = {index for _, index in comparison.pairs}
        for index, item in enumerate(found):
            if item.score is not None:
                scores.append(item.score)
                right.append(index in hits)
    return np.array(scores), np.array(right)


def fit_platt(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, float]:
    """Return slope and intercept of Platt scaling: p = sigmoid(slope * logit(score) + intercept); Newton's method.

    Platt, *Probabilistic outputs for support vector machines* (1999).
    """
    rows = np.stack([logit(scores), np.ones_like(scores)], 1)
    weights = np.array([1.0, 0.0])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-rows @ weights))
        spread = (rows * (chance * (1 - chance))[:, None]).T @ rows + 1e-6 * np.eye(2)
        weights += np.linalg.solve(spread, rows.T @ (right - chance))
    return float(weights[0]), float(weights[1])


def logit(chance: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(chance, 1e-6, 1 - 1e-6)
    return np.log(clipped / (1 - clipped))


def calibrate(folder: Path, gold: Mapping[str, GoldArticle]) -> dict[str, float]:
    """Fit Platt scaling on all of `gold`, write it to the folder; report its error where fitted on the other half."""
    write_calibration(folder, 1.0, 0.0)
    rows = run_model(folder, gold)
    errors = []
    for half in (0, 1):
        slope, intercept = fit_platt(*outcomes(rows[half::2]))
        scores, right = outcomes(rows[1 - half :: 2])
        chance = 1 / (1 + np.exp(-(slope * logit(scores) + intercept)))
        errors.append(calibration_error(chance.tolist(), right.tolist()))
    scores, right = outcomes(rows)
    slope, intercept = fit_platt(scores, right)
    write_calibration(folder, slope, intercept)
    return {
        "before": calibration_error(scores.tolist(), right.tolist()),
        "after": sum(errors) / 2,
        "slope": slope,
        "intercept": intercept,
    }


def write_calibration(folder: Path, slope: float, intercept: float) -> None:
    path = folder / "attributions.json"
    path.write_text(json.dumps({"slope": round(slope, 4), "intercept": round(intercept, 4)}) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--calibrate", action="store_true", help="fit the confidence on these articles first")
    args = parser.parse_args()
    gold = read_gold(args.gold)
    if args.calibrate:
        print(json.dumps({"calibration error": calibrate(args.model, gold)}))
    print(json.dumps(score_model(args.model, gold), indent=1))


if __name__ == "__main__":
    main()
