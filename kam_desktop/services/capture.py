"""Quick capture: finds whom a typed line is about, and makes the record that it says."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, time

from kam_desktop.domain import capture
from kam_desktop.domain.entities import Account, Activity, Contact, PromiseToPay
from kam_desktop.domain.entities.task import Task
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.query import Op, Query, Where
from kam_desktop.domain.text import fold
from kam_desktop.language import N_
from kam_desktop.services import records
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Whom:
    """A customer, and the person there; "" for none. `words`: how many words after "#" are the customer's name."""

    account: str
    account_name: str
    contact: str = ""
    contact_name: str = ""
    words: int = 1


def candidates(reader: Reader, line: capture.Captured, current: str = "", limit: int = 6) -> list[Whom]:
    """Whom a line may mean, the likeliest first; accents are not needed.

    With "#" the customers of that name (the short name first), else the customer `current`; with "@" the people of that
    name, of these customers if there are any.
    """
    owners: list[Account] = []
    if line.account:
        both = [f"{line.account} {line.after[0]}"] if line.after else []
        ids = dict.fromkeys(hit.id for text in (*both, line.account) for hit in reader.find(text, 50, ("account",)))
        found = reader.many(Account, list(ids))
        owners = [found[key] for key in ids if key in found and not found[key].archived]
        key = fold(line.account)
        owners.sort(
            key=lambda each: (
                -_words(each, line), not fold(each.short_name).startswith(key), key not in fold(each.name),
            )
        )  # fmt: skip
    elif current:
        one = reader.get(Account, current)
        owners = [one] if one is not None else []
    if not line.contact:
        return [_whom(each, line) for each in owners[:limit]]
    people = [
        each
        for each in reader.many(Contact, [hit.id for hit in reader.find(line.contact, 50, ("contact",))]).values()
        if each.left_on is None
    ]
    for each in owners[:limit]:  # the person's name alone may be too common to be among the first hits
        own = reader.all(Query("contact", (Where("account", Op.IS, each.id),)))
        people += [one for one in own if isinstance(one, Contact) and fold(line.contact) in fold(one.full_name)]
    order = {each.id: place for place, each in enumerate(owners)}
    known = list(dict.fromkeys(each for each in people if not order or each.account in order))
    if not known:
        return [_whom(each, line) for each in owners[:limit]]
    known.sort(key=lambda each: (order.get(each.account, 0), not each.main))
    names = reader.many(Account, {each.account for each in known})
    return [
        dataclasses.replace(_whom(names[each.account], line), contact=each.id, contact_name=each.full_name)
        for each in known[:limit]
        if each.account in names
    ]


def _whom(account: Account, line: capture.Captured) -> Whom:
    return Whom(account.id, account.short_name or account.name, words=_words(account, line))


def _words(account: Account, line: capture.Captured) -> int:
    """How many words after "#" are this customer's name, accents aside: 2 in "#Hoàng Vĩnh mai" for Hoàng Vĩnh Land."""
    typed, most = [fold(each) for each in (line.account, *line.after)], 1
    for name in (fold(account.short_name).split(), fold(account.name).split()):
        for start, word in enumerate(name):
            if word.startswith(typed[0]):
                alike = itertools.takewhile(
                    lambda pair: pair[0] == pair[1], zip(name[start + 1 :], typed[1:], strict=False)
                )
                most = max(most, 1 + sum(1 for _ in alike))
    return most


def make(uow: UnitOfWork, line: capture.Captured, account: str, contact: str = "") -> Record:
    """Writes down what a line says: a task, an interaction or a promise to pay.

    Raises Refused `account_needed` for an interaction or a promise of nobody.
    """
    if line.kind == capture.TASK:
        hour = f" · {line.at:%H:%M}" if line.at is not None else ""  # a task has a day only: nothing typed is lost
        made: Record = Task(
            id=uow.new_id(), subject=line.subject + hour, account=account, owner=records.author(uow), due_on=line.on
        )
        return records.save(uow, made)
    if not account:
        raise Refused(Problem("account", "account_needed", N_("Say which customer it is about: # and its name.")))
    if line.kind == capture.PROMISE:
        made = PromiseToPay(
            id=uow.new_id(), account=account, contact=contact, promised_on=uow.clock.today(), pay_on=line.on,
            amount=line.amount, remark=line.subject,
        )  # fmt: skip
        return records.save(uow, made)
    at = uow.clock.now()
    if line.on is not None:
        at = datetime.combine(line.on, line.at or time(12)).astimezone().astimezone(UTC)
    made = Activity(
        id=uow.new_id(), account=account, contact=contact, kind=line.kind, at=at, subject=line.subject,
        author=records.author(uow),
    )  # fmt: skip
    return records.save(uow, made)
