"""How things stand with the shared server, in words: status pill and whole sentences."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from kam_desktop import formats
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui.sentences import sentence
from kam_desktop.ui.sync_agent import Now

OFFLINE = ("offline", "portal", "proxy", "cut", "busy", "server_fault")
"""Nothing is wrong with the data or the server; it is tried again by itself."""

_SHORT = {
    "portal": N_("Sign in to this network first"),
    "proxy": N_("The proxy of this network does not let us through"),
    "cut": N_("The connection broke off"),
    "busy": N_("The server is busy"),
    "server_fault": N_("The server has a problem"),
    "clock": N_("Check the date of this computer"),
    "tls_inspected": N_("The connection is not private"),
    "other_workspace": N_("Another server answers"),
    "wrong_server": N_("This is not the shared server"),
    "restored": N_("The server was set back and waits"),
    "log_changed": N_("The server's log was altered"),
    "log_blanked": N_("The server's log was altered"),
    "log_unread": N_("The server's log was altered"),
    "update": N_("Please update the program"),
    "too_large": N_("The server takes no message of this size"),
}  # fmt: skip


class State(NamedTuple):
    """What the pill shows: words, tone and icon, and where its press leads (a place of the sync page)."""

    text: str
    tone: str
    icon: str
    place: str = ""


def pill(now: Now, today: date) -> State:
    """The state in words; grey is normal, warning needs the user, danger is an error that says the data is safe."""
    if now.phase == "connecting":
        return State(rows(now), "", "download")
    if not now.connected:
        return State(tr("Saved on this computer"), "", "check")
    waiting = trn("{n} change waits", "{n} changes wait", now.waiting) if now.waiting else ""
    if now.phase == "syncing":
        many = f" {formats.number(now.done)}/{formats.number(now.whole)}" if now.whole else ""
        return State(tr("Syncing") + many, "", "refresh-cw", "waiting")
    last = tr("last sync {at}", at=moment(now.last_sync, today)) if now.last_sync else ""
    if not now.signed_in or (now.failure is not None and now.failure.code == "sign_in"):
        return State(_joined(tr("Sign in again"), waiting), "warning", "lock", "waiting")
    if now.lease is not None and now.lease.set_back:
        return State(_joined(tr("Check the date of this computer"), waiting), "warning", "lock", "waiting")
    if now.lease is not None:
        days = trn("{n} day left without the server", "{n} days left without the server", now.lease.left_days)
        return State(_joined(days, waiting), "warning", "lock", "waiting")
    if now.braked:
        return State(_joined(tr("Needs you ({n})", n=now.needs_you + 1), last), "warning", "triangle-alert", "needs")
    if now.failure is not None and now.failure.code not in OFFLINE:
        short = tr(_SHORT.get(now.failure.code, N_("Sync stopped")))
        return State(_joined(short, tr("your data is safe"), waiting), "danger", "circle-alert", "waiting")
    if now.needs_you:
        words = tr("Needs you ({n})", n=now.needs_you)
        away = tr("Offline") if now.failure is not None else ""
        return State(_joined(words, away, waiting, last), "warning", "triangle-alert", "needs")
    if now.failure is not None:
        short = tr(_SHORT[now.failure.code]) if now.failure.code in _SHORT else tr("Offline")
        return State(_joined(short, waiting, last), "", "cloud-off", "waiting")
    if now.waiting:
        return State(_joined(waiting, last), "", "cloud", "waiting")
    at = moment(now.last_sync, today)
    return State(tr("Synced at {at}", at=at) if at else tr("Synced"), "", "cloud-check", "log")


def rows(now: Now) -> str:
    """A first download: rows that are here, and in all where that is known."""
    if not now.whole:
        return tr("Downloading …")
    return tr("Downloading {n} of {m} rows", n=formats.number(now.done), m=formats.number(now.whole))


def long(now: Now) -> str:
    """Why the last cycle did not come to its end, in whole sentences, and what is soon needed; "" for neither."""
    said = [sentence(now.failure)] if now.failure is not None else []
    if now.lease is not None and now.lease.set_back:
        said.append(tr("The clock of this computer was set back. The days without the server go on counting."))
    if now.lease is not None:
        said.append(trn(
            "Your firm asks this computer to be at the server within {n} day; then you sign in before the data open.",
            "Your firm asks this computer to be at the server within {n} days; then you sign in before the data open.",
            now.lease.left_days,
        ))  # fmt: skip
    return " ".join(said)


def moment(at: datetime | None, today: date) -> str:
    """A moment as shown: the time alone for today's, else with its day."""
    if at is None:
        return ""
    return formats.clock_time(at) if at.astimezone().date() == today else formats.moment(at)


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
