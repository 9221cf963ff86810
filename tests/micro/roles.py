"""The micro bundles' graphs, one function per role; `b.work` is the precision inside."""

from __future__ import annotations

import numpy as np
from graphs import BINS, CUSTOM, EMBED, FRAME, PICTURE, SPACE, VOCABULARY, Builder, seeded
from onnx import helper


def tokenize(b: Builder) -> None:
    """`text` string [1] to `ids`, `mask` [1, L], by BERT's word pieces."""
    outputs = ["ids_flat", "types", "mask_flat"]
    vocabulary = "\n".join(VOCABULARY).encode()
    node = helper.make_node(
        "BertTokenizer", ["text"], outputs, domain=CUSTOM, vocab_file=vocabulary
    )
    b.nodes.append(node)
    b.give(b.op("Unsqueeze", "ids_flat", b.ints(0)), "ids")
    b.give(b.op("Unsqueeze", "mask_flat", b.ints(0)), "mask")


def text(b: Builder, *, int8: bool = False) -> None:
    """`ids`, `mask` [1, L] to `cond` [1, 16]: the mean of word vectors, mapped, length 1.

    The marks around the text count for a tenth, so that an empty text has a condition.
    """
    words = b.op("Gather", b.weight("words", (len(VOCABULARY), SPACE)), "ids")
    marks = b.op("Less", "ids", b.ints(5))
    counted = b.op("Where", marks, b.number(0.1), b.number(1.0))
    counted = b.op("Mul", counted, b.cast("mask", b.work))
    counted = b.op("Unsqueeze", counted, b.ints(2))
    total = b.op("ReduceSum", b.op("Mul", words, counted), b.ints(1), keepdims=0)
    mean = b.op("Div", total, b.op("ReduceSum", counted, b.ints(1), keepdims=0))
    if int8:
        weight = seeded("text.map.weight", (SPACE, SPACE))
        scale = np.float32(np.abs(weight).max() / 127)
        stored = b.table("map.weight", np.rint(weight / scale).astype(np.int8))
        weight_name = b.op("DequantizeLinear", stored, b.number(float(scale)))
        mapped = b.op("MatMul", mean, weight_name)
    else:
        mapped = b.op("MatMul", mean, b.weight("map.weight", (SPACE, SPACE)))
    b.give(unit(b, mapped), "cond")


def image(b: Builder, output: str) -> None:
    """`image` uint8 [1, H, W, 3] to `embed` [1, 8] or `cond` [1, 16]."""
    channels_first = b.op("Transpose", "image", perm=[0, 3, 1, 2])
    small = b.op(
        "Resize",
        channels_first,
        "",
        "",
        b.ints(1, 3, PICTURE, PICTURE),
        mode="cubic",
        cubic_coeff_a=-0.5,
        antialias=1,
        exclude_outside=1,
    )
    x = b.op("Div", b.cast(small, b.work), b.number(255.0))
    x = b.op("Sub", x, b.number(0.5))
    x = b.silu(b.conv("patches", x, (8, 3, 4, 4), strides=[4, 4]))
    x = b.op("Reshape", x, b.ints(1, 128))
    if output == "embed":
        b.give(b.linear("embed", x, 128, EMBED), "embed")
    else:
        b.give(unit(b, b.linear("map", x, 128, SPACE)), "cond")


def frames(b: Builder) -> None:
    """`frames` [1, N, 8] to `cond` [1, 16]: a residual layer per frame, then the mean."""
    x = "frames"
    x = b.op("Add", x, b.silu(b.linear("residual", x, EMBED, EMBED)))
    x = b.op("ReduceMean", b.linear("map", x, EMBED, SPACE), b.ints(1), keepdims=0)
    b.give(unit(b, x), "cond")


def audio(b: Builder) -> None:
    """`audio` [1, S] at 8 kHz to `cond` [1, 16]: log power in bands, mapped, then the mean."""
    size = 64
    angles = 2 * np.pi * np.outer(np.arange(1, 17), np.arange(size)) / size
    waves = np.concatenate([np.cos(angles), np.sin(angles)]) * np.hanning(size)
    kernel = b.table("waves", waves[:, None, :].astype(b.work))
    x = b.op("Conv", b.op("Unsqueeze", "audio", b.ints(1)), kernel, strides=[size])
    power = b.op("Mul", x, x)
    cosine, sine = b.op("Split", power, outputs=2, axis=1, num_outputs=2)
    power = b.op("Add", b.op("Add", cosine, sine), b.number(1e-4))
    x = b.op("Transpose", b.op("Log", power), perm=[0, 2, 1])
    x = b.op("ReduceMean", b.linear("map", x, 16, SPACE), b.ints(1), keepdims=0)
    b.give(unit(b, x), "cond")


def denoise(b: Builder, *, latent: tuple[int, ...], flow: bool) -> None:
    """One row of the sampler over a FiLM-conditioned pair of convolutions.

    `latent` is its shape with 1 for the free axis: (4, 1, 4) is a picture, (4, 1) a line. The
    network starts from the best guess about white noise data, so that sampling stays bounded:
    eps = sigma x, or x's own drift in a flow, plus a bounded part of its own.
    """
    outer = "float32" if b.work == "float16" else b.work
    rank = len(latent)
    channels = latent[0]
    row = b.op("Split", "row", outputs=7, axis=0, num_outputs=7)
    t, alpha, sigma, k_x, k_d, k_prev, k_noise = row
    branches = b.op("Shape", "weights")
    ones = b.op("Concat", branches, b.ints(*[1] * (rank + 1)), axis=0)
    stacked = b.op("Expand", b.op("Unsqueeze", "x", b.ints(0)), ones)
    rest = b.op("Slice", b.op("Shape", "x"), b.ints(1), b.ints(rank + 1))
    x = b.op("Reshape", stacked, b.op("Concat", b.ints(-1), rest, axis=0))

    inner = b.cast(x, b.work)
    clock = b.op("Mul", t, b.table("rates", _rates().astype(outer)))  # too coarse in float16
    clock = b.op("Concat", b.op("Sin", clock), b.op("Cos", clock), axis=0)
    film = b.cast(b.op("Add", "cond", clock), b.work)
    film = b.linear("film", b.op("Mul", film, b.number(3.0)), SPACE, 16)
    film = b.op("Unsqueeze", film, b.ints(*range(2, rank + 1)))
    scale, shift = b.op("Split", film, outputs=2, axis=1, num_outputs=2)
    kernel, pads = (3,) * (rank - 1), [1, 1] * (rank - 1)
    h = b.conv("in", inner, (8, channels, *kernel), pads=pads)
    h = b.op("Add", b.op("Mul", h, b.op("Add", scale, b.number(1.0))), shift)
    h = b.op("Tanh", b.conv("out", b.silu(h), (channels, 8, *kernel), pads=pads))

    own = b.op("Mul", b.cast(h, outer), b.number(0.5, outer))
    slope = b.op("Sub", sigma, alpha) if flow else sigma
    guess = b.op("Add", b.op("Mul", x, slope), own)
    grouped = b.op("Concat", branches, b.op("Shape", "x"), axis=0)
    guess = b.op("Reshape", guess, grouped)
    weights = b.op("Unsqueeze", "weights", b.ints(*range(1, rank + 2)))
    guess = b.op("ReduceSum", b.op("Mul", guess, weights), b.ints(0), keepdims=0)

    noise_part = b.op("Sub", "x", b.op("Mul", sigma, guess))
    d = noise_part if flow else b.op("Div", noise_part, alpha)
    terms = [("x", k_x), (d, k_d), ("d_prev", k_prev), ("noise", k_noise)]
    b.give(b.op("Sum", *[b.op("Mul", value, factor) for value, factor in terms]), "x_next")
    b.give(d, "d")


def encode(b: Builder) -> None:
    """`audio` [B, 80 T] to `mean`, `logvar` [B, 4, T, 4]."""
    x = b.op("Unsqueeze", "audio", b.ints(1))
    x = b.silu(b.conv("bands", x, (BINS, 1, 40), strides=[40]))
    x = b.op("Unsqueeze", b.op("Transpose", x, perm=[0, 2, 1]), b.ints(1))
    x = b.conv("down", x, (8, 1, 4, 4), strides=[2, 2], pads=[1, 1, 1, 1])
    mean, logvar = b.op("Split", x, outputs=2, axis=1, num_outputs=2)
    b.give(b.op("Mul", mean, b.number(4.0)), "mean")
    b.give(b.op("Sub", logvar, b.number(6.0)), "logvar")


def decode(b: Builder) -> None:
    """`latent` [B, 4, T, 4] to `mel` [B, 2 T, 8]."""
    x = b.cast("latent", b.work)
    x = b.deconv("up", x, (4, 8, 4, 4), strides=[2, 2], pads=[1, 1, 1, 1])
    x = b.conv("out", b.silu(x), (1, 8, 3, 3), pads=[1, 1, 1, 1])
    x = b.op("Squeeze", x, b.ints(1))
    b.give(b.cast(x, "float32" if b.work == "float16" else b.work), "mel")


def vocoder(b: Builder) -> None:
    """`mel` [B, 2 T, 8] to `audio` [B, 80 T]."""
    x = b.op("Transpose", "mel", perm=[0, 2, 1])
    x = b.silu(b.deconv("up", x, (BINS, 4, 16), strides=[8], pads=[4, 4]))
    x = b.deconv("out", x, (4, 1, 11), strides=[5], pads=[3, 3])
    b.give(b.op("Squeeze", b.op("Tanh", x), b.ints(1)), "audio")


def decode_noise(b: Builder) -> None:
    """`latent` [B, 4, T] and `noise` [B, 1, 80 T] to `audio` [B, 80 T]: noise, shaped."""
    gains = b.deconv("up", "latent", (4, 1, FRAME), strides=[FRAME])
    x = b.op("Mul", b.op("Tanh", gains), "noise")
    x = b.conv("out", x, (1, 1, 9), pads=[4, 4])
    b.give(b.op("Squeeze", b.op("Tanh", x), b.ints(1)), "audio")


def unit(b: Builder, x: str) -> str:
    """x scaled to length 1 along its last axis."""
    length = b.op("ReduceL2", x, b.ints(-1), keepdims=1)
    return b.op("Div", x, b.op("Add", length, b.number(1e-6)))


def _rates() -> np.ndarray:
    return np.geomspace(0.001, 1.0, SPACE // 2)
