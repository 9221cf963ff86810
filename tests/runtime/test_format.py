"""engines/FORMAT.md names all that the code takes, and its example is real."""

from __future__ import annotations

import dataclasses
import re
import typing
from pathlib import Path

import pytest

from hearsight import manifest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "engines" / "FORMAT.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"[A-Za-z0-9_+]+", " ".join(re.findall(r"`([^`\n]+)`", TEXT))))


@pytest.mark.parametrize("name", manifest.__all__)
def test_every_key_and_every_value_is_described(name: str):
    part = getattr(manifest, name)
    if dataclasses.is_dataclass(part):
        assert {field.name for field in dataclasses.fields(part)} <= NAMED
        hints = list(typing.get_type_hints(part).values())
    else:
        hints = [part]
    choices = {text for hint in hints for text in typing.get_args(hint) if isinstance(text, str)}
    words = {word for text in choices for word in re.findall(r"[A-Za-z0-9_+]+", text)}
    assert words <= NAMED


def test_the_example_is_a_bundle_of_the_repository():
    [example] = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    real = ROOT / "tests" / "micro" / "micro-eye" / "bundle.json"
    assert example == real.read_text(encoding="utf-8")
