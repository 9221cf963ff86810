"""The whole app without its window, over real sounds of the micro bundle."""

from dataclasses import replace

import pytest
import soundfile

import hearsight
from hearsight_desktop.attempts import Attempts
from hearsight_desktop.entry import Edit
from hearsight_desktop.history import History
from hearsight_desktop.jobs import State, new_job
from hearsight_desktop.news import Search
from hearsight_desktop.session import Session

ASKED = replace(hearsight.text("rain", seed=5), variations=2, steps=2, seconds=0.4)


@pytest.fixture
def session(qtbot):
    made = Session()
    made.runner.playing = replace(made.runner.playing, threads=1)
    made.start()
    yield made
    made.close()


def make(qtbot, session, request=ASKED):
    with qtbot.waitSignal(session.ended, timeout=60_000) as ended:
        session.ask(request, "micro")
    assert ended.args[1] is State.FINISHED
    newest = next(iter(session._history.entries())).batch
    return [entry for entry in session._history.entries() if entry.batch == newest]


def settle(qtbot, session, id, act):
    """Do something that makes a file anew, and wait for the file."""
    with qtbot.waitSignal(
        session.stale, timeout=20_000, check_params_cb=lambda i, s: (i, s) == (id, False)
    ):
        act()
    return session.entry(id)


def test_every_sound_is_there_as_a_finished_file_before_it_is_told(qtbot, session):
    seen = []
    session.put.connect(lambda entry: seen.append((entry, entry.delivered.is_file())))
    first, second = make(qtbot, session)
    assert [(entry.id, there) for entry, there in seen] == [(first.id, True), (second.id, True)]
    info = hearsight.read_info(first.delivered)
    assert (info["sample_rate"], info["subtype"]) == (48000, "PCM_24")


def test_a_cut_is_heard_in_the_file_and_can_be_undone(qtbot, session):
    entry, _ = make(qtbot, session)
    cut = settle(qtbot, session, entry.id, lambda: session.edit(entry.id, Edit(0.1, 0.3)))
    assert soundfile.info(cut.delivered).frames == 9600
    back = settle(qtbot, session, entry.id, session.undo.undo)
    assert back.edit == Edit()
    assert soundfile.info(back.delivered).frames == 19200


def test_small_cuts_one_after_the_other_are_undone_together(qtbot, session):
    entry, _ = make(qtbot, session)
    for end in (0.35, 0.3, 0.25):
        settle(qtbot, session, entry.id, lambda end=end: session.edit(entry.id, Edit(0, end)))
    session.undo.undo()
    assert session.entry(entry.id).edit == Edit()
    assert not session.undo.canUndo()


def test_stars_and_the_bin_outlive_the_program(qtbot, session):
    first, second = make(qtbot, session)
    session.star([first.id])
    session.reject([second.id])
    session.close()
    again = Session()
    found = []
    again.listed.connect(found.append)
    again.search(Search(starred=True))
    again.search(Search(rejected=True))
    assert [[entry.id for entry in each] for each in found] == [[first.id], [second.id]]
    again.close()


def test_the_bin_is_emptied_for_good(qtbot, session):
    first, second = make(qtbot, session)
    session.reject([first.id])
    assert first.delivered.exists()
    with qtbot.waitSignal(session.finisher.removed, timeout=20_000):
        session.empty_bin()
    assert not first.delivered.exists()
    assert not first.original.exists()
    assert second.delivered.exists()
    assert not session.undo.canUndo()


def test_a_new_name_is_the_files_name(qtbot, session):
    entry, _ = make(qtbot, session)
    named = settle(qtbot, session, entry.id, lambda: session.rename(entry.id, "Tin roof: 1/2"))
    assert named.delivered.name.startswith("Tin roof")
    assert not entry.delivered.exists()


def test_what_waits_when_the_app_ends_is_made_when_it_starts_again(qtbot, session):
    long = replace(ASKED, steps=400, seconds=5.0, variations=1)
    with qtbot.waitSignal(session.began, timeout=20_000):
        session.ask(long, "micro")
    waiting = session.ask(ASKED, "micro")
    running = session.work.running
    session.close()
    again = Session()
    assert [job.id for job in again.work.waiting] == [running.id, waiting.id]
    again.close()


def test_a_failed_job_is_told_and_the_next_one_works(qtbot, session):
    told = []
    session.told.connect(told.append)
    lost = replace(ASKED, prompts=(hearsight.Prompt("image", "lost picture.png"),))
    with qtbot.waitSignal(session.ended, timeout=20_000) as ended:
        session.ask(lost, "micro")
    assert ended.args[1] is State.FAILED
    assert [news.kind for news in told] == ["error"]
    assert "lost picture.png" in told[0].text
    assert "Traceback" in told[0].details
    assert len(make(qtbot, session)) == 2


@pytest.mark.parametrize(
    ("request_", "model", "words"),
    [
        (ASKED, "no such bundle", "no such bundle"),
        (replace(ASKED, seconds=9999.0), "micro", "600"),
        (ASKED, "micro-eye", "makes no sound"),
    ],
)
def test_what_cannot_be_made_is_told_at_once(session, request_, model, words):
    told = []
    session.told.connect(told.append)
    assert session.ask(request_, model) is None
    assert [words in news.text for news in told] == [True]
    assert session.work.running is None


def test_a_budget_takes_the_oldest_without_a_star(qtbot, session):
    kept, gone = make(qtbot, session)
    session.star([kept.id])
    session.prefer(replace(session.preferences, budget_gb=1e-6))
    with qtbot.waitSignal(session.gone, timeout=60_000, check_params_cb=bool) as told:
        session.ask(replace(ASKED, seed=6), "micro")
    assert told.args == [[gone.id]]
    assert kept.original.exists()
    assert not gone.original.exists()


def test_files_that_tell_nothing_where_that_is_wanted(qtbot, session):
    session.prefer(replace(session.preferences, embed=False))
    entry, _ = make(qtbot, session)
    record = hearsight.read_record(entry.delivered)
    assert record.keys() == {"tool", "digital_source_type", "edit", "delivery"}
    assert b"prompts" not in entry.delivered.read_bytes()


def test_another_folder_gets_the_files_from_then_on(qtbot, session, tmp_path):
    before, _ = make(qtbot, session)
    session.prefer(replace(session.preferences, takes=str(tmp_path / "Elsewhere")))
    after, _ = make(qtbot, session)
    assert after.delivered.parent == tmp_path / "Elsewhere"
    assert before.delivered.exists()


def test_what_was_dragged_out_is_spared_by_the_budget(qtbot, session):
    used, gone = make(qtbot, session)
    session.use([used.id])
    session.prefer(replace(session.preferences, budget_gb=1e-6))
    with qtbot.waitSignal(session.gone, timeout=60_000, check_params_cb=bool) as told:
        session.ask(replace(ASKED, seed=6), "micro")
    assert told.args == [[gone.id]]
    assert used.delivered.exists()


def test_a_file_that_cannot_be_made_again_is_not_taken_for_the_right_one(qtbot, session):
    entry, _ = make(qtbot, session)
    entry.original.unlink()
    told = []
    session.told.connect(told.append)
    cut = settle(qtbot, session, entry.id, lambda: session.edit(entry.id, Edit(0.1, 0.3)))
    assert cut.delivered is None
    qtbot.waitUntil(lambda: [news.kind for news in told] == ["error"], timeout=5000)


def test_a_job_that_ends_the_app_twice_is_held_back(qtbot, session):
    session.close()
    waiting = new_job(ASKED, "micro")
    for crashes in (1, 2):
        history = History(session.folder / "history.sqlite")
        history.save_queue([waiting])
        history.close()
        Attempts(session.folder / "attempts.json").begin(waiting.id)
        again = Session()
        told = []
        again.told.connect(told.append)
        again._spare(again.work.waiting)
        assert [job.id for job in again.work.waiting] == [waiting.id] * (crashes == 1)
        assert [news.put_back for news in told] == [(waiting,)] * (crashes == 2)
        again._history.close()
