"""The picture of a sound: right pitch, right time, right level."""

from __future__ import annotations

import numpy as np
import pytest

from hearsight_desktop.spectrum import colours, row_hertz, spectrogram


def sine(hertz: float, seconds: float, rate: int, level: float = 1.0) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(
        np.float32
    )


@pytest.mark.parametrize("rate", [16000, 44100, 48000, 96000])
@pytest.mark.parametrize("hertz", [100, 1000, 7000])
def test_a_tone_is_a_line_at_its_pitch_and_level(rate, hertz):
    picture = spectrogram(sine(hertz, 1, rate, 0.1), rate)
    middle = picture[:, picture.shape[1] // 2].astype(float)
    row = int(middle.argmax())
    assert row_hertz(256, rate)[row] == pytest.approx(hertz, rel=0.06)
    assert middle[row] / 2.55 - 100 == pytest.approx(-20, abs=1.6)


def test_time_runs_to_the_right_evenly():
    audio = np.zeros(48000 * 4, np.float32)
    audio[48000 * 3] = 1
    picture = spectrogram(audio, 48000)
    loud = np.flatnonzero(picture.max(axis=0) > 100)
    assert loud.mean() / picture.shape[1] == pytest.approx(0.75, abs=0.005)
    assert not picture[:, : picture.shape[1] // 2].any()


def test_stereo_and_mono_are_read_and_silence_is_dark():
    tone = sine(1000, 0.5, 48000)
    np.testing.assert_array_equal(
        spectrogram(np.stack([tone, tone], axis=1), 48000), spectrogram(tone, 48000)
    )
    assert not spectrogram(np.zeros(1000, np.float32), 48000).any()


@pytest.mark.parametrize("samples", [0, 1, 100, 5000])
def test_the_shortest_sounds_have_a_picture(samples):
    picture = spectrogram(np.ones(samples, np.float32), 48000, height=64)
    assert picture.shape[0] == 64
    assert picture.shape[1] >= 1


def test_a_long_sound_has_as_many_columns_as_asked_for():
    assert spectrogram(sine(500, 30, 16000), 16000, width=300).shape == (256, 300)


def test_rows_are_even_steps_of_pitch_from_high_to_low():
    rows = row_hertz(256, 48000)
    assert (rows[0], round(rows[-1])) == (20000, 30)
    np.testing.assert_allclose(rows[1:] / rows[:-1], rows[1] / rows[0])
    assert row_hertz(256, 16000)[0] == 8000


def test_colours_grow_lighter_evenly():
    table = colours()
    assert table.shape == (256, 3)
    share = table / 255
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    seen = np.cbrt(light @ [0.2126, 0.7152, 0.0722])
    steps = np.diff(seen)
    assert (steps > 0).all()
    assert steps.max() < 4 * steps.mean()
    assert table[0].max() < 16
    assert table[-1].min() > 200
