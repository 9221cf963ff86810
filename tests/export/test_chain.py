"""Whole sounds are compared with what PyTorch modules make of the same request."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from hearsight.bundle import open_bundle
from hearsight.engine import Engine
from hearsight_export.chain import log_mel_distance, measure_chain, record_chain

MICRO = Path(__file__).resolve().parents[1] / "micro"


@pytest.fixture
def micro(tmp_path):
    return Path(shutil.copytree(MICRO / "micro", tmp_path / "micro"))


class Twin(nn.Module):
    """A graph of a bundle as a module, with a gain."""

    def __init__(self, root, name, gain=1.0):
        super().__init__()
        self.engine = Engine(open_bundle(root), device="cpu", precision="fp32")
        self.name, self.gain = name, gain

    def forward(self, **inputs):
        given = {name: value.numpy() for name, value in inputs.items()}
        found = self.engine.run(self.name, given, None).values()
        return tuple(torch.from_numpy(value) * self.gain for value in found)


def test_a_vocoder_that_is_one_percent_louder_is_40_db_away(micro):
    modules = {name: Twin(micro, name) for name in ("text", "denoise", "decode")}
    louder = {"vocoder": Twin(micro, "vocoder", 1.01)}
    [chain] = measure_chain(micro, modules | louder, steps=5, seconds=0.5)
    assert (chain.precision, chain.seconds, chain.steps) == ("fp32", 0.5, 5)
    assert chain.snr_db == pytest.approx(40.09, abs=0.02)
    assert 0 < chain.log_mel_db <= 0.0865  # 20 log10(1.01), where it is not silent


def test_the_same_computation_is_equal_to_the_bit(micro):
    modules = {name: Twin(micro, name) for name in ("text", "denoise", "decode", "vocoder")}
    [chain] = measure_chain(micro, modules, steps=3, seconds=0.3)
    assert (chain.snr_db, chain.log_mel_db) == (300, 0)


def test_the_chain_of_every_precision_is_written_into_the_manifest(micro):
    modules = {name: Twin(micro, name) for name in ("denoise", "decode", "vocoder")}
    chain = record_chain(micro, modules, steps=4, seconds=0.3).manifest.chain
    assert [row.precision for row in chain] == ["fp32", "fp16"]
    assert chain[0].snr_db > chain[1].snr_db > 20
    assert open_bundle(micro).manifest.chain == chain


def test_a_generator_alone_is_compared_without_a_prompt(tmp_path):
    root = Path(shutil.copytree(MICRO / "micro-flow", tmp_path / "flow"))
    [chain] = measure_chain(root, {"decode": Twin(root, "decode", 0.99)}, steps=2, seconds=0.2)
    assert chain.snr_db == pytest.approx(39.91, abs=0.02)


def test_log_mel_distance_is_the_level_between_equal_spectra():
    sound = np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    assert log_mel_distance(sound, sound / 2, 8000) == pytest.approx(6.02, abs=0.01)
    assert log_mel_distance(sound, sound, 8000) == 0
