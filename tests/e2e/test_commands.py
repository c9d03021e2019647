"""Every command as a script sees it: documents, statuses, nothing changed when refused, no secrets."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kam_desktop import __version__
from kam_desktop.cli import main as commands
from kam_desktop.cli import profile_opening
from kam_desktop.domain.locale.vietnam import seeds
from kam_desktop.store import profile_lock
from tests import makers
from tests.fakes import MemoryVault
from tests.makers import OUR_CODE, Bill, L

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "mật khẩu rất dài của Lan"
A = "018f0000-0000-7000-8000-00000000000a"
B = "018f0000-0000-7000-8000-00000000000b"
I1 = "018f0000-0000-7000-8000-000000000101"
NOBODY = "018f0000-0000-7000-8000-0000000000ff"


@dataclass
class Answer:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def codes(self) -> list[str]:
        """The codes of the problems that it told."""
        return [problem["code"] for problem in self.document["problems"]]


@dataclass
class Desk:
    """One person's laptop: a profile, a keyring that works, and the commands in this process."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    vault: MemoryVault = field(default_factory=MemoryVault)

    def run(self, *words: str) -> Answer:
        """A command with --profile, in English."""
        return self.plain(*words, "--profile", str(self.folder / "profile"), "--lang", "en")

    def plain(self, *words: str) -> Answer:
        """A command exactly as given."""
        self.capture.readouterr()
        try:
            status = commands.main(list(words), lambda args: 77)
        except SystemExit as end:
            status = int(str(end.code))
        said = self.capture.readouterr()
        return Answer(status, said.out, said.err)

    def init(self, name: str = "profile") -> Path:
        """A fresh profile of our firm."""
        folder = self.folder / name
        recovery = str(self.folder / f"{name}.recovery")
        words = ["init", "--company", makers.OUR_NAME, "--tax-code", OUR_CODE, "--recovery-file", recovery]
        answer = self.plain(*words, "--profile", str(folder))
        assert answer.status == 0, answer
        return folder

    def load(self, *records: dict[str, Any], name: str = "in.ndjson") -> Answer:
        """Loads records from a file of lines."""
        file = self.folder / name
        file.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), "utf-8")
        return self.run("load", str(file), "--json")


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(tmp_path, capsys)
    monkeypatch.setattr(profile_opening, "Vault", lambda: made.vault)
    monkeypatch.setattr(sys, "stdin", open(os.devnull, encoding="utf-8"))  # noqa: SIM115 — never a terminal
    return made


def account(identity: str, name: str, **more: Any) -> dict[str, Any]:
    return {"entity": "account", "id": identity, "name": name, **more}


def invoice(identity: str, of: str, number: str = "1", **more: Any) -> dict[str, Any]:
    plain = {"entity": "invoice", "id": identity, "account": of, "number": number, "issued_on": "2026-03-01"}
    return {**plain, "net": 100, "total": 108, **more}


# --- init ------------------------------------------------------------------------------------------------------------


def test_two_fresh_profiles_of_one_firm_have_equal_dumps(desk: Desk) -> None:
    first, second = desk.init("first"), desk.init("second")
    dumps = [desk.plain("dump", "--profile", str(folder)).out for folder in (first, second)]
    assert dumps[0] == dumps[1] and OUR_CODE in dumps[0] and len(dumps[0].splitlines()) == 2 + len(seeds.records())


def test_init_shows_the_recovery_key_nowhere_but_in_its_file(desk: Desk) -> None:
    folder = desk.folder / "profile"
    file = desk.folder / "key.txt"
    answer = desk.run("init", "--recovery-file", str(file), "--json")
    assert answer.status == 0 and set(answer.document["slots"]) == {"keyring", "recovery"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    groups = next(line for line in file.read_text("utf-8").splitlines() if not line.startswith("#")).split("-")
    assert len(groups) == 13
    assert not any(group in answer.out + answer.err for group in groups)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) in (0o600, 0o700)


def test_init_needs_a_way_back_and_never_overwrites(desk: Desk) -> None:
    refused = desk.run("init", "--json")
    assert (refused.status, refused.codes) == (1, ["no_way_back"])
    assert not (desk.folder / "profile").exists()
    desk.init()
    before = (desk.folder / "profile" / "data.kam").read_bytes()
    again = desk.run("init", "--recovery-file", str(desk.folder / "other.txt"), "--json")
    assert (again.status, again.codes) == (1, ["profile_exists"])
    assert (desk.folder / "profile" / "data.kam").read_bytes() == before
    assert not (desk.folder / "other.txt").exists()
    taken = desk.plain("init", "--profile", str(desk.folder / "new"), "--recovery-file", __file__, "--json")
    assert (taken.status, taken.codes) == (1, ["file_exists"])
    assert not (desk.folder / "new").exists()


def test_init_with_sample_data_is_alike_each_time(desk: Desk) -> None:
    dumps = []
    for name in ("one", "two"):
        folder = str(desk.folder / name)
        recovery = str(desk.folder / f"{name}.txt")
        answer = desk.plain("init", "--demo", "12", "--profile", folder, "--recovery-file", recovery, "--json")
        assert answer.status == 0 and answer.document["records"] > 300
        dumps.append(desk.plain("dump", "--profile", folder).out)
    assert dumps[0] == dumps[1]
    assert sum('"entity":"account"' in line for line in dumps[0].splitlines()) == 12


def test_sample_data_takes_the_name_of_the_firm_that_is_given(desk: Desk) -> None:
    words = ["init", "--demo", "3", "--company", "Hãng Ta", "--tax-code", OUR_CODE]
    assert desk.run(*words, "--recovery-file", str(desk.folder / "key.txt")).status == 0
    firm = json.loads(desk.run("dump", "--entity", "firm").out)
    assert (firm["legal_name"], firm["tax_code"]) == ("Hãng Ta", OUR_CODE)
    assert desk.run("doctor", "--deep", "--json").document["sound"]


# --- where options stand, statuses -----------------------------------------------------------------------------------


def test_common_options_stand_before_or_after_the_command(desk: Desk) -> None:
    folder = str(desk.init())
    before = desk.plain("--profile", folder, "--json", "--lang", "en", "find", "mây")
    after = desk.plain("find", "mây", "--lang", "en", "--json", "--profile", folder)
    assert before == after and before.status == 0


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["report"],
        ["report", "ageing", "--as-of", "31/12/2026"],
        ["report", "pareto", "--from", "20260101"],
        ["find"],
        ["init", "--demo", "-3"],
        ["--lang", "fr", "find", "x"],
        ["import"],
    ],
)
def test_a_wrong_call_is_usage(desk: Desk, words: list[str]) -> None:
    answer = desk.plain(*words)
    assert answer.status == 2 and answer.out == "" and "kam-desktop" in answer.err


def test_without_a_command_the_window_opens(desk: Desk) -> None:
    assert desk.plain("--demo").status == 77 and desk.plain().status == 77 and desk.plain("--tour", "x").status == 77


def test_help_speaks_both_languages_and_names_every_command(desk: Desk) -> None:
    english, vietnamese = desk.plain("--help", "--lang", "en"), desk.plain("--help")
    assert english.status == 0 and vietnamese.status == 0
    names = "init import undo load dump schema show find export report doctor backup restore --demo --tour"
    for name in names.split():
        assert name in english.out and name in vietnamese.out
    assert "Exit status" in english.out and "Exit status" not in vietnamese.out
    assert desk.plain("--version").out == f"KAM Desktop {__version__}\n"


def test_no_profile_is_refused_and_none_is_made(desk: Desk) -> None:
    for words in (["find", "x"], ["dump"], ["undo"], ["report", "ageing"], ["doctor"]):
        answer = desk.run(*words, "--json")
        assert answer.status == 1, words
    assert desk.run("find", "x", "--json").codes == ["no_profile"]
    assert not (desk.folder / "profile").exists()


def test_a_writing_command_waits_for_nobody_a_reading_one_for_none(desk: Desk) -> None:
    folder = desk.init()
    with profile_lock.acquire(folder, program="kam-desktop window"):
        held = desk.run("undo", "--json")
        assert (held.status, held.codes) == (3, ["locked"])
        assert "kam-desktop window" in held.document["problems"][0]["message"]
        vietnamese = desk.plain("undo", "--profile", str(folder))
        assert "đang làm việc" in vietnamese.err or "đang dùng" in vietnamese.err, vietnamese.err
        assert desk.run("find", "mây", "--json").status == 0
    assert desk.run("undo", "--json").codes == ["nothing_to_undo"]


def test_without_any_way_in_the_profile_stays_shut(desk: Desk) -> None:
    folder = desk.init()
    before = (folder / "data.kam").read_bytes()
    desk.vault.failing = "keyring_locked"
    answer = desk.run("dump", "--json")
    assert (answer.status, answer.codes) == (3, ["key_needed"])
    assert (folder / "data.kam").read_bytes() == before


def test_a_missing_or_damaged_database_is_never_replaced(desk: Desk) -> None:
    folder = desk.init()
    data = folder / "data.kam"
    whole = data.read_bytes()
    data.unlink()
    assert desk.run("find", "x", "--json").codes == ["database_missing"]
    assert not data.exists()
    data.write_bytes(b"x" * len(whole))
    answer = desk.run("find", "x", "--json")
    assert (answer.status, answer.codes) == (3, ["damaged"])
    assert data.read_bytes() == b"x" * len(whole)


# --- load and dump ---------------------------------------------------------------------------------------------------


def test_dump_after_load_gives_the_same_lines_in_both_normal_forms(desk: Desk) -> None:
    desk.init("first")
    composed, split = "Đặng Thuỳ Trâm", unicodedata.normalize("NFD", "Đặng Thuỳ Trâm")
    assert composed != split
    records = [
        account(A, composed, tags=["lớn"], credit_limit=5, payment_days=0),
        account(B, split, internal_note="dòng 1\ndòng 2", archived=True),
        invoice(I1, A, exchange_rate="25450.50"),
        {"entity": "activity", "id": B, "account": A, "at": "2026-03-01T02:03:04.5Z", "subject": "Gọi"},
    ]
    records[3]["_extra"] = {"x": [1]}  # of a newer program
    lines = [json.dumps({"_": 0, **record}, ensure_ascii=False) for record in records]
    assert desk.load(account(A, "x"), json.loads(lines[0])).codes  # "_" is no field: refused
    desk.init()
    answer = desk.load(*records)
    assert answer.status == 0, answer
    assert {key: answer.document[key] for key in ("created", "updated", "unchanged")} == {
        "created": 4, "updated": 0, "unchanged": 0,
    }  # fmt: skip
    dumped = desk.run("dump").out
    assert composed in dumped and split in dumped and '"_extra":{"x":[1]}' in dumped and '"credit_limit":5' in dumped
    fresh = desk.init("fresh")
    (desk.folder / "dump.ndjson").write_text(dumped, "utf-8", newline="\n")
    back = desk.plain("load", str(desk.folder / "dump.ndjson"), "--profile", str(fresh), "--json")
    assert back.status == 0 and back.document["unchanged"] == 2 + len(seeds.records()) and back.document["created"] == 4
    assert desk.plain("dump", "--profile", str(fresh)).out == dumped
    again = desk.plain("load", str(desk.folder / "dump.ndjson"), "--profile", str(fresh), "--json")
    assert again.document == {"step": None, "created": 0, "updated": 0, "unchanged": 6 + len(seeds.records())}


def test_the_dump_stands_in_the_order_of_entities_then_ids(desk: Desk) -> None:
    desk.init()
    assert desk.load(invoice(I1, A), account(B, "b"), account(A, "a")).status == 0  # a child before its parent
    names = [json.loads(line)["entity"] for line in desk.run("dump").out.splitlines()]
    seeded = Counter(type(record).entity.name for record in seeds.records())
    kinds = ("rule", "payment_term", "payment_term_line", "dunning_step")
    rules = [kind for kind in kinds for _ in range(seeded[kind])]
    assert names == ["firm", *rules, "person", "account", "account", "invoice"]
    ids = [json.loads(line)["id"] for line in desk.run("dump", "--entity", "account").out.splitlines()]
    assert ids == [A, B]
    assert desk.run("dump", "--entity", "nothing", "--json").codes == ["unknown_entity"]


def test_a_load_is_refused_whole_with_every_line_named(desk: Desk) -> None:
    desk.init()
    before = desk.run("dump").out
    file = desk.folder / "bad.ndjson"
    good = json.dumps(account(A, "Tốt"))
    lines = [
        good.encode(),
        b"not json",
        b"[1]",
        json.dumps({"entity": "nothing", "id": B}).encode(),
        json.dumps(account("123", "x")).encode(),
        json.dumps({"entity": "account", "id": B, "colour": "red"}).encode(),
        json.dumps({"entity": "account", "id": B}).encode(),
        good.encode(),
        json.dumps(invoice(I1, NOBODY, replaces=B)).encode(),
        b'{"entity":"account","id":"' + B.encode() + b'","name":"\xff"}',
        json.dumps(account(B, "\ud800")).encode(),
        json.dumps(account(I1, "x", credit_limit=1.5)).encode(),
        b'{"entity":"account","id":"' + B.encode() + b'","name":NaN}',
    ]
    file.write_bytes(b"\n".join(lines) + b"\n")
    answer = desk.run("load", str(file), "--json")
    assert answer.status == 1
    told = [(problem["where"].split(",")[0], problem["code"]) for problem in answer.document["problems"]]
    assert told == [
        ("line 2", "no_json"),
        ("line 3", "no_json"),
        ("line 4", "unknown_entity"),
        ("line 5", "bad_id"),
        ("line 6", "unknown_field"),
        ("line 7", "required"),
        ("line 8", "twice"),
        ("line 9", "missing_reference"),
        ("line 10", "no_json"),
        ("line 11", "no_json"),
        ("line 12", "type"),
        ("line 13", "no_json"),
    ]
    assert all(problem["message"] and "{" not in problem["message"] for problem in answer.document["problems"])
    assert desk.run("dump").out == before
    assert desk.run("undo", "--json").status == 1  # no step was left behind


def test_a_load_updates_what_may_change_and_refuses_a_changed_fact(desk: Desk) -> None:
    desk.init()
    assert desk.load(account(A, "Cũ"), invoice(I1, A)).status == 0
    changed = desk.load(account(A, "Mới"), invoice(I1, A))
    assert changed.document["updated"] == 1 and changed.document["unchanged"] == 1
    refused = desk.load(account(A, "Mới nữa"), invoice(I1, A, net=99))
    assert (refused.status, refused.codes) == (1, ["fact"])
    assert json.loads(desk.run("show", "account", A, "--json").out)["name"] == "Mới"


def test_a_load_of_many_parts_is_one_step(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from kam_desktop.transfer import lines

    monkeypatch.setattr(lines, "_PART", 7)
    desk.init()
    before = desk.run("dump").out
    many = [account(f"018f0000-0000-7000-8000-{number:012x}", f"Khách {number}") for number in range(50)]
    many.insert(0, invoice(I1, many[-1]["id"]))  # its customer comes in the last part
    assert desk.load(*many).document["created"] == 51
    assert len(desk.run("find", "khach 49", "--json").document["hits"]) == 1
    undone = desk.run("undo", "--json")
    assert undone.document["changed"] == 51 and undone.document["kept"] == []
    assert desk.run("dump").out == before
    assert desk.load(*many[:40]).codes == ["missing_reference"]
    assert desk.run("dump").out == before
    assert desk.run("doctor", "--deep", "--json").document["sound"]


def test_load_reads_standard_input(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.init()
    file = desk.folder / "in.ndjson"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(account(A, "Đặng")).encode() + b"\r\n\r\n")
    with file.open(encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert desk.run("load", "-", "--json").document["created"] == 1
    assert desk.run("load", str(desk.folder / "nothing"), "--json").codes == ["unreadable"]


# --- show, find, schema, export --------------------------------------------------------------------------------------


def test_find_takes_text_with_accents_or_without(desk: Desk) -> None:
    desk.init()
    desk.load(account(A, "Công ty Đặng Gia Phát", tax_code=makers.tax_code(5)), account(B, "Dang Foods"))
    found = desk.run("find", "dang", "--json").document
    assert {hit["id"] for hit in found["hits"]} == {A, B}
    assert set(found["hits"][0]) == {"entity", "id", "title", "field"}
    assert desk.run("find", "Đặng", "--json").document["hits"][0]["id"] == A
    assert desk.run("find", makers.tax_code(5), "--json").document["hits"][0]["field"] == "tax_code"
    assert desk.run("find", "không có", "--json").document == {"hits": []}
    table = desk.run("find", "dang")
    assert "Đặng Gia Phát" in table.out and A in table.out
    assert len(desk.run("find", "dang", "--limit", "1", "--json").document["hits"]) == 1


def test_show_and_schema(desk: Desk) -> None:
    desk.init()
    desk.load(account(A, "Một"))
    wire = {"entity": "account", "id": A, "name": "Một", "currency": "VND"}
    assert desk.run("show", "account", A, "--json").document == wire
    assert json.loads(desk.run("show", "account", A.upper()).out) == wire
    assert desk.run("show", "account", B, "--json").codes == ["missing"]
    assert desk.run("show", "nothing", B, "--json").codes == ["unknown_entity"]
    entities = desk.plain("schema", "--json").document["entities"]
    by_name = {entity["entity"]: entity for entity in entities}
    assert {"firm", "account", "invoice", "proposal_line"} <= set(by_name)
    assert by_name["invoice"]["policy"] == "append_only"
    cost = next(each for each in by_name["proposal_line"]["fields"] if each["field"] == "cost")
    assert cost["visibility"] == "secret" and cost["kind"] == "money" and cost["lowest"] == 0
    assert "credit_limit" in desk.plain("schema", "account").out
    assert desk.plain("schema", "nothing", "--json").status == 1


@pytest.mark.parametrize("ending", ["xlsx", "csv", "json"])
def test_export(desk: Desk, ending: str) -> None:
    desk.init()
    desk.load(account(A, "=1+1"), account(B, "Đặng"))
    file = desk.folder / f"out.{ending}"
    answer = desk.run("export", "accounts", str(file), "--json")
    assert answer.document == {"file": str(file), "records": 2}
    if ending == "xlsx":
        sheet = openpyxl.load_workbook(file).active
        assert sheet is not None
        names = [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "s"]
        assert "Đặng" in names and not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    else:
        text = file.read_text("utf-8")
        assert "Đặng" in text and ",=1+1" not in text
    assert desk.run("export", "nothing", str(file), "--json").codes == ["unknown_kind"]


# --- import, undo, reports -------------------------------------------------------------------------------------------


def bills() -> list[Bill]:
    return [
        Bill("1", issued_on="2026-03-05", lines=(L(10_000_000), L(1_000_000, kind="3"), L(0, kind="4", rate="KCT"))),
        Bill("2", issued_on="2026-03-06", lines=(L(4_000_000, rate="KCT"),), buyer=makers.BUYERS[1]),
        Bill("3", issued_on="2026-04-06", lines=(L(2_000_000),), buyer=makers.BUYERS[1]),
        Bill(
            "4", issued_on="2026-04-10", lines=(L(-500_000),), related=("2", "1", "C26TAA", "3"), buyer=makers.BUYERS[1]
        ),
        Bill("5", issued_on="2026-05-02", lines=(L(9_500_000),), related=("1", "1", "C26TAA", "1")),
    ]


def test_import_report_find_undo(desk: Desk) -> None:
    desk.init()
    before = desk.run("dump").out
    table = makers.write_accounts(desk.folder / "khách hàng.xlsx")
    makers.write_invoices(desk.folder / "hoá đơn", bills())
    files = [str(table), str(desk.folder / "hoá đơn")]
    dry = desk.run("import", *files, "--dry-run", "--json")
    assert dry.status == 0 and dry.document["import"] is None
    assert desk.run("dump").out == before
    done = desk.run("import", *files, "--open", "all", "--json")
    assert done.status == 0, done
    assert isinstance(done.document["import"], int)
    created = sum(file["created"] for file in done.document["files"])
    assert created >= 8 and not any(file["skipped"] for file in done.document["files"])
    after = desk.run("dump").out

    again = desk.run("import", *files, "--open", "all", "--json")
    assert again.status == 0 and again.document["import"] is None
    assert all(file["created"] == file["updated"] == 0 for file in again.document["files"])
    assert desk.run("dump").out == after

    assert desk.run("find", "dang gia", "--json").document["hits"]
    report = desk.run("report", "ageing", "--as-of", "2026-06-30", "--json").document
    columns = ["not_due", *report["buckets"], "unallocated"]
    for row in (*report["rows"], report["total"]):
        assert sum(row[key] for key in columns[:-1]) - row["unallocated"] == row["balance"]
    # 10,260,000 of the replacing invoice; 4,000,000 and 2,160,000 less 540,000 of the adjusted one.
    assert report["total"]["balance"] == 10_260_000 + 4_000_000 + 2_160_000 - 540_000
    assert report["as_of"] == "2026-06-30" and report["currency"] == "VND"
    assert report["buckets"] == ["1-30", "31-60", "61-90", "91-180", ">180"]
    earlier = desk.run("report", "ageing", "--as-of", "2026-04-30", "--json").document
    assert earlier["total"]["balance"] == 9_720_000 + 4_000_000 + 2_160_000 - 540_000  # the first one still stood
    pareto = desk.run("report", "pareto", "--from", "2026-01-01", "--to", "2026-12-31", "--json").document
    assert [row["amount"] for row in pareto["rows"]] == [9_500_000, 5_500_000]
    assert [row["class"] for row in pareto["rows"]] == ["A", "C"] and pareto["rows"][1]["cumulative"] == 100
    assert pareto["basis"] == "revenue" and pareto["from"] == "2026-01-01"

    undone = desk.run("undo", str(done.document["import"]), "--json")
    assert undone.status == 0 and undone.document["kept"] == []
    assert desk.run("dump").out == before
    assert desk.run("undo", str(done.document["import"]), "--json").status == 1


def test_rows_that_fail_are_told_and_the_rest_comes_in(desk: Desk) -> None:
    desk.init()
    rows = [*makers.account_rows(), [4, "", "", "", "", "", "", "", "A", 1]]
    rows[1][8] = "không có hạng này"
    table = makers.write_accounts(desk.folder / "k.xlsx", rows)
    rejects = desk.folder / "rejects.xlsx"
    answer = desk.run("import", str(table), "--json", "--rejects", str(rejects))
    assert answer.status == 0
    skipped = answer.document["files"][0]["skipped"]
    assert skipped and all(row["reason"] and row["row"] for row in skipped)
    assert answer.document["files"][0]["created"] >= 2 and rejects.exists()
    told = desk.run("import", str(table))
    assert skipped[0]["reason"] in told.err


def test_a_file_that_cannot_be_read_refuses_the_whole_import(desk: Desk) -> None:
    desk.init()
    before = desk.run("dump").out
    good = makers.write_accounts(desk.folder / "k.xlsx")
    bad = desk.folder / "bad.xlsx"
    bad.write_bytes(b"PK\x03\x04 nothing")
    for files in ([str(good), str(bad)], [str(good), str(desk.folder / "nowhere.csv")]):
        answer = desk.run("import", *files, "--json")
        assert answer.status == 1 and answer.document["problems"]
    assert desk.run("import", str(good), "--open", "some", "--json").codes == ["opening"]
    assert desk.run("dump").out == before


def test_the_report_says_that_payments_are_not_entered(desk: Desk) -> None:
    desk.init()
    makers.write_invoices(desk.folder / "hd", bills()[:2])
    done = desk.run("import", str(desk.folder / "hd"), "--json").document
    assert desk.run("report", "ageing", "--as-of", "2026-06-30", "--json").document["payments_entered"] is False
    desk.run("undo", str(done["import"]))
    assert desk.run("report", "ageing", "--as-of", "2026-06-30", "--json").document["payments_entered"] is True


@pytest.mark.parametrize("name", ["ageing", "pareto"])
def test_reports_as_tables_and_files(desk: Desk, name: str) -> None:
    desk.init()
    part = {"entity": "instalment", "id": B, "invoice": I1, "place": 1, "amount": 108}
    desk.load(account(A, "Đặng"), invoice(I1, A), part)
    table = desk.run("report", name, "--as-of", "2026-06-30")
    assert table.status == 0 and "Đặng" in table.out and ("108" in table.out or "100" in table.out)
    for ending in ("xlsx", "csv"):
        file = desk.folder / f"{name}.{ending}"
        assert desk.run("report", name, "--as-of", "2026-06-30", "-o", str(file)).status == 0
        assert file.stat().st_size > 20
    assert desk.run("report", name, "-o", str(desk.folder / "x.pdf"), "--json").codes == ["pdf_later"]
    assert desk.run("report", name, "-o", str(desk.folder / "x.doc"), "--json").codes == ["unknown_form"]
    assert desk.run("report", name, "--currency", "ZZZ", "--json").codes == ["unknown_currency"]
    assert not (desk.folder / "x.pdf").exists()


# --- care ------------------------------------------------------------------------------------------------------------


def test_backup_and_restore(desk: Desk) -> None:
    desk.init()
    desk.load(account(A, "Một"))
    file = desk.folder / "copy.kambackup"
    assert desk.run("backup", str(file), "--json").document["bytes"] == file.stat().st_size
    assert desk.run("backup", str(file), "--json").codes == ["file_exists"]
    saved = desk.run("dump").out
    desk.load(account(A, "Hai"), account(B, "Ba"))
    later = desk.run("dump").out
    done = desk.run("restore", str(file), "--json")
    assert done.status == 0 and Path(done.document["before"]).exists()
    assert desk.run("dump").out == saved
    assert desk.run("restore", done.document["before"], "--json").status == 0
    assert desk.run("dump").out == later
    broken = desk.folder / "broken.kambackup"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    broken.write_bytes(content)
    assert desk.run("restore", str(broken), "--json").status == 1
    assert desk.run("dump").out == later


@pytest.mark.expects_log
def test_the_doctor_finds_what_was_done_to_a_profile(desk: Desk) -> None:
    folder = desk.init()
    desk.load(account(A, "Một"), invoice(I1, A))
    sound = desk.run("doctor", "--deep", "--json")
    assert sound.status == 0 and sound.document["sound"], sound.out

    def wrong() -> set[str]:
        answer = desk.run("doctor", "--deep", "--json")
        assert answer.status == 1
        checks = [check for check in answer.document["checks"] if not check["sound"]]
        assert all(check["message"] and check["mend"] for check in checks), checks
        return {check["check"] for check in checks}

    (folder / "keys.copy.json").write_bytes(b"{}")
    assert wrong() == {"keys"}
    desk.load(account(A, "Hai"))  # a writing command mends the copy
    assert desk.run("doctor", "--json").status == 0
    (folder / "device.id").chmod(0o644)
    assert wrong() == {"rights"}
    desk.load(account(A, "Ba"))
    assert desk.run("doctor", "--json").status == 0
    segment = max((folder / "journal").iterdir())
    whole = segment.read_bytes()
    segment.write_bytes(whole[: len(whole) // 2])
    assert wrong() == {"journal"}
    segment.write_bytes(whole)
    assert desk.run("doctor", "--json").status == 0


# --- as a script runs it ---------------------------------------------------------------------------------------------


def script(*words: str, more: Sequence[str] = (), environ: dict[str, str] | None = None) -> Answer:
    """The command in a process of its own, with no terminal and no keyring."""
    hidden = ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS")
    surroundings = {key: value for key, value in os.environ.items() if key not in hidden}
    done = subprocess.run(
        [sys.executable, *more, "-m", "kam_desktop", *words],
        capture_output=True,
        cwd=ROOT,
        env={**surroundings, **(environ or {})},
        stdin=subprocess.DEVNULL,
        timeout=240,
        check=False,
    )
    return Answer(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


def test_a_script_without_a_desktop_uses_the_passphrase_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(PASSPHRASE + "\n", "utf-8")
    secret.chmod(0o600)
    folder = str(tmp_path / "hồ sơ")
    environ = {"KAM_PASSPHRASE_FILE": str(secret), "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    words = ["init", "--company", "Mộc Lam", "--tax-code", OUR_CODE]
    made = script(*words, "--profile", folder, "--json", environ=environ)
    assert made.status == 0 and made.document["slots"] == ["passphrase"], made
    found = script("find", "moc lam", "--profile", folder, "--json", environ=environ)
    assert found.status == 0 and found.document["hits"][0]["title"] == "Mộc Lam"
    assert PASSPHRASE not in made.out + made.err + found.out + found.err
    secret.chmod(0o644)
    shared = script("find", "x", "--profile", folder, "--json", environ=environ)
    assert shared.status == 1
    nothing = script("find", "x", "--profile", folder, "--json", environ={"KAM_PASSPHRASE_FILE": ""})
    assert (nothing.status, nothing.codes) == (3, ["key_needed"])


def test_a_command_loads_no_window_and_no_foreign_file_reader() -> None:
    program = (
        "import sys\n"
        "from kam_desktop.cli import main, record_commands, profile_opening, report_commands\n"
        "from kam_desktop.__main__ import main as start\n"
        "print([name for name in ('PySide6', 'babel', 'typst', 'python_calamine', 'xlsxwriter', 'phonenumbers', "
        "'holidays', 'keyring') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_our_own_fault_ends_with_status_4(tmp_path: Path) -> None:
    broken = (
        "import sys, runpy\n"
        "from kam_desktop.cli import record_commands\n"
        "record_commands.run = lambda args, output: 1 // 0\n"
        "sys.argv = ['kam-desktop', 'find', 'x']\n"
        "runpy.run_module('kam_desktop', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", broken], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 4 and "ZeroDivisionError" in done.stderr and done.stdout == ""


def test_a_reader_that_has_enough_ends_a_dump_quietly(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.init()

    def closed(*_: object) -> None:
        raise BrokenPipeError

    kept: list[Callable[..., object]] = []
    monkeypatch.setattr("kam_desktop.cli.record_commands._dump", closed)
    monkeypatch.setattr(os, "dup2", lambda *args: kept.append(closed))
    monkeypatch.setattr(sys.stdout, "fileno", lambda: 1)
    assert desk.run("dump").status == 0 and kept
