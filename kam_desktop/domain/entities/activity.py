"""What happened with a customer: meetings, calls, messages and notes."""

from __future__ import annotations

from datetime import datetime

from kam_desktop.domain.entity import Record, entity
from kam_desktop.domain.fields import Visibility, choice, moment, note, ref, text


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
