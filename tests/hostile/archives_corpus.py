"""Hostile archives: bombs, lies about sizes, strange names, strange methods."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from pathlib import Path

from tests import makers
from tests.hostile.cases import EITHER, IMPORT, READ, case

GOOD = makers.xml(makers.Bill())
ZIP = ".zip"


def packed(*files: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of the files, names as given, twice the same if so."""
    target = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with zipfile.ZipFile(target, "w", method) as archive:
            for name, content in files:
                archive.writestr(name, content, method)
    return target.getvalue()


def raw(
    name: bytes, body: bytes, *, size: int, crc: int = 0, method: int = 8, flags: int = 0, extra: bytes = b""
) -> bytes:
    """A ZIP of one entry whose head says whatever it is told."""
    packed_size = len(body)
    local = struct.pack(
        "<4sHHHHHIIIHH", b"PK\3\4", 20, flags, method, 0, 0, crc, packed_size, size & 0xFFFFFFFF, len(name), 0
    )
    central = struct.pack(
        "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, flags, method, 0, 0, crc, packed_size, size & 0xFFFFFFFF,
        len(name), len(extra), 0, 0, 0, 0, 0,
    )  # fmt: skip
    head = local + name + body
    directory = central + name + extra
    return head + directory + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(directory), len(head), 0)


def deflated(size: int) -> bytes:
    """So many blanks, deflated raw, made without holding them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    parts = [packer.compress(b" " * 1_000_000) for _ in range(size // 1_000_000)]
    return b"".join([*parts, packer.flush()])


@case(IMPORT, ZIP, slow=True)
def zip_of_100_megabytes_of_blanks(path: Path) -> bytes:
    return raw(b"a.xml", deflated(100_000_000), size=100_000_000)


@case(IMPORT, ZIP, slow=True)
def zip_that_says_1000_bytes_and_holds_100_megabytes(path: Path) -> bytes:
    return raw(b"a.xml", deflated(100_000_000), size=1000)


@case(IMPORT, ZIP)
def zip_that_says_4_gigabytes(path: Path) -> bytes:
    return raw(b"a.xml", deflated(1_000_000), size=0xFFFFFFFE)


@case(IMPORT, ZIP)
def zip64_that_says_exabytes(path: Path) -> bytes:
    extra = struct.pack("<HHQQQ", 1, 24, 1 << 62, 1 << 62, 0)
    return raw(b"a.xml", deflated(1_000_000), size=0xFFFFFFFF, extra=extra)


@case(IMPORT, ZIP)
def zip_in_zip_in_zip(path: Path) -> bytes:
    inner = raw(b"a.xml", deflated(50_000_000), size=50_000_000)
    for _ in range(6):
        inner = packed(*((f"{n}.zip", inner) for n in range(10)))
    return inner


@case(IMPORT, ZIP)
def zip_that_calls_its_inner_zip_xml(path: Path) -> bytes:
    return packed(("a.xml", raw(b"a.xml", deflated(50_000_000), size=50_000_000)))


@case(IMPORT, ZIP)
def zip_of_entries_that_share_their_bytes(path: Path) -> bytes:
    """Fifield's trick: every line of the table of contents points at one and the same bytes."""
    body = deflated(2_000_000)
    name = b"a.xml"
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(body), 2_000_000, len(name), 0) + name + body
    central = struct.pack(
        "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 8, 0, 0, 0, len(body), 2_000_000, len(name), 0, 0, 0, 0, 0, 0
    )
    directory = (central + name) * 900
    return local + directory + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 900, 900, len(directory), len(local), 0)


@case(IMPORT, ZIP)
def zip_of_a_million_entries(path: Path) -> bytes:
    name = b"a"
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0) + name
    central = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0, 0, 0, 0, 0, 0)
    directory = (central + name) * 1_000_000
    return local + directory + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(directory), len(local), 0)


@case(IMPORT, ZIP, slow=True)
def zip_of_20000_entries(path: Path) -> bytes:
    return packed(*((f"{n}.xml", b"") for n in range(20_000)), method=zipfile.ZIP_STORED)


@case(IMPORT, ZIP)
def zip_that_holds_itself(path: Path) -> bytes:
    """One stored entry that reaches over its own table of contents to the end of the file."""
    small = raw(b"a.xml", b"", size=0, method=0)
    whole = bytearray(small)
    whole[18:26] = struct.pack("<II", len(small), len(small))
    place = whole.index(b"PK\1\2")
    whole[place + 20 : place + 28] = struct.pack("<II", len(small), len(small))
    return bytes(whole)


@case(IMPORT, ZIP, READ)
def zip_with_names_that_lead_out(path: Path) -> bytes:
    names = (
        "/etc/cron.d/x.xml",
        "../../../x.xml",
        "C:\\Windows\\x.xml",
        "..\\x.xml",
        "a/../../b.xml",
        "CON.xml",
        "x\u202elmx.xml",
    )
    bills = [makers.xml(makers.Bill(number=str(n))) for n in range(1, len(names) + 1)]
    return packed(*zip(names, bills, strict=True))


@case(IMPORT, ZIP)
def zip_with_a_symbolic_link(path: Path) -> bytes:
    link = zipfile.ZipInfo("a.xml")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    return packed((link, b"/etc/passwd"))


@case(IMPORT, ZIP)
def zip_with_a_password(path: Path) -> bytes:
    return raw(b"a.xml", b"x" * 100, size=88, flags=1)


@case(IMPORT, ZIP, READ, slow=True)
def zip_with_the_same_name_500_times(path: Path) -> bytes:
    return packed(*(("a.xml", GOOD) for _ in range(500)))


@case(IMPORT, ZIP)
def zip_cut_in_half(path: Path) -> bytes:
    good = packed(("a.xml", GOOD), ("b.xml", GOOD))
    return good[: len(good) // 2]


@case(IMPORT, ZIP)
def zip_behind_a_megabyte_of_something_else(path: Path) -> bytes:
    return b"MZ" + bytes(1_000_000) + packed(("a.xml", GOOD))


@case(IMPORT, ZIP, EITHER)
def zip_with_a_second_end_in_its_comment(path: Path) -> bytes:
    good = packed(("a.xml", GOOD))
    comment = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 9, 9, 500, 0, 0) + b"x" * 60_000
    return good[:-2] + struct.pack("<H", len(comment)) + comment


@case(IMPORT, ZIP)
def zip_with_a_bzip2_bomb(path: Path) -> bytes:
    return packed(("a.xml", bytes(60_000_000)), method=zipfile.ZIP_BZIP2)


@case(IMPORT, ZIP)
def zip_with_an_lzma_dictionary_of_4_gigabytes(path: Path) -> bytes:
    body = struct.pack("<BBH", 9, 4, 5) + b"\x5d" + struct.pack("<I", 0xFFFFFFFF) + b"\0" * 500
    return raw(b"a.xml", body, size=900_000, method=14)


@case(IMPORT, ZIP)
def zip_with_an_unknown_method(path: Path) -> bytes:
    return raw(b"a.xml", b"x" * 1000, size=1000, method=99)


@case(IMPORT, ZIP)
def zip_with_names_of_60000_letters(path: Path) -> bytes:
    return packed(*((f"{n}" + "a" * 60_000 + ".exe", b"") for n in range(300)))


@case(IMPORT, ZIP, slow=True)
def zip_of_200_documents_of_half_a_megabyte(path: Path) -> bytes:
    """Each is well-formed and not small; together they are beyond what is read."""
    lines = tuple(makers.L(1000, name=f"{n} " + "Dịch vụ quảng cáo " * 100) for n in range(700))
    one = makers.xml(makers.Bill(lines=lines))
    return packed(*((f"{n}.xml", one) for n in range(200)))
