"""Who takes part, by device; each is made in a process of its own (`player.py`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from others import Compiled, Diffusers, OnnxRuntime, OpenVino, OpenVinoDefault
from ours import (
    Hearsight,
    HearsightBf16,
    HearsightCuda,
    HearsightPrepared,
    HearsightRecorded,
)
from playing import Contender, Job

__all__ = ["CPU", "CUDA", "Kind"]


@dataclass(frozen=True)
class Kind:
    """A contender by its title, in what it computes, and the files it reads before a first row.

    files: `pipeline`, or the variants of the bundle's graphs in a precision. starts: whether it
    differs from another one in how it starts alone.
    """

    title: str
    precision: str
    make: Callable[[Job], Contender]
    files: str
    starts: bool = False


CPU: Mapping[str, Kind] = {
    "diffusers": Kind("diffusers, eager", "fp32", Diffusers, "pipeline"),
    "compiled": Kind("diffusers, torch.compile", "fp32", Compiled, "pipeline"),
    "onnxruntime": Kind("ONNX Runtime, default options", "fp32", OnnxRuntime, "fp32"),
    "openvino": Kind("OpenVINO, fp32", "fp32", OpenVino, "fp32"),
    "hearsight": Kind("Hearsight", "fp32", Hearsight, "fp32"),
    "hearsight-prepared": Kind("Hearsight, prepared", "fp32", HearsightPrepared, "fp32", True),
    "openvino-default": Kind("OpenVINO, its own default", "its own", OpenVinoDefault, "fp32"),
    "hearsight-bf16": Kind("Hearsight, bf16", "bf16", HearsightBf16, "fp32"),
}
CUDA: Mapping[str, Kind] = {
    "diffusers": Kind("diffusers, eager", "fp16", Diffusers, "pipeline"),
    "compiled": Kind("diffusers, torch.compile", "fp16", Compiled, "pipeline"),
    "onnxruntime": Kind("ONNX Runtime, CUDA", "fp16", OnnxRuntime, "fp16"),
    "hearsight": Kind("Hearsight, CUDA", "fp16", HearsightCuda, "fp16"),
    "hearsight-recorded": Kind("Hearsight, CUDA graph", "fp16", HearsightRecorded, "fp16"),
}
