"""Score stances and targets of labelled attributions, gold attributions given, by the pipeline's own code.

    python models/recipe/stances/evaluate.py models/en_onrecord polnear.dev.jsonl models/recipe/labels/meaning.dev.jsonl
    python models/recipe/stances/evaluate.py models/en_onrecord --newsmtsc newsmtsc.train.jsonl

With --held-out only the articles that train.py keeps back are scored.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import network
from encoder import MPNET, minilm_folder
from export import Aimed, head_of
from onrecord.evaluation.meaning import calibration_error, macro_f1, share_half
from onrecord.labels import STANCES
from onrecord.model_folder import load_tokenizer
from onrecord.stages.attributions.decoding import Array
from onrecord.stages.stances import Decision, decide
from onrecord.stages.stances.network import Candidates, Marked, Reader
from stances.data import FOLDS, NEUTRAL_HEAT, Item, attributions, held_out, newsmtsc


def figures(items: Sequence[Item], decisions: Sequence[Decision | None]) -> dict[str, Any]:
    """Return the table of figures, in percent."""
    found = [decision.stance if decision else "neutral" for decision in decisions]
    gold = [item.gold for item in items]
    phrases = [item.text[slice(*decision.target)] if decision else "" for item, decision in zip(items, decisions)]
    match = [share_half(item.label["target"], phrase) for item, phrase in zip(items, phrases)]
    stance = [one == two for one, two in zip(gold, found)]
    rows = {
        "stance accuracy": np.mean(stance),
        "stance macro-F1": macro_f1(zip(gold, found)) / 100,
        "target match": np.mean(match),
        "target exact": np.mean([item.label["target"] == phrase for item, phrase in zip(items, phrases)]),
        "both right": np.mean([one and two for one, two in zip(stance, match)]),
        "stance ECE": calibration_error([d.stance_chance if d else 0 for d in decisions], stance) / 100,
        "target ECE": calibration_error([d.target_chance if d else 0 for d in decisions], match) / 100,
    }
    table: dict[str, Any] = {name: round(100 * float(value), 1) for name, value in rows.items()}
    for least in (0.6, 0.7, 0.8, 0.9):
        for name, right in (("stance", stance), ("target", match)):
            kept = [r for d, r in zip(decisions, right) if d and getattr(d, f"{name}_chance") >= least]
            share = round(100 * len(kept) / len(items), 1)
            table[f"{name} p>={least}"] = f"kept {share}, right {round(100 * float(np.mean(kept or [0])), 1)}"
    return {"items": len(items), **table}


class Trained(Reader):
    """A large reader that was trained and not exported."""

    def __init__(self, weights: Path) -> None:
        self.network = network.Reader(MPNET)
        self.network.load_state_dict(torch.load(weights))
        self.graph = Aimed(self.network.eval())
        self.tokenizer = load_tokenizer(minilm_folder())
        self.head = {name: part.detach().numpy() for name, part in head_of(self.network).items()}
        self.calibration = NEUTRAL_HEAT

    @torch.no_grad()
    def run(self, marked: Marked) -> tuple[Array, Array, Array]:
        found = self.graph(*(torch.tensor(part[None]) for part in (marked.ids, marked.features, marked.roles)))
        return tuple(part[0].numpy() for part in found)


def score(reader: Reader, items: Sequence[Item]) -> list[Candidates]:
    """Run the network over the items."""
    return [reader.score(item.marked) for item in items]


def polarity(reader: Reader, items: Sequence[Item]) -> dict[str, float]:
    """Return macro-F1 and accuracy of the stance toward given targets."""
    found = []
    for item in items:
        vectors, aims, _ = reader.run(item.marked)
        logits = reader.stances(vectors, aims, item.marked, np.array(item.targets[:1]))
        found.append(STANCES[int(logits[0].argmax())])
    gold = [item.gold for item in items]
    accuracy = float(np.mean([one == two for one, two in zip(gold, found)]))
    return {"items": len(items), "macro-F1": round(macro_f1(zip(gold, found)), 1), "accuracy": round(100 * accuracy, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="folder with the exported network, or weights of a large reader (.pt)")
    parser.add_argument("articles", type=Path, nargs="?")
    parser.add_argument("labels", type=Path, nargs="?")
    parser.add_argument("--newsmtsc", type=Path)
    parser.add_argument("--held-out", action="store_true", help="score only the articles that training keeps back")
    args = parser.parse_args()
    reader = Reader(args.model) if args.model.is_dir() else Trained(args.model)
    if args.newsmtsc:
        news = [item for item in newsmtsc(args.newsmtsc, reader.tokenizer) if held_out(item.doc_id, FOLDS)]
        print(json.dumps(polarity(reader, news)))
    if args.labels:
        items = attributions(args.articles, args.labels, reader.tokenizer)
        items = [item for item in items if held_out(item.doc_id, FOLDS)] if args.held_out else items
        begun = time.process_time()
        scored = score(reader, items)
        cost = 1000 * (time.process_time() - begun) / len(items)
        decisions = [decide(c, i.marked, i.text, reader.calibration) for c, i in zip(scored, items)]
        print(json.dumps({**figures(items, decisions), "ms an attribution": round(cost, 2)}, indent=1))


if __name__ == "__main__":
    main()
