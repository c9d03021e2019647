"""Signing in with built-in accounts: Argon2id, lockout, tokens bound to a laptop's key."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import argon2

from kam_desktop.domain.change import moment_text
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.ids import Ids, letters
from kam_desktop.domain.text import fold
from kam_desktop.language import N_
from kam_desktop.protocol.messages import Problem, bad
from kam_desktop.protocol.proofs import Proof
from kam_desktop.server import events, lease, proving, workspace
from kam_desktop.server.database import Connection, Database

ACCESS_S = 600
FREE_FAILURES = 5
LOCK_S = 60
LONGEST_LOCK_S = 3600
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"

_HASHER = argon2.PasswordHasher()  # Argon2id with the parameters of RFC 9106 for little memory
_NOBODY = _HASHER.hash("nobody has this password")
"""Verified against where there is no such user, so that a wrong name takes as long as a wrong password."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Who a request is from, as its token says."""

    user: str
    device: str


@dataclass(frozen=True, slots=True)
class Bearer:
    """An access token whose owner is still to be asked for, in the transaction of the call itself."""

    token: str
    clock: Clock

    def known(self, connection: Connection) -> Subject:
        """Whose it is. Raises Problem 401."""
        return subject(connection, self.token, self.clock)


def hashed(password: str) -> str:
    """A password as it is kept."""
    return _HASHER.hash(password)


def sign_in(
    database: Database, message: Mapping[str, Any], clock: Clock, ids: Ids, host: str = ""
) -> dict[str, Any]:  # fmt: skip
    """Checks name and password and begins a session of this device, bound to the key that its `proof` shows.

    Raises Problem 401 `wrong_password` (also for an unknown or disabled user), 429 `locked` after too many failures,
    and what `proving` raises. The password is computed outside every transaction: it takes a while, and nobody waits.
    """
    name, password, device = _texts(message, "user", "password", "device")
    if len(device) != 32 or set(device) - set("0123456789abcdef"):
        raise bad("device")
    folded = fold(name.strip())[:120]
    with database.read() as connection:
        key = workspace.read(connection).key
        proof = proving.proof(key, message, "sign-in", host, clock)
        _refuse_locked(connection, folded, clock)
        row = connection.one("select id, password, disabled from user_account where name = ?", (folded,))
    good = _verified(row[1] if row and row[1] else _NOBODY, password)
    with database.write() as connection:
        _refuse_locked(connection, folded, clock)
        proving.spend(connection, proof, clock)
        if not good or row is None or row[2]:
            _count_failure(connection, folded, clock)
            wrong: Problem | None = Problem(401, "wrong_password", N_("The name or the password is wrong."))
            answer: dict[str, Any] = {}
        else:
            wrong = None
            connection.run("delete from sign_in_failure where name = ?", (folded,))
            answer = _begin(connection, row[0], device, proof, clock, ids) | _beside(connection, key, device, clock)
    if wrong is not None:  # raised after the failure was counted and committed
        raise wrong
    return answer


def refresh(
    database: Database, message: Mapping[str, Any], clock: Clock, ids: Ids, host: str = ""
) -> dict[str, Any]:  # fmt: skip
    """Another access token and the next refresh token, for the laptop whose key the session is bound to.

    The next one is made of the one before it, so that asking again after a lost answer gives the same. Asking again is
    the same `attempt`, which the laptop writes down before it asks, however long ago. Whoever has the token before
    without that word, an older token, or a token without the key, has a copy: the session ends for both, and it is
    noted. A session that is older than keys is bound to the first that is shown. With the laptop's `epoch` and `mark`
    a database that was set back is known before it takes a newer token for an older one. Raises Problem 401, 503
    `restored`, and what `proving` raises.
    """
    token, device = _texts(message, "refresh", "device")
    _refuse_set_back(database, message)
    ended = Problem(401, "sign_in", N_("Sign in again to go on syncing. Your changes wait on this computer."))
    family = token.partition(".")[0]
    problem: Problem | None = ended
    answer: dict[str, Any] = {}
    with database.write() as connection:
        key = workspace.read(connection).key
        proof = proving.proof(key, message, "refresh", host, clock)
        proving.spend(connection, proof, clock)
        row = connection.one(
            "select person, device, refresh, before, ends_at, attempt, thumbprint, until from session where family = ?"  # noqa: S608
            + connection.for_update,
            (family,),
        )
        if row is not None and row[4] > moment_text(clock.now()) and _usable(connection, row):
            given = _digest(token)
            if row[1] == device and row[6] in (None, proof.thumbprint) and _is_next(row, given, proof):
                following = _successor(key, family, token)
                connection.run(
                    "update session set refresh = ?, before = ?, attempt = ?, thumbprint = ?, renewed_at = ?, "
                    "ends_at = ? where family = ?",
                    (_digest(following), given, _digest(proof.attempt), proof.thumbprint, moment_text(clock.now()),
                     _no_later(_ends(clock, days=lease.days(connection)), row[7]), family),
                )  # fmt: skip
                connection.run("update device set thumbprint = ? where id = ?", (proof.thumbprint, device))
                answer = _access(connection, family, row[0], device, clock, ids)
                answer |= {"refresh": following} | _beside(connection, key, device, clock)
                problem = None
            else:
                _end(connection, family)
                why = "key" if given in (row[2], row[3]) and row[6] != proof.thumbprint else "token"
                events.note(connection, clock, "session.stolen", by=events.SERVER, subject=row[1], person=row[0],
                            by_its=why)  # fmt: skip
    if problem is not None:
        raise problem
    return answer


def begun(
    connection: Connection, person: str, device: str, proof: Proof, key: bytes, clock: Clock, ids: Ids, *,
    until_days: int,
) -> dict[str, Any]:  # fmt: skip
    """A session of somebody whom an identity provider knows; it is renewed for so many days and no longer.

    Raises Problem 403 for a laptop that belongs to another user or was revoked.
    """
    answer = _begin(connection, person, device, proof, clock, ids)
    until = _ends(clock, days=until_days)
    ends = _no_later(_ends(clock, days=lease.days(connection)), until)
    connection.run("update session set until = ?, ends_at = ? where device = ?", (until, ends, device))
    return answer | _beside(connection, key, device, clock)


def _no_later(ends: str, until: str | None) -> str:
    return ends if until is None else min(ends, until)


def _beside(connection: Connection, key: bytes, device: str, clock: Clock) -> dict[str, Any]:
    """What goes with tokens: the nonce of the next renewal, the lease, and by what the laptop knows its own code."""
    return {
        "nonce": proving.nonce(key, clock), "lease_days": lease.days(connection),
        "wipe_lock": lease.lock(key, device),
    }  # fmt: skip


def _is_next(row: tuple[Any, ...], given: str, proof: Proof) -> bool:
    """Whether a token is the newest one, or the one before it, asked for again by whoever never got the answer."""
    if given == row[2]:
        return True
    return given == row[3] and bool(proof.attempt) and row[5] in (None, _digest(proof.attempt))


def _refuse_set_back(database: Database, message: Mapping[str, Any]) -> None:
    with database.read() as connection:
        found = workspace.read(connection)
        if message.get("mark") is None or message.get("epoch") != found.epoch:
            return
        workspace.check_open(found)
        try:
            workspace.check_mark(connection, found, message["mark"])
            return
        except workspace.SetBackFound:
            pass
    with database.write() as connection:
        workspace.set_back(connection)
    raise workspace.restored()


def sign_out(database: Database, message: Mapping[str, Any]) -> dict[str, Any]:
    """Ends the session of a refresh token; says nothing about whether there was one."""
    token, _device = _texts(message, "refresh", "device")
    family = token.partition(".")[0]
    with database.write() as connection:
        row = connection.one("select refresh, before from session where family = ?", (family,))
        if row is not None and _digest(token) in row:
            _end(connection, family)
    return {}


def subject(connection: Connection, token: str, clock: Clock) -> Subject:
    """Whose access token this is. Raises Problem 401 for one that is unknown, ended or revoked."""
    row = connection.one("select person, device, ends_at from access_token where hash = ?", (_digest(token),))
    if row is None or row[2] <= moment_text(clock.now()):
        raise Problem(401, "sign_in", N_("Sign in again to go on syncing. Your changes wait on this computer."))
    return Subject(row[0], row[1])


def end_all(connection: Connection, *, person: str = "", device: str = "") -> int:
    """Ends every session of a person, or of a device; gives how many there were."""
    column, value = ("person", person) if person else ("device", device)
    families = [row[0] for row in connection.rows(f"select family from session where {column} = ?", (value,))]  # noqa: S608
    for family in families:
        _end(connection, family)
    return len(families)


def forget_ended(connection: Connection, clock: Clock) -> None:
    """Lets go of tokens and sessions that are over."""
    now = moment_text(clock.now())
    connection.run("delete from access_token where ends_at <= ?", (now,))
    connection.run("delete from session where ends_at <= ?", (now,))


def _begin(
    connection: Connection, person: str, device: str, proof: Proof, clock: Clock, ids: Ids
) -> dict[str, Any]:  # fmt: skip
    # locked, so that two new laptops of one person that sign in at once get two letters
    connection.one(f"select 1 from user_account where id = ?{connection.for_update}", (person,))  # noqa: S608
    held = connection.one("select person, revoked, letter from device where id = ?", (device,))
    if held is not None and (held[0] != person or held[1]):
        raise Problem(403, "device_taken", N_("This laptop belongs to another user, or was revoked."))
    if held is None:
        taken = {row[0] for row in connection.rows("select letter from device where person = ?", (person,))}
        again = workspace.read(connection).epoch > 1  # it was set back, and forgot letters that laptops go by
        letter = letters(device) if again else next((each for each in _letters() if each not in taken), "")
        connection.run(
            "insert into device (id, person, letter, last_seen) values (?, ?, ?, ?)",
            (device, person, letter, moment_text(clock.now())),
        )
    else:
        letter = held[2]
    for row in connection.rows("select family from session where device = ?", (device,)):
        _end(connection, row[0])
    family = ids.random()
    first = f"{family}.{ids.random()}{ids.random()}"
    connection.run(
        "insert into session (family, person, device, refresh, thumbprint, renewed_at, ends_at) "
        "values (?, ?, ?, ?, ?, ?, ?)",
        (family, person, device, _digest(first), proof.thumbprint, moment_text(clock.now()),
         _ends(clock, days=lease.days(connection))),
    )  # fmt: skip
    connection.run("update device set thumbprint = ? where id = ?", (proof.thumbprint, device))
    role, rights = connection.one("select role, rights from user_account where id = ?", (person,)) or ("", 0)
    found = workspace.read(connection)
    return {
        **_access(connection, family, person, device, clock, ids), "refresh": first, "user": person, "person": person,
        "role": role, "rights": rights, "letter": letter, "workspace": found.id, "epoch": found.epoch,
    }  # fmt: skip


def _letters() -> list[str]:
    return [*LETTERS, *(first + second for first in LETTERS for second in LETTERS)]


def _access(
    connection: Connection, family: str, person: str, device: str, clock: Clock, ids: Ids
) -> dict[str, Any]:  # fmt: skip
    token = ids.random() + ids.random()
    connection.run("delete from access_token where family = ?", (family,))
    connection.run(
        "insert into access_token (hash, family, person, device, ends_at) values (?, ?, ?, ?, ?)",
        (_digest(token), family, person, device, _ends(clock, seconds=ACCESS_S)),
    )
    return {"access": token, "expires_s": ACCESS_S}


def _end(connection: Connection, family: str) -> None:
    connection.run("delete from access_token where family = ?", (family,))
    connection.run("delete from session where family = ?", (family,))


def _usable(connection: Connection, row: tuple[Any, ...]) -> bool:
    user = connection.one("select disabled from user_account where id = ?", (row[0],))
    held = connection.one("select revoked from device where id = ?", (row[1],))
    return user is not None and not user[0] and held is not None and not held[0]


def _refuse_locked(connection: Connection, name: str, clock: Clock) -> None:
    row = connection.one("select locked_until from sign_in_failure where name = ?", (name,))
    if row is not None and row[0] and row[0] > moment_text(clock.now()):
        left = datetime.fromisoformat(row[0]) - clock.now()
        raise Problem(
            429, "locked", N_("Too many failed sign-ins. Try again in a while, or ask your administrator."),
            retry_after=max(1, int(left.total_seconds())),
        )  # fmt: skip


def _count_failure(connection: Connection, name: str, clock: Clock) -> None:
    """Counted by the database, so that guesses that come at once, at several processes, all count."""
    now = moment_text(clock.now())
    row = connection.one(
        "insert into sign_in_failure (name, count, last_at, locked_until) values (?, 1, ?, null) on conflict (name) do "
        "update set count = sign_in_failure.count + 1, last_at = excluded.last_at returning count",
        (name, now),
    )
    count = row[0] if row else 1
    if count > FREE_FAILURES:
        wait = min(LONGEST_LOCK_S, LOCK_S * 2 ** min(count - FREE_FAILURES - 1, 10))
        connection.run("update sign_in_failure set locked_until = ? where name = ?", (_ends(clock, seconds=wait), name))


def _verified(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def _successor(key: bytes, family: str, token: str) -> str:
    return f"{family}.{hmac.new(key, b'refresh|' + token.encode(), 'sha256').hexdigest()}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _ends(clock: Clock, *, days: int = 0, seconds: int = 0) -> str:
    return moment_text(clock.now() + timedelta(days=days, seconds=seconds))


def _texts(message: Mapping[str, Any], *names: str) -> list[str]:
    found = []
    for name in names:
        value = message.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= 1000 or "\0" in value:
            raise bad(name)  # PostgreSQL keeps no NUL in a text
        found.append(value)
    return found
