"""`runtime-cli replay`: the sound in a file again, and how far off it is."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hearsight.cli.replay import difference_db


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
@pytest.mark.parametrize("bits", ["16", "24"])
def test_the_same_file_comes_out_again(cli, home, name, bits):
    cli("generate", "rain", "-o", name, "--bit-depth", bits, "--loop")
    done = cli("replay", name, "--json")
    assert done.code == 0
    assert done.json["same_bytes"]
    assert done.json["same_samples"]


def test_one_variation_of_many_is_made_alone(cli, home):
    cli("generate", "rain", "-n", "3", "-o", "a.wav")
    done = cli("replay", "a_03.wav", "-o", "again.wav")
    assert "byte for byte" in done.out
    assert Path("again.wav").read_bytes() == Path("a_03.wav").read_bytes()


def test_the_file_itself_is_never_written_over(cli, home):
    cli("generate", "rain", "-o", "a.wav")
    before = Path("a.wav").read_bytes()
    assert cli("replay", "a.wav", "-o", "a.wav").code == 5
    assert Path("a.wav").read_bytes() == before


def test_the_new_sound_gets_its_folder_and_a_format_that_exists(cli, home):
    cli("generate", "rain", "-o", "a.wav")
    assert cli("replay", "a.wav", "-o", "new/again.wav").code == 0
    assert Path("new/again.wav").read_bytes() == Path("a.wav").read_bytes()
    refused = cli("replay", "a.wav", "-o", "again.mp3")
    assert (refused.code, ".flac" in refused.err) == (5, True)


def test_a_picture_that_is_not_where_it_was_is_named_with_the_sound(cli, picture):
    cli("generate", "--image", picture.name, "-o", "a.wav")
    picture.rename("moved.png")
    done = cli("replay", "a.wav")
    assert done.code == 5
    assert "a.wav was made from the image picture.png, which is not there" in done.err


def test_a_sound_that_was_changed_since_is_told_in_db(cli, home):
    cli("generate", "rain", "-o", "a.wav", "--seed", "1")
    raw = bytearray(Path("a.wav").read_bytes())
    data = raw.index(b"data") + 8
    raw[data + 3 : data + 3000 : 3] = bytes(len(raw[data + 3 : data + 3000 : 3]))
    Path("a.wav").write_bytes(raw)
    slightly = cli("replay", "a.wav", "--json")
    assert slightly.code == 0
    assert -160 < slightly.json["difference_db"] < -60
    raw[data : data + 24000] = bytes(24000)
    Path("a.wav").write_bytes(raw)
    much = cli("replay", "a.wav")
    assert much.code == 1
    assert "dB" in much.out


def test_another_precision_is_noted(cli, home):
    cli("generate", "rain", "-o", "a.wav")
    done = cli("replay", "a.wav", "--precision", "fp16")
    assert "precision" in done.err
    assert "dB" in done.out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"bundle":"micro"', b'"bundle":"/a/bc"', "names no bundle"),
        (b'"variations":1', b'"variations":3', "for 3 sounds"),
        (b'"bundle":"micro"', b'"bundle":[1,2,3]', "names no bundle"),
    ],
)
def test_a_record_that_was_tampered_with_is_refused(cli, home, old, new, said):
    cli("generate", "rain", "-o", "a.wav")
    raw = Path("a.wav").read_bytes()
    spaced = old.replace(b":", b": ")
    found = old if old in raw else spaced
    assert found in raw
    Path("a.wav").write_bytes(raw.replace(found, new.ljust(len(found))[: len(found)]))
    done = cli("replay", "a.wav")
    assert done.code == 5
    assert said in done.err
    if "bundle" in said:
        assert "same" in cli("replay", "a.wav", "--model", "micro").out


def test_a_file_that_was_not_made_here_is_exit_code_5(cli, recording):
    done = cli("replay", "recording.wav")
    assert done.code == 5
    assert "recording.wav" in done.err


def test_the_difference_is_the_level_of_what_differs(tmp_path):
    sound = np.full(1000, 0.5)
    for name, audio in {"a": sound, "b": sound * 1.1, "c": sound[:500], "d": sound * 0}.items():
        soundfile.write(tmp_path / f"{name}.wav", audio, 8000, subtype="DOUBLE")
    a, b, c, d = (tmp_path / f"{name}.wav" for name in "abcd")
    assert difference_db(a, a) == -math.inf
    assert difference_db(a, b) == pytest.approx(-20, abs=1e-6)
    assert difference_db(a, c) == pytest.approx(10 * math.log10(0.5))
    assert difference_db(d, a) == math.inf
