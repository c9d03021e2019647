"""Merging by field and atomic group: worked cases, and that no order of arrival loses a value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.entities.account import Account
from kam_desktop.domain.entities.proposal import ProposalLine
from kam_desktop.domain.merge import Merged, merge

MINE, OTHER = "laptop-a", "laptop-b"
LINE = {"quantity": "2", "price": 100, "discount_percent": None, "tax_rate": "8%", "description": "Ý tưởng"}


def test_not_concurrent_writes() -> None:
    merged = merge(Account.entity, {"name": "Cũ"}, {"name": "Mới"}, base=7, device=MINE, field_seq={"name": (7, OTHER)})
    assert merged == Merged({"name": "Mới"}, {}, {})


def test_own_newer_write_is_no_conflict() -> None:
    merged = merge(Account.entity, {"name": "Cũ"}, {"name": "Mới"}, base=5, device=MINE, field_seq={"name": (9, MINE)})
    assert merged.write == {"name": "Mới"}
    assert not merged.displaced


def test_latest_stands_and_the_other_value_is_kept() -> None:
    merged = merge(Account.entity, {"name": "Họ"}, {"name": "Tôi"}, base=5, device=MINE, field_seq={"name": (6, OTHER)})
    assert merged == Merged({"name": "Tôi"}, {"name": "Họ"}, {})


def test_equal_values_are_no_conflict() -> None:
    merged = merge(
        Account.entity, {"name": "Như"}, {"name": "Như"}, base=5, device=MINE, field_seq={"name": (6, OTHER)}
    )
    assert merged == Merged({"name": "Như"}, {}, {})


def test_ask_waits_and_the_rest_is_written() -> None:
    merged = merge(
        Account.entity,
        {"payment_days": 45, "industry": ""},
        {"payment_days": 30, "industry": "Thép"},
        base=5,
        device=MINE,
        field_seq={"payment_days": (6, OTHER)},
    )
    assert merged == Merged({"industry": "Thép"}, {}, {"payment_days": 30})


@pytest.mark.parametrize("moved", ["quantity", "price", "discount_percent", "tax_rate"])
def test_an_atomic_group_is_never_mixed_of_two_authors(moved: str) -> None:
    """Somebody moved one field of the price; my patch of another field of it must not join theirs."""
    for mine in {"quantity", "price"} - {moved}:
        value = "9" if mine == "quantity" else 9
        patch = {mine: value, "description": "Khác"}
        merged = merge(ProposalLine.entity, LINE, patch, base=5, device=MINE, field_seq={moved: (6, OTHER)})
        assert merged.asked == {mine: value}
        assert merged.write == {"description": "Khác"}


@given(
    st.dictionaries(st.sampled_from(sorted(LINE)), st.integers(0, 3).map(str)),
    st.dictionaries(st.sampled_from(sorted(LINE)), st.tuples(st.integers(0, 9), st.sampled_from([MINE, OTHER]))),
    st.integers(0, 9),
)
def test_no_value_is_lost(patch: dict[str, Any], field_seq: dict[str, tuple[int, str]], base: int) -> None:
    merged = merge(ProposalLine.entity, LINE, patch, base, MINE, field_seq)
    assert {**merged.write, **merged.asked} == patch
    assert not merged.write.keys() & merged.asked.keys()
    after = {**LINE, **merged.write}
    for name, value in LINE.items():  # what stood there is still there, or kept, or nobody wrote it meanwhile
        seq, device = field_seq.get(name, (0, MINE))
        concurrent = seq > base and device == OTHER
        assert after[name] == value or name in merged.displaced or not concurrent
