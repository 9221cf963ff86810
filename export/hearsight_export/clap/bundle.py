"""CLAP checkpoints of every kind to what a bundle needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from hearsight.manifest import License, Precision

from ..checkpoints import CheckpointError, below, foreign, read_folder, read_json, read_tensors
from ..conditioning import Addition
from ..weights import blame
from .parts import clap_conditioners, clap_graphs, clap_space

__all__ = ["VOCABULARY_TERMS", "ClapFile", "clap_addition", "clap_terms", "read_clap"]

_IN_AUDIOLDM, _IN_PARALLEL = "cond_stage_model.model.", "module."
_FIRST = "text_branch.embeddings.word_embeddings.weight [50265, 768]"
_FIRST_OF_FOLDER = "text_model.embeddings.word_embeddings.weight [50265, 768]"

# What is published under these names; weights of other names are their makers'.
_PUBLISHED = (
    (
        r"audioldm-[sml]-[\w.-]+(/|$)",
        License("CC-BY-NC-SA-4.0", "https://github.com/haoheliu/AudioLDM", False),
    ),
    (
        r"(/630k-|/music_(audioset|speech)_)[\w.-]+\.pt$",
        License("CC0-1.0", "https://github.com/LAION-AI/CLAP", True),
    ),
    (
        r"models--laion--[\w-]*clap|/laion/[\w-]*clap[\w-]*$",
        License("Apache-2.0", "https://huggingface.co/laion", True),
    ),
)
VOCABULARY_TERMS = License("MIT", "https://github.com/facebookresearch/fairseq", True)


@dataclass(frozen=True)
class ClapFile:
    """A CLAP state dict, nothing before its names, and the file it is of.

    eps: of the text tower's layer norms if the file tells it. tokenizer: the folder that may
    hold the tokenizer too.
    """

    path: Path
    state: dict[str, Tensor]
    eps: float | None
    tokenizer: Path | None


def read_clap(path: Path) -> ClapFile:
    """Read a CLAP: an AudioLDM checkpoint, a file of LAION's, or a folder of transformers.

    Of a diffusers folder of AudioLDM the part `text_encoder` is taken.

    Raises:
        CheckpointError: it cannot be read, or there is no CLAP in it.
    """
    if path.is_dir():
        part = "text_encoder" if (path / "text_encoder").is_dir() else ""
        state = read_folder(path, part, _FIRST_OF_FOLDER)
        if not any(name.startswith("text_model.") for name in state):
            raise foreign(path, state, "CLAP", _FIRST_OF_FOLDER)
        config = read_json(path / part / "config.json")
        eps = config.get("text_config", config).get("layer_norm_eps")
        return ClapFile(path, state, eps, path)
    tensors = read_tensors(path)
    for prefix in (_IN_AUDIOLDM, _IN_PARALLEL, ""):
        state = below(tensors, prefix)
        if any(name.startswith(("text_branch.", "text_model.")) for name in state):
            return ClapFile(path, state, None, None)
    raise foreign(path, tensors, "CLAP", _FIRST)


def clap_addition(
    file: ClapFile,
    tokenizer: Path | None,
    root: Path,
    precisions: Sequence[Precision] = ("fp32",),
) -> Addition:
    """Export both towers, as far as they are there, into folder `root`.

    Raises:
        CheckpointError: no tokenizer was given, and the checkpoint has none.
        MisfitError, TokenizerError, ParityError: as `clap_graphs` does.
    """
    words = tokenizer or file.tokenizer
    if words is None:
        raise CheckpointError(
            "This checkpoint holds no tokenizer: give --tokenizer with the folder of "
            "roberta-base's vocab.json and merges.txt."
        )
    with blame(file.path):
        graphs = clap_graphs(file.state, words, root, file.eps, precisions)
    return Addition(
        "clap",
        "LAION CLAP: text and sound" if "audio" in graphs else "LAION CLAP: text",
        graphs,
        clap_conditioners(graphs),
        clap_space(file.state, root, file.eps),
        dict.fromkeys(graphs, clap_terms(file.path)) | {"tokenize": VOCABULARY_TERMS},
    )


def clap_terms(path: Path) -> License:
    """The licence of a checkpoint, by its name; AudioLDM's hold more than CLAP under theirs."""
    where = path.resolve().as_posix()
    known = (terms for names, terms in _PUBLISHED if re.search(names, where))
    return next(known, License("unknown"))
