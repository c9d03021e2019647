"""Compares what an e-invoice prints with what its lines and rates give; printed figures always win."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from kam_desktop.domain.errors import Problem
from kam_desktop.domain.money import half_up, to_major
from kam_desktop.language import N_

_PERCENT: Final = re.compile(r"(?:KHAC:)?(-?[0-9]{1,6}(?:\.[0-9]{1,9})?)%")


def check(invoice: Mapping[str, Any]) -> list[Problem]:
    """The warnings about an invoice in the parser's plain form.

    Compared are the sum of the lines with the net, the tax of each group, and net + tax + fees with the total; a
    difference of up to one unit for each goods and discount line is rounding (features.md 2, Tax; vietnam.md E 8).
    """
    lines: Sequence[Mapping[str, Any]] = invoice["lines"]
    tolerance = max(1, sum(line["kind"] in ("goods", "discount") for line in lines))
    return [
        *_lines_against_net(invoice, lines, tolerance),
        *_groups(invoice, tolerance),
        *_total(invoice, tolerance),
        *_related(invoice),
    ]


def line_sums(lines: Sequence[Mapping[str, Any]]) -> tuple[int, int, int]:
    """What the lines add up to when discount lines are subtracted, taken as printed, or left out.

    Promotions and notes add nothing (TChat 2, 4). A discount line that has a discount of its own is a discounted
    good and adds (vietnam.md E 4).
    """
    goods = discounts = printed = 0
    for line in lines:
        net = line["net"] or 0
        if line["kind"] == "goods" or (line["kind"] == "discount" and (line["discount"] or 0) > 0):
            goods += net
        elif line["kind"] == "discount":
            discounts += abs(net)
            printed += net
    return goods - discounts, goods + printed, goods


def _lines_against_net(invoice: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], tolerance: int) -> list[Problem]:
    net = invoice["net"]
    if net is None or not any(line["net"] is not None for line in lines):
        return []
    sums = line_sums(lines)
    # Resolution 204 lets a form-2 invoice print less than its lines; a discount line may be there only to inform.
    if any(abs(each - net) <= tolerance for each in sums):
        return []
    if invoice["discount"] and abs(sums[2] - abs(invoice["discount"]) - net) <= tolerance:
        return []
    return [
        _differs(
            invoice,
            "lines",
            "net_differs",
            "The lines add up to {computed}, the invoice prints {printed}.",
            sums[0],
            net,
        )
    ]


def _groups(invoice: Mapping[str, Any], tolerance: int) -> list[Problem]:
    found = []
    for group in invoice["tax_groups"]:
        share = _share(group["rate"])
        if share is None or group["net"] is None or group["tax"] is None:
            continue
        computed = half_up(group["net"] * share)
        if abs(computed - group["tax"]) > tolerance:
            found.append(
                _differs(
                    invoice,
                    "tax_groups",
                    "tax_differs",
                    "The tax at {rate} would be {computed}, the invoice prints {printed}.",
                    computed,
                    group["tax"],
                    rate=group["rate"],
                )
            )
    if invoice["tax"] is not None and any(group["tax"] is not None for group in invoice["tax_groups"]):
        whole = sum(group["tax"] or 0 for group in invoice["tax_groups"])
        if abs(whole - invoice["tax"]) > tolerance:
            found.append(
                _differs(
                    invoice,
                    "tax",
                    "tax_sum_differs",
                    "The taxes by rate add up to {computed}, the invoice prints {printed}.",
                    whole,
                    invoice["tax"],
                )
            )
    return found


def _share(rate: str) -> Decimal | None:
    if rate in ("KCT", "KKKNT"):
        return Decimal(0)
    found = _PERCENT.fullmatch(rate)
    return Decimal(found.group(1)) / 100 if found else None


def _total(invoice: Mapping[str, Any], tolerance: int) -> list[Problem]:
    if invoice["net"] is None:
        return []
    fees = sum(fee["amount"] for fee in invoice["fees"])
    computed = invoice["net"] + (invoice["tax"] or 0) + fees
    reductions = (0, invoice["other_reduction"] or 0, invoice["discount"] or 0)
    if any(abs(computed - each - invoice["total"]) <= tolerance for each in reductions):
        return []
    return [
        _differs(
            invoice,
            "total",
            "total_differs",
            "Net, tax and fees add up to {computed}, the invoice prints {printed}.",
            computed,
            invoice["total"],
        )
    ]


def _related(invoice: Mapping[str, Any]) -> list[Problem]:
    if any(each["action"] == "unknown" for each in invoice["related"]):
        message = N_("It names another invoice, and not whether it replaces or adjusts it: it is not linked.")
        return [Problem("related", "related_unknown", message)]
    if len(invoice["related"]) > 1:
        return [
            Problem("related", "several_related", "The invoice names several other invoices; the first one is linked.")
        ]
    return []


def _differs(
    invoice: Mapping[str, Any], where: str, code: str, message: str, computed: int, printed: int, **more: str
) -> Problem:
    figures = {"computed": _major(computed, invoice), "printed": _major(printed, invoice)}
    return Problem(where, code, message, {**figures, **more})


def _major(minor: int, invoice: Mapping[str, Any]) -> str:
    return format(to_major(minor, invoice["currency"]), "f")
