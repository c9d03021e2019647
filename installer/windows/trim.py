"""What of the installed wheels is left out of the package: the parts of Qt and of others that are never loaded."""

from __future__ import annotations

import shutil
from pathlib import Path

QT = ("Core", "Gui", "Widgets", "Svg", "Network")
PLUGINS: dict[str, tuple[str, ...]] = {
    "platforms": ("qwindows.dll", "qoffscreen.dll"),
    "styles": ("qmodernwindowsstyle.dll", "qwindowsvistastyle.dll"),
    "imageformats": ("qsvg.dll", "qjpeg.dll", "qico.dll"),
    "iconengines": ("qsvgicon.dll",),
    "tls": ("qschannelbackend.dll",),
}
_RUNTIME = ("msvcp140", "vcruntime140")
_LOCALES = ("root.dat", "vi.dat", "vi_VN.dat", "en.dat", "en_US.dat", "en_001.dat", "LICENSE.unicode")
_PACKAGES = ("bin", "share", "setuptools", "_distutils_hack", "distutils-precedence.pth")
_RECORDS = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")


def keeps_qt(name: str, more: tuple[str, ...] = ()) -> bool:
    """Whether a file or folder right in the folder PySide6 is shipped."""
    kept = (*QT, *more)
    if name.startswith("Qt6") and name.endswith(".dll"):
        return name[3:-4] in kept
    if name.startswith("Qt") and name.endswith(".pyd"):
        return name[2:-4] in kept
    if name.endswith(".dll"):
        return name.startswith((*_RUNTIME, "pyside6.")) or name == "pyside6.abi3.dll"
    return name in ("plugins", "__init__.py", "_config.py", "_git_pyside_version.py") or name.startswith("__feature__")


def keeps_file(name: str) -> bool:
    """Whether a file of any package is shipped, by its name alone."""
    return not (name.endswith((".pyi", ".lib", ".exe", ".pdb", ".h", ".c", ".pyx", ".pxd")) or name == "py.typed")


def trim(site: Path, more: tuple[str, ...] = ()) -> None:
    """Takes away in place what is not shipped; `more` names parts of Qt that tests need besides."""
    qt = site / "PySide6"
    for each in qt.iterdir():
        if not keeps_qt(each.name, more):
            remove(each)
    for folder in (qt / "plugins").iterdir():
        for file in folder.iterdir():
            if file.name not in PLUGINS.get(folder.name, ()):
                remove(file)
        if not any(folder.iterdir()):
            folder.rmdir()
    for name in _PACKAGES:
        remove(site / name)
    for file in (site / "babel" / "locale-data").iterdir():
        if file.name not in _LOCALES:
            remove(file)
    for folder in site.glob("setuptools-*.dist-info"):
        remove(folder)
    for each in sorted(site.rglob("*"), reverse=True):
        if each.is_dir():
            if each.name == "__pycache__":
                remove(each)
        elif not keeps_file(each.name) or (each.name in _RECORDS and each.parent.suffix == ".dist-info"):
            remove(each)


def remove(path: Path) -> None:
    """A file or a whole folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
