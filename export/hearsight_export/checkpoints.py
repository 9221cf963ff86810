"""Checkpoints of others, read without running what is in them.

Pickles are read by PyTorch's restricted unpickler only: tensors and plain values, no code.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor

from hearsight.errors import HearsightError

from .truncation import cut_pickle, cut_safetensors

__all__ = [
    "CheckpointError",
    "below",
    "foreign",
    "looks_like",
    "read_folder",
    "read_json",
    "read_parts",
    "read_tensors",
]

_SUFFIXES = (".safetensors", ".ckpt", ".pt", ".pth", ".bin")
_STEMS = ("diffusion_pytorch_model", "model", "pytorch_model")
_INDEX = ".index.json"
_SIGNS = (
    ("BigVGAN", r"resblocks\.\d+\.activations\."),
    ("AudioLDM", r"model\.diffusion_model\.film_emb\.|class_embedding\."),
    ("AudioLDM 2", r"cond_stage_models\.\d"),
    ("Make-An-Audio", r"cond_stage_model\.caption_encoder\."),
    ("Stable Diffusion", r"cond_stage_model\.transformer\.|conditioner\.embedders\."),
    ("LAION CLAP", r"(module\.)?(text|audio)_branch\."),
    ("CLAP of transformers", r"(text|audio)_model\.(embeddings|audio_encoder)\."),
    ("SSV2A", r"(clip_encoder|clap_encoder|styler)\.|pred_token$"),
    ("DALL-E 2", r"net\.causal_transformer\.|noise_scheduler\."),
    ("ImageBind", r"modality_(preprocessors|trunks|heads)\."),
    ("Experiment A", r"(cond_stage_model\.)?(conditioner\.)?projector\."),
    ("Experiment B", r"token_query$"),
    ("CLAP 2022", r"caption_encoder\."),
    ("BERT", r"(bert\.)?embeddings\.word_embeddings\."),
    ("BigVGAN or HiFi-GAN", r"(generator\.)?(conv_pre|ups)\."),
)


class CheckpointError(HearsightError):
    """A checkpoint that cannot be read, or is not what it is taken for."""

    exit_code = 5


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Every tensor of a checkpoint by its name, in the file's order.

    A `.safetensors` file, a pickle of PyTorch (`.ckpt`, `.pt`, `.pth`, `.bin`), or the
    `.index.json` of a sharded one. Of a training checkpoint it is the state dict. Large files
    are mapped, not read.

    Raises:
        CheckpointError: the file is missing, cut off, of another format, holds no state dict or
            several, or wants to run code when it is read.
    """
    if path.name.endswith(_INDEX):
        return _read_shards(path)
    head = _head(path)
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    return _state_dict(path, _read_pickle(path, head))


def read_parts(path: Path, names: Sequence[str]) -> dict[str, dict[str, Tensor]]:
    """Those state dicts of `names` that a pickle of PyTorch with several of them holds.

    Raises:
        CheckpointError: the file cannot be read, as for `read_tensors`.
    """
    content = _read_pickle(path, _head(path))
    if not isinstance(content, Mapping):
        return {}
    return {name: dict(content[name]) for name in names if _is_state_dict(content.get(name))}


def read_folder(folder: Path, part: str, first: str) -> dict[str, Tensor]:
    """The weights of one part, such as `unet`, of a folder in diffusers' layout.

    An empty `part` is the folder itself, as transformers has it. `first` is a tensor that must
    be there, with its shape, as the message names it.

    Raises:
        CheckpointError: the part or its weights are missing, or cannot be read.
    """
    names = [f"{stem}{end}" for end in (".safetensors", ".bin") for stem in _STEMS]
    for name in names:
        for file in (folder / part / name, folder / part / f"{name}{_INDEX}"):
            if file.is_file():
                return read_tensors(file)
    wanted = " or ".join((Path(part) / name).as_posix() for name in names[:2])
    raise CheckpointError(
        f"{folder / part} has no weights: the first tensor that is missing is {first}, expected "
        f"in {wanted}."
    )


def read_json(path: Path) -> dict[str, Any]:
    """A configuration file.

    Raises:
        CheckpointError: it is missing or no JSON object.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise CheckpointError(f"{path} cannot be read: {problem.strerror}.") from None
    except ValueError as problem:
        raise CheckpointError(f"{path} is no JSON: {problem}.") from None
    if not isinstance(found, dict):
        raise CheckpointError(f"{path} must hold a JSON object.")
    return found


def below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, without it."""
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def looks_like(names: Sequence[str]) -> str:
    """The family that tensors of these names are of, or an empty text."""
    for family, sign in _SIGNS:
        if any(re.match(sign, name) for name in names):
            return family
    return ""


def foreign(path: Path, names: Iterable[str], wanted: str, first: str) -> CheckpointError:
    """The error for a checkpoint that is not of the family `wanted`, whose first tensor, with
    its shape, is `first`.
    """
    family = looks_like(list(names))
    like = f" but one of {family}" if family else ""
    return CheckpointError(
        f"{path} is no {wanted} checkpoint{like}: the first tensor that is missing is {first}."
    )


def _head(path: Path) -> bytes:
    """The first bytes of a checkpoint."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as problem:
        raise CheckpointError(f"{path} cannot be read: {problem.strerror}.") from None
    if head.startswith(b"version https://git-lfs"):
        raise CheckpointError(f"{path} is a Git LFS pointer; fetch the file itself (git lfs pull).")
    return head


def _read_pickle(path: Path, head: bytes) -> Any:
    """What is in a pickle of PyTorch: tensors and plain values, nothing run."""
    zipped = zipfile.is_zipfile(path)
    if not zipped and head.startswith(b"PK"):
        raise CheckpointError(f"{path} is incomplete: {cut_pickle(path)}. Download it again.")
    if not zipped and not head.startswith(b"\x80"):
        raise CheckpointError(
            f"{path} is no checkpoint: expected safetensors or a pickle of PyTorch "
            f"({', '.join(_SUFFIXES)})."
        )
    if zipped and _is_program(path):
        raise CheckpointError(
            f"{path} is a TorchScript archive, which is a program, and nothing of a checkpoint is "
            "run: save its state_dict, or take the folder of transformers."
        )
    try:
        with torch.serialization.safe_globals(_numpy_scalars()):
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except Exception as problem:  # damage shows in many ways, each with its own error
        raise CheckpointError(_refusal(path, problem)) from None
    return content


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (safetensors.SafetensorError, ValueError) as problem:
        flaw = cut_safetensors(path)
        if flaw:
            raise CheckpointError(f"{path} is incomplete: {flaw}. Download it again.") from None
        raise CheckpointError(f"{path} is no safetensors file: {problem}.") from None


def _read_shards(path: Path) -> dict[str, Tensor]:
    shards = read_json(path).get("weight_map")
    if not isinstance(shards, dict) or not all(
        isinstance(file, str) and Path(file).name == file for file in shards.values()
    ):
        raise CheckpointError(f'{path}: "weight_map" must name the file beside it of each tensor.')
    read: dict[str, dict[str, Tensor]] = {}
    found: dict[str, Tensor] = {}
    for name, file in shards.items():
        shard = path.parent / file
        if file not in read:
            if not shard.is_file():
                raise CheckpointError(f"{path}: {name} should be in {file}, which is missing.")
            read[file] = read_tensors(shard)
        if name not in read[file]:
            raise CheckpointError(f"{path}: {name} should be in {file}, which does not hold it.")
        found[name] = read[file][name]
    return found


def _numpy_scalars() -> list[Any]:
    """What makes up numbers of numpy's in a pickle; LAION's files count epochs with them."""
    make = np.float64(0).__reduce__()[0]
    kinds = [type(np.dtype(kind)) for kind in ("float32", "float64", "int32", "int64", "bool")]
    return [make, (make, "numpy.core.multiarray.scalar"), np.dtype, *kinds]


def _refusal(path: Path, problem: Exception) -> str:
    if wanted := re.search(r"GLOBAL ([\w.]+)", str(problem)):
        return (
            f"{path} wants to run {wanted[1]} when it is read, and nothing of a checkpoint is "
            "run: only tensors and plain values are taken. Save its state dict alone."
        )
    # After the first sentence comes PyTorch's advice, among it to let the file run code.
    why = re.split(r"(?<=[.!?])\s|\n", str(problem).strip() or type(problem).__name__)[0]
    return f"{path} is damaged or no checkpoint of PyTorch: {why}"


def _is_program(path: Path) -> bool:
    """Whether a zip is what `torch.jit.save` writes, by the constants of its code."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


def _state_dict(path: Path, content: Any) -> dict[str, Tensor]:
    if isinstance(content, Mapping):
        if isinstance(content.get("state_dict"), Mapping):
            content = content["state_dict"]
        if _is_state_dict(content):
            return dict(content)
        inner = [name for name, value in content.items() if _is_state_dict(value)]
        if len(inner) == 1:
            return dict(content[inner[0]])
        if inner:
            raise CheckpointError(
                f"{path} holds several state dicts ({', '.join(map(str, inner))}); save the one "
                "that is meant alone."
            )
    raise CheckpointError(f"{path} holds no state dict, a mapping of names to tensors.")


def _is_state_dict(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(v, Tensor) and isinstance(k, str) for k, v in value.items())
    )
