"""Sample data: the same from the same seed, with every state that the money pages show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kam_desktop.domain.ids import RandomIds
from kam_desktop.protocol import codec
from kam_desktop.services import demo, flows, promise, receipt, summary
from kam_desktop.services.demo import generator
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock

TODAY = date(2026, 11, 23)


@pytest.fixture(params=demo.KITS)
def kit(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(tmp_path: Path, kit: str) -> Iterator[Store]:
    clock = FakeClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    made = Store.create(tmp_path, DataKey.new(), "demo", clock, RandomIds(clock))
    demo.fill(lambda: made.edit("", kind="internal", recorded=False), demo.load(kit), TODAY)
    yield made
    made.close()


def test_one_seed_makes_one_history(kit: str) -> None:
    first, second = (
        [codec.to_wire(each) for batch in generator._batches(demo.load(kit), TODAY, demo.SMALL) for each in batch]
        for _ in range(2)
    )
    assert first == second
    assert len({(each["entity"], each["id"]) for each in first}) == len(first)


def test_promises_of_every_kind(store: Store) -> None:
    with store.reader() as reader:
        accounts = [row[0] for row in reader.sql("select distinct account from promise_to_pay")]
        found = [each for account in accounts for each in promise.of_account(reader, account, TODAY)]
        kinds = Counter(each.state.state for each in found)
        assert kinds["open"] >= 2 and kinds["kept"] >= 3 and kinds["broken"] >= 2 and kinds["replaced"] >= 2
        today = flows.today(reader, TODAY)
    # What is broken is asked for today: the debts are open still.
    assert sum(item.kind == "promise" for item in today.items) == kinds["broken"]


def test_papers_terms_and_receipts_of_every_kind(store: Store, kit: str) -> None:
    with store.reader() as reader:
        total = summary.ageing(reader, TODAY).total
        assert total.waiting > 0 and total.on_default_term > 0
        assert (total.reported > 0) is (kit == "manufacturer")
        status = Counter(each.status for each in receipt.rows(reader, receipt.receipts(reader)))
        assert status["rejected"] == 1 and status["reported"] == (1 if kit == "manufacturer" else 0)
        assert reader.sql("select count(*) from documents_confirmed")[0][0] >= 3
        assert reader.sql("select count(*) from product")[0][0] >= 8
        split = "select count(*) from instalment group by invoice having count(*) > 1"
        assert [row[0] for row in reader.sql(split)] == [2]
