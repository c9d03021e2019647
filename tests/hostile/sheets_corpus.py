"""Hostile workbooks, CSV files and lines of JSON: bombs, far cells, formulas, endless texts."""

# ruff: noqa: E501 - payloads stand on one line

from __future__ import annotations

import io
import tempfile
import zipfile
from functools import cache
from pathlib import Path

from tests import makers
from tests.hostile.archives_corpus import packed
from tests.hostile.cases import EITHER, IMPORT, LOAD, OPENING, READ, SECRET, SERVER, case

XLSX, CSV = ".xlsx", ".csv"
NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
REL = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
SHEET, STRINGS, BOOK = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"
BOOK_RELS = "xl/_rels/workbook.xml.rels"
HEAD = '<row r="1"><c r="A1" t="inlineStr"><is><t>Tên KH</t></is></c><c r="B1" t="inlineStr"><is><t>Hạn TT</t></is></c></row>'


@cache
def parts() -> dict[str, bytes]:
    """The parts of a good workbook."""
    with tempfile.TemporaryDirectory() as place:
        made = makers.write_accounts(Path(place) / "good.xlsx").read_bytes()
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def book(changed: dict[str, bytes | str]) -> bytes:
    """The good workbook with some parts changed or added."""
    whole = {**parts(), **{name: each.encode() if isinstance(each, str) else each for name, each in changed.items()}}
    return packed(*whole.items())


def sheet(rows: str, before: str = "", after: str = "") -> dict[str, bytes | str]:
    """The first sheet with these rows."""
    return {SHEET: f"<worksheet {NS} {REL}>{before}<sheetData>{rows}</sheetData>{after}</worksheet>"}


def named(text: str, second: str = "30") -> str:
    """A second row whose second cell is this XML."""
    return HEAD + f'<row r="2"><c r="A2" t="inlineStr"><is><t>{text}</t></is></c>{second}</row>'


@case(IMPORT, XLSX, slow=True)
def sheet_of_190_megabytes(path: Path) -> bytes:
    return book(sheet(f"<row>{'<c><v>1</v></c>' * 1000}</row>" * 12_600))


@case(IMPORT, XLSX, slow=True)
def sheet_of_60_megabytes(path: Path) -> bytes:
    return book(sheet(f"<row>{'<c><v>1</v></c>' * 1000}</row>" * 3_900))


@case(IMPORT, XLSX)
def sheet_of_999000_cells(path: Path) -> bytes:
    row = "".join(f"<c><v>{n}.5</v></c>" for n in range(100))
    return book(sheet(f"<row>{row}</row>" * 9_990))


@case(IMPORT, XLSX, READ)
def sheet_that_says_it_is_huge(path: Path) -> bytes:
    return book(sheet(named("An"), before='<dimension ref="A1:XFD1048576"/>'))


@case(IMPORT, XLSX)
def cell_in_the_last_corner(path: Path) -> bytes:
    return book(sheet(HEAD + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))


@case(IMPORT, XLSX, EITHER)
def cells_at_places_that_are_none(path: Path) -> bytes:
    refs = ("A0", "XFE1", "AAAAAAA1", "A99999999999", "1A", "", "A", "1", "A-1", "ZZZZZZZ999999999", "$A$1", "a1")
    return book(
        sheet(HEAD + "".join(f'<row r="{n - 2}"><c r="{ref}"><v>1</v></c></row>' for n, ref in enumerate(refs)))
    )


@case(IMPORT, XLSX)
def shared_text_used_600000_times(path: Path) -> bytes:
    strings = f"<sst {NS} count='1' uniqueCount='1'><si><t>{'Đặng' * 4000}</t></si></sst>"
    return book({**sheet(("<row>" + '<c t="s"><v>0</v></c>' * 200 + "</row>") * 3_000), STRINGS: strings})


@case(IMPORT, XLSX, EITHER)
def shared_texts_that_say_they_are_4_billion(path: Path) -> bytes:
    return book({STRINGS: f"<sst {NS} count='4294967295' uniqueCount='4294967295'><si><t>a</t></si></sst>"})


@case(IMPORT, XLSX, EITHER)
def shared_texts_that_are_not_there(path: Path) -> bytes:
    cells = "".join(f'<c t="s"><v>{place}</v></c>' for place in ("999999", "-1", "18446744073709551616", "x", ""))
    return book(sheet(HEAD + f"<row>{cells}</row>"))


@case(IMPORT, XLSX, EITHER, slow=True)
def shared_texts_of_47_megabytes(path: Path) -> bytes:
    lines = "".join(f"<si><t>{n}</t></si>" for n in range(1_500_000))
    return book({STRINGS: f"<sst {NS}>{lines}</sst>"})


@case(IMPORT, XLSX)
def text_of_10_megabytes_in_a_cell(path: Path) -> bytes:
    return book(sheet(named("x" * 10_000_000)))


@case(IMPORT, XLSX, EITHER, slow=True)
def text_of_10_random_megabytes_in_a_cell(path: Path) -> bytes:
    import random

    return book(sheet(named("".join(random.Random(1).choices("abcdefghijkmnopqrstuvwxyz", k=5_000_000)))))


@case(IMPORT, XLSX, READ)
def formulas_that_ask_and_start(path: Path) -> bytes:
    formulas = (f'WEBSERVICE("{SERVER}")', f'HYPERLINK("{SERVER}","x")', "cmd|'/c calc'!A0", f'IMAGE("{SERVER}")',
                f"'file:///{SECRET}'#$Sheet1.A1", 'CALL("kernel32","WinExec","JFJ","calc",1)')  # fmt: skip
    rows = [
        f'<row r="{n}"><c r="A{n}" t="str"><f>{formula.replace("&", "&amp;")}</f><v>An {n}</v></c></row>'
        for n, formula in enumerate(formulas, 2)
    ]
    return book(sheet(HEAD + "".join(rows)))


@case(IMPORT, XLSX, READ)
def links_pictures_and_data_from_outside(path: Path) -> bytes:
    secret = (path.parent / SECRET).as_uri()
    target = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    rels = "".join(
        f'<Relationship Id="x{n}" Type="{target}/{kind}" Target="{where}" TargetMode="External"/>'
        for n, (kind, where) in enumerate(
            (("externalLink", secret), ("attachedTemplate", SERVER), ("image", secret), ("connections", SERVER))
        )
    )
    known = parts()[BOOK_RELS].decode().replace("</Relationships>", rels + "</Relationships>")
    return book(
        {BOOK_RELS: known, "xl/externalLinks/externalLink1.xml": f"<externalLink {NS}/>", "xl/connections.xml": SERVER}
    )


@case(IMPORT, XLSX, EITHER)
def first_sheet_lies_outside(path: Path) -> bytes:
    rels = parts()[BOOK_RELS].decode()
    for old in ("/xl/worksheets/sheet1.xml", "worksheets/sheet1.xml"):
        rels = rels.replace(f'Target="{old}"', f'Target="../../../../{path.parent / SECRET}" TargetMode="External"')
    return book({BOOK_RELS: rels})


@case(IMPORT, XLSX, EITHER)
def parts_that_point_at_each_other(path: Path) -> bytes:
    rels = parts()[BOOK_RELS].decode().replace("worksheets/sheet1.xml", "workbook.xml")
    return book({BOOK_RELS: rels, "_rels/.rels": parts()["_rels/.rels"] + b" "})


@case(IMPORT, ".xlsm", READ)
def macros(path: Path) -> bytes:
    return book({"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0" + bytes(2000) + b"Auto_Open Shell calc"})


@case(IMPORT, XLSX, EITHER)
def pivot_caches_of_nonsense(path: Path) -> bytes:
    records = f"<pivotCacheRecords {NS} count='99999999'>" + "<r><x v='4294967295'/></r>" * 20_000
    return book({"xl/pivotCache/pivotCacheDefinition1.xml": b"<x", "xl/pivotCache/pivotCacheRecords1.xml": records})


@case(IMPORT, XLSX, EITHER)
def days_and_numbers_out_of_range(path: Path) -> bytes:
    values = ("1e308", "-1e308", "1e999", "NaN", "-INF", "2958466", "-1", "1e18", "0.1e-400", "abc", "", "9" * 400)
    rows = [
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>An {n}</t></is></c><c r="B{n}" s="1"><v>{value}</v></c></row>'
        for n, value in enumerate(values, 2)
    ]
    styles = f'<styleSheet {NS}><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'
    return book({**sheet(HEAD + "".join(rows)), "xl/styles.xml": styles})


@case(IMPORT, XLSX, EITHER)
def numbers_out_of_range_without_days(path: Path) -> bytes:
    values = ("1e308", "-1e308", "2e18", "1e20", "2958466", "9" * 300)
    rows = [
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>An {n}</t></is></c><c r="B{n}"><v>{value}</v></c></row>'
        for n, value in enumerate(values, 2)
    ]
    return book(sheet(HEAD + "".join(rows)))


@case(IMPORT, XLSX, EITHER)
def iso_days_that_are_none(path: Path) -> bytes:
    values = ("0000-00-00", "99999-99-99T99:99:99Z", "2026-02-31", "now", "-1", "PT1E99H")
    return book(sheet(HEAD + "".join(f'<row><c t="d"><v>{value}</v></c></row>' for value in values)))


@case(IMPORT, XLSX)
def definition_in_a_workbook(path: Path) -> bytes:
    return book({BOOK: b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + parts()[BOOK]})


@case(IMPORT, XLSX, EITHER)
def definition_in_utf_16_in_a_sheet(path: Path) -> bytes:
    text = f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a SYSTEM "{SERVER}">]><worksheet {NS}><sheetData><row><c><v>&a;</v></c></row></sheetData></worksheet>'
    return book({SHEET: text.encode("utf-16")})


@case(IMPORT, XLSX, EITHER, slow=True)
def a_million_merged_cells(path: Path) -> bytes:
    merged = "".join(f'<mergeCell ref="A{n}:B{n}"/>' for n in range(3, 400_000))
    return book(sheet(named("An"), after=f"<mergeCells>{merged}</mergeCells>"))


@case(IMPORT, XLSX, EITHER, slow=True)
def a_million_styles(path: Path) -> bytes:
    formats = "".join(f'<numFmt numFmtId="{n}" formatCode="dd/mm/yyyy{n}"/>' for n in range(200, 300_000))
    cells = "".join(f'<xf numFmtId="{n}"/>' for n in range(200, 300_000))
    return book(
        {"xl/styles.xml": f"<styleSheet {NS}><numFmts>{formats}</numFmts><cellXfs>{cells}</cellXfs></styleSheet>"}
    )


@case(IMPORT, XLSX, slow=True)
def one_sheet_named_10000_times(path: Path) -> bytes:
    sheets = "".join(f'<sheet name="Tờ {n}" sheetId="{n}" r:id="rId1"/>' for n in range(1, 10_001))
    rows = "".join("<row>" + "".join(f"<c><v>{r * n}</v></c>" for n in range(50)) + "</row>" for r in range(2000))
    rels = parts()[BOOK_RELS].decode()
    place = rels.index("worksheets/sheet1.xml")
    start = rels.rindex("<Relationship", 0, place)
    rel_id = rels[rels.index('Id="', start) + 4 :].split('"')[0]
    sheets = sheets.replace("rId1", rel_id)
    return book({**sheet(HEAD + rows), BOOK: f"<workbook {NS} {REL}><sheets>{sheets}</sheets></workbook>"})


@case(IMPORT, XLSX, EITHER)
def deep_workbook(path: Path) -> bytes:
    return book(sheet("<row>" + "<c>" * 200_000))


@case(IMPORT, XLSX, EITHER)
def rich_text_without_end(path: Path) -> bytes:
    return book({STRINGS: f"<sst {NS}><si>" + "<r><rPr/><t>ab</t></r>" * 300_000 + "</si></sst>"})


@case(IMPORT, XLSX)
def workbook_of_empty_parts(path: Path) -> bytes:
    return packed(*((name, b"") for name in parts()))


@case(IMPORT, XLSX)
def workbook_with_parts_called_sheet(path: Path) -> bytes:
    """Cells hidden from the check in a part that is no work sheet by its name."""
    rels = parts()[BOOK_RELS].decode().replace("worksheets/sheet1.xml", "hidden/sheet1.bin")
    corner = f'<worksheet {NS}><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    return book({BOOK_RELS: rels, "xl/hidden/sheet1.bin": corner})


@case(IMPORT, XLSX)
def workbook_with_its_parts_elsewhere(path: Path) -> bytes:
    """The same, in a part that the check does not look at."""
    rels = parts()[BOOK_RELS].decode()
    for old in ("/xl/worksheets/sheet1.xml", "worksheets/sheet1.xml"):
        rels = rels.replace(f'Target="{old}"', 'Target="media/sheet1.xml"')
    corner = f'<worksheet {NS}><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    return book({BOOK_RELS: rels, "xl/media/sheet1.xml": corner})


@case(IMPORT, XLSX)
def csv_called_xlsx(path: Path) -> bytes:
    return "Tên KH\nAn\n".encode()


@case(IMPORT, CSV)
def xlsx_called_csv(path: Path) -> bytes:
    return book({})


@case(IMPORT, XLSX, EITHER)
def marks_that_sort_slowly_in_cells(path: Path) -> bytes:
    """Normalising a run of marks in the wrong order takes the square of its length."""
    text = "a" + "\u0301\u0323" * 9_900
    return book(sheet(HEAD + f'<row><c t="inlineStr"><is><t>{text}</t></is></c></row>' * 900))


@case(IMPORT, CSV)
def csv_of_a_million_columns(path: Path) -> bytes:
    return b"a," * 1_000_000 + b"\n" + b"b," * 1_000_000


@case(IMPORT, CSV)
def csv_line_of_200_megabytes(path: Path) -> None:
    with path.open("wb") as file:
        file.write("Tên KH\nAn".encode())
        file.truncate(200_000_000)


@case(IMPORT, CSV)
def csv_line_of_30_megabytes(path: Path) -> bytes:
    return "Tên KH\n".encode() + b"x" * 30_000_000


@case(IMPORT, CSV)
def csv_unclosed_quote(path: Path) -> bytes:
    return 'Tên KH,MST\n"'.encode() + b"x,y\n" * 2_000_000


@case(IMPORT, CSV, EITHER)
def csv_of_quotes(path: Path) -> bytes:
    return "Tên KH\n".encode() + b'"' * 131_072 + b"\n"


@case(IMPORT, CSV)
def csv_with_nul_bytes(path: Path) -> bytes:
    return "Tên KH,MST\nAn\0,1\n".encode()


@case(IMPORT, CSV, EITHER)
def csv_in_four_encodings(path: Path) -> bytes:
    return (
        "Tên KH,MST\n".encode()
        + "Đặng\n".encode("utf-16-le")
        + "Đồng\n".encode("cp1258", "replace")
        + b"\xff\xfe\xb5\n"
    )


@case(IMPORT, CSV)
def csv_odd_utf_16(path: Path) -> bytes:
    return "Tên KH,MST\nAn,1\n".encode("utf-16") + b"\x00"


@case(IMPORT, CSV)
def csv_halves_of_letters_in_utf_16(path: Path) -> bytes:
    return b"\xff\xfe" + "Tên KH\n".encode("utf-16-le") + b"\x00\xd8" * 500


@case(IMPORT, CSV)
def csv_utf_7(path: Path) -> bytes:
    return "Tên KH,MST\n=cmd,1\n".encode("utf-7")


@case(IMPORT, CSV, READ)
def csv_formulas(path: Path) -> bytes:
    return 'Tên KH,Ghi chú\n"=cmd|\' /C calc\'!A0",@SUM(1)\n+1,"=HYPERLINK(""http://x.invalid"")"\n'.encode()


@case(IMPORT, CSV, EITHER)
def csv_separator_that_is_none(path: Path) -> bytes:
    return b'sep="\nTen KH"MST\nAn"1\n'


@case(IMPORT, CSV, slow=True)
def csv_a_million_rows(path: Path) -> bytes:
    return "Tên KH\n".encode() + b"An\n" * 1_000_000


@case(IMPORT, CSV, slow=True)
def csv_16_million_blank_lines(path: Path) -> bytes:
    return b"\n" * 16_000_000


@case(IMPORT, CSV, slow=True)
def csv_of_999000_long_cells(path: Path) -> bytes:
    return ("Tên KH" + ",x" * 9 + "\n" + (",".join(["Đặng Gia"] * 10) + "\n") * 99_000).encode()


@case(IMPORT, CSV, EITHER)
def csv_numbers_without_end(path: Path) -> bytes:
    long = "9" * 9_000
    return f"Tên KH,MST,Điện thoại,Hạn TT,Hạn mức công nợ,Ngày thành lập\nAn,{long},{long},{long},{long},{long}\nBình,1e999,nan,inf,-0,0/0/0\n".encode()


@case(IMPORT, CSV, EITHER, slow=True)
def csv_marks_that_sort_slowly(path: Path) -> bytes:
    text = "a" + "\u0301\u0323" * 9_900
    return ("Tên KH\n" + f"{text}\n" * 600).encode()


@case(IMPORT, ".txt", EITHER, slow=True)
def text_of_every_letter(path: Path) -> bytes:
    return ("Tên KH\tMST\n" + "\n".join(chr(n) * 3 for n in range(32, 0x2FA20, 7) if not 0xD800 <= n < 0xE000)).encode()


@case(IMPORT, ".tsv", EITHER)
def tabs_and_bells(path: Path) -> bytes:
    return "Tên KH\tMST\n".encode() + bytes(range(1, 32)) * 200


@case(OPENING, CSV, slow=True)
def opening_list_of_a_million_rows(path: Path) -> bytes:
    return b"1\n" * 1_000_000


@case(OPENING, XLSX, slow=True)
def opening_list_bomb(path: Path) -> bytes:
    return book(sheet(f"<row>{'<c><v>1</v></c>' * 1000}</row>" * 3_900))


@case(OPENING, CSV, EITHER, slow=True)
def opening_list_of_long_lines(path: Path) -> bytes:
    return (("C26TAA " * 20 + "1-" * 2_000 + "\n") * 1_000).encode()


# --- lines of JSON --------------------------------------------------------------------------------------------------

LINES = ".ndjson"
GOOD_LINE = '{"entity":"account","id":"%s","name":"%s"}'


@case(LOAD, LINES)
def json_100000_deep(path: Path) -> bytes:
    return b"[" * 100_000 + b"]" * 100_000 + b"\n" + b'{"a":' * 100_000


@case(LOAD, LINES, slow=True)
def json_line_of_300_megabytes(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b'{"entity":"account","id":"1","name":"')
        file.truncate(300_000_000)


@case(LOAD, LINES)
def json_numbers_without_end(path: Path) -> bytes:
    line = b'{"entity":"account","id":"a1","name":"An","credit_limit":%s}\n'
    return b"".join(
        line % each for each in (b"9" * 5000, b"1e999", b"NaN", b"-Infinity", b"1.5", b"9" * 30, b'"1"', b"true", b"{}")
    )


@case(LOAD, LINES)
def json_names_twice_and_strange_names(path: Path) -> bytes:
    return (
        b'{"entity":"account","entity":"firm","id":"1","name":"An"}\n{"entity":"__class__","id":"1"}\n'
        b'{"entity":"account","id":"../../x","name":"An","__init__":1,"__class__":{"a":[1]}}\n'
        b'{"entity":["account"],"id":{"a":1}}\n"account"\nnull\n[]\n1\n'
    )


@case(LOAD, LINES)
def json_that_is_no_text(path: Path) -> bytes:
    return b'\xff\xfe{\x00"\x00\n{"entity":"account","id":"1","name":"\xc3"}\n{"entity":"account","id":"1","name":"\\ud800"}\n\x00\x00\n'


@case(LOAD, LINES)
def json_text_of_4_megabytes(path: Path) -> bytes:
    return (GOOD_LINE % ("0" * 32, "x" * 4_000_000)).encode()


@case(LOAD, LINES)
def json_a_million_bad_lines(path: Path) -> bytes:
    return b"{\n" * 1_000_000


@case(LOAD, LINES, EITHER, slow=True)
def json_two_million_blank_lines(path: Path) -> bytes:
    return b"\n" * 2_000_000


@case(LOAD, LINES)
def json_wrong_kinds_in_every_field(path: Path) -> bytes:
    from kam_desktop.domain.entities import ENTITIES

    lines = []
    for record in ENTITIES:
        for each in record.entity.fields:
            for value in (
                "[]",
                "{}",
                "1e400",
                '"=cmd"',
                "-1",
                '["a",["b"]]',
                f'"{"z" * 3000}"',
                '"9999-99-99"',
                "false",
            ):
                lines.append(f'{{"entity":"{record.entity.name}","id":"x{len(lines)}","{each.name}":{value}}}')
    return "\n".join(lines).encode()


@case(LOAD, LINES, EITHER)
def json_marks_that_sort_slowly(path: Path) -> bytes:
    return (GOOD_LINE % ("0192a000-0000-7000-8000-000000000001", "a" + "\u0301\u0323" * 900_000)).encode()
