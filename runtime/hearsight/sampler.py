"""The loop from noise to latent: rows in, latent out, with progress and a way to stop."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .errors import Cancelled
from .tiling import Tiling

__all__ = ["Cancel", "Constrain", "Guide", "Noises", "Progress", "Step", "sample"]

Latent: TypeAlias = NDArray[np.float32]

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with a stage, the steps done in it and the steps it has."""

Step: TypeAlias = Callable[[dict[str, Latent]], tuple[Latent, Latent]]
"""The denoise graph: its named inputs to `x_next` and `d`."""

Noises: TypeAlias = Callable[[int], Latent]
"""Row number to the noise [B, ...latent] that the row adds."""

Constrain: TypeAlias = Callable[[Latent, NDArray[np.float64]], Latent]
"""Latent and the row about to run (so its noise level) to the latent to run it on."""


@dataclass(frozen=True)
class Guide:
    """What the denoise graph is told in a row: for each window one condition per branch and
    variation [W, G*B, ...space], and what each branch counts [G]."""

    cond: NDArray[np.float32]
    weights: NDArray[np.float32]


class Cancel:
    """A wish to stop, made in one thread and met in another, within one step of the model.

    `cancel` may be called from any thread and from a signal handler, any number of times.
    Nothing here locks: a handler may interrupt any line of its own thread.
    """

    def __init__(self) -> None:
        self._cancelled = False
        self._actions: dict[object, Callable[[], None]] = {}

    def cancel(self) -> None:
        """Ask to stop, for good: a token is used for one piece of work."""
        self._cancelled = True
        for action in list(self._actions.values()):
            action()

    @property
    def cancelled(self) -> bool:
        """Whether someone asked to stop."""
        return self._cancelled

    def raise_if(self) -> None:
        """Raise `Cancelled` if someone asked to stop."""
        if self._cancelled:
            raise Cancelled("Stopped as asked.")

    @contextmanager
    def calling(self, action: Callable[[], None]) -> Generator[None, None, None]:
        """While the block runs, `cancel` also calls `action`, at once if it was called before.

        This is how a running graph is told: `with cancel.calling(terminate): session.run(...)`.
        `action` may be called twice and in another thread.
        """
        key = object()
        self._actions[key] = action
        try:
            if self._cancelled:
                action()
            yield
        finally:
            del self._actions[key]


def sample(
    step: Step,
    x: Latent,
    guides: Sequence[Guide],
    rows: NDArray[np.float64],
    noises: Noises,
    progress: Progress,
    cancel: Cancel,
    *,
    tiling: Tiling,
    time_axis: int,
    constrain: Constrain | None = None,
) -> Latent:
    """Run every row of a table on a latent, window by window.

    Args:
        step: the denoise graph.
        x: initial noise [B, ...latent].
        guides: what each row is told.
        rows: table [rows, 7] of `schedule.rows`.
        noises: asked only for rows that add noise.
        progress: told ("denoise", runs done, runs) before the first row and after each run of
            the graph, of which there are rows times windows.
        cancel: looked at before each run.
        tiling: the windows, over the frames of `x`.
        time_axis: which axis of `x` they are along.
        constrain: changes the latent before each row, at that row's noise level.

    Raises:
        Cancelled: before the run that would have been next.
    """
    windows = list(tiling.windows())
    done, total = 0, len(rows) * len(windows)
    nothing = np.zeros_like(x)
    d = nothing
    progress("denoise", done, total)
    for index, (row, guide) in enumerate(zip(rows, guides, strict=True)):
        if constrain is not None:
            x = constrain(x, row)
        whole = {"x": x, "d_prev": d, "noise": noises(index) if row[-1] else nothing}
        told = {"weights": guide.weights, "row": row.astype(np.float32)}
        results: list[tuple[Latent, Latent]] = []
        for window, heard in zip(windows, guide.cond, strict=True):
            cancel.raise_if()
            part = {
                name: value if tiling.whole else value.take(window.frames, time_axis)
                for name, value in whole.items()
            }
            results.append(step(part | told | {"cond": heard}))
            done += 1
            progress("denoise", done, total)
        x, d = (tiling.blend(iter(each), time_axis) for each in zip(*results, strict=True))
    return x
