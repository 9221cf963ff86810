"""Tokenizers as graphs, by the operators of onnxruntime-extensions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from onnxruntime_extensions import get_library_path

from hearsight.manifest import Check, Graph, TensorSpec
from hearsight.store import write_tensor

from .bpe import BytePairs
from .graphs import OPSET, save_variant

__all__ = [
    "bert_tokenizer",
    "clip_tokenizer",
    "export_tokenizer",
    "padded_bert_tokenizer",
    "roberta_tokenizer",
]

EXTENSIONS = "ai.onnx.contrib"
CHECK_TEXT = "Heavy rain on a tin roof"


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
    return _tokenizer(nodes, constants)


def padded_bert_tokenizer(pieces: Sequence[str], length: int) -> onnx.ModelProto:
    """`text` string [1] to `ids` and `mask`, int64 [1, length], as uncased BERT reads texts.

    Longer texts lose their end, but not the closing mark; after shorter ones comes the id 0,
    where the mask is 0 and not 1. Marks such as `[SEP]` in a text are words like others.
    """
    steps = {
        "blanks": (r"[\s\p{Z}]+", " "),
        # onnxruntime-extensions makes words of these, and has no lower case of that.
        "broken": (r"[\p{C}\x{FFFD}]", ""),
        "dotted": ("\u0130", "I"),
    }
    nodes, said, constants = _rewritten("text", steps)
    nodes += [
        helper.make_node(
            "BertTokenizer",
            [said],
            ["all", "types", "attention"],
            domain=EXTENSIONS,
            vocab_file="\n".join(pieces).encode(),
            do_lower_case=1,
            strip_accents=1,
        ),
        helper.make_node("Slice", ["all", "first", "last"], ["words"]),
        helper.make_node("Slice", ["words", "first", "room"], ["kept"]),
        helper.make_node("Slice", ["all", "last", "end"], ["mark"]),
        helper.make_node("Concat", ["kept", "mark"], ["said_ids"], axis=0),
        helper.make_node("Shape", ["said_ids"], ["size"]),
        helper.make_node("Sub", ["length", "size"], ["rest"]),
        helper.make_node("Concat", ["first", "rest"], ["padding"], axis=0),
        helper.make_node("Pad", ["said_ids", "padding"], ["padded"]),
        helper.make_node("Unsqueeze", ["padded", "first"], ["ids"]),
        helper.make_node("Expand", ["one", "size"], ["said_mask"]),
        helper.make_node("Pad", ["said_mask", "padding"], ["padded_mask"]),
        helper.make_node("Unsqueeze", ["padded_mask", "first"], ["mask"]),
    ]
    constants |= {
        "first": np.array([0]),
        "last": np.array([-1]),
        "end": np.array([2**31 - 1]),
        "room": np.array([length - 1]),
        "length": np.array([length]),
        "one": np.array(1),
    }
    return _tokenizer(nodes, constants, length)


def roberta_tokenizer(pairs: BytePairs, limit: int) -> onnx.ModelProto:
    """`text` string [1] to `ids` and `mask` of ones, int64 [1, L], as RoBERTa reads texts.

    At most `limit` ids come out, the closing mark always among them.
    """
    nodes = [_byte_pair_node("RobertaTokenizer", "text", pairs), *_CUT]
    return _tokenizer(nodes, {"first": np.array([0]), "room": np.array([limit - 1])} | _ENDS)


def clip_tokenizer(pairs: BytePairs, limit: int = 77) -> onnx.ModelProto:
    """`text` string [1] to `ids` and `mask` of ones, int64 [1, L], as CLIP reads texts.

    The five HTML entities that every escaper writes become what they stand for, curly quotes
    straight; every digit stands alone, and runs of blanks become one space. What CLIP's own code
    also mends, other entities and broken encodings, is not mended.
    At most `limit` ids come out, the closing mark always among them.
    """
    steps = {
        "ampersand": ("&(?:amp;)+", "&"),  # first, as entities may have been escaped again
        "less": ("&lt;", "<"),
        "greater": ("&gt;", ">"),
        "quote": ("&quot;", '"'),
        "apostrophe": ("&(?:#0*39|#[xX]0*27|apos);", "'"),
        "single": ("[\u2018\u2019\u201b]", "'"),
        "double": ("[\u201c\u201d\u201f]", '"'),
        "digits": (r"(\p{N})", r" \1 "),
        "blanks": (r"[\s\p{Z}\x0b\x1c-\x1f\x85]+", " "),
    }
    nodes, said, constants = _rewritten("text", steps)
    nodes += [_byte_pair_node("CLIPTokenizer", said, pairs), *_CUT]
    constants |= {"first": np.array([0]), "room": np.array([limit - 1])}
    return _tokenizer(nodes, constants | _ENDS)


# All but the last id as far as there is room, then the last one.
_CUT = (
    helper.make_node("Slice", ["all", "first", "last", "along"], ["said"]),
    helper.make_node("Slice", ["said", "first", "room", "along"], ["kept"]),
    helper.make_node("Slice", ["all", "last", "end", "along"], ["mark"]),
    helper.make_node("Concat", ["kept", "mark"], ["ids"], axis=1),
    helper.make_node("Shape", ["ids"], ["size"]),
    helper.make_node("Expand", ["one", "size"], ["mask"]),
)
_ENDS = {
    "last": np.array([-1]),
    "end": np.array([2**31 - 1]),
    "along": np.array([1]),
    "one": np.array(1),
}


def _rewritten(
    said: str, steps: Mapping[str, tuple[str, str]]
) -> tuple[list[NodeProto], str, dict[str, NDArray]]:
    """Nodes that replace patterns one after the other, what the last one gives, constants."""
    nodes: list[NodeProto] = []
    constants: dict[str, NDArray] = {}
    for step, (pattern, rewrite) in steps.items():
        constants[f"{step}_pattern"] = np.array([pattern], object)
        constants[f"{step}_rewrite"] = np.array([rewrite], object)
        inputs = [said, f"{step}_pattern", f"{step}_rewrite"]
        nodes.append(helper.make_node("StringRegexReplace", inputs, [step], domain=EXTENSIONS))
        said = step
    return nodes, said, constants


def _byte_pair_node(op: str, text: str, pairs: BytePairs) -> NodeProto:
    return helper.make_node(
        op,
        [text],
        ["all", "attention", "offsets"],
        domain=EXTENSIONS,
        vocab=json.dumps(dict(pairs.vocabulary), ensure_ascii=False),
        merges="\n".join(pairs.merges),
        padding_length=-1,
    )


def _tokenizer(
    nodes: Sequence[NodeProto], constants: Mapping[str, NDArray], length: int | str = "L"
) -> onnx.ModelProto:
    graph = helper.make_graph(
        list(nodes),
        "tokenize",
        [helper.make_tensor_value_info("text", TensorProto.STRING, [1])],
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, [1, length])
            for name in ("ids", "mask")
        ],
        [numpy_helper.from_array(v, k) for k, v in constants.items()],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(EXTENSIONS, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def export_tokenizer(model: onnx.ModelProto, root: Path, text: str = CHECK_TEXT) -> Graph:
    """Write a tokenizer into folder `root` with what it makes of `text` as its check."""
    variant = save_variant(model, root, "tokenize")
    options = onnxruntime.SessionOptions()
    options.register_custom_ops_library(get_library_path())
    session = onnxruntime.InferenceSession(str(root / variant.file), options)
    ids, mask = session.run(None, {"text": np.array([text], object)})
    outputs = (
        write_tensor(root, "check/tokenize.ids", ids),
        write_tensor(root, "check/tokenize.mask", mask),
    )
    return Graph(
        {"fp32": variant},
        (TensorSpec("text", "string", (1,)),),
        tuple(TensorSpec(name, "int64", _shape(model, name)) for name in ("ids", "mask")),
        check=Check((), outputs, text),
    )


def _shape(model: onnx.ModelProto, name: str) -> tuple[int | str, ...]:
    """The shape that a model gives its output `name`."""
    [found] = (output for output in model.graph.output if output.name == name)
    return tuple(axis.dim_param or axis.dim_value for axis in found.type.tensor_type.shape.dim)
