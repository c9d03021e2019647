"""Random histories of whole laptops, derandomised and not shrunk; see README.md beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sync.faults import FAULTS
from tests.sync.plant import ROOT
from tests.sync.simulation import run

SEEDS, TOGETHER = 160, 10  # 20,000 and more by `python -m tests.sync.simulate`


@pytest.mark.parametrize("first", range(0, SEEDS, TOGETHER))
def test_histories(first: int) -> None:
    for seed in range(first, first + TOGETHER):
        try:
            run(seed)
        except Exception as error:
            raise AssertionError(f"seed {seed}: python -m tests.sync.simulate --seed {seed} --trace") from error


def test_the_same_seed_gives_the_same_trace() -> None:
    assert [run(seed) for seed in (3, 4)] == [run(seed) for seed in (3, 4)]
    assert run(3) != run(4)


def test_longer_histories() -> None:
    for seed in (1_000_001, 1_000_002):
        run(seed, steps=250)


def test_every_fault_can_still_be_planted() -> None:
    lost = [
        f"{fault.name}: {file}"
        for fault in FAULTS
        for file, before, _ in fault.edits
        if Path(ROOT / file).read_text("utf-8").count(before) != 1
    ]
    assert not lost, lost
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 28
