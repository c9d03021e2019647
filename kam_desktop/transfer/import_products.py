"""Decides what becomes of each row of a table of products and services."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, Final

from kam_desktop.domain.entities import Product
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.locale.vietnam import vat
from kam_desktop.domain.query import Query
from kam_desktop.domain.text import clean_lines, fold, tokens
from kam_desktop.language import N_
from kam_desktop.store.reader import Reader
from kam_desktop.transfer import cells
from kam_desktop.transfer.import_context import Context
from kam_desktop.transfer.import_merge import SAME_PRODUCT, Claims, changes, merged
from kam_desktop.transfer.import_plan import PlannedRow, Verdict, Working, first_problem
from kam_desktop.transfer.sheets import Raw, Table

_CATEGORIES: Final = {
    "standard": "standard", "thong thuong": "standard", "pho thong": "standard", "chuan": "standard",
    "reduced": "reduced", "giam": "reduced", "duoc giam": "reduced", "giam thue": "reduced",
    "fixed": "fixed", "co dinh": "fixed", "khac": "fixed",
}  # fmt: skip
_RATE_WORDS: Final = {
    "khong chiu thue": vat.NOT_SUBJECT, "kct": vat.NOT_SUBJECT, "khong ke khai": vat.NOT_DECLARED,
    "khong ke khai nop thue": vat.NOT_DECLARED, "khong ke khai tinh nop thue": vat.NOT_DECLARED,
    "kkknt": vat.NOT_DECLARED, "exempt": vat.NOT_SUBJECT, "none": vat.NOT_SUBJECT,
}  # fmt: skip
_CATEGORY_OF: Final = {"10%": "standard", "8%": "reduced"}
"""The rates that follow the dated rules: 8 % is the standard rate lowered for a time (vietnam.md C)."""


class ProductIndex:
    """All products by code and by folded name, with what an import adds to them."""

    def __init__(self, reader: Reader) -> None:
        self._by_code: dict[str, list[Product]] = {}
        self._by_name: dict[str, list[Product]] = {}
        self._now: dict[str, Product] = {}
        for each in reader.all(Query("product")):
            if isinstance(each, Product):
                self.add(each)

    def add(self, product: Product) -> None:
        """Makes a product known, as it is now."""
        self._now[product.id] = product
        for index, key in ((self._by_code, fold(product.code)), (self._by_name, product_key(product.name))):
            if key and all(each.id != product.id for each in index.setdefault(key, [])):
                index[key].append(product)

    def find(self, code: str, name: str) -> Product | Problem | None:
        """The product that is meant: by code, else by folded name; two codes under one name are two products."""
        by_code = self._by_code.get(fold(code), []) if code else []
        if by_code:
            return self._now[by_code[0].id]
        by_name = [self._now[each.id] for each in self._by_name.get(product_key(name), [])] if name else []
        fitting = [each for each in by_name if not code or not each.code]
        in_use = [each for each in fitting if not each.archived]
        if len(fitting) > 1 and len(in_use) == 1:
            fitting = in_use
        if len(fitting) > 1:
            message = N_("Several products are called “{name}”: give the code.")
            return Problem("name", "ambiguous_product", message, {"name": name[:80]})
        return fitting[0] if fitting else None


def product_key(name: str) -> str:
    """A product's name for recognising it: folded, without signs."""
    return " ".join(tokens(name))


@dataclass
class _Reading:
    values: dict[str, Any] = field(default_factory=dict)
    rate: str = ""
    money: dict[str, Raw] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)


def decide(working: Working, table: Table, context: Context) -> list[PlannedRow]:
    """The verdict on every row, in order; what it writes goes into `working`.

    A row is recognised by its code, then by its folded name. Blank cells change nothing. A rate of 10 % or 8 % makes
    the product follow the dated tax rules, any other rate is fixed.
    """
    index = working.index(ProductIndex)
    claims = Claims()
    rows = []
    for row, (_, values) in zip(table.rows, table.values(), strict=True):
        planned = _row(working, index, claims, row.number, _read(values), context)
        rows.append(dataclasses.replace(planned, cells=row.cells))
    return rows


def _row(
    working: Working, index: ProductIndex, claims: Claims, number: int, reading: _Reading, context: Context
) -> PlannedRow:
    values, problems = reading.values, list(reading.problems)
    name, code = str(values.get("name", "")), str(values.get("code", ""))
    found = index.find(code, name)
    saved = found if isinstance(found, Product) else None
    currency = str(values.get("currency") or (saved.currency if saved is not None else context.currency))
    for each, cell in reading.money.items():
        amount = cells.attempt(problems, partial(cells.as_amount, cell, currency, each), None)
        if amount is not None:
            values[each] = amount
    row = PlannedRow(
        number, name or code, Verdict.SKIP, notes=tuple(reading.notes), shown={**values, "currency": currency}
    )
    if not problems and not name and saved is None:
        problems.append(Problem("name", "no_name", "The product's name is missing."))
    problems += [found] if isinstance(found, Problem) else []
    if problems:
        return dataclasses.replace(row, reason=problems[0])
    values.update(_tax(reading.rate, values.get("tax_category"), saved))
    if saved is None:
        product = Product(id=working.new_id(), **{"currency": currency, **values})
    else:
        reason = claims.contradiction(saved, values, SAME_PRODUCT)
        if reason is not None:
            return dataclasses.replace(row, reason=reason)
        if name and name.isascii() and fold(saved.name) == fold(name):
            values.pop("name")  # a name typed without its accents corrects nothing
        product = merged(saved, values)
    problem = first_problem([product]) if product is not saved else None
    if problem is not None:
        return dataclasses.replace(row, reason=problem)
    claims.say(product, values, number)
    index.add(product)
    verdict = Verdict.CREATE if saved is None else Verdict.UNCHANGED if product is saved else Verdict.UPDATE
    if product is not saved:
        working.put_group([product])
    return dataclasses.replace(row, verdict=verdict, changes=changes(saved, product))


def _tax(rate: str, category: str | None, saved: Product | None) -> dict[str, Any]:
    """The fields that say a product's tax: the category has the word, else the rate tells it."""
    if category is not None:
        return {"tax_category": category, **({"tax_rate": rate} if rate and category == "fixed" else {})}
    if not rate or (saved is not None and saved.tax_category == "fixed" and saved.tax_rate == rate):
        return {}
    if rate in _CATEGORY_OF:
        return {"tax_category": _CATEGORY_OF[rate]}
    return {"tax_category": "fixed", "tax_rate": rate}


# --- reading a row --------------------------------------------------------------------------------------------------


def _read(cells_of: Mapping[str, Raw]) -> _Reading:
    given = {name: cell for name, cell in cells_of.items() if not cells.is_blank(cell)}
    found = _Reading(money={name: given[name] for name in ("price", "cost") if name in given})
    values, problems = found.values, found.problems
    for each in ("code", "name", "name_en", "line", "unit"):
        if each in given:
            values[each] = cells.as_text(given[each])
    if "description" in given:
        values["description"] = clean_lines(str(given["description"]))
    if "currency" in given:
        currency = cells.attempt(problems, lambda: cells.as_currency(given["currency"]), "")
        if currency:
            values["currency"] = currency
    if "tax_rate" in given:
        found.rate = cells.attempt(problems, lambda: rate_of(cells_of["tax_rate"]), "")
    if "tax_category" in given:
        category = _CATEGORIES.get(" ".join(tokens(cells.as_text(given["tax_category"]))))
        if category is not None:
            values["tax_category"] = category
        else:
            message = N_("“{text}” is no tax category: it was left out.")
            text = cells.as_text(given["tax_category"])[:40]
            found.notes.append(Problem("tax_category", "no_tax_category", message, {"text": text}))
    archived = cells.attempt(problems, lambda: cells.as_flag(given.get("archived"), "archived"), None)
    if archived is not None:
        values["archived"] = archived
    return found


def rate_of(cell: Raw) -> str:
    """The tax rate in a cell as it is kept: "8%", "KCT"; of a percent cell, 0.08 is 8 %. Refused when it is none."""
    if isinstance(cell, float) and 0 < cell < 1:
        cell = format((Decimal(repr(cell)) * 100).normalize(), "f")
    text = cells.as_text(cell)
    return _RATE_WORDS.get(" ".join(tokens(text))) or vat.read(text).code
