"""Seeds become noise: the same bits on every machine, whatever else is being made.

Philox4x64-10 (Salmon et al. 2011) gives the random words, the Box-Muller transform makes them
normal, with the logarithm, sine and cosine of `exact`. A compiled twin must be built without fused
multiply-add (`-ffp-contract=off`).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import exact

__all__ = ["CONDITION", "DECODE", "LATENT", "STEP", "Noise", "item_seed", "normal"]

LATENT = 0
"""Stream of the initial latent."""
STEP = 1
"""Stream of the noise that row 0 adds; row i has stream STEP + i."""
DECODE = 1 << 32
"""Stream of the noise input of a `decode` graph."""
CONDITION = 2 << 32
"""Stream of the first noise input of a graph that makes a condition; input i has CONDITION + i."""

_AT_ONCE = 1 << 18  # words; even


@dataclass(frozen=True)
class Noise:
    """The noise of one sound, or of one near to another.

    With `near`, the noise of another sound, it is turned from that sound's noise towards that of
    `seed` by `spread` quarter turns: 0 is the other sound's, 1 one's own. In so many dimensions
    two noises are as good as at right angles, so this is spherical interpolation (Shoemake
    1985), and what comes out is standard normal again.
    """

    seed: int
    near: Noise | None = None
    spread: float = 1.0

    def normal(
        self, stream: int, shape: Sequence[int], time_axis: int = 0, first: int = 0
    ) -> NDArray[np.float32]:
        """Noise as of the function `normal`."""
        own = normal(self.seed, stream, shape, time_axis, first)
        if self.near is None:
            return own
        other = self.near.normal(stream, shape, time_axis, first)
        across, along = exact.turn(np.array(self.spread / 4))
        return (across * other + along * own).astype(np.float32)


def item_seed(base: int, item: str, variation: int) -> int:
    """Seed of one sound, 0 to 2**64 - 1.

    It is the BLAKE2b hash of 8 bytes, read as little-endian, of: the 16 bytes
    `hearsight seed 1`, `base` and `variation` as 8 little-endian bytes each, then `item` in
    UTF-8. So neither the order of items nor the number of variations changes a sound.
    """
    message = b"hearsight seed 1" + base.to_bytes(8, "little") + variation.to_bytes(8, "little")
    digest = hashlib.blake2b(message + item.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def normal(
    seed: int, stream: int, shape: Sequence[int], time_axis: int = 0, first: int = 0
) -> NDArray[np.float32]:
    """Standard normal noise, float32 of `shape`, from frame `first` on.

    Values are drawn with `time_axis` slowest and the other axes in C order below it: noise for
    more frames begins with the noise for fewer.

    Word i is output i of Philox with key (seed, 0) and counter (0, 0, 0, stream), which numpy
    steps before the first block. Words 2j and 2j+1 give values 2j and 2j+1:
    sqrt(-2 ln u) times cosine and sine of 2 pi v, where u = ((word >> 11) + 1) / 2**53 and
    v = (next word >> 11) / 2**53, computed in float64 and rounded once.
    """
    drawn = (shape[time_axis], *shape[:time_axis], *shape[time_axis + 1 :])
    skipped = first * math.prod(drawn[1:])
    count = skipped % 4 + math.prod(drawn)
    counter = [skipped // 4, 0, 0, stream]  # a block has four words
    source = np.random.Philox(key=seed, counter=counter)
    values = np.empty(count + count % 2, np.float32)
    for start in range(0, len(values), _AT_ONCE):
        part = values[start : start + _AT_ONCE]
        bits = (source.random_raw(len(part)) >> np.uint64(11)).astype(np.float64)
        radius = np.sqrt(-2.0 * exact.log((bits[0::2] + 1.0) * 2.0**-53))
        cosine, sine = exact.turn(bits[1::2] * 2.0**-53)
        part[0::2], part[1::2] = radius * cosine, radius * sine
    drawn_values = values[skipped % 4 : count].reshape(drawn)
    return np.ascontiguousarray(np.moveaxis(drawn_values, 0, time_axis))
