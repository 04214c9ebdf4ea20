"""Fit the temperatures that make the stance stage's chances honest, on the articles that training kept back.

    python models/recipe/stances/calibrate.py models/en_onrecord polnear.train.jsonl \\
        models/recipe/labels/meaning.train.jsonl

Writes stances.json beside the weights. One temperature for the stances (Guo et al., ICML 2017), one for the targets:
the chance of a target is the chance of all candidates that would count as a match with it, after tempering.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from onrecord.evaluation.meaning import share_half
from onrecord.stages.stances import Decision, decide
from onrecord.stages.stances.network import Candidates, Reader
from stances.data import FOLDS, NEUTRAL_HEAT, Item, attributions, held_out
from stances.evaluate import figures, score

GRID = np.round(np.exp(np.linspace(np.log(0.5), np.log(4.0), 19)), 3).tolist()


def log_loss(chances: Sequence[float], right: Sequence[bool]) -> float:
    """Return the mean negative log likelihood of right and wrong."""
    chance = np.clip(np.array(chances), 1e-3, 1 - 1e-3)
    return float(-np.mean(np.log(np.where(np.array(right), chance, 1 - chance))))


def fit(items: Sequence[Item], scored: Sequence[Candidates]) -> dict[str, float]:
    """Return the temperatures with the least log loss of the published chances."""

    def decisions(**heat: float) -> list[Decision | None]:
        return [decide(c, item.marked, item.text, {**NEUTRAL_HEAT, **heat}) for c, item in zip(scored, items)]

    def target_loss(temperature: float) -> float:
        found = decisions(target_temperature=temperature)
        right = [share_half(item.label["target"], item.text[slice(*d.target)]) for d, item in zip(found, items) if d]
        return log_loss([d.target_chance for d in found if d], right)

    def stance_loss(temperature: float) -> float:
        found = decisions(stance_temperature=temperature)
        right = [d.stance == item.gold for d, item in zip(found, items) if d]
        return log_loss([d.stance_chance for d in found if d], right)

    def best(loss: Callable[[float], float]) -> float:
        return min(GRID, key=loss)

    return {"target_temperature": best(target_loss), "stance_temperature": best(stance_loss)}


def calibrate(model: Path, articles: Path, labels: Path) -> None:
    """Fit the temperatures, print the figures before and after, and write stances.json."""
    reader = Reader(model)
    items = attributions(articles, labels, reader.tokenizer)
    items = [item for item in items if held_out(item.doc_id, FOLDS)]
    scored = score(reader, items)
    heat = fit(items, scored)
    for name, setting in (("before", NEUTRAL_HEAT), ("after", heat)):
        table = figures(items, [decide(c, item.marked, item.text, setting) for c, item in zip(scored, items)])
        print(name, json.dumps(table))
    write_heat(model, heat)
    print(json.dumps(heat))


def write_heat(model: Path, heat: dict[str, float]) -> None:
    (model / "stances.json").write_text(json.dumps(heat) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="folder with the exported network")
    parser.add_argument("articles", type=Path)
    parser.add_argument("labels", type=Path)
    args = parser.parse_args()
    calibrate(args.model, args.articles, args.labels)


if __name__ == "__main__":
    main()
