"""`runtime-cli batch`: tables in, files out, all or nothing checked, resumed without loss."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from hearsight import wav

MICRO = Path(__file__).parents[2] / "micro"


def write_rows(path: str, *rows: dict[str, object]) -> str:
    Path(path).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def digests(folder: str) -> dict[str, str]:
    paths = Path(folder).rglob("*.wav")
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def test_every_kind_of_table_makes_the_same_files(cli, home):
    write_rows("m.jsonl", {"id": "a", "prompt": "rain", "seconds": 0.5}, {"id": "b", "text": "x y"})
    Path("m.csv").write_text("id,caption,duration\na,rain,0.5\nb,x y,\n", "utf-8-sig")
    Path("m.tsv").write_text("id\tprompt\tseconds\r\na\train\t0.5\r\n\r\nb\tx y\t\r\n", "utf-8")
    made = []
    for kind in ("jsonl", "csv", "tsv"):
        done = cli("batch", f"m.{kind}", "--out-dir", kind, "--seed", "1")
        assert done.code == 0
        assert done.lines == [str(Path(kind, "a.wav")), str(Path(kind, "b.wav"))]
        made.append(digests(kind))
    assert made[0] == made[1] == made[2]


def test_rows_come_from_standard_input_too(cli, home, monkeypatch):
    raw = io.BytesIO(b'{"prompt": "rain on leaves"}\n')
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=raw))
    assert cli("batch", "-", "-o", "out").lines == [str(Path("out/rain_on_leaves.wav"))]


def test_the_research_scripts_own_table_and_flags_work(cli, home):
    Path("m.tsv").write_text("name\tcaption\nx\train\nx\twind\ny\tfire\n", "utf-8")
    done = cli("batch", "--tsv_path", "m.tsv", "--save_dir", "out", "--ddim_steps", "3",
               "--n_samples", "1", "--scale", "2", "--duration", "0.5")  # fmt: skip
    assert done.lines == [str(Path("out", name)) for name in ("x_0.wav", "x_1.wav", "y.wav")]
    request = wav.read_request("out/x_1.wav")
    assert (request["steps"], request["guidance"], request["seconds"]) == (3, 2.0, 0.5)


def test_a_request_in_json_is_a_row(cli, home):
    cli("generate", "rain", "wind::0.5", "-o", "a.wav", "--seed", "3", "--fade-in", "0.1")
    write_rows("m.jsonl", wav.read_request("a.wav"))
    cli("batch", "m.jsonl", "-o", "out", "--name", "a")
    assert wav.read_request("out/a.wav") == wav.read_request("a.wav") | {"id": "rain"}


def test_paths_are_taken_from_where_the_table_lies(cli, picture):
    Path("lists").mkdir()
    write_rows("lists/m.jsonl", {"image": "../picture.png", "id": "a"})
    assert cli("batch", "lists/m.jsonl", "-o", "out").code == 0


def test_a_sound_depends_on_seed_and_id_and_not_on_its_neighbours(cli, home):
    rows = [{"id": name, "prompt": "rain", "variations": 2} for name in ("a", "b", "c")]
    write_rows("all.jsonl", *rows)
    write_rows("one.jsonl", rows[1])
    cli("batch", "all.jsonl", "-o", "all", "--seed", "9")
    cli("batch", "one.jsonl", "-o", "one", "--seed", "9")
    everything = digests("all")
    assert len(set(everything.values())) == 6
    assert digests("one") == {name: everything[name] for name in ("b_01.wav", "b_02.wav")}


def test_every_wrong_row_is_told_at_once_and_nothing_runs(cli, picture):
    rows = [
        {"id": "a", "prompt": "rain"},
        {"id": "b", "promt": "rain"},
        {"id": "a", "prompt": "wind"},
        {"id": "d", "image": "pictures.png"},
        {"id": "e", "prompt": "rain", "steps": "many"},
        {"id": "f"},
    ]
    write_rows("m.jsonl", *rows)
    with open("m.jsonl", "a", encoding="utf-8") as file:
        file.write('{"id": "g",\n')
    done = cli("batch", "m.jsonl", "-o", "out")
    assert done.code == 2
    for line, said in [
        (2, """'promt' (did you mean "prompt"?)"""),
        (3, "already on line 1"),
        (4, 'did you mean "picture.png"?'),
        (5, "steps"),
        (6, "nothing to listen to"),
        (7, "not valid JSON"),
    ]:
        assert f"line {line}: " in done.err.splitlines()[line - 2]
        assert said in done.err.splitlines()[line - 2]
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"seconds": 0.1}, "0.25 to 600 seconds"),
        ({"seconds": 601}, "0.01 to 600"),
        ({"spread": 0.5}, "name it with like"),
        ({"inpaint": "1:2"}, "name it with init"),
        ({"init": "recording.wav", "inpaint": "1-2"}, "1.5:3"),
        ({"init": "recording.wav", "strength": 2}, "init.strength is 2"),
        ({"init": "gone.wav"}, "gone.wav"),
        ({"like": "recording.wav"}, "does not say how it was made"),
        ({"steps": 1000}, "999"),
        ({"guidance": 31}, "guidance is 31"),
        ({"seed": -1}, "seed is -1"),
        ({"normalize": "loud"}, "lufs=-16"),
        ({"id": "x" * 300}, "too long"),
        ({"finish": {"trims": True}}, "trim"),
        ({"finish": 3}, "JSONL"),
        ({"prompts": 3}, "JSONL"),
        ({"prompt": 3}, "prompt must be text"),
        ({"image": "x" * 300}, "could not be opened"),
        ({"image": "recording.wav"}, "not a picture"),
        ({"image": "empty.png"}, "0 bytes"),
        ({"image": "https://example.org/a.png"}, "download the file first"),
        ({"text": "a", "caption": "b"}, "given twice"),
    ],
)
def test_rows_are_checked_against_the_bundle_before_it_is_loaded(cli, recording, row, said):
    Path("empty.png").touch()
    write_rows("m.jsonl", {"prompt": "rain", "id": "ok"}, {"prompt": "rain", "id": "a"} | row)
    done = cli("batch", "m.jsonl", "-o", "out", "--dry-run")
    assert done.code == 2
    assert "line 2: " in done.err
    assert said in done.err


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("m.csv", "id,promt\na,b\n", "line 1: unknown column 'promt' (did you mean \"prompt\"?)"),
        ("m.csv", "id,prompt,id\na,b,c\n", "line 1: the column 'id' is there twice"),
        ("m.csv", "id,prompt\na\n", "line 2: 1 cells, but the header has 2"),
        ("m.csv", 'id,prompt\na,"b\n', "line 2"),
        ("m.csv", "id,prompt,steps\na,b,c\n", "line 2: "),
        ("m.csv", "id,prompt\n", "no rows"),
        ("m.jsonl", "", "no rows"),
        ("m.jsonl", "[]\n", "one JSON object"),
        ("m.jsonl", '{"prompt": "a", "prompt": "b"}\n', "twice"),
        ("m.txt", "rain\n", "must end in"),
    ],
)
def test_a_broken_table_is_refused_by_line(cli, home, name, text, said):
    Path(name).write_text(text, "utf-8")
    done = cli("batch", name, "-o", "out")
    assert done.code == 2
    assert said in done.err
    assert not Path("out").exists()


def test_tables_that_cannot_be_read_are_refused(cli, home):
    Path("m.csv").write_bytes(b"id,prompt\na,rain\nb,r\xe4in\n")
    assert "line 3: the text is not UTF-8" in cli("batch", "m.csv", "-o", "out").err
    Path("sounds.csv").write_text("id,prompt\n", "utf-8")
    missing = cli("batch", "sound.csv", "-o", "out")
    assert (missing.code, 'did you mean "sounds.csv"?' in missing.err) == (2, True)
    assert cli("batch", "m.csv").code == 2


def test_two_rows_never_share_a_file(cli, home):
    write_rows("m.jsonl", {"id": "a/b", "prompt": "x"}, {"id": "A_B", "prompt": "y"})
    done = cli("batch", "m.jsonl", "-o", "out")
    assert done.code == 2
    assert "also the file of line 1" in done.err


def test_a_dry_run_prints_the_paths_and_makes_nothing(cli, home):
    write_rows("m.jsonl", {"id": "a", "prompt": "x", "variations": 2}, {"id": "b", "prompt": "y"})
    done = cli("batch", "m.jsonl", "-o", "out", "--dry-run")
    assert done.lines == [str(Path("out", name)) for name in ("a_01.wav", "a_02.wav", "b.wav")]
    assert not Path("out").exists()


def test_items_that_fail_are_told_and_the_others_are_made(cli, picture):
    Path("bad.png").write_bytes(picture.read_bytes()[:40])
    write_rows("m.jsonl", {"id": "a", "prompt": "x"}, {"id": "b", "image": "bad.png"},
               {"id": "c", "prompt": "y"})  # fmt: skip
    done = cli("batch", "m.jsonl", "-o", "out", "--json")
    assert done.code == 1
    [error] = done.event("error")
    assert (error["id"], error["line"], error["code"]) == ("b", 2, 5)
    assert [result["id"] for result in done.event("result")] == ["a", "c"]
    [end] = done.event("end")
    assert (end["done"], end["failed"], end["exit_code"]) == (2, 1, 1)
    stopped = cli("batch", "m.jsonl", "-o", "fast", "--json", "--fail-fast")
    assert stopped.code == 1
    assert [result["id"] for result in stopped.event("result")] == ["a"]


def test_a_bundle_that_does_not_run_ends_the_batch_with_3(cli, home):
    broken = Path(shutil.copytree(MICRO / "micro", "broken"))
    listed = json.loads((broken / "bundle.json").read_text("utf-8"))
    graph = listed["graphs"]["denoise"]["variants"]["fp32"]
    cut = (broken / graph["file"]).read_bytes()[:100]
    (broken / graph["file"]).write_bytes(cut)
    graph |= {"bytes": len(cut), "sha256": hashlib.sha256(cut).hexdigest()}
    (broken / "bundle.json").write_text(json.dumps(listed), "utf-8")
    write_rows("m.jsonl", {"prompt": "rain"}, {"prompt": "wind"})
    done = cli("batch", "m.jsonl", "-o", "out", "--model", "./broken", "--json")
    assert done.code == 3
    assert [error["id"] for error in done.event("error")] == ["rain"]


def test_existing_files_are_refused_unless_told_what_to_do_with_them(cli, home):
    write_rows("m.jsonl", {"id": "a", "prompt": "x"}, {"id": "b", "prompt": "y"})
    cli("batch", "m.jsonl", "-o", "out", "--seed", "1")
    before = digests("out")
    refused = cli("batch", "m.jsonl", "-o", "out", "--seed", "2")
    assert refused.code == 5
    assert "--resume" in refused.err
    Path("out/b.wav").unlink()
    kept = cli("batch", "m.jsonl", "-o", "out", "--seed", "2", "--skip-existing")
    assert kept.lines == [str(Path("out/b.wav"))]
    assert digests("out")["a.wav"] == before["a.wav"]
    assert len(cli("batch", "m.jsonl", "-o", "out", "--seed", "2", "--overwrite").lines) == 2
    assert digests("out")["a.wav"] != before["a.wav"]


def test_resume_makes_what_is_missing_or_was_changed_and_nothing_else(cli, picture):
    rows = [{"id": name, "prompt": "x", "variations": 3} for name in "ab"]
    rows.append({"id": "c", "image": "picture.png"})
    write_rows("m.jsonl", *rows)
    cli("batch", "m.jsonl", "-o", "out")
    before = digests("out")
    assert cli("batch", "m.jsonl", "-o", "out", "--resume").lines == []
    Path("out/a_02.wav").unlink()
    again = cli("batch", "m.jsonl", "-o", "out", "--resume")
    assert again.lines == [str(Path("out/a_02.wav"))]
    assert digests("out") == before
    rows[1]["prompt"] = "y"
    write_rows("m.jsonl", *rows)
    assert len(cli("batch", "m.jsonl", "-o", "out", "--resume").lines) == 3
    Path("picture.png").write_bytes(picture.read_bytes() + b"\0")
    changed = cli("batch", "m.jsonl", "-o", "out", "--resume")
    assert changed.lines == [str(Path("out/c.wav"))]
    coarse = cli("batch", "m.jsonl", "-o", "out", "--resume", "--precision", "fp16")
    assert len(coarse.lines) == 7


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_batch_resumes_without_losing_or_repeating_anything(spawn, cli, home):
    rows = [{"id": f"i{n}", "prompt": "rain", "variations": 2, "steps": 60} for n in range(30)]
    write_rows("m.jsonl", *rows)
    ledger = Path("out/results.jsonl")
    running = spawn("batch", "m.jsonl", "--out-dir", "out", "--seed", "5", "--json")
    for _ in range(8):
        running.stdout.readline()
    while len(ledger.read_bytes().splitlines()) < 9:
        time.sleep(0.005)
    running.kill()
    running.communicate()
    recorded = [json.loads(line) for line in ledger.read_bytes().split(b"\n")[:-1]]
    finished = {r["path"]: Path(r["path"]).stat() for r in recorded if r["event"] == "result"}
    assert 8 <= len(finished) < 60, "the test must kill it in the middle"

    resumed = cli("batch", "m.jsonl", "--out-dir", "out", "--resume")
    assert resumed.code == 0
    assert set(resumed.lines).isdisjoint(finished)
    assert len(resumed.lines) + len(finished) == 60
    for path, stat in finished.items():
        assert Path(path).stat().st_mtime_ns == stat.st_mtime_ns
    assert not list(Path("out").glob("*.part"))
    cli("batch", "m.jsonl", "--out-dir", "straight", "--seed", "5")
    assert digests("out") == digests("straight")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent differently")
@pytest.mark.parametrize("stage", ["load", "encode", "decode", "result"])
def test_ctrl_c_at_any_stage_ends_with_130_and_no_half_file(spawn, cli, home, stage):
    write_rows("m.jsonl", *[{"id": f"i{n}", "prompt": "rain", "steps": 200} for n in range(200)])
    running = spawn("batch", "m.jsonl", "--out-dir", "out", "--json")
    for line in running.stdout:
        event = json.loads(line)
        if stage in (event.get("stage"), event["event"]):
            break
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert running.returncode == 130
    assert "Traceback" not in err
    assert json.loads(out.splitlines()[-1])["exit_code"] == 130
    assert not list(home.rglob("*.part"))
    made = len(list(Path("out").glob("*.wav")))
    assert made < 200
    left = cli("batch", "m.jsonl", "--out-dir", "out", "--resume", "--dry-run")
    assert len(left.lines) == 200 - made


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent differently")
def test_ctrl_c_before_anything_runs_ends_with_130_too(spawn, home):
    running = spawn("generate", "rain", "-o", "a.wav")
    time.sleep(0.15)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=20)
    assert running.returncode in (130, -signal.SIGINT)
    assert not list(home.rglob("a.wav*"))
    assert "Traceback" not in err or running.returncode == -signal.SIGINT


def test_a_reader_that_goes_away_stops_the_batch_quietly(spawn, home):
    write_rows("m.jsonl", *[{"id": f"i{n}", "prompt": "rain"} for n in range(300)])
    running = spawn("batch", "m.jsonl", "--out-dir", "out")
    running.stdout.readline()
    running.stdout.close()
    err = running.stderr.read()
    assert running.wait(20) == 130
    assert "Traceback" not in err
    assert len(list(Path("out").glob("*.wav"))) < 300
