"""The two networks: one finds attributions in a window of text, the other judges one attribution.

Attributions: one pass of the encoder over a window. Every word gets a flat tag (source, cue, content: BIO). For each
cue, a small pair scorer then tags all words of the window anew, *for that cue*: its source, its content. So
neighbouring contents do not merge, one source may serve several cues, and a content may have several pieces; the flat
tags find the cues.

Stances: the reader, an encoder of its own that begins as a copy of the first, goes over one attribution with the role
of each piece (source, cue, content) added to its embedding. Targets: one softmax over all spans of whole words in
content or cue, scored by a_i + b_j + q_i . k_j. Stance: a perceptron on the means of target, cue and content, and the
first place.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from encoder import Encoder, Shape, scale
from onrecord.labels import STANCES
from onrecord.stages.attributions.decoding import BUCKETS, PAIR_TAGS, WORD_TAGS
from onrecord.stages.stances.network import ROLES

PAIR_WIDTH = 192
SPAN_WIDTH = 64
STANCE_WIDTH = 256


class Network(nn.Module):
    """Encoder and the heads of the attributions stage; `shape` is the encoder's."""

    def __init__(self, shape: Shape, dropout: float = 0.1) -> None:
        super().__init__()
        width = shape.width
        self.encoder = Encoder(dropout, shape)
        self.dropout = nn.Dropout(dropout)
        self.tags = nn.Linear(width, len(WORD_TAGS))
        self.cue = nn.Linear(width, PAIR_WIDTH)
        self.word = nn.Linear(width, PAIR_WIDTH)
        self.gate = nn.Linear(width, PAIR_WIDTH)
        self.distance = nn.Embedding(BUCKETS, PAIR_WIDTH)
        self.pair = nn.Linear(PAIR_WIDTH, len(PAIR_TAGS))
        nn.init.normal_(self.distance.weight, std=0.02)

    def forward(self, ids: Tensor, features: Tensor, mask: Tensor | None = None) -> tuple[Tensor, ...]:
        """Return, for (batch, length) pieces, what `heads` makes of their vectors.

        `mask` is 1 for real positions, None if all are.
        """
        return self.heads(self.encoder(ids, features, mask))

    def heads(self, vectors: Tensor) -> tuple[Tensor, ...]:
        """Return the logits of the word tags, and the three vectors that `pairs` takes."""
        vectors = self.dropout(vectors)
        return self.tags(vectors), self.cue(vectors), self.gate(vectors), self.word(vectors)

    def pairs(self, cue: Tensor, gate: Tensor, word: Tensor, distance: Tensor) -> Tensor:
        """Score cues (n, width) against words (n, length, width) at `distance` (n, length) buckets."""
        hidden = cue[:, None] + word + self.distance(distance) + gate[:, None] * word
        return self.pair(torch.relu(hidden))


class Reader(nn.Module):
    """Reads attributions, given as their pieces with roles; the first place stands for the whole of one."""

    def __init__(self, shape: Shape, dropout: float = 0.1) -> None:
        super().__init__()
        width = shape.width
        self.encoder = Encoder(dropout, shape)
        self.role = nn.Embedding(ROLES, width)
        self.dropout = nn.Dropout(dropout)
        self.edges = nn.Linear(width, 2)
        self.query = nn.Linear(width, SPAN_WIDTH)
        self.key = nn.Linear(width, SPAN_WIDTH)
        self.up = nn.Linear(4 * width, STANCE_WIDTH)
        self.down = nn.Linear(STANCE_WIDTH, len(STANCES))
        nn.init.normal_(self.role.weight, std=0.02)

    def forward(
        self, ids: Tensor, features: Tensor, roles: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the vectors (n, length, width) and the score of each span (n, first piece, last piece)."""
        vectors = self.dropout(self.encoder(ids, features, mask, self.role(roles)))
        start, end = self.edges(vectors).unbind(-1)
        product = self.query(vectors) @ self.key(vectors).transpose(1, 2) * scale(SPAN_WIDTH)
        return vectors, product + start[:, :, None] + end[:, None, :]

    def stances(self, vectors: Tensor, means: Tensor) -> Tensor:
        """Return stance logits (n, 3); `means` (n, 3, length) averages target, cue and content."""
        seen = torch.cat([(means @ vectors).flatten(1), vectors[:, 0]], 1)
        return self.down(self.dropout(torch.relu(self.up(self.dropout(seen)))))
