"""Shared network parts: the fast forms compute what the textbook forms compute."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from hearsight_export.bigvgan.config import BigVGANConfig
from hearsight_export.bigvgan.networks import BigVGAN, PolyphaseSnake, kaiser_sinc
from hearsight_export.models.denoise import Denoise, film_unet
from hearsight_export.models.mel import LogMel, MelConfig, mel_filters

# The published coefficients of the half-band filter of 12 taps (BigVGAN's alias-free filters).
FILTER = [0.00202896, 0.00938947, -0.0255435, -0.0576574, 0.128573, 0.443210]


def test_filter_has_the_published_coefficients():
    np.testing.assert_allclose(kaiser_sinc(), FILTER + FILTER[::-1], atol=5e-7)


@pytest.mark.parametrize("length", [1, 2, 7, 50])
def test_polyphase_activation_equals_upsample_snake_downsample(length):
    torch.manual_seed(0)
    activation = PolyphaseSnake(3)
    activation.alpha.data.normal_()
    activation.beta.data.normal_()
    x = torch.randn(2, 3, length)
    f = torch.from_numpy(kaiser_sinc()).float()[None, None].repeat(3, 1, 1)
    up = 2 * F.conv_transpose1d(F.pad(x, (5, 5), mode="replicate"), f, stride=2, groups=3)
    up = up[..., 15:-15]
    a, b = activation.alpha.exp()[:, None], activation.beta.exp()[:, None] + 1e-9
    bent = up + torch.sin(a * up) ** 2 / b
    plain = F.conv1d(F.pad(bent, (5, 6), mode="replicate"), f, stride=2, groups=3)
    torch.testing.assert_close(activation(x), plain, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("noise", [False, True])
def test_vocoder_makes_the_promised_samples_of_every_frame(noise):
    torch.manual_seed(0)
    config = BigVGANConfig(6, 16, (5, 4, 2), (11, 8, 4), (3,), (1, 3), noise)
    given = torch.randn(2, 1, 9 * 40) if noise else None
    wave = BigVGAN(config)(torch.randn(2, 6, 9), given)
    assert config.samples_per_frame == 40
    assert wave.shape == (2, 360)
    assert wave.abs().max() <= 1


def test_vocoder_follows_its_noise():
    torch.manual_seed(0)
    config = BigVGANConfig(6, 16, (5, 4), (11, 8), (3,), (1,), True)
    network, mel = BigVGAN(config), torch.randn(1, 6, 5)
    one, two = torch.randn(2, 1, 1, 100)
    assert not torch.equal(network(mel, one), network(mel, two))
    assert torch.equal(network(mel, one), network(mel, one))


def test_mel_filters_have_unit_area_and_cover_the_band():
    config = MelConfig()
    filters = mel_filters(config)
    spacing = config.sample_rate / config.window
    # Narrow low filters are sampled coarsely by the bins; wide ones come out at their area.
    np.testing.assert_allclose(filters[40:].sum(1) * spacing, 1, rtol=0.02)
    assert filters.shape == (64, 513)
    assert (filters.sum(0)[1:-1] > 0).all()


def test_log_mel_of_a_tone_peaks_at_its_own_band_and_counts_frames():
    config = MelConfig()
    time = np.arange(16000) / config.sample_rate
    wave = torch.from_numpy(0.5 * np.sin(2 * np.pi * 1000 * time)).float()[None]
    mel = LogMel(config)(wave)
    assert mel.shape == (1, 100, 64)
    hz = np.linspace(0, 8000, 513)
    centres = (mel_filters(config) * hz).sum(1) / mel_filters(config).sum(1)
    assert abs(centres[int(mel[0, 50].argmax())] - 1000) < 60
    assert LogMel(config)(torch.zeros(1, 1600)).max() == pytest.approx(np.log(1e-5), abs=1.0)


def test_log_mel_agrees_with_a_plain_stft():
    config = MelConfig()
    wave = 0.1 * torch.randn(1, 8000, generator=torch.Generator().manual_seed(1))
    pad = (config.window - config.hop) // 2
    padded = F.pad(wave[:, None], (pad, pad), mode="reflect")[:, 0]
    window = torch.hann_window(config.window)
    spectrum = torch.stft(
        padded, config.window, config.hop, window=window, center=False, return_complex=True
    )
    filters = torch.from_numpy(mel_filters(config)).float()
    expected = torch.log(torch.clamp(filters @ spectrum.abs(), min=1e-5)).transpose(1, 2)
    torch.testing.assert_close(LogMel(config)(wave), expected, atol=2e-4, rtol=1e-4)


class Affine(nn.Module):
    """Stands where a UNet stands: its guess depends on the condition and the time alone."""

    def forward(self, x, t, *, encoder_hidden_states, class_labels):
        assert encoder_hidden_states is None
        guess = x * class_labels[:, :1, None, None] + t[:, None, None, None]
        return type("Output", (), {"sample": guess})()


@pytest.mark.parametrize("prediction", ["epsilon", "v", "sample", "flow"])
def test_denoise_is_guidance_then_prediction_then_the_row(prediction):
    torch.manual_seed(0)
    x, d_prev, noise = torch.randn(3, 2, 4, 5, 3)
    cond, weights = torch.randn(6, 7), torch.tensor([-2.0, 1.5, 1.5])
    t, alpha, sigma = 3.0, 0.6, 0.8
    row = torch.tensor([t, alpha, sigma, 0.9, 0.2, -0.1, 0.3])
    x_next, d = Denoise(Affine(), prediction)(x, d_prev, noise, cond, weights, row)
    gains = cond[:, 0].reshape(3, 2)  # all variations of the first branch come first
    guess = sum(w * (x * g[:, None, None, None] + t) for w, g in zip(weights, gains, strict=True))
    expected = {
        "epsilon": (x - sigma * guess) / alpha,
        "v": alpha * x - sigma * guess,
        "sample": guess,
        "flow": x - sigma * guess,
    }[prediction]
    torch.testing.assert_close(d, expected)
    torch.testing.assert_close(x_next, 0.9 * x + 0.2 * expected - 0.1 * d_prev + 0.3 * noise)


def test_film_unet_has_the_heads_it_is_given_and_hears_its_condition():
    torch.manual_seed(0)
    unet = film_unet(4, (32, 64), (1, 2), 16, 1)
    heads = {m.heads for n, m in unet.named_modules() if n.endswith(("attn1", "attn2"))}
    assert heads == {2}
    x, t = torch.randn(1, 4, 8, 8), torch.tensor([5])
    ask = lambda c: unet(x, t, encoder_hidden_states=None, class_labels=c).sample  # noqa: E731
    assert not torch.allclose(ask(torch.zeros(1, 16)), ask(torch.ones(1, 16)))
