"""The time line of a customer, its occasions, and the course of its money."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kam_desktop.domain.entities import (
    LOCAL_PERSON_ID,
    Account,
    Activity,
    Contact,
    Instalment,
    Invoice,
    Occasion,
    Person,
    Proposal,
    ProposalVersion,
    Receipt,
    ReceiptDecision,
    Task,
)
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import account, occasion, timeline
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock

TODAY = date(2026, 3, 2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = FakeClock()
    made = Store.create(tmp_path, DataKey.new(), "timeline", clock, RandomIds(clock))
    with made.edit("Set up") as uow:
        for record in (
            Person(id=LOCAL_PERSON_ID, full_name="Đỗ Khánh Vy", code="Vy"),
            Account(id="a", name="Sữa Mây Trắng", founded_on=date(2001, 3, 20)),
            Account(id="b", name="Khác"),
            Contact(id="p", account="a", full_name="Ngô Thị Ánh Tuyết", birthday=date(1988, 2, 29)),
            Contact(id="q", account="a", full_name="Đã nghỉ", birthday=date(1988, 3, 5), left_on=date(2026, 1, 1)),
            Activity(id="t", account="a", kind="call", at=datetime(2026, 3, 1, 3, tzinfo=UTC), subject="Gọi chị Tuyết",
                     said="Xin thêm 2 ngày", promised="Trả lời trước 5/3", contact="p"),
            Activity(id="n", account="a", kind="note", at=datetime(2026, 2, 20, 3, tzinfo=UTC), subject="Bớt 3 %",
                     author=LOCAL_PERSON_ID),
            Task(id="k", account="a", subject="Gửi báo giá", done_on=date(2026, 2, 25)),
            Task(id="open", account="a", subject="Còn mở"),
            Proposal(id="o", account="a", title="Ra mắt", stage="sent"),
            ProposalVersion(id="v", proposal="o", number=3, status="sent", valid_until=date(2026, 3, 30),
                            sent_at=datetime(2026, 2, 27, 4, tzinfo=UTC)),
            Invoice(id="i", account="a", number="276", issued_on=date(2026, 2, 10), net=100, tax=8, total=108),
            Instalment(id="i1", invoice="i", place=1, amount=108),
            Receipt(id="r", account="a", received_on=date(2026, 2, 28), amount=60, reference="TT HD 276"),
            Receipt(id="x", account="a", received_on=date(2026, 2, 26), amount=999),
            Invoice(id="other", account="b", number="1", issued_on=date(2026, 2, 10), net=5, tax=0, total=5),
        ):  # fmt: skip
            uow.add(record)
        uow.add(ReceiptDecision(id="d", receipt="x", verdict="rejected", reason="Nhầm",
                                decided_at=datetime(2026, 2, 27, tzinfo=UTC)))  # fmt: skip
    yield made
    made.close()


def test_everything_stands_in_one_order_the_newest_first(store: Store) -> None:
    with store.reader() as reader:
        keys = timeline.ids(reader, "a")
        assert keys == ["activity:t", "receipt:r", "sent:v", "receipt:x", "task:k", "activity:n", "invoice:i"]
        events = timeline.rows(reader, keys)
        assert list(events) == keys
        call, note, sent = events["activity:t"], events["activity:n"], events["sent:v"]
        assert (call.kind, call.who, call.promised, call.private) == (
            "call",
            "Ngô Thị Ánh Tuyết",
            "Trả lời trước 5/3",
            False,
        )
        assert note.private and note.who == "Đỗ Khánh Vy"
        assert (sent.subject, sent.until, sent.open) == ("Ra mắt", date(2026, 3, 30), ("proposal", "o"))
        assert (events["receipt:r"].amount, events["receipt:r"].detail) == (60, "TT HD 276")
        assert (events["receipt:r"].kind, events["receipt:x"].kind) == ("receipt", "receipt_rejected")


def test_the_filters_part_talks_money_and_papers(store: Store) -> None:
    with store.reader() as reader:
        assert timeline.ids(reader, "a", timeline.TALKS) == ["activity:t", "task:k", "activity:n"]
        assert timeline.ids(reader, "a", timeline.MONEY) == ["receipt:r", "receipt:x", "invoice:i"]
        assert timeline.ids(reader, "a", timeline.PAPERS) == ["sent:v"]


def test_a_won_proposal_stands_on_the_day_it_was_won(store: Store) -> None:
    with store.edit("Win") as uow:
        uow.put(dataclasses.replace(uow.get(Proposal, "o"), stage="won"))
    with store.reader() as reader:
        assert timeline.ids(reader, "a", timeline.PAPERS) == ["won:o", "sent:v"]
        assert timeline.rows(reader, ["won:o"])["won:o"].on == TODAY


def test_the_course_leaves_out_rejected_money_and_other_customers(store: Store) -> None:
    with store.reader() as reader:
        assert account.course(reader, "a", "VND") == account.Course(108, 60)


def test_birthdays_founding_days_and_occasions_of_the_next_days(store: Store) -> None:
    with store.edit("Occasions") as uow:
        uow.add(Occasion(id="w", account="a", name="Ngày ký hợp đồng", happens_on=date(2024, 3, 2)))
        uow.add(Occasion(id="once", account="a", name="Khai trương", happens_on=date(2025, 3, 4), yearly=False))
    with store.reader() as reader:
        found = occasion.upcoming(reader, TODAY, 60, "a")
        assert [(each.kind, each.on, each.years, each.name) for each in found] == [
            ("occasion", date(2026, 3, 2), 2, "Ngày ký hợp đồng"),
            ("founding", date(2026, 3, 20), 25, ""),
        ]
        in_winter = occasion.upcoming(reader, date(2026, 2, 1), 40)
        assert ("birthday", date(2026, 2, 28), 38) in [(each.kind, each.on, each.years) for each in in_winter]
        assert occasion.upcoming(reader, TODAY, 60, "b") == []


def test_the_occasions_of_all_are_those_of_each_and_by_day_of_their_days(store: Store) -> None:
    with store.edit("More") as uow:
        gone = Account(id="gone", name="Đã nghỉ", founded_on=date(2001, 3, 20), archived=True)
        uow.add(gone)
        uow.add(
            Contact(id="left", account="a", full_name="Đã đi", birthday=date(1990, 3, 20), left_on=date(2025, 1, 1))
        )
        uow.add(Occasion(id="off", account="gone", name="Không còn", happens_on=date(2024, 3, 2)))
        for number in range(5):
            uow.add(Account(id=f"f{number}", name=f"Hãng {number}", founded_on=date(2010, 3, 20)))
        uow.add(Occasion(id="leap", account="b", name="Năm nhuận", happens_on=date(2024, 2, 29)))
    with store.reader() as reader:
        accounts = [row[0] for row in reader.sql("select id from account where archived = 0")]
        for day, days in ((TODAY, 60), (date(2026, 2, 1), 40), (date(2026, 12, 20), 30), (TODAY, 400)):
            everybody = occasion.upcoming(reader, day, days)
            alone = [each for key in accounts for each in occasion.upcoming(reader, day, days, key)]
            assert sorted(everybody, key=repr) == sorted(alone, key=repr)
            for on, told in occasion.by_day(reader, day, days).items():
                of_day = [each for each in everybody if each.on == on]
                assert (list(told.first), told.count) == (of_day[:3], len(of_day))
        assert occasion.by_day(reader, TODAY, 60)[date(2026, 3, 20)].count == 6
        assert len(occasion.upcoming(reader, TODAY, 60, limit=2)) == 2


def test_a_leap_day_comes_on_the_last_of_february() -> None:
    assert occasion.next_day(date(1988, 2, 29), date(2026, 3, 1)) == date(2027, 2, 28)
    assert occasion.next_day(date(1988, 2, 29), date(2028, 2, 1)) == date(2028, 2, 29)
    assert occasion.next_day(date(2027, 5, 1), date(2026, 3, 1)) == date(2027, 5, 1)
