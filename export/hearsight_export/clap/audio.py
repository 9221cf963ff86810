"""CLAP's audio tower: HTSAT over a log-mel picture of ten seconds, as a unit vector."""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional as F
from transformers import ClapAudioConfig, ClapAudioModelWithProjection

from .hearing import ClapMel, Upsample3, level, repeat_to
from .layout import clap_weights

__all__ = ["HEARD_RATE", "HEARD_SECONDS", "ClapAudio", "has_clap_audio", "load_clap_audio"]

HEARD_RATE, HEARD_SECONDS = 16000, 10
_SAMPLES = 48000 * HEARD_SECONDS
_STRIPS = 4  # of the log mel, stacked along frequency to a square


class ClapAudio(nn.Module):
    """Sound [B, S] at 16 kHz, ten seconds at most, to unit vectors [B, D].

    As AudioLDM listens (haoheliu/AudioLDM): mean removed, peak 0.5, three times the rate,
    repeated as often as it fits whole into ten seconds, then silence.
    """

    def __init__(self, model: ClapAudioModelWithProjection) -> None:
        super().__init__()
        self.model = model
        self.upsample, self.mel = Upsample3(), ClapMel(model.config.num_mel_bins)

    @property
    def space(self) -> int:
        """Number of values of a vector."""
        return self.model.config.projection_dim

    def forward(self, audio: Tensor) -> Tensor:
        return self.listen(self.upsample(level(audio[:, : HEARD_RATE * HEARD_SECONDS])))

    def listen(self, audio: Tensor) -> Tensor:
        """The same for sound [B, S] at 48 kHz of any level, as LAION's own code listens."""
        return self.embed(self.mel(repeat_to(audio, _SAMPLES)))

    def embed(self, mel: Tensor) -> Tensor:
        """The same for a log mel [B, frames, bins] in dB."""
        heard = self.model(input_features=mel[:, None])
        return F.normalize(heard.audio_embeds, dim=-1)


def has_clap_audio(state: Mapping[str, Tensor]) -> bool:
    """Whether a CLAP state dict holds the audio tower; AudioLDM folders of diffusers do not."""
    return any(name.startswith(("audio_branch.", "audio_model.")) for name in state)


def load_clap_audio(state: Mapping[str, Tensor]) -> ClapAudio:
    """The audio tower (HTSAT tiny, base or another size) of a CLAP state dict.

    Raises:
        MisfitError: names the first tensor that does not fit.
    """
    weights = clap_weights(state, "audio")
    at = "audio_model.audio_encoder."
    width = weights.shape(at + "patch_embed.proj.weight", 4)[0]
    patch = weights.shape(at + "patch_embed.proj.weight", 4)[2]
    bins = weights.shape(at + "batch_norm.weight", 1)[0]
    levels = weights.depth(at + "layers.{}.blocks.0.layernorm_before.weight")
    tables = [
        weights.shape(at + f"layers.{i}.blocks.0.attention.self.relative_position_bias_table", 2)
        for i in range(levels)
    ]
    first = weights.shape(at + "layers.0.blocks.0.intermediate.dense.weight", 2)
    config = ClapAudioConfig(
        window_size=(math.isqrt(tables[0][0]) + 1) // 2,
        num_mel_bins=bins,
        spec_size=_STRIPS * bins,
        patch_size=patch,
        patch_stride=[patch, patch],
        patch_embeds_hidden_size=width,
        depths=[
            weights.depth(at + f"layers.{i}.blocks.{{}}.layernorm_before.weight")
            for i in range(levels)
        ],
        num_attention_heads=[heads for _, heads in tables],
        hidden_size=width * 2 ** (levels - 1),
        mlp_ratio=first[0] / first[1],
        projection_dim=weights.shape("audio_projection.linear2.weight", 2)[0],
    )
    model = ClapAudioModelWithProjection(config)
    weights.fill(model)
    return ClapAudio(model).eval()
