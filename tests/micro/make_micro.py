"""Make the micro bundles that the tests of every player use: `python tests/micro/make_micro.py`.

- `micro`: every role, latents [4, T, 4], `decode` to features and a `vocoder`; 0.25 to 4 s.
- `micro-flow`: a generator alone: a flow model over latents [4, T] whose `decode` takes noise
  and gives the waveform. It speaks micro's space.
- `micro-eye`: a conditioner alone: pictures straight into the same space.
- `micro-parts`: a conditioner that looks for parts of pictures, gives every source a row of its
  `join`, and searches for the condition.
- `micro-senses`: a conditioner that joins means of prompts of every kind, and sees moments of
  videos.
- `micro-classes`: a classifier of sounds.

They are untrained and make noise that depends on the prompt. Same bytes on every machine,
except for the last bit of golden outputs, which are computed in float64 from the graphs'
exact twins by onnx's own reference evaluator.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import joining
import numpy as np
import onnx
import recipes
from graphs import FRAME, RATE, SPACE, WORDS, Builder, seeded
from onnx.reference import ReferenceEvaluator
from recipes import CHECK_IDS, CHECK_TEXT, Recipe

from hearsight.manifest import (
    AudioConditioner,
    AudioSpec,
    Betas,
    ChainParity,
    Check,
    Classifier,
    Conditioners,
    DataFile,
    Defaults,
    Graph,
    ImageConditioner,
    Join,
    JoinInput,
    Latent,
    License,
    Limits,
    Manifest,
    Schedule,
    Search,
    SensorConditioner,
    Source,
    Space,
    TensorSpec,
    TextConditioner,
    Variant,
    VideoConditioner,
)
from hearsight.store import describe, write_bundle, write_tensor

HERE = Path(__file__).resolve().parent
BANDS = (0.0, 500.0, 1000.0, 2000.0, 4000.0)  # Hz; told, not learnt
DTYPES = {"fp32": "float32", "fp16": "float16", "int8": "float32"}


def make(place: Path) -> None:
    """Write the bundles as folders of `place`."""
    _bundle(place / "micro", recipes.micro(), _micro())
    _bundle(place / "micro-flow", recipes.flow(), _flow())
    _bundle(place / "micro-eye", {"image": recipes.image("cond")}, _eye())
    _bundle(place / "micro-parts", joining.parts(), _parts())
    _bundle(place / "micro-senses", joining.senses(), _senses())
    _bundle(place / "micro-classes", joining.classes(), _classes())


def _bundle(folder: Path, recipes: dict[str, Recipe], manifest: Callable[..., Manifest]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.rglob("*"), reverse=True):
        old.unlink() if old.is_file() else old.rmdir()
    graphs = {role: _graph(folder, role, recipe) for role, recipe in recipes.items()}
    _write_text(folder / "NOTICE", "Made for tests by tests/micro/make_micro.py; MIT.\n")
    weights = {
        data.file
        for graph in graphs.values()
        for variant in graph.variants.values()
        for data in variant.weights or (variant,)
    }
    license = {file: License("MIT", commercial_use=True) for file in sorted(weights)}
    write_bundle(folder, manifest(folder, graphs, license))


def _graph(folder: Path, role: str, recipe: Recipe) -> Graph:
    variants: dict[str, Variant] = {}
    for precision in recipe.precisions:
        builder = Builder(role, DTYPES[precision])
        recipe.fill(builder, precision)
        stem = f"{role}.{precision}"
        model, weights = builder.model(recipe.inputs, recipe.outputs, f"{stem}.weights")
        (folder / f"{stem}.onnx").write_bytes(model)
        data: tuple[DataFile, ...] = ()
        if weights:
            (folder / f"{stem}.weights").write_bytes(weights)
            data = (describe(folder, f"{stem}.weights"),)
        entry = describe(folder, f"{stem}.onnx")
        variants[precision] = Variant(entry.file, entry.sha256, entry.bytes, data)
    return Graph(
        variants,
        tuple(TensorSpec(name, dtype, tuple(shape)) for name, dtype, shape in recipe.inputs),
        tuple(TensorSpec(name, dtype, tuple(shape)) for name, dtype, shape in recipe.outputs),
        recipe.hot,
        _check(folder, role, recipe),
        recipe.parity,
    )


def _check(folder: Path, role: str, recipe: Recipe) -> Check:
    if role == "tokenize":
        ids = np.array([CHECK_IDS], np.int64)
        golden = {"ids": ids, "mask": np.ones_like(ids)}
        return Check((), _store(folder, role, golden), CHECK_TEXT)
    builder = Builder(role, "float64")
    recipe.fill(builder, "fp32")
    model, _ = builder.model(recipe.inputs, recipe.outputs, "")
    exact = ReferenceEvaluator(onnx.load_from_string(model))
    feeds = {
        name: values.astype(np.float64) if values.dtype == np.float32 else values
        for name, values in (recipe.twin or recipe.golden).items()
    }
    names = [name for name, _, _ in recipe.outputs]
    outputs = dict(zip(names, exact.run(names, feeds), strict=True))
    given = _store(folder, role, recipe.golden)
    return Check(given, _store(folder, role, {k: v.astype("f4") for k, v in outputs.items()}))


def _store(folder: Path, role: str, tensors: dict[str, np.ndarray]) -> tuple:
    return tuple(
        write_tensor(folder, f"check/{role}.{name}.bin", values) for name, values in tensors.items()
    )


def _micro() -> Callable[..., Manifest]:
    def manifest(folder: Path, graphs: dict, license: dict) -> Manifest:
        _write_text(folder / "words.txt", "".join(f"{word}\n" for word in sorted(set(WORDS))))
        return Manifest(
            format=1,
            name="micro",
            title="Micro: every role, untrained",
            version="1",
            kind="both",
            license=license,
            source=_source(),
            space=_space(folder),
            graphs=graphs,
            conditioners=Conditioners(
                text=TextConditioner(("tokenize", "text"), describe(folder, "words.txt")),
                image=ImageConditioner(("image", "frames")),
                video=VideoConditioner(("image", "frames"), fps=4.0, max_frames=8),
                audio=AudioConditioner(("audio",), RATE, 1.0),
            ),
            audio=AudioSpec(RATE, peak=0.5),
            latent=Latent((4, "T", 4), FRAME, multiple=4, bands=BANDS),
            schedule=Schedule(1000, Betas("scaled_linear", 0.0015, 0.0195), "epsilon"),
            defaults=Defaults("ddim", 4, 2.5, 1.0, Limits(0.25, 4.0)),
            chain=(
                ChainParity("fp32", 0.32, 4, 100.0, 0.001),
                ChainParity("fp16", 0.32, 4, 40.0, 0.05),
            ),
        )

    return manifest


def _flow() -> Callable[..., Manifest]:
    def manifest(folder: Path, graphs: dict, license: dict) -> Manifest:
        return Manifest(
            format=1,
            name="micro-flow",
            title="Micro flow: a generator alone, untrained",
            version="1",
            kind="generator",
            license=license,
            source=_source(),
            space=_space(folder),
            graphs=graphs,
            audio=AudioSpec(RATE),
            latent=Latent((4, "T"), FRAME),
            schedule=Schedule(1000, Betas("flow", shift=3.0), "flow"),
            defaults=Defaults("euler", 4, 2.0, 0.5, Limits(0.1, 2.0)),
        )

    return manifest


def _eye() -> Callable[..., Manifest]:
    def manifest(folder: Path, graphs: dict, license: dict) -> Manifest:
        return Manifest(
            format=1,
            name="micro-eye",
            title="Micro eye: pictures into micro's space, untrained",
            version="1",
            kind="conditioner",
            license=license,
            source=_source(),
            space=Space("micro-16", (SPACE,)),
            graphs=graphs,
            conditioners=Conditioners(image=ImageConditioner(("image",))),
        )

    return manifest


def _parts() -> Callable[..., Manifest]:
    def manifest(folder: Path, graphs: dict, license: dict) -> Manifest:
        return Manifest(
            format=1,
            name="micro-parts",
            title="Micro parts: finds parts of pictures and joins them, untrained",
            version="1",
            kind="conditioner",
            license=license,
            source=_source(),
            space=Space("micro-16", (SPACE,)),
            graphs=graphs,
            conditioners=Conditioners(
                text=TextConditioner(("tokenize", "text", "join")),
                image=ImageConditioner(("detect", "image", "join"), max_sources=3),
                video=VideoConditioner(
                    ("detect", "image", "join", "frames"), fps=2.0, max_frames=4, max_sources=3
                ),
                audio=AudioConditioner(("audio", "join"), RATE, 1.0),
            ),
            join=Join(
                (
                    JoinInput("pictures", ("image", "text", "video"), "list"),
                    JoinInput("sounds", ("audio",), "list"),
                ),
                whole=True,
                search=Search(rounds=3, candidates=4, draws=4),
            ),
        )

    return manifest


def _senses() -> Callable[..., Manifest]:
    def manifest(folder: Path, graphs: dict, license: dict) -> Manifest:
        return Manifest(
            format=1,
            name="micro-senses",
            title="Micro senses: every kind of prompt, joined, untrained",
            version="1",
            kind="conditioner",
            license=license,
            source=_source(),
            space=Space("micro-16", (SPACE,)),
            graphs=graphs,
            conditioners=Conditioners(
                text=TextConditioner(("tokenize", "text", "join")),
                image=ImageConditioner(("image", "join")),
                video=VideoConditioner(("moment", "frames", "join"), 0.0, 3, moment_seconds=0.5),
                audio=AudioConditioner(("audio", "join"), RATE, 1.0),
                depth=SensorConditioner(("image", "join")),
                thermal=SensorConditioner(("image", "join")),
                imu=SensorConditioner(("signal", "join")),
            ),
            join=Join(
                (
                    JoinInput("words", ("text",), "mean"),
                    JoinInput("seen", ("image", "video", "depth", "thermal"), "mean", mean="raw"),
                    JoinInput("heard", ("audio", "imu"), "mean"),
                )
            ),
        )

    return manifest


def _classes() -> Callable[..., Manifest]:
    def manifest(folder: Path, graphs: dict, license: dict) -> Manifest:
        _write_text(folder / "labels.txt", "rain\nthunder\nwind\nbell\ndog\n")
        return Manifest(
            format=1,
            name="micro-classes",
            title="Micro classes: a classifier of sounds, untrained",
            version="1",
            kind="classifier",
            license=license,
            source=_source(),
            space=Space("micro-classes-5", (joining.CLASSES,)),
            graphs=graphs,
            classifier=Classifier(("classify",), RATE, 1.0, labels=describe(folder, "labels.txt")),
        )

    return manifest


def _space(folder: Path) -> Space:
    empty = seeded("empty", (1, SPACE))[0]
    empty = (empty / np.linalg.norm(empty.astype(np.float64))).astype(np.float32)
    return Space("micro-16", (SPACE,), write_tensor(folder, "empty.bin", empty))


def _source() -> Source:
    script = b"tests/micro/make_micro.py"
    return Source("micro", "none: weights are seeded", hashlib.sha256(script).hexdigest())


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
