"""The main job once through, to check by hand: import, ageing, Pareto, find, undo, dump and load."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tests import makers
from tests.e2e.test_commands import A, B, Desk, account, desk  # noqa: F401 — the fixture
from tests.makers import BUYERS, OUR_CODE, OUR_NAME, Bill, L

MILK, DANG, STEEL = BUYERS[0], BUYERS[1], BUYERS[2]  # terms in the list: 45 days, 30 days, none (so the firm's 30)

BILLS = {
    # 100,000,000 less 10,000,000, a gift and a note: net 90,000,000, tax 7,200,000. Due 19 April.
    ("message", "1"): Bill(
        "1", issued_on="2026-03-05", buyer=MILK,
        lines=(L(100_000_000), L(10_000_000, "Chiết khấu", "3"), L(0, "Quà", "2"), L(0, "Ghi chú", "4", rate="KCT")),
    ),
    # Not subject to tax: 20,000,000. Due 9 April.
    ("lookup", "2"): Bill("2", issued_on="2026-03-10", buyer=DANG, lines=(L(20_000_000, rate="KCT"),)),
    # 33,000,000, lowered by 5,500,000 nine days later. Due 1 May.
    ("plain", "3"): Bill("3", issued_on="2026-04-01", buyer=DANG, lines=(L(30_000_000, rate="10%"),)),
    ("namespace", "4"): Bill(
        "4", issued_on="2026-04-10", buyer=DANG, lines=(L(-5_000_000, rate="10%"),), related=("2", "1", "C26TAA", "3")
    ),
    # 12,960,000, which never was: the next one replaces it. 10,800,000, due 24 June.
    ("utf16", "5"): Bill("5", issued_on="2026-05-20", buyer=STEEL, lines=(L(12_000_000),)),
    ("plain", "6"): Bill(
        "6", issued_on="2026-05-25", buyer=STEEL, lines=(L(10_000_000),), related=("1", "1", "C26TAA", "5")
    ),
    # The second one raised by 1,000,000. Due 15 May.
    ("prefix", "7"): Bill(
        "7", issued_on="2026-04-15", buyer=DANG, lines=(L(1_000_000, rate="KCT"),), related=("2", "1", "C26TAA", "2")
    ),
    # Two rates: 15,000,000 and 800,000 of tax. Due 4 August.
    ("bom", "8"): Bill("8", issued_on="2026-06-20", buyer=MILK, lines=(L(10_000_000), L(5_000_000, rate="KCT"))),
    # Bought by us: no money due to us.
    ("plain", "9"): Bill("9", issued_on="2026-06-01", seller=MILK, buyer=(OUR_NAME, OUR_CODE)),
}  # fmt: skip


def write_files(folder: Path) -> list[str]:
    """The account list and the folder of e-invoices, the last of them in an archive of its own."""
    table = makers.write_accounts(folder / "khách hàng.xlsx")
    place = folder / "hoá đơn"
    place.mkdir()
    for (envelope, number), bill in BILLS.items():
        content = makers.xml(bill, envelope)
        if number == "8":
            (place / "kèm theo.zip").write_bytes(makers.zipped({"8.xml": content, "mẫu.xsl": b"<x/>"}))
        else:
            (place / f"{number}.xml").write_bytes(content)
    return [str(table), str(place)]


def ageing(desk: Desk) -> Any:  # noqa: F811
    return desk.run("report", "ageing", "--as-of", "2026-06-30", "--json").document


def figures(row: dict[str, Any]) -> dict[str, Any]:
    """A row without its zeros and ids."""
    return {key: value for key, value in row.items() if value and key != "account"}


@pytest.mark.parametrize("order", ["as they lie", "invoices before the list"])
def test_the_main_job_runs_through_on_real_files(desk: Desk, order: str) -> None:  # noqa: F811
    desk.init()
    before = desk.run("dump").out
    files = write_files(desk.folder)
    if order != "as they lie":
        files.reverse()

    done = desk.run("import", *files, "--open", "all", "--json").document
    skipped = [row["reason"] for file in done["files"] for row in file["skipped"]]
    assert skipped == ["A purchase invoice: our firm is the buyer."]
    after = desk.run("dump").out
    kinds = [json.loads(line)["entity"] for line in after.split("\n") if line]
    assert [kinds.count(kind) for kind in ("account", "invoice", "credit_note")] == [3, 7, 1]

    report = ageing(desk)
    assert [figures(row) for row in report["rows"]] == [
        # 72 days late on 30 June, and the one of 20 June
        {"name": MILK[0], "not_due": 15_800_000, "61-90": 97_200_000, "balance": 113_000_000},
        # 82 days: 20,000,000 · 60 days: 33,000,000 − 5,500,000 · 46 days: 1,000,000
        {"name": DANG[0], "31-60": 28_500_000, "61-90": 20_000_000, "balance": 48_500_000},
        # 6 days; the replaced one is gone
        {"name": STEEL[0], "1-30": 10_800_000, "balance": 10_800_000},
    ]
    assert figures(report["total"]) == {
        "not_due": 15_800_000, "1-30": 10_800_000, "31-60": 28_500_000, "61-90": 117_200_000, "balance": 172_300_000,
    }  # fmt: skip

    pareto = desk.run("report", "pareto", "--from", "2026-01-01", "--to", "2026-06-30", "--json").document
    ranked = [tuple(row[key] for key in ("name", "amount", "share", "cumulative", "class")) for row in pareto["rows"]]
    assert ranked == [
        (MILK[0], 105_000_000, 65.22, 65.22, "A"),  # 90 + 15 of 161 million
        (DANG[0], 46_000_000, 28.57, 93.79, "B"),  # 20 + 30 − 5 + 1
        (STEEL[0], 10_000_000, 6.21, 100, "C"),
    ]

    found = desk.run("find", "dang", "--json").document["hits"]
    titles = [hit["title"] for hit in found]
    assert DANG[0] in titles and "Đặng Văn Đức" in titles
    assert DANG[0] in [hit["title"] for hit in desk.run("find", "Đặng", "--json").document["hits"]]

    again = desk.run("import", *files, "--open", "all", "--json").document
    assert again["import"] is None
    assert [file["created"] + file["updated"] for file in again["files"]] == [0] * len(again["files"])
    assert desk.run("dump").out == after

    undone = desk.run("undo", str(done["import"]), "--json")
    assert undone.status == 0 and undone.document["kept"] == []
    assert desk.run("dump").out == before
    assert ageing(desk)["total"]["balance"] == 0 and ageing(desk)["rows"] == []
    assert desk.run("find", "dang", "--json").document["hits"] == []


def test_a_dump_loaded_into_a_fresh_profile_gives_the_same_dump(desk: Desk) -> None:  # noqa: F811
    desk.init()
    desk.run("import", *write_files(desk.folder), "--json")
    composed = unicodedata.normalize("NFC", "Đặng Thị Ngọc Diễm")
    taken_apart = unicodedata.normalize("NFD", composed)
    assert composed != taken_apart
    desk.load(
        account(A, f"Công ty {composed}", internal_note=f"{taken_apart}\nhai dòng", tags=[taken_apart, composed]),
        account(B, f"Công ty {taken_apart}", internal_note="“ngoặc” \t \u2028 \U0001f600 \\ \"", short_name=" đầu "),
        {"entity": "activity", "id": "018f0000-0000-7000-8000-000000000201", "account": A, "kind": "call",
         "at": "2026-05-05T08:00:00.000000Z", "subject": taken_apart},
    )  # fmt: skip
    dumped = desk.run("dump").out
    assert composed in dumped and taken_apart in dumped

    file = desk.folder / "everything.ndjson"
    file.write_text(dumped, "utf-8")
    other = desk.init("second")
    fresh = desk.plain("dump", "--profile", str(other)).out.count("\n")
    loaded = desk.plain("load", str(file), "--profile", str(other), "--json")
    assert loaded.status == 0 and loaded.document["created"] == dumped.count("\n") - fresh
    assert desk.plain("dump", "--profile", str(other)).out == dumped
    for written in (composed, taken_apart, "dang thi ngoc diem"):
        hits = desk.plain("find", written, "--profile", str(other), "--json").document["hits"]
        assert {A, B} <= {hit["id"] for hit in hits}, written
    report = desk.plain("report", "ageing", "--as-of", "2026-06-30", "--profile", str(other), "--json").document
    assert report["total"]["balance"] == 172_300_000
    assert desk.plain("load", str(file), "--profile", str(other), "--json").document["step"] is None
