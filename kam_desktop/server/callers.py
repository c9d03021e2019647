"""Who calls: the user behind a device, how they stand to records, what they may see."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field

from kam_desktop.domain import scopes
from kam_desktop.domain.policy import Policy
from kam_desktop.domain.scopes import Root
from kam_desktop.language import N_
from kam_desktop.protocol.messages import Problem
from kam_desktop.server.database import Connection, Row


@dataclass(frozen=True)
class Caller:
    """The signed-in user of one call, with what decides their rights.

    Attributes:
        device: its id; `device_number` is what rows and the log call it by.
        led: the users of the teams that this user leads, without the user.
        helps: the accounts that the user helps with.
        rights: another number means that everything this user holds must be fetched anew.
    """

    user: str
    device: str
    device_number: int
    role: str
    team: str
    led_teams: frozenset[str]
    led: frozenset[str]
    helps: frozenset[str]
    rights: int
    policy: Policy = field(repr=False)

    def relations_of_owner(self, owner: str) -> frozenset[str]:
        """How the user stands to the accounts of somebody: own, led or org."""
        return _OWN if owner == self.user else _LED if owner in self.led else _ORG

    def relations(self, root: Root, owner: str) -> frozenset[str]:
        """How the user stands to every row with this root; `owner` is that of an account. Empty: not at all."""
        if root.kind == "account":
            found = self.relations_of_owner(owner)
            return found | _SHARED if root.name in self.helps else found
        if root.kind == "person":
            return _SELF if root.name == self.user else frozenset()
        if root.kind == "finance":
            return _FINANCE
        return _ORG | _SELF if root.name == self.user else _ORG

    def seen_through(self, root: Root, owner: str) -> frozenset[str]:
        """Those of the relations through which this role is sent the rows with this root."""
        reach = self.policy.reach.get(self.role, frozenset())
        all_accounts = "all" if root.kind == "account" else "org"
        return frozenset(
            each
            for each in self.relations(root, owner)
            if each == "self" or (all_accounts if each == "org" else each) in reach
        )

    def may(self, relations: Iterable[str], entity: str, operation: str) -> bool:
        """Whether one of these relations allows it."""
        return any(self.policy.may(self.role, each, entity, operation) for each in relations)

    def sees(self, root: Root, owner: str, entity: str) -> bool:
        """Whether the user is sent such rows and may read them."""
        return any(entity in self.readable(each) for each in self.seen_through(root, owner))

    def readable(self, relation: str) -> frozenset[str]:
        """The kinds of records that the user may read where they stand so."""
        key = (self.policy.fingerprint, self.role, relation)
        if key not in _READABLE:
            _READABLE[key] = self.policy.readable_entities(self.role, relation)
        return _READABLE[key]

    def hidden(self, relations: Iterable[str], entity: str) -> frozenset[str]:
        """The fields that are taken out of a row to which the user stands so: those that no relation opens."""
        found: frozenset[str] | None = None
        for each in relations:
            if entity in self.readable(each):
                key = (self.policy.fingerprint, self.role, each, entity)
                if key not in _HIDDEN:
                    _HIDDEN[key] = self.policy.hidden_fields(self.role, each, entity)
                found = _HIDDEN[key] if found is None else found & _HIDDEN[key]
        return frozenset() if found is None else found

    def unwritable(self, relations: Iterable[str], entity: str, operation: str) -> frozenset[str]:
        """The fields that the user may not write in a row to which they stand so."""
        found: frozenset[str] | None = None
        for each in relations:
            if self.policy.may(self.role, each, entity, operation):
                key = (self.policy.fingerprint, self.role, each, entity)
                if key not in _UNWRITABLE:
                    _UNWRITABLE[key] = self.policy.unwritable_fields(self.role, each, entity)
                found = _UNWRITABLE[key] if found is None else found & _UNWRITABLE[key]
        return frozenset() if found is None else found

    def stamp(self, epoch: int) -> str:
        """Stands in every cursor: with another one, a cursor counts for nothing and its scope restarts."""
        return f"{epoch:x}.{self.rights:x}.{self.policy.fingerprint[:12]}"


_OWN, _LED, _ORG = frozenset(("own",)), frozenset(("led",)), frozenset(("org",))
_SHARED, _SELF, _FINANCE = frozenset(("shared",)), frozenset(("self",)), frozenset(("finance",))
_READABLE: dict[tuple[str, str, str], frozenset[str]] = {}
_HIDDEN: dict[tuple[str, str, str, str], frozenset[str]] = {}
_UNWRITABLE: dict[tuple[str, str, str, str], frozenset[str]] = {}


def load(connection: Connection, user: str, device: str, policy: Policy) -> Caller:
    """The caller behind a user and a device. Raises Problem 403 for a disabled user or a device that was revoked."""
    found = connection.one(_LOADED, (device, user))
    caller = _made(connection, user, found, policy)
    if found is None or found[6] is None or found[7]:
        raise Problem(403, "device_revoked", N_("This laptop may not use the server any more."))
    return dataclasses.replace(caller, device=device, device_number=found[6])


def of_user(connection: Connection, user: str, policy: Policy, *, also_disabled: bool = False) -> Caller:
    """A user with their rights, as the server itself acts for them. Raises Problem 403 for a disabled one.

    `also_disabled`: somebody who left; a lead takes in what their laptop handed in.
    """
    found = connection.one(_LOADED, ("", user))
    if found is not None and also_disabled:
        found = (*found[:3], 0, *found[4:])
    return _made(connection, user, found, policy)


_LOADED = (
    "select u.role, u.team, u.rights, u.disabled, exists (select 1 from team t where t.lead = u.id), "
    "exists (select 1 from account_helper h where h.person = u.id), d.n, d.revoked "
    "from user_account u left join device d on d.id = ? and d.person = u.id where u.id = ?"
)
"""A user, whether they lead a team or help with an account, and a laptop of theirs: one question to the database."""


def _made(connection: Connection, user: str, found: Row | None, policy: Policy) -> Caller:
    if found is None or found[3]:
        raise Problem(403, "user_disabled", N_("This user may not use the server any more."))
    leads, assists = found[4], found[5]
    teams, led, helps = frozenset[str](), frozenset[str](), frozenset[str]()
    if leads:
        teams = frozenset(row[0] for row in connection.rows("select id from team where lead = ?", (user,)))
    if teams:
        condition, value = connection.among("team", teams)
        members = connection.rows(f"select id from user_account where {condition} and id <> ?", (value, user))  # noqa: S608
        led = frozenset(row[0] for row in members)
    if assists:
        rows = connection.rows("select account from account_helper where person = ?", (user,))
        helps = frozenset(row[0] for row in rows)
    return Caller(user, "", 0, found[0], found[1] or "", teams, led, helps, found[2], policy)


def scopes_of(connection: Connection, caller: Caller) -> dict[str, frozenset[str]]:
    """The scopes that the caller reads, each with how they stand to its rows."""
    reach = caller.policy.reach.get(caller.role, frozenset())
    found: dict[str, frozenset[str]] = {scopes.person_scope(caller.user): _SELF}
    if "org" in reach:
        found[scopes.ORG] = _ORG
    if "finance" in reach:
        found[scopes.FINANCE] = _FINANCE
    if "own" in reach:
        found[scopes.owner_scope(caller.user)] = _OWN
    if "led" in reach:
        found.update((scopes.owner_scope(each), _LED) for each in caller.led)
    if "shared" in reach:
        found.update((scopes.shared_scope(each), _SHARED) for each in caller.helps)
    if "all" in reach:
        # every owner that ever had an account; who has none has nothing to send
        for row in connection.rows("select name from scope where name >= 'owner:' and name < 'owner;'"):
            found.setdefault(row[0], _ORG)
    return found


def add_device(connection: Connection, user: str, device: str, letter: str = "") -> int:
    """Makes a laptop known as this user's; its number."""
    connection.run("insert into device (id, person, letter) values (?, ?, ?)", (device, user, letter))
    row = connection.one("select n from device where id = ?", (device,))
    return int(row[0]) if row else 0


def add_user(connection: Connection, user: str, name: str, role: str, team: str = "") -> None:
    """Makes a user, whose id is that of their person record; without a password nobody signs in as them."""
    connection.run(
        "insert into user_account (id, name, role, team) values (?, ?, ?, ?)", (user, name, role, team or None)
    )


def rights_changed(connection: Connection, users: Iterable[str]) -> None:
    """Role or team of these users changed: everything that they hold is fetched anew, fields included."""
    connection.many("update user_account set rights = rights + 1 where id = ?", [(each,) for each in users])


def helped(connection: Connection, accounts: Iterable[str]) -> frozenset[str]:
    """Those of the accounts that have helpers."""
    condition, value = connection.among("account", accounts)
    return frozenset(
        row[0]
        for row in connection.rows(f"select distinct account from account_helper where {condition}", (value,))  # noqa: S608
    )
