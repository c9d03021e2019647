"""The call reconcile: which acknowledged groups the server does not know any more, after a restore."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kam_desktop.protocol.messages import PUSH_CHANGES, bad, items
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import Connection

_GROUP = re.compile(r"[0-9a-f]{32}")


def reconcile(connection: Connection, caller: Caller, message: Mapping[str, Any], **ports: Any) -> dict[str, Any]:
    """`groups`: ids that the laptop holds as acknowledged. Answer: `unknown`, those that were lost, in their order."""
    groups = items(message, "groups", PUSH_CHANGES)
    if not all(isinstance(each, str) and _GROUP.fullmatch(each) for each in groups):
        raise bad("groups")
    condition, value = connection.among("group_id", groups)
    known = {row[0] for row in connection.rows(f"select group_id from group_applied where {condition}", (value,))}  # noqa: S608
    return {"unknown": [each for each in groups if each not in known]}
