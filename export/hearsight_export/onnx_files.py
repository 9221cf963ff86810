"""ONNX files that others made, before they become graphs of a bundle."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import ModelProto, ValueInfoProto

from .checkpoints import CheckpointError

__all__ = ["axes_of", "given_to", "opset_of", "read_onnx"]

_DOMAINS = ("", "ai.onnx", "ai.onnx.ml")


def read_onnx(path: Path) -> ModelProto:
    """Read a model of standard operators, its weights with it.

    Raises:
        CheckpointError: it cannot be read, is no ONNX, or has operators of others.
    """
    try:
        model = onnx.load(path)
    except OSError as problem:
        raise CheckpointError(f"{path} cannot be read: {problem.strerror or problem}.") from None
    except Exception:  # of protobuf, whose errors have no base that is public
        raise CheckpointError(f"{path} is no ONNX model.") from None
    if not model.graph.node:
        raise CheckpointError(f"{path} is no ONNX model.")
    others = {opset.domain for opset in model.opset_import} - {*_DOMAINS}
    if others:
        raise CheckpointError(
            f"{path} uses operators of {', '.join(sorted(others))}, and bundles hold standard ONNX "
            "only; export it without them."
        )
    return model


def given_to(model: ModelProto) -> list[ValueInfoProto]:
    """What a model is fed; weights are inputs too in older files."""
    weights = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in weights]


def axes_of(value: ValueInfoProto) -> list[int]:
    """Sizes of a tensor's axes, 0 for those that are free."""
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim]


def opset_of(model: ModelProto) -> int:
    """The set that a model's standard operators are of, 0 if it does not say."""
    return next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
