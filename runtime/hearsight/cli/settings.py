"""The settings that verbs share: one table for flags, environment, files and help texts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_type_hints

__all__ = ["ALIASES", "Option", "Panel", "Settings", "hints", "options"]

Panel = Literal["Sound", "Editing", "Finish", "Files", "Machine", "Messages"]

ALIASES = {
    "ddim-steps": "steps",
    "n-samples": "variations",
    "scale": "guidance",
    "seconds": "duration",
    "save-dir": "out-dir",
}
"""Other spellings of flags, most of them those of the research scripts; `_` counts as `-`."""


@dataclass(frozen=True)
class Option:
    """How a setting looks on the command line; `flags` may add a short one."""

    help: str
    panel: Panel
    metavar: str | None = None
    flags: tuple[str, ...] = ()


def _option(default: Any, help: str, panel: Panel, metavar: str | None = None, *flags: str) -> Any:
    return dataclasses.field(
        default=default, metadata={"option": Option(help, panel, metavar, flags)}
    )


@dataclass(frozen=True)
class Settings:
    """Every setting after flags, environment, preset and files were laid over the defaults.

    None means that the bundle's own default is used.
    """

    duration: float | None = _option(None, "Length in seconds.", "Sound", "S")
    variations: int = _option(1, "How many different sounds to make.", "Sound", "N", "-n")
    first_variation: int = _option(
        0, "Begin with this one, counted from 0: makes one of several again.", "Sound", "N"
    )
    seed: int | None = _option(
        None, "Same seed, same sound. Without it one is drawn and printed.", "Sound", "N"
    )
    steps: int | None = _option(None, "Denoising steps: more is slower and finer.", "Sound", "N")
    guidance: float | None = _option(None, "How closely to follow the prompt.", "Sound", "X")
    guidance_interval: str = _option(
        "",
        "Guide on this part of the way from noise, 0, to sound, 1, only: 0.2:1 saves a tenth.",
        "Sound",
        "FROM:TO",
    )
    negative: str = _option("", "What should not be heard.", "Sound", "TEXT")
    solver: Literal["ddim", "dpm++2m", "euler"] | None = _option(
        None, "How steps are taken.", "Sound", "ddim|dpm++2m|euler"
    )
    eta: float | None = _option(None, "Fresh noise per DDIM step, 0 to 1.", "Sound", "X")
    mix: Literal["average", "raw", "unit", "branches"] = _option(
        "average",
        "How several prompts meet: as the bundle was made for, as the mean of what they become or "
        "of unit vectors, or each in a branch of its own.",
        "Sound",
        "average|raw|unit|branches",
    )
    cycle_its: int | None = _option(
        None, "Rounds after the first, for a bundle that searches its condition.", "Sound", "N"
    )
    cycle_samples: int | None = _option(None, "Candidates in each round of it.", "Sound", "N")
    var_samples: int | None = _option(
        None, "Draws that each candidate is the mean of.", "Sound", "N"
    )
    loop: bool = _option(False, "Make a sound whose end runs on into its start.", "Sound")
    candidates: int = _option(
        1, "Make so many for each sound and keep the one most like the prompts.", "Sound", "N"
    )

    init: str = _option("", "A sound to begin with and to change.", "Editing", "FILE")
    strength: float | None = _option(
        None,
        "How much of it changes, up to 1 [default: 0.6, or 1 for what --inpaint makes anew].",
        "Editing",
        "X",
    )
    inpaint: str = _option(
        "", "Make only these seconds of it anew, such as 1.5:3 or 4:.", "Editing", "FROM:TO"
    )
    inpaint_band: str = _option(
        "", "Make only these frequencies in Hz of it anew, such as 2000:.", "Editing", "FROM:TO"
    )
    like: str = _option(
        "",
        "A sound made before: make others near to it, of its prompts if you give none.",
        "Editing",
        "FILE",
    )
    spread: float | None = _option(None, "How far from it, 0 to 1 [default: 0.3].", "Editing", "X")

    normalize: str = _option(
        "auto",
        "Level: none, peak (-1 dBFS), peak=-6, lufs (-23 LUFS), lufs=-16, or auto: peak, but none "
        "after --inpaint.",
        "Finish",
        "LEVEL",
    )
    trim: bool = _option(False, "Cut silence at both ends.", "Finish")
    fade_in: float = _option(0.0, "Seconds of fade at the start.", "Finish", "S")
    fade_out: float = _option(0.0, "Seconds of fade at the end.", "Finish", "S")
    sample_rate: int = _option(48000, "Sample rate of the files in Hz.", "Finish", "HZ")
    channels: Literal[1, 2] = _option(1, "Mono or the same on two channels.", "Finish", "1|2")
    bit_depth: Literal["16", "24", "32f"] = _option(
        "24", "Bits per sample of a WAV; 16 is dithered.", "Finish", "16|24|32f"
    )

    preset: str = _option(
        "", "film, game, unreal, library, or a file of settings.", "Finish", "NAME|FILE"
    )

    name: str = _option(
        "",
        "File name from {id}, {prompt}, {variation}, {seed} and {model}; a suffix chooses "
        "wav, flac or ogg.",
        "Files",
        "TEMPLATE",
    )
    overwrite: bool = _option(False, "Replace files that exist.", "Files")
    skip_existing: bool = _option(False, "Keep files that exist and make only the others.", "Files")

    model: str = _option("starter", "Bundle to play: a name or a folder.", "Machine", "BUNDLE")
    conditioner: tuple[str, ...] = _option(
        (), "Another bundle of the same space to understand prompts with.", "Machine", "BUNDLE"
    )
    judge: str = _option(
        "",
        "A bundle of any space that understands sounds, to choose among candidates with.",
        "Machine",
        "BUNDLE",
    )
    device: str = _option(
        "auto",
        "auto, rtx, cuda, tensorrt, openvino, directml, coreml or cpu; auto takes the best that "
        "works, and doctor tells which do.",
        "Machine",
        "DEVICE",
    )
    precision: Literal["fp32", "fp16", "int8", "bf16"] | None = _option(
        None,
        "Instead of fp16 on a GPU and fp32 on a processor; bf16 is OpenVINO's.",
        "Machine",
        "fp32|fp16|int8|bf16",
    )
    prepare: Literal["never", "background", "first"] | None = _option(
        None,
        "Compile graphs for the device: before the first sound, meanwhile, or never [default: "
        "first for --device rtx or tensorrt, background if auto chose it].",
        "Machine",
        "never|background|first",
    )
    memory: str = _option(
        "", "What the weights of open graphs may take, such as 2GB.", "Machine", "SIZE"
    )
    threads: int | None = _option(None, "Processor threads to use.", "Machine", "N")

    json: bool = _option(False, "Results as JSON on standard output.", "Messages")
    quiet: bool = _option(False, "Print errors and results only.", "Messages", None, "-q")
    log_level: Literal["error", "warning", "info", "debug"] = _option(
        "info", "How much to tell.", "Messages", "error|warning|info|debug"
    )
    log_file: str = _option(
        "", "Add everything, whatever the level, to this file.", "Messages", "FILE"
    )
    color: bool = _option(True, "Colours on a terminal.", "Messages")


def options() -> Mapping[str, Option]:
    """Every setting's name and look, in the order of the table."""
    return {field.name: field.metadata["option"] for field in dataclasses.fields(Settings)}


@cache
def hints() -> Mapping[str, Any]:
    """The type of every setting."""
    return get_type_hints(Settings)
