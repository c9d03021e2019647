"""The identity provider as the administrator set it: who it is, and which groups have which role."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson

from kam_desktop.domain.change import moment_text
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.policy import Policy
from kam_desktop.domain.text import clean, fold
from kam_desktop.language import N_
from kam_desktop.server import events, sessions
from kam_desktop.server.database import Connection
from kam_desktop.server.transport import is_safe

EVERYBODY = "*"
"""A rule for whoever the provider lets in at all."""
DAYS = 7
"""So long a session lasts before the provider is asked again, unless the administrator says otherwise."""
MOST_RULES, LONGEST = 200, 200


@dataclass(frozen=True, slots=True)
class Rule:
    """Who is in this group has this role and, where one is named, is in this team."""

    group: str
    role: str
    team: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """One OpenID provider.

    Attributes:
        name: as people see it. rules: the first that fits counts; none at all leaves roles to the administrator.
        creates: whether somebody whom no user was linked with gets a user, where a rule fits.
        days: after so many the provider is asked again. trial: plain http to this very machine is allowed.
    """

    issuer: str
    client_id: str
    name: str
    groups_claim: str = "groups"
    rules: tuple[Rule, ...] = ()
    creates: bool = False
    days: int = DAYS
    trial: bool = False

    def rule(self, groups: Iterable[str]) -> Rule | None:
        """The first rule that fits somebody in these groups."""
        held = {*groups, EVERYBODY}
        return next((each for each in self.rules if each.group in held), None)


@dataclass(frozen=True, slots=True)
class Linked:
    """Who signs in as which user; `email` where nobody did so far and whoever has that address will."""

    user: str
    subject: str
    email: str


def read(connection: Connection) -> Provider | None:
    """The provider, None where there are built-in accounts alone."""
    row = connection.one(
        "select issuer, client_id, name, groups_claim, rules, creates, days, trial from identity_provider"
    )
    if row is None:
        return None
    rules = tuple(Rule(*each) for each in orjson.loads(row[4]))
    return Provider(row[0], row[1], row[2], row[3], rules, bool(row[5]), row[6], bool(row[7]))


def put(connection: Connection, wanted: Provider, policy: Policy, clock: Clock) -> None:
    """Makes it the provider. Raises Refused with every problem; nothing is changed then."""
    problems = list(_problems(connection, wanted, policy))
    if problems:
        raise Refused(problems)
    rules = orjson.dumps([[each.group, each.role, each.team] for each in wanted.rules]).decode()
    connection.run("delete from identity_provider")
    connection.run(
        "insert into identity_provider (n, issuer, client_id, name, groups_claim, rules, creates, days, trial) "
        "values (1, ?, ?, ?, ?, ?, ?, ?, ?)",
        (wanted.issuer, wanted.client_id, wanted.name, wanted.groups_claim, rules, int(wanted.creates), wanted.days,
         int(wanted.trial)),
    )  # fmt: skip
    events.note(connection, clock, "provider.set", by=events.CONSOLE, subject="", issuer=wanted.issuer,
                client=wanted.client_id, rules=rules, creates=int(wanted.creates), days=wanted.days)  # fmt: skip


def _problems(connection: Connection, wanted: Provider, policy: Policy) -> Iterable[Problem]:
    if not is_safe(wanted.issuer, wanted.trial) or "?" in wanted.issuer:
        message = N_("“{issuer}” is no address of an identity provider. It begins with https and has no question mark.")
        yield Problem("issuer", "bad_issuer", message, {"issuer": wanted.issuer[:LONGEST]})
    if not 0 < len(wanted.client_id) <= LONGEST or not wanted.client_id.isprintable():
        yield Problem("client-id", "required", N_("The provider must know this program by a client id."))
    if not wanted.name or not wanted.groups_claim or len(wanted.name) > 60 or len(wanted.groups_claim) > LONGEST:
        message = N_("The provider needs a name of at most 60 letters, and a claim for groups.")
        yield Problem("name", "required", message)
    if not 1 <= wanted.days <= 365:
        yield Problem("days", "bad_days", N_("The provider is asked again after 1 to 365 days."))
    if wanted.creates and not wanted.rules:
        yield Problem("create", "no_rules", N_("Users are made only where a group says which role they get."))
    if len(wanted.rules) > MOST_RULES:
        yield Problem("group", "too_many", N_("There are too many groups."))
    for each in wanted.rules:
        if not each.group or each.role not in policy.roles:
            said = {"role": each.role[:60], "roles": ", ".join(policy.roles)}
            yield Problem("group", "unknown_role", N_("“{role}” is no role; there are {roles}."), said)
        if each.team and connection.one("select 1 from team where name = ?", (each.team,)) is None:
            yield Problem("group", "unknown_team", N_("There is no such team."))


def clear(connection: Connection, clock: Clock) -> None:
    """From now on there are built-in accounts alone; sessions of the others end, links stay for another time."""
    for (person,) in connection.rows("select distinct person from identity"):
        sessions.end_all(connection, person=person)
    if connection.run("delete from identity_provider"):
        events.note(connection, clock, "provider.clear", by=events.CONSOLE, subject="")


def link(connection: Connection, user: str, clock: Clock, *, subject: str = "", email: str = "") -> None:
    """Says who at the provider a user is: by the provider's own id, or by a verified address the first time.

    From then on the provider alone says who they are: the user's password goes. Raises Refused.
    """
    found, person = read(connection), _person(connection, user)
    if found is None:
        raise Refused(Problem("provider", "no_provider", N_("No identity provider is set.")))
    if bool(subject) == bool(email) or len(subject or email) > 255 or (email and "@" not in email):
        raise Refused(Problem("subject", "required", N_("Name either the provider's id of the user or an e-mail.")))
    if subject:
        taken = connection.one("select person from identity where issuer = ? and subject = ?", (found.issuer, subject))
    else:
        taken = connection.one("select person from identity_link where issuer = ? and email = ?",
                               (found.issuer, address(email)))  # fmt: skip
    if taken is not None and taken[0] != person:
        raise Refused(Problem("subject", "taken", N_("Another user is linked with that.")))
    _unlink(connection, person)
    if subject:
        bind(connection, found.issuer, subject, person, clock)
    else:
        connection.run("insert into identity_link (issuer, email, person) values (?, ?, ?)",
                       (found.issuer, address(email), person))  # fmt: skip
    events.note(connection, clock, "provider.link", by=events.CONSOLE, subject=person,
                with_its="subject" if subject else "email")  # fmt: skip


def unlink(connection: Connection, user: str, clock: Clock) -> None:
    """Nobody signs in through the provider as this user any more; sessions end. Raises Refused."""
    person = _person(connection, user)
    _unlink(connection, person)
    sessions.end_all(connection, person=person)
    events.note(connection, clock, "provider.unlink", by=events.CONSOLE, subject=person)


def linked(connection: Connection) -> Sequence[Linked]:
    """Who is linked, by user."""
    rows = connection.rows(
        "select u.name, i.subject, '' from identity i join user_account u on u.id = i.person "
        "union all select u.name, '', l.email from identity_link l join user_account u on u.id = l.person order by 1"
    )
    return [Linked(*row) for row in rows]


def bind(connection: Connection, issuer: str, subject: str, person: str, clock: Clock) -> None:
    """From now on this id at the provider is this user, who has no password any more."""
    connection.run("delete from identity_link where person = ?", (person,))
    connection.run("insert into identity (issuer, subject, person, at) values (?, ?, ?, ?)",
                   (issuer, subject, person, moment_text(clock.now())))  # fmt: skip
    connection.run("update user_account set password = null where id = ?", (person,))


def address(email: str) -> str:
    """An e-mail address as it is compared."""
    return email.strip().casefold()


def _unlink(connection: Connection, person: str) -> None:
    connection.run("delete from identity where person = ?", (person,))
    connection.run("delete from identity_link where person = ?", (person,))


def _person(connection: Connection, user: str) -> str:
    row = connection.one("select id from user_account where name = ?", (fold(clean(user))[:120],))
    if row is None:
        raise Refused(Problem("name", "unknown_user", N_("There is no user “{name}”."), {"name": user[:60]}))
    return str(row[0])
