"""The usual payment terms of Vietnamese business, which a new firm starts from and edits."""

from __future__ import annotations

from decimal import Decimal

from kam_desktop.domain.entities.firm import PaymentTerm, PaymentTermLine
from kam_desktop.domain.ids import derived

Parts = tuple[tuple[str, str, int, tuple[str, ...], bool], ...]
"""(name, kind, percent, steps, from_papers) of each part; the percent of a rest is 0."""

# Custom of the trade, not law: advance, acceptance and retention as agencies and suppliers agree on them. Two clocks:
# the invoice's date, and the day on which the customer confirmed the full document set ("kể từ ngày nhận đủ hồ sơ").
_PRESETS: tuple[tuple[str, str, str, Parts], ...] = (
    (
        "net30",
        "Net 30 (từ ngày hoá đơn)",
        "Net 30 from the invoice",
        (("Thanh toán", "percent", 100, ("days 30",), False),),
    ),
    (
        "net30_papers",
        "Net 30 (từ ngày đủ hồ sơ)",
        "Net 30 from the full document set",
        (("Thanh toán", "percent", 100, ("days 30",), True),),
    ),
    (
        "50_50",
        "50/50: tạm ứng, nghiệm thu",
        "50/50: advance, acceptance",
        (("Tạm ứng", "percent", 50, (), False), ("Sau nghiệm thu", "percent", 50, ("days 30",), True)),
    ),
    (
        "30_40_30",
        "30/40/30: tạm ứng, giữa kỳ, nghiệm thu",
        "30/40/30: advance, midway, acceptance",
        (
            ("Tạm ứng", "percent", 30, (), False),
            ("Giữa kỳ", "percent", 40, ("days 30",), False),
            ("Sau nghiệm thu", "percent", 30, ("days 30",), True),
        ),
    ),
    (
        "50_40_10",
        "50/40/10: tạm ứng, nghiệm thu, bảo hành",
        "50/40/10: advance, acceptance, warranty",
        (
            ("Tạm ứng", "percent", 50, (), False),
            ("Sau nghiệm thu", "percent", 40, ("days 30",), True),
            ("Giữ lại bảo hành", "rest", 0, ("months 12",), True),
        ),
    ),
    (
        "month_end_15",
        "Cuối tháng + 15 ngày",
        "End of month + 15 days",
        (("Thanh toán", "percent", 100, ("end_of_month", "days 15"), False),),
    ),
)


def presets() -> tuple[tuple[PaymentTerm, tuple[PaymentTermLine, ...]], ...]:
    """The terms with their lines, under ids that are the same on every laptop."""
    found = []
    for key, name, name_en, parts in _PRESETS:
        term = PaymentTerm(id=derived("payment_term", key), name=name, name_en=name_en)
        lines = tuple(
            PaymentTermLine(
                id=derived("payment_term_line", key, str(place)),
                term=term.id,
                place=place,
                name=words,
                kind=kind,
                value=Decimal(percent) if kind != "rest" else None,
                steps=steps,
                from_papers=from_papers,
            )
            for place, (words, kind, percent, steps, from_papers) in enumerate(parts, 1)
        )
        found.append((term, lines))
    return tuple(found)
