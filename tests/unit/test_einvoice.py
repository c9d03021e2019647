"""E-invoice XML in every envelope and with every trap of the reference, and hostile XML and ZIP."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kam_desktop.domain.errors import Refused
from kam_desktop.transfer import einvoice
from tests import makers
from tests.makers import Bill, L


def read(tmp_path: Path, content: bytes, name: str = "a.xml") -> einvoice.FileOfInvoices:
    path = tmp_path / name
    path.write_bytes(content)
    return einvoice.read_files([path])[0]


def one(tmp_path: Path, bill: Bill, envelope: str = "plain") -> einvoice.EInvoice:
    found = read(tmp_path, makers.xml(bill, envelope))
    assert found.problem is None, found.problem
    assert len(found.documents) == 1
    invoice = found.documents[0].invoice
    assert invoice is not None, found.documents[0].problem
    return invoice


def codes(invoice: einvoice.EInvoice) -> list[str]:
    return [warning.code for warning in invoice.warnings]


FULL = Bill(
    number="00007957",
    lines=(L(10_000_000, name="Thiết kế"), L(2_000_000, name="Phần mềm", rate="KCT"), L(0, name="Tặng", kind="2")),
)


@pytest.mark.parametrize("envelope", makers.ENVELOPES)
def test_every_envelope_reads_alike(tmp_path: Path, envelope: str) -> None:
    invoice = one(tmp_path, FULL, envelope)
    assert invoice.key == (makers.OUR_CODE, "1", "C26TAA", "7957")
    assert invoice.label == "1C26TAA 00007957"
    assert invoice.issued_on == date(2026, 3, 5)
    assert (invoice.net, invoice.tax, invoice.total) == (12_000_000, 800_000, 12_800_000)
    assert invoice.buyer.name == makers.BUYERS[0][0]
    assert invoice.buyer.tax_code == makers.BUYERS[0][1]
    assert [line.kind for line in invoice.lines] == ["goods", "goods", "promotion"]
    assert [line.quantity for line in invoice.lines] == [Decimal(1)] * 3
    assert [group.rate for group in invoice.tax_groups] == [
        "8%",
        "KCT",
    ][: len(invoice.tax_groups)]
    assert invoice.authority_code == "00ABC"
    assert invoice.signed is (envelope != "bare_body")
    assert invoice.warnings == ()
    assert invoice.version == "2.1.0"


def test_amounts_with_decimals_and_the_printed_tax_stands(tmp_path: Path) -> None:
    # a real invoice prints 1.244.545 on 12.445.455; recomputed it would be 1.244.546 (vietnam.md B)
    bill = Bill(
        lines=(L(12_445_455, rate="10%"),), tax=1_244_545, groups=(("10%", 12_445_455, 1_244_545),), decimals=".000000"
    )
    invoice = one(tmp_path, bill)
    assert (invoice.tax, invoice.total) == (1_244_545, 13_690_000)
    assert invoice.warnings == ()


@pytest.mark.parametrize(
    ("printed", "rate"),
    [
        ("8%", "8%"), ("08%", "8%"), ("10.00%", "10%"), ("8", "8%"), ("0%", "0%"), ("KCT", "KCT"), ("KKKNT", "KKKNT"),
        ("KHAC:08.00%", "KHAC:8%"), ("KHAC:5.26%", "KHAC:5.26%"), ("-1", "KCT"), ("-2", "KKKNT"), (" 8 % ", "8%"),
        ("theo bảng kê", "theo bảng kê"), ("KHAC:x%", "KHAC:x%"),
    ],
)  # fmt: skip
def test_rates(tmp_path: Path, printed: str, rate: str) -> None:
    invoice = one(tmp_path, Bill(lines=(L(1_000_000, rate=printed),), groups=((printed, 1_000_000, 0),), tax=0))
    assert invoice.lines[0].tax_rate == rate
    assert invoice.tax_groups[0].rate == rate


@pytest.mark.parametrize(
    ("lines", "net", "fine"),
    [
        ((L(10_000_000), L(1_000_000, kind="3")), 9_000_000, True),  # subtracted
        ((L(10_000_000), L(-1_000_000, kind="3")), 9_000_000, True),  # printed negative
        ((L(10_000_000), L(1_000_000, kind="3")), 11_000_000, True),  # printed among the goods
        ((L(10_000_000), L(1_000_000, kind="3")), 10_000_000, True),  # only told
        ((L(10_000_000), L(900_000, kind="3", discount="100000")), 10_900_000, True),  # a discounted good
        ((L(10_000_000), L(5_000_000, kind="2"), L(7, kind="4")), 10_000_000, True),  # promotion and note add nothing
        ((L(10_000_000, kind=""),), 10_000_000, True),  # a missing TChat is a line
        ((L(10_000_000), L(1_000_000, kind="3")), 9_000_003, False),
        ((L(10_000_000), L(1_000_000, kind="3")), 9_000_002, True),  # two lines: two đồng are rounding
    ],
)
def test_the_lines_against_the_net(tmp_path: Path, lines: tuple[L, ...], net: int, fine: bool) -> None:
    invoice = one(tmp_path, Bill(lines=lines, net=net, tax=0, total=net, groups=()))
    assert codes(invoice) == ([] if fine else ["net_differs"])
    assert invoice.net == net


def test_the_tax_of_a_group_and_the_total_are_compared(tmp_path: Path) -> None:
    wrong = Bill(groups=(("8%", 10_000_000, 700_000),), tax=700_000, total=10_800_000)
    assert codes(one(tmp_path, wrong)) == ["tax_differs", "total_differs"]
    assert one(tmp_path, wrong).total == 10_800_000
    assert codes(one(tmp_path, replace(wrong, groups=(("8%", 10_000_000, 800_000),), total=10_700_000))) == [
        "tax_sum_differs"
    ]


def test_fees_belong_to_the_total(tmp_path: Path) -> None:
    ticket = Bill(lines=(L(2_872_514),), fees=(("Phí sân bay", 150_000),), total=3_252_315)
    invoice = one(tmp_path, ticket)
    assert invoice.fee_total == 150_000
    assert codes(invoice) == []
    invoice = one(tmp_path, replace(ticket, fees=(), fee_total_text="150000"))
    assert invoice.fee_total == 150_000
    assert codes(invoice) == []


def test_a_form_2_invoice_prints_no_tax_and_may_be_less_than_its_lines(tmp_path: Path) -> None:
    bill = Bill(form="2", lines=(L(10_101_010, rate=""),), net="", tax="", groups=(), total=10_000_000)
    invoice = one(tmp_path, bill)
    assert (invoice.net, invoice.tax, invoice.total) == (None, None, 10_000_000)
    assert codes(invoice) == []


@pytest.mark.parametrize("name", ["VATAmount", "Tiền thuế dòng (Tiền thuế GTGT)", "TThue", "TongTien_Thue"])
def test_the_tax_of_a_line_by_the_vendors_names(tmp_path: Path, name: str) -> None:
    assert one(tmp_path, Bill(lines=(L(10_000_000, others={name: "800000.0"}),))).lines[0].tax == 800_000
    assert one(tmp_path, Bill(lines=(L(10_000_000, tax="799999", others={name: "1"}),))).lines[0].tax == 799_999


@pytest.mark.parametrize(("action", "meaning"), [("1", "replaces"), ("2", "adjusts")])
def test_the_related_invoice(tmp_path: Path, action: str, meaning: str) -> None:
    invoice = one(tmp_path, Bill(number="8", related=(action, "1", "C26TAA", "00007957")))
    related = invoice.related[0]
    assert (related.action, related.form, related.symbol, related.number) == (meaning, "1", "C26TAA", "7957")
    assert related.issued_on == date(2026, 3, 5)
    content = makers.xml(Bill(number="8", related=(action, "1", "C26TAA", "7"))).replace(
        b"<GChu>", f"<MSTCLQuan>{makers.tax_code(1, 2)}</MSTCLQuan><GChu>".encode()
    )
    of_a_branch = read(tmp_path, content).documents[0].invoice
    assert of_a_branch is not None
    assert of_a_branch.related[0].tax_code == makers.tax_code(1, 2)
    joined = one(tmp_path, Bill(number="8", related=(action, "", "1C26TAA", "7957"))).related[0]
    assert (joined.form, joined.symbol) == ("1", "C26TAA")


def test_an_adjustment_downwards_is_negative(tmp_path: Path) -> None:
    invoice = one(tmp_path, Bill(number="9", lines=(L(-1_000_000),), related=("2", "1", "C26TAA", "1")))
    assert (invoice.net, invoice.tax, invoice.total) == (-1_000_000, -80_000, -1_080_000)
    assert codes(invoice) == []


@pytest.mark.parametrize(
    ("printed", "code", "total"), [("VND", "VND", 100), ("đ", "VND", 100), ("", "VND", 100), ("USD", "USD", 10_000)]
)
def test_currencies(tmp_path: Path, printed: str, code: str, total: int) -> None:
    invoice = one(tmp_path, Bill(currency=printed, lines=(L(100, rate="0%"),)))
    assert (invoice.currency, invoice.total) == (code, total)


def test_direction_is_told_by_our_tax_code() -> None:
    branch = makers.tax_code(1, 1)
    ours = makers.OUR_CODE
    party = einvoice.Party
    for seller, buyer, direction in (
        (ours, "x", "sale"), (branch, "x", "sale"), ("x", ours, "purchase"),
        (branch, ours, "internal"), ("x", "y", "foreign"), ("", "", "foreign"),
    ):  # fmt: skip
        invoice = einvoice.EInvoice(
            form="1", symbol="S", number="1", issued_on=date(2026, 1, 1), total=1,
            seller=party(tax_code=seller), buyer=party(tax_code=buyer),
        )  # fmt: skip
        assert invoice.direction([ours]) == direction
    assert invoice.direction([""]) == "foreign"


def test_an_archive_with_other_files_and_a_bad_one(tmp_path: Path) -> None:
    content = makers.zipped(
        {
            "2026/a.xml": makers.xml(Bill(number="1")),
            "2026/a.pdf": b"%PDF",
            "b.xml": b"<HDon><broken>",
            "style.xsl": b"<x/>",
            "c.XML": makers.xml(Bill(number="2"), "message"),
            "__MACOSX/._a.xml": b"junk",
        }
    )
    found = read(tmp_path, content, "a.zip")
    assert found.problem is None
    assert [(each.row, each.name) for each in found.documents] == [(1, "a.xml"), (3, "b.xml"), (5, "c.XML")]
    assert [each.problem.code if each.problem else "" for each in found.documents] == ["", "not_xml", ""]


def test_a_large_archive_is_read_in_parts(tmp_path: Path) -> None:
    content = makers.zipped({f"{n:04}.xml": makers.xml(Bill(number=str(n))) for n in range(1, 452)})
    found = read(tmp_path, content, "a.zip")
    assert [each.invoice.number for each in found.documents if each.invoice] == [str(n) for n in range(1, 452)]


def test_many_files_at_once_and_a_hostile_one_harms_no_other(tmp_path: Path) -> None:
    paths = makers.write_invoices(tmp_path / "in", [Bill(number=str(n)) for n in range(1, 8)])
    paths[3].write_bytes(BILLION_LAUGHS)
    paths.append(tmp_path / "absent.xml")
    steps: list[tuple[int, int]] = []
    found = einvoice.read_files(paths, progress=lambda done, whole: steps.append((done, whole)))
    assert [each.path for each in found] == paths
    assert [each.problem.code if each.problem else "" for each in found] == [
        "",
        "",
        "",
        "doctype",
        "",
        "",
        "",
        "not_found",
    ]
    assert steps[-1] == (8, 8)


def test_reading_can_be_cancelled(tmp_path: Path) -> None:
    paths = makers.write_invoices(tmp_path / "in", [Bill()])
    with pytest.raises(Refused) as refused:
        einvoice.read_files(paths, cancelled=lambda: True)
    assert refused.value.problems[0].code == "cancelled"


# --- traps of vietnam.md E: encodings, numbers, dates, actions, versions ---------------------------------------------


def encoded(declared: str, encoding: str, before: bytes = b"") -> bytes:
    """An e-invoice whose declaration says one encoding and whose bytes are another."""
    text = makers.xml(FULL).decode().replace('encoding="UTF-8"', f'encoding="{declared}"')
    return before + text.encode(encoding)


@pytest.mark.parametrize(
    ("declared", "encoding", "before"),
    [
        ("UTF-16", "utf-8", b""), ("utf-16", "utf-8", b"\xef\xbb\xbf"), ("windows-1252", "utf-8", b""),
        ("windows-1258", "utf-8", b""), ("iso-8859-1", "utf-8", b""), ("UTF-8", "utf-16", b""),
        ("UTF-8", "utf-16-le", b"\xff\xfe"), ("UTF-8", "utf-16-be", b"\xfe\xff"), ("UTF-8", "utf-8", b"\r\n  "),
        ("UTF-8", "utf-8", b"\xef\xbb\xbf\n"), ("no-such", "utf-8", b""),
    ],
)  # fmt: skip
def test_wrong_encodings_and_marks_before_the_xml(tmp_path: Path, declared: str, encoding: str, before: bytes) -> None:
    found = read(tmp_path, encoded(declared, encoding, before))
    assert found.problem is None
    invoice = found.documents[0].invoice
    assert invoice is not None
    assert invoice.buyer.name == makers.BUYERS[0][0]


def test_letters_that_are_no_utf_8_are_read_as_declared_or_refused(tmp_path: Path) -> None:
    plain = makers.xml(replace(FULL, buyer=("Công ty Hè", makers.BUYERS[0][1]), seller=("Hè", makers.OUR_CODE)))
    text = plain.decode().translate(
        {ord(c): "e" for c in "àáảãạăắằẳẵặâấầẩẫậđĐêềếểễệíìỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựýỳỷỹỵÓẾÁĂƠỊ"}
    )
    latin = text.replace('encoding="UTF-8"', 'encoding="iso-8859-1"').encode("latin-1", "replace")
    invoice = read(tmp_path, latin).documents[0].invoice
    assert invoice is not None
    assert invoice.buyer.name.endswith("Hè")
    found = read(tmp_path, latin.replace(b"iso-8859-1", b"UTF-8"))
    assert found.problem is not None
    assert found.problem.code == "not_xml"


@pytest.mark.parametrize(
    ("printed", "total"),
    [
        ("1234567", 1_234_567), ("1234567.000000", 1_234_567), ("1,234,567", 1_234_567), ("1,234,567.00", 1_234_567),
        ("1.234.567", 1_234_567), ("1.234.567,00", 1_234_567), ("1234567,0", 1_234_567), (" 1 234 567 ", 1_234_567),
        ("-1.234.567", -1_234_567), ("1234.5", 1_235), ("0012", 12), ("1,234", 1_234),
    ],
)  # fmt: skip
def test_numbers_with_marks(tmp_path: Path, printed: str, total: int) -> None:
    assert one(tmp_path, Bill(total=printed)).total == total


@pytest.mark.parametrize("printed", ["1.2.3", "1,23,4", "mười", "1e9", "0x10", "--5", "NaN", "1.234.56"])
def test_totals_that_are_no_number(tmp_path: Path, printed: str) -> None:
    found = read(tmp_path, makers.xml(Bill(total=printed)))
    assert found.problem is not None
    assert found.problem.code == "no_total"


@pytest.mark.parametrize(
    ("printed", "day"),
    [
        ("2026-03-05", 5), ("2026-03-05T00:00:00", 5), ("2026-03-05T00:00:00+07:00", 5),
        ("2026-03-05T23:59:59+07:00", 5),
        ("2026-03-04T17:00:00Z", 5), ("2026-03-04T16:59:59Z", 4), ("2026-03-05T10:00:00.123+0700", 5),
        ("05/03/2026", 5),
        ("05-03-2026", 5), ("20260305", 5), ("2026-03-05 08:30:00", 5),
    ],
)  # fmt: skip
def test_dates_with_times_and_time_zones(tmp_path: Path, printed: str, day: int) -> None:
    assert one(tmp_path, Bill(issued_on=printed)).issued_on == date(2026, 3, day)


@pytest.mark.parametrize("printed", ["2026-3-5", "2026-13-01", "", "hôm qua", "0000-00-00", "2026-03-055"])
def test_dates_that_are_none(tmp_path: Path, printed: str) -> None:
    found = read(tmp_path, makers.xml(Bill(issued_on=printed)))
    assert found.problem is not None
    assert found.problem.code == "no_date"


@pytest.mark.parametrize("number", ["0", "00000000", ""])
def test_a_number_of_zeros_was_never_issued(tmp_path: Path, number: str) -> None:
    found = read(tmp_path, makers.xml(Bill(number=number)))
    assert found.problem is not None
    assert found.problem.code == "no_number"


@pytest.mark.parametrize("action", ["", "0", "3", "5", "thay thế"])
def test_an_unknown_action_is_noted_and_links_nothing(tmp_path: Path, action: str) -> None:
    up = one(tmp_path, Bill(number="8", related=(action, "1", "C26TAA", "7")))
    assert (up.related[0].action, codes(up)) == ("unknown", ["related_unknown"])
    down = one(tmp_path, Bill(number="9", lines=(L(-5),), related=(action, "1", "C26TAA", "7")))
    assert (down.related[0].action, codes(down)) == ("adjusts", [])  # below zero it can only lower


def test_several_related_invoices_are_noted(tmp_path: Path) -> None:
    content = makers.xml(Bill(number="8", related=("2", "1", "C26TAA", "7"))).decode()
    start, end = content.index("<TTHDLQuan>"), content.index("</TTHDLQuan>") + len("</TTHDLQuan>")
    twice = content[:end] + content[start:end].replace(">7<", ">6<") + content[end:]
    invoice = read(tmp_path, twice.encode()).documents[0].invoice
    assert invoice is not None
    assert [each.number for each in invoice.related] == ["7", "6"]
    assert codes(invoice) == ["several_related"]


@pytest.mark.parametrize("version", ["2.0.0", "2.0.1", "2.1.0", ""])
@pytest.mark.parametrize("symbol", ["C26TAA", "K26TAB", "C26MAA", "C25MYY", "1C26TAA", "AA/19E"])
def test_versions_and_kinds_of_symbols(tmp_path: Path, version: str, symbol: str) -> None:
    form = "" if symbol.startswith("1") else "1"
    invoice = one(tmp_path, Bill(version=version, symbol=symbol, form=form))
    assert (invoice.form, invoice.symbol, invoice.version) == ("1", symbol.removeprefix("1"), version)


def test_a_message_with_several_invoices(tmp_path: Path) -> None:
    bodies = "".join(f"<HDon>{makers.body(Bill(number=str(n)))}</HDon>" for n in (1, 2, 3))
    general = "<TTChung><PBan>2.1.0</PBan><MLTDiep>203</MLTDiep><SLuong>3</SLuong></TTChung>"
    found = read(tmp_path, f"<TDiep>{general}<DLieu>{bodies}</DLieu></TDiep>".encode())
    assert [each.invoice.number for each in found.documents if each.invoice] == ["1", "2", "3"]
    assert [each.row for each in found.documents] == [1, 2, 3]


def test_the_old_name_of_a_line_and_a_buyer_who_is_a_person(tmp_path: Path) -> None:
    content = makers.xml(Bill(buyer=("", ""))).replace(b"THHDVu", b"Ten")
    invoice = read(tmp_path, content).documents[0].invoice
    assert invoice is not None
    assert invoice.lines[0].name == "Dịch vụ quảng cáo"
    assert invoice.buyer.name == "Nguyễn Văn An"


def test_a_formula_in_a_name_stays_text(tmp_path: Path) -> None:
    name = '=HYPERLINK("http://example.invalid")'
    assert one(tmp_path, Bill(lines=(L(10, name=name),))).lines[0].name == name


def test_rates_of_khac_are_groups_of_their_own_and_are_checked(tmp_path: Path) -> None:
    lines = (L(1_000_000, rate="KHAC:5.26%"), L(1_000_000, rate="8%"))
    groups = (("KHAC:5.26%", 1_000_000, 52_600), ("8%", 1_000_000, 80_000))
    assert codes(one(tmp_path, Bill(lines=lines, groups=groups, tax=132_600))) == []
    wrong = (("KHAC:5.26%", 1_000_000, 80_000), ("8%", 1_000_000, 80_000))
    assert codes(one(tmp_path, Bill(lines=lines, groups=wrong, tax=160_000))) == ["tax_differs"]


# --- what is no invoice, and what is hostile ------------------------------------------------------------------------

_LEVELS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BILLION_LAUGHS = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{_LEVELS}]><HDon>&l9;</HDon>'.encode()


def xxe(target: Path) -> bytes:
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "{target.as_uri()}">]><HDon>&a;</HDon>'.encode()


def test_hostile_xml_is_refused_with_a_sentence(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    good = makers.xml(Bill())
    cases = {
        "laughs": (BILLION_LAUGHS, "doctype"),
        "xxe": (xxe(secret), "doctype"),
        "remote": (b'<!DOCTYPE x SYSTEM "http://example.invalid/x.dtd"><HDon/>', "doctype"),
        "cut": (good[: len(good) // 2], "not_xml"),
        "many": (b"<HDon>" + b"<a/>" * 200_000 + b"</HDon>", "too_large"),
        "deep": (b"<a>" * 50_000 + b"</a>" * 50_000, ""),
        "encoding": (b'<?xml version="1.0" encoding="no-such"?><HDon>\xff</HDon>', "not_xml"),
        "table": (b"<Workbook><Sheet/></Workbook>", "not_an_einvoice"),
        "text": (b"just text", "not_xml"),
        "number": (makers.xml(Bill(number="")), "no_number"),
        "total": (good.replace(b"<TgTTTBSo>", b"<X>").replace(b"</TgTTTBSo>", b"</X>"), "no_total"),
        "date": (makers.xml(Bill(issued_on="2026-02-31")), "no_date"),
        "huge": (makers.xml(Bill(total="9" * 24)), "amount_too_large"),
        "currency": (makers.xml(Bill(currency="XXZ")), "unknown_currency"),
    }
    for name, (content, code) in cases.items():
        started = time.monotonic()
        found = read(tmp_path, content, f"{name}.xml")
        assert found.problem is not None, name
        assert found.problem.english()
        assert "secret" not in found.problem.english()
        assert not code or found.problem.code == code, name
        assert time.monotonic() - started < 10


def test_hostile_archives_are_refused(tmp_path: Path) -> None:
    bomb = makers.zipped({"a.xml": b"<a>" + b" " * 30_000_000 + b"</a>"})
    assert refused_code(read(tmp_path, bomb, "bomb.zip")) == "bomb"
    assert refused_code(read(tmp_path, makers.zipped({"a.pdf": b"x"}), "none.zip")) == "no_invoices"
    many = makers.zipped({f"{n}.xml": b"" for n in range(1_001)})
    assert refused_code(read(tmp_path, many, "many.zip")) == "too_many_entries"
    good = makers.zipped({"a.xml": makers.xml(Bill())})
    assert refused_code(read(tmp_path, good[: len(good) // 2], "cut.zip")) == "not_a_zip"
    assert refused_code(read(tmp_path, b"", "empty.zip")) == "empty"


def refused_code(found: einvoice.FileOfInvoices) -> str:
    assert found.problem is not None
    return found.problem.code
