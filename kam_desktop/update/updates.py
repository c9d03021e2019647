"""Everything a window does about updates: look, download, make ready beside what runs, switch."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kam_desktop import config
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.errors import Unavailable
from kam_desktop.language import N_
from kam_desktop.store import files
from kam_desktop.update import archive, installation, trusted
from kam_desktop.update.installation import Installation
from kam_desktop.update.transport import Limits, Transport
from kam_desktop.update.trusted import Release as Release

SETTINGS, KNOWN, METADATA = "update.json", "known.json", "metadata"
_ROOM = 5
"""So many times the archive's size has to be free: itself, and unpacked."""
Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Source:
    """Where updates come from: the repository's address, and the root metadata that its signatures are checked by."""

    address: str
    root: bytes


def source_of(base: Path | None) -> Source | None:
    """The repository that this installation was given, None for none: then nothing is ever asked of anybody.

    `update.json` {"address": "https://…"} and `root.json` beside the versions (an administrator, the installer), else
    in the program's own resources (the publisher's build).
    """
    for folder in ([base] if base is not None else []) + [config.resources() / "update"]:
        try:
            said: Any = json.loads((folder / SETTINGS).read_text("utf-8"))
            address = said.get("address", "") if isinstance(said, dict) else ""
            if isinstance(address, str) and address:
                return Source(address, (folder / trusted.ROOT).read_bytes())
        except (OSError, ValueError):
            continue
    return None


class Updates:
    """The updates of one computer. Every method may be called from any one thread at a time; none starts one.

    Attributes:
        place: where versions lie beside each other; None where somebody else installs (the system's packager).
        version: the running version.
    """

    def __init__(
        self, folder: Path, source: Source, clock: Clock, device: str, *, place: Installation | None = None,
        version: str = config.VERSION, limits: Limits | None = None,
    ) -> None:  # fmt: skip
        self.place, self.version = place, version
        self._folder, self._source, self._clock, self._device = folder, source, clock, device
        self._limits = limits

    # Looking.

    def check(self, again: bool = False) -> Release | None:
        """Asks the repository. The release to take, None when this is the newest for this computer.

        `again`: also a release that once did not come to a good start here. Raises Unavailable; the program works on.
        """
        transport = self._transport()
        try:
            signed = trusted.refreshed(self._folder / METADATA, self._source.root, transport)
        finally:
            transport.close()
        releases = [each for each in map(trusted.release_of, signed) if each is not None]
        self._keep(self._clock.now())
        failed = self.place.failed() if self.place is not None and not again else frozenset()
        return trusted.best(releases, self.version, self._device, failed)

    def known_since(self) -> datetime | None:
        """When the repository last proved that it is fresh; None for never."""
        try:
            said = json.loads((self._folder / KNOWN).read_text("utf-8"))
            moment = datetime.fromisoformat(said["checked_at"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return moment if moment.tzinfo is not None else None

    def _keep(self, moment: datetime) -> None:
        files.write_atomically(self._folder / KNOWN, json.dumps({"checked_at": moment.isoformat()}).encode())

    # Bringing it here.

    def is_ready(self, release: Release) -> bool:
        """Whether the version lies here, whole."""
        return self.place is not None and self.place.has(release.version)

    def download(self, release: Release, report: Report) -> None:
        """Brings the archive, going on where an earlier download ended; its whole hash is checked at the end.

        `report(bytes, whole)` may raise to stop; what came stays. Raises Unavailable `replaced` for another content.
        """
        self._installed()
        files.private_folder(self._folder)
        target = self._archive(release)
        self._drop_others(target)
        if self._is_whole(target, release):
            return
        for again in (False, True):
            self._fetch(release, target, report)
            if self._is_whole(target, release):
                return
            with suppress(OSError):
                target.unlink()
            if again or not self._went_on:
                break  # what came at one go is not what was signed; only a piece from before may have been at fault
        message = N_("What the update server sent is not what the publisher signed. It was thrown away.")
        raise Unavailable("replaced", message)

    def _fetch(self, release: Release, target: Path, report: Report) -> None:
        transport = self._transport()
        try:
            begin = target.stat().st_size if target.exists() else 0
            if begin >= release.length:
                target.unlink()
                begin = 0
            with transport.get(trusted.archive_url(transport, release), begin) as (first, pieces):
                self._went_on = first > 0
                done = first
                flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
                descriptor = os.open(target, flags, files.FILE_MODE)
                try:
                    os.ftruncate(descriptor, first)
                    os.lseek(descriptor, first, os.SEEK_SET)
                    for piece in pieces:
                        if done + len(piece) > release.length:
                            raise Unavailable("too_large", N_("The update server sent more than was signed."))
                        files.write_all(descriptor, piece)
                        done += len(piece)
                        report(done, release.length)
                    files.sync(descriptor)
                finally:
                    os.close(descriptor)
        except OSError as error:
            raise files.unavailable(error) from error
        finally:
            transport.close()
        if done < release.length:
            raise Unavailable("cut", N_("The answer of the update server broke off. The next try goes on from there."))

    def make_ready(self, release: Release, report: Report, backup: Callable[[], object] | None = None) -> None:
        """Unpacks the archive into its own folder beside the running version. Nothing that runs is touched.

        The archive is read once into memory, checked there and unpacked from there, so nobody can put another file in
        its place in between. `backup` is called before, where the version brings another schema of the database.
        """
        place = self._installed()
        if place.has(release.version):
            return
        target = self._archive(release)
        try:
            with target.open("rb") as raw:
                packed = raw.read(release.length + 1)
        except OSError as error:
            raise files.unavailable(error) from error
        if len(packed) != release.length or hashlib.sha256(packed).hexdigest() != release.sha256:
            with suppress(OSError):
                target.unlink()
            message = N_("What the update server sent is not what the publisher signed. It was thrown away.")
            raise Unavailable("replaced", message)
        if backup is not None:
            backup()
        folder = place.partial(release.version)
        archive.unpack(packed, folder, report)
        place.adopt(release.version)
        with suppress(OSError):
            target.unlink()

    def switch(self, release: Release) -> None:
        """The next start takes it. For the moment when the window closes, or any other: what runs is not touched."""
        place = self._installed()
        if release.version in place.failed():
            place.forgive(release.version)
        place.switch(release.version)

    # Inside.

    _went_on = False

    def _installed(self) -> Installation:
        if self.place is None:
            raise Unavailable("not_ours", N_("Updates of this installation come from whoever installed it."))
        return self.place

    def _transport(self) -> Transport:
        return Transport(self._source.address, self._clock, self._limits)

    def _archive(self, release: Release) -> Path:
        return self._folder / f"{release.sha256}.part"

    def _is_whole(self, target: Path, release: Release) -> bool:
        """Whether the file is the signed one, asked of every byte of it."""
        try:
            if target.stat().st_size != release.length:
                return False
            with target.open("rb") as raw:
                return hashlib.file_digest(raw, "sha256").hexdigest() == release.sha256
        except OSError:
            return False

    def _drop_others(self, target: Path) -> None:
        """Downloads of releases that nobody wants any more."""
        with suppress(OSError):
            for each in self._folder.glob("*.part"):
                if each != target:
                    each.unlink()


def confirm_start(found: Installation | None = None) -> None:
    """The window is there: this version is well. Nothing happens outside an installation side by side."""
    place = found or installation.found()
    if place is not None and place.is_tried():
        with suppress(Unavailable):  # a disk that takes nothing: the next start tries once more
            place.confirm()
