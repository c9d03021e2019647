"""Tax codes of Vietnam and rates of value added tax: read, checked, never blocked."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.errors import Refused
from kam_desktop.domain.locale.vietnam import tax_code, vat

CASES = [
    # typed, written form, kind, warning
    ("0100233488", "0100233488", "organisation", None),  # documented cases of python-stdnum
    ("0314409058-002", "0314409058-002", "unit", None),
    (" 01 002 334 88 ", "0100233488", "organisation", None),
    ("0100233488-001", "0100233488-001", "unit", None),
    ("0100233488001", "0100233488-001", "unit", None),
    ("0100233488–001", "0100233488-001", "unit", None),
    ("001090012345", "001090012345", "person", None),
    ("999090012345", "999090012345", "person", "unknown_province"),
    ("0101234567", "0101234567", "organisation", "check_digit"),
    ("0101111111", "0101111111", "organisation", "check_digit"),
    ("0302222222", "0302222222", "organisation", "check_digit"),
    ("0100000000", "0100000000", "organisation", "check_digit"),
    ("0123456789", "0123456789", "organisation", "check_digit"),
    ("0312345678", "0312345678", "organisation", "check_digit"),
    ("0109876543", "0109876543", "organisation", "check_digit"),  # remainder 0: no tenth digit fits
    ("0101234567-001", "0101234567-001", "unit", "check_digit"),
    ("0100233488-000", "0100233488-000", "", "odd_tax_code"),
    ("010023348-8001", "010023348-8001", "", "odd_tax_code"),
    ("123", "123", "", "odd_tax_code"),
    ("MST 0100233488", "MST 0100233488", "", "odd_tax_code"),
    ("", "", "", None),
]


@pytest.mark.parametrize(("typed", "written", "kind", "warning"), CASES)
def test_reading(typed: str, written: str, kind: str, warning: str | None) -> None:
    found = tax_code.read(typed)
    assert (found.text, found.kind, found.warning.code if found.warning else None) == (written, kind, warning)
    assert tax_code.is_right(typed) == (bool(typed) and warning is None)
    assert found.warning is None or "{" not in found.warning.english()


@given(st.text(st.sampled_from("0123456789"), min_size=9, max_size=9))
def test_the_check_digit_warns_of_one_wrong_digit(nine: str) -> None:
    tenth = tax_code.check_digit(nine)
    if not tenth:
        assert all(tax_code.read(f"{nine}{last}").warning for last in "0123456789")
        return
    assert tax_code.read(nine + tenth).warning is None
    for place in range(10):
        right = (nine + tenth)[place]
        wrong = (nine + tenth)[:place] + ("1" if right == "0" else "0") + (nine + tenth)[place + 1 :]
        assert tax_code.read(wrong).warning is not None


def test_same() -> None:
    assert tax_code.same("0100233488-001", "0100233488001")
    assert not tax_code.same("0100233488", "0100233488-001")
    assert not tax_code.same("", "")


@pytest.mark.parametrize(
    ("written", "code", "percent"),
    [
        ("8%", "8%", Decimal(8)),
        (" 10 % ", "10%", Decimal(10)),
        ("10", "10%", Decimal(10)),
        ("8,0%", "8%", Decimal(8)),
        ("0%", "0%", Decimal(0)),
        ("0", "0%", Decimal(0)),
        ("0.5%", "0.5%", Decimal("0.5")),
        ("kct", "KCT", None),
        ("KKKNT", "KKKNT", None),
        ("KHAC:08.00%", "KHAC:08.00%", Decimal(8)),
        ("KHAC: 3.5%", "KHAC:3.5%", Decimal("3.5")),
    ],
)
def test_rates_that_are_read(written: str, code: str, percent: Decimal | None) -> None:
    assert vat.read(written) == vat.Rate(code, percent)


@pytest.mark.parametrize("written", ["", "abc", "0.08", "-8%", "100%", "8%%", "KHAC"])
def test_rates_that_are_refused(written: str) -> None:
    with pytest.raises(Refused) as caught:
        vat.read(written)
    assert caught.value.problems[0].where == "tax_rate"


def test_choices_can_be_read() -> None:
    assert tuple(vat.read(choice).code for choice in vat.CHOICES) == vat.CHOICES


@pytest.mark.parametrize(
    ("day", "reduced"),
    [
        ("2021-12-31", "10%"),
        ("2022-02-01", "8%"),
        ("2023-01-01", "10%"),
        ("2023-07-01", "8%"),
        ("2025-06-30", "8%"),
        ("2026-12-31", "8%"),
        ("2027-01-01", "10%"),
    ],
)
def test_the_lowered_rate_by_date(day: str, reduced: str) -> None:
    rule = vat.rule_on(date.fromisoformat(day))
    standard = vat.rule_on(date.fromisoformat(day), "standard")
    assert rule is not None and rule.rate == reduced
    assert standard is not None and standard.rate == "10%"


def test_a_quotation_that_outlives_its_rate() -> None:
    start = date(2026, 12, 20)
    ended = vat.ends_within(start, date(2027, 1, 1), "8%")
    assert ended is not None and ended.valid_to == date(2026, 12, 31)
    assert vat.ends_within(start, date(2026, 12, 31), "8%") is None
    assert vat.ends_within(start, date(2027, 1, 1), "10%") is None
    assert vat.rule_on(date(1990, 1, 1)) is None


def test_spans_of_one_kind_do_not_overlap() -> None:
    reduced = sorted((rule for rule in vat.SEEDS if rule.kind == "reduced"), key=lambda rule: rule.valid_from)
    for earlier, later in pairwise(reduced):
        assert earlier.valid_to is not None and earlier.valid_to < later.valid_from
