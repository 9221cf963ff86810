"""Settings: flag over environment over project file over user file over default."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hearsight.cli.layers import resolve
from hearsight.cli.settings import Settings
from hearsight.errors import RequestError
from hearsight.presets import PRESETS


@pytest.fixture
def user_file(home: Path) -> Path:
    import platformdirs

    path = platformdirs.user_config_path("hearsight", appauthor=False) / "runtime.toml"
    path.parent.mkdir(parents=True)
    return path


def test_each_layer_covers_the_ones_below_and_is_remembered(home, user_file, monkeypatch):
    user_file.write_text('steps = 1\nguidance = 1\nnegative = "a"\nseed = 1\n')
    Path("runtime.toml").write_text("steps = 2\nguidance = 2\n")
    monkeypatch.setenv("RUNTIME_STEPS", "3")
    found = resolve({"seed": 4, "steps": None})
    settings = found.settings
    assert (settings.seed, settings.steps, settings.guidance, settings.negative) == (4, 3, 2.0, "a")
    assert found.origins["seed"] == "flag"
    assert found.origins["steps"] == "environment"
    assert found.origins["guidance"] == str(Path.cwd() / "runtime.toml")
    assert found.origins["negative"] == str(user_file)
    assert found.origins["eta"] == "default"


def test_without_any_layer_everything_is_the_default(home, monkeypatch):
    monkeypatch.delenv("RUNTIME_MODEL")
    monkeypatch.delenv("RUNTIME_THREADS")
    found = resolve({})
    assert found.settings == Settings()
    assert set(found.origins.values()) == {"default"}


def test_files_may_use_either_dash_and_the_other_spellings(home):
    Path("runtime.toml").write_text("bit-depth = 16\nsample_rate = 44100\nscale = 4\nloop = true\n")
    settings = resolve({}).settings
    assert (settings.bit_depth, settings.sample_rate) == ("16", 44100)
    assert (settings.guidance, settings.loop) == (4.0, True)


def test_the_environment_holds_text(home, monkeypatch):
    for key, value in {"CHANNELS": "2", "TRIM": "yes", "SEED": "12", "CONDITIONER": "a:b"}.items():
        monkeypatch.setenv(f"RUNTIME_{key}", value.replace(":", os.pathsep))
    settings = resolve({}).settings
    assert (settings.channels, settings.trim, settings.seed) == (2, True, 12)
    assert settings.conditioner == ("a", "b")


def test_a_flag_can_take_back_what_a_file_says(home):
    Path("runtime.toml").write_text("loop = true\n")
    assert not resolve({"loop": False}).settings.loop


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_settings(home, name):
    settings, preset = resolve({"preset": name}).settings, PRESETS[name]
    assert (settings.sample_rate, settings.bit_depth) == (preset.sample_rate, preset.bit_depth)
    assert settings.normalize == f"{preset.level}={preset.level_db:g}"
    assert (settings.channels, settings.trim) == (preset.channels or 1, preset.trim)


def test_a_preset_stands_right_below_the_layer_that_names_it(home):
    Path("runtime.toml").write_text("sample-rate = 8000\nbit-depth = 24\n")
    found = resolve({"preset": "game", "channels": 2})
    assert (found.settings.bit_depth, found.settings.sample_rate) == ("16", 48000)
    assert found.settings.channels == 2
    assert found.origins["bit_depth"] == "preset game"


def test_a_preset_may_be_a_file_of_either_kind(home):
    Path("mine.json").write_text('{"steps": 9}')
    Path("mine.toml").write_text("steps = 8")
    assert resolve({"preset": "mine.json"}).settings.steps == 9
    assert resolve({"preset": "mine.toml"}).settings.steps == 8


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stepps = 3", 'did you mean "steps"?'),
        ("steps = 'many'", "steps is 'many'"),
        ("device = 3", "device is 3"),
        ("bit-depth = 20", "one of 16, 24, 32f"),
        ("steps = ", "cannot be read"),
        ("preset = 'gone'", "gone"),
        ("overwrite = true\nskip-existing = true", "contradict"),
    ],
)
def test_a_wrong_setting_names_the_file(home, text, said):
    Path("runtime.toml").write_text(text)
    with pytest.raises(RequestError) as error:
        resolve({})
    assert said in str(error.value)
    assert "runtime.toml" in str(error.value)


def test_a_wrong_variable_is_named(home, monkeypatch):
    monkeypatch.setenv("RUNTIME_PRECISION", "fp8")
    with pytest.raises(RequestError, match=r"RUNTIME_PRECISION is 'fp8'.*fp32, fp16, int8"):
        resolve({})


def test_other_programs_variables_are_left_alone(home, monkeypatch):
    before = resolve({}).settings
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/x")
    assert resolve({}).settings == before
