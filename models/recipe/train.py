"""Train the network that finds attributions; then, if there are labels for it, the reader that judges them.

    python models/recipe/train.py polnear.train.jsonl --inner models/recipe/labels/inner.train.jsonl \\
        models/recipe/more/inner.train.jsonl --again models/recipe/more/invented.jsonl -o runs/network

Attributions are learned in three parts: those that PolNeAR marks; then, at lower rates, also those inside the contents
of others, and the articles of --again; last, a short network learns what this one does, also with texts that nobody has
annotated (--unlabelled). The weights are saved after every epoch; it is the last epoch that counts, none is picked.
With --model and --dev the weights are exported and what depends on them is fitted: the acts of cues, and the
confidences. With --labels the readers are trained last (`stances/train.py`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from attributions.acts import fit_acts
from attributions.evaluate import calibrate, write_calibration
from distilling import LABELS, VECTORS, Matcher, agreement, distance, shorten, strengths
from encoder import MINILM, SHORT, minilm_folder
from export import export
from network import Network
from onrecord.evaluation.gold import GoldArticle, read_gold
from onrecord.model_folder import load_tokenizer
from onrecord.stages.attributions.decoding import WORD_TAGS
from stances.train import add_arguments, train_reader
from training import Course, fit
from unlabelled import read_by, texts_of
from windows import IGNORE, Article, Batch, Example, batches, collate, examples, prepare

LENGTH = 256  # positions of a window; the encoder sees no longer one later
POSITIONS = 2304  # places in a batch
PARTS = ("first", "again", "short")
PAIR_WEIGHT = 0.5
INNER_SCORE = 0.55  # least score of an inner attribution, found by an earlier network, to be learned
AGAIN = 2  # times that the articles of --again are read in an epoch
SHARE = 0.5  # of the texts without labels, that an epoch reads
FROZEN = 2  # layers, counted from below, that stay as they are in the second part


@dataclass(frozen=True)
class Answers:
    """What a network makes of a batch: vectors of the real places, tags of the words, pair tags of each cue's words."""

    vectors: Tensor
    tags: Tensor
    pairs: Tensor


def answers(model: Network, batch: Batch) -> Answers:
    """Run the network; rows of `tags` and `pairs` are those that have a label."""
    vectors = model.encoder(batch.ids, batch.features, batch.mask)
    tags, cue, gate, word = model.heads(vectors)

    def on_words(part: Tensor) -> Tensor:
        return torch.gather(part, 1, batch.words[:, :, None].expand(-1, -1, part.shape[-1]))

    words, real = on_words(word)[batch.owner], batch.tags != IGNORE
    cues, gates = (torch.bmm(batch.cue_words[:, None], on_words(part)[batch.owner])[:, 0] for part in (cue, gate))
    scores = model.pairs(cues, gates, words, batch.distance)[batch.pairs != IGNORE]
    # In full precision from here on, whatever the network computes in.
    return Answers(vectors[batch.mask > 0].float(), on_words(tags)[real].float(), scores.float())


def losses(found: Answers, batch: Batch) -> Tensor:
    """Return the mean losses of word tags, and of pair tags (per word that has a role)."""
    tags, pairs = batch.tags[batch.tags != IGNORE], batch.pairs[batch.pairs != IGNORE]
    wrong = F.cross_entropy(found.pairs, pairs, reduction="sum") / (pairs > 0).sum().clamp(min=1)
    return torch.stack([F.cross_entropy(found.tags, tags), wrong])


def taught_losses(found: Answers, taught: Answers, batch: Batch, matcher: Matcher) -> Tensor:
    """Return the losses by labels and teacher, and the distance from the teacher's vectors."""
    tags, pairs = losses(found, batch)
    told = batch.pairs[batch.pairs != IGNORE]
    per_role = len(told) / (told > 0).sum().clamp(min=1)
    tags = LABELS * tags + (1 - LABELS) * agreement(found.tags, taught.tags)
    if len(told):
        pairs = LABELS * pairs + (1 - LABELS) * per_role * agreement(found.pairs, taught.pairs)
    return torch.stack([tags, pairs, distance(matcher(found.vectors), taught.vectors)])


def train_part(
    model: Network,
    articles: Sequence[Article],
    part: int,
    args: argparse.Namespace,
    more: Sequence[Article] = (),
    teacher: Network | None = None,
) -> None:
    """Train for some epochs; a share of `more`, drawn anew, is read in each."""
    rng, matcher = Random(args.seed), Matcher(MINILM.width)

    def draw() -> list[list[Example]]:
        drawn = rng.sample(more, int(SHARE * len(more)))
        items = [item for article in (*articles, *drawn) for item in examples(article, LENGTH, rng)]
        return batches(items, POSITIONS, rng)

    def losses_of(portion: list[Example]) -> Tensor:
        batch = collate(portion)
        found = answers(model, batch)
        if teacher is None:
            return losses(found, batch)
        with torch.no_grad():
            taught = answers(teacher, batch)
        return taught_losses(found, taught, batch, matcher)

    course = Course(PARTS[part], args.epochs[part], args.rates[part], args.head_rates[part], args.half)
    weights = (1.0, PAIR_WEIGHT, VECTORS) if teacher else (1.0, PAIR_WEIGHT)
    fit(model, course, draw, losses_of, weights, args.output, matcher if teacher else None)


def begin_inner(model: Network) -> None:
    """Let the cues of inner attributions begin as cues that are less likely."""
    with torch.no_grad():
        for edge in "BI":
            old, new = WORD_TAGS.index(f"{edge}-cue"), WORD_TAGS.index(f"{edge}-inner")
            model.tags.weight[new] = model.tags.weight[old]
            model.tags.bias[new] = model.tags.bias[old] - 3.0


def freeze(model: Network, layers: int) -> None:
    """Keep the embeddings and the lowest layers as they are."""
    model.encoder.requires_grad_(False)
    model.encoder.layers[layers:].requires_grad_(True)


def gold_of(paths: Iterable[Path]) -> list[GoldArticle]:
    """Read gold files, articles in order."""
    return [article for path in paths for article in read_gold(path).values()]


def inner_of(paths: Iterable[Path]) -> dict[str, list[dict[str, Any]]]:
    """Return the inner attributions of each article, those that an earlier network found with its score."""
    rows = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return {row["doc_id"]: [one for one in row["inner"] if one["score"] >= INNER_SCORE] for row in rows}


def shortened(full: Network, articles: Sequence[Article], rng: Random) -> Network:
    """Return a short network that begins with parts of the full one; some articles show which parts."""
    items = [item for article in articles[::40] for item in examples(article, LENGTH, rng)]
    some = [collate(group) for group in batches(items, POSITIONS, rng)]

    def run() -> None:
        for batch in some:
            full.encoder(batch.ids, batch.features, batch.mask)

    short = Network(SHORT, dropout=0.0)
    shorten(full, short, strengths(full.encoder, run))
    return short


def train(args: argparse.Namespace) -> None:
    """Train what there are data for."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    tokenizer = load_tokenizer(minilm_folder())
    args.output.mkdir(parents=True, exist_ok=True)
    model = Network(MINILM)
    model.encoder.load_pretrained(minilm_folder())
    gold = gold_of(args.gold)[: args.limit]
    if args.start:
        model.load_state_dict(torch.load(args.start), strict=False)
    if args.part == PARTS[0]:
        train_part(model, [prepare(article, (), tokenizer) for article in gold], 0, args)
        begin_inner(model)
    inner, more = inner_of(args.inner), gold_of(args.again)[: args.limit]
    articles = [prepare(one, inner.get(one.id, ()), tokenizer) for one in gold + AGAIN * more]
    if args.part in PARTS[:2] and (args.inner or args.again):
        freeze(model, FROZEN)
        train_part(model, articles, 1, args)
    short = shortened(model.eval(), articles, Random(args.seed))
    freeze(short, 0)
    unlabelled = [
        prepare(*one, tokenizer) for one in read_by(model, texts_of(args.unlabelled)[: args.limit], args.output)
    ]
    train_part(short, articles, 2, args, unlabelled, model)
    if args.model:
        finish(short, gold, args)


def finish(short: Network, gold: Sequence[GoldArticle], args: argparse.Namespace) -> None:
    """Write the model folder."""
    export(short, args.model)
    write_calibration(args.model, 1.0, 0.0)
    print(json.dumps(fit_acts(args.model, gold)))
    if args.dev:
        print(json.dumps(calibrate(args.model, read_gold(args.dev))))
    if args.labels:
        train_reader(short.encoder.state_dict(), args)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", nargs="+", type=Path, help="articles with attributions, as JSONL")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for weights and log")
    parser.add_argument("--inner", nargs="+", type=Path, default=(), help="attributions inside the contents of others")
    parser.add_argument("--again", nargs="+", type=Path, default=(), help="articles that the second part reads as well")
    parser.add_argument("--unlabelled", nargs="+", type=Path, default=(), help="JSONL with `sentence`s, for the third")
    parser.add_argument("--model", type=Path, help="model folder to write when done")
    parser.add_argument("--dev", type=Path, help="gold articles to fit the confidence of attributions on")
    parser.add_argument("--part", choices=PARTS, default=PARTS[0], help="part to begin with")
    parser.add_argument("--start", type=Path, help="weights to begin with")
    parser.add_argument("--epochs", type=int, nargs=3, default=(5, 4, 8), help="of the three parts")
    parser.add_argument("--rates", type=float, nargs=3, default=(2e-4, 1e-4, 3e-4), help="of the encoder's top layer")
    parser.add_argument("--head-rates", type=float, nargs=3, default=(1e-3, 7e-4, 1e-3))
    parser.add_argument("--half", action="store_true", help="multiply in bfloat16: quicker where AVX512-BF16 is there")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int, help="use the first N articles only (to try out the recipe)")
    add_arguments(parser)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
