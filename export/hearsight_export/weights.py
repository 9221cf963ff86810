"""State dicts of other projects, read under the names of the modules that take them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from .checkpoints import CheckpointError

__all__ = ["MisfitError", "Origin", "Weights", "blame", "renamed"]

_STATISTICS = ("running_mean", "running_var")


class MisfitError(CheckpointError):
    """A state dict that is not of the architecture it is read as."""


@contextmanager
def blame(path: Path) -> Iterator[None]:
    """Say in a `MisfitError` from within which file does not fit."""
    try:
        yield
    except MisfitError as misfit:
        raise MisfitError(f"{path} does not fit. {misfit}") from None


@dataclass(frozen=True)
class Origin:
    """Where a module's tensor lies in a file: its name there, and how it is stored.

    part, of: which of `of` equal pieces along the first axis it is, as packed query, key and
    value are. transposed: stored as (in, out).
    """

    name: str
    part: int = 0
    of: int = 1
    transposed: bool = False


def renamed(rules: Sequence[tuple[str, str]]) -> Callable[[str], Origin]:
    """Names by regular expressions, each applied once, in order."""
    compiled = [(re.compile(pattern), into) for pattern, into in rules]

    def origin(name: str) -> Origin:
        for pattern, into in compiled:
            name = pattern.sub(into, name)
        return Origin(name)

    return origin


class Weights:
    """A state dict and the way from a module's names to its own.

    unused: regular expressions, matched from the start, of the file's names that are known to
    play no part.
    """

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        origin: Callable[[str], Origin] = Origin,
        unused: Sequence[str] = (),
    ) -> None:
        self._tensors, self._origin = tensors, origin
        self._unused = re.compile("|".join(f"(?:{pattern})" for pattern in unused) or r"(?!)")

    def __contains__(self, name: str) -> bool:
        return self._origin(name).name in self._tensors

    def shape(self, name: str, axes: int) -> tuple[int, ...]:
        """The shape that the module's tensor `name` must have for this file, of `axes` axes.

        Raises:
            MisfitError: the file lacks it, or it has another number of axes.
        """
        source = self._origin(name)
        if source.name not in self._tensors:
            raise MisfitError(f"The checkpoint lacks the tensor {source.name}.")
        shape = tuple(self._tensors[source.name].shape)
        if len(shape) != axes:
            raise MisfitError(
                f"{source.name} has the shape {list(shape)}; a tensor of {axes} axes was expected."
            )
        if source.transposed:
            shape = shape[::-1]
        return (shape[0] // source.of, *shape[1:])

    def depth(self, pattern: str) -> int:
        """How many of `pattern.format(0)`, `pattern.format(1)` ... are there in one go."""
        count = 0
        while pattern.format(count) in self:
            count += 1
        return count

    def fill(self, module: nn.Module) -> None:
        """Copy the file's tensors into all parameters and batch-norm statistics of `module`.

        Raises:
            MisfitError: names the first tensor that is missing or has another shape, else the
                first one of the file that the module has no place for.
        """
        targets = dict(module.named_parameters(remove_duplicate=False))
        for name, buffer in module.named_buffers():
            if name.endswith(_STATISTICS):
                targets[name] = buffer
        used = set()
        with torch.no_grad():
            for name, target in targets.items():
                used.add(self._origin(name).name)
                target.copy_(self._take(name, tuple(target.shape)))
        for name, tensor in self._tensors.items():
            if name not in used and not self._unused.match(name):
                raise MisfitError(
                    f"The checkpoint holds {name} {list(tensor.shape)}, for which this "
                    "architecture has no place; it is of another model or variant."
                )

    def _take(self, name: str, wanted: tuple[int, ...]) -> Tensor:
        source = self._origin(name)
        whole = (wanted[0] * source.of, *wanted[1:]) if wanted else wanted
        whole = whole[::-1] if source.transposed else whole
        if source.name not in self._tensors:
            raise MisfitError(
                f"The checkpoint lacks the tensor {source.name}, expected as {list(whole)}."
            )
        tensor = self._tensors[source.name]
        if tuple(tensor.shape) != whole:
            raise MisfitError(
                f"{source.name} has the shape {list(tensor.shape)}; {list(whole)} was expected."
            )
        tensor = tensor.T if source.transposed else tensor
        return tensor.chunk(source.of)[source.part] if source.of > 1 else tensor
