"""The reports on receivables as a script sees them: documents, tables, files, what is refused."""

from __future__ import annotations

import json
from typing import Any

import openpyxl
import pytest

from tests.e2e.test_commands import I1, A, B, Desk, account, desk, invoice

__all__ = ["desk"]
P1 = "018f0000-0000-7000-8000-000000000201"
R1 = "018f0000-0000-7000-8000-000000000301"
AL = "018f0000-0000-7000-8000-000000000401"
BALANCE = ("not_due", "overdue", "unallocated", "balance")
DUE = "2026-03-31"


@pytest.fixture
def books(desk: Desk) -> Desk:
    """One customer with an invoice of 3,650,000 due on 31 March 2026, paid by a third on 30 April."""
    desk.init()
    part = {"entity": "instalment", "id": P1, "invoice": I1, "place": 1, "amount": 3_650_000, "due_on": DUE}
    paid = {"entity": "receipt", "id": R1, "account": A, "received_on": "2026-04-30", "amount": 1_300_000}
    laid = {"entity": "allocation", "id": AL, "instalment": P1, "receipt": R1, "amount": 1_200_000}
    loaded = desk.load(
        account(A, "Đặng"),
        invoice(I1, A, net=3_379_630, total=3_650_000),
        part,
        paid,
        {**laid, "allocated_on": "2026-04-30"},
    )
    assert loaded.status == 0, loaded
    return desk


def asked(books: Desk, *words: str) -> Any:
    answer = books.run("report", *words, "--json")
    assert answer.status == 0, answer
    return answer.document


def sums(*amounts: int) -> dict[str, int]:
    return dict(zip(BALANCE, amounts, strict=True))


def test_statement(books: Desk) -> None:
    document = asked(books, "statement", A, "--from", "2026-03-02", "--to", "2026-05-01")
    [row] = document.pop("rows")
    assert row == {
        "on": "2026-04-30",
        "kind": "receipt",
        "document": R1,
        "number": "",
        "amount": -1_300_000,
        "balance": 2_350_000,
    }
    assert document == {
        "account": A,
        "name": "Đặng",
        "from": "2026-03-02",
        "to": "2026-05-01",
        "currency": "VND",
        "opening": 3_650_000,
        "raised": 0,
        "lowered": 1_300_000,
        "closing": 2_350_000,
        "currencies": [],
    }
    assert asked(books, "statement", A.upper(), "--as-of", "2026-03-31")["closing"] == 3_650_000
    table = books.run("report", "statement", A, "--as-of", "2026-05-01").out
    assert "3,650,000" in table and "2,350,000" in table and "Payment" in table
    assert books.run("report", "statement", B, "--json").codes == ["missing"]
    refused = books.run("report", "statement", A, "--from", "2026-05-02", "--to", "2026-05-01", "--json")
    assert (refused.status, refused.codes) == (1, ["period"])
    assert books.run("report", "statement").status == 2


def test_dso(books: Desk) -> None:
    document = asked(books, "dso", "--as-of", "2026-03-31", "--months", "2")
    assert document["receivable"] == sums(3_650_000, 0, 0, 3_650_000)
    assert (document["count_back"], document["at_least"], document["simple"]) == (31.0, False, 59.0)
    assert document["months"] == [{"month": "2026-02", "sales": 0}, {"month": "2026-03", "sales": 3_650_000}]
    assert (document["from"], document["days"], document["sales"]) == ("2026-02-01", 59, 3_650_000)
    stopped = asked(books, "dso", "--as-of", "2026-05-01")
    assert (stopped["count_back"], stopped["at_least"]) == (0.0, True)  # nothing sold in May
    assert "at least" in books.run("report", "dso", "--as-of", "2026-05-01").out
    assert books.run("report", "dso", "--months", "500", "--json").codes == ["months"]
    assert books.run("report", "dso", "--months", "0").status == 2


def test_cei(books: Desk) -> None:
    document = asked(books, "cei", "--from", "2026-04-01", "--to", "2026-04-30")
    assert document == {
        "from": "2026-04-01",
        "to": "2026-04-30",
        "currency": "VND",
        "opening": sums(3_650_000, 0, 0, 3_650_000),
        "sales": 0,
        "closing": sums(0, 2_450_000, 100_000, 2_350_000),
        "cei": 34.7,  # 1,300,000 of the 3,750,000 that the formula lets be collected, advances off both
        "currencies": [],
    }
    assert asked(books, "cei", "--as-of", "0001-01-02")["from"] == "0001-01-01"
    nothing = books.run("report", "cei", "--from", "2020-01-01", "--to", "2020-01-31")
    assert nothing.status == 0 and "n/a" in nothing.out
    refused = books.run("report", "cei", "--from", "2026-05-02", "--to", "2026-05-01", "--json")
    assert (refused.status, refused.codes) == (1, ["period"])


def test_provision(books: Desk) -> None:
    document = asked(books, "provision", "--as-of", "2026-09-30")
    tier = {"months": 6, "percent": 30.0, "instalments": 1, "overdue": 2_450_000, "amount": 735_000}
    assert document["rows"] == [
        {
            "account": A,
            "name": "Đặng",
            "tiers": [tier],
            "overdue": 2_450_000,
            "amount": 735_000,
            "unallocated": 100_000,
        }
    ]
    assert document["total"] == {"overdue": 2_450_000, "amount": 735_000} and "48/2019" in document["source"]
    assert asked(books, "provision", "--as-of", "2026-09-29")["total"]["amount"] == 0
    assert "735,000" in books.run("report", "provision", "--as-of", "2026-09-30").out
    assert books.run("report", "provision", "--as-of", "2019-01-01", "--json").codes == ["no_table"]


def test_interest(books: Desk) -> None:
    document = asked(books, "interest", "--as-of", "2026-04-30", "--percent", "10")
    [row] = document["rows"]
    # 29 days on 3,650,000 at 1,000 a day, the 30th on 2,450,000
    assert row["open_days"] == 29 * 3_650_000 + 2_450_000 and row["days"] == 30
    assert row["amount"] == document["total"] == 29_671 and document["provisional"] is True
    assert (row["account"], row["invoice"], row["instalment"], row["due_on"]) == (A, I1, P1, DUE)
    assert asked(books, "interest", "--as-of", DUE, "--percent", "9.5", "--account", A)["rows"] == []
    assert "29,671" in books.run("report", "interest", "--as-of", "2026-04-30", "--percent", "10").out
    assert books.run("report", "interest", "--percent", "-1", "--json").codes == ["bad_rate"]
    assert books.run("report", "interest", "--percent", "1", "--account", B, "--json").codes == ["missing"]
    by_rule = asked(books, "interest", "--as-of", "2026-04-30", "--rate", "10")
    assert {**by_rule, "source": ""} == document
    for percent in (("--percent", "NaN"), ("--percent", "1e9"), ("--percent", "ten")):
        assert books.run("report", "interest", *percent).status == 2


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("statement", [A]),
        ("dso", []),
        ("cei", []),
        ("provision", []),
        ("interest", ["--percent", "10"]),
    ],
)
def test_into_files(books: Desk, name: str, more: list[str]) -> None:
    words = ["report", name, *more, "--as-of", "2026-10-31"]
    for ending in ("xlsx", "csv"):
        file = books.folder / f"{name}.{ending}"
        assert books.run(*words, "-o", str(file)).status == 0
        assert file.stat().st_size > 20
    sheet = openpyxl.load_workbook(books.folder / f"{name}.xlsx").active
    assert sheet is not None
    assert any(isinstance(cell.value, int | float) for row in sheet.iter_rows() for cell in row)
    told = books.run(*words, "-o", str(books.folder / "again.csv"), "--json").document
    assert told["rows"] >= 1
    assert books.run(*words, "-o", str(books.folder / "x.doc"), "--json").codes == ["unknown_form"]
    assert books.run(*words, "--currency", "ZZZ", "--json").codes == ["unknown_currency"]
    vietnamese = books.plain(*words, "--profile", str(books.folder / "profile"), "--lang", "vi")
    assert vietnamese.status == 0 and vietnamese.out


def test_the_ageing_tells_what_waits_and_what_is_only_reported(books: Desk) -> None:
    [firm] = [json.loads(line) for line in books.run("dump", "--entity", "firm").out.splitlines()]
    late = "018f0000-0000-7000-8000-000000000102"
    loaded = books.load(
        {**firm, "confirmation_begins_on": "2026-05-01"},
        invoice(late, A, number="8", net=1_000_000, total=1_000_000, issued_on="2026-04-01"),
        {"entity": "instalment", "id": P1[:-1] + "2", "invoice": late, "place": 1, "amount": 1_000_000,
         "steps": ["days 15"], "from_papers": True},
        {"entity": "receipt", "id": R1[:-1] + "2", "account": A, "received_on": "2026-05-02", "amount": 700_000},
        {"entity": "receipt", "id": R1[:-1] + "3", "account": A, "received_on": "2026-05-02", "amount": 900_000},
        {"entity": "receipt_decision", "id": AL[:-1] + "2", "receipt": R1[:-1] + "3", "verdict": "rejected",
         "reason": "Not on the statement", "decided_at": "2026-05-03T01:00:00Z"},
    )  # fmt: skip
    assert loaded.status == 0, loaded
    answer = books.run("report", "ageing", "--as-of", "2026-05-31", "--json")
    [row] = answer.document["rows"]
    keys = ["account", "name", "not_due", "1-30", "31-60", "61-90", "91-180", ">180", "unallocated", "balance"]
    assert list(row) == [*keys, "waiting", "reported"]
    assert list(answer.document["total"]) == list(row)[2:]
    assert (row["not_due"], row["31-60"], row["waiting"], row["reported"]) == (1_000_000, 0, 1_000_000, 700_000)
    assert (row["61-90"], row["unallocated"], row["balance"]) == (2_450_000, 100_000, 3_350_000)
    assert "1,000,000 VND of what is not due waits for papers" in answer.err
    assert "700,000 VND was received but not confirmed" in answer.err
    table = books.run("report", "ageing", "--as-of", "2026-05-31").out
    assert "Waiting for papers (in not due)" in table and "Reported, not confirmed" in table
    before = books.run("report", "ageing", "--as-of", "2026-03-31").out
    assert "Waiting" not in before and "Reported" not in before
    statement = asked(books, "statement", A, "--as-of", "2026-05-31")
    assert statement["closing"] == 3_350_000 and R1[:-1] + "3" not in {row["document"] for row in statement["rows"]}


def test_interest_and_provision_go_by_the_firms_rules(books: Desk) -> None:
    rules = [json.loads(line) for line in books.run("dump", "--entity", "rule").out.splitlines()]
    rate = next(rule for rule in rules if rule["kind"] == "late_interest")
    tier = next(rule for rule in rules if rule["kind"] == "provision" and rule["months"] == 6)
    loaded = books.load({**rate, "percent": "20", "source": "HĐ khung"}, {**tier, "percent": "40"})
    assert loaded.status == 0, loaded
    found = asked(books, "interest", "--as-of", "2026-04-30")
    assert (found["percent"], found["total"], found["source"]) == (20.0, 59_342, "HĐ khung")
    assert "20 % a year by the firm's rule: HĐ khung." in books.run("report", "interest", "--as-of", "2026-04-30").err
    assert asked(books, "provision", "--as-of", "2026-09-30")["total"]["amount"] == 980_000


def test_promises(books: Desk) -> None:
    word = {"entity": "promise_to_pay", "account": A, "promised_on": "2026-04-20", "pay_on": "2026-05-02"}
    loaded = books.load(
        {**word, "id": P1[:-1] + "7", "invoice": I1, "amount": 1_200_000},
        {**word, "id": P1[:-1] + "8", "amount": 1_300_000},
        {**word, "id": P1[:-1] + "9", "amount": 1_300_000, "currency": "USD"},
    )
    assert loaded.status == 0, loaded
    found = asked(books, "promises", "--from", "2026-05-01", "--to", "2026-05-31")
    assert [(row["number"], row["paid"], row["state"]) for row in found["rows"]] == [
        ("1", 1_200_000, "kept"),
        ("", 1_200_000, "broken"),  # what is laid against nothing pays no invoice
    ]
    assert (found["kept"], found["ended"], found["share_kept"], found["currencies"]) == (1, 2, 50.0, ["USD"])
    assert asked(books, "promises", "--from", "2026-05-01", "--as-of", "2026-05-02")["rows"][1]["state"] == "open"
    shown = books.run("report", "promises", "--as-of", "2026-05-31", "--account", A)
    assert "Broken promise" in shown.out and "1 of 2 promises were kept: 50" in shown.err
    assert books.run("report", "promises", "--account", B, "--json").codes == ["missing"]
    assert asked(books, "promises", "--as-of", "2026-05-01")["share_kept"] is None
