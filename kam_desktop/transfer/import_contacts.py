"""Decides what becomes of each row of a table of contacts: people at customers that are known."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from kam_desktop.domain.entities import Contact
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.text import clean_lines, fold, phone_digits, tokens
from kam_desktop.language import N_
from kam_desktop.transfer import cells
from kam_desktop.transfer.account_index import name_key
from kam_desktop.transfer.import_context import Context
from kam_desktop.transfer.import_merge import SAME_CONTACT, Claims, changes, merged
from kam_desktop.transfer.import_plan import PlannedRow, Verdict, Working, first_problem
from kam_desktop.transfer.sheets import Raw, Table

_LANGUAGES: Final = {
    "vi": "vi", "vn": "vi", "tieng viet": "vi", "viet": "vi", "vietnamese": "vi", "en": "en", "eng": "en",
    "tieng anh": "en", "anh": "en", "english": "en",
}  # fmt: skip


@dataclass
class _Reading:
    """What a row says: its customer, the fields of the contact that are filled, what is wrong and what is to note."""

    account_name: str = ""
    account_code: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)


def decide(working: Working, table: Table, _context: Context) -> list[PlannedRow]:
    """The verdict on every row, in order; what it writes goes into `working`.

    The customer is found by tax code, name or short name; a row whose customer is not there is skipped, and none is
    made. The contact is recognised there by name, else by telephone, else by e-mail where the names share a word:
    a telephone of the office is no person. Blank cells change nothing; telephones and e-mails are added to.
    """
    readings = [_read(values) for _, values in table.values()]
    found = [working.accounts.recognise(each.account_name, each.account_code) for each in readings]
    people = _People(working, [each for each in found if isinstance(each, str)])
    claims = Claims()
    rows = []
    for row, reading, account in zip(table.rows, readings, found, strict=True):
        rows.append(dataclasses.replace(_row(working, people, claims, row.number, reading, account), cells=row.cells))
    return rows


class _People:
    """The contacts of the accounts concerned, as this import leaves them."""

    def __init__(self, working: Working, accounts: Sequence[str]) -> None:
        self._by_account: dict[str, dict[str, Contact]] = {}
        ids = working.ids_of("contact", "account", accounts)
        working.prefetch(Contact, ids)
        saved = [working.get(Contact, each) for each in ids]
        for each in (*saved, *working.written(Contact)):
            if each is not None:
                self.add(each)

    def add(self, contact: Contact) -> None:
        """Makes a contact known, as it is now."""
        self._by_account.setdefault(contact.account, {})[contact.id] = contact

    def of(self, account: str) -> list[Contact]:
        """The contacts of one account."""
        return list(self._by_account.get(account, {}).values())


def recognised(known: Sequence[Contact], values: Mapping[str, Any]) -> tuple[Contact | None, Contact | None]:
    """The contact that a row means; and one with the same telephone or e-mail that is another person."""
    name = str(values["full_name"])
    key = name_key(name)
    same_name = next((each for each in known if name_key(each.full_name) == key), None)
    if same_name is not None:
        return same_name, None
    words = set(tokens(name))
    other = None
    for phones in (True, False):
        for each in known:
            if _shares(each, values, phones=phones):
                if words & set(tokens(each.full_name)):
                    return each, None
                other = other or each
    return None, other


def _shares(contact: Contact, values: Mapping[str, Any], *, phones: bool) -> bool:
    if phones:
        wanted = {phone_digits(each) for each in values.get("phones", ())}
        return bool(wanted & {phone_digits(each) for each in contact.phones})
    return bool({fold(each) for each in values.get("emails", ())} & {fold(each) for each in contact.emails})


def _row(
    working: Working,
    people: _People,
    claims: Claims,
    number: int,
    reading: _Reading,
    account: str | Problem | None,
) -> PlannedRow:
    values = reading.values
    shown = {**values, "account": reading.account_name or reading.account_code}
    row = PlannedRow(number, str(values.get("full_name", "")), Verdict.SKIP, shown=shown)
    if reading.problems:
        return dataclasses.replace(row, reason=reading.problems[0])
    if isinstance(account, Problem):
        return dataclasses.replace(row, reason=account)
    if account is None:
        message = N_("There is no customer “{name}”: bring in the customers first.")
        name = reading.account_name or reading.account_code
        return dataclasses.replace(row, reason=Problem("account", "no_account", message, {"name": name[:80]}))
    shown["account"] = working.accounts.name(account)
    known = people.of(account)
    saved, other = recognised(known, values)
    notes = list(reading.notes)
    if saved is None:
        values = {"main": not any(each.main for each in known), **values}
        contact = Contact(id=working.new_id(), account=account, **values)
        if other is not None:
            message = N_("The same telephone or e-mail as {name}.")
            notes.append(Problem("phones", "same_phone", message, {"name": other.full_name}))
    else:
        reason = claims.contradiction(saved, values, SAME_CONTACT)
        if reason is not None:
            return dataclasses.replace(row, reason=reason)
        contact = merged(saved, values)
    problem = first_problem([contact]) if contact is not saved else None
    if problem is not None:
        return dataclasses.replace(row, reason=problem)
    claims.say(contact, reading.values, number)
    people.add(contact)
    verdict = Verdict.CREATE if saved is None else Verdict.UNCHANGED if contact is saved else Verdict.UPDATE
    if contact is not saved:
        working.put_group([contact])
    return dataclasses.replace(row, verdict=verdict, changes=changes(saved, contact), notes=tuple(notes))


# --- reading a row --------------------------------------------------------------------------------------------------


def _read(cells_of: Mapping[str, Raw]) -> _Reading:
    given = {name: cell for name, cell in cells_of.items() if not cells.is_blank(cell)}
    found = _Reading(cells.as_text(given.get("account_name")))
    if "account_tax_code" in given:
        found.account_code, _ = cells.as_tax_code(given["account_tax_code"])
    values, problems = found.values, found.problems
    names = [given[name] for name in ("full_name",) if name in given]
    names = names or [given[name] for name in ("first_names", "given_name") if name in given]
    honorific, name = cells.with_honorific(" ".join(map(cells.as_text, names)))
    if name:
        values["full_name"] = name
    else:
        problems.append(Problem("full_name", "no_name", "The contact's name is missing."))
    honorific = cells.as_text(given.get("honorific")).rstrip(".") or honorific
    if honorific:
        values["honorific"] = honorific
    if "position" in given:
        values["position"] = cells.as_text(given["position"])
    for target, sources in (("phones", ("phones", "phone_2")), ("emails", ("emails", "email_2"))):
        parts: tuple[str, ...] = ()
        for each in sources:
            read = cells.as_phones(given.get(each)) if target == "phones" else None
            parts += read if read is not None else cells.as_emails(given.get(each), each, found.notes)
        if parts:
            values[target] = tuple(dict.fromkeys(parts))
    zalo = cells.as_phones(given.get("zalo"))
    if zalo:
        values["zalo"] = zalo[0]
    for each in ("birthday", "left_on"):
        day = cells.attempt(problems, partial(cells.as_date, given.get(each), each), None)
        if day is not None:
            values[each] = day
    if "language" in given:
        language = _LANGUAGES.get(" ".join(tokens(cells.as_text(given["language"]))))
        if language is not None:
            values["language"] = language
        else:
            message = N_("“{text}” is neither Vietnamese nor English: the language was left out.")
            text = cells.as_text(given["language"])[:40]
            found.notes.append(Problem("language", "no_language", message, {"text": text}))
    main = cells.attempt(problems, lambda: cells.as_flag(given.get("main"), "main"), None)
    if main is not None:
        values["main"] = main
    if "internal_note" in given:
        values["internal_note"] = clean_lines(str(given["internal_note"]))
    return found
