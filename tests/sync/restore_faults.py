"""Faults of restores, planted into a copy: python -m tests.sync.restore_faults [WORD …]."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.sync.faults import Fault
from tests.sync.plant import MEMORY, ROOT, copied

S, D, P = "kam_desktop/server/", "kam_desktop/store/", "kam_desktop/sync/"
EPOCH = 'connection.run("update workspace set epoch = ?, seq = ?, state = ?", (epoch, epoch, OPEN))'
HOLD = '            if rows:\n                return self._call(self._state.standing(), "recovered"'

FAULTS = (
    Fault(
        "the epoch is not raised",
        ((S + "workspace.py", EPOCH, EPOCH.replace("(epoch, epoch,", "(found.epoch, epoch,")),),
    ),
    Fault(
        "numbers go on where the backup was",
        ((S + "workspace.py", EPOCH, EPOCH.replace("epoch, epoch,", "epoch, found.seq,")),),
    ),
    Fault(
        "the mark is not checked",
        ((S + "workspace.py", "    if seq > found.seq:\n        raise SetBackFound", "    return"),),
    ),
    Fault("what others had is not handed in", ((P + "engine.py", HOLD, HOLD.replace("if rows:", "if False:")),)),
    Fault(
        "only rows that are gone are held, not older ones",
        ((S + "rescue.py", "if here[name] != value}\n", "if False}\n"),),
    ),
    Fault(
        "what waits for its owner is forgotten",
        (
            (S + "recovered.py", "    return sorted(found, key", "    return [] and sorted(found, key"),
            (S + "rescue.py", "                (name, who, caller.user,", "                ('x', who, caller.user,"),
        ),
    ),
    Fault("a copy keeps the letter of its original", ((D + "profile.py", "if known and connected:", "if False:"),)),
    Fault(
        "a folder that was copied does not know it",
        ((D + "device_file.py", "int(said[1]) != path.stat().st_ino", "False"),),
    ),
    Fault(
        "a clone is taken for the original", ((S + "push.py", "    if kept and kept != copy:\n", "    if False:\n"),)
    ),
    Fault(
        "lost work is not sent again", ((P + "engine.py", '        if answer["unknown"]:\n', "        if False:\n"),)
    ),
    Fault(
        "what waited is not carried over",
        (
            (
                D + "restore.py",
                "        if before is not None:\n            carrying",
                "        if False:\n            carrying",
            ),
        ),
    ),
    Fault(
        "a letter is given again",
        ((S + "sessions.py", "connection).epoch > 1", "connection).epoch < 0"),),
        "tests/server/test_backup.py",
    ),
    Fault(
        "a backup that is copied back by hand serves",
        ((S + "backup.py", "            workspace.set_back(connection)\n", "            pass\n"),),
        "tests/server/test_backup.py",
    ),
    Fault(
        "a damaged backup is put back",
        (
            (S + "backup.py", '_sum_of(raw.open("rb")) != about["sha256"]', "False"),
            (S + "backup.py", "        _check_sqlite(raw, about, file)\n", "        pass\n"),
        ),
        "tests/server/test_backup.py",
    ),
    Fault(
        "rows of a backup are not counted",
        ((S + "backup.py", "    if any(counted.get(name, 0) != number for name", "    if any(False for name"),),
        "tests/server/test_backup.py",
    ),
)


def caught(fault: Fault, place: Path, count: int) -> str:
    """What caught it, "" when nothing did."""
    environment = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    words = [sys.executable, "-m", "tests.sync.restores", "--until-failure", "--count", str(count)]
    if fault.by != "seeds":
        words = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", fault.by]
    done = subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True, check=False)
    begins = "first failure" if fault.by == "seeds" else "FAILED"
    found = [line for line in done.stdout.splitlines() if line.startswith(begins)]
    if not found and done.returncode:
        return ""  # it did not run: nothing was caught
    return found[0][:130] if found else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="only faults with one of these words")
    parser.add_argument("--count", type=int, default=400, help="at most so many restores and clones for each")
    parser.add_argument("--check", action="store_true", help="only whether every fault can still be planted")
    given = parser.parse_args()
    chosen = [each for each in FAULTS if not given.words or any(word in each.name for word in given.words)]
    missed = 0
    for fault in chosen:
        place = Path(tempfile.mkdtemp(prefix="kam-plant-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
        begun = time.monotonic()
        try:
            copied(fault, place)
            found = "plantable" if given.check else caught(fault, place, given.count)
        except ValueError as error:
            found = ""
            print(error)
        finally:
            shutil.rmtree(place, ignore_errors=True)
        missed += not found
        print(
            f"{'caught' if found else 'MISSED':7} {time.monotonic() - begun:4.0f} s  {fault.name:48} {found}",
            flush=True,
        )
    print(f"{len(chosen)} faults, {missed} not caught")
    return int(bool(missed))


__all__ = ["FAULTS", "ROOT", "Fault"]

if __name__ == "__main__":
    sys.exit(main())
