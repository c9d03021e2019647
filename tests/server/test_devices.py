"""Laptops revoked: refused at once, what they had not sent handed in, the code given to them alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from kam_desktop.domain.errors import Refused
from kam_desktop.protocol.messages import Problem
from kam_desktop.server import devices, events, lease, sessions, users
from kam_desktop.server.database import Database
from kam_desktop.server.main import Service
from tests.server.house import House
from tests.server.laptop_key import LaptopKey, key_of

PASSWORD = "đúng là mật khẩu"
AT = "2026-03-02T08:30:00Z"
LAPTOPS = {"An": "a" * 32, "Lan": "b" * 32, "Minh": "c" * 32, "Root": "d" * 32}


class Desk:
    """A team with its lead, somebody of another team, an administrator, each with a laptop."""

    def __init__(self, house: House) -> None:
        self.house = house
        with house.database.write() as connection:
            for name, role in (("An", "kam"), ("Lan", "lead"), ("Minh", "lead"), ("Root", "administrator")):
                house.people[name] = users.add(
                    connection, name, role, PASSWORD, policy=house.policy, clock=house.clock, ids=house.ids
                )
            users.add_team(connection, "North", "Lan", house.ids)
            users.join(connection, "An", "North")
        self.service = Service(house.database, house.policy, house.clock, house.ids)
        self.tokens: dict[str, dict[str, Any]] = {}

    def sign_in(self, name: str) -> dict[str, Any]:
        asked = {"user": name, "password": PASSWORD, "device": LAPTOPS[name]}
        self.tokens[name] = key_of(LAPTOPS[name]).asked(self.service.work, "sign-in", "", asked)
        return self.tokens[name]

    def call(self, who: str, name: str, **more: Any) -> dict[str, Any]:
        if who not in self.tokens:
            self.sign_in(who)
        message = {
            "workspace": self.service.workspace, "epoch": 1, "device": LAPTOPS[who], "protocol": 1, "schema": 2,
            "mark": None, **more,
        }  # fmt: skip
        return dict(self.service.work(name, self.tokens[who]["access"], message))

    def hand_in(self, who: str = "An", key: LaptopKey | None = None, **more: Any) -> dict[str, Any]:
        device = LAPTOPS[who]
        return (key or key_of(device)).asked(self.service.work, "hand-in", "", {"device": device, **more})

    def revoke(self, name: str = "An") -> None:
        with self.house.database.write() as connection:
            devices.revoke(connection, LAPTOPS[name], self.house.clock)

    def group(self, name: str = "Thép", **more: Any) -> dict[str, Any]:
        new = {"name": name, "currency": "VND", "owner": self.house.people["An"], **more}
        change = {
            "entity": "account", "id": self.house.ids.new(), "action": "create", "new": new, "base": 0, "at": AT,
        }  # fmt: skip
        return {"group": self.house.ids.random(), "changes": [change]}


@pytest.fixture
def desk(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(sessions, "hashed", lambda password: password)  # forty sign-ins are not about Argon2id
    monkeypatch.setattr(sessions, "_verified", lambda kept, given: kept == given)
    database = Database(url)
    yield Desk(House.built(database))
    database.close()


def refused(work: Any, *given: Any, **named: Any) -> Problem:
    with pytest.raises(Problem) as found:
        work(*given, **named)
    return found.value


def test_a_revoked_laptop_is_refused_at_once_and_may_hand_in_alone(desk: Desk) -> None:
    signed = desk.sign_in("An")
    assert desk.hand_in() == {**desk.hand_in(), "revoked": False}
    assert "wipe" not in desk.hand_in(finished=True)  # a laptop that nobody revoked gets no code
    desk.revoke()
    assert refused(desk.call, "An", "pull", cursors={}).status == 401
    assert refused(desk.sign_in, "An").code == "device_taken"
    groups = [desk.group(), desk.group("Gỗ")]
    assert desk.hand_in(groups=groups)["taken"] == 2
    assert desk.hand_in(groups=groups)["taken"] == 2  # its answer was lost: it comes again
    code = desk.hand_in(finished=True)["wipe"]
    assert hashlib.sha256(code.encode()).hexdigest() == signed["wipe_lock"]
    assert desk.house.value("select count(*) from account where _deleted_seq is null") == 0
    with desk.house.sql() as connection:
        told = [each["deed"] for each in events.listed(connection)]
        assert events.broken_link(connection) is None
    assert told == ["device.wipe", "device.revoke"]
    found = next(each for each in desk.call("Root", "devices")["devices"] if each["user"] == "an")
    assert (found["revoked"], found["handed_in"], bool(found["left_at"])) == (True, 2, True)


def test_the_code_is_one_laptops_and_nobody_elses(desk: Desk) -> None:
    locks = [desk.sign_in(name)["wipe_lock"] for name in LAPTOPS]
    assert len(set(locks)) == len(LAPTOPS)
    desk.revoke()
    assert refused(desk.hand_in, key=LaptopKey(), finished=True).status == 403
    assert refused(desk.hand_in, key=key_of(LAPTOPS["Lan"]), finished=True).status == 403
    with pytest.raises(Problem):
        desk.service.work("hand-in", "", {"device": LAPTOPS["An"], "finished": True})
    with desk.house.database.write() as connection:
        connection.run("update workspace set state = 'set_back'")
    assert refused(desk.hand_in, finished=True).code == "restored"


def test_the_lead_takes_in_or_drops_what_was_handed_in(desk: Desk) -> None:
    desk.sign_in("An")
    desk.revoke()
    with desk.house.database.write() as connection:
        users.disable(connection, "An")
    groups = [desk.group(), desk.group("Gỗ"), desk.group(owner=desk.house.people["Minh"]), desk.group(name="")]
    desk.hand_in(groups=groups)
    assert desk.call("Minh", "handed-in")["waiting"] == desk.call("Root", "handed-in")["waiting"] == []
    assert refused(desk.call, "Minh", "handed-in", group=groups[0]["group"], take=True).status == 404
    waiting = desk.call("Lan", "handed-in")["waiting"]
    assert [each["changes"][0]["new"]["name"] for each in waiting] == [
        each["changes"][0]["new"]["name"] for each in groups
    ]
    assert desk.call("Lan", "handed-in", group=groups[0]["group"], take=True)["verdict"][0] == "accepted"
    assert desk.call("Lan", "handed-in", group=groups[1]["group"], take=False)["verdict"][0] == "dropped"
    assert desk.call("Lan", "handed-in", group=groups[3]["group"], take=True)["verdict"][0] == "refused"
    assert refused(desk.call, "Lan", "handed-in", group=groups[0]["group"], take=True).status == 404
    assert [each["group"] for each in desk.call("Lan", "handed-in")["waiting"]] == [
        each["group"] for each in groups[2:]
    ]
    with desk.house.sql() as connection:
        rows = connection.rows("select name, owner from account where _deleted_seq is null")
    assert [tuple(row) for row in rows] == [("Thép", desk.house.people["An"])]
    author = desk.house.value("select author from change_log where entity = 'account' order by seq desc limit 1")
    assert author == desk.house.people["An"]


def test_what_the_server_took_before_is_not_handed_in_twice(desk: Desk) -> None:
    desk.sign_in("An")
    group = desk.group()
    change = group["changes"][0]
    part = {
        "entity": "account", "action": "create", "fields": list(change["new"]), "index": [0], "id": [change["id"]],
        "written_at": [AT], "values": [[value] for value in change["new"].values()],
    }  # fmt: skip
    pushed = desk.call("An", "push", number=1, groups=[[group["group"], 1]], parts=[part])
    assert pushed["verdicts"] == [["accepted", 1]]
    desk.revoke()
    assert desk.hand_in(groups=[group])["taken"] == 1
    assert desk.call("Lan", "handed-in")["waiting"] == []


@pytest.mark.parametrize(
    "groups",
    ["x", [1], [{}], [{"group": "x", "changes": []}], [{"group": "0" * 32, "changes": []}],
     [{"group": "0" * 32, "changes": [{"entity": "account"}]}], [{"group": "0" * 32, "changes": [None]}]],
)  # fmt: skip
def test_what_is_handed_in_has_a_shape(desk: Desk, groups: Any) -> None:
    desk.sign_in("An")
    desk.revoke()
    assert refused(desk.hand_in, groups=groups).code == "bad_message"


def test_administrators_list_and_revoke_and_nobody_else(desk: Desk) -> None:
    desk.sign_in("An")
    for name in ("An", "Lan"):
        assert refused(desk.call, name, "devices", revoke=LAPTOPS["An"]).status == 403
    assert refused(desk.call, "Root", "devices", revoke="0" * 32).status == 404
    told = desk.call("Root", "devices", revoke=LAPTOPS["An"])
    assert [each["user"] for each in told["devices"] if each["revoked"]] == ["an"]
    assert refused(desk.call, "An", "pull", cursors={}).status == 401
    with desk.house.sql() as connection:
        assert events.listed(connection)[0]["by"] == desk.house.people["Root"]


def test_the_lease_is_the_administrators(desk: Desk) -> None:
    assert desk.sign_in("An")["lease_days"] == lease.LEASE_DAYS
    with desk.house.database.write() as connection:
        for wrong in (0, 366):
            with pytest.raises(Refused):
                lease.set_days(connection, wrong, desk.house.clock)
        lease.set_days(connection, 2, desk.house.clock)
    renewed = key_of(LAPTOPS["An"]).asked(
        desk.service.work, "refresh", "", {"refresh": desk.tokens["An"]["refresh"], "device": LAPTOPS["An"]}
    )
    assert renewed["lease_days"] == 2
    desk.house.clock.move(2 * 86400 + 1)
    asked = {"refresh": renewed["refresh"], "device": LAPTOPS["An"]}
    assert refused(key_of(LAPTOPS["An"]).asked, desk.service.work, "refresh", "", asked).status == 401
