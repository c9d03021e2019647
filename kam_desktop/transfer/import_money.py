"""What every import of money shares: names, known numbers, customers, instalments by terms."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from kam_desktop.domain.entities import Account, CreditNote, Instalment, Invoice, PaymentTermLine
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures import terms
from kam_desktop.domain.ids import derived
from kam_desktop.domain.money import to_major
from kam_desktop.language import N_
from kam_desktop.transfer.import_plan import Working

CONSUMER: Final = "Bán cho người tiêu dùng"
"""The name that the law gives a buyer who leaves no data (Decree 254/2026)."""
Numbered = Invoice | CreditNote


def identity(seller_code: str, form: str, symbol: str, number: str) -> str:
    """The id of an invoice, alike on every laptop; a credit note that was issued as one has its id the same way.

    `number` is without zeros in front (sync protocol, rule 3).
    """
    return derived("invoice", seller_code, form, symbol, number)


@dataclass
class Money:
    """What is known and decided about invoices, credit notes and what is open, through all files of an import.

    Attributes:
        open: what is left of each instalment of the invoices concerned, in minor units.
        instalments: the instalments of an invoice in their order.
        created: invoices that this import makes and whose opening question nobody answered yet, in order.
        answered: invoices that this import makes and whose row itself says what was paid.
        numbers: the documents with a number (without zeros), saved ones and those of this import, by their id.
    """

    open: dict[str, int] = field(default_factory=dict)
    instalments: dict[str, list[str]] = field(default_factory=dict)
    created: list[Invoice] = field(default_factory=list)
    answered: list[Invoice] = field(default_factory=list)
    numbers: dict[str, dict[str, Numbered]] = field(default_factory=dict)

    def add(self, records: Iterable[Record], *, answered: bool = False) -> None:
        """Makes documents and instalments of this import known."""
        for each in records:
            if isinstance(each, Invoice):
                (self.answered if answered else self.created).append(each)
            if isinstance(each, Invoice | CreditNote):
                self.numbers.setdefault(plain_number(each.number), {})[each.id] = each
            if isinstance(each, Instalment):
                self.instalments.setdefault(each.invoice, []).append(each.id)
                self.open[each.id] = each.amount or 0


def plain_number(text: str) -> str:
    """An invoice number without the zeros in front: 00007957 and 7957 are one."""
    return text.lstrip("0") or "0"


def printed_number(plain: str) -> str:
    """An invoice number as invoices print it: eight digits."""
    return plain.zfill(8) if plain.isascii() and plain.isdigit() else plain


def load_open(working: Working, invoices: Iterable[str], money: Money) -> None:
    """Reads what is open of the instalments of saved invoices that are not known yet."""
    wanted = sorted({each for each in invoices if each not in money.instalments})
    statement = (
        "select c.id, c.invoice, c.open from cache_instalment c join instalment i on i.id = c.id "
        "where c.invoice in (select value from json_each(:ids)) order by c.invoice, i.place, i.id"
    )
    for instalment, invoice, rest in working.reader.sql(statement, {"ids": json.dumps(wanted)}):
        money.open[instalment] = rest
        money.instalments.setdefault(invoice, []).append(instalment)


def load_numbers(working: Working, numbers: Iterable[str], money: Money) -> None:
    """Reads the saved invoices and credit notes with these numbers, whatever zeros stand in front."""
    wanted = [each for each in dict.fromkeys(map(plain_number, numbers)) if each and each not in money.numbers]
    if not wanted:
        return
    kinds: tuple[type[Numbered], ...] = (Invoice, CreditNote)
    for kind in kinds:
        # the entity's name is ours, from the list of entities
        statement = (
            f"select id from {kind.entity.name} where ltrim(number, '0') "  # noqa: S608
            "in (select value from json_each(:numbers))"
        )
        keys = json.dumps([each if each != "0" else "" for each in wanted])
        ids = [row[0] for row in working.reader.sql(statement, {"numbers": keys})]
        working.prefetch(kind, ids)
        for each in ids:
            saved = working.get(kind, each)
            if saved is not None:
                money.numbers.setdefault(plain_number(saved.number), {})[saved.id] = saved
    for number in wanted:
        money.numbers.setdefault(number, {})


def twins(money: Money, account: str, symbol: str, number: str, issued_on: date, currency: str) -> list[Numbered]:
    """Documents of that customer, number and day whose symbol is the same, or not known on one of the two sides."""
    return [
        each
        for each in money.numbers.get(plain_number(number), {}).values()
        if each.account == account
        and each.issued_on == issued_on
        and each.currency == currency
        and (not symbol or not each.symbol or each.symbol == symbol)
    ]


def from_table(saved: Record) -> bool:
    """Whether a document came from a table or by hand: there the split into net and tax may be computed."""
    if isinstance(saved, Invoice):
        return not (saved.signed or saved.authority_code)
    return True


def conflict(saved: Record, name: str, here: Any) -> Problem:
    """The same number with another figure, both told: never an update (features.md 2, Adjustment)."""
    message = N_("An invoice of this number is there already with another {label}: {saved} there, {here} in this file.")
    currency = getattr(saved, "currency", "VND")
    args = {
        "label": type(saved).entity.field(name).label,
        "saved": said(getattr(saved, name), currency),
        "here": said(here, currency),
    }
    return Problem(name, "conflict", message, args)


def said(value: Any, currency: str) -> str:
    """A figure or day for a message."""
    if isinstance(value, int):
        return format(to_major(value, currency), "f")
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    return str(value or "–")[:80]


def customer(
    working: Working, name: str, code: str, currency: str = "VND", **more: str
) -> tuple[Account, bool] | Problem:
    """The account by tax code, else by folded name, else a new one (True); a Problem when several could be meant."""
    found = working.accounts.find(name, code)
    if isinstance(found, Problem):
        return found
    saved = working.get(Account, found) if found is not None else None
    if saved is not None:
        return saved, False
    parent = ""
    if len(code) == 14:  # a dependent unit: its company, when that is known
        known = working.accounts.find("", code[:10])
        parent = known if isinstance(known, str) else ""
    cut: dict[str, Any] = {each: value[: Account.entity.field(each).max_length] for each, value in more.items()}
    account = Account(id=working.new_id(), name=name, tax_code=code[:14], parent=parent, currency=currency, **cut)
    return account, True


def new_customer_note(account: Account) -> Problem:
    """The note on a row that makes a customer."""
    return Problem("account", "new_account", "A new customer: {name}.", {"name": account.name[:80]})


def instalments(
    working: Working, account: Account, invoice: str, total: int, due_on: date | None = None
) -> tuple[list[Instalment], list[Problem]]:
    """The instalments of an imported invoice, and what is to be noted about them.

    A due date that the file gives makes one instalment due then. Else a payment term of several lines splits the
    total; its instalments keep steps, name and papers of their line. Else it is one without a date of its own.
    """
    if not total:
        return [], []
    notes: list[Problem] = []
    lines = _term_lines(working, account.payment_term)
    if len(lines) > 1 and due_on is None and total > 0:
        parts = tuple(terms.Part(each.kind, each.value or 0, (), each.from_papers, each.name) for each in lines)
        try:
            amounts = terms.split(total, parts)
        except Refused as refused:
            message = N_("The customer's payment term cannot split this total: one instalment was made.")
            notes.append(Problem("payment_term", refused.problems[0].code, message))
        else:
            made = [
                Instalment(
                    id=derived("instalment", invoice, str(place)),
                    invoice=invoice,
                    place=place,
                    name=line.name,
                    amount=amount,
                    steps=line.steps or terms.texts_of(()),  # due at once, not by the customer's days
                    from_papers=line.from_papers,
                )
                for place, (line, amount) in enumerate(zip(lines, amounts, strict=True), 1)
            ]
            return made, notes
    one = derived("instalment", invoice, "1")
    return [Instalment(id=one, invoice=invoice, place=1, amount=total, due_on=due_on)], notes


def _term_lines(working: Working, term: str) -> Sequence[PaymentTermLine]:
    if not term:
        return []
    ids = working.ids_of("payment_term_line", "term", [term])
    working.prefetch(PaymentTermLine, ids)
    found = [line for line in (working.get(PaymentTermLine, each) for each in ids) if line is not None]
    return sorted(found, key=lambda line: (line.place or 0, line.id))
