"""Promises to pay: made, replaced, withdrawn; what became of each, and which are broken."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kam_desktop.domain.entities import Account, Contact, Invoice, PromiseToPay
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures import promise as figure
from kam_desktop.domain.figures.ageing import Ledger
from kam_desktop.domain.query import Op, Order, Query, Where
from kam_desktop.language import N_
from kam_desktop.services import records
from kam_desktop.store.ledger import ledger_of
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork

_CHUNK = 500
_NEWEST = (Order("promised_on", descending=True), Order("id", descending=True))


@dataclass(frozen=True, slots=True)
class Promised:
    """A promise with what became of it.

    Attributes:
        account_name, number: of the customer and of the invoice, "" where it is about everything.
    """

    record: PromiseToPay
    state: figure.State
    account_name: str
    number: str

    @property
    def missing(self) -> int:
        """What is missing of its amount, in minor units."""
        return (self.record.amount or 0) - self.state.paid


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the promises that ended in a period were kept; `percent` is None when none ended."""

    kept: int
    ended: int
    percent: Decimal | None


def make(uow: UnitOfWork, promise: PromiseToPay) -> PromiseToPay:
    """Writes down what a customer promised, today when no day is said.

    Raises Refused with every problem: a day in the future, another customer's invoice or contact, another currency.
    """
    promised_on = promise.promised_on or uow.clock.today()
    made = records.cleaned(
        dataclasses.replace(promise, id=promise.id or uow.new_id(), promised_on=promised_on, withdrawn=False)
    )
    _check(uow, made)
    uow.add(made)
    return made


def replace(uow: UnitOfWork, promise_id: str, new: PromiseToPay) -> PromiseToPay:
    """Writes down another promise in the place of one, for the same account.

    Raises Refused like `make`, and `missing`, `replaced_already`, `withdrawn_already`, `other_account`, `too_early`.
    """
    old = _standing(uow, promise_id)
    if new.account not in ("", old.account):
        raise Refused(Problem("account", "other_account", N_("A promise is replaced by one of the same customer.")))
    _not_before(old, new.promised_on or uow.clock.today())
    return make(uow, dataclasses.replace(new, account=old.account, replaces=old.id))


def withdraw(uow: UnitOfWork, promise_id: str, remark: str = "", on: date | None = None) -> PromiseToPay:
    """Takes a promise back, from that day on (today when not said): it is neither kept nor broken any more.

    Raises Refused `missing`, `replaced_already`, `withdrawn_already`, `in_future`, `too_early`.
    """
    old = _standing(uow, promise_id)
    day = on or uow.clock.today()
    _not_before(old, day)
    if day > uow.clock.today():
        raise Refused(_in_future())
    made = records.cleaned(
        dataclasses.replace(
            old,
            id=uow.new_id(),
            promised_on=day,
            pay_on=max(day, old.pay_on or day),
            replaces=old.id,
            withdrawn=True,
            remark=remark,
        )
    )
    uow.add(made)
    return made


def of_account(reader: Reader, account_id: str, as_of: date) -> list[Promised]:
    """Every promise of a customer made by the end of the day, the newest first, with what became of it."""
    return _states(reader, reader.children(PromiseToPay, "account", account_id, _NEWEST), as_of)


def of_invoice(reader: Reader, invoice_id: str, as_of: date) -> list[Promised]:
    """Every promise about one invoice made by the end of the day, the newest first, with what became of it."""
    return _states(reader, reader.children(PromiseToPay, "invoice", invoice_id, _NEWEST), as_of)


# Customers with a promise that ended before the day and is about something that is open still; by the cache.
_UNANSWERED = """
select p.account from promise_to_pay p
where p.pay_on < :day and not coalesce(p.withdrawn, 0)
  and not exists (select 1 from promise_to_pay r where r.replaces = p.id and r.promised_on <= :day)
  and exists (select 1 from cache_instalment c where c.account = p.account and c.currency = p.currency and +c.open > 0)
group by p.account order by sum(p.amount) desc, p.account limit :most
"""


def broken(reader: Reader, as_of: date, most: int = 100) -> list[Promised]:
    """Promises that are broken at the end of the day and about something still open, the largest missing amount first.

    What was settled since then in another way, by a late payment or a credit note, asks for nothing any more.

    Args:
        most: so many customers are looked at, those who promised most; a list of today shows no more.
    """
    accounts = [row[0] for row in reader.sql(_UNANSWERED, {"day": as_of.isoformat(), "most": most})]
    found = [each for each in _of_accounts(reader, accounts, as_of) if each.state.state == figure.BROKEN]
    open_of = _open_of(reader, [each.record for each in found])
    return sorted(
        (each for each in found if open_of.get(each.record.id, 0) > 0),
        key=lambda each: (-each.missing, each.record.pay_on or as_of, each.record.id),
    )


def standing(reader: Reader, accounts: Iterable[str], as_of: date) -> list[Promised]:
    """The promises of these customers that run or are broken at the end of the day; those kept are left out."""
    wanted = json.dumps(sorted(set(accounts)))
    promised = reader.sql(
        "select distinct account from promise_to_pay where account in (select value from json_each(:ids))",
        {"ids": wanted},
    )
    found = _of_accounts(reader, [row[0] for row in promised], as_of)
    return [each for each in found if each.state.state in (figure.OPEN, figure.BROKEN)]


def _open_of(reader: Reader, promises: Sequence[PromiseToPay]) -> dict[str, int]:
    """What is open of each promise's invoice, or of what replaced it; of all that the account owes where none is named.

    Minor units in the promise's currency, by all facts known.
    """
    statement = (
        "select p.id, (select sum(c.open) from cache_instalment c where c.account = p.account "
        "and c.currency = p.currency and +c.open > 0 and (coalesce(p.invoice, '') = '' or c.invoice = p.invoice "
        "or c.invoice in (select v.id from invoice v where v.replaces = p.invoice))) "
        "from promise_to_pay p where p.id in (select value from json_each(:ids))"
    )
    return {row[0]: row[1] or 0 for row in reader.sql(statement, {"ids": json.dumps([each.id for each in promises])})}


def in_period(reader: Reader, from_on: date, to_on: date, account_id: str = "") -> list[Promised]:
    """The promises whose last day lies in the period, both days included, as known at the end of `to_on`.

    The earliest last day first. Refused `period`, and `missing` for an account that is not there.
    """
    if from_on > to_on:
        raise Refused(Problem("from", "period", N_("The period ends before it begins.")))
    if account_id:
        accounts = {records.get(reader, Account, account_id).id}
    else:
        ended = (Where("pay_on", Op.AT_LEAST, from_on), Where("pay_on", Op.AT_MOST, to_on))
        found = reader.all(Query("promise_to_pay", ended, ()))
        accounts = {each.account for each in found if isinstance(each, PromiseToPay)}
    shown = [
        each
        for each in _of_accounts(reader, accounts, to_on)
        if each.record.pay_on is not None and from_on <= each.record.pay_on <= to_on
    ]
    return sorted(shown, key=lambda each: (each.record.pay_on or to_on, each.account_name, each.record.id))


def share_kept(reader: Reader, from_on: date, to_on: date, account_id: str = "") -> Share:
    """The share of promises kept among those of the period (vietnam.md N); open, replaced, withdrawn ones left out."""
    return share_of(in_period(reader, from_on, to_on, account_id))


def share_of(found: Iterable[Promised]) -> Share:
    """The share of these promises that were kept."""
    return Share(*figure.share_kept(each.state for each in found))


def _of_accounts(reader: Reader, accounts: Iterable[str], as_of: date) -> list[Promised]:
    return _states(reader, _where(reader, sorted(accounts)), as_of)


def _where(reader: Reader, accounts: Sequence[str]) -> list[PromiseToPay]:
    found = []
    for start in range(0, len(accounts), _CHUNK):
        part = tuple(accounts[start : start + _CHUNK])
        query = Query("promise_to_pay", (Where("account", Op.ONE_OF, part),), _NEWEST)
        found += [each for each in reader.all(query) if isinstance(each, PromiseToPay)]
    return found


def _states(reader: Reader, promises: Sequence[PromiseToPay], as_of: date) -> list[Promised]:
    """What became of these promises; all of the same invoices and accounts must be among them: money counts once."""
    accounts = reader.many(Account, {each.account for each in promises})
    invoices = reader.many(Invoice, {each.invoice for each in promises if each.invoice})
    states = figure.states(figure.promises_of(promises), _ledger(reader, promises), as_of)
    found = []
    for each in promises:
        state, account, invoice = states.get(each.id), accounts.get(each.account), invoices.get(each.invoice)
        if state is not None:
            name = (account.short_name or account.name) if account is not None else ""
            found.append(Promised(each, state, name, invoice.number if invoice is not None else ""))
    return found


def _ledger(reader: Reader, promises: Sequence[PromiseToPay]) -> Ledger:
    """The invoices of the promises, what replaced them, and all of the accounts that promised at large."""
    named = {each.invoice for each in promises if each.invoice}
    found = set(named)
    while named:
        # What replaced an invoice may be replaced in its turn.
        named = {each.id for each in _invoices(reader, "replaces", sorted(named))} - found
        found |= named
    at_large = sorted({each.account for each in promises if not each.invoice and not each.withdrawn})
    found |= {each.id for each in _invoices(reader, "account", at_large)}
    instalments = []
    wanted = sorted(found)
    for start in range(0, len(wanted), _CHUNK):
        part = tuple(wanted[start : start + _CHUNK])
        instalments += reader.ids(Query("instalment", (Where("invoice", Op.ONE_OF, part),), ()))
    return ledger_of(reader, instalments)


def _invoices(reader: Reader, field: str, ids: Sequence[str]) -> list[Invoice]:
    found = []
    for start in range(0, len(ids), _CHUNK):
        query = Query("invoice", (Where(field, Op.ONE_OF, tuple(ids[start : start + _CHUNK])),), ())
        found += [each for each in reader.all(query) if isinstance(each, Invoice)]
    return found


def _check(uow: UnitOfWork, made: PromiseToPay) -> None:
    found = []
    if made.promised_on is not None and made.promised_on > uow.clock.today():
        found.append(_in_future())
    invoice = uow.get(Invoice, made.invoice) if made.invoice else None
    if invoice is not None and invoice.account != made.account:
        found.append(Problem("invoice", "other_account", N_("The invoice is another customer's.")))
    if invoice is not None and invoice.currency != made.currency:
        found.append(Problem("currency", "other_currency", N_("The invoice is in another currency.")))
    contact = uow.get(Contact, made.contact) if made.contact else None
    if contact is not None and contact.account != made.account:
        found.append(Problem("contact", "other_account", N_("The contact is at another customer.")))
    if found:
        raise Refused(found)


def _standing(uow: UnitOfWork, promise_id: str) -> PromiseToPay:
    """A promise that nothing has replaced or taken back."""
    old = records.get(uow, PromiseToPay, promise_id)
    later = uow.children(PromiseToPay, "replaces", promise_id)
    if old.withdrawn or any(each.withdrawn for each in later):
        raise Refused(Problem("replaces", "withdrawn_already", N_("This promise was taken back already.")))
    if later:
        raise Refused(Problem("replaces", "replaced_already", N_("This promise was replaced already.")))
    return old


def _not_before(old: PromiseToPay, day: date) -> None:
    if old.promised_on is not None and day < old.promised_on:
        message = N_("It cannot be replaced or taken back before the day on which it was made.")
        raise Refused(Problem("promised_on", "too_early", message))


def _in_future() -> Problem:
    return Problem("promised_on", "in_future", N_("A promise cannot be made on a day in the future."))
