"""Quick capture over the window: one line, read while it is typed, saved with Enter."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)
from shiboken6 import isValid

from kam_desktop import formats
from kam_desktop.domain import capture
from kam_desktop.domain.errors import Refused
from kam_desktop.language import N_, tr
from kam_desktop.ui import paint, theme
from kam_desktop.ui.badges import KeyCap, Pill
from kam_desktop.ui.desk import Desk, read_draft
from kam_desktop.ui.kit.frames import Card, Line, Panel
from kam_desktop.ui.kit.labels import ElidedLabel, IconLabel, caption
from kam_desktop.ui.kit.search_box import BareEdit
from kam_desktop.ui.sentences import sentence

if TYPE_CHECKING:
    from kam_desktop.services.capture import Whom

DRAFT = "capture:"
_KINDS = {
    capture.TASK: (N_("Task"), "list-checks"), capture.NOTE: (N_("Note"), "pencil"),
    capture.CALL: (N_("Call"), "phone"), capture.MEETING: (N_("Meeting"), "handshake"),
    capture.MESSAGE: (N_("Message"), "message-circle"), capture.PROMISE: (N_("Promise to pay"), "calendar-clock"),
}  # fmt: skip


class _Name(QStyledItemDelegate):
    """One customer or person in the list, 32 high, in line with what is typed."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Any) -> QSize:
        return QSize(theme.px(100), theme.px(32))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Any) -> None:
        area = option.rect.adjusted(theme.px(8), 0, -theme.px(8), 0)
        if option.state & QStyle.StateFlag.State_Selected:
            paint.box(painter, QRectF(area), theme.px(6), theme.color("selected"))
        paint.text(painter, area.adjusted(theme.px(12), 0, -theme.px(12), 0), str(index.data()))


class _Foot(Panel):
    """The hints at the bottom, inside the round corners of the box."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint.box(painter, QRectF(self.rect()), theme.px(9), theme.color("window"))
        painter.fillRect(0, 0, self.width(), self.height() // 2, theme.color("window"))
        painter.fillRect(0, 0, self.width(), 1, theme.color("border"))


class CapturePopup(QWidget):
    """The box. It never writes into the line that is typed.

    Signals:
        edited(str): another line, never while an input method composes.
        saved, left: Enter, and Esc or a click beside the box.
    """

    edited = Signal(str)
    saved = Signal()
    left = Signal()

    def __init__(self, frame: QWidget) -> None:
        super().__init__(frame)
        self._frame = frame
        self._before: QWidget | None = frame.window().focusWidget()
        self._whom: Sequence[Whom] = ()
        self._card = Card(margins=(1, 1, 1, 1), gap=0)
        self._card.setParent(self)
        self.edit = BareEdit(tr("What happened, or what is to be done?"), theme.TITLE)
        self.edit.setMaxLength(500)
        self.edit.installEventFilter(self)
        top = QHBoxLayout()
        top.setContentsMargins(theme.px(20), 0, theme.px(20), 0)
        top.setSpacing(theme.px(12))
        top.addWidget(IconLabel("pencil", "muted", 20))
        top.addStrut(theme.px(56))
        top.addWidget(self.edit, 1)
        self._card.box.addLayout(top)
        self._kind = Pill("", "info")
        self.reading = ElidedLabel()
        self.said = caption("", "danger", wrap=True)
        self.said.setContentsMargins(theme.px(20), 0, theme.px(20), theme.px(8))
        row = Panel(row=True, margins=(20, 0, 20, 0), gap=8, height=44).add(self._kind)
        row.add(self.reading, stretch=1)
        self._names = QStringListModel(self)
        self.list = QListView()
        self.list.setModel(self._names)
        self.list.setItemDelegate(_Name(self))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setAccessibleName(tr("Whom it is about"))
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.clicked.connect(lambda _index: self.edited.emit(self.edit.text()))
        foot = _Foot(row=True, margins=(20, 0, 20, 0), gap=6, height=40)
        foot.add(KeyCap("Enter"), caption(tr("save"), "text2"), KeyCap("Esc"), caption(tr("keep for later"), "text2"))
        foot.add(None, caption(tr("#customer @person, “tomorrow 9h”, “Friday”, “50tr”")))
        self._card.add(Line(), row, self.said, self.list, foot)
        self.edit.textEdited.connect(self._on_edited)
        frame.installEventFilter(self)
        self.show_reading("", "", "")
        self.setGeometry(frame.rect())
        self.show()
        self.raise_()
        self.edit.setFocus(Qt.FocusReason.PopupFocusReason)

    def chosen(self) -> Whom | None:
        """Whom the line is about."""
        row = self.list.currentIndex().row()
        return self._whom[row] if 0 <= row < len(self._whom) else None

    def show_line(self, text: str) -> None:
        """Puts a line into the empty box, as if it were typed."""
        self.edit.setText(text)
        self.edit.selectAll()
        self.edited.emit(text)

    def show_reading(self, kind: str, icon: str, words: str) -> None:
        """What would be made."""
        self._kind.setVisible(bool(kind))
        self._kind.set_state(kind, "info", icon)
        self.reading.setText(words or tr("Type a line: it is read while you type."))
        self.reading.set_tone("text" if words else "muted")
        self.edit.setAccessibleDescription(f"{kind} {words}".strip())
        self.say("")

    def show_whom(self, whom: Sequence[Whom]) -> None:
        """Whom it may be about; the choice stays when the same ones are shown."""
        if list(whom) != list(self._whom):
            self._whom = tuple(whom)
            names = [" · ".join(filter(None, (each.account_name, each.contact_name))) for each in whom]
            self._names.setStringList(names)
            if whom:
                self.list.setCurrentIndex(self._names.index(0))

    def say(self, words: str) -> None:
        """Why it cannot be saved."""
        self.said.setText(words)
        self.said.setVisible(bool(words))
        self._place()

    def close_popup(self) -> None:
        """Back to where the keyboard was."""
        self._frame.removeEventFilter(self)
        self.hide()
        if self._before is not None and isValid(self._before):
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        self.deleteLater()

    def _on_edited(self, text: str) -> None:
        if not self.edit.composing:
            self.edited.emit(text)

    def _place(self) -> None:
        rows = len(self._whom) if len(self._whom) > 1 else 0
        self.list.setVisible(rows > 0)
        self.list.setFixedHeight(rows * theme.px(32))
        width = min(theme.px(680), self.width() - theme.px(48))
        self._card.setFixedWidth(width)
        self._card.adjustSize()
        self._card.move((self.width() - width) // 2, theme.px(92))
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._frame and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._frame.rect())
            self._place()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and not self.edit.composing:
            return watched is self.edit and self._on_key(event)
        return super().eventFilter(watched, event)

    def _on_key(self, event: QKeyEvent) -> bool:
        key, row = event.key(), self.list.currentIndex().row()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.saved.emit()
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self._whom:
            wanted = max(0, min(len(self._whom) - 1, row + (1 if key == Qt.Key.Key_Down else -1)))
            self.list.setCurrentIndex(self._names.index(wanted))
            self.edited.emit(self.edit.text())
        else:
            return key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._card.geometry().contains(event.position().toPoint()):
            self.left.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._frame.removeEventFilter(self)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("scrim"))
        paint.shadow(painter, self._card.geometry())


class Capture(QObject):
    """Opens the box over a window, reads its line, saves what it says.

    Attributes:
        popup: the open box, None while it is closed.
    """

    def __init__(self, desk: Desk, window: Any) -> None:
        super().__init__(window)
        self._desk, self._window = desk, window
        self.popup: CapturePopup | None = None
        self._asked, self._current = 0, ""
        self._soon = QTimer(self, singleShot=True, interval=400)
        self._soon.timeout.connect(self._keep_draft)

    def open(self) -> None:
        """The box with the line that was left in it; nothing while no profile is open."""
        if self._desk.background.profile is None or (self.popup is not None and isValid(self.popup)):
            return
        page, place = self._window.where()
        self._current = place if page == "account" and place != "new" else ""
        self.popup = made = CapturePopup(self._window.centralWidget())
        made.edited.connect(self._read)
        made.saved.connect(self._save)
        made.left.connect(self._leave)
        made.destroyed.connect(partial(self._on_gone, made))
        self._desk.background.ask(
            lambda reader: read_draft(reader, DRAFT), partial(self._show_draft, made), key="capture"
        )

    def _on_gone(self, gone: CapturePopup) -> None:
        # The next one may stand already when the last one's end is told.
        if self.popup is gone:
            self.popup = None

    def _show_draft(self, popup: CapturePopup, kept: str) -> None:
        if kept and isValid(popup) and not popup.edit.text() and not popup.edit.composing:
            popup.show_line(json.loads(kept))

    def _line(self, whom: Whom | None = None) -> capture.Captured:
        """The line as it is read when it is about that customer."""
        text = self.popup.edit.text() if self.popup is not None else ""
        return capture.read(text, self._desk.today(), whom.words if whom is not None else 1)

    def _read(self, text: str) -> None:
        self._soon.start()
        popup = self.popup
        if popup is None:
            return
        if not text.strip():
            popup.show_whom(())
            popup.show_reading("", "", "")
            return
        line, current = self._line(), self._current
        self._asked += 1
        asked = self._asked

        def look(reader: Any) -> Any:
            from kam_desktop.services import capture as verbs

            return verbs.candidates(reader, line, current)

        def show(whom: Any) -> None:
            if asked == self._asked and isValid(popup):
                popup.show_whom(whom)
                whole = self._line(popup.chosen())
                title, icon = _KINDS[whole.kind]
                popup.show_reading(tr(title), icon, words_of(whole, popup.chosen(), self._desk.today()))

        self._desk.background.ask(look, show, key="capture")

    def _save(self) -> None:
        popup = self.popup
        if popup is None or not popup.edit.text().strip():
            return
        line, current, whom, text, today = (
            self._line(), self._current, popup.chosen(), popup.edit.text(), self._desk.today(),
        )  # fmt: skip

        def work(uow: Any) -> Any:
            from kam_desktop.services import capture as verbs

            found = whom
            if found is None or (line.account and not found.account):  # Enter came before the answer
                found = next(iter(verbs.candidates(uow, line, current)), None)
            whole = capture.read(text, today, found.words) if found else line
            made = verbs.make(uow, whole, found.account if found else "", found.contact if found else "")
            uow.set_draft(DRAFT, None)
            return made

        label = N_("Capture {name}")
        args = {"name": self._line(whom).subject}

        def done(changes: Any, _made: Any) -> None:
            self._soon.stop()
            self._window.toast(tr(label, **args), lambda: self._desk.undo(changes.step))
            if isValid(popup):
                popup.close_popup()

        def fail(failure: Any) -> None:
            if isinstance(failure, Refused) and isValid(popup):
                popup.say(" ".join(map(sentence, failure.problems)))

        self._desk.background.edit(work, done, fail, label=label, args=args, owner=self)

    def _leave(self) -> None:
        self._keep_draft()
        if self.popup is not None:
            self.popup.close_popup()

    def _keep_draft(self) -> None:
        self._soon.stop()
        if self.popup is None or not isValid(self.popup) or self.popup.edit.composing:
            return
        text = self.popup.edit.text()
        value = json.dumps(text, ensure_ascii=False) if text.strip() else None
        self._desk.background.edit(lambda uow: uow.set_draft(DRAFT, value), label="")


def words_of(line: capture.Captured, whom: Whom | None, today: date) -> str:
    """What a line is going to be, in words."""
    when = ""
    if line.on is not None:
        near = {0: tr("today"), 1: tr("tomorrow")}.get((line.on - today).days)
        when = near or f"{formats.weekday(line.on)} {formats.day(line.on)}"
        when += f" {line.at:%H:%M}" if line.at is not None else ""
    amount = formats.amount(line.amount, "VND", symbol=True) if line.amount is not None else ""
    missing = "" if whom is not None or not line.account else tr("“{name}” is not found", name=line.account)
    if whom is None and not missing and line.kind != capture.TASK:
        missing = tr("which customer? # and its name")
    name = " · ".join(filter(None, (whom.account_name, whom.contact_name))) if whom is not None else missing
    return " · ".join(filter(None, (line.subject, amount, when, name)))
