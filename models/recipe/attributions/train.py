"""Train the attribution network on gold articles; scores on dev after every epoch.

python models/recipe/attributions/train.py polnear.train.jsonl --dev polnear.dev.jsonl -o runs/attributions
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from attributions.data import IGNORE, Batch, Example, batches, collate, examples, prepare
from attributions.evaluate import calibrate, score_model
from attributions.export import export
from attributions.network import Network
from encoder import minilm_folder, parameter_groups, schedule
from onrecord.evaluation.gold import GoldArticle, read_gold
from onrecord.model_folder import load_tokenizer
from onrecord.stages.attributions.decoding import WORD_TAGS

LENGTH = 256  # positions of a window; the encoder sees no longer one later
POSITIONS = 2304  # places in a batch
PAIR_WEIGHT = 0.5
HEAD_RATE = 1e-3


def losses(model: Network, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the mean loss of the word tags, and of the pair tags per word that has a role."""
    tags, cue, gate, word = model(batch.ids, batch.features, batch.mask)
    index = batch.words[:, :, None]
    on_words = torch.gather(tags, 1, index.expand(-1, -1, len(WORD_TAGS)))
    tag_loss = F.cross_entropy(on_words.flatten(0, 1), batch.tags.flatten(), ignore_index=IGNORE)
    if not len(batch.owner):
        return tag_loss, torch.zeros(())
    wide = index.expand(-1, -1, word.shape[-1])
    words = torch.gather(word, 1, wide)[batch.owner]
    cues = torch.bmm(batch.cue_words[:, None], torch.gather(cue, 1, wide)[batch.owner])[:, 0]
    gates = torch.bmm(batch.cue_words[:, None], torch.gather(gate, 1, wide)[batch.owner])[:, 0]
    scores = model.pairs(cues, gates, words, batch.distance)
    total = F.cross_entropy(scores.flatten(0, 1), batch.pairs.flatten(), ignore_index=IGNORE, reduction="sum")
    return tag_loss, total / (batch.pairs > 0).sum().clamp(min=1)


def train(args: argparse.Namespace) -> None:
    """Train, and export after every epoch."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    rng = Random(args.seed)
    articles = prepare(list(gold_of(args.gold).values())[: args.limit], load_tokenizer(minilm_folder()))
    dev = gold_of(args.dev)
    model = Network()
    model.encoder.load_pretrained(minilm_folder())
    optimiser = torch.optim.AdamW(parameter_groups(model, args.rate, HEAD_RATE), fused=True)
    args.log.parent.mkdir(parents=True, exist_ok=True)
    for epoch in range(args.epochs):
        items = [item for article in articles for item in examples(article, LENGTH, rng)]
        log = train_epoch(model, optimiser, batches(items, POSITIONS, rng), epoch, args.epochs)
        export(model, args.output)
        if dev:
            log |= summary(score_model(args.output, dev))
        with args.log.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(log) + "\n")
    if dev:
        print(json.dumps(calibrate(args.output, dev)))


def gold_of(paths: Iterable[Path]) -> dict[str, GoldArticle]:
    """Read gold files into one mapping."""
    return {key: article for path in paths for key, article in read_gold(path).items()}


def train_epoch(
    model: Network, optimiser: torch.optim.Optimizer, groups: list[list[Example]], epoch: int, epochs: int
) -> dict[str, Any]:
    """Go once over the batches; returns the mean losses."""
    begun, sums = time.time(), [0.0, 0.0]
    model.train()
    for number, group in enumerate(groups, 1):
        for settings in optimiser.param_groups:
            settings["lr"] = settings["base"] * schedule((epoch + (number - 1) / len(groups)) / epochs)
        tag_loss, pair_loss = losses(model, collate(group))
        optimiser.zero_grad()
        (tag_loss + PAIR_WEIGHT * pair_loss).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        sums = [sums[0] + tag_loss.item(), sums[1] + pair_loss.item()]
        if number % 25 == 0:
            means = [round(total / number, 3) for total in sums]
            print(f"epoch {epoch} {number}/{len(groups)} losses {means} {time.time() - begun:.0f} s", flush=True)
    tag, pair = (total / len(groups) for total in sums)
    return {"epoch": epoch, "tag": tag, "pair": pair, "seconds": round(time.time() - begun)}


def summary(result: dict[str, Any]) -> dict[str, float]:
    """Return the main figures (F1) of a score."""
    rows = {**result["attributions"], "exact content": result["exact"]["content"]}
    return {name: round(row["f1"], 1) for name, row in rows.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True, help="model folder")
    parser.add_argument("--dev", nargs="*", type=Path, default=[], help="gold articles to score and calibrate on")
    parser.add_argument("--log", type=Path, default=Path("runs/attributions.log.jsonl"))
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=2e-4, help="learning rate of the encoder's top layer")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int, help="use the first N articles only (to try out the recipe)")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
