"""CLAP checkpoints of every kind to what a bundle needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from hearsight.manifest import Precision

from ..checkpoints import CheckpointError, below, foreign, read_folder, read_tensors
from ..conditioning import Addition
from ..terms import AUDIOLDM, CLAP, VOCABULARY, terms_of
from ..weights import blame
from .layout import eps_said
from .parts import clap_conditioners, clap_graphs, clap_space

__all__ = ["ClapFile", "clap_addition", "read_clap"]

_IN_AUDIOLDM, _IN_PARALLEL = "cond_stage_model.model.", "module."
_FIRST = "text_branch.embeddings.word_embeddings.weight [50265, 768]"
_FIRST_OF_FOLDER = "text_model.embeddings.word_embeddings.weight [50265, 768]"


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
        return ClapFile(path, state, eps_said(path / part / "config.json"), path)
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
        dict.fromkeys(graphs, terms_of(file.path, *CLAP, *AUDIOLDM)) | {"tokenize": VOCABULARY},
    )
