"""What the cells of a table hold: text that becomes numbers, and weights of parts of pictures."""

from __future__ import annotations

from typing import Any, Literal, cast

from .errors import RequestError
from .spelling import parse_weights

__all__ = ["count", "number", "weigh"]


def number(written: Any, hint: Any) -> Any:
    """The value of a cell, whose text becomes what the column holds."""
    text = str(written).strip()
    wanted = str(hint)
    try:
        if "bool" in wanted:
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[
                text.lower()
            ]
        if "float" in wanted:
            return float(text)
        if "int" in wanted or hint == Literal[1, 2]:
            return int(text)
    except (KeyError, ValueError):
        return text
    return text if "Literal" in wanted else written


def count(name: str, written: Any, *, typed: bool) -> int | None:
    """A whole number, or None where nothing is written; raises RequestError."""
    value = written if typed or written is None else number(written, int)
    if value is not None and type(value) is not int:
        raise RequestError(f"{name} must be a whole number, not {written!r}.")
    return value


def weigh(prompts: list[Any], written: Any) -> None:
    """Give pictures the weights of their parts: text, numbers, or one of these for each."""
    weights = cast(list[Any], written if isinstance(written, list) else [written])
    if weights and all(isinstance(one, int | float) for one in weights):
        weights = [weights]
    told = [cast(dict[str, Any], one) for one in prompts if isinstance(one, dict)]
    pictures = [one for one in told if one.get("modality") == "image"]
    if len(weights) > len(pictures):
        raise RequestError("sources weighs the parts of a picture: name it with image.")
    for picture, one in zip(pictures, weights, strict=False):
        picture["sources"] = [*parse_weights(one)] if isinstance(one, str) else one
