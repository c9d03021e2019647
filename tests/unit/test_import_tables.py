"""Contacts, products and prices as tables: recognised, told by telephone, once and again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kam_desktop.domain.entities import (
    ENTITIES,
    FIRM_ID,
    Account,
    Contact,
    Firm,
    PriceList,
    PriceListItem,
    Product,
)
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.query import Query
from kam_desktop.language import use
from kam_desktop.protocol.codec import to_wire
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.transfer import column_memory, exporter, import_columns, import_report, importer
from kam_desktop.transfer.account_index import close_names
from kam_desktop.transfer.import_plan import Verdict
from kam_desktop.transfer.import_report import ImportReport
from kam_desktop.transfer.importer import ImportPlan
from kam_desktop.transfer.table_finder import Choice
from tests import makers
from tests.fakes import FakeClock

FIRST, SECOND = makers.BUYERS[0], makers.BUYERS[1]
PERSON_TITLES = ["Họ và tên", "Công ty", "Chức vụ", "Điện thoại", "Email", "Ngày sinh"]
PRODUCT_TITLES = ["Mã hàng", "Tên hàng", "ĐVT", "Đơn giá", "Giá vốn", "Thuế suất", "Nhóm hàng"]
PRICE_TITLES = ["Bảng giá", "Mã hàng", "Đơn giá", "Số lượng từ", "Từ ngày", "Đến ngày"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = FakeClock()
    made = Store.create(tmp_path / "profile", DataKey(b"k" * 32), "profile-1", clock, RandomIds(clock))
    with made.edit("start") as uow:
        uow.put(Firm(id=FIRM_ID, legal_name=makers.OUR_NAME, tax_code=makers.OUR_CODE))
        for name, code in makers.BUYERS:
            uow.put(Account(id=uow.new_id(), name=name, tax_code=code))
    yield made
    made.close()


def planned(store: Store, *paths: Path, kind: str | None = None, choices: Any = None) -> ImportPlan:
    with store.reader() as reader:
        return importer.plan(reader, importer.read(paths), kind, choices=choices)


def bring(store: Store, *paths: Path, kind: str | None = None, choices: Any = None) -> ImportReport:
    """Preview, then import: what the preview said must be what the import did."""
    plan = planned(store, *paths, kind=kind, choices=choices)
    with store.edit("Import", kind="import") as uow:
        report = importer.apply(uow, plan)
    assert report.records == plan.records
    assert [each.created for each in report.files] == [each.count(Verdict.CREATE) for each in plan.files]
    return report


def every(store: Store, record: type[Record]) -> list[Any]:
    with store.reader() as reader:
        return list(reader.all(Query(record.entity.name)))


def dump(store: Store) -> list[str]:
    return sorted(json.dumps(to_wire(each), sort_keys=True) for record in ENTITIES for each in every(store, record))


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, skipped."""
    files = report.files
    created, updated = sum(each.created for each in files), sum(each.updated for each in files)
    return created, updated, sum(each.unchanged for each in files), sum(len(each.skipped) for each in files)


def skipped(report: ImportReport) -> list[tuple[int, str]]:
    return [(row.row, row.reason.code if row.reason else "") for file in report.files for row in file.skipped]


def write(tmp_path: Path, titles: Sequence[Any], *rows: Sequence[Any], name: str = "a.xlsx") -> Path:
    return makers.write_table(tmp_path / name, titles, rows)


# --- contacts -------------------------------------------------------------------------------------------------------


def test_contacts_come_to_customers_that_are_there(store: Store, tmp_path: Path) -> None:
    path = write(
        tmp_path,
        PERSON_TITLES,
        ["Chị Nguyễn Thị Ánh", FIRST[0].upper(), "Kế toán trưởng", 912345678, "anh@x.example", "05/03/1985"],
        ["Trần Văn Bình", "Đặng Gia Phát", "", "'0987.654.321; 024 3825 1234", "binh@x.example binh2@x.example", ""],
        ["Lê Văn Lạ", "Công ty Không Có", "", "", "", ""],
        ["", FIRST[0], "", "0911 111 111", "", ""],
        ["Phạm Thị Sai", FIRST[0], "", "", "", "31/02/1990"],
    )
    before = dump(store)
    report = bring(store, path)
    assert counts(report) == (2, 0, 0, 3)
    assert skipped(report) == [(4, "no_account"), (5, "no_name"), (6, "no_such_day")]
    names = {each.id: each.name for each in every(store, Account)}
    found = {each.full_name: each for each in every(store, Contact)}
    first, second = found["Nguyễn Thị Ánh"], found["Trần Văn Bình"]
    assert (names[first.account], first.honorific, first.position, first.phones, first.birthday, first.main) == (
        FIRST[0], "Chị", "Kế toán trưởng", ("0912345678",), date(1985, 3, 5), True,
    )  # fmt: skip
    assert (names[second.account], second.emails) == (SECOND[0], ("binh@x.example", "binh2@x.example"))
    after = dump(store)
    again = bring(store, path)
    assert (counts(again), again.step) == ((0, 0, 2, 3), None)
    assert dump(store) == after
    store.undo(report.step)
    assert dump(store) == before


@pytest.mark.parametrize(
    ("row", "verdict", "people"),
    [
        # by name, in any spelling
        (["NGUYEN THI ANH", "0900 000 001", ""], Verdict.UPDATE, 1),
        # by telephone, the names share a word
        (["Nguyễn Ánh", "+84 912 345 678", ""], Verdict.UPDATE, 1),
        (["Ánh", "", "ANH@x.example"], Verdict.UPDATE, 1),
        # the telephone of the office is no person
        (["Lê Văn Tám", "0912345678", ""], Verdict.CREATE, 2),
        (["Nguyễn Thị Ánh", "0912 345 678", "anh@x.example"], Verdict.UNCHANGED, 1),
        (["Nguyễn Thị Ánh", "", ""], Verdict.UNCHANGED, 1),
        # another person of the same family name
        (["Nguyễn Văn Bảy", "0900 000 002", ""], Verdict.CREATE, 2),
    ],
)
def test_a_contact_is_recognised(store: Store, tmp_path: Path, row: list[str], verdict: Verdict, people: int) -> None:
    titles = ["Họ và tên", "Điện thoại", "Email", "MST"]
    bring(store, write(tmp_path, titles, ["Nguyễn Thị Ánh", "0912345678", "anh@x.example", FIRST[1]]))
    path = write(tmp_path, titles, [*row, FIRST[1]], name="b.xlsx")
    assert [each.verdict for each in planned(store, path).files[0].rows] == [verdict]
    bring(store, path)
    found = every(store, Contact)
    assert len(found) == people
    assert "0912345678" in {phone for each in found for phone in each.phones}
    assert counts(bring(store, path)) == (0, 0, 1, 0)


def test_two_rows_of_one_contact_add_and_never_contradict(store: Store, tmp_path: Path) -> None:
    titles = [*PERSON_TITLES, "Zalo", "Liên hệ chính", "Ngôn ngữ", "Danh xưng"]
    path = write(
        tmp_path,
        titles,
        ["Nguyễn Thị Ánh", FIRST[0], "Kế toán", "0912345678", "", "", "0912345678", "", "Tiếng Anh", "Bà"],
        ["Nguyễn Thị Ánh", FIRST[0], "", "0912 345 679", "", "", "", "x", "", ""],
        ["Nguyễn Thị Ánh", FIRST[0], "Giám đốc", "", "", "", "", "", "", ""],
    )
    report = bring(store, path)
    assert (counts(report), skipped(report)) == ((1, 1, 0, 1), [(4, "contradiction")])
    person = every(store, Contact)[0]
    assert (person.position, person.phones, person.language, person.main, person.honorific, person.zalo) == (
        "Kế toán", ("0912345678", "0912 345 679"), "en", True, "Bà", "0912345678",
    )  # fmt: skip


# --- products -------------------------------------------------------------------------------------------------------


def test_products_come_in_with_price_cost_and_tax(store: Store, tmp_path: Path) -> None:
    path = write(
        tmp_path,
        PRODUCT_TITLES,
        ["SP01", "Gói quảng cáo", "gói", "12.500.000", 9000000, "8%", "Truyền thông"],
        ["SP02", "Phần mềm", "bản", "1.000.000 đ", "", "KCT", ""],
        ["SP03", "Thép cuộn", "tấn", "15,500,000", "", 0.1, "Thép"],
        ["SP04", "Xuất khẩu", "lô", 5, "", "0%", ""],
        ["SP05", "Giá lạ", "cái", "một trăm", "", "", ""],
        ["SP06", "Thuế lạ", "cái", "", "", "17 phần", ""],
        ["SP07", "", "cái", "", "", "", ""],
    )
    report = bring(store, path)
    assert counts(report) == (4, 0, 0, 3)
    assert skipped(report) == [(6, "unreadable_amount"), (7, "unknown_tax_rate"), (8, "no_name")]
    found = {each.code: each for each in every(store, Product)}
    assert {code: (each.price, each.tax_category, each.tax_rate) for code, each in found.items()} == {
        "SP01": (12_500_000, "reduced", ""),
        "SP02": (1_000_000, "fixed", "KCT"),
        "SP03": (15_500_000, "standard", ""),
        "SP04": (5, "fixed", "0%"),
    }
    assert (found["SP01"].cost, found["SP01"].line, found["SP01"].unit) == (9_000_000, "Truyền thông", "gói")
    after = dump(store)
    assert counts(bring(store, path)) == (0, 0, 4, 3)
    assert dump(store) == after


def test_products_are_recognised_by_code_then_by_folded_name(store: Store, tmp_path: Path) -> None:
    bring(store, write(tmp_path, PRODUCT_TITLES[:4], ["SP01", "Gói quảng cáo", "gói", 1], ["", "Thiết kế", "giờ", 2]))
    path = write(
        tmp_path,
        PRODUCT_TITLES[:4],
        ["sp01", "Gói quảng cáo lớn", "", 3],  # by code: the name is corrected
        ["SP02", "THIET KE", "", ""],  # by folded name: the code is added, the accents stay
        ["SP03", "Gói quảng cáo lớn", "", 4],  # another code is another product
        ["SP03", "Gói quảng cáo lớn", "", 5],
        name="b.xlsx",
    )
    plan = planned(store, path)
    assert [(each.field, each.old, each.new) for each in plan.files[0].rows[0].changes][-2:] == [
        ("name", "Gói quảng cáo", "Gói quảng cáo lớn"), ("price", 1, 3),
    ]  # fmt: skip
    report = bring(store, path)
    assert (counts(report), skipped(report)) == ((1, 2, 0, 1), [(5, "contradiction")])
    assert {(each.code, each.name, each.price) for each in every(store, Product)} == {
        ("sp01", "Gói quảng cáo lớn", 3), ("SP02", "Thiết kế", 2), ("SP03", "Gói quảng cáo lớn", 4),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "rate"),
    [("8%", "8%"), (8, "8%"), (0.08, "8%"), ("10,0 %", "10%"), (0, "0%"), ("Không chịu thuế", "KCT"),
     ("kct", "KCT"), ("KKKNT", "KKKNT"), ("KHAC:08.00%", "KHAC:08.00%"), (0.05, "5%")],
)  # fmt: skip
def test_tax_rates_are_read_from_cells(store: Store, tmp_path: Path, cell: Any, rate: str) -> None:
    from kam_desktop.transfer.import_products import rate_of

    assert rate_of(cell) == rate


# --- prices ---------------------------------------------------------------------------------------------------------


def test_price_lists_are_made_and_prices_updated(store: Store, tmp_path: Path) -> None:
    bring(store, write(tmp_path, PRODUCT_TITLES[:3], ["SP01", "Gói quảng cáo", "gói"], ["SP02", "Thiết kế", "giờ"]))
    before = dump(store)
    path = write(
        tmp_path,
        PRICE_TITLES,
        ["Giá 2026", "SP01", "12.000.000", "", "01/01/2026", "31/12/2026"],
        ["Giá 2026", "SP01", "11.000.000", 10, "01/01/2026", ""],
        ["GIÁ 2026", "SP02", 500_000, "", "", ""],
        ["Giá 2027", "SP02", 600_000, "", "01/01/2027", ""],
        ["Giá 2026", "SP99", 1, "", "", ""],
        ["Giá 2026", "SP01", "", 20, "", ""],
        ["Giá 2026", "SP02", 700_000, "", "", ""],
        name="b.xlsx",
    )
    report = bring(store, path)
    assert skipped(report) == [(6, "no_product"), (7, "no_price"), (8, "contradiction")]
    assert counts(report) == (4, 0, 0, 3)
    lists = {each.name: each for each in every(store, PriceList)}
    assert lists.keys() == {"Giá 2026", "Giá 2027"}
    assert (lists["Giá 2026"].begins_on, lists["Giá 2026"].ends_on) == (date(2026, 1, 1), date(2026, 12, 31))
    assert sorted((each.price, each.from_quantity) for each in every(store, PriceListItem) if each.from_quantity) == [
        (11_000_000, Decimal(10))
    ]
    after = dump(store)
    assert counts(bring(store, path)) == (0, 0, 4, 3)
    assert dump(store) == after
    changed = write(tmp_path, PRICE_TITLES[:3], ["Giá 2026", "SP02", 550_000], name="c.xlsx")
    second = bring(store, changed)
    assert counts(second) == (0, 1, 0, 0)
    store.undo(second.step)
    assert dump(store) == after
    store.undo(report.step)
    assert dump(store) == before


def test_a_price_list_for_one_customer_or_tier(store: Store, tmp_path: Path) -> None:
    products = write(tmp_path, PRODUCT_TITLES[:3], ["SP01", "Gói quảng cáo", "gói"])
    prices = write(
        tmp_path,
        ["Bảng giá", "Tên hàng", "Giá bán", "Khách hàng", "Hạng", "Loại tiền"],
        ["Riêng", "goi quang cao", "1,234.50", FIRST[0], "", "USD"],
        ["Hạng A", "Gói quảng cáo", 2_000_000, "", "A", ""],
        ["Hạng A", "Gói quảng cáo", 2_000_000, "Công ty Lạ", "", ""],
        name="prices.xlsx",
    )
    report = bring(store, prices, products)  # whatever the order of the files
    assert counts(report) == (3, 0, 0, 1)
    lists = {each.name: each for each in every(store, PriceList)}
    account = next(each for each in every(store, Account) if each.name == FIRST[0])
    assert (lists["Riêng"].account, lists["Riêng"].currency, lists["Hạng A"].tier) == (account.id, "USD", "A")
    assert sorted(each.price for each in every(store, PriceListItem)) == [123_450, 2_000_000]


def test_a_price_list_is_called_after_the_file_when_no_column_names_it(store: Store, tmp_path: Path) -> None:
    bring(store, write(tmp_path, PRODUCT_TITLES[:3], ["SP01", "Gói quảng cáo", "gói"]))
    bring(store, write(tmp_path, ["Mã hàng", "Giá bán", "Từ ngày"], ["SP01", 5, "01/01/2026"], name="Gia_le.xlsx"))
    assert [each.name for each in every(store, PriceList)] == ["Gia le"]


# --- customers by telephone -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "close"),
    [
        ("Công ty TNHH Sao Mai", "CTY SAO MAI", True),
        ("Công ty CP Sữa Đồng Xanh", "Sữa Đồng Xanh Hà Nội", True),
        ("Công ty TNHH Đặng Gia Phát", "Đặng Gia Phat", True),
        ("Công ty TNHH Thép Trường Lĩnh", "Thép Trường Lỉnh", True),
        ("Sao Mai", "Sao Hôm", False),
        ("Công ty TNHH An", "Công ty CP An Phát", False),
        ("Công ty TNHH Minh Anh", "Công ty TNHH Hoàng Long", False),
        ("", "Sao Mai", False),
        ("Công ty TNHH", "Công ty Cổ phần", False),
    ],
)
def test_names_that_are_close(one: str, other: str, close: bool) -> None:
    assert close_names(one, other) is close
    assert close_names(other, one) is close


SAVED = [("Công ty TNHH Sao Mai", "", "024 3825 1234"), ("Gỗ Ấm Phương Nam", makers.tax_code(60), "0912 345 678")]


@pytest.mark.parametrize(
    ("row", "verdict", "note"),
    [
        (["Sao Mai", "", "(024) 3825-1234"], Verdict.UNCHANGED, "by_phone"),
        (["CTY CP Sao Mai", makers.tax_code(61), "02438251234"], Verdict.UPDATE, "by_phone"),  # its code is added
        (["Hoàng Long", "", "024 38251234"], Verdict.CREATE, "same_phone"),
        (["Gỗ Ấm", makers.tax_code(62), "+84 912 345 678"], Verdict.CREATE, "same_phone"),  # the codes contradict
        (["Gỗ Ấm", "", "84912345678"], Verdict.UNCHANGED, "by_phone"),
        (["Sao Mai", "", "113"], Verdict.CREATE, ""),
        (["Sao Mai", "", ""], Verdict.CREATE, ""),
        (["Công ty Sao Mai Hai", "", "024 3825 1234"], Verdict.UNCHANGED, "by_phone"),
    ],
)
def test_a_customer_is_recognised_by_telephone_only_when_the_name_is_close(
    store: Store, tmp_path: Path, row: list[str], verdict: Verdict, note: str
) -> None:
    titles = ["Tên KH", "MST", "Điện thoại"]
    bring(store, write(tmp_path, titles, *SAVED))
    plan = planned(store, write(tmp_path, titles, row, name="b.xlsx"))
    found = plan.files[0].rows[0]
    assert (found.verdict, [each.code for each in found.notes]) == (verdict, [note] if note else [])
    bring(store, tmp_path / "b.xlsx")
    names = {name for name, _, _ in SAVED} - ({SAVED[0][0]} if verdict is Verdict.UPDATE else set())
    assert names <= {each.name for each in every(store, Account)}
    assert counts(bring(store, tmp_path / "b.xlsx")) == (0, 0, 1, 0)


def test_a_telephone_of_two_customers_tells_neither(store: Store, tmp_path: Path) -> None:
    titles = ["Tên KH", "MST", "Điện thoại"]
    bring(store, write(tmp_path, titles, ["Sao Mai Một", makers.tax_code(70), "0912345678"],
                       ["Sao Mai Hai", makers.tax_code(71), "0912345678"]))  # fmt: skip
    found = planned(store, write(tmp_path, titles, ["Sao Mai", "", "0912345678"], name="b.xlsx")).files[0].rows[0]
    assert (found.verdict, [each.code for each in found.notes]) == (Verdict.CREATE, ["same_phone"])


# --- columns that a person sets -------------------------------------------------------------------------------------


def test_what_a_person_set_is_remembered_for_the_same_titles(store: Store, tmp_path: Path) -> None:
    titles = ["Khách", "Mã nội bộ", "Tên đầy đủ"]
    path = write(tmp_path, titles, ["KH01", "x", "Công ty Một"])
    file = planned(store, path).files[0]
    assert [(each.title, each.field, each.samples) for each in import_columns.columns(file)] == [
        ("Khách", "", ("KH01",)), ("Mã nội bộ", "", ("x",)), ("Tên đầy đủ", "name", ("Công ty Một",)),
    ]  # fmt: skip
    choice = import_columns.set_column(file, 0, "short_name")
    report = bring(store, path, choices={str(path): choice})
    assert counts(report) == (1, 0, 0, 0)
    assert "KH01" in {each.short_name for each in every(store, Account)}
    # another file with the same titles, in another spelling
    other = write(tmp_path, ["KHÁCH", "Mã nội bộ:", "Tên đầy đủ"], ["KH02", "y", "Công ty Hai"], name="b.xlsx")
    file = planned(store, other).files[0]
    assert file.remembered
    assert next(each.code for each in file.notes) == "remembered_columns"
    bring(store, other)
    assert {"KH01", "KH02"} <= {each.short_name for each in every(store, Account)}


def test_a_column_set_twice_is_free_again_and_the_kind_can_be_set(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path, ["Tên hàng", "Mã hàng", "Đơn giá"], ["Gói", "SP01", 5])
    file = planned(store, path).files[0]
    assert (file.kind, file.fields) == ("products", {"code": 1, "name": 0, "price": 2})
    changed = import_columns.set_column(file, 1, "name")
    assert changed.fields == {"name": 1, "price": 2}
    lacking = planned(store, path, choices={str(path): import_columns.set_column(file, 0, "")}).files[0]
    assert (lacking.problem is not None, lacking.headers) == (True, ("Tên hàng", "Mã hàng", "Đơn giá"))
    with pytest.raises(Refused):
        bring(store, path, choices={str(path): import_columns.set_column(file, 0, "")})
    kind = planned(store, path, choices={str(path): import_columns.set_kind(file, "prices")}).files[0]
    assert (kind.kind, kind.problem.message if kind.problem else "") == (
        "prices",
        "No header row was found: a table of prices needs the columns “Product code” or “Product name”, “Unit price”, "
        "and “Price list” (or from when, from what quantity or for whom it is).",
    )
    assert {each.name for each in import_columns.fields_of("products") if each.required} >= {"name", "code"}
    assert ("prices", "Price lists") in import_columns.kinds()


def test_a_table_whose_titles_say_nothing_can_be_set_by_hand(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path, ["Cột A", "Cột B"], ["Công ty Một", "1 Huế"])
    file = planned(store, path).files[0]
    assert (file.kind, file.problem is not None, file.headers) == ("", True, ("Cột A", "Cột B"))
    first = import_columns.set_column(file, 0, "name")
    file = planned(store, path, choices={str(path): first}).files[0]
    second = import_columns.set_column(file, 1, "address")
    assert counts(bring(store, path, choices={str(path): second})) == (1, 0, 0, 0)
    assert ("Công ty Một", "1 Huế") in {(each.name, each.address) for each in every(store, Account)}
    assert counts(bring(store, path)) == (0, 0, 1, 0)


def test_fifty_header_rows_are_remembered_and_a_spoilt_memory_is_none(store: Store) -> None:
    for number in range(60):
        with store.edit("remember") as uow:
            column_memory.remember(uow, [Choice("accounts", {"name": 0}, (f"cot {number}",))])
    with store.reader() as reader:
        kept = column_memory.load(reader)
    assert list(kept) == [(f"cot {number}",) for number in range(59, 9, -1)]
    for spoilt in ("[", '{"a": 1}', '[{"titles": 1}]', "null"):
        with store.edit("spoil") as uow:
            uow.set_preference(column_memory.KEY, spoilt)
        with store.reader() as reader:
            assert column_memory.load(reader) == {}


def test_the_kind_given_by_the_command_is_obeyed(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path, ["Tên công ty", "Người liên hệ", "Chức vụ"], [FIRST[0], "Anh Minh", "Giám đốc"])
    assert planned(store, path).files[0].kind == "accounts"
    assert planned(store, path).files[0].other_kinds == ("contacts",)
    assert counts(bring(store, path, kind="contacts")) == (1, 0, 0, 0)
    assert [each.full_name for each in every(store, Contact)] == ["Minh"]
    file = planned(store, path).files[0]
    assert (file.kind, file.remembered) == ("contacts", True)
    assert planned(store, path, kind="accounts").files[0].kind == "accounts"
    refused = planned(store, path, kind="products").files[0].problem
    assert refused is not None
    assert "Product name" in refused.message


# --- what is no data ------------------------------------------------------------------------------------------------


def test_titles_totals_column_numbers_notes_and_signatures_are_no_rows(store: Store, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    rows: list[list[Any]] = [
        ["CÔNG TY TNHH TRUYỀN THÔNG MÂY LÀNH", None, None, None, "Mẫu số 01"],
        ["DANH SÁCH HÀNG HOÁ"],
        ["Từ ngày 01/01/2026 đến ngày 31/12/2026"],
        [],
        ["STT", "Mã hàng", "Tên hàng", "ĐVT", "Đơn giá"],
        ["(1)", "(2)", "(3)", "(4)", "(5)"],
        [1, "SP01", "Gói quảng cáo", "gói", "1.000.000"],
        [],
        ["STT", "Mã hàng", "Tên hàng", "ĐVT", "Đơn giá"],
        [2, "SP02", "Tổng đài", "gói", "2.000.000"],
        [3, "SP03", "", "gói", "3.000.000"],
        [None, None, "Tổng cộng", None, 6_000_000],
        ["Số dòng = 3"],
        [],
        ["Ghi chú: giá chưa gồm thuế"],
        [None, None, None, "Hà Nội, ngày 05 tháng 03 năm 2026"],
        ["Người lập biểu", None, "Giám đốc"],
        [None, None, "(Ký, họ tên)"],
    ]
    for row in rows:
        sheet.append(row)
    sheet.merge_cells("A2:E2")
    path = tmp_path / "a.xlsx"
    workbook.save(path)
    file = planned(store, path).files[0]
    assert [(row.row, row.verdict) for row in file.rows] == [
        (7, Verdict.CREATE), (10, Verdict.CREATE), (11, Verdict.SKIP),
    ]  # fmt: skip
    assert [each.args["rows"] for each in file.notes if each.code == "rows_left_out"] == [
        "6, 9, 12, 13, 15, 16, 17, 18"
    ]


@pytest.mark.parametrize("name", ["Tổng công ty Điện lực", "Cộng Hoà", "Tổng cục Thống kê", "Kế toán Thiên Ưng Hà Nội"])
def test_customers_whose_names_sound_like_totals_are_customers(store: Store, tmp_path: Path, name: str) -> None:
    path = write(
        tmp_path, ["Tên KH", "MST", "Điện thoại", "Địa chỉ"], ["Một", "", "", ""], [name, "", "0912345678", "Huế"]
    )
    assert counts(bring(store, path)) == (2, 0, 0, 0)


def test_titles_over_two_rows_are_read_together(store: Store, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Tên khách hàng", "MST", "Liên hệ", None, None, "Địa chỉ"])
    sheet.append([None, None, "Họ tên", "Chức vụ", "Di động", None])
    sheet.append(["Công ty Một", makers.tax_code(80), "Chị Lan", "Kế toán", "0912345678", "1 Huế"])
    for merged in ("A1:A2", "B1:B2", "C1:E1", "F1:F2"):
        sheet.merge_cells(merged)
    path = tmp_path / "a.xlsx"
    workbook.save(path)
    file = planned(store, path).files[0]
    assert file.headers[2:4] == ("Liên hệ › Họ tên", "Liên hệ › Chức vụ")
    assert counts(bring(store, path)) == (1, 0, 0, 0)
    person = every(store, Contact)[0]
    assert (person.full_name, person.position, person.phones) == ("Lan", "Kế toán", ("0912345678",))


def test_of_several_sheets_the_best_is_read_and_the_others_are_named(store: Store, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Tháng 1"
    sheet.append(["Tên KH", "MST"])
    sheet.append(["Công ty Một", ""])
    second = workbook.create_sheet("Cả năm")
    second.append(["Tên KH", "MST", "Địa chỉ"])
    second.append(["Công ty Hai", "", "Huế"])
    path = tmp_path / "a.xlsx"
    workbook.save(path)
    file = planned(store, path).files[0]
    assert (file.sheet, file.other_sheets, [row.title for row in file.rows]) == (
        "Cả năm", ("Tháng 1",), ["Công ty Hai"],
    )  # fmt: skip
    assert "other_sheets" in [each.code for each in file.notes]
    choice = import_columns.set_sheet(file, "Tháng 1")
    other = planned(store, path, choices={str(path): choice}).files[0]
    assert [row.title for row in other.rows] == ["Công ty Một"]


def test_rejected_rows_of_any_kind_come_back_and_can_be_imported(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path, PERSON_TITLES, ["Anh Minh", "Không Có", "Giám đốc", "0912345678", "", ""])
    back = tmp_path / "rejected.xlsx"
    assert import_report.write_rejects(planned(store, path).files, back) == 1
    workbook = openpyxl.load_workbook(back)
    sheet = workbook.active
    assert sheet is not None
    assert [cell.value for cell in sheet[1]][:6] == PERSON_TITLES
    sheet.cell(2, 2).value = FIRST[0]
    workbook.save(tmp_path / "corrected.xlsx")
    corrected = planned(store, tmp_path / "corrected.xlsx").files[0]
    assert (corrected.titles, len(corrected.headers)) == (planned(store, path).files[0].titles, len(PERSON_TITLES))
    assert counts(bring(store, tmp_path / "corrected.xlsx")) == (1, 0, 0, 0)


def test_rejected_rows_of_tables_with_other_titles_keep_their_columns(store: Store, tmp_path: Path) -> None:
    people = write(tmp_path, PERSON_TITLES, ["Anh Minh", "Không", "Giám đốc", "0912345678", "", ""])
    goods = write(tmp_path, PRODUCT_TITLES[:4], ["SP1", "Gói", "gói", "năm đồng"], name="b.xlsx")
    back = tmp_path / "rejected.xlsx"
    assert import_report.write_rejects(planned(store, people, goods).files, back) == 2
    sheet = openpyxl.load_workbook(back).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][:10] == [*PERSON_TITLES, *PRODUCT_TITLES[:4]]
    assert rows[1][:4] == ["Anh Minh", "Không", "Giám đốc", "0912345678"]
    assert rows[2][6:10] == ["SP1", "Gói", "gói", "năm đồng"]


def test_the_report_of_a_command_names_kind_and_notes(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path, ["Tên KH", "Màu"], ["Một", "đỏ"])
    document = bring(store, path).plain()["files"][0]
    assert (document["kind"], len(document["notes"])) == ("accounts", 1)


# --- what is exported comes back unchanged --------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
@pytest.mark.parametrize("kind", ["accounts", "contacts", "products"])
def test_an_export_comes_back_unchanged(store: Store, tmp_path: Path, kind: str, ending: str, language: str) -> None:
    people = write(tmp_path, [*PERSON_TITLES, "Zalo"],
                   ["Chị Nguyễn Thị Ánh", FIRST[0], "Kế toán", "0912345678; 024 3825 1234", "a@x.example", "05/03/1985",
                    "0912345678"], ["Ông Trần Văn Bình", FIRST[0], "", "+84 987 654 321", "", "", ""])  # fmt: skip
    goods = write(tmp_path, [*PRODUCT_TITLES, "Mô tả"],
                  ["SP01", "Gói quảng cáo", "gói", "12.500.000", 9_000_000, "8%", "Truyền thông", "=một\nhai"],
                  ["", "Phần mềm – bản quyền", "", "", "", "KCT", "", ""], name="p.xlsx")  # fmt: skip
    bring(store, people, goods, makers.write_accounts(tmp_path / "k.xlsx"))
    with store.edit("more") as uow:
        first = every(store, Account)[0]
        uow.put(
            dataclasses.replace(first, credit_limit=5_000_000, tags=("vip", "2026"), internal_note="a\nb", tier="A")
        )
        uow.put(Product(id=uow.new_id(), code="US1", name="Ads", currency="USD", price=123_456, archived=True))
    use(language)
    try:
        path = tmp_path / f"{kind}{ending}"
        with store.reader() as reader:
            count = exporter.export(reader, kind, path)
    finally:
        use("vi")
    before = dump(store)
    plan = planned(store, path)
    assert (plan.files[0].kind, count > 1) == (kind, True)
    assert [
        (row.title, row.changes, row.reason) for row in plan.files[0].rows if row.verdict is not Verdict.UNCHANGED
    ] == []
    assert bring(store, path).step is None
    assert dump(store) == before
