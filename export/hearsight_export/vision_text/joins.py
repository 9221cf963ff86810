"""What comes behind ImageBind's encoders as the graph `join` of a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from hearsight.manifest import Graph, Join, JoinInput, Precision

from ..graphs import Part, export_part

__all__ = ["FUSED", "PAIR", "Fused", "Pair", "export_join", "join_part"]

PAIR = Join(
    (
        JoinInput("image", ("image", "video"), "mean", "raw"),
        JoinInput("text", ("text",), "mean", "raw"),
    )
)
"""Experiment A: a picture's vector and a text's, zeros for what is not there."""
FUSED = Join((JoinInput("fused", ("text", "image", "video"), "mean", "raw"),))
"""Experiment B: the mean of the vectors as they are, in which the longer one of a text rules."""


class Pair(nn.Module):
    """A picture's vector [1, D] and a text's [1, D] to a projector's sequence."""

    def __init__(self, projector: nn.Module, values: int) -> None:
        super().__init__()
        self.projector, self.values = projector, values

    def forward(self, image: Tensor, text: Tensor) -> Tensor:
        return self.projector(torch.cat((image, text), dim=1))

    def zeros(self) -> tuple[Tensor, ...]:
        """What stands for prompts of which there are none."""
        return torch.zeros(1, self.values), torch.zeros(1, self.values)


class Fused(nn.Module):
    """A vector [1, D] of all prompts to an adapter's sequence."""

    def __init__(self, adapter: nn.Module, values: int) -> None:
        super().__init__()
        self.adapter, self.values = adapter, values

    def forward(self, fused: Tensor) -> Tensor:
        return self.adapter(fused)

    def zeros(self) -> tuple[Tensor, ...]:
        """What stands for prompts of which there are none."""
        return (torch.zeros(1, self.values),)


def join_part(module: Pair | Fused) -> Part:
    """The graph `join`; the condition of zeros is among what is compared."""
    names = [entry.name for entry in (PAIR if isinstance(module, Pair) else FUSED).inputs]
    pick = torch.Generator().manual_seed(3)
    zeros = dict(zip(names, module.zeros(), strict=True))
    drawn = {name: torch.randn(1, module.values, generator=pick) for name in names}
    with torch.no_grad():
        shape = module.eval()(**zeros).shape[1:]
    return Part("join", module, drawn, {}, {"cond": (1, *shape)}, samples=[zeros])


def export_join(
    module: Pair | Fused, root: Path, precisions: Sequence[Precision] = ("fp32",)
) -> Graph:
    """Write `join` into folder `root`.

    Raises:
        ParityError: the graph does not compute what PyTorch computes.
    """
    return export_part(join_part(module), root, precisions)
