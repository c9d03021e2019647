"""The keys as one table: shown, changed, refused, kept, and followed by what is bound to them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from kam_desktop.domain.errors import Refused
from kam_desktop.ui import keymap
from kam_desktop.ui.kit.buttons import IconButton
from kam_desktop.ui.shortcut_sheet import KeyQuestion, ShortcutSheet
from kam_desktop.ui.shortcuts import add_shortcut


@pytest.fixture(autouse=True)
def _own_keys() -> Iterator[None]:
    yield
    keymap.reset()


def test_no_key_types_a_letter_and_none_is_given_twice() -> None:
    for deed in keymap.DEEDS:
        given = [QKeySequence(key).toString() for key in deed.keys]
        assert all(given), deed.id
        for other in keymap.DEEDS:
            if other.id != deed.id and (other.scope == deed.scope or keymap.WINDOW in (other.scope, deed.scope)):
                assert not set(given) & {QKeySequence(key).toString() for key in other.keys}, (deed.id, other.id)
        modified = [key for key in given if any(word in key for word in ("Ctrl", "Alt", "Meta"))]
        plain = set(given) - set(modified)
        assert plain <= {"F1", "F2", "F5", "F6", "Shift+F6", "F7", "F8", "F9", "Return", "Enter", "Esc", "Space", "Del"}


def test_what_needs_ctrl_shift_has_another_key_too() -> None:
    """Input methods switch by Ctrl+Shift; such a key may never arrive."""
    for deed in keymap.DEEDS:
        assert not deed.keys or any("Ctrl+Shift" not in key for key in deed.keys), deed.id


@pytest.mark.parametrize(
    ("deed", "keys", "code"),
    [("log", ["K"], "types"), ("log", ["Shift+9"], "types"), ("log", ["Ctrl+K"], "taken"),
     ("log", ["Ctrl+K, Ctrl+L"], "no_key"), ("log", [""], "no_key"), ("palette", ["Ctrl+L"], "taken")],
)  # fmt: skip
def test_a_key_that_cannot_be_is_refused_and_changes_nothing(deed: str, keys: list[str], code: str) -> None:
    before = keymap.keys(deed)
    with pytest.raises(Refused) as refused:
        keymap.rebind(deed, keys)
    assert [problem.code for problem in refused.value.problems] == [code]
    assert keymap.keys(deed) == before and keymap.kept() == "{}"


def test_own_keys_are_kept_and_read_back_and_nonsense_is_left_out() -> None:
    keymap.rebind("log", ["Ctrl+Alt+Y"])
    kept = keymap.kept()
    keymap.reset()
    assert keymap.keys("log") == ("Ctrl+L",)
    keymap.use(kept)
    assert keymap.keys("log") == ("Ctrl+Alt+Y",) and keymap.shown("log") == "Ctrl Alt Y"
    keymap.use(json.dumps({"log": ["x"], "no such": ["F3"], "undo": ["Ctrl+K"], "find": ["F3"], "new": "F4"}))
    assert json.loads(keymap.kept()) == {"find": ["F3"]}
    keymap.use("no json")
    assert keymap.kept() == "{}"


def test_what_is_bound_follows_the_change(qtbot: QtBot) -> None:
    window = QWidget()
    box = QLineEdit()
    QVBoxLayout(window).addWidget(box)
    heard: list[str] = []
    add_shortcut(window, "log", lambda: heard.append("log"))
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert heard == ["log"]
    keymap.rebind("log", ["Ctrl+J"])
    qtbot.keyClick(box, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert heard == ["log"]
    qtbot.keyClick(box, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert heard == ["log", "log"]


def test_the_sheet_finds_changes_and_puts_back(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    sheet = ShortcutSheet(parent)
    sheet.show()
    box = sheet.findChild(QLineEdit)
    box.setText("no such deed")
    assert all(line.isHidden() for _, lines in sheet._lines for line in lines)
    box.setText("log INTERACTION")
    shown = [line for _, lines in sheet._lines for line in lines if not line.isHidden()]
    assert len(shown) == 1
    shown[0].findChildren(IconButton)[-1].click()
    question = sheet.findChild(KeyQuestion)
    question._boxes[0].setKeySequence(QKeySequence("Ctrl+K"))
    question._save()
    assert "Ctrl+K" in question.problem.text() and keymap.keys("log") == ("Ctrl+L",)
    question._boxes[0].setKeySequence(QKeySequence("Ctrl+J"))
    question._save()
    assert keymap.keys("log") == ("Ctrl+J",)
    assert question.result() == 1
    keymap.reset("log")
    assert keymap.keys("log") == ("Ctrl+L",)
