"""CLIP's towers compute what OpenAI's code computes, from every spelling of its checkpoints."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from seeded import fill, seeded
from tokenizers import pre_tokenizers
from transformers import CLIPConfig, CLIPModel

from hearsight.conditioner import Conditioner
from hearsight.engine import Engine
from hearsight.sampler import Cancel
from hearsight_export.checkpoints import CheckpointError
from hearsight_export.clip.bundle import clip_addition, clip_graphs, read_clip
from hearsight_export.clip.layout import clip_activation
from hearsight_export.clip.towers import load_clip_image, load_clip_text
from hearsight_export.conditioning import make_conditioner
from hearsight_export.weights import MisfitError

GOLDEN = Path(__file__).parents[1] / "golden" / "clip"
MARKS = ("<|startoftext|>", "<|endoftext|>")
TINY = CLIPConfig(
    text_config=dict(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        vocab_size=99,
        max_position_embeddings=16,
        eos_token_id=98,
        bos_token_id=97,
        projection_dim=24,
    ),
    vision_config=dict(
        hidden_size=40,
        intermediate_size=80,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=32,
        patch_size=8,
        projection_dim=24,
    ),
    projection_dim=24,
)


def tower(prefix, width, layers):
    """Names and shapes of a transformer as openai/CLIP has it."""
    for i in range(layers):
        at = f"{prefix}transformer.resblocks.{i}."
        yield at + "attn.in_proj_weight", (3 * width, width)
        yield at + "attn.in_proj_bias", (3 * width,)
        for name, out, into in (
            ("attn.out_proj", width, width),
            ("mlp.c_fc", 4 * width, width),
            ("mlp.c_proj", width, 4 * width),
        ):
            yield f"{at}{name}.weight", (out, into)
            yield f"{at}{name}.bias", (out,)
        for name in ("ln_1", "ln_2"):
            yield f"{at}{name}.weight", (width,)
            yield f"{at}{name}.bias", (width,)


def openai(vision, text, layers, patch, side, shared, words=49408, places=77):
    """A state dict of openai/CLIP filled by `seeded`; layers of the two towers, widths likewise."""
    shapes = {
        "positional_embedding": (places, text),
        "text_projection": (text, shared),
        "logit_scale": (),
        "visual.class_embedding": (vision,),
        "visual.positional_embedding": ((side // patch) ** 2 + 1, vision),
        "visual.proj": (vision, shared),
        "visual.conv1.weight": (vision, 3, patch, patch),
        "token_embedding.weight": (words, text),
        **dict(tower("visual.", vision, layers[0])),
        **dict(tower("", text, layers[1])),
    }
    for name, width in (("visual.ln_pre", vision), ("visual.ln_post", vision), ("ln_final", text)):
        shapes |= {f"{name}.weight": (width,), f"{name}.bias": (width,)}
    return {name: torch.from_numpy(seeded(name, shape)) for name, shape in shapes.items()}


def narrow():
    return openai(128, 64, (2, 2), 8, 32, 24, words=515, places=12)


def distance(found, wanted):
    found = found.detach().numpy() if isinstance(found, torch.Tensor) else found
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def pixels_of(normalised, image):
    """Pixels in [0, 1] of what the original was fed."""
    return torch.from_numpy(normalised) * image.std + image.mean


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """A tokenizer of CLIP's kind with one merge."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("words")
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*letters, *(f"{letter}</w>" for letter in letters), "ai", *MARKS]
    (folder / "vocab.json").write_text(json.dumps({p: i for i, p in enumerate(pieces)}))
    (folder / "merges.txt").write_text("#version: 0.2\na i\n")
    return folder


def test_small_towers_give_what_transformers_gave_in_its_own_names():
    """Golden: outputs of CLIPModel of transformers 5.23 with the weights of `seeded`."""
    golden = np.load(GOLDEN / "tiny.npz")
    state = fill(CLIPModel(TINY)).state_dict()
    image = load_clip_image(state, "quick_gelu", heads=4)
    text = load_clip_text(state, "quick_gelu", heads=4)
    assert distance(image(pixels_of(golden["pixels"], image)), golden["image"]) < 1e-6
    assert distance(text(torch.from_numpy(golden["ids"]).long()), golden["text"]) < 1e-6


def test_what_follows_the_end_mark_changes_nothing():
    text = load_clip_text(narrow(), "gelu")
    ids = torch.tensor([[513, 7, 9, 514]])
    for padding in (0, 514):
        padded = torch.cat((ids, torch.full((1, 8), padding)), dim=1)
        assert distance(text(padded), text(ids).detach().numpy()) < 1e-6


def test_both_spellings_hold_the_same_towers(tmp_path):
    state = narrow()
    image, text = load_clip_image(state, "gelu"), load_clip_text(state, "gelu")
    folder = tmp_path / "laion"
    config = CLIPConfig(
        text_config=text.model.config.to_dict(),
        vision_config=image.model.config.to_dict(),
        projection_dim=24,
    )
    model = CLIPModel(config)
    model.load_state_dict(image.model.state_dict() | text.model.state_dict(), strict=False)
    model.save_pretrained(folder)
    file = read_clip(folder)
    assert file.hidden_act == "gelu" and file.tokenizer is None
    pixels, ids = torch.rand(2, 3, 32, 32), torch.tensor([[513, 7, 9, 514]])
    again = load_clip_image(file.state, clip_activation(file.state, file.hidden_act))
    assert distance(again(pixels), image(pixels).detach().numpy()) < 1e-6
    assert distance(load_clip_text(file.state, "gelu")(ids), text(ids).detach().numpy()) < 1e-6


def test_the_activation_is_told_or_asked_for():
    state = narrow()
    with pytest.raises(MisfitError, match="--activation quick_gelu"):
        clip_activation(state)
    assert clip_activation(state | {"input_resolution": torch.tensor(224)}) == "quick_gelu"
    assert clip_activation(state, "gelu") == "gelu"
    pixels = torch.rand(1, 3, 32, 32)
    quick, exact = (load_clip_image(state, kind)(pixels) for kind in ("quick_gelu", "gelu"))
    assert distance(quick, exact.detach().numpy()) > 1e-4


def test_pictures_and_texts_play_through_the_runtime(words, tmp_path):
    path = tmp_path / "ViT-narrow.pt"
    state = narrow()
    torch.save(state, path)
    file = read_clip(path)
    bundle = make_conditioner(
        path,
        tmp_path / "clip",
        lambda root: clip_addition(file, "gelu", "clip-narrow", words, root),
        log=lambda line: None,
    )
    manifest = bundle.manifest
    assert (manifest.space.name, manifest.space.shape) == ("clip-narrow", (24,))
    assert {terms.name for terms in manifest.license.values()} == {"unknown"}
    picture = np.random.default_rng(2).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(picture).save(tmp_path / "picture.png")
    with Engine(bundle, device="cpu", threads=1) as engine:
        conditioner = Conditioner(bundle, engine)
        [found] = conditioner.condition("image", str(tmp_path / "picture.png"), Cancel())
        pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
        image, text = load_clip_image(state, "gelu"), load_clip_text(state, "gelu")
        assert distance(found, image(pixels)[0].detach().numpy()) < 1e-5
        [found] = conditioner.condition("text", "Rain 42", Cancel())
        vocabulary = json.loads((words / "vocab.json").read_text())
        said = [MARKS[0], "r", "ai", "n</w>", "4</w>", "2</w>", MARKS[1]]
        ids = torch.tensor([[vocabulary[piece] for piece in said]])
        assert distance(found, text(ids)[0].detach().numpy()) < 1e-5


def test_misfits_are_named_and_leave_nothing(words, tmp_path):
    path = tmp_path / "clip.pt"
    state = narrow()
    state["visual.transformer.resblocks.1.mlp.c_fc.weight"] = torch.zeros(3, 128)
    torch.save(state, path)
    file = read_clip(path)
    with pytest.raises(
        MisfitError, match=r"c_fc.weight has the shape \[3, 128\]; \[512, 128\] was expected"
    ):
        make_conditioner(
            path, tmp_path / "out", lambda root: clip_addition(file, "gelu", "s", words, root)
        )
    assert [p.name for p in tmp_path.iterdir()] == ["clip.pt"]
    torch.save({"text_branch.x": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match="no CLIP checkpoint but one of LAION CLAP"):
        read_clip(path)
    words_of_others = tmp_path / "others"
    words_of_others.mkdir()
    (words_of_others / "vocab.json").write_text('{"a": 0}')
    (words_of_others / "merges.txt").write_text("a a")
    with pytest.raises(CheckpointError, match="has 1 pieces, and the checkpoint has 515"):
        clip_graphs(narrow(), "gelu", tmp_path, words_of_others)


@pytest.mark.full
@pytest.mark.parametrize("kind", ["transformers", "large", "gelu"])
def test_full_size_towers_give_what_the_original_code_gave(kind, tmp_path):
    """Goldens: ViT-B/32 by CLIPModel of transformers 5.23; ViT-L/14, and ViT-B/32 with the exact
    GELU, by openai/CLIP (commit d05afc4); all with the weights of `seeded`.
    """
    torch.set_num_threads(2)
    golden = np.load(GOLDEN / ("transformers.npz" if kind == "transformers" else "openai.npz"))
    if kind == "transformers":
        state, act = fill(CLIPModel(CLIPConfig(projection_dim=512))).state_dict(), "quick_gelu"
        wanted = golden["image"], golden["text"]
    elif kind == "large":
        state, act = openai(1024, 768, (24, 12), 14, 224, 768), "quick_gelu"
        wanted = golden["large_image"], golden["large_text"]
    else:
        state, act = openai(768, 512, (12, 12), 32, 224, 512), "gelu"
        wanted = golden["gelu_image"], golden["gelu_text"]
    wanted = [value / np.linalg.norm(value, axis=1, keepdims=True) for value in wanted]
    image, text = load_clip_image(state, act), load_clip_text(state, act)
    errors = {}
    with torch.no_grad():
        errors["image"] = distance(image(pixels_of(golden["pixels"], image)), wanted[0])
        errors["text"] = distance(text(torch.from_numpy(golden["ids"]).long()), wanted[1])
    pieces = [*(f"p{i}" for i in range(49406)), *MARKS]
    (tmp_path / "vocab.json").write_text(json.dumps({p: i for i, p in enumerate(pieces)}))
    (tmp_path / "merges.txt").write_text("p1 p2\n")
    graphs = clip_graphs(state, act, tmp_path, tmp_path)
    for name in ("image", "text"):
        errors[f"{name} graph"] = max(row.relative_l2 for row in graphs[name].parity)
    session = onnxruntime.InferenceSession(str(tmp_path / "text.onnx"))
    for ids, vector in zip(golden["ids"], wanted[1], strict=True):
        length = int((ids == 49407).argmax()) + 1
        [found] = session.run(None, {"ids": ids[None, :length].astype(np.int64)})
        errors[f"text of {length} in ONNX Runtime"] = distance(found[0], vector)
    print(kind, errors)
    assert max(errors.values()) < 1e-5
