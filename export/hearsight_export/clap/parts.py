"""CLAP as parts of a bundle: its graphs, its conditioners and its space."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from hearsight.manifest import (
    AudioConditioner,
    Conditioners,
    Graph,
    Precision,
    Space,
    TextConditioner,
)
from hearsight.store import write_tensor

from ..bpe import BytePairs, TokenizerError, read_byte_pairs
from ..graphs import Part, export_part
from ..tokenize import export_tokenizer, roberta_tokenizer
from .audio import HEARD_RATE, HEARD_SECONDS, ClapAudio, has_clap_audio, load_clap_audio
from .text import ClapText, load_clap_text

__all__ = ["SPACE", "audio_part", "clap_conditioners", "clap_graphs", "clap_parts", "clap_space"]

SPACE = "laion-clap-512"
START, PAD, END = 0, 1, 2  # ids of RoBERTa's marks
_MARKS = {"<s>": START, "<pad>": PAD, "</s>": END}


def clap_graphs(
    state: Mapping[str, Tensor],
    tokenizer_files: Path,
    root: Path,
    eps: float | None = None,
    precisions: Sequence[Precision] = ("fp32",),
) -> dict[str, Graph]:
    """Write CLAP's graphs into folder `root`: `tokenize`, `text`, and `audio` if it is there.

    state: tensors in LAION's names (`text_branch. ...`) or transformers' (`text_model. ...`),
    nothing before them. tokenizer_files: RoBERTa's vocabulary and merges, as
    `read_byte_pairs` finds them. eps: of the text tower's layer norms, else by the names.
    precisions: see `export_part`.

    Raises:
        MisfitError: names the first tensor that does not fit.
        TokenizerError: the tokenizer is missing or not of this model.
        ParityError: a graph does not compute what PyTorch computes.
    """
    pairs = read_byte_pairs(tokenizer_files)
    text = load_clap_text(state, eps)
    _agree(pairs, text)
    limit = text.model.config.max_position_embeddings - 2
    graphs = {"tokenize": export_tokenizer(roberta_tokenizer(pairs, limit), root)}
    for part in clap_parts(text, load_clap_audio(state) if has_clap_audio(state) else None):
        graphs[part.name] = export_part(part, root, precisions)
    return graphs


def clap_parts(text: ClapText, audio: ClapAudio | None) -> Iterator[Part]:
    """The two towers as graphs: token ids, and sound at 16 kHz, to unit vectors."""
    words = text.model.config.vocab_size
    pick = torch.Generator().manual_seed(5)

    def said(length: int) -> dict[str, Tensor]:
        ids = torch.randint(END + 1, words, (1, length), generator=pick)
        ids[0, 0], ids[0, -1] = START, END
        return {"ids": ids, "mask": torch.ones_like(ids)}

    longest = text.model.config.max_position_embeddings - 2
    yield Part(
        "text",
        text,
        said(9),
        {"ids": {1: "L"}, "mask": {1: "L"}},
        {"cond": (1, text.space)},
        samples=[said(2), said(min(77, longest))],
    )
    if audio is not None:
        yield audio_part(audio)


def audio_part(
    tower: nn.Module,
    output: str = "cond",
    rate: int = HEARD_RATE,
    seconds: float = HEARD_SECONDS,
) -> Part:
    """A tower of sound [1, S] as a graph. rate: in Hz; seconds: the longest that it hears.

    The tower's `space` is the number of values of its vectors.
    """
    pick = torch.Generator().manual_seed(5)

    def heard(length: float) -> dict[str, Tensor]:
        return {"audio": 0.1 * torch.randn(1, round(rate * length), generator=pick)}

    return Part(
        "audio",
        tower,
        heard(1.9),
        {"audio": {1: "S"}},
        {output: (1, tower.space)},
        samples=[heard(0.4), heard(seconds)],
    )


def clap_conditioners(graphs: Mapping[str, Graph]) -> Conditioners:
    """How a player uses the graphs of `clap_graphs`."""
    audio = AudioConditioner(("audio",), HEARD_RATE, float(HEARD_SECONDS), pad=False)
    return Conditioners(
        text=TextConditioner(("tokenize", "text")) if "text" in graphs else None,
        audio=audio if "audio" in graphs else None,
    )


def clap_space(state: Mapping[str, Tensor], root: Path, eps: float | None = None) -> Space:
    """CLAP's space; its empty condition, the vector of the empty text, is written to `root`."""
    text = load_clap_text(state, eps)
    with torch.no_grad():
        empty = text(torch.tensor([[START, END]]), torch.ones(1, 2, dtype=torch.int64))[0]
    name = SPACE if text.space == 512 else f"laion-clap-{text.space}"
    return Space(name, (text.space,), write_tensor(root, "empty.bin", empty.numpy()))


def _agree(pairs: BytePairs, text: ClapText) -> None:
    for mark, wanted in _MARKS.items():
        if pairs.vocabulary.get(mark) != wanted:
            raise TokenizerError(
                f'The tokenizer has the id {pairs.vocabulary.get(mark)} for "{mark}", and '
                f"{wanted} was expected; give the folder of roberta-base's tokenizer."
            )
    rows = text.model.config.vocab_size
    if max(pairs.vocabulary.values()) >= rows:
        raise TokenizerError(
            f"The tokenizer has ids up to {max(pairs.vocabulary.values())}, and the checkpoint "
            f"has {rows} words; give the folder of roberta-base's tokenizer."
        )
