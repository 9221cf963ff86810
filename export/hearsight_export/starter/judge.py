"""Judge a starter bundle by what it never saw: a classifier of separately made sounds.

The classifier hears only synthesised sounds of its own seed; the bundle plays through the same
runtime that users run. Phrasings, pictures and reference sounds are held out from training.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

import hearsight
from hearsight.request import Prompt, Request

from ..models.mel import LogMel
from .attributes import MEASURES
from .captions import CONTRASTS
from .corpus import Corpus, make_corpus
from .encoders import AudioEncoder
from .recipe import Recipe
from .sounds import KINDS, SAMPLE_RATE
from .training import Run, train
from .vocoding import unseen_sounds

__all__ = ["Judgement", "Scores", "frechet", "judge"]

SECONDS = 5.0
# Axes that the Fréchet distance is measured on: with as many as the features have, a few hundred
# sounds give mostly the error of their covariance.
AXES = 32
# Solvers and steps to compare; 200 steps of DDIM are what latent diffusion is published with.
GRID = (
    *(("ddim", steps) for steps in (20, 50, 200)),
    *(("dpm++2m", steps) for steps in (6, 12, 20)),
)
CLASSIFIER_RUN = Run(steps=900, rate=1.5e-3, average=0.99)


class Classifier(nn.Module):
    """Log mel [B, F, 64] to features [B, 256] and scores [B, kinds]."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = AudioEncoder(256)
        self.scores = nn.Linear(256, len(KINDS))

    def features(self, mel: Tensor) -> Tensor:
        """What the Fréchet distance is measured on."""
        return self.encoder(mel) * 16.0

    def forward(self, mel: Tensor) -> Tensor:
        return self.scores(self.features(mel))


@dataclass(frozen=True)
class Scores:
    """One way of asking: share of sounds recognised, and distance to held-out sounds."""

    prompts: str
    solver: str
    steps: int
    sounds: int
    top1: float
    frechet: float


@dataclass(frozen=True)
class Judgement:
    """The whole table. `floor` is the Fréchet distance between two held-out halves."""

    classifier_top1: float
    floor: float
    scores: tuple[Scores, ...]
    adjectives: float
    adjectives_pairs: int
    adjectives_wrong: tuple[str, ...]
    worst_kinds: dict[str, float]


def frechet(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Fréchet distance of two feature sets [n, D] taken as Gaussians.

    |mean_a - mean_b|^2 + trace(C_a + C_b - 2 (C_a C_b)^(1/2)), Heusel et al. 2017, eq. 6.
    """
    ca, cb = np.cov(a.T), np.cov(b.T)
    values, vectors = np.linalg.eigh(ca)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ cb @ root), 0)).sum()
    shift = float(np.sum((a.mean(0) - b.mean(0)) ** 2))
    return shift + float(np.trace(ca) + np.trace(cb) - 2 * cross)


def _train_classifier(corpus: Corpus, path: Path, log: Callable[[str], None]) -> Classifier:
    torch.manual_seed(5)
    model = Classifier()
    labels = torch.from_numpy(corpus.kinds)

    def loss(step: int) -> Tensor:
        rng = np.random.default_rng((23, step))
        items = rng.integers(len(corpus), size=32)
        mel = torch.from_numpy(corpus.mels[items].astype(np.float32))
        # Level, tilt and fine texture say nothing about the kind to this judge.
        tilt = torch.linspace(-1, 1, mel.shape[2])
        mel = mel + torch.from_numpy(rng.normal(0, 0.7, (32, 1, 1))).float()
        mel = mel + torch.from_numpy(rng.normal(0, 0.5, (32, 1, 1))).float() * tilt
        mel = mel + 0.3 * torch.randn_like(mel)
        return F.cross_entropy(model(mel), labels[items], label_smoothing=0.05)

    train(model, loss, CLASSIFIER_RUN, path, log)
    return model


class _Ear:
    """Waveforms to features and kinds."""

    def __init__(self, model: Classifier, mel: LogMel) -> None:
        self.model, self.mel = model, mel

    @torch.no_grad()
    def __call__(self, waves: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        features: list[Tensor] = []
        for start in range(0, len(waves), 32):
            spectrum = self.mel(torch.from_numpy(waves[start : start + 32]))
            features.append(self.model.features(spectrum))
        joined = torch.cat(features)
        kinds = self.model.scores(joined).argmax(1)
        return joined.double().numpy(), kinds.numpy()


def _fit(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    wanted = round(SECONDS * SAMPLE_RATE)
    return np.pad(audio[:wanted], (0, max(0, wanted - len(audio))))


def _prompts(corpus: Corpus, way: str, seeds: int, folder: Path) -> Iterator[tuple[int, Prompt]]:
    """Kind number and prompt, `seeds` of each kind, from held-out items."""
    kinds = len(KINDS)
    for item in range(seeds * kinds):
        if way == "text":
            yield item % kinds, Prompt("text", corpus.captions[item][0])
        elif way == "image":
            path = folder / f"{item}.png"
            cv2.imwrite(str(path), corpus.pictures[item, 0][..., ::-1])
            yield item % kinds, Prompt("image", str(path))
        elif way == "video":
            path = folder / f"{item}.avi"
            size = corpus.clips.shape[2:4]
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 4, size)
            for frame in corpus.clips[item]:
                writer.write(frame[..., ::-1])
            writer.release()
            yield item % kinds, Prompt("video", str(path))
        else:
            path = folder / f"{item}.wav"
            soundfile.write(path, corpus.audio[item], SAMPLE_RATE)
            yield item % kinds, Prompt("audio", str(path))


def _play(
    generator: hearsight.Generator, prompt: Prompt, seed: int, solver: str | None, steps: int | None
) -> NDArray[np.float32]:
    finish = hearsight.Finish(sample_rate=SAMPLE_RATE)
    request = Request(
        (prompt,),
        seconds=SECONDS,
        seed=seed,
        solver=solver,
        steps=steps,
        finish=finish,  # type: ignore[arg-type]
    )
    return generator.generate(request)[0].audio


def judge(
    bundle: Path,
    work: Path,
    recipe: Recipe,
    *,
    seeds: int = 8,
    grid_seeds: int = 8,
    threads: int | None = None,
    log: Callable[[str], None] = print,
) -> Judgement:
    """Measure a bundle; keeps the classifier and its sounds in `work`, writes `judge.json` there.

    `seeds` sounds of every kind for each kind of prompt, `grid_seeds` for each solver and step
    count.
    """
    mel = LogMel(recipe.mel)
    known = make_corpus(work / "judge", recipe.judge_items, recipe.judge_seed, recipe.mel, log=log)
    unseen = unseen_sounds(recipe, work, log)
    ear = _Ear(_train_classifier(known, work / "judge.pt", log), mel)
    real, heard = ear(np.stack([_fit(a.astype(np.float32) / 32767) for a in unseen.audio]))
    axes = np.linalg.svd(real - real.mean(0), full_matrices=False)[2][:AXES].T
    real = real @ axes
    top1 = float((heard == unseen.kinds).mean())
    half = np.arange(len(real)) // len(KINDS) % 2 == 0
    log(f"the judge recognises {top1:.1%} of real held-out sounds")

    scores: list[Scores] = []
    right: dict[int, list[bool]] = {}

    def measure(way: str, solver: str | None, steps: int | None, n: int) -> None:
        folder = work / "prompts" / way
        folder.mkdir(parents=True, exist_ok=True)
        asked, waves = [], []
        for number, (kind, prompt) in enumerate(_prompts(unseen, way, n, folder)):
            asked.append(kind)
            waves.append(_fit(_play(generator, prompt, number, solver, steps)))
        features, kinds = ear(np.stack(waves))
        hits = kinds == np.array(asked)
        if solver is None:
            for kind, hit in zip(asked, hits, strict=True):
                right.setdefault(kind, []).append(bool(hit))
        defaults = generator.bundle.manifest.defaults
        assert defaults is not None
        scores.append(
            Scores(
                way,
                solver or defaults.solver,
                steps or defaults.steps,
                len(waves),
                float(hits.mean()),
                frechet(features @ axes, real),
            )
        )
        log(f"{scores[-1]}")

    with hearsight.load(bundle, threads=threads) as generator:
        for way in ("text", "image", "audio", "video"):
            measure(way, None, None, seeds)
        for solver, steps in GRID if grid_seeds else ():
            measure("text", solver, steps, grid_seeds)
        wrong: list[str] = []
        for name, axis, low, high, attribute in CONTRASTS:
            sides = [
                np.median(
                    [MEASURES[attribute](_play(generator, Prompt("text", p), s, None, None))
                     for s in range(3)]
                )
                for p in ((low, high) if axis != "distance" else (high, low))
            ]  # fmt: skip
            if not sides[1] > sides[0]:
                wrong.append(f"{name}: {low} / {high} ({attribute})")
    result = Judgement(
        top1,
        frechet(real[half], real[~half]),
        tuple(scores),
        1 - len(wrong) / len(CONTRASTS),
        len(CONTRASTS),
        tuple(wrong),
        dict(
            sorted(
                ((list(KINDS)[k], float(np.mean(v))) for k, v in right.items()),
                key=lambda pair: pair[1],
            )[:8]
        ),
    )
    (work / "judge.json").write_text(json.dumps(asdict(result), indent=1), encoding="utf-8")
    return result
