"""What people call each kind of sound and the words for how it varies: data for `captions`."""

from hearsight_export.starter.phrases.machines import MACHINES
from hearsight_export.starter.phrases.nature import NATURE
from hearsight_export.starter.phrases.people import PEOPLE
from hearsight_export.starter.phrases.wording import Phrases

__all__ = ["KEPT_TEMPLATES", "OUTSIDE", "PHRASES", "SHADES", "TEMPLATES", "Phrases"]

SHADES: dict[str, str] = {
    "intensity low": "soft, gentle, light, quiet, weak, faint; softly, gently, quietly, lightly;",
    "intensity middle": "moderate, medium!; moderately!;",
    "intensity high": "heavy, strong, loud, hard, powerful; loudly, strongly, heavily;",
    "rate low": "slow, unhurried; slowly; at a slow pace, at a slow speed",
    "rate middle": "steady!, moderate; steadily!; at a medium pace!, at a steady pace!",
    "rate high": (
        "fast, quick, rapid, hurried; quickly, fast, rapidly; at a fast pace, at a high speed"
    ),
    "pitch low": "deep, low, low pitched, dark; ; with a deep tone, with a low pitch",
    "pitch middle": "medium pitched!; ; with a medium pitch!",
    "pitch high": "high, high pitched, bright, shrill; ; with a high pitch, with a bright tone",
    "distance low": "close, nearby!; nearby!; close by!, up close!, right here!, right next to me!",
    "distance middle": "; ; at some distance!, a few steps away!, down the road!",
    "distance high": "distant, faraway!; ; in the distance!, far away!, from afar!, far off!",
}

TEMPLATES = (
    "the sound of {}, sound of {}, a recording of {}, recording of {}, i hear {}, {} in the "
    "background, there is {}, {} sound effect, a clip of {}, audio of {}, listen to {}, {} sound, "
    "noise of {}, i can hear {}, what you hear is {}, a field recording of {}, play {}, make the "
    "sound of {}, {} for a game, {} for a film, this is {}, someone recorded {}, we hear {} "
    "somewhere, just {}, {} and nothing else, a short clip with {}, the effect of {}, {} can be "
    "heard, give me {}, i want {}, background noise of {}, {} in a video, {} sfx, {} for my "
    "movie, a loop of {}, only {}, can you make {}, create {}, generate {}, some noise of {}, "
    "{} ambience, a scene with {}, please play {}, sound effects of {}"
)
OUTSIDE = "{} outside, outside there is {}, {} outdoors, {} in the open air"
KEPT_TEMPLATES = (
    "you can hear {}, a sound effect of {}, this is a recording of {}, the noise of {}, i "
    "recorded {}, listen to the sound of {}, play me the sound of {}, a video with {}, in the "
    "background there is {}, give me the sound of {}, somewhere i hear {}, {} heard in a film"
)

PHRASES: dict[str, Phrases] = NATURE | PEOPLE | MACHINES
