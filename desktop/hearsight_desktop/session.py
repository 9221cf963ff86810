"""What the window works with: jobs that become takes, and what the user does with them.

It knows no widget. Everything here belongs to the thread of the window; the two workers do what
takes time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtGui import QUndoStack

from hearsight import HearsightError, OutputError, Request, RequestError, open_bundle, resolve

from .attempts import Attempts
from .changes import Change, Touch
from .chosen import delivery_of, playing_of
from .delivery import Delivery
from .entry import Edit, Entry
from .finisher import Finisher
from .history import History
from .jobs import Job, Place, Queue, State, new_job, rest_of
from .naming import typed_name
from .news import News, Search
from .places import data_folder
from .preferences import Preferences, read_preferences, write_preferences
from .runner import Runner, Work
from .takes import Takes, Usage
from .telling import details_of

__all__ = ["Session"]

_GB = 10**9
_MOST_ATTEMPTS = 2


class Session(QObject):
    """One run of the app: the history, the queue and the two workers."""

    listed = Signal(list)
    """The takes that are searched for, all of them."""
    put = Signal(object)
    """This `Entry` is new, or other than before."""
    made = Signal(object)
    """This `Entry` was made just now."""
    gone = Signal(list)
    """Takes of these ids are to be seen no more."""
    stale = Signal(str, bool)
    """Whether the finished file of a take is being made again."""
    began = Signal(object)
    """This `Job` runs."""
    progressed = Signal(str, str, int, int)
    """Job, stage, steps done, steps."""
    hinted = Signal(str, str)
    """Job, and what is being prepared."""
    ended = Signal(str, object)
    """Job, and the `State` that it ended in."""
    queue_changed = Signal()
    told = Signal(object)
    """`News`."""
    device_told = Signal(str)
    usage_told = Signal(object)
    """`Usage` of the disk."""

    def __init__(self, folder: Path | None = None, parent: QObject | None = None) -> None:
        """Open what was left behind in `folder`, the user's own one unless it is given.

        Raises:
            OutputError: the folder cannot be written, or a newer version wrote it.
        """
        super().__init__(parent)
        self.folder = folder or data_folder()
        self._chosen_file = self.folder / "preferences.json"
        self._preferences = read_preferences(self._chosen_file)
        self._history = History(self.folder / "history.sqlite")
        self._takes = Takes(self.folder / "originals", self._preferences.takes_folder)
        self._search = Search()
        self._closing = False
        self._entries = {entry.id: entry for entry in self._all()}
        self._fresh: set[str] = set()  # whose files are known to be as files are delivered now
        self._attempts = Attempts(self.folder / "attempts.json")
        self._mixed = ""  # the job that ran when that was chosen otherwise
        self.undo = QUndoStack(self)
        self.runner = Runner(self._takes, playing_of(self._preferences))
        self.work = Work(self.runner, Queue(self._history.queue()), self)
        self.finisher = Finisher(self._takes)
        self._listen()

    @property
    def preferences(self) -> Preferences:
        """What the user chose once."""
        return self._preferences

    @property
    def delivery(self) -> Delivery:
        """How files are delivered that are dragged out."""
        return delivery_of(self._preferences)

    def start(self) -> None:
        """Find takes that a crash left out of the history, and go on with what waits."""
        for note in self._history.notes:
            self.told.emit(News("warning", note))
        found = self._takes.orphans(self._entries.keys())
        self._keep(found)
        self.freshen(entry.id for entry in found)
        if found:
            many = f"{len(found)} takes were" if len(found) > 1 else "One take was"
            self.told.emit(News("note", f"{many} found that the history did not know."))
            waiting = self.work.cancel_waiting()
            self.work.put_back(rest for job in waiting if (rest := self._rest(job)))
        self._spare(self.work.waiting)
        self.search(self._search)
        self.finisher.start()
        self.work.start()
        self.count()

    def close(self) -> bool:
        """Stop what runs; what is not made is kept for the next time. False if a worker did not
        end in time: the process should then end without asking Qt."""
        self._closing = True
        running, waiting = self.work.running, self.work.waiting
        left = [worker for worker in (self.work, self.finisher) if not worker.close()]
        QCoreApplication.sendPostedEvents()  # what they made while they ended
        if running:
            rest = self._rest(running)
            waiting = (rest, *waiting) if rest else waiting
        self._save_queue(waiting)
        self._attempts.end()
        self._history.close()
        return not left

    def entries(self) -> list[Entry]:
        """Every take, rejected ones too."""
        return list(self._entries.values())

    def ask(
        self, request: Request, model: str, place: Place = "back", family: str = ""
    ) -> Job | None:
        """Queue a request, maybe for sounds of a family (see `Job`); None, and news, if it asks
        for what cannot be made."""
        try:
            bundle = open_bundle(model, verify=False)
            if bundle.manifest.kind == "conditioner":
                raise RequestError(
                    f"{model} understands prompts and makes no sound: choose another."
                )
            resolve(request, bundle.manifest)
        except HearsightError as problem:
            self.told.emit(News("error", str(problem), details_of(problem, request, model)))
            return None
        job = new_job(request, model, family)
        replaced = self.work.add(job, place)
        self.tell_taken_out(replaced)
        return job

    def cancel_running(self) -> None:
        """Stop the job that runs."""
        self.work.cancel_running()

    def cancel_waiting(self) -> tuple[Job, ...]:
        """Take out the jobs that wait; `put_back` lets them wait again."""
        return self.work.cancel_waiting()

    def cancel_all(self) -> tuple[Job, ...]:
        """Stop everything."""
        return self.work.cancel_all()

    def entry(self, id: str) -> Entry | None:
        """A take of the history."""
        return self._entries.get(id)

    def chosen(self, ids: Iterable[str]) -> list[Entry]:
        """The takes of these ids that are still there."""
        return [self._entries[id] for id in ids if id in self._entries]

    def search(self, search: Search) -> None:
        """Look at these takes from now on."""
        self._search = search
        try:
            found = self._history.entries(
                search.words, starred=search.starred, rejected=search.rejected
            )
        except HearsightError as problem:
            self.told.emit(News("error", str(problem)))
            return
        # A take that could not be written into the history is still there.
        self.listed.emit([self._entries.get(entry.id, entry) for entry in found])

    def star(self, ids: Iterable[str]) -> None:
        """Give these a star, or take it away if all have one."""
        entries = self.chosen(ids)
        starred = not all(entry.starred for entry in entries)
        self._change("Star", entries, [replace(entry, starred=starred) for entry in entries])

    def reject(self, ids: Iterable[str]) -> None:
        """Put these into the bin, or take them out if all are in it."""
        entries = self.chosen(ids)
        rejected = not all(entry.rejected for entry in entries)
        self._change("Reject", entries, [replace(entry, rejected=rejected) for entry in entries])
        if entries and rejected:
            many = f"{len(entries)} takes are" if len(entries) > 1 else "The take is"
            going = tuple(entry.id for entry in entries)
            self.told.emit(News("note", f"{many} in the bin.", rejected=going))

    def restore(self, ids: Iterable[str]) -> None:
        """Take those of these out of the bin that are in it, whatever was done since."""
        entries = [entry for entry in self.chosen(ids) if entry.rejected]
        self._change("Restore", entries, [replace(entry, rejected=False) for entry in entries])

    def rename(self, id: str, name: str) -> None:
        """Call a take otherwise, and its file."""
        try:
            name = typed_name(name)
        except RequestError as problem:
            self.told.emit(News("error", str(problem)))
            return
        entries = self.chosen([id])
        self._change("Rename", entries, [replace(entry, name=name) for entry in entries])

    def edit(self, id: str, edit: Edit) -> None:
        """Cut, fade, loop or level a take otherwise."""
        entries = self.chosen([id])
        self._change("Cut", entries, [replace(entry, edit=edit) for entry in entries])

    def empty_bin(self) -> None:
        """Delete the rejected takes and their files for good."""
        self.finisher.remove([entry for entry in self._entries.values() if entry.rejected])
        self.undo.clear()

    def prefer(self, preferences: Preferences) -> None:
        """Choose once for all sounds to come."""
        moved = preferences.takes != self._preferences.takes
        before, self._preferences = self.delivery, preferences
        if self.delivery != before:
            self._fresh.clear()
            self._mixed = self.work.running.id if self.work.running else ""
        self.runner.playing = playing_of(self._preferences)
        if moved:
            self._takes.deliver_to(preferences.takes_folder)
        try:
            write_preferences(self._chosen_file, preferences)
        except OSError as problem:
            why = problem.strerror or problem
            self.told.emit(News("warning", f"{self._chosen_file} cannot be written: {why}."))

    def deliver(self, ids: Iterable[str]) -> None:
        """Make the finished files of these again, as files are delivered now."""
        for entry in self.chosen(ids):
            self._fresh.discard(entry.id)
            self.stale.emit(entry.id, True)
            self.finisher.deliver(entry, self.delivery)

    def freshen(self, ids: Iterable[str]) -> None:
        """Make the finished files of those of these again where they are gone, or are not what
        would be delivered now; until that is known they are stale."""
        for entry in self.chosen(ids):
            there = entry.delivered is not None and entry.delivered.is_file()
            if entry.id not in self._fresh or not there:
                self.stale.emit(entry.id, True)
                self.finisher.deliver(entry, self.delivery, anew=False)

    def use(self, ids: Iterable[str]) -> None:
        """The files of these left the app: others may refer to them from now on."""
        self._keep(replace(entry, used=True) for entry in self.chosen(ids) if not entry.used)

    def count(self) -> None:
        """Look how much all takes take on the disk, and let go what is too much."""
        limit = round(self._preferences.budget_gb * _GB)
        self.finisher.count(list(self._entries.values()), limit)

    def tell_taken_out(self, jobs: tuple[Job, ...]) -> None:
        """Tell that these wait no more, and offer to put them back."""
        if jobs:
            many = f"{len(jobs)} jobs were" if len(jobs) > 1 else "One job was"
            self.told.emit(News("note", f"{many} taken out of the queue.", put_back=jobs))

    def put_back(self, jobs: Iterable[Job]) -> None:
        """Let jobs wait again that were taken out."""
        self.work.put_back(jobs)

    def _listen(self) -> None:
        self.runner.began.connect(self._begin)
        self.finisher.removed.connect(self._removed)
        self.runner.progressed.connect(self.progressed)
        self.runner.hinted.connect(self.hinted)
        self.runner.made.connect(self._made)
        self.runner.finished.connect(self._end)
        self.runner.device_told.connect(self.device_told)
        self.work.changed.connect(self._queue_changed)
        self.finisher.delivered.connect(self._delivered)
        self.finisher.failed.connect(self._not_delivered)
        self.finisher.counted.connect(self._counted)

    def _all(self) -> list[Entry]:
        return [*self._history.entries(), *self._history.entries(rejected=True)]

    def _begin(self, id: str) -> None:
        if (job := self.work.running) and job.id == id:
            self._attempts.begin(id)
            self.began.emit(job)

    def _spare(self, jobs: Iterable[Job]) -> None:
        """Leave out a job in the middle of which the app ended twice."""
        for job in jobs:
            if self._attempts.of(job.id) >= _MOST_ATTEMPTS and self.work.remove(job.id):
                text = "A job is held back, for the app ended twice while it was made."
                self.told.emit(News("warning", text, put_back=(job,)))

    def _made(self, entry: Entry) -> None:
        self._keep([entry])
        if entry.delivered and entry.batch != self._mixed:
            self._fresh.add(entry.id)
        if self._search.finds(entry):
            self.put.emit(entry)
        self.made.emit(entry)

    def _end(self, id: str, state: State, message: str, details: str) -> None:
        if state is State.FAILED:
            self.told.emit(News("error", message, details))
        elif message:
            self.told.emit(News("warning", message, details))
        self._attempts.end()
        self.ended.emit(id, state)
        self.count()

    def _queue_changed(self) -> None:
        if not self._closing:  # whose end is no end of the jobs
            self._save_queue(self.work.unfinished)
            self.queue_changed.emit()

    def _rest(self, job: Job) -> Job | None:
        """What is still to be made of a job: the sounds behind the last one that is there."""
        last = max((e.number for e in self._entries.values() if e.batch == job.id), default=0)
        return rest_of(job, max(0, last - job.request.first_variation))

    def _save_queue(self, jobs: Sequence[Job]) -> None:
        try:
            self._history.save_queue(jobs)
        except OutputError as problem:
            self.told.emit(News("warning", str(problem)))

    def _keep(self, entries: Iterable[Entry]) -> None:
        kept = list(entries)
        self._entries.update((entry.id, entry) for entry in kept)
        try:
            self._history.add(*kept)
        except OutputError as problem:  # its receipt is beside its original: it is found again
            self.told.emit(News("warning", str(problem)))

    def _change(self, text: str, before: list[Entry], after: list[Entry]) -> None:
        if before != after:
            self.undo.push(Change(text, before, after, self._touch))

    def _touch(self, touches: Mapping[str, Touch]) -> None:
        before = self.chosen(touches)  # the bin may have been emptied, the budget have taken some
        after = [touches[entry.id].on(entry) for entry in before]
        self._keep(after)
        self.gone.emit([entry.id for entry in after if not self._search.finds(entry)])
        for old, new in zip(before, after, strict=True):
            if self._search.finds(new):
                self.put.emit(new)
            if (new.edit, new.name) != (old.edit, old.name):
                self.deliver([new.id])

    def _delivered(self, entry: Entry) -> None:
        now = self._entries.get(entry.id)
        if now is None:
            return
        if not self.finisher.delivers(entry.id):  # else it may have another name by now
            now = replace(now, name=entry.name)
        self._keep([replace(now, delivered=entry.delivered, original=entry.original)])
        if not self.finisher.delivers(entry.id):  # else it was cut again
            self._fresh.add(entry.id)
            self.stale.emit(entry.id, False)
        if self._search.finds(now):
            self.put.emit(self._entries[entry.id])

    def _not_delivered(self, id: str, why: str, what: str) -> None:
        entry = self._entries.get(id)
        if what == "shape":
            return  # whoever chooses the take is told
        if entry and what == "file" and not self.finisher.delivers(id):
            # What lies there is not what it should be, so nobody may take it for that.
            self._entries[id] = replace(entry, delivered=None)
            self.stale.emit(id, False)
            if self._search.finds(entry):
                self.put.emit(self._entries[id])
        self.told.emit(News("error", f"{entry.name}: {why}" if entry else why))

    def _counted(self, usage: Usage, going: list[Entry]) -> None:
        self.usage_told.emit(usage)
        going = [entry for entry in self.chosen(entry.id for entry in going) if not entry.starred]
        if going:
            text = (
                f"{len(going)} of the oldest takes without a star were deleted: all takes "
                f"together may have {self._preferences.budget_gb:g} GB."
            )
            self.told.emit(News("note", text))
            self.finisher.remove(going)

    def _removed(self, ids: list[str]) -> None:
        for id in ids:
            self._entries.pop(id, None)
        if self._closing or not ids:
            return  # what is gone from the disk is found gone at the next start
        try:
            self._history.forget(ids)
        except OutputError as problem:
            self.told.emit(News("warning", str(problem)))
        self.gone.emit(ids)
        self.count()
