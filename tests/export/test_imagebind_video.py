"""Moments of videos mean what they meant to ImageBind's own code, from pixels and from files."""

import sys

import cv2
import numpy as np
import pytest
import torch
from imagebind_checkpoint import GOLDEN, save_imagebind
from torch.nn import functional as F

from hearsight.bundle import open_bundle
from hearsight.conditioner import Conditioner
from hearsight.engine import Engine
from hearsight.sampler import Cancel
from hearsight_export import cli
from hearsight_export.clip.towers import MEAN, STD
from hearsight_export.imagebind.loading import load_encoder, read_imagebind

FRAMES, RATE = 25, 5
SECONDS = FRAMES / RATE


def distance(found, wanted):
    found, wanted = np.asarray(found), np.asarray(wanted)
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def of_colours(values):
    return torch.tensor(values)[:, None, None, None]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    torch.set_num_threads(1)
    return read_imagebind(save_imagebind(tmp_path_factory.mktemp("eyes") / "tiny.pth", ["vision"]))


@pytest.fixture(scope="module")
def bundle(file, tmp_path_factory):
    """As exported from the command line; without texts no tokenizer is asked for."""
    out = tmp_path_factory.mktemp("bundle") / "imagebind"
    asked = ["hearsight-export", "imagebind", str(file.path), "-o", str(out)]
    old, sys.argv = sys.argv, [*asked, "--precisions", "", "--threads", "1"]
    try:
        with pytest.raises(SystemExit) as ended:
            cli.main()
    finally:
        sys.argv = old
    assert not ended.value.code
    return open_bundle(out)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Five seconds without loss, taller than wide, in which something changes in every frame."""
    path = tmp_path_factory.mktemp("film") / "film.avi"
    rng = np.random.default_rng(11)
    frames = []
    for _ in range(FRAMES):
        coarse = rng.integers(0, 256, (8, 6, 3), np.uint8)
        frames.append(cv2.resize(coarse, (240, 330), interpolation=cv2.INTER_LINEAR))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"FFV1"), RATE, (240, 330))
    for frame in frames:
        writer.write(frame)
    writer.release()
    reader = cv2.VideoCapture(str(path))
    decoded = [reader.read()[1] for _ in range(FRAMES)]
    reader.release()
    return path, np.stack(decoded)[..., ::-1].copy()


def test_two_moments_give_what_the_original_code_gave(file):
    """Golden: a video of two moments in facebookresearch/ImageBind (commit 53680b0) in small.

    Of its pixels only what the first kernel makes of them is kept: those made up here give the
    same, and so does everything behind.
    """
    golden = np.load(GOLDEN / "video.npz")
    encoder = load_encoder(file, "vision")
    kernel = encoder.stem.proj.weight.detach().double().flatten(1)
    values = torch.linalg.pinv(kernel) @ torch.from_numpy(golden["patches"]).double()
    pixels = values.unflatten(1, (3, 2, 14, 14)).unflatten(-1, (16, 16))
    pixels = pixels.permute(0, 1, 2, 5, 3, 6, 4).reshape(2, 3, 2, 224, 224).float()
    with torch.no_grad():
        assert distance(encoder(pixels).mean(0, keepdim=True), golden["embedding"]) < 1e-5
        turned = encoder(pixels.flip(2)).mean(0, keepdim=True)
    assert distance(turned, golden["embedding"]) > 1e-2


def test_a_video_is_the_mean_of_three_views_of_five_moments(file, bundle, film):
    """As the original code prepares it: two seconds from i (D - 2) / 5, what is on screen when
    they begin and end, the shorter side 224, the squares at both ends and in the middle.
    """
    path, frames = film
    views = []
    for i in range(5):
        start = i * (SECONDS - 2) / 5
        shown = [int(RATE * time + 1e-6) for time in (start, start + 2)]
        clip = torch.from_numpy(frames[shown]).permute(3, 0, 1, 2).float() / 255
        clip = F.interpolate(clip, (308, 224), mode="bilinear", align_corners=False)
        clip = (clip - of_colours(MEAN)) / of_colours(STD)
        views += [clip[:, :, top : top + 224] for top in (0, 42, 84)]
    with torch.no_grad():
        wanted = load_encoder(file, "vision")(torch.stack(views)).mean(0)
    assert set(bundle.manifest.graphs) == {"image", "moment", "frames"}
    with Engine(bundle, device="cpu", threads=1) as engine:
        [found] = Conditioner(bundle, engine).condition("video", str(path), Cancel())
    assert distance(found, wanted) < 1e-4
