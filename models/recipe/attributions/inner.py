"""Find attributions inside the contents of gold ones, for training: PolNeAR marks the outer ones only.

    python models/recipe/attributions/inner.py models/en_onrecord polnear.train.jsonl -o labels/inner.train.jsonl

Each content is read by itself, without its quotation marks: to a network that knows outer attributions it is narration
then, and what the network is sure of in it is an inner attribution.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from onrecord.encoder import LENGTH
from onrecord.evaluation.gold import GoldArticle, read_gold
from onrecord.pieces import Pieces
from onrecord.stages.attributions.attribution import Attribution, Span
from onrecord.stages.attributions.inner import keep_inner
from onrecord.stages.attributions.network import Network
from onrecord.stages.attributions.reading import read_scores
from onrecord.stages.quotations import find_quotations

# Least word pieces of a content that is looked into.
LEAST = 8


def find_inner(article: GoldArticle, network: Network) -> Iterator[Attribution]:
    """Yield the inner attributions of an article with gold attributions."""
    quotations = find_quotations(article.text)
    pieces = network.encoder.pieces(article.text, quotations)
    outer = [
        Attribution(first(item["source"]), first(item["cue"]), tuple(item["content"]))
        for item in article.attributions.values()
        if item["content"]
    ]
    for span in sorted({span for item in outer for span in item.content}):
        part = part_of(span, pieces)
        if LEAST <= len(part) <= LENGTH - 2:
            seen = read_scores(network.encoder.score(part), network, part)
            yield from keep_inner(seen["cue"], outer, quotations)


def first(spans: Sequence[Span]) -> Span | None:
    return spans[0] if spans else None


def part_of(span: Span, pieces: Pieces) -> Pieces:
    """Return the pieces of a span of characters, not marked as quoted."""
    start, end = int(np.searchsorted(pieces.start, span[0])), int(np.searchsorted(pieces.end, span[1], "right"))
    part = Pieces(*(getattr(pieces, name)[start:end] for name in Pieces.__dataclass_fields__))
    return replace(part, features=unquoted(part.features))


def unquoted(features: NDArray[np.int64]) -> NDArray[np.int64]:
    """Clear the feature *inside quotation marks*."""
    return 1 + ((features - 1) & ~2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("gold", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    network = Network(args.model)
    with args.output.open("w", encoding="utf-8") as lines:
        for article in read_gold(args.gold).values():
            inner = [
                {"source": [item.source] if item.source else [], "cue": [item.cue], "content": item.content,
                 "score": item.score}
                for item in find_inner(article, network)
            ]  # fmt: skip
            lines.write(json.dumps({"doc_id": article.id, "inner": inner}) + "\n")


if __name__ == "__main__":
    main()
