"""The denoise graph with its latent on the device: rows in, nothing copied between them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import count
from typing import Any, cast

import numpy as np
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray

__all__ = ["FED_BACK", "Binding", "Resident", "reachable"]

ort = cast(Any, onnxruntime)  # it comes without types
_numbers = count(1)  # of recorded runs: one that is used again plays the old one, addresses and all

FED_BACK: Mapping[str, str] = {"x_next": "x", "d": "d_prev"}
"""Outputs of the denoise graph that are inputs of the next row, all of one shape."""


class Resident:
    """A latent that lies on the device, valid until the row after the next one.

    `numpy.asarray` brings it to the host.
    """

    def __init__(self, value: Any) -> None:
        self.value = value
        self.shape = tuple(value.shape())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.value.numpy(), dtype)  # a copy, for the next rows write here


class Binding:
    """Memory of the device for one shape of every input, used in turns.

    There are two latents of each kind: a row reads one and writes the other, and the next row
    does it the other way round. So no address ever changes within a turn, as the recorded runs of
    CUDA graphs want it, and no latent is copied.

    Args:
        session: ONNX Runtime's session of a denoise graph.
        device: ONNX Runtime's name of the memory, such as `cuda`.
        inputs: tensors of the shapes that all runs will have.
    """

    def __init__(self, session: Any, device: str, inputs: Mapping[str, Any]) -> None:
        self._session = session
        self._turn = 0
        self._records = next(_numbers), next(_numbers)
        self._fixed = {
            name: _room(value, device)
            for name, value in inputs.items()
            if name not in FED_BACK.values()
        }
        like = inputs["x"]
        self._latents = [
            {name: _room(like, device) for name in FED_BACK.values()} for _ in range(2)
        ]
        self._bound = [self._bind(turn) for turn in range(2)]

    def run(self, inputs: Mapping[str, Any], options: Any) -> dict[str, Resident]:
        """Run a row; `options` are ONNX Runtime's, to which the turn is added."""
        here = self._latents[self._turn]
        for name, value in inputs.items():
            place = here[name] if name in here else self._fixed[name]
            if not (isinstance(value, Resident) and value.value is place):
                place.update_inplace(np.ascontiguousarray(value))
        for key in ("gpu_graph_id", "cuda_graph_annotation_id"):
            options.add_run_config_entry(key, str(self._records[self._turn]))
        self._session.run_with_iobinding(self._bound[self._turn], options)
        self._turn = 1 - self._turn
        return {out: Resident(self._latents[self._turn][name]) for out, name in FED_BACK.items()}

    def _bind(self, turn: int) -> Any:
        bound = self._session.io_binding()
        for name, value in (self._fixed | self._latents[turn]).items():
            bound.bind_ortvalue_input(name, value)
        for out, name in FED_BACK.items():
            bound.bind_ortvalue_output(out, self._latents[1 - turn][name])
        return bound


@cache
def reachable(device: str) -> bool:
    """Whether the memory of a device can be written and read from here.

    For a plugin's that depends on the package of ONNX Runtime that it stands beside.
    """
    try:
        room = _room(np.zeros(1, np.float32), device)
        room.update_inplace(np.ones(1, np.float32))
        return bool(room.numpy()[0] == 1)
    except Exception:  # ONNX Runtime has no kinds of them
        return False


def _room(like: Any, device: str) -> Any:
    array = np.asarray(like)
    return ort.OrtValue.ortvalue_from_shape_and_type(array.shape, array.dtype, device, 0)
