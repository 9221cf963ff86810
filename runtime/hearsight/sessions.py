"""One graph, opened to be run: what an engine asks of it, and how ONNX Runtime does it."""

from __future__ import annotations

import importlib.machinery
import importlib.util
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias, cast

import numpy as np
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray

from .binding import Binding, Resident, reachable
from .device import Choice
from .errors import DeviceError
from .manifest import TensorSpec
from .profiles import Profile, fitting
from .providers import PROVIDERS, Purpose, attach
from .sampler import Cancel, Latent

__all__ = ["OnnxSession", "Session", "Tensors"]

ort = cast(Any, onnxruntime)  # it comes without types
Tensors: TypeAlias = Mapping[str, NDArray[Any]]

_DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
    "tensor(string)": "string",
}


class Session(Protocol):
    """A graph that was opened for a device. Failures are whatever its library raises."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def run(
        self, inputs: Tensors, cancel: Cancel | None, *, rests: bool = True
    ) -> list[NDArray[Any]]:
        """The outputs in the graph's order; `cancel` ends the run early, with an exception.

        A graph that `rests` gives back its working memory, for another one will run next.
        """
        ...

    def placement(self) -> dict[str, int] | None:
        """How many nodes each provider runs; None where the library does not tell."""
        ...


class OnnxSession:
    """A graph that ONNX Runtime runs.

    Args:
        path: the ONNX file.
        choice: where it runs.
        hot: whether it runs many times a sound. Weights of the others are used as they lie in
            the file, mapped, which opens them in milliseconds and costs a fifth of their speed.
        threads: of one run; None lets ONNX Runtime decide.
        texts: whether it holds onnxruntime-extensions' operators, which the CPU alone runs.
        compiled: whether the file is what `compiling` made for this device.
        profiles: that it was compiled with, if it was for TensorRT.
        traced: whether `placement` will be asked.
    """

    def __init__(
        self,
        path: Path,
        choice: Choice,
        *,
        hot: bool,
        threads: int | None,
        texts: bool = False,
        compiled: bool = False,
        profiles: tuple[Profile, ...] = (),
        traced: bool = False,
    ) -> None:
        options = ort.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = threads or 0
        # By its name a file may pass for another format, whose references nobody has checked.
        options.add_session_config_entry("session.load_model_format", "ONNX")
        # Threads that wait busily within a run, and only there, make the starter's denoiser a third
        # faster; between runs they would take the time of other graphs and of other programs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "1" if hot else "0")
        options.add_session_config_entry("session.force_spinning_stop", "1")
        # One block for a whole run, laid out for its shapes, would be held beside the arena.
        options.enable_mem_pattern = False
        options.add_session_config_entry("session.disable_prepacking", "0" if hot else "1")
        if compiled:
            options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        if traced:
            options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
        if texts:
            options.register_custom_ops_library(_tokenizer_library())
            providers: list[Any] = ["CPUExecutionProvider"]
        else:
            asked: dict[Purpose, str] = {"multi_profile": "1"} if len(profiles) > 1 else {}
            providers = attach(choice, options, hot=hot, asked=asked)
        provider = PROVIDERS["cpu" if texts else choice.device]
        self._on_processor = texts or choice.device == "cpu"
        self._profile_index = provider.profile_index
        self._profiles = profiles
        self._bindings: dict[tuple[tuple[int, ...], ...], Binding] = {}
        self._traced = traced
        self._session = ort.InferenceSession(
            str(path), options, providers=providers, enable_fallback=0
        )
        self.memory = provider.memory if provider.memory and reachable(provider.memory) else None
        if not texts and self._session.get_providers()[0] != choice.provider:
            raise DeviceError(  # it falls back silently, and tells the reason to its log alone
                f"{choice.device} cannot be used: ONNX Runtime fell back to the CPU, though "
                f"{choice.provider} ran before. Free memory of the card, or use --device cpu."
            )
        self.inputs = tuple(map(_spec, self._session.get_inputs()))
        self.outputs = tuple(map(_spec, self._session.get_outputs()))

    def run(
        self, inputs: Tensors, cancel: Cancel | None, *, rests: bool = True
    ) -> list[NDArray[Any]]:
        """See `Session.run`."""
        options = self._options(inputs)
        if rests and self._on_processor:
            options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        if cancel is None:
            return self._session.run(None, dict(inputs), options)

        def stop() -> None:
            options.terminate = True

        with cancel.calling(stop):
            return self._session.run(None, dict(inputs), options)

    def step(self, inputs: dict[str, Latent], cancel: Cancel) -> tuple[Resident, Resident]:
        """Run a denoise graph in the device's memory; see `Binding.run`."""
        shapes = tuple(np.shape(value) for value in inputs.values())
        if shapes not in self._bindings:
            assert self.memory, "the caller has looked"
            self._bindings = {shapes: Binding(self._session, self.memory, inputs)}
        options = self._options(inputs)

        def stop() -> None:
            options.terminate = True

        with cancel.calling(stop):
            outputs = self._bindings[shapes].run(inputs, options)
        return outputs["x_next"], outputs["d"]

    def _options(self, inputs: Tensors) -> Any:
        options = ort.RunOptions()
        if len(self._profiles) > 1 and self._profile_index:
            index = fitting(self._profiles, {name: np.shape(v) for name, v in inputs.items()})
            options.add_run_config_entry(self._profile_index, str(index))
        return options

    def placement(self) -> dict[str, int] | None:
        """See `Session.placement`; ONNX Runtime tells from 1.24 on, if it was opened `traced`."""
        tell = getattr(self._session, "get_provider_graph_assignment_info", None)
        if not self._traced or tell is None:
            return None
        nodes = Counter[str]()
        for part in tell():
            nodes[part.ep_name] += len(part.get_nodes())
        return dict(nodes)


def _spec(node: Any) -> TensorSpec:
    shape = tuple(dim if isinstance(dim, int) else str(dim) for dim in node.shape)
    return TensorSpec(node.name, cast(Any, _DTYPES.get(node.type, node.type)), shape)


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
