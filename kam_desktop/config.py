"""Where resources, the profile and its log lie on this machine; the program's name and version."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from kam_desktop import __version__

APP_NAME = "KAM Desktop"
VERSION = __version__
PRESET_FILE = "preset.json"
PRESET_VARIABLE = "KAM_PRESET"
PRESET_KEYS = ("server", "workspace", "name", "identity_provider")
_MOST_PRESET_BYTES = 16_384
_POLICIES = r"Software\Policies\KAM Desktop"
_log = logging.getLogger(__name__)


@cache
def resources() -> Path:
    """The folder of icons, fonts, translations and templates.

    In an installed wheel it lies inside the package, in the source tree beside it.
    """
    package = Path(__file__).resolve().parent
    inside = package / "resources"
    return inside if inside.is_dir() else package.parent / "resources"


def profile_dir() -> Path:
    """This user's own data folder, not created here.

    On Windows it is the local one, never the roaming one: a database must not be copied over the network at sign-out.
    """
    # asked for once a start, and not by commands that name their profile
    from platformdirs import user_data_path

    name = APP_NAME if sys.platform in ("win32", "darwin") else "kam-desktop"
    return user_data_path(name, appauthor=False, roaming=False)


def log_dir(profile: Path) -> Path:
    """The folder of the log files of a profile, not created here."""
    return profile / "log"


def preset() -> dict[str, str]:
    """What whoever deployed this program wants the first run to propose; empty where nobody did.

    Keys of PRESET_KEYS alone, as texts that nobody has checked yet. The first source that says anything counts whole:
    policies of the machine, then of the user (Windows registry); the file that KAM_PRESET names; preset.json beside
    the program; /etc/kam-desktop/preset.json. Whoever may write these may write the program as well.
    """
    for found in _presets():
        texts = {key: found[key] for key in PRESET_KEYS if isinstance(found.get(key), str) and found[key].strip()}
        if texts:
            return {key: value.strip() for key, value in texts.items()}
    return {}


def _presets() -> Iterator[dict[str, Any]]:
    yield from _policies()
    named = os.environ.get(PRESET_VARIABLE)
    beside = [Path(sys.executable).parent, resources().parent]
    system = [] if sys.platform == "win32" else [Path("/etc/kam-desktop")]
    for file in [Path(named)] if named else [folder / PRESET_FILE for folder in (*beside, *system)]:
        try:
            if not file.is_file():
                continue
            with file.open("rb") as stream:
                found = json.loads(stream.read(_MOST_PRESET_BYTES).decode("utf-8-sig"))
        except (OSError, ValueError, RecursionError) as error:
            _log.error("preset: %s cannot be read (%s)", file.name, type(error).__name__)
            continue
        if isinstance(found, dict):
            yield found


def _policies() -> Iterator[dict[str, Any]]:
    """The values of the registry's policies; of the machine first, which no user can change."""
    if sys.platform == "win32":
        import winreg

        for root in (winreg.HKEY_LOCAL_MACHINE, winreg.HKEY_CURRENT_USER):
            found: dict[str, Any] = {}
            with suppress(OSError), winreg.OpenKey(root, _POLICIES) as key:
                for name in PRESET_KEYS:
                    with suppress(OSError):
                        value, kind = winreg.QueryValueEx(key, name)
                        found |= {name: value} if kind == winreg.REG_SZ else {}
            yield found
    yield from ()
