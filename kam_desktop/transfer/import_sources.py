"""Opens the files of an import: folders, tables and e-invoices taken apart, nothing decided."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import N_
from kam_desktop.transfer import einvoice, sheets

MOST_FILES: Final = 20_000
"""E-invoices of one folder: a whole disk chosen by mistake is refused."""


@dataclass(frozen=True)
class Sources:
    """Files that were read and taken apart; nothing of them was decided yet.

    Attributes:
        files: the paths as given, folders opened, in order.
        tables: per path the sheets of a table and the old encoding it was in.
        invoices: per path the e-invoices.
        problems: per path why it cannot be read.
    """

    files: tuple[Path, ...]
    tables: dict[Path, tuple[tuple[sheets.Sheet, ...], str]]
    invoices: dict[Path, einvoice.FileOfInvoices]
    problems: dict[Path, Problem]
    in_folders: frozenset[Path] = frozenset()


def read(
    paths: Sequence[Path],
    cancelled: Callable[[], bool] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Sources:
    """Reads every file, folders with what lies in them, in confined children. Raises Refused (cancelled) only.

    Run it on the lane for files: it takes up to ten seconds a file. A file that cannot be read carries its problem.
    """
    files, in_folders, problems = _opened(paths, cancelled)
    tables: dict[Path, tuple[tuple[sheets.Sheet, ...], str]] = {}
    for path in files:
        if path in problems or einvoice.is_einvoice(path):
            continue
        try:
            tables[path] = sheets.read_sheets(path, cancelled)
        except Refused as refused:
            if refused.problems[0].code == "cancelled":
                raise
            problems[path] = refused.problems[0]
    wanted = [path for path in files if einvoice.is_einvoice(path) and path not in problems]
    invoices = {each.path: each for each in einvoice.read_files(wanted, cancelled, progress)}
    problems.update({path: each.problem for path, each in invoices.items() if each.problem is not None})
    return Sources(tuple(files), tables, invoices, problems, frozenset(in_folders))


def _opened(
    paths: Iterable[Path], cancelled: Callable[[], bool] | None
) -> tuple[list[Path], set[Path], dict[Path, Problem]]:
    files: dict[Path, None] = {}
    in_folders: set[Path] = set()
    problems: dict[Path, Problem] = {}
    for path in paths:
        if not path.is_dir():
            files[path] = None
            continue
        found = _invoices_in(path, cancelled)
        if not found:
            files[path] = None
            problems[path] = Problem(path.name, "no_invoices", "There is no e-invoice (XML or ZIP) in this folder.")
        if len(found) > MOST_FILES:
            files[path] = None
            message = N_("This folder holds more than {limit} e-invoices: bring them in by smaller folders.")
            problems[path] = Problem(path.name, "too_many_files", message, {"limit": str(MOST_FILES)})
            continue
        for each in found:
            files[each] = None
            in_folders.add(each)
    return list(files), in_folders, problems


def _invoices_in(folder: Path, cancelled: Callable[[], bool] | None) -> list[Path]:
    found: list[Path] = []
    for place, _, names in os.walk(folder):
        if cancelled is not None and cancelled():
            raise Refused(Problem("", "cancelled", "Cancelled; nothing was changed."))
        paths = (Path(place, name) for name in names)
        found += (each for each in paths if einvoice.is_einvoice(each) and each.is_file())
        if len(found) > MOST_FILES:
            break
    return sorted(found)
