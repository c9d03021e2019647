"""What the database's own fence costs: python -m tests.server.fence_cost [--rows 10000]."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kam_desktop.server import fence
from kam_desktop.server.database import Database
from tests.server.cluster import Cluster
from tests.server.conftest import furnished
from tests.server.house import House, Laptop, create, update

TICKS = os.sysconf("SC_CLK_TCK")


def processor(database: Database) -> float:
    """Seconds of processor that this process and its connections' servers took until now."""
    with database.read() as connection:
        row = connection.one("select pg_backend_pid()")
    assert row is not None
    fields = Path(f"/proc/{row[0]}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / TICKS


def measured(house: House, work: Callable[[], Any]) -> float:
    before = processor(house.database)
    work()
    return processor(house.database) - before


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    rows = parser.parse_args().rows
    cluster = Cluster()
    stands = fence.stands
    try:
        house = furnished(Database(cluster.url()))
        an = house.laptop("An")
        accounts = [house.ids.new() for _ in range(rows // 10)]
        for start in range(0, len(accounts), 400):
            batch = accounts[start : start + 400]
            an.push([create("account", each, name=f"Khách {each[:6]}") for each in batch])
            an.push(*([create("contact", house.ids.new(), account=each, full_name="Cô Lan") for _ in range(9)]
                      for each in batch))  # fmt: skip
        with house.database.write() as connection:
            for name in ("feed", "account", "contact", "change_log", "scope"):
                connection.run(f"analyze {name}")
        found: dict[str, dict[str, list[float]]] = {}
        for _ in range(5):
            for label, on in (("without", False), ("with", True)):
                fence.stands = stands if on else lambda connection: False
                for name, cost in _round(house, accounts).items():
                    found.setdefault(name, {}).setdefault(label, []).append(cost)
        for name, costs in found.items():
            plain, fenced = (sorted(costs[label])[2] for label in ("without", "with"))
            told = {"what": name, "without_ms": 1000 * plain, "with_ms": 1000 * fenced, "ratio": fenced / plain}
            print(
                json.dumps({key: round(value, 2) if isinstance(value, float) else value for key, value in told.items()})
            )
    finally:
        fence.stands = stands
        cluster.remove()
    return 0


def _round(house: House, accounts: list[str]) -> dict[str, float]:
    an = house.laptop("An")

    def many(count: int, work: Callable[[Laptop], Any]) -> Callable[[], None]:
        def run() -> None:
            for _ in range(count):
                work(an)

        return run

    first = measured(house, an.pull)
    quiet = measured(house, many(100, lambda laptop: laptop.call("pull", cursors=laptop.cursors)))
    some = accounts[:100]
    edits = measured(house, many(10, lambda laptop: laptop.push(
        *(update("account", each, 10**9, industry=house.ids.new()) for each in some))))  # fmt: skip
    back = measured(house, an.pull)
    other = house.ids.new
    group = [create("contact", other(), account=each, full_name="Anh Bình") for each in accounts[:1000]]
    makes = measured(house, lambda: an.push(group))
    return {"first download": first, "100 pulls with nothing new": quiet, "10 pushes of 100 edits": edits,
            "pull of 100 rows": back, "push of 1,000 creations": makes}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
