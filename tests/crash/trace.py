"""Runs a program under strace and gives back in order what it did to the files of a folder."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SYSCALLS = (
    "open,openat,openat2,creat,close,dup,dup2,dup3,lseek,write,pwrite64,writev,pwritev,pwritev2,sendfile,"
    "copy_file_range,fallocate,truncate,ftruncate,fsync,fdatasync,sync,syncfs,sync_file_range,msync,rename,renameat,"
    "renameat2,unlink,unlinkat,rmdir,link,linkat,symlink,symlinkat,mkdir,mkdirat"
)
MUTATING = (
    "write,pwrite64,writev,sendfile,copy_file_range,ftruncate,fsync,fdatasync,rename,renameat,unlink,unlinkat,rmdir,"
    "link,linkat,mkdir,mkdirat,openat"
)

_CALL = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+)(<[^>]*>)?", re.DOTALL)
_UNFINISHED = re.compile(r"(\d+) +(\w+)\((.*) <unfinished \.\.\.>$", re.DOTALL)
_RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)$", re.DOTALL)
_DESCRIPTOR = re.compile(r"(-?\w+)(?:<(.*?)>)?")


@dataclass(frozen=True)
class Write:
    path: str
    offset: int
    data: bytes


@dataclass(frozen=True)
class Truncate:
    path: str
    size: int


@dataclass(frozen=True)
class Sync:
    """fsync or fdatasync of a file or a folder."""

    path: str


@dataclass(frozen=True)
class Create:
    path: str


@dataclass(frozen=True)
class MakeFolder:
    path: str


@dataclass(frozen=True)
class Link:
    source: str
    target: str


@dataclass(frozen=True)
class Rename:
    source: str
    target: str


@dataclass(frozen=True)
class Unlink:
    path: str


@dataclass(frozen=True)
class Said:
    """A line on standard output: what the program promised at that moment."""

    line: str


Op = Write | Truncate | Sync | Create | MakeFolder | Link | Rename | Unlink | Said


def run(command: Sequence[str], folder: Path, log: Path, cwd: Path) -> list[Op]:
    """Runs the command; raises CalledProcessError when it fails and ValueError for a call that is not understood."""
    strace = ["strace", "-f", "--seccomp-bpf", "-qq", "-y", "-xx", "-s", "50000000", "-o", str(log)]
    strace += ["-e", f"trace={SYSCALLS}", "--signal=none", "--", *command]
    before = {str(path) for path in folder.rglob("*")}
    subprocess.run(strace, cwd=cwd, stdout=subprocess.PIPE, check=True)
    with log.open() as lines:
        return list(_Reader(str(folder), before).ops(_whole(lines)))


def _whole(lines: Iterator[str]) -> Iterator[tuple[str, list[str], int]]:
    """Calls with their arguments and result, each where it ended; those that failed are left out.

    Only of the program itself: what it starts (parsers of foreign files) never writes to the profile.
    """
    waiting: dict[str, str] = {}
    program = ""
    for raw in lines:
        line = raw.rstrip("\n")
        if begun := _UNFINISHED.match(line):
            waiting[begun[1]] = f"{begun[1]} {begun[2]}({begun[3]}"
            continue
        if resumed := _RESUMED.match(line):
            line = waiting.pop(resumed[1]) + resumed[3]
        call = _CALL.match(line)
        program = program or line.split(None, 1)[0]
        if call and int(call[4]) >= 0 and call[1] == program:
            yield call[2], call[3].split(", "), int(call[4])


def _text(quoted: str) -> bytes:
    if quoted.endswith("..."):
        raise ValueError("strace cut a string short")
    return bytes.fromhex(quoted.strip('"').replace("\\x", ""))


def _descriptor(argument: str) -> tuple[int, str]:
    """Number and path of `5</some/path>`."""
    found = _DESCRIPTOR.match(argument)
    assert found is not None, argument
    number = -100 if found[1] == "AT_FDCWD" else int(found[1])
    path = found[2] or ""
    return number, (_text(path).decode() if path.startswith("\\x") else path)


class _Reader:
    """Follows descriptors and their places, so that `write` gets an offset."""

    def __init__(self, folder: str, existing: set[str]) -> None:
        self._folder = folder
        self._existing = existing
        self._offsets: dict[int, int] = {}
        self._appends: set[int] = set()
        self._sizes: dict[str, int] = {path: Path(path).stat().st_size for path in existing}

    def _ours(self, path: str) -> bool:
        return path == self._folder or path.startswith(self._folder + "/")

    def ops(self, calls: Iterator[tuple[str, list[str], int]]) -> Iterator[Op]:
        for name, arguments, result in calls:
            yield from self._op(name, arguments, result)

    def _at(self, folder: str, name: str) -> str:
        path = _text(name).decode()
        return path if path.startswith("/") else f"{_descriptor(folder)[1]}/{path}"

    def _op(self, name: str, arguments: list[str], result: int) -> Iterator[Op]:
        if name in ("open", "openat", "creat"):
            first = 1 if name == "openat" else 0
            path = self._at(arguments[0], arguments[first]) if first else _text(arguments[0]).decode()
            yield from self._opened(path, "O_CREAT|O_TRUNC" if name == "creat" else arguments[first + 1], result)
        elif name in ("write", "pwrite64"):
            number, path = _descriptor(arguments[0])
            if number == 1 and name == "write":
                for line in _text(arguments[1]).decode().splitlines():
                    yield Said(line)
            elif self._ours(path):
                yield from self._write(number, path, _text(arguments[1])[:result], arguments, name)
        elif name == "lseek":
            self._offsets[_descriptor(arguments[0])[0]] = result
        elif name in ("ftruncate", "truncate"):
            path = _descriptor(arguments[0])[1] if name == "ftruncate" else _text(arguments[0]).decode()
            if self._ours(path):
                self._sizes[path] = int(arguments[1])
                yield Truncate(path, int(arguments[1]))
        elif name in ("fsync", "fdatasync"):
            path = _descriptor(arguments[0])[1]
            if self._ours(path):
                yield Sync(path)
        elif name in ("rename", "renameat", "renameat2", "link", "linkat"):
            with_folders = name not in ("rename", "link")
            source = self._at(*arguments[:2]) if with_folders else _text(arguments[0]).decode()
            target = self._at(*arguments[2:4]) if with_folders else _text(arguments[1]).decode()
            if self._ours(source) or self._ours(target):
                self._sizes[target] = self._sizes.get(source, 0)
                self._existing.add(target)
                if name.startswith("rename"):
                    self._moved(source, target)
                yield Link(source, target) if name.startswith("link") else Rename(source, target)
        elif name in ("unlink", "unlinkat", "rmdir"):
            path = self._at(*arguments[:2]) if name == "unlinkat" else _text(arguments[0]).decode()
            if self._ours(path):
                self._existing.discard(path)
                yield Unlink(path)
        elif name in ("mkdir", "mkdirat"):
            path = self._at(*arguments[:2]) if name == "mkdirat" else _text(arguments[0]).decode()
            if self._ours(path):
                self._existing.add(path)
                yield MakeFolder(path)
        elif name not in ("close", "dup", "dup2", "dup3", "sync_file_range") and any(
            self._ours(_descriptor(argument)[1]) for argument in arguments if "<" in argument
        ):
            raise ValueError(f"{name} on a file that is watched: teach the reader to follow it")

    def _moved(self, source: str, target: str) -> None:
        """A folder takes what is in it along."""
        for path in [path for path in self._existing if path == source or path.startswith(source + "/")]:
            self._existing.remove(path)
            self._existing.add(target + path[len(source) :])
            self._sizes[target + path[len(source) :]] = self._sizes.pop(path, 0)

    def _opened(self, path: str, flags: str, descriptor: int) -> Iterator[Op]:
        self._offsets[descriptor] = 0
        self._appends.discard(descriptor)
        if not self._ours(path):
            return
        if "O_APPEND" in flags:
            self._appends.add(descriptor)
        if "O_CREAT" in flags and path not in self._existing:
            self._existing.add(path)
            self._sizes[path] = 0
            yield Create(path)
        elif "O_TRUNC" in flags:
            self._sizes[path] = 0
            yield Truncate(path, 0)

    def _write(self, number: int, path: str, data: bytes, arguments: list[str], name: str) -> Iterator[Op]:
        if name == "pwrite64":
            offset = int(arguments[3])
        else:
            offset = self._sizes.get(path, 0) if number in self._appends else self._offsets.get(number, 0)
            self._offsets[number] = offset + len(data)
        self._sizes[path] = max(self._sizes.get(path, 0), offset + len(data))
        yield Write(path, offset, data)
