"""The preview of an import: counts that filter, and every row with what becomes of it and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.language import tr, trn
from kam_desktop.ui import icons, paint, theme
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import PlainLabel
from kam_desktop.ui.kit.record_table import Answer, KeptPlace, RecordTable, RowGroup
from kam_desktop.ui.kit.states import Notice
from kam_desktop.ui.kit.table_view import TableView
from kam_desktop.ui.pages.importing.kinds import (
    CREATE,
    SKIP,
    UNCHANGED,
    UPDATE,
    VERDICTS,
    PreviewRow,
    columns_of,
    verdict_words,
)
from kam_desktop.ui.pages.importing.strip import FileBar, PreviewFile

ALL_FILES = "*"


@dataclass(frozen=True)
class PreviewShown:
    """What was found in the files.

    Attributes:
        files: the tables, and all e-invoices as one.
        refused: sentences about files that could not be read at all.
        notes: under each count, e.g. "17 hoá đơn, 1 khách hàng".
    """

    rows: Sequence[PreviewRow]
    files: Sequence[PreviewFile] = ()
    refused: Sequence[str] = ()
    notes: dict[str, str] = field(default_factory=dict)

    def count(self, verdict: str) -> int:
        """How many rows have that verdict."""
        return sum(row.verdict == verdict for row in self.rows)


_ICONS = {CREATE: ("plus", "success"), UPDATE: ("pencil", "accent"), UNCHANGED: ("check", "muted"),
          SKIP: ("circle-alert", "warning")}  # fmt: skip


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
            painter, theme.px(14), (self.height() - theme.px(20)) / 2, icon, token if self._count else "muted", 20
        )
        left, right = theme.px(44), self.width() - theme.px(6)
        line = QRect(left, theme.px(9 if self._note else 20), right - left, theme.px(26))
        token = "text" if self._count else "muted"
        used = paint.text(painter, line, formats.number(self._count), token, theme.TITLE, theme.BOLD)
        paint.text(
            painter, line.adjusted(used + theme.px(8), theme.px(2), 0, 0), self._words, token, weight=theme.MEDIUM
        )
        paint.text(painter, QRect(left, theme.px(35), right - left, theme.px(20)), self._note, "muted", theme.CAPTION)


class Preview(QWidget):
    """Counts above, then how each table was understood, rows below, files as groups.

    Signals:
        row_told(text): about the current row, for the status bar.

    Attributes:
        bar: which file is shown and what it was taken for.
    """

    row_told = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        words = {CREATE: tr("new"), UPDATE: tr("to update"), UNCHANGED: tr("unchanged"), SKIP: tr("skipped")}
        self._shown = PreviewShown(())
        self._only, self._section, self._built = "", ALL_FILES, ""
        self.cards = {verdict: CountCard(verdict, words[verdict]) for verdict in VERDICTS}
        counts = Panel(row=True, margins=(24, 0, 24, 12), gap=12)
        for verdict, card in self.cards.items():
            card.clicked.connect(
                lambda _on=False, verdict=verdict: self.show_only("" if self._only == verdict else verdict)
            )
            counts.add(card)
        self._refused = Panel(gap=8)
        self.bar = FileBar()
        self.bar.file_chosen.connect(self.show_file)
        self._holder = QVBoxLayout()
        self._none = PlainLabel(tone="text2", wrap=True)
        self._instead = Panel(margins=(24, 16, 24, 16), lines="top").add(self._none)
        self._instead.box.addStretch(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        for widget in (counts, self._refused, self.bar):
            box.addWidget(widget)
        self._holder.addWidget(self._instead)
        box.addLayout(self._holder, 1)
        self.model = RecordTable([])
        self.table: TableView | None = None

    def show_preview(self, shown: PreviewShown, *, keep: bool = False) -> None:
        """Shows what an import would do; `keep` leaves the file and the filter as they are."""
        self._shown = shown
        sections = [file.key for file in shown.files]
        if not keep or self._section not in (ALL_FILES, *sections):
            troubled = [file.key for file in shown.files if file.problem]
            self._section = (troubled or sections)[0] if troubled or len(sections) == 1 else ALL_FILES
            self._only = ""
        while (item := self._refused.box.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for sentence in shown.refused[:3]:
            self._refused.add(Notice(sentence, "danger", "circle-alert"))
        if len(shown.refused) > 3:
            more = trn("{n} more file could not be read.", "{n} more files could not be read.", len(shown.refused) - 3)
            self._refused.add(Notice(more, "danger", "circle-alert"))
        self._refused.box.setContentsMargins(theme.px(24), 0, theme.px(24), theme.px(12) if shown.refused else 0)
        self._show_section()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.bar.strip.set_low(self.height() < theme.px(440))

    def show_file(self, key: str) -> None:
        """Shows the rows of one file with the columns of its kind, "*" those of all files."""
        self._section, self._only = key, ""
        self._show_section()
        self.setFocus()

    def _file(self) -> PreviewFile | None:
        return next((file for file in self._shown.files if file.key == self._section), None)

    def _rows(self) -> list[tuple[str, PreviewRow]]:
        rows = enumerate(self._shown.rows)
        return [(str(at), row) for at, row in rows if self._section in (ALL_FILES, row.section)]

    def _show_section(self) -> None:
        file = self._file()
        rows = [row for _, row in self._rows()]
        whole = self._section == ALL_FILES or len(self._shown.files) == 1
        notes = {UNCHANGED: tr("the same as what is there"), SKIP: tr("mend, then import again"),
                 CREATE: "", UPDATE: "", **(self._shown.notes if whole else {})}  # fmt: skip
        for verdict, card in self.cards.items():
            count = sum(row.verdict == verdict for row in rows)
            card.show_count(count, notes[verdict] if count else "")
            if verdict == self._only and not count:
                self._only = ""
        self.bar.show_file(file, self._shown.files)
        kinds = {each.kind for each in self._shown.files}
        table = self._table_for(file.kind if file is not None else next(iter(kinds)) if len(kinds) == 1 else "")
        self._none.setText(tr("Nothing of this table can be imported yet: say above which column is which.")
                           if file is not None and file.problem else "")  # fmt: skip
        self._instead.setVisible(bool(self._none.text()))
        table.setHidden(bool(self._none.text()))
        cards = self.bar.strip.cards
        self.setFocusProxy(cards[0] if cards and self._none.text() else table)
        self.show_only(self._only)

    def _table_for(self, kind: str) -> TableView:
        """The table with the columns of a kind; the one that is there where it has them already."""
        if self.table is not None and self._built == kind:
            return self.table
        if self.table is not None:
            self._holder.removeWidget(self.table)
            self.table.hide()
            self.table.deleteLater()
        self._built = kind
        columns = columns_of(kind)
        self.model = RecordTable([column for column, _ in columns])
        table = self.table = TableView(tr("Rows of the files"))
        self.model.setParent(table)
        self._place = KeptPlace(table, self.model)
        table.set_columns([place for _, place in columns])
        self.model.wanted.connect(self._on_wanted)
        self._place.current_changed.connect(self._on_current)
        self._holder.addWidget(table)
        return table

    def show_only(self, verdict: str) -> None:
        """Shows the rows of one verdict, or all."""
        self._only = verdict
        for name, card in self.cards.items():
            card.setChecked(name == verdict)
        shown = {key: row for key, row in self._rows() if verdict in ("", row.verdict)}
        files: dict[str, int] = {}
        for row in shown.values():
            files[row.file] = files.get(row.file, 0) + 1
        groups = [RowGroup(name, trn("{n} row", "{n} rows", count), count) for name, count in files.items()]
        order = {name: at for at, name in enumerate(files)}  # rows of one group stand together
        ids = sorted(shown, key=lambda key: order[shown[key].file]) if len(files) > 1 else list(shown)
        first = {key: shown[key] for key in ids[:100]}
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
