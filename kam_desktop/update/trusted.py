"""What the publisher signed (TUF): metadata brought up to date, and what is offered to whom."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tuf.api import exceptions
from tuf.api.metadata import Metadata, Root, TargetFile
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from kam_desktop.domain.errors import Unavailable
from kam_desktop.language import N_
from kam_desktop.store import files
from kam_desktop.update.archive import MOST_PACKED
from kam_desktop.update.installation import is_version, order_of
from kam_desktop.update.transport import Transport

ROOT = "root.json"
SLOTS = ("everyone", "staged")
"""Two targets of each platform: the release for everybody, and the next one, for so many in a hundred."""
CUSTOM = "kam"
_MOST_NOTES = 4000
_LIMITS = UpdaterConfig(
    max_root_rotations=64, max_delegations=4, root_max_length=64_000, timestamp_max_length=16_384,
    snapshot_max_length=16_384, targets_max_length=256_000,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Release:
    """A version that the publisher offers to this computer.

    Attributes:
        schema: the schema of the database that it works with; a higher one than ours means a step, and a backup.
        percent: for so many computers in a hundred.
        notes: what is new, by language.
        path, length, sha256: its archive.
    """

    version: str
    schema: int
    percent: int
    notes: Mapping[str, str]
    path: str
    length: int
    sha256: str


def platform_key() -> str:
    """The word for this kind of computer in a repository."""
    system = {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")
    machine = {"amd64": "x86_64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
    return f"{system}-{machine}"


def target_path(platform_word: str, slot: str) -> str:
    """The name of the one target of a slot."""
    return f"{platform_word}/{slot}.tar.zst"


def place_of(device: str, version: str) -> int:
    """Where a computer stands among a hundred when a version is rolled out, 0 to 99; another place in each version."""
    return int.from_bytes(hashlib.sha256(f"{device}|{version}".encode()).digest()[:8], "big") % 100


def is_reached(release: Release, device: str) -> bool:
    """Whether the roll-out has come to this computer; one without an id waits until it is for everybody."""
    return release.percent >= 100 or (bool(device) and place_of(device, release.version) < release.percent)


class _Fetcher(FetcherInterface):
    """The library's way to our transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _fetch(self, url: str) -> Iterator[bytes]:
        try:
            with self._transport.get(url) as (_first, pieces):
                yield from pieces
        except Unavailable as error:
            if error.code == "not_there":
                raise exceptions.DownloadHTTPError("not there", 404) from error
            raise


def refreshed(folder: Path, shipped_root: bytes, transport: Transport) -> list[TargetFile]:
    """Brings the metadata in `folder` up to date and gives what is signed for this kind of computer.

    Raises Unavailable: `updates_expired` (nothing newer was signed for too long, or somebody holds it back),
    `updates_not_trusted` (signatures, versions, hashes or sizes are not as they must be), or what the transport says.
    """
    files.private_folder(folder)
    _settle_root(folder, shipped_root)
    try:
        updater = Updater(
            str(folder), f"{transport.address}/metadata/", fetcher=_Fetcher(transport), config=_LIMITS
        )
        updater.refresh()
        wanted = [updater.get_targetinfo(target_path(platform_key(), slot)) for slot in SLOTS]
    except exceptions.ExpiredMetadataError as error:
        message = N_("The update server has not confirmed for a long time that its releases are the newest.")
        raise Unavailable("updates_expired", message) from error
    except (exceptions.RepositoryError, exceptions.DownloadLengthMismatchError, ValueError, KeyError) as error:
        message = N_("What the update server says is not signed by the publisher. Nothing was taken from it.")
        raise Unavailable("updates_not_trusted", message) from error
    except exceptions.DownloadError as error:
        if isinstance(error.__cause__, Unavailable) and error.__cause__.code != "not_there":
            raise error.__cause__ from error
        message = N_("The update server does not have what it should. The program works on as it is.")
        raise Unavailable("updates_missing", message) from error
    except OSError as error:
        raise files.unavailable(error) from error
    return [each for each in wanted if each is not None]


def release_of(target: TargetFile) -> Release | None:
    """The release that a signed target describes; None where it is not described as it should be."""
    about: Any = (target.custom or {}).get(CUSTOM)
    sha256 = target.hashes.get("sha256", "")
    if not isinstance(about, dict) or len(sha256) != 64 or not 0 < target.length <= MOST_PACKED:
        return None
    version, schema, percent, notes = (about.get(name) for name in ("version", "schema", "percent", "notes"))
    if not (isinstance(version, str) and is_version(version)):
        return None
    if not (type(schema) is int and type(percent) is int and isinstance(notes, dict)):
        return None
    told = {str(lang): str(text)[:_MOST_NOTES] for lang, text in notes.items()}
    return Release(version, schema, percent, told, target.path, target.length, sha256)


def best(releases: list[Release], running: str, device: str, failed: frozenset[str] = frozenset()) -> Release | None:
    """The newest release that is newer than what runs, has reached this computer and did not fail on it."""
    fitting = [
        each for each in releases
        if order_of(each.version) > order_of(running) and is_reached(each, device) and each.version not in failed
    ]  # fmt: skip
    return max(fitting, key=lambda each: order_of(each.version), default=None)


def archive_url(transport: Transport, release: Release) -> str:
    """Where the archive lies: its name begins with its hash."""
    folder, _, name = release.path.rpartition("/")
    return f"{transport.address}/targets/{quote(folder)}/{release.sha256}.{quote(name)}"


def _settle_root(folder: Path, shipped: bytes) -> None:
    """The root to begin with: the newer of the one shipped with the program and the one that was reached from it."""
    try:
        kept = Metadata[Root].from_bytes((folder / ROOT).read_bytes()).signed.version
    except (OSError, exceptions.RepositoryError, ValueError):
        kept = 0
    try:
        sent = Metadata[Root].from_bytes(shipped).signed.version
    except (exceptions.RepositoryError, ValueError) as error:
        message = N_("This installation has no keys to check updates with.")
        raise Unavailable("no_root", message) from error
    if sent > kept:
        files.write_atomically(folder / ROOT, shipped)
