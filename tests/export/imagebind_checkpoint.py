"""ImageBind checkpoints filled by `seeded`, under the names of facebookresearch/ImageBind."""

import json
import math
from pathlib import Path

import torch
from seeded import seeded
from tokenizers import pre_tokenizers

__all__ = ["GOLDEN", "KINDS", "MARKS", "WORDS", "imagebind", "save_imagebind", "write_words"]

GOLDEN = Path(__file__).parents[1] / "golden" / "imagebind"
WORDS = 515  # of the small twin: letters, letters that end a word, one pair, two marks
MARKS = ("<|startoftext|>", "<|endoftext|>")
KINDS = ("vision", "text", "audio", "depth", "thermal", "imu")
# Width, number of blocks, and tokens.
HUGE = {
    "vision": (1280, 32, 257),
    "text": (1024, 24, 77),
    "audio": (768, 12, 229),
    "depth": (384, 12, 197),
    "thermal": (768, 12, 197),
    "imu": (512, 6, 251),
}
TINY = {kind: (48 if kind == "vision" else 32, 2, HUGE[kind][2]) for kind in KINDS}
SCALES = {"audio": 20.0, "depth": 5.0, "thermal": 10.0, "imu": 5.0}


def imagebind(kinds=KINDS, huge=False, words=49408):
    """A state dict with these encoders, `words` tokens in that of texts."""
    state = {}
    for kind in kinds:
        for name, shape in shapes(
            kind, *(HUGE if huge else TINY)[kind], 1024 if huge else 32, words
        ):
            state[name] = torch.from_numpy(seeded(name, shape))
        if kind in SCALES:
            name = f"modality_postprocessors.{kind}.1.log_logit_scale"
            state[name] = torch.tensor(math.log(SCALES[kind]))
        if kind == "text":
            mask = torch.full((77, 77), float("-inf")).triu(1)
            state["modality_preprocessors.text.mask"] = mask
    return state


def save_imagebind(path, kinds=KINDS, words=WORDS):
    """The small twin, with as many words as its tokenizer has."""
    torch.save(imagebind(kinds, words=words), path)
    return path


def write_words(folder, words=WORDS):
    """A tokenizer of CLIP's kind with one merge; pieces without a meaning make up the number."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*letters, *(f"{letter}</w>" for letter in letters), "ai"]
    pieces += [f"piece{number}" for number in range(words - len(pieces) - len(MARKS))]
    vocabulary = {piece: number for number, piece in enumerate([*pieces, *MARKS])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\na i\n")
    return folder


def shapes(kind, width, depth, tokens, space, words):
    at = f"modality_preprocessors.{kind}."
    if kind == "text":
        yield at + "pos_embed", (1, tokens, width)
        yield at + "token_embedding.weight", (words, width)
    else:
        yield at + "cls_token", (1, 1, width)
        helper = "" if kind == "imu" else "pos_embedding_helper."
        yield f"{at}{helper}pos_embed", (1, tokens, width)
        stem = {"depth": "depth_stem", "imu": "imu_stem"}.get(kind, "rgbt_stem")
        if kind == "vision":
            yield f"{at}{stem}.proj.1.weight", (width, 3, 2, 14, 14)
        else:
            yield f"{at}{stem}.proj.weight", (width, 48) if kind == "imu" else (width, 1, 16, 16)
            yield from pair(f"{at}{stem}.norm_layer", width)
    at = f"modality_trunks.{kind}."
    if kind == "vision":
        yield from pair(at + "pre_transformer_layer.0", width)
    for i in range(depth):
        block = f"{at}blocks.{i}."
        yield block + "attn.in_proj_weight", (3 * width, width)
        yield block + "attn.in_proj_bias", (3 * width,)
        if kind not in ("vision", "text"):
            yield block + "attn.bias_k", (1, 1, width)
            yield block + "attn.bias_v", (1, 1, width)
        for name, out, into in (
            ("attn.out_proj", width, width),
            ("mlp.fc1", 4 * width, width),
            ("mlp.fc2", width, 4 * width),
        ):
            yield f"{block}{name}.weight", (out, into)
            yield f"{block}{name}.bias", (out,)
        yield from pair(block + "norm_1", width)
        yield from pair(block + "norm_2", width)
    at = f"modality_heads.{kind}."
    norm, linear = ("proj.0", "proj.1") if kind == "text" else ("0", "3" if kind == "imu" else "2")
    yield from pair(at + norm, width)
    yield f"{at}{linear}.weight", (space, width)
    if kind == "text":
        yield "modality_postprocessors.text.1.log_logit_scale", ()


def pair(name, width):
    yield f"{name}.weight", (width,)
    yield f"{name}.bias", (width,)
