"""Disks that fill up while the store works: `python -m tests.crash.disk_full --sizes 30`."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import errno
import os
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from kam_desktop.domain.entities.account import Account, Contact
from kam_desktop.domain.errors import Unavailable
from kam_desktop.store import backup, files
from kam_desktop.store.journal import Journal
from kam_desktop.store.profile import Store
from tests.crash import flows, verdict
from tests.crash.power_loss import workplace
from tests.crash.promises import Promises, digest

STEP_BYTES = 24 << 10
"""From one size to the next; a save needs a few pages of 4 KiB, an import a few hundred."""
JOURNAL_STEP_BYTES = 777


class Disk:
    """A place that is nearly full until it is freed."""

    def __init__(self, folder: Path, free: Callable[[], None]) -> None:
        self.folder = folder
        self.free = free


@contextlib.contextmanager
def small_disk(place: Path, size: int) -> Iterator[Disk]:
    """A file system of its own with so many bytes (ENOSPC); needs root."""
    folder = place / "disk"
    folder.mkdir()
    options = f"size={size},mode=700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "kam-crash", str(folder)], check=True, capture_output=True)

    def free() -> None:
        subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)

    try:
        yield Disk(folder, free)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


@contextlib.contextmanager
def small_files(place: Path, size: int) -> Iterator[Disk]:
    """A limit on the size of each file, as a quota makes it felt (EFBIG)."""
    folder = place / "disk"
    folder.mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield Disk(folder, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        shutil.rmtree(folder)


@contextlib.contextmanager
def small_journal(place: Path, size: int) -> Iterator[Disk]:
    """The last free block goes to the database: the journal gets only so many bytes (ENOSPC in mid-frame)."""
    folder = place / "disk"
    folder.mkdir()
    left = [size]
    really = files.write_all

    def write_all(descriptor: int, data: bytes) -> None:
        really(descriptor, data[: max(left[0], 0)])
        left[0] -= len(data)
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    files.write_all = write_all
    try:
        yield Disk(folder, lambda: left.__setitem__(0, 1 << 30))
    finally:
        files.write_all = really
        shutil.rmtree(folder)


def steps() -> list[Callable[[Store], object]]:
    """A day's work as single steps; each either is done or has changed nothing."""

    def add(number: int) -> Callable[[Store], None]:
        def act(store: Store) -> None:
            with store.edit("New account") as uow:
                account = Account(id=uow.new_id(), name=f"Công ty Đầy đĩa {number}", address="Quận 1 " * 30)
                uow.add(account)
                uow.add(Contact(id=uow.new_id(), account=account.id, full_name=f"Lê Văn {number}"))

        return act

    def many(number: int) -> Callable[[Store], None]:
        def act(store: Store) -> None:
            with store.edit("Import", kind="import") as uow:
                for place in range(30):
                    uow.add(Account(id=uow.new_id(), name=f"Công ty Nhập {number}-{place}", tags=("nhập",)))

        return act

    def note(store: Store) -> None:
        with store.edit("Note") as uow:
            known = uow.get(Account, "0192f0c0-0000-7000-8000-000000000001")
            if known is not None:
                uow.put(dataclasses.replace(known, internal_note=known.internal_note + "Gọi lại. " * 40))

    def back_up(store: Store) -> None:
        backup.backup_to(store, backup.own_place(store, "asked"))

    found: list[Callable[[Store], object]] = []
    for number in range(4):
        found += [add(number), note, many(number), Store.undo, back_up, Store.redo, add(100 + number)]
    return found


def fill(disk: Disk, base: Path) -> tuple[list[str], bool]:
    """Works until the disk is full, and on after it is freed; broken promises, and whether it was full at all."""
    profile = disk.folder / "profile"
    shutil.copytree(base, profile)
    store = flows.open_store(profile)
    faults: list[str] = []
    full = behind = False
    promises = Promises([digest(store)], acknowledged=1)
    for step in steps():
        try:
            step(store)
        except Unavailable as problem:
            full = True
            faults += _refused(problem, store, promises)
            # Still full: the same again says the same, and looking at the data goes on.
            with contextlib.suppress(Unavailable):
                step(store)
                promises = Promises([digest(store)], acknowledged=1)
                continue
            faults += _refused(problem, store, promises)
            disk.free()
            step(store)
        promises = Promises([digest(store)], acknowledged=1)
        behind = behind or bool(store.journal_behind)
    disk.free()
    steps()[0](store)
    promises = Promises([digest(store)], acknowledged=1)
    if store.journal_behind:
        faults.append("journal: stays behind though there is room")
    store.close()
    return [*faults, *verdict.faults(profile, promises)], full or behind


def _refused(problem: Unavailable, store: Store, promises: Promises) -> list[str]:
    """What must hold right after a step that was refused: the clear reason, and nothing changed."""
    found = []
    if problem.code != "disk_full":
        found.append(f"message: {problem.code}: {problem}")
    if digest(store) not in promises.allowed():
        found.append("lost: a refused step changed the data")
    return found


def main() -> int:
    """Exit 0 when nothing was lost at any size and every message was the right one (for the control: when not)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1, help="moves every size by a little")
    parser.add_argument("--control", action="store_true", help="the journal leaves half frames behind: must be found")
    chosen = parser.parse_args()
    started_at = time.monotonic()
    kinds = {"quota": small_files, "journal": small_journal}
    if _may_mount():
        kinds["disk"] = small_disk
    if chosen.control:
        Journal._take_back = lambda self, descriptor: None  # type: ignore[method-assign]
    total: Counter[str] = Counter()
    with workplace() as place:
        base = place / "base"
        base.mkdir()
        flows.make_base(base)
        need = {
            "disk": sum(path.stat().st_size for path in base.rglob("*")) + (64 << 10),
            "journal": 100,
            "quota": max(path.stat().st_size for path in base.rglob("*")),
        }
        for kind, disk_of_size in kinds.items():
            for number in range(chosen.sizes):
                with disk_of_size(
                    place, need[kind] + number * (STEP_BYTES if kind != "journal" else JOURNAL_STEP_BYTES)
                ) as disk:
                    faults, was_full = fill(disk, base)
                total["sizes"] += 1
                total["full"] += was_full
                for fault in faults:
                    total[fault.partition(":")[0]] += 1
                    print(f"{kind} {number}: {fault}", file=sys.stderr)
    bad = [f"{word} {count}" for word, count in sorted(total.items()) if word not in ("sizes", "full")]
    print(
        f"disk full: {total['sizes']} sizes ({' and '.join(kinds)}), {total['full']} of them filled up: "
        f"{'; '.join(bad) or 'nothing lost, each message right, went on after space was freed'}; "
        f"{time.monotonic() - started_at:.0f} s"
    )
    return int(bool(bad) != chosen.control)


def _may_mount() -> bool:
    if os.geteuid() != 0:
        return False
    with workplace() as place:
        try:
            with small_disk(place, 1 << 20):
                return True
        except subprocess.CalledProcessError:
            (place / "disk").rmdir()
            return False


if __name__ == "__main__":
    sys.exit(main())
