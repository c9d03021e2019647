"""Decides what becomes of each row of a table of accounts, with the contact in the same row."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kam_desktop.domain.entities import Account, Contact
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.locale.vietnam import tax_code
from kam_desktop.domain.money import CURRENCIES
from kam_desktop.domain.text import clean_lines, fold, phone_digits
from kam_desktop.language import N_
from kam_desktop.transfer import cells
from kam_desktop.transfer.account_index import close_names
from kam_desktop.transfer.import_context import Context
from kam_desktop.transfer.import_merge import changes, merged, same
from kam_desktop.transfer.import_plan import FieldChange, PlannedRow, Verdict, Working, first_problem, name_key
from kam_desktop.transfer.sheets import Raw, Table

_TIER: Final = re.compile(r"\b([abc])\b")
_DAYS: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a row says: fields of the account and of its contact that are filled, problems and notes."""

    account: Mapping[str, Any]
    contact: Mapping[str, Any]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]


def decide(working: Working, table: Table, _context: Context) -> list[PlannedRow]:
    """The verdict on every row of the table, in order; what it writes goes into `working`.

    A row is recognised by tax code, then by folded name. Blank cells change nothing. A second row of the same
    customer in one file may add a contact and fill what the first left blank; where it contradicts, it is skipped.
    """
    readings = [(row, _read(values, table)) for row, (_, values) in zip(table.rows, table.values(), strict=True)]
    contacts = _Contacts(working, readings)
    claimed: dict[str, dict[str, tuple[Any, int]]] = {}
    rows = []
    for row, reading in readings:
        planned = _row(working, contacts, row.number, reading, claimed)
        rows.append(dataclasses.replace(planned, cells=row.cells))
    return rows


class _Contacts:
    """The contacts of accounts, as this import leaves them."""

    def __init__(self, working: Working, readings: list[tuple[Any, _Reading]]) -> None:
        found = (working.accounts.find(r.account.get("name", ""), r.account.get("tax_code", "")) for _, r in readings)
        ids = [each for each in found if isinstance(each, str)]
        working.prefetch(Account, ids)
        self._working = working
        self._loaded: set[str] = set()
        self._by_account: dict[str, dict[str, Contact]] = {}
        self._load(ids)

    def _load(self, accounts: list[str]) -> None:
        ids = self._working.ids_of("contact", "account", accounts)
        self._working.prefetch(Contact, ids)
        saved = [self._working.get(Contact, each) for each in ids]
        for each in (*saved, *self._working.written(Contact)):
            if each is not None:
                self.add(each)
        self._loaded.update(accounts)

    def of(self, account: str) -> list[Contact]:
        """The contacts of one account."""
        if account not in self._loaded:
            self._load([account])
        return list(self._by_account.get(account, {}).values())

    def add(self, contact: Contact) -> None:
        """Makes a contact known."""
        self._by_account.setdefault(contact.account, {})[contact.id] = contact


def _row(
    working: Working,
    contacts: _Contacts,
    number: int,
    reading: _Reading,
    claimed: dict[str, dict[str, tuple[Any, int]]],
) -> PlannedRow:
    name = str(reading.account.get("name", ""))

    notes = list(reading.notes)

    def verdict(value: Verdict, reason: Problem | None = None, said: tuple[FieldChange, ...] = ()) -> PlannedRow:
        shown = {**reading.account, **{f"contact_{key}": each for key, each in reading.contact.items()}}
        return PlannedRow(number, name, value, reason, tuple(notes), said, shown)

    if reading.problems:
        return verdict(Verdict.SKIP, reading.problems[0])
    code = str(reading.account.get("tax_code", ""))
    found = working.accounts.find(name, code)
    if isinstance(found, Problem):
        return verdict(Verdict.SKIP, found)
    by_phone = _by_phone(working, reading, notes) if found is None else None
    found = found or by_phone
    saved = working.get(Account, found) if found is not None else None
    mine = claimed.setdefault(found, {}) if found is not None else {}
    values = {key: each for key, each in reading.account.items() if key != "name" or by_phone is None or code}
    for each in [each for each in values if each in mine and each != "tags"]:
        first, other = mine[each]
        value = values.pop(each)  # the customer's first row in the file has the word
        alike = same(each, first, value) or (each == "name" and name_key(first) == name_key(value))
        if not alike and not (each in ("phone", "email") and reading.contact):
            message = N_("Row {other} has the same customer with another value: {label}.")
            args = {"other": str(other), "label": Account.entity.field(each).label}
            return verdict(Verdict.SKIP, Problem(each, "contradiction", message, args))
    account = merged(saved, values) if saved is not None else Account(id=working.new_id(), **values)
    contact, saved_contact = _contact(
        working, [] if saved is None else contacts.of(saved.id), account.id, reading.contact
    )
    added = [each for each, was in ((account, saved), (contact, saved_contact)) if each is not None and each != was]
    problem = first_problem(added)
    if problem is not None:
        return verdict(Verdict.SKIP, problem)
    differences = changes(saved, account) + changes(saved_contact, contact)
    working.put_group(added)
    if contact is not None:
        contacts.add(contact)
    mine = claimed.setdefault(account.id, mine)
    for each, value in values.items():
        mine.setdefault(each, (value, number))
    if saved is None:
        return verdict(Verdict.CREATE)
    return verdict(Verdict.UPDATE if added else Verdict.UNCHANGED, None, differences)


def _by_phone(working: Working, reading: _Reading, notes: list[Problem]) -> str | None:
    """The one customer with the same telephone, when neither tax code nor name speaks against it; else a note."""
    phones = [str(reading.account.get("phone", "")), *reading.contact.get("phones", ())]
    name, code = str(reading.account["name"]), str(reading.account.get("tax_code", ""))
    others = working.accounts.with_phones(phones)
    if not others:
        return None
    known = working.accounts.code(others[0])
    names = ", ".join(working.accounts.name(each)[:80] for each in others[:2])
    if len(others) == 1 and (not code or not known) and close_names(name, working.accounts.name(others[0])):
        message = N_("Recognised by the telephone and a name that is close: {name}.")
        notes.append(Problem("phone", "by_phone", message, {"name": names}))
        return others[0]
    notes.append(Problem("phone", "same_phone", "The same telephone as {name}.", {"name": names}))
    return None


def _contact(
    working: Working, known: list[Contact], account: str, values: Mapping[str, Any]
) -> tuple[Contact | None, Contact | None]:
    """The contact as the row wants it, and as it is saved; recognised by name, else by telephone or e-mail."""
    if not values.get("full_name"):
        return None, None
    key = name_key(str(values["full_name"]))
    saved = next((each for each in known if name_key(each.full_name) == key), None)
    if saved is None:
        phones = {phone_digits(each) for each in values.get("phones", ())}
        emails = {fold(each) for each in values.get("emails", ())}
        saved = next(
            (
                each
                for each in known
                if phones & {phone_digits(one) for one in each.phones} and emails & {fold(one) for one in each.emails}
            ),
            None,
        )
    if saved is None:
        return Contact(id=working.new_id(), account=account, main=not known, **values), None
    return merged(saved, values), saved


# --- reading a row --------------------------------------------------------------------------------------------------


def _read(values: Mapping[str, Raw], table: Table) -> _Reading:
    problems: list[Problem] = []
    notes: list[Problem] = []
    given = {name: cell for name, cell in values.items() if not cells.is_blank(cell)}
    account: dict[str, Any] = {}
    for name in ("name", "short_name", "industry", "address", "website"):
        if name in given:
            account[name] = cells.as_text(given[name])
    if not account.get("name"):
        problems.append(Problem("name", "no_name", "The customer's name is missing."))
    if "internal_note" in given:
        account["internal_note"] = clean_lines(str(given["internal_note"]))
    if "tags" in given:
        account["tags"] = cells.several(given["tags"])
    _read_tax_code(given, account, problems, notes)
    _read_figures(given, account, problems, notes)
    for name, target in (("phone", "phone"), ("email", "email")):
        parts = cells.as_phones(given.get(name)) if name == "phone" else cells.as_emails(given.get(name), name, notes)
        if parts:
            account[target] = parts[0]
    contact = _read_contact(given, table, problems, notes)
    if "balance" in given:
        notes.append(Problem("balance", "balance_left_out", "Debts come from invoices: this column is not imported."))
    return _Reading(account, contact, tuple(problems), tuple(notes))


def _read_tax_code(
    given: Mapping[str, Raw], account: dict[str, Any], problems: list[Problem], notes: list[Problem]
) -> None:
    if "tax_code" not in given:
        return
    code, filled = cells.as_tax_code(given["tax_code"])
    found = tax_code.read(code)
    if not found.kind:
        message = N_("“{text}” is no tax code: 10 digits, 12 digits, or 10 and 3 with a hyphen.")
        problems.append(Problem("tax_code", "odd_tax_code", message, {"text": cells.as_text(given["tax_code"])[:20]}))
        return
    account["tax_code"] = code
    if found.warning is not None:
        notes.append(found.warning)
    if filled:
        message = N_("Tax code {text}: the zero in front, which Excel takes away, was put back.")
        notes.append(Problem("tax_code", "zero_put_back", message, {"text": code}))


def _read_figures(
    given: Mapping[str, Raw], account: dict[str, Any], problems: list[Problem], notes: list[Problem]
) -> None:
    if "currency" in given:
        text = cells.as_text(given["currency"])
        code = "VND" if fold(text) in ("d", "dong", "vnd", "₫") else text.upper()
        if code in CURRENCIES:
            account["currency"] = code
        else:
            message = N_("“{currency}” is not a currency code.")
            problems.append(Problem("currency", "unknown_currency", message, {"currency": text[:20]}))
    if "credit_limit" in given:
        currency = str(account.get("currency", "VND"))
        limit = cells.attempt(problems, lambda: cells.as_amount(given["credit_limit"], currency, "credit_limit"), None)
        if limit is not None:
            account["credit_limit"] = limit
    if "payment_days" in given:
        numbers = _DAYS.findall(cells.as_text(given["payment_days"])) if _is_plain(given["payment_days"]) else []
        if len(numbers) == 1 and len(numbers[0]) <= 5 and int(numbers[0]) <= 730:
            account["payment_days"] = int(numbers[0])
        else:
            message = N_("“{text}” is no number of days: the payment term was left out.")
            text = cells.as_text(given["payment_days"])[:40]
            notes.append(Problem("payment_days", "no_days", message, {"text": text}))
    if "founded_on" in given:
        day = cells.attempt(problems, lambda: cells.as_date(given["founded_on"], "founded_on"), None)
        if day is not None:
            account["founded_on"] = day
    if "tier" in given:
        found = set(_TIER.findall(fold(cells.as_text(given["tier"]))))
        if len(found) == 1:
            account["tier"] = found.pop().upper()
        else:
            message = N_("“{text}” is neither A, B nor C: the tier was left out.")
            notes.append(Problem("tier", "no_tier", message, {"text": cells.as_text(given["tier"])[:40]}))


def _is_plain(cell: Raw) -> bool:
    return isinstance(cell, str | int | float) and not isinstance(cell, bool)


def _read_contact(
    given: Mapping[str, Raw], table: Table, problems: list[Problem], notes: list[Problem]
) -> dict[str, Any]:
    if "contact_name" not in given:
        return {}
    honorific, name = cells.with_honorific(cells.as_text(given["contact_name"]))
    contact: dict[str, Any] = {"full_name": name}
    if honorific:
        contact["honorific"] = honorific
    if "contact_position" in given:
        contact["position"] = cells.as_text(given["contact_position"])
    if "contact_birthday" in given:
        day = cells.attempt(problems, lambda: cells.as_date(given["contact_birthday"], "birthday"), None)
        if day is not None:
            contact["birthday"] = day
    phones = cells.as_phones(given.get("contact_phone", given.get("phone") if _belongs("phone", table) else None))
    email = given.get("contact_email", given.get("email") if _belongs("email", table) else None)
    emails = cells.as_emails(email, "", notes)
    if phones:
        contact["phones"] = phones
    if emails:
        contact["emails"] = emails
    return contact


def _belongs(name: str, table: Table) -> bool:
    """A plain telephone or e-mail column behind that of the contact is the contact's (and the only one they have)."""
    fields = table.fields
    return f"contact_{name}" not in fields and name in fields and fields[name] > fields["contact_name"]
