"""Texts that nobody has annotated, read by a trained network: a small one may learn from what it finds there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import torch

from attributions.acts import write_acts
from attributions.evaluate import roles, write_calibration
from export import export
from network import PAIR_WIDTH, Network
from onrecord.evaluation.gold import GoldArticle, Roles
from onrecord.labels import ACTS
from onrecord.stages.attributions import find_attributions
from onrecord.stages.attributions.network import Network as Exported
from onrecord.stages.quotations import find_quotations
from stances.data import FOLDS, held_out, news_article

SENTENCES = 10  # of a text, each a paragraph


def texts_of(paths: Iterable[Path]) -> list[str]:
    """Return texts put together of the different sentences in JSONL files, but for those kept back for scoring."""
    rows = (json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines())
    free = (row["sentence"] for row in rows if not held_out(news_article(row["id"]), FOLDS))
    sentences = list(dict.fromkeys(free))
    return ["\n".join(sentences[at : at + SENTENCES]) for at in range(0, len(sentences), SENTENCES)]


def read_by(network: Network, texts: Sequence[str], scratch: Path) -> Iterator[tuple[GoldArticle, list[Roles]]]:
    """Yield each text with the attributions that a network finds, and those inside the contents of others."""
    folder = scratch / "full"
    export(network, folder)
    write_calibration(folder, 1.0, 0.0)
    write_acts(folder, torch.zeros(PAIR_WIDTH, len(ACTS)), torch.zeros(len(ACTS)))
    exported = Exported(folder)
    for number, text in enumerate(texts):
        found = [item for item in find_attributions(text, find_quotations(text), exported) if item.cue]
        outer = {str(index): roles(item) for index, item in enumerate(found) if item.within is None}
        yield (
            GoldArticle(f"unlabelled-{number}", text, outer),
            [roles(item) for item in found if item.within is not None],
        )
