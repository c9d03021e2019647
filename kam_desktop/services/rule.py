"""Dated rules of law and of the firm, its payment terms and reminder steps: read and changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from kam_desktop.domain.entities import DunningStep, PaymentTerm, PaymentTermLine, Rule
from kam_desktop.domain.entity import problems_of
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures import provision, terms
from kam_desktop.domain.locale.vietnam import dunning, seeds, vat
from kam_desktop.domain.query import Op, Order, Query, Where
from kam_desktop.formats import FirmDays
from kam_desktop.language import N_
from kam_desktop.services import records
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork

KINDS = ("vat", "provision", "late_interest", "holiday", "working_day")
DAYS_OFF = ("holiday", "working_day")
_MOST_DAYS = 366  # of one holiday: a slip of the year must not make a calendar of ten thousand days


@dataclass(frozen=True, slots=True)
class Term:
    """A payment term with its lines in their places."""

    term: PaymentTerm
    lines: tuple[PaymentTermLine, ...]


# Rules.


def rules(reader: Reader, kind: str) -> tuple[Rule, ...]:
    """The rules of a kind, the newest first; the seeds stand in where the profile has none of it."""
    query = Query("rule", (Where("kind", Op.IS, kind),), (Order("begins_on", descending=True), Order("id")))
    found = [each for each in reader.all(query) if isinstance(each, Rule)]
    shown = found or sorted(_seeds(kind), key=lambda each: (each.begins_on or date.min, each.id), reverse=True)
    if kind == "provision":
        shown = sorted(shown, key=lambda each: (-(each.begins_on or date.min).toordinal(), each.months or 0, each.id))
    return tuple(shown)


def _seeds(kind: str) -> list[Rule]:
    return [each for each in seeds.rules() if each.kind == kind]


def is_seeded(reader: Reader, kind: str) -> bool:
    """Whether the profile itself holds rules of the kind; otherwise the program's seeds stand in."""
    return reader.count(Query("rule", (Where("kind", Op.IS, kind),))) > 0


def vat_rules(reader: Reader) -> tuple[vat.RateRule, ...]:
    """The tax rules, for vat.rule_on and vat.ends_within."""
    return tuple(
        vat.RateRule(each.category, each.rate, each.begins_on, each.ends_on, each.source)
        for each in rules(reader, "vat")
        if each.begins_on is not None
    )


def provision_tables(reader: Reader) -> tuple[provision.Table, ...]:
    """The provision tables, the newest first: rules with the same first day make one."""
    by_day: dict[date, list[Rule]] = {}
    for each in rules(reader, "provision"):
        if each.begins_on is not None:
            by_day.setdefault(each.begins_on, []).append(each)
    tables = []
    for begins_on, lines in by_day.items():
        ends = [each.ends_on for each in lines if each.ends_on is not None]
        tiers = tuple(provision.Tier(each.months or 0, each.percent or Decimal(0)) for each in lines)
        source = "; ".join(dict.fromkeys(each.source for each in lines if each.source))
        tables.append(provision.Table(begins_on, max(ends) if len(ends) == len(lines) else None, tiers, source))
    return tuple(tables)


def late_interest_rule(reader: Reader, day: date) -> Rule:
    """The rule for late interest on that day; where none is in force, the law's own (Civil Code 2015 art. 468)."""
    in_force = [each for each in rules(reader, "late_interest") if _covers(each, day)]
    return in_force[0] if in_force else _seeds("late_interest")[0]


def late_interest_percent(reader: Reader, day: date) -> Decimal:
    """Percent a year for late payment where no contract says another, on that day."""
    return late_interest_rule(reader, day).percent or Decimal(0)


def holidays(reader: Reader) -> FirmDays:
    """The firm's own days off and worked days, to be laid over the public calendar (formats.is_working_day)."""
    off: dict[date, str] = {}
    for each in reversed(rules(reader, "holiday")):
        off.update(dict.fromkeys(_days(each), each.name))
    worked = {day for each in rules(reader, "working_day") for day in _days(each)}
    return FirmDays(off, frozenset(worked))


def _days(rule: Rule) -> list[date]:
    if rule.begins_on is None:
        return []
    last = rule.ends_on or rule.begins_on  # a day off without an end is one day
    return [rule.begins_on + timedelta(days=n) for n in range(min(_MOST_DAYS, (last - rule.begins_on).days + 1))]


def _covers(rule: Rule, day: date) -> bool:
    return rule.begins_on is not None and rule.begins_on <= day and (rule.ends_on is None or day <= rule.ends_on)


def seed(uow: UnitOfWork, kinds: Iterable[str] = KINDS) -> None:
    """Writes the seeds of those kinds of which the profile has none, under the same ids on every laptop."""
    for kind in kinds:
        if not is_seeded(uow, kind):
            records.add_missing(uow, _seeds(kind))


def save(uow: UnitOfWork, rule: Rule) -> Rule:
    """Writes a rule, new or changed. The lines of one provision table end together.

    Refused: `overlap` where the same tax category, provision table or interest has a rule on one of its days,
    `tier_twice` where a table has that number of months already; and what the record's own rules say.
    """
    tidy = records.cleaned(rule)
    found = problems_of(tidy) or _overlaps(tidy, [each for each in rules(uow, tidy.kind) if each.id != tidy.id])
    if found:
        raise Refused(found)
    seed(uow, (tidy.kind,))
    if tidy.kind == "provision":
        for each in rules(uow, "provision"):
            if each.id != tidy.id and each.begins_on == tidy.begins_on and each.ends_on != tidy.ends_on:
                uow.put(dataclasses.replace(each, ends_on=tidy.ends_on))
    uow.put(tidy)
    return tidy


def _overlaps(rule: Rule, others: Sequence[Rule]) -> list[Problem]:
    if rule.kind in DAYS_OFF or rule.begins_on is None:
        return []
    for other in others:
        if rule.kind == "vat" and other.category != rule.category:
            continue
        if rule.kind == "provision" and other.begins_on == rule.begins_on:
            if other.months == rule.months:
                message = N_("This table has a line for {months} months already.")
                return [Problem("months", "tier_twice", message, {"months": str(rule.months)})]
            continue
        first, last = other.begins_on or date.min, other.ends_on or date.max
        if first <= (rule.ends_on or date.max) and rule.begins_on <= last:
            if other.ends_on is None:
                message = N_("“{name}” is in force from {first} without an end. End it first.")
            else:
                message = N_("“{name}” is in force from {first} to {last}. End it first, or choose other days.")
            args = {"name": other.name, "first": _written(other.begins_on), "last": _written(other.ends_on)}
            return [Problem("begins_on", "overlap", message, args)]
    return []


def _written(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day is not None else ""  # the same in both languages, as it is typed


def begin_next(uow: UnitOfWork, rule_id: str, following: Rule) -> Rule:
    """Ends a rule on the day before the next one begins, and writes that one.

    Of a provision table all lines end, and those that are not `following` itself are copied into the next table.
    Refused `begins_too_early` when the next would not begin after it, and as `save` refuses.
    """
    ended = next((each for each in rules(uow, following.kind) if each.id == rule_id), None)
    if ended is None or ended.begins_on is None:
        raise Refused(Problem("id", "missing", "This record is not there any more."))
    if following.begins_on is None or following.begins_on <= ended.begins_on:
        message = N_("The next rule must begin after {first}, when this one began.")
        raise Refused(Problem("begins_on", "begins_too_early", message, {"first": _written(ended.begins_on)}))
    last = following.begins_on - timedelta(days=1)
    tidy = records.cleaned(following)
    table = [ended]
    if ended.kind == "provision":
        table = [each for each in rules(uow, "provision") if each.begins_on == ended.begins_on]
    gone = {each.id for each in table}
    others = [each for each in rules(uow, tidy.kind) if each.id not in gone]
    found = problems_of(tidy) or _overlaps(tidy, others)
    if found:
        raise Refused(found)
    seed(uow, (tidy.kind,))
    for each in table:
        if each.ends_on is None or each.ends_on > last:
            uow.put(dataclasses.replace(each, ends_on=last))
        if each.id != ended.id and each.months != tidy.months:
            copied: dict[str, Any] = {"begins_on": tidy.begins_on, "ends_on": tidy.ends_on, "source": tidy.source}
            uow.put(dataclasses.replace(each, id=uow.new_id(), **copied))
    uow.put(tidy)
    return tidy


def remove(uow: UnitOfWork, rule_id: str) -> None:
    """Deletes a rule that was never right; one that is over is ended instead. Raises Refused `missing`."""
    standing = next((each for kind in KINDS for each in rules(uow, kind) if each.id == rule_id), None)
    if standing is None:
        raise Refused(Problem("id", "missing", "This record is not there any more."))
    seed(uow, (standing.kind,))
    uow.delete(Rule, rule_id)


# Payment terms.


def term_list(reader: Reader, archived: bool = False) -> list[Term]:
    """The payment terms by name, with their lines."""
    found = [each for each in reader.all(Query("payment_term")) if isinstance(each, PaymentTerm)]
    lines: dict[str, list[PaymentTermLine]] = {}
    for each in reader.all(Query("payment_term_line", (), (Order("place"), Order("id")))):
        if isinstance(each, PaymentTermLine):
            lines.setdefault(each.term, []).append(each)
    return [Term(each, tuple(lines.get(each.id, ()))) for each in found if each.archived == archived]


def lines_of(reader: Reader, term_id: str) -> list[PaymentTermLine]:
    """The lines of a payment term in their places."""
    return reader.children(PaymentTermLine, "term", term_id, (Order("place"), Order("id")))


def step(text: str) -> terms.Step:
    """One step as it is kept ("days 30", "end_of_month"); of another kind, what `terms.problems_of` refuses."""
    kind, _, count = text.partition(" ")
    return terms.Step(kind, int(count)) if count.isdecimal() else terms.Step(kind)


def parts(lines: Sequence[PaymentTermLine]) -> tuple[terms.Part, ...]:
    """The lines as the figures take them (terms.split, terms.schedule)."""
    return tuple(
        terms.Part(each.kind, each.value or Decimal(0), tuple(map(step, each.steps)), each.from_papers, each.name)
        for each in lines
    )


def preview(
    lines: Sequence[PaymentTermLine], total: int, invoiced_on: date, papers_on: date | None = None
) -> tuple[terms.Due, ...]:
    """What a total in minor units would be split into. Raises Refused with what is wrong with the lines."""
    return terms.schedule(total, parts(lines), invoiced_on, papers_on)


def term_problems(term: PaymentTerm, lines: Sequence[PaymentTermLine]) -> list[Problem]:
    """Everything that is wrong with a term; of a line where = "parts.N", of all of them "parts"."""
    found = problems_of(term)
    shown = terms.problems_of(parts(lines))
    found += shown
    said = {(each.where, each.code) for each in shown}
    for place, line in enumerate(lines, 1):
        for each in problems_of(dataclasses.replace(line, term=term.id, place=place)):
            where = f"parts.{place}"
            if (where, each.code) not in said and each.code != "unknown_step":
                found.append(Problem(where, each.code, each.message, each.args))
    return found


def save_term(uow: UnitOfWork, term: PaymentTerm, lines: Sequence[PaymentTermLine]) -> Term:
    """Writes a payment term with exactly these lines, in this order; lines left out are deleted.

    Refused with all its problems at once (`term_problems`); then nothing is written.
    """
    tidy = records.cleaned(term)
    wanted = [records.cleaned(each) for each in lines]
    wanted = [dataclasses.replace(each, value=None) if each.kind == terms.REST else each for each in wanted]
    found = term_problems(tidy, wanted)
    if found:
        raise Refused(found)
    uow.put(tidy)
    before = {each.id for each in lines_of(uow, tidy.id)}
    kept = []
    for place, line in enumerate(wanted, 1):
        identity = line.id if line.id in before else uow.new_id()
        kept.append(dataclasses.replace(line, id=identity, term=tidy.id, place=place))
        uow.put(kept[-1])
    for gone in before - {each.id for each in kept}:
        uow.delete(PaymentTermLine, gone)
    return Term(tidy, tuple(kept))


def archive_term(uow: UnitOfWork, identity: str, archived: bool = True) -> PaymentTerm:
    """Takes a payment term out of use, or brings it back. Raises Refused `missing`."""
    return records.archive(uow, PaymentTerm, identity, archived)


def seed_terms(uow: UnitOfWork) -> None:
    """Adds the usual payment terms that are not there."""
    records.add_missing(uow, seeds.payment_terms())


# Reminder steps.


def reminder_steps(reader: Reader) -> tuple[DunningStep, ...]:
    """The firm's reminder steps in their places; the seeds stand in where the profile has none (dunning.steps)."""
    query = Query("dunning_step", (), (Order("place"), Order("id")))
    found = [each for each in reader.all(query) if isinstance(each, DunningStep)]
    return tuple(each for each in found if not each.archived) if found else dunning.steps()


def save_step(uow: UnitOfWork, step: DunningStep) -> DunningStep:
    """Writes a reminder step, new or changed; the places of all follow from their days.

    Refused: `same_days` where another step begins as many days after the due date; what the record's own rules say.
    """
    tidy = records.cleaned(step)
    others = [each for each in reminder_steps(uow) if each.id != tidy.id]
    found = problems_of(tidy)
    if any(each.days_after_due == tidy.days_after_due for each in others):
        found.append(Problem("days_after_due", "same_days", N_("Another reminder step begins on that day.")))
    if found:
        raise Refused(found)
    _place_steps(uow, [*others, tidy])
    return tidy


def remove_step(uow: UnitOfWork, identity: str) -> None:
    """Takes a reminder step out of use; what was reminded before keeps the number it had. Raises Refused `missing`."""
    standing = reminder_steps(uow)
    gone = next((each for each in standing if each.id == identity), None)
    if gone is None:
        raise Refused(Problem("id", "missing", "This record is not there any more."))
    uow.put(dataclasses.replace(gone, archived=True))
    _place_steps(uow, [each for each in standing if each.id != identity])


def usual_steps(uow: UnitOfWork) -> None:
    """Takes the usual reminder steps into use where the firm has none in use."""
    if not reminder_steps(uow):
        _place_steps(uow, dunning.steps())


def _place_steps(uow: UnitOfWork, steps: Iterable[DunningStep]) -> None:
    # a seed that stands in is no record yet; with one record of the firm none stands in any more
    for place, each in enumerate(sorted(steps, key=lambda each: each.days_after_due or 0), 1):
        uow.put(dataclasses.replace(each, place=place))
