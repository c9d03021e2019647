"""What pages ask, cold, warm, after one change: `python -m tests.bench.data`; see README.md."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import thread_time
from typing import Any

from kam_desktop.domain import capture
from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.entities import Account, Activity, Allocation, Contact, Proposal, Receipt, Task
from kam_desktop.services import bin as bin_service
from kam_desktop.services import capture as captures
from kam_desktop.services import demo, duplicate, history, pipeline, search, summary, task
from kam_desktop.services import proposal as proposals
from kam_desktop.store.profile import Store
from kam_desktop.ui.pages.account import questions as account
from kam_desktop.ui.pages.collection import questions as collection
from kam_desktop.ui.pages.collection.answers import Filter, WorkFilter
from kam_desktop.ui.pages.today import controller as today_page
from tests.bench.measure import middle
from tests.bench.profiles import LARGE, make, opened, rows, up_to_date

GOAL_MS = 100.0
_SLOW_S = 1.5  # what takes longer is asked fewer times

Question = Callable[[Any], object]


@dataclasses.dataclass
class Times:
    """Milliseconds: in a store opened for the question, asked again, asked again after a change."""

    cold: list[float]
    warm: list[float]
    changed: list[float]


def main() -> int:
    """Prints milliseconds and ratios of every question, of the small and of the large profile."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--profile-large", type=Path, metavar="DIR", help="kept between runs; made when missing")
    options.add_argument("--times", type=int, default=7)
    options.add_argument("--cold", type=int, default=1, help="how often a store is opened for each question")
    options.add_argument("--only", default="", help="questions with this word in their name")
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="kam-bench-", ignore_cleanup_errors=True) as work:
        folders = {"small": Path(work) / "small", "large": given.profile_large or Path(work) / "large"}
        found: dict[str, dict[str, Times]] = {}
        sizes: dict[str, int] = {}
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        for name, folder in folders.items():
            make(folder, LARGE if name == "large" else demo.SMALL)
            if not up_to_date(folder):
                print(f"{folder} has an older schema; delete it, and it is made again", file=sys.stderr)
                return 1
            with opened(folder, write=False) as held:
                sizes[name] = rows(held.store)
            found[name] = measured(folder, given.times, given.cold, given.only)
    growth = sizes["large"] / sizes["small"]
    print(f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, load {load:.1f}")
    print(f"small {sizes['small']:,} records, large {sizes['large']:,}: {growth:.0f} times as many")
    print(f"milliseconds of the processor, median; * is over {GOAL_MS:.0f} warm or after a change; growth and times")
    print("floor are of the warm ones\n")
    heads = ("small", "cold", "warm", "changed", "growth", "times floor")
    print(f"{'':<44}" + "".join(f"{each:>12}" for each in heads))
    floor = middle(found["large"][_FLOOR].warm) if _FLOOR in found["large"] else 0.0
    for key, large in found["large"].items():
        small, warm = middle(found["small"][key].warm), middle(large.warm)
        cells = (f"{each:.1f}" for each in (small, middle(large.cold), warm, middle(large.changed)))
        ratios = (f"{warm / small:.1f}", f"{warm / floor:.1f}" if floor else "")
        mark = " *" if max(warm, middle(large.changed)) > GOAL_MS else ""
        print(f"{key:<44}" + "".join(f"{each:>12}" for each in (*cells, *ratios)) + mark)
    if given.json:
        given.json.write_text(json.dumps({size: {key: dataclasses.asdict(each) for key, each in of.items()}
                                          for size, of in found.items()}))  # fmt: skip
    return 0


def measured(folder: Path, times: int, cold: int, only: str) -> dict[str, Times]:
    """Every question: cold in a store of its own, then warm and after changes in one store."""
    with opened(folder, write=False) as held:
        wanted = {key: each for key, each in questions(held.store).items() if only in key or key == _FLOOR}
    found = {key: Times([], [], []) for key in wanted}
    for key, question in wanted.items():
        for _ in range(cold):
            with opened(folder, write=False) as held:
                found[key].cold.append(taken(held.store, question))
    with opened(folder) as held:
        change = changes(held.store)
        for key, question in wanted.items():
            taken(held.store, question)
            repeat(times, found[key].warm, lambda question=question: taken(held.store, question))  # type: ignore[misc]
        steps = 0
        for _ in range(max(1, times // 2)):
            for key, question in wanted.items():
                if sum(found[key].changed) <= 1000 * _SLOW_S:
                    taken(held.store, question)  # the page is open, and then something changes
                    change()
                    steps += 1
                    found[key].changed.append(taken(held.store, question))
        for _ in range(steps):
            held.store.undo()
        held.store.database.checkpoint()
    return found


def repeat(times: int, kept: list[float], deed: Callable[[], float]) -> None:
    """Does something several times, fewer when it is slow."""
    for _ in range(times):
        kept.append(deed())
        if sum(kept) > 1000 * _SLOW_S and len(kept) >= 2:
            break


def taken(store: Store, question: Question) -> float:
    """Milliseconds of the processor that a question takes in one reader; its lane is one thread."""
    began = thread_time()
    with store.reader() as reader:
        question(reader)
    return 1000 * (thread_time() - began)


_FLOOR = "floor: 100 customers by their ids"


def questions(store: Store) -> Mapping[str, Question]:
    """What the pages ask, by the functions with which they ask."""
    clock = SystemClock()
    today = clock.today()
    with store.reader() as reader:
        listing = summary.account_list(reader, today)
        ids = listing.ids
        busy = busiest(reader)
        offer = str(reader.sql("select proposal from proposal_version order by n desc limit 1")[0][0])
        invoice = str(reader.sql("select invoice from cache_instalment where open <> 0 order by due_on limit 1")[0][0])
    first = ids[:100]
    back = {name: today - timedelta(days=days) for name, days in (("a month", 30), ("a year", 365))}

    def accounts(text: str = "", order: str = "revenue", **filters: int) -> Question:
        def ask(reader: Any) -> object:
            found = summary.account_list(
                reader, today, text=text, filters=summary.AccountFilter(**filters), order=summary.AccountOrder(order)
            )
            return summary.account_rows(reader, found.ids[:60], today)

        return ask

    def ageing(as_of: date) -> Question:
        return lambda reader: collection.ask_ageing(reader, as_of, "VND")

    return {
        _FLOOR: lambda reader: reader.many(Account, first),
        "today": lambda reader: today_page._ask(reader, today, clock.now()),
        "navigation: counts": lambda reader: summary.counts(reader, today),
        "accounts: by revenue, tiers, first rows": accounts(),
        "accounts: by name": accounts(order="name"),
        "accounts: by overdue": accounts(order="overdue"),
        "accounts: by last touch": accounts(order="last_touch"),
        "accounts: overdue only": accounts(overdue_over_days=30),
        "accounts: untouched only": accounts(untouched_days=14),
        "accounts: typed “an phat”": accounts("an phat"),
        "accounts: typed “c”": accounts("c"),
        "accounts: a page of 100 rows": lambda reader: summary.account_rows(reader, first, today),
        "accounts: peek": lambda reader: account.ask_peek(reader, busy, "", today),
        "360: whole page of the busiest": lambda reader: account.ask_whole(reader, busy, "", today),
        "360: time line, money": lambda reader: account.ask_events(reader, busy, "money"),
        "360: what was changed": lambda reader: account.ask_history(reader, busy),
        "duplicates": lambda reader: duplicate.pairs(reader),
        "bin": lambda reader: bin_service.contents(reader),
        "history": lambda reader: history.steps(reader),
        "proposals: list": lambda reader: proposals.rows(reader, proposals.listing(reader).ids[:60]),
        "proposals: list, typed “an phat”": lambda reader: proposals.listing(reader, text="an phat"),
        "proposals: board with totals": lambda reader: cards(reader, ""),
        "proposals: board, typed “an phat”": lambda reader: cards(reader, "an phat"),
        "proposals: one in the editor": lambda reader: proposals.detail(reader, offer),
        "collections: worklist": lambda reader: collection.ask_worklist(reader, today, "VND", WorkFilter()),
        "collections: worklist by age": lambda reader: collection.ask_worklist(
            reader, today, "VND", WorkFilter(order="age")
        ),
        "collections: open instalments": lambda reader: collection.ask_open(reader, today, "VND", Filter()),
        "collections: open, late by 31 to 60": lambda reader: collection.ask_open(
            reader, today, "VND", Filter(bucket=1)
        ),
        "collections: receipts laid nowhere": lambda reader: collection.ask_receipts(reader, today, "VND", False),
        "collections: all receipts": lambda reader: collection.ask_receipts(reader, today, "VND", True),
        "collections: one invoice": lambda reader: collection.ask_detail(reader, invoice, today),
        "collections: ageing matrix": ageing(today),
        "collections: ageing, a month ago": ageing(back["a month"]),
        "collections: ageing, a year ago": ageing(back["a year"]),
        "tasks": lambda reader: task.rows(reader, task.ids(reader)[:60]),
        "palette: “dang”": lambda reader: search.find(reader, "dang", 20),
        "palette: “cong ty an”": lambda reader: search.find(reader, "cong ty an", 20),
        "palette: “c”": lambda reader: search.find(reader, "c", 20),
        "palette: “090”": lambda reader: search.find(reader, "090", 20),
        "quick capture: whom": lambda reader: captures.candidates(
            reader, capture.read("gọi #an phat @lan mai", today), ""
        ),
    }


def cards(reader: Any, text: str) -> object:
    """The board with the first cards of each stage."""
    ids = [key for each in pipeline.board(reader, text=text) for key in each.ids[:8]]
    return pipeline.entered(reader, ids), proposals.rows(reader, ids)


def busiest(reader: Any) -> str:
    """The customer with the most invoices."""
    statement = "select account from invoice group by 1 order by count(*) desc, account limit 1"
    return str(reader.sql(statement)[0][0])


def changes(store: Store) -> Callable[[], None]:
    """One step that concerns every page: a payment laid against an invoice, a talk, a task, a person, an offer."""
    clock = SystemClock()
    today = clock.today()
    with store.reader() as reader:
        busy = busiest(reader)
        part = reader.sql(
            "select id, open from cache_instalment where account = :account and currency = 'VND' "
            "order by open desc limit 1", {"account": busy}
        )[0]  # fmt: skip
        contact = str(reader.sql("select id from contact where account = :account limit 1", {"account": busy})[0][0])
        offer = str(reader.sql("select proposal from proposal_version order by n desc limit 1")[0][0])
    number = 0

    def change() -> None:
        nonlocal number
        number += 1
        with store.edit("A change of everything") as uow:
            receipt = Receipt(id=uow.new_id(), account=busy, received_on=today, amount=1000 + number)
            uow.add(receipt)
            if part[1] > number:
                uow.add(Allocation(id=uow.new_id(), instalment=part[0], receipt=receipt.id, amount=1,
                                   allocated_on=today))  # fmt: skip
            uow.add(Activity(id=uow.new_id(), account=busy, kind="call", subject="Gọi", at=clock.now()))
            uow.add(Task(id=uow.new_id(), subject=f"Việc {number}", account=busy, due_on=today))
            person, proposed, owner = uow.get(Contact, contact), uow.get(Proposal, offer), uow.get(Account, busy)
            assert person is not None and proposed is not None and owner is not None
            birthday = datetime.combine(today, time(), UTC).date() - timedelta(days=365 * 30 + number)
            uow.put(dataclasses.replace(person, birthday=birthday))
            uow.put(dataclasses.replace(proposed, next_step=f"Bước {number}"))
            uow.put(dataclasses.replace(owner, phone=f"09{number:08}"))

    return change


if __name__ == "__main__":
    sys.exit(main())
