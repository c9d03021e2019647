"""Kills an update at counted file operations and starts the program after each: `--count 100` points.

The parts are: the update (metadata, download, unpacking, switching the pointer), the starter of the first start, the
new version's own first start. Each part runs in a process that ends itself with SIGKILL at the n-th operation on a
file below the installation (half of the bytes written where the operation is a write). Then the starter has to start
a whole version, and the update taken up again has to come to its end. `--starter FILE` takes the compiled starter.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.update.stage import PLATFORM, Stage, serving, write_version

PARTS = ("update", "starter", "first start")


class Sweep:
    """A stage with one release, and fresh laptops to kill it on."""

    def __init__(self, folder: Path, stage: Stage, starter: str) -> None:
        self.folder, self.starter = folder, starter
        self.model = stage.laptop().base
        self.source = folder / "source.json"
        self.source.write_text(json.dumps({"address": stage.server.address, "root": stage.root.decode()}))

    def fresh(self, number: int) -> Path:
        """Another laptop, the same as the others."""
        base = self.folder / f"killed-{number}"
        shutil.copytree(self.model, base)
        return base

    def run(self, base: Path, part: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """One part in a process of its own."""
        words = [sys.executable, "-m", "tests.update.road", part, str(base), str(self.source)]
        if part == "start" and self.starter:
            target = base / "kam-desktop"
            if not target.exists():
                shutil.copy2(self.starter, target)
            words = [str(target)]
        environment = {"KAM_TEST_PYTHON": sys.executable, "KAM_BASE": str(base), **environment}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KAM_")}
        return subprocess.run(words, env={**kept, **environment}, capture_output=True, text=True, timeout=60)

    def count(self) -> dict[str, int]:
        """How many operations each part has, when nobody kills it."""
        base, told = self.fresh(0), str(self.folder / "count")
        self.run(base, "update", KAM_COUNT=told)
        assert "started 1.1.0" in self.run(base, "start", KAM_COUNT=told).stdout
        # the starter becomes the program and tells nobody: it opens pointer and lock, and writes the pointer
        found = {part: Path(f"{told}.{part.replace(' ', '-')}") for part in PARTS}
        counts = {part: int(file.read_text()) for part, file in found.items() if file.exists()}
        return {**counts, "starter": 0 if self.starter else 6}

    def kill(self, number: int, part: str, at: int) -> str:
        """One kill; what started after it. Raises AssertionError where nothing did."""
        base = self.fresh(number)
        order = f"{part}:{at}"
        if part != "update":
            assert self.run(base, "update").returncode == 0
        killed = self.run(base, "update" if part == "update" else "start", KAM_KILL=order)
        assert killed.returncode == -9, f"{order} was not killed: {killed.returncode} {killed.stderr[-300:]}"
        started = self.run(base, "start")
        version = started.stdout.removeprefix("started ").strip()
        assert version in ("1.0.0", "1.1.0"), f"nothing starts after {order}: {started.stdout} {started.stderr}"
        again = self.run(base, "update")
        assert again.returncode == 0, f"after {order} the update does not go on: {again.stderr[-500:]}"
        assert self.run(base, "start").stdout == "started 1.1.0\n", f"after {order} the update does not arrive"
        assert self.run(base, "start").stdout == "started 1.1.0\n"
        shutil.rmtree(base)
        return version


def main() -> int:
    """Exit status 1 when after some kill no version started."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--starter", default="", help="a compiled starter instead of the one in Python")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(folder) as server:
            stage = Stage(folder, server)
            packed = stage.archive("1.1.0", lambda target: write_version(target, "1.1.0", count=16, size=9000))
            stage.repository.release(packed, PLATFORM, "1.1.0", schema=1, notes={})
            sweep = Sweep(folder, stage, args.starter)
            counts = sweep.count()
            points = [(part, at) for part in PARTS for at in range(1, counts[part] + 1)]
            print(f"operations: {counts}")
            if len(points) > args.count:  # every point of the small parts, a spread over the large one
                small = [each for each in points if each[0] != "update"]
                large = [each for each in points if each[0] == "update"]
                points = sorted(random.Random(6).sample(large, max(0, args.count - len(small)))) + small
            failed, seen = 0, collections.Counter[tuple[str, str]]()
            for number, (part, at) in enumerate(points, 1):
                try:
                    seen[part, sweep.kill(number, part, at)] += 1
                except AssertionError as fault:
                    failed += 1
                    print(f"FAILED {fault}", flush=True)
            for (part, version), times in sorted(seen.items()):
                print(f"killed in {part}: {times} times {version} started")
            print(f"{len(points)} points, {failed} after which no version started or the update did not arrive")
    return 1 if failed or len(points) < args.count else 0


if __name__ == "__main__":
    sys.exit(main())
