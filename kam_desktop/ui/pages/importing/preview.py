"""The preview of an import: counts that filter, and every row with what becomes of it and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.language import tr, trn
from kam_desktop.ui import icons, paint, theme
from kam_desktop.ui.kit.cells import AmountCell, DateCell, Look, PillCell, TextCell
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.record_table import Answer, KeptPlace, RecordTable, RowGroup, TableColumn
from kam_desktop.ui.kit.states import Notice
from kam_desktop.ui.kit.table_view import Column, TableView

CREATE, UPDATE, UNCHANGED, SKIP = "create", "update", "unchanged", "skip"
VERDICTS = (CREATE, UPDATE, UNCHANGED, SKIP)


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row of a file; amounts in minor units of `currency`, `why` is finished text, `odd` names what is wrong.

    Attributes:
        file: the file's name, the head of its group.
        day: the invoice's date.
        extra: for accounts the contact or telephone.
    """

    file: str
    number: int
    verdict: str
    title: str
    tax_code: str = ""
    document: str = ""
    day: date | None = None
    amount: int | None = None
    currency: str = "VND"
    extra: str = ""
    term: str = ""
    why: str = ""


@dataclass(frozen=True)
class PreviewShown:
    """What was found in the files.

    Attributes:
        invoices: show the columns of invoices, else those of customers.
        refused: sentences about files that could not be read at all.
        notes: under each count, e.g. "17 hoá đơn, 1 khách hàng".
    """

    rows: Sequence[PreviewRow]
    invoices: bool
    refused: Sequence[str] = ()
    notes: dict[str, str] = field(default_factory=dict)

    def count(self, verdict: str) -> int:
        """How many rows have that verdict."""
        return sum(row.verdict == verdict for row in self.rows)


def verdict_words() -> dict[str, str]:
    """What becomes of a row, as its pill says it."""
    return {CREATE: tr("New"), UPDATE: tr("Update"), UNCHANGED: tr("Unchanged"), SKIP: tr("Skipped")}


_LOOKS = {
    CREATE: Look(tone="success", icon="plus"),
    UPDATE: Look(tone="", icon="pencil"),
    UNCHANGED: Look(),
    SKIP: Look(tone="warning", icon="circle-alert"),
}
_ICONS = {CREATE: ("plus", "success"), UPDATE: ("pencil", "accent"), UNCHANGED: ("check", "muted"),
          SKIP: ("circle-alert", "warning")}  # fmt: skip


class _NoteCell(TextCell):
    """Text after an amount, a little further off."""

    pad = 14


class CountCard(QAbstractButton):
    """One count; pressed, the table shows only its rows."""

    def __init__(self, verdict: str, words: str) -> None:
        super().__init__()
        self._verdict, self._words, self._count, self._note = verdict, words, 0, ""
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_count(self, count: int, note: str) -> None:
        """Shows another number."""
        self._count, self._note = count, note
        self.setEnabled(count > 0)
        self.setAccessibleName(f"{formats.number(count)} {self._words}. {note}".strip())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.px(200), theme.px(66))

    def keyPressEvent(self, event) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, on = QPainter(self), self.isChecked() or self.hasFocus()
        ground = "subtle" if self.underMouse() and self.isEnabled() else "surface"
        paint.box(painter, QRectF(self.rect()), theme.px(10), theme.color(ground),
                  theme.color("accent" if on else "border"), 2 if on else 1)  # fmt: skip
        icon, token = _ICONS[self._verdict]
        icons.paint(
            painter, theme.px(16), (self.height() - theme.px(20)) / 2, icon, token if self._count else "muted", 20
        )
        left, right = theme.px(48), self.width() - theme.px(8)
        line = QRect(left, theme.px(9), right - left, theme.px(26))
        token = "text" if self._count else "muted"
        used = paint.text(painter, line, formats.number(self._count), token, theme.TITLE, theme.BOLD)
        paint.text(
            painter, line.adjusted(used + theme.px(8), theme.px(2), 0, 0), self._words, token, weight=theme.MEDIUM
        )
        paint.text(painter, QRect(left, theme.px(35), right - left, theme.px(20)), self._note, "muted", theme.CAPTION)


def _quiet(row: PreviewRow) -> Look | None:
    return Look(tone="muted") if row.verdict == UNCHANGED else None


def _total(row: PreviewRow) -> str:
    return formats.amount(row.amount, row.currency) if row.amount is not None else ""


def _columns(invoices: bool) -> list[tuple[TableColumn, Column]]:
    words = verdict_words()
    shown: list[tuple[TableColumn, Column]] = [
        (TableColumn(tr("Row"), lambda row: str(row.number)), Column(40, DateCell("muted"))),
        (
            TableColumn(tr("Result"), lambda row: words[row.verdict], lambda row: _LOOKS[row.verdict]),
            Column(92, PillCell()),
        ),
        (TableColumn(tr("Account"), lambda row: row.title, _quiet), Column(248, TextCell(name=True))),
        (TableColumn(tr("Tax code"), lambda row: row.tax_code, _quiet), Column(112, TextCell("text2"), 1)),
    ]
    if invoices:
        shown += [
            (TableColumn(tr("Invoice"), lambda row: row.document, _quiet), Column(136, TextCell("text2"))),
            (TableColumn(tr("Invoice date"), lambda row: formats.day(row.day) if row.day else "", _quiet),
             Column(84, DateCell(), 2)),
            (TableColumn(tr("Total"), _total, lambda row: _quiet(row) or Look(strong=True)), Column(112, AmountCell())),
        ]  # fmt: skip
    else:
        shown += [
            (TableColumn(tr("Contact"), lambda row: row.extra, _quiet), Column(200, TextCell("text2"), 2)),
            (TableColumn(tr("Payment term"), lambda row: row.term, _quiet), Column(96, DateCell(), 3)),
        ]
    why = TableColumn(
        tr("Note"), lambda row: row.why, lambda row: Look(tone="warning") if row.verdict == SKIP else None
    )
    shown.append((why, Column(0, _NoteCell("text2"))))
    return shown


class Preview(QWidget):
    """Counts above, rows below, files as groups.

    Signals:
        row_told(text): about the current row, for the status bar.
    """

    row_told = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        words = {CREATE: tr("new"), UPDATE: tr("to update"), UNCHANGED: tr("unchanged"), SKIP: tr("skipped")}
        self._shown = PreviewShown((), True)
        self._only = ""
        self.cards = {verdict: CountCard(verdict, words[verdict]) for verdict in VERDICTS}
        counts = Panel(row=True, margins=(24, 0, 24, 16), gap=12)
        for verdict, card in self.cards.items():
            card.clicked.connect(
                lambda _on=False, verdict=verdict: self.show_only("" if self._only == verdict else verdict)
            )
            counts.add(card)
        self._refused = Panel(gap=8)
        self._holder = QHBoxLayout()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(counts)
        box.addWidget(self._refused)
        box.addLayout(self._holder, 1)
        self.model = RecordTable([])
        self.table: TableView | None = None

    def show_preview(self, shown: PreviewShown) -> None:
        """Shows what an import would do."""
        notes = {UNCHANGED: tr("the same as what is there"), SKIP: tr("mend them in the file, then import again"),
                 CREATE: "", UPDATE: "", **shown.notes}  # fmt: skip
        self._shown, self._only = shown, ""
        for verdict, card in self.cards.items():
            card.show_count(shown.count(verdict), notes[verdict] if shown.count(verdict) else "")
        while (item := self._refused.box.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for sentence in shown.refused[:3]:
            self._refused.add(Notice(sentence, "danger", "circle-alert"))
        if len(shown.refused) > 3:
            more = trn("{n} more file could not be read.", "{n} more files could not be read.", len(shown.refused) - 3)
            self._refused.add(Notice(more, "danger", "circle-alert"))
        self._refused.box.setContentsMargins(theme.px(24), 0, theme.px(24), theme.px(12) if shown.refused else 0)
        self._build_table(shown.invoices)
        self.show_only("")

    def _build_table(self, invoices: bool) -> None:
        if self.table is not None:
            self._holder.removeWidget(self.table)
            self.table.hide()
            self.table.deleteLater()
        columns = _columns(invoices)
        self.model = RecordTable([column for column, _ in columns])
        self.table = TableView(tr("Rows of the files"))
        self.model.setParent(self.table)
        self._place = KeptPlace(self.table, self.model)
        self.table.set_columns([place for _, place in columns])
        self.model.wanted.connect(self._on_wanted)
        self._place.current_changed.connect(self._on_current)
        self._holder.addWidget(self.table)
        self.setFocusProxy(self.table)

    def show_only(self, verdict: str) -> None:
        """Shows the rows of one verdict, or all."""
        self._only = verdict
        for name, card in self.cards.items():
            card.setChecked(name == verdict)
        ids = [str(at) for at, row in enumerate(self._shown.rows) if verdict in ("", row.verdict)]
        files: dict[str, int] = {}
        for key in ids:
            file = self._shown.rows[int(key)].file
            files[file] = files.get(file, 0) + 1
        groups = [RowGroup(name, trn("{n} row", "{n} rows", count), count) for name, count in files.items()]
        first = {key: self._shown.rows[int(key)] for key in ids[:100]}
        self.model.set_answer(Answer(ids, groups if len(groups) > 1 else (), first))
        if ids:
            self._place.show(ids[0])

    def _on_wanted(self, ids: list[str]) -> None:
        self.model.deliver({key: self._shown.rows[int(key)] for key in ids})

    def _on_current(self, key: str) -> None:
        if not key:
            self.row_told.emit("")
            return
        row = self._shown.rows[int(key)]
        parts = (tr("Row {n}", n=formats.number(row.number)), verdict_words()[row.verdict], row.why)
        self.row_told.emit(" · ".join(part for part in parts if part))
