"""Layers point one way: the exporter and the desktop use the runtime, the runtime knows nobody."""

import ast
from pathlib import Path

import pytest

import hearsight

ROOT = Path(__file__).resolve().parent.parent
DESKTOP = ROOT / "desktop" / "hearsight_desktop"
FORBIDDEN = {
    "runtime/hearsight": {
        "torch", "diffusers", "transformers", "onnx", "onnxscript", "scipy", "matplotlib",
        "PySide6", "hearsight_export", "hearsight_desktop", "onnxruntime_extensions",
        "pickle", "requests", "urllib", "http", "socket",
    },
    "export/hearsight_export": {"PySide6", "hearsight_desktop", "pickle"},
    "desktop/hearsight_desktop": {
        "torch", "diffusers", "transformers", "onnx", "onnxruntime", "scipy", "matplotlib",
        "hearsight_export", "pickle", "requests",
    },
}  # fmt: skip
MODULES = [path for folder in FORBIDDEN for path in sorted((ROOT / folder).rglob("*.py"))]
DESKTOP_MODULES = sorted(DESKTOP.rglob("*.py"))
CORE = {
    "asking", "claim", "commands", "database", "delivery", "dropping", "edits", "entry", "history",
    "jobs", "muxing", "naming", "pace", "parts", "peaks", "pictures", "places", "player",
    "preferences", "quality", "receipt", "reel", "rows", "seam", "shelf", "spectrum", "takes",
    "wishes",
}  # fmt: skip


def imported(path: Path) -> set[str]:
    """Top packages that a module names in its imports, at its head or inside functions."""
    return {name.split(".")[0] for name in absolute(path)}


def absolute(path: Path) -> set[str]:
    """Every import of a module that is not relative, with its dots."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def siblings(path: Path) -> set[str]:
    """Modules and folders of the desktop that a module of its top folder imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            names |= {node.module} if node.module else {alias.name for alias in node.names}
    return {name.split(".")[0] for name in names}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_imports_only_what_its_layer_may(path):
    folder = next(f for f in FORBIDDEN if (ROOT / f) in path.parents)
    assert not imported(path) & FORBIDDEN[folder]


@pytest.mark.parametrize("path", DESKTOP_MODULES, ids=relative)
def test_the_desktop_knows_public_names_only(path):
    assert not {name for name in absolute(path) if name.startswith("hearsight.")}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    froms = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module == "hearsight"]
    named = {alias.name for node in froms if not node.level for alias in node.names}
    named |= {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "hearsight"
    }
    assert named <= set(hearsight.__all__)


@pytest.mark.parametrize(
    "path", [p for p in sorted(DESKTOP.glob("*.py")) if p.stem in CORE], ids=relative
)
def test_what_thinks_knows_no_widget(path):
    assert "PySide6" not in imported(path)
    assert siblings(path) <= CORE


@pytest.mark.parametrize("path", sorted((DESKTOP / "views").glob("*.py")), ids=relative)
def test_a_view_knows_neither_the_history_nor_who_makes_sounds(path):
    text = path.read_text(encoding="utf-8")
    up = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ImportFrom) and n.level == 2]
    named = {n.module for n in up} | {a.name for n in up if not n.module for a in n.names}
    assert not named & {"app", "history", "runner", "finisher", "session", "takes", "window"}
