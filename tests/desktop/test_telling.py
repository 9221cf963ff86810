"""What people are told of machines and failures."""

from __future__ import annotations

import pytest

import hearsight
from hearsight import Heard, OutputError, Prompt, Request, text
from hearsight_desktop.telling import details_of, device_line, heard_words, memory_line, message_of


def failed(problem: BaseException) -> BaseException:
    with pytest.raises(type(problem)) as caught:
        raise problem
    return caught.value


def test_what_plays_is_told():
    with hearsight.load("micro", device="cpu", threads=1) as generator:
        [take] = generator.generate(text("rain", seconds=0.25))
    assert device_line(take) == "Processor, fp32."


def test_free_memory_is_told_where_the_system_tells_it():
    known = hearsight.memory().available is not None
    assert memory_line("CPUExecutionProvider").endswith("GB of memory free.") == known
    assert memory_line("") == memory_line("CPUExecutionProvider")


def test_foreseen_failures_speak_for_themselves():
    assert message_of(OutputError("The disk is full.")) == "The disk is full."
    assert "not enough memory" in message_of(MemoryError())


@pytest.mark.parametrize("problem", [ValueError("x: 3"), KeyError("a"), KeyboardInterrupt()])
def test_others_are_named_with_what_to_do(problem):
    message = message_of(problem)
    assert type(problem).__name__ in message
    assert "copy the details" in message


def test_details_hold_all_that_helps():
    problem = failed(ValueError("odd"))
    details = details_of(problem, text("Regen, naß", seed=3), "micro")
    for part in ("Traceback", "ValueError: odd", '"seed": 3', "model: micro", "Python 3"):
        assert part in details
    assert "request" not in details_of(problem)


def test_what_was_heard_in_pictures_is_told():
    request = Request(
        (Prompt("text", "rain"), Prompt("image", "/a/x.png"), Prompt("image", "y.png"))
    )
    box = (0.0, 0.0, 9.0, 9.0)
    heard = [
        Heard(1, None, None, 1.0),
        Heard(1, box, 0.871, 1.0),
        Heard(1, box, 0.6, 0.5),
        Heard(2, box, 0.51, 0.0),
    ]
    assert heard_words(request, heard) == (
        "Heard in x.png: the whole picture, part 1 (87% sure), part 2 (60% sure, counts 0.5); "
        "Heard in y.png: part 1 (51% sure, muted)"
    )
    assert heard_words(request, heard[:1]) == "Heard in x.png: the whole picture"
    assert not heard_words(request, [])
