"""What is asked for: files and words, and how the sound is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QImage
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from hearsight import Heard, Modality, Prompt, Request

from ..pictures import Thumbnail
from ..shelf import Facts
from .cards import labelled
from .chips import ChipList
from .dropzone import DropZone
from .icons import IconButton
from .kinds import KINDS
from .knobs import KnobsView
from .like import LikeCard
from .presets import PresetView
from .progress import ProgressLine
from .prompt import TextField, things_in
from .queue import GenerateButton
from .theme import SPACE, as_it_is
from .voice import weight_dial

__all__ = ["InputsView"]

_KINDS = (
    "Pictures, videos and sounds (*.png *.jpg *.jpeg *.webp *.bmp *.tif *.tiff *.gif *.mp4 *.mov"
    " *.mkv *.webm *.avi *.m4v *.wav *.flac *.ogg *.mp3 *.aif *.aiff)",
    "All files (*)",
)
_NARROW = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon


class InputsView(QWidget):
    """Edits one request and the name of its model; what it was shown comes back unchanged, field
    by field, until the user changes it.

    Its parts that tell more are `generate`, `progress`, `presets`, `seed` and `chips`.
    """

    asked = Signal(str)
    """Make what is wanted: at the `back` or `front` of the queue, or to `replace` it."""
    edited = Signal()
    """The user changed what is wanted."""
    dropped = Signal(list)
    """Files (`Path`) and addresses (`str`) were dropped, pasted or chosen."""
    pasted = Signal(QImage)
    """A picture that is no file was pasted."""
    thumbnail_wanted = Signal(Path)
    """`show_thumbnail` is to give the picture of this file."""
    parts_wanted = Signal(Path)
    """`show_parts` is to give what the model found in this picture, if that is known."""
    model_chosen = Signal(str)
    bundles_wanted = Signal()
    """The user wants to see the models of this machine."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._base = Request((Prompt("text", ""),), variations=4)
        self._place = 0  # of the text among the prompts
        self.setAcceptDrops(True)
        self._make_parts()
        self._lay_out()
        self._listen()
        self.show_request(self._base)

    def request(self) -> Request:
        """What is wanted."""
        said, init = self.text.words(), self.chips.init()
        prompts = list(self.chips.prompts())
        if said.strip() or not prompts:
            weight = self._weight.number()
            words = Prompt("text", said, 1.0 if weight is None else weight)
            prompts.insert(min(self._place, len(prompts)), words)
        return replace(
            self._knobs.into(self._base),
            prompts=tuple(prompts),
            init=init and self._knobs.with_strength(init),
            like=self._like.like(),
        )

    def model(self) -> str:
        """The name of the model that is to play it."""
        return self._model.currentData() or ""

    def show_request(self, request: Request, model: str = "") -> None:
        """Show a request, and its model unless that is empty."""
        self._base = request
        if model:  # first: what was weighed in pictures is meant for it
            self.show_model(model)
        prompts = list(request.prompts)
        texts = [place for place, prompt in enumerate(prompts) if prompt.modality == "text"]
        words = prompts.pop(texts[0]) if texts else Prompt("text", "")
        self._place = texts[0] if texts else 0
        self.text.show_words(words.value)
        self._weight.show_number(words.weight)
        self.chips.show_prompts(prompts, request.init)
        self._like.show_like(request.like)
        self._knobs.show_request(request)
        self._settle()

    def show_models(self, models: Sequence[Facts], current: str) -> None:
        """Offer the models that make sound."""
        self._model.clear()
        self._offered = {each.name: each for each in models if each.makes_sound}
        for each in self._offered.values():
            self._model.addItem(each.title or each.name, each.name)
            self._model.setItemData(
                self._model.count() - 1, as_it_is(each.licence), Qt.ItemDataRole.ToolTipRole
            )
        self.show_model(current)
        self.generate.set_enabled_to_ask(
            bool(self._offered), "" if self._offered else "There is no model yet: add one first"
        )

    def show_model(self, name: str) -> None:
        """Stand at this model, even if it is not on this machine any more."""
        place = self._model.findData(name)
        if place < 0 and name:
            self._model.addItem(f"{name} (not on this machine)", name)
            place = self._model.count() - 1
        self._model.setCurrentIndex(place)
        self._use_model()

    def add_file(self, modality: Modality, file: Path, *, begin: bool = False) -> None:
        """Listen to a file; `begin`: start from this sound."""
        self.chips.add(Prompt(modality, str(file)), begin=begin)
        if begin:
            self._knobs.show_strength(None)
        self._changed()

    def show_thumbnail(self, file: Path, thumbnail: Thumbnail) -> None:
        """A file's picture."""
        self.chips.show_thumbnail(file, thumbnail)

    def show_parts(self, file: Path, parts: tuple[Heard, ...]) -> None:
        """What the model found in a picture."""
        self.chips.show_parts(file, parts)
        self._order_tabs()

    def set_inviting(self, inviting: bool) -> None:
        """Whether files are dragged over the window just now."""
        self._zone.set_lit(inviting)

    def take(self, data: QMimeData) -> bool:
        """Tell what is dropped or pasted; False if there is nothing in it for this view."""
        things = things_in(data)
        if things:
            self.dropped.emit(things)
        elif data.hasImage():
            self.pasted.emit(QImage(data.imageData()))
        return bool(things) or data.hasImage()

    def browse(self) -> None:
        """Let the user choose files; the window stays usable."""
        dialog = QFileDialog(self, "Add pictures, videos or sounds")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters(_KINDS)
        dialog.filesSelected.connect(lambda files: self.dropped.emit([Path(f) for f in files]))
        dialog.open()

    def focus_text(self) -> None:
        """Ready to type."""
        self.text.setFocus()

    def minimumSizeHint(self) -> QSize:
        """Wide enough for what scrolls only up and down."""
        bar = self._scroll.verticalScrollBar().sizeHint().width()
        width = self._inside.minimumSizeHint().width() + bar
        return QSize(max(width, 300), super().minimumSizeHint().height())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.set_inviting(True)

    def dragLeaveEvent(self, _: QDragLeaveEvent) -> None:
        self.set_inviting(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.set_inviting(False)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.take(event.mimeData())

    def _make_parts(self) -> None:
        self._offered: dict[str, Facts] = {}
        self._facts = Facts("")
        self._model = QComboBox(self)
        self._model.setAccessibleName("Model")
        self._model.setSizeAdjustPolicy(_NARROW)
        self._model.setMinimumContentsLength(8)
        self._shelf = IconButton("boxes", "Models on this machine: add, check, licences", self)
        self.presets = PresetView(self)
        self._zone = DropZone(self)
        self.chips = ChipList(self)
        self._like = LikeCard(self)
        self.text = TextField("Prompt", "Heavy rain on a tin roof", 4, self)
        self._weight = weight_dial("Weight of the words", self)
        self._knobs = KnobsView(self)
        self.seed = self._knobs.seed

    def _lay_out(self) -> None:
        column = QVBoxLayout()
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, SPACE)
        column.setSpacing(SPACE + 2)
        model = QHBoxLayout()
        model.setSpacing(SPACE // 2)
        model.addWidget(self._model, 1)
        model.addWidget(self._shelf)
        top = labelled(column)
        self._row(top, "&Model", model, self._model)
        self._row(top, "&Preset", self.presets, self.presets.box)
        column.addWidget(self._zone)
        column.addWidget(self.chips)
        column.addWidget(self._like)
        label = QLabel("Descri&be it", self)
        label.setBuddy(self.text)
        column.addWidget(label)
        column.addWidget(self.text)
        grid = labelled(column)
        self._weight_row = self._row(grid, "&Weight of words", self._weight, self._weight)
        column.addWidget(self._knobs)
        column.addStretch(1)

        inside = QWidget()
        inside.setLayout(column)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        # Tab goes in the order in which parts came: these are the last ones.
        self.progress = ProgressLine(self)
        self.generate = GenerateButton(self)
        foot = QVBoxLayout()
        foot.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, 2 * SPACE)
        foot.setSpacing(SPACE + 2)
        foot.addWidget(self.progress)
        foot.addWidget(self.generate)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scroll, 1)
        whole.addLayout(foot)
        self._inside, self._scroll = inside, scroll

    def _listen(self) -> None:
        self._model.activated.connect(self._choose_model)
        self._shelf.clicked.connect(self.bundles_wanted)
        self._zone.clicked.connect(self.browse)
        self.text.dropped.connect(self.dropped)
        self.text.pasted.connect(self.pasted)
        negative = self._knobs.details.negative
        negative.dropped.connect(self.dropped)
        negative.pasted.connect(self.pasted)
        self.chips.thumbnail_wanted.connect(self.thumbnail_wanted)
        self.chips.parts_wanted.connect(self.parts_wanted)
        self.generate.asked.connect(self.asked)
        self.progress.cancelled.connect(lambda: self.generate.cancelled.emit("running"))
        for signal in (
            self.text.textChanged,
            self.chips.changed,
            self._like.changed,
            self._weight.changed,
            self._knobs.edited,
        ):
            signal.connect(self._changed)

    def _row(
        self, grid: QGridLayout, words: str, what: QWidget | QHBoxLayout, buddy: QWidget
    ) -> tuple[QWidget, ...]:
        row = grid.rowCount()
        label = QLabel(words, self)
        label.setBuddy(buddy)
        grid.addWidget(label, row, 0)
        if isinstance(what, QWidget):
            grid.addWidget(what, row, 1)
            return label, what
        grid.addLayout(what, row, 1)
        return (label,)

    def _changed(self) -> None:
        self._settle()
        self.presets.show_changed()
        self.edited.emit()

    def _settle(self) -> None:
        """Make what depends on something else agree with it."""
        self._order_tabs()
        self.chips.set_parts_count(self._parts_count())
        some = len(self.chips) > 0
        self._zone.set_compact(some)
        self.chips.setVisible(some)
        for part in self._weight_row:
            part.setVisible(bool(self.chips.prompts()))
        self._knobs.show_reference(self.chips.init())

    def _parts_count(self) -> bool:
        """Whether the model hears the parts of a picture, or a picture only as a whole."""
        request = self.request()
        said = [prompt.modality for prompt in request.prompts if not prompt.blank]
        beside = [modality for modality in said if modality in self._facts.whole_beside]
        return len(beside) <= 1 or request.mix == "branches"

    def _order_tabs(self) -> None:
        before: QWidget = self._zone
        for stop in (stop for chip in self.chips.chips for stop in chip.stops):
            self.setTabOrder(before, stop)
            before = stop

    def _choose_model(self) -> None:
        self._use_model()
        self.model_chosen.emit(self.model())
        self.edited.emit()

    def _use_model(self) -> None:
        able = Facts(self.model(), understands=tuple(KINDS), begins=True)  # as long as nobody knows
        before, self._facts = self._facts, self._offered.get(self.model(), able)
        facts = self._facts
        if before.name != facts.name:
            self.chips.forget_parts()
        title = facts.title or facts.name or "This model"
        self.chips.set_model(title, facts.understands, facts.begins)
        self._knobs.set_model(facts)
        self._settle()
