"""kill -9 while somebody types: `python -m tests.crash.typing --times 100`.

A real window types ten letters a second into one editor after the other and is killed at a random moment. The next one
has to open the same page, record and field, with the text and the caret as they were at some moment of the last second.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from tests.crash import typist

ROOT = Path(__file__).resolve().parents[2]
MOST_LOST_S = 1.0
_START_S, _LONGEST_S = 60.0, 4.0


@contextlib.contextmanager
def display() -> Iterator[dict[str, str]]:
    """The environment of the window: the screen that is there, else one of its own."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    server = shutil.which("Xvfb")
    if env.get("DISPLAY") or server is None:
        yield env
        return
    read, write = os.pipe()
    screen = subprocess.Popen(
        [server, "-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-displayfd", str(write)],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as told:
            yield {**env, "DISPLAY": f":{told.readline().strip()}"}
    finally:
        screen.terminate()
        screen.wait()


def lines(stream: IO[bytes], until_s: float) -> Iterator[dict[str, Any]]:
    """What the window tells, until that moment or its end."""
    kept = b""
    while (left_s := until_s - time.monotonic()) > 0:
        if select.select([stream], [], [], left_s)[0]:
            more = os.read(stream.fileno(), 65536)
            if not more:
                return
            *whole, kept = (kept + more).split(b"\n")
            yield from map(json.loads, whole)


class Round:
    """One window: what it found, and what was typed before it was killed.

    Attributes:
        killed_at: seconds of the monotonic clock, as the moments in `typed`.
        stood: seconds for which the machine had let the window's threads wait by then.
    """

    def __init__(self, folder: Path, env: dict[str, str], place: str, seed: int, lives_s: float) -> None:
        command = [sys.executable, "-m", "tests.crash.typist", str(folder), place, str(seed)]
        self.place, self.found, self.typed = place, dict[str, Any](), list[dict[str, Any]]()
        with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE) as window:
            assert window.stdout is not None
            for line in lines(window.stdout, time.monotonic() + _START_S):
                if line["kind"] == "found":
                    self.found = line
                if line["kind"] in ("begun", "failed"):
                    self.typed = [line] if line["kind"] == "begun" else []
                    if not self.typed:
                        print(f"{place}: {line['why']}", file=sys.stderr)
                    break
            if self.typed and lives_s:
                self.typed += lines(window.stdout, time.monotonic() + lives_s)
            # where nothing is kept (the control) nothing is forgiven
            self.stood = 0.0 if "KAM_TEST_KEEP_NOTHING" in env else typist.stood_s(window.pid)
            self.killed_at = time.monotonic()
            os.kill(window.pid, signal.SIGKILL)
            window.wait()
        if not self.typed:
            raise SystemExit(f"{place}: the window did not come so far as to type")

    def age_s(self, typed: dict[str, Any]) -> float:
        """How long before the kill that was, less the time in which the machine did something else."""
        return float(self.killed_at - typed["at"] - max(0.0, self.stood - typed["stood"]))


def faults(last: Round, found: dict[str, Any]) -> list[str]:
    """What the next window has not brought back."""
    settled = [each for each in last.typed if last.age_s(each) >= MOST_LOST_S]
    if not settled:
        return []  # the editor had been open for less than a second
    fit = [settled[-1], *(each for each in last.typed if last.age_s(each) < MOST_LOST_S)]
    begun = last.typed[0]
    told = []
    if (found["page"], found["place"]) != (begun["page"], begun["place"]):
        told.append(f"place: {found['page']} {found['place']!r} in place of {begun['page']} {begun['place']!r}")
    if (found["key"], found["field"]) not in {(each["key"], each["field"]) for each in fit}:
        told.append(f"editor: {found['key']!r} {found['field']!r} in place of {fit[-1]['key']!r} {fit[-1]['field']!r}")
        return told
    same = [each for each in fit if each["field"] == found["field"]]
    if found["text"] not in {each["text"] for each in same}:
        told.append(f"text: {found['text']!r} in place of {fit[-1]['text']!r}")
    elif found["caret"] not in {min(each["caret"], len(found["text"])) for each in same}:
        told.append(f"caret: {found['caret']} in place of {[each['caret'] for each in fit]}")
    for field in {each["field"] for each in settled} - {found["field"], ""}:
        wanted = {str(each["typed"][field]).strip() for each in fit}
        if str(found["typed"].get(field, "")).strip() not in wanted:
            told.append(f"field left: {field} {found['typed'].get(field)!r} in place of {wanted}")
    return told


def lost_letters(last: Round, found: dict[str, Any]) -> float:
    """Seconds between the moment that came back and the kill; 0 for all of it."""
    came_back = [each["at"] for each in last.typed if each["text"] == found["text"]]
    return 0.0 if not came_back or found["text"] == last.typed[-1]["text"] else last.killed_at - max(came_back)


def main() -> int:
    """Exit 0 when every editor came back (for the control: when one did not)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=typist.PLACES, default=typist.PLACES, metavar="PLACE")
    parser.add_argument("--control", action="store_true", help="keeps nothing while typing: that must be found")
    chosen = parser.parse_args()
    chance, total, longest_s = random.Random(chosen.seed), Counter[str](), 0.0
    begun_at = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kam-typing-") as temporary, display() as env:
        folder = Path(temporary) / "profile"
        typist.make(folder)
        if chosen.control:
            env = {**env, "KAM_TEST_KEEP_NOTHING": "1"}
        last: Round | None = None
        for number in range(chosen.times + 1):
            place = chosen.only[number % len(chosen.only)]
            lives_s = chance.uniform(0.8, _LONGEST_S) if number < chosen.times else 0.0
            now = Round(folder, env, place, chance.randrange(1 << 30), lives_s)
            if last is not None:
                told = faults(last, now.found)
                total["kills"] += 1
                total[f"{last.place}: {'lost' if told else 'came back'}"] += 1
                total["bad"] += bool(told)
                longest_s = max(longest_s, lost_letters(last, now.found))
                for fault in told:
                    print(f"kill {number}, {last.place}: {fault}", file=sys.stderr)
            last = now
    for name in sorted(set(total) - {"kills", "bad"}):
        print(f"{name:28} {total[name]}")
    print(
        f"killed {total['kills']} times while typing: {total['bad']} not brought back, "
        f"at most {longest_s:.2f} s of typing lost; {time.monotonic() - begun_at:.0f} s"
    )
    return int(bool(total["bad"]) != chosen.control)


if __name__ == "__main__":
    sys.exit(main())
