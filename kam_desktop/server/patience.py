"""How long the server waits for its database before it says that it is busy."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import N_


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the database is waited for, in seconds; then the transaction is taken back and nothing was done.

    Attributes:
        pool_s: for one of the connections that this process may have, or for the only writer of SQLite.
        lock_s: for rows that another transaction has locked (on SQLite: for its lock on the file).
        statement_s: for one statement of PostgreSQL.
    """

    pool_s: float = 10.0
    lock_s: float = 30.0
    statement_s: float = 120.0

    @classmethod
    def serving(cls, environment: Mapping[str, str] = os.environ) -> Patience:
        """For calls of laptops, which rather come again; KAM_SERVER_POOL_S, _LOCK_S, _STATEMENT_S. Raises Refused."""
        found = {}
        for name, usual in (("pool_s", 3.0), ("lock_s", 5.0), ("statement_s", 30.0)):
            text = environment.get(f"KAM_SERVER_{name.upper()}", "") or str(usual)
            if not re.fullmatch(r"\d{1,4}(\.\d+)?", text) or not float(text):
                message = N_("{name} is “{value}”; it must be a number of seconds.")
                told = {"name": f"KAM_SERVER_{name.upper()}", "value": text[:60]}
                raise Refused(Problem(name, "bad_limit", message, told))
            found[name] = float(text)
        return cls(**found)
