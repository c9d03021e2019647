"""What every kind of table is decided with: the money of the whole import, and our firm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from kam_desktop.domain.entities import Firm
from kam_desktop.store.reader import Reader
from kam_desktop.transfer.import_einvoices import Money
from kam_desktop.transfer.import_plan import PlannedRow, Working
from kam_desktop.transfer.sheets import Table


@dataclass(frozen=True, slots=True)
class Context:
    """What is alike for all files of one import.

    Attributes:
        reader: the data as they are; `Working` lays over it what this import writes.
        money: invoices, credit notes and what is open of them, through all files.
        our_codes: tax codes of our firm and its branches; empty when the settings have none.
        firm: our firm's record, or None.
        today: the day of the import: money cannot have come in after it.
    """

    reader: Reader
    money: Money
    our_codes: tuple[str, ...]
    firm: Firm | None
    today: date

    @property
    def currency(self) -> str:
        """The currency of amounts that say none."""
        return self.firm.currency if self.firm is not None else "VND"


Decide = Callable[[Working, Table, Context], list[PlannedRow]]
"""The verdict on every row of a table, in order, each with its cells; what a row writes goes into `Working`."""
