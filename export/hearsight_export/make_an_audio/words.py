"""The text conditioner in a bundle: tokenizer, encoder, and the space of its sequences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from hearsight.manifest import Graph, Precision, Space
from hearsight.store import write_tensor

from ..bpe import TokenizerError
from ..graphs import export_part
from ..tokenize import export_tokenizer, padded_bert_tokenizer
from ..wordpiece import read_pieces
from .parts import END, PAD, START, text_part
from .text import LENGTH, ClapSequence

__all__ = ["agree", "space_of", "text_graphs"]

_MARKS = {"[PAD]": PAD, "[CLS]": START, "[SEP]": END}


def text_graphs(
    text: ClapSequence, tokenizer: Path, root: Path, precisions: Sequence[Precision] = ("fp32",)
) -> dict[str, Graph]:
    """Write `tokenize` and `text` into folder `root`.

    tokenizer: as `read_pieces` takes it. precisions: see `export_part`.

    Raises:
        TokenizerError: the vocabulary is missing or not that of the encoder.
        ParityError: a graph does not compute what PyTorch computes.
    """
    pieces = read_pieces(tokenizer)
    agree(pieces, text, tokenizer)
    tokens = export_tokenizer(padded_bert_tokenizer(pieces, LENGTH), root)
    return {"tokenize": tokens, "text": export_part(text_part(text), root, precisions)}


def space_of(text: ClapSequence, root: Path) -> Space:
    """The encoder's space; its empty condition, that of the empty text, is written to `root`."""
    ids = torch.full((1, LENGTH), PAD)
    ids[0, 0], ids[0, 1] = START, END
    with torch.no_grad():
        empty = text(ids)[0]
    name = "maa-clap-" + "x".join(map(str, text.space))
    return Space(name, text.space, write_tensor(root, "empty.bin", empty.numpy()))


def agree(pieces: Sequence[str], text: ClapSequence, path: Path) -> None:
    """Whether the pieces read from `path` are those that an encoder was trained with.

    Raises:
        TokenizerError: they are others.
    """
    for mark, wanted in _MARKS.items():
        found = pieces.index(mark) if mark in pieces else None
        if found != wanted:
            raise TokenizerError(
                f'{path} has the id {found} for "{mark}", and {wanted} was expected; give the '
                "folder of bert-base-uncased's tokenizer."
            )
    if len(pieces) != text.words:
        raise TokenizerError(
            f"{path} has {len(pieces)} pieces, and the checkpoint has {text.words} words; give "
            "the folder of bert-base-uncased's tokenizer."
        )
