"""What every workspace begins with: dated rules, payment terms and reminder steps, as on laptops."""

from __future__ import annotations

from kam_desktop.domain.clock import Clock
from kam_desktop.domain.ids import Ids
from kam_desktop.domain.locale.vietnam import seeds
from kam_desktop.domain.policy import Policy
from kam_desktop.server import direct, tables
from kam_desktop.server.database import Connection

AUTHOR = "00000000-0000-7000-8000-000000000003"
"""Who wrote the presets, in the log: no person."""


def ensure(connection: Connection, *, policy: Policy, clock: Clock, ids: Ids) -> int:
    """Writes those presets that the workspace never had, deleted ones included; gives how many."""
    missing = []
    for record in seeds.records():
        name = tables.RECORDS[type(record).entity.name].name
        if connection.one(f'select 1 from "{name}" where id = ?', (record.id,)) is None:  # noqa: S608 — our own names
            missing.append(record)
    if missing:
        direct.write(connection, missing, policy=policy, clock=clock, ids=ids, author=AUTHOR)
    return len(missing)
