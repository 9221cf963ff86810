"""The starter bundle: its graphs, its manifest and its notice in a folder that appears whole."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hearsight.bundle import Bundle, open_bundle
from hearsight.manifest import (
    AudioConditioner,
    AudioSpec,
    Conditioners,
    Defaults,
    Graph,
    ImageConditioner,
    Latent,
    License,
    Limits,
    Manifest,
    Schedule,
    Source,
    Space,
    TextConditioner,
    VideoConditioner,
)
from hearsight.store import describe, write_bundle, write_tensor

from ..assembly import CARD, new_bundle, tell, tools, weight_files, weight_licenses
from ..chain import record_chain
from ..models.mel import mel_points
from ..report import write_report
from .corpus import SECONDS
from .exports import BANDS, FRAME, chain_modules, export_graphs
from .parts import Parts

__all__ = ["assemble"]

LICENSE = License("MIT", "https://spdx.org/licenses/MIT.html", True)
TOOLS = ("torch", "onnx", "onnxscript", "onnxruntime", "diffusers")
# The solver and the steps are those that the card's table speaks for.
DEFAULTS = Defaults("dpm++2m", 12, 3.0, 5.0, Limits(0.2, 10.0))
NOTICE = """Hearsight starter bundle

Trained from nothing on sounds, captions and pictures that the Hearsight repository synthesises.
No recording, photograph or weight of anybody else went into it. MIT licence.
"""


def assemble(parts: Parts, out: Path, network: bool, log: Callable[[str], None] = print) -> Bundle:
    """Export every part and put the bundle at folder `out`, in place of an older one.

    It is made beside `out` and moved there when all is checked; the card and the sheet of an
    older bundle stay. `network` says which vocoder is shipped: the network, or Griffin-Lim.

    Raises:
        ParityError: a graph does not compute what PyTorch computes.
    """
    with new_bundle(out, CARD) as root:
        graphs: dict[str, Graph] = {}
        for role, graph in export_graphs(parts, root, network):
            graphs[role] = graph
            tell({role: graph}, log)
        (root / "NOTICE").write_text(NOTICE, encoding="utf-8")
        write_bundle(root, _manifest(parts, graphs, root))
        record_chain(root, chain_modules(parts, network))
        write_report(root)
    return open_bundle(out)


def _manifest(parts: Parts, graphs: dict[str, Graph], root: Path) -> Manifest:
    recipe = parts.recipe
    (root / "vocabulary.txt").write_text(
        "\n".join(parts.tokenizer.known_words()) + "\n", encoding="utf-8"
    )
    digest = hashlib.sha256()
    for name in weight_files(graphs):
        digest.update((root / name).read_bytes())
    return Manifest(
        format=1,
        name="starter",
        title="Hearsight starter: 34 kinds of effects and ambience",
        version="1",
        kind="both",
        license=weight_licenses(graphs, LICENSE),
        source=Source(
            "starter",
            "hearsight-export starter",
            digest.hexdigest(),
            tools(*TOOLS),
        ),
        space=Space(
            "starter-256",
            (recipe.space,),
            write_tensor(root, "empty.bin", np.zeros(recipe.space, np.float32)),
        ),
        graphs=graphs,
        conditioners=Conditioners(
            text=TextConditioner(("tokenize", "text"), describe(root, "vocabulary.txt")),
            image=ImageConditioner(("image",)),
            video=VideoConditioner(("image", "frames"), 0.0, 8),
            audio=AudioConditioner(("audio",), recipe.mel.sample_rate, SECONDS),
        ),
        audio=AudioSpec(recipe.mel.sample_rate),
        latent=Latent(
            (recipe.latent_channels, "T", BANDS),
            FRAME,
            bands=tuple(mel_points(recipe.mel, BANDS + 1).round(1).tolist()),
        ),
        schedule=Schedule(recipe.train_steps, recipe.betas, "v", "one", "trailing"),
        defaults=DEFAULTS,
    )
