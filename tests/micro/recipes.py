"""What each graph of the micro bundles is made of: its tensors and golden inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import roles
from graphs import BINS, EMBED, FRAME, PICTURE, SPACE, VOCABULARY, Builder, Tensor, seeded
from PIL import Image

from hearsight.manifest import Parity

CHECK_TEXT = "Heavy rain on a tin roof, far quokka"
_PIECES = "[CLS] heavy rain on a tin roof , far [UNK] [SEP]"
CHECK_IDS = [VOCABULARY.index(piece) for piece in _PIECES.split()]


@dataclass(frozen=True)
class Recipe:
    """A graph to make: what fills the builder, its tensors, and golden inputs.

    `twin` holds inputs for the exact twin where they differ from the golden ones.
    """

    fill: Callable[[Builder, str], None]
    inputs: list[Tensor]
    outputs: list[Tensor]
    golden: dict[str, np.ndarray]
    twin: dict[str, np.ndarray] | None = None
    precisions: tuple[str, ...] = ("fp32",)
    hot: bool = False
    parity: tuple[Parity, ...] = ()


def image(output: str) -> Recipe:
    rows, columns = np.mgrid[0:20, 0:28]
    picture = np.stack([rows * 12, columns * 9, (rows * columns) % 256], -1).astype(np.uint8)
    small = Image.fromarray(picture).resize((PICTURE, PICTURE), Image.Resampling.BICUBIC)
    width = EMBED if output == "embed" else SPACE
    return Recipe(
        lambda b, _: roles.image(b, output),
        [("image", "uint8", [1, "H", "W", 3])],
        [(output, "float32", [1, width])],
        {"image": picture[None]},
        twin={"image": np.asarray(small)[None]},  # Pillow is what the graph's Resize restates
    )


def denoise(latent: list[int | str], flow: bool) -> Recipe:
    batch: Tensor = ("x", "float32", ["B", *latent])
    real = tuple(6 if dim == "T" else int(dim) for dim in latent)
    size = tuple(1 if dim == "T" else int(dim) for dim in latent)
    row = [501.0, 0.6, 0.8, 0.7, 0.5, -0.1, 0.2] if not flow else [0.7, 0.3, 0.7, 0.9, 0.1, 0, 0]
    golden = {name: values(name, (2, *real)) for name in ("x", "d_prev", "noise")}
    golden["cond"] = values("cond", (4, SPACE)) / 4
    golden["weights"] = np.array([2.5, -1.5], np.float32)
    golden["row"] = np.array(row, np.float32)
    return Recipe(
        lambda b, _: roles.denoise(b, latent=size, flow=flow),
        [
            *[(name, batch[1], batch[2]) for name in ("x", "d_prev", "noise")],
            ("cond", "float32", ["GB", SPACE]),
            ("weights", "float32", ["G"]),
            ("row", "float32", [7]),
        ],
        [("x_next", "float32", batch[2]), ("d", "float32", batch[2])],
        golden,
        precisions=("fp32",) if flow else ("fp32", "fp16"),
        hot=True,
        parity=()
        if flow
        else (
            Parity("fp32", 1e-4, 1e-5, 100.0, ("B=2 G=2 T=6",)),
            Parity("fp16", 1e-2, 1e-3, 60.0, ("B=2 G=2 T=6",)),
        ),
    )


def micro() -> dict[str, Recipe]:
    latent: Tensor = ("latent", "float32", ["B", 4, "T", 4])
    mel: Tensor = ("mel", "float32", ["B", "2T", BINS])
    ids: list[Tensor] = [("ids", "int64", [1, "L"]), ("mask", "int64", [1, "L"])]
    cond: list[Tensor] = [("cond", "float32", [1, SPACE])]
    sound = values("sound", (2, 8 * FRAME)) / 4
    return {
        "tokenize": Recipe(lambda b, _: roles.tokenize(b), [("text", "string", [1])], ids, {}),
        "text": Recipe(
            lambda b, precision: roles.text(b, int8=precision == "int8"),
            ids,
            cond,
            {"ids": np.array([CHECK_IDS]), "mask": np.ones((1, len(CHECK_IDS)), np.int64)},
            precisions=("fp32", "int8"),
        ),
        "image": image("embed"),
        "frames": Recipe(
            lambda b, _: roles.frames(b),
            [("frames", "float32", [1, "N", EMBED])],
            cond,
            {"frames": values("frames", (1, 5, EMBED))},
        ),
        "audio": Recipe(
            lambda b, _: roles.audio(b),
            [("audio", "float32", [1, "S"])],
            cond,
            {"audio": sound[:1]},
        ),
        "denoise": denoise([4, "T", 4], flow=False),
        "encode": Recipe(
            lambda b, _: roles.encode(b),
            [("audio", "float32", ["B", f"{FRAME}T"])],
            [(name, latent[1], latent[2]) for name in ("mean", "logvar")],
            {"audio": sound},
        ),
        "decode": Recipe(
            lambda b, _: roles.decode(b),
            [latent],
            [mel],
            {"latent": values("latent", (2, 4, 6, 4))},
            precisions=("fp32", "fp16"),
            hot=True,
        ),
        "vocoder": Recipe(
            lambda b, _: roles.vocoder(b),
            [mel],
            [("audio", "float32", ["B", f"{FRAME}T"])],
            {"mel": values("mel", (2, 12, BINS))},
            hot=True,
        ),
    }


def flow() -> dict[str, Recipe]:
    samples = f"{FRAME}T"
    return {
        "denoise": denoise([4, "T"], flow=True),
        "decode": Recipe(
            lambda b, _: roles.decode_noise(b),
            [("latent", "float32", ["B", 4, "T"]), ("noise", "float32", ["B", 1, samples])],
            [("audio", "float32", ["B", samples])],
            {"latent": values("latent", (2, 4, 3)), "noise": values("n", (2, 1, 3 * FRAME))},
            hot=True,
        ),
    }


def values(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Golden inputs: normal numbers that depend on the name and shape."""
    return (seeded(f"check.{name}", (1, *shape)) * np.sqrt(np.prod(shape))).astype(np.float32)[0]
