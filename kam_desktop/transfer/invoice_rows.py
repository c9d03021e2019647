"""Reads the rows of a table of invoices: one row an invoice, or one row a line; figures as printed."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.locale.vietnam import vat
from kam_desktop.domain.money import CURRENCIES, half_up, to_major, to_minor
from kam_desktop.domain.text import fold
from kam_desktop.language import N_
from kam_desktop.transfer import cells
from kam_desktop.transfer.import_money import plain_number
from kam_desktop.transfer.sheets import Raw, Row, Table

_JOINED: Final = re.compile(r"(\d?)([CK]\d{2}[A-Z]{3})[ /\-_.:#]*(\d{1,8})?")
_WHOLE: Final = ("net", "tax", "fees", "discount", "total")
_MONEY: Final = (*_WHOLE, "paid", "still_open")
_LINE_FIELDS: Final = ("product", "product_code", "unit", "quantity", "price")
_BLANK: Final = frozenset(("", "-", "--", "–", "—", "n/a", "null", "none"))
_HEAD: Final = ("issued_on", "currency", "tax_code", "name", "due_on", "exchange_rate")
_PLAIN: Final = re.compile(r"-?\d+([.,]\d{1,2})?")
_GROUPED: Final = re.compile(r"-?\d{1,3}(([.,])\d{3})(\2\d{3})*")


@dataclass(slots=True)
class InvoiceRow:
    """One row as it was read: values by field (amounts in minor units), and what is wrong with it."""

    row: Row
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    @property
    def has_line(self) -> bool:
        """Whether the row tells a line of an invoice and not only its totals."""
        return any(name in self.values for name in (*_LINE_FIELDS, "tax_rate"))


@dataclass(slots=True)
class Figures:
    """The figures of one invoice, minor units; `printed` names those that the table itself gives.

    Attributes:
        by_line: net and tax of the rows are those of lines, and add up to the whole.
    """

    net: int
    tax: int
    fees: int
    total: int
    printed: frozenset[str]
    by_line: bool
    notes: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class InvoiceGroup:
    """The rows that make one invoice, in their order."""

    rows: list[InvoiceRow]

    def first(self, name: str) -> Any:
        """The first value of a field among the rows, or None."""
        return next((each.values[name] for each in self.rows if name in each.values), None)

    def text(self, name: str) -> str:
        """The same for a text; empty when no row has it."""
        return str(self.first(name) or "")


def read(table: Table, currency: str) -> list[InvoiceGroup]:
    """The invoices of a table in the order of their first rows; a row that names none stands alone.

    A row without number, customer and date under an invoice continues it (titles merged over several rows).
    """
    found: dict[tuple[Any, ...], InvoiceGroup] = {}
    last: InvoiceGroup | None = None
    for row, (_, values) in zip(table.rows, table.values(), strict=True):
        each = _read(row, values, currency)
        number = each.values.get("number")
        if not number:
            named = any(name in each.values for name in ("name", "tax_code", "issued_on"))
            if last is not None and not named and (each.has_line or "net" in each.values):
                last.rows.append(each)
                continue
            each.problems.insert(0, Problem("number", "no_number", "The invoice number is missing."))
            found[row.number,] = InvoiceGroup([each])
            last = None
            continue
        symbol = each.values.get("symbol", "")
        key = (symbol, each.values.get("form", ""), number, None if symbol else each.values.get("issued_on"))
        last = found.setdefault(key, InvoiceGroup([]))
        last.rows.append(each)
    return list(found.values())


def paid_amount(group: InvoiceGroup, name: str, total: int) -> int | None:
    """What the rows say was paid or is still open: repeated in every row it is the whole, else it adds up."""
    given = [each.values[name] for each in group.rows if name in each.values]
    if len(given) > 1 and len(set(given)) == 1 and abs(sum(given)) > abs(total):
        return int(given[0])
    return sum(given) if given else None


def contradiction(group: InvoiceGroup) -> Problem | None:
    """What the rows of one invoice say differently that belongs to the invoice as a whole."""
    for name in _HEAD:
        seen: dict[str, int] = {}
        for each in group.rows:
            if name in each.values:
                value = each.values[name]
                seen.setdefault(fold(value) if isinstance(value, str) else str(value), each.row.number)
        if len(seen) > 1:
            message = N_("Rows {first} and {second} have the same invoice number and contradict each other.")
            first, second = list(seen.values())[:2]
            return Problem(name, "contradiction", message, {"first": str(first), "second": str(second)})
    return None


# --- one row --------------------------------------------------------------------------------------------------------


def _read(row: Row, values: Mapping[str, Raw], currency: str) -> InvoiceRow:
    found = InvoiceRow(row)
    given = {name: cell for name, cell in values.items() if cells.as_text(cell).lower() not in _BLANK}
    read = found.values
    for name in ("name", "code", "product", "product_code", "unit", "status", "related", "description"):
        if name in given:
            read[name] = cells.as_text(given[name])
    read.update(invoice_name(given))
    for name in ("issued_on", "due_on"):
        _keep(found, name, functools.partial(cells.as_date, given.get(name), name))
    currency = read["currency"] = currency_of(given.get("currency"), currency, found.problems)
    for name in ("tax_code", "seller_tax_code"):
        if name in given:
            read[name] = cells.as_tax_code(given[name])[0]
    for name in _MONEY:
        if not (name == "discount" and "%" in cells.as_text(given.get(name))):
            _keep(found, name, functools.partial(cells.as_amount, given.get(name), currency, name))
    for name in ("quantity", "price", "exchange_rate"):
        number = plain_decimal(given.get(name))
        if number is not None:
            read[name] = number
    if "tax_rate" in given:
        rate = rate_of(given["tax_rate"])
        if rate:
            read["tax_rate"] = rate
        else:
            message = N_("“{text}” is no tax rate: it was left out.")
            text = cells.as_text(given["tax_rate"])[:20]
            found.notes.append(Problem("tax_rate", "no_rate", message, {"text": text}))
    return found


def _keep(found: InvoiceRow, name: str, read: Callable[[], Any]) -> None:
    value = cells.attempt(found.problems, read, None)
    if value is not None:
        found.values[name] = value


def invoice_name(given: Mapping[str, Raw]) -> dict[str, str]:
    """Form, symbol and number (without zeros), also where two or all three of them stand in one cell."""
    read: dict[str, str] = {}
    form, symbol, number = (
        "".join(cells.as_text(given.get(n)).lstrip("'").split()) for n in ("form", "symbol", "number")
    )
    joined = _JOINED.fullmatch(number.upper())
    if joined and joined.group(3):
        form, symbol, number = joined.group(1) or form, symbol or joined.group(2), joined.group(3)
    for text in (symbol, form):
        joined = _JOINED.fullmatch(text.upper())
        if joined and not joined.group(3):
            form, symbol = joined.group(1) or ("" if text is form else form), joined.group(2)
    if number.strip("0"):
        read["number"] = plain_number(number)
    if symbol:
        read["symbol"] = symbol.upper()
    if form:
        read["form"] = form
    return read


def currency_of(cell: Raw, otherwise: str, problems: list[Problem]) -> str:
    """The currency that a cell names; blank is `otherwise`."""
    text = fold(cells.as_text(cell)).upper().strip(" .")
    if text in ("", *_BLANK):
        return otherwise
    if text in ("D", "DONG", "VND", "VIET NAM DONG", "₫"):
        return "VND"
    if text in CURRENCIES:
        return text
    message = N_("“{currency}” is not a currency code.")
    problems.append(Problem("currency", "unknown_currency", message, {"currency": cells.as_text(cell)[:20]}))
    return otherwise


def plain_decimal(cell: Raw) -> Decimal | None:
    """A quantity, price or rate; None when it is not clear, for none of them changes a figure."""
    if isinstance(cell, bool) or cell is None or isinstance(cell, date):
        return None
    if isinstance(cell, int | float):
        return Decimal(repr(cell)).normalize() if cell else Decimal(0)
    text = "".join(cells.as_text(cell).split())
    if _GROUPED.fullmatch(text):
        return Decimal(text.replace(".", "").replace(",", ""))
    if _PLAIN.fullmatch(text):
        return Decimal(text.replace(",", "."))
    return None


def rate_of(cell: Raw) -> str:
    """A tax rate in one spelling; 0.08 is how a sheet keeps 8 %. Empty when it is none."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        percent = Decimal(repr(cell)) * (100 if 0 < cell < 1 else 1)
        return f"{percent.normalize():f}%" if 0 <= percent <= 100 else ""
    text = fold(cells.as_text(cell)).upper()
    if text in ("KHONG CHIU THUE", "KHONG CHIU", "KCT", "-1"):
        return vat.NOT_SUBJECT
    if text in ("KHONG KE KHAI", "KKKNT", "-2"):
        return vat.NOT_DECLARED
    try:
        return vat.read(text).code[:16]
    except Refused:
        return ""


# --- the figures of one invoice -------------------------------------------------------------------------------------


def figures(group: InvoiceGroup) -> Figures | Problem:
    """Net, tax, fees and total of an invoice from its rows, or the problem that keeps them from being told.

    Amounts of several rows are those of lines and add up, or the invoice's own, repeated in every row: the reading
    counts in which net + tax + fees is the total. Two that fit are told apart by quantity × price, else it is refused.
    """
    rows = group.rows
    if len(rows) > 1 and not any(each.has_line for each in rows):
        if _alike(rows):
            return _one(group, {name: rows[0].values.get(name) for name in _WHOLE}, by_line=False)
        message = N_("Rows {first} and {second} have the same invoice number and contradict each other.")
        args = {"first": str(rows[0].row.number), "second": str(rows[1].row.number)}
        return Problem("total", "contradiction", message, args)
    if len(rows) == 1:
        return _one(group, {name: rows[0].values.get(name) for name in _WHOLE}, by_line=True)
    readings = list(_readings(rows))
    fitting = [each for each in readings if _fits(each, group)]
    wanted = fitting or readings
    distinct = {tuple(each[name] for name in ("net", "tax", "total")): each for each in reversed(wanted)}
    if len(distinct) > 1:
        if _lines_priced(rows):
            return _one(group, readings[0], by_line=True)
        if _alike(rows):
            return _one(group, readings[-1], by_line=False)
        message = N_("The amounts of rows {first} to {last} can be those of lines or of the whole invoice.")
        args = {"first": str(rows[0].row.number), "last": str(rows[-1].row.number)}
        return Problem("total", "unclear_rows", message, args)
    chosen = wanted[0]
    return _one(group, chosen, by_line=chosen["net"] == _sum(rows, "net"))


def _readings(rows: Sequence[InvoiceRow]) -> Iterable[dict[str, int | None]]:
    """Every way to read amounts that stand in several rows; adding up comes first."""
    for names in itertools.product(*([(name, way) for way in _ways(rows, name)] for name in _WHOLE)):
        yield dict(names)


def _ways(rows: Sequence[InvoiceRow], name: str) -> list[int | None]:
    given = [each.values[name] for each in rows if name in each.values]
    if not given:
        return [None]
    repeated = len(given) == len(rows) and len(set(given)) == 1
    return [sum(given), given[0]] if repeated and given[0] else [sum(given)]


def _sum(rows: Sequence[InvoiceRow], name: str) -> int | None:
    given = [each.values[name] for each in rows if name in each.values]
    return sum(given) if given else None


def _fits(amounts: Mapping[str, int | None], group: InvoiceGroup) -> bool:
    net, total = amounts["net"], amounts["total"]
    if net is None or total is None:
        return False
    tax = amounts["tax"] if amounts["tax"] is not None else _tax(group, net)
    if tax is None:
        return False
    computed = net + tax + (amounts["fees"] or 0)
    return any(abs(computed - each - total) <= max(1, len(group.rows)) for each in (0, amounts["discount"] or 0))


def _alike(rows: Sequence[InvoiceRow]) -> bool:
    return all(each.values == rows[0].values for each in rows)


def _lines_priced(rows: Sequence[InvoiceRow]) -> bool:
    """Whether each row's net is its own quantity × price."""
    for each in rows:
        net, quantity, price = (each.values.get(name) for name in ("net", "quantity", "price"))
        if net is None or quantity is None or price is None:
            return False
        computed = to_minor(quantity * price, each.values["currency"]) - (each.values.get("discount") or 0)
        if abs(computed - net) > 1 and abs(computed + (each.values.get("discount") or 0) - net) > 1:
            return False
    return True


def _tax(group: InvoiceGroup, net: int) -> int | None:
    """The tax that the rates give: by group of lines when each has its net, else of the whole at the only rate."""
    rates = [each.values.get("tax_rate") for each in group.rows]
    known = {each for each in rates if each}
    if len(known) == 1:
        return half_up(net * share(known.pop()))
    if not known or None in rates or net != _sum(group.rows, "net"):
        return None
    by_rate: dict[str, int] = {}
    for each in group.rows:
        rate = each.values["tax_rate"]
        by_rate[rate] = by_rate.get(rate, 0) + each.values.get("net", 0)
    return sum(half_up(value * share(rate)) for rate, value in by_rate.items())


def share(rate: str) -> Decimal:
    """A rate as a share of the net: 0.08 for "8%"; nothing for what bears no tax."""
    try:
        return (vat.read(rate).percent or Decimal(0)) / 100
    except Refused:
        return Decimal(0)


def _one(group: InvoiceGroup, amounts: Mapping[str, int | None], *, by_line: bool) -> Figures | Problem:
    """What is printed, and what follows for the rest; printed figures win."""
    net, tax, total = amounts["net"], amounts["tax"], amounts["total"]
    fees, discount = amounts["fees"] or 0, amounts["discount"] or 0
    currency = group.rows[0].values["currency"]
    printed = frozenset(name for name in ("net", "tax", "fees", "total") if amounts[name] is not None)
    notes: list[Problem] = []
    if total is None and net is None:
        return Problem("total", "no_total", "The invoice has neither a total nor a net amount.")
    if net is None and total is not None:
        rates = {each.values.get("tax_rate") for each in group.rows} - {None}
        if tax is None and len(rates) == 1:
            net = half_up((total - fees) / (1 + share(str(next(iter(rates))))))
            tax = total - fees - net
            notes.append(_computed("net", N_("Net {figure} follows from the total and the tax rate."), net, currency))
        elif tax is None:
            net, tax = total - fees, 0
            notes.append(Problem("net", "no_tax", "Only the total is told: it was taken for the net as well."))
        else:
            net = total - fees - tax
    elif net is not None and tax is None:
        computed = _tax(group, net)
        if total is not None:
            tax = total - net - fees
            before = (
                tax < 0 < net if computed is None else abs(net - discount + computed + fees - total) <= len(group.rows)
            )
            if discount and before:  # the net column stands before the discount
                net, tax = net - discount, tax + discount
        elif computed is None:
            return Problem("total", "no_total", "Neither the total nor the tax of this invoice is told.")
        else:
            tax = computed
            notes.append(_computed("tax", N_("Tax {figure} follows from the net and the tax rate."), tax, currency))
    if net is None or tax is None:
        raise AssertionError("net and tax are known by now")
    if total is None:
        total = net + tax + fees
    elif discount and net + tax + fees != total and abs(net - discount + tax + fees - total) <= len(group.rows):
        net -= discount  # the net column stands before the discount
    if abs(net + tax + fees - total) > max(1, len(group.rows)):
        message = N_("Net, tax and fees add up to {computed}, the table has {printed}: it stands as it is there.")
        args = {"computed": str(to_major(net + tax + fees, currency)), "printed": str(to_major(total, currency))}
        notes.append(Problem("total", "total_differs", message, args))
    return Figures(net, tax, fees, total, printed, by_line, notes)


def _computed(name: str, message: str, figure: int, currency: str) -> Problem:
    return Problem(name, "computed", message, {"figure": str(to_major(figure, currency))})
