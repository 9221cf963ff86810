"""Running a bundle's graphs: ONNX Runtime sessions, where they run, and why there."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray

from .bundle import Bundle
from .device import Choice, choose
from .errors import BundleError, DeviceError, RequestError
from .external import check_external
from .manifest import Graph, Precision, TensorSpec, Variant
from .roles import role_of
from .sampler import Cancel

__all__ = ["Engine", "Tensors"]

ort = cast(Any, onnxruntime)  # it comes without types
Tensors = Mapping[str, NDArray[Any]]

_ORT_TYPES = {
    "float32": "tensor(float)",
    "float16": "tensor(float16)",
    "int64": "tensor(int64)",
    "int32": "tensor(int32)",
    "uint8": "tensor(uint8)",
    "bool": "tensor(bool)",
    "string": "tensor(string)",
}
_MOST_THREADS = 256  # of each graph; ONNX Runtime ends the process when it can have no more
_NO_MEMORY = ("out of memory", "failed to allocate", "bad_alloc", "bad allocation")


class Engine:
    """The graphs of one bundle, opened when they are first run; a context manager.

    Args:
        bundle: the opened bundle.
        device: `cpu`, `cuda`, or `auto` for the best that really works.
        precision: `fp32`, `fp16` or `int8` where a graph has it; None takes fp16 on a GPU and
            fp32 on a CPU.
        threads: threads of one graph's run on the CPU; None lets ONNX Runtime decide.

    Raises:
        DeviceError: the named device cannot be had; the message holds the true reason.
        BundleError: no graph of the bundle has the named precision.
        RequestError: no such number of threads.

    One engine may be used by several threads.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        device: str = "auto",
        precision: Precision | None = None,
        threads: int | None = None,
    ) -> None:
        if threads is not None and not 1 <= threads <= _MOST_THREADS:
            raise RequestError(
                f"threads is {threads}; it must be a whole number from 1 to {_MOST_THREADS}."
            )
        self._bundle = bundle
        self._choice: Choice = choose(device)
        on_gpu = self._choice.provider != "CPUExecutionProvider"
        self._wanted: Precision = precision or ("fp16" if on_gpu else "fp32")
        self._threads = threads
        self._sessions: dict[str, Any] = {}
        self._opening = threading.Lock()
        held = {p for graph in bundle.manifest.graphs.values() for p in graph.variants}
        if precision and precision not in held:
            raise BundleError(
                f'The bundle "{bundle.manifest.name}" has no graph in {precision}; '
                f"it has {', '.join(sorted(held))}."
            )
        self._precision: Precision = self._wanted if self._wanted in held else "fp32"

    @property
    def provider(self) -> str:
        """ONNX Runtime's name of what runs the graphs, such as `CPUExecutionProvider`."""
        return self._choice.provider

    @property
    def precision(self) -> Precision:
        """Precision of the graphs that have it; the others run in fp32."""
        return self._precision

    def precision_of(self, name: str) -> Precision:
        """Precision that one graph runs in."""
        return self._precision if self._precision in self._graph(name).variants else "fp32"

    @property
    def why(self) -> str:
        """One sentence: why this device."""
        return self._choice.why

    def is_open(self, name: str) -> bool:
        """Whether the graph was opened before, so that a run of it is not a cold one."""
        return name in self._sessions

    def run(self, name: str, inputs: Tensors, cancel: Cancel | None) -> dict[str, NDArray[Any]]:
        """Run a graph on named inputs and return its named outputs.

        Raises:
            Cancelled: `cancel` was set before or during the run.
            BundleError: the graph is missing or broken; names the file.
            DeviceError: memory does not suffice.
        """
        if cancel:
            cancel.raise_if()
        session = self._session(name)
        options = ort.RunOptions()

        def stop() -> None:
            options.terminate = True

        wanted = [spec.name for spec in self._graph(name).outputs]
        try:
            if cancel:
                with cancel.calling(stop):
                    outputs = session.run(wanted, dict(inputs), options)
            else:
                outputs = session.run(wanted, dict(inputs), options)
        except Exception as problem:
            if cancel and cancel.cancelled:
                cancel.raise_if()
            raise self._failure(name, "run", problem) from problem
        return dict(zip(wanted, cast(list[NDArray[Any]], outputs), strict=True))

    def close(self) -> None:
        """Give back the memory of all graphs; a later run opens them again."""
        with self._opening:
            self._sessions.clear()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _graph(self, name: str) -> Graph:
        graph = self._bundle.manifest.graphs.get(name)
        if graph is None:
            raise BundleError(f'The bundle "{self._bundle.manifest.name}" has no graph "{name}".')
        return graph

    def _variant(self, name: str) -> Variant:
        return self._graph(name).variants[self.precision_of(name)]

    def _path(self, name: str) -> Path:
        return self._bundle.path(self._variant(name))

    def _session(self, name: str) -> Any:
        with self._opening:
            if name not in self._sessions:
                self._sessions[name] = self._open(name)
            return self._sessions[name]

    def _open(self, name: str) -> Any:
        graph = self._graph(name)
        path = self._path(name)
        check_external(path, self._variant(name))
        options = _session_options(graph.hot, self._threads)
        providers = list(self._choice.providers)
        if role_of(name, graph) == "tokenize":
            options.register_custom_ops_library(_tokenizer_library())
            providers = ["CPUExecutionProvider"]
        try:
            session = ort.InferenceSession(
                str(path), options, providers=providers, enable_fallback=0
            )
        except Exception as problem:
            raise self._failure(name, "opened", problem) from problem
        _compare(session.get_inputs(), graph.inputs, path)
        _compare(session.get_outputs(), graph.outputs, path)
        return session

    def _failure(self, name: str, verb: str, problem: Exception) -> BundleError | DeviceError:
        text = " ".join(str(problem).split())
        if isinstance(problem, MemoryError) or any(mark in text.lower() for mark in _NO_MEMORY):
            return DeviceError(
                f'Memory does not suffice for the graph "{name}" of the bundle '
                f'"{self._bundle.manifest.name}" on {self.provider}: ask for a shorter sound, '
                f"close other programs, or use another device. ({text})"
            )
        return BundleError(
            f"{self._path(name)} cannot be {verb}: {text}. If `runtime-cli bundles verify` finds "
            "it intact, the bundle does not suit this version of ONNX Runtime."
        )


def _session_options(hot: bool, threads: int | None) -> Any:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads or 0
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.disable_prepacking", "0" if hot else "1")
    return options


def _tokenizer_library() -> str:
    """Path of onnxruntime-extensions' library.

    The package is found and not imported: importing it pulls in onnx, transformers and torch
    wherever they are installed, seconds and hundreds of megabytes for a path.
    """
    spec = importlib.util.find_spec("onnxruntime_extensions")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for suffix in importlib.machinery.EXTENSION_SUFFIXES:
            path = Path(folder) / f"_extensions_pydll{suffix}"
            if path.is_file():
                return str(path)
    raise DeviceError(
        "Text needs the package onnxruntime-extensions, whose library is not to be found: "
        "install it with `pip install onnxruntime-extensions`."
    )


def _compare(found: list[Any], listed: tuple[TensorSpec, ...], path: Path) -> None:
    """Refuse a graph whose tensors are not those of the manifest.

    An axis that the manifest calls free must be free; ONNX may leave more open than is told.
    """
    nodes = {node.name: node for node in found}
    if nodes.keys() != {spec.name for spec in listed}:
        raise BundleError(
            f"{path} has the tensors {', '.join(nodes)} where the manifest lists "
            f"{', '.join(spec.name for spec in listed)}."
        )
    for spec in listed:
        node = nodes[spec.name]
        same_type = node.type == _ORT_TYPES[spec.dtype]
        clash = len(node.shape) != len(spec.shape) or any(
            isinstance(real, int) and real != told
            for real, told in zip(node.shape, spec.shape, strict=False)
        )
        if not same_type or clash:
            raise BundleError(
                f'{path}: "{spec.name}" is {node.type} {node.shape} where the manifest says '
                f"{spec.dtype} {list(spec.shape)}."
            )
