"""The vectors in the repository are those that the Python player computes, on any processor."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent

# NumPy picks its inner loops by what the processor can do, and so must not matter.
PLAIN = {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"}


@pytest.mark.parametrize("processor", [{}, PLAIN], ids=["this", "plain"])
def test_regenerated_vectors_are_the_same(tmp_path, processor):
    script = [sys.executable, HERE / "make_vectors.py", tmp_path]
    subprocess.run(script, check=True, env={**os.environ, **processor})
    assert (tmp_path / "vectors.json").read_bytes() == (HERE / "vectors.json").read_bytes()
