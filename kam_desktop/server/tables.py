"""The server's tables: typed business tables, and what ordering and rights need."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kam_desktop.domain.entities import ENTITIES
from kam_desktop.domain.entity import Entity
from kam_desktop.domain.fields import Kind
from kam_desktop.store.tables import RECORDS as LAPTOP
from kam_desktop.store.tables import SCHEMA as SCHEMA

metadata = sa.MetaData()

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Ids are compared byte by byte, whatever language the database sorts in."""

BOOKKEEPING = (
    "_sort",
    "_extra",
    "_seq",
    "_created_seq",
    "_created_device",
    "_field_seq",
    "_deleted_seq",
    "_changed_by",
    "_changed_at",
)
"""Columns of every business table beside its fields: see sync protocol, section 1.

`_created_device` and the devices in `_field_seq` ({field: [seq, device]}, sparse) are numbers of the table `device`.
`_extra` holds fields of newer laptops as JSON, `_deleted_seq` makes the row a tombstone.
"""
ORDER = {record.entity.name: place for place, record in enumerate(ENTITIES)}
"""Parents before children; locks are taken and rows are sent in this order."""
CONFLICT = "conflict"
"""The feed's name for conflict records; they come after every entity."""

_NEEDED = {("invoice", "replaces"), ("allocation", "receipt"), ("allocation", "credit_note")}
"""References that a promise is checked through, beside those to what a row hangs on."""


def _table(entity: Entity) -> sa.Table:
    laptop = LAPTOP[entity.name]
    columns: list[sa.Column[Any]] = [
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True),
        sa.Column("id", ID, nullable=False, unique=True),
    ]
    for each in entity.fields:
        columns.append(sa.Column(each.name, ID if each.kind is Kind.REF else laptop.c[each.name].type))
    columns += [
        sa.Column("_sort", sa.Text, nullable=False, server_default=""),
        sa.Column("_extra", sa.Text),
        sa.Column("_seq", sa.BigInteger, nullable=False),
        sa.Column("_created_seq", sa.BigInteger, nullable=False),
        sa.Column("_created_device", sa.BigInteger, nullable=False),
        sa.Column("_field_seq", sa.Text),
        sa.Column("_deleted_seq", sa.BigInteger),
        sa.Column("_changed_by", sa.Text, nullable=False),
        sa.Column("_changed_at", sa.Text, nullable=False),
    ]
    table = sa.Table(entity.name, metadata, *columns)
    for each in entity.fields:
        if each.kind is Kind.REF and (each.owns or (entity.name, each.name) in _NEEDED):
            filled = table.c[each.name].is_not(None)
            sa.Index(f"{entity.name}__{each.name}", table.c[each.name], sqlite_where=filled, postgresql_where=filled)
    return table


RECORDS: dict[str, sa.Table] = {record.entity.name: _table(record.entity) for record in ENTITIES}


def _plain(name: str, *columns: sa.Column[Any], **options: Any) -> sa.Table:
    return sa.Table(name, metadata, *columns, **options)


workspace = _plain(
    "workspace",
    sa.Column("id", ID, primary_key=True),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),  # of the change log's newest row, hex
    sa.Column("schema", sa.Integer, nullable=False),
    sa.Column("key", sa.Text, nullable=False),  # signs the marks, hex
    sa.Column("state", sa.Text, nullable=False),  # open | set_back
    sa.Column("lease_days", sa.Integer),  # how long a laptop may stay away; none is devices.LEASE_DAYS
)
scope = _plain(
    "scope",
    sa.Column("n", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True),
    sa.Column("name", ID, nullable=False, unique=True),
    sa.Column("seq", sa.BigInteger, nullable=False),  # of the newest entry of its feed
    sa.Column("floor", sa.BigInteger, nullable=False),  # up to here leaves were purged
)
feed = _plain(
    "feed",  # one row per scope and record: its last put, leave or gone; the puts are who is in the scope
    sa.Column("id", ID, primary_key=True),
    sa.Column("entity", ID, primary_key=True),
    sa.Column("scope", sa.BigInteger, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
sa.Index("feed__order", feed.c.scope, feed.c.entity, feed.c.seq, feed.c.id, feed.c.kind)

team = _plain(
    "team",
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("lead", ID),
)
user = _plain(
    "user_account",
    sa.Column("id", ID, primary_key=True),  # the id of the person record
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("team", ID),
    sa.Column("password", sa.Text),
    sa.Column("disabled", sa.Integer, nullable=False, server_default="0"),
    sa.Column("rights", sa.BigInteger, nullable=False, server_default="1"),
)
assistant = _plain(
    "account_helper",
    sa.Column("account", ID, primary_key=True),
    sa.Column("person", ID, primary_key=True),
)
sa.Index("account_helper__person", assistant.c.person)
device = _plain(
    "device",
    sa.Column("n", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True),
    sa.Column("id", ID, nullable=False, unique=True),
    sa.Column("person", ID, nullable=False),
    sa.Column("letter", sa.Text, nullable=False, server_default=""),
    sa.Column("number", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("copy", sa.Text, nullable=False, server_default=""),  # tells copies of one laptop, see push
    sa.Column("last_group", ID),  # of the push with the newest number
    sa.Column("heard_group", ID),  # the last one of its newest repetition, which may be shorter
    sa.Column("revoked", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_seen", sa.Text),
    sa.Column("thumbprint", ID),  # of its key, as it signed in last
    sa.Column("left_at", sa.Text),  # when it was revoked, had handed in everything and got the code to erase itself
)
group_applied = _plain(
    "group_applied",
    sa.Column("group_id", ID, primary_key=True),
    sa.Column("device", sa.BigInteger, nullable=False),
    sa.Column("payload_hash", sa.LargeBinary, nullable=False),
    sa.Column("verdict", sa.Text),  # none when it was plainly accepted
    sa.Column("seq", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
change_log = _plain(
    "change_log",
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("group_id", ID, nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("record", ID, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("old", sa.Text),
    sa.Column("new", sa.Text),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("device", sa.BigInteger, nullable=False),
    sa.Column("written_at", sa.Text, nullable=False),
    sa.Column("committed_at", sa.Text, nullable=False),
    sa.Column("payload_hash", sa.LargeBinary, nullable=False),
    sa.Column("chain", sa.LargeBinary),  # with the last row of each commit
    sa.Column("salt", sa.LargeBinary),  # of the payload's hash; it goes with the payload
)
sa.Index("change_log__record", change_log.c.record)
conflict = _plain(
    CONFLICT,
    sa.Column("id", ID, primary_key=True),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("record", ID, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),  # displaced | asked | guarded | revived | kept
    sa.Column("theirs", sa.Text, nullable=False),  # what stood on the server, wire values
    sa.Column("mine", sa.Text, nullable=False),  # what the author of the group wrote
    sa.Column("kept", sa.Text, nullable=False),  # which of the two stands: theirs | mine
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("other", sa.Text, nullable=False),  # who wrote what stood there
    sa.Column("group_id", ID, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("resolved", sa.BigInteger),
)
recovered = _plain(
    "recovered",  # what laptops still had of a lost part of the log; waits for the owner or the administrator
    sa.Column("group_id", ID, primary_key=True),
    sa.Column("author", ID, nullable=False),
    sa.Column("sender", ID, nullable=False),
    sa.Column("changes", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # waiting | taken | dropped
)

# Being signed in. Tokens are kept as SHA-256 alone: whoever reads the database can sign in as nobody.
session = _plain(
    "session",
    sa.Column("family", ID, primary_key=True),  # one sign-in on one device, over all its tokens
    sa.Column("person", ID, nullable=False, index=True),
    sa.Column("device", ID, nullable=False),
    sa.Column("refresh", sa.Text, nullable=False),  # the token that is good
    sa.Column("before", sa.Text),  # the one before it: its answer may have been lost
    sa.Column("attempt", sa.Text),  # the try, hashed, for which the one before was given up
    sa.Column("thumbprint", ID),  # of the device key; none where the session is older than keys
    sa.Column("renewed_at", sa.Text, nullable=False),
    sa.Column("ends_at", sa.Text, nullable=False),
    sa.Column("until", sa.Text),  # however often it is renewed: then the identity provider is asked again
)
access_token = _plain(
    "access_token",
    sa.Column("hash", ID, primary_key=True),
    sa.Column("family", ID, nullable=False, index=True),
    sa.Column("person", ID, nullable=False),
    sa.Column("device", ID, nullable=False),
    sa.Column("ends_at", sa.Text, nullable=False),
)
sign_in_failure = _plain(
    "sign_in_failure",
    sa.Column("name", ID, primary_key=True),  # as typed, folded: also names that no user has
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("last_at", sa.Text, nullable=False),
    sa.Column("locked_until", sa.Text),
)
proof_spent = _plain(
    "proof_spent",  # proofs of device keys that were used, for as long as their nonce would be taken
    sa.Column("id", ID, primary_key=True),
    sa.Column("ends_at", sa.Text, nullable=False, index=True),
)
identity_provider = _plain(
    "identity_provider",  # one row or none; see provider
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("groups_claim", sa.Text, nullable=False),
    sa.Column("rules", sa.Text, nullable=False),
    sa.Column("creates", sa.Integer, nullable=False),
    sa.Column("days", sa.Integer, nullable=False),
    sa.Column("trial", sa.Integer, nullable=False),
)
identity = _plain(
    "identity",  # whom the provider means by its own id
    sa.Column("issuer", ID, primary_key=True),
    sa.Column("subject", ID, primary_key=True),
    sa.Column("person", ID, nullable=False, index=True),
    sa.Column("at", sa.Text, nullable=False),
)
identity_link = _plain(
    "identity_link",  # the administrator's word: whoever first comes with this verified address
    sa.Column("issuer", ID, primary_key=True),
    sa.Column("email", ID, primary_key=True),
    sa.Column("person", ID, nullable=False, index=True),
)
event_log = _plain(
    "event_log",  # what is not a record: see events
    sa.Column("n", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("deed", sa.Text, nullable=False),
    sa.Column("done_by", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("more", sa.Text, nullable=False),
    sa.Column("chain", sa.Text, nullable=False),
)
handed_in = _plain(
    "handed_in",  # what revoked laptops had not sent; waits for the lead
    sa.Column("group_id", ID, primary_key=True),
    sa.Column("n", sa.BigInteger, nullable=False),  # in the order in which they were written
    sa.Column("device", ID, nullable=False, index=True),
    sa.Column("author", ID, nullable=False),
    sa.Column("changes", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # waiting | taken | dropped
)
