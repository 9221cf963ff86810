"""The native library, built as its users build it: CMake, ctest, an install, sanitizers."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NATIVE = ROOT / "runtime" / "native"
MOST_BYTES = 1_000_000  # of the library, stripped


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


def test_nothing_is_pulled_from_under_threads_when_the_host_ends_or_unloads_it(installed, call):
    [path] = installed.glob("lib*/**/libhearsight.so")
    assert "__cxa_atexit" not in call("nm", "-D", "--undefined-only", path)
    assert "NODELETE" in call("readelf", "-d", path)


def test_the_header_tells_the_package_s_version():
    header = (NATIVE / "include" / "hearsight.h").read_text("utf-8")
    told = ".".join(re.findall(r"#define HS_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header))
    assert f'version = "{told}"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_find_package_serves_a_program(installed, call, tmp_path):
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


@pytest.mark.skipif(not shutil.which("pkg-config"), reason="not installed: pkg-config")
def test_pkg_config_serves_a_program(installed, call, tmp_path):
    [place] = installed.glob("lib*/pkgconfig")
    asked = {"PKG_CONFIG_PATH": str(place)}
    assert call("pkg-config", "--exists", "hearsight >= 0.1", **asked) == ""
    flags = call("pkg-config", "--cflags", "--libs", "hearsight", **asked).split()
    play, sound = tmp_path / "play", tmp_path / "rain.wav"
    source = NATIVE / "examples" / "play.c"
    call("cc", "-std=c99", source, *flags, f"-Wl,-rpath,{place.parent}", "-o", play)
    call(play, ROOT / "engines" / "starter", "rain", sound)
    assert sound.read_bytes().startswith(b"RIFF")


@pytest.mark.skipif(not shutil.which("pkg-config"), reason="not installed: pkg-config")
def test_pkg_config_finds_libraries_one_folder_deeper_too(built, call, tmp_path):
    """As the packages of Debian have them."""
    headers = f"-DHEARSIGHT_HEADERS={built.parent / 'headers'}"
    call("cmake", "-S", ROOT, "-B", tmp_path, "-DCMAKE_INSTALL_LIBDIR=lib/here", headers)
    place = tmp_path / "prefix" / "lib" / "here" / "pkgconfig"
    place.mkdir(parents=True)
    [made] = tmp_path.rglob("hearsight.pc")
    shutil.copy(made, place)
    for name, folder in {"libdir": place.parent, "includedir": tmp_path / "prefix/include"}.items():
        asked = ("pkg-config", f"--variable={name}", "hearsight")
        told = call(*asked, PKG_CONFIG_PATH=str(place)).strip()
        assert Path(told).resolve() == folder


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no Linux")
def test_the_estimate_is_near_to_what_a_sound_takes(built, call, ort, extensions):
    program = built / "tests" / "hearsight-memory"
    told = call(program, ort, extensions, ROOT / "engines" / "starter", "1")
    megabytes = {name: float(value) for name, value in re.findall(r"(.*\S) +([-\d.]+)\n", told)}
    weights, most = megabytes["estimated: weights"], megabytes["grown by: at most, together"]
    assert 15 < weights < most < weights + 150  # working memory, as hearsight.h has it


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
        *("ctest", "--output-on-failure", "-R", "^test_api_"),
        cwd=folder,
        HEARSIGHT_SHORT="1",
        LSAN_OPTIONS=f"suppressions={ignored}:print_suppressions=0",
        TSAN_OPTIONS="ignore_noninstrumented_modules=1",
    )
