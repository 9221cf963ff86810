"""`runtime-cli generate`: where files go, what is printed where, and how it fails."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hearsight import events, wav


def test_a_sound_is_48_khz_24_bit_mono_and_peaks_at_minus_one_dbfs(cli, home):
    done = cli("generate", "rain on leaves", "-o", "rain.wav")
    audio, rate = soundfile.read("rain.wav")
    assert done.code == 0
    assert (rate, audio.shape, soundfile.info("rain.wav").subtype) == (48000, (48000,), "PCM_24")
    assert 20 * np.log10(np.abs(audio).max()) == pytest.approx(-1, abs=0.01)


def test_standard_output_is_the_path_and_standard_error_tells_seed_and_gain(cli, home):
    done = cli("generate", "rain", "-o", "rain.wav", "--seed", "7")
    assert done.out == "rain.wav\n"
    assert "seed 7" in done.err
    assert re.search(r"gain [+-]\d+\.\d dB", done.err)
    assert "\x1b" not in done.err


def test_a_drawn_seed_is_printed_and_makes_the_same_file_again(cli, home):
    done = cli("generate", "rain", "-o", "one.wav")
    seed = re.search(r"seed (\d+)", done.err)[1]
    cli("generate", "rain", "-o", "two.wav", "--seed", seed)
    assert Path("one.wav").read_bytes() == Path("two.wav").read_bytes()


def test_a_folder_gets_a_name_from_the_prompt_and_never_an_old_one(cli, home):
    for expected in ("heavy_rain.wav", "heavy_rain_02.wav", "heavy_rain_03.wav"):
        assert cli("generate", "Heavy rain!", "-o", "out").lines == [str(Path("out", expected))]


def test_several_variations_are_numbered_in_files_and_in_folders(cli, home):
    names = [f"rain_{number:02}.wav" for number in (1, 2, 3)]
    assert cli("generate", "x", "-n", "3", "-o", "rain.wav").lines == names
    inside = [str(Path("out", name)) for name in names]
    assert cli("generate", "rain", "-n", "3", "-o", "out/").lines == inside
    assert cli("generate", "rain", "-n", "2", "-o", "out/").lines == [
        str(Path("out", f"rain_{number:02}.wav")) for number in (4, 5)
    ]


def test_one_of_several_variations_is_made_again_alone(cli, home):
    cli("generate", "rain", "-n", "3", "--seed", "5", "-o", "rain.wav")
    cli("generate", "rain", "--seed", "5", "--first-variation", "2", "-o", "again.wav")
    assert Path("rain_03.wav").read_bytes() == Path("again.wav").read_bytes()


def test_a_name_template_fills_in_what_it_knows(cli, home):
    done = cli("generate", "rain", "-o", "out", "--name", "{model}/{seed}_{prompt}.flac",
               "--seed", "5")  # fmt: skip
    assert done.lines == [str(Path("out/micro/5_rain.flac"))]
    assert soundfile.info("out/micro/5_rain.flac").format == "FLAC"


def test_an_existing_file_is_refused_replaced_or_kept_as_asked(cli, home):
    cli("generate", "rain", "-o", "rain.wav", "--seed", "1")
    first = Path("rain.wav").read_bytes()
    refused = cli("generate", "rain", "-o", "rain.wav", "--seed", "2")
    assert refused.code == 5
    assert "--overwrite" in refused.err
    kept = cli("generate", "rain", "-o", "rain.wav", "--seed", "2", "--skip-existing")
    assert (kept.code, kept.out, Path("rain.wav").read_bytes()) == (0, "", first)
    replaced = cli("generate", "rain", "-o", "rain.wav", "--seed", "2", "--overwrite")
    assert replaced.code == 0
    assert Path("rain.wav").read_bytes() != first


def test_flags_may_be_spelled_as_the_research_scripts_spell_them(cli, home):
    cli("generate", "rain", "-o", "one.wav", "--seed", "3", "--steps", "5", "--guidance", "2")
    done = cli("generate", "rain", "-o", "two.wav", "--seed", "3", "--ddim_steps", "5",
               "--scale=2", "--n_samples", "1")  # fmt: skip
    assert done.code == 0
    assert Path("one.wav").read_bytes() == Path("two.wav").read_bytes()


def test_words_pictures_and_sounds_mix_with_weights(cli, picture, recording):
    done = cli("generate", "rain::2", "wind", "--image", f"{picture}::0.5", "--audio",
               str(recording), "--mix", "branches", "-o", "mix.wav")  # fmt: skip
    assert done.code == 0
    prompts = wav.read_request("mix.wav")["prompts"]
    assert [(p["modality"], p["weight"]) for p in prompts] == [
        ("text", 2.0),
        ("text", 1.0),
        ("image", 0.5),
        ("audio", 1.0),
    ]
    assert prompts[0]["value"] == "rain"


def test_finishing_flags_reach_the_file(cli, home):
    done = cli("generate", "rain", "-o", "a.wav", "--loop", "--channels", "2", "--bit-depth", "16",
               "--sample-rate", "44100", "--duration", "0.5")  # fmt: skip
    info = wav.read_info("a.wav")
    assert done.code == 0
    assert (info["channels"], info["sample_rate"], info["subtype"]) == (2, 44100, "PCM_16")
    assert tuple(info["loop"]) == (0, 22049)


def published_schema():
    path = Path(events.__file__).with_name("events.schema.json")
    return json.loads(path.read_text("utf-8"))


def test_graphs_may_be_compiled_before_the_first_sound_which_is_told_with_a_hint(cli, home):
    plain = cli("generate", "rain", "--seed", "1", "--device", "cpu", "-o", "a.wav")
    done = cli("generate", "rain", "--seed", "1", "--device", "cpu", "--prepare", "first",
               "-o", "b.wav", "--json")  # fmt: skip
    assert (plain.code, done.code) == (0, 0)
    assert Path("a.wav").read_bytes() == Path("b.wav").read_bytes()
    told = [event for event in done.event("stage") if event["stage"] == "prepare"]
    assert [event["hint"] != "" for event in told] == [True, False]
    assert told[0]["hint"].startswith("Preparing denoise, decode, vocoder for cpu, once; ")
    steps = [e["step"] for e in done.event("progress") if e["stage"] == "prepare"]
    assert steps[-1] == 3
    assert "prepare" in [timing["stage"] for timing in done.event("result")[0]["timings"]]
    again = cli("generate", "rain", "--device", "cpu", "--prepare", "first", "-o", "c.wav")
    assert "Preparing" in done.err
    assert "Preparing" not in again.err


def test_graphs_may_be_compiled_while_sounds_are_made(cli, home):
    done = cli("generate", "rain", "--seed", "1", "--device", "cpu", "--prepare", "background",
               "-o", "a.wav", "--json")  # fmt: skip
    assert done.code == 0
    [hint] = [event["hint"] for event in done.event("stage") if event["stage"] == "prepare"]
    assert "for cpu, once" in hint
    assert done.event("result")[0]["why"].startswith("The CPU was asked for.")


def test_a_sound_is_the_same_with_little_memory_for_graphs(cli, home):
    cli("generate", "rain", "--seed", "1", "-o", "a.wav")
    for size in ("10kB", "0", "1.5 GB"):
        done = cli("generate", "rain", "--seed", "1", "-o", "b.wav", "--memory", size,
                   "--overwrite")  # fmt: skip
        assert done.code == 0
        assert Path("a.wav").read_bytes() == Path("b.wav").read_bytes()


def test_what_bf16_costs_is_printed(cli, home):
    from hearsight.device import _openvino

    if not isinstance(_openvino(True), str):
        pytest.skip("needs OpenVINO and a processor with instructions for bf16")
    done = cli("generate", "rain", "--precision", "bf16", "-o", "a.wav")
    assert done.code == 0
    assert re.search(r"Computed in bf16, with an error of decode \d+ dB below", done.err)
    assert "bf16 is too coarse for denoise" in done.err


def test_published_schema_is_current():
    pytest.importorskip("pydantic", "2.13", reason="older versions write schemas otherwise")
    assert published_schema() == events.schema(), "write events.schema() to events.schema.json"


def test_json_events_follow_the_published_schema(cli, home):
    import jsonschema

    schema = published_schema()
    done = cli("generate", "rain", "zzz", "-n", "2", "-o", "out", "--json", "--loop")
    for event in done.events:
        jsonschema.validate(event, schema)
    kinds = [event["event"] for event in done.events]
    assert kinds[0] == "start"
    assert kinds[-1] == "end"
    assert {"stage", "progress", "result"} <= set(kinds)
    stages = [event["stage"] for event in done.event("stage")]
    assert list(dict.fromkeys(stages)) == ["load", "encode", "denoise", "decode", "finish"]


def test_a_result_event_tells_of_the_file_as_it_is(cli, home):
    import hashlib

    [result] = cli("generate", "rain", "-o", "rain.wav", "--seed", "4", "--json").event("result")
    assert result["sha256"] == hashlib.sha256(Path("rain.wav").read_bytes()).hexdigest()
    assert (result["path"], result["seed"], result["variation"]) == ("rain.wav", 4, 0)
    assert result["duration"] == 1.0
    assert {timing["stage"] for timing in result["timings"]} >= {"load", "denoise", "decode"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "nothing to listen to"),
        (["rain", "--steps", "0"], 2, "steps is 0"),
        (["rain", "--steps", "1000"], 2, "999"),
        (["rain", "--duration", "999"], 2, "seconds is 999"),
        (["rain", "--strength", "0.5"], 2, "name it with init"),
        (["rain", "--inpaint", "1:2"], 2, "name it with init"),
        (["rain", "--init", "gone.wav"], 5, "gone.wav"),
        (["rain", "--spread", "1"], 2, "--like"),
        (["rain", "--loop", "--trim"], 2, "A loop has no ends"),
        (["rain", "--guidance", "nan"], 2, "guidance is nan"),
        (["rain", "--seed", "-1"], 2, "seed is -1"),
        (["rain::0"], 2, "weight is 0"),
        (["rain", "--channels", "3"], 2, "--channels is '3'"),
        (["rain", "--normalize", "loud"], 2, "lufs=-16"),
        (["rain", "--name", "{idd}"], 2, "{idd}"),
        (["rain", "-o", "rain.mp3"], 2, ".ogg"),
        (["rain", "-o", "-"], 2, "name a file or a folder"),
        (["rain", "--nonsense"], 2, "--nonsense"),
        (["rain", "--steps", "many"], 2, "--steps is 'many'; it should be a valid integer."),
        (["rain", "--duration", "1s"], 2, "--duration is '1s'; it should be a valid number."),
        (["rain", "--threads", "257"], 2, "threads is 257"),
        (["rain", "--threads", "0"], 2, "threads is 0"),
        (["rain", "-o", "x" * 300], 5, "cannot be used"),
        (["--image", "http://example.org/a.png"], 5, "download the file first"),
        (["rain", "--model", "mikro"], 3, 'did you mean "micro"?'),
        (["rain", "--model", "micro-eye"], 3, "--conditioner"),
        (["rain", "--device", "abacus"], 4, "abacus"),
        (["rain", "--device", "cpu", "--precision", "bf16"], 2, "OpenVINO alone, not by cpu"),
        (["rain", "--precision", "fp8"], 2, "'fp16', 'int8', 'bf16'"),
        (["rain", "--prepare", "now"], 2, "'never', 'background', 'first'"),
        (["rain", "--memory", "lots"], 2, "write 1.5GB or 800MB"),
        (["rain", "--memory", "-1"], 2, "The size '-1'"),
        (["rain", "--memory", "1.5GiB"], 2, "The size '1.5GiB'"),
        (["--image", "pictures.png"], 5, 'did you mean "picture.png"?'),
        (["--image", "recording.wav"], 5, "not a picture"),
        (["--image", "empty.png"], 5, "empty.png"),
        (["--image", "."], 5, "a folder"),
        (["rain", "-o", "recording.wav/rain.wav"], 5, "recording.wav is a file"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_an_exit_code(
    cli, home, picture, recording, arguments, code, said
):
    Path("empty.png").touch()
    before = sorted(home.rglob("*.wav"))
    done = cli("generate", *arguments)
    assert done.code == code
    assert done.out == ""
    assert said in done.err
    assert "Traceback" not in done.err
    assert sorted(home.rglob("*.wav")) == before
    assert not list(home.rglob("*.part"))


def test_an_error_before_anything_runs_is_an_event_without_an_id(cli, home):
    done = cli("generate", "rain", "--steps", "0", "--json")
    [error] = done.events
    assert (error["event"], error["id"], error["code"]) == ("error", None, 2)


full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")


def test_a_format_that_lacks_the_bit_depth_is_refused_before_anything_runs(cli, home):
    done = cli("generate", "rain", "-o", "a.flac", "--bit-depth", "32f", "--json")
    [error] = done.events
    assert (error["id"], done.code) == (None, 5)
    assert "16 or 24 bit, not 32f" in error["message"]


@full_device
def test_standard_output_that_cannot_be_written_is_told(spawn, home):
    with open("/dev/full", "wb") as full:
        process = spawn("generate", "rain", "-o", "a.wav", stdout=full)
        told = process.communicate()[1]
    assert process.returncode == 5
    assert "error: Standard output cannot be written" in told
    assert "Traceback" not in told


@full_device
def test_a_log_file_that_cannot_be_written_costs_the_log_and_not_the_sound(cli, home):
    done = cli("generate", "rain", "-o", "a.wav", "--log-file", "/dev/full")
    assert (done.code, done.out) == (0, "a.wav\n")
    assert done.err.count("/dev/full ends here") == 1


def test_unknown_words_play_and_are_named(cli, home):
    done = cli("generate", "rain quux", "-o", "a.wav")
    assert done.code == 0
    assert "warning" in done.err
    assert "quux" in done.err


def test_an_empty_text_plays(cli, home):
    assert cli("generate", "", "-o", "a.wav").code == 0


def test_quiet_leaves_only_the_path_and_the_log_file_has_the_rest(cli, home):
    done = cli("generate", "rain", "-o", "a.wav", "--quiet", "--log-file", "log.txt")
    assert (done.out, done.err) == ("a.wav\n", "")
    logged = Path("log.txt").read_text("utf-8")
    assert " info " in logged
    assert " debug " in logged


def test_another_bundle_of_the_same_space_may_understand_the_prompt(cli, picture):
    alone = cli("generate", "--image", str(picture), "-o", "a.wav", "--model", "micro-flow")
    assert alone.code == 2
    assert "--conditioner" in alone.err
    helped = cli("generate", "--image", str(picture), "-o", "a.wav", "--model", "micro-flow",
                 "--conditioner", "micro-eye")  # fmt: skip
    assert helped.code == 0


def test_a_full_disk_is_told_and_leaves_nothing(cli, home):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        done = cli("generate", "rain", "-o", "out/rain.wav")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert done.code == 5
    assert "rain.wav could not be written" in done.err
    assert list(Path("out").iterdir()) == []


def test_a_bundle_with_a_wrong_hash_plays_nothing(cli, home):
    import shutil

    bundle = Path(shutil.copytree(Path(__file__).parents[2] / "micro" / "micro", "copy"))
    weights = bundle / "denoise.fp32.weights"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    done = cli("generate", "rain", "-o", "a.wav", "--model", "./copy", "--json")
    assert done.code == 3
    [error] = done.event("error")
    assert "denoise.fp32.weights" in error["message"]
    assert done.event("end")[0]["exit_code"] == 3
    assert not Path("a.wav").exists()


def test_a_sound_may_begin_with_another_and_takes_its_length(cli, recording):
    assert cli("generate", "rain", "--init", recording, "-o", "out.wav", "--seed", "1").code == 0
    request = wav.read_request("out.wav")
    assert request["init"] == {"file": str(recording), "strength": 0.6, "span": None, "band": None}
    assert wav.read_info("out.wav")["seconds"] == pytest.approx(wav.read_info(recording)["seconds"])
    assert cli("replay", "out.wav").out == "The same file, byte for byte.\n"


def test_what_is_not_made_anew_stays_as_it_is_in_the_file(cli, home):
    assert cli("generate", "rain", "--seed", "1", "--duration", "2", "-o", "rain.wav").code == 0
    done = cli("generate", "wind", "--init", "rain.wav", "--inpaint", "0.5:1", "-o", "new.wav")
    assert done.code == 0
    assert "gain +0.0 dB" in done.err
    old, rate = soundfile.read("rain.wav")
    new, _ = soundfile.read("new.wav")
    assert np.array_equal(old[: rate // 2], new[: rate // 2])
    assert np.array_equal(old[rate:], new[rate:])
    assert not np.allclose(old[rate // 2 : rate], new[rate // 2 : rate], atol=1e-3)


def test_sounds_near_to_one_made_before_take_over_how_it_was_asked_for(cli, home):
    cli("generate", "rain", "--seed", "1", "--steps", "3", "--channels", "2", "-o", "one.wav")
    done = cli("generate", "--like", "one.wav", "--spread", "0", "--steps", "4", "-o", "near.wav")
    assert done.code == 0
    first, near = wav.read_request("one.wav"), wav.read_request("near.wav")
    assert near["prompts"] == first["prompts"]
    assert (near["steps"], near["finish"]["channels"]) == (4, 2)
    seed = wav.read_record("one.wav")["item_seed"]
    assert near["like"] == {"seed": seed, "spread": 0.0, "like": None}
    again = cli("generate", "--like", "one.wav", "--spread", "0", "-o", "same.wav")
    assert again.code == 0
    assert np.array_equal(soundfile.read("one.wav")[0], soundfile.read("same.wav")[0])


def test_sounds_near_to_one_that_is_near_to_another_are_as_near_as_asked(cli, home):
    cli("generate", "rain", "--seed", "1", "-o", "one.wav")
    cli("generate", "--like", "one.wav", "--spread", "0.4", "-o", "two.wav")
    done = cli("generate", "--like", "two.wav", "--spread", "0", "-o", "three.wav")
    assert done.code == 0
    one, two, three = (soundfile.read(f"{name}.wav")[0] for name in ("one", "two", "three"))
    assert np.array_equal(two, three)
    assert not np.array_equal(one, two)


def test_of_several_candidates_the_event_tells_how_alike_the_kept_one_is(cli, home):
    done = cli("generate", "rain", "--candidates", "3", "--json", "-o", "best.wav")
    [result] = done.event("result")
    assert -1 <= result["similarity"] <= 1
    assert "compare" in [timing["stage"] for timing in result["timings"]]


def test_a_table_may_name_sounds_to_begin_with_and_to_stay_near_to(cli, recording):
    cli("generate", "rain", "--seed", "1", "-o", "one.wav")
    Path("m.csv").write_text(
        "id,prompt,init,inpaint\na,rain,recording.wav,0.1:0.2\nb,wind,recording.wav,0.2:\n",
        encoding="utf-8",
    )
    assert cli("batch", "m.csv", "-o", "out").code == 0
    assert wav.read_request("out/a.wav")["init"]["span"] == [0.1, 0.2]
    assert wav.read_request("out/b.wav")["init"]["span"] == [0.2, 600.0]
    assert wav.read_request("out/b.wav")["finish"]["level"] == "none"
    Path("n.jsonl").write_text('{"prompt": "wind", "like": "one.wav", "spread": 0.5}\n')
    assert cli("batch", "n.jsonl", "-o", "out").code == 0
    assert wav.read_request("out/wind.wav")["like"]["spread"] == 0.5


def test_a_level_asked_for_beside_a_likeness_is_the_one_asked_for(cli, home):
    cli("generate", "rain", "--seed", "1", "-o", "one.wav")
    cli("generate", "--like", "one.wav", "--normalize", "peak=-6", "-o", "near.wav")
    finish = wav.read_request("near.wav")["finish"]
    assert (finish["level"], finish["level_db"]) == ("peak", -6.0)
    cli("generate", "--like", "one.wav", "--init", "one.wav", "--inpaint", "0:0.2", "-o", "in.wav")
    assert wav.read_request("in.wav")["finish"]["level"] == "none"


def test_a_file_of_which_a_part_stays_keeps_its_rate_channels_and_depth(cli, home):
    rng = np.random.default_rng(1)
    soundfile.write("street.wav", 0.1 * rng.standard_normal((22050, 2)), 44100, "PCM_16")
    cli("generate", "rain", "--init", "street.wav", "--inpaint", "0.1:0.2", "-o", "new.wav")
    info = wav.read_info("new.wav")
    assert (info["sample_rate"], info["channels"], info["subtype"]) == (44100, 2, "PCM_16")
    old, new = soundfile.read("street.wav")[0], soundfile.read("new.wav")[0]
    assert np.array_equal(old[8820:], new[8820:])
    assert not np.array_equal(old[4410:8820], new[4410:8820])
    edit = ["--init", "street.wav", "--inpaint", "0.1:0.2", "--sample-rate", "32000"]
    edit += ["--bit-depth", "24"]
    cli("generate", "rain", *edit, "--seed", "1", "-o", "other.wav")
    cli("generate", "--like", "other.wav", "--spread", "0", "-o", "same.wav")
    assert wav.read_info("same.wav")["sample_rate"] == 32000
    assert np.array_equal(soundfile.read("other.wav")[0], soundfile.read("same.wav")[0])


def test_strength_for_a_whole_table_is_for_the_rows_that_begin_with_a_sound(cli, recording):
    Path("m.csv").write_text("id,prompt,init\na,rain,recording.wav\nb,wind,\n", encoding="utf-8")
    assert cli("batch", "m.csv", "-o", "out", "--strength", "0.3").code == 0
    assert wav.read_request("out/a.wav")["init"]["strength"] == 0.3
    assert wav.read_request("out/b.wav")["init"] is None


def test_candidates_need_something_to_be_compared_with(cli, home):
    assert "there is none" in cli("generate", "", "--candidates", "2").err


def test_a_row_that_names_only_a_likeness_takes_its_prompts(cli, home):
    cli("generate", "rain", "--seed", "1", "-o", "one.wav")
    Path("m.csv").write_text("id,prompt,like\na,,one.wav\nb,wind,one.wav\n", encoding="utf-8")
    assert cli("batch", "m.csv", "-o", "out").code == 0
    said = [wav.read_request(f"out/{name}.wav")["prompts"][0]["value"] for name in "ab"]
    assert said == ["rain", "wind"]
    Path("n.jsonl").write_text('{"id": "c", "like": "one.wav"}\n', encoding="utf-8")
    assert cli("batch", "n.jsonl", "-o", "out").code == 0
    assert wav.read_request("out/c.wav")["prompts"][0]["value"] == "rain"
    assert cli("batch", "n.jsonl", "-o", "same", "--spread", "0", "--seed", "9").code == 0
    assert wav.read_request("same/c.wav")["like"]["spread"] == 0.0
