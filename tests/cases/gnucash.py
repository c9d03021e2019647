"""A customer's account as GnuCash's owner reports work it out, day by day; amounts in cents."""

from __future__ import annotations

from typing import Any

from tests.cases.erpnext import LATER
from tests.cases.receivables import Credit, Fact, Inv, Lay, ReceivablesCase

OWNER = "GnuCash, report/reports/standard/test/test-owner-report.scm"
NEW_OWNER = "GnuCash, report/reports/standard/test/test-new-owner-report.scm"

_BY_DUE_DATE: tuple[Fact, ...] = (
    Inv("current", "1980-05-13", (("1980-07-18", 675),)),
    Inv("30", "1980-04-13", (("1980-06-18", 400),)),
    Inv("60", "1980-03-13", (("1980-05-18", 850),)),
    Inv("90", "1980-02-13", (("1980-04-18", 750),)),
    Inv("old", "1980-01-13", (("1980-03-18", 1_150),)),
    Credit("p1", "1980-03-18", 150),
    Lay("l1", "p1", "old/1", 150, "1980-03-18"),
    Credit("p2", "1980-03-20", 200),
    Lay("l2", "p2", "old/1", 200, "1980-03-20"),
    Inv("200", "1980-04-18", (("1980-04-18", 20_000),)),
    Credit("p3", "1980-04-19", 20_000),
    Lay("l3", "p3", "200/1", 20_000, "1980-04-19"),
    Credit("note", "1980-06-22", 300, "credit_note"),
)

# the balance column, with what is open and free behind it
_OWNER_DAYS: list[tuple[str, dict[str, int], dict[str, int], int]] = [
    ("1980-01-13", {"old/1": 1_150}, {}, 1_150),
    ("1980-02-13", {"old/1": 1_150, "90/1": 750}, {}, 1_900),
    ("1980-03-13", {"old/1": 1_150, "90/1": 750, "60/1": 850}, {}, 2_750),
    ("1980-03-18", {"old/1": 1_000, "90/1": 750, "60/1": 850}, {}, 2_600),
    ("1980-03-20", {"old/1": 800, "90/1": 750, "60/1": 850}, {}, 2_400),
    ("1980-04-13", {"old/1": 800, "90/1": 750, "60/1": 850, "30/1": 400}, {}, 2_800),
    ("1980-04-18", {"old/1": 800, "90/1": 750, "60/1": 850, "30/1": 400, "200/1": 20_000}, {}, 22_800),
    ("1980-04-19", {"old/1": 800, "90/1": 750, "60/1": 850, "30/1": 400}, {}, 2_800),
    ("1980-05-13", {"old/1": 800, "90/1": 750, "60/1": 850, "30/1": 400, "current/1": 675}, {}, 3_475),
    ("1980-06-22", {"old/1": 800, "90/1": 750, "60/1": 850, "30/1": 400, "current/1": 675}, {"note": 300}, 3_175),
]

_JOB: tuple[Fact, ...] = (
    Inv("job", "1980-05-13", (("1980-06-18", 625),)),
    Credit("p", "1980-06-18", 625),
    Lay("l", "p", "job/1", 625, "1980-06-18"),
)

_LINKED: tuple[Fact, ...] = (
    Inv("6.75", "1980-05-13", (("1980-05-13", 675),)),
    Inv("11.50", "1980-01-13", (("1980-01-13", 1_150),)),
    Credit("p1", "1980-03-18", 150),
    Lay("l1", "p1", "11.50/1", 150, "1980-03-18"),
    Credit("p2", "1980-03-20", 200),
    Lay("l2", "p2", "11.50/1", 200, "1980-03-20"),
    Credit("cn3", "1980-06-22", 300, "credit_note"),
    Inv("28", "1980-06-24", (("1980-06-24", 2_800),)),
    Credit("cn27", "1980-06-25", 2_700, "credit_note"),
    Credit("p3", "1980-06-26", 100),
    Lay("l3", "p3", "28/1", 100, "1980-06-26"),
    Lay("l4", "cn27", "28/1", 2_700, "1980-06-26"),
    Credit("p4", "1980-06-28", 16_000),
)
_OPEN = {"11.50/1": 800, "6.75/1": 675}
_LINKED_DAYS: list[tuple[str, dict[str, int], dict[str, int], int]] = [
    ("1980-01-13", {"11.50/1": 1_150}, {}, 1_150),
    ("1980-03-18", {"11.50/1": 1_000}, {}, 1_000),
    ("1980-03-20", {"11.50/1": 800}, {}, 800),
    ("1980-05-13", _OPEN, {}, 1_475),
    ("1980-06-22", _OPEN, {"cn3": 300}, 1_175),
    ("1980-06-24", {**_OPEN, "28/1": 2_800}, {"cn3": 300}, 3_975),
    ("1980-06-25", {**_OPEN, "28/1": 2_800}, {"cn3": 300, "cn27": 2_700}, 1_275),
    ("1980-06-26", _OPEN, {"cn3": 300}, 1_175),
    ("1980-06-28", _OPEN, {"cn3": 300, "p4": 16_000}, -14_825),
]

# linked on the 26th; entered by our verbs the note is laid on the 25th, its own day
_LAID_LATER: dict[str, dict[str, Any]] = {
    "1980-06-25": {
        "entered": ({**_OPEN, "28/1": 100}, {"cn3": 300}),
        "published": "28.00 open and 27.00 free until they are linked the day after",
        "why": LATER,
    },
}

CASES = [
    *(ReceivablesCase(OWNER, f"balance on {day}", _BY_DUE_DATE, day, open_, balance, free)
      for day, open_, free, balance in _OWNER_DAYS),
    ReceivablesCase(
        OWNER, "ageing by due date", _BY_DUE_DATE, "1980-07-01",
        {"old/1": 800, "90/1": 750, "60/1": 850, "30/1": 400, "current/1": 675}, 3_175, {"note": 300},
        edges=(30, 60, 90), not_due=675, overdue=(400, 850, 750, 800),
        published="1.00 in the youngest bucket: 4.00 less the note of 3.00",
        why="buckets hold what is open, gross; free credits stand in a column of their own, the balance is the same",
    ),
    ReceivablesCase(OWNER, "a job before its payment", _JOB, "1980-06-17", {"job/1": 625}, 625),
    ReceivablesCase(OWNER, "a job, paid", _JOB, "1980-06-18", {}, 0),
    *(ReceivablesCase(NEW_OWNER, f"balance on {day}", _LINKED, day, open_, balance, free, **_LAID_LATER.get(day, {}))
      for day, open_, free, balance in _LINKED_DAYS),
]  # fmt: skip
