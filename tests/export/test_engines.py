"""Engines are built for three generations of cards where there is none.

What is not tested, for want of a card: that an engine runs, and everything of `--tensorrt` beyond
its errors.
"""

import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from typer.testing import CliRunner

from hearsight.bundle import Bundle, open_bundle
from hearsight.compiled import Compiled, Found, Missing
from hearsight.errors import BundleError, Cancelled, DeviceError, HearsightError, RequestError
from hearsight.machine import system
from hearsight.profiles import Extent, Profile
from hearsight.sampler import Cancel
from hearsight.store import describe
from hearsight.wanted import Target, wanted_key
from hearsight_export import cli
from hearsight_export.engines import (
    Refused,
    engine_graphs,
    make_engines,
    rtx_target,
    rtx_toolkit,
    tensorrt_toolkit,
)
from hearsight_export.engines.compiling import build_engine
from hearsight_export.engines.front import split

# Where there are packages, they have to be installed.
pytestmark = pytest.mark.skipif(
    system() not in ("linux-x86_64", "windows-amd64")
    and find_spec("tensorrt_rtx_bindings") is None,
    reason="there are no packages of the extra `engines` for this system",
)

ROOT = Path(__file__).resolve().parents[2]
BUNDLES = {
    path.name: open_bundle(path)
    for path in (*sorted((ROOT / "tests" / "micro").glob("micro*/")), ROOT / "engines" / "starter")
}
GROWING = {"micro-parts", "micro-senses"}
"""Bundles whose graphs see pictures at their own size, of which there are no engines."""


def buildable(name: str) -> list[str]:
    graphs = BUNDLES[name].manifest.graphs
    return [
        graph
        for graph in engine_graphs(BUNDLES[name].manifest)
        if name not in GROWING or graphs[graph].inputs[0].dtype != "uint8"
    ]


GRAPHS = [(name, graph) for name in BUNDLES for graph in buildable(name)]
PICTURES = [pair for pair in GRAPHS if pair[1] == "image"]
TARGETS = "86,89,120"


@pytest.fixture(scope="module")
def toolkit():
    return rtx_toolkit()


@pytest.fixture(scope="module")
def made(toolkit, tmp_path_factory):
    """Every graph of the bundles of this repository, built for three generations of cards."""
    store = Compiled(tmp_path_factory.mktemp("engines"))
    target = rtx_target(toolkit, TARGETS)
    for name, bundle in BUNDLES.items():
        make_engines(bundle, toolkit, target, buildable(name), store=store)
    return store


def build(toolkit, bundle, names, folder, **more):
    target = rtx_target(toolkit, "86")
    return make_engines(bundle, toolkit, target, names, store=Compiled(folder), **more)


def of_one_card(toolkit, made, bundle, graph):
    """What a machine with an RTX 4070 finds."""
    card = Target(toolkit.builder, ("8.9",), "NVIDIA GeForce RTX 4070", "580.95", system())
    found = made.find(wanted_key(BUNDLES[bundle].manifest, graph, "fp16", card))
    assert isinstance(found, Found), found
    return found


def original(bundle, graph):
    """A graph in the precision that its engine has, without its weights, and its path."""
    variants = BUNDLES[bundle].manifest.graphs[graph].variants
    path = BUNDLES[bundle].path(variants.get("fp16", variants["fp32"]))
    return onnx.load(path, load_external_data=False), path


def leftovers(folder):
    return [path.name for path in Path(folder).glob("*") if path.suffix != ".lock"]


@pytest.mark.parametrize(("bundle", "graph"), GRAPHS)
def test_every_role_is_built_for_three_generations_of_cards(toolkit, made, bundle, graph):
    found = of_one_card(toolkit, made, bundle, graph)
    assert found.record.key.targets == ("8.6", "8.9", "12.0")
    assert found.record.key.card == found.record.key.driver == ""
    variants = BUNDLES[bundle].manifest.graphs[graph].variants
    assert found.record.key.precision == ("fp16" if "fp16" in variants else "fp32")
    assert {listed.file for listed in found.record.files} == {f"{graph}.onnx", f"{graph}.engine"}
    engine = found.folder / f"{graph}.engine"
    weights = sum(listed.bytes for listed in variants[found.record.key.precision].weights)
    assert engine.stat().st_size > max(weights, 10_000)


@pytest.mark.parametrize(("bundle", "graph"), GRAPHS)
def test_the_model_around_an_engine_stands_for_the_graph(toolkit, made, bundle, graph):
    found = of_one_card(toolkit, made, bundle, graph)
    around = onnx.load(found.folder / f"{graph}.onnx")
    onnx.checker.check_model(around)
    before, path = original(bundle, graph)
    assert list(around.graph.input) == list(before.graph.input)
    assert list(around.graph.output) == list(before.graph.output)
    [node] = [node for node in around.graph.node if node.op_type == "EPContext"]
    assert node.domain == "com.microsoft"
    said = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    assert (said["main_context"], said["embed_mode"]) == (1, 0)
    assert said["ep_cache_context"] == f"{graph}.engine".encode()
    assert said["onnx_model_filename"] == path.name.encode()
    assert said["hardware_architecture"] == b"86,89,120"
    assert f"TensorRT-RTX {said['ep_sdk_version'].decode()}" == toolkit.builder
    assert said["partition_name"].startswith(f"{graph}_".encode())


def test_the_provider_that_plays_engines_is_called_what_its_plugin_says(toolkit):
    assert toolkit.source == "NvTensorRTRTXExecutionProvider"


@pytest.mark.parametrize(("bundle", "graph"), GRAPHS)
def test_nothing_but_the_provider_is_missing_to_open_it(toolkit, made, bundle, graph):
    found = of_one_card(toolkit, made, bundle, graph)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    with pytest.raises(Exception, match=f"EPContext node generated by '{toolkit.source}' is not"):
        onnxruntime.InferenceSession(
            str(found.folder / f"{graph}.onnx"), options, providers=["CPUExecutionProvider"]
        )


@pytest.mark.parametrize("bundle", BUNDLES)
def test_graphs_that_take_text_stay_on_the_processor(bundle):
    manifest = BUNDLES[bundle].manifest
    assert set(engine_graphs(manifest)) == manifest.graphs.keys() - {"tokenize", "detect"}
    if "tokenize" in manifest.graphs:
        with pytest.raises(RequestError, match="stays on the CPU"):
            engine_graphs(manifest, ["tokenize"])


@pytest.mark.parametrize(("bundle", "graph"), PICTURES)
def test_the_part_of_a_picture_graph_that_stays_on_the_processor_computes_as_before(
    toolkit, made, bundle, graph
):
    found = of_one_card(toolkit, made, bundle, graph)
    around = onnx.load(found.folder / f"{graph}.onnx").graph
    [node] = [node for node in around.node if node.op_type == "EPContext"]
    [value] = [info for info in around.value_info if info.name in node.input]
    assert value.type.tensor_type.elem_type == TensorProto.FLOAT
    handed = tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
    assert all(handed)
    before, path = original(bundle, graph)
    wide = helper.make_model(
        helper.make_graph(before.graph.node, "g", around.input, [value], before.graph.initializer),
        opset_imports=before.opset_import,
        ir_version=before.ir_version,
    )
    onnx.external_data_helper.load_external_data_for_model(wide, str(path.parent))
    front = [node for node in around.node if node.op_type != "EPContext"]
    near = helper.make_model(
        helper.make_graph(front, "g", around.input, [value], around.initializer),
        opset_imports=before.opset_import,
        ir_version=before.ir_version,
    )
    picture = np.random.default_rng(3).integers(0, 256, (1, 75, 110, 3), np.uint8)
    results = []
    for model in (wide, near):
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        results.append(session.run(None, {around.input[0].name: picture})[0])
    assert results[0].shape == handed
    np.testing.assert_array_equal(*results)
    assert {"Conv", "MatMul", "Gemm"}.isdisjoint(node.op_type for node in front)


def test_a_picture_graph_whose_sizes_never_become_fixed_is_refused(tmp_path):
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["cond"]),
    ]
    spec = BUNDLES["micro-eye"].manifest.graphs["image"].inputs
    taken = helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "H", "W", 3])
    given = helper.make_tensor_value_info("cond", TensorProto.FLOAT, [1, 1, 1, 1])
    model = helper.make_model(
        helper.make_graph(nodes, "g", [taken], [given]),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )
    with pytest.raises(DeviceError, match=r'x.onnx: "pixels" grows with the picture'):
        split(model, tmp_path / "x.onnx", spec)


def test_what_is_there_is_not_built_again(toolkit, made):
    phases = []
    found = make_engines(
        BUNDLES["micro"],
        toolkit,
        rtx_target(toolkit, "120, 89,86"),
        ["denoise", "text"],
        store=made,
        progress=lambda *step: phases.append(step),
    )
    assert [entry.record.name for entry in found] == ["denoise", "text"] and not phases


def test_a_build_tells_its_phases_and_the_precision_of_each_graph(toolkit, tmp_path):
    lines, phases = [], []
    micro = BUNDLES["micro"]
    names = engine_graphs(micro.manifest, ["vocoder", "decode"])
    build(
        toolkit,
        micro,
        names,
        tmp_path,
        tell=lines.append,
        progress=lambda *step: phases.append(step),
    )
    assert [line.rpartition(" MB")[0].rpartition(" ")[0] or line for line in lines] == [
        "[1/2] decode: building in fp16",
        "[1/2] decode:",
        "[2/2] vocoder: building in fp32",
        "[2/2] vocoder:",
    ]
    assert {graph for graph, *_ in phases} == {"decode", "vocoder"}
    assert ("decode", "Building engine") in {step[:2] for step in phases}
    assert all(1 <= step <= steps for _, _, step, steps in phases)


def test_the_precision_can_be_chosen(toolkit, tmp_path):
    [found] = build(toolkit, BUNDLES["micro"], ["decode"], tmp_path, precision="fp32")
    assert found.record.key.precision == "fp32"
    with pytest.raises(BundleError, match="has no graph in fp16; it has fp32"):
        build(toolkit, BUNDLES["micro-flow"], ["decode"], tmp_path, precision="fp16")


def test_a_cancelled_build_ends_within_it_and_leaves_nothing(toolkit, tmp_path):
    cancel, phases = Cancel(), []

    def stop(*step):
        phases.append(step)
        cancel.cancel()

    with pytest.raises(Cancelled):
        build(toolkit, BUNDLES["micro"], ["denoise"], tmp_path, progress=stop, cancel=cancel)
    assert len(phases) == 1
    assert leftovers(tmp_path) == []


def broken(tmp_path, nodes, weights=()):
    """A copy of micro-flow whose `decode` is another graph with the same inputs and outputs."""
    source = BUNDLES["micro-flow"]
    root = Path(shutil.copytree(source.root, tmp_path / "bundle"))
    graph = source.manifest.graphs["decode"]
    whole, _ = original("micro-flow", "decode")
    model = helper.make_model(
        helper.make_graph(nodes, "g", whole.graph.input, whole.graph.output, weights),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )
    onnx.save(model, root / "decode.other.onnx")
    listed = describe(root, "decode.other.onnx")
    variant = replace(
        graph.variants["fp32"],
        file=listed.file,
        sha256=listed.sha256,
        bytes=listed.bytes,
        weights=(),
    )
    graphs = source.manifest.graphs | {"decode": replace(graph, variants={"fp32": variant})}
    return Bundle(root, replace(source.manifest, graphs=graphs), source.sha256)


def scaled(tail):
    """A decoder's graph that goes on from `noise` times a weight, and the weight."""
    weight = helper.make_tensor("hifi.upsampler.2.weight", TensorProto.FLOAT, [1, 1, 1], [0.5])
    nodes = [
        helper.make_node("Mul", ["noise", "hifi.upsampler.2.weight"], ["scaled"]),
        helper.make_node("Squeeze", ["scaled", "axis"], ["flat"]),
        *tail,
    ]
    return nodes, [weight, helper.make_tensor("axis", TensorProto.INT64, [1], [1])]


def test_a_refused_node_is_named_with_its_module(toolkit, tmp_path):
    nodes, weights = scaled(
        [
            helper.make_node("Unique", ["flat"], ["sorted"], name="node_unique", axis=0),
            helper.make_node("Identity", ["sorted"], ["audio"]),
        ]
    )
    bundle = broken(tmp_path, nodes, weights)
    with pytest.raises(Refused) as refusal:
        build(toolkit, bundle, ["decode"], tmp_path / "store")
    said = str(refusal.value)
    assert 'the node "node_unique", Unique, of the module hifi.upsampler.2 in ' in said
    assert said.startswith(toolkit.builder) and "decode.other.onnx: " in said
    assert refusal.value.exit_code == DeviceError.exit_code
    assert leftovers(tmp_path / "store") == []


def test_a_graph_that_parses_and_cannot_be_built_is_told_in_tensorrts_words(toolkit, tmp_path):
    nodes, weights = scaled([helper.make_node("Reshape", ["flat", "sizes"], ["audio"])])
    sizes = helper.make_tensor("sizes", TensorProto.INT64, [2], [1, 7])
    bundle = broken(tmp_path, nodes, [*weights, sizes])
    with pytest.raises(Refused, match=r"cannot build .*decode\.other\.onnx: .*Reshape_2") as found:
        build(toolkit, bundle, ["decode"], tmp_path / "store")
    assert "hifi.upsampler.2" in str(found.value)


def test_graphs_that_can_be_built_are_built_beside_one_that_cannot(toolkit, tmp_path):
    nodes, weights = scaled([helper.make_node("Unique", ["flat"], ["audio"], axis=0)])
    bundle = broken(tmp_path, nodes, weights)
    names = engine_graphs(bundle.manifest)
    with pytest.raises(HearsightError, match="1 of 2 graphs cannot be built") as some:
        build(toolkit, bundle, names, tmp_path / "store")
    assert some.value.exit_code == HearsightError.exit_code
    assert [r.name for _, r in Compiled(tmp_path / "store").records()] == ["denoise"]


@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.FLOAT16])
def test_attention_is_built_in_both_precisions(toolkit, tmp_path, kind):
    """As the exporter writes it: half precision asks for a softmax in float32."""
    asked = {"softmax_precision": TensorProto.FLOAT} if kind == TensorProto.FLOAT16 else {}
    nodes = [
        helper.make_node("Neg", ["q"], ["k"]),
        helper.make_node("Abs", ["q"], ["v"]),
        helper.make_node("Attention", ["q", "k", "v"], ["heard"], **asked),
        helper.make_node("Neg", ["heard"], ["y"]),
    ]
    tensors = [helper.make_tensor_value_info(name, kind, [1, 4, "L", 64]) for name in "qy"]
    model = helper.make_model(
        helper.make_graph(nodes, "g", tensors[:1], tensors[1:]),
        opset_imports=[helper.make_opsetid("", 23)],
        ir_version=10,
    )
    before = model.SerializeToString()
    sizes = Profile((Extent("q", (1, 4, 1, 64), (1, 4, 40, 64), (1, 4, 99, 64)),))
    capabilities = [(8, 6), (8, 9), (12, 0)]
    path = tmp_path / "attention.onnx"
    engine = build_engine(toolkit, model, path, [sizes], capabilities, lambda *step: None, Cancel())
    assert len(engine) > 10_000 and model.SerializeToString() == before


def test_who_cannot_be_told_how_it_goes_hears_why_and_nothing_is_kept(toolkit, tmp_path):
    def closed(*told):
        raise RuntimeError("nobody listens")

    cancel = Cancel()
    with pytest.raises(RuntimeError, match="nobody listens"):
        build(toolkit, BUNDLES["micro"], ["vocoder"], tmp_path, progress=closed, cancel=cancel)
    assert not cancel.cancelled
    assert leftovers(tmp_path) == []


def test_the_name_of_the_provider_is_not_asked_of_files_in_the_current_folder(
    tmp_path, monkeypatch
):
    for name in ("json", "onnxruntime_ep_nv_tensorrt_rtx"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(1)")
    monkeypatch.chdir(tmp_path)
    assert rtx_toolkit().source == "NvTensorRTRTXExecutionProvider"


def test_engines_are_not_taken_where_they_do_not_fit(toolkit, made):
    manifest = BUNDLES["micro"].manifest
    card = Target(toolkit.builder, ("12.1",), "NVIDIA GB10", "580.95", system())
    missing = made.find(wanted_key(manifest, "vocoder", "fp16", card))
    assert isinstance(missing, Missing)
    assert "8.6, 8.9, 12.0" in missing.reason and "12.1" in missing.reason


@pytest.mark.parametrize(
    ("said", "targets"),
    [("86", ("8.6",)), (" 12.0,8.9 ,89", ("8.9", "12.0")), (TARGETS, ("8.6", "8.9", "12.0"))],
)
def test_compute_capabilities_are_read_in_both_spellings(toolkit, said, targets):
    assert rtx_target(toolkit, said).targets == targets


@pytest.mark.parametrize("said", ["", ",", "sm86", "86 89", "70", "8,6", "-86", "four"])
def test_other_words_for_cards_are_refused_with_those_that_are_known(toolkit, said):
    with pytest.raises(RequestError, match=r"86.*89.*120"):
        rtx_target(toolkit, said)


def command(*arguments):
    result = CliRunner().invoke(cli.app, ["engines", *map(str, arguments)])
    if result.exception:
        raise result.exception
    return result


def test_the_command_builds_into_a_folder_and_prints_where(tmp_path):
    root = BUNDLES["micro"].root
    result = command(root, "--sm", "89", "--to", tmp_path, "--graphs", "frames, vocoder")
    folders = [Path(line) for line in result.stdout.splitlines() if not line.startswith("[")]
    names = {record.name: place for place, record in Compiled(tmp_path).records()}
    assert names.keys() == {"frames", "vocoder"}
    assert set(names.values()) <= set(folders)
    assert "not run on a card" in result.output


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ((), RequestError, "--sm 86,89,120, or --tensorrt"),
        (("--sm", "86", "--tensorrt"), RequestError, "leave --sm out"),
        (("--sm", "86", "--graphs", "vocodr"), RequestError, 'no graph "vocodr"'),
        (("--sm", "86", "--graphs", "tokenize"), RequestError, "stays on the CPU"),
        (("--sm", "2080"), RequestError, 'does not build for "2080"'),
    ],
)
def test_the_command_refuses_what_it_cannot_do_before_it_builds(tmp_path, arguments, error, said):
    with pytest.raises(error, match=said):
        command(BUNDLES["micro"].root, "--to", tmp_path / "store", *arguments)
    assert not (tmp_path / "store").exists()


HIDDEN = """
import importlib.machinery as m, sys
hidden, found = set(sys.argv.pop(1).split(",")), m.PathFinder.find_spec
m.PathFinder.find_spec = lambda name, *more: None if name in hidden else found(name, *more)
from hearsight_export.cli import main
main()
"""


@pytest.mark.parametrize(
    ("hidden", "options", "packages"),
    [
        ("polygraphy", ("--sm", "86"), "polygraphy"),
        ("tensorrt_rtx_bindings", ("--sm", "86"), "tensorrt_rtx_cu13_bindings"),
        (
            "onnxruntime_ep_nv_tensorrt_rtx,polygraphy",
            ("--sm", "86"),
            "onnxruntime-ep-nv-tensorrt-rtx-cu13 polygraphy",
        ),
        ("tensorrt", ("--tensorrt",), "tensorrt-cu13"),
    ],
)
def test_missing_packages_are_named_with_what_installs_them(tmp_path, hidden, options, packages):
    asked = [str(BUNDLES["micro"].root), "--to", str(tmp_path / "store"), *options]
    ended = subprocess.run(
        [sys.executable, "-c", HIDDEN, hidden, "engines", *asked],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(sys.path), "PATH": "", "HOME": str(tmp_path)},
    )
    assert ended.returncode == DeviceError.exit_code, ended.stderr
    assert f"`pip install {packages}`" in ended.stderr
    assert ended.stderr.startswith("Error: Engines cannot be built: ")
    assert ended.stderr.count("\n") == 1


def test_bindings_of_another_version_than_the_libraries_are_refused(monkeypatch):
    bindings = rtx_toolkit().trt
    version = bindings.__version__
    monkeypatch.setattr(bindings, "__version__", "1.6.0.1")
    cure = rf"`pip install tensorrt_rtx_cu13_bindings=={version}`"
    with pytest.raises(DeviceError, match=cure):
        rtx_toolkit()


def test_one_process_drives_one_tensorrt(toolkit, monkeypatch):
    monkeypatch.setattr("hearsight_export.engines.toolkit._need", lambda *modules: None)
    monkeypatch.setitem(sys.modules, "tensorrt", toolkit.trt)
    with pytest.raises(DeviceError, match="use another process"):
        tensorrt_toolkit()
