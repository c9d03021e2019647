"""Our own firm, its dated rules of law, and the payment terms that it offers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from kam_desktop.domain.entity import Policy, Problem, Record, Sort, entity
from kam_desktop.domain.fields import choice, day, decimal, flag, integer, ref, text, texts


@entity("firm", "Our firm", "Our firm", title="legal_name", policy=Policy.SERVER_OWNED, sort=Sort.COMPANY)
class Firm(Record):
    """Our own company. There is one, with a fixed id.

    Attributes:
        confirmation_begins_on: receipts dated from this day on count only once a decision confirms them; before it,
            and where it is empty, entering a receipt confirms it.
    """

    legal_name: str = text("Legal name", required=True, searchable=True)
    short_name: str = text("Short name", max_length=60, default="")
    tax_code: str = text("Tax code", max_length=14, default="")
    branch_codes: tuple[str, ...] = texts("Branch tax codes", max_length=14, default=())
    address: str = text("Address", default="")
    phone: str = text("Phone", max_length=40, phone=True, default="")
    email: str = text("E-mail", max_length=120, default="")
    representative: str = text("Representative", max_length=120, default="")
    representative_title: str = text("Representative's title", max_length=120, default="")
    bank_name: str = text("Bank", max_length=120, default="")
    bank_account: str = text("Account number", max_length=30, default="")
    bank_holder: str = text("Account holder", max_length=120, default="")
    currency: str = text("Currency", default="VND", max_length=3, required=True)
    default_payment_days: int | None = integer("Payment term when none is agreed (days)", default=30, lowest=0)
    confirmation_begins_on: date | None = day("Receipts are confirmed by finance from", default=None)


def _rule_ends_after_it_begins(rule: Rule) -> Sequence[Problem]:
    found = []
    if rule.begins_on and rule.ends_on and rule.ends_on < rule.begins_on:
        found.append(Problem("ends_on", "ends_before", "It ends before it begins."))
    if rule.kind == "vat" and not rule.rate:
        found.append(Problem("rate", "required", "A tax rule needs its rate."))
    if rule.kind == "provision" and (rule.months is None or rule.percent is None):
        found.append(Problem("percent", "required", "A provision rule needs its months and its percentage."))
    if rule.kind == "late_interest" and rule.percent is None:
        found.append(Problem("percent", "required", "An interest rule needs its percentage."))
    if rule.percent is not None and rule.percent > 100:
        found.append(Problem("percent", "over_100", "It cannot be more than 100 %."))
    return found


@entity("rule", "Rule", "Rules", title="name", policy=Policy.SERVER_OWNED, rules=[_rule_ends_after_it_begins])
class Rule(Record):
    """A rule of law or of the firm, in force over a span of days; editable, seeded from `domain/locale`.

    Attributes:
        kind: "vat": `category` is taxed with `rate`. "provision": from `months` overdue on, `percent` of what is open;
            lines with the same first day make one table. "late_interest": `percent` a year. "holiday" and
            "working_day": the days from `begins_on` to `ends_on` are off, or worked although the calendar says off.
        category: of a tax rule "standard" or "reduced"; free otherwise.
        ends_on: the last day; None while no end is known.
        source: the paper that says so.
    """

    kind: str = choice("Kind", "vat", "provision", "late_interest", "holiday", "working_day", default="", required=True)
    name: str = text("Name", required=True, max_length=120)
    category: str = text("Category", max_length=60, default="")
    rate: str = text("Tax rate", max_length=16, default="")
    months: int | None = integer("Months overdue", lowest=0, default=None)
    percent: Decimal | None = decimal("Percent", lowest=0, default=None)
    begins_on: date | None = day("Valid from", required=True)
    ends_on: date | None = day("Valid until", default=None)
    source: str = text("Source", default="")


@entity("payment_term", "Payment term", "Payment terms", title="name", policy=Policy.SERVER_OWNED)
class PaymentTerm(Record):
    """A template that splits a total into instalments with due dates; its lines are PaymentTermLine."""

    name: str = text("Name", required=True, searchable=True, max_length=120)
    name_en: str = text("English name", max_length=120, default="")
    archived: bool = flag("Archived", default=False)


STEP = re.compile(r"(days|months|day_of_month) \d{1,4}|end_of_month")
"""How a move of a due date is written: "days 30", "months 1", "end_of_month", "day_of_month 10"."""


def _line_is_readable(line: PaymentTermLine) -> Sequence[Problem]:
    found = []
    if line.kind != "rest" and (line.value is None or line.value <= 0):
        found.append(Problem("value", "part_not_positive", "A part must be above zero."))
    if any(not STEP.fullmatch(step) for step in line.steps):
        found.append(Problem("steps", "unknown_step", "This kind of step is not known."))
    return found


@entity(
    "payment_term_line",
    "Payment term line",
    "Payment term lines",
    title="name",
    policy=Policy.SERVER_OWNED,
    rules=[_line_is_readable],
)
class PaymentTermLine(Record):
    """One part of a payment term.

    Attributes:
        kind: percent of the total, percent of what the parts before left over, a fixed amount, or all that is left.
        value: percent, or whole minor units of a fixed part; not used for the rest.
        steps: moves from the day it counts from, done in this order (see STEP).
        from_papers: counts from the day on which the full document set was confirmed, not from the invoice date.
    """

    term: str = ref("Payment term", to="payment_term", required=True, owns=True)
    place: int | None = integer("Place", required=True, lowest=1)
    name: str = text("Name", max_length=120, default="")
    kind: str = choice("Kind", "percent", "percent_of_rest", "fixed", "rest", default="rest", required=True)
    value: Decimal | None = decimal("Value", default=None)
    steps: tuple[str, ...] = texts("Steps", max_length=20, default=())
    from_papers: bool = flag("Counts from the full document set", default=False)


@entity("dunning_step", "Reminder step", "Reminder steps", title="name", policy=Policy.SERVER_OWNED)
class DunningStep(Record):
    """One step of the firm's way of reminding: from so many days after the due date on (below zero: before it)."""

    place: int | None = integer("Place", required=True, lowest=1)
    name: str = text("Name", max_length=80, required=True)
    name_en: str = text("English name", max_length=80, default="")
    days_after_due: int | None = integer("Days after the due date", required=True)
    channel: str = choice("Channel", "message", "call", "letter", "meeting", default="call", required=True)
    archived: bool = flag("Archived", default=False)
