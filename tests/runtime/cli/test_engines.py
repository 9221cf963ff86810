"""`runtime-cli engines`: build, list, explain, clean and import."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from hearsight.bundle import open_bundle
from hearsight.compiled import Compiled, Key
from hearsight.providers import runtime_cache
from hearsight.records import RECORD, record_bytes
from hearsight.sampler import Cancel
from hearsight.wanted import Target, target, wanted_key

MICRO = Path(__file__).parents[2] / "micro" / "micro"
AHEAD = Target("TensorRT-RTX 1.7.1.116", ("8.6", "8.9", "12.0"), "", "", "linux-x86_64")
SIZE = 1500
DAY = 86400
HOT = {"denoise", "decode", "vocoder"}


def key_of(name: str, precision="fp32", aim: Target = AHEAD) -> Key:
    return wanted_key(open_bundle(MICRO, verify=False).manifest, name, precision, aim)


def put(
    store: Compiled, key: Key, name: str, bundle: str = "micro", snr_db=None, seconds=4.2
) -> Path:
    """A compiled graph with files of 1500 bytes, whose building is said to have taken so long."""

    def make(folder: Path) -> float | None:
        (folder / f"{name}.engine").write_bytes(bytes(SIZE))
        return snr_db

    found = store.build(key, bundle, name, make, Cancel())
    record = replace(found.record, seconds=seconds)
    (found.folder / RECORD).write_bytes(record_bytes(record))
    return found.folder


@pytest.fixture
def store(home: Path) -> Compiled:
    return Compiled()


def test_list_says_when_there_is_nothing(cli, home):
    done = cli("engines", "list")
    assert (done.code, done.out) == (0, "")
    assert "No graph was compiled yet" in done.err
    assert cli("engines", "list", "--json").json == {"engines": [], "damaged": []}
    assert not Compiled().folder.exists()


def test_list_shows_what_there_is_and_what_is_damaged(cli, store):
    put(store, key_of("decode"), "decode", snr_db=61.53)
    processor = Target("ONNX Runtime 1.31.1", ("",), "Some Processor", "", "linux-x86_64")
    put(store, key_of("vocoder", aim=processor), "vocoder")
    broken = put(store, key_of("denoise", "fp16"), "denoise")
    (broken / "denoise.engine").unlink()
    lines = cli("engines", "list").lines
    assert lines[0].split() == [
        *("GRAPH", "BUNDLE", "BUILDER", "FOR", "PRECISION", "SIZE", "BUILT", "IN", "SNR"),
    ]
    assert lines[1].startswith("decode   micro   TensorRT-RTX 1.7.1.116  8.6, 8.9, 12.0  fp32")
    assert lines[1].endswith("1.5 kB  4.2 s     61.5 dB")
    assert "ONNX Runtime 1.31.1     Some Processor" in lines[2]
    assert lines[3].startswith(f"damaged: {broken.name}: Its file ")
    told = cli("engines", "list", "--json").json
    assert [row["name"] for row in told["engines"]] == ["decode", "vocoder"]
    assert told["engines"][0]["key"]["targets"] == ["8.6", "8.9", "12.0"]
    assert told["engines"][0]["bytes"] == SIZE
    assert [row["path"] for row in told["damaged"]] == [str(broken)]


def test_what_is_built_is_listed_used_and_deleted(cli, home):
    done = cli("engines", "build", "micro", "--device", "cpu")
    assert done.code == 0
    assert {line.split()[0] for line in done.lines} == HOT
    assert all(line.endswith(" s") for line in done.lines)
    assert "Preparing denoise, decode, vocoder for cpu, once" in done.err
    rows = [line.split() for line in cli("engines", "list").lines[1:]]
    assert {(row[0], row[1], row[-1]) for row in rows} == {(name, "micro", "dB") for name in HOT}
    told = {row["graph"]: row for row in cli_explain(cli, "cpu")["graphs"]}
    assert {name for name, row in told.items() if row["used"]} == HOT
    assert all(told[name]["why"].startswith("Built by ONNX Runtime ") for name in HOT)
    assert told["text"]["why"] == "It runs once a sound, and is not compiled for a processor."
    again = cli("engines", "build", "micro", "--device", "cpu")
    assert (again.code, again.out) == (0, "")
    assert "Nothing had to be compiled" in again.err
    gone = cli("engines", "clean", "--bundle", "micro", "--json").json
    assert len(gone["engines"]) == len(HOT)
    assert not any(row["used"] for row in cli_explain(cli, "cpu")["graphs"])


def cli_explain(cli, device, *flags):
    return cli("engines", "explain", "micro", "--device", device, "--json", *flags).json


def test_built_as_json_is_one_document(cli, home):
    done = cli("engines", "build", "micro", "--device", "cpu", "--precision", "fp16", "--json")
    assert done.json["bundle"] == "micro"
    assert done.json["built"].keys() == HOT
    assert min(done.json["built"].values()) >= 0
    rows = {row["graph"]: row["precision"] for row in cli_explain(cli, "cpu")["graphs"]}
    assert {rows[name] for name in HOT} == {"fp32"}
    listed = cli("engines", "list", "--json").json["engines"]
    assert {(row["name"], row["key"]["precision"]) for row in listed} == {
        ("denoise", "fp16"),
        ("decode", "fp16"),
        ("vocoder", "fp32"),
    }


def test_building_for_a_device_that_takes_graphs_as_they_are_builds_nothing(cli, home):
    pytest.importorskip("openvino")
    done = cli("engines", "build", "micro", "--device", "openvino")
    assert (done.code, done.out) == (0, "")
    assert "nothing is compiled here" in done.err


def test_building_what_is_not_there_or_for_what_is_not_there_is_an_error(cli, home):
    assert cli("engines", "build", "nothing").code == 3
    done = cli("engines", "build", "micro", "--device", "abacus")
    assert done.code == 4
    assert 'no device "abacus"' in done.err
    assert cli("engines", "build", "micro", "--device", "cpu", "--precision", "bf16").code == 2
    assert not Compiled().folder.exists()


def test_building_into_a_folder_that_cannot_be_written_says_so(cli, home):
    (home / ".cache").mkdir()
    (home / ".cache" / "hearsight").write_text("a file where the folder should be")
    done = cli("engines", "build", "micro", "--device", "cpu")
    assert done.code == 4
    assert 'Graphs of "micro" cannot be prepared for cpu. denoise, decode, voc' in done.err
    assert "cannot be kept" in done.err


@pytest.mark.parametrize("signals", [1, 2])
def test_ctrl_c_while_building_ends_the_work(spawn, home, store, signals):
    key = key_of("denoise", aim=target("cpu"))
    store.folder.mkdir(parents=True)
    with store._lock(key.digest):  # as while another process builds it
        process = spawn("engines", "build", "micro", "--device", "cpu")
        assert "Preparing denoise" in process.stderr.readline()
        for _ in range(signals):
            process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    assert "Traceback" not in told
    assert not list(store.records())
    assert not list(store.folder.glob("*.part"))


def test_explain_on_a_device_that_takes_graphs_as_they_are(cli, home):
    pytest.importorskip("openvino")
    done = cli("engines", "explain", "micro", "--device", "openvino")
    assert done.code == 0
    assert done.lines[0] == (
        "openvino: openvino was asked for. Nothing is compiled for openvino; it runs graphs as "
        "they are."
    )
    assert done.lines[-1] == "vocoder      fp32  no   There are none for openvino here."


def test_explain_tells_why_each_graph_is_or_is_not_compiled(cli, store):
    here = target("cpu")
    put(store, key_of("decode", aim=here), "decode", snr_db=120)
    put(store, key_of("vocoder", aim=replace(here, builder="ONNX Runtime 1.2.3")), "vocoder")
    put(store, replace(key_of("denoise", aim=here), graph="0" * 64), "denoise")
    done = cli_explain(cli, "cpu")
    rows = {row["graph"]: (row["used"], row["why"]) for row in done["graphs"]}
    assert done["device"] == "cpu"
    assert rows["decode"] == (True, f"Built by {here.builder} for {here.card}, SNR 120.0 dB.")
    assert rows["vocoder"] == (
        False,
        f"It was built by ONNX Runtime 1.2.3, and this machine has {here.builder}.",
    )
    assert rows["denoise"] == (False, "The graph's file has changed since.")
    assert rows["tokenize"][1].startswith("It takes text")
    lines = cli("engines", "explain", "micro", "--device", "cpu").lines
    assert f"{here.builder} compiles for {here.card}." in lines[0]
    assert any(line.startswith("decode       fp32  yes  Built by") for line in lines)
    cli("engines", "clean", "--all")
    damaged = put(store, key_of("decode", aim=here), "decode") / "decode.engine"
    damaged.write_bytes(bytes(SIZE - 1) + b"!")
    put(store, key_of("vocoder", aim=AHEAD), "vocoder")
    rows = {row["graph"]: (row["used"], row["why"]) for row in cli_explain(cli, "cpu")["graphs"]}
    assert rows["decode"] == (False, f"Its file {damaged} is damaged.")
    assert rows["vocoder"] == (False, "It was never built by ONNX Runtime, only by TensorRT-RTX.")
    assert rows["denoise"] == (False, "It was never built.")


def test_explain_tells_how_far_a_compiled_graph_is_that_is_too_far(cli, store):
    put(store, key_of("decode", aim=target("cpu")), "decode", snr_db=12.34)
    rows = {row["graph"]: (row["used"], row["why"]) for row in cli_explain(cli, "cpu")["graphs"]}
    made_by = target("cpu").builder
    why = f"What {made_by} made of it is 12.3 dB from its golden outputs."
    assert rows["decode"] == (False, why)


def test_explain_looks_for_the_precision_that_was_asked(cli, store):
    put(store, key_of("denoise", "fp16", target("cpu")), "denoise")
    rows = {
        precision: next(
            row
            for row in cli_explain(cli, "cpu", "--precision", precision)["graphs"]
            if row["graph"] == "denoise"
        )
        for precision in ("fp32", "fp16")
    }
    assert rows["fp32"]["why"] == "It was built in fp16, and fp32 is wanted."
    assert (rows["fp16"]["used"], rows["fp16"]["precision"]) == (True, "fp16")


def test_explain_of_what_is_not_there_is_an_error(cli, home):
    assert cli("engines", "explain", "nothing").code == 3
    done = cli("engines", "explain", "micro", "--device", "gpu")
    assert done.code == 4
    assert "rtx, cuda" in done.err
    done = cli("engines", "explain", "micro-flow", "--device", "cpu", "--precision", "int8")
    assert (done.code, done.out) == (3, "")
    assert 'The bundle "micro-flow" has no graph in int8; it has ' in done.err


def filled(store: Compiled) -> dict[str, Path]:
    """A sound one, an old one, one of another bundle, a damaged one, and what a builder left."""
    kept = {
        "sound": put(store, key_of("decode"), "decode"),
        "old": put(store, key_of("vocoder"), "vocoder"),
        "other": put(store, key_of("text"), "text", bundle="other"),
        "damaged": put(store, key_of("denoise"), "denoise"),
    }
    past = kept["old"].stat().st_mtime - 40 * DAY
    os.utime(kept["old"] / "record.json", (past, past))
    (kept["damaged"] / "record.json").write_text("{}")
    kept["unfinished"] = store.folder / f".{'0' * 32}.1.part"
    kept["unfinished"].mkdir()
    (kept["unfinished"] / "half").write_bytes(bytes(10))
    return kept


@pytest.mark.parametrize(
    ("flags", "gone"),
    [
        ((), set()),
        (("--bundle", "micro"), {"sound", "old"}),
        (("--bundle", "other"), {"other"}),
        (("--older-than", "30"), {"old"}),
        (("--bundle", "other", "--older-than", "30"), set()),
        (("--all",), {"sound", "old", "other"}),
    ],
)
def test_clean_deletes_what_is_named_and_what_nobody_can_use(cli, store, flags, gone):
    kept = filled(store)
    gone = gone | {"damaged", "unfinished"}
    told = cli("engines", "clean", *flags, "--dry-run", "--json").json
    assert {row["path"] for row in told["engines"]} == {str(kept[name]) for name in gone}
    assert all(place.exists() for place in kept.values())
    done = cli("engines", "clean", *flags, "--json")
    assert done.code == 0
    assert {name for name, place in kept.items() if not place.exists()} == gone
    assert done.json["bytes"] == told["bytes"] > 10
    assert done.json["deleted"] is True


def test_clean_says_what_it_deleted_and_how_much(cli, store):
    place = put(store, key_of("decode", "fp16"), "decode")
    size = sum(path.stat().st_size for path in place.iterdir()) / 1000
    what = "decode of micro in fp16 by TensorRT-RTX 1.7.1.116 for 8.6, 8.9, 12.0"
    planned = cli("engines", "clean", "--all", "--dry-run")
    assert planned.lines == [f"would be deleted: {what}, {size:.1f} kB"]
    assert f"{size:.1f} kB would be freed." in planned.err
    done = cli("engines", "clean", "--all")
    assert done.lines == [f"deleted: {what}, {size:.1f} kB"]
    assert f"{size:.1f} kB freed." in done.err
    again = cli("engines", "clean", "--all")
    assert (again.code, again.lines) == (0, [])
    assert "0 bytes freed." in again.err


@pytest.mark.parametrize("flags", [("--all",), ("--bundle", "micro"), ()])
def test_clean_deletes_what_tensorrt_found_out_only_with_everything(cli, store, flags):
    (runtime_cache() / "below").mkdir(parents=True)
    (runtime_cache() / "below" / "timing.cache").write_bytes(bytes(2500))
    (store.folder.parent / "hashes.json").write_text("{}")
    planned = cli("engines", "clean", *flags, "--dry-run")
    assert runtime_cache().is_dir()
    done = cli("engines", "clean", *flags)
    assert (planned.code, done.code) == (0, 0)
    assert runtime_cache().exists() == (flags != ("--all",))
    assert (store.folder.parent / "hashes.json").exists()
    what = "what TensorRT found out for the card, 2.5 kB"
    told = flags == ("--all",)
    assert planned.lines == [f"would be deleted: {what}"] * told
    assert done.lines == [f"deleted: {what}"] * told
    assert f"{'2.5 kB' if told else '0 bytes'} freed." in done.err


def test_clean_refuses_contradicting_flags(cli, home):
    assert cli("engines", "clean", "--all", "--bundle", "micro").code == 2
    assert cli("engines", "clean", "--older-than", "-1").code == 2


def test_import_takes_in_what_another_machine_built(cli, home, store):
    put(Compiled(home / "carried"), key_of("decode"), "decode")
    done = cli("engines", "import", "carried")
    assert (done.code, done.lines) == (
        0,
        ["decode of micro in fp32 by TensorRT-RTX 1.7.1.116 for 8.6, 8.9, 12.0, 1.5 kB"],
    )
    assert [record.name for _, record in store.records()] == ["decode"]
    assert [row["name"] for row in cli("engines", "import", "carried", "--json").json] == ["decode"]


def test_import_refuses_what_is_no_compiled_graph(cli, home, store):
    shutil.copytree(MICRO, home / "bundle")
    done = cli("engines", "import", "bundle")
    assert done.code == 3
    assert "holds no compiled graph" in done.err
    assert cli("engines", "import", "nowhere").code == 3
    place = put(Compiled(home / "carried"), key_of("decode"), "decode")
    (place / "decode.engine").write_bytes(bytes(SIZE - 1) + b"!")
    done = cli("engines", "import", "carried")
    assert done.code == 3
    assert "decode.engine is not the file that its record.json lists" in done.err
    assert not list(store.records())


def test_import_into_a_folder_that_cannot_be_written_is_exit_code_5(cli, home):
    put(Compiled(home / "carried"), key_of("decode"), "decode")
    (home / ".cache").mkdir(exist_ok=True)
    (home / ".cache" / "hearsight").write_text("a file where the folder should be")
    done = cli("engines", "import", "carried")
    assert done.code == 5
    assert "cannot be kept" in done.err
