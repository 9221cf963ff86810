"""Where in a network the nodes of its graph come from."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from onnx import GraphProto, ModelProto, NodeProto

__all__ = ["keep_modules", "modules", "name_nodes"]

_MODULE = "module"
_SCOPES = "pkg.torch.onnx.name_scopes"  # paths from the outermost module in, then the operation
_NO_MODULE = "_empty_nn_module_stack"  # where the exporter does not know


def keep_modules(model: ModelProto) -> None:
    """Reduce what PyTorch's exporter notes about each node, also inside of loops, to the path of
    its module.
    """
    for node in _all(model.graph):
        noted = next((entry.value for entry in node.metadata_props if entry.key == _SCOPES), "[]")
        *paths, _ = ast.literal_eval(noted) or [""]
        del node.metadata_props[:]
        if paths and paths[-1] and not paths[-1].startswith(_NO_MODULE):
            node.metadata_props.add(key=_MODULE, value=paths[-1])


def modules(model: ModelProto) -> list[str]:
    """The path of the module that each node belongs to, such as `unet.down_blocks.0.resnets.1`.

    It is told by the node itself, else by the name of one of its weights. Where neither tells, it
    is the path of what the node follows, or empty.
    """
    weights = {tensor.name for tensor in model.graph.initializer}
    of_value: dict[str, str] = {}
    found: list[str] = []
    for node in model.graph.node:
        path = _told(node) or _of_weights(node, weights) or _before(node, of_value)
        found.append(path)
        of_value.update(dict.fromkeys(node.output, path))
        if _is_weight(node, weights):  # widened to float before it is used
            weights.update(node.output)
    return found


def name_nodes(model: ModelProto) -> None:
    """Give every node a name of its own that begins with the path of its module.

    TensorRT uses the names in whatever it says.
    """
    for index, (node, path) in enumerate(zip(model.graph.node, modules(model), strict=True)):
        name = node.name or f"{node.op_type}_{index}"
        node.name = f"{path}/{name}" if path else name


def _all(graph: GraphProto) -> Iterator[NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            yield from _all(attribute.g)


def _told(node: NodeProto) -> str:
    return next((entry.value for entry in node.metadata_props if entry.key == _MODULE), "")


def _of_weights(node: NodeProto, weights: set[str]) -> str:
    """Weights are called as their module, with a word behind: `unet.conv_in.weight`."""
    named = (name.rpartition(".")[0] for name in node.input if name in weights)
    return next(filter(None, named), "")


def _before(node: NodeProto, of_value: dict[str, str]) -> str:
    return next(filter(None, (of_value.get(name, "") for name in node.input)), "")


def _is_weight(node: NodeProto, weights: set[str]) -> bool:
    return node.op_type in ("Cast", "DequantizeLinear") and node.input[0] in weights
