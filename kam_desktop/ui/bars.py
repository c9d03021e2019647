"""The window's upper and lower bar: firm, history, search, create; status, jobs, selection, zoom."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from kam_desktop.language import tr
from kam_desktop.ui import icons, keymap, paint, theme
from kam_desktop.ui.job_tray import JobTray
from kam_desktop.ui.kit.buttons import Button, IconButton
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import ElidedLabel, caption, set_tip


class Mark(QWidget):
    """The product's mark, 24 by 24."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(theme.px(24), theme.px(24))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint.box(painter, QRectF(self.rect()), theme.px(6), theme.color("accent"))
        icons.paint(painter, theme.px(5), theme.px(5), "layers", "on_accent", 14)


class FindBox(Button):
    """Looks like a search box and opens the palette."""

    def __init__(self) -> None:
        super().__init__(tr("Search or type a command"), key=keymap.shown("palette"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(theme.px(440))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(220), theme.px(32))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, hot = QPainter(self), self.underMouse()
        paint.box(painter, QRectF(self.rect()), theme.px(6), theme.color("surface"),
                  theme.color("border_strong" if hot else "border"))  # fmt: skip
        middle = self.height() // 2
        icons.paint(painter, theme.px(10), middle - theme.px(8), "search", "muted")
        used = paint.key(painter, self.width() - theme.px(9), middle, self.key)
        room = QRect(theme.px(34), 0, self.width() - theme.px(50) - used, self.height())
        paint.text(painter, room, self.accessibleName(), "muted")


class TopBar(Panel):
    """Mark and firm's name, the list's switch, back and forward, search, create.

    Signals:
        collapse_wanted, back_wanted, forward_wanted, palette_wanted: the button was pressed.
    """

    collapse_wanted = Signal()
    back_wanted = Signal()
    forward_wanted = Signal()
    palette_wanted = Signal()

    def __init__(self, firm: str) -> None:
        super().__init__(row=True, ground="window", lines="bottom", margins=(16, 0, 16, 0), height=48)
        self._firm = ElidedLabel(firm, weight=theme.BOLD)
        self._switch = IconButton("menu", tr("Show or hide the page list"), key="F9")
        self._switch.clicked.connect(self.collapse_wanted)
        self._org = QWidget()
        org = QHBoxLayout(self._org)
        org.setContentsMargins(0, 0, 0, 0)
        org.setSpacing(theme.px(10))
        org.addWidget(Mark())
        org.addWidget(self._firm, 1)
        org.addWidget(self._switch)
        self.back = IconButton("arrow-left", tr("Back"), key="Alt+←")
        self.forward = IconButton("arrow-right", tr("Forward"), key="Alt+→")
        self.back.clicked.connect(self.back_wanted)
        self.forward.clicked.connect(self.forward_wanted)
        self.find_box = FindBox()
        self.find_box.clicked.connect(self.palette_wanted)
        self.create_menu = QMenu(self)
        self.create_button = Button(tr("Create"), icon="plus")
        self.create_button.clicked.connect(self._on_create)
        self.create_button.hide()
        self.tools = QHBoxLayout()
        self.tools.setSpacing(theme.px(8))
        self.add(self._org)
        self.box.addSpacing(theme.px(16))
        self.add(self.back, self.forward)
        self.box.addStretch(2)
        self.add(self.find_box, stretch=8)
        self.box.addStretch(3)
        self.box.addLayout(self.tools)
        self.box.addSpacing(theme.px(8))
        self.add(self.create_button)

    def set_firm(self, firm: str) -> None:
        """Show another name of our firm."""
        self._firm.setText(firm)

    def set_rail(self, rail: bool) -> None:
        """Keep the firm's name above the list, or only the mark above its rail."""
        self._firm.setVisible(not rail)
        self._org.setFixedWidth(theme.px(70 if rail else 196))

    def _on_create(self) -> None:
        below = QPoint(self.create_button.width(), self.create_button.height() + theme.px(4))
        corner = self.create_button.mapToGlobal(below)
        self.create_menu.popup(corner - QPoint(self.create_menu.sizeHint().width(), 0))


class StatusPill(Button):
    """The state of the data in words, always; grey unless something needs the user."""

    def __init__(self) -> None:
        super().__init__("", small=True)
        self._tone = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_state(self, text: str, tone: str, icon: str) -> None:
        """Show another state."""
        self._tone, self.icon_name = tone, icon
        self.set_label(text)
        self.update()

    def sizeHint(self) -> QSize:
        weight = theme.MEDIUM if self._tone else theme.REGULAR
        width = theme.metrics(theme.CAPTION, weight).horizontalAdvance(self.accessibleName())
        return QSize(width + theme.px(37), theme.px(24))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, middle = QPainter(self), self.height() // 2
        area = QRect(0, middle - theme.px(10), self.width(), theme.px(20))
        line = theme.color("border_strong") if self.underMouse() else None
        paint.box(painter, QRectF(area), theme.px(10), theme.color(theme.ground_of(self._tone)), line)
        token = theme.text_of(self._tone)
        icons.paint(painter, theme.px(7), middle - theme.px(7), self.icon_name or "circle", token, 14)
        weight = theme.MEDIUM if self._tone else theme.REGULAR
        paint.text(painter, area.adjusted(theme.px(27), 0, 0, 0), self.accessibleName(), token, theme.CAPTION, weight)


class _Quiet(Button):
    """A word in the status bar that can be pressed."""

    def sizeHint(self) -> QSize:
        return QSize(theme.metrics(theme.CAPTION).horizontalAdvance(self.accessibleName()) + theme.px(12), theme.px(24))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, hot = QPainter(self), self.underMouse() or self.isDown()
        if hot:
            paint.box(painter, QRectF(self.rect()), theme.px(4), theme.color("subtle"))
        paint.text(painter, self.rect(), self.accessibleName(), "muted", theme.CAPTION, align=paint.CENTER)


class StatusBar(Panel):
    """The pill at the left; jobs, what is selected, the unit and the zoom at the right.

    Signals:
        status_wanted: the pill was pressed.
        zoom_wanted(per cent): another zoom was chosen.
    """

    status_wanted = Signal()
    zoom_wanted = Signal(int)

    def __init__(self, unit: str) -> None:
        super().__init__(row=True, ground="window", lines="top", margins=(10, 0, 10, 1), gap=10, height=28)
        self.pill = StatusPill()
        self.pill.clicked.connect(self.status_wanted)
        self.jobs = JobTray()
        self.selection = ElidedLabel("", size=theme.CAPTION, tone="muted")
        self.selection.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.zoom = _Quiet(f"{theme.zoom()} %")
        self.zoom.setAccessibleDescription(tr("Size of text"))
        set_tip(self.zoom, tr("Size of text"))
        self.zoom.clicked.connect(self._on_zoom)
        self._zooms = QMenu(self)
        for percent in theme.ZOOMS:
            self._zooms.addAction(f"{percent} %", self._zooming(percent))
        self.add(self.pill, self.jobs)
        self.add(self.selection, stretch=1)
        self.add(caption(unit), self.zoom)

    def _zooming(self, percent: int) -> Callable[[], None]:
        return lambda: self.zoom_wanted.emit(percent)

    def _on_zoom(self) -> None:
        self._zooms.popup(self.zoom.mapToGlobal(QPoint(0, -self._zooms.sizeHint().height() - theme.px(4))))
