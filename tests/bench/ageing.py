"""Speed of the ageing over 200,000 open instalments: `python -m tests.bench.ageing`; see README.md."""

from __future__ import annotations

import argparse
import dataclasses
import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from time import perf_counter, process_time

import sqlalchemy as sa

from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.entities import (
    FIRM_ID,
    Account,
    Allocation,
    CreditNote,
    Firm,
    Instalment,
    Invoice,
    Receipt,
)
from kam_desktop.domain.entity import Record
from kam_desktop.domain.figures.ageing import DEFAULT_EDGES
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import profile, summary
from kam_desktop.store import figures, open_amounts
from kam_desktop.store.profile import Store
from kam_desktop.store.tables import RECORDS, row_of
from tests.bench.measure import middle
from tests.bench.profiles import RECOVERY, opened, rows, up_to_date

ACCOUNTS, INVOICES, PAID, PARTLY, FREE = 20_000, 300_000, 100_000, 80_000, 10_000
"""100,000 invoices are paid, 80,000 in part; 200,000 stay open. As many receipts and credit notes are free as FREE."""
_PART = 20_000
_GOALS = {"cold": 300.0, "after one change": 50.0}

Times = dict[str, list[tuple[float, float]]]
"""Milliseconds of the clock and of the processor, each several times."""


def main() -> int:
    """Prints milliseconds of the clock and of the processor beside goal and floor."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--profile", type=Path, metavar="DIR", help="kept between runs; made when missing")
    options.add_argument("--times", type=int, default=7)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="kam-bench-", ignore_cleanup_errors=True) as work:
        folder = given.profile or Path(work) / "ageing"
        make(folder)
        if not up_to_date(folder):
            print(f"{folder} has an older schema; delete it, and it is made again", file=sys.stderr)
            return 1
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        found = measured(folder, given.times)
    print(f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, load {load:.1f}")
    least = middle([clock for clock, _ in found["floor"]])
    print(f"\n{'milliseconds, median':<44}{'goal':>8}{'clock':>10}{'processor':>11}{'times floor':>13}")
    for name, taken in found.items():
        clock, processor = middle([each[0] for each in taken]), middle([each[1] for each in taken])
        goal = f"{_GOALS[name]:.0f}" if name in _GOALS else ""
        print(f"{name:<44}{goal:>8}{clock:>10.1f}{processor:>11.1f}{clock / least:>13.1f}")
    return 0


def measured(folder: Path, times: int) -> Times:
    """Every figure: cold in a store opened for it, the others one after the other in one store."""
    today = SystemClock().today()
    found: Times = {}

    def take(name: str, deed: Callable[[], object]) -> None:
        clock, processor = perf_counter(), process_time()
        deed()
        found.setdefault(name, []).append((1000 * (perf_counter() - clock), 1000 * (process_time() - processor)))

    def ask(store: Store) -> None:
        with store.reader() as reader:
            figures.ageing(reader, today, "VND", DEFAULT_EDGES)

    def report(store: Store) -> None:
        with store.reader() as reader:
            summary.ageing(reader, today)

    with opened(folder, write=False) as held, held.store.reader() as reader:
        count = reader.sql("select count(*), count(distinct account) from cache_instalment where open <> 0")[0]
        largest = "select account from cache_instalment where open <> 0 group by 1 order by count(*) desc limit 1"
        account = str(reader.sql(largest)[0][0])
        print(f"{rows(held.store):,} records, {count[0]:,} open instalments of {count[1]:,} customers")
        amounts = reader.sql("select account, due_on, open from cache_instalment where open <> 0")
    for take_floor in [floor(amounts, today)] * times:
        take("floor", take_floor)
    for name, deed in (("cold", ask), ("cold, the whole report with names", report)):
        for _ in range(times):
            with opened(folder, write=False) as held:
                take(name, lambda held=held, deed=deed: deed(held.store))  # type: ignore[misc]
    with opened(folder) as held:
        store = held.store
        ask(store)
        take("asked again, nothing changed", lambda: ask(store))

        def pay() -> None:
            with store.edit("Paid") as uow:
                uow.add(Receipt(id=uow.new_id(), account=account, received_on=today, amount=1_000))

        for _ in range(times):
            take("the change itself: a receipt entered", pay)
            take("after one change", lambda: ask(store))
            take("the whole report with names, after it", lambda: report(store))
        for _ in range(times):
            store.undo()
            take("after taking it back", lambda: ask(store))
        for begins_on in (today - timedelta(days=3), None):
            take("receipts confirmed from 3 days ago on, or not", lambda begins_on=begins_on: begin(store, begins_on))  # type: ignore[misc]
            take("after that: some 220 customers", lambda: ask(store))
    return found


def begin(store: Store, begins_on: date | None) -> None:
    """Changes the day from which receipts count only when they are confirmed."""
    with store.edit("Finance confirms") as uow:
        firm = uow.get(Firm, FIRM_ID)
        assert firm is not None
        uow.put(dataclasses.replace(firm, confirmation_begins_on=begins_on))


def floor(amounts: object, today: date) -> Callable[[], object]:
    """As many open amounts in a plain SQLite in memory, added up by account and whether they are late."""
    plain = sqlite3.connect(":memory:")
    plain.execute("create table amount (account text, due_on text, open integer)")
    plain.executemany("insert into amount values (?, ?, ?)", amounts)  # type: ignore[arg-type]
    statement = "select account, due_on < ?, sum(open), count(*) from amount group by 1, 2"
    return lambda: plain.execute(statement, (today.isoformat(),)).fetchall()


def make(folder: Path) -> None:
    """A million records in a folder, straight into the tables; a profile that is there already stays as it is."""
    if profile.exists(folder):
        return
    clock = SystemClock()
    print(f"making {folder}: a million records, some two minutes", file=sys.stderr)
    with profile.create_profile(folder, clock, RandomIds(clock), None, recovery=RECOVERY) as made:
        with made.store.database.write() as connection:
            kept: dict[str, list[dict[str, object]]] = {}
            for record in records(clock.today(), RandomIds(clock).new):
                name = type(record).entity.name
                kept.setdefault(name, []).append(row_of(record))
                if len(kept[name]) >= _PART:
                    connection.execute(sa.insert(RECORDS[name]), kept.pop(name))
            for name, rest in kept.items():
                connection.execute(sa.insert(RECORDS[name]), rest)
            open_amounts.rebuild(connection)
        made.store.database.checkpoint()


def records(today: date, new: Callable[[], str]) -> Iterator[Record]:
    """Eighteen months of invoices with a term of their own, of their account or of the firm, and what was paid."""
    random = Random("ageing")
    accounts = [new() for _ in range(ACCOUNTS)]
    yield Firm(id=FIRM_ID, legal_name="Hãng", default_payment_days=30)
    for number, account in enumerate(accounts):
        yield Account(id=account, name=f"Công ty {number:05}", payment_days=random.choice((None, 15, 30, 60)))
    for number in range(INVOICES):
        # the oldest are paid, as in life; a few accounts have many invoices
        issued_on = today - timedelta(days=540 - 540 * number // INVOICES)
        account = accounts[int(ACCOUNTS * random.random() ** 2)]
        amount = random.randrange(1, 400) * 50_000
        invoice, part = new(), new()
        due_on = issued_on + timedelta(days=20) if random.random() < 0.3 else None
        papers = due_on is None and random.random() < 0.05
        yield Invoice(id=invoice, account=account, number=f"{number:06}", issued_on=issued_on, net=amount, total=amount)
        yield Instalment(id=part, invoice=invoice, place=1, due_on=due_on, amount=amount, from_papers=papers)
        if number < PAID + PARTLY:
            paid = amount if number < PAID else amount // 2
            paid_on = min(issued_on + timedelta(days=random.randrange(5, 70)), today)
            receipt = new()
            yield Receipt(id=receipt, account=account, received_on=paid_on, amount=paid)
            yield Allocation(id=new(), instalment=part, receipt=receipt, amount=paid, allocated_on=paid_on)
    for number in range(FREE):
        on = today - timedelta(days=random.randrange(200))
        yield Receipt(id=new(), account=random.choice(accounts), received_on=on, amount=1_000_000)
        yield CreditNote(
            id=new(), account=random.choice(accounts), number=f"C{number:05}", issued_on=on, net=50_000, total=50_000
        )


if __name__ == "__main__":
    sys.exit(main())
