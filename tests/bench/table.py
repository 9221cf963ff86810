"""The numbers of a comparison as Markdown; `speed.py` says what each of them is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any

__all__ = ["insert", "render"]

BEGIN = "<!-- measured: written by tests/bench/speed.py, lost when it is run again -->"
END = "<!-- end of what was measured -->"
FRAME = """# Speed

How long Hearsight takes for a sound, beside what one would run instead.

{begin}
{end}
"""

Results = dict[str, Any]
_NONE = "not measured"
_PARTS = {"unet": "One UNet call", "decode": "Decoding"}
_OF_PARTS = {
    "unet": "Guided, so a batch of two; {frames} latent frames.",
    "decode": "{frames} latent frames through autoencoder and vocoder.",
}
_SETTINGS = {
    "upstream": "upstream's own defaults",
    "single": "the same with one candidate",
    "ddim50": "diffusers, DDIM",
    "dpm25": "diffusers, its DPM-Solver++",
    "ours": "the bundle's defaults",
}


def insert(path: Path, text: str) -> None:
    """Put the text between the marks of a file, which is made if it is not there.

    Raises:
        ValueError: the file has no such marks.
    """
    whole = path.read_text("utf-8") if path.exists() else FRAME.format(begin=BEGIN, end=END)
    before, begin, rest = whole.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} has no marks to write between; delete it or put them back.")
    path.write_text(f"{before}{begin}\n\n{text}\n{end}{after}", "utf-8")


def render(results: Results) -> str:
    """All tables; what was not measured is said or left out."""
    blocks = [_machine(results)]
    if results["setup"]["device"] == "cpu":
        blocks.append(_targets(results))
    blocks += [_part(results, part) for part in _PARTS if part in results]
    blocks += [_sounds(results)] if "sound" in results else []
    blocks += [_starts(results)] if "start" in results else []
    return "\n\n".join(blocks) + "\n"


def _machine(results: Results) -> str:
    setup = results["setup"]
    rows = [(name, value) for name, value in setup["machine"].items()]
    return "\n\n".join(
        (
            f"Made by `{setup['command']}`: everyone with the same seeded weights of AudioLDM-S, "
            f"{_count(setup['threads'], 'thread')}, a process of its own, in turns. "
            "Medians; times are relative to Hearsight in fp32, its default.",
            _table(("machine", ""), rows),
        )
    )


def _part(results: Results, part: str) -> str:
    flop, limit = results["flop"][part], results["limit"]
    own = _median(results, part, "hearsight")
    rows: list[Sequence[str]] = []
    for name, about in results["setup"]["contenders"].items():
        head = (about["title"], results["ran"][part].get(name, about["precision"]))
        seconds = _median(results, part, name)
        if seconds is not None:
            rows.append(
                (
                    *head,
                    f"{seconds:.3f}",
                    f"{min(results[part][name]):.3f}",
                    _times(seconds, own),
                    f"{flop / seconds / 1e9:.0f}",
                    f"{flop / seconds / limit:.0%}",
                    f"{results['errors'][part][name]:.1e}",
                )
            )
        elif reason := results["failed"][part].get(name):
            rows.append((*head, f"cannot: {reason}", *[""] * 5))
    head = (
        "", "precision", "seconds", "fastest", "times Hearsight's", "GFLOP/s", "of the limit",
        "relative L2 to the first",
    )  # fmt: skip
    return "\n\n".join(
        (
            f"## {_PARTS[part]}",
            f"{_OF_PARTS[part].format(frames=results['setup']['frames'])} {flop / 1e9:.0f} GFLOP "
            "in convolutions, matrix products and attention. The limit is a float32 matrix "
            f"product of ONNX Runtime: {limit / 1e9:.0f} GFLOP/s.",
            _table(head, rows),
        )
    )


def _sounds(results: Results) -> str:
    own = _sound(results, "ours", "hearsight")
    rows: list[Sequence[str]] = []
    reckoned = False
    for which, words in _SETTINGS.items():
        for name, made in results["sound"].get(which, {}).items():
            setting = results["settings"][which]
            seconds = _sound(results, which, name)
            part = min(one["made"] for one in made)
            whole = part == setting["steps"]
            reckoned |= not whole
            rows.append(
                (
                    words,
                    _setting(setting),
                    _named(results, name),
                    f"{seconds:.1f}" if whole else f"~{seconds:.3g}",
                    _times(seconds, own),
                    f"{len(made)}" if whole else f"{len(made)}, of {part} steps",
                )
            )
    for name, reason in results["failed"]["sound"].items():
        rows.append(("", "", _named(results, name), f"cannot: {reason}", "", ""))
    note = (
        " A number with ~ is reckoned: fewer steps were made than the setting has, and the rest "
        "added at the mean time of those."
        if reckoned
        else ""
    )
    head = ("", "setting", "", "seconds", "times Hearsight's", "runs")
    theirs = -(-int(100 * results["setup"]["seconds"]) // 4)  # of four mel frames of 10 ms
    return "\n\n".join(
        (
            "## A whole sound",
            f"{results['setup']['seconds']:g} s from words to samples, everything loaded and "
            f"warm. diffusers makes {theirs} latent frames for it, the others "
            f"{results['setup']['frames']}. Upstream's candidates are one batch there, and each is "
            f"heard by CLAP; OpenVINO's rows are a plain loop over the bundle's graphs.{note}",
            _table(head, rows),
        )
    )


def _starts(results: Results) -> str:
    card = any("card" in one for made in results["start"].values() for one in made)
    rows: list[Sequence[str]] = []
    for name, made in results["start"].items():
        if name in results["failed"]["start"]:
            reason = results["failed"]["start"][name]
            rows.append((_named(results, name), f"cannot: {reason}", *[""] * (4 + card)))
            continue
        first, *later = made
        rows.append(
            (
                _named(results, name),
                f"{first['rows'][0]:.2f}",
                f"{first['reading']:.2f}",
                f"{min(one['rows'][0] for one in later):.2f}",
                f"{_beyond(made):.2f}",
                _gigabytes(max((one["peak"] for one in made if one["peak"]), default=None)),
                *([_gigabytes(max(one["card"] for one in made))] if card else []),
            )
        )
    head = (
        "", "first start", "reading alone", "later start", "less a row", "peak memory",
        *(["of the GPU"] if card else []),
    )  # fmt: skip
    return "\n\n".join(
        (
            "## From nothing to the first row",
            "Seconds from starting the process to the end of the first row of a sound. The first "
            "start has nothing cached and reads from the disk; beside it, how long that reading "
            "takes alone. Later starts (the best of them) find the weights in the system's "
            "memory, so that without the time of a warm row they are all that a start takes "
            "beyond reading from the disk. Peak memory (GB, mapped files included) is that of a "
            "whole sound of three rows in a new process.",
            _table(head, rows),
        )
    )


def _targets(results: Results) -> str:
    """Each target, what was found, and whether it is met: as far as two digits show."""
    fp32 = [
        _median(results, "unet", name)
        for name, about in results["setup"]["contenders"].items()
        if about["precision"] == "fp32" and name != "hearsight"
    ]
    fastest = min((seconds for seconds in fp32 if seconds is not None), default=None)
    unet = _median(results, "unet", "hearsight")
    ours = _sound(results, "ours", "hearsight")
    started, prepared = (
        results.get("start", {}).get(name, []) for name in ("hearsight", "hearsight-prepared")
    )
    peak = max((one["peak"] for one in started if one["peak"]), default=None)
    at_most: list[tuple[str, float | None, float]] = [
        ("UNet call, times the fastest other fp32", _over(unet, fastest), 1.0),
        ("Loop beside the graph, % of a step", _loop(results), 2.0),
        ("Start to first row beyond reading, s", _beyond(started), 0.5),
        ("The same with graphs prepared before, s", _beyond(prepared), 0.5),
        ("Peak memory, GB", peak and peak / 1e9, 1.7),
    ]
    at_least = [
        ("Decode, times faster than diffusers", _gain(results, "decode"), 1.3),
        *(
            (
                f"Whole sound, times faster than {words}",
                _over(_sound(results, which, "diffusers"), ours),
                target,
            )
            for which, words, target in (
                ("upstream", "upstream's defaults", 30.0),
                ("single", "200 steps and one candidate", 10.0),
                ("dpm25", "diffusers with DPM-Solver++, 25 steps", 2.0),
                ("ddim50", "diffusers with DDIM, 50 steps", 2.0),
            )
        ),
        *(
            (f"bf16 {words}, times OpenVINO's default", value, 1.0)
            for words, value in (
                ("UNet call", _gain(results, "unet", "openvino-default", "hearsight-bf16")),
                ("decode", _gain(results, "decode", "openvino-default", "hearsight-bf16")),
                (
                    "whole sound",
                    _over(
                        _sound(results, "ours", "openvino-default"),
                        _sound(results, "ours", "hearsight-bf16"),
                    ),
                ),
            )
        ),
    ]
    rows = [
        *(_target(words, value, "<=", target) for words, value, target in at_most),
        *(_target(words, value, ">=", target) for words, value, target in at_least),
    ]
    return "## Targets\n\n" + _table(("", "target", "found", ""), rows)


def _target(words: str, value: float | None, sign: str, target: float) -> Sequence[str]:
    if value is None:
        return (words, f"{sign} {target:g}", _NONE, "")
    shown = round(value, 2)
    met = shown <= target if sign == "<=" else shown >= target
    return (words, f"{sign} {target:g}", f"{shown:.2f}", "met" if met else "**missed**")


def _median(results: Results, part: str, name: str) -> float | None:
    times = results.get(part, {}).get(name)
    return median(times) if times else None


def _gain(
    results: Results, part: str, other: str = "diffusers", own: str = "hearsight"
) -> float | None:
    return _over(_median(results, part, other), _median(results, part, own))


def _sound(results: Results, which: str, name: str) -> float | None:
    """Median seconds of a whole sound; steps that were not made at the mean of those made."""
    made = results.get("sound", {}).get(which, {}).get(name)
    if not made:
        return None
    steps = results["settings"][which]["steps"]
    return median(one["seconds"] + one["loop"] * (steps / one["made"] - 1) for one in made)


def _loop(results: Results) -> float | None:
    """Percent of Hearsight's steps that is not in the graph, at the setting with the most."""
    shares = [
        mean(100 * (one["loop"] - one["graph"]) / one["loop"] for one in made["hearsight"])
        for made in results.get("sound", {}).values()
        if all(one["graph"] for one in made.get("hearsight", [{"graph": None}]))
    ]
    return max(shares, default=None)


def _beyond(starts: Sequence[Results]) -> float | None:
    """Seconds of the best later start to the end of the first row, without a warm row."""
    return min(
        (
            one["rows"][0] - min(after - before for before, after in pairwise(one["rows"]))
            for one in starts[1:]
        ),
        default=None,
    )


def _over(one: float | None, other: float | None) -> float | None:
    return one / other if one and other else None


def _times(seconds: float | None, own: float | None) -> str:
    ratio = _over(seconds, own)
    return f"{ratio:.2f}" if ratio else ""


def _setting(setting: Results) -> str:
    words = [f"{setting['solver']}, {setting['steps']} steps"]
    if setting["eta"]:
        words.append(f"eta {setting['eta']:g}")
    if setting["candidates"] > 1:
        words.append(f"{setting['candidates']} candidates")
    return ", ".join(words)


def _named(results: Results, name: str) -> str:
    """Title and precision, with the parts that ran in another one."""
    about = results["setup"]["contenders"][name]
    title, precision = about["title"], about["precision"]
    words = [title]
    if precision not in title and precision != "its own":
        words.append(precision)
    for part, ran in results.get("ran", {}).items():
        if ran.get(name, precision) != precision:
            words.append(f"{part} in {ran[name]}")
    return ", ".join(words)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"


def _gigabytes(size: int | None) -> str:
    return f"{size / 1e9:.2f}" if size is not None else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines
    )
