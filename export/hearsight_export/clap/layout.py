"""The two spellings of CLAP's tensors: LAION's files and transformers' classes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from ..checkpoints import read_json
from ..weights import MisfitError, Origin, Weights, renamed

__all__ = ["LAION_EPS", "TRANSFORMERS_EPS", "clap_eps", "clap_weights", "eps_said"]

# roberta-base's own, which LAION trained with, and the default of transformers' ClapTextConfig,
# which the folders in its layout were saved with.
LAION_EPS, TRANSFORMERS_EPS = 1e-5, 1e-12

_TOWERS = {
    "text": ("text_branch.", "text_model.", "text_projection."),
    "audio": ("audio_branch.", "audio_model.", "audio_projection."),
}
_UNUSED = (
    r".*\.(position_ids|token_type_ids|relative_position_index|attn_mask|num_batches_tracked)$",
    r"audio_branch\.(spectrogram_extractor|logmel_extractor|tscam_conv|head)\.",
)
_RULES = (
    (r"^text_model\.", "text_branch."),
    (r"^audio_model\.audio_encoder\.", "audio_branch."),
    (r"^(text|audio)_projection\.linear1\.", r"\1_projection.0."),
    (r"^(text|audio)_projection\.linear2\.", r"\1_projection.2."),
)
_AUDIO_RULES = (
    (r"\.batch_norm\.", ".bn0."),
    (r"\.attention\.self\.relative", ".attn.relative"),
    (r"\.attention\.output\.dense\.", ".attn.proj."),
    (r"\.layernorm_before\.", ".norm1."),
    (r"\.layernorm_after\.", ".norm2."),
    (r"\.intermediate\.dense\.", ".mlp.fc1."),
    (r"\.output\.dense\.", ".mlp.fc2."),
)
_QKV = re.compile(r"\.attention\.self\.(query|key|value)\.")
_spell, _spell_audio = renamed(_RULES), renamed(_AUDIO_RULES)


def clap_weights(state: Mapping[str, Tensor], tower: str) -> Weights:
    """The tensors of one tower, `text` or `audio`, under the names of transformers' classes.

    Raises:
        MisfitError: the file is of a CLAP that fuses several windows of a sound.
    """
    own = {name: value for name, value in state.items() if name.startswith(_TOWERS[tower])}
    for name in own:
        if "mel_conv2d" in name or "fusion_model" in name:
            raise MisfitError(
                f"The checkpoint holds {name}: it is a CLAP with feature fusion, and only those "
                "without it (unfused, non-fusion) are exported."
            )
    return Weights(own, _laion if _is_laion(state) else Origin, _UNUSED)


def clap_eps(state: Mapping[str, Tensor]) -> float:
    """Epsilon of the text tower's layer norms, by the spelling of the names."""
    return LAION_EPS if _is_laion(state) else TRANSFORMERS_EPS


def eps_said(path: Path) -> float | None:
    """The same as a configuration of transformers says it, if it does.

    Raises:
        CheckpointError: the file is missing or no JSON object.
    """
    config = read_json(path)
    return (config.get("text_config") or config).get("layer_norm_eps")


def _is_laion(state: Mapping[str, Tensor]) -> bool:
    return any(name.startswith(("text_branch.", "audio_branch.")) for name in state)


def _laion(name: str) -> Origin:
    packed = _QKV.search(name) if name.startswith("audio_model.") else None
    if packed:
        whole = _QKV.sub(".attn.qkv.", name)
        part = ("query", "key", "value").index(packed[1])
        return Origin(_spell(whole).name, part, 3)
    if name.startswith("audio_model."):
        name = _spell_audio(name).name
    return _spell(name)
