"""How money and credit notes are laid against open instalments: chosen, linked first, oldest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from kam_desktop.domain import money
from kam_desktop.domain.errors import Problem, Refused

NBSP = "\u00a0"


_NUMBERS = re.compile(r"\d{3,}")


@dataclass(frozen=True, slots=True)
class OpenPart:
    """An instalment with what is open of it, in minor units.

    Attributes:
        due_on: None while it waits for papers, which puts it last.
        number: of the invoice, as printed.
        place: of the instalment within its invoice.
    """

    instalment: str
    invoice: str
    account: str
    currency: str
    open: int
    due_on: date | None
    issued_on: date
    number: str = ""
    place: int = 1


@dataclass(frozen=True, slots=True)
class FreeAmount:
    """A receipt or a credit note with what is not laid against anything yet, in minor units.

    Attributes:
        account: "" where nobody knows whose money it is.
        invoice: of a credit note, the invoice that it lowers; its instalments come first.
        memo: what the payer wrote on the transfer; instalments of invoices that it names come first.
    """

    credit: str
    account: str
    currency: str
    free: int
    dated_on: date
    invoice: str = ""
    memo: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a credit for one instalment, in minor units, above zero."""

    credit: str
    instalment: str
    amount: int


def in_order(parts: Iterable[OpenPart], invoice: str = "") -> list[OpenPart]:
    """The order in which instalments are paid.

    First those of `invoice` when one is named; then the earliest due date, waiting for papers last; then the earliest
    invoice date, the lowest number (9 before 10), the instalment's place.
    """
    return sorted(
        parts,
        key=lambda part: (
            not invoice or part.invoice != invoice,
            part.due_on is None,
            part.due_on or date.max,
            part.issued_on,
            _by_number(part.number),
            part.place,
            part.instalment,
        ),
    )


def names(memo: str, number: str) -> bool:
    """Whether what the payer wrote names that invoice: its number among theirs, of three digits or more.

    Leading zeros do not count ("HD 130" for 00000130, "TT HD 00000130"); "lan 2" names no invoice.
    """
    wanted = number.strip().lstrip("0")
    if not wanted.isdecimal():
        return bool(wanted) and wanted.casefold() in memo.casefold().split()
    return any(found.lstrip("0") == wanted for found in _NUMBERS.findall(memo))


def propose(credit: FreeAmount, parts: Iterable[OpenPart]) -> tuple[Share, ...]:
    """How a credit would be laid when the user chooses nothing.

    Only instalments of the same account and currency; never more than the credit or the instalment. What remains
    stays with the customer as a credit. Money whose payer is unknown is laid against nothing.
    """
    fitting = [part for part in parts if _same_owner(credit, part) and part.open > 0]
    rest = max(0, credit.free) if credit.account else 0
    shares = []
    for part in sorted(in_order(fitting, credit.invoice), key=lambda part: not names(credit.memo, part.number)):
        amount = min(rest, part.open)
        if amount:
            shares.append(Share(credit.credit, part.instalment, amount))
            rest -= amount
    return tuple(shares)


def propose_all(credits: Iterable[FreeAmount], parts: Sequence[OpenPart]) -> tuple[Share, ...]:
    """Several credits one after the other: those that name an invoice first, then by date and id."""
    left = {part.instalment: part.open for part in parts}
    shares: list[Share] = []
    for credit in sorted(credits, key=lambda each: (not each.invoice, each.dated_on, each.credit)):
        still = [replace(part, open=left[part.instalment]) for part in parts]
        for share in propose(credit, still):
            left[share.instalment] -= share.amount
            shares.append(share)
    return tuple(shares)


def choose(credit: FreeAmount, parts: Iterable[OpenPart], wanted: Mapping[str, int | None]) -> tuple[Share, ...]:
    """The user's choice: an amount for each instalment, None for as much as fits; in the order of `wanted`.

    Raises Refused with every problem at once (where = the instalment's id): unknown instalment, another account or
    currency, a share not above zero, more than is open, more than the credit; each says how much remains.
    """
    known = {part.instalment: part for part in parts}
    found: list[Problem] = []
    if wanted and not credit.account:
        found.append(Problem("account", "payer_unknown", "Say first whose money it is, then lay it against invoices."))
    rest = credit.free
    shares: list[Share] = []
    for instalment, asked in wanted.items():
        part = known.get(instalment)
        if part is None:
            found.append(Problem(instalment, "missing", "This record is not there any more."))
            continue
        amount = max(0, min(rest, part.open)) if asked is None else asked
        found += _share_problems(credit, part, amount, asked is None)
        rest -= amount
        if amount:
            shares.append(Share(credit.credit, instalment, amount))
    if rest < 0 <= credit.free:
        args = {"over": said(-rest, credit.currency), "remaining": said(credit.free, credit.currency)}
        found.append(
            Problem(
                "allocations",
                "more_than_receipt",
                "The shares are {over} more than what is left of it ({remaining}).",
                args,
            )
        )
    if found:
        raise Refused(found)
    return tuple(shares)


def _share_problems(credit: FreeAmount, part: OpenPart, amount: int, as_fits: bool) -> list[Problem]:
    number = {"number": part.number}
    found = []
    if credit.account and part.account != credit.account:
        found.append(Problem(part.instalment, "other_account", "Invoice {number} is another customer's.", number))
    if part.currency != credit.currency:
        found.append(Problem(part.instalment, "other_currency", "Invoice {number} is in another currency.", number))
    if amount <= 0 and not as_fits:
        found.append(Problem(part.instalment, "not_positive", "The amount must be above zero."))
    if amount > part.open:
        args = {**number, "remaining": said(max(0, part.open), part.currency)}
        found.append(Problem(part.instalment, "more_than_open", "Of invoice {number} only {remaining} is open.", args))
    return found


def _same_owner(credit: FreeAmount, part: OpenPart) -> bool:
    return part.account == credit.account and part.currency == credit.currency


def said(minor: int, currency: str) -> str:
    """An amount inside a problem's sentence, the same in every language: 1 234 567 VND, with no-break blanks."""
    return f"{money.to_major(minor, currency):,}".replace(",", NBSP) + NBSP + currency


_DIGITS = re.compile(r"(\d+)")


def _by_number(number: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which INV-9 comes before INV-10 and 00007 beside 7."""
    pieces = _DIGITS.split(number)
    return tuple((0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces if piece)
