"""Devices are tried in another process: whatever a driver does there, words come back.

The drivers here are small libraries compiled for the purpose, loaded by the real loader; no card
is needed, and none is pretended to run a graph.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import onnxruntime
import pytest

import hearsight.probe
from hearsight.probe import Tried, probe
from hearsight.providers import Refusal

RUNTIME = Path(__file__).parents[2] / "runtime"
PLUGIN = "onnxruntime_ep_nv_tensorrt_rtx"
COMPILER = shutil.which("cc") or shutil.which("gcc")
compiled = pytest.mark.skipif(
    sys.platform != "linux" or COMPILER is None, reason="needs a C compiler and Linux's loader"
)

DRIVER = """
#include <string.h>
#include <unistd.h>
int cuDriverGetVersion(int *version) { *version = CUDA; return 0; }
int cuInit(unsigned flags) { START; return 0; }
int cuDeviceGetCount(int *count) { *count = CARDS; return 0; }
int cuDeviceGet(int *device, int number) { *device = number; return 0; }
int cuDeviceGetName(char *name, int length, int device) {
    strcpy(name, device ? "Another" : "Stub 4000");
    return 0;
}
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    *value = device ? 1 : attribute == 75 ? MAJOR : MINOR;
    return 0;
}
int cuGetErrorName(int code, const char **name) { *name = "CUDA_ERROR_STUB"; return 0; }
"""
# What TensorRT-RTX's plugin takes from the driver besides, when it is loaded.
FURTHER = """
cuCtxCreate_v4 cuCtxDestroy_v2 cuCtxGetCurrent cuCtxPopCurrent_v2 cuCtxPushCurrent_v2
cuCtxSetCurrent cuDestroyExternalMemory cuDestroyExternalSemaphore cuExternalMemoryGetMappedBuffer
cuGetErrorString cuImportExternalMemory cuImportExternalSemaphore cuSignalExternalSemaphoresAsync
cuStreamGetCtx cuWaitExternalSemaphoresAsync cuFuncSetAttribute cuLaunchKernel cuModuleGetFunction
cuModuleLoadData cuModuleUnload
"""
MANAGEMENT = "nvmlErrorString nvmlInit_v2 nvmlShutdown nvmlSystemGetDriverVersion"


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    probe.cache_clear()
    yield
    probe.cache_clear()


def library(source: str, path: Path, *flags: str) -> Path:
    assert COMPILER
    command = [COMPILER, "-shared", "-fPIC", "-xc", "-", "-xnone", "-o", str(path), *flags]
    subprocess.run(command, input=source, text=True, check=True)
    return path


def failing(names: str, code: int) -> str:
    return "".join(f"int {name}() {{ return {code}; }}\n" for name in names.split())


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a driver where the loader of other processes finds it first."""

    def put(
        *, cuda: int = 13000, start: str = "", cards: int = 1, capability: tuple[int, int] = (8, 9)
    ) -> None:
        said = {"CUDA": cuda, "START": start, "CARDS": cards}
        said |= {"MAJOR": capability[0], "MINOR": capability[1]}
        folder = tmp_path / "driver"
        folder.mkdir(exist_ok=True)
        flags = [f"-D{name}={value}" for name, value in said.items()]
        library(DRIVER + failing(FURTHER, 100), folder / "libcuda.so.1", *flags)
        library(failing(MANAGEMENT, 9), folder / "libnvidia-ml.so.1")
        monkeypatch.setenv("LD_LIBRARY_PATH", str(folder))

    return put


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Installs a module in the place of TensorRT-RTX's plugin, and its package's name."""

    def put(source: str) -> None:
        folder = tmp_path / "plugin"
        told = folder / "onnxruntime_ep_nv_tensorrt_rtx_cu13-0.5.0.dist-info"
        told.mkdir(parents=True)
        name = "onnxruntime-ep-nv-tensorrt-rtx-cu13"
        (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.5.0")
        (folder / f"{PLUGIN}.py").write_text(source)
        monkeypatch.syspath_prepend(folder)

    return put


def refusal(device: str) -> Refusal:
    told = probe(device)
    assert isinstance(told, Refusal), told
    return told


@compiled
def test_a_driver_that_crashes_is_told_with_its_signal(driver, plugin):
    plugin("")
    driver(start="*(volatile int *)0 = 1")
    assert refusal("rtx").cause == "the driver ended its probe with signal 11 (SIGSEGV)"


@compiled
def test_a_driver_that_hangs_is_left_after_a_while(driver, plugin, monkeypatch):
    plugin("")
    driver(start="for (;;) pause()")
    monkeypatch.setattr(hearsight.probe, "_LIMIT", 0.5)
    assert refusal("rtx").cause == "the driver did not answer within 0.5 seconds"


@compiled
def test_a_driver_older_than_the_provider_is_told_with_both_versions(driver, plugin):
    plugin("")
    driver(cuda=12080)
    told = refusal("rtx")
    assert told.cause == "it is built for CUDA 13, and the driver supports CUDA 12.8 at most"
    assert told.cure == "install a newer driver"


@compiled
def test_a_card_that_the_provider_does_not_support_is_told_with_its_number(driver, plugin):
    plugin("")
    driver(capability=(9, 0))
    told = refusal("rtx")
    assert told.cause.endswith(
        "compute capability 8.6, 8.9, and 12.0 or newer, and Stub 4000 has 9.0"
    )
    assert told.cure == "use --device cuda"


@compiled
@pytest.mark.parametrize("told", [True, False])
def test_the_card_is_the_first_in_cudas_order_with_the_drivers_version(
    driver, tmp_path, monkeypatch, told
):
    """nvidia-smi may list another card first, or not be there."""
    driver(cards=2)
    monkeypatch.setenv("PATH", str(tmp_path))
    if told:
        tool = tmp_path / "nvidia-smi"
        tool.write_text("#!/bin/sh\necho 'Another, 580.65, 1.1, 1000, 1000'\n")
        tool.chmod(0o755)
    code = "from hearsight.driver import ask; print(*vars(ask(13)).values(), sep=chr(10))"
    monkeypatch.setenv("PYTHONPATH", str(RUNTIME))
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout.splitlines() == ["Stub 4000", "8.9", "580.65" if told else "CUDA 13.0"]


@compiled
def test_a_supported_card_behind_one_that_is_not_does_not_count(driver, plugin):
    plugin("")
    driver(capability=(7, 5), cards=2)
    assert refusal("rtx").cause.endswith("and Stub 4000 has 7.5")


@compiled
def test_a_driver_without_cards_or_that_does_not_start_says_so(driver, plugin):
    plugin("")
    driver(cards=0)
    assert refusal("rtx").cause == "NVIDIA's driver finds no card"
    probe.cache_clear()
    driver(start="return 803")
    assert "does not start (error 803, CUDA_ERROR_STUB)" in refusal("rtx").cause


@compiled
def test_a_missing_library_is_named(driver, plugin, tmp_path):
    """The plugin loads a library whose own library went away, as CUDA's do."""
    driver()
    other = library("int x;", tmp_path / "libabsent.so.7", "-Wl,-soname,libabsent.so.7")
    needy = library("int y;", tmp_path / "libneedy.so", "-Wl,--no-as-needed", str(other))
    other.unlink()
    plugin(f"import ctypes; ctypes.CDLL({str(needy)!r})")
    assert refusal("rtx").cause == "the library libabsent.so.7 is missing"


@pytest.mark.skipif(sys.platform != "linux", reason="the words of Linux's loader")
def test_a_missing_driver_is_named(plugin):
    load = [sys.executable, "-c", "import ctypes; ctypes.CDLL('libcuda.so.1')"]
    if subprocess.run(load, capture_output=True, check=False).returncode == 0:
        pytest.skip("there is a driver")
    plugin("")
    told = refusal("rtx")
    assert str(told) == "the library libcuda.so.1 is missing; it comes with NVIDIA's driver"


@compiled
@pytest.mark.skipif(not importlib.util.find_spec(PLUGIN), reason="the real plugin is not installed")
def test_the_real_plugin_loads_and_finds_no_card_in_a_driver_that_is_a_stub(driver):
    driver()
    suits = hasattr(onnxruntime.InferenceSession, "get_provider_graph_assignment_info")  # 1.24
    expected = "its plugin finds no card that it supports" if suits else "Host ORT is too old"
    assert re.search(expected, refusal("rtx").cause)


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("import os; os.abort()", "the driver ended its probe with "),
        ("import time; time.sleep(60)", "the driver did not answer within 0.5 seconds"),
        ("import os; print('{'); os._exit(0)", "the driver kept its probe from answering"),
        ("import os; os.write(1, b'\\xff{]'); os._exit(0)", "the driver kept its probe from answ"),
        ("raise SystemExit(3)", "3"),
        ("print('{\"provider\": 1}'); raise OSError('no such luck.')", "no such luck"),
    ],
)
def test_whatever_happens_while_a_provider_is_loaded_becomes_words(
    tmp_path, monkeypatch, source, cause
):
    """A module in ONNX Runtime's place, for a device that needs no driver to be asked before."""
    (tmp_path / "onnxruntime.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    if "sleep" in source:
        monkeypatch.setattr(hearsight.probe, "_LIMIT", 0.5)
    assert refusal("coreml").cause.startswith(cause)


def test_the_outcome_is_remembered(tmp_path, monkeypatch):
    marks = tmp_path / "marks"
    source = f"open({str(marks)!r}, 'a').write('x'); raise OSError('broken')"
    (tmp_path / "onnxruntime.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    assert refusal("coreml") is refusal("coreml")
    assert marks.read_text() == "x"


def test_the_cpu_runs_the_graph_of_the_probe():
    assert probe("cpu") == Tried("CPUExecutionProvider", None)


def test_files_in_the_current_folder_are_not_imported(tmp_path, monkeypatch):
    for name in ("json", "numpy", "onnxruntime", "hearsight"):
        (tmp_path / f"{name}.py").write_text("import os; os.abort()")
    monkeypatch.chdir(tmp_path)
    assert probe("cpu") == Tried("CPUExecutionProvider", None)


@pytest.mark.parametrize("executable", ["/opt/blender/blender", "", None])
def test_a_program_that_embeds_python_is_not_started_to_try_a_device(monkeypatch, executable):
    monkeypatch.setattr(sys, "executable", executable)
    told = refusal("cpu")
    assert "this program embeds Python" in told.cause
    assert "hearsight.child.answer()" in told.cause


def test_a_packed_program_is_not_started_unless_it_answers(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert "this program embeds Python" in refusal("cpu").cause


@pytest.mark.skipif(sys.platform == "win32", reason="a script stands for the packed program")
def test_a_packed_program_that_answers_is_started_itself(tmp_path):
    program = tmp_path / "program"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        f"sys.path.insert(0, {str(RUNTIME)!r})\n"
        "sys.frozen, sys.executable = True, __file__\n"
        "from hearsight.child import answer\n"
        "from hearsight.probe import probe\n"
        "answer()\n"
        "print('started')\n"
        "print(probe('cpu').provider)\n"
    )
    program.chmod(0o755)
    done = subprocess.run([program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["started", "CPUExecutionProvider"]
