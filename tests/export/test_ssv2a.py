"""SSV2A computes what its authors' code computes, and the Cycle Mix in its short form too."""

import re
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from audioldm_checkpoint import original, save
from seeded import fill
from ssv2a_checkpoint import (
    CLAP,
    CLIP,
    CODE,
    PLACES,
    full,
    narrow,
    prior_state,
    save_aggregator,
    save_prior,
    save_ssv2a,
    states,
)
from torch.nn import functional as F

from hearsight_export.checkpoints import CheckpointError
from hearsight_export.graphs import export_part
from hearsight_export.ssv2a.bundle import frames_part, join_part
from hearsight_export.ssv2a.cycle import SLOTS, CycleMix
from hearsight_export.ssv2a.layers import drawn
from hearsight_export.ssv2a.loading import (
    PriorFile,
    load_aggregator,
    load_cycle,
    load_prior,
    read_aggregator,
    read_prior,
    read_ssv2a,
)
from hearsight_export.ssv2a.networks import Aggregator, Generator
from hearsight_export.ssv2a.prior import Prior, cumulative, sampling_times
from hearsight_export.weights import MisfitError

GOLDEN = Path(__file__).parents[1] / "golden" / "ssv2a"


def tensor(values):
    return torch.from_numpy(np.asarray(values))


def golden(name):
    return {key: tensor(value) for key, value in np.load(GOLDEN / f"{name}.npz").items()}


def distance(found, wanted):
    """Relative L2."""
    found, wanted = np.asarray(found, np.float64), np.asarray(wanted, np.float64)
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


@pytest.fixture(scope="module")
def mix():
    """The networks at full size."""
    return load_cycle(states(full()))


@pytest.fixture(scope="module")
def small():
    return load_cycle(states(narrow()))


@pytest.fixture(scope="module")
def joined(small, tmp_path_factory):
    """The small twin as the graph `join`, where sounds are among the sources."""
    root = tmp_path_factory.mktemp("join")
    graph = export_part(join_part(small, heard=True), root)
    assert {spec.name: spec.shape for spec in graph.inputs}["noise_mix"] == ("R", "C", CLAP)
    return onnxruntime.InferenceSession(str(root / graph.variants["fp32"].file))


def fed(g, mix):
    """Inputs of the graph that make the golden's codes: of a sound, its noise is worked out."""
    clips, fixed = g["clips"], g.get("fixed", torch.zeros(1, SLOTS, 768))
    heard = (fixed.abs().sum(-1) > 0) & (clips.abs().sum(-1) == 0)
    sounds = heard[..., None] * torch.full((1, SLOTS, 512), 0.1)
    mean, log_variance = mix.manifold.clap_encoder(sounds)
    return {
        "clips": clips,
        "sounds": sounds,
        "weights": torch.ones(1, SLOTS),
        "noise_fold": g["eps_fold"],
        "noise_sound": ((fixed - mean) / torch.exp(0.5 * log_variance))[0],
        "noise_alone": g["eps_alone"],
        "noise_again": torch.cat((g["eps_again"], torch.zeros(1, 768))),
        "noise_mix": g["eps_mix"].mean(dim=2),
    }


def searched(mix, given):
    names = ("noise_fold", "noise_sound")
    folds = mix.folds(given["clips"], given["sounds"], *(given[name] for name in names))
    names = ("clips", "weights", "noise_alone", "noise_again", "noise_mix")
    return mix.search(folds, *(given[name] for name in names))


def test_networks_give_what_the_original_code_gave(mix):
    """Goldens: outputs of SSV2A's classes (commit 7f01d5f) with the weights of `seeded`."""
    g = golden("manifold")
    for kind, encoder in (("clip", mix.manifold.clip_encoder), ("clap", mix.manifold.clap_encoder)):
        found = encoder(g[f"{kind}s"])
        assert distance(found[0], g[f"{kind}_mu"]) < 1e-5
        assert distance(found[1], g[f"{kind}_log_var"]) < 1e-5
        assert distance(drawn(found, g[f"eps_{kind}"]), g[f"fold_{kind}s"]) < 1e-5
    g = golden("generator")
    found = mix.generator(g["folds"])
    assert distance(found[0], g["mu"]) < 1e-5 and distance(found[1], g["log_var"]) < 1e-5
    assert distance(F.normalize(drawn(found, g["eps"]), dim=-1), g["claps"]) < 1e-5
    g = golden("remixer")
    found = mix.remixer(g["src"], g["src_clips"])
    assert distance(found[0], g["mu"]) < 1e-5 and distance(found[1], g["log_var"]) < 1e-5
    assert distance(F.normalize(drawn(found, g["eps"]), dim=-1), g["clap"]) < 1e-5


def test_the_aggregator_gives_what_the_original_code_gave():
    g = golden("aggregator")
    aggregator = fill(Aggregator(512, 1024, 512)).eval()
    with torch.no_grad():
        found = aggregator.gaussian(g["claps"])
        assert distance(found[0], g["mu"]) < 1e-6 and distance(found[1], g["log_var"]) < 1e-6
        assert distance(aggregator(g["claps"], g["eps"]), g["clap"]) < 1e-6


@pytest.mark.parametrize("name", ["cycle_mix", "cycle_mix_sources"])
def test_every_round_of_the_cycle_mix_is_that_of_the_original_code(name, mix):
    """Goldens: a picture with three parts, and a composition of three pictures or texts and a
    sound; the noise was recorded there, two draws for each value.
    """
    g = golden(name)
    with torch.no_grad():
        best, scores, claps = searched(mix, fed(g, mix))
    assert distance(scores, g["score"]) < 1e-5
    assert scores.argmin(dim=1).tolist() == g["best_index"].tolist()
    assert distance(claps, g["clap_after_round"]) < 1e-5
    changed = [True, *((claps[1:] != claps[:-1]).any(dim=1).tolist())]
    assert changed == g["updated"].tolist()
    assert torch.equal(best[0], claps[-1])


def long_form(mix, given, eps_mix):
    """The Cycle Mix as it was published: the remixer once for every draw of every candidate of
    every round, over slots in another order each time. eps_mix: [R, candidates, V, D].
    """
    clips, pick = given["clips"], torch.Generator().manual_seed(1)
    src = mix.folds(clips, given["sounds"], given["noise_fold"], given["noise_sound"])
    best, clap = 1.0, None
    for number, draws in enumerate(eps_mix):
        alone = drawn(mix.generator(src), given["noise_alone"][number])
        alone = F.normalize(alone, dim=-1)[0]
        alone[0] = 0
        if number > 0:
            again = drawn(mix.manifold.clap_encoder(clap), given["noise_again"][number - 1])
            src = torch.cat((again[None, None], src[:, 1:]), dim=1)
        for candidate in draws:
            order = torch.randperm(SLOTS, generator=pick)
            made = [drawn(mix.remixer(src[:, order], clips[:, order]), eps) for eps in candidate]
            one = F.normalize(torch.stack(made).mean(dim=0), dim=-1)[0]
            likeness = alone @ one / (alone.norm(dim=1) * one.norm() + 1e-6)
            score = float(likeness.std())
            if score < best:
                best, clap = score, one
    return clap


@pytest.mark.parametrize("whole", [True, False])
def test_the_short_form_equals_the_long_one(whole, small, joined):
    """65 times 64 times V runs of the remixer and 65: with noise whose mean is the same."""
    pick = torch.Generator().manual_seed(3)
    part = join_part(small, heard=True)
    given = dict(part.samples[0] if whole else part.inputs)
    given["weights"] = torch.ones(1, SLOTS)
    eps = torch.randn(6, 5, 4, CLAP, generator=pick)
    given["noise_alone"] = torch.randn(6, SLOTS, CLAP, generator=pick)
    given["noise_again"] = torch.randn(6, CODE, generator=pick)
    given["noise_mix"] = eps.mean(dim=2)
    with torch.no_grad():
        wanted = long_form(small, given, eps)
        assert distance(small(**given)[0], wanted) < 1e-5
    [found] = joined.run(None, {name: value.numpy() for name, value in given.items()})
    assert distance(found[0], wanted) < 1e-5


def test_the_mean_of_draws_is_one_draw_with_less_noise():
    pick = torch.Generator().manual_seed(2)
    gaussian = torch.tensor([0.3, -1.0]), torch.tensor([0.5, -2.0])
    many = drawn(gaussian, torch.randn(20000, 64, 2, generator=pick)).mean(dim=1)
    one = drawn(gaussian, torch.randn(20000, 2, generator=pick) / 8)
    assert torch.allclose(many.mean(0), one.mean(0), atol=6e-3)
    assert torch.allclose(many.std(0), one.std(0), rtol=0.03)


def test_a_weight_counts_a_slot_in_the_attention_only(small):
    given = join_part(small, heard=True).inputs
    clips, ones = given["clips"], torch.ones(1, SLOTS)
    with torch.no_grad():
        folds = small.folds(clips, given["sounds"], given["noise_fold"], given["noise_sound"])
        plain = small.remixer(folds, clips)
        assert distance(small.remixer(folds, clips, ones)[0], plain[0]) < 1e-6
        twice = ones.clone()
        twice[0, 3] = 2
        doubled = small.remixer(folds, clips, twice)
        again = torch.cat((folds, folds[:, 3:4]), 1), torch.cat((clips, clips[:, 3:4]), 1)
        repeated = small.remixer(*again)
        assert distance(doubled[0], repeated[0]) < 1e-6 < distance(doubled[0], plain[0])


def test_slots_take_the_code_of_what_they_hold(small):
    given = join_part(small, heard=True).inputs
    with torch.no_grad():
        clips, sounds = given["clips"], given["sounds"]
        args = clips, sounds, given["noise_fold"], given["noise_sound"]
        folds = small.folds(*args)[0]
        seen = drawn(small.manifold.clip_encoder(clips), given["noise_fold"])[0]
        heard = drawn(small.manifold.clap_encoder(sounds), given["noise_sound"])[0]
        assert torch.equal(folds[1:4], seen[1:4]) and torch.equal(folds[4], heard[4])
        assert not folds[0].any() and not folds[5:].any()
        whole = clips.clone()
        whole[0, 0] = 0.1
        seen = drawn(small.manifold.clip_encoder(whole), given["noise_fold"])
        assert torch.equal(small.folds(whole, *args[1:]), seen)  # empty slots too


def test_without_sounds_the_mix_is_the_same(small):
    part = join_part(small, heard=False)
    silence = {"sounds": torch.zeros(1, SLOTS, CLAP), "noise_sound": torch.zeros(SLOTS, CODE)}
    with torch.no_grad():
        wanted = CycleMix.forward(small, **part.inputs, **silence)
        assert distance(part.module(**part.inputs), wanted) < 1e-6


def test_short_videos_are_spread_over_the_64_places_of_training(tmp_path):
    aggregator = load_aggregator(read_aggregator(save_aggregator(tmp_path / "agg.pth")))
    graph = export_part(frames_part(aggregator), tmp_path)
    assert graph.inputs[0].shape == (1, "N", CLAP)
    noise = torch.zeros(CLAP)
    pick = torch.Generator().manual_seed(4)
    for count in (1, 5, 64, 100):
        frames = F.normalize(torch.randn(1, count, CLAP, generator=pick), dim=-1)
        nearest = np.rint(np.linspace(0, count - 1, 64)).astype(int)
        with torch.no_grad():
            assert torch.equal(aggregator(frames, noise), aggregator(frames[:, nearest], noise))


def test_the_schedule_of_the_prior_is_the_published_one():
    g = golden("prior")
    assert sampling_times(64) == g["times_of_64"].tolist()
    assert sampling_times(16) == g["times"].tolist()
    assert np.abs(cumulative().numpy() - g["alphas_cumprod"].numpy()).max() < 1e-7


def test_the_past_of_the_prior_is_computed_once_and_equals_the_whole():
    """Three tokens behind remembered keys are what they are among all tokens."""
    net = fill(Prior(CLIP, 2, 3, PLACES)).double().eval().net  # where rounding hides nothing
    pick = torch.Generator().manual_seed(5)
    said, vector, x, told = (
        torch.randn(*shape, generator=pick)
        for shape in ((1, 5, CLIP), (1, CLIP), (2, CLIP), (CLIP,))
    )
    vector = F.normalize(vector, dim=-1)
    with torch.no_grad():
        found = net.clean(x, told, *net.past(said, vector))
        kept = torch.cat((said, net.null_text_embed[:, 5:], vector[:, None]), dim=1)
        tail = torch.stack((told.expand(2, -1), x, net.learned_query.expand(2, -1)), dim=1)
        tokens = torch.cat((kept.expand(2, -1, -1), tail), dim=1)
        transformer = net.causal_transformer
        bias = transformer.rel_pos_bias(0, tokens.shape[1])
        for attention, forward in transformer.layers:
            normed = attention.norm(tokens)
            key, value = attention.remember(normed, 0)
            nothing = attention.null_kv.expand(2, -1, -1)
            key, value = torch.cat((nothing[:, :1], key), 1), torch.cat((nothing[:, 1:], value), 1)
            tokens = tokens + attention(normed, 0, key, value, bias)
            tokens = tokens + forward(tokens)
        wanted = transformer.project_out(transformer.norm(tokens[:, -1]))
    assert distance(found, wanted) < 1e-12


def test_files_are_read_under_their_own_names(tmp_path):
    path = save_ssv2a(narrow(), tmp_path / "ssv2a.pth")
    assert list(read_ssv2a(path)) == ["manifold_state", "generator_state", "remixer_state"]
    load_cycle(read_ssv2a(path))
    file = read_prior(save_prior(tmp_path / "dalle2_prior.pth"))
    assert "visual.conv1.weight" in file.clip
    assert len(load_prior(file).times) == 64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda s: s["manifold_state"].pop("clap_encoder.out_mu.bias"),
            r"In manifold_state: .* lacks the tensor clap_encoder.out_mu.bias, expected as \[32\]",
        ),
        (
            lambda s: s["generator_state"].update({"out_sigma.bias": torch.zeros(3)}),
            r"In generator_state: out_sigma.bias has the shape \[3\]; \[512\] was expected",
        ),
        (
            lambda s: s["remixer_state"].update({"styler.mask": torch.zeros(1)}),
            r"In remixer_state: .* styler.mask \[1\], for which this architecture has no place",
        ),
        (
            lambda s: s.update(generator_state=Generator(40, (40, 40, 48), CLAP).state_dict()),
            "generator_state takes codes of 40 values, and 32 follow from manifold_state",
        ),
    ],
)
def test_the_first_tensor_that_does_not_fit_is_named(change, message):
    parts = states(narrow())
    change(parts)
    with pytest.raises(MisfitError, match=message):
        load_cycle(parts)


def test_others_and_later_releases_are_named(tmp_path):
    path = tmp_path / "x.pth"
    torch.save(prior_state() | {"net.null_text_encodings": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match=r"null_text_encodings: it is a prior of .* 1\.2 or"):
        read_prior(path)
    with pytest.raises(CheckpointError, match="no SSV2A checkpoint but one of DALL-E 2"):
        read_ssv2a(path)
    save_aggregator(path)
    with pytest.raises(CheckpointError, match=r"no DALL-E-2 prior checkpoint but one of SSV2A"):
        read_prior(path)
    save({n: t for n, t in original().items() if re.match("cond_stage", n)}, path)
    with pytest.raises(CheckpointError, match="no SSV2A aggregator checkpoint"):
        read_aggregator(path)
    torch.save({"manifold_state": states(narrow())["manifold_state"]}, path)
    with pytest.raises(CheckpointError, match="lacks generator_state, remixer_state"):
        read_ssv2a(path)
    state = prior_state()
    del state["net.causal_transformer.layers.1.1.5.weight"]
    with pytest.raises(MisfitError, match=r"layers.1.1.5.weight, expected as \[64, 256\]"):
        load_prior(PriorFile(path, {n: t for n, t in state.items() if n.startswith("net.")}, {}))
