"""Wording of engines, tools, games and films."""

from hearsight_export.starter.phrases.wording import Phrases

MACHINES: dict[str, Phrases] = {
    "siren": Phrases(
        cores=(
            "a *siren, a *police siren, an *ambulance siren, a *siren wailing~, *sirens, a *fire "
            "truck siren, a *police car with siren, an *emergency siren, an *alarm siren, a "
            "*siren in the city, *sirens wailing~, an *ambulance, an *ambulance driving~ with "
            "siren, *police, an *air raid siren, a *warning siren, an *alarm"
        ),
        kept="a *wailing siren, the *siren of a police car, the *siren of an ambulance",
    ),
    "engine": Phrases(
        cores=(
            "an *engine, a *car engine, an *engine running~, a *motor, a *motor running~, a *car, "
            "a *car engine running~, a *truck engine, a *vehicle, a *car motor, an *engine in a "
            "garage, a *diesel engine, a *tractor, a *motorcycle, a *bus engine, a *machine "
            "running~, an *automobile"
        ),
        kept="a *running engine, the *engine of a car, the *motor of a truck",
        shades={
            "rate low": "slow; slowly; at low revs, at a low speed",
            "rate high": "fast; fast; at high revs, at a high speed",
            "intensity low": "quiet, soft, weak, gentle; quietly, softly;",
            "intensity high": "loud, strong, powerful, rough; loudly, strongly;",
        },
        idioms={
            "rate low": (
                "a car engine idling, an engine idling, an idling engine, a car idling, a motor "
                "idling"
            ),
            "rate high": (
                "an engine revving, a car engine revving, a revving engine, a racing car, a car "
                "racing"
            ),
        },
    ),
    "helicopter": Phrases(
        cores=(
            "a *helicopter, a *helicopter flying~, a *chopper, *helicopter blades, a *helicopter "
            "passing~ overhead, a *helicopter rotor, a *helicopter hovering~, *rotor blades "
            "turning~, a *rescue helicopter, a *military helicopter, a *helicopter in the sky"
        ),
        kept="a *flying helicopter, the *blades of a helicopter, a *chopper flying~ overhead",
        shades={
            "distance middle": "; ; at some distance!",
        },
    ),
    "wood_hit": Phrases(
        cores=(
            "a *wood hit, *hitting~ wood, a *wood block, a *hit on wood, a *stick hitting~ wood, "
            "a *wooden block struck~, a *knock on a log, *wood struck~ with a stick, a *log hit~, "
            "a *tap on a wooden block, a *wood impact, *wood tapping~, a *wooden thud, a *wooden "
            "plank hit~"
        ),
        kept="a *wooden hit, a *hit on a log, a *stick on a wooden block",
        shades={
            "intensity low": "soft, light, gentle, weak; softly, lightly, gently;",
            "intensity high": "hard, strong, loud, heavy; hard, loudly;",
        },
    ),
    "metal_hit": Phrases(
        cores=(
            "a *metal hit, *hitting~ metal, a *metal clang, a *hit on metal, a *hammer on metal, "
            "a *metal plate struck~, a *blacksmith at work, a *metal impact, *metal banging~, a "
            "*gong of metal, a *metal bar struck~, *metal struck~ with a hammer, a *clang of "
            "iron, a *metal pipe hit~, a *blow on an anvil, a *metallic clang"
        ),
        kept="an *iron bar struck~, a *hammer hitting~ iron, a *clang of metal, a *metallic hit",
        shades={
            "intensity low": "soft, light, gentle, weak; softly, lightly, gently;",
            "intensity high": "hard, strong, loud, heavy; hard, loudly;",
        },
    ),
    "laser": Phrases(
        cores=(
            "a *laser, a *laser gun, a *laser shot, a *sci fi laser, *laser shots, a *laser gun "
            "firing~, a *ray gun, a *space gun firing~, *lasers firing~, a *blaster, a *laser "
            "zap, a *laser beam, *zaps of a ray gun, a *spaceship laser, a *laser pistol, a "
            "*laser weapon, *pew pew"
        ),
        kept="a *sci fi gun, a *blaster firing~, *zaps of a laser gun, a *ray gun shot",
        shades={
            "rate low": "slow; slowly; at a slow pace",
            "rate high": "rapid, fast, quick; rapidly, fast, quickly;",
        },
        idioms={
            "rate high": "rapid fire of a laser gun, rapid laser fire",
        },
    ),
    "pickup": Phrases(
        cores=(
            "a *coin pickup, a *coin, a *pickup sound, *collecting~ coins, a *game coin, a *bonus "
            "sound, *picking up~ a coin, a *retro game pickup, an *item pickup, a *power up, "
            "*winning~ a bonus, a *reward chime, a *coin in an arcade game, *collecting~ items, a "
            "*level up, a *video game coin, *coins, a *pickup, a *jingle of a coin in a game, a "
            "*treasure pickup"
        ),
        kept="a *retro coin, *collecting~ items in a game, an *arcade pickup, a *bonus coin",
        outside=False,
    ),
    "explosion": Phrases(
        cores=(
            "an *explosion, a *bomb, a *bomb exploding~, a *blast, a *boom, *explosions, a "
            "*cannon, a *mine exploding~, a *rocket exploding~, a *bang, a *detonation, a "
            "*grenade exploding~, an *explosion with debris, something exploding~, a *dynamite "
            "blast"
        ),
        kept="an *exploding bomb, the *blast of a bomb, a *dynamite explosion",
        shades={
            "intensity low": "small, weak, soft, little; softly;",
            "intensity high": "big, huge, powerful, loud, violent; violently, loudly;",
        },
    ),
    "whoosh": Phrases(
        cores=(
            "a *whoosh, a *swoosh, something *whooshing~ past, a *whoosh of air, an *object "
            "flying~ past, a *swish, a *sword swing, a *whoosh passing~, a *transition whoosh, an "
            "*arrow flying~ past, a *magic whoosh, a *fan swing, a *movement whoosh, a *stick "
            "swinging~ through the air"
        ),
        kept="a *swoosh of air, a *swing through the air, something flying~ past with a *whoosh",
    ),
    "saw": Phrases(
        cores=(
            "a *saw, *sawing~ wood, a *hand saw, a *hand saw cutting~ wood, someone sawing~ wood, "
            "a *saw cutting~ a plank, *sawing~, a *carpenter sawing~, *cutting~ wood with a saw, "
            "a *workshop with a saw, *sawing~ a board, *cutting~ timber"
        ),
        kept="a *saw cutting~ wood, a *carpenter with a saw, *sawing~ a plank",
        shades={
            "intensity low": "light, soft, gentle, weak; softly, lightly, gently;",
            "intensity high": "hard, strong, heavy, rough; hard, strongly;",
        },
    ),
    "drone": Phrases(
        cores=(
            "a *drone, a *spaceship drone, a *synth drone, a *sci fi drone, a *pulsing~ drone, an "
            "*ambient drone, a *spaceship engine humming~, a *humming drone, a *hum in space, an "
            "*alien drone, a *reactor humming~, a *space ambience, a *bass drone, a *synthesizer "
            "humming~, a *science fiction drone, an *electronic hum, a *spacecraft, a *spaceship"
        ),
        kept="a *hum of a spaceship, an *ambient synth hum, an *alien spaceship drone",
        shades={
            "intensity low": "soft, quiet, gentle, faint; softly, quietly;",
            "intensity high": "loud, strong, powerful, heavy; loudly, strongly;",
            "pitch low": "deep, low, dark; ; with a deep tone, with a low pitch",
            "pitch high": "high, bright; ; with a high pitch, with a bright tone",
            "rate low": "slow, slowly pulsing!; slowly; with a slow pulse",
            "rate high": "fast, fast pulsing!; fast, quickly; with a fast pulse",
        },
        outside=False,
    ),
}
