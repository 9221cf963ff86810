"""A bundle appears whole or not at all, and never in the place of something else."""

import pytest

from hearsight.errors import OutputError
from hearsight.manifest import DataFile, Graph, License, Variant
from hearsight_export.assembly import name_of, new_bundle, sha256_of, weight_files, weight_licenses


def make(out, content, keep=()):
    with new_bundle(out, keep) as root:
        (root / "bundle.json").write_text(content)


def test_a_new_bundle_takes_the_place_of_the_old_one_with_the_files_to_keep(tmp_path):
    out = tmp_path / "deep" / "bundle"
    make(out, "first")
    (out / "CARD.md").write_text("card")
    (out / "other.md").write_text("other")
    make(out, "second", ("CARD.md", "sheet.png"))
    assert (out / "bundle.json").read_text() == "second"
    assert (out / "CARD.md").read_text() == "card"
    assert not (out / "other.md").exists()
    assert [path.name for path in out.parent.iterdir()] == ["bundle"]


def test_after_an_error_the_old_bundle_is_as_it_was_and_nothing_else_is_left(tmp_path):
    make(tmp_path / "bundle", "first")
    with pytest.raises(ZeroDivisionError), new_bundle(tmp_path / "bundle") as root:
        (root / "bundle.json").write_text("second")
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), new_bundle(tmp_path / "none") as root:
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    assert (tmp_path / "bundle" / "bundle.json").read_text() == "first"


def test_a_bundle_that_cannot_be_put_in_place_leaves_the_old_one_there(tmp_path):
    out = tmp_path / "bundle"
    make(out, "first")
    with pytest.raises(OutputError, match="cannot be used"), new_bundle(out) as root:
        (root / "bundle.json").unlink(missing_ok=True)
        root.rmdir()
    assert (out / "bundle.json").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_what_is_no_bundle_is_not_replaced_but_an_empty_folder_is(tmp_path):
    mine, empty = tmp_path / "mine", tmp_path / "empty"
    mine.mkdir()
    (mine / "a.txt").write_text("keep")
    empty.mkdir()
    (tmp_path / "file").write_text("keep")
    for taken in (mine, tmp_path / "file"):
        with pytest.raises(OutputError, match="is there already and is no bundle"):
            make(taken, "new")
    make(empty, "new")
    assert (mine / "a.txt").read_text() == "keep" and (empty / "bundle.json").is_file()


def test_every_weight_file_has_the_terms_of_its_graph():
    def graph(file, *weights):
        data = tuple(DataFile(name, "0" * 64, 1) for name in weights)
        return Graph({"fp32": Variant(file, "0" * 64, 1, data)}, (), ())

    graphs = {"tokenize": graph("t.onnx"), "text": graph("a.onnx", "a.weights")}
    ours, theirs = License("MIT"), License("unknown")
    assert weight_files(graphs) == ["a.weights", "t.onnx"]
    found = weight_licenses(graphs, theirs, {"tokenize": ours})
    assert found == {"a.weights": theirs, "t.onnx": ours}


def test_the_hash_of_a_folder_follows_its_files_and_their_names(tmp_path):
    for name, files in (("a", {"x": "1"}), ("b", {"x": "1"}), ("c", {"y": "1"}), ("d", {"x": "2"})):
        (tmp_path / name / "part").mkdir(parents=True)
        for file, content in files.items():
            (tmp_path / name / "part" / file).write_text(content)
    found = {name: sha256_of(tmp_path / name) for name in "abcd"}
    assert found["a"] == found["b"]
    assert len(set(found.values())) == 3
    with pytest.raises(OutputError, match="cannot be called"):
        name_of(tmp_path / "My Bundle")
