"""Writes the bill of materials of a package: CycloneDX 1.6 JSON of what was really packed.

    python installer/sbom.py --name NAME --version V --out FILE --contents CONTENTS.json --folder FOLDER
    python installer/sbom.py --name NAME --version V --out FILE --site SITE-PACKAGES

CONTENTS.json is a list of [name in the package, source file], as installer/linux/parts.py writes it: each file is
counted to the distribution, the Debian package, Python or the program that it came from. With --site the
distributions of a folder of installed packages are named instead (the Windows tree). The hash of a component covers
its files as they were packed: SHA-256 over lines of "sha256 name". The wheels that the lock allows for a distribution
stand beside it as properties. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata as metadata
import json
import os
import platform
import re
import subprocess
import sys
import uuid
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "installer" / "requirements.lock"
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def plain(name: str) -> str:
    """A distribution's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(lock: Path = LOCK) -> dict[str, list[str]]:
    """The hashes that the lock allows, by name of the distribution."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in lock.read_text("utf-8").splitlines():
        if pin := _PIN.match(line):
            name = plain(pin[1])
            found.setdefault(name, [])
        found.setdefault(name, []).extend(_HASH.findall(line))
    return found


def licence(about: Any) -> list[dict[str, Any]]:
    """The licence that a distribution declares: an SPDX expression where it has one, else its words."""
    if expression := about.get("License-Expression"):
        return [{"expression": expression}]
    words = (about.get("License") or "").strip()
    named = [each.split(" :: ")[-1] for each in about.get_all("Classifier") or [] if each.startswith("License ::")]
    text = words if words and "\n" not in words and len(words) < 80 else ", ".join(named) or "see its licence file"
    return [{"license": {"name": text}}]


def _owners() -> dict[str, metadata.Distribution]:
    """Which installed distribution each file belongs to, by its real path and by its name beside the others."""
    found: dict[str, metadata.Distribution] = {}
    for each in metadata.distributions():
        for file in each.files or ():
            found[os.path.realpath(str(each.locate_file(file)))] = each
            found.setdefault(str(file), each)  # a compiled module's source is a file of the build; its name tells
    return found


def _debian(path: str) -> tuple[str, str] | None:
    """The Debian package a system library came from, and its version."""
    if not path.startswith(("/usr/", "/lib")) or sys.platform != "linux":
        return None
    for tried in (path, path.removeprefix("/usr")):
        said = subprocess.run(["dpkg-query", "-S", tried], capture_output=True, text=True, check=False).stdout
        if said:
            package = said.split(":")[0]
            form = "-f=${source:Package}\t${Version}\n"
            shown = subprocess.run(["dpkg-query", "-W", form, package], capture_output=True, text=True, check=False)
            return package, shown.stdout.split("\n")[0].split("\t")[-1]
    return None


def _digest(folder: Path, names: list[str]) -> str:
    whole = hashlib.sha256()
    for name in sorted(names):
        file = folder / name
        if file.is_file() and not file.is_symlink():
            whole.update(f"{hashlib.sha256(file.read_bytes()).hexdigest()} {name}\n".encode())
    return whole.hexdigest()


def _of_distribution(dist: metadata.Distribution, hashes: dict[str, list[str]], digest: str) -> dict[str, Any]:
    name = plain(dist.metadata["Name"])
    made: dict[str, Any] = {
        "type": "library", "bom-ref": f"pkg:pypi/{name}@{dist.version}", "name": dist.metadata["Name"],
        "version": dist.version, "licenses": licence(dist.metadata), "purl": f"pkg:pypi/{name}@{dist.version}",
    }  # fmt: skip
    if digest:
        made["hashes"] = [{"alg": "SHA-256", "content": digest}]
    made["properties"] = [{"name": "kam:lock:sha256", "value": each} for each in sorted(hashes.get(name, []))]
    return made


def from_contents(contents: list[list[str]], folder: Path, inside: str, own: Path | None) -> list[dict[str, Any]]:
    """The components of a frozen folder. `inside` is where in it the names of `contents` stand."""
    owners, hashes = _owners(), locked()
    by_dist: dict[str, tuple[metadata.Distribution, list[str]]] = {}
    by_system: dict[tuple[str, str], list[str]] = defaultdict(list)
    python: list[str] = []
    base = os.path.realpath(sys.base_prefix)
    for name, source in contents:
        real = os.path.realpath(source)
        place = f"{inside}/{name}"
        if not (folder / place).exists():
            module = name.replace(".", "/")
            compiled = (f"{inside}/{module}.pyc", f"{inside}/{module}/__init__.pyc")
            place = next((each for each in compiled if (folder / each).exists()), place)
        if own is not None and own.resolve() in Path(real).parents:
            continue
        if name.split("/")[0].split(".")[0] == "kam_desktop":
            continue
        if dist := owners.get(real) or owners.get(name.removesuffix(".pyc") + ".py" if name.endswith(".pyc") else name):
            by_dist.setdefault(plain(dist.metadata["Name"]), (dist, []))[1].append(place)
        elif real.startswith(base + os.sep) or "/PyInstaller/" in real or name.endswith(".pyc"):
            python.append(place)
        elif package := _debian(real):
            by_system[package].append(place)
    made = [_of_distribution(dist, hashes, _digest(folder, names)) for dist, names in by_dist.values()]
    made += [
        {"type": "library", "bom-ref": f"pkg:deb/debian/{name}@{version}", "name": name, "version": version,
         "licenses": [{"license": {"name": f"see /usr/share/doc/{name}/copyright"}}],
         "purl": f"pkg:deb/debian/{name}@{version}",
         "hashes": [{"alg": "SHA-256", "content": _digest(folder, names)}]}
        for (name, version), names in by_system.items()
    ]  # fmt: skip
    version = platform.python_version()
    made.append(
        {"type": "platform", "bom-ref": f"pkg:generic/cpython@{version}", "name": "CPython", "version": version,
         "licenses": [{"license": {"id": "PSF-2.0"}}], "purl": f"pkg:generic/cpython@{version}",
         "hashes": [{"alg": "SHA-256", "content": _digest(folder, python)}]}
    )  # fmt: skip
    for dist in metadata.distributions(name="pyinstaller"):
        made.append(_of_distribution(dist, hashes, ""))  # its starter is the executable itself
    return sorted(made, key=lambda each: str(each["bom-ref"]))


def from_site(site: Path) -> list[dict[str, Any]]:
    """The components of a folder of installed packages, by their .dist-info, with the files that are still there."""
    hashes, made = locked(), []
    for dist in metadata.distributions(path=[str(site)]):
        names = [str(each) for each in dist.files or () if not str(each).startswith("..")]
        made.append(_of_distribution(dist, hashes, _digest(site, names)))
    return sorted(made, key=lambda each: str(each["bom-ref"]))


def pins(lock: Path = LOCK) -> dict[str, str]:
    """The version that the lock names, by name of the distribution."""
    found = (_PIN.match(line) for line in lock.read_text("utf-8").splitlines())
    return {plain(pin[1]): pin[2] for pin in found if pin}


def gaps(components: list[dict[str, Any]], shipped: set[str]) -> list[str]:
    """What a bill lacks: a shipped distribution, its version as the lock has it, its licence or its hash."""
    by_name = {plain(each["name"]): each for each in components}
    locked_at, found = pins(), []
    for name in sorted(shipped):
        if name not in by_name:
            found.append(f"{name}: not in the bill")
            continue
        one = by_name[name]
        found += [f"{name}: no {key}" for key in ("version", "licenses", "hashes") if not one.get(key)]
        if name in locked_at and one["version"] and one["version"] != locked_at[name]:
            found.append(f"{name}: {one['version']} is not the version of the lock")
    return found


def shipped(contents: list[list[str]]) -> set[str]:
    """The distributions of the lock that a list of packed files draws on: by module names, not by installed files."""
    tops = {name.replace("\\", "/").split("/")[0].split(".")[0] for name, _source in contents}
    by_module = metadata.packages_distributions()
    return {plain(each) for top in tops for each in by_module.get(top, ())} & set(pins())


def bill(name: str, version: str, components: list[dict[str, Any]]) -> dict[str, Any]:
    """The whole document; its serial number and date follow from the content and SOURCE_DATE_EPOCH."""
    content = json.dumps([name, version, components], sort_keys=True)
    written = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), UTC)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}",
        "metadata": {
            "timestamp": written.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {"type": "application", "bom-ref": name, "name": name, "version": version},
        },
        "components": components,
        "dependencies": [{"ref": name, "dependsOn": [each["bom-ref"] for each in components]}],
    }  # fmt: skip


def main() -> None:
    """The command line."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for each in ("--name", "--version", "--out"):
        asked.add_argument(each, required=True)
    for each in ("--contents", "--folder", "--site", "--own"):
        asked.add_argument(each, type=Path)
    asked.add_argument("--inside", default="_internal")
    args = asked.parse_args()
    if args.site:
        components = from_site(args.site)
    else:
        contents = json.loads(args.contents.read_text("utf-8"))
        components = from_contents(contents, args.folder, args.inside, args.own)
        if lacking := gaps(components, shipped(contents)):
            raise SystemExit("the bill of materials has gaps: " + "; ".join(lacking))
    document = bill(args.name, args.version, components)
    Path(args.out).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
