"""How the wording of a kind of sound is written down.

Choices are parted by commas. A core is a phrase with marks: `*` takes adjectives, `~` takes
adverbs, `#` takes the material as an adjective. A shade is "adjectives; adverbs; phrases for the
end", where a trailing `!` says that "very" and the like do not go with the word.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Phrases:
    """The wording of one kind.

    `cores` are for training, `kept` only for held-out captions. `idioms` are cores that already say
    a band of an axis ("downpour"). `shades` maps "axis band" to words and replaces the common ones;
    `materials` maps a surface to its shade. `outside` allows templates that place it outdoors.
    """

    cores: str
    kept: str
    shades: dict[str, str] = field(default_factory=dict[str, str])
    idioms: dict[str, str] = field(default_factory=dict[str, str])
    materials: dict[str, str] = field(default_factory=dict[str, str])
    outside: bool = True
