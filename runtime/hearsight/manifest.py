"""The data of `bundle.json`, format 1: what a bundle says about itself.

These frozen dataclasses are the one definition of the format: the strict parser in `bundle`,
the JSON Schema beside `engines/FORMAT.md` and the exporter's writer all derive from them.
Shapes hold numbers for fixed axes and names for free ones: `B` variations, `G` guidance
branches, `GB` both multiplied, `T` latent frames, `80T` eighty values for each of them, `N`
video frames, `S` audio samples, `L` tokens, `H` and `W` picture size.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "FORMAT",
    "AudioConditioner",
    "AudioSpec",
    "Betas",
    "ChainParity",
    "Check",
    "Conditioners",
    "DataFile",
    "Defaults",
    "Graph",
    "ImageConditioner",
    "Latent",
    "License",
    "Limits",
    "Manifest",
    "Parity",
    "Precision",
    "Role",
    "Schedule",
    "Source",
    "Space",
    "TensorFile",
    "TensorSpec",
    "TextConditioner",
    "Variant",
    "VideoConditioner",
]

FORMAT = 1

Role = Literal[
    "tokenize", "text", "image", "frames", "audio", "denoise", "encode", "decode", "vocoder"
]
Precision = Literal["fp32", "fp16", "int8"]
DType = Literal["float32", "float16", "int64", "int32", "uint8", "bool", "string"]
Dim = int | str


@dataclass(frozen=True)
class DataFile:
    """A file of the bundle: path relative to its folder with `/`, sha256 in hex, size in bytes."""

    file: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class TensorFile:
    """A tensor stored as raw little-endian values in C order, without a header."""

    file: str
    sha256: str
    bytes: int
    dtype: DType
    shape: tuple[int, ...]


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of a graph."""

    name: str
    dtype: DType
    shape: tuple[Dim, ...]


@dataclass(frozen=True)
class Variant:
    """One precision of a graph: the ONNX file and the external weight files it maps."""

    file: str
    sha256: str
    bytes: int
    weights: tuple[DataFile, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return self.bytes + sum(file.bytes for file in self.weights)


@dataclass(frozen=True)
class Check:
    """Golden inputs and outputs of a graph, computed by PyTorch, in the graph's own order.

    A `string` input has no file: it is given by `text`.
    """

    inputs: tuple[TensorFile, ...]
    outputs: tuple[TensorFile, ...]
    text: str = ""


@dataclass(frozen=True)
class Parity:
    """How far a variant was from PyTorch when it was exported, the worst over `shapes`."""

    precision: Precision
    max_abs: float
    relative_l2: float
    snr_db: float
    shapes: tuple[str, ...] = ()


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
class Graph:
    """A computation of the bundle. `hot` graphs run many times a sound, the others once.

    `role` is what it does; a graph without one is named after its role. `refused` says of a
    precision that was tried why there is no such variant.
    """

    variants: dict[Precision, Variant]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    hot: bool = False
    check: Check | None = None
    parity: tuple[Parity, ...] = ()
    role: Role | None = None
    refused: dict[Precision, str] = field(default_factory=dict[Precision, str])


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
class AudioSpec:
    """What `decode` returns: rate in Hz and number of channels.

    `peak` is the sample peak that all sounds had in training; None if they had many.
    """

    sample_rate: int
    channels: Literal[1, 2] = 1
    peak: float | None = None


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

    `empty` is the condition that stands for "no prompt"; a generator needs it for guidance.
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
    """Picture (uint8 RGB, any size) to condition."""

    graphs: tuple[str, ...]


@dataclass(frozen=True)
class VideoConditioner:
    """Video to condition: the first graph embeds each frame, `frames` joins them.

    `fps` frames a second are taken from the start, `max_frames` at the most; 0 `fps` means
    `max_frames` evenly spaced over the whole clip.
    """

    graphs: tuple[str, ...]
    fps: float
    max_frames: int


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
class Conditioners:
    """The prompts this bundle understands; a modality that is absent is not understood."""

    text: TextConditioner | None = None
    image: ImageConditioner | None = None
    video: VideoConditioner | None = None
    audio: AudioConditioner | None = None


@dataclass(frozen=True)
class Manifest:
    """All of `bundle.json`. `audio`, `latent`, `schedule` and `defaults` belong to generators."""

    format: Literal[1]
    name: str
    title: str
    version: str
    kind: Literal["generator", "conditioner", "both"]
    license: dict[str, License]
    source: Source
    space: Space
    graphs: dict[str, Graph]
    conditioners: Conditioners = field(default_factory=Conditioners)
    audio: AudioSpec | None = None
    latent: Latent | None = None
    schedule: Schedule | None = None
    defaults: Defaults | None = None
    chain: tuple[ChainParity, ...] = ()
