"""Judge the attributions without meaning labels by a trained network, as soft labels to learn from.

    python models/recipe/stances/guess.py models/en_onrecord polnear.train.jsonl -o labels/guessed.train.jsonl \
        --labelled labels/meaning.train.jsonl

The articles that are kept back for calibration are left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from onrecord.labels import STANCES
from onrecord.stages.quotations import find_quotations
from onrecord.stages.stances import agreement, best_candidate, softmax
from onrecord.stages.stances.network import Reader
from stances.data import FOLDS, attribution, held_out, read_lines


def guesses(reader: Reader, articles: Path, labelled: Path) -> Iterator[dict[str, Any]]:
    """Yield the guesses: `target` is [start, end, chance], `stance` the chances in the order of labels.STANCES."""
    done = {(row["doc_id"], row["id"]) for row in read_lines(labelled)}
    nothing = {"target": "\0", "stance": STANCES[0]}
    for article in read_lines(articles):
        if held_out(article["doc_id"], FOLDS):
            continue
        reading = reader.encoder.read(article["text"], find_quotations(article["text"]))
        for gold in article["attributions"]:
            if (article["doc_id"], gold["id"]) in done or not gold["content"] or not gold["cue"]:
                continue
            marked = attribution(gold, nothing, article["text"], reading.pieces).marked
            candidates = reader.score(marked, reading.views)
            if not len(candidates.places):
                continue
            alike = agreement(candidates.places, marked.ids)
            chances = softmax(candidates.scores / reader.calibration["target_temperature"])
            stances = softmax(candidates.stances / reader.calibration["stance_temperature"])
            best = best_candidate(alike, chances)
            weights = chances * alike[best]
            first, last = candidates.places[best]
            yield {
                "doc_id": article["doc_id"],
                "id": gold["id"],
                "target": [int(marked.start[first]), int(marked.end[last]), round(float(chances[best]), 4)],
                "stance": [round(chance, 4) for chance in (weights @ stances / weights.sum()).tolist()],
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--labelled", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    with args.output.open("w", encoding="utf-8") as lines:
        for row in guesses(Reader(args.model), args.articles, args.labelled):
            lines.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
