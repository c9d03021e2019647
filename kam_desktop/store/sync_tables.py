"""What a connected laptop keeps beside its records: the server's values, scopes, verdicts, conflicts."""

from __future__ import annotations

import sqlalchemy as sa

from kam_desktop.store.tables import metadata

# The server's row, as of the newest answer, of every record that has waiting changes: what is shown is this with the
# waiting changes laid over it.
base = sa.Table(
    "base",
    metadata,
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False, unique=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("row", sa.Text, nullable=False),  # JSON: column → value as the table keeps it
)

row_scope = sa.Table(
    "row_scope",
    metadata,
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("pass", sa.Integer, nullable=False),  # the download that named it last: what a sweep did not meet goes
    sa.UniqueConstraint("record", "scope"),
)
sa.Index("row_scope__scope", row_scope.c.scope, row_scope.c["pass"])

scope_cursor = sa.Table(
    "scope_cursor",
    metadata,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("cursor", sa.Text, nullable=False),
    sa.Column("whole", sa.Integer, nullable=False),  # 0 while its first download runs: no figure is shown over it
    sa.Column("pass", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer),  # rows that its download will bring, as the server counted
)

AWAITED = ""
"""The scope of what was made here and taken by the server, until a pull names the scopes that it is in."""

# 30 days of what the server took, for a server that is set back to an older state.
acknowledged = sa.Table(
    "acknowledged",
    metadata,
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("group_id", sa.Text, nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False, index=True),
    sa.Column("base", sa.BigInteger, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.Text, nullable=False, index=True),
    sa.UniqueConstraint("group_id", "place"),
    sqlite_autoincrement=True,
)

# Two people changed one field without seeing each other: one value stands, the other is kept here.
conflict = sa.Table(
    "conflict",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False, index=True),
    sa.Column("fields", sa.Text, nullable=False),  # JSON: field → {"stands", "other"} as wire values
    sa.Column("stands_by", sa.Text, nullable=False),
    sa.Column("other_by", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),  # open | restored | left
)

# What the server did not take: it waits for its author, whole, and nothing else waits for it.
needs_you = sa.Table(
    "needs_you",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),  # the group
    sa.Column("kind", sa.Text, nullable=False),  # refused | conflict | stuck
    sa.Column("problem", sa.Text, nullable=False),  # JSON: where, code, message, args
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False, index=True),
    sa.Column("changes", sa.Text, nullable=False),  # JSON list of the group's changes, the author's own values
    sa.Column("theirs", sa.Text, nullable=False),  # JSON: what the server holds of the fields it asked about
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),  # open | sent_again | dropped
    sa.Column("behind", sa.Text),  # the entry that this one waits with: its record was never made there
)

# Rows that a pull brought are indexed for search just after it, in order.
search_queue = sa.Table(
    "search_queue",
    metadata,
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False, unique=True),
)
