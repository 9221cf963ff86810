"""Sound files: the samples and words in them, the same bytes, and nothing half-written."""

import errno
import json
import os
import struct
import sys
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
import wavinfo
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight import wav
from hearsight.errors import MediaError, OutputError
from hearsight.request import (
    Finish,
    Init,
    Like,
    Plan,
    Prompt,
    Request,
    Take,
    request_from_json,
    request_to_json,
)
from hearsight.wav import Sound

PLAN = Plan("starter", "ab" * 32, "CPUExecutionProvider", "fp32", "dpm++2m", 20, 3.5, "no GPU here")
REQUEST = Request(
    (Prompt("text", "heavy rain on a tin roof"), Prompt("image", "C:\\bilder\\Dach.png", 0.5)),
    seconds=1.0,
    seed=7,
    steps=20,
    guidance=3.5,
    solver="dpm++2m",
    eta=0.0,
    id="rain_01",
)


def noise(frames=4800, channels=None, level=0.2):
    shape = frames if channels is None else (frames, channels)
    return (np.random.default_rng(0).standard_normal(shape) * level).clip(-1, 1).astype(np.float32)


def take(audio=None, **changes):
    made = Take(noise() if audio is None else audio, 48000, REQUEST, 0, PLAN)
    return replace(made, **changes)


def chunks_of(path):
    """Every chunk of a WAV file in order, read by the RIFF rules and nothing else."""
    data = path.read_bytes()
    assert data[:4] == b"RIFF" and data[8:12] == b"WAVE"
    assert struct.unpack_from("<I", data, 4)[0] == len(data) - 8
    found, at = [], 12
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 4)[0]
        found.append((data[at : at + 4], data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    assert at == len(data)
    return found


# Samples


@settings(max_examples=80, deadline=None)
@given(
    frames=st.integers(1, 3000),
    channels=st.sampled_from([None, 1, 2]),
    rate=st.sampled_from([8000, 16000, 44100, 48000, 96000]),
    form=st.sampled_from(["16.wav", "24.wav", "32f.wav", "16.flac", "24.flac"]),
    level=st.floats(0, 2),
)
def test_samples_come_back_within_a_step(tmp_path_factory, frames, channels, rate, form, level):
    subtype, suffix = form.split(".")
    path = tmp_path_factory.getbasetemp() / f"any.{suffix}"
    x = noise(frames, channels, level)
    wav.write(path, Sound(x, rate), subtype=subtype)
    got, got_rate = soundfile.read(path, dtype="float64", always_2d=True)
    assert got_rate == rate
    assert got.shape == (frames, channels or 1)
    # 24 bit: half a step, and one at full scale; 16 bit: triangular dither adds up to a step.
    steps = {"16": 1.5 / 2**15, "24": 1 / 2**23, "32f": 0}[subtype]
    assert np.abs(got - x.reshape(got.shape)).max() <= steps + 1e-12


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frames", [1, 100, 70000])
def test_ogg_keeps_length_rate_and_channels(tmp_path, rate, channels, frames):
    path = wav.write(tmp_path / "x.ogg", Sound(noise(frames, channels), rate))
    got, got_rate = soundfile.read(path, always_2d=True)
    assert got_rate == rate
    assert got.shape == (frames, channels)


def test_ogg_sounds_like_the_original(tmp_path):
    tone = (0.5 * np.sin(np.arange(48000) * 2 * np.pi * 440 / 48000)).astype(np.float32)
    got, _ = soundfile.read(wav.write(tmp_path / "x.ogg", Sound(tone, 48000)))
    assert np.sqrt(np.mean((got - tone) ** 2)) < 0.01


@settings(max_examples=20, deadline=None)
@given(steps=st.lists(st.integers(-(2**15), 2**15 - 1), min_size=1, max_size=500))
def test_samples_of_a_16_bit_file_are_written_as_they_were(tmp_path_factory, steps):
    path = tmp_path_factory.getbasetemp() / "whole.wav"
    wav.write(path, Sound(np.array(steps, np.float32) / 2**15, 48000), subtype="16")
    assert soundfile.read(path, dtype="int16")[0].tolist() == steps


def test_dither_lets_less_than_a_step_survive_and_adds_even_noise(tmp_path):
    for value in (0.01, 0.25, 0.5, 0.8):
        x = np.full(200_000, value / 2**15, np.float32)
        got, _ = soundfile.read(wav.write(tmp_path / "x.wav", Sound(x, 48000), subtype="16"))
        steps = got * 2**15
        assert steps.mean() == pytest.approx(value, abs=0.01)
        # Triangular dither of two steps' width makes the error's variance a quarter, always.
        assert steps.var() == pytest.approx(0.25, abs=0.01)


def test_full_scale_does_not_wrap_around(tmp_path):
    x = np.array([1, -1, 1, -1] * 100, np.float32)
    for subtype in ("16", "24"):
        got, _ = soundfile.read(wav.write(tmp_path / "x.wav", Sound(x, 48000), subtype=subtype))
        assert np.abs(got - x).max() < 1e-4


# Words


def test_chunks_stand_in_a_fixed_order_behind_the_plain_44_byte_header(tmp_path):
    path = wav.write(tmp_path / "x.wav", take(loop=(0, 4799)), subtype="16")
    assert [name for name, _ in chunks_of(path)] == [
        b"fmt ",
        b"data",
        b"smpl",
        b"LIST",
        b"bext",
        b"iXML",
    ]
    assert path.read_bytes()[36:40] == b"data"
    float_path = wav.write(tmp_path / "f.wav", take(), subtype="32f")
    assert [name for name, _ in chunks_of(float_path)][:3] == [b"fmt ", b"fact", b"data"]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("subtype", ["16", "24", "32f"])
def test_another_reader_finds_what_was_written(tmp_path, channels, subtype):
    path = wav.write(
        tmp_path / "x.wav",
        take(noise(4801, channels), loop=(10, 4800)),
        subtype=subtype,
        rights="CC-BY-4.0",
        date=datetime(2026, 11, 20, 13, 5, 9),
    )
    read = wavinfo.WavInfoReader(str(path))
    assert (read.fmt.sample_rate, read.fmt.channel_count) == (48000, channels)
    assert read.data.frame_count == 4801
    assert read.info.title == "rain_01"
    assert read.info.comment == "heavy rain on a tin roof; C:\\bilder\\Dach.png"
    assert read.info.copyright == "CC-BY-4.0"
    assert read.info.software.startswith("Hearsight")
    assert read.info.created_date == "2026-11-20"
    assert read.bext.description == "heavy rain on a tin roof; C:\\bilder\\Dach.png"
    assert read.bext.originator.startswith("Hearsight")
    assert read.bext.originator_ref == ""
    assert (read.bext.originator_date, read.bext.originator_time) == ("2026-11-20", "13:05:09")
    assert read.bext.version == 1
    coding = {"16": "PCM,F=48000,W=16", "24": "PCM,F=48000,W=24", "32f": "FLOAT,F=48000,W=32"}
    mode = "mono" if channels == 1 else "stereo"
    assert read.bext.coding_history.strip() == f"A={coding[subtype]},M={mode},T=starter seed=7"
    assert len(list(read.ixml.track_list)) == channels
    [loop] = read.smpl.sample_loops
    assert (loop.start, loop.end, loop.repetition_count) == (10, 4800, 0)
    assert read.smpl.sample_period_ns == 20833
    assert read.smpl.midi_note == 60


def test_the_record_in_ixml_is_json_with_the_request_the_plan_and_the_source_type(tmp_path):
    path = wav.write(tmp_path / "x.wav", take())
    ixml = wavinfo.WavInfoReader(str(path)).ixml
    record = json.loads(ElementTree.fromstring(ixml.source).findtext("USER"))
    assert record["request"] == json.loads(json.dumps(request_to_json(REQUEST)))
    assert record["plan"]["bundle_sha256"] == "ab" * 32
    assert record["digital_source_type"].endswith("/trainedAlgorithmicMedia")
    assert wav.read_record(path) == record


@pytest.mark.parametrize("suffix", wav.SUFFIXES)
def test_the_request_comes_back_from_every_format(tmp_path, suffix):
    path = wav.write(tmp_path / f"x{suffix}", take(), rights="CC-BY-4.0")
    assert wav.read_request(path) == json.loads(json.dumps(request_to_json(REQUEST)))
    said = wav.read_info(path)
    assert said["title"] == "rain_01"
    assert said["comment"] == "heavy rain on a tin roof; C:\\bilder\\Dach.png"
    assert said["rights"] == "CC-BY-4.0"
    assert said["software"].startswith("Hearsight")
    assert (said["sample_rate"], said["channels"], said["frames"]) == (48000, 1, 4800)
    assert said["seconds"] == 0.1
    assert "date" not in said


@settings(max_examples=80, deadline=None)
@given(
    prompt=st.text(st.characters(exclude_categories=[]), max_size=300),
    item=st.text(st.characters(exclude_categories=[]), max_size=20),
    suffix=st.sampled_from(wav.SUFFIXES),
)
def test_any_prompt_survives_the_trip_through_a_file(tmp_path_factory, prompt, item, suffix):
    path = tmp_path_factory.getbasetemp() / f"words{suffix}"
    request = replace(REQUEST, prompts=(Prompt("text", prompt),), id=item)
    wav.write(path, take(noise(100), request=request), rights=prompt)
    assert wav.read_request(path)["prompts"][0]["value"] == prompt
    assert wav.read_request(path)["id"] == item
    if suffix == ".wav":
        wavinfo.WavInfoReader(str(path)).walk()


@pytest.mark.parametrize("suffix", wav.SUFFIXES)
def test_a_prompt_of_100_kilobytes_survives_too(tmp_path, suffix):
    request = replace(REQUEST, prompts=(Prompt("text", "rain and \U0001f327 " * 8000),))
    path = wav.write(tmp_path / f"x{suffix}", take(request=request))
    assert wav.read_request(path)["prompts"][0]["value"] == "rain and \U0001f327 " * 8000


def test_bext_is_plain_ascii_and_never_overflows(tmp_path):
    request = replace(REQUEST, prompts=(Prompt("text", "Möwen über 雨\n" * 60),))
    path = wav.write(tmp_path / "x.wav", take(request=request))
    bext = dict(chunks_of(path))[b"bext"]
    assert bext[:256].decode("ascii").startswith("Mowen uber ? Mowen uber ?")
    assert len(bext) > 602
    assert struct.unpack_from("<H", bext, 346)[0] == 1
    assert not any(bext[348:602])  # UMID and reserved


def test_there_is_no_smpl_chunk_unless_the_sound_loops(tmp_path):
    assert b"smpl" not in dict(chunks_of(wav.write(tmp_path / "x.wav", take())))
    looped = wav.write(tmp_path / "y.wav", take(loop=(0, 4799)))
    assert wav.read_info(looped)["loop"] == (0, 4799)


@pytest.mark.parametrize("loop", [(0, 4800), (-1, 10), (10, 10), (11, 10)])
def test_a_loop_outside_the_sound_is_never_written(tmp_path, loop):
    with pytest.raises(OutputError, match="does not lie in the 4800 samples"):
        wav.write(tmp_path / "x.wav", take(loop=loop))
    assert not list(tmp_path.iterdir())


# The same bytes


@pytest.mark.parametrize("suffix", wav.SUFFIXES)
@pytest.mark.parametrize("subtype", ["16", "24"])
def test_the_same_take_gives_the_same_bytes_under_any_name(tmp_path, suffix, subtype):
    first = wav.write(tmp_path / f"one{suffix}", take(), subtype=subtype)
    second = wav.write(tmp_path / f"other{suffix}", take(), subtype=subtype)
    assert first.read_bytes() == second.read_bytes()


def test_the_first_samples_of_a_longer_sound_are_dithered_alike(tmp_path):
    x = noise(1000)
    long, _ = soundfile.read(wav.write(tmp_path / "x.wav", Sound(x, 48000), subtype="16"))
    short, _ = soundfile.read(wav.write(tmp_path / "y.wav", Sound(x[:10], 48000), subtype="16"))
    assert np.array_equal(long[:10], short)


# What cannot be written


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path):
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    (tmp_path / "x.wav.part").symlink_to("/dev/full")
    with pytest.raises(OutputError, match=r"No space left on device\. Free some space there"):
        wav.write(tmp_path / "x.wav", take())
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="limits file size the POSIX way")
@pytest.mark.parametrize("suffix", wav.SUFFIXES)
def test_a_failure_half_way_leaves_the_old_file_alone(tmp_path, suffix):
    import resource

    path = wav.write(tmp_path / f"x{suffix}", take())
    old = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(OutputError, match=os.strerror(errno.EFBIG)):
            wav.write(path, take(noise(9000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(OutputError, match=r"there is no folder .*nowhere\. Create it first"):
        wav.write(tmp_path / "nowhere" / "x.wav", take())
    assert not list(tmp_path.iterdir())


def test_a_folder_in_the_files_place_is_left_alone(tmp_path):
    (tmp_path / "x.wav").mkdir()
    with pytest.raises(OutputError, match="a folder has this name"):
        wav.write(tmp_path / "x.wav", take())
    assert [p.name for p in tmp_path.iterdir()] == ["x.wav"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_folder_without_the_right_to_write_is_said(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        wav.write(tmp_path / "x.wav", take())


@pytest.mark.parametrize("name", ["x.aac", "x", "x.wav.txt"])
def test_another_suffix_is_refused_with_the_possible_ones(tmp_path, name):
    with pytest.raises(OutputError, match=r"end the name in \.wav, \.flac, \.ogg"):
        wav.write(tmp_path / name, take())


def test_float_flac_and_more_than_two_channels_are_refused(tmp_path):
    with pytest.raises(OutputError, match=r"\.flac holds 16 or 24 bit, not 32f"):
        wav.write(tmp_path / "x.flac", take(), subtype="32f")
    with pytest.raises(OutputError, match=r"\.wav holds 16, 24 or 32f bit, not 8"):
        wav.write(tmp_path / "x.wav", take(), subtype="8")
    for suffix in wav.SUFFIXES:
        with pytest.raises(OutputError, match="one or two channels"):
            wav.write(tmp_path / f"x{suffix}", Sound(noise(10, 3), 48000))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("suffix", "rate"), [(".ogg", 200_001), (".flac", 700_000)])
def test_a_rate_beyond_the_format_is_refused(tmp_path, suffix, rate):
    with pytest.raises(OutputError, match=rf"{suffix[1:].upper()} does not hold {rate} Hz"):
        wav.write(tmp_path / f"x{suffix}", Sound(noise(100), rate))
    assert not list(tmp_path.iterdir())


# What cannot be read


@pytest.mark.parametrize("suffix", wav.SUFFIXES)
def test_a_file_of_another_program_has_no_request_and_that_is_said(tmp_path, suffix):
    soundfile.write(tmp_path / f"x{suffix}", noise(), 48000)
    assert wav.read_info(tmp_path / f"x{suffix}")["frames"] == 4800
    with pytest.raises(MediaError, match="does not say how it was made"):
        wav.read_request(tmp_path / f"x{suffix}")


def test_a_damaged_record_is_said(tmp_path):
    path = wav.write(tmp_path / "x.wav", take())
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"request": {', b'"request": ;'))
    with pytest.raises(MediaError, match=r"The record in .* is damaged"):
        wav.read_request(path)
    path.write_bytes(whole.replace(b"</USER>", b"</USEX>"))
    with pytest.raises(MediaError, match=r"The iXML part of .* is damaged"):
        wav.read_request(path)
    path.write_bytes(whole.replace(b'encoding="UTF-8"', b'encoding="FOO-9"'))
    with pytest.raises(MediaError, match=r"The iXML part of .* is damaged"):
        wav.read_request(path)
    path.write_bytes(whole.replace(b'"request": {', b'"seekers": {'))
    with pytest.raises(MediaError, match="holds no request"):
        wav.read_request(path)


def test_a_record_that_unfolds_without_end_is_refused(tmp_path):
    bomb = b'<!DOCTYPE b [<!ENTITY a "aa">]><BWFXML><USER>{&a;</USER></BWFXML>'
    path = wav.write(tmp_path / "x.wav", take())
    data = path.read_bytes()
    start = data.index(b"iXML")
    body = data[8:start] + b"iXML" + struct.pack("<I", len(bomb)) + bomb + b"\0" * (len(bomb) % 2)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    with pytest.raises(MediaError, match="document type"):
        wav.read_request(path)


@settings(max_examples=150, deadline=None)
@given(
    suffix=st.sampled_from(wav.SUFFIXES),
    cut=st.fractions(0, 1),
    spots=st.lists(st.tuples(st.fractions(0, Fraction(99, 100)), st.integers(1, 255)), max_size=8),
)
def test_a_damaged_file_is_read_or_refused_in_a_sentence(tmp_path_factory, suffix, cut, spots):
    folder = tmp_path_factory.getbasetemp()
    data = bytearray(wav.write(folder / f"whole{suffix}", take(noise(200))).read_bytes())
    for place, flip in spots:
        data[int(place * len(data))] ^= flip
    path = folder / f"damaged{suffix}"
    path.write_bytes(data[: int(cut * len(data))] if spots == [] else data)
    for read in (wav.read_info, wav.read_request):
        try:
            assert isinstance(read(path), dict)
        except MediaError as error:
            assert str(path) in str(error)


def test_a_chunk_added_by_another_program_hides_nothing(tmp_path):
    path = wav.write(tmp_path / "x.wav", take())
    data = path.read_bytes()
    extra = b"LIST" + struct.pack("<I", 4) + b"adtl"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(data) - 8 + len(extra)) + data[8:] + extra)
    assert wav.read_info(path)["title"] == "rain_01"
    assert wav.read_request(path)["seed"] == 7


def test_every_setting_travels_in_the_request(tmp_path):
    request = replace(
        REQUEST,
        loop=True,
        init=Init("sea.wav", 0.5, span=(0.25, 1.5), band=(100.0, 2000.0)),
        like=Like(2**64 - 1, 0.7),
        candidates=3,
        finish=Finish(level="lufs", level_db=-23.0),
    )
    path = wav.write(tmp_path / "x.wav", take(request=request))
    assert request_from_json(wav.read_request(path)) == request
