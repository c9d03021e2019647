"""What a user of a simulated laptop does: one edit at a time, chosen by the seed."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from kam_desktop.domain.entities import (
    BY_NAME,
    Account,
    Activity,
    Allocation,
    Contact,
    Instalment,
    Invoice,
    InvoiceLine,
    Proposal,
    ProposalLine,
    ProposalVersion,
    Receipt,
    Task,
)
from kam_desktop.domain.ids import derived
from kam_desktop.services import needs
from kam_desktop.store import needs as stored_needs
from kam_desktop.store.unit_of_work import UnitOfWork

SELLER = "0312345678"
ON = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
FIELDS: dict[str, tuple[str, ...]] = {
    "account": ("phone", "website", "address", "internal_note", "tier", "tags", "industry"),
    "contact": ("position", "zalo", "internal_note", "main"),
    "proposal": ("stage", "stage", "title", "next_step", "client_budget"),
    "proposal_version": ("discount", "terms", "status", "valid_until"),
    "proposal_line": ("price", "price", "quantity", "cost", "unit"),
    "task": ("remark", "done_on", "subject"),
}
"""The fields that users of the simulation write; the repeated ones more often."""


class Hands:
    """Makes edits from random numbers; every value it writes is another one."""

    def __init__(self, numbers: random.Random, people: dict[str, str]) -> None:
        self.random = numbers
        self.people = people
        self.count = 0

    def work(self, node: Any) -> tuple[str, Callable[[UnitOfWork], None]] | None:
        """What this user does next, as (its name, what it does to the unit of work); None for nothing."""
        x = self.random.random()
        if x < 0.46:
            return self._update(node)
        if x < 0.72:
            return self._create(node)
        if x < 0.78:
            return self._delete(node)
        if x < 0.83:
            return self._move(node)
        if x < 0.90:
            return self._needs(node)
        if x < 0.94:
            return self._put_back(node)
        return self._guarded(node)

    def _value(self, entity: str, name: str) -> Any:
        self.count += 1
        n = self.count
        if entity == "proposal" and name == "stage":
            return self.random.choice(("briefed", "working", "sent", "negotiating", "won"))
        if name == "status":
            return self.random.choice(("draft", "sent"))
        if name == "tier":
            return self.random.choice("ABC")
        if name == "tags":
            return (f"t{n}",)
        if name == "main":
            return bool(n % 2)
        if name in ("client_budget", "discount", "price", "cost", "credit_limit"):
            return n * 1000
        if name == "quantity":
            return Decimal(n)
        if name in ("done_on", "valid_until"):
            return date(2026, 1 + n % 12, 1 + n % 28)
        if name == "internal_note":
            return f"secret-{n}"
        if name in ("zalo", "phone"):
            return f"09{n:08d}"
        return f"v{n}"

    def pick(self, node: Any, entity: str) -> str | None:
        """A record of that kind that is on this laptop."""
        found = [row[0] for row in node.sql(f'select id from "{entity}" order by id')]
        return self.random.choice(found) if found else None

    def _update(self, node: Any) -> Any:
        targets = []
        for _ in range(self.random.choice((1, 1, 1, 2))):
            entity = self.random.choice(("account", "account", "contact", "proposal", "proposal_line", "task",
                                         "proposal_version"))  # fmt: skip
            identity = self.pick(node, entity)
            if identity is not None:
                names = set(self.random.sample(FIELDS[entity], self.random.choice((1, 1, 2))))
                targets.append((entity, identity, {name: self._value(entity, name) for name in sorted(names)}))
        if not targets:
            return None

        def work(uow: UnitOfWork) -> None:
            for entity, identity, values in targets:
                kind: Any = BY_NAME[entity].record
                uow.put(dataclasses.replace(uow.many(kind, [identity])[identity], **values))

        return "update " + " ".join(f"{e}:{i[-4:]}:{sorted(v)}" for e, i, v in targets), work

    def _create(self, node: Any) -> Any:
        what = self.random.choice(("account", "contact", "contact", "task", "own", "proposal", "activity",
                                   "invoice", "receipt", "line"))  # fmt: skip
        account = self.pick(node, "account")
        self.count += 1
        n = self.count
        if what == "account":
            return "create account", lambda uow: uow.add(
                Account(id=uow.new_id(), name=f"Khách v{n}", owner=self._owner(node), internal_note=f"secret-{n}")
            )
        if what == "own":
            return "create own task", lambda uow: uow.add(Task(id=uow.new_id(), subject=f"v{n}", owner=node.user))
        if account is None:
            return None
        if what == "contact":
            return "create contact", lambda uow: uow.add(Contact(id=uow.new_id(), account=account, full_name=f"v{n}"))
        if what == "task":
            return "create task", lambda uow: uow.add(Task(id=uow.new_id(), account=account, subject=f"v{n}"))
        if what == "activity":
            return "create activity", lambda uow: uow.add(
                Activity(id=uow.new_id(), account=account, kind="call", at=AT, subject=f"v{n}", author=node.user)
            )
        if what == "proposal":
            return "create proposal", lambda uow: self._proposal(uow, account, n)
        if what == "line":
            version = self.pick(node, "proposal_version")
            return version and (
                "create line",
                lambda uow: uow.add(
                    ProposalLine(
                        id=uow.new_id(), version=version, place=n, description=f"v{n}", quantity=Decimal(n), price=n
                    )
                ),
            )
        if what == "invoice":
            number = str(self.random.randrange(1, 5))
            return f"import invoice {number}", lambda uow: self._invoice(uow, account, number)
        instalment = self.pick(node, "instalment")
        return "create receipt", lambda uow: self._receipt(uow, account, instalment, n)

    def _owner(self, node: Any) -> str:
        return node.user if self.random.random() < 0.9 else self.people[self.random.choice(("An", "Binh"))]

    @staticmethod
    def _proposal(uow: UnitOfWork, account: str, n: int) -> None:
        proposal, version = uow.new_id(), uow.new_id()
        uow.add(Proposal(id=proposal, account=account, title=f"v{n}"))
        uow.add(ProposalVersion(id=version, proposal=proposal, number=1))
        uow.add(ProposalLine(id=uow.new_id(), version=version, place=1, description="x", quantity=Decimal(1), price=n))

    @staticmethod
    def _invoice(uow: UnitOfWork, account: str, number: str) -> None:
        identity = derived("invoice", SELLER, "1", "C26T", number)
        if uow.many(Invoice, [identity]):
            return
        uow.add(Invoice(id=identity, account=account, number=number, form="1", symbol="C26T",
                        seller_tax_code=SELLER, issued_on=ON, net=100, tax=8, total=108, origin="file"))  # fmt: skip
        uow.add(InvoiceLine(id=derived("invoice_line", identity, "1"), invoice=identity, place=1, net=100))
        uow.add(Instalment(id=derived("instalment", identity, "1"), invoice=identity, place=1, amount=108))

    @staticmethod
    def _receipt(uow: UnitOfWork, account: str, instalment: str | None, n: int) -> None:
        receipt = uow.new_id()
        uow.add(Receipt(id=receipt, account=account, received_on=ON, amount=60, reference=f"v{n}"))
        if instalment is not None:
            uow.new_group()
            uow.add(Allocation(id=uow.new_id(), instalment=instalment, receipt=receipt, amount=60, allocated_on=ON))

    def _delete(self, node: Any) -> Any:
        entity = self.random.choice(("contact", "task", "activity", "proposal_line", "proposal"))
        identity = self.pick(node, entity)
        return identity and (
            f"delete {entity}:{identity[-4:]}",
            lambda uow: uow.delete(BY_NAME[entity].record, identity),
        )

    def _move(self, node: Any) -> Any:
        entity = self.random.choice(("contact", "task", "proposal"))
        identity, account = self.pick(node, entity), self.pick(node, "account")
        if identity is None or account is None:
            return None

        def work(uow: UnitOfWork) -> None:
            kind: Any = BY_NAME[entity].record
            uow.put(dataclasses.replace(uow.many(kind, [identity])[identity], account=account))

        return f"move {entity}:{identity[-4:]}", work

    def _guarded(self, node: Any) -> Any:
        account = self.pick(node, "account")
        days = self.random.randrange(1, 90)

        def work(uow: UnitOfWork) -> None:
            assert account is not None
            uow.put(dataclasses.replace(uow.many(Account, [account])[account], payment_days=days))

        return account and (f"guarded {account[-4:]}", work)

    def _needs(self, node: Any) -> Any:
        open_ = [row[0] for row in node.sql(
            "select id from needs_you where state = 'open' and behind is null order by id")]  # fmt: skip
        if not open_:
            return None
        identity, way = self.random.choice(open_), self.random.choice(("drop", "mine", "theirs"))

        def work(uow: UnitOfWork) -> None:
            if way == "drop":
                needs.drop(uow, identity)
                return
            found = needs.need(uow, identity)
            choices = {each.key: way for each in needs.questions(uow, found)}
            needs.resolve(uow, identity, choices)

        return f"needs {way}", work

    def _put_back(self, node: Any) -> Any:
        with node.store.database.read() as connection:
            open_ = sorted(each.id for each in stored_needs.merged(connection) if each.state == "open")
        if not open_:
            return None
        identity = self.random.choice(open_)
        return "put back", lambda uow: needs.put_back(uow, identity)
