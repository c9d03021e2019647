"""What every controller works with: lanes, clock, ids, the window around its page, undo and redo."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from kam_desktop.domain.clock import Clock
from kam_desktop.domain.entities import BY_NAME, LOCAL_PERSON_ID
from kam_desktop.domain.entity import Record
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.fields import Kind
from kam_desktop.domain.ids import Ids
from kam_desktop.language import tr
from kam_desktop.ui.background import Background, Failure
from kam_desktop.ui.sentences import sentence


class Shell(Protocol):
    """What a controller may ask of the window around its page (see ui/window.py)."""

    def toast(self, text: str, undo: Callable[[], None] | None = None, tone: str = "") -> None: ...
    def show_page(self, key: str, place: str = "") -> None: ...
    def note_place(self, place: str) -> None: ...
    def set_count(self, key: str, count: int) -> None: ...
    def set_selection_text(self, text: str) -> None: ...


@dataclass(frozen=True)
class Desk:
    """What a controller works with; the same for all pages of a window.

    Attributes:
        remembered: this laptop's preferences, read when the store was opened; change them with `remember`.
        door: holds the one app.Door, which makes a profile (first run).
        agent: holds the one SyncAgent, which deals with the shared server.
    """

    background: Background
    clock: Clock
    ids: Ids
    shell: Shell
    remembered: dict[str, str]
    door: list[Any] = field(default_factory=list)
    agent: list[Any] = field(default_factory=list)
    taking_back: list[Callable[[], None]] = field(default_factory=list)
    """What the next undo does instead of taking back the newest step: a decision that no step holds alone."""

    @property
    def me(self) -> str:
        """The id of the person at work: the signed-in user, or the one person of a profile that is not connected."""
        return self.agent[0].now.me if self.agent else LOCAL_PERSON_ID

    def today(self) -> date:
        """The date on the user's wall."""
        return self.clock.today()

    def new_id(self) -> str:
        """An id for a record that a form is going to make."""
        return self.ids.new()

    def remember(self, key: str, value: str) -> None:
        """Keeps a preference of this laptop (sort, widths, last page): in memory now, in the store soon."""
        if self.remembered.get(key) != value:
            self.remembered[key] = value
            self.background.edit(lambda uow: uow.set_preference(key, value), label="")

    def recalled(self, key: str) -> dict[str, Any]:
        """A remembered JSON object; empty when there is none, or an older program kept something else there."""
        try:
            found = json.loads(self.remembered.get(key, ""))
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def undo(self, step: int | None = None) -> None:
        """Takes back the newest step (or that one) and says so."""
        if step is None and self.taking_back:
            self.taking_back.pop()()
            return
        self.background.undo(lambda _changes, report: self._say(tr("Undone"), report), self._nothing, step=step)

    def redo(self) -> None:
        """Does again what was taken back last and says so."""
        self.background.redo(lambda _changes, report: self._say(tr("Done again"), report), self._nothing)

    def _say(self, done: str, report: Any) -> None:
        text = f"{done}: {tr(report.label, **report.label_args)}"
        if report.kept:
            names = ", ".join(dict.fromkeys(each.title for each in report.kept[:3]))
            text += " · " + tr("Left as they are, because they were changed since: {names}", names=names)
        self.shell.toast(text, None, "warning" if report.kept else "")

    def _nothing(self, failure: Failure) -> None:
        if isinstance(failure, Refused):
            self.shell.toast(sentence(failure.problems[0]))


def read_draft(reader: Any, key: str) -> str:
    """The kept draft of that name as JSON, "" for none."""
    rows = reader.sql("select value from draft where key = :key", {"key": key})
    return str(rows[0][0]) if rows else ""


def titles_of(reader: Any, record: Record) -> dict[str, str]:
    """The titles of the records that a record's references point to, by id."""
    found: dict[str, str] = {}
    for each in type(record).entity.fields:
        identity = getattr(record, each.name) if each.kind is Kind.REF else ""
        other = reader.get(BY_NAME[each.to].record, identity) if identity else None
        if other is not None:
            found[identity] = str(getattr(other, BY_NAME[each.to].title))
    return found
