"""All cases of the hostile corpus, and the run over them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.hostile import archives_corpus, files_corpus, own_corpus, sheets_corpus, xml_corpus
from tests.hostile.cases import CASES, Case
from tests.hostile.doors import prepared
from tests.hostile.measure import Measured, Runner

SOURCES = (archives_corpus, files_corpus, own_corpus, sheets_corpus, xml_corpus)
"""The modules whose cases there are: each adds its own when it is imported."""


def run(folder: Path, cases: Iterable[Case], runner: Runner) -> Iterator[tuple[Case, Measured]]:
    """Every case made, brought to its door, measured and put away again."""
    for case in cases:
        path = prepared(folder, case)
        try:
            yield case, runner.bring(case.door, path)
        finally:
            shutil.rmtree(path.parent, ignore_errors=True)


def every(*, slow: bool = True) -> list[Case]:
    """The cases by name."""
    return [case for _, case in sorted(CASES.items()) if slow or not case.slow]
