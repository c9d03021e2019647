"""Where the messages of the protocol are sent, under the server's address."""

from __future__ import annotations

from kam_desktop import __version__

_SYNC = "hello push pull wait digest reconcile recovered history reassign conflicts audit devices handed-in"
PATHS = {name: f"/sync/{name}" for name in _SYNC.split()} | {
    name: f"/session/{name}" for name in (
        "sign-in", "refresh", "sign-out", "password", "hand-in", "provider", "browser-begin", "browser-sign-in",
    )
}

USER_AGENT = f"KAM-Desktop/{__version__}"
