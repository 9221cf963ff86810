"""Opening bundles: found by name or path, and refused in one clear sentence when unsound."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hearsight.bundle import (
    Bundle,
    list_bundles,
    manifest_schema,
    open_bundle,
    parse_manifest,
    search_path,
    verify,
)
from hearsight.errors import BundleError

TESTS = Path(__file__).resolve().parents[1]
MICRO = TESTS / "micro"
SCHEMA = TESTS.parent / "engines" / "bundle.schema.json"

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cache, data and search path of this test alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HEARSIGHT_ENGINES", str(MICRO))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the micro bundle to damage."""
    return Path(shutil.copytree(MICRO / "micro", tmp_path / "copy"))


def edit(folder: Path, change: Edit) -> None:
    data = json.loads((folder / "bundle.json").read_bytes())
    change(data)
    (folder / "bundle.json").write_text(json.dumps(data), encoding="utf-8")


def refusal(folder: Path) -> str:
    with pytest.raises(BundleError) as caught:
        open_bundle(folder)
    message = str(caught.value)
    assert str(folder) in message
    assert message.endswith(".")
    return message


def test_a_bundle_opens_by_name_by_path_and_by_its_manifest(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(MICRO / "micro")
    asked = ["micro", MICRO / "micro", f"..{os.sep}micro", MICRO / "micro" / "bundle.json", "."]
    bundles = [open_bundle(name) for name in asked]
    assert {bundle.sha256 for bundle in bundles} == {bundles[0].sha256}
    assert {bundle.manifest.name for bundle in bundles} == {"micro"}


def test_an_unknown_name_suggests_the_nearest_and_says_where_it_looked():
    with pytest.raises(BundleError, match=r'no bundle "mikro" \(did you mean "micro"\?\)') as error:
        open_bundle("mikro")
    assert str(MICRO) in str(error.value)


def test_a_path_without_a_bundle_is_refused(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    assert "holds no bundle.json" in refusal(tmp_path / "empty")
    assert "does not exist" in refusal(tmp_path / "nowhere")
    (tmp_path / "some.zip").write_bytes(b"PK")
    assert "bundles import" in refusal(tmp_path / "some.zip")


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + os.sep, "nul\0byte", "~nobody-here/x"])
def test_a_name_that_no_system_takes_is_refused_like_any_other(name: str):
    with pytest.raises(BundleError, match=r"no bundle|does not exist"):
        open_bundle(name)


def test_the_search_path_goes_from_the_variable_to_the_user_to_the_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    said = [str(tmp_path / "a"), "", str(tmp_path / "b")]
    monkeypatch.setenv("HEARSIGHT_ENGINES", os.pathsep.join(said))
    first, second, user, shipped = search_path()
    assert (first, second) == (tmp_path / "a", tmp_path / "b")
    assert user.parts[-2:] == ("hearsight", "engines")
    assert shipped.name in ("engines", "_engines")


def test_the_first_bundle_of_a_name_on_the_search_path_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    near = shutil.copytree(MICRO / "micro-eye", tmp_path / "near" / "micro")
    monkeypatch.setenv("HEARSIGHT_ENGINES", os.pathsep.join([str(near.parent), str(MICRO)]))
    assert open_bundle("micro").root == near
    assert dict(list_bundles())["micro"] == near


def test_a_listing_has_broken_bundles_with_their_error(copy: Path, monkeypatch: pytest.MonkeyPatch):
    (copy / "words.txt").unlink()
    monkeypatch.setenv("HEARSIGHT_ENGINES", os.pathsep.join([str(copy.parent), str(MICRO)]))
    listed = dict(list_bundles())
    assert listed["micro"] == MICRO / "micro"
    assert isinstance(listed["copy"], BundleError)
    assert "words.txt is missing" in str(listed["copy"])


def test_tensors_read_as_they_were_stored():
    bundle = open_bundle("micro")
    check = bundle.manifest.graphs["image"].check
    assert check
    picture = bundle.tensor(check.inputs[0])
    assert (picture.dtype, picture.shape) == (np.uint8, (1, 20, 28, 3))
    assert picture[0, 3, 2].tolist() == [36, 18, 6]
    assert bundle.manifest.space.empty
    empty = bundle.tensor(bundle.manifest.space.empty)
    assert np.linalg.norm(empty) == pytest.approx(1, abs=1e-6)


def test_a_wrong_hash_is_refused_unless_hashes_are_not_asked_for(copy: Path):
    weights = copy / "decode.fp32.weights"
    raw = bytearray(weights.read_bytes())
    raw[100] ^= 1
    weights.write_bytes(raw)
    assert "decode.fp32.weights has not the hash" in refusal(copy)
    with pytest.raises(BundleError, match=r"decode\.fp32\.weights has not the hash"):
        verify(open_bundle(copy, verify=False))


def test_a_change_behind_the_memory_is_found_by_a_fresh_look(copy: Path):
    weights = copy / "decode.fp32.weights"
    os.utime(weights, ns=(10**18, 10**18))
    bundle = open_bundle(copy)
    weights.write_bytes(bytes(weights.stat().st_size))
    os.utime(weights, ns=(10**18, 10**18))
    open_bundle(copy)  # size and time are as before, so the hash is remembered
    with pytest.raises(BundleError, match="has not the hash"):
        verify(bundle)
    assert "has not the hash" in refusal(copy)


def test_truncated_and_missing_files_are_named(copy: Path):
    weights = copy / "vocoder.fp32.weights"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert "vocoder.fp32.weights has 2307 bytes and not 2308" in refusal(copy)
    weights.unlink()
    message = refusal(copy)
    assert "vocoder.fp32.weights is missing" in message
    assert "graphs.vocoder.variants.fp32.weights[0]" in message


def test_a_folder_in_place_of_a_file_is_not_a_file(copy: Path):
    (copy / "words.txt").unlink()
    (copy / "words.txt").mkdir()
    assert "words.txt is missing" in refusal(copy)


@pytest.mark.parametrize("target", ["../outside", "/etc/hostname"])
def test_a_link_that_leaves_the_folder_is_refused(copy: Path, target: str):
    (copy.parent / "outside").write_bytes((copy / "words.txt").read_bytes())
    (copy / "words.txt").unlink()
    (copy / "words.txt").symlink_to(target)
    assert "leads out of the bundle's folder" in refusal(copy)


def test_a_folder_that_is_a_link_out_is_refused_and_a_link_inside_is_not(copy: Path):
    (copy / "check").rename(copy / "really")
    (copy / "check").symlink_to("really")
    assert open_bundle(copy).manifest.name == "micro"
    (copy / "check").unlink()
    (copy / "really").rename(copy.parent / "really")
    (copy / "check").symlink_to("../really")
    assert "leads out of the bundle's folder" in refusal(copy)


def test_a_link_in_a_circle_is_refused(copy: Path):
    (copy / "words.txt").unlink()
    (copy / "words.txt").symlink_to("words.txt")
    assert "words.txt" in refusal(copy)


def test_a_manifest_that_is_a_link_out_is_refused(copy: Path):
    (copy / "bundle.json").rename(copy.parent / "real.json")
    (copy / "bundle.json").symlink_to("../real.json")
    assert "leads out of the bundle's folder" in refusal(copy)


@pytest.mark.parametrize(("number", "remedy"), [(2, "update hearsight"), (0, "export it again")])
def test_another_format_is_said_plainly(copy: Path, number: int, remedy: str):
    edit(copy, lambda data: data.update(format=number, invented_later=1))
    said = f"this bundle is of format {number}, this version plays 1: {remedy}"
    assert said in refusal(copy)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d.update(lisence={}), 'unknown key "lisence" (did you mean "license"?)'),
        (
            lambda d: d["schedule"]["betas"].update(strt=1),
            'unknown key "strt" in schedule.betas (did you mean "start"?)',
        ),
        (
            lambda d: d["graphs"]["text"]["inputs"][0].update(typ=1),
            'unknown key "typ" in graphs.text.inputs[0]',
        ),
        (
            lambda d: d["graphs"].update(decoder=d["graphs"].pop("decode")),
            'graphs.decoder is no role (did you mean "decode"?) and gives none; known: tokenize,',
        ),
        (
            lambda d: d["graphs"]["text"]["variants"].update(fp8=1),
            'unknown key "fp8" in graphs.text.variants',
        ),
        (lambda d: d.pop("source"), 'lacks the key "source"'),
        (lambda d: d["latent"].pop("shape"), 'lacks the key "latent.shape"'),
        (lambda d: d["audio"].update(sample_rate="8000"), 'audio.sample_rate is "8000"'),
        (lambda d: d["audio"].update(sample_rate=True), "audio.sample_rate is true"),
        (lambda d: d["audio"].update(sample_rate=8000.5), "audio.sample_rate is 8000.5"),
        (lambda d: d["schedule"].update(prediction="eps"), 'schedule.prediction is "eps"'),
        (lambda d: d["latent"].update(shape=[4, None, 4]), "latent.shape[1] is null"),
        (lambda d: d.update(defaults=[]), "defaults is []"),
        (lambda d: d.update(format="1"), 'format is "1"'),
    ],
)
def test_wrong_keys_and_types_are_named_with_their_path(copy: Path, change: Edit, sentence: str):
    edit(copy, change)
    assert sentence in refusal(copy)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not valid JSON"),
        ("{", "is not valid JSON"),
        ('{"format": 1, "format": 1}', 'the key "format" is given twice'),
        ('{"format": NaN}', "NaN is not a JSON number"),
        ("[" * 100_000, "nested too deeply"),
        ('{"format": 1, "name": "\udc80"}', "is not valid JSON"),
        ("[]", "the top level"),
        ('{"format": 1' + " " * 2**24 + "}", "is larger than"),
    ],
)
def test_what_is_not_sound_json_is_refused(copy: Path, text: str, sentence: str):
    (copy / "bundle.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert sentence in refusal(copy)


@settings(deadline=None)
@given(data=st.data())
def test_no_damage_to_a_manifest_escapes_as_another_error(data: st.DataObject):
    manifest = json.loads((MICRO / "micro-flow" / "bundle.json").read_bytes())
    place: Any = manifest
    junk = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just([])
    while True:
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(list(keys)))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        place = inner
    place[key] = data.draw(junk)
    raw = json.dumps(manifest).encode()
    try:
        parse_manifest(raw, "damaged")
    except BundleError as error:
        assert str(error).startswith("damaged")


@settings(deadline=None)
@given(raw=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@example(b"\x000")  # the number 0 in UTF-16
@example(b"\xef\xbb\xbf{}")
def test_bytes_that_are_no_manifest_are_refused(raw: bytes):
    with pytest.raises(BundleError, match=r"^here"):
        parse_manifest(raw, "here")


def test_a_bundle_is_data_that_cannot_change():
    bundle: Bundle = open_bundle("micro")
    with pytest.raises(AttributeError):
        bundle.sha256 = ""  # type: ignore[misc]


def test_the_schema_beside_the_format_is_current_and_takes_the_micro_bundles():
    pytest.importorskip("pydantic", "2.13", reason="older versions write schemas otherwise")
    current = manifest_schema()
    assert json.loads(SCHEMA.read_bytes()) == current, (
        "write it anew: python -c 'import json; from hearsight.bundle import manifest_schema; "
        "print(json.dumps(manifest_schema(), indent=1))' > engines/bundle.schema.json"
    )
    for manifest in sorted(MICRO.glob("*/bundle.json")):
        jsonschema.validate(json.loads(manifest.read_bytes()), current)
