"""The report worklist as a script sees it: document, table, file, what is refused."""

from __future__ import annotations

import openpyxl

from tests.e2e.test_commands import I1, A, B, Desk, desk
from tests.e2e.test_receivable_reports import P1, asked, books

__all__ = ["books", "desk"]
EVENT = "018f0000-0000-7000-8000-000000000501"


def test_worklist(books: Desk) -> None:
    document = asked(books, "worklist", "--as-of", "2026-05-15")
    [row] = document["rows"]
    assert row == {
        "account": A,
        "name": "Đặng",
        "invoice": I1,
        "number": row["number"],
        "instalment": P1,
        "due_on": "2026-03-31",
        "days": 45,
        "open": 2_450_000,
        "reached": 0,
        "group": "today",
        "reason": "step_due",
        "action": "letter",
        "step": 4,
        "day": "2026-03-31",
        "until": None,
        "percent": 0,
        "chance": 0.05,
        "gain": 122_500,
    }
    assert document["sums"]["today"] == {"count": 1, "open": 2_450_000}
    assert asked(books, "worklist", "--as-of", "2026-03-20")["rows"] == [], "it is not due within a week"
    assert asked(books, "worklist", "--as-of", "2026-05-15", "--account", B)["rows"] == []
    shown = books.run("report", "worklist", "--as-of", "2026-05-15", "--order", "age")
    assert "45 days overdue: reminder step 4 is due." in shown.out


def test_a_reminder_that_was_loaded_counts(books: Desk) -> None:
    event = {"entity": "dunning_event", "id": EVENT, "account": A, "invoice": I1, "step": 4, "channel": "letter"}
    loaded = books.load({**event, "reminded_at": "2026-05-14T10:30:00Z"})
    assert loaded.status == 0, loaded
    [row] = asked(books, "worklist", "--as-of", "2026-05-15")["rows"]
    assert (row["group"], row["reason"], row["until"], row["reached"]) == ("waiting", "reminded", "2026-05-21", 4)


def test_into_a_workbook(books: Desk) -> None:
    target = books.folder / "worklist.xlsx"
    assert books.run("report", "worklist", "--as-of", "2026-05-15", "-o", str(target)).status == 0
    rows = list(openpyxl.load_workbook(target).active.iter_rows(values_only=True))
    assert len(rows) == 2
    assert rows[1][0] == "Đặng" and rows[1][5:] == (45, 0, 2_450_000, 122_500)


def test_refused(books: Desk) -> None:
    assert books.run("report", "worklist", "--currency", "ĐÔ", "--json").status == 1
    assert books.run("report", "worklist", "--order", "luck").status == 2
