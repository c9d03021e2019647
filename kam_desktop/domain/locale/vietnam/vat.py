"""Rates of value added tax: how they are written, and the dated table that a new firm starts from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from kam_desktop.domain.errors import Problem, Refused

NOT_SUBJECT = "KCT"  # không chịu thuế: not subject to the tax
NOT_DECLARED = "KKKNT"  # không kê khai, tính nộp thuế: not declared
CHOICES = ("8%", "10%", "5%", "0%", NOT_SUBJECT, NOT_DECLARED)


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate as e-invoices write it.

    Attributes:
        code: "8%", "0%", "KCT", "KKKNT", "KHAC:08.00%"; each is a rate group of its own.
        percent: None where no tax is computed (KCT, KKKNT).
    """

    code: str
    percent: Decimal | None


_PERCENT = re.compile(r"(\d{1,2}(?:[.,]\d{1,4})?)\s*%?")
_OTHER = re.compile(r"KHAC\s*:?\s*(\d{1,2}(?:[.,]\d{1,4})?)\s*%?")
_FRACTION = re.compile(r"0[.,]\d{1,4}")


def read(text: str, where: str = "tax_rate") -> Rate:
    """The rate that a text means: "8", "8%", "8.0 %", "KCT", "KHAC:08.00%". Refused when it is none.

    Of "other" rates (KHAC) the spelling stays as printed, because each spelling is a group on the invoice.
    """
    folded = " ".join(text.upper().split())
    if folded in (NOT_SUBJECT, NOT_DECLARED):
        return Rate(folded, None)
    other = _OTHER.fullmatch(folded)
    if other:
        return Rate(folded.replace(" ", ""), Decimal(other[1].replace(",", ".")))
    plain = _PERCENT.fullmatch(folded)
    # 0.08 out of a sheet may be 8 % or a slip: it is asked for again
    if plain and not (_FRACTION.fullmatch(folded) and Decimal(folded.replace(",", "."))):
        percent = Decimal(plain[1].replace(",", "."))
        return Rate(f"{percent.normalize():f}%", percent)
    raise Refused(Problem(where, "unknown_tax_rate", "“{text}” is not a tax rate.", {"text": text.strip()[:20]}))


@dataclass(frozen=True, slots=True)
class RateRule:
    """A rate in force over a span of days, for a kind of goods or services.

    Attributes:
        kind: "standard", or "reduced" for what the temporary lowering of the standard rate covers.
        valid_to: the last day, None while no end is known.
        source: the paper that says so.
    """

    kind: str
    rate: str
    valid_from: date
    valid_to: date | None
    source: str


# Seeds for the firm's own, editable table. Whether a line is covered by the lowering is the user's answer: telecoms,
# finance, insurance, real estate, metals, mining and goods under special consumption tax are not.
SEEDS: tuple[RateRule, ...] = (
    RateRule("standard", "10%", date(2009, 1, 1), None, "Law 13/2008/QH12; Law 48/2024/QH15"),
    RateRule("reduced", "8%", date(2022, 2, 1), date(2022, 12, 31), "Decree 15/2022/NĐ-CP"),
    RateRule("reduced", "8%", date(2023, 7, 1), date(2023, 12, 31), "Decree 44/2023/NĐ-CP"),
    RateRule("reduced", "8%", date(2024, 1, 1), date(2024, 6, 30), "Decree 94/2023/NĐ-CP"),
    RateRule("reduced", "8%", date(2024, 7, 1), date(2024, 12, 31), "Decree 72/2024/NĐ-CP"),
    RateRule("reduced", "8%", date(2025, 1, 1), date(2025, 6, 30), "Decree 180/2024/NĐ-CP"),
    RateRule("reduced", "8%", date(2025, 7, 1), date(2026, 12, 31), "Resolution 204/2025/QH15; Decree 174/2025/NĐ-CP"),
)


def rule_on(day: date, kind: str = "reduced", rules: Sequence[RateRule] = SEEDS) -> RateRule | None:
    """The rule in force on the day for that kind; of a kind without one, the standard rule; None before any."""
    found: RateRule | None = None
    for wanted in (kind, "standard"):
        fitting = [rule for rule in rules if rule.kind == wanted and _in_force(rule, day)]
        if fitting:
            found = max(fitting, key=lambda rule: rule.valid_from)
            break
    return found


def ends_within(start: date, end: date, rate: str, rules: Sequence[RateRule] = SEEDS) -> RateRule | None:
    """The rule behind `rate` on the first day when another rate follows by the last day: an offer outlives its rate.

    A rule that ends is followed to the next one: a lowering that was prolonged at the same rate is no end.
    """
    for rule in rules:
        if rule.rate == rate and _in_force(rule, start):
            while rule.valid_to is not None and rule.valid_to < end:
                following = after(rule, rules)
                if following is None or following.rate != rate:
                    return rule
                rule = following
    return None


def after(rule: RateRule, rules: Sequence[RateRule] = SEEDS) -> RateRule | None:
    """The rule in force for the same kind on the day after that one's last; None when it has no end, or nothing is."""
    return None if rule.valid_to is None else rule_on(rule.valid_to + timedelta(days=1), rule.kind, rules)


def _in_force(rule: RateRule, day: date) -> bool:
    return rule.valid_from <= day and (rule.valid_to is None or day <= rule.valid_to)
