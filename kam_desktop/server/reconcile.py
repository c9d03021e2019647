"""The call reconcile: which acknowledged groups the server does not know any more, after a restore."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kam_desktop.protocol.messages import PUSH_CHANGES, bad, items
from kam_desktop.server import workspace
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import Connection

MARKS = 500
_GROUP = re.compile(r"[0-9a-f]{32}")


def reconcile(connection: Connection, caller: Caller, message: Mapping[str, Any], **ports: Any) -> dict[str, Any]:
    """`groups`: ids that the laptop holds as acknowledged. Answer: `unknown`, those that were lost, in their order.

    With `marks`, [epoch, seq, hash, mac] of moments that the laptop knows: `common`, the newest number up to which its
    past and this database's are one.
    """
    groups = items(message, "groups", PUSH_CHANGES)
    if not all(isinstance(each, str) and _GROUP.fullmatch(each) for each in groups):
        raise bad("groups")
    condition, value = connection.among("group_id", groups)
    known = {row[0] for row in connection.rows(f"select group_id from group_applied where {condition}", (value,))}  # noqa: S608
    answer: dict[str, Any] = {"unknown": [each for each in groups if each not in known]}
    if "marks" in message:
        answer["common"] = workspace.common(connection, items(message, "marks", MARKS))
    return answer
