"""Writing bundles and taking them in: canonical, checked, all or nothing."""

from __future__ import annotations

import json
import shutil
import stat
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from hearsight.bundle import open_bundle, parse_manifest, user_folder
from hearsight.errors import BundleError, OutputError
from hearsight.manifest import Parity
from hearsight.store import describe, import_bundle, manifest_bytes, write_bundle, write_tensor

MICRO = Path(__file__).resolve().parents[1] / "micro" / "micro"


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MICRO, tmp_path / "copy"))


def zipped(folder: Path, file: Path, top: str = "") -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, top + path.relative_to(folder).as_posix())
    return file


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_manifest_is_written_as_it_was_read(copy: Path):
    before = (copy / "bundle.json").read_bytes()
    manifest = open_bundle(copy).manifest
    (copy / "bundle.json").unlink()
    bundle = write_bundle(copy, manifest)
    assert bundle.manifest == manifest
    assert (copy / "bundle.json").read_bytes() == before
    assert b'"commercial_use": null' not in before


def test_a_manifest_that_breaks_a_rule_is_not_written(copy: Path):
    manifest = open_bundle(copy).manifest
    before = (copy / "bundle.json").read_bytes()
    with pytest.raises(BundleError, match="latent is missing"):
        write_bundle(copy, replace(manifest, latent=None))
    graph = replace(manifest.graphs["decode"], parity=(Parity("fp32", 0.0, 0.0, float("inf")),))
    with pytest.raises(BundleError, match="cannot be written as JSON"):
        write_bundle(copy, replace(manifest, graphs={**manifest.graphs, "decode": graph}))
    with pytest.raises(BundleError, match="cannot be written as JSON"):
        write_bundle(copy, replace(manifest, title="\udc80"))
    assert (copy / "bundle.json").read_bytes() == before
    assert not list(copy.glob("*.part"))


def test_a_manifest_whose_files_are_not_there_is_refused(tmp_path: Path):
    with pytest.raises(BundleError, match=r"tokenize\.fp32\.onnx is missing"):
        write_bundle(tmp_path, open_bundle(MICRO).manifest)


@settings(deadline=None)
@given(
    values=st.sampled_from(
        ["float32", "float16", "int64", "int32", "uint8", "bool", ">f4"]
    ).flatmap(
        lambda dtype: arrays.arrays(
            dtype, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
        )
    )
)
def test_a_stored_tensor_comes_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, values: np.ndarray
):
    folder = tmp_path_factory.mktemp("tensors")
    bundle = replace(open_bundle(MICRO, verify=False), root=folder)
    if values.dtype.byteorder == ">":
        with pytest.raises(BundleError, match="no tensors of >f4"):
            write_tensor(folder, "deep/x.bin", values)
        return
    entry = write_tensor(folder, "deep/x.bin", values)
    assert describe(folder, "deep/x.bin").sha256 == entry.sha256
    assert entry.bytes == values.nbytes
    back = bundle.tensor(entry)
    assert (back.dtype, back.shape) == (values.dtype, values.shape)
    assert back.tobytes() == values.tobytes()


def test_files_outside_are_neither_described_nor_written(copy: Path):
    with pytest.raises(BundleError, match="leads out"):
        describe(copy, "../outside")
    with pytest.raises(BundleError, match="leads out"):
        write_tensor(copy, "../outside", np.zeros(1, np.float32))
    assert not (copy.parent / "outside").exists()


def test_a_folder_is_taken_in_under_its_own_name(copy: Path):
    (copy / "notes.docx").write_bytes(b"not taken")
    (copy / "CARD.md").write_bytes(b"taken")
    bundle = import_bundle(copy)
    assert bundle.root == user_folder() / "micro"
    assert open_bundle("micro").sha256 == bundle.sha256
    taken = {path.relative_to(bundle.root) for path in bundle.root.rglob("*")}
    real = {path.relative_to(copy) for path in copy.rglob("*")}
    assert real - taken == {Path("notes.docx")}
    assert left_in(user_folder()) == ["micro"]


@pytest.mark.parametrize("top", ["", "micro-1.0/"])
def test_a_zip_is_taken_in_from_its_top_or_its_one_folder(tmp_path: Path, top: str):
    file = zipped(MICRO, tmp_path / "micro.zip", top)
    bundle = import_bundle(file, tmp_path / "here")
    assert bundle.root == tmp_path / "here" / "micro"
    assert {p.name for p in bundle.root.iterdir()} == {p.name for p in MICRO.iterdir()}


def test_taking_in_again_does_nothing_and_another_of_that_name_is_refused(copy: Path):
    first = import_bundle(copy)
    assert import_bundle(copy / "bundle.json") == first
    data = json.loads((copy / "bundle.json").read_bytes())
    data["title"] = "another"
    (copy / "bundle.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(BundleError, match="already exists and is another bundle"):
        import_bundle(copy)
    assert open_bundle(first.root).manifest.title != "another"


def test_what_a_killed_import_left_is_cleared(copy: Path, tmp_path: Path):
    (tmp_path / "here" / ".micro.part").mkdir(parents=True)
    (tmp_path / "here" / ".micro.part" / "half").write_bytes(b"")
    assert not (import_bundle(copy, tmp_path / "here").root / "half").exists()
    assert left_in(tmp_path / "here") == ["micro"]


def test_a_damaged_bundle_leaves_nothing_behind(copy: Path, tmp_path: Path):
    weights = copy / "decode.fp32.weights"
    weights.write_bytes(bytes(weights.stat().st_size))
    for source in (copy, zipped(copy, tmp_path / "damaged.zip")):
        with pytest.raises(BundleError, match=r"decode\.fp32\.weights is not the one"):
            import_bundle(source, tmp_path / "here")
    weights.write_bytes(b"short")
    with pytest.raises(BundleError, match=r"decode\.fp32\.weights is not the one"):
        import_bundle(zipped(copy, tmp_path / "short.zip"), tmp_path / "here")
    weights.write_bytes(bytes(50_000_000))
    with pytest.raises(BundleError, match=r"decode\.fp32\.weights is not the one"):
        import_bundle(zipped(copy, tmp_path / "bomb.zip"), tmp_path / "here")
    weights.unlink()
    with pytest.raises(BundleError, match=r"decode\.fp32\.weights is missing"):
        import_bundle(zipped(copy, tmp_path / "lacking.zip"), tmp_path / "here")
    assert left_in(tmp_path / "here") == []


@pytest.mark.parametrize(
    "name", ["../evil", "/evil", "a/../../evil", "C:/evil", "..\\evil", "micro/../evil"]
)
def test_a_zip_with_a_path_that_leaves_is_refused(copy: Path, tmp_path: Path, name: str):
    file = zipped(copy, tmp_path / "evil.zip")
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, b"evil")
    with pytest.raises(BundleError, match="leads out of the bundle's folder"):
        import_bundle(file, tmp_path / "here" / "there")
    assert not list(tmp_path.rglob("evil"))
    assert left_in(tmp_path / "here") == []


def test_a_zip_with_a_link_is_refused(copy: Path, tmp_path: Path):
    file = zipped(copy, tmp_path / "evil.zip")
    with zipfile.ZipFile(file, "a") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(BundleError, match='"link", which leads out'):
        import_bundle(file, tmp_path / "here")


def test_what_is_no_bundle_is_refused(tmp_path: Path):
    with pytest.raises(BundleError, match="does not exist"):
        import_bundle(tmp_path / "nowhere.zip")
    with pytest.raises(BundleError, match="does not exist"):
        import_bundle(tmp_path / ("x" * 300))
    (tmp_path / "text.zip").write_text("no zip", encoding="utf-8")
    with pytest.raises(BundleError, match="cannot be read as a zip"):
        import_bundle(tmp_path / "text.zip")
    with pytest.raises(BundleError, match=r"holds no bundle\.json"):
        import_bundle(zipped(MICRO / "check", tmp_path / "check.zip"))
    whole = zipped(MICRO, tmp_path / "whole.zip").read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BundleError, match="cannot be read as a zip"):
        import_bundle(tmp_path / "half.zip")
    (tmp_path / "bad.zip").write_bytes(whole.replace(b"PK\x03\x04", b"PK\x03\x05", 1))
    with pytest.raises(BundleError, match="cannot be read as a zip"):
        import_bundle(tmp_path / "bad.zip", tmp_path / "here")
    assert left_in(tmp_path / "here") == []


@settings(deadline=None)
@given(position=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_a_zip_with_a_changed_byte_is_taken_in_whole_or_not_at_all(
    tmp_path_factory: pytest.TempPathFactory, position: float, value: int
):
    folder = tmp_path_factory.mktemp("zips")
    raw = bytearray(zipped(MICRO.parent / "micro-eye", folder / "eye.zip").read_bytes())
    raw[int(position * len(raw))] = value
    (folder / "eye.zip").write_bytes(raw)
    try:
        bundle = import_bundle(folder / "eye.zip", folder / "here")
    except BundleError:
        assert left_in(folder / "here") == []
    else:
        assert bundle == replace(open_bundle(MICRO.parent / "micro-eye"), root=bundle.root)


def test_a_destination_that_cannot_be_written_is_an_output_error(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be copied to"):
        import_bundle(MICRO, tmp_path / "file" / "below")


@settings(deadline=None)
@given(title=st.text(max_size=30), shapes=st.lists(st.text(max_size=8), max_size=4))
def test_any_text_survives_being_written(title: str, shapes: list[str]):
    manifest = open_bundle(MICRO, verify=False).manifest
    told = Parity("fp32", 0.5, 1e-9, 300.0, tuple(shapes))
    graphs = {**manifest.graphs, "decode": replace(manifest.graphs["decode"], parity=(told,))}
    manifest = replace(manifest, title=title, graphs=graphs)
    assert parse_manifest(manifest_bytes(manifest), "here") == manifest


def test_the_written_form_is_for_reading():
    lines = manifest_bytes(open_bundle(MICRO).manifest).decode().splitlines()
    assert lines[1] == ' "format": 1,'
    assert '  "shape": [16],' in lines
    assert '   "graphs": ["tokenize", "text"],' in lines
