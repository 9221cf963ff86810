"""A generator that looks for parts in pictures: `micro`, hearing by the graphs of `micro-parts`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np

__all__ = ["NAME", "quarters", "seeing_bundle"]

NAME = "micro-seeing"
MICRO = Path(__file__).parents[1] / "micro"
_SOUNDS = ("denoise", "encode", "decode", "vocoder")


def seeing_bundle(place: Path) -> Path:
    """Make that bundle in a folder of bundles, and `micro` and `micro-parts` beside it."""
    folder = place / NAME
    for name in ("micro", "micro-parts"):
        shutil.copytree(MICRO / name, place / name, dirs_exist_ok=True)
    shutil.copytree(MICRO / "micro", folder)
    shutil.copytree(MICRO / "micro-parts", folder, dirs_exist_ok=True)
    sounding, hearing = (
        json.loads((MICRO / name / "bundle.json").read_text()) for name in ("micro", "micro-parts")
    )
    graphs = {role: sounding["graphs"][role] for role in _SOUNDS} | hearing["graphs"]
    made = sounding | {
        "name": NAME,
        "title": "Micro seeing: looks for parts of pictures, untrained",
        "graphs": graphs,
        "conditioners": hearing["conditioners"],
        "join": hearing["join"],
        "license": {
            weights["file"]: {"name": "MIT", "commercial_use": True}
            for graph in graphs.values()
            for variant in graph["variants"].values()
            for weights in variant.get("weights") or [variant]
        },
    }
    (folder / "bundle.json").write_text(json.dumps(made))
    return folder


def quarters(path: Path, shades: tuple[int, int, int, int], side: int = 40) -> Path:
    """A picture of four grey quarters, from the left above to the right below. The bundle finds
    those that are brighter than half, the brightest first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    above, below = (np.repeat([shades[at : at + 2]], side, axis=0) for at in (0, 2))
    grey = np.repeat(np.concatenate([above, below]), side, axis=1).astype(np.uint8)
    done, data = cv2.imencode(path.suffix, np.stack([grey] * 3, axis=-1))
    assert done
    path.write_bytes(data.tobytes())
    return path
