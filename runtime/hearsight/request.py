"""What is asked for and what comes back: `Request` in, `Take` out, both frozen.

A request holds everything that can change a sound and nothing else: the desktop app, a
manifest row, the JSON inside a WAV and the command line are all the same record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .manifest import Modality

__all__ = [
    "Finish",
    "Heard",
    "Init",
    "Like",
    "Modality",
    "Plan",
    "Prompt",
    "Request",
    "Search",
    "Take",
    "Timing",
    "request_from_json",
    "request_to_json",
    "text",
]


@dataclass(frozen=True)
class Prompt:
    """One thing to listen to: a text, or the path of a picture, video, sound or sensor's file.

    `weight` scales it against the other prompts of the request; any finite number but zero.
    `sources` weigh the parts that a bundle finds in a picture, the surest first: 0 mutes one, and
    those that are not named count 1.
    """

    modality: Modality
    value: str
    weight: float = 1.0
    sources: tuple[float, ...] = ()

    @property
    def blank(self) -> bool:
        """Whether this is a text that says nothing."""
        return self.modality == "text" and not self.value.strip()


@dataclass(frozen=True)
class Init:
    """A sound to begin with instead of noise: the path of a file, and what becomes of it.

    strength: share of the denoising that it goes through, above 0 to 1. None: 1 where a part is
    made anew, else 0.6. span (start and end in seconds) and band (Hz): the part that is made
    anew, all times or frequencies where they are None; the rest stays as it is in the file.
    """

    file: str
    strength: float | None = None
    span: tuple[float, float] | None = None
    band: tuple[float, float] | None = None

    @property
    def partial(self) -> bool:
        """Whether a part of the sound stays as it is."""
        return self.span is not None or self.band is not None


@dataclass(frozen=True)
class Like:
    """Another sound to stay near to, by the seed of its noise (`Take.item_seed`).

    spread: 0 gives its noise, 1 noise that has nothing to do with it. like: of its own request,
    if it was itself made near to another.
    """

    seed: int
    spread: float = 0.3
    like: Like | None = None


@dataclass(frozen=True)
class Search:
    """How long a bundle that searches for its condition does so; None leaves it to the bundle.

    rounds: one after another. candidates: in each. draws: that each is the mean of.
    """

    rounds: int | None = None
    candidates: int | None = None
    draws: int | None = None


@dataclass(frozen=True)
class Finish:
    """What happens to the sound after the model made it, in this order.

    trim: cut silence below `trim_db` dBFS at both ends. fades in seconds. level: `none`, `peak`
    (to `level_db` dBFS sample peak), `auto` (peak, or none where a part of a sound stays as it
    is) or `lufs` (to `level_db` LUFS integrated, BS.1770-4; sounds
    under 0.4 s have no loudness and get `peak` at -1 instead, which the take reports).
    """

    trim: bool = False
    trim_db: float = -60.0
    fade_in: float = 0.0
    fade_out: float = 0.0
    level: Literal["auto", "none", "peak", "lufs"] = "none"
    level_db: float = -1.0
    sample_rate: int = 48000
    channels: Literal[1, 2] = 1


@dataclass(frozen=True)
class Request:
    """Everything that decides a sound.

    None means: the bundle's default, for `seed` a fresh one, which every take then carries, and
    for `seconds` the length of `init`, or else of the video, if there is one.
    `mix` says how several prompts meet: `average` as the bundle was made for, which without a way
    of its own is the weighted mean of their normalised conditions; `raw` takes the mean of what
    they are, `unit` that of unit vectors, as one again; `branches` guides towards each at the price
    of one model call per prompt. `search` is for bundles that search for their condition.
    `guidance_interval` is the part of the way from noise, 0, to sound, 1, on which guidance is
    applied; the rest follows the prompts alone, at half the price (Kynkäänniemi et al. 2024).
    `loop` makes a sound whose end runs on into its start. `candidates` are made for each sound,
    and the one most like the prompts is kept, if a conditioner can hear. `id` names the item;
    with the seed and the variation it decides the noise.
    """

    prompts: tuple[Prompt, ...]
    negative: str = ""
    seconds: float | None = None
    variations: int = 1
    first_variation: int = 0
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    guidance_interval: tuple[float, float] | None = None
    solver: Literal["ddim", "dpm++2m", "euler"] | None = None
    eta: float | None = None
    mix: Literal["average", "raw", "unit", "branches"] = "average"
    search: Search | None = None
    loop: bool = False
    init: Init | None = None
    like: Like | None = None
    candidates: int = 1
    finish: Finish = field(default_factory=Finish)
    id: str = ""


@dataclass(frozen=True)
class Plan:
    """How a take was made: device and precision of its denoise graph, and why that device."""

    bundle: str
    bundle_sha256: str
    provider: str
    precision: str
    solver: str
    steps: int
    guidance: float
    why: str


@dataclass(frozen=True)
class Timing:
    """Seconds spent in one stage; `cold` when it includes opening a graph or its first run."""

    stage: str
    seconds: float
    cold: bool


@dataclass(frozen=True)
class Heard:
    """Something in a picture that a sound was made from.

    prompt: place of the picture among the request's prompts. box: the part in pixels (left, top,
    right, bottom), None for the whole picture. score: how sure the detector is, 0 to 1, None for
    the whole. weight: what it counted, 0 if it was muted.
    """

    prompt: int
    box: tuple[float, float, float, float] | None
    score: float | None
    weight: float


@dataclass(frozen=True)
class Take:
    """One finished sound.

    audio: float32 [samples] or [samples, channels] in [-1, 1] at `sample_rate` Hz.
    request: the request as resolved: nothing is left to the bundle any more; `variations` is 1 and
    `first_variation` this take's own number, so it reproduces this take alone.
    gain_db: level change applied by finishing. notes: sentences worth telling the user, such
    as words that were not understood. loop: first and last sample of the loop, both played.
    item_seed: of the noise, for sounds like this one. similarity: cosine of what a conditioner
    hears in it and the prompts, where there were several candidates. sources: what was found in
    pictures, where a bundle looks for parts.
    """

    audio: NDArray[np.float32]
    sample_rate: int
    request: Request
    variation: int
    plan: Plan
    timings: tuple[Timing, ...] = ()
    gain_db: float = 0.0
    notes: tuple[str, ...] = ()
    loop: tuple[int, int] | None = None
    item_seed: int = 0
    similarity: float | None = None
    sources: tuple[Heard, ...] = ()

    @property
    def seconds(self) -> float:
        """Length of the audio in seconds."""
        return self.audio.shape[0] / self.sample_rate


def text(prompt: str, **fields: Any) -> Request:
    """A request for one text; `fields` are the other fields of `Request`.

    >>> text("a dog barks", seconds=2.0, seed=1).prompts[0].value
    'a dog barks'
    """
    return Request((Prompt("text", prompt),), **fields)


def request_to_json(request: Request) -> dict[str, Any]:
    """The request as plain JSON data; `request_from_json` gives an equal request back.

    `search` and the `sources` of prompts are only there where they say something, so that a
    request without them reads as it did before there were any.
    """
    data = asdict(request)
    for prompt in data["prompts"]:
        if not prompt["sources"]:
            del prompt["sources"]
    if request.search is None:
        del data["search"]
    return data


def request_from_json(data: Mapping[str, Any]) -> Request:
    """Read a request strictly.

    Raises:
        RequestError: an unknown key, a wrong type or an impossible value, named.
    """
    from . import _parse

    return _parse.request(data)
