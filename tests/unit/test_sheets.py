"""Tables from XLSX and CSV: encodings, headers, values of cells, and hostile files."""

from __future__ import annotations

import io
import time
import unicodedata
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.errors import Refused
from kam_desktop.transfer import cells, sheets, table_finder
from kam_desktop.transfer.headers import ACCOUNTS
from kam_desktop.transfer.table_kinds import VOCABULARIES
from tests import makers


def read(path: Path) -> sheets.Table:
    found, encoding = sheets.read_sheets(path)
    table = table_finder.find(path.name, found, VOCABULARIES, encoding)
    assert table is not None and not table.missing
    return table.table


def refusal(path: Path) -> str:
    with pytest.raises(Refused) as refused:
        sheets.read_sheets(path)
    assert refused.value.problems[0].where == path.name
    assert refused.value.problems[0].english()
    return refused.value.problems[0].code


# --- header ---------------------------------------------------------------------------------------------------------


def test_header_under_a_merged_title_is_found_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    table = read(makers.write_accounts(tmp_path / "Khách hàng.xlsx"))
    assert table.header_row == 3
    assert table.unused == ("STT",)
    rows = list(table.values())
    assert [number for number, _ in rows] == [4, 5, 6]
    assert rows[0][1]["name"] == makers.BUYERS[0][0]
    assert rows[0][1]["contact_name"] == "Nguyễn Thị Ánh"
    assert rows[0][1]["payment_days"] == 45
    assert rows[2][1]["payment_days"] is None


@pytest.mark.parametrize(
    ("title", "field"),
    [
        ("Tên KH", "name"), ("TÊN KHÁCH HÀNG (*)", "name"), ("Customer name", "name"), ("Mã số thuế", "tax_code"),
        ("MST", "tax_code"), ("Công nợ (VND)", "balance"), ("Hạn TT", "payment_days"), ("Điện thoại", "phone"),
        ("Người liên hệ", "contact_name"), ("E-mail", "email"), ("Địa chỉ", "address"), ("Ngành", "industry"),
        ("Hạng", "tier"), ("Tax code", "tax_code"), ("Website", "website"), ("SĐT", "phone"),
        ("Ghi chú", "internal_note"),
        ("Hạn mức công nợ", "credit_limit"), ("Di động", "contact_phone"), ("Chức vụ", "contact_position"),
    ],
)  # fmt: skip
def test_titles_are_guessed(title: str, field: str) -> None:
    titles = (title,) if field == "name" else ("Tên khách hàng", title)
    assert ACCOUNTS.guess(titles)[field] == len(titles) - 1


def test_titles_in_decomposed_form_are_the_same() -> None:
    assert ACCOUNTS.guess([unicodedata.normalize("NFD", "Tên khách hàng")]) == {"name": 0}


def test_a_table_without_names_fits_nothing(tmp_path: Path) -> None:
    path = makers.write_table(tmp_path / "x.xlsx", ["Ngày", "Số lượng"], [["1", "2"]])
    found, encoding = sheets.read_sheets(path)
    table = table_finder.find(path.name, found, VOCABULARIES, encoding)
    assert table is not None
    assert table.missing


def test_the_sheet_with_the_most_known_columns_wins_and_hidden_ones_are_left(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    first = workbook.active
    assert first is not None
    first.append(["Tên KH"])
    first.append(["Sai tờ"])
    second = workbook.create_sheet("Danh sách")
    second.append(["Tên KH", "MST", "Địa chỉ"])
    second.append(["Đúng tờ", "", ""])
    hidden = workbook.create_sheet("Ẩn")
    hidden.append(["Tên KH", "MST", "Địa chỉ", "Email"])
    hidden.append(["Không thấy"])
    hidden.sheet_state = "hidden"
    workbook.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx").sheet == "Danh sách"


def test_an_old_font_encoding_inside_a_workbook_is_put_right(tmp_path: Path) -> None:
    old = "C«ng ty Cæ phÇn §ång Xanh"
    path = makers.write_table(tmp_path / "a.xlsx", ["Tªn kh¸ch hµng", "M· sè thuÕ"], [[old, makers.BUYERS[0][1]]])
    table = read(path)
    assert table.encoding == "tcvn3"
    assert table.rows[0].cells[0] == "Công ty Cổ phần Đồng Xanh"


# --- CSV ------------------------------------------------------------------------------------------------------------

CSV = "Tên KH,MST,Ghi chú\nCông ty Đặng Gia,0101,một dòng\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (CSV.encode(), ""),
        (b"\xef\xbb\xbf" + CSV.encode(), ""),
        (CSV.encode("utf-16"), ""),
        (CSV.encode("utf-16-le"), ""),
        ("Tªn KH,MST,Ghi chó\nC«ng ty §Æng Gia,0101,mét dßng\n".encode("cp1252"), "tcvn3"),
    ],
)
def test_encodings_are_told_apart(tmp_path: Path, content: bytes, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    table = read(path)
    assert table.encoding == encoding
    assert table.rows[0].cells == ("Công ty Đặng Gia", "0101", "một dòng")


def test_windows_1258_is_read_and_reported(tmp_path: Path) -> None:
    out = b""
    for char in "Tên KH,MST\nCông ty Đặng Gia Phát Đồng Tháp,0101\n":
        # cp1258 writes the tone as a letter of its own behind the vowel
        marks = unicodedata.normalize("NFD", char)[1:]
        tone = "".join(mark for mark in marks if mark in "\u0300\u0301\u0303\u0309\u0323")
        shape = "".join(mark for mark in marks if mark not in tone)
        out += (unicodedata.normalize("NFC", unicodedata.normalize("NFD", char)[0] + shape) + tone).encode("cp1258")
    path = tmp_path / "a.csv"
    path.write_bytes(out)
    table = read(path)
    assert table.encoding == "cp1258"
    assert table.rows[0].cells[0] == "Công ty Đặng Gia Phát Đồng Tháp"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_told_apart(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    rows = [["Tên KH", "MST", "Địa chỉ"], ["An", "1", '"1, Phố; Huế"'], ["Bình", "2", '"2, Lê Lợi"']]
    path.write_text("DANH SÁCH\n\n" + "\n".join(delimiter.join(row) for row in rows) + "\n", encoding="utf-8")
    table = read(path)
    assert [row.number for row in table.rows] == [4, 5]
    assert table.rows[0].cells == ("An", "1", "1, Phố; Huế")


def test_the_line_that_names_the_delimiter_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("sep=;\nTên KH;MST\nAn, Bình;1\n", encoding="utf-8")
    assert read(path).rows[0] == sheets.Row(3, ("An, Bình", "1"))


# --- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("05/03/2026", date(2026, 3, 5)), ("5-3-2026", date(2026, 3, 5)), ("5.3.26", date(2026, 3, 5)),
        ("2026-03-05", date(2026, 3, 5)), ("2026-03-05T10:00:00", date(2026, 3, 5)), (46086, date(2026, 3, 5)),
        ("46086", date(2026, 3, 5)), (datetime(2026, 3, 5, 8), date(2026, 3, 5)), (date(2026, 3, 5), date(2026, 3, 5)),
        ("05/03/2026 14:30", date(2026, 3, 5)), ("", None), (None, None), ("'05/03/2026", date(2026, 3, 5)),
    ],
)  # fmt: skip
def test_days(cell: Any, day: date | None) -> None:
    assert cells.as_date(cell, "d") == day


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("31/02/2026", "no_such_day"),
        ("03/25/2026", "no_such_day"),
        ("hôm qua", "unreadable_date"),
        (7, "unreadable_date"),
    ],
)
def test_days_that_are_none(cell: Any, code: str) -> None:
    with pytest.raises(Refused) as refused:
        cells.as_date(cell, "d")
    assert refused.value.problems[0].code == code


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("1.234.567", 1_234_567), ("1,234,567", 1_234_567), (1234567, 1_234_567), (1234567.0, 1_234_567),
        ("1.234.567 ₫", 1_234_567), ("1234567đ", 1_234_567), ("125tr", 125_000_000), ("-", None), ("", None),
        (None, None),
    ],
)  # fmt: skip
def test_amounts(cell: Any, amount: int | None) -> None:
    assert cells.as_amount(cell, "VND", "a") == amount


def test_amounts_that_are_none() -> None:
    for cell in ("1.5", "một triệu", True, date(2026, 1, 1)):
        with pytest.raises(Refused):
            cells.as_amount(cell, "VND", "a")


ZERO_FIRST = "0100109106"  # documented in the reference's test sets: its check digit is right


@pytest.mark.parametrize(
    ("cell", "code", "filled"),
    [
        (int(ZERO_FIRST), ZERO_FIRST, True), (ZERO_FIRST[1:], ZERO_FIRST, True), ("0100 109 106", ZERO_FIRST, False),
        (f"{ZERO_FIRST}-001", f"{ZERO_FIRST}-001", False), (f"{ZERO_FIRST}001", f"{ZERO_FIRST}-001", False),
        (int(f"{ZERO_FIRST}001"), f"{ZERO_FIRST}-001", True), (f"'{ZERO_FIRST}", ZERO_FIRST, False),
        (int(makers.OUR_CODE), makers.OUR_CODE, False), ("001099012345", "001099012345", False),
        (19099012345, "019099012345", True), (88, "88", False), ("", "", False), (None, "", False),
    ],
)  # fmt: skip
def test_tax_codes(cell: Any, code: str, filled: bool) -> None:
    assert cells.as_tax_code(cell) == (code, filled)


def test_whole_numbers() -> None:
    assert cells.as_whole("30 ngày", "n", ("ngày",)) == 30
    assert cells.as_whole("NET 45", "n", ("net",)) == 45
    assert cells.as_whole(30.0, "n") == 30
    assert cells.as_whole(None, "n") is None
    with pytest.raises(Refused):
        cells.as_whole("hai tuần", "n")


@given(st.text())
def test_the_prefix_against_formulas_comes_off_again(text: str) -> None:
    assert cells.unprefixed(cells.prefixed(text)) == text
    assert not cells.is_dangerous(cells.prefixed(text))


# --- hostile files --------------------------------------------------------------------------------------------------


def workbook_parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sheet_of(cells_text: str) -> bytes:
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{cells_text}</sheetData></worksheet>"
    ).encode()


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, bytes]:
    return workbook_parts(makers.write_accounts(tmp_path / "good.xlsx"))


def hostile(parts: dict[str, bytes], tmp_path: Path, **changed: bytes) -> Path:
    path = tmp_path / "hostile.xlsx"
    names = {"sheet": "xl/worksheets/sheet1.xml", "strings": "xl/sharedStrings.xml", "workbook": "xl/workbook.xml"}
    path.write_bytes(makers.zipped({**parts, **{names[name]: content for name, content in changed.items()}}))
    return path


def test_a_sheet_of_190_megabytes_is_refused_quickly(parts: dict[str, bytes], tmp_path: Path) -> None:
    started = time.monotonic()
    cell = "<c><v>1</v></c>" * 1000
    path = hostile(parts, tmp_path, sheet=sheet_of(f"<row>{cell}</row>" * 12_600))
    assert path.stat().st_size < 2_000_000
    assert refusal(path) in ("bomb", "unpacks_too_large", "sheet_too_large")
    assert time.monotonic() - started < 10


def test_a_sheet_that_lies_about_its_size_is_refused(parts: dict[str, bytes], tmp_path: Path) -> None:
    path = hostile(parts, tmp_path, sheet=sheet_of("<row><c><v>1</v></c></row>" * 300_000))
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        entry = archive.getinfo("xl/worksheets/sheet1.xml")
    place = content.rfind(b"PK\x01\x02", 0, content.rfind(b"xl/worksheets/sheet1.xml"))
    assert int.from_bytes(content[place + 24 : place + 28], "little") == entry.file_size
    content[place + 24 : place + 28] = (1000).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    assert refusal(path) in ("not_a_zip", "sheet_too_large", "unpacks_too_large")


def test_a_cell_in_the_last_corner_reserves_nothing(parts: dict[str, bytes], tmp_path: Path) -> None:
    corner = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    assert refusal(hostile(parts, tmp_path, sheet=sheet_of(corner))) == "sheet_too_large"


def test_formatted_blank_cells_may_reach_as_far_as_they_like(parts: dict[str, bytes], tmp_path: Path) -> None:
    cells_text = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Tên KH</t></is></c></row>'
        '<row r="2"><c r="A2" t="inlineStr"><is><t>An</t></is></c></row>'
        '<row r="1048576"><c r="XFD1048576" s="1"/></row>'
    )
    assert read(hostile(parts, tmp_path, sheet=sheet_of(cells_text))).rows[0].cells == ("An",)


@pytest.mark.parametrize(
    "definition",
    [
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    ],
)
def test_a_document_type_is_refused(parts: dict[str, bytes], tmp_path: Path, definition: str) -> None:
    path = hostile(parts, tmp_path, strings=definition.encode() + b"<sst><si><t>&a;</t></si></sst>")
    assert refusal(path) == "doctype"


def test_too_many_entries(parts: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "many.xlsx"
    path.write_bytes(makers.zipped({**parts, **{f"xl/x{n}.xml": b"" for n in range(1_001)}}))
    assert refusal(path) == "too_many_entries"


def test_truncated_and_strange_files(tmp_path: Path) -> None:
    good = makers.write_accounts(tmp_path / "good.xlsx").read_bytes()
    bad = tmp_path / "bad.xlsx"
    for content in (good[: len(good) // 2], good[:100], b"PK\x03\x04", b"not a zip", b"\xd0\xcf\x11\xe0" + b"\0" * 600):
        bad.write_bytes(content)
        assert refusal(bad) == "not_a_zip"
    bad.write_bytes(makers.zipped({"a.txt": b"x"}))
    assert refusal(bad) == "not_a_workbook"
    bad.write_bytes(b"")
    assert refusal(bad) == "empty"
    assert refusal(tmp_path / "absent.xlsx") == "not_found"
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    assert refusal(tmp_path / "old.xls") == "old_excel"
    (tmp_path / "a.docx").write_bytes(b"x")
    assert refusal(tmp_path / "a.docx") == "unknown_form"
    (tmp_path / "a.csv").write_bytes(b"\x00\x01\x02" * 100)
    assert refusal(tmp_path / "a.csv") == "unknown_encoding"


def test_a_text_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for content in (b"a," * 5_000_000, b'Ten KH,MST\n"' + b"x\n" * 1_000_000, b"a;b\n" * 200_000):
        path.write_bytes(content)
        assert refusal(path) in ("sheet_too_large", "not_csv")


def test_formulas_are_text_and_never_run(tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://example.invalid","x")'
    path = makers.write_table(tmp_path / "a.xlsx", ["Tên KH", "Ghi chú"], [["An", "+1"], ["Bình", None]])
    assert read(path).rows[0].cells == ("An", "+1")
    csv_path = tmp_path / "a.csv"
    csv_path.write_text(f'Tên KH,Ghi chú\nAn,"{evil.replace(chr(34), chr(34) * 2)}"\n', encoding="utf-8")
    assert read(csv_path).rows[0].cells == ("An", evil)
