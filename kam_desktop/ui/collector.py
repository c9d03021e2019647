"""Collects cycles of garbage in the UI thread alone: a widget freed elsewhere ends the process."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_EVERY_MS = 250


class Collector(QObject):
    """Takes Python's automatic collection over, for as long as threads run beside widgets.

    Python collects in whichever thread happens to allocate. A page that was put away, with its delegates and actions,
    was then destroyed in the thread of a question, and Qt crashed (seen). The thresholds are those of `gc`, as set.
    """

    _living = 0

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        Collector._living += 1
        gc.disable()
        self._clock = QTimer(self)
        self._clock.setInterval(_EVERY_MS)
        self._clock.timeout.connect(self.look)
        self._clock.start()

    def look(self) -> None:
        """Collects as far as is due: the young ones, then those that survived before."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        due = [age for age in (2, 1, 0) if counts[age] > thresholds[age] > 0]
        if 0 in due:
            gc.collect(due[0])

    def stop(self) -> None:
        """No thread runs any more: Python collects by itself again."""
        if self._clock.isActive():
            self._clock.stop()
            Collector._living -= 1
            if not Collector._living:
                gc.enable()
