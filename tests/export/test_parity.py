"""What is told of a graph is what was measured, size by size."""

import numpy as np
import pytest
import torch
from torch import nn

from hearsight_export.graphs import Part, save_variant, trace
from hearsight_export.parity import Answer, ParityError, answers, compare_with, sizes


class Gain(nn.Module):
    def __init__(self, gain=1.0):
        super().__init__()
        self.gain = gain

    def forward(self, frames):
        return self.gain * frames.mean(1)


@pytest.fixture
def written(tmp_path):
    """A graph of gain 1, and its path."""
    told = Part("frames", Gain(), *samples(5), {"frames": {1: "N"}}, {"cond": (1, 24)})
    return tmp_path / save_variant(trace(told), tmp_path, "gain").file


def samples(*lengths):
    pick = torch.Generator().manual_seed(1)
    return [{"frames": torch.randn(1, length, 24, generator=pick)} for length in lengths]


def rows(module, path, *lengths):
    wanted = answers(module, samples(*lengths), {"frames": {1: "N"}})
    return list(compare_with(wanted, path, ["cond"], "fp32", "gain"))


def test_every_size_has_a_row_of_its_own(written):
    found = rows(Gain(), written, 3, 8)
    assert [row.shapes for row in found] == [("N=3",), ("N=8",)]
    assert all(row.snr_db > 120 for row in found)


def test_a_known_error_is_measured_as_such(written):
    [row] = rows(Gain(1.01), written, 5)
    assert row.relative_l2 == pytest.approx(0.01 / 1.01, rel=1e-4)
    assert row.snr_db == pytest.approx(40.09, abs=0.01)
    [wanted] = answers(Gain(1.01), samples(5), {})
    assert row.max_abs == pytest.approx(np.abs(wanted.outputs[0]).max() * 0.01 / 1.01, rel=1e-3)


def test_equal_bits_are_written_as_300_db(written):
    given = {"frames": np.ones((1, 4, 24), np.float32)}
    [row] = compare_with(
        [Answer(given, [np.ones((1, 24), np.float32)], "N=4")], written, ["cond"], "fp32", "gain"
    )
    assert (row.max_abs, row.relative_l2, row.snr_db) == (0, 0, 300)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (np.zeros((1, 23), np.float32), r"gain: output cond is \(1, 24\), PyTorch gives \(1, 23\)"),
        (np.full((1, 24), np.nan, np.float32), "gain: output cond holds values that are not numb"),
    ],
)
def test_outputs_that_cannot_be_compared_are_refused(written, wanted, sentence):
    given = {"frames": np.ones((1, 4, 24), np.float32)}
    with pytest.raises(ParityError, match=sentence):
        list(compare_with([Answer(given, [wanted], "N=4")], written, ["cond"], "fp32", "gain"))


def test_sizes_are_told_by_their_symbols():
    sample = {
        "audio": torch.zeros(2, 640 * 7),
        "cond": torch.zeros(6, 512),
        "weights": torch.zeros(3),
    }
    axes = {"audio": {0: "B", 1: "640T"}, "cond": {0: "GB"}, "weights": {0: "G"}}
    assert sizes(sample, axes) == "B=2 G=3 T=7"
    assert sizes(sample, {}) == "fixed"
