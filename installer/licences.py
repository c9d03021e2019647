"""Collects the licences of everything that is shipped into resources/licences/THIRD_PARTY.txt.

    python installer/licences.py           write the file
    python installer/licences.py --check   write nothing; say what is missing, unknown or out of date, and exit 1

Python packages are found from pyproject.toml (what runs on Windows, Linux and macOS, the server's too) through the
metadata of the installed packages, versions are those of the lock. A package whose licence is not in ALLOWED, or whose
text nobody has, is an error: nothing with an unknown licence is shipped. What no package manager knows (Qt's terms,
fonts, icons, boot loaders, libraries within wheels) stands in installer/licence_texts/shipped.toml. The same packages
give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
TEXTS = ROOT / "installer" / "licence_texts"
TARGET = ROOT / "resources" / "licences" / "THIRD_PARTY.txt"
LOCK = ROOT / "installer" / "requirements.lock"
RULE = "=" * 78

ALLOWED = {*re.findall(r"\S+", (
    "0BSD Apache-2.0 BSD-2-Clause BSD-3-Clause BSD-4-Clause BSL-1.0 Bitstream-Vera CC0-1.0 CDLA-Permissive-2.0 FTL "
    "GUST-Font-License IJG ISC LGPL-2.1-or-later LGPL-3.0-only MIT MIT-0 MPL-2.0 OFL-1.1 OLDAP-2.8 PSF-2.0 PostgreSQL "
    "Unicode-3.0 Unicode-DFS-2016 Unlicense Zlib blessing libpng-2.0"
)), "Apache-2.0 WITH LLVM-exception", "GPL-2.0-or-later WITH Bootloader-exception"}  # fmt: skip
"""SPDX ids under which a part may be shipped."""

SPOKEN = {
    "BSD": "BSD-3-Clause", "MIT License": "MIT", "BSD License": "BSD-3-Clause", "PSFL": "PSF-2.0",
    "Apache Software License": "Apache-2.0", "Apache License 2.0": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "Python Software Foundation License": "PSF-2.0",
}  # fmt: skip
"""Licences as metadata and classifiers name them."""

KNOWN = {
    "pyside6-essentials": "LGPL-3.0-only", "shiboken6": "LGPL-3.0-only", "sqlcipher3": "Zlib",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause", "psycopg-binary": "LGPL-3.0-only", "tufup": "MIT",
    "pywin32-ctypes": "BSD-3-Clause", "tzdata": "Apache-2.0", "colorama": "BSD-3-Clause",
}  # fmt: skip
"""Read by a person in the package's own files, where its metadata do not say it in one word."""

OWN_TEXT = {"pyside6-essentials", "shiboken6"}
"""Without a licence file in their wheels: their terms stand in shipped.toml."""

PLATFORMS = (("win32", "nt", "Windows"), ("linux", "posix", "Linux"), ("darwin", "posix", "Darwin"))
CRATE_TEXTS = ("MIT", "Apache-2.0", "LLVM-exception", "BSD-3-Clause", "ISC", "Zlib", "BSL-1.0", "CC0-1.0", "MPL-2.0",
               "Unicode-3.0")  # fmt: skip


class Missing(Exception):
    """Something may not be shipped as it is; the text says what and why."""


@dataclass(frozen=True)
class Part:
    """One head with its text; `order` sorts Qt's terms to the front."""

    order: int
    name: str
    licence: str
    text: str


def main() -> int:
    """The command; see above."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--check", action="store_true")
    check = options.parse_args().check
    text, faults = collected()
    for fault in faults:
        print(fault, file=sys.stderr)
    if check:
        faults += differences(text)
        for fault in differences(text):
            print(fault, file=sys.stderr)
    elif not faults:
        TARGET.write_text(text, encoding="utf-8", newline="\n")
        print(f"{TARGET.relative_to(ROOT)}: {len(heads(text))} parts, {len(text.encode()) // 1000} kB")
    return 1 if faults else 0


def collected() -> tuple[str, list[str]]:
    """The whole text, and what is wrong with it."""
    parts, faults = [], []
    for make in (shipped, packages):
        found, wrong = make()
        parts += found
        faults += wrong
    pieces = [(TEXTS / "head.txt").read_text("utf-8").strip()]
    for part in sorted(parts, key=lambda each: (each.order, each.name.casefold())):
        pieces.append(f"{RULE}\n{part.name} — {part.licence}\n{RULE}\n\n{part.text.strip()}")
    return "\n\n".join(pieces) + "\n", faults


def differences(text: str) -> list[str]:
    """How the committed file differs from what it should be, part by part."""
    there = heads(TARGET.read_text("utf-8")) if TARGET.is_file() else {}
    wanted = heads(text)
    told = [f"{name}: not in {TARGET.name}" for name in sorted(wanted.keys() - there.keys())]
    told += [f"{name}: in {TARGET.name}, but not shipped" for name in sorted(there.keys() - wanted.keys())]
    told += [f"{name}: another text" for name in sorted(wanted.keys() & there.keys()) if wanted[name] != there[name]]
    return [f"{each}; run python installer/licences.py" for each in told]


def heads(text: str) -> dict[str, str]:
    """Head → text of each part."""
    pieces = re.split(rf"^{RULE}\n(.+)\n{RULE}\n", text, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


# What is shipped besides Python packages.


def shipped() -> tuple[list[Part], list[str]]:
    """The parts of shipped.toml."""
    parts, faults, versions = [], [], locked()
    for each in tomllib.loads((TEXTS / "shipped.toml").read_text("utf-8"))["part"]:
        package, name = each.get("package", ""), each["name"]
        faults += [f"{name}: {package} is not in the lock" for _ in [0] if package and package not in versions]
        faults += unknown(name, each["licence"])
        texts = [_plain((TEXTS / file).read_text("utf-8")) for file in each["text"]]
        parts.append(Part(0 if "Qt" in name else 1, name, each["licence"], "\n\n".join([each["note"].strip(), *texts])))
    return parts, faults


# Python packages.


def packages() -> tuple[list[Part], list[str]]:
    """A part for each Python package, and one for the Rust crates compiled into them."""
    parts, faults, crates, versions = [], [], {}, locked()
    kept = heads(TARGET.read_text("utf-8")) if TARGET.is_file() else {}
    for name in sorted(closure()):
        version = versions.get(name)
        if version is None:
            faults.append(f"{name}: needed, but not in the lock")
            continue
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            found = None
        before = [head for head in kept if head.startswith(f"{name} {version} — ")]
        if found is None and before and not (TEXTS / f"{name}.txt").is_file():
            # one of another system: as it was collected there
            parts.append(Part(2, f"{name} {version}", before[0].partition(" — ")[2], kept[before[0]]))
            continue
        licence = KNOWN.get(name) or (_licence(found) if found is not None else "")
        faults += unknown(name, licence)
        try:
            text = _texts(name, found)
        except Missing as fault:
            faults.append(str(fault))
            continue
        if found is not None:
            if found.version != version:
                faults.append(f"{name}: installed is {found.version}, the lock has {version}")
            crates |= _crates(name, found)
        parts.append(Part(2, f"{name} {version}", licence, text))
    for crate, licence in crates.items():
        faults += unknown(crate, licence)
    lines = [f"{crate} — {licence}" for crate, licence in sorted(crates.items())]
    texts = [_plain((TEXTS / f"{name}.txt").read_text("utf-8")) for name in CRATE_TEXTS]
    told = (
        "Compiled into typst, orjson, python-calamine, cryptography and pydantic-core, as the bills of material within "
        "them say.\nThe source of each, with its copyright notices: https://crates.io/crates/NAME/VERSION. Where "
        "several licences are\noffered the first of MIT, Apache-2.0, BSD, Zlib is taken; the texts follow the list."
    )
    parts.append(Part(3, "Rust libraries within Python packages", "see each",
                      "\n\n".join([told, "\n".join(lines), *texts])))  # fmt: skip
    return parts, faults


def closure() -> set[str]:
    """The Python packages that one of the three systems needs, by their plain names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["server"]]
    found: set[str] = set()
    waiting = [(each, "") for each in wanted]
    done: set[tuple[str, str]] = set()
    while waiting:
        text, extra = waiting.pop()
        need = Requirement(text)
        if need.marker is not None and not any(
            need.marker.evaluate({"sys_platform": system, "os_name": family, "platform_system": name,
                                  "python_version": "3.11", "python_full_version": "3.11.7", "extra": extra})
            for system, family, name in PLATFORMS
        ):  # fmt: skip
            continue
        name = plain(need.name)
        found.add(name)
        for each in ("", *sorted(need.extras)):
            if (name, each) not in done:
                done.add((name, each))
                try:
                    waiting += [(inner, each) for inner in metadata.requires(name) or []]
                except metadata.PackageNotFoundError:  # of another system; none of them needs anything
                    continue
    return found


def locked() -> dict[str, str]:
    """Name → version of the lock."""
    return {
        plain(name): version
        for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", LOCK.read_text("utf-8"), re.MULTILINE)
    }


def plain(name: str) -> str:
    """A package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def unknown(name: str, licence: str) -> list[str]:
    """What is wrong with a licence: unknown, or none that may be shipped. OR needs one, AND needs all."""
    if not licence:
        return [f"{name}: its licence is not known"]
    for alternative in re.split(r"\s+OR\s+|/", licence.replace("(", "").replace(")", "")):
        if all(each.strip() in ALLOWED for each in alternative.split(" AND ")):
            return []
    return [f"{name}: {licence} is not a licence to ship under"]


def _licence(found: metadata.Distribution) -> str:
    about = found.metadata
    said = about.get("License-Expression") or about.get("License") or ""
    if "\n" not in said and (said in ALLOWED or not unknown("", SPOKEN.get(said, said))):
        return SPOKEN.get(said, said)
    named = [each.rpartition(" :: ")[2] for each in about.get_all("Classifier") or [] if each.startswith("License ::")]
    return " OR ".join(sorted({SPOKEN[each] for each in named if each in SPOKEN}))


_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice|authors)[^/]*$", re.IGNORECASE)


def _texts(name: str, found: metadata.Distribution | None) -> str:
    """The licence files of a package, each text once."""
    if name in OWN_TEXT:
        return "See “Qt for Python (PySide6, Shiboken6) and Qt” at the beginning."
    own = TEXTS / f"{name}.txt"
    if own.is_file():
        return _plain(own.read_text("utf-8"))
    if found is None:
        raise Missing(f"{name}: not installed here; put its licence into {own.relative_to(ROOT)}")
    texts: dict[str, None] = {}
    for file in sorted(found.files or [], key=str):
        if _LICENCE_FILE.search(str(file)) and not str(file).endswith((".py", ".pyc", ".pyi")):
            texts[_plain(Path(str(file.locate())).read_text("utf-8", "replace"))] = None
    if not texts:
        raise Missing(f"{name}: no licence in its package; put it into {own.relative_to(ROOT)}")
    return "\n\n".join(texts)


def _crates(name: str, found: metadata.Distribution) -> dict[str, str]:
    """“crate version” → licence, from the bills of material within a package."""
    crates: dict[str, str] = {}
    for file in found.files or []:
        if "sboms" in file.parts and file.suffix == ".json":
            document = json.loads(Path(str(file.locate())).read_text("utf-8"))
            for each in document.get("components", []):
                if str(each.get("purl", "")).startswith("pkg:cargo/"):
                    given = (each.get("licenses") or [{}])[0]
                    licence = given.get("expression") or given.get("license", {}).get("id", "")
                    crates[f"{each['name']} {each['version']}"] = " ".join(licence.split())
    return crates


def _plain(text: str) -> str:
    """Without what differs by system or editor: line ends, spaces at ends, form feeds, lines that look like a head."""
    lines = [line.rstrip().replace("\f", "") for line in text.replace("\r\n", "\n").split("\n")]
    return "\n".join(line if line != RULE else RULE[:60] for line in lines).strip()


if __name__ == "__main__":
    sys.exit(main())
