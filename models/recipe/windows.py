"""Articles as training windows: word tags, and for each cue the tags of the words for that cue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from onrecord.evaluation.gold import ROLES, GoldArticle, Ranges
from onrecord.pieces import PAD, Pieces, Window, encode, lay_out, windows
from onrecord.stages.attributions.decoding import PAIR_TAGS, WORD_TAGS, buckets
from onrecord.stages.quotations import find_quotations

IGNORE = -100


@dataclass(frozen=True)
class Gold:
    """An attribution as ranges of words (numbers over the whole article, end exclusive).

    `inner`: it stands inside another one's content.
    """

    source: list[tuple[int, int]]
    cue: list[tuple[int, int]]
    content: list[tuple[int, int]]
    inner: bool = False


@dataclass(frozen=True)
class Article:
    """A text, tokenised, with what there is to learn from it.

    `words` holds the piece that each word begins with.
    """

    pieces: Pieces
    words: NDArray[np.int64]
    gold: list[Gold]


def prepare(article: GoldArticle, inner: Sequence[Mapping[str, Ranges]], tokenizer: Tokenizer) -> Article:
    """Tokenise an article and turn the character spans of its attributions into word ranges.

    `inner` are attributions inside the contents of others, with spans for each role.
    """
    text = article.text
    pieces = encode(text, find_quotations(text), tokenizer)
    words = np.flatnonzero(pieces.first)
    starts = pieces.start[words]
    ends = pieces.end[np.append(words[1:], len(pieces)) - 1]

    def ranges(spans: Ranges) -> list[tuple[int, int]]:
        found = []
        for start, end in spans:
            first, last = int(np.searchsorted(ends, start, "right")), int(np.searchsorted(starts, end, "left"))
            if first < last:
                found.append((first, last))
        return found

    gold = [Gold(*(ranges(item[role]) for role in ROLES)) for item in article.attributions.values()]
    gold += [Gold(*(ranges(item[role]) for role in ROLES), inner=True) for item in inner]
    return Article(pieces, words, gold)


def word_tags(article: Article) -> NDArray[np.int64]:
    """Return the flat tag of each word of an article; the cues of inner attributions are marked over contents."""
    tags = np.zeros(len(article.words), dtype=np.int64)
    for gold in article.gold:
        for role in ROLES if not gold.inner else ():
            for span in getattr(gold, role):
                mark(tags, span, role, WORD_TAGS)
    free = np.array([WORD_TAGS[tag] in ("O", "B-content", "I-content") for tag in tags])
    for gold in article.gold:
        for start, end in gold.cue if gold.inner else ():
            if free[start:end].all():
                mark(tags, (start, end), "inner", WORD_TAGS)
                if end < len(tags) and WORD_TAGS[tags[end]] == "I-content":
                    tags[end] = WORD_TAGS.index("B-content")
    return tags


@dataclass(frozen=True)
class Answers:
    """Scores of the tags (words, tags) and of the pair tags (words of all cues in turn, tags)."""

    tags: Tensor
    pairs: Tensor


@dataclass(frozen=True)
class Example:
    """A training window. `words`: position of each word's first piece in the window; `tags`: one a word;
    `cues`: word numbers (in the window) of each cue; `pairs`: for each cue, one tag a word; `answer`: what the large
    network makes of it."""

    ids: NDArray[np.int64]
    features: NDArray[np.int64]
    words: NDArray[np.int64]
    tags: NDArray[np.int64]
    cues: list[NDArray[np.int64]]
    pairs: list[NDArray[np.int64]]
    answer: Answers | None = None


def examples(article: Article, length: int, rng: Random) -> Iterator[Example]:
    """Cut an article into training windows with random phase."""
    tags = word_tags(article)
    for window in windows(article.pieces, length, rng=rng):
        yield example(article, window, tags)


def example(article: Article, window: Window, tags: NDArray[np.int64]) -> Example:
    layout = lay_out(window, article.pieces)
    low, high = np.searchsorted(article.words, [window.start, window.end]).tolist()
    place = {piece: index for index, piece in enumerate(layout.position.tolist()) if piece >= 0}
    words = np.array([place[piece] for piece in article.words[low:high].tolist()], dtype=np.int64)
    cues, pairs = [], []
    for gold in article.gold:
        inside = [word for start, end in gold.cue for word in range(start, end) if low <= word < high]
        if inside:
            cues.append(np.array(inside) - low)
            pairs.append(pair_tags(gold, low, high))
    return Example(layout.ids, layout.features, words, tags[low:high], cues, pairs)


def pair_tags(gold: Gold, low: int, high: int) -> NDArray[np.int64]:
    """Return the tags of words [low, high) for the cue of `gold`; pieces cut by the window end at its edge."""
    tags = np.zeros(high - low, dtype=np.int64)
    for role in ("source", "content"):
        for start, end in getattr(gold, role):
            start, end = max(start, low) - low, min(end, high) - low
            if start < end:
                mark(tags, (start, end), role, PAIR_TAGS)
    return tags


def mark(tags: NDArray[np.int64], span: tuple[int, int], role: str, scheme: tuple[str, ...]) -> None:
    """Write the tags of one span."""
    start, end = span
    tags[start:end] = scheme.index(f"I-{role}")
    tags[start] = scheme.index(f"B-{role}")
    if f"E-{role}" in scheme:
        tags[end - 1] = scheme.index(f"E-{role}" if end - start > 1 else f"U-{role}")


def batches(items: list[Example], positions: int, rng: Random) -> list[list[Example]]:
    """Group windows of like length into batches of about `positions` places, in random order."""
    items = sorted(items, key=lambda item: len(item.ids) + rng.random() * 16)
    found: list[list[Example]] = []
    for item in items:
        if not found or (len(found[-1]) + 1) * len(item.ids) > positions:
            found.append([])
        found[-1].append(item)
    rng.shuffle(found)
    return found


def stack(rows: list[NDArray[np.int64]], fill: int) -> Tensor:
    """Pad rows to one length and stack them."""
    length = max(len(row) for row in rows)
    return torch.tensor(np.stack([np.pad(row, (0, length - len(row)), constant_values=fill) for row in rows]))


# ---------------------------------------------------------------- batches


@dataclass(frozen=True)
class Batch:
    """Tensors of a batch; `owner` is the window of each cue, `cue_words` a 0/1 matrix (cues, words).

    `answer` is what the large network makes of the words that have a label, if it was asked.
    """

    ids: Tensor
    features: Tensor
    mask: Tensor
    words: Tensor
    tags: Tensor
    owner: Tensor
    cue_words: Tensor
    distance: Tensor
    pairs: Tensor
    answer: Answers | None


def collate(items: list[Example]) -> Batch:
    """Pad a batch's windows to one shape."""
    width = max(len(item.words) for item in items)
    owner, cue_words, distance, pairs = [], [], [], []
    for index, item in enumerate(items):
        for cue, tags in zip(item.cues, item.pairs):
            row = np.zeros(width, dtype=np.float32)
            row[cue] = 1.0 / len(cue)
            owner.append(index)
            cue_words.append(row)
            distance.append(buckets(np.arange(width) - cue[0]))
            pairs.append(np.pad(tags, (0, width - len(tags)), constant_values=IGNORE))
    shape = (len(owner), width)
    return Batch(
        ids=stack([item.ids for item in items], PAD),
        features=stack([item.features for item in items], 0),
        mask=stack([np.ones_like(item.ids) for item in items], 0),
        words=stack([item.words for item in items], 0),
        tags=stack([item.tags for item in items], IGNORE),
        owner=torch.tensor(owner, dtype=torch.long),
        cue_words=torch.tensor(np.array(cue_words, dtype=np.float32).reshape(shape)),
        distance=torch.tensor(np.array(distance, dtype=np.int64).reshape(shape)),
        pairs=torch.tensor(np.array(pairs, dtype=np.int64).reshape(shape)),
        answer=together([item.answer for item in items if item.answer]),
    )


def together(parts: list[Answers]) -> Answers | None:
    """Return the answers of several windows as those of one batch."""
    if not parts:
        return None
    return Answers(torch.cat([one.tags for one in parts]), torch.cat([one.pairs for one in parts]))
