"""Rules of format 1 beyond types: every breach is found, and named by key."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hearsight.bundle import parse_manifest
from hearsight.contract import files, problems, weight_files
from hearsight.errors import BundleError
from hearsight.roles import role_of

MICRO = Path(__file__).resolve().parents[1] / "micro"

Edit = Callable[[dict[str, Any]], object]


def broken(name: str, change: Edit) -> str:
    """What is said about a micro bundle's manifest after a change."""
    data = json.loads((MICRO / name / "bundle.json").read_bytes())
    change(data)
    with pytest.raises(BundleError) as caught:
        parse_manifest(json.dumps(data).encode(), "here")
    return str(caught.value)


def shape(role: str, side: str, index: int, value: list[Any]) -> Edit:
    return lambda d: d["graphs"][role][side][index].update(shape=value)


def drop(role: str, side: str, index: int) -> Edit:
    def change(d: dict[str, Any]) -> None:
        del d["graphs"][role][side][index]
        d["graphs"][role].pop("check")

    return change


def rename(old: str, new: str, role: str | None) -> Edit:
    """Give a graph another name, wherever it is named, and perhaps its role."""

    def change(d: dict[str, Any]) -> None:
        d["graphs"] = {new if name == old else name: g for name, g in d["graphs"].items()}
        if role:
            d["graphs"][new]["role"] = role
        for conditioner in d["conditioners"].values():
            conditioner["graphs"] = [new if n == old else n for n in conditioner["graphs"]]

    return change


@pytest.mark.parametrize("name", ["micro", "micro-flow", "micro-eye"])
def test_the_micro_bundles_break_no_rule(name: str):
    manifest = parse_manifest((MICRO / name / "bundle.json").read_bytes(), name)
    assert list(problems(manifest)) == []


def test_every_file_of_the_micro_bundle_is_listed():
    root = MICRO / "micro"
    manifest = parse_manifest((root / "bundle.json").read_bytes(), "micro")
    listed = {entry.file for _, entry in files(manifest)}
    real = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    assert real - listed == {"bundle.json", "NOTICE"}
    assert listed <= real
    assert "tokenize.fp32.onnx" in weight_files(manifest)  # its vocabulary is inside
    assert "text.fp32.onnx" not in weight_files(manifest)


@pytest.mark.parametrize(
    ("file", "flaw"),
    [
        ("../words.txt", "must not leave the bundle's folder"),
        ("check/../../words.txt", "must not leave the bundle's folder"),
        ("check/../words.txt", "must not leave the bundle's folder"),
        ("/etc/passwd", "must be relative"),
        ("C:/words.txt", "must be relative"),
        ("c:words.txt", "must be relative"),
        ("check\\words.txt", "are written with /"),
        ("", "paths are ASCII"),
        (".", "paths are ASCII"),
        ("check//words.txt", "paths are ASCII"),
        (".hidden", "paths are ASCII"),
        ("wörds.txt", "paths are ASCII"),
        ("words.txt\0", "paths are ASCII"),
        ("words.txt:stream", "paths are ASCII"),
    ],
)
def test_paths_stay_plain_and_inside(file: str, flaw: str):
    said = broken("micro", lambda d: d["conditioners"]["text"]["vocabulary"].update(file=file))
    assert f'conditioners.text.vocabulary.file is "{file}"' in said
    assert flaw in said


@pytest.mark.parametrize("name", ["", "Micro", "a/b", "..", "a b", "a--b", "-a", "x" * 65])
def test_names_are_fit_for_folders(name: str):
    assert f'name is "{name}"' in broken("micro", lambda d: d.update(name=name))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d["space"]["empty"].update(sha256="0" * 63), "space.empty.sha256 must be 64"),
        (lambda d: d["space"]["empty"].update(bytes=-1), "space.empty.bytes must not be negative"),
        (
            lambda d: d["space"]["empty"].update(file="words.txt"),
            '"words.txt" is listed elsewhere with another hash or size',
        ),
        (
            lambda d: d["space"]["empty"].update(file="Words.TXT"),
            '"words.txt" is listed elsewhere with another hash or size',
        ),
        (
            lambda d: d["space"]["empty"].update(shape=[17]),
            "space.empty: float32 [17] does not make 64 bytes",
        ),
        (
            lambda d: d["space"]["empty"].update(shape=[-4, -4]),
            "space.empty: float32 [-4, -4] does not make 64 bytes",
        ),
        (
            lambda d: d["space"]["empty"].update(shape=[4, 4]),
            "space.empty must be float32 [16]",
        ),
        (lambda d: d["space"]["empty"].update(dtype="string"), "space.empty: string [16]"),
        (lambda d: d["space"].update(name=""), "space needs a name"),
        (lambda d: d["space"].update(shape=[]), "space needs a name and a shape"),
        (lambda d: d["space"].pop("empty"), "guidance needs the condition for no prompt"),
        (
            lambda d: d["license"].pop("vocoder.fp32.weights"),
            'license lacks an entry for the weight file "vocoder.fp32.weights"',
        ),
        (
            lambda d: d["license"].update({"words.txt": {"name": "MIT"}}),
            'license names "words.txt", which is no weight file',
        ),
    ],
)
def test_files_and_licences_are_consistent(change: Edit, sentence: str):
    assert sentence in broken("micro", change)


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("micro", lambda d: d.pop("latent"), 'latent is missing; a bundle of kind "both" needs it'),
        ("micro", lambda d: d["graphs"].pop("denoise"), "graphs.denoise is missing"),
        (
            "micro",
            lambda d: d["graphs"].pop("vocoder"),
            'graphs.decode.outputs lacks "audio"',
        ),
        ("micro", lambda d: d.update(kind="generator"), "conditioners.text does not belong"),
        ("micro", lambda d: d.update(kind="conditioner"), "audio does not belong"),
        ("micro-flow", lambda d: d.update(kind="both"), "conditioners is empty"),
        ("micro-eye", lambda d: d.update(kind="both"), "audio is missing"),
        ("micro-eye", lambda d: d.pop("conditioners"), "conditioners is empty"),
        (
            "micro-eye",
            lambda d: d["graphs"].update(decode=d["graphs"]["image"]),
            "graphs.decode does not belong",
        ),
        (
            "micro",
            lambda d: d["conditioners"]["text"].update(graphs=["text"]),
            'conditioners.text.graphs is "text"; known for text: tokenize > text',
        ),
        (
            "micro",
            lambda d: d["conditioners"]["image"].update(graphs=[]),
            "known for image: image or",
        ),
        (
            "micro",
            lambda d: d["conditioners"]["image"].update(graphs=["image"]),
            'ends in "image", which has no output "cond"',
        ),
        (
            "micro",
            lambda d: d["conditioners"]["audio"].update(graphs=["audio", "frames"]),
            'the output of "audio" does not fit into "frames"',
        ),
        (
            "micro",
            lambda d: d["conditioners"].pop("audio"),
            "graphs.audio is in no conditioner's chain",
        ),
        ("micro-eye", lambda d: d["graphs"].pop("image"), "graphs.image is missing"),
        ("micro-eye", rename("image", "eye", role=None), "graphs.eye is no role and gives none"),
        ("micro-eye", rename("image", "Eye", role="image"), "graphs.Eye: the name must be"),
        ("micro-eye", rename("image", "text", role="image"), 'graphs.text.role is "image"'),
        ("micro", rename("decode", "speak", role="decode"), "may have other names"),
        (
            "micro-eye",
            lambda d: d.update(
                chain=[
                    {
                        "precision": "fp32",
                        "seconds": 1.0,
                        "steps": 2,
                        "snr_db": 90.0,
                        "log_mel_db": 0.0,
                    }
                ]
            ),
            "chain does not belong",
        ),
    ],
)
def test_kind_sections_roles_and_chains_agree(name: str, change: Edit, sentence: str):
    assert sentence in broken(name, change)


def test_a_bundle_may_hold_two_graphs_of_one_role():
    data = json.loads((MICRO / "micro" / "bundle.json").read_bytes())
    data["graphs"]["video-image"] = data["graphs"]["image"] | {"role": "image"}
    data["conditioners"]["video"]["graphs"] = ["video-image", "frames"]
    manifest = parse_manifest(json.dumps(data).encode(), "here")
    assert {name: role_of(name, graph) for name, graph in manifest.graphs.items()}.items() >= {
        ("image", "image"),
        ("video-image", "image"),
        ("frames", "frames"),
    }


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d["latent"].update(bands=[0, 1, 2]), "needs one more"),
        (lambda d: d["latent"].update(bands=[0, 1, 2, 2, 4]), "must rise from 0 Hz"),
        (lambda d: d["audio"].update(peak=0), "peak must be above 0"),
        (lambda d: d["latent"].update(shape=[4, 4, 4]), "exactly one T"),
        (lambda d: d["latent"].update(shape=[4, "T", "T"]), "exactly one T"),
        (lambda d: d["latent"].update(shape=[0, "T", 4]), "positive numbers"),
        (lambda d: d["latent"].update(multiple=0), "must lie between 1 and 1000000"),
        (lambda d: d["audio"].update(sample_rate=0), "audio.sample_rate must lie between 1 and"),
        (lambda d: d["schedule"].update(train_steps=0), "train_steps must lie between 1 and"),
        (lambda d: d["schedule"].update(prediction="flow"), 'must both be "flow"'),
        (lambda d: d["schedule"]["betas"].update(end=1.0), "0 < start <= end < 1"),
        (lambda d: d["schedule"]["betas"].update(start=0.5), "0 < start <= end < 1"),
        (lambda d: d["schedule"]["betas"].update(shift=0), "shift must be above 0"),
        (lambda d: d["schedule"]["betas"].update(values=[0.5]), 'the kind "given" only'),
        (
            lambda d: d["schedule"].update(betas={"kind": "given", "values": [0.1]}),
            "has 1 numbers for 1000 train_steps",
        ),
        (
            lambda d: d["schedule"].update(train_steps=1, betas={"kind": "given", "values": [2]}),
            "must lie between 0 and 1",
        ),
        (lambda d: d["defaults"].update(solver="euler"), 'solver must be "euler" for flow'),
        (lambda d: d["defaults"].update(steps=0), "steps must lie between 1 and 1000"),
        (lambda d: d["defaults"].update(eta=1.5), "eta must lie between 0 and 1"),
        (lambda d: d["defaults"].update(guidance=-1), "guidance must not be negative"),
        (lambda d: d["defaults"].update(seconds=9), "seconds lies outside defaults.limits"),
        (lambda d: d["defaults"]["limits"].update(min_seconds=0), "0 < min_seconds"),
        (lambda d: d["conditioners"]["video"].update(max_frames=0), "max_frames of at least 1"),
        (lambda d: d["conditioners"]["video"].update(fps=-1), "fps of 0 or more"),
        (lambda d: d["conditioners"]["video"].update(fps=1e308), "fps of 1000 at most"),
        (lambda d: d["conditioners"]["audio"].update(seconds=0), "seconds above 0"),
    ],
)
def test_values_are_possible(change: Edit, sentence: str):
    assert sentence in broken("micro", change)


def without_outputs(role: str) -> Edit:
    return lambda d: d["graphs"][role].update(outputs=[])


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("micro", drop("denoise", "inputs", 2), 'graphs.denoise.inputs lacks "noise"'),
        ("micro", drop("denoise", "outputs", 1), 'graphs.denoise.outputs lacks "d"'),
        (
            "micro",
            lambda d: d["graphs"]["text"]["inputs"][1].update(name="attention"),
            'graphs.text.inputs has "attention"; the role takes ids, mask, each once',
        ),
        (
            "micro",
            lambda d: d["graphs"]["text"]["inputs"][1].update(name="ids"),
            'graphs.text.inputs has "ids"; the role takes ids, mask, each once',
        ),
        (
            "micro",
            lambda d: d["graphs"]["image"]["inputs"][0].update(dtype="float32"),
            'graphs.image.inputs: "image" is float32 and must be uint8',
        ),
        (
            "micro",
            shape("image", "inputs", 0, [1, 224, 224, 3]),
            'graphs.image.inputs: "image" has the shape [1, 224, 224, 3] and must have '
            "[1, 'H', 'W', 3]",
        ),
        (
            "micro",
            shape("denoise", "inputs", 3, ["B", 16]),
            "\"cond\" has the shape ['B', 16] and must have ['GB', 16]",
        ),
        (
            "micro",
            shape("denoise", "inputs", 0, ["B", 4, "T"]),
            "must have ['B', 4, 'T', 4]",
        ),
        ("micro", shape("denoise", "inputs", 0, ["batch", 4, "T", 4]), "with an unknown axis"),
        ("micro", shape("encode", "inputs", 0, ["B", "81T"]), "must have ['B', 'S']"),
        ("micro", shape("frames", "inputs", 0, [1, "N"]), "must have [1, 'N', '(any)']"),
        (
            "micro-flow",
            shape("decode", "inputs", 1, ["B", 1, "S"]),
            "it may grow with T only",
        ),
        ("micro-flow", without_outputs("decode"), 'graphs.decode.outputs lacks "audio"'),
        ("micro", without_outputs("decode"), 'graphs.decode.outputs lacks "mel"'),
        (
            "micro",
            lambda d: d["audio"].update(channels=2),
            "graphs.vocoder.outputs: \"audio\" has the shape ['B', '80T'] and must have "
            "['B', 2, 'S']",
        ),
        (
            "micro",
            lambda d: d["graphs"]["decode"]["check"]["inputs"].pop(),
            "graphs.decode.check.inputs has 0 tensors for 1",
        ),
        (
            "micro",
            lambda d: d["graphs"]["decode"]["check"]["outputs"][0].update(shape=[2, 24, 4]),
            "graphs.decode.check.outputs: float32 [2, 24, 4] does not fit",
        ),
        (
            "micro",
            lambda d: d["graphs"]["denoise"]["check"]["inputs"][0].update(shape=[1, 4, 12, 4]),
            "graphs.denoise.check.inputs: float32 [2, 4, 6, 4] does not fit",
        ),
        (
            "micro",
            lambda d: d["graphs"]["denoise"]["check"]["inputs"][3].update(shape=[4, 4, 4]),
            "does not fit \"cond\", float32 ['GB', 16]",
        ),
        (
            "micro",
            lambda d: d["graphs"]["denoise"]["parity"][0].update(precision="int8"),
            "graphs.denoise.parity is about int8, which is no variant",
        ),
        (
            "micro",
            lambda d: d["graphs"]["denoise"].update(refused={"fp16": "too far off"}),
            "graphs.denoise.refused names fp16, which is a variant",
        ),
    ],
)
def test_graphs_have_the_tensors_of_their_role(name: str, change: Edit, sentence: str):
    assert sentence in broken(name, change)


def test_every_graph_has_a_float32_variant():
    def change(d: dict[str, Any]) -> None:
        del d["graphs"]["decode"]["variants"]["fp32"]
        del d["license"]["decode.fp32.weights"]

    assert "graphs.decode.variants.fp32 is missing" in broken("micro", change)


def test_the_check_has_as_many_conditions_as_branches_times_variations():
    def change(d: dict[str, Any]) -> None:
        d["graphs"]["denoise"]["check"]["inputs"][4].update(shape=[1], bytes=4)

    assert "graphs.denoise.check: GB is 4, and G x B is 2" in broken("micro", change)
