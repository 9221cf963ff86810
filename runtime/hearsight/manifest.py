"""The data of `bundle.json`, format 1: what a bundle says about itself.

These frozen dataclasses are the one definition of the format: the strict parser in `bundle`,
the JSON Schema beside `engines/FORMAT.md` and the exporter's writer all derive from them.
Shapes hold numbers for fixed axes and names for free ones: `B` variations, `G` guidance
branches, `GB` both multiplied, `T` latent frames, `80T` eighty values for each of them, `N`
video frames, `S` samples, `L` tokens, `H` and `W` picture size, `R` rounds and `C` candidates of
a search.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .graphs import (
    Check,
    DataFile,
    Dim,
    DType,
    Graph,
    Modality,
    Parity,
    Precision,
    Role,
    TensorFile,
    TensorSpec,
    Variant,
)

__all__ = [
    "FORMAT",
    "AudioConditioner",
    "AudioSpec",
    "Betas",
    "ChainParity",
    "Check",
    "Classifier",
    "Conditioners",
    "DType",
    "DataFile",
    "Defaults",
    "Graph",
    "ImageConditioner",
    "Join",
    "JoinInput",
    "Latent",
    "License",
    "Limits",
    "Manifest",
    "Mel",
    "Modality",
    "Parity",
    "Precision",
    "Role",
    "Schedule",
    "Search",
    "SensorConditioner",
    "Source",
    "Space",
    "TensorFile",
    "TensorSpec",
    "TextConditioner",
    "Variant",
    "VideoConditioner",
]

FORMAT = 1


@dataclass(frozen=True)
class License:
    """Terms of one weight file. `commercial_use` None means: not known, ask the author."""

    name: str
    url: str = ""
    commercial_use: bool | None = None


@dataclass(frozen=True)
class Source:
    """Where the weights came from and what exported them."""

    family: str
    checkpoint: str
    sha256: str
    tools: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Mel:
    """The mel spectrogram between `decode` and `vocoder`, so that vocoders can be exchanged.

    `bins` bands from `fmin` to `fmax` in Hz of Fourier transforms of `n_fft` samples, `hop` samples
    apart; values below `floor` count as that before the logarithm `log`.
    """

    bins: int
    n_fft: int
    hop: int
    fmin: float
    fmax: float
    log: Literal["ln", "log10"]
    floor: float


@dataclass(frozen=True)
class AudioSpec:
    """What `decode` returns: rate in Hz and number of channels.

    `peak` is the sample peak that all sounds had in training; None if they had many. `mel` tells
    what a `vocoder` takes, None where nobody needs to know.
    """

    sample_rate: int
    channels: Literal[1, 2] = 1
    peak: float | None = None
    mel: Mel | None = None


@dataclass(frozen=True)
class Latent:
    """The tensor the sampler works on, without its batch axis; exactly one axis is `T`.

    One frame decodes to `samples_per_frame` samples; frame counts are rounded up to `multiple`.
    `bands` are the edges in Hz of what the entries of the last axis stand for, if they do.
    """

    shape: tuple[Dim, ...]
    samples_per_frame: int
    multiple: int = 1
    bands: tuple[float, ...] = ()


@dataclass(frozen=True)
class Space:
    """The named meeting place of conditioners and generators: shape of one condition.

    `empty` is the condition that stands for "no prompt"; a generator needs it for guidance. Of a
    classifier it names the set of classes, and `shape` is their number.
    """

    name: str
    shape: tuple[int, ...]
    empty: TensorFile | None = None


@dataclass(frozen=True)
class Betas:
    """Noise added per training step.

    `linear`: evenly spaced betas; `scaled_linear`: evenly spaced square roots; `cosine`: from
    the squared-cosine cumulative alpha (Nichol and Dhariwal 2021, eq. 17); `given`: `values`;
    `flow`: no betas, x = (1 - s) data + s noise, with `shift` bending s.
    """

    kind: Literal["linear", "scaled_linear", "cosine", "given", "flow"]
    start: float = 0.0
    end: float = 0.0
    values: tuple[float, ...] = ()
    shift: float = 1.0


@dataclass(frozen=True)
class Schedule:
    """The noise schedule the generator was trained with.

    `final_alpha` says what the last step aims at: `one` (clean data) or `first` (the
    cumulative alpha of training step 0, as latent-diffusion samplers do). `spacing` is how the
    family's own sampler picks steps: `leading` (diffusers, offset 1), `trailing` (from the end
    of training), or `upstream` (latent-diffusion's whole-number stride).
    """

    train_steps: int
    betas: Betas
    prediction: Literal["epsilon", "v", "sample", "flow"]
    final_alpha: Literal["one", "first"] = "one"
    spacing: Literal["leading", "trailing", "upstream"] = "leading"


@dataclass(frozen=True)
class Limits:
    """Shortest and longest sound in seconds that this generator makes in one piece."""

    min_seconds: float
    max_seconds: float


@dataclass(frozen=True)
class Defaults:
    """What is used when a request leaves a choice open."""

    solver: Literal["ddim", "dpm++2m", "euler"]
    steps: int
    guidance: float
    seconds: float
    limits: Limits
    eta: float = 0.0


@dataclass(frozen=True)
class TextConditioner:
    """Text to condition: graphs run in order, the first takes the string or token ids.

    `vocabulary` is a UTF-8 file, one lower-case word a line, of the words the model has met;
    without it every word is taken as known.
    """

    graphs: tuple[str, ...]
    vocabulary: DataFile | None = None


@dataclass(frozen=True)
class ImageConditioner:
    """Picture (uint8 RGB, any size) to condition.

    `max_sources` parts at the most are looked at, where a `detect` graph finds some.
    """

    graphs: tuple[str, ...]
    max_sources: int = 16


@dataclass(frozen=True)
class VideoConditioner:
    """Video to condition: the first graph embeds each frame, `frames` joins them.

    `fps` frames a second are taken from the start, `max_frames` at the most; 0 `fps` means
    `max_frames` evenly spaced over the whole clip. With a `moment` graph `max_frames` moments of
    `moment_seconds` are looked at instead. `max_sources` as for pictures, in each frame.
    """

    graphs: tuple[str, ...]
    fps: float
    max_frames: int
    moment_seconds: float = 0.0
    max_sources: int = 16


@dataclass(frozen=True)
class AudioConditioner:
    """Sound to condition: mono at `sample_rate` Hz, cut to `seconds`.

    `pad` says whether a shorter one is padded with zeros to `seconds`, or comes as it is.
    """

    graphs: tuple[str, ...]
    sample_rate: int
    seconds: float
    pad: bool = True


@dataclass(frozen=True)
class SensorConditioner:
    """What a sensor saw to condition: a depth or thermal picture, or the signal of an IMU."""

    graphs: tuple[str, ...]


@dataclass(frozen=True)
class Conditioners:
    """The prompts this bundle understands; a modality that is absent is not understood."""

    text: TextConditioner | None = None
    image: ImageConditioner | None = None
    video: VideoConditioner | None = None
    audio: AudioConditioner | None = None
    depth: SensorConditioner | None = None
    thermal: SensorConditioner | None = None
    imu: SensorConditioner | None = None


@dataclass(frozen=True)
class JoinInput:
    """One input of the `join` graph, and the prompts that go there.

    `fill` says how: `mean` gives one weighted mean of what they became, `list` a row to each.
    `mean` is of unit vectors or of vectors as they are.
    """

    name: str
    takes: tuple[Modality, ...]
    fill: Literal["mean", "list"]
    mean: Literal["raw", "unit"] = "unit"


@dataclass(frozen=True)
class Search:
    """How long a `join` graph searches for its condition: `rounds` of so many `candidates`, each
    the mean of so many `draws`."""

    rounds: int
    candidates: int
    draws: int


@dataclass(frozen=True)
class Join:
    """How prompts meet in the `join` graph before they are a condition.

    `whole` says that row 0 is kept for a picture as a whole, its parts being the rows behind.
    """

    inputs: tuple[JoinInput, ...]
    whole: bool = False
    search: Search | None = None


@dataclass(frozen=True)
class Classifier:
    """What a sound shows: its only graph gives the probability of every class.

    Sound comes as for an `AudioConditioner`. `labels` is a UTF-8 file, one class a line.
    """

    graphs: tuple[str, ...]
    sample_rate: int
    seconds: float
    pad: bool = True
    labels: DataFile | None = None


@dataclass(frozen=True)
class ChainParity:
    """How far a whole sound was from PyTorch's, same noise: condition, every step, decoding.

    `snr_db` compares waveforms; `log_mel_db` is the mean distance of their log-mel spectra.
    """

    precision: Precision
    seconds: float
    steps: int
    snr_db: float
    log_mel_db: float


@dataclass(frozen=True)
class Manifest:
    """All of `bundle.json`. `audio`, `latent`, `schedule` and `defaults` belong to generators,
    `join` to bundles with such a graph, `classifier` to classifiers."""

    format: Literal[1]
    name: str
    title: str
    version: str
    kind: Literal["generator", "conditioner", "both", "classifier"]
    license: dict[str, License]
    source: Source
    space: Space
    graphs: dict[str, Graph]
    conditioners: Conditioners = field(default_factory=Conditioners)
    join: Join | None = None
    classifier: Classifier | None = None
    audio: AudioSpec | None = None
    latent: Latent | None = None
    schedule: Schedule | None = None
    defaults: Defaults | None = None
    chain: tuple[ChainParity, ...] = ()

    @property
    def makes_sound(self) -> bool:
        """Whether it is a generator, whatever else it is."""
        return self.kind in ("generator", "both")
