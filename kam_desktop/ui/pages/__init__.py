"""The list of all pages, written out so that a reader sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib import import_module
from typing import Any

from PySide6.QtWidgets import QWidget

from kam_desktop.language import N_
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.navigation import ALONE, FOOT, PageSpec


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


def _today(desk: Desk) -> QWidget:
    from kam_desktop.ui.pages.today.controller import TodayController

    return TodayController(desk).page


def _collection(desk: Desk) -> QWidget:
    from kam_desktop.ui.pages.collection.controller import CollectionController

    return CollectionController(desk).page


def _task(desk: Desk) -> QWidget:
    from kam_desktop.ui.pages.task.controller import TaskController

    return TaskController(desk).page


def _product(desk: Desk) -> QWidget:
    from kam_desktop.ui.pages.product.controller import ProductController

    return ProductController(desk).page


def _importing(desk: Desk) -> QWidget:
    from kam_desktop.ui.pages.importing.controller import ImportController

    return ImportController(desk).page


def _sync(desk: Desk) -> QWidget:
    from kam_desktop.ui.pages.sync.controller import SyncController

    return SyncController(desk).page


def _settings(desk: Desk) -> QWidget:
    from kam_desktop.ui.pages.settings.controller import SettingsController

    return SettingsController(desk).page


def _first_run(desk: Desk) -> QWidget:
    from kam_desktop.ui.pages.first_run.controller import FirstRunController

    return FirstRunController(desk).page


PAGES: tuple[Entry, ...] = (
    Entry("today", N_("Today"), "sun", _today, "page_1"),
    Entry("account", N_("Accounts"), "users", _account, "page_2", opens=("account",), create=N_("Add account")),
    Entry("proposal", N_("Proposals"), "file-text", _proposal, "page_3", wide=True,
          opens=("proposal", "proposal_version"), create=N_("New proposal")),
    Entry("collection", N_("Collections"), "wallet", _collection, "page_4", wide=True,
          opens=("invoice", "instalment", "receipt", "credit_note", "allocation", "opening_settlement"),
          create=N_("Record a receipt")),
    Entry("task", N_("Tasks"), "list-checks", _task, "page_6", opens=("task",), create=N_("Add task")),
    Entry("product", N_("Products"), "package", _product, "page_7", opens=("product", "price_list"),
          create=N_("Add product")),
    Entry("importing", N_("Import"), "upload", _importing, "page_5", wide=True),
    Entry("sync", N_("Sync"), "refresh-cw", _sync),
    Entry("settings", N_("Settings"), "settings", _settings, "settings", FOOT, opens=("firm",)),
    Entry("first_run", N_("First run"), "sparkles", _first_run, section=ALONE),
)
"""In the order of the list at the left; the first is shown when nothing is remembered."""


def specs(desk: Desk) -> list[PageSpec]:
    """The pages as the window wants them."""
    return [
        PageSpec(each.key, each.title, each.icon, partial(each.make, desk), each.shortcut, each.section, each.wide)
        for each in PAGES
    ]


def load() -> None:
    """Imports every page, in a lane while nobody waits: the first look at one then only has to make its widgets."""
    for each in PAGES:
        import_module(f"{__name__}.{each.key}.controller")


def _accounts_ahead(reader: Any, today: date) -> None:
    from kam_desktop.ui.pages.account import questions

    questions.ask_list(reader, "", "", True, "revenue", today, "")


def _letter_ahead(reader: Any, today: date) -> None:
    """The first letter typed there would wait for what all later ones are looked for in."""
    from kam_desktop.ui.pages.account import questions

    questions.ask_list(reader, "a", "", True, "revenue", today, "")


def _worklist_ahead(reader: Any, today: date) -> None:
    from kam_desktop.ui.pages.collection import questions
    from kam_desktop.ui.pages.collection.answers import WorkFilter

    questions.ask_worklist(reader, today, "VND", WorkFilter())


AHEAD: tuple[Callable[[Any, date], None], ...] = (_accounts_ahead, _letter_ahead, _worklist_ahead)
"""What the two longest lists ask first, to be asked in a lane while nobody waits: the store keeps what it computes."""
