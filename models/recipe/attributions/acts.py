"""Fit the fallback that tells the act of a cue which the lexicon does not know, from the network's vector of the cue.

    python models/recipe/attributions/acts.py models/en_onrecord polnear.train.jsonl

The labels are the lexicon's own, for the cues of gold that it knows; a softmax regression learns them and is tested on
cues whose lemma it has not seen. Writes acts.npz to the model folder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from onrecord.evaluation.gold import GoldArticle, read_gold
from onrecord.labels import ACTS
from onrecord.lexicons import find_cue
from onrecord.stages.attributions.cues import WORD
from onrecord.stages.attributions.network import Network
from windows import prepare

DECAY = 1e-3
STEPS = 400


def examples(network: Network, article: GoldArticle) -> list[tuple[NDArray[np.float32], str, str]]:
    """Return (vector, act, lemma) of the article's cues that the lexicon knows."""
    prepared = prepare(article, (), network.encoder.tokenizer)
    rows = []
    for scored in network.encoder.score(prepared.pieces):
        low = int(np.searchsorted(prepared.words, scored.window.start))
        for gold, roles in zip(prepared.gold, article.attributions.values()):
            for first, last in gold.cue[:1]:
                if low <= first and last <= low + len(scored.words):
                    words = [word.lower() for s, e in roles["cue"] for word in WORD.findall(article.text, s, e)]
                    entry = find_cue(words)
                    if entry:
                        rows.append((scored.cue[first - low : last - low].mean(0), entry.act, entry.cue))
    return rows


def fit(vectors: torch.Tensor, acts: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return weight (width, acts) and bias of a softmax regression, classes weighted by the root of their size."""
    counts = torch.bincount(acts, minlength=len(ACTS)).clamp(min=1).float()
    model = torch.nn.Linear(vectors.shape[1], len(ACTS))
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.02, weight_decay=DECAY)
    for _ in range(STEPS):
        loss = torch.nn.functional.cross_entropy(model(vectors), acts, weight=counts.rsqrt() * counts.sum().rsqrt())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model.weight.detach().T.contiguous(), model.bias.detach()


def fit_acts(model: Path, gold: Iterable[GoldArticle]) -> dict[str, float]:
    """Fit the fallback, write acts.npz, and return the figures on unseen lemmas."""
    torch.manual_seed(0)
    width = np.load(model / "pairs.npz")["distance"].shape[1]
    write_acts(model, torch.zeros(width, len(ACTS)), torch.zeros(len(ACTS)))
    network = Network(model)
    rows = [row for item in gold for row in examples(network, item)]
    vectors = torch.tensor(np.stack([row[0] for row in rows]))
    acts = torch.tensor([ACTS.index(row[1]) for row in rows])
    held = torch.tensor([hashlib.sha256(row[2].encode()).digest()[0] < 64 for row in rows])
    weight, bias = fit(vectors[~held], acts[~held])
    guess = (vectors[held] @ weight + bias).argmax(1)
    write_acts(model, *fit(vectors, acts))
    return {
        "cues": len(rows),
        "of unseen lemmas": int(held.sum()),
        "accuracy on unseen lemmas": round(100 * float((guess == acts[held]).float().mean()), 1),
        "always assert": round(100 * float((acts[held] == ACTS.index("assert")).float().mean()), 1),
    }


def write_acts(model: Path, weight: torch.Tensor, bias: torch.Tensor) -> None:
    np.savez(model / "acts.npz", weight=weight.numpy(), bias=bias.numpy())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--limit", type=int)
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(json.dumps(fit_acts(args.model, list(read_gold(args.gold).values())[: args.limit])))


if __name__ == "__main__":
    main()
