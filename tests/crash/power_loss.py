"""Power loss at any moment of the flows: `python -m tests.crash.power_loss --states 5000`."""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kam_desktop.store.profile import JOURNAL
from tests.crash import flows, trace, verdict
from tests.crash.disk import Disk, lay_out
from tests.crash.promises import Promises

ROOT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """A folder in memory where there is one: thousands of profiles are laid out in it."""
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="kam-crash-", dir=memory if os.access(memory, os.W_OK) else None)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Recording:
    """One flow, run once to its end: the disk before it, everything it did, everything it said."""

    flow: str
    profile: Path
    ops: list[trace.Op]
    promises: Promises


def record(flow: str, place: Path, synchronous: str) -> Recording:
    """Runs the flow under strace; checks that the model of the disk agrees with the disk at the end."""
    profile = place / flow / "profile"
    profile.mkdir(parents=True)
    flows.prepare(flow, profile)
    before = place / flow / "before"
    shutil.copytree(profile, before)
    disk = Disk(profile)
    command = [sys.executable, "-m", "tests.crash.flows", flow, str(profile), synchronous]
    ops = trace.run(command, profile, place / flow / "strace.log", ROOT)
    for op in ops:
        disk.apply(op)
    differing = disk.compare(profile)
    if differing:
        raise SystemExit(f"the model of the disk is wrong about {differing}")
    shutil.rmtree(profile)
    before.rename(profile)
    return Recording(flow, profile, ops, Promises.of([op.line for op in ops if isinstance(op, trace.Said)]))


def crash(recording: Recording, states: int, seed: int, with_journal: bool, keep: Path | None) -> Counter[str]:
    """So many crash states of one recording, each opened and judged."""
    rng = random.Random(seed)
    cuts = Counter(rng.choices(range(len(recording.ops)), k=states))
    disk = Disk(recording.profile)
    promises = recording.promises
    found: Counter[str] = Counter()
    with workplace() as place, flows.world(recording.flow):
        for number, op in enumerate(recording.ops):
            disk.apply(op)
            if isinstance(op, trace.Said):
                promises.hear(op.line)
            for turn in range(cuts[number]):
                folder = place / "profile"
                folder.mkdir()
                lay_out(disk.crash(rng), str(recording.profile), folder)
                if not with_journal:
                    shutil.rmtree(folder / JOURNAL, ignore_errors=True)
                if keep:
                    shutil.copytree(folder, place / "as-found")
                faults = verdict.faults(folder, promises, with_journal=with_journal and recording.flow != "restore")
                found["states"] += 1
                for word in {fault.partition(":")[0] for fault in faults}:
                    found[word] += 1
                if faults and keep:
                    shutil.copytree(place / "as-found", keep / f"{recording.flow}-{seed}-{number}-{turn}")
                    print(f"{recording.flow} after call {number}: {'; '.join(faults)}", file=sys.stderr)
                shutil.rmtree(place / "as-found", ignore_errors=True)
                shutil.rmtree(folder)
    return found


def main() -> int:
    """Exit 0 when nothing acknowledged was lost and nothing is corrupt (for a control: when something was lost)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=int, default=5000)
    parser.add_argument("--flow", choices=[*flows.FLOWS, "all"], default="all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--synchronous",
        choices=["FULL", "NORMAL", "OFF"],
        default="FULL",
        help="NORMAL and OFF are the control: the journal is left out, and acknowledged edits must be lost",
    )
    parser.add_argument(
        "--without", choices=["file-sync", "folder-sync"], default="", help="another control: something must be lost"
    )
    parser.add_argument("--with-journal", action="store_true", help="with a control: what the journal brings back")
    parser.add_argument("--keep", type=Path, help="put the states that fail there")
    chosen = parser.parse_args()
    control = chosen.synchronous != "FULL"
    with_journal = not control or chosen.with_journal
    weak = chosen.without or (chosen.synchronous if control else "")
    names = list(flows.FLOWS) if chosen.flow == "all" else [chosen.flow]
    started_at = time.monotonic()
    total: Counter[str] = Counter()
    with workplace() as place:
        for flow in names:
            recording = record(flow, place, weak)
            share = -(-chosen.states // len(names) // chosen.jobs)
            work = [(recording, share, chosen.seed + job, with_journal, chosen.keep) for job in range(chosen.jobs)]
            with multiprocessing.get_context("fork").Pool(chosen.jobs) as pool:
                found = sum(pool.starmap(crash, work), Counter())
            total += found
            said = ", ".join(f"{word} {count}" for word, count in sorted(found.items()) if word != "states")
            print(f"{flow:8} {found['states']} states of {len(recording.ops)} calls: {said or 'nothing lost'}")
    bad = sum(count for word, count in total.items() if word != "states")
    length_s = time.monotonic() - started_at
    print(
        f"power loss, synchronous={chosen.synchronous}{'' if with_journal else ', journal left out'}"
        f"{', without ' + chosen.without if chosen.without else ''}: "
        f"{total['states']} states, lost {total['lost']}, corrupt {total['corrupt']}, doubled {total['doubled']}, "
        f"journal {total['journal']}, backups {total['backup']}; {total['states'] / length_s:.0f} states/s"
    )
    expected_bad = bool(chosen.without) or (control and not with_journal)
    return int(bool(bad) != expected_bad)


if __name__ == "__main__":
    sys.exit(main())
