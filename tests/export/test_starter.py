"""A tiny starter is trained, stopped, resumed, exported and played: the whole pipeline in small."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

import hearsight
from hearsight_export.bigvgan.config import BigVGANConfig
from hearsight_export.models.griffin_lim import GriffinLim
from hearsight_export.models.mel import LogMel, MelConfig
from hearsight_export.starter.assemble import assemble
from hearsight_export.starter.corpus import make_corpus
from hearsight_export.starter.judge import frechet
from hearsight_export.starter.parts import STAGES, train_parts
from hearsight_export.starter.recipe import Recipe
from hearsight_export.starter.training import Run, train
from hearsight_export.starter.vocoding import compare_vocoders, log_spectral_distance

FEW = Run(steps=2, rate=1e-3)
TINY = Recipe(
    items=68,
    held_out_per_kind=1,
    vocoder=BigVGANConfig(64, 16, (5, 4, 4, 2), (11, 8, 8, 4), (3,), (1,), True),
    autoencoder_levels=(32, 32, 32),
    unet_levels=(32, 32, 64),
    unet_heads=(1, 1, 2),
    griffin_lim_rounds=2,
    autoencoder_run=FEW,
    vocoder_run=FEW,
    encoders_run=FEW,
    axes_run=FEW,
    diffusion_run=FEW,
    batch=4,
)


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("starter")


@pytest.fixture(scope="module")
def parts(work):
    return train_parts(TINY, work, log=lambda line: None)


@pytest.fixture(scope="module")
def bundle(parts, work):
    return assemble(parts, work / "bundle", network=False, log=lambda line: None)


def test_a_finished_part_is_loaded_and_not_trained_again(parts, work):
    before = {p.name: p.stat().st_mtime_ns for p in work.glob("*.pt")}
    again = train_parts(TINY, work, log=lambda line: None)
    assert {p.name: p.stat().st_mtime_ns for p in work.glob("*.pt")} == before
    assert len(before) == len(STAGES)
    assert float(again.autoencoder.scale) == pytest.approx(float(parts.autoencoder.scale))


def test_the_tiny_bundle_plays_every_kind_of_prompt(bundle):
    manifest = bundle.manifest
    assert {"text", "image", "frames", "audio", "tokenize", "encode"} < set(manifest.graphs)
    assert all(g.check and (g.parity or r == "tokenize") for r, g in manifest.graphs.items())
    assert [(row.precision, row.steps) for row in manifest.chain] == [("fp32", 25)]
    assert manifest.chain[0].snr_db > 60
    assert "| fp32 | 5 | 25 |" in (bundle.root / "README.md").read_text("utf-8")
    with hearsight.load(bundle.root, threads=1) as generator:
        [take] = generator.generate(hearsight.text("rain", seconds=1.0, steps=2, seed=1))
        assert take.audio.shape == (48000,)
        assert np.isfinite(take.audio).all()
        assert generator.understands == ("text", "image", "video", "audio")


def test_the_vocoder_network_can_be_shipped_instead(parts, work, bundle):
    other = assemble(parts, work / "network", network=True, log=lambda line: None)
    noise = next(s for s in other.manifest.graphs["decode"].inputs if s.name == "noise")
    assert noise.shape == ("B", "1280T")
    with hearsight.load(other.root, threads=1) as generator:
        [take] = generator.generate(hearsight.text("rain", seconds=0.5, steps=1, seed=1))
        assert np.isfinite(take.audio).all()


def test_vocoders_are_compared_on_sounds_none_was_trained_on(parts, work):
    unseen = make_corpus(work / "few", 4, 9, TINY.mel, held_out=True, log=lambda line: None)
    result = compare_vocoders(parts, unseen, 4)
    assert result.griffin_lim < result.network  # two steps of training are no vocoder
    assert not result.network_wins


def test_training_that_was_stopped_ends_where_an_unbroken_one_does(tmp_path):
    def fresh() -> nn.Linear:
        torch.manual_seed(0)
        return nn.Linear(3, 1)

    def ran(module: nn.Linear, run: Run, name: str) -> dict:
        def loss(step: int) -> torch.Tensor:
            if step == stop:
                raise KeyboardInterrupt
            x = torch.randn(8, 3, generator=torch.Generator().manual_seed(step))
            return (module(x) - x.sum(1, keepdim=True)).square().mean()

        return train(module, loss, run, tmp_path / name, lambda line: None).state_dict()

    stop = -1
    whole = ran(fresh(), Run(steps=40, rate=1e-2), "whole.pt")
    stop = 25
    with pytest.MonkeyPatch.context() as patch:
        # Written after every step, as it is every two minutes in earnest.
        patch.setattr("hearsight_export.starter.training.SAVE_EVERY_SECONDS", -1.0)
        with pytest.raises(KeyboardInterrupt):
            ran(fresh(), Run(steps=40, rate=1e-2), "broken.pt")
    stop = -1
    resumed = ran(fresh(), Run(steps=40, rate=1e-2), "broken.pt")
    for name, value in whole.items():
        torch.testing.assert_close(resumed[name], value, atol=1e-6, rtol=1e-6)


def test_the_corpus_follows_from_its_seed(tmp_path):
    one, two, other = (
        make_corpus(tmp_path / n, 3, s, MelConfig(), log=lambda line: None)
        for n, s in (("a", 1), ("b", 1), ("c", 2))
    )
    np.testing.assert_array_equal(one.audio, two.audio)
    np.testing.assert_array_equal(one.clips, two.clips)
    assert one.captions == two.captions
    assert not np.array_equal(one.audio, other.audio)
    assert {f.name for f in dataclasses.fields(one)} >= {"mels", "pictures", "params"}


def test_griffin_lim_gives_the_mel_it_was_given():
    config = MelConfig()
    time = torch.arange(16000) / 16000
    wave = (0.4 * torch.sin(2 * torch.pi * 700 * time) * torch.exp(-3 * time))[None]
    mel = LogMel(config)(wave)
    noise = torch.randn(wave.shape, generator=torch.Generator().manual_seed(0))
    few, many = (GriffinLim(config, rounds)(mel, noise) for rounds in (0, 24))
    error = [float((LogMel(config)(w) - mel)[:, 5:-5].abs().mean()) for w in (few, many)]
    assert many.shape == wave.shape
    assert error[1] < 0.75 * error[0]
    assert float(log_spectral_distance(many, wave)) < float(log_spectral_distance(few, wave))


def test_frechet_distance_of_gaussians_is_the_textbook_value():
    rng = np.random.default_rng(0)
    a = rng.normal(0, 1, (200_000, 2))
    b = rng.normal([3, 0], [2, 1], (200_000, 2))
    # |m|^2 + (s1 - s2)^2 per axis for diagonal covariances: 9 + 1 + 0.
    assert frechet(a, b) == pytest.approx(10, rel=0.02)
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
