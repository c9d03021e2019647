"""The promises of the server on a real PostgreSQL, at full length: `python -m tests.server.postgres`.

A private cluster is made and removed again. Each part prints one line of JSON and, at the end, whether it held.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Sequence
from typing import Any

from kam_desktop.protocol.messages import Problem
from kam_desktop.server.database import Database
from tests.server import falling, races, several
from tests.server.cluster import Cluster, programs
from tests.server.conftest import furnished
from tests.server.faults import planted

Said = dict[str, Any]


def gap(cluster: Cluster, args: argparse.Namespace) -> bool:
    """50 writers that dawdle before the commit, 10 pullers; then a plain sequence, and one within the server."""
    good = True
    for held in (0.1, 1.0):
        said = _gap(cluster, args.seconds, held)
        good = tell("gap", said, said["missed"] == 0 and said["pulls"] > 0) and good
    brief = min(10.0, args.seconds)
    said = races.naive(cluster.url(), writers=50, pullers=10, seconds=brief)
    good = tell("gap control", said, said["missed"] > 0) and good
    with planted("number without lock"):
        said = _gap(cluster, brief, 1.0)
    return tell("gap control", {"fault": "number without lock", **said}, said["missed"] > 0) and good


def _gap(cluster: Cluster, seconds: float, held: float) -> Said:
    house = furnished(Database(cluster.url()))
    try:
        return races.gap(house, writers=50, pullers=10, seconds=seconds, held=held)
    finally:
        house.database.close()


def cut(cluster: Cluster, args: argparse.Namespace) -> bool:
    """Pushes with 30 % of the answers cut, doubled or late, and PostgreSQL stopped as if the power failed."""
    said = _cut(cluster, args.pushes, args.restarts)
    good = tell("cut", said, sound(said) and said["pushes"] == args.pushes)
    for fault, restarts in (("ignored receipts", 0), ("unsynced commits", 10)):
        with planted(fault):
            try:
                said = _cut(cluster, 500, restarts)
            except Problem as problem:  # the laptops' marks say it too
                said = {"refused": problem.code}
        good = tell("cut control", {"fault": fault, **said}, "refused" in said or not sound(said)) and good
    return good


def _cut(cluster: Cluster, pushes: int, restarts: int) -> Said:
    house = furnished(Database(cluster.url()))
    try:
        return races.Cutting(house, pushes).run(cluster.fall, restarts)
    finally:
        house.database.close()


def sound(said: Said) -> bool:
    """Whether nothing was lost, doubled or answered wrongly."""
    return said["lost"] == said["doubled"] == 0 and bool(said["log_sound"]) and not said["wrong_answers"]


def processes(cluster: Cluster, args: argparse.Namespace) -> bool:
    """One script of calls to one process and to three in turn; news from one to another; then faulty processes."""
    one = several.firm(cluster.url())
    with several.processes(one.database.url, 1) as addresses:
        alone = several.script(one, addresses, args.steps)
    one.database.close()
    said = _together(cluster, alone, args.steps, 30)
    good = tell("processes", said, said["different"] == 0 and said["news_max_ms"] < 1000)
    for fault in ("own sequence", "own receipts"):
        said = _together(cluster, alone, args.steps, 0, fault)
        good = tell("processes control", {"fault": fault, **said}, said["different"] > 0) and good
    said = _together(cluster, [], 0, 3, "kept news")
    return tell("processes control", {"fault": "kept news", **said}, said["news_max_ms"] >= 1000) and good


def _together(cluster: Cluster, alone: Sequence[Any], steps: int, times: int, fault: str = "") -> Said:
    house = several.firm(cluster.url())
    with several.processes(house.database.url, 3, fault) as addresses:
        together = several.script(house, addresses, steps) if steps else []
        heard = several.news(house, addresses, times) if times else [0.0]
    house.database.close()
    return {
        "steps": steps,
        "answers": len(together),
        "different": sum(first != second for first, second in zip(alone, together, strict=True)),
        "news_median_ms": round(statistics.median(heard) * 1000),
        "news_max_ms": round(heard[-1] * 1000),
    }


def fall(cluster: Cluster, args: argparse.Namespace) -> bool:
    """Three processes at the wire while PostgreSQL falls, and while its connections are ended one by one."""
    house = several.firm(cluster.url())
    with several.processes(house.database.url, 3) as addresses:
        said = falling.fall(house, addresses, cluster.fall, args.falls)
        heard = several.news(house, addresses, 10)
    house.database.close()
    said["news_after_max_ms"] = round(heard[-1] * 1000)
    good = not said["wrong"] and said["unavailable"] > 0 and said["lost"] == 0 and heard[-1] < 1.0
    return tell("fall", said, good)


def receipt(cluster: Cluster, args: argparse.Namespace) -> bool:
    """32 writers lay one receipt."""
    said = _receipt(cluster, args.rounds)
    good = tell("receipt", said, said["over"] == said["losers_told_wrongly"] == 0 and said["losers"] > 0)
    for fault, found in (("no row locks", "over"), ("stale remainder", "losers_told_wrongly")):
        with planted(fault):
            said = _receipt(cluster, min(3, args.rounds))
        good = tell("receipt control", {"fault": fault, **said}, said[found] > 0) and good
    return good


def _receipt(cluster: Cluster, rounds: int) -> Said:
    house = furnished(Database(cluster.url()))
    try:
        return races.receipt(house, writers=32, rounds=rounds)
    finally:
        house.database.close()


PARTS: dict[str, Callable[[Cluster, argparse.Namespace], bool]] = {
    "gap": gap, "cut": cut, "processes": processes, "receipt": receipt, "fall": fall,
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
    parser.add_argument("--falls", type=int, default=30, help="of PostgreSQL under three processes")
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
