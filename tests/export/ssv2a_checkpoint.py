"""SSV2A's files with weights of `seeded`: the networks at full size, and small twins of all."""

import torch
from seeded import fill, seeded
from test_clip import openai

from hearsight_export.ssv2a.networks import Aggregator, Generator, Manifold, Remixer
from hearsight_export.ssv2a.prior import Prior

CLIP, CLAP, CODE = 64, 512, 32  # of the small twins
PLACES = 12


def full():
    """Manifold, generator and remixer as published, 82 million parameters."""
    torch.set_num_threads(1)
    return {
        "manifold_state": fill(Manifold(768, 512, (768, 768, 1536, 1536, 3072, 3072), 768)),
        "generator_state": fill(Generator(768, (768, 768, 896, 896, 1024, 1024, 2048, 2048), 512)),
        "remixer_state": fill(Remixer(1536, 768, 768, 512)),
    }


def narrow():
    """The same in small widths."""
    torch.set_num_threads(1)
    return {
        "manifold_state": fill(Manifold(CLIP, CLAP, (CODE, 24, 40, 48), CODE)),
        "generator_state": fill(Generator(CODE, (CODE, 40, 48), CLAP)),
        "remixer_state": fill(Remixer(CODE + CLIP, 64, 48, CLAP)),
    }


def states(modules):
    return {name: dict(module.state_dict()) for name, module in modules.items()}


def save_ssv2a(modules, path):
    torch.save({"timestamp": "2024", **states(modules)}, path)
    return path


def save_aggregator(path, hidden=32):
    module = fill(Aggregator(CLAP, hidden, CLAP))
    torch.save({**module.state_dict(), "pe.pe": torch.zeros(1024, 1, CLAP)}, path)
    return path


def prior_state(width=CLIP, heads=2, depth=2, places=PLACES):
    """A prior's tensors under the names of dalle2-pytorch 1.1.0, buffers of its schedule too."""
    prior = Prior(width, heads, depth, places)
    state = {n: torch.from_numpy(seeded(n, tuple(t.shape))) for n, t in prior.state_dict().items()}
    for layer in range(depth):
        name = f"net.causal_transformer.layers.{layer}.0.rotary_emb.freqs"
        state[name] = torch.zeros(16)
    return state | {"noise_scheduler.betas": torch.zeros(1000)}


def save_prior(path):
    eye = openai(CLIP, CLIP, (1, 1), 8, 32, CLIP, words=515, places=PLACES)
    torch.save(prior_state() | {f"clip.clip.{n}": t for n, t in eye.items()}, path)
    return path
