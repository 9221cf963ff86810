"""What leaves the app: copies, folders, commands, families, settings, videos."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from hearsight import HearsightError, Request

from ..asking import again, locked, near
from ..commands import as_command
from ..delivery import DELIVERIES
from ..entry import Entry
from ..muxing import SUFFIXES, ffmpeg
from ..naming import file_name, free_name
from ..news import News
from ..projector import Projector
from ..session import Session
from ..views.delivery import DeliveryStrip
from ..views.dragging import mime_of
from ..views.keys import Act
from ..views.takes_model import TakesModel
from .listening import Listening

__all__ = ["Delivering", "reveal"]


class Delivering(QObject):
    """Between finished takes and everything outside of this window."""

    told = Signal(object)
    """`News`."""
    settings_wanted = Signal(object, str)
    """Show this `Request` and its model, to be changed."""

    def __init__(
        self,
        session: Session,
        projector: Projector,
        listening: Listening,
        model: TakesModel,
        strip: DeliveryStrip,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session, self._projector, self._listening = session, projector, listening
        self._model, self._strip, self._window = model, strip, window
        self._chosen: list[str] = []
        self._exports = _Exports()
        strip.show_forms(list(DELIVERIES.values()), session.preferences.delivery)
        strip.chosen.connect(self._choose_form)
        listening.wanted.connect(self.act)
        session.finisher.exported.connect(self._exported)
        session.finisher.failed.connect(self._not_exported)
        projector.written.connect(self._written)
        projector.failed.connect(self._not_written)

    def look_at(self, ids: list[str]) -> None:
        """The strip is about these takes, whose files are to be as they are delivered now."""
        self._chosen = ids
        self._session.freshen(ids)
        _, missing = ffmpeg()
        why = missing if self._listening.video else "Sounds made with a video can be put under it."
        self._strip.show_picture_export(why)

    def connect_strip(self) -> None:
        """Let the buttons of the strip do what their keys do."""
        strip = self._strip
        strip.copy_asked.connect(lambda: self.act(Act.COPY, self._chosen))
        strip.handle.dragged.connect(lambda: self._session.use(self._chosen))
        strip.reveal_asked.connect(lambda: self.act(Act.REVEAL, self._chosen))
        strip.export_asked.connect(lambda: self.act(Act.EXPORT, self._chosen))
        strip.picture_export_asked.connect(self._export_with_picture)

    def act(self, act: Act, ids: list[str]) -> None:
        """Do what is about files or settings."""
        entries = self._session.chosen(ids)
        if not entries:
            return
        first = entries[0]
        if act is Act.MORE_LIKE:
            self._ask(near(first), first)
        elif act is Act.USE_SETTINGS:
            self.settings_wanted.emit(again(first, self._siblings(first)), first.model)
        elif act is Act.LOCK_SEED:
            self.settings_wanted.emit(locked(first), first.model)
        elif act is Act.COPY:
            self._copy(entries)
        elif act is Act.COPY_COMMAND:
            self._copy_command(first)
        elif act is Act.REVEAL:
            self._reveal(first)
        elif act is Act.EXPORT:
            self._export(entries)

    def _ask(self, request: Request, entry: Entry) -> None:
        if self._session.ask(request, entry.model, family=entry.name):
            many = f"{request.variations} sounds"
            self.told.emit(News("note", f"{many} near to this one are being made."))

    def _siblings(self, entry: Entry) -> int:
        """How many sounds the job of a take was asked for."""
        return sum(other.batch == entry.batch for other in self._session.entries())

    def _copy(self, entries: list[Entry]) -> None:
        files, why = self._model.files([entry.id for entry in entries])
        data = mime_of(files)
        if data is None:
            self.told.emit(News("warning", why))
            return
        QGuiApplication.clipboard().setMimeData(data)
        self._session.use(entry.id for entry in entries)
        many = f"{len(entries)} files are" if len(entries) > 1 else "The file is"
        self.told.emit(News("note", f"{many} in the clipboard."))

    def _copy_command(self, entry: Entry) -> None:
        try:
            command = as_command(locked(entry), entry.model)
        except HearsightError as problem:
            self.told.emit(News("error", str(problem)))
            return
        QGuiApplication.clipboard().setText(command)
        self.told.emit(News("note", "The command is in the clipboard."))

    def _reveal(self, entry: Entry) -> None:
        if entry.delivered and entry.delivered.exists():
            reveal(entry.delivered)
        else:
            self.told.emit(News("warning", "Its file was moved or deleted; export it again."))

    def _choose_form(self, key: str) -> None:
        self._session.prefer(replace(self._session.preferences, delivery=key))
        self._session.freshen(self._chosen)

    def _export(self, entries: list[Entry]) -> None:
        """Let the user save one take under a name, or several into a folder."""
        form = self._session.delivery
        try:
            names = [file_name(entry.name, form.naming) for entry in entries]
        except HearsightError as problem:
            self.told.emit(News("error", str(problem)))
            return
        several = len(entries) > 1
        dialog = QFileDialog(self._window, "Export")
        if several:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
            dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        else:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setNameFilter(f"{form.title} (*{form.suffix})")
            dialog.setDefaultSuffix(form.suffix[1:])
            dialog.selectFile(f"{names[0]}{form.suffix}")

        def export(chosen: str) -> None:
            targets = [Path(chosen)]
            if several:
                targets = _free_files(Path(chosen), names, form.suffix)
            asked = self._exports.asked + len(targets)
            self._exports = replace(self._exports, asked=asked)
            for entry, to in zip(entries, targets, strict=True):
                self._session.finisher.export(entry, form, to)

        dialog.fileSelected.connect(export)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _exported(self, path: Path) -> None:
        self._exports = replace(self._exports, done=(*self._exports.done, path))
        self._tell_exports()

    def _not_exported(self, _: str, __: str, what: str) -> None:
        if what == "copy":
            self._exports = replace(self._exports, asked=self._exports.asked - 1)
            self._tell_exports()

    def _tell_exports(self) -> None:
        done = self._exports.done
        if done and len(done) >= self._exports.asked:
            words = f"{len(done)} files were exported to {done[0].parent}."
            words = words if len(done) > 1 else f"Exported to {done[0]}."
            self.told.emit(News("good", words, file=done[0]))
            self._exports = _Exports()

    def _export_with_picture(self) -> None:
        entries, video = self._session.chosen(self._chosen), self._listening.video
        if not entries or video is None:
            return
        files, why = self._model.files([entries[0].id])
        if not files:
            self.told.emit(News("warning", why))
            return
        sound = files[0]
        suffix = video.suffix.lower() if video.suffix.lower() in SUFFIXES else ".mov"
        dialog = QFileDialog(self._window, "Export with picture")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(f"Videos ({' '.join(f'*{each}' for each in SUFFIXES)})")
        dialog.setDefaultSuffix(suffix[1:])
        dialog.selectFile(f"{entries[0].name}{suffix}")
        dialog.fileSelected.connect(lambda to: self._projector.write(video, sound, Path(to)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _written(self, to: Path, notes: str) -> None:
        self.told.emit(News("good", " ".join(filter(None, (f"Exported to {to}.", notes))), file=to))

    def _not_written(self, _: Path, why: str) -> None:
        self.told.emit(News("error", why))


@dataclass(frozen=True)
class _Exports:
    """Copies that were asked for and are not all told of yet."""

    asked: int = 0
    done: tuple[Path, ...] = ()


def _free_files(folder: Path, names: list[str], suffix: str) -> list[Path]:
    """Files of these names in a folder; of a name that is taken, the next free one."""
    files: list[Path] = []
    for name in names:

        def taken(free: str) -> bool:
            file = folder / f"{free}{suffix}"
            return file.exists() or file in files

        files.append(folder / f"{free_name(name, taken)}{suffix}")
    return files


def reveal(file: Path) -> None:
    """Show a file in the system's file manager, selected where it can be."""
    if sys.platform == "win32":
        subprocess.Popen(["explorer", "/select,", str(file)])
    elif sys.platform == "darwin":
        subprocess.Popen(["open", "-R", str(file)])
    else:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(file.parent)))
