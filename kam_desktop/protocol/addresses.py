"""Where the messages of the protocol are sent, under the server's address."""

from __future__ import annotations

from kam_desktop import __version__

PATHS = {
    name: f"/sync/{name}"
    for name in (
        "hello",
        "push",
        "pull",
        "wait",
        "digest",
        "reconcile",
        "recovered",
        "history",
        "reassign",
        "conflicts",
        "audit",
    )
} | {name: f"/session/{name}" for name in ("sign-in", "refresh", "sign-out", "password")}

USER_AGENT = f"KAM-Desktop/{__version__}"
