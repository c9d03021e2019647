"""What every paper is made of: languages, parties, amounts as written, the payment code."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from kam_desktop import formats
from kam_desktop.domain.entities import FIRM_ID, Account, Firm
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.fields import Visibility
from kam_desktop.domain.locale import english
from kam_desktop.domain.locale.vietnam import banks, vietqr, words
from kam_desktop.language import N_, tr_to
from kam_desktop.services import summary
from kam_desktop.store.reader import Reader

FORMS = ("vi", "en", "vi+en")
"""The languages of a paper; of two the first leads: amounts and days are written its way."""

R = TypeVar("R", bound=Record)
_LONGEST_RUN, _PIECE = 24, 8
_QUIET_MODULES = 4


@dataclass(frozen=True, slots=True)
class Party:
    """A firm as a paper names it."""

    name: str
    short_name: str
    tax_code: str
    address: str
    phone: str
    email: str
    representative: str = ""
    representative_title: str = ""


@dataclass(frozen=True, slots=True)
class BankAccount:
    """Where to pay: the bank as our firm writes it, and its BIN where the name says clearly which bank it is."""

    bank: str
    number: str
    holder: str
    bin: str


def for_clients(record: R) -> R:
    """The record without anything that a customer may not see: such fields are empty, whatever they held.

    Every record that a paper is made of goes through here, so that no slip of a template can print a cost or a note.
    """
    defaults = {each.name: each.default for each in dataclasses.fields(record)}
    hidden: dict[str, Any] = {
        each.name: defaults[each.name] for each in record.entity.fields if each.visibility is not Visibility.CLIENT
    }
    return dataclasses.replace(record, **hidden)


def our_firm(reader: Reader) -> Firm:
    """The firm that heads the paper. Refused `no_firm` while it has no name."""
    firm = reader.get(Firm, FIRM_ID)
    if firm is None or not firm.legal_name:
        raise Refused(Problem("firm", "no_firm", N_("Enter our firm's name in the settings: it heads every paper.")))
    return for_clients(firm)


def account_of(reader: Reader, identity: str) -> Account:
    """The customer. Refused `missing`."""
    account = reader.get(Account, identity)
    if account is None:
        raise Refused(Problem("account", "missing", N_("This record does not exist.")))
    return for_clients(account)


def party(record: Firm | Account) -> Party:
    """A firm or a customer as the head of a paper names it."""
    name = record.legal_name if isinstance(record, Firm) else record.name
    phone = formats.phone(record.phone) if record.phone else ""
    plain = Party(name, record.short_name, record.tax_code, record.address, phone, record.email)
    if not isinstance(record, Firm):
        return plain
    return dataclasses.replace(
        plain, representative=record.representative, representative_title=record.representative_title
    )


def bank_account(firm: Firm) -> BankAccount | None:
    """Where our firm is paid; None while no account number is entered."""
    if not firm.bank_account:
        return None
    known = banks.find(firm.bank_name)
    number = known[0].bin if len(known) == 1 else ""
    return BankAccount(firm.bank_name, firm.bank_account, firm.bank_holder or firm.legal_name, number)


# --- words ---------------------------------------------------------------------------------------------------------


def languages_of(form: str) -> tuple[str, ...]:
    """The languages of "vi", "en" or "vi+en". Refused `language` for anything else."""
    if form not in FORMS:
        raise Refused(Problem("lang", "language", N_("A paper is written in vi, en or vi+en.")))
    return tuple(form.split("+"))


def said(form: str, message: str, **args: object) -> list[str]:
    """The message once in every language of the paper."""
    return [tr_to(lang, message, **args) for lang in languages_of(form)]


def lead(form: str) -> str:
    """The language in which amounts and days are written."""
    return languages_of(form)[0]


def amount(minor: int, currency: str, form: str) -> str:
    """The figure without its currency, which stands over the table."""
    return formats.amount(minor, currency, lang=lead(form))


def day(value: date | None, form: str) -> str:
    """A short date; "" for none."""
    return "" if value is None else formats.day(value, lead(form))


def paper_day(value: date, place: str, form: str) -> list[str]:
    """The date of a paper: Hà Nội, ngày 05 tháng 03 năm 2026; 5 March 2026, with the place where it is given."""
    texts = [formats.signing_day(value, lang) for lang in languages_of(form)]
    return [f"{place}, {text}" if place else text[0].upper() + text[1:] for text in texts]


def in_words(minor: int, currency: str, form: str) -> list[str]:
    """The amount in words, once in every language."""
    langs = languages_of(form)
    return [words.amount(minor, currency) if lang == "vi" else english.amount(minor, currency) for lang in langs]


def breakable(text: str) -> str:
    """The text with places to break in runs longer than a column, so that nothing runs over the edge of the page."""
    return " ".join(_cut(run) if len(run) > _LONGEST_RUN else run for run in text.split(" "))


def _cut(run: str) -> str:
    return "\u200b".join(run[start : start + _PIECE] for start in range(0, len(run), _PIECE))


def party_data(one: Party | BankAccount) -> dict[str, str]:
    """A party, or a bank account, as a template gets it."""
    return {name: breakable(str(value)) for name, value in dataclasses.asdict(one).items()}


def words_data(form: str, messages: Mapping[str, str]) -> dict[str, list[str]]:
    """The fixed words of a paper by the name that its template uses."""
    return {name: said(form, message) for name, message in messages.items()}


# --- payment code --------------------------------------------------------------------------------------------------


def memo_of(numbers: Sequence[str], customer: str, number: str = "") -> str:
    """The memo by which our bank statement finds the invoices, as banks let it through (at most 25 characters).

    Several invoices whose numbers do not fit are told by the paper's own number, else by the customer's short name.
    """
    tries = [f"TT {number}" if number else "", f"TT CONG NO {customer}"[: vietqr.LONGEST_MEMO]]
    if len(numbers) > 1:
        tries.insert(0, "TT HD " + " ".join(numbers))
    elif numbers:
        tries[:0] = [_invoice_memo(numbers[0], customer), numbers[0]]
    for each in tries:
        try:
            found = vietqr.plain_memo(each)
        except Refused:
            continue  # letters that no bank takes: the next form of memo
        if 0 < len(found) <= vietqr.LONGEST_MEMO:
            return found
    return "TT CONG NO"


def _invoice_memo(number: str, customer: str) -> str:
    for code in (customer, ""):
        try:
            return vietqr.invoice_memo(number, code)
        except Refused:
            continue
    return ""


def payment_code(account: BankAccount, minor: int, memo: str) -> str:
    """The text of the VietQR code that pays exactly so many đồng; "" when it cannot be one."""
    if not account.bin:
        return ""
    try:
        return vietqr.payload(account.bin, account.number, minor, memo)
    except Refused:
        return ""


def code_modules(text: str) -> tuple[bytes, ...]:
    """The rows of modules of the QR code, 1 for a dark one, without quiet ones around; () for no text."""
    if not text:
        return ()
    import segno

    return tuple(bytes(row) for row in segno.make(text, error="m", micro=False, boost_error=False).matrix)


def code_picture(text: str) -> str:
    """The QR code as SVG, one unit a module, with four quiet modules around (ISO/IEC 18004); "" for no text."""
    if not text:
        return ""
    rows = [list(row) for row in code_modules(text)]
    size = len(rows) + 2 * _QUIET_MODULES
    path = []
    for y, row in enumerate(rows, _QUIET_MODULES):
        x = 0
        while x < len(row):
            run = 0
            while x + run < len(row) and row[x + run]:
                run += 1
            if run:
                path.append(f"M{x + _QUIET_MODULES} {y}h{run}v1h-{run}z")
            x += run or 1
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="{size}" height="{size}">'
        f'<path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/><path d="{"".join(path)}"/></svg>'
    )


def payments_missing(reader: Reader) -> tuple[Problem, ...]:
    """The warning for the sender while nobody has said which imported invoices are still open."""
    if summary.payments_entered(reader):
        return ()
    message = N_("Payments are not entered yet: paid invoices still look open.")
    return (Problem("", "payments_not_entered", message),)
