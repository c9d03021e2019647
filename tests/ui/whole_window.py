"""Walks the whole program: every page, place, panel, dialog and message, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QContextMenuEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QTableView, QWidget

from kam_desktop import app, language
from kam_desktop.domain.ids import RandomIds
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.ui import keymap, pages, theme, tour_parts
from kam_desktop.ui.desktop import Desktop
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.navigation import ALONE
from kam_desktop.ui.recovery_sheet import RecoverySheet
from kam_desktop.ui.toasts import Toast
from kam_desktop.ui.tour_walk import HasPlaces, Walk
from kam_desktop.ui.unlock_dialog import UnlockDialog
from tests import makers
from tests.fakes import FakeClock

Fill = Callable[[Store], None]
TELLING = "a sentence about what happened"
ASKING = ("keys", "capture", "columns", "save_view", "new", "log", "receipt")
"""Deeds whose keys bring something up. Those of EVERYWHERE bring up the same over every page."""
EVERYWHERE = ("keys", "capture")
TOURED = ("account", "proposal", "collection", "sync", "settings", "window")


@dataclass(frozen=True)
class Screen:
    """What is shown now: its name, and the widget to look at (the window, or a dialog over it)."""

    name: str
    widget: QWidget


class WholeWindow:
    """The program with a store of its own; `words` stands in messages and dialogs in place of data."""

    def __init__(self, qtbot: Any, folder: Path, clock: FakeClock, fill: Fill, words: str = TELLING) -> None:
        self.qtbot, self.folder, self.words = qtbot, folder, words
        ids = RandomIds(clock)
        store = Store.create(folder / "profile", DataKey.new(), "test", clock, ids)
        fill(store)
        self.desktop = Desktop(clock, ids, None)
        self.door = app.Door(self.desktop, folder / "profile", lambda: store)
        self.window = self.desktop.window
        self.broken: list[Any] = []
        self.desktop.background.broken.connect(self.broken.append)
        self.desktop._telling = True  # our own faults end the test, not a dialog that waits for somebody
        self.window.show()
        self.door.open()
        qtbot.waitUntil(lambda: bool(self.window.current_key() or self.broken))
        self.settle()
        self.window.activateWindow()

    def close(self) -> None:
        """Ends everything."""
        self.window.close()
        assert self.desktop.background.close()
        self.door.close()
        self.window.deleteLater()
        self.settle_deletions()

    def settle(self) -> None:
        """Waits until everything that was asked is answered and shown."""
        for _ in range(3):
            self.qtbot.waitUntil(self.desktop.background.is_idle)
            QApplication.processEvents()
        assert not self.broken, [getattr(each, "details", each) for each in self.broken]

    def settle_deletions(self) -> None:
        """Widgets that were put away go now."""
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()

    def look(self, lang: str, zoom: int, width: int, height: int) -> None:
        """Another language, size of text and size of window."""
        language.use(lang)
        self.window.set_look("light", zoom)
        self.window.resize(width, height)
        self.settle()

    # The walk.

    def screens(self) -> Iterator[Screen]:
        """Every screen, one after the other; each stands until the next one is asked for."""
        yield from self._pages()
        yield from self._panels()
        yield from self._dialogs()
        yield from self._by_keys()
        yield from self._first_run()
        yield from self._tour()

    def _shown(self, name: str) -> Screen:
        self.settle()
        return Screen(name, self.window)

    def _pages(self) -> Iterator[Screen]:
        for entry in pages.PAGES:
            if entry.key == "first_run":
                continue
            self.window.show_page(entry.key)
            yield self._shown(entry.key)
            page = self.window.page(entry.key)
            for name, place in page.tour_places() if isinstance(page, HasPlaces) else ():
                if place:
                    self.window.show_page(entry.key, place)
                    yield self._shown(f"{entry.key}, {name}")
        yield from self._import()

    def _import(self) -> Iterator[Screen]:
        place = self.folder / "in"
        if not place.exists():
            place.mkdir()
            rows = makers.account_rows()
            rows[0][1] = f"Công ty {self.words}"
            makers.write_accounts(place / "khách.xlsx", [*rows, [9, "", "", "", "", "", "", "", "", ""]])
            bill = makers.Bill("77", buyer=(f"Công ty {self.words}", makers.tax_code(900)), seller=self._seller())
            makers.write_invoices(place, [bill])
        self.window.show_page("importing")
        page = self.window.page("importing")
        page.show_reading(self.words)
        page.show_progress(3, 7)
        yield self._shown("importing, reading")
        for files in ([place / "khách.xlsx"], [place]):
            page.show_choose()
            page.files_chosen.emit(files)
            self.qtbot.waitUntil(lambda: page.state() == "preview")
            yield self._shown(f"importing, preview of {files[0].name}")
        if page._asks:
            page.show_opening()
            yield self._shown("importing, opening")
        page.import_wanted.emit()
        self.settle()
        if page.state() == "opening":
            page._on_primary()
        self.qtbot.waitUntil(lambda: page.state() in ("done", "preview"))
        yield self._shown("importing, done")
        self.desktop.desk.undo()
        self.settle()

    def _seller(self) -> tuple[str, str]:
        """Our firm, as the store has it."""
        found: list[Any] = []
        question = "select tax_code from firm"
        self.desktop.background.ask(lambda reader: [row[0] for row in reader.sql(question)], found.extend)
        self.settle()
        return makers.OUR_NAME, found[0] if found and found[0] else makers.OUR_CODE

    def ids(self, entity: str, most: int = 1) -> list[str]:
        """Some ids of that entity."""
        found: list[str] = []
        question = f"select id from {entity} order by id limit {most}"
        self.desktop.background.ask(lambda reader: [row[0] for row in reader.sql(question)], found.extend)
        self.settle()
        return found

    def _panels(self) -> Iterator[Screen]:
        for invoice in self.ids("invoice"):
            self.window.show_page("collection", invoice)
            yield self._shown("collection, invoice")
        self.window.show_page("account")
        page = self.window.page("account")
        page.list.search.edit.setText("không có ai như vậy")
        page.list.searched.emit("không có ai như vậy")
        yield self._shown("account, nothing fits")
        page.list.search.edit.clear()
        page.list.searched.emit("")
        self.settle()
        for text in ("", "a", self.words):
            self.window.open_palette(text)
            self.qtbot.waitUntil(lambda: not self.window._palette._pause.isActive())
            yield self._shown(f"palette, {text[:10]!r}")
            self.window._palette.close_popup()
        for tone in ("", "success", "warning", "danger"):
            self.window.toast(self.words, lambda: None, tone)
            yield self._shown(f"message {tone}")
            self.window._toasts.close_shown()
        self.window.set_status(self.words, "danger", "circle-alert")
        self.window.set_selection_text(self.words)
        yield self._shown("status bar")
        self.window.set_status("Saved on this computer")
        for menu in self.window.findChildren(QMenu):
            if menu.actions():
                menu.popup(self.window.mapToGlobal(self.window.rect().center()))
                QApplication.processEvents()
                yield Screen(f"menu {menu.actions()[0].text()}", menu)
                menu.hide()

    def _dialogs(self) -> Iterator[Screen]:
        window = self.window
        for entity, place in (("account", "account"), ("proposal", "proposal"), ("task", "task")):
            if any(entry.key == place for entry in pages.PAGES) and place != "account":
                window.show_page(place, "new")
                yield from self._dialog(f"{place}, new")
            for identity in self.ids(entity):
                window.show_page(place, identity)
                self.settle()
                yield from self._dialog(f"{place}, form")
        for contact, account in zip(self.ids("contact"), self.ids("account"), strict=False):
            window.show_page("account", account)
            self.settle()
            detail = window.page("account").detail
            detail.contact_wanted.emit("")
            yield from self._dialog("contact, new")
            detail.contact_wanted.emit(contact)
            yield from self._dialog("contact")
            detail.interaction_wanted.emit()
            yield from self._dialog("interaction")
        window.show_page("settings")
        settings = window.page("settings")
        settings.passphrase_wanted.emit()
        yield from self._dialog("settings, passphrase")
        settings.recovery_wanted.emit()
        yield from self._dialog("settings, recovery key", asks=True)
        window.show_page("settings", "rules")
        for kind in ("vat", "provision", "late_interest", "holiday"):
            settings.rules.kinds.choose(kind)
            settings.rules.kinds.changed.emit(kind)
            settings.rules.want("add")
            yield from self._dialog(f"settings, new rule {kind}")
        window.show_page("settings", "terms")
        self.settle()
        settings.terms.new_wanted.emit()
        settings.terms.editor.add_part()
        yield self._shown("settings, new payment term")
        settings.terms.editor.discard_wanted.emit()
        for prices in self.ids("price_list"):
            window.show_page("product", prices)
            self.settle()
            window.page("product").prices.price_wanted.emit("")
            yield from self._dialog("product, price")
        unlock = UnlockDialog(window, lambda *_: None)
        unlock.open()
        yield from self._dialog("unlock")
        for name, call in (
            ("ask", lambda: dialogs.ask(window, self.words, self.words, self.words, danger=True)),
            ("tell", lambda: dialogs.tell(window, self.words, self.words, details=self.words)),
            ("failed", lambda: dialogs.failed(window, self.words)),
        ):
            with mock.patch.object(Dialog, "exec", lambda self: self.open() or 0):
                call()
            yield from self._dialog(f"dialog to {name}")

    def _by_keys(self) -> Iterator[Screen]:
        """What keys and the menu key bring up over each page and its first record."""
        asked = set[str]()
        for entry in pages.PAGES:
            if entry.section == ALONE:
                continue
            for place in ("", *(each for entity in entry.opens[:1] for each in self.ids(entity))):
                for deed in (*ASKING, "context menu"):
                    self.window.show_page(entry.key, place)
                    self.settle()
                    before = self._laid_over()
                    self._ask(deed)
                    if self._laid_over() - before:  # a box in the window, as quick capture is
                        if not (deed in EVERYWHERE and deed in asked):
                            yield Screen(f"{deed} over {entry.key}", self.window)
                        asked.add(deed)
                        QTest.keyClick(self.window.focusWidget() or self.window, Qt.Key.Key_Escape)
                        self.settle()
                    for opened in self._opened():
                        name = f"{deed} over {entry.key}{', a record' if place else ''}"
                        if not (deed in EVERYWHERE and deed in asked):
                            yield Screen(name, opened)
                        asked.add(deed)
                        if isinstance(opened, Dialog):
                            opened.reject()
                            opened.deleteLater()
                        else:
                            opened.close()
                        self.settle_deletions()
        self.window.show_page(pages.PAGES[0].key)
        self.settle()

    def _ask(self, deed: str) -> None:
        """Presses the keys of a deed, or the menu key in the list that is shown."""
        if deed != "context menu":
            keys = QKeySequence(keymap.keys(deed)[0])[0]
            QTest.keyClick(self.window.focusWidget() or self.window, keys.key(), keys.keyboardModifiers())
        else:
            views = self.window.findChildren(QTableView)
            for view in [each for each in views if each.isVisible() and each.model().rowCount()][:1]:
                view.setFocus()
                at = view.visualRect(view.currentIndex()).center()
                event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, at, view.viewport().mapToGlobal(at))
                QApplication.sendEvent(view.viewport(), event)
        self.settle()

    def _laid_over(self) -> set[QWidget]:
        """What lies over the window's frame now; messages that go by themselves do not count."""
        frame = self.window.centralWidget()
        inner = [each for each in frame.children() if isinstance(each, QWidget) and not isinstance(each, Toast)]
        return {each for each in inner if each.isVisible()}

    def _opened(self) -> list[QWidget]:
        """The dialogs and popups that are up now."""
        popup = QApplication.activePopupWidget()
        found: list[QWidget] = [each for each in self.window.findChildren(Dialog) if each.isVisible()]
        return [popup, *found] if popup is not None else found

    def _dialog(self, name: str, *, asks: bool = False) -> Iterator[Screen]:
        self.settle()
        for dialog in [each for each in self.window.findChildren(Dialog) if each.isVisible()]:
            yield Screen(name, dialog)
            if asks:
                dialog.findChild(RecoverySheet).ask(True)
                yield Screen(f"{name}, asked back", dialog)
            dialog.reject()
            dialog.deleteLater()
            self.settle_deletions()

    def _tour(self) -> Iterator[Screen]:
        """What the tour brings up beyond the pages: every panel, menu and dialog with something in it."""
        with mock.patch.object(Dialog, "exec", lambda self: self.open() or 0):
            for name in tour_parts.steps(Walk(self.desktop), TOURED):
                self.settle()
                over = self._opened()
                if name and (over or name not in TOURED):
                    yield Screen(f"tour, {name}", over[-1] if over else self.window)

    def _first_run(self) -> Iterator[Screen]:
        self.window.show_page("first_run")
        page = self.window.page("first_run")
        for way in ("sample", "server", "files"):
            page.choose(way)
            yield self._shown(f"first run, {way}")
        page.go()
        yield self._shown("first run, recovery key")
        page.lock.sheet.ask(True)
        yield self._shown("first run, asked back")
        page.lock.switch.choose("passphrase")
        page.lock._show("passphrase")
        yield self._shown("first run, passphrase")
        page.show_ways()
        page.choose("sample")
        self.window.show_page("today")
        self.settle()


@contextmanager
def whole_window(qtbot: Any, folder: Path, clock: FakeClock, fill: Fill, words: str = TELLING) -> Iterator[WholeWindow]:
    """The program for the time of a test."""
    made = WholeWindow(qtbot, folder, clock, fill, words)
    try:
        yield made
    finally:
        made.close()
        language.use("vi")
        theme.apply(QApplication.instance(), "light", 100)  # type: ignore[arg-type]
