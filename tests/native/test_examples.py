"""Examples for other languages fit the header; what needs an engine's headers is not here."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

NATIVE = Path(__file__).parents[2] / "runtime" / "native"
HEADER = NATIVE / "include" / "hearsight.h"
EXAMPLES = NATIVE / "examples"
BINDING = EXAMPLES / "unity" / "Runtime" / "Native.cs"
STRUCT = re.compile(r"internal struct (\w+)\s*\{(.*?)\}", re.DOTALL)


def run(*command):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def needs(*programs):
    missing = [name for name in programs if not shutil.which(name)]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


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


@needs("mcs")
def test_the_csharp_example_compiles_without_a_warning(tmp_path):
    sources = [EXAMPLES / "csharp" / "Rain.cs", *sorted(BINDING.parent.glob("*.cs"))]
    run(
        "mcs", "-langversion:7.2", "-warn:4", "-warnaserror", f"-out:{tmp_path / 'R.exe'}", *sources
    )


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
