"""Sums done over with fractions: rounding, shares, nets, taxes, instalments, allocation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

# nothing of the product is used here; the table of decimals is written out once more
PLACES = {"VND": 0, "JPY": 0, "USD": 2, "EUR": 2, "KWD": 3, "BHD": 3, "CLF": 4, "UYW": 4}


def unit(currency: str) -> Fraction:
    """The smallest amount of a currency, in whole units of it."""
    return Fraction(1, 10 ** PLACES[currency])


def whole(minor: int, currency: str) -> Fraction:
    """An amount of smallest units in whole units."""
    return minor * unit(currency)


def rounded(value: Fraction, currency: str) -> Fraction:
    """To the smallest unit, halves away from zero."""
    step = unit(currency)
    if value < 0:
        return -rounded(-value, currency)
    below = floor(value / step) * step
    return below + step if value - below >= step / 2 else below


def shared(amount: Fraction, weights: Sequence[Fraction], currency: str) -> list[Fraction] | None:
    """By largest remainder; None where there is nothing to share over. One unit at a time, ties: larger, earlier."""
    if not sum(weights):
        return None if amount else [Fraction(0)] * len(weights)
    if amount < 0:
        mirrored = shared(-amount, weights, currency)
        return None if mirrored is None else [-part for part in mirrored]
    if sum(weights) < 0:
        weights = [-weight for weight in weights]
    step = unit(currency)
    exact = [amount * weight / sum(weights) for weight in weights]
    parts = [floor(share / step) * step for share in exact]
    given: set[int] = set()
    while sum(parts) < amount:
        best = None
        for place, share in enumerate(exact):
            if place in given:
                continue
            claim = (share - floor(share / step) * step, weights[place])
            if best is None or claim > best[1]:
                best = (place, claim)
        assert best is not None
        given.add(best[0])
        parts[best[0]] += step
    return parts


@dataclass(frozen=True)
class Line:
    """quantity × price less percent less an amount, at a rate; None bears no tax."""

    quantity: Fraction
    price: Fraction
    percent: Fraction
    off: Fraction
    group: str
    rate: Fraction | None


def net_of(line: Line, currency: str) -> Fraction:
    """Rounded once."""
    gross = line.quantity * line.price
    return rounded(gross - gross * line.percent / 100 - line.off, currency)


@dataclass
class Group:
    """The sum of a rate and its tax."""

    net: Fraction
    tax: Fraction


def document(
    lines: Sequence[Line], discount: Fraction, currency: str
) -> tuple[dict[str, Group], list[Fraction]] | None:
    """(the groups in the order of the lines, each line's tax); None where the discount has nothing to come from."""
    nets = [net_of(line, currency) for line in lines]
    if discount:
        taken = shared(discount, nets, currency)
        if taken is None:
            return None
        nets = [net - part for net, part in zip(nets, taken, strict=True)]
    groups: dict[str, Group] = {}
    for line, net in zip(lines, nets, strict=True):
        groups.setdefault(line.group, Group(Fraction(0), Fraction(0))).net += net
    taxes = [Fraction(0)] * len(lines)
    for name, group in groups.items():
        members = [place for place, line in enumerate(lines) if line.group == name]
        rate = lines[members[0]].rate
        group.tax = rounded(group.net * rate / 100, currency) if rate else Fraction(0)
        parts = shared(group.tax, [nets[place] for place in members], currency)
        assert parts is not None
        for place, part in zip(members, parts, strict=True):
            taxes[place] = part
    return groups, taxes


def instalments(total: Fraction, parts: Sequence[tuple[str, Fraction]], currency: str) -> list[Fraction] | None:
    """percent of the total, percent of what is left, fixed, rest; None where one would have the wrong sign."""
    sign = -1 if total < 0 else 1
    left, amounts = abs(total), []
    for kind, value in parts:
        if kind == "percent":
            amount = rounded(abs(total) * value / 100, currency)
        elif kind == "percent_of_rest":
            amount = rounded(left * value / 100, currency)
        elif kind == "fixed":
            amount = value
        else:
            amount = left
        amounts.append(amount)
        left -= amount
    amounts[-1] += left
    if any(amount < 0 for amount in amounts) or (total == 0 and any(amounts)):
        return None
    return [sign * amount for amount in amounts]


@dataclass
class Open:
    """An instalment: what is open, and by what it is put in order."""

    key: str
    invoice: str
    owner: tuple[str, str]
    left: Fraction
    due: int | None
    issued: int
    number: int
    place: int


def paid(
    credits: Sequence[tuple[str, tuple[str, str], Fraction, int, str]], parts: Sequence[Open]
) -> dict[tuple[str, str], Fraction]:
    """(credit, instalment) → share, of credits (key, owner, free, date, invoice that it lowers)."""
    found: dict[tuple[str, str], Fraction] = {}
    with_invoice = sorted((each for each in credits if each[4]), key=lambda each: (each[3], each[0]))
    without = sorted((each for each in credits if not each[4]), key=lambda each: (each[3], each[0]))
    for key, owner, free, _, invoice in with_invoice + without:
        queue = [part for part in parts if part.owner == owner and owner[0]]
        while free > 0:
            wanting = [part for part in queue if part.left > 0]
            if not wanting:
                break
            first = min(
                wanting,
                key=lambda part: (
                    0 if invoice and part.invoice == invoice else 1,
                    10**9 if part.due is None else part.due,
                    part.issued,
                    part.number,
                    part.place,
                    part.key,
                ),
            )
            share = min(free, first.left)
            found[key, first.key] = found.get((key, first.key), Fraction(0)) + share
            first.left -= share
            free -= share
    return found
