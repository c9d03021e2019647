"""Hostile files through every door: the quick corpus, mutations, and the watcher watched.

In full by `python -m tests.hostile --strace` and `python -m tests.hostile.mutations --count 5000`.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import openpyxl
import pytest

from kam_desktop.domain import text
from kam_desktop.transfer import exporter, sheets
from tests.hostile import corpus, mutations
from tests.hostile.cases import CASES, SECRET
from tests.hostile.measure import MOST_BYTES, ROOT, Runner
from tests.unit.test_exporter import PAYLOADS


def test_the_corpus_is_as_wide_as_the_program_has_doors() -> None:
    assert len(CASES) >= 200
    by_door = Counter(case.door for case in CASES.values())
    assert min(by_door[door] for door in ("import", "opening", "load", "backup", "keys", "template")) >= 5
    assert sum(each.wanted == "refused" for each in CASES.values()) >= 100


@pytest.mark.timeout(300)
@pytest.mark.parametrize("share", range(4))
def test_every_hostile_file_is_refused_or_read_within_the_limits(tmp_path: Path, share: int) -> None:
    runner = Runner(tmp_path)
    faults = {}
    for case, measured in corpus.run(tmp_path, corpus.every(slow=False)[share::4], runner):
        if wrong := measured.faults(case.wanted):
            faults[case.name] = wrong
    runner.close()
    assert faults == {}


@pytest.mark.timeout(300)
def test_mutations_are_refused_or_read_within_the_limits(tmp_path: Path) -> None:
    found = list(mutations.run(tmp_path, range(200), seed=7))
    assert len(found) == 200
    assert {number: each.faults() for number, each in found if each.faults()} == {}
    assert {each.outcome for _, each in found} == {"read", "refused"}


def test_the_watcher_sees_a_planted_open_and_a_planted_socket(tmp_path: Path) -> None:
    secret = tmp_path / SECRET
    secret.write_text("secret", "utf-8")
    command = [sys.executable, "-m", "tests.hostile.planted", str(secret)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    seen = json.loads(done.stdout)
    for place in ("here", "open", "fenced"):
        opened, asked = seen[place]
        assert any("socket." in each for each in asked), place
        assert place == "fenced" or any(SECRET in each for each in opened), place
    assert seen["open answer"] == "secret"
    assert "PermissionError" in seen["fenced answer"] or "OSError" in seen["fenced answer"]
    assert seen["allowed"] == [[], []]
    if sys.platform == "linux":
        assert 5_000_000 < seen["open bytes"] < MOST_BYTES


def test_marks_on_one_letter_are_bounded_and_languages_keep_theirs() -> None:
    heap = "a" + "\u0301\u0323" * 50_000 + " Đặng"
    assert len(text.nfc(heap)) < 50
    assert text.nfc(heap).endswith(" Đặng")
    for kept in ("Đặng Gia Phát", "e\u0323\u0302" * 200, "数据" * 100, "ก็" * 100, "a" + "\u0301" * 30):
        assert text.nfc(kept) == __import__("unicodedata").normalize("NFC", kept)


# --- exports ---------------------------------------------------------------------------------------------------------


def test_every_export_goes_through_the_one_writer_that_knows_formulas() -> None:
    """No other module makes a workbook or a CSV file; the tour writes tables of its own invention to import them."""
    makers = set()
    for path in (ROOT / "kam_desktop").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            if "xlsxwriter" in names or "openpyxl" in names:
                makers.add(path.name)
            if isinstance(node, ast.Attribute) and node.attr == "writer" and isinstance(node.value, ast.Name):
                if node.value.id == "csv":
                    makers.add(path.name)
    assert makers - {"tour.py"} == {"exporter.py"}


@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
def test_payloads_in_titles_and_cells_are_no_formulas_and_come_back_as_they_were(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    titles = ["Tên KH", *PAYLOADS[:3]]
    payloads = [each for each in PAYLOADS if each.strip()]  # a cell of blanks is a blank cell
    exporter.write_table(path, titles, [[each] * 4 for each in payloads])
    if ending == ".xlsx":
        sheet = openpyxl.load_workbook(path).active
        assert sheet is not None
        cells = [cell for row in sheet.iter_rows() for cell in row]
        assert not [cell.value for cell in cells if cell.data_type == "f" or cell.hyperlink is not None]
    rows = sheets.read_sheets(path)[0][0].rows
    assert [str(each) for each in rows[0].cells] == titles
    assert [[str(cell) for cell in row.cells] for row in rows[1:]] == [[each] * 4 for each in payloads]
