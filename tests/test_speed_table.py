"""The tables of `tests/bench`: an hour of measuring must not end in one that says it wrong."""

import importlib.util
from pathlib import Path

import pytest

PLACE = Path(__file__).parent / "bench" / "table.py"
SPEC = importlib.util.spec_from_file_location("speed_table", PLACE)
table = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(table)

DDIM = {"solver": "ddim", "steps": 200, "eta": 1.0, "candidates": 3, "guidance": 2.5}
OURS = {"solver": "dpm++2m", "steps": 25, "eta": 0.0, "candidates": 1, "guidance": 2.5}


def sound(seconds, loop, made, graph=None):
    return {"seconds": seconds, "loop": loop, "rows": made, "graph": graph, "made": made}


@pytest.fixture
def results():
    titles = {"diffusers": "diffusers, eager", "compiled": "compiled", "hearsight": "Hearsight"}
    return {
        "setup": {
            "machine": {"cores": "2"},
            "command": "speed.py",
            "device": "cpu",
            "threads": 2,
            "seconds": 10.0,
            "frames": 256,
            "contenders": {n: {"title": t, "precision": "fp32"} for n, t in titles.items()},
        },
        "limit": 200e9,
        "flop": {"unet": 100e9},
        "errors": {"unet": {"diffusers": 0.0, "hearsight": 1e-6}},
        "ran": {"unet": {"diffusers": "fp32", "hearsight": "fp32"}},
        "failed": {"unet": {"compiled": "no compiler"}, "sound": {}, "start": {}},
        "unet": {"diffusers": [1.6, 1.5, 1.5], "hearsight": [1.0, 1.0, 1.3]},
        "settings": {"upstream": DDIM, "ours": OURS},
        "sound": {
            "upstream": {"diffusers": [sound(100, 80, 20)]},
            "ours": {"hearsight": [sound(20, 10, 25, graph=9.5)]},
        },
        "start": {
            "hearsight": [
                {"rows": [5.0, 6.0, 7.0], "reading": 2.0, "peak": 1_600_000_000},
                {"rows": [1.9, 2.9, 3.8], "reading": 0.0, "peak": 1_650_000_000},
            ]
        },
    }


def line(text, *words):
    [found] = [row for row in text.splitlines() if all(word in row for word in words)]
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_a_part_is_told_in_medians_and_by_the_limit(results):
    text = table.render(results)
    row = line(text, "diffusers, eager | fp32")
    assert row[2:] == ["1.500", "1.500", "1.50", "67", "33%", "0.0e+00"]
    assert line(text, "UNet call, times the fastest")[1:] == ["<= 1", "0.67", "met"]


def test_steps_that_were_not_made_are_added_and_marked(results):
    text = table.render(results)
    row = line(text, "upstream's own defaults")
    assert row[3:] == ["~820", "41.00", "1, of 20 steps"]
    assert "fewer steps were made" in text
    assert line(text, "the bundle's defaults")[3:] == ["20.0", "1.00", "1"]
    assert line(text, "faster than upstream's defaults")[2:] == ["41.00", "met"]


def test_the_loop_and_the_start_are_what_the_graph_and_a_warm_row_leave(results):
    text = table.render(results)
    assert line(text, "Loop beside the graph")[2:] == ["5.00", "**missed**"]
    assert line(text, "Start to first row")[2:] == ["1.00", "**missed**"]
    assert line(text, "Peak memory, GB")[2:] == ["1.65", "met"]


def test_a_contender_that_fails_says_why_and_one_that_did_not_play_is_no_target_met(results):
    text = table.render(results)
    assert line(text, "compiled")[2] == "cannot: no compiler"
    assert line(text, "bf16 UNet call")[2:] == ["not measured", ""]


def test_what_stands_around_the_tables_stays(results, tmp_path):
    path = tmp_path / "SPEED.md"
    table.insert(path, "old")
    path.write_text(path.read_text("utf-8") + "\nReasons.\n", "utf-8")
    table.insert(path, table.render(results))
    text = path.read_text("utf-8")
    assert text.startswith("# Speed")
    assert text.endswith("\nReasons.\n")
    assert "old" not in text
    assert "## Targets" in text


def test_a_file_without_marks_is_left_alone(results, tmp_path):
    path = tmp_path / "SPEED.md"
    path.write_text("mine", "utf-8")
    with pytest.raises(ValueError, match="no marks"):
        table.insert(path, "new")
    assert path.read_text("utf-8") == "mine"
