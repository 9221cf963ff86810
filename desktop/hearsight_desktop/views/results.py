"""The results in their batches: heard, compared, starred, rejected, dragged out."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QMenu, QStyle, QStyleOptionViewItem, QWidget

from .batches import Kind
from .dragging import drag_files
from .grid import Grid
from .hint import paint_hint
from .keys import Act, act_of, keys_of, number_of, wants
from .takes_model import Role, TakesModel
from .tiles import TileDelegate, parts

__all__ = ["ResultsView"]

_Cursor = QAbstractItemView.CursorAction
_MENU = (
    (Act.PLAY, Act.STAR, Act.REJECT),
    (Act.MORE_LIKE, Act.USE_SETTINGS, Act.LOCK_SEED),
    (Act.COPY, Act.COPY_COMMAND, Act.EXPORT, Act.REVEAL),
    (Act.RENAME,),
)
_SINGLE = {Act.PLAY, Act.REPLAY, Act.MORE_LIKE, Act.USE_SETTINGS, Act.LOCK_SEED, Act.RENAME}
_ABOVE, _BESIDE = 44, 10  # what is seen of the neighbourhood of a tile that was scrolled to


class ResultsView(QAbstractItemView):
    """Tiles that wrap under their headers. Keys of the table in `keys` reach it before any
    shortcut of the window, and never while a name is typed."""

    chosen = Signal(str)
    """This take is the one to look at; empty for none."""
    auditioned = Signal(str)
    """The user moved to this take: it is to be heard, if that is wanted."""
    asked = Signal(object, list)
    """An `Act`, and the ids of the takes that it is for, in their order."""
    dragged = Signal(list)
    """The files of these takes were dropped somewhere."""
    refused = Signal(str)
    """What is selected cannot be dragged: a sentence why."""

    def __init__(self, model: TakesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._takes = model
        self._grid = Grid()
        self._by_user = False
        self._hovered = QPersistentModelIndex()
        self._anchor: tuple[QPersistentModelIndex, int] | None = None
        self._hint = ("", "")
        self.setAccessibleName("Results")
        self.setProperty("lit", True)  # see `paintEvent`
        self.setItemDelegate(TileDelegate(self))
        self.setSelectionMode(self.SelectionMode.ExtendedSelection)
        self.setEditTriggers(self.EditTrigger.NoEditTriggers)
        self.setDragEnabled(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(self.ScrollMode.ScrollPerPixel)
        self.setFrameShape(self.Shape.NoFrame)
        self.viewport().setBackgroundRole(self.palette().ColorRole.Window)
        self.viewport().setMouseTracking(True)
        self.setModel(model)
        model.rowsInserted.connect(self.scheduleDelayedItemsLayout)
        model.rowsRemoved.connect(self.scheduleDelayedItemsLayout)

    def show_hint(self, title: str, words: str) -> None:
        """What to say while there is nothing to show."""
        self._hint = (title, words)
        self.viewport().update()

    def current_id(self) -> str:
        """Of the take that is looked at; empty for none."""
        entry = self._takes.entry(self.currentIndex())
        return entry.id if entry else ""

    def selected_ids(self) -> list[str]:
        """Of the selected takes, in their order."""
        indexes = sorted(self.selectedIndexes(), key=QModelIndex.row)
        return [entry.id for index in indexes if (entry := self._takes.entry(index))]

    def choose(self, id: str) -> None:
        """Look at this take; that alone makes no sound."""
        self._go(self._takes.index_of(id))

    def menu(self) -> QMenu:
        """What can be done with the selected takes."""
        menu, ids = QMenu(self), self.selected_ids()
        for group in _MENU:
            for act in group:
                keys = keys_of(act)
                done = menu.addAction(self._words(act) + (f"\t{keys}" if keys else ""))
                done.triggered.connect(lambda _=False, act=act: self._ask(act))
                done.setEnabled(bool(ids) and (len(ids) == 1 or act not in _SINGLE))
            menu.addSeparator()
        return menu

    def event(self, event: QEvent) -> bool:
        if wants(event) and self.state() != self.State.EditingState:
            event.accept()
            return True
        return super().event(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover(QModelIndex())
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        act, number = act_of(event), number_of(event)
        if self.state() == self.State.EditingState:
            event.ignore()
        elif act is not None:
            self._ask(act)
        elif number is not None:
            self._jump(number)
        else:
            self._by_user = True
            super().keyPressEvent(event)
            self._by_user = False

    def keyboardSearch(self, search: str) -> None:
        """Letters are keys of the table here."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        entry = self._takes.entry(index)
        left = event.button() == Qt.MouseButton.LeftButton
        if left and entry is not None:
            place, point = parts(self.visualRect(index)), event.position().toPoint()
            if place.star.contains(point):
                self.asked.emit(Act.STAR, [entry.id])
                return
            if place.badge.contains(point):
                self.choose(entry.id)
                self.asked.emit(Act.PLAY, [entry.id])
                return
        self._by_user = left
        super().mousePressEvent(event)
        self._by_user = False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        entry = self._takes.entry(self.indexAt(event.position().toPoint()))
        if entry is not None:
            self.asked.emit(Act.REPLAY, [entry.id])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.indexAt(event.position().toPoint()))
        super().mouseMoveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            center = self.visualRect(self.currentIndex()).center()
            place = self.viewport().mapToGlobal(center)
        if self.selected_ids():
            menu = self.menu()
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(place)

    def startDrag(self, supported: Qt.DropAction) -> None:
        ids = self.selected_ids()
        files, why = self._takes.files(ids)
        mime = self._takes.mimeData(self.selectedIndexes())
        if why or mime is None:
            self.refused.emit(why)
        elif drag_files(self, mime, files[0].name if len(ids) == 1 else f"{len(ids)} sounds"):
            self.dragged.emit(ids)

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        super().currentChanged(current, previous)
        id = self.current_id()
        self.chosen.emit(id)
        if id and self._by_user:
            self.auditioned.emit(id)

    def rowsAboutToBeRemoved(self, parent: QModelIndex, first: int, last: int) -> None:
        # Who rejects a take goes on with the one behind it.
        if first <= self.currentIndex().row() <= last:
            after, before = self._take_from(last + 1, 1), self._take_from(first - 1, -1)
            self._go(after if after.isValid() else before)
        super().rowsAboutToBeRemoved(parent, first, last)

    def doItemsLayout(self) -> None:
        self._grid = Grid(self._takes.groups(), self.viewport().width())
        super().doItemsLayout()
        if self._anchor is not None and self._anchor[0].isValid():
            top = self._grid.rect(self._anchor[0].row()).top()
            self.verticalScrollBar().setValue(top + self._anchor[1])

    def updateGeometries(self) -> None:
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setSingleStep(24)
        bar.setPageStep(height)
        bar.setRange(0, max(0, self._grid.height - height))
        super().updateGeometries()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.doItemsLayout()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.scrollDirtyRegion(dx, dy)
        self.viewport().scroll(dx, dy)
        top = self.verticalOffset()
        row = next(self._grid.rows_in(QRect(0, top, self.viewport().width(), 1 << 12)), -1)
        self._anchor = None  # what is new appears above whoever looks at the newest
        if top > 0 and row >= 0:
            anchor = QPersistentModelIndex(self._takes.index(row))
            self._anchor = (anchor, top - self._grid.rect(row).top())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        if not self._takes.rowCount():
            paint_hint(painter, self.viewport(), *self._hint)
        if self.hasFocus() and not self.currentIndex().isValid():  # else its tile shows it
            painter.setPen(QPen(self.palette().color(self.palette().ColorRole.Link), 2))
            painter.drawRect(self.viewport().rect().adjusted(1, 1, -1, -1))
        area = event.rect().translated(0, self.verticalOffset())
        selected, current = self.selectionModel(), self.currentIndex()
        for row in self._grid.rows_in(area):
            index = self._takes.index(row)
            option = QStyleOptionViewItem()
            self.initViewItemOption(option)
            option.rect = self.visualRect(index)
            option.state &= ~(QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_HasFocus)
            if selected.isSelected(index):
                option.state |= QStyle.StateFlag.State_Selected
            if index == current and self.hasFocus():
                option.state |= QStyle.StateFlag.State_HasFocus
            if self._hovered.isValid() and self._hovered.row() == row:
                option.state |= QStyle.StateFlag.State_MouseOver
            self.itemDelegate().paint(painter, option, index)
        painter.end()

    def visualRect(self, index: QModelIndex) -> QRect:
        if not index.isValid():
            return QRect()
        self.executeDelayedItemsLayout()
        return self._grid.rect(index.row()).translated(0, -self.verticalOffset())

    def scrollTo(
        self,
        index: QModelIndex,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        rect, height = self.visualRect(index), self.viewport().height()
        bar = self.verticalScrollBar()
        if rect.top() < _ABOVE or hint == self.ScrollHint.PositionAtTop:
            bar.setValue(bar.value() + rect.top() - _ABOVE)
        elif rect.bottom() > height - _BESIDE:
            bar.setValue(bar.value() + rect.bottom() - height + _BESIDE)

    def indexAt(self, point: QPoint) -> QModelIndex:
        self.executeDelayedItemsLayout()
        row = self._grid.row_at(point + QPoint(0, self.verticalOffset()))
        return self._takes.index(row) if row >= 0 else QModelIndex()

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        self.executeDelayedItemsLayout()
        row, count = self.currentIndex().row(), self._takes.rowCount()
        if row < 0 or action == _Cursor.MoveHome:
            return self._take_from(0, 1)
        if action == _Cursor.MoveEnd:
            return self._take_from(count - 1, -1)
        page = max(1, self.viewport().height() // (self._grid.rect(row).height() + 1))
        lines = {
            _Cursor.MoveUp: -1,
            _Cursor.MoveDown: 1,
            _Cursor.MovePageUp: -page,
            _Cursor.MovePageDown: page,
        }
        if action in lines:
            step = 1 if lines[action] > 0 else -1
            found = self._take_from(self._grid.beside(row, lines[action]), step)
        else:
            step = -1 if action in (_Cursor.MoveLeft, _Cursor.MovePrevious) else 1
            found = self._take_from(row + step, step)
        return found if found.isValid() else self.currentIndex()

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: QModelIndex) -> bool:
        return False

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        # A frame that is drawn takes what it touches; Shift takes everything from corner to corner.
        moved = rect.translated(0, self.verticalOffset())
        ends = [self._grid.row_at(moved.topLeft()), self._grid.row_at(moved.bottomRight())]
        if self.state() == self.State.DragSelectingState or min(ends) < 0:
            rows = list(self._grid.rows_in(moved.normalized()))
        else:
            rows = list(range(min(ends), max(ends) + 1))
        selection = QItemSelection()
        for row in rows:
            index = self._takes.index(row)
            if index.flags() & Qt.ItemFlag.ItemIsSelectable:
                selection.select(index, index)
        self.selectionModel().select(selection, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        region = QRegion()
        for index in selection.indexes():
            region += self.visualRect(index)
        return region

    def _take_from(self, row: int, step: int) -> QModelIndex:
        """The first take from a row on, downward or upward."""
        while 0 <= row < self._takes.rowCount():
            index = self._takes.index(row)
            if index.data(Role.KIND) is Kind.TAKE:
                return index
            row += step
        return QModelIndex()

    def _jump(self, number: int) -> None:
        entry = self._takes.entry(self.currentIndex())
        index = self._takes.numbered(entry.batch, number) if entry else QModelIndex()
        if index.isValid():
            self._by_user = True
            self._go(index)
            self._by_user = False

    def _go(self, index: QModelIndex) -> None:
        """Look at this alone, whatever keys are held just now."""
        alone = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().setCurrentIndex(index, alone)

    def _ask(self, act: Act) -> None:
        current, ids = self.current_id(), self.selected_ids()
        if act is Act.RENAME:
            self.edit(self.currentIndex())
        elif act in _SINGLE:
            self.asked.emit(act, [current] if current else ids[:1])
        else:
            self.asked.emit(act, ids or [current] * bool(current))

    def _words(self, act: Act) -> str:
        entries = [self._takes.entry(index) for index in self.selectedIndexes()]
        if act is Act.STAR and entries and all(e and e.starred for e in entries):
            return "Remove star"
        if act is Act.REJECT and entries and all(e and e.rejected for e in entries):
            return "Take out of the bin"
        return act.value

    def _hover(self, index: QModelIndex) -> None:
        before = QModelIndex(self._hovered)
        if before != index:
            self._hovered = QPersistentModelIndex(index)
            self.update(before)
            self.update(index)
