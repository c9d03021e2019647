"""A model of a disk that loses power: what was not synced survives in part, torn, out of order."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from tests.crash.trace import Create, Link, MakeFolder, Op, Rename, Said, Sync, Truncate, Unlink, Write

SECTOR_BYTES = 512


class _Inode:
    """A file's bytes: those on the platter, those a running program sees, and what lies between."""

    def __init__(self, data: bytes = b"") -> None:
        self.durable = bytearray(data)
        self.live = bytearray(data)
        self.pending: list[Write | Truncate] = []

    def act(self, op: Write | Truncate) -> None:
        _apply(self.live, op)
        self.pending.append(op)

    def sync(self) -> None:
        if self.pending:
            self.durable = bytearray(self.live)
            self.pending.clear()


def _apply(data: bytearray, op: Write | Truncate) -> None:
    if isinstance(op, Truncate):
        if len(data) > op.size:
            del data[op.size :]
        else:
            data.extend(bytes(op.size - len(data)))
        return
    if len(data) < op.offset:
        data.extend(bytes(op.offset - len(data)))
    data[op.offset : op.offset + len(op.data)] = op.data


class _Name:
    """One change of the names in a folder: `removed` stops being there, `added` names an inode (None: a folder)."""

    def __init__(self, folders: set[str], removed: str | None, added: str | None, inode: _Inode | None) -> None:
        self.folders = folders
        self.removed = removed
        self.added = added
        self.inode = inode

    def apply(self, names: dict[str, _Inode | None]) -> None:
        if self.removed is not None:
            names.pop(self.removed, None)
        if self.added is not None:
            names[self.added] = self.inode


class Disk:
    """The files below one folder while a program works on them.

    Names are as pessimistic as POSIX allows: an fsync of a file does not make its name durable, only one of its
    folder does. Half of the crashes keep the order of names, as a journalled file system would.
    """

    def __init__(self, root: Path) -> None:
        self._live: dict[str, _Inode | None] = {str(root): None}
        for path in sorted(root.rglob("*")):
            self._live[str(path)] = None if path.is_dir() else _Inode(path.read_bytes())
        self._root = str(root)
        self._durable = dict(self._live)
        self._pending: list[_Name] = []

    def apply(self, op: Op) -> None:
        """Carries out one recorded call."""
        match op:
            case Said():
                pass
            case Write(path=path) | Truncate(path=path):
                inode = self._live.get(path)
                if inode is not None:  # a file that was unlinked while open is nobody's business any more
                    inode.act(op)
            case Sync(path=path):
                if path not in self._live:
                    return
                inode = self._live[path]
                if inode is not None:
                    inode.sync()
                    return
                for change in [change for change in self._pending if path in change.folders]:
                    change.apply(self._durable)
                    self._pending.remove(change)
            case Create(path=path):
                self._name(None, path, _Inode())
            case MakeFolder(path=path):
                self._name(None, path, None)
            case Link(source=source, target=target):
                self._name(None, target, self._live[source])
            case Rename(source=source, target=target):
                if self._live[source] is None:
                    self._rename_folder(source, target)
                else:
                    self._name(source, target, self._live[source])
            case Unlink(path=path):
                self._name(path, None, None)

    def _rename_folder(self, source: str, target: str) -> None:
        """A folder takes what is in it along; modelled as one change so that it is lost or kept as a whole."""
        inside = {name: inode for name, inode in self._live.items() if name.startswith(source + "/")}
        self._name(source, target, None)
        change = self._pending[-1]
        original = change.apply

        def apply(names: dict[str, _Inode | None]) -> None:
            original(names)
            for name in [name for name in names if name.startswith(source + "/")]:
                names[target + name[len(source) :]] = names.pop(name)

        change.apply = apply  # type: ignore[method-assign]
        for name in inside:
            self._live[target + name[len(source) :]] = self._live.pop(name)

    def _name(self, removed: str | None, added: str | None, inode: _Inode | None) -> None:
        folders = {str(PurePosixPath(path).parent) for path in (removed, added) if path is not None}
        change = _Name(folders, removed, added, inode)
        change.apply(self._live)
        self._pending.append(change)

    def crash(self, rng: random.Random) -> dict[str, bytes | None]:
        """The disk as it may be found after the power failed now: contents by path, None for a folder."""
        chance = rng.choice((0.0, 0.1, 0.5, 0.5, 0.5, 0.9, 1.0))
        names = dict(self._durable)
        if rng.random() < 0.5:
            kept_names: Iterable[_Name] = self._pending[: rng.randint(0, len(self._pending))]
        else:
            kept_names = [change for change in self._pending if rng.random() < chance]
        for change in kept_names:
            change.apply(names)
        return {
            path: None if inode is None else self._content(inode, rng, chance)
            for path, inode in names.items()
            if not path.endswith("-shm") and self._reachable(path, names)
        }

    def _reachable(self, path: str, names: dict[str, _Inode | None]) -> bool:
        parent = str(PurePosixPath(path).parent)
        return path == self._root or (parent in names and self._reachable(parent, names))

    @staticmethod
    def _content(inode: _Inode, rng: random.Random, chance: float) -> bytes:
        if not inode.pending:
            return bytes(inode.durable)
        data = bytearray(inode.durable)
        kept = [op for op in inode.pending if rng.random() < chance]
        if rng.random() < 0.7:
            rng.shuffle(kept)
        for op in kept:
            if isinstance(op, Write) and len(op.data) > 1 and rng.random() < 0.3:
                for piece in _torn(op, rng):
                    _apply(data, piece)
            else:
                _apply(data, op)
        if rng.random() < 0.2 and len(data) < len(inode.live):
            data.extend(bytes(len(inode.live) - len(data)))  # the length was written, the bytes were not
        return bytes(data)

    def compare(self, root: Path) -> list[str]:
        """Paths where the model and the real folder differ; for checking the model itself."""
        real = {str(path): None if path.is_dir() else path.read_bytes() for path in root.rglob("*")}
        real[str(root)] = None
        model = {path: None if inode is None else bytes(inode.live) for path, inode in self._live.items()}
        return sorted(
            path
            for path in real.keys() | model.keys()
            if not path.endswith("-shm") and real.get(path, b"-") != model.get(path, b"-")
        )


def _torn(op: Write, rng: random.Random) -> list[Write]:
    """Some sectors of a write: the first few, or any."""
    edges = [0, *range(SECTOR_BYTES - op.offset % SECTOR_BYTES, len(op.data), SECTOR_BYTES), len(op.data)]
    pieces = [Write(op.path, op.offset + start, op.data[start:end]) for start, end in itertools.pairwise(edges)]
    if rng.random() < 0.5:
        return pieces[: rng.randint(0, len(pieces))]
    return [piece for piece in pieces if rng.random() < 0.5]


def lay_out(state: dict[str, bytes | None], root: str, target: Path) -> None:
    """Writes a state of the model, taken below `root`, into the empty folder `target`."""
    for path, content in sorted(state.items()):
        place = target / path[len(root) :].lstrip("/")
        if content is None:
            place.mkdir(mode=0o700, exist_ok=True)
        else:
            place.write_bytes(content)
            place.chmod(0o600)
