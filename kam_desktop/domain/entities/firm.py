"""Our own firm: the one record that tells sales from purchases and heads every paper."""

from __future__ import annotations

from kam_desktop.domain.entity import Policy, Record, Sort, entity
from kam_desktop.domain.fields import integer, text, texts


@entity("firm", "Our firm", "Our firm", title="legal_name", policy=Policy.SERVER_OWNED, sort=Sort.COMPANY)
class Firm(Record):
    """Our own company. There is one, with a fixed id."""

    legal_name: str = text("Legal name", required=True, searchable=True)
    short_name: str = text("Short name", max_length=60, default="")
    tax_code: str = text("Tax code", max_length=14, default="")
    branch_codes: tuple[str, ...] = texts("Branch tax codes", max_length=14, default=())
    address: str = text("Address", default="")
    phone: str = text("Phone", max_length=40, phone=True, default="")
    email: str = text("E-mail", max_length=120, default="")
    representative: str = text("Representative", max_length=120, default="")
    representative_title: str = text("Representative's title", max_length=120, default="")
    bank_name: str = text("Bank", max_length=120, default="")
    bank_account: str = text("Account number", max_length=30, default="")
    bank_holder: str = text("Account holder", max_length=120, default="")
    currency: str = text("Currency", default="VND", max_length=3, required=True)
    default_payment_days: int | None = integer("Payment term when none is agreed (days)", default=30, lowest=0)
