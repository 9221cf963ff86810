"""Make-An-Audio checkpoints for tests: the original's tensor names, filled by `seeded`.

`tests/golden/make_an_audio/tensors.txt` lists the tensors of `LatentDiffusion_audio` as
Text-to-Audio/Make-An-Audio (commit 0d84177) builds it from its text-to-audio configuration, with
their shapes; a star marks those that are filled, the others are constants that its code computes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import bigvgan_checkpoint as bigvgan
import torch
from seeded import seeded
from torch import Tensor

from hearsight.manifest import Betas
from hearsight.schedule import cumulative_alphas
from hearsight_export.bigvgan.config import BigVGANConfig

__all__ = [
    "GOLDEN",
    "SCALE",
    "SPACE",
    "VOCODER",
    "WORDS",
    "original",
    "save",
    "save_vocoder",
    "write_pieces",
]

GOLDEN = Path(__file__).parents[1] / "golden" / "make_an_audio"
SCALE = 0.35  # of the goldens that have one
UNET = "model.diffusion_model."
TEXT_LAYERS = 2  # of twelve, in the narrow twin
SPACE = 64  # of the narrow twin's 1024
# Of the narrow twin: for the same mels, in two stages of one small block each.
VOCODER = BigVGANConfig(80, 8, (16, 16), (32, 32), (3,), (1,))
MARKS = {0: "[PAD]", 100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 103: "[MASK]"}
PIECES = (
    *"abcdefghijklmnopqrstuvwxyz0123456789.,!?'-",
    *(f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz0123456789"),
    *("rain", "##ing", "##s", "heavy", "on", "a", "tin", "roof", "dog", "bark", "cafe", "istanbul"),
    *("\u96e8", "\u5927", "naive", "\u03c3", "##\u03c3"),
)
WORDS = 104 + len(dict.fromkeys(PIECES))


def original(narrow: bool = True, scale: float = SCALE) -> dict[str, Tensor]:
    """The state dict of `maa1_full.ckpt`'s shape, or of a twin of small widths."""
    state: dict[str, Tensor] = {}
    for line in (GOLDEN / "tensors.txt").read_text(encoding="utf-8").splitlines():
        mark, name, sizes = line.split()
        shape = () if sizes == "scalar" else tuple(map(int, sizes.split("x")))
        if narrow:
            if _left_out(name):
                continue
            shape = _narrow(name, shape)
        state[name] = torch.from_numpy(seeded(name, shape)) if mark == "*" else torch.zeros(shape)
    alphas = cumulative_alphas(Betas("scaled_linear", 0.00085, 0.012), 1000)
    state["alphas_cumprod"] = torch.from_numpy(alphas).float()
    state["scale_factor"] = torch.tensor(scale)
    return state


def save(state: Mapping[str, Tensor], path: Path) -> Path:
    """A checkpoint file as training leaves it, with what stands beside the state dict."""
    torch.save({"epoch": 3, "global_step": 7, "state_dict": dict(state)}, path)
    return path


def save_vocoder(path: Path, network: BigVGANConfig = VOCODER) -> Path:
    """The BigVGAN of a bundle as training leaves it, weight norm and all."""
    return bigvgan.save(bigvgan.state(network), path.parent, path.name)


def write_pieces(folder: Path, words: int = WORDS) -> Path:
    """A vocabulary of word pieces as bert-base-uncased's folder has it, with few real ones."""
    pieces = [MARKS.get(i, f"[unused{i}]") for i in range(104)] + list(dict.fromkeys(PIECES))
    pieces += [f"[more{i}]" for i in range(words - len(pieces))]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join([*pieces, ""]), encoding="utf-8")
    return folder


def _left_out(name: str) -> bool:
    layer = re.search(r"\.encoder\.layer\.(\d+)\.", name)
    return layer is not None and int(layer[1]) >= TEXT_LAYERS


def _narrow(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Widths of the UNet by 10, of the autoencoder by 4, of the text encoder by 12 and 16."""
    parts = {1024: 1024 // SPACE, 30522: 1}
    if name.startswith(UNET):
        parts |= dict.fromkeys((320, 640, 960, 1280, 1920, 2560, 5120), 10)
    elif name.startswith("first_stage_model."):
        parts |= dict.fromkeys((128, 256, 512), 4)
    elif name.startswith("cond_stage_model."):
        parts |= dict.fromkeys((768, 3072), 12)
    else:
        return shape
    free = shape[:2] if len(shape) > 2 else shape
    small = tuple(WORDS if d == 30522 else d // parts.get(d, 1) for d in free)
    return small + shape[2:]
