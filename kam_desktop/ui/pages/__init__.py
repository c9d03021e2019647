"""The list of all pages, written out so that a reader sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtWidgets import QWidget

from kam_desktop.language import N_
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.navigation import PageSpec


@dataclass(frozen=True)
class Entry:
    """One page: `make` gives its widget for a desk; the rest is as in PageSpec.

    Attributes:
        opens: names of the entities whose records this page shows: where a search hit leads.
        create: the words of the menu "Create" for a page that has a place "new".
    """

    key: str
    title: str
    icon: str
    make: Callable[[Desk], QWidget]
    shortcut: str = ""
    section: str = ""
    wide: bool = False
    opens: tuple[str, ...] = ()
    create: str = ""


def _account(desk: Desk) -> QWidget:
    # each page is imported when it is first shown: the window's first frame does not wait for all of them
    from kam_desktop.ui.pages.account.controller import AccountController

    return AccountController(desk).page


def _proposal(desk: Desk) -> QWidget:
    from kam_desktop.ui.pages.proposal.controller import ProposalController

    return ProposalController(desk).page


PAGES: tuple[Entry, ...] = (
    Entry("account", N_("Accounts"), "users", _account, "Ctrl+2", opens=("account",), create=N_("Add account")),
    Entry("proposal", N_("Proposals"), "file-text", _proposal, "Ctrl+3", wide=True,
          opens=("proposal", "proposal_version"), create=N_("New proposal")),
)
"""In the order of the list at the left; the first is shown when nothing is remembered."""


def specs(desk: Desk) -> list[PageSpec]:
    """The pages as the window wants them."""
    return [
        PageSpec(each.key, each.title, each.icon, partial(each.make, desk), each.shortcut, each.section, each.wide)
        for each in PAGES
    ]
