"""The reports on receivables: statement, dso, cei, provision, interest, promises: table, JSON or file."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from kam_desktop.cli import report_commands as reports
from kam_desktop.cli.output import Column, Output, safe
from kam_desktop.cli.profile_opening import opened
from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures import movements
from kam_desktop.domain.figures.cei import Balance
from kam_desktop.domain.money import decimals, to_major
from kam_desktop.language import N_, tr
from kam_desktop.services import promise, receivables, rule, summary
from kam_desktop.store.reader import Reader

_KINDS = {
    movements.INVOICE: N_("Invoice"),
    receivables.OPENING: N_("Balance brought in"),
    movements.SETTLED: N_("Paid earlier"),
    movements.REPLACED: N_("Replaced document"),
    movements.CREDIT_NOTE: N_("Credit note issued"),
    movements.RECEIPT: N_("Payment"),
    movements.BY_OTHERS: N_("Payment by another payer"),
    movements.FOR_OTHERS: N_("Payment used for another account"),
}
Cells = Sequence[Any]
"""One row of a report: texts, and amounts and days as numbers; None is an empty cell."""


def run(args: Namespace, output: Output) -> int:
    """Carries out the report that was asked for."""
    decimals(args.currency)  # refused before a profile is opened
    reports.check_file(args.output)
    as_of = args.as_of or SystemClock().today()
    with opened(args, output, write=False) as profile, profile.store.reader() as reader:
        if not summary.payments_entered(reader):
            output.say(
                tr("Payments are not entered yet: paid invoices still look open. Answer with “import … --open”.")
            )
        _REPORTS[args.report](reader, as_of, args, output)
    return 0


def _period(as_of: date, args: Namespace) -> tuple[date, date]:
    to_on = args.to_on or as_of
    # In the calendar's first year there are no twelve months before.
    from_on = args.from_on or (receivables.twelve_months_before(to_on) if to_on.year > 1 else date.min)
    if from_on > to_on:
        raise Refused(Problem("from", "period", N_("The period ends before it begins.")))
    return from_on, to_on


def _statement(reader: Reader, as_of: date, args: Namespace, output: Output) -> None:
    made = receivables.statement(reader, args.account.lower(), *_period(as_of, args), args.currency)
    document = {
        "account": made.account,
        "name": made.name,
        "from": made.from_on.isoformat(),
        "to": made.to_on.isoformat(),
        "currency": made.currency,
        "opening": made.opening,
        "rows": [{**asdict(row), "on": row.on.isoformat()} for row in made.rows],
        "raised": made.raised,
        "lowered": made.lowered,
        "closing": made.closing,
        "currencies": list(made.currencies),
    }
    titles = [tr("Date"), tr("Particulars"), tr("Document"), tr("Charged"), tr("Paid or credited")]
    titles.append(tr("Running balance"))

    def money(amount: int) -> Decimal:
        return to_major(amount, made.currency)

    rows: list[Cells] = [[made.from_on, tr("Opening balance"), "", None, None, money(made.opening)]]
    for row in made.rows:
        up, down = max(row.amount, 0), max(-row.amount, 0)
        moved = [money(up) if up else None, money(down) if down else None]
        rows.append([row.on, tr(_KINDS[row.kind]), row.number, *moved, money(row.balance)])
    totals = [money(made.raised), money(made.lowered), money(made.closing)]
    total = [made.to_on, tr("Closing balance"), "", *totals]
    _tell(args, output, document, titles, rows, total, words=3)
    _tell_currencies(output, args, made.currencies)


def _dso(reader: Reader, as_of: date, args: Namespace, output: Output) -> None:
    made = receivables.dso(reader, as_of, args.months, args.currency)
    document = {
        "as_of": made.as_of.isoformat(),
        "currency": made.currency,
        "receivable": _balance(made.balance),
        "count_back": float(made.count_back),
        "at_least": made.at_least,
        "simple": None if made.simple is None else float(made.simple),
        "from": made.from_on.isoformat(),
        "to": made.as_of.isoformat(),
        "days": made.days,
        "sales": made.sold,
        "months": [{"month": _month(month), "sales": amount} for month, amount in made.sales],
        "currencies": list(made.currencies),
    }
    back = tr("Days, count-back (at least)") if made.at_least else tr("Days, count-back")
    rows: list[Cells] = [
        [back, made.count_back],
        [tr("Days, simple"), tr("n/a") if made.simple is None else made.simple],
        [tr("Receivable"), to_major(made.balance.whole, made.currency)],
        *([tr("Sales {month}", month=_month(each)), to_major(sum_, made.currency)] for each, sum_ in made.sales),
    ]
    _tell(args, output, document, [tr("Figure"), tr("Value")], rows, words=1)
    _tell_currencies(output, args, made.currencies)


def _cei(reader: Reader, as_of: date, args: Namespace, output: Output) -> None:
    made = receivables.cei(reader, *_period(as_of, args), args.currency)
    document = {
        "from": made.from_on.isoformat(),
        "to": made.to_on.isoformat(),
        "currency": made.currency,
        "opening": _balance(made.opening),
        "sales": made.sales,
        "closing": _balance(made.closing),
        "cei": None if made.index is None else float(made.index),
        "currencies": list(made.currencies),
    }
    money = [made.opening.whole, made.sales, made.closing.whole, made.closing.current]
    names = [tr("Opening balance"), tr("Sales"), tr("Closing balance"), tr("Closing balance not due")]
    rows: list[Cells] = [[tr("Collection effectiveness %"), tr("n/a") if made.index is None else made.index]]
    rows += [[name, to_major(amount, made.currency)] for name, amount in zip(names, money, strict=True)]
    _tell(args, output, document, [tr("Figure"), tr("Value")], rows, words=1)
    _tell_currencies(output, args, made.currencies)


def _provision(reader: Reader, as_of: date, args: Namespace, output: Output) -> None:
    made = receivables.provision(reader, as_of, args.currency, rule.provision_tables(reader))
    document = {
        "as_of": made.as_of.isoformat(),
        "currency": made.currency,
        "source": made.source,
        "rows": [
            {**asdict(row), "tiers": [{**asdict(tier), "percent": float(tier.percent)} for tier in row.tiers]}
            for row in made.rows
        ],
        "total": {"overdue": made.overdue, "amount": made.amount},
        "currencies": list(made.currencies),
    }
    heads = [tr("Months overdue"), tr("Rate %"), tr("Overdue"), tr("Provision"), tr("Paid in advance")]
    rows: list[Cells] = []
    for row in made.rows:
        for place, tier in enumerate(row.tiers):
            money = [to_major(tier.overdue, made.currency), to_major(tier.amount, made.currency)]
            # What an account paid ahead stands once, beside its first tier.
            free = to_major(row.unallocated, made.currency) if place == 0 and row.unallocated else None
            rows.append([row.name or row.account, tier.months, tier.percent, *money, free])
    sums = [to_major(made.overdue, made.currency), to_major(made.amount, made.currency)]
    free_sum = to_major(sum(row.unallocated for row in made.rows), made.currency)
    total = [tr("Total"), None, None, *sums, free_sum]
    _tell(args, output, document, [tr("Customer"), *heads], rows, total, words=1)
    if not output.json:
        output.say(tr("An estimate by {source}; the accountant decides.", source=made.source))
    _tell_currencies(output, args, made.currencies)


def _interest(reader: Reader, as_of: date, args: Namespace, output: Output) -> None:
    # Where nothing else is agreed on, the firm's dated rule says the rate (settings, rules of law).
    standing = rule.late_interest_rule(reader, as_of) if args.percent is None else None
    percent = args.percent if standing is None else rule.late_interest_percent(reader, as_of)
    made = receivables.interest(reader, as_of, percent, args.currency, args.account.lower())
    document = {
        "as_of": made.as_of.isoformat(),
        "currency": made.currency,
        "percent": float(made.percent),
        "provisional": True,
        "source": standing.source if standing is not None else "",
        "rows": [
            {
                "account": row.figure.account,
                "name": row.name,
                "invoice": row.figure.invoice,
                "number": row.number,
                "instalment": row.figure.instalment,
                "due_on": row.figure.due_on.isoformat(),
                "days": row.figure.days,
                "open_days": row.figure.open_days,
                "amount": row.figure.amount,
            }
            for row in made.rows
        ],
        "total": made.total,
        "currencies": list(made.currencies),
    }
    titles = [tr("Customer"), tr("Invoice"), tr("Due date"), tr("Days late"), tr("Interest")]
    rows: list[Cells] = [
        [row.name, row.number, row.figure.due_on, row.figure.days, to_major(row.figure.amount, made.currency)]
        for row in made.rows
    ]
    total = [tr("Total"), "", None, None, to_major(made.total, made.currency)]
    _tell(args, output, document, titles, rows, total, words=3)
    if not output.json:
        output.say(tr("Provisional: simple interest to {day}, to be agreed on.", day=made.as_of.isoformat()))
        if standing is not None:
            shown = _shown(made.percent)
            source = standing.source or standing.name
            output.say(tr("{percent} % a year by the firm's rule: {source}.", percent=shown, source=safe(source)))
    _tell_currencies(output, args, made.currencies)


_STATES = {
    "open": N_("Promise still open"),
    "kept": N_("Promise kept"),
    "broken": N_("Broken promise"),
    "replaced": N_("Promise replaced"),
    "withdrawn": N_("Promise withdrawn"),
}


def _promises(reader: Reader, as_of: date, args: Namespace, output: Output) -> None:
    from_on, to_on = _period(as_of, args)
    found = promise.in_period(reader, from_on, to_on, args.account.lower())
    currencies = sorted({each.record.currency for each in found} - {args.currency})
    found = [each for each in found if each.record.currency == args.currency]
    share = promise.share_of(found)
    document = {
        "from": from_on.isoformat(),
        "to": to_on.isoformat(),
        "currency": args.currency,
        "rows": [
            {
                "promise": each.record.id,
                "account": each.record.account,
                "name": each.account_name,
                "invoice": each.record.invoice,
                "number": each.number,
                "promised_on": each.record.promised_on.isoformat() if each.record.promised_on else "",
                "pay_on": each.record.pay_on.isoformat() if each.record.pay_on else "",
                "amount": each.record.amount,
                "paid": each.state.paid,
                "state": each.state.state,
            }
            for each in found
        ],
        "kept": share.kept,
        "ended": share.ended,
        "share_kept": None if share.percent is None else float(share.percent),
        "currencies": currencies,
    }
    titles = [tr("Customer"), tr("Invoice"), tr("Promised on"), tr("Pays by"), tr("State"), tr("Amount"), tr("Paid")]
    rows: list[Cells] = [
        [each.account_name, each.number, each.record.promised_on, each.record.pay_on, tr(_STATES[each.state.state])]
        + [to_major(amount, args.currency) for amount in (each.record.amount or 0, each.state.paid)]
        for each in found
    ]
    _tell(args, output, document, titles, rows, words=5)
    if not output.json and share.percent is not None:
        kept = tr(
            "{kept} of {n} promises were kept: {percent} %.", kept=share.kept, n=share.ended, percent=share.percent
        )
        output.say(kept)
    _tell_currencies(output, args, currencies)


_REPORTS = {
    "statement": _statement,
    "dso": _dso,
    "cei": _cei,
    "provision": _provision,
    "interest": _interest,
    "promises": _promises,
}
NAMES = tuple(_REPORTS)
"""The reports that this file answers."""


def _balance(of: Balance) -> dict[str, int]:
    return {"not_due": of.not_due, "overdue": of.overdue, "unallocated": of.advances, "balance": of.whole}


def _month(month: tuple[int, int]) -> str:
    return f"{month[0]:04}-{month[1]:02}"


def _tell(
    args: Namespace,
    output: Output,
    document: dict[str, Any],
    titles: list[str],
    rows: Sequence[Cells],
    total: Cells = (),
    *,
    words: int,
) -> None:
    """The report into the file, as the document or as a table, whose first so many columns are words."""
    if args.output:
        reports.write(args, output, titles, [list(row) for row in (*rows, *([total] if total else []))])
    elif output.json:
        output.document(document)
    else:
        columns = [Column(title, right=place >= words) for place, title in enumerate(titles)]
        output.table(columns, [list(map(_shown, row)) for row in rows], list(map(_shown, total)))


def _shown(cell: Any) -> str:
    from kam_desktop import formats

    if cell is None:
        return ""
    if isinstance(cell, date):
        return formats.day(cell)
    if isinstance(cell, Decimal):
        return formats.number(cell, max(0, -int(cell.as_tuple().exponent)))
    return formats.number(cell) if isinstance(cell, int) else safe(cell)


def _tell_currencies(output: Output, args: Namespace, currencies: Sequence[str]) -> None:
    if currencies and not args.output:
        others = ", ".join(currencies)
        output.say(tr("Other currencies have a report of their own: {currencies}.", currencies=others))
