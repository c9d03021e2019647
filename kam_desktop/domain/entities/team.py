"""People of our own firm, and the views of lists that they keep."""

from __future__ import annotations

from kam_desktop.domain.entity import Policy, Record, Sort, entity
from kam_desktop.domain.fields import choice, flag, integer, note, ref, text


@entity("person", "Person", "People", title="full_name", policy=Policy.SERVER_OWNED, sort=Sort.PERSON)
class Person(Record):
    """One colleague, the user of this laptop among them."""

    full_name: str = text("Full name", required=True, searchable=True, max_length=120)
    code: str = text("Code", max_length=8, default="")
    position: str = text("Position", max_length=120, default="")
    role: str = choice(
        "Role", "kam", "lead", "manager", "finance", "department", "auditor", "administrator", default="kam"
    )
    email: str = text("E-mail", max_length=120, default="")
    phone: str = text("Phone", max_length=40, phone=True, default="")
    left: bool = flag("Has left", default=False)


@entity("saved_view", "Saved view", "Saved views", title="name")
class SavedView(Record):
    """A list as somebody set it: filter, order, columns; on every laptop of its person, or shared with the team.

    Attributes:
        page: the list it belongs to, by the page's key.
        settings: a JSON object of filters, order, grouping and columns, as the list itself writes and reads it.
    """

    person: str = ref("Person", to="person", default="")
    page: str = text("Page", max_length=40, required=True)
    name: str = text("Name", max_length=80, required=True)
    settings: str = note("Settings", default="")
    place: int | None = integer("Place", lowest=0, default=None)
    shared: bool = flag("Shared with the team", default=False)
