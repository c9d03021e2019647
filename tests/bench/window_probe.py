"""One start of the real window, measured from inside; `window` runs it in processes of their own.

The entry point is the program's own. Only the way in differs: the recovery key opens the profile, not the keyring.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from kam_desktop import app as program
from kam_desktop.__main__ import main as run_program
from kam_desktop.ui.kit import dialogs
from tests.bench import window_parts, window_session
from tests.bench.measure import Heartbeat, PaintWatch, Script, Step, Witness, born, memory, wheel

_SETTLE_S = 0.3
_PACES_S = (0.06, 0.09, 0.12, 0.18, 0.25, 0.45)  # between letters: faster and slower than the pause of the search box


class Probe:
    """Watches one window from its start on.

    Args:
        kind: "start", "whole", "session", or a name of window_parts.PARTS.
        leave: the page on which the next start begins.
        run: which one of several alike it is; for the session, how many minutes.
    """

    def __init__(self, door: Any, application: QApplication, target: Path, kind: str, leave: str,
                 run: float) -> None:  # fmt: skip
        self.door, self.desktop, self.application = door, door.desktop, application
        self.window = door.desktop.window
        self.target, self.kind, self.leave, self.run = target, kind, leave, int(run)
        self.minutes = run
        self.found: dict[str, Any] = {}
        self.taken: dict[str, list[float]] = {}  # what a part hands to the one that asked for it
        self.heart = Heartbeat()
        self.witness = Witness(self.heart) if os.environ.get("KAM_BENCH_WHY") else None
        self.first = PaintWatch(self.window)
        self.first.then = self._on_first_frame
        self.script = Script(self._steps())

    def _on_first_frame(self) -> None:
        self.found["first_frame"] = self.first.at - born()
        self.first.then = None
        self.heart.begin("start")
        self.script.start()

    # What is waited for.

    def rows(self) -> int:
        """How many rows the shown page's list has."""
        page = self.window.pages.currentWidget()
        listing = page.currentWidget() if hasattr(page, "currentWidget") else page
        for name in ("model", "_rows"):
            for holder in (listing, getattr(listing, "list", None)):
                model = getattr(holder, name, None)
                if hasattr(model, "rowCount"):
                    return int(model.rowCount())
        return -1

    def ready(self) -> bool:
        """A page with real rows is shown and nothing is asked that is not answered."""
        return bool(self.window.current_key()) and self.rows() != 0 and self.quiet()

    def quiet(self) -> bool:
        """Nothing is asked or saved that is not answered."""
        background = self.desktop.background
        return background.profile is not None and not any(
            each.lane in ("edit", "ask") for each in background._answers.values()
        )

    def settled(self) -> Iterator[Step]:
        """Waits until the lanes are quiet and the frame that follows is painted."""
        yield self.quiet
        yield 0.0
        yield self.quiet

    # The script.

    def _steps(self) -> Iterator[Step]:
        yield self.ready
        painted = PaintWatch(self.window)
        self.window.update()  # a frame after the last answer: everything before it is on the screen too
        yield lambda: painted.count > 0 and self.quiet()
        self.found["usable"] = painted.at - born()
        self.window.activateWindow()  # a screen without a window manager gives the keyboard to nobody
        painted.deleteLater()
        yield _SETTLE_S
        self.found["start_page"] = self.window.current_key()
        self.found["memory_start"] = memory()
        if self.kind == "whole":
            for part in (
                self._pages, self._typing, self._palette, self._scroll, self._form, self._looks, self._backup,
            ):  # fmt: skip
                yield from part()
        elif self.kind == "session":
            yield from window_session.Day(self).steps()
        else:
            for walk in window_parts.PARTS.get(self.kind, ()):
                yield from walk(self)
        if self.kind != "start":
            self.heart.begin("")
            self.found["memory"] = memory()
        if self.witness is not None:
            for place, count in self.witness.places.most_common(60):
                print(f"{count:>5}  {place}", file=sys.stderr)
        self.found["stalls"] = self.heart.longest
        self.target.write_text(json.dumps(self.found), "utf-8")
        self.window.show_page(self.leave)  # the next start begins there
        self.window.close()
        self.application.quit()

    def _pages(self) -> Iterator[Step]:
        """Every page twice: made, and shown again."""
        keys = [spec.key for spec in self.window._order if spec.key not in ("", "first_run")]
        taken: dict[str, list[float]] = {key: [] for key in keys}
        for _ in range(2):
            for key in keys:
                self.heart.begin(f"switch to {key}")
                painted = PaintWatch(self.window)
                began = monotonic()
                self.window.show_page(key)
                self.window.update()
                yield lambda painted=painted: painted.count > 0 and self.quiet()
                taken[key].append(monotonic() - began)
                painted.deleteLater()
                yield _SETTLE_S
        self.found["switch"] = taken
        self.heart.begin("switch back")
        self.window.show_page("account")
        yield from self.settled()
        yield _SETTLE_S

    def _type(self, edit: QWidget, text: str, taken: list[float], again: int = 1) -> Iterator[Step]:
        """Types a text letter by letter; each letter's time until the field that shows it is painted."""
        watch = PaintWatch(edit)
        paces = random.Random(7)
        for letter in text * again:
            before = watch.count
            began = monotonic()
            QTest.keyClick(edit, letter)
            yield lambda before=before: watch.count > before
            taken.append(watch.at - began)
            yield paces.choice(_PACES_S)
        watch.deleteLater()

    def _typing(self) -> Iterator[Step]:
        """The list's filter box: the letter in the box, and the list with the answer."""
        page = self.window.page("account").list
        edit = page.search.edit
        edit.setFocus()
        self.heart.begin("type in the filter")
        letters: list[float] = []
        for text in ("cong ty an phat", "viet", "99100"):
            yield from self._type(edit, text, letters)
            yield from self.settled()
            edit.clear()
            edit.textEdited.emit("")
            yield from self.settled()
            yield _SETTLE_S
            yield from self.settled()
        answers: list[float] = []
        view = PaintWatch(page.table.viewport())
        answered: list[float] = []
        page.model.answered.connect(lambda: answered.append(monotonic()))
        for letter in ("c", "o", "n", "g", " ", "a", "n"):
            answered.clear()
            began = monotonic()
            QTest.keyClick(edit, letter)
            yield 0.2
            yield self.quiet
            if answered:  # a space alone asks nothing new
                page.table.viewport().update()
                yield lambda: view.at > answered[-1]
                answers.append(answered[-1] - began)
            yield _SETTLE_S
        edit.clear()
        edit.textEdited.emit("")
        yield 0.2
        yield from self.settled()
        view.deleteLater()
        self.found["letter_filter"] = letters
        self.found["list_answer"] = answers

    def _palette(self) -> Iterator[Step]:
        """Ctrl+K and typing there: the letter, and records found."""
        popup = self.window._palette
        self.heart.begin("type in the palette")
        watch = PaintWatch(self.window)
        began = monotonic()
        self.window.open_palette()
        yield lambda: watch.count > 0
        self.found["palette_open"] = watch.at - began
        letters: list[float] = []
        for text in ("thu tien", "an phat", "dang"):
            yield from self._type(popup.edit, text, letters)
            yield from self.settled()
            popup.edit.selectAll()
            yield _SETTLE_S
        found: list[float] = []
        for letter in "viet a":
            began = monotonic()
            QTest.keyClick(popup.edit, letter)
            yield 0.07
            yield self.quiet
            found.append(monotonic() - began)
            yield _SETTLE_S
        popup.close_popup()
        watch.deleteLater()
        yield _SETTLE_S
        self.found["letter_palette"] = letters
        self.found["palette_answer"] = found

    def _scroll(self) -> Iterator[Step]:
        """Wheel, Page Down and jumps through the list of all customers."""
        page = self.window.page("account").list
        table, model = page.table, page.model
        table.setFocus()
        view = PaintWatch(table.viewport())
        self.found["list_rows"] = model.rowCount()
        bar = table.verticalScrollBar()
        shown: list[tuple[int, int]] = []

        def blanks() -> tuple[int, int]:
            first, last = table.rowAt(0), table.rowAt(table.viewport().height() - 1)
            ids = [model.id_at(row) for row in range(first, (last if last >= 0 else model.rowCount() - 1) + 1)]
            return sum(1 for key in ids if key and model.row_value(key) is None), len(ids)

        for name, deed, count, pace in (
            ("wheel", lambda: wheel(table.viewport()), 240, 1 / 60),
            ("page_down", lambda: QTest.keyClick(table, Qt.Key.Key_PageDown), 120, 1 / 30),
            ("wheel_fast", lambda: wheel(table.viewport(), -10), 240, 0.0),
        ):
            self.heart.begin("scroll")
            bar.setValue(0)
            yield from self.settled()
            shown.clear()
            work: list[float] = []
            ends: list[float] = []
            due = monotonic()
            for _ in range(count):
                if bar.value() == bar.maximum():
                    break  # a short list is scrolled no further
                before = view.count
                began = monotonic()
                deed()
                yield lambda before=before: view.count > before
                work.append(view.at - began)
                ends.append(view.at)
                shown.append(blanks())
                due += pace
                if due > monotonic():
                    yield due - monotonic()
            gaps = [later - earlier for earlier, later in pairwise(ends)]
            blank = sum(each[0] for each in shown) / max(1, sum(each[1] for each in shown))
            self.found[name] = {"frame": work, "gap": gaps, "blank": blank}
            yield from self.settled()
            yield _SETTLE_S
        filled: list[float] = []
        places = random.Random(3)
        for _ in range(20 if bar.maximum() > 1000 else 0):
            began = monotonic()
            bar.setValue(places.randrange(max(1, bar.maximum())))
            before = view.count
            yield lambda before=before: view.count > before and blanks()[0] == 0
            filled.append(view.at - began)
            yield 0.05
        self.found["jump_filled"] = filled
        bar.setValue(0)
        view.deleteLater()
        yield from self.settled()

    def _form(self) -> Iterator[Step]:
        """A customer's form: letters with their draft, the save when the field is left, undo."""
        page = self.window.page("account")
        key = page.list.model.id_at(1) or page.list.model.id_at(0)
        self.heart.begin("open a record")
        began = monotonic()
        self.window.show_page("account", key)
        yield lambda: page.currentWidget() is page.detail and self.quiet()
        self.found["open_record"] = monotonic() - began
        yield _SETTLE_S
        page.detail.show_tab("details")
        form = page.detail.form
        letters: list[float] = []
        self.heart.begin("type in a form")
        for name in ("short_name", "address"):
            edit = form.editor(name).inner
            edit.setFocus()
            yield from self._type(edit, "mot hai ba bon nam", letters)
        yield from self.settled()
        self.heart.begin("save")
        published: list[float] = []
        self.desktop.background.feed.published.connect(lambda _changes: published.append(monotonic()))
        saved, settled = [], []
        for number in range(10):
            edit = form.editor("address").inner
            edit.setFocus()
            edit.end(False)
            QTest.keyClick(edit, str(number))
            yield from self.settled()
            published.clear()
            began = monotonic()
            form.editor("industry").inner.setFocus()
            yield lambda: bool(published)
            saved.append(published[0] - began)
            yield from self.settled()
            settled.append(monotonic() - began)
            yield 0.05
        self.heart.begin("undo")
        for _ in range(12):  # the ten, and the two fields that were typed in
            self.desktop.desk.undo()
            yield from self.settled()
        yield _SETTLE_S
        self.window.show_page("account")
        yield from self.settled()
        self.found |= {"letter_form": letters, "saved": saved, "saved_shown": settled}

    def _backup(self) -> Iterator[Step]:
        """Typing in the list while the rolling backup is written."""
        edit = self.window.page("account").list.search.edit
        edit.setFocus()
        self.heart.begin("backup")
        began = monotonic()
        self.door.care()
        letters: list[float] = []
        while not self.desktop.background.is_idle() and monotonic() - began < 30:
            yield from self._type(edit, "an", letters)
            edit.clear()
        edit.textEdited.emit("")
        self.found |= {"letter_backup": letters, "backup": monotonic() - began}
        yield from self.settled()

    def _looks(self) -> Iterator[Step]:
        """The other language and the other theme, from every page having been shown."""
        for name, deed in (
            ("language", partial(self.desktop.use_language, "en")),
            ("language", partial(self.desktop.use_language, "vi")),
            ("theme", partial(self.window.set_look, "dark", 100)),
            ("theme", partial(self.window.set_look, "light", 100)),
        ):
            self.heart.begin(f"switch {name}")
            watch = PaintWatch(self.window)
            began = monotonic()
            deed()
            self.window.update()
            yield lambda watch=watch: watch.count > 0
            self.found.setdefault(f"switch_{name}", []).append(watch.at - began)
            yield from self.settled()
            watch.deleteLater()
            yield _SETTLE_S


def _on_fault(_parent: object, details: str) -> None:
    """In place of the window's dialog for faults, which would wait for somebody."""
    print(details, file=sys.stderr, flush=True)
    os._exit(1)


def main() -> int:
    """Arguments: the profile's folder, the file for the figures, kind, page of the next start, run (see Probe)."""
    folder, target, kind, leave = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    run_number = float(sys.argv[5]) if len(sys.argv) > 5 else 0
    probes = []
    run = program._run

    def measured(application: QApplication, door: Any) -> int:
        def opened() -> Any:
            from kam_desktop.store.recovery_key import RecoveryKey  # in the lane, as the program does it

            return door._unlocked(RecoveryKey(bytes(range(32))).text(), True)

        door.open = lambda: door._put(opened)
        probes.append(Probe(door, application, target, kind, leave, run_number))
        # a probe that fails must end the process, not leave a window open
        longest_s = 300 + (60 * run_number if kind == "session" else 0)
        QTimer.singleShot(int(1000 * longest_s), lambda: application.exit(1))
        return run(application, door)

    program._run = measured
    dialogs.failed = _on_fault
    program._CARE_MS = 600_000  # the backup has a phase of its own
    sys.argv = ["kam-desktop", "--profile", str(folder)]
    return run_program()


if __name__ == "__main__":
    sys.exit(main())
