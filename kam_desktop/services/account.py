"""One account: its brief on one page, its interactions, and what to warn of before it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from kam_desktop.domain.entities import Account, Activity, Contact, Invoice, Person, Proposal
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.locale.vietnam import tax_code
from kam_desktop.domain.query import Op, Order, Query, Where
from kam_desktop.domain.text import company_core, fold
from kam_desktop.services import records
from kam_desktop.store import figures
from kam_desktop.store.account_list import twelve_months_before
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """One invoice with something open, in minor units; its instalments are summed up, due_on is the earliest open.

    due_on and days_overdue are None while all of it waits for papers.
    """

    id: str
    number: str
    issued_on: date | None
    due_on: date | None
    days_overdue: int | None
    open: int
    total: int
    currency: str


@dataclass(frozen=True, slots=True)
class Money:
    """An account's figures in one currency, in minor units."""

    currency: str
    revenue_12m: int
    not_due: int
    overdue: int
    oldest_days: int
    unallocated: int


@dataclass(frozen=True)
class AccountBrief:
    """Everything about one account that its page and a meeting need.

    Attributes:
        owner: the colleague's name.
        contacts: who is still there, the main one first.
        activities: the newest first.
        invoices: open ones, the earliest due first.
        money: a block for each currency, the account's own first.
    """

    account: Account
    owner: str
    parent: Account | None
    contacts: tuple[Contact, ...]
    activities: tuple[Activity, ...]
    invoices: tuple[OpenInvoice, ...]
    proposals: tuple[Proposal, ...]
    money: tuple[Money, ...]
    as_of: date


def brief(reader: Reader, account_id: str, as_of: date, activities: int = 30) -> AccountBrief:
    """One account on one page. Raises Refused `missing`."""
    account = records.get(reader, Account, account_id)
    owner = reader.get(Person, account.owner) if account.owner else None
    contacts = [each for each in reader.children(Contact, "account", account_id) if each.left_on is None]
    contacts.sort(key=lambda each: not each.main)
    newest = Query("activity", (Where("account", Op.IS, account_id),), (Order("at", descending=True),))
    codes = figures.currencies_of(reader, account_id)
    ordered = sorted({account.currency, *codes}, key=lambda code: (code != account.currency, code))
    items = {code: figures.open_instalments(reader, as_of, code, accounts=[account_id]) for code in ordered}
    return AccountBrief(
        account=account,
        owner=owner.full_name if owner else "",
        parent=reader.get(Account, account.parent) if account.parent else None,
        contacts=tuple(contacts),
        activities=tuple(each for each in reader.page(newest, activities) if isinstance(each, Activity)),
        invoices=tuple(_open_invoices(reader, [item for code in ordered for item in items[code]], as_of)),
        proposals=tuple(reader.children(Proposal, "account", account_id, (Order("number", descending=True),))),
        money=tuple(_money(reader, account_id, as_of, code, items[code]) for code in ordered),
        as_of=as_of,
    )


def _money(reader: Reader, account: str, as_of: date, code: str, items: list[figures.OpenInstalment]) -> Money:
    late = [item for item in items if (item.days_overdue(as_of) or 0) > 0]
    revenue = figures.revenue(reader, twelve_months_before(as_of), as_of, code, [account])
    return Money(
        currency=code,
        revenue_12m=revenue.get(account, 0),
        not_due=sum(item.open for item in items) - sum(item.open for item in late),
        overdue=sum(item.open for item in late),
        oldest_days=max((item.days_overdue(as_of) or 0 for item in late), default=0),
        unallocated=figures.free_credit(reader, as_of, code, account),
    )


def _open_invoices(reader: Reader, items: list[figures.OpenInstalment], as_of: date) -> list[OpenInvoice]:
    invoices = reader.many(Invoice, {item.invoice for item in items})
    rows: dict[str, OpenInvoice] = {}
    for item in items:
        invoice, row = invoices[item.invoice], rows.get(item.invoice)
        rows[item.invoice] = OpenInvoice(
            id=invoice.id,
            number=invoice.number,
            issued_on=invoice.issued_on,
            due_on=row.due_on if row else item.due_on,
            days_overdue=row.days_overdue if row else item.days_overdue(as_of),
            open=item.open + (row.open if row else 0),
            total=invoice.total or 0,
            currency=invoice.currency,
        )
    return list(rows.values())


def log_interaction(
    uow: UnitOfWork,
    account_id: str,
    kind: str,
    subject: str,
    *,
    said: str = "",
    promised: str = "",
    contact: str = "",
    at: datetime | None = None,
) -> Activity:
    """Writes down a meeting, call, message or note; `at` is now when it is not said."""
    made = Activity(
        id=uow.new_id(),
        account=account_id,
        contact=contact,
        kind=kind,
        at=at or uow.clock.now(),
        subject=subject,
        said=said,
        promised=promised,
        author=records.author(uow),
    )
    return records.save(uow, made)


def save(uow: UnitOfWork, account: Account) -> tuple[Account, list[Problem]]:
    """Writes an account; the second value are warnings, which refuse nothing."""
    tidy = records.save(uow, account)
    return tidy, warnings(uow, tidy)


def warnings(reader: Reader, account: Account) -> list[Problem]:
    """What looks wrong with an account: the same customer twice, or a tax code that cannot be right.

    Codes: `same_tax_code`, `same_name` (args: name, id of the other), and those of locale.vietnam.tax_code.
    """
    found: list[Problem] = []
    code = account.tax_code.strip()
    if code:
        for other in reader.all(Query("account", (Where("tax_code", Op.IS, code),))):
            if other.id != account.id and isinstance(other, Account):
                found.append(_twin("tax_code", "same_tax_code", "“{name}” has the same tax code.", other))
    core = fold(company_core(account.name))
    if core:
        for hit in reader.find(company_core(account.name), 20, ("account",)):
            if hit.id != account.id and fold(company_core(hit.title)) == core:
                twin = reader.get(Account, hit.id)
                if twin is not None:
                    found.append(_twin("name", "same_name", "There is an account of the same name: “{name}”.", twin))
    wrong = tax_code.read(code).warning
    return [*found, wrong] if wrong else found


def _twin(where: str, code: str, message: str, other: Account) -> Problem:
    return Problem(where, code, message, {"name": other.name, "id": other.id})


@dataclass(frozen=True, slots=True)
class Course:
    """What became of an account's business in one currency, minor units: invoiced as printed, and received."""

    invoiced: int
    received: int


_RECEIVED = """
select coalesce(sum(r.amount), 0) from receipt r where r.account = :account and r.account <> '' and +r.currency = :code
  and coalesce((select d.verdict from receipt_decision d where d.receipt = r.id
                order by d.decided_at desc, d.id desc limit 1), '') <> 'rejected'
"""
_INVOICED = """
select coalesce(sum(total), 0) from invoice v where account = :account and account <> '' and +currency = :code
  and not exists (select 1 from invoice r where r.replaces = v.id and r.id <> v.id)
"""
_REPORTED = """
select coalesce(sum(free), 0) from cache_credit
where account = :account and currency = :code and status = 'reported'
"""


def course(reader: Reader, account_id: str, currency: str) -> Course:
    """Invoices that no other replaces, and receipts that finance confirmed; all that is known today."""
    values = {"account": account_id, "code": currency}
    invoiced, received, reported = (int(reader.sql(each, values)[0][0]) for each in (_INVOICED, _RECEIVED, _REPORTED))
    return Course(invoiced, received - reported)
