"""The versions beside each other on this computer, and the small file that says which one starts.

    <base>/KAM Desktop.exe            the starter, which no update replaces (installer/windows/launcher_choose.h)
    <base>/current                    three lines: the version, the one before it or "-", and the state
    <base>/failed                     versions that did not come to a good start, one a line
    <base>/versions/1.4.0/…           whole versions; a folder gets its name once everything in it is on the disk
    <base>/updates/                   what the updater keeps: metadata, an archive on its way, when it last looked

States: `good` it came to its window once; `new` nobody started it yet; `tried` it was started and has not said yet
that it is well. A version found `tried` with nobody trying it any more has failed: the one before it starts.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kam_desktop.domain.errors import Unavailable
from kam_desktop.language import N_
from kam_desktop.store import files

CURRENT, FAILED, TRYING = "current", "failed", "trying"
VERSIONS, UPDATES = "versions", "updates"
GOOD, NEW, TRIED = "good", "new", "tried"
NONE = "-"
_PARTIAL, _GONE = ".part-", ".gone-"
_VERSION = re.compile(r"(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})(?:(a|b|rc)([1-9]\d{0,3}))?")


def order_of(version: str) -> tuple[int, int, int, int, int]:
    """Where a version stands among others; raises ValueError for a text that is no version (1.4.0, 1.4.0rc2)."""
    found = _VERSION.fullmatch(version)
    if found is None:
        raise ValueError("not a version")
    stage = {"a": 0, "b": 1, "rc": 2, None: 3}[found[4]]
    return int(found[1]), int(found[2]), int(found[3]), stage, int(found[5] or 0)


def is_version(text: str) -> bool:
    """Whether the text is a version, and so safe as the name of a folder."""
    return _VERSION.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Pointer:
    """What the file `current` says."""

    version: str
    before: str = NONE
    state: str = GOOD

    def text(self) -> str:
        """The file's content."""
        return f"{self.version}\n{self.before}\n{self.state}\n"


def pointer_of(text: str) -> Pointer | None:
    """The pointer that a file's content says, None for anything else."""
    lines = text.splitlines()
    if len(lines) != 3 or not text.endswith("\n"):
        return None
    version, before, state = lines
    if not is_version(version) or not (before == NONE or is_version(before)) or state not in (GOOD, NEW, TRIED):
        return None
    return Pointer(version, before, state)


class Installation:
    """One base folder with its versions.

    Attributes:
        base: the folder.
        running: the version that this process runs from, "" when it does not run from here.
    """

    def __init__(self, base: Path, running: str = "") -> None:
        self.base, self.running = base, running

    @property
    def work(self) -> Path:
        """The updater's own folder."""
        return self.base / UPDATES

    def folder(self, version: str) -> Path:
        """The folder of a version."""
        if not is_version(version):
            raise ValueError("not a version")
        return self.base / VERSIONS / version

    def has(self, version: str) -> bool:
        """Whether that version is there, whole."""
        return is_version(version) and self.folder(version).is_dir()

    def pointer(self) -> Pointer | None:
        """What starts next; None when the file is missing or says nothing that can be read."""
        try:
            return pointer_of((self.base / CURRENT).read_text("ascii"))
        except (OSError, ValueError):
            return None

    def failed(self) -> frozenset[str]:
        """Versions that once did not come to a good start on this computer."""
        try:
            lines = (self.base / FAILED).read_text("ascii").splitlines()
        except (OSError, ValueError):
            return frozenset()
        return frozenset(line for line in lines if is_version(line))

    def forgive(self, version: str) -> None:
        """Lets a failed version be tried again: the user asked for it."""
        left = sorted(self.failed() - {version})
        files.write_atomically(self.base / FAILED, "".join(f"{each}\n" for each in left).encode())

    # Bringing a version in.

    def partial(self, version: str) -> Path:
        """An empty folder to unpack a version into; what an unpacking that was killed left is cleared away."""
        target = self.base / VERSIONS / f"{_PARTIAL}{version}"
        if not is_version(version):
            raise ValueError("not a version")
        with _disk():
            if target.exists():
                shutil.rmtree(target)
            target.mkdir(mode=files.FOLDER_MODE)
        return target

    def adopt(self, version: str) -> None:
        """Gives the unpacked folder its name: from here on the version is there."""
        source, target = self.base / VERSIONS / f"{_PARTIAL}{version}", self.folder(version)
        with _disk():
            if target.exists():
                self._remove(version)
            files.replace(source, target)

    def switch(self, version: str) -> None:
        """The next start takes that version, and this one again should it not come to a good start.

        Raises Unavailable `not_whole`, and `no_way_back` where the running version is not one that works.
        """
        if not self.has(version):
            raise Unavailable("not_whole", N_("Version {version} is not on this computer as a whole."), version=version)
        now = self.pointer()
        if now is not None and now.version == version:
            return  # another window did it
        before = now.version if now is not None and now.state == GOOD else self.running
        if not self.has(before) or before == version:
            raise Unavailable("no_way_back", N_("Version {version} cannot be installed now."), version=version)
        files.write_atomically(self.base / CURRENT, Pointer(version, before, NEW).text().encode())

    # The first start.

    def is_tried(self) -> bool:
        """Whether this process is the first start of its version, which has to confirm itself."""
        now = self.pointer()
        return now is not None and now.state != GOOD and now.version == self.running

    def confirm(self) -> None:
        """The running version is well: it starts from now on. The one before stays until `tidy`."""
        now = self.pointer()
        if now is not None and now.version == self.running and now.state != GOOD:
            files.write_atomically(self.base / CURRENT, Pointer(now.version, now.before, GOOD).text().encode())

    def tidy(self) -> None:
        """Takes away what nobody starts any more; nothing at all while a version is not confirmed."""
        now = self.pointer()
        if now is None or now.state != GOOD or now.version != self.running:
            return
        with suppress(OSError):
            for each in sorted((self.base / VERSIONS).iterdir()):
                if each.name.startswith((_PARTIAL, _GONE)):
                    shutil.rmtree(each, ignore_errors=True)
                elif is_version(each.name) and each.name not in (now.version, now.before):
                    if order_of(each.name) < order_of(now.version) or each.name in self.failed():
                        self._remove(each.name)

    def _remove(self, version: str) -> None:
        """First it loses its name, at once; half a folder is never taken for a version."""
        gone = self.base / VERSIONS / f"{_GONE}{version}"
        shutil.rmtree(gone, ignore_errors=True)
        files.replace(self.folder(version), gone)
        shutil.rmtree(gone, ignore_errors=True)


def found(place: Path | None = None) -> Installation | None:
    """The installation that this program runs from: …/versions/<version>/… with the pointer file above.

    None for a source tree, a package of the system's packager, or a folder that was only unpacked somewhere.
    """
    here = place or Path(sys.executable if getattr(sys, "frozen", False) else __file__).resolve()
    for folder in here.parents:
        if folder.parent.name == VERSIONS and is_version(folder.name):
            base = folder.parent.parent
            if (base / CURRENT).is_file():
                return Installation(base, folder.name)
    return None


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise files.unavailable(error) from error

