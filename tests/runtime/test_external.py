"""The reader of ONNX files finds every name of external data, wherever it hides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from hearsight.external import external_files

MICRO = Path(__file__).resolve().parents[1] / "micro"


def external(location: str) -> TensorProto:
    tensor = TensorProto(name="w", dims=[1], data_type=1, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="offset", value="not this")
    tensor.external_data.add(key="location", value=location)
    return tensor


def node(name: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node("If", [], [name], **attributes)


def test_names_are_found_in_every_place_that_holds_tensors():
    inner = helper.make_graph([node("a", value=external("in a subgraph's node"))], "inner", [], [])
    inner.initializer.append(external("in a subgraph"))
    sparse = onnx.SparseTensorProto(dims=[1])
    sparse.values.CopyFrom(external("in sparse values"))
    sparse.indices.CopyFrom(external("in sparse indices"))
    lists = node("c")
    lists.attribute.add(name="tensors", type=9).tensors.append(external("in a list"))
    lists.attribute.add(name="graphs", type=10).graphs.append(
        helper.make_graph([], "listed", [], [], [external("in a listed graph")])
    )
    lists.attribute.add(name="sparse", type=11).sparse_tensor.CopyFrom(sparse)
    graph = helper.make_graph([node("b", then_branch=inner), lists], "outer", [], [])
    graph.initializer.append(external("in the graph"))
    function = helper.make_function(
        "here", "f", [], [], [node("d", value=external("in a function"))], []
    )
    function.attribute_proto.append(helper.make_attribute("v", external("in a default")))
    model = helper.make_model(graph, functions=[function])
    model.training_info.add().initialization.initializer.append(external("in training"))
    expected = {
        "in a subgraph's node",
        "in a subgraph",
        "in sparse values",
        "in sparse indices",
        "in a list",
        "in a listed graph",
        "in the graph",
        "in a function",
        "in a default",
        "in training",
    }
    assert external_files(model.SerializeToString()) == expected


@pytest.mark.parametrize("name", [b"a.engine", b"../a.engine", b"/tmp/\xff.engine"])
def test_engines_that_compiled_graphs_refer_to_are_files_too(name: bytes):
    context = helper.make_node(
        "EPContext", [], ["y"], domain="com.microsoft", embed_mode=0, ep_cache_context=name
    )
    model = helper.make_model(helper.make_graph([context], "g", [], []))
    expected = name.decode("utf-8", "backslashreplace")
    assert external_files(model.SerializeToString()) == {expected}


@pytest.mark.parametrize("file", sorted(MICRO.glob("*/*.onnx")), ids=lambda path: path.stem)
def test_the_micro_graphs_name_their_weights(file: Path):
    weights = file.with_suffix(".weights")
    assert external_files(file.read_bytes()) == ({weights.name} if weights.exists() else set())


def test_weights_inside_are_no_files():
    inside = onnx.numpy_helper.from_array(np.ones(1000, np.float32), "w")
    model = helper.make_model(helper.make_graph([], "g", [], [], [inside]))
    assert external_files(model.SerializeToString()) == set()


@settings(deadline=None)
@given(data=st.data())
def test_damage_is_found_or_harmless(data: st.DataObject):
    """Whatever onnx's own reader takes, ours takes, and finds the same names."""
    raw = bytearray((MICRO / "micro" / "frames.fp32.onnx").read_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    try:
        model = onnx.load_from_string(cut)
    except Exception:
        try:
            external_files(cut)
        except ValueError:
            return
        return
    names = {
        entry.value
        for tensor in model.graph.initializer
        for entry in tensor.external_data
        if entry.key == "location"
    }
    assert external_files(cut) >= names


def test_a_message_nested_without_end_is_refused():
    raw = b""
    for _ in range(200):  # Node, Attribute, Graph inside one another
        raw = _field(6, _field(1, _field(5, raw)))
    with pytest.raises(ValueError, match="nested too deeply"):
        external_files(_field(7, _field(1, _field(5, raw))))


def _field(number: int, content: bytes) -> bytes:
    size, out = len(content), bytearray([number << 3 | 2])
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    return bytes(out) + bytes([size]) + content
