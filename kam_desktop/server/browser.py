"""Signing in through the browser: OpenID Connect with PKCE; the code is exchanged and judged here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from kam_desktop.domain.change import moment_text
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.entities import Person
from kam_desktop.domain.errors import Unavailable
from kam_desktop.domain.ids import Ids
from kam_desktop.domain.policy import Policy
from kam_desktop.domain.text import clean, fold
from kam_desktop.language import N_
from kam_desktop.protocol.messages import Problem, are_ids, bad
from kam_desktop.protocol.proofs import Proof
from kam_desktop.server import direct, events, id_token, provider, proving, sessions, settings, workspace
from kam_desktop.server.database import NEWS, Connection, Database
from kam_desktop.server.id_token import Claims
from kam_desktop.server.provider import Provider, Rule
from kam_desktop.server.provider_door import Door

TICKET_S = 600
"""So long somebody may take in the browser."""
REDIRECT = re.compile(r"http://127\.0\.0\.1:[1-9]\d{1,4}/kam")
BY_GROUPS = 2
"""In `disabled`: shut out because no group of theirs has a role; the groups let them in again. 1: an administrator."""
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_DEVICE = re.compile(r"[0-9a-f]{32}")
_LONGEST_CODE = 4096
_log = logging.getLogger(__name__)


def offered(database: Database) -> dict[str, Any]:
    """The name of the provider, for the button; "" where there are built-in accounts alone."""
    with database.read() as connection:
        found = provider.read(connection)
    return {"name": found.name if found is not None else ""}


def begin(
    database: Database, door: Door, message: Mapping[str, Any], clock: Clock, ids: Ids, host: str = ""
) -> dict[str, Any]:  # fmt: skip
    """What the laptop's browser is to be sent to. The nonce binds it to this laptop's key and to its challenge.

    Raises Problem 404 `no_provider`, 503 where the provider does not answer, and what `proving` raises.
    """
    device, challenge = _text(message, "device", _DEVICE), _text(message, "challenge", _CHALLENGE)
    redirect = _text(message, "redirect", REDIRECT)
    with database.write() as connection:
        key = workspace.read(connection).key
        proof = proving.proof(key, message, "browser-begin", host, clock)
        proving.spend(connection, proof, clock)
        found = _provider(connection)
    try:
        where = door.addresses(found)
    except Unavailable as failure:
        raise _down(failure) from failure
    at = f"{int(clock.now().timestamp())}.{ids.random()}"
    return {
        "name": found.name, "issuer": found.issuer, "client_id": found.client_id, "authorize": where.authorize,
        "scope": "openid email profile" + (" groups" if where.groups_scope else ""),
        "nonce": f"{at}.{_seal(key, at, device, proof.thumbprint, challenge, redirect)}",
    }  # fmt: skip


def sign_in(
    database: Database, door: Door, message: Mapping[str, Any], clock: Clock, ids: Ids, policy: Policy, host: str = ""
) -> dict[str, Any]:  # fmt: skip
    """Exchanges the code, judges what the provider says, and begins a session as for a built-in account.

    The answer also has `name`, by which the user is known here. Each nonce is good for one attempt, by the laptop that
    asked for it. With `person` nobody else is signed in. Raises Problem 403 (`provider_refused`, `not_trusted`,
    `no_user`, `no_group`, `user_disabled`, `other_person`, `device_taken`), 404, 503, and what `proving` raises.
    """
    device, verifier = _text(message, "device", _DEVICE), _text(message, "verifier", _VERIFIER)
    redirect, nonce, code = _text(message, "redirect", REDIRECT), _plain(message, "nonce"), _plain(message, "code")
    person = message.get("person", "")
    if person != "" and not are_ids([person]):
        raise bad("person")
    with database.write() as connection:
        key = workspace.read(connection).key
        proof = proving.proof(key, message, "browser-sign-in", host, clock)
        proving.spend(connection, proof, clock)
        found = _provider(connection)
        problem = None
        if not _is_ours(key, nonce, device, proof.thumbprint, verifier, redirect, clock) or not _spent_now(
            connection, nonce, clock
        ):
            problem = Problem(403, "begin_again", N_("This sign-in is over, or was begun elsewhere. Begin again."))
    if problem is not None:  # after the proof was spent
        raise problem
    claims = _believed(door, found, code, verifier, redirect, nonce, clock)
    answer: dict[str, Any] = {}
    with database.write() as connection:
        if provider.read(connection) != found:
            raise Problem(403, "begin_again", N_("This sign-in is over, or was begun elsewhere. Begin again."))
        who, rule, problem = _judged(connection, found, claims, person, clock)
        if problem is None:
            who = who or _made(connection, found, claims, rule, policy, clock, ids)
            _follow(connection, found, who, rule, claims, clock)
            answer = _session(connection, found, who, device, proof, key, clock, ids)
    if problem is not None:  # raised after what it means for the user was committed
        raise problem
    return answer


def _believed(
    door: Door, found: Provider, code: str, verifier: str, redirect: str, nonce: str, clock: Clock
) -> Claims:  # fmt: skip
    try:
        token = door.exchange(found, code, verifier, redirect, settings.provider_secret())
        try:
            return id_token.verified(token, door.keys(found), found, nonce, clock.now())
        except id_token.UnknownKey:
            return id_token.verified(token, door.keys(found, fresh=True), found, nonce, clock.now())
    except id_token.Untrusted as untrusted:
        _log.warning("identity provider: token not trusted (%s)", untrusted.why)
        message = N_("What {name} says of you is not in order ({why}). Nothing was changed. Tell your administrator.")
        raise Problem(403, "not_trusted", message, name=found.name, why=untrusted.why) from None
    except Unavailable as failure:
        raise _down(failure) from failure


def _judged(
    connection: Connection, found: Provider, claims: Claims, wanted: str, clock: Clock
) -> tuple[str, Rule | None, Problem | None]:  # fmt: skip
    """Whom it is ("" for somebody new), by which rule; and the problem, where they are not let in."""
    row = connection.one("select person from identity where issuer = ? and subject = ?", (found.issuer, claims.subject))
    if row is None and claims.email:
        row = connection.one("select person from identity_link where issuer = ? and email = ?",
                             (found.issuer, provider.address(claims.email)))  # fmt: skip
    who, rule = (str(row[0]) if row is not None else ""), found.rule(claims.groups)
    if wanted and who != wanted:
        message = N_("In the browser somebody else is signed in than the person of this profile. Sign out there first.")
        return who, rule, Problem(403, "other_person", message)
    if not who and not found.creates:
        message = N_("{name} knows you, this server does not. Ask your administrator.")
        return who, rule, Problem(403, "no_user", message, name=found.name)
    state = connection.one(f"select disabled from user_account where id = ?{connection.for_update}", (who,))  # noqa: S608
    if who and (state is None or state[0] == 1):
        return who, rule, Problem(403, "user_disabled", N_("This user may not use the server any more."))
    if rule is None and (found.rules or not who):
        if who and state is not None and state[0] != BY_GROUPS:
            connection.run("update user_account set disabled = ?, rights = rights + 1 where id = ?", (BY_GROUPS, who))
            sessions.end_all(connection, person=who)
            events.note(connection, clock, "provider.no_group", by=events.SERVER, subject=who)
            connection.tell(NEWS)
        message = N_("No group of yours at {name} has a role here. Ask your administrator.")
        return who, rule, Problem(403, "no_group", message, name=found.name)
    return who, rule, None


def _follow(
    connection: Connection, found: Provider, who: str, rule: Rule | None, claims: Claims, clock: Clock
) -> None:  # fmt: skip
    """Role and team as the groups say, and the provider's id kept as this user's."""
    known = connection.one("select 1 from identity where issuer = ? and subject = ?", (found.issuer, claims.subject))
    if known is None:
        provider.bind(connection, found.issuer, claims.subject, who, clock)
        events.note(connection, clock, "provider.bound", by=events.SERVER, subject=who)
    row = connection.one("select role, team, disabled from user_account where id = ?", (who,))
    if rule is None or row is None:
        return
    team = connection.one("select id from team where name = ?", (rule.team,)) if rule.team else (row[1],)
    wanted = (rule.role, team[0] if team is not None else row[1], 0)
    if wanted != (row[0], row[1], row[2]):
        connection.run(
            "update user_account set role = ?, team = ?, disabled = ?, rights = rights + 1 where id = ?", (*wanted, who)
        )
        events.note(connection, clock, "provider.role", by=events.SERVER, subject=who, before=row[0], role=rule.role)
        connection.tell(NEWS)


def _made(
    connection: Connection, found: Provider, claims: Claims, rule: Rule | None, policy: Policy, clock: Clock, ids: Ids
) -> str:  # fmt: skip
    """A user without a password, and the person that colleagues see."""
    plain = claims.name or claims.email.partition("@")[0] or "user"
    wanted = name = fold(clean(plain.partition("@")[0]))[:100] or "user"
    number = 1
    while connection.one("select 1 from user_account where name = ?", (name,)) is not None:
        number += 1
        name = f"{wanted}-{number}"
    identity, role = ids.new(), rule.role if rule is not None else ""
    connection.run("insert into user_account (id, name, role) values (?, ?, ?)", (identity, name, role))
    person = Person(id=identity, full_name=clean(claims.full_name) or plain, role=role)
    direct.write(connection, [person], policy=policy, clock=clock, ids=ids)
    events.note(connection, clock, "provider.user", by=events.SERVER, subject=identity, issuer=found.issuer, role=role)
    return identity


def _session(
    connection: Connection, found: Provider, who: str, device: str, proof: Proof, key: bytes, clock: Clock, ids: Ids
) -> dict[str, Any]:  # fmt: skip
    answer = sessions.begun(connection, who, device, proof, key, clock, ids, until_days=found.days)
    events.note(connection, clock, "provider.sign_in", by=who, subject=device, issuer=found.issuer)
    row = connection.one("select name from user_account where id = ?", (who,))
    return answer | {"name": str(row[0]) if row is not None else ""}


def _provider(connection: Connection) -> Provider:
    found = provider.read(connection)
    if found is None:
        raise Problem(404, "no_provider", N_("This server has built-in accounts alone: sign in with your password."))
    return found


def _is_ours(
    key: bytes, nonce: str, device: str, thumbprint: str, verifier: str, redirect: str, clock: Clock
) -> bool:  # fmt: skip
    """Whether it was given to this laptop's key, for this challenge, a while ago at most."""
    at, _, mac = nonce.rpartition(".")
    moment = at.partition(".")[0]
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    right = _seal(key, at, device, thumbprint, challenge, redirect)
    if not hmac.compare_digest(mac.encode("utf-8", "replace"), right.encode()) or not moment.isdecimal():
        return False
    return -60 <= clock.now().timestamp() - int(moment) <= TICKET_S


def _seal(key: bytes, *said: str) -> str:
    return hmac.new(key, "|".join(("browser", *said)).encode("utf-8", "replace"), "sha256").hexdigest()


def _spent_now(connection: Connection, nonce: str, clock: Clock) -> bool:
    """Whether nobody used this nonce before, at whichever process."""
    identity = hashlib.sha256(f"browser|{nonce}".encode()).hexdigest()
    ends = moment_text(clock.now() + timedelta(seconds=TICKET_S + 120))
    return connection.one(
        "insert into proof_spent (id, ends_at) values (?, ?) on conflict (id) do nothing returning id", (identity, ends)
    ) is not None  # fmt: skip


def _down(failure: Unavailable) -> Problem:
    return Problem(503, failure.code, failure.message, retry_after=10)


def _text(message: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = message.get(name)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise bad(name)
    return value


def _plain(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_CODE:
        raise bad(name)
    if not value.isascii() or not value.isprintable():
        raise bad(name)
    return value
