"""The graphs of ImageBind and the prompts that they take, whatever comes behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from hearsight.manifest import (
    AudioConditioner,
    Conditioners,
    Graph,
    ImageConditioner,
    Precision,
    SensorConditioner,
    TextConditioner,
    VideoConditioner,
)

from ..bpe import TokenizerError, read_byte_pairs
from ..graphs import Part, export_part
from ..tokenize import clip_tokenizer, export_tokenizer
from .hearing import RATE, Clips, KaldiMel
from .loading import MOVEMENT, SIDE, ImageBind, Kind, load_encoder
from .networks import Text
from .seeing import Gray, Looking, export_moment, export_picture

__all__ = ["Hearing", "imagebind_conditioners", "imagebind_graphs"]

MOMENTS, MOMENT_SECONDS = 5, 2.0
LONGEST = 600.0  # seconds of a sound that are listened to


class Hearing(nn.Module):
    """Sound [1, S] at 16 kHz of any length to the mean of its three clips' vectors [1, D].

    The mean is shorter than they are, and left so.
    """

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.clips, self.mel, self.encoder = Clips(), KaldiMel(), encoder

    def forward(self, audio: Tensor) -> Tensor:
        return self.encoder(self.mel(*self.clips(audio))).mean(0, keepdim=True)


class Mean(nn.Module):
    """Vectors of moments [1, N, D] to their mean [1, D]."""

    def forward(self, frames: Tensor) -> Tensor:
        return frames.mean(1)


@dataclass(frozen=True)
class _Export:
    """What every graph is written with."""

    file: ImageBind
    root: Path
    precisions: Sequence[Precision]
    log: Callable[[str], None]


def imagebind_graphs(
    file: ImageBind,
    root: Path,
    tokenizer: Path | None,
    kinds: Sequence[Kind],
    precisions: Sequence[Precision] = ("fp32",),
    *,
    joined: bool = False,
    log: Callable[[str], None] = print,
) -> dict[str, Graph]:
    """Write the graphs of these encoders into folder `root`; one encoder is loaded at a time.

    `image`, `moment` and `frames` are of pictures and videos; `tokenize` and `text`, `audio`,
    `depth`, `thermal` and `imu` of what they are called. joined: a graph follows all of them, so
    that they give `embed` and not `cond`.

    Raises:
        CheckpointError: an encoder is not there.
        MisfitError: names the first tensor that does not fit.
        TokenizerError: the tokenizer is missing or not of this model.
        ParityError: a graph does not compute what PyTorch computes.
    """
    graphs: dict[str, Graph] = {}
    export = _Export(file, root, precisions, log)
    output = "embed" if joined else "cond"
    # Texts first: what may be missing is their tokenizer, and others take minutes.
    for kind in sorted(kinds, key=lambda kind: kind != "text"):
        log(f"{kind}: exporting")
        encoder = load_encoder(file, kind)
        if kind == "vision":
            graphs |= _vision(export, encoder, output)
        elif isinstance(encoder, Text):
            graphs |= _text(export, encoder, tokenizer, output)
        elif kind in ("depth", "thermal"):
            graphs[kind] = export_picture(Gray(encoder), SIDE, root, kind, output, precisions)
        else:
            part = _audio(encoder, output) if kind == "audio" else _imu(encoder, output)
            graphs[kind] = export_part(part, root, precisions)
    return graphs


def imagebind_conditioners(graphs: dict[str, Graph], join: str = "") -> Conditioners:
    """The prompts that these graphs take, each chain with the graph `join` behind it, if any."""
    last = (join,) if join else ()
    video = VideoConditioner(
        ("moment", "frames", *last), 0.0, MOMENTS, moment_seconds=MOMENT_SECONDS
    )
    return Conditioners(
        text=TextConditioner(("tokenize", "text", *last)) if "text" in graphs else None,
        image=ImageConditioner(("image", *last)) if "image" in graphs else None,
        video=video if "moment" in graphs else None,
        audio=AudioConditioner(("audio", *last), RATE, LONGEST, pad=False)
        if "audio" in graphs
        else None,
        depth=SensorConditioner(("depth", *last)) if "depth" in graphs else None,
        thermal=SensorConditioner(("thermal", *last)) if "thermal" in graphs else None,
        imu=SensorConditioner(("imu", *last)) if "imu" in graphs else None,
    )


def _vision(export: _Export, encoder: nn.Module, output: str) -> dict[str, Graph]:
    looking = Looking(encoder)
    image = export_picture(looking, SIDE, export.root, output=output, precisions=export.precisions)
    moment = export_moment(looking, SIDE, export.root, image, export.precisions)
    space = int(image.outputs[0].shape[1])
    pick = torch.Generator().manual_seed(6)

    def frames(count: int) -> dict[str, Tensor]:
        return {"frames": torch.randn(1, count, space, generator=pick)}

    mean = Part(
        "frames",
        Mean(),
        frames(MOMENTS),
        {"frames": {1: "N"}},
        {output: (1, space)},
        samples=[frames(1)],
    )
    return {"image": image, "moment": moment, "frames": export_part(mean, export.root)}


def _text(export: _Export, encoder: Text, tokenizer: Path | None, output: str) -> dict[str, Graph]:
    if tokenizer is None:
        raise TokenizerError(
            f"{export.file.path} holds no tokenizer: give --tokenizer with CLIP's "
            "bpe_simple_vocab_16e6.txt.gz, or a folder of its vocab.json and merges.txt."
        )
    words = encoder.stem.token_embedding.num_embeddings
    pairs, places = read_byte_pairs(tokenizer), encoder.stem.pos_embed.shape[1]
    if len(pairs.vocabulary) != words or max(pairs.vocabulary.values()) != words - 1:
        raise TokenizerError(
            f"{tokenizer} has {len(pairs.vocabulary)} pieces, and the checkpoint has {words} "
            "words; give CLIP's own tokenizer."
        )
    pick = torch.Generator().manual_seed(5)

    def said(length: int) -> dict[str, Tensor]:
        ids = torch.randint(0, words - 2, (1, length), generator=pick)
        ids[0, 0], ids[0, -1] = words - 2, words - 1
        return {"ids": ids}

    part = Part(
        "text",
        encoder,
        said(9),
        {"ids": {1: "L"}},
        {output: (1, _space(encoder))},
        samples=[said(2), said(places)],
    )
    return {
        "tokenize": export_tokenizer(clip_tokenizer(pairs, places), export.root),
        "text": export_part(part, export.root, export.precisions),
    }


def _audio(encoder: nn.Module, output: str) -> Part:
    pick = torch.Generator().manual_seed(8)

    def heard(samples: int) -> dict[str, Tensor]:
        return {"audio": 0.1 * torch.randn(1, samples, generator=pick)}

    return Part(
        "audio",
        Hearing(encoder),
        heard(50001),
        {"audio": {1: "S"}},
        {output: (1, _space(encoder))},
        samples=[heard(2 * RATE), heard(7000), heard(100)],
    )


def _imu(encoder: nn.Module, output: str) -> Part:
    moved = torch.randn(1, *MOVEMENT, generator=torch.Generator().manual_seed(9))
    return Part(
        "signal",
        _Signal(encoder),
        {"signal": moved},
        {},
        {output: (1, _space(encoder))},
        name="imu",
    )


class _Signal(nn.Module):
    """An encoder of movement whose input has the name of its role."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, signal: Tensor) -> Tensor:
        return self.encoder(signal)


def _space(encoder: nn.Module) -> int:
    """Number of values of an encoder's vectors."""
    *_, matrix = (module for module in encoder.head.modules() if isinstance(module, nn.Linear))
    return matrix.out_features
