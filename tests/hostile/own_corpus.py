"""Hostile files of our own forms: backups, key files, templates and logos of papers."""

# ruff: noqa: E501 - payloads stand on one line

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

from tests.hostile.archives_corpus import deflated, packed, raw
from tests.hostile.cases import BACKUP, EITHER, KEYS, READ, SECRET, SERVER, TEMPLATE, case

KAM, JSON, TYP = ".kambackup", ".json", ".typ"
ABOUT = {
    "format": 1,
    "profile": "p",
    "reason": "asked",
    "made_at": "2026-01-01T00:00:00+00:00",
    "schema": 1,
    "frame": 1,
}


def backup_of(about: bytes, keys: bytes = b"{}", data: bytes = b"x" * 100, *more: tuple[Any, bytes]) -> bytes:
    """An archive with the members of a backup."""
    files = (("backup.json", about), ("keys.json", keys), ("data.kam", data), *more)
    return packed(*files, method=zipfile.ZIP_STORED)


@case(BACKUP, KAM, slow=True)
def backup_that_unpacks_to_gigabytes(path: Path) -> bytes:
    return raw(b"data.kam", deflated(300_000_000), size=3_000_000_000)


@case(BACKUP, KAM)
def backup_of_a_million_entries(path: Path) -> bytes:
    central = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = central * 1_000_000
    return directory + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(directory), 0, 0)


@case(BACKUP, KAM)
def backup_nested_deeply(path: Path) -> bytes:
    return backup_of(b"[" * 30_000 + b"]" * 30_000)


@case(BACKUP, KAM)
def backup_with_values_of_other_kinds(path: Path) -> bytes:
    return backup_of(json.dumps({**ABOUT, "made_at": [1], "schema": {"a": 1}, "frame": "x", "profile": None}).encode())


@case(BACKUP, KAM)
def backup_with_names_that_lead_out(path: Path) -> bytes:
    return backup_of(json.dumps(ABOUT).encode(), b"{}", b"x", ("../../../tmp/evil", b"x"))


@case(BACKUP, KAM)
def backup_with_keys_of_another(path: Path) -> bytes:
    return backup_of(json.dumps(ABOUT).encode(), key_file({}))


@case(BACKUP, KAM)
def backup_with_a_password(path: Path) -> bytes:
    good = bytearray(backup_of(json.dumps(ABOUT).encode()))
    place = 0
    while (place := good.find(b"PK\1\2", place)) >= 0:
        good[place + 8] |= 1
        place += 4
    return bytes(good)


@case(BACKUP, KAM)
def backup_cut_short(path: Path) -> bytes:
    good = backup_of(json.dumps(ABOUT).encode(), data=bytes(1_000_000))
    return good[:500_000]


@case(BACKUP, KAM)
def backup_with_numbers_without_end(path: Path) -> bytes:
    return backup_of(b'{"format":' + b"9" * 5000 + b"}")


# --- key files -------------------------------------------------------------------------------------------------------


def key_file(changed: dict[str, Any], slot: dict[str, Any] | None = None) -> bytes:
    """A key file with a right sum, and something wrong."""
    base = {
        "kind": "passphrase", "id": "0" * 16, "made_at": "2026-01-01T00:00:00Z", "nonce": "AAAAAAAAAAAAAAAA",
        "wrapped": "A" * 64, "check": "AAAAAAAAAAA=",
        "kdf": {"name": "argon2id", "memory_kib": 65536, "passes": 3, "lanes": 4, "salt": "A" * 22 + "=="},
    }  # fmt: skip
    shown: dict[str, Any] = {
        "format": 1,
        "profile": "p",
        "revision": 1,
        "check": "A" * 22 + "==",
        "slots": [{**base, **(slot or {})}],
    }
    shown |= changed
    text = json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return json.dumps(shown | {"sum": hashlib.sha256(text.encode()).hexdigest()}).encode()


@case(KEYS, JSON)
def keys_that_ask_for_4_terabytes(path: Path) -> bytes:
    kdf = {
        "name": "argon2id",
        "memory_kib": 4_294_967_295,
        "passes": 4_294_967_295,
        "lanes": 255,
        "salt": "A" * 22 + "==",
    }
    return key_file({}, {"kdf": kdf})


@case(KEYS, JSON)
def keys_that_ask_for_hours(path: Path) -> bytes:
    kdf = {"name": "argon2id", "memory_kib": 1_048_576, "passes": 100_000, "lanes": 1, "salt": "A" * 22 + "=="}
    return key_file({}, {"kdf": kdf})


@case(KEYS, JSON)
def keys_nested_deeply(path: Path) -> bytes:
    return b'{"slots":' + b"[" * 30_000 + b"]" * 30_000 + b"}"


@case(KEYS, JSON)
def keys_of_10_megabytes(path: Path) -> bytes:
    return b'{"format":1,' + b" " * 10_000_000 + b"}"


@case(KEYS, JSON)
def keys_of_wrong_kinds(path: Path) -> bytes:
    return key_file({"slots": [1, None, [], {"kind": []}], "revision": "1", "profile": {}, "check": 5})


@case(KEYS, JSON)
def keys_with_numbers_without_end(path: Path) -> bytes:
    return b'{"format":1e999,"revision":NaN,"sum":"' + b"9" * 5000 + b'","slots":' + b"9" * 5000 + b"}"


# --- templates and logos ---------------------------------------------------------------------------------------------


def _template(name: str, source: str, wanted: str = "refused", *, slow: bool = False) -> None:
    def make(path: Path) -> bytes:
        return source.replace("SECRET", str(path.parent / SECRET)).replace("SERVER", SERVER).encode()

    make.__name__ = f"template_{name}"
    case(TEMPLATE, TYP, wanted, slow=slow)(make)


_template("without_end", "#{while true {}}")
_template("that_grows", '#let s = "x" * 1000000\n#let all = range(100000).map(n => s + str(n))\n#all.len()', slow=True)
_template("reads_a_file", '#read("SECRET")')
_template("reads_out_of_its_folder", '#read("../../../../../../SECRET")')
_template("imports_a_package", '#import "@preview/cetz:0.2.0"')
_template("shows_a_picture_of_a_server", '#image("SERVER")')
_template("calls_itself", "#let f(n) = f(n + 1)\n#f(0)")
_template("evaluates", '#eval("read(\\"SECRET\\")")')
_template("loads_a_plugin", '#plugin("SECRET")')
_template("with_many_pages", "#for n in range(1000000) { pagebreak() }", slow=True)
_template("nested_deeply", "#" + "[" * 20_000 + "x" + "]" * 20_000, slow=True)
_template("of_nul_bytes", "\0" * 1000, EITHER)
_template("includes_itself", '#include "statement.typ"')
_template(
    "that_never_settles", "#context { let n = counter(page).final().first(); [#n #pagebreak()] * (n + 1) }", EITHER
)


def png(width: int, height: int, data: bytes) -> bytes:
    """A picture whose head says these sizes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@case(TEMPLATE, ".png", slow=True)
def logo_of_30000_by_30000(path: Path) -> bytes:
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(bytes(1_000_000)) for _ in range(400)) + packer.flush()
    return png(30_000, 30_000, body)


@case(TEMPLATE, ".png")
def logo_of_4_billion_by_4_billion(path: Path) -> bytes:
    return png(0x7FFFFFFF, 0x7FFFFFFF, zlib.compress(bytes(1000)))


@case(TEMPLATE, ".jpg")
def logo_of_nonsense(path: Path) -> bytes:
    return b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40


@case(TEMPLATE, ".svg", EITHER)
def logo_that_asks_for_other_files(path: Path) -> bytes:
    secret = path.parent / SECRET
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="40" height="40">'
        f'<image href="{secret}" width="9" height="9"/><image xlink:href="{SERVER}" width="9" height="9"/>'
        f'<image href="file://{secret}" width="9" height="9"/><use href="{SERVER}#a"/><style>@import "{SERVER}";</style>'
        "<script>alert(1)</script></svg>"
    ).encode()


@case(TEMPLATE, ".svg", EITHER)
def logo_that_laughs(path: Path) -> bytes:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE svg [<!ENTITY l0 "ha">{levels}]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&l9;</text></svg>'.encode()


@case(TEMPLATE, ".svg", EITHER)
def logo_that_uses_itself(path: Path) -> bytes:
    uses = "".join(f'<g id="g{n}">' + f'<use href="#g{n - 1}"/>' * 10 + "</g>" for n in range(1, 10))
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><g id="g0"><rect width="1" height="1"/></g>{uses}</svg>'.encode()


@case(TEMPLATE, ".svg", EITHER)
def logo_nested_deeply(path: Path) -> bytes:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">' + "<g>" * 50_000 + "</g>" * 50_000 + "</svg>"
    ).encode()


@case(TEMPLATE, ".svg", EITHER)
def logo_of_huge_size(path: Path) -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg" width="1e30" height="1e30"><filter id="f"><feGaussianBlur stdDeviation="1e9"/></filter><rect filter="url(#f)" width="1e30" height="1e30"/></svg>'


@case(TEMPLATE, ".png", READ)
def logo_that_is_good(path: Path) -> bytes:
    return png(2, 2, zlib.compress((b"\0" + b"\xff\0\0\xff" * 2) * 2))
