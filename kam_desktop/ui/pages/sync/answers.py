"""What the sync page shows, as frozen values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

WAITING, NEEDS, LOG, OFFLINE = "waiting", "needs", "log", "offline"
"""The lists of the page, and the page of what lies on this computer: places of the window's history."""
MINE, THEIRS, BOTH = "mine", "theirs", "both"


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a list, in words; `tone` colours the note and always goes with words."""

    id: str
    title: str
    sub: str
    note: str
    when: str
    tone: str = "muted"


@dataclass(frozen=True, slots=True)
class Lists:
    """The three lists, and how many there are in all of what waits."""

    waiting: Sequence[Line] = ()
    needs: Sequence[Line] = ()
    log: Sequence[Line] = ()
    waiting_count: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One field: as it was before, as it is here, as the server has it."""

    label: str
    before: str
    mine: str
    theirs: str
    private: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that are chosen together.

    Attributes:
        decided: nothing is asked. both: the two sides can stand together.
    """

    key: str
    title: str
    rows: tuple[Row, ...]
    decided: bool = False
    both: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """What stands over a column of values: whose they are, who wrote them, when and where."""

    title: str
    who: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """One entry opened.

    Attributes:
        kind: conflict | deleted | refused | stuck | waiting | sent | merged | settled.
        words: what happened and why, as sentences.
        open: page and place where the record can be edited, None where there is none.
        behind: so many other changes wait with it.
        heads: of the columns before, mine and theirs; an empty title for a column that is not shown.
        can_put_back: a merge that is not dealt with: the other value can be put back, or all left as it stands.
        can_keep_both: a merge whose two values can stand together.
        can_open_again: an entry that was decided, a merge that was left as it stands.
        can_send: what was refused can be sent again from here.
        seen: the questions behind the groups, to be compared when they are decided.
    """

    id: str
    kind: str
    title: str
    sub: str
    words: str
    groups: tuple[Group, ...] = ()
    open: tuple[str, str] | None = None
    behind: int = 0
    can_put_back: bool = False
    heads: tuple[Head, Head, Head] = (Head(""), Head(""), Head(""))
    can_keep_both: bool = False
    can_open_again: bool = False
    can_send: bool = True
    seen: Any = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class HeldLine:
    """One kind of record on this computer."""

    kind: str
    rows: str
    size: str
