"""Thirty-four kinds of sound made from arithmetic alone, so that their captions are true."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hearsight_export.starter.sounds import (
    animals,
    dsp,
    home,
    impacts,
    interface,
    machines,
    nature,
    signals,
    steps,
    weather,
)
from hearsight_export.starter.sounds.dsp import SAMPLE_RATE
from hearsight_export.starter.sounds.kind import AXES, Kind, Params, Play

__all__ = ["AXES", "KINDS", "SAMPLE_RATE", "Kind", "Params", "draw_params", "render"]

PEAK_DB = -3.0
INTENSITY_DB = 13.0
DISTANCE_DB = 13.0
FLOOR_DB = -75.0


def draw_params(kind: Kind, rng: np.random.Generator) -> Params:
    """Random values for exactly the axes of `kind`; material lands on one of its surfaces."""
    params = {axis: float(rng.random()) for axis in kind.axes}
    if kind.materials:
        count = len(kind.materials)
        params["material"] = int(rng.integers(0, count)) / (count - 1)
    return params


def render(
    kind: Kind, params: Params, rng: np.random.Generator, seconds: float = 5.12
) -> npt.NDArray[np.float32]:
    """One take of `kind`: float32 [round(seconds * SAMPLE_RATE)] with |x| <= 1.

    The peak is about -3 dBFS at full intensity close by, 13 dB less for the softest and another
    13 dB less for the most distant. Below everything lies noise at -75 dBFS.
    """
    n = round(seconds * SAMPLE_RATE)
    wave = kind.render(params, rng, n)
    if "distance" in params:
        wave = dsp.carry(rng, wave, params["distance"])
    level = PEAK_DB + rng.uniform(-1.0, 0.7)
    level -= INTENSITY_DB * (1.0 - params.get("intensity", 1.0 - 0.3 * rng.random()))
    level -= DISTANCE_DB * params.get("distance", 0.0)
    peak = float(np.abs(wave).max())
    wave = wave * np.float32(dsp.amplitude(level) / max(peak, 1e-9))
    wave += np.float32(dsp.amplitude(FLOOR_DB)) * dsp.white(rng, n)
    return wave.astype(np.float32)


def _kind(name: str, axes: str, render: Play, materials: Sequence[str] = ()) -> Kind:
    return Kind(name, tuple(axes.split()), tuple(materials), render)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        _kind("rain", "intensity material", weather.rain, weather.RAIN_SURFACES),
        _kind("thunder", "intensity distance", weather.thunder),
        _kind("wind", "intensity pitch", weather.wind),
        _kind("sea", "intensity rate", nature.sea),
        _kind("stream", "intensity distance", nature.stream),
        _kind("fire", "intensity distance", nature.fire),
        _kind("birds", "rate pitch distance", animals.birds),
        _kind("crickets", "rate pitch distance", animals.crickets),
        _kind("footsteps_gravel", "intensity rate distance", steps.gravel),
        _kind("footsteps_wood", "intensity rate distance", steps.wood),
        _kind("footsteps_snow", "intensity rate distance", steps.snow),
        _kind("door_knock", "intensity rate material", impacts.door_knock, impacts.DOORS),
        _kind("bell", "pitch distance", signals.bell),
        _kind("siren", "rate pitch distance", signals.siren),
        _kind("engine", "intensity rate distance", machines.engine),
        _kind("helicopter", "rate distance", machines.helicopter),
        _kind("clock", "rate pitch", home.clock),
        _kind("heartbeat", "intensity rate", home.heartbeat),
        _kind("glass", "intensity pitch", impacts.glass),
        _kind("wood_hit", "intensity pitch", impacts.wood_hit),
        _kind("metal_hit", "intensity pitch", impacts.metal_hit),
        _kind("laser", "rate pitch", interface.laser),
        _kind("pickup", "rate pitch", interface.pickup),
        _kind("explosion", "intensity distance", impacts.explosion),
        _kind("whoosh", "rate pitch", interface.whoosh),
        _kind("bubbles", "rate pitch", nature.bubbles),
        _kind("applause", "intensity distance", home.applause),
        _kind("saw", "intensity rate", machines.saw),
        _kind("typewriter", "intensity rate", machines.typewriter),
        _kind("telephone", "pitch distance", signals.telephone),
        _kind("frog", "rate pitch distance", animals.frog),
        _kind("cat", "pitch distance", animals.cat),
        _kind("dog", "rate pitch distance", animals.dog),
        _kind("drone", "intensity rate pitch", interface.drone),
    )
}
