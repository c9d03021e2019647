"""The worked cases as records for `load`, and a desk that runs commands and reads their documents."""

from __future__ import annotations

import contextlib
import io
import json
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

from kam_desktop.cli import main as commands
from kam_desktop.cli import profile_opening
from kam_desktop.domain.figures.terms import END_OF_MONTH, Part
from tests import makers
from tests.cases.payment_terms import TermCase
from tests.cases.ratios import CeiCase, DsoCase
from tests.cases.receivables import Credit, Inv, ReceivablesCase, ledger_of
from tests.fakes import MemoryVault

_SPACE = uuid.UUID("018f0000-0000-7000-8000-0000000000c5")
Line = dict[str, Any]


def identity(*parts: object) -> str:
    """The id of a record of a case: the same in every run."""
    return str(uuid.uuid5(_SPACE, "/".join(map(str, parts))))


@dataclass
class Laptop:
    """A profile that is reached by commands only, all in this process."""

    folder: Path
    vault: MemoryVault = field(default_factory=MemoryVault)

    def run(self, *words: str, given: str = "") -> Any:
        """The document of a command that has to succeed; `given` is its standard input."""
        status, said = self.ended(*words, given=given)
        assert status == 0, said
        return json.loads(said) if said else None

    def ended(self, *words: str, given: str = "") -> tuple[int, str]:
        """How a command ended, and its standard output."""
        out, err = io.StringIO(), io.StringIO()
        stdin = io.TextIOWrapper(io.BytesIO(given.encode()), encoding="utf-8")
        all_words = [*words, "--profile", str(self.folder / "profile"), "--lang", "en", "--json"]
        with (
            mock.patch.object(profile_opening, "Vault", lambda: self.vault),
            mock.patch.object(sys, "stdin", stdin),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            status = commands.main(all_words, lambda args: 77)
        return status, out.getvalue()

    def init(self) -> None:
        """A fresh profile of our firm."""
        recovery = str(self.folder / "recovery")
        words = ["init", "--company", makers.OUR_NAME, "--tax-code", makers.OUR_CODE, "--recovery-file", recovery]
        self.run(*words)

    def dump(self, entity: str) -> list[Line]:
        """Every record of a kind."""
        status, said = self.ended("dump", "--entity", entity)
        assert status == 0, said
        return [json.loads(line) for line in said.splitlines()]

    def load(self, lines: list[Line]) -> Any:
        """Records through `load -`."""
        return self.run("load", "-", given="".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def account(case: str, name: str) -> Line:
    """The line of a customer of a case."""
    return {"entity": "account", "id": identity(case, name), "name": f"{name} {case}"}


def receivables_lines(key: str, case: ReceivablesCase) -> Iterator[Line]:
    """A case's facts, allocations and reversals as lines; `key` tells them from other cases' facts."""
    for name in sorted({fact.account for fact in case.facts if isinstance(fact, Inv | Credit)}):
        yield account(key, name)
    for fact in case.facts:
        if isinstance(fact, Inv):
            yield from _invoice_lines(key, fact, case.currency)
        elif isinstance(fact, Credit):
            yield from _credit_lines(key, fact, case.currency)
    kinds = {fact.id: fact.kind for fact in case.facts if isinstance(fact, Credit)}
    for each in ledger_of(case).allocations:
        made = {
            "entity": "allocation",
            "id": identity(key, "allocation", each.id),
            "instalment": identity(key, "part", each.instalment),
            kinds[each.credit]: identity(key, "credit", each.credit),
            "amount": each.amount,
            "allocated_on": each.allocated_on.isoformat(),
        }
        yield {**made, "reverses": identity(key, "allocation", each.reverses)} if each.reverses else made


def _invoice_lines(key: str, fact: Inv, currency: str) -> Iterator[Line]:
    total = sum(amount for _, amount in fact.parts)
    own = identity(key, "invoice", fact.id)
    yield {
        "entity": "invoice",
        "id": own,
        "account": identity(key, fact.account),
        "number": fact.id,
        "issued_on": fact.issued,
        "currency": fact.currency or currency,
        "net": total,
        "total": total,
    }
    for place, (due, amount) in enumerate(fact.parts, 1):
        part = {"entity": "instalment", "id": identity(key, "part", f"{fact.id}/{place}"), "invoice": own}
        yield {**part, "place": place, "amount": amount, "due_on": due}


def _credit_lines(key: str, fact: Credit, currency: str) -> Iterator[Line]:
    own = identity(key, "credit", fact.id)
    plain = {"id": own, "account": identity(key, fact.account), "currency": fact.currency or currency}
    if fact.kind == "credit_note":
        note = {"entity": "credit_note", **plain, "number": fact.id, "issued_on": fact.on}
        link = {"invoice": identity(key, "invoice", fact.invoice)} if fact.invoice else {}
        yield {**note, **link, "net": fact.amount, "total": fact.amount}
        return
    yield {"entity": "receipt", **plain, "received_on": fact.on, "amount": fact.amount, "reference": fact.id}
    if fact.status == "rejected":
        decision = {"entity": "receipt_decision", "id": identity(key, "decision", fact.id), "receipt": own}
        yield {**decision, "verdict": "rejected", "reason": "void", "decided_at": "2026-06-01T08:00:00Z"}


def customer_lines(key: str, case: TermCase, tax_code: str = "") -> Iterator[Line]:
    """A term and a customer who has it."""
    term = identity(key, "term")
    yield {"entity": "payment_term", "id": term, "name": case.name}
    for place, part in enumerate(case.parts, 1):
        line = {"entity": "payment_term_line", "id": identity(key, "line", place), "term": term, "place": place}
        value = {"value": str(part.value)} if part.value else {}
        yield {**line, "kind": part.kind, **value, "steps": _steps(part)}
    yield {**account(key, "an"), "payment_term": term, **({"tax_code": tax_code} if tax_code else {})}


def _steps(part: Part) -> list[str]:
    return [step.kind if step.kind == END_OF_MONTH else f"{step.kind} {step.count}" for step in part.steps]


def term_lines(key: str, case: TermCase) -> Iterator[Line]:
    """A term, a customer who has it, and an invoice; a term of one part leaves the date to the customer's term."""
    customer, invoice = identity(key, "an"), identity(key, "invoice")
    yield from customer_lines(key, case)
    amounts = case.amounts or (1_000,) * len(case.parts)
    yield {
        "entity": "invoice",
        "id": invoice,
        "account": customer,
        "number": key,
        "issued_on": case.invoiced,
        "currency": TERMS_CURRENCY,
        "net": sum(amounts),
        "total": sum(amounts),
    }
    for place, amount in enumerate(amounts, 1):
        part_line = {"entity": "instalment", "id": identity(key, "part", place), "invoice": invoice, "place": place}
        own = {} if len(case.parts) == 1 else {"steps": _steps(case.parts[place - 1]) or ["days 0"]}
        yield {**part_line, "amount": amount, **own}


TERMS_CURRENCY = "EUR"


def dso_lines(key: str, case: DsoCase, currency: str) -> Iterator[Line]:
    """A sale on the first of each month, and one payment that lies against nothing."""
    yield account(key, "an")
    for (year, month), amount in case.sales.items():
        on = date(year, month, 1).isoformat()
        yield from _invoice_lines(key, Inv(on, on, ((on, amount),)), currency)
    yield from _credit_lines(
        key, Credit("paid", case.as_of.isoformat(), sum(case.sales.values()) - case.debtors), currency
    )


def cei_lines(key: str, case: CeiCase, currency: str) -> Iterator[Line]:
    """Debts of before 2026, the sales of its first quarter, and what was paid in it, the oldest first."""
    paid = case.opening + case.sales - case.closing
    invoices = (
        Inv("before", "2025-12-10", (("2025-12-20", case.opening),)),
        Inv("due", "2026-03-01", (("2026-03-20", case.sales - case.not_due),)),
        Inv("later", "2026-03-10", (("2026-04-10", case.not_due),)),
    )
    yield account(key, "an")
    for each in invoices:
        yield from _invoice_lines(key, each, currency)
    for part, amount in (("before", case.opening), ("due", paid - case.opening)):
        fact = Credit(part, "2026-03-25", amount)
        yield from payment_lines(key, fact, currency, identity(key, "part", f"{part}/1"), amount)


def payment_lines(key: str, fact: Credit, currency: str, instalment: str, amount: int) -> Iterator[Line]:
    """A receipt, and what of it lies against one instalment."""
    yield from _credit_lines(key, fact, currency)
    yield {
        "entity": "allocation",
        "id": identity(key, "allocation", fact.id),
        "instalment": instalment,
        "receipt": identity(key, "credit", fact.id),
        "amount": amount,
        "allocated_on": fact.on,
    }
