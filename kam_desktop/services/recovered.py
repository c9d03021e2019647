"""What a server that was set back had lost and others still had, for whose customer it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kam_desktop.domain.change import Value
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.store import rescue
from kam_desktop.store.reader import Reader

TAKE, DROP, REOPEN = "take", "drop", "reopen"
"""What can be done with an entry, at the server: written again, let go, or let go no longer."""


@dataclass(frozen=True, slots=True)
class Lost:
    """One record, or fields of one.

    Attributes:
        group: names it at the server. made: the record is not there at all.
        new: field → the value that was lost. now: field → what stands there.
        sender: the id of the person whose laptop had it. account: the title of the customer it hangs on.
    """

    group: str
    entity: str
    record: str
    made: bool
    new: Mapping[str, Value]
    now: Mapping[str, Value]
    sender: str
    at: str
    title: str
    account: str


def listed(reader: Reader) -> list[Lost]:
    """Everything that waits for the user at the server, as it was told with the last sync; parents first."""
    found = []
    for entry in rescue.waiting(reader.connection).entries:
        change = entry["changes"][0]
        if change["entity"] not in BY_NAME or "new" not in change:
            continue  # of a newer server; or an administrator's, who sees whose and which, and decides by command
        entity, new = change["entity"], change["new"]
        kind = BY_NAME[entity]
        title = _title(reader, entity, change["id"]) or str(new.get(kind.title) or "")
        record = reader.get(kind.record, change["id"])
        above = getattr(record, "account", "") if record is not None else str(new.get("account") or "")
        account = _title(reader, "account", above) if above and entity != "account" else ""
        found.append(
            Lost(
                entry["group"], entity, change["id"], change["action"] == "create", new, change.get("now") or {},
                entry["sender"], entry["at"], title, account,
            )
        )  # fmt: skip
    return found


def _title(reader: Reader, entity: str, record: str) -> str:
    found = reader.get(BY_NAME[entity].record, record)
    return "" if found is None else str(getattr(found, BY_NAME[entity].title))
