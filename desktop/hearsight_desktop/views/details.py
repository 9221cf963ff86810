"""What few sounds need: a negative prompt, the numbers of the sampling, candidates."""

from __future__ import annotations

from dataclasses import asdict, replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from hearsight import Request, Search

from .cards import labelled
from .dials import Number
from .prompt import TextField
from .theme import SPACE

__all__ = ["DetailsView"]

_SOLVERS = {"": "Model's own", "ddim": "DDIM", "dpm++2m": "DPM-Solver++ (2M)", "euler": "Euler"}
_MIXES = {
    "average": "Blend the model's way",
    "raw": "Blend as they are",
    "unit": "Blend as equals",
    "branches": "Follow each (slower)",
}
_SEARCH = {
    "rounds": ("Search rounds", 10_000, "How often the model goes on from the best it found"),
    "candidates": ("Search width", 10_000, "So many are compared in each round"),
    "draws": ("Search draws", 1_000_000, "Each of them is the mean of so many"),
}


class DetailsView(QWidget):
    """Edits the fields of a request that few sounds need."""

    edited = Signal()
    steps_edited = Signal()
    guidance_edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.negative = TextField("Negative prompt", "What it should not sound like", 2, self)
        self.negative.textChanged.connect(self.edited)
        self.steps = Number("Steps", least=1, most=1000, auto="model's own", parent=self)
        self.steps.setToolTip("How often the sound is refined: more is slower")
        self.steps.changed.connect(self.steps_edited)
        self.guidance = Number(
            "Guidance", least=0, most=30, step=0.5, decimals=2, auto="model's own", parent=self
        )
        self.guidance.setToolTip("How much the prompt is exaggerated: 1 follows it as it is")
        self.guidance.changed.connect(self.guidance_edited)
        self._solver = _box("Solver", _SOLVERS, self)
        self._solver.setToolTip("The rule by which noise becomes sound")
        self._solver.activated.connect(self.edited)
        self._own_search: Search | None = None
        self._mix = _box("Several prompts", _MIXES, self)
        self._mix.setToolTip(
            "Blend the model's way: a sound in between, as it was made for.\n"
            "Blend as they are: what the model answers strongly to counts more.\n"
            "Blend as equals: each counts by its weight alone.\n"
            "Follow each: all are asked for at once, each at the price of one more model call."
        )
        self._mix.activated.connect(self.edited)
        self._candidates = Number("Candidates", least=1, most=100, parent=self)
        self._candidates.setToolTip(
            "So many are made for each sound, and the one most like the prompts is kept"
        )
        self._candidates.changed.connect(self.edited)
        self._search: dict[str, Number] = {}
        for key, (words, most, _) in _SEARCH.items():
            number = Number(words, least=1, most=most, auto="model's own", parent=self)
            number.changed.connect(self.edited)
            self._search[key] = number

        about = QLabel("Wit&hout", self)
        about.setBuddy(self.negative)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(about)
        column.addWidget(self.negative)
        grid = labelled(column)
        rows = (
            ("S&teps", self.steps),
            ("Gu&idance", self.guidance),
            ("Solve&r", self._solver),
            ("Sever&al prompts", self._mix),
            ("Ca&ndidates", self._candidates),
            *((_SEARCH[key][0], number) for key, number in self._search.items()),
        )
        self._search_rows: list[QWidget] = []
        for row, (words, field) in enumerate(rows):
            label = QLabel(words, self)
            label.setBuddy(field)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
            if field in self._search.values():
                self._search_rows += [label, field]
        self.set_search(None)

    def into(self, request: Request) -> Request:
        """The request with what this says."""
        steps, solver = self.steps.number(), self._solver.currentData()
        return replace(
            request,
            negative=self.negative.words(),
            steps=None if steps is None else int(steps),
            guidance=self.guidance.number(),
            solver=solver or None,
            mix=self._mix.currentData(),
            candidates=int(self._candidates.number() or 1),
            search=self._searched(request.search),
            eta=request.eta if (solver or None) == request.solver else None,
        )

    def show_request(self, request: Request) -> None:
        """Say what the request says."""
        self.negative.show_words(request.negative)
        self.steps.show_number(request.steps)
        self.guidance.show_number(request.guidance)
        self._solver.setCurrentIndex(self._solver.findData(request.solver or ""))
        self._mix.setCurrentIndex(self._mix.findData(request.mix))
        self._candidates.show_number(request.candidates)
        for key, number in asdict(request.search or Search()).items():
            self._search[key].show_number(number)
        self.set_search(self._own_search)

    def set_search(self, own: Search | None) -> None:
        """How long the model searches for its condition; None if it does not. What is asked of a
        search is shown in any case."""
        self._own_search = own
        usual = asdict(own) if own else {}
        for key, number in self._search.items():
            tip = _SEARCH[key][2]
            number.setToolTip(f"{tip}; the model's own is {usual[key]}" if usual else tip)
        asked = any(number.number() is not None for number in self._search.values())
        for part in self._search_rows:
            part.setVisible(own is not None or asked)

    def used(self) -> bool:
        """Whether anything here differs from what most sounds need."""
        plain = Request(())
        return self.into(plain) != plain

    def _searched(self, before: Search | None) -> Search | None:
        """What is asked of the search; as before where that says the same in other words."""
        asked = {key: field.number() for key, field in self._search.items()}
        search = Search(**{key: number and int(number) for key, number in asked.items()})
        if search == (before or Search()):
            return before
        return None if search == Search() else search


def _box(name: str, choices: dict[str, str], parent: QWidget) -> QComboBox:
    box = QComboBox(parent)
    box.setAccessibleName(name)
    for key, words in choices.items():
        box.addItem(words, key)
    return box
