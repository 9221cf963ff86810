"""BigVGAN checkpoints and the configurations beside them, as networks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from torch import Tensor

from hearsight.manifest import Mel

from ..checkpoints import CheckpointError, foreign, read_json, read_tensors
from ..weights import MisfitError, Origin, Weights, blame
from .config import BigVGANConfig, Vocoder, name_of_config
from .networks import BigVGAN, kaiser_sinc

__all__ = ["find_config", "load_bigvgan", "read_config"]

_SIDES = ("config.json", "args.yml", "args.yaml")
# Make-An-Audio's own file is of the network alone: what it does not say of the mels.
_UNSAID = {"sampling_rate": 16000, "n_fft": 1024, "hop_size": 256, "fmin": 0, "fmax": 8000}
_FIRST = "conv_pre.weight [1536, 80, 7] (or of its weight norm)"
# A weight that is normed is stored as its length and its direction, by two generations of PyTorch.
_NORMED = (
    ("weight_g", "weight_v"),
    ("parametrizations.weight.original0", "parametrizations.weight.original1"),
)
_FILTERS = (".upsample.filter", ".downsample.lowpass.filter")
_FILTER_ERROR = 1e-5


def load_bigvgan(path: Path, config: Path | None = None) -> BigVGAN:
    """The generator of a checkpoint, its weight norm folded, ready to run.

    config: the `config.json` or `args.yml` of its training; None takes the one beside the
    checkpoint, and where there is none the sizes are told by the tensors.

    Raises:
        CheckpointError: a file cannot be read, or is of something else.
        MisfitError: names the first tensor that does not fit, and the configuration expected.
    """
    tensors = read_tensors(path)
    if not any(name.startswith("resblocks.0.activations.") for name in tensors):
        raise foreign(path, tensors, "BigVGAN", _FIRST)
    side = find_config(path, config)
    with blame(path):
        weights = _weights(tensors)
        sizes = read_config(side).network if side else _told(weights)
        model = BigVGAN(sizes)
        try:
            _check_filters(tensors)
            weights.fill(model)
        except MisfitError as misfit:
            told = side.name if side else "the tensors themselves"
            raise MisfitError(f"{misfit} Expected by {told}: {name_of_config(sizes)}.") from None
    return model.eval().requires_grad_(False)


def find_config(path: Path, config: Path | None = None) -> Path | None:
    """The configuration of a checkpoint: the one that is given, or the one beside it."""
    beside = (path.parent / name for name in _SIDES)
    return config or next((file for file in beside if file.is_file()), None)


def read_config(path: Path) -> Vocoder:
    """A `config.json` of NVIDIA/BigVGAN, or an `args.yml` of Make-An-Audio.

    Keys that older files lack mean what version 1 does. The second kind's mels are of decimal
    logarithms.

    Raises:
        CheckpointError: it cannot be read, lacks a key, or asks for what is not known.
    """
    of_yaml = path.suffix in (".yml", ".yaml")
    said = _UNSAID | _read_yaml(path) if of_yaml else read_json(path)
    wanted = {"resblock": "1", "snake_logscale": True}
    for key, only in wanted.items():
        if str(said.get(key, only)) != str(only):
            raise CheckpointError(f"{path}: {key} is {said[key]!r}, and only {only!r} is known.")
    activation = said.get("activation", "snakebeta")
    if activation not in ("snakebeta", "snake"):
        raise CheckpointError(f"{path}: activation {activation!r} is not known: snakebeta, snake.")
    try:
        dilations = {tuple(each) for each in said["resblock_dilation_sizes"]}
        [dilation] = dilations
        network = BigVGANConfig(
            mel_bins=int(said["num_mels"]),
            channels=int(said["upsample_initial_channel"]),
            rates=tuple(map(int, said["upsample_rates"])),
            kernels=tuple(map(int, said["upsample_kernel_sizes"])),
            block_kernels=tuple(map(int, said["resblock_kernel_sizes"])),
            dilations=tuple(map(int, dilation)),
            activation=activation,
            final="tanh" if said.get("use_tanh_at_final", True) else "clamp",
            post_bias=bool(said.get("use_bias_at_final", True)),
        )
        rate = int(said["sampling_rate"])
        log = "log10" if of_yaml else "ln"
        fmax = float(rate / 2 if said["fmax"] is None else said["fmax"])
        mel = Mel(
            network.mel_bins, int(said["n_fft"]), int(said["hop_size"]), float(said["fmin"]),
            fmax, log, 1e-5,
        )  # fmt: skip
    except KeyError as problem:
        raise CheckpointError(f"{path} lacks {problem.args[0]!r}, which BigVGAN has.") from None
    except (TypeError, ValueError) as problem:
        raise CheckpointError(f"{path} is no configuration of a BigVGAN: {problem}.") from None
    window = said.get("win_size", mel.n_fft)
    if window != mel.n_fft:
        raise CheckpointError(
            f"{path}: win_size is {window}, and only windows of n_fft, {mel.n_fft}, are known."
        )
    if mel.hop != network.samples_per_frame or len(network.rates) != len(network.kernels):
        raise CheckpointError(
            f"{path}: hop_size is {mel.hop}, and the rates {list(network.rates)} with kernels "
            f"{list(network.kernels)} make {network.samples_per_frame} samples of a frame."
        )
    return Vocoder(network, rate, mel)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise CheckpointError(f"{path} cannot be read: {problem.strerror}.") from None
    except (yaml.YAMLError, ValueError):
        raise CheckpointError(f"{path} is no plain YAML.") from None
    if not isinstance(found, dict):
        raise CheckpointError(f"{path} must hold names and values.")
    return found


def _weights(tensors: Mapping[str, Tensor]) -> Weights:
    """The tensors with every norm folded in: w = g v / |v| over all axes but the first.

    A folded weight keeps the name of its direction, so that errors speak of what is in the file.
    """
    plain = dict(tensors)
    for name in tensors:
        for length, direction in _NORMED:
            if name.endswith(f".{direction}"):
                own = name.removesuffix(direction) + length
                if own not in tensors:
                    raise MisfitError(f"The checkpoint lacks the tensor {own}.")
                v, g = tensors[name].float(), tensors[own].float()
                rows = [v.shape[0]] + [1] * (v.ndim - 1)
                if list(g.shape) != rows:
                    raise MisfitError(f"{own} has the shape {list(g.shape)}; {rows} was expected.")
                plain[name] = v * (g / v.flatten(1).norm(dim=1).reshape(rows))
                del plain[own]

    def origin(name: str) -> Origin:
        stem, _, last = name.rpartition(".")
        if stem.startswith("ups."):
            stem += ".0"
        if last in ("alpha", "beta"):
            return Origin(f"{stem}.act.{last}")
        stored = (f"{stem}.{direction}" for _, direction in _NORMED if last == "weight")
        return Origin(next((one for one in stored if one in plain), f"{stem}.{last}"))

    return Weights(plain, origin, [rf".*{part.replace('.', '[.]')}$" for part in _FILTERS])


def _check_filters(tensors: Mapping[str, Tensor]) -> None:
    """The anti-aliasing filters are constants, and ours must be those of the file."""
    wanted = kaiser_sinc()
    for name, tensor in tensors.items():
        if name.endswith(_FILTERS):
            taps = tensor.float().numpy()
            if taps.shape != (1, 1, len(wanted)) or np.abs(taps - wanted).max() > _FILTER_ERROR:
                raise MisfitError(
                    f"{name} {list(tensor.shape)} is another filter than the Kaiser-windowed "
                    f"sinc of {len(wanted)} taps that was expected."
                )


def _told(weights: Weights) -> BigVGANConfig:
    """Sizes by the shapes of the tensors. Rates are half of their kernels, as in all public ones,
    and dilations begin with 1, 3, 5; a last convolution without bias is a mark of version 2.
    """
    channels, bins, _ = weights.shape("conv_pre.weight", 3)
    stages = weights.depth("ups.{}.weight")
    kernels = tuple(weights.shape(f"ups.{i}.weight", 3)[2] for i in range(stages))
    blocks = weights.depth("resblocks.{}.convs1.0.weight") // max(1, stages)
    bias = "conv_post.bias" in weights
    told = BigVGANConfig(
        mel_bins=bins,
        channels=channels,
        rates=tuple(kernel // 2 for kernel in kernels),
        kernels=kernels,
        block_kernels=tuple(
            weights.shape(f"resblocks.{i}.convs1.0.weight", 3)[2] for i in range(blocks)
        ),
        dilations=tuple(2 * i + 1 for i in range(weights.depth("resblocks.0.convs1.{}.weight"))),
        activation="snakebeta" if "activation_post.beta" in weights else "snake",
        final="tanh" if bias else "clamp",
        post_bias=bias,
    )
    return told
