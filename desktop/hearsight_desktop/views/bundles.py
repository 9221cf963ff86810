"""The models of this machine: what they are, whether they are whole, and how more are added."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from ..shelf import Facts
from .banner import Banners
from .cards import Card
from .prompt import things_in
from .shelf_model import ShelfModel
from .theme import SPACE, title_font

__all__ = ["BundlesView"]


class _Airy(QStyledItemDelegate):
    """Columns as wide as their words and some air."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return super().sizeHint(option, index) + QSize(3 * SPACE, 0)


class BundlesView(QDialog):
    """A window of its own beside the main one, which stays usable. `banners` tells what went
    wrong in it."""

    chosen = Signal(str)
    """Play with this model from now on."""
    verify_wanted = Signal(str)
    """Hash every file of this bundle."""
    import_wanted = Signal(list)
    """Copy these folders and zips to the others."""
    folder_wanted = Signal(Path)
    """Show this folder in the system's file manager."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Models")
        self.setAcceptDrops(True)
        self.resize(860, 480)
        self.banners = Banners(self)
        self._model = ShelfModel(self)
        self._table = self._made_table()
        self._name, self._about = QLabel(self), QLabel(self)
        self._name.setFont(title_font(self))
        for label in (self._name, self._about):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._use = QPushButton("&Use this model", self)
        self._use.clicked.connect(self._tell_chosen)
        self._verify = QPushButton("&Check files", self)
        self._verify.setToolTip("Read every file and compare it with its checksum")
        self._verify.clicked.connect(lambda: self.verify_wanted.emit(self.selected()))
        self._open = QPushButton("Show in &folder", self)
        self._open.clicked.connect(self._tell_folder)
        self._add = QPushButton("&Add a model", self)
        self._add.setToolTip("From a folder or a zip; both can also be dropped here")
        menu = QMenu(self._add)
        menu.addAction("From a &folder…", lambda: self._choose(folder=True))
        menu.addAction("From a &zip…", lambda: self._choose(folder=False))
        self._add.setMenu(menu)
        close = QPushButton("Close", self)
        close.clicked.connect(self.close)
        for button in (self._use, self._verify, self._open, self._add, close):
            button.setAutoDefault(False)
        self._lay_out(close)
        self._show_details()

    def show_bundles(self, rows: Sequence[Facts], current: str) -> None:
        """Show all bundles and which of them plays; what was selected stays selected."""
        before = self.selected()
        self._model.show_bundles(rows)
        self._model.show_current(current)
        row = max(self._model.row_of(before or current), 0)
        if rows:
            self._table.selectRow(row)
        self._empty.setVisible(not rows)
        self._show_details()

    def show_current(self, name: str) -> None:
        """This one plays now."""
        self._model.show_current(name)

    def show_state(self, name: str, state: str) -> None:
        """What is going on with a bundle, such as `Checking 3 of 12` or `All files are whole`."""
        self._model.show_state(name, state)

    def selected(self) -> str:
        """Name of the selected bundle."""
        facts = self._facts()
        return facts.name if facts else ""

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.import_wanted.emit(things_in(event.mimeData()))

    def _made_table(self) -> QTableView:
        table = QTableView(self)
        table.setModel(self._model)
        table.setItemDelegate(_Airy(table))
        table.setAccessibleName("Models on this machine")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(round(self.fontMetrics().height() * 1.9))
        head = table.horizontalHeader()
        head.setHighlightSections(False)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        table.selectionModel().currentRowChanged.connect(self._show_details)
        table.doubleClicked.connect(self._tell_chosen)
        return table

    def _lay_out(self, close: QPushButton) -> None:
        self._empty = QLabel("There is no model yet. Drop the folder or the zip of one here.", self)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        card = Card(self)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(2 * SPACE, SPACE + 4, 2 * SPACE, SPACE + 4)
        inside.setSpacing(SPACE)
        inside.addWidget(self._name)
        inside.addWidget(self._about)
        acts = QHBoxLayout()
        acts.setSpacing(SPACE)
        acts.addWidget(self._use)
        acts.addWidget(self._verify)
        acts.addWidget(self._open)
        acts.addStretch(1)
        inside.addLayout(acts)
        self._card = card
        foot = QHBoxLayout()
        foot.addWidget(self._add)
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE + 4)
        column.addWidget(self.banners)
        column.addWidget(self._table, 1)
        column.addWidget(self._empty)
        column.addWidget(card)
        column.addLayout(foot)

    def _facts(self) -> Facts | None:
        return self._model.facts(self._table.currentIndex().row())

    def _show_details(self, _: QModelIndex | None = None) -> None:
        facts = self._facts()
        self._card.setVisible(facts is not None)
        if facts is None:
            return
        self._name.setText(facts.title or facts.name)
        self._about.setText("\n".join(_about(facts)))
        self._use.setEnabled(facts.makes_sound and not facts.broken)
        self._verify.setEnabled(facts.folder is not None)
        self._open.setEnabled(facts.folder is not None)

    def _tell_chosen(self) -> None:
        if self._use.isEnabled():
            self.chosen.emit(self.selected())

    def _tell_folder(self) -> None:
        facts = self._facts()
        if facts and facts.folder:
            self.folder_wanted.emit(facts.folder)

    def _choose(self, *, folder: bool) -> None:
        dialog = QFileDialog(self, "Add a model")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if folder:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
            dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
            dialog.setNameFilter("Zipped models (*.zip)")
        dialog.filesSelected.connect(
            lambda files: self.import_wanted.emit([Path(file) for file in files])
        )
        dialog.open()


def _about(facts: Facts) -> list[str]:
    if facts.broken:
        return [facts.broken]
    lines = [facts.licence]
    if facts.makes_sound:
        lines.append(
            f"Understands {facts.hears}. Makes sounds at {facts.sample_rate / 1000:g} kHz, "
            f"{facts.seconds:g} s unless another length is asked for."
        )
    else:
        lines.append(
            f"Understands {facts.hears} for models of the space {facts.space}; makes no sound "
            "itself."
        )
    return [*lines, str(facts.folder or "")]
