"""The parts of the tour by name, and the whole walk through them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kam_desktop.ui import tour_frame, tour_money, tour_pages, tour_sync
from kam_desktop.ui.tour_walk import Steps, Walk

PARTS: dict[str, Callable[[Walk], Steps]] = {
    "today": tour_pages.today, "account": tour_pages.account, "proposal": tour_pages.proposal,
    "collection": tour_money.collection, "importing": tour_pages.importing, "task": tour_pages.task,
    "product": tour_pages.product, "sync": tour_sync.sync, "settings": tour_frame.settings,
    "window": tour_frame.over_window, "support": tour_frame.support,
    "first_run": tour_frame.first_run,
}  # fmt: skip
"""In the order in which they are walked."""


def steps(walk: Walk, only: Sequence[str] = ()) -> Steps:
    """The whole walk, or the named parts of it."""
    yield from walk.know()
    for name, part in PARTS.items():
        if not only or name in only:
            walk.hush()
            yield from part(walk)
