"""A customer ledger kept day by day with fractions: what the ageing must say at the end of each day."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from tests.oracle.sums import rounded


@dataclass(frozen=True)
class Event:
    """Something that happens on a day: an invoice, a credit, an allocation, a reversal."""

    on: date
    kind: str
    key: str
    account: str = ""
    amount: Fraction = Fraction(0)
    parts: tuple[tuple[str, Fraction, date | None, bool, date | None], ...] = ()  # id, amount, due, waits, papers
    replaces: str = ""
    status: str = "confirmed"
    credit: str = ""
    part: str = ""
    target: str = ""
    settled: Fraction = Fraction(0)


@dataclass
class Row:
    """One account at the end of a day, in whole units."""

    not_due: Fraction = Fraction(0)
    buckets: list[Fraction] = field(default_factory=list)
    free: Fraction = Fraction(0)
    waiting: Fraction = Fraction(0)
    reported: Fraction = Fraction(0)
    open_items: int = 0

    @property
    def balance(self) -> Fraction:
        """What the account owes, less what it has paid ahead."""
        return self.not_due + sum(self.buckets) - self.free


class Books:
    """All events of one currency, replayed one day after the other."""

    def __init__(self, events: list[Event], terms: dict[str, int], default_days: int) -> None:
        self.days: defaultdict[date, list[Event]] = defaultdict(list)
        for event in events:
            self.days[event.on].append(event)
        self.terms = terms
        self.default_days = default_days
        self.invoices: dict[str, Event] = {}
        self.credits: dict[str, Event] = {}
        self.wanted: dict[str, Event] = {}
        self.back: set[str] = set()
        self.gone: set[str] = set()

    def replay(self, until: date) -> None:
        """Lets every event up to that day happen, in the order of the days."""
        for day in sorted(self.days):
            if day > until:
                return
            for event in self.days[day]:
                if event.kind == "invoice":
                    self.invoices[event.key] = event
                    if event.replaces and event.replaces != event.key:
                        self.gone.add(event.replaces)
                elif event.kind == "credit":
                    self.credits[event.key] = event
                elif event.kind == "lay":
                    self.wanted[event.key] = event
                else:
                    self.back.add(event.target)

    def rows(self, as_of: date, edges: tuple[int, ...]) -> dict[str, Row]:
        """The ageing at the end of that day by account; only accounts with something to show."""
        self.replay(as_of)
        rows: defaultdict[str, Row] = defaultdict(lambda: Row(buckets=[Fraction(0)] * (len(edges) + 1)))
        where = {
            key: (invoice, due, waits, papers)
            for invoice in self.invoices.values()
            for key, _, due, waits, papers in invoice.parts
        }
        left, free = self.lefts()
        for key, amount in left.items():
            if amount:
                self._place(rows[where[key][0].account], amount, where[key], as_of, edges)
        for key, amount in free.items():
            if amount:
                rows[self.credits[key].account].free += amount
        for key, credit in self.credits.items():
            if credit.status == "reported" and key not in self.gone:
                rows[credit.account].reported += credit.amount
        return dict(rows)

    def lefts(self) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
        """What is left of every instalment and of every credit after what happened so far."""
        left: dict[str, Fraction] = {}
        for invoice in self.invoices.values():
            if invoice.key in self.gone:
                continue
            pool = invoice.settled
            for key, amount, *_ in invoice.parts:
                used = min(pool, amount)
                pool -= used
                left[key] = amount - used
        free = {
            key: credit.amount
            for key, credit in self.credits.items()
            if credit.status == "confirmed" and key not in self.gone
        }
        for key, lay in self.wanted.items():
            if key not in self.back and lay.part in left and lay.credit in free:
                left[lay.part] -= lay.amount
                free[lay.credit] -= lay.amount
        return left, free

    def _place(
        self,
        row: Row,
        amount: Fraction,
        told: tuple[Event, date | None, bool, date | None],
        as_of: date,
        edges: tuple[int, ...],
    ) -> None:
        row.open_items += 1
        due = self.due(*told, as_of)
        if due is None:
            row.waiting += amount
        late = 0 if due is None else (as_of - due).days
        if late <= 0:
            row.not_due += amount
            return
        for place, edge in enumerate(edges):
            if late <= edge:
                row.buckets[place] += amount
                return
        row.buckets[-1] += amount

    def due(self, invoice: Event, due: date | None, waits: bool, papers: date | None, as_of: date) -> date | None:
        """When an instalment is due; None while it waits for papers."""
        if due is not None:
            return due
        if waits and (papers is None or papers > as_of):
            return None
        start = papers if waits and papers is not None else invoice.on
        return start + timedelta(days=self.terms.get(invoice.account, self.default_days))


def interest(
    events: list[Event], terms: dict[str, int], default_days: int, as_of: date, percent: Fraction, currency: str
) -> dict[str, Fraction]:
    """Simple interest by instalment on what was left at the end of each day after its due date, rounded once."""
    kept = Books(events, terms, default_days)
    sums: defaultdict[str, Fraction] = defaultdict(Fraction)
    day = min((event.on for event in events), default=as_of)
    while day <= as_of:
        kept.replay(day)
        left, _ = kept.lefts()
        for invoice in kept.invoices.values():
            for key, _, due, waits, papers in invoice.parts:
                due_on = kept.due(invoice, due, waits, papers, as_of)
                if due_on is not None and due_on < day and left.get(key, Fraction(0)) > 0:
                    sums[key] += left[key]
        day += timedelta(days=1)
    return {key: rounded(amount * percent / 100 / 365, currency) for key, amount in sums.items()}
