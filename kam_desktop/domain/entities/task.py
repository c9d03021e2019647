"""What somebody is going to do, by when, for which customer."""

from __future__ import annotations

from datetime import date

from kam_desktop.domain.entity import Record, entity
from kam_desktop.domain.fields import Visibility, day, note, ref, text


@entity("task", "Task", "Tasks", title="subject")
class Task(Record):
    """One thing to do. It is open until `done_on` is filled."""

    subject: str = text("What is to be done", required=True, searchable=True)
    account: str = ref("Account", to="account", owns=True, default="")
    owner: str = ref("Owner", to="person", default="")
    due_on: date | None = day("To be done by", default=None)
    done_on: date | None = day("Done on", default=None)
    remark: str = note("Remark", searchable=True, visibility=Visibility.INTERNAL, default="")
