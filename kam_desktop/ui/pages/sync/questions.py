"""What the sync page asks in the lanes: its lists, one entry opened, what lies on this computer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from kam_desktop import formats
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.fields import Field, Kind, Visibility
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui.duplicates import shown
from kam_desktop.ui.pages.sync.answers import Detail, Group, HeldLine, Line, Lists, Row
from kam_desktop.ui.sentences import sentence

MOST = 200
_GROUPS = {"outcome": N_("Stage and reason"), "price": N_("Quantity, price and tax")}
_CHOICES = {
    "briefed": N_("Brief received"), "working": N_("In progress"), "in_approval": N_("In approval"),
    "sent": N_("Sent"), "negotiating": N_("Negotiating"), "won": N_("Won"), "lost": N_("Lost"),
    "on_hold": N_("On hold"), "low": N_("Low"), "medium": N_("Medium"), "high": N_("High"),
}  # fmt: skip
_PAGES = {
    "account": "account", "proposal": "proposal", "invoice": "collection", "receipt": "collection", "task": "task",
    "product": "product", "price_list": "product", "firm": "settings",
}  # fmt: skip
_ABOVE = ("proposal", "version", "invoice", "receipt", "price_list", "account")


def ask_lists(reader: Any, today: date) -> Lists:
    """The three lists."""
    from kam_desktop.services import needs

    count = needs.overview(reader).counts.waiting
    return Lists(
        tuple(_step_line(each, title, today, tr("waits to be sent")) for each, title in needs.waiting(reader, MOST)),
        tuple(_need_line(each, today) for each in needs.entries(reader)), _log(reader, today), count,
    )  # fmt: skip


def _step_line(step: Any, title: str, today: date, note: str) -> Line:
    kind = tr(BY_NAME[step.entity].label)
    many = trn("{n} change", "{n} changes", step.changes)
    return Line(step.group, title or kind, f"{kind} · {many}", note, _when(step.at, today))


def _need_line(entry: Any, today: date) -> Line:
    found, kind = entry.need, tr(BY_NAME[entry.need.entity].label)
    if found.kind == "conflict":
        words = trn("{n} group to choose", "{n} groups to choose", entry.questions)
        note = words if entry.questions else tr("To be sent again or let go")
    else:
        note = tr("Not taken by the server") if found.kind == "refused" else tr("Could not be sent")
    sub = " · ".join(filter(None, (entry.account, kind)))
    return Line(found.id, entry.title or kind, sub, note, _when(found.at, today), "warning")


def _log(reader: Any, today: date) -> tuple[Line, ...]:
    from kam_desktop.services import needs

    found = []
    for each, title in needs.merged(reader, MOST):
        kind = tr(BY_NAME[each.entity].label)
        names = ", ".join(tr(BY_NAME[each.entity].field(name).label) for name in each.fields)
        put = {"open": tr("Merged by itself"), "restored": tr("Merged, then put back")}.get(each.state, "")
        sub = f"{kind} · {names}"
        found.append((each.at, Line(f"merged:{each.id}", title or kind, sub, put, _when(each.at, today), "info")))
    for step, title in needs.taken(reader, MOST):
        line = _step_line(step, title, today, tr("Sent"))
        found.append((step.at, Line(f"sent:{line.id}", line.title, line.sub, line.note, line.when)))
    return tuple(line for _, line in sorted(found, key=lambda pair: pair[0], reverse=True))


def ask_detail(reader: Any, place: str, key: str) -> Detail | None:
    """One entry opened; None when it is not there any more."""
    from kam_desktop.services import needs

    if place == "needs":
        found = next((each for each in needs.entries(reader) if each.need.id == key), None)
        return _need(reader, found) if found is not None else None
    if key.startswith("merged:"):
        merged = next((pair for pair in needs.merged(reader, MOST) if pair[0].id == key[7:]), None)
        return _merged(reader, *merged) if merged is not None else None
    steps = needs.waiting(reader) if place == "waiting" else needs.taken(reader, MOST)
    step = next((pair for pair in steps if pair[0].group == key.removeprefix("sent:")), None)
    return _step(reader, *step, place) if step is not None else None


def _need(reader: Any, entry: Any) -> Detail:
    from kam_desktop.services import needs

    found, kind = entry.need, BY_NAME[entry.need.entity]
    sub = " · ".join(filter(None, (entry.account, tr(kind.label))))
    opens, title = _opens(reader, found.entity, found.record), entry.title or tr(kind.label)
    if found.kind == "conflict":
        asked = needs.questions(reader, found)
        groups = tuple(_question(reader, each) for each in asked)
        words = tr("Two people changed this. What goes together is chosen together: one side for each part.")
        return Detail(found.id, found.kind, title, sub, words, groups, opens, found.behind, seen=asked)
    problem = Problem(
        str(found.problem.get("where", "")), str(found.problem.get("code", "")), str(found.problem.get("message", "")),
        dict(found.problem.get("args") or {}),
    )  # fmt: skip
    return Detail(found.id, found.kind, title, sub, sentence(problem), _changes(reader, found), opens, found.behind)


def _question(reader: Any, question: Any) -> Group:
    entity = BY_NAME[question.entity]
    label = _GROUPS.get(question.sides[0].field.group) or question.sides[0].field.label
    columns = [
        _words(reader, entity.name, question.record, {side.field.name: getattr(side, which) for side in question.sides})
        for which in ("before", "mine", "theirs")
    ]
    rows = tuple(_row(side.field, *(column[side.field.name] for column in columns)) for side in question.sides)
    return Group(question.key, tr(label), rows, question.decided)


def _row(field: Field, before: str, mine: str, theirs: str) -> Row:
    return Row(tr(field.label), before, mine, theirs, field.visibility is not Visibility.CLIENT)


def _changes(reader: Any, found: Any) -> tuple[Group, ...]:
    """What the author wrote, record by record: before, here, and nothing of the server's."""
    groups = []
    for at, change in enumerate(found.changes):
        entity = BY_NAME[change.entity]
        names = [name for name in entity.names if name in change.new or name in change.old]
        old, new = (
            _words(reader, change.entity, change.record, {name: values.get(name) for name in names})
            for values in (change.old, change.new)
        )
        deed = {"create": tr("New"), "delete": tr("Deleted")}.get(change.action.value, "")
        title = " · ".join(filter(None, (tr(entity.label), deed)))
        groups.append(Group(f"{at}", title, tuple(_row(entity.field(n), old[n], new[n], "") for n in names), True))
    return tuple(groups)


def _merged(reader: Any, merged: Any, title: str) -> Detail:
    entity = BY_NAME[merged.entity]
    stands = _words(reader, merged.entity, merged.record, {name: pair[0] for name, pair in merged.fields.items()})
    other = _words(reader, merged.entity, merged.record, {name: pair[1] for name, pair in merged.fields.items()})
    rows = tuple(_row(entity.field(name), "", other[name], stands[name]) for name in merged.fields)
    who = (_person(reader, merged.stands_by), _person(reader, merged.other_by))
    words = tr("Two people changed this at the same time. The later value stands; the other one is kept and can be "
               "put back.")  # fmt: skip
    if who[0] and who[1]:
        words += " " + tr("The value of {name} stands, that of {other} is kept.", name=who[0], other=who[1])
    opens = _opens(reader, merged.entity, merged.record)
    return Detail(
        f"merged:{merged.id}", "merged", title or tr(entity.label), tr(entity.label), words,
        (Group("merged", tr(entity.label), rows, True),), opens, can_put_back=merged.state == "open",
    )  # fmt: skip


def _step(reader: Any, step: Any, title: str, place: str) -> Detail:
    kind = tr(BY_NAME[step.entity].label)
    many = trn("{n} change", "{n} changes", step.changes)
    words = tr("Saved on this computer, waits to be sent.") if place == "waiting" else tr("The server has it.")
    opens, key = _opens(reader, step.entity, step.record), step.group if place == "waiting" else f"sent:{step.group}"
    return Detail(key, place if place == "waiting" else "sent", title or kind, f"{kind} · {many}", words, open=opens)


def _person(reader: Any, identity: str) -> str:
    from kam_desktop.services import needs

    return needs.title_of(reader, "person", identity) if identity else ""


def _opens(reader: Any, entity: str, record: str) -> tuple[str, str] | None:
    """Page and place of the record, or of what it hangs on."""
    for _ in range(5):
        found = reader.get(BY_NAME[entity].record, record)
        if found is None:
            return None
        if entity in _PAGES:
            return _PAGES[entity], "" if entity == "firm" else record
        above = next((each for each in _ABOVE if getattr(found, each, "")), "")
        if not above:
            return None
        entity, record = BY_NAME[entity].field(above).to, getattr(found, above)
    return None


def _words(reader: Any, entity: str, record: str, wire: Mapping[str, Any]) -> dict[str, str]:
    """Wire values as they are read on the screen."""
    from kam_desktop.services import needs

    kind, found = BY_NAME[entity], reader.get(BY_NAME[entity].record, record)
    currency = str(wire.get("currency") or getattr(found, "currency", "") or "VND")
    words = {}
    for name, value in needs.typed(entity, wire).items():
        each, titles = kind.field(name), {}
        if each.kind is Kind.REF and value:
            titles = {value: needs.title_of(reader, each.to, value) or formats.NOTHING}
        if isinstance(value, datetime):
            words[name] = formats.moment(value)
        elif each.kind is Kind.CHOICE and value in _CHOICES:
            words[name] = tr(_CHOICES[value])
        else:
            words[name] = shown(each, value, titles, currency)
    return words


def ask_offline(reader: Any) -> tuple[Sequence[HeldLine], str]:
    """Rows and size of every kind on this computer, and the size of the whole file."""
    from kam_desktop.services import offline

    held, size = offline.held(reader)
    names = {each.entity: tr(BY_NAME[each.entity].plural) for each in held}
    lines = [HeldLine(names[each.entity], formats.number(each.rows), _size(each.bytes)) for each in held]
    return lines, _size(size)


def _size(size: int) -> str:
    if size < 1_000_000:
        return f"{formats.number(max(1, round(size / 1000)))} kB"
    return f"{formats.number(Decimal(round(size / 100_000)) / 10)} MB"


def _when(at: str, today: date) -> str:
    moment = datetime.fromisoformat(at)
    return formats.clock_time(moment) if moment.astimezone().date() == today else formats.day(moment.astimezone())


# The deeds, in the edit lane.


def resolve(uow: Any, key: str, choices: Mapping[str, str], seen: Any) -> None:
    """Decides a conflict as it was shown, or sends what was refused again."""
    from kam_desktop.services import needs

    needs.resolve(uow, key, choices, seen)


def drop(uow: Any, key: str) -> None:
    """Lets the author's values of an entry go."""
    from kam_desktop.services import needs

    needs.drop(uow, key)


def put_back(uow: Any, key: str) -> None:
    """Restores what a merge displaced."""
    from kam_desktop.services import needs

    needs.put_back(uow, key.removeprefix("merged:"))


def reopen(uow: Any, key: str) -> None:
    """Takes back that an entry was settled."""
    from kam_desktop.services import needs

    if key.startswith("merged:"):
        needs.reopen_merged(uow, key.removeprefix("merged:"))
    else:
        needs.reopen(uow, key)
