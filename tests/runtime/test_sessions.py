"""Graphs opened by ONNX Runtime: how they are set up, where they run, and what is no session."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from hearsight.bundle import open_bundle
from hearsight.device import Choice, choose
from hearsight.errors import DeviceError
from hearsight.manifest import TensorSpec
from hearsight.sampler import Cancel
from hearsight.sessions import OnnxSession

MICRO = open_bundle(Path(__file__).resolve().parents[1] / "micro" / "micro")
FRAMES = {"frames": np.ones((1, 2, 8), np.float32)}


def opened(name: str, *, hot: bool, texts: bool = False, traced: bool = False) -> OnnxSession:
    path = MICRO.path(MICRO.manifest.graphs[name].variants["fp32"])
    return OnnxSession(path, choose("cpu"), hot=hot, threads=1, texts=texts, traced=traced)


@pytest.mark.parametrize("hot", [True, False])
def test_hot_graphs_are_prepacked_and_their_threads_spin_within_a_run_only(hot):
    """Seen through ONNX Runtime itself: the options of the open session."""
    options = opened("decode", hot=hot)._session.get_session_options()
    entry = options.get_session_config_entry
    assert entry("session.disable_prepacking") == ("0" if hot else "1")
    assert entry("session.intra_op.allow_spinning") == ("1" if hot else "0")
    assert entry("session.force_spinning_stop") == "1"
    assert options.intra_op_num_threads == 1


def test_prepacked_or_not_resting_or_not_the_outputs_are_the_same():
    cold, hot = opened("frames", hot=False), opened("frames", hot=True)
    [first] = cold.run(FRAMES, None)
    for session in (cold, hot):
        for rests in (True, False):
            [again] = session.run(FRAMES, Cancel(), rests=rests)
            assert np.array_equal(again, first)


def test_a_session_tells_its_tensors_as_the_manifest_does():
    decode = MICRO.manifest.graphs["decode"]
    session = opened("decode", hot=True)
    assert session.inputs == decode.inputs
    assert [(spec.name, spec.dtype) for spec in session.outputs] == [("mel", "float32")]
    assert opened("tokenize", hot=False, texts=True).inputs == (
        TensorSpec("text", "string", MICRO.manifest.graphs["tokenize"].inputs[0].shape),
    )


@pytest.mark.skipif(
    not hasattr(onnxruntime.InferenceSession, "get_provider_graph_assignment_info"),
    reason="ONNX Runtime tells placements from 1.24 on",
)
def test_the_placement_counts_the_nodes_that_each_provider_runs():
    counted = opened("frames", hot=False, traced=True).placement()
    assert counted is not None
    assert list(counted) == ["CPUExecutionProvider"]
    nodes = onnx.load(MICRO.path(MICRO.manifest.graphs["frames"].variants["fp32"])).graph.node
    assert 0 < counted["CPUExecutionProvider"] <= len(nodes)


def test_without_being_asked_for_there_is_no_placement():
    assert opened("frames", hot=False).placement() is None


@pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="CUDA is built in"
)
@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_device_that_onnx_runtime_leaves_for_the_cpu_is_an_error():
    path = MICRO.path(MICRO.manifest.graphs["frames"].variants["fp32"])
    cuda = Choice("cuda", "CUDAExecutionProvider", "")
    with pytest.raises(DeviceError, match=r"cuda cannot be used: ONNX Runtime fell back"):
        OnnxSession(path, cuda, hot=False, threads=1)


def test_a_missing_tokenizer_is_named_with_its_package(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "onnxruntime_extensions" else find(name, *rest),
    )
    monkeypatch.delitem(sys.modules, "onnxruntime_extensions", raising=False)
    with pytest.raises(DeviceError, match="pip install onnxruntime-extensions"):
        opened("tokenize", hot=False, texts=True)
