"""The queue behind `runtime-cli serve`: lines in, events out, one `end` for every job."""

from __future__ import annotations

import json
import queue
import threading
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight import events
from hearsight.bundle import open_bundle
from hearsight.errors import DeviceError
from hearsight.generator import load
from hearsight.orders import MOST_BYTES, read_lines
from hearsight.request import Request, text
from hearsight.sampler import Cancel
from hearsight.serving import Service, to_line
from hearsight.wav import write

MICRO = Path(__file__).parents[1] / "micro" / "micro"
RAIN = {"prompts": [{"modality": "text", "value": "rain"}], "seed": 7, "seconds": 0.5}
LONG = RAIN | {"seconds": 600.0, "steps": 50}


class Client:
    """The other end of a service, which loads the micro bundle and speaks in threads."""

    def __init__(self, folder, loader=None):
        self.folder = folder
        self.told = queue.SimpleQueue()
        self.seen = []
        self.cancel = Cancel()
        self.loads = 0
        self._loader = loader or (lambda cancel: load(MICRO, device="cpu", threads=1))
        self._lines = queue.SimpleQueue()
        self.service = Service([open_bundle(MICRO)], self._load, self._tell)
        self._threads = [
            threading.Thread(target=self.service.work, args=[self.cancel], daemon=True),
            threading.Thread(
                target=self.service.listen, args=[iter(self._lines.get, "end")], daemon=True
            ),
        ]
        for thread in self._threads:
            thread.start()

    def _load(self, cancel):
        self.loads += 1
        return self._loader(cancel)

    def _tell(self, job, event):
        self.told.put(json.loads(to_line(job, event)))

    def say(self, line):
        self._lines.put(line)

    def send(self, do, **keys):
        self.say(json.dumps({"do": do, **keys}).encode())

    def generate(self, job, request=RAIN, **keys):
        self.send("generate", job=job, folder=str(self.folder), request=request, **keys)

    def until(self, kind, job=None):
        """Everything that is told up to an event of that kind, of that job, which is the last."""
        told = []
        while not told or (told[-1]["event"], told[-1]["job"]) != (kind, job):
            told.append(self.told.get(timeout=20))
        self.seen += told
        return told

    def close(self):
        self._lines.put("end")
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture
def client(tmp_path):
    client = Client(tmp_path / "out")
    yield client
    client.close()


def of(told, kind, job=None):
    return [e for e in told if e["event"] == kind and (job is None or e["job"] == job)]


def test_a_job_is_told_from_start_to_end_and_lies_where_the_client_said(client):
    [ready] = client.until("ready")
    assert (ready["job"], ready["bundle"]) == (None, "micro")
    assert ready["understands"] == ["text", "image", "video", "audio"]
    client.generate("one")
    told = client.until("end", "one")
    assert {event["job"] for event in told} == {"one"}
    assert [told[0]["event"], told[-1]["exit_code"], told[-1]["done"]] == ["start", 0, 1]
    stages = [event["stage"] for event in of(told, "stage")]
    assert stages == ["load", "encode", "denoise", "decode", "finish"]
    [result] = of(told, "result")
    assert result["path"] == str(client.folder / "rain.wav")
    assert soundfile.info(result["path"]).duration == 0.5


def test_events_of_jobs_are_those_of_the_command_line_with_the_job_added(client):
    schema = json.loads(Path(events.__file__).with_name("events.schema.json").read_text("utf-8"))
    client.generate("good")
    client.generate("bad", RAIN | {"seconds": 1e9})
    told = client.until("end", "bad") + client.until("end", "good")
    told = [event for event in told if event["event"] != "ready"]
    assert {e["event"] for e in told} == {"start", "stage", "progress", "result", "error", "end"}
    for event in told:
        jsonschema.validate({k: v for k, v in event.items() if k != "job"}, schema)


def test_the_name_of_a_job_does_not_change_its_sound(client, tmp_path):
    client.generate("one", name="one")
    client.generate("two", name="two.flac")
    client.generate("other", RAIN | {"id": "other"}, name="other")
    client.until("end", "other")
    one, two, other = (
        soundfile.read(client.folder / name)[0] for name in ("one.wav", "two.flac", "other.wav")
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    with load(MICRO, device="cpu", threads=1) as generator:
        [take] = generator.generate(text("rain", seed=7, seconds=0.5))
    write(tmp_path / "here.wav", take, rights=generator.bundle.rights)
    assert np.array_equal(one, soundfile.read(tmp_path / "here.wav")[0])


def test_jobs_are_made_in_the_order_in_which_they_came(client):
    for name in ("a", "b", "c"):
        client.generate(name)
    told = client.until("end", "c")
    assert [event["job"] for event in of(told, "end")] == ["a", "b", "c"]
    paths = [Path(event["path"]).name for event in of(told, "result")]
    assert paths == ["rain.wav", "rain_02.wav", "rain_03.wav"]
    assert client.loads == 1


def test_files_are_replaced_only_where_the_client_says_so(client):
    for job, seed in (("a", 1), ("b", 2)):
        client.generate(job, RAIN | {"seed": seed}, overwrite=True)
    told = client.until("end", "b")
    assert len({event["path"] for event in of(told, "result")}) == 1
    assert [file.name for file in client.folder.iterdir()] == ["rain.wav"]


def test_several_variations_get_names_that_are_all_free(client):
    (client.folder / "x").mkdir(parents=True)
    (client.folder / "x" / "rain_02.wav").touch()
    client.generate("a", RAIN | {"variations": 2}, name="x/{prompt}")
    told = client.until("end", "a")
    names = [Path(event["path"]).name for event in of(told, "result")]
    assert names == ["rain_01_02.wav", "rain_02_02.wav"]
    assert (client.folder / "x" / "rain_02.wav").stat().st_size == 0


def test_the_job_that_runs_is_cancelled_and_the_next_is_made(client):
    client.generate("long", LONG)
    client.generate("next")
    client.until("progress", "long")
    client.send("cancel", job="long")
    ended = client.until("end", "long")[-1]
    assert (ended["exit_code"], ended["done"], ended["failed"]) == (130, 0, 0)
    assert not of(client.seen, "error")
    told = client.until("end", "next")
    assert told[-1]["exit_code"] == 0
    assert [file.name for file in client.folder.iterdir()] == ["rain.wav"]


def test_a_job_that_waits_is_cancelled_at_once_and_never_starts(client):
    client.generate("long", LONG)
    client.generate("waits")
    client.until("progress", "long")
    client.send("cancel", job="waits")
    assert client.until("end", "waits")[-1]["exit_code"] == 130
    client.send("cancel", job="long")
    client.until("end", "long")
    client.generate("last")
    told = client.until("end", "last")
    assert not of(client.seen + told, "start", "waits")


def test_cancelling_what_is_over_or_never_was_changes_nothing(client):
    client.generate("a")
    client.until("end", "a")
    client.send("cancel", job="a")
    client.send("cancel", job="nobody")
    client.generate("a")
    assert client.until("end", "a")[-1]["exit_code"] == 0
    assert not of(client.seen, "error")


def test_a_name_is_free_again_after_its_job_and_not_before(client):
    client.generate("a", LONG)
    client.until("progress", "a")
    client.generate("a")
    [problem] = of(client.until("error"), "error")
    assert "'a' has not ended yet" in problem["message"]
    client.send("cancel", job="a")
    client.until("end", "a")
    client.generate("a")
    assert client.until("end", "a")[-1]["exit_code"] == 0


def test_free_closes_the_graphs_after_the_jobs_before_it(client):
    client.generate("a")
    client.send("free")
    client.generate("b")
    told = client.until("end", "b")
    order = [(e["event"], e["job"]) for e in told if e["event"] in ("end", "freed")]
    assert order == [("end", "a"), ("freed", None), ("end", "b")]
    assert client.loads == 2
    [one, two] = [soundfile.read(event["path"])[0] for event in of(told, "result")]
    assert np.array_equal(one, two)


GARBAGE = {
    b"garbage": "not valid JSON",
    b"[1, 2]": "must be an object",
    b"\xff\xfe": "not UTF-8",
    b'{"do": "genrate"}': 'did you mean "generate"?',
    b'{"do": ["generate"]}': "must be one of generate, cancel, free, shutdown",
    b'{"job": "a"}': 'lacks the key "do"',
    b'{"do": "cancel"}': 'lacks the key "job"',
    b'{"do": "cancel", "job": 3}': "job is 3",
    b'{"do": "free", "job": "a"}': 'unknown key "job"',
    b'{"do": "free", "do": "shutdown"}': '"do" is given twice',
    b"[" * 100_000: "not valid JSON",
    b'{"do": "free", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}": "not valid JSON",
    None: "longer than 1,048,576 bytes",
}


@pytest.mark.parametrize("line", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_told_with_its_line_and_changes_nothing(client, line):
    client.say(b"")
    client.say(line)
    problem = client.until("error")[-1]
    assert (problem["line"], problem["code"], problem["id"]) == (2, 2, None)
    assert GARBAGE[line] in problem["message"]
    client.generate("a")
    assert client.until("end", "a")[-1]["exit_code"] == 0


REFUSED = {
    "an unknown key": ({"tempo": 3}, {}, 'unknown key "tempo"'),
    "an unknown key of the request": ({}, {"sed": 3}, 'unknown key "sed" in request (did you mean'),
    "a wrong type": ({}, {"seed": "7"}, 'request.seed is "7"'),
    "an impossible value": ({}, {"steps": 0}, "steps is 0"),
    "a broken template": ({"name": "{promt}"}, {}, "unknown field {promt}"),
    "a path out of the folder": ({"name": "../rain"}, {}, "no path inside a folder"),
    "no folder": ({"folder": ""}, {}, "folder is empty"),
}


@pytest.mark.parametrize("keys, fields, why", REFUSED.values(), ids=REFUSED)
def test_a_job_that_cannot_be_is_refused_at_once(client, keys, fields, why):
    client.generate("long", LONG)
    line = {"do": "generate", "job": "bad", "folder": "x", "request": RAIN | fields} | keys
    client.say(json.dumps(line).encode())
    told = client.until("end", "bad")
    client.send("cancel", job="long")
    [problem] = of(told, "error", "bad")
    assert why in problem["message"]
    assert problem["line"] == 2
    assert told[-1]["exit_code"] == 2


@pytest.mark.parametrize("name", ["", "x" * 201])
def test_names_of_jobs_have_a_length(client, name):
    client.generate(name)
    assert "1 to 200 characters" in client.until("error")[-1]["message"]


def test_missing_files_and_folders_fail_their_job_alone(client, tmp_path):
    picture = [{"modality": "image", "value": str(tmp_path / "none.png")}]
    client.generate("picture", RAIN | {"prompts": picture})
    (tmp_path / "file").touch()
    client.send("generate", job="folder", folder=str(tmp_path / "file"), request=RAIN)
    client.generate("init", RAIN | {"init": {"file": "none.wav"}})
    client.generate("good")
    told = client.until("end", "good")
    codes = {event["job"]: event["exit_code"] for event in of(told, "end")}
    assert codes == {"picture": 5, "folder": 5, "init": 5, "good": 0}
    assert {e["job"] for e in of(told, "error")} == {"picture", "folder", "init"}


def test_a_device_that_cannot_be_had_fails_jobs_and_is_tried_again(tmp_path):
    tried = []

    def loader(cancel):
        tried.append(cancel)
        if len(tried) == 1:
            raise DeviceError("No device today.")
        return load(MICRO, device="cpu", threads=1)

    client = Client(tmp_path, loader)
    client.generate("a")
    client.generate("b")
    told = client.until("end", "b")
    client.close()
    assert [event["exit_code"] for event in of(told, "end")] == [4, 0]
    assert [event["kind"] for event in of(told, "error")] == ["DeviceError"]


def test_a_fault_of_ours_fails_its_job_alone_and_loads_anew(tmp_path, capsys):
    class Broken:
        preparing = ""
        closed = False

        @property
        def bundle(self):
            raise ZeroDivisionError("surprise")

        def close(self):
            self.closed = True

    broken = Broken()
    loaded = iter([lambda: broken, lambda: load(MICRO, device="cpu", threads=1)])
    client = Client(tmp_path, lambda cancel: next(loaded)())
    client.generate("a")
    client.generate("b")
    told = client.until("end", "b")
    client.close()
    assert [event["exit_code"] for event in of(told, "end")] == [1, 0]
    assert "ZeroDivisionError: surprise" in of(told, "error")[0]["message"]
    assert broken.closed
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["shutdown", "end of input", "token"])
def test_the_end_cancels_everything_and_every_job_is_told(tmp_path, how):
    client = Client(tmp_path)
    client.generate("runs", LONG)
    client.until("progress", "runs")
    client.generate("waits")
    client.send("free")
    if how == "shutdown":
        client.send("shutdown")
    elif how == "token":
        client.cancel.cancel()
    client.close()
    told = []
    while not client.told.empty():
        told.append(client.told.get())
    ends = {event["job"]: event["exit_code"] for event in of(told, "end")}
    assert ends.pop("waits", 130) == 130  # the token may have come before its line
    assert ends == {"runs": 130}
    assert list(tmp_path.iterdir()) == []


def test_what_comes_after_the_end_is_told_as_stopped(tmp_path):
    client = Client(tmp_path)
    client.until("ready")
    client.service.end()
    client.generate("late")
    assert client.until("end", "late")[-1]["exit_code"] == 130
    client.close()


def test_the_queue_has_an_end(client):
    client.generate("long", LONG)
    client.until("progress", "long")
    for number in range(1001):
        client.generate(f"{number}")
    told = client.until("end", "1000")
    assert "1000 jobs are waiting" in of(told, "error", "1000")[0]["message"]


@given(
    st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"")), max_size=8),
    st.booleans(),
    st.data(),
)
@settings(deadline=None)
def test_lines_are_the_same_however_a_stream_is_cut(lines, ended, data):
    stream = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    chunks = iter([piece for piece in pieces if piece])
    expected = stream.split(b"\n")
    if not expected[-1]:
        expected.pop()
    read = list(read_lines(lambda size: next(chunks, b""), 12))
    assert read == [line if len(line) <= 12 else None for line in expected]


def test_a_line_without_end_is_not_kept_in_memory():
    import tracemalloc

    left = iter([b"x" * 2**16] * 1000 + [b"\n{}\n"])
    tracemalloc.start()
    lines = list(read_lines(lambda size: next(left, b"")))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lines == [None, b"{}"]
    assert peak < 4 * MOST_BYTES


def test_a_first_line_may_begin_with_a_byte_order_mark(client):
    client.say(b'\xef\xbb\xbf{"do": "free"}\r')
    assert client.until("freed")


def test_random_orders_leave_no_job_without_its_end(client):
    random = np.random.default_rng(6)
    names = []
    for number in range(150):
        client.generate(f"{number}", RAIN)
        names.append(f"{number}")
        if random.random() < 0.5:
            client.send("cancel", job=str(random.integers(number + 1)))
        if random.random() < 0.1:
            client.send("free")
    client.generate("last")
    told = client.until("end", "last")
    ends = of(told, "end")
    assert sorted(event["job"] for event in ends) == sorted([*names, "last"])
    for event in ends:
        assert event["exit_code"] in (0, 130)
        results = of(told, "result", event["job"])
        assert len(results) == event["done"]
        assert told.index(event) == max(i for i, e in enumerate(told) if e["job"] == event["job"])


def test_a_request_from_python_is_a_request_here(client):
    from hearsight.request import request_to_json

    client.generate("a", request_to_json(Request(**vars(text("rain", seed=7, seconds=0.5)))))
    assert client.until("end", "a")[-1]["exit_code"] == 0


def test_the_session_in_the_documentation_is_a_true_one(client):
    page = (Path(__file__).parents[2] / "runtime" / "SERVE.md").read_text("utf-8")
    lines = [json.loads(line[2:]) for line in page.splitlines() if line[:3] in ("> {", "< {")]
    rain, street, wrong = (line for line in lines if line.get("do") == "generate")
    picture = street["request"] | {"prompts": rain["request"]["prompts"]}  # there is no street here
    told = client.until("ready")
    for order in (rain, street | {"request": picture}, wrong):
        client.say(json.dumps(order | {"folder": str(client.folder)}).encode())
        told += client.until("end", order["job"])
    events_shown = [line for line in lines if "event" in line]
    for shown in events_shown:
        real = of(told, shown["event"], shown["job"])
        assert any(shown.keys() <= event.keys() for event in real)
    [shown], [real] = of(events_shown, "error"), of(told, "error")
    assert real["message"] == shown["message"]
