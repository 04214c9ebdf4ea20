"""Small networks that learn from large ones (knowledge distillation: Hinton et al., 2015).

A short encoder begins with some layers of the full one and, in each, with the heads and the hidden units that matter
most (Michel et al., 2019). It then learns from the labels and from what a large network answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from encoder import Encoder

# Layers that are kept of six: without the others the last vectors change least (measured on 20 articles of train).
KEPT = (0, 1, 3, 4, 5)
LABELS = 0.4  # what the labels count beside the large network's answers


@dataclass(frozen=True)
class Strength:
    """How much each head and each hidden unit adds to a layer's two halves."""

    heads: Tensor
    units: Tensor


def strengths(encoder: Encoder, run: Callable[[], None]) -> list[Strength]:
    """Return the strengths of each layer's parts while `run` uses the encoder."""
    ends = [end for layer in encoder.layers for end in (layer.out, layer.down)]
    sums = [torch.zeros(end.in_features) for end in ends]

    def note(total: Tensor, module: nn.Module, given: tuple[Tensor]) -> None:
        total += given[0].square().flatten(0, -2).sum(0)

    hooks = [end.register_forward_pre_hook(partial(note, total)) for end, total in zip(ends, sums)]
    with torch.no_grad():
        run()
    for hook in hooks:
        hook.remove()
    added = [total * end.weight.detach().square().sum(0) for end, total in zip(ends, sums)]
    by_head = [one.view(encoder.shape.heads, -1).sum(1) for one in added[::2]]
    return [Strength(heads, units) for heads, units in zip(by_head, added[1::2])]


@torch.no_grad()
def shorten(full: nn.Module, short: nn.Module, strength: Sequence[Strength]) -> None:
    """Begin `short` with the weights of `full`: all but the encoder's layers, and of these the part that fits."""
    rest = {name: weight for name, weight in full.state_dict().items() if not name.startswith("encoder.layers")}
    short.load_state_dict(rest, strict=False)
    shape = short.encoder.shape
    for layer, number in zip(short.encoder.layers, KEPT):
        weights = full.encoder.layers[number].state_dict()
        units = strongest(strength[number].units, shape.hidden)
        for name in ("up.weight", "up.bias"):
            weights[name] = weights[name][units]
        weights["down.weight"] = weights["down.weight"][:, units]
        heads = strongest(strength[number].heads, shape.heads)
        places = (heads[:, None] * shape.head_width + torch.arange(shape.head_width)).flatten()
        for name in ("qkv.weight", "qkv.bias"):
            weights[name] = torch.cat([part[places] for part in weights[name].chunk(3)])
        weights["out.weight"] = weights["out.weight"][:, places]
        layer.load_state_dict(weights)


def strongest(strength: Tensor, number: int) -> Tensor:
    """Return the numbers of the strongest, rising."""
    return strength.topk(number).indices.sort().values


def agreement(scores: Tensor, answers: Tensor) -> Tensor:
    """Return the cross entropy of each row of scores (n, classes) with the large network's."""
    return -(answers.softmax(-1) * scores.log_softmax(-1)).sum(-1)
