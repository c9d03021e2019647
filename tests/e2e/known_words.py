"""Known words for every field of every record, and the search for them in the raw bytes of files."""

from __future__ import annotations

import base64
import io
import json
import re
import unicodedata
import urllib.parse
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kam_desktop.domain.entities import ENTITIES, FIRM_ID, LOCAL_PERSON_ID
from kam_desktop.domain.entity import Entity
from kam_desktop.domain.fields import Field, Kind
from kam_desktop.domain.text import fold

ROOT = "Kẽmhơ9vự"
"""What every known word begins with: eight letters that are in no file of ours. A search for it finds all of them."""
_ID = "018f0000-0000-7000-8000-00000000c{:03x}"


def word(number: int) -> str:
    """One of the known words: eleven letters, so that it fits nearly every field."""
    return f"{ROOT}{number:03d}"


def telephone(number: int) -> str:
    """A known telephone number."""
    return f"09{73_104_000 + number}"


def amount(number: int) -> int:
    """A known amount, of thirteen digits."""
    return 7_310_459_000_000 + 1_000_003 * number


# --- records with a known word in each field --------------------------------------------------------------------------


def identity(entity: str) -> str:
    """The id of the record of that kind."""
    fixed = {"firm": FIRM_ID, "person": LOCAL_PERSON_ID}
    place = [record.entity.name for record in ENTITIES].index(entity)
    return fixed.get(entity, _ID.format(place))


def records(our_code: str) -> tuple[list[dict[str, Any]], list[str]]:
    """One record of each kind in the wire form, all its fields filled, and the texts to look for afterwards."""
    made, texts = [], []
    number = 0
    for kind in ENTITIES:
        entity = kind.entity
        row: dict[str, Any] = {"entity": entity.name, "id": identity(entity.name)}
        for name in entity.names:
            number += 1
            value, known = _value(entity, entity.field(name), number)
            if value is not None:
                row[name] = value
            texts += known
        made.append(row)
    made[0]["tax_code"] = our_code
    # An allocation has one source, and nothing is taken back, replaced or settled twice.
    by_name = {row["entity"]: row for row in made}
    del by_name["allocation"]["credit_note"], by_name["allocation"]["reverses"]
    del by_name["invoice"]["replaces"], by_name["invoice"]["adjusts"], by_name["account"]["parent"]
    return made, texts


def _value(entity: Entity, field: Field, number: int) -> tuple[Any, list[str]]:
    match field.kind:
        case Kind.TEXT | Kind.NOTE | Kind.TEXTS:
            if field.name in ("currency", "tax_rate", "steps"):  # words of our own, not of the user
                return None, []
            text = telephone(number) if field.phone else word(number)[: field.max_length]
            if field.kind is Kind.NOTE:
                return f"dòng đầu\n{text}", [text]
            return ([text] if field.kind is Kind.TEXTS else text), [text]
        case Kind.MONEY:
            return amount(number), [str(amount(number))]
        case Kind.DATE:
            return "2026-03-01", []
        case Kind.MOMENT:
            return "2026-03-01T08:00:00.000000Z", []
        case Kind.REF:
            return identity(field.to), []
        case Kind.INTEGER:
            return 1, []
        case Kind.DECIMAL:
            return "1", []
        case Kind.CHOICE if field.required:
            return field.options[0], []
    return None, []


# --- the search -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """A known text where none may be: the file, the form it was found in, and what stands around it."""

    file: str
    form: str
    text: str
    around: bytes


def forms(text: str) -> Mapping[bytes, str]:
    """How a text may lie in a file: spellings, encodings, and Base64 at each of its three offsets."""
    composed = unicodedata.normalize("NFC", text)
    spellings = {
        "as typed": text, "NFC": composed, "NFD": unicodedata.normalize("NFD", text), "folded": fold(text),
        "lower": composed.lower(), "upper": composed.upper(), "JSON": json.dumps(composed)[1:-1],
        "URL": urllib.parse.quote(composed), "URL of NFD": urllib.parse.quote(unicodedata.normalize("NFD", text)),
    }  # fmt: skip
    found: dict[bytes, str] = {}
    for name, spelling in spellings.items():
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            data = spelling.encode(encoding)
            found.setdefault(data, f"{name}, {encoding}")
            found.setdefault(data.hex().encode(), f"{name}, {encoding}, hexadecimal")
            for offset in range(3):
                for core in _base64(data, offset):
                    found.setdefault(core, f"{name}, {encoding}, Base64")
    if text.isdigit():
        grouped = f"{int(text):,}"
        for mark in (".", ",", " ", "\u202f", "\u00a0"):
            found.setdefault(grouped.replace(",", mark).encode(), "digits in groups")
        if len(text) > 11:
            found.setdefault(int(text).to_bytes(6, "big"), "a number in SQLite")
            found.setdefault(int(text).to_bytes(6, "little"), "a number")
    return found


def _base64(data: bytes, offset: int) -> Iterator[bytes]:
    """The part of its Base64 that does not depend on what stands around it."""
    whole = base64.b64encode(bytes(offset) + data)
    core = whole[(0, 2, 3)[offset] : (offset + len(data)) * 8 // 6]
    yield core
    yield core.replace(b"+", b"-").replace(b"/", b"_")


def bytes_forms(secret: bytes) -> Mapping[bytes, str]:
    """How a key may lie in a file: bare, as hexadecimal digits, as Base64."""
    found = {secret: "bare", secret.hex().encode(): "hexadecimal", secret.hex().upper().encode(): "hexadecimal"}
    for offset in range(3):
        found.update(dict.fromkeys(_base64(secret, offset), "Base64"))
    return found


def search(folders: Iterable[Path], needles: Mapping[bytes, str], outside: Path) -> list[Found]:
    """Looks for the needles in every file under the folders but those in `outside`: names, contents, parts of ZIPs."""
    found = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if outside in (path, *path.parents):
                continue
            name = str(path.relative_to(folder)).encode("utf-8", "surrogateescape")
            found += _hits(f"the name of {path}", name, needles)
            if path.is_file() and not path.is_symlink():
                content = path.read_bytes()
                for part, data in _parts(content):
                    found += _hits(f"{path}{part}", data, needles)
    return found


def _parts(content: bytes) -> Iterator[tuple[str, bytes]]:
    yield "", content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for each in archive.namelist():
                yield f"!{each}", archive.read(each)


def _hits(file: str, content: bytes, needles: Mapping[bytes, str]) -> list[Found]:
    hits = []
    for needle, form in needles.items():
        at = content.find(needle)
        if at >= 0:
            hits.append(Found(file, form, needle.decode("utf-8", "replace"), content[max(0, at - 40) : at + 80]))
    return hits


def names_in(content: str) -> set[str]:
    """The known words and digits in a text such as the output of `dump`."""
    return set(re.findall(ROOT + r"\d{3}", content)) | set(re.findall(r"09731\d{5}|7310\d{9}", content))
