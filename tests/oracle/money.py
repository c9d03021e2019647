"""Random money operations against fractions: python -m tests.oracle.money --operations 1000000."""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from kam_desktop.domain import money
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.figures import allocation, terms, totals
from tests.oracle import sums
from tests.oracle.receivables import receivables

# One operation is one call into the product whose whole answer is compared with the oracle's.
CURRENCIES = tuple(sums.PLACES)
START = date(2025, 1, 1)
Difference = str
Dice = random.Random


def _amount(dice: Dice, largest: int = 12) -> int:
    """Minor units of any size, near halves and round numbers more often than chance has it."""
    value = dice.randrange(10 ** dice.randint(1, largest))
    if dice.random() < 0.2:
        value = value // 1000 * 1000 + dice.choice((0, 1, 499, 500, 501, 999))
    return value


def _decimal(dice: Dice, largest: int, places: int) -> Decimal:
    return Decimal(dice.randrange(largest * 10**places)).scaleb(-places)


def rounding(dice: Dice) -> Iterator[Difference]:
    """Major to minor and back, a ratio rounded once."""
    currency = dice.choice(CURRENCIES)
    value = _decimal(dice, 10**9, dice.randint(0, 7)) * dice.choice((1, -1))
    minor = money.to_minor(value, currency)
    if sums.whole(minor, currency) != sums.rounded(Fraction(value), currency):
        yield f"{value} {currency} is rounded to {minor}"
    if Fraction(money.to_major(minor, currency)) != sums.whole(minor, currency):
        yield f"{minor} {currency} is {money.to_major(minor, currency)}"


def ratios(dice: Dice) -> Iterator[Difference]:
    """amount × a ÷ b, rounded once."""
    currency = dice.choice(CURRENCIES)
    minor, above = _amount(dice) * dice.choice((1, -1)), dice.randint(-1_000, 1_000)
    below = dice.choice((1, -1)) * dice.randint(1, 1_000)
    found = sums.whole(money.ratio(minor, above, below), currency)
    if found != sums.rounded(sums.whole(minor, currency) * above / below, currency):
        yield f"{minor} × {above} ÷ {below} is {found}"


def typed(dice: Dice) -> Iterator[Difference]:
    """An amount written as a Vietnamese or an English writer does, read back."""
    currency = dice.choice(CURRENCIES)
    minor, places = _amount(dice, 14), sums.PLACES[currency]
    digits, rest = divmod(minor, 10**places)
    thousands, mark = dice.choice(((".", ","), (",", "."), (" ", ","), ("\u00a0", ",")))
    text = f"{digits:,}".replace(",", thousands) + (f"{mark}{rest:0{places}}" if places else "")
    sign = dice.choice(("", "", "-", "\u2212"))
    text = sign + text + dice.choice(("", f" {currency}", currency.lower()))
    expected = -minor if sign else minor
    if money.parse(text, currency, decimal_mark=mark) != expected:
        yield f"{text!r} is read as {money.parse(text, currency, decimal_mark=mark)}"


def splitting(dice: Dice) -> Iterator[Difference]:
    """Shares by largest remainder, also with negative weights and totals."""
    currency = dice.choice(CURRENCIES)
    small = dice.random() < 0.5
    weights = [dice.randint(-3, 20) if small else _amount(dice) for _ in range(dice.randint(1, 8))]
    total = dice.randint(-50, 50) if small else _amount(dice) * dice.choice((1, -1))
    exact = sums.shared(sums.whole(total, currency), [sums.whole(each, currency) for each in weights], currency)
    try:
        parts: list[Fraction] | None = [sums.whole(part, currency) for part in money.split(total, weights)]
    except Refused:
        parts = None
    if parts != exact:
        yield f"{total} over {weights} is {parts}, not {exact}"


_RATES = {"0%": Decimal(0), "5%": Decimal(5), "8%": Decimal(8), "10%": Decimal(10), "KHAC:3.5%": Decimal("3.5")}


def documents(dice: Dice) -> Iterator[Difference]:
    """Line nets, a discount on the whole, tax by rate group, each line's share of it."""
    currency = dice.choice(CURRENCIES)
    step = sums.unit(currency)
    mine, theirs = [], []
    for _ in range(dice.randint(0, 6)):
        quantity, price = _decimal(dice, 1_000, 3), _decimal(dice, 10 ** dice.randint(1, 7), dice.randint(0, 3))
        percent = dice.choice((Decimal(0), Decimal(10), _decimal(dice, 100, 2)))
        off = dice.choice((0, 0, _amount(dice, 4)))
        group = dice.choice((*_RATES, "KCT", "KKKNT"))
        net = totals.line_net(quantity, price, percent, off)
        mine.append(totals.Line(net, group, _RATES.get(group)))
        rate = Fraction(_RATES[group]) if group in _RATES else None
        theirs.append(
            sums.Line(Fraction(quantity), Fraction(price) * step, Fraction(percent), off * step, group, rate)
        )  # fmt: skip
        if sums.whole(net, currency) != sums.net_of(theirs[-1], currency):
            yield f"the net of {theirs[-1]} is {net}"
    discount = dice.choice((0, 0, _amount(dice, 5)))
    exact = sums.document(theirs, discount * step, currency)
    try:
        found = totals.totals(mine, discount)
    except Refused:
        if exact is not None:
            yield f"{mine} less {discount} is refused"
        return
    if exact is None:
        yield f"{mine} less {discount} is not refused"
        return
    groups, taxes = exact
    if {each.group: (each.net * step, each.tax * step) for each in found.groups} != {
        name: (group.net, group.tax) for name, group in groups.items()
    } or [tax * step for tax in found.line_taxes] != taxes:
        yield f"{mine} less {discount} makes {found}, not {exact}"
    net = sum((group.net for group in groups.values()), Fraction(0))
    tax = sum((group.tax for group in groups.values()), Fraction(0))
    if (found.net * step, found.tax * step, found.total * step) != (net, tax, net + tax):
        yield f"{mine} less {discount} sums to {found.net}, {found.tax}, {found.total}"


def instalments(dice: Dice) -> Iterator[Difference]:
    """A total split by payment terms."""
    currency = dice.choice(CURRENCIES)
    step = sums.unit(currency)
    parts = []
    for _ in range(dice.randint(0, 4)):
        kind = dice.choice((terms.PERCENT, terms.PERCENT_OF_REST, terms.FIXED))
        percent = _decimal(dice, 24, 2) + Decimal("0.01")
        parts.append(terms.Part(kind, dice.randint(1, 10**5) if kind == terms.FIXED else percent))
    parts.append(terms.Part(terms.REST))
    total = _amount(dice) * dice.choice((1, 1, 1, -1))
    told = [(each.kind, Fraction(each.value) * (step if each.kind == terms.FIXED else 1)) for each in parts]
    exact = sums.instalments(total * step, told, currency)
    try:
        found: list[Fraction] | None = [amount * step for amount in terms.split(total, parts)]
    except Refused:
        found = None
    if found != exact:
        yield f"{total} by {parts} is {found}, not {exact}"


def allocations(dice: Dice) -> Iterator[Difference]:
    """Several credits laid against open instalments by the program's proposal."""
    currency = dice.choice(CURRENCIES)
    parts, theirs = [], []
    for place in range(dice.randint(0, 8)):
        invoice, account = f"i{dice.randint(0, 4)}", dice.choice(("an", "an", "binh", ""))
        code = currency if dice.random() < 0.9 else dice.choice(CURRENCIES)
        left, due = _amount(dice, 5) - 50, dice.choice((None, dice.randint(0, 9)))
        issued, number = dice.randint(0, 3), dice.randint(1, 200)
        on = None if due is None else START + timedelta(days=due)
        parts.append(
            allocation.OpenPart(
                f"p{place}", invoice, account, code, left, on, START + timedelta(days=issued), f"{number}", place
            )
        )
        owner = (account, code)
        theirs.append(
            sums.Open(f"p{place}", invoice, owner, sums.whole(left, code), due, issued, number, place)
        )  # fmt: skip
    credits, told = [], []
    for place in range(dice.randint(1, 3)):
        account, free, on = dice.choice(("an", "binh", "")), _amount(dice, 5), dice.randint(0, 3)
        invoice = dice.choice(("", "", f"i{dice.randint(0, 4)}"))
        day = START + timedelta(days=on)
        credits.append(allocation.FreeAmount(f"c{place}", account, currency, free, day, invoice))
        told.append((f"c{place}", (account, currency), sums.whole(free, currency), on, invoice))
    shares = allocation.propose_all(credits, parts)
    found = {(share.credit, share.instalment): sums.whole(share.amount, currency) for share in shares}
    exact = sums.paid(told, theirs)
    if found != exact:
        yield f"{credits} over {parts} is {found}, not {exact}"


KINDS: tuple[tuple[int, Callable[[Dice], Iterator[Difference | None]]], ...] = (
    (3, rounding), (2, ratios), (2, typed), (3, splitting), (4, documents), (3, instalments), (4, allocations),
    (1, receivables),
)  # fmt: skip


def run(operations: int, seed: int) -> tuple[Counter[str], list[Difference]]:
    """(how many operations of each kind, the differences): the same for the same seed."""
    dice = random.Random(seed)
    kinds = [kind for weight, kind in KINDS for _ in range(weight)]
    done: Counter[str] = Counter()
    wrong: list[Difference] = []
    while done.total() < operations:
        kind = dice.choice(kinds)
        done[kind.__name__] += 1
        for found in kind(dice):
            if found is None:
                done[kind.__name__] += 1
            else:
                wrong.append(f"{kind.__name__}: {found}")
    return done, wrong


def main() -> int:
    """Runs so many random operations; 1 when the product and the oracle differ in one."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--operations", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    began = time.monotonic()
    done, wrong = run(options.operations, options.seed)
    for kind, count in sorted(done.items()):
        print(f"{count:>9,} {kind}")
    print(f"{done.total():>9,} operations in {time.monotonic() - began:.0f} s: {len(wrong)} differences")
    print("\n".join(wrong[:10]))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
