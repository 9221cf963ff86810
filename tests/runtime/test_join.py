"""Prompts that meet before they are a condition: rows, means, parts of pictures, noise, search."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from hearsight import media, noise
from hearsight.bundle import open_bundle
from hearsight.conditioner import Conditioner, condition
from hearsight.engine import Engine
from hearsight.errors import MediaError, RequestError
from hearsight.join import How
from hearsight.mixing import average, mean
from hearsight.request import Heard, Prompt, Request, Search
from hearsight.sampler import Cancel

MICROS = Path(__file__).parents[1] / "micro"


class Recorder(Engine):
    """An engine that keeps what its graphs were given."""

    def run(self, name, inputs, cancel, **options):
        self.given.setdefault(name, []).append(dict(inputs))
        return super().run(name, inputs, cancel, **options)


def opened(name, **changes):
    bundle = open_bundle(MICROS / name)
    bundle = replace(bundle, manifest=replace(bundle.manifest, **changes))
    engine = Recorder(bundle, device="cpu", threads=1)
    engine.given = {}
    return Conditioner(bundle, engine), engine


@pytest.fixture
def parts():
    conditioner, engine = opened("micro-parts")
    with engine:
        yield conditioner, engine


@pytest.fixture
def senses():
    conditioner, engine = opened("micro-senses")
    with engine:
        yield conditioner, engine


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Pictures with two bright quarters and with none, a film, a sound, a table of numbers."""
    folder = tmp_path_factory.mktemp("media")
    two = np.full((20, 30, 3), 20, np.uint8)
    two[:10, :15], two[10:, 15:] = 180, 240
    cv2.imwrite(str(folder / "two.png"), two)
    cv2.imwrite(str(folder / "dark.png"), two // 10)
    film = cv2.VideoWriter(str(folder / "a.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 4, (30, 20))
    for shade in range(6):
        film.write(np.roll(two, shade, axis=1))
    film.release()
    rng = np.random.default_rng(0)
    soundfile.write(folder / "a.wav", 0.1 * rng.standard_normal(3000), 8000)
    np.save(folder / "a.npy", rng.standard_normal((2000, 6)).astype("f4"))
    return folder


def told(conditioner, *prompts, empty=None, **fields):
    fields = {"guidance": 1.0, "seed": 5} | fields
    request = Request(tuple(prompts), **fields)
    return condition(request, [conditioner], empty, lambda *event: None, Cancel())


def one(conditioner, *prompts, **fields):
    [target] = told(conditioner, *prompts, **fields).target
    return target


def test_a_picture_alone_keeps_row_0_and_its_parts_follow_the_surest_first(parts, files):
    conditioner, engine = parts
    found = told(conditioner, Prompt("image", str(files / "two.png")))
    boxes = [each["box"].tolist()[0] for each in engine.given["image"]]
    assert boxes == [[0, 0, 30, 20], [15, 10, 30, 20], [0, 0, 15, 10]]
    [given] = engine.given["join"]
    assert np.all(np.any(given["pictures"][0], axis=1) == [True, True, True, False, False])
    assert not given["sounds"].any()
    np.testing.assert_array_equal(given["weights"], [[1, 1, 1, 1, 1]])
    assert found.sources[0] == Heard(0, None, None, 1.0)
    assert [(each.box, each.weight) for each in found.sources[1:]] == [
        ((15, 10, 30, 20), 1),
        ((0, 0, 15, 10), 1),
    ]
    assert found.sources[1].score == pytest.approx(240 / 255, abs=1e-5)


def test_weights_of_parts_reach_the_graph_and_0_leaves_one_out(parts, files):
    conditioner, engine = parts
    picture = Prompt("image", str(files / "two.png"), sources=(0.0, 0.5))
    found = told(conditioner, picture)
    [given] = engine.given["join"]
    np.testing.assert_array_equal(given["weights"], [[1, 0.5, 1, 1, 1]])
    assert not given["pictures"][0, 2:].any()
    assert len(engine.given["image"]) == 2
    assert [each.weight for each in found.sources] == [1, 0, 0.5]


def test_a_picture_without_parts_is_heard_as_a_whole(parts, files):
    conditioner, engine = parts
    found = told(conditioner, Prompt("image", str(files / "dark.png")))
    assert np.flatnonzero(engine.given["join"][0]["pictures"][0].any(axis=1)).tolist() == [0]
    assert found.sources == (Heard(0, None, None, 1.0),)
    dark = Prompt("image", str(files / "dark.png"), sources=(1.0,))
    with pytest.raises(RequestError, match=r"sources has 1 weights, and 0 parts were found in"):
        told(conditioner, dark)


def test_no_more_parts_than_the_bundle_looks_at(files):
    known = open_bundle(MICROS / "micro-parts").manifest.conditioners
    fewer = replace(known, image=replace(known.image, max_sources=1))
    conditioner, engine = opened("micro-parts", conditioners=fewer)
    with engine:
        told(conditioner, Prompt("image", str(files / "two.png")))
    assert len(engine.given["image"]) == 2  # the whole, and the surest part


def test_several_prompts_have_a_row_each_pictures_before_texts_before_sounds(parts, files):
    conditioner, engine = parts
    sound = Prompt("audio", str(files / "a.wav"), 3.0)
    picture = Prompt("image", str(files / "two.png"), 0.5)
    found = told(conditioner, sound, Prompt("text", "rain"), picture)
    [given] = engine.given["join"]
    assert "detect" not in engine.given
    assert given["pictures"][0].any(axis=1).tolist() == [False, True, True, False, False]
    assert given["sounds"][0].any(axis=1).tolist() == [False, False, False, True, False]
    np.testing.assert_array_equal(given["weights"], [[1, 0.5, 1, 3, 1]])
    assert found.sources == (Heard(2, None, None, 0.5),)


def test_as_many_prompts_as_there_are_rows_and_no_more(parts):
    conditioner, engine = parts
    words = [Prompt("text", word) for word in ("rain", "wind", "bell", "dog", "cat")]
    told(conditioner, *words[:4])
    assert engine.given["join"][0]["pictures"][0].any(axis=1).tolist() == [False, *[True] * 4]
    with pytest.raises(RequestError, match="5 prompts are too many for 'micro-parts', which has"):
        told(conditioner, *words)
    told(conditioner, *words, mix="branches")


def test_in_branches_each_prompt_is_joined_alone_and_so_is_the_negative_one(parts, files):
    conditioner, engine = parts
    prompts = Prompt("text", "rain"), Prompt("image", str(files / "two.png"), -0.5)
    found = told(conditioner, *prompts, mix="branches", negative="wind", guidance=2.0)
    assert found.guided.cond.shape == (1, 3, 16)
    np.testing.assert_allclose(found.guided.weights, [-1, 4, -2])
    assert len(engine.given["join"]) == 3
    assert len(engine.given["detect"]) == 1  # a picture alone is looked at in parts


@pytest.mark.parametrize(
    ("prompts", "fields", "sentence"),
    [
        ([("rain", 2.0), ("wind", -1.0)], {}, "the weight of 'wind' is -1: give it as a negative"),
        ([("rain", 1.0)], {"search": Search(10_000, 10_000)}, "fewer rounds or candidates"),
    ],
)
def test_what_a_join_cannot_do_is_refused(parts, prompts, fields, sentence):
    asked = [Prompt("text", word, weight) for word, weight in prompts]
    with pytest.raises(RequestError, match=sentence):
        told(parts[0], *asked, **fields)


def test_parts_are_weighed_only_where_there_are_some(parts, senses, files):
    picture = Prompt("image", str(files / "two.png"), sources=(1.0,))
    with pytest.raises(RequestError, match="beside other prompts as a whole"):
        told(parts[0], picture, Prompt("text", "rain"))
    with pytest.raises(RequestError, match="'micro-senses' finds no parts in pictures"):
        told(senses[0], picture)


def test_a_graph_without_weights_takes_none_but_1_and_0(files):
    bundle = open_bundle(MICROS / "micro-parts")
    graphs = dict(bundle.manifest.graphs)
    unweighed = tuple(spec for spec in graphs["join"].inputs if spec.name != "weights")
    graphs["join"] = replace(graphs["join"], inputs=unweighed)
    conditioner, engine = opened("micro-parts", graphs=graphs)
    two = str(files / "two.png")
    with engine:
        with pytest.raises(RequestError, match="'micro-parts' cannot weigh its prompts"):
            told(conditioner, Prompt("text", "rain", 2.0), Prompt("text", "wind"))
        with pytest.raises(RequestError, match="give no weights but 1, and 0 for parts"):
            told(conditioner, Prompt("image", two, sources=(0.5,)))


def test_a_picture_whose_parts_are_all_muted_says_nothing_without_its_row(files):
    join = replace(open_bundle(MICROS / "micro-parts").manifest.join, whole=False)
    conditioner, engine = opened("micro-parts", join=join)
    two = str(files / "two.png")
    with engine:
        told(conditioner, Prompt("image", two))
        assert engine.given["join"][0]["pictures"][0].any(axis=1).tolist() == [
            True, True, False, False, False,
        ]  # fmt: skip
        with pytest.raises(RequestError, match=r"Every part of .*two.png is muted"):
            told(conditioner, Prompt("image", two, sources=(0.0, 0.0)))
        found = told(conditioner, Prompt("image", two, 2.0, (0.5,)), Prompt("text", "rain"))
        np.testing.assert_array_equal(engine.given["join"][-1]["weights"], [[1, 2, 1, 1, 1]])
    assert [each.weight for each in found.sources] == [1, 2]


def test_noise_is_the_seeds_and_as_the_format_says(parts):
    conditioner, engine = parts
    for seed in (5, 5, 6):
        one(conditioner, Prompt("text", "rain"), seed=seed)
    first, again, other = (each["noise"] for each in engine.given["text"])
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    seed = noise.item_seed(5, "text 0", 0)
    np.testing.assert_array_equal(first, noise.normal(seed, noise.CONDITION, (1, 8)))
    drawn = noise.normal(noise.item_seed(5, "join 0", 0), noise.CONDITION, (3, 4, 16))
    np.testing.assert_array_equal(engine.given["join"][0]["noise"], drawn / np.float32(2))


def test_each_prompt_has_noise_of_its_own(parts):
    conditioner, engine = parts
    told(conditioner, Prompt("text", ""), Prompt("text", "rain"), Prompt("text", "rain"))
    first, second = (each["noise"] for each in engine.given["text"])
    assert not np.array_equal(first, second)
    seed = noise.item_seed(5, "text 0", 0)
    np.testing.assert_array_equal(first, noise.normal(seed, noise.CONDITION, (1, 8)))


def test_the_same_request_is_the_same_condition_whatever_its_id(parts, files):
    prompts = Prompt("image", str(files / "two.png")), Prompt("audio", str(files / "a.wav"))
    first, again, renamed = (one(parts[0], *prompts, id=name) for name in ("a", "a", "b"))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, renamed)
    assert not np.array_equal(first, one(parts[0], *prompts, seed=6))


def test_a_search_may_be_longer_and_begins_alike(parts):
    conditioner, engine = parts
    one(conditioner, Prompt("text", "rain"))
    one(conditioner, Prompt("text", "rain"), search=Search(rounds=6))
    one(conditioner, Prompt("text", "rain"), search=Search(candidates=7, draws=1))
    own, longer, wider = (each["noise"] for each in engine.given["join"])
    assert (own.shape, longer.shape, wider.shape) == ((3, 4, 16), (6, 4, 16), (3, 7, 16))
    np.testing.assert_array_equal(longer[:3], own)
    np.testing.assert_allclose(wider.reshape(-1)[:64], 2 * own.reshape(-1)[:64], rtol=1e-6)


def test_nothing_is_searched_where_nobody_does(senses):
    with pytest.raises(RequestError, match="searches for its condition: leave search out"):
        told(senses[0], Prompt("text", "rain"), search=Search(rounds=2))


def test_means_are_of_unit_vectors_or_not_as_the_bundle_or_the_request_says(senses, files):
    conditioner, engine = senses
    two = Prompt("text", "rain", 3.0), Prompt("text", "loud wind")
    seen = Prompt("image", str(files / "two.png")), Prompt("depth", str(files / "dark.png"))
    for mix in ("average", "raw", "unit"):
        told(conditioner, *two, *seen, mix=mix)
    values = {name: [] for name in ("text", "image")}
    for name, kept in values.items():
        for given in engine.given[name][:2]:
            [value] = engine.run(name, given, None).values()
            kept.append(value[0])
    own, raw, unit = engine.given["join"]
    for name, graph, weights in (("words", "text", [3, 1]), ("seen", "image", [1, 1])):
        for given, how in ((raw, "raw"), (unit, "unit")):
            np.testing.assert_array_equal(given[name][0], mean(values[graph], weights, how))
    np.testing.assert_array_equal(own["words"], unit["words"])
    np.testing.assert_array_equal(own["seen"], raw["seen"])
    assert not own["heard"].any()


def test_a_mean_of_unit_vectors_has_length_1():
    vectors = [np.array([3, 4], np.float32), np.zeros(2, np.float32)]
    np.testing.assert_allclose(mean(vectors[:1], [2.0], "unit"), [0.6, 0.8], rtol=1e-7)
    np.testing.assert_array_equal(mean(vectors[:1], [2.0], "raw"), [3, 4])
    np.testing.assert_allclose(mean(vectors, [1.0, 3.0], "unit"), [0.6, 0.8], rtol=1e-7)
    np.testing.assert_array_equal(mean(vectors[1:] * 2, [1.0, 3.0], "unit"), [0, 0])
    with pytest.raises(RequestError, match="cancel each other out"):
        mean([vectors[0], -2 * vectors[0]], [1.0, 1.0], "unit")
    rows = np.array([[3, 4], [0, 2]], np.float32)
    np.testing.assert_allclose(mean([rows], [1.0], "unit"), [[0.6, 0.8], [0, 1]], rtol=1e-7)


def test_prompts_that_do_not_meet_are_mixed_raw_or_as_unit_vectors_if_asked():
    micro = open_bundle(MICROS / "micro")
    with Engine(micro, device="cpu", threads=1) as engine:
        conditioner = Conditioner(micro, engine)
        words = Prompt("text", "rain", 2.0), Prompt("text", "loud wind")
        each = [conditioner.condition("text", prompt.value, Cancel())[0] for prompt in words]
        asked = {mix: one(conditioner, *words, mix=mix) for mix in ("average", "raw", "unit")}
    np.testing.assert_array_equal(asked["average"], average(each, [2, 1]))
    for how in ("raw", "unit"):
        np.testing.assert_array_equal(asked[how], mean(each, [2, 1], how))


def test_joined_prompts_meet_those_of_another_bundle_with_all_their_weight(senses, files):
    micro = open_bundle(MICROS / "micro-eye")
    sound = Prompt("audio", str(files / "a.wav"))
    words = Prompt("text", "rain", 2.0), sound, Prompt("image", str(files / "two.png"), 4.0)
    with Engine(micro, device="cpu", threads=1) as engine:
        players = [Conditioner(micro, engine), senses[0]]
        request = Request(words, guidance=1.0, seed=5)
        [target] = condition(request, players, None, lambda *event: None, Cancel()).target
        [seen] = players[0].condition("image", words[2].value, Cancel())
    joined = one(senses[0], *words[:2])
    np.testing.assert_array_equal(target, average([joined, seen], [3, 4]))


def test_every_frame_of_a_video_is_joined_before_the_frames_are(parts, files):
    conditioner, engine = parts
    path = str(files / "a.avi")
    video = conditioner.manifest.conditioners.video
    [times] = media.frame_times(path, fps=video.fps, max_frames=video.max_frames)
    asked = conditioner.tell({0: Prompt("video", path)}, How(seed=5), Cancel())
    assert len(engine.given["join"]) == len(engine.given["detect"]) == len(times) > 2
    assert all(each["pictures"][0, 0].any() for each in engine.given["join"])
    for time, given in zip(times, engine.given["join"], strict=True):
        seed = noise.item_seed(5, "join 0", round(1000 * time))
        drawn = noise.normal(seed, noise.CONDITION, (3, 4, 16))
        np.testing.assert_array_equal(given["noise"], drawn / np.float32(2))
    [frames] = engine.given["frames"]
    assert frames["frames"].shape == (1, len(times), 16)
    assert asked.conditions[0].shape == (16,)
    assert asked.sources == ()


def test_a_video_is_seen_in_moments_each_part_in_its_own(senses, files):
    conditioner, engine = senses
    path = str(files / "a.avi")  # 1.5 s, 4 frames a second
    conditioner.condition("video", path, Cancel())
    assert [each["moment"].shape for each in engine.given["moment"]] == [(2, 20, 30, 3)] * 3
    every = list(media.frames_at(path, np.arange(6) / 4))
    shown = [(0, 2), (1, 3), (2, 4)]  # of 0.5 s from 0, 1/3 and 2/3 s
    for given, (first, last) in zip(engine.given["moment"], shown, strict=True):
        np.testing.assert_array_equal(given["moment"], np.stack([every[first], every[last]]))
    seen = conditioner.condition("video", path, Cancel(), [(0.0, 0.5), (1.0, 1.5)])
    assert len(seen) == 2
    assert not np.array_equal(*seen)


def test_a_part_of_a_video_meets_what_is_the_same_for_all_parts(senses, files):
    conditioner, engine = senses
    prompts = {0: Prompt("text", "rain"), 1: Prompt("video", str(files / "a.avi"))}
    spans = [(0.0, 0.5), (0.5, 1.0)]
    asked = conditioner.tell(prompts, How(), Cancel(), spans)
    first, second = engine.given["join"]
    np.testing.assert_array_equal(first["words"], second["words"])
    assert not np.array_equal(first["seen"], second["seen"])
    assert len(asked.conditions) == 2
    assert len(engine.given["text"]) == 1


def test_sensors_are_heard(senses, files):
    conditioner, engine = senses
    assert conditioner.understands == (
        "text", "image", "video", "audio", "depth", "thermal", "imu",
    )  # fmt: skip
    table = np.load(files / "a.npy")
    conditioner.condition("imu", str(files / "a.npy"), Cancel())
    np.testing.assert_array_equal(engine.given["signal"][0]["signal"], [table.T])
    depth, thermal, image = (
        conditioner.condition(kind, str(files / "two.png"), Cancel())[0]
        for kind in ("depth", "thermal", "image")
    )
    np.testing.assert_array_equal(depth, thermal)
    np.testing.assert_array_equal(depth, image)
    with pytest.raises(MediaError, match="is no table of a sensor: give it as image"):
        conditioner.condition("imu", str(files / "two.png"), Cancel())


def test_a_sound_in_memory_goes_the_same_way_as_one_in_a_file(senses, tmp_path):
    audio = 0.1 * np.random.default_rng(0).standard_normal(3000).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", audio, 8000, subtype="FLOAT")
    [from_file] = senses[0].condition("audio", str(tmp_path / "a.wav"), Cancel())
    np.testing.assert_array_equal(senses[0].hear(audio, 8000, Cancel()), from_file)
