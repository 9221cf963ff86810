"""Examples are what the manuals show, and run; those that need an engine's headers fit ours."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
STARTER = ROOT / "engines" / "starter"
NATIVE = ROOT / "runtime" / "native"
HEADER = NATIVE / "include" / "hearsight.h"
EXAMPLES = NATIVE / "examples"
BINDING = EXAMPLES / "unity" / "Runtime" / "Native.cs"
STRUCT = re.compile(r"internal struct (\w+)\s*\{(.*?)\}", re.DOTALL)


def run(*command, cwd=None, **env):
    done = subprocess.run(
        [*map(str, command)],
        capture_output=True, text=True, check=False, cwd=cwd, env=os.environ | env, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def needs(*programs):
    missing = [name for name in programs if not shutil.which(name)]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


def save_condition(words, path):
    hearsight = (sys.executable, "-c", "from hearsight.cli import main; main()")
    run(*hearsight, "condition", words, "--model", STARTER, "-o", path, cwd=path.parent)


def loudness(path):
    samples, _ = soundfile.read(path)
    return np.sqrt(np.mean(samples**2))


def snake(name):
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def structs():
    """Names of the structs of C#, with those of their fields."""
    for name, body in STRUCT.findall(BINDING.read_text("utf-8")):
        fields = re.findall(r"public \w+ ([\w, ]+);", body)
        yield name, [field.strip() for line in fields for field in line.split(",")]


def test_csharp_binds_every_function_of_the_header():
    declared = set(re.findall(r"HS_API \w+ (hs_\w+)\(", HEADER.read_text("utf-8")))
    bound = set(re.findall(r"static extern \w+ (hs_\w+)\(", BINDING.read_text("utf-8")))
    assert bound == declared


@needs("mcs", "mono", "cc")
def test_structs_of_csharp_lie_in_memory_as_those_of_the_header(tmp_path):
    c, csharp = [], []
    for name, fields in structs():
        there, here = f"hs_{snake(name)}", f"Hearsight.Native.{name}"
        c.append(f"sizeof({there})")
        csharp.append(f"Marshal.SizeOf(typeof({here}))")
        for field in fields:
            c.append(f"offsetof({there}, {snake(field)})")
            csharp.append(f'(int)Marshal.OffsetOf(typeof({here}), "{field}")')
    (tmp_path / "c.c").write_text(
        "#include <hearsight.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void) {\n"
        + "".join(f'printf("%d\\n", (int){each});\n' for each in c)
        + "return 0; }\n",
        "utf-8",
    )
    (tmp_path / "S.cs").write_text(
        "using System; using System.Runtime.InteropServices; static class S { static void Main() {"
        + "".join(f"Console.WriteLine({each});" for each in csharp)
        + "} }",
        "utf-8",
    )
    run("cc", "-I", HEADER.parent, tmp_path / "c.c", "-o", tmp_path / "c")
    sources = sorted(BINDING.parent.glob("*.cs"))
    run("mcs", "-langversion:7.2", f"-out:{tmp_path / 'S.exe'}", tmp_path / "S.cs", *sources)
    assert len(c) > 60
    told = zip(c, run(tmp_path / "c").split(), run("mono", tmp_path / "S.exe").split(), strict=True)
    assert [each for each in told if each[1] != each[2]] == []


def test_the_readme_shows_the_program_in_c():
    [shown] = re.findall(r"```c\n(.*?)```", README, re.DOTALL)
    assert shown == (EXAMPLES / "play.c").read_text("utf-8")
    assert shown.count("\n") <= 40


def test_the_readme_s_commands_make_rain_with_it(installed, tmp_path):
    [commands] = re.findall(r"```sh\n(cc [^`]*)```", README)
    (tmp_path / "out").symlink_to(installed)
    for name in ("runtime", "engines"):
        (tmp_path / name).symlink_to(ROOT / name)
    run("sh", "-euc", commands, cwd=tmp_path)
    assert loudness(tmp_path / "rain.wav") > 0.01


def test_the_player_makes_rain_of_a_text_and_of_its_condition(installed, tmp_path):
    def play(*given):
        return run(installed / "bin" / "hearsight-play", STARTER, *given, "--seconds", "1",
                   "--seed", "7", cwd=tmp_path)  # fmt: skip

    assert "1.000 s at 16000 Hz, seed 7" in play("rain", "-o", "text.wav")
    samples, rate = soundfile.read(tmp_path / "text.wav")
    assert (len(samples), rate) == (16000, 16000)
    assert abs(abs(samples).max() - 10 ** (-1 / 20)) < 1e-4

    save_condition("rain", tmp_path / "rain.safetensors")
    play("--condition", "rain.safetensors", "-o", "condition.wav")
    assert (tmp_path / "condition.wav").read_bytes() == (tmp_path / "text.wav").read_bytes()
    assert not list(tmp_path.glob("*.part"))


def test_the_player_takes_libraries_from_where_it_is_run(installed, tmp_path):
    """And says how to name them where they are missing."""
    alone = tmp_path / "alone"
    shutil.copytree(installed, alone, symlinks=True)
    [ort] = alone.glob("lib*/libonnxruntime.so")
    ort.rename(alone / "ort.so")
    play = (alone / "bin" / "hearsight-play", STARTER, "rain", "-o", "rain.wav", "--steps", "1")
    refused = subprocess.run(play, check=False, capture_output=True, text=True, cwd=alone)
    assert refused.returncode == 4 and "--onnxruntime" in refused.stderr
    run(*play, "--onnxruntime", "ort.so", cwd=alone)
    run(*play, cwd=alone, HEARSIGHT_ONNXRUNTIME="ort.so")


@needs("mcs", "mono")
def test_the_csharp_example_compiles_without_a_warning_and_makes_rain(installed, tmp_path):
    sources = [EXAMPLES / "csharp" / "Rain.cs", *sorted(BINDING.parent.glob("*.cs"))]
    run("mcs", "-langversion:7.2", "-warn:4", "-warnaserror", f"-out:{tmp_path / 'Rain.exe'}",
        *sources)  # fmt: skip
    [library] = installed.glob("lib*/libhearsight.so")
    save_condition("rain", tmp_path / "rain.safetensors")
    for prompt, sound in {"rain": "text.wav", "rain.safetensors": "condition.wav"}.items():
        run("mono", tmp_path / "Rain.exe", STARTER, prompt, sound, cwd=tmp_path,
            LD_LIBRARY_PATH=str(library.parent))  # fmt: skip
    assert loudness(tmp_path / "text.wav") > 0.01
    assert (tmp_path / "condition.wav").read_bytes() == (tmp_path / "text.wav").read_bytes()


@needs("c++")
def test_the_helper_of_unreal_and_godot_compiles_without_exceptions(tmp_path):
    source = tmp_path / "it.cpp"
    source.write_text('#include "sound_maker.h"\nhearsight_example::SoundMaker maker;\n', "utf-8")
    run("c++", "-std=c++17", "-fno-exceptions", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion",
        "-Werror", "-fsyntax-only", "-I", HEADER.parent, "-I", EXAMPLES / "cpp",
        source)  # fmt: skip


def test_manifests_of_packages_are_json_and_name_what_is_there():
    package = json.loads((EXAMPLES / "unity" / "package.json").read_text("utf-8"))
    plugin = json.loads((EXAMPLES / "unreal" / "Hearsight.uplugin").read_text("utf-8"))
    assembly = json.loads((BINDING.parent / "Hearsight.asmdef").read_text("utf-8"))
    assert package["version"] == plugin["VersionName"] == "0.1.0"
    assert assembly["name"] == "Hearsight"
    for module in plugin["Modules"]:
        place = EXAMPLES / "unreal" / "Source" / module["Name"]
        assert (place / f"{module['Name']}.Build.cs").is_file()
    extension = (EXAMPLES / "godot" / "hearsight.gdextension").read_text("utf-8")
    entry = re.search(r'entry_symbol = "(\w+)"', extension)[1]
    assert f"{entry}(" in (EXAMPLES / "godot" / "src" / "register.cpp").read_text("utf-8")
