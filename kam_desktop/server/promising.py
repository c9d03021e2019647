"""The promises across records, checked under the locks of the push."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from kam_desktop.domain import promises
from kam_desktop.domain.change import plain_value
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.fields import Kind
from kam_desktop.domain.figures import ageing as pure
from kam_desktop.domain.figures.spans import Decision, receipt_status
from kam_desktop.server.database import Connection
from kam_desktop.server.deciding import Deed, No
from kam_desktop.server.state import State, find

_Found = Sequence[Mapping[str, Any]]
MONEY = ("invoice", "instalment", "receipt", "credit_note", "receipt_decision", "opening_settlement", "allocation")
"""What an allocation is checked against; decided row by row in a push that lays money."""


def check(connection: Connection, state: State, deeds: Sequence[Deed]) -> None:
    """Every promise that the changes of one group touch. Raises No with what remains."""
    proposals: set[str] = set()
    invoices: set[str] = set()
    for deed in deeds:
        row = deed.row
        if not deed.alters:
            continue
        if row.entity == "proposal_version" and (deed.action != "update" or {"number", "status"} & deed.wrote.keys()):
            proposals.add(row.values["proposal"] or "")
        elif row.entity == "instalment" and deed.action == "create":
            invoices.add(row.values["invoice"] or "")
    for proposal in sorted(proposals):
        _check_versions(connection, state, proposal)
    for invoice in sorted(invoices):
        _check_instalments(connection, state, invoice)
    for deed in deeds:
        if deed.row.entity == "allocation" and deed.alters and not deed.row.deleted:
            _check_allocation(connection, state, deed)


def _check_versions(connection: Connection, state: State, proposal: str) -> None:
    rows = find(connection, state, "proposal_version", "proposal", [proposal])
    versions = [promises.Version(row["id"], row["number"] or 0, row["status"]) for row in rows]
    found = promises.version_problems(versions)
    if found:
        # told by the id of the version; on the wire the place is the field
        raise No(*(Problem("status", each.code, each.message, each.args) for each in found))


def _check_instalments(connection: Connection, state: State, invoice: str) -> None:
    """Instalments never make more than the invoice; that they make all of it is seen when the last one is there."""
    told = find(connection, state, "invoice", "id", [invoice])
    if not told:
        return
    parts = find(connection, state, "instalment", "invoice", [invoice])
    amounts = [row["amount"] or 0 for row in parts]
    found = promises.instalment_problems(told[0]["total"] or 0, amounts, told[0]["currency"])
    over = [each for each in found if each.code in ("above_total", "wrong_sign")]
    if over:
        raise No(*over)


def _check_allocation(connection: Connection, state: State, deed: Deed) -> None:
    values = deed.row.values
    credit = values["receipt"] or values["credit_note"] or ""
    ledger = ledger_of(connection, state, values["instalment"] or "", credit, values["reverses"] or "")
    found = promises.allocation_problems(_allocation({"id": deed.row.id, **values}), ledger)
    if found:
        raise No(*found)


def ledger_of(connection: Connection, state: State, instalment: str, credit: str, reverses: str) -> pure.Ledger:
    """Both sides of one allocation with everything that was ever laid against them, by what the server has."""

    def rows(entity: str, name: str, among: Iterable[str]) -> _Found:
        return find(connection, state, entity, name, list(among))

    laid = {row["id"]: row for row in rows("allocation", "instalment", [instalment])}
    for name in ("receipt", "credit_note"):
        laid.update({row["id"]: row for row in rows("allocation", name, [credit])})
    if reverses:
        laid.update({row["id"]: row for row in rows("allocation", "id", [reverses])})
    parts = rows("instalment", "id", {instalment, *(row["instalment"] for row in laid.values())})
    invoices = rows("invoice", "id", {row["invoice"] for row in parts})
    parts = rows("instalment", "invoice", [row["id"] for row in invoices])
    laid.update({row["id"]: row for row in rows("allocation", "reverses", laid)})
    wanted = {credit, *(row["receipt"] or row["credit_note"] for row in laid.values())}
    receipts, notes = rows("receipt", "id", wanted), rows("credit_note", "id", wanted)
    replacing = rows("invoice", "replaces", [row["id"] for row in (*invoices, *notes)])
    firm = connection.one("select confirmation_begins_on from firm where _deleted_seq is null")
    begins_on = _day(firm[0]) if firm and firm[0] else None
    decisions: dict[str, list[Decision]] = {}
    for row in rows("receipt_decision", "receipt", [row["id"] for row in receipts]):
        decided = plain_value(Kind.MOMENT, row["decided_at"]) or datetime.min.replace(tzinfo=UTC)
        decisions.setdefault(row["receipt"], []).append(Decision(row["id"], row["verdict"], decided))
    return pure.Ledger(
        invoices=[
            pure.Invoice(row["id"], row["account"], row["currency"], _day(row["issued_on"]), row["replaces"] or "")
            for row in {row["id"]: row for row in (*invoices, *replacing)}.values()
        ],
        instalments=[
            pure.Instalment(row["id"], row["invoice"], row["amount"] or 0, None, row["place"] or 1) for row in parts
        ],
        credits=[
            *(
                pure.Credit(
                    row["id"],
                    row["account"] or "",
                    row["currency"],
                    row["amount"] or 0,
                    _day(row["received_on"]),
                    status=receipt_status(_day(row["received_on"]), decisions.get(row["id"], ()), begins_on),
                )
                for row in receipts
            ),
            *(
                pure.Credit(
                    row["id"], row["account"], row["currency"], row["total"] or 0, _day(row["issued_on"]), "credit_note"
                )
                for row in notes
            ),
        ],
        allocations=[_allocation(row) for row in laid.values()],
        settlements=[
            pure.Settlement(row["invoice"], row["amount"] or 0)
            for row in rows("opening_settlement", "invoice", [row["id"] for row in invoices])
        ],
    )


def _allocation(row: Mapping[str, Any]) -> pure.Allocation:
    return pure.Allocation(
        row["id"],
        row["receipt"] or row["credit_note"] or "",
        row["instalment"] or "",
        row["amount"] or 0,
        _day(row["allocated_on"]),
        row["reverses"] or "",
    )


def _day(text: str | None) -> date:
    # every dated fact requires its date
    return date.fromisoformat(text) if text else date.min
