"""One process that brings files to the doors and measures each; the runner feeds it."""

from __future__ import annotations

import dataclasses
import json
import logging
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

MOST_S = 10.0
MOST_BYTES = 150_000_000
PATIENCE_S = 1.5
"""What starting a child and ending it may take on a busy machine, over the limit within it."""
ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class Measured:
    """What became of one file.

    Attributes:
        outcome: read, refused, or failed (an exception that is no refusal, or a sentence that is none).
        sentence: why it was refused, in Vietnamese and English; or what failed.
        child_bytes: the most that a confined child held; the child of papers is not under this limit.
        own_bytes: by how much the process that asked grew at the most.
        opened, asked, started: files opened elsewhere, sockets, programs.
    """

    name: str
    door: str
    outcome: str
    code: str = ""
    sentence: list[str] = field(default_factory=list)
    wall_s: float = 0.0
    child_bytes: int = 0
    own_bytes: int = 0
    opened: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    started: list[str] = field(default_factory=list)

    def faults(self, wanted: str = "either") -> list[str]:
        """Everything that must not be."""
        found = [f"{word}: {each}" for word in ("opened", "asked", "started") for each in getattr(self, word)]
        if self.outcome == "failed":
            found.append(" ".join(self.sentence))
        elif wanted != "either" and self.outcome != wanted:
            found.append(f"{self.outcome} ({self.code}), wanted {wanted}")
        if self.wall_s > MOST_S + PATIENCE_S:
            found.append(f"took {self.wall_s:.1f} s")
        if self.door != "template" and self.child_bytes > MOST_BYTES:
            found.append(f"the child held {self.child_bytes / 1e6:.0f} MB")
        if self.own_bytes > MOST_BYTES:
            found.append(f"the program grew by {self.own_bytes / 1e6:.0f} MB")
        return found


class Runner:
    """A measuring process, begun anew where a file ends it or holds it longer than is bearable."""

    def __init__(self, folder: Path, prefix: Sequence[str] = ()) -> None:
        self._folder, self._prefix = folder, prefix
        self._process: subprocess.Popen[str] | None = None
        self._count = 0

    def bring(self, door: str, path: Path) -> Measured:
        """What became of one file."""
        process = self._begun()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps([door, str(path)]) + "\n")
        process.stdin.flush()
        late = threading.Timer(4 * MOST_S, process.kill)
        late.start()
        began = time.monotonic()
        line = process.stdout.readline()
        late.cancel()
        if not line:
            process.wait()
            self._process = None
            said = f"the program ended ({process.returncode}) or hung"
            return Measured(path.name, door, "failed", sentence=[said], wall_s=time.monotonic() - began)
        return Measured(**json.loads(line))

    def close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait(timeout=30)
            self._process = None

    def _begun(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._count += 1
            place = self._folder / f"runner-{self._count}"
            place.mkdir(parents=True)
            command = [*self._prefix, sys.executable, "-m", "tests.hostile.measure", str(place)]
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
        return self._process


def table(found: Iterable[Measured]) -> Iterator[str]:
    """The figures of a run, by doors."""
    by_door: dict[str, list[Measured]] = {}
    for each in found:
        by_door.setdefault(each.door, []).append(each)
    heads = ("files", 7), ("refused", 9), ("read", 7), ("failed", 8), ("slowest s", 11), ("child MB", 10)
    yield f"{'door':<10}" + "".join(
        f"{word:>{width}}" for word, width in (*heads, ("own MB", 8), ("opens", 7), ("sockets", 9))
    )
    rows = [*by_door.items(), ("all", [each for group in by_door.values() for each in group])]
    for name, group in rows:
        if not group:
            continue
        numbers = [sum(each.outcome == word for each in group) for word in ("refused", "read", "failed")]
        yield (
            f"{name:<10}{len(group):>7}{numbers[0]:>9}{numbers[1]:>7}{numbers[2]:>8}"
            f"{max(each.wall_s for each in group):>11.2f}{max(each.child_bytes for each in group) / 1e6:>10.0f}"
            f"{max(each.own_bytes for each in group) / 1e6:>8.0f}{sum(len(each.opened) for each in group):>7}"
            f"{sum(len(each.asked) for each in group):>9}"
        )


# --- in the measuring process ----------------------------------------------------------------------------------------


def _memory(word: str) -> int:
    with open("/proc/self/status", encoding="ascii") as status:
        return next((int(line.split()[1]) * 1024 for line in status if line.startswith(word)), 0)


def _forget_the_peak() -> int:
    """Begins measuring the peak anew (Linux); what the process holds now."""
    if sys.platform != "linux":
        return 0
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")
    return _memory("VmRSS")


def _peak() -> int:
    return _memory("VmHWM") if sys.platform == "linux" else 0


def _measured(doors: Any, watcher: Any, door: str, path: Path) -> Measured:
    from tests.hostile.doors import check

    made = Measured(path.name, door, "read")
    before = _forget_the_peak()
    began = time.monotonic()
    doors.prepare(door, path)
    watcher.begin(path, doors.folder, Path(tempfile.gettempdir(), "kam-paper-"), *_beside(door, path))
    try:
        problems = doors.bring(door, path)
        made.wall_s = time.monotonic() - began
        watcher.end()
        if problems:
            made.outcome, made.code = "refused", problems[0].code
            made.sentence = list(check(problems[0]))
            for each in problems[1:50]:
                check(each)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault of ours that the table shows
        made.wall_s = time.monotonic() - began
        made.outcome, made.sentence = "failed", [f"{type(error).__name__}: {error}"[:500]]
    finally:
        watcher.end()
    made.own_bytes = max(0, _peak() - before)
    made.child_bytes = watcher.child_bytes
    made.opened, made.asked, made.started = watcher.opened, watcher.asked, watcher.started
    return made


def _beside(door: str, path: Path) -> list[Path]:
    """A backup is unpacked in a folder of its own beside it."""
    return [path.parent / "work-", path.parent] if door == "backup" else []


def _main(folder: Path, source: IO[str], target: IO[str]) -> None:
    from tests.hostile.doors import Doors
    from tests.hostile.watcher import Watcher

    logging.disable(logging.WARNING)
    tempfile.gettempdir()  # finds out by trying, once
    doors, watcher = Doors(folder), Watcher()
    for line in source:
        door, path = json.loads(line)
        target.write(json.dumps(dataclasses.asdict(_measured(doors, watcher, door, Path(path)))) + "\n")
        target.flush()
    doors.close()


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.stdin, sys.stdout)
