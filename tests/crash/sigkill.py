"""SIGKILL at single system calls of the store's flows: `python -m tests.crash.sigkill --points 300`."""

from __future__ import annotations

import argparse
import ctypes
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests.crash import flows, verdict
from tests.crash.power_loss import workplace
from tests.crash.promises import Promises, Teller
from tests.crash.trace import MUTATING

_ATTACH_DEADLINE_S = 30


def run(flow: str, folder: Path, log: Path, inject: tuple[str, int] | None) -> tuple[list[str], int]:
    """The flow in a process of its own, killed as it enters the nth call of that name; its lines and wait status.

    The process is forked from this one, which has everything imported: a point costs a few dozen milliseconds.
    """
    start_read, start_write = os.pipe()
    said_read, said_write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(start_write)
            ctypes.CDLL(None).prctl(0x59616D61, -1, 0, 0, 0)  # PR_SET_PTRACER: strace is not our parent
            os.read(start_read, 1)
            flows.perform(flow, folder, Teller(said_write))
            os._exit(0)
        finally:
            os._exit(1)
    os.close(start_read)
    os.close(said_write)
    command = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={MUTATING}"]
    if inject:
        command += ["-e", f"inject={inject[0]}:signal=KILL:when={inject[1]}"]
    tracer = subprocess.Popen([*command, "-p", str(child)], stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + _ATTACH_DEADLINE_S
    while f"TracerPid:\t{tracer.pid}\n" not in Path(f"/proc/{child}/status").read_text():
        if tracer.poll() is not None or time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            raise SystemExit("strace cannot attach")
        time.sleep(0.001)
    os.write(start_write, b".")
    os.close(start_write)
    with os.fdopen(said_read, "rb") as said:
        lines = said.read().decode().splitlines()
    status = os.waitpid(child, 0)[1]
    tracer.wait()
    return lines, status


def points(log: Path) -> list[tuple[str, int]]:
    """Every call of a whole run, as (name, how many of that name so far)."""
    counts: Counter[str] = Counter()
    found = []
    for line in log.read_text().splitlines():
        name = line.split(None, 1)[1].partition("(")[0]
        if name in MUTATING.split(","):
            counts[name] += 1
            found.append((name, counts[name]))
    return found


def sweep(flow: str, wanted: int, seed: int, place: Path, control: bool) -> Counter[str]:
    """Kills the flow at so many different calls, spread over all of it."""
    base, folder, log = place / "base", place / "profile", place / "strace.log"
    base.mkdir()
    flows.prepare(flow, base)
    if flow == "import":
        flows.incoming()  # read here, so that the forked processes start no others
    shutil.copytree(base, folder)
    lines, status = run(flow, folder, log, None)
    if status:
        raise SystemExit(f"{flow} fails without a kill: {status}")
    every = points(log)
    chosen = sorted(random.Random(seed).sample(range(len(every)), min(wanted, len(every))))
    found: Counter[str] = Counter()
    for number in chosen:
        shutil.rmtree(folder)
        shutil.copytree(base, folder)
        told, status = run(flow, folder, log, every[number])
        if not os.WIFSIGNALED(status):
            raise SystemExit(f"{flow}: {every[number]} was not reached")
        promises = Promises.of(lines)
        for line in told:
            promises.hear(line)
        if control:  # as if the program said "saved" before it had saved
            promises.acknowledged = min(promises.acknowledged + 1, len(promises.digests))
        with flows.world(flow):
            faults = verdict.faults(folder, promises, with_journal=flow != "restore")
        found["points"] += 1
        for word in {fault.partition(":")[0] for fault in faults}:
            found[word] += 1
        if faults:
            print(f"{flow}, killed at {every[number]}: {'; '.join(faults)}", file=sys.stderr)
    print(f"{flow:8} killed at {found['points']} of {len(every)} calls: {'; '.join(_bad(found)) or 'nothing lost'}")
    shutil.rmtree(place)
    return found


def _bad(found: Counter[str]) -> list[str]:
    return [f"{word} {count}" for word, count in sorted(found.items()) if word != "points"]


def main() -> int:
    """Exit 0 when nothing acknowledged was lost at any point (for the control: when something was)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=300)
    parser.add_argument("--flow", choices=[*flows.FLOWS, "all"], default="all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--control", action="store_true", help="say 'saved' before it is: edits must be found lost")
    chosen = parser.parse_args()
    names = list(flows.FLOWS) if chosen.flow == "all" else [chosen.flow]
    started_at = time.monotonic()
    total: Counter[str] = Counter()
    with workplace() as place:
        for flow in names:
            (place / flow).mkdir()
            share = -(-chosen.points // len(names))
            total += sweep(flow, share, chosen.seed, place / flow, chosen.control)
    bad = _bad(total)
    print(
        f"SIGKILL: {total['points']} points, {'; '.join(bad) or 'nothing lost, nothing doubled'}; "
        f"{time.monotonic() - started_at:.0f} s"
    )
    return int(bool(bad) != chosen.control)


if __name__ == "__main__":
    sys.exit(main())
