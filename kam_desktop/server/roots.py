"""What each row hangs on in the end, and so who reads it: found for many rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

from kam_desktop.domain import scopes
from kam_desktop.domain.scopes import FIRM, OF_THE_FIRM, UP, Root
from kam_desktop.server import tables
from kam_desktop.server.database import Connection


def _chain(entity: str) -> tuple[str, str]:
    """FROM clause and the column of the account, for a kind that hangs on an account; the kind itself is t0."""
    joined, place = f'"{entity}" t0', 0
    while True:
        field, above = UP[entity]
        if above == "account":
            return joined, f't{place}."{field}"'
        joined += f' join "{above}" t{place + 1} on t{place + 1}.id = t{place}."{field}"'
        entity, place = above, place + 1


CHAINS: dict[str, tuple[str, str]] = {name: _chain(name) for name in UP}


class Roots:
    """The roots of rows in one transaction; asks the database once for many.

    Attributes:
        owners: of the accounts that were met, "" for nobody.
        deleted: (entity, id) of the rows met that are tombstones.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, str], Root | None] = {}
        self.owners: dict[str, str] = {}
        self.deleted: set[tuple[str, str]] = set()
        self._helped: dict[str, bool] = {}

    def add(self, entity: str, identity: str, root: Root | None) -> None:
        """Remembers the root of a row that is only being written."""
        self._known[entity, identity] = root

    def add_all(self, entity: str, ids: Sequence[str], found: Sequence[Root | None]) -> None:
        """Remembers the roots of rows that are only being written; an account among them has no helpers yet."""
        self._known.update(zip(zip(repeat(entity), ids), found, strict=False))
        if entity == "account":
            self._helped.update(zip(ids, repeat(False)))

    def forget(self, entity: str, ids: Iterable[str]) -> None:
        """These rows are asked for anew: what was remembered of them was not written."""
        for each in ids:
            self._known.pop((entity, each), None)
            if entity == "account":
                self.owners.pop(each, None)
                self._helped.pop(each, None)

    def of(self, entity: str, identity: str) -> Root | None:
        """The root of a row, None where there is no such row."""
        if (entity, identity) not in self._known:
            self.fetch(entity, [identity])
        return self._known[entity, identity]

    def of_row(self, entity: str, identity: str, values: Mapping[str, Any]) -> Root | None:
        """The root of a row with these column values."""
        return scopes.root(entity, identity, values, self.of)

    def fetch(self, entity: str, ids: Iterable[str]) -> None:
        """Finds the roots of many rows; of accounts that they exist, and their owners.

        What a row hangs on is locked for share, so that nobody hands it over or deletes it meanwhile.
        """
        wanted = [each for each in ids if (entity, each) not in self._known]
        if not wanted:
            return
        for each in wanted:
            self._known[entity, each] = None
        ask = self._connection
        condition, value = ask.among("t0.id", wanted)
        end = f"where {condition} order by t0.id" + ask.for_share
        if entity == "account":
            statement = f"select t0.id, t0._deleted_seq, t0.owner from account t0 {end}"  # noqa: S608
            for identity, gone, owner in ask.rows(statement, (value,)):
                self._remember(entity, identity, gone, Root("account", identity))
                self.owners[identity] = owner or ""
        elif entity in OF_THE_FIRM:
            statement = f'select t0.id, t0._deleted_seq from "{entity}" t0 where {condition}'  # noqa: S608
            for identity, gone in ask.rows(statement, (value,)):
                self._remember(entity, identity, gone, FIRM)
        elif entity == "saved_view":
            statement = f"select t0.id, t0._deleted_seq, t0.shared, t0.person from saved_view t0 {end}"  # noqa: S608
            for identity, gone, shared, person in ask.rows(statement, (value,)):
                self._remember(entity, identity, gone, Root("org" if shared else "person", person or ""))
        else:
            # what hangs on no account says so itself
            alone = "t0.owner" if entity == "task" else "''"
            joined, account = CHAINS[entity]
            statement = f"select t0.id, t0._deleted_seq, {account}, {alone} from {joined} {end}"  # noqa: S608
            found = ask.rows(statement, (value,))
            self.fetch_owners({row[2] for row in found if row[2]})
            for identity, gone, above, owner in found:
                if above:
                    root: Root | None = Root("account", above)
                elif entity == "receipt_decision":
                    root = scopes.UNKNOWN_PAYER  # it goes where its receipt is, whose payer nobody knows yet
                else:
                    root = scopes.root(entity, identity, {"owner": owner}, self.of)
                self._remember(entity, identity, gone, root)

    def _remember(self, entity: str, identity: str, gone: int | None, root: Root | None) -> None:
        self._known[entity, identity] = root
        if gone is not None:
            self.deleted.add((entity, identity))

    def fetch_owners(self, accounts: Iterable[str]) -> None:
        """Finds the owners of accounts that are not known yet."""
        self.fetch("account", [each for each in accounts if each not in self.owners])

    def owner(self, account: str) -> str:
        """The owner of an account, "" for nobody."""
        if account not in self.owners:
            self.fetch_owners([account])
        return self.owners.get(account, "")

    def owner_of(self, root: Root) -> str:
        """The owner of the account that a root names; "" for another root."""
        return self.owner(root.name) if root.kind == "account" else ""

    def scopes(self, roots: Iterable[Root]) -> dict[Root, frozenset[str]]:
        """The names of the scopes of every row with these roots."""
        wanted = set(roots)
        accounts = [each.name for each in wanted if each.kind == "account" and each.name not in self._helped]
        if accounts:
            condition, value = self._connection.among("account", accounts)
            statement = f"select distinct account from account_helper where {condition}"  # noqa: S608
            helped = {row[0] for row in self._connection.rows(statement, (value,))}
            self._helped.update((each, each in helped) for each in accounts)
            self.fetch_owners(accounts)
        with_helpers = frozenset(each for each, helped in self._helped.items() if helped)
        made: dict[str, frozenset[str]] = {}  # accounts of one owner share their scope
        found = {}
        for each in wanted:
            if each.kind == "account" and each.name not in with_helpers:
                owner = self.owners.get(each.name, "")
                if owner not in made:
                    made[owner] = scopes.scopes(each, self.owner, ())
                found[each] = made[owner]
            else:
                found[each] = scopes.scopes(each, self.owner, with_helpers)
        return found


def below(connection: Connection, entity: str, ids: Sequence[str]) -> list[tuple[str, str]]:
    """(entity, id) of every living row that hangs on one of these, at any depth."""
    found: list[tuple[str, str]] = []
    for child, (field, above) in UP.items():
        if above != entity:
            continue
        condition, value = connection.among(f'"{field}"', ids)
        statement = f'select id, _deleted_seq from "{child}" where {condition}'  # noqa: S608
        rows = connection.rows(statement, (value,))
        found += [(child, row[0]) for row in rows if row[1] is None]
        if rows:
            found += below(connection, child, [row[0] for row in rows])
    found.sort(key=lambda each: (tables.ORDER[each[0]], each[1]))
    return found


def conflicts_of(connection: Connection, records: Sequence[str]) -> list[str]:
    """The conflict records of these records; they go where the record goes."""
    condition, value = connection.among("record", records)
    return [row[0] for row in connection.rows(f"select id from conflict where {condition} order by id", (value,))]  # noqa: S608
