"""The floor under every figure: an empty window with a table and a line edit, in the same Python."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow, QTableView, QVBoxLayout, QWidget

from tests.bench.measure import Heartbeat, PaintWatch, Script, Step, born, memory, wheel

_ROWS, _COLUMNS = 100_000, 8


class Numbers(QAbstractTableModel):
    """Rows of short texts from nowhere."""

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else _ROWS

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else _COLUMNS

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        return f"{index.row()} · {index.column()}" if role == Qt.ItemDataRole.DisplayRole else None


def main() -> int:
    """Argument: the file for the figures."""
    application = QApplication(sys.argv[:1])
    window = QMainWindow()
    holder = QWidget()
    box = QVBoxLayout(holder)
    edit, table = QLineEdit(), QTableView()
    table.setModel(Numbers(table))
    table.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
    box.addWidget(edit)
    box.addWidget(table)
    window.setCentralWidget(holder)
    window.resize(1366, 768)
    found: dict[str, Any] = {}
    heart = Heartbeat()
    first = PaintWatch(window)

    def steps() -> Iterator[Step]:
        found["usable"] = first.at - born()
        yield 0.3
        edit.setFocus()
        heart.begin("type")
        letters = []
        watch = PaintWatch(edit)
        for letter in "cong ty an phat viet nam mot hai ba":
            before = watch.count
            began = monotonic()
            QTest.keyClick(edit, letter)
            yield lambda before=before: watch.count > before
            letters.append(watch.at - began)
            yield 0.05
        heart.begin("scroll")
        view = PaintWatch(table.viewport())
        frames = []
        for _ in range(240):
            before = view.count
            began = monotonic()
            wheel(table.viewport())
            yield lambda before=before: view.count > before
            frames.append(view.at - began)
        found.update(letter=letters, frame=frames, memory=memory(), stalls=heart.longest)
        Path(sys.argv[1]).write_text(json.dumps(found), "utf-8")
        application.quit()

    script = Script(steps())

    def shown() -> None:
        found["first_frame"] = first.at - born()
        first.then = None
        script.start()

    first.then = shown
    window.show()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
