"""Checkpoints of Experiment A: a projector alone, or a whole Make-An-Audio with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from ..checkpoints import CheckpointError, below, foreign, read_tensors
from ..weights import Origin, Weights, blame
from .projectors import HEADS, PROJECTORS, Projector, load_projector, projector_of

__all__ = ["ProjectorFile", "read_projector"]

_UNET, _WHOLE = "model.diffusion_model.", "cond_stage_model.conditioner."
# The saved module may be the conditioner of either class, or the projector itself.
_PREFIXES = (f"{_WHOLE}projector.", "conditioner.projector.", "projector.", "")
_FIRST = "cond_stage_model.conditioner.projector.expand_proj.0.weight [4096, 2048]"
_UNUSED = (r".*\.num_batches_tracked$",)


@dataclass(frozen=True)
class ProjectorFile:
    """A projector and the file it is of. whole: whether that holds a Make-An-Audio too."""

    path: Path
    tensors: Mapping[str, Tensor]
    kind: Projector
    projector: nn.Module
    whole: bool

    @property
    def taken(self) -> int:
        """Number of values of the picture's and the text's vector together."""
        return self.projector.taken


def read_projector(path: Path, heads: int = HEADS) -> ProjectorFile:
    """Read a checkpoint of Experiment A; which projector it has, its names tell.

    heads: of the projector's attention, which no tensor tells.

    Raises:
        CheckpointError: it cannot be read, or is of another family.
        MisfitError: names the first tensor that does not fit.
    """
    tensors = read_tensors(path)
    for prefix in _PREFIXES:
        kind = projector_of(below(tensors, prefix))
        if kind is not None:
            own = {name: value for name, value in tensors.items() if name.startswith(prefix)}
            # A whole checkpoint has more than the projector, which a part of one must not.
            whole = any(name.startswith(_UNET) for name in tensors)
            mine = own if whole else tensors
            with blame(path):
                weights = Weights(mine, lambda name, at=prefix: Origin(at + name), _UNUSED)
                return ProjectorFile(
                    path, tensors, kind, load_projector(weights, kind, heads), whole
                )
    if any(name.startswith(_PREFIXES[:3]) for name in tensors):
        known = ", ".join(f"{name} ({kind})" for name, kind in PROJECTORS.items())
        raise CheckpointError(
            f"{path} has a projector of an unknown kind: it lacks the tensor that would tell, one "
            f"of {known}."
        )
    raise foreign(path, tensors, "Experiment A", _FIRST)
