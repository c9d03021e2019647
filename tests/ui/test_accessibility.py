"""Every widget of every screen: named, reached by keys, large enough, words whole and in one language."""

from __future__ import annotations

import gettext
import html
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QAccessible, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemDelegate,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QRadioButton,
    QScrollBar,
    QWidget,
)

from kam_desktop import app, config, language
from kam_desktop.services.support.notices import notices
from kam_desktop.transfer import lines
from kam_desktop.ui import paint, theme
from kam_desktop.ui.kit.buttons import Button, IconButton
from kam_desktop.ui.kit.labels import ElidedLabel
from kam_desktop.ui.kit.search_box import BareEdit
from tests import makers
from tests.fakes import FakeClock
from tests.ui.whole_window import Screen, WholeWindow, whole_window

LEAST = 24  # px of a target (WCAG 2.2, 2.5.8)
GRID = [
    ("vi", 100, 1366, 768), ("en", 100, 1366, 768), ("vi", 125, 1920, 1080), ("en", 125, 1920, 1080),
    ("vi", 150, 1366, 768), ("en", 150, 1366, 768), ("vi", 150, 1920, 1080), ("en", 150, 1920, 1080),
]  # fmt: skip
WHOLE = bool(os.environ.get("KAM_WHOLE_GRID"))
"""Every look with sample data and without: KAM_WHOLE_GRID=1 python -m pytest -n 0 tests/ui/test_accessibility.py"""
LOOKS = GRID if WHOLE else [GRID[0], GRID[4], GRID[5]]
PROFILES = ("sample data", "nothing")
TODAY = date(2026, 11, 23)


@dataclass
class Painted:
    """What was painted by hand, outside of lists.

    Attributes:
        words: everything; `cut`: what had no room, with the widget it was for.
    """

    words: set[str] = field(default_factory=set)
    cut: list[str] = field(default_factory=list)


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> Painted:
    """Listens to the one function that paints text."""
    heard, real = Painted(), paint.text

    def listening(painter: QPainter, area: QRect, words: str, token: str = "text", size: int = theme.BODY,
                  weight: int = theme.REGULAR, align: Qt.AlignmentFlag = paint.LEFT) -> int:  # fmt: skip
        heard.words.add(words)
        width = theme.metrics(size, weight).horizontalAdvance(words)
        if words and width > area.width() and (who := _painter_of()):
            heard.cut.append(f"{who} paints {words!r}: {width} px in {area.width()}")
        return real(painter, area, words, token, size, weight, align)

    monkeypatch.setattr(paint, "text", listening)
    return heard


def _painter_of() -> str:
    """The class that paints, "" for a cell of a list: there a text may end in an ellipsis."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        who = frame.f_locals.get("self")
        if isinstance(who, QAbstractItemDelegate):
            return ""
        if isinstance(who, QWidget):
            return type(who).__name__
        frame = frame.f_back
    return "?"


@pytest.fixture(params=PROFILES if WHOLE else PROFILES[:1])
def window(request: pytest.FixtureRequest, dressed: None, qtbot: Any, tmp_path: Path) -> Iterator[WholeWindow]:
    """The program with a sample firm, and as it is before anything was entered."""
    clock = FakeClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    full = request.param == "sample data"

    def fill(store: Any) -> None:
        if full:
            app.fill_sample(store, "agency", TODAY)

    with whole_window(qtbot, tmp_path, clock, fill) as made:
        yield made


def seen(screen: Screen) -> Iterator[QWidget]:
    """The widgets on a screen that are seen."""
    for widget in [screen.widget, *screen.widget.findChildren(QWidget)]:
        if widget.isVisible() and widget.window() is screen.widget.window() and widget.width() and widget.height():
            yield widget


def is_inner(widget: QWidget) -> bool:
    """A part that Qt puts into its own widgets: the line of a spin box, the view of a list."""
    if isinstance(widget, (QScrollBar, QHeaderView, QMenu)) or widget.objectName().startswith("qt_"):
        return True
    parent = widget.parentWidget()
    return isinstance(parent, (QAbstractSpinBox, QComboBox, QHeaderView)) or (
        isinstance(parent, QAbstractScrollArea) and widget is parent.viewport()
    )


def is_used(widget: QWidget) -> bool:
    """Whether a person does something with it."""
    texts = (QLineEdit, QPlainTextEdit, QAbstractSpinBox)
    picks = (QAbstractButton, QComboBox, QAbstractItemView, QAbstractSlider)
    return isinstance(widget, (*texts, *picks)) and not is_inner(widget)


def told(screen: Screen, widget: QWidget) -> str:
    words = accessible_name(widget)
    return f"{screen.name}: {type(widget).__name__} {words[:40]!r}"


def accessible_name(widget: QWidget) -> str:
    """What a screen reader calls it."""
    found = QAccessible.queryAccessibleInterface(widget)
    return str(found.text(QAccessible.Text.Name)) if found is not None else widget.accessibleName()


def walked(window: WholeWindow, look: tuple[str, int, int, int], check: Callable[[Screen], list[str]]) -> None:
    """Checks every screen in one look and tells all faults together."""
    window.look(*look)
    faults: dict[str, str] = {}
    count = 0
    for screen in window.screens():
        count += 1
        for fault in check(screen):
            faults.setdefault(fault.partition(": ")[2], fault)  # the frame's faults are told once
    assert not faults, f"{len(faults)} faults\n" + "\n".join(faults.values())
    assert count >= 35


def nameless(screen: Screen) -> list[str]:
    """What a person uses and a screen reader cannot call."""
    return [f"{told(screen, each)} in {type(each.parentWidget()).__name__} has no name"
            for each in seen(screen) if is_used(each) and not accessible_name(each).strip()]  # fmt: skip


def tiny(screen: Screen) -> list[str]:
    """What a person uses and hardly hits."""
    used = [each.parentWidget() if isinstance(each, BareEdit) else each for each in seen(screen) if is_used(each)]
    return [f"{told(screen, each)} is {each.width()}×{each.height()}"
            for each in used if min(each.width(), each.height()) < LEAST]  # fmt: skip


def unreached(screen: Screen) -> list[str]:
    """Tab is pressed until it comes round; F6 leads out of a table whose cells Tab walks through."""
    if isinstance(screen.widget, QMenu) or re.search("palette|menu|capture|catalogue", screen.name):
        return []  # a list of its own under the keyboard: arrows and Enter
    wanted = {each for each in seen(screen) if is_used(each) and each.isEnabled()}
    # of radio buttons the chosen one is a stop, the arrows do the rest
    wanted -= {each for each in wanted if isinstance(each, QRadioButton) and not each.isChecked()}
    reached: set[QWidget] = set()
    screen.widget.activateWindow()
    QTest.qWaitForWindowActive(screen.widget, 2_000)  # keys of a window work in the active one only
    for _ in range(3 * len(wanted) + 40):
        current = screen.widget.focusWidget() or screen.widget
        reached.add(current)
        QTest.keyClick(current, Qt.Key.Key_Tab)
        if screen.widget.focusWidget() is current and isinstance(current, QAbstractItemView):
            QTest.keyClick(screen.widget, Qt.Key.Key_F6)
        elif (cell := screen.widget.focusWidget()) is not None and is_cell(cell):  # Tab goes on from cell to cell
            QTest.keyClick(cell, Qt.Key.Key_Escape)
            QTest.keyClick(screen.widget, Qt.Key.Key_F6)
        if wanted <= reached:
            break
    left = [each for each in wanted - reached if not has_key(each)]
    return [f"{told(screen, each)} is not reached" for each in left]


def is_cell(widget: QWidget) -> bool:
    """Whether it is the editor of a table's cell."""
    port = widget.parentWidget()
    return port is not None and isinstance(port.parentWidget(), QAbstractItemView)


def has_key(widget: QWidget) -> bool:
    """Whether it has a key of its own, as its label or tooltip says."""
    return bool(getattr(widget, "key", "")) or bool(re.search(r"\((Ctrl|Alt|F\d|Esc|Del)[^)]*\)", widget.toolTip()))


# --- whole words ------------------------------------------------------------------------------------------------------


def cut_texts(screen: Screen) -> list[str]:
    """Texts that have less room than they need."""
    found = []
    for widget in seen(screen):
        need, room, words = 0, widget.contentsRect().width(), ""
        if isinstance(widget, ElidedLabel):
            continue  # one line that gives way, and says it all in its tooltip
        if isinstance(widget, QLabel) and widget.text():
            words = widget.text()
            if widget.wordWrap():
                high = widget.heightForWidth(widget.width())
                if high > widget.height() + 1:
                    found.append(f"{told(screen, widget)} {words!r} needs {high} px of height, has {widget.height()}")
                longest = max(words.split() or [""], key=len)
                need = widget.fontMetrics().horizontalAdvance(longest)
            else:
                need = max(widget.fontMetrics().horizontalAdvance(line) for line in words.split("\n"))
                if widget.fontMetrics().height() > widget.height() + 2:
                    found.append(f"{told(screen, widget)} {words!r} is {widget.height()} px high")
        elif isinstance(widget, (Button, QCheckBox)) and not isinstance(widget, IconButton):
            words, need, room = accessible_name(widget), widget.sizeHint().width(), widget.width()
        elif isinstance(widget, QLineEdit) and widget.placeholderText() and not widget.text():
            words = widget.placeholderText()
            need, room = widget.fontMetrics().horizontalAdvance(words), widget.width() - 8
        elif isinstance(widget, QComboBox):
            words = widget.currentText()
            need, room = widget.fontMetrics().horizontalAdvance(words), widget.width() - theme.px(28)
        if need > room + 1:
            found.append(f"{told(screen, widget)} {words!r} needs {need} px, has {room}")
        parent = widget.parentWidget()
        if parent is not None and is_used(widget) and widget.isVisibleTo(parent):
            over = widget.geometry().right() - parent.rect().right()
            scrolls = isinstance(parent.parentWidget(), QAbstractScrollArea) or isinstance(parent, QAbstractItemView)
            if over > 1 and not scrolls:
                found.append(f"{told(screen, widget)} stands {over} px beyond {type(parent).__name__}")
    return found


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def test_every_widget_of_every_screen(window: WholeWindow, painted: Painted, look: tuple[str, int, int, int]) -> None:
    """Named, reached by Tab (in the first look), large enough, its words whole."""

    def check(screen: Screen) -> list[str]:
        painted.cut.clear()  # what was painted on the way here is gone
        screen.widget.grab()
        found = cut_texts(screen) + [f"{screen.name}: {each}" for each in painted.cut]
        if window.window.width() > look[2] or window.window.height() > look[3]:
            found.append(f"{screen.name}: the window outgrows the screen: {window.window.size().toTuple()}")
            window.window.resize(look[2], look[3])
        return found + nameless(screen) + tiny(screen) + (unreached(screen) if look == GRID[0] or WHOLE else [])

    walked(window, look, check)


# --- the right language -----------------------------------------------------------------------------------------------

# Words that are alike in both languages, or stand in their own on purpose.
OWN = {"English", "Tiếng Việt", "Delete", config.APP_NAME}  # Delete is the name of a key
_LITTLE = re.compile(r"\b(the|and|of|is|are|was|not|with|from|this|that|your|you|has|have|for|to|into|all|by|on)\b")


@cache
def sentences(lang: str) -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    """The foreign texts of a language: those that stand alone, and those with places, each with what should stand."""
    path = config.resources() / "translations" / "vi" / "LC_MESSAGES" / "kam_desktop.mo"
    with path.open("rb") as file:
        catalogue = vars(gettext.GNUTranslations(file))["_catalog"]
    alone: dict[str, str] = {}
    places: list[tuple[re.Pattern[str], str]] = []
    ours = {value if lang == "vi" else (key[0] if isinstance(key, tuple) else key) for key, value in catalogue.items()}
    for key, vietnamese in catalogue.items():
        english = key[0] if isinstance(key, tuple) else key
        foreign, own = (english, vietnamese) if lang == "vi" else (vietnamese, english)
        if not foreign or foreign == own or foreign in OWN or foreign in ours:
            continue
        if "{" not in foreign:
            alone[foreign] = own
        elif len(re.findall(r"[^\W\d_]{2,}", re.sub(r"\{\w+\}", "", foreign))) >= 2:
            parts = (re.escape(part) for part in re.split(r"\{\w+\}", foreign))
            places.append((re.compile(".+?".join(parts)), own))
    return alone, places


def texts_of(screen: Screen) -> set[str]:
    """Every text that a person can see or hear on a screen, without what stands in the cells of lists."""
    found = {screen.widget.windowTitle().partition(" – ")[0]}
    for widget in seen(screen):
        found |= {accessible_name(widget), widget.accessibleDescription(), plain(widget.toolTip())}
        if isinstance(widget, QLabel):
            found.add(widget.text())
        if isinstance(widget, QAbstractButton):
            found.add(widget.text().replace("&&", "&"))
        if isinstance(widget, QLineEdit):
            found.add(widget.placeholderText())
        if isinstance(widget, QComboBox):
            found |= {widget.itemText(at) for at in range(widget.count())}
        if isinstance(widget, QAbstractItemView):
            model = widget.model()
            header = getattr(widget, "horizontalHeader", None)
            for column in range(model.columnCount() if header is not None else 0):
                found.add(str(model.headerData(column, Qt.Orientation.Horizontal) or ""))
    for menu in screen.widget.findChildren(QMenu):
        found |= {action.text().replace("&", "") for action in menu.actions()}
    return {part.strip() for text in found for part in re.split(r"[\n·]|, ", text) if part.strip()} | found


def plain(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", text))


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_words_are_in_the_language_of_the_window(window: WholeWindow, painted: Painted, lang: str) -> None:
    alone, places = sentences(lang)
    window.words = "12345"
    data: list[str] = []
    window.desktop.background.ask(lambda reader: list(lines.dump(reader)), data.extend)
    window.settle()
    titles = [f"Column {title}" for title in makers.ACCOUNT_TITLES]
    captured = "Promise to pay hẹn trả"  # the kind, and the line as it was typed
    parts = {part.name for part in notices()}  # of what is shipped, by the names that their makers gave them
    written = "\n".join([*data, *titles, "Sheet", captured])  # what people typed is in the language that they typed

    def check(screen: Screen) -> list[str]:
        painted.words.clear()
        screen.widget.grab()
        texts = texts_of(screen) | painted.words
        found = []
        for text in sorted(texts - OWN - parts):
            own = alone.get(text) or next((own for pattern, own in places if pattern.fullmatch(text)), "")
            if own and text not in written:
                found.append(f"{screen.name}: {text!r} should be {own!r}")
            elif not own and lang == "vi" and text.isascii() and " " in text and _LITTLE.search(text):
                found.append(f"{screen.name}: {text!r} is no Vietnamese")
        return found

    walked(window, (lang, 100, 1366, 768), check)


def test_the_probes_see_faults(qtbot: Any, dressed: None, painted: Painted) -> None:
    """The control: a nameless, tiny, cut and English widget is told."""
    language.use("vi")
    box = QWidget()
    qtbot.addWidget(box)
    box.resize(200, 100)
    small, label = QAbstractButtonForTest(box), QLabel("Một câu dài hơn chỗ của nó rất nhiều", box)
    small.setGeometry(0, 0, 10, 10)
    label.setGeometry(0, 30, 50, 20)
    box.show()
    box.grab()
    screen = Screen("control", box)
    assert [each for each in seen(screen) if is_used(each)] == [small]
    assert accessible_name(small) == "" and small.width() < LEAST
    assert len(cut_texts(screen)) == 1
    assert painted.cut and "QAbstractButtonForTest" in painted.cut[0]
    assert sentences("vi")[0]["Accounts"] != "Accounts"


class QAbstractButtonForTest(QAbstractButton):
    """Without a name, ten by ten, painting more than it has room for."""

    def paintEvent(self, _event: object) -> None:
        painter = QPainter(self)
        paint.text(painter, self.rect(), "Accounts")


def test_another_name_of_the_firm_leaves_the_keyboard_where_it_is(dressed: None, qtbot: Any, tmp_path: Path) -> None:
    clock = FakeClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    with whole_window(qtbot, tmp_path, clock, lambda store: app.fill_sample(store, "agency", TODAY)) as window:
        window.look("en", 100, 1366, 768)
        window.window.show_page("settings")
        window.settle()
        form = window.window.page("settings").form
        line = form.editor("short_name").inner
        line.setFocus()
        line.selectAll()
        QTest.keyClicks(line, "Mai Lan")
        QTest.keyClick(line, Qt.Key.Key_Tab)
        after = window.window.focusWidget()
        assert after is not None and after is not line
        QTest.keyClicks(after, "77")
        window.settle()
        assert window.window.windowTitle() == "Settings – Mai Lan"
        assert window.window.focusWidget() is after and after.text().endswith("77")
