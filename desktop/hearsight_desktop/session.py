"""What the window works with: jobs that become takes, and what the user does with them.

It knows no widget. Everything here belongs to the thread of the window; the two workers do what
takes time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtGui import QUndoStack

from hearsight import HearsightError, OutputError, Request, RequestError, open_bundle, resolve

from .changes import Change, Touch
from .delivery import DEFAULT, DELIVERIES, Delivery
from .entry import Edit, Entry
from .finisher import Finisher
from .history import History
from .jobs import Job, Place, Queue, State, new_job, rest_of
from .naming import TEMPLATE, Naming, checked_naming, checked_take_template, typed_name
from .places import data_folder
from .preferences import Preferences, read_preferences, write_preferences
from .runner import Playing, Runner, Work
from .takes import Takes, Usage
from .telling import details_of

__all__ = ["News", "Search", "Session"]

_GB = 10**9


@dataclass(frozen=True)
class News:
    """Something to tell the user: what happened, what to do, and details to copy."""

    kind: Literal["error", "warning", "note", "good"]
    text: str
    details: str = ""
    undo: bool = False
    """Whether the last change can be taken back."""
    put_back: bool = False
    """Whether jobs that were taken out can wait again."""
    reference: Path | None = None
    """A sound that can also be listened to as a reference."""
    file: Path | None = None
    """A file that can be shown in its folder."""


@dataclass(frozen=True)
class Search:
    """Which takes are looked at; see `History.entries`."""

    words: str = ""
    starred: bool = False
    rejected: bool = False


class Session(QObject):
    """One run of the app: the history, the queue and the two workers."""

    listed = Signal(list)
    """The takes that are searched for, all of them."""
    put = Signal(object)
    """This `Entry` is new, or other than before."""
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
        self.undo = QUndoStack(self)
        self.runner = Runner(self._takes, self._playing())
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
        chosen = self._preferences
        form = replace(DELIVERIES.get(chosen.delivery, DEFAULT), embed=chosen.embed)
        if not chosen.category:
            return form
        naming = Naming("ucs", chosen.category, creator=chosen.creator, source=chosen.source)
        try:
            return replace(form, naming=checked_naming(naming))
        except RequestError:  # while it is being typed
            return form

    def start(self) -> None:
        """Find takes that a crash left out of the history, and go on with what waits."""
        for note in self._history.notes:
            self.told.emit(News("warning", note))
        found = self._takes.orphans(self._entries.keys())
        for entry in found:
            self._keep(entry)
        if found:
            many = f"{len(found)} takes were" if len(found) > 1 else "One take was"
            self.told.emit(News("note", f"{many} found that the history did not know."))
        self.search(self._search)
        self.finisher.start()
        self.work.start()
        self.finisher.count(list(self._entries.values()))

    def close(self) -> bool:
        """Stop what runs; what is not made is kept for the next time. False if a worker did not
        end in time: the process should then end without asking Qt."""
        self._closing = True
        running, waiting = self.work.running, self.work.waiting
        left = [worker for worker in (self.work, self.finisher) if not worker.close()]
        QCoreApplication.sendPostedEvents()  # what they made while they ended
        if running:
            made = sum(entry.batch == running.id for entry in self._entries.values())
            rest = rest_of(running, made)
            waiting = (rest, *waiting) if rest else waiting
        self._save_queue(waiting)
        self._history.close()
        return not left

    def entries(self) -> list[Entry]:
        """Every take, rejected ones too."""
        return list(self._entries.values())

    def ask(self, request: Request, model: str, place: Place = "back") -> Job | None:
        """Queue a request; None, and news, if it asks for what cannot be made."""
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
        job = new_job(request, model)
        replaced = self.work.add(job, place)
        if replaced:
            many = f"{len(replaced)} waiting jobs were" if len(replaced) > 1 else "A job was"
            self.told.emit(News("note", f"{many} taken out of the queue."))
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
            self.told.emit(News("note", f"{many} in the bin.", undo=True))

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
        self._remove([entry for entry in self._entries.values() if entry.rejected])
        self.undo.clear()

    def prefer(self, preferences: Preferences) -> None:
        """Choose once for all sounds to come."""
        moved = preferences.takes != self._preferences.takes
        self._preferences = preferences
        self.runner.playing = self._playing()
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
            self.stale.emit(entry.id, True)
            self.finisher.deliver(entry, self.delivery)

    def freshen(self, id: str) -> None:
        """Make the finished file of a take again if it is gone, or of another form than files
        are delivered in now."""
        for entry in self.chosen([id]):
            self.finisher.deliver(entry, self.delivery, anew=False)

    def rejected_bytes(self) -> int:
        """What the files in the bin take on the disk."""
        return sum(self._takes.size(entry) for entry in self._entries.values() if entry.rejected)

    def put_back(self, jobs: Iterable[Job]) -> None:
        """Let jobs wait again that were taken out."""
        self.work.put_back(jobs)

    def _listen(self) -> None:
        self.runner.began.connect(self._begin)
        self.runner.progressed.connect(self.progressed)
        self.runner.hinted.connect(self.hinted)
        self.runner.made.connect(self._made)
        self.runner.finished.connect(self._end)
        self.runner.device_told.connect(self.device_told)
        self.work.changed.connect(self._queue_changed)
        self.finisher.delivered.connect(self._delivered)
        self.finisher.failed.connect(self._not_delivered)
        self.finisher.counted.connect(self._counted)

    def _playing(self) -> Playing:
        chosen = self._preferences
        template = chosen.naming or TEMPLATE
        try:
            checked_take_template(template)
        except RequestError:
            template = TEMPLATE
        return Playing(
            device=chosen.device,
            precision=chosen.precision or None,
            delivery=self.delivery,
            template=template,
        )

    def _all(self) -> list[Entry]:
        return [*self._history.entries(), *self._history.entries(rejected=True)]

    def _begin(self, id: str) -> None:
        if (job := self.work.running) and job.id == id:
            self.began.emit(job)

    def _made(self, entry: Entry) -> None:
        self._keep(entry)
        self.put.emit(entry)

    def _end(self, id: str, state: State, message: str, details: str) -> None:
        if state is State.FAILED:
            self.told.emit(News("error", message, details))
        elif message:
            self.told.emit(News("warning", message, details))
        self.ended.emit(id, state)
        self.finisher.count(list(self._entries.values()))

    def _queue_changed(self) -> None:
        if not self._closing:  # whose end is no end of the jobs
            self._save_queue(self.work.unfinished)
            self.queue_changed.emit()

    def _save_queue(self, jobs: Sequence[Job]) -> None:
        try:
            self._history.save_queue(jobs)
        except OutputError as problem:
            self.told.emit(News("warning", str(problem)))

    def _keep(self, entry: Entry) -> None:
        self._entries[entry.id] = entry
        try:
            self._history.add(entry)
        except OutputError as problem:  # its receipt is beside its original: it is found again
            self.told.emit(News("warning", str(problem)))

    def _change(self, text: str, before: list[Entry], after: list[Entry]) -> None:
        if before != after:
            self.undo.push(Change(text, before, after, self._touch))

    def _touch(self, touches: Mapping[str, Touch]) -> None:
        for id, touch in touches.items():
            if (before := self._entries.get(id)) is None:
                continue  # the bin was emptied, or the budget took it
            entry = touch.on(before)
            self._keep(entry)
            if entry.rejected == self._search.rejected:
                self.put.emit(entry)
            else:
                self.gone.emit([id])
            if (entry.edit, entry.name) != (before.edit, before.name):
                self.deliver([id])

    def _delivered(self, entry: Entry) -> None:
        now = self._entries.get(entry.id)
        if now is None:
            return
        self._keep(replace(now, delivered=entry.delivered, original=entry.original))
        self.stale.emit(entry.id, False)
        if now.rejected == self._search.rejected:
            self.put.emit(self._entries[entry.id])

    def _not_delivered(self, id: str, why: str) -> None:
        if entry := self._entries.get(id):
            self.told.emit(News("error", f"{entry.name}: {why}"))

    def _counted(self, usage: Usage) -> None:
        self.usage_told.emit(usage)
        limit = round(self._preferences.budget_gb * _GB)
        if usage.originals + usage.delivered > limit > 0:
            going = self._takes.over_budget(list(self._entries.values()), limit)
            self._remove(going)
            if going:
                text = (
                    f"{len(going)} of the oldest takes without a star were deleted: all takes "
                    f"together may have {self._preferences.budget_gb:g} GB."
                )
                self.told.emit(News("note", text))

    def _remove(self, entries: list[Entry]) -> None:
        if not entries:
            return
        removed: list[str] = []
        for entry in entries:
            try:
                self._takes.remove(entry)
            except OutputError as problem:
                self.told.emit(News("error", str(problem)))
                continue
            removed.append(entry.id)
            del self._entries[entry.id]
        try:
            self._history.forget(removed)
        except OutputError as problem:
            self.told.emit(News("warning", str(problem)))
        self.gone.emit(removed)
        self.finisher.count(list(self._entries.values()))
