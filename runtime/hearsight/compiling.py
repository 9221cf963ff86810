"""Compiling a bundle's graphs for a device, in a process that may be ended at any moment."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

from .bundle import Bundle, open_bundle
from .compiled import Compiled
from .device import Choice
from .errors import DeviceError, HearsightError
from .external import check_external
from .golden import allowed, distance, least_snr_db
from .precision import RunPrecision
from .profiles import Profile
from .providers import CPU, Purpose, attach
from .sampler import Cancel
from .sessions import OnnxSession
from .wanted import Target, target, wanted_key, wanted_profiles

__all__ = ["child", "compile_graph"]

ort = cast(Any, onnxruntime)  # it comes without types

_SMALL = "1024"  # bytes of a tensor that stays in the ONNX file


def child(argument: str, tell: Callable[[Mapping[str, Any]], None]) -> None:
    """Compile graphs one after the other; tells of each that it is begun, and how it ended."""
    asked = json.loads(argument)
    choice = Choice(asked["device"], asked["provider"], "")
    try:
        bundle = open_bundle(Path(asked["bundle"]), verify=False)
        here = target(choice.device)
        for name in asked["graphs"]:
            tell({"graph": name, "state": "begun"})
            try:
                compile_graph(
                    bundle, name, choice, asked["precision"], here, asked["threads"], tell
                )
                tell({"graph": name, "state": "done"})
            except HearsightError as problem:
                tell({"graph": name, "state": "failed", "why": str(problem)})
            except Exception as problem:
                text = " ".join(str(problem).split()).rstrip(".")
                tell({"graph": name, "state": "failed", "why": f"{text}."})
    except HearsightError as problem:
        tell({"graph": "", "state": "failed", "why": str(problem)})


def compile_graph(
    bundle: Bundle,
    name: str,
    choice: Choice,
    precision: RunPrecision,
    here: Target,
    threads: int | None,
    tell: Callable[[Mapping[str, Any]], None],
) -> None:
    """Compile one graph into the store of this machine, unless it is there.

    Raises:
        HearsightError: the store cannot be written, or what was compiled does not compute what
            the bundle's golden tensors say.
        Exception: whatever ONNX Runtime says of a graph that it cannot compile.
    """
    key = wanted_key(bundle.manifest, name, precision, here)
    graph = bundle.manifest.graphs[name]
    variant = graph.variants["fp32" if key.precision == "bf16" else key.precision]
    path = bundle.path(variant)
    sizes = wanted_profiles(bundle.manifest, name, here)
    check_external(path, variant)

    def make(folder: Path) -> float | None:
        made = folder / f"{name}.onnx"
        if choice.provider == CPU:
            _optimise(path, made, choice, graph.hot, threads)
        else:
            _compile(path, made, choice, _profiled(sizes))
        session = OnnxSession(
            made, choice, hot=graph.hot, threads=threads, compiled=True, profiles=sizes
        )
        found = distance(bundle, name, lambda inputs: session.run(inputs, None), within=sizes)
        if found and not found.relative_l2 <= allowed(graph, key.precision):
            raise DeviceError(
                f"What {key.builder} makes of it is {found.snr_db:.1f} dB from its golden outputs."
            )
        return found.snr_db if found else None

    def waiting(why: str) -> None:
        tell({"graph": name, "state": "waiting", "why": why})

    least = least_snr_db(graph, key.precision)
    Compiled().build(key, bundle.manifest.name, name, make, Cancel(), waiting, least)


def _profiled(made: Sequence[Profile]) -> dict[Purpose, str]:
    """Optimisation profiles, one after the other, as providers want them."""
    if not made:
        return {}
    said: dict[Purpose, str] = {"multi_profile": "1"} if len(made) > 1 else {}
    for purpose, size in (
        ("profile_min", "least"),
        ("profile_opt", "usual"),
        ("profile_max", "most"),
    ):
        said[cast(Purpose, purpose)] = ",".join(
            f"{extent.name}:{'x'.join(map(str, getattr(extent, size)))}"
            for profile in made
            for extent in profile.extents
        )
    return said


def _optimise(source: Path, to: Path, choice: Choice, hot: bool, threads: int | None) -> None:
    """Write a graph as ONNX Runtime has rearranged it for this processor, weights packed.

    Sessions of it map the weights as they lie in the file.
    """
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads or 0
    options.optimized_model_filepath = str(to)
    for entry, value in (
        ("session.disable_prepacking", "0" if hot else "1"),
        ("session.optimized_model_external_initializers_file_name", f"{to.name}.weights"),
        ("session.optimized_model_external_initializers_min_size_in_bytes", _SMALL),
        ("session.save_external_prepacked_constant_initializers", "1" if hot else "0"),
    ):
        options.add_session_config_entry(entry, value)
    ort.InferenceSession(str(source), options, providers=attach(choice, options, hot=hot))


def _compile(source: Path, to: Path, choice: Choice, asked: Mapping[Purpose, str]) -> None:
    """Let a provider compile a graph into a model of EPContext nodes with its engines beside.

    Never run: it needs a card.
    """
    options = ort.SessionOptions()
    options.log_severity_level = 4
    attach(choice, options, hot=True, asked=asked)
    ort.ModelCompiler(options, str(source), embed_compiled_data_into_model=False).compile_to_file(
        str(to)
    )
