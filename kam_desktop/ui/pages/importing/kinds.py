"""Which columns the preview of an import has for each kind of table, and what a row says in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from kam_desktop import formats
from kam_desktop.language import tr, trn
from kam_desktop.ui.kit.cells import AmountCell, Cell, DateCell, Look, PillCell, TextCell
from kam_desktop.ui.kit.record_table import TableColumn
from kam_desktop.ui.kit.table_view import Column

CREATE, UPDATE, UNCHANGED, SKIP = "create", "update", "unchanged", "skip"
VERDICTS = (CREATE, UPDATE, UNCHANGED, SKIP)


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row of a file, ready to be shown.

    Attributes:
        file: the name it stands under.
        cells: finished text by the names that `columns_of` asks for.
        why: the reason, what changes, and notes, as one text.
        section: the key of its PreviewFile.
    """

    file: str
    number: int
    verdict: str
    cells: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    section: str = ""


def verdict_words() -> dict[str, str]:
    """What becomes of a row, as its pill says it."""
    return {CREATE: tr("New"), UPDATE: tr("Update"), UNCHANGED: tr("Unchanged"), SKIP: tr("Skipped")}


_LOOKS = {
    CREATE: Look(tone="success", icon="plus"),
    UPDATE: Look(tone="", icon="pencil"),
    UNCHANGED: Look(),
    SKIP: Look(tone="warning", icon="circle-alert"),
}


class _NoteCell(TextCell):
    """Text after an amount, a little further off."""

    pad = 14


def _quiet(row: PreviewRow) -> Look | None:
    return Look(tone="muted") if row.verdict == UNCHANGED else None


def _strong(row: PreviewRow) -> Look:
    return _quiet(row) or Look(strong=True)


_Told = tuple[str, str, int, Callable[[], Cell], int]  # name, title, width, cell, rank


def _name(title: str, key: str = "title", width: int = 220) -> _Told:
    return key, title, width, lambda: TextCell(name=True), 0


def _text(key: str, title: str, width: int, rank: int = 1) -> _Told:
    return key, title, width, lambda: TextCell("text2"), rank


def _day(key: str, title: str, rank: int = 1) -> _Told:
    return key, title, 84, DateCell, rank


def _amount(key: str, title: str, rank: int = 0) -> _Told:
    return key, title, 112, AmountCell, rank


def _told(kind: str) -> list[_Told]:
    account, code = _name(tr("Account")), _text("tax_code", tr("Tax code"), 108, 2)
    table: dict[str, list[_Told]] = {
        "accounts": [_name(tr("Account"), width=248), code, _text("extra", tr("Contact"), 180, 2),
                     _text("term", tr("Payment term"), 96, 3)],
        "contacts": [_name(tr("Full name"), width=180), _text("account", tr("Account"), 200, 0),
                     _text("position", tr("Position"), 150, 3), _text("phones", tr("Phones"), 120, 1),
                     _text("emails", tr("E-mails"), 170, 2)],
        "products": [_text("code", tr("Code"), 96, 0), _name(tr("Product name"), width=240),
                     _text("unit", tr("Unit"), 72, 2), _amount("price", tr("Unit price"))],
        "prices": [_text("list", tr("Price list"), 140, 1), _name(tr("Product name"), width=200),
                   _text("from_quantity", tr("From quantity"), 90, 2), _day("begins_on", tr("Valid from"), 2),
                   _text("account", tr("Account"), 140, 3), _amount("price", tr("Unit price"))],
        "invoices": [account, code, _text("number", tr("Invoice"), 120, 0), _day("issued_on", tr("Invoice date")),
                     _day("due_on", tr("Due date"), 3), _amount("total", tr("Total")),
                     _amount("paid", tr("Paid"), 2)],
        "einvoices": [_name(tr("Account"), width=248), _text("tax_code", tr("Tax code"), 112, 1),
                      _text("number", tr("Invoice"), 136, 0), _day("issued_on", tr("Invoice date"), 2),
                      _amount("total", tr("Total"))],
        "receipts": [_day("issued_on", tr("Received on"), 0), _name(tr("Payer"), "payer", 180),
                     _text("title", tr("Account"), 170, 0), _text("laid", tr("Invoices paid"), 120, 2),
                     _text("number", tr("Transaction number"), 130, 3), _amount("total", tr("Amount"))],
        "balances": [_name(tr("Account"), width=248), code, _day("issued_on", tr("Balance on")),
                     _amount("total", tr("Balance"))],
    }  # fmt: skip
    several = [_text("kind", tr("Kind"), 110, 1), _name(tr("Name"), "name", 240), _text("number", tr("Number"), 130, 1),
               _amount("amount", tr("Amount"), 1)]  # fmt: skip
    return table.get(kind, several)


def columns_of(kind: str) -> list[tuple[TableColumn, Column]]:
    """The columns of the preview; a kind that is not known gives those that fit rows of several kinds."""
    words = verdict_words()
    shown: list[tuple[TableColumn, Column]] = [
        (TableColumn(tr("Row"), lambda row: formats.number(row.number)), Column(40, DateCell("muted"))),
        (
            TableColumn(tr("Result"), lambda row: words[row.verdict], lambda row: _LOOKS[row.verdict]),
            Column(92, PillCell()),
        ),
    ]
    for key, title, width, cell, rank in _told(kind):
        look = _strong if cell is AmountCell and key != "paid" else _quiet
        shown.append((TableColumn(title, _saying(key), look), Column(width, cell(), rank)))
    why = TableColumn(
        tr("Note"), lambda row: row.why, lambda row: Look(tone="warning") if row.verdict == SKIP else None
    )
    shown.append((why, Column(0, _NoteCell("text2"))))
    return shown


def _saying(key: str) -> Callable[[PreviewRow], str]:
    return lambda row: row.cells.get(key, "")


def cells_of(kind: str, shown: Mapping[str, Any], title: str, currency: str, document: str = "") -> dict[str, str]:
    """What a planned row says in the columns of its kind, and in those for several kinds.

    Money is in minor units of the row's currency, of `currency` where the row is silent.
    """
    code = str(shown.get("currency") or currency)
    amounts = {key: formats.amount(shown[key], code) for key in ("total", "price", "paid") if _is_money(shown.get(key))}
    found = {key: said(value) for key, value in shown.items() if key not in amounts and value not in (None, "", ())}
    found |= amounts
    found["title"] = str(shown.get("buyer") or shown.get("product") or "")
    if not found["title"] and kind != "receipts" and "number" not in shown:
        found["title"] = title
    found["number"] = str(shown.get("number") or shown.get("code") or document)
    if kind == "accounts":
        found["extra"] = str(shown.get("contact_full_name") or shown.get("phone") or "")
        days = shown.get("payment_days")
        found["term"] = trn("{n} day", "{n} days", days) if isinstance(days, int) else ""
    found["name"] = found["title"] or found.get("payer", "")
    found["amount"] = found.get("total") or found.get("price") or ""
    return found


def _is_money(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def said(value: Any) -> str:
    """A value of a record or a cell as the preview says it; nothing is a dash."""
    if value is None or value == "" or value == ():
        return formats.NOTHING
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return formats.day(value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return formats.number(value) if _is_money(value) else str(value)
