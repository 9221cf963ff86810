"""The ONNX model around an engine: what ONNX Runtime opens in place of the graph it was made of.

Its one node EPContext names the engine's file, which lies beside it. The attributes are those of
the operator in ONNX Runtime's `contrib_defs.cc`; what the providers read of them is in
`onnx_ctx_model_helper.cc` of each.
"""

from __future__ import annotations

import onnx
from onnx import ModelProto, helper

from .front import Front

__all__ = ["context_model"]

_DOMAIN = "com.microsoft"


def context_model(
    model: ModelProto, front: Front | None, engine: ModelProto, **attributes: str
) -> ModelProto:
    """A model with the inputs and outputs of `model`, in which an engine does the work.

    Args:
        model: the graph without its weights.
        front: the part of it that the CPU runs, if there is one.
        engine: the part that the engine was made of; inputs and outputs go by name.
        attributes: of the node: `ep_cache_context`, the engine's file; `source`, the provider's
            name; `partition_name`, by which a provider keeps what it compiles for the card;
            `hardware_architecture`; `ep_sdk_version`; `onnx_model_filename`.
    """
    node = helper.make_node(
        "EPContext",
        [value.name for value in engine.graph.input],
        [value.name for value in engine.graph.output],
        attributes["partition_name"],
        domain=_DOMAIN,
        main_context=1,
        embed_mode=0,
        **attributes,
    )
    before, weights, values = (front.nodes, front.weights, front.values) if front else ((), (), ())
    graph = helper.make_graph(
        [*before, node],
        model.graph.name,
        model.graph.input,
        model.graph.output,
        weights,
        value_info=values,
    )
    versions = {opset.domain: opset.version for opset in model.opset_import} | {_DOMAIN: 1}
    made = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid(*pair) for pair in versions.items()],
        ir_version=model.ir_version,
    )
    onnx.checker.check_model(made)
    return made
