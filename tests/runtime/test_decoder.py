"""A vocoder whose reach is known runs in pieces, and nobody can tell."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hearsight import decoder, load
from hearsight.errors import BundleError, Cancelled
from hearsight.pieces import count
from hearsight.request import Finish, text
from hearsight.sampler import Cancel

MICROS = Path(__file__).parents[1] / "micro"
RATE = 8000
REACH = 3  # mel frames; the micro vocoder's kernels span 16 and 11 samples of 40 in a frame
LONG = text("rain on a roof", seed=3, seconds=4.0, finish=Finish(sample_rate=RATE))


@pytest.fixture(scope="module")
def micro():
    with load(MICROS / "micro", device="cpu", threads=1) as generator:
        yield generator


def with_vocoder(told, **changes):
    """A bundle whose vocoder is said to be otherwise."""
    vocoder = replace(told.manifest.graphs["vocoder"], **changes)
    graphs = {**told.manifest.graphs, "vocoder": vocoder}
    return replace(told, manifest=replace(told.manifest, graphs=graphs))


def made(generator, request, reach, **options):
    """The sound of a generator whose vocoder says its reach, and how often that ran."""
    told, engine = generator.bundle, generator._engine
    runs = []

    class Counting:
        def __getattr__(self, name):
            return getattr(engine, name)

        def run(self, name, inputs, cancel, **options):
            if name == "vocoder":
                runs.append(inputs["mel"].shape[1])
            return engine.run(name, inputs, cancel, **options)

    candidates = generator._candidates
    candidates._bundle, candidates._engine = with_vocoder(told, reach=reach), Counting()
    try:
        [take] = generator.generate(request, **options)
    finally:
        candidates._bundle, candidates._engine = told, engine
    return take.audio, runs


@pytest.mark.parametrize(
    "request_",
    [LONG, replace(LONG, seconds=9.0), replace(LONG, loop=True), replace(LONG, seconds=0.5)],
    ids=["long", "windows", "loop", "short"],
)
def test_samples_are_those_of_one_run(micro, request_):
    whole, once = made(micro, request_, None)
    pieced, often = made(micro, request_, REACH)
    assert len(often) == sum(count(frames, REACH) for frames in once)
    assert len(often) > len(once) or request_.seconds < 1
    assert max(often) < max(once) or request_.seconds < 1
    assert whole.shape == pieced.shape
    np.testing.assert_allclose(pieced, whole, atol=1e-6)


def test_too_short_a_reach_would_be_heard(micro):
    whole, _ = made(micro, LONG, None)
    pieced, _ = made(micro, LONG, 0)
    assert np.abs(pieced - whole).max() > 1e-4


def test_every_piece_is_told(micro):
    heard = []
    made(micro, LONG, REACH, progress=lambda *report: heard.append(report))
    total = count(800, REACH)
    told = [report for report in heard if report[0] == "decode"]
    assert total > 1
    assert told == [("decode", done, total) for done in range(1, total + 1)]


def test_it_can_be_stopped_between_pieces(micro):
    cancel, heard = Cancel(), []

    def progress(stage, step, total):
        heard.append((stage, step))
        if (stage, step) == ("decode", 1):
            cancel.cancel()

    with pytest.raises(Cancelled):
        made(micro, LONG, REACH, progress=progress, cancel=cancel)
    assert ("decode", 2) not in heard


class TwoChannels:
    """An engine whose decoder copies a latent to the mel and whose vocoder gives two channels,
    each sample the mean of its frame and both neighbours, or their difference."""

    def __init__(self):
        self.runs = 0

    def run(self, name, inputs, cancel, *, rests=True):
        if name == "decode":
            return {"mel": inputs["latent"].mean(axis=(1, 3))[:, :, None].repeat(2, axis=1)}
        self.runs += 1
        line = np.pad(inputs["mel"][:, :, 0], ((0, 0), (1, 1)))
        mean, slope = line[:, :-2] + line[:, 1:-1] + line[:, 2:], line[:, 2:] - line[:, :-2]
        return {"audio": np.stack([mean, slope], axis=1).repeat(40, axis=2)}


@pytest.mark.parametrize("loop", [False, True])
def test_several_channels_and_loops_stay_what_they_are(micro, loop):
    told, engine = micro.bundle, TwoChannels()
    tiles = decoder.tile(told.manifest, 9.0, loop=loop)
    shape, _ = decoder.latent_shape(told.manifest, tiles.frames)
    latent = np.random.default_rng(1).standard_normal((1, *shape)).astype(np.float32)
    sounds = []
    for reach in (None, 1):
        bundle = with_vocoder(told, reach=reach)
        args = (bundle, engine, latent, tiles, None, Cancel(), lambda *_: None)
        sounds.append(decoder.decode(*args))
    assert sounds[0].shape == (tiles.frames * 80, 2)
    assert engine.runs > 2 * len(tiles.starts)
    assert np.array_equal(*sounds)


def test_a_vocoder_that_gives_too_little_is_named(micro):
    class Short(TwoChannels):
        def run(self, name, inputs, cancel, *, rests=True):
            outputs = super().run(name, inputs, cancel)
            if name == "decode":
                return outputs
            return {"audio": outputs["audio"][..., :-1]}

    told = with_vocoder(micro.bundle, reach=1)
    tiles = decoder.tile(told.manifest, 4.0)
    latent = np.zeros((1, 4, tiles.frames, 4), np.float32)
    with pytest.raises(BundleError, match="its manifest promises more than its graphs make"):
        decoder.decode(told, Short(), latent, tiles, None, Cancel(), lambda *_: None)
