"""How a table was understood: its kind, and every column with its field, which a person can change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QMenu, QScrollArea, QSizePolicy, QWidget

from kam_desktop.language import tr, trn
from kam_desktop.ui import icons, paint, theme
from kam_desktop.ui.kit.buttons import Chip, open_below
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import ElidedLabel, IconLabel, set_tip

MOST_COLUMNS = 80
"""Columns of which the strip makes cards; one that has a field always gets its card."""


@dataclass(frozen=True, slots=True)
class StripColumn:
    """One column of a table; `field` is "" where it is not used, `samples` are its first values as text."""

    column: int
    title: str
    field: str
    label: str
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PreviewFile:
    """One table of an import, or all its e-invoices, and how it was understood.

    Attributes:
        key: the path, or "einvoices" for all of those, which have no columns.
        kinds, sheets: (word, name) of what it could be taken for; sheets of the workbook.
        fields: (word, label, required) that a column can be taken for.
        missing: labels of required fields without a column, those that stand for one another joined.
        problem: why the table cannot be imported as it stands, a finished sentence.
    """

    key: str
    name: str
    kind: str
    kind_name: str
    columns: Sequence[StripColumn] = ()
    kinds: Sequence[tuple[str, str]] = ()
    fields: Sequence[tuple[str, str, bool]] = ()
    missing: Sequence[str] = ()
    sheet: str = ""
    sheets: Sequence[str] = ()
    remembered: bool = False
    problem: str = ""
    notes: Sequence[str] = ()


def _plain(text: str) -> str:
    return text.replace("&", "&&")


class ColumnCard(QAbstractButton):
    """The title of a column in the file, the field it is taken for, and its first values; pressed, the fields.

    Signals:
        chosen(field): it is another field, "" for none.
    """

    chosen = Signal(str)

    def __init__(self, column: StripColumn, file: PreviewFile) -> None:
        super().__init__()
        self.column = column
        self._file = file
        self._title = column.title or tr("Column {n}", n=column.column + 1)
        self._label = column.label or tr("Not used")
        name = tr("Column {title}, taken for: {field}", title=self._title, field=self._label)
        self.setAccessibleName(name)
        self.setAccessibleDescription(", ".join(column.samples))
        set_tip(self, "\n".join((self._title, *column.samples)))
        self.low = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill)
        self.clicked.connect(lambda: open_below(self.menu, self))

    def _fill(self) -> None:
        self.menu.clear()
        taken = {each.field: each.title for each in self._file.columns if each.field}
        nothing = self.menu.addAction(tr("Do not use this column"), partial(self._choose, ""))
        nothing.setCheckable(True)
        nothing.setChecked(not self.column.field)
        self.menu.addSeparator()
        for name, label, required in self._file.fields:
            words = label
            if taken.get(name) and name != self.column.field:
                words = tr("{field} — now “{title}”", field=label, title=taken[name][:40])
            elif required and name not in taken:
                words = tr("{field} — needed", field=label)
            action = self.menu.addAction(_plain(words), partial(self._choose, name))
            action.setCheckable(True)
            action.setChecked(name == self.column.field)
            if name == self.column.field:
                self.menu.setActiveAction(action)

    def _choose(self, field: str) -> None:
        if field != self.column.field:
            self.chosen.emit(field)

    def sizeHint(self) -> QSize:
        line = theme.px(18) * 3
        body = theme.metrics(theme.BODY, theme.MEDIUM).horizontalAdvance(self._label) + theme.px(46)
        small = theme.metrics(theme.CAPTION)
        words = max((small.horizontalAdvance(each) for each in (self._title, *self.column.samples)), default=0)
        width = min(max(body, words + theme.px(24), theme.px(112)), theme.px(190))
        return QSize(max(width, min(body, theme.px(230))), theme.px(50) if self.low else theme.px(54) + line)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        holder = self.parentWidget()
        cards = holder.findChildren(ColumnCard) if step and holder is not None else []
        at = cards.index(self) + step if self in cards else -1
        if 0 <= at < len(cards):
            cards[at].setFocus(Qt.FocusReason.TabFocusReason)
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.click()
        elif not step:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, used = QPainter(self), bool(self.column.field)
        hot = self.underMouse() or self.isDown()
        missing = not used and bool(self._file.missing)
        line_token = "accent" if self.hasFocus() else "border_strong" if missing else "border"
        paint.box(painter, QRectF(self.rect()), theme.px(6), theme.color("subtle" if hot else "surface"),
                  theme.color(line_token), 2 if self.hasFocus() else 1)  # fmt: skip
        left, width = theme.px(10), self.width() - theme.px(20)
        small = theme.metrics(theme.CAPTION)
        end = Qt.TextElideMode.ElideRight
        paint.text(painter, QRect(left, theme.px(4), width, theme.px(20)),
                   small.elidedText(self._title, end, width), "muted", theme.CAPTION)  # fmt: skip
        label = theme.metrics(theme.BODY, theme.MEDIUM).elidedText(self._label, end, width - theme.px(20))
        line = QRect(left, theme.px(24), width, theme.px(22))
        paint.text(painter, line, label, "text" if used else "muted", weight=theme.MEDIUM if used else theme.REGULAR)
        icons.paint(painter, self.width() - theme.px(24), theme.px(28), "chevron-down", "muted", 14)
        if self.low:
            return
        painter.fillRect(left, theme.px(48), width, 1, theme.color("subtle"))
        for at, sample in enumerate(self.column.samples[:3]):
            area = QRect(left, theme.px(50) + at * theme.px(18), width, theme.px(18))
            paint.text(painter, area, small.elidedText(sample, end, width), "text2" if used else "muted", theme.CAPTION)


class ColumnStrip(QScrollArea):
    """The cards of a table's columns, side by side; it scrolls sideways.

    Signals:
        column_set(column, field): a person says what a column is.
    """

    column_set = Signal(int, str)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(tr("Columns of the table"))
        self.cards: list[ColumnCard] = []
        self._low = False

    def set_low(self, low: bool) -> None:
        """Where the page has little height the cards leave their samples to the tooltip."""
        if low != self._low:
            self._low = low
            for card in self.cards:
                card.low = low
                card.updateGeometry()
                card.update()
            self._fit()

    def _fit(self) -> None:
        height = max((card.sizeHint().height() for card in self.cards), default=0) + theme.px(6)
        self.setFixedHeight(height + theme.px(8))

    def show_columns(self, file: PreviewFile) -> None:
        """Shows the columns of a table; the keyboard stays on the column it was on."""
        focused = next((card.column.column for card in self.cards if card.hasFocus() or card.menu.isVisible()), None)
        at = self.horizontalScrollBar().value()
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(theme.px(24), theme.px(2), theme.px(24), theme.px(2))
        row.setSpacing(theme.px(8))
        self.cards = []
        for place, column in enumerate(file.columns):
            if place >= MOST_COLUMNS and not column.field:
                continue
            card = ColumnCard(column, file)
            card.low = self._low
            card.chosen.connect(partial(self.column_set.emit, column.column))
            row.addWidget(card)
            self.cards.append(card)
        row.addStretch(1)
        self.setWidget(holder)
        holder.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)
        self._fit()
        self.horizontalScrollBar().setValue(at)
        for card in self.cards:
            if card.column.column == focused:
                card.setFocus(Qt.FocusReason.TabFocusReason)
                self.ensureWidgetVisible(card)


class FileBar(Panel):
    """Which file is shown, what it was taken for, and what is to be said about it; below, its columns.

    Signals:
        file_chosen(key): show another file, "*" for all.
        kind_set(key, kind), sheet_set(key, sheet), column_set(key, column, field): what a person says about a table.
    """

    file_chosen = Signal(str)
    kind_set = Signal(str, str)
    sheet_set = Signal(str, str)
    column_set = Signal(str, int, str)

    def __init__(self) -> None:
        super().__init__()
        self._file: PreviewFile | None = None
        self.files = Chip(tr("File"), "")
        self.kind = Chip(tr("Taken for"), "")
        self.sheet = Chip(tr("Sheet"), "")
        self.strip = ColumnStrip()
        self.strip.column_set.connect(lambda column, field: self.column_set.emit(self.key(), column, field))
        self._menus = {name: QMenu(self) for name in ("files", "kind", "sheet")}
        for name, chip in (("files", self.files), ("kind", self.kind), ("sheet", self.sheet)):
            chip.clicked.connect(partial(self._open, name, chip))
        self._icon = IconLabel("info", "muted", 16)
        self.note = ElidedLabel(tone="text2")
        self._line = Panel(row=True, margins=(24, 0, 24, 8), gap=8)
        self._line.add(self.files, self.kind, self.sheet, self._icon)
        self._line.add(self.note, stretch=1)
        self._under = Panel(margins=(0, 0, 0, 10)).add(self.strip)
        self.add(self._line, self._under)

    def _open(self, name: str, chip: Chip) -> None:
        open_below(self._menus[name], chip)

    def key(self) -> str:
        """The key of the file shown, "" for none."""
        return self._file.key if self._file is not None else ""

    def show_file(self, file: PreviewFile | None, files: Sequence[PreviewFile]) -> None:
        """Shows one file of these; None for all of them together."""
        self._file = file
        several = len(files) > 1
        self.files.setVisible(several)
        if several:
            self.files.set_texts(tr("File"), file.name if file else trn("All {n} file", "All {n} files", len(files)))
            self._fill("files", [("*", trn("All {n} file", "All {n} files", len(files)))] +
                       [(each.key, _line_of(each)) for each in files], file.key if file else "*",
                       self.file_chosen.emit)  # fmt: skip
        table = file is not None and bool(file.columns)
        self.kind.setVisible(file is not None and bool(file.kind_name or table))
        self.sheet.setVisible(table and file is not None and bool(file.sheets))
        self._under.setVisible(table)
        if file is not None:
            self.kind.set_texts(tr("Taken for"), file.kind_name or tr("not clear yet"))
            self.kind.setEnabled(table)
            self._fill("kind", file.kinds, file.kind, partial(self.kind_set.emit, file.key))
            self.sheet.set_texts(tr("Sheet"), file.sheet)
            self._fill("sheet", [(each, each) for each in (file.sheet, *file.sheets)], file.sheet,
                       partial(self.sheet_set.emit, file.key))  # fmt: skip
        if table and file is not None:
            self.strip.show_columns(file)
        self._say(file)
        self._line.setVisible(several or file is not None)

    def _say(self, file: PreviewFile | None) -> None:
        words, icon, token = "", "info", "text2"
        if file is not None and file.missing:
            words = tr("No column was found for: {fields}. Choose it below.", fields=", ".join(file.missing))
            icon, token = "circle-alert", "warning"
        elif file is not None and file.problem:
            words, icon, token = file.problem, "circle-alert", "warning"
        elif file is not None:
            words = " ".join(file.notes)
            icon = "history" if file.remembered else "info"
        self.note.setText(words)
        self.note.set_tone(token)
        self._icon.set_icon(icon, token if token != "text2" else "muted")
        self._icon.setVisible(bool(words))

    def _fill(self, name: str, entries: Sequence[tuple[str, str]], chosen: str, then) -> None:
        menu = self._menus[name]
        menu.clear()
        for key, words in entries:
            action = menu.addAction(_plain(words), partial(then, key))
            action.setCheckable(True)
            action.setChecked(key == chosen)


def _line_of(file: PreviewFile) -> str:
    words = file.kind_name or tr("not clear yet")
    mark = f" — {tr('a column is missing')}" if file.missing else ""
    return f"{file.name} · {words}{mark}"
