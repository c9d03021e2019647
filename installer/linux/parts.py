"""What goes into the packaged folders of the program and the server, and what is left out of them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

Entry = tuple[str, str, str]  # PyInstaller's: name in the folder, file it comes from, kind

NEVER = [
    "tkinter", "unittest", "pydoc", "pydoc_data", "doctest", "lib2to3", "turtledemo", "ensurepip", "idlelib", "test",
    "setuptools", "pkg_resources", "distutils", "pip", "wheel", "_pytest", "pytest", "hypothesis", "mypy", "PIL",
    "numpy", "pandas", "IPython", "docutils", "yaml", "rich", "pygments", "MySQLdb", "pysqlite2", "greenlet",
    "PyInstaller", "openpyxl", "lxml",
]  # fmt: skip
DESKTOP_NEVER = [*NEVER, "kam_desktop.server", "fastapi", "starlette", "uvicorn", "pydantic", "psycopg",
                 "psycopg_binary", "PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtTest",
                 "PySide6.QtSql", "PySide6.QtOpenGL"]  # fmt: skip
SERVER_NEVER = [*NEVER, "kam_desktop.ui", "kam_desktop.app", "kam_desktop.cli", "kam_desktop.transfer", "PySide6",
                "kam_desktop.documents", "shiboken6", "typst", "keyring", "tufup", "tuf"]  # fmt: skip
DESKTOP_HIDDEN = [
    # named by text alone: kam_desktop/vault.py, ui/pages/__init__.py, confined.py and services that load what they need
    "keyring.backends.SecretService", "keyring.backends.libsecret", "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.sqlite.pysqlcipher", "pyexpat", "defusedxml.ElementTree",
    "encodings.cp1258", "encodings.cp1252", "encodings.cp437", "encodings.latin_1", "encodings.idna", "PySide6.QtSvg",
]  # fmt: skip
SERVER_HIDDEN = [
    "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql.psycopg", "psycopg", "psycopg_binary",
    "uvicorn.loops.auto", "uvicorn.loops.asyncio", "uvicorn.protocols.http.auto",
    "uvicorn.protocols.http.httptools_impl", "uvicorn.protocols.http.h11_impl", "uvicorn.lifespan.on",
    "uvicorn.lifespan.off", "uvicorn.logging", "encodings.idna",
]  # fmt: skip

# Of Qt only what the window uses stays: X11 (Wayland runs it through XWayland), input methods, SVG, pictures.
_PLUGINS = (
    "platforms/libqxcb", "platforms/libqoffscreen", "platforms/libqcocoa", "platforms/libqminimal.",
    "platforminputcontexts/libcompose", "platforminputcontexts/libibus", "platformthemes/libqxdgdesktopportal",
    "imageformats/libqsvg", "imageformats/libqjpeg", "imageformats/libqico", "imageformats/libqgif",
    "iconengines/", "xcbglintegrations/", "styles/", "printsupport/", "permissions/",
)  # fmt: skip
_QT_DROPPED = re.compile(
    r"PySide6/Qt/(translations|qml|libexec|resources|metatypes)/"
    r"|libQt6(Qml|Quick|Wl|Pdf|VirtualKeyboard|Wayland|Egl|OpenGLWidgets|Test|Sql|Designer|Concurrent|Xml|QmlM|QmlW)"
    r"|PySide6/Qt(Qml|Quick|Test|Sql|OpenGL|Xml|Designer|Concurrent)"
)
_DATA_DROPPED = re.compile(
    r"^babel/locale-data/(?!(root|en|en_US|en_001|vi|vi_VN)\.dat)|^holidays/locale/(?!(vi|en_US)/)"
    r"|\.(pyi|pxd|pyx|pxi|c|cc|cpp|h|hpp|cmake|typed|po|pot)$|(^|/)(tests?|testing|test_data)/|\.dist-info/(?!METADATA)"
    r"|^holidays/countries/(?!vietnam\.py$)"
)
_MODULES_DROPPED = re.compile(
    r"^holidays\.(countries|financial)\.(?!vietnam$)|^sqlalchemy\.dialects\.(mysql|oracle|mssql)"
    r"|^sqlalchemy\.(testing|orm|ext)(\.|$)|^(_pyi_rth_utils\.qt$)"
)
"""PySide6 names ORM nowhere and we neither: SQLAlchemy is used by its core."""

# What every Linux desktop has in a newer and better kept copy is asked of the system by the package's Depends.
_SYSTEM = re.compile(
    r"^lib(X|xcb|xkbcommon|SM|ICE|GL|EGL|GLX|GLdispatch|OpenGL|drm|gbm|glib-|gio-|gobject-|gmodule-|gthread-|dbus-|fontconfig|"
    r"freetype|png16|brotli|expat|uuid|pcre2|mount|blkid|selinux|systemd|cap|gcrypt|gpg-error|lz4|md4c|bsd|md\.|stdc|gcc_s|"
    r"gtk-|gdk|atk|atspi|cairo|pango|harfbuzz|epoxy|fribidi|graphite|thai|datrie|pixman|jpeg|tiff|webp|cups|avahi|gnutls|"
    r"krb5|k5crypto|gssapi|com_err|keyutils|nettle|hogweed|gmp|idn2|unistring|tasn1|p11|jbig|deflate|Lerc|wayland|rsvg|"
    r"gst|zstd\.so|resolv|double-conv|icu|proxy|stemmer|tracker|json-glib|soup|psl|nghttp2|readline|ncurses|tinfo|"
    r"unwind)"
)


def _kept(name: str) -> bool:
    if "PySide6/Qt/plugins/" in name:
        return any(each in name for each in _PLUGINS)
    return not _QT_DROPPED.search(name)


def trimmed(entries: Iterable[Entry], *, binaries: bool = False) -> list[Entry]:
    """The entries of a folder that stay, in the order of their names."""
    found = []
    for entry in entries:
        name = entry[0].replace("\\", "/")
        if not _kept(name) or (not binaries and _DATA_DROPPED.search(name)):
            continue
        if binaries and sys.platform == "linux" and "/" not in name and _SYSTEM.match(name):
            continue
        found.append(entry)
    return sorted(found)


def modules(entries: Iterable[Entry], tree: Path) -> list[Entry]:
    """The modules that stay. Ends the build when one of ours does not come from `tree`, the commit being packaged."""
    found = sorted(each for each in entries if not _MODULES_DROPPED.search(each[0]))
    for name, source, _kind in found:
        if name.split(".")[0] == "kam_desktop" and tree.resolve() not in Path(source).resolve().parents:
            raise SystemExit(f"{name} comes from {source}, not from the tree that is packaged")
    return found


def resources(tree: Path, names: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Our resources as pairs (file, folder in the package); all but the sources of the translations."""
    top = tree / "resources"
    wanted = tuple(names)
    return [
        (str(each), str(Path("kam_desktop/resources") / each.relative_to(top).parent))
        for each in sorted(top.rglob("*"))
        if each.is_file() and "parts" not in each.parts and each.suffix not in (".po", ".pyc")
        and (not wanted or each.relative_to(top).parts[0] in wanted)
    ]  # fmt: skip


def calendar() -> list[tuple[str, str]]:
    """What kam_desktop/formats.py reads of the package holidays as files: Vietnam's calendar and its words."""
    import holidays

    top = Path(holidays.__file__).parent
    words = sorted((top / "locale").glob("*/LC_MESSAGES/VN.mo"))
    found = [top / "countries" / "vietnam.py", *(each for each in words if each.parts[-3] in ("vi", "en_US"))]
    return [(str(each), str(Path("holidays") / each.relative_to(top).parent)) for each in found]


def write_contents(file: str, *lists: Iterable[Entry]) -> None:
    """Leaves what was packed, name and source of each, for the bill of materials."""
    Path(file).write_text(json.dumps(sorted((each[0], each[1]) for part in lists for each in part)), "utf-8")
