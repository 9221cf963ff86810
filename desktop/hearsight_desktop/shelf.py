"""The bundles of this machine in words for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hearsight import Bundle, BundleError, Search, list_bundles, open_bundle

__all__ = ["Facts", "rights_of", "shelf"]

_USES = {
    True: "Commercial use: yes",
    False: "Commercial use: no",
    None: "Commercial use: unknown, ask the author",
}
_PROMPTS = {
    "text": "words",
    "image": "pictures",
    "video": "videos",
    "audio": "sounds",
    "depth": "depth pictures",
    "thermal": "thermal pictures",
    "imu": "IMU signals",
}


@dataclass(frozen=True)
class Facts:
    """A bundle for people.

    name: of its folder, which `hearsight.load` takes. bytes: of its files on the disk.
    licences: their names. commercial_use: whether all of its weights may be used commercially,
    None where that is not known. understands: modalities. makes_sound: false for bundles that
    only understand prompts. sample_rate in Hz and seconds: of its sounds, 0 without any.
    steps, guidance: its own, where a request leaves them open. begins: whether it can begin with
    a sound. search: how long it searches for its condition, None if it does not. whole_beside:
    modalities, beside prompts of which it hears a picture as a whole and none of its parts.
    broken: why it cannot be used, or nothing.
    """

    name: str
    folder: Path | None = None
    title: str = ""
    bytes: int = 0
    licences: tuple[str, ...] = ()
    commercial_use: bool | None = None
    understands: tuple[str, ...] = ()
    space: str = ""
    makes_sound: bool = False
    sample_rate: int = 0
    seconds: float = 0.0
    steps: int = 1
    guidance: float = 1.0
    begins: bool = False
    search: Search | None = None
    whole_beside: tuple[str, ...] = ()
    broken: str = ""

    @property
    def licence(self) -> str:
        """`MIT. Commercial use: yes`."""
        return f"{', '.join(self.licences) or 'No licence named'}. {_USES[self.commercial_use]}"

    @property
    def hears(self) -> str:
        """`words, pictures and sounds`: what it understands."""
        words = [_PROMPTS[modality] for modality in self.understands]
        return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:]))) or "nothing"


def shelf() -> list[Facts]:
    """Every bundle by name; files are looked at for presence and size, not hashed."""
    found: list[Facts] = []
    for name, place in list_bundles():
        try:
            if isinstance(place, BundleError):
                raise place
            found.append(_facts(name, open_bundle(place, verify=False)))
        except BundleError as problem:
            found.append(Facts(name, broken=str(problem)))
    return found


def rights_of(model: str) -> str:
    """One line for a file on who may use what a bundle makes; its name where it is gone."""
    try:
        return open_bundle(model, verify=False).rights
    except BundleError:
        return f"Made with {model}"


def _facts(name: str, bundle: Bundle) -> Facts:
    manifest = bundle.manifest
    terms = manifest.license.values()
    uses = {each.commercial_use for each in terms} or {None}
    known, join = manifest.conditioners, manifest.join
    search = join.search if join else None
    defaults = manifest.defaults
    return Facts(
        name=name,
        folder=bundle.root,
        title=manifest.title,
        bytes=_size(bundle.root),
        licences=tuple(sorted({each.name for each in terms})),
        commercial_use=next((use for use in (False, None) if use in uses), True),
        understands=tuple(modality for modality in _PROMPTS if getattr(known, modality)),
        space=manifest.space.name,
        makes_sound=defaults is not None,
        sample_rate=manifest.audio.sample_rate if manifest.audio else 0,
        seconds=defaults.seconds if defaults else 0.0,
        steps=defaults.steps if defaults else 1,
        guidance=defaults.guidance if defaults else 1.0,
        begins="encode" in manifest.graphs,
        search=search and Search(search.rounds, search.candidates, search.draws),
        whole_beside=tuple(_joined(bundle)) if join and join.whole else (),
    )


def _joined(bundle: Bundle) -> Iterator[str]:
    """The modalities whose prompts become one before they are a condition."""
    manifest = bundle.manifest
    for modality in _PROMPTS:
        known = getattr(manifest.conditioners, modality)
        if known and (manifest.graphs[known.graphs[-1]].role or known.graphs[-1]) == "join":
            yield modality


def _size(folder: Path) -> int:
    try:
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    except OSError:
        return 0
