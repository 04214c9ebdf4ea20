"""Train the stance network: first on polarity in news sentences, then on labelled attributions.

    python models/recipe/stances/train.py polnear.train.jsonl models/recipe/labels/meaning.train.jsonl \\
        --newsmtsc newsmtsc.train.jsonl --dse dse.train.jsonl -o runs/stances --model models/en_onrecord

With --model the weights are exported and calibrated as well: this one command makes stances.onnx, stances.npz and
stances.json. The weights are saved after every epoch; it is the last epoch that counts, none is picked.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from onrecord.model_folder import load_tokenizer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from encoder import minilm_folder, parameter_groups, schedule
from stances.calibrate import calibrate
from stances.data import (
    FOLDS,
    Batch,
    Item,
    attributions,
    collate,
    dse,
    forget_cue,
    held_out,
    name_ids,
    newsmtsc,
    rename,
)
from stances.export import export
from stances.network import Network

POSITIONS = 1024  # places in a batch: about 16 attributions
SPAN_WEIGHT = 0.5
SMOOTHING = 0.05  # of the stance labels
RENAMED = 0.25  # share of attributions whose speakers' names are exchanged, so that names do not tell the stance
FORGOTTEN = 0.1  # share of attributions without what the lexicon says of the cue
PAIRS = (2500, 400)  # of Park et al.'s, with and without polarity; the latter are many and noisy


def losses(model: Network, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the losses of stance (given the gold target) and of target, which may stand in more than one place."""
    vectors, spans = model(batch.ids, batch.marks, batch.mask)
    stance = F.cross_entropy(model.stances(vectors, batch.means), batch.stance, label_smoothing=SMOOTHING)
    rows = batch.gold.flatten(1).any(1)
    spans, gold = spans[rows].flatten(1), batch.gold[rows].flatten(1)
    every = spans.masked_fill(~batch.allowed[rows].flatten(1), -1e4)
    target = every.logsumexp(1) - every.masked_fill(~gold, -1e4).logsumexp(1)
    return stance, target.mean() if len(target) else stance.new_zeros(())


def batches(items: Sequence[Item], rng: Random) -> list[list[Item]]:
    """Group items of like length into batches, in random order."""
    found: list[list[Item]] = []
    for item in sorted(items, key=lambda item: len(item.marked.ids) + rng.random() * 12):
        if not found or (len(found[-1]) + 1) * len(item.marked.ids) > POSITIONS:
            found.append([])
        found[-1].append(item)
    rng.shuffle(found)
    return found


def fit(
    model: Network, items: Sequence[Item], epochs: int, span_weight: float, args: argparse.Namespace, name: str
) -> None:
    """Train on `items` and save the weights after every epoch."""
    rng = Random(args.seed)
    names = name_ids(items)
    optimiser = torch.optim.AdamW(parameter_groups(model, args.rate, 1e-3), fused=True)
    steps, step = 0, 0
    for epoch in range(epochs):
        groups = batches([changed(item, names, rng) for item in items], rng)
        steps = steps or len(groups) * epochs
        begun, sums = time.time(), [0.0, 0.0]
        model.train()
        for number, group in enumerate(groups, 1):
            for settings in optimiser.param_groups:
                settings["lr"] = settings["base"] * schedule(min(step / steps, 1.0), 0.1)
            stance, target = losses(model, collate(group))
            optimiser.zero_grad()
            (stance + span_weight * target).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            step += 1
            sums = [sums[0] + stance.item(), sums[1] + target.item()]
            if number % 40 == 0:
                means = [round(total / number, 3) for total in sums]
                rate = (time.time() - begun) / number
                print(f"{name} {epoch} {number}/{len(groups)} losses {means} {rate:.2f} s a step", flush=True)
        torch.save(model.state_dict(), args.output / f"{name}.pt")
        log = {"stage": name, "epoch": epoch, "losses": sums, "steps": len(groups), "seconds": time.time() - begun}
        with (args.output / "log.jsonl").open("a") as lines:
            lines.write(json.dumps(log) + "\n")


def changed(item: Item, names: NDArray[np.int64], rng: Random) -> Item:
    """Return the item as it is, or with other names, or without the lexicon's hint."""
    if rng.random() < RENAMED:
        item = rename(item, names, rng)
    return forget_cue(item) if rng.random() < FORGOTTEN else item


def train(args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    folder = minilm_folder()
    tokenizer = load_tokenizer(folder)
    args.output.mkdir(parents=True, exist_ok=True)
    model = Network()
    model.encoder.load_pretrained(folder)
    if args.pretrained:
        model.load_state_dict(torch.load(args.pretrained))
    elif args.newsmtsc:
        news = [item for item in newsmtsc(args.newsmtsc, tokenizer) if not held_out(item.doc_id, FOLDS)]
        news += dse(args.dse, tokenizer, *PAIRS, Random(args.seed)) if args.dse else []
        fit(model, news[: args.limit], 1, 0.0, args, "pretrained")
    items = attributions(args.articles, args.labels, tokenizer)
    if not args.all:
        items = [item for item in items if not held_out(item.doc_id, FOLDS)]
    fit(model, items[: args.limit], args.epochs, SPAN_WEIGHT, args, "weights")
    if args.model:
        export(args.output / "weights.pt", args.model)
        calibrate(args.model, args.articles, args.labels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path, help="articles with attributions (PolNeAR), as JSONL")
    parser.add_argument("labels", type=Path, help="stance and target of attributions, as JSONL")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="export to this folder when done")
    parser.add_argument("--newsmtsc", type=Path)
    parser.add_argument("--dse", type=Path)
    parser.add_argument("--pretrained", type=Path, help="start from these weights instead of the news sentences")
    parser.add_argument("--all", action="store_true", help="hold no article out")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rate", type=float, default=1e-4, help="learning rate of the encoder's top layer")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--limit", type=int, help="use the first N items only (to try out the recipe)")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
