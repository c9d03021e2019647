"""Writes tables and lists of records as XLSX, CSV or JSON; a text never becomes a formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import xlsxwriter  # type: ignore[import-untyped]

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.entity import Entity, Record
from kam_desktop.domain.errors import Problem, Refused, Unavailable
from kam_desktop.domain.fields import Kind
from kam_desktop.domain.money import CURRENCIES, DEFAULT_CURRENCY, to_major
from kam_desktop.domain.query import Query
from kam_desktop.language import N_, tr
from kam_desktop.protocol.codec import to_wire
from kam_desktop.store.reader import Reader
from kam_desktop.transfer.cells import prefixed

FORMS: Final = (".xlsx", ".csv", ".json")
_EXACT: Final = 2**53
"""Up to here a spreadsheet keeps a whole number exactly; what is larger goes out as text."""


def kinds() -> dict[str, Entity]:
    """The words of `export KIND`: each entity by its name and by its plural ("account", "accounts")."""
    found: dict[str, Entity] = {}
    for name, entity in BY_NAME.items():
        found[name] = entity
        found[entity.plural.lower().replace(" ", "_")] = entity
    return found


def export(reader: Reader, kind: str, path: Path) -> int:
    """All records of one kind into a file, by its ending; how many there were.

    JSON holds the wire form; XLSX and CSV hold one column a field, with amounts in major units and the titles of the
    records that are referred to. Raises Refused (unknown_kind, unknown_form) and Unavailable (cannot_write).
    """
    entity = kinds().get(kind)
    if entity is None:
        message = N_("There is no kind “{kind}” to export.")
        raise Refused(Problem("kind", "unknown_kind", message, {"kind": kind[:40]}))
    _check_form(path)
    records = reader.all(Query(entity.name))
    if path.suffix.lower() == ".json":
        _write(path, _json([to_wire(each) for each in records]))
    else:
        headers, rows = records_table(reader, entity, records)
        write_table(path, headers, rows)
    return len(records)


def records_table(reader: Reader, entity: Entity, records: Sequence[Record]) -> tuple[list[str], list[list[Any]]]:
    """Titles in the user's language and one row a record, ready for `write_table`."""
    titles: dict[str, dict[str, str]] = {}
    for each in entity.fields:
        if each.kind is Kind.REF:
            target = BY_NAME[each.to]
            ids = {getattr(record, each.name) for record in records} - {""}
            found = reader.many(target.record, sorted(ids))
            titles[each.name] = {key: _title(value) for key, value in found.items()}
    rows = []
    known = _currencies(reader, records) if any(each.kind is Kind.MONEY for each in entity.fields) else {}
    for record in records:
        currency = known.get(record.id, DEFAULT_CURRENCY)
        row = []
        for each in entity.fields:
            value = getattr(record, each.name)
            if each.kind is Kind.REF:
                value = titles[each.name].get(value, value)
            elif each.kind is Kind.MONEY and value is not None and currency in CURRENCIES:
                value = to_major(value, currency)
            row.append(value)
        rows.append(row)
    return [tr(each.label) for each in entity.fields], rows


def _currencies(reader: Reader, records: Sequence[Record]) -> dict[str, str]:
    """The currency of each record by id: its own, else that of what it hangs on (a line's invoice, a price's list)."""
    found: dict[str, str] = {}
    for name in {type(record).entity.name for record in records}:
        mine = [record for record in records if type(record).entity.name == name]
        entity = BY_NAME[name]
        if "currency" in entity.names:
            found.update({record.id: str(getattr(record, "currency", "")) for record in mine})
            continue
        for each in entity.fields:
            if each.kind is Kind.REF and each.owns and each.to != name:
                owners = {record.id: getattr(record, each.name) for record in mine if record.id not in found}
                parents = reader.many(BY_NAME[each.to].record, sorted({*owners.values()} - {""}))
                of_parent = _currencies(reader, list(parents.values()))
                found.update({key: of_parent[owner] for key, owner in owners.items() if owner in of_parent})
    return found


def _title(record: Record) -> str:
    return str(getattr(record, type(record).entity.title))


def write_table(path: Path, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table into a file by its ending: .xlsx, .csv (UTF-8 with its mark, commas) or .json (a list of objects).

    Texts are written as texts whatever they begin with; numbers, dates and truth values keep their kind. The file is
    put in place whole or not at all. Raises Refused (unknown_form) and Unavailable (cannot_write).
    """
    _check_form(path)
    form = path.suffix.lower()
    if form == ".xlsx":
        content = _xlsx(headers, rows)
    elif form == ".csv":
        content = _csv(headers, rows)
    else:
        content = _json([dict(zip(headers, map(_plain, row), strict=False)) for row in rows])
    _write(path, content)


def _check_form(path: Path) -> None:
    if path.suffix.lower() not in FORMS:
        message = N_("The file's ending says the form: .xlsx, .csv or .json.")
        raise Refused(Problem(path.name, "unknown_form", message))


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Unavailable(
            "cannot_write", "The file {file} cannot be written: {reason}.", file=path.name, reason=error.strerror or "?"
        ) from error


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return "; ".join(str(each) for each in value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return value


def _json(rows: Sequence[dict[str, Any]]) -> bytes:
    return (json.dumps(rows, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def _csv(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow([prefixed(title) for title in headers])
    for row in rows:
        plain = [_plain(value) for value in row]
        writer.writerow(
            [
                prefixed(value) if isinstance(value, str) and not _is_number(row[n]) else value
                for n, value in enumerate(plain)
            ]
        )
    return b"\xef\xbb\xbf" + target.getvalue().encode("utf-8", "replace")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _xlsx(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as workbook:
        sheet = workbook.add_worksheet()
        bold = workbook.add_format({"bold": True, "bottom": 1, "valign": "top", "text_wrap": True})
        day = workbook.add_format({"num_format": "dd/mm/yyyy"})
        whole, broken = workbook.add_format({"num_format": "#,##0"}), workbook.add_format({"num_format": "#,##0.00##"})
        for column, title in enumerate(headers):
            sheet.write_string(0, column, title, bold)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if isinstance(value, bool):
                    sheet.write_boolean(number, column, value)
                elif isinstance(value, int | float | Decimal) and -_EXACT <= value <= _EXACT:
                    sheet.write_number(number, column, value, whole if value == int(value) else broken)
                elif isinstance(value, date) and not isinstance(value, datetime):
                    sheet.write_datetime(number, column, datetime(value.year, value.month, value.day), day)  # noqa: DTZ001
                elif value not in (None, "", ()):
                    sheet.write_string(number, column, str(_plain(value))[:32_767])
        sheet.freeze_panes(1, 0)
        if headers and rows:
            sheet.autofilter(0, 0, len(rows), len(headers) - 1)
        for column, title in enumerate(headers):
            lengths = [len(str(_plain(row[column]))) for row in rows[:200] if column < len(row)]
            sheet.set_column(column, column, min(60, max(8, len(title) + 2, *(each + 2 for each in lengths))))
    return target.getvalue()
