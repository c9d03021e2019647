"""The SQL twins give what the pure figures give, on random facts through a real store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from time import tzset

import pytest

from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.entities import (
    FIRM_ID,
    Account,
    Activity,
    Allocation,
    CreditNote,
    DocumentsConfirmed,
    Firm,
    Instalment,
    Invoice,
    OpeningSettlement,
    PaymentTerm,
    PaymentTermLine,
    Receipt,
    ReceiptDecision,
)
from kam_desktop.domain.entity import Record
from kam_desktop.domain.figures import ageing as pure
from kam_desktop.domain.figures import due, pareto, terms
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import summary
from kam_desktop.store import account_figures, figures, free_credits, open_amounts, past_day, today_figures
from kam_desktop.store.account_list import twelve_months_before
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.ledger import ledger_of
from kam_desktop.store.profile import Store
from kam_desktop.store.reader import Reader

FIRST = date(2026, 1, 1)
DAYS = 200
CURRENCIES = ("VND", "VND", "VND", "USD")


@dataclass
class Facts:
    """One random world, as records for the store and as a ledger for the pure figure."""

    records: list[Record] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    credit_notes: list[CreditNote] = field(default_factory=list)
    ledger: pure.Ledger = field(default_factory=pure.Ledger)


def facts_of(seed: int) -> Facts:
    """A small world full of awkward cases: replaced invoices, free and foreign credits, reversals, overpayments."""
    random = Random(seed)
    ids = iter(f"{seed:08x}-0000-7000-8000-{number:012x}" for number in range(10_000))

    def day(past: int = 0) -> date:
        return FIRST + timedelta(days=random.randrange(DAYS + past))

    default_days = random.choice((0, 15, 30, None))
    offered = [PaymentTerm(id=next(ids), name=f"Term {number}") for number in range(random.randrange(4))]
    lines = [
        PaymentTermLine(
            id=next(ids),
            term=term.id,
            place=place,
            kind="rest" if place == 1 else "percent",
            value=None if place == 1 else Decimal(30),
            steps=steps_in(random),
            from_papers=random.random() < 0.3,
        )
        for term in offered
        for place in range(1, random.choice((0, 1, 1, 1, 2)) + 1)
    ]
    accounts = [
        Account(
            id=next(ids),
            name=f"Khách {number}",
            payment_days=random.choice((None, None, 0, 7, 45, 10**7)),
            payment_term=random.choice(offered).id if offered and random.random() < 0.5 else "",
        )
        for number in range(random.randrange(1, 5))
    ]
    invoices: list[Invoice] = []
    for number in range(random.randrange(0, 9)):
        replaces = random.choice(invoices).id if invoices and random.random() < 0.3 else ""
        if random.random() < 0.05:
            replaces = f"{seed:08x}-ffff-7000-8000-000000000000"  # the replaced one never came
        identity = next(ids)
        if random.random() < 0.05:
            replaces = identity  # nonsense from a file, which must not make an invoice vanish
        net = random.randrange(1, 500)
        invoices.append(
            Invoice(
                id=identity,
                account=random.choice(accounts).id,
                number=str(number),
                issued_on=day(),
                currency=random.choice(CURRENCIES),
                net=net,
                tax=net // 10,
                total=net + net // 10,
                replaces=replaces,
            )
        )
    parts: list[Instalment] = []
    for invoice in invoices:
        for place in range(1, random.randrange(1, 4) + 1):
            due_on = day(60) if random.random() < 0.4 else None
            amount = random.randrange(0, 300)
            steps = steps_in(random) if random.random() < 0.3 else ()
            papers = random.random() < 0.25
            parts.append(
                Instalment(
                    id=next(ids),
                    invoice=invoice.id,
                    place=place,
                    due_on=due_on,
                    amount=amount,
                    steps=steps,
                    from_papers=papers,
                )
            )
    receipts = [
        Receipt(
            id=next(ids),
            account=random.choice(accounts).id if random.random() < 0.9 else "",
            received_on=day(),
            amount=random.randrange(1, 600),
            currency=random.choice(CURRENCIES),
        )
        for _ in range(random.randrange(0, 6))
    ]
    credit_notes = [
        CreditNote(
            id=next(ids),
            account=random.choice(accounts).id,
            number=str(number),
            issued_on=day(),
            currency=random.choice(CURRENCIES),
            net=(net := random.randrange(1, 200)),
            total=net,
        )
        for number in range(random.randrange(0, 4))
    ]
    if credit_notes and random.random() < 0.3:
        replacing = Invoice(
            id=next(ids),
            account=accounts[0].id,
            number="R",
            issued_on=day(),
            net=5,
            total=5,
            replaces=credit_notes[0].id,
        )
        invoices.append(replacing)
    sources: list[Receipt | CreditNote] = [*receipts, *credit_notes]
    allocations: list[Allocation] = []
    for _ in range(random.randrange(0, 9) if sources and parts else 0):
        source, part = random.choice(sources), random.choice(parts)
        allocations.append(
            Allocation(
                id=next(ids),
                instalment=part.id,
                receipt=source.id if isinstance(source, Receipt) else "",
                credit_note=source.id if isinstance(source, CreditNote) else "",
                amount=random.randrange(1, 200),
                allocated_on=day(),
            )
        )
    for taken in [each for each in allocations if random.random() < 0.3]:
        back = Allocation(
            id=next(ids),
            instalment=taken.instalment,
            receipt=taken.receipt,
            credit_note=taken.credit_note,
            amount=taken.amount,
            allocated_on=day(),
            reverses=taken.id,
        )
        allocations.append(back)
    settlements = [
        OpeningSettlement(
            id=next(ids), invoice=random.choice(invoices).id, settled_on=day(), amount=random.randrange(1, 400)
        )
        for _ in range(random.randrange(0, 3) if invoices else 0)
    ]
    begins_on = day() if random.random() < 0.4 else None
    firm = Firm(id=FIRM_ID, legal_name="Hãng", default_payment_days=default_days, confirmation_begins_on=begins_on)
    decisions = [
        ReceiptDecision(
            id=next(ids),
            receipt=receipt.id,
            verdict=random.choice(("confirmed", "rejected")),
            reason="Không thấy tiền",
            decided_at=moment_in(random),
        )
        for receipt in receipts
        for _ in range(random.choice((0, 0, 1, 2, 3)))
    ]
    papers_told = [
        DocumentsConfirmed(
            id=next(ids),
            invoice=invoice.id,
            confirmed_on=day(60) if random.random() < 0.8 else None,
            recorded_at=moment_in(random),
        )
        for invoice in invoices
        for _ in range(random.choice((0, 1, 1, 2, 3)))
    ]
    random.shuffle(decisions)
    random.shuffle(papers_told)
    status = {x.id: "reported" if begins_on and on(x.received_on) >= begins_on else "confirmed" for x in receipts}
    status.update({x.receipt: x.verdict for x in sorted(decisions, key=lambda x: (at(x.decided_at), x.id))})
    papers_on = {x.invoice: x.confirmed_on for x in sorted(papers_told, key=lambda x: (at(x.recorded_at), x.id))}
    only = {x.term: x for x in lines if [y.term for y in lines].count(x.term) == 1}
    ledger = pure.Ledger(
        invoices=[pure.Invoice(x.id, x.account, x.currency, on(x.issued_on), x.replaces) for x in invoices],
        instalments=[
            pure.Instalment(
                x.id,
                x.invoice,
                x.amount or 0,
                x.due_on,
                x.place or 1,
                x.from_papers,
                papers_on.get(x.invoice),
                terms.steps_of(x.steps),
            )
            for x in parts
        ],
        credits=[
            *(
                pure.Credit(x.id, x.account, x.currency, x.amount or 0, on(x.received_on), status=status[x.id])
                for x in receipts
            ),
            *(
                pure.Credit(x.id, x.account, x.currency, x.total or 0, on(x.issued_on), "credit_note")
                for x in credit_notes
            ),
        ],
        allocations=[
            pure.Allocation(
                x.id, x.receipt or x.credit_note, x.instalment, x.amount or 0, on(x.allocated_on), x.reverses
            )
            for x in allocations
        ],
        settlements=[pure.Settlement(x.invoice, x.amount or 0) for x in settlements],
        payment_days={x.id: x.payment_days for x in accounts if x.payment_days is not None},
        default_days=pure.DEFAULT_DAYS if default_days is None else default_days,
        terms={
            x.id: due.Term(terms.steps_of(only[x.payment_term].steps), only[x.payment_term].from_papers)
            for x in accounts
            if x.payment_term in only
        },
    )
    facts = [*invoices, *parts, *receipts, *credit_notes, *allocations, *settlements, *decisions, *papers_told]
    records = [firm, *offered, *lines, *accounts, *facts]
    return Facts(records, invoices, credit_notes, ledger)


def steps_in(random: Random) -> tuple[str, ...]:
    """A few steps whose order matters, or none."""
    some = ("days 10", "days 0", "months 1", "end_of_month", "day_of_month 5", "day_of_month 31")
    return tuple(random.choice(some) for _ in range(random.randrange(4)))


def moment_in(random: Random) -> datetime:
    """One of a few moments, so that two are often the same, or differ by a part of a second."""
    return datetime(2026, 3, random.randrange(1, 3), 9, 0, 0, random.choice((0, 0, 500_000, 123_456)), tzinfo=UTC)


def at(moment: datetime | None) -> datetime:
    assert moment is not None
    return moment


def on(day: date | None) -> date:
    assert day is not None
    return day


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    clock = SystemClock()
    made = Store.create(tmp_path_factory.mktemp("twin"), DataKey.new(), "twin", clock, RandomIds(clock))
    yield made
    made.close()


def days_of(seed: int) -> list[date]:
    """Days before, within and after all facts."""
    random = Random(f"days {seed}")
    inside = [FIRST + timedelta(days=random.randrange(DAYS)) for _ in range(4)]
    return [FIRST - timedelta(days=1), *inside, FIRST + timedelta(days=DAYS + 400)]


def told(row: pure.AgeingRow | figures.AgeingSums) -> tuple[object, ...]:
    sums = (row.not_due, tuple(row.overdue), row.unallocated, row.balance, row.waiting, row.reported)
    return (*sums, row.open_items, row.on_default_term)


def sums_of(found: pure.Ageing) -> dict[str, tuple[object, ...]]:
    return {
        row.account: told(row)
        for row in found.rows
        if row.not_due or any(row.overdue) or row.unallocated or row.open_items or row.reported
    }


@pytest.mark.parametrize("block", range(8))
def test_receivables_equal_the_pure_figure(store: Store, block: int) -> None:
    for seed in range(block * 25, block * 25 + 25):
        facts = facts_of(seed)
        with store.rehearse() as uow:
            for record in facts.records:
                uow.add(record)
            uow.flush()
            assert open_amounts.differences(uow.connection) == 0, seed
            check_open_amounts(uow, facts, seed)
            check_credits(uow, facts, seed)
            check_ledger(uow, facts, seed)
            for day in days_of(seed):
                check_day(uow, facts, day, seed)


def check_open_amounts(reader: Reader, facts: Facts, seed: int) -> None:
    wanted = pure.open_amounts(facts.ledger)
    found = figures.cached(reader, list(wanted))
    assert {key: each.open for key, each in found.items()} == wanted, seed


def check_credits(reader: Reader, facts: Facts, seed: int) -> None:
    """The cache holds what all facts leave free, and what is reported, of each credit; nothing else."""
    dated = {each.id: each for each in facts.ledger.credits}
    free = {each.credit: each.unallocated for each in pure.positions(facts.ledger, date.max).credits}
    stopped = {each.replaces for each in facts.ledger.invoices if each.replaces != each.id}
    waiting = {key: x.amount for key, x in dated.items() if x.status == "reported" and key not in stopped}
    wanted = {key: (x.account, x.currency, x.dated_on.isoformat(), x.kind, x.status) for key, x in dated.items()}
    rows = reader.sql("select id, account, currency, dated_on, kind, status, free from cache_credit")
    assert {row[0]: row[6] for row in rows} == {**free, **waiting}, seed
    assert all(tuple(row[1:6]) == wanted[row[0]] for row in rows), seed


def check_ledger(reader: Reader, facts: Facts, seed: int) -> None:
    """What the services work on is what the facts say."""
    wanted = facts.ledger
    found = ledger_of(reader, [each.id for each in wanted.instalments], [each.id for each in wanted.credits])
    day = days_of(seed)[-1]
    mine, theirs = pure.positions(found, day), pure.positions(wanted, day)
    assert sorted(mine.items, key=str) == sorted(theirs.items, key=str), seed
    assert sorted(mine.credits, key=str) == sorted(theirs.credits, key=str), seed
    assert mine.reported == theirs.reported
    assert terms.due_dates(found, day) == terms.due_dates(wanted, day), seed


def check_day(reader: Reader, facts: Facts, day: date, seed: int) -> None:
    positions = pure.positions(facts.ledger, day)
    for currency in ("VND", "USD"):
        wanted = pure.ageing(positions, currency)
        values = {"day": day.isoformat(), "currency": currency}
        unlaid = {each.account: 0 for each in wanted.credits}
        for each in wanted.credits:
            unlaid[each.account] += each.unallocated
        unlaid = {account: amount for account, amount in unlaid.items() if amount}
        assert figures.free_credits(reader, day, currency) == unlaid, (seed, day, currency)
        assert free_credits._looked_up(reader, values) == unlaid, (seed, day, currency)
        assert free_credits._whole(reader, values)[0] == unlaid, (seed, day, currency)
        waiting = {k: v for (k, code), v in positions.reported.items() if code == currency}
        assert figures.reported(reader, day, currency) == waiting, (seed, day, currency)
        found = figures.ageing(reader, day, currency, pure.DEFAULT_EDGES)
        assert {key: told(row) for key, row in found.items()} == sums_of(wanted), (seed, day, currency)
        for account in {"", *(row.account for row in wanted.rows)}:
            alone = figures._ageing(reader, day, currency, pure.DEFAULT_EDGES, [account])
            assert alone == {key: row for key, row in found.items() if key == account}, (seed, day, account)
        items = {
            each.instalment: (each.invoice, each.account, each.open, each.due_on, each.on_default_term)
            for each in wanted.items
        }
        rows = figures.open_instalments(reader, day, currency)
        states = {each.id: (each.invoice, each.account, each.open, each.due_on, each.on_default_term) for each in rows}
        assert states == items
        past = {
            row[0]: (row[1], row[2], row[5], date.fromisoformat(row[3]) if row[3] else None, row[4])
            for row in past_day.open_rows(reader, day, currency)
        }
        assert past == items, (seed, day, currency)
        assert summary.open_instalments(reader, day, currency=currency) == [each.id for each in rows]
        dates = [each.due_on or date.max for each in rows]
        assert dates == sorted(dates)
        exact = figures.instalments(reader, day, [each.id for each in rows])
        assert {key: each.open for key, each in exact.items()} == {each.id: each.open for each in rows}
        for account in {row.account for row in wanted.rows} - {""}:
            free = sum(each.unallocated for each in wanted.credits if each.account == account)
            assert figures.free_credit(reader, day, currency, account) == free, (seed, day, account)
            mine = [each.id for each in rows if each.account == account]
            assert [x.id for x in figures.open_instalments(reader, day, currency, accounts=[account])] == mine
        for bucket in range(-1, len(pure.DEFAULT_EDGES) + 1):
            ids = {each.instalment for each in wanted.items if pure.bucket_of(each.days_overdue) == bucket}
            assert set(summary.open_instalments(reader, day, bucket=bucket, currency=currency)) == ids


def test_the_days_and_worlds_cover_what_matters() -> None:
    """Without replaced invoices, reversals, free credits and moved money the property above would say little."""
    seen: set[str] = set()
    for seed in range(200):
        ledger = facts_of(seed).ledger
        positions = pure.positions(ledger, days_of(seed)[-1])
        seen |= {"replaced" for each in ledger.invoices if each.replaces}
        seen |= {"reversed" for each in ledger.allocations if each.reverses}
        seen |= {"settled" for _ in ledger.settlements}
        seen |= {"payer unknown" for each in positions.credits if each.account == ""}
        seen |= {"overpaid" for each in positions.items if each.open < 0}
        seen |= {"default term" for each in positions.items if each.on_default_term}
        seen |= {"foreign" for each in positions.items if each.currency == "USD"}
        seen |= {f"{each.status} receipt laid" for each in ledger.credits if each.id in laid_credits(ledger)}
        dates = terms.due_dates(ledger, days_of(seed)[2])
        seen |= {"waits" for each in ledger.instalments if dates[each.id] is None}
        seen |= {"papers later" for each in ledger.instalments if each.papers_on and each.papers_on > days_of(seed)[2]}
        seen |= {"own steps" for each in ledger.instalments if each.steps and each.due_on is None}
        seen |= {"term from papers" for each in ledger.terms.values() if each.from_papers}
        seen |= {"term" for each in ledger.terms.values() if each.steps}
    assert seen == {
        *("replaced", "reversed", "settled", "payer unknown", "overpaid", "default term", "foreign"),
        *("reported receipt laid", "rejected receipt laid", "confirmed receipt laid"),
        *("waits", "papers later", "own steps", "term from papers", "term"),
    }


def laid_credits(ledger: pure.Ledger) -> set[str]:
    return {each.credit for each in ledger.allocations}


def revenue_of(facts: Facts, from_on: date, to_on: date, currency: str) -> dict[str, int]:
    """The definition: net of what was issued in the period, less credit notes, replaced documents left out."""
    stopped = {x.replaces for x in facts.invoices if x.replaces not in ("", x.id) and on(x.issued_on) <= to_on}
    found: dict[str, int] = {}
    for sign, documents in ((1, facts.invoices), (-1, facts.credit_notes)):
        for each in documents:
            if each.currency == currency and from_on <= on(each.issued_on) <= to_on:
                found.setdefault(each.account, 0)
                if each.id not in stopped:
                    found[each.account] += sign * (each.net or 0)
    return {key: value for key, value in found.items() if value}


@pytest.mark.parametrize("block", range(4))
def test_revenue_and_classes_equal_the_definition(store: Store, block: int) -> None:
    for seed in range(1000 + block * 25, 1025 + block * 25):
        facts = facts_of(seed)
        with store.rehearse() as uow:
            for record in facts.records:
                uow.add(record)
            uow.flush()
            first, *_, last = sorted(days_of(seed))
            for from_on, to_on in ((first, last), tuple(sorted(days_of(seed)[1:3]))):
                for currency in ("VND", "USD"):
                    found = figures.revenue(uow, from_on, to_on, currency)
                    assert {k: v for k, v in found.items() if v} == revenue_of(facts, from_on, to_on, currency)
                    for account in found:
                        one = figures.revenue(uow, from_on, to_on, currency, [account])
                        assert one.get(account, 0) == found[account]
            check_list(uow, last)


@pytest.mark.parametrize("seed", range(0, 100, 5))
def test_with_many_later_facts_the_other_ways_give_the_same(
    store: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free_credits, "_MANY", 0)
    monkeypatch.setattr(free_credits, "_MANY_LATER", 0)  # every day is long past
    facts = facts_of(seed)
    with store.rehearse() as uow:
        for record in facts.records:
            uow.add(record)
        uow.flush()
        for day in days_of(seed):
            check_day(uow, facts, day, seed)


def check_list(reader: Reader, day: date) -> None:
    listed = summary.account_list(reader, day)
    revenue = figures.revenue(reader, twelve_months_before(day), day, "VND")
    names = account_figures.names(reader, list(listed.ids))
    ranked = pareto.abc([pareto.Item(key, revenue.get(key, 0), names[key]) for key in listed.ids])
    assert [each.abc for each in ranked] == [listed.class_of(each.id) for each in ranked]
    assert [each.id for each in ranked] == list(listed.ids)
    rows = summary.account_rows(reader, listed.ids, day)
    assert [row.revenue_12m for row in rows] == [revenue.get(key, 0) for key in listed.ids]
    report = summary.ageing(reader, day)
    by_account = {row.account: row for row in report.rows}
    for row in rows:
        aged = by_account.get(row.id)
        assert row.overdue == (sum(aged.overdue) if aged else 0)
        assert row.open_amount == (aged.not_due + sum(aged.overdue) if aged else 0)
    late = today_figures.overdue(reader, day, "VND", 50)
    positive = [sum(row.overdue) for row in report.rows]
    assert late.amount == sum(positive)


@pytest.mark.parametrize("seed", range(200))
def test_class_bounds_equal_the_pure_classes(seed: int) -> None:
    random = Random(seed)
    some = (0, -5, 1, 1, 2, 5, 80, 95, random.randrange(1, 1000))
    amounts = [random.choice(some) for _ in range(random.randrange(9))]
    ranked = pareto.abc([pareto.Item(str(place), amount) for place, amount in enumerate(amounts)])
    least_a, least_b = account_figures.class_bounds(amounts)
    classes = ["A" if each.amount >= least_a else "B" if each.amount >= least_b else "C" for each in ranked]
    assert classes == [each.abc for each in ranked]


def test_names_are_the_same_however_many_are_asked_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.rehearse() as uow:
        made = [Account(id=uow.new_id(), name=f"Khách {number}") for number in range(5)]
        for account in made:
            uow.add(account)
        uow.flush()
        wanted = {account.id: account.name for account in made[:4]}
        assert account_figures.names(uow, list(wanted)) == wanted
        monkeypatch.setattr(account_figures, "_MANY", 2)
        assert account_figures.names(uow, list(wanted)) == wanted


@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "America/Los_Angeles", "UTC"])
@pytest.mark.parametrize("hour", [0, 6, 23])
def test_untouched_counts_days_on_the_users_wall(
    store: Store, monkeypatch: pytest.MonkeyPatch, zone: str, hour: int
) -> None:
    """Where in the world the day begins is not where UTC has it."""
    monkeypatch.setenv("TZ", zone)
    tzset()
    try:
        touched_at = datetime(2028, 2, 28, hour, 30).astimezone()
        with store.rehearse() as uow:
            account = Account(id=uow.new_id(), name="Khách")
            uow.add(account)
            uow.add(Activity(id=uow.new_id(), account=account.id, subject="Gọi", at=touched_at.astimezone(UTC)))
            uow.flush()
            row = summary.account_rows(uow, [account.id], touched_at.date())[0]
            chosen = summary.AccountFilter(untouched_days=14)
            found = [summary.account_list(uow, row.last_touch_on + timedelta(days=days), filters=chosen).ids  # type: ignore[operator]
                     for days in (0, 14, 15)]  # fmt: skip
        assert (row.last_touch_on, found) == (date(2028, 2, 28), [[], [], [account.id]])
    finally:
        monkeypatch.undo()
        tzset()


def test_last_touch_is_the_newest(store: Store) -> None:
    moment = SystemClock().now()
    today = moment.astimezone().date()  # midnight may pass while this runs
    with store.rehearse() as uow:
        account = Account(id=uow.new_id(), name="Khách")
        uow.add(account)
        for _ in range(3):
            uow.add(Activity(id=uow.new_id(), account=account.id, subject="Gọi", at=moment))
        uow.flush()
        row = summary.account_rows(uow, [account.id], today)[0]
        assert row.last_touch_on == today
        chosen = summary.AccountFilter(untouched_days=14)
        assert summary.account_list(uow, today, filters=chosen).ids == []
        assert summary.account_list(uow, today + timedelta(days=15), filters=chosen).ids == [account.id]
