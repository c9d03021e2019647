"""Imports on a real store: preview and import agree, nothing doubles, all can be taken back."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.entities import (
    ENTITIES,
    FIRM_ID,
    Account,
    Allocation,
    Contact,
    CreditNote,
    Firm,
    Invoice,
    InvoiceLine,
    OpeningSettlement,
)
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.ids import RandomIds, derived
from kam_desktop.domain.query import Query
from kam_desktop.protocol.codec import to_wire
from kam_desktop.services import summary
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.transfer import import_accounts, importer, opening_answer, sheets
from kam_desktop.transfer.headers import ACCOUNTS
from kam_desktop.transfer.import_plan import Opening, Verdict
from kam_desktop.transfer.import_report import ImportReport, write_rejects
from kam_desktop.transfer.table_finder import Choice
from tests import makers
from tests.fakes import FakeClock
from tests.makers import Bill, L

ALL_OPEN = Opening(everything=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = FakeClock()
    made = Store.create(tmp_path / "profile", DataKey(b"k" * 32), "profile-1", clock, RandomIds(clock))
    with made.edit("firm") as uow:
        uow.put(Firm(id=FIRM_ID, legal_name=makers.OUR_NAME, tax_code=makers.OUR_CODE))
    yield made
    made.close()


def bring(store: Store, *paths: Path, opening: Opening | None = ALL_OPEN, kind: str | None = None) -> ImportReport:
    """Preview, then import: what the preview said must be what the import did."""
    sources = importer.read(paths)
    with store.reader() as reader:
        planned = importer.plan(reader, sources, kind, opening)
    with store.edit("Import", kind="import") as uow:
        report = importer.apply(uow, planned)
    assert [each.created for each in report.files] == [each.count(Verdict.CREATE) for each in planned.files]
    assert report.records == planned.records
    assert uow.change_set.step == (report.step or 0)
    return report


def every(store: Store, record: type[Record]) -> list[Any]:
    with store.reader() as reader:
        return list(reader.all(Query(record.entity.name)))


def dump(store: Store) -> list[str]:
    return sorted(json.dumps(to_wire(each), sort_keys=True) for record in ENTITIES for each in every(store, record))


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    files = report.files
    return (
        sum(each.created for each in files),
        sum(each.updated for each in files),
        sum(each.unchanged for each in files),
        sum(len(each.skipped) for each in files),
    )


def skipped(report: ImportReport) -> list[tuple[int, str]]:
    return [(row.row, row.reason.code if row.reason else "") for file in report.files for row in file.skipped]


def total_open(store: Store) -> int:
    with store.reader() as reader:
        return int(reader.sql("select coalesce(sum(open), 0) from cache_instalment")[0][0])


# --- accounts -------------------------------------------------------------------------------------------------------


def test_accounts_and_their_contacts_come_in(store: Store, tmp_path: Path) -> None:
    report = bring(store, makers.write_accounts(tmp_path / "a.xlsx"))
    assert counts(report) == (3, 0, 0, 0)
    accounts = {each.name: each for each in every(store, Account)}
    first = accounts[makers.BUYERS[0][0]]
    assert (first.tax_code, first.tier, first.payment_days, first.industry) == (
        makers.BUYERS[0][1],
        "A",
        45,
        "Thực phẩm",
    )
    assert accounts[makers.BUYERS[1][0]].tax_code == makers.BUYERS[1][1]
    assert accounts[makers.BUYERS[1][0]].payment_days == 30
    contacts = {each.full_name: each for each in every(store, Contact)}
    assert contacts["Nguyễn Thị Ánh"].account == first.id
    assert contacts["Nguyễn Thị Ánh"].main
    assert contacts["Nguyễn Thị Ánh"].emails == ("anh@dongxanh.example",)


def test_the_same_file_again_changes_nothing_and_undo_takes_it_back(store: Store, tmp_path: Path) -> None:
    before = dump(store)
    path = makers.write_accounts(tmp_path / "a.xlsx")
    report = bring(store, path)
    after = dump(store)
    again = bring(store, path)
    assert counts(again) == (0, 0, 3, 0)
    assert again.step is None
    assert dump(store) == after
    store.undo(report.step)
    assert dump(store) == before


def test_a_corrected_file_updates_only_the_rows_that_changed(store: Store, tmp_path: Path) -> None:
    bring(store, makers.write_accounts(tmp_path / "a.xlsx"))
    rows = makers.account_rows()
    rows[1][6] = "9 Lê Lợi, Huế"
    rows[0][3] = "(024) 3825-1234"  # the same number in another spelling
    with store.reader() as reader:
        planned = importer.plan(reader, importer.read([makers.write_accounts(tmp_path / "b.xlsx", rows)]))
    assert [row.verdict for row in planned.files[0].rows] == [Verdict.UNCHANGED, Verdict.UPDATE, Verdict.UNCHANGED]
    change = planned.files[0].rows[1].changes
    assert [(each.field, each.old, each.new) for each in change] == [("address", "2 Lê Lợi, Huế", "9 Lê Lợi, Huế")]
    report = bring(store, tmp_path / "b.xlsx")
    assert counts(report) == (0, 1, 2, 0)


def test_blank_cells_erase_nothing(store: Store, tmp_path: Path) -> None:
    bring(store, makers.write_accounts(tmp_path / "a.xlsx"))
    bare = makers.write_table(tmp_path / "b.xlsx", ["Tên KH", "Địa chỉ", "Ngành"], [[makers.BUYERS[0][0], None, "-"]])
    assert counts(bring(store, bare)) == (0, 0, 1, 0)


def test_rows_that_fail_are_named_and_the_rest_comes_in(store: Store, tmp_path: Path) -> None:
    rows = [
        ["Công ty Một", "12345", "", ""],
        ["", makers.tax_code(7), "", ""],
        ["Công ty Hai", "", "31/02/2020", ""],
        ["Công ty Ba", "", "", "mười triệu"],
        ["Công ty Bốn", makers.tax_code(8), "01/02/2020", "10.000.000"],
        ["X" * 500, "", "", ""],
    ]
    titles = ["Tên khách hàng", "Mã số thuế", "Ngày thành lập", "Hạn mức công nợ"]
    path = makers.write_table(tmp_path / "a.xlsx", titles, rows)
    report = bring(store, path)
    assert counts(report) == (1, 0, 0, 5)
    assert skipped(report) == [
        (2, "odd_tax_code"), (3, "no_name"), (4, "no_such_day"), (5, "unreadable_amount"), (7, "too_long"),
    ]  # fmt: skip
    account = every(store, Account)[0]
    assert (account.founded_on, account.credit_limit) == (date(2020, 2, 1), 10_000_000)


def test_rejected_rows_come_back_as_a_workbook_that_can_be_imported(store: Store, tmp_path: Path) -> None:
    titles = ["Tên khách hàng", "Mã số thuế"]
    path = tmp_path / "a.csv"
    path.write_text(f"{','.join(titles)}\n=Công ty,12345\nCông ty Hai,{makers.tax_code(8)}\n", encoding="utf-8")
    with store.reader() as reader:
        planned = importer.plan(reader, importer.read([path]))
    back = tmp_path / "rejected.xlsx"
    assert write_rejects(planned.files, back) == 1
    sheet = openpyxl.load_workbook(back).active
    assert sheet is not None
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert cells[0][:2] == titles
    assert cells[1][:3] == ["=Công ty", "12345", 2]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    sheet.cell(2, 2).value = makers.tax_code(9)
    corrected = tmp_path / "corrected.xlsx"
    sheet.parent.save(corrected)  # type: ignore[union-attr]
    assert counts(bring(store, corrected)) == (1, 0, 0, 0)
    assert [(each.name, each.tax_code) for each in every(store, Account)] == [("=Công ty", makers.tax_code(9))]


def test_duplicates_are_told_by_tax_code_then_by_folded_name(store: Store, tmp_path: Path) -> None:
    code = makers.tax_code(20)
    first = makers.write_table(tmp_path / "a.xlsx", ["Tên KH", "MST"], [["Công ty CP Đồng Xanh", code], ["Gỗ Ấm", ""]])
    bring(store, first)
    second = makers.write_table(
        tmp_path / "b.xlsx",
        ["Tên KH", "MST", "Địa chỉ"],
        [
            ["Đồng Xanh Corp", code, "1 Huế"],  # by code: the name is corrected
            ["GO AM", makers.tax_code(21), "2 Huế"],  # by folded name: the code is added
            ["Gỗ Ấm", makers.tax_code(22), "3 Huế"],  # the same name with another code is another firm
        ],
    )
    report = bring(store, second)
    assert counts(report) == (1, 2, 0, 0)
    assert sorted((each.name, each.tax_code) for each in every(store, Account)) == sorted(
        [("Đồng Xanh Corp", code), ("GO AM", makers.tax_code(21)), ("Gỗ Ấm", makers.tax_code(22))]
    )


def test_several_rows_of_one_customer_add_contacts_and_never_contradict(store: Store, tmp_path: Path) -> None:
    code = makers.tax_code(30)
    rows = [
        ["Công ty Một", code, "1 Huế", "Chị Lan"],
        ["Công ty Một", code, "", "Anh Minh"],
        ["Công ty Một", code, "2 Huế", "Anh Tú"],
    ]
    path = makers.write_table(tmp_path / "a.xlsx", ["Tên KH", "MST", "Địa chỉ", "Người liên hệ"], rows)
    report = bring(store, path)
    assert counts(report) == (1, 1, 0, 1)
    assert skipped(report) == [(4, "contradiction")]
    assert {(each.honorific, each.full_name, each.main) for each in every(store, Contact)} == {
        ("Chị", "Lan", True), ("Anh", "Minh", False),
    }  # fmt: skip
    after = dump(store)
    assert counts(bring(store, path)) == (0, 0, 2, 1)
    assert dump(store) == after


def test_contacts_of_one_customer_have_telephones_of_their_own(store: Store, tmp_path: Path) -> None:
    code = makers.tax_code(31)
    titles = ["Tên KH", "MST", "Người liên hệ", "Điện thoại", "Email"]
    rows = [
        ["Công ty Một", code, "Ông Lê Văn Tám", 912345678, "tam@mot.example"],
        ["CÔNG TY MỘT", code, "Bà Trần Thị Chín", "0987 654 321", "chin@mot.example; chin2@mot.example"],
    ]
    path = makers.write_table(tmp_path / "a.xlsx", titles, rows)
    assert counts(bring(store, path)) == (1, 1, 0, 0)
    assert [(each.name, each.phone) for each in every(store, Account)] == [("Công ty Một", "0912345678")]
    assert {(each.full_name, each.phones, each.emails) for each in every(store, Contact)} == {
        ("Lê Văn Tám", ("0912345678",), ("tam@mot.example",)),
        ("Trần Thị Chín", ("0987 654 321",), ("chin@mot.example", "chin2@mot.example")),
    }
    assert counts(bring(store, path)) == (0, 0, 2, 0)


RAW = st.one_of(
    st.none(), st.text(max_size=40), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(),
    st.dates(), st.datetimes(), st.sampled_from(["31/02/2020", "A", "N/A", "30 ngày", "1.234.567", "a@b.vn", "+84 9"]),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(sorted(ACCOUNTS.synonyms)), RAW))
def test_whatever_stands_in_a_cell_gives_a_reading(values: dict[str, Any]) -> None:
    fields = {name: place for place, name in enumerate(values)}
    table = sheets.Table("a", "", 1, tuple(values), fields, (sheets.Row(2, tuple(values.values())),))
    reading = import_accounts._read(values, table)
    assert bool(reading.problems) or reading.account["name"]


def test_two_customers_of_one_name_need_a_tax_code(store: Store, tmp_path: Path) -> None:
    with store.edit("two") as uow:
        uow.add(Account(id=uow.new_id(), name="Hoa Sen", tax_code=makers.tax_code(40)))
        uow.add(Account(id=uow.new_id(), name="Hoa sen", tax_code=makers.tax_code(41)))
    path = makers.write_table(tmp_path / "a.xlsx", ["Tên KH", "Địa chỉ"], [["HOA SEN", "Huế"]])
    assert skipped(bring(store, path)) == [(2, "ambiguous_name")]


def test_a_file_without_a_fitting_header_is_refused_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    good = makers.write_accounts(tmp_path / "a.xlsx")
    bad = makers.write_table(tmp_path / "b.xlsx", ["Ngày", "Số"], [["1", "2"]])
    missing = tmp_path / "c.xlsx"
    before = dump(store)
    with pytest.raises(Refused) as refused:
        bring(store, good, bad, missing)
    assert [(each.where, each.code) for each in refused.value.problems] == [
        ("b.xlsx", "no_header"),
        ("c.xlsx", "not_found"),
    ]
    assert dump(store) == before


def test_a_person_may_correct_which_column_is_what(store: Store, tmp_path: Path) -> None:
    path = makers.write_table(tmp_path / "a.xlsx", ["Khách hàng", "Tên đầy đủ"], [["KH01", "Công ty Một"]])
    sources = importer.read([path])
    with store.reader() as reader:
        assert importer.plan(reader, sources).files[0].fields == {"name": 0}
        planned = importer.plan(reader, sources, choices={str(path): Choice("accounts", {"name": 1, "tags": 0})})
    with store.edit("Import", kind="import") as uow:
        importer.apply(uow, planned)
    assert [(each.name, each.tags) for each in every(store, Account)] == [("Công ty Một", ("KH01",))]


def test_a_preview_that_no_longer_holds_is_refused(store: Store, tmp_path: Path) -> None:
    sources = importer.read([makers.write_accounts(tmp_path / "a.xlsx")])
    with store.reader() as reader:
        planned = importer.plan(reader, sources)
    with store.edit("typed") as uow:
        uow.add(Account(id=uow.new_id(), name="khác", tax_code=makers.BUYERS[0][1]))
    before = dump(store)
    with pytest.raises(Refused) as refused, store.edit("Import", kind="import") as uow:
        importer.apply(uow, planned)
    assert refused.value.problems[0].code == "changed_since"
    assert dump(store) == before


# --- e-invoices -----------------------------------------------------------------------------------------------------


def own(number: str, symbol: str = "C26TAA") -> str:
    return derived("invoice", makers.OUR_CODE, "1", symbol, number)


BILLS = (
    Bill(number="1", lines=(L(10_000_000), L(1_000_000, kind="3"), L(0, name="Ghi chú", kind="4"))),
    Bill(number="00000002", lines=(L(5_000_000, rate="KCT"),), buyer=makers.BUYERS[1], issued_on="2026-02-10"),
    Bill(number="3", lines=(L(-1_000_000),), related=("2", "1", "C26TAA", "00000001"), issued_on="2026-03-20"),
    Bill(number="4", lines=(L(500_000),), related=("2", "1", "C26TAA", "1"), issued_on="2026-03-21"),
    Bill(number="5", lines=(L(4_000_000, rate="KCT"),), buyer=makers.BUYERS[1], related=("1", "1", "C26TAA", "2")),
)


def test_sales_invoices_make_accounts_invoices_links_and_instalments(store: Store, tmp_path: Path) -> None:
    makers.write_invoices(tmp_path / "in", BILLS)
    report = bring(store, tmp_path / "in")
    assert counts(report) == (5, 0, 0, 0)
    assert len(report.files) == 5
    accounts = {each.tax_code: each for each in every(store, Account)}
    assert accounts.keys() == {makers.BUYERS[0][1], makers.BUYERS[1][1]}
    invoices = {each.id: each for each in every(store, Invoice)}
    assert invoices.keys() == {own("1"), own("2"), own("4"), own("5")}
    first = invoices[own("1")]
    assert (first.number, first.net, first.tax, first.total) == ("00000001", 9_000_000, 720_000, 9_720_000)
    assert first.account == accounts[makers.BUYERS[0][1]].id
    assert (first.origin, first.signed, first.authority_code) == ("file", True, "00ABC")
    assert invoices[own("4")].adjusts == own("1")
    assert invoices[own("5")].replaces == own("2")
    lines = [each for each in every(store, InvoiceLine) if each.invoice == own("1")]
    assert sorted((each.place, each.nature) for each in lines) == [(1, "goods"), (2, "discount"), (3, "note")]
    credit = every(store, CreditNote)[0]
    assert (credit.id, credit.invoice, credit.net, credit.tax, credit.total) == (
        own("3"),
        own("1"),
        1_000_000,
        80_000,
        1_080_000,
    )
    allocation = every(store, Allocation)[0]
    assert (allocation.credit_note, allocation.amount, allocation.allocated_on) == (
        own("3"),
        1_080_000,
        date(2026, 3, 20),
    )
    assert total_open(store) == 9_720_000 - 1_080_000 + 540_000 + 4_000_000


@pytest.mark.parametrize("order", list(itertools.permutations(range(5)))[::11])
def test_the_order_of_arrival_does_not_matter(store: Store, tmp_path: Path, order: Sequence[int]) -> None:
    paths = makers.write_invoices(tmp_path / "in", BILLS)
    for place in order:
        bring(store, paths[place])
    assert total_open(store) == 9_720_000 - 1_080_000 + 540_000 + 4_000_000
    with store.reader() as reader:
        report = summary.ageing(reader, date(2026, 12, 31))
    assert report.total.balance == 9_720_000 - 1_080_000 + 540_000 + 4_000_000


def test_the_same_files_again_change_nothing_and_undo_takes_them_back(store: Store, tmp_path: Path) -> None:
    before = dump(store)
    makers.write_invoices(tmp_path / "in", BILLS)
    report = bring(store, tmp_path / "in")
    after = dump(store)
    again = bring(store, tmp_path / "in")
    assert counts(again) == (0, 0, 5, 0)
    assert again.step is None
    zipped = tmp_path / "all.zip"
    zipped.write_bytes(makers.zipped({path.name: path.read_bytes() for path in sorted((tmp_path / "in").iterdir())}))
    assert counts(bring(store, zipped)) == (0, 0, 5, 0)
    assert dump(store) == after
    store.undo(report.step)
    assert dump(store) == before
    assert counts(bring(store, zipped)) == (5, 0, 0, 0)


def test_the_same_number_with_other_figures_is_a_conflict(store: Store, tmp_path: Path) -> None:
    bring(store, *makers.write_invoices(tmp_path / "a", [Bill(number="1")]))
    before = dump(store)
    other = makers.write_invoices(tmp_path / "b", [Bill(number="0001", lines=(L(11_000_000),))])
    report = bring(store, *other)
    assert skipped(report) == [(1, "conflict")]
    assert dump(store) == before


def test_twice_in_one_import_is_one_invoice(store: Store, tmp_path: Path) -> None:
    first = makers.write_invoices(tmp_path / "a", [Bill(number="1")])
    second = makers.write_invoices(tmp_path / "b", [Bill(number="01")], "message")
    third = makers.write_invoices(tmp_path / "c", [Bill(number="001", lines=(L(1),))])
    report = bring(store, *first, *second, *third)
    assert counts(report) == (1, 0, 1, 1)
    assert skipped(report) == [(1, "conflict")]


def test_purchases_and_invoices_of_others_are_skipped_with_the_reason(store: Store, tmp_path: Path) -> None:
    ours = (makers.OUR_NAME, makers.OUR_CODE)
    makers.write_invoices(
        tmp_path / "in",
        [
            Bill(number="1", seller=makers.BUYERS[0], buyer=ours),
            Bill(number="2", seller=makers.BUYERS[0]),
            Bill(number="3", lines=(L(0),), related=("2", "1", "C26TAA", "1")),
            Bill(number="4", seller=(makers.OUR_NAME, makers.tax_code(1, 1))),
        ],
    )
    report = bring(store, tmp_path / "in")
    assert [reason for _, reason in skipped(report)] == ["purchase", "foreign", "words_only"]
    assert counts(report)[0] == 1


def test_without_our_tax_code_nothing_can_be_told(store: Store, tmp_path: Path) -> None:
    with store.edit("firm") as uow:
        firm = uow.get(Firm, FIRM_ID)
        assert firm is not None
        uow.put(dataclasses.replace(firm, tax_code=""))
    with pytest.raises(Refused) as refused:
        bring(store, *makers.write_invoices(tmp_path / "in", [Bill()]))
    assert refused.value.problems[0].code == "no_own_tax_code"


def test_a_bad_file_in_a_folder_is_a_skipped_row_and_alone_it_is_refused(store: Store, tmp_path: Path) -> None:
    paths = makers.write_invoices(tmp_path / "in", [Bill(number="1"), Bill(number="2")])
    paths[0].write_bytes(b"<HDon>")
    report = bring(store, tmp_path / "in")
    assert counts(report) == (1, 0, 0, 1)
    assert skipped(report) == [(1, "not_xml")]
    with pytest.raises(Refused):
        bring(store, paths[0])
    (tmp_path / "empty").mkdir()
    with pytest.raises(Refused):
        bring(store, tmp_path / "empty")


def test_the_buyer_is_recognised_by_name_and_a_unit_hangs_on_its_company(store: Store, tmp_path: Path) -> None:
    with store.edit("typed") as uow:
        uow.add(Account(id=uow.new_id(), name="Cty TNHH Đặng Gia Phát"))
        uow.add(Account(id=uow.new_id(), name=makers.BUYERS[0][0], tax_code=makers.BUYERS[0][1]))
    makers.write_invoices(
        tmp_path / "in",
        [
            Bill(number="1", buyer=(makers.BUYERS[1][0], "")),
            Bill(number="2", buyer=("Chi nhánh Huế", makers.BUYERS[0][1] + "-001")),
            Bill(number="3", buyer=("", "")),
        ],
    )
    bring(store, tmp_path / "in")
    accounts = {each.name: each for each in every(store, Account)}
    assert len(accounts) == 4
    assert accounts["Chi nhánh Huế"].parent == accounts[makers.BUYERS[0][0]].id
    names = {each.number: each.account for each in every(store, Invoice)}
    assert names["00000001"] == accounts["Cty TNHH Đặng Gia Phát"].id
    assert names["00000003"] == accounts["Nguyễn Văn An"].id


def test_a_credit_larger_than_what_is_open_stays_with_the_customer(store: Store, tmp_path: Path) -> None:
    bills = [
        Bill(number="1", lines=(L(1_000_000, rate="KCT"),)),
        Bill(number="2", lines=(L(-1_500_000, rate="KCT"),), related=("2", "1", "C26TAA", "1")),
    ]
    makers.write_invoices(tmp_path / "in", bills)
    bring(store, tmp_path / "in")
    assert every(store, Allocation)[0].amount == 1_000_000
    with store.reader() as reader:
        total = summary.ageing(reader, date(2026, 12, 31)).total
    assert (total.unallocated, total.balance) == (500_000, -500_000)


def test_an_invoice_with_a_thousand_lines_comes_in(store: Store, tmp_path: Path) -> None:
    bill = Bill(lines=tuple(L(1_000) for _ in range(1_200)))
    assert counts(bring(store, *makers.write_invoices(tmp_path / "in", [bill]))) == (1, 0, 0, 0)
    assert len(every(store, InvoiceLine)) == 1_200


# --- the opening question -------------------------------------------------------------------------------------------


def test_unanswered_the_figures_say_so_and_the_answer_comes_later(store: Store, tmp_path: Path) -> None:
    makers.write_invoices(tmp_path / "in", BILLS[:3])
    report = bring(store, tmp_path / "in", opening=None)
    assert report.asks_opening
    with store.reader() as reader:
        assert not summary.payments_entered(reader)
        assert len(importer.pending_invoices(reader)) == 2
    with store.edit("Opening") as uow:
        assert importer.answer_opening(uow, Opening(since=date(2026, 3, 1))) == 1
    with store.reader() as reader:
        assert summary.payments_entered(reader)
    settled = every(store, OpeningSettlement)
    assert [(each.invoice, each.amount, each.settled_on) for each in settled] == [
        (own("2"), 5_000_000, date(2026, 2, 10))
    ]
    assert total_open(store) == 9_720_000 - 1_080_000


@pytest.mark.parametrize(
    ("answer", "open_numbers"),
    [("all", {"1", "2"}), ("since:2026-03-01", {"1"}), ("since:01/01/2027", set()), ("list", {"2"})],
)
def test_the_answer_with_the_import(store: Store, tmp_path: Path, answer: str, open_numbers: set[str]) -> None:
    makers.write_invoices(tmp_path / "in", BILLS[:3])
    if answer == "list":
        numbers = tmp_path / "open.txt"
        numbers.write_text("Số hoá đơn\n1C26TAA 00000002\n", encoding="utf-8")
        answer = f"list:{numbers}"
    before = dump(store)
    report = bring(store, tmp_path / "in", opening=opening_answer.read(answer))
    assert not report.asks_opening
    assert report.settled == 2 - len(open_numbers)
    amounts = {"1": 9_720_000 - 1_080_000, "2": 5_000_000}
    assert total_open(store) == sum(amounts[each] for each in open_numbers)
    after = dump(store)
    assert bring(store, tmp_path / "in", opening=opening_answer.read(answer)).step is None
    assert dump(store) == after
    store.undo(report.step)
    assert dump(store) == before


def test_an_answer_given_with_a_second_import_serves_the_first_too(store: Store, tmp_path: Path) -> None:
    makers.write_invoices(tmp_path / "in", BILLS[:3])
    bring(store, tmp_path / "in", opening=None)
    report = bring(store, tmp_path / "in", opening=Opening(since=date(2026, 3, 1)))
    assert report.settled == 1
    with store.reader() as reader:
        assert summary.payments_entered(reader)


def test_the_answer_can_be_ticked_between_preview_and_import(store: Store, tmp_path: Path) -> None:
    makers.write_invoices(tmp_path / "in", BILLS[:3])
    with store.reader() as reader:
        planned = importer.plan(reader, importer.read([tmp_path / "in"]))
    assert planned.asks_opening
    assert [each.number for each in planned.new_invoices] == ["00000001", "00000002"]
    answered = planned.answered(Opening(ids=frozenset({own("1")})))
    with store.edit("Import", kind="import") as uow:
        report = importer.apply(uow, answered)
    assert (report.invoices, report.settled, report.asks_opening) == (2, 1, False)
    assert total_open(store) == 9_720_000 - 1_080_000


@pytest.mark.parametrize("text", ["", "none", "since:", "since:gestern", "list:", "all:x", "list:/absent.csv"])
def test_answers_that_are_none(text: str) -> None:
    with pytest.raises(Refused):
        opening_answer.read(text)


def test_lists_of_open_invoices_in_a_table(tmp_path: Path) -> None:
    path = makers.write_table(
        tmp_path / "a.xlsx", ["Ký hiệu", "Số HĐ", "Số tiền"], [["1C26TAA", 42, 1_000_000], ["", "0007", 5]]
    )
    opening = opening_answer.read(f"list:{path}")
    assert opening.listed == {("C26TAA", "42"), ("", "7")}
    assert opening.is_open("", "C26TAA", "00000042", date(2026, 1, 1))
    assert not opening.is_open("", "C26TBB", "00000042", date(2026, 1, 1))
    assert opening.is_open("", "C26TBB", "00000007", date(2026, 1, 1))


def test_the_commands_json_has_its_shape(store: Store, tmp_path: Path) -> None:
    path = makers.write_table(tmp_path / "a.xlsx", ["Tên KH", "MST"], [["Một", "12"], ["Hai", ""]])
    plain = bring(store, path).plain()
    assert plain["import"] == 2
    assert plain["files"][0].keys() >= {"file", "created", "updated", "unchanged", "skipped"}
    assert plain["files"][0]["skipped"][0]["row"] == 2
    assert "12" in plain["files"][0]["skipped"][0]["reason"]
    json.dumps(plain)
