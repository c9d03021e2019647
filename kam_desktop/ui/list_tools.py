"""What every list offers beside its rows: views, columns, a workbook, deeds for chosen rows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from kam_desktop import formats
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui import icons, keymap
from kam_desktop.ui.background import Job
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.kit.buttons import Button, Chip, IconButton, open_below
from kam_desktop.ui.kit.cells import AmountCell
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.kit.record_page import RecordPage
from kam_desktop.ui.line_edits import Line
from kam_desktop.ui.shortcuts import add_shortcut

_PART = 500  # rows that are read together for a workbook
_MODIFIERS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Deed:
    """Something done with the chosen rows.

    Attributes:
        title: translated.
        run: gets the ids, from the top.
        single: offered for one row only.
        key: the deed of the keymap that does the same, "" for none; its keys are shown beside it.
    """

    title: str
    icon: str
    run: Callable[[list[str]], object]
    single: bool = False
    key: str = ""


class Listed(Protocol):
    """What a list tells its tools (its controller, usually)."""

    def view_settings(self) -> dict[str, Any]:
        """Filters, grouping and search of the list now, as a JSON object."""

    def use_view(self, settings: Mapping[str, Any]) -> None:
        """Shows the list with these settings; unknown ones are passed over, an empty object is the plain list."""

    def deeds(self) -> Sequence[Deed]:
        """What can be done with chosen rows."""

    def row_question(self) -> Callable[[Any, Sequence[str]], Mapping[str, Any]]:
        """The question (reader, ids) for rows by id, as the columns show them; it is asked in another lane."""


class ListTools(QObject):
    """The tools of one list; lives as long as its page.

    Attributes:
        chip: shows the view in use and offers the others.
    """

    def __init__(self, controller: RecordController, listed: Listed, page: RecordPage, key: str, name: str) -> None:
        super().__init__(page)
        self.setObjectName("list_tools")
        self._controller, self._listed, self._page, self._key, self._name = controller, listed, page, key, name
        self._desk = controller.desk
        self._views: Sequence[Any] = ()
        self._used = ""
        self.chip = Chip("", tr("View"), icon="star")
        self.chip.clicked.connect(self.open_views)
        self.chosen = Button("", icon="list-checks", small=True)
        self.chosen.clicked.connect(lambda: open_below(self._menu(), self.chosen))
        self.chosen.hide()
        self._columns = IconButton("columns-3", tr("Choose columns"), key=keymap.shown("columns"))
        self._columns.clicked.connect(self.open_columns)
        self._export = IconButton("file-spreadsheet", tr("This list as a workbook"), key=keymap.shown("export_list"))
        self._export.clicked.connect(self._on_export)
        for button in (self.chosen, self.chip, self._columns, self._export):
            page.head.box.insertWidget(page.head.box.indexOf(page.create_button), button)
        for deed, callback in (
            ("columns", self.open_columns), ("export_list", self._on_export), ("save_view", self._on_save),
        ):  # fmt: skip
            add_shortcut(page, deed, callback)
        table = page.table
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._on_context)
        table.selectionModel().selectionChanged.connect(lambda *_: self._on_selection())
        off = self._desk.recalled(f"columns.{key}").get("off", [])
        self._set_off([at for at in off if isinstance(at, int)])
        controller.desk.background.feed.published.connect(self._on_published)
        search = getattr(page, "search", None)
        if search is not None:
            search.edit.installEventFilter(self)
        self.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc in the search box takes its text away; in the empty one it leads to the list, as ↓ does."""
        if not isinstance(event, QKeyEvent) or not isinstance(watched, Line):
            return False
        if watched.composing or event.modifiers() & _MODIFIERS:
            return False
        escape = event.key() == Qt.Key.Key_Escape
        if event.type() == QEvent.Type.ShortcutOverride and escape:
            event.accept()
            return True
        if event.type() != QEvent.Type.KeyPress or not (escape or event.key() == Qt.Key.Key_Down):
            return False
        if escape and watched.text():
            watched.clear()
            self._page.searched.emit("")
        else:
            self._page.table.setFocus()
        return True

    # Saved views.

    def refresh(self) -> None:
        """Asks for the saved views of this list."""
        self._controller.ask(partial(_ask_views, self._key, self._desk.me), self._show_views, f"views {self._key}")

    def _on_published(self, changes: Any) -> None:
        if "saved_view" in changes.entities:
            self.refresh()

    def _show_views(self, views: Sequence[Any]) -> None:
        self._views = views
        found = next((each for each in views if each.id == self._used), None)
        if found is None:
            self._used = ""
        self._name_view(found.name if found else "")

    def _name_view(self, name: str) -> None:
        self.chip.set_texts("", name or tr("View"))
        self.chip.setAccessibleName(f"{tr('View')}: {name or tr('All')}")

    def open_views(self) -> None:
        """The menu of the saved views."""
        menu = QMenu(self._page)
        self._add(menu, tr("All"), "", lambda: self._use(None), checked=not self._used)
        for each in self._views:
            words = f"{each.name} · {tr('team')}" if each.shared else each.name
            self._add(menu, words, "", partial(self._use, each), checked=each.id == self._used)
        menu.addSeparator()
        _show_key(self._add(menu, tr("Save this view…"), "star", self._on_save), "save_view")
        used = next((each for each in self._views if each.id == self._used), None)
        if used is not None:
            self._add(menu, tr("Rename “{name}”…", name=used.name), "pencil", lambda: self._on_rename(used))
            words = tr("Keep it for myself") if used.shared else tr("Share it with the team")
            self._add(menu, words, "users", lambda: self._share(used, not used.shared))
            self._add(menu, tr("Delete “{name}”", name=used.name), "trash-2", lambda: self._forget(used))
        open_below(menu, self.chip)

    def _add(
        self, menu: QMenu, text: str, icon: str, deed: Callable[[], object], *, checked: bool | None = None
    ) -> QAction:
        action = QAction(text.replace("&", "&&"), menu)
        if icon:
            action.setIcon(icons.icon(icon))
        if checked is not None:
            action.setCheckable(True)
            action.setChecked(checked)
        action.triggered.connect(lambda _on=False: deed())
        menu.addAction(action)
        return action

    def _use(self, view: Any) -> None:
        self._used = view.id if view is not None else ""
        settings = dict(view.settings) if view is not None else {}
        off = settings.pop("columns_off", None)
        if isinstance(off, list):
            self._set_off([at for at in off if isinstance(at, int)])
        self._listed.use_view(settings)
        self._name_view(view.name if view is not None else "")

    def _settings(self) -> dict[str, Any]:
        return {**self._listed.view_settings(), "columns_off": sorted(self._page.table.off)}

    def _on_save(self) -> None:
        used = next((each.name for each in self._views if each.id == self._used), "")
        settings = self._settings()

        def keep(name: str) -> None:
            def work(uow: Any) -> Any:
                from kam_desktop.services import view

                return view.save(uow, self._key, name, settings)

            self._controller.edit(work, N_("Save view {name}"), self._saved, name=name)

        ask_name(self._page, tr("Save this view"), used, keep)

    def _saved(self, view: Any) -> None:
        self._used = view.id
        self._name_view(view.name)

    def _on_rename(self, view: Any) -> None:
        def rename(name: str) -> None:
            def work(uow: Any) -> Any:
                from kam_desktop.services import view as views

                return views.rename(uow, view.id, name)

            self._controller.edit(work, N_("Rename view {name}"), name=name)

        ask_name(self._page, tr("Rename view"), view.name, rename)

    def _share(self, view: Any, shared: bool) -> None:
        def work(uow: Any) -> Any:
            from kam_desktop.services import view as views

            return views.rename(uow, view.id, view.name, shared=shared)

        self._controller.edit(work, N_("Share view {name}") if shared else N_("Keep view {name}"), name=view.name)

    def _forget(self, view: Any) -> None:
        def work(uow: Any) -> Any:
            from kam_desktop.services import view as views

            return views.forget(uow, view.id)

        self._controller.edit(work, N_("Delete view {name}"), name=view.name)

    # Columns.

    def open_columns(self) -> None:
        """The menu of the columns."""
        menu, table, model = QMenu(self._page), self._page.table, self._page.model
        for at, column in enumerate(model.columns):
            title = column.title.replace("\n", " · ") or tr("Status")
            if at not in table.off and table.isColumnHidden(at):
                title = tr("{column} (no room now)", column=title)
            action = self._add(menu, title, "", partial(self._turn_column, at), checked=at not in table.off)
            action.setEnabled(at != 0)
        menu.addSeparator()
        self._add(menu, tr("Show all columns"), "", lambda: self._choose_columns([]))
        open_below(menu, self._columns)

    def _turn_column(self, at: int) -> None:
        self._choose_columns(sorted(self._page.table.off ^ {at}))

    def _choose_columns(self, off: Sequence[int]) -> None:
        self._set_off(off)
        self._desk.remember(f"columns.{self._key}", json.dumps({"off": sorted(self._page.table.off)}))

    def _set_off(self, off: Sequence[int]) -> None:
        self._page.table.set_off(frozenset(at for at in off if 0 < at < len(self._page.model.columns)))
        self._page.totals.update()

    # Chosen rows.

    def _on_selection(self) -> None:
        count = self._page.place.count()
        self.chosen.setVisible(count > 1 and bool(self._listed.deeds()))
        self.chip.setHidden(self.chosen.isVisibleTo(self._page))  # what can be done stands where views are chosen
        if count > 1:
            self.chosen.set_label(trn("{n} row: do …", "{n} rows: do …", count))

    def _menu(self) -> QMenu:
        ids = self._page.place.selected() or [each for each in (self._page.place.current(),) if each]
        menu = QMenu(self._page)
        for deed in self._listed.deeds():
            if ids and (len(ids) == 1 or not deed.single):
                _show_key(self._add(menu, deed.title, deed.icon, partial(deed.run, ids)), deed.key)
        return menu

    def _on_context(self, at: QPoint) -> None:
        table = self._page.table
        menu = self._menu()
        if menu.isEmpty():
            return
        index = table.currentIndex()
        place = (
            at if table.rect().contains(at) and table.indexAt(at).isValid() else table.visualRect(index).bottomLeft()
        )
        menu.popup(table.viewport().mapToGlobal(place))

    # A workbook of the list as it is shown.

    def _on_export(self) -> None:
        kinds = [("Excel", "*.xlsx"), ("CSV", "*.csv")]
        day = self._desk.today().isoformat()
        target = dialogs.choose_target(self._page, tr("This list as a workbook"), f"{self._name} {day}.xlsx", kinds)
        if target is not None:
            self.export_to(target if target.suffix else target.with_suffix(".xlsx"))

    def export_to(self, target: Path) -> None:
        """Writes all rows of the list, in its order and with the columns that are shown, into a file."""
        page, background = self._page, self._desk.background
        columns = [at for at in range(len(page.model.columns)) if not page.table.isColumnHidden(at)]
        ids, job = list(page.model.answer.ids), Job(tr("Writing {name}", name=target.name))
        cells = [page.table.itemDelegateForColumn(at) for at in columns]
        amounts = frozenset(at for at, cell in zip(columns, cells, strict=True) if isinstance(cell, AmountCell))
        shown = [page.model.columns[at] for at in columns]
        question = self._listed.row_question()

        def work() -> int:
            from kam_desktop.transfer import exporter

            profile = background.profile
            if profile is None:
                return 0
            lines: list[list[Any]] = []
            with profile.reader() as reader:
                for start in range(0, len(ids), _PART):
                    job.report(start, len(ids))
                    rows = question(reader, ids[start : start + _PART])
                    for key in ids[start : start + _PART]:
                        if key in rows:
                            texts = (column.text(rows[key]) for column in shown)
                            lines.append([_value(text, at in amounts) for at, text in zip(columns, texts, strict=True)])
            heads = [column.title.replace("\n", " · ") or tr("Status") for column in shown]
            exporter.write_table(target, heads, lines)
            return len(lines)

        def done(count: int) -> None:
            words = trn("{n} row written to {name}", "{n} rows written to {name}", count, name=target.name)
            self._desk.shell.toast(words)

        background.run("files", work, done, self._controller.refuse, owner=self._controller, job=job)


def ask_name(parent: QWidget, title: str, name: str, then: Callable[[str], object], *, most: int = 80) -> None:
    """Asks for a few words, at most so many letters; `then` gets them, never none."""
    dialog = dialogs.Dialog(parent, title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box = QLineEdit(name)
    box.setAccessibleName(tr("Name"))
    box.setMaxLength(most)
    box.selectAll()
    dialog.body.addWidget(box)
    dialog.add_button(Button(tr("Cancel")), 0)
    save = dialog.add_button(Button(tr("Save"), kind="primary"))

    def keep() -> None:
        if box.text().strip():
            dialog.accept()
            then(box.text().strip())

    save.clicked.connect(keep)
    box.returnPressed.connect(keep)
    box.setFocus()
    dialog.open()


def _show_key(action: QAction, deed: str) -> None:
    """Shows the keys of a deed beside its action; they are caught elsewhere."""
    if deed and keymap.keys(deed):
        key = keymap.keys(deed)[0]
        action.setShortcut("Enter" if key == "Return" else key)  # as keyboards and our own words call it
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)


def _value(text: str, amount: bool) -> Any:
    """What a cell says, as a workbook holds it: an amount as a number, nothing as nothing."""
    if text in ("", formats.NOTHING):
        return None
    if not amount:
        return text
    decimal = formats.decimal_mark()
    plain = text.replace("." if decimal == "," else ",", "").replace("\u2212", "-").replace(decimal, ".")
    plain = "".join(plain.split())
    return Decimal(plain) if _NUMBER.fullmatch(plain) else text


def _ask_views(key: str, me: str, reader: Any) -> Any:
    from kam_desktop.services import view

    return view.views(reader, key, me)
