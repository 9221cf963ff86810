"""Which graphs a prompt may go through, and how prompts meet: rules of `engines/FORMAT.md`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import get_args

from .manifest import Conditioners, Graph, Join, JoinInput, Manifest, Modality, Role, TensorSpec
from .roles import is_noise, role_of

__all__ = ["MODALITIES", "chain_problems", "chains", "roles_of"]

MODALITIES: tuple[Modality, ...] = get_args(Modality)
"""Every kind of prompt, in the order of the format."""

Chain = tuple[Role, ...]

_PICTURES: tuple[Chain, ...] = (("image",), ("image", "join"))
_CHAINS: Mapping[Modality, tuple[Chain, ...]] = {
    "text": (("tokenize", "text"), ("tokenize", "text", "join")),
    "image": (
        *_PICTURES,
        ("image", "frames"),
        ("image", "frames", "join"),
        ("detect", "image", "join"),
        ("detect", "image", "frames"),
        ("detect", "image", "frames", "join"),
    ),
    "video": (
        ("image", "frames"),
        ("image", "frames", "join"),
        ("image", "join", "frames"),
        ("detect", "image", "join", "frames"),
        ("moment", "frames"),
        ("moment", "frames", "join"),
    ),
    "audio": (("audio",), ("audio", "join"), ("audio", "frames"), ("audio", "frames", "join")),
    "depth": _PICTURES,
    "thermal": _PICTURES,
    "imu": (("signal",), ("signal", "join")),
}
_MOST_SOURCES = 16  # the default of `max_sources`


def chains(known: Conditioners) -> dict[Modality, tuple[str, ...]]:
    """The names of the graphs that each kind of prompt goes through."""
    found: dict[Modality, tuple[str, ...]] = {}
    for modality in MODALITIES:
        part = getattr(known, modality)
        if part:
            found[modality] = part.graphs
    return found


def roles_of(manifest: Manifest, modality: Modality) -> Chain:
    """The roles of the graphs that a kind of prompt goes through; none where it is not known."""
    names = chains(manifest.conditioners).get(modality, ())
    return tuple(role_of(name, manifest.graphs[name]) for name in names)


def chain_problems(manifest: Manifest) -> Iterator[str]:
    """What breaks the rules for chains and for where they meet, the graphs being sound."""
    graphs = manifest.graphs
    used: set[str] = set()
    for modality, chain in chains(manifest.conditioners).items():
        at = f"conditioners.{modality}.graphs"
        for name in chain:
            if name not in graphs:
                yield f'{at} names "{name}", and graphs.{name} is missing'
                return
        if roles_of(manifest, modality) not in _CHAINS[modality]:
            known = " or ".join(" > ".join(known) for known in _CHAINS[modality])
            yield f'{at} is "{" > ".join(chain)}"; known for {modality}: {known}'
            return
        used.update(chain)
        yield from _links(graphs, chain, at)
    yield from _picture_problems(manifest)
    yield from _join_problems(manifest)
    yield from _length_problems(manifest)
    if manifest.classifier:
        used.add("classify")
    for name in sorted(graphs.keys() - used - {"denoise", "encode", "decode", "vocoder"}):
        yield f"graphs.{name} is in no conditioner's chain"


def _links(graphs: Mapping[str, Graph], chain: tuple[str, ...], at: str) -> Iterator[str]:
    """What does not pass from one graph of a chain to the next."""
    for i, name in enumerate(chain):
        role, following = role_of(name, graphs[name]), chain[i + 1 :]
        given = graphs[name].outputs
        if role in ("tokenize", "detect"):
            continue
        if following and role_of(following[0], graphs[following[0]]) == "frames":
            taken = next(spec for spec in graphs[following[0]].inputs if spec.name == "frames")
            if given[0].shape[1:] != taken.shape[2:]:
                yield f'{at}: the output of "{name}" does not fit into "{following[0]}"'
        if not following and not _has(given, "cond"):
            yield f'{at} ends in "{name}", which has no output "cond"'
        # A picture's condition may also be what is gathered over the frames of a video.
        gathered = following and role_of(following[0], graphs[following[0]]) == "frames"
        if following and not gathered and not _has(given, "embed"):
            yield f'{at}: "{name}" stands before "{following[0]}", and has no output "embed"'


def _picture_problems(manifest: Manifest) -> Iterator[str]:
    """What is wrong with how pictures and videos are looked at."""
    for modality in ("image", "video"):
        part = getattr(manifest.conditioners, modality)
        roles, at = roles_of(manifest, modality), f"conditioners.{modality}"
        if not part:
            continue
        if part.max_sources < 1:
            yield f"{at}.max_sources must be at least 1"
        if "detect" not in roles and part.max_sources != _MOST_SOURCES:
            yield f"{at}.max_sources is for a chain that begins with detect"
        if "detect" in roles:
            looking = part.graphs[roles.index("image")]
            if not _has(manifest.graphs[looking].inputs, "box"):
                yield f'{at}.graphs: "{looking}" comes after detect, and has no input "box"'
    video = manifest.conditioners.video
    if not video:
        return
    if "moment" in roles_of(manifest, "video"):
        if video.moment_seconds <= 0 or video.fps != 0:
            yield "conditioners.video takes moments: moment_seconds must be above 0, and fps 0"
    elif video.moment_seconds != 0:
        yield "conditioners.video.moment_seconds is for a chain that begins with moment"


def _length_problems(manifest: Manifest) -> Iterator[str]:
    """Whether sounds come as long as the graphs that take them want."""
    heard = manifest.conditioners.audio
    for at, known in (("conditioners.audio", heard), ("classifier", manifest.classifier)):
        if not known:
            continue
        [spec] = manifest.graphs[known.graphs[0]].inputs
        wanted, given = spec.shape[1], round(known.seconds * known.sample_rate)
        short = f'graphs.{known.graphs[0]}.inputs: "{spec.name}" takes {wanted} samples'
        if isinstance(wanted, int) and not known.pad:
            yield f"{short}, and {at}.pad is false"
        elif isinstance(wanted, int) and wanted != given:
            yield f"{short}, and {at} gives {given}"


def _join_problems(manifest: Manifest) -> Iterator[str]:
    graph, join = manifest.graphs.get("join"), manifest.join
    if not graph or not join:
        return
    known = chains(manifest.conditioners)
    met = [modality for modality in known if "join" in roles_of(manifest, modality)]
    taken = [modality for each in join.inputs for modality in each.takes]
    names = [each.name for each in join.inputs]
    for i, each in enumerate(join.inputs):
        at = f"join.inputs[{i}]"
        if names.index(each.name) != i or each.name == "weights" or each.name.startswith("noise"):
            yield f'{at}.name is "{each.name}"; each needs its own, not weights and not noise'
        if not each.takes:
            yield f"{at}.takes is empty"
        if each.fill == "list" and each.mean != "unit":
            yield f'{at}.mean is for the fill "mean"'
    for modality in met:
        if taken.count(modality) != 1:
            yield f'join.inputs must take "{modality}" at exactly one place'
    for modality in taken:
        if modality not in met:
            yield f'join.inputs take "{modality}", whose chain has no join'
    for spec in graph.inputs:
        if spec.name in names and not all(isinstance(dim, int) for dim in spec.shape):
            shape = list(spec.shape)
            yield f'join.inputs: "{spec.name}" has the shape {shape}; its axes must be numbers'
    rows = {spec.shape[1] for each in join.inputs for spec in _listed(graph, each)}
    rows |= {spec.shape[1] for spec in graph.inputs if spec.name == "weights"}
    lists = [each for each in join.inputs if each.fill == "list"]
    if len(rows) > 1:
        yield "join.inputs of the fill list, and weights, must have the same number of rows"
    if _has(graph.inputs, "weights") and not lists:
        yield 'graphs.join.inputs: "weights" needs an input of the fill list'
    if join.whole and not any("image" in each.takes for each in lists):
        yield "join.whole needs an input of the fill list that takes pictures"
    if rows:
        yield from _row_problems(manifest, join, int(min(rows)))
    yield from _search_problems(graph, join)
    for each in join.inputs:
        for modality in each.takes:
            yield from _taken_problems(manifest, each, modality)


def _row_problems(manifest: Manifest, join: Join, rows: int) -> Iterator[str]:
    kept = 1 if join.whole else 0
    if rows <= kept:
        yield "join has no row for a prompt"
    for modality in ("image", "video"):
        part = getattr(manifest.conditioners, modality)
        roles = roles_of(manifest, modality)
        listed = any(modality in each.takes for each in join.inputs if each.fill == "list")
        before = roles[: (*roles, "join").index("join")]
        direct = listed and "detect" in before and "frames" not in before
        if part and direct and part.max_sources + kept > rows:
            at = f"conditioners.{modality}.max_sources"
            yield f"{at} is {part.max_sources}, and join has room for {rows - kept}"


def _search_problems(graph: Graph, join: Join) -> Iterator[str]:
    noises = [spec for spec in graph.inputs if is_noise(spec)]
    search = join.search
    if search and min(search.rounds, search.candidates, search.draws) < 1:
        yield "join.search needs rounds, candidates and draws of at least 1"
    if search and not noises:
        yield 'join.search needs inputs of graphs.join that begin with "noise"'
    free = {dim for spec in noises for dim in spec.shape if isinstance(dim, str)}
    if free and not search:
        yield f"join.search is missing; graphs.join has the free axis {min(free)}"


def _taken_problems(manifest: Manifest, each: JoinInput, modality: Modality) -> Iterator[str]:
    """Whether what a chain gives fits into the input of the join that takes it."""
    chain = chains(manifest.conditioners).get(modality, ())
    if "join" not in chain or chain.index("join") == 0:
        return
    before = chain[chain.index("join") - 1]
    given = manifest.graphs[before].outputs[0].shape[1:]
    first = 1 if each.fill == "mean" else 2
    for spec in manifest.graphs["join"].inputs:
        if spec.name == each.name and spec.shape[first:] != given:
            yield f'join.inputs: the output of "{before}" does not fit into "{each.name}"'


def _listed(graph: Graph, each: JoinInput) -> list[TensorSpec]:
    return [spec for spec in graph.inputs if spec.name == each.name and each.fill == "list"]


def _has(specs: tuple[TensorSpec, ...], name: str) -> bool:
    return any(spec.name == name for spec in specs)
