"""A customer ledger kept day by day with fractions: what the ageing must say at the end of each day."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from tests.oracle.sums import rounded


@dataclass(frozen=True)
class Part:
    """An instalment; `steps` as a contract has them: ("days", 30), ("month's end",), ("on the", 10)."""

    key: str
    amount: Fraction
    due: date | None
    waits: bool
    steps: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Word:
    """Something said at a time; of two said at the same time the one with the later name holds."""

    at: int
    name: str
    said: str | date | None


def last_word(words: tuple[Word, ...]) -> Word | None:
    """What holds of everything that was said."""
    held = None
    for word in words:
        if held is None or word.at > held.at or (word.at == held.at and word.name > held.name):
            held = word
    return held


@dataclass(frozen=True)
class Agreed:
    """What is agreed about when to pay: by account, else the firm's days."""

    days: dict[str, int]
    terms: dict[str, tuple[tuple[tuple[str, int], ...], bool]]  # steps, whether they count from the documents
    default_days: int
    confirms_from: date | None = None


@dataclass(frozen=True)
class Event:
    """Something that happens on a day: an invoice, a credit, an allocation, a reversal."""

    on: date
    kind: str
    key: str
    account: str = ""
    amount: Fraction = Fraction(0)
    parts: tuple[Part, ...] = ()
    papers: tuple[Word, ...] = ()  # said: the day on which the documents were complete, or None
    replaces: str = ""
    note: bool = False
    decisions: tuple[Word, ...] = ()  # said: confirmed or rejected
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

    def __init__(self, events: list[Event], agreed: Agreed) -> None:
        self.days: defaultdict[date, list[Event]] = defaultdict(list)
        for event in events:
            self.days[event.on].append(event)
        self.agreed = agreed
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
        where = {part.key: (invoice, part) for invoice in self.invoices.values() for part in invoice.parts}
        left, free = self.lefts()
        for key, amount in left.items():
            if amount:
                self._place(rows[where[key][0].account], amount, where[key], as_of, edges)
        for key, amount in free.items():
            if amount:
                rows[self.credits[key].account].free += amount
        for key, credit in self.credits.items():
            if self.status(credit) == "reported" and key not in self.gone:
                rows[credit.account].reported += credit.amount
        return dict(rows)

    def lefts(self) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
        """What is left of every instalment and of every credit after what happened so far."""
        left: dict[str, Fraction] = {}
        for invoice in self.invoices.values():
            if invoice.key in self.gone:
                continue
            pool = invoice.settled
            for part in invoice.parts:
                used = min(pool, part.amount)
                pool -= used
                left[part.key] = part.amount - used
        free = {
            key: credit.amount
            for key, credit in self.credits.items()
            if self.status(credit) == "confirmed" and key not in self.gone
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
        told: tuple[Event, Part],
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

    def status(self, credit: Event) -> str:
        """Whether money is there: as it was decided last; undecided it is, until finance began to ask."""
        word = last_word(credit.decisions)
        if word is not None:
            return str(word.said)
        asked = self.agreed.confirms_from is not None and credit.on >= self.agreed.confirms_from
        return "reported" if asked and not credit.note else "confirmed"

    def due(self, invoice: Event, part: Part, as_of: date) -> date | None:
        """When an instalment is due; None while it waits for papers."""
        if part.due is not None:
            return part.due
        steps, waits = part.steps, part.waits
        if not steps and invoice.account in self.agreed.terms:
            steps, term_waits = self.agreed.terms[invoice.account]
            waits = waits or term_waits
        elif not steps:
            steps = (("days", self.agreed.days.get(invoice.account, self.agreed.default_days)),)
        start = invoice.on
        if waits:
            word = last_word(invoice.papers)
            if word is None or not isinstance(word.said, date) or word.said > as_of:
                return None
            start = word.said
        return walked(start, steps)


def walked(start: date, steps: tuple[tuple[str, int], ...]) -> date:
    """The date reached, one day or one month after the other."""
    here = start
    for kind, count in steps:
        if kind == "days":
            here += timedelta(days=count)
        elif kind == "months":
            wanted = here.day
            for _ in range(count):
                here = here.replace(day=1)
                month = here.month
                while here.month == month:
                    here += timedelta(days=1)
            month = here.month
            while here.day < wanted and (here + timedelta(days=1)).month == month:
                here += timedelta(days=1)
        else:
            number = 31 if kind == "end_of_month" else count
            while here.day != number and not ((here + timedelta(days=1)).day == 1 and here.day < number):
                here += timedelta(days=1)
    return here


def interest(kept: Books, as_of: date, percent: Fraction, currency: str) -> dict[str, Fraction]:
    """Simple interest by instalment, rounded once: day by day on what was open at the end of the day.

    `kept` was replayed to the as-of date. Money counts while it lies there: from the day of laying until it is taken
    back, and while its own document counts.
    """
    sums: defaultdict[str, Fraction] = defaultdict(Fraction)
    everything = [event for day in kept.days for event in kept.days[day] if day <= as_of]
    ends: dict[str, date] = {}  # from when a document is out of the books
    for event in everything:
        if event.kind == "invoice" and event.replaces not in ("", event.key):
            ends[event.replaces] = min(event.on, ends.get(event.replaces, event.on))
    credits = {event.key: event for event in everything if event.kind == "credit" and kept.status(event) == "confirmed"}
    laid = [event for event in everything if event.kind == "lay"]
    back: dict[str, date] = {}
    for event in everything:
        if event.target:
            back[event.target] = min(event.on, back.get(event.target, event.on))
    for invoice in (event for event in everything if event.kind == "invoice"):
        pool = invoice.settled
        for part in invoice.parts:
            used = min(pool, part.amount)
            pool -= used
            due_on = kept.due(invoice, part, as_of)
            if due_on is None:
                continue
            paid = [lay for lay in laid if lay.part == part.key and lay.credit in credits]
            day = max(due_on + timedelta(days=1), invoice.on)
            while day <= as_of and day < ends.get(invoice.key, date.max):
                left = part.amount - used
                for lay in paid:
                    credit = credits[lay.credit]
                    gone = min(ends.get(credit.key, date.max), back.get(lay.key, date.max))
                    if max(credit.on, lay.on) <= day < gone:
                        left -= lay.amount
                sums[part.key] += max(left, Fraction(0))
                day += timedelta(days=1)
    found = {key: rounded(amount * percent / 100 / 365, currency) for key, amount in sums.items() if amount}
    return found
