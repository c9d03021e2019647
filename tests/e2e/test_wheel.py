"""The wheel has the program and its resources, and works away from the source tree."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROBE = """
from pathlib import Path
import kam_desktop
from kam_desktop import config, language
resources = config.resources()
print(Path(kam_desktop.__file__).parent)
print(resources)
print(sorted(each.name for each in resources.iterdir()))
language.use("vi")
print(language.tr("The disk is full. Nothing saved is lost; free some space and try again."))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree without asking any registry."""
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder), str(ROOT)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("kam_desktop-*-py3-none-any.whl"))


def test_every_resource_travels_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    for folder in ("resources", "kam_desktop"):
        for path in (ROOT / folder).rglob("*"):
            name = path.relative_to(ROOT).as_posix()
            if path.is_dir() or "__pycache__" in name or name.startswith("resources/translations/parts/"):
                continue
            if path.suffix != ".md" or folder == "resources":
                assert name.replace("resources/", "kam_desktop/resources/", 1) in packed, f"{name} stays behind"
    tops = {name.partition("/")[0] for name in packed}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"kam_desktop"}


def test_the_commands_are_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".dist-info/entry_points.txt"))
        said = archive.read(name).decode()
    assert "kam-desktop = kam_desktop.__main__:main" in said
    assert "kam-server = kam_desktop.server.__main__:main" in said


def test_the_unpacked_wheel_finds_its_resources_and_speaks_vietnamese(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    package, resources, names, sentence = done.stdout.splitlines()
    assert Path(package) == tmp_path / "kam_desktop"
    assert Path(resources) == tmp_path / "kam_desktop" / "resources"
    assert "icons" in names and "fonts" in names and "translations" in names
    assert sentence != "" and not sentence.startswith("The disk")


@pytest.mark.parametrize("command", ["kam_desktop", "kam_desktop.server"])
def test_the_unpacked_wheel_says_its_version(wheel: Path, tmp_path: Path, command: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", command, "--version"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert "0.1.0" in done.stdout
