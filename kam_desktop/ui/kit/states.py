"""What a page says when it has nothing to show: empty, filter without a result, error, notice."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QWidget

from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.frames import Card, Panel
from kam_desktop.ui.kit.labels import IconLabel, Link, PlainLabel, strong

_MIDDLE = Qt.AlignmentFlag.AlignHCenter


class EmptyState(Panel):
    """No data yet: icon, one sentence, one line of help, one button."""

    def __init__(self, icon: str, text: str, help_text: str = "", action: Button | None = None) -> None:
        super().__init__(margins=(24, 0, 24, 0), gap=4)
        box = self.box
        box.addStretch(2)
        box.addWidget(IconLabel(icon, "muted", 24), alignment=_MIDDLE)
        box.addSpacing(theme.px(6))
        box.addWidget(strong(text), alignment=_MIDDLE)
        if help_text:
            told = PlainLabel(help_text, tone="text2", wrap=True)
            told.setAlignment(_MIDDLE)
            box.addWidget(told)
        if action:
            box.addSpacing(theme.px(8))
            box.addWidget(action, alignment=_MIDDLE)
        box.addStretch(3)
        self.setAccessibleName(f"{text} {help_text}".strip())


class FilterEmpty(Panel):
    """Data is there, but the filter lets none through: one sentence and the way out."""

    def __init__(self, text: str, clear: Callable[[], None]) -> None:
        super().__init__(row=True, gap=4)
        row = self.box
        row.addStretch()
        row.addWidget(PlainLabel(f"{text} ·", tone="text2"))
        link = Link(tr("Clear filter"))
        link.opened.connect(clear)
        row.addWidget(link)
        row.addStretch()
        self.setAccessibleName(text)


class ErrorState(Card):
    """What happened, what is safe and what to do; the code can be copied."""

    def __init__(self, title: str, text: str, code: str = "", action: Button | None = None) -> None:
        super().__init__(gap=8)
        self._row(IconLabel("circle-alert", "danger"), strong(title))
        self.add(PlainLabel(text, tone="text2", wrap=True, select=True))
        copy = Button(code, kind="flat", icon="copy", small=True) if code else None
        if copy:
            copy.setAccessibleName(tr("Copy the code {code}", code=code))
            copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(f"{code}\n{title}\n{text}"))
        self._row(action, copy)
        self.setAccessibleName(f"{title} {text} {code}".strip())

    def _row(self, *widgets: QWidget | None) -> None:
        row = QHBoxLayout()
        row.setSpacing(theme.px(8))
        for widget in widgets:
            if widget is not None:
                row.addWidget(widget)
        row.addStretch()
        self.box.addLayout(row)


class Notice(Card):
    """A quiet banner in a page: icon, a sentence and at most one way on; tones as for pills."""

    def __init__(self, text: str, tone: str = "", icon: str = "info", action: QWidget | None = None) -> None:
        super().__init__(row=True, margins=(12, 6, 12, 6), gap=8, line="", ground=theme.ground_of(tone), radius=6)
        self.add(IconLabel(icon, theme.text_of(tone)))
        self.add(PlainLabel(text, tone=theme.text_of(tone), wrap=True), stretch=1)
        self.add(action) if action else None
        self.setAccessibleName(text)
