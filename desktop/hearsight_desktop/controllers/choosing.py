"""What is chosen once: models, preferences, and the device that plays."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from ..delivery import DELIVERIES
from ..news import News
from ..preferences import Preferences
from ..session import Session
from ..shelf import Facts
from ..shelving import Shelving
from ..takes import Usage
from ..views.banner import Message
from ..views.bundles import BundlesView
from ..views.device import DeviceLine
from ..views.inputs import InputsView
from ..views.preferences import PreferencesView

__all__ = ["Choosing"]


class Choosing(QObject):
    """Between the shelf of models, the preferences and the device line."""

    told = Signal(object)
    """`News`."""
    preferred = Signal(object)
    """The `Preferences` were changed in their window."""

    def __init__(
        self, session: Session, inputs: InputsView, device: DeviceLine, window: QWidget
    ) -> None:
        super().__init__(window)
        self._session, self._inputs, self._window = session, inputs, window
        self._facts: list[Facts] = []
        self._usage: Usage | None = None
        self._shelving = Shelving()
        self._bundles: BundlesView | None = None
        self._preferences: PreferencesView | None = None
        self._shown = session.preferences
        inputs.bundles_wanted.connect(self.show_bundles)
        self._shelving.looked.connect(self._looked)
        self._shelving.verified.connect(self._verified)
        self._shelving.taken_in.connect(self._taken_in)
        self._shelving.refused.connect(self._refused)
        session.device_told.connect(device.show_told)
        session.usage_told.connect(self._count)
        device.freed.connect(session.runner.free_memory)
        device.details_wanted.connect(self.show_preferences)
        self._shelving.look()

    def close(self) -> bool:
        """End the worker; false when that takes longer."""
        for window in (self._bundles, self._preferences):
            if window:
                window.close()
        return self._shelving.close()

    def show_bundles(self) -> None:
        """The models of this machine, in a window beside."""
        if self._bundles is None:
            view = self._bundles = BundlesView(self._window)
            view.chosen.connect(self._use)
            view.verify_wanted.connect(self._verify)
            view.import_wanted.connect(self.take_in)
            view.folder_wanted.connect(self._open_folder)
        self._bundles.show_bundles(self._facts, self._inputs.model())
        _raise(self._bundles)
        self._shelving.look()

    def show_preferences(self) -> None:
        """What is chosen once, in a window beside."""
        if self._preferences is None:
            view = self._preferences = PreferencesView(self._window)
            view.show_deliveries([(form.key, form.title) for form in DELIVERIES.values()])
            view.changed.connect(self._prefer)
            view.emptied.connect(self._session.empty_bin)
        self._shown = self._session.preferences
        self._preferences.show_preferences(self._shown)
        self._show_usage()
        _raise(self._preferences)
        self._session.count()

    def take_in(self, sources: list[Path]) -> None:
        """Copy these models to the user's own ones."""
        for source in sources:
            self._tell(News("note", f"{source} is being copied and checked."))
            self._shelving.take_in(source)

    def _looked(self, facts: list[Facts]) -> None:
        self._facts = facts
        model = self._inputs.model() or self._session.preferences.model
        self._inputs.show_models(facts, model)
        if self._bundles:
            self._bundles.show_bundles(facts, self._inputs.model())

    def _use(self, name: str) -> None:
        self._inputs.show_model(name)
        self._session.prefer(replace(self._session.preferences, model=name))
        if self._bundles:
            self._bundles.show_current(name)

    def _verify(self, name: str) -> None:
        if self._bundles:
            self._bundles.show_state(name, "Checking…")
        self._shelving.verify(name)

    def _verified(self, name: str, wrong: str) -> None:
        if self._bundles:
            self._bundles.show_state(name, "Damaged" if wrong else "All files are whole")
        if wrong:
            self._tell(News("error", wrong))

    def _taken_in(self, name: str) -> None:
        self._tell(News("good", f"The model {name} is there now."))
        self._shelving.look()

    def _refused(self, source: str, why: str) -> None:
        self._tell(News("error", f"{source} was not taken in. {why}"))

    def _open_folder(self, folder: Path) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _prefer(self, chosen: Preferences) -> None:
        before, self._shown = self._shown, chosen
        changed = {
            field.name: getattr(chosen, field.name)
            for field in fields(chosen)
            if getattr(chosen, field.name) != getattr(before, field.name)
        }  # the rest may have been chosen in the main window meanwhile
        self._session.prefer(replace(self._session.preferences, **changed))
        self.preferred.emit(self._session.preferences)

    def _count(self, usage: Usage) -> None:
        self._usage = usage
        self._show_usage()

    def _show_usage(self) -> None:
        if self._preferences and self._usage:
            usage = self._usage
            self._preferences.show_usage(
                usage.originals, usage.delivered, usage.rejected, usage.free
            )

    def _tell(self, news: News) -> None:
        """In the window of models while it is open, else in the main one."""
        if self._bundles and self._bundles.isVisible():
            self._bundles.banners.tell(Message(news.kind, news.text))
        else:
            self.told.emit(news)


def _raise(window: QWidget) -> None:
    window.show()
    window.raise_()
    window.activateWindow()
