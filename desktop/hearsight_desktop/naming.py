"""Names of finished files: from a template, as games like them, or as UCS libraries sort them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hearsight import Request, RequestError, check_template, fill_template, slug

__all__ = [
    "TEMPLATE",
    "Naming",
    "checked_naming",
    "checked_take_template",
    "file_name",
    "free_name",
    "same_but_number",
    "take_name",
    "typed_name",
]

TEMPLATE = "{prompt}_{variation:02}"
"""Of the names that takes get when they are made."""

_NUMBERED = re.compile(r"(?P<stem>.+?)_(?P<number>\d{2,})")
_CAT_ID = re.compile(r"[A-Z]{2,5}[A-Za-z0-9]{1,10}")
_PART = re.compile(r"[A-Za-z0-9]+( [A-Za-z0-9]+)*")
_LONGEST_FX_NAME = 25
_SOUND_SUFFIX = re.compile(r"\.(wav|flac|ogg)$", re.IGNORECASE)


@dataclass(frozen=True)
class Naming:
    """How the name of a take becomes the name of a file.

    style: `name` takes it as it is; `plain` makes lower-case letters, digits and underscores of
    it; `ucs` makes `CatID-UserCategory_FXName_CreatorID_SourceID_number`, as the Universal
    Category System asks. The other fields are for `ucs`; a CatID comes from its published list.
    """

    style: Literal["name", "plain", "ucs"] = "name"
    cat_id: str = ""
    user_category: str = ""
    creator: str = ""
    source: str = ""


def checked_naming(naming: Naming) -> Naming:
    """Give back a naming that makes names.

    Raises:
        RequestError: a UCS field is empty or not of the form that UCS readers take apart.
    """
    if naming.style != "ucs":
        return naming
    if not _CAT_ID.fullmatch(naming.cat_id):
        raise RequestError(
            f"{naming.cat_id!r} is no CatID: type one from the UCS list as it stands there, "
            "such as DOORWood."
        )
    fields = {"creator ID": naming.creator, "source ID": naming.source}
    if naming.user_category:
        fields["user category"] = naming.user_category
    for title, value in fields.items():
        if not _PART.fullmatch(value):
            raise RequestError(
                f"The {title} of UCS names is {value!r}: use letters and digits, at least one, "
                "as _ and - separate the parts of a name."
            )
    return naming


def checked_take_template(template: str) -> str:
    """Give back a template for the names of takes, with the fields that `runtime-cli` knows.

    Raises:
        RequestError: an unknown field, a broken brace, a folder, or a form that tells no two
            takes apart.
    """
    check_template(template)
    if "/" in template or "\\" in template:
        raise RequestError(
            f"The name template {template!r} names a folder; takes lie side by side in theirs, "
            "so leave the slash out."
        )
    return template


def take_name(request: Request, model: str, template: str = TEMPLATE, family: str = "") -> str:
    """The name of a take that was just made, from its own request (of one variation); with a
    `family`, the name of the take that it is near to, that and its number: `step_03_01`.

    Raises:
        RequestError: as `checked_take_template`, or a name that is too long.
    """
    if family:
        return typed_name(f"{family}_{request.first_variation + 1:02}")
    checked_take_template(template)
    said = next((p for p in request.prompts if not p.blank), None)
    words = "sound" if said is None else said.value
    prompt = slug(words if said is None or said.modality == "text" else Path(words).stem)
    fields = {
        "id": request.id or prompt,
        "prompt": prompt,
        "variation": request.first_variation + 1,
        "seed": request.seed or 0,
        "model": model,
    }
    return _SOUND_SUFFIX.sub("", fill_template(template, **fields).name)


def typed_name(text: str) -> str:
    """A name that the user typed, without what no file name can hold.

    Raises:
        RequestError: nothing is left, or it is too long.
    """
    if not (name := _SOUND_SUFFIX.sub("", text.strip()).strip(" .")):
        raise RequestError("A name needs at least one letter or digit.")
    return _SOUND_SUFFIX.sub("", fill_template("{id}", id=name).name)


def file_name(name: str, naming: Naming) -> str:
    """The file name, without suffix, of a take of that name; a number at its end stays there.

    Raises:
        RequestError: as `checked_naming`.
    """
    checked_naming(naming)
    if naming.style == "name":
        return name
    found = _NUMBERED.fullmatch(name)
    stem, number = (found["stem"], found["number"]) if found else (name, "")
    if naming.style == "plain":
        return "_".join(filter(None, (slug(stem), number)))
    category = "-".join(filter(None, (naming.cat_id, naming.user_category)))
    parts = (category, _fx_name(stem), naming.creator, naming.source, number)
    return "_".join(filter(None, parts))


def free_name(name: str, taken: Callable[[str], bool]) -> str:
    """The name itself if it is free, else its stem with the next number that is: `rain_01`,
    `rain_05`; `rain`, `rain_02`."""
    if not taken(name):
        return name
    found = _NUMBERED.fullmatch(name)
    stem, number = (found["stem"], int(found["number"])) if found else (name, 1)
    while taken(longer := f"{stem}_{number + 1:02}"):
        number += 1
    return longer


def same_but_number(name: str, other: str) -> bool:
    """Whether `free_name` may have made one of the other."""
    return _stem(name) == _stem(other)


def _stem(name: str) -> str:
    found = _NUMBERED.fullmatch(name)
    return found["stem"] if found else name


def _fx_name(stem: str) -> str:
    """Words of letters and digits, at most 25 characters, cut between words."""
    words = slug(stem).split("_")
    name = words[0][:_LONGEST_FX_NAME].capitalize()
    for word in words[1:]:
        if len(name) + 1 + len(word) > _LONGEST_FX_NAME:
            break
        name += f" {word.capitalize()}"
    return name
