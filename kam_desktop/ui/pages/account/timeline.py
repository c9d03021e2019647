"""The time line of one customer: a virtual list of two-line rows, painted, of any length."""

from __future__ import annotations

from datetime import date
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui import icons, paint, theme
from kam_desktop.ui.kit.buttons import Segmented
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import caption, section, show_tip
from kam_desktop.ui.kit.record_table import RecordTable, TableColumn
from kam_desktop.ui.overlay_bar import OverlayBar

Index = QModelIndex | QPersistentModelIndex
ICONS = {
    "meeting": "handshake", "call": "phone", "message": "message-circle", "note": "lock", "task": "circle-check",
    "sent": "send", "won": "star", "documents_confirmed": "file-check", "invoice": "receipt-text",
    "credit_note": "receipt", "receipt": "banknote", "receipt_rejected": "circle-x", "promise_to_pay": "calendar-clock",
    "dunning_event": "bell",
}  # fmt: skip
_ROW_PX = 60


def words_of(event: Any) -> tuple[str, str, str]:
    """An event in words: what it was, what stands beside that, and the line below."""
    amount = formats.amount(event.amount, event.currency, symbol=True) if event.amount is not None else ""
    number, kind, detail = event.subject, event.kind, " ".join(event.detail.split())
    invoice = tr("invoice {number}", number=number) if number else ""
    if kind in ("meeting", "call", "message", "note"):
        named = {"meeting": tr("Meeting"), "call": tr("Call"), "message": tr("Message"), "note": tr("Internal note")}
        return event.subject, " · ".join(filter(None, (named[kind], event.who))), detail
    if kind == "task":
        return tr("Done: {subject}", subject=event.subject), "", detail
    if kind == "sent":
        until = tr("valid until {day}", day=formats.day(event.until)) if event.until else ""
        return tr("Sent proposal v{n}", n=event.detail), event.subject, until
    if kind == "won":
        return tr("Proposal won"), event.subject, event.detail
    if kind == "documents_confirmed":
        return tr("Papers confirmed"), invoice, detail
    if kind == "promise_to_pay":
        return (
            tr("Promised to pay {amount}", amount=amount),
            " · ".join(filter(None, (invoice, event.who))),
            tr("by {day}", day=formats.day(event.until)),
        )
    if kind == "dunning_event":
        return tr("Reminded of payment"), " · ".join(filter(None, (invoice, event.who))), detail
    titles = {
        "invoice": tr("Invoice {number}", number=number), "credit_note": tr("Credit note {number}", number=number),
        "receipt": tr("Received {amount}", amount=amount),
        "receipt_rejected": tr("Receipt of {amount} rejected", amount=amount),
    }  # fmt: skip
    return titles.get(kind, event.subject), amount if kind in ("invoice", "credit_note") else "", detail


def when(event: Any, today: date) -> str:
    """The day of an event, without its year in this one, and the time where it is known."""
    if event.on is None:
        return ""
    day = formats.short_day(event.on) if event.on.year == today.year else formats.day(event.on)
    return f"{day} {formats.clock_time(event.at)}" if event.at is not None else day


class _Painter(QStyledItemDelegate):
    def __init__(self, view: TimelineView, today: date) -> None:
        super().__init__(view)
        self._view, self._today = view, today

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme.px(200), theme.px(_ROW_PX))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        event = self._view.event_at(index)
        area = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected) and self._view.hasFocus()
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, theme.color("selected" if chosen else "subtle"))
        if chosen:
            painter.fillRect(area.left(), area.top(), theme.px(2), area.height(), theme.color("accent"))
        left, side = area.left() + theme.px(24), theme.px(28)
        middle = left + side // 2
        painter.setPen(QPen(theme.color("border")))
        painter.drawLine(middle, area.top() if index.row() else area.top() + theme.px(12), middle, area.bottom())
        disc = QRectF(left, area.top() + theme.px(8), side, side)
        paint.box(painter, disc, side / 2, theme.color("surface"), theme.color("border"))
        if event is None:
            return
        private = event.private
        tone = "private" if private else "danger" if event.kind == "receipt_rejected" else "text2"
        icons.paint(painter, left + theme.px(7), area.top() + theme.px(15), ICONS.get(event.kind, "circle"), tone, 14)
        title, beside, detail = words_of(event)
        day = when(event, self._today)
        right = area.right() - theme.px(24)
        day_width = theme.width(day, theme.CAPTION) + 2
        line = QRect(
            left + theme.px(40), area.top() + theme.px(10), right - left - theme.px(56) - day_width, theme.px(20)
        )
        paint.text(painter, QRect(right - day_width, line.top(), day_width, line.height()), day,
                   "text2" if chosen else "muted", theme.CAPTION, align=paint.RIGHT)  # fmt: skip
        used = paint.text(painter, line, title, "private" if private else "text", weight=theme.BOLD)
        if beside:
            paint.text(painter, line.adjusted(used, 0, 0, 0), f" · {beside}", "text2")
        below = QRect(line.left(), line.bottom() + theme.px(2), right - line.left(), theme.px(22))
        if event.promised:
            pill = tr("Promised: {words}", words=" ".join(event.promised.split()))
            room = below.width() if not detail else max(theme.px(160), below.width() // 2)
            paint.pill(painter, below.left(), below.center().y() + 1, pill, "info", room=room)
            below.setLeft(below.left() + min(room, paint.pill_width(pill)) + theme.px(8))
        if detail and private:
            wide = min(below.width(), theme.width(detail) + theme.px(20))
            box = QRect(below.left(), below.top(), wide, below.height())
            paint.box(painter, QRectF(box), theme.px(4), theme.color("private_bg"))
            paint.text(painter, box.adjusted(theme.px(10), 0, -theme.px(8), 0), detail, "private")
        elif detail:
            paint.text(painter, below, detail, "text2")

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        if event.type() != QEvent.Type.ToolTip:
            return super().helpEvent(event, view, option, index)
        found = self._view.event_at(index)
        said = [*words_of(found)[:2], found.detail.strip(), found.promised.strip()] if found is not None else []
        return show_tip(event, view, "\n".join(filter(None, said)))


def spoken(event: Any, today: date) -> str:
    """An event as one sentence for screen readers."""
    promised = tr("Promised: {words}", words=event.promised) if event.promised else ""
    return "; ".join(filter(None, (when(event, today), *words_of(event), promised)))


class TimelineView(QListView):
    """The list itself. Enter, Space or a double click opens what stands behind a row.

    Signals:
        opened(object): the event.
    """

    opened = Signal(object)

    def __init__(self, model: RecordTable, today: date) -> None:
        super().__init__()
        self._rows = model
        self.setModel(model)
        self.setItemDelegate(_Painter(self, today))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Time line"))
        self._bar = OverlayBar(self)
        self.doubleClicked.connect(self._open)
        model.answered.connect(self._stand)

    def event_at(self, index: Index) -> Any:
        """The event in a row; None while it is asked for."""
        self._rows.data(self._rows.index(index.row(), 0))  # a row that is not there asks for itself
        return self._rows.row_value(self._rows.id_at(index.row()))

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self._bar.follow()

    def focusInEvent(self, event: Any) -> None:
        super().focusInEvent(event)
        self._stand()

    def _stand(self) -> None:
        """Whoever has the keyboard in the list stands on a row of it, of another answer too."""
        if self.hasFocus() and not self.currentIndex().isValid() and self._rows.rowCount():
            self.setCurrentIndex(self._rows.index(0, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and not event.modifiers():
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Nothing: letters belong to the input method."""

    def _open(self, index: QModelIndex) -> None:
        event = self.event_at(index) if index.isValid() else None
        if event is not None:
            self.opened.emit(event)


class Timeline(QWidget):
    """The time line with its filter.

    Signals:
        filter_chosen(str): "", talks, money or papers.
        opened(object): an event was opened.
    """

    filter_chosen = Signal(str)
    opened = Signal(object)

    def __init__(self, today: date) -> None:
        super().__init__()
        self.model = RecordTable([TableColumn(tr("Time line"), lambda event: spoken(event, today))], self)
        self.view = TimelineView(self.model, today)
        self._none = caption(tr("Nothing yet. Log a call, a meeting or a message, and it stands here."), wrap=True)
        self._none.setContentsMargins(theme.px(24), theme.px(8), theme.px(24), 0)
        options = [("", tr("All")), ("talks", tr("Meetings")), ("money", tr("Money")), ("papers", tr("Papers"))]
        self.filters = Segmented(options, name=tr("What the time line shows"))
        head = Panel(row=True, margins=(24, 8, 24, 4), gap=8)
        head.add(section(tr("Time line")), None, self.filters)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(head)
        box.addWidget(self._none)
        box.addWidget(self.view, 1)
        self.filters.changed.connect(self.filter_chosen)
        self.view.opened.connect(self.opened)

    def show_filter(self, key: str) -> None:
        """Narrows the time line, and gives it the keyboard."""
        self.filters.choose(key)
        self.filter_chosen.emit(key)
        self.view.setFocus()

    def show_state(self, *, empty: bool) -> None:
        """Says so when nothing happened yet."""
        self._none.setVisible(empty)
