"""Tables of money received, bank statements and opening balances, as they are really written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
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
    Receipt,
)
from kam_desktop.domain.entity import Record
from kam_desktop.domain.ids import RandomIds, derived
from kam_desktop.domain.query import Query
from kam_desktop.protocol.codec import to_wire
from kam_desktop.services import collection, receipt, receivables, summary
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.transfer import import_balances, importer, invoice_names, sheets
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


def figures(record: Any) -> tuple[int, int, int]:
    return record.net, record.tax, record.total


# --- money received -------------------------------------------------------------------------------------------------


def invoices(store: Store, tmp_path: Path) -> None:
    """Three open invoices of Đồng Xanh (7957, 12, 13), one of Đặng Gia Phát (12 of another symbol)."""
    bills = [
        Bill(number="00007957", lines=(L(1000, rate="KCT"),)),
        Bill(number="12", lines=(L(500, rate="KCT"),)),
        Bill(number="13", lines=(L(300, rate="KCT"),)),
        Bill(number="12", symbol="C26TBB", lines=(L(700, rate="KCT"),), buyer=DANG_GIA),
    ]
    bring(store, *makers.write_invoices(tmp_path / "bills", bills))


def paid(store: Store) -> dict[str, int]:
    """What is laid against each invoice, by symbol and number."""
    parts = {each.id: each.invoice for each in every(store, Instalment)}
    names = {each.id: f"{each.symbol} {each.number.lstrip('0')}" for each in every(store, Invoice)}
    found: dict[str, int] = {}
    for each in every(store, Allocation):
        name = names[parts[each.instalment]]
        found[name] = found.get(name, 0) + each.amount
    return found


LIST = ("Ngày thu", "Số chứng từ", "Khách hàng", "MST", "Số tiền", "Hình thức", "Số hóa đơn", "Diễn giải")
BANK = ("STT", "Ngày giao dịch", "Số tham chiếu", "Ghi nợ", "Ghi có", "Số dư", "Nội dung giao dịch")
MISA_CASH = ("Ngày hạch toán", "Ngày chứng từ", "Số chứng từ", "Diễn giải", "Tên đối tượng", "Số tiền", "Người nộp")
BANK_EN = ("Transaction Date", "Transaction No", "Debit", "Credit", "Balance", "Description", "Counterparty name")


@pytest.mark.parametrize(
    ("titles", "row", "wanted"),
    [
        (LIST, ("10/03/2026", "PT001", DONG_XANH[0], DONG_XANH[1], "1.000.000", "Tiền mặt", "", "thu nợ"),
         (DONG_XANH[0], 1_000_000, "cash", "PT001")),
        (BANK, (1, "10/03/2026", "FT26069001", None, "1.000.000", "5.000.000", "TT HD 0007957 DONG XANH"),
         (DONG_XANH[0], 1_000_000, "transfer", "FT26069001")),
        (MISA_CASH, ("10/03/2026", "10/03/2026", "NTTK00012", "Thu tiền", DANG_GIA[0], 1_000_000, "Lê Văn Tám"),
         (DANG_GIA[0], 1_000_000, "transfer", "NTTK00012")),
        (BANK_EN, (date(2026, 3, 10), "987", 0, 1_000_000, 1, "payment", "CONG TY TNHH DANG GIA PHAT"),
         (DANG_GIA[0], 1_000_000, "transfer", "987")),
        (("Ngày", "Nội dung", "Số tiền thu"), ("10/03/2026", "khách lẻ", "1.000.000"), ("", 1_000_000, "transfer", "")),
    ],
    ids=["list", "bank", "misa", "english", "bare"],
)  # fmt: skip
def test_tables_of_money_received_are_known(
    store: Store, tmp_path: Path, titles: Sequence[str], row: Sequence[Any], wanted: tuple[Any, ...]
) -> None:
    invoices(store, tmp_path)
    path = table(tmp_path, titles, row, above=(["SỔ PHỤ TÀI KHOẢN"], ["Số tài khoản: 0071 0001 23456"]))
    file = bring(store, path)
    assert (file.kind, outcome(file)) == ("receipts", ["create"])
    receipt = every(store, Receipt)[0]
    names = {each.id: each.name for each in every(store, Account)}
    assert (names.get(receipt.account, ""), receipt.amount, receipt.method, receipt.reference) == wanted
    assert receipt.received_on == date(2026, 3, 10)
    before = dump(store)
    assert outcome(bring(store, path)) == ["unchanged"]
    assert dump(store) == before


def test_the_id_of_a_bank_line_is_alike_on_every_laptop(store: Store, tmp_path: Path) -> None:
    above = (["SAO KÊ"], ["Tài khoản số: 0071000123456 - VND"])
    bring(store, table(tmp_path, BANK, (1, "10/03/2026", "FT1", None, 1000, 1, "x"), above=above))
    wanted = derived("bank_line", "0071000123456", "2026-03-10", "1000", "FT1")
    assert [each.id for each in every(store, Receipt)] == [wanted]


def test_rows_that_are_no_receipt_are_skipped_with_the_reason(store: Store, tmp_path: Path) -> None:
    rows = [
        (1, "10/03/2026", "A1", "500.000", None, 1, "chi luong"),
        (2, "10/03/2026", "A2", None, None, 1, "?"),
        (3, None, "A3", None, 5, 1, "khong ngay"),
        (4, "01/07/2026", "A4", None, 5, 1, "ngay mai"),
        (5, "10/03/2026", "A5", None, -5, 1, "hoan tien"),
        (6, "10/03/2026", "A6", None, "năm nghìn", 1, "x"),
        (7, "30/06/2026", "A7", 0, 5, 1, "hom nay"),
    ]
    file = bring(store, table(tmp_path, BANK, *rows))
    assert outcome(file) == [
        "debit_line", "no_amount", "no_date", "future", "not_positive", "unreadable_amount", "create",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "named", "wanted", "noted"),
    [
        (1000, "7957", {"C26TAA 7957": 1000}, []),
        (400, "HD 0007957", {"C26TAA 7957": 400}, []),  # a part
        (1600, "7957, 12", {"C26TAA 7957": 1000, "C26TAA 12": 500}, ["left_over"]),  # in the order named
        (1200, "12; 7957", {"C26TAA 12": 500, "C26TAA 7957": 700}, []),
        (800, "12-13", {"C26TAA 12": 500, "C26TAA 13": 300}, []),
        (100, "1C26TAA 00000013", {"C26TAA 13": 100}, []),
        (100, "13, C26TAA 13", {"C26TAA 13": 100}, ["nothing_open"]),
        (100, "99", {}, ["invoice_missing"]),
        (100, "C26TBB 12", {}, ["invoice_missing"]),  # another customer's
        (100, "", {}, ["no_invoice_named"]),
    ],
)
def test_named_invoices_are_paid_in_their_order_and_nothing_is_guessed(
    store: Store, tmp_path: Path, amount: int, named: str, wanted: dict[str, int], noted: list[str]
) -> None:
    invoices(store, tmp_path)
    path = table(tmp_path, LIST, ("10/03/2026", "B1", DONG_XANH[0], "", amount, "CK", named, ""))
    file = bring(store, path)
    assert outcome(file) == ["create"]
    assert paid(store) == wanted
    assert notes(file) == noted
    assert all(each.allocated_on == date(2026, 3, 10) for each in every(store, Allocation))
    assert outcome(bring(store, path)) == ["unchanged"]
    assert open_of(store) == 2500 - sum(wanted.values())


@pytest.mark.parametrize(
    ("memo", "payer", "wanted"),
    [
        ("TT HD 0007957 ABC", DONG_XANH[0], {"C26TAA 7957": 900}),
        ("MBVCB.8812.TT HD0007957.CT tu 00710 toi 991", DONG_XANH[0], {"C26TAA 7957": 900}),
        ("thanh toan hoa don so 00000012 va 00000013", "", {}),  # number 12 of two customers: who paid?
        ("tra tien 1C26TBB-12", DANG_GIA[0], {"C26TBB 12": 700}),
        ("thanh toan HD 12", "", {}),  # may be a contract
        ("HD 0007957/2026/HDKT", "", {}),
        ("chuyen tien", "", {}),
    ],
)
def test_the_payer_is_found_by_the_invoice_in_the_memo(
    store: Store, tmp_path: Path, memo: str, payer: str, wanted: dict[str, int]
) -> None:
    invoices(store, tmp_path)
    file = bring(store, table(tmp_path, BANK, (1, "10/03/2026", "FT1", None, 900, 1, memo)))
    names = {each.id: each.name for each in every(store, Account)}
    assert names.get(every(store, Receipt)[0].account, "") == payer
    assert paid(store) == wanted
    assert ("payer_unknown" in notes(file)) is not bool(payer)


def test_what_is_paid_twice_in_one_file_is_never_more_than_open(store: Store, tmp_path: Path) -> None:
    invoices(store, tmp_path)
    rows = [
        ("10/03/2026", "B1", DONG_XANH[0], "", 800, "CK", "7957", ""),
        ("11/03/2026", "B2", DONG_XANH[0], "", 800, "CK", "7957", ""),
        ("12/03/2026", "B3", DONG_XANH[0], "", 800, "CK", "7957", ""),
    ]
    file = bring(store, table(tmp_path, LIST, *rows))
    assert paid(store) == {"C26TAA 7957": 1000}
    assert notes(file) == ["left_over", "nothing_open"]
    assert sorted(each.amount for each in every(store, Allocation)) == [200, 800]


def test_an_invoice_and_its_payment_in_one_import(store: Store, tmp_path: Path) -> None:
    receipts = table(tmp_path, LIST, ("01/03/2026", "B1", DONG_XANH[0], "", 1000, "CK", "7957", ""))
    bills = makers.write_invoices(tmp_path / "xml", [Bill(number="7957", lines=(L(1000, rate="KCT"),))])
    assert outcome(bring(store, *bills, receipts)) == ["create"]
    assert paid(store) == {"C26TAA 7957": 1000}
    # the money came before the invoice: it counts against it from the invoice's day on
    assert every(store, Allocation)[0].allocated_on == date(2026, 3, 5)


def test_money_taken_back_is_free_from_that_day_on(store: Store, tmp_path: Path) -> None:
    invoices(store, tmp_path)
    bring(store, table(tmp_path, LIST, ("10/03/2026", "B1", DONG_XANH[0], "", 1000, "CK", "7957", "")))
    with store.edit("back") as uow:
        taken = every(store, Allocation)[0]
        collection.reverse_allocation(uow, taken.id, date(2026, 4, 1))
    bring(store, table(tmp_path, LIST, ("20/03/2026", "B2", DONG_XANH[0], "", 600, "CK", "7957", "")))
    newest = next(each for each in every(store, Allocation) if each.amount == 600)
    assert newest.allocated_on == date(2026, 4, 1)


def test_two_rows_that_say_the_same_are_two_receipts(store: Store, tmp_path: Path) -> None:
    row = ("10/03/2026", "", DONG_XANH[0], "", 500, "CK", "", "thu tien")
    path = table(tmp_path, LIST, row, row)
    assert outcome(bring(store, path)) == ["create", "create"]
    assert outcome(bring(store, path)) == ["unchanged", "unchanged"]
    assert outcome(bring(store, table(tmp_path, LIST, row, row, row))) == ["unchanged", "unchanged", "create"]


def hand(store: Store, reference: str) -> None:
    with store.edit("hand") as uow:
        account = uow.new_id()
        uow.add(Account(id=account, name=DONG_XANH[0], tax_code=DONG_XANH[1]))
        day = date(2026, 3, 10)
        uow.add(Receipt(id=uow.new_id(), account=account, received_on=day, amount=500, reference=reference))


@pytest.mark.parametrize(
    ("reference", "transaction", "wanted"),
    [
        ("", "FT1", "entered_before"), ("FT1", "FT1", "entered_before"), ("FT9", "FT1", "create"),
        ("FT9", "", "entered_before"), ("", "", "entered_before"),
    ],
)  # fmt: skip
def test_a_receipt_entered_by_hand_is_not_entered_again(
    store: Store, tmp_path: Path, reference: str, transaction: str, wanted: str
) -> None:
    hand(store, reference)
    titles = ("Ngày giao dịch", "Mã giao dịch", "Khách hàng", "Số tiền ghi có")
    row = ("10/03/2026", transaction, DONG_XANH[0], 500)
    assert outcome(bring(store, table(tmp_path, titles, row))) == [wanted]


def test_a_receipt_entered_by_hand_stands_for_one_row_only(store: Store, tmp_path: Path) -> None:
    hand(store, "")
    titles = ("Ngày giao dịch", "Mã giao dịch", "Khách hàng", "Số tiền ghi có")
    rows = [("10/03/2026", "FT1", DONG_XANH[0], 500), ("10/03/2026", "FT2", DONG_XANH[0], 500)]
    path = table(tmp_path, titles, *rows)
    assert outcome(bring(store, path)) == ["entered_before", "create"]
    assert outcome(bring(store, path)) == ["entered_before", "unchanged"]


def test_a_rejected_receipt_stands_in_no_ones_way(store: Store, tmp_path: Path) -> None:
    hand(store, "")
    with store.edit("reject") as uow:
        receipt.reject_receipt(uow, every(store, Receipt)[0].id, "nhập nhầm")
    titles = ("Ngày giao dịch", "Mã giao dịch", "Khách hàng", "Số tiền ghi có")
    assert outcome(bring(store, table(tmp_path, titles, ("10/03/2026", "FT1", DONG_XANH[0], 500)))) == ["create"]


@pytest.mark.parametrize(
    ("method", "voucher", "amount", "wanted", "noted"),
    [
        ("Tiền mặt", "", 5_000_000, "cash", True), ("TM", "", 4_999_999, "cash", False),
        ("CK", "", 9_000_000, "transfer", False),
        ("", "PT00012", 9_000_000, "cash", True), ("", "BC01", 9_000_000, "transfer", False),
        ("TM/CK", "", 9_000_000, "other", False), ("Cấn trừ công nợ", "", 1, "offset", False),
        ("Quẹt thẻ POS", "", 1, "card", False), ("séc", "", 1, "other", False),
    ],
)  # fmt: skip
def test_how_it_was_paid_and_the_limit_of_cash(
    store: Store, tmp_path: Path, method: str, voucher: str, amount: int, wanted: str, noted: bool
) -> None:
    row = ("10/03/2026", voucher, DONG_XANH[0], "", amount, method, "", "")
    file = bring(store, table(tmp_path, LIST, row))
    assert every(store, Receipt)[0].method == wanted
    assert ("cash_limit" in notes(file)) is noted


def test_a_replaced_invoice_is_not_paid(store: Store, tmp_path: Path) -> None:
    bills = [
        Bill(number="1", lines=(L(100, rate="KCT"),)),
        Bill(number="2", lines=(L(90, rate="KCT"),), related=("1", "1", "C26TAA", "1"), issued_on="2026-03-06"),
    ]
    bring(store, *makers.write_invoices(tmp_path / "xml", bills))
    bring(store, table(tmp_path, LIST, ("10/03/2026", "B1", DONG_XANH[0], "", 100, "CK", "1, 2", "")))
    assert paid(store) == {"C26TAA 2": 90}


def test_a_payer_of_two_possible_customers_stays_unknown(store: Store, tmp_path: Path) -> None:
    with store.edit("two") as uow:
        uow.add(Account(id=uow.new_id(), name="Hoa Sen", tax_code=makers.tax_code(40)))
        uow.add(Account(id=uow.new_id(), name="Hoa sen", tax_code=makers.tax_code(41)))
    rows = [
        ("10/03/2026", "B1", "HOA SEN", "", 100, "CK", "", ""),
        ("10/03/2026", "B2", "x", makers.tax_code(41), 1, "", "", ""),
    ]
    file = bring(store, table(tmp_path, LIST, *rows))
    assert outcome(file) == ["create", "create"]
    by_amount = {each.amount: each for each in every(store, Receipt)}
    assert by_amount[100].account == ""
    assert by_amount[100].payer == "HOA SEN"
    assert by_amount[1].account != ""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("HD 123, 124", [("", "123"), ("", "124")]), ("1C26TAA 00000012; 13", [("C26TAA", "12"), ("C26TAA", "13")]),
        ("C26TAA-00000042", [("C26TAA", "42")]), ("HĐ 0007957 ngày 05/03/2026", [("", "7957")]), ("1.234.567", []),
        ("00012-00014", [("", "12"), ("", "13"), ("", "14")]), ("Số 12 + 13", [("", "12"), ("", "13")]), ("", []),
        ("12/2026/HĐKT", []), ("7 đến 9", [("", "7"), ("", "8"), ("", "9")]),
        ("1-99999999", [("", "1"), ("", "99999999")]),
    ],
)  # fmt: skip
def test_invoices_named_in_a_cell(text: str, wanted: list[tuple[str, str]]) -> None:
    assert invoice_names.listed(text) == wanted


# --- opening balances -----------------------------------------------------------------------------------------------

BALANCES = ("Mã KH", "Tên khách hàng", "Mã số thuế", "Số dư cuối kỳ")
TITLE = (["TỔNG HỢP CÔNG NỢ PHẢI THU"], ["Từ ngày 01/01/2025 đến ngày 31/12/2025"])


def test_balances_become_opening_invoices_and_credits(store: Store, tmp_path: Path) -> None:
    rows = [
        ("K1", DONG_XANH[0], DONG_XANH[1], "12.500.000"),
        ("K2", DANG_GIA[0], DANG_GIA[1], -300_000),
        ("K3", "Gỗ Ấm", "", 0),
    ]
    path = table(tmp_path, BALANCES, *rows, above=TITLE)
    file = bring(store, path, opening=None)
    assert (file.kind, outcome(file)) == ("balances", ["create", "create", "unchanged"])
    accounts = {each.tax_code: each.id for each in every(store, Account)}
    assert accounts.keys() == {DONG_XANH[1], DANG_GIA[1]}
    invoice, credit = every(store, Invoice)[0], every(store, CreditNote)[0]
    day = date(2025, 12, 31)
    assert invoice.id == import_balances.identity(accounts[DONG_XANH[1]], "VND", day)
    assert credit.id == import_balances.identity(accounts[DANG_GIA[1]], "VND", day)
    assert (invoice.origin, credit.origin) == ("opening", "opening")
    assert (figures(invoice), figures(credit)) == ((12_500_000, 0, 12_500_000), (300_000, 0, 300_000))
    assert (invoice.issued_on, invoice.number) == (day, "SDDK-20251231")
    with store.reader() as reader:
        assert summary.payments_entered(reader)  # a balance is open: nobody is asked
        total = summary.ageing(reader, TODAY).total
        assert (total.balance, total.unallocated) == (12_200_000, 300_000)
        report = receivables.dso(reader, TODAY)
    assert sum(amount for _, amount in report.sales) == 0  # what was sold before is no sale of any month
    before = dump(store)
    assert outcome(bring(store, path)) == ["unchanged"] * 3
    assert dump(store) == before


def test_another_balance_of_the_same_day_is_a_conflict(store: Store, tmp_path: Path) -> None:
    bring(store, table(tmp_path, BALANCES, ("K1", "A", "", 100), above=TITLE))
    for other in (200, -100, 0):
        assert outcome(bring(store, table(tmp_path, BALANCES, ("K1", "A", "", other), above=TITLE))) == ["conflict"]
    titles = ("Tên khách hàng", "Số dư", "Ngày chốt", "Loại tiền", "Hạn thanh toán")
    rows = [("A", 200, "31/03/2026", "", "30/04/2026"), ("A", "10.50", "31/12/2025", "USD", "")]
    assert outcome(bring(store, table(tmp_path, titles, *rows))) == ["create", "create"]
    assert sorted((each.currency, each.total) for each in every(store, Invoice)) == [
        ("USD", 1050), ("VND", 100), ("VND", 200),
    ]  # fmt: skip
    assert [each.due_on for each in every(store, Instalment) if each.due_on] == [date(2026, 4, 30)]


@pytest.mark.parametrize(
    ("titles", "row", "code"),
    [
        (("Khách hàng", "Số dư nợ"), ("A", 100), "no_day"),
        (("Khách hàng", "Số dư nợ", "Ngày"), ("A", 100, "01/07/2026"), "future"),
        (("Khách hàng", "Số dư nợ", "Ngày"), ("A", "mười", "01/01/2026"), "unreadable_amount"),
        (("Khách hàng", "Số dư nợ", "Ngày"), ("A", None, "01/01/2026"), "no_amount"),
        (("Khách hàng", "Số dư nợ", "Ngày", "Mã KH"), (None, 5, "01/01/2026", "K1"), "no_name"),
    ],
)
def test_balances_that_fail_are_named(
    store: Store, tmp_path: Path, titles: Sequence[str], row: Sequence[Any], code: str
) -> None:
    assert outcome(bring(store, table(tmp_path, titles, row), kind="balances")) == [code]


@pytest.mark.parametrize(
    ("above", "file", "day"),
    [
        ("Đến ngày 31/12/2025", "a.xlsx", date(2025, 12, 31)),
        ("Từ ngày 01/10/2025 đến ngày 31/12/2025", "a.xlsx", date(2025, 12, 31)),
        ("Tính đến hết ngày 31 tháng 12 năm 2025", "a.xlsx", date(2025, 12, 31)),
        ("As of 31/12/2025", "a.xlsx", date(2025, 12, 31)),
        ("Công nợ 31-12-2025", "a.xlsx", date(2025, 12, 31)),
        ("Công nợ", "cong_no_31-12-2025.xlsx", date(2025, 12, 31)),
        ("Công nợ", "cong no 2025-12-31.xlsx", date(2025, 12, 31)),
        ("Công nợ năm 2025", "a.xlsx", None),
        ("Ngày 31/02/2025", "a.xlsx", None),
    ],
)
def test_the_day_in_the_title_or_the_files_name(above: str, file: str, day: date | None) -> None:
    assert import_balances.title_day([sheets.Row(1, (above,))], file) == day


def test_debit_and_credit_columns_of_a_closing_balance(store: Store, tmp_path: Path) -> None:
    titles = ("Mã khách hàng", "Tên khách hàng", "Số dư cuối kỳ", None)
    below = (None, None, "Nợ", "Có")
    rows = [below, ("K1", "A", 100, None), ("K2", "B", None, 30), ("K3", "C", 50, 20), ("Cộng", None, 150, 50)]
    file = bring(store, table(tmp_path, titles, *rows, above=TITLE))
    assert (file.kind, outcome(file)) == ("balances", ["create"] * 3)
    assert sorted(each.total or 0 for each in every(store, Invoice)) == [30, 100]
    assert [each.total for each in every(store, CreditNote)] == [30]


def test_a_balance_beside_invoices_of_the_same_customer_is_noted(store: Store, tmp_path: Path) -> None:
    invoices(store, tmp_path)
    titles = ("Khách hàng", "Số dư nợ", "Ngày")
    file = bring(store, table(tmp_path, titles, (DONG_XANH[0], 100, "31/05/2026"), ("Mới", 5, "31/05/2026")))
    assert notes(file) == ["counted_twice", "new_account"]
