"""WordPiece vocabularies as BERT's tokenizers are published with them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from .bpe import TokenizerError

__all__ = ["read_pieces"]

VOCABULARY, TOKENIZER = "vocab.txt", "tokenizer.json"


def read_pieces(path: Path) -> Sequence[str]:
    """The pieces of a vocabulary, the one of id 0 first.

    path: `vocab.txt`, `tokenizer.json`, or a folder with one of them.

    Raises:
        TokenizerError: there is none, it cannot be read, or it is none of word pieces.
    """
    file = path
    if path.is_dir():
        found = [path / name for name in (VOCABULARY, TOKENIZER) if (path / name).is_file()]
        if not found:
            raise TokenizerError(
                f"{path} has neither {VOCABULARY} nor {TOKENIZER}; give the folder of "
                "bert-base-uncased's tokenizer."
            )
        file = found[0]
    try:
        # Only line feeds end a piece: some pieces are other separators of lines.
        content = file.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except OSError as problem:
        raise TokenizerError(f"{file} cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise TokenizerError(f"{file} is no text in UTF-8.") from None
    if file.suffix != ".json":
        return content.removesuffix("\n").split("\n")
    return _listed(file, content)


def _listed(file: Path, content: str) -> Sequence[str]:
    try:
        vocabulary = json.loads(content)["model"]["vocab"]
        ids = {int(i): str(piece) for piece, i in vocabulary.items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise TokenizerError(f"{file} has no model.vocab of pieces and their ids.") from None
    if sorted(ids) != list(range(len(ids))):
        raise TokenizerError(f"{file}: the ids of model.vocab are not 0 and on.")
    return [ids[i] for i in range(len(ids))]
