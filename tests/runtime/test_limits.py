"""Requests that cannot be carried out say which field, what it is, and what it may be."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from hearsight.bundle import open_bundle
from hearsight.errors import MediaError, RequestError
from hearsight.limits import check, resolve
from hearsight.request import Finish, Init, Like, Prompt, Request, text

MICRO = Path(__file__).parents[1] / "micro" / "micro"
RAIN = text("rain")


@pytest.fixture(scope="module")
def manifest():
    return open_bundle(MICRO).manifest


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("seed", -1, "0 to 9223372036854775807"),
        ("seed", 2**63, "0 to 9223372036854775807"),
        ("seed", 1.5, "a whole number"),
        ("seed", "7", "a whole number"),
        ("seed", True, "a whole number"),
        ("steps", 0, "1 to 1000"),
        ("steps", 1001, "1 to 1000"),
        ("guidance", -0.1, "0 to 30"),
        ("guidance", 30.5, "0 to 30"),
        ("guidance", float("nan"), "0 to 30"),
        ("guidance", float("inf"), "0 to 30"),
        ("guidance_interval", (0.5, 0.5), "its end must be above its start"),
        ("guidance_interval", (0.7, 0.2), "its end must be above its start"),
        ("eta", 1.1, "0 to 1"),
        ("seconds", 0.0, "0.01 to 600"),
        ("seconds", float("nan"), "0.01 to 600"),
        ("variations", 0, "1 to 1000"),
        ("variations", 1001, "1 to 1000"),
        ("first_variation", -1, "0 to 2147483647"),
        ("solver", "heun", "'ddim', 'dpm\\+\\+2m', 'euler'"),
        ("mix", "blend", "'average', 'raw', 'unit', 'branches'"),
        ("candidates", 0, "1 to 100"),
        ("candidates", 2.0, "a whole number"),
        ("id", "\ud800", "valid Unicode"),
        ("negative", None, "text"),
    ],
)
def test_a_value_out_of_range_is_named_with_its_range(field, value, allowed):
    with pytest.raises(RequestError, match=rf"^{field} is .*{allowed}"):
        check(replace(RAIN, **{field: value}))


@pytest.mark.parametrize("interval", [(-0.1, 0.5), (0.0, 1.1), (float("nan"), 1.0), (0.0, "1")])
def test_a_guidance_interval_lies_between_0_and_1(interval):
    with pytest.raises(RequestError, match=r"^guidance_interval\[[01]\] is .*a number from 0 to 1"):
        check(replace(RAIN, guidance_interval=interval))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("trim_db", 1.0),
        ("fade_in", -1.0),
        ("fade_out", float("inf")),
        ("level", "loud"),
        ("level_db", 0.5),
        ("sample_rate", 100),
        ("channels", 3),
    ],
)
def test_finishing_has_ranges_too(field, value):
    with pytest.raises(RequestError, match=rf"^{field} is "):
        check(replace(RAIN, finish=replace(Finish(), **{field: value})))


@pytest.mark.parametrize(
    ("prompts", "said"),
    [
        ((), "no prompt"),
        ((Prompt("smell", "rose"),), r"prompts\[0\]\.modality is 'smell'"),
        ((Prompt("text", "rain"), Prompt("image", "")), r"prompts\[1\]\.value is empty"),
        ((Prompt("text", "rain", 0.0),), r"prompts\[0\]\.weight is 0"),
        ((Prompt("text", "rain", float("nan")),), r"prompts\[0\]\.weight is nan"),
        ((Prompt("text", "rain", 1.0), Prompt("text", "sea", -1.0)), "sum to 0"),
        ((Prompt("text", "\udcff"),), "valid Unicode"),
    ],
)
def test_prompts_are_checked_one_by_one(prompts, said):
    with pytest.raises(RequestError, match=said):
        check(Request(prompts))


def test_an_empty_text_is_no_error():
    check(text("  "))


def test_what_is_left_open_comes_from_the_bundle(manifest):
    resolved = resolve(RAIN, manifest)
    assert (resolved.seconds, resolved.steps, resolved.guidance) == (1.0, 4, 2.5)
    assert (resolved.solver, resolved.eta) == ("ddim", 0.0)
    assert resolved.seed is not None
    assert resolve(resolved, manifest) == resolved


def test_a_fresh_seed_is_drawn_each_time(manifest):
    assert len({resolve(RAIN, manifest).seed for _ in range(20)}) == 20


def test_a_length_that_the_bundle_does_not_make_is_refused(manifest):
    with pytest.raises(RequestError, match=r"'micro' makes sounds of 0\.25 to 600 seconds"):
        resolve(replace(RAIN, seconds=0.24), manifest)


@pytest.mark.parametrize("seconds", [4.01, 600.0])
def test_a_sound_may_be_longer_than_the_bundle_makes_in_one_piece(manifest, seconds):
    assert resolve(replace(RAIN, seconds=seconds), manifest).seconds == seconds


def test_eta_belongs_to_ddim(manifest):
    with pytest.raises(RequestError, match="eta is 1; only solver 'ddim'"):
        resolve(replace(RAIN, solver="dpm++2m", eta=1.0), manifest)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"like": Like(-1)}, r"like\.seed is -1; .* 0 to 18446744073709551615"),
        ({"like": Like(2**64)}, r"like\.seed is"),
        ({"like": Like(1, 1.1)}, r"like\.spread is 1\.1; .* 0 to 1"),
        ({"like": Like(1, float("nan"))}, r"like\.spread is nan"),
        ({"init": Init("")}, r"init\.file is empty"),
        ({"init": Init("a.wav", 0.0)}, r"init\.strength is 0\.0; .* 0\.01 to 1"),
        ({"init": Init("a.wav", span=(2.0, 1.0))}, r"init\.span is 2 to 1; its end"),
        ({"init": Init("a.wav", span=(0.0, 601.0))}, r"init\.span\[1\] is 601"),
        ({"init": Init("a.wav", band=(0.0, 96001.0))}, r"init\.band\[1\] is 96001"),
        ({"loop": True, "finish": Finish(trim=True)}, "no ends to trim"),
        ({"loop": True, "init": Init("a.wav", span=(0.0, 1.0))}, "cannot be made to loop"),
    ],
)
def test_what_a_sound_begins_with_and_stays_near_to_has_ranges(changed, said):
    with pytest.raises(RequestError, match=said):
        check(replace(RAIN, **changed))


def chain(count, **last):
    """`count` sounds, each near to the next."""
    like = Like(1, **last)
    for _ in range(count - 1):
        like = Like(1, like=like)
    return like


@pytest.mark.parametrize("count", [33, 40, 5000])
def test_a_sound_is_followed_back_over_so_many_that_it_is_near_to(count):
    check(replace(RAIN, like=chain(32)))
    with pytest.raises(RequestError, match=rf"^like goes back over {count} sounds, and at most 32"):
        check(replace(RAIN, like=chain(count)))


def test_every_sound_of_the_way_back_is_checked():
    with pytest.raises(RequestError, match=r"like\.spread is 1\.5"):
        check(replace(RAIN, like=chain(3, spread=1.5)))


def tone(path, samples):
    soundfile.write(path, 0.1 * np.sin(np.arange(samples)), 8000)
    return str(path)


def test_an_open_length_is_that_of_the_sound_it_begins_with(manifest, tmp_path):
    init = Init(tone(tmp_path / "a.wav", 12345))
    assert resolve(replace(RAIN, init=init), manifest).seconds == 12345 / 8000
    assert resolve(replace(RAIN, init=init, seconds=3.0), manifest).seconds == 3.0
    short, long = (Init(tone(tmp_path / f"{n}.wav", n)) for n in (80, 601 * 8000))
    assert resolve(replace(RAIN, init=short), manifest).seconds == 0.25
    assert resolve(replace(RAIN, init=long), manifest).seconds == 600.0


@pytest.mark.parametrize(
    ("span", "seconds"),
    [
        ((0.5, 2.5), 2.5),
        ((1.25, 599.0), 599.0),
        ((1.25, 2.0), 2.0),
        ((0.5, 1.0), 1.25),
        ((0.5, 600.0), 1.25),  # an open end is that of the file
        (None, 1.25),
    ],
)
def test_an_open_length_reaches_the_end_of_the_span_beyond_the_files(
    manifest, tmp_path, span, seconds
):
    init = Init(tone(tmp_path / "a.wav", 10000), span=span)
    resolved = resolve(replace(RAIN, init=init), manifest)
    assert resolved.seconds == seconds
    assert resolved.init.span == span
    assert resolve(replace(RAIN, init=init, seconds=3.0), manifest).seconds == 3.0


def test_an_open_length_is_that_of_the_one_video(manifest, tmp_path):
    film = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (32, 24))
    for _ in range(23):
        film.write(np.zeros((24, 32, 3), np.uint8))
    film.release()
    video = Prompt("video", str(tmp_path / "a.avi"))
    assert resolve(Request((video,)), manifest).seconds == pytest.approx(2.3)
    assert resolve(Request((Prompt("text", " "), video)), manifest).seconds == pytest.approx(2.3)
    words = Prompt("text", "rain")
    assert resolve(Request((words, video)), manifest).seconds == pytest.approx(2.3)
    assert resolve(Request((video, video)), manifest).seconds == 1.0
    with pytest.raises(MediaError):
        resolve(Request((Prompt("video", str(tmp_path / "b.avi")),)), manifest)


@pytest.mark.parametrize(
    ("init", "level"),
    [(None, "peak"), (Init("a.wav"), "peak"), (Init("a.wav", span=(0.0, 0.1)), "none")],
)
def test_an_automatic_level_leaves_a_sound_alone_of_which_a_part_stays(
    manifest, tmp_path, init, level
):
    init = init and replace(init, file=tone(tmp_path / "a.wav", 8000))
    asked = replace(RAIN, init=init, finish=Finish(level="auto", level_db=-3.0))
    finish = resolve(asked, manifest).finish
    assert (finish.level, finish.level_db) == (level, -3.0)


def test_a_span_that_begins_after_the_end_of_the_file_is_refused(manifest, tmp_path):
    init = Init(tone(tmp_path / "a.wav", 8000), span=(1.5, 2.0))
    with pytest.raises(RequestError, match=r"begins at 1.5 s, and .* ends at 1 s"):
        resolve(replace(RAIN, init=init), manifest)
