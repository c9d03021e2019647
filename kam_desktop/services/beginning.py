"""What the first run was told before there is a profile: kept until the profile is made."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path

from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.store import files, profile_place
from kam_desktop.store.key_file import NAMES

FILE = "first_run.json"
_MOST_BYTES = 16_384
_LONGEST = 300


def kept(folder: Path) -> dict[str, str]:
    """What was kept beside the place of the profile; empty when there is nothing, or nothing that can be read."""
    try:
        with (folder / FILE).open("rb") as stream:
            found = json.loads(stream.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(key): value for key, value in found.items() if isinstance(value, str) and len(value) <= _LONGEST}


def keep(folder: Path, told: Mapping[str, str]) -> None:
    """Keeps it for this user alone. Keys and passphrases never come here, nor names of files: those name customers.

    A place that holds no profile later, or a disk that takes nothing, is none of the first run's cares: it says so
    when the profile is made. Nothing is kept beside a profile: what was on its way meanwhile comes too late.
    """
    if any((folder / name).exists() for name in NAMES):
        return
    with contextlib.suppress(Refused, Unavailable):
        profile_place.refuse_bad_place(folder)
        files.private_folder(folder)
        files.write_atomically(folder / FILE, json.dumps(dict(told), ensure_ascii=False).encode())


def forget(folder: Path) -> None:
    """The profile stands: what led to it is not needed any more."""
    with contextlib.suppress(OSError):
        (folder / FILE).unlink(missing_ok=True)
