"""Laptops of the firm, asked at the server: revoked by administrators; what they handed in, for leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from kam_desktop import formats
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui import theme
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.kept_place import KeptPlace
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.cells import TextCell
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.labels import PlainLabel, caption
from kam_desktop.ui.kit.record_table import Answer, RecordTable, TableColumn
from kam_desktop.ui.kit.table_view import Column, TableView
from kam_desktop.ui.palette import Command
from kam_desktop.ui.sentences import words_of

ADMINISTRATOR = "administrator"
Row = Mapping[str, Any]


def _at(row: Row, name: str) -> str:
    try:
        return formats.moment(datetime.fromisoformat(str(row.get(name) or "")))
    except ValueError:
        return formats.NOTHING


def _state(row: Row) -> str:
    if not row.get("revoked"):
        return tr("In use")
    handed = int(row.get("handed_in") or 0)
    erased = tr("Erased {at}", at=_at(row, "left_at")) if row.get("left_at") else tr("Revoked")
    waits = trn("{n} entry waits for the lead", "{n} entries wait for the lead", handed) if handed else ""
    return " · ".join(part for part in (erased, waits) if part)


def _what(row: Row) -> str:
    found = [each for each in row.get("changes", ()) if isinstance(each, Mapping)]
    kinds = dict.fromkeys(tr(BY_NAME[each["entity"]].label) for each in found if each.get("entity") in BY_NAME)
    return ", ".join(kinds)


def _values(row: Row) -> str:
    """The values of the first changes, so that a lead knows what it is about."""
    said = []
    for each in row.get("changes", ())[:3]:
        new = each.get("new") if isinstance(each, Mapping) else None
        texts = [str(value) for value in (new or {}).values() if isinstance(value, str) and len(value) != 36]
        said.append(" ".join(texts[:3]))
    return " · ".join(each for each in said if each)[:200]


def _of_laptops() -> list[tuple[int, TableColumn]]:
    return [
        (120, TableColumn(tr("Who"), lambda row: row["user"])),
        (70, TableColumn(tr("Laptop"), lambda row: row["letter"])),
        (140, TableColumn(tr("Last seen"), lambda row: _at(row, "last_seen"))),
        (0, TableColumn(tr("State"), _state)),
    ]


def _handed_in() -> list[tuple[int, TableColumn]]:
    return [
        (150, TableColumn(tr("By"), lambda row: row["by"])),
        (160, TableColumn(tr("At"), lambda row: _at(row, "at"))),
        (160, TableColumn(tr("Kind"), _what)),
        (0, TableColumn(tr("Contents"), _values)),
    ]


class LaptopsDialog(Dialog):
    """One list; what can be done with the chosen row stands in the foot.

    Attributes:
        deeds: the buttons by their deed: revoke, or take and drop.
    """

    def __init__(self, parent: QWidget, *, administrates: bool) -> None:
        super().__init__(parent, tr("Laptops of the firm") if administrates else tr("Handed in by laptops"), width=820)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        shown = _of_laptops() if administrates else _handed_in()
        self.model = RecordTable([column for _, column in shown], self)
        self.table = TableView(self.windowTitle())
        self.place = KeptPlace(self.table, self.model)
        self.table.set_columns([Column(width, TextCell("text2" if width else "text")) for width, _ in shown])
        self.table.setMinimumHeight(theme.px(300))
        if administrates:
            words = tr(
                "A revoked laptop is refused at once. "
                "When it is online it hands in what it had not sent, then erases itself."
            )
        else:
            words = tr(
                "What laptops that were revoked had not sent. "
                "It is written with the rights of whoever wrote it, or let go."
            )
        self.said = PlainLabel("", tone="danger", wrap=True)
        self.said.hide()
        for widget in (caption(words, wrap=True), self.table, self.said):
            self.body.addWidget(widget)
        self.add_button(Button(tr("Close")), 0)
        named = [("revoke", tr("Revoke…"))] if administrates else [("drop", tr("Let go…")), ("take", tr("Take in"))]
        self.deeds = {deed: self.add_button(Button(title, kind="primary" if deed == "take" else "secondary"))
                      for deed, title in named}  # fmt: skip
        self.show_rows({})

    def show_rows(self, rows: Mapping[str, Row]) -> None:
        """Shows these rows by their keys."""
        self.model.set_answer(Answer(list(rows), (), dict(rows)))
        for button in self.deeds.values():
            button.setEnabled(bool(rows))
        if rows and not self.place.current():
            self.place.show(next(iter(rows)))

    def say(self, words: str) -> None:
        """Why something was not done."""
        self.said.setText(words)
        self.said.setVisible(bool(words))


class Laptops(QObject):
    """Opens the list over a window, for whoever may do something there."""

    def __init__(self, desk: Desk, window: Any) -> None:
        super().__init__(window)
        self._desk, self._window = desk, window
        self.dialog: LaptopsDialog | None = None
        self._rows: dict[str, Row] = {}
        words = ("may tinh xach tay", "thiet bi", "laptops", "devices", "revoke", "handed in")
        window.add_command(Command(N_("Laptops of the firm"), self.open, words, "", "monitor"))

    @property
    def _administrates(self) -> bool:
        return self._desk.agent[0].now.role == ADMINISTRATOR

    def open(self) -> None:
        """Shows it; the list comes from the server."""
        if not self._desk.agent[0].now.connected:
            self._window.toast(tr("Connect to the shared server first."), None, "warning")
            return
        self.bring_up(administrates=self._administrates)
        self._ask({})

    def bring_up(self, *, administrates: bool) -> LaptopsDialog:
        """The dialog, with nothing in it yet."""
        self.dialog = made = LaptopsDialog(self._window, administrates=administrates)
        for deed, button in made.deeds.items():
            button.clicked.connect(partial(self._do, deed))
        made.open()
        return made

    def _do(self, deed: str) -> None:
        dialog = self._dialog()
        key = dialog.place.current() if dialog is not None else ""
        if dialog is None or not key:
            return
        if deed == "revoke":
            title = tr("Revoke this laptop?")
            text = tr("{user} cannot use it any more. It erases itself once it has handed in what was not sent. This "
                      "cannot be undone.", user=str(self._rows[key].get("user", "")))  # fmt: skip
            if dialogs.ask(dialog, title, text, tr("Revoke"), danger=True):
                self._ask({"revoke": key})
        elif deed == "take" or dialogs.ask(
            dialog, tr("Let it go?"), tr("What was handed in is not written. This cannot be undone."), tr("Let go"),
            danger=True,
        ):  # fmt: skip
            self._ask({"group": key, "take": deed == "take"})

    def _ask(self, more: Mapping[str, Any]) -> None:
        """At the server: the deed, then the list anew."""
        found: list[Mapping[str, Any]] = []
        name, told = ("devices", "devices") if self._administrates else ("handed-in", "waiting")

        def work(agent: Any) -> None:
            answer = agent.ask(name, **more)
            found.append(answer)
            found.append(answer if told in answer else agent.ask(name))

        self._desk.agent[0].at_server(work, lambda: self._show(found[0], found[1].get(told, ())), self._refused)

    def _show(self, answer: Mapping[str, Any], rows: Sequence[Row]) -> None:
        dialog = self._dialog()
        if dialog is None:
            return
        key = "id" if self._administrates else "group"
        self._rows = {str(each[key]): each for each in rows if isinstance(each, Mapping) and key in each}
        verdict = answer.get("verdict")
        problem = verdict[1].get("problem", {}) if verdict and verdict[0] in ("refused", "conflict") else {}
        said = {name: str(value) for name, value in (problem.get("args") or {}).items()}
        dialog.say(tr(str(problem["message"]), **said) if problem.get("message") else "")
        if self._administrates:
            dialog.show_rows(self._rows)
            return
        ids = {str(each.get("author")) for each in self._rows.values()}
        self._desk.background.ask(partial(_names, ids), self._show_named, key="handed in names", owner=self)

    def _show_named(self, names: Mapping[str, str]) -> None:
        dialog = self._dialog()
        if dialog is not None:
            rows = self._rows.items()
            dialog.show_rows({key: {**row, "by": names.get(str(row.get("author")), "")} for key, row in rows})

    def _refused(self, failure: Any) -> None:
        if (dialog := self._dialog()) is not None:
            dialog.say(words_of(failure))

    def _dialog(self) -> LaptopsDialog | None:
        return self.dialog if self.dialog is not None and isValid(self.dialog) else None


def _names(ids: set[str], reader: Any) -> dict[str, str]:
    from kam_desktop.domain.entities import Person

    found = {each: reader.get(Person, each) for each in ids}
    return {each: person.full_name for each, person in found.items() if person is not None}
