"""The left side: what is wanted becomes jobs, and how far they are is shown."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog

from hearsight import HearsightError, Modality, Prompt, Request, write_whole

from ..commands import as_command, as_manifest
from ..dropping import Dropped, dropped
from ..entry import Entry, title_of
from ..jobs import Job, Place, State
from ..news import News
from ..pace import Pace
from ..parts import known_parts
from ..projector import Projector
from ..session import Session
from ..views.inputs import InputsView
from ..views.progress import stage_words
from ..views.takes_model import TakesModel
from ..wishes import Wish, Wishes

__all__ = ["Asking"]

_MODALITIES: dict[str, Modality] = {"image": "image", "video": "video", "audio": "audio"}


class Asking(QObject):
    """Between the inputs, the presets and the queue."""

    told = Signal(object)
    """`News`."""
    bundle_dropped = Signal(Path)
    """A model, a folder or a zip, was dropped."""

    def __init__(
        self, session: Session, projector: Projector, inputs: InputsView, model: TakesModel
    ) -> None:
        super().__init__(inputs)
        self._session = session
        self._projector = projector
        self._inputs = inputs
        self._model = model
        self._wishes = Wishes(session.folder / "presets")
        self._pace = Pace()
        self._suggested: str | None = None
        self._listen()
        self._show_presets("")
        self._show_queue()

    def start(self) -> None:
        """Tell of presets that cannot be read: else they would only be missed."""
        for why in self._wishes.broken():
            self.told.emit(News("warning", why))

    def ask(self, place: Place) -> None:
        """Make what is wanted."""
        job = self._session.ask(self._inputs.request(), self._inputs.model(), place)
        if job:
            assert job.request.seed is not None
            self._inputs.seed.show_last(job.request.seed)

    def suggest(self, words: str) -> None:
        """Show words to begin with; whoever brings a file instead does not mean them, too."""
        self._inputs.show_request(Request((Prompt("text", words),), variations=4))
        self._suggested = words

    def use(self, request: Request, model: str) -> None:
        """Show the settings of a request, to be changed or asked for again."""
        self._inputs.show_request(request, model)
        self._inputs.focus_text()

    def drop(self, things: list[Path | str]) -> None:
        """Take what was dropped, whatever it is."""
        for each in dropped(things):
            if each.kind == "bundle" and each.path:
                self.bundle_dropped.emit(each.path)
            elif each.wish:
                self._drop_wish(each)
            elif each.path and each.kind in _MODALITIES:
                self._listen_to(_MODALITIES[each.kind], each.path)
            if each.note:
                kind = "error" if each.kind == "unsupported" else "warning"
                self.told.emit(News(kind, each.note))

    def copy_command(self) -> None:
        """Copy what is wanted as a command of `runtime-cli`."""
        request, model = self._inputs.request(), self._inputs.model()
        try:
            QGuiApplication.clipboard().setText(as_command(request, model))
            self.told.emit(News("note", "The command is in the clipboard."))
        except HearsightError as problem:
            self.told.emit(News("error", str(problem)))

    def save_manifest(self) -> None:
        """Let the user write the queue as a manifest for `runtime-cli batch`."""
        dialog = QFileDialog(self._inputs, "Export the queue", "queue.jsonl")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("Manifests (*.jsonl)")
        dialog.setDefaultSuffix("jsonl")
        dialog.fileSelected.connect(lambda file: self._write_manifest(Path(file)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _listen(self) -> None:
        inputs, session = self._inputs, self._session
        inputs.asked.connect(self.ask)
        inputs.dropped.connect(self.drop)
        inputs.pasted.connect(self._paste)
        inputs.thumbnail_wanted.connect(self._look)
        inputs.parts_wanted.connect(self._show_parts)
        inputs.model_chosen.connect(self._choose_model)
        inputs.generate.cancelled.connect(self._cancel)
        inputs.generate.removed.connect(self._remove)
        inputs.generate.command_wanted.connect(self.copy_command)
        inputs.generate.manifest_wanted.connect(self.save_manifest)
        inputs.presets.chosen.connect(self._choose_preset)
        inputs.presets.saved.connect(self._save_preset)
        inputs.presets.deleted.connect(self._delete_preset)
        session.began.connect(self._begin)
        session.progressed.connect(self._progress)
        session.hinted.connect(self._hint)
        session.made.connect(self._hear)
        session.ended.connect(self._end)
        session.queue_changed.connect(self._show_queue)
        self._projector.thumbnailed.connect(inputs.show_thumbnail)

    def _look(self, file: Path) -> None:
        self._projector.look(file)  # not connected itself: it would be called in its own thread

    def _show_parts(self, file: Path) -> None:
        known = known_parts(self._session.entries(), file, self._inputs.model())
        self._inputs.show_parts(file, known)

    def _hear(self, entry: Entry) -> None:
        """What was found in pictures of this take can be weighed in the next."""
        if entry.model == self._inputs.model():
            for prompt in entry.request.prompts:
                if prompt.modality == "image":
                    self._show_parts(Path(prompt.value))

    def _choose_model(self, name: str) -> None:
        self._session.prefer(replace(self._session.preferences, model=name))

    def _drop_wish(self, each: Dropped) -> None:
        assert each.wish, "the caller looked"
        request = each.wish.request
        if each.kind == "own":
            self.use(request, each.wish.model)
            news = News("note", f"These are the settings of {each.wish.name}.")
            self.told.emit(replace(news, reference=each.path))
            return
        try:
            assert each.path
            kept = self._wishes.take_in(each.path)
        except HearsightError as problem:
            self.told.emit(News("error", str(problem)))
            return
        self._show_presets(kept.name)
        self.use(kept.request, kept.model)

    def _paste(self, picture: QImage) -> None:
        """Keep a picture that is no file as one: requests name files."""
        data = QBuffer()
        data.open(QIODevice.OpenModeFlag.WriteOnly)
        picture.save(data, "PNG")
        raw = bytes(data.data().data())
        folder = self._session.folder / "pasted"
        file = folder / f"pasted_{hashlib.sha256(raw).hexdigest()[:12]}.png"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not file.exists():
                write_whole(file, raw)
        except OSError as problem:
            self.told.emit(News("error", f"The picture cannot be kept: {problem.strerror}."))
            return
        self._listen_to("image", file)

    def _listen_to(self, modality: Modality, file: Path) -> None:
        if self._inputs.text.words() == self._suggested:
            self._inputs.text.show_words("")
        self._suggested = None
        self._inputs.add_file(modality, file)

    def _cancel(self, which: str) -> None:
        if which == "running":
            self._session.cancel_running()
        elif which == "waiting":
            self._session.tell_taken_out(self._session.cancel_waiting())
        else:
            self._session.tell_taken_out(self._session.cancel_all())
        if which != "waiting" and self._session.work.running:
            self._inputs.progress.show_cancelling()

    def _remove(self, id: str) -> None:
        if job := self._session.work.remove(id):
            self._session.tell_taken_out((job,))

    def _begin(self, job: Job) -> None:
        self._pace = Pace()
        first = job.request.first_variation + 1
        numbers = range(first, first + job.request.variations)
        self._model.begin(job.id, title_of(job.request), numbers)
        self._inputs.progress.show_progress("load", 0, 0)

    def _progress(self, id: str, stage: str, step: int, total: int) -> None:
        left = self._pace.seconds_left(stage, step, total, time.monotonic())
        self._inputs.progress.show_progress(stage, step, total, left)
        self._model.progress(id, stage_words(stage), step / total if total else 0.0)

    def _hint(self, _: str, hint: str) -> None:
        self._inputs.progress.show_hint(hint)

    def _end(self, id: str, _: State) -> None:
        self._model.end(id)
        if not self._session.work.running:
            self._inputs.progress.show_idle()

    def _show_queue(self) -> None:
        work = self._session.work
        running = title_of(work.running.request) if work.running else ""
        waiting = [(job.id, title_of(job.request)) for job in work.waiting]
        self._inputs.generate.show_queue(running, waiting)

    def _write_manifest(self, file: Path) -> None:
        try:
            file.write_text(as_manifest(self._session.work.unfinished), encoding="utf-8")
        except HearsightError as problem:
            self.told.emit(News("error", str(problem)))
        except OSError as problem:
            self.told.emit(News("error", f"{file} cannot be written: {problem.strerror}."))
        else:
            text = f"`runtime-cli batch {file.name}` makes these sounds."
            self.told.emit(News("note", f"The queue was written to {file}. {text}"))

    def _show_presets(self, current: str) -> None:
        self._inputs.presets.show_presets([wish.name for wish in self._wishes.all()], current)

    def _choose_preset(self, name: str) -> None:
        for wish in self._wishes.all():
            if wish.name == name:
                self._inputs.show_request(self._with_my_prompts(wish), wish.model)

    def _with_my_prompts(self, wish: Wish) -> Request:
        """A preset says how; what is wanted stays, if the preset does not say that, too."""
        if any(not prompt.blank for prompt in wish.request.prompts):
            return wish.request
        mine = self._inputs.request().prompts or (Prompt("text", ""),)
        if wish.model not in ("", self._inputs.model()):  # which may find other parts
            mine = tuple(replace(prompt, sources=()) for prompt in mine)
        return replace(wish.request, prompts=mine)

    def _save_preset(self, name: str) -> None:
        request = replace(self._inputs.request(), seed=None, first_variation=0, id="")
        try:
            kept = self._wishes.save(name, request, self._inputs.model())
        except HearsightError as problem:
            self.told.emit(News("error", str(problem)))
            return
        self._show_presets(kept.name)

    def _delete_preset(self, name: str) -> None:
        try:
            self._wishes.delete(name)
        except HearsightError as problem:
            self.told.emit(News("error", str(problem)))
        self._show_presets("")
