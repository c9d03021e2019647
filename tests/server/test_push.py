"""Pushing: verdicts, groups, merging, deleting, facts, derived ids, authorship."""

from __future__ import annotations

from typing import Any

import pytest

from kam_desktop.protocol.messages import Problem
from tests.server.house import House, Laptop, create, delete, update


def account(house: House, owner: str, **more: Any) -> tuple[str, Any]:
    identity = house.ids.new()
    return identity, create("account", identity, name="Thép Việt", currency="VND", owner=house.people[owner], **more)


def shared_account(house: House, *names: str, **more: Any) -> tuple[str, list[Laptop]]:
    """An account of the first one, pulled by all of them."""
    laptops = [house.laptop(name) for name in names]
    identity, change = account(house, names[0], **more)
    assert laptops[0].told(change) == ["accepted"]
    for each in laptops:
        each.pull()
        assert each.row("account", identity) is not None
    return identity, laptops


def test_what_one_writes_another_reads(any_house: House) -> None:
    identity, (an, lead) = shared_account(any_house, "An", "Lan", industry="Thép", tags=["vip", "Hà Nội"])
    contact = any_house.ids.new()
    assert an.told(create("contact", contact, account=identity, full_name="Trần Bình", main=True)) == ["accepted"]
    lead.pull()
    found = lead.row("contact", contact)
    assert found is not None
    assert (found["full_name"], found["main"], found["account"]) == ("Trần Bình", 1, identity)
    row = lead.row("account", identity)
    assert row is not None
    assert row["tags"] == '["vip", "Hà Nội"]'
    assert row["parent"] is None


def test_the_same_group_again_gets_the_stored_verdict(any_house: House) -> None:
    an = any_house.laptop("An")
    _, change = account(any_house, "An")
    name = any_house.ids.random()
    assert an.push(change, names=[name])["kinds"] == ["accepted"]
    before = any_house.value("select count(*) from change_log")
    assert an.push(change, names=[name])["kinds"] == ["already"]
    assert any_house.value("select count(*) from change_log") == before


def test_what_is_referred_to_is_visible_to_the_writer(any_house: House) -> None:
    theirs, (dung,) = shared_account(any_house, "Dung")
    unseen = any_house.ids.new()
    assert dung.told(create("contact", unseen, account=theirs, full_name="Kín")) == ["accepted"]
    mine, (an,) = shared_account(any_house, "An")
    talk = {"account": mine, "kind": "call", "at": "2026-03-01T00:00:00Z", "subject": "Gọi"}
    _, child = account(any_house, "An", parent=theirs)
    assert an.told(child, create("activity", any_house.ids.new(), contact=unseen, **talk)) == ["missing_reference"] * 2
    assert an.told(update("account", mine, 10**6, parent=theirs)) == ["missing_reference"]
    assert an.told(create("contact", any_house.ids.new(), account=theirs, full_name="Lạ")) == ["missing_reference"]
    assert any_house.value("select count(*) from activity") == 0


def test_a_refusal_is_final(house: House) -> None:
    an = house.laptop("An")
    name, contact = house.ids.random(), house.ids.new()
    identity, made = account(house, "An")
    orphan = create("contact", contact, account=identity, full_name="Bình")
    assert an.push(orphan, names=[name])["verdicts"][0][1]["problem"]["code"] == "missing_reference"
    assert an.told(made) == ["accepted"]
    assert an.push(orphan, names=[name])["verdicts"][0][1]["problem"]["code"] == "missing_reference"
    assert house.value("select count(*) from contact") == 0
    assert an.told(orphan) == ["accepted"]


def test_another_payload_under_a_known_name_is_an_error(house: House) -> None:
    an = house.laptop("An")
    name = house.ids.random()
    identity, change = account(house, "An")
    an.push(change, names=[name])
    other = create("account", identity, **{**change.new, "name": "Khác"})
    answer = an.push(other, names=[name])
    assert answer["verdicts"][0][1]["problem"]["code"] == "changed_group"
    assert house.value("select name from account") == "Thép Việt"


def test_a_clone_is_told_to_take_a_new_device(house: House) -> None:
    an = house.laptop("An")
    clone = house.laptop("An")
    clone.device, clone.number = an.device, an.number
    an.told(account(house, "An")[1])
    with pytest.raises(Problem) as caught:
        clone.push(account(house, "An")[1])
    assert (caught.value.status, caught.value.code) == (409, "new_device")
    assert house.value("select count(*) from account") == 1


def test_an_older_number_comes_from_a_clone_though_all_of_it_be_known(house: House) -> None:
    lan = house.laptop("Lan")
    first, second = ([create("account", house.ids.new(), name=name, currency="VND")] for name in ("Một", "Hai"))
    lan.push(first, names=["a" * 32])
    lan.push(second, names=["b" * 32])
    lan.number -= 2
    with pytest.raises(Problem) as caught:
        lan.push(first, names=["a" * 32])
    assert (caught.value.status, caught.value.code) == (409, "new_device")


def test_a_shorter_repetition_is_followed_by_its_rest_or_comes_from_a_clone(house: House) -> None:
    lan = house.laptop("Lan")
    one, two, three = ([create("account", house.ids.new(), name=name, currency="VND")] for name in "123")
    lan.push(one, two, names=["a" * 32, "b" * 32])
    lan.number -= 1
    lan.push(one, names=["a" * 32])  # a proxy had found the whole too large
    with pytest.raises(Problem) as caught:
        lan.push(three, names=["c" * 32])
    assert (caught.value.status, caught.value.code) == (409, "new_device")
    assert house.value("select count(*) from account") == 2
    lan.number = 1
    answer = lan.push(two, three, names=["b" * 32, "c" * 32])
    assert [each[0] for each in answer["verdicts"]] == ["already", "accepted"]
    lan.push([create("account", house.ids.new(), name="4", currency="VND")], names=["d" * 32])
    assert house.value("select count(*) from account") == 4


def test_a_repeated_message_is_no_clone(house: House) -> None:
    an = house.laptop("An")
    name, change = house.ids.random(), account(house, "An")[1]
    an.push(account(house, "An")[1])
    an.push(change, names=[name])
    an.number -= 1
    assert an.push(change, names=[name])["kinds"] == ["already"]


def test_a_group_is_all_or_nothing(any_house: House) -> None:
    an = any_house.laptop("An")
    identity, good = account(any_house, "An")
    bad = create("contact", any_house.ids.new(), account=any_house.ids.new(), full_name="Lạc")
    single, alone = account(any_house, "An")
    assert an.told([good, bad], alone) == ["missing_reference", "accepted"]
    assert any_house.value("select count(*) from account where id = ?", identity) == 0
    assert any_house.value("select count(*) from account where id = ?", single) == 1
    assert any_house.value("select count(*) from contact") == 0


def test_what_hangs_on_a_refused_creation_is_refused(house: House) -> None:
    an = house.laptop("An")
    identity, good = account(house, "An")
    bad = create("contact", house.ids.new(), account=identity, full_name="x" * 500)
    child = create("contact", house.ids.new(), account=identity, full_name="Bình")
    assert an.told([good, bad], child) == ["too_long", "missing_reference"]
    assert house.value("select count(*) from contact") == 0


@pytest.mark.parametrize("why", ["refused before", "too large", "recovered"])
def test_what_hangs_on_a_creation_that_was_not_decided_is_refused(house: House, why: str) -> None:
    identity, made = account(house, "Phuong" if why == "refused before" else "An")
    sender, name = house.laptop("Phuong" if why == "refused before" else "An"), house.ids.random()
    group, more = [made], {}
    if why == "refused before":
        assert sender.push(group, names=[name])["verdicts"][0][1]["problem"]["code"] == "forbidden"
    elif why == "too large":
        group += [create("contact", house.ids.new(), account=identity, full_name="Lạc") for _ in range(1000)]
    else:
        more = {"recovered": {name: house.people["Lan"]}}
    paper, other = invoice(house, identity), account(house, "An")[1]
    part = create("instalment", house.ids.new(), invoice=paper.id, place=1, amount=paper.new["total"])
    names = [name, *(house.ids.random() for _ in range(2))]
    told = sender.push(group, [paper, part], other, names=names, **more)["verdicts"]
    assert told[1][1]["problem"]["code"] == "missing_reference"
    assert [house.value(f"select count(*) from {each}") for each in ("invoice", "instalment")] == [0, 0]


def test_a_group_has_a_size(house: House) -> None:
    an = house.laptop("An")
    many = [account(house, "An")[1] for _ in range(1001)]
    long = [account(house, "An", internal_note="ộ" * 19_000)[1] for _ in range(30)]
    assert an.told(many, long, account(house, "An")[1]) == ["group_too_large", "group_too_large", "accepted"]
    with pytest.raises(Problem) as caught:
        an.push(*([account(house, "An")[1]] for _ in range(5001)))
    assert caught.value.status == 413


def test_edits_of_different_fields_merge(any_house: House) -> None:
    identity, (an, lead) = shared_account(any_house, "An", "Lan")
    base = an.seq("account", identity)
    assert lead.told(update("account", identity, base, industry="Nhựa")) == ["accepted"]
    assert an.told(update("account", identity, base, address="Hà Nội")) == ["accepted"]
    an.pull()
    row = an.row("account", identity)
    assert row is not None
    assert (row["industry"], row["address"]) == ("Nhựa", "Hà Nội")
    assert not an.conflicts


def test_latest_stands_and_the_other_value_is_kept_for_both(any_house: House) -> None:
    identity, (an, lead) = shared_account(any_house, "An", "Lan")
    base = an.seq("account", identity)
    assert lead.told(update("account", identity, base, industry="Nhựa")) == ["accepted"]
    answer = an.push(update("account", identity, base, industry="Thép"))
    assert answer["kinds"] == ["accepted"]
    (kept,) = answer["conflicts"]
    assert kept["fields"] == {"industry": {"stands": "Thép", "other": "Nhựa"}}
    assert (kept["stands_by"], kept["other_by"]) == (an.user, lead.user)
    for each in (an, lead):
        each.pull()
        assert each.row("account", identity)["industry"] == "Thép"  # type: ignore[index]
        assert each.conflicts[kept["id"]]["fields"] == kept["fields"]


def test_a_field_that_was_never_written_again_counts_from_its_creation(house: House) -> None:
    """Base 0 against a row that another laptop made: concurrent, although its `_field_seq` is empty."""
    identity, (_an, lead) = shared_account(house, "An", "Lan", industry="Nhựa")
    answer = lead.push(update("account", identity, 0, industry="Thép"))
    assert answer["conflicts"][0]["fields"] == {"industry": {"stands": "Thép", "other": "Nhựa"}}


def test_own_earlier_edit_is_no_conflict(house: House) -> None:
    identity, (an,) = shared_account(house, "An")
    base = an.seq("account", identity)
    assert an.told(update("account", identity, base, industry="Nhựa")) == ["accepted"]
    answer = an.push(update("account", identity, base, industry="Thép"))
    assert (answer["kinds"], answer["conflicts"]) == (["accepted"], [])


def proposal(house: House, *names: str) -> tuple[str, list[Laptop]]:
    customer, laptops = shared_account(house, *names)
    identity = house.ids.new()
    made = create("proposal", identity, account=customer, title="Chiến dịch Tết", stage="briefed", currency="VND")
    assert laptops[0].told(made) == ["accepted"]
    for each in laptops:
        each.pull()
    return identity, laptops


def test_ask_is_refused_and_the_servers_value_stands(any_house: House) -> None:
    identity, (an, lead) = proposal(any_house, "An", "Lan")
    base = an.seq("proposal", identity)
    assert lead.told(update("proposal", identity, base, stage="working")) == ["accepted"]
    answer = an.push(update("proposal", identity, base, stage="negotiating", next_step="Gọi lại"))
    kind, detail = answer["verdicts"][0]
    assert kind == "conflict"
    assert (detail["theirs"], detail["asked"]) == ({"stage": "working"}, {"stage": "negotiating"})
    (part,) = answer["parts"]
    row = {name: column[0] for name, column in zip(part["fields"], part["values"], strict=True)}
    assert (row["stage"], row["next_step"]) == ("working", "Gọi lại")


def test_an_atomic_group_of_fields_is_asked_whole(house: House) -> None:
    identity, (an, lead) = proposal(house, "An", "Lan")
    base = an.seq("proposal", identity)
    lead.told(update("proposal", identity, base, stage="lost", outcome_reason="Giá"))
    answer = an.push(update("proposal", identity, base, outcome_reason="Trễ"))
    assert answer["kinds"] == ["conflict"]
    assert house.value("select outcome_reason from proposal") == "Giá"


def test_a_group_with_one_asked_field_is_written_not_at_all(house: House) -> None:
    identity, (an, lead) = proposal(house, "An", "Lan")
    base = an.seq("proposal", identity)
    lead.told(update("proposal", identity, base, stage="working"))
    other = create("contact", house.ids.new(), account=house.value("select id from account"), full_name="Bình")
    answer = an.push([update("proposal", identity, base, stage="won"), other])
    assert answer["kinds"] == ["conflict"]
    assert house.value("select count(*) from contact") == 0
    assert house.value("select stage from proposal") == "working"


def test_rules_hold_for_what_comes_out_of_a_merge(house: House) -> None:
    identity, (an,) = proposal(house, "An")
    base = an.seq("proposal", identity)
    assert an.told(update("proposal", identity, base, stage="lost")) == ["reason_needed"]
    assert an.told(update("proposal", identity, base, stage="lost", outcome_reason="Giá")) == ["accepted"]


def test_an_edit_beats_a_deletion_that_had_not_seen_it(any_house: House) -> None:
    customer, (an, lead) = shared_account(any_house, "An", "Lan")
    contact = any_house.ids.new()
    an.told(create("contact", contact, account=customer, full_name="Bình"))
    an.pull()
    lead.pull()
    base = an.seq("contact", contact)
    assert lead.told(update("contact", contact, base, position="Giám đốc")) == ["accepted"]
    answer = an.push(delete("contact", contact, base))
    assert answer["verdicts"][0][1]["problem"]["code"] == "edited"
    an.pull()
    assert an.row("contact", contact)["position"] == "Giám đốc"  # type: ignore[index]
    assert an.told(delete("contact", contact, an.seq("contact", contact))) == ["accepted"]
    lead.pull()
    assert lead.row("contact", contact) is None


def test_an_edit_of_something_deleted_revives_it(any_house: House) -> None:
    customer, (an, lead) = shared_account(any_house, "An", "Lan")
    contact = any_house.ids.new()
    an.told(create("contact", contact, account=customer, full_name="Bình"))
    lead.pull()
    base = lead.seq("contact", contact)
    an.pull()
    assert an.told(delete("contact", contact, base)) == ["accepted"]
    an.pull()
    assert an.row("contact", contact) is None
    answer = lead.push(update("contact", contact, base, position="Kế toán"))
    assert answer["kinds"] == ["accepted"]
    for each in (an, lead):
        each.pull()
        assert each.row("contact", contact)["position"] == "Kế toán"  # type: ignore[index]


def test_a_child_revives_what_it_hangs_on(any_house: House) -> None:
    customer, (an, lead) = shared_account(any_house, "An", "Lan")
    deal = any_house.ids.new()
    made = create("proposal", deal, account=customer, title="Quảng cáo", stage="briefed", currency="VND")
    assert an.told(made) == ["accepted"]
    lead.pull()
    an.pull()
    assert an.told(delete("proposal", deal, an.seq("proposal", deal))) == ["accepted"]
    version = any_house.ids.new()
    line = create("proposal_version", version, proposal=deal, number=1, status="draft", currency="VND")
    assert lead.told(line) == ["accepted"]
    an.pull()
    assert an.row("proposal", deal) is not None
    assert an.row("proposal_version", version) is not None


def test_a_record_with_children_stays(house: House) -> None:
    identity, (an,) = proposal(house, "An")
    version = create("proposal_version", house.ids.new(), proposal=identity, number=1, status="draft", currency="VND")
    assert an.told(version) == ["accepted"]
    assert an.told(delete("proposal", identity, 10**6)) == ["has_children"]
    both = [delete("proposal_version", version.id, 10**6), delete("proposal", identity, 10**6)]
    assert an.told(both) == ["accepted"]


def test_an_account_of_somebody_is_archived_never_deleted(house: House) -> None:
    identity, (an, lead) = shared_account(house, "An", "Lan")
    assert lead.told(delete("account", identity, 10**6)) == ["archive"]
    assert lead.told(update("account", identity, 10**6, archived=True)) == ["accepted"]
    assert an.told(delete("account", identity, 10**6)) == ["archive"], "the lead wrote to it since"


def invoice(house: House, customer: str, identity: str | None = None, **more: Any) -> Any:
    new = {
        "account": customer, "number": "17", "issued_on": "2026-02-01", "currency": "VND", "net": 100, "total": 108,
        "tax": 8, "origin": "file", **more,
    }  # fmt: skip
    return create("invoice", identity or house.ids.new(), **new)


def test_facts_are_never_updated_or_deleted(any_house: House) -> None:
    customer, (an, finance) = shared_account(any_house, "An", "Phuong")
    paper = invoice(any_house, customer)
    assert an.told(paper) == ["accepted"]
    for each in (an, finance):
        each.pull()
        base = each.seq("invoice", paper.id)
        assert each.told(update("invoice", paper.id, base, total=1)) == ["fact"]
    assert finance.told(delete("invoice", paper.id, 10**6)) == ["fact"]
    assert any_house.value("select total from invoice") == 108


def test_the_author_takes_back_a_fact_that_nothing_hangs_on(house: House) -> None:
    customer, (an,) = shared_account(house, "An")
    paper = invoice(house, customer)
    part = create("instalment", house.ids.new(), invoice=paper.id, place=1, amount=108)
    assert an.told([paper, part]) == ["accepted"]
    assert an.told(delete("invoice", paper.id, 10**6)) == ["has_children"]
    assert an.told([delete("instalment", part.id, 10**6), delete("invoice", paper.id, 10**6)]) == ["accepted"]


def test_two_laptops_import_one_file(any_house: House) -> None:
    customer, (an, lead) = shared_account(any_house, "An", "Lan")
    identity = any_house.ids.new()
    assert an.told(invoice(any_house, customer, identity)) == ["accepted"]
    seq = any_house.value("select seq from feed where id = ?", identity)
    assert lead.told(invoice(any_house, customer, identity)) == ["accepted"]
    assert any_house.value("select count(*) from invoice") == 1
    assert any_house.value("select seq from feed where id = ?", identity) == seq, "nothing changed, nothing travels"


def test_another_reading_of_the_same_invoice_is_kept_beside_it(house: House) -> None:
    customer, (an, lead) = shared_account(house, "An", "Lan")
    identity = house.ids.new()
    an.told(invoice(house, customer, identity))
    answer = lead.push(invoice(house, customer, identity, total=999))
    assert answer["kinds"] == ["accepted"]
    assert answer["conflicts"][0]["fields"] == {"total": {"stands": 108, "other": 999}}
    assert house.value("select total from invoice") == 108


def test_a_derived_id_that_a_colleague_holds(any_house: House) -> None:
    customer, (an,) = shared_account(any_house, "An")
    mine, (dung,) = shared_account(any_house, "Dung")
    identity = any_house.ids.new()
    an.told(invoice(any_house, customer, identity))
    answer = dung.push(invoice(any_house, mine, identity, number="18"))
    assert answer["verdicts"][0][1]["problem"]["code"] == "held"
    assert customer not in str(answer)
    assert answer["parts"] == []


def test_who_did_it_is_the_caller(house: House) -> None:
    customer, (an, lead) = shared_account(house, "An", "Lan")
    talk = create("activity", house.ids.new(), account=customer, kind="call", at="2026-03-01T02:00:00Z", subject="Gọi",
                  author=lead.user)  # fmt: skip
    answer = an.push(talk)
    assert answer["kinds"] == ["accepted"]
    assert house.value("select author from activity") == an.user
    assert answer["parts"][0]["entity"] == "activity", "the laptop is told that it came out otherwise"
    assert house.value("select author from change_log where record = ?", talk.id) == an.user
    assert an.told(update("activity", talk.id, 10**6, author=lead.user)) == ["author"]


def test_a_stamp_of_the_future_becomes_now(house: House) -> None:
    customer, (an, finance) = shared_account(house, "An", "Phuong")
    paper = invoice(house, customer)
    an.told(paper)
    told = create("documents_confirmed", house.ids.new(), invoice=paper.id, recorded_at="2036-01-01T00:00:00Z")
    assert finance.told(told) == ["accepted"]
    assert house.value("select recorded_at from documents_confirmed") == "2026-03-02T08:30:00Z"


def test_unknown_fields_are_kept_and_come_back(any_house: House) -> None:
    identity, (an, lead) = shared_account(any_house, "An", "Lan")
    newer, change = account(any_house, "An", favourite_tea="sen")
    assert an.told(change) == ["accepted"]
    assert an.told(update("account", identity, 10**6, favourite_tea="nhài")) == ["accepted"]
    lead.pull()
    assert lead.row("account", newer)["_extra"] == '{"favourite_tea":"sen"}'  # type: ignore[index]
    assert lead.told(update("account", identity, 10**6, industry="Trà")) == ["accepted"]
    an.pull()
    assert an.row("account", identity)["_extra"] == '{"favourite_tea":"nhài"}'  # type: ignore[index]


def test_an_unknown_kind_of_record_is_refused_alone(house: House) -> None:
    an = house.laptop("An")
    strange = create("spaceship", house.ids.new(), name="Phù Đổng")
    assert an.told(strange, account(house, "An")[1]) == ["unknown_entity", "accepted"]


def test_a_sent_version_does_not_change(house: House) -> None:
    deal, (an,) = proposal(house, "An")
    version, line = house.ids.new(), house.ids.new()
    made = create("proposal_version", version, proposal=deal, number=1, status="draft", currency="VND")
    row = create("proposal_line", line, version=version, place=1, description="Banner", quantity="1", price=100)
    assert an.told([made, row]) == ["accepted"]
    assert an.told(update("proposal_version", version, 10**6, status="sent")) == ["accepted"]
    assert an.told(update("proposal_version", version, 10**6, terms="Khác")) == ["frozen"]
    assert an.told(update("proposal_line", line, 10**6, price=1)) == ["frozen"]
    assert an.told(delete("proposal_line", line, 10**6)) == ["frozen"]
    extra = create("proposal_line", house.ids.new(), version=version, place=2, description="X", quantity="1", price=1)
    assert an.told(extra) == ["frozen"]
    sent = house.ids.new()
    frozen = create("proposal_version", sent, proposal=deal, number=2, status="superseded", currency="VND")
    its_line = create("proposal_line", house.ids.new(), version=sent, place=1, description="Y", quantity="1", price=1)
    assert an.told([frozen, its_line]) == ["accepted"], "a version comes with its lines"


def test_merging_two_accounts_hangs_facts_elsewhere(house: House) -> None:
    keep, (an,) = shared_account(house, "An")
    lose, change = account(house, "An")
    paper = invoice(house, lose)
    an.told(change, paper)
    assert an.told(update("invoice", paper.id, 10**6, account=keep)) == ["fact"]
    groups = (
        update("invoice", paper.id, 10**6, account=keep),
        update("account", lose, 10**6, archived=True, merged_into=keep),
    )
    assert an.told(*groups) == ["accepted", "accepted"]
    assert house.value("select account from invoice") == keep


def test_a_conflict_that_was_dealt_with_is_told_to_everybody(house: House) -> None:
    identity, (an, lead) = shared_account(house, "An", "Lan")
    base = an.seq("account", identity)
    lead.told(update("account", identity, base, industry="Nhựa"))
    (kept,) = an.push(update("account", identity, base, industry="Thép"))["conflicts"]
    lead.pull()
    assert not lead.conflicts[kept["id"]]["resolved"]
    an.push(settle=[kept["id"]])
    lead.pull()
    assert lead.conflicts[kept["id"]]["resolved"]
