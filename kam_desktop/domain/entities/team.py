"""People of our own firm."""

from __future__ import annotations

from kam_desktop.domain.entity import Policy, Record, Sort, entity
from kam_desktop.domain.fields import choice, flag, text


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
