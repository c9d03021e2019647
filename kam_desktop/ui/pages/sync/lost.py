"""Entries of what the server had lost and a colleague's computer still had, in words."""

from __future__ import annotations

from collections.abc import Mapping
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


def detail(
    found: Any, lost: Mapping[str, str], now: Mapping[str, str], who: str, where: tuple[str, str] | None
) -> Detail:  # fmt: skip
    """One entry opened, its values in words."""
    entity = BY_NAME[found.entity]
    rows = tuple(
        Row(tr(each.label), "", lost[each.name], "" if found.made else now[each.name],
            each.visibility is not Visibility.CLIENT)
        for each in entity.fields if each.name in lost
    )  # fmt: skip
    who = who or tr("a colleague")
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
    return Detail(f"{KEY}{found.group}", "recovered", found.title or kind, sub, words, groups, where, heads=heads)
