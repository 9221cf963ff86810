"""The training corpus: sounds with their parameters, captions, pictures and clips, on disk."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ..models.mel import LogMel, MelConfig
from . import captions, scenes
from .sounds import AXES, KINDS, SAMPLE_RATE, draw_params, render

__all__ = ["SECONDS", "Corpus", "make_corpus"]

SECONDS = 5.12
SAMPLES = round(SECONDS * SAMPLE_RATE)
CAPTIONS, PICTURES, FRAMES, SIZE = 8, 3, 6, 64


@dataclass(frozen=True)
class Corpus:
    """Arrays of `n` items, memory-mapped.

    audio int16 [n, S]; mels float16 [n, F, 64], natural logarithms; pictures uint8
    [n, 3, 64, 64, 3]; clips uint8 [n, 6, 64, 64, 3]; kinds int64 [n]; captions n lists of 8;
    params n dictionaries.
    """

    audio: NDArray[np.int16]
    mels: NDArray[np.float16]
    pictures: NDArray[np.uint8]
    clips: NDArray[np.uint8]
    kinds: NDArray[np.int64]
    captions: list[list[str]]
    params: list[dict[str, float]]

    def __len__(self) -> int:
        return len(self.kinds)

    def axes(self, items: NDArray[np.int64]) -> NDArray[np.float32]:
        """What varies `items`, [len(items), AXES] in [0, 1]; NaN for an axis the kind lacks."""
        rows = [[self.params[i].get(axis, np.nan) for axis in AXES] for i in items]
        return np.array(rows, np.float32)


def _make_item(job: tuple[int, int, bool]) -> tuple[int, dict[str, object]]:
    index, seed, held_out = job
    rng = np.random.default_rng((seed, index))
    name = list(KINDS)[index % len(KINDS)]
    kind = KINDS[name]
    params = draw_params(kind, rng)
    sound = render(kind, params, rng, SECONDS)
    return index, {
        "audio": np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16),
        "pictures": np.stack([scenes.draw(name, params, rng, SIZE) for _ in range(PICTURES)]),
        "clips": scenes.clip(name, params, rng, FRAMES, SIZE),
        "captions": [
            captions.caption(kind, params, rng, held_out=held_out) for _ in range(CAPTIONS)
        ],
        "params": params,
    }


@torch.no_grad()
def _fill_mels(mels: NDArray[np.float16], audio: NDArray[np.int16], front: LogMel) -> None:
    for start in range(0, len(audio), 32):
        wave = torch.from_numpy(audio[start : start + 32].astype(np.float32) / 32767)
        mels[start : start + 32] = front(wave).numpy().astype(np.float16)


def make_corpus(
    folder: Path,
    count: int,
    seed: int,
    mel: MelConfig,
    *,
    held_out: bool = False,
    log: Callable[[str], None] = print,
) -> Corpus:
    """Make `count` items, kinds in turn, or load them if the folder is complete.

    Everything follows from `seed` and the index; `held_out` takes the phrasings that training
    never sees.

    Raises:
        ValueError: the folder holds a corpus made from something else.
    """
    made_from = {"count": count, "seed": seed, "held_out": held_out, "mel": asdict(mel)}
    done = folder / "items.json"
    shapes: dict[str, tuple[tuple[int, ...], type]] = {
        "audio": ((count, SAMPLES), np.int16),
        "mels": ((count, SAMPLES // mel.hop, mel.bins), np.float16),
        "pictures": ((count, PICTURES, SIZE, SIZE, 3), np.uint8),
        "clips": ((count, FRAMES, SIZE, SIZE, 3), np.uint8),
    }
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {
            name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", dtype, shape)
            for name, (shape, dtype) in shapes.items()
        }
        texts: list[list[str]] = [[] for _ in range(count)]
        params: list[dict[str, float]] = [{} for _ in range(count)]
        with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
            jobs = [(i, seed, held_out) for i in range(count)]
            for index, item in pool.map(_make_item, jobs, chunksize=16):
                for name in ("audio", "pictures", "clips"):
                    arrays[name][index] = item[name]
                texts[index], params[index] = item["captions"], item["params"]  # type: ignore[assignment]
                if (index + 1) % 1000 == 0:
                    log(f"corpus {folder.name}: {index + 1}/{count}")
        _fill_mels(arrays["mels"], arrays["audio"], LogMel(mel))
        for array in arrays.values():
            array.flush()
        part = done.with_suffix(".part")
        part.write_text(
            json.dumps({"made_from": made_from, "captions": texts, "params": params}),
            encoding="utf-8",
        )
        os.replace(part, done)
    items = json.loads(done.read_text(encoding="utf-8"))
    if items["made_from"] != made_from:
        raise ValueError(
            f"{folder} holds a corpus made from {items['made_from']}, and {made_from} is asked "
            "for; remove the folder or take another one for --work"
        )
    loaded = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in shapes}
    kinds = np.arange(len(items["params"])) % len(KINDS)
    return Corpus(kinds=kinds, captions=items["captions"], params=items["params"], **loaded)
