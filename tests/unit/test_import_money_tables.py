"""Tables of invoices as accounting programs, the tax authority and offices write them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.domain.entities import (
    ENTITIES,
    FIRM_ID,
    Account,
    Allocation,
    CreditNote,
    Firm,
    Instalment,
    Invoice,
    InvoiceLine,
    OpeningSettlement,
    PaymentTerm,
    PaymentTermLine,
)
from kam_desktop.domain.entity import Record
from kam_desktop.domain.ids import RandomIds, derived
from kam_desktop.domain.query import Query
from kam_desktop.protocol.codec import to_wire
from kam_desktop.services import summary
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.transfer import importer
from kam_desktop.transfer.import_plan import Opening, PlannedFile
from tests import makers
from tests.fakes import FakeClock
from tests.makers import Bill, L

TODAY = date(2026, 6, 30)
ALL_OPEN = Opening(everything=True)
DONG_XANH, DANG_GIA = makers.BUYERS[:2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = FakeClock()
    made = Store.create(tmp_path / "profile", DataKey(b"k" * 32), "profile-1", clock, RandomIds(clock))
    with made.edit("firm") as uow:
        uow.put(Firm(id=FIRM_ID, legal_name=makers.OUR_NAME, tax_code=makers.OUR_CODE))
    yield made
    made.close()


def bring(store: Store, *paths: Path, opening: Opening | None = ALL_OPEN, kind: str | None = None) -> PlannedFile:
    """Preview, then import; what the last file became. The preview and the import agree."""
    sources = importer.read(paths)
    with store.reader() as reader:
        planned = importer.plan(reader, sources, kind, opening, today=TODAY)
    assert planned.problems == ()
    with store.edit("Import", kind="import") as uow:
        report = importer.apply(uow, planned)
    assert report.records == planned.records
    return planned.files[-1]


def table(tmp_path: Path, titles: Sequence[Any], *rows: Sequence[Any], above: Sequence[Sequence[Any]] = ()) -> Path:
    path = tmp_path / f"t{len(list(tmp_path.iterdir()))}.xlsx"
    return makers.write_table(path, titles, rows, above=above)


def every(store: Store, record: type[Record]) -> list[Any]:
    with store.reader() as reader:
        return list(reader.all(Query(record.entity.name)))


def dump(store: Store) -> list[str]:
    return sorted(json.dumps(to_wire(each), sort_keys=True) for record in ENTITIES for each in every(store, record))


def outcome(file: PlannedFile) -> list[str]:
    """Per planned row its verdict, or the code of why it was skipped."""
    return [row.reason.code if row.reason is not None else row.verdict.value for row in file.rows]


def notes(file: PlannedFile) -> list[str]:
    return [note.code for row in file.rows for note in row.notes]


def open_of(store: Store) -> int:
    with store.reader() as reader:
        return int(reader.sql("select coalesce(sum(open), 0) from cache_instalment")[0][0])


def own(number: str, symbol: str = "C26TAA", form: str = "1") -> str:
    return derived("invoice", makers.OUR_CODE, form, symbol, number)


def figures(record: Any) -> tuple[int, int, int]:
    return record.net, record.tax, record.total


# --- invoices: the tables of accounting programs and offices ----------------------------------------------------------

GDT = (
    "STT", "Ký hiệu mẫu số", "Ký hiệu hóa đơn", "Số hóa đơn", "Ngày lập", "MST người bán/MST người xuất hàng",
    "Tên người bán/Tên người xuất hàng", "MST người mua/MST người nhận hàng", "Tên người mua/Tên người nhận hàng",
    "Tổng tiền chưa thuế", "Tổng tiền thuế", "Tổng tiền chiết khấu thương mại", "Tổng tiền phí",
    "Tổng tiền thanh toán", "Đơn vị tiền tệ", "Tỷ giá", "Trạng thái hóa đơn", "Kết quả kiểm tra hóa đơn",
)  # fmt: skip
MISA = (
    "Ngày hạch toán", "Ngày hóa đơn", "Số hóa đơn", "Mã khách hàng", "Tên khách hàng", "Mã số thuế", "Diễn giải",
    "Doanh số bán chưa có thuế", "Thuế suất (%)", "Thuế GTGT", "Tổng tiền thanh toán",
)  # fmt: skip
FAST = (
    "Ngày ct", "Ký hiệu", "Số hđ", "Mã khách", "Tên khách", "Mã số thuế", "Tiền hàng", "Thuế suất", "Tiền thuế",
    "Tổng tiền", "Mã nt", "Tỷ giá", "Đã thu", "Còn lại", "Hạn tt", "Diễn giải",
)  # fmt: skip
BRAVO = ("Ngày CT", "Số HĐ", "Tên đối tượng", "MST", "Tiền chưa thuế", "Tiền thuế GTGT", "Tổng cộng", "Nội dung")
OFFICE = ("STT", "Số HĐ", "Ngày HĐ", "Khách hàng", "Số tiền", "Đã thanh toán", "Còn nợ", "Ngày đến hạn", "Ghi chú")
ENGLISH = ("Invoice No.", "Invoice date", "Due date", "Customer", "Tax code", "Net", "VAT", "Total", "Currency")


@pytest.mark.parametrize(
    ("titles", "row"),
    [
        (GDT, (1, 1, "C26TAA", 7, "05/03/2026", makers.OUR_CODE, makers.OUR_NAME, DONG_XANH[1], DONG_XANH[0],
               10_000_000, 800_000, 0, 0, 10_800_000, "VND", 1, "Hóa đơn mới", "Đã cấp mã hóa đơn")),
        (MISA, (date(2026, 3, 6), date(2026, 3, 5), "00000007", "KH01", DONG_XANH[0], DONG_XANH[1], "Bán hàng",
                10_000_000, "8%", 800_000, 10_800_000)),
        (FAST, ("05/03/2026", "C26TAA", "0000007", "KH01", DONG_XANH[0], DONG_XANH[1], "10.000.000", 0.08, "800.000",
                "10.800.000", "VND", 1, None, None, "20/03/2026", "Dịch vụ")),
        (BRAVO, ("05/03/2026", "7", "Cty CP Sữa Đồng Xanh", DONG_XANH[1], "10,000,000", "800,000", "10,800,000", "")),
        (OFFICE, (1, "1C26TAA-00000007", "5/3/2026", DONG_XANH[0], "10.800.000đ", None, None, None, "gấp")),
        (ENGLISH, ("7", date(2026, 3, 5), None, DONG_XANH[0], DONG_XANH[1], 10_000_000, 800_000, 10_800_000, "VND")),
    ],
    ids=["gdt", "misa", "fast", "bravo", "office", "english"],
)  # fmt: skip
def test_tables_of_invoices_are_known_and_meet_the_xml(
    store: Store, tmp_path: Path, titles: Sequence[str], row: Sequence[Any]
) -> None:
    path = table(tmp_path, titles, row, above=(["BẢNG KÊ HÓA ĐƠN BÁN RA"], ["Tháng 3 năm 2026"]))
    file = bring(store, path)
    assert (file.kind, outcome(file)) == ("invoices", ["create"])
    invoice = every(store, Invoice)[0]
    assert (invoice.number, invoice.issued_on, invoice.total) == ("00000007", date(2026, 3, 5), 10_800_000)
    assert (invoice.origin, invoice.seller_tax_code, invoice.form) == ("file", makers.OUR_CODE, "1")
    assert [each.name for each in every(store, Account)] in ([DONG_XANH[0]], ["Cty CP Sữa Đồng Xanh"])
    # the same invoice as XML afterwards is the same record, whatever the table knew of its name
    with store.edit("code") as uow:
        for account in every(store, Account):
            uow.put(Account(**{**{n: getattr(account, n) for n in ("id", "name")}, "tax_code": DONG_XANH[1]}))
    before = dump(store)
    bill = Bill(number="00000007", lines=(L(10_000_000),))
    assert outcome(bring(store, *makers.write_invoices(tmp_path / "xml", [bill]))) == ["unchanged"]
    assert outcome(bring(store, path)) == ["unchanged"]
    assert dump(store) == before


@pytest.mark.parametrize("titles", [GDT, MISA, BRAVO])
def test_the_xml_first_and_the_table_after_it(store: Store, tmp_path: Path, titles: Sequence[str]) -> None:
    rows: dict[Sequence[str], tuple[Any, ...]] = {
        GDT: (1, 1, "C26TAA", 7, "05/03/2026", makers.OUR_CODE, "", DONG_XANH[1], DONG_XANH[0], 10_000_000, 800_000, 0,
              0, 10_800_000, "VND", 1, "Hóa đơn mới", ""),
        MISA: ("06/03/2026", "05/03/2026", 7, "", DONG_XANH[0], "", "", 10_000_000, 8, 800_000, 10_800_000),
        BRAVO: ("05/03/2026", 7, DONG_XANH[0], "", 10_000_000, 800_000, 10_800_000, ""),
    }  # fmt: skip
    bring(store, *makers.write_invoices(tmp_path / "xml", [Bill(number="00000007", lines=(L(10_000_000),))]))
    before = dump(store)
    assert outcome(bring(store, table(tmp_path, titles, rows[titles]))) == ["unchanged"]
    assert dump(store) == before


def test_two_laptops_that_import_one_table_make_one_invoice(tmp_path: Path, store: Store) -> None:
    path = table(tmp_path, FAST[:10], ("05/03/2026", "C26TAA", 7, "", DONG_XANH[0], "", 100, 0, 0, 100))
    bring(store, path)
    assert [each.id for each in every(store, Invoice)] == [own("7")]
    assert [each.id for each in every(store, Instalment)] == [derived("instalment", own("7"), "1")]
    clock = FakeClock()
    other = Store.create(tmp_path / "other", DataKey(b"o" * 32), "profile-2", clock, RandomIds(clock))
    with other.edit("firm") as uow:
        uow.put(Firm(id=FIRM_ID, legal_name=makers.OUR_NAME, tax_code=makers.OUR_CODE))
    bring(other, path)
    assert [each.id for each in every(other, Invoice)] == [own("7")]
    other.close()


SHORT = ("Ký hiệu", "Số hóa đơn", "Ngày hóa đơn", "Tên khách hàng", "MST", "Tiền trước thuế", "Thuế suất", "Tiền thuế",
         "Tổng thanh toán")  # fmt: skip


def short(number: Any, net: Any, rate: Any, tax: Any, total: Any, symbol: str = "C26TAA") -> tuple[Any, ...]:
    return symbol, number, "05/03/2026", DONG_XANH[0], DONG_XANH[1], net, rate, tax, total


@pytest.mark.parametrize(
    ("net", "rate", "tax", "total", "wanted", "noted"),
    [
        (10_000_000, "8%", 800_000, 10_800_000, (10_000_000, 800_000, 10_800_000), []),
        (12_445_455, "10%", 1_244_545, 13_690_000, (12_445_455, 1_244_545, 13_690_000), []),  # printed, not computed
        (None, "8%", None, 10_800_000, (10_000_000, 800_000, 10_800_000), ["computed"]),
        (None, 0.1, None, 13_690_000, (12_445_455, 1_244_545, 13_690_000), ["computed"]),
        (None, None, None, 10_800_000, (10_800_000, 0, 10_800_000), ["no_tax"]),
        (None, None, 800_000, 10_800_000, (10_000_000, 800_000, 10_800_000), []),
        (10_000_000, "8%", None, None, (10_000_000, 800_000, 10_800_000), ["computed"]),
        (10_000_000, "KCT", None, None, (10_000_000, 0, 10_000_000), ["computed"]),
        (10_000_000, "Không chịu thuế", None, 10_000_000, (10_000_000, 0, 10_000_000), []),
        (10_000_000, None, None, 10_800_000, (10_000_000, 800_000, 10_800_000), []),
        (10_000_000, "8%", 800_000, 10_900_000, (10_000_000, 800_000, 10_900_000), ["total_differs"]),
        (10_000_000, "tám", 800_000, 10_800_000, (10_000_000, 800_000, 10_800_000), ["no_rate"]),
        ("10.000.000", "8", "800.000 đ", "10.800.000", (10_000_000, 800_000, 10_800_000), []),
    ],
)
def test_figures_of_one_row(
    store: Store, tmp_path: Path, net: Any, rate: Any, tax: Any, total: Any, wanted: tuple[int, ...], noted: list[str]
) -> None:
    file = bring(store, table(tmp_path, SHORT, short(1, net, rate, tax, total)))
    assert outcome(file) == ["create"]
    assert figures(every(store, Invoice)[0]) == wanted
    assert notes(file) == [*noted, "new_account"]
    assert open_of(store) == wanted[2]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (short(None, 1, "8%", 0, 1), "no_number"),
        (short(1, None, None, None, None), "no_total"),
        (short(1, 10, None, None, None), "no_total"),
        (short(1, 0, None, 0, 0), "no_amount"),
        (short(1, "mười", None, None, 5), "unreadable_amount"),
        (("C26TAA", 1, "31/02/2026", "A", "", 1, "", 0, 1), "no_such_day"),
        (("C26TAA", 1, None, "A", "", 1, "", 0, 1), "no_date"),
        (("C26TAA", "X" * 60, "05/03/2026", "A" * 500, "", 1, "", 0, 1), "too_long"),
    ],
)
def test_rows_of_invoices_that_fail_are_named(store: Store, tmp_path: Path, row: Sequence[Any], code: str) -> None:
    good = short(2, 100, "8%", 8, 108)
    file = bring(store, table(tmp_path, SHORT, row, good))
    assert outcome(file) == [code, "create"]
    assert file.rows[0].cells[: len(row) - 1] == tuple(file.rows[0].cells)[: len(row) - 1]
    assert len(every(store, Invoice)) == 1


def test_without_our_tax_code_no_invoice_has_a_name(store: Store, tmp_path: Path) -> None:
    path = table(tmp_path, SHORT, short(1, 100, "8%", 8, 108))
    with store.reader() as reader:
        planned = importer.plan(reader, importer.read([path]), our_codes=(), today=TODAY)
    assert outcome(planned.files[0]) == ["no_own_tax_code"]


def test_purchases_of_others_and_what_no_longer_counts(store: Store, tmp_path: Path) -> None:
    def row(number: int, seller: str, buyer: str, status: str) -> tuple[Any, ...]:
        return (
            number,
            1,
            "C26TAA",
            number,
            "05/03/2026",
            seller,
            "X",
            buyer,
            "Y",
            100,
            8,
            0,
            0,
            108,
            "VND",
            1,
            status,
            "",
        )

    ours = makers.OUR_CODE
    rows = [
        row(1, DONG_XANH[1], ours, "Hóa đơn mới"),
        row(2, DONG_XANH[1], DANG_GIA[1], "Hóa đơn mới"),
        row(3, ours, DANG_GIA[1], "Hóa đơn đã bị thay thế"),
        row(4, ours, DANG_GIA[1], "Hóa đơn đã bị xóa bỏ/hủy bỏ"),
        row(5, ours, DANG_GIA[1], "Hóa đơn đã bị điều chỉnh"),
        row(6, makers.tax_code(1, 1), DANG_GIA[1], "Hóa đơn mới"),
    ]
    file = bring(store, table(tmp_path, GDT, *rows))
    assert outcome(file) == ["purchase", "foreign", "not_valid", "not_valid", "create", "create"]
    branch = derived("invoice", makers.tax_code(1, 1), "1", "C26TAA", "6")
    assert {each.id for each in every(store, Invoice)} == {own("5"), branch}


def test_the_same_number_with_other_figures_is_a_conflict_with_both(store: Store, tmp_path: Path) -> None:
    bring(store, table(tmp_path, SHORT, short(1, 100, "8%", 8, 108)))
    before = dump(store)
    for row in (short(1, 200, "8%", 16, 216), short("0001", 200, "8%", 16, 216), short(1, 200, "8%", 16, 216, "")):
        file = bring(store, table(tmp_path, SHORT, row))
        assert outcome(file) == ["conflict"]
        reason = file.rows[0].reason
        assert reason is not None
        assert (reason.args["saved"], reason.args["here"]) == ("108", "216")
    bill = Bill(number="1", lines=(L(200),))
    assert outcome(bring(store, *makers.write_invoices(tmp_path / "xml", [bill]))) == ["conflict"]
    other_day = ("C26TAA", 1, "06/03/2026", DONG_XANH[0], "", 100, "8%", 8, 108)
    assert outcome(bring(store, table(tmp_path, SHORT, other_day))) == ["conflict"]
    other_buyer = ("C26TAA", 1, "05/03/2026", DANG_GIA[0], DANG_GIA[1], 100, "8%", 8, 108)
    assert outcome(bring(store, table(tmp_path, SHORT, other_buyer))) == ["conflict"]
    assert dump(store) == before


def test_numbers_without_symbol_begin_anew_every_year(store: Store, tmp_path: Path) -> None:
    rows = [
        ("", 1, "05/03/2025", DONG_XANH[0], "", 100, "8%", 8, 108),
        ("", 1, "05/03/2026", DONG_XANH[0], "", 200, "8%", 16, 216),
        ("", 1, "06/03/2026", DANG_GIA[0], "", 300, "8%", 24, 324),  # a second number 1 of one year: which is right?
    ]
    path = table(tmp_path, SHORT, *rows)
    assert outcome(bring(store, path)) == ["create", "create", "conflict"]
    assert outcome(bring(store, path)) == ["unchanged", "unchanged", "conflict"]


def test_an_invoice_entered_by_hand_is_the_same_one(store: Store, tmp_path: Path) -> None:
    with store.edit("by hand") as uow:
        account = uow.new_id()
        uow.add(Account(id=account, name=DONG_XANH[0], tax_code=DONG_XANH[1]))
        uow.add(Invoice(id=uow.new_id(), account=account, number="7", issued_on=date(2026, 3, 5), net=108, total=108))
    before = dump(store)
    assert outcome(bring(store, table(tmp_path, SHORT, short("0000007", 100, "8%", 8, 108)))) == ["unchanged"]
    bill = Bill(number="00000007", lines=(L(100),))
    file = bring(store, *makers.write_invoices(tmp_path / "xml", [bill]))
    assert (outcome(file), notes(file)) == (["unchanged"], ["net_as_before"])
    assert dump(store) == before


LINES = ("Số hóa đơn", "Ký hiệu", "Ngày hóa đơn", "Tên khách hàng", "Mã hàng", "Tên hàng", "ĐVT", "Số lượng", "Đơn giá",
         "Thành tiền", "Thuế suất", "Tiền thuế", "Tổng tiền thanh toán")  # fmt: skip


def line(
    name: str, quantity: Any, price: Any, net: Any, rate: Any, tax: Any, total: Any, number: Any = 9
) -> tuple[Any, ...]:
    return number, "C26TAA", "05/03/2026", DONG_XANH[0], "SP", name, "gói", quantity, price, net, rate, tax, total


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        # totals of the invoice repeated in every row
        ([line("A", 2, 500, 1000, "8%", 80, 3240), line("B", 1, 2000, 2000, "8%", 160, 3240)], (3000, 240, 3240)),
        # totals of each line
        ([line("A", 2, 500, 1000, "8%", 80, 1080), line("B", 1, 2000, 2000, "8%", 160, 2160)], (3000, 240, 3240)),
        # no totals: tax by group of rates
        ([line("A", 2, 500, 1000, "8%", None, None), line("B", 1, 2000, 2000, "KCT", None, None)], (3000, 80, 3080)),
        # tax and total of the invoice in every row
        ([line("A", 2, 500, 1000, "8%", 240, 3240), line("B", 1, 2000, 2000, "8%", 240, 3240)], (3000, 240, 3240)),
        # the total only in the first row
        ([line("A", 2, 500, 1000, "8%", None, 3240), line("B", 1, 2000, 2000, "8%", None, None)], (3000, 240, 3240)),
        # two lines that are alike: quantity × price tells
        ([line("A", 2, 500, 1000, "8%", 80, 1080), line("B", 2, 500, 1000, "8%", 80, 1080)], (2000, 160, 2160)),
        # a discount line
        ([line("A", 2, 500, 1000, "8%", 80, 972), line("CK", None, None, -100, "8%", -8, 972)], (900, 72, 972)),
    ],
)
def test_one_row_a_line(store: Store, tmp_path: Path, rows: list[tuple[Any, ...]], wanted: tuple[int, ...]) -> None:
    other = line("C", 1, 10, 10, "8%", 1, 11, number=10)
    path = table(tmp_path, LINES, rows[0], *rows[1:], other)
    file = bring(store, path)
    assert outcome(file) == ["create", "create"]
    invoices = {each.id: each for each in every(store, Invoice)}
    assert figures(invoices[own("9")]) == wanted
    lines = sorted((each for each in every(store, InvoiceLine) if each.invoice == own("9")), key=lambda one: one.place)
    assert [each.description for each in lines] == [row[5] for row in rows]
    assert sum(each.net for each in lines) == wanted[0]
    assert lines[0].quantity == Decimal(2)
    assert lines[0].price == Decimal(500)
    assert outcome(bring(store, path)) == ["unchanged", "unchanged"]


def test_lines_under_a_number_that_stands_once(store: Store, tmp_path: Path) -> None:
    first = line("A", 2, 500, 1000, "8%", 80, 3240)
    merged = (None, None, None, None, "SP2", "B", "gói", 1, 2000, 2000, "8%", 160, None)
    file = bring(store, table(tmp_path, LINES, first, merged, line("C", 1, 10, 10, "8%", 1, 11, number=10)))
    assert outcome(file) == ["create", "create"]
    assert figures(next(each for each in every(store, Invoice) if each.id == own("9"))) == (3000, 240, 3240)


def test_rows_that_can_be_read_in_two_ways_or_contradict_are_refused(store: Store, tmp_path: Path) -> None:
    unclear = [line("A", None, None, 1000, "8%", 80, 1080), line("B", None, None, 1000, "8%", 80, 1080)]
    assert outcome(bring(store, table(tmp_path, LINES, *unclear))) == ["unclear_rows"] * 2
    plain = ("Số hóa đơn", "Ngày hóa đơn", "Tên khách hàng", "Tổng tiền")
    twice = [(9, "05/03/2026", "A", 100), (9, "05/03/2026", "A", 200), (8, "05/03/2026", "A", 5)]
    assert outcome(bring(store, table(tmp_path, plain, *twice))) == ["contradiction"] * 2 + ["create"]
    other = [line("A", 1, 5, 5, "8%", 0, 5), ("9", "C26TAA", "06/03/2026", *line("B", 1, 5, 5, "8%", 0, 5)[3:])]
    assert outcome(bring(store, table(tmp_path, LINES, *other))) == ["contradiction"] * 2
    again = [(7, "05/03/2026", "A", 100), (7, "05/03/2026", "A", 100)]  # one invoice listed twice
    assert outcome(bring(store, table(tmp_path, plain, *again))) == ["create"]


def test_foreign_currency_keeps_its_rate(store: Store, tmp_path: Path) -> None:
    titles = ("Số hóa đơn", "Ký hiệu", "Ngày hóa đơn", "Khách hàng", "Tổng tiền", "Loại tiền", "Tỷ giá")
    bring(store, table(tmp_path, titles, (1, "K26TAA", "05/03/2026", "Acme Pte", "1,250.50", "USD", "25.400")))
    invoice = every(store, Invoice)[0]
    assert (invoice.currency, invoice.total, invoice.exchange_rate) == ("USD", 125_050, Decimal(25_400))
    bad = table(tmp_path, titles, (2, "K26TAA", "05/03/2026", "Acme Pte", 5, "XXQ", ""))
    assert outcome(bring(store, bad)) == ["unknown_currency"]


def test_negative_rows_are_credit_notes_linked_to_the_original(store: Store, tmp_path: Path) -> None:
    titles = (*SHORT, "Hóa đơn liên quan", "Trạng thái")
    rows = [
        (*short(1, 1000, "8%", 80, 1080), "", "Hóa đơn mới"),
        (*short(2, -100, "8%", -8, -108), "1C26TAA 00000001", "Hóa đơn điều chỉnh"),
        (*short(3, 50, "8%", 4, 54), "00000001", "Hóa đơn điều chỉnh tăng"),
        (*short(4, -10, "8%", -1, -11), "", "Hóa đơn điều chỉnh"),
        (*short(5, 500, "8%", 40, 540), "C26TAA 77", "Hóa đơn thay thế"),
    ]
    path = table(tmp_path, titles, *rows)
    file = bring(store, path)
    assert outcome(file) == ["create"] * 5
    credits = {each.number: each for each in every(store, CreditNote)}
    assert figures(credits["00000002"]) == (100, 8, 108)
    assert credits["00000002"].invoice == own("1")
    assert credits["00000004"].invoice == ""
    invoices = {each.number: each for each in every(store, Invoice)}
    assert invoices["00000003"].adjusts == own("1")
    assert invoices["00000005"].replaces == own("77")
    assert [(each.credit_note, each.amount) for each in every(store, Allocation)] == [(own("2"), 108)]
    assert {"related_not_named", "related_missing"} <= set(notes(file))
    assert outcome(bring(store, path)) == ["unchanged"] * 5


@pytest.mark.parametrize(
    ("titles", "cells", "settled", "answered"),
    [
        (("Đã thanh toán",), (400,), 400, True),
        (("Đã thanh toán",), (None,), 0, True),  # a blank in a column of payments: none
        (("Đã thanh toán",), (1080,), 1080, True),
        (("Còn nợ",), (1080,), 0, True),
        (("Còn nợ",), (0,), 1080, True),
        (("Còn nợ",), (None,), 0, False),
        (("Đã thu", "Còn lại"), (80, 1000), 80, True),
        (("Đã thu", "Còn lại"), (100, 1000), 80, True),
        (("Trạng thái",), ("Đã thanh toán",), 1080, True),
        (("Trạng thái",), ("Chưa thanh toán",), 0, True),
        (("Trạng thái",), ("Thanh toán một phần",), 0, False),
        ((), (), 0, False),
    ],
)
def test_what_was_paid_answers_the_opening_question(
    store: Store, tmp_path: Path, titles: tuple[str, ...], cells: tuple[Any, ...], settled: int, answered: bool
) -> None:
    path = table(tmp_path, (*SHORT, *titles), (*short(1, 1000, "8%", 80, 1080), *cells))
    with store.reader() as reader:
        planned = importer.plan(reader, importer.read([path]), today=TODAY)
    assert planned.asks_opening is not answered
    with store.edit("Import", kind="import") as uow:
        report = importer.apply(uow, planned)
    assert report.invoices == 1
    assert sum(each.amount for each in every(store, OpeningSettlement)) == settled
    assert open_of(store) == 1080 - settled
    with store.reader() as reader:
        assert summary.payments_entered(reader) is answered


def test_an_answer_later_leaves_alone_what_the_table_told(store: Store, tmp_path: Path) -> None:
    titles = (*SHORT, "Còn nợ")
    rows = [
        (*short(1, 100, "8%", 8, 108), 108),
        (*short(2, 100, "8%", 8, 108), 50),
        (*short(3, 100, "8%", 8, 108), None),
    ]
    bring(store, table(tmp_path, titles, *rows), opening=None)
    with store.reader() as reader:
        assert [each.number for each in importer.pending_invoices(reader)] == ["00000003"]
    with store.edit("Opening") as uow:
        assert importer.answer_opening(uow, Opening(since=date(2027, 1, 1))) == 1
    assert open_of(store) == 108 + 50


@pytest.mark.parametrize(("paid", "rest"), [(2000, None), (-1, None), (None, 2000)])
def test_payments_that_do_not_fit_are_refused(store: Store, tmp_path: Path, paid: Any, rest: Any) -> None:
    path = table(tmp_path, (*SHORT, "Đã thu", "Còn lại"), (*short(1, 1000, "8%", 80, 1080), paid, rest))
    assert outcome(bring(store, path)) in (["paid_over_total"], ["open_over_total"])


@pytest.fixture
def term(store: Store) -> str:
    """Đồng Xanh pays 30 % at once, the rest 30 days after the papers."""
    with store.edit("term") as uow:
        name = uow.new_id()
        uow.add(PaymentTerm(id=name, name="30/70"))
        uow.add(PaymentTermLine(id=uow.new_id(), term=name, place=1, name="Đợt 1", kind="percent", value=Decimal(30)))
        uow.add(
            PaymentTermLine(
                id=uow.new_id(), term=name, place=2, name="Đợt 2", kind="rest", steps=("days 30",), from_papers=True
            )
        )
        uow.add(Account(id=uow.new_id(), name=DONG_XANH[0], tax_code=DONG_XANH[1], payment_term=name))
    return name


def test_the_customers_term_splits_an_imported_total(store: Store, tmp_path: Path, term: str) -> None:
    assert term
    bring(store, table(tmp_path, SHORT, short(1, 1001, "0%", 0, 1001)))
    bring(store, *makers.write_invoices(tmp_path / "xml", [Bill(number="2", lines=(L(1001, rate="KCT"),))]))
    for number in ("1", "2"):
        parts = sorted((e for e in every(store, Instalment) if e.invoice == own(number)), key=lambda e: e.place)
        assert [(e.amount, e.name, e.steps, e.from_papers, e.due_on) for e in parts] == [
            (300, "Đợt 1", ("days 0",), False, None),
            (701, "Đợt 2", ("days 30",), True, None),
        ]
        assert [e.id for e in parts] == [derived("instalment", own(number), place) for place in ("1", "2")]
    due = table(tmp_path, (*SHORT, "Hạn thanh toán"), (*short(3, 1001, "0%", 0, 1001), "30/04/2026"))
    bring(store, due)
    assert [(e.amount, e.due_on) for e in every(store, Instalment) if e.invoice == own("3")] == [
        (1001, date(2026, 4, 30))
    ]


def test_undo_takes_a_table_back(store: Store, tmp_path: Path) -> None:
    before = dump(store)
    path = table(tmp_path, (*SHORT, "Đã thu"), (*short(1, 100, "8%", 8, 108), 50))
    bring(store, path)
    store.undo()
    assert dump(store) == before
    assert outcome(bring(store, path)) == ["create"]
