"""Published weights are known by their exact names, and nothing is allowed by likeness."""

from pathlib import Path

import pytest

from hearsight_export.terms import (
    AUDIOLDM,
    BIGVGAN,
    CLAP,
    CLIP,
    MAKE_AN_AUDIO,
    PRIOR,
    SSV2A,
    terms_of,
)

ALL = (*AUDIOLDM, *BIGVGAN, *CLAP, *CLIP, *MAKE_AN_AUDIO, *PRIOR, *SSV2A)
CACHE = "cache/hub"


@pytest.mark.parametrize(
    ("path", "name", "commercial"),
    [
        ("audioldm-s-full-v2.ckpt", "CC-BY-NC-SA-4.0", False),
        (f"{CACHE}/models--cvssp--audioldm-m-full/snapshots/0a1b", "CC-BY-NC-SA-4.0", False),
        ("cvssp/audioldm-l-full", "CC-BY-NC-SA-4.0", False),
        ("630k-audioset-best.pt", "CC0-1.0", True),
        ("checkpoints/630k-audioset-best.pt", "CC0-1.0", True),
        (f"{CACHE}/models--lukewys--laion_clap/snapshots/0/630k-best.pt", "CC0-1.0", True),
        (f"{CACHE}/models--laion--clap-htsat-unfused/snapshots/0a1b", "Apache-2.0", True),
        ("checkpoints/laion/larger_clap_general", "Apache-2.0", True),
        (f"{CACHE}/models--openai--clip-vit-base-patch32/snapshots/0a1b", "MIT", True),
        ("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "MIT", True),
        (f"{CACHE}/models--nvidia--bigvgan_v2_44khz_128band_512x/snapshots/0a1b", "MIT", True),
        ("nvidia/bigvgan_base_22khz_80band", "MIT", True),
        ("dalle2_prior.pth", "MIT", True),
        ("maa1_full.ckpt", "not stated; its code is MIT", None),
        ("best_netG.pt", "not stated; its code is MIT", None),
        ("ssv2a.pth", "not stated; its code is MIT", None),
    ],
)
def test_published_weights_have_their_terms(path, name, commercial):
    terms = terms_of(Path(path), *ALL)
    assert (terms.name, terms.commercial_use) == (name, commercial)


@pytest.mark.parametrize(
    "path",
    [
        "mine.ckpt",
        "630k-audioset-best-finetuned.pt",
        "my-630k-audioset-best.pt",
        "audioldm-s-full-mine.ckpt",
        "clap-htsat-unfused",
        "mylaion/clap-htsat-unfused",
        "laion/clap-htsat-unfused-mine",
        "laion/clap-htsat-unfused/mine.pt",
        f"{CACHE}/models--laion--clap-htsat-unfused-mine/snapshots/0a1b",
        f"{CACHE}/models--me--clap/snapshots/0a1b/630k-audioset-best.pt",
        "ViT-B-32.pt",
        "bigvgan_generator.pt",
        "nvidia/bigvgan_generator.pt",
        "maa1_full-mine.ckpt",
        "openai/clip-vit-mine",
        "laion/CLIP-mine",
    ],
)
def test_what_is_merely_like_them_is_unknown(path):
    terms = terms_of(Path(path), *ALL)
    assert (terms.name, terms.commercial_use) == ("unknown", None)


def test_the_name_that_was_given_counts_and_not_what_it_is_a_link_to(tmp_path):
    (tmp_path / "blob").write_bytes(b"")
    (tmp_path / "630k-best.pt").symlink_to(tmp_path / "blob")
    (tmp_path / "mine.pt").symlink_to(tmp_path / "630k-best.pt")
    assert terms_of(tmp_path / "630k-best.pt", *CLAP).name == "CC0-1.0"
    assert terms_of(tmp_path / "mine.pt", *CLAP).name == "unknown"
