"""Which invoices, credits, accounts a change concerns; the list of them, what is remembered by it."""

# ruff: noqa: S608 — the statements are put together from fixed parts; values travel as parameters.
from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence, Sized
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import sqlalchemy as sa

from kam_desktop.domain.change import Action, Change
from kam_desktop.store.memory import Kept, Key
from kam_desktop.store.reader import Reader

T = TypeVar("T")

MONEY, ACCOUNT, ACTIVITY, PROMISE, DUNNING = "money", "account", "activity", "promise_to_pay", "dunning_event"
TOPICS = (MONEY, ACCOUNT, ACTIVITY, PROMISE, DUNNING)
"""What a change may concern of an account: receivables, or its own records of these kinds."""
_OWNED = {ACTIVITY: ("account",), PROMISE: ("account", "invoice"), DUNNING: ("account", "invoice")}

KEPT_ROWS = 4000
"""How many of the newest rows are kept; whoever knows an older state computes everything anew."""
MANY = 1000
"""A change of more accounts than these is told as one of all accounts."""
FEW_ACCOUNTS = 500
"""As many are asked for alone; after changes of more of them everything is computed anew."""

Version = tuple[int, int]
"""The newest row of `cache_touched`, its number and its mark: the state of the receivables that a reader saw."""

_IDS = "(select value from json_each(:ids))"
_OF_CREDITS = "select i.invoice from allocation a join instalment i on i.id = a.instalment where a.{column} in " + _IDS
_INVOICES_OF = {
    "instalment": f"select invoice from instalment where id in {_IDS}",
    "account": f"select id from invoice where account in {_IDS}",
    "credit_note": _OF_CREDITS.format(column="credit_note"),
    "receipt": _OF_CREDITS.format(column="receipt"),
    "term": f"select v.id from account c join invoice v on v.account = c.id where c.payment_term in {_IDS}",
}
"""The invoices that a change of these concerns."""

_LAID_ON_PARTS = f"select coalesce(receipt, credit_note) from allocation where instalment in {_IDS}"
_LAID_ON_INVOICES = (
    "select coalesce(a.receipt, a.credit_note) from instalment i join allocation a on a.instalment = i.id "
    f"where i.invoice in {_IDS}"
)
_ACCOUNTS_OF = {
    "invoices": f"select account from invoice where id in {_IDS}",
    "credits": f"select account from receipt where id in {_IDS} "
    f"union select account from credit_note where id in {_IDS}",
}

_OWNER = {
    "instalment": ("invoice",),
    "opening_settlement": ("invoice",),
    "documents_confirmed": ("invoice",),
    "allocation": ("instalment", "receipt", "credit_note", "reverses"),
    "receipt_decision": ("receipt",),
    "payment_term_line": ("term",),
}
"""The fields of a record by which its change concerns other ones."""

_TERMS_OF_ACCOUNT = ("payment_days", "payment_term")
_DOCUMENTS = ("invoice", "receipt", "credit_note")
_BEGINS = "confirmation_begins_on"


@dataclass(slots=True)
class Concerned:
    """What may be otherwise after a change, at the end of any day.

    Attributes:
        invoices: those whose instalments may be open or due otherwise.
        credits: receipts and credit notes of which something else may be free.
        accounts: those whose receivables may be otherwise, before the change or after it; "" is the unknown payer.
    """

    invoices: set[str] = field(default_factory=set)
    credits: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)


def concerned(connection: sa.Connection, changes: Iterable[Change]) -> Concerned:
    """What the changes, which are written already, concern; the cost grows with them and not with the data."""
    named: dict[str, set[str]] = {name: set() for name in ("invoice", "reverses", *_INVOICES_OF)}
    updated: dict[str, set[str]] = {}
    parts: set[str] = set()
    found = Concerned(invoices=named["invoice"])
    for change in changes:
        old, new = values = (change.old, change.new)
        if change.entity in _DOCUMENTS:
            named[change.entity].add(change.record)
            if change.action is Action.DELETE or (change.action is Action.UPDATE and "account" in {**old, **new}):
                found.accounts.add(str(old.get("account") or ""))  # none is the unknown payer; the new one has a row
        if change.entity == "invoice":
            replaced = {str(each["replaces"]) for each in values if each.get("replaces")}
            named["invoice"] |= replaced
            named["credit_note"] |= replaced
            if change.action is Action.UPDATE:  # tells only the fields that changed
                updated.setdefault("invoice", set()).add(change.record)
        elif change.entity in _OWNER:
            for owner in _OWNER[change.entity]:
                named[owner].update(str(each[owner]) for each in values if each.get(owner))
            if change.entity == "instalment":
                parts.add(change.record)
            if change.action is Action.UPDATE:
                updated.setdefault(change.entity, set()).add(change.record)
        elif change.entity == "account" and (
            change.action is not Action.UPDATE or any(name in each for each in values for name in _TERMS_OF_ACCOUNT)
        ):
            named["account"].add(change.record)
        elif change.entity == "firm":
            named["receipt"] |= _waiting(connection, change)
            if any("default_payment_days" in each for each in values):
                rest = connection.execute(sa.text("select invoice from cache_instalment where on_default_term"))
                named["invoice"].update(rest.scalars())
    _named_by_rows(connection, named, updated)
    documents = {change.record for change in changes if change.entity == "invoice"} | named["credit_note"]
    found.credits = named["receipt"] | named["credit_note"]
    found.credits |= _ids(connection, _LAID_ON_PARTS, parts) | _ids(connection, _LAID_ON_INVOICES, documents)
    for name, statement in _INVOICES_OF.items():
        found.invoices |= _ids(connection, statement, named[name])
    found.accounts |= _ids(connection, _ACCOUNTS_OF["invoices"], found.invoices)
    found.accounts |= _ids(connection, _ACCOUNTS_OF["credits"], found.credits)
    return found


def _named_by_rows(connection: sa.Connection, named: dict[str, set[str]], updated: dict[str, set[str]]) -> None:
    """Adds what only the rows know: the fields that an update left alone, and the two sides of what was taken back."""
    replaced = _ids(connection, f"select replaces from invoice where id in {_IDS}", updated.pop("invoice", ())) - {""}
    named["invoice"] |= replaced
    named["credit_note"] |= replaced
    for entity, ids in updated.items():
        for owner in _OWNER[entity]:
            named[owner] |= _ids(connection, f"select {owner} from {entity} where id in {_IDS}", ids) - {""}
    for side in ("instalment", "receipt", "credit_note"):
        named[side] |= _ids(connection, f"select {side} from allocation where id in {_IDS}", named["reverses"]) - {""}


def _waiting(connection: sa.Connection, change: Change) -> set[str]:
    """Receipts without a decision between the old and the new day on which receipts begin to be confirmed."""
    if not any(_BEGINS in each for each in (change.old, change.new)):
        return set()
    first, last = sorted(str(each.get(_BEGINS) or "~") for each in (change.old, change.new))  # "~" is behind every day
    statement = (
        "select r.id from receipt r where r.currency in (select currency from receipt group by 1) "
        "and r.received_on >= :first and r.received_on < :last "
        "and not exists (select 1 from receipt_decision d where d.receipt = r.id)"
    )
    return set(connection.execute(sa.text(statement), {"first": first, "last": last}).scalars())


def _ids(connection: sa.Connection, statement: str, ids: Iterable[str]) -> set[str]:
    wanted = sorted(ids)
    if not wanted:
        return set()
    return {row[0] or "" for row in connection.execute(sa.text(statement), {"ids": json.dumps(wanted)})}


def tell(connection: sa.Connection, accounts: Iterable[str] | None, topic: str | None = MONEY) -> None:
    """Writes what was changed of which accounts, in the transaction that changes it; None for all of them."""
    rows: list[dict[str, Any]] = [{"account": None, "topic": topic}]
    if accounts is not None:
        named = sorted(accounts)
        rows = rows if len(named) > MANY else [{"account": each, "topic": topic} for each in named]
    if rows:
        statement = "insert into cache_touched (mark, account, topic) values (random(), :account, :topic)"
        connection.execute(sa.text(statement), rows)
        oldest = "delete from cache_touched where n <= (select max(n) from cache_touched) - :kept"
        connection.execute(sa.text(oldest), {"kept": KEPT_ROWS})


def tell_records(connection: sa.Connection, changes: Iterable[Change]) -> None:
    """Tells whose records of the topics beside money were changed, before the change or after it."""
    accounts: dict[str, set[str]] = {}
    invoices: dict[str, set[str]] = {}
    updated: dict[str, list[str]] = {}
    for change in changes:
        if change.entity == ACCOUNT:
            accounts.setdefault(ACCOUNT, set()).add(change.record)
        elif change.entity in _OWNED:
            for name, owners in (("account", accounts), ("invoice", invoices)):
                named = (each.get(name) for each in (change.old, change.new))
                owners.setdefault(change.entity, set()).update(str(each) for each in named if each)
            if change.action is Action.UPDATE:  # tells only the fields that changed
                updated.setdefault(change.entity, []).append(change.record)
    for entity, ids in updated.items():
        for name, owners in (("account", accounts), ("invoice", invoices)):
            if name in _OWNED[entity]:
                owners[entity] |= _ids(connection, f"select {name} from {entity} where id in {_IDS}", ids) - {""}
    for entity, named_ones in invoices.items():  # what is said of an invoice is seen with its customer
        accounts[entity] |= _ids(connection, _ACCOUNTS_OF["invoices"], named_ones) - {""}
    for topic, told in accounts.items():
        tell(connection, told, topic)


def newest(reader: Reader) -> Version | None:
    """The state that the reader sees; None where nothing was ever told, so that no state has a name."""
    rows = reader.sql("select n, mark from cache_touched order by n desc limit 1")
    return (rows[0][0], rows[0][1]) if rows else None


def since(reader: Reader, version: Version, topics: Sequence[str] = (MONEY,)) -> Sequence[str] | None:
    """The accounts of which one of the topics was changed after that state; None when they cannot be told.

    They cannot when the state is older than what is kept, newer than what this reader sees, or of another history:
    of a database that was set back since, where the row of that number bears another mark.
    """
    number, mark = version
    statement = "select n, mark, account, topic from cache_touched where n >= :n order by n"
    rows = reader.sql(statement, {"n": number})
    if not rows or rows[0][:2] != (number, mark):
        return None
    found = {row[2] for row in rows[1:] if row[3] is None or row[3] in topics}
    return None if None in found else sorted(found)


def remembered(
    reader: Reader, key: Key, topics: Sequence[str], whole: Callable[[], T], patched: Callable[[T, Sequence[str]], T]
) -> T:
    """What is kept under the key, brought up to date for the accounts that were changed since; else computed and kept.

    Nobody may change what is returned: others get the same. An edit in the making computes everything.

    Args:
        topics: what of an account the answer depends on.
        whole: the answer; it has a length, or a `weight`: how many rows it holds.
        patched: a new answer out of an older one and the accounts that may be otherwise in it.
    """
    memory = reader.memory
    state = None if memory is None else newest(reader)
    if memory is None or state is None:
        return whole()
    kept = memory.find(key)
    accounts = None if kept is None else since(reader, kept.state, topics)
    if kept is None or accounts is None or len(accounts) > FEW_ACCOUNTS:
        value = whole()
    else:
        value = cast(T, kept.value)
        if accounts:
            value = patched(value, accounts)
        elif kept.state == state:
            return value
    rows = value.weight if hasattr(value, "weight") else len(cast(Sized, value))
    memory.keep(Kept(key, state, value, rows))
    return value
