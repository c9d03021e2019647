"""What tests of pages share: a real store behind real lanes, a desk, the words of its window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from kam_desktop import language
from kam_desktop.domain.entities import LOCAL_PERSON_ID, Account, Contact, Instalment, Invoice, Person
from kam_desktop.domain.errors import Broken
from kam_desktop.domain.ids import RandomIds
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.ui import theme
from kam_desktop.ui.background import Background
from kam_desktop.ui.change_feed import ChangeFeed
from kam_desktop.ui.desk import Desk
from tests.fakes import FakeClock

TODAY = date(2026, 11, 23)


@dataclass
class ShellLog:
    """A window that only writes down what it was asked."""

    toasts: list[tuple[str, Callable[[], None] | None, str]] = field(default_factory=list)
    shown: list[tuple[str, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    selection: str = ""

    def toast(self, text: str, undo: Callable[[], None] | None = None, tone: str = "") -> None:
        self.toasts.append((text, undo, tone))

    def show_page(self, key: str, place: str = "") -> None:
        self.shown.append((key, place))

    def note_place(self, place: str) -> None:
        self.shown.append(("", place))

    def set_count(self, key: str, count: int) -> None:
        self.counts[key] = count

    def set_selection_text(self, text: str) -> None:
        self.selection = text


@dataclass
class House:
    """A store with its lanes and desk.

    Attributes:
        broken: what the lanes reported as our own fault; a test that ends with any fails.
    """

    folder: Path
    store: Store
    background: Background
    desk: Desk
    shell: ShellLog
    broken: list[Broken]

    def add(self, *records: Any) -> None:
        """Saves records beside the lanes, as another program would; nothing is published."""
        with self.store.edit("Add") as uow:
            for record in records:
                uow.add(record)

    def read(self, question: Callable[[Any], Any]) -> Any:
        """The answer to a question, at once."""
        with self.store.reader() as reader:
            return question(reader)

    def draft(self, key: str) -> str:
        """The kept draft of that name."""
        rows = self.read(lambda reader: reader.sql("select value from draft where key = :key", {"key": key}))
        return str(rows[0][0]) if rows else ""


@pytest.fixture(scope="session", autouse=True)
def application(qapp: QApplication) -> QApplication:
    """Models and timers need it too; a test that does not name it would depend on another one before it."""
    return qapp


@pytest.fixture
def dressed(qapp: QApplication) -> Iterator[None]:
    """English words and the light theme."""
    language.use("en")
    theme.apply(qapp, "light", 100)
    yield
    language.use("vi")


@pytest.fixture
def house(dressed: None, qtbot: Any, tmp_path: Path) -> Iterator[House]:
    """An open store with nobody in it but the user."""
    clock = FakeClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    ids = RandomIds(clock)
    store = Store.create(tmp_path / "profile", DataKey.new(), "test", clock, ids)
    with store.edit("") as uow:
        uow.add(Person(id=LOCAL_PERSON_ID, full_name="Đỗ Khánh Vy", code="VY"))
    background, shell, broken = Background(ChangeFeed()), ShellLog(), []
    background.broken.connect(broken.append)
    background.open(lambda: store)
    made = House(tmp_path / "profile", store, background, Desk(background, clock, ids, shell, {}), shell, broken)
    yield made
    assert background.close()
    assert not [getattr(each, "details", each) for each in broken]


def account(key: str, name: str, **values: Any) -> Account:
    """A customer with a speaking id."""
    return Account(id=key, name=name, **values)


def invoice(key: str, owner: str, net: int, issued_on: date, due_on: date | None = None) -> list[Any]:
    """An invoice with 8 % of tax and one instalment."""
    tax = net * 8 // 100
    return [
        Invoice(id=key, account=owner, number=key.upper(), issued_on=issued_on, net=net, tax=tax, total=net + tax),
        Instalment(id=f"{key}-1", invoice=key, place=1, amount=net + tax, due_on=due_on),
    ]


def firm_of_three() -> list[Any]:
    """Three customers of classes A, B and C; the first owes 38 days, the second 12."""
    return [
        account("a", "Công ty Cổ phần Sữa Mây Trắng", short_name="Sữa Mây Trắng", industry="Hàng tiêu dùng"),
        account("b", "Công ty TNHH Điện máy Kỳ Vân"),
        account("c", "Công ty TNHH <b>Đậm</b> & Con", short_name="<b>Đậm</b> & Con"),
        Contact(id="p", account="a", full_name="Ngô Thị Ánh Tuyết", phones=("0912345678",), main=True),
        *invoice("i1", "a", 80_000_000, date(2026, 9, 1), date(2026, 10, 16)),
        *invoice("i2", "b", 15_000_000, date(2026, 10, 1), date(2026, 11, 11)),
        *invoice("i3", "c", 5_000_000, date(2026, 11, 20), date(2026, 12, 20)),
    ]
