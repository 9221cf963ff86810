"""Another program beside the app: one to drag a file out of, and one to drop files on.

`hands.py give FILE LEFT TOP`: what is dragged out of its window is FILE. `hands.py take LEFT TOP`:
it says what is dropped on its window. Both tell in lines of JSON, the first once they are there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDrag, QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel


class Giver(QLabel):
    """Gives a copy of one file to whoever it is dragged on."""

    def __init__(self, file: Path) -> None:
        super().__init__("give")
        self._file = file
        self._pressed = QPoint()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        far = (event.position().toPoint() - self._pressed).manhattanLength()
        if far < QApplication.startDragDistance():
            return
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(self._file))])
        drag = QDrag(self)
        drag.setMimeData(data)
        done = drag.exec(Qt.DropAction.CopyAction)
        print(json.dumps({"given": done == Qt.DropAction.CopyAction}), flush=True)


class Taker(QLabel):
    """Says what it gets, and opens it at once, as an editor does."""

    def __init__(self) -> None:
        super().__init__("take")
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls()]
        said = {
            "files": [str(path) for path in paths],
            "bytes": [path.stat().st_size for path in paths],
            "copied": event.proposedAction() == Qt.DropAction.CopyAction,
        }
        event.acceptProposedAction()
        print(json.dumps(said), flush=True)


def main() -> None:
    """Show one of them until the process is ended."""
    app = QApplication([])
    what, *rest = sys.argv[1:]
    label = Giver(Path(rest.pop(0))) if what == "give" else Taker()
    label.setWindowFlags(Qt.WindowType.FramelessWindowHint)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setFixedSize(120, 120)
    label.move(int(rest[0]), int(rest[1]))
    label.show()
    QTimer.singleShot(300, lambda: print(json.dumps({"ready": what}), flush=True))
    app.exec()


main()
