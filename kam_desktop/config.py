"""Where resources, the profile and its log lie on this machine; the program's name and version."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from kam_desktop import __version__

APP_NAME = "KAM Desktop"
VERSION = __version__


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
