"""Wording of weather, water, fire and animals."""

from hearsight_export.starter.phrases.wording import Phrases

NATURE: dict[str, Phrases] = {
    "rain": Phrases(
        cores=(
            "*rain, *rain falling~, *rainfall, a *rain shower, *rain coming down~, *rain "
            "dripping~, *rain drops, the *rain falling~, it is raining~, a *rainy day, *raindrops "
            "falling~, *rain pattering~, *wet weather, *raining~, *rain water falling~"
        ),
        kept="*drops of rain, *falling rain, a *shower of rain, *raindrops coming down~",
        shades={
            "intensity low": "light, gentle, soft, thin!; lightly, gently, softly;",
            "intensity high": "heavy, strong, hard, loud; heavily, hard, strongly;",
        },
        idioms={
            "intensity low": "a drizzle, drizzle, drizzling rain, a few drops of water falling",
            "intensity high": (
                "a downpour, pouring rain, rain pouring down, a downpour hammering down, a "
                "rainstorm, torrential rain"
            ),
        },
        materials={
            "leaves": (
                "; on leaves, on the leaves of a tree, in the forest, on trees, in the garden"
            ),
            "street": (
                "; on the street, on a street, on pavement, on asphalt, on the road, in the city"
            ),
            "tin roof": (
                "; on a tin roof, on a metal roof, hitting a tin roof, hitting a metal roof, "
                "drumming on tin"
            ),
        },
    ),
    "thunder": Phrases(
        cores=(
            "*thunder, *thunder rolling~, *thunder rumbling~, a *thunder strike, *thunder and "
            "lightning, a *thunderstorm, a *rumble of thunder, a *clap of thunder, a *roll of "
            "thunder, storm *thunder, a *thunderclap, *thunder in the sky, a *storm with thunder"
        ),
        kept="*rolling thunder, a *lightning strike, *rumbling thunder",
        shades={
            "intensity low": "soft, gentle, weak, quiet; softly, quietly;",
            "intensity high": "loud, heavy, violent, powerful; loudly, violently;",
        },
        idioms={
            "intensity high": "a violent storm with thunder, crashing thunder, booming thunder",
        },
    ),
    "wind": Phrases(
        cores=(
            "*wind, *wind blowing~, the *wind howling~, a *wind, *wind in the trees, *wind "
            "whistling~, a *gust of wind, *gusts of wind, the *wind blowing~ through a window, "
            "*windy weather, *wind in the mountains, *wind in the desert, *wind blowing~ over a "
            "field, *air blowing~"
        ),
        kept="*blowing wind, *howling wind, *wind gusts",
        shades={
            "intensity low": "soft, gentle, light, weak; softly, gently;",
            "intensity high": "strong, heavy, violent, stormy; strongly, violently, hard;",
        },
        idioms={
            "intensity low": "a breeze, a soft breeze blowing, a gentle breeze",
            "intensity high": "a wind storm, a gale, a storm blowing, a howling gale, a blizzard",
        },
    ),
    "sea": Phrases(
        cores=(
            "*sea waves, *ocean waves, *waves on the beach, *waves breaking~, *waves rolling in~, "
            "the *sea, the *ocean, *surf, *waves at the shore, *waves crashing~ on the beach, a "
            "*beach with waves, *sea water at the coast, the *seaside, a *tide, *waves, *waves "
            "hitting~ the rocks, *water washing~ on sand"
        ),
        kept="*waves of the ocean, *waves of the sea, the *surf at the beach, *breaking waves",
        shades={
            "intensity low": "calm, gentle, soft, quiet, small; gently, softly;",
            "intensity high": (
                "strong, heavy, rough, violent, stormy, big; violently, heavily, strongly;"
            ),
        },
        idioms={
            "intensity low": "calm sea, a quiet beach with small waves",
            "intensity high": "stormy sea, a storm at sea, huge waves crashing",
        },
    ),
    "stream": Phrases(
        cores=(
            "a *stream, *running water, a *brook, a *creek, *water flowing~, a *stream flowing~, "
            "*water running~ over stones, a *river, a *babbling brook, a *stream in the forest, a "
            "*mountain stream, *flowing water, a *waterfall stream, *water in a creek, *fresh "
            "water flowing~, *water splashing~ over rocks"
        ),
        kept="a *flowing stream, a *brook running~ over stones, a *forest creek",
        shades={
            "intensity low": "small, gentle, quiet, soft; gently, softly, quietly;",
            "intensity high": "strong, heavy, wild, rushing!; strongly, loudly;",
        },
        idioms={
            "intensity low": "a trickle of water, trickling water, a trickling stream",
            "intensity high": "a rushing river, water rushing, a wild river, river rapids",
        },
    ),
    "fire": Phrases(
        cores=(
            "a *fire, *fire, *crackle of a campfire, *wood crackling~ in the fire, a *log fire, a "
            "*torch burning~, a *fire crackling~, a *campfire, a *campfire crackling~, a "
            "*fireplace, *wood burning~, a *burning fire, *flames crackling~, a *bonfire, a *fire "
            "burning~"
        ),
        kept="*burning wood, a *crackling campfire, the *crackle of a fire, *crackling flames",
        shades={
            "intensity low": "small, soft, gentle, weak; softly, gently, quietly;",
            "intensity high": "big, strong, fierce, loud; strongly, fiercely, loudly;",
        },
        idioms={
            "intensity low": "glowing embers, a dying fire",
            "intensity high": "a roaring fire, a blaze, a fierce blaze",
        },
    ),
    "birds": Phrases(
        cores=(
            "*birds, *birds singing~, *birds chirping~, *birdsong, a *bird singing~, a *bird "
            "chirping~, *bird calls, *birds in the garden, *birds tweeting~, the *song of birds, "
            "*morning birds, a *songbird, a *sparrow, *birds in the forest, a *bird, a *robin "
            "singing~, *chirps of birds, *twittering birds"
        ),
        kept="*singing birds, *chirping birds, *birds in the morning, the *song of a bird",
        shades={
            "rate low": "slow, lazy; slowly; at a slow pace",
            "rate high": "fast, busy, lively; rapidly, fast, quickly;",
            "pitch low": "low pitched, big, large; ; with low voices",
            "pitch high": "high pitched, small, little, bright; ; with high voices",
        },
    ),
    "crickets": Phrases(
        cores=(
            "*crickets, *crickets chirping~, a *cricket, a *cricket chirping~, *crickets at "
            "night, *insects at night, *cicadas, *grasshoppers, a *meadow at night, *bugs "
            "chirping~, *night insects, *crickets in the grass, *crickets in the summer"
        ),
        kept="*chirping crickets, *insects chirping~ in the grass, a *summer night with crickets",
        shades={
            "pitch low": "low pitched, low; ; with a low pitch",
            "pitch high": "high pitched, shrill; ; with a high pitch",
        },
    ),
    "bubbles": Phrases(
        cores=(
            "*bubbles, *bubbles rising~ in water, *bubbling~ water, *underwater bubbles, *air "
            "bubbles, *bubbles in a tank, *water bubbling~, *gurgling~ water, *bubbles popping~, "
            "*boiling~ water, an *aquarium, a *fish tank bubbling~, a *diver breathing~ bubbles, "
            "a *potion bubbling~, *blowing~ bubbles in water"
        ),
        kept="*bubbles rising~ underwater, *popping bubbles, *air bubbling~ in a tank",
        shades={
            "pitch low": "big, large, deep, low; ; with a low pitch",
            "pitch high": "small, little, tiny, high pitched; ; with a high pitch",
        },
    ),
    "frog": Phrases(
        cores=(
            "a *frog, a *frog croaking~, *frogs, *frogs croaking~, a *toad, the *croak of a frog, "
            "*frogs in a pond, a *frog by the pond, *croaks of a toad, a *frog ribbit, a *swamp "
            "with frogs, a *toad croaking~, *frogs at the lake"
        ),
        kept="a *croaking frog, *croaks of frogs in a pond, the *croak of a toad",
        shades={
            "pitch low": "big, deep, large, low pitched; ; with a deep voice",
            "pitch high": "small, little, high pitched, tiny; ; with a high voice",
        },
    ),
    "cat": Phrases(
        cores=(
            "a *cat, a *cat meowing~, a *cat meow, *cats meowing~, the *meow of a cat, a *hungry "
            "cat, a *cat crying~, a *meow, a *house cat meowing~, *meow meow, *meows, a *cat "
            "meows, a *pet cat"
        ),
        kept="a *meowing cat, a *hungry cat crying~, *meows of a cat",
        shades={
            "pitch low": (
                "deep, big, large, old, low pitched; ; with a deep voice, with a low voice"
            ),
            "pitch high": "small, little, young, high pitched; ; with a high voice",
        },
        idioms={
            "pitch high": "a kitten, a kitten meowing, the meow of a kitten",
        },
    ),
    "dog": Phrases(
        cores=(
            "a *dog, a *dog barking~, a *barking dog, *dogs barking~, the *bark of a dog, a *dog "
            "bark, a *woof of a dog, an *angry dog, a *guard dog barking~, *barking~, *dogs, the "
            "*barks of dogs, *woof woof, a *dog barks"
        ),
        kept="*barks of a dog, an *angry dog barking~, the *woof of a guard dog",
        shades={
            "pitch low": "big, large, deep; ; with a deep voice, with a low voice",
            "pitch high": "small, little, high pitched; ; with a high voice",
        },
        idioms={
            "pitch high": "a puppy, a puppy barking, a small puppy barking",
        },
    ),
}
