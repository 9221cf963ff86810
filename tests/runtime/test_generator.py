"""The whole chain on the micro bundles: same request, same samples; stop it anywhere."""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from hearsight import load, noise, schedule
from hearsight.errors import BundleError, Cancelled, DeviceError, MediaError, RequestError
from hearsight.request import Finish, Prompt, Request, Take, text
from hearsight.sampler import Cancel

MICROS = Path(__file__).parents[1] / "micro"
RAIN = text("rain on a roof", seed=11, seconds=0.6, finish=Finish(sample_rate=8000))
STAGES = ("load", "encode", "denoise", "decode", "finish")


def open_micro(name: str = "micro", **options):
    return load(MICROS / name, **{"device": "cpu", "threads": 1} | options)


@pytest.fixture(scope="module")
def micro():
    with open_micro() as generator:
        yield generator


def same(one: Take, other: Take) -> bool:
    return one.audio.tobytes() == other.audio.tobytes() and one.request == other.request


def test_a_take_is_what_the_graphs_make_of_the_rows(micro):
    request = replace(RAIN, steps=3, eta=0.7, solver="ddim", guidance=2.0)
    [take] = micro.generate(request)
    manifest, engine = micro.bundle.manifest, micro._engine
    ids = engine.run("tokenize", {"text": np.array(["rain on a roof"], object)}, None)
    [cond] = engine.run("text", ids, None).values()
    empty = micro.bundle.tensor(manifest.space.empty)
    seed = noise.item_seed(11, "", 0)
    frames = 60  # 0.6 s at 8 kHz are 4800 samples: 60 frames of 80, a multiple of 4
    x = noise.normal(seed, 0, (4, frames, 4), 1)[None]
    d = np.zeros_like(x)
    for index, row in enumerate(schedule.rows(manifest.schedule, "ddim", 3, 0.7)):
        inputs = {
            "x": x,
            "d_prev": d,
            "noise": noise.normal(seed, 1 + index, (4, frames, 4), 1)[None] * (row[-1] > 0),
            "cond": np.stack([empty, cond[0]]),
            "weights": np.array([-1, 2], np.float32),
            "row": row.astype(np.float32),
        }
        x, d = (engine.run("denoise", inputs, None)[name] for name in ("x_next", "d"))
    mel = engine.run("decode", {"latent": x}, None)
    [audio] = engine.run("vocoder", mel, None).values()
    np.testing.assert_array_equal(take.audio, np.clip(audio[0, :4800], -1, 1))


def test_the_same_request_gives_the_same_bytes_in_a_fresh_generator(micro):
    request = replace(RAIN, variations=2, eta=1.0)
    with open_micro() as fresh:
        again = fresh.generate(request)
    assert all(map(same, micro.generate(request), again))


@pytest.mark.parametrize("k", [0, 3, 7])
def test_a_variation_alone_equals_itself_among_eight(micro, k):
    eight = micro.generate(replace(RAIN, variations=8, eta=0.5))
    [alone] = micro.generate(replace(RAIN, first_variation=k, eta=0.5))
    assert same(alone, eight[k])
    assert alone.variation == k


def test_a_take_carries_the_request_that_reproduces_it(micro):
    takes = micro.generate(replace(RAIN, variations=3, seed=None, seconds=None))
    assert len({take.audio.tobytes() for take in takes}) == 3
    may_be_none = {"init", "like", "search"}
    assert all(
        value is not None or name in may_be_none
        for take in takes
        for name, value in vars(take.request).items()
    )
    [again] = micro.generate(takes[2].request)
    assert same(again, takes[2])


def test_seed_and_item_change_the_sound(micro):
    changed = [RAIN, replace(RAIN, seed=12), replace(RAIN, id="b"), replace(RAIN, steps=5)]
    assert len({micro.generate(r)[0].audio.tobytes() for r in changed}) == len(changed)


@pytest.mark.parametrize("seconds", [0.25, 0.3001, 0.999, 1.0, 4.0])
@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_a_sound_is_exactly_as_long_as_asked(micro, seconds, rate):
    [take] = micro.generate(
        replace(RAIN, seconds=seconds, steps=1, finish=Finish(sample_rate=rate))
    )
    assert take.audio.shape == (round(seconds * rate),)
    assert take.audio.dtype == np.float32
    assert take.sample_rate == rate


@pytest.mark.parametrize("seconds", [0.25, 0.3001, 1.0, 3.1, 3.999, 9.0])
@pytest.mark.parametrize("rate", [8000, 44100])
def test_a_loop_is_exactly_as_long_as_asked(micro, seconds, rate):
    [take] = micro.generate(
        replace(RAIN, seconds=seconds, steps=1, loop=True, finish=Finish(sample_rate=rate))
    )
    assert take.loop == (0, round(seconds * rate) - 1)
    assert take.audio.shape == (round(seconds * rate),)


def test_progress_tells_every_stage_in_order_and_counts_all_variations(micro):
    events = []
    micro.generate(
        replace(RAIN, variations=2, steps=3), progress=lambda *event: events.append(event)
    )
    denoise = [[("denoise", v * 3 + i, 6) for i in range(4)] for v in (0, 1)]
    assert events == [
        ("load", 1, 1),
        ("encode", 0, 1),
        ("encode", 1, 1),
        *denoise[0],
        ("decode", 1, 2),
        ("finish", 1, 2),
        *denoise[1],
        ("decode", 2, 2),
        ("finish", 2, 2),
    ]


def test_takes_stream_out_one_by_one(micro):
    events = []
    stream = micro.stream(replace(RAIN, variations=3), progress=lambda *event: events.append(event))
    assert events == []
    for number in range(3):
        take = next(stream)
        assert take.variation == number
        assert events[-1] == ("finish", number + 1, 3)
    assert next(stream, None) is None


def test_a_stream_may_be_left(micro):
    stream = micro.stream(replace(RAIN, variations=3))
    first = next(stream)
    stream.close()
    assert same(first, micro.generate(RAIN)[0])


def test_timings_tell_cold_from_warm():
    with open_micro() as generator:
        first, second = generator.generate(replace(RAIN, variations=2))
        [warm] = generator.generate(RAIN)
    assert [(t.stage, t.cold) for t in first.timings] == [
        ("load", True),
        ("encode", True),
        ("denoise", True),
        ("decode", True),
        ("finish", False),
    ]
    assert [(t.stage, t.cold) for t in second.timings] == [(stage, False) for stage in STAGES[2:]]
    assert [(t.stage, t.cold) for t in warm.timings] == [(stage, False) for stage in STAGES[1:]]
    assert all(t.seconds >= 0 for take in (first, second, warm) for t in take.timings)


@pytest.mark.parametrize(
    ("solver", "interval", "guided"),
    [
        (None, (0.0, 1.0), [True] * 8),
        ("dpm++2m", (0.0, 0.4), [True] * 3 + [False] * 5),
        ("ddim", (0.3, 0.7), [False] * 2 + [True] * 3 + [False] * 3),
        ("ddim", (0.88, 0.99), [False] * 8),
    ],
)
def test_rows_outside_the_guidance_interval_run_with_one_branch(
    micro, monkeypatch, solver, interval, guided
):
    branches, step = [], micro._engine.step

    def look(inputs, cancel, **options):
        branches.append((len(inputs["weights"]), len(inputs["cond"])))
        return step(inputs, cancel, **options)

    monkeypatch.setattr(micro._engine, "step", look)
    request = replace(RAIN, steps=8, guidance=3.0, solver=solver, guidance_interval=interval)
    [take] = micro.generate(request)
    assert branches == [(2, 2) if each else (1, 1) for each in guided]
    assert take.request.guidance_interval == interval
    assert any(note.startswith("Guidance had no effect: ") for note in take.notes) != any(guided)


def test_guidance_that_no_step_has_is_told_with_what_would_give_it_one(micro):
    request = replace(RAIN, steps=4, guidance=3.0, guidance_interval=(0.9999, 1.0))
    [take] = micro.generate(request)
    assert take.notes == (
        "Guidance had no effect: none of the 4 steps lies in the guidance interval 0.9999:1; "
        "widen it, or make more steps.",
    )
    [unguided] = micro.generate(replace(request, guidance=1.0))
    assert unguided.notes == ()


def test_guidance_all_the_way_is_guidance_without_an_interval_and_none_is_guidance_1(micro):
    guided = replace(RAIN, guidance=3.0, seconds=9.0)  # in windows
    [whole] = micro.generate(guided)
    [same_] = micro.generate(replace(guided, guidance_interval=(0.0, 1.0)))
    [part] = micro.generate(replace(guided, guidance_interval=(0.2, 0.8)))
    [never] = micro.generate(replace(guided, guidance_interval=(0.9999, 1.0)))
    [plain] = micro.generate(replace(guided, guidance=1.0))
    assert same(whole, same_)
    assert never.audio.tobytes() == plain.audio.tobytes()
    assert len({take.audio.tobytes() for take in (whole, part, plain)}) == 3


def test_the_plan_says_what_ran_and_why(micro):
    [take] = micro.generate(replace(RAIN, steps=7, solver="dpm++2m", guidance=1.5))
    plan = take.plan
    assert (plan.bundle, plan.bundle_sha256) == ("micro", micro.bundle.sha256)
    assert (plan.provider, plan.precision) == ("CPUExecutionProvider", "fp32")
    assert (plan.solver, plan.steps, plan.guidance) == ("dpm++2m", 7, 1.5)
    assert plan.why


def test_remarks_of_prompts_and_of_finishing_come_with_the_take(micro):
    [take] = micro.generate(
        replace(RAIN, prompts=text("zither rain").prompts, seconds=0.3, finish=Finish(level="lufs"))
    )
    assert "zither" in take.notes[0]
    assert len(take.notes) > 1


class StopAt(Cancel):
    """Cancels at the n-th moment at which anyone could notice: checks, and graphs running."""

    def __init__(self, moment: int) -> None:
        super().__init__()
        self.left = moment
        self.inside = False

    def _moment(self) -> bool:
        self.left -= 1
        if self.left == 0:
            self.cancel()
        return self.left == 0

    def raise_if(self) -> None:
        self._moment()
        super().raise_if()

    @contextmanager
    def calling(self, action: Callable[[], None]):
        with super().calling(action):
            self.inside = self._moment() or self.inside
            yield


def test_after_a_stop_anywhere_the_generator_is_as_good_as_new():
    request = replace(RAIN, steps=2)
    with open_micro() as fresh:
        [expected] = fresh.generate(request)
    within_graphs, stops = 0, 0
    with open_micro() as generator:
        for moment in range(1, 100):
            cancel = StopAt(moment)
            try:
                [take] = generator.generate(request, cancel=cancel)
            except Cancelled:
                stops += 1
                within_graphs += cancel.inside
            else:
                assert not cancel.cancelled
                break
            [take] = generator.generate(request)
            assert same(take, expected)
    assert same(take, expected)
    assert within_graphs == 6  # tokenize, text, two rows, decode, vocoder
    assert stops > 2 * within_graphs


@pytest.mark.parametrize("stage", STAGES[:-1])
def test_a_stop_in_a_stage_ends_the_request_there(micro, stage):
    cancel, events = Cancel(), []

    def progress(*event):
        events.append(event[0])
        if event[0] == stage:
            cancel.cancel()

    with pytest.raises(Cancelled):
        micro.generate(RAIN, progress=progress, cancel=cancel)
    assert events[-1] == stage
    assert events.count(stage) == 1


def test_takes_before_a_stop_are_kept(micro):
    cancel, kept = Cancel(), []
    with pytest.raises(Cancelled):
        for take in micro.stream(replace(RAIN, variations=5), cancel=cancel):
            kept.append(take)
            if len(kept) == 2:
                cancel.cancel()
    assert [take.variation for take in kept] == [0, 1]


def test_a_bad_request_is_refused_before_anything_runs(micro):
    with pytest.raises(RequestError, match=r"seconds is 0\.1; 'micro' makes sounds of 0\.25"):
        micro.stream(replace(RAIN, seconds=0.1))
    with pytest.raises(RequestError, match="finds no parts in pictures"):
        micro.stream(Request((Prompt("image", "a.png", sources=(1.0,)),)))
    with pytest.raises(RequestError, match="1000 steps cannot be made"):
        micro.stream(replace(RAIN, steps=1000))


def test_after_an_unreadable_prompt_the_generator_goes_on(micro, tmp_path):
    bad = tmp_path / "a.png"
    bad.write_bytes(b"")
    with pytest.raises(MediaError):
        micro.generate(Request((Prompt("image", str(bad)),)))
    assert micro.generate(RAIN)


@pytest.mark.parametrize(
    ("precision", "ran"), [("fp32", "fp32"), ("fp16", "fp16"), ("int8", "fp32")]
)
def test_every_precision_of_the_bundle_plays_and_the_plan_tells_what_denoised(precision, ran):
    with open_micro(precision=precision) as generator:
        [take] = generator.generate(RAIN)
    assert take.plan.precision == ran
    assert np.abs(take.audio).max() > 0


def test_a_flow_model_that_speaks_the_same_space_takes_a_conditioner(tmp_path):
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3))
    with open_micro("micro-flow", conditioners=[MICROS / "micro-eye"]) as generator:
        assert generator.understands == ("image",)
        picture = Request((Prompt("image", str(path)),), seed=3, variations=2)
        first, second = generator.generate(picture)
        [alone] = generator.generate(replace(picture, first_variation=1, variations=1))
        assert same(alone, second)
        assert not np.array_equal(first.audio, second.audio)
        assert first.plan.solver == "euler"
        with pytest.raises(RequestError, match="No loaded bundle understands text"):
            generator.generate(RAIN)


def test_a_conditioner_alone_cannot_be_played():
    with pytest.raises(BundleError, match="makes no sound"):
        open_micro("micro-eye")


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(DeviceError):
        open_micro(device="abacus")
