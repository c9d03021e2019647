"""Records that the server itself writes for an administrator, on the same road as everybody's."""

from __future__ import annotations

from collections.abc import Sequence

from kam_desktop.domain.change import moment_text, wire_fields
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Broken
from kam_desktop.domain.ids import Ids
from kam_desktop.domain.policy import Policy
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import Connection
from kam_desktop.server.push import push

ADMINISTRATOR = "administrator"


def write(
    connection: Connection, records: Sequence[Record], *, policy: Policy, clock: Clock, ids: Ids, author: str = ""
) -> None:
    """Creates records as the administrator of the server. Raises Broken when they are refused: then nothing is done."""
    caller = Caller(
        author or records[0].id, "server", 0, ADMINISTRATOR, "", frozenset(), frozenset(), frozenset(), 0, policy
    )
    parts = []
    for place, record in enumerate(records):
        fields = wire_fields(record)
        parts.append(
            {
                "entity": type(record).entity.name,
                "action": "create",
                "fields": list(fields),
                "index": [place],
                "id": [record.id],
                "written_at": moment_text(clock.now()),
                "values": [[value] for value in fields.values()],
            }
        )
    message = {"number": 1, "groups": [[ids.random(), len(records)]], "parts": parts}
    answer = push(connection, caller, message, clock=clock, ids=ids, policy=policy)
    if [kind for kind, _ in answer["verdicts"]] != ["accepted"]:
        raise Broken(f"the server refused its own record: {answer['verdicts']}")
