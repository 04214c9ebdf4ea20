"""Train the network, first on attributions alone, then on attributions and stances together.

    python models/recipe/train.py polnear.train.jsonl --labels models/recipe/labels -o runs/network \\
        --newsmtsc newsmtsc.train.jsonl --dse dse.train.jsonl

The weights are saved after every epoch; it is the last epoch that counts, none is picked. Where there are no labels of
stance and target, the second part is left out. With --model and --dev the weights are exported and what depends on them
is fitted: the acts of cues, and the confidences.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

from attributions.acts import fit_acts
from attributions.evaluate import calibrate as calibrate_attributions
from attributions.evaluate import write_calibration
from encoder import minilm_folder, parameter_groups, schedule
from export import export
from network import Network
from onrecord.evaluation.gold import GoldArticle, read_gold
from onrecord.model_folder import load_tokenizer
from onrecord.stages.attributions.decoding import WORD_TAGS
from stances.calibrate import NEUTRAL_HEAT, write_heat
from stances.calibrate import calibrate as calibrate_stances
from stances.data import FOLDS, Item, attributions, dse, guessed, held_out, newsmtsc, read_lines
from windows import (
    IGNORE,
    Article,
    Batch,
    Judged,
    batches,
    collate,
    examples,
    name_ids,
    prepare,
    rename,
    sentence,
)

LENGTH = 256  # positions of a window; the encoder sees no longer one later
POSITIONS = 2304  # places in a batch
PARTS = ("attributions", "together")
PAIR_WEIGHT, STANCE_WEIGHT, SPAN_WEIGHT = 0.5, 0.6, 0.4
SMOOTHING = 0.05  # of the stance labels
GUESS_WEIGHT = 0.5  # what an attribution counts that an earlier network judged
MACHINE_WEIGHT = 0.7  # and one that a language model judged
INNER_SCORE = 0.55  # least score of an inner attribution, found by an earlier network, to be learned
RENAMED = 0.25  # share of windows whose names are exchanged, so that names do not tell the stance
FORGOTTEN = 0.1  # share of attributions without what the lexicon says of the cue
PAIRS = (2500, 400)  # of Park et al.'s, with and without polarity; the latter are many and noisy
KEPT = 0.25  # share of the news sentences that is read again after the first epoch
FROZEN = 2  # layers, counted from below, that stay as they are when stances are learned
WARMING = 60  # steps in which the reader learns from views that it does not change


# ---------------------------------------------------------------- losses


def losses(model: Network, batch: Batch, *, detached: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the mean losses of word tags, pair tags (per word that has a role), stances and targets."""
    tags, cue, gate, word, views = model(batch.ids, batch.features, batch.mask)
    index = batch.words[:, :, None]
    on_words = torch.gather(tags, 1, index.expand(-1, -1, len(WORD_TAGS)))
    tag_loss = F.cross_entropy(on_words.flatten(0, 1), batch.tags.flatten(), ignore_index=IGNORE, reduction="sum")
    tag_loss = tag_loss / (batch.tags != IGNORE).sum().clamp(min=1)
    pair_loss = stance = target = tag_loss.new_zeros(())
    if len(batch.owner):
        wide = index.expand(-1, -1, word.shape[-1])
        words = torch.gather(word, 1, wide)[batch.owner]
        cues = torch.bmm(batch.cue_words[:, None], torch.gather(cue, 1, wide)[batch.owner])[:, 0]
        gates = torch.bmm(batch.cue_words[:, None], torch.gather(gate, 1, wide)[batch.owner])[:, 0]
        scores = model.pairs(cues, gates, words, batch.distance)
        total = F.cross_entropy(scores.flatten(0, 1), batch.pairs.flatten(), ignore_index=IGNORE, reduction="sum")
        pair_loss = total / (batch.pairs > 0).sum().clamp(min=1)
    if batch.judged is not None:
        stance, target = judging_losses(model, batch.judged, views.detach() if detached else views)
    return tag_loss, pair_loss, stance, target


def judging_losses(model: Network, judged: Judged, views: Tensor) -> tuple[Tensor, Tensor]:
    """Return the losses of stance (given the gold target) and of target, which may stand in more than one place."""
    own = views[judged.owner[:, None], judged.places] * judged.mask[:, :, None]
    own = torch.cat([torch.zeros_like(own[:, :1]), own[:, 1:]], 1)
    vectors, spans = model.reader(own, judged.roles, judged.mask)
    soft = judged.stance * (1 - SMOOTHING) + SMOOTHING / judged.stance.shape[1]
    each = -(soft * model.reader.stances(vectors, judged.means).log_softmax(1)).sum(1)
    stance = (each * judged.weight).sum() / judged.weight.sum()
    rows = judged.gold.flatten(1).any(1)
    if not rows.any():
        return stance, stance.new_zeros(())
    gold, weight = judged.gold[rows].flatten(1), judged.weight[rows]
    every = spans[rows].flatten(1).masked_fill(~judged.allowed[rows].flatten(1), -1e4)
    missed = every.logsumexp(1) - every.masked_fill(~gold, -1e4).logsumexp(1)
    return stance, (missed * weight).sum() / weight.sum()


# ---------------------------------------------------------------- epochs


def fit(
    model: Network, articles: Sequence[Article], news: Sequence[Article], part: int, args: argparse.Namespace
) -> None:
    """Train for some epochs and save the weights after each; `news` is read once, and a share of it again."""
    rng, name, epochs = Random(args.seed), PARTS[part], args.epochs[part]
    names = name_ids(articles)
    optimiser = torch.optim.AdamW(parameter_groups(model, args.rates[part], args.head_rates[part]), fused=True)
    for epoch in range(epochs):
        more = news if epoch == 0 else [one for one in news if rng.random() < KEPT]
        items = [item for article in (*articles, *more) for item in examples(article, LENGTH, rng)]
        if news:
            items = [rename(item, names, rng) if rng.random() < RENAMED else item for item in items]
        groups = batches(items, POSITIONS, rng)
        begun, sums = time.time(), torch.zeros(4)
        model.train()
        for number, group in enumerate(groups, 1):
            for settings in optimiser.param_groups:
                settings["lr"] = settings["base"] * schedule((epoch + (number - 1) / len(groups)) / epochs)
            batch = collate(group, FORGOTTEN, rng)
            tag, pair, stance, target = losses(model, batch, detached=epoch == 0 and number <= WARMING)
            optimiser.zero_grad()
            (tag + PAIR_WEIGHT * pair + STANCE_WEIGHT * stance + SPAN_WEIGHT * target).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            sums += torch.stack([tag, pair, stance, target]).detach()
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


# ---------------------------------------------------------------- what is read


def gold_of(paths: Iterable[Path]) -> list[GoldArticle]:
    """Read gold files, articles in order."""
    return [article for path in paths for article in read_gold(path).values()]


def inner_of(folders: Iterable[Path]) -> dict[str, list[dict]]:
    """Return the inner attributions of each article, those that an earlier network found with its score."""
    found = {row["doc_id"]: row["inner"] for labels in folders for row in read_lines(labels / "inner.train.jsonl")}
    return {key: [one for one in rows if one["score"] >= INNER_SCORE] for key, rows in found.items()}


def items_of(args: argparse.Namespace, tokenizer: Tokenizer) -> dict[str, list[Item]]:
    """Return what is to be judged of each article."""
    found: dict[str, list[Item]] = defaultdict(list)
    for path, labels in product((*args.gold, *args.together), args.labels):
        items = attributions(path, labels / "meaning.train.jsonl", tokenizer)
        items += attributions(path, labels / "machine.train.jsonl", tokenizer, MACHINE_WEIGHT)
        items += guessed(path, labels / "guessed.train.jsonl", tokenizer, GUESS_WEIGHT)
        for item in items:
            found[item.doc_id].append(item)
    return {key: items for key, items in found.items() if args.all or not held_out(key, FOLDS)}


def news_of(args: argparse.Namespace, tokenizer: Tokenizer) -> list[Article]:
    """Return the news sentences with a polarity toward a mention."""
    news = (
        [item for item in newsmtsc(args.newsmtsc, tokenizer) if not held_out(item.doc_id, FOLDS)]
        if args.newsmtsc
        else []
    )
    news += dse(args.dse, tokenizer, *PAIRS, Random(args.seed)) if args.dse else []
    return [sentence(item, tokenizer) for item in news[: args.limit]]


def train(args: argparse.Namespace) -> None:
    """Train both parts, or what there are data for."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    tokenizer = load_tokenizer(minilm_folder())
    args.output.mkdir(parents=True, exist_ok=True)
    model = Network()
    model.encoder.load_pretrained(minilm_folder())
    gold = gold_of(args.gold)[: args.limit]
    if args.start:
        model.load_state_dict(torch.load(args.start))
    else:
        fit(model, [prepare(article, (), (), tokenizer) for article in gold], (), 0, args)
    if args.labels:
        gold += gold_of(args.together)[: args.limit]
        inner, items = inner_of(args.labels), items_of(args, tokenizer)
        begin_inner(model)
        freeze(model)
        articles = [prepare(one, inner.get(one.id, ()), items.get(one.id, ()), tokenizer) for one in gold]
        fit(model, articles, news_of(args, tokenizer), 1, args)
    if args.model:
        finish(model, gold, args)


def finish(model: Network, gold: Sequence[GoldArticle], args: argparse.Namespace) -> None:
    """Write the model folder."""
    export(model, args.model)
    write_calibration(args.model, 1.0, 0.0)
    write_heat(args.model, NEUTRAL_HEAT)
    print(json.dumps(fit_acts(args.model, gold)))
    if args.dev:
        print(json.dumps(calibrate_attributions(args.model, read_gold(args.dev))))
    for labels in args.labels:
        if (labels / "meaning.train.jsonl").exists():
            calibrate_stances(args.model, args.gold[0], labels / "meaning.train.jsonl")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", nargs="+", type=Path, help="articles with attributions, as JSONL")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for weights and log")
    parser.add_argument("--labels", nargs="+", type=Path, default=(), help="folders with labels of these articles")
    parser.add_argument(
        "--together", nargs="+", type=Path, default=(), help="articles that the second part reads as well"
    )
    parser.add_argument("--model", type=Path, help="model folder to write when done")
    parser.add_argument("--dev", type=Path, help="gold articles to fit the confidence of attributions on")
    parser.add_argument("--newsmtsc", type=Path)
    parser.add_argument("--dse", type=Path)
    parser.add_argument("--start", type=Path, help="weights that the first part would make")
    parser.add_argument("--all", action="store_true", help="keep no article's stances back for calibration")
    parser.add_argument("--epochs", type=int, nargs=2, default=(5, 4), help="of the two parts")
    parser.add_argument("--rates", type=float, nargs=2, default=(2e-4, 1e-4), help="of the encoder's top layer")
    parser.add_argument("--head-rates", type=float, nargs=2, default=(1e-3, 7e-4))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int, help="use the first N articles only (to try out the recipe)")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
