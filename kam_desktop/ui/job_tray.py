"""The job tray in the status bar: what runs in the background, how far it is, and a way to stop it."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.charts import Progress
from kam_desktop.ui.kit.buttons import IconButton
from kam_desktop.ui.kit.labels import caption


@dataclass(frozen=True)
class Job:
    """Something that runs: its words, its share of one (None: not known), and how to stop it."""

    title: str
    share: float | None = None
    cancel: Callable[[], None] | None = None


class JobTray(QWidget):
    """Shows the oldest running job and how many more there are; hidden while nothing runs."""

    def __init__(self) -> None:
        super().__init__()
        self._jobs: dict[str, Job] = {}
        self._said = -1
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(8))
        self._title = caption(tone="text2")
        self._bar = Progress(height=4)
        self._bar.setFixedWidth(theme.px(96))
        self._stop = IconButton("x", tr("Stop"))
        self._stop.setFixedSize(theme.px(24), theme.px(24))
        self._stop.clicked.connect(self._on_stop)
        row.addWidget(self._title)
        row.addWidget(self._bar, alignment=Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._stop)
        self.hide()

    def set_job(self, key: str, job: Job | None) -> None:
        """Show or change a job; None means that it has ended."""
        if job is None:
            self._jobs.pop(key, None)
        else:
            self._jobs[key] = job
        self._show()

    def jobs(self) -> dict[str, Job]:
        """The running jobs by key, oldest first."""
        return dict(self._jobs)

    def _show(self) -> None:
        first = next(iter(self._jobs.values()), None)
        self.setVisible(first is not None)
        if first is None:
            self._said = -1
            return
        more = len(self._jobs) - 1
        self._title.setText(f"{first.title} · +{more}" if more else first.title)
        self._bar.setVisible(first.share is not None)
        self._bar.set_share(first.share or 0)
        self._stop.setVisible(first.cancel is not None)
        self._stop.setAccessibleName(tr("Stop: {job}", job=first.title))
        self.setAccessibleName(self._title.text())
        tenth = int((first.share or 0) * 10)
        if tenth != self._said:  # screen readers hear every tenth part
            self._said = tenth
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, f"{first.title} {tenth * 10} %"))

    def _on_stop(self) -> None:
        first = next(iter(self._jobs.values()), None)
        if first is not None and first.cancel is not None:
            first.cancel()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), theme.px(24))
