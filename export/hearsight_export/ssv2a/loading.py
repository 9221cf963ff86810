"""SSV2A's files, read: its networks, the aggregator, and the DALL-E-2 prior with its CLIP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from ..checkpoints import CheckpointError, below, foreign, read_parts, read_tensors
from ..weights import MisfitError, Weights, blame
from .cycle import CycleMix
from .networks import Aggregator, Generator, Manifold, Remixer
from .prior import EVALUATIONS, HEAD, TRAIN_STEPS, Prior

__all__ = [
    "PARTS",
    "PriorFile",
    "load_aggregator",
    "load_cycle",
    "load_prior",
    "read_aggregator",
    "read_prior",
    "read_ssv2a",
]

PARTS = ("manifold_state", "generator_state", "remixer_state")
_FIRST = "clip_encoder.model.0.weight [768, 768] in manifold_state"
_FIRST_OF_AGGREGATOR = "pred_token [2, 512]"
_FIRST_OF_PRIOR = "net.learned_query [768]"
_CLIP = "clip.clip."
_LATER = ("net.null_text_encodings", "net.null_text_embeds", "net.null_image_embed")


@dataclass(frozen=True)
class PriorFile:
    """A prior and the CLIP that it was trained with, nothing before the names of either."""

    path: Path
    state: dict[str, Tensor]
    clip: dict[str, Tensor]


def read_ssv2a(path: Path) -> dict[str, dict[str, Tensor]]:
    """The three state dicts of `ssv2a.pth`, by `PARTS`.

    Raises:
        CheckpointError: it cannot be read, or is something else.
    """
    parts = read_parts(path, PARTS)
    if set(PARTS) <= parts.keys():
        return parts
    missing = [part for part in PARTS if part not in parts]
    if len(missing) < len(PARTS):
        raise CheckpointError(
            f"{path} is incomplete: of SSV2A's parts it lacks {', '.join(missing)}."
        )
    raise foreign(path, read_tensors(path), "SSV2A", _FIRST)


def load_cycle(parts: Mapping[str, Mapping[str, Tensor]]) -> CycleMix:
    """Manifold, generator and remixer of `read_ssv2a`, as the Cycle Mix.

    Raises:
        MisfitError: names the first tensor that does not fit.
    """
    states = [Weights(parts[part]) for part in PARTS]
    heard = [
        _part(part, load, weights)
        for part, load, weights in zip(
            PARTS, (_manifold, _generator, _remixer), states, strict=True
        )
    ]
    manifold, generator, remixer = heard
    clip, clap = (
        encoder.model[0].in_features for encoder in (manifold.clip_encoder, manifold.clap_encoder)
    )
    code, space = manifold.clip_encoder.out_mu.out_features, generator.out_mu.out_features
    for what, found, wanted in (
        ("generator_state takes codes", generator.model[0].in_features, code),
        ("generator_state gives vectors", space, clap),
        ("remixer_state takes slots", remixer.styler.in_proj.in_features, code + clip),
        ("remixer_state gives vectors", remixer.styler.out_mu.out_features, clap),
    ):
        if found != wanted:
            raise MisfitError(
                f"{what} of {found} values, and {wanted} follow from manifold_state; the three "
                "are not of one training."
            )
    return CycleMix(manifold, generator, remixer).eval().requires_grad_(False)


def read_aggregator(path: Path) -> dict[str, Tensor]:
    """The state dict of `agg.pth`.

    Raises:
        CheckpointError: it cannot be read, or is something else.
    """
    state = read_tensors(path)
    if "pred_token" not in state:
        raise foreign(path, state, "SSV2A aggregator", _FIRST_OF_AGGREGATOR)
    return state


def load_aggregator(state: Mapping[str, Tensor]) -> Aggregator:
    """The aggregator of a video's frames.

    Raises:
        MisfitError: names the first tensor that does not fit.
    """
    weights = Weights(state, unused=(r"pe\.pe$",))
    width = weights.shape("pred_token", 2)[1]
    hidden = weights.shape("encoder.encoder.0.ffn.linear1.weight", 2)[0]
    return _filled(Aggregator(width, hidden, weights.shape("out_mu.weight", 2)[0]), weights)


def read_prior(path: Path) -> PriorFile:
    """A checkpoint of dalle2-pytorch's prior, with its CLIP where it holds one.

    Raises:
        CheckpointError: it cannot be read, is something else, or of a release that computes
            another thing.
    """
    tensors = read_tensors(path)
    state = below(tensors, "net.")
    if not state:
        raise foreign(path, tensors, "DALL-E-2 prior", _FIRST_OF_PRIOR)
    for name in _LATER:
        if name in tensors:
            raise CheckpointError(
                f"{path} holds {name}: it is a prior of dalle2-pytorch 1.2 or later, whose "
                "attention is another one, and SSV2A was trained with one of 1.1.0, whose first "
                "tensor of that kind is net.null_text_embed [1, 77, 768]."
            )
    return PriorFile(path, {f"net.{n}": t for n, t in state.items()}, below(tensors, _CLIP))


def load_prior(file: PriorFile, evaluations: int = EVALUATIONS) -> Prior:
    """The prior; `evaluations` of its network make one vector.

    Raises:
        MisfitError: names the first tensor that does not fit.
    """
    with blame(file.path):
        weights = Weights(file.state, unused=(r".*\.rotary_emb\.freqs$",))
        times = weights.shape("net.to_time_embeds.0.weight", 2)[0]
        if times != TRAIN_STEPS:
            raise MisfitError(
                f"net.to_time_embeds.0.weight has {times} rows; a prior of {TRAIN_STEPS} "
                "training steps was expected."
            )
        at = "net.causal_transformer.layers."
        prior = Prior(
            width=weights.shape("net.learned_query", 1)[0],
            heads=weights.shape(f"{at}0.0.to_q.weight", 2)[0] // HEAD,
            depth=weights.depth(at + "{}.0.to_q.weight"),
            places=weights.shape("net.null_text_embed", 3)[1],
            evaluations=evaluations,
        )
        return _filled(prior, weights)


def _part(name: str, load, weights: Weights) -> nn.Module:
    try:
        return load(weights)
    except MisfitError as misfit:
        raise MisfitError(f"In {name}: {misfit}") from None


def _manifold(weights: Weights) -> Manifold:
    clip, widths, space = _gaussian(weights, "clip_encoder.")
    clap = weights.shape("clap_encoder.model.0.weight", 2)[1]
    return _filled(Manifold(clip, clap, widths, space), weights)


def _generator(weights: Weights) -> Generator:
    return _filled(Generator(*_gaussian(weights, "")), weights)


def _remixer(weights: Weights) -> Remixer:
    width, inputs = weights.shape("styler.in_proj.weight", 2)
    hidden = weights.shape("styler.style_encoder.encoder.0.ffn.linear1.weight", 2)[0]
    space = weights.shape("styler.out_mu.weight", 2)[0]
    return _filled(Remixer(inputs, width, hidden, space), weights)


def _gaussian(weights: Weights, at: str) -> tuple[int, Sequence[int], int]:
    """Size of what comes in, widths of the layers, and size of what comes out."""
    first, before = weights.shape(f"{at}model.0.weight", 2)
    widths, place = [first], 0
    while f"{at}model.1.model.{place}.mod.0.weight" in weights:
        for number in (0, 4):
            layer = f"{at}model.1.model.{place}.mod.{number}.weight"
            widths.append(weights.shape(layer, 2)[0])
        place += 2
    if f"{at}model.1.model.{place}.weight" in weights:
        widths.append(weights.shape(f"{at}model.1.model.{place}.weight", 2)[0])
    return before, widths, weights.shape(f"{at}out_mu.weight", 2)[0]


def _filled(module: nn.Module, weights: Weights) -> nn.Module:
    weights.fill(module)
    return module.eval().requires_grad_(False)
