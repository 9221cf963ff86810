"""Experiment B: a fused vector of ImageBind to a sequence in CLAP's space, in both readings.

Two modules have one name in the authors' code. The one that is trained, and saved as
`adapter_token77.pth`, projects its input, drops the result, and returns what its transformer
makes of learned queries alone: the condition is always the same. The other, which nothing
trains or loads, repeats what two matrices make of the input.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from ..checkpoints import CheckpointError, below, foreign, read_tensors
from ..weights import MisfitError, Weights, blame

__all__ = ["FixedAdapter", "MlpAdapter", "read_adapter"]

TOKENS = 77
HEADS = 8
_QUERY, _FIRST = "token_query", "mlp.0.weight"


class FixedAdapter(nn.Module):
    """A fused vector [B, D], which plays no part, to tokens [B, tokens, width]."""

    def __init__(
        self, taken: int, tokens: int, width: int, hidden: int, depth: int, heads: int
    ) -> None:
        super().__init__()
        self.project = nn.Linear(taken, width)
        self.token_query = nn.Parameter(torch.zeros(1, tokens, width))
        layer = nn.TransformerEncoderLayer(width, heads, hidden, dropout=0.0, batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)

    @property
    def taken(self) -> int:
        """Number of values of the vector."""
        return self.project.in_features

    def forward(self, fused: Tensor) -> Tensor:
        return self.transformer(self.token_query.expand(fused.shape[0], -1, -1))


class MlpAdapter(nn.Module):
    """A fused vector [B, D] to tokens [B, 77, width], all the same."""

    def __init__(self, taken: int, hidden: int, width: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(taken, hidden), nn.ReLU(), nn.Linear(hidden, width))

    @property
    def taken(self) -> int:
        """Number of values of the vector."""
        return self.mlp[0].in_features

    def forward(self, fused: Tensor) -> Tensor:
        return self.mlp(fused)[:, None].expand(-1, TOKENS, -1)


def read_adapter(path: Path, heads: int = HEADS) -> FixedAdapter | MlpAdapter:
    """Read `adapter_token77.pth`, or the other module saved alike.

    heads: of the attention, which no tensor tells.

    Raises:
        CheckpointError: it cannot be read, or is of another family.
        MisfitError: names the first tensor that does not fit.
    """
    tensors = read_tensors(path)
    for prefix in ("", "module."):
        state = below(tensors, prefix)
        if _QUERY in state or _FIRST in state:
            with blame(path):
                return _load(state, heads)
    if any("projector." in name for name in tensors):
        raise CheckpointError(
            f"{path} is of Experiment A: take `hearsight-export expa`. Of Experiment B's adapter "
            f"the first tensor that is missing is {_QUERY} [1, {TOKENS}, 1024]."
        )
    raise foreign(path, tensors, "Experiment B", f"{_QUERY} [1, {TOKENS}, 1024]")


def _load(state: Mapping[str, Tensor], heads: int) -> FixedAdapter | MlpAdapter:
    weights = Weights(state)
    if _QUERY in state:
        layer = "transformer.layers.{}.linear1.weight"
        _, tokens, width = weights.shape(_QUERY, 3)
        if width % heads:
            raise MisfitError(f"{_QUERY} is of width {width}; a multiple of {heads} was expected.")
        adapter: FixedAdapter | MlpAdapter = FixedAdapter(
            weights.shape("project.weight", 2)[1],
            tokens,
            width,
            weights.shape(layer.format(0), 2)[0],
            weights.depth(layer),
            heads,
        )
    else:
        hidden, taken = weights.shape(_FIRST, 2)
        adapter = MlpAdapter(taken, hidden, weights.shape("mlp.2.weight", 2)[0])
    weights.fill(adapter)
    return adapter.eval()
