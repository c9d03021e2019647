"""What happened with a customer: meetings, calls, messages and notes; occasions to remember."""

from __future__ import annotations

from datetime import date, datetime

from kam_desktop.domain.entity import Record, entity
from kam_desktop.domain.fields import Visibility, choice, day, flag, moment, note, ref, text


@entity("activity", "Interaction", "Interactions", title="subject")
class Activity(Record):
    """One interaction with a customer, as the author remembers it."""

    account: str = ref("Account", to="account", required=True, owns=True)
    contact: str = ref("Contact", to="contact", default="")
    kind: str = choice("Kind", "meeting", "call", "message", "note", default="note", required=True)
    at: datetime | None = moment("When", required=True)
    subject: str = text("Subject", required=True, searchable=True)
    said: str = note("What was said", searchable=True, visibility=Visibility.INTERNAL, default="")
    promised: str = note("Promises", searchable=True, visibility=Visibility.INTERNAL, default="")
    author: str = ref("Author", to="person", default="")


@entity("occasion", "Occasion", "Occasions", title="name")
class Occasion(Record):
    """A day worth a word to the customer, beside birthdays and founding days, which follow from their own fields."""

    account: str = ref("Account", to="account", required=True, owns=True)
    contact: str = ref("Contact", to="contact", default="")
    name: str = text("Name", max_length=120, required=True, searchable=True)
    happens_on: date | None = day("Day", required=True)
    yearly: bool = flag("Every year", default=True)
    remark: str = note("Remark", visibility=Visibility.INTERNAL, default="")
