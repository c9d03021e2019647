"""The call history: who changed a record, when and how, without what is hidden from the caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.language import N_
from kam_desktop.protocol.log_chain import ERASE
from kam_desktop.protocol.messages import Problem, are_ids, bad
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import Connection
from kam_desktop.server.roots import Roots

MOST = 500


def history(connection: Connection, caller: Caller, message: Mapping[str, Any], **ports: Any) -> dict[str, Any]:
    """`entity`, `id`, `before` (a sequence number, 0 for the newest). Answer: `changes`, newest first, and `more`.

    Raises Problem 404 for a record that is not there or not visible; the two are told alike.
    """
    entity, identity, before = message.get("entity"), message.get("id"), message.get("before", 0)
    if not isinstance(entity, str) or entity not in BY_NAME or not are_ids([identity]):
        raise bad("id")
    if type(before) is not int or not 0 <= before < 1 << 62:
        raise bad("before")
    roots = Roots(connection)
    root = roots.of(entity, str(identity))
    if root is None or not caller.sees(root, roots.owner_of(root), entity):
        raise Problem(404, "gone", N_("This record is not on the server, or it is not yours to see."))
    hidden = caller.hidden(caller.seen_through(root, roots.owner_of(root)), entity)
    rows = connection.rows(
        "select seq, group_id, place, action, old, new, author, written_at, committed_at from change_log "
        "where record = ? and entity = ? and seq < ? order by seq desc limit ?",
        (identity, entity, before or (1 << 62), MOST + 1),
    )
    changes = []
    for seq, group, place, action, old, new, author, written_at, committed_at in rows[:MOST]:
        changes.append(
            {
                "seq": seq,
                "group": group,
                "place": place,
                "action": action,
                "old": _shown(old, hidden),
                "new": _shown(new if action != ERASE else None, hidden),
                "author": author,
                "written_at": written_at,
                "committed_at": committed_at,
                "blanked": old is None and new is None,
            }
        )
    return {"changes": changes, "more": len(rows) > MOST}


def _shown(text: str | None, hidden: frozenset[str]) -> dict[str, Any]:
    values: dict[str, Any] = orjson.loads(text) if text else {}
    return {name: value for name, value in values.items() if name not in hidden}
