"""Detectors of users become graphs that find what an independent restatement finds."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from hearsight.bundle import open_bundle
from hearsight.errors import BundleError
from hearsight_export.checkpoints import CheckpointError
from hearsight_export.detectors import detector_addition, export_detector, read_detector

MICRO = Path(__file__).parents[1] / "micro"
HEIGHT, WIDTH, CELL = 96, 160, 16
COUNT = HEIGHT // CELL * (WIDTH // CELL)
CLASSES = 5
KERNEL = np.random.default_rng(3).normal(0, 0.12, (5 + CLASSES, 3, CELL, CELL)).astype(np.float32)
AGPL = "AGPL-3.0 License (https://ultralytics.com/license)"


def write(path, nodes, outputs, extra=(), opset=17, size=(HEIGHT, WIDTH), metadata=None):
    """A detector whose answers are a convolution of the picture's pixels, cell by cell."""
    constants = {
        "kernel": KERNEL,
        "flat": np.array([1, len(KERNEL), -1]),
        "two": np.array(2.0, np.float32),
    }
    for name, value in dict(extra).items():
        constants[name] = np.asarray(value)
    conv = helper.make_node("Conv", ["images", "kernel"], ["map"], strides=[CELL, CELL])
    body = [conv, helper.make_node("Reshape", ["map", "flat"], ["raw"]), *nodes]
    used = {name for node in body for name in node.input}
    inputs = [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, *size])]
    if "orig_target_sizes" in used:
        shape = [1, 2]
        inputs.append(helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, shape))
    graph = helper.make_graph(
        body,
        "detector",
        inputs,
        [helper.make_tensor_value_info(n, kind, shape) for n, kind, shape in outputs],
        [numpy_helper.from_array(v, k) for k, v in constants.items() if k in used],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    helper.set_model_props(model, metadata or {})
    onnx.save(model, path)
    return path


def node(op, *names, **attributes):
    *inputs, output = names
    return helper.make_node(op, inputs, [output], **attributes)


def yolov8(path, **options):
    """Boxes in pixels, from numbers in (0, 1): [1, 4 + classes, N]."""
    nodes = [
        node("Sigmoid", "raw", "sure"),
        node("Slice", "sure", "zero", "nine", "one", "some"),
        node("Mul", "some", "scale", "output0"),
    ]
    scale = np.ones((1, 4 + CLASSES, 1), np.float32)
    scale[0, :4, 0] = WIDTH, HEIGHT, 60, 60
    extra = {"scale": scale, "zero": [0], "nine": [4 + CLASSES], "one": [1]}
    outputs = [("output0", TensorProto.FLOAT, [1, 4 + CLASSES, COUNT])]
    return write(path, nodes, outputs, extra, **options)


def along(length, wanted):
    """Where each of `wanted` pixels lies between two of `length`: both, and the second's share."""
    at = np.clip((np.arange(wanted) + 0.5) * length / wanted - 0.5, 0, length - 1)
    low = np.floor(at).astype(int)
    return low, np.minimum(low + 1, length - 1), at - low


def resized(picture, size):
    """Linear between the centres of pixels, rounded to bytes; OpenCV is a level off at most."""
    left, right, x = along(picture.shape[1], size[0])
    top, bottom, y = along(picture.shape[0], size[1])
    rows = picture[:, left] * (1 - x)[:, None] + picture[:, right] * x[:, None]
    found = np.rint(rows[top] * (1 - y)[:, None, None] + rows[bottom] * y[:, None, None])
    assert np.abs(found - cv2.resize(picture, size)).max() <= 1
    return found


def shown(picture, layout):
    """What the network is fed, and how boxes go back: offset [2], factor [2]."""
    high, wide = picture.shape[:2]
    if layout == "rt-detr":
        squeezed = resized(picture, (WIDTH, HEIGHT))
        return squeezed / 255, np.zeros(2), np.array([wide, high])
    ratio = min(HEIGHT / high, WIDTH / wide)
    if layout == "yolox":
        new, left, top = (int(wide * ratio), int(high * ratio)), 0, 0
    else:
        new = round(wide * ratio), round(high * ratio)
        left = max(round((WIDTH - new[0]) / 2 - 0.1), 0)
        top = max(round((HEIGHT - new[1]) / 2 - 0.1), 0)
    canvas = np.full((HEIGHT, WIDTH, 3), 114, np.float32)
    canvas[top : top + new[1], left : left + new[0]] = resized(picture, new)
    pixels = canvas[:, :, ::-1] if layout == "yolox" else canvas / 255
    return pixels, np.array([left, top]), np.full(2, 1 / ratio)


def raw(pixels):
    cells = pixels.reshape(HEIGHT // CELL, CELL, WIDTH // CELL, CELL, 3).transpose(0, 2, 4, 1, 3)
    return cells.reshape(COUNT, -1).astype(np.float64) @ KERNEL.reshape(len(KERNEL), -1).T


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def overlap(a, b):
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    shared = np.prod(np.maximum(sides, 0))
    return shared / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared)


def suppressed(corners, scores, confidence, most):
    """Greedy, class by class, over boxes that are of their best class only."""
    best, classes = scores.max(axis=1), scores.argmax(axis=1)
    kept = []
    for i in np.argsort(-best, kind="stable"):
        if best[i] > confidence and not any(
            classes[j] == classes[i] and overlap(corners[i], corners[j]) > most for j in kept
        ):
            kept.append(i)
    return corners[kept][:64], best[kept][:64]


def found_by(path, picture, tmp_path, **options):
    graph = export_detector(read_detector(path), tmp_path, **options)
    session = onnxruntime.InferenceSession(str(tmp_path / graph.variants["fp32"].file))
    boxes, scores = session.run(["boxes", "scores"], {"image": picture[None]})
    assert boxes.shape == (1, scores.shape[1], 4)
    return boxes[0], scores[0]


def agree(found, wanted, least=3):
    """As many boxes, at the same places in pixels, up to some bytes that float32 and float64
    round to different sides: each moves a score by 0.0005 and a box of RT-DETR, which goes
    across the whole picture, by a tenth of a pixel. The others' move less.
    """
    assert len(found[0]) == len(wanted[0]) >= least
    np.testing.assert_allclose(found[1], wanted[1], atol=1e-3)
    np.testing.assert_allclose(found[0], wanted[0], atol=0.15)


def back(corners, scores, layout, picture, offset, factor):
    high, wide = picture.shape[:2]
    moved = (corners.reshape(-1, 2, 2) - offset) * factor
    return np.clip(moved, 0, [wide, high]).reshape(-1, 4), scores


def picture(high, wide):
    small = np.random.default_rng(high).integers(0, 256, (6, 8, 3), np.uint8)
    return cv2.resize(small, (wide, high), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("shape", [(96, 160), (123, 77), (40, 300), (300, 420)])
@pytest.mark.parametrize("most", [0.0, 0.45])
def test_yolov8_is_letterboxed_decoded_and_suppressed(shape, most, tmp_path):
    image = picture(*shape)
    pixels, offset, factor = shown(image, "yolov8")
    said = sigmoid(raw(pixels))
    centre, size = said[:, :2] * (WIDTH, HEIGHT), said[:, 2:4] * 60
    corners = np.concatenate((centre - size / 2, centre + size / 2), axis=1)
    wanted = suppressed(corners, said[:, 4:9], 0.6, most)
    found = found_by(yolov8(tmp_path / "x.onnx"), image, tmp_path, confidence=0.6, overlap=most)
    agree(found, back(*wanted, "yolov8", image, offset, factor))


def test_yolox_as_its_own_script_exports_it(tmp_path):
    """Blue first, 0 to 255, in the upper left corner; boxes relative to cells of three sizes."""
    cells = [(HEIGHT // s, WIDTH // s, s) for s in (8, 16, 32)]
    count = sum(high * wide for high, wide, _ in cells)
    spread = np.arange(count) % COUNT
    nodes = [
        node("Gather", "raw", "spread", "many", axis=2),
        node("Mul", "many", "least", "small"),
        node("Transpose", "small", "rows", perm=[0, 2, 1]),
        node("Slice", "rows", "zero", "four", "last", "place"),
        node("Slice", "rows", "four", "ten", "last", "said"),
        node("Sigmoid", "said", "sure"),
        node("Concat", "place", "sure", "output", axis=2),
    ]
    extra = {"spread": spread, "zero": [0], "four": [4], "ten": [10], "last": [2]}
    extra["least"] = np.float32(1 / 255)
    outputs = [("output", TensorProto.FLOAT, [1, count, 5 + CLASSES])]
    path = write(tmp_path / "x.onnx", nodes, outputs, extra, opset=11)
    image = picture(200, 190)
    pixels, offset, factor = shown(image, "yolox")
    said = raw(pixels)[spread] / 255
    grid = [
        (column, row, s) for high, wide, s in cells for row in range(high) for column in range(wide)
    ]
    grid = np.array(grid, float)
    centre = (said[:, :2] + grid[:, :2]) * grid[:, 2:]
    size = np.exp(said[:, 2:4]) * grid[:, 2:]
    corners = np.concatenate((centre - size / 2, centre + size / 2), axis=1)
    scores = sigmoid(said[:, 4:5]) * sigmoid(said[:, 5:])
    wanted = suppressed(corners, scores, 0.3, 0.0)
    agree(
        found_by(path, image, tmp_path, confidence=0.3),
        back(*wanted, "yolox", image, offset, factor),
    )


@pytest.mark.parametrize("origin", ["own", "transformers"])
def test_rt_detr_sees_the_picture_squeezed(origin, tmp_path):
    slices = [
        node("Sigmoid", "raw", "sure"),
        node("Transpose", "sure", "rows", perm=[0, 2, 1]),
        node("Slice", "rows", "zero", "four", "last", "pred_boxes"),
        node("Transpose", "raw", "plain", perm=[0, 2, 1]),
        node("Slice", "plain", "four", "nine", "last", "logits"),
    ]
    extra = {"zero": [0], "four": [4], "nine": [9], "last": [2]}
    path = tmp_path / "x.onnx"
    if origin == "transformers":
        outputs = [
            ("logits", TensorProto.FLOAT, [1, COUNT, CLASSES]),
            ("pred_boxes", TensorProto.FLOAT, [1, COUNT, 4]),
        ]
        write(path, slices, outputs, extra)
    else:
        corner = np.array([[1, 0, 1, 0], [0, 1, 0, 1], [-0.5, 0, 0.5, 0], [0, -0.5, 0, 0.5]])
        nodes = [
            *slices,
            node("MatMul", "pred_boxes", "corner", "corners"),
            node("Cast", "orig_target_sizes", "sides", to=TensorProto.FLOAT),
            node("Concat", "sides", "sides", "whole", axis=1),
            node("Mul", "corners", "whole", "boxes"),
            node("Sigmoid", "logits", "each"),
            node("ReduceMax", "each", "scores", axes=[2], keepdims=0),
            node("ArgMax", "logits", "labels", axis=2, keepdims=0),
        ]
        outputs = [
            ("labels", TensorProto.INT64, [1, COUNT]),
            ("boxes", TensorProto.FLOAT, [1, COUNT, 4]),
            ("scores", TensorProto.FLOAT, [1, COUNT]),
        ]
        write(path, nodes, outputs, extra | {"corner": corner.astype(np.float32)}, opset=16)
    image = picture(180, 250)
    pixels, offset, factor = shown(image, "rt-detr")
    said = sigmoid(raw(pixels))
    corners = np.concatenate(
        (said[:, :2] - said[:, 2:4] / 2, said[:, :2] + said[:, 2:4] / 2), axis=1
    )
    wanted = suppressed(corners, said[:, 4:9], 0.5, 0.3)
    if origin == "transformers":
        assert read_detector(path).model.opset_import[0].version < 18  # so that none is smoothed
    found = found_by(path, image, tmp_path, confidence=0.5, overlap=0.3)
    agree(found, back(*wanted, "rt-detr", image, offset, factor), least=1)


def test_nothing_found_is_an_empty_list(tmp_path):
    path = yolov8(tmp_path / "x.onnx")
    boxes, scores = found_by(path, picture(50, 50), tmp_path, confidence=0.9999)
    assert boxes.shape == (0, 4) and scores.shape == (0,)


def test_a_free_size_is_told_by_the_file_or_640(tmp_path):
    free = dict(size=("height", "width"))
    path = yolov8(tmp_path / "x.onnx", **free, metadata={"imgsz": "[96, 160]"})
    assert (read_detector(path).height, read_detector(path).width) == (96, 160)
    assert len(found_by(path, picture(90, 90), tmp_path, confidence=0.5)[0]) > 0
    assert read_detector(yolov8(tmp_path / "y.onnx", **free)).width == 640


def test_the_terms_are_those_that_the_file_tells(tmp_path):
    told = read_detector(yolov8(tmp_path / "x.onnx", metadata={"license": AGPL})).terms
    assert (told.name, told.url) == ("AGPL-3.0", "https://ultralytics.com/license")
    assert told.commercial_use is None
    assert read_detector(yolov8(tmp_path / "y.onnx")).terms.name == "unknown"


def test_others_are_refused_by_what_they_give(tmp_path):
    path = tmp_path / "x.onnx"
    path.write_bytes(b"no model")
    with pytest.raises(CheckpointError, match="is no ONNX model"):
        read_detector(path)
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_detector(tmp_path / "missing.onnx")
    with pytest.raises(CheckpointError, match=r"for the task segment; known are YOLOv8"):
        read_detector(yolov8(path, metadata={"task": "segment"}))
    with pytest.raises(CheckpointError, match=r"output0 \[1, 9, 60\]; known"):
        read_detector(yolov8(path, metadata={"nms": "True"}))
    outputs = [("probabilities", TensorProto.FLOAT, [1, 1000])]
    write(path, [node("Identity", "raw", "probabilities")], outputs)
    with pytest.raises(CheckpointError, match=r"probabilities \[1, 1000\]"):
        read_detector(path)


def test_what_onnx_runtime_does_not_run_is_refused(tmp_path):
    path = yolov8(tmp_path / "x.onnx")
    model = onnx.load(path)
    [scale] = (tensor for tensor in model.graph.initializer if tensor.name == "scale")
    scale.CopyFrom(numpy_helper.from_array(np.ones((1, 7, 1), np.float32), "scale"))
    onnx.save(model, path)
    with pytest.raises(CheckpointError, match=r"x\.onnx does not run: "):
        export_detector(read_detector(path), tmp_path)
    model.opset_import.add(domain="com.microsoft", version=1)
    onnx.save(model, path)
    with pytest.raises(CheckpointError, match=r"uses operators of com\.microsoft"):
        read_detector(path)


def test_only_bundles_that_look_at_parts_take_a_detector(tmp_path):
    micro = open_bundle(MICRO / "micro-eye")
    with pytest.raises(BundleError, match="whole pictures only"):
        detector_addition(read_detector(yolov8(tmp_path / "x.onnx")), micro, tmp_path)
