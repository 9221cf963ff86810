"""SSV2A as a conditioner of CLAP's space: what is given decides what it understands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from hearsight.manifest import (
    AudioConditioner,
    Conditioners,
    Graph,
    ImageConditioner,
    Join,
    JoinInput,
    License,
    Precision,
    Search,
    Space,
    TextConditioner,
    VideoConditioner,
)

from ..clap.audio import HEARD_RATE, HEARD_SECONDS, has_clap_audio, load_clap_audio
from ..clap.bundle import ClapFile
from ..clap.parts import SPACE, audio_part
from ..clip.bundle import ClipFile, export_clip_tokenizer
from ..clip.towers import load_clip_image, load_clip_text
from ..conditioning import Addition
from ..detectors import CONFIDENCE, OVERLAP, Detector, export_detector
from ..graphs import LOOP_TOLERANCE, Part, export_part
from ..terms import AUDIOLDM, BYTE_PAIRS, CLAP, CLIP, PRIOR, SSV2A, terms_of
from ..weights import MisfitError, blame
from .cycle import CANDIDATES, DRAWS, ROUNDS, SLOTS, CycleMix, SeenMix
from .eye import FRAME, export_eye
from .loading import PriorFile, load_aggregator, load_cycle, load_prior
from .networks import FRAMES, Aggregator
from .said import Described, text_part

__all__ = ["Ingredients", "left_out", "ssv2a_addition"]

_ACTIVATION = "quick_gelu"  # of OpenAI's CLIPs
_TITLES = {"text": "texts", "image": "pictures", "video": "videos", "audio": "sounds"}


@dataclass(frozen=True)
class Ingredients:
    """What a bundle is made of; what is None leaves something out, as `left_out` says.

    path: of `parts`, which `read_ssv2a` read. clip: OpenAI's ViT-L/14, if the prior holds none.
    aggregator: of the frames of videos, as `read_aggregator` reads it. tokenizer: CLIP's.
    """

    path: Path
    parts: dict[str, dict[str, Tensor]]
    clip: ClipFile | None = None
    prior: PriorFile | None = None
    aggregator: tuple[Path, dict[str, Tensor]] | None = None
    clap: ClapFile | None = None
    detector: Detector | None = None
    tokenizer: Path | None = None

    @property
    def eye(self) -> ClipFile:
        """The CLIP: what was given as such, else what the prior was trained with.

        Raises:
            MisfitError: there is none, or one of another activation.
        """
        if self.clip and self.clip.hidden_act not in (None, _ACTIVATION):
            raise MisfitError(
                f"{self.clip.path} is a CLIP of {self.clip.hidden_act}; SSV2A looks through "
                f"OpenAI's ViT-L/14, whose activation is {_ACTIVATION}."
            )
        if self.clip:
            return self.clip
        if self.prior and self.prior.clip:
            return ClipFile(self.prior.path, self.prior.clip, _ACTIVATION, None)
        raise MisfitError(
            "SSV2A looks through OpenAI's CLIP ViT-L/14: give --clip, or a --prior that holds it "
            "under clip.clip. as dalle2_prior.pth does."
        )

    @property
    def words(self) -> Path | None:
        """Where CLIP's tokenizer is."""
        return self.tokenizer or (self.clip.tokenizer if self.clip else None)


def left_out(given: Ingredients) -> list[str]:
    """A sentence for everything that the bundle will not understand, and why."""
    told = []
    if given.prior is None or given.words is None:
        lacks = "--prior" if given.prior is None else "--tokenizer"
        told.append(f"Texts are left out: {lacks} is not given.")
    if given.aggregator is None:
        told.append("Videos are left out: --aggregator is not given.")
    if given.clap is None or not has_clap_audio(given.clap.state):
        why = "--clap is not given" if given.clap is None else "--clap holds no audio tower"
        told.append(f"Sounds are left out: {why}.")
    if given.detector is None:
        told.append("Pictures are heard as a whole: --detector is not given.")
    return told


def ssv2a_addition(
    given: Ingredients,
    root: Path,
    precisions: Sequence[Precision] = ("fp32",),
    limits: tuple[float, float] = (CONFIDENCE, OVERLAP),
) -> Addition:
    """Export SSV2A into folder `root`, as far as it is given.

    limits: of the detector, as `export_detector` has them.

    `join` and `text` iterate inside and are fp32 only.

    Raises:
        MisfitError: names the first tensor that does not fit.
        TokenizerError, ParityError: as `export_clip_tokenizer` and `export_part` do.
    """
    with blame(given.path):
        cycle = load_cycle(given.parts)
    clip = cycle.manifold.clip_encoder.model[0].in_features
    space = cycle.generator.out_mu.out_features
    eye = given.eye
    seen, own = terms_of(eye.path, *CLIP, *PRIOR), terms_of(given.path, *SSV2A)
    graphs: dict[str, Graph] = {}
    terms: dict[str, License] = {}
    if given.detector:
        graphs["detect"] = export_detector(given.detector, root, *limits)
        terms["detect"] = given.detector.terms
    before = ("detect",) if given.detector else ()
    with blame(eye.path):
        image = load_clip_image(eye.state, _ACTIVATION).requires_grad_(False)
        _agree("Its picture vectors have", image.space, clip)
    graphs["image"], terms["image"] = export_eye(image, root, "image", precisions), seen
    known = Conditioners(image=ImageConditioner((*before, "image", "join")))
    if given.prior and given.words:
        with blame(eye.path):
            text = load_clip_text(eye.state, _ACTIVATION).requires_grad_(False)
        prior = load_prior(given.prior)
        with blame(given.prior.path):
            described = Described(text, prior).eval()
            _agree("Its vectors have", prior.net.learned_query.shape[0], clip)
        graphs["tokenize"] = export_clip_tokenizer(text, given.words, root)
        graphs["text"] = export_part(text_part(described), root)
        known = replace(known, text=TextConditioner(("tokenize", "text", "join")))
        terms |= {"tokenize": BYTE_PAIRS, "text": terms_of(given.prior.path, *PRIOR)}
    if given.clap and has_clap_audio(given.clap.state):
        with blame(given.clap.path):
            ear = load_clap_audio(given.clap.state)
            _agree("Its vectors have", ear.space, space)
        graphs["audio"] = export_part(audio_part(ear, "embed"), root, precisions)
        chain = ("audio", "join")
        known = replace(
            known, audio=AudioConditioner(chain, HEARD_RATE, float(HEARD_SECONDS), pad=False)
        )
        terms["audio"] = terms_of(given.clap.path, *CLAP, *AUDIOLDM)
    graphs["join"], terms["join"] = export_part(join_part(cycle, "audio" in graphs), root), own
    if given.aggregator:
        with blame(given.aggregator[0]):
            aggregator = load_aggregator(given.aggregator[1])
            _agree("It gathers vectors of", aggregator.pred_token.shape[1], space)
        eyes = (graphs["image"],)
        graphs["video-image"] = export_eye(image, root, "video-image", precisions, FRAME, eyes)
        graphs["frames"] = export_part(frames_part(aggregator), root)
        chain = (*before, "video-image", "join", "frames")
        known = replace(known, video=VideoConditioner(chain, 0.0, FRAMES))
        terms |= {"video-image": seen, "frames": terms_of(given.aggregator[0], *SSV2A)}
    kinds = [title for kind, title in _TITLES.items() if getattr(known, kind)]
    return Addition(
        "ssv2a",
        f"SSV2A: {', '.join(kinds)} heard together in CLAP's space",
        graphs,
        known,
        Space(SPACE if space == 512 else f"laion-clap-{space}", (space,)),
        terms,
        _join(known),
        tuple(left_out(given)),
    )


def join_part(cycle: CycleMix, heard: bool) -> Part:
    """The graph `join`; heard: whether sounds are among the sources."""
    manifold, clap = cycle.manifold, cycle.generator.out_mu.out_features
    clip = manifold.clip_encoder.model[0].in_features
    code = manifold.clip_encoder.out_mu.out_features
    pick = torch.Generator().manual_seed(7)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=pick)

    def slots(rounds: int, candidates: int, whole: bool) -> dict[str, Tensor]:
        clips, sounds = torch.zeros(1, SLOTS, clip), torch.zeros(1, SLOTS, clap)
        clips[0, 0 if whole else 1 : 4] = F.normalize(normal(4 if whole else 3, clip), dim=-1)
        if not whole:
            sounds[0, 4] = F.normalize(normal(clap), dim=-1)
        weights = torch.ones(1, SLOTS)
        weights[0, 2] = 0.5
        own = {"clips": clips, "sounds": sounds, "weights": weights}
        own |= {"noise_fold": normal(SLOTS, code), "noise_sound": normal(SLOTS, code)}
        own |= {
            "noise_alone": normal(rounds, SLOTS, clap),
            "noise_again": normal(rounds, code),
            "noise_mix": normal(rounds, candidates, clap),
        }
        return {n: t for n, t in own.items() if heard or n not in ("sounds", "noise_sound")}

    return Part(
        "join",
        cycle if heard else SeenMix(cycle.manifold, cycle.generator, cycle.remixer).eval(),
        slots(3, 5, False),
        {"noise_alone": {0: "R"}, "noise_again": {0: "R"}, "noise_mix": {0: "R", 1: "C"}},
        {"cond": (1, clap)},
        samples=[slots(7, 4, True)],
        tolerance=LOOP_TOLERANCE,
    )


def frames_part(aggregator: Aggregator) -> Part:
    """The graph `frames`, of a video's vectors."""
    width, space = aggregator.pred_token.shape[1], aggregator.out_mu.out_features
    pick = torch.Generator().manual_seed(6)

    def frames(count: int) -> dict[str, Tensor]:
        drawn = torch.randn(1, count, width, generator=pick)
        noise = torch.randn(space, generator=pick)
        return {"frames": F.normalize(drawn, dim=-1), "noise": noise}

    return Part(
        "frames",
        aggregator,
        frames(FRAMES),
        {"frames": {1: "N"}},
        {"cond": (1, space)},
        samples=[frames(1), frames(11)],
    )


def _join(known: Conditioners) -> Join:
    seen = tuple(kind for kind in ("image", "text", "video") if getattr(known, kind))
    inputs = [JoinInput("clips", seen, "list")]
    if known.audio:
        inputs.append(JoinInput("sounds", ("audio",), "list"))
    return Join(tuple(inputs), whole=True, search=Search(ROUNDS, CANDIDATES, DRAWS))


def _agree(what: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise MisfitError(f"{what} {found} values; SSV2A wants {wanted}.")
