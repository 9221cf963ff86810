"""Captions for the starter's sounds: a grammar whose adjectives mean the parameters."""

import re
from functools import cache

import numpy as np

from . import phrases
from .phrases import PHRASES, SHADES, Phrases
from .sounds import Kind, Params

__all__ = ["CONTRASTS", "VOCABULARY", "band", "caption"]

MENTION = 0.6
LOW, MIDDLE, HIGH = "low", "middle", "high"
STRONG = ("very", "very", "really", "extremely")
MILD = ("slightly", "fairly", "rather")

# (kind, axis, phrase for low values, phrase for high values, what it moves): level is the RMS in
# dB, density the onsets per second, centroid the power-weighted spectral centroid in Hz, rate the
# strongest repetition of the envelope in Hz. Each rises from the low to the high phrase, but level
# falls with distance.
CONTRASTS: list[tuple[str, str, str, str, str]] = [
    ("rain", "intensity", "light rain", "heavy rain", "level"),
    ("rain", "intensity", "drizzle", "a downpour", "level"),
    ("thunder", "intensity", "soft thunder", "loud thunder", "level"),
    ("thunder", "distance", "thunder close by", "thunder in the distance", "level"),
    ("wind", "intensity", "a gentle breeze", "strong wind", "level"),
    ("wind", "pitch", "deep wind", "high pitched wind", "centroid"),
    ("sea", "intensity", "calm sea", "stormy sea", "level"),
    ("sea", "rate", "slow ocean waves", "fast ocean waves", "rate"),
    ("stream", "intensity", "a trickle of water", "a rushing river", "level"),
    ("stream", "distance", "a nearby stream", "a distant stream", "level"),
    ("fire", "intensity", "a small fire", "a roaring fire", "level"),
    ("birds", "rate", "birds singing slowly", "birds singing rapidly", "density"),
    ("birds", "pitch", "low pitched birds", "high pitched birds", "centroid"),
    ("birds", "distance", "birds close by", "birds in the distance", "level"),
    ("crickets", "rate", "slow crickets", "fast crickets", "rate"),
    ("crickets", "pitch", "low pitched crickets", "high pitched crickets", "centroid"),
    ("crickets", "distance", "nearby crickets", "distant crickets", "level"),
    (
        "footsteps_gravel",
        "intensity",
        "soft footsteps on gravel",
        "heavy footsteps on gravel",
        "level",
    ),
    ("footsteps_gravel", "rate", "slow footsteps on gravel", "fast footsteps on gravel", "density"),
    ("footsteps_wood", "rate", "slow footsteps on wood", "fast footsteps on wood", "rate"),
    (
        "footsteps_wood",
        "distance",
        "footsteps on wood up close",
        "distant footsteps on wood",
        "level",
    ),
    ("footsteps_snow", "intensity", "light footsteps in snow", "heavy footsteps in snow", "level"),
    ("footsteps_snow", "rate", "slow footsteps in snow", "fast footsteps in snow", "rate"),
    ("door_knock", "intensity", "a soft knock on a door", "a loud knock on a door", "level"),
    ("door_knock", "rate", "slow knocking on a door", "rapid knocking on a door", "density"),
    ("bell", "pitch", "a deep church bell", "a small hand bell ringing", "centroid"),
    ("bell", "distance", "a bell close by", "a distant bell", "level"),
    ("siren", "rate", "a slow siren", "a fast siren", "rate"),
    ("siren", "pitch", "a low siren", "a high pitched siren", "centroid"),
    ("siren", "distance", "a nearby siren", "a distant siren", "level"),
    ("engine", "intensity", "a quiet engine", "a loud engine", "level"),
    ("engine", "distance", "a car engine close by", "a car engine far away", "level"),
    ("helicopter", "rate", "a slow helicopter", "a fast helicopter", "rate"),
    ("helicopter", "distance", "a nearby helicopter", "a helicopter in the distance", "level"),
    ("clock", "rate", "a clock ticking slowly", "a clock ticking fast", "rate"),
    ("clock", "pitch", "a deep clock", "a high pitched clock", "centroid"),
    ("heartbeat", "intensity", "a faint heartbeat", "a strong heartbeat", "level"),
    ("heartbeat", "rate", "a slow heartbeat", "a fast heartbeat", "rate"),
    ("glass", "intensity", "glass breaking softly", "glass breaking loudly", "level"),
    ("glass", "pitch", "thick glass breaking", "thin glass breaking", "centroid"),
    ("wood_hit", "intensity", "a soft wood hit", "a hard wood hit", "level"),
    ("wood_hit", "pitch", "a deep wood hit", "a high pitched wood hit", "centroid"),
    ("metal_hit", "intensity", "a soft metal hit", "a hard metal hit", "level"),
    ("metal_hit", "pitch", "a low metal clang", "a bright metal clang", "centroid"),
    ("laser", "rate", "a slow laser gun", "rapid laser fire", "density"),
    ("laser", "pitch", "a deep laser gun", "a high pitched laser gun", "centroid"),
    ("pickup", "rate", "a slow coin pickup", "a fast coin pickup", "density"),
    ("pickup", "pitch", "a low coin pickup", "a high pitched coin pickup", "centroid"),
    ("explosion", "intensity", "a small explosion", "a huge explosion", "level"),
    ("explosion", "distance", "a nearby explosion", "a distant explosion", "level"),
    ("whoosh", "rate", "a slow whoosh", "a fast whoosh", "density"),
    ("whoosh", "pitch", "a deep whoosh", "a high pitched whoosh", "centroid"),
    ("bubbles", "rate", "slow bubbles", "fast bubbles", "density"),
    ("bubbles", "pitch", "big bubbles", "tiny bubbles", "centroid"),
    ("applause", "intensity", "a few people clapping", "a huge audience clapping", "level"),
    ("saw", "intensity", "sawing wood softly", "sawing wood hard", "level"),
    ("saw", "rate", "a slow hand saw", "a fast hand saw", "rate"),
    ("typewriter", "intensity", "a soft typewriter", "a loud typewriter", "level"),
    (
        "typewriter",
        "rate",
        "typing slowly on a typewriter",
        "typing fast on a typewriter",
        "density",
    ),
    ("telephone", "pitch", "a low telephone", "a high pitched telephone", "centroid"),
    ("telephone", "distance", "a telephone close by", "a telephone far away", "level"),
    ("frog", "rate", "a slow frog", "a fast frog", "rate"),
    ("frog", "pitch", "a big frog", "a small frog", "centroid"),
    ("cat", "pitch", "a big cat meowing", "a kitten meowing", "centroid"),
    ("cat", "distance", "a cat close by", "a cat in the distance", "level"),
    ("dog", "rate", "a dog barking slowly", "a dog barking rapidly", "density"),
    ("dog", "pitch", "a big dog barking", "a puppy barking", "centroid"),
    ("dog", "distance", "a dog barking close by", "a dog barking in the distance", "level"),
    ("drone", "intensity", "a soft drone", "a powerful drone", "level"),
    ("drone", "rate", "a slow drone", "a fast pulsing drone", "rate"),
    ("drone", "pitch", "a deep drone", "a high drone", "centroid"),
]


def band(value: float) -> str:
    """ "low", "middle" or "high": the third of [0, 1] that `value` lies in."""
    return LOW if value < 1 / 3 else HIGH if value > 2 / 3 else MIDDLE


def caption(kind: Kind, params: Params, rng: np.random.Generator, *, held_out: bool = False) -> str:
    """One description of `kind` as it sounds with `params`.

    Each axis is named with probability MENTION and only truly. Held-out captions use a template or
    a core that training captions never use; all their words are in training captions too.
    """
    words = PHRASES[kind.name]
    novel_core = held_out and rng.random() < 0.5
    novel_template = held_out and not (novel_core and rng.random() < 0.6)
    phrase = _phrase(kind, words, params, rng, novel_core)
    if novel_template:
        text = _pick(rng, _choices(phrases.KEPT_TEMPLATES)).format(phrase)
    elif rng.random() < 0.45:
        text = re.sub(r"^(a|an|the) ", "", phrase) if rng.random() < 0.5 else phrase
    else:
        outside = _choices(phrases.OUTSIDE) if words.outside else ()
        text = _pick(rng, _choices(phrases.TEMPLATES) + outside).format(phrase)
    return _dress(text, rng)


def _pick(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(0, len(choices)))]


@cache
def _choices(text: str) -> tuple[str, ...]:
    return tuple(choice.strip() for choice in text.split(",") if choice.strip())


def _slots(shade: str) -> list[tuple[str, ...]]:
    """The choices of a shade: adjectives, adverbs, phrases for the end."""
    lists = [_choices(part) for part in shade.split(";")]
    return lists + [()] * (3 - len(lists))


def _shade(words: Phrases, axis: str, where: str) -> list[tuple[str, ...]]:
    key = f"{axis} {where}"
    return _slots(words.shades.get(key, SHADES[key]))


def _degree(word: str, value: float, rng: np.random.Generator) -> str:
    """`word` with a true word of degree now and then."""
    if word.endswith("!"):
        return word[:-1]
    extreme = abs(value - 0.5)
    if extreme > 0.4 and rng.random() < 0.4:
        return f"{_pick(rng, STRONG)} {word}"
    if 1 / 6 < extreme < 0.23 and rng.random() < 0.4:
        return f"{_pick(rng, MILD)} {word}"
    return word


def _phrase(
    kind: Kind, words: Phrases, params: Params, rng: np.random.Generator, kept: bool
) -> str:
    named = [axis for axis in kind.axes if rng.random() < MENTION]
    core = _pick(rng, _choices(words.kept if kept else words.cores))
    if not kept and rng.random() < 0.3:
        for axis in named:
            choices = words.idioms.get(f"{axis} {band(params[axis])}")
            if choices:
                core = _pick(rng, _choices(choices))
                named.remove(axis)
                break
    adjectives: list[str] = []
    adverbs: list[str] = []
    ends: list[str] = []
    surface = ""
    for axis in named:
        if axis == "material":
            material, places, _ = _slots(words.materials[kind.material(params)])
            if "#" in core:
                surface = _pick(rng, material)
            else:
                ends.append(_pick(rng, places))
            continue
        value = params[axis]
        where = band(value)
        if where == MIDDLE and rng.random() < 0.6:
            continue
        slots = (adjectives, adverbs, ends)
        fits = ("*" in core and len(adjectives) < 2, "~" in core and not adverbs, len(ends) < 2)
        lists = _shade(words, axis, where)
        able = [index for index in range(3) if fits[index] and lists[index]]
        if able:
            slot = able[int(rng.integers(0, len(able)))]
            word = _pick(rng, lists[slot])
            slots[slot].append(word.rstrip("!") if slot == 2 else _degree(word, value, rng))
    rng.shuffle(adjectives)
    text = core.replace("*", "".join(f"{word} " for word in adjectives))
    text = text.replace("~", "".join(f" {word}" for word in adverbs)).replace("#", surface)
    text = " ".join([text, *ends])
    text = re.sub(r" +", " ", text).strip()
    text = re.sub(r"\ban?\b(?= [aeiou])", "an", text)
    return re.sub(r"\ban\b(?= [^aeiou])", "a", text)


def _dress(text: str, rng: np.random.Generator) -> str:
    """The ways people type: a capital, a full stop, or all capitals."""
    draw = rng.random(3)
    if draw[0] < 0.02:
        text = text.upper()
    elif draw[0] < 0.1:
        text = text[0].upper() + text[1:]
    return text + ("." if draw[1] < 0.07 else "!" if draw[1] < 0.09 else "")


def _words(*, held_out: bool) -> set[str]:
    """Every word that training captions (or held-out captions) can say."""
    texts = [phrases.KEPT_TEMPLATES] if held_out else [phrases.TEMPLATES, phrases.OUTSIDE]
    texts += [*STRONG, *MILD, "a", "an", *SHADES.values()]
    for wording in PHRASES.values():
        texts += [wording.kept] if held_out else [wording.cores, *wording.idioms.values()]
        texts += [*wording.shades.values(), *wording.materials.values()]
    return set(re.findall(r"[a-z]+", " ".join(texts)))


VOCABULARY: tuple[str, ...] = tuple(sorted(_words(held_out=False) | _words(held_out=True)))
