"""SSV2A at full size as graphs: the goldens of `test_ssv2a` from ONNX Runtime, and the towers.

Goldens of the prior: dalle2-pytorch 1.1.0 with the weights of `seeded`, 16 evaluations.
"""

import json
import time

import numpy as np
import onnxruntime
import pytest
import torch
from seeded import seeded
from ssv2a_checkpoint import full, prior_state, states
from test_clip import openai
from test_ssv2a import distance, fed, golden, searched, tensor

from hearsight_export.clip.towers import load_clip_image, load_clip_text
from hearsight_export.graphs import Part, export_part
from hearsight_export.ssv2a.bundle import frames_part, join_part
from hearsight_export.ssv2a.eye import export_eye
from hearsight_export.ssv2a.loading import PriorFile, load_aggregator, load_cycle, load_prior
from hearsight_export.ssv2a.networks import Aggregator
from hearsight_export.ssv2a.said import Described, text_part

pytestmark = pytest.mark.full


def told(what, value):
    print(f"{what}: {value:.2e}")
    return value


def session(graph, root):
    return onnxruntime.InferenceSession(str(root / graph.variants["fp32"].file))


def run(opened, given):
    return opened.run(None, {name: value.numpy() for name, value in given.items()})[0]


def test_the_cycle_mix_in_onnx_runtime(tmp_path):
    mix = load_cycle(states(full()))
    graph = export_part(join_part(mix, heard=True), tmp_path)
    opened = session(graph, tmp_path)
    for name in ("cycle_mix", "cycle_mix_sources"):
        g = golden(name)
        with torch.no_grad():
            given = fed(g, mix)
            best = told(
                f"{name} in PyTorch", distance(searched(mix, given)[2], g["clap_after_round"])
            )
        assert best < 1e-5
        assert told(name, distance(run(opened, given)[0], g["clap_after_round"][-1])) < 1e-5
    published = given | {
        "noise_alone": torch.randn(65, 64, 512),
        "noise_again": torch.randn(65, 768),
        "noise_mix": torch.randn(65, 64, 512),
    }
    began = time.perf_counter()
    run(opened, published)
    print(f"65 rounds of 64 candidates: {time.perf_counter() - began:.2f} s")
    assert max(row.relative_l2 for row in graph.parity) < 1e-5


def test_the_aggregator_in_onnx_runtime(tmp_path):
    module = Aggregator(512, 1024, 512)
    names = {n: tuple(t.shape) for n, t in module.state_dict().items()}
    aggregator = load_aggregator({n: tensor(seeded(n, s)) for n, s in names.items()})
    g = golden("aggregator")
    graph = export_part(frames_part(aggregator), tmp_path)
    found = run(session(graph, tmp_path), {"frames": g["claps"], "noise": g["eps"]})
    assert told("aggregator", distance(found, g["clap"])) < 1e-5


def test_the_prior(tmp_path):
    file = PriorFile(tmp_path / "prior.pth", _net(prior_state(768, 12, 12, 77)), {})
    prior = load_prior(file, evaluations=16)
    g = golden("prior")
    said, vector = g["text_encodings_kept"][None], g["text_embed"]
    fresh = torch.cat((g["noise"][1:], torch.zeros(1, 2, 768)))
    with torch.no_grad():
        past = prior.net.past(said, vector)
        for x, t, wanted in zip(g["net_x"], g["net_t"], g["net_out"], strict=True):
            time_embed = prior.net.to_time_embeds[0].weight[int(t)]
            found = prior.net.clean(x[None], time_embed, *past)
            assert told(f"network at {int(t)}", distance(found[0], wanted)) < 1e-5
        found = prior.sample(said, vector, g["noise"][0], fresh)
        assert told("candidates", distance(found, g["sampled"])) < 1e-5
        likeness = torch.nn.functional.normalize(found, dim=-1) @ vector[0]
        assert distance(likeness, g["similarity"]) < 1e-4
        assert int(likeness.argmax()) == int(g["chosen"])
    inputs = {"said": said, "vector": vector, "start": g["noise"][0], "noise": fresh}
    part = Part("text", prior, inputs, {}, {"embed": (1, 768)}, tolerance=1e-4)
    found = run(session(export_part(part, tmp_path), tmp_path), inputs)
    assert told("vector in ONNX Runtime", distance(found[0], g["embedding"])) < 1e-5


def test_texts_and_parts_of_pictures(tmp_path):
    eye = openai(1024, 768, (24, 12), 14, 224, 768)
    text = load_clip_text(eye, "quick_gelu").requires_grad_(False)
    file = PriorFile(tmp_path / "prior.pth", _net(prior_state(768, 12, 12, 77)), {})
    described = Described(text, load_prior(file)).eval()
    graph = export_part(text_part(described), tmp_path)
    assert told("text", max(row.relative_l2 for row in graph.parity)) < 1e-4
    opened = session(graph, tmp_path)
    ids = torch.tensor([[49406, 13964, 14123, 49407]])
    began = time.perf_counter()
    run(opened, {"ids": ids, "noise": torch.randn(64, 2, 768)})
    print(f"a text: {time.perf_counter() - began:.2f} s")
    del opened, text, described
    for path in tmp_path.glob("text*"):
        path.unlink()
    image = load_clip_image(eye, "quick_gelu").requires_grad_(False)
    graph = export_eye(image, tmp_path)
    assert told("image", max(row.relative_l2 for row in graph.parity)) < 1e-5
    picture = np.random.default_rng(1).integers(0, 256, (1, 480, 640, 3), np.uint8)
    began = time.perf_counter()
    box = torch.tensor([[100.0, 50.0, 300.0, 400.0]])
    found = run(session(graph, tmp_path), {"image": torch.from_numpy(picture), "box": box})
    print(f"a part: {time.perf_counter() - began:.2f} s with opening", json.dumps(found.shape))
    assert abs(np.linalg.norm(found) - 1) < 1e-5


def _net(state):
    return {name: value for name, value in state.items() if name.startswith("net.")}
