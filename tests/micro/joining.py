"""The micro bundles in which prompts meet: what their graphs are made of."""

from __future__ import annotations

import numpy as np
import roles
from graphs import EMBED, RATE, SPACE, Builder, Tensor
from recipes import CHECK_IDS, Recipe, values

HEARD = 6  # numbers that a sound becomes where it has rows of its own
ROWS = 5
CLASSES = 5
SIGNAL = (6, 2000)  # channels and samples of an IMU

_PICTURE: Tensor = ("image", "uint8", [1, "H", "W", 3])
_EMBED: Tensor = ("embed", "float32", [1, EMBED])
_COND: Tensor = ("cond", "float32", [1, SPACE])


def parts() -> dict[str, Recipe]:
    """Every source has a row; a picture's parts are found, and the condition is searched."""
    return {
        "tokenize": _tokenize(),
        "text": _text(),
        "detect": Recipe(
            lambda b, _: _detect(b),
            [_PICTURE],
            [("boxes", "float32", [1, "N", 4]), ("scores", "float32", [1, "N"])],
            {"image": picture()[None]},
        ),
        "image": Recipe(
            lambda b, _: _image(b),
            [_PICTURE, ("box", "float32", [1, 4])],
            [_EMBED],
            {"image": picture()[None], "box": np.array([[3, 2, 20, 15]], np.float32)},
        ),
        "audio": _audio(HEARD),
        "join": Recipe(
            lambda b, _: _search(b),
            [
                ("pictures", "float32", [1, ROWS, EMBED]),
                ("sounds", "float32", [1, ROWS, HEARD]),
                ("weights", "float32", [1, ROWS]),
                ("noise", "float32", ["R", "C", SPACE]),
            ],
            [_COND],
            {
                "pictures": values("pictures", (1, ROWS, EMBED)),
                "sounds": values("sounds", (1, ROWS, HEARD)),
                "weights": np.array([[1, 1, 0.5, 2, 1]], np.float32),
                "noise": values("noise", (3, 4, SPACE)) / 2,
            },
        ),
        "frames": Recipe(
            lambda b, _: _frames(b, SPACE, "cond"),
            [("frames", "float32", [1, "N", SPACE])],
            [_COND],
            {"frames": values("joined", (1, 3, SPACE))},
        ),
    }


def senses() -> dict[str, Recipe]:
    """Prompts of a kind meet in a mean, and videos are seen in moments."""
    moment = np.stack([picture(), picture()[::-1]])
    return {
        "tokenize": _tokenize(),
        "text": _text(),
        "image": Recipe(
            lambda b, _: _seen(b, "image"), [_PICTURE], [_EMBED], {"image": picture()[None]}
        ),
        "moment": Recipe(
            lambda b, _: _seen(b, "moment"),
            [("moment", "uint8", [2, "H", "W", 3])],
            [_EMBED],
            {"moment": moment},
        ),
        "frames": Recipe(
            lambda b, _: _frames(b, EMBED, "embed"),
            [("frames", "float32", [1, "N", EMBED])],
            [_EMBED],
            {"frames": values("frames", (1, 3, EMBED))},
        ),
        "audio": _audio(EMBED),
        "signal": Recipe(
            lambda b, _: _signal(b),
            [("signal", "float32", [1, *SIGNAL])],
            [_EMBED],
            {"signal": values("signal", (1, *SIGNAL))},
        ),
        "join": Recipe(
            lambda b, _: _fuse(b),
            [(name, "float32", [1, EMBED]) for name in ("words", "seen", "heard")],
            [_COND],
            {name: values(name, (1, EMBED)) for name in ("words", "seen", "heard")},
        ),
    }


def classes() -> dict[str, Recipe]:
    """A classifier of sounds of a second."""
    return {
        "classify": Recipe(
            lambda b, _: _classify(b),
            [("audio", "float32", [1, RATE])],
            [("scores", "float32", [1, CLASSES])],
            {"audio": values("classified", (1, RATE)) / 4},
        )
    }


def picture() -> np.ndarray:
    """Golden: dark but for the left upper and, less so, the right lower quarter [20, 28, 3]."""
    rows, columns = np.mgrid[0:20, 0:28]
    shade = np.where((rows < 10) & (columns < 14), 240, 20)
    shade = np.where((rows >= 10) & (columns >= 14), 180, shade)
    return np.stack([shade, shade - rows % 7, shade - columns % 5], -1).astype(np.uint8)


def _tokenize() -> Recipe:
    ids: list[Tensor] = [("ids", "int64", [1, "L"]), ("mask", "int64", [1, "L"])]
    return Recipe(lambda b, _: roles.tokenize(b), [("text", "string", [1])], ids, {})


def _text() -> Recipe:
    return Recipe(
        lambda b, _: _words(b),
        [("ids", "int64", [1, "L"]), ("noise", "float32", [1, EMBED])],
        [_EMBED],
        {"ids": np.array([CHECK_IDS]), "noise": values("text", (1, EMBED))},
    )


def _audio(width: int) -> Recipe:
    return Recipe(
        lambda b, _: _sound(b, "audio", width),
        [("audio", "float32", [1, "S"])],
        [("embed", "float32", [1, width])],
        {"audio": values("heard", (1, 640)) / 4},
    )


def _words(b: Builder) -> None:
    """`ids` [1, L] and `noise` [1, 8] to `embed` [1, 8]: the mean of word vectors, and noise."""
    words = b.op("Gather", b.weight("words", (64, EMBED)), b.op("Mod", "ids", b.ints(64)))
    mean = b.op("ReduceMean", words, b.ints(1), keepdims=0)
    b.give(b.op("Add", mean, b.op("Mul", "noise", b.number(0.1))), "embed")


def _detect(b: Builder) -> None:
    """`image` to the quarters that are brighter than half, the brightest first."""
    x = b.op("Div", b.cast("image", b.work), b.number(255.0))
    height = b.op("Slice", b.op("Shape", "image"), b.ints(1), b.ints(2))
    width = b.op("Slice", b.op("Shape", "image"), b.ints(2), b.ints(3))
    half = [b.op("Div", size, b.ints(2)) for size in (height, width)]
    edges = [(b.ints(0), half[0], height), (b.ints(0), half[1], width)]
    scores: list[str] = []
    boxes: list[str] = []
    for row in (0, 1):
        for column in (0, 1):
            top, bottom = edges[0][row : row + 2]
            left, right = edges[1][column : column + 2]
            start, end = b.op("Concat", top, left, axis=0), b.op("Concat", bottom, right, axis=0)
            quarter = b.op("Slice", x, start, end, b.ints(1, 2))
            scores.append(b.op("ReduceMean", quarter, b.ints(1, 2, 3), keepdims=0))
            box = b.op("Concat", left, top, right, bottom, axis=0)
            boxes.append(b.op("Unsqueeze", b.cast(box, b.work), b.ints(0)))
    ranked, order = b.op("TopK", b.op("Concat", *scores, axis=0), b.ints(4), outputs=2)
    bright = b.cast(b.op("Greater", ranked, b.number(0.5)), "int64")
    count = b.op("ReduceSum", bright, b.ints(0), keepdims=1)
    found = b.op("Gather", b.op("Concat", *boxes, axis=0), order)
    b.give(b.op("Unsqueeze", b.op("Slice", found, b.ints(0), count, b.ints(0)), b.ints(0)), "boxes")
    b.give(
        b.op("Unsqueeze", b.op("Slice", ranked, b.ints(0), count, b.ints(0)), b.ints(0)), "scores"
    )


def _image(b: Builder) -> None:
    """The part `box` of `image` to `embed` [1, 8]."""
    box = b.cast("box", "int64")
    left, top, right, bottom = b.op("Split", box, outputs=4, axis=1, num_outputs=4)
    start = b.op("Reshape", b.op("Concat", top, left, axis=1), b.ints(2))
    end = b.op("Reshape", b.op("Concat", bottom, right, axis=1), b.ints(2))
    _colours(b, b.op("Slice", "image", start, end, b.ints(1, 2)))


def _seen(b: Builder, name: str) -> None:
    """Pictures [F, H, W, 3] to `embed` [1, 8]."""
    _colours(b, name)


def _colours(b: Builder, pictures: str) -> None:
    """Means and mean squares of the colours, mapped."""
    x = b.op("Div", b.cast(pictures, b.work), b.number(255.0))
    both = [
        b.op("ReduceMean", each, b.ints(0, 1, 2), keepdims=0) for each in (x, b.op("Mul", x, x))
    ]
    found = b.op("Unsqueeze", b.op("Concat", *both, axis=0), b.ints(0))
    b.give(b.linear("map", found, 6, EMBED), "embed")


def _sound(b: Builder, name: str, width: int) -> None:
    """`audio` [1, S] to `embed` [1, width]: level in four bands of a bank, mapped."""
    b.give(b.linear("map", _bands(b, name, 1), 4, width), "embed")


def _signal(b: Builder) -> None:
    """`signal` [1, 6, 2000] to `embed` [1, 8]."""
    b.give(b.linear("map", _bands(b, "signal", SIGNAL[0]), 4, EMBED), "embed")


def _bands(b: Builder, name: str, channels: int) -> str:
    x = b.op("Unsqueeze", name, b.ints(1)) if channels == 1 else name
    x = b.conv("bank", x, (4, channels, 32), strides=[16])
    return b.op("ReduceMean", b.op("Abs", x), b.ints(2), keepdims=0)


def _frames(b: Builder, width: int, output: str) -> None:
    """`frames` [1, N, width] to their mean, mapped."""
    x = b.op("ReduceMean", "frames", b.ints(1), keepdims=0)
    x = b.linear("map", x, width, width)
    b.give(roles.unit(b, x) if output == "cond" else x, output)


def _search(b: Builder) -> None:
    """Rows to the candidate, of all rounds, that is nearest to what the rows and row 0 say."""
    told = b.op(
        "Add", b.linear("seen", "pictures", EMBED, SPACE), b.linear("heard", "sounds", HEARD, SPACE)
    )
    weights = b.op("Unsqueeze", "weights", b.ints(2))
    mean = b.op("ReduceMean", b.op("Mul", told, weights), b.ints(1), keepdims=0)
    first = b.op("Squeeze", b.op("Slice", told, b.ints(0), b.ints(1), b.ints(1)), b.ints(1))
    aim = b.op("Add", mean, b.op("Mul", first, b.number(0.3)))
    noise = b.op("Reshape", "noise", b.ints(-1, SPACE))
    candidates = roles.unit(b, b.op("Add", mean, b.op("Mul", noise, b.number(0.5))))
    near = b.op("MatMul", candidates, b.op("Transpose", aim, perm=[1, 0]))
    best = b.op("ArgMax", near, axis=0, keepdims=0)
    b.give(b.op("Gather", candidates, best), "cond")


def _fuse(b: Builder) -> None:
    """`words`, `seen` and `heard` [1, 8] to `cond` [1, 16]."""
    x = b.op("Concat", "words", "seen", "heard", axis=1)
    b.give(roles.unit(b, b.linear("map", x, 3 * EMBED, SPACE)), "cond")


def _classify(b: Builder) -> None:
    """`audio` [1, 8000] to `scores` [1, 5], which sum to 1."""
    x = b.linear("map", _bands(b, "audio", 1), 4, CLASSES)
    b.give(b.op("Softmax", b.op("Mul", x, b.number(20.0)), axis=-1), "scores")
