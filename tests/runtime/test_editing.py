"""A sound to begin with: how much of it is left, and that the rest of it stays as it is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight import load, noise, schedule, wav
from hearsight.errors import Cancelled, MediaError, RequestError
from hearsight.finish import Kept, finish
from hearsight.request import Finish, Init, Take, text
from hearsight.sampler import Cancel

MICROS = Path(__file__).parents[1] / "micro"
RATE = 8000  # of micro
PLAIN = Finish(sample_rate=RATE)
CROSSOVER = 0.02  # seconds within the span in which the kept sound passes over


@pytest.fixture(scope="module")
def micro():
    with load(MICROS / "micro", device="cpu", threads=1) as generator:
        yield generator


def rough(seconds, rate=RATE, channels=1, level=0.2, seed=0):
    """Noise in which no two places are alike."""
    shape = (round(seconds * rate), channels)
    return np.random.default_rng(seed).uniform(-level, level, shape)


@pytest.fixture
def sound(tmp_path):
    def sound(audio, rate=RATE, subtype="FLOAT", name="sound.wav"):
        path = tmp_path / name
        soundfile.write(path, audio, rate, subtype=subtype)
        return str(path)

    return sound


def asked(init, **fields):
    return replace(text("rain", seed=3, finish=PLAIN), init=init, **fields)


def encoded(micro, path, seconds):
    """The latent of a file as FORMAT.md tells it, and by what the file was scaled for it."""
    samples, _ = soundfile.read(path, dtype="float32")
    samples = samples - samples.mean(dtype=float).astype("f4")
    gain = np.float32(0.5 / np.abs(samples).max())
    padded = np.zeros((1, round(seconds * RATE)), np.float32)
    padded[0, : len(samples)] = samples[: padded.size] * gain
    return micro._engine.run("encode", {"audio": padded}, None)["mean"], gain


def played(micro, latent, strength, keep=None, *, steps=4):
    """What the graphs make of a latent: the whole of it anew from the noise of the first row on,
    or what `keep` leaves, with the rest put back before each row."""
    seed, frames = noise.item_seed(3, "", 0), latent.shape[2]
    start = noise.normal(seed, noise.LATENT, (4, frames, 4), 1)[None]
    table = schedule.rows(micro.bundle.manifest.schedule, "ddim", steps)
    table = table[len(table) - max(1, round(strength * steps)) :]
    ids = micro._engine.run("tokenize", {"text": np.array(["rain"], object)}, None)
    [cond] = micro._engine.run("text", ids, None).values()
    empty = micro.bundle.tensor(micro.bundle.manifest.space.empty)
    x = start if strength == 1 else table[0, 1] * latent + table[0, 2] * start
    d = np.zeros_like(start)
    for row in table:
        if keep is not None:
            x = np.where(keep, row[1] * latent + row[2] * start, x)
        inputs = {
            "x": x.astype(np.float32),
            "d_prev": d,
            "noise": np.zeros_like(d),
            "cond": np.stack([empty, cond[0]]),
            "weights": np.array([-1.5, 2.5], np.float32),
            "row": row.astype(np.float32),
        }
        x, d = (micro._engine.run("denoise", inputs, None)[name] for name in ("x_next", "d"))
    if keep is not None:
        x = np.where(keep, latent, x)
    mel = micro._engine.run("decode", {"latent": x}, None)
    return micro._engine.run("vocoder", mel, None)["audio"][0]


@pytest.mark.parametrize(
    ("strength", "rows"), [(0.01, 1), (0.12, 1), (0.5, 4), (0.6, 5), (0.95, 8), (1.0, 8)]
)
def test_strength_is_the_share_of_the_rows_that_are_played(micro, sound, strength, rows):
    events = []
    init = Init(sound(rough(0.4)), strength)
    [take] = micro.generate(asked(init, steps=8), progress=lambda *e: events.append(e))
    assert take.plan.steps == rows
    assert [e for e in events if e[0] == "denoise"][-1] == ("denoise", rows, rows)
    assert take.request.steps == 8  # so that it can be asked for again


@pytest.mark.parametrize("strength", [0.25, 0.5, 0.75, 1.0])
def test_a_sound_begins_as_noisy_as_its_first_row(micro, sound, strength):
    path = sound(rough(0.4))
    [take] = micro.generate(asked(Init(path, strength)))
    latent, gain = encoded(micro, path, 0.4)
    wanted = played(micro, latent, strength) / gain
    np.testing.assert_allclose(take.audio, wanted, atol=2e-6)


def test_an_open_strength_is_0_6_for_the_whole_and_1_for_a_part(micro, sound):
    path = sound(rough(0.4))
    [whole] = micro.generate(asked(Init(path)))
    [part] = micro.generate(asked(Init(path, span=(0.1, 0.2))))
    [band] = micro.generate(asked(Init(path, band=(0.0, 900.0))))
    assert [t.request.init.strength for t in (whole, part, band)] == [0.6, 1.0, 1.0]
    again = micro.generate(whole.request) + micro.generate(part.request)
    assert np.array_equal(again[0].audio, whole.audio)
    assert np.array_equal(again[1].audio, part.audio)


def crossed(original, new, first, end):
    """`new` between two samples, crossed over within by a squared sine."""
    share = np.zeros(len(original))
    share[first:end] = 1
    fade = round(CROSSOVER * RATE)
    ramp = np.sin((np.arange(fade) + 0.5) / fade * np.pi / 2) ** 2
    share[first : first + fade], share[end - fade : end] = ramp, ramp[::-1]
    return original + share * (new - original)


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_what_is_kept_is_put_back_before_each_row_at_its_noise_level(micro, sound, strength):
    path = sound(rough(0.6))
    [take] = micro.generate(asked(Init(path, strength, span=(0.205, 0.4))))
    latent, gain = encoded(micro, path, 0.6)
    frame = np.arange(60)
    keep = ((frame < 20) | (frame >= 40))[:, None]  # frame 20 lies in it by half
    original, _ = soundfile.read(path, dtype="float32")
    new = played(micro, latent, strength, keep) / gain
    np.testing.assert_allclose(take.audio, crossed(original, new, 1640, 3200), atol=2e-6)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [RATE, 44100])
def test_outside_the_span_every_bit_is_the_files(micro, sound, subtype, channels, rate):
    path = sound(rough(0.8, rate, channels), rate, subtype)
    stored, _ = soundfile.read(path, dtype="float32")
    spec = Finish(sample_rate=rate, channels=channels)
    [take] = micro.generate(asked(Init(path, span=(0.3, 0.5)), finish=spec))
    first, end = round(0.3 * rate), round(0.5 * rate)
    assert take.audio.shape == stored.shape
    assert np.array_equal(take.audio[:first], stored[:first])
    assert np.array_equal(take.audio[end:], stored[end:])
    assert np.abs(take.audio[first:end] - stored[first:end]).max() > 0.01
    assert take.gain_db == 0
    assert take.notes == ()


@pytest.mark.parametrize(
    ("subtype", "bits"), [("PCM_16", "16"), ("PCM_16", "24"), ("PCM_24", "24")]
)
def test_what_is_kept_is_the_same_in_the_file_that_is_written(
    micro, sound, tmp_path, subtype, bits
):
    path = sound(rough(0.6), RATE, subtype)
    [take] = micro.generate(asked(Init(path, span=(0.2, 0.4))))
    written = wav.write(tmp_path / "out.wav", take, subtype=bits)
    old, new = (soundfile.read(p, dtype="int32")[0] for p in (path, written))
    assert np.array_equal(old[:1600], new[:1600])
    assert np.array_equal(old[3200:], new[3200:])
    assert not np.array_equal(old, new)


def test_the_sound_passes_over_without_a_step(micro, sound):
    """At its edges the new part begins with the old one: a slow swing shows any step."""
    path = sound(0.25 * np.cos(2 * np.pi * np.arange(8000) / 8000))
    [take] = micro.generate(asked(Init(path, span=(0.4, 0.6))))
    steps = np.abs(np.diff(take.audio))
    inside = steps[3200 + 160 : 4800 - 160].max()
    assert steps[3190:3210].max() < inside / 10
    assert steps[4790:4810].max() < inside / 10
    assert inside > 0


def test_frequencies_outside_the_band_stay_within_a_thousandth(micro, sound):
    path = sound(rough(2.0))
    stored, _ = soundfile.read(path, dtype="float32")
    [take] = micro.generate(asked(Init(path, band=(1000.0, 2000.0))))
    window = np.blackman(len(stored))
    changed = np.abs(np.fft.rfft((take.audio - stored) * window)) ** 2
    given = np.abs(np.fft.rfft(stored * window)) ** 2
    hertz = np.fft.rfftfreq(len(stored), 1 / RATE)
    # A filter of 50 ms falls off over 80 Hz or so.
    far = (hertz < 1000 - 90) | (hertz > 2000 + 90)
    inside = (hertz > 1100) & (hertz < 1900)
    assert 10 * np.log10(changed[far].sum() / given[far].sum()) < -60
    assert 10 * np.log10(changed[inside].sum() / given[inside].sum()) > -20


def test_a_band_of_a_span_changes_nothing_outside_either(micro, sound):
    path = sound(rough(1.0))
    stored, _ = soundfile.read(path, dtype="float32")
    [take] = micro.generate(asked(Init(path, span=(0.3, 0.6), band=(1000.0, 2000.0))))
    assert np.array_equal(take.audio[:2400], stored[:2400])
    assert np.array_equal(take.audio[4800:], stored[4800:])
    change = (take.audio - stored)[2400:4800]
    power = np.abs(np.fft.rfft(change * np.blackman(len(change)))) ** 2
    hertz = np.fft.rfftfreq(len(change), 1 / RATE)
    inside = (hertz > 900) & (hertz < 2100)
    assert 10 * np.log10(power[~inside].sum() / power[inside].sum()) < -30


@pytest.mark.parametrize(
    ("band", "anew"),
    [
        ((1000.0, 2000.0), [False, False, True, False]),
        ((999.0, 2000.0), [False, True, True, False]),
        ((0.0, 96000.0), [True, True, True, True]),
        ((3999.0, 4001.0), [False, False, False, True]),
    ],
)
def test_bands_of_the_latent_that_the_asked_band_touches_are_made_anew(micro, sound, band, anew):
    path = sound(rough(0.4))
    [take] = micro.generate(asked(Init(path, band=band)))
    latent, gain = encoded(micro, path, 0.4)
    new = played(micro, latent, 1.0, ~np.array(anew)) / gain
    original, _ = soundfile.read(path, dtype="float32")
    kept = Kept(original[:, None], (0, len(original)), band)
    wanted = finish(new.astype("f4"), RATE, PLAIN, 0.4, kept=kept).audio
    np.testing.assert_allclose(take.audio, wanted, atol=2e-6)


@settings(max_examples=60, deadline=None)
@given(
    samples=st.integers(1, 6000),
    first=st.integers(0, 7000),
    length=st.integers(1, 7000),
    channels=st.sampled_from([1, 2]),
    band=st.none() | st.tuples(st.floats(0, 3000), st.floats(3001, 96000)),
)
def test_any_span_of_any_sound_leaves_the_rest_of_it(samples, first, length, channels, band):
    original = rough(samples / RATE, RATE, channels).astype(np.float32)
    made = rough(samples / RATE, RATE, 1, seed=1)[:, 0].astype(np.float32)
    kept = Kept(original, (first, first + length), band)
    spec = Finish(sample_rate=RATE, channels=channels)
    done = finish(made, RATE, spec, samples / RATE, kept=kept).audio.reshape(samples, channels)
    outside = np.ones(samples, bool)
    outside[first : first + length] = False
    assert np.array_equal(done[outside], original[outside])
    assert np.isfinite(done).all()
    if band is None and first == 0 and length >= samples:
        np.testing.assert_allclose(done, np.repeat(made[:, None], channels, 1), atol=1e-6)


def test_a_sound_comes_back_as_loud_as_it_was(micro, sound):
    """The generator hears every sound at the level of its training; that is undone after it."""
    audio = rough(0.4)
    quiet, loud = (
        micro.generate(asked(Init(sound(audio * level, name=f"{level}.wav"), 0.5)))[0]
        for level in (0.05, 1.0)
    )
    np.testing.assert_allclose(quiet.audio, loud.audio * 0.05, atol=1e-7)


@pytest.mark.parametrize("frames", [1800, 2000, 3217])
def test_an_open_length_is_that_of_the_file(micro, sound, frames):
    [take] = micro.generate(asked(Init(sound(rough(frames / RATE)), 0.5)))
    assert len(take.audio) == max(frames, 2000)  # micro makes no less than 0.25 s
    assert take.request.seconds == max(frames, 2000) / RATE


def test_of_a_file_that_is_too_long_the_beginning_counts(micro, sound):
    long = rough(1.0)
    [cut] = micro.generate(asked(Init(sound(long), 0.5), seconds=0.4))
    [short] = micro.generate(asked(Init(sound(long[:3200], name="short.wav"), 0.5)))
    assert len(cut.audio) == 3200
    np.testing.assert_array_equal(cut.audio, short.audio)


def test_a_sound_goes_on_after_its_end(micro, sound):
    path = sound(rough(0.5))
    stored, _ = soundfile.read(path, dtype="float32")
    [take] = micro.generate(asked(Init(path, span=(0.4, 1.0))))
    assert len(take.audio) == 8000
    [told] = micro.generate(asked(Init(path, span=(0.4, 1.0)), seconds=1.0))
    assert np.array_equal(told.audio, take.audio)
    assert np.array_equal(take.audio[:3200], stored[:3200])
    latent, gain = encoded(micro, path, 1.0)
    new = played(micro, latent, 1.0, (np.arange(100) < 40)[:, None]) / gain
    np.testing.assert_allclose(take.audio[3360:], new[3360:], atol=2e-6)


def test_a_file_that_ends_early_is_kept_as_silence_after_it(micro, sound):
    path = sound(rough(0.5))
    stored, _ = soundfile.read(path, dtype="float32")
    [take] = micro.generate(asked(Init(path, span=(0.1, 0.3)), seconds=1.0))
    assert np.array_equal(take.audio[2400:4000], stored[2400:])
    assert not take.audio[4000:].any()


@pytest.mark.parametrize(
    ("init", "fields", "said"),
    [
        ({"span": (0.4, 600.0)}, {}, r"init\.span begins at 0\.4 s, and the sound lasts 0\.4 s"),
        ({"span": (1.0, 2.0)}, {"seconds": 0.9}, r"begins at 1 s, and the sound lasts 0\.9 s"),
        ({"span": (0.2, 0.2)}, {}, r"init\.span is 0\.2 to 0\.2; its end must be above"),
        ({"span": (-0.1, 0.2)}, {}, r"init\.span\[0\] is -0\.1"),
        ({"span": (0.0, float("nan"))}, {}, r"init\.span\[1\] is nan"),
        ({"band": (2000.0, 1000.0)}, {}, r"init\.band is 2000 to 1000"),
        ({"band": (4000.0, 5000.0)}, {}, r"begins at 4000 Hz, and 'micro' ends at 4000 Hz"),
        ({"strength": 0.0}, {}, r"init\.strength is 0\.0; it must be a number from 0\.01 to 1"),
        ({"strength": 1.1}, {}, r"init\.strength is 1\.1"),
        ({"span": (0.1, 0.2)}, {"loop": True}, "cannot be made to loop"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_runs(micro, sound, init, fields, said):
    with pytest.raises(RequestError, match=said):
        micro.stream(asked(Init(sound(rough(0.4)), **init), **fields))


def test_a_generator_without_an_encoder_cannot_begin_with_a_sound(sound):
    with (
        load(MICROS / "micro-flow", device="cpu", conditioners=[MICROS / "micro"]) as flow,
        pytest.raises(RequestError, match=r"'micro-flow' cannot begin with a sound: it has no"),
    ):
        flow.stream(asked(Init(sound(rough(0.4)))))


def test_a_generator_that_tells_no_bands_makes_none_anew(micro, sound):
    manifest = micro.bundle.manifest
    silent = replace(manifest, latent=replace(manifest.latent, bands=()))
    micro.bundle, told = replace(micro.bundle, manifest=silent), micro.bundle
    try:
        with pytest.raises(RequestError, match="only a span of time"):
            micro.stream(asked(Init(sound(rough(0.4)), band=(0.0, 100.0))))
    finally:
        micro.bundle = told


def test_a_silent_or_missing_file_is_refused_by_name(micro, sound, tmp_path):
    with pytest.raises(MediaError, match=r"silence\.wav is silent in its first 0\.4 seconds"):
        micro.generate(asked(Init(sound(np.zeros(3200), name="silence.wav"), 0.5)))
    with pytest.raises(MediaError, match=r"no file .*missing\.wav"):
        micro.generate(asked(Init(str(tmp_path / "missing.wav"))))
    assert micro.generate(asked(None, seconds=0.3))


def test_a_whole_sound_can_be_made_to_loop(micro, sound):
    [take] = micro.generate(asked(Init(sound(rough(0.5)), 0.5), loop=True))
    assert take.loop == (0, 3999)


def test_variations_of_an_edit_differ_inside_and_agree_outside(micro, sound):
    init = Init(sound(rough(0.6)), span=(0.2, 0.4))
    first, second = micro.generate(asked(init, variations=2))
    same = first.audio == second.audio
    assert same[:1600].all()
    assert same[3200:].all()
    assert same[1760:3040].mean() < 0.1
    [alone] = micro.generate(asked(init, first_variation=1))
    assert np.array_equal(alone.audio, second.audio)


def test_an_edit_can_be_stopped_while_its_sound_is_encoded(micro, sound):
    cancel = Cancel()

    def stop(stage, done, total):
        if stage == "encode" and done == total:
            cancel.cancel()

    with pytest.raises(Cancelled):
        micro.generate(asked(Init(sound(rough(0.4)), 0.5)), progress=stop, cancel=cancel)


def test_the_time_to_encode_a_sound_is_told(sound):
    with load(MICROS / "micro", device="cpu", threads=1) as fresh:
        takes: list[Take] = []
        for init in (None, Init(sound(rough(0.4)), 0.5), Init(sound(rough(0.4)), 0.5)):
            takes += fresh.generate(asked(init, seconds=0.4))
    colds = [[t.cold for t in take.timings if t.stage == "encode"] for take in takes]
    assert colds == [[True], [True], [False]]
