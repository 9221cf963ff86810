"""EchoFrame as a conditioner: graphs, checkpoints and terms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hearsight.manifest import Conditioners, Graph, License, Precision, Space, VideoConditioner

from ..clap.parts import SPACE
from ..clip.bundle import ClipFile
from ..clip.towers import ClipImage, load_clip_image
from ..conditioning import Addition
from ..fronts import PictureFront, export_picture_encoder
from ..graphs import Part, export_part
from ..terms import CLIP, terms_of
from ..weights import MisfitError, blame
from .mappers import FRAMES

__all__ = ["FPS", "echoframe_addition", "echoframe_graphs", "frames_part"]

FPS = 8.0
# Its MIT file covers the authors' own work; the mappers come from a fork of jh5-6/V2A-Mapper.
_MAPPER = License(
    "not stated; the code that trained it derives from CC-BY-NC-SA-4.0",
    "https://github.com/jh5-6/V2A-Mapper",
    False,
)


def echoframe_addition(
    mapper: nn.Module,
    clip: ClipFile,
    root: Path,
    precisions: Sequence[Precision] = ("fp32",),
) -> Addition:
    """Export the eye and a mapper into folder `root`.

    clip: open_clip's ViT-B/32 of laion2B, with the exact GELU.

    Raises:
        MisfitError: the CLIP is another one; names its first tensor that does not fit.
        ParityError: a graph does not compute what PyTorch computes.
    """
    with blame(clip.path):
        if clip.hidden_act == "quick_gelu" or "input_resolution" in clip.state:
            raise MisfitError(
                "It is OpenAI's CLIP, with QuickGELU; EchoFrame's mappers were trained on "
                "open_clip's ViT-B/32 of laion2B (laion2b_s34b_b79k), and that was expected."
            )
        image = load_clip_image(clip.state, "gelu")
        if image.space != mapper.embed:
            raise MisfitError(
                f"Its vectors have {image.space} values, and the mapper takes {mapper.embed}; "
                "open_clip's ViT-B/32 of laion2B was expected."
            )
    graphs = echoframe_graphs(mapper, image, root, precisions)
    space = int(graphs["frames"].outputs[0].shape[1])
    return Addition(
        "echoframe",
        "EchoFrame: video to CLAP's space",
        graphs,
        Conditioners(video=VideoConditioner(("video-image", "frames"), FPS, FRAMES)),
        Space(SPACE, (space,)),
        {"frames": _MAPPER, "video-image": terms_of(clip.path, *CLIP)},
    )


def echoframe_graphs(
    mapper: nn.Module,
    image: ClipImage,
    root: Path,
    precisions: Sequence[Precision] = ("fp32",),
) -> dict[str, Graph]:
    """Write `video-image`, which embeds one frame, and `frames`, the mapper, into folder `root`.

    Frames are squeezed to the size of the CLIP by an antialiased bicubic filter.

    Raises:
        ParityError: a graph does not compute what PyTorch computes.
    """
    front = PictureFront(image.size, crop=False)
    eye = export_picture_encoder(image, front, root, "video-image", "embed", precisions)
    return {"video-image": eye, "frames": export_part(frames_part(mapper), root, precisions)}


def frames_part(mapper: nn.Module) -> Part:
    """A mapper as a graph: frames [1, N, embed] of unit length to a condition."""
    pick = torch.Generator().manual_seed(6)

    def frames(count: int) -> dict[str, Tensor]:
        drawn = torch.randn(1, count, mapper.embed, generator=pick)
        return {"frames": F.normalize(drawn, dim=-1)}

    with torch.no_grad():
        space = mapper(frames(1)["frames"]).shape[1]
    return Part(
        "frames",
        mapper,
        frames(5),
        {"frames": {1: "N"}},
        {"cond": (1, space)},
        samples=[frames(1), frames(37), frames(FRAMES)],
    )
