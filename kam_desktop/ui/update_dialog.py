"""The dialog of updates: what runs, whether there is a newer version, what is new, how far it is."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from kam_desktop import formats
from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.charts import Progress
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.labels import PlainLabel, caption, strong
from kam_desktop.ui.sentences import words_of

_MB = 1_000_000


class UpdateDialog(Dialog):
    """Passive: shows what the agent knows.

    Signals:
        check_wanted, take_wanted, cancel_wanted.
    """

    check_wanted = Signal()
    take_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent, tr("Updates"), icon="download", width=520)
        self.version, self.said = strong(), PlainLabel(wrap=True)
        self.since = caption(wrap=True)
        self.notes = QPlainTextEdit()
        self.notes.setReadOnly(True)
        self.notes.setTabChangesFocus(True)
        self.notes.setAccessibleName(tr("What is new"))
        self.notes.setFixedHeight(theme.px(140))
        self.new = strong(tr("What is new"))
        self.bar, self.share = Progress(name=tr("Download")), caption()
        for part in (self.version, self.said, self.since, self.new, self.notes, self.bar, self.share):
            self.body.addWidget(part)
        self.check = self.add_button(Button(tr("Check now"), icon="refresh-cw"))
        self.stop = self.add_button(Button(tr("Stop")))
        self.close_button = self.add_button(Button(tr("Close")), 0)
        self.take = self.add_button(Button(tr("Download, install when I close"), kind="primary"))
        self.check.clicked.connect(self.check_wanted)
        self.stop.clicked.connect(self.cancel_wanted)
        self.take.clicked.connect(self.take_wanted)

    def show_now(self, now: Any, lang: str) -> None:
        """Shows an update_agent.Now."""
        release, loading = now.release, now.phase == "loading"
        self.version.setText(tr("Version {version}", version=now.version))
        self.said.setText(_sentence(now))
        self.since.setText(_since(now))
        self.since.setVisible(bool(self.since.text()))
        notes = (release.notes.get(lang) or next(iter(release.notes.values()), "")) if release is not None else ""
        for part in (self.new, self.notes):
            part.setVisible(bool(notes))
        if self.notes.toPlainText() != notes:
            self.notes.setPlainText(notes)
        self.bar.setVisible(loading)
        self.share.setVisible(loading)
        if loading:
            self.bar.set_share(now.done / now.whole if now.whole else 0)
            done, whole = (formats.number(round(each / _MB)) for each in (now.done, now.whole))
            self.share.setText(tr("{done} of {whole} MB", done=done, whole=whole))
        self.stop.setVisible(loading)
        self.check.setVisible(now.configured and not loading)
        self.check.setEnabled(not now.phase)
        self.take.setVisible(release is not None and now.can_install and not now.phase)


def _sentence(now: Any) -> str:
    version = now.release.version if now.release is not None else ""
    if now.phase == "checking" or not now.asked:
        return tr("Looking for a newer version…")
    if now.phase == "loading":
        return tr("Version {version} is on its way. You can go on working, and close this.", version=version)
    if now.phase == "ready":
        return tr("Version {version} is ready. It is installed when you close the program; should it not start, this "
                  "version comes back by itself.", version=version)  # fmt: skip
    if not now.configured:
        return tr("This installation has no update server. It works without one; whoever installed it brings newer "
                  "versions.")  # fmt: skip
    if isinstance(now.failure, Unavailable | Refused):
        return words_of(now.failure)
    if not version:
        return tr("This is the newest version for this computer.")
    if now.can_install:
        return tr("Version {version} is there ({size} MB).", version=version,
                  size=formats.number(max(1, round(now.release.length / _MB))))  # fmt: skip
    return tr("Version {version} is there. Whoever installed this program brings it to this computer.", version=version)


def _since(now: Any) -> str:
    if not now.configured or now.phase in ("loading", "ready"):
        return ""
    if now.since is None:
        return tr("No update server has answered yet.") if now.failure is not None else ""
    moment = formats.moment(now.since)
    return tr("No updates known since {moment}. The program works on as it is.", moment=moment) if now.failure \
        else tr("Asked last {moment}.", moment=moment)  # fmt: skip
