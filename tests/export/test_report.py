"""A bundle's README.md tells its terms, its parity and where it came from."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hearsight.bundle import open_bundle
from hearsight.manifest import License
from hearsight.store import import_bundle, write_bundle
from hearsight_export.report import write_report

MICRO = Path(__file__).resolve().parents[1] / "micro"


@pytest.fixture
def micro(tmp_path):
    """A copy of micro with a variant that was refused and weights that are not for sale."""
    root = Path(shutil.copytree(MICRO / "micro", tmp_path / "copy"))
    manifest = open_bundle(root).manifest
    decode = replace(manifest.graphs["decode"], refused={"int8": "SNR 21.9 dB is too little"})
    terms = License("CC-BY-NC-4.0", "https://example.org/terms", False)
    write_bundle(
        root,
        replace(
            manifest,
            graphs={**manifest.graphs, "decode": decode},
            license={**manifest.license, "decode.fp16.weights": terms},
        ),
    )
    return root


def rows(root):
    text = write_report(root).read_text("utf-8")
    return text, {line for line in text.splitlines() if line.startswith("|")}


def test_terms_of_every_weight_file_are_told(micro):
    _, table = rows(micro)
    link = "[CC-BY-NC-4.0](https://example.org/terms)"
    assert f"| `decode.fp16.weights` | {link} | not allowed |" in table
    assert "| `decode.fp32.weights` | MIT | allowed |" in table


def test_terms_that_nobody_knows_are_told_as_such(micro):
    manifest = open_bundle(micro).manifest
    terms = {**manifest.license, "decode.fp16.weights": License("none given")}
    write_bundle(micro, replace(manifest, license=terms))
    unknown = "| `decode.fp16.weights` | none given | not known, ask the author |"
    assert unknown in rows(micro)[1]


def test_parity_of_graphs_and_whole_sounds_is_told(micro):
    text, table = rows(micro)
    assert "| denoise | fp16 | B=2 G=2 T=6 | 1.0e-02 | 1.0e-03 | 60.0 |" in table
    assert "- decode in int8: SNR 21.9 dB is too little." in text
    for row in open_bundle(micro).manifest.chain:
        told = f"| {row.precision} | {row.seconds:g} | {row.steps} | {row.snr_db:.1f} |"
        assert any(line.startswith(told) for line in table)


def test_what_it_is_and_where_it_came_from_is_told(micro):
    text, table = rows(micro)
    manifest = open_bundle(micro).manifest
    assert text.startswith(f"# {manifest.title}\n")
    assert "| understands | words, pictures, videos, reference sounds |" in table
    assert "| space | `micro-16`, 16 |" in table
    assert "| sound | 8000 Hz, mono |" in table
    assert f"| its SHA-256 | `{manifest.source.sha256}` |" in table


def test_a_conditioner_is_told_without_sounds(tmp_path):
    root = Path(shutil.copytree(MICRO / "micro-eye", tmp_path / "eye"))
    text, _ = rows(root)
    assert "turns prompts into conditions" in text
    assert "Whole sounds" not in text


def test_the_report_travels_with_the_bundle(micro, tmp_path):
    write_report(micro)
    taken = import_bundle(micro, tmp_path / "mine")
    assert (taken.root / "README.md").read_bytes() == (micro / "README.md").read_bytes()
