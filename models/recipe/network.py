"""The network: one pass of the encoder over a window, heads for attributions, and a reader that judges them.

Attributions: every word gets a flat tag (source, cue, content: BIO). For each cue, a small pair scorer then tags all
words of the window anew, *for that cue*: its source, its content. So neighbouring contents do not merge, one source may
serve several cues, and a content may have several pieces; the flat tags find the cues.

Stances: the reader, two narrow transformer layers, goes over the encoder's vectors of one attribution with the role of
each piece (source, cue, content) added. Targets: one softmax over all spans of whole words in content or cue, scored by
a_i + b_j + q_i . k_j. Stance: a perceptron on the means of target, cue and content, and the first place.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from encoder import WIDTH, Encoder, Layer, hide, scale
from onrecord.labels import STANCES
from onrecord.stages.attributions.decoding import BUCKETS, PAIR_TAGS, WORD_TAGS
from onrecord.stages.stances.network import LENGTH, ROLES

PAIR_WIDTH = 192
READER_WIDTH, READER_HEADS, READER_HIDDEN, READER_LAYERS = 256, 8, 768, 2
SPAN_WIDTH = 64
STANCE_WIDTH = 256


class Network(nn.Module):
    """Encoder, the heads of the attributions stage, and the reader of the stances stage."""

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
        self.view = nn.Linear(WIDTH, READER_WIDTH)
        self.reader = Reader()

    def forward(
        self, ids: Tensor, features: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return, for (batch, length) pieces, the word tags' logits, the vectors that `pairs` takes, and the views.

        `mask` is 1 for real positions, None if all are.
        """
        vectors = self.dropout(self.encoder(ids, features, mask))
        return self.tags(vectors), self.cue(vectors), self.gate(vectors), self.word(vectors), self.view(vectors)

    def pairs(self, cue: Tensor, gate: Tensor, word: Tensor, distance: Tensor) -> Tensor:
        """Score cues (n, width) against words (n, length, width) at `distance` (n, length) buckets."""
        hidden = cue[:, None] + word + self.distance(distance) + gate[:, None] * word
        return self.pair(torch.relu(hidden))


class Reader(nn.Module):
    """Reads attributions, given as views of their pieces; the first place has a vector of zeros as its view."""

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.role = nn.Embedding(ROLES, READER_WIDTH)
        self.place = nn.Embedding(LENGTH, READER_WIDTH)
        self.norm = nn.LayerNorm(READER_WIDTH)
        self.layers = nn.ModuleList(
            Layer(dropout, READER_WIDTH, READER_HEADS, READER_HIDDEN) for _ in range(READER_LAYERS)
        )
        self.dropout = nn.Dropout(dropout)
        self.edges = nn.Linear(READER_WIDTH, 2)
        self.query = nn.Linear(READER_WIDTH, SPAN_WIDTH)
        self.key = nn.Linear(READER_WIDTH, SPAN_WIDTH)
        self.up = nn.Linear(4 * READER_WIDTH, STANCE_WIDTH)
        self.down = nn.Linear(STANCE_WIDTH, len(STANCES))
        nn.init.normal_(self.role.weight, std=0.02)
        nn.init.normal_(self.place.weight, std=0.02)

    def forward(self, views: Tensor, roles: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the vectors (n, length, width) and the score of each span (n, first piece, last piece)."""
        x = self.dropout(self.norm(views + self.role(roles) + self.place.weight[: roles.shape[1]]))
        for layer in self.layers:
            x = layer(x, hide(mask))
        vectors = self.dropout(x)
        start, end = self.edges(vectors).unbind(-1)
        product = self.query(vectors) @ self.key(vectors).transpose(1, 2) * scale(SPAN_WIDTH)
        return vectors, product + start[:, :, None] + end[:, None, :]

    def stances(self, vectors: Tensor, means: Tensor) -> Tensor:
        """Return stance logits (n, 3); `means` (n, 3, length) averages target, cue and content."""
        seen = torch.cat([(means @ vectors).flatten(1), vectors[:, 0]], 1)
        return self.down(self.dropout(torch.relu(self.up(self.dropout(seen)))))
