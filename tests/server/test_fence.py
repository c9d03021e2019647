"""PostgreSQL's row-level security: it holds with the server's own check planted away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from kam_desktop.domain.policy import Policy
from kam_desktop.protocol.messages import Problem
from kam_desktop.server import callers, calls, check, fence, pull, tables
from kam_desktop.server.callers import Caller
from kam_desktop.server.database import Database
from tests.server.conftest import furnished
from tests.server.house import POLICY, House, Laptop, create, update

pytestmark = pytest.mark.parametrize("url", ["postgresql"], indirect=True)
SECRET = "Công ty Bí Mật"


@pytest.fixture
def house(url: str) -> Iterator[House]:
    database = Database(url)
    yield furnished(database)
    database.close()


@pytest.fixture
def account(house: House) -> str:
    """An's customer with much that hangs on it, and something that two people disagreed about."""
    an, lan = house.laptop("An"), house.laptop("Lan")
    account, contact, task = house.ids.new(), house.ids.new(), house.ids.new()
    an.push(
        create("account", account, name=SECRET),
        create("contact", contact, account=account, full_name=SECRET),
        create("task", task, account=account, title=SECRET, owner=an.user),
    )
    seen = house.value("select _seq from account where id = ?", account)
    lan.push(update("account", account, seen, address=SECRET))
    an.push(update("account", account, seen, address=SECRET + "!"))
    return account


@pytest.fixture
def open_gate(account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose own check lets everybody see and do everything."""
    own = frozenset(("own",))
    everything = frozenset(tables.ORDER)

    def all_scopes(connection: Any, caller: Caller) -> dict[str, frozenset[str]]:
        return {row[0]: own for row in connection.rows("select name from scope")}

    monkeypatch.setattr(callers, "scopes_of", all_scopes)
    monkeypatch.setattr(pull, "scopes_of", all_scopes)
    monkeypatch.setattr("kam_desktop.server.digest.scopes_of", all_scopes, raising=False)
    for name in ("relations", "seen_through"):
        monkeypatch.setattr(Caller, name, lambda *_: own)
    monkeypatch.setattr(Caller, "sees", lambda *_: True)
    monkeypatch.setattr(Caller, "may", lambda *_: True)
    monkeypatch.setattr(Caller, "readable", lambda *_: everything)
    monkeypatch.setattr(Caller, "hidden", lambda *_: frozenset())
    monkeypatch.setattr(Caller, "unwritable", lambda *_: frozenset())


def asks(laptop: Laptop, account: str) -> dict[str, str]:
    """What each call says to somebody who wants to know of this account."""
    house = laptop.house
    records = [
        account,
        *(row[0] for row in house_rows(house, "contact")),
        *(row[0] for row in house_rows(house, "task")),
    ]
    told: dict[str, str] = {}

    def ask(label: str, name: str, **content: Any) -> None:
        try:
            told[label] = str(laptop.call(name, **content))
        except Problem as problem:
            told[label] = f"{problem.status} {problem.code} {problem.args_named}"

    ask("pull", "pull", cursors={})
    ask("digest", "digest", rows=[["account", account], ["contact", records[1]]])
    for kind, identity in zip(("account", "contact", "task"), records, strict=False):
        ask(f"history {kind}", "history", entity=kind, id=identity)
    laptop.number += 1
    for label, change in (
        ("push an older edit", update("account", account, 1, address="x")),
        ("push what is asked about", update("account", account, 1, credit_limit=1)),
        ("push it again as new", create("account", account, name="x")),
        ("push a child", create("contact", house.ids.new(), account=account, full_name="x")),
        ("push another version of a child", update("contact", records[1], 1, full_name="y")),
    ):
        try:
            told[label] = str(laptop.push(change))
        except Problem as problem:
            told[label] = f"{problem.status} {problem.code}"
    ask("reassign", "reassign", account=account, owner=laptop.user)
    return told


def house_rows(house: House, entity: str) -> list[tuple[Any, ...]]:
    with house.sql() as connection:
        return connection.rows(f'select id from "{entity}"')


def whole(house: House) -> list[Any]:
    with house.sql() as connection:
        return [connection.rows(f'select * from "{name}" order by id') for name in ("account", "contact", "task")]


@pytest.mark.usefixtures("open_gate")
def test_without_the_servers_check_the_database_still_gives_nothing(house: House, account: str) -> None:
    before = whole(house)
    told = asks(house.laptop("Dung"), account)
    for label, answer in told.items():
        assert SECRET not in answer, label
    assert told["pull"].count("'full_name'") <= 2, "colleagues are everybody's"
    assert whole(house)[0] == before[0] and whole(house)[2] == before[2], "and nothing of it was changed"
    assert "403 fenced" in told["push an older edit"] and "403" in told["reassign"]


@pytest.mark.usefixtures("open_gate")
def test_without_check_and_fence_everything_is_told(
    house: House, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fence, "stands", lambda connection: False)
    told = asks(house.laptop("Dung"), account)
    for label in ("pull", "history account", "history contact", "push an older edit"):
        assert SECRET in told[label], f"the planted fault shows nothing by {label}, so the fence proves nothing"


def test_who_may_see_it_still_does(house: House, account: str) -> None:
    for name in ("An", "Lan", "Minh", "Phuong", "Ngoc"):
        assert SECRET in asks(house.laptop(name), account)["pull"], name
    helper = house.laptop("Binh")
    assert SECRET not in str(helper.call("pull", cursors={}))
    house.laptop("Minh").call("reassign", account=account, helpers=[helper.user])
    assert SECRET in str(helper.call("pull", cursors={}))
    assert SECRET in str(helper.call("history", entity="account", id=account))


def test_the_role_of_the_fence_can_write_nothing_and_read_no_secret(house: House, account: str) -> None:
    dung = house.people["Dung"]
    for statement in (
        "update account set name = 'x'", "delete from feed", "insert into team (id, name) values ('x', 'x')",
        "select password from user_account", "select key from workspace", "select * from session",
        "alter table account disable row level security", "drop policy kam_fence on account",
    ):  # fmt: skip
        refused = pytest.raises(psycopg.errors.InsufficientPrivilege)
        with refused, house.database.write() as connection, fence.around(connection, dung):
            connection.run(statement)
    with house.database.write() as connection, fence.around(connection, dung):
        assert connection.rows("select id from account") == [] and connection.rows("select id from person") != []


def test_what_one_transaction_took_on_the_next_has_not(house: House, account: str) -> None:
    with house.database.read() as connection, fence.around(connection, house.people["An"]):
        assert len(connection.rows("select id from account")) == 1
        driver = connection.driver
    with house.database.read() as connection:
        assert connection.driver is driver, "the same connection"
        row = connection.one("select current_user, current_setting('kam.scopes', true)")
        assert row is not None and row[0] != fence.ROLE and not row[1]


def test_the_fence_follows_the_policy_and_is_told_when_it_is_missing(house: House) -> None:
    with house.database.write() as connection:
        assert fence.missing(connection, POLICY) == []
        other = replace(POLICY, fingerprint="another") if hasattr(POLICY, "__dataclass_fields__") else POLICY
        assert isinstance(other, Policy) and fence.missing(connection, other)
        assert not [each for each in check.problems(connection) if each["code"] == "fence"]
        names = {row[0] for row in connection.rows(
            "select tablename from pg_policies where policyname = 'kam_fence'")}  # fmt: skip
        assert names == {*tables.RECORDS, "feed", "conflict", "change_log"}
        forced = connection.rows("select relname from pg_class where relforcerowsecurity")
        assert {row[0] for row in forced} == names
        scopes_by_database = connection.one("select kam_fence_scopes(?)", (house.people["Lan"],))
        caller = callers.of_user(connection, house.people["Lan"], POLICY)
        condition, value = connection.among("name", callers.scopes_of(connection, caller))
        by_server = {row[0] for row in connection.rows(f"select n from scope where {condition}", (value,))}
        assert scopes_by_database is not None and set(scopes_by_database[0]) == by_server


@pytest.mark.parametrize("name", ["An", "Lan", "Binh", "Dung", "Minh", "Phuong", "Ngoc", "Admin"])
def test_server_and_database_agree_on_everybodys_scopes(house: House, account: str, name: str) -> None:
    house.laptop("Minh").call("reassign", account=account, helpers=[house.people["Dung"]])
    with house.database.read() as connection:
        caller = callers.of_user(connection, house.people[name], POLICY)
        condition, value = connection.among("name", callers.scopes_of(connection, caller))
        by_server = {row[0] for row in connection.rows(f"select n from scope where {condition}", (value,))}
        row = connection.one("select kam_fence_scopes(?)", (house.people[name],))
        assert row is not None and set(row[0]) == by_server
    assert calls.FENCED
