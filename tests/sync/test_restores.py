"""A few random restores and clones in every run; five hundred by command (README.md)."""

from __future__ import annotations

import pytest

from tests.sync import restore_faults
from tests.sync.restores import EVENTS, one

SEEDS = (3, 11, 24, 42)
"""Between them they have every kind of restore and clone."""


def test_random_restores_and_clones_lose_nothing_and_give_no_number_twice() -> None:
    met: set[str] = set()
    for seed in SEEDS:
        why, events, *_ = one(seed)
        assert not why, f"seed {seed}: {why}"
        met.update(events)
    assert len(met) >= 6 and met <= set(EVENTS)


@pytest.mark.parametrize("fault", restore_faults.FAULTS, ids=lambda fault: fault.name)
def test_every_fault_can_still_be_planted(fault: restore_faults.Fault) -> None:
    for file, before, _ in fault.edits:
        text = (restore_faults.ROOT / file).read_text("utf-8")
        assert text.count(before) == 1, f"{file}: {before}"
