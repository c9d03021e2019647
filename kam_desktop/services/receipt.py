"""Money that came in and is not laid against anything yet, or not wholly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kam_desktop.domain.entities import Account, Receipt
from kam_desktop.store.reader import Reader


@dataclass(frozen=True, slots=True)
class FreeReceipt:
    """A receipt and what is left of it, in minor units; account "" is the unknown payer."""

    id: str
    account: str
    account_name: str
    received_on: date | None
    payer: str
    reference: str
    amount: int
    left: int
    currency: str


_LAID = (
    "select receipt, sum(case when coalesce(reverses, '') = '' then amount else -amount end) as laid from allocation "
    "where receipt <> '' and allocated_on <= :day group by receipt"
)


def unallocated(reader: Reader, as_of: date, currency: str = "VND") -> list[tuple[str, int]]:
    """(id, what is left) of every receipt that is not laid out wholly by the end of the day; payer unknown first."""
    statement = (
        f"select r.id, r.amount - coalesce(l.laid, 0) from receipt r left join ({_LAID}) l on l.receipt = r.id "  # noqa: S608 - fixed parts
        "where r.currency = :currency and r.received_on <= :day and r.amount <> coalesce(l.laid, 0) "
        "order by coalesce(r.account, '') <> '', r.received_on desc, r.id"
    )
    return [(row[0], row[1]) for row in reader.sql(statement, {"currency": currency, "day": as_of.isoformat()})]


def rows(reader: Reader, ids: Sequence[str], left: dict[str, int]) -> list[FreeReceipt]:
    """What a list shows of these receipts, in the order asked for."""
    receipts = reader.many(Receipt, ids)
    accounts = reader.many(Account, {each.account for each in receipts.values() if each.account})
    found = []
    for key in ids:
        receipt = receipts.get(key)
        if receipt is None:
            continue
        account = accounts.get(receipt.account)
        name = (account.short_name or account.name) if account is not None else ""
        found.append(
            FreeReceipt(key, receipt.account, name, receipt.received_on, receipt.payer, receipt.reference,
                        receipt.amount or 0, left.get(key, 0), receipt.currency)
        )  # fmt: skip
    return found
