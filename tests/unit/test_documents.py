"""Papers: figures, what may stand on them, hostile texts and templates, the code on the page."""

from __future__ import annotations

import dataclasses
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp

from kam_desktop import confined
from kam_desktop.documents import parts, payment_request, renderer, statement
from kam_desktop.domain.entities import (
    ENTITIES,
    FIRM_ID,
    Account,
    CreditNote,
    Firm,
    Instalment,
    Invoice,
    OpeningSettlement,
    Receipt,
)
from kam_desktop.domain.errors import Broken, Refused
from kam_desktop.domain.fields import Visibility
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.locale.vietnam import vietqr
from kam_desktop.services import collection, receipt, summary
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock

TODAY = date(2026, 3, 2)
JANUARY = date(2026, 1, 1)
FIRM = Firm(
    id=FIRM_ID,
    legal_name="Công ty TNHH Truyền thông Mây Lành",
    tax_code="9900000018",
    address="18 phố Nguyễn Thượng Hiền, Hà Nội",
    representative="Đặng Thị Phượng",
    representative_title="Giám đốc",
    bank_name="Ngân hàng Vietcombank",
    bank_account="0011 0043 21987",
)


@dataclass
class Desk:
    """A store with our firm and one customer."""

    store: Store
    account: Account

    def invoice(self, number: str, on: date, *amounts: int, due: tuple[date, ...] = (), **more: Any) -> Invoice:
        """An invoice in so many instalments."""
        plain: dict[str, Any] = {"account": self.account.id, "net": sum(amounts), "total": sum(amounts), **more}
        with self.store.edit("Invoice") as uow:
            own = [
                Instalment(id="", invoice="", place=place, amount=amount, due_on=due[place - 1] if due else None)
                for place, amount in enumerate(amounts, 1)
            ]
            return collection.create_invoice(uow, Invoice(id="", number=number, issued_on=on, **plain), own)

    def receipt(self, on: date, amount: int, *shares: tuple[str, int], **more: Any) -> Receipt:
        """Money in."""
        plain: dict[str, Any] = {"account": self.account.id, **more}
        with self.store.edit("Receipt") as uow:
            return collection.record_receipt(uow, Receipt(id="", received_on=on, amount=amount, **plain), shares)

    def add(self, record: Any) -> Any:
        """Any other record, with an id."""
        with self.store.edit("Record") as uow:
            made = dataclasses.replace(record, id=record.id or uow.new_id())
            uow.add(made)
        return made

    def change(self, record: Any, **values: Any) -> None:
        """Other values for a record."""
        with self.store.edit("Record") as uow:
            uow.put(dataclasses.replace(record, **values))

    def parts_of(self, invoice: Invoice) -> list[str]:
        """The ids of its instalments."""
        with self.store.reader() as reader:
            return [each.instalment.id for each in collection.invoice_detail(reader, invoice.id, TODAY).instalments]

    def statement(self, from_on: date = JANUARY, to_on: date = TODAY, currency: str = "VND") -> statement.Statement:
        """The customer's statement."""
        with self.store.reader() as reader:
            return statement.statement(reader, self.account.id, from_on, to_on, currency)

    def request(self, *invoices: Invoice, **more: Any) -> payment_request.PaymentRequest:
        """A payment request as of today."""
        with self.store.reader() as reader:
            return payment_request.payment_request(reader, [each.id for each in invoices], TODAY, **more)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = FakeClock()
    store = Store.create(tmp_path / "profile", DataKey.new(), "papers", clock, RandomIds(clock))
    with store.edit("Start") as uow:
        if uow.get(Firm, FIRM_ID) is None:
            uow.add(FIRM)
        else:
            uow.put(FIRM)
        account = Account(
            id=uow.new_id(),
            name="Công ty Cổ phần Sữa Đồng Xanh",
            short_name="SDX",
            tax_code="9900001013",
            payment_days=30,
        )
        uow.add(account)
    yield Desk(store, account)
    store.close()


def text_of(made: bytes) -> str:
    """The words of a PDF as a reader copies them, blanks and breaks as single blanks."""
    pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(made)]
    return " ".join(" ".join(pages).replace("\u200b", "").replace("\ufffe", "-").split())


def pages_of(made: bytes) -> int:
    return len(pypdfium2.PdfDocument(made))


def bare_paper(source: str, profile: Path) -> renderer.Paper:
    """A paper whose template the firm has replaced by this source."""
    folder = profile / renderer.TEMPLATES
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "statement.typ").write_text(source, "utf-8")
    return renderer.Paper("statement", {"text": "x"}, TODAY)


# --- figures -------------------------------------------------------------------------------------------------------


def test_a_statement_says_what_was_owed_what_moved_and_what_is_owed(desk: Desk) -> None:
    desk.invoice("1", date(2025, 12, 10), 88_000_000)
    two = desk.invoice("2", date(2026, 1, 15), 110_000_000, symbol="C26TML")
    desk.receipt(date(2026, 1, 20), 88_000_000, reference="FT1")
    desk.receipt(date(2026, 2, 9), 30_000_000, (desk.parts_of(two)[0], 30_000_000), reference="PT2", method="cash")
    lowered: dict[str, Any] = {"invoice": two.id, "number": "9", "net": 5_000_000, "total": 5_000_000}
    desk.add(CreditNote(id="", account=desk.account.id, issued_on=date(2026, 2, 20), **lowered))
    desk.invoice("3", date(2026, 3, 3), 7)  # after the period
    made = desk.statement()
    assert (made.opening, made.invoiced, made.closing) == (88_000_000, 110_000_000, 75_000_000)
    assert (made.credited, made.received) == (5_000_000, 118_000_000)
    shown = [(each.on, each.kind, each.document, each.raised, each.lowered, each.balance) for each in made.lines]
    assert shown == [
        (date(2026, 1, 15), "invoice", "C26TML 2", 110_000_000, 0, 198_000_000),
        (date(2026, 1, 20), "receipt", "FT1", 0, 88_000_000, 110_000_000),
        (date(2026, 2, 9), "receipt", "PT2", 0, 30_000_000, 80_000_000),
        (date(2026, 2, 20), "credit_note", "9", 0, 5_000_000, 75_000_000),
    ]
    assert made.lines[0].due_on == date(2026, 2, 14)
    # by due date: 110 − 30 is 16 days late, 88 is 52 days late, and 88 + 5 lie free
    assert (made.not_due, made.overdue[:2], made.unallocated) == (0, (80_000_000, 88_000_000), 93_000_000)
    with desk.store.reader() as reader:
        assert summary.ageing(reader, TODAY).rows[0].balance == made.closing


def test_an_earlier_period_ends_where_the_next_begins(desk: Desk) -> None:
    desk.invoice("1", date(2026, 1, 15), 60, 50)
    desk.receipt(date(2026, 2, 10), 200)
    before, after = desk.statement(JANUARY, date(2026, 1, 31)), desk.statement(date(2026, 2, 1), TODAY)
    assert (before.opening, before.closing, after.opening, after.closing) == (0, 110, 110, -90)
    assert (before.lines[0].due_on, before.lines[0].instalments) == (date(2026, 2, 14), 2)
    data = statement.paper(after, "vi+en").data
    assert data["closing_words"] == ["Quý công ty dư có: Chín mươi đồng", "In your favour: Ninety Vietnamese dong"]


def test_what_was_paid_before_the_program_and_what_was_replaced(desk: Desk) -> None:
    old = desk.invoice("1", date(2026, 1, 5), 100)
    desk.add(OpeningSettlement(id="", invoice=old.id, settled_on=date(2026, 1, 5), amount=40))
    desk.invoice("2", date(2026, 2, 5), 90, replaces=old.id)
    made = desk.statement()
    assert [(each.kind, each.other, each.balance) for each in made.lines] == [
        ("invoice", "", 100),
        ("settled", "", 60),
        ("invoice", "", 150),
        ("replaced", "2", 90),
    ]
    assert (made.invoiced, made.received, made.closing) == (130, 40, 90)


def test_currencies_are_never_added(desk: Desk) -> None:
    desk.invoice("1", date(2026, 1, 5), 100)
    desk.invoice("2", date(2026, 1, 6), 12_345, currency="USD")
    made = desk.statement(currency="USD")
    assert (made.closing, [note.code for note in made.notes]) == (12_345, ["other_currencies"])
    data = statement.paper(made, "en").data
    assert data["closing"] == "123.45"
    assert data["closing_words"] == ["One hundred twenty-three US dollars and forty-five cents"]


@pytest.mark.parametrize(
    ("from_on", "to_on", "account", "code"),
    [(TODAY, JANUARY, "", "period"), (JANUARY, TODAY, "nobody", "missing")],
)
def test_refused_statements(desk: Desk, from_on: date, to_on: date, account: str, code: str) -> None:
    with desk.store.reader() as reader, pytest.raises(Refused) as refused:
        statement.statement(reader, account or desk.account.id, from_on, to_on)
    assert refused.value.problems[0].code == code


def test_a_request_asks_for_what_is_open_and_nothing_else(desk: Desk) -> None:
    one = desk.invoice("0000123", date(2026, 1, 15), 60_000_000, 50_000_000, due=(date(2026, 1, 30), date(2026, 3, 20)))
    first, _ = desk.parts_of(one)
    desk.receipt(date(2026, 2, 9), 45_000_000, (first, 45_000_000))
    made = desk.request(one)
    assert [(each.due_on.day, each.days_overdue, each.total, each.open) for each in made.dues] == [
        (30, 31, 60_000_000, 15_000_000),
        (20, -18, 50_000_000, 50_000_000),
    ]
    assert (made.total, made.memo, made.notes) == (65_000_000, "TT HD 0000123 SDX", ())
    assert desk.request(one, due_only=True).total == 15_000_000
    paid = vietqr.read(made.code)
    assert (paid.bin, paid.account, paid.amount, paid.memo) == ("970436", "0011004321987", 65_000_000, made.memo)
    data = payment_request.paper(made, "vi").data
    assert data["total_words"] == ["Sáu mươi lăm triệu đồng"]


def test_several_invoices_in_one_request(desk: Desk) -> None:
    made = desk.request(desk.invoice("12", date(2026, 2, 1), 10), desk.invoice("13", date(2026, 2, 2), 20))
    assert (made.total, made.memo) == (30, "TT HD 12 13")
    many = [desk.invoice(f"000000{number}", date(2026, 2, 3), 1) for number in range(100, 104)]
    assert desk.request(*many).memo == "TT CONG NO SDX"
    assert desk.request(*many, number="ĐN-2026/7").memo == "TT DN20267"


def test_a_request_without_a_known_bank_has_no_code_and_says_so_to_the_sender(desk: Desk) -> None:
    one = desk.invoice("1", date(2026, 2, 1), 10)
    desk.change(FIRM, bank_name="Ngân hàng ở góc phố")
    made = desk.request(one)
    assert (made.code, [note.code for note in made.notes]) == ("", ["no_payment_code"])
    desk.change(FIRM, bank_account="")
    made = desk.request(one)
    assert (made.pay_to, [note.code for note in made.notes]) == (None, ["no_account_number"])
    assert pages_of(renderer.pdf(payment_request.paper(made, "vi+en"))) == 1
    dollars = desk.invoice("2", date(2026, 2, 1), 10, currency="USD")
    desk.change(FIRM)
    assert desk.request(dollars).code == ""


def test_refused_requests(desk: Desk) -> None:
    one = desk.invoice("1", date(2026, 1, 5), 10)
    stranger = desk.add(Account(id="", name="Gỗ Ấm"))
    cases = [
        ([one, desk.invoice("2", date(2026, 1, 5), 10, account=stranger.id)], "several_accounts"),
        ([one, desk.invoice("3", date(2026, 1, 5), 10, currency="USD")], "several_currencies"),
        ([], "nothing_due"),
    ]
    desk.receipt(date(2026, 1, 6), 10, (desk.parts_of(one)[0], 10))
    cases.append(([one], "nothing_due"))
    old = desk.invoice("4", date(2026, 1, 7), 10)
    desk.invoice("5", date(2026, 1, 8), 10, replaces=old.id)
    cases.append(([old], "replaced"))
    for invoices, code in cases:
        with pytest.raises(Refused) as refused:
            desk.request(*invoices)
        assert [problem.code for problem in refused.value.problems] == [code]


# --- what may stand on a paper -------------------------------------------------------------------------------------


@pytest.mark.parametrize("record", ENTITIES, ids=lambda each: each.entity.name)
def test_what_is_not_for_clients_is_emptied_before_a_paper_is_made(record: Any) -> None:
    required = {each.name: "CANARY" for each in record.entity.fields}
    made = parts.for_clients(record(id="1", **required))
    for each in record.entity.fields:
        if each.visibility is Visibility.CLIENT:
            assert getattr(made, each.name) == "CANARY"
        else:
            assert getattr(made, each.name) in ("", None, ())


@pytest.mark.parametrize("form", parts.FORMS)
def test_no_internal_word_on_a_paper(desk: Desk, form: str) -> None:
    desk.change(desk.account, internal_note="CANARYNOTE", tier="A", risk="high", credit_limit=987_654_321)
    one = desk.invoice("1", date(2026, 1, 5), 1000)
    desk.receipt(date(2026, 1, 6), 10, (desk.parts_of(one)[0], 10), reference="FT77", remark="CANARYREMARK")
    for paper in (statement.paper(desk.statement(), form), payment_request.paper(desk.request(one), form)):
        found = text_of(renderer.pdf(paper))
        assert "Sữa Đồng Xanh" in found
        for canary in ("CANARY", "987.654.321", "987,654,321", "987654321"):
            assert canary not in found


HOSTILE = (
    '#import "@preview/cetz:0.2.0": *',
    '#read("/etc/passwd")',
    "$ x^2 $ @label <here>",
    "*bold* _it_ `raw` ~ -- // /* */",
    '"quoted" \\u{41} [ ] { } #panic("x")',
    '{"json": 1}',
    "W" * 380,
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_texts_stand_on_the_paper_as_they_are(desk: Desk, hostile: str) -> None:
    desk.change(desk.account, name=hostile, short_name="", address=hostile, tax_code="")
    desk.change(FIRM, legal_name=hostile, representative=hostile[:100], bank_name=hostile[:100])
    one = desk.invoice(hostile[:38], date(2026, 1, 5), 1000, symbol=hostile[:8])
    desk.receipt(date(2026, 1, 6), 10, reference=hostile[:110])
    for paper in (
        statement.paper(desk.statement(), "vi", number=hostile[:20], place=hostile[:20]),
        payment_request.paper(desk.request(one), "vi+en", contract=hostile, enclosed=[hostile]),
    ):
        made = renderer.pdf(paper)
        squeezed = text_of(made).replace(" ", "")
        assert hostile.replace(" ", "") in squeezed
        for page in pypdfium2.PdfDocument(made):
            words = page.get_textpage()
            for place in range(words.count_rects()):
                left, _, right, _ = words.get_rect(place)
                assert left >= 0
                assert right <= page.get_width()  # nothing runs over the edge


def test_stacked_marks_of_vietnamese_are_on_the_page(desk: Desk) -> None:
    name = "Ẵẳẫẩậấầ Ểễệếề Ốồổỗộ Ớờởỡợ Ứừửữự Ỳỷỹỵ Đđ Ngưỡng Quyễn Thuở"
    desk.change(desk.account, name=name)
    desk.invoice("1", date(2026, 1, 5), 1000)
    found = text_of(renderer.pdf(statement.paper(desk.statement(), "vi")))
    assert name in found
    assert "BẢNG KÊ CÔNG NỢ" in found
    assert "Một nghìn đồng" in found


# --- pages ---------------------------------------------------------------------------------------------------------


def test_a_long_statement_repeats_its_head_and_counts_its_pages(desk: Desk) -> None:
    with desk.store.edit("Invoices") as uow:
        for number in range(110):
            values: dict[str, Any] = {"number": f"{number:08}", "issued_on": date(2026, 1, 5), "net": 9, "total": 9}
            collection.create_invoice(uow, Invoice(id="", account=desk.account.id, **values))
    made = renderer.pdf(statement.paper(desk.statement(), "en"))
    found = text_of(made)
    count = pages_of(made)
    assert count == 3
    assert found.count("Running balance") == count
    for number in range(1, count + 1):
        assert f"Page {number} / {count}" in found
    assert "Closing balance 990" in found


def _waiting_and_reported(desk: Desk) -> tuple[Invoice, Invoice]:
    """An invoice that waits for papers, one with money that is only reported, and a receipt that was rejected."""
    desk.change(FIRM, confirmation_begins_on=date(2026, 2, 1))
    with desk.store.edit("Invoice") as uow:
        plain = Invoice(id="", account=desk.account.id, number="8", issued_on=JANUARY, net=700_000, total=700_000)
        part = Instalment(
            id="", invoice="", place=1, name="Sau nghiệm thu", amount=700_000, steps=("days 30",), from_papers=True
        )
        waiting = collection.create_invoice(uow, plain, [part])
    plain_one = desk.invoice("9", date(2026, 1, 20), 500_000)
    [instalment] = desk.parts_of(plain_one)
    desk.receipt(date(2026, 2, 10), 120_000, (instalment, 120_000), reference="DA BAO")
    wrong = desk.receipt(date(2026, 2, 11), 90_000, (instalment, 90_000), reference="KHONG CO THAT")
    desk.receipt(date(2026, 1, 25), 50_000, (instalment, 50_000), reference="FT26025 CTY SUA DONG XANH THANH TOAN HD 9")
    with desk.store.edit("Reject") as uow:
        receipt.reject_receipt(uow, wrong.id, "Not on the statement")
    return waiting, plain_one


@pytest.mark.parametrize("form", parts.FORMS)
def test_a_statement_tells_what_waits_and_what_is_only_reported(desk: Desk, form: str) -> None:
    _waiting_and_reported(desk)
    made = desk.statement()
    assert (made.closing, made.not_due, made.waiting, made.reported) == (1_150_000, 700_000, 700_000, 120_000)
    text = text_of(renderer.pdf(statement.paper(made, form)))
    vi, en = "Trong số chưa đến hạn, khoản chờ đủ hồ sơ", "Payments reported to us that our bank has not confirmed yet"
    assert (vi in text) is ("vi" in form) and (en in text) is ("en" in form)
    assert "FT26025 CTY SUA DONG XANH THANH TOAN HD 9" in text
    assert "KHONG CO THAT" not in text and "DA BAO" not in text
    shown = ("chờ hồ sơ" in text.casefold(), "waiting for papers" in text.casefold())
    assert shown == ("vi" in form, "en" in form)
    plain = text_of(renderer.pdf(statement.paper(desk.statement(to_on=date(2026, 1, 1)), form)))
    assert "not deducted above" not in plain and "chưa trừ vào số trên" not in plain


@pytest.mark.parametrize("form", parts.FORMS)
def test_a_request_tells_what_waits_and_what_is_only_reported(desk: Desk, form: str) -> None:
    made = desk.request(*_waiting_and_reported(desk))
    assert [(due.due_on, due.open) for due in made.dues] == [(date(2026, 2, 19), 450_000), (None, 700_000)]
    assert (made.total, made.reported) == (1_150_000, 120_000)
    assert [note.code for note in made.notes] == ["reported"]
    text = text_of(renderer.pdf(payment_request.paper(made, form)))
    assert ("khi đủ hồ sơ" in text, "once the papers are complete" in text) == ("vi" in form, "en" in form)
    assert ("chưa trừ vào số trên" in text, "not deducted above" in text) == ("vi" in form, "en" in form)
    assert desk.request(desk.invoice("10", JANUARY, 5)).reported == 0


def test_where_to_pay_and_where_to_sign_stay_on_one_page(desk: Desk) -> None:
    for number in range(14):
        desk.invoice(str(number), JANUARY, 1_000_000)
    for more in range(14, 30):  # wherever the table ends on its page
        desk.invoice(str(more), JANUARY, 1_000_000)
        made = renderer.pdf(statement.paper(desk.statement(), "vi"))
        pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(made)]
        assert any("Thông tin chuyển khoản" in page and "Đại diện bên bán" in page for page in pages), more


@pytest.mark.parametrize("form", parts.FORMS)
def test_a_banking_app_reads_the_code_from_the_page(desk: Desk, form: str) -> None:
    one = desk.invoice("0000123", date(2026, 1, 15), 1_234_567)
    made = desk.request(one)
    page = pypdfium2.PdfDocument(renderer.pdf(payment_request.paper(made, form)))[0]
    found = zxingcpp.read_barcodes(page.render(scale=150 / 72).to_pil())
    assert [each.text for each in found] == [made.code]
    assert vietqr.read(found[0].text).amount == 1_234_567


def test_the_code_has_four_quiet_modules() -> None:
    drawn = parts.code_picture("x" * 20)
    size = int(drawn.split('viewBox="0 0 ')[1].split()[0])
    assert (size - 8 - 21) % 4 == 0
    starts = [tuple(map(int, move.split("h")[0].split())) for move in drawn.split('<path d="')[1].split("M")[1:]]
    assert min(min(start) for start in starts) == 4
    assert parts.code_picture("") == ""


def test_the_same_data_give_the_same_bytes_and_a_file_for_its_owner_only(desk: Desk, tmp_path: Path) -> None:
    desk.invoice("1", date(2026, 1, 5), 1000)
    paper = statement.paper(desk.statement(), "vi")
    made = renderer.pdf(paper)
    assert made == renderer.pdf(paper)
    target = tmp_path / "bảng kê.pdf"
    target.write_bytes(b"old")
    renderer.write(target, made)
    assert target.read_bytes() == made
    assert os.name == "nt" or stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.glob("*.new")] == []


def test_a_preview_is_one_picture_a_page(desk: Desk) -> None:
    desk.invoice("1", date(2026, 1, 5), 1000)
    found = renderer.pictures(statement.paper(desk.statement(), "vi"))
    assert [each[:4] for each in found] == [b"\x89PNG"]


# --- the firm's own templates --------------------------------------------------------------------------------------


def test_a_firms_template_wins_and_ours_stays_within_reach(desk: Desk, tmp_path: Path) -> None:
    desk.invoice("1", date(2026, 1, 5), 1000)
    paper = statement.paper(desk.statement(), "vi")
    bare_paper('#import "parts.typ": *\nMẫu riêng của #data.ours.name', tmp_path)
    assert renderer.own_templates(tmp_path) == ("statement.typ",)
    assert text_of(renderer.pdf(paper, tmp_path)) == f"Mẫu riêng của {FIRM.legal_name}"
    assert "BẢNG KÊ CÔNG NỢ" in text_of(renderer.pdf(paper, tmp_path, own=True))


def test_a_firms_logo_stands_in_the_head(desk: Desk, tmp_path: Path) -> None:
    desk.invoice("1", date(2026, 1, 5), 1000)
    paper = statement.paper(desk.statement(), "vi")
    folder = tmp_path / renderer.TEMPLATES
    folder.mkdir()
    (folder / "logo.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><text>LOGO</text></svg>', "utf-8"
    )
    assert renderer.pdf(paper, tmp_path) != renderer.pdf(paper, tmp_path, own=True)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a\n#let x = 1 +\n", "2"),
        ('\n\n#read("/etc/passwd")', "3"),
        ('#read("../../../etc/passwd")', "1"),
        ('#import "@preview/cetz:0.2.0"', "1"),
        ("#let f(n) = f(n + 1)\n#f(0)", "1"),
        ('#panic("no")', "1"),
        ('#image("/etc/passwd")', "1"),
    ],
)
def test_a_template_that_fails_is_named_with_its_line(tmp_path: Path, source: str, line: str) -> None:
    with pytest.raises(Refused) as refused:
        renderer.pdf(bare_paper(source, tmp_path), tmp_path)
    problem = refused.value.problems[0]
    assert (problem.code, problem.args["file"], problem.args["line"]) == ("template_error", "statement.typ", line)
    assert "root:" not in problem.english()


def test_a_runaway_template_is_stopped(tmp_path: Path) -> None:
    # Plain loops: a call of a closure is remembered by the type-setter, and on a fast machine memory would end first.
    paper = bare_paper("#for a in range(10000) { for b in range(10000) { for c in range(10000) {} } }", tmp_path)
    with pytest.raises(Refused) as refused:
        renderer.pdf(paper, tmp_path, time_s=1.0)
    problem = refused.value.problems[0]
    assert problem.code == "too_slow"
    assert problem.english() == "The template “statement.typ” took longer than 1 seconds and was stopped."


def test_a_greedy_template_is_stopped(tmp_path: Path) -> None:
    paper = bare_paper('#let s = "x" * 1000000\n#let all = range(100000).map(n => s + str(n))\n#all.len()', tmp_path)
    with pytest.raises(Refused) as refused:
        renderer.pdf(paper, tmp_path)
    assert refused.value.problems[0].code == "too_much_memory"


def test_links_and_large_files_are_no_templates(tmp_path: Path) -> None:
    folder = tmp_path / renderer.TEMPLATES
    folder.mkdir()
    (folder / "statement.typ").symlink_to("/etc/passwd")
    assert renderer.own_templates(tmp_path) == ()
    (folder / "logo.png").write_bytes(bytes(3 * 1024 * 1024))
    with pytest.raises(Refused) as refused:
        renderer.pdf(renderer.Paper("statement", {}, TODAY), tmp_path)
    assert refused.value.problems[0].code == "template_file"


def test_a_failure_of_our_own_template_is_our_fault() -> None:
    with pytest.raises(Broken):
        renderer.pdf(renderer.Paper("statement", {}, TODAY))
    with pytest.raises(Broken):
        renderer.pdf(renderer.Paper("nothing", {}, TODAY))


def test_only_the_named_task_may_open_files() -> None:
    assert confined.PAPER in confined.ALLOWED
    assert [each.function for each in confined.ALLOWED if each.may_open] == [confined.PAPER.function]
