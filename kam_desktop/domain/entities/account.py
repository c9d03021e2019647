"""The customer and the people there."""

from __future__ import annotations

from datetime import date

from kam_desktop.domain.entity import Record, Sort, entity
from kam_desktop.domain.fields import Merge, Visibility, choice, day, flag, integer, money, note, ref, text, texts


@entity("account", "Account", "Accounts", title="name", sort=Sort.COMPANY)
class Account(Record):
    """A customer. Never deleted, only archived."""

    name: str = text("Name", required=True, searchable=True)
    short_name: str = text("Short name", searchable=True, max_length=120)
    tax_code: str = text("Tax code", searchable=True, max_length=14)
    parent: str = ref("Parent company", to="account")
    industry: str = text("Industry", max_length=120)
    tier: str = choice("Tier", "A", "B", "C", visibility=Visibility.INTERNAL)
    owner: str = ref("Owner", to="person")
    currency: str = text("Currency", default="VND", max_length=3, required=True)
    payment_days: int | None = integer("Payment term (days)", guarded=True, merge=Merge.ASK, lowest=0)
    credit_limit: int | None = money(
        "Credit limit", guarded=True, merge=Merge.ASK, visibility=Visibility.INTERNAL, lowest=0
    )
    risk: str = choice("Risk", "low", "medium", "high", visibility=Visibility.INTERNAL)
    founded_on: date | None = day("Founding day")
    address: str = text("Address", searchable=True)
    phone: str = text("Phone", max_length=40, searchable=True, phone=True)
    email: str = text("E-mail", max_length=120, searchable=True)
    website: str = text("Website", max_length=200)
    tags: tuple[str, ...] = texts("Tags", searchable=True, max_length=60)
    internal_note: str = note("Internal note", visibility=Visibility.INTERNAL, searchable=True)
    archived: bool = flag("Archived")


@entity("contact", "Contact", "Contacts", title="full_name", sort=Sort.PERSON)
class Contact(Record):
    """A person at a customer."""

    account: str = ref("Account", to="account", required=True, owns=True)
    full_name: str = text("Full name", required=True, searchable=True, max_length=120)
    honorific: str = text("Form of address", max_length=20)
    position: str = text("Position", searchable=True, max_length=120)
    phones: tuple[str, ...] = texts("Phones", searchable=True, max_length=40, phone=True)
    emails: tuple[str, ...] = texts("E-mails", searchable=True, max_length=120)
    zalo: str = text("Zalo", max_length=40, phone=True)
    language: str = choice("Language", "vi", "en")
    birthday: date | None = day("Birthday")
    main: bool = flag("Main contact")
    left_on: date | None = day("Left on")
    internal_note: str = note("Internal note", visibility=Visibility.INTERNAL)
