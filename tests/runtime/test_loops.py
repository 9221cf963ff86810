"""Loops: a sound whose end runs on into its start, because it has neither."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hearsight import load, noise, schedule, wav
from hearsight.errors import RequestError
from hearsight.request import Finish, text

MICRO = Path(__file__).parents[1] / "micro" / "micro"
RATE = 8000
LOOP = text("rain", seed=11, seconds=0.6, loop=True, finish=Finish(sample_rate=RATE))


@pytest.fixture(scope="module")
def micro():
    with load(MICRO, device="cpu", threads=1) as generator:
        yield generator


def endless(micro, frames, around, *, eta=0.0):
    """One period of the sound that the graphs make of noise that goes round and round, with as
    many periods on both sides as it takes for nobody to see the ends."""
    engine, manifest = micro._engine, micro.bundle.manifest
    seed, copies = noise.item_seed(11, "", 0), 2 * around + 1

    def rounds(stream):
        once = noise.normal(seed, stream, (4, frames, 4), 1)[None]
        return np.tile(once, (1, 1, copies, 1))

    ids = engine.run("tokenize", {"text": np.array(["rain"], object)}, None)
    [cond] = engine.run("text", ids, None).values()
    empty = micro.bundle.tensor(manifest.space.empty)
    x = rounds(noise.LATENT)
    d = np.zeros_like(x)
    for index, row in enumerate(schedule.rows(manifest.schedule, "ddim", 4, eta)):
        inputs = {
            "x": x,
            "d_prev": d,
            "noise": rounds(noise.STEP + index) * (row[-1] > 0),
            "cond": np.stack([empty, cond[0]]),
            "weights": np.array([-1.5, 2.5], np.float32),
            "row": row.astype(np.float32),
        }
        x, d = (engine.run("denoise", inputs, None)[name] for name in ("x_next", "d"))
    audio = engine.run("vocoder", engine.run("decode", {"latent": x}, None), None)["audio"][0]
    return audio[around * frames * 80 : (around + 1) * frames * 80]


@pytest.mark.parametrize("seconds", [0.25, 0.6, 1.99, 2.9])
@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_a_loop_is_one_round_of_the_sound_that_never_ends(micro, seconds, eta):
    """Its start was made hearing its end before it, to the last step and through the decoder."""
    [take] = micro.generate(replace(LOOP, seconds=seconds, eta=eta))
    frames = round(seconds * 100)
    wanted = endless(micro, frames, -(-40 // frames), eta=eta)
    np.testing.assert_allclose(take.audio, wanted, atol=2e-3 * np.abs(wanted).max())


@pytest.mark.parametrize("seconds", [3.1, 4.0, 9.0])
def test_a_loop_of_several_windows_is_near_to_the_sound_that_never_ends(micro, seconds):
    [take] = micro.generate(replace(LOOP, seconds=seconds))
    wanted = endless(micro, round(seconds * 100), 1)
    np.testing.assert_allclose(take.audio, wanted, atol=0.1 * np.abs(wanted).max())
    seam = np.r_[-400:400]
    np.testing.assert_allclose(take.audio[seam], wanted[seam], atol=0.1 * np.abs(wanted).max())


def test_a_sound_that_is_no_loop_is_not_a_round_of_it(micro):
    [take] = micro.generate(replace(LOOP, loop=False))
    assert np.abs(take.audio - endless(micro, 60, 1)).max() > 0.02


@pytest.mark.parametrize(("seconds", "rate"), [(0.6, RATE), (0.6, 44100), (2.0, RATE), (4.5, RATE)])
def test_level_and_spectrum_jump_at_the_seam_as_they_do_inside(micro, seam, seconds, rate):
    spec = Finish(sample_rate=rate)
    takes = micro.generate(replace(LOOP, seconds=seconds, steps=2, variations=32, finish=spec))
    ranks = np.array([seam(take.audio, rate) for take in takes])
    # Each would be above the 95th percentile of its inside once in twenty: 5 of 32 is rare.
    assert ((ranks > 0.95).sum(axis=0) <= 4).all()
    assert (ranks.mean(axis=0) < 0.65).all()


def test_a_frame_count_between_two_is_played_a_little_faster_or_slower(micro):
    [take] = micro.generate(replace(LOOP, seconds=0.2549))
    [exact] = micro.generate(replace(LOOP, seconds=0.25))
    assert len(take.audio) == 2039
    assert any("1.9" in note or "2.0" in note for note in take.notes), take.notes
    assert exact.notes == ()


def test_a_loop_is_written_as_one(micro, tmp_path):
    [take] = micro.generate(LOOP)
    assert wav.read_info(wav.write(tmp_path / "loop.wav", take))["loop"] == (0, 4799)


def test_a_loop_has_no_ends_to_trim(micro):
    with pytest.raises(RequestError, match="no ends to trim"):
        micro.stream(replace(LOOP, finish=Finish(trim=True)))
