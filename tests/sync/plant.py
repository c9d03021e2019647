"""Plants each fault into a copy of the product: python -m tests.sync.plant [WORD …]."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.sync.faults import FAULTS, Fault

ROOT = Path(__file__).parents[2]
MEMORY = Path("/dev/shm")
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", ".git", ".venv")
NO_PROGRAM = ("NameError", "SyntaxError", "IndentationError", "ImportError", "ModuleNotFoundError", "UnboundLocalError")
"""What a fault that was planted badly does at once: that catches nothing."""


def copied(fault: Fault, place: Path) -> None:
    """A copy of the tree with the fault in it. Raises ValueError where the text is not there any more."""
    for name in ("kam_desktop", "tests", "resources"):
        shutil.copytree(ROOT / name, place / name, ignore=IGNORED)
    shutil.copy(ROOT / "pyproject.toml", place)
    for file, before, after in fault.edits:
        path = place / file
        text = path.read_text("utf-8")
        if text.count(before) != 1:
            raise ValueError(f"{fault.name}: {file} has {text.count(before)} times {before!r}")
        path.write_text(text.replace(before, after), "utf-8")


def caught(fault: Fault, place: Path, seeds: int, jobs: int) -> str:
    """What caught it, "" when nothing did."""
    environment = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    if fault.by != "seeds":
        words = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", fault.by]
        done = subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True, check=False)
        said = done.stdout.splitlines()
        failed = [line for line in said if line.startswith("FAILED")]
        strange = [line for line in said if line.startswith("E ") and any(word in line for word in NO_PROGRAM)]
        if strange:
            print("it does not run: " + strange[0][:120])
        return failed[0][7:120] if failed and not strange else ""
    words = [sys.executable, "-m", "tests.sync.simulate", "--until-failure", "--seeds", str(seeds), "--jobs", str(jobs)]
    done = subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("first failure")]
    if (not lines and done.returncode) or any(word in line for line in lines for word in NO_PROGRAM):
        print("it does not run: " + (lines or done.stderr.strip().splitlines() or ["?"])[-1][:120])
        return ""
    return lines[0][15:140] if lines else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="only faults with one of these words")
    parser.add_argument("--seeds", type=int, default=300, help="at most so many for each fault")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--check", action="store_true", help="only whether every fault can still be planted")
    given = parser.parse_args()
    chosen = [each for each in FAULTS if not given.words or any(word in each.name for word in given.words)]
    missed = 0
    for fault in chosen:
        place = Path(tempfile.mkdtemp(prefix="kam-plant-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
        begun = time.monotonic()
        try:
            copied(fault, place)
            found = "plantable" if given.check else caught(fault, place, given.seeds, given.jobs)
        except ValueError as error:
            found = ""
            print(error)
        finally:
            shutil.rmtree(place, ignore_errors=True)
        missed += not found
        print(
            f"{'caught' if found else 'MISSED':7} {time.monotonic() - begun:5.0f} s  {fault.name:55} {found}",
            flush=True,
        )
    print(f"{len(chosen)} faults, {missed} not caught")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
