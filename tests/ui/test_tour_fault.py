"""A job that breaks behind the window fails the tour and the self-test; no dialog waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer

from kam_desktop import app
from kam_desktop.ui import desktop as desktops
from kam_desktop.ui.tour import Wishes

ONLY = Wishes(("today", "en", "light"))


@pytest.mark.expects_log
@pytest.mark.parametrize("lane", ["files", "", None])
def test_what_breaks_behind_the_window_fails_the_tour(
    lane: str | None, dressed: None, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[desktops.Desktop] = []
    begun = desktops.Desktop.opened

    def opened(desktop: desktops.Desktop, values: Any) -> None:
        begun(desktop, values)
        made.append(desktop)
        if lane:
            desktop.background.run(lane, lambda: 1 // 0)
        elif lane == "":  # in the UI thread
            QTimer.singleShot(0, desktop, lambda: desktop.on_exception(KeyError, KeyError("x"), None))  # type: ignore[arg-type]

    monkeypatch.setattr(desktops.Desktop, "opened", opened)
    status = app.run_tour(tmp_path, ONLY, "")
    assert (tmp_path / "today-en-light.png").is_file()
    assert status == (0 if lane is None else 1)
    assert len(made[0].faults) == status
