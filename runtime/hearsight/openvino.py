"""Running a graph with OpenVINO: the second library that plays bundles on processors.

It reads the same ONNX files. What it adds is bfloat16: processors that multiply bfloat16 run
the hot graphs nearly twice as fast, with three significant digits in between.

It runs the hot graphs alone. The others have nothing to gain, and among them are those that shrink
pictures, which OpenVINO gets wrong without a word: its Resize leaves out `antialias` (2026.4).
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .manifest import Graph, TensorSpec
from .precision import RunPrecision
from .sampler import Cancel
from .sessions import Tensors
from .telemetry import openvino

__all__ = ["OpenVinoSession"]

_HINTS = {"bf16": "bf16"}  # everything else is computed in float32, whatever the file holds


class OpenVinoSession:
    """A graph that OpenVINO runs on the processor.

    Args:
        path: the ONNX file.
        graph: whose names its tensors get: OpenVINO knows some by several.
        precision: `bf16` computes so; all others in float32.
        threads: of one run; None lets OpenVINO decide.
    """

    def __init__(
        self, path: Path, graph: Graph, *, precision: RunPrecision, threads: int | None
    ) -> None:
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": _HINTS.get(precision, "f32"),
            "PERFORMANCE_HINT": "LATENCY",
        }
        if threads:
            settings["INFERENCE_NUM_THREADS"] = threads
        model = _core().read_model(str(path))
        self._compiled = _core().compile_model(model, "CPU", settings)
        self._request = self._compiled.create_infer_request()
        self._running = threading.Lock()  # a request holds the tensors of one run
        known = {spec.name for spec in (*graph.inputs, *graph.outputs)}
        self.inputs = tuple(_spec(port, known) for port in model.inputs)
        self.outputs = tuple(_spec(port, known) for port in model.outputs)

    def run(
        self, inputs: Tensors, cancel: Cancel | None, *, rests: bool = True
    ) -> list[NDArray[Any]]:
        """See `Session.run`."""
        given = {name: _plain(value) for name, value in inputs.items()}
        if missing := [spec.name for spec in self.inputs if spec.name not in given]:
            raise ValueError(f"the input {missing[0]} is missing")  # it would take the last run's
        with self._running:
            self._request.start_async(given, share_inputs=True)
            if cancel:
                with cancel.calling(self._request.cancel):
                    self._request.wait()
            else:
                self._request.wait()
            return [
                self._request.get_output_tensor(index).data.copy()
                for index in range(len(self.outputs))
            ]

    def placement(self) -> dict[str, int] | None:
        """See `Session.placement`; counted after OpenVINO has fused what it could."""
        return {"OpenVINO": len(self._compiled.get_runtime_model().get_ops())}


@cache
def _core() -> Any:
    """One for all graphs, and for good: each has signals handled on a stack of its own, and of
    several that go away the last stack is freed while it is in use, so that Ctrl-C would crash."""
    return openvino().Core()


def _plain(value: NDArray[Any]) -> NDArray[Any]:
    """The array in one piece, of the type that OpenVINO knows: there are two of 64 bits, equal to
    NumPy, of which it takes one and ONNX Runtime gives the other."""
    wanted = np.dtype(value.dtype.name)
    return np.ascontiguousarray(value if value.dtype.num == wanted.num else value.astype(wanted))


def _spec(port: Any, known: Collection[str]) -> TensorSpec:
    shape = port.get_partial_shape()
    dims = tuple(int(dim.get_length()) if dim.is_static else "?" for dim in shape)
    dtype = np.dtype(port.get_element_type().to_dtype()).name
    names: list[str] = sorted(port.get_names(), key=lambda name: name not in known)
    return TensorSpec(names[0], cast(Any, dtype), dims)
