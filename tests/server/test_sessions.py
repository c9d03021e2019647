"""Signing in: passwords, lockout, tokens that turn over, lost answers, devices shut out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.domain.errors import Refused
from kam_desktop.protocol.messages import Problem
from kam_desktop.server import devices, events, lease, proving, sessions, users
from kam_desktop.server.database import Database
from kam_desktop.server.main import Service
from tests.server import refreshes
from tests.server.house import House
from tests.server.laptop_key import PROVEN, LaptopKey, key_of

PASSWORD = "đúng là mật khẩu"
DEVICE = "d" * 32


@dataclass
class Desk:
    """The service and a laptop's side of it."""

    house: House
    service: Service

    def ask(self, name: str, **message: Any) -> dict[str, Any]:
        token = message.pop("token", "")
        if name not in PROVEN:
            return dict(self.service.work(name, token, message))
        key = message.pop("key", None) or key_of(str(message.get("device")))
        return key.asked(self.service.work, name, token, message)

    def sign_in(self, password: str = PASSWORD, device: str = DEVICE, user: str = "An") -> dict[str, Any]:
        return self.ask("sign-in", user=user, password=password, device=device)

    def refused(self, name: str, **message: Any) -> Problem:
        with pytest.raises(Problem) as found:
            self.ask(name, **message)
        return found.value

    def events(self, deed: str) -> list[dict[str, Any]]:
        with self.house.sql() as connection:
            return [each for each in events.listed(connection) if each["deed"] == deed]

    def user_of(self, token: str) -> str:
        return self.service.subject(token).user

    def call(self, token: str, device: str = DEVICE) -> dict[str, Any]:
        return self.ask(
            "pull", token=token, workspace=self.service.workspace, epoch=1, device=device, protocol=1, schema=2,
            mark=None, cursors={},
        )  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    house = House.built(database)
    for name in ("An", "Binh"):
        with database.write() as connection:
            house.people[name] = users.add(
                connection, name, "kam", PASSWORD, policy=house.policy, clock=house.clock, ids=house.ids
            )
    yield Desk(house, Service(database, house.policy, house.clock, house.ids))
    database.close()


def test_passwords_are_kept_as_argon2id_and_tokens_as_hashes_alone(desk: Desk) -> None:
    answer = desk.sign_in()
    kept = desk.house.value("select password from user_account where name = 'an'")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    tables = ("session", "access_token", "user_account", "device", "sign_in_failure")
    with desk.house.sql() as connection:
        everything = repr([connection.rows(f"select * from {name}") for name in tables])
    for secret in (answer["access"], answer["refresh"], answer["refresh"].partition(".")[2], PASSWORD):
        assert secret not in everything


def test_a_name_is_known_however_it_is_typed(desk: Desk) -> None:
    for name in ("An", "an", "AN", " an "):
        assert desk.sign_in(user=name)["user"] == desk.house.people["An"]


def test_wrong_name_and_wrong_password_are_told_alike(desk: Desk) -> None:
    told = [
        desk.refused("sign-in", user=user, password=password, device=DEVICE).body()
        for user, password in (("An", "falsch falsch"), ("Nobody", PASSWORD), ("An", PASSWORD + " "))
    ]
    with desk.house.database.write() as connection:
        users.disable(connection, "An")
    told.append(desk.refused("sign-in", user="An", password=PASSWORD, device=DEVICE).body())
    assert told == [told[0]] * 4 and told[0]["problem"] == "wrong_password"


def test_lockout_begins_ends_and_grows(desk: Desk) -> None:
    for _ in range(sessions.FREE_FAILURES):
        assert desk.refused("sign-in", user="An", password="falsch", device=DEVICE).status == 401
    assert desk.sign_in()["user"]  # five wrong ones are free, and a right one forgets them
    for _ in range(sessions.FREE_FAILURES + 1):
        assert desk.refused("sign-in", user="An", password="falsch", device=DEVICE).status == 401
    locked = desk.refused("sign-in", user="An", password=PASSWORD, device=DEVICE)
    assert (locked.status, locked.code) == (429, "locked")
    assert 0 < (locked.retry_after or 0) <= sessions.LOCK_S
    assert desk.sign_in(user="Binh", device="b" * 32)["user"]  # nobody else is locked out
    desk.house.clock.move(sessions.LOCK_S + 1)
    assert desk.refused("sign-in", user="An", password="falsch", device=DEVICE).status == 401
    assert (desk.refused("sign-in", user="An", password=PASSWORD, device=DEVICE).retry_after or 0) > sessions.LOCK_S
    desk.house.clock.move(2 * sessions.LOCK_S + 1)
    assert desk.sign_in()["user"] == desk.house.people["An"]
    assert desk.house.value("select count(*) from sign_in_failure") == 0


def test_an_unknown_name_is_locked_like_a_known_one(desk: Desk) -> None:
    for _ in range(sessions.FREE_FAILURES + 1):
        desk.refused("sign-in", user="Nobody", password="falsch", device=DEVICE)
    assert desk.refused("sign-in", user="Nobody", password="falsch", device=DEVICE).code == "locked"


def test_the_administrator_ends_a_lockout_and_every_session(desk: Desk) -> None:
    first = desk.sign_in()
    for _ in range(sessions.FREE_FAILURES + 1):
        desk.refused("sign-in", user="An", password="falsch", device=DEVICE)
    with desk.house.database.write() as connection:
        users.set_password(connection, "An", "ein ganz anderes")
    assert desk.refused("sign-in", user="An", password=PASSWORD, device=DEVICE).code == "wrong_password"
    assert desk.sign_in("ein ganz anderes")["user"] == desk.house.people["An"]
    assert desk.refused("refresh", refresh=first["refresh"], device=DEVICE).status == 401
    with desk.house.database.write() as connection, pytest.raises(Refused):
        users.set_password(connection, "An", "kurz")


def test_an_access_token_lives_ten_minutes(desk: Desk) -> None:
    answer = desk.sign_in()
    assert answer["expires_s"] <= 600
    desk.house.clock.move(answer["expires_s"] - 1)
    assert desk.user_of(answer["access"]) == desk.house.people["An"]
    desk.house.clock.move(1)
    with pytest.raises(Problem) as found:
        desk.user_of(answer["access"])
    assert (found.value.status, found.value.code) == (401, "sign_in")


def test_a_lost_answer_of_a_refresh_gives_the_same_successor(desk: Desk) -> None:
    first = desk.sign_in()["refresh"]
    lost = desk.ask("refresh", refresh=first, device=DEVICE, attempt="one")
    again = desk.ask("refresh", refresh=first, device=DEVICE, attempt="one")
    assert again["refresh"] == lost["refresh"] != first
    assert desk.user_of(again["access"]) == desk.house.people["An"]
    following = desk.ask("refresh", refresh=again["refresh"], device=DEVICE)
    assert following["refresh"] not in (first, again["refresh"])


def test_an_older_token_ends_the_session_for_both(desk: Desk) -> None:
    first = desk.sign_in()["refresh"]
    second = desk.ask("refresh", refresh=first, device=DEVICE)
    third = desk.ask("refresh", refresh=second["refresh"], device=DEVICE)
    assert desk.refused("refresh", refresh=first, device=DEVICE).code == "sign_in"
    assert desk.refused("refresh", refresh=third["refresh"], device=DEVICE).code == "sign_in"
    with pytest.raises(Problem):
        desk.user_of(third["access"])


def test_an_invented_token_of_a_family_ends_nothing_of_others(desk: Desk) -> None:
    other = desk.sign_in(user="Binh", device="b" * 32)
    assert desk.refused("refresh", refresh="x" * 32 + "." + "y" * 64, device=DEVICE).status == 401
    assert desk.ask("refresh", refresh=other["refresh"], device="b" * 32)["access"]


def test_a_token_at_another_device_was_copied_and_ends_the_session(desk: Desk) -> None:
    answer = desk.sign_in()
    with pytest.raises(Problem) as found:
        desk.call(answer["access"], device="e" * 32)
    assert found.value.code == "other_device"
    for device, key in (("e" * 32, None), (DEVICE, LaptopKey())):
        answer = desk.sign_in()
        assert desk.refused("refresh", refresh=answer["refresh"], device=device, key=key).status == 401
        assert desk.refused("refresh", refresh=answer["refresh"], device=DEVICE).status == 401
        with pytest.raises(Problem):
            desk.user_of(answer["access"])
    assert [each["by_its"] for each in desk.events("session.stolen")] == ["key", "key"]


def test_the_token_before_is_taken_for_the_attempt_that_got_no_answer_however_late(desk: Desk) -> None:
    first = desk.sign_in()["refresh"]
    second = desk.ask("refresh", refresh=first, device=DEVICE, attempt="one")["refresh"]
    desk.house.clock.moment += timedelta(days=lease.LEASE_DAYS - 1)
    assert desk.ask("refresh", refresh=first, device=DEVICE, attempt="one")["refresh"] == second
    assert desk.refused("refresh", refresh=first, device=DEVICE, attempt="two").status == 401  # a copy, key and all
    assert desk.refused("refresh", refresh=second, device=DEVICE).status == 401
    assert len(desk.events("session.stolen")) == 1


def test_a_session_that_is_older_than_keys_is_bound_to_the_first_one(desk: Desk) -> None:
    answer = desk.sign_in()
    with desk.house.database.write() as connection:
        connection.run("update session set thumbprint = null, attempt = null")
    bound = desk.ask("refresh", refresh=answer["refresh"], device=DEVICE, attempt="one")
    assert desk.user_of(bound["access"]) == desk.house.people["An"]
    assert desk.refused("refresh", refresh=bound["refresh"], device=DEVICE, key=LaptopKey()).status == 401


def test_without_a_proof_an_older_program_is_told_to_update_and_no_session_ends(desk: Desk) -> None:
    answer = desk.sign_in()
    asked = {"refresh": answer["refresh"], "device": DEVICE}
    for name, message in (("refresh", asked), ("sign-in", {"user": "An", "password": PASSWORD, "device": DEVICE})):
        for proof, status in ((None, 426), ("", 400), ("x.y.z", 400), (7, 400)):
            with pytest.raises(Problem) as found:
                desk.service.work(name, "", message if proof is None else {**message, "proof": proof})
            assert found.value.status == status
    assert desk.ask("refresh", **asked)["access"]


def test_a_proof_is_for_one_call_at_one_server_once(desk: Desk) -> None:
    answer = desk.sign_in()
    asked, key = {"refresh": answer["refresh"], "device": DEVICE}, key_of(DEVICE)
    other = LaptopKey()
    forged = ".".join([*key.proof("refresh").split(".")[:2], other.proof("refresh").split(".")[2]])
    stale = LaptopKey()
    stale.key, stale.nonce = key.key, "1.0"
    for proof, host, code in (
        (key.proof("sign-in"), "", "bad_proof"), (forged, "", "bad_proof"),
        (stale.proof("refresh"), "", "use_dpop_nonce"),
        (key.proof("refresh", "http://evil.test"), "kam.test", "wrong_address"),
        (key.proof("refresh", "https://kam.test"), "kam.test:80", "wrong_address"),
    ):  # fmt: skip
        with pytest.raises(Problem) as found:
            desk.service.work("refresh", "", {**asked, "proof": proof}, host)
        assert (found.value.status, found.value.code) == (400, code)
    proof = key.proof("refresh", "http://KAM.test:80", attempt="one")
    renewed = desk.service.work("refresh", "", {**asked, "proof": proof}, "kam.test")
    with pytest.raises(Problem) as found:
        desk.service.work("refresh", "", {**asked, "proof": proof}, "kam.test")
    assert found.value.code == "bad_proof"
    assert desk.ask("refresh", refresh=renewed["refresh"], device=DEVICE)["access"]  # nothing of all this ended it
    desk.house.clock.move(proving.NONCE_S + 1)
    with pytest.raises(Problem) as found:
        desk.service.work("refresh", "", {**asked, "proof": key.proof("refresh")})
    assert found.value.code == "use_dpop_nonce"


def test_the_events_are_chained(desk: Desk) -> None:
    for _ in range(3):
        desk.refused("refresh", refresh=desk.sign_in()["refresh"], device=DEVICE, key=LaptopKey())
    with desk.house.database.write() as connection:
        assert events.broken_link(connection) is None
        for statement, place in (
            ("update event_log set done_by = 'x' where n = 2", 2), ("delete from event_log where n = 1", 1),
        ):  # fmt: skip
            connection.run(statement)
            assert events.broken_link(connection) == place


def test_a_session_ends_when_the_laptop_stays_away_too_long(desk: Desk) -> None:
    answer = desk.sign_in()
    desk.house.clock.moment += timedelta(days=lease.LEASE_DAYS - 1)
    answer = desk.ask("refresh", refresh=answer["refresh"], device=DEVICE)
    desk.house.clock.moment += timedelta(days=lease.LEASE_DAYS + 1)
    assert desk.refused("refresh", refresh=answer["refresh"], device=DEVICE).status == 401
    with desk.house.database.write() as connection:
        sessions.forget_ended(connection, desk.house.clock)
    assert (
        desk.house.value("select count(*) from session") == desk.house.value("select count(*) from access_token") == 0
    )


def test_a_revoked_laptop_is_shut_out_at_once_and_others_go_on(desk: Desk) -> None:
    one, other = desk.sign_in(), desk.sign_in(device="e" * 32)
    assert {one["letter"], other["letter"]} == {"A", "B"}
    with desk.house.database.write() as connection:
        devices.revoke(connection, "ddd", desk.house.clock)
    with pytest.raises(Problem):
        desk.user_of(one["access"])
    assert desk.refused("refresh", refresh=one["refresh"], device=DEVICE).status == 401
    assert desk.refused("sign-in", user="An", password=PASSWORD, device=DEVICE).code == "device_taken"
    assert desk.call(other["access"], device="e" * 32)["workspace"] == desk.service.workspace
    with desk.house.database.write() as connection, pytest.raises(Refused):
        devices.revoke(connection, "", desk.house.clock)  # more than one: none is revoked


def test_a_disabled_user_is_shut_out_at_once(desk: Desk) -> None:
    answer = desk.sign_in()
    with desk.house.database.write() as connection:
        users.disable(connection, "An")
    with pytest.raises(Problem):
        desk.call(answer["access"])
    assert desk.refused("refresh", refresh=answer["refresh"], device=DEVICE).status == 401
    with desk.house.database.write() as connection:
        users.disable(connection, "An", False)
    assert desk.refused("refresh", refresh=answer["refresh"], device=DEVICE).status == 401
    assert desk.sign_in()["user"]


def test_a_laptop_belongs_to_one_person(desk: Desk) -> None:
    desk.sign_in()
    assert desk.refused("sign-in", user="Binh", password=PASSWORD, device=DEVICE).code == "device_taken"


def test_signing_out_ends_the_session_and_tells_nothing(desk: Desk) -> None:
    answer = desk.sign_in()
    assert desk.ask("sign-out", refresh="nothing.of-the-kind", device=DEVICE) == {}
    assert desk.user_of(answer["access"])
    assert desk.ask("sign-out", refresh=answer["refresh"], device=DEVICE) == {}
    with pytest.raises(Problem):
        desk.user_of(answer["access"])


@pytest.mark.parametrize("device", ["", "short", "D" * 32, "g" * 32, "d" * 33, "../" * 11, 7, None])
def test_a_device_has_a_name_of_the_agreed_form(desk: Desk, device: Any) -> None:
    assert desk.refused("sign-in", user="An", password=PASSWORD, device=device).status == 400
    assert desk.house.value("select count(*) from device") == 0


def test_no_secret_in_any_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answer = desk.sign_in()
    renewed = desk.ask("refresh", refresh=answer["refresh"], device=DEVICE)
    desk.refused("sign-in", user="An", password="falsch und geheim", device=DEVICE)
    desk.call(renewed["access"])
    for secret in (PASSWORD, "falsch und geheim", answer["access"], answer["refresh"], renewed["refresh"]):
        assert secret not in caplog.text
        assert secret not in repr(desk.service.__dict__)


def test_nobody_unknown_waits_for_the_lock_of_those_who_write(desk: Desk) -> None:
    told: list[str] = []

    def knock() -> None:
        for name in ("push", "reassign", "pull", "hello"):
            try:
                desk.service.work(name, "no token of ours", {})
            except Problem as problem:
                told.append(f"{name} {problem.status}")

    with desk.house.database.write():
        knocking = threading.Thread(target=knock, daemon=True)
        knocking.start()
        knocking.join(5)
        assert told == ["push 401", "reassign 401", "pull 401", "hello 401"]


def test_renewals_with_lost_answers_and_stolen_tokens() -> None:
    """A short form of `python -m tests.server.refreshes`."""
    parts = refreshes.measured(60, 12, 0.2, 3)
    assert refreshes.sound(parts), parts
