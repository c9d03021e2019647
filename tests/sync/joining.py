"""A profile that was never connected, with work of its own, and the road of its first connect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kam_desktop.domain.entities import LOCAL_PERSON_ID, Account, Contact, Person, Proposal, Task
from kam_desktop.domain.errors import Unavailable
from kam_desktop.protocol.messages import Problem
from tests.sync.edits import Hands
from tests.sync.nodes import Crash, Node, failure


class Road:
    """The transport, and the session, of a first connect; with faults it breaks now and then."""

    def __init__(self, run: Any, node: Node, faults: bool) -> None:
        self.run, self.node, self.faults = run, node, faults

    def ensure(self) -> None: ...

    def renew(self) -> None: ...

    def call(self, name: str, message: Mapping[str, Any], *, timeout_s: float = 0) -> Mapping[str, Any]:
        if self.faults and self.run.random.random() < 0.15:
            raise Unavailable("cut", "")
        if self.faults and self.run.random.random() < 0.1:
            self.node.fuse.left, self.node.fuse.after = self.run.random.randrange(2), self.run.random.random() < 0.5
        try:
            self.node.known()
            answer: Mapping[str, Any] = self.run.house.answer(name, self.node.subject, message)
        except Problem as problem:
            raise failure(problem) from problem
        except Crash:
            self.run.server_fuse.left = -1
            raise Unavailable("cut", "") from None
        if self.faults and self.run.random.random() < 0.15:
            raise Unavailable("cut", "")
        return answer


def furnish(node: Node, hands: Hands) -> dict[str, str]:
    """Work of before the first connect: a customer that the firm has too, and one that it has not. Kinds by id."""
    made: dict[str, str] = {}
    with node.store.edit("before") as uow:
        uow.put(Person(id=LOCAL_PERSON_ID, full_name=node.name))
        for tax_code, name in (("0300000001", "Khách 1 cũ"), ("", "Khách riêng")):
            hands.count += 1
            account = uow.new_id()
            contact, proposal, task = uow.new_id(), uow.new_id(), uow.new_id()
            uow.add(Account(id=account, name=name, tax_code=tax_code, owner=LOCAL_PERSON_ID, phone=f"02{hands.count}"))
            uow.add(Contact(id=contact, account=account, full_name="Trần Thị Ánh", phones=("0900000001",)))
            uow.add(Proposal(id=proposal, account=account, title=f"v{hands.count}", owner=LOCAL_PERSON_ID))
            uow.add(Task(id=task, account=account, subject=f"v{hands.count}", owner=LOCAL_PERSON_ID))
            made |= {account: "account", contact: "contact", proposal: "proposal", task: "task"}
    return made
