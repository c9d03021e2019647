"""The Python runtime of python.org that is shipped: found, its signatures checked, refused when too old."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

OLDEST = timedelta(days=365)
PUBLISHER = "Python Software Foundation"
_OTHERS = ("vcruntime", "libffi")
"""Signed by others (Microsoft) or, in some releases, not at all; taken as python.org packs them."""
_DROPPED = ("_msi.pyd", "winsound.pyd", "Lib", "Scripts")
"""Never imported. `Lib` is what packages put beside the runtime, not python.org."""


class Unfit(Exception):
    """A runtime that must not be shipped; the message says why."""


@dataclass(frozen=True)
class Runtime:
    """An embeddable Python in a folder.

    Attributes:
        version: such as "3.13"; tag: such as "313".
        built_at: when python.org built it, out of the signed library itself.
    """

    folder: Path
    version: str
    built_at: datetime

    @property
    def tag(self) -> str:
        """The digits in the names of its files."""
        return self.version.replace(".", "")


def unpacked(given: Path, folder: Path) -> Path:
    """The folder of the runtime: as given, or out of a zip or wheel, which is unpacked into `folder`."""
    if given.is_file():
        with zipfile.ZipFile(given) as archive:
            archive.extractall(folder)
        given = folder
    found = sorted(given.rglob("python3[0-9]*._pth"))
    if not found:
        raise Unfit(f"{given} holds no embeddable Python (pythonXY._pth)")
    return found[0].parent


def runtime_in(folder: Path) -> Runtime:
    """The runtime that lies there."""
    for file in sorted(folder.glob("python3*.dll")):
        if match := re.fullmatch(r"python3(\d\d)\.dll", file.name.lower()):
            return Runtime(folder, f"3.{match[1]}", built_at(file.read_bytes()[:4096]))
    raise Unfit(f"{folder} holds no pythonXY.dll")


def built_at(head: bytes) -> datetime:
    """When a PE file was linked."""
    if len(head) < 64 or head[:2] != b"MZ":
        raise Unfit("not a Windows program")
    (place,) = struct.unpack_from("<I", head, 60)
    if head[place : place + 4] != b"PE\0\0":
        raise Unfit("not a Windows program")
    return datetime.fromtimestamp(struct.unpack_from("<I", head, place + 8)[0], UTC)


def refuse_old(found: Runtime, today: datetime, test: bool) -> None:
    """A runtime without a year's security fixes is only for tests."""
    if not test and today - found.built_at > OLDEST:
        raise Unfit(
            f"the runtime Python {found.version} was built on {found.built_at:%Y-%m-%d}, more than a year ago: take "
            "the newest one of python.org, or give --test for an installer that is never handed out"
        )


def check_signatures(folder: Path) -> int:
    """Every program and library must be unchanged since its publisher signed it; how many were checked."""
    files = sorted(each for each in folder.iterdir() if each.suffix.lower() in (".dll", ".exe", ".pyd"))
    for file in files:
        ours = not file.name.lower().startswith(_OTHERS)
        if sys.platform == "win32":
            _check_windows(file, ours)
        else:
            said = subprocess.run(
                ["osslsigncode", "verify", "-in", str(file)], capture_output=True, text=True, errors="replace"
            )
            check_said(file.name, said.stdout + said.stderr, ours)
    return len(files)


def check_said(name: str, said: str, ours: bool) -> None:
    """What osslsigncode said of a file: both digests alike, signed by python.org."""
    now = re.search(r"^Current message digest *: *(\S+)", said, re.MULTILINE)
    then = re.search(r"^Calculated message digest *: *(\S+)", said, re.MULTILINE)
    if now is None or then is None:
        if ours:
            raise Unfit(f"{name} is not signed")
        return
    if now[1] != then[1]:
        raise Unfit(f"{name} was changed after it was signed")
    if ours and f"O={PUBLISHER}" not in said:
        raise Unfit(f"{name} is not signed by the {PUBLISHER}")


def _check_windows(file: Path, ours: bool) -> None:
    quoted = str(file).replace("'", "''")
    ask = f"$s = Get-AuthenticodeSignature -LiteralPath '{quoted}'; \"$($s.Status)|$($s.SignerCertificate.Subject)\""
    said = subprocess.run(["powershell", "-NoProfile", "-Command", ask], capture_output=True, text=True).stdout.strip()
    status, _, subject = said.partition("|")
    if ours and (status != "Valid" or PUBLISHER not in subject):
        raise Unfit(f"{file.name}: signature {status or 'not found'} {subject}")


def lay(found: Runtime, target: Path) -> None:
    """Copies the runtime and tells it where the program lies."""
    shutil.copytree(found.folder, target, ignore=lambda _folder, names: [each for each in names if each in _DROPPED])
    for pth in target.glob("python3*._pth"):
        pth.write_bytes(f"python{found.tag}.zip\r\n.\r\n..\\site\r\n..\\app\r\n".encode())
