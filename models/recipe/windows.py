"""Articles as training windows: word tags, for each cue the tags of the words for that cue, and stances to learn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from onrecord.stages.stances.network import CUE, allowed
from stances.data import Item, averages

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

    `words` holds the piece that each word begins with; `gold` is None where attributions are not annotated.
    """

    pieces: Pieces
    words: NDArray[np.int64]
    gold: list[Gold] | None
    items: Sequence[Item] = ()


def prepare(
    article: GoldArticle, inner: Sequence[Mapping[str, Ranges]], items: Sequence[Item], tokenizer: Tokenizer
) -> Article:
    """Tokenise an article and turn the character spans of its attributions into word ranges.

    `inner` are attributions inside the contents of others, with spans for each role; `items` what is to be judged.
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
    return Article(pieces, words, gold, items)


def sentence(item: Item, tokenizer: Tokenizer) -> Article:
    """Return a sentence of which nothing but a stance is known."""
    pieces = encode(item.text, find_quotations(item.text), tokenizer)
    return Article(pieces, np.flatnonzero(pieces.first), None, [item])


def word_tags(article: Article) -> NDArray[np.int64]:
    """Return the flat tag of each word of an article; the cues of inner attributions are marked over contents."""
    if article.gold is None:
        return np.full(len(article.words), IGNORE)
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
class Example:
    """A training window. `words`: position of each word's first piece in the window; `tags`: one a word;
    `cues`: word numbers (in the window) of each cue; `pairs`: for each cue, one tag a word; `items`: what is to be
    judged, each with the position in the window of each of its pieces, 0 for its first place."""

    ids: NDArray[np.int64]
    features: NDArray[np.int64]
    words: NDArray[np.int64]
    tags: NDArray[np.int64]
    cues: list[NDArray[np.int64]]
    pairs: list[NDArray[np.int64]]
    items: list[tuple[Item, NDArray[np.int64]]]


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
    for gold in article.gold or ():
        inside = [word for start, end in gold.cue for word in range(start, end) if low <= word < high]
        if inside:
            cues.append(np.array(inside) - low)
            pairs.append(pair_tags(gold, low, high))
    items = []
    for item in article.items:
        piece = item.marked.piece
        if piece[1] >= window.start and piece[-1] < window.end:
            items.append((item, np.array([0, *(place[one] for one in piece[1:].tolist())], dtype=np.int64)))
    return Example(layout.ids, layout.features, words, tags[low:high], cues, pairs, items)


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


# ---------------------------------------------------------------- names should not tell the stance


def name_ids(articles: Iterable[Article], least: int = 5) -> NDArray[np.int64]:
    """Return the pieces that are a source's whole name (*Trump*) at least `least` times and mostly capitalised."""
    alone: Counter[int] = Counter()
    lower: Counter[int] = Counter()
    for article in articles:
        pieces = article.pieces
        shapes = (pieces.features - 1) // 4
        lower.update(pieces.ids[shapes < 2].tolist())
        ends = np.append(article.words[1:], len(pieces))
        for gold in article.gold or ():
            for start, end in gold.source:
                first = int(article.words[start])
                if end - start == 1 and ends[start] - first == 1 and shapes[first] >= 2:
                    alone[int(pieces.ids[first])] += 1
    return np.array(sorted(name for name, count in alone.items() if count >= least > lower[name]), dtype=np.int64)


def rename(example: Example, names: NDArray[np.int64], rng: Random) -> Example:
    """Return the window with the names exchanged for others, each for the same one throughout."""
    shuffled = names.tolist()
    rng.shuffle(shuffled)
    other = dict(zip(names.tolist(), shuffled))
    ids = np.array([other.get(piece, piece) for piece in example.ids.tolist()], dtype=np.int64)
    return replace(example, ids=ids)


# ---------------------------------------------------------------- batches


@dataclass(frozen=True)
class Batch:
    """Tensors of a batch; `owner` is the window of each cue, `cue_words` a 0/1 matrix (cues, words).

    `judged` are the attributions to judge, if there are any.
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
    judged: Judged | None


@dataclass(frozen=True)
class Judged:
    """Tensors of the attributions to judge in a batch, one row each.

    `owner`: its window; `places`: positions in it of its pieces, 0 for the first place; `allowed`, `gold`: (rows,
    first, last) masks of spans; `means`: (rows, 3, length); `stance`: (rows, 3) chances; `weight`: one a row.
    """

    owner: Tensor
    places: Tensor
    roles: Tensor
    mask: Tensor
    allowed: Tensor
    gold: Tensor
    means: Tensor
    stance: Tensor
    weight: Tensor


def judged(found: Sequence[tuple[int, Item, NDArray[np.int64]]], forgotten: float, rng: Random) -> Judged | None:
    """Pad items, given with their window's number and their places in it; a share forgets what the cue says."""
    if not found:
        return None
    length = max(len(places) for _, _, places in found)
    possible = np.zeros((len(found), length, length), dtype=bool)
    gold = np.zeros_like(possible)
    means = np.zeros((len(found), 3, length), dtype=np.float32)
    roles = []
    for row, (_, item, places) in enumerate(found):
        size = len(places)
        possible[row, :size, :size] = allowed(item.marked)
        for place in item.targets if not item.given else ():
            gold[row][place] = True
        means[row, :, :size] = averages(item)
        forget = rng.random() < forgotten
        roles.append(np.minimum(item.marked.roles, CUE) if forget else item.marked.roles)
    return Judged(
        owner=torch.tensor([owner for owner, _, _ in found]),
        places=stack([places for _, _, places in found], 0),
        roles=stack(roles, 0),
        mask=stack([np.ones_like(places) for _, _, places in found], 0),
        allowed=torch.tensor(possible),
        gold=torch.tensor(gold),
        means=torch.tensor(means),
        stance=torch.tensor(np.array([item.stance for _, item, _ in found], dtype=np.float32)),
        weight=torch.tensor([item.weight for _, item, _ in found]),
    )


def collate(items: list[Example], forgotten: float, rng: Random) -> Batch:
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
        judged=judged([(row, *one) for row, item in enumerate(items) for one in item.items], forgotten, rng),
    )
