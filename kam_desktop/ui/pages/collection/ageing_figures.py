"""The figures over the ageing: its sums, and between them how fast customers pay (DSO and CEI)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui.charts import Figure, FigureStrip

_BEFORE = 2  # figures of the ageing that stand before them: receivables, overdue


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast all customers pay, at the end of a day.

    Attributes:
        dso: days by count-back; at_least: the sales known do not reach back far enough.
        simple: days by the simple formula over twelve months, None when nothing was sold in them.
        from_on: the first day of the quarter of `as_of`, from which on `cei` counts.
        cei: percent, None when nothing could be collected.
    """

    as_of: date
    currency: str
    dso: Decimal
    at_least: bool
    simple: Decimal | None
    from_on: date
    cei: Decimal | None


def quarter_of(day: date) -> date:
    """The first day of a day's quarter."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def pace_figures(pace: Pace | None) -> list[Figure]:
    """DSO and CEI as figures, with the day or period that they are of and their formula; None is not known yet."""
    dso = cei = "…"
    at = period = simple = ""
    if pace is not None:
        days = tr("{n} days", n=formats.number(pace.dso, 1))
        dso = tr("at least {days}", days=days) if pace.at_least else days
        cei = formats.percent(pace.cei) if pace.cei is not None else formats.NOTHING
        at = tr("all customers, {day}", day=formats.day(pace.as_of))
        period = f"{formats.short_day(pace.from_on)} – {formats.day(pace.as_of)}"
        if pace.simple is not None:
            simple = tr("Simple, over 12 months: {n} days.", n=formats.number(pace.simple, 1))
    counted = tr("Days of sales that customers still owe: sales with VAT are taken off the receivables month by month, "
                 "newest first, until they no longer fit; of that month counts the share of its days.")  # fmt: skip
    index = tr("Collected of what could be collected this quarter: (opening + sales − closing) ÷ (opening + sales − "
               "closing not due) × 100, over all customers; sales with VAT, advances taken off.")  # fmt: skip
    return [
        Figure(tr("DSO, count-back"), dso, at, tip=f"{counted} {simple}".strip()),
        Figure(tr("CEI this quarter"), cei, period, tip=index),
    ]


class AgeingStrip(FigureStrip):
    """The figures of an ageing with DSO and CEI between them."""

    def __init__(self) -> None:
        self._plain: list[Figure] = []
        self.pace: Pace | None = None
        super().__init__()

    def set_figures(self, figures: Sequence[Figure]) -> None:
        """Shows the sums of another ageing."""
        self._plain = list(figures)
        between = pace_figures(self.pace) if figures else []
        super().set_figures([*figures[:_BEFORE], *between, *figures[_BEFORE:]])

    def show_pace(self, pace: Pace | None) -> None:
        """Shows how fast customers pay; None while that is asked for."""
        self.pace = pace
        self.set_figures(self._plain)
