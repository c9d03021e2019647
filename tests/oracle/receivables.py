"""Random customer ledgers: the product's ageing and late interest against books kept by day."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from kam_desktop.domain.figures import ageing, due, interest, spans, terms
from tests.oracle import books, sums

START = date(2025, 1, 1)
SPAN_DAYS = 150
ACCOUNTS = ("an", "binh", "chi")


def receivables(dice: random.Random) -> Iterator[str | None]:
    """A ledger at ten random past days: every row, the total, the identity; in some, the interest for late payment.

    Yields None for every operation after the first, and a sentence for every difference.
    """
    currency = dice.choice(tuple(sums.PLACES))
    ledger, events, agreed = ledger_of(dice, currency)
    edges = dice.choice(((30, 60, 90, 180), (7,), (1, 2, 3), (15, 45)))
    kept = books.Books(events, agreed)
    days = sorted(_day(dice) for _ in range(10))
    for number, as_of in enumerate(days):
        if number:
            yield None
        exact = kept.rows(as_of, edges)
        report = ageing.ageing(ageing.positions(ledger, as_of), currency, edges)
        found = {row.account: _told(row, currency) for row in report.rows}
        if found != {account: _stated(row) for account, row in exact.items()}:
            yield f"{ledger} on {as_of}: {found}, not {exact}"
        for row in (*report.rows, report.total):
            if row.not_due + sum(row.overdue) - row.unallocated != row.balance:
                yield f"{ledger} on {as_of}: {row} does not add up"
        if sums.whole(report.total.balance, currency) != sum((row.balance for row in exact.values()), Fraction(0)):
            yield f"{ledger} on {as_of}: the total is {report.total.balance}"
    if dice.random() < 0.2:
        yield None
        percent = Decimal(dice.randrange(200)).scaleb(-1)
        late = {each.instalment: each.amount for each in interest.late_interest(ledger, days[-1], percent, currency)}
        stated = books.interest(kept, days[-1], Fraction(percent), currency)
        if {key: sums.whole(amount, currency) for key, amount in late.items()} != stated:
            yield f"{ledger} on {days[-1]} at {percent} %: {late}, not {stated}"


def _told(row: ageing.AgeingRow, currency: str) -> tuple[object, ...]:
    amounts = (row.not_due, *row.overdue, row.unallocated, row.balance, row.waiting, row.reported)
    return (*(sums.whole(minor, currency) for minor in amounts), row.open_items)


def _stated(row: books.Row) -> tuple[object, ...]:
    return (row.not_due, *row.buckets, row.free, row.balance, row.waiting, row.reported, row.open_items)


def _day(dice: random.Random) -> date:
    return START + timedelta(days=dice.randrange(SPAN_DAYS))


def _steps(dice: random.Random) -> tuple[tuple[str, int], ...]:
    """A few moves whose order matters."""
    some = (("days", dice.randrange(60)), ("months", dice.randrange(4)), ("end_of_month", 0))
    return tuple(dice.choice((*some, ("day_of_month", dice.randint(1, 31)))) for _ in range(dice.randint(1, 3)))


def _texts(steps: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    return tuple(kind if kind == "end_of_month" else f"{kind} {count}" for kind, count in steps)


def _words(dice: random.Random, said: Sequence[str | date | None]) -> tuple[books.Word, ...]:
    """Said at one of three times, so that names decide now and then."""
    return tuple(
        books.Word(dice.randrange(3), f"w{dice.randrange(99)}", dice.choice(said))
        for _ in range(dice.choice((0, 1, 1, 2, 3)))
    )


def _said_on(word: books.Word) -> date | None:
    assert not isinstance(word.said, str)
    return word.said


def _at(word: books.Word) -> datetime:
    return datetime(2025, 7, 1, 8, word.at, tzinfo=UTC)


def ledger_of(dice: random.Random, currency: str) -> tuple[ageing.Ledger, list[books.Event], books.Agreed]:
    """Facts as they come in a firm and as they should not: replaced, reversed, too early, of unknown payers.

    Both forms hold the same facts: minor units for the product, fractions for the books.
    """
    step = sums.unit(currency)
    agreed = books.Agreed(
        {account: dice.randrange(60) for account in ACCOUNTS if dice.random() < 0.6},
        {account: (_steps(dice), dice.random() < 0.3) for account in ACCOUNTS if dice.random() < 0.3},
        dice.randrange(50),
        _day(dice) if dice.random() < 0.4 else None,
    )
    invoices, parts, credits, allocations, settlements = [], [], [], [], []
    events: list[books.Event] = []
    for number in range(dice.randint(1, 6)):
        key, account, on = f"i{number}", dice.choice(ACCOUNTS), _day(dice)
        replaces = f"i{dice.randint(0, 7)}" if dice.random() < 0.15 else ""
        replaces = f"c{dice.randint(0, 3)}" if dice.random() < 0.05 else replaces
        made = []
        told = _words(dice, (None, _day(dice), _day(dice), _day(dice)))
        papers = spans.papers_day([spans.Papers(each.name, _said_on(each), _at(each)) for each in told])
        for place in range(1, dice.randint(1, 3) + 1):
            amount = dice.randrange(10 ** dice.randint(1, 9))
            due_on = on + timedelta(days=dice.randrange(90)) if dice.random() < 0.4 else None
            waits = dice.random() < 0.2
            steps = _steps(dice) if dice.random() < 0.3 else ()
            walked = terms.steps_of(_texts(steps))
            parts.append(ageing.Instalment(f"{key}/{place}", key, amount, due_on, place, waits, papers, walked))
            made.append(books.Part(f"{key}/{place}", amount * step, due_on, waits, steps))
        settled = dice.randrange(sum(part.amount for part in parts if part.invoice == key) + 1)
        settled = settled if dice.random() < 0.15 else 0
        if settled:
            settlements.append(ageing.Settlement(key, settled))
        invoices.append(ageing.Invoice(key, account, currency, on, replaces))
        events.append(
            books.Event(
                on, "invoice", key, account, parts=tuple(made), papers=told, replaces=replaces, settled=settled * step
            )
        )
    for number in range(dice.randint(0, 4)):
        key, on, amount = f"c{number}", _day(dice), 1 + dice.randrange(10 ** dice.randint(1, 9))
        account = dice.choice((*ACCOUNTS, ageing.PAYER_UNKNOWN))
        note = dice.random() < 0.3
        words = () if note else _words(dice, ("confirmed", "rejected"))
        decided = [spans.Decision(each.name, str(each.said), _at(each)) for each in words]
        status = "confirmed" if note else spans.receipt_status(on, decided, agreed.confirms_from)
        credits.append(
            ageing.Credit(key, account, currency, amount, on, "credit_note" if note else "receipt", status)
        )  # fmt: skip
        events.append(books.Event(on, "credit", key, account, amount * step, note=note, decisions=words))
    for number in range(dice.randint(0, 8) if credits else 0):
        key, credit, part, on = f"a{number}", dice.choice(credits), dice.choice(parts), _day(dice)
        invoice = next(each for each in invoices if each.id == part.invoice)
        if credit.account != invoice.account and dice.random() < 0.8:
            continue  # mostly a customer's own money
        amount = 1 + dice.randrange(max(1, min(credit.amount, part.amount)))
        allocations.append(ageing.Allocation(key, credit.id, part.id, amount, on))
        events.append(
            books.Event(on, "lay", key, amount=amount * step, credit=credit.id, part=part.id)
        )  # fmt: skip
        if dice.random() < 0.3:
            back = on + timedelta(days=dice.randrange(60))
            allocations.append(ageing.Allocation(f"b{number}", credit.id, part.id, amount, back, key))
            events.append(books.Event(back, "back", f"b{number}", target=key))
    dice.shuffle(invoices)
    dice.shuffle(credits)
    dice.shuffle(allocations)
    agreed_terms = {
        account: due.Term(terms.steps_of(_texts(steps)), waits) for account, (steps, waits) in agreed.terms.items()
    }
    ledger = ageing.Ledger(
        invoices, parts, credits, allocations, settlements, agreed.days, agreed.default_days, agreed_terms
    )
    return ledger, events, agreed
