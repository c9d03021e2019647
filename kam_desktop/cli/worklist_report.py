"""The report worklist: what to do about open money today, as a table, JSON or a file."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from datetime import date
from typing import Any

from kam_desktop.cli import report_commands as reports
from kam_desktop.cli.output import Column, Output, safe
from kam_desktop.cli.profile_opening import opened
from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.entities import Account, Invoice
from kam_desktop.domain.money import decimals, to_major
from kam_desktop.language import N_, tr, trn
from kam_desktop.services import dunning, flows

_ACTIONS = {
    "call": N_("Call"),
    "message": N_("Message"),
    "letter": N_("Letter"),
    "meeting": N_("Meeting"),
    "papers": N_("Confirm the papers"),
    "receipt": N_("Record a receipt"),
    "wait": N_("Wait"),
}


def run(args: Namespace, output: Output) -> int:
    """Carries out the report."""
    decimals(args.currency)  # refused before a profile is opened
    reports.check_file(args.output)
    as_of = args.as_of or SystemClock().today()
    with opened(args, output, write=False) as profile, profile.store.reader() as reader:
        found = flows.worklist(reader, as_of, args.currency, dunning.Filter(account=args.account.lower()), args.order)
        accounts = reader.many(Account, {each.account for each in found.entries})
        invoices = reader.many(Invoice, {each.invoice for each in found.entries})
    names = {key: each.name for key, each in accounts.items()}
    numbers = {key: each.number for key, each in invoices.items()}
    if output.json and not args.output:
        output.document(_document(found, names, numbers))
        return 0
    titles = [tr("Customer"), tr("Invoice"), tr("Why"), tr("Next action"), tr("Due date"), tr("Days overdue")]
    titles += [tr("Reminder step"), tr("Amount open"), tr("Brings")]
    rows = []
    for each in found.entries:
        line = each.line
        words = [names.get(each.account, ""), numbers.get(each.invoice, ""), _reason(each), tr(_ACTIONS[line.action])]
        money = [to_major(amount, found.currency) for amount in (each.open, line.gain)]
        days = line.days if each.due_on is not None and line.days > 0 else None
        rows.append([*words, each.due_on, days, each.reached, *money])
    if args.output:
        reports.write(args, output, titles, [list(row) for row in rows])
    else:
        columns = [Column(title, right=place >= 4) for place, title in enumerate(titles)]
        output.table(columns, [[_shown(cell) for cell in row] for row in rows])
        if found.left_out:
            words_left = trn("{n} smaller line is left out.", "{n} smaller lines are left out.", found.left_out)
            output.say(words_left)
    return 0


def _document(found: dunning.Worklist, names: Mapping[str, str], numbers: Mapping[str, str]) -> dict[str, Any]:
    def day(value: date | None) -> str | None:
        return value.isoformat() if value is not None else None

    return {
        "as_of": found.as_of.isoformat(),
        "currency": found.currency,
        "rows": [
            {
                "account": each.account,
                "name": names.get(each.account, ""),
                "invoice": each.invoice,
                "number": numbers.get(each.invoice, ""),
                "instalment": each.instalment,
                "due_on": day(each.due_on),
                "days": each.line.days,
                "open": each.open,
                "reached": each.reached,
                "group": each.line.group,
                "reason": each.line.reason,
                "action": each.line.action,
                "step": each.line.step,
                "day": day(each.line.day),
                "until": day(each.line.until),
                "percent": each.line.percent,
                "chance": each.line.chance / 1000,
                "gain": each.line.gain,
            }
            for each in found.entries
        ],
        "sums": {group: {"count": count, "open": amount} for group, (count, amount) in found.sums.items()},
        "left_out": found.left_out,
    }


def _reason(entry: dunning.Entry) -> str:
    from kam_desktop import formats

    args = {name: formats.day(value) if isinstance(value, date) else value for name, value in entry.args.items()}
    return tr(dunning.REASONS[entry.line.reason], **args)


def _shown(cell: Any) -> str:
    from kam_desktop import formats

    if cell is None:
        return ""
    if isinstance(cell, date):
        return formats.day(cell)
    if isinstance(cell, int):
        return formats.number(cell)
    return safe(cell) if isinstance(cell, str) else formats.number(cell, max(0, -int(cell.as_tuple().exponent)))
