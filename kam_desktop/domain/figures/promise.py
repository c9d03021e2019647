"""Promises to pay: which are kept, broken or still open at the end of a day, and the share kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from kam_desktop.domain import money
from kam_desktop.domain.figures import spans
from kam_desktop.domain.figures.ageing import Ledger

OPEN, KEPT, BROKEN, REPLACED, WITHDRAWN = "open", "kept", "broken", "replaced", "withdrawn"
STATES = (OPEN, KEPT, BROKEN, REPLACED, WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise as far as its state needs it.

    Attributes:
        invoice: "" when it is about everything that the account owes.
        amount: minor units of `currency`.
        replaces: the promise that it takes the place of; `withdrawn` says that it only takes that one back.
    """

    id: str
    account: str
    currency: str
    promised_on: date
    pay_on: date
    amount: int
    invoice: str = ""
    replaces: str = ""
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """What became of a promise by the end of a day.

    Attributes:
        state: one of STATES.
        paid: what counts for it, at most its amount, minor units; 0 for one replaced or withdrawn.
        since: the day from which it is so: of the payment that kept it, the day after `pay_on`, the day of what
            replaced it or took it back; None while it is open.
        by: the promise that replaced it or took it back.
    """

    state: str
    paid: int
    since: date | None = None
    by: str = ""


class Stored(Protocol):
    """A promise as it is stored (PromiseToPay)."""

    @property
    def id(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def invoice(self) -> str: ...
    @property
    def promised_on(self) -> date | None: ...
    @property
    def pay_on(self) -> date | None: ...
    @property
    def amount(self) -> int | None: ...
    @property
    def currency(self) -> str: ...
    @property
    def replaces(self) -> str: ...
    @property
    def withdrawn(self) -> bool: ...


def promises_of(records: Iterable[Stored]) -> list[Promise]:
    """The promises out of their records."""
    return [
        Promise(
            each.id,
            each.account,
            each.currency,
            # Both days are required; this only tells the type checker.
            each.promised_on or date.min,
            each.pay_on or date.max,
            each.amount or 0,
            each.invoice,
            each.replaces,
            each.withdrawn,
        )
        for each in records
    ]


@dataclass
class _Money:
    """A part of a receipt laid against an invoice, and what of it no promise has used."""

    on: date
    account: str
    invoice: str
    currency: str
    left: int


def states(promises: Sequence[Promise], ledger: Ledger, as_of: date) -> dict[str, State]:
    """The state of each promise at the end of the day, by its id; those made later are left out.

    The rule (features.md 1, PromiseToPay; vietnam.md N, share of promises kept): a promise is kept once the confirmed
    receipts that came in from the day of the promise to its last day reach its amount, as far as they are laid
    against its invoice (or the one that replaced it), or against any invoice of the account where none is named.
    A receipt stands with its own date, whenever it was laid, as in the average delay (features.md 2); what was taken
    back by `as_of` does not count, nor do credit notes and opening settlements. It is broken from the day after its
    last day on, by one minor unit too. One replaced or withdrawn by `as_of` is neither. Money keeps one promise about
    an invoice, and one about the whole account: the earliest last day first, the earliest receipts first.

    Args:
        ledger: must hold the invoices that the promises are about, with all that is laid against them.
    """
    known = {each.id: each for each in promises if each.promised_on <= as_of}
    found: dict[str, State] = {}
    for each in sorted(known.values(), key=lambda each: (each.promised_on, each.id)):
        if each.replaces in known and each.replaces not in ("", each.id) and each.replaces not in found:
            state = WITHDRAWN if each.withdrawn else REPLACED
            found[each.replaces] = State(state, 0, each.promised_on, each.id)
    standing = [each for each in known.values() if each.id not in found and not each.withdrawn]
    took_over = _successors(ledger, as_of)
    for named in (True, False):
        free = _received(ledger, as_of)
        for each in sorted(standing, key=lambda each: (each.pay_on, each.promised_on, each.id)):
            if bool(each.invoice) is named:
                found[each.id] = _state(each, free, took_over, as_of)
    return {key: state for key, state in found.items() if not known[key].withdrawn}


def share_kept(found: Iterable[State]) -> tuple[int, int, Decimal | None]:
    """How many promises were kept, how many of them and broken ones there are, and the share in percent.

    Open, replaced and withdrawn ones are left out; the share has one decimal, half up, and is None where there are
    neither kept nor broken ones.
    """
    counted = [each.state for each in found if each.state in (KEPT, BROKEN)]
    kept = counted.count(KEPT)
    if not counted:
        return 0, 0, None
    return kept, len(counted), Decimal(money.half_up(Fraction(kept * 1000, len(counted)))) / 10


def _state(promise: Promise, free: Sequence[_Money], took_over: Mapping[str, str], as_of: date) -> State:
    paid, last = 0, promise.promised_on
    invoices = _with_successors(promise.invoice, took_over)
    for each in free:
        fits = each.invoice in invoices if promise.invoice else each.account == promise.account
        if fits and each.currency == promise.currency and promise.promised_on <= each.on <= promise.pay_on:
            part = min(each.left, promise.amount - paid)
            if part > 0:
                each.left -= part
                paid += part
                last = each.on
    if paid >= promise.amount:
        return State(KEPT, paid, last)
    if as_of > promise.pay_on:
        # pay_on is before as_of, so the day after it is in the calendar
        return State(BROKEN, paid, date.fromordinal(promise.pay_on.toordinal() + 1))
    return State(OPEN, paid)


def _received(ledger: Ledger, as_of: date) -> list[_Money]:
    """Confirmed receipts as far as they are laid against something at the end of the day, the earliest first."""
    receipts = {each.id: each for each in ledger.credits if each.kind == "receipt"}
    parts = {each.id: each for each in ledger.instalments}
    invoices = {each.id: each for each in ledger.invoices}
    found = []
    for span in spans.spans(ledger):
        if span.credit in receipts and span.on(as_of):
            invoice = invoices[parts[span.instalment].invoice]
            on = receipts[span.credit].dated_on
            found.append((on, span.allocation, _Money(on, invoice.account, invoice.id, invoice.currency, span.amount)))
    return [each for _, _, each in sorted(found, key=lambda one: one[:2])]


def _successors(ledger: Ledger, as_of: date) -> dict[str, str]:
    """Which invoice took the place of which by the end of the day."""
    found: dict[str, str] = {}
    for each in sorted(ledger.invoices, key=lambda each: (each.issued_on, each.id)):
        if each.replaces not in ("", each.id) and each.issued_on <= as_of:
            found.setdefault(each.replaces, each.id)
    return found


def _with_successors(invoice: str, took_over: Mapping[str, str]) -> set[str]:
    found: set[str] = set()
    while invoice and invoice not in found:
        found.add(invoice)
        invoice = took_over.get(invoice, "")
    return found
