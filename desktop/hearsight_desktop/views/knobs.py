"""How the sound is made: length, chance, how closely, how well."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from hearsight import Init, Request

from .. import quality
from ..shelf import Facts
from .cards import Disclosure, labelled
from .checks import Check
from .details import DetailsView
from .dials import Dial, Number
from .seed import SeedView
from .segments import Segments
from .theme import SPACE

__all__ = ["KnobsView"]

_QUALITIES = (
    ("draft", "Draft", "Half as many steps: about twice as fast"),
    ("good", "Good", "As many steps as the model was made for"),
    ("best", "Best", "Twice as many steps: about half as fast"),
)


class KnobsView(QWidget):
    """Edits the fields of a request that are numbers and choices; what people call quality and
    following the prompt are steps and guidance in `details`, which have the last word."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._facts = Facts("")
        self._reference: Init | None = None
        self._seconds = Number(
            "Length", least=0.1, most=600, decimals=2, suffix=" s", auto="auto", parent=self
        )
        self._variations = Number("Variations", least=1, most=10, parent=self)
        self._variations.setToolTip("So many different sounds are made at a time")
        self.seed = SeedView(self)
        self._follow = Dial(
            "Follow prompt",
            lambda at: quality.guidance_at(at, self._facts.guidance),
            lambda guidance: quality.follow_of(guidance, self._facts.guidance),
            self._guidance_words,
            self,
        )
        self._closeness = Dial(
            "How close to the reference",
            quality.strength_at,
            lambda strength: quality.closeness_of(self._strength(strength)),
            lambda strength: f"Strength {self._strength(strength):g}: how much of it is made anew",
            self,
        )
        self._quality = Segments("Quality", _QUALITIES, self)
        self._steps = QLabel(self)
        self._loop = Check("&Seamless loop", self)
        self._loop.setToolTip("The end runs on into the start")
        self.details = DetailsView(self)
        self._more = Disclosure("M&ore", self.details, self)
        self._lay_out()
        self._listen()

    def into(self, request: Request) -> Request:
        """The request with what this says; another seed than it has begins another series."""
        seed = self.seed.seed()
        same_noise = seed == request.seed
        return replace(
            self.details.into(request),
            seconds=self._seconds.number(),
            variations=int(self._variations.number() or 1),
            seed=seed,
            first_variation=request.first_variation if same_noise else 0,
            id=request.id if same_noise else "",
            loop=self._loop.isChecked(),
        )

    def with_strength(self, init: Init) -> Init:
        """The sound to begin with, changed as much as is chosen."""
        return replace(init, strength=self._closeness.number())

    def show_request(self, request: Request) -> None:
        """Say what the request says."""
        self._seconds.show_number(request.seconds)
        self._variations.show_number(request.variations)
        self.seed.show_seed(request.seed)
        self._loop.setChecked(request.loop)
        self.details.show_request(request)
        if self.details.used():
            self._more.set_open(True)
        self.show_reference(request.init)
        self.show_strength(request.init.strength if request.init else None)
        self._settle()

    def show_reference(self, init: Init | None) -> None:
        """Whether there is a sound to begin with, and of which kind."""
        self._reference = init
        for part in self._closeness_row:
            part.setVisible(init is not None)
        self.show_strength(self._closeness.number())

    def show_strength(self, strength: float | None) -> None:
        """How much of the sound to begin with is made anew; None leaves it to the model."""
        self._closeness.show_number(strength)

    def set_model(self, facts: Facts) -> None:
        """Whose steps and guidance are the usual ones."""
        self._facts = facts
        self.details.set_search(facts.search)
        own = f"else {facts.seconds:g} s" if facts.seconds else "else as the model likes it"
        self._seconds.setToolTip(f"auto: as long as the video or the sound to start from, {own}")
        self._settle()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE + 2)
        grid = labelled(column)
        _row(grid, "&Length", self._seconds, self._seconds)
        _row(grid, "&Variations", self._variations, self._variations)
        _row(grid, "See&d", self.seed, self.seed.field)
        _row(grid, "&Follow prompt", self._follow, self._follow)
        self._closeness_row = _row(grid, "How &close to it", self._closeness, self._closeness)
        _row(grid, "&Quality", self._quality, self._quality)
        self._steps_row = _row(grid, "", self._steps, self._steps)
        _row(grid, "", self._loop, self._loop)
        column.addWidget(self._more)
        self.setTabOrder(self._loop, self._more.switch)

    def _listen(self) -> None:
        self._follow.changed.connect(self._follow_moved)
        self._quality.chosen.connect(self._quality_chosen)
        for signal in (
            self._seconds.changed,
            self._variations.changed,
            self.seed.changed,
            self._closeness.changed,
            self._loop.clicked,
            self.details.edited,
            self.details.steps_edited,
            self.details.guidance_edited,
        ):
            signal.connect(self._changed)

    def _changed(self) -> None:
        self._settle()
        self.edited.emit()

    def _settle(self) -> None:
        """Show the steps and the guidance in the words of people."""
        steps = self.details.steps.number()
        known = quality.quality_of(None if steps is None else int(steps), self._facts.steps)
        self._quality.show_key(known)
        self._steps.setText("" if known or steps is None else f"{steps:g} steps")
        for part in self._steps_row:
            part.setVisible(known is None)
        self._follow.show_number(self.details.guidance.number())

    def _follow_moved(self) -> None:
        self.details.guidance.show_number(self._follow.number())
        self._changed()

    def _quality_chosen(self, key: quality.Quality) -> None:
        steps = None if key == "good" else quality.steps_of(key, self._facts.steps)
        self.details.steps.show_number(steps)
        self._changed()

    def _strength(self, strength: float | None) -> float:
        if strength is not None:
            return strength
        return 1.0 if self._reference and self._reference.partial else 0.6

    def _guidance_words(self, guidance: float | None) -> str:
        own = self._facts.guidance
        return f"Guidance {own if guidance is None else guidance:g}; the model's own is {own:g}"


def _row(grid: QGridLayout, words: str, what: QWidget, buddy: QWidget) -> tuple[QWidget, QWidget]:
    row = grid.rowCount()
    label = QLabel(words)
    label.setBuddy(buddy)
    grid.addWidget(label, row, 0)
    grid.addWidget(what, row, 1)
    return label, what
