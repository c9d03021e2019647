"""What this laptop wrote and no server has: what waits, and what came back to its author."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import Any

import orjson
import sqlalchemy as sa

from kam_desktop.protocol.codec import to_json
from kam_desktop.store import outbox
from kam_desktop.store.sync_tables import needs_you
from kam_desktop.store.tables import outbox as outbox_table

MOST_CHANGES, MOST_BYTES = 2000, 2 << 20


def names(connection: sa.Connection) -> list[str]:
    """The groups, in the order in which they were written; those that came back to the author at the end."""
    waiting = sa.select(outbox_table.c.group_id).order_by(outbox_table.c.n)
    back = sa.select(needs_you.c.id).where(needs_you.c.state == "open").order_by(needs_you.c.at, needs_you.c.id)
    return list(dict.fromkeys([*connection.execute(waiting).scalars(), *connection.execute(back).scalars()]))


def page(connection: sa.Connection, known: Collection[str]) -> list[dict[str, Any]]:
    """The next groups that are not known to be handed in, as they travel; empty when all are."""
    left = [name for name in names(connection) if name not in known]
    found: list[dict[str, Any]] = []
    changes = size = 0
    for name in islice(left, 1000):
        content = _content(connection, name)
        of_group = len(to_json(content))
        if found and (changes + len(content) > MOST_CHANGES or size + of_group > MOST_BYTES):
            break
        found.append({"group": name, "changes": content})
        changes, size = changes + len(content), size + of_group
    return found


def _content(connection: sa.Connection, name: str) -> list[dict[str, Any]]:
    waiting = next(outbox.of_groups(connection, [name]), [])
    if waiting:
        return [
            {"entity": each.entity, "id": each.record, "action": each.action, "new": each.new, "base": each.base,
             "at": each.written_at}
            for each in waiting
        ]  # fmt: skip
    kept = connection.execute(sa.select(needs_you.c.changes).where(needs_you.c.id == name)).scalar()
    return [
        {"entity": each["entity"], "id": each["id"], "action": each["action"], "new": each["new"], "base": 0,
         "at": each["at"]}
        for each in orjson.loads(kept or "[]")
    ]  # fmt: skip
