"""The customer and the people there."""

from __future__ import annotations

from datetime import date

from kam_desktop.domain.entity import Record, Sort, entity
from kam_desktop.domain.fields import Merge, Visibility, choice, day, flag, integer, money, note, ref, text, texts


@entity("account", "Account", "Accounts", title="name", sort=Sort.COMPANY)
class Account(Record):
    """A customer. Never deleted, only archived.

    Attributes:
        merged_into: the account that took over everything of this one, which is archived then.
    """

    name: str = text("Name", required=True, searchable=True)
    short_name: str = text("Short name", searchable=True, max_length=120, default="")
    tax_code: str = text("Tax code", searchable=True, max_length=14, default="")
    parent: str = ref("Parent company", to="account", default="")
    industry: str = text("Industry", max_length=120, default="")
    tier: str = choice("Tier", "A", "B", "C", visibility=Visibility.INTERNAL, default="")
    owner: str = ref("Owner", to="person", default="")
    currency: str = text("Currency", default="VND", max_length=3, required=True)
    payment_days: int | None = integer("Payment term (days)", guarded=True, merge=Merge.ASK, lowest=0, default=None)
    payment_term: str = ref("Payment term", to="payment_term", guarded=True, merge=Merge.ASK, default="")
    credit_limit: int | None = money(
        "Credit limit",
        guarded=True,
        merge=Merge.ASK,
        visibility=Visibility.INTERNAL,
        lowest=0,
        default=None,
    )
    risk: str = choice("Risk", "low", "medium", "high", visibility=Visibility.INTERNAL, default="")
    founded_on: date | None = day("Founding day", default=None)
    address: str = text("Address", searchable=True, default="")
    phone: str = text("Phone", max_length=40, searchable=True, phone=True, default="")
    email: str = text("E-mail", max_length=120, searchable=True, default="")
    website: str = text("Website", max_length=200, default="")
    tags: tuple[str, ...] = texts("Tags", searchable=True, max_length=60, default=())
    internal_note: str = note("Internal note", visibility=Visibility.INTERNAL, searchable=True, default="")
    archived: bool = flag("Archived", default=False)
    merged_into: str = ref("Merged into", to="account", default="")


@entity("contact", "Contact", "Contacts", title="full_name", sort=Sort.PERSON)
class Contact(Record):
    """A person at a customer."""

    account: str = ref("Account", to="account", required=True, owns=True)
    full_name: str = text("Full name", required=True, searchable=True, max_length=120)
    honorific: str = text("Form of address", max_length=20, default="")
    position: str = text("Position", searchable=True, max_length=120, default="")
    phones: tuple[str, ...] = texts("Phones", searchable=True, max_length=40, phone=True, default=())
    emails: tuple[str, ...] = texts("E-mails", searchable=True, max_length=120, default=())
    zalo: str = text("Zalo", max_length=40, phone=True, default="")
    language: str = choice("Language", "vi", "en", default="")
    birthday: date | None = day("Birthday", default=None)
    main: bool = flag("Main contact", default=False)
    left_on: date | None = day("Left on", default=None)
    internal_note: str = note("Internal note", visibility=Visibility.INTERNAL, default="")
