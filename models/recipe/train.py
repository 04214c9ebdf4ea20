"""Train the network that finds attributions; then, if there are labels for it, the reader that judges them.

    python models/recipe/train.py polnear.train.jsonl --inner models/recipe/labels/inner.train.jsonl \\
        models/recipe/more/inner.train.jsonl --again models/recipe/more/invented.jsonl -o runs/network

Attributions are learned in two parts: those that PolNeAR marks; then, at lower rates, also those inside the contents of
others, and the articles of --again. The weights are saved after every epoch; it is the last epoch that counts, none is
picked. With --model and --dev the weights are exported and what depends on them is fitted: the acts of cues, and the
confidences. With --labels the reader is trained last (`stances/train.py`).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from attributions.acts import fit_acts
from attributions.evaluate import calibrate, write_calibration
from encoder import minilm_folder, parameter_groups, schedule
from export import export
from network import Network
from onrecord.evaluation.gold import GoldArticle, read_gold
from onrecord.model_folder import load_tokenizer
from onrecord.stages.attributions.decoding import WORD_TAGS
from stances.train import add_arguments, train_reader
from windows import IGNORE, Article, Batch, batches, collate, examples, prepare

LENGTH = 256  # positions of a window; the encoder sees no longer one later
POSITIONS = 2304  # places in a batch
PARTS = ("first", "again")
PAIR_WEIGHT = 0.5
INNER_SCORE = 0.55  # least score of an inner attribution, found by an earlier network, to be learned
AGAIN = 2  # times that the articles of --again are read in an epoch
FROZEN = 2  # layers, counted from below, that stay as they are in the second part


def losses(model: Network, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the mean losses of word tags and of pair tags (per word that has a role)."""
    tags, cue, gate, word = model(batch.ids, batch.features, batch.mask)
    index = batch.words[:, :, None]
    on_words = torch.gather(tags, 1, index.expand(-1, -1, len(WORD_TAGS)))
    tag_loss = F.cross_entropy(on_words.flatten(0, 1), batch.tags.flatten(), ignore_index=IGNORE, reduction="sum")
    tag_loss = tag_loss / (batch.tags != IGNORE).sum().clamp(min=1)
    if not len(batch.owner):
        return tag_loss, tag_loss.new_zeros(())
    wide = index.expand(-1, -1, word.shape[-1])
    words = torch.gather(word, 1, wide)[batch.owner]
    cues = torch.bmm(batch.cue_words[:, None], torch.gather(cue, 1, wide)[batch.owner])[:, 0]
    gates = torch.bmm(batch.cue_words[:, None], torch.gather(gate, 1, wide)[batch.owner])[:, 0]
    scores = model.pairs(cues, gates, words, batch.distance)
    total = F.cross_entropy(scores.flatten(0, 1), batch.pairs.flatten(), ignore_index=IGNORE, reduction="sum")
    return tag_loss, total / (batch.pairs > 0).sum().clamp(min=1)


def fit(model: Network, articles: Sequence[Article], part: int, args: argparse.Namespace) -> None:
    """Train for some epochs and save the weights after each."""
    rng, name, epochs = Random(args.seed), PARTS[part], args.epochs[part]
    optimiser = torch.optim.AdamW(parameter_groups(model, args.rates[part], args.head_rates[part]), fused=True)
    for epoch in range(epochs):
        items = [item for article in articles for item in examples(article, LENGTH, rng)]
        groups = batches(items, POSITIONS, rng)
        begun, sums = time.time(), torch.zeros(2)
        model.train()
        for number, group in enumerate(groups, 1):
            for settings in optimiser.param_groups:
                settings["lr"] = settings["base"] * schedule((epoch + (number - 1) / len(groups)) / epochs)
            tag, pair = losses(model, collate(group))
            optimiser.zero_grad()
            (tag + PAIR_WEIGHT * pair).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            sums += torch.stack([tag, pair]).detach()
            if number % 25 == 0:
                means = [round(one, 3) for one in (sums / number).tolist()]
                print(f"{name} {epoch} {number}/{len(groups)} {means} {time.time() - begun:.0f} s", flush=True)
        torch.save(model.state_dict(), args.output / f"{name}.{epoch}.pt")
        log = {"part": name, "epoch": epoch, "losses": (sums / len(groups)).tolist(), "seconds": time.time() - begun}
        with (args.output / "log.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(log) + "\n")
    torch.save(model.state_dict(), args.output / f"{name}.pt")


def begin_inner(model: Network) -> None:
    """Let the cues of inner attributions begin as cues that are less likely."""
    with torch.no_grad():
        for edge in "BI":
            old, new = WORD_TAGS.index(f"{edge}-cue"), WORD_TAGS.index(f"{edge}-inner")
            model.tags.weight[new] = model.tags.weight[old]
            model.tags.bias[new] = model.tags.bias[old] - 3.0


def freeze(model: Network) -> None:
    """Keep the embeddings and the lowest layers as they are."""
    model.encoder.requires_grad_(False)
    model.encoder.layers[FROZEN:].requires_grad_(True)


def gold_of(paths: Iterable[Path]) -> list[GoldArticle]:
    """Read gold files, articles in order."""
    return [article for path in paths for article in read_gold(path).values()]


def inner_of(paths: Iterable[Path]) -> dict[str, list[dict[str, Any]]]:
    """Return the inner attributions of each article, those that an earlier network found with its score."""
    rows = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return {row["doc_id"]: [one for one in row["inner"] if one["score"] >= INNER_SCORE] for row in rows}


def train(args: argparse.Namespace) -> None:
    """Train what there are data for."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    tokenizer = load_tokenizer(minilm_folder())
    args.output.mkdir(parents=True, exist_ok=True)
    model = Network()
    model.encoder.load_pretrained(minilm_folder())
    gold = gold_of(args.gold)[: args.limit]
    if args.start:
        model.load_state_dict(torch.load(args.start))
    if args.part == PARTS[0]:
        fit(model, [prepare(article, (), tokenizer) for article in gold], 0, args)
        begin_inner(model)
    if args.inner or args.again:
        inner = inner_of(args.inner)
        more = gold_of(args.again)[: args.limit]
        freeze(model)
        fit(model, [prepare(one, inner.get(one.id, ()), tokenizer) for one in gold + AGAIN * more], 1, args)
    if args.model:
        finish(model, gold, args)


def finish(model: Network, gold: Sequence[GoldArticle], args: argparse.Namespace) -> None:
    """Write the model folder."""
    export(model, args.model)
    write_calibration(args.model, 1.0, 0.0)
    print(json.dumps(fit_acts(args.model, gold)))
    if args.dev:
        print(json.dumps(calibrate(args.model, read_gold(args.dev))))
    if args.labels:
        train_reader(model.encoder.state_dict(), args)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", nargs="+", type=Path, help="articles with attributions, as JSONL")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for weights and log")
    parser.add_argument("--inner", nargs="+", type=Path, default=(), help="attributions inside the contents of others")
    parser.add_argument("--again", nargs="+", type=Path, default=(), help="articles that the second part reads as well")
    parser.add_argument("--model", type=Path, help="model folder to write when done")
    parser.add_argument("--dev", type=Path, help="gold articles to fit the confidence of attributions on")
    parser.add_argument("--part", choices=PARTS, default=PARTS[0], help="part to begin with")
    parser.add_argument("--start", type=Path, help="weights to begin with")
    parser.add_argument("--epochs", type=int, nargs=2, default=(5, 4), help="of the two parts")
    parser.add_argument("--rates", type=float, nargs=2, default=(2e-4, 1e-4), help="of the encoder's top layer")
    parser.add_argument("--head-rates", type=float, nargs=2, default=(1e-3, 7e-4))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int, help="use the first N articles only (to try out the recipe)")
    add_arguments(parser)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
