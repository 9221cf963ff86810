"""One resumable training loop for every part of the starter."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

__all__ = ["Run", "finished", "save_state", "train"]

SAVE_EVERY_SECONDS = 120.0


@dataclass(frozen=True)
class Run:
    """How one part is trained; `average` is the decay of the weights' exponential average."""

    steps: int
    rate: float
    warmup: int = 100
    average: float = 0.999
    clip: float = 1.0


def save_state(path: Path, state: dict[str, object]) -> None:
    """Write a checkpoint so that a killed run leaves the old one or the new one, never half."""
    part = path.with_suffix(path.suffix + ".part")
    torch.save(state, part)
    os.replace(part, path)


def finished(path: Path, run: Run) -> bool:
    """Whether the checkpoint at `path` is that of a run that came to its end."""
    if not path.exists():
        return False
    return torch.load(path, map_location="cpu", weights_only=True)["step"] >= run.steps


def train(
    module: nn.Module,
    loss_of: Callable[[int], Tensor],
    run: Run,
    checkpoint: Path,
    log: Callable[[str], None] = print,
) -> nn.Module:
    """Minimise `loss_of(step)` over the parameters of `module`, which ends up averaged.

    Adam with a linear warm-up and a cosine decay to a tenth. The checkpoint is written every
    two minutes; a run that finds one goes on from it, and a finished one is only loaded.
    """
    parameters = [p for p in module.parameters() if p.requires_grad]
    adam = torch.optim.AdamW(parameters, lr=run.rate, betas=(0.9, 0.99), weight_decay=1e-4)
    average = {k: v.detach().clone() for k, v in module.state_dict().items()}
    first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        module.load_state_dict(state["weights"])
        average = {k: v.to(average[k].device) for k, v in state["average"].items()}
        adam.load_state_dict(state["adam"])
        first = state["step"]
    name, started, saved, mean = checkpoint.stem, time.monotonic(), time.monotonic(), 0.0

    def save(step: int) -> None:
        save_state(
            checkpoint,
            {
                "weights": module.state_dict(),
                "average": average,
                "adam": adam.state_dict(),
                "step": step,
            },
        )

    module.train()
    for step in range(first, run.steps):
        torch.manual_seed(step)
        warm = min(1.0, (step + 1) / run.warmup)
        decay = 0.55 + 0.45 * math.cos(math.pi * step / run.steps)
        for group in adam.param_groups:
            group["lr"] = run.rate * warm * decay
        loss = loss_of(step)
        adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, run.clip)
        adam.step()
        weight = min(run.average, (step + 1) / (step + 10))
        with torch.no_grad():
            for key, value in module.state_dict().items():
                average[key].lerp_(value, 1 - weight) if value.is_floating_point() else (
                    average[key].copy_(value)
                )
        mean = loss.item() if step == first else 0.98 * mean + 0.02 * loss.item()
        if (step + 1) % 100 == 0:
            pace = (time.monotonic() - started) / (step + 1 - first)
            log(f"{name} {step + 1}/{run.steps} loss {mean:.4f} {pace:.2f} s/step")
        if time.monotonic() - saved > SAVE_EVERY_SECONDS:
            save(step + 1)
            saved = time.monotonic()
    if first < run.steps:
        save(run.steps)
    module.load_state_dict(average)
    return module.eval()
