"""Entries of what the server had lost and a colleague's computer still had, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.fields import Visibility
from kam_desktop.language import tr
from kam_desktop.ui.pages.sync.answers import Detail, Group, Head, Line, Row

KEY = "recovered:"


def line(lost: Any, when: str) -> Line:
    """One line of the list."""
    kind = tr(BY_NAME[lost.entity].label)
    sub = " · ".join(filter(None, (lost.account, kind)))
    return Line(f"{KEY}{lost.group}", lost.title or kind, sub, tr("Lost by the server, found again"), when, "warning")


def ask(
    reader: Any, key: str, words_of: Callable[..., dict[str, str]], person: Callable[[Any, str], str],
    opens: Callable[[Any, str, str], tuple[str, str] | None],
) -> Detail | None:  # fmt: skip
    """One entry opened; None when it is not there any more."""
    from kam_desktop.services import recovered

    found = next((each for each in recovered.listed(reader) if f"{KEY}{each.group}" == key), None)
    if found is None:
        return None
    entity = BY_NAME[found.entity]
    said = {name: value for name, value in found.new.items() if name in found.now or value not in (None, "", [], False)}
    lost, now = (
        words_of(reader, found.entity, found.record, {name: values.get(name) for name in said})
        for values in (found.new, found.now)
    )
    rows = tuple(
        Row(tr(each.label), "", lost[each.name], "" if found.made else now[each.name],
            each.visibility is not Visibility.CLIENT)
        for each in entity.fields if each.name in said
    )  # fmt: skip
    who = person(reader, found.sender) or tr("a colleague")
    words = (
        tr("The server was restored from a backup and does not have this any more. It was found on the computer of "
           "{who}. Take it back in, or let it go.", who=who)
        if found.made
        else tr("The server was restored from a backup and has older values here. The newer ones were found on the "
                "computer of {who}. Take them back in, or let them go.", who=who)
    )  # fmt: skip
    heads = (Head(""), Head(tr("Found again"), who), Head("" if found.made else tr("The server")))
    kind = tr(entity.label)
    sub = " · ".join(filter(None, (found.account, kind)))
    groups = (Group("lost", kind, rows, True),)
    where = opens(reader, found.entity, found.record)
    return Detail(key, "recovered", found.title or kind, sub, words, groups, where, heads=heads)
