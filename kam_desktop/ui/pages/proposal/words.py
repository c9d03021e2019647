"""What stages of proposals and states of versions are called, in the current language."""

from __future__ import annotations

from kam_desktop.language import tr

SOON_DAYS = 7
"""An offer that ends within these days is amber."""


def stage_names() -> dict[str, str]:
    """The stages in the current language."""
    return {
        "briefed": tr("Brief received"), "working": tr("In progress"), "in_approval": tr("In approval"),
        "sent": tr("Sent"), "negotiating": tr("Negotiating"),
        "won": tr("Won"), "lost": tr("Lost"), "on_hold": tr("On hold"),
    }  # fmt: skip


def status_names() -> dict[str, str]:
    """What a version can be, in the current language."""
    return {
        "draft": tr("draft"), "in_approval": tr("in approval"), "approved": tr("approved"),
        "sent": tr("sent"), "accepted": tr("accepted"),
        "rejected": tr("rejected"), "expired": tr("expired"), "superseded": tr("superseded"),
    }  # fmt: skip


STATUS_TONES = {
    "draft": "info", "in_approval": "warning", "approved": "success", "sent": "", "accepted": "success",
    "rejected": "danger", "expired": "warning", "superseded": "",
}  # fmt: skip
