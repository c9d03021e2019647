"""Traps of e-invoices on a real store, and rows of money tables with anything in their cells."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.entities import FIRM_ID, Account, CreditNote, Firm, Invoice, InvoiceLine
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.ids import RandomIds, derived
from kam_desktop.domain.query import Query
from kam_desktop.services import summary
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.transfer import (
    importer,
    invoice_names,
    invoice_rows,
    money_headers,
    opening_answer,
    receipt_rows,
    sheets,
)
from kam_desktop.transfer.import_plan import Opening, PlannedRow
from tests import makers
from tests.fakes import FakeClock
from tests.makers import Bill, L

TODAY = date(2026, 6, 30)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = FakeClock()
    made = Store.create(tmp_path / "profile", DataKey(b"k" * 32), "profile-1", clock, RandomIds(clock))
    with made.edit("firm") as uow:
        uow.put(Firm(id=FIRM_ID, legal_name=makers.OUR_NAME, tax_code=makers.OUR_CODE))
    yield made
    made.close()


def bring(store: Store, tmp_path: Path, *bills: Bill) -> list[PlannedRow]:
    """The rows of all e-invoices, brought in as files of their own in this order."""
    folder = tmp_path / f"in{len(list(tmp_path.iterdir()))}"
    paths = makers.write_invoices(folder, bills)
    with store.reader() as reader:
        planned = importer.plan(reader, importer.read(paths), None, Opening(everything=True), today=TODAY)
    with store.edit("Import", kind="import") as uow:
        importer.apply(uow, planned)
    return [row for file in planned.files for row in file.rows]


def outcome(rows: Sequence[PlannedRow]) -> list[str]:
    return [row.reason.code if row.reason is not None else row.verdict.value for row in rows]


def every(store: Store, record: type[Record]) -> list[Any]:
    with store.reader() as reader:
        return list(reader.all(Query(record.entity.name)))


def own(number: str, form: str = "1", symbol: str = "C26TAA") -> str:
    return derived("invoice", makers.OUR_CODE, form, symbol, number)


def test_an_invoice_between_our_own_units_is_nothing_to_collect(store: Store, tmp_path: Path) -> None:
    ours, branch = (makers.OUR_NAME, makers.OUR_CODE), ("Chi nhánh", makers.tax_code(1, 1))
    rows = bring(store, tmp_path, Bill(number="1", buyer=branch), Bill(number="2", seller=branch, buyer=ours))
    assert outcome(rows) == ["internal", "internal"]
    assert every(store, Account) == []


def test_a_form_2_invoice_has_its_total_as_net(store: Store, tmp_path: Path) -> None:
    bill = Bill(form="2", lines=(L(10_101_010, rate=""),), net="", tax="", groups=(), total=10_000_000)
    assert outcome(bring(store, tmp_path, bill)) == ["create"]
    invoice = every(store, Invoice)[0]
    assert invoice.id == own("1", form="2")
    assert (invoice.net, invoice.tax, invoice.total) == (10_000_000, 0, 10_000_000)


def test_fees_stand_beside_net_and_tax(store: Store, tmp_path: Path) -> None:
    bring(store, tmp_path, Bill(lines=(L(2_872_514),), fees=(("Phí sân bay", 150_000),), total=3_252_315))
    invoice = every(store, Invoice)[0]
    assert (invoice.net, invoice.tax, invoice.fees, invoice.total) == (2_872_514, 229_801, 150_000, 3_252_315)


def test_a_till_invoice_without_a_buyer_is_the_consumers(store: Store, tmp_path: Path) -> None:
    bill = Bill(symbol="C26MAA", buyer=("", ""))
    folder = tmp_path / "till"
    path = makers.write_invoices(folder, [bill])[0]
    path.write_bytes(path.read_bytes().replace("Nguyễn Văn An".encode(), b""))
    with store.reader() as reader:
        planned = importer.plan(reader, importer.read([path]), None, Opening(everything=True), today=TODAY)
    with store.edit("Import", kind="import") as uow:
        importer.apply(uow, planned)
    assert [each.name for each in every(store, Account)] == ["Bán cho người tiêu dùng"]
    assert every(store, Invoice)[0].symbol == "C26MAA"


def test_foreign_currency_keeps_cents_and_the_rate(store: Store, tmp_path: Path) -> None:
    path = makers.write_invoices(tmp_path / "usd", [Bill(currency="USD", lines=(L(1250, rate="0%"),))])[0]
    path.write_bytes(path.read_bytes().replace(b"<TGia>1</TGia>", b"<TGia>25400.00</TGia>"))
    with store.reader() as reader:
        planned = importer.plan(reader, importer.read([path]), None, Opening(everything=True), today=TODAY)
    with store.edit("Import", kind="import") as uow:
        importer.apply(uow, planned)
    invoice = every(store, Invoice)[0]
    assert (invoice.currency, invoice.total, invoice.exchange_rate) == ("USD", 125_000, Decimal(25_400))


def test_khac_rates_and_discount_lines_are_kept_as_printed(store: Store, tmp_path: Path) -> None:
    lines = (L(1_000_000, rate="KHAC:05.26%"), L(100_000, rate="8%", kind="3"), L(500_000, rate="8%"))
    groups = (("KHAC:05.26%", 1_000_000, 52_600), ("8%", 400_000, 32_000))
    bring(store, tmp_path, Bill(lines=lines, net=1_400_000, tax=84_600, groups=groups))
    found = sorted(every(store, InvoiceLine), key=lambda each: each.place)
    assert [(each.nature, each.tax_rate, each.net) for each in found] == [
        ("goods", "KHAC:5.26%", 1_000_000), ("discount", "8%", 100_000), ("goods", "8%", 500_000),
    ]  # fmt: skip
    assert every(store, Invoice)[0].total == 1_484_600


def test_a_conflict_tells_both_figures(store: Store, tmp_path: Path) -> None:
    bring(store, tmp_path, Bill(number="1"))
    row = bring(store, tmp_path, Bill(number="0001", lines=(L(11_000_000),)))[0]
    assert row.reason is not None
    assert row.reason.code == "conflict"
    assert (row.reason.args["saved"], row.reason.args["here"]) == ("10000000", "11000000")
    same_total = Bill(number="1", net=10_100_000, tax=700_000, groups=(), total=10_800_000)
    assert outcome(bring(store, tmp_path, same_total)) == ["conflict"]
    negative = Bill(number="1", lines=(L(-10_000_000),))
    assert outcome(bring(store, tmp_path, negative)) == ["conflict"]


def test_an_unknown_action_links_only_what_lowers(store: Store, tmp_path: Path) -> None:
    rows = bring(
        store,
        tmp_path,
        Bill(number="1", lines=(L(1000, rate="KCT"),)),
        Bill(number="2", lines=(L(50, rate="KCT"),), related=("9", "1", "C26TAA", "1")),
        Bill(number="3", lines=(L(-100, rate="KCT"),), related=("9", "1", "C26TAA", "1")),
    )
    assert outcome(rows) == ["create"] * 3
    invoices = {each.id: each for each in every(store, Invoice)}
    assert (invoices[own("2")].replaces, invoices[own("2")].adjusts) == ("", "")
    assert every(store, CreditNote)[0].invoice == own("1")


CHAIN = (
    Bill(number="1", lines=(L(1000, rate="KCT"),)),
    Bill(number="2", lines=(L(900, rate="KCT"),), related=("1", "1", "C26TAA", "1"), issued_on="2026-03-06"),
    Bill(number="3", lines=(L(800, rate="KCT"),), related=("1", "1", "C26TAA", "2"), issued_on="2026-03-07"),
)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_replacements_of_replacements_in_every_order(store: Store, tmp_path: Path, order: Sequence[int]) -> None:
    for place in order:
        bring(store, tmp_path, CHAIN[place])
    with store.reader() as reader:
        balances = [summary.ageing(reader, date(2026, 3, day)).total.balance for day in (5, 6, 7)]
    assert balances == [1000, 900, 800]


def test_an_adjustment_finds_an_original_that_a_table_brought_without_symbol(store: Store, tmp_path: Path) -> None:
    titles = ("Số hóa đơn", "Ngày hóa đơn", "Tên khách hàng", "MST", "Tổng tiền")
    path = makers.write_table(tmp_path / "a.xlsx", titles, [(1, "05/03/2026", *makers.BUYERS[0], 1000)])
    with store.reader() as reader:
        planned = importer.plan(reader, importer.read([path]), None, Opening(everything=True), today=TODAY)
    with store.edit("Import", kind="import") as uow:
        importer.apply(uow, planned)
    original = every(store, Invoice)[0].id
    down = Bill(number="2", lines=(L(-100, rate="KCT"),), related=("2", "1", "C26TAA", "1"))
    bring(store, tmp_path, down)
    assert every(store, CreditNote)[0].invoice == original
    with store.reader() as reader:
        assert summary.ageing(reader, TODAY).total.balance == 900


@pytest.mark.parametrize(
    ("titles", "rows"),
    [
        (
            ("STT", "Ký hiệu", "Số hóa đơn", "Số tiền"),
            [(1, "1C26TAA", 42, 100), (2, "C26TBB", "0007", 3), (3, "", "", 9)],
        ),
        (("STT", "Số HĐ", "Ngày"), [(1, "1C26TAA-00000042", "05/03/2026"), (2, "1C26TBB 00000007", "")]),
    ],
)
def test_a_list_of_open_invoices_is_read_by_its_column_of_numbers(
    tmp_path: Path, titles: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    path = makers.write_table(tmp_path / "a.xlsx", titles, rows, above=(["CÒN NỢ"], [None]))
    assert opening_answer.read(f"list:{path}").listed == {("C26TAA", "42"), ("C26TBB", "7")}


# --- anything in the cells ------------------------------------------------------------------------------------------

RAW = st.one_of(
    st.none(), st.text(max_size=30), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(),
    st.dates(), st.datetimes(),
    st.sampled_from(["31/02/2026", "05/03/2026", "1.234.567", "-5", "8%", "KCT", "0,08", "1C26TAA-00000012", "12",
                     "HD 12-99", "đã bị huỷ", "USD", "1,5", "=1+1", "10.000.000 đ", "TT HD 0007957", "1e9", "٣"]),
)  # fmt: skip


def junk(fields: Sequence[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.dictionaries(st.sampled_from(list(fields)), RAW), min_size=1, max_size=4)


def table_of(rows: list[dict[str, Any]]) -> sheets.Table:
    names = sorted({name for row in rows for name in row})
    fields = {name: place for place, name in enumerate(names)}
    cells = [sheets.Row(at, tuple(row.get(name) for name in names)) for at, row in enumerate(rows, 2)]
    return sheets.Table("a", "", 1, tuple(names), fields, tuple(cells))


@given(junk(list(money_headers.INVOICES.synonyms)))
def test_any_cells_give_invoices_or_problems(rows: list[dict[str, Any]]) -> None:
    groups = invoice_rows.read(table_of(rows), "VND")
    assert sum(len(group.rows) for group in groups) == len(rows)
    for group in groups:
        found = None if any(row.problems for row in group.rows) else invoice_rows.figures(group)
        if isinstance(found, invoice_rows.Figures):
            for name in found.printed & {"net", "tax"}:
                assert isinstance(getattr(found, name), int)
            differs = any(note.code == "total_differs" for note in found.notes)
            assert differs or abs(found.net + found.tax + found.fees - found.total) <= max(1, len(group.rows))
        assert found is None or isinstance(found, invoice_rows.Figures | Problem)


@given(junk(list(money_headers.RECEIPTS.synonyms)))
def test_any_cells_give_receipts_or_problems(rows: list[dict[str, Any]]) -> None:
    found = receipt_rows.read(table_of(rows), "VND", TODAY)
    assert len(found) == len(rows)
    for each in found:
        sound = each.amount is not None and each.amount > 0 and each.day is not None and each.day <= TODAY
        assert each.problems or (sound and each.identity)
    again = receipt_rows.read(table_of(rows), "VND", TODAY)
    assert [each.identity for each in again] == [each.identity for each in found]


@given(st.text(max_size=200))
def test_any_text_names_invoices_or_none(text: str) -> None:
    for _, number in [*invoice_names.listed(text), *(each for each, _ in invoice_names.in_memo(text))]:
        assert number == "0" or not number.startswith("0")
