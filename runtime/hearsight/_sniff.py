"""Look at the first bytes of a file a user gave: is it there, what is it, is all of it there?"""

from __future__ import annotations

import difflib
import re
import struct
from os.path import isdir
from pathlib import Path
from typing import Any, BinaryIO, Literal

from numpy.typing import NDArray

from . import _riff
from .errors import MediaError

__all__ = ["checked", "kind_of", "nearest_file", "picture_size", "refuse_cut_short", "upright"]

Kind = Literal["image", "video", "audio"]

_WORDS = {"image": "a picture", "video": "a video", "audio": "a sound"}
_AS = {"image": "an image", "video": "a video", "audio": "audio"}
_HEAD = 192  # bytes that tell what a file is
_STREAMED = 0x7FFFF000  # lengths from here on mean: not known when the header was written


def checked(path: str | Path, wanted: Kind) -> Path:
    """The path, if a file is there that may be read and is not plainly of another kind.

    Raises:
        MediaError: nothing there (the nearest name is offered), a folder, an empty file, no
            right to read it, or a file of another kind.
    """
    path = Path(path)
    kind, name = _told(path, _WORDS[wanted])
    if wanted == "video" and not name:
        # FFmpeg would show a text file as a film of its letters, and follow playlists.
        raise MediaError(
            f"{path} is damaged or not of a type that is read as a video. "
            "Convert it to MP4, WebM or MKV."
        )
    if name in _UNREADABLE:
        raise MediaError(f"{path} is {_UNREADABLE[name]}")
    if kind == "video" and wanted == "audio":
        raise MediaError(
            f"{path} is a video ({name}), and the sound of a video is not read. "
            "Save its sound as WAV first, or give the file as a video."
        )
    animated = name == "GIF" and wanted == "video"
    if kind is not None and kind != wanted and not animated:
        raise MediaError(
            f"{path} is {_WORDS[kind]} ({name}), not {_WORDS[wanted]}: give it as {_AS[kind]}."
        )
    return path


def kind_of(path: str | Path) -> Kind | None:
    """What a file's first bytes say it is; None where they leave it open.

    Raises:
        MediaError: nothing that can be read, as `checked` says it, or of a type that is not read.
    """
    path = Path(path)
    kind, name = _told(path, "a file")
    if name in _UNREADABLE:
        raise MediaError(f"{path} is {_UNREADABLE[name]}")
    return kind


def _told(path: Path, wanted: str) -> tuple[Kind | None, str]:
    """Kind and type that the first bytes of an ordinary file with something in it tell."""
    try:
        if path.is_dir():
            raise MediaError(f"{path} is a folder, not {wanted}: name a file in it.")
        if path.exists() and not path.is_file():
            raise MediaError(f"{path} is not an ordinary file, so it is not read.")
        with open(path, "rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError as problem:
        there = isdir(path.parent)
        advice = "check its name." if there else "its folder is not there either."
        close = nearest_file(path)
        tail = f"{close}." if close else f": {advice}"
        raise MediaError(f"There is no file {path}{tail}") from problem
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise MediaError(f"The file {path} could not be opened: {reason}.") from problem
    if not head:
        raise MediaError(f"The file {path} is empty (0 bytes). Copy or download it again.")
    return _recognised(head)


def nearest_file(path: Path) -> str:
    """A sentence's tail about a missing file: ` (did you mean "x.png"?)`, or nothing.

    Looks beside it for a like name. Suffixes do not make names alike, but decide between equals.
    """
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return ""
    names.sort(key=lambda name: Path(name).suffix.lower() == path.suffix.lower())
    by_stem = {Path(name).stem: name for name in names if name != path.name}
    close = difflib.get_close_matches(path.stem, by_stem, n=1)
    return f' (did you mean "{by_stem[close[0]]}"?)' if close else ""


def picture_size(head: bytes) -> tuple[int, int] | None:
    """Width and height that a PNG or JPEG header states; None for anything else."""
    if head.startswith(b"\x89PNG") and len(head) >= 24:
        width, height = struct.unpack_from(">II", head, 16)
        return width, height
    if not head.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        # Start-of-frame markers C0..CF, without the tables DHT, JPG and DAC among them.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        at += 2 + struct.unpack_from(">H", head, at + 2)[0]
    return None


def upright(pixels: NDArray[Any], exif: bytes) -> NDArray[Any]:
    """Turn [H, W, C] as the EXIF orientation says (TIFF tag 0x0112, values 1 to 8)."""
    turn = _orientation(exif)
    if turn in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if turn in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if turn in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def refuse_cut_short(path: Path) -> None:
    """Raise MediaError if a file ends before its container's own headers say it does.

    The libraries that decode them read what is left without a word. Known here: WAV, AIFF,
    AVI, Ogg, MP4 and Matroska.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        kind, name = _recognised(file.read(_HEAD))
        if name in ("WAV", "AIFF", "AVI"):
            # Of a sound only the samples count: programs are careless with what follows them.
            parts = [c for c in _riff.walk(file) if kind == "video" or c.id in (b"data", b"SSND")]
            short = any(c.offset + c.size > size for c in parts if c.size < _STREAMED)
        elif name == "Ogg":
            file.seek(max(0, size - 65536 - 282))  # the largest page is 65,307 bytes
            short = not _ends_in_last_page(file.read())
        elif name == "MP4":
            short = _mp4_end(file, size) > size
        elif name == "Matroska":
            short = _matroska_end(file) > size
        else:
            short = False
    if short:
        raise MediaError(f"The file {path} is cut short. Copy or download it again.")


_UNREADABLE = {
    "HEIC": "a HEIC picture, which is not read. Save it as JPEG or PNG.",
    "M4A": "an M4A (AAC) sound, which is not read. Save it as WAV or FLAC.",
    "PDF": "a PDF document. Save the picture in it as PNG or JPEG.",
    "SVG": "an SVG drawing, which is not read. Save it as PNG.",
}

_MAGIC: tuple[tuple[bytes, Kind | None, str], ...] = (
    (rb"\xff\xd8\xff", "image", "JPEG"),
    (rb"\x89PNG\r\n\x1a\n", "image", "PNG"),
    (rb"GIF8", "image", "GIF"),
    (rb"II\*\0|MM\0\*", "image", "TIFF"),
    (rb"BM.{4}\0{4}", "image", "BMP"),
    (rb"RIFF.{4}WEBP", "image", "WebP"),
    (rb".{4}ftypavi[fs]", "image", "AVIF"),
    (rb".{4}ftyp(hei|mif)", "image", "HEIC"),
    (rb".{4}ftypM4A", "audio", "M4A"),
    (rb".{4}(ftyp|moov|mdat|wide|free|skip)", "video", "MP4"),
    (rb"\x1aE\xdf\xa3", "video", "Matroska"),
    (rb"RIFF.{4}AVI ", "video", "AVI"),
    (rb"FLV\x01", "video", "FLV"),
    (rb"\0\0\x01[\xb3\xba]", "video", "MPEG"),
    (rb"G.{187}G", "video", "MPEG-TS"),
    (rb"0&\xb2u\x8ef\xcf\x11", "video", "WMV"),
    (rb"DKIF", "video", "IVF"),
    (rb"YUV4MPEG2", "video", "Y4M"),
    (rb"RIFF.{4}WAVE", "audio", "WAV"),
    (rb"FORM.{4}AIF[FC]", "audio", "AIFF"),
    (rb"fLaC", "audio", "FLAC"),
    (rb"ID3", "audio", "MP3"),
    (rb"OggS", None, "Ogg"),
    (rb"%PDF", None, "PDF"),
    (rb"<svg", None, "SVG"),
)


def _recognised(head: bytes) -> tuple[Kind | None, str]:
    """What the first bytes of a file say it is; Ogg may hold sound or video."""
    for pattern, kind, name in _MAGIC:
        if re.match(pattern, head, re.DOTALL):
            return kind, name
    return None, ""


def _orientation(exif: bytes) -> int:
    """The orientation in a TIFF-shaped EXIF block, 1 (upright) when there is none."""
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    try:
        at = struct.unpack_from(order + "I", exif, 4)[0]
        for entry in range(struct.unpack_from(order + "H", exif, at)[0]):
            tag, _, _, value = struct.unpack_from(order + "HHIH", exif, at + 2 + 12 * entry)
            if tag == 0x0112:
                return value
    except struct.error:
        pass
    return 1


def _ends_in_last_page(tail: bytes) -> bool:
    """Whether Ogg data ends in a whole page that is flagged as its stream's last (RFC 3533)."""
    at = tail.rfind(b"OggS")
    if at < 0 or len(tail) < at + 27:
        return False
    lacing = tail[at + 27 : at + 27 + tail[at + 26]]
    return bool(tail[at + 5] & 4) and len(tail) >= at + 27 + tail[at + 26] + sum(lacing)


def _mp4_end(file: BinaryIO, there: int) -> int:
    """Where the last top-level box of an MP4 or MOV file should end (ISO 14496-12, 4.2).

    `there` is the size of the file.
    """
    at = 0
    while at < there:
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return at
        size = struct.unpack_from(">I", head)[0]
        if size == 1 and len(head) == 16:  # the size is in the next eight bytes
            size = struct.unpack_from(">Q", head, 8)[0]
        if size < 8:  # 0: to the end of the file
            return at
        at += size
    return at


def _matroska_end(file: BinaryIO) -> int:
    """Where the segment of a Matroska or WebM file should end; 0 when it does not say."""
    file.seek(0)
    head = file.read(4096)
    at = 4
    for element in (b"\x1aE\xdf\xa3", b"\x18S\x80g"):
        if head[at - 4 : at] != element or at >= len(head) or head[at] == 0:
            return 0
        # RFC 8794, section 4: as many bytes as the first set bit's place, the bit itself off.
        width = 9 - head[at].bit_length()
        size = int.from_bytes(head[at : at + width], "big") - (1 << 7 * width)
        if size == (1 << 7 * width) - 1:
            return 0
        at += width + size + 4
    return at - 4
