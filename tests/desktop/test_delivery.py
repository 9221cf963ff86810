"""Finished files: in the form asked for, and able to make their sound again."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest
import soundfile

import hearsight
from hearsight import Finish, MediaError, read_info, read_record, read_request, write_wav
from hearsight_desktop.delivery import (
    DEFAULT,
    DELIVERIES,
    Delivery,
    done_to,
    is_delivered,
    render,
)
from hearsight_desktop.entry import Edit, Entry
from hearsight_desktop.naming import Naming

MICRO = Path(__file__).parents[1] / "micro" / "micro"
NOBODY = "Commercial use: yes"


@pytest.fixture(scope="module")
def takes() -> dict[bool, hearsight.Take]:
    """A take that is a loop, and one that is none."""
    made = {}
    with hearsight.load(MICRO, device="cpu", threads=1) as generator:
        for loop in (False, True):
            asked = hearsight.text("rain on tin", seed=3, seconds=0.5, steps=2, loop=loop)
            [made[loop]] = generator.generate(replace(asked, finish=Finish(channels=2)))
    return made


@pytest.fixture
def entry(takes, tmp_path) -> Entry:
    return kept(takes[False], tmp_path)


def kept(take: hearsight.Take, folder: Path, **facts) -> Entry:
    """The entry of a take whose original was written."""
    original = write_wav(folder / "original.wav", take, subtype="32f")
    return Entry(
        id="0" * 32,
        batch="1" * 32,
        number=1,
        name="rain on tin_01",
        request=take.request,
        model="micro",
        item_seed=take.item_seed,
        provider=take.plan.provider,
        precision=take.plan.precision,
        why=take.plan.why,
        created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
        seconds=take.seconds,
        sample_rate=take.sample_rate,
        original=original,
        **facts,
    )


def delivered(take, entry: Entry, delivery: Delivery, folder: Path) -> Path:
    sound = render(take.audio, take.sample_rate, entry, delivery, NOBODY)
    path = folder / f"out{delivery.suffix}"
    return write_wav(path, sound, subtype=delivery.subtype)


@pytest.mark.parametrize(
    ("key", "rate", "subtype", "channels"),
    [
        ("film", 48000, "PCM_24", 2),
        ("game", 48000, "PCM_16", 1),
        ("unreal", 48000, "PCM_16", 2),
        ("library", 96000, "PCM_24", 2),
    ],
)
def test_each_place_gets_its_form(takes, entry, tmp_path, key, rate, subtype, channels):
    path = delivered(takes[False], entry, DELIVERIES[key], tmp_path)
    info = read_info(path)
    assert (info["sample_rate"], info["subtype"], info["channels"]) == (rate, subtype, channels)
    audio, _ = soundfile.read(path)
    assert np.abs(audio).max() == pytest.approx(10 ** (-1 / 20), abs=1e-3)
    assert "loop" not in info


def test_what_is_dragged_out_is_48_khz_24_bit_wav():
    assert (DEFAULT.sample_rate, DEFAULT.subtype, DEFAULT.suffix) == (48000, "24", ".wav")


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_the_file_says_how_it_was_made_and_what_was_done(takes, entry, tmp_path, suffix):
    edit = Edit(0.1, 0.4, fade_out=0.05, level="peak", level_db=-6)
    entry = replace(entry, edit=edit)
    path = delivered(takes[False], entry, replace(DEFAULT, suffix=suffix), tmp_path)
    info, original = read_info(path), read_record(entry.original)
    assert info["title"] == entry.name
    assert info["comment"] == "rain on tin"
    assert info["rights"] == NOBODY
    assert info["date"] == "2026-01-02"
    record = info["record"]
    assert {name: record[name] for name in original} == original
    assert Edit(**record["edit"]) == edit
    assert record["delivery"]["key"] == "film"
    assert hearsight.request_from_json(read_request(path)) == entry.request
    assert len(soundfile.read(path)[0]) == pytest.approx(0.3 * 48000, abs=1)


def test_the_request_in_the_file_makes_the_original_again(takes, entry, tmp_path):
    path = delivered(takes[False], entry, DELIVERIES["game"], tmp_path)
    with hearsight.load(MICRO, device="cpu", threads=1) as generator:
        [again] = generator.generate(hearsight.request_from_json(read_request(path)))
    np.testing.assert_array_equal(again.audio, takes[False].audio)


def test_a_level_that_the_user_chose_goes_before_the_places(takes, entry, tmp_path):
    quiet = replace(entry, edit=Edit(level="peak", level_db=-20))
    sound = render(takes[False].audio, 48000, quiet, DELIVERIES["game"], "")
    assert np.abs(sound.audio).max() == pytest.approx(0.1, abs=1e-4)
    assert sound.record["edit"]["level_db"] == -20
    lufs = replace(DEFAULT, level="lufs", level_db=-30.0)
    sound = render(takes[False].audio, 48000, entry, lufs, "")
    assert hearsight.loudness(sound.audio, 48000) == pytest.approx(-30, abs=0.05)
    assert sound.record["edit"] == asdict(Edit(level="lufs", level_db=-30.0))


@pytest.mark.parametrize("key", ["film", "library"])
def test_a_loop_has_its_points_in_the_file(takes, tmp_path, key):
    take = takes[True]
    entry = kept(take, tmp_path, edit=Edit(loop=(0.0, take.seconds)))
    path = delivered(take, entry, DELIVERIES[key], tmp_path)
    info = read_info(path)
    assert info["loop"] == (0, info["frames"] - 1)


def test_what_was_done_otherwise_is_told(takes, tmp_path):
    take = takes[True]
    entry = kept(take, tmp_path, edit=Edit(fade_in=0.2, loop=(0.0, take.seconds)))
    sound = render(take.audio, take.sample_rate, entry, DELIVERIES["game"], "")
    told = " ".join(sound.record["delivery"]["notes"])
    assert "Silence" in told
    assert "Fades" in told
    assert sound.record["delivery"]["gain_db"] != 0


def test_a_lost_original_is_told(takes, entry):
    entry.original.unlink()
    with pytest.raises(MediaError, match="no file"):
        render(takes[False].audio, 48000, entry, DEFAULT, "")


def test_the_file_tells_what_was_done_to_it(takes, entry, tmp_path):
    assert done_to(entry) == ""
    for level, words in (("peak", r"Level [+-]\d+\.\d dB\."), ("none", r"Level as made\.")):
        cut = replace(entry, edit=Edit(level=level, fade_in=0.2, loop=(0.1, 0.3)))
        path = delivered(takes[False], cut, DELIVERIES["game"], tmp_path)
        said = done_to(replace(entry, delivered=path))
        assert re.match(rf"{words} Silence .* fade in ", said), said
    path.write_bytes(b"of another program")
    assert done_to(replace(entry, delivered=path)) == ""


CUT = Edit(0.1, 0.4, fade_in=0.01, loop=(0.2, 0.3), level="lufs", level_db=-30.0)
UCS = replace(DEFAULT, naming=Naming("ucs", "RAINMisc", creator="ABC", source="LIB"))


@pytest.mark.parametrize("edit", [Edit(), CUT])
@pytest.mark.parametrize(
    "delivery", [*DELIVERIES.values(), replace(DEFAULT, embed=False), UCS], ids=str
)
def test_a_file_that_was_just_made_is_what_would_be_made(takes, entry, tmp_path, edit, delivery):
    entry = replace(entry, edit=edit)
    path = delivered(takes[False], entry, delivery, tmp_path)
    named = {"game": "rain_on_tin_04.wav"}.get(delivery.key, "rain on tin_04.wav")
    if delivery is UCS:
        named = "RAINMisc_Rain On Tin_ABC_LIB_04.wav"
    entry = replace(entry, delivered=path.rename(tmp_path / named))
    assert is_delivered(entry, delivery)
    others = [*DELIVERIES.values(), replace(delivery, embed=not delivery.embed), UCS]
    assert not any(is_delivered(entry, other) for other in others if other != delivery)


@pytest.mark.parametrize(
    "change",
    [{"edit": CUT}, {"name": "hail"}, {"delivered": None}, {"delivered": Path("gone.wav")}],
)
def test_a_file_of_before_a_change_is_not_what_would_be_made(takes, entry, tmp_path, change):
    path = delivered(takes[False], entry, DEFAULT, tmp_path).rename(tmp_path / "rain on tin_01.wav")
    entry = replace(entry, delivered=path)
    assert is_delivered(entry, DEFAULT)
    assert not is_delivered(replace(entry, **change), DEFAULT)
    path.write_bytes(b"of another program")
    assert not is_delivered(entry, DEFAULT)
