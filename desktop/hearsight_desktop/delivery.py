"""Forms of delivery, and the finished sound of a take in one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hearsight import PRESETS, MediaError, Sound, read_info, read_record

from .edits import apply
from .entry import Edit, Entry
from .naming import Naming, file_name, same_but_number, typed_name

__all__ = ["DEFAULT", "DELIVERIES", "Delivery", "done_to", "heard", "is_delivered", "render"]


@dataclass(frozen=True)
class Delivery:
    """What a place of delivery asks of a file.

    sample_rate in Hz. subtype: bits of a sample as `write_wav` takes them; 16 bit is dithered.
    channels: None keeps those of the take. suffix: of the file, with its dot. level and level_db
    as in `Edit`, for takes whose level the user left as it came; what they chose goes before it.
    trim: cut silence below -60 dBFS at both ends of what has no loop. embed: whether the file says
    what was asked for and how it was made, or only its name, its form, how it was cut, the rights,
    and that a model made it.
    """

    key: str
    title: str
    sample_rate: int = 48000
    subtype: Literal["16", "24", "32f"] = "24"
    channels: Literal[1, 2] | None = None
    suffix: Literal[".wav", ".flac", ".ogg"] = ".wav"
    level: Literal["none", "peak", "lufs"] = "peak"
    level_db: float = -1.0
    naming: Naming = field(default_factory=Naming)
    trim: bool = False
    embed: bool = True


_TITLES = {
    "film": "Film: 48 kHz, 24 bit",
    "game": "Game: mono, 48 kHz, 16 bit",
    "unreal": "Unreal: 48 kHz, 16 bit with dither",
    "library": "Library: 96 kHz, 24 bit",
}
_NAMINGS = {"game": Naming("plain")}

DELIVERIES: Mapping[str, Delivery] = {
    key: Delivery(
        key,
        _TITLES.get(key, key.capitalize()),
        preset.sample_rate,
        preset.bit_depth,
        preset.channels,
        level=preset.level,
        level_db=preset.level_db,
        naming=_NAMINGS.get(key, Naming()),
        trim=preset.trim,
    )
    for key, preset in PRESETS.items()
}
"""By key, in the order in which they are offered."""

_ALWAYS_TOLD = ("tool", "digital_source_type", "edit", "delivery")
"""Of the record: that a model made the sound, how it was cut, and the form of delivery."""

DEFAULT = DELIVERIES["film"]
"""Of the files that are dragged out: 48 kHz, 24 bit, WAV."""


def render(
    audio: NDArray[np.float32], sample_rate: int, entry: Entry, delivery: Delivery, rights: str
) -> Sound:
    """The file of a take: its original `audio` [samples] or [samples, 2] with its edit, in the
    form that `delivery` asks for.

    The record, if the delivery embeds one, is that of the original, so the sound can be made again
    from this file alone. It also holds the `edit` (fields of `Edit`, the level that was used) and
    under `delivery` the key, `gain_db` and `notes`: sentences about what was done otherwise than
    asked for.

    Raises:
        MediaError: the original is gone or says no more how it was made.
        HearsightError: the sound holds values that are not numbers.
    """
    said = read_info(entry.original)
    record = read_record(entry.original)
    edit = _levelled(entry.edit, delivery)
    done = apply(
        audio,
        sample_rate,
        edit,
        delivery.channels or _channels(audio),
        to=delivery.sample_rate,
        trim=delivery.trim,
    )
    record["edit"] = asdict(edit)
    record["delivery"] = {"key": delivery.key, "gain_db": done.gain_db, "notes": list(done.notes)}
    sound = Sound(
        audio=done.audio,
        sample_rate=done.sample_rate,
        title=entry.name,
        loop=done.loop,
        rights=rights,
        tool=said.get("software", ""),
        date=entry.created,
    )
    if not delivery.embed:
        told = {key: record[key] for key in _ALWAYS_TOLD if key in record}
        return replace(sound, record=told)
    return replace(
        sound,
        comment=said.get("comment", ""),
        model=record.get("plan", {}).get("bundle", entry.model),
        seed=entry.request.seed,
        record=record,
    )


def heard(
    audio: NDArray[np.float32], sample_rate: int, entry: Entry, delivery: Delivery
) -> NDArray[np.float32]:
    """What is listened to in the app: the kept part with its fades and at the level that it is
    delivered with, at its own rate and with its own channels, so that places in it stay places in
    the original.

    Raises:
        HearsightError: the sound holds values that are not numbers.
    """
    return apply(audio, sample_rate, _levelled(entry.edit, delivery), _channels(audio)).audio


def is_delivered(entry: Entry, delivery: Delivery) -> bool:
    """Whether the file of a take is there and is what `render` would make of it now: of this form
    and name, with this edit, and with or without what was asked for.

    Raises:
        RequestError: the delivery makes no name of this take's.
    """
    if entry.delivered is None:
        return False
    try:
        record = read_record(entry.delivered)
    except MediaError:
        return False
    edit, form = asdict(_levelled(entry.edit, delivery)), record.get("delivery")
    name = typed_name(file_name(entry.name, delivery.naming))
    return (
        isinstance(form, dict)
        and form.get("key") == delivery.key
        and record.get("edit") == edit | {"loop": edit["loop"] and list(edit["loop"])}
        and ("request" in record) == delivery.embed
        and entry.delivered.suffix == delivery.suffix
        and same_but_number(entry.delivered.stem, name)
    )


def done_to(entry: Entry) -> str:
    """What was done to the file of a take, as the file says it: its change of level, and what was
    done otherwise than asked for. Nothing where there is no file, or one that does not say."""
    try:
        said = {} if entry.delivered is None else read_record(entry.delivered).get("delivery")
    except MediaError:
        return ""
    if not isinstance(said, dict) or not isinstance(gain := said.get("gain_db"), (int, float)):
        return ""
    notes = said.get("notes")
    more = [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else []
    return " ".join([f"Level {gain:+.1f} dB." if gain else "Level as made.", *more])


def _levelled(edit: Edit, delivery: Delivery) -> Edit:
    """The edit with the delivery's level where the user left it as it came."""
    if (edit.level, edit.level_db) != (Edit.level, Edit.level_db):
        return edit
    return replace(edit, level=delivery.level, level_db=delivery.level_db)


def _channels(audio: NDArray[np.float32]) -> Literal[1, 2]:
    return 1 if audio.ndim == 1 or audio.shape[1] == 1 else 2
