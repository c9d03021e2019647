"""A day of work in the window at the pace of a person: what comes late, and the memory it takes."""

from __future__ import annotations

import contextlib
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QWidget

from tests.bench import offers
from tests.bench.measure import PaintWatch, Step, resident, take_peak, wheel
from tests.bench.window_parts import commit

if TYPE_CHECKING:
    from tests.bench.window_probe import Probe


_KEY_S = (0.08, 0.11, 0.14, 0.19, 0.3)  # between letters
_LOOK_S = (0.5, 0.8, 1.2, 2.0)  # before the next deed


class Day:
    """Goes through the deeds of a day, again and again, until the minutes are over.

    A deed that does not come about is noted, what it opened is closed, and the day goes on.
    """

    def __init__(self, probe: Probe) -> None:
        self.probe, self.window, self.desktop = probe, probe.window, probe.desktop
        self.random = random.Random(23)
        self.letters: list[float] = []
        self.unseen: list[str] = []  # where a letter was typed that painted nothing
        self.deeds: list[tuple[str, float]] = []  # what was done, and the longest stall until the next one
        self.failed: list[str] = []
        self.memory: list[float] = []
        self.peaks: dict[str, float] = {}
        self._number, self._cared = 0, False

    def steps(self) -> Iterator[Step]:
        """The whole day."""
        probe = self.probe
        walks: list[tuple[str, Callable[[], Iterator[Step]]]] = [
            ("today", self._today), ("accounts: scroll", self._scroll), ("accounts: filter", self._filter),
            ("one customer", self._customer), ("log a call", self._log), ("palette", self._palette),
            ("capture", self._capture), ("proposal of 30 lines", lambda: self._proposal(offers.SHORT, 5)),
            ("board", self._board), ("worklist", self._worklist), ("receipt", self._receipt),
            ("undo", self._undo), ("ageing", self._ageing), ("import", self._import),
            ("proposal of 500 lines", lambda: self._proposal(offers.LONG, 4)), ("receipts", self._receipts),
            ("tasks and products", self._lists), ("settings", self._settings), ("backup", self._backup),
        ]  # fmt: skip
        chosen = os.environ.get("KAM_BENCH_WALKS", "")
        walks = [each for each in walks if not chosen or each[0] in chosen.split(",")]
        ends, rounds, done = monotonic() + 60 * probe.minutes, 0, 0
        began = monotonic()
        probe.heart.beats = type(probe.heart.beats)("f")
        probe.heart.watched_s, probe.heart.stalls = 0.0, []
        while monotonic() < ends:
            name, walk = walks[done % len(walks)]
            probe.heart.begin(f"day: {name}")
            probe.heart.take_worst()
            try:
                yield from walk()
                yield from self._rest()
            except (TimeoutError, AttributeError, IndexError, AssertionError, RuntimeError) as problem:
                self.failed.append(f"{name}: {type(problem).__name__}: {problem}")
            yield from self._tidy()
            self.memory.append(resident())
            self.peaks[name] = max(self.peaks.get(name, 0.0), take_peak())
            if probe.witness is not None:
                print(f"{name}: {self.memory[-1]:.0f} MB, at most {self.peaks[name]:.0f}", file=sys.stderr)
            done += 1
            rounds = done // len(walks)
        probe.found["session"] = {
            "seconds": monotonic() - began,
            "rounds": rounds,
            "walks": done,
            "letters": self.letters,
            "deeds": self.deeds,
            "failed": self.failed + sorted(set(self.unseen)),
            "memory": self.memory,
            "peaks": self.peaks,
            "p99": probe.heart.high_wait(99),
            "p999": probe.heart.high_wait(99.9),
            "beats": len(probe.heart.beats),
            "late": sorted(probe.heart.beats)[int(len(probe.heart.beats) * 0.99)],
            "stalls": sorted(probe.heart.stalls, reverse=True)[:200],
        }

    # Hands.

    @property
    def focus(self) -> QWidget:
        """What has the keyboard; no window manager is here to bring a window forward when a dialog has gone."""
        if QApplication.activePopupWidget() is None and QApplication.focusWidget() is None:
            (QApplication.activeModalWidget() or self.window).activateWindow()
        return (QApplication.activePopupWidget() or QApplication.focusWidget() or QApplication.activeModalWidget()
                or self.window)  # fmt: skip

    def _wait(self) -> Iterator[Step]:
        """A look at what came."""
        yield self.random.choice(_LOOK_S)

    def _rest(self) -> Iterator[Step]:
        yield from self.probe.settled()

    def _tell(self, name: str) -> None:
        """The deed before has had its time."""
        worst = self.probe.heart.take_worst()
        if self.deeds:
            self.deeds[-1] = (self.deeds[-1][0], worst)
        self.deeds.append((name, 0.0))

    def _press(self, keys: str, *, look: bool = True) -> Iterator[Step]:
        """One key, as the keymap writes it."""
        if QApplication.activeWindow() is None:
            # where a dialog has gone no window manager brings the window forward, and keys mean nothing to it
            self.window.activateWindow()
            yield lambda: QApplication.activeWindow() is not None
        self._tell(keys)
        pressed = QKeySequence(keys)[0]
        QTest.keyClick(self.focus, pressed.key(), pressed.keyboardModifiers())
        if look:
            yield from self._wait()
        else:
            yield self.random.choice(_KEY_S)

    def _do(self, name: str, deed: Callable[[], object]) -> Iterator[Step]:
        """Something that the mouse does."""
        self._tell(name)
        deed()
        yield from self._wait()

    def _type(self, text: str) -> Iterator[Step]:
        """Letter by letter; what has no key comes from the input method."""
        for letter in text:
            edit = self.focus
            seen = PaintWatch(edit)
            self._tell("letter")
            began = monotonic()
            if letter.isascii():
                QTest.keyClick(edit, letter)
            else:
                commit(edit, letter)
            yield lambda seen=seen, began=began: seen.count > 0 or monotonic() - began > 1
            with contextlib.suppress(RuntimeError):
                if seen.count:
                    self.letters.append(seen.at - began)
                else:
                    self.unseen.append(f"{self.probe.heart.phase}: {type(edit).__name__} {edit.accessibleName()}")
                seen.deleteLater()
            yield self.random.choice(_KEY_S)

    def _turn(self, view: Any, notches: int) -> Iterator[Step]:
        for _ in range(notches):
            self._tell("wheel")
            wheel(view.viewport())
            yield 0.04

    def _tidy(self) -> Iterator[Step]:
        """Closes what a deed left open."""
        for _ in range(4):
            dialog = QApplication.activeModalWidget()
            if isinstance(dialog, QDialog):
                dialog.reject()
                yield 0.2
        if self.window._palette.isVisible():
            self.window.close_palette()
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
        yield from self._rest()

    def _dialog(self) -> Iterator[Step]:
        """Until one is open."""
        yield lambda: QApplication.activeModalWidget() is not None
        yield 0.3

    def _gone(self) -> Iterator[Step]:
        yield lambda: QApplication.activeModalWidget() is None
        yield from self._wait()

    # The deeds of a day.

    def _today(self) -> Iterator[Step]:
        yield from self._press("Ctrl+1")
        page = self.window.page("today")
        page.list.setFocus()
        for _ in range(6):
            yield from self._press("Down", look=False)
        yield from self._wait()
        yield from self._press("Return")
        yield from self._wait()
        yield from self._tidy()

    def _scroll(self) -> Iterator[Step]:
        yield from self._do("list", lambda: self.window.show_page("account"))
        page = self.window.page("account")
        table = page.list.table
        yield from self._turn(table, 40)
        yield from self._wait()
        table.setFocus()
        for _ in range(8):
            yield from self._press("PgDown", look=False)
        for _ in range(12):
            yield from self._press("Down", look=False)
        yield from self._wait()
        bar = table.verticalScrollBar()
        for _ in range(3):
            yield from self._do("jump", lambda: bar.setValue(self.random.randrange(bar.maximum())))

    def _filter(self) -> Iterator[Step]:
        yield from self._do("list", lambda: self.window.show_page("account"))
        page = self.window.page("account").list
        for text in ("an phat", "cong ty dien"):
            yield from self._press("Ctrl+F")
            yield from self._type(text)
            yield from self._wait()
            page.table.setFocus()
            yield from self._press("Down")
            yield from self._press("Down")
            yield from self._do("clear", page.search._on_clear)
        yield from self._do("late ones", lambda: page._on_filter("overdue"))
        yield from self._do("all", lambda: page._on_filter(""))

    def _customer(self) -> Iterator[Step]:
        yield from self._do("list", lambda: self.window.show_page("account"))
        page = self.window.page("account").list
        yield from self._rest()
        row = self.random.randrange(60)
        page.place.show(page.model.answer.ids[row])
        page.table.setFocus()
        yield from self._wait()
        yield from self._press("Return")
        yield from self._rest()
        yield from self._wait()
        detail = self.window.page("account").detail
        yield from self._turn(detail.overview.timeline.view, 10)
        for _ in range(3):
            yield from self._press("Ctrl+Tab")

    def _log(self) -> Iterator[Step]:
        """Two keys and a few words, with the customer's page open."""
        self._number += 1
        if not self.window.where()[1]:
            yield from self._customer()
        self.window.page("account").detail.show_tab("overview")
        yield from self._press("Ctrl+L")
        yield from self._dialog()
        yield from self._type(f"goi hoi ngay giao hang {self._number}")
        yield from self._press("Ctrl+Return")
        yield from self._gone()

    def _palette(self) -> Iterator[Step]:
        for text in ("dang", "thu tien", "cong ty viet"):
            yield from self._press("Ctrl+K")
            yield from self._type(text)
            yield from self._wait()
            yield from self._press("Down")
            yield from self._press("Return")
            yield from self._rest()
        yield from self._press("Alt+Left")

    def _capture(self) -> Iterator[Step]:
        yield from self._press("F7")
        yield from self._type("goi #an phat mai 9h hoi hop dong")
        yield from self._wait()
        yield from self._press("Return")
        yield from self._press("Escape")

    def _proposal(self, identity: str, cells: int) -> Iterator[Step]:
        yield from self._do("open", lambda: self.window.show_page("proposal", identity))
        page = self.window.page("proposal")
        yield lambda: hasattr(page.currentWidget(), "lines")
        yield from self._rest()
        yield from self._wait()
        page.currentWidget().toggle_preview(True)
        view = page.currentWidget().lines
        model = view.lines
        view.setFocus()
        yield from self._turn(view, 10)
        for number in range(cells):
            index = model.index(model.row_of(self.random.randrange(len(model.lines))), 4)
            view.setCurrentIndex(index)
            view.scrollTo(index)
            yield from self._press("F2")
            yield lambda: view.viewport().findChild(QLineEdit) is not None
            view.viewport().findChild(QLineEdit).selectAll()
            yield from self._type(str(1_250_000 + 1000 * number))
            yield from self._press("Return")
        yield from self._press("Alt+Down")
        yield from self._press("Ctrl+D")
        yield from self._press("Ctrl+Return")
        yield from self._type("them mot dong")
        yield from self._press("Return")
        QGuiApplication.clipboard().setText("\n".join(f"Dán {n}\tgói\t{n}\t{n}00000" for n in range(1, 8)))
        view.setFocus()
        yield from self._press("Ctrl+V")
        yield from self._wait()
        yield from self._press("Ctrl+Z")
        yield from self._press("Escape")

    def _board(self) -> Iterator[Step]:
        yield from self._do("board", lambda: self.window.show_page("proposal", "board"))
        yield from self._rest()
        board = self.window.page("proposal").currentWidget()
        column = next(each for each in board.columns.values() if len(each.view.cards.ids) > 20)
        column.view.setFocus()
        column.view.go_to(self.random.randrange(10))
        yield from self._turn(column.view, 15)
        for _ in range(4):
            yield from self._press("PgDown", look=False)
        for keys in ("Ctrl+Right", "Ctrl+Right", "Ctrl+Left"):
            yield from self._press(keys)
        yield from self._press("Space")
        for keys in ("Right", "Right", "Escape"):
            yield from self._press(keys, look=False)
        yield from self._press("Ctrl+Z")

    def _worklist(self) -> Iterator[Step]:
        yield from self._do("worklist", lambda: self.window.show_page("collection", "worklist"))
        yield from self._rest()
        view = self.window.page("collection").worklist
        view.table.setFocus()
        yield from self._turn(view.table, 20)
        for _ in range(4):
            yield from self._press("Down")
        yield from self._press("Return")
        yield from self._rest()
        view.table.setFocus()
        for _ in range(3):
            yield from self._press("Down")
        yield from self._press("Ctrl+L")
        yield from self._dialog()
        yield from self._press("Down")
        yield from self._press("Ctrl+Return")
        yield from self._gone()

    def _receipt(self) -> Iterator[Step]:
        """Money of the customer in the panel: the amount typed, laid against the oldest as suggested."""
        yield from self._do("worklist", lambda: self.window.show_page("collection", "worklist"))
        page = self.window.page("collection")
        page.close_panel()
        page.worklist.table.setFocus()
        yield from self._press("Down")
        yield from self._press("Ctrl+R")
        yield lambda: page.panel_shown() == "receipt"
        yield from self._rest()
        form = page.form
        form.fields.editor("amount").inner.setFocus()
        yield from self._type("150000")
        yield lambda: bool(form.shares())
        yield from self._press("Ctrl+Return")
        yield lambda: page.panel_shown() != "receipt"
        yield from self._rest()

    def _undo(self) -> Iterator[Step]:
        for keys in ("Ctrl+Z", "Ctrl+Y", "Ctrl+Z"):
            yield from self._press(keys)
            yield from self._rest()

    def _ageing(self) -> Iterator[Step]:
        page = self.window.page("collection")
        yield from self._do("ageing", lambda: self.window.show_page("collection", "ageing"))
        yield from self._rest()
        page.ageing.table.setFocus()
        for keys in ("Down", "Right", "Right"):
            yield from self._press(keys)
        yield from self._do("a month ago", lambda: page._date.setDate(page._date.date().addDays(-30)))
        yield from self._rest()
        yield from self._do("today", lambda: page._date.setDate(page._date.maximumDate()))
        yield from self._rest()
        yield from self._do("open", lambda: self.window.show_page("collection", "open"))
        yield from self._turn(page.open.table, 15)

    def _receipts(self) -> Iterator[Step]:
        page = self.window.page("collection")
        yield from self._do("receipts", lambda: self.window.show_page("collection", "receipts"))
        yield from self._rest()
        yield from self._do("all receipts", page.show_receipts_of_all)
        yield from self._rest()
        yield from self._turn(page.receipts.table, 20)
        yield from self._press("Down")

    def _import(self) -> Iterator[Step]:
        """Fifty customers out of a file, looked through, taken over, and taken back."""
        self._number += 1
        yield from self._do("importing", lambda: self.window.show_page("importing"))
        page = self.window.page("importing")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "khach-moi.csv"
            rows = (f"Công ty TNHH Thử {self._number} {each},{each} Lê Lợi,Bán lẻ,30" for each in range(50))
            lines = ["Tên KH,Địa chỉ,Ngành,Hạn TT", *rows]
            file.write_text("\n".join(lines) + "\n", "utf-8-sig")
            yield from self._do("file", lambda: page.files_chosen.emit([file]))
            yield lambda: page.state() == "preview"
            yield from self._rest()
        page.setFocus()
        yield from self._press("Ctrl+Return")
        yield lambda: page.state() == "done"
        yield from self._rest()
        yield from self._press("Ctrl+Z")
        yield from self._rest()

    def _lists(self) -> Iterator[Step]:
        yield from self._do("tasks", lambda: self.window.show_page("task"))
        for _ in range(5):
            yield from self._press("Down", look=False)
        yield from self._do("products", lambda: self.window.show_page("product"))
        yield from self._press("Ctrl+F")
        yield from self._type("man hinh")
        yield from self._wait()

    def _settings(self) -> Iterator[Step]:
        yield from self._press("Ctrl+,")
        yield from self._wait()
        yield from self._press("F8")
        yield from self._press("F8")
        yield from self._do("smaller window", lambda: self.window.resize(QSize(1280, 720)))
        yield from self._do("larger window", lambda: self.window.resize(QSize(1366, 768)))
        yield from self._press("Ctrl+1")

    def _backup(self) -> Iterator[Step]:
        """The daily backup runs while somebody types, and on while the work goes on."""
        if not self._cared:
            self._cared = True
            yield from self._do("backup", self.probe.door.care)
        yield from self._do("list", lambda: self.window.show_page("account"))
        yield from self._press("Ctrl+F")
        yield from self._type("nhap trong luc sao luu")
        yield from self._do("clear", self.window.page("account").list.search._on_clear)
