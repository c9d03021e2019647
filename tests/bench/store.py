"""Speed of the store, and how it grows: `python -m tests.bench.store`; see README.md."""

from __future__ import annotations

import argparse
import dataclasses
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.entities import Account
from kam_desktop.services import demo, flows, records, search, summary
from kam_desktop.store.profile import Store
from tests.bench.measure import high, middle
from tests.bench.profiles import LARGE, make, opened, rows, up_to_date

_SLOW_S = 2.0  # what takes longer is done fewer times


def main() -> int:
    """Prints milliseconds on the small and on the large profile, and how many times longer the large one takes."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--profile-large", type=Path, metavar="DIR", help="kept between runs; made when missing")
    options.add_argument("--times", type=int, default=15)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="kam-bench-", ignore_cleanup_errors=True) as work:
        folders = {"small": Path(work) / "small", "large": given.profile_large or Path(work) / "large"}
        found: dict[str, dict[str, list[float]]] = {}
        sizes: dict[str, int] = {}
        for name, folder in folders.items():
            make(folder, LARGE if name == "large" else demo.SMALL)
            if not up_to_date(folder):
                print(f"{folder} has an older schema; delete it, and it is made again", file=sys.stderr)
                return 1
            with opened(folder) as profile:
                sizes[name] = rows(profile.store)
                found[name] = measured(profile.store, given.times)
    growth = sizes["large"] / sizes["small"]
    print(f"{platform.system()} {platform.machine()}, Python {platform.python_version()}")
    print(f"small {sizes['small']:,} records, large {sizes['large']:,}: {growth:.0f} times as many\n")
    print(f"{'milliseconds, median (p95)':<36}{'small':>18}{'large':>18}{'growth':>10}")
    for key, small in found["small"].items():
        large = found["large"][key]
        cells = [f"{1000 * middle(each):.1f} ({1000 * high(each):.1f})" for each in (small, large)]
        print(f"{key:<36}{cells[0]:>18}{cells[1]:>18}{middle(large) / middle(small):>10.1f}")
    return 0


def measured(store: Store, times: int) -> dict[str, list[float]]:
    """Seconds of each question and of one edit, each several times after one that warms the caches."""
    today = SystemClock().today()
    with store.reader() as reader:
        listing = summary.account_list(reader, today)
        first = listing.ids[:100]
        open_ids = summary.open_instalments(reader, today)[:100]

    def asked(question: Callable[[Any], object]) -> Callable[[], object]:
        def deed() -> object:
            with store.reader() as reader:
                return question(reader)

        return deed

    middle_id = listing.ids[len(listing.ids) // 2]
    number = 0

    def save() -> None:
        nonlocal number
        number += 1
        with store.edit("Change account {name}") as uow:
            account = uow.get(Account, middle_id)
            assert account is not None
            records.save(uow, dataclasses.replace(account, address=f"{number} Lê Lợi"))

    deeds: dict[str, Callable[[], object]] = {
        "save one edit (on the disk, twice)": save,
        "undo it": lambda: store.undo(),
        "find “dang”": asked(lambda reader: search.find(reader, "dang", 20)),
        "find “cong ty an”": asked(lambda reader: search.find(reader, "cong ty an", 20)),
        "find “c”": asked(lambda reader: search.find(reader, "c", 20)),
        "today": asked(lambda reader: flows.today(reader, today)),
        "account_list, all": asked(lambda reader: summary.account_list(reader, today)),
        "account_list, text “an phat”": asked(lambda reader: summary.account_list(reader, today, text="an phat")),
        "account_rows, a page of 100": asked(lambda reader: summary.account_rows(reader, first, today)),
        "open_instalments, all": asked(lambda reader: summary.open_instalments(reader, today)),
        "open_rows, a page of 100": asked(lambda reader: summary.open_rows(reader, open_ids, today)),
        "ageing": asked(lambda reader: summary.ageing(reader, today)),
        "pareto, twelve months": asked(
            lambda reader: summary.pareto(reader, summary.twelve_months_before(today), today)
        ),
    }
    taken: dict[str, list[float]] = {}
    for name, deed in deeds.items():
        if name != "undo it":
            deed()
        taken[name] = []
        for _ in range(times):
            began = perf_counter()
            deed()
            taken[name].append(perf_counter() - began)
            if sum(taken[name]) > _SLOW_S and len(taken[name]) >= 3:
                break
        if name == "save one edit (on the disk, twice)":
            store.undo()  # the warming one; what follows takes the others back
    return taken


if __name__ == "__main__":
    sys.exit(main())
