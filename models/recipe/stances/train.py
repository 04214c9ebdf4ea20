"""Train the reader that judges attributions: their targets, and the stances toward them.

    python models/recipe/stances/train.py runs/network/again.pt polnear.train.jsonl -o runs/reader \\
        --labels models/recipe/labels models/recipe/more --newsmtsc newsmtsc.train.jsonl --dse dse.train.jsonl \\
        --model models/en_onrecord

It begins with the encoder that finds attributions. One article in 16 is kept back, for the temperatures
(`calibrate.py`) and an honest look. The last epoch counts, none is picked.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, product
from pathlib import Path
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from encoder import minilm_folder
from export import export_reader
from network import Reader
from onrecord.model_folder import load_tokenizer
from onrecord.stages.stances.network import CUE, SOURCE, allowed
from stances.calibrate import NEUTRAL_HEAT, calibrate, write_heat
from stances.data import FOLDS, Item, attributions, averages, dse, held_out, newsmtsc
from training import Course, fit
from windows import stack

POSITIONS = 1500  # places in a batch
STANCE_WEIGHT, SPAN_WEIGHT = 0.6, 0.4
SMOOTHING = 0.05  # of the stance labels
NEVER = -1e4  # score of a span that can't be a target
MACHINE_WEIGHT = 0.7  # what an attribution counts that a language model judged
RENAMED = 0.3  # share of items whose names are exchanged, so that names do not tell the stance
FORGOTTEN = 0.1  # share of items without what the lexicon says of the cue
PAIRS = (2500, 400)  # of Park et al.'s, with and without polarity; the latter are many and noisy
KEPT = 0.25  # share of the news sentences that is read again after the first epoch


# ---------------------------------------------------------------- names should not tell the stance


def name_ids(items: Sequence[Item], least: int = 5) -> NDArray[np.int64]:
    """Return the pieces that are a source's whole name (*Trump*) at least `least` times and mostly capitalised."""
    alone: Counter[int] = Counter()
    lower: Counter[int] = Counter()
    for item in items:
        shapes = (item.marked.features - 1) // 4
        lower.update(item.marked.ids[shapes < 2].tolist())
        source = np.flatnonzero(item.marked.roles == SOURCE)
        if len(source) == 1 and shapes[source[0]] >= 2:
            alone[int(item.marked.ids[source[0]])] += 1
    return np.array(sorted(name for name, count in alone.items() if count >= least > lower[name]), dtype=np.int64)


def rename(item: Item, names: NDArray[np.int64], rng: Random) -> Item:
    """Return the item with the names exchanged for others, each for the same one throughout."""
    shuffled = names.tolist()
    rng.shuffle(shuffled)
    other = dict(zip(names.tolist(), shuffled))
    ids = np.array([other.get(piece, piece) for piece in item.marked.ids.tolist()], dtype=np.int64)
    return replace(item, marked=replace(item.marked, ids=ids))


# ---------------------------------------------------------------- batches


@dataclass(frozen=True)
class Batch:
    """Tensors of a batch of attributions, a row each.

    `allowed`, `gold`: (rows, first, last) masks of spans; `means`: (rows, 3, length); `stance`: (rows, 3) chances;
    `weight`: one a row.
    """

    ids: Tensor
    features: Tensor
    roles: Tensor
    mask: Tensor
    allowed: Tensor
    gold: Tensor
    means: Tensor
    stance: Tensor
    weight: Tensor


def collate(items: Sequence[Item], rng: Random) -> Batch:
    """Pad items to one length; a share forgets what the cue says."""
    length = max(len(item.marked.ids) for item in items)
    possible = np.zeros((len(items), length, length), dtype=bool)
    gold = np.zeros_like(possible)
    means = np.zeros((len(items), 3, length), dtype=np.float32)
    roles = []
    for row, item in enumerate(items):
        size = len(item.marked.ids)
        possible[row, :size, :size] = allowed(item.marked)
        for place in item.targets if not item.given else ():
            gold[row][place] = True
        means[row, :, :size] = averages(item)
        roles.append(np.minimum(item.marked.roles, CUE) if rng.random() < FORGOTTEN else item.marked.roles)
    return Batch(
        ids=stack([item.marked.ids for item in items], 0),
        features=stack([item.marked.features for item in items], 0),
        roles=stack(roles, 0),
        mask=stack([np.ones_like(item.marked.ids) for item in items], 0),
        allowed=torch.tensor(possible),
        gold=torch.tensor(gold),
        means=torch.tensor(means),
        stance=torch.tensor(np.array([item.stance for item in items], dtype=np.float32)),
        weight=torch.tensor([item.weight for item in items]),
    )


def batches(items: Sequence[Item], rng: Random) -> Iterator[list[Item]]:
    """Yield batches of items of like length, in random order."""
    found: list[list[Item]] = []
    for item in sorted(items, key=lambda item: len(item.marked.ids) + rng.random() * 8):
        if not found or (len(found[-1]) + 1) * len(item.marked.ids) > POSITIONS:
            found.append([])
        found[-1].append(item)
    rng.shuffle(found)
    yield from found


def losses(model: Reader, batch: Batch) -> Tensor:
    """Return the losses of stance (given the gold target) and of target, which may stand in more than one place."""
    vectors, spans = model(batch.ids, batch.features, batch.roles, batch.mask)
    possible = batch.allowed.flatten(1)
    chances = model.stances(vectors, batch.means).log_softmax(1)
    places = spans.flatten(1).masked_fill(~possible, NEVER).log_softmax(1)
    soft = batch.stance * (1 - SMOOTHING) + SMOOTHING / batch.stance.shape[1]
    stance = -((soft * chances).sum(1) * batch.weight).sum() / batch.weight.sum()
    gold = batch.gold.flatten(1)
    found = gold.any(1)
    missed = -places[found].masked_fill(~gold[found], NEVER).logsumexp(1)
    target = (missed * batch.weight[found]).sum() / batch.weight[found].sum().clamp(min=1e-6)
    return torch.stack([stance, target])


# ---------------------------------------------------------------- training


def items_of(args: argparse.Namespace, tokenizer: Tokenizer) -> list[Item]:
    """Return the labelled attributions, without those of the articles that are kept back."""
    found: list[Item] = []
    for path, labels in product((*args.gold, *args.again), args.labels):
        found += attributions(path, labels / "meaning.train.jsonl", tokenizer)
        found += attributions(path, labels / "machine.train.jsonl", tokenizer, MACHINE_WEIGHT)
    return [item for item in found if args.all or not held_out(item.doc_id, FOLDS)]


def news_of(args: argparse.Namespace, tokenizer: Tokenizer) -> list[Item]:
    """Return the news sentences with a polarity toward a mention."""
    news = [] if args.newsmtsc is None else list(newsmtsc(args.newsmtsc, tokenizer))
    news = [item for item in news if not held_out(item.doc_id, FOLDS)]
    return news + ([] if args.dse is None else list(dse(args.dse, tokenizer, *PAIRS, Random(args.seed))))


def fit_reader(model: Reader, items: Sequence[Item], news: Sequence[Item], args: argparse.Namespace) -> None:
    """Train for some epochs; `news` is read once, and a share of it again."""
    rng, names, epoch = Random(args.seed), name_ids(items), count()

    def draw() -> list[list[Item]]:
        more = news if next(epoch) == 0 else [item for item in news if rng.random() < KEPT]
        return list(batches([*items, *more], rng))

    def losses_of(portion: list[Item]) -> Tensor:
        return losses(
            model, collate([rename(item, names, rng) if rng.random() < RENAMED else item for item in portion], rng)
        )

    course = Course("reader", args.reader_epochs, args.reader_rate, args.reader_head_rate)
    fit(model, course, draw, losses_of, (STANCE_WEIGHT, SPAN_WEIGHT), args.output)


def train_reader(encoder: Mapping[str, Tensor], args: argparse.Namespace) -> None:
    """Train the reader, beginning with the weights of `encoder`; export and calibrate it if there is a model folder."""
    torch.manual_seed(args.seed)
    tokenizer = load_tokenizer(minilm_folder())
    args.output.mkdir(parents=True, exist_ok=True)
    model = Reader()
    model.encoder.load_state_dict(encoder)
    model.encoder.word.requires_grad_(False)
    model.encoder.position.requires_grad_(False)
    fit_reader(model, items_of(args, tokenizer)[: args.limit], news_of(args, tokenizer)[: args.limit], args)
    if args.model:
        export_reader(model, args.model)
        write_heat(args.model, NEUTRAL_HEAT)
        labels = next(path for folder in args.labels if (path := folder / "meaning.train.jsonl").exists())
        calibrate(args.model, args.gold[0], labels)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what train_reader takes."""
    parser.add_argument("--labels", nargs="+", type=Path, default=(), help="folders with labels of stance and target")
    parser.add_argument("--newsmtsc", type=Path)
    parser.add_argument("--dse", type=Path)
    parser.add_argument("--all", action="store_true", help="keep no article's stances back for calibration")
    parser.add_argument("--reader-epochs", type=int, default=4)
    parser.add_argument("--reader-rate", type=float, default=1e-4, help="of the reader's top layer")
    parser.add_argument("--reader-head-rate", type=float, default=7e-4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoder", type=Path, help="weights of the network that finds attributions")
    parser.add_argument("gold", nargs="+", type=Path, help="articles with attributions, as JSONL")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for weights and log")
    parser.add_argument("--again", nargs="+", type=Path, default=(), help="further articles")
    parser.add_argument("--model", type=Path, help="model folder to write the reader to")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int, help="use the first N items only (to try out the recipe)")
    add_arguments(parser)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    weights = torch.load(args.encoder, map_location="cpu")
    prefix = "encoder."
    train_reader({key.removeprefix(prefix): one for key, one in weights.items() if key.startswith(prefix)}, args)


if __name__ == "__main__":
    main()
