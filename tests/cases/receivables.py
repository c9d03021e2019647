"""How a worked case about receivables is told: plain facts, and what stands at the end of a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from kam_desktop.domain.figures import ageing, allocation, terms


@dataclass(frozen=True)
class Inv:
    """An invoice with its instalments (due date, amount in minor units); the instalment's id is invoice/place."""

    id: str
    issued: str
    parts: tuple[tuple[str, int], ...]
    account: str = "an"
    currency: str = ""
    replaces: str = ""


@dataclass(frozen=True)
class Credit:
    """A receipt, or with kind "credit_note" a credit note; `invoice` is the one that it lowers."""

    id: str
    on: str
    amount: int
    kind: str = "receipt"
    account: str = "an"
    currency: str = ""
    status: str = "confirmed"
    invoice: str = ""


@dataclass(frozen=True)
class Lay:
    """A part of a credit laid against an instalment by choice."""

    id: str
    credit: str
    part: str
    amount: int
    on: str


@dataclass(frozen=True)
class Back:
    """An allocation taken back."""

    lay: str
    on: str


@dataclass(frozen=True)
class Oldest:
    """What is left of a credit, laid by the program's own proposal on that day."""

    credit: str
    on: str


Fact = Inv | Credit | Lay | Back | Oldest


@dataclass(frozen=True)
class ReceivablesCase:
    """Facts and what stands at the end of a day, in minor units of one currency.

    Attributes:
        open: what is open by instalment; those not named have nothing open.
        free: what is left of each credit; those not named have nothing left.
        not_due, overdue: where the case is about them; None where it is not.
        published: what the publication has where it differs from us, why: the reason that we do not follow it.
        entered: what is open and free when the facts are entered by our verbs, where that is another answer than the
            pure figure's; None where it is not.
    """

    source: str
    name: str
    facts: tuple[Fact, ...]
    as_of: str
    open: Mapping[str, int]
    balance: int
    free: Mapping[str, int] = field(default_factory=dict)
    currency: str = "USD"
    accounts: tuple[str, ...] | None = None
    edges: tuple[int, ...] = (30, 60, 90, 120)
    not_due: int | None = None
    overdue: tuple[int, ...] | None = None
    published: str = ""
    why: str = ""
    entered: tuple[Mapping[str, int], Mapping[str, int]] | None = None

    @property
    def day(self) -> date:
        """The end of which day."""
        return date.fromisoformat(self.as_of)

    @property
    def names(self) -> tuple[str, ...]:
        """The customers that the case is about."""
        known = dict.fromkeys(fact.account for fact in self.facts if isinstance(fact, Inv | Credit))
        return tuple(name for name in known if self.accounts is None or name in self.accounts)

    @property
    def settled_days(self) -> tuple[date, ...]:
        """The case's day, and the days after each due date where nothing else happens any more after it."""
        facts = [fact.issued if isinstance(fact, Inv) else fact.on for fact in self.facts]
        if max(facts) > self.as_of:
            return (self.day,)
        due = {date.fromisoformat(on) for fact in self.facts if isinstance(fact, Inv) for on, _ in fact.parts}
        return (self.day, *sorted(on + timedelta(days=1) for on in due if on >= self.day))

    def buckets(self, edges: tuple[int, ...], open_: Mapping[str, int], on: date | None = None) -> list[int]:
        """Not due, then what is overdue by so many days, counted by hand from the due dates of the case."""
        due = {f"{fact.id}/{n}": day for fact in self.facts if isinstance(fact, Inv) for n, (day, _) in _places(fact)}
        found = [0] * (len(edges) + 2)
        for part, amount in open_.items():
            late = ((on or self.day) - date.fromisoformat(due[part])).days
            found[0 if late <= 0 else 1 + sum(late > edge for edge in edges)] += amount
        return found


def _places(invoice: Inv) -> Iterable[tuple[int, tuple[str, int]]]:
    return enumerate(invoice.parts, 1)


def day(text: str) -> date:
    """A date from its ISO form."""
    return date.fromisoformat(text)


def ledger_of(case: ReceivablesCase) -> ageing.Ledger:
    """The facts as the pure figures take them; proposals are worked out in the order of the facts."""
    ledger = ageing.Ledger(invoices=[], instalments=[], credits=[], allocations=[])
    links = {fact.id: fact.invoice for fact in case.facts if isinstance(fact, Credit)}
    for number, fact in enumerate(case.facts):
        ledger = _with(ledger, fact, case.currency, f"{number:03}", links)
    return ledger


def _with(ledger: ageing.Ledger, fact: Fact, currency: str, key: str, links: Mapping[str, str]) -> ageing.Ledger:
    if isinstance(fact, Inv):
        invoice = ageing.Invoice(fact.id, fact.account, fact.currency or currency, day(fact.issued), fact.replaces)
        parts = [
            ageing.Instalment(f"{fact.id}/{place}", fact.id, amount, day(due), place)
            for place, (due, amount) in enumerate(fact.parts, 1)
        ]
        return replace(ledger, invoices=[*ledger.invoices, invoice], instalments=[*ledger.instalments, *parts])
    if isinstance(fact, Credit):
        credit = ageing.Credit(
            fact.id, fact.account, fact.currency or currency, fact.amount, day(fact.on), fact.kind, fact.status
        )
        return replace(ledger, credits=[*ledger.credits, credit])
    if isinstance(fact, Lay):
        made = [ageing.Allocation(fact.id, fact.credit, fact.part, fact.amount, day(fact.on))]
    elif isinstance(fact, Back):
        taken = next(each for each in ledger.allocations if each.id == fact.lay)
        made = [replace(taken, id=f"back {key}", allocated_on=day(fact.on), reverses=taken.id)]
    else:
        shares = allocation.propose(_free(ledger, fact, links), open_parts(ledger, day(fact.on)))
        made = [
            ageing.Allocation(f"{key} {share.instalment}", share.credit, share.instalment, share.amount, day(fact.on))
            for share in shares
        ]
    return replace(ledger, allocations=[*ledger.allocations, *made])


def _free(ledger: ageing.Ledger, fact: Oldest, links: Mapping[str, str]) -> allocation.FreeAmount:
    credit = next(each for each in ledger.credits if each.id == fact.credit)
    left = {each.credit: each.unallocated for each in ageing.positions(ledger, day(fact.on)).credits}
    return allocation.FreeAmount(
        credit.id, credit.account, credit.currency, left.get(credit.id, 0), credit.dated_on, links[credit.id]
    )


def open_parts(ledger: ageing.Ledger, as_of: date) -> list[allocation.OpenPart]:
    """What is open at the end of a day, as a proposal takes it."""
    invoices = {each.id: each for each in ledger.invoices}
    parts = {each.id: each for each in ledger.instalments}
    due = terms.due_dates(ledger, as_of)
    return [
        allocation.OpenPart(
            item.instalment,
            item.invoice,
            item.account,
            item.currency,
            item.open,
            due[item.instalment],
            invoices[item.invoice].issued_on,
            item.invoice,
            parts[item.instalment].place,
        )
        for item in ageing.positions(ledger, as_of).items
    ]
