"""The records that a new Vietnamese firm starts from: dated rules, payment terms, reminders."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from kam_desktop.domain.entities.firm import Rule
from kam_desktop.domain.entity import Record
from kam_desktop.domain.ids import derived
from kam_desktop.domain.locale.vietnam import dunning, provision_table, terms, vat

LATE_INTEREST_PERCENT = Decimal(10)
"""A year, where parties agreed on interest but not on its rate (Civil Code 2015 art. 468.2, by art. 357)."""
_CIVIL_CODE_BEGINS_ON = date(2017, 1, 1)

# The papers by their own names: a source is looked up, so it is not translated.
_PAPERS = {
    "Resolution": "Nghị quyết",
    "Decree": "Nghị định",
    "Circular": "Thông tư",
    "Law": "Luật",
    "art.": "Điều",
}


def _source(english: str) -> str:
    for word, own in _PAPERS.items():
        english = english.replace(word, own)
    return english


def rules() -> tuple[Rule, ...]:
    """The dated rules, under ids of their kind, category and first day: the same on every laptop."""
    found = [
        Rule(
            id=_id("vat", each.kind, each.valid_from),
            kind="vat",
            category=each.kind,
            name=f"Thuế GTGT {each.rate.removesuffix('%')} %" + (" (giảm thuế)" if each.kind == "reduced" else ""),
            rate=each.rate,
            begins_on=each.valid_from,
            ends_on=each.valid_to,
            source=_source(each.source),
        )
        for each in vat.SEEDS
    ]
    for table in provision_table.SEEDS:
        found += [
            Rule(
                id=_id("provision", str(tier.months), table.valid_from),
                kind="provision",
                name=f"Dự phòng nợ quá hạn từ {tier.months} tháng",
                months=tier.months,
                percent=tier.percent,
                begins_on=table.valid_from,
                ends_on=table.valid_to,
                source=_source(table.source),
            )
            for tier in table.tiers
        ]
    found.append(
        Rule(
            id=_id("late_interest", "", _CIVIL_CODE_BEGINS_ON),
            kind="late_interest",
            name="Lãi chậm trả khi không thoả thuận mức lãi",
            percent=LATE_INTEREST_PERCENT,
            begins_on=_CIVIL_CODE_BEGINS_ON,
            source="Bộ luật Dân sự 2015 Điều 468",
        )
    )
    return tuple(found)


def _id(kind: str, category: str, begins_on: date) -> str:
    return derived("rule", kind, category, begins_on.isoformat())


def payment_terms() -> tuple[Record, ...]:
    """The usual payment terms and their lines, each term before its lines."""
    return tuple(record for term, lines in terms.presets() for record in (term, *lines))


def records() -> tuple[Record, ...]:
    """Everything that a new firm starts from."""
    return (*rules(), *payment_terms(), *dunning.steps())
