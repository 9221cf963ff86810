"""AudioLDM checkpoints for tests: the original's tensor names, filled by `seeded`.

`tests/golden/audioldm/tensors.txt` lists the tensors of AudioLDM-S as haoheliu/AudioLDM (commit
4054cb4) saves them, with their shapes; a star marks those that are filled, the others are
constants that its code computes. The averaged weights are left out there: their names follow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from diffusers import DDIMScheduler
from seeded import fill, seeded
from torch import Tensor, nn
from transformers import ClapTextConfig, ClapTextModelWithProjection

from hearsight.manifest import Betas
from hearsight.schedule import cumulative_alphas
from hearsight_export.models.denoise import film_unet
from hearsight_export.models.latent_mel import hifi_gan, mel_autoencoder

__all__ = ["GOLDEN", "SCALE", "original", "save", "write_folder", "write_tokenizer"]

GOLDEN = Path(__file__).parents[1] / "golden" / "audioldm"
SCALE = 0.9227914214134216
UNET = "model.diffusion_model."
TEXT_LAYERS = 2  # of twelve, in the narrow twin
MARKS = ("<s>", "<pad>", "</s>", "<unk>")
MERGES = ("r a", "ra i", "rai n", "\u0120 rain", "h e", "he a", "hea v", "heav y")
WORDS = len(MARKS) + 256 + len(MERGES)


def original(narrow: bool = True) -> dict[str, Tensor]:
    """The state dict of AudioLDM-S, or of a twin of the same structure and small widths.

    The averaged weights of the full one equal the others, so that goldens hold for both; the
    twin's have values of their own.
    """
    state: dict[str, Tensor] = {}
    for line in (GOLDEN / "tensors.txt").read_text(encoding="utf-8").splitlines():
        mark, name, sizes = line.split()
        shape = () if sizes == "scalar" else tuple(map(int, sizes.split("x")))
        if narrow:
            if _left_out(name):
                continue
            shape = _narrow(name, shape)
        filled = mark == "*"
        state[name] = torch.from_numpy(seeded(name, shape)) if filled else torch.zeros(shape)
        if name.startswith(UNET):
            average = "model_ema." + name.removeprefix("model.").replace(".", "")
            # Another name gives other values, and its last part still tells gains from biases.
            own = seeded(f"average.{name}", shape) if narrow else state[name].clone()
            state[average] = torch.as_tensor(own)
    alphas = cumulative_alphas(Betas("scaled_linear", 0.0015, 0.0195), 1000)
    state["alphas_cumprod"] = torch.from_numpy(alphas).float()
    state["scale_factor"] = torch.tensor(SCALE)
    # Files made with older releases of transformers hold it.
    state["cond_stage_model.model.text_branch.embeddings.position_ids"] = torch.arange(514)[None]
    return state


def save(state: Mapping[str, Tensor], path: Path) -> Path:
    """A checkpoint file as training leaves it, with what stands beside the state dict."""
    torch.save({"epoch": 3, "global_step": 7, "state_dict": dict(state)}, path)
    return path


def write_tokenizer(folder: Path) -> Path:
    """A byte-level tokenizer of RoBERTa's kind with the twin's few words, as it is published."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    letters = [chr(byte) for byte in shown] + [chr(256 + i) for i in range(len(hidden))]
    pieces = [*MARKS, *letters, *(pair.replace(" ", "") for pair in MERGES)]
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = json.dumps({piece: i for i, piece in enumerate(pieces)})
    (folder / "vocab.json").write_text(vocabulary, encoding="utf-8")
    merges = "\n".join(("#version: 0.2", *MERGES, ""))
    (folder / "merges.txt").write_text(merges, encoding="utf-8")
    return folder


def write_folder(folder: Path, narrow: bool = True) -> Path:
    """An AudioLDM as diffusers saves it, head counts as in the published folders: 8.

    Weights follow the names within each part. The text encoder is a narrow one always.
    """
    unet, vae, vocoder = (32, 32, 64) if narrow else (128, 128, 1024)
    parts = {
        "unet": film_unet(8, tuple(unet * k for k in (1, 2, 3, 5)), (8, 8, 8, 8), 512),
        "vae": mel_autoencoder(tuple(vae * k for k in (1, 2, 4)), 8),
        "vocoder": hifi_gan(vocoder, 64),
        "text_encoder": ClapTextModelWithProjection(
            ClapTextConfig(
                vocab_size=WORDS,
                hidden_size=64,
                intermediate_size=256,
                num_hidden_layers=TEXT_LAYERS,
                num_attention_heads=1,
            )
        ),
        "scheduler": DDIMScheduler(
            beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear", steps_offset=1
        ),
    }
    for name, part in parts.items():
        if isinstance(part, nn.Module):
            fill(part)
        part.save_pretrained(folder / name)
    for file, key, value in (
        ("unet/config.json", "attention_head_dim", 8),
        ("vae/config.json", "scaling_factor", SCALE),
    ):
        config = json.loads((folder / file).read_text(encoding="utf-8"))
        (folder / file).write_text(json.dumps(config | {key: value}), encoding="utf-8")
    index = json.dumps({"_class_name": "AudioLDMPipeline"})
    (folder / "model_index.json").write_text(index, encoding="utf-8")
    write_tokenizer(folder / "tokenizer")
    return folder


def _left_out(name: str) -> bool:
    layer = re.search(r"text_branch\.encoder\.layer\.(\d+)\.", name)
    return layer is not None and int(layer[1]) >= TEXT_LAYERS


def _narrow(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Widths of the UNet and the autoencoder by 4, of the vocoder by 16, of CLAP by 4 and 12."""
    if name.startswith("first_stage_model.vocoder."):
        parts, kept = 16, (1, 64) if "conv_pre" in name else (1,)
    elif name.startswith("first_stage_model."):
        parts, kept = 4, (1, 8, 16)
    elif name == f"{UNET}film_emb.weight":
        return (shape[0] // 4, shape[1])
    elif name.startswith(UNET):
        parts, kept = 4, (8,)
    elif name.endswith("word_embeddings.weight"):
        return (WORDS, shape[1] // 12)
    elif "text_branch" in name or "text_projection" in name:
        parts, kept = 12, (512, 514, 1)
    elif "audio_branch" in name or "audio_projection" in name:
        parts, kept = 4, (1, 4, 8, 16, 32, 64, 225, 512, 513, 527)
    else:
        return shape
    free = shape[:2] if len(shape) > 2 else shape
    return tuple(d if d in kept else d // parts for d in free) + shape[2:]
