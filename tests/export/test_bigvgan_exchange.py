"""`hearsight-export bigvgan` gives a bundle another voice, if it speaks that mel."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from bigvgan_checkpoint import save, state, write_config
from torch import nn
from typer.testing import CliRunner

from hearsight import load
from hearsight.bundle import open_bundle
from hearsight.errors import BundleError
from hearsight.manifest import Mel
from hearsight.request import Finish, text
from hearsight.store import write_bundle
from hearsight_export.assembly import weight_licenses
from hearsight_export.bigvgan.config import BigVGANConfig, Vocoder
from hearsight_export.bigvgan.exchange import told_apart
from hearsight_export.bigvgan.loading import load_bigvgan
from hearsight_export.bigvgan.networks import BigVGAN
from hearsight_export.bigvgan.parts import vocoder_part
from hearsight_export.cli import app
from hearsight_export.conditioning import copy_rest
from hearsight_export.graphs import Part, export_part

MICRO = Path(__file__).parents[1] / "micro" / "micro"
RATE, BINS = 8000, 8
NETWORK = BigVGANConfig(BINS, 8, (8, 5), (16, 11), (3,), (1,))
MEL = Mel(BINS, 160, 40, 0.0, 4000.0, "ln", 1e-5)
VOCODER = Vocoder(NETWORK, RATE, MEL)
SOUND = text("rain", seed=4, seconds=4.0, finish=Finish(level="none", sample_rate=RATE))


class Decode(nn.Module):
    """Latent [B, 4, T, 4] to a mel [B, 8, 2T] of its own numbers."""

    def forward(self, latent):
        x = latent.permute(0, 2, 1, 3).flatten(2).transpose(1, 2)
        return torch.repeat_interleave(x[:, ::2], 2, dim=2)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A bundle with a BigVGAN in it, and another BigVGAN with its configuration."""
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp("exchange")
    torch.manual_seed(0)
    base, root = open_bundle(MICRO), place / "player"
    root.mkdir()
    latent = {"latent": torch.randn(2, 4, 3, 4)}
    decode = Part("decode", Decode(), latent, {"latent": {0: "B", 2: "T"}}, {"mel": ("B", 8, "2T")})
    own = {
        "decode": export_part(decode, root),
        "vocoder": export_part(vocoder_part(BigVGAN(NETWORK).eval(), 2), root),
    }
    others = {name: graph for name, graph in base.manifest.graphs.items() if name not in own}
    rest = replace(base.manifest, graphs=others, chain=())
    copy_rest(base, rest, root)
    weights = {
        file: terms
        for file, terms in base.manifest.license.items()
        if not file.startswith(("decode.", "vocoder."))
    }
    terms = next(iter(weights.values()))
    manifest = replace(
        rest,
        name="player",
        graphs={**others, **own},
        license={**weights, **weight_licenses(own, terms)},
        audio=replace(rest.audio, mel=MEL),
    )
    write_bundle(root, manifest)
    save(state(NETWORK), place / "other")
    write_config(VOCODER, place / "other" / "config.json")
    return place


def run(*arguments):
    return CliRunner().invoke(app, ["bigvgan", *map(str, arguments), "--precisions", "fp32"])


def sound(root, **changes):
    with load(root, device="cpu", threads=1) as generator:
        vocoder = replace(generator.bundle.manifest.graphs["vocoder"], **changes)
        told = generator.bundle
        graphs = {**told.manifest.graphs, "vocoder": vocoder}
        generator._candidates._bundle = replace(
            told, manifest=replace(told.manifest, graphs=graphs)
        )
        heard = []
        [take] = generator.generate(SOUND, progress=lambda *told: heard.append(told))
    return take.audio, [told for told in heard if told[0] == "decode"]


def test_the_bundle_sounds_with_the_other_vocoder(place):
    result = run(place / "other", "--into", place / "player", "-o", place / "voiced")
    assert result.exit_code == 0, result.output
    made = open_bundle(place / "voiced")
    assert made.manifest.name == "voiced"
    assert made.manifest.graphs["vocoder"].outputs[0].shape == ("B", "80T")
    old = open_bundle(place / "player")
    assert made.manifest.graphs["denoise"] == old.manifest.graphs["denoise"]
    assert "bigvgan_generator.pt" in (place / "voiced" / "NOTICE").read_text(encoding="utf-8")
    [mel] = [made.tensor(tensor) for tensor in made.manifest.graphs["vocoder"].check.inputs]
    with torch.no_grad():
        wanted = load_bigvgan(place / "other" / "bigvgan_generator.pt")(torch.from_numpy(mel))
    [found] = [made.tensor(tensor) for tensor in made.manifest.graphs["vocoder"].check.outputs]
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_a_real_bigvgan_in_pieces_sounds_as_in_one(place):
    pieced, often = sound(place / "player")
    whole, once = sound(place / "player", reach=None)
    assert len(often) > 1 and len(once) == 1
    assert np.abs(whole).max() > 1e-3
    np.testing.assert_allclose(pieced, whole, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sampling_rate": 16000}, "sample_rate is 16000 and the bundle's 8000"),
        (
            {"fmax": 3000, "n_fft": 320, "win_size": 320},
            "n_fft is 320 and the bundle's 160; fmax is 3000.0",
        ),
        ({"num_mels": 4}, "bins is 4 and the bundle's 8"),
    ],
)
def test_another_mel_is_refused_and_what_differs_is_named(place, tmp_path, change, said):
    side = write_config(VOCODER, tmp_path / "config.json", **change)
    out = tmp_path / "out"
    result = run(place / "other", "--config", side, "--into", place / "player", "-o", out)
    assert isinstance(result.exception, BundleError)
    assert re.search(re.escape(said), str(result.exception))
    assert not out.exists()


def test_decimal_logarithms_are_another_mel(place):
    base = open_bundle(place / "player")
    apart = told_apart(base, replace(VOCODER, mel=replace(MEL, log="log10")))
    assert apart == ["log is log10 and the bundle's ln"]


def test_a_bundle_that_does_not_tell_its_mel_is_refused(place, tmp_path):
    result = run(place / "other", "--into", MICRO, "-o", tmp_path / "out")
    assert isinstance(result.exception, BundleError)
    assert "audio.mel" in str(result.exception)


def test_without_a_configuration_the_mel_is_not_guessed(place, tmp_path):
    alone = save(state(NETWORK), tmp_path / "alone")
    result = run(alone, "--into", place / "player", "-o", tmp_path / "out")
    assert "--config" in str(result.exception)
