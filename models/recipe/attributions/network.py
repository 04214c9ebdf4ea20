"""The attribution network: word tags, and for each cue the source and content that belong to it.

One pass of the encoder gives every word a flat tag (source, cue, content: BIO). For each cue, a small pair scorer then
tags all words of the window anew, *for that cue*: its source, its content. So neighbouring contents do not merge, one
source may serve several cues, and a content may have several pieces; the flat tags find the cues.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from encoder import WIDTH, Encoder
from onrecord.stages.attributions.decoding import BUCKETS, PAIR_TAGS, WORD_TAGS

PAIR_WIDTH = 192


class Network(nn.Module):
    """Encoder with the two heads."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.dropout = nn.Dropout(0.1)
        self.tags = nn.Linear(WIDTH, len(WORD_TAGS))
        self.cue = nn.Linear(WIDTH, PAIR_WIDTH)
        self.word = nn.Linear(WIDTH, PAIR_WIDTH)
        self.gate = nn.Linear(WIDTH, PAIR_WIDTH)
        self.distance = nn.Embedding(BUCKETS, PAIR_WIDTH)
        self.pair = nn.Linear(PAIR_WIDTH, len(PAIR_TAGS))
        nn.init.normal_(self.distance.weight, std=0.02)

    def forward(self, ids: Tensor, features: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return word tags' logits (batch, length, tags) and the vectors that `pairs` takes (batch, length, width)."""
        vectors = self.dropout(self.encoder(ids, features, mask))
        return self.tags(vectors), self.cue(vectors), self.gate(vectors), self.word(vectors)

    def pairs(self, cue: Tensor, gate: Tensor, word: Tensor, distance: Tensor) -> Tensor:
        """Score cues (n, width) against words (n, length, width) at `distance` (n, length) buckets."""
        hidden = cue[:, None] + word + self.distance(distance) + gate[:, None] * word
        return self.pair(torch.relu(hidden))
