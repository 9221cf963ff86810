"""The compiled player on devices: what Python compiled is played with the same bits, and a device
that cannot be had is told."""

import ctypes
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hearsight
from hearsight import generator as playing
from hearsight.compiled import Compiled
from hearsight.request import text

ROOT = Path(__file__).resolve().parents[2]
MICRO = ROOT / "tests" / "micro" / "micro"
LOG = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p)
PROMPT = "heavy rain on a tin roof"
PLUGIN = "onnxruntime_ep_nv_tensorrt_rtx"


class Options(ctypes.Structure):
    """hs_engine_options."""

    _fields_ = (
        ("struct_size", ctypes.c_uint32),
        ("threads", ctypes.c_uint32),
        ("memory_budget", ctypes.c_uint64),
        ("device", ctypes.c_char_p),
        ("onnxruntime", ctypes.c_char_p),
        ("extensions", ctypes.c_char_p),
        ("ort_api", ctypes.c_void_p),
        ("cache_folder", ctypes.c_char_p),
        ("never_build", ctypes.c_int32),
        ("log_level", ctypes.c_int32),
        ("log", LOG),
        ("log_user", ctypes.c_void_p),
        ("allocate", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("memory_user", ctypes.c_void_p),
        ("provider", ctypes.c_char_p),
        ("precision", ctypes.c_char_p),
    )


class Bundle(ctypes.Structure):
    """hs_bundle_options."""

    _fields_ = (
        ("struct_size", ctypes.c_uint32),
        ("conditioner_count", ctypes.c_uint32),
        ("folder", ctypes.c_char_p),
        ("conditioners", ctypes.c_void_p),
        ("verify", ctypes.c_int32),
        ("reserved", ctypes.c_int32),
    )


class Prompt(ctypes.Structure):
    """hs_prompt."""

    _fields_ = (
        ("struct_size", ctypes.c_uint32),
        ("kind", ctypes.c_int32),
        ("weight", ctypes.c_double),
        ("text", ctypes.c_char_p),
        ("pixels", ctypes.c_void_p),
        ("width", ctypes.c_uint32),
        ("height", ctypes.c_uint32),
        ("values", ctypes.POINTER(ctypes.c_float)),
        ("value_count", ctypes.c_uint64),
        ("sample_rate", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
    )


class Asked(ctypes.Structure):
    """The beginning of hs_request, up to its seed."""

    _fields_ = (
        ("struct_size", ctypes.c_uint32),
        ("prompt_count", ctypes.c_uint32),
        ("prompts", ctypes.POINTER(Prompt)),
        ("negative", ctypes.c_char_p),
        ("id", ctypes.c_char_p),
        ("seconds", ctypes.c_double),
        ("seed", ctypes.c_uint64),
    )


class Take(ctypes.Structure):
    """hs_take_info."""

    _fields_ = (
        ("struct_size", ctypes.c_uint32),
        ("sample_rate", ctypes.c_uint32),
        ("channels", ctypes.c_uint32),
        ("variation", ctypes.c_uint32),
        ("frames", ctypes.c_uint64),
        ("samples", ctypes.POINTER(ctypes.c_float)),
        ("seed", ctypes.c_uint64),
        ("item_seed", ctypes.c_uint64),
        ("notes", ctypes.c_char_p),
    )


def _sized(struct, **fields):
    return struct(struct_size=ctypes.sizeof(struct), **fields)


@pytest.fixture
def player(built, ort, extensions):
    """A function that plays a prompt through the C API: status, samples or words, log."""
    [path] = {each.resolve() for each in built.rglob("libhearsight.so")}
    library = ctypes.CDLL(str(path))

    def play(**options):
        said = []
        log = LOG(lambda _, level, text: said.append(text.decode()))
        engine, bundle, job, take = (ctypes.c_void_p() for _ in range(4))
        paths = {"onnxruntime": str(ort).encode(), "extensions": str(extensions).encode()}
        made = _sized(Options, threads=1, log=log, log_level=3, **paths, **options)
        assert library.hs_engine_create(ctypes.byref(made), ctypes.byref(engine)) == 0
        which = _sized(Bundle, folder=str(MICRO).encode())
        status = library.hs_bundle_open(engine, ctypes.byref(which), ctypes.byref(bundle))
        told = ctypes.create_string_buffer(2000)
        if status:
            library.hs_engine_error(engine, told, len(told))
            library.hs_engine_destroy(engine)
            return status, told.value.decode(), said
        prompt = _sized(Prompt, text=PROMPT.encode())
        request = _sized(Asked, prompt_count=1, prompts=ctypes.pointer(prompt), seconds=1.0, seed=7)
        assert library.hs_job_start(bundle, ctypes.byref(request), None, ctypes.byref(job)) == 0
        status = library.hs_job_wait(job, 0xFFFFFFFF)
        library.hs_job_error(job, told, len(told))
        assert status == 0, told.value
        assert library.hs_job_result(job, 0, ctypes.byref(take)) == 0
        info = _sized(Take)
        assert library.hs_take_get_info(take, ctypes.byref(info)) == 0
        samples = np.ctypeslib.as_array(info.samples, (info.frames * info.channels,)).copy()
        library.hs_take_free(take)
        library.hs_engine_destroy(engine)
        return status, samples, said

    return play


@pytest.fixture
def in_python(monkeypatch):
    """A function: what the Python player makes of the prompt, before it is finished."""
    found = []
    finish = playing.finish

    def seen(audio, *rest, **options):
        found.append(np.ravel(audio))
        return finish(audio, *rest, **options)

    def play(precision=None):
        request = text(PROMPT, seed=7, seconds=1.0)
        with hearsight.load(MICRO, device="cpu", threads=1, precision=precision) as generator:
            generator.generate(request)
        return found[-1]

    monkeypatch.setattr(playing, "finish", seen)
    return play


def _same(samples, wanted):
    return samples.tobytes() == wanted[: len(samples)].astype(np.float32).tobytes()


def test_what_python_compiled_for_the_processor_is_played_with_the_same_bits(
    player, in_python, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    plain = in_python()
    cli = "import sys; from hearsight.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", cli, "engines", "build", str(MICRO)]
    subprocess.run([*command, "--device", "cpu", "--threads", "1"], check=True)
    folder = Compiled().folder
    places = {record.name: place for place, record in Compiled().records()}
    assert set(places) == {"denoise", "decode", "vocoder"}

    status, samples, said = player(device=b"cpu", cache_folder=str(folder).encode())
    assert status == 0
    for name, place in places.items():
        assert f'The graph "{name}" is run from {place / name}.onnx.' in said
    assert _same(samples, in_python())

    (places["decode"] / "decode.onnx").write_bytes(b"damaged")
    status, samples, said = player(device=b"cpu", cache_folder=str(folder).encode())
    assert status == 0
    assert any('"decode" is run from' in line and "is damaged" in line for line in said)
    assert np.allclose(samples, plain[: len(samples)], atol=1e-4)


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_precisions_are_played_with_pythons_bits(player, in_python, precision):
    status, samples, _ = player(device=b"cpu", precision=precision.encode())
    assert status == 0
    assert _same(samples, in_python(precision))


def test_a_precision_that_there_is_not_is_refused(built, ort):
    [path] = {each.resolve() for each in built.rglob("libhearsight.so")}
    library, engine = ctypes.CDLL(str(path)), ctypes.c_void_p()
    options = _sized(Options, onnxruntime=str(ort).encode(), precision=b"bf16")
    assert library.hs_engine_create(ctypes.byref(options), ctypes.byref(engine)) == 2
    told = ctypes.create_string_buffer(500)
    library.hs_engine_error(None, told, len(told))
    assert told.value == (b'engine options: precision is "bf16"; it must be fp32, fp16 or int8.')


def test_without_a_card_rtx_is_an_error_and_auto_is_the_processor(player, in_python):
    spec = importlib.util.find_spec(PLUGIN)
    if not spec or not spec.origin:
        pytest.skip("the plug-in of TensorRT-RTX is not installed")
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        pass
    else:
        pytest.skip("there is NVIDIA's driver")
    [library] = Path(spec.origin).parent.glob("libonnxruntime_providers_nv_tensorrt_rtx.so")
    status, told, _ = player(device=b"rtx", provider=str(library).encode())
    assert status == 4
    assert told.startswith("rtx cannot be used: NVIDIA's driver cannot be loaded (")
    status, samples, _ = player(device=b"auto", provider=str(library).encode())
    assert status == 0
    assert _same(samples, in_python())


def test_the_name_of_the_provider_is_what_its_plug_in_calls_it():
    plugin = pytest.importorskip(PLUGIN)
    source = ROOT / "runtime" / "native" / "src" / "device.cpp"
    assert f'{{"rtx", "{plugin.get_ep_name()}"' in source.read_text("utf-8")
