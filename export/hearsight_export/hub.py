"""Checkpoints by their id on the Hugging Face hub, fetched only when that is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from .checkpoints import CheckpointError

__all__ = ["locate"]

_ID = re.compile(r"[\w.-]+/[\w.-]+(?P<file>(/[\w.-]+)+)?")
_WEIGHTS = (".safetensors", ".bin", ".ckpt", ".pt", ".pth")
_WANTED = (*_WEIGHTS, ".json", ".txt")


def locate(
    checkpoint: str,
    download: bool,
    log: Callable[[str], None],
    wanted: Sequence[str] = _WANTED,
) -> Path:
    """Where a checkpoint lies: a path as it is, or the local copy of what a hub id names.

    A hub id is `owner/name`, or `owner/name/file` for one file of it. What is fetched, its
    size and the licence that its page states are told through `log` first. Of weights that
    come both as safetensors and as a pickle, the pickle is left out. `wanted` are the endings
    of the files to take.

    Raises:
        CheckpointError: there is no such path, and `download` was not said or failed.
    """
    path = Path(checkpoint).expanduser()
    if path.exists():
        return path
    named = _ID.fullmatch(checkpoint)
    if not named:
        raise CheckpointError(f"{checkpoint} does not exist.")
    if not download:
        raise CheckpointError(
            f"{checkpoint} does not exist here; if it is an id on the Hugging Face hub, "
            "add --download to fetch it."
        )
    from huggingface_hub import HfApi, hf_hub_download, snapshot_download

    file = (named["file"] or "").removeprefix("/")
    repository = checkpoint.removesuffix(f"/{file}") if file else checkpoint
    try:
        page = HfApi().model_info(repository, files_metadata=True)
        sizes = {found.rfilename: found.size or 0 for found in page.siblings or ()}
        take = [file] if file else _selected(list(sizes), wanted)
        terms = (page.card_data or {}).get("license") or "not stated"
        total = sum(sizes.get(name, 0) for name in take)
        log(f"{repository}: {len(take)} files, {total / 1e6:.1f} MB, licence {terms}")
        if file:
            return Path(hf_hub_download(repository, file, revision=page.sha))
        return Path(snapshot_download(repository, allow_patterns=take, revision=page.sha))
    except Exception as problem:  # which HTTP library's errors come depends on the release
        why = (str(problem) or type(problem).__name__).splitlines()[0]
        raise CheckpointError(f"{checkpoint} cannot be fetched from the hub: {why}") from None


def _selected(names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Files of those endings, without half-precision twins and pickles that are doubled."""
    chosen = [name for name in names if name.endswith(tuple(wanted)) and ".fp16." not in name]
    doubled = {name.rpartition("/")[0] for name in chosen if name.endswith(".safetensors")}
    return [
        name
        for name in chosen
        if name.endswith((".safetensors", *set(_WANTED) - set(_WEIGHTS)))
        or name.rpartition("/")[0] not in doubled
    ]
