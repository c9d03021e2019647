"""How the tour goes about: brings up pages, dialogs, menus and popups, and puts them away again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QMenu, QWidget
from shiboken6 import isValid

from kam_desktop.domain.query import Query
from kam_desktop.language import N_, tr
from kam_desktop.ui import pages
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.navigation import ALONE
from kam_desktop.ui.toasts import Toast

Steps = Iterator[str]
_NOBODY = "không có ai như vậy"


@runtime_checkable
class HasPlaces(Protocol):
    """A page with more than one screen."""

    def tour_places(self) -> list[tuple[str, str]]:
        """(name for the picture, place) of the further screens; asked while the first one is shown."""


class Walk:
    """One walk through a window; its parts stand in tour_pages, tour_money and tour_frame; see tour_parts.

    A part yields the name of a screen when it is up, and "" where it only waits for an answer. Whoever walks waits
    after each step until everything that was asked is answered. What a part changes in the profile it takes back.

    Attributes:
        ids: some ids of what there is, by entity.
    """

    def __init__(self, desktop: Any) -> None:
        self.desktop, self.window = desktop, desktop.window
        self.ids: dict[str, list[str]] = {}

    def blank_pages(self, only: Sequence[str] = ()) -> Steps:
        """Every page with its places and nothing over it: for a profile that holds nothing."""
        for entry in pages.PAGES:
            if entry.section != ALONE and (not only or entry.key in only):
                yield from self.page(entry.key)

    def know(self) -> Steps:
        """Asks what there is."""
        names = ("account", "proposal", "task", "invoice", "contact", "price_list", "occasion", "product")
        statements = {
            "twice": "select proposal from proposal_version group by proposal having count(*) > 1",
            "sent": "select proposal from proposal_version where sent_at is not null order by sent_at desc",
            "unknown": "select id from receipt where account is null or account = ''",
        }

        def look(reader: Any) -> dict[str, list[str]]:
            found = {name: list(reader.ids(Query(name)))[:8] for name in names}
            return found | {name: [str(row[0]) for row in reader.sql(each)] for name, each in statements.items()}

        self.desktop.background.ask(look, self.ids.update)
        yield ""

    def first(self, name: str) -> str:
        """The first id of that kind, "" where there is none."""
        return next(iter(self.ids.get(name, ())), "")

    def page(self, key: str) -> Steps:
        """A page and its places."""
        self.window.show_page(key)
        yield key
        page = self.window.page(key)
        for name, place in page.tour_places() if isinstance(page, HasPlaces) else ():
            if name and place:
                self.window.show_page(key, place)
                yield f"{key}-{name}"

    def hush(self) -> None:
        """Takes the message at the lower right away."""
        for toast in self.window.findChildren(Toast):
            if isValid(toast) and toast.isVisible():
                toast.end()

    def over(self, name: str, bring_up: Callable[[], object]) -> Steps:
        """A dialog, several over each other, a menu or a popup; put away after its picture."""
        bring_up()
        yield ""
        yield name
        yield from self.away()

    def away(self) -> Steps:
        """Closes what lies over the window."""
        while (popup := QApplication.activePopupWidget()) is not None:
            popup.close()
        for dialog in reversed(self.window.findChildren(Dialog)):
            if isValid(dialog) and dialog.isVisible():
                dialog.reject()
        yield ""

    def asked(self, name: str, bring_up: Callable[[], object]) -> Steps:
        """A question that waits for its answer in a loop of its own; the walk goes on inside of it."""
        QTimer.singleShot(0, self.window, bring_up)
        yield ""
        yield from self.over(name, lambda: None)

    def context(self, name: str, view: QAbstractItemView) -> Steps:
        """The menu that the menu key brings up in a list."""
        yield from self.over(name, lambda: self.menu_key(view))

    def menu_key(self, view: QAbstractItemView) -> None:
        """Presses the menu key in a list."""
        view.setFocus()
        at = view.visualRect(view.currentIndex()).center()
        event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, at, view.viewport().mapToGlobal(at))
        QApplication.sendEvent(view.viewport(), event)

    def changed(self, work: Callable[[Any], Any]) -> Steps:
        """An edit that `back` takes back."""
        self.desktop.background.edit(work, label=N_("Edit"))
        yield ""

    def back(self) -> Steps:
        """Takes the last edit back."""
        self.desktop.desk.undo()
        yield ""
        self.hush()
        yield ""

    def nothing_fits(self, key: str, listing: Any) -> Steps:
        """A list while nothing in it is what was searched for."""
        listing.search.edit.setText(_NOBODY)
        listing.searched.emit(_NOBODY)
        yield ""
        yield f"{key}-none"
        listing.search.edit.clear()
        listing.searched.emit("")
        yield ""

    def list_tools(self, key: str, listing: Any) -> Steps:
        """The context menu, chosen rows with what can be done to them, columns, saved views."""
        table = listing.table
        table.setFocus()
        table.selectRow(1)
        yield ""
        yield from self.context(f"{key}-context", table)
        selection = table.selectionModel()
        for row in (2, 3):
            flags = selection.SelectionFlag.Select | selection.SelectionFlag.Rows
            selection.select(table.model().index(row, 0), flags)
        yield f"{key}-chosen"
        table.selectRow(1)
        self.menu_key(table)
        pick(tr("Edit “{column}”", column="").rstrip("”"))
        yield ""
        yield f"{key}-cell"
        press_escape(QApplication.focusWidget() or table)
        yield from self.over(f"{key}-columns", lambda: press(listing, tr("Choose columns")))
        yield from self.over(f"{key}-views", lambda: press(listing, tr("View")))
        press(listing, tr("View"))
        yield from self.over(f"{key}-save-view", lambda: pick(tr("Save this view…")))


def press(within: QWidget, words: str) -> None:
    """Presses the first visible button within a widget whose name begins so."""
    for button in within.findChildren(QAbstractButton):
        if button.isVisible() and button.accessibleName().startswith(words):
            button.click()
            return


def press_escape(widget: QWidget) -> None:
    """Presses Esc as a person would."""
    QApplication.sendEvent(widget, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier))


def pick(words: str) -> None:
    """Takes an entry of the menu that is open, and closes it."""
    menu = QApplication.activePopupWidget()
    found = [each for each in menu.actions() if each.text().startswith(words)] if isinstance(menu, QMenu) else []
    if found and menu is not None:
        found[0].trigger()
        menu.close()
