"""Prompts of every kind, through the micro bundle's graphs."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from hearsight import media
from hearsight.bundle import open_bundle
from hearsight.conditioner import Conditioner, Conditioning, condition
from hearsight.engine import Engine
from hearsight.errors import BundleError, Cancelled, MediaError, RequestError
from hearsight.limits import resolve
from hearsight.request import Prompt, Request, text
from hearsight.sampler import Cancel
from hearsight.words import MAX_TEXT_BYTES

MICROS = Path(__file__).parents[1] / "micro"


@pytest.fixture(scope="module")
def micro():
    bundle = open_bundle(MICROS / "micro")
    with Engine(bundle, device="cpu", threads=1) as engine:
        yield bundle, engine


@pytest.fixture(scope="module")
def conditioner(micro):
    return Conditioner(*micro)


@pytest.fixture(scope="module")
def empty(micro):
    bundle, _ = micro
    return bundle.tensor(bundle.manifest.space.empty)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A picture, a video of six frames and a sound."""
    folder = tmp_path_factory.mktemp("media")
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (6, 24, 32, 3), np.uint8)
    cv2.imwrite(str(folder / "a.png"), pictures[0])
    film = cv2.VideoWriter(str(folder / "a.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 4, (32, 24))
    for picture in pictures:
        film.write(picture)
    film.release()
    soundfile.write(folder / "a.wav", 0.1 * rng.standard_normal(3000), 8000)
    return folder


@pytest.fixture
def encode(micro, conditioner, empty):
    def encode(request: Request, **options) -> Conditioning:
        settings = {
            "conditioners": [conditioner],
            "empty": empty,
            "progress": lambda *event: None,
            "cancel": Cancel(),
        } | options
        return condition(resolve(request, micro[0].manifest), **settings)

    return encode


def test_a_text_becomes_the_condition_that_the_bundle_promises(micro, conditioner):
    bundle, _ = micro
    golden = bundle.manifest.graphs["tokenize"].check
    tokens = [bundle.tensor(tensor) for tensor in golden.outputs]
    _, engine = micro
    [expected] = engine.run("text", {"ids": tokens[0], "mask": tokens[1]}, None).values()
    [got] = conditioner.condition("text", golden.text, Cancel())
    assert got.shape == bundle.manifest.space.shape
    np.testing.assert_array_equal(got, expected[0])


def test_each_frame_of_a_video_is_seen_and_a_picture_is_one_frame(micro, conditioner, files):
    bundle, engine = micro
    video = bundle.manifest.conditioners.video
    path = files / "a.avi"
    [times] = media.frame_times(path, fps=video.fps, max_frames=video.max_frames)
    frames = np.stack(list(media.frames_at(path, times)))
    assert len(frames) > 1
    embeds = [engine.run("image", {"image": frame[None]}, None) for frame in frames]
    stacked = np.concatenate([next(iter(e.values())) for e in embeds])[None]
    [expected] = engine.run("frames", {"frames": stacked}, None).values()
    [got] = conditioner.condition("video", str(files / "a.avi"), Cancel())
    np.testing.assert_array_equal(got, expected[0])
    [picture] = conditioner.condition("image", str(files / "a.png"), Cancel())
    assert picture.shape == got.shape


def test_a_sound_is_padded_to_the_length_that_the_graph_was_trained_on(micro, conditioner, files):
    bundle, engine = micro
    audio = bundle.manifest.conditioners.audio
    heard = media.read_audio(files / "a.wav", sample_rate=audio.sample_rate)
    wanted = round(audio.seconds * audio.sample_rate)
    padded = np.zeros((1, wanted), np.float32)
    padded[0, : len(heard)] = heard[:wanted]
    [expected] = engine.run("audio", {"audio": padded}, None).values()
    [got] = conditioner.condition("audio", str(files / "a.wav"), Cancel())
    np.testing.assert_array_equal(got, expected[0])


@pytest.mark.parametrize("samples", [100, 3000, 12000])
def test_a_sound_is_heard_as_long_as_it_is_where_the_graph_wants_it_so(micro, tmp_path, samples):
    bundle, engine = micro
    known = bundle.manifest.conditioners
    told = replace(known, audio=replace(known.audio, pad=False))
    unpadded = replace(bundle, manifest=replace(bundle.manifest, conditioners=told))
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "a.wav", 0.1 * rng.standard_normal(samples), 8000, subtype="FLOAT")
    heard = media.read_audio(tmp_path / "a.wav", sample_rate=8000)
    [expected] = engine.run("audio", {"audio": heard[None, :8000]}, None).values()
    path = str(tmp_path / "a.wav")
    [got], [padded] = (
        Conditioner(one, engine).condition("audio", path, Cancel()) for one in (unpadded, bundle)
    )
    np.testing.assert_array_equal(got, expected[0])
    assert np.array_equal(got, padded) == (samples >= 8000)


@pytest.mark.parametrize("samples", [3000, 8000, 12000])
def test_a_sound_in_memory_is_heard_like_one_in_a_file(conditioner, tmp_path, samples):
    audio = 0.1 * np.random.default_rng(0).standard_normal(samples).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", audio, 8000, subtype="FLOAT")
    [from_file] = conditioner.condition("audio", str(tmp_path / "a.wav"), Cancel())
    np.testing.assert_array_equal(conditioner.hear(audio, 8000, Cancel()), from_file)


def test_a_sound_at_another_rate_is_heard_alike(conditioner):
    time = np.arange(44100) / 44100
    low, high = (
        conditioner.hear(
            (0.3 * np.sin(2 * np.pi * 700 * time[: int(0.9 * rate)] * 44100 / rate)).astype("f4"),
            rate,
            Cancel(),
        )
        for rate in (8000, 44100)
    )
    assert low @ high > 0.99


def test_each_window_is_told_of_its_part_of_a_video_and_all_of_the_rest(encode, conditioner, files):
    path, spans = str(files / "a.avi"), [(0.0, 0.5), (0.5, 1.0), (1.0, 1.5)]
    seen = conditioner.condition("video", path, Cancel(), spans)
    assert len({one.tobytes() for one in seen}) == 3
    for span, one in zip(spans, seen, strict=True):
        np.testing.assert_array_equal(conditioner.condition("video", path, Cancel(), [span]), [one])
    alone = encode(Request((Prompt("video", path),), guidance=2.0), spans=spans)
    assert alone.guided.cond.shape == (3, 2, 16)
    np.testing.assert_array_equal(alone.guided.cond[:, 1], seen)
    np.testing.assert_array_equal(alone.target, seen)
    prompts = (Prompt("text", "rain"), Prompt("video", path))
    mixed = encode(Request(prompts, guidance=2.0, mix="branches"), spans=spans)
    [rain] = conditioner.condition("text", "rain", Cancel())
    assert mixed.guided.cond.shape == (3, 3, 16)
    for told, film in zip(mixed.guided.cond, seen, strict=True):
        np.testing.assert_array_equal(told[1:], [rain, film])
    assert mixed.target is None  # nothing will be compared
    events = []
    encode(
        Request(prompts, candidates=2), spans=spans, progress=lambda *event: events.append(event)
    )
    shares = [done / total for _, done, total in events]
    assert shares == sorted(shares)
    assert (shares[0], shares[1], shares[-1]) == (0, 0.5, 1)


class CountingEngine(Engine):
    """An engine that tells which graphs ran."""

    def run(self, name, inputs, cancel, **options):
        self.ran = [*getattr(self, "ran", []), name]
        return super().run(name, inputs, cancel, **options)


def test_however_many_parts_of_a_video_overlap_each_frame_is_seen_once(files):
    bundle = open_bundle(MICROS / "micro")
    video = bundle.manifest.conditioners.video
    spans = [(start / 8, start / 8 + 1) for start in range(5)]
    path = str(files / "a.avi")
    told = {"fps": video.fps, "max_frames": video.max_frames}
    shown = media.frame_times(path, spans=spans, **told)
    different = len(np.unique(np.concatenate(shown)))
    assert different < sum(map(len, shown))
    with CountingEngine(bundle, device="cpu", threads=1) as engine:
        conds = Conditioner(bundle, engine).condition("video", path, Cancel(), spans)
    assert (engine.ran.count("image"), engine.ran.count("frames")) == (different, len(spans))
    assert len(conds) == len(spans)


def test_what_is_no_video_is_encoded_once_for_all_windows(files):
    bundle = open_bundle(MICROS / "micro")
    spans = [(0.0, 1.0), (0.5, 1.5), (1.0, 2.0)]
    with CountingEngine(bundle, device="cpu", threads=1) as engine:
        conds = Conditioner(bundle, engine).condition("text", "rain", Cancel(), spans)
    assert engine.ran == list(bundle.manifest.conditioners.text.graphs)
    assert len(conds) == 3
    np.testing.assert_array_equal(conds, [conds[0]] * 3)


def test_a_file_that_cannot_be_read_is_a_media_error(encode, tmp_path):
    with pytest.raises(MediaError):
        encode(Request((Prompt("image", str(tmp_path / "missing.png")),)))


def test_one_prompt_is_guided_away_from_the_empty_condition(encode, conditioner, empty):
    told = encode(replace(text("rain"), guidance=3.0))
    [rain] = conditioner.condition("text", "rain", Cancel())
    np.testing.assert_array_equal(told.guided.cond, [[empty, rain]])
    np.testing.assert_array_equal(told.target, [rain])
    np.testing.assert_allclose(told.guided.weights, [-2, 3])
    assert told.notes == ()


def test_without_guidance_there_is_a_branch_for_each_prompt_and_none_to_lead_away_from(
    encode, conditioner, empty
):
    [rain], [wind] = (conditioner.condition("text", word, Cancel()) for word in ("rain", "wind"))
    told = encode(replace(text("rain"), negative="wind", guidance=3.0)).plain
    np.testing.assert_array_equal(told.cond, [[rain]])
    np.testing.assert_array_equal(told.weights, [1])
    both = Request((Prompt("text", "rain", 3.0), Prompt("text", "wind")), guidance=3.0)
    told = encode(replace(both, mix="branches")).plain
    np.testing.assert_array_equal(told.cond, [[rain, wind]])
    np.testing.assert_allclose(told.weights, [0.75, 0.25])
    told = encode(replace(text(""), negative="rain", guidance=2.0)).plain
    np.testing.assert_array_equal(told.cond, [[empty]])


def test_a_negative_prompt_takes_the_place_of_the_empty_condition(encode, conditioner):
    told = encode(replace(text("rain"), negative="wind", guidance=3.0))
    [wind] = conditioner.condition("text", "wind", Cancel())
    np.testing.assert_array_equal(told.guided.cond[0, 0], wind)
    np.testing.assert_allclose(told.guided.weights, [-2, 3])


def test_a_negative_prompt_that_can_do_nothing_is_remarked(encode):
    told = encode(replace(text("rain"), negative="wind", guidance=1.0))
    np.testing.assert_array_equal(told.guided.weights, [1])
    assert "negative prompt changes nothing at guidance 1" in told.notes[0]


def test_prompts_of_several_kinds_meet_in_one_average_or_in_branches(encode, files):
    prompts = (Prompt("text", "rain", 3.0), Prompt("image", str(files / "a.png"), 1.0))
    request = Request(prompts, guidance=2.0)
    assert len(encode(request).guided.weights) == 2
    told = encode(replace(request, mix="branches"))
    np.testing.assert_allclose(told.guided.weights, [-1, 1.5, 0.5])


@pytest.mark.parametrize("nothing", ["", " \t\n"])
def test_an_empty_text_plays_as_the_empty_condition(encode, empty, nothing):
    told = encode(text(nothing))
    np.testing.assert_array_equal(told.guided.cond, [[empty]])
    assert told.target is None
    np.testing.assert_array_equal(told.guided.weights, [1])
    assert told.notes == ("The text is empty, so the sound follows nothing but the seed.",)


def test_an_empty_text_can_still_be_led_away_from_something(encode, empty, conditioner):
    told = encode(replace(text(""), negative="rain", guidance=2.0))
    [rain] = conditioner.condition("text", "rain", Cancel())
    np.testing.assert_array_equal(told.guided.cond, [[rain, empty]])
    np.testing.assert_allclose(told.guided.weights, [-1, 2])


def test_an_empty_text_beside_a_picture_is_left_out(encode, files):
    picture = Prompt("image", str(files / "a.png"), 0.5)
    told = encode(Request((Prompt("text", " ", 9.0), picture)))
    alone = encode(Request((picture,)))
    np.testing.assert_array_equal(told.guided.cond, alone.guided.cond)
    assert told.notes == ("An empty text among the prompts was left out.",)


def test_an_empty_text_needs_an_empty_condition(encode):
    with pytest.raises(RequestError, match="cannot play without a prompt"):
        encode(text(""), empty=None)


def test_unknown_words_are_named_once_in_order(encode):
    told = encode(text("Zither and rain, QUOKKA-zither!"))
    assert told.notes == (
        "These words were not understood, so the sound does not follow them: zither, quokka.",
    )


def test_a_vocabulary_that_is_no_text_is_an_error_of_the_bundle(micro, tmp_path):
    bundle, engine = micro
    (tmp_path / "words.txt").write_bytes(b"rain\n\xff\n")
    spoiled = Conditioner(replace(bundle, root=tmp_path), engine)
    with pytest.raises(BundleError, match=r"words\.txt cannot be read as words"):
        spoiled.unknown_words("rain")


def test_many_unknown_words_are_counted(encode):
    told = encode(text(" ".join(f"w{n}x" for n in range(40))))
    assert told.notes[0].endswith("w11x and 28 more.")


@pytest.mark.parametrize("phrase", ["Rain!", "rain's", "rain\u2019s", "RAIN_rain"])
def test_spelling_around_a_known_word_does_not_make_it_unknown(conditioner, phrase):
    assert conditioner.unknown_words(phrase) == []


def test_a_text_of_any_size_plays_and_says_what_was_used(encode):
    whole = "rain " * (MAX_TEXT_BYTES // 5)
    assert encode(text(whole)).notes == ()
    longer = encode(text(whole + "quokka é"))
    assert longer.notes == (
        "The text of 100,009 bytes is too long; its first 100,000 bytes were used.",
    )
    np.testing.assert_array_equal(longer.guided.cond, encode(text(whole)).guided.cond)


def test_a_text_may_hold_any_character(encode):
    assert encode(text("rain\0 \u200b 雨 🌧\r\n")).guided.cond.shape == (1, 2, 16)


def test_a_kind_of_prompt_that_no_bundle_understands_is_refused(encode, files):
    eye = open_bundle(MICROS / "micro-eye")
    with Engine(eye, device="cpu", threads=1) as engine:
        player = Conditioner(eye, engine)
        assert player.understands == ("image",)
        with pytest.raises(RequestError, match="No loaded bundle understands text prompts, only"):
            encode(text("rain"), conditioners=[player])
        seen = encode(Request((Prompt("image", str(files / "a.png")),)), conditioners=[player])
        assert seen.guided.cond.shape == (1, 2, 16)


def test_the_first_conditioner_that_understands_is_used(encode, conditioner, files):
    eye = open_bundle(MICROS / "micro-eye")
    picture = Request((Prompt("image", str(files / "a.png")),))
    with Engine(eye, device="cpu", threads=1) as engine:
        player = Conditioner(eye, engine)
        first = encode(picture, conditioners=[player, conditioner])
        [seen] = player.condition("image", str(files / "a.png"), Cancel())
    np.testing.assert_array_equal(first.guided.cond[0, 1], seen)
    assert not np.array_equal(first.guided.cond[0, 1], encode(picture).guided.cond[0, 1])


def test_encoding_counts_prompts_and_stops_between_them(encode):
    cancel, events = Cancel(), []

    def progress(*event):
        events.append(event)
        if event == ("encode", 1, 3):
            cancel.cancel()

    request = Request(tuple(Prompt("text", word) for word in ("rain", "wind", "bell")))
    encode(request, progress=lambda *event: events.append(event))
    assert events == [("encode", done, 3) for done in range(4)]
    with pytest.raises(Cancelled):
        encode(request, progress=progress, cancel=cancel)


def test_the_first_prompt_of_a_kind_is_cold():
    bundle = open_bundle(MICROS / "micro")
    request = resolve(text("rain"), bundle.manifest)
    with Engine(bundle, device="cpu", threads=1) as engine:
        players = [Conditioner(bundle, engine)]
        empty = bundle.tensor(bundle.manifest.space.empty)
        colds = [
            condition(request, players, empty, lambda *event: None, Cancel()).cold for _ in range(2)
        ]
    assert colds == [True, False]


def test_progress_counts_the_looks_at_a_video(conditioner, files):
    told = []
    prompts = (Prompt("text", "rain"), Prompt("video", str(files / "a.avi")))
    request = Request(prompts, guidance=1.0, seed=1)
    condition(request, [conditioner], None, lambda *step: told.append(step), Cancel())
    assert {stage for stage, _, _ in told} == {"encode"}
    shares = [done / total for _, done, total in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)
    assert len({share for share in shares if 0.5 <= share < 1}) == 6
