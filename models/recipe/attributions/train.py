"""Train the attribution network on gold articles; scores on dev after every epoch.

python models/recipe/attributions/train.py polnear.train.jsonl --dev polnear.dev.jsonl -o runs/attributions
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from attributions.data import IGNORE, Batch, batches, collate, examples, prepare, read_gold
from attributions.network import Network
from encoder import minilm_folder, parameter_groups, schedule

from onrecord.decoding import WORD_TAGS

LENGTH = 256  # positions of a window; the encoder sees no longer one later
POSITIONS = 2304  # places in a batch
PAIR_WEIGHT = 0.5


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
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    rng = Random(args.seed)
    folder = minilm_folder()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    articles = prepare([row for path in args.gold for row in read_gold(path)][: args.limit], tokenizer)
    model = Network()
    model.encoder.load_pretrained(folder)
    groups = parameter_groups(model, args.rate, 1e-3)
    optimiser = torch.optim.AdamW(groups, fused=True)
    args.output.mkdir(parents=True, exist_ok=True)
    steps, step = 0, 0
    for epoch in range(args.epochs):
        items = [item for article in articles for item in examples(article, LENGTH, rng)]
        groups_of = batches(items, POSITIONS, rng)
        steps = steps or len(groups_of) * args.epochs
        begun, sums = time.time(), [0.0, 0.0]
        model.train()
        for number, group in enumerate(groups_of, 1):
            for settings in optimiser.param_groups:
                settings["lr"] = settings["base"] * schedule(step / steps)
            tag_loss, pair_loss = losses(model, collate(group))
            optimiser.zero_grad()
            (tag_loss + PAIR_WEIGHT * pair_loss).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            step += 1
            sums[0] += tag_loss.item()
            sums[1] += pair_loss.item()
            if number % 25 == 0:
                rate = (time.time() - begun) / number
                means = [round(total / number, 3) for total in sums]
                print(f"epoch {epoch} {number}/{len(groups_of)} losses {means} {rate:.2f} s a step", flush=True)
        log = {"epoch": epoch, "tag": sums[0] / len(groups_of), "pair": sums[1] / len(groups_of)}
        log["seconds"] = time.time() - begun
        torch.save(model.state_dict(), args.output / "weights.pt")
        print(json.dumps(log), flush=True)
        with (args.output / "log.jsonl").open("a") as lines:
            lines.write(json.dumps(log) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=2e-4, help="learning rate of the encoder's top layer")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int, help="use the first N articles only (to try out the recipe)")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
