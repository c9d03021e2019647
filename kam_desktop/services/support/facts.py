"""What version of what runs here: the program, Python, its libraries, the system."""

from __future__ import annotations

import locale
import platform
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from kam_desktop import config
from kam_desktop.language import current

COMMIT_FILE = "commit.txt"
"""Beside the other resources; whoever builds a package writes the commit's id into it."""


def commit() -> str:
    """The commit that this program was made from, "" where nobody knows."""
    with suppress(OSError):
        return (config.resources() / COMMIT_FILE).read_text("ascii").strip()[:12]
    folder = config.resources().parent / ".git"
    with suppress(OSError, IndexError):
        head = (folder / "HEAD").read_text("ascii").strip()
        if not head.startswith("ref: "):
            return head[:12]
        named = head[5:]
        with suppress(OSError):
            return (folder / named).read_text("ascii").strip()[:12]
        packed = (folder / "packed-refs").read_text("ascii").splitlines()
        return next(line.split()[0] for line in packed if line.endswith(" " + named))[:12]
    return ""


def facts(store: Any = None) -> list[tuple[str, str]]:
    """(name, value): program, commit, Python, Qt, SQLite, system. `store` is the open one, for its SQLite."""
    found = [("program", f"{config.APP_NAME} {config.VERSION}"), ("commit", commit() or "unknown")]
    found.append(("python", platform.python_version()))
    for name in ("PySide6-Essentials", "sqlcipher3", "SQLAlchemy", "cryptography", "typst"):
        with suppress(metadata.PackageNotFoundError):
            found.append((name, metadata.version(name)))
    if store is not None:
        with store.reader() as reader:
            found.append(("sqlite", str(reader.sql("select sqlite_version()")[0][0])))
            found += [("sqlcipher", str(row[0])) for row in reader.sql("pragma cipher_version")]
    found.append(("system", f"{platform.system()} {platform.release()} {platform.machine()}"))
    found.append(("installed", "package" if getattr(sys, "frozen", False) else "python"))
    found.append(("locale", f"{locale.getlocale()[0]} {sys.getfilesystemencoding()}"))
    found.append(("language", current()))
    return found


def notices_file() -> Path:
    """The licences of everything that is shipped; see installer/licences.py."""
    return config.resources() / "licences" / "THIRD_PARTY.txt"
