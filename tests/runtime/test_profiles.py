"""Whatever a request makes of a graph's inputs lies in a profile that it is compiled with."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.bundle import open_bundle
from hearsight.decoder import tile
from hearsight.manifest import Limits
from hearsight.profiles import MOST_BRANCHES, MOST_TOKENS, MOST_VARIATIONS, fitting, profiles

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [*sorted((ROOT / "tests" / "micro").glob("micro*/")), ROOT / "engines" / "starter"]
MANIFESTS = {path.name: open_bundle(path, verify=False).manifest for path in FOLDERS}
GRAPHS = [(bundle, name) for bundle, found in MANIFESTS.items() for name in found.graphs]
SECONDS = st.lists(st.floats(0.01, 0.5) | st.floats(0.5, 40), min_size=3, max_size=3)
GENERATORS = [bundle for bundle, found in MANIFESTS.items() if found.latent]


def shapes(manifest, name, **sizes):
    """Shapes of a graph's inputs at some sizes of its symbols."""

    def size(dim):
        if isinstance(dim, int):
            return dim
        return sizes[dim] if dim in sizes else int(dim[:-1]) * sizes["T"]

    return {spec.name: tuple(map(size, spec.shape)) for spec in manifest.graphs[name].inputs}


def of_length(manifest, seconds, loop):
    """The manifest of a generator with other limits, and the windows over a sound within them."""
    low, default, high = sorted(seconds)
    limits = Limits(low, high)
    known = replace(manifest, defaults=replace(manifest.defaults, seconds=default, limits=limits))
    return known, tile(known, default, loop=loop)


@pytest.mark.parametrize(("bundle", "name"), GRAPHS)
def test_the_usual_shape_lies_between_the_least_and_the_largest(bundle, name):
    for profile in profiles(MANIFESTS[bundle], name):
        for extent in profile.extents:
            assert extent.takes(extent.least)
            assert extent.takes(extent.usual)
            assert extent.takes(extent.most)


@pytest.mark.parametrize(("bundle", "name"), GRAPHS)
def test_exactly_the_inputs_with_free_axes_have_an_extent(bundle, name):
    manifest = MANIFESTS[bundle]
    free = [
        s.name for s in manifest.graphs[name].inputs if any(isinstance(d, str) for d in s.shape)
    ]
    picture = {"H", "W"} & {dim for spec in manifest.graphs[name].inputs for dim in spec.shape}
    for profile in profiles(manifest, name):
        assert [extent.name for extent in profile.extents] == free
    assert bool(profiles(manifest, name)) == bool(free and not picture)


@pytest.mark.parametrize(("bundle", "name"), GRAPHS)
def test_the_first_profile_takes_all_that_the_others_take(bundle, name):
    wide, *others = profiles(MANIFESTS[bundle], name) or (None,)
    for profile in others:
        assert wide.takes({extent.name: extent.least for extent in profile.extents})
        assert wide.takes({extent.name: extent.most for extent in profile.extents})


@pytest.mark.parametrize("bundle", GENERATORS)
@given(
    seconds=SECONDS,
    loop=st.booleans(),
    multiple=st.sampled_from([1, 2, 4, 8]),
    branches=st.integers(1, 2),
)
def test_every_window_within_the_limits_has_a_narrow_profile(
    bundle, seconds, loop, multiple, branches
):
    known = MANIFESTS[bundle]
    known = replace(known, latent=replace(known.latent, multiple=multiple))
    known, tiles = of_length(known, seconds, loop)
    for name in {"denoise", "decode", "encode", "vocoder"} & known.graphs.keys():
        made = profiles(known, name)
        at = shapes(known, name, B=1, G=branches, GB=branches, T=tiles.size)
        found = fitting(made, at)
        assert found is not None
        assert (found > 0) == (len(made) > 1)


@pytest.mark.parametrize("bundle", GENERATORS)
@given(seconds=SECONDS)
def test_ranges_of_lengths_lie_side_by_side(bundle, seconds):
    known, _ = of_length(MANIFESTS[bundle], seconds, False)
    axis = 1 + known.latent.shape.index("T")
    ranges = [
        (p.extents[0].least[axis], p.extents[0].most[axis]) for p in profiles(known, "denoise")
    ]
    wide, *parts = ranges
    assert (parts[-1][0], parts[0][1]) == wide
    for (low, _), (_, high) in pairwise(parts):
        assert low - high == known.latent.multiple


@pytest.mark.parametrize("bundle", GENERATORS)
def test_a_batch_of_branches_has_the_widest_profile_and_a_larger_one_has_none(bundle):
    manifest = MANIFESTS[bundle]
    made = profiles(manifest, "denoise")
    frames = tile(manifest, manifest.defaults.seconds).size

    def at(b, g):
        return fitting(made, shapes(manifest, "denoise", B=b, G=g, GB=b * g, T=frames))

    assert at(MOST_VARIATIONS, MOST_BRANCHES) == 0
    assert at(1, MOST_BRANCHES) == 0
    assert at(1, MOST_BRANCHES + 1) is None
    assert at(MOST_VARIATIONS + 1, 1) is None


def test_prompts_have_profiles():
    starter, micro = MANIFESTS["starter"], MANIFESTS["micro"]
    for tokens in (1, 16, MOST_TOKENS):
        assert fitting(profiles(starter, "text"), shapes(starter, "text", L=tokens)) == 0
    assert fitting(profiles(starter, "text"), shapes(starter, "text", L=MOST_TOKENS + 1)) is None
    for frames in range(1, micro.conditioners.video.max_frames + 1):
        assert fitting(profiles(micro, "frames"), shapes(micro, "frames", N=frames)) == 0


@given(samples=st.integers(1, 200_000), seconds=st.floats(0.2, 12), pad=st.booleans())
def test_a_heard_sound_has_a_profile_unless_it_is_a_tenth_of_a_second_or_less(
    samples, seconds, pad
):
    known = MANIFESTS["starter"]
    ear = replace(known.conditioners.audio, seconds=seconds, pad=pad)
    known = replace(known, conditioners=replace(known.conditioners, audio=ear))
    longest = round(seconds * ear.sample_rate)
    given_samples = longest if pad else min(samples, longest)
    found = fitting(profiles(known, "audio"), {"audio": (1, given_samples)})
    assert (found == 0) == (pad or given_samples >= ear.sample_rate / 10)


def test_the_text_tells_all_shapes():
    [text] = profiles(MANIFESTS["starter"], "frames")
    assert text.text == "frames 1x1x256 1x8x256 1x8x256"
    texts = [profile.text for profile in profiles(MANIFESTS["starter"], "denoise")]
    assert texts[0].startswith("x 1x8x3x8 1x8x63x8 4x8x125x8, d_prev 1x8x3x8 ")
    assert texts[0].endswith(", cond 1x256 2x256 16x256, weights 1 2 4")
    assert len(set(texts)) == len(texts)
