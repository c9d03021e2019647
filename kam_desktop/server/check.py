"""What is wrong with a server's database: the doctor's questions, each with how to mend it."""

from __future__ import annotations

from kam_desktop.server import change_log, events, fence, tables
from kam_desktop.server.database import Connection


def problems(connection: Connection) -> list[dict[str, str]]:
    """Everything found; empty in a sound database. Reads only."""
    found: list[dict[str, str]] = []
    if not connection.postgresql:
        said = connection.one("pragma integrity_check")
        if said is None or said[0] != "ok":
            found.append(_problem("damaged", "The database file is damaged: restore a backup.", str(said)))
    seq = (connection.one("select seq from workspace") or (0,))[0]
    newest = (connection.one("select max(seq) from change_log") or (None,))[0]
    if newest is not None and newest > seq:
        found.append(_problem("sequence", "The log is ahead of the sequence: restore a backup.", f"{newest} > {seq}"))
    ahead = (connection.one("select count(*) from feed where seq > ?", (seq,)) or (0,))[0]
    if ahead:
        found.append(_problem("feed", "The feed is ahead of the sequence: restore a backup.", str(ahead)))
    for name in tables.RECORDS:
        lost = connection.one(
            f'select count(*) from "{name}" r where r._deleted_seq is null and not exists '  # noqa: S608 — our own names
            "(select 1 from feed f where f.id = r.id and f.entity = ? and f.kind = 'put')",
            (name,),
        )
        if lost and lost[0]:
            found.append(_problem("unseen", "Rows are in nobody's scope: run migrate.", f"{name}: {lost[0]}"))
    if (place := events.broken_link(connection)) is not None:
        found.append(_problem("events", "The log of events was changed: keep the database.", str(place)))
    if (seq := change_log.broken_link(connection)) is not None:
        found.append(_problem("log", "The log of changes was altered: keep the database for whoever asks.", str(seq)))
    if connection.postgresql and not fence.stands(connection):
        mend = "Row-level security is not set up: run migrate once as a role that owns the tables and may make roles."
        found.append(_problem("fence", mend, ""))
    state = (connection.one("select state from workspace") or ("",))[0]
    if state != "open":
        found.append(_problem("set_back", "Say what this database is: kam-server restore --as production|copy.", ""))
    return found


def _problem(code: str, mend: str, detail: str) -> dict[str, str]:
    return {"code": code, "mend": mend, "detail": detail}
