"""The search for secrets is tested itself: a leak planted in each place must be found."""

from __future__ import annotations

import dataclasses
import gzip
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from kam_desktop.documents import quotation, renderer
from kam_desktop.domain.entities import Product, ProposalLine, Task
from kam_desktop.protocol.messages import Problem
from kam_desktop.server import conflicts, digest, history, pull, rows, verdicts
from kam_desktop.store import backup
from kam_desktop.store.profile import Store
from kam_desktop.store.sync_state import SyncState
from kam_desktop.sync.engine import Engine
from tests.server import secrecy
from tests.server.house import Laptop
from tests.server.secrecy import COST, MARGIN, NOTE, STEP, Firm, found_in, held
from tests.sync.world import KEY, Makers, RealLaptop

VALUE = COST + 2 * STEP
GROUPED = f"{VALUE:,}".replace(",", ".")
Plant = Callable[[RealLaptop, Path, pytest.MonkeyPatch], Any]


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    with secrecy.firm_of(tmp_path_factory.mktemp("plants"), 100) as made:
        made.quarrel(10)
        yield made


@pytest.fixture(scope="module")
def synced(firm: Firm, tmp_path_factory: pytest.TempPathFactory) -> RealLaptop:
    laptop = Makers(tmp_path_factory.mktemp("laptops")).laptop(firm.house, "Admin")
    laptop.connect()
    secrecy.sync(laptop)
    laptop.close()
    return laptop


@pytest.fixture
def laptop(synced: RealLaptop, tmp_path: Path) -> Iterator[RealLaptop]:
    """A laptop of somebody who may see nothing of it, all of whose places are clean."""
    folder = tmp_path / "profile"
    shutil.copytree(synced.folder, folder)
    store = Store.open(folder, KEY, synced.name, synced.house.clock, synced.house.ids)
    state = SyncState(store)
    yield (made := RealLaptop(synced.house, synced.name, folder, store, state, Engine(state)))
    made.close()


@pytest.fixture
def asked(firm: Firm) -> Laptop:
    return firm.house.laptop("An")


# What the server says.


def _all_fields(patch: pytest.MonkeyPatch, module: Any) -> None:
    part, selected = rows.part, rows.selected
    patch.setattr(module, "part", lambda entity, hidden, found: part(entity, frozenset(), found))
    patch.setattr(module, "selected", lambda entity, hidden: selected(entity, frozenset()))


def _conflicts(patch: pytest.MonkeyPatch) -> None:
    told = conflicts.told
    patch.setattr(conflicts, "told", lambda row, hidden: told(row, ()))


def _message(patch: pytest.MonkeyPatch) -> None:
    named = verdicts.named
    patch.setattr(verdicts, "named", lambda problems: [{**each, "args": {"now": GROUPED}} for each in named(problems)])


def _logged(patch: pytest.MonkeyPatch) -> None:
    answer = pull.Pulling.answer

    def chatty(self: Any) -> Any:
        logging.getLogger("kam_desktop.server").debug("row %s", {"cost": VALUE})
        return answer(self)

    patch.setattr(pull.Pulling, "answer", chatty)


SERVER: dict[str, tuple[str, Callable[[pytest.MonkeyPatch], None]]] = {
    "rows of a pull": ("pull", lambda patch: _all_fields(patch, pull)),
    "displaced values": ("pull", _conflicts),
    "rows of a digest": ("digest", lambda patch: _all_fields(patch, rows)),
    "history": ("history", lambda patch: patch.setattr(history, "_shown", lambda text, _: orjson.loads(text or "{}"))),
    "rows beside verdicts": ("push", lambda patch: _all_fields(patch, rows)),
    "what a verdict says": ("push", _message),
    "another answer": (
        "other calls",
        lambda patch: patch.setattr(Problem, "body", lambda self: {"problem": str(VALUE), "message": "", "args": {}}),
    ),
    "a wrong call": (
        "wrong calls",
        lambda patch: patch.setattr(Problem, "body", lambda self: {"problem": str(VALUE), "message": "", "args": {}}),
    ),
    "a sum of a digest": (
        "digest", lambda patch: patch.setattr(digest, "_sum", lambda held: [len(held), VALUE]),
    ),
    "the log": ("log", _logged),
}  # fmt: skip


def _said(firm: Firm, asked: Laptop) -> dict[str, bytes]:
    with secrecy.recorded() as log:
        found = secrecy.answers(firm, asked) | secrecy.verdicts(firm, asked)
        return found | {"log": log().encode()}


@pytest.mark.parametrize("name", SERVER)
def test_a_leak_of_the_server_is_found(
    firm: Firm, asked: Laptop, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    place, plant = SERVER[name]
    plant(monkeypatch)
    assert place in found_in(_said(firm, asked)), name


def test_without_a_leak_nothing_is_found(firm: Firm, asked: Laptop, laptop: RealLaptop, tmp_path: Path) -> None:
    assert not found_in(_said(firm, asked))
    assert not found_in(held(laptop, tmp_path), NOTE)


# What a laptop keeps.


def _sql(statement: str, *values: Any) -> Plant:
    def plant(laptop: RealLaptop, _folder: Path, _patch: pytest.MonkeyPatch) -> None:
        with laptop.store.database.write() as connection:
            connection.exec_driver_sql(statement, values)

    return plant


def _rewritten(laptop: RealLaptop, _folder: Path, _patch: pytest.MonkeyPatch) -> None:
    """A cost that stood in a row and was taken out in the next write: the log still has the page."""
    for value in (VALUE, None):
        with laptop.store.database.write() as connection:
            connection.exec_driver_sql("update product set cost = ?", (value,))


def _freed(laptop: RealLaptop, _folder: Path, _patch: pytest.MonkeyPatch) -> None:
    """Pages full of costs that became free: no table has them any more."""
    with laptop.store.database.write() as connection:
        connection.exec_driver_sql("insert into preference (key, value) values ('x', ?)", (GROUPED * 2000,))
    with laptop.store.database.write() as connection:
        connection.exec_driver_sql("delete from preference where key = 'x'")
    laptop.store.database.checkpoint()


def _edited(laptop: RealLaptop, _folder: Path, _patch: pytest.MonkeyPatch) -> None:
    with laptop.store.edit("Edit") as uow:
        uow.add(Product(id=uow.new_id(), name="Hàng", currency="VND", cost=VALUE))


def _noted(laptop: RealLaptop, _folder: Path, _patch: pytest.MonkeyPatch) -> None:
    with laptop.store.edit("Edit") as uow:
        uow.add(Task(id=uow.new_id(), subject=f"{NOTE} x", owner=laptop.user))


def _packed(laptop: RealLaptop, _folder: Path, patch: pytest.MonkeyPatch) -> None:
    """A backup that tells of a cost in what it says of itself."""
    pack = backup._pack
    patch.setattr(backup, "_pack", lambda file, about, *more: pack(file, {**about, "note": GROUPED}, *more))


def _file(name: str, data: bytes) -> Plant:
    def plant(laptop: RealLaptop, _folder: Path, _patch: pytest.MonkeyPatch) -> None:
        place = laptop.folder / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)

    return plant


LAPTOP: dict[str, tuple[str, Plant]] = {
    "a row": ("tables", _sql("update product set cost = ?", VALUE)),
    "a margin in a cache": ("tables", _sql("insert into preference (key, value) values ('m', ?)", str(MARGIN + STEP))),
    "history": ("tables", _edited),
    "a preference": ("tables", _sql("insert into preference (key, value) values ('x', ?)", GROUPED)),
    "an unknown field": ("tables", _sql("update product set _extra = ?", f'{{"cost": {VALUE}}}')),
    "words of the index": ("search", _noted),
    "a free page": ("pages", _freed),
    "an old page of the log": ("pages", _rewritten),
    "the journal": ("journal", _edited),
    "free pages in a backup": ("backup", _freed),
    "what a backup says": ("backup", _packed),
    "a dump": ("dump", _sql("update product set cost = ?", VALUE)),
    "exports": ("exports", _sql("update product set cost = ?, currency = 'USD'", VALUE)),
    "a crash report": ("files", _file("log/crash.txt", GROUPED.encode())),
    "a file in 16 bits": ("files", _file("x.dat", ("a" + str(VALUE)).encode("utf-16-le"))),
    "a packed file": ("files", _file("x.gz", gzip.compress(str(VALUE).encode()))),
    "a file's name": ("files", _file(f"{VALUE}.txt", b"")),
}  # fmt: skip


@pytest.mark.parametrize("name", LAPTOP)
def test_a_leak_of_a_laptop_is_found(
    laptop: RealLaptop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    place, plant = LAPTOP[name]
    plant(laptop, tmp_path, monkeypatch)
    assert place in found_in(held(laptop, tmp_path / "out", only=place), NOTE), name


# What a customer is given.


def test_a_leak_in_a_paper_is_found(firm: Firm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    laptop = Makers(tmp_path).laptop(firm.house, "Minh")
    laptop.connect()
    secrecy.sync(laptop)
    assert not found_in(secrecy.papers(laptop, firm), NOTE)
    line, pdf = quotation._line, renderer.pdf

    def dear(place: int, each: ProposalLine) -> Any:
        return dataclasses.replace(line(place, each), price=VALUE)

    with monkeypatch.context() as patch:
        patch.setattr(quotation, "_line", dear)
        assert {"quotation vi", "quotation en"} <= set(found_in(secrecy.papers(laptop, firm)))
    with monkeypatch.context() as patch:  # in what a reader does not see
        patch.setattr(renderer, "pdf", lambda *a, **more: pdf(*a, **more) + b"\n% " + GROUPED.encode())
        assert {"quotation vi", "statement"} <= set(found_in(secrecy.papers(laptop, firm)))
    laptop.close()

