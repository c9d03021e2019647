"""Reminding customers: the firm's steps, the step an invoice has reached, what is to be done today."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from kam_desktop import language
from kam_desktop.domain.entities import DunningEvent, DunningStep, Invoice
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures import worklist as figure
from kam_desktop.domain.figures.provision import Tier
from kam_desktop.domain.locale.vietnam import dunning as seeds
from kam_desktop.domain.query import Order, Query
from kam_desktop.language import N_
from kam_desktop.services import records
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork

_NEVER = datetime.min.replace(tzinfo=UTC)
MOST = 5000
"""So many lines are looked at, those that weigh most by amount and age; nobody works off more in a day."""
SPARE = 500
"""So many fewer are shown after changes before they are looked for anew."""
SHOWS = ("", "promises", "papers", "disputed")
BENEFIT, AGE, AMOUNT = "benefit", "age", "amount"
ORDERS = (BENEFIT, AGE, AMOUNT)

REASONS = {
    "broken_promise": N_("Promised to pay by {day}; the promise is broken."),
    "promise_today": N_("Promised to pay today."),
    "promised": N_("Promised to pay by {day}."),
    "papers": N_("Waits for papers for {days} days: it cannot fall due."),
    "papers_missing": N_("Said on {day} that papers are missing."),
    "said_paid": N_("Said on {day} that it is paid."),
    "disputed": N_("Disputed on {day}."),
    "limitation_over": N_("The limitation of two years ended on {day}."),
    "limitation_near": N_("The limitation of two years ends on {day}."),
    "tier_near": N_("A provision of {percent} % begins on {day}."),
    "step_due": N_("{days} days overdue: reminder step {step} is due."),
    "overdue": N_("{days} days overdue; it is time to ask again."),
    "reminded": N_("Reminded on {day}; again on {until}."),
    "due_soon": N_("Due on {day}."),
    "due_step": N_("Due on {day}: reminder step {step} is due."),
}
"""The sentences of the reasons of figures.worklist, with the places that Entry.args fills."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The newest reminder about an invoice."""

    step: int
    reminded_at: datetime
    outcome: str
    channel: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open instalment that may be on the worklist; minor units."""

    id: str
    invoice: str
    account: str
    issued_on: date
    due_on: date | None
    open: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One open instalment on the worklist.

    Attributes:
        open: minor units. reached: the reminder step reached, 0 for none.
        line: group, reason, action and what acting brings.
    """

    instalment: str
    invoice: str
    account: str
    issued_on: date
    due_on: date | None
    open: int
    reached: int
    line: figure.Line

    @property
    def args(self) -> Mapping[str, object]:
        """What fills the places of its reason's sentence; days and numbers as they are."""
        line = self.line
        return {"day": line.day, "days": line.days, "step": line.step, "until": line.until, "percent": line.percent}


@dataclass(frozen=True)
class Filter:
    """Which lines the worklist shows; every condition must hold.

    Attributes:
        account: "" for all; accounts: several at once, () for all.
        owner: the person in charge of the account, "" for all.
        due_from, due_to: due dates, both included; None for no end. show: one of SHOWS.
    """

    account: str = ""
    owner: str = ""
    due_from: date | None = None
    due_to: date | None = None
    show: str = ""
    accounts: tuple[str, ...] = ()


EVERYTHING = Filter()


@dataclass(frozen=True)
class Worklist:
    """What is to be done about open money today, by groups, and in each in the order that was asked for.

    Attributes:
        sums: by group (how many, minor units). left_out: how many lines weigh too little to be looked at.
        steps: how many reminder steps the firm has.
    """

    as_of: date
    currency: str
    entries: tuple[Entry, ...]
    sums: Mapping[str, tuple[int, int]]
    left_out: int
    steps: int
    by_id: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        """What it adds to memory, as rows (store/memory.py)."""
        return len(self.entries)


# The firm's steps.


def steps(reader: Reader) -> tuple[DunningStep, ...]:
    """The firm's reminder steps in their places; the seeds stand in where the profile has none."""
    found = [each for each in reader.all(Query("dunning_step", (), (Order("place"),))) if isinstance(each, DunningStep)]
    return tuple(each for each in found if not each.archived) if found else seeds.steps()


def step_name(step: DunningStep) -> str:
    """What a step is called in the current language."""
    return step.name_en if step.name_en and language.current() == "en" else step.name


def rules_of(reader: Reader, tiers: Sequence[Tier] = ()) -> figure.Rules:
    """The steps as the figure takes them, with the tiers of the provision table."""
    return figure.Rules(
        tuple(figure.Step(each.place or 0, each.days_after_due or 0, each.channel) for each in steps(reader)), tiers
    )


# Reminding.


def remind(
    uow: UnitOfWork,
    invoice: str,
    step: int | None,
    channel: str,
    outcome: str = "",
    remark: str = "",
    contact: str = "",
) -> DunningEvent:
    """Writes down that a customer was reminded of an invoice, now.

    Args:
        step: the place of the step that this was; None keeps the step that was reached.

    Raises Refused `missing`, `no_step` for a step that the firm does not have, `replaced` for an invoice that another
    one stands for.
    """
    found = records.get(uow, Invoice, invoice)
    if step is not None and step not in {each.place for each in steps(uow)}:
        raise Refused(Problem("step", "no_step", N_("The firm has no reminder step {step}."), {"step": str(step)}))
    if uow.sql("select 1 from invoice where replaces = :id and id <> :id limit 1", {"id": invoice}):
        raise Refused(Problem("invoice", "replaced", N_("Another invoice stands for this one.")))
    before = reached(uow, [invoice]).get(invoice)
    at = uow.clock.now()
    if before is not None and before.reminded_at >= at:
        at = before.reminded_at + timedelta(milliseconds=1)  # two of one moment: this one is the newer all the same
    made = records.cleaned(
        DunningEvent(
            id=uow.new_id(),
            account=found.account,
            invoice=invoice,
            contact=contact,
            step=step if step is not None else (before.step or None) if before is not None else None,
            channel=channel,
            reminded_at=at,
            outcome=outcome,
            remark=remark,
            author=records.author(uow),
        )
    )
    uow.add(made)
    return made


_NEWEST = """
select invoice, coalesce(step, 0), reminded_at, coalesce(outcome, ''), channel from dunning_event
where invoice in (select value from json_each(:ids)) order by id
"""


def reached(reader: Reader, invoices: Iterable[str]) -> dict[str, Reached]:
    """The newest reminder about each of these invoices; those never reminded of are left out."""
    found: dict[str, Reached] = {}
    for invoice, step, at, outcome, channel in reader.sql(_NEWEST, {"ids": json.dumps(sorted(set(invoices)))}):
        moment = datetime.fromisoformat(at)  # moments with and without fractions do not sort as texts
        if invoice not in found or found[invoice].reminded_at <= moment:
            found[invoice] = Reached(step, moment, outcome, channel)
    return found


def events(reader: Reader, invoice: str) -> list[DunningEvent]:
    """Every reminder about an invoice, the newest first."""
    found = reader.children(DunningEvent, "invoice", invoice)
    return sorted(found, key=lambda each: (each.reminded_at or _NEVER, each.id), reverse=True)


def next_step(reader: Reader, invoice: str, due_on: date | None) -> tuple[DunningStep, date | None] | None:
    """The step above the one reached and the day on which it is due; None after the last one."""
    before = reached(reader, [invoice]).get(invoice)
    place = before.step if before is not None else 0
    following = next((each for each in steps(reader) if (each.place or 0) > place), None)
    if following is None:
        return None
    return following, None if due_on is None else due_on + timedelta(days=following.days_after_due or 0)


# The worklist.

# What weighs most is found in the index alone; only what is taken is looked up (the plus keeps it to that order).
_CANDIDATES = """
with heaviest as materialized (
  select c.rowid as place from cache_instalment c where {where} and (c.due_on is null or c.due_on <= :soon)
  order by c.open * case when c.due_on is null then {papers} {ages} else {oldest} end desc, c.due_on, c.account, place
  limit :most),
promised as materialized (
  select c.rowid as place
  from promise_to_pay p cross join cache_instalment c on c.account = p.account
  where (c.invoice = p.invoice or coalesce(p.invoice, '') = '') and not coalesce(p.withdrawn, 0) and {where}
  limit :most)
select c.id, c.invoice, c.account, v.issued_on, c.due_on, c.open
from (select place from heaviest union select place from promised) x
cross join cache_instalment c on c.rowid = x.place cross join invoice v on v.id = c.invoice
"""
_COUNT = "select count(*) from cache_instalment c where {where} and (c.due_on is null or c.due_on <= :soon)"


def _where(only: Filter) -> str:
    """What holds of every line; only conditions that are asked for, so that an index answers them."""
    # of few accounts their own index answers, of all of them the one of currencies and due dates
    few = "+" if only.account or only.accounts else ""
    found = [f"{few}c.currency = :currency and {few}c.open <> 0 and +c.open > 0"]
    if only.account:
        found.append("c.account = :account")
    if only.accounts:
        found.append("c.account in (select value from json_each(:accounts))")
    if only.owner:
        found.append("c.account in (select id from account where owner = :owner)")
    if only.due_from is not None:
        found.append(f"{few}c.due_on >= :due_from")
    if only.due_to is not None:
        found.append(f"{few}c.due_on <= :due_to")
    return " and ".join(found)


def candidates(reader: Reader, as_of: date, currency: str, only: Filter = EVERYTHING) -> list[Candidate]:
    """Open instalments that may be on the worklist: overdue, due within a week, waiting for papers, or promised."""
    ages = " ".join(
        f"when c.due_on >= date(:day, '-{days} days') then {chance}"
        for days, chance in ((0, figure.NOT_DUE_CHANCE), *figure.AGE_CHANCES)
    )
    statement = _CANDIDATES.format(papers=figure.PAPERS_CHANCE, ages=ages, oldest=figure.OLDEST_CHANCE,
                                   where=_where(only))  # fmt: skip
    rows = reader.sql(statement, {**_values(as_of, currency, only), "day": as_of.isoformat(), "most": MOST})
    return [
        Candidate(key, invoice, account, date.fromisoformat(issued), date.fromisoformat(due) if due else None, amount)
        for key, invoice, account, issued, due, amount in rows
    ]


def _values(as_of: date, currency: str, only: Filter) -> dict[str, str]:
    return {
        "currency": currency,
        "soon": (as_of + timedelta(days=figure.SOON_DAYS)).isoformat(),
        "account": only.account,
        "accounts": json.dumps(only.accounts),
        "owner": only.owner,
        "due_from": only.due_from.isoformat() if only.due_from else "",
        "due_to": only.due_to.isoformat() if only.due_to else "",
    }


_SHOWN = {
    "promises": frozenset({"broken_promise", "promise_today", "promised"}),
    "papers": frozenset({"papers", "papers_missing"}),
    "disputed": frozenset({"disputed"}),
}


def worklist(
    reader: Reader,
    as_of: date,
    currency: str,
    found: Sequence[Candidate],
    promised: Mapping[str, date],
    rules: figure.Rules,
    only: Filter = EVERYTHING,
    order: str = BENEFIT,
) -> Worklist:
    """Every candidate in its place, by all facts known today (flows.worklist asks for the rest).

    Args:
        promised: by the id of an invoice, or of an account for a promise at large, the last day of the newest promise
            that stands and is not kept.
    """
    newest = reached(reader, [each.invoice for each in found])
    entries = []
    for each in found:
        before = newest.get(each.invoice)
        late = each.due_on is not None and each.due_on < as_of
        case = figure.Case(
            each.open,
            each.issued_on,
            each.due_on,
            before.step if before is not None else 0,
            before.reminded_at.astimezone().date() if before is not None else None,
            before.outcome if before is not None else "",
            promised.get(each.invoice) or (promised.get(each.account) if late else None),
        )
        line = figure.line_of(case, as_of, rules)
        if line is not None and (not only.show or line.reason in _SHOWN[only.show]):
            entries.append(
                Entry(each.id, each.invoice, each.account, each.issued_on, each.due_on, each.open, case.step, line)
            )
    count = (
        reader.sql(_COUNT.format(where=_where(only)), _values(as_of, currency, only))[0][0] if len(found) >= MOST else 0
    )
    return _ordered(Worklist(as_of, currency, (), {}, max(0, count - len(found)), len(rules.steps)), entries, order)


def patched(before: Worklist, accounts: Collection[str], fresh: Sequence[Entry], order: str) -> Worklist:
    """A worklist with other lines of a few accounts. Of one that leaves lines out the last ones are not drawn anew."""
    return _ordered(before, [*(each for each in before.entries if each.account not in accounts), *fresh], order)


def _ordered(before: Worklist, entries: list[Entry], order: str) -> Worklist:
    entries.sort(key=_ORDERED[order])
    sums = {}
    for group in figure.GROUPS:
        amounts = [each.open for each in entries if each.line.group == group]
        sums[group] = (len(amounts), sum(amounts))
    by_id = {each.instalment: each for each in entries}
    return dataclasses.replace(before, entries=tuple(entries), sums=sums, by_id=by_id)


def _group(entry: Entry) -> int:
    return figure.GROUPS.index(entry.line.group)


_ORDERED = {
    BENEFIT: lambda each: (_group(each), -each.line.gain, each.due_on or date.max, each.instalment),
    AGE: lambda each: (_group(each), each.due_on or date.max, -each.line.gain, each.instalment),
    AMOUNT: lambda each: (_group(each), -each.open, each.due_on or date.max, each.instalment),
}
