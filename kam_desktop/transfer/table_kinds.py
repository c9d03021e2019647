"""Every kind of table that can be imported, with its column titles and who decides on its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kam_desktop.transfer import (
    headers,
    import_accounts,
    import_balances,
    import_contacts,
    import_invoice_table,
    import_prices,
    import_products,
    import_receipts,
    money_headers,
)
from kam_desktop.transfer.import_context import Decide
from kam_desktop.transfer.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class TableKind:
    """One kind of table.

    Attributes:
        vocabulary: its name, its column titles and which it needs.
        decide: the verdict on the rows.
    """

    vocabulary: Vocabulary
    decide: Decide

    @property
    def name(self) -> str:
        """The word of `import --as`."""
        return self.vocabulary.kind


TABLES: Final = (
    TableKind(headers.ACCOUNTS, import_accounts.decide),
    TableKind(headers.CONTACTS, import_contacts.decide),
    TableKind(headers.PRODUCTS, import_products.decide),
    TableKind(headers.PRICES, import_prices.decide),
    TableKind(money_headers.INVOICES, import_invoice_table.decide),
    TableKind(money_headers.RECEIPTS, import_receipts.decide),
    TableKind(money_headers.BALANCES, import_balances.decide),
)  # fmt: skip
"""In the order in which the tables of one import are decided: what others refer to comes first."""
BY_NAME: Final = {each.name: each for each in TABLES}
VOCABULARIES: Final = tuple(each.vocabulary for each in TABLES)


@dataclass(frozen=True, slots=True)
class FieldShown:
    """A field that a column can be taken for.

    Attributes:
        name: the name in `PlannedFile.fields`.
        label: an English message.
        required: the kind needs it, or another one of the same group.
    """

    name: str
    label: str
    required: bool


def fields_of(kind: str) -> tuple[FieldShown, ...]:
    """The fields of a kind, in the order in which a person should see them."""
    vocabulary = BY_NAME[kind].vocabulary
    required = {name for group in vocabulary.required for name in group}
    return tuple(FieldShown(name, vocabulary.labels[name], name in required) for name in vocabulary.synonyms)
