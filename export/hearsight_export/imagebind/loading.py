"""ImageBind's checkpoint: which encoders it holds, and how large they are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from torch import Tensor, nn

from ..checkpoints import CheckpointError, foreign, read_tensors
from ..weights import MisfitError, Origin, Weights, blame
from .networks import FRAMES, Encoder, Movements, Pictures, Planes, Size, Text

__all__ = ["ImageBind", "Kind", "load_encoder", "read_imagebind"]

Kind = Literal["vision", "text", "audio", "depth", "thermal", "imu"]

SIDE = 224  # of a picture in pixels
MEL = (128, 204)  # bands and frames of a clip of two seconds
MOVEMENT = (6, 2000)  # channels and samples
# By width, as no tensor tells them: of the published encoders, and of their twins in small.
HEADS = {1280: 16, 1024: 16, 768: 12, 512: 8, 384: 8, 48: 4, 32: 4}
SCALES = {"vision": 1.0, "audio": 20.0, "depth": 5.0, "thermal": 10.0, "imu": 5.0}
_FIRST = "modality_trunks.vision.blocks.0.attn.in_proj_weight [3840, 1280]"
_STEMS = {"vision": "rgbt_stem.", "depth": "depth_stem.", "imu": "imu_stem."}
_PLACES = {"audio", "depth", "thermal", "vision"}  # have them in a module of their own
_FIXED = 1e-3  # how far a scale that is built in may be from what the file says


@dataclass(frozen=True)
class ImageBind:
    """A checkpoint and the encoders that it holds, in the order of `Kind`."""

    path: Path
    state: Mapping[str, Tensor]
    kinds: tuple[Kind, ...]

    @property
    def space(self) -> int:
        """Number of values of its vectors.

        Raises:
            MisfitError: the last tensor of the first encoder is missing, or no matrix.
        """
        kind = self.kinds[0]
        with blame(self.path):
            weights = Weights(self.state, lambda name: Origin(_spelled(kind, name)))
            return weights.shape(_matrix(kind), 2)[0]


def read_imagebind(path: Path) -> ImageBind:
    """Find out what of ImageBind a file holds.

    Raises:
        CheckpointError: it cannot be read, or is of another family.
        MisfitError: names the first tensor that fits no encoder.
    """
    state = read_tensors(path)
    kinds = tuple(
        k for k in get_args(Kind) if any(n.startswith(f"modality_trunks.{k}.") for n in state)
    )
    if not kinds:
        raise foreign(path, state, "ImageBind", _FIRST)
    with blame(path):
        for name, tensor in state.items():
            if not any(name.startswith(_parts(kind)) for kind in kinds):
                raise MisfitError(
                    f"The checkpoint holds {name} {list(tensor.shape)}, for which it has no trunk; "
                    "it is only a part of a checkpoint, or one of another model."
                )
    return ImageBind(path, state, kinds)


def load_encoder(file: ImageBind, kind: Kind) -> nn.Module:
    """One of the encoders.

    Raises:
        CheckpointError: the file does not hold it.
        MisfitError: names the first tensor that does not fit.
    """
    if kind not in file.kinds:
        raise CheckpointError(
            f"{file.path} has no {kind} encoder: it lacks "
            f"modality_trunks.{kind}.blocks.0.attn.in_proj_weight."
        )
    with blame(file.path):
        own = {name: t for name, t in file.state.items() if name.startswith(_parts(kind))}
        unused = (r".*\.text\.mask$", rf".*\.{kind}\.1\.log_logit_scale$")
        weights = Weights(own, lambda name: Origin(_spelled(kind, name)), unused)
        encoder = _build(kind, weights)
        weights.fill(encoder)
        _expect_scale(kind, own)
    return encoder.eval()


def _parts(kind: Kind) -> tuple[str, ...]:
    places = ("preprocessors", "trunks", "heads", "postprocessors")
    return tuple(f"modality_{place}.{kind}." for place in places)


def _spelled(kind: Kind, name: str) -> str:
    """What the checkpoint calls a tensor of an encoder."""
    part, _, rest = name.partition(".")
    if part == "log_logit_scale":
        return f"modality_postprocessors.{kind}.1.{part}"
    if part != "stem":
        return f"modality_{part}s.{kind}.{rest}"
    if rest == "pos_embed" and kind in _PLACES:
        rest = f"pos_embedding_helper.{rest}"
    if rest.startswith(("proj.", "norm_layer.")):
        stem = _STEMS.get(kind, "rgbt_stem.")
        # Pictures are first repeated in time, which is the module before.
        rest = stem + (rest.replace("proj.", "proj.1.") if kind == "vision" else rest)
    return f"modality_preprocessors.{kind}.{rest}"


def _build(kind: Kind, weights: Weights) -> nn.Module:
    size = _size(kind, weights)
    tokens = weights.shape("stem.pos_embed", 3)[1]
    if kind == "text":
        return Text(size, weights.shape("stem.token_embedding.weight", 2)[0], tokens)
    if kind == "imu":
        stem: nn.Module = Movements(size.width, weights.shape("stem.proj.weight", 2)[1], tokens)
        _expect_tokens(weights, tokens, MOVEMENT[1] * MOVEMENT[0] // stem.proj.in_features)
        return Encoder(stem, size, SCALES[kind], linear="3")
    if kind == "vision":
        _, _, frames, patch, _ = weights.shape("stem.proj.weight", 5)
        if frames != FRAMES:
            raise MisfitError(f"Its pictures are {frames} frames deep; {FRAMES} were expected.")
        _expect_tokens(weights, tokens, (SIDE // patch) ** 2)
        stem = Pictures(size.width, patch, tokens)
        return Encoder(stem, size, SCALES[kind], extra=False, early=True)
    patch = weights.shape("stem.proj.weight", 4)[2]
    stride = 10 if kind == "audio" else patch
    high, wide = MEL if kind == "audio" else (SIDE, SIDE)
    _expect_tokens(weights, tokens, ((high - patch) // stride + 1) * ((wide - patch) // stride + 1))
    return Encoder(Planes(size.width, patch, stride, tokens), size, SCALES[kind])


def _size(kind: Kind, weights: Weights) -> Size:
    block = "trunk.blocks.{}.attn.in_proj_weight"
    width = weights.shape(block.format(0), 2)[1]
    if width not in HEADS:
        raise MisfitError(
            f"{_spelled(kind, block.format(0))} is of width {width}, whose number of heads is not "
            f"known; known are {', '.join(map(str, HEADS))}."
        )
    space = weights.shape(_matrix(kind), 2)[0]
    return Size(width, weights.depth(block), HEADS[width], space)


def _matrix(kind: Kind) -> str:
    """The last tensor of an encoder."""
    return {"text": "head.proj.1.weight", "imu": "head.3.weight"}.get(kind, "head.2.weight")


def _expect_tokens(weights: Weights, tokens: int, patches: int) -> None:
    if tokens != patches + 1:
        raise MisfitError(
            f"It has places for {tokens} tokens, and its input makes {patches} and one; places "
            "are not stretched here."
        )


def _expect_scale(kind: Kind, own: Mapping[str, Tensor]) -> None:
    """What is built in as the length of vectors is what the file has, where it says so."""
    name = f"modality_postprocessors.{kind}.1.log_logit_scale"
    if kind == "text" or name not in own:
        return
    said = float(own[name].exp())
    if not math.isclose(said, SCALES[kind], rel_tol=_FIXED):
        raise MisfitError(f"{name} makes vectors {said:g} long; {SCALES[kind]:g} was expected.")
