"""Users and teams: what an administrator does on the server's own database."""

from __future__ import annotations

from dataclasses import dataclass

from kam_desktop.domain.clock import Clock
from kam_desktop.domain.entities import Person
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.ids import Ids
from kam_desktop.domain.policy import Policy
from kam_desktop.domain.text import clean, fold
from kam_desktop.language import N_
from kam_desktop.server import direct, sessions
from kam_desktop.server.database import Connection

SHORTEST_PASSWORD = 10


@dataclass(frozen=True, slots=True)
class User:
    """One user as lists show it."""

    id: str
    name: str
    role: str
    team: str
    disabled: bool
    devices: int


def add(
    connection: Connection, name: str, role: str, password: str, *, full_name: str = "", team: str = "",
    policy: Policy, clock: Clock, ids: Ids,
) -> str:  # fmt: skip
    """Makes a user with a built-in account, and the person that colleagues see; gives the id of both.

    Raises Refused with every problem: a name that is taken, an unknown role or team, a password that is too short.
    """
    sign_in_name = _name(name)
    problems = []
    if not sign_in_name:
        problems.append(Problem("name", "required", N_("A user needs a name.")))
    elif connection.one("select 1 from user_account where name = ?", (sign_in_name,)) is not None:
        problems.append(Problem("name", "taken", N_("There is a user “{name}” already."), {"name": sign_in_name}))
    if role not in policy.roles:
        said = {"role": role[:60], "roles": ", ".join(policy.roles)}
        problems.append(Problem("role", "unknown_role", N_("“{role}” is no role; there are {roles}."), said))
    problems += _password_problems(password)
    team_id = _team_id(connection, team, problems)
    if problems:
        raise Refused(problems)
    identity = ids.new()
    connection.run(
        "insert into user_account (id, name, role, team, password) values (?, ?, ?, ?, ?)",
        (identity, sign_in_name, role, team_id or None, sessions.hashed(password)),
    )
    person = Person(id=identity, full_name=clean(full_name) or clean(name), role=role)
    direct.write(connection, [person], policy=policy, clock=clock, ids=ids)
    return identity


def listed(connection: Connection) -> list[User]:
    """All users by name."""
    teams: dict[str, str] = dict(connection.rows("select id, name from team"))
    counted = connection.rows("select person, count(*) from device where revoked = 0 group by person")
    devices: dict[str, int] = dict(counted)
    return [
        User(row[0], row[1], row[2], teams.get(row[3], ""), bool(row[4]), devices.get(row[0], 0))
        for row in connection.rows("select id, name, role, team, disabled from user_account order by name")
    ]


def disable(connection: Connection, name: str, disabled: bool = True) -> None:
    """Shuts a user out at once, or lets them in again. What they wrote stays. Raises Refused for an unknown name."""
    identity = _user_id(connection, name)
    connection.run("update user_account set disabled = ? where id = ?", (int(disabled), identity))
    if disabled:
        sessions.end_all(connection, person=identity)


def set_password(connection: Connection, name: str, password: str) -> None:
    """Gives a user another password, ends their sessions and any lockout. Raises Refused."""
    identity = _user_id(connection, name)
    problems = _password_problems(password)
    if problems:
        raise Refused(problems)
    connection.run("update user_account set password = ? where id = ?", (sessions.hashed(password), identity))
    connection.run("delete from sign_in_failure where name = ?", (_name(name),))
    sessions.end_all(connection, person=identity)


def set_role(connection: Connection, name: str, role: str, policy: Policy) -> None:
    """Gives a user another role; everything they hold is fetched anew. Raises Refused."""
    identity = _user_id(connection, name)
    if role not in policy.roles:
        said = {"role": role[:60], "roles": ", ".join(policy.roles)}
        raise Refused(Problem("role", "unknown_role", N_("“{role}” is no role; there are {roles}."), said))
    connection.run("update user_account set role = ?, rights = rights + 1 where id = ?", (role, identity))


def add_team(connection: Connection, name: str, lead: str, ids: Ids) -> str:
    """Makes a team; `lead` is a user's name or "". Raises Refused."""
    shown = clean(name)
    if not shown or connection.one("select 1 from team where name = ?", (shown,)) is not None:
        raise Refused(Problem("team", "taken", N_("A team needs a name that no other team has.")))
    identity = ids.new()
    leader = _user_id(connection, lead) if lead else None
    connection.run("insert into team (id, name, lead) values (?, ?, ?)", (identity, shown, leader))
    return identity


def set_lead(connection: Connection, team: str, lead: str) -> None:
    """Gives a team another lead, or none. Raises Refused."""
    problems: list[Problem] = []
    identity = _team_id(connection, team, problems)
    if problems or not identity:
        raise Refused(problems or [Problem("team", "unknown_team", N_("There is no such team."))])
    leader = _user_id(connection, lead) if lead else None
    connection.run("update team set lead = ? where id = ?", (leader, identity))


def join(connection: Connection, name: str, team: str) -> None:
    """Puts a user into a team, or ("") into none. Raises Refused."""
    problems: list[Problem] = []
    identity = _team_id(connection, team, problems)
    if problems:
        raise Refused(problems)
    connection.run("update user_account set team = ? where id = ?", (identity or None, _user_id(connection, name)))


def teams(connection: Connection) -> list[tuple[str, str, str]]:
    """(name, lead's name, members) of all teams."""
    names: dict[str, str] = dict(connection.rows("select id, name from user_account"))
    members: dict[str, list[str]] = {}
    for team, name in connection.rows("select team, name from user_account where team is not null order by name"):
        members.setdefault(team, []).append(name)
    return [
        (row[1], names.get(row[2], ""), ", ".join(members.get(row[0], [])))
        for row in connection.rows("select id, name, lead from team order by name")
    ]


def _name(text: str) -> str:
    return fold(clean(text))[:120]


def _user_id(connection: Connection, name: str) -> str:
    row = connection.one("select id from user_account where name = ?", (_name(name),))
    if row is None:
        raise Refused(Problem("name", "unknown_user", N_("There is no user “{name}”."), {"name": name[:60]}))
    return str(row[0])


def _team_id(connection: Connection, name: str, problems: list[Problem]) -> str:
    if not name:
        return ""
    row = connection.one("select id from team where name = ?", (clean(name),))
    if row is None:
        problems.append(Problem("team", "unknown_team", N_("There is no such team.")))
        return ""
    return str(row[0])


def _password_problems(password: str) -> list[Problem]:
    if len(password) < SHORTEST_PASSWORD:
        message = N_("A password has at least {n} characters.")
        return [Problem("password", "too_short", message, {"n": str(SHORTEST_PASSWORD)})]
    return []
