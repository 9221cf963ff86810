"""How far a graph is from the tensors that its bundle carries."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hearsight.bundle import open_bundle
from hearsight.errors import BundleError
from hearsight.golden import Distance, allowed, distance, least_snr_db
from hearsight.profiles import Extent, Profile, profiles
from hearsight.sessions import Tensors

MICRO = open_bundle(Path(__file__).resolve().parents[1] / "micro" / "micro")


def wanted(name: str) -> list[Any]:
    check = MICRO.manifest.graphs[name].check
    assert check
    return [MICRO.tensor(listed) for listed in check.outputs]


def found(name: str, outputs: list[Any]) -> Distance:
    told = distance(MICRO, name, lambda inputs: outputs)
    assert told
    return told


def test_equal_outputs_have_no_distance():
    told = found("vocoder", wanted("vocoder"))
    assert (told.max_abs, told.relative_l2, told.snr_db) == (0, 0, math.inf)


def test_the_error_is_told_by_its_largest_value_and_by_its_share():
    [audio] = wanted("vocoder")
    told = found("vocoder", [audio * np.float32(1.01)])
    assert told.relative_l2 == pytest.approx(0.01, rel=1e-3)
    assert told.snr_db == pytest.approx(40, abs=0.01)
    assert told.max_abs == pytest.approx(0.01 * np.abs(audio).max(), rel=1e-3)


def test_of_several_outputs_the_worst_counts():
    latent, d = wanted("denoise")
    assert found("denoise", [latent, d * np.float32(2)]).relative_l2 == pytest.approx(1)


@pytest.mark.parametrize("spoil", [lambda x: x[..., :-1], lambda x: x * np.nan, lambda x: x / 0])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_another_shape_and_what_is_no_number_are_infinitely_far(spoil):
    [audio] = wanted("vocoder")
    told = found("vocoder", [spoil(audio)])
    assert (told.max_abs, told.relative_l2, told.snr_db) == (math.inf, math.inf, -math.inf)


def test_token_ids_are_equal_or_wrong():
    ids, mask = wanted("tokenize")
    assert found("tokenize", [ids, mask]).relative_l2 == 0
    ids[0, 1] += 1
    assert found("tokenize", [ids, mask]).relative_l2 == math.inf


def test_the_graph_gets_its_golden_inputs_by_name_and_texts_as_texts():
    heard: list[Tensors] = []
    distance(MICRO, "tokenize", lambda inputs: heard.append(inputs) or wanted("tokenize"))
    check = MICRO.manifest.graphs["tokenize"].check
    assert check
    assert [value.tolist() for value in heard[0].values()] == [[check.text]]
    distance(MICRO, "denoise", lambda inputs: heard.append(inputs) or wanted("denoise"))
    assert list(heard[1]) == [spec.name for spec in MICRO.manifest.graphs["denoise"].inputs]


def test_a_graph_without_golden_tensors_has_no_distance():
    graphs = MICRO.manifest.graphs
    bare = {**graphs, "vocoder": replace(graphs["vocoder"], check=None)}
    unchecked = replace(MICRO, manifest=replace(MICRO.manifest, graphs=bare))
    assert distance(unchecked, "vocoder", lambda inputs: []) is None


def test_golden_tensors_of_sizes_that_a_graph_was_not_compiled_for_have_no_distance():
    made = profiles(MICRO.manifest, "vocoder")
    [audio] = wanted("vocoder")
    mel = MICRO.tensor(MICRO.manifest.graphs["vocoder"].check.inputs[0])  # type: ignore[union-attr]
    fits = Profile((Extent("mel", mel.shape, mel.shape, mel.shape),))
    assert not any(profile.takes({"mel": mel.shape}) for profile in made)
    assert distance(MICRO, "vocoder", lambda inputs: [audio], within=made) is None
    told = distance(MICRO, "vocoder", lambda inputs: [audio], within=(*made, fits))
    assert told
    assert told.relative_l2 == 0


def test_a_golden_tensor_that_went_away_is_named(tmp_path: Path):
    with pytest.raises(BundleError, match=r"vocoder\..*"):
        distance(replace(MICRO, root=tmp_path), "vocoder", lambda inputs: [])


def test_what_is_allowed_grows_with_what_the_exporter_measured():
    graph = MICRO.manifest.graphs["denoise"]
    [half] = [told for told in graph.parity if told.precision == "fp16"]
    rough = replace(graph, parity=(replace(half, relative_l2=0.05),))
    assert allowed(graph, "fp16") == 3e-2
    assert allowed(rough, "fp16") == pytest.approx(0.15)
    assert allowed(rough, "fp32") == 1e-3
    assert least_snr_db(rough, "fp32") == pytest.approx(60)
