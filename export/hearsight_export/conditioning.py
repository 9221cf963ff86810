"""Bundles of conditioners: each on its own, or joined to a bundle of the same space."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from hearsight.bundle import Bundle, open_bundle
from hearsight.contract import files
from hearsight.errors import BundleError
from hearsight.manifest import Conditioners, Graph, Join, License, Manifest, Source, Space
from hearsight.sources import in_folder
from hearsight.store import write_bundle

from .assembly import CARD, name_of, new_bundle, sha256_of, tell, tools, weight_licenses
from .report import write_report

__all__ = ["NOTICE", "Addition", "add_notice", "copy_rest", "make_conditioner"]

TOOLS = ("torch", "onnx", "onnxscript", "onnxruntime", "transformers")
NOTICE = "NOTICE"


@dataclass(frozen=True)
class Addition:
    """What an export gives to a bundle.

    family, title: as the manifest has them. graphs: by name, written already. licenses: terms
    of each graph's weights. join: how prompts meet in the graph of that role. notes: what else
    its users should know. replaces: a space whose generators take these conditions too, in place
    of all that they understood; the bundle's space is this one then, with its empty condition.
    """

    family: str
    title: str
    graphs: Mapping[str, Graph]
    conditioners: Conditioners
    space: Space
    licenses: Mapping[str, License]
    join: Join | None = None
    notes: tuple[str, ...] = ()
    replaces: str = ""


def make_conditioner(
    checkpoint: Path,
    out: Path,
    make: Callable[[Path], Addition],
    into: Bundle | None = None,
    log: Callable[[str], None] = print,
    sha256: str = "",
) -> Bundle:
    """Export conditioners of a checkpoint to the bundle folder `out`, which appears whole.

    `make` writes graphs into the folder it is given. With `into`, the result is a copy of that
    bundle with these graphs: they take the place of what it had for the same kinds of prompt.
    `out` may be that bundle's own folder. sha256: of the checkpoint, where it is known already.

    Raises:
        BundleError: `into` is of another space, or a graph of it stands in the way.
        OutputError: `out` is no bundle, or cannot be written.
        CheckpointError, MisfitError, TokenizerError, ParityError: as `make` does.
    """
    name = name_of(out)
    with new_bundle(out) as root:
        added = make(root)
        tell(added.graphs, log)
        digest = sha256 or sha256_of(checkpoint)
        source = Source(added.family, checkpoint.name, digest, tools(*TOOLS))
        manifest = _join(name, into, added, root) if into else _alone(name, added, source)
        add_notice(root, _notice(added, source))
        write_bundle(root, manifest)
        write_report(root)
    return open_bundle(out)


def add_notice(root: Path, said: str) -> None:
    """Put a paragraph behind what the NOTICE in folder `root` says already, if there is one."""
    notice = root / NOTICE
    before = f"{notice.read_text('utf-8').rstrip()}\n\n" if notice.exists() else ""
    notice.write_text(before + said, encoding="utf-8")


def _alone(name: str, added: Addition, source: Source) -> Manifest:
    return Manifest(
        format=1,
        name=name,
        title=added.title,
        version="1",
        kind="conditioner",
        license=_licenses(added),
        source=source,
        space=added.space,
        graphs=dict(added.graphs),
        conditioners=added.conditioners,
        join=added.join,
    )


def _join(name: str, base: Bundle, added: Addition, root: Path) -> Manifest:
    """Copy what stays of a bundle into `root`, and the manifest of both."""
    old, space = base.manifest, added.space
    if (old.space.name, old.space.shape) != (added.replaces or space.name, space.shape):
        raise BundleError(
            f'{base.root} is of the space "{old.space.name}" {list(old.space.shape)}, and '
            f'{added.family} makes conditions of "{space.name}" {list(space.shape)}; only what '
            "is of one space can be joined."
        )
    new = _given(added.conditioners)
    gone = _given(old.conditioners) if added.replaces else new
    staying = {kind: chain for kind, chain in _given(old.conditioners).items() if kind not in gone}
    leaving = _chained(old.conditioners) - {name for c in staying.values() for name in c.graphs}
    leaving -= _chained(added.conditioners) - added.graphs.keys()  # used again by what is new
    kept = {name: graph for name, graph in old.graphs.items() if name not in leaving}
    for taken in added.graphs:
        if taken in kept:
            raise BundleError(
                f"{base.root} needs its own graph {taken} for something else, so that of "
                f"{added.family} cannot be joined to it; make a bundle of its own."
            )
    # The chain was measured with the text conditioner that there was.
    chain = () if "text" in new else old.chain
    rest = replace(old, graphs=kept, conditioners=Conditioners(**staying), chain=chain)
    if added.replaces:
        rest = replace(rest, space=replace(old.space, empty=None))
    elif old.space.empty:
        if space.empty:
            (root / space.empty.file).unlink()
        space = old.space
    copy_rest(base, rest, root)
    licenses = {
        file: terms
        for file, terms in old.license.items()
        if file in {entry.file for _, entry in files(rest)}
    }
    return replace(
        rest,
        name=name,
        title=added.title if added.replaces else old.title,
        kind="both" if old.kind == "generator" else old.kind,
        license=dict(sorted({**licenses, **_licenses(added)}.items())),
        space=space,
        graphs={**kept, **added.graphs},
        conditioners=Conditioners(**{**staying, **new}),
        join=added.join or (old.join if "join" in kept else None),
    )


def copy_rest(base: Bundle, rest: Manifest, root: Path) -> None:
    """Take the files of `rest` and the documents beside them, but for those made anew and those
    of what was measured before.
    """
    listed = {entry.file for _, entry in files(base.manifest)}
    staying = {entry.file for _, entry in files(rest)}
    _, openers = in_folder(base)
    for file, opener in openers.items():
        if file in CARD or (file in listed and file not in staying):
            continue
        target = root / file
        if target.exists() and file in staying:
            raise BundleError(
                f"{base.root} has a file {file} of its own, and so has what should be joined to "
                "it; make a bundle of its own."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        with opener() as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)


def _given(conditioners: Conditioners) -> dict:
    values = {field.name: getattr(conditioners, field.name) for field in fields(conditioners)}
    return {kind: value for kind, value in values.items() if value is not None}


def _chained(conditioners: Conditioners) -> set[str]:
    return {name for chain in _given(conditioners).values() for name in chain.graphs}


def _licenses(added: Addition) -> dict[str, License]:
    return weight_licenses(added.graphs, next(iter(added.licenses.values())), added.licenses)


def _notice(added: Addition, source: Source) -> str:
    lines = [added.title, "", f"Exported from {source.checkpoint} (sha256 {source.sha256})."]
    use = {True: "allowed", False: "not allowed", None: "not known: ask the authors"}
    for name, terms in added.licenses.items():
        allowed = use[terms.commercial_use]
        lines.append(f"{name}: {terms.name} {terms.url}; commercial use {allowed}.")
    return "\n".join([*lines, *added.notes]) + "\n"
