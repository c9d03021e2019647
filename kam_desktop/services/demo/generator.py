"""Customers, people and talks of the sample data, from a fixed seed; money and proposals beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from kam_desktop import config
from kam_desktop.domain.entities import FIRM_ID, LOCAL_PERSON_ID
from kam_desktop.domain.entities.account import Account, Contact
from kam_desktop.domain.entities.activity import Activity
from kam_desktop.domain.entities.firm import Firm
from kam_desktop.domain.entities.task import Task
from kam_desktop.domain.entities.team import Person
from kam_desktop.domain.entity import Record
from kam_desktop.domain.figures.pipeline import SAMPLED
from kam_desktop.domain.ids import derived
from kam_desktop.domain.locale.vietnam.tax_code import check_digit
from kam_desktop.domain.text import fold
from kam_desktop.services.demo import catalogue, money, promises, proposals
from kam_desktop.store.unit_of_work import UnitOfWork

KITS = ("agency", "manufacturer")
SMALL, LARGE = 21, 400
MARK = "demo.kit"
"""The preference that says a profile holds sample data; it is never connected to a server while it does."""
_BATCH = 2000
HISTORY_DAYS = 548


@dataclass(frozen=True)
class Kit:
    """The invented firm, its customers and words."""

    name: str
    content: dict[str, Any]
    parts: dict[str, Any]


def load(name: str) -> Kit:
    """A kit by name; KeyError when there is none."""
    if name not in KITS:
        raise KeyError(name)
    folder = config.resources() / "demo"
    read = [json.loads((folder / f"{part}.json").read_text(encoding="utf-8")) for part in (name, "names")]
    return Kit(name, read[0], read[1])


def fill(
    edit: Callable[[], AbstractContextManager[UnitOfWork]],
    kit: Kit,
    as_of: date,
    accounts: int = SMALL,
    progress: Callable[[int, int], None] = lambda done, whole: None,
) -> int:
    """Writes the firm, its people, customers and all that hangs on them; returns the number of records.

    Args:
        edit: opens one unrecorded edit; called once for every batch of customers.
        as_of: the day that the history leads up to.
        accounts: how many customers; the named ones of the kit come first.
    """
    written = 0
    for number, batch in enumerate(_batches(kit, as_of, accounts)):
        with edit() as uow:
            if number == 0:
                uow.set_preference(MARK, kit.name)
                uow.set_preference(SAMPLED, proposals.moves(kit.name, kit.content, as_of, accounts))
            for record in batch:
                uow.add(record)
                uow.new_group()
        written += len(batch)
        progress(min(accounts, (number + 1) * _BATCH), accounts)
    return written


def _batches(kit: Kit, as_of: date, accounts: int) -> Iterator[list[Record]]:
    firm, people = _firm(kit, as_of), _people(kit)
    named = kit.content["accounts"]
    counter = money.Counter(1)
    for start in range(0, max(accounts, 1), _BATCH):
        batch: list[Record] = [firm, *people, *catalogue.records(kit.name, kit.content, as_of)] if start == 0 else []
        invoices: list[money.Planned] = []
        for place in range(start, min(start + _BATCH, accounts)):
            random = Random(f"{kit.name}|{place}")
            entry = named[place] if place < len(named) else _invented(kit, place, random)
            account = _account(kit, place, entry, people, random)
            contacts = _contacts(kit, place, account, entry)
            batch += [account, *contacts, *_talks(kit, place, account, contacts, as_of, random)]
            invoices += money.plan(kit.name, place, account, entry, as_of, random)
        batch += money.records(kit.name, kit.content["works"], firm, invoices, counter, as_of)
        if start == 0:
            batch += proposals.records(kit.name, kit.content, people, as_of, accounts)
            batch += _tasks(kit, people[0], as_of, accounts)
        yield batch


def _tasks(kit: Kit, owner: Person, as_of: date, accounts: int) -> list[Task]:
    """What is to be done: its customer's place (or none), due in so many days, done in so many (or not yet)."""
    found = []
    for number, (subject, place, due, done) in enumerate(kit.content["tasks"]):
        if place is None or place < accounts:
            found.append(
                Task(
                    id=derived("demo", kit.name, "task", str(number)),
                    subject=subject,
                    account=account_id(kit.name, place) if place is not None else "",
                    owner=owner.id,
                    due_on=as_of + timedelta(days=due),
                    done_on=as_of + timedelta(days=done) if done is not None else None,
                )
            )
    return found


def account_id(kit: str, place: int) -> str:
    """The id of the n-th customer of a kit."""
    return derived("demo", kit, "account", str(place))


def _firm(kit: Kit, as_of: date) -> Firm:
    values = dict(kit.content["firm"])
    values["tax_code"] += check_digit(values["tax_code"])
    begins_on = promises.confirmation_begins_on(kit.name, as_of)
    return Firm(id=FIRM_ID, default_payment_days=30, confirmation_begins_on=begins_on, **values)


def _people(kit: Kit) -> list[Person]:
    return [
        Person(id=LOCAL_PERSON_ID if place == 0 else derived("demo", kit.name, "person", str(place)), **values)
        for place, values in enumerate(kit.content["people"])
    ]


def tax_code(place: int, kit: str) -> str:
    """A code that no tax office has (99…), with a right check digit; different for every customer."""
    base = 991_000_000 if kit == KITS[0] else 995_000_000
    # Of eleven neighbours one has no check digit, so every customer gets two numbers to choose from.
    for number in (base + 2 * place, base + 2 * place + 1):
        digit = check_digit(str(number))
        if digit:
            return f"{number}{digit}"
    raise ValueError(place)


def _account(kit: Kit, place: int, entry: dict[str, Any], people: list[Person], random: Random) -> Account:
    yearly = entry["yearly_million"]
    return Account(
        id=account_id(kit.name, place),
        name=entry["name"],
        short_name=entry["short_name"],
        tax_code=tax_code(place, kit.name),
        industry=entry["industry"],
        tier="A" if yearly >= 7000 else "B" if yearly >= 1500 else "C",
        owner=people[0 if place % 3 else len(people) // 2].id,
        payment_days=None if place % 7 == 3 else entry["payment_days"],
        payment_term=promises.term_id(place),
        credit_limit=int(yearly * 200_000) // 50_000_000 * 50_000_000 or 50_000_000,
        risk="high" if entry["late_days"] >= 30 else "medium" if entry["late_days"] >= 10 else "low",
        founded_on=date(1990 + random.randrange(32), 1 + random.randrange(12), 1 + random.randrange(28)),
        address=entry["address"],
        phone=f"028 7300 {1000 + place % 9000}",
        tags=("trọng điểm",) if yearly >= 7000 else (),
    )


def _contacts(kit: Kit, place: int, account: Account, entry: dict[str, Any]) -> list[Contact]:
    found = []
    for number, values in enumerate(entry["contacts"]):
        random = Random(f"{kit.name}|contact|{place}|{number}")
        words = fold(values["full_name"]).split()
        host = "".join(letter for letter in fold(entry["short_name"]) if letter.isalnum())
        found.append(
            Contact(
                id=derived("demo", kit.name, "contact", str(place), str(number)),
                account=account.id,
                full_name=values["full_name"],
                honorific=values["honorific"],
                position=values["position"],
                phones=(f"09{random.randrange(100):02d} {random.randrange(1000):03d} {random.randrange(1000):03d}",),
                emails=(f"{words[-1]}@{host}.example",),
                main=number == 0,
            )
        )
    return found


def _talks(
    kit: Kit, place: int, account: Account, contacts: list[Contact], as_of: date, random: Random
) -> list[Activity]:
    many = 14 if place < 4 else 7 if place < len(kit.content["accounts"]) else 2
    days = sorted(
        {random.randrange(2, 45) if number == 0 else random.randrange(3, HISTORY_DAYS) for number in range(many)}
    )
    found = []
    for number, ago in enumerate(days):
        kind, subject, said = random.choice(kit.content["talks"])
        contact = random.choice(contacts)
        who = f"{contact.honorific} {contact.full_name.split()[-1]}".strip()
        day = as_of - timedelta(days=ago)
        if day.weekday() == 6:
            day -= timedelta(days=1)
        found.append(
            Activity(
                id=derived("demo", kit.name, "activity", str(place), str(number)),
                account=account.id,
                contact=contact.id,
                kind=kind,
                at=datetime(
                    day.year, day.month, day.day, random.randrange(1, 10), random.choice((0, 15, 30, 45)), tzinfo=UTC
                ),
                subject=subject.format(who=who),
                said=said,
                author=account.owner,
            )
        )
    return found


def _invented(kit: Kit, place: int, random: Random) -> dict[str, Any]:
    parts = kit.parts
    first, second, trade = (random.choice(parts[key]) for key in ("first", "second", "trades"))
    short = f"{trade} {first} {second}"
    if place >= 60:  # the words repeat; firms are told apart by a branch number as real ones often are
        short += f" {place}"
    share = random.paretovariate(1.16)  # the 80/20 rule is a Pareto distribution of this index
    return {
        "name": f"{random.choice(parts['forms'])} {short}",
        "short_name": short,
        "industry": trade,
        "yearly_million": round(min(Decimal(20_000), Decimal(str(round(60 * share, 1))))),
        "invoices_a_year": 1 if place >= LARGE else random.randrange(1, 5),
        "payment_days": random.choice((15, 30, 30, 45)),
        "late_days": random.choice((0, 0, 2, 5, 12, 35)),
        "unpaid": [[random.randrange(1, 240), 1.0]] if random.random() < 0.15 else [],
        "contacts": [
            {
                "full_name": " ".join(random.choice(parts[key]) for key in ("family", "middle", "given")),
                "honorific": random.choice(("anh", "chị")),
                "position": random.choice(parts["positions"]),
            }
            for _ in range(1 + (place % 3 == 0))
        ],
        "address": f"{random.randrange(1, 300)} {random.choice(parts['streets'])}, {random.choice(parts['provinces'])}",
    }
