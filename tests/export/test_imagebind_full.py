"""ImageBind-huge, one encoder at a time, and Experiments A and B at full size.

Goldens: outputs of facebookresearch/ImageBind (commit 53680b0) and of the projectors and adapters
of Text and Vision Guided Audio Generation (commit f136cb5) with the weights of `seeded`.
"""

import numpy as np
import onnxruntime
import pytest
import torch
from imagebind_checkpoint import GOLDEN, imagebind, write_words
from seeded import seeded
from test_expa import VISION_TEXT, projector_shapes
from test_expb import adapter_shapes

from hearsight_export.imagebind.loading import load_encoder, read_imagebind
from hearsight_export.imagebind.parts import imagebind_graphs
from hearsight_export.vision_text.adapters import read_adapter
from hearsight_export.vision_text.joins import Fused, Pair, export_join
from hearsight_export.vision_text.reading import read_projector

pytestmark = pytest.mark.full

TOLERANCE = 1e-5


def distance(found, wanted):
    found = np.asarray(found, np.float64)
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def filled(shapes, path):
    state = {n: torch.from_numpy(seeded(n, shape)) for n, shape in shapes.items()}
    torch.save(state, path)
    return path


@pytest.mark.parametrize("kind", ["text", "audio", "imu", "depth", "thermal", "vision"])
def test_an_encoder_of_full_size_gives_what_the_original_code_gave(kind, tmp_path):
    """Of depth, warmth and movement there is no golden of full size: their graphs alone."""
    torch.set_num_threads(2)
    path = tmp_path / "imagebind_huge.pth"
    torch.save(imagebind([kind], huge=True), path)
    file = read_imagebind(path)
    errors = {}
    golden = np.load(GOLDEN / f"{kind}.npz")
    if "huge" in golden:
        encoder = load_encoder(file, kind)
        with torch.no_grad():
            found = encoder(torch.from_numpy(golden["input"]))
        errors["network"] = distance(found, golden["huge"])
        del encoder
    words = write_words(tmp_path / "words", 49408)
    graphs = imagebind_graphs(
        file, tmp_path, words, [kind], ("fp32", "fp16"), log=lambda line: None
    )
    assert not [graph.refused for graph in graphs.values() if graph.refused]
    for name, graph in graphs.items():
        rows = [row.relative_l2 for row in graph.parity if row.precision == "fp32"]
        errors[name] = max(rows, default=0)
    if kind == "text":
        session = onnxruntime.InferenceSession(str(tmp_path / "text.onnx"))
        for ids, wanted in zip(golden["input"], golden["huge"], strict=True):
            length = int(ids.argmax()) + 1
            [said] = session.run(None, {"ids": ids[None, :length]})
            errors[f"graph at {length} ids"] = distance(said[0], wanted)
    print(kind, errors)
    assert max(errors.values()) < TOLERANCE


@pytest.mark.parametrize("kind", ["sequence", "audio_aware"])
def test_a_projector_of_full_size_gives_what_the_original_code_gave(kind, tmp_path):
    """Golden: every 19th of 77 tokens."""
    torch.set_num_threads(2)
    golden = np.load(VISION_TEXT / "projectors_full.npz")
    pairs = torch.from_numpy(np.load(VISION_TEXT / "projectors.npz")["embedding"])
    file = read_projector(filled(projector_shapes(kind, 2048, 1024), tmp_path / "projector.pt"))
    with torch.no_grad():
        errors = {"network": distance(file.projector(pairs)[:, ::19], golden[kind])}
    export_join(Pair(file.projector, 1024), tmp_path)
    session = onnxruntime.InferenceSession(str(tmp_path / "join.onnx"))
    for pair, wanted in zip(pairs.numpy(), golden[kind], strict=True):
        [found] = session.run(None, {"image": pair[None, :1024], "text": pair[None, 1024:]})
        errors["graph"] = max(errors.get("graph", 0), distance(found[0, ::19], wanted))
    if kind == "sequence":
        zeros = np.zeros((1, 1024), np.float32)
        [found] = session.run(None, {"image": zeros, "text": zeros})
        errors["empty"] = distance(found[:, ::19], golden["sequence_empty"])
    print(kind, errors)
    assert max(errors.values()) < TOLERANCE


@pytest.mark.parametrize("kind", ["transformer", "mlp"])
def test_an_adapter_of_full_size_gives_what_the_original_code_gave(kind, tmp_path):
    """Golden: every 38th of 77 tokens."""
    torch.set_num_threads(2)
    golden = np.load(VISION_TEXT / "adapters.npz")
    path = filled(adapter_shapes(kind, 1024, 1024, 77, 2048, 4), tmp_path / "adapter_token77.pth")
    adapter = read_adapter(path)
    with torch.no_grad():
        found = adapter(torch.from_numpy(golden["fused"]))
    errors = {"network": distance(found[:, ::38], golden[kind])}
    export_join(Fused(adapter, 1024), tmp_path)
    session = onnxruntime.InferenceSession(str(tmp_path / "join.onnx"))
    for fused, wanted in zip(golden["fused"], golden[kind], strict=True):
        [found] = session.run(None, {"fused": fused[None]})
        errors["graph"] = max(errors.get("graph", 0), distance(found[0, ::38], wanted))
    print(kind, errors)
    assert max(errors.values()) < TOLERANCE
