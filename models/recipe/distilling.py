"""Small networks that learn from large ones (knowledge distillation: Hinton et al., 2015).

A short encoder begins with some layers of the full one and, in each, with the hidden units that matter most. It then
learns from the labels, from what the full network answers, and from the vectors of its last layer (Jiao et al., 2020).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from encoder import Encoder

# Layers that are kept of six: without the others the last vectors change least (measured on 20 articles of train).
KEPT = (0, 1, 3, 4, 5)
LABELS = 0.4  # what the labels count beside the teacher's answers
VECTORS = 1.0  # what the distance of the vectors counts


def strengths(encoder: Encoder, run: Callable[[], None]) -> list[Tensor]:
    """Return, for each layer, how much each hidden unit adds to its output while `run` uses the encoder."""
    sums = [torch.zeros(layer.down.in_features) for layer in encoder.layers]

    def note(total: Tensor, module: nn.Module, given: tuple[Tensor]) -> None:
        total += given[0].square().flatten(0, -2).sum(0)

    hooks = [layer.down.register_forward_pre_hook(partial(note, total)) for layer, total in zip(encoder.layers, sums)]
    with torch.no_grad():
        run()
    for hook in hooks:
        hook.remove()
    return [total.sqrt() * layer.down.weight.norm(dim=0) for layer, total in zip(encoder.layers, sums)]


@torch.no_grad()
def shorten(full: nn.Module, short: nn.Module, strength: list[Tensor]) -> None:
    """Begin `short` with the weights of `full`: all but the encoder's layers, and of these the part that fits."""
    rest = {name: weight for name, weight in full.state_dict().items() if not name.startswith("encoder.layers")}
    short.load_state_dict(rest, strict=False)
    layers = short.encoder.layers
    for layer, number in zip(layers, KEPT):
        weights = full.encoder.layers[number].state_dict()
        units = strength[number].topk(layer.up.out_features).indices.sort().values
        for name in ("up.weight", "up.bias"):
            weights[name] = weights[name][units]
        weights["down.weight"] = weights["down.weight"][:, units]
        layer.load_state_dict(weights)


def agreement(scores: Tensor, answers: Tensor) -> Tensor:
    """Return the cross entropy of rows of scores (n, classes) with the teacher's, as the mean over the rows."""
    return -(answers.softmax(-1) * scores.log_softmax(-1)).sum(-1).mean()


def distance(vectors: Tensor, answers: Tensor) -> Tensor:
    """Return how far vectors (n, width) are from the teacher's, as a share of the spread of those."""
    return (vectors - answers).square().sum() / (answers - answers.mean(0)).square().sum()


class Matcher(nn.Module):
    """Maps the short encoder's vectors to the full one's; only needed in training."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.map = nn.Linear(width, width)
        with torch.no_grad():
            self.map.weight.copy_(torch.eye(width))
            self.map.bias.zero_()

    def forward(self, vectors: Tensor) -> Tensor:
        mapped: Tensor = self.map(vectors)
        return mapped
