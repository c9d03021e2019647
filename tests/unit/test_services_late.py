"""Provision and limitation by customer: as the report and the pure figures, at any day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kam_desktop import app
from kam_desktop.domain.figures import terms
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import late, owner, receivables, rule, summary
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    clock = FakeClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    folder: Path = tmp_path_factory.mktemp("late") / "profile"
    made = Store.create(folder, DataKey.new(), "test", clock, RandomIds(clock))
    app.fill_sample(made, "agency", TODAY)
    return made


@pytest.mark.parametrize("days", [0, 1, 45, 120, 400])
def test_it_is_what_the_report_says_on_any_day(store: Store, days: int) -> None:
    as_of = TODAY - timedelta(days=days)
    with store.reader() as reader:
        tables = rule.provision_tables(reader)
        found = late.late(reader, as_of, "VND", tables)
        report = receivables.provision(reader, as_of, "VND", tables)
        ids = summary.open_instalments(reader, as_of)
        rows = summary.open_rows(reader, ids, as_of)
    assert {key: each.provision for key, each in found.items()} == {row.account: row.amount for row in report.rows}
    oldest: dict[str, date] = {}
    for row in rows:
        if row.due_on is not None and row.due_on < as_of:
            oldest[row.account] = min(oldest.get(row.account, row.due_on), row.due_on)
    assert {key: each.limitation_on for key, each in found.items()} == {
        key: terms.plus_months(day, 24) for key, day in oldest.items()
    }
    assert days or any(each.provision for each in found.values()), "the sample has something old enough"


def test_where_no_table_is_in_force_there_is_no_provision(store: Store) -> None:
    with store.reader() as reader:
        found = late.late(reader, TODAY, "VND", ())
    assert found and not any(each.provision for each in found.values())


def test_the_customers_of_everybody_in_charge_are_all_there_are(store: Store) -> None:
    with store.reader() as reader:
        people = owner.owners(reader)
        every = owner.accounts(reader)
        parts = [owner.accounts(reader, key) for key, _name in people]
        lines = owner.industries(reader)
        ours = [each for line in lines for each in owner.accounts(reader, "", line)]
        both = owner.accounts(reader, people[0][0], lines[0])
    assert len(people) > 1 and all(parts) and frozenset().union(*parts) <= every
    assert len(ours) == len(set(ours)) and both == parts[0] & owner_of(store, lines[0])


def owner_of(store: Store, industry: str) -> frozenset[str]:
    with store.reader() as reader:
        return owner.accounts(reader, "", industry)
