"""Workspace, epoch, marks: other servers, databases set back, copied, restored; history, digests."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.protocol.messages import Problem
from kam_desktop.server import change_log, workspace
from kam_desktop.server.database import Database
from tests.server.house import House, Laptop, create, update
from tests.server.test_push import account, shared_account


def problem(laptop: Laptop, name: str, **more: Any) -> tuple[int, str]:
    with pytest.raises(Problem) as caught:
        laptop.house.answer(name, laptop.subject, {**laptop.message(), **more})
    return caught.value.status, caught.value.code


def test_what_is_not_for_us(house: House) -> None:
    an = house.laptop("An")
    assert problem(an, "pull", workspace=house.ids.new()) == (421, "other_workspace")
    assert problem(an, "pull", epoch=7) == (409, "epoch")
    assert problem(an, "pull", epoch="1") == (400, "bad_message")
    assert problem(an, "pull", device=house.laptop("Binh").device) == (403, "other_device")
    assert problem(an, "pull", protocol=2) == (426, "server_too_old")
    assert problem(an, "format") == (404, "unknown_call")
    assert house.answer("hello", an.subject, {})["workspace"] == an.message()["workspace"]


def test_nobody_goes_by_a_colleagues_laptop(any_house: House) -> None:
    an, binh = any_house.laptop("An"), any_house.laptop("Binh")
    binh.push(account(any_house, "Binh")[1])
    taken = Laptop(any_house, an.user, binh.device, number=binh.number)
    for name in ("pull", "digest", "reconcile"):
        assert problem(taken, name, cursors={}, scopes=[], below=[], rows=[], groups=[]) == (403, "device_revoked")
    with pytest.raises(Problem) as caught:
        taken.push(account(any_house, "An")[1])
    assert (caught.value.status, caught.value.code) == (403, "device_revoked")
    assert any_house.value("select number from device where id = ?", binh.device) == binh.number


def test_migrating_again_changes_nothing(any_house: House) -> None:
    _, (an,) = shared_account(any_house, "An")
    with any_house.database.write() as connection:
        before = workspace.read(connection)
        assert workspace.create(connection, any_house.ids, any_house.clock) == before
    an.pull()


def test_a_column_of_a_newer_program_is_added(any_house: House) -> None:
    with any_house.database.write() as connection:
        connection.run('alter table "contact" drop column zalo')
        workspace.create(connection, any_house.ids, any_house.clock)
    customer, (an,) = shared_account(any_house, "An")
    assert an.told(create("contact", any_house.ids.new(), account=customer, full_name="B", zalo="0901")) == ["accepted"]


def test_marks_are_signed(house: House) -> None:
    _, (an,) = shared_account(house, "An")
    forged = {**an.mark, "seq": an.mark["seq"] + 1000}
    assert problem(an, "pull", mark=forged) == (400, "bad_mark")
    assert problem(an, "pull", mark=forged, epoch=10**15) == (409, "epoch")
    an.pull()


def set_back(house: House, tmp_path: Path) -> House:
    """The same server on a copy of its database that was made now, and is older later."""
    path = Path(house.database.url.removeprefix("sqlite:///"))
    house.database.close()
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    return House(Database(f"sqlite:///{copy}"), house.clock, house.ids, house.policy, house.people)


def moved(laptop: Laptop, to: House) -> Laptop:
    return Laptop(to, laptop.user, laptop.device, laptop.number, laptop.cursors, mark=laptop.mark)


def test_a_database_that_was_set_back_says_so_until_somebody_answers(house: House, tmp_path: Path) -> None:
    _, (an, binh) = shared_account(house, "An", "Lan")
    older = set_back(house, tmp_path)
    an.push(account(house, "An")[1])
    returned = moved(an, older)
    other = moved(binh, older)
    other.pull()
    assert problem(returned, "pull") == (503, "restored")
    assert problem(other, "pull") == (503, "restored"), "for everybody, until the administrator says what it is"
    assert problem(other, "push") == (503, "restored")
    with older.database.write() as connection:
        now = workspace.restore(connection, "production", older.clock, older.ids)
    assert now.epoch > 1
    assert now.seq >= older.clock.now().timestamp() * 1_000_000
    assert problem(returned, "pull", epoch=1) == (409, "epoch")
    returned.mark = None
    seen = dict(returned.cursors)
    first = returned.call("pull", cursors=seen)
    assert set(first["restarted"]) == set(seen), "no cursor of the old epoch counts"
    returned.take(first)
    returned.pull()
    with older.sql() as connection:
        assert workspace.read(connection).id == an.message()["workspace"]


def test_another_past_of_the_same_length_is_noticed(house: House, tmp_path: Path) -> None:
    _, (an, lead) = shared_account(house, "An", "Lan")
    older = set_back(house, tmp_path)
    an.push(account(house, "An")[1])
    stranger = moved(lead, older)
    for _ in range(3):
        stranger.push(
            update("account", stranger.house.value("select id from account"), 10**6, industry=older.ids.new())
        )
    assert problem(moved(an, older), "pull") == (503, "restored")


def test_a_past_that_goes_on_within_a_commit_is_noticed(house: House, tmp_path: Path) -> None:
    """What alters nothing takes a number and no row of the log; later the same number is inside somebody's commit."""
    customer, (an, lead) = shared_account(house, "An", "Lan")
    an.push(update("account", customer, an.seq("account", customer), industry="Nhựa"))
    older = set_back(house, tmp_path)
    before = an.mark
    assert an.told(update("account", customer, 10**6, industry="Nhựa")) == ["accepted"]
    assert (an.mark["seq"], an.mark["hash"]) == (before["seq"] + 1, before["hash"])
    an.pull()
    moved(lead, older).push(account(older, "An")[1], account(older, "An")[1], account(older, "An")[1])
    assert problem(moved(an, older), "pull") == (503, "restored"), "else it would lack the first of them for ever"


def test_even_what_leaves_no_change_behind_is_noticed(house: House, tmp_path: Path) -> None:
    """Dealing with a conflict takes a number and no row of the log."""
    customer, (an, lead) = shared_account(house, "An", "Lan")
    base = an.seq("account", customer)
    lead.push(update("account", customer, base, industry="Nhựa"))
    (kept,) = an.push(update("account", customer, base, industry="Thép"))["conflicts"]
    older = set_back(house, tmp_path)
    an.push(settle=[kept["id"]])
    assert problem(moved(an, older), "pull") == (503, "restored")


def test_a_copy_becomes_a_workspace_of_its_own(house: House, tmp_path: Path) -> None:
    _, (an,) = shared_account(house, "An")
    copy = set_back(house, tmp_path)
    with copy.database.write() as connection:
        made = workspace.restore(connection, "copy", copy.clock, copy.ids)
    assert problem(moved(an, copy), "pull", workspace=an.message()["workspace"]) == (421, "other_workspace")
    assert made.id != an.message()["workspace"]


def test_reconcile_names_what_was_lost(house: House, tmp_path: Path) -> None:
    an = house.laptop("An")
    kept, lost = house.ids.random(), house.ids.random()
    an.push(account(house, "An")[1], names=[kept])
    older = set_back(house, tmp_path)
    change = account(house, "An")[1]
    an.push(change, names=[lost])
    with older.database.write() as connection:
        workspace.restore(connection, "production", older.clock, older.ids)
    back = moved(an, older)
    back.mark = None
    assert back.call("reconcile", groups=[lost, kept])["unknown"] == [lost]
    assert back.push(change, names=[lost])["kinds"] == ["accepted"]
    assert back.call("reconcile", groups=[lost, kept])["unknown"] == []


def test_what_was_lost_of_others_waits_for_its_owner(house: House) -> None:
    _, (lead,) = shared_account(house, "Lan")
    identity, change = account(house, "An")
    name = house.ids.random()
    answer = lead.push(change, names=[name], recovered={name: house.people["An"]})
    assert answer["kinds"] == ["accepted"]
    assert house.value("select count(*) from account where id = ?", identity) == 0
    an, binh, admin = (house.laptop(each) for each in ("An", "Binh", "Admin"))
    assert binh.call("recovered")["waiting"] == []
    assert problem(binh, "recovered", group=name, take=True) == (404, "gone")
    assert "Thép" not in str(admin.call("recovered"))
    (waits,) = an.call("recovered")["waiting"]
    assert (waits["sender"], waits["changes"][0]["new"]["name"]) == (lead.user, "Thép Việt")
    assert an.call("recovered", group=name, take=True)["verdict"] == ["accepted", 1]
    assert problem(an, "recovered", group=name, take=True) == (404, "gone")
    assert house.value("select author from change_log where record = ?", identity) == an.user
    lead.pull()
    assert lead.row("account", identity) is not None


def test_the_log_is_a_chain(any_house: House) -> None:
    identity, (an,) = shared_account(any_house, "An")
    an.push(*(update("account", identity, 10**6, industry=f"Ngành {n}") for n in range(5)))
    with any_house.database.write() as connection:
        assert change_log.broken_link(connection) is None
        newest = connection.one("select max(seq) from change_log")
        assert newest is not None
        connection.run("update change_log set new = null, old = null, salt = null where seq = ?", (newest[0] - 2,))
        assert change_log.broken_link(connection) == newest[0] - 2, "nobody said that it was erased"
        connection.run('update change_log set new = \'{"industry":"X"}\' where seq = ?', (newest[0] - 1,))
        assert change_log.broken_link(connection) == newest[0] - 1


def test_history_tells_who_changed_what(any_house: House) -> None:
    identity, (an, lead) = shared_account(any_house, "An", "Lan", industry="Nhựa")
    lead.push(update("account", identity, 10**6, industry="Thép"))
    newest, made = an.call("history", entity="account", id=identity)["changes"]
    assert (newest["author"], newest["old"], newest["new"]) == (lead.user, {"industry": "Nhựa"}, {"industry": "Thép"})
    assert (made["action"], made["author"]) == ("create", an.user)
    stranger = any_house.laptop("Dung")
    assert problem(stranger, "history", entity="account", id=identity) == (404, "gone")
    assert problem(stranger, "history", entity="account", id=any_house.ids.new()) == (404, "gone")


def test_digests_find_the_rows_that_differ(any_house: House) -> None:
    an = any_house.laptop("An")
    customers = [account(any_house, "An") for _ in range(130)]
    an.push(*(change for _, change in customers))
    an.pull()
    scope = f"owner:{an.user}"
    told = an.call("digest", scopes=[scope, "org"])
    from kam_desktop.protocol.messages import checksum

    mine = {key: row["_seq"] for key, row in an.rows.items() if key[0] == "account"}
    assert told["sums"][scope]["account"] == [130, checksum([key[1] for key in mine], list(mine.values()))]
    victim = customers[7][0]
    any_house.laptop("Lan").push(update("account", victim, 10**6, industry="Thép"))
    prefix, seen = "", 0
    while seen < 40:
        seen += 1
        (part,) = an.call("digest", below=[[scope, "account", prefix]])["parts"]
        if "rows" in part:
            break
        for beginning, (count, total) in part["sums"].items():
            held = [(key[1], seq) for key, seq in mine.items() if key[1].startswith(beginning)]
            if [count, total] != [len(held), checksum([i for i, _ in held], [s for _, s in held])]:
                prefix = beginning
    assert victim in {identity for identity, seq in part["rows"] if mine["account", identity] != seq}
    answer = an.call("digest", rows=[["account", victim], ["account", any_house.ids.new()]])
    assert answer["rows"][0]["id"] == [victim]
    assert len(answer["gone"]) == 1
    assert problem(any_house.laptop("Dung"), "digest", scopes=[scope]) == (403, "forbidden")
