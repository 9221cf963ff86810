"""The starter's sounds and captions: whole, repeatable, and true to each other."""

import re

import numpy as np
import pytest

from hearsight_export.starter import captions, phrases
from hearsight_export.starter.attributes import MEASURES, envelope
from hearsight_export.starter.sounds import KINDS, SAMPLE_RATE, draw_params, render

NAMES = [
    "rain",
    "thunder",
    "wind",
    "sea",
    "stream",
    "fire",
    "birds",
    "crickets",
    "footsteps_gravel",
    "footsteps_wood",
    "footsteps_snow",
    "door_knock",
    "bell",
    "siren",
    "engine",
    "helicopter",
    "clock",
    "heartbeat",
    "glass",
    "wood_hit",
    "metal_hit",
    "laser",
    "pickup",
    "explosion",
    "whoosh",
    "bubbles",
    "applause",
    "saw",
    "typewriter",
    "telephone",
    "frog",
    "cat",
    "dog",
    "drone",
]

every_kind = pytest.mark.parametrize("name", NAMES)


def plain(text: str) -> str:
    return re.sub(r"[^a-z ]", "", text.lower())


def test_kinds_are_those_of_the_contract_in_order():
    assert list(KINDS) == NAMES
    allowed = {"intensity", "rate", "pitch", "distance", "material"}
    for name, kind in KINDS.items():
        assert kind.name == name
        assert 1 <= len(kind.axes) <= 4 and set(kind.axes) <= allowed
        assert ("material" in kind.axes) == bool(kind.materials)


@every_kind
def test_drawn_params_are_exactly_the_axes(name):
    kind = KINDS[name]
    params = draw_params(kind, np.random.default_rng(0))
    assert tuple(params) == kind.axes
    assert all(0.0 <= value <= 1.0 for value in params.values())


@every_kind
def test_corner_parameters_make_sound_in_range(name):
    kind = KINDS[name]
    for corner in range(2 ** len(kind.axes)):
        params = {axis: float(corner >> bit & 1) for bit, axis in enumerate(kind.axes)}
        wave = render(kind, params, np.random.default_rng(corner), 1.5)
        assert wave.dtype == np.float32 and wave.shape == (24000,)
        assert np.isfinite(wave).all()
        assert 0.02 < np.abs(wave).max() < 0.85


@every_kind
@pytest.mark.parametrize("seconds", [0.5, 5.12, 12.0])
def test_any_length_is_exact(name, seconds):
    kind = KINDS[name]
    rng = np.random.default_rng(3)
    assert len(render(kind, draw_params(kind, rng), rng, seconds)) == round(seconds * SAMPLE_RATE)


@every_kind
def test_the_seed_decides_the_take(name):
    kind = KINDS[name]
    params = draw_params(kind, np.random.default_rng(5))
    one, same, other = (render(kind, params, np.random.default_rng(s), 2.0) for s in (1, 1, 2))
    assert np.array_equal(one, same)
    assert np.corrcoef(one, other)[0, 1] < 0.9


@every_kind
def test_sound_starts_within_300_ms_and_never_falls_to_digital_silence(name):
    kind = KINDS[name]
    for seed in range(6):
        rng = np.random.default_rng(seed)
        wave = render(kind, draw_params(kind, rng), rng)
        early = np.abs(wave[: int(0.3 * SAMPLE_RATE)]).max()
        assert early > 0.02 * np.abs(wave).max()
        assert early > 10.0 ** (-60.0 / 20.0)
        assert envelope(wave, 1600).min() > 10.0 ** (-80.0 / 20.0)


def drawn_captions(count, *, held_out=False, seed=0, **fixed):
    rng = np.random.default_rng(seed)
    kinds = list(KINDS.values())
    for index in range(count):
        kind = kinds[index % len(kinds)]
        params = draw_params(kind, rng) | {a: v for a, v in fixed.items() if a in kind.axes}
        yield kind, params, captions.caption(kind, params, rng, held_out=held_out)


def test_captions_use_only_the_vocabulary():
    assert 400 <= len(captions.VOCABULARY) <= 800
    assert list(captions.VOCABULARY) == sorted(set(captions.VOCABULARY))
    for held_out in (False, True):
        for _, _, text in drawn_captions(2000, held_out=held_out):
            assert set(plain(text).split()) <= set(captions.VOCABULARY), text


def test_held_out_captions_never_occur_in_training_but_their_words_do():
    train = {plain(text) for _, _, text in drawn_captions(30000)}
    held = {plain(text) for _, _, text in drawn_captions(1500, held_out=True, seed=1)}
    assert not train & held
    assert set(" ".join(held).split()) <= set(" ".join(train).split())


def test_kept_wording_is_never_also_training_wording():
    def unmarked(text):
        return {re.sub("[*~#]", "", part).strip() for part in text.split(",")}

    general = unmarked(phrases.TEMPLATES) | unmarked(phrases.OUTSIDE)
    assert not general & unmarked(phrases.KEPT_TEMPLATES)
    for wording in phrases.PHRASES.values():
        assert not unmarked(wording.cores) & unmarked(wording.kept)


def banded_words(kind, axis, where):
    key = f"{axis} {where}"
    shade = phrases.PHRASES[kind.name].shades.get(key, phrases.SHADES[key])
    return {word.strip(" !") for part in shade.split(";") for word in part.split(",")} - {""}


@pytest.mark.parametrize("axis", ["intensity", "rate", "pitch", "distance"])
@pytest.mark.parametrize(("value", "wrong"), [(0.1, "high"), (0.9, "low")])
def test_adjectives_are_true_to_the_band(axis, value, wrong):
    others = {a: 0.5 for a in ("intensity", "rate", "pitch", "distance") if a != axis}
    named = 0
    for kind, _, text in drawn_captions(3400, **others, **{axis: value}):
        if axis not in kind.axes:
            continue
        wording = phrases.PHRASES[kind.name]
        said = f" {plain(text)} "
        # Words that the bare cores use as well ("small stones") say nothing of the axis.
        bare = " ".join((wording.cores, *wording.idioms.values(), *wording.materials.values()))
        untrue = [w for w in banded_words(kind, axis, wrong) if w not in re.sub("[*~#]", "", bare)]
        assert not [word for word in untrue if f" {word} " in said], text
        right = banded_words(kind, axis, "low" if wrong == "high" else "high")
        named += any(f" {word} " in said for word in right)
    assert named > 200


def test_materials_are_named_truly():
    for kind, params, text in drawn_captions(6000):
        if kind.name == "rain" and re.search(r"\b(tin|metal)\b", plain(text)):
            assert params["material"] == 1.0
        if kind.name == "door_knock" and re.search(r"\b(steel|metal|iron)\b", plain(text)):
            assert params["material"] == 1.0
        if kind.name == "door_knock" and re.search(r"\bwood(en)?\b", plain(text)):
            assert params["material"] == 0.0


def test_contrasts_speak_the_vocabulary_and_cover_many_kinds():
    assert len(captions.CONTRASTS) >= 40
    assert len({entry[0] for entry in captions.CONTRASTS}) >= 20
    for name, axis, low, high, attribute in captions.CONTRASTS:
        assert axis in KINDS[name].axes and attribute in MEASURES
        assert set(f"{low} {high}".split()) <= set(captions.VOCABULARY)


@pytest.mark.parametrize("name", sorted({entry[0] for entry in captions.CONTRASTS}))
def test_contrasts_move_what_they_say(name):
    kind = KINDS[name]
    for axis, attribute in {(c[1], c[4]) for c in captions.CONTRASTS if c[0] == name}:
        medians = []
        for value in (0.1, 0.9):
            found = []
            for seed in range(5):
                rng = np.random.default_rng([seed, int(value * 10)])
                params = {a: 0.5 for a in kind.axes if a != "material"}
                if kind.materials:
                    params["material"] = float(seed % 2)
                wave = render(kind, params | {axis: value}, rng)
                found.append(MEASURES[attribute](wave))
            medians.append(float(np.median(found)))
        low, high = medians if axis != "distance" else medians[::-1]
        assert high > (low + 4.0 if attribute == "level" else low * 1.25), (
            axis,
            attribute,
            medians,
        )
