"""Packages for Linux and macOS: bill of materials, units, scripts."""

from __future__ import annotations

import configparser
import importlib.metadata as metadata
import json
import plistlib
import subprocess
from pathlib import Path

import pytest

from installer import sbom

INSTALLER = Path(sbom.__file__).resolve().parent
SCRIPTS = sorted(each for folder in ("linux", "macos", "server") for each in (INSTALLER / folder).glob("*.sh"))


def _packed(tmp_path: Path, name: str) -> list[list[str]]:
    """A frozen folder with one file of a distribution, as PyInstaller's list names it."""
    dist = metadata.distribution(name)
    file = next(each for each in dist.files or () if str(each).endswith("__init__.py"))
    place = tmp_path / "_internal" / str(file)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(Path(str(dist.locate_file(file))).read_bytes())
    return [[str(file), str(dist.locate_file(file))]]


@pytest.mark.parametrize("name", ["sqlalchemy", "keyring", "cryptography"])
def test_what_is_packed_stands_in_the_bill_with_version_licence_and_hash(tmp_path: Path, name: str) -> None:
    made = sbom.from_contents(_packed(tmp_path, name), tmp_path, "_internal", None)
    (found,) = (each for each in made if sbom.plain(each["name"]) == name)
    assert found["version"] == metadata.version(name)
    assert found["licenses"]
    assert found["hashes"][0]["content"] != sbom._digest(tmp_path, [])
    assert {each["value"] for each in found["properties"]} == set(sbom.locked()[name])
    assert sbom.gaps(made, {name}) == []


def test_a_gap_in_the_bill_is_named(tmp_path: Path) -> None:
    made = sbom.from_contents(_packed(tmp_path, "keyring"), tmp_path, "_internal", None)
    (found,) = (each for each in made if each["name"] == "keyring")
    assert sbom.gaps(made, {"keyring", "sqlalchemy"}) == ["sqlalchemy: not in the bill"]
    for key in ("version", "licenses", "hashes"):
        assert sbom.gaps([{**found, key: type(found[key])()}], {"keyring"}) == [f"keyring: no {key}"]
    other = {**found, "version": "0.0.0"}
    assert sbom.gaps([other], {"keyring"}) == ["keyring: 0.0.0 is not the version of the lock"]


def test_a_compiled_module_is_counted_to_its_distribution(tmp_path: Path) -> None:
    (tmp_path / "_internal" / "keyring").mkdir(parents=True)
    compiled = tmp_path / "_internal" / "keyring" / "core.pyc"
    compiled.write_bytes(b"code")
    contents = [["keyring/core.pyc", str(tmp_path / "work" / "keyring" / "core.pyc")]]
    made = sbom.from_contents(contents, tmp_path, "_internal", None)
    assert sbom.gaps(made, sbom.shipped(contents)) == [] and sbom.shipped(contents) == {"keyring"}


def test_hashes_follow_what_was_packed(tmp_path: Path) -> None:
    contents = _packed(tmp_path, "keyring")
    before = json.dumps(sbom.from_contents(contents, tmp_path, "_internal", None))
    (tmp_path / "_internal" / contents[0][0]).write_bytes(b"another")
    assert json.dumps(sbom.from_contents(contents, tmp_path, "_internal", None)) != before


def test_scripts_of_the_packages_are_bash() -> None:
    assert SCRIPTS
    for script in SCRIPTS:
        subprocess.run(["bash", "-n", script], check=True)


def test_the_macos_spec_compiles_and_names_what_opens_the_program() -> None:
    text = (INSTALLER / "macos" / "kam-desktop.spec").read_text("utf-8")
    compile(text, "kam-desktop.spec", "exec")
    assert '"kamx"' in text and '"kam"' in text and "NOT RUN YET" in text
    assert plistlib.loads((INSTALLER / "macos" / "entitlements.plist").read_bytes())
    script = (INSTALLER / "macos" / "build.sh").read_text("utf-8")
    assert "notarytool" in script and "codesign" in script and "NOT RUN YET" in script


def test_the_backup_unit_deletes_old_ones_only_after_a_good_one() -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(INSTALLER / "server" / "kam-server-backup.service", "utf-8")
    service = unit["Service"]
    assert service["Type"] == "oneshot"  # only then ExecStartPost waits for success
    assert " backup " in service["ExecStart"] and "-delete" in service["ExecStartPost"]
    assert "-name kam-server-*.kamserver" in service["ExecStartPost"]
