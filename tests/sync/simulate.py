"""Runs seeds: python -m tests.sync.simulate --seeds N [--seed S] [--trace] [--into FILE]."""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import os
import sys
import time
import traceback
from pathlib import Path

from tests.sync.simulation import STEPS, Failed, run

HUNDRED = 100


def one(seed: int, steps: int = STEPS, told: object = None) -> tuple[int, str, str]:
    """(seed, hash of its trace, what failed or "")."""
    try:
        return seed, run(seed, steps=steps, told=told), ""
    except Failed as failed:
        return seed, "", str(failed)
    except Exception:  # noqa: BLE001 — what the product raises is a failure of this seed
        return seed, "", traceback.format_exc(limit=-4)


def many(seeds: range, jobs: int, steps: int = STEPS) -> list[tuple[int, str, str]]:
    """Results of seeds in their order."""
    if jobs == 1:
        return [one(seed, steps) for seed in seeds]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        return pool.starmap(one, [(seed, steps) for seed in seeds], chunksize=8)


def into_file(first: int, seeds: int, jobs: int, place: Path) -> int:
    """Runs seeds by the hundred and adds a line for each hundred to a file; one that has its line is not run again."""
    known = set()
    if place.exists():
        known = {line.split()[0] for line in place.read_text("utf-8").splitlines() if line.endswith("of one processor")}
    hundreds = [each for each in range(first, first + seeds, HUNDRED) if f"{each}+{HUNDRED}" not in known]
    if jobs == 1:
        return sum(_hundred(each, str(place)) for each in hundreds)
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        return sum(pool.starmap(_hundred, [(each, str(place)) for each in hundreds], chunksize=1))


def _hundred(first: int, place: str) -> int:
    used = time.process_time()
    failures = [each for each in many(range(first, first + HUNDRED), 1) if each[2]]
    used = time.process_time() - used
    lines = [f"  seed {seed}: {why.strip().splitlines()[-1]}\n" for seed, _, why in failures]
    lines.append(f"{first}+{HUNDRED} seeds: {len(failures)} failures, {used:.0f} s of one processor\n")
    with open(place, "a", encoding="utf-8") as file:
        file.write("".join(lines))
    return len(failures)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--seed", type=int, help="one seed, twice; its trace must be the same")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--trace", action="store_true", help="prints what happens")
    parser.add_argument("--until-failure", action="store_true", help="one after the other, to the first that fails")
    parser.add_argument("--into", type=Path, help="adds a line for each hundred seeds to this file; goes on from it")
    given = parser.parse_args()
    if given.into:
        failed = into_file(given.first, given.seeds, given.jobs, given.into)
        print(f"{given.seeds} seeds in {given.into}, {failed} new failures")
        return int(bool(failed))
    if given.until_failure:
        for seed in range(given.first, given.first + given.seeds):
            _, _, why = one(seed, given.steps)
            if why:
                print(f"first failure: seed {seed}: {why.strip().splitlines()[-1]}")
                return 1
        return 0
    if given.seed is not None:
        found = [one(given.seed, given.steps, print if given.trace and not again else None) for again in (0, 1)]
        print(f"seed {given.seed}: trace {found[0][1]}, again {found[1][1]}{found[0][2] and chr(10) + found[0][2]}")
        return int(bool(found[0][2]) or found[0] != found[1])
    begun, used = time.monotonic(), time.process_time()
    results = many(range(given.first, given.first + given.seeds), given.jobs, given.steps)
    failures = [each for each in results if each[2]]
    for seed, _, why in failures[:40]:
        print(f"seed {seed}: {why}")
    kinds = collections.Counter(why.strip().splitlines()[-1][:60] for _, _, why in failures)
    for why, count in kinds.most_common():
        print(f"{count:6} × {why}")
    took = time.monotonic() - begun
    used = time.process_time() - used
    print(f"{given.seeds} seeds, {len(failures)} failures, {took:.1f} s, {1000 * took / given.seeds:.0f} ms each" +
          (f", {1000 * used / given.seeds:.0f} ms of one processor" if given.jobs == 1 else ""))  # fmt: skip
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
