"""What is chosen once for all sounds; every change counts at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from hearsight import RequestError

from ..naming import TEMPLATE, Naming, checked_naming, checked_take_template
from ..places import takes_folder
from ..preferences import Preferences
from .cards import labelled
from .checks import Check
from .device import bytes_in_words
from .dials import Number
from .icons import IconButton
from .theme import SPACE, muted, small_font, title_font, tone

__all__ = ["PreferencesView"]

_DEVICES = {
    "auto": "The best that works",
    "rtx": "NVIDIA RTX card (TensorRT-RTX)",
    "cuda": "NVIDIA card (CUDA)",
    "tensorrt": "NVIDIA card (TensorRT)",
    "openvino": "Intel (OpenVINO)",
    "directml": "Graphics card (DirectML)",
    "coreml": "Apple (Core ML)",
    "cpu": "Processor (CPU)",
}
_PRECISIONS = {
    "": "What suits the device",
    "fp32": "32 bit: exact",
    "fp16": "16 bit: half the memory",
    "bf16": "16 bit (bfloat)",
    "int8": "8 bit: smallest",
}
_WIDEST = "Keep at most (GB)"


class PreferencesView(QDialog):
    """A window of its own beside the main one. It edits `Preferences`; fields that it does not
    show stay as they are."""

    changed = Signal(object)
    """The `Preferences` as they are chosen now; only such as can be used."""
    emptied = Signal()
    """Delete the files of rejected sounds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Preferences")
        self._base = Preferences()
        self._problem = QLabel(self)
        self._problem.setWordWrap(True)
        self._problem.setTextFormat(Qt.TextFormat.PlainText)
        self._usage = QLabel(self)
        self._usage.setWordWrap(True)
        self._usage.setFont(small_font(self))
        self._make_fields()
        self._lay_out()
        self._colour()
        self.show_preferences(Preferences())

    def preferences(self) -> Preferences:
        """What is chosen."""
        budget = self._budget.number()
        return replace(
            self._base,
            takes=self._folder.text().strip(),
            budget_gb=self._base.budget_gb if budget is None else budget,
            device=self._device.currentData(),
            precision=self._precision.currentData(),
            delivery=self._delivery.currentData() or self._base.delivery,
            naming=self._naming.text().strip(),
            category=self._category.text().strip(),
            creator=self._creator.text().strip(),
            source=self._source.text().strip(),
            embed=self._embed.isChecked(),
            audition=self._audition.isChecked(),
        )

    def show_preferences(self, chosen: Preferences) -> None:
        """Show these."""
        self._base = chosen
        self._folder.setText(chosen.takes)
        self._folder.setPlaceholderText(str(takes_folder()))
        self._budget.show_number(chosen.budget_gb)
        for box, key in (
            (self._device, chosen.device),
            (self._precision, chosen.precision),
            (self._delivery, chosen.delivery),
        ):
            box.setCurrentIndex(max(box.findData(key), 0))
        self._naming.setText(chosen.naming)
        self._category.setText(chosen.category)
        self._creator.setText(chosen.creator)
        self._source.setText(chosen.source)
        self._embed.setChecked(chosen.embed)
        self._audition.setChecked(chosen.audition)
        self._say("")

    def show_deliveries(self, deliveries: Sequence[tuple[str, str]]) -> None:
        """Offer these: keys and titles."""
        self._delivery.clear()
        for key, title in deliveries:
            self._delivery.addItem(title, key)
        self._delivery.setCurrentIndex(max(self._delivery.findData(self._base.delivery), 0))

    def show_usage(self, originals: int, delivered: int, rejected: int, free: int) -> None:
        """Bytes on the disk: untouched originals, finished files, what of both is rejected, and
        what is left there."""
        words = (
            f"{bytes_in_words(originals)} of originals and {bytes_in_words(delivered)} of finished "
            f"files; {bytes_in_words(free)} free."
        )
        if rejected:
            words += f" Rejected sounds take {bytes_in_words(rejected)} of it."
        self._usage.setText(words)
        self._empty.setEnabled(rejected > 0)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_folder"):
            self._colour()

    def _make_fields(self) -> None:
        self._folder = self._line("Folder of finished files", "")
        self._pick = IconButton("folder", "Choose the folder", self)
        self._pick.clicked.connect(self._choose_folder)
        self._budget = Number(
            "Keep at most, in GB", least=0.5, most=10000, decimals=1, suffix=" GB", parent=self
        )
        self._budget.setToolTip(
            "Beyond this, rejected sounds go first, then the oldest; never a starred one, and\n"
            "never the newest. 1 GB is 1000 MB."
        )
        self._budget.editingFinished.connect(self._tell)
        self._empty = QPushButton("&Empty the bin", self)
        self._empty.setToolTip("Delete the files of rejected sounds. This cannot be undone")
        self._empty.setAutoDefault(False)
        self._empty.setEnabled(False)
        self._empty.clicked.connect(self.emptied)
        self._delivery = self._box("Finished files", {})
        self._naming = self._line("Names", TEMPLATE)
        self._naming.setToolTip("Fields: {prompt} {variation} {seed} {model} {id}")
        self._category = self._line("UCS CatID", "CatID")
        self._category.setToolTip(
            "A CatID of the Universal Category System, such as DOORWood: names become\n"
            "CatID_FXName_CreatorID_SourceID. Leave it empty for plain names"
        )
        self._creator = self._line("UCS creator ID", "Creator ID")
        self._source = self._line("UCS source ID", "Source ID")
        self._embed = Check("&Write into files how they were made", self)
        self._embed.setToolTip(
            "With it a file dropped back brings back its settings, and says that it is generated"
        )
        self._embed.clicked.connect(self._tell)
        self._device = self._box("Device", _DEVICES)
        self._precision = self._box("Precision", _PRECISIONS)
        self._audition = Check("&Play a sound when it is selected", self)
        self._audition.clicked.connect(self._tell)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        folder = QHBoxLayout()
        folder.setSpacing(SPACE // 2)
        folder.addWidget(self._folder, 1)
        folder.addWidget(self._pick)
        budget = QHBoxLayout()
        budget.setSpacing(SPACE)
        budget.addWidget(self._budget)
        budget.addStretch(1)
        budget.addWidget(self._empty)
        ucs = QHBoxLayout()
        ucs.setSpacing(SPACE)
        ucs.addWidget(self._category)
        ucs.addWidget(self._creator)
        ucs.addWidget(self._source)
        self._section(
            column,
            "Files",
            ("F&older", folder, self._folder),
            ("&Keep at most", budget, self._budget),
            ("", self._usage, self._usage),
            ("&Format", self._delivery, self._delivery),
            ("&Names", self._naming, self._naming),
            ("&UCS names", ucs, self._category),
            ("", self._embed, self._embed),
            ("", self._problem, self._problem),
        )
        self._section(
            column,
            "Making sounds",
            ("&Device", self._device, self._device),
            ("P&recision", self._precision, self._precision),
        )
        self._section(column, "Listening", ("", self._audition, self._audition))
        column.addStretch(1)
        close = QPushButton("Close", self)
        close.setAutoDefault(False)
        close.clicked.connect(self.close)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self.setMinimumWidth(520)

    def _section(
        self, column: QVBoxLayout, title: str, *rows: tuple[str, QWidget | QHBoxLayout, QWidget]
    ) -> None:
        if column.count():
            column.addSpacing(SPACE)
        head = QLabel(title, self)
        head.setFont(title_font(self))
        column.addWidget(head)
        grid = labelled(column, _WIDEST)
        for row, (words, what, buddy) in enumerate(rows):
            if words:
                label = QLabel(words, self)
                label.setBuddy(buddy)
                grid.addWidget(label, row, 0)
            if isinstance(what, QWidget):
                grid.addWidget(what, row, 1)
            else:
                grid.addLayout(what, row, 1)

    def _line(self, name: str, placeholder: str) -> QLineEdit:
        line = QLineEdit(self)
        line.setAccessibleName(name)
        line.setPlaceholderText(placeholder)
        line.editingFinished.connect(self._tell)
        return line

    def _box(self, name: str, choices: dict[str, str]) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(name)
        for key, words in choices.items():
            box.addItem(words, key)
        box.activated.connect(self._tell)
        return box

    def _tell(self) -> None:
        """Tell what is chosen, if it is something new that can be used."""
        chosen = self.preferences()
        try:
            checked_take_template(chosen.naming or TEMPLATE)
            if chosen.category:
                checked_naming(Naming("ucs", chosen.category, "", chosen.creator, chosen.source))
            if chosen.takes and not Path(chosen.takes).is_absolute():
                raise RequestError("The folder needs its whole path, from the drive or / on.")
        except RequestError as problem:
            self._say(str(problem))
            return
        self._say("")
        if chosen != self._base:
            self._base = chosen
            self.changed.emit(chosen)

    def _say(self, problem: str) -> None:
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self, "Folder of finished files")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.filesSelected.connect(self._use_folder)
        dialog.open()

    def _use_folder(self, folders: list[str]) -> None:
        self._folder.setText(folders[0])
        self._tell()

    def _colour(self) -> None:
        inks = QPalette(self.palette())
        inks.setColor(QPalette.ColorRole.WindowText, tone(self.palette(), "error"))
        self._problem.setPalette(inks)
        inks.setColor(QPalette.ColorRole.WindowText, muted(self.palette()))
        self._usage.setPalette(inks)
