"""Read the pictures, videos and sounds that people give as prompts.

    >>> from hearsight import media
    >>> media.read_image("street.jpg").shape
    (1080, 1920, 3)

Whatever cannot be read is a `MediaError` of one sentence: the file, what is wrong with it,
what to do instead.
"""

from __future__ import annotations

import math
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from . import _sniff
from .errors import MediaError

if TYPE_CHECKING:
    from soundfile import SoundFile

__all__ = [
    "audio_seconds",
    "frame_times",
    "frames_at",
    "kind_of",
    "read_audio",
    "read_image",
    "video_seconds",
]

Pixels = NDArray[np.uint8]
Samples = NDArray[np.float32]

_BIG_PICTURE = 64_000_000  # pixels; above this a picture is read at a half, quarter or eighth
_MAX_PICTURE = 1 << 30  # pixels; OpenCV's own limit
_MAX_FILE = 1 << 30  # bytes of a picture file
_BIG_FRAME = 2048  # longer side in pixels above which video frames are halved
_LOST_END = 0.5  # seconds: decoders lose a frame or two at the end without anything being wrong
_SILENCE = 10 ** (-90 / 20)  # a 16-bit file's smallest step: below it there is nothing to hear
_READ_BLOCK = 1 << 20  # samples of all channels read at a time


def kind_of(path: str | Path) -> Literal["image", "video", "audio"]:
    """Whether a file is a picture, a video or a sound, whatever its name says.

    Raises:
        MediaError: it is missing, or none of these.
    """
    kind = _sniff.kind_of(path)
    if kind:
        return kind
    with suppress(MediaError):
        audio_seconds(path)
        return "audio"
    with suppress(MediaError):
        video_seconds(path)
        return "video"
    raise MediaError(f"{path} is neither a picture nor a video or sound that is read.")


def read_image(path: str | Path) -> Pixels:
    """Read a picture as uint8 [H, W, 3] RGB, upright.

    EXIF orientation is applied, grey becomes RGB, 16 bits become 8, transparent pixels show
    white, and an animation gives its first frame. A picture of more than 64 megapixels comes
    back at a half, a quarter or an eighth of its size (its transparency is then ignored).

    Raises:
        MediaError: it is missing, no picture, damaged, or too large for the memory at hand.
    """
    path = _sniff.checked(path, "image")
    cv2 = _opencv()
    if path.stat().st_size > _MAX_FILE:
        raise MediaError(f"The file {path} is too large for a picture: over 1 GB.")
    try:
        data = np.fromfile(path, np.uint8)
        factor = _reduction(path, _sniff.picture_size(data[: 1 << 20].tobytes()))
        read = {
            1: cv2.IMREAD_COLOR,
            2: cv2.IMREAD_REDUCED_COLOR_2,
            4: cv2.IMREAD_REDUCED_COLOR_4,
            8: cv2.IMREAD_REDUCED_COLOR_8,
        }[factor]
        bgr = cast("Pixels | None", cv2.imdecode(data, read))
        if bgr is not None and factor == 1 and bgr.shape[0] * bgr.shape[1] <= _BIG_PICTURE:
            bgr = _over_white(data, bgr)
        elif bgr is not None and factor == 1:
            factor = _reduction(path, (bgr.shape[1], bgr.shape[0]))
            small = max(1, bgr.shape[1] // factor), max(1, bgr.shape[0] // factor)
            bgr = cast("Pixels", cv2.resize(bgr, small, interpolation=cv2.INTER_AREA))
    except (cv2.error, MemoryError, OSError) as problem:
        raise MediaError(f"The picture {path} could not be read: {_reason(problem)}.") from problem
    if bgr is None:
        raise MediaError(
            f"The picture {path} is damaged, cut short, or of a type that is not read. "
            "Save it again as PNG or JPEG."
        )
    return np.ascontiguousarray(bgr[..., ::-1])


def frame_times(
    path: str | Path,
    *,
    fps: float,
    max_frames: int,
    spans: Sequence[tuple[float, float] | None] = (None,),
) -> list[NDArray[np.float64]]:
    """For each span of a video, when the frames to look at come on screen, sorted.

    `fps` > 0 takes the frame on screen every 1/fps seconds from the start, at most
    `max_frames`; `fps` 0 takes exactly `max_frames`, evenly spaced from the first frame to
    the last (a clip with fewer frames repeats some). Times are the file's own timestamps, so
    clips of varying frame rate are right. None is the whole clip; a span, in seconds from the
    first frame, stands for a clip of its own: where the video ends before it, its last seconds
    do, and where it is longer than `max_frames` last, its middle.

    Raises:
        MediaError: it is missing, no video, a still picture, damaged, or holds no frame.
    """
    path = _sniff.checked(path, "video")
    _sniff.refuse_cut_short(path)
    times = _timestamps(path)
    found: list[NDArray[np.float64]] = []
    for span in spans:
        first, last, end = times[0], times[-1], _end(times)
        if span is not None:
            length = min(span[1] - span[0], end - first)
            first += min(span[0], end - first - length)
            end = first + length
            last = min(last, end)
            if fps > 0:
                first += max(0.0, length - max_frames / fps) / 2
        if fps > 0:
            count = max(1, min(max_frames, math.ceil((end - first) * fps - 1e-6)))
            wanted = np.arange(count, dtype=np.float64) / fps + first
        else:
            wanted = np.linspace(first, last, max_frames, dtype=np.float64)
        found.append(times[np.searchsorted(times, wanted + 1e-4, side="right") - 1])
    return found


def frames_at(path: str | Path, times: NDArray[np.float64]) -> Iterator[Pixels]:
    """Decode the frames shown at `times` (sorted, in seconds, possibly repeated), one by one.

    Each is uint8 [H, W, 3] RGB, upright, reduced where a side has more than 2048 pixels.

    Raises:
        MediaError: the video is damaged, or its pictures change their size.
    """
    cv2 = _opencv()
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    last: Pixels | None = None
    shape: tuple[int, ...] = ()
    given, reached = 0, 0.0
    try:
        while given < len(times) and capture.grab():
            reached = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            due = int(np.searchsorted(times, reached + 1e-4, side="right")) - given
            if due <= 0 and reached <= times[-1] - _LOST_END:
                continue
            ok, bgr = capture.retrieve()
            if not ok:
                break
            last = _frame(np.asarray(bgr, np.uint8))
            shape = shape or last.shape
            if last.shape != shape:
                raise MediaError(
                    f"The video {path} changes its picture size midway. Convert it to MP4."
                )
            for _ in range(max(0, due)):
                given += 1
                yield last
    except (cv2.error, MemoryError) as problem:
        raise MediaError(f"The video {path} could not be read: {_reason(problem)}.") from problem
    finally:
        capture.release()
    if given < len(times) and (last is None or reached <= times[-1] - _LOST_END):
        raise MediaError(
            f"The video {path} is damaged: it could be read up to {reached:.1f} seconds "
            f"but goes on to {times[-1]:.1f}. Convert it to MP4, WebM or MKV."
        )
    for _ in range(len(times) - given):
        assert last is not None, "a frame was read"
        yield last


def video_seconds(path: str | Path) -> float:
    """How long a video is shown, its last frame included.

    Raises:
        MediaError: as `frame_times`.
    """
    path = _sniff.checked(path, "video")
    _sniff.refuse_cut_short(path)
    times = _timestamps(path)
    return float(_end(times) - times[0])


def audio_seconds(path: str | Path) -> float:
    """Length of a sound file, as it states it.

    Raises:
        MediaError: it is missing, no sound, or damaged.
    """
    with _opened(path) as (_, file):
        return file.frames / file.samplerate


def read_audio(
    path: str | Path,
    *,
    sample_rate: int,
    seconds: float | None = None,
    channels: Literal[1, 2] = 1,
) -> Samples:
    """Read a sound as float32 at `sample_rate` Hz: [samples], the mean of its channels.

    `seconds` reads no more than that from the start; a shorter file gives what it has. With
    `channels` 2 it is [samples, 2]: mono on both sides, and of more than two the first two.

    Raises:
        MediaError: it is missing, no sound (the sound of a video is not read), damaged, cut
            short, silent, or holds values that are not numbers.
    """
    import soxr

    with _opened(path) as (path, file):
        rate = file.samplerate
        mono = _samples(path, file, seconds, channels)
    if not np.isfinite(mono).all():
        raise MediaError(
            f"The sound {path} holds values that are not numbers (NaN or infinity). "
            "Export it again from the program that made it."
        )
    if np.abs(mono).max(initial=0.0) < _SILENCE:
        part = "" if seconds is None else f" in its first {seconds:g} seconds"
        raise MediaError(f"The sound {path} is silent{part}: there is nothing to listen to.")
    length = max(1, round(len(mono) * sample_rate / rate))
    if rate != sample_rate:
        mono = np.asarray(soxr.resample(mono, rate, sample_rate, quality="VHQ"), np.float32)
        missing = max(0, length - len(mono))
        mono = np.pad(mono[:length], ((0, missing), *((0, 0),) * (mono.ndim - 1)))
    return mono if seconds is None else mono[: max(1, round(seconds * sample_rate))]


def _opencv():
    """OpenCV without its own messages on stderr, unless the user's environment asks for them."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    import cv2

    return cv2


def _reason(problem: BaseException) -> str:
    """The useful half of a library's message."""
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror
    text = str(problem)
    if isinstance(problem, MemoryError) or "Insufficient memory" in text:
        return "the memory does not suffice; make it smaller first"
    return text.rsplit("error: ", 1)[-1].strip().rstrip(".") or type(problem).__name__


def _reduction(path: Path, size: tuple[int, int] | None) -> int:
    """By what factor to shrink a picture of `size` (width, height); 1 if the size is unknown."""
    pixels = size[0] * size[1] if size else 0
    if size and pixels > _MAX_PICTURE:
        raise MediaError(
            f"The picture {path} has {size[0]} x {size[1]} pixels; at most {_MAX_PICTURE >> 20} "
            "megapixels are read. Scale it down first."
        )
    return next((f for f in (1, 2, 4) if pixels <= _BIG_PICTURE * f * f), 8)


def _over_white(data: Pixels, bgr: Pixels) -> Pixels:
    """Lay a picture with an alpha channel over white; one without is returned as it is."""
    cv2 = _opencv()
    if data[:2].tobytes() == b"\xff\xd8":  # JPEG has no alpha
        return bgr
    found, kinds, blobs = cv2.imdecodeWithMetadata(data, flags=cv2.IMREAD_UNCHANGED)
    whole = cast("NDArray[Any] | None", found)
    if whole is None or whole.ndim != 3 or whole.shape[2] != 4:
        return bgr
    exif = [bytes(b) for k, b in zip(kinds, blobs, strict=True) if k == cv2.IMAGE_METADATA_EXIF]
    whole = _sniff.upright(whole, exif[0] if exif else b"")
    if whole.shape[:2] != bgr.shape[:2]:  # an EXIF block that OpenCV understands differently
        return bgr
    top = float(np.iinfo(whole.dtype).max) if whole.dtype.kind == "u" else 1.0
    alpha = whole[..., 3:].astype(np.float32) / top
    over = bgr.astype(np.float32) * alpha + 255 * (1 - alpha)
    return np.rint(over).astype(np.uint8)


def _timestamps(path: Path) -> NDArray[np.float64]:
    """Presentation times in seconds of a video's frames, sorted, read without decoding them."""
    cv2 = _opencv()
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_FORMAT, -1])
    if not capture.isOpened():
        raise MediaError(
            f"The video {path} is damaged, cut short, or holds no pictures. "
            "Convert it to MP4, WebM or MKV."
        )
    try:
        found: list[float] = []
        while capture.grab():
            found.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    finally:
        capture.release()
    times = np.unique(np.asarray(found, np.float64))
    if len(times) == 0:
        raise MediaError(f"The video {path} holds no frames.")
    if len(times) == 1:
        raise MediaError(
            f"{path} holds a single picture, not a video: give it as an image, as PNG or JPEG."
        )
    return times


def _end(times: NDArray[np.float64]) -> float:
    """When the last frame, shown as long as the others on average, is over."""
    return float(times[-1] + (times[-1] - times[0]) / (len(times) - 1))


def _frame(bgr: Pixels) -> Pixels:
    cv2 = _opencv()
    factor = -(-max(bgr.shape[:2]) // _BIG_FRAME)
    if factor > 1:
        small = max(1, bgr.shape[1] // factor), max(1, bgr.shape[0] // factor)
        bgr = np.asarray(cv2.resize(bgr, small, interpolation=cv2.INTER_AREA), np.uint8)
    return bgr[..., ::-1]


@contextmanager
def _opened(path: str | Path) -> Generator[tuple[Path, SoundFile]]:
    """A sound file, read within the block, and its path."""
    import soundfile

    path = _sniff.checked(path, "audio")
    _sniff.refuse_cut_short(path)
    try:
        with open(path, "rb") as stream, soundfile.SoundFile(stream) as file:
            yield path, file
    except soundfile.LibsndfileError as problem:
        raise MediaError(
            f"The sound {path} is damaged or of a type that is not read. "
            "Save it again as WAV or FLAC."
        ) from problem
    except (MemoryError, OSError) as problem:
        raise MediaError(f"The sound {path} could not be read: {_reason(problem)}.") from problem


def _samples(
    path: Path, file: SoundFile, seconds: float | None, channels: Literal[1, 2]
) -> Samples:
    """All samples wanted of an open file, its channels averaged for one."""
    stated = file.frames
    wanted = stated if seconds is None else min(stated, math.ceil(seconds * file.samplerate))
    size = max(1, _READ_BLOCK // file.channels)
    blocks: list[Samples] = []
    left = wanted
    while left > 0:
        block = cast("Samples", file.read(min(left, size), dtype="float32", always_2d=True))
        if len(block) == 0:
            break
        if channels == 1:
            blocks.append(block.mean(axis=1, dtype=np.float32))
        else:
            blocks.append(block[:, :2] if block.shape[1] > 1 else np.repeat(block, 2, axis=1))
        left -= len(block)
    if stated == 0:
        raise MediaError(f"The sound {path} holds no samples; it may be cut short.")
    if left > 0:
        raise MediaError(
            f"The sound {path} is cut short: {(wanted - left) / file.samplerate:.1f} of "
            f"{stated / file.samplerate:.1f} seconds are there. Copy or download it again."
        )
    return np.concatenate(blocks)
