"""Quotations: what the customer reads and what never stands there; pages, drafts, three languages."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from kam_desktop.documents import parts, quotation, renderer
from kam_desktop.domain.entities import FIRM_ID, LOCAL_PERSON_ID, Firm, Person, Proposal, ProposalLine, ProposalVersion
from kam_desktop.domain.errors import Refused
from kam_desktop.services import proposal
from tests.unit.test_documents import FIRM, HOSTILE, TODAY, Desk, desk, pages_of, text_of

__all__ = ["desk"]  # the fixture


def line(description: str = "Ý tưởng lớn", quantity: str = "1", price: int = 180_000_000, **more: Any) -> ProposalLine:
    plain = {"id": "", "version": "", "place": 1, "description": description, "unit": "gói", "tax_rate": "8%"}
    return ProposalLine(**{**plain, "quantity": Decimal(quantity), "price": price, **more})


LINES = (
    line(section="Chiến lược"),
    line("Ảnh sản phẩm", "24", 3_500_000, section="Sản xuất", tax_rate="10%", discount_percent=Decimal(5)),
    line("Thuê phòng", "2.5", 10_000_000, section="Sản xuất", tax_rate="KCT"),
    line("Quà tặng", "5000", 38_000, optional=True),
)


def offer(desk: Desk, *lines: ProposalLine, **version: Any) -> tuple[Proposal, ProposalVersion]:
    """A proposal of the desk's customer with these lines, by Lân."""
    with desk.store.edit("Who") as uow:
        if uow.get(Person, LOCAL_PERSON_ID) is None:
            uow.add(Person(id=LOCAL_PERSON_ID, full_name="Đỗ Khánh Lân", phone="0903123456", position="Phụ trách"))
    with desk.store.edit("Offer") as uow:
        made = proposal.create(uow, desk.account.id, "Ra mắt Mây Trắng")
    with desk.store.edit("Lines") as uow:
        [draft] = uow.children(ProposalVersion, "proposal", made.id)
        proposal.set_lines(uow, draft.id, lines or LINES)
        draft = dataclasses.replace(draft, valid_until=date(2026, 4, 15), **version)
        uow.put(draft)
    return made, draft


def quote(desk: Desk, made: Proposal, **more: Any) -> quotation.Quotation:
    with desk.store.reader() as reader:
        return quotation.quotation(reader, made.id, TODAY, **more)


def test_the_figures_are_those_of_the_version_with_options_apart(desk: Desk) -> None:
    made, _ = offer(desk, discount=9_000_000)
    found = quote(desk, made)
    assert [(each.name, each.net, len(each.lines)) for each in found.sections] == [
        ("Chiến lược", 180_000_000, 1),
        ("Sản xuất", 104_800_000, 2),
    ]
    assert [(each.place, each.description, each.net) for each in found.options] == [(1, "Quà tặng", 190_000_000)]
    assert (found.totals.gross, found.totals.net) == (284_800_000, 275_800_000)
    assert found.totals.total == found.totals.net + sum(group.tax for group in found.totals.groups)
    assert (found.author, found.author_title) == ("Đỗ Khánh Lân", "Phụ trách")
    assert found.notes == ()


@pytest.mark.parametrize("form", parts.FORMS)
def test_the_page_says_what_is_offered_in_every_language(desk: Desk, form: str) -> None:
    made, _ = offer(desk, discount=9_000_000, terms="Thanh toán 50 % khi ký.\nPhần còn lại sau nghiệm thu.")
    found = quote(desk, made)
    text = text_of(renderer.pdf(quotation.paper(found, form, place="Hà Nội")))
    lead = parts.lead(form)
    assert ("BÁO GIÁ" if lead == "vi" else "QUOTATION") in text
    for said in ("Ra mắt Mây Trắng", "BG-2026-KAM-A-001", "Sữa Đồng Xanh", "9900001013", "Thuê phòng", "Quà tặng",
                 "Thanh toán 50 % khi ký. Phần còn lại sau nghiệm thu.", "Đặng Thị Phượng"):  # fmt: skip
        assert said in text.replace("LAN", "KAM"), said
    total = parts.amount(found.totals.total, "VND", form)
    assert total in text
    assert ("2,5" if lead == "vi" else "2.5") in text
    assert ("Không chịu thuế GTGT" in text, "Not subject to VAT" in text) == ("vi" in form, "en" in form)
    assert all(words in text for words in parts.in_words(found.totals.total, "VND", form))
    assert ("Hạng mục tuỳ chọn" in text, "Options, not included" in text) == ("vi" in form, "en" in form)


@pytest.mark.parametrize("form", parts.FORMS)
def test_no_cost_margin_or_internal_word_reaches_the_paper(desk: Desk, form: str) -> None:
    desk.change(desk.account, internal_note="CANARYNOTE", tier="A")
    secret = [dataclasses.replace(each, cost=77_654_321) for each in LINES]
    made, _ = offer(desk, *secret)
    with desk.store.edit("Secrets") as uow:
        kept = uow.get(Proposal, made.id)
        uow.put(
            dataclasses.replace(kept, next_step="CANARYSTEP", outcome_reason="CANARYWHY", client_budget=987_654_321)
        )
    found = quote(desk, made)
    assert found.totals.cost is None
    made_pdf = renderer.pdf(quotation.paper(found, form))
    text = text_of(made_pdf)
    assert "Ý tưởng lớn" in text
    margin = found.totals.net - 3 * 77_654_321
    for canary in ("CANARY", *(parts.amount(each, "VND", lang) for each in (77_654_321, 987_654_321, margin)
                               for lang in ("vi", "en"))):  # fmt: skip
        assert canary not in text
    assert b"CANARY" not in made_pdf


def test_a_draft_says_so_until_it_is_sent(desk: Desk) -> None:
    made, draft = offer(desk)
    said = quotation.paper(quote(desk, made), "vi").data
    assert (said["draft"], said["draft_note"]) == (["Bản nháp"], ["chưa gửi, chỉ để trao đổi"])
    assert "BẢN NHÁP" in text_of(renderer.pdf(quotation.paper(quote(desk, made), "vi")))
    with desk.store.edit("Sent") as uow:
        proposal.mark_sent(uow, draft.id)
    sent = quote(desk, made)
    assert not sent.draft
    assert "NHÁP" not in text_of(renderer.pdf(quotation.paper(sent, "vi")))
    with desk.store.edit("Next") as uow:
        proposal.new_version(uow, draft.id)
    assert (quote(desk, made).version, quote(desk, made).draft) == (2, True)
    assert quote(desk, made, version_id=draft.id).version == 1


def test_sixty_lines_run_over_pages_with_heads_and_counts(desk: Desk) -> None:
    long = "Key visual và bộ ứng dụng cho cả chiến dịch trên kênh số, ngoài trời và tại điểm bán, gồm hướng dẫn"
    made, _ = offer(desk, *(line(f"{long} {n}", section=f"Phần {n // 20}") for n in range(60)))
    printed = renderer.pdf(quotation.paper(quote(desk, made), "en"))
    text, count = text_of(printed), pages_of(printed)
    assert count >= 3
    assert text.count("Amount before VAT") >= count - 1
    for page in range(1, count + 1):
        assert f"Page {page} / {count}" in text
    assert f"{long} 59" in text
    # every page after the first says of which offer and version it is a part
    assert text.count("· Version 1") == count - 1


@pytest.mark.parametrize("hostile", HOSTILE)
def test_texts_stand_on_the_quotation_as_they_are(desk: Desk, hostile: str) -> None:
    made, _ = offer(desk, line(hostile, section=hostile[:190], unit=hostile[:30]), terms=hostile)
    with desk.store.edit("Title") as uow:
        uow.put(dataclasses.replace(uow.get(Proposal, made.id), title=hostile[:200]))
    squeezed = text_of(renderer.pdf(quotation.paper(quote(desk, made), "vi"))).replace(" ", "")
    assert squeezed.count(hostile.replace(" ", "")) >= 2


def test_refusals_and_notes(desk: Desk) -> None:
    made, draft = offer(desk)
    with desk.store.edit("Empty") as uow:
        proposal.set_lines(uow, draft.id, [])
    with pytest.raises(Refused) as refused:
        quote(desk, made)
    assert refused.value.problems[0].code == "no_lines"
    other, version = offer(desk)
    desk.change(dataclasses.replace(version, valid_until=None))
    assert [note.code for note in quote(desk, other).notes] == ["no_validity"]
    desk.change(dataclasses.replace(version, valid_until=date(2026, 1, 1)))
    assert [note.code for note in quote(desk, other).notes] == ["validity_before_date"]
    desk.change(FIRM, legal_name="x")
    with desk.store.edit("No firm") as uow:
        uow.delete(Firm, FIRM_ID)
    with pytest.raises(Refused) as refused:
        quote(desk, other)
    assert refused.value.problems[0].code == "no_firm"


def test_a_foreign_currency_and_huge_amounts_have_room(desk: Desk) -> None:
    made, _ = offer(desk, line("Media", "999999", 99_999_999, section="Truyền thông"), currency="USD", language="en")
    found = quote(desk, made)
    paper = quotation.paper(found)
    assert paper.data["form"] == "en"
    assert parts.amount(found.totals.total, "USD", "en") in text_of(renderer.pdf(paper))
