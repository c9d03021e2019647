"""A second start of the program: tells the first window to come forward, and what it is to open."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_CONNECT_MS = 300
_ANSWER_MS = 5_000  # the first window may be busy drawing; nobody waits for longer
_MOST_BYTES = 65_536
_MOST_TARGETS = 16
_HEARD = b"heard\n"


def here(targets: Sequence[str]) -> list[str]:
    """The same, with files as whole paths: the first window works in another folder."""
    return [each if ":" in each[1:] or each.startswith(("/", "\\")) else os.path.abspath(each) for each in targets]


def raised_first(name: str, targets: Sequence[str] = ()) -> bool:
    """Whether a window of this user listens under that name; it comes forward and opens what it is told."""
    socket = QLocalSocket()
    socket.connectToServer(name)
    if not socket.waitForConnected(_CONNECT_MS):
        return False
    _let_it_come_forward()
    if targets:
        socket.write(json.dumps(list(targets)).encode() + b"\n")
        # until it was read: where pipes are named (Windows), what was not read goes with whoever wrote it
        while socket.bytesToWrite() and socket.waitForBytesWritten(_ANSWER_MS):
            pass
        socket.waitForReadyRead(_ANSWER_MS)
    socket.disconnectFromServer()
    return True


def _let_it_come_forward() -> None:
    """Windows lets a process raise its window only when the one that the user started says that it may."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.AllowSetForegroundWindow(-1)


def read_targets(line: bytes) -> list[str]:
    """What a second start asks to open; anything else than a short list of texts is nothing."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return []
    if not isinstance(found, list) or len(found) > _MOST_TARGETS or not all(isinstance(each, str) for each in found):
        return []
    return found


class Listener(QObject):
    """Listens for second starts, of this user alone, and calls `come_forward` with what they are to open."""

    def __init__(self, name: str, come_forward: Callable[[Sequence[str]], object], parent: QObject) -> None:
        super().__init__(parent)
        self._come_forward = come_forward
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        QLocalServer.removeServer(name)  # what a crash left behind; nobody answered there a moment ago
        self._server.listen(name)
        self._server.newConnection.connect(self._on_connection)

    def _on_connection(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            self._come_forward(())
            socket.setReadBufferSize(_MOST_BYTES)
            socket.readyRead.connect(lambda each=socket: self._on_bytes(each))
            socket.disconnected.connect(socket.deleteLater)
            self._on_bytes(socket)

    def _on_bytes(self, socket: QLocalSocket) -> None:
        if socket.canReadLine():
            targets = read_targets(bytes(socket.readLine(_MOST_BYTES).data()))
            socket.write(_HEARD)
            socket.flush()
            if targets:
                self._come_forward(targets)
        elif socket.bytesAvailable() >= _MOST_BYTES:
            socket.abort()
