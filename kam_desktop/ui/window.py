"""The main window: bars, page list, pages made when first shown, history, kept geometry."""

import base64
import gc
import json
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget
from shiboken6 import delete

from kam_desktop import config
from kam_desktop.language import N_, tr
from kam_desktop.ui import focus_order, icons, keymap, theme
from kam_desktop.ui.bars import StatusBar, TopBar
from kam_desktop.ui.job_tray import Job
from kam_desktop.ui.look_turn import LookTurn
from kam_desktop.ui.navigation import ALONE, HIDDEN, Navigation, PageSpec
from kam_desktop.ui.page_stack import Frame, OpensPlaces, PageStack, Remembers
from kam_desktop.ui.palette import Command
from kam_desktop.ui.palette_popup import Context, Finder, PalettePopup
from kam_desktop.ui.shortcuts import add_shortcut
from kam_desktop.ui.toasts import Toasts

__all__ = ["Command", "Job", "OpensPlaces", "PageSpec", "Remembers", "Window"]

PANE = "pane"  # a widget with this property is a stop of F6


class Window(QMainWindow):
    """The one window. It owns the pages' widgets and knows nothing of what is in them.

    Signals:
        shown(key): another page is shown.
        status_wanted: the status pill was pressed.
        look_changed(mode, zoom): the user chose another theme or size of text here.
        closing: the window closes; drafts and geometry are to be kept now.
    """

    shown = Signal(str)
    status_wanted = Signal()
    look_changed = Signal(str, int)
    closing = Signal()

    def __init__(self, pages: Sequence[PageSpec], *, firm: str = "", person: str = "", letters: str = "",
                 unit: str = "", finder: Finder | None = None) -> None:  # fmt: skip
        super().__init__()
        self._specs = {spec.key: spec for spec in pages}
        self._order = list(pages)
        self._firm, self._person, self._letters, self._unit = firm, person, letters, unit
        self.finder = finder
        self._commands: list[Command] = []
        self._context = Context()
        self._counts: dict[str, int] = {}
        self._status = (N_("Saved on this computer"), "", "check")
        self._selection = ""
        self._key, self._collapsed, self._stale = "", False, False
        self._history: list[tuple[str, str]] = []
        self._at = -1
        self._kept: dict[str, object] = {}
        self.said: deque[str] = deque(maxlen=50)
        self.setWindowTitle(config.APP_NAME)
        self.look = LookTurn(self, self)
        self._build()
        for name, deed in (
            ("palette", self.open_palette), ("back", self.go_back), ("forward", self.go_forward),
            ("page_list", self.toggle_list), ("next_pane", lambda: self._cycle(1)), ("light_dark", self.look.turn),
            ("previous_pane", lambda: self._cycle(-1)), ("larger", lambda: self.look.step(1)),
            ("smaller", lambda: self.look.step(-1)), ("normal_size", lambda: self.look.step(0)),
        ):  # fmt: skip
            add_shortcut(self, name, deed, everywhere=True)
        for spec in pages:
            if spec.shortcut:
                add_shortcut(self, spec.shortcut, partial(self._on_page_key, spec.key), everywhere=True)
        theme.signals.changing.connect(self._end_pages)
        theme.signals.changed.connect(self._on_look_changed)
        keymap.signals.changed.connect(self._on_look_changed)  # buttons show their keys
        if pages:
            self.show_page(pages[0].key)

    def _build(self) -> None:
        frame = Frame()
        frame.setObjectName("frame")
        self.top = TopBar(self._firm or config.APP_NAME)
        self.top.collapse_wanted.connect(self.toggle_list)
        self.top.back_wanted.connect(self.go_back)
        self.top.forward_wanted.connect(self.go_forward)
        self.top.palette_wanted.connect(self.open_palette)
        self.pages = PageStack()
        self.navigation = Navigation(self._order, self._person, self._letters)
        self.navigation.chosen.connect(self.show_page)
        self.navigation.entered.connect(self._enter_page)
        self.bottom = StatusBar(self._unit or tr("Unit ₫"))
        self.bottom.status_wanted.connect(self.status_wanted)
        self.bottom.zoom_wanted.connect(self.look.size)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.navigation)
        middle.addWidget(self.pages, 1)
        box = QVBoxLayout(frame)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.top)
        box.addLayout(middle, 1)
        box.addWidget(self.bottom)
        self._widgets: dict[str, QWidget] = {}
        self._toasts = Toasts(frame, self.said)
        self._palette = PalettePopup(frame)
        frame.resized.connect(self._toasts.place)
        frame.resized.connect(self._palette.follow)
        self.setCentralWidget(frame)
        for key, count in self._counts.items():
            self.navigation.set_count(key, count)
        self.bottom.pill.set_state(tr(self._status[0]), *self._status[1:])
        self.bottom.selection.setText(self._selection)
        for command in self._commands:
            self._offer(command)
        self._fit()

    def _end_pages(self) -> None:
        """Qt would dress each of their widgets anew before they are thrown away: they are made again anyway."""
        if shown := self.isVisible():
            self.setFocus(Qt.FocusReason.OtherFocusReason)  # the field that is left saves itself while it is whole
        for key in list(self._widgets) if shown else self.hidden_pages():
            self.end_page(key)

    def hidden_pages(self) -> list[str]:
        """Keys of the pages that are made and not shown."""
        return [key for key in self._widgets if key != self._key]

    def end_page(self, key: str) -> None:
        """As if it had not been opened yet; what it remembers is kept."""
        page = self._widgets.pop(key)
        self._kept |= {key: page.remembered()} if isinstance(page, Remembers) else {}
        self.pages.removeWidget(page)
        delete(page)

    def _on_look_changed(self) -> None:
        self._stale = not self.isVisible()
        if not self._stale:
            self.rebuild()

    def showEvent(self, event: QShowEvent) -> None:
        if self._stale:
            self._stale = False
            self.rebuild()
        super().showEvent(event)

    def rebuild(self) -> None:
        """Build everything again in the language, theme and zoom in use; page, place and geometry stay."""
        self._kept |= {key: page.remembered() for key, page in self._widgets.items() if isinstance(page, Remembers)}
        jobs, key = self.bottom.jobs.jobs(), self._key
        self.setUpdatesEnabled(False)
        self._build()
        for name, job in jobs.items():
            self.bottom.jobs.set_job(name, job)
        self._key = ""
        if key:
            self._show(key, self._history[self._at][1] if self._at >= 0 else "")
        self.setUpdatesEnabled(True)
        # pages put away hold each other and 40 MB of lists with 100,000 customers; 0.1 s, once the new look is painted
        QTimer.singleShot(1300, self, gc.collect)

    def show_page(self, key: str, place: str = "") -> None:
        """Show a page, made now if it was not yet, at a place of its own (a record's id) if one is named."""
        if key not in self._specs:
            raise KeyError(key)
        if self._at < 0 or self._history[self._at] != (key, place):
            self._history = [*self._history[: self._at + 1], (key, place)][-100:]
            self._at = len(self._history) - 1
        self._show(key, place)

    def note_place(self, place: str) -> None:
        """The shown page has gone to another place by itself: back returns from it."""
        if self._key and self._history[self._at] != (self._key, place):
            self._history = [*self._history[: self._at + 1], (self._key, place)][-100:]
            self._at = len(self._history) - 1
            self._tell_history()

    def page(self, key: str) -> QWidget | None:
        """A page's widget, or None if it was not shown yet."""
        return self._widgets.get(key)

    def current_key(self) -> str:
        """The shown page's key."""
        return self._key

    def where(self) -> tuple[str, str]:
        """The shown page and its place."""
        return self._history[self._at] if self._at >= 0 else (self._key, "")

    def _show(self, key: str, place: str) -> None:
        page = self._widgets.get(key)
        if page is None:
            page = self._specs[key].factory()
            self._widgets[key] = page
            self.pages.addWidget(page)
            if key in self._kept and isinstance(page, Remembers):
                page.remember(self._kept.pop(key))
        changed, self._key = key != self._key, key
        if changed:
            self._context = Context()
            self.set_selection_text("")
        self.navigation.set_rail(True)  # a wide page that comes or goes beside the wide list outgrows the screen
        self.pages.setCurrentWidget(page)
        self.navigation.show_key(key)
        if isinstance(page, OpensPlaces):
            page.open_place(place)
        self.setWindowTitle(f"{tr(self._specs[key].title)} – {self._firm or config.APP_NAME}")
        self._fit()
        self._tell_history()
        if changed:
            self.shown.emit(key)

    def _enter_page(self) -> None:
        page = self.pages.currentWidget()
        if page is not None:
            page.setFocus(Qt.FocusReason.ShortcutFocusReason)
            if not page.hasFocus() and not page.isAncestorOf(self.focusWidget() or self):
                page.focusNextChild()

    def go_back(self) -> None:
        """To the page and place before, if there is one."""
        self._go(-1)

    def go_forward(self) -> None:
        """Undo `go_back`."""
        self._go(1)

    def _go(self, step: int) -> None:
        if 0 <= self._at + step < len(self._history):
            self._at += step
            self._show(*self._history[self._at])

    def _tell_history(self) -> None:
        self.top.back.setEnabled(self._at > 0)
        self.top.forward.setEnabled(self._at + 1 < len(self._history))

    def toggle_list(self) -> None:
        """The page list wide, or as a rail of icons."""
        self._collapsed = not self._collapsed
        self._fit()

    def _fit(self) -> None:
        spec = self._specs.get(self._key)
        room = 1600 if spec is not None and spec.wide else 1100  # px at 100 %: a narrower window has the rail
        rail = self._collapsed or self.width() < theme.px(room)
        self.navigation.set_rail(rail)
        self.top.set_rail(rail)
        for bar in (self.navigation, self.top, self.bottom):
            bar.setVisible(not self._is_alone())

    def _is_alone(self) -> bool:
        """Whether the shown page stands without bars, and nothing leads away from it but itself (first run)."""
        spec = self._specs.get(self._key)
        return spec is not None and spec.section == ALONE

    def _cycle(self, step: int) -> None:
        page = self.pages.currentWidget()
        inner = [w for w in page.findChildren(QWidget) if w.property(PANE) and w.isVisible()] if page else []
        panes: list[QWidget] = [self.navigation.list, *(inner or ([page] if page else [])), self.bottom.pill]
        focused = self.focusWidget()
        inside = [focused is not None and (pane is focused or pane.isAncestorOf(focused)) for pane in panes]
        at = inside.index(True) if True in inside else -1
        for further in range(1, len(panes) + 1):  # one that cannot take the keyboard now is passed over
            target = panes[(at + further * step) % len(panes)]
            self._enter_page() if target is page else target.setFocus(Qt.FocusReason.ShortcutFocusReason)
            if self.focusWidget() is not focused:
                return

    def set_firm(self, firm: str, person: str = "", letters: str = "") -> None:
        """Another name of our firm or of the person at work; whoever types meanwhile is not disturbed."""
        self._firm, self._person, self._letters = firm, person, letters
        self.top.set_firm(firm or config.APP_NAME)
        self.navigation.set_person(person, letters)
        if self._key:
            self.setWindowTitle(f"{tr(self._specs[self._key].title)} – {firm or config.APP_NAME}")

    def set_count(self, key: str, count: int) -> None:
        """The quiet number at a page in the list; 0 shows none."""
        self._counts[key] = count
        self.navigation.set_count(key, count)

    def set_status(self, text: str, tone: str = "", icon: str = "check") -> None:
        """The pill at the lower left, in words: grey is normal, warning needs the user, danger is an error."""
        self._status = (text, tone, icon)
        self.bottom.pill.set_state(tr(text), tone, icon)

    def set_selection_text(self, text: str) -> None:
        """What is selected and its sum, in the status bar."""
        self._selection = text
        self.bottom.selection.setText(text)

    def set_job(self, key: str, job: Job | None) -> None:
        """Show a background job in the status bar; None takes it away."""
        self.bottom.jobs.set_job(key, job)

    def toast(self, text: str, undo: Callable[[], None] | None = None, tone: str = "") -> None:
        """Say for eight seconds what was done, with a way to undo it."""
        self._toasts.show(text, undo, tone)

    def add_command(self, command: Command) -> None:
        """Make a deed known: to the palette, its shortcut, and the menu of things to create."""
        self._commands.append(command)
        if command.shortcut:
            add_shortcut(self, command.shortcut, command.run, everywhere=True)
        self._offer(command)

    def _offer(self, command: Command) -> None:
        if command.create:
            drawing = icons.icon(command.icon)
            action = self.top.create_menu.addAction(drawing, tr(command.title).replace("&", "&&"), command.callback)
            action.setShortcut(QKeySequence(next(iter(keymap.sequences(command.shortcut)), "")))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # only shown here; the window has it
            self.top.create_button.show()

    def set_context(self, name: str, commands: Sequence[Command]) -> None:
        """What the open record offers first in the palette; forgotten when another page is shown."""
        self._context = Context(name, commands)

    def _on_page_key(self, key: str) -> None:
        if not self._is_alone():
            self.show_page(key)

    def open_palette(self, text: str = "") -> None:
        """The palette over the window, with this text typed."""
        if self._is_alone():
            return
        going = [Command(spec.title, partial(self.show_page, spec.key), (N_("Go to"),), spec.shortcut, spec.icon)
                 for spec in self._order if spec.section not in (HIDDEN, ALONE)]  # fmt: skip
        self._palette.open([*self._commands, *going], self._context, self.finder, text)

    def close_palette(self) -> None:
        """Puts the palette away."""
        self._palette.close_popup()

    def set_look(self, mode: str, zoom: int) -> None:
        """Apply another theme or size of text at once and tell who keeps it."""
        theme.apply(QGuiApplication.instance(), mode, zoom)  # type: ignore[arg-type]
        self.look_changed.emit(theme.mode(), theme.zoom())

    def show_keys(self) -> None:
        """The sheet of all keys, where they can be changed."""
        if not self._is_alone():
            from kam_desktop.ui.shortcut_sheet import ShortcutSheet

            ShortcutSheet(self).open()

    def state(self) -> bytes:
        """Geometry, page and the list's width, to be kept with the profile."""
        geometry = base64.b64encode(bytes(self.saveGeometry().data())).decode("ascii")
        return json.dumps({"geometry": geometry, "page": self._key, "rail": self._collapsed}).encode()

    def restore(self, state: bytes) -> bool:
        """Take back what `state` gave; False, and nothing changed, if it cannot be read. Always lands on a screen."""
        try:
            kept = json.loads(state)
            geometry = base64.b64decode(kept["geometry"], validate=True)
            page, rail = str(kept["page"]), bool(kept["rail"])
        except (ValueError, KeyError, TypeError):
            return False
        self.restoreGeometry(geometry)
        self._rescue()
        self._collapsed = rail
        if page in self._specs and page != self._key:
            self._history, self._at = [], -1
            self.show_page(page)
        self._fit()
        return True

    def _rescue(self) -> None:
        """Bring a window that no screen shows back, and shrink one that is larger than its screen."""
        screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
        bar = QRect(self.x(), self.y(), self.width(), theme.px(40))
        seen = [area.intersected(bar) for area in screens]
        if not any(part.width() >= 120 and part.height() >= 20 for part in seen):
            room = QGuiApplication.primaryScreen().availableGeometry()
            size = self.size().boundedTo(room.size())
            place = QRect(room.topLeft(), size)
            place.moveCenter(room.center())
            self.setGeometry(place)

    def focusNextPrevChild(self, forward: bool) -> bool:
        return focus_order.step(self, forward)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        super().closeEvent(event)

    def keyPressEvent(self, event) -> None:
        if event.key() == Qt.Key.Key_Escape and self._toasts.close_shown():
            return
        super().keyPressEvent(event)
