"""Decides what becomes of each row of a table of accounts, with the contact in the same row."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kam_desktop.domain.entities import Account, Contact
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.locale.vietnam import tax_code
from kam_desktop.domain.money import CURRENCIES
from kam_desktop.domain.text import clean, clean_lines, fold, phone_digits
from kam_desktop.language import N_
from kam_desktop.transfer import cells
from kam_desktop.transfer.import_context import Context
from kam_desktop.transfer.import_plan import FieldChange, PlannedRow, Verdict, Working, first_problem, name_key
from kam_desktop.transfer.sheets import Raw, Table

_BLANK: Final = frozenset(("-", "--", "n/a", "na", "null", "none", "khong co", "chua co", "?", "."))
_TIER: Final = re.compile(r"\b([abc])\b")
_DAYS: Final = re.compile(r"\d+")
_HONORIFICS: Final = ("anh", "chị", "ông", "bà", "cô", "chú", "mr", "ms", "mrs", "a", "c", "a/c")
_PHONES: Final = frozenset(("phone", "phones"))


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

    def verdict(value: Verdict, reason: Problem | None = None, changes: tuple[FieldChange, ...] = ()) -> PlannedRow:
        shown = {**reading.account, **{f"contact_{key}": each for key, each in reading.contact.items()}}
        return PlannedRow(number, name, value, reason, reading.notes, changes, shown)

    if reading.problems:
        return verdict(Verdict.SKIP, reading.problems[0])
    found = working.accounts.find(name, str(reading.account.get("tax_code", "")))
    if isinstance(found, Problem):
        return verdict(Verdict.SKIP, found)
    saved = working.get(Account, found) if found is not None else None
    mine = claimed.setdefault(found, {}) if found is not None else {}
    values = dict(reading.account)
    for each in [each for each in values if each in mine and each != "tags"]:
        first, other = mine[each]
        value = values.pop(each)  # the customer's first row in the file has the word
        same = _same(each, first, value) or (each == "name" and name_key(first) == name_key(value))
        if not same and not (each in ("phone", "email") and reading.contact):
            message = N_("Row {other} has the same customer with another value: {label}.")
            args = {"other": str(other), "label": Account.entity.field(each).label}
            return verdict(Verdict.SKIP, Problem(each, "contradiction", message, args))
    account = _merged(saved, values) if saved is not None else Account(id=working.new_id(), **values)
    contact, saved_contact = _contact(
        working, [] if saved is None else contacts.of(saved.id), account.id, reading.contact
    )
    added = [each for each, was in ((account, saved), (contact, saved_contact)) if each is not None and each != was]
    problem = first_problem(added)
    if problem is not None:
        return verdict(Verdict.SKIP, problem)
    changes = _changes(saved, account) + _changes(saved_contact, contact)
    working.put_group(added)
    if contact is not None:
        contacts.add(contact)
    mine = claimed.setdefault(account.id, mine)
    for each, value in values.items():
        mine.setdefault(each, (value, number))
    if saved is None:
        return verdict(Verdict.CREATE)
    return verdict(Verdict.UPDATE if added else Verdict.UNCHANGED, None, changes)


def _merged(saved: Account, values: Mapping[str, Any]) -> Account:
    changed = {name: value for name, value in values.items() if not _same(name, getattr(saved, name), value)}
    if "tags" in changed:
        changed["tags"] = tuple(dict.fromkeys((*saved.tags, *changed["tags"])))
    return dataclasses.replace(saved, **changed) if changed else saved


def _same(name: str, old: Any, new: Any) -> bool:
    """Whether two values say the same: a telephone number does in any spelling, tags when nothing is added."""
    if old == new:
        return True
    if name in _PHONES and old:
        one, other = ([v] if isinstance(v, str) else v for v in (old, new))
        return {phone_digits(each) for each in other} <= {phone_digits(each) for each in one}
    if name in ("tags", "emails"):
        return {fold(each) for each in new} <= {fold(each) for each in old}
    return False


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
    changed = {name: value for name, value in values.items() if not _same(name, getattr(saved, name), value)}
    for name in ("phones", "emails"):
        if name in changed:
            changed[name] = tuple(dict.fromkeys((*getattr(saved, name), *changed[name])))
    return (dataclasses.replace(saved, **changed) if changed else saved), saved


def _changes(saved: Record | None, record: Record | None) -> tuple[FieldChange, ...]:
    if saved is None or record is None:
        return ()
    entity = type(record).entity
    return tuple(
        FieldChange(entity.name, name, getattr(saved, name), getattr(record, name))
        for name in entity.names
        if getattr(saved, name) != getattr(record, name)
    )


# --- reading a row --------------------------------------------------------------------------------------------------


def _read(values: Mapping[str, Raw], table: Table) -> _Reading:
    problems: list[Problem] = []
    notes: list[Problem] = []
    given = {name: cell for name, cell in values.items() if not _is_blank(cell)}
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
        parts = _phones(given.get(name)) if name == "phone" else _emails(given.get(name), name, notes)
        if parts:
            account[target] = parts[0]
    contact = _read_contact(given, table, problems, notes)
    if "balance" in given:
        notes.append(Problem("balance", "balance_left_out", "Debts come from invoices: this column is not imported."))
    return _Reading(account, contact, tuple(problems), tuple(notes))


def _is_blank(cell: Raw) -> bool:
    if not isinstance(cell, str):
        return cell is None
    text = cell.strip()
    return not text or (len(text) <= 10 and fold(clean(text)) in _BLANK)


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
        if len(numbers) == 1 and int(numbers[0][:5]) <= 730:
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
    honorific, name = _honorific(cells.as_text(given["contact_name"]))
    contact: dict[str, Any] = {"full_name": name}
    if honorific:
        contact["honorific"] = honorific
    if "contact_position" in given:
        contact["position"] = cells.as_text(given["contact_position"])
    if "contact_birthday" in given:
        day = cells.attempt(problems, lambda: cells.as_date(given["contact_birthday"], "birthday"), None)
        if day is not None:
            contact["birthday"] = day
    phones = _phones(given.get("contact_phone", given.get("phone") if _belongs("phone", table) else None))
    emails = _emails(given.get("contact_email", given.get("email") if _belongs("email", table) else None), "", notes)
    if phones:
        contact["phones"] = phones
    if emails:
        contact["emails"] = emails
    return contact


def _belongs(name: str, table: Table) -> bool:
    """A plain telephone or e-mail column behind that of the contact is the contact's (and the only one they have)."""
    fields = table.fields
    return f"contact_{name}" not in fields and name in fields and fields[name] > fields["contact_name"]


def _honorific(text: str) -> tuple[str, str]:
    first, _, rest = text.partition(" ")
    word = first.rstrip(".").lower()
    if not rest and "." in text:
        first, _, rest = text.partition(".")
        word = first.lower()
    if word in _HONORIFICS and rest.strip():
        full = {"a": "Anh", "c": "Chị", "a/c": "Anh/Chị"}.get(word, word.capitalize())
        return full, rest.strip()
    return "", text


def _phones(cell: Raw) -> tuple[str, ...]:
    if _is_blank(cell):
        return ()
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        text = cells.as_text(cell)
        # Excel takes the zero in front of a number away; a Vietnamese one is dialled with it
        return (text if text.startswith("84") else f"0{text}",) if len(text) in (9, 10, 11) else (text,)
    return tuple(part[:40] for part in cells.several(cell))


def _emails(cell: Raw, where: str, notes: list[Problem]) -> tuple[str, ...]:
    if _is_blank(cell):
        return ()
    parts = [word for part in cells.several(cell) for word in part.split()]
    good = tuple(part.removeprefix("mailto:") for part in parts if cells.is_email(part.removeprefix("mailto:")))
    if len(good) < len(parts) and where:
        message = N_("“{text}” is no e-mail address: it was left out.")
        notes.append(Problem(where, "no_email", message, {"text": cells.as_text(cell)[:60]}))
    return good
