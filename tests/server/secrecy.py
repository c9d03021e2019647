"""Marked costs and notes, and every place where they may show: python -m tests.server.secrecy."""

from __future__ import annotations

import argparse
import gzip
import io
import json
import logging
import re
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pypdfium2
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from kam_desktop.documents import quotation, renderer
from kam_desktop.documents.statement import paper as statement_paper
from kam_desktop.documents.statement import statement
from kam_desktop.domain.entities import FIRM_ID
from kam_desktop.protocol import messages
from kam_desktop.protocol.messages import Problem
from kam_desktop.server.database import Database
from kam_desktop.store import backup, keys
from kam_desktop.store.journal import Journal
from kam_desktop.store.recovery_key import RecoveryKey
from kam_desktop.sync import cycle
from kam_desktop.transfer import exporter, lines
from tests.server.conftest import furnished
from tests.server.house import Change, House, Laptop, create, delete, update
from tests.sync.world import KEY, Makers, NoSession, RealLaptop

NOTE = "zqxkin"
"""Stands in every internal note."""
COST, MARGIN, STEP = 737_373_000_000_000, 868_686_000_000_000, 7919
"""The n-th cost is COST + n * STEP, the margin of what it belongs to MARGIN + n * STEP."""
MOST = 60_000
_DIGITS = re.compile(rb"(?:737373|868686)\d{8,9}")
_BETWEEN = re.compile(rb"(?<=\d)(?:[.,' ]|\xc2\xa0|\xe2\x80\xaf|\r?\n)(?=\d)")
_BINARY = re.compile(rb"\x00(?:\x02\x9e\xa3|\x03\x16\x10).{4}", re.DOTALL)
TODAY = date(2026, 3, 2)
_PAGE, _RESERVED, _SALT = 4096, 80, 16
_WAL_HEAD, _FRAME_HEAD = 32, 24


def is_marked(number: int) -> bool:
    """Whether it is one of ours; a number in hundreds may have lost a nought at its end."""
    return any(
        0 <= each - first <= MOST * STEP and (each - first) % STEP == 0
        for first in (COST, MARGIN)
        for each in (number, number * 10)
    )


def leaks(data: bytes, *words: str, numbers: bool = True) -> list[bytes]:
    """Marked values in some bytes, and words: as digits however they are grouped, in 8 and in 16 bits, and as the
    8 bytes that SQLite makes of a whole number. Without `numbers` the words alone."""
    found = {word.encode() for word in words for form in ("utf-8", "utf-16-le") if word.encode(form) in data}
    if not numbers:
        return sorted(found)
    found |= {each for each in _DIGITS.findall(data) if is_marked(int(each))}
    found |= {each for each in _DIGITS.findall(_BETWEEN.sub(b"", data)) if is_marked(int(each))}
    for wide in (data[0::2], data[1::2]) if b"7\0003\0007\000" in data or b"8\0006\0008\000" in data else ():
        found |= {each for each in _DIGITS.findall(wide) if is_marked(int(each))}
    found |= {each for each in _BINARY.findall(data) if is_marked(struct.unpack(">q", each)[0])}
    return sorted(found)


class Firm:
    """A firm whose every cost and margin is a number of its own.

    Attributes:
        marked: how many costs were given away so far; there is a margin for each.
    """

    def __init__(self, house: House, costs: int) -> None:
        self.house = house
        house.person("Hoa", "department")
        self.marked = 0
        self.manager, self.lead, self.an = house.laptop("Minh"), house.laptop("Lan"), house.laptop("An")
        self.products: list[str] = []
        self.lines: list[str] = []
        self.account, self.contact, self.version = house.ids.new(), house.ids.new(), house.ids.new()
        self.proposal = house.ids.new()
        made = [
            create("account", self.account, name="Thép Việt", currency="VND", owner=house.people["An"],
                   internal_note=f"{NOTE} tài khoản", risk="high"),
            create("contact", self.contact, account=self.account, full_name="Bình", internal_note=f"{NOTE} người"),
            create("proposal", self.proposal, account=self.account, title="Báo giá", currency="VND"),
            create("proposal_version", self.version, proposal=self.proposal, number=1, status="draft", currency="VND"),
        ]  # fmt: skip
        assert self.an.told(*made) == ["accepted"] * 4
        firm = create("firm", FIRM_ID, legal_name="Công ty KAM", short_name="KAM")
        assert self.manager.told(firm) == ["accepted"]
        for start in range(0, costs // 2, 2500):
            many = range(start, min(start + 2500, costs // 2))
            assert set(self.manager.told(*_grouped([self._product(n) for n in many]))) == {"accepted"}
            assert set(self.lead.told(*_grouped([self._line(n) for n in many]))) == {"accepted"}

    def cost(self) -> int:
        """A cost that nothing else has."""
        self.marked += 1
        return COST + self.marked * STEP

    def _priced(self) -> dict[str, int]:
        cost = self.cost()
        return {"cost": cost, "price": cost + MARGIN + self.marked * STEP}

    def _product(self, n: int) -> Change:
        self.products.append(self.house.ids.new())
        currency = "VND" if n % 2 else "USD"  # amounts with and without hundredths
        return create("product", self.products[-1], name=f"Hàng {n}", currency=currency, **self._priced())

    def _line(self, n: int) -> Change:
        self.lines.append(self.house.ids.new())
        return create(
            "proposal_line", self.lines[-1], version=self.version, place=n + 1, description=f"Dòng {n}", quantity="1",
            **self._priced(),
        )  # fmt: skip

    def seq(self, entity: str, identity: str) -> int:
        return int(self.house.value(f'select _seq from "{entity}" where id = ?', identity))

    def quarrel(self, many: int = 30) -> None:
        """Conflicts about costs, between two who may see them."""
        for identity in self.products[:many]:
            seen = self.seq("product", identity)
            assert self.manager.told(update("product", identity, seen, cost=self.cost())) == ["accepted"]
        for identity in self.lines[:many]:
            seen = self.seq("proposal_line", identity)
            assert self.lead.told(update("proposal_line", identity, seen, cost=self.cost())) == ["accepted"]
            assert self.manager.told(update("proposal_line", identity, seen, cost=self.cost())) == ["accepted"]
        assert self.house.value("select count(*) from conflict where theirs like '%737373%'") >= many


def _grouped(changes: Sequence[Change]) -> list[list[Change]]:
    return [list(changes[start : start + 500]) for start in range(0, len(changes), 500)]


@contextmanager
def firm_of(folder: Path, costs: int) -> Iterator[Firm]:
    """A firm on SQLite with so many marked costs."""
    database = Database(f"sqlite:///{folder / 'server.db'}")
    yield Firm(furnished(database), costs)
    database.close()


# What the server says.


def told(laptop: Laptop, name: str, **more: Any) -> bytes:
    """Every byte of an answer, or of the problem that came instead."""
    try:
        return orjson.dumps(laptop.call(name, **more))
    except Problem as problem:
        return orjson.dumps(problem.body()) + str(problem).encode() + repr(problem).encode()


def answers(firm: Firm, laptop: Laptop) -> dict[str, bytes]:
    """What the server says to one laptop when it is asked everything that there is to ask, by call."""
    pulled, cursors = [], {}
    while True:
        answer = laptop.call("pull", cursors=cursors, limit=2000)
        pulled.append(orjson.dumps(answer))
        cursors = answer["cursors"]
        if not answer["more"]:
            break
    digests, histories = [], []
    for entity, ids in (("product", firm.products), ("proposal_line", firm.lines), ("account", [firm.account])):
        for start in range(0, len(ids), 1000):
            digests.append(told(laptop, "digest", rows=[[entity, each] for each in ids[start : start + 1000]]))
        histories += [told(laptop, "history", entity=entity, id=each) for each in ids[:: max(1, len(ids) // 50)]]
    digests.append(told(laptop, "digest", scopes=list(cursors)))
    digests += [told(laptop, "digest", below=[[name, "product", ""]]) for name in cursors]
    histories.append(told(laptop, "history", entity="contact", id=firm.contact))
    owner = firm.house.people["An"]
    others = [told(laptop, "hello"), told(laptop, "reconcile", groups=["0" * 32]), told(laptop, "recovered")]
    others += [told(laptop, "reassign", account=firm.account, owner=owner, seen=each) for each in (owner, "x")]
    return {
        "pull": b"\n".join(pulled), "digest": b"\n".join(digests), "history": b"\n".join(histories),
        "other calls": b"\n".join(others),
    }  # fmt: skip


def verdicts(firm: Firm, laptop: Laptop) -> dict[str, bytes]:
    """What comes back when records are written so that the answer would show how they stand."""
    found = []
    for entity, ids in (("product", firm.products), ("proposal_line", firm.lines)):
        for identity in ids[:40]:
            same = {"version": firm.version, "place": 1, "description": "X", "quantity": "1", "price": 1}
            new = same if entity == "proposal_line" else {"name": "X", "currency": "VND"}
            groups = [
                [create(entity, identity, **new, cost=1)],
                [create(entity, identity, **new)],
                [update(entity, identity, 0, cost=1)],
                [update(entity, identity, 0, price=5, cost=2)],
                [update(entity, identity, 0, price=6)],
                [delete(entity, identity, 0)],
            ]
            try:
                found.append(orjson.dumps(laptop.push(*groups)))
            except Problem as problem:
                found.append(orjson.dumps(problem.body()))
    for value in (firm.account, firm.contact):
        entity = "account" if value == firm.account else "contact"
        found.append(orjson.dumps(laptop.push(update(entity, value, 0, internal_note="x"), delete(entity, value, 0))))
    wrong = told(laptop, "push", number=1, groups=[["0" * 32, 1]], parts=[{"entity": "product"}])
    return {"push": b"\n".join(found), "wrong calls": wrong}


def on_the_wire(content: Mapping[str, Any]) -> bytes:
    """A body in each form in which it may travel, and unpacked."""
    found = [messages.pack(content, accepted) for accepted in ((), ("gzip",), ("zstd",))]
    return b"\n".join([each for each, _ in found] + [orjson.dumps(messages.unpack(*each)) for each in found])


# What a laptop keeps.


def held(laptop: RealLaptop, folder: Path, log: str = "", only: str = "") -> dict[str, bytes]:
    """Every byte that a laptop keeps or gives away, by place, as it lies there and deciphered."""
    folder.mkdir(exist_ok=True)
    ways: dict[str, Callable[[], bytes]] = {
        "tables": lambda: _tables(laptop),
        "search": lambda: _search(laptop),
        "pages": lambda: _pages(laptop.store.database.path),
        "journal": lambda: _journal(laptop),
        "backup": lambda: _backup(laptop, folder),
        "dump": lambda: "\n".join(_dumped(laptop)).encode(),
        "exports": lambda: _exports(laptop, folder),
        "files": lambda: _files(laptop.folder),
        "log": log.encode,
    }
    return {place: way() for place, way in ways.items() if only in ("", place)}


def _tables(laptop: RealLaptop) -> bytes:
    """Every value of every table but those of the search index."""
    return b"\n".join(_values(laptop, lambda name: not name.startswith("search")))


def _search(laptop: RealLaptop) -> bytes:
    """The index as it is kept, every word in it, and what it answers."""
    words = _values(laptop, lambda name: name.startswith("search"))
    with laptop.store.database.write() as connection:  # a vocabulary is a table, if only of this connection
        run = connection.exec_driver_sql
        for (name,) in run("select name from sqlite_master where sql like '%using fts5(%'").all():
            run(f"create virtual table temp.v_{name} using fts5vocab(main, '{name}', 'row')")
            words += [str(term).encode() for (term,) in run(f"select term from temp.v_{name}").all()]
            run(f"drop table temp.v_{name}")
    with laptop.store.reader() as reader:
        words += [repr(each).encode() for each in reader.find(NOTE, 50)]
    return b"\n".join(words)


def _values(laptop: RealLaptop, wanted: Callable[[str], bool]) -> list[bytes]:
    values: list[bytes] = []
    with laptop.store.database.read() as connection:
        run = connection.exec_driver_sql
        for name, sql in run("select name, coalesce(sql, '') from sqlite_master where type = 'table'").all():
            if wanted(name) and "virtual table" not in sql.lower():
                for row in run(f'select * from "{name}"').all():
                    values += [_unpacked(each if isinstance(each, bytes) else str(each).encode()) for each in row]
    return values


def _files(folder: Path) -> bytes:
    """Every other file of the profile, and the names of all."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    found = [_unpacked(path.read_bytes()) for path in paths if not path.name.startswith("data.kam")]
    return b"\n".join([*found, *(path.name.encode() for path in paths)])


def _pages(path: Path) -> bytes:
    """The database file and its log, page by page deciphered: free pages and old frames too."""
    found = []
    plain = file_of(path)
    for at in range(0, len(plain), _PAGE):
        found.append(_page(plain[at : at + _PAGE], first=at == 0))
    log = path.with_name(path.name + "-wal")
    frames = file_of(log) if log.exists() else b""
    for at in range(_WAL_HEAD, len(frames) - _FRAME_HEAD, _PAGE + _FRAME_HEAD):
        number = struct.unpack(">I", frames[at : at + 4])[0]
        found.append(_page(frames[at + _FRAME_HEAD : at + _FRAME_HEAD + _PAGE], first=number == 1))
    return b"\n".join([plain, frames, *found])


def file_of(path: Path) -> bytes:
    """A file that SQLite has open, read by another process: closing it in this one would drop SQLite's locks."""
    return subprocess.run(["cat", str(path)], check=True, capture_output=True).stdout


def _page(sealed: bytes, *, first: bool) -> bytes:
    """SQLCipher 4: AES-256-CBC under the raw key; the vector and the seal stand at the end of each page."""
    body, vector = sealed[_SALT if first else 0 : -_RESERVED], sealed[-_RESERVED : -_RESERVED + 16]
    opening = Cipher(AES(KEY.raw()), CBC(vector)).decryptor()
    return opening.update(body) + opening.finalize()


def _journal(laptop: RealLaptop) -> bytes:
    journal = Journal(laptop.folder / "journal", KEY.derive("journal"), laptop.name)
    found = [_unpacked(payload) for _, payload in journal.frames()]
    assert not [each for each in journal.check() if each.kind != "missing"]
    journal.close()
    return b"\n".join(found)


def _backup(laptop: RealLaptop, folder: Path) -> bytes:
    """A backup made now: the file, what is packed in it, and its database deciphered."""
    if not (laptop.folder / "keys.json").exists():
        made = keys.create_key_file(folder, "a" * 32, KEY, laptop.house.clock, recovery=RecoveryKey.new())
        made.save(laptop.folder)
        for name in ("keys.json", "keys.copy.json"):
            (folder / name).unlink(missing_ok=True)
    file = folder / f"{laptop.name}.kambackup"
    backup.backup_to(laptop.store, file)
    found = [file.read_bytes()]
    with zipfile.ZipFile(file) as packed:
        for name in packed.namelist():
            found.append(packed.read(name))
            if name == "data.kam":
                (folder / name).write_bytes(found[-1])
                found.append(_pages(folder / name))
                (folder / name).unlink()
    file.unlink()
    return b"\n".join(found)


def _dumped(laptop: RealLaptop) -> list[str]:
    with laptop.store.reader() as reader:
        return list(lines.dump(reader))


def _exports(laptop: RealLaptop, folder: Path) -> bytes:
    found = []
    with laptop.store.reader() as reader:
        for kind in sorted({entity.name for entity in exporter.kinds().values()}):
            for form in ("xlsx", "csv", "json"):
                path = folder / f"{laptop.name}-{kind}.{form}"
                exporter.export(reader, kind, path)
                found.append(_unpacked(path.read_bytes()))
                path.unlink()
    return b"\n".join(found)


def _unpacked(blob: bytes) -> bytes:
    if blob[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(blob)) as packed:
            return b"\n".join(packed.read(name) for name in packed.namelist())
    if blob[:2] == b"\x1f\x8b":
        return gzip.decompress(blob)
    try:
        return zlib.decompress(blob)
    except zlib.error:
        return blob


# What a customer is given.


def papers(laptop: RealLaptop, firm: Firm) -> dict[str, bytes]:
    """Papers for the customer, set on a laptop that may hold costs: bytes, streams, text as a reader sees it."""
    found: dict[str, bytes] = {}
    with laptop.store.reader() as reader:
        offer = quotation.quotation(reader, firm.proposal, TODAY)
        few = replace(offer, sections=tuple(replace(each, lines=each.lines[:200]) for each in offer.sections))
        for form in ("vi", "en"):
            found[f"quotation {form}"] = _read(renderer.pdf(quotation.paper(few, form), time_s=60))
        made = statement(reader, firm.account, date(2026, 1, 1), TODAY)
        found["statement"] = _read(renderer.pdf(statement_paper(made, "vi"), time_s=60))
    return found


def _read(pdf: bytes) -> bytes:
    """A PDF: as it is, its streams unpacked, its text as it is extracted."""
    found = [pdf]
    for at in re.finditer(rb"stream\r?\n", pdf):
        try:
            found.append(zlib.decompressobj().decompress(pdf[at.end() :]))
        except zlib.error:
            continue
    document = pypdfium2.PdfDocument(pdf)
    found += [str(value).encode() for value in document.get_metadata_dict().values()]
    for page in document:
        text = page.get_textpage()
        found.append(text.get_text_bounded().encode())
        text.close()
        page.close()
    document.close()
    return b"\n".join(found)


def sync(laptop: RealLaptop) -> None:
    """A whole cycle as the program does it, the user's agreement to what goes included."""
    laptop.known()
    cycle.run(laptop.engine, laptop.state, laptop, NoSession(), agreed=True)  # type: ignore[arg-type]


def change_role(house: House, name: str, role: str) -> None:
    """As the administrator does it."""
    with house.database.write() as connection:
        connection.run("update user_account set role = ?, rights = rights + 1 where id = ?", (role, house.people[name]))


NO_COSTS = ("An", "Ngoc", "Hoa", "Admin")
"""A KAM whose account it is, an auditor, somebody of a department, an administrator."""
NO_NOTES = ("Phuong", "Hoa", "Admin", "Dung")
"""Somebody of finance, of a department, an administrator, a KAM of another team."""


@contextmanager
def recorded() -> Iterator[Callable[[], str]]:
    """Everything that is logged meanwhile, down to the finest."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield stream.getvalue
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def found_in(places: Mapping[str, bytes], *words: str, numbers: bool = True) -> dict[str, list[str]]:
    """Places with something in them that must not be there, and the first few of it."""
    return {
        place: [each.decode() if each.isascii() else each.hex() for each in found[:3]]
        for place, data in places.items()
        if (found := leaks(data, *words, numbers=numbers))
    }


def main(words: list[str]) -> int:
    """Every place for everybody who may not see, at full size; one line of JSON for each, 0 when nothing was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--costs", type=int, default=10_000)
    asked = parser.parse_args(words)
    failed = False

    def line(who: str, places: Mapping[str, bytes], *secret: str, may_see: bool = False, numbers: bool = True) -> None:
        nonlocal failed
        found = found_in(places, *secret, numbers=numbers)
        if may_see:  # the control: what is searched for is found where it may be
            failed = failed or len(leaks(b"\n".join(places.values()))) < asked.costs
            found = {place: [str(len(leaks(data)))] for place, data in places.items()}
        else:
            failed = failed or bool(found)
        size = {place: len(data) for place, data in places.items()}
        print(json.dumps({"who": who, "may see": may_see, "found": found, "bytes": size}), flush=True)

    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kam-secrecy-") as name, firm_of(Path(name), asked.costs) as firm:
        folder, house = Path(name), firm.house
        firm.quarrel()
        makers = Makers(folder / "laptops")
        with recorded() as log:
            line("Lan (lead)", answers(firm, firm.lead), may_see=True)
            for person in NO_COSTS:
                laptop = house.laptop(person)
                line(f"{person}: answers", answers(firm, laptop) | verdicts(firm, laptop) | {"log": log().encode()})
            for person in NO_NOTES:
                laptop = house.laptop(person)
                everything = answers(firm, laptop) | verdicts(firm, laptop) | {"log": log().encode()}
                line(f"{person}: answers", everything, NOTE, numbers=False)
            for person in NO_COSTS:
                real = makers.laptop(house, person)
                real.connect()
                sync(real)
                line(f"{person}: laptop", held(real, folder / "out", log()))
                real.close()
            lead = makers.laptop(house, "Lan")
            lead.connect()
            sync(lead)
            line("Lan (lead): laptop", held(lead, folder / "out"), may_see=True)
            line("customer: papers made by Lan", papers(lead, firm), NOTE)
            change_role(house, "Lan", "auditor")
            sync(lead)
            line("Lan, an auditor since: laptop", held(lead, folder / "out", log()))
            lead.close()
    print(json.dumps({"costs": asked.costs, "seconds": round(time.monotonic() - began)}))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
