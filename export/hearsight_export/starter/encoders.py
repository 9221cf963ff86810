"""Text, picture, sound and video encoders that meet in one 256-d space."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..models.mel import MelConfig
from .autoencoder import MEAN, SCALE
from .captions import VOCABULARY
from .corpus import Corpus
from .sounds import AXES, KINDS

__all__ = ["Encoders", "Tokenizer", "contrastive_loss"]

FEW_KINDS = 3
# Weight of the axes' squared error beside the contrastive loss, and the gain that brings the
# entries of a unit vector near one.
AXES_WEIGHT = 12.0
AXES_GAIN = 16.0
LOG_FLOOR = math.log(MelConfig.floor)
SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PUNCTUATION = tuple("!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~0123456789")
SUFFIXES = ("##s", "##es", "##ing", "##ed", "##er", "##y", "##ly", "##ning", "##ping", "##ting")


class Tokenizer:
    """WordPiece over the captions' own words; what carries no meaning gets mask 0.

    Ids below `first_word` are special marks, punctuation and word endings: the encoder does
    not look at them, so an unknown word changes nothing. `pieces` is the vocabulary in the
    order that BERT's tokenizer numbers it.
    """

    def __init__(self, words: Sequence[str] = VOCABULARY) -> None:
        self.pieces = (*SPECIALS, *PUNCTUATION, *SUFFIXES, *words)
        self.first_word = len(self.pieces) - len(words)
        self._ids = {word: i for i, word in enumerate(self.pieces)}
        self._ends = sorted((s[2:] for s in SUFFIXES), key=len, reverse=True)

    def known_words(self) -> list[str]:
        """Every spelling that is understood: the words and their inflected forms."""
        words = self.pieces[self.first_word :]
        return sorted({*words, *(w + end for w in words for end in self._ends)})

    def ids(self, text: str) -> list[int]:
        """Ids of the meaningful words, for training; greedy like WordPiece."""
        found: list[int] = []
        for word in re.findall(r"[a-z]+", text.lower()):
            for length in range(len(word), 0, -1):
                rest = word[length:]
                if word[:length] in self._ids and (not rest or rest in self._ends):
                    found.append(self._ids[word[:length]])
                    break
        return found

    def batch(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Ids and mask, int64 [B, L], padded to the longest text."""
        rows = [self.ids(t) for t in texts]
        length = max(1, *(len(r) for r in rows))
        ids = torch.zeros(len(rows), length, dtype=torch.int64)
        mask = torch.zeros_like(ids)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row, dtype=torch.int64)
            mask[i, : len(row)] = 1
        return ids, mask


def _unit(x: Tensor) -> Tensor:
    return x * torch.rsqrt(torch.clamp(x.square().sum(-1, keepdim=True), min=1e-12))


class Attention(nn.Module):
    """Transformer layer over [B, L, D] that ignores positions with mask 0."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        batch, length, width = x.shape
        q, k, v = (
            part.reshape(batch, length, self.heads, -1).transpose(1, 2)
            for part in self.qkv(self.norm1(x)).chunk(3, dim=-1)
        )
        scores = torch.matmul(q, k.transpose(2, 3)) / math.sqrt(width / self.heads) + bias
        mixed = torch.matmul(torch.softmax(scores, -1), v).transpose(1, 2)
        x = x + self.out(mixed.reshape(batch, length, width))
        return x + self.narrow(F.gelu(self.wide(self.norm2(x))))


class TextEncoder(nn.Module):
    """Ids and mask [B, L] to a unit vector [B, D]; all-zero for a text without known words."""

    def __init__(self, pieces: int, space: int, width: int = 128) -> None:
        super().__init__()
        self.words = nn.Embedding(pieces, width)
        self.positions = nn.Embedding(64, width)
        nn.init.normal_(self.words.weight, std=0.1)
        nn.init.normal_(self.positions.weight, std=0.01)
        self.layers = nn.ModuleList(Attention(width, 4) for _ in range(2))
        self.project = nn.Linear(width, space)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        known = mask.to(torch.float32)
        order = torch.clamp(torch.cumsum(mask, 1) - 1, min=0, max=63)
        x = self.words(ids) + self.positions(order)
        bias = (known - 1)[:, None, None] * 1e4
        for layer in self.layers:
            x = layer(x, bias)
        mean = (x * known[..., None]).sum(1) / torch.clamp(known.sum(1, keepdim=True), min=1)
        return _unit(self.project(mean)) * known.amax(1, keepdim=True)


def _tower(widths: Sequence[int], first_stride: tuple[int, int]) -> nn.Sequential:
    # Batch statistics, which are constants once trained: a norm over the clip itself would
    # take out its level, which is a meaning here, and would depend on its length.
    layers: list[nn.Module] = []
    for i, (a, b) in enumerate(pairwise(widths)):
        stride, kernel = ((2, 2), (3, 3)) if i else (first_stride, (7, 5))
        conv = nn.Conv2d(a, b, kernel, stride, padding=(kernel[0] // 2, kernel[1] // 2))
        layers += [conv, nn.BatchNorm2d(b), nn.SiLU()]
    last = widths[-1]
    layers += [nn.Conv2d(last, last, 3, padding=1), nn.BatchNorm2d(last), nn.SiLU()]
    return nn.Sequential(*layers)


class ImageEncoder(nn.Module):
    """Pictures [B, 3, 64, 64] in [0, 1] to a unit vector [B, D]."""

    def __init__(self, space: int) -> None:
        super().__init__()
        self.tower = _tower((3, 32, 64, 128, 192), (2, 2))
        self.project = nn.Linear(2 * 192, space)

    def forward(self, pixels: Tensor) -> Tensor:
        x = self.tower(pixels * 4 - 2).flatten(2)
        return _unit(self.project(torch.cat((x.mean(2), x.amax(2)), dim=1)))


class AudioEncoder(nn.Module):
    """Log mel [B, F, 64] to a unit vector [B, D], any number of frames."""

    def __init__(self, space: int) -> None:
        super().__init__()
        self.tower = _tower((1, 24, 48, 96, 160), (4, 2))
        self.project = nn.Linear(2 * 160, space)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.tower(((mel - MEAN) / SCALE)[:, None]).flatten(2)
        return _unit(self.project(torch.cat((x.mean(2), x.amax(2)), dim=1)))


class FrameMapper(nn.Module):
    """Frame embeddings [B, N, D] to one condition [B, D]: a residual MLP over their mean.

    The mean-pooled residual MLP is the best of the mappers compared by EchoFrame.
    """

    def __init__(self, space: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(space, space), nn.LayerNorm(space), nn.GELU(), nn.Linear(space, space)
        )

    def forward(self, frames: Tensor) -> Tensor:
        mean = frames.mean(1)
        return _unit(mean + self.layers(mean))


@dataclass(frozen=True)
class Batch:
    """One training batch: mel [B, F, 64], ids and mask [B, L], pictures, clips, kinds [B].

    `axes` [B, AXES] are the parameters that the sounds were made with, NaN for one that the kind
    lacks; None if they do not count.
    """

    mel: Tensor
    ids: Tensor
    mask: Tensor
    pictures: Tensor
    clips: Tensor
    kinds: Tensor
    axes: Tensor | None


class Encoders(nn.Module):
    """The four ways into the space, and what they are trained with: a temperature, `axes`.

    `axes` reads a sound's parameters off its embedding, one linear map for each kind. It is not
    part of a bundle.
    """

    def __init__(self, space: int, pieces: int) -> None:
        super().__init__()
        self.text = TextEncoder(pieces, space)
        self.image = ImageEncoder(space)
        self.audio = AudioEncoder(space)
        self.frames = FrameMapper(space)
        self.axes = nn.Linear(space, len(KINDS) * len(AXES))
        nn.init.zeros_(self.axes.weight)
        nn.init.constant_(self.axes.bias, 0.5)
        self.log_scale = nn.Parameter(torch.tensor(math.log(14.0)))

    def video(self, clips: Tensor) -> Tensor:
        """Clips [B, N, 3, 64, 64] to conditions [B, D]."""
        batch, count = clips.shape[:2]
        return self.frames(self.image(clips.flatten(0, 1)).reshape(batch, count, -1))

    def forward(self, batch: Batch) -> Tensor:
        """Mean InfoNCE over all pairs of modalities (Radford et al. 2021, sec. 2.3).

        Where the batch has axes, their squared error in words and sounds is added.
        """
        views = [
            self.text(batch.ids, batch.mask),
            self.audio(batch.mel),
            self.image(batch.pictures),
            self.video(batch.clips),
        ]
        scale = torch.exp(torch.clamp(self.log_scale, max=math.log(50.0)))
        labels = torch.arange(len(batch.mel), device=batch.mel.device)
        losses: list[Tensor] = []
        for i, a in enumerate(views):
            for b in views[i + 1 :]:
                logits = scale * a @ b.T
                losses += [F.cross_entropy(logits, labels), F.cross_entropy(logits.T, labels)]
        contrast = torch.stack(losses).mean()
        if batch.axes is None:
            return contrast
        text, audio, *_ = views
        errors = [self._axes_error(view, batch.kinds, batch.axes) for view in (text, audio)]
        return contrast + AXES_WEIGHT * torch.stack(errors).sum()

    def _axes_error(self, view: Tensor, kinds: Tensor, axes: Tensor) -> Tensor:
        guesses = self.axes(view * AXES_GAIN).reshape(len(view), len(KINDS), len(AXES))
        guess = guesses[torch.arange(len(view), device=view.device), kinds]
        has = ~torch.isnan(axes)
        return (guess - torch.nan_to_num(axes))[has].square().mean()


def as_pictures(array: np.ndarray) -> Tensor:
    """uint8 [..., H, W, 3] to float [..., 3, H, W] in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(array)).movedim(-1, -3).float() / 255


def contrastive_loss(
    model: Encoders, tokenizer: Tokenizer, corpus: Corpus, size: int, step: int, axes: bool
) -> Tensor:
    """One step on `size` items, each with a caption, picture and clip drawn from its own.

    They are drawn from all kinds. With `axes` the parameters of the sounds count too, and three
    batches in four are drawn from `FEW_KINDS`: among many kinds, naming the kind is enough to
    match a caption to its sound, and nothing teaches "slow" or "low".
    """
    rng = np.random.default_rng((29 if axes else 17, step))
    device = model.log_scale.device
    few = axes and step % 4 > 0
    kinds = rng.choice(len(KINDS), FEW_KINDS, False) if few else np.arange(len(KINDS))
    among = np.flatnonzero(np.isin(corpus.kinds, kinds))
    items = np.sort(rng.choice(among, size=size, replace=len(among) < size))
    spectrum = torch.from_numpy(corpus.mels[items].astype(np.float32))
    # A little louder or softer is still the same; one in three is shorter, as references are.
    spectrum = spectrum + torch.from_numpy(rng.uniform(-0.25, 0.25, (size, 1, 1))).float()
    frames = spectrum.shape[1]
    ends = np.where(rng.random(size) < 0.33, rng.uniform(0.2, 1, size), 1) * frames
    heard = torch.arange(frames)[None] < torch.from_numpy(ends)[:, None]
    spectrum = torch.where(heard[..., None], spectrum, LOG_FLOOR).clamp(min=LOG_FLOOR).to(device)
    texts = [corpus.captions[i][rng.integers(len(corpus.captions[i]))] for i in items]
    ids, mask = tokenizer.batch(texts)
    keep = torch.from_numpy(rng.random(mask.shape) > 0.1).long()
    mask = torch.where((mask * keep).sum(1, keepdim=True) > 0, mask * keep, mask)
    chosen = rng.integers(corpus.pictures.shape[1], size=size)
    pictures = as_pictures(corpus.pictures[items, chosen])
    clips = as_pictures(corpus.clips[items][:, [0, -1]])
    tensors = (spectrum, ids, mask, pictures, clips, torch.from_numpy(corpus.kinds[items]))
    asked = torch.from_numpy(corpus.axes(items)).to(device) if axes else None
    return model(Batch(*(tensor.to(device) for tensor in tensors), asked))
