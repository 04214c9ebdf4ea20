"""The stance network: which words an attribution is about (target), and the speaker's stance toward them.

The encoder reads the attribution's paragraph with the role of each piece (source, cue, content) added to its
embedding. Targets: one softmax over all spans of whole words in content or cue, scored by a_i + b_j + q_i . k_j.
Stance: a perceptron on the means of target, cue and content, and [CLS].
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from encoder import WIDTH, Encoder, scale
from onrecord.labels import STANCES
from onrecord.pieces import FEATURES
from onrecord.stages.stances.network import ROLES

SPAN_WIDTH = 64
STANCE_WIDTH = 256


class Marks(nn.Module):
    """Embeds features and roles, given as feature + FEATURES * role; zero at the start."""

    def __init__(self) -> None:
        super().__init__()
        self.feature = nn.Embedding(FEATURES, WIDTH)
        self.role = nn.Embedding(ROLES, WIDTH)
        nn.init.zeros_(self.feature.weight)
        nn.init.normal_(self.role.weight, std=0.02)

    def forward(self, marks: Tensor) -> Tensor:
        role = torch.div(marks, FEATURES, rounding_mode="floor")
        return self.feature(marks - FEATURES * role) + self.role(role)


class Network(nn.Module):
    """Encoder with the two heads."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.encoder.feature = Marks()
        self.encoder.word.weight.requires_grad = False
        self.dropout = nn.Dropout(0.1)
        self.edges = nn.Linear(WIDTH, 2)
        self.query = nn.Linear(WIDTH, SPAN_WIDTH)
        self.key = nn.Linear(WIDTH, SPAN_WIDTH)
        self.up = nn.Linear(4 * WIDTH, STANCE_WIDTH)
        self.down = nn.Linear(STANCE_WIDTH, len(STANCES))

    def forward(self, ids: Tensor, marks: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the vectors (batch, length, WIDTH) and the score of each span (batch, first piece, last piece)."""
        vectors = self.dropout(self.encoder(ids, marks, mask))
        start, end = self.edges(vectors).unbind(-1)
        product = self.query(vectors) @ self.key(vectors).transpose(1, 2) * scale(SPAN_WIDTH)
        return vectors, product + start[:, :, None] + end[:, None, :]

    def stances(self, vectors: Tensor, means: Tensor) -> Tensor:
        """Return stance logits (batch, 3); `means` (batch, 3, length) averages target, cue and content."""
        seen = torch.cat([(means @ vectors).flatten(1), vectors[:, 0]], 1)
        return self.down(self.dropout(torch.relu(self.up(self.dropout(seen)))))
