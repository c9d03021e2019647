"""Payment QR codes (VietQR, NAPAS 247): their text written and read, memos that banks let through."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import NoReturn

from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.text import repair_eth

# EMV merchant presented codes: two digits of a tag, two of a length in characters, the value
_VIETQR = "A000000727"
_DONG = "704"  # ISO 4217 number of the đồng
TO_ACCOUNT = "QRIBFTTA"
TO_CARD = "QRIBFTTC"
SERVICES = (TO_ACCOUNT, TO_CARD, "QRPUSH", "QRCASH")

LONGEST_MEMO = 25
LONGEST_ACCOUNT = 19
LARGEST_AMOUNT = 10**13 - 1


@dataclass(frozen=True, slots=True)
class Payment:
    """What a VietQR code asks for.

    Attributes:
        bin: the bank's six digits.
        account: the account's or the card's number.
        amount: whole đồng; None where the payer fills it in.
        memo: the purpose of the transfer (62-08), the one that bank apps show.
        bill: the bill number (62-01), which they do not show.
        holder, city: as printed in the code, often empty.
        once: for one payment (12) and not standing (11).
    """

    bin: str
    account: str
    amount: int | None = None
    memo: str = ""
    bill: str = ""
    holder: str = ""
    city: str = ""
    service: str = TO_ACCOUNT
    once: bool = False


def payload(bank: str, account: str, amount: int | None = None, memo: str = "") -> str:
    """The text of a QR code that pays into an account.

    With an amount it is for one payment, without one it stands. The memo is folded to what banks let through.
    Raises Refused: a BIN that is not six digits, an account number that is none, an amount that is not 1 to 13 digits
    of đồng, a memo longer than 25 characters (never cut: a cut invoice number finds no invoice).
    """
    problems = []
    account = re.sub(r"[\s.\-]", "", account)
    if not re.fullmatch(r"[0-9]{6}", bank):
        problems.append(Problem("bank", "bad_bin", "The bank's number must have six digits."))
    if not re.fullmatch(r"[0-9A-Za-z]{1,19}", account):
        problems.append(
            Problem("account_number", "bad_account", "An account number has at most 19 digits and letters.")
        )
    if amount is not None and not 0 < amount <= LARGEST_AMOUNT:
        problems.append(Problem("amount", "bad_amount", "The amount of a payment code must be above zero, in đồng."))
    purpose = plain_memo(memo)
    if len(purpose) > LONGEST_MEMO:
        problems.append(
            Problem("memo", "memo_too_long", "The memo “{text}” is longer than 25 characters.", {"text": purpose[:60]})
        )
    if problems:
        raise Refused(problems)
    target = _field("00", bank) + _field("01", account)
    service = _field("00", _VIETQR) + _field("01", target) + _field("02", TO_ACCOUNT)
    text = _field("00", "01") + _field("01", "11" if amount is None else "12") + _field("38", service)
    text += _field("53", _DONG) + ("" if amount is None else _field("54", str(amount))) + _field("58", "VN")
    text += _field("62", _field("08", purpose)) if purpose else ""
    text += "6304"
    return text + crc(text)


def plain_memo(text: str) -> str:
    """A memo as banks let it through: no accents, Đ as D, only letters, digits and single blanks.

    INV/TEST/0001 becomes INVTEST0001. Refused when a letter of another script would be lost.
    """
    kept = []
    for char in unicodedata.normalize("NFD", repair_eth(unicodedata.normalize("NFKC", text))):
        if char in "đĐ":
            kept.append("d" if char == "đ" else "D")
        elif char.isascii() and char.isalnum():
            kept.append(char)
        elif char.isspace():
            kept.append(" ")
        elif char.isalnum():
            raise Refused(
                Problem("memo", "memo_letters", "Banks do not let “{text}” through in a memo.", {"text": char})
            )
    return " ".join("".join(kept).split())


def invoice_memo(number: str, customer: str = "", lead: str = "TT HD") -> str:
    """The memo by which a bank statement finds the invoice: TT HD 0007957 ABC, at most 25 characters.

    The customer's code is cut, or left out, where it does not fit; the invoice number never. Refused when the number
    alone is too long.
    """
    said = plain_memo(f"{lead} {number}")
    if len(said) > LONGEST_MEMO:
        raise Refused(
            Problem("memo", "memo_too_long", "The memo “{text}” is longer than 25 characters.", {"text": said[:60]})
        )
    return f"{said} {plain_memo(customer)}"[:LONGEST_MEMO].strip()


def read(text: str) -> Payment:
    """What the text of a scanned QR code asks for; fields in any order, unknown ones passed over.

    Raises Refused: not a payment code, the code of an e-invoice (which looks like one and is none), damaged (lengths
    or check sum), letters that are not ASCII, another currency, another scheme than VietQR.
    """
    text = text.strip()
    if not text.isascii():
        _refuse("not_ascii", "This code holds letters that payment codes do not allow.")
    fields = _fields(text)
    if fields.get("00") != "01":
        _refuse("no_payment_code", "This is not a payment code.")
    if len(fields.get("63", "")) == 32 or fields.get("53") == "VND":
        _refuse("einvoice_code", "This is the code of an e-invoice; it cannot be paid. Scan the payment code.")
    if text[-8:-4] != "6304" or text[-4:].upper() != crc(text[:-4]):
        _refuse("damaged", "This payment code is damaged: its check sum does not fit.")
    service = _fields(fields.get("38", ""))
    if service.get("00") != _VIETQR:
        _refuse("other_scheme", "This code is of another payment scheme than VietQR.")
    if fields.get("53") != _DONG:
        _refuse("other_currency", "This payment code is not in đồng.")
    target, more = _fields(service.get("01", "")), _fields(fields.get("62", ""))
    number, account = target.get("00", ""), target.get("01", "")
    if not re.fullmatch(r"[0-9]{6}", number) or not account:
        _refuse("no_account", "This payment code names no account.")
    return Payment(
        bin=number,
        account=account,
        amount=_amount(fields["54"]) if "54" in fields else None,
        memo=more.get("08", ""),
        bill=more.get("01", ""),
        holder=fields.get("59", ""),
        city=fields.get("60", ""),
        service=service.get("02", TO_ACCOUNT),
        once=fields.get("01") == "12",
    )


def crc(text: str) -> str:
    """The check sum over everything before it, its own tag and length included: four capital hexadecimal digits.

    CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, not reflected; of "123456789" it is 29B1.
    """
    rest = 0xFFFF
    for byte in text.encode("ascii"):
        rest ^= byte << 8
        for _ in range(8):
            rest = (rest << 1) ^ 0x1021 if rest & 0x8000 else rest << 1
        rest &= 0xFFFF
    return f"{rest:04X}"


def _field(tag: str, value: str) -> str:
    return f"{tag}{len(value):02}{value}"


def _fields(text: str) -> dict[str, str]:
    """Tags and their values; the first of a tag stands."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        head = text[at : at + 4]
        if not re.fullmatch(r"[0-9]{4}", head) or at + 4 + int(head[2:]) > len(text):
            _refuse("damaged", "This code is damaged or is not a payment code.")
        found.setdefault(head[:2], text[at + 4 : at + 4 + int(head[2:])])
        at += 4 + int(head[2:])
    return found


def _amount(text: str) -> int:
    """6000, or 6000.00 as some write it although đồng have no decimals."""
    found = re.fullmatch(r"([0-9]{1,13})(?:\.0{1,3})?", text)
    if found is None:
        _refuse("bad_amount", "The amount in this payment code cannot be read.")
    return int(found[1])


def _refuse(code: str, message: str) -> NoReturn:
    raise Refused(Problem("code", code, message))
