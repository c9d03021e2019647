"""The tables, made from the same metadata as everything else, and the few of the store itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from kam_desktop.domain.change import plain_value, wire_value
from kam_desktop.domain.entities import ENTITIES
from kam_desktop.domain.entity import Entity, Record, Sort
from kam_desktop.domain.fields import Field, Kind
from kam_desktop.domain.text import company_sort_key, person_sort_key, sort_key

SCHEMA = 2
"""The number of the newest schema; the store refuses a file with a higher one."""

metadata = sa.MetaData()

_COLUMN_TYPES: dict[Kind, type[sa.types.TypeEngine[Any]]] = {
    Kind.TEXT: sa.Text,
    Kind.NOTE: sa.Text,
    Kind.CHOICE: sa.Text,
    Kind.INTEGER: sa.BigInteger,
    Kind.DECIMAL: sa.Text,  # exact; SQLite has no decimal type
    Kind.MONEY: sa.BigInteger,
    Kind.DATE: sa.Text,  # ISO, so that text order is date order
    Kind.MOMENT: sa.Text,
    Kind.FLAG: sa.Integer,
    Kind.REF: sa.Text,
    Kind.TEXTS: sa.Text,  # a JSON list
}


def _table(entity: Entity) -> sa.Table:
    columns: list[sa.Column[Any]] = [
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
    ]
    columns += [sa.Column(each.name, _COLUMN_TYPES[each.kind]()) for each in entity.fields]
    columns += [
        sa.Column("_sort", sa.Text, nullable=False, server_default=""),
        sa.Column("_extra", sa.Text),
        sa.Column("_seq", sa.BigInteger),
        sa.Column("_field_seq", sa.Text),
    ]
    table = sa.Table(entity.name, metadata, *columns)
    sa.Index(f"{entity.name}__sort", table.c["_sort"], table.c.id)
    for each in entity.fields:
        if each.kind is Kind.REF:
            # Only rows that refer to something are worth an entry; no reference is NULL, so that SQLite can use it.
            sa.Index(f"{entity.name}__{each.name}", table.c[each.name], sqlite_where=table.c[each.name].is_not(None))
    return table


RECORDS: dict[str, sa.Table] = {record.entity.name: _table(record.entity) for record in ENTITIES}

# Pareto and the share of revenue read these columns only: a covering index spares the rows.
_invoice = RECORDS["invoice"]
sa.Index("invoice__revenue", _invoice.c.currency, _invoice.c.issued_on, _invoice.c.account, _invoice.c.net)
_receipt, _credit = RECORDS["receipt"], RECORDS["credit_note"]
_received = _receipt.c  # with the id, so that the list of all receipts comes in its order from the index alone
sa.Index("receipt__on", *(_received[each] for each in ("currency", "received_on", "id", "account", "amount")))
sa.Index("credit_note__on", _credit.c.currency, _credit.c.issued_on, _credit.c.account, _credit.c.net, _credit.c.total)
_decision = RECORDS["receipt_decision"].c  # the few rejections are found without reading every confirmation
sa.Index("receipt_decision__verdict", _decision.verdict, _decision.receipt)
sa.Index("allocation__on", RECORDS["allocation"].c.allocated_on)
sa.Index("documents_confirmed__on", RECORDS["documents_confirmed"].c.confirmed_on)
sa.Index("account__tax_code", RECORDS["account"].c.tax_code)
sa.Index("activity__last", RECORDS["activity"].c.account, RECORDS["activity"].c.at)
_account = RECORDS["account"].c  # the list of all accounts, filtered and in order, without touching a row
sa.Index("account__list", _account.archived, _account["_sort"], _account.id, _account.tier, _account.owner)
sa.Index("account__archived", _account.archived)  # small, for counting
# Occasions by the day of the year: of all birthdays only those of a week are read.
for _entity, _day in (("contact", "birthday"), ("occasion", "happens_on")):
    _on = sa.text(f"substr({_day}, 6, 5)")
    sa.Index(f"{_entity}__{_day}", _on, _table=RECORDS[_entity], sqlite_where=sa.text(f"{_day} <> ''"))
sa.Index("account__founded_on", sa.text("substr(founded_on, 6, 5)"), _account.founded_on, _account.id,
         sqlite_where=sa.text("founded_on <> '' and archived = 0"))  # fmt: skip
_task = RECORDS["task"]
sa.Index("task__due", _task.c.done_on, _task.c.due_on)
_proposal = RECORDS["proposal"]
sa.Index("proposal__stage", _proposal.c.stage, _proposal.c.account)

meta = sa.Table("meta", metadata, sa.Column("key", sa.Text, primary_key=True), sa.Column("value", sa.Text))

undo_step = sa.Table(
    "undo_step",
    metadata,
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("label_args", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # edit | import | undo | redo | internal
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # done | undone | dropped (a later edit closed the way back)
    sa.Column("answers", sa.Integer),  # the step that an undo or redo took back
    sqlite_autoincrement=True,
)

history = sa.Table(
    "history",
    metadata,
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("step", sa.Integer, nullable=False, index=True),
    sa.Column("group_id", sa.Text, nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False, index=True),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("old", sa.Text, nullable=False),
    sa.Column("new", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("written_at", sa.Text, nullable=False),
)
sa.Index("history__group", history.c.group_id)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("group_id", sa.Text, nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False, index=True),
    sa.Column("base", sa.BigInteger, nullable=False, server_default="0"),  # the row's sequence number the author saw
    sa.Column("payload", sa.LargeBinary, nullable=False),  # encoded bytes that no migration rewrites
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),  # answers without a verdict for it alone
    sa.UniqueConstraint("group_id", "place"),
    sqlite_autoincrement=True,
)

journal_pending = sa.Table(
    "journal_pending",
    metadata,
    sa.Column("frame", sa.Integer, primary_key=True),
    sa.Column("payload", sa.LargeBinary, nullable=False),
)

draft = sa.Table(
    "draft",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)

preference = sa.Table(
    "preference", metadata, sa.Column("key", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False)
)

search_doc = sa.Table(
    "search_doc",
    metadata,
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False, unique=True),
)

cache_instalment = sa.Table(
    "cache_instalment",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("invoice", sa.Text, nullable=False, index=True),
    sa.Column("account", sa.Text, nullable=False, index=True),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("due_on", sa.Text),  # none while it waits for papers
    sa.Column("on_default_term", sa.Integer, nullable=False),
    sa.Column("open", sa.BigInteger, nullable=False),
)
sa.Index(
    "cache_instalment__due",
    cache_instalment.c.currency,
    cache_instalment.c.due_on,
    cache_instalment.c.account,
    cache_instalment.c.open,
    cache_instalment.c.on_default_term,
    sqlite_where=cache_instalment.c.open != 0,
)
sa.Index(  # the sums of each account, the accounts one after the other
    "cache_instalment__open",
    cache_instalment.c.currency,
    cache_instalment.c.account,
    cache_instalment.c.due_on,
    cache_instalment.c.open,
    cache_instalment.c.on_default_term,
    sqlite_where=cache_instalment.c.open != 0,
)

# Only credits with something left, and receipts that are reported: those that are used up are many and say nothing.
cache_credit = sa.Table(
    "cache_credit",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, nullable=False),  # "" for the unknown payer
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("dated_on", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # receipt | credit_note
    sa.Column("status", sa.Text, nullable=False),  # confirmed | reported
    sa.Column("free", sa.BigInteger, nullable=False),  # what is laid against nothing; all of a reported one
)
_cached_credit = cache_credit.c
sa.Index("cache_credit__account", *(_cached_credit[name] for name in ("account", "currency", "status", "free")))

# Which accounts a change concerned, newest last: what a reader keeps in memory is compared with it.
cache_touched = sa.Table(
    "cache_touched",
    metadata,
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("mark", sa.Integer, nullable=False),  # random: row n of a database that was set back is another one
    sa.Column("account", sa.Text),  # none for all accounts
    sa.Column("topic", sa.Text),  # one of touched.TOPICS; none for all of them
)

# By what two accounts may be one customer: tax code, name, telephone, e-mail; of accounts in use.
cache_account_key = sa.Table(
    "cache_account_key",
    metadata,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
sa.Index("cache_account_key__key", cache_account_key.c.kind, cache_account_key.c.key)
cache_shared_key = sa.Table(  # those of several accounts, so that the list of pairs reads nothing else
    "cache_shared_key",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sqlite_with_rowid=False,
)

SEARCHED = tuple(each.entity.name for each in ENTITIES if any(field.searchable for field in each.entity.fields))
"""The entities with a full-text index, one of its own each: a list asks a few thousand records, not all of them."""

SEARCH_DDL = tuple(
    f"create virtual table search_{name} using fts5("
    "body, content='', contentless_delete=1, tokenize=\"unicode61 remove_diacritics 0\", prefix='1 2 3')"
    for name in SEARCHED
)
"""They hold folded text only: SQLite's own folding does not know đ (measured), so ours is applied before."""


def sort_value(entity: Entity, title: str) -> str:
    """What the table is ordered by, so that every machine has the same Vietnamese order."""
    if entity.sort is Sort.PERSON:
        return person_sort_key(title)
    return company_sort_key(title) if entity.sort is Sort.COMPANY else sort_key(title)


def column_value(each: Field, value: Any) -> Any:
    """A field's value as the table keeps it."""
    if each.kind is Kind.TEXTS:
        return json.dumps(list(value), ensure_ascii=False) if value else ""
    if each.kind is Kind.FLAG:
        return int(value)
    if each.kind is Kind.REF:
        return value or None
    return wire_value(each.kind, value)


def row_of(record: Record) -> dict[str, Any]:
    """All columns of a record's row but the store's own sequence columns."""
    entity = type(record).entity
    row = {each.name: column_value(each, getattr(record, each.name)) for each in entity.fields}
    row["id"] = record.id
    row["_sort"] = sort_value(entity, str(getattr(record, entity.title)))
    return row


def _reader(each: Field) -> Callable[[Any], Any] | None:
    kind = each.kind
    if kind is Kind.FLAG:
        return bool
    if kind is Kind.TEXTS:
        return lambda value: tuple(json.loads(value)) if value else ()
    if kind in (Kind.DECIMAL, Kind.DATE, Kind.MOMENT):
        return lambda value: plain_value(kind, value)
    if kind in (Kind.TEXT, Kind.NOTE, Kind.CHOICE, Kind.REF):
        return lambda value: value or ""
    return None


_READERS: dict[str, tuple[tuple[str, Callable[[Any], Any] | None], ...]] = {
    record.entity.name: tuple((each.name, _reader(each)) for each in record.entity.fields) for record in ENTITIES
}


def record_of(entity: Entity, row: Mapping[str, Any] | sa.RowMapping) -> Record:
    """The record that a row holds."""
    values = {name: read(row[name]) if read else row[name] for name, read in _READERS[entity.name]}
    return entity.record(id=row["id"], **values)
