"""CLIP as a conditioner of its own space: graphs, checkpoints and terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from hearsight.manifest import (
    Conditioners,
    Graph,
    ImageConditioner,
    Precision,
    Space,
    TextConditioner,
)

from ..bpe import TokenizerError, find_byte_pairs, read_byte_pairs
from ..checkpoints import below, foreign, read_folder, read_json, read_tensors
from ..conditioning import Addition
from ..fronts import PictureFront, export_picture_encoder
from ..graphs import Part, export_part
from ..terms import CLIP, terms_of
from ..tokenize import clip_tokenizer, export_tokenizer
from ..weights import blame
from .layout import Activation
from .towers import ClipText, load_clip_image, load_clip_text

__all__ = ["ClipFile", "clip_addition", "clip_graphs", "export_clip_tokenizer", "read_clip"]

_FIRST = "visual.conv1.weight [768, 3, 32, 32]"
_FIRST_OF_FOLDER = "vision_model.embeddings.patch_embedding.weight [768, 3, 32, 32]"


@dataclass(frozen=True)
class ClipFile:
    """A CLIP state dict, nothing before its names, and the file it is of.

    hidden_act: the activation if the file tells it. tokenizer: the folder that may hold the
    tokenizer too.
    """

    path: Path
    state: dict[str, Tensor]
    hidden_act: str | None
    tokenizer: Path | None


def read_clip(path: Path) -> ClipFile:
    """Read a CLIP: a state dict of OpenAI's or open_clip's model, or a folder of transformers.

    Raises:
        CheckpointError: it cannot be read, or there is no CLIP in it.
    """
    if path.is_dir():
        state = read_folder(path, "", _FIRST_OF_FOLDER)
        if not any(name.startswith("vision_model.") for name in state):
            raise foreign(path, state, "CLIP", _FIRST_OF_FOLDER)
        config = read_json(path / "config.json")
        vision = config.get("vision_config") or {}
        words = path if find_byte_pairs(path) else None
        return ClipFile(path, state, vision.get("hidden_act", "quick_gelu"), words)
    tensors = read_tensors(path)
    for prefix in ("", "module."):
        state = below(tensors, prefix)
        if any(name.startswith(("visual.", "vision_model.")) for name in state):
            return ClipFile(path, state, None, None)
    raise foreign(path, tensors, "CLIP", _FIRST)


def clip_addition(
    file: ClipFile,
    activation: Activation,
    space: str,
    tokenizer: Path | None,
    root: Path,
    precisions: Sequence[Precision] = ("fp32",),
) -> Addition:
    """Export the towers into folder `root`; the text tower only if there is a tokenizer.

    space: what to call CLIP's own space; every CLIP has another one.

    Raises:
        MisfitError, TokenizerError, ParityError: as `clip_graphs` does.
    """
    with blame(file.path):
        graphs = clip_graphs(file.state, activation, root, tokenizer or file.tokenizer, precisions)
    width = int(graphs["image"].outputs[0].shape[1])
    text = TextConditioner(("tokenize", "text")) if "text" in graphs else None
    return Addition(
        "clip",
        "CLIP: pictures and text" if text else "CLIP: pictures",
        graphs,
        Conditioners(text=text, image=ImageConditioner(("image",))),
        Space(space, (width,)),
        dict.fromkeys(graphs, terms_of(file.path, *CLIP)),
    )


def clip_graphs(
    state: Mapping[str, Tensor],
    activation: Activation,
    root: Path,
    tokenizer_files: Path | None,
    precisions: Sequence[Precision] = ("fp32",),
) -> dict[str, Graph]:
    """Write CLIP's graphs into folder `root`: `image`, and `tokenize` and `text` if asked for.

    tokenizer_files: CLIP's vocabulary and merges, as `read_byte_pairs` finds them; without
    them there is no text tower.

    Raises:
        MisfitError: names the first tensor that does not fit.
        TokenizerError: the tokenizer is missing or not of this model.
        ParityError: a graph does not compute what PyTorch computes.
    """
    image = load_clip_image(state, activation)
    graphs = {
        "image": export_picture_encoder(
            image, PictureFront(image.size), root, precisions=precisions
        )
    }
    if tokenizer_files is None:
        return graphs
    text = load_clip_text(state, activation)
    graphs["tokenize"] = export_clip_tokenizer(text, tokenizer_files, root)
    graphs["text"] = export_part(_text_part(text), root, precisions)
    return graphs


def export_clip_tokenizer(text: ClipText, files: Path, root: Path) -> Graph:
    """Write `tokenize` for a text tower into folder `root`; files: as for `read_byte_pairs`.

    Raises:
        TokenizerError: the tokenizer is missing or not of this model.
    """
    pairs, words = read_byte_pairs(files), text.model.config.vocab_size
    if len(pairs.vocabulary) != words or max(pairs.vocabulary.values()) != words - 1:
        raise TokenizerError(
            f"{files} has {len(pairs.vocabulary)} pieces, and the checkpoint has {words} words; "
            "give CLIP's own tokenizer."
        )
    places = text.model.config.max_position_embeddings
    return export_tokenizer(clip_tokenizer(pairs, places), root)


def _text_part(text: ClipText) -> Part:
    config = text.model.config
    pick = torch.Generator().manual_seed(5)

    def said(length: int) -> dict[str, Tensor]:
        ids = torch.randint(0, config.bos_token_id, (1, length), generator=pick)
        ids[0, 0], ids[0, -1] = config.bos_token_id, config.eos_token_id
        return {"ids": ids}

    return Part(
        "text",
        text,
        said(9),
        {"ids": {1: "L"}},
        {"cond": (1, config.projection_dim)},
        samples=[said(2), said(config.max_position_embeddings)],
    )
