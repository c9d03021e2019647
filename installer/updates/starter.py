"""The starter in Python: reads `current`, starts that version, falls back to the one before it.

On Windows `installer/windows/launcher_choose.h` does the same without Python and is what is shipped; the two are
compared by `python -m tests.update.starters`, under Wine.

    <base>/<name> [ARGUMENT…]      starts <base>/versions/<version>/<name> with the same arguments
"""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

from kam_desktop.update.installation import (
    CURRENT,
    FAILED,
    GOOD,
    NEW,
    NONE,
    TRIED,
    TRYING,
    VERSIONS,
    Installation,
    Pointer,
    order_of,
)


def is_window(arguments: list[str]) -> bool:
    """Whether a window starts; commands never try a new version, and --demo, --tour, --version neither."""
    valued = False
    for each in arguments:
        if valued:
            valued = False
        elif each in ("--profile", "--lang"):
            valued = True
        elif not (each.startswith(("--profile=", "--lang=", "kam:")) or each.endswith(".kamx")):
            return False
    return True


def choose(base: Path, window: bool) -> str:
    """The version to start, "" for none; writes down what it tries."""
    place = Installation(base)
    now = place.pointer()
    if now is None or not (place.has(now.version) or place.has(now.before)):
        return _newest(place)
    if now.state == GOOD or not place.has(now.before):
        return now.version if place.has(now.version) else now.before
    if not place.has(now.version):
        return now.before
    if not window:
        return now.before
    if not _is_mine(base):
        return now.version  # another start of it is under way and may still say that it is well
    try:
        if now.state == NEW:
            _write(base / CURRENT, Pointer(now.version, now.before, TRIED).text())
            return now.version
        failed = place.failed() | {now.version}
        _write(base / FAILED, "".join(f"{each}\n" for each in sorted(failed)))
        _write(base / CURRENT, Pointer(now.before, NONE, GOOD).text())
    except OSError:
        pass  # a disk that takes nothing: the version that is known to work
    return now.before


def _newest(place: Installation) -> str:
    try:
        names = [each.name for each in (place.base / VERSIONS).iterdir() if place.has(each.name)]
    except OSError:
        return ""
    failed = place.failed()
    return max(names, key=lambda each: (each not in failed, order_of(each)), default="")


def _is_mine(base: Path) -> bool:
    """Takes the lock of the first start; the started program holds it, for it keeps the descriptor."""
    try:
        descriptor = os.open(base / TRYING, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return False
    os.set_inheritable(descriptor, True)
    return True


def _write(file: Path, text: str) -> None:
    part = file.with_name(file.name + ".start")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, text.encode("ascii"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(part, file)


def main(base: Path, name: str, arguments: list[str]) -> int:
    """Becomes the chosen version; returns 3 when there is none."""
    version = choose(base, is_window(arguments))
    if not version:
        print("No version of the program is here. Install it again; your data are kept.", file=sys.stderr)
        return 3
    program = base / VERSIONS / version / name
    os.execv(program, [str(program), *arguments])


if __name__ == "__main__":
    here = Path(sys.argv[0]).absolute()
    sys.exit(main(here.parent, here.stem, sys.argv[1:]))
