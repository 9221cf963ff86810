"""What the Python player computes, for the native one to equal.

`python tests/native/make_vectors.py` writes `vectors.json` beside this file, or into the folder
that is given. Floats are hexadecimal and long arrays are told by their first values and the sha256
of their little-endian bytes, so equal means equal bit for bit. The file must come out the same on
every machine.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import sys
import tempfile
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any, cast

import numpy as np

from hearsight import exact, mixing, noise, sampler, schedule, tiling
from hearsight.bundle import open_bundle
from hearsight.conditioner import Conditioner
from hearsight.engine import Engine
from hearsight.errors import RequestError
from hearsight.keys import Key, graph_hash
from hearsight.manifest import Betas, Schedule
from hearsight.profiles import profiles

MICRO = Path(__file__).resolve().parents[1] / "micro" / "micro"
ROOT = Path(__file__).resolve().parents[2]
SHOWN = 4  # values of a long array
BETAS = {
    "linear": Betas("linear", 0.0001, 0.02),
    "scaled_linear": Betas("scaled_linear", 0.0015, 0.0195),
    "cosine": Betas("cosine"),
    "given": Betas("given", values=tuple((i + 1) / 64 for i in range(24))),
    "flow": Betas("flow"),
    "bent_flow": Betas("flow", shift=3.0),
}


def told(array: np.ndarray) -> dict[str, Any]:
    """An array of float32, float64 or int64 in few words."""
    plain = np.ascontiguousarray(array)
    first = plain.reshape(-1)[:SHOWN].tolist()
    return {
        "shape": list(plain.shape),
        "first": [value.hex() if isinstance(value, float) else value for value in first],
        "sha256": hashlib.sha256(plain.astype(plain.dtype.newbyteorder("<")).tobytes()).hexdigest(),
    }


def drawn(seed: int, shape: tuple[int, ...], scale: float = 1.0) -> np.ndarray:
    """Values that both players can make."""
    return noise.normal(seed, 0, shape) * np.float32(scale)


def functions() -> dict[str, Any]:
    u = [0.0, 5e-324, 1e-300, 2.0**-53, 2.0**-27, 0.1, 1 / 3, 0.5, 0.9, 1.0]
    u += [0.7071067811865475, 0.7071067811865476, 1 - 2.0**-53, 1 - 2.0**-30]
    v = [0.0, 0.125, 0.12499999999999999, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1 - 2.0**-53]
    v += [0.1, 1 / 3, 0.6, 0.9, 2.0**-53]
    cosine, sine = exact.turn(np.array(v))
    tiny = 2.0**-53
    sums = [
        [],
        [-0.0],
        [1e308, 1.0, -1e308],
        [1.0, tiny],  # half a unit: to even
        [1.0, tiny, 2.0**-200],  # a little above it
        [1.0 + 2 * tiny, tiny, -(2.0**-200)],  # a little below it
        [-1.0 - 2 * tiny, -tiny],
        [0.1] * 10,
        [math.ldexp(x, i * 37 % 121 - 60) for i, x in enumerate(drawn(99, (120,)).tolist())],
        [math.inf, 1.0],
    ]
    return {
        "log": [
            [x.hex(), y.hex()] for x, y in zip(u, exact.log(np.array(u)).tolist(), strict=True)
        ],
        "turn": [
            [x.hex(), c.hex(), s.hex()]
            for x, c, s in zip(v, cosine.tolist(), sine.tolist(), strict=True)
        ],
        "sum": [[[x.hex() for x in terms], math.fsum(terms).hex()] for terms in sums],
    }


def seeds() -> list[dict[str, Any]]:
    items = [(0, "", 0), (7, "rain_01", 3), (2**63 - 1, "höhle", 999), (2**64 - 1, "x" * 95, 1)]
    items += [(1, "x" * length, 2) for length in (96, 97, 224, 225, 1000)]
    return [
        {"base": base, "item": item, "variation": n, "seed": noise.item_seed(base, item, n)}
        for base, item, n in items
    ]


def noises() -> list[dict[str, Any]]:
    asked = [
        (0, noise.LATENT, (5,), 0, 0),
        (7, noise.LATENT, (8, 64, 16), 1, 0),
        (7, noise.STEP + 3, (8, 64, 16), 1, 0),
        (2**64 - 1, noise.DECODE, (1, 3, 7), 1, 0),
        (2**64 - 1, noise.DECODE, (1, 3, 7), 2, 5),
        (3, noise.DECODE, (3, 5, 2), 0, 1),
        (3, noise.DECODE, (2, 0), 0, 0),
        (11, noise.DECODE, (1, 100_003), 1, 2**33 + 1),
    ]
    return [
        {"seed": seed, "stream": stream, "axis": axis, "frame": first}
        | told(noise.normal(seed, stream, shape, axis, first))
        for seed, stream, shape, axis, first in asked
    ]


def table(
    betas: str, spacing: str, final: str, solver: str, steps: int, eta: float, strength: float
) -> dict[str, Any]:
    known = BETAS[betas]
    prediction = "flow" if known.kind == "flow" else "v"
    plan = Schedule(len(known.values) or 1000, known, prediction, final, spacing)
    asked = {"betas": betas, "spacing": spacing, "final": final, "solver": solver}
    asked |= {"steps": steps, "eta": eta, "strength": strength}
    try:
        return asked | {"rows": told(schedule.rows(plan, solver, steps, eta, strength))}
    except RequestError as problem:
        return asked | {"refused": str(problem)}


def tables() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    kinds = ("linear", "scaled_linear", "cosine", "given")
    for each in product(kinds, ("leading", "trailing", "upstream"), ("one", "first")):
        for steps in (1, 4, 15, 20) if each[0] == "given" else (1, 4, 15, 20, 61, 333):
            found.append(table(*each, "ddim", steps, 0.6, 1.0))
            found.append(table(*each, "dpm++2m", steps, 0.0, 0.55))
    for betas, steps in product(("flow", "bent_flow"), (1, 2, 25, 1000)):
        found.append(table(betas, "leading", "one", "euler", steps, 0.0, 1.0))
    for solver, steps in (("ddim", 300), ("ddim", 1000), ("ddim", 0), ("euler", 5), ("ddim", -3)):
        found.append(table("linear", "upstream", "first", solver, steps, 1.0, 1.0))
    found.append(table("flow", "leading", "one", "ddim", 5, 0.0, 1.0))
    for strength in (0.001, 0.125, 0.375, 0.999):
        found.append(table("linear", "upstream", "first", "ddim", 4, 1.0, strength))
    return found


def tilings() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    lines = [(5, 8), (20, 8), (29, 8), (3000, 399), (7, 1), (11, 2), (1000, 64)]
    circles = [(10, 40, 1), (39, 40, 8), (40, 40, 4), (101, 40, 1)]
    circles += [(3, 1, 1), (5, 8, 2), (1, 12, 4)]
    tiles = [("line", pair, tiling.line(*pair)) for pair in lines]
    tiles += [("circle", triple, tiling.circle(*triple)) for triple in circles]
    for kind, given, tiled in tiles:
        for scale in (1, 7):
            windows = list(tiled.windows(scale))
            parts = (drawn(i, (2, tiled.size * scale, 3)) for i in range(len(windows)))
            found.append(
                {
                    "kind": kind,
                    "given": given,
                    "size": tiled.size,
                    "starts": told(np.array(tiled.starts, np.int64)),
                    "fade": tiled.fade,
                    "scale": scale,
                    "frames": told(np.concatenate([window.frames for window in windows])),
                    "shares": told(np.concatenate([window.share for window in windows])),
                    "blend": told(tiled.blend(parts, 1, scale)),
                }
            )
    return found


def mixes() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cases: list[tuple[tuple[int, ...], list[float], list[float], float]] = [
        ((512,), [1, 1], [1, 1], 2.5),
        ((512,), [1, 30, 0.01], [3, 1, -0.7], 4.0),
        ((1000,), [1] * 9, [0.1 * (i + 1) for i in range(9)], 1.0),
        ((7, 12), [1, 2, 3], [0.3, 0.3, 0.1], 0.0),
        ((16,), [1], [0.3], 7.5),
        ((16,), [0, 0], [1, 2], 2.0),
        ((16,), [0, 5], [1, 2], 2.0),
    ]
    for shape, scales, weights, guidance in cases:
        prompts = [drawn(20 + i, shape, scale) for i, scale in enumerate(scales)]
        cond, counts = mixing.branches(prompts, weights, drawn(5, shape), guidance)
        found.append(
            {
                "shape": shape,
                "scales": scales,
                "weights": [float(weight).hex() for weight in weights],
                "guidance": guidance,
                "average": told(mixing.average(prompts, weights)),
                "cond": told(cond),
                "counts": told(counts),
            }
        )
    return found


def refusals() -> dict[str, str]:
    east = drawn(1, (4,))
    said: dict[str, str] = {}
    for name, ask in {
        "cancelled": lambda: mixing.average([east, -east], [1, 1]),
        "unguided": lambda: mixing.branches([east], [1], None, 2.123456789),
        "unguided_large": lambda: mixing.branches([east], [1], None, 1e7),
    }.items():
        try:
            ask()
        except RequestError as problem:
            said[name] = str(problem)
    return said


def step(inputs: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """A graph of a few products and sums, each rounded to float32, from the left."""
    row, x = inputs["row"], inputs["x"]
    d = x * inputs["weights"][1] + inputs["cond"][1, 0]
    return row[3] * x + row[4] * d + row[5] * inputs["d_prev"] + row[6] * inputs["noise"], d


def words() -> list[dict[str, Any]]:
    texts = [
        "Rain, heavy rain! and the dog's bark, 3x",
        "WIND\u2019S howl \u2013 'tis rock'n'roll'",
    ]
    texts += [
        "H\u00d6HLE \u00c9cho na\u00efve caf\u00e9",
        "\u0414\u041e\u0416\u0414\u042c \u0420\u0415\u041a\u0410",
    ]
    texts += [
        "\u039f\u0394\u039f\u03a3 \u03a3\u039f\u03a6\u039f\u03a3\u0027 \u03a3",
        "\u0130stanbul \u01c5 \u1e9e",
    ]
    texts += [
        "rain\U0001f327 \u2602 storm_cloud 2\u00d73 \u00bd \u00b2",
        "\u96e8\u306e\u97f3\u3001\u98a8",
        "cafe\u0301 \u0e1d\u0e19",
    ]
    known = {"rain", "dog", "heavy", "\u00e9cho"}
    return [{"text": text, "unknown": unknown_words(text, known)} for text in texts]


def unknown_words(text: str, known: set[str]) -> list[str]:
    """What a bundle says that has met these words."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "bundle")
        shutil.copytree(MICRO, root)
        (root / "words.txt").write_text("\n".join(known), "utf-8")
        bundle = replace(open_bundle(MICRO, verify=False), root=root)
        return Conditioner(bundle, cast(Engine, None)).unknown_words(text)


def samples() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    plan = Schedule(1000, BETAS["scaled_linear"], "epsilon", "first", "leading")
    for solver, eta in (("ddim", 1.0), ("dpm++2m", 0.0)):
        rows = schedule.rows(plan, solver, 16, eta)
        for kind, given in (("line", (9, 9)), ("line", (29, 8)), ("circle", (29, 8, 1))):
            tiles = getattr(tiling, kind)(*given)
            shape = (3, tiles.frames, 2)
            cond = np.stack([drawn(40 + i, (2, 4)) for i in range(len(tiles.starts))])
            guide = sampler.Guide(cond, np.array([-0.25, 0.75], np.float32))
            x = sampler.sample(
                step,
                noise.normal(9, noise.LATENT, shape, 1)[None],
                [guide] * len(rows),
                rows,
                lambda row: noise.normal(9, noise.STEP + row, shape, 1)[None],  # noqa: B023
                lambda *event: None,
                sampler.Cancel(),
                tiling=tiles,
                time_axis=2,
            )
            found.append({"solver": solver, "eta": eta, "kind": kind, "given": given, "x": told(x)})
    return found


def compiled() -> list[dict[str, Any]]:
    """What graphs are compiled for, and the names of the folders that they are kept in."""
    made = []
    for folder in ("tests/micro/micro", "tests/micro/micro-flow", "tests/micro/micro-eye"):
        manifest = open_bundle(ROOT / folder).manifest
        for name, graph in manifest.graphs.items():
            key = Key(
                graph=graph_hash(graph.variants["fp32"]),
                precision="fp32",
                profile="; ".join(profile.text for profile in profiles(manifest, name)),
                builder="TensorRT-RTX 1.7.1.116",
                targets=("8.6", "8.9"),
                card='Card "é" \\ 🎵',
                driver="",
                system="linux-x86_64",
            )
            made.append({"bundle": folder, "digest": key.digest, **asdict(key), "name": name})
    return made


def main() -> None:
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    vectors = {
        "exact": functions(),
        "seeds": seeds(),
        "noise": noises(),
        "betas": {name: asdict(betas) for name, betas in BETAS.items()},
        "schedule": tables(),
        "tiling": tilings(),
        "mixing": mixes(),
        "refusals": refusals(),
        "sampler": samples(),
        "words": words(),
        "compiled": compiled(),
    }
    lines = [
        f" {json.dumps(name)}: [\n" + ",\n".join(f"  {json.dumps(one)}" for one in each) + "\n ]"
        if isinstance(each, list)
        else f" {json.dumps(name)}: {json.dumps(each)}"
        for name, each in vectors.items()
    ]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (place / "vectors.json").write_text(text, "utf-8", newline="\n")


if __name__ == "__main__":
    main()
