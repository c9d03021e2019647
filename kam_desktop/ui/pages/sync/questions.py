"""What the sync page asks in the lanes: its lists, one entry opened, what lies on this computer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from kam_desktop import formats
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.errors import Problem
from kam_desktop.domain.fields import Field, Kind, Visibility
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui.duplicates import shown
from kam_desktop.ui.pages.sync import lost
from kam_desktop.ui.pages.sync.answers import Detail, Group, Head, HeldLine, Line, Lists, Row
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


_NONE = Head("")


def ask_lists(reader: Any, today: date) -> Lists:
    """The three lists."""
    from kam_desktop.services import needs, recovered

    count = needs.overview(reader).counts.waiting
    asked = [*(lost.line(each, _when(each.at, today)) for each in recovered.listed(reader)),
             *(_need_line(each, today) for each in needs.entries(reader))]  # fmt: skip
    return Lists(
        tuple(_step_line(each, title, today, tr("waits to be sent")) for each, title in needs.waiting(reader, MOST)),
        tuple(asked), _log(reader, today), count,
    )  # fmt: skip


def _step_line(step: Any, title: str, today: date, note: str) -> Line:
    kind = tr(BY_NAME[step.entity].label)
    many = trn("{n} change", "{n} changes", step.changes)
    return Line(step.group, title or kind, f"{kind} · {many}", note, _when(step.at, today))


def _need_line(entry: Any, today: date) -> Line:
    found, kind = entry.need, tr(BY_NAME[entry.need.entity].label)
    if found.kind == "conflict":
        words = trn("{n} group to choose", "{n} groups to choose", entry.questions)
        deleted = found.problem.get("code") == "edited"
        note = words if entry.questions else tr("Not deleted") if deleted else tr("To be sent again or let go")
    else:
        note = tr("Not taken by the server") if found.kind == "refused" else tr("Could not be sent")
    sub = " · ".join(filter(None, (entry.account, kind)))
    return Line(found.id, entry.title or _gone(kind), sub, note, _when(found.at, today), "warning")


def _gone(kind: str) -> str:
    """A record whose name went with it when it was handed over; the author's own values stay."""
    return tr("{kind} that left this computer", kind=kind)


def _log(reader: Any, today: date) -> tuple[Line, ...]:
    from kam_desktop.services import needs

    found = []
    for each, title in needs.merged(reader, MOST):
        kind = tr(BY_NAME[each.entity].label)
        names = ", ".join(tr(BY_NAME[each.entity].field(name).label) for name in each.fields)
        put = {
            "open": tr("Merged by itself"),
            "restored": tr("Merged, then put back"),
            "joined": tr("Merged, both kept"),
            "left": tr("Merged, dealt with"),  # as it stands; or a colleague did, in whatever way
        }.get(each.state, "")
        sub = f"{kind} · {names}"
        found.append((each.at, Line(f"merged:{each.id}", title or kind, sub, put, _when(each.at, today), "info")))
    for entry in needs.settled(reader, MOST):
        line = _need_line(entry, today)
        done = tr("Decided, let go") if entry.need.state == "dropped" else tr("Decided and sent")
        found.append((entry.need.at, Line(f"settled:{line.id}", line.title, line.sub, done, line.when)))
    for step, title in needs.taken(reader, MOST):
        line = _step_line(step, title, today, tr("Sent"))
        found.append((step.at, Line(f"sent:{line.id}", line.title, line.sub, line.note, line.when)))
    return tuple(line for _, line in sorted(found, key=lambda pair: pair[0], reverse=True))


def ask_detail(reader: Any, place: str, key: str, today: date) -> Detail | None:
    """One entry opened; None when it is not there any more."""
    from kam_desktop.services import needs

    if key.startswith(lost.KEY):
        return _lost(reader, key)
    if place == "needs":
        found = next((each for each in needs.entries(reader) if each.need.id == key), None)
        return _need(reader, found, today) if found is not None else None
    if key.startswith("settled:"):
        found = next((each for each in needs.settled(reader, MOST) if each.need.id == key[8:]), None)
        return _settled(_need(reader, found, today), found.need.state) if found is not None else None
    if key.startswith("merged:"):
        merged = next((pair for pair in needs.merged(reader, MOST) if pair[0].id == key[7:]), None)
        return _merged(reader, *merged, today) if merged is not None else None
    steps = needs.waiting(reader) if place == "waiting" else needs.taken(reader, MOST)
    step = next((pair for pair in steps if pair[0].group == key.removeprefix("sent:")), None)
    return _step(reader, *step, place) if step is not None else None


def _lost(reader: Any, key: str) -> Detail | None:
    from kam_desktop.services import recovered

    found = next((each for each in recovered.listed(reader) if f"{lost.KEY}{each.group}" == key), None)
    if found is None:
        return None
    names = [name for name, value in found.new.items() if name in found.now or value not in (None, "", [], False)]
    there, now = (
        _words(reader, found.entity, found.record, {name: values.get(name) for name in names})
        for values in (found.new, found.now)
    )
    opens = _opens(reader, found.entity, found.record)
    return lost.detail(found, there, now, _person(reader, found.sender), opens)


def _need(reader: Any, entry: Any, today: date) -> Detail:
    from kam_desktop.services import needs

    found, kind = entry.need, BY_NAME[entry.need.entity]
    sub = " · ".join(filter(None, (entry.account, tr(kind.label))))
    opens, title = _opens(reader, found.entity, found.record), entry.title or _gone(tr(kind.label))
    if found.problem.get("code") == "edited":
        return _not_deleted(reader, found, title, sub, opens, today)
    if found.kind == "conflict":
        asked = needs.questions(reader, found)
        groups = tuple(_question(reader, each) for each in asked)
        words = tr("Two people changed this. What goes together is chosen together: one side for each part.")
        heads = _heads(reader, found, today)
        return Detail(found.id, found.kind, title, sub, words, groups, opens, found.behind, seen=asked, heads=heads)
    problem = Problem(
        str(found.problem.get("where", "")), str(found.problem.get("code", "")), str(found.problem.get("message", "")),
        dict(found.problem.get("args") or {}),
    )  # fmt: skip
    can_send = needs.can_send(reader, found)
    words = sentence(problem)
    if not can_send:
        words += " " + tr("It left this computer, so nothing can be sent from here. What you wrote stays readable "
                          "until you let it go.")  # fmt: skip
    return Detail(
        found.id, found.kind, title, sub, words, _changes(reader, found), opens, found.behind,
        heads=(Head(tr("Before")), _mine(reader, found, today), _NONE), can_send=can_send,
    )  # fmt: skip


def _not_deleted(
    reader: Any, found: Any, title: str, sub: str, opens: tuple[str, str] | None, today: date
) -> Detail:  # fmt: skip
    """A deletion that met an edit: what was edited, beside the deletion."""
    entity = BY_NAME[found.entity]
    head = next(each for each in found.changes if each.record == found.record)
    names = [name for name in entity.names if name in found.theirs]
    before = _words(reader, entity.name, found.record, {name: head.old.get(name) for name in names})
    theirs = _words(reader, entity.name, found.record, {name: found.theirs[name] for name in names})
    rows = tuple(_row(entity.field(name), before[name], tr("deleted"), theirs[name]) for name in names)
    words = tr("You deleted this; a colleague changed it meanwhile, so it was not deleted. Nothing is lost until you "
               "say so.")  # fmt: skip
    return Detail(
        found.id, "deleted", title, sub, words, (Group("deleted", tr(entity.label), rows, True),), opens, found.behind,
        heads=_heads(reader, found, today),
    )  # fmt: skip


def _heads(reader: Any, found: Any, today: date) -> tuple[Head, Head, Head]:
    """Whose the columns of a conflict are; who and when as the server said it, by the writer's own clock."""
    said = found.problem.get("args") or {}
    device = tr("computer {letter}", letter=said["device"]) if said.get("device") else ""
    when = " · ".join(filter(None, (_edited(said.get("at", ""), today), device)))
    return (
        Head(tr("Original"), tr("as both had it")), _mine(reader, found, today),
        Head(tr("The server"), _person(reader, said.get("by", "")) or tr("a colleague"), when),
    )  # fmt: skip


def _mine(reader: Any, found: Any, today: date) -> Head:
    from kam_desktop.services import needs

    me = _person(reader, needs.overview(reader).me)
    at = max((each.at for each in found.changes), default="")
    return Head(tr("This computer"), me, _edited(at, today))


def _edited(at: str, today: date) -> str:
    return tr("changed {at}", at=moment_words(at, today)) if at else ""


def moment_words(at: str, today: date) -> str:
    """A moment in this computer's own time: today's by its time alone."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:  # what a server says is not known to be a moment
        return ""
    return formats.clock_time(moment) if moment.astimezone().date() == today else formats.moment(moment)


def _settled(detail: Detail, state: str) -> Detail:
    words = (
        tr("You let your values go; the server's stand.") if state == "dropped"
        else tr("You decided this, and it was sent again.")
    )  # fmt: skip
    more = tr("Both values are kept here: it can be decided again.")
    groups = tuple(replace(each, decided=True) for each in detail.groups)
    return replace(
        detail, id=f"settled:{detail.id}", kind="settled", words=f"{words} {more}", groups=groups, can_open_again=True
    )


def _question(reader: Any, question: Any) -> Group:
    entity = BY_NAME[question.entity]
    label = _GROUPS.get(question.sides[0].field.group) or question.sides[0].field.label
    columns = [
        _words(reader, entity.name, question.record, {side.field.name: getattr(side, which) for side in question.sides})
        for which in ("before", "mine", "theirs")
    ]
    rows = tuple(_row(side.field, *(column[side.field.name] for column in columns)) for side in question.sides)
    return Group(question.key, tr(label), rows, question.decided, question.both)


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


def _merged(reader: Any, merged: Any, title: str, today: date) -> Detail:
    from kam_desktop.services import needs

    entity = BY_NAME[merged.entity]
    stands = _words(reader, merged.entity, merged.record, {name: pair[0] for name, pair in merged.fields.items()})
    other = _words(reader, merged.entity, merged.record, {name: pair[1] for name, pair in merged.fields.items()})
    rows = tuple(_row(entity.field(name), "", other[name], stands[name]) for name in merged.fields)
    who = (_person(reader, merged.stands_by), _person(reader, merged.other_by))
    words = tr("Two people changed this at the same time. The later value stands; the other one is kept and can be "
               "put back.")  # fmt: skip
    if merged.state == "left":
        again = tr("Both values are kept here: it can be decided again.")
        words = f"{tr('Two people changed this at the same time, and it was dealt with.')} {again}"
    when = tr("merged {at}", at=moment_words(merged.at, today))
    heads = (_NONE, Head(tr("The other value"), who[1]), Head(tr("Stands"), who[0], when))
    both = merged.state == "open" and any(needs.can_join(entity.field(name)) for name in merged.fields)
    opens = _opens(reader, merged.entity, merged.record)
    return Detail(
        f"merged:{merged.id}", "merged", title or tr(entity.label), tr(entity.label), words,
        (Group("merged", tr(entity.label), rows, True),), opens, can_put_back=merged.state == "open", heads=heads,
        can_keep_both=both, can_open_again=merged.state == "left",
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


def keep_both(uow: Any, key: str) -> None:
    """Lets both values of a merge stand."""
    from kam_desktop.services import needs

    needs.keep_both(uow, key.removeprefix("merged:"))


def leave(uow: Any, key: str) -> None:
    """Leaves a merge as it stands."""
    from kam_desktop.services import needs

    needs.leave(uow, key.removeprefix("merged:"))


def reopen(uow: Any, key: str) -> None:
    """Takes back that an entry was settled."""
    from kam_desktop.services import needs

    if key.startswith("merged:"):
        needs.reopen_merged(uow, key.removeprefix("merged:"))
    else:
        needs.reopen(uow, key)
