"""The promises of the server on a real PostgreSQL, at full length: `python -m tests.server.postgres`.

A private cluster is made and removed again. Each part prints one line of JSON and, at the end, whether it held.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from typing import Any

from kam_desktop.server.database import Database
from tests.server import races, several
from tests.server.cluster import Cluster, programs
from tests.server.conftest import furnished

Said = dict[str, Any]


def gap(cluster: Cluster, args: argparse.Namespace) -> bool:
    """50 writers that dawdle before the commit, 10 pullers; then the control with a plain sequence."""
    good = True
    for held in (0.1, 1.0):
        house = furnished(Database(cluster.url()))
        said = races.gap(house, writers=50, pullers=10, seconds=args.seconds, held=held)
        house.database.close()
        good = tell("gap", said, said["missed"] == 0 and said["pulls"] > 0) and good
    said = races.naive(cluster.url(), writers=50, pullers=10, seconds=min(10.0, args.seconds))
    return tell("gap control", said, said["missed"] > 0) and good


def cut(cluster: Cluster, args: argparse.Namespace) -> bool:
    """Pushes with 30 % of the answers cut, doubled or late, and PostgreSQL stopped as if the power failed."""
    house = furnished(Database(cluster.url()))
    said = races.Cutting(house, args.pushes).run(cluster.fall, args.restarts)
    house.database.close()
    good = said["lost"] == said["doubled"] == 0 and said["log_sound"] and not said["wrong_answers"]
    return tell("cut", said, good and said["pushes"] == args.pushes)


def processes(cluster: Cluster, args: argparse.Namespace) -> bool:
    """One script of calls to one process and to three in turn; then news from one to another."""
    one, three = several.firm(cluster.url()), several.firm(cluster.url())
    with several.processes(one.database.url, 1) as addresses:
        alone = several.script(one, addresses, args.steps)
    with several.processes(three.database.url, 3) as addresses:
        together = several.script(three, addresses, args.steps)
        heard = several.news(three, addresses, 30)
    for house in (one, three):
        house.database.close()
    different = sum(first != second for first, second in zip(alone, together, strict=True))
    said = {
        "steps": args.steps,
        "answers": len(alone),
        "different": different,
        "news_median_ms": round(statistics.median(heard) * 1000),
        "news_max_ms": round(heard[-1] * 1000),
    }
    return tell("processes", said, said["different"] == 0 and heard[-1] < 1.0)


def receipt(cluster: Cluster, args: argparse.Namespace) -> bool:
    """32 writers lay one receipt."""
    house = furnished(Database(cluster.url()))
    said = races.receipt(house, writers=32, rounds=args.rounds)
    house.database.close()
    return tell("receipt", said, said["over"] == said["losers_told_wrongly"] == 0 and said["losers"] > 0)


PARTS: dict[str, Callable[[Cluster, argparse.Namespace], bool]] = {
    "gap": gap, "cut": cut, "processes": processes, "receipt": receipt,
}  # fmt: skip


def tell(part: str, said: Said, good: bool) -> bool:
    """One line of JSON; gives `good` back."""
    print(json.dumps({"part": part, **said, "holds": good}), flush=True)
    return good


def main() -> int:
    """0 when every part held, 1 when one did not, 2 where PostgreSQL is not installed."""
    parser = argparse.ArgumentParser(prog="python -m tests.server.postgres", description=__doc__)
    parser.add_argument("--part", choices=PARTS, action="append", help="only this one; else all")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each of the two runs of gap")
    parser.add_argument("--pushes", type=int, default=10_000)
    parser.add_argument("--restarts", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=20, help="receipts, one after the other")
    parser.add_argument("--steps", type=int, default=300, help="of the script of calls")
    args = parser.parse_args()
    if programs() is None:
        print("PostgreSQL's programs were not found", file=sys.stderr)
        return 2
    cluster = Cluster()
    try:
        held = [PARTS[name](cluster, args) for name in args.part or PARTS]
        return 0 if all(held) else 1
    finally:
        cluster.remove()


if __name__ == "__main__":
    sys.exit(main())
