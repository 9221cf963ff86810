"""Finishing: lengths, trims, loops, fades, levels, loudness."""

import math

import numpy as np
import pyebur128
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight.errors import HearsightError
from hearsight.finish import Kept, finish, lufs
from hearsight.request import Finish

RATES = (8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000)


def noise(frames, channels=None, seed=0, level=0.1):
    shape = frames if channels is None else (frames, channels)
    return (np.random.default_rng(seed).standard_normal(shape) * level).astype(np.float32)


def sine(hertz, seconds, rate, level):
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(
        "f4"
    )


def decibels(ratio):
    return 20 * math.log10(ratio)


@pytest.mark.parametrize("old", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize("new", [8000, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("shape", [(None, 1), (None, 2), (2, 1), (2, 2)])
@pytest.mark.parametrize("frames", [1, 2, 160, 5001])
def test_every_rate_channel_count_and_length_gives_the_exact_sample_count(old, new, shape, frames):
    made, wanted = shape
    seconds = frames / old
    done = finish(noise(frames, made), old, Finish(sample_rate=new, channels=wanted), seconds)
    count = max(1, round(seconds * new))
    assert done.audio.shape == ((count,) if wanted == 1 else (count, 2))
    assert done.audio.dtype == np.float32
    assert done.sample_rate == new
    assert np.abs(done.audio).max(initial=0) <= 1


specs = st.builds(
    Finish,
    trim=st.booleans(),
    trim_db=st.floats(-90, -1),
    fade_in=st.floats(0, 2),
    fade_out=st.floats(0, 2),
    level=st.sampled_from(["none", "peak", "lufs"]),
    level_db=st.floats(-60, 0),
    sample_rate=st.sampled_from(RATES),
    channels=st.sampled_from([1, 2]),
)


@settings(max_examples=150, deadline=None)
@given(
    spec=specs,
    loop=st.booleans(),
    frames=st.integers(1, 9000),
    level=st.floats(0, 3),
    seed=st.integers(0, 99),
)
def test_whatever_is_asked_the_result_is_sound_and_in_range(spec, loop, frames, level, seed):
    seconds = frames / 16000
    done = finish(noise(frames, seed=seed, level=level), 16000, spec, seconds, loop=loop)
    assert done.audio.dtype == np.float32
    assert done.audio.flags.c_contiguous
    assert np.isfinite(done.audio).all()
    assert np.abs(done.audio).max(initial=0) <= 1
    assert math.isfinite(done.gain_db)
    count = max(1, round(seconds * spec.sample_rate))
    assert len(done.audio) <= count
    if not spec.trim:
        assert len(done.audio) == count
    assert done.loop == ((0, len(done.audio) - 1) if loop and len(done.audio) > 1 else None)


def test_the_same_input_gives_the_same_bytes():
    spec = Finish(fade_in=0.1, level="lufs", level_db=-30)
    first, second = (finish(noise(16000), 16000, spec, 1.01, loop=True) for _ in range(2))
    assert first.audio.tobytes() == second.audio.tobytes()


def test_the_sound_is_left_alone_when_nothing_is_asked():
    x = noise(4800)
    done = finish(x, 48000, Finish(), 0.1)
    assert np.array_equal(done.audio, x)
    assert done.gain_db == 0
    assert done.notes == ()


def test_stereo_becomes_mono_by_averaging_and_mono_stereo_by_copying():
    x = noise(480, 2)
    assert np.allclose(finish(x, 48000, Finish(), 0.01).audio, x.mean(axis=1), atol=1e-7)
    both = finish(x[:, 0], 48000, Finish(channels=2), 0.01).audio
    assert np.array_equal(both, np.stack([x[:, 0], x[:, 0]], axis=1))


def test_resampling_keeps_a_tone_within_a_hundredth_of_a_decibel():
    done = finish(sine(1000, 1, 16000, 0.5), 16000, Finish(sample_rate=48000), 1.0)
    middle = slice(4800, -4800)
    assert np.abs(done.audio - sine(1000, 1, 48000, 0.5))[middle].max() < 5e-4


@settings(max_examples=100, deadline=None)
@given(
    before=st.integers(0, 500),
    after=st.integers(0, 500),
    frames=st.integers(1, 500),
    seed=st.integers(0, 99),
)
def test_trimming_cuts_all_the_silence_at_the_ends_and_nothing_else(before, after, frames, seed):
    sound = noise(frames, seed=seed)
    sound[[0, -1]] = 0.5
    x = np.concatenate([noise(before, level=1e-5), sound, noise(after, level=1e-5)])
    done = finish(x, 48000, Finish(trim=True, trim_db=-60), len(x) / 48000)
    assert np.array_equal(done.audio, sound)


def test_a_sound_below_the_trim_threshold_is_kept_whole_and_says_so():
    done = finish(noise(480, level=1e-6), 48000, Finish(trim=True), 0.01)
    assert len(done.audio) == 480
    assert done.notes == ("Nothing was trimmed: all of the sound is below -60 dBFS.",)


@settings(max_examples=100, deadline=None)
@given(frames=st.integers(1, 4800), fade_in=st.floats(0, 0.2), fade_out=st.floats(0, 0.2))
def test_fades_only_ever_lower_and_leave_the_middle_alone(frames, fade_in, fade_out):
    x = noise(frames)
    done = finish(x, 48000, Finish(fade_in=fade_in, fade_out=fade_out), frames / 48000)
    assert (np.abs(done.audio) <= np.abs(x) + 1e-9).all()
    untouched = slice(round(fade_in * 48000), max(0, frames - round(fade_out * 48000)))
    assert np.array_equal(done.audio[untouched], x[untouched])


def test_a_fade_starts_from_nothing_and_is_half_way_at_its_middle():
    ones = np.ones(4800, np.float32)
    done = finish(ones, 48000, Finish(fade_in=0.1), 0.1).audio
    assert done[0] < 1e-6
    assert done[2400] == pytest.approx(0.5, abs=1e-3)
    assert (np.diff(done) >= 0).all()


def circular(tones, length, level=0.2):
    """`length` samples evenly spaced around a circle on which each tone turns whole times."""
    turn = np.arange(length) / length
    waves = [level * np.cos(2 * np.pi * (cycles * turn + phase)) for cycles, phase in tones]
    return np.sum(waves, axis=0)


@settings(max_examples=100, deadline=None)
@given(
    samples=st.integers(20, 9000),
    stretch=st.floats(0.97, 1.03),
    old=st.sampled_from([8000, 16000, 44100]),
    new=st.sampled_from(RATES),
    tones=st.lists(st.tuples(st.integers(0, 2000), st.floats(0, 1)), min_size=1, max_size=4),
)
def test_a_circle_stays_a_circle_at_every_rate_and_length(samples, stretch, old, new, tones):
    """Tones that close on the circle that was made close on the one that is delivered, exactly
    as many samples long as was asked for: there is no seam at which anything could change."""
    seconds = samples / old * stretch
    length = round(seconds * new)
    most = int(0.45 * min(samples, length))  # turns that both rates can hold
    tones = [(cycles % (most + 1), phase) for cycles, phase in tones]
    made = circular(tones, samples).astype(np.float32)
    done = finish(made, old, Finish(sample_rate=new), seconds, loop=True)
    assert len(done.audio) == length
    assert done.loop == ((0, length - 1) if length > 1 else None)
    if done.gain_db:
        return  # over full scale, and turned down
    # The whole may have been turned by a part of a sample; compare what does not depend on that.
    got, wanted = (np.abs(np.fft.rfft(x)) / length for x in (done.audio, circular(tones, length)))
    np.testing.assert_allclose(got, wanted, atol=2e-4)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("made", [None, 2])
@pytest.mark.parametrize("seconds", [1.0, 0.9931])
def test_a_loop_runs_on_into_itself_without_a_step(channels, made, seconds):
    # Three whole turns of a wave that starts at its steepest: its steps are 2 pi 3 / 48000.
    x = sine(3, 1, 16000, 0.5)
    x = x if made is None else np.stack([x, -0.5 * x], axis=1)
    done = finish(x, 16000, Finish(channels=channels), seconds, loop=True)
    length = round(seconds * 48000)
    assert done.loop == (0, length - 1)
    assert done.audio.shape == ((length,) if channels == 1 else (length, 2))
    around = np.concatenate([done.audio[-200:], done.audio[:200]])
    steepest = 0.5 * 2 * np.pi * 3 / length
    assert np.abs(np.diff(around, axis=0)).max() < 1.05 * steepest
    left = done.audio[:, 0] if channels == 2 else done.audio
    share = 0.25 if made == 2 and channels == 1 else 1.0  # the mean of 1 and -0.5
    wanted = share * 0.5 * np.sin(2 * np.pi * 3 * np.arange(length) / length)
    np.testing.assert_allclose(left, wanted, atol=1.05 * steepest)  # begins where it began


def test_the_curvature_at_the_seam_of_a_loop_is_that_of_the_rest():
    """Noise is new at every sample: a filter that does not see around the seam shows there."""
    x = noise(16000)
    done = finish(x, 16000, Finish(), 0.9973, loop=True).audio
    bend = np.abs(np.diff(np.concatenate([done, done[:2]]), n=4))
    assert bend[-4:].max() <= np.percentile(bend, 99.9)


def test_a_loop_of_the_right_length_and_rate_is_left_alone():
    x = noise(4800)
    done = finish(x, 48000, Finish(), 0.1, loop=True)
    assert np.array_equal(done.audio, x)
    assert done.notes == ()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1.0, ()),
        (1.005, ()),
        (1.02, ("The loop was played 2.0% slower, so that it lasts exactly 1.02 seconds.",)),
        (0.95, ("The loop was played 5.0% faster, so that it lasts exactly 0.95 seconds.",)),
    ],
)
def test_a_loop_that_is_played_at_another_speed_says_so_when_it_can_be_heard(seconds, said):
    assert finish(noise(16000), 16000, Finish(), seconds, loop=True).notes == said


def test_fades_are_left_out_of_a_loop():
    spec = Finish(fade_in=0.1, fade_out=0.1)
    done = finish(noise(4800), 48000, spec, 0.1, loop=True)
    assert np.array_equal(done.audio, noise(4800))
    assert done.notes == ("Fades were left out: they would break the loop.",)


@pytest.mark.parametrize("level_db", [-20.0, -1.0, 0.0])
@pytest.mark.parametrize("channels", [1, 2])
def test_peak_level_is_the_sample_peak_of_what_is_delivered(level_db, channels):
    spec = Finish(level="peak", level_db=level_db, channels=channels)
    done = finish(noise(8000), 16000, spec, 0.5)
    assert decibels(np.abs(done.audio).max()) == pytest.approx(level_db, abs=1e-4)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", RATES)
def test_loudness_level_is_that_of_what_is_delivered(rate, channels):
    spec = Finish(level="lufs", level_db=-30.0, sample_rate=rate, channels=channels)
    done = finish(noise(16000), 16000, spec, 1.0)
    assert lufs(done.audio, rate) == pytest.approx(-30, abs=1e-3)
    assert done.notes == ()


def test_loudness_stops_at_full_scale_and_says_how_loud_it_got():
    x = noise(48000)
    x[1000] = 1.0
    done = finish(x, 48000, Finish(level="lufs", level_db=-5.0), 1.0)
    assert np.abs(done.audio).max() == 1
    assert done.gain_db == 0
    [note] = done.notes
    assert note.startswith(f"The loudness is {lufs(done.audio, 48000):.1f} LUFS, not -5")


def test_a_sound_under_400_ms_has_no_loudness_and_gets_a_peak_of_minus_one():
    done = finish(noise(19199), 48000, Finish(level="lufs", level_db=-23.0), 19199 / 48000)
    assert lufs(noise(19199), 48000) is None
    assert lufs(noise(19200), 48000) is not None
    assert decibels(np.abs(done.audio).max()) == pytest.approx(-1, abs=1e-4)
    [note] = done.notes
    assert "under 0.4 seconds" in note


@pytest.mark.parametrize("level", ["peak", "lufs"])
def test_silence_stays_silence(level):
    done = finish(np.zeros(48000, np.float32), 48000, Finish(level=level), 1.0)
    assert not done.audio.any()
    assert done.gain_db == 0
    assert done.notes == ("The sound is silent, so its level was left as it is.",)


def test_a_sound_under_every_gate_is_not_blown_up():
    x = noise(48000, level=1e-5)
    done = finish(x, 48000, Finish(level="lufs", level_db=-23.0), 1.0)
    assert lufs(x, 48000) == -math.inf
    assert np.array_equal(done.audio, x)
    assert "too quiet" in done.notes[0]


def test_a_model_that_goes_over_full_scale_is_turned_down_not_clipped():
    x = noise(4800)
    x *= 2 / np.abs(x).max()
    done = finish(x, 48000, Finish(), 0.1)
    assert np.allclose(done.audio, x / 2, atol=1e-6)
    assert done.gain_db == pytest.approx(-6.0206, abs=1e-3)
    assert "turned down by 6.0 dB" in done.notes[0]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_model_that_returns_no_numbers_is_an_error_with_advice(value):
    x = noise(100)
    x[7] = value
    with pytest.raises(HearsightError, match=r"not numbers.*fp32"):
        finish(x, 16000, Finish(), 100 / 16000)


def oracle(x, rate):
    """Integrated loudness by libebur128 1.2.6."""
    frames = x if x.ndim == 2 else x[:, None]
    state = pyebur128.R128State(frames.shape[1], rate, pyebur128.MeasurementMode.MODE_I)
    state.add_frames(np.ascontiguousarray(frames, np.float64).ravel(), len(frames))
    return pyebur128.get_loudness_global(state)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [None, 2])
def test_loudness_agrees_with_libebur128(rate, channels):
    bursts = np.repeat(10 ** (np.array([-10, -60, -3, -200, -25, -12]) / 20), round(0.37 * rate))
    gain = bursts[:, None] if channels else bursts
    x = (noise(len(bursts), channels) * gain).astype(np.float32)
    assert lufs(x, rate) == pytest.approx(oracle(x, rate), abs=1e-6)


# EBU Tech 3341, table 1: cases 1 to 5, a 1 kHz sine in both channels of a stereo file.
@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        ([(-23, 20)], -23),
        ([(-33, 20)], -33),
        ([(-36, 10), (-23, 60), (-36, 10)], -23),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
    ],
)
def test_loudness_passes_the_ebu_test_signals(parts, wanted):
    x = np.concatenate([sine(1000, s, 48000, 10 ** (db / 20)) for db, s in parts])
    assert lufs(np.stack([x, x], axis=1), 48000) == pytest.approx(wanted, abs=0.1)


def test_what_is_made_anew_over_full_scale_is_turned_down_and_the_rest_is_not():
    rng = np.random.default_rng(4)
    original = (0.3 * rng.uniform(-1, 1, (8000, 1))).astype(np.float32)
    loud = (3 * np.sin(np.arange(8000) / 3)).astype(np.float32)
    for band in (None, (100.0, 3000.0)):
        kept = Kept(original, (2000, 6000), band)
        done = finish(loud, 8000, Finish(sample_rate=8000), 1.0, kept=kept)
        assert done.notes == ("The new part went over full scale: turned down by 9.5 dB.",) or band
        assert "turned down by" in done.notes[0]
        assert np.array_equal(done.audio[:2000], original[:2000, 0])
        assert np.array_equal(done.audio[6000:], original[6000:, 0])
        at_the_top = np.abs(done.audio) >= 1.0
        assert not (at_the_top[1:] & at_the_top[:-1]).any()  # no flat tops
        if band is None:
            assert np.allclose(done.audio[2500:5500], loud[2500:5500] / 3, atol=1e-4)
