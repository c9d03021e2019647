"""The command report: ageing and pareto as a table, JSON or a file."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kam_desktop.cli.output import Column, Output, safe
from kam_desktop.cli.profile_opening import opened
from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.money import decimals, to_major
from kam_desktop.language import N_, tr
from kam_desktop.services import summary

FORMS = (".xlsx", ".csv")


def run(args: Namespace, output: Output) -> int:
    """Carries out the report that was asked for."""
    decimals(args.currency)  # refused before a profile is opened
    check_file(args.output)
    as_of = args.as_of or SystemClock().today()
    with opened(args, output, write=False) as profile, profile.store.reader() as reader:
        if args.report == "ageing":
            _ageing(summary.ageing(reader, as_of, args.currency), args, output)
        else:
            to_on = args.to_on or as_of
            from_on = args.from_on or summary.twelve_months_before(to_on)
            if from_on > to_on:
                raise Refused(Problem("from", "period", "The period ends before it begins."))
            _pareto(summary.pareto(reader, from_on, to_on, args.currency, args.basis), args, output)
    return 0


def check_file(name: str | None) -> None:
    """Refuses a file whose ending no report is written in."""
    if not name or Path(name).suffix.lower() in FORMS:
        return
    if Path(name).suffix.lower() == ".pdf":
        message = N_("Reports as PDF come with the printed documents of a later version; take .xlsx or .csv for now.")
        raise Refused(Problem(name, "pdf_later", message))
    raise Refused(Problem(name, "unknown_form", "The file's ending says the form: .xlsx or .csv."))


def _ageing(report: summary.AgeingReport, args: Namespace, output: Output) -> None:
    headers = ["not_due", *report.buckets, "unallocated", "balance", "waiting", "reported"]
    titles = [tr("Customer"), tr("Not due"), *report.buckets, tr("Unallocated"), tr("Balance")]
    # Beside the balance, and only where there is something of it.
    beside = [tr("Waiting for papers (in not due)")] if report.total.waiting else []
    beside += [tr("Reported, not confirmed")] if report.total.reported else []

    def amounts(row: summary.AgeingRow) -> list[int]:
        return [row.not_due, *row.overdue, row.unallocated, row.balance]

    def all_amounts(row: summary.AgeingRow) -> list[int]:
        found = amounts(row)
        found += [row.waiting] if report.total.waiting else []
        return found + ([row.reported] if report.total.reported else [])

    def wire(row: summary.AgeingRow) -> dict[str, int]:
        return dict(zip(headers, [*amounts(row), row.waiting, row.reported], strict=True))

    def name(row: summary.AgeingRow) -> str:
        return row.name or (tr("Payer unknown") if not row.account else row.account)

    titles += beside
    if args.output:
        table = [[name(row), *_major(all_amounts(row), report.currency)] for row in report.rows]
        table.append([tr("Total"), *_major(all_amounts(report.total), report.currency)])
        write(args, output, titles, table)
    elif output.json:
        output.document(
            {
                "as_of": report.as_of.isoformat(),
                "currency": report.currency,
                "buckets": list(report.buckets),
                "rows": [{"account": row.account, "name": row.name, **wire(row)} for row in report.rows],
                "total": wire(report.total),
                "currencies": list(report.currencies),
                "on_default_term": report.total.on_default_term,
                "payments_entered": report.payments_entered,
            }
        )
    else:
        columns = [Column(title, right=place > 0) for place, title in enumerate(titles)]
        shown = [[safe(name(row)), *_shown(all_amounts(row), report.currency)] for row in report.rows]
        output.table(columns, shown, [tr("Total"), *_shown(all_amounts(report.total), report.currency)])
    for note in _ageing_notes(report):
        output.say(note)


def _ageing_notes(report: summary.AgeingReport) -> list[str]:
    """What somebody who reads the figures must know."""
    found = []
    total, currency = report.total, report.currency
    if not report.payments_entered:
        found.append(tr("Payments are not entered yet: paid invoices still look open. Answer with “import … --open”."))
    if total.on_default_term:
        message = N_("{n} instalments rest on the default term, because nobody agreed on another.")
        found.append(tr(message, n=total.on_default_term))
    if total.waiting:
        message = N_("{amount} of what is not due waits for papers: it has no due date until they are confirmed.")
        found.append(tr(message, amount=f"{_shown([total.waiting], currency)[0]} {currency}"))
    if total.reported:
        message = N_("{amount} was received but not confirmed yet; it stands beside the balance, not in it.")
        found.append(tr(message, amount=f"{_shown([total.reported], currency)[0]} {currency}"))
    if report.currencies:
        others = ", ".join(report.currencies)
        found.append(tr("Other currencies have a report of their own: {currencies}.", currencies=others))
    return found


def _pareto(report: summary.ParetoReport, args: Namespace, output: Output) -> None:
    titles = [tr("Customer"), tr("Amount"), tr("Share %"), tr("Cumulative %"), tr("Class")]
    if args.output:
        table = [
            [row.name, to_major(row.amount, report.currency), row.share, row.cumulative, row.abc] for row in report.rows
        ]
        write(args, output, titles, table)
    elif output.json:
        rows = [
            {
                "account": row.account,
                "name": row.name,
                "amount": row.amount,
                "share": float(row.share),
                "cumulative": float(row.cumulative),
                "class": row.abc,
            }
            for row in report.rows
        ]
        document = {"from": report.from_on.isoformat(), "to": report.to_on.isoformat(), "basis": report.basis}
        output.document({**document, "currency": report.currency, "rows": rows, "total": report.total})
    else:
        columns = [Column(titles[0]), *(Column(title, right=True) for title in titles[1:4]), Column(titles[4])]
        shown = []
        for row in report.rows:
            amount = _shown([row.amount], report.currency)
            shown.append([safe(row.name), *amount, _percent(row.share), _percent(row.cumulative), row.abc])
        output.table(columns, shown)


def _percent(value: Any) -> str:
    from kam_desktop import formats

    return formats.number(value, 2)


def _shown(amounts: Sequence[int], currency: str) -> list[str]:
    from kam_desktop import formats

    return [formats.amount(amount, currency) for amount in amounts]


def _major(amounts: Sequence[int], currency: str) -> list[Any]:
    return [to_major(amount, currency) for amount in amounts]


def write(args: Namespace, output: Output, titles: list[str], table: list[list[Any]]) -> None:
    """A report into the file that was asked for."""
    from kam_desktop.transfer import exporter

    exporter.write_table(Path(args.output), titles, table)
    if output.json:
        output.document({"file": args.output, "rows": len(table)})
    else:
        output.say(tr("Written: {file}", file=args.output))
