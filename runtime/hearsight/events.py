"""What a run tells while it works: JSON Lines events, version 1.

`runtime-cli ... --json` prints one event a line and `results.jsonl` keeps some of them; their
published form is `events.schema.json` beside this file. Keys are only ever added to version 1.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, TypeAlias

from .request import Heard, Timing

__all__ = [
    "End",
    "ErrorEvent",
    "Event",
    "ProgressEvent",
    "Result",
    "StageEvent",
    "Start",
    "schema",
    "to_line",
]


@dataclass(frozen=True, kw_only=True)
class Start:
    """A run begins: `total` sounds to make with base seed `seed`, `skipped` already there."""

    v: Literal[1] = 1
    event: Literal["start"] = "start"
    bundle: str
    bundle_sha256: str
    seed: int
    total: int
    skipped: int


@dataclass(frozen=True, kw_only=True)
class StageEvent:
    """The item `id` enters `stage`: load, prepare, encode, denoise, decode or finish.

    `hint` says how long that may take, where it is not the usual.
    """

    v: Literal[1] = 1
    event: Literal["stage"] = "stage"
    id: str
    stage: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class ProgressEvent:
    """`step` of `total` steps of a stage are done."""

    v: Literal[1] = 1
    event: Literal["progress"] = "progress"
    id: str
    stage: str
    step: int
    total: int


@dataclass(frozen=True, kw_only=True)
class Result:
    """A sound lies at `path`, complete and flushed to the disk.

    `id`, `seed` and `variation` (from 0) make the same sound again. `duration` in seconds;
    `sha256` of the file; `request_sha256` of everything that decided it, which is how
    `--resume` knows that it is done; `loop` holds the first and last sample of a loop;
    `similarity` is how much it is what was asked for, where candidates were compared; `sources`
    is what was found in pictures.
    """

    v: Literal[1] = 1
    event: Literal["result"] = "result"
    id: str
    variation: int
    path: str
    seed: int
    duration: float
    sha256: str
    request_sha256: str
    bundle: str
    provider: str
    precision: str
    why: str
    gain_db: float
    loop: tuple[int, int] | None
    similarity: float | None
    sources: tuple[Heard, ...] = ()
    notes: tuple[str, ...]
    timings: tuple[Timing, ...]


@dataclass(frozen=True, kw_only=True)
class ErrorEvent:
    """Something failed: one item, or the whole run when `id` is null.

    `code` is the exit code of this kind of error, `line` the line of the manifest.
    """

    v: Literal[1] = 1
    event: Literal["error"] = "error"
    id: str | None
    line: int | None
    code: int
    kind: str
    message: str


@dataclass(frozen=True, kw_only=True)
class End:
    """The run is over: sounds made, failed and skipped, and the exit code that follows."""

    v: Literal[1] = 1
    event: Literal["end"] = "end"
    done: int
    failed: int
    skipped: int
    seconds: float
    exit_code: int


Event: TypeAlias = Start | StageEvent | ProgressEvent | Result | ErrorEvent | End


def to_line(event: Event) -> str:
    """The event as one line of ASCII JSON, with its line feed."""
    return json.dumps(asdict(event), allow_nan=False) + "\n"


def schema() -> dict[str, Any]:
    """JSON Schema of one line."""
    from pydantic import Discriminator, TypeAdapter

    adapter = TypeAdapter[Any](Annotated[Event, Discriminator("event")])
    told = adapter.json_schema(mode="serialization")
    for definition in told["$defs"].values():
        definition["required"] = list(definition["properties"])  # defaults are written too
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One event of runtime-cli --json",
        **told,
    }
