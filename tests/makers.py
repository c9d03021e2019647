"""Builders of synthetic foreign files: e-invoices in every envelope, account tables, hostile files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import openpyxl

_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


def tax_code(serial: int, branch: int = 0) -> str:
    """A made-up tax code that begins with 99, which no tax office has, with a right check digit (vietnam.md D)."""
    while True:
        nine = f"99{serial:07d}"
        rest = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, nine, strict=True)) % 11
        if rest != 0:
            break
        serial += 5_000_000
    return f"{nine}{10 - rest}" + (f"-{branch:03d}" if branch else "")


OUR_CODE = tax_code(1)
OUR_NAME = "Công ty TNHH Truyền thông Mây Lành"
BUYERS = (
    ("Công ty Cổ phần Sữa Đồng Xanh", tax_code(101)),
    ("Công ty TNHH Đặng Gia Phát", tax_code(102)),
    ("Tập đoàn Thép Trường Lĩnh", tax_code(103)),
    ("Công ty CP Nội thất Gỗ Ấm", tax_code(104)),
)


@dataclass(frozen=True)
class L:
    """One line of an e-invoice: amounts as the XML shall print them; an empty text leaves the element out."""

    net: int | str
    name: str = "Dịch vụ quảng cáo"
    kind: str = "1"
    rate: str = "8%"
    quantity: str = "1"
    price: str = ""
    discount: str = ""
    tax: str = ""
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Bill:
    """An e-invoice to write. Totals are computed from the lines unless they are given."""

    number: str = "1"
    symbol: str = "C26TAA"
    form: str = "1"
    issued_on: str = "2026-03-05"
    seller: tuple[str, str] = (OUR_NAME, OUR_CODE)
    buyer: tuple[str, str] = BUYERS[0]
    lines: Sequence[L] = (L(10_000_000),)
    currency: str = "VND"
    net: int | str | None = None
    tax: int | str | None = None
    total: int | str | None = None
    groups: Sequence[tuple[str, int | str, int | str]] | None = None
    fees: Sequence[tuple[str, int]] = ()
    fee_total_text: str = ""
    related: tuple[str, str, str, str] | None = None  # action 1 or 2, form, symbol, number
    version: str = "2.1.0"
    decimals: str = ""  # such as ".000000" behind every amount

    def sums(self) -> tuple[int, int, list[tuple[str, int, int]]]:
        """Net, tax and groups as the lines give them."""
        by_rate: dict[str, int] = {}
        for line in self.lines:
            sign = {"1": 1, "3": -1}.get(line.kind, 0)
            if sign:
                by_rate[line.rate] = by_rate.get(line.rate, 0) + sign * int(line.net)
        groups = []
        for rate, net in by_rate.items():
            percent = int(rate[:-1]) if rate[:-1].isdigit() and rate.endswith("%") else 0
            groups.append((rate, net, (abs(net) * percent * 2 + 100) // 200 * (1 if net >= 0 else -1)))
        return sum(by_rate.values()), sum(group[2] for group in groups), groups


def _element(name: str, value: object) -> str:
    return "" if value in ("", None) else f"<{name}>{escape(str(value))}</{name}>"


def _party(name: str, party: tuple[str, str], more: str = "") -> str:
    return (
        f"<{name}>{_element('Ten', party[0])}{_element('MST', party[1])}<DChi>1 Phố Mẫu, Hà Nội</DChi>{more}</{name}>"
    )


def _others(values: Mapping[str, str]) -> str:
    if not values:
        return ""
    inner = "".join(
        f"<TTin>{_element('TTruong', key)}<KDLieu>string</KDLieu>{_element('DLieu', value)}</TTin>"
        for key, value in values.items()
    )
    return f"<TTKhac>{inner}</TTKhac>"


def body(bill: Bill, *, totals_outside: bool = False, code_inside: bool = False) -> str:
    """The signed part, DLHDon."""
    net, tax, groups = bill.sums()
    printed_net = bill.net if bill.net is not None else net
    printed_tax = bill.tax if bill.tax is not None else tax
    fees = sum(amount for _, amount in bill.fees)
    total = bill.total if bill.total is not None else int(printed_net or 0) + int(printed_tax or 0) + fees
    dec = bill.decimals
    lines = "".join(
        "<HHDVu>"
        + _element("TChat", line.kind)
        + f"<STT>{place}</STT>"
        + _element("THHDVu", line.name)
        + "<DVTinh>gói</DVTinh>"
        + _element("SLuong", line.quantity)
        + _element("DGia", line.price)
        + _element("STCKhau", line.discount)
        + (f"<ThTien>{line.net}{dec}</ThTien>" if line.net != "" else "")
        + _element("TSuat", line.rate)
        + _element("TThue", line.tax)
        + _others(line.others)
        + "</HHDVu>"
        for place, line in enumerate(bill.lines, start=1)
    )
    rates = "".join(
        f"<LTSuat><TSuat>{rate}</TSuat><ThTien>{base}{dec}</ThTien><TThue>{amount}{dec}</TThue></LTSuat>"
        for rate, base, amount in (bill.groups if bill.groups is not None else groups)
    )
    fee_part = "".join(f"<LPhi><TLPhi>{escape(n)}</TLPhi><TPhi>{a}</TPhi></LPhi>" for n, a in bill.fees)
    totals = (
        "<TToan>"
        + (f"<THTTLTSuat>{rates}</THTTLTSuat>" if rates else "")
        + (f"<TgTCThue>{printed_net}{dec}</TgTCThue>" if printed_net != "" else "")
        + (f"<TgTThue>{printed_tax}{dec}</TgTThue>" if printed_tax != "" else "")
        + (f"<DSLPhi>{fee_part}</DSLPhi>" if fee_part else "")
        + f"<TgTTTBSo>{total}{dec}</TgTTTBSo><TgTTTBChu>Bằng chữ</TgTTTBChu>"
        + (_others({"Tổng tiền phí": bill.fee_total_text}) if bill.fee_total_text else "")
        + "</TToan>"
    )
    related = ""
    if bill.related:
        action, form, symbol, number = bill.related
        related = (
            f"<TTHDLQuan><TCHDon>{action}</TCHDon><LHDCLQuan>1</LHDCLQuan><KHMSHDCLQuan>{form}</KHMSHDCLQuan>"
            f"<KHHDCLQuan>{symbol}</KHHDCLQuan><SHDCLQuan>{number}</SHDCLQuan><NLHDCLQuan>2026-03-05</NLHDCLQuan>"
            "<GChu>Sai đơn giá</GChu></TTHDLQuan>"
        )
    general = (
        f"<TTChung><PBan>{bill.version}</PBan><THDon>HÓA ĐƠN GIÁ TRỊ GIA TĂNG</THDon>"
        + _element("KHMSHDon", bill.form)
        + _element("KHHDon", bill.symbol)
        + _element("SHDon", bill.number)
        + _element("NLap", bill.issued_on)
        + _element("DVTTe", bill.currency)
        + "<TGia>1</TGia><HTTToan>TM/CK</HTTToan>"
        + related
        + ("<MCCQT>00ABC</MCCQT>" if code_inside else "")
        + "</TTChung>"
    )
    content = (
        "<NDHDon>"
        + _party("NBan", bill.seller)
        + _party("NMua", bill.buyer, "<MKHang>KH01</MKHang><HVTNMHang>Nguyễn Văn An</HVTNMHang>")
        + f"<DSHHDVu>{lines}</DSHHDVu>"
        + ("" if totals_outside else totals)
        + "</NDHDon>"
        + (totals if totals_outside else "")
    )
    return f'<DLHDon Id="data">{general}{content}</DLHDon>'


_SIGNATURE = (
    '<DSCKS><NBan><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo/></Signature></NBan></DSCKS>'
)
ENVELOPES = (
    "plain", "namespace", "prefix", "message", "lookup", "totals_outside", "bare_body", "bom", "utf16", "stylesheet",
)  # fmt: skip


def xml(bill: Bill, envelope: str = "plain", *, signed: bool = True) -> bytes:
    """The e-invoice's file in one of ENVELOPES."""
    tail = "<MCCQT Id='mccqt'>00ABC</MCCQT>" + (_SIGNATURE if signed else "")
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    inner = body(bill, totals_outside=envelope == "totals_outside")
    invoice = f"<HDon>{inner}{tail}</HDon>"
    if envelope == "namespace":
        return f"{head}<HDon xmlns='urn:example:hoadon'>{inner}{tail}</HDon>".encode()
    if envelope == "prefix":
        prefixed = invoice.replace("</", "\0").replace("<", "<hd:").replace("\0", "</hd:")
        return (head + prefixed.replace("<hd:HDon>", '<hd:HDon xmlns:hd="urn:x">', 1)).encode()
    if envelope in ("message", "lookup"):
        general = (
            "<TTChung><PBan>2.0.1</PBan><MNGui>V0</MNGui><MLTDiep>202</MLTDiep><MST>0</MST><SLuong>1</SLuong></TTChung>"
        )
        message = f"<TDiep>{general}<DLieu>{invoice}</DLieu></TDiep>"
        whole = message if envelope == "message" else f"<KetQuaTraCuu><DuLieu>{message}</DuLieu></KetQuaTraCuu>"
        return f"{head}{whole}".encode()
    if envelope == "bare_body":
        return f"{head}{body(bill, code_inside=True)}".encode()
    if envelope == "bom":
        return b"\xef\xbb\xbf" + f"{head}{invoice}".encode()
    if envelope == "utf16":
        return f'<?xml version="1.0" encoding="UTF-16"?>{invoice}'.encode("utf-16")
    if envelope == "stylesheet":
        return f'{head}<?xml-stylesheet type="text/xsl" href="http://example.invalid/x.xsl"?>{invoice}'.encode()
    return f"{head}{invoice}".encode()


def write_invoices(folder: Path, bills: Sequence[Bill], envelope: str = "plain") -> list[Path]:
    """One XML a bill, named by symbol and number."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for bill in bills:
        path = folder / f"{bill.symbol}-{bill.number.zfill(8)}.xml"
        path.write_bytes(xml(bill, envelope))
        paths.append(path)
    return paths


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A ZIP of the named contents."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


ACCOUNT_TITLES = ("STT", "Tên KH", "MST", "Điện thoại", "Người liên hệ", "Email", "Địa chỉ", "Ngành", "Hạng", "Hạn TT")


def account_rows() -> list[list[Any]]:
    """Rows under ACCOUNT_TITLES."""
    return [
        [1, BUYERS[0][0], BUYERS[0][1], "024 3825 1234", "Nguyễn Thị Ánh", "anh@dongxanh.example", "1 Phố Huế, Hà Nội",
         "Thực phẩm", "A", 45],
        [2, BUYERS[1][0], int(BUYERS[1][1]), "0912 345 678", "Đặng Văn Đức", "duc@danggia.example", "2 Lê Lợi, Huế",
         "Bán lẻ", "B", "30 ngày"],
        [3, BUYERS[2][0], BUYERS[2][1], "0909.123.456", "", "", "3 Trần Phú, Đà Nẵng", "Thép", "C", None],
    ]  # fmt: skip


def write_table(
    path: Path, titles: Sequence[Any], rows: Sequence[Sequence[Any]], *, above: Sequence[Sequence[Any]] = ()
) -> Path:
    """A workbook with one sheet: rows above (the first merged over the table), titles, rows."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in (*above, titles, *rows):
        sheet.append(list(row))
    if above:
        sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=max(2, len(titles)))
    workbook.save(path)
    return path


def write_accounts(path: Path, rows: Sequence[Sequence[Any]] | None = None) -> Path:
    """An account list as an office writes it: a merged title, a blank row, the header, the rows."""
    above = (["DANH SÁCH KHÁCH HÀNG 2026"], [None])
    return write_table(path, ACCOUNT_TITLES, account_rows() if rows is None else rows, above=above)
