"""Graph fronts that no module traces to: tokenizers and picture preprocessing, node by node."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper

from .graphs import OPSET

__all__ = ["behind_picture_front", "bert_tokenizer"]

EXTENSIONS = "ai.onnx.contrib"


def bert_tokenizer(pieces: Sequence[str], first_word: int, limit: int) -> onnx.ModelProto:
    """`text` string [1] to `ids` and `mask`, int64 [1, L], by onnxruntime-extensions.

    At most `limit` ids come out, the closing mark among those that are cut.

    The mask is 1 where an id is at least `first_word`: marks, punctuation, word endings and
    unknown words carry no meaning.
    """
    nodes = [
        helper.make_node(
            "BertTokenizer",
            ["text"],
            ["all", "types", "attention"],
            domain=EXTENSIONS,
            vocab_file="\n".join(pieces).encode(),
            do_lower_case=1,
        ),
        helper.make_node("Slice", ["all", "zero", "limit"], ["flat"]),
        helper.make_node("Unsqueeze", ["flat", "zero"], ["ids"]),
        helper.make_node("GreaterOrEqual", ["ids", "first_word"], ["meaningful"]),
        helper.make_node("Cast", ["meaningful"], ["mask"], to=TensorProto.INT64),
    ]
    constants = {
        "zero": np.array([0]),
        "limit": np.array([limit]),
        "first_word": np.array(first_word),
    }
    graph = helper.make_graph(
        nodes,
        "tokenize",
        [helper.make_tensor_value_info("text", TensorProto.STRING, [1])],
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, [1, "L"])
            for name in ("ids", "mask")
        ],
        [numpy_helper.from_array(v.astype(np.int64), k) for k, v in constants.items()],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(EXTENSIONS, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def behind_picture_front(model: onnx.ModelProto, size: int) -> onnx.ModelProto:
    """Put resizing before a model that takes pixels [1, 3, size, size] in [0, 1].

    The result takes `image`, uint8 [1, H, W, 3]: the shorter side becomes `size`, the longer
    one is rounded down as CLIP's preprocessing does, by the cubic filter with antialiasing
    that Pillow uses (a = -0.5, on bytes, so that it rounds as Pillow does); then the middle
    square is cut out.
    """
    pixels = model.graph.input[0].name
    constants = {
        "target": np.array([size, size], np.int64),
        "two": np.array(2, np.int64),
        "axes": np.array([2, 3], np.int64),
        "white": np.array(255, np.float32),
    }
    nodes = [
        helper.make_node("Transpose", ["image"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Shape", ["planes"], ["whole"], start=2),
        helper.make_node("ReduceMin", ["whole"], ["shorter"], keepdims=1),
        helper.make_node("Mul", ["whole", "target"], ["grown"]),
        helper.make_node("Div", ["grown", "shorter"], ["sizes"]),
        # Scales follow from whole sizes axis by axis, as in Pillow; the operator's own
        # aspect-ratio policy scales both axes alike and is off by part of a pixel.
        helper.make_node(
            "Resize",
            ["planes", "", "", "sizes"],
            ["resized"],
            mode="cubic",
            cubic_coeff_a=-0.5,
            antialias=1,
            exclude_outside=1,
            axes=[2, 3],
        ),
        helper.make_node("Shape", ["resized"], ["sides"], start=2),
        helper.make_node("Sub", ["sides", "target"], ["surplus"]),
        helper.make_node("Div", ["surplus", "two"], ["start"]),
        helper.make_node("Add", ["start", "target"], ["end"]),
        helper.make_node("Slice", ["resized", "start", "end", "axes"], ["square"]),
        helper.make_node("Cast", ["square"], ["levels"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["levels", "white"], ["pixels"]),
    ]
    graph = helper.make_graph(
        nodes,
        "front",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "H", "W", 3])],
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [1, 3, size, size])],
        [numpy_helper.from_array(v, k) for k, v in constants.items()],
    )
    front = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=model.ir_version
    )
    front = compose.add_prefix(front, "front_", rename_inputs=False)
    merged = compose.merge_models(front, model, io_map=[("front_pixels", pixels)])
    del merged.metadata_props[:]
    return merged
