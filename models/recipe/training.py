"""How all networks of the recipe are trained: AdamW, rates that rise and fall, weights saved after each epoch."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

Drawn = TypeVar("Drawn")


@dataclass(frozen=True)
class Course:
    """A part of a training: its name, how many epochs, the rates of the encoder's top layer and of the heads.

    `half`: matrices are multiplied in bfloat16, which takes half the time where the processor knows it (AVX512-BF16).
    """

    name: str
    epochs: int
    rate: float
    head_rate: float
    half: bool = False


def fit(
    model: nn.Module,
    course: Course,
    draw: Callable[[], Sequence[Drawn]],
    losses: Callable[[Drawn], Tensor],
    weights: Sequence[float],
    output: Path,
) -> None:
    """Train a network with an encoder and save its weights after each epoch in the folder `output`, with a log.

    `draw` gives an epoch's batches, `losses` the parts of a batch's loss, `weights` what each of them counts.
    """
    groups = parameter_groups(model, course.rate, course.head_rate)
    optimiser, counts = torch.optim.AdamW(groups, fused=True), torch.tensor(weights)
    for epoch in range(course.epochs):
        batches = draw()
        begun, sums = time.time(), torch.zeros(len(weights))
        model.train()
        for number, batch in enumerate(batches, 1):
            for group in optimiser.param_groups:
                group["lr"] = group["base"] * schedule((epoch + (number - 1) / len(batches)) / course.epochs)
            with torch.autocast("cpu", torch.bfloat16, enabled=course.half):
                each = losses(batch)
            optimiser.zero_grad()
            (counts * each).sum().backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            sums += each.detach()
            if number % 25 == 0:
                means = [round(one, 3) for one in (sums / number).tolist()]
                print(f"{course.name} {epoch} {number}/{len(batches)} {means} {time.time() - begun:.0f} s", flush=True)
        torch.save(model.state_dict(), output / f"{course.name}.{epoch}.pt")
        means = (sums / len(batches)).tolist()
        log = {"part": course.name, "epoch": epoch, "losses": means, "seconds": time.time() - begun}
        with (output / "log.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(log) + "\n")
    torch.save(model.state_dict(), output / f"{course.name}.pt")


def parameter_groups(model: nn.Module, rate: float, head_rate: float, decay: float = 0.9) -> list[dict]:
    """Return AdamW's groups: lower layers learn slower by `decay` a layer, heads and features at `head_rate`.

    Each group keeps its full rate as `base`, for the schedule.
    """
    groups, layers = [], len(model.encoder.layers)
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        depth = int(name.split(".")[2]) + 1 if name.startswith("encoder.layers") else 0
        own = rate * decay ** (layers - depth) if name.startswith("encoder.") and "feature" not in name else head_rate
        weight_decay = 0.01 if parameter.dim() > 1 else 0.0
        groups.append({"params": [parameter], "lr": own, "base": own, "weight_decay": weight_decay})
    return groups


def schedule(fraction: float, warmup: float = 0.08) -> float:
    """Return the learning rate's factor after `fraction` of all steps: linear up, then linear down to 0."""
    return fraction / warmup if fraction < warmup else max(0.0, (1 - fraction) / (1 - warmup))
