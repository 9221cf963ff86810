"""The form of a BigVGAN that runs fastest: pictures one row high, and rates folded into filters."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .networks import BigVGAN, PolyphaseSnake

__all__ = ["FlatBigVGAN"]


class FlatBigVGAN(nn.Module):
    """A generator without noise input, for running only: mel [B, bins, F] to wave [B, S].

    The same function as the network it is made of, whose weights it shares. Everything is a
    [B, C, 1, T], for which ONNX Runtime's convolutions on a CPU are quicker than on [B, C, T].
    """

    def __init__(self, model: BigVGAN) -> None:
        super().__init__()
        with torch.device("meta"):
            self.body = BigVGAN(model.config)
        _flatten(model, self.body)

    def forward(self, mel: Tensor) -> Tensor:
        wave = self.body.before_limit(mel[:, :, None])[:, 0, 0]
        final = self.body.config.final
        return torch.tanh(wave) if final == "tanh" else torch.clamp(wave, -1.0, 1.0)


class _FlatSnake(nn.Module):
    """`PolyphaseSnake` over [B, C, 1, T] with constants instead of arithmetic.

    With u = 2 a x, the filters being linear and a positive one for each channel,
    x + sin(a x)^2 / b = (u - (a / b) cos u) / 2a + 1 / 2b. So the filter before gives u, that
    behind divides by 2a, and 1 / 2b, which it passes unchanged, is its bias. Each phase has its
    own convolutions: depthwise ones of one channel each are what ONNX Runtime is quickest at.
    """

    def __init__(self, activation: PolyphaseSnake) -> None:
        super().__init__()
        a, b = (rate.detach()[:, None, None, None] for rate in activation.rates)
        self.channels = activation.channels
        up = activation.up.reshape(self.channels, 2, 1, 7) * 2 * a
        down = activation.down[:, :, None] / (2 * a)
        weights = {
            "up_even": up[:, :1],
            "up_odd": up[:, 1:],
            "depth": (-a / b)[:, 0],
            "down_even": down[:, :1],
            "down_odd": down[:, 1:],
            "bias": (1 / (2 * b)).flatten(),
        }
        for name, value in weights.items():
            self.register_parameter(name, nn.Parameter(value.contiguous(), requires_grad=False))

    def forward(self, x: Tensor) -> Tensor:
        wide = F.pad(x, (3, 3, 0, 0), mode="replicate")
        even, odd = (self._bent(wide, kernel) for kernel in (self.up_even, self.up_odd))
        first = even[..., :1].expand(-1, -1, -1, 3)
        last = odd[..., -1:].expand(-1, -1, -1, 3)
        even, odd = (torch.cat((first, phase, last), dim=-1) for phase in (even, odd))
        narrow = F.conv2d(even, self.down_even, self.bias, groups=self.channels)
        return narrow + F.conv2d(odd, self.down_odd, groups=self.channels)

    def _bent(self, wide: Tensor, kernel: Tensor) -> Tensor:
        """One phase of the signal at twice the rate, times 2a, with its sine added."""
        u = F.conv2d(wide, kernel, groups=self.channels)
        return u + self.depth * torch.cos(u)


def _flatten(source: nn.Module, target: nn.Module) -> None:
    """Give every layer of `target` its flat form, with the weights of `source`."""
    for name, layer in source.named_children():
        if isinstance(layer, PolyphaseSnake):
            setattr(target, name, _FlatSnake(layer))
        elif isinstance(layer, nn.Conv1d | nn.ConvTranspose1d):
            setattr(target, name, _flat_conv(layer))
        else:
            _flatten(layer, getattr(target, name))


def _flat_conv(layer: nn.Conv1d | nn.ConvTranspose1d) -> nn.Module:
    kind = nn.ConvTranspose2d if isinstance(layer, nn.ConvTranspose1d) else nn.Conv2d
    flat = kind(
        layer.in_channels,
        layer.out_channels,
        (1, layer.kernel_size[0]),
        stride=(1, layer.stride[0]),
        padding=(0, layer.padding[0]),
        dilation=(1, layer.dilation[0]),
        bias=layer.bias is not None,
        device="meta",
    )
    flat.weight = nn.Parameter(layer.weight.detach()[:, :, None], requires_grad=False)
    if layer.bias is not None:
        flat.bias = nn.Parameter(layer.bias.detach(), requires_grad=False)
    return flat
