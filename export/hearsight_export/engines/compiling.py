"""One graph to one engine: parsing, profiles, building, and what TensorRT says when it refuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

from onnx import ModelProto, TensorProto, helper

from hearsight.errors import DeviceError
from hearsight.profiles import Profile
from hearsight.sampler import Cancel

from ..origin import modules
from .toolkit import Toolkit

__all__ = ["Refused", "Steps", "build_engine"]

Steps: TypeAlias = Callable[[str, int, int], None]
"""Called with a phase of TensorRT's that has several steps, those done in it and all of them."""

_MOST_SAID = 600  # characters of TensorRT's own words


class Refused(DeviceError):
    """A graph that TensorRT cannot build; names the node and its module."""


def build_engine(
    toolkit: Toolkit,
    model: ModelProto,
    path: Path,
    profiles: Sequence[Profile],
    capabilities: Sequence[tuple[int, int]],
    steps: Steps,
    cancel: Cancel,
    timing_cache: Path | None = None,
) -> bytes:
    """Build the engine of a graph; types are those of the graph, nothing is narrowed further.

    Args:
        toolkit: the TensorRT that builds.
        model: the graph without its weights, its nodes named (`name_nodes`).
        path: its file, beside which its weights lie.
        profiles: sizes of its inputs, none where nothing is free.
        capabilities: compute capabilities to build for; none for the card that is there.
        steps: told how it goes.
        cancel: stops between two steps.
        timing_cache: file of what TensorRT has timed; read, and written when done.

    Raises:
        Refused: TensorRT cannot parse or build it.
        Cancelled: `cancel` was used.
        Exception: whatever `steps` raises; it ends the build.
    """
    cancel.raise_if()
    trt = toolkit.trt
    log = _log(trt)
    builder = trt.Builder(log)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, log)
    whole = parser.parse(_for_tensorrt(model).SerializeToString(), str(path))
    if not whole or parser.num_errors:
        raise Refused(_parser_said(toolkit, parser, model, path))
    _check_types(toolkit, network, model, path)

    backend = import_module("polygraphy.backend.trt")
    shapes = [_shapes(backend.Profile(), profile) for profile in profiles]
    monitor = _monitor(trt, steps, cancel)
    shared = {"profiles": shapes or None, "progress_monitor": monitor}
    if capabilities:
        create = import_module("polygraphy.backend.tensorrt_rtx").CreateConfigRTX
        config = create(compute_capabilities=list(capabilities), **shared)
    else:
        config = backend.CreateConfig(load_timing_cache=_text(timing_cache), **shared)
    config = backend.PostprocessConfig(config, lambda builder, network, made: _exactly(trt, made))
    build = backend.EngineBytesFromNetwork(
        (builder, network, parser), config, save_timing_cache=_text(timing_cache)
    )
    try:
        engine = bytes(build())
    except import_module("polygraphy.exception").PolygraphyException as problem:
        cancel.raise_if()
        if monitor.problem:
            raise monitor.problem from None
        said = " ".join(log.errors) or str(problem)
        raise Refused(f"{toolkit.builder} cannot build {path}: {_short(said)}") from None
    cancel.raise_if()
    if monitor.problem:
        raise monitor.problem
    return engine


def _exactly(trt: Any, config: Any) -> None:
    """Multiply float32 as such: TensorRT's own choice drops thirteen bits of every factor."""
    if hasattr(trt.BuilderFlag, "TF32"):
        config.clear_flag(trt.BuilderFlag.TF32)


def _for_tensorrt(model: ModelProto) -> ModelProto:
    """The graph with attention as TensorRT wants to be asked for it.

    It takes no wish for the precision of the softmax: its fused kernels hold scores and sums in
    float32 whatever the inputs are. Where it has no fused kernel, as in float32, it may build
    attention of others, by an attribute that only its own parser knows.
    """
    plain = ModelProto()
    plain.CopyFrom(model)
    for node in plain.graph.node:
        if node.op_type == "Attention":
            for attribute in list(node.attribute):
                if attribute.name == "softmax_precision" and attribute.i == TensorProto.FLOAT:
                    node.attribute.remove(attribute)
            node.attribute.append(helper.make_attribute("TRT_decomposable", 1))
    return plain


def _check_types(toolkit: Toolkit, network: Any, model: ModelProto, path: Path) -> None:
    """Refuse a network whose inputs and outputs are not those of the graph."""
    trt = toolkit.trt
    kinds = {
        trt.DataType.FLOAT: TensorProto.FLOAT,
        trt.DataType.HALF: TensorProto.FLOAT16,
        trt.DataType.INT64: TensorProto.INT64,
        trt.DataType.INT32: TensorProto.INT32,
        trt.DataType.BOOL: TensorProto.BOOL,
    }
    for count, take, listed in (
        (network.num_inputs, network.get_input, model.graph.input),
        (network.num_outputs, network.get_output, model.graph.output),
    ):
        held = {t.name: kinds.get(t.dtype) for t in map(take, range(count))}
        wanted = {v.name: v.type.tensor_type.elem_type for v in listed}
        if held != wanted:
            raise Refused(
                f"{toolkit.builder} reads other tensors from {path} than it has: "
                f"{', '.join(sorted(held))} for {', '.join(sorted(wanted))}, or their types differ."
            )


def _shapes(made: Any, profile: Profile) -> Any:
    for extent in profile.extents:
        made.add(extent.name, extent.least, extent.usual, extent.most)
    return made


def _parser_said(toolkit: Toolkit, parser: Any, model: ModelProto, path: Path) -> str:
    if not parser.num_errors:
        return f"{toolkit.builder} cannot read {path}."
    error = parser.get_error(0)
    index, nodes = error.node(), model.graph.node
    more = parser.num_errors - 1
    others = f" So it is with {more} more." if more else ""
    if not 0 <= index < len(nodes):
        return f"{toolkit.builder} refuses {path}: {_short(error.desc())}.{others}"
    module = modules(model)[index]
    place = f" of the module {module}" if module else ""
    name = nodes[index].name.removeprefix(f"{module}/")
    return (
        f'{toolkit.builder} refuses the node "{name}", {nodes[index].op_type},{place} in {path}: '
        f"{_short(error.desc())}.{others}"
    )


def _short(said: str) -> str:
    return " ".join(said.split())[:_MOST_SAID].rstrip(".")


def _text(path: Path | None) -> str | None:
    return str(path) if path else None


def _log(trt: Any) -> Any:
    """A logger that keeps errors and says nothing."""

    class Log(trt.ILogger):
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.errors: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            if severity in (trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR):
                self.errors.append(message)

    return Log()


def _monitor(trt: Any, steps: Steps, cancel: Cancel) -> Any:
    class Monitor(trt.IProgressMonitor):
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self.sizes: dict[str, int] = {}
            self.problem: Exception | None = None  # TensorRT would end the process

        def phase_start(self, name: str, parent: str | None, size: int) -> None:
            self.sizes[name] = size

        def step_complete(self, name: str, step: int) -> bool:
            size = self.sizes.get(name, 1)
            if size > 1 and not cancel.cancelled and not self.problem:
                try:
                    steps(name, step + 1, size)
                except Exception as problem:
                    self.problem = problem
            return not cancel.cancelled and not self.problem

        def phase_finish(self, name: str) -> None:
            self.sizes.pop(name, None)

    return Monitor()
