"""The native library, built as its users build it: CMake, ctest, an install, sanitizers."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NATIVE = ROOT / "runtime" / "native"
MOST_BYTES = 1_000_000  # of the library, stripped


@pytest.fixture(scope="session")
def installed(built, call, tmp_path_factory):
    prefix = tmp_path_factory.mktemp("installed")
    call("cmake", "--install", built, "--prefix", prefix)
    return prefix


def test_every_native_test_passes(built, call):
    call("ctest", "--output-on-failure", cwd=built)


def test_only_the_header_s_functions_are_exported(installed, call):
    [path] = installed.glob("lib*/**/libhearsight.so")
    exported = set(re.findall(r" [A-Z] (\w+)", call("nm", "-D", "--defined-only", path)))
    header = (installed / "include" / "hearsight.h").read_text("utf-8")
    declared = set(re.findall(r"^HS_API \w+ (hs_\w+)\(", header, re.MULTILINE))
    assert exported == declared
    listed = (NATIVE / "src" / "hearsight.def").read_text("utf-8").split()[3:]
    assert set(listed) == declared


def test_the_stripped_library_is_small_and_links_no_onnx_runtime(installed, call, tmp_path):
    [path] = installed.glob("lib*/**/libhearsight.so")
    call("strip", "-o", tmp_path / "small.so", path)
    assert (tmp_path / "small.so").stat().st_size < MOST_BYTES
    assert "onnxruntime" not in call("readelf", "-d", path)


def test_the_header_tells_the_package_s_version():
    header = (NATIVE / "include" / "hearsight.h").read_text("utf-8")
    told = ".".join(re.findall(r"#define HS_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header))
    assert f'version = "{told}"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_find_package_and_pkg_config_serve_a_program(installed, call, tmp_path):
    shutil.copy(NATIVE / "examples" / "play.c", tmp_path)
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.22)\n"
        "project(game C)\n"
        "find_package(hearsight 0.1 REQUIRED CONFIG)\n"
        "add_executable(play play.c)\n"
        "target_link_libraries(play PRIVATE hearsight::hearsight)\n",
        "utf-8",
    )
    call("cmake", "-S", tmp_path, "-B", tmp_path / "b", f"-DCMAKE_PREFIX_PATH={installed}")
    call("cmake", "--build", tmp_path / "b")
    refused = subprocess.run([tmp_path / "b" / "play"], check=False, capture_output=True, text=True)
    assert refused.returncode == 2 and "TEXT" in refused.stderr

    if shutil.which("pkg-config"):
        [folder] = installed.glob("lib*/**/pkgconfig")
        flags = call(
            "pkg-config", "--cflags", "--libs", "hearsight", PKG_CONFIG_PATH=str(folder)
        ).split()
        call("cc", "-std=c99", tmp_path / "play.c", *flags, "-o", tmp_path / "play")


def test_the_example_and_the_player_make_the_same_rain(built, call, library, tmp_path):
    ort = library("onnxruntime", "capi/libonnxruntime.so.*")
    extensions = library("onnxruntime_extensions", "_extensions_pydll*.so")
    names = list((built / "tests").glob("libpython_names.so"))
    preload = {"LD_PRELOAD": str(names[0])} if names else {}
    programs = built / "runtime" / "native" / "examples"
    starter = ROOT / "engines" / "starter"
    call(programs / "play", ort, extensions, starter, "rain", tmp_path / "a.wav", **preload)
    told = call(
        programs / "hearsight-play",
        *(starter, "rain", "-o", tmp_path / "b.wav", "--seconds", "1", "--seed", "7"),
        HEARSIGHT_ONNXRUNTIME=str(ort),
        HEARSIGHT_EXTENSIONS=str(extensions),
        **preload,
    )
    assert "1.000 s at 16000 Hz, seed 7" in told
    soundfile = pytest.importorskip("soundfile")
    assert soundfile.info(tmp_path / "a.wav").subtype == "FLOAT"
    samples, rate = soundfile.read(tmp_path / "b.wav")
    assert (len(samples), rate) == (16000, 16000)
    assert abs(abs(samples).max() - 10 ** (-1 / 20)) < 1e-4

    saved = tmp_path / "rain.safetensors"
    python = (sys.executable, "-c", "from hearsight.cli import main; main()")
    call(*python, "condition", "rain", "--model", starter, "-o", saved, cwd=tmp_path)
    call(
        programs / "hearsight-play",
        *(starter, "--condition", saved, "-o", tmp_path / "c.wav"),
        *("--seconds", "1", "--seed", "7", "--onnxruntime", ort),
    )
    assert (tmp_path / "c.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("sanitizers", ["address,undefined", "thread"])
def test_sanitizers_find_nothing_in_the_api(sanitizers, build, call):
    name = sanitizers.split(",", maxsplit=1)[0]
    folder = build(
        name,
        f"-DHEARSIGHT_SANITIZE={sanitizers}",
        "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
        "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g",
        targets=("test_api",),
    )
    # What libraries that were not built with the sanitizers lock or keep is not looked at.
    ignored = Path(__file__).with_name("leaks.suppressions")
    call(
        folder / "tests" / "test_api",
        HEARSIGHT_SHORT="1",
        LSAN_OPTIONS=f"suppressions={ignored}:print_suppressions=0",
        TSAN_OPTIONS="ignore_noninstrumented_modules=1",
    )
