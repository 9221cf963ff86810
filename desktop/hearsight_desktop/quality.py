"""Knobs named by ear: quality, follow the prompt, closeness; and the numbers behind them."""

from __future__ import annotations

import math
from typing import Literal, get_args

__all__ = [
    "QUALITIES",
    "Quality",
    "closeness_of",
    "follow_of",
    "guidance_at",
    "quality_of",
    "steps_of",
    "strength_at",
]

Quality = Literal["draft", "good", "best"]

QUALITIES: tuple[Quality, ...] = get_args(Quality)
"""From the fastest to the finest. Another quality is another sound, with the same seed, too."""

_FACTORS = {"draft": 0.5, "good": 1.0, "best": 2.0}
_MOST_STEPS = 1000
_MOST_GUIDANCE = 30.0
_REACH = 3.0  # times the default guidance at which prompts are followed as far as the knob goes
_LEAST_STRENGTH = 0.05  # below, nothing of the reference changes that could be heard


def steps_of(quality: Quality, default: int) -> int:
    """Denoising steps of a quality, for a bundle whose own number is `default`."""
    return min(max(1, round(default * _FACTORS[quality])), _MOST_STEPS)


def quality_of(steps: int | None, default: int) -> Quality | None:
    """The quality that makes so many steps; None if none does. No number is the bundle's own."""
    if steps is None:
        return "good"
    order: tuple[Quality, ...] = ("good", "draft", "best")
    return next((quality for quality in order if steps_of(quality, default) == steps), None)


def guidance_at(follow: float, default: float) -> float:
    """Guidance, to two decimals, where "Follow prompt" stands between 0 and 1; a bundle's own
    `default` is in the middle, and equal ways on the knob multiply it by equal factors."""
    low, high = _ends(default)
    follow = min(max(follow, 0.0), 1.0)
    if follow == 0.5:
        return default
    first, last, way = (
        (low, default, follow * 2) if follow < 0.5 else (default, high, follow * 2 - 1)
    )
    there = first * (last / first) ** way if first > 0 else first + (last - first) * way
    return round(there, 2)


def follow_of(guidance: float | None, default: float) -> float:
    """Where "Follow prompt" stands between 0 and 1; None is the bundle's own guidance."""
    low, high = _ends(default)
    value = default if guidance is None else min(max(guidance, low), high)
    if value == default:
        return 0.5
    first, last = (low, default) if value < default else (default, high)
    if first > 0:
        way = math.log(value / first) / math.log(last / first)
    else:
        way = (value - first) / (last - first)
    return way / 2 if value < default else 0.5 + way / 2


def strength_at(closeness: float) -> float:
    """Strength, to two decimals, for a closeness to the reference from 0 (none of it stays) to
    1 (as much as can)."""
    return round(min(max(1.0 - closeness, _LEAST_STRENGTH), 1.0), 2)


def closeness_of(strength: float) -> float:
    """How close to the reference a strength stays, 0 to 1."""
    return round(min(max(1.0 - strength, 0.0), 1.0), 2)


def _ends(default: float) -> tuple[float, float]:
    """Guidance at the ends of the knob: 1 does without guidance, 0 without the prompt."""
    return (1.0 if default > 1 else 0.0), min(max(default, 1.0) * _REACH, _MOST_GUIDANCE)
