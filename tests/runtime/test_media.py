"""Reading pictures, videos and sounds, whole and broken."""

import os
import struct
import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight import media
from hearsight.errors import MediaError

# A picture whose corners tell every turn apart: red, green / blue, white.
CORNERS = np.zeros((32, 48, 3), np.uint8)
CORNERS[:16, :24] = 255, 0, 0
CORNERS[:16, 24:] = 0, 255, 0
CORNERS[16:, :24] = 0, 0, 255
CORNERS[16:, 24:] = 255, 255, 255

# EXIF 2.3, section 4.6.4 A: how a picture stored with each orientation is to be shown.
SHOWN = {
    1: CORNERS,
    2: CORNERS[:, ::-1],
    3: CORNERS[::-1, ::-1],
    4: CORNERS[::-1],
    5: CORNERS.swapaxes(0, 1),
    6: np.rot90(CORNERS, -1),
    7: np.rot90(CORNERS, 2).swapaxes(0, 1),
    8: np.rot90(CORNERS, 1),
}


def read_video(path, *, fps, max_frames):
    """The frames of a whole clip, uint8 [N, H, W, 3]."""
    [times] = media.frame_times(path, fps=fps, max_frames=max_frames)
    return np.stack(list(media.frames_at(path, times)))


def save(path, rgb, *options):
    order = {2: slice(None), 3: [2, 1, 0], 4: [2, 1, 0, 3]}[rgb.shape[2] if rgb.ndim > 2 else 2]
    ok, data = cv2.imencode(path.suffix, rgb if rgb.ndim == 2 else rgb[..., order], options)
    assert ok
    path.write_bytes(data.tobytes())
    return path


def exif(orientation):
    return (
        b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0) + b"\0" * 4
    )


def png_chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def turned(path, orientation):
    """The same JPEG or PNG file with an EXIF orientation."""
    data = path.read_bytes()
    if path.suffix == ".png":
        data = data[:33] + png_chunk(b"eXIf", exif(orientation)) + data[33:]
    else:
        block = b"Exif\0\0" + exif(orientation)
        data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:]
    path.write_bytes(data)
    return path


def plain_png(path, side):
    """A one-coloured PNG of `side` x `side` pixels, made without holding them in memory."""
    row = b"\0" + bytes((200, 30, 60)) * side
    deflate = zlib.compressobj(1)
    data = b"".join([deflate.compress(row) for _ in range(side)] + [deflate.flush()])
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*c) for c in chunks))
    return path


# Pictures


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".webp", ".gif", ".jpg"])
def test_common_picture_types_come_back_as_rgb(tmp_path, suffix):
    got = media.read_image(save(tmp_path / f"picture{suffix}", CORNERS))
    assert got.dtype == np.uint8
    assert got.flags.c_contiguous
    # Lossy types may bleed at edges; the middle of each quarter must have its colour.
    assert np.abs(got[8::16, 12::24].astype(int) - CORNERS[8::16, 12::24]).max() < 8


@pytest.mark.parametrize("orientation", SHOWN)
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_picture_is_turned_upright(tmp_path, suffix, orientation):
    got = media.read_image(turned(save(tmp_path / f"p{suffix}", CORNERS), orientation))
    wanted = SHOWN[orientation]
    assert got.shape == wanted.shape
    assert np.abs(got.astype(int) - wanted)[4::8, 4::8].max() < 8


@pytest.mark.parametrize("orientation", SHOWN)
def test_a_transparent_picture_is_turned_upright_too(tmp_path, orientation):
    alpha = np.full((*CORNERS.shape[:2], 1), 255, np.uint8)
    alpha[:16, :24] = 0
    path = save(tmp_path / "p.png", np.concatenate([CORNERS, alpha], axis=2))
    over_white = np.where(SHOWN[orientation] == (255, 0, 0), 1, 0).all(axis=2)
    wanted = np.where(over_white[..., None], 255, SHOWN[orientation])
    assert np.array_equal(media.read_image(turned(path, orientation)), wanted)


def test_half_transparent_pixels_are_laid_over_white(tmp_path):
    pixel = np.full((2, 2, 4), (100, 50, 0, 51), np.uint8)  # alpha 0.2
    got = media.read_image(save(tmp_path / "p.png", pixel))
    assert (got == (224, 214, 204)).all()


def test_a_transparent_colour_of_a_palette_shows_white(tmp_path):
    header = struct.pack(">IIBBBBB", 2, 1, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", bytes((255, 0, 0, 0, 255, 0))),
        (b"tRNS", bytes((0,))),
        (b"IDAT", zlib.compress(bytes((0, 0, 1)))),
        (b"IEND", b""),
    )
    path = tmp_path / "p.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*c) for c in chunks))
    assert media.read_image(path).tolist() == [[[255, 255, 255], [0, 255, 0]]]


def test_sixteen_bits_are_scaled_not_wrapped(tmp_path):
    deep = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
    got = media.read_image(save(tmp_path / "p.png", deep))
    assert np.abs(got - (deep / 257)[..., None]).max() <= 1
    see_through = np.full((4, 4, 4), 65535, np.uint16)
    see_through[..., 0] = 0
    assert (media.read_image(save(tmp_path / "a.png", see_through)) == (0, 255, 255)).all()


def test_grey_becomes_three_equal_channels(tmp_path):
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    got = media.read_image(save(tmp_path / "p.png", grey))
    assert np.array_equal(got, np.repeat(grey[..., None], 3, axis=2))


def test_a_picture_of_one_pixel_is_a_picture(tmp_path):
    got = media.read_image(save(tmp_path / "p.png", np.full((1, 1, 3), (1, 2, 3), np.uint8)))
    assert got.tolist() == [[[1, 2, 3]]]


def test_names_need_not_be_ascii(tmp_path):
    path = save(tmp_path / "p.png", CORNERS).rename(tmp_path / "Straße 雨 ☔.png")
    assert np.array_equal(media.read_image(path), CORNERS)


def test_an_animation_gives_its_first_frame_as_a_picture(tmp_path):
    got = media.read_image(animation(tmp_path / "clip.gif", range(0, 250, 50)))
    assert got.shape == (48, 64, 3)
    assert got.max() == 0


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_above_64_megapixels_a_picture_comes_back_smaller(tmp_path, suffix, monkeypatch):
    monkeypatch.setattr(media, "_BIG_PICTURE", 400)
    got = media.read_image(save(tmp_path / f"p{suffix}", CORNERS))
    assert got.shape == (16, 24, 3)
    assert np.abs(got[4::8, 6::12].astype(int) - CORNERS[8::16, 12::24]).max() < 8


def test_types_without_a_known_header_are_reduced_after_decoding(tmp_path, monkeypatch):
    monkeypatch.setattr(media, "_BIG_PICTURE", 400)
    assert media.read_image(save(tmp_path / "p.bmp", CORNERS)).shape == (16, 24, 3)


READ_LARGE = """
import resource, sys
from hearsight import media
from hearsight.errors import MediaError
media.read_image(sys.argv[1])
limit = 900 << 20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    print(media.read_image(sys.argv[2]).shape)
except MediaError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits memory the POSIX way")
@pytest.mark.parametrize(("side", "said"), [(8100, "(4050, 4050, 3)"), (20000, "memory")])
def test_a_large_picture_is_read_if_memory_suffices_and_refused_in_a_sentence_if_not(
    tmp_path, side, said
):
    small = save(tmp_path / "small.png", CORNERS)
    large = plain_png(tmp_path / "large.png", side)
    done = subprocess.run(
        [sys.executable, "-c", READ_LARGE, small, large],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert said in done.stdout


def test_a_damaged_picture_makes_no_noise_on_the_error_stream(tmp_path):
    path = save(tmp_path / "p.tif", CORNERS)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    code = (
        "import sys\nfrom hearsight import media\n"
        "try: media.read_image(sys.argv[1])\nexcept media.MediaError: print('refused')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.stdout, done.stderr) == ("refused\n", "")


def test_more_pixels_than_can_be_read_are_refused_by_the_header_alone(tmp_path):
    path = tmp_path / "vast.png"
    header = struct.pack(">IIBBBBB", 70000, 70000, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header))
    with pytest.raises(MediaError, match="70000 x 70000 pixels; at most 1024 megapixels"):
        media.read_image(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".gif", ".bmp", ".tif"])
@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_picture_cut_short_is_refused(tmp_path, suffix, kept):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    path = save(tmp_path / f"p{suffix}", noise)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(MediaError, match="damaged, cut short"):
        media.read_image(path)


# Videos


def clip(path, levels, *, fps=10, size=(64, 48)):
    """A video of plain grey frames."""
    code = {".mp4": "mp4v", ".mkv": "mp4v", ".avi": "MJPG", ".webm": "VP80"}[path.suffix]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), fps, size)
    assert writer.isOpened()
    for level in levels:
        writer.write(np.full((size[1], size[0], 3), level, np.uint8))
    writer.release()
    return path


def animation(path, levels):
    frames = cv2.Animation()
    frames.frames = [np.full((48, 64, 3), level, np.uint8) for level in levels]
    frames.durations = [200] * len(frames.frames)
    assert cv2.imwriteanimation(str(path), frames)
    return path


def patched(path, box, change):
    """Rewrite a box of an MP4 file whose index lies at its end (so offsets stay right)."""
    data = path.read_bytes()
    at = data.index(box) - 4
    size = struct.unpack_from(">I", data, at)[0]
    new = change(data[at : at + size])
    data = bytearray(data[:at] + new + data[at + size :])
    for parent in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
        start = data.index(parent) - 4
        old = struct.unpack_from(">I", data, start)[0]
        if start < at < start + old:
            struct.pack_into(">I", data, start, old + len(new) - size)
    path.write_bytes(data)
    return path


def levels_of(frames):
    return frames.mean(axis=(1, 2, 3))


def parts(path, spans, **options):
    """The frames of parts of a video."""
    return [
        np.stack(list(media.frames_at(path, times)))
        for times in media.frame_times(path, spans=spans, **options)
    ]


STEPS = tuple(range(0, 240, 12))  # 20 frames, 2 seconds


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi", ".webm"])
def test_frames_are_taken_by_the_clock(tmp_path, suffix):
    got = read_video(clip(tmp_path / f"clip{suffix}", STEPS), fps=5, max_frames=100)
    assert got.dtype == np.uint8
    assert got.shape == (10, 48, 64, 3)
    assert np.abs(levels_of(got) - np.array(STEPS)[::2]).max() < 5


def test_more_frames_a_second_than_there_are_repeat_some(tmp_path):
    got = read_video(clip(tmp_path / "clip.mp4", STEPS), fps=20, max_frames=6)
    assert np.abs(levels_of(got) - [0, 0, 12, 12, 24, 24]).max() < 5


def test_the_frame_on_screen_is_the_one_taken(tmp_path):
    got = read_video(clip(tmp_path / "clip.mp4", STEPS), fps=4, max_frames=4)
    assert np.abs(levels_of(got) - [0, 24, 60, 84]).max() < 5  # at 0, 0.25, 0.5, 0.75 s


def test_fps_zero_spreads_frames_from_the_first_to_the_last(tmp_path):
    got = read_video(clip(tmp_path / "clip.mp4", STEPS), fps=0, max_frames=5)
    assert got.shape[0] == 5
    assert abs(levels_of(got)[0] - STEPS[0]) < 5
    assert abs(levels_of(got)[-1] - STEPS[-1]) < 5
    assert (np.diff(levels_of(got)) > 40).all()


@settings(max_examples=25, deadline=None)
@given(fps=st.one_of(st.just(0.0), st.floats(0.1, 100)), most=st.integers(1, 40))
def test_any_rate_and_count_give_frames_in_order(tmp_path_factory, fps, most):
    path = tmp_path_factory.getbasetemp() / "any.mp4"
    if not path.exists():
        clip(path, STEPS)
    got = levels_of(read_video(path, fps=fps, max_frames=most))
    assert len(got) == (most if fps == 0 else min(most, int(np.ceil(2 * fps - 1e-9))))
    assert (np.diff(got) >= -1).all()


@pytest.mark.parametrize(
    ("span", "fps", "most", "shown"),
    [
        ((0.5, 1.0), 10, 100, [5, 6, 7, 8, 9]),
        ((0.5, 1.0), 4, 100, [5, 7]),
        ((0.5, 1.0), 10, 3, [6, 7, 8]),  # longer than three frames: its middle
        ((0.5, 1.5), 5, 1, [9]),
        ((0.5, 1.5), 0, 3, [5, 10, 15]),
        ((0.0, 2.0), 0, 2, [0, 19]),
        ((0.0, 90.0), 10, 20, list(range(20))),  # longer than the clip: all of it
        ((0.0, 90.0), 10, 4, [8, 9, 10, 11]),
        ((1.5, 2.5), 5, 100, [10, 12, 14, 16, 18]),  # beyond its end: its last second
        ((70.0, 70.5), 10, 100, [15, 16, 17, 18, 19]),
    ],
)
def test_a_part_of_a_video_is_taken_for_the_whole(tmp_path, span, fps, most, shown):
    path = clip(tmp_path / "clip.mp4", STEPS)
    [got] = parts(path, [span], fps=fps, max_frames=most)
    assert len(got) == len(shown)
    assert np.abs(levels_of(got) - np.array(STEPS)[shown]).max() < 5


@pytest.mark.parametrize("fps", [0, 5])
def test_each_of_several_parts_is_what_it_is_alone_and_none_is_the_bundles_choice(tmp_path, fps):
    path = clip(tmp_path / "clip.mp4", STEPS)
    spans = [(1.0, 2.0), None, (0.0, 1.0), (0.5, 1.5)]
    together = parts(path, spans, fps=fps, max_frames=4)
    for span, got in zip(spans, together, strict=True):
        [alone] = parts(path, [span], fps=fps, max_frames=4)
        assert np.array_equal(got, alone)
    assert np.array_equal(together[1], read_video(path, fps=fps, max_frames=4))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi", ".webm"])
def test_frames_are_read_in_one_pass_each_when_it_is_asked_for(tmp_path, suffix, monkeypatch):
    grabbed, real = [], cv2.VideoCapture

    class Counting:  # around it, for OpenCV's own types cannot be derived from safely
        def __init__(self, *arguments):
            self._capture = real(*arguments)

        def __getattr__(self, name):
            return getattr(self._capture, name)

        def grab(self):
            grabbed.append(self)
            return self._capture.grab()

    path = clip(tmp_path / f"clip{suffix}", STEPS)
    spans = [(start / 10, start / 10 + 0.5) for start in range(16)]  # overlapping, to the end
    times = media.frame_times(path, fps=10, max_frames=5, spans=spans)
    every = np.unique(np.concatenate(times))
    assert len(every) == len(STEPS)
    assert sum(map(len, times)) == 16 * 5
    monkeypatch.setattr(cv2, "VideoCapture", Counting)
    for count, frame in enumerate(media.frames_at(path, every), 1):
        assert abs(frame.mean() - STEPS[count - 1]) < 5
        assert len(grabbed) == count
    assert len(grabbed) == len(STEPS)


@settings(max_examples=25, deadline=None)
@given(
    start=st.floats(0, 5),
    length=st.floats(0.001, 5),
    fps=st.sampled_from([0.0, 0.5, 7.0, 40.0]),
    most=st.integers(1, 9),
)
def test_any_part_of_a_video_gives_frames_in_order(tmp_path_factory, start, length, fps, most):
    path = tmp_path_factory.getbasetemp() / "part.mp4"
    if not path.exists():
        clip(path, STEPS)
    [got] = parts(path, [(start, start + length)], fps=fps, max_frames=most)
    assert 1 <= len(got) <= most
    assert (np.diff(levels_of(got)) >= -1).all()


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi", ".webm"])
@pytest.mark.parametrize("fps", [10, 24])
def test_a_video_lasts_until_its_last_frame_is_over(tmp_path, suffix, fps):
    seconds = media.video_seconds(clip(tmp_path / f"clip{suffix}", STEPS, fps=fps))
    assert seconds == pytest.approx(20 / fps, abs=0.01)


def test_timestamps_count_where_the_frame_rate_varies(tmp_path):
    def hold_the_second_half(box):
        delta = struct.unpack_from(">I", box, 20)[0]
        entries = struct.pack(">6I", 0, 2, 10, delta, 10, 4 * delta)
        return struct.pack(">I", 32) + b"stts" + entries

    def no_edit_list(box):
        return box.replace(b"edts", b"free")

    path = patched(clip(tmp_path / "clip.mp4", STEPS), b"edts", no_edit_list)
    patched(path, b"stts", hold_the_second_half)
    got = read_video(path, fps=2, max_frames=100)
    # Ten frames of 0.1 s, then ten of 0.4 s: at 0, 0.5, 1.0, 1.5 ... 4.5 s these are on screen.
    shown = [STEPS[i] for i in (0, 5, 10, 11, 12, 13, 15, 16, 17, 18)]
    assert np.abs(levels_of(got) - shown).max() < 5


def test_a_video_held_upright_is_turned(tmp_path):
    def quarter_turn(box):
        matrix = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
        return box[:48] + matrix + box[84:]

    path = patched(clip(tmp_path / "clip.mp4", STEPS), b"tkhd", quarter_turn)
    assert read_video(path, fps=0, max_frames=2).shape == (2, 64, 48, 3)


def test_large_frames_are_reduced(tmp_path, monkeypatch):
    monkeypatch.setattr(media, "_BIG_FRAME", 32)
    got = read_video(clip(tmp_path / "clip.mp4", STEPS), fps=0, max_frames=2)
    assert got.shape == (2, 24, 32, 3)


def test_colours_of_a_video_are_rgb(tmp_path):
    writer = cv2.VideoWriter(
        str(tmp_path / "red.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48)
    )
    for _ in range(3):
        writer.write(np.full((48, 64, 3), (0, 0, 255), np.uint8))
    writer.release()
    got = read_video(tmp_path / "red.avi", fps=0, max_frames=1)
    assert np.abs(got.mean(axis=(0, 1, 2)) - (255, 0, 0)).max() < 5


def test_an_animated_gif_is_a_video(tmp_path):
    path = animation(tmp_path / "clip.gif", (0, 60, 120, 180, 240))
    assert (
        np.abs(levels_of(read_video(path, fps=5, max_frames=9)) - [0, 60, 120, 180, 240]).max() < 5
    )


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp", ".gif"])
def test_a_still_picture_is_no_video(tmp_path, suffix):
    path = save(tmp_path / f"p{suffix}", CORNERS)
    with pytest.raises(MediaError, match=r"picture.*give it as an image"):
        read_video(path, fps=0, max_frames=8)


def test_a_video_without_frames_is_refused(tmp_path):
    data = bytearray(clip(tmp_path / "clip.avi", STEPS).read_bytes())
    end = data.index(b"movi") + 4
    struct.pack_into("<I", data, end - 8, 4)
    struct.pack_into("<I", data, 4, end - 8)
    (tmp_path / "clip.avi").write_bytes(data[:end])
    with pytest.raises(MediaError, match="holds no"):
        read_video(tmp_path / "clip.avi", fps=1, max_frames=8)


def test_a_text_is_no_video_though_ffmpeg_would_film_its_letters(tmp_path):
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nclip.mp4\n")
    with pytest.raises(MediaError, match="not of a type that is read as a video"):
        read_video(tmp_path / "list.m3u8", fps=1, max_frames=8)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi", ".webm"])
@pytest.mark.parametrize("kept", [0.2, 0.6])
def test_a_video_cut_short_is_refused(tmp_path, suffix, kept):
    path = clip(tmp_path / f"clip{suffix}", STEPS)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(MediaError, match=r"cut short|holds no frames"):
        read_video(path, fps=0, max_frames=8)


def test_a_video_with_a_box_beyond_any_disk_is_cut_short(tmp_path):
    vast = struct.pack(">I4sQ", 1, b"mdat", 2**64 - 1)
    (tmp_path / "clip.mp4").write_bytes(b"\0\0\0\x14ftypisom" + bytes(8) + vast)
    with pytest.raises(MediaError, match="cut short"):
        read_video(tmp_path / "clip.mp4", fps=0, max_frames=8)


def test_a_video_whose_last_frame_is_lost_repeats_the_one_before(tmp_path):
    path = clip(tmp_path / "clip.mp4", STEPS)
    data = bytearray(path.read_bytes())
    sizes = data.index(b"stsz") + 16
    last = struct.unpack_from(">I", data, sizes + 4 * (len(STEPS) - 1))[0]
    end = data.index(b"moov") - 4
    data[end - last : end] = bytes(last)
    path.write_bytes(data)
    got = read_video(path, fps=0, max_frames=20)
    assert len(got) == 20
    assert np.abs(levels_of(got)[:19] - STEPS[:19]).max() < 5
    assert abs(levels_of(got)[19] - STEPS[18]) < 5


def test_a_video_of_a_single_frame_is_a_picture(tmp_path):
    with pytest.raises(MediaError, match="single picture, not a video"):
        read_video(clip(tmp_path / "clip.mp4", [100]), fps=0, max_frames=2)


def test_a_video_damaged_inside_is_read_or_refused_but_never_crashes(tmp_path):
    path = clip(tmp_path / "clip.mp4", STEPS)
    whole = bytearray(path.read_bytes())
    start = whole.index(b"mdat") + 4
    for seed in range(5):
        data = whole.copy()
        spots = np.random.default_rng(seed).integers(start, whole.index(b"moov"), 200)
        for spot in spots:
            data[spot] ^= 0x55
        path.write_bytes(data)
        try:
            assert read_video(path, fps=0, max_frames=8).shape == (8, 48, 64, 3)
        except MediaError as error:
            assert "damaged" in str(error)


# Sounds


def tone(seconds, rate, hertz=440, level=0.5):
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(
        "f4"
    )


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".aiff", ".mp3"])
@pytest.mark.parametrize("channels", [1, 2])
def test_common_sound_types_come_back_mono_at_the_rate_asked(tmp_path, suffix, channels):
    x = np.repeat(tone(0.5, 44100)[:, None], channels, axis=1)
    soundfile.write(tmp_path / f"x{suffix}", x, 44100)
    got = media.read_audio(tmp_path / f"x{suffix}", sample_rate=16000)
    assert got.dtype == np.float32
    assert got.shape == (8000,)
    assert np.abs(got - tone(0.5, 16000))[1000:-1000].max() < 0.02


@settings(max_examples=60, deadline=None)
@given(
    frames=st.integers(1, 3000),
    channels=st.integers(1, 8),
    old=st.sampled_from([8000, 16000, 22050, 44100, 48000, 192000]),
    new=st.sampled_from([16000, 32000, 48000]),
    seconds=st.one_of(st.none(), st.floats(0.001, 0.5)),
)
def test_any_length_rate_and_channel_count_is_read(
    tmp_path_factory, frames, channels, old, new, seconds
):
    path = tmp_path_factory.getbasetemp() / "any.wav"
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (frames, channels)).astype(np.float32)
    noise[0] = 0.5
    soundfile.write(path, noise, old, subtype="FLOAT")
    got = media.read_audio(path, sample_rate=new, seconds=seconds)
    whole = frames * new / old
    wanted = whole if seconds is None else min(whole, seconds * new)
    assert abs(len(got) - max(1, wanted)) <= 1
    assert np.isfinite(got).all()
    if old == new:
        assert np.allclose(got, noise.mean(axis=1)[: len(got)], atol=1e-6)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_two_channels_are_the_files_own_two(tmp_path, subtype, channels):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (3000, channels))
    soundfile.write(tmp_path / "x.wav", noise, 8000, subtype=subtype)
    stored, _ = soundfile.read(tmp_path / "x.wav", dtype="float32", always_2d=True)
    got = media.read_audio(tmp_path / "x.wav", sample_rate=8000, channels=2)
    assert np.array_equal(got, stored[:, [0, min(1, channels - 1)]])
    other = media.read_audio(tmp_path / "x.wav", sample_rate=44100, seconds=0.2, channels=2)
    assert other.shape == (8820, 2)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".aiff"])
@pytest.mark.parametrize("frames", [1, 4411, 70000])
def test_a_sound_tells_its_length(tmp_path, suffix, frames):
    soundfile.write(tmp_path / f"x{suffix}", tone(2, 44100)[:frames], 44100)
    assert media.audio_seconds(tmp_path / f"x{suffix}") == frames / 44100


def test_only_the_seconds_asked_for_are_read(tmp_path):
    x = np.concatenate([tone(1, 16000), np.full(16000, np.nan, np.float32)])
    soundfile.write(tmp_path / "x.wav", x, 16000, subtype="FLOAT")
    assert len(media.read_audio(tmp_path / "x.wav", sample_rate=16000, seconds=1)) == 16000


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(tmp_path, value):
    x = tone(0.1, 16000)
    x[700] = value
    soundfile.write(tmp_path / "x.wav", x, 16000, subtype="FLOAT")
    with pytest.raises(MediaError, match="not numbers"):
        media.read_audio(tmp_path / "x.wav", sample_rate=16000)


def test_silence_is_refused_and_says_how_much_was_heard(tmp_path):
    x = np.concatenate([np.zeros(16000, np.float32), tone(1, 16000)])
    soundfile.write(tmp_path / "x.wav", x, 16000)
    assert media.read_audio(tmp_path / "x.wav", sample_rate=16000).any()
    with pytest.raises(MediaError, match=r"silent in its first 0\.5 seconds"):
        media.read_audio(tmp_path / "x.wav", sample_rate=16000, seconds=0.5)


def test_a_sound_without_samples_is_refused(tmp_path):
    soundfile.write(tmp_path / "x.wav", np.zeros(0, np.float32), 16000)
    with pytest.raises(MediaError, match="no samples"):
        media.read_audio(tmp_path / "x.wav", sample_rate=16000)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".aiff", ".mp3"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.95])
def test_a_sound_cut_short_is_refused(tmp_path, suffix, kept):
    path = tmp_path / f"x{suffix}"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 48000), 16000)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(MediaError, match=r"cut short|damaged"):
        media.read_audio(path, sample_rate=16000)


def test_a_stream_whose_header_knows_no_length_is_read(tmp_path):
    path = tmp_path / "x.wav"
    soundfile.write(path, tone(0.5, 16000), 16000)
    data = bytearray(path.read_bytes())
    for at in (4, data.index(b"data") + 4):
        data[at : at + 4] = b"\xff" * 4
    path.write_bytes(data)
    assert len(media.read_audio(path, sample_rate=16000)) == 8000


def test_the_sound_of_a_video_is_not_read_and_that_is_said(tmp_path):
    for suffix in (".mp4", ".mkv", ".avi"):
        path = clip(tmp_path / f"clip{suffix}", STEPS)
        with pytest.raises(MediaError, match="the sound of a video is not read"):
            media.read_audio(path, sample_rate=16000)


# What all readers refuse alike

READERS = {
    "image": media.read_image,
    "video": lambda path: read_video(path, fps=0, max_frames=2),
    "length of a video": media.video_seconds,
    "length of a sound": media.audio_seconds,
    "audio": lambda path: media.read_audio(path, sample_rate=16000),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_file_that_is_not_there_names_the_nearest(tmp_path, reader):
    (tmp_path / "thunder.bin").write_bytes(b"x")
    with pytest.raises(MediaError, match=r"no file .*bim \(did you mean .thunder\.bin.\?\)\.$"):
        reader(tmp_path / "thunder.bim")
    with pytest.raises(MediaError, match=r"no file .*other\.bin: check its name\.$"):
        reader(tmp_path / "something completely other.bin")
    with pytest.raises(MediaError, match="its folder is not there"):
        reader(tmp_path / "nowhere" / "thunder.bin")


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_folders_empty_files_and_text_are_refused(tmp_path, reader):
    with pytest.raises(MediaError, match="is a folder"):
        reader(tmp_path)
    (tmp_path / "empty").touch()
    with pytest.raises(MediaError, match="is empty"):
        reader(tmp_path / "empty")
    (tmp_path / "text.txt").write_text("heavy rain on a tin roof\n" * 100)
    with pytest.raises(MediaError, match="damaged"):
        reader(tmp_path / "text.txt")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a named pipe")
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path, reader):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(MediaError, match="not an ordinary file"):
        reader(tmp_path / "pipe")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_without_the_right_to_read_is_refused(tmp_path):
    (tmp_path / "locked.png").write_bytes(b"x")
    (tmp_path / "locked.png").chmod(0)
    with pytest.raises(MediaError, match="Permission denied"):
        media.read_image(tmp_path / "locked.png")


def test_a_file_of_another_kind_is_recognised(tmp_path):
    picture = save(tmp_path / "a.png", CORNERS)
    video = clip(tmp_path / "b.mp4", STEPS)
    soundfile.write(tmp_path / "c.flac", tone(0.1, 16000), 16000)
    with pytest.raises(MediaError, match=r"a video \(MP4\), not a picture: give it as a video"):
        media.read_image(video)
    with pytest.raises(MediaError, match=r"a sound \(FLAC\), not a picture: give it as audio"):
        media.read_image(tmp_path / "c.flac")
    with pytest.raises(MediaError, match=r"a picture \(PNG\), not a sound: give it as an image"):
        media.read_audio(picture, sample_rate=16000)


def test_a_telephone_picture_is_named(tmp_path):
    (tmp_path / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    with pytest.raises(MediaError, match=r"a HEIC picture, which is not read\. Save it as JPEG"):
        media.read_image(tmp_path / "IMG_1.HEIC")


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(READERS)),
    st.sampled_from(
        [
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff\xe0",
            b"RIFF....WAVE",
            b"OggS",
            b"fLaC",
            b"FORM....AIFF",
            b"\0\0\0\x20ftypisom",
            b"\x1aE\xdf\xa3",
            b"GIF89a",
            b"ID3\4",
            b"",
        ]
    ),
    st.binary(min_size=1, max_size=400),
)
def test_bytes_of_any_kind_are_read_or_refused_in_a_sentence(tmp_path_factory, reader, head, rest):
    path = tmp_path_factory.getbasetemp() / "fuzz"
    path.write_bytes(head + rest)
    try:
        READERS[reader](path)
    except MediaError as error:
        assert str(path) in str(error)
        assert str(error)[-1] in ".?"


def test_a_file_is_known_by_what_is_in_it(tmp_path):
    picture = save(tmp_path / "picture.png", CORNERS).rename(tmp_path / "sound.wav")
    tone = 0.1 * np.sin(np.arange(8000) / 9)
    for name in ("a.flac", "b.ogg", "c.mp3"):
        soundfile.write(tmp_path / name, tone, 16000)
    assert media.kind_of(picture) == "image"
    assert {media.kind_of(tmp_path / name) for name in ("a.flac", "b.ogg", "c.mp3")} == {"audio"}
    (tmp_path / "words.txt").write_text("hello")
    for name, said in (("words.txt", "neither a picture"), ("gone", "There is no file")):
        with pytest.raises(MediaError, match=said):
            media.kind_of(tmp_path / name)
