"""The native library, built once for all tests that play with it, in folders that are kept."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_MISSING = [name for name in ("cmake", "ctest", "c++", "cc", "nm") if not shutil.which(name)]


@pytest.fixture(scope="session")
def ort() -> Path:
    """ONNX Runtime's library, where its Python package has it."""
    return _library("onnxruntime", "capi/libonnxruntime.so.*")


@pytest.fixture(scope="session")
def extensions(built: Path) -> Path:
    """onnxruntime-extensions' library, as it opens in programs without Python."""
    [own] = built.rglob("libortextensions.so")
    return own


@pytest.fixture(scope="session")
def call() -> Callable[..., str]:
    """A function: the output of a command that must succeed."""
    return _call


@pytest.fixture(scope="session")
def build() -> Callable[..., Path]:
    """A function: a build folder of this name and these options, up to date."""
    if _MISSING:
        pytest.skip(f"not installed: {', '.join(_MISSING)}")
    return _build


@pytest.fixture(scope="session")
def built(build: Callable[..., Path]) -> Path:
    """The build folder of the library, its programs and its tests."""
    return build("release")


@pytest.fixture(scope="session")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `cmake --install` makes, with the libraries of this Python's packages."""
    prefix = tmp_path_factory.mktemp("installed")
    _call("cmake", "--install", built, "--prefix", prefix)
    return prefix


def _library(package: str, pattern: str) -> Path:
    """A library inside an installed package, which is not imported."""
    spec = importlib.util.find_spec(package)
    assert spec and spec.origin
    [path] = Path(spec.origin).parent.glob(pattern)
    return path


def _call(*command: str | Path, cwd: Path | None = None, seconds: int = 500, **env: str) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        cwd=cwd,
        env=os.environ | env,
        text=True,
        timeout=seconds,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


def _build(name: str, *options: str, targets: tuple[str, ...] = ("all",)) -> Path:
    """A build folder, kept for this checkout and user, with everything in it up to date."""
    own = f"hearsight-native-{zlib.crc32(f'{ROOT} {Path.home()}'.encode()):08x}"
    folder = Path(os.environ.get("HEARSIGHT_NATIVE_BUILD", Path(tempfile.gettempdir(), own)), name)
    _call(
        "cmake",
        *("-S", ROOT, "-B", folder),
        *(("-G", "Ninja") if shutil.which("ninja") else ()),
        "-DHEARSIGHT_STRICT=ON",
        f"-DHEARSIGHT_HEADERS={folder.parent / 'headers'}",
        f"-DHEARSIGHT_PYTHON={sys.executable}",
        "-DHEARSIGHT_TESTS=ON",
        *options,
    )
    _call("cmake", "--build", folder, "--parallel", "2", "--target", *targets, seconds=900)
    return folder
