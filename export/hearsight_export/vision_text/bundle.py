"""Experiments A and B as conditioners of Make-An-Audio's space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from hearsight.manifest import Conditioners, Graph, Join, License, Precision, Space
from hearsight.store import write_tensor

from ..conditioning import Addition
from ..imagebind.bundle import imagebind_licenses, imagebind_notes
from ..imagebind.loading import ImageBind, Kind
from ..imagebind.parts import imagebind_conditioners, imagebind_graphs
from ..weights import MisfitError
from .adapters import FixedAdapter, MlpAdapter
from .joins import FUSED, PAIR, Fused, Pair, export_join
from .projectors import Projector
from .reading import ProjectorFile

__all__ = ["Guide", "adapter_addition", "guide_of", "pair_of", "projector_addition"]

FAMILY_A, FAMILY_B = "experiment-a", "experiment-b"
BASE = "maa-clap"  # the space of Make-An-Audio's own text encoder
KINDS: tuple[Kind, ...] = ("vision", "text")
# Its MIT file covers the authors' own code; what it trains is fed by ImageBind.
LICENSE = License(
    "not stated; trained on the output of ImageBind, CC-BY-NC-SA-4.0",
    "https://github.com/Ray-Tsai-0214/"
    "Unified-Multimodal-Framework-for-Text-and-Vision-Guided-Audio-Generation",
    False,
)
_FIXED = (
    "This adapter makes one fixed condition: its authors' code projects the picture's and the "
    "text's vector and then drops them, so that every prompt gives the same sound to a seed. It "
    "plays as it was saved."
)
_REPEATED = (
    "This adapter repeats one vector for all tokens. It is how the authors' code plays, with "
    "weights that it never trains or loads; where these come from, the file does not say."
)
_RAW = (
    "Vectors are averaged as they are, as in training. A text's is longer than a picture's (by "
    "its learned scale, up to 100 times), so that the text rules; --mix unit gives both the same "
    "say."
)
_OTHER_EMPTY = (
    "Guidance leads away from the empty text of the bundle that plays it. In the authors' code it "
    "leads away from what the projector makes of zeros: --into makes a bundle that does so."
)


@dataclass(frozen=True)
class Guide:
    """What turns prompts into the conditions of an experiment, graph by graph."""

    graphs: dict[str, Graph]
    conditioners: Conditioners
    join: Join
    shape: tuple[int, ...]
    licenses: dict[str, License]


def guide_of(
    module: Pair | Fused,
    file: ImageBind,
    tokenizer: Path | None,
    root: Path,
    precisions: Sequence[Precision] = ("fp32",),
    log: Callable[[str], None] = print,
) -> Guide:
    """Export ImageBind's eyes and its reading, and what comes behind them, into folder `root`.

    Raises:
        CheckpointError: ImageBind's file lacks an encoder that is needed.
        TokenizerError, ParityError: as `imagebind_graphs` does.
    """
    graphs = imagebind_graphs(file, root, tokenizer, KINDS, precisions, joined=True, log=log)
    join = export_join(module, root, precisions)
    return Guide(
        {**graphs, "join": join},
        imagebind_conditioners(graphs, "join"),
        PAIR if isinstance(module, Pair) else FUSED,
        tuple(int(size) for size in join.outputs[0].shape[1:]),
        imagebind_licenses(graphs) | {"join": LICENSE},
    )


def adapter_addition(
    adapter: FixedAdapter | MlpAdapter,
    file: ImageBind,
    tokenizer: Path | None,
    root: Path,
    precisions: Sequence[Precision] = ("fp32",),
    log: Callable[[str], None] = print,
) -> Addition:
    """Experiment B: export an adapter with ImageBind before it into folder `root`.

    Raises:
        MisfitError: it is for vectors of another size.
        CheckpointError, TokenizerError, ParityError: as `guide_of` does.
    """
    fixed = isinstance(adapter, FixedAdapter)
    about = _FIXED if fixed else _REPEATED
    log(about)
    _agree(adapter.taken, file)
    guide = guide_of(Fused(adapter, file.space), file, tokenizer, root, precisions, log)
    return Addition(
        FAMILY_B,
        "Experiment B: one fixed condition, whatever the text and the picture"
        if fixed
        else "Experiment B: text and pictures, one vector for all tokens",
        guide.graphs,
        guide.conditioners,
        Space(_named(BASE, guide.shape), guide.shape),
        guide.licenses,
        guide.join,
        (about, *(() if fixed else (_RAW,)), *imagebind_notes(KINDS)),
    )


def projector_addition(
    projector: ProjectorFile,
    file: ImageBind,
    tokenizer: Path | None,
    root: Path,
    precisions: Sequence[Precision] = ("fp32",),
    *,
    own_space: bool = False,
    log: Callable[[str], None] = print,
) -> Addition:
    """Experiment A, stage one: export a projector alone with ImageBind before it.

    Its UNet is Make-An-Audio's. own_space: for a copy of a bundle of that, in which guidance leads
    away from what the projector makes of zeros; else for use beside such a bundle.

    Raises:
        MisfitError: it is for vectors of another size.
        CheckpointError, TokenizerError, ParityError: as `guide_of` does.
    """
    kind, pair = projector.kind, pair_of(projector, file)
    guide = guide_of(pair, file, tokenizer, root, precisions, log)
    base = _named(BASE, guide.shape)
    return Addition(
        FAMILY_A,
        title_of(kind),
        guide.graphs,
        guide.conditioners,
        space_of(pair, kind, guide.shape, root) if own_space else Space(base, guide.shape),
        guide.licenses,
        guide.join,
        (*(() if own_space else (_OTHER_EMPTY,)), *imagebind_notes(KINDS)),
        base if own_space else "",
    )


def pair_of(projector: ProjectorFile, file: ImageBind) -> Pair:
    """The graph of a projector behind both vectors of this ImageBind.

    Raises:
        MisfitError: the projector is for vectors of another size.
    """
    _agree(projector.taken // 2, file)
    return Pair(projector.projector, file.space)


def title_of(kind: Projector) -> str:
    """What a bundle of Experiment A is called."""
    return f"Experiment A: text and pictures through the {kind} projector"


def space_of(pair: Pair, kind: Projector, shape: tuple[int, ...], root: Path) -> Space:
    """A projector's own space; the empty condition, of zeros, is written into folder `root`."""
    with torch.no_grad():
        empty = pair(*pair.zeros())[0].contiguous()
    name = _named(f"expa-{kind}", shape)
    return Space(name, shape, write_tensor(root, "empty.bin", empty.numpy()))


def _agree(taken: int, file: ImageBind) -> None:
    if taken != file.space:
        raise MisfitError(
            f"{file.path} makes vectors of {file.space} values, and {taken} were expected; take "
            "the ImageBind that it was trained with."
        )


def _named(stem: str, shape: tuple[int, ...]) -> str:
    return f"{stem}-{'x'.join(map(str, shape))}"
