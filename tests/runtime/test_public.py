"""The package's front door: few names, quick to open, nothing heavy behind it."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

import hearsight

MICRO = Path(__file__).parents[1] / "micro" / "micro"


def loaded(code: str) -> set[str]:
    """Top-level modules of a fresh Python after running `code`."""
    script = f"{code}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("name", hearsight.__all__)
def test_every_public_name_is_there(name):
    assert name in dir(hearsight)
    found = getattr(hearsight, name)
    assert found.__doc__ or get_args(found)  # words that are allowed explain themselves


def test_a_name_that_is_not_public_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'Manager'"):
        hearsight.Manager  # noqa: B018


def test_importing_loads_nothing_else():
    assert not loaded("import hearsight") & {"numpy", "onnxruntime", "pydantic", "cv2", "soundfile"}


def test_making_a_sound_loads_no_framework():
    code = f"""
import hearsight
with hearsight.load({str(MICRO)!r}, device="cpu", threads=1) as generator:
    generator.generate(hearsight.text("rain", seed=1))
"""
    assert not loaded(code) & {"torch", "transformers", "onnx", "PySide6", "hearsight_export"}
