"""Versions compared: lines that came, went and changed, each taken once, costs left alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from kam_desktop.domain.entities import ProposalLine
from kam_desktop.domain.figures.comparison import compare


def line(description: str, price: int = 100, **more: Any) -> ProposalLine:
    plain = {"id": "", "version": "", "place": 1, "quantity": Decimal(1), "description": description, "price": price}
    return ProposalLine(**{**plain, **more})


def told(old: list[ProposalLine], new: list[ProposalLine]) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [
        (each.kind, each.old.description if each.old else "", each.new.description if each.new else "", each.fields)
        for each in compare(old, new)
    ]


def test_what_came_went_and_changed() -> None:
    old = [line("A"), line("B"), line("C", 5), line("D")]
    new = [line("A"), line("c", 6), line("E"), line("D", cost=7)]
    assert told(old, new) == [
        ("same", "A", "A", ()),
        ("removed", "B", "", ()),
        ("changed", "C", "c", ("description", "price")),
        ("added", "", "E", ()),
        ("same", "D", "D", ()),
    ]


def test_twins_are_paired_once_and_a_product_keeps_its_line_under_another_name() -> None:
    assert [each[0] for each in told([line("A"), line("A")], [line("A")])] == ["same", "removed"]
    assert [each[0] for each in told([line("A")], [line("A"), line("A")])] == ["same", "added"]
    assert told([line("TVC", product="p")], [line("Phim", product="p")]) == [
        ("changed", "TVC", "Phim", ("description",)),
    ]
    assert told([line("X", section="1"), line("X", section="2")], [line("X", section="2"), line("X", section="1")]) == [
        ("same", "X", "X", ()),
        ("same", "X", "X", ()),
    ]
    assert told([], []) == []
    assert told([line("A")], []) == [("removed", "A", "", ())]
