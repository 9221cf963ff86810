"""Sounds longer than the model makes in one piece: windows that nobody hears."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from hearsight import load
from hearsight.conditioner import Conditioner
from hearsight.errors import Cancelled
from hearsight.request import Finish, Init, Prompt, Request, text
from hearsight.sampler import Cancel

MICROS = Path(__file__).parents[1] / "micro"
RATE = 8000
PLAIN = Finish(sample_rate=RATE)
RAIN = text("rain on a roof", seed=11, seconds=9.0, finish=PLAIN)
STARTS = (0, 2.5, 5.0)  # seconds at which micro's windows of 4 s begin in 9 s
OVERLAPS = ((2.5, 4.0), (5.0, 6.5))
REACH = 0.15  # seconds, more than micro's convolutions see around them in four rows


def open_micro(name="micro", **options):
    return load(MICROS / name, **{"device": "cpu", "threads": 1} | options)


@pytest.fixture(scope="module")
def micro():
    with open_micro() as generator:
        yield generator


def in_one_piece(generator, request):
    """The take of a generator that makes ten minutes at once."""
    told = generator.bundle
    defaults = told.manifest.defaults
    limits = replace(defaults.limits, max_seconds=600.0)
    manifest = replace(told.manifest, defaults=replace(defaults, limits=limits))
    generator.bundle = replace(told, manifest=manifest)
    try:
        [take] = generator.generate(request)
    finally:
        generator.bundle = told
    return take


def away(overlaps, seconds):
    """Which samples no overlap can have reached."""
    free = np.ones(round(seconds * RATE), bool)
    for start, end in overlaps:
        free[round((start - REACH) * RATE) : round((end + REACH) * RATE)] = False
    return free


def clip(path, levels):
    """A video of four frames a second, bright at different places."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 4, (32, 24))
    for level in levels:
        frame = np.full((24, 32, 3), 20, np.uint8)
        frame[:, 8 * level : 8 * level + 8] = 230
        writer.write(frame)
    writer.release()
    return str(path)


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_windows_play_what_one_piece_would_where_they_do_not_meet(micro, eta):
    request = replace(RAIN, eta=eta)
    [take] = micro.generate(request)
    whole = in_one_piece(micro, request)
    free = away(OVERLAPS, 9.0)
    assert free.mean() > 0.4
    np.testing.assert_allclose(take.audio[free], whole.audio[free], atol=1e-6)
    assert not np.array_equal(take.audio, whole.audio)
    # Where they meet they heard the same noise: nearly the same sound, and no hole.
    np.testing.assert_allclose(take.audio, whole.audio, atol=0.1 * np.abs(whole.audio).max())


@pytest.mark.parametrize("seconds", [0.3, 3.97, 4.0])
def test_what_fits_into_one_piece_is_one_piece(micro, seconds):
    request = replace(RAIN, seconds=seconds)
    [take] = micro.generate(request)
    assert np.array_equal(take.audio, in_one_piece(micro, request).audio)


def test_noise_that_a_decoder_takes_runs_on_through_the_windows(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((20, 30, 3), 90, np.uint8))
    picture = Request((Prompt("image", str(tmp_path / "a.png")),), seed=3, seconds=5.0)
    picture = replace(picture, finish=PLAIN)
    with open_micro("micro-flow", conditioners=[MICROS / "micro-eye"]) as flow:
        [take] = flow.generate(picture)
        whole = in_one_piece(flow, picture)
    # 2 s windows begin at 0, 1.5 and 3 s.
    free = away([(1.5, 2.0), (3.0, 3.5)], 5.0)
    np.testing.assert_allclose(take.audio[free], whole.audio[free], atol=1e-6)
    assert np.abs(take.audio).max() > 0


@pytest.mark.parametrize("seconds", [4.01, 7.77, 30.0])
@pytest.mark.parametrize("rate", [RATE, 44100])
def test_a_long_sound_is_exactly_as_long_as_asked(micro, seconds, rate):
    request = replace(RAIN, seconds=seconds, steps=1, finish=Finish(sample_rate=rate))
    [take] = micro.generate(request)
    assert take.audio.shape == (round(seconds * rate),)


def test_a_long_sound_is_edited_in_windows_too(micro, tmp_path):
    audio = np.random.default_rng(0).uniform(-0.2, 0.2, 9 * RATE)
    soundfile.write(tmp_path / "a.wav", audio, RATE, subtype="PCM_24")
    stored, _ = soundfile.read(tmp_path / "a.wav", dtype="float32")
    path = str(tmp_path / "a.wav")
    part = replace(RAIN, seconds=None, init=Init(path, span=(3.0, 5.5)))
    [take] = micro.generate(part)
    first, end = 3 * RATE, round(5.5 * RATE)
    assert np.array_equal(take.audio[:first], stored[:first])
    assert np.array_equal(take.audio[end:], stored[end:])
    anew = replace(RAIN, seconds=None, init=Init(path, 0.5))
    [take] = micro.generate(anew)
    free = away(OVERLAPS, 9.0)
    whole = in_one_piece(micro, anew)
    np.testing.assert_allclose(take.audio[free], whole.audio[free], atol=1e-6)


def test_a_long_video_is_heard_as_it_goes(micro, tmp_path):
    """First and last come out as if the clip had been like that all along."""
    films = {"first": [0] * 36, "last": [3] * 36, "both": [0] * 18 + [3] * 18}
    takes = {}
    for name, levels in films.items():
        video = Prompt("video", clip(tmp_path / f"{name}.avi", levels))
        [takes[name]] = micro.generate(Request((video,), seed=4, finish=PLAIN))
        assert takes[name].request.seconds == pytest.approx(9.0)
    start, end = round((2.5 - REACH) * RATE), round((6.5 + REACH) * RATE)
    first, last, both = (takes[name].audio for name in ("first", "last", "both"))
    np.testing.assert_allclose(both[:start], first[:start], atol=1e-6)
    np.testing.assert_allclose(both[end:], last[end:], atol=1e-6)
    assert np.abs(first - last)[end:].max() > 0.01


def test_each_window_of_a_sound_looks_at_its_own_part_of_a_video(micro, tmp_path):
    path = clip(tmp_path / "a.avi", [0] * 9 + [1] * 9 + [2] * 9 + [3] * 9)
    seen = []

    class Watcher(Conditioner):
        def tell(self, prompts, how, cancel, spans=(None,), watched=None):
            seen.extend((prompt.modality, spans) for prompt in prompts.values())
            return super().tell(prompts, how, cancel, spans, watched)

    watcher = Watcher(micro.bundle, micro._engine)
    own, micro._conditioners = micro._conditioners, [watcher]
    try:
        prompts = (Prompt("text", "rain"), Prompt("video", path))
        micro.generate(Request(prompts, seed=1, seconds=9.0, steps=1))
    finally:
        micro._conditioners = own
    spans = tuple((start, start + 4.0) for start in STARTS)
    assert seen == [("text", spans), ("video", spans)]


def test_progress_counts_the_windows_of_all_variations(micro):
    events = []
    micro.generate(replace(RAIN, variations=2, steps=2), progress=lambda *e: events.append(e))
    denoise = [e for e in events if e[0] == "denoise"]
    assert denoise == [("denoise", n, 12) for n in (*range(7), *range(6, 13))]


@pytest.mark.parametrize("run", range(6))
def test_a_long_sound_can_be_stopped_within_each_window_of_each_row(micro, run):
    cancel, events = Cancel(), []

    def progress(stage, done, total):
        events.append((stage, done))
        if stage == "denoise" and done == run:
            cancel.cancel()

    with pytest.raises(Cancelled):
        micro.generate(replace(RAIN, steps=2), progress=progress, cancel=cancel)
    assert events[-1] == ("denoise", run)


def test_a_long_sound_can_be_stopped_between_windows_of_the_decoder(micro):
    """The decoder has no progress of its own; the engine tells that it was not run to the end."""
    cancel, runs, engine = Cancel(), [], micro._engine
    run = engine.run

    def counted(name, inputs, token, **options):
        runs.append(name)
        if runs.count("vocoder") == 2:
            cancel.cancel()
        return run(name, inputs, token, **options)

    engine.run = counted
    try:
        with pytest.raises(Cancelled):
            micro.generate(replace(RAIN, steps=1), cancel=cancel)
    finally:
        del engine.run
    assert runs.count("vocoder") == 2
    assert micro.generate(replace(RAIN, steps=1))


MEASURED = """
import resource, sys
from hearsight import load, text
from hearsight.request import Finish

spec = Finish(sample_rate=8000, level=sys.argv[2])
with load(sys.argv[1], device="cpu", threads=1) as generator:
    for seconds in (8.0, 60.0, 600.0):
        [take] = generator.generate(text("rain", seed=1, seconds=seconds, steps=2, finish=spec))
        assert len(take.audio) == round(seconds * 8000)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(peak if sys.platform == "darwin" else 1024 * peak)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no resource module")
@pytest.mark.parametrize("level", ["none", "lufs"])
def test_ten_minutes_take_no_more_memory_than_windows_and_a_few_outputs(level):
    command = [sys.executable, "-c", MEASURED, str(MICROS / "micro"), level]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    _, minute, ten = (int(line) for line in done.stdout.split())
    # An output is 19 MB, and of micro's latents, which are unusually large, there are some, too:
    # a fifth of an output each.
    output = 600 * RATE * 4
    assert ten - minute < 4.5 * output
