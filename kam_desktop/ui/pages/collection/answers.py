"""What the views of the collections are narrowed to, and the frozen answers to their questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kam_desktop.ui.pages.collection.lists import OpenLine, ReceiptLine
from kam_desktop.ui.pages.collection.worklist import WorkLine


@dataclass(frozen=True)
class Filter:
    """What the list is narrowed to: a customer, one of the ages, or both."""

    account: str | None = None
    bucket: int | None = None
    name: str = ""


@dataclass(frozen=True)
class OpenAnswer:
    """The open instalments of a filter: the ageing around them, their ids, how many are late, the first rows."""

    report: Any
    ids: Sequence[str]
    late: int
    rows: dict[str, OpenLine]


@dataclass(frozen=True)
class ReceiptAnswer:
    """The ids of receipts, what is left of those that are not laid out wholly, and the first rows."""

    ids: Sequence[str]
    left: Mapping[str, int]
    rows: dict[str, ReceiptLine]


@dataclass(frozen=True)
class WorkFilter:
    """What the worklist is sorted by and narrowed to; `name` says a customer and an age in words.

    Attributes:
        owner: the id of the person in charge, "" for all.
    """

    order: str = "benefit"
    show: str = ""
    account: str = ""
    due_from: date | None = None
    due_to: date | None = None
    name: str = ""
    owner: str = ""


@dataclass(frozen=True)
class WorkAnswer:
    """The worklist, its first rows, the other currencies with something open, and what a notice says."""

    found: Any
    rows: dict[str, WorkLine]
    currencies: Sequence[str]
    payments_entered: bool
    no_data: bool
