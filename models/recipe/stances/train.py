"""Train the reader that judges attributions: their targets, and the stances toward them.

    python models/recipe/stances/train.py runs/network/again.pt polnear.train.jsonl -o runs/reader \\
        --labels models/recipe/labels models/recipe/more --newsmtsc newsmtsc.train.jsonl --dse dse.train.jsonl \\
        --model models/en_onrecord

Two readers learn from the labels: a full one, on the full encoder that finds attributions, and a large one. The one
that is shipped begins with parts of the full one, and learns from the labels and from what the large one answers. One
article in 16 is kept back, for the temperatures (`calibrate.py`) and an honest look. The last epoch counts, none is
picked.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from distilling import LABELS, shorten, strengths
from encoder import MINILM, MPNET, SHORT, minilm_folder, mpnet_folder
from export import export_reader
from network import Reader
from onrecord.model_folder import load_tokenizer
from onrecord.stages.stances.network import CUE, SOURCE, allowed
from stances.calibrate import calibrate, write_heat
from stances.data import FOLDS, NEUTRAL_HEAT, Answer, Item, attributions, averages, dse, held_out, newsmtsc
from training import Course, fit
from windows import stack

PARTS = ("full-reader", "large-reader", "reader")
POSITIONS = 1500  # places in a batch
STANCE_WEIGHT, SPAN_WEIGHT = 0.6, 0.4
SMOOTHING = 0.05  # of the stance labels
NEVER = -1e4  # score of a span that can't be a target
MACHINE_WEIGHT = 0.7  # what an attribution counts that a language model judged
RENAMED = 0.3  # share of items whose names are exchanged, so that names do not tell the stance
FORGOTTEN = 0.1  # share of items without what the lexicon says of the cue
PAIRS = (2500, 400)  # of Park et al.'s, with and without polarity; the latter are many and noisy
KEPT = 0.25  # share of the news sentences that an epoch reads
SHARE = 0.5  # share of the attributions judged by a language model that an epoch reads
ANSWERS = 16  # likeliest targets that the large reader tells the short one


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

    `allowed`, `gold`: (rows, first, last) masks of spans; `answer`: chances of them that the large reader gives, zeros
    where it was not asked; `means`: (rows, 3, length); `stance`: (rows, 3) chances; `weight`: one a row.
    """

    ids: Tensor
    features: Tensor
    roles: Tensor
    mask: Tensor
    allowed: Tensor
    gold: Tensor
    answer: Tensor
    means: Tensor
    stance: Tensor
    weight: Tensor


def collate(items: Sequence[Item], rng: Random, forgotten: float = FORGOTTEN) -> Batch:
    """Pad items to one length; a share forgets what the cue says."""
    length = max(len(item.marked.ids) for item in items)
    possible = np.zeros((len(items), length, length), dtype=bool)
    gold = np.zeros_like(possible)
    answer = np.zeros(possible.shape, dtype=np.float32)
    means = np.zeros((len(items), 3, length), dtype=np.float32)
    roles = []
    for row, item in enumerate(items):
        size = len(item.marked.ids)
        possible[row, :size, :size] = allowed(item.marked)
        for place in item.targets if not item.given else ():
            gold[row][place] = True
        if item.answer:
            answer[row][tuple(item.answer.places.T)] = item.answer.chances
        means[row, :, :size] = averages(item)
        roles.append(np.minimum(item.marked.roles, CUE) if rng.random() < forgotten else item.marked.roles)
    return Batch(
        ids=stack([item.marked.ids for item in items], 0),
        features=stack([item.marked.features for item in items], 0),
        roles=stack(roles, 0),
        mask=stack([np.ones_like(item.marked.ids) for item in items], 0),
        allowed=torch.tensor(possible),
        gold=torch.tensor(gold),
        answer=torch.tensor(answer),
        means=torch.tensor(means),
        stance=torch.tensor(np.array([taught_stance(item) for item in items], dtype=np.float32)),
        weight=torch.tensor([item.weight for item in items]),
    )


def taught_stance(item: Item) -> NDArray[np.float32]:
    """Return the chances of the stances by the label, and by the large reader if it was asked."""
    told = np.array(item.stance, dtype=np.float32)
    return LABELS * told + (1 - LABELS) * item.answer.stance if item.answer else told


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
    """Return the losses of stance (given the gold target) and of target, which may stand in more than one place.

    Where the large reader has answered, the target's is that of the label and that of the answer, mixed.
    """
    vectors, spans = model(batch.ids, batch.features, batch.roles, batch.mask)
    possible = batch.allowed.flatten(1)
    chances = model.stances(vectors, batch.means).float().log_softmax(1)
    places = spans.float().flatten(1).masked_fill(~possible, NEVER).log_softmax(1)
    soft = batch.stance * (1 - SMOOTHING) + SMOOTHING / batch.stance.shape[1]
    stance = -((soft * chances).sum(1) * batch.weight).sum() / batch.weight.sum()
    gold, answer = batch.gold.flatten(1), batch.answer.flatten(1)
    found, asked = gold.any(1), answer.any(1)
    missed = -places.masked_fill(~gold, NEVER).logsumexp(1) * batch.weight * found
    doubted = -(answer * places).sum(1)
    told = (batch.weight * found).sum().clamp(min=1e-6)
    if not asked.any():
        return torch.stack([stance, missed.sum() / told])
    return torch.stack([stance, LABELS * missed.sum() / told + (1 - LABELS) * doubted.sum() / asked.sum()])


@torch.no_grad()
def answered(model: Reader, items: Sequence[Item], half: bool) -> list[Item]:
    """Return the items with what a reader makes of them: its likeliest targets, its stance toward the given one."""
    model.eval()
    rng, found = Random(0), []
    for number, portion in enumerate(batches(items, rng)):
        batch = collate(portion, rng, forgotten=0.0)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            vectors, spans = model(batch.ids, batch.features, batch.roles, batch.mask)
            stances = model.stances(vectors, batch.means).float().softmax(1).numpy()
        chances = spans.float().masked_fill(~batch.allowed, NEVER).flatten(1).softmax(1) * batch.allowed.flatten(1)
        best, at = (one.numpy() for one in chances.topk(min(ANSWERS, chances.shape[1])))
        places = np.stack(np.divmod(at, spans.shape[2]), 2)
        for item, stance, likely, where in zip(portion, stances, best, places):
            real = likely > 0
            found.append(replace(item, answer=Answer(where[real], likely[real] / max(likely.sum(), 1e-6), stance)))
        if number % 50 == 0:
            print(f"answers: {len(found)}/{len(items)}", flush=True)
    return found


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


def fit_reader(model: Reader, items: Sequence[Item], news: Sequence[Item], part: int, args: argparse.Namespace) -> None:
    """Train for some epochs; in each a share of the news and of the machine's judgements is read, drawn anew."""
    rng, names = Random(args.seed), name_ids(items)
    model.encoder.word.requires_grad_(False)
    model.encoder.position.requires_grad_(False)

    def draw() -> list[list[Item]]:
        drawn = [item for item in items if item.weight == 1.0 or rng.random() < SHARE]
        return list(batches(drawn + [item for item in news if rng.random() < KEPT], rng))

    def losses_of(portion: list[Item]) -> Tensor:
        return losses(
            model, collate([rename(item, names, rng) if rng.random() < RENAMED else item for item in portion], rng)
        )

    rates = args.reader_rates[part], args.reader_head_rates[part]
    course = Course(PARTS[part], args.reader_epochs[part], *rates, args.half)
    fit(model, course, draw, losses_of, (STANCE_WEIGHT, SPAN_WEIGHT), args.output)


def shortened(full: Reader, items: Sequence[Item]) -> Reader:
    """Return a short reader that begins with parts of the full one; some items show which parts."""
    rng = Random(0)
    some = [collate(portion, rng) for portion in batches(items, rng)]

    def run() -> None:
        for batch in some:
            full(batch.ids, batch.features, batch.roles, batch.mask)

    short = Reader(SHORT, dropout=0.0)
    shorten(full.eval(), short, strengths(full.encoder, run))
    return short


def train_reader(encoder: Mapping[str, Tensor], args: argparse.Namespace) -> None:
    """Train the readers, the full one from `encoder` on; export and calibrate the short one if there is a folder."""
    torch.manual_seed(args.seed)
    tokenizer = load_tokenizer(minilm_folder())
    args.output.mkdir(parents=True, exist_ok=True)
    items, news = items_of(args, tokenizer)[: args.limit], news_of(args, tokenizer)[: args.limit]
    full, large = Reader(MINILM), Reader(MPNET)
    if args.full_reader:
        full.load_state_dict(torch.load(args.full_reader))
    else:
        full.encoder.load_state_dict(encoder)
        fit_reader(full, items, news, 0, args)
    if args.large_reader:
        large.load_state_dict(torch.load(args.large_reader))
    else:
        large.encoder.load_pretrained(mpnet_folder(args.output))
        fit_reader(large, items, news, 1, args)
    short = shortened(full, items[::20])
    items, news = answered(large, items, args.half), answered(large, news, args.half)
    fit_reader(short, items, news, 2, args)
    if args.model:
        export_reader(short, args.model)
        write_heat(args.model, NEUTRAL_HEAT)
        labels = next(path for folder in args.labels if (path := folder / "meaning.train.jsonl").exists())
        calibrate(args.model, args.gold[0], labels)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what train_reader takes; rates and epochs are those of the full, the large and the short reader."""
    parser.add_argument("--labels", nargs="+", type=Path, default=(), help="folders with labels of stance and target")
    parser.add_argument("--newsmtsc", type=Path)
    parser.add_argument("--dse", type=Path)
    parser.add_argument("--all", action="store_true", help="keep no article's stances back for calibration")
    parser.add_argument("--full-reader", type=Path, help="weights of a full reader that is there already")
    parser.add_argument("--large-reader", type=Path, help="weights of a large reader that is there already")
    parser.add_argument("--reader-epochs", type=int, nargs=3, default=(4, 2, 6))
    parser.add_argument("--reader-rates", type=float, nargs=3, default=(2e-4, 6e-5, 2e-4), help="of the top layer")
    parser.add_argument("--reader-head-rates", type=float, nargs=3, default=(1e-3, 5e-4, 1e-3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoder", type=Path, help="weights of the network that finds attributions")
    parser.add_argument("gold", nargs="+", type=Path, help="articles with attributions, as JSONL")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for weights and log")
    parser.add_argument("--again", nargs="+", type=Path, default=(), help="further articles")
    parser.add_argument("--model", type=Path, help="model folder to write the reader to")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--half", action="store_true", help="multiply in bfloat16: quicker where AVX512-BF16 is there")
    parser.add_argument("--limit", type=int, help="use the first N items only (to try out the recipe)")
    add_arguments(parser)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    weights = torch.load(args.encoder, map_location="cpu")
    prefix = "encoder."
    train_reader({key.removeprefix(prefix): one for key, one in weights.items() if key.startswith(prefix)}, args)


if __name__ == "__main__":
    main()
