"""Facts about the data in one field: its kind, limits, visibility, how it merges."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any


class Kind(Enum):
    """What a field holds, and the Python type that holds it."""

    TEXT = "text"  # one line, str
    NOTE = "note"  # several lines, str
    CHOICE = "choice"  # one of a few words, str
    INTEGER = "integer"  # int
    DECIMAL = "decimal"  # Decimal, exact: quantities, percentages, rates
    MONEY = "money"  # int, whole minor units; the record's `currency` stands beside it
    DATE = "date"  # date
    MOMENT = "moment"  # datetime in UTC
    FLAG = "flag"  # bool
    REF = "ref"  # str, the id of a record of the entity `to`
    TEXTS = "texts"  # tuple[str, ...]: tags, phones, e-mail addresses


class Visibility(Enum):
    """Who may ever see a field."""

    CLIENT = "client"  # may be shown to the customer
    INTERNAL = "internal"  # ours: never in the presenting window or on a document
    SECRET = "secret"  # cost and margin: ours, and only for roles with the right


class Merge(Enum):
    """What happens when two people changed the same field without seeing each other's change."""

    LATEST = "latest"  # the later commit stands, the other value is kept in a conflict record
    ASK = "ask"  # refused: a person decides


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an entity.

    Attributes:
        name: as in the record and the table.
        label: an English word, translated where it is shown.
        to: the entity that a reference points to.
        owns: the referred record is the parent: while children exist it cannot be deleted.
        loose: the referred record may arrive later (facts from files, in any order).
        group: fields of one atomic group merge together or not at all.
        guarded: once connected, written only online by roles that the policy names.
    """

    name: str
    label: str
    kind: Kind
    required: bool = False
    default: Any = None
    searchable: bool = False
    merge: Merge = Merge.LATEST
    group: str = ""
    visibility: Visibility = Visibility.CLIENT
    guarded: bool = False
    to: str = ""
    owns: bool = False
    loose: bool = False
    options: tuple[str, ...] = ()
    max_length: int = 0
    lowest: int | None = None
    phone: bool = False


# Every field that may be left out names its default where it is declared: type checkers read it there.


def _field(default: Any, label: str, kind: Kind, **facts: Any) -> Any:
    description = Field(name="", label=label, kind=kind, default=default, **facts)
    return dataclasses.field(default=default, metadata={"field": description})


def text(label: str, *, default: str = "", max_length: int = 400, **facts: Any) -> Any:
    """One line of text."""
    return _field(default, label, Kind.TEXT, max_length=max_length, **facts)


def note(label: str, *, default: str = "", max_length: int = 20_000, **facts: Any) -> Any:
    """Several lines of plain text."""
    return _field(default, label, Kind.NOTE, max_length=max_length, **facts)


def choice(label: str, *options: str, default: str = "", **facts: Any) -> Any:
    """One of a few fixed words; the empty word stands for not chosen."""
    return _field(default, label, Kind.CHOICE, options=options, **facts)


def integer(label: str, *, default: int | None = None, lowest: int | None = None, **facts: Any) -> Any:
    """A whole number, or None."""
    return _field(default, label, Kind.INTEGER, lowest=lowest, **facts)


def decimal(label: str, *, default: Decimal | None = None, **facts: Any) -> Any:
    """An exact decimal number, or None."""
    return _field(default, label, Kind.DECIMAL, **facts)


def money(label: str, *, default: int | None = None, lowest: int | None = None, **facts: Any) -> Any:
    """An amount in whole minor units of the record's currency, or None."""
    return _field(default, label, Kind.MONEY, lowest=lowest, **facts)


def day(label: str, *, default: date | None = None, **facts: Any) -> Any:
    """A date without a time, or None."""
    return _field(default, label, Kind.DATE, **facts)


def moment(label: str, *, default: datetime | None = None, **facts: Any) -> Any:
    """A moment in UTC, or None."""
    return _field(default, label, Kind.MOMENT, **facts)


def flag(label: str, *, default: bool = False, **facts: Any) -> Any:
    """Yes or no."""
    return _field(default, label, Kind.FLAG, **facts)


def ref(label: str, *, to: str, default: str = "", **facts: Any) -> Any:
    """The id of another record, or "" for none."""
    return _field(default, label, Kind.REF, to=to, **facts)


def texts(label: str, *, default: tuple[str, ...] = (), max_length: int = 400, **facts: Any) -> Any:
    """Several short texts in the order they were given."""
    return _field(default, label, Kind.TEXTS, max_length=max_length, **facts)
