"""Tab walks as the eye does: through frames that hand the keyboard on, and widgets built again."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMainWindow, QRadioButton, QVBoxLayout, QWidget

from kam_desktop.ui import focus_order


class Box(QMainWindow):
    """A window that walks in our order."""

    def focusNextPrevChild(self, forward: bool) -> bool:
        return focus_order.step(self, forward)


def line(name: str) -> QLineEdit:
    made = QLineEdit()
    made.setObjectName(name)
    return made


def box(qtbot: Any) -> Box:
    """first | frame (a, b with the keyboard, late) | last; `late` was made after all and stands before b."""
    window, frame = Box(), QWidget()
    row, inner = QHBoxLayout(), QVBoxLayout(frame)
    second = line("b")
    for widget in (line("a"), second):
        inner.addWidget(widget)
    frame.setFocusProxy(second)
    for widget in (line("first"), frame, line("last")):
        row.addWidget(widget)
    whole = QWidget()
    whole.setLayout(row)
    window.setCentralWidget(whole)
    inner.insertWidget(1, line("late"))
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    return window


def walk(window: QMainWindow, key: Qt.Key, steps: int) -> list[str]:
    names = []
    for _ in range(steps):
        QTest.keyClick(window.focusWidget() or window, key)
        names.append(window.focusWidget().objectName())
    return names


def test_tab_walks_by_layout_and_round(qtbot: Any) -> None:
    window = box(qtbot)
    assert walk(window, Qt.Key.Key_Tab, 6) == ["first", "a", "late", "b", "last", "first"]
    assert walk(window, Qt.Key.Key_Backtab, 3) == ["last", "b", "late"]


def test_what_is_hidden_or_off_is_passed_over(qtbot: Any) -> None:
    window = box(qtbot)
    window.findChild(QLineEdit, "late").hide()
    window.findChild(QLineEdit, "b").setEnabled(False)
    assert walk(window, Qt.Key.Key_Tab, 3) == ["first", "a", "last"]


def test_of_radio_buttons_the_chosen_one_is_the_stop(qtbot: Any) -> None:
    window, whole = Box(), QWidget()
    column = QVBoxLayout(whole)
    for name in ("x", "y", "z"):
        button = QRadioButton(name)
        button.setObjectName(name)
        button.setChecked(name == "y")
        column.addWidget(button)
    column.addWidget(line("after"))
    window.setCentralWidget(whole)
    qtbot.addWidget(window)
    window.show()
    assert walk(window, Qt.Key.Key_Tab, 3) == ["y", "after", "y"]


def test_a_window_with_nothing_to_do_stays(qtbot: Any) -> None:
    window = Box()
    qtbot.addWidget(window)
    assert not focus_order.step(window, True)
