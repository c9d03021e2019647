"""Lets go of tombstones, leaves and old verdicts after 400 days; scopes keep a floor."""

from __future__ import annotations

from datetime import timedelta

from kam_desktop.domain.change import moment_text
from kam_desktop.domain.clock import Clock
from kam_desktop.server import tables
from kam_desktop.server.database import Connection
from kam_desktop.server.feed import PUT
from kam_desktop.server.state import OWNED_BY

KEPT_DAYS = 400


def purge(connection: Connection, clock: Clock, days: int = KEPT_DAYS) -> int:
    """Purges what is older; the number of feed entries that went.

    A laptop whose cursor in a scope is older than the scope's floor starts that scope anew, by mark and sweep.
    Verdicts stay as long as the device that sent the group is not revoked.
    """
    before = moment_text(clock.now() - timedelta(days=days))
    row = connection.one("select max(seq) from change_log where committed_at < ?", (before,))
    horizon = row[0] if row is not None else None
    if horizon is None:
        return 0
    connection.run(
        "update scope set floor = ? where floor < ? and exists "
        "(select 1 from feed f where f.scope = scope.n and f.kind <> ? and f.seq <= ?)",
        (horizon, horizon, PUT, horizon),
    )
    gone = connection.run("delete from feed where kind <> ? and seq <= ?", (PUT, horizon))
    # children first: a tombstone that something still hangs on is needed to know who sees it
    for entity in reversed(tables.ORDER):
        hangs = "".join(
            f' and not exists (select 1 from "{child}" c where c."{name}" = "{entity}".id)'  # noqa: S608
            for child, name in OWNED_BY[entity]
        )
        connection.run(f'delete from "{entity}" where _deleted_seq <= ?{hangs}', (horizon,))  # noqa: S608
    connection.run(
        "delete from group_applied where seq <= ? and device in (select n from device where revoked <> 0)", (horizon,)
    )
    return gone
