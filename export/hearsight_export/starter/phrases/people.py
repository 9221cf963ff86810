"""Wording of what people do at home and in town."""

from hearsight_export.starter.phrases.wording import Phrases

PEOPLE: dict[str, Phrases] = {
    "footsteps_gravel": Phrases(
        cores=(
            "*footsteps on gravel, *steps on gravel, *walking~ on gravel, someone walking~ on "
            "gravel, a man walking~ on stones, *feet on gravel, *footsteps on a gravel path, "
            "*gravel footsteps, *crunchy steps on gravel, *walking~ on pebbles, *hiking~ on a "
            "rocky trail, a person walking~ on small stones, *gravel crunching~ under feet"
        ),
        kept="*gravel steps, *footsteps on small stones, a person walking~ on a gravel path",
        shades={
            "rate low": "slow, unhurried; slowly; at a slow pace",
        },
        idioms={
            "rate high": (
                "running on gravel, someone running on gravel, running footsteps on gravel"
            ),
        },
    ),
    "footsteps_wood": Phrases(
        cores=(
            "*footsteps on wood, *steps on a wooden floor, *walking~ on wood, someone walking~ on "
            "a wooden floor, *footsteps on wooden boards, *heels on a wooden floor, *shoes on "
            "wood, *footsteps in the hall, a woman walking~ on a wooden floor, *footsteps on the "
            "stairs, *wood footsteps, *wooden footsteps, *walking~ on a creaky floor, *footsteps "
            "indoors"
        ),
        kept="*footsteps on a wooden floor, *steps on wooden boards, a person walking~ on wood",
        shades={
            "rate low": "slow, unhurried; slowly; at a slow pace",
        },
        idioms={
            "rate high": (
                "running on a wooden floor, someone running on wood, running footsteps on wood"
            ),
        },
        outside=False,
    ),
    "footsteps_snow": Phrases(
        cores=(
            "*footsteps in snow, *footsteps in the snow, *steps in snow, *walking~ in snow, "
            "someone walking~ through snow, *snow crunching~ under boots, *boots in the snow, "
            "*crunchy snow, someone walking~ on a snowy path, a person walking~ on snow, *snow "
            "footsteps, *footsteps on fresh snow"
        ),
        kept="*steps in the snow, a man walking~ through the snow, *boots on snow",
        shades={
            "rate low": "slow, unhurried; slowly; at a slow pace",
        },
        idioms={
            "rate high": (
                "running in the snow, someone running through snow, running footsteps in snow"
            ),
        },
    ),
    "door_knock": Phrases(
        cores=(
            "a *knock on a # door, *knocking~ on a # door, someone knocking~ on the # door, "
            "*knocking~, a *# door knock, *knocks on a # door, somebody at the # door knocking~, "
            "*knocking~ at the # door, a hand knocking~ on a # door, knock knock on the # door, a "
            "*visitor knocking~ on a # door, *door knocking~, *knuckles on a # door"
        ),
        kept="*knocks at the # door, a *knock at the # door, somebody knocking~ on a # door",
        shades={
            "intensity low": "soft, gentle, light, shy; softly, gently, lightly;",
            "intensity high": "loud, hard, strong, heavy; loudly, hard, strongly;",
        },
        idioms={
            "intensity high": (
                "banging on a # door, pounding on the # door, someone pounding on a # door"
            ),
        },
        materials={
            "wood": "wooden, wood; on a wooden door, on wood",
            "metal": "metal, steel, iron; on a metal door, on a steel door, on metal",
        },
        outside=False,
    ),
    "bell": Phrases(
        cores=(
            "a *bell, a *bell ringing~, a *church bell, *church bells, *bells ringing~, a *bell "
            "tolling~, a *church bell ringing~, the *bell of a church, a *bell tower, a *bell "
            "struck~, *ding dong of a bell, a *bronze bell, a *school bell, a *temple bell, "
            "*chimes of a church"
        ),
        kept="a *ringing bell, a *tolling church bell, the *bells of a church",
        shades={
            "pitch low": "deep, low, big, large; ; with a deep tone",
            "pitch high": "high, small, bright, little; ; with a bright tone, with a high pitch",
        },
        idioms={
            "pitch high": "a hand bell, a small hand bell ringing",
        },
    ),
    "clock": Phrases(
        cores=(
            "a *clock, a *clock ticking~, *ticking clock, the *tick tock of a clock, a *watch "
            "ticking~, a *wall clock, *tick tock, the *ticking of a clock, a *clock on the wall, "
            "an *old clock ticking~, a *pocket watch, a *kitchen clock, a *clock in a room, a "
            "*timer ticking~"
        ),
        kept="a *ticking clock on the wall, the *tick of a watch, a *wall clock ticking~",
        outside=False,
    ),
    "heartbeat": Phrases(
        cores=(
            "a *heartbeat, a *heart beating~, a *human heart, a *heart, the *beating of a heart, "
            "*heart sounds, a *pulse, the *beat of a heart, a *heart thumping~, a *patient "
            "heartbeat, *heartbeats"
        ),
        kept="a *beating heart, a *human heart beating~, the *pulse of a heart",
        shades={
            "rate high": "fast, quick, rapid, racing!; fast, quickly, rapidly;",
            "rate low": "slow, calm; slowly;",
        },
        outside=False,
    ),
    "glass": Phrases(
        cores=(
            "*glass breaking~, *glass, *glass shattering~, a *glass smashed~, a *window "
            "breaking~, *breaking glass, a *bottle breaking~, a *glass falling~ on the floor, a "
            "*smash of glass, a *window smashed~, *glass shards falling~, a *mirror breaking~, "
            "*broken glass, a *wine glass shattering~, a *glass crash, *crashing glass, a *vase "
            "shattering~"
        ),
        kept="*shattering glass, *shards of glass falling~, a *breaking bottle",
        shades={
            "intensity low": "soft, light, small, little; softly, lightly;",
            "intensity high": "loud, heavy, violent, big; violently, loudly;",
            "pitch low": "thick, low pitched, low; ; with a low pitch",
            "pitch high": "thin, high pitched, bright; ; with a high pitch",
        },
        outside=False,
    ),
    "applause": Phrases(
        cores=(
            "*applause, *clapping~, *people clapping~, an *audience clapping~, *applause in a "
            "theater, a *crowd clapping~, *hands clapping~, an *ovation, *clapping~ at a concert, "
            "the *public clapping~, a *round of applause, *applause from an audience"
        ),
        kept="*clapping hands, *applause from a crowd, *people clapping~ in a theater",
        shades={
            "intensity low": "weak, soft, light, quiet; softly, lightly, weakly;",
            "intensity high": "loud, strong, thunderous!, wild; loudly, wildly, hard;",
        },
        idioms={
            "intensity low": "a few people clapping, a small audience clapping",
            "intensity high": (
                "a large crowd clapping, a full hall clapping, a huge audience clapping"
            ),
        },
        outside=False,
    ),
    "typewriter": Phrases(
        cores=(
            "a *typewriter, *typing~ on a typewriter, *typewriter keys, someone typing~ on a "
            "typewriter, an *old typewriter, a *mechanical typewriter, *typing~ on an old "
            "machine, a *writer typing~, *keys of a typewriter clicking~, a *secretary typing~, "
            "*clicking keys, *typing~, a *vintage typewriter, a *typist at work"
        ),
        kept=(
            "*typewriter typing~, a *writer typing~ on a typewriter, the *keys of an old typewriter"
        ),
        shades={
            "intensity low": "soft, light, quiet, gentle; softly, lightly;",
            "intensity high": "hard, strong, loud, heavy; hard, loudly;",
        },
        outside=False,
    ),
    "telephone": Phrases(
        cores=(
            "a *telephone, a *telephone ringing~, a *phone ringing~, a *phone, a *ring of a "
            "telephone, an *old telephone, a *phone call, an *old phone ringing~, a *ringtone, an "
            "*office phone, an *incoming call, a *vintage telephone, *ring ring, a *cell phone, a "
            "*desk phone ringing~"
        ),
        kept="a *ringing telephone, a *ringing phone in an office, the *ring of an old phone",
        outside=False,
    ),
}
