"""The one signal by which every page learns what was changed, here or by another laptop."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class ChangeFeed(QObject):
    """Where committed changes are told; one for a window. Only controllers listen.

    Signals:
        published(ChangeSet): a commit is on the disk; whoever shows one of its entities asks again.
    """

    published = Signal(object)
