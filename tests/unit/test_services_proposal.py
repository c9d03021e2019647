"""Proposals: numbers made here, versions that freeze when sent, lines in their places, totals."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.domain.entities import LOCAL_PERSON_ID, Account, Person, Proposal, ProposalLine, ProposalVersion
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.locale.vietnam import vat
from kam_desktop.services import proposal, proposal_line
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = FakeClock()
    made = Store.create(tmp_path, DataKey.new(), "proposals", clock, RandomIds(clock))
    with made.edit("Set up") as uow:
        uow.add(Person(id=LOCAL_PERSON_ID, full_name="Đỗ Khánh Lân", code="Lân"))
        uow.add(Account(id="018f0000-0000-7000-8000-00000000000a", name="Một", currency="VND"))
    yield made
    made.close()


ACCOUNT = "018f0000-0000-7000-8000-00000000000a"


def line(description: str = "Việc", quantity: str = "1", price: int = 100, **more: Any) -> ProposalLine:
    plain = {"id": "", "version": "", "place": 1, "description": description}
    return ProposalLine(**{**plain, "quantity": Decimal(quantity), "price": price, **more})


def create(store: Store, title: str = "Ra mắt") -> Proposal:
    with store.edit("Create") as uow:
        return proposal.create(uow, ACCOUNT, title)


def detail(store: Store, of: Proposal, version: str = "") -> proposal.ProposalDetail:
    with store.reader() as reader:
        return proposal.detail(reader, of.id, version)


def set_lines(store: Store, version: ProposalVersion, *lines: ProposalLine) -> list[ProposalLine]:
    with store.edit("Lines") as uow:
        return proposal.set_lines(uow, version.id, lines)


def test_numbers_are_made_here_and_never_used_again(store: Store) -> None:
    assert create(store).number == "BG-2026-LAN-A-001"
    second = create(store)
    assert second.number == "BG-2026-LAN-A-002" and second.owner == LOCAL_PERSON_ID
    store.undo()
    assert create(store).number == "BG-2026-LAN-A-003"  # the one taken back is not given to another
    with store.edit("From elsewhere") as uow:
        uow.add(dataclasses.replace(second, id=uow.new_id(), number="BG-2026-LAN-A-017"))
        uow.add(dataclasses.replace(second, id=uow.new_id(), number="BG-2026-LAN-A-x9"))
    assert create(store).number == "BG-2026-LAN-A-018"
    store.remember({proposal.LETTER: "B"})
    assert create(store).number == "BG-2026-LAN-B-001"
    with pytest.raises(Refused), store.edit("Create") as uow:
        proposal.create(uow, "nobody", "x")


def test_lines_keep_their_ids_and_take_their_places(store: Store) -> None:
    made = create(store)
    version = detail(store, made).version
    first, second, third = set_lines(store, version, line("a"), line("b"), line("c"))
    kept = set_lines(store, version, third, line("mới"), first)
    shown = detail(store, made).lines
    assert [each.description for each in shown] == ["c", "mới", "a"]
    assert [each.place for each in shown] == [1, 2, 3] and list(shown) == kept
    assert shown[0].id == third.id and second.id not in {each.id for each in shown}
    with pytest.raises(Refused):
        set_lines(store, version, line("", price=1))


def test_totals_leave_optional_lines_out(store: Store) -> None:
    made = create(store)
    version = detail(store, made).version
    set_lines(
        store,
        version,
        line(quantity="2.5", price=1000, discount_percent=Decimal(10), tax_rate="8%", cost=2000),  # 2,250
        line(price=1000, tax_rate="10%"),
        line(price=500, tax_rate="KCT"),
        line(price=9999, optional=True),
    )
    with store.edit("Discount") as uow:
        uow.put(dataclasses.replace(version, discount=375))
    totals = detail(store, made).totals
    # 3,750 less 10 %: 2,025 at 8 % is 162, 900 at 10 % is 90, 450 bears none
    assert (totals.gross, totals.net, totals.tax, totals.total) == (3750, 3375, 252, 3627)
    assert [(group.group, group.tax) for group in totals.groups] == [("8%", 162), ("10%", 90), ("KCT", 0)]
    assert totals.cost == 2000 and totals.without_cost == 2
    with store.reader() as reader:
        row = proposal.rows(reader, [made.id, "nobody"])[0]
    assert (row.net, row.total, row.version_number, row.status, row.owner) == (3375, 3627, 1, "draft", "Đỗ Khánh Lân")
    too_much = dataclasses.replace(version, discount=10**9)
    assert proposal.totals(too_much, []).total == 0
    assert proposal.totals(too_much, [line(price=100)]).total == 0


@pytest.mark.parametrize(
    ("rate", "percent"),
    [("8%", Decimal(8)), ("0%", Decimal(0)), ("KCT", None), ("KKKNT", None), ("KHAC:08.00%", Decimal(8)), ("?", None)],
)
def test_rates_as_written(rate: str, percent: Decimal | None) -> None:
    assert proposal.rate_percent(rate) == percent


def test_sending_freezes_and_a_change_makes_the_next_version(store: Store) -> None:
    made = create(store)
    first = detail(store, made).version
    with pytest.raises(Refused, match="no line"), store.edit("Send") as uow:
        proposal.mark_sent(uow, first.id)
    set_lines(store, first, line(optional=True))
    with pytest.raises(Refused, match="no line"), store.edit("Send") as uow:
        proposal.mark_sent(uow, first.id)
    set_lines(store, first, line("a"), line("b"))
    with store.edit("Send") as uow:
        proposal.mark_sent(uow, first.id)
    sent = detail(store, made)
    assert sent.frozen and sent.version.sent_at is not None and sent.version.quoted_on == date(2026, 3, 2)
    assert sent.proposal.stage == "sent"
    with pytest.raises(Refused, match="sent already"), store.edit("Send") as uow:
        proposal.mark_sent(uow, first.id)
    with pytest.raises(Refused, match="no longer changes"):
        set_lines(store, first, line("other"))
    with store.edit("Next") as uow:
        second = proposal.new_version(uow, first.id)
    shown = detail(store, made)
    assert (shown.version.id, shown.version.number, shown.frozen) == (second.id, 2, False)
    assert [each.number for each in shown.versions] == [2, 1] and shown.version.sent_at is None
    assert [each.description for each in shown.lines] == ["a", "b"]
    assert not {each.id for each in shown.lines} & {each.id for each in sent.lines}
    set_lines(store, second, line("c"))
    assert [each.description for each in detail(store, made, first.id).lines] == ["a", "b"]
    with store.edit("Send") as uow:
        proposal.mark_sent(uow, second.id)
    assert [each.status for each in detail(store, made).versions] == ["sent", "superseded"]
    with pytest.raises(Refused):
        detail(store, made, "nobody")


def test_the_board_moves_cards_and_sends_nothing(store: Store) -> None:
    made = create(store)
    with store.edit("Move") as uow:
        proposal.set_stage(uow, made.id, "negotiating")
    assert detail(store, made).version.status == "draft"
    with pytest.raises(Refused, match="Say why"), store.edit("Move") as uow:
        proposal.set_stage(uow, made.id, "lost")
    with store.edit("Move") as uow:
        proposal.set_stage(uow, made.id, "lost", "giá cao")
    assert detail(store, made).proposal.outcome_reason == "giá cao"
    with store.edit("Move") as uow:
        proposal.set_stage(uow, made.id, "working")
    assert detail(store, made).proposal.outcome_reason == ""


def test_the_list_stands_in_the_order_of_the_board(store: Store) -> None:
    working, other, won = create(store, "Bê"), create(store, "An"), create(store, "Xong")
    briefed = create(store, "Cê")
    with store.edit("Move") as uow:
        proposal.set_stage(uow, won.id, "won")
        proposal.set_stage(uow, briefed.id, "briefed")
    with store.reader() as reader:
        found = proposal.listing(reader)
        assert found.ids == [briefed.id, other.id, working.id]
        assert [(group.stage, group.start, group.count) for group in found.groups] == [
            ("briefed", 0, 1),
            ("working", 1, 2),
        ]
        assert proposal.listing(reader, text="an").ids == [other.id]
        assert proposal.listing(reader, stages=("won",)).ids == [won.id]
        assert proposal.listing(reader, account="nobody").ids == []


@pytest.mark.parametrize(
    ("quoted", "valid", "rate", "expected"),
    [
        ("2026-11-23", "2026-12-31", "8%", None),
        ("2026-11-23", "2027-01-01", "8%", ("8%", "2026-12-31", "10%")),
        ("2026-11-23", "2027-01-01", "10%", None),
        ("2026-11-23", "2027-01-01", "KCT", None),
        ("2027-01-02", "2027-02-01", "8%", None),  # nothing of that rate is in force: typed by hand
        (None, "2027-01-01", "8%", ("8%", "2026-12-31", "10%")),  # not dated yet: from today
        ("2026-11-23", None, "8%", None),
    ],
)
def test_an_offer_that_outlives_its_tax_rate(
    quoted: str | None, valid: str | None, rate: str, expected: tuple[str, str, str] | None
) -> None:
    def on(text: str | None) -> date | None:
        return date.fromisoformat(text) if text else None

    version = ProposalVersion(id="v", proposal="p", number=1, quoted_on=on(quoted), valid_until=on(valid))
    found = proposal.ending_rates(version, [line(tax_rate=rate), line(tax_rate=rate)], vat.SEEDS, date(2026, 11, 23))
    assert [(each.rate, str(each.until), each.following) for each in found] == ([expected] if expected else [])


def test_a_prolonged_rate_is_no_end_and_defaults_follow_the_rules() -> None:
    prolonged = (*vat.SEEDS, vat.RateRule("reduced", "8%", date(2027, 1, 1), date(2027, 6, 30), "A later resolution"))
    version = ProposalVersion(
        id="v", proposal="p", number=1, quoted_on=date(2026, 11, 23), valid_until=date(2027, 3, 1)
    )
    assert proposal.ending_rates(version, [line(tax_rate="8%")], prolonged, date(2026, 11, 23)) == ()
    late = dataclasses.replace(version, valid_until=date(2027, 7, 1))
    (found,) = proposal.ending_rates(late, [line(tax_rate="8%")], prolonged, date(2026, 11, 23))
    assert (found.until, found.following) == (date(2027, 6, 30), "10%")
    assert proposal.default_rate(vat.SEEDS, date(2026, 12, 31)) == "8%"
    assert proposal.default_rate(vat.SEEDS, date(2027, 1, 1)) == "10%"
    assert proposal.default_rate(prolonged, date(2027, 1, 1)) == "8%"
    assert proposal.default_rate(vat.SEEDS, date(2026, 12, 31), "standard") == "10%"
    assert proposal.default_rate((), date(2026, 12, 31)) == ""


def test_only_lines_that_changed_are_written(store: Store) -> None:
    made = create(store)
    version = detail(store, made).version
    first, second, third = set_lines(store, version, line("a"), line("b"), line("c"))
    with store.edit("Change") as uow:
        again = proposal_line.change(uow, version.id, [dataclasses.replace(first, description=" aa  a ")], [third.id])
        proposal_line.change(uow, version.id, [], ["gone already"])
    assert again[0].description == "aa a"
    assert {each.record for each in uow.change_set.touched} == {first.id, third.id}
    assert detail(store, made).lines == (again[0], second)
    with store.edit("The same") as uow:
        proposal.set_lines(uow, version.id, [again[0], second])
    assert not uow.change_set.touched
    with store.edit("New") as uow:
        (new,) = proposal_line.change(uow, version.id, [dataclasses.replace(second, id="", place=3)])
    assert detail(store, made).lines[-1] == new and new.id
    with store.edit("Send") as uow:
        proposal.mark_sent(uow, version.id)
    with pytest.raises(Refused, match="no longer changes"), store.edit("Late") as uow:
        proposal_line.change(uow, version.id, [dataclasses.replace(new, price=1)])
