"""Pulling: who sees what, pages, restarts, hand-over, helpers, hidden fields, purge."""

from __future__ import annotations

from typing import Any

import pytest

from kam_desktop.config import resources
from kam_desktop.domain.policy import Policy
from kam_desktop.protocol.messages import Problem
from kam_desktop.server import callers
from kam_desktop.server.purge import purge
from tests.server.house import POLICY, House, Laptop, create, delete, update
from tests.server.test_push import account, invoice, proposal, shared_account

EVERYBODY = ("Lan", "An", "Binh", "Dung", "Minh", "Phuong", "Ngoc", "Admin")


def who_sees(house: House, entity: str, identity: str) -> set[str]:
    found = set()
    for name in EVERYBODY:
        laptop = house.laptop(name)
        laptop.pull()
        if laptop.row(entity, identity) is not None:
            found.add(name)
    return found


def test_an_account_and_what_hangs_on_it(any_house: House) -> None:
    customer, (an,) = shared_account(any_house, "An")
    contact, paper = any_house.ids.new(), invoice(any_house, customer)
    line = create("invoice_line", any_house.ids.new(), invoice=paper.id, place=1, description="Thép")
    talk = create(
        "activity", any_house.ids.new(), account=customer, kind="call", at="2026-03-01T00:00:00Z", subject="Gọi"
    )
    an.push(create("contact", contact, account=customer, full_name="Bình"), [paper, line], talk)
    sales = {"An", "Lan", "Minh", "Ngoc"}
    assert who_sees(any_house, "account", customer) == sales | {"Phuong"}
    assert who_sees(any_house, "contact", contact) == sales | {"Phuong"}
    assert who_sees(any_house, "invoice_line", line.id) == sales | {"Phuong"}
    assert who_sees(any_house, "activity", talk.id) == sales, "finance reads no talks"


def test_what_is_the_whole_firms(house: House) -> None:
    assert who_sees(house, "person", house.people["An"]) == set(EVERYBODY)


def test_what_is_a_persons_alone(house: House) -> None:
    an = house.laptop("An")
    own = create("saved_view", house.ids.new(), page="account", name="Của tôi", person=an.user)
    given = create("saved_view", house.ids.new(), page="account", name="Chung", person=an.user, shared=True)
    task = create("task", house.ids.new(), subject="Gọi ngân hàng")
    assert an.told(own, given, task) == ["accepted"] * 3
    assert who_sees(house, "saved_view", own.id) == {"An"}
    assert who_sees(house, "saved_view", given.id) == set(EVERYBODY)
    assert who_sees(house, "task", task.id) == {"An"}
    assert an.told(update("saved_view", own.id, 10**6, shared=True)) == ["accepted"]
    assert who_sees(house, "saved_view", own.id) == set(EVERYBODY)
    binh = house.laptop("Binh")
    assert binh.told(update("saved_view", given.id, 10**6, name="Khác")) == ["forbidden"]
    assert binh.told(create("task", house.ids.new(), subject="Việc của An", owner=an.user)) == ["forbidden"]


def test_money_of_an_unknown_payer(house: House) -> None:
    finance = house.laptop("Phuong")
    money = create("receipt", house.ids.new(), received_on="2026-03-01", amount=500, currency="VND", payer="Ai đó")
    assert finance.told(money) == ["accepted"]
    assert who_sees(house, "receipt", money.id) == {"Phuong", "Ngoc"}
    decision = create("receipt_decision", house.ids.new(), receipt=money.id, verdict="confirmed",
                      decided_at="2026-03-01T00:00:00Z")  # fmt: skip
    assert finance.told(decision) == ["accepted"]
    assert who_sees(house, "receipt_decision", decision.id) == {"Phuong", "Ngoc"}
    other = create("receipt", house.ids.new(), received_on="2026-03-01", amount=5, currency="VND")
    assert house.laptop("An").told(other) == ["forbidden"]


def test_nothing_new_costs_one_small_answer(house: House) -> None:
    _, (_an, lead) = shared_account(house, "An", "Lan")
    lead.pull()
    lead.pull()
    assert (lead.last["parts"], lead.last["count"], lead.last["scopes"]) == ([], 0, [])
    assert lead.last["more"] is False


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 5000])
def test_pages_of_any_size_bring_the_same(any_house: House, limit: int) -> None:
    an, whole = any_house.laptop("An"), any_house.laptop("Lan")
    customers = [account(any_house, "An") for _ in range(5)]
    an.push(*(change for _, change in customers))
    an.push(*(create("contact", any_house.ids.new(), account=i, full_name=f"Bình {i}") for i, _ in customers))
    whole.pull()
    paged = any_house.laptop("Lan")
    pages = paged.pull(limit)
    assert paged.rows == whole.rows
    assert paged.held == whole.held
    assert pages > 3 or limit > 3


def test_a_first_download_brings_parents_first_and_says_how_many(house: House) -> None:
    an, lead = house.laptop("An"), house.laptop("Lan")
    customers = [account(house, "An") for _ in range(4)]
    an.push(*(change for _, change in customers))
    an.push(*(create("contact", house.ids.new(), account=i, full_name="B") for i, _ in customers))
    an.push(*(update("account", i, 10**6, industry="Thép") for i, _ in customers))
    first = lead.call("pull", cursors={}, limit=10)
    assert [part["entity"] for part in first["parts"]] == ["person", "account"]
    scope = f"owner:{an.user}"
    assert first["total"][scope] == 8
    assert first["cursors"][scope].startswith("-")
    assert not first["cursors"]["org"].startswith("-")


def test_a_download_goes_on_where_it_was_killed(house: House) -> None:
    an, lead = house.laptop("An"), house.laptop("Lan")
    an.push(*(account(house, "An")[1] for _ in range(9)))
    lead.take(lead.call("pull", cursors=lead.cursors, limit=12))
    held = dict(lead.cursors)
    identity, late = account(house, "An")
    an.push(late, update("account", next(iter(lead.ids("account"))), 10**6, industry="Thép"))
    again = lead.call("pull", cursors=held, limit=3)
    assert again["restarted"] == []
    lead.take(again)
    lead.pull(3)
    reference = house.laptop("Lan")
    reference.pull()
    assert lead.rows == reference.rows
    assert lead.row("account", identity) is not None


def test_cursors_are_opaque_and_strange_ones_start_anew(house: House) -> None:
    _, (_an, lead) = shared_account(house, "An", "Lan")
    rows = dict(lead.rows)
    for text in ("17", "-x:1:2", "1.1.abc:5", "-" * 50, "0:" + "9" * 40):
        lead.cursors = dict.fromkeys(lead.cursors, text)
        answer = lead.call("pull", cursors=lead.cursors)
        assert set(answer["restarted"]) == set(lead.cursors)
        lead.take(answer)
        assert lead.rows == rows
    with pytest.raises(Problem):
        lead.call("pull", cursors={"org": 5})


def test_a_cursor_beyond_the_sequence_does_not_count(house: House) -> None:
    _, (_an, lead) = shared_account(house, "An", "Lan")
    stamp, seq = lead.cursors["org"].split(":")
    answer = lead.call("pull", cursors={**lead.cursors, "org": f"{stamp}:{int(seq) + 1000}"})
    assert answer["restarted"] == ["org"]


def reassign(laptop: Laptop, customer: str, **more: Any) -> dict[str, Any]:
    return laptop.call("reassign", account=customer, **more)


def test_a_hand_over_takes_the_rows_along(any_house: House) -> None:
    an, lead, binh = (any_house.laptop(name) for name in ("An", "Lan", "Binh"))
    customer, change = account(any_house, "An")
    other, kept = account(any_house, "An")
    contact = create("contact", any_house.ids.new(), account=customer, full_name="Bình")
    an.push(change, kept, contact)
    for each in (an, lead, binh):
        each.pull()
    before = any_house.value("select seq from feed where id = ?", other)
    answer = reassign(lead, customer, owner=binh.user)
    assert answer["owner"] == binh.user
    for each in (an, lead, binh):
        each.pull()
    assert an.ids("account") == {other}
    assert an.ids("contact") == set()
    assert binh.ids("account") == {customer}
    assert binh.ids("contact") == {contact.id}
    assert lead.ids("account") == {customer, other}
    assert lead.row("account", customer)["owner"] == binh.user  # type: ignore[index]
    assert any_house.value("select seq from feed where id = ?", other) == before, "only that account's feed"
    assert an.told(update("contact", contact.id, 10**6, position="Trưởng phòng")) == ["gone"]
    assert an.last["parts"] == []


def test_who_may_hand_over(house: House) -> None:
    customer, (an, lead, manager) = shared_account(house, "An", "Lan", "Minh")
    with pytest.raises(Problem) as caught:
        reassign(an, customer, owner=house.people["Binh"])
    assert caught.value.code == "forbidden"
    with pytest.raises(Problem):
        reassign(lead, customer, owner=house.people["Dung"])  # not of the lead's team
    with pytest.raises(Problem) as caught:
        reassign(house.laptop("Dung"), customer, owner=house.people["Dung"])
    assert caught.value.code == "gone"
    assert reassign(manager, customer, owner=house.people["Dung"])["owner"] == house.people["Dung"]
    assert an.told(update("account", customer, 10**6, owner=an.user)) == ["gone"]
    dung = house.laptop("Dung")
    assert dung.told(update("account", customer, 10**6, owner=an.user)) == ["reassign"]


def test_helpers_come_and_go(any_house: House) -> None:
    customer, (an, lead, dung) = (
        shared_account(any_house, "An", "Lan")[0],
        [any_house.laptop(n) for n in ("An", "Lan", "Dung")],
    )
    contact = create("contact", any_house.ids.new(), account=customer, full_name="Bình")
    an.push(contact)
    dung.pull()
    assert dung.ids("account") == set()
    reassign(lead, customer, helpers=[dung.user])
    dung.pull()
    assert dung.ids("account") == {customer}
    assert dung.ids("contact") == {contact.id}
    assert dung.told(update("contact", contact.id, 10**6, position="Kế toán")) == ["accepted"]
    late = create("contact", any_house.ids.new(), account=customer, full_name="Cúc")
    assert an.told(late) == ["accepted"]
    dung.pull()
    assert dung.ids("contact") == {contact.id, late.id}
    reassign(lead, customer, helpers=[])
    dung.pull()
    assert dung.ids("account") == dung.ids("contact") == set()
    assert not any(each.startswith("shared:") for each in dung.cursors)


def test_a_helper_who_also_leads_gets_values_once(house: House) -> None:
    customer, (an, lead, manager) = shared_account(house, "An", "Lan", "Minh")
    reassign(manager, customer, helpers=[lead.user])
    fresh = house.laptop("Lan")
    fresh.pull()
    assert fresh.held["account", customer] == {f"owner:{an.user}", f"shared:{customer}"}
    reassign(manager, customer, helpers=[])
    fresh.pull()
    assert fresh.held["account", customer] == {f"owner:{an.user}"}
    assert fresh.row("account", customer) is not None


def test_a_task_moves_with_its_account(house: House) -> None:
    customer, (an, lead) = shared_account(house, "An", "Lan")
    task = create("task", house.ids.new(), subject="Gọi", owner=an.user)
    an.push(task)
    lead.pull()
    assert lead.row("task", task.id) is None
    assert an.told(update("task", task.id, 10**6, account=customer)) == ["accepted"]
    lead.pull()
    assert lead.row("task", task.id) is not None
    assert an.told(update("task", task.id, 10**6, account="")) == ["accepted"]
    lead.pull()
    assert lead.row("task", task.id) is None
    an.pull()
    assert an.row("task", task.id) is not None


def test_what_hangs_on_a_moved_record_moves_too(house: House) -> None:
    deal, (an, _lead, manager) = proposal(house, "An", "Lan", "Minh")
    version = create("proposal_version", house.ids.new(), proposal=deal, number=1, status="draft", currency="VND")
    an.push(version)
    theirs, change = account(house, "Dung")
    dung = house.laptop("Dung")
    dung.push(change)
    assert an.told(update("proposal", deal, 10**6, account=theirs)) == ["missing_reference"]
    assert manager.told(update("proposal", deal, 10**6, account=theirs)) == ["accepted"]
    for each in (an, dung):
        each.pull()
    assert an.ids("proposal") == an.ids("proposal_version") == set()
    assert dung.ids("proposal_version") == {version.id}


def test_a_child_edited_in_the_push_that_moves_its_parent(house: House) -> None:
    deal, (an, manager) = proposal(house, "An", "Minh")
    version = create("proposal_version", house.ids.new(), proposal=deal, number=1, status="draft", currency="VND")
    an.push(version)
    theirs, change = account(house, "Dung")
    dung = house.laptop("Dung")
    dung.push(change)
    edit = update("proposal_version", version.id, 10**6, terms="Mới")
    line = create("proposal_line", house.ids.new(), version=version.id, place=1, description="X", quantity="1", price=1)
    assert manager.told(edit, line, update("proposal", deal, 10**6, account=theirs)) == ["accepted"] * 3
    for each in (an, dung):
        each.pull()
    assert an.ids("proposal_version") == an.ids("proposal_line") == set()
    assert dung.ids("proposal_version") == {version.id}
    assert dung.ids("proposal_line") == {line.id}


COST = 987_654_321


def priced(house: House) -> tuple[str, Laptop]:
    deal, (manager,) = proposal(house, "Minh")
    version = create("proposal_version", house.ids.new(), proposal=deal, number=1, status="draft", currency="VND")
    line = create("proposal_line", house.ids.new(), version=version.id, place=1, description="Banner", quantity="1",
                  price=100, cost=COST)  # fmt: skip
    assert manager.told([version, line]) == ["accepted"]
    return line.id, manager


def test_hidden_fields_are_in_no_answer(house: House) -> None:
    line, manager = priced(house)
    customer = house.value("select account from proposal")
    reassign(manager, customer, owner=house.people["An"])
    manager.told(update("proposal_line", line, 10**6, cost=COST + 1))
    lan, an = house.laptop("Lan"), house.laptop("An")
    lan.pull()
    assert lan.row("proposal_line", line)["cost"] == COST + 1  # type: ignore[index]
    manager.told(update("proposal_line", line, 10**6, cost=COST))
    answers = [lan.push(update("proposal_line", line, lan.seq("proposal_line", line), cost=COST + 2))]
    assert answers[0]["conflicts"], "it is a conflict for those who may know"
    an.pull()
    assert "cost" not in an.row("proposal_line", line)  # type: ignore[operator]
    told = [an.last, an.conflicts, an.rows, an.call("history", entity="proposal_line", id=line)]
    told.append(an.call("digest", rows=[["proposal_line", line]]))
    told.append(an.push(update("proposal_line", line, 0, price=5)))
    told.append(an.push(update("proposal_line", line, 10**6, cost=1)))
    assert an.last["verdicts"][0][1]["problem"]["code"] == "guarded"
    assert "98765432" not in repr(told)
    assert "98765432" in repr(manager.call("history", entity="proposal_line", id=line))


def test_rights_that_change_restart_everything(any_house: House) -> None:
    line, manager = priced(any_house)
    reassign(manager, any_house.value("select account from proposal"), owner=any_house.people["An"])
    lan = any_house.laptop("Lan")
    lan.pull()
    assert lan.row("proposal_line", line)["cost"] == COST  # type: ignore[index]
    with any_house.database.write() as connection:
        connection.run("update team set lead = ? where id = 'north'", (any_house.people["Dung"],))
        connection.run("update user_account set role = 'kam' where id = ?", (lan.user,))
        callers.rights_changed(connection, [lan.user])
    lan.pull()
    assert set(lan.last["restarted"]) == {"org", f"person:{lan.user}", f"owner:{lan.user}"}
    assert lan.ids("proposal_line") == set()


def test_another_policy_restarts_everything(house: House) -> None:
    text = (resources() / "policy.toml").read_text("utf-8")
    line, manager = priced(house)
    assert manager.row("proposal_line", line) is None
    manager.pull()
    assert "cost" in manager.row("proposal_line", line)  # type: ignore[operator]
    stricter = text.replace('read = ["lead", "manager", "finance"]\nwrite = ["lead", "manager"]',
                            'read = ["lead"]\nwrite = ["lead"]')  # fmt: skip
    assert stricter != text
    house.policy = Policy.read(stricter)
    manager.pull()
    assert "org" in manager.last["restarted"]
    assert "cost" not in manager.row("proposal_line", line)  # type: ignore[operator]
    house.policy = POLICY


def test_a_purge_leaves_a_floor(any_house: House) -> None:
    customer, (an, lead) = shared_account(any_house, "An", "Lan")
    contact = create("contact", any_house.ids.new(), account=customer, full_name="Bình")
    an.push(contact)
    an.pull()
    lead.pull()
    behind = dict(lead.cursors)
    assert an.told(delete("contact", contact.id, an.seq("contact", contact.id))) == ["accepted"]
    an.pull()
    any_house.clock.move(401 * 86_400)
    with any_house.database.write() as connection:
        assert purge(connection, any_house.clock) == 1
    assert any_house.value("select count(*) from contact") == 0
    lead.cursors = behind
    lead.pull()
    assert lead.last["restarted"] == [f"owner:{an.user}"]
    assert lead.row("contact", contact.id) is None
    an.pull()
    assert an.last["restarted"] == [], "who stood behind the deletion misses nothing"


def test_a_disabled_user_and_a_revoked_device_get_nothing(house: House) -> None:
    an = house.laptop("An")
    with house.database.write() as connection:
        connection.run("update device set revoked = 1 where id = ?", (an.device,))
    with pytest.raises(Problem) as caught:
        an.pull()
    assert (caught.value.status, caught.value.code) == (403, "device_revoked")
    other = house.laptop("An")
    with house.database.write() as connection:
        connection.run("update user_account set disabled = 1 where id = ?", (other.user,))
    with pytest.raises(Problem) as caught:
        other.pull()
    assert caught.value.code == "user_disabled"
