"""What each customer owes at the end of a day, by days overdue; the definition of an open amount."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures.due import DEFAULT_DAYS as DEFAULT_DAYS
from kam_desktop.domain.figures.due import Step, Term, moved
from kam_desktop.domain.figures.due import due_date as due_date

DEFAULT_EDGES = (30, 60, 90, 180)
PAYER_UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice as far as ageing needs it.

    Attributes:
        replaces: the id of the document that this one takes the place of, "" for none.
    """

    id: str
    account: str
    currency: str
    issued_on: date
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Instalment:
    """A part of an invoice.

    Attributes:
        amount: whole minor units of the invoice's currency.
        due_on: None takes its own steps, else the account's payment term, else the firm's (`due_of`).
        place: its order within the invoice, in which an opening settlement settles.
        waits_for_papers: its term counts from the full document set; without `papers_on` it has no due date.
        papers_on: the date on which the customer confirmed the full document set, whether or not it is waited for.
        steps: those that it got when the invoice was made; () for none of its own.
    """

    id: str
    invoice: str
    amount: int
    due_on: date | None = None
    place: int = 1
    waits_for_papers: bool = False
    papers_on: date | None = None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Credit:
    """A receipt or a credit note; its amount is positive.

    Attributes:
        account: PAYER_UNKNOWN where nobody knows yet whose money it is.
        kind: "receipt" or "credit_note".
        status: of a receipt: "reported", "confirmed" or "rejected"; a credit note is confirmed.
    """

    id: str
    account: str
    currency: str
    amount: int
    dated_on: date
    kind: str = "receipt"
    status: str = "confirmed"


@dataclass(frozen=True, slots=True)
class Allocation:
    """A part of a credit laid against an instalment; with `reverses` it takes that allocation back instead."""

    id: str
    credit: str
    instalment: str
    amount: int
    allocated_on: date
    reverses: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """An opening settlement: what of an invoice was paid before the program was used."""

    invoice: str
    amount: int


@dataclass(frozen=True)
class Ledger:
    """All facts about receivables, in any order.

    Attributes:
        payment_days: the payment term in days by account; accounts without an agreed one are not in it.
        terms: by account the agreed term of one part; one of several parts was worked into the instalments.
        default_days: the firm's term when none is agreed.
    """

    invoices: Sequence[Invoice] = ()
    instalments: Sequence[Instalment] = ()
    credits: Sequence[Credit] = ()
    allocations: Sequence[Allocation] = ()
    settlements: Sequence[Settlement] = ()
    payment_days: Mapping[str, int] = field(default_factory=dict)
    default_days: int = DEFAULT_DAYS
    terms: Mapping[str, Term] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An instalment that is open at the end of a day.

    Attributes:
        open: what is left, in minor units; below zero when more was allocated than was owed.
        due_on: None while it waits for papers.
        days_overdue: as-of less due date; 0 or less is not due, and None while it waits for papers.
        on_default_term: neither the invoice nor its account says when it is due; False while it waits for papers.
    """

    instalment: str
    invoice: str
    account: str
    currency: str
    open: int
    due_on: date | None
    days_overdue: int | None
    on_default_term: bool


@dataclass(frozen=True, slots=True)
class FreeCredit:
    """What of a credit is not allocated at the end of a day, with its age in days."""

    credit: str
    account: str
    currency: str
    kind: str
    unallocated: int
    dated_on: date
    age_days: int


@dataclass(frozen=True, slots=True)
class Positions:
    """Everything that makes up the receivables at the end of a day.

    Attributes:
        balances: documents less credits by account and currency, added up independently of the open items.
        reported: receipts that nobody confirmed yet, by account and currency; beside the balance, never in it.
    """

    as_of: date
    items: tuple[OpenItem, ...]
    credits: tuple[FreeCredit, ...]
    balances: Mapping[tuple[str, str], int]
    reported: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class AgeingRow:
    """One account in one currency: not_due + Σ overdue − unallocated = balance.

    Attributes:
        account: PAYER_UNKNOWN for receipts without an account.
        overdue: an amount for each bucket of the report.
        waiting: the part of `not_due` that waits for papers.
        unallocated: credits that are laid against nothing, as a positive amount.
        reported: receipts not yet confirmed, beside the balance.
        open_items: how many instalments are open; `on_default_term` of them rest on the default term.
    """

    account: str
    not_due: int
    overdue: tuple[int, ...]
    unallocated: int
    balance: int
    waiting: int = 0
    reported: int = 0
    open_items: int = 0
    on_default_term: int = 0


@dataclass(frozen=True, slots=True)
class Ageing:
    """The ageing of one currency at the end of a day; rows in the order of their account ids."""

    as_of: date
    currency: str
    buckets: tuple[str, ...]
    rows: tuple[AgeingRow, ...]
    total: AgeingRow
    items: tuple[OpenItem, ...]
    credits: tuple[FreeCredit, ...]


def due_of(part: Instalment, invoice: Invoice, ledger: Ledger, as_of: date) -> tuple[date | None, bool]:
    """When an instalment is due as of a day, and whether that rests on the default term (features.md 2, Terms).

    Asked in this order: its own date; its own steps; the account's term of one part; the account's days; the firm's
    days. All but the first count from the invoice date, or from the day on which the full document set was confirmed
    where the instalment or that term says so; until then it has no due date: None.
    """
    if part.due_on is not None:
        return part.due_on, False
    term = None if part.steps else ledger.terms.get(invoice.account)
    start = invoice.issued_on
    if part.waits_for_papers or (term is not None and term.from_papers):
        if part.papers_on is None or part.papers_on > as_of:
            return None, False
        start = part.papers_on
    if part.steps or term is not None:
        return moved(start, term.steps if term is not None else part.steps), False
    return due_date(start, None, ledger.payment_days.get(invoice.account), ledger.default_days)


def bucket_names(edges: Sequence[int] = DEFAULT_EDGES) -> tuple[str, ...]:
    """The names of the buckets that end at these days overdue: 1-30, 31-60 … and the last one open, >180.

    Refused when the days do not rise from above 0.
    """
    if not edges or any(low >= high for low, high in zip((0, *edges), edges, strict=False)):
        raise Refused(Problem("buckets", "bad_buckets", "The days that end the buckets must rise, from above 0."))
    starts = (1, *(edge + 1 for edge in edges))
    return (*(f"{start}-{edge}" for start, edge in zip(starts, edges, strict=False)), f">{edges[-1]}")


def bucket_of(days_overdue: int | None, edges: Sequence[int] = DEFAULT_EDGES) -> int:
    """The place of the bucket for so many days overdue; −1 for not due and for waiting for papers."""
    if days_overdue is None or days_overdue <= 0:
        return -1
    for place, edge in enumerate(edges):
        if days_overdue <= edge:
            return place
    return len(edges)


def positions(ledger: Ledger, as_of: date) -> Positions:
    """What is open and what is free at the end of the day `as_of`.

    Documents dated up to that day count; a replaced document stops on the date of its replacement, in whatever order
    the two arrive. An allocation counts from its own date, while both its sides count, until the day before the one
    that reverses it. Only confirmed receipts count, from their own date. An opening settlement counts as if dated
    like its invoice, its instalments in their order, and never beyond them.
    """
    stopped = {key for key, on in stop_dates(ledger).items() if on <= as_of}
    invoices = {each.id: each for each in ledger.invoices if each.issued_on <= as_of and each.id not in stopped}
    dated = [each for each in ledger.credits if each.dated_on <= as_of and each.id not in stopped]
    credits = {each.id: each for each in dated if each.status == "confirmed"}
    parts = {each.id: each for each in ledger.instalments if each.invoice in invoices}
    at_opening = settled(ledger)

    balances: dict[tuple[str, str], int] = {}
    laid: dict[str, int] = {}
    taken: dict[str, int] = {}
    reversed_ids = {each.reverses for each in ledger.allocations if each.reverses and each.allocated_on <= as_of}
    for each in ledger.allocations:
        part, credit = parts.get(each.instalment), credits.get(each.credit)
        if each.reverses or each.id in reversed_ids or each.allocated_on > as_of or part is None or credit is None:
            continue
        invoice = invoices[part.invoice]
        if invoice.currency != credit.currency:
            continue  # such a fact is refused where it is made; currencies are never added
        laid[part.id] = laid.get(part.id, 0) + each.amount
        taken[credit.id] = taken.get(credit.id, 0) + each.amount
        if invoice.account != credit.account:
            # money of an unknown payer, or moved when accounts were merged: it follows the invoice
            _add(balances, invoice, -each.amount)
            _add(balances, credit, each.amount)

    items = []
    for part in parts.values():
        invoice = invoices[part.invoice]
        owed = part.amount - at_opening.get(part.id, 0)
        _add(balances, invoice, owed)
        if owed != laid.get(part.id, 0):
            items.append(_open_item(part, invoice, owed - laid.get(part.id, 0), ledger, as_of))
    free = []
    for credit in credits.values():
        _add(balances, credit, -credit.amount)
        rest = credit.amount - taken.get(credit.id, 0)
        if rest:
            age = (as_of - credit.dated_on).days
            free.append(FreeCredit(credit.id, credit.account, credit.currency, credit.kind, rest, credit.dated_on, age))
    reported: dict[tuple[str, str], int] = {}
    for credit in dated:
        if credit.status == "reported":
            _add(reported, credit, credit.amount)
    return Positions(as_of, tuple(items), tuple(free), balances, reported)


def open_amounts(ledger: Ledger) -> dict[str, int]:
    """What is open of every instalment when all facts count, whatever their date; 0 for a replaced invoice."""
    found = dict.fromkeys((each.id for each in ledger.instalments), 0)
    found.update({item.instalment: item.open for item in positions(ledger, date.max).items})
    return found


def currencies(ledger: Ledger) -> tuple[str, ...]:
    """Every currency of the ledger, for a report with a block each."""
    invoiced = {invoice.currency for invoice in ledger.invoices}
    return tuple(sorted(invoiced | {credit.currency for credit in ledger.credits}))


def ageing(
    found: Positions, currency: str = "VND", edges: Sequence[int] = DEFAULT_EDGES, accounts: Iterable[str] | None = None
) -> Ageing:
    """The ageing of one currency out of the positions of a day.

    Args:
        edges: the days overdue that end the buckets; above the last one is one more bucket.
        accounts: only these accounts; None for all.
    """
    names = bucket_names(edges)
    wanted = None if accounts is None else frozenset(accounts)

    def fits(account: str, in_currency: str) -> bool:
        return in_currency == currency and (wanted is None or account in wanted)

    items = tuple(each for each in found.items if fits(each.account, each.currency))
    free = tuple(each for each in found.credits if fits(each.account, each.currency))
    reported = {account: sum_ for (account, code), sum_ in found.reported.items() if fits(account, code)}
    shown = {item.account for item in items} | {credit.account for credit in free} | reported.keys()
    sums = {account: [0] * (len(names) + 5) for account in sorted(shown)}
    not_due, unallocated, waiting, count, on_default = range(len(names), len(names) + 5)
    for item in items:
        row = sums[item.account]
        place = bucket_of(item.days_overdue, edges)
        row[not_due if place < 0 else place] += item.open
        row[waiting] += item.open if item.due_on is None else 0
        row[count] += 1
        row[on_default] += item.on_default_term
    for credit in free:
        sums[credit.account][unallocated] += credit.unallocated
    rows = tuple(
        AgeingRow(
            account,
            row[not_due],
            tuple(row[: len(names)]),
            row[unallocated],
            found.balances.get((account, currency), 0),
            row[waiting],
            reported.get(account, 0),
            row[count],
            row[on_default],
        )
        for account, row in sums.items()
    )
    return Ageing(found.as_of, currency, names, rows, total_of(rows, len(names)), items, free)


def total_of(rows: Sequence[AgeingRow], buckets: int) -> AgeingRow:
    """The sum of rows of one currency."""
    return AgeingRow(
        account="",
        not_due=sum(row.not_due for row in rows),
        overdue=tuple(sum(row.overdue[place] for row in rows) for place in range(buckets)),
        unallocated=sum(row.unallocated for row in rows),
        balance=sum(row.balance for row in rows),
        waiting=sum(row.waiting for row in rows),
        reported=sum(row.reported for row in rows),
        open_items=sum(row.open_items for row in rows),
        on_default_term=sum(row.on_default_term for row in rows),
    )


def _add(sums: dict[tuple[str, str], int], document: Invoice | Credit, amount: int) -> None:
    key = (document.account, document.currency)
    sums[key] = sums.get(key, 0) + amount


def stop_dates(ledger: Ledger) -> dict[str, date]:
    """From which day each replaced document no longer counts, in whatever order the two arrived."""
    replacing = (each for each in ledger.invoices if each.replaces not in ("", each.id))
    latest_first = sorted(replacing, key=lambda each: each.issued_on, reverse=True)
    return {each.replaces: each.issued_on for each in latest_first}  # of several the earliest has the word


def settled(ledger: Ledger) -> dict[str, int]:
    """How much of each instalment an opening settlement settled: in the order of their places, never beyond them."""
    rest: dict[str, int] = {}
    for each in ledger.settlements:
        rest[each.invoice] = rest.get(each.invoice, 0) + each.amount
    found: dict[str, int] = {}
    for part in sorted(ledger.instalments, key=lambda part: (part.place, part.id)) if rest else ():
        if part.invoice in rest:
            found[part.id] = max(0, min(part.amount, rest[part.invoice]))
            rest[part.invoice] -= found[part.id]
    return found


def _open_item(part: Instalment, invoice: Invoice, left: int, ledger: Ledger, as_of: date) -> OpenItem:
    due, on_default = due_of(part, invoice, ledger, as_of)
    overdue = None if due is None else (as_of - due).days
    return OpenItem(part.id, invoice.id, invoice.account, invoice.currency, left, due, overdue, on_default)
