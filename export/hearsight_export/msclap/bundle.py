"""CLAP 2022's checkpoint to a conditioner bundle of its own space."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from hearsight.manifest import (
    AudioConditioner,
    Conditioners,
    License,
    Precision,
    Space,
    TextConditioner,
)
from hearsight.store import write_tensor

from ..checkpoints import CheckpointError, foreign, read_tensors
from ..clap.parts import audio_part
from ..conditioning import Addition
from ..graphs import Part, export_part
from ..make_an_audio.parts import END, START, made_up
from ..make_an_audio.text import build_text
from ..make_an_audio.words import agree
from ..terms import WORD_PIECES
from ..tokenize import export_tokenizer, padded_bert_tokenizer
from ..weights import MisfitError, Origin, Weights, blame
from ..wordpiece import read_pieces
from .audio import HEARD_RATE, HEARD_SECONDS, ClapSound, build_audio
from .text import LENGTH, ClapSentence

__all__ = ["SPACE", "MicrosoftClap", "load_msclap", "msclap_addition", "msclap_parts"]

SPACE = "msclap-2022-1024"
TITLE = "Microsoft CLAP 2022: text and sound"
NOTE = (
    f"Of a sound longer than {HEARD_SECONDS} seconds the first {HEARD_SECONDS} are heard; the "
    "original code takes a part at random. A shorter one is repeated."
)
_FIRST = "caption_encoder.base.embeddings.word_embeddings.weight [30522, 768]"
_TEXT, _AUDIO = "caption_encoder.", "audio_encoder."
_UNUSED = (
    r".*\.(position_ids|num_batches_tracked)$",
    r"caption_encoder\.base\.pooler\.",
    # The class head, and constants that the original code computes.
    r"audio_encoder\.base\.(fc_audioset|spectrogram_extractor|logmel_extractor)\.",
)


@dataclass(frozen=True)
class MicrosoftClap:
    """Both towers, and the file they are of."""

    path: Path
    text: ClapSentence
    audio: ClapSound


def load_msclap(path: Path) -> MicrosoftClap:
    """Read `CLAP_weights_2022.pth`.

    Raises:
        CheckpointError: it cannot be read, or is of something else, such as the CLAP of 2023.
        MisfitError: names the first tensor that does not fit.
    """
    tensors = read_tensors(path)
    if not any(name.startswith(_AUDIO) for name in tensors):
        raise foreign(path, tensors, "CLAP 2022", _FIRST)
    if any(name.startswith(f"{_TEXT}base.wte.") for name in tensors):
        raise CheckpointError(
            f"{path} is the CLAP of 2023, of GPT-2 and HTSAT, and not that of 2022: the first "
            f"tensor that is missing is {_FIRST}."
        )
    with blame(path):
        text = ClapSentence(build_text(_tower(tensors, _TEXT)))
        audio = build_audio(_tower(tensors, _AUDIO))
        if text.space != audio.space:
            raise MisfitError(
                f"{_AUDIO}projection.linear1.weight is for {audio.space} values, and "
                f"{_TEXT}projection.linear1.weight for {text.space}."
            )
    return MicrosoftClap(path, text.eval(), audio)


def msclap_addition(
    model: MicrosoftClap, tokenizer: Path, root: Path, precisions: Sequence[Precision] = ("fp32",)
) -> Addition:
    """Export tokenizer and towers into folder `root`.

    Raises:
        TokenizerError: the vocabulary is missing or not that of the encoder.
        ParityError: a graph does not compute what PyTorch computes.
    """
    pieces = read_pieces(tokenizer)
    agree(pieces, model.text.encoder, tokenizer)
    length = _length(model.text)
    tokens = export_tokenizer(padded_bert_tokenizer(pieces, length), root)
    graphs = {"tokenize": tokens}
    for part in msclap_parts(model.text, model.audio):
        graphs[part.name] = export_part(part, root, precisions)
    return Addition(
        "msclap",
        TITLE,
        graphs,
        Conditioners(
            text=TextConditioner(("tokenize", "text")),
            audio=AudioConditioner(("audio",), HEARD_RATE, float(HEARD_SECONDS), pad=False),
        ),
        _space(model.text, root),
        dict.fromkeys(graphs, License("unknown")) | {"tokenize": WORD_PIECES},
        notes=(NOTE,),
    )


def msclap_parts(text: ClapSentence, audio: ClapSound) -> Iterator[Part]:
    """The two towers as graphs: padded token ids, and sound at 44.1 kHz, to unit vectors."""
    length, words = _length(text), text.encoder.words
    pick = torch.Generator().manual_seed(5)

    def said(count: int) -> dict[str, Tensor]:
        ids = made_up(count, length, words, pick)
        return {"ids": ids, "mask": (torch.arange(length)[None] < count).long()}

    cond = {"cond": (1, text.space)}
    yield Part("text", text, said(9), {}, cond, samples=[said(2), said(length)])
    yield audio_part(audio, rate=HEARD_RATE, seconds=HEARD_SECONDS)


def _tower(tensors: Mapping[str, Tensor], prefix: str) -> Weights:
    """The tensors of one tower; its module's names lack the prefix."""
    own = {name: value for name, value in tensors.items() if name.startswith(prefix)}
    return Weights(own, lambda name: Origin(prefix + name), _UNUSED)


def _length(text: ClapSentence) -> int:
    return min(LENGTH, text.encoder.base.config.max_position_embeddings)


def _space(text: ClapSentence, root: Path) -> Space:
    """CLAP 2022's space; its empty condition, that of the empty text, is written to `root`."""
    with torch.no_grad():
        empty = text(torch.tensor([[START, END]]), torch.ones(1, 2, dtype=torch.int64))[0]
    name = SPACE if text.space == 1024 else f"msclap-2022-{text.space}"
    return Space(name, (text.space,), write_tensor(root, "empty.bin", empty.numpy()))
