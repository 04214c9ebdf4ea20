"""Score the speakers stage on gold attributions: speaker, exact name, pronouns, kind, addressee.

    python evaluate.py GOLD.jsonl MEANING.jsonl --cache FILE [--errors N] [--model DIR]

A speaker is right if the names are equal without titles, articles and case, or if one is the other's last words and
both name a person; `exact` asks for equal names. These are the rules of the project's scorer of claims.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data import Article, Label, read_articles

from onrecord.evaluation.meaning import PRONOUNS, calibration_error, ends_alike, same_name
from onrecord.stages.speakers import Speaker, resolve_speakers
from onrecord.stages.speakers.judging import load_model


def mark(label: Label, speaker: Speaker, printed: str) -> dict[str, bool]:
    """Say what of a speaker is right."""
    return {
        "speaker": same_name(label["speaker"], speaker.name, label["kind"]),
        "exact": same_name(label["speaker"], speaker.name, label["kind"], exact=True),
        "kind": label["kind"] == speaker.kind,
        "pronoun": printed.lower() in PRONOUNS,
    }


class Tally:
    """Counts what is right."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.chances: list[tuple[float, bool]] = []
        self.forms: Counter[tuple[str, bool]] = Counter()

    def add(self, article: Article, speakers: Sequence[Speaker]) -> None:
        """Count the labelled attributions of an article."""
        for attribution, label, speaker in zip(article.attributions, article.labels, speakers):
            if label is None:
                continue
            printed = article.doc.text[slice(*attribution.source)] if attribution.source else ""
            marks = mark(label, speaker, printed)
            self.counts["all"] += 1
            self.counts.update(name for name, right in marks.items() if right)
            self.counts["pronoun right"] += marks["pronoun"] and marks["speaker"]
            self.addressee(label["addressee"], speaker, article, attribution.cue)
            self.forms[form_of(speaker), marks["speaker"]] += 1
            if speaker.confidence is not None:
                self.chances.append((speaker.confidence, marks["speaker"]))
            if not marks["speaker"] or not marks["kind"]:
                self.wrong.append(
                    f"{'S' if not marks['speaker'] else ' '}{'K' if not marks['kind'] else ' '} {printed[:70]!r} gold "
                    f"{label['speaker']!r} {label['kind']} found {speaker.name!r} {speaker.kind} {speaker.resolved}"
                )

    def addressee(self, gold: str | None, speaker: Speaker, article: Article, cue: Any) -> None:
        """Count an addressee."""
        found = speaker.addressee_name
        self.counts["addressee gold"] += gold is not None
        self.counts["addressee found"] += found is not None
        right = gold is not None and found is not None and ends_alike(gold, found)
        self.counts["addressee right"] += right
        if (gold or found) and not right:
            text = article.doc.text[max(cue[0] - 60, 0) : cue[1] + 60] if cue else ""
            self.wrong.append(f"A  gold {gold!r} found {found!r} in {text!r}")

    def figures(self) -> dict[str, float]:
        """Return the figures in percent."""
        counts = self.counts
        share = {name: 100.0 * counts[name] / max(counts["all"], 1) for name in ("speaker", "exact", "kind")}
        share["pronoun"] = 100.0 * counts["pronoun right"] / max(counts["pronoun"], 1)
        addressees = counts["addressee gold"] + counts["addressee found"]
        share["addressee F1"] = 200.0 * counts["addressee right"] / max(addressees, 1)
        share["calibration error"] = calibration_error(*columns(self.chances))
        return share

    def show(self, errors: int = 0) -> None:
        """Print the figures, and so many errors drawn at random."""
        for name, value in self.figures().items():
            print(f"{name:20}{value:7.1f}")
        for form in sorted({form for form, _ in self.forms}):
            right, wrong = self.forms[form, True], self.forms[form, False]
            print(f"  {form:26}{right:6} right {wrong:5} wrong")
        for line in random.Random(0).sample(self.wrong, min(errors, len(self.wrong))):
            print(line)


def form_of(speaker: Speaker) -> str:
    return f"{speaker.resolved}/{speaker.kind}"


def columns(chances: Sequence[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    """Return the chances, and whether they came true."""
    return [chance for chance, _ in chances], [right for _, right in chances]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path)
    parser.add_argument("meaning", type=Path)
    parser.add_argument("--cache", type=Path, required=True, help="DocBin of the parsed texts, made if missing")
    parser.add_argument("--model", type=Path, help="folder that holds speakers.json")
    parser.add_argument("--errors", type=int, default=0, help="print that many errors, drawn at random")
    args = parser.parse_args()
    tally = Tally()
    for article in read_articles(args.gold, args.meaning, args.cache):
        tally.add(article, resolve_speakers(article.doc, article.attributions, model=load_model(args.model)))
    tally.show(args.errors)


if __name__ == "__main__":
    main()
