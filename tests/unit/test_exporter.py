"""Exports: no text becomes a formula, numbers stay numbers, our own import reads them back."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from kam_desktop.domain.entities import (
    Account,
    Allocation,
    Contact,
    Instalment,
    Invoice,
    InvoiceLine,
    PriceList,
    PriceListItem,
    Product,
    Receipt,
)
from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.query import Query
from kam_desktop.language import use
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.transfer import exporter, importer, sheets
from kam_desktop.transfer.import_plan import Verdict
from tests.fakes import FakeClock

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'", "''", "'=")
BODIES = (
    "1+1", "cmd|'/c calc'!A0", 'HYPERLINK("http://example.invalid","x")', "SUM(A1:A9)", "@x", "", "'", "-1", "0912",
    'IMPORTXML("http://example.invalid","//a")',
)  # fmt: skip
PAYLOADS = [start + more + body for start in STARTS for more in ("", " ", start, "+") for body in BODIES]


def test_there_are_five_hundred_payloads() -> None:
    assert len(PAYLOADS) >= 500


def test_no_payload_is_a_formula_in_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    exporter.write_table(path, ["=evil()", "b"], [[text, -5] for text in PAYLOADS])
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    rows = list(sheet.iter_rows())
    assert all(cell.data_type != "f" for row in rows for cell in row)
    assert all(cell.hyperlink is None for row in rows for cell in row)
    assert [row[1].value for row in rows[1:]] == [-5] * len(PAYLOADS)


def test_no_payload_is_a_formula_in_csv_and_all_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    exporter.write_table(path, ["Tên KH", "MST"], [[text, -5] for text in PAYLOADS])
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    dangerous = tuple("=+-@\t\r\n＝＋－＠")
    assert not [row[0] for row in rows[1:] if row[0].startswith(dangerous)]
    assert {row[1] for row in rows[1:]} == {"-5"}
    read, _ = sheets.read_sheets(path)
    back = [str(row.cells[0]) for row in read[0].rows[1:]]
    assert back == PAYLOADS


def test_values_keep_their_kind(tmp_path: Path) -> None:
    row = ["Đặng", 1_500_000, Decimal("2.5"), date(2026, 3, 5), True, ("a", "b"), None, 10**17, "0912345678"]
    headers = [f"c{n}" for n in range(len(row))]
    exporter.write_table(tmp_path / "a.xlsx", headers, [row])
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert sheet is not None
    values = [cell.value for cell in list(sheet.iter_rows())[1]]
    assert values[:3] == ["Đặng", 1_500_000, 2.5]
    assert values[3].date() == date(2026, 3, 5)  # type: ignore[union-attr]
    assert values[4:] == [True, "a; b", None, "100000000000000000", "0912345678"]
    exporter.write_table(tmp_path / "a.json", headers, [row])
    assert json.loads((tmp_path / "a.json").read_text("utf-8"))[0]["c0"] == "Đặng"


def test_only_known_endings_and_writable_places(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        exporter.write_table(tmp_path / "a.txt", ["a"], [])
    with pytest.raises(Unavailable):
        exporter.write_table(tmp_path / "absent" / "a.csv", ["a"], [])
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = FakeClock()
    made = Store.create(tmp_path / "profile", DataKey(b"k" * 32), "profile-1", clock, RandomIds(clock))
    with made.edit("some") as uow:
        one = Account(
            id=uow.new_id(), name="=Công ty Một", tax_code="9900000014", credit_limit=10_000_000, payment_days=30,
            tier="A", tags=("thân", "lớn"), phone="+84 912 345 678", email="a@mot.example", address="-1 Huế",
            founded_on=date(2020, 2, 1), internal_note="'ghi chú", industry="@Thép",
        )  # fmt: skip
        uow.add(one)
        uow.add(Account(id=uow.new_id(), name="'=Hai", parent=one.id))
        uow.add(Contact(id=uow.new_id(), account=one.id, full_name="An"))
    yield made
    made.close()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_an_export_of_accounts_reads_back_unchanged(store: Store, tmp_path: Path, form: str, language: str) -> None:
    use(language)
    path = tmp_path / f"accounts.{form}"
    try:
        with store.reader() as reader:
            assert exporter.export(reader, "accounts", path) == 2
            planned = importer.plan(reader, importer.read([path]))
    finally:
        use("vi")
    assert planned.problems == ()
    assert [(row.verdict, row.changes) for row in planned.files[0].rows] == [(Verdict.UNCHANGED, ())] * 2


def test_json_is_the_wire_form(store: Store, tmp_path: Path) -> None:
    with store.reader() as reader:
        exporter.export(reader, "account", tmp_path / "a.json")
        names = {each.id for each in reader.all(Query("account"))}
    written = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert {each["id"] for each in written} == names
    assert {each["entity"] for each in written} == {"account"}
    with store.reader() as reader, pytest.raises(Refused):
        exporter.export(reader, "nothing", tmp_path / "b.json")


def test_amounts_take_the_currency_of_what_they_hang_on(store: Store, tmp_path: Path) -> None:
    """A price of a list in dollars, and an instalment and a line of an invoice in dollars, are no dong."""
    with store.edit("Dollars") as uow:
        uow.add(Account(id="usd", name="Dollar", currency="USD"))
        uow.add(Product(id="p", name="Banner", currency="USD", price=12_345))
        uow.add(PriceList(id="list", name="Dollars", currency="USD"))
        uow.add(PriceListItem(id="item", price_list="list", product="p", price=9_950))
        uow.add(Invoice(id="i", account="usd", number="1", issued_on=date(2026, 3, 5), currency="USD", net=5, total=5))
        uow.add(InvoiceLine(id="l", invoice="i", place=1, net=1_05))
        uow.add(Instalment(id="part", invoice="i", place=1, amount=2_50))
        uow.add(Receipt(id="r", account="usd", received_on=date(2026, 3, 6), amount=2_50, currency="USD"))
        uow.add(Allocation(id="a", instalment="part", receipt="r", amount=2_50, allocated_on=date(2026, 3, 6)))
    wanted = {"product": "123.45", "price_list_item": "99.50", "invoice_line": "1.05", "instalment": "2.50",
              "allocation": "2.50"}  # fmt: skip
    for kind, amount in wanted.items():
        path = tmp_path / f"{kind}.csv"
        with store.reader() as reader:
            exporter.export(reader, kind, path)
        assert amount in path.read_text("utf-8-sig"), kind
