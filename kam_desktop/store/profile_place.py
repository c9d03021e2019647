"""Where a profile may lie: on this computer's own disk, in no folder that is copied elsewhere."""

from __future__ import annotations

import contextlib
import ctypes
import fnmatch
import os
import re
import stat
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.store import files

# File systems whose locks and order of writes do not hold from one computer to the next, or whose server is elsewhere.
_NETWORK_TYPES = (
    "nfs", "nfs4", "cifs", "smb*", "ncpfs", "afs", "afpfs", "coda", "9p", "ceph", "lustre", "gpfs", "beegfs*", "davfs*",
    "webdav", "gcsfuse", "pvfs2", "orangefs", "vboxsf", "prl_fs", "fuse.vmhgfs*", "fuse.sshfs", "fuse.rclone",
    "fuse.gvfs*", "fuse.glusterfs", "fuse.ceph*", "fuse.davfs*", "fuse.s3*", "fuse.goofys", "fuse.gcsfuse",
    "fuse.curlftpfs", "fuse.smb*", "fuse.nfs*", "fuse.google-drive*", "fuse.gdfuse", "fuse.onedriver*",
    "fuse.dropbox*", "fuse.pcloud*", "fuse.juicefs", "fuse.mfs*", "fuse.seadrive*", "fuse.kio*",
    "fuse.expandrive*", "fuse.insync*",
)  # fmt: skip

# Names that the sync programs give their folders, as whole parts of the path, letter case ignored.
_SYNCED_NAMES = (
    ("OneDrive", ("onedrive", "onedrive - *", "onedrive-*")),
    ("Dropbox", ("dropbox", "dropbox (*)", "dropbox-*")),
    ("Google Drive", ("google drive", "googledrive", "googledrive-*", "my drive", "drive của tôi")),
    ("iCloud", ("iclouddrive", "icloud drive", "mobile documents", "com~apple~clouddocs")),
    ("Nextcloud", ("nextcloud", "nextcloud?", "owncloud")),
    ("Box", ("box sync", "box-box")),
    ("pCloud", ("pclouddrive", "pcloud drive", "pcloud sync")),
    ("MEGA", ("megasync", "mega downloads")),
    ("Synology Drive", ("synologydrive", "synology drive", "cloudstation")),
    ("Seafile", ("seafile", "seadrive")),
    ("Proton Drive", ("proton drive", "protondrive-*")),
    ("Yandex Disk", ("yandex.disk", "yandexdisk")),
)

# These are also ordinary words, so they count only directly in the user's own folder.
_SYNCED_NAMES_AT_HOME = (("Box", "box"), ("pCloud", "pcloud"), ("MEGA", "mega"))

# What the sync programs leave at the top of what they copy. The file .dropbox is one of these; the folder of that name
# is Dropbox's own settings in everybody's home.
_MARKERS = (
    ("Dropbox", (".dropbox", ".dropbox.cache")),
    ("Google Drive", (".tmp.drivedownload", ".tmp.driveupload")),
    ("Nextcloud", (".sync_*.db", "._sync_*.db", ".owncloudsync.log", ".nextcloudsync.log")),
    ("Syncthing", (".stfolder",)),
    ("Synology Drive", (".synologyworkingdirectory",)),
    ("MEGA", (".debris", ".megaignore")),
    ("OneDrive", (".849c9593-d756-4e56-8d6e-42412f2a707b",)),
)

# Where the sync program itself says its folder is.
_VARIABLES = (("OneDrive", ("OneDrive", "OneDriveConsumer", "OneDriveCommercial")),)

_CLOUD_TAG, _CLOUD_TAG_MASK = 0x9000001A, 0xFFFF0FFF
"""Windows: the reparse tag of every folder kept by a cloud provider (IO_REPARSE_TAG_CLOUD_0 to _F)."""
_REMOTE_DRIVE = 4
_MOST_NAMES = 5000


@dataclass(frozen=True)
class Surroundings:
    """What this computer says about paths; tests put their own in its place.

    Attributes:
        mounts: (mount point, type of file system), in the order of mounting.
        environ: environment variables.
        home: the user's own folder.
        drive_type: on Windows the kind of a drive, as GetDriveTypeW tells it; None elsewhere.
        is_local: on macOS False for a folder on a server; None elsewhere.
    """

    mounts: Sequence[tuple[str, str]]
    environ: Mapping[str, str]
    home: Path
    drive_type: Callable[[str], int] | None = None
    is_local: Callable[[Path], bool] | None = None

    @classmethod
    def here(cls) -> Surroundings:
        """Of this computer, now."""
        return cls(_mounts(), os.environ, Path.home(), _windows_drive_type(), _macos_is_local())


def refuse_bad_place(folder: Path, here: Surroundings | None = None) -> None:
    """Refuses a profile in a folder on the network or in one that a sync program copies; touches nothing.

    Such a folder may be written from two computers, or be set back to an older copy while it is open: both end in
    lost work. The folder need not exist. Raises Refused `network_folder` or `synced_folder`.
    """
    here = here if here is not None else Surroundings.here()
    plain = Path(os.path.abspath(folder))
    # First by the text alone: following a path on a server that is gone may hang for minutes.
    _refuse_network(plain, here)
    real = Path(os.path.realpath(plain))
    _refuse_network(real, here)
    program = synced_by(real, here)
    if program:
        raise Refused(
            Problem(
                "profile",
                "synced_folder",
                "The folder {folder} is copied elsewhere by {program}. Choose a folder on this computer only; to have "
                "your data on several computers, connect the profile to your company's server.",
                {"folder": str(folder), "program": program},
            )
        )


def _refuse_network(folder: Path, here: Surroundings) -> None:
    kind = network_kind(str(folder), here)
    if kind:
        raise Refused(
            Problem(
                "profile",
                "network_folder",
                "The folder {folder} lies on the network ({kind}). Choose a folder on a disk of this computer.",
                {"folder": str(folder), "kind": kind},
            )
        )


def network_kind(path: str, here: Surroundings) -> str:
    """The kind of network that the path lies on, "" if it lies on this computer's own disks."""
    if here.drive_type is not None:
        anchor = PureWindowsPath(path).drive
        if anchor.startswith(("\\\\", "//")):
            # \\?\C:\… and \\.\C:\… are this computer's own disks under a long name.
            own = re.fullmatch(r"[\\/]{2}[?.][\\/]([A-Za-z]:)", anchor)
            if own is None:
                return "UNC"
            anchor = own.group(1)
        return anchor if here.drive_type(anchor + "\\") == _REMOTE_DRIVE else ""
    if here.is_local is not None:
        return "" if here.is_local(_existing(Path(path))) else "SMB, NFS, AFP"
    found = ""
    longest = -1
    for point, kind in here.mounts:
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        # The later of two mounts at one place covers the earlier.
        if inside and len(point) >= longest:
            found, longest = kind, len(point)
    return found if any(fnmatch.fnmatchcase(found.lower(), pattern) for pattern in _NETWORK_TYPES) else ""


def synced_by(folder: Path, here: Surroundings) -> str:
    """The sync program that copies the folder, "" if none is known to."""
    for program, names in _VARIABLES:
        for name in names:
            root = here.environ.get(name)
            if root and _is_inside(folder, Path(root)):
                return program
    for place in (folder, *folder.parents):
        name = unicodedata.normalize("NFC", place.name).casefold()
        for program, patterns in _SYNCED_NAMES:
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
                return program
        if place.parent == here.home:
            for program, wanted in _SYNCED_NAMES_AT_HOME:
                if name == wanted:
                    return program
        if place.parent.name == "CloudStorage" and place.parent.parent.name == "Library":
            return place.name.split("-")[0]
        program = _marked(place)
        if program:
            return program
    return ""


def tighten(folder: Path) -> None:
    """Sets the profile's folders to 0700 and its files to 0600; Windows keeps the rights of the user's own folder.

    Links are left as they are. Raises Unavailable.
    """
    if sys.platform == "win32":
        return
    try:
        _tighten(folder)
        for top, folders, names in os.walk(folder):
            for name in (*folders, *names):
                # A file of the write-ahead log may go while we look.
                with contextlib.suppress(FileNotFoundError):
                    _tighten(Path(top, name))
    except OSError as error:
        raise files.unavailable(error) from error


def _tighten(path: Path) -> None:
    mode = path.lstat().st_mode
    wanted = files.FOLDER_MODE if stat.S_ISDIR(mode) else files.FILE_MODE
    if (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and stat.S_IMODE(mode) != wanted:
        path.chmod(wanted)


def _marked(place: Path) -> str:
    with contextlib.suppress(OSError):
        if getattr(os.lstat(place), "st_reparse_tag", 0) & _CLOUD_TAG_MASK == _CLOUD_TAG:
            return "Cloud Files"
        with os.scandir(place) as entries:
            for _, entry in zip(range(_MOST_NAMES), entries, strict=False):
                name = entry.name.casefold()
                if name.startswith(".") and (name != ".dropbox" or entry.is_file()):
                    for program, patterns in _MARKERS:
                        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
                            return program
    return ""


def _is_inside(folder: Path, root: Path) -> bool:
    inner, outer = (os.path.normcase(os.path.realpath(path)) for path in (folder, root))
    return inner == outer or inner.startswith(outer.rstrip(os.sep) + os.sep)


def _existing(path: Path) -> Path:
    """The nearest folder above that exists."""
    return next((place for place in (path, *path.parents) if place.exists()), Path(path.anchor))


def _mounts() -> list[tuple[str, str]]:
    if sys.platform != "linux":
        return []
    with contextlib.suppress(OSError):
        return parsed_mounts(Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape"))
    return []


def parsed_mounts(mountinfo: str) -> list[tuple[str, str]]:
    """Mount points and types from the text of /proc/self/mountinfo (proc(5)); spaces stand there as octal."""
    found = []
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields, types = before.split(" "), after.split(" ")
        if len(fields) > 4 and types[0]:
            point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal.group(1), 8)), fields[4])
            found.append((point, types[0]))
    return found


def _windows_drive_type() -> Callable[[str], int] | None:
    if sys.platform == "win32":
        return lambda root: int(ctypes.windll.kernel32.GetDriveTypeW(root))
    return None


def _macos_is_local() -> Callable[[Path], bool] | None:
    if sys.platform == "darwin":
        return _macos_question()
    return None


def _macos_question() -> Callable[[Path], bool]:
    library = ctypes.CDLL(None, use_errno=True)
    # On Intel the plain name is the old structure with 32-bit inodes.
    call = getattr(library, "statfs$INODE64", None) or library.statfs

    def is_local(path: Path) -> bool:
        answer = ctypes.create_string_buffer(4096)
        if call(os.fsencode(path), answer) != 0:
            return True
        # struct statfs of <sys/mount.h>: f_flags stands after 2 × 4, 5 × 8, 8, 4 and 4 bytes; MNT_LOCAL is 0x1000
        return bool(int.from_bytes(answer.raw[64:68], sys.byteorder) & 0x1000)

    return is_local
