"""The next days with holidays, first steps of a profile, receipts laid against nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kam_desktop import formats, language
from kam_desktop.domain.entities import Account, Allocation, Instalment, Invoice, Receipt
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import agenda, receipt
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock

TODAY = date(2026, 11, 23)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = FakeClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    made = Store.create(tmp_path / "p", DataKey.new(), "test", clock, RandomIds(clock))
    language.use("vi")
    yield made
    made.close()


def add(store: Store, *records: object) -> None:
    with store.edit("Add") as uow:
        for each in records:
            uow.add(each)  # type: ignore[arg-type]


def owed(key: str, due_on: date, amount: int, currency: str = "VND") -> list[object]:
    issued = date(2026, 10, 1)
    return [
        Invoice(id=key, account="a", number=key, issued_on=issued, net=amount, total=amount, currency=currency),
        Instalment(id=f"{key}1", invoice=key, place=1, amount=amount, due_on=due_on),
    ]


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 11, 23), date(2026, 11, 23)),  # a Monday
        (date(2026, 11, 24), date(2026, 11, 25)),  # the Day of Vietnamese Culture, a holiday from 2026 on
        (date(2026, 11, 28), date(2026, 11, 30)),  # a Saturday
        (date(2027, 2, 5), date(2027, 2, 11)),  # Tết
    ],
)
def test_the_next_working_day(day: date, working: date) -> None:
    assert formats.next_working_day(day) == working


def test_the_next_days_are_those_with_a_holiday_or_money_due(store: Store) -> None:
    add(
        store,
        Account(id="a", name="Sữa"),
        *owed("x", date(2026, 11, 24), 5_000_000),
        *owed("y", date(2026, 11, 24), 2_000_000),
        *owed("z", date(2026, 11, 26), 1_000_000),
        *owed("late", date(2026, 11, 20), 9_000_000),
        *owed("usd", date(2026, 11, 27), 100, "USD"),
        *owed("far", date(2026, 12, 20), 4_000_000),
    )
    with store.reader() as reader:
        found = agenda.next_days(reader, TODAY)
    assert [(each.on, each.amount, each.count, each.next_working) for each in found] == [
        (date(2026, 11, 24), 7_000_000, 2, date(2026, 11, 25)),
        (date(2026, 11, 26), 1_000_000, 1, None),
    ]
    assert "Văn h" in found[0].holiday and found[1].holiday == ""


def test_over_new_year_the_holidays_of_both_years_count(store: Store) -> None:
    with store.reader() as reader:
        assert [each.on for each in agenda.next_days(reader, date(2026, 12, 28))] == [date(2027, 1, 1)]


def test_what_is_left_of_receipts_at_the_end_of_a_day(store: Store) -> None:
    add(
        store,
        Account(id="a", name="Công ty TNHH Sữa", short_name="Sữa"),
        *owed("x", TODAY, 10_000_000),
        Receipt(id="r1", account="a", received_on=date(2026, 11, 1), amount=6_000_000),
        Receipt(id="r2", account="a", received_on=date(2026, 11, 2), amount=3_000_000),
        Receipt(id="r3", received_on=date(2026, 10, 1), amount=1_000_000, payer="AN"),
        Receipt(id="r4", account="a", received_on=date(2026, 11, 20), amount=100, currency="USD"),
        Allocation(id="l1", instalment="x1", receipt="r1", amount=6_000_000, allocated_on=date(2026, 11, 5)),
        Allocation(id="l2", instalment="x1", receipt="r2", amount=2_000_000, allocated_on=date(2026, 11, 5)),
        Allocation(
            id="l3", instalment="x1", receipt="r1", amount=6_000_000, allocated_on=date(2026, 11, 10), reverses="l1"
        ),
    )
    with store.reader() as reader:
        assert receipt.unallocated(reader, date(2026, 10, 31)) == [("r3", 1_000_000)]
        assert receipt.unallocated(reader, date(2026, 11, 7)) == [("r3", 1_000_000), ("r2", 1_000_000)]
        left = receipt.unallocated(reader, TODAY)
        assert left == [("r3", 1_000_000), ("r2", 1_000_000), ("r1", 6_000_000)]
        assert receipt.unallocated(reader, TODAY, "USD") == [("r4", 100)]
        rows = receipt.rows(reader, ["r1", "r3", "gone"], dict(left))
    assert [(each.id, each.account_name, each.payer, each.left) for each in rows] == [
        ("r1", "Sữa", "", 6_000_000),
        ("r3", "", "AN", 1_000_000),
    ]


def test_the_firms_own_days_stand_over_the_public_calendar(store: Store) -> None:
    add(store, Account(id="a", name="Sữa"), *owed("x", date(2026, 11, 28), 100))
    own = formats.FirmDays({date(2026, 11, 25): "Teambuilding"}, frozenset({date(2026, 11, 24), date(2026, 11, 28)}))
    with store.reader() as reader:
        found = agenda.next_days(reader, TODAY, days=6, own=own)
        assert [(day.on, day.holiday, day.next_working) for day in found] == [
            (date(2026, 11, 25), "Teambuilding", None),
            (date(2026, 11, 28), "", None),  # a Saturday that is worked
        ]
        assert [day.on for day in agenda.next_days(reader, TODAY, days=6)] == [date(2026, 11, 24), date(2026, 11, 28)]
