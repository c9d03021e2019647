"""The command document: PDF of a statement or a request, what is refused."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from kam_desktop.cli import main as commands
from kam_desktop.cli import profile_opening
from kam_desktop.domain.entities import FIRM_ID
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import profile as profiles
from tests import makers
from tests.fakes import FakeClock, MemoryVault

CUSTOMER = "018f0000-0000-7000-8000-00000000000a"
INVOICE = "018f0000-0000-7000-8000-000000000101"
OTHER = "018f0000-0000-7000-8000-000000000102"


def text_of(file: Path) -> str:
    """The words of a PDF, blanks and breaks as single blanks."""
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(file)).split())


class Papers:
    """A profile with one customer, 150 invoices and a paid one, and the command."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capture = capture

    def run(self, *words: str) -> tuple[int, Any]:
        """The status and the JSON document of a command."""
        self.capture.readouterr()
        status = commands.main([*words, "--json", "--profile", str(self.folder / "profile")], lambda args: 77)
        return status, json.loads(self.capture.readouterr().out)

    def codes(self, *words: str) -> list[str]:
        """The codes of a refusal."""
        status, said = self.run(*words)
        assert status == 1
        return [problem["code"] for problem in said["problems"]]


@pytest.fixture
def papers(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Papers]:
    vault, clock = MemoryVault(), FakeClock()
    monkeypatch.setattr(profile_opening, "Vault", lambda: vault)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    made = profiles.create_profile(
        tmp_path / "profile", clock, RandomIds(clock), vault, recovery=profiles.RecoveryKey.new()
    )
    made.close()
    records: list[dict[str, Any]] = [
        {"entity": "account", "id": CUSTOMER, "name": "Sữa Mây", "short_name": "SM", "payment_days": 30}
    ]
    for number in range(150):
        own = INVOICE if number == 0 else OTHER if number == 1 else f"018f0000-0000-7000-8100-{number:012}"
        part = f"018f0000-0000-7000-9000-{number:012}"
        plain = {"account": CUSTOMER, "number": f"{number + 1:08}", "net": 1_000_000, "total": 1_000_000}
        issued_on = date(2026, 1, 1 + number % 28).isoformat()
        records.append({"entity": "invoice", "id": own, "issued_on": issued_on, **plain})
        records.append({"entity": "instalment", "id": part, "invoice": own, "place": 1, "amount": 1_000_000})
    firm = {"entity": "firm", "id": FIRM_ID, "legal_name": makers.OUR_NAME}
    records.append({**firm, "bank_name": "ACB", "bank_account": "123456"})
    file = tmp_path / "in.ndjson"
    file.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records), "utf-8")
    found = Papers(tmp_path, capsys)
    assert found.run("load", str(file))[0] == 0
    yield found


def test_a_statement_in_one_language_and_in_both(papers: Papers) -> None:
    target = papers.folder / "bảng kê.pdf"
    words = ["document", "statement", CUSTOMER, "-o", str(target), "--from", "2026-01-01", "--to", "2026-02-28"]
    assert papers.run(*words) == (0, {"file": str(target), "notes": []})
    assert "BẢNG KÊ CÔNG NỢ" in text_of(target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert papers.run(*words, "--both", "--number", "BK-7")[0] == 0
    found = text_of(target)
    assert "Statement of account" in found and "150.000.000" in found and "BK-7" in found


def test_a_request_for_two_invoices(papers: Papers) -> None:
    target = papers.folder / "request.pdf"
    words = ["document", "payment-request", INVOICE, OTHER, "-o", str(target), "--lang", "en", "--contract", "HD 12"]
    assert papers.run(*words) == (0, {"file": str(target), "notes": []})
    found = text_of(target)
    for expected in ("PAYMENT REQUEST", "2,000,000", "Two million Vietnamese dong", "HD 12", "123456", "VietQR"):
        assert expected in found


def test_a_quotation_of_a_proposal_without_its_costs(papers: Papers) -> None:
    target, ours = papers.folder / "báo giá.pdf", "018f0000-0000-7000-8000-000000000a"
    records = [
        {"entity": "proposal", "id": f"{ours}01", "account": CUSTOMER, "title": "Ra mắt", "number": "BG-1"},
        {"entity": "proposal_version", "id": f"{ours}02", "proposal": f"{ours}01", "number": 1, "status": "sent"},
        {"entity": "proposal_line", "id": f"{ours}03", "version": f"{ours}02", "place": 1, "description": "TVC",
         "quantity": "2", "price": 1_500_000, "cost": 777_123, "tax_rate": "10%"},
    ]  # fmt: skip
    file = papers.folder / "offer.ndjson"
    file.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records), "utf-8")
    assert papers.run("load", str(file))[0] == 0
    words = ["document", "proposal", f"{ours}01", "-o", str(target)]
    assert papers.run(*words) == (0, {"file": str(target), "notes": ["no_validity"]})
    found = text_of(target)
    assert "BÁO GIÁ" in found and "3.300.000" in found and "777" not in found
    assert papers.run(*words, "--lang", "en", "--version-id", f"{ours}02")[0] == 0
    assert "QUOTATION" in text_of(target) and "3,300,000" in text_of(target)
    assert papers.codes("document", "proposal", f"{ours}01", f"{ours}01", "-o", str(target)) == ["one_proposal"]
    assert papers.codes("document", "proposal", "nobody", "-o", str(target)) == ["missing"]


def test_refused_papers_leave_no_file(papers: Papers) -> None:
    target = papers.folder / "x.pdf"
    where = ["-o", str(target)]
    assert papers.codes("document", "statement", "nobody", *where) == ["missing"]
    assert papers.codes("document", "statement", CUSTOMER, INVOICE, *where) == ["one_customer"]
    assert papers.codes("document", "statement", CUSTOMER, "-o", str(papers.folder / "x.docx")) == ["unknown_form"]
    assert papers.codes("document", "statement", CUSTOMER, *where, "--currency", "DONG") == ["unknown_currency"]
    period = ["--from", "2026-02-01", "--to", "2026-01-01"]
    assert papers.codes("document", "statement", CUSTOMER, *where, *period) == ["period"]
    assert papers.codes("document", "payment-request", "nobody", *where) == ["missing"]
    folder = papers.folder / "profile" / "templates"
    folder.mkdir()
    (folder / "statement.typ").write_text("#nonsense", "utf-8")
    assert papers.codes("document", "statement", CUSTOMER, *where) == ["template_error"]
    assert not target.exists()
    assert papers.run("document", "statement", CUSTOMER, *where, "--own-template")[0] == 0
    assert target.exists()
