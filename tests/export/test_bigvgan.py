"""BigVGAN computes what its authors' code computes, in every public configuration."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from bigvgan_checkpoint import GOLDEN, plain, plain_activation, save, state, write_config
from seeded import seeded

from hearsight_export.bigvgan.config import PUBLISHED, BigVGANConfig, Vocoder
from hearsight_export.bigvgan.flat import FlatBigVGAN
from hearsight_export.bigvgan.loading import load_bigvgan, read_config
from hearsight_export.bigvgan.networks import PolyphaseSnake
from hearsight_export.bigvgan.parts import reach, vocoder_part
from hearsight_export.checkpoints import CheckpointError
from hearsight_export.graphs import export_part
from hearsight_export.weights import MisfitError

SMALL = BigVGANConfig(6, 16, (4, 2), (8, 4), (3, 5), (1, 3))


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def distance(found, wanted):
    """Relative L2."""
    return float((found - wanted).detach().norm() / wanted.norm())


def mel_of(config, frames, batch=1):
    return torch.from_numpy(seeded("mel", (batch, config.mel_bins, frames))) * 3


def narrowed(name):
    """A published configuration whose last stage has two channels."""
    published = PUBLISHED[name]
    network = replace(published.network, channels=2 * 2 ** len(published.network.rates))
    return replace(published, network=network)


def both(model, mel):
    """A network's own form and the one that is exported, before the limit."""
    flat = FlatBigVGAN(model)
    with torch.no_grad():
        return model.before_limit(mel), flat.body.before_limit(mel[:, :, None])[:, :, 0]


def test_activation_gives_what_the_original_code_gave():
    """Golden: the first activation of the first block, every 24th of 768 channels."""
    golden = np.load(GOLDEN / "v1.npz")
    snake = PolyphaseSnake(golden["act_in"].shape[1])
    at = "resblocks.0.activations.0.act."
    for rate, parameter in (("alpha", snake.alpha), ("beta", snake.beta)):
        parameter.data = torch.from_numpy(seeded(at + rate, (768,))[::24].copy())
    x, wanted = (torch.from_numpy(golden[name]) for name in ("act_in", "act_out"))
    assert distance(snake(x), wanted) < 1e-6
    assert distance(plain_activation(x, snake.alpha, snake.beta), wanted) < 1e-6


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_public_configuration(name, tmp_path):
    vocoder = narrowed(name)
    tensors = state(vocoder.network)
    beside = "args.yml" if vocoder.mel.log == "log10" else "config.json"
    side = write_config(vocoder, tmp_path / beside)
    assert read_config(side) == vocoder
    model = load_bigvgan(save(tensors, tmp_path))
    assert model.config == vocoder.network
    for frames in (1, 4):
        mel = mel_of(vocoder.network, frames, batch=2)
        wanted = plain(tensors, vocoder.network, mel)
        assert wanted.shape == (2, 1, frames * vocoder.mel.hop)
        for found in both(model, mel):
            assert distance(found, wanted) < 1e-5


@pytest.mark.parametrize(
    ("final", "limit"), [("tanh", torch.tanh), ("clamp", lambda x: x.clamp(-1, 1))]
)
def test_loud_waves_are_kept_in_bounds_as_each_version_does(final, limit, tmp_path):
    config = replace(SMALL, final=final, post_bias=final == "tanh")
    tensors = state(config, damped=False)
    model, loud = load_bigvgan(save(tensors, tmp_path)), mel_of(config, 5) * 30
    wave = plain(tensors, config, loud)
    assert wave.abs().max() > 1
    with torch.no_grad():
        for found in (model(loud), FlatBigVGAN(model)(loud)):
            torch.testing.assert_close(found, limit(wave)[:, 0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("activation", ["snakebeta", "snake"])
@pytest.mark.parametrize("post_bias", [True, False])
def test_sizes_are_told_by_the_tensors(activation, post_bias, tmp_path):
    final = "tanh" if post_bias else "clamp"
    config = replace(SMALL, activation=activation, post_bias=post_bias, final=final)
    tensors = state(config)
    model = load_bigvgan(save(tensors, tmp_path))
    assert model.config == config
    mel = mel_of(config, 5)
    for found in both(model, mel):
        assert distance(found, plain(tensors, config, mel)) < 1e-5


def test_weight_norm_of_all_generations_and_none_is_one_network(tmp_path):
    tensors = state(SMALL)
    newer = {
        name.replace("weight_g", "parametrizations.weight.original0").replace(
            "weight_v", "parametrizations.weight.original1"
        ): value
        for name, value in tensors.items()
    }
    folded = {n: t for n, t in tensors.items() if "weight_g" not in n and "weight_v" not in n}
    for name, v in tensors.items():
        if name.endswith("weight_v"):
            stem = name.removesuffix(".weight_v")
            gain = tensors[f"{stem}.weight_g"] / v.flatten(1).norm(dim=1)[:, None, None]
            folded[f"{stem}.weight"] = v * gain
    mel, found = mel_of(SMALL, 3), []
    for index, kind in enumerate((tensors, newer, folded)):
        model = load_bigvgan(save(kind, tmp_path / str(index)))
        found.append(model(mel))
    assert torch.equal(found[0], found[1])
    torch.testing.assert_close(found[2], found[0], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.pop("ups.1.0.weight_g"), "lacks the tensor ups.1.0.weight_g."),
        (
            lambda s: s.update({"ups.1.0.weight_g": torch.ones(4, 1, 1)}),
            "ups.1.0.weight_g has the shape [4, 1, 1]; [8, 1, 1] was expected.",
        ),
        (
            lambda s: s.pop("resblocks.2.convs2.1.bias"),
            "lacks the tensor resblocks.2.convs2.1.bias, expected as [4]. Expected by config.json",
        ),
        (
            lambda s: s.update({"conv_pre.weight_v": torch.ones(16, 7, 7)}),
            "conv_pre.weight_v has the shape [16, 7, 7]; [16, 6, 7] was expected.",
        ),
        (
            lambda s: s.update({"activation_post.upsample.filter": torch.ones(1, 1, 12) / 12}),
            "activation_post.upsample.filter [1, 1, 12] is another filter",
        ),
        (
            lambda s: s.update({"mystery": torch.ones(2)}),
            "holds mystery [2], for which this architecture has no place",
        ),
    ],
)
def test_the_first_tensor_that_does_not_fit_is_named(change, said, tmp_path):
    write_config(VOCODER, tmp_path / "config.json")
    tensors = state(SMALL)
    change(tensors)
    path = save(tensors, tmp_path)
    with pytest.raises(MisfitError, match=f"{path.name} does not fit.*{re.escape(said)}"):
        load_bigvgan(path)


VOCODER = Vocoder(SMALL, 8000, replace(PUBLISHED["bigvgan_24khz_100band"].mel, bins=6, hop=8))


def test_the_configuration_that_was_expected_is_named(tmp_path):
    path = save(state(narrowed("bigvgan_base_24khz_100band").network), tmp_path)
    side = write_config(PUBLISHED["bigvgan_base_24khz_100band"], tmp_path / "config.json")
    with pytest.raises(MisfitError, match=r"Expected by config\.json: bigvgan_base_24khz_100band"):
        load_bigvgan(path, side)


def test_other_vocoders_are_refused(tmp_path):
    hifi = {"conv_pre.weight": torch.ones(4, 4, 7), "resblocks.0.convs1.0.weight": torch.ones(1)}
    with pytest.raises(CheckpointError, match=r"no BigVGAN checkpoint .*: the first tensor"):
        load_bigvgan(save(hifi, tmp_path))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"resblock": "2"}, "resblock is '2', and only '1' is known"),
        ({"snake_logscale": False}, "snake_logscale is False"),
        ({"activation": "sine"}, "activation 'sine' is not known"),
        ({"upsample_rates": ...}, "lacks 'upsample_rates'"),
        ({"num_mels": "many"}, "no configuration of a BigVGAN"),
        ({"win_size": 100}, "win_size is 100, and only windows of n_fft, 1024"),
        ({"hop_size": 7}, "hop_size is 7, and the rates [4, 2]"),
    ],
)
@pytest.mark.parametrize("name", ["config.json", "args.yml"])
def test_configurations_that_cannot_be_played_are_refused(changes, said, name, tmp_path):
    path = write_config(VOCODER, tmp_path / name, **changes)
    with pytest.raises(CheckpointError, match=re.escape(said)):
        read_config(path)


def test_a_yaml_that_wants_objects_is_not_obeyed(tmp_path):
    path = tmp_path / "args.yml"
    path.write_text("!!python/object:argparse.Namespace\nresblock: '1'\n", encoding="utf-8")
    with pytest.raises(CheckpointError, match="no plain YAML"):
        read_config(path)


@pytest.mark.parametrize(
    "config",
    [
        SMALL,
        replace(SMALL, rates=(2, 4), kernels=(4, 8)),
        replace(SMALL, rates=(5, 3), kernels=(11, 7), block_kernels=(7,), dilations=(1,)),
        narrowed("bigvgan_v2_44khz_128band_512x").network,
    ],
)
def test_reach_is_how_far_a_frame_is_heard(config):
    """What is not a number spreads along every tap."""
    bound = reach(config)
    frames = 2 * bound + 5
    mel = torch.zeros(1, config.mel_bins, frames)
    mel[:, :, bound + 2] = torch.nan
    wave = plain(state(config), config, mel)[0, 0].reshape(frames, -1)
    heard = torch.isnan(wave).any(dim=1).nonzero()[:, 0] - (bound + 2)
    assert max(-int(heard[0]), int(heard[-1])) == bound


def test_the_graph_is_the_network(tmp_path):
    config = replace(SMALL, block_kernels=(3,), dilations=(1,))
    graph = export_part(vocoder_part(load_bigvgan(save(state(config), tmp_path)), 2), tmp_path)
    [given], [made] = graph.inputs, graph.outputs
    assert (given.name, given.shape) == ("mel", ("B", 6, "2T"))
    assert (made.name, made.shape) == ("audio", ("B", "16T"))
    assert graph.reach == reach(config)
    assert len(graph.parity) == 3
    assert max(row.relative_l2 for row in graph.parity) < 1e-5
