"""The call audit: what the log says, commit by commit in 32 bytes each, for laptops that witnessed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kam_desktop.protocol.log_chain import link
from kam_desktop.protocol.messages import bad
from kam_desktop.server import change_log
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import Connection

MOST = 10_000
"""So many entries, about, are gone through for one answer."""


def audit(connection: Connection, caller: Caller, message: Mapping[str, Any], **ports: Any) -> dict[str, Any]:
    """`after`: a number at which a commit ends, 0 for the beginning. The laptop counts the links itself.

    Answer: `commits` ([last number, digest] as the rows stand now), `blanked` (numbers of entries whose payload is
    gone), `erasures` (the rows of the commits that say which were blanked) and `more`. Nothing of it tells what
    changed, of which record, or who did it, but for erasures. Raises Problem 400.
    """
    after = message.get("after", 0)
    if type(after) is not int or not 0 <= after < 1 << 62:
        raise bad("after")
    found = list(change_log.commits(connection, after, MOST))
    last = found[-1].last if found else after
    chain, told = change_log.link_at(connection, after), []
    for each in found:
        # where the link that is kept beside them is not that of the rows, they count for nothing
        fits = link(chain, each.digest) == each.link
        told.append([each.last, each.digest.hex() if fits else ""])
        chain = each.link or b""
    return {
        "commits": told,
        "blanked": [seq for each in found for seq in each.blanked],
        "erasures": [each.told for each in found if each.told],
        "more": connection.one("select 1 from change_log where seq > ? limit 1", (last,)) is not None,
    }
