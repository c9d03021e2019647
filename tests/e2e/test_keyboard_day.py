"""A whole day by keys alone, in the real window; the store is looked at in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtGui import QInputMethodEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QListView, QTableView, QWidget

from kam_desktop import app, formats, language
from kam_desktop.domain.text import fold
from kam_desktop.ui import theme
from tests import makers
from tests.fakes import FakeClock
from tests.ui.whole_window import WholeWindow, whole_window

TODAY = date(2026, 11, 23)
_LONG_MS = 20_000
NEWCOMER = "Công ty TNHH Đường Biển Đại Dương"
ITEMS = tuple((f"Dàn dựng gian hàng {n}", str(n), str(1_000_000 + 50_000 * n)) for n in range(1, 11))

MONEY, PART = 500_000, 400_000


def _has_keyboard(dialog: QWidget) -> bool:
    """Whether keys reach something in the dialog; before it is active they reach what stands under it."""
    focused = QApplication.focusWidget()
    if focused is not None and dialog.isAncestorOf(focused):
        return True
    dialog.activateWindow()
    return dialog.isActiveWindow() and focused is None  # nothing in it takes the keyboard


class Hands:
    """Ten fingers over the window: what has the keyboard gets the keys, nothing else is touched."""

    def __init__(self, qtbot: Any, window: WholeWindow) -> None:
        self.qtbot, self._window = qtbot, window

    @property
    def focus(self) -> QWidget:
        """What has the keyboard; no window manager is here to bring a window forward when a dialog has gone."""
        dialog = QApplication.activeModalWidget()
        if dialog is not None and QApplication.activePopupWidget() is None:  # up, and not active yet
            self.qtbot.waitUntil(lambda: _has_keyboard(dialog), timeout=_LONG_MS)
        if QApplication.activePopupWidget() is None and QApplication.focusWidget() is None:
            (QApplication.activeModalWidget() or self._window.window).activateWindow()
            self.qtbot.waitUntil(lambda: QApplication.activeWindow() is not None, timeout=_LONG_MS)
            self.rest()
        # keys go to the window itself where nothing in it has the keyboard: Tab leads on from there
        found = QApplication.activePopupWidget() or QApplication.focusWidget() or QApplication.activeWindow()
        assert found is not None
        return found

    def rest(self) -> None:
        """Until everything that was asked is answered and shown."""
        self._window.settle()

    def press(self, keys: str) -> None:
        """One key, as the keymap writes it: Ctrl+K, Return."""
        pressed = QKeySequence(keys)[0]
        QTest.keyClick(self.focus, pressed.key(), pressed.keyboardModifiers())
        self.rest()

    def type(self, text: str) -> None:
        """Letters one by one; those that a keyboard has no key for come from the input method."""
        for letter in text:
            if letter.isascii():
                QTest.keyClick(self.focus, letter)
            else:
                event = QInputMethodEvent("", [])
                event.setCommitString(letter)
                QCoreApplication.sendEvent(self.focus, event)

    def name(self) -> str:
        """What the focused widget is called."""
        return self.focus.accessibleName()

    def tab_to(self, *names: str, key: str = "Tab") -> None:
        """Tab until the keyboard stands in one of that name."""
        seen = []
        for _ in range(90):
            if self.name() in names:
                return
            seen.append(self.name())
            self.press(key)
        raise AssertionError(f"Tab does not lead to {names}: {seen}")

    def pick(self, typed: str) -> None:
        """A reference: a part of its title is typed, the list comes up, the first is taken."""
        self.type(typed)
        self.until(lambda: isinstance(QApplication.activePopupWidget(), QListView), f"a list for {typed}")
        self.press("Down")
        self.press("Return")

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Waits, and says for what when it does not come about."""
        try:
            self.qtbot.waitUntil(happened, timeout=_LONG_MS)
        except Exception as problem:
            page, found = self._window.window.where(), QApplication.focusWidget()
            named = found.accessibleName() if found is not None else ""
            raise AssertionError(f"waited for {what}; at {page}, keyboard in {found} {named!r}") from problem
        self.rest()

    def path(self, path: Path, keys: str) -> None:
        """Presses keys that ask for a file and types its path; the dialog has a loop of its own."""
        told: list[str] = []

        def answer() -> None:
            dialog = QApplication.activeModalWidget()
            if isinstance(dialog, QFileDialog) and dialog.isVisible() and _has_keyboard(dialog):
                ticking.stop()
                named = QApplication.focusWidget()
                QTest.keyClick(named, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
                for letter in str(path):
                    QTest.keyClick(named, letter)
                told.append(dialog.windowTitle())
                popup = QApplication.activePopupWidget()
                if popup is not None:
                    QTest.keyClick(popup, Qt.Key.Key_Escape)
                QTest.keyClick(named, Qt.Key.Key_Return)

        ticking = QTimer(interval=50)
        ticking.timeout.connect(answer)
        ticking.start()
        self.press(keys)
        self.until(lambda: bool(told), f"a dialog for {path.name}")

    def tables(self) -> list[QTableView]:
        """The tables that are seen."""
        return [each for each in self._window.window.findChildren(QTableView) if each.isVisible()]

    def cell(self, name: str, text: str) -> bool:
        """Whether the first row of the table of that name shows that text."""
        models = [each.model() for each in self.tables() if each.accessibleName() == name]
        return any(model.index(0, at).data() == text for model in models for at in range(model.columnCount()))

    def lists(self, text: str) -> bool:
        """Whether a list that is seen has a line of that text."""
        seen = [each for each in self._window.window.findChildren(QListView) if each.isVisible()]
        return any(model.index(row, 0).data() == text for model in (each.model() for each in seen)
                   for row in range(model.rowCount()))  # fmt: skip

    def rows(self, question: str, **values: Any) -> list[tuple[Any, ...]]:
        """What the store says; the only look that is no look at the screen."""
        found: list[Any] = []

        def look(reader: Any) -> list[Any]:
            return [tuple(row) for row in reader.sql(question, values)]

        self._window.desktop.background.ask(look, lambda rows: found.append(rows))
        self.rest()
        return list(found[0])


@pytest.fixture
def hands(qtbot: Any, qapp: QApplication, tmp_path: Path) -> Iterator[Hands]:
    language.use("en")
    theme.apply(qapp, "light", 100)
    clock = FakeClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    with whole_window(qtbot, tmp_path, clock, lambda store: app.fill_sample(store, "agency", TODAY)) as made:
        made.look("en", 100, 1366, 768)
        yield Hands(qtbot, made)


def bring_in(hands: Hands, folder: Path) -> None:
    rows = makers.account_rows()[:2]
    rows[0][1], rows[0][2] = NEWCOMER, makers.tax_code(777)
    file = makers.write_accounts(folder / "khach.xlsx", rows)
    before = hands.rows("select count(*) from account")[0][0]
    hands.press("Ctrl+5")
    hands.tab_to("Choose files")
    hands.path(file, "Space")
    hands.until(lambda: any(each.model().rowCount() for each in hands.tables()), "the preview")
    hands.press("Ctrl+Return")
    hands.until(lambda: hands.rows("select count(*) from account")[0][0] > before, "the import")
    assert hands.rows("select count(*) from account where name = :name", name=NEWCOMER) == [(1,)]


def find(hands: Hands, typed: str, name: str) -> str:
    hands.press("Ctrl+K")
    hands.type(typed)
    hands.until(lambda: hands.lists(name), "the palette to find it")
    hands.press("Return")
    page, place = hands._window.window.where()
    assert page == "account" and hands.rows("select name from account where id = :id", id=place) == [(name,)]
    return str(place)


def log_call(hands: Hands, account: str) -> None:
    hands.press("Ctrl+L")
    hands.until(lambda: QApplication.activeModalWidget() is not None, "the dialog of an interaction")
    hands.tab_to("Subject")
    hands.type("Gọi hỏi ngày giao hàng")
    hands.tab_to("What was said")
    hands.type("Hẹn thứ Sáu")
    hands.press("Ctrl+Return")
    hands.until(lambda: QApplication.activeModalWidget() is None, "the interaction to be saved")
    told = hands.rows("select subject, said, kind from activity where account = :a", a=account)
    assert told == [("Gọi hỏi ngày giao hàng", "Hẹn thứ Sáu", "call")]


def offer(hands: Hands, account: str) -> str:
    hands.press("Ctrl+3")
    hands.press("Ctrl+N")
    hands.until(lambda: QApplication.activeModalWidget() is not None, "the dialog of a new proposal")
    hands.tab_to("Account")
    hands.pick("duong bien dai")
    hands.tab_to("Title")
    hands.type("Gian hàng 2027")
    hands.press("Ctrl+Return")
    hands.until(lambda: QApplication.activeModalWidget() is None, "the proposal to be made")
    found = hands.rows("select id from proposal where account = :a", a=account)
    assert len(found) == 1
    hands.until(lambda: hands._window.window.where() == ("proposal", found[0][0]), "the editor")
    hands.tab_to("Lines")
    for item, quantity, price in ITEMS:
        hands.press("Ctrl+Return")
        hands.until(lambda: bool(hands.focus.property("cell")), "the cell of a new line")
        for column, text in (("Item", item), ("Quantity", quantity), ("Price", price)):
            hands.tab_to(column)
            QTest.keyClick(hands.focus, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
            hands.type(text)
        hands.press("Return")
    lines = hands.rows(
        "select l.description, l.quantity, l.price from proposal_line l join proposal_version v on v.id = l.version "
        "where v.proposal = :p order by l.place", p=found[0][0],
    )  # fmt: skip
    assert [(text, int(float(quantity)), int(price)) for text, quantity, price in lines] == [
        (text, int(quantity), int(price)) for text, quantity, price in ITEMS
    ]
    return str(found[0][0])


def export(hands: Hands, target: Path) -> None:
    """The client's page of the proposal as a file."""
    hands.path(target, "Ctrl+P")
    hands.until(target.is_file, "the PDF")
    assert target.read_bytes().startswith(b"%PDF-")
    letters = "".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(target))
    told = "".join(letters.replace("\u200b", "").split())
    for item, _quantity, _price in ITEMS:
        assert "".join(item.split()) in told


def debtor(hands: Hands) -> tuple[str, str]:
    """A customer of the sample with an instalment of which nothing is paid: id and name."""
    question = """
        select a.id, a.name from invoice i join account a on a.id = i.account join instalment t on t.invoice = i.id
        where i.currency = 'VND' and not exists (select 1 from allocation l where l.instalment = t.id)
        order by i.issued_on, i.id, t.place limit 1
    """
    found = hands.rows(question)
    assert found, "nobody owes anything in the sample"
    return str(found[0][0]), str(found[0][1])


def receive(hands: Hands, account: str, name: str) -> str:
    """Writes a receipt down, takes a part of what is suggested away by hand, and records it."""
    hands.press("Ctrl+4")
    hands.press("Ctrl+R")
    hands.tab_to("Account")
    hands.pick(fold(name))
    hands.tab_to("Amount")
    hands.type(str(MONEY))
    hands.tab_to("Reference")
    hands.type("FT26327")
    pays = "What this receipt pays"
    hands.until(lambda: hands.cell(pays, formats.amount(MONEY, "VND")), "the suggestion")
    hands.tab_to(pays)
    hands.press("Return")
    hands.until(lambda: bool(hands.focus.property("cell")), "the cell of a share")
    QTest.keyClick(hands.focus, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    hands.type(str(PART))
    hands.press("Return")
    hands.press("Ctrl+Return")
    question = "select id from receipt where account = :a and amount = :n and reference = 'FT26327'"
    found = hands.rows(question, a=account, n=MONEY)
    assert len(found) == 1
    assert shares(hands, found[0][0]) == [PART]
    return str(found[0][0])


def shares(hands: Hands, receipt: str) -> list[int]:
    """What of a receipt is laid against instalments."""
    found = hands.rows("select amount from allocation where receipt = :r order by amount", r=receipt)
    return [int(row[0]) for row in found]


def test_a_day_by_keyboard(hands: Hands, tmp_path: Path) -> None:
    bring_in(hands, tmp_path)
    account = find(hands, "duong bien dai duong", NEWCOMER)
    log_call(hands, account)
    offer(hands, account)
    export(hands, tmp_path / "bao-gia.pdf")
    payer, name = debtor(hands)
    receipt = receive(hands, payer, name)
    hands.press("Ctrl+Z")
    assert shares(hands, receipt) == [] and hands.rows("select 1 from receipt where id = :r", r=receipt) == []
    hands.press("Ctrl+Y")
    assert shares(hands, receipt) == [PART]
    # in the end everything of the day is there, each thing once
    assert hands.rows("select count(*) from account where name = :n", n=NEWCOMER) == [(1,)]
    assert hands.rows("select count(*) from activity where account = :a", a=account) == [(1,)]
    assert hands.rows("select count(*) from proposal where account = :a", a=account) == [(1,)]
