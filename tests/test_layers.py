"""Layers point one way: export uses the runtime, the runtime knows nobody."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = {
    "runtime/hearsight": {
        "torch", "diffusers", "transformers", "onnx", "onnxscript", "scipy", "matplotlib",
        "PySide6", "hearsight_export", "hearsight_desktop", "onnxruntime_extensions",
        "pickle", "requests", "urllib", "http", "socket",
    },
    "export/hearsight_export": {"PySide6", "hearsight_desktop", "pickle"},
}  # fmt: skip
MODULES = [path for folder in FORBIDDEN for path in sorted((ROOT / folder).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_module_imports_only_what_its_layer_may(path):
    folder = next(f for f in FORBIDDEN if (ROOT / f) in path.parents)
    assert not imported(path) & FORBIDDEN[folder]
