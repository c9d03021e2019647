"""Takes e-invoice XML of every envelope apart into plain values; runs in the confined child only."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.text import clean, fold
from kam_desktop.transfer import archives, einvoice_checks
from kam_desktop.transfer.cells import tidy_tax_code
from kam_desktop.transfer.einvoice_values import (
    amount,
    currency_code,
    day,
    in_utf8,
    plain_decimal,
    plain_number_text,
    rate,
)

MOST_XML_BYTES: Final = 10 * 1024 * 1024
MOST_TAGS: Final = 120_000
"""An invoice with two thousand lines has half of that; of attributes it has next to none."""
_KINDS: Final = {"1": "goods", "2": "promotion", "3": "discount", "4": "note"}
_ACTIONS: Final = {"1": "replaces", "2": "adjusts"}
# rule 5 of vietnam.md E: what the vendors call the tax of a line
_LINE_TAX: Final = ("vatamount", "tien thue dong (tien thue gtgt)", "tthue", "tongtien_thue")
_TOTAL_FEE: Final = ("tong tien phi", "tphi", "tongtienphi", "tong phi")


def parse(inputs: list[bytes], args: dict[str, Any]) -> list[dict[str, Any]]:
    """Per input `{"documents": [{"row", "name", "invoice" | "problem"}, …]}`, or `{"problem"}` for the whole file.

    `args["names"]` are the names of the inputs. An XML is told from a ZIP by its first bytes; of a ZIP `args["most"]`
    XML files are read from entry `args["first"]` on, and `next` says where to go on.
    """
    first, most = args.get("first", 0), args.get("most", archives.MOST_ENTRIES)
    return [_file(content, name, first, most) for content, name in zip(inputs, args["names"], strict=True)]


def _file(content: bytes, name: str, first: int, most: int) -> dict[str, Any]:
    try:
        if content[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            return _archive(content, first, most)
        found = list(_invoices(content, name))
    except Refused as refused:
        return {"problem": _plain_problem(refused, name)}
    if len(found) == 1 and "problem" in found[0]:
        return {"problem": found[0]["problem"]}
    return {"documents": [{"row": row, **each} for row, each in enumerate(found, start=1)]}


def _archive(content: bytes, first: int, most: int) -> dict[str, Any]:
    archive = archives.open_checked(content)
    named = [(row, entry, entry.filename.rsplit("/", 1)[-1]) for row, entry in enumerate(archive.infolist(), start=1)]
    wanted = [each for each in named if each[2].lower().endswith(".xml") and not each[2].startswith("._")]
    if not wanted:
        raise Refused(Problem("", "no_invoices", "There is no e-invoice (XML) in this archive."))
    documents: list[dict[str, Any]] = []
    left = archives.MOST_BYTES
    for row, entry, name in wanted[first : first + most]:
        try:
            text = archives.read_entry(archive, entry, min(MOST_XML_BYTES, left))
            left -= len(text)
            documents += [{"row": row, **each} for each in _invoices(text, name)]
        except Refused as refused:
            documents.append({"row": row, "name": name, "problem": _plain_problem(refused, name)})
    return {"documents": documents, "next": first + most if first + most < len(wanted) else 0}


def _plain_problem(refused: Refused, where: str) -> dict[str, Any]:
    first = refused.problems[0]
    return dataclasses.asdict(Problem(first.where or where, first.code, first.message, dict(first.args)))


def _invoices(content: bytes, name: str) -> Iterator[dict[str, Any]]:
    root = _tree(content)
    holders = {id(data): parent for parent in root.iter() for data in parent if _local(data) == "DLHDon"}
    bodies = [each for each in root.iter() if _local(each) == "DLHDon"]
    if not bodies:  # some programs leave the signed part's own element out
        bodies = [each for each in root.iter() if _local(each) == "HDon" and _child(each, "TTChung") is not None]
    if not bodies:
        raise Refused(Problem("", "not_an_einvoice", "This XML is not an e-invoice."))
    for body in bodies:
        try:
            yield {"name": name, "invoice": _invoice(body, holders.get(id(body), body))}
        except Refused as refused:
            yield {"name": name, "problem": _plain_problem(refused, name)}


def _tree(content: bytes) -> Element:
    if content.count(b"<") > MOST_TAGS or content.count(b"=") > MOST_TAGS:
        raise Refused(Problem("", "too_large", "This XML has far more parts than an invoice has and was not read."))
    try:
        root: Element = defusedxml.ElementTree.fromstring(in_utf8(content), forbid_dtd=True)
    except DefusedXmlException as error:
        raise Refused(
            Problem("", "doctype", "This XML defines entities or a document type, as no invoice does.")
        ) from error
    except (ParseError, LookupError, ValueError, OSError) as error:
        raise Refused(Problem("", "not_xml", "This XML is damaged or cut off.")) from error
    return root


# --- finding elements by local name: namespaces vary, and so do the envelopes ---------------------------------------


def _local(element: Element) -> str:
    return element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else ""


def _child(element: Element | None, name: str) -> Element | None:
    if element is not None:
        for each in element:
            if _local(each) == name:
                return each
    return None


def _inside(element: Element, name: str) -> Element | None:
    for each in element.iter():
        if _local(each) == name:
            return each
    return None


def _text(element: Element | None, *names: str) -> str:
    for name in names:
        found = _child(element, name)
        if found is not None and found.text and found.text.strip():
            return clean(found.text)[:2000]
    return ""


def _first_text(element: Element, name: str) -> str:
    for each in element.iter():
        if _local(each) == name and each.text and each.text.strip():
            return clean(each.text)
    return ""


def _others(element: Element | None) -> dict[str, str]:
    """The free fields (TTKhac) that stand directly in an element, by their folded name."""
    found: dict[str, str] = {}
    holder = _child(element, "TTKhac")
    for each in holder if holder is not None else ():
        name, value = fold(_text(each, "TTruong")), _text(each, "DLieu")
        if name and value:
            found.setdefault(name, value)
    return found


# --- the invoice ----------------------------------------------------------------------------------------------------


def _invoice(body: Element, holder: Element) -> dict[str, Any]:
    general = _child(body, "TTChung")
    form, symbol, number = _text(general, "KHMSHDon"), _text(general, "KHHDon"), _text(general, "SHDon")
    if symbol and not form and symbol[0].isdigit() and len(symbol) == 7:
        form, symbol = symbol[0], symbol[1:]
    issued_on = day(_text(general, "NLap"))
    currency = currency_code(_text(general, "DVTTe"))
    content = _child(body, "NDHDon")
    totals = _inside(body, "TToan")
    total = amount(_text(totals, "TgTTTBSo"), currency)
    problems = []
    if not symbol:
        problems.append(Problem("", "no_symbol", "The invoice has no symbol (KHHDon)."))
    if not number.strip("0"):
        problems.append(Problem("", "no_number", "The invoice has no number (SHDon): it was not issued."))
    if issued_on is None:
        problems.append(Problem("", "no_date", "The invoice has no date (NLap)."))
    if total is None:
        problems.append(Problem("", "no_total", "The invoice has no total (TgTTTBSo)."))
    if problems or issued_on is None or total is None:
        raise Refused(problems)
    found = {
        "version": _text(general, "PBan"),
        "title": _text(general, "THDon"),
        "form": form[:11],
        "symbol": symbol[:8],
        "number": plain_number_text(number)[:40],
        "issued_on": issued_on.isoformat(),
        "currency": currency,
        "exchange_rate": plain_decimal(_text(general, "TGia")),
        "payment_method": _text(general, "HTTToan"),
        "seller": _party(_child(content, "NBan")),
        "buyer": _party(_child(content, "NMua")),
        "lines": [_line(each, currency) for each in body.iter() if _local(each) == "HHDVu"],
        "tax_groups": [
            {
                "rate": rate(_text(each, "TSuat")),
                "net": amount(_text(each, "ThTien"), currency),
                "tax": amount(_text(each, "TThue"), currency),
            }
            for each in (totals.iter() if totals is not None else ())
            if _local(each) == "LTSuat"
        ],
        "fees": _fees(totals, currency),
        "net": amount(_text(totals, "TgTCThue"), currency),
        "tax": amount(_text(totals, "TgTThue"), currency),
        "discount": amount(_text(totals, "TTCKTMai"), currency),
        "other_reduction": amount(_text(totals, "TGTKhac"), currency),
        "total": total,
        "words": _text(totals, "TgTTTBChu"),
        "related": _related(body, total),
        "authority_code": _first_text(holder, "MCCQT")[:80],
        "signed": _inside(holder, "Signature") is not None,
    }
    found["warnings"] = [dataclasses.asdict(each) for each in einvoice_checks.check(found)]
    return found


def _party(element: Element | None) -> dict[str, str]:
    person = _text(element, "HVTNMHang")
    return {
        "name": _text(element, "Ten") or person,
        "tax_code": tidy_tax_code(_text(element, "MST")),
        "address": _text(element, "DChi"),
        "phone": _text(element, "SDThoai"),
        "email": _text(element, "DCTDTu"),
        "bank_account": _text(element, "STKNHang"),
        "bank_name": _text(element, "TNHang"),
        "code": _text(element, "MKHang"),
        "person": person,
        "personal_id": _text(element, "CCCDan"),
    }


def _line(element: Element, currency: str) -> dict[str, Any]:
    others = _others(element)
    tax = amount(_text(element, "TThue"), currency)
    for name in _LINE_TAX if tax is None else ():
        tax = amount(others.get(name, ""), currency)
        if tax is not None:
            break
    return {
        # a missing TChat is an ordinary line
        "kind": _KINDS.get(_text(element, "TChat"), "goods"),
        "code": _text(element, "MHHDVu"),
        "name": _text(element, "THHDVu", "Ten"),
        "unit": _text(element, "DVTinh"),
        "quantity": plain_decimal(_text(element, "SLuong")),
        "price": plain_decimal(_text(element, "DGia")),
        "discount_rate": plain_decimal(_text(element, "TLCKhau")),
        "discount": amount(_text(element, "STCKhau"), currency),
        "net": amount(_text(element, "ThTien"), currency),
        "tax_rate": rate(_text(element, "TSuat")) if _text(element, "TSuat") else "",
        "tax": tax,
    }


def _fees(totals: Element | None, currency: str) -> list[dict[str, Any]]:
    fees = []
    for each in totals.iter() if totals is not None else ():
        if _local(each) == "LPhi":
            charged = amount(_text(each, "TPhi"), currency)
            if charged:
                fees.append({"name": _text(each, "TLPhi"), "amount": charged})
    if not fees:
        others = _others(totals)
        for name in _TOTAL_FEE:
            charged = amount(others.get(name, ""), currency)
            if charged:
                return [{"name": "", "amount": charged}]
    return fees


def _related(body: Element, total: int) -> list[dict[str, Any]]:
    """The invoices that this one names; one with an unknown action is an adjustment when this one is negative."""
    found = []
    for each in body.iter():
        if _local(each) != "TTHDLQuan":
            continue
        action = _ACTIONS.get(_text(each, "TCHDon"), "adjusts" if total < 0 else "unknown")
        form, symbol = _text(each, "KHMSHDCLQuan"), _text(each, "KHHDCLQuan")
        number = plain_number_text(_text(each, "SHDCLQuan"))
        if not (symbol or number):
            continue
        if not form and len(symbol) == 7 and symbol[0].isdigit():
            form, symbol = symbol[0], symbol[1:]
        on = day(_text(each, "NLHDCLQuan"))
        found.append(
            {
                "action": action,
                "tax_code": tidy_tax_code(_text(each, "MSTCLQuan")),
                "form": form,
                "symbol": symbol,
                "number": number,
                "issued_on": on.isoformat() if on else None,
                "remark": _text(each, "GChu"),
            }
        )
    return found
