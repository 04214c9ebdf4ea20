"""Train the network that finds attributions; then, if there are labels for it, the reader that judges them.

    python models/recipe/train.py polnear.train.jsonl --inner models/recipe/labels/inner.train.jsonl \\
        models/recipe/more/inner.train.jsonl --again models/recipe/more/invented.jsonl -o runs/network

Attributions are learned in four parts: those that PolNeAR marks; then, at lower rates, also those inside the contents
of others, and the articles of --again; then all of that by a large network; last, a short network learns what the large
one answers, also on texts that nobody has annotated (--unlabelled). The weights are saved after every epoch; it is the
last epoch that counts, none is picked. With --model and --dev the weights are exported and what depends on them is
fitted: the acts of cues, and the confidences. With --labels the readers are trained last (`stances/train.py`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from attributions.acts import fit_acts
from attributions.evaluate import calibrate, write_calibration
from distilling import LABELS, agreement, shorten, strengths
from encoder import LOWER, MINILM, SHORT, minilm_folder, mpnet_folder
from export import export
from network import Network
from onrecord.evaluation.gold import GoldArticle, read_gold
from onrecord.model_folder import load_tokenizer
from onrecord.stages.attributions.decoding import WORD_TAGS
from stances.train import add_arguments, train_reader
from training import Course, fit
from unlabelled import read_by, texts_of
from windows import IGNORE, Answers, Article, Batch, Example, batches, collate, examples, prepare

LENGTH = 256  # positions of a window; the encoder sees no longer one later
POSITIONS = 2304  # places in a batch
PARTS = ("first", "again", "large", "short")
PAIR_WEIGHT = 0.5
INNER_SCORE = 0.55  # least score of an inner attribution, found by an earlier network, to be learned
AGAIN = 2  # times that the articles of --again are read in an epoch
ROUNDS = 2  # times that the large network reads each article, cut into other windows
FROZEN = 2  # layers, counted from below, that stay as they are in the second part


def answers(model: Network, batch: Batch) -> Answers:
    """Run the network; rows of `tags` and `pairs` are those that have a label."""
    tags, cue, gate, word = model(batch.ids, batch.features, batch.mask)

    def on_words(part: Tensor) -> Tensor:
        return torch.gather(part, 1, batch.words[:, :, None].expand(-1, -1, part.shape[-1]))

    words, real = on_words(word)[batch.owner], batch.tags != IGNORE
    cues, gates = (torch.bmm(batch.cue_words[:, None], on_words(part)[batch.owner])[:, 0] for part in (cue, gate))
    scores = model.pairs(cues, gates, words, batch.distance)[batch.pairs != IGNORE]
    # In full precision from here on, whatever the network computes in.
    return Answers(on_words(tags)[real].float(), scores.float())


def losses(found: Answers, batch: Batch) -> Tensor:
    """Return the mean losses of word tags, and of pair tags (per word that has a role).

    Where the large network has answered, each is that of the labels and that of its answers, mixed.
    """
    tags, pairs = batch.tags[batch.tags != IGNORE], batch.pairs[batch.pairs != IGNORE]
    roles = (pairs > 0).sum().clamp(min=1)
    wrong = F.cross_entropy(found.pairs, pairs, reduction="sum") / roles
    told = torch.stack([F.cross_entropy(found.tags, tags), wrong])
    if batch.answer is None:
        return told
    wrong = agreement(found.pairs, batch.answer.pairs).sum() / roles
    return LABELS * told + (1 - LABELS) * torch.stack([agreement(found.tags, batch.answer.tags).mean(), wrong])


@torch.no_grad()
def answered(model: Network, items: Sequence[Example], half: bool) -> list[Example]:
    """Return the windows with what a network makes of them."""
    model.eval()
    found: list[Example] = []
    for number, portion in enumerate(batches(items, POSITIONS, Random(0))):
        batch = collate(portion)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            made = answers(model, batch)
        tags = made.tags.split([len(item.words) for item in portion])
        pairs = made.pairs.split([sum(map(len, item.pairs)) for item in portion])
        found += [replace(item, answer=Answers(*both)) for item, both in zip(portion, zip(tags, pairs))]
        if number % 25 == 0:
            print(f"answers: {len(found)}/{len(items)}", flush=True)
    return found


def train_part(model: Network, draw: Callable[[], Sequence[Example]], part: int, args: argparse.Namespace) -> None:
    """Train for some epochs on the windows that are drawn for each."""
    rng = Random(args.seed)
    fit(
        model,
        Course(PARTS[part], args.epochs[part], args.rates[part], args.head_rates[part], args.half),
        lambda: batches(draw(), POSITIONS, rng),
        lambda portion: losses(answers(model, batch := collate(portion)), batch),
        (1.0, PAIR_WEIGHT),
        args.output,
    )


def windows_of(articles: Iterable[Article], rng: Random) -> list[Example]:
    """Return the training windows of articles, cut anew by `rng`."""
    return [item for article in articles for item in examples(article, LENGTH, rng)]


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


def large_network(folder: Path) -> Network:
    """Return an untrained large network; `folder` is for its encoder's files."""
    large = Network(LOWER)
    large.encoder.load_pretrained(mpnet_folder(folder))
    # With a fixed bias torch computes attention in one go.
    for fixed in (large.encoder.word, large.encoder.position, large.encoder.relative):
        fixed.requires_grad_(False)
    return large


def gold_of(paths: Iterable[Path]) -> list[GoldArticle]:
    """Read gold files, articles in order."""
    return [article for path in paths for article in read_gold(path).values()]


def inner_of(paths: Iterable[Path]) -> dict[str, list[dict[str, Any]]]:
    """Return the inner attributions of each article, those that an earlier network found with its score."""
    rows = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return {row["doc_id"]: [one for one in row["inner"] if one["score"] >= INNER_SCORE] for row in rows}


def shortened(full: Network, items: Sequence[Example]) -> Network:
    """Return a short network that begins with parts of the full one; some windows show which parts."""
    some = [collate(group) for group in batches(items, POSITIONS, Random(0))]

    def run() -> None:
        for batch in some:
            full.encoder(batch.ids, batch.features, batch.mask)

    short = Network(SHORT, dropout=0.0)
    shorten(full.eval(), short, strengths(full.encoder, run))
    freeze(short, 0)
    return short


def train(args: argparse.Namespace) -> None:
    """Train what there are data for."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    rng, tokenizer = Random(args.seed), load_tokenizer(minilm_folder())
    args.output.mkdir(parents=True, exist_ok=True)
    full = Network(MINILM)
    full.encoder.load_pretrained(minilm_folder())
    if args.start:
        full.load_state_dict(torch.load(args.start), strict=False)
    gold = gold_of(args.gold)[: args.limit]
    outer = [prepare(article, (), tokenizer) for article in gold]
    inner, more = inner_of(args.inner), gold_of(args.again)[: args.limit]
    articles = [prepare(one, inner.get(one.id, ()), tokenizer) for one in gold + AGAIN * more]
    begin = PARTS.index(args.part)
    if begin == 0:
        train_part(full, lambda: windows_of(outer, rng), 0, args)
        begin_inner(full)
    if begin <= 1:
        freeze(full, FROZEN)
        train_part(full, lambda: windows_of(articles, rng), 1, args)
    large = large_network(args.output)
    if args.large:
        large.load_state_dict(torch.load(args.large))
    else:
        train_part(large, lambda: windows_of(articles, rng), 2, args)
    short = shortened(full, windows_of(articles[::40], rng))
    texts = read_by(full, texts_of(args.unlabelled)[: args.limit], args.output)
    unlabelled = [prepare(*one, tokenizer) for one in texts]
    taught = answered(large, windows_of([*(ROUNDS * articles), *unlabelled], rng), args.half)
    train_part(short, lambda: rng.sample(taught, len(taught) // ROUNDS), 3, args)
    if args.model:
        finish(short, full, gold, args)


def finish(short: Network, full: Network, gold: Sequence[GoldArticle], args: argparse.Namespace) -> None:
    """Write the model folder; the readers begin with the full network's encoder."""
    export(short, args.model)
    write_calibration(args.model, 1.0, 0.0)
    print(json.dumps(fit_acts(args.model, gold)))
    if args.dev:
        print(json.dumps(calibrate(args.model, read_gold(args.dev))))
    if args.labels:
        train_reader(full.encoder.state_dict(), args)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", nargs="+", type=Path, help="articles with attributions, as JSONL")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for weights and log")
    parser.add_argument("--inner", nargs="+", type=Path, default=(), help="attributions inside the contents of others")
    parser.add_argument("--again", nargs="+", type=Path, default=(), help="articles that the second part reads as well")
    parser.add_argument("--unlabelled", nargs="+", type=Path, default=(), help="JSONL with `sentence`s, for the fourth")
    parser.add_argument("--model", type=Path, help="model folder to write when done")
    parser.add_argument("--dev", type=Path, help="gold articles to fit the confidence of attributions on")
    parser.add_argument("--part", choices=PARTS, default=PARTS[0], help="part to begin with")
    parser.add_argument("--start", type=Path, help="weights to begin with")
    parser.add_argument("--large", type=Path, help="weights of a large network that is there already")
    parser.add_argument("--epochs", type=int, nargs=4, default=(5, 4, 2, 4), help="of the four parts")
    parser.add_argument("--rates", type=float, nargs=4, default=(2e-4, 1e-4, 1e-4, 3e-4), help="of the top layer")
    parser.add_argument("--head-rates", type=float, nargs=4, default=(1e-3, 7e-4, 1e-3, 1e-3))
    parser.add_argument("--half", action="store_true", help="multiply in bfloat16: quicker where AVX512-BF16 is there")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int, help="use the first N articles only (to try out the recipe)")
    add_arguments(parser)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
