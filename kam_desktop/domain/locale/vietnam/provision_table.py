"""The table for provisions for doubtful debts that a new Vietnamese firm starts from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from kam_desktop.domain.figures.provision import Table, Tier

# Seeds for the firm's own, editable table. No replacement of the circular is known; it is to be checked each year.
SEEDS: tuple[Table, ...] = (
    Table(
        valid_from=date(2019, 10, 10),
        valid_to=None,
        tiers=(
            Tier(6, Decimal(30)),
            Tier(12, Decimal(50)),
            Tier(24, Decimal(70)),
            Tier(36, Decimal(100)),
        ),
        source="Circular 48/2019/TT-BTC art. 6",
    ),
)
