"""Promises across records: allocations, versions, instalments; the loser is told what is left."""

from __future__ import annotations

from typing import Any

from tests.server.house import House, Laptop, create, update
from tests.server.test_push import invoice, proposal, shared_account


def owing(house: House, amount: int = 108) -> tuple[str, str, Laptop, Laptop]:
    """A customer, an instalment of that amount; An and finance."""
    customer, (an, finance) = shared_account(house, "An", "Phuong")
    paper = invoice(house, customer, total=amount, net=amount, tax=0)
    part = create("instalment", house.ids.new(), invoice=paper.id, place=1, amount=amount)
    assert an.told([paper, part]) == ["accepted"]
    return customer, part.id, an, finance


def money(house: House, customer: str, amount: int) -> Any:
    return create("receipt", house.ids.new(), account=customer, received_on="2026-02-20", amount=amount, currency="VND")


def laid(house: House, receipt: str, part: str, amount: int, **more: Any) -> Any:
    return create("allocation", house.ids.new(), receipt=receipt, instalment=part, amount=amount,
                  allocated_on="2026-02-21", **more)  # fmt: skip


def test_a_receipt_and_its_allocations_come_in_one_message(any_house: House) -> None:
    customer, part, an, _ = owing(any_house)
    receipt = money(any_house, customer, 100)
    first, second = laid(any_house, receipt.id, part, 60), laid(any_house, receipt.id, part, 40)
    assert an.told(receipt, first, second) == ["accepted"] * 3


def test_more_than_the_money_is_refused_with_what_remains(any_house: House) -> None:
    customer, part, an, finance = owing(any_house)
    receipt = money(any_house, customer, 100)
    assert an.told(receipt, laid(any_house, receipt.id, part, 60)) == ["accepted", "accepted"]
    answer = finance.push(laid(any_house, receipt.id, part, 60))
    problem = answer["verdicts"][0][1]["problem"]
    assert (problem["where"], problem["code"]) == ("amount", "more_than_credit")
    assert problem["args"]["remaining"].startswith("40")
    both = [laid(any_house, receipt.id, part, 30), laid(any_house, receipt.id, part, 30)]
    assert finance.told(both) == ["more_than_credit"], "two of one group count together"
    assert any_house.value("select count(*) from allocation") == 1


def test_more_than_is_open_is_refused(house: House) -> None:
    customer, part, an, _ = owing(house, 50)
    receipt = money(house, customer, 100)
    assert an.told(receipt, laid(house, receipt.id, part, 60)) == ["accepted", "more_than_open"]


def test_what_was_taken_back_is_free_again(house: House) -> None:
    customer, part, an, _ = owing(house)
    receipt = money(house, customer, 100)
    first = laid(house, receipt.id, part, 100)
    back = laid(house, receipt.id, part, 100, reverses=first.id)
    assert an.told(receipt, first, back) == ["accepted"] * 3
    assert an.told(laid(house, receipt.id, part, 100, reverses=first.id)) == ["reversed_already"]
    assert an.told(laid(house, receipt.id, part, 90)) == ["accepted"]


def test_money_lands_on_its_own_customers_invoices(house: House) -> None:
    _, part, an, _ = owing(house)
    other, _ = shared_account(house, "An")
    receipt = money(house, other, 100)
    assert an.told(receipt, laid(house, receipt.id, part, 10)) == ["accepted", "other_account"]


def test_a_rejected_receipt_pays_nothing(house: House) -> None:
    customer, part, an, finance = owing(house)
    receipt = money(house, customer, 100)
    no = create("receipt_decision", house.ids.new(), receipt=receipt.id, verdict="rejected", reason="Nhầm",
                decided_at="2026-03-01T00:00:00Z")  # fmt: skip
    assert an.told(receipt) == ["accepted"]
    assert an.told(no) == ["forbidden"], "finance decides"
    assert finance.told(no) == ["accepted"]
    assert an.told(laid(house, receipt.id, part, 10)) == ["rejected"]


def test_instalments_never_make_more_than_the_invoice(any_house: House) -> None:
    customer, _, an, _ = owing(any_house)
    paper = invoice(any_house, customer)
    parts = [create("instalment", any_house.ids.new(), invoice=paper.id, place=n, amount=60) for n in (1, 2)]
    assert an.told([paper, *parts]) == ["above_total"]
    assert an.told([paper, parts[0]], parts[1]) == ["accepted", "above_total"]
    assert any_house.value("select count(*) from instalment where invoice = ?", paper.id) == 1


def test_too_many_instalments_beside_an_edit_that_names_no_invoice(house: House) -> None:
    customer, part, an, _ = owing(house)
    paper = invoice(house, customer)
    parts = [create("instalment", house.ids.new(), invoice=paper.id, place=n, amount=60) for n in (1, 2)]
    later = update("instalment", part, 10**6, due_date="2026-04-01")
    assert an.told([paper, *parts], later) == ["above_total", "fact"]


def version(house: House, deal: str, number: int, status: str = "draft") -> Any:
    return create("proposal_version", house.ids.new(), proposal=deal, number=number, status=status, currency="VND")


def test_one_current_version(any_house: House) -> None:
    deal, (an, lead) = proposal(any_house, "An", "Lan")
    first = version(any_house, deal, 1)
    assert an.told(first) == ["accepted"]
    assert lead.told(version(any_house, deal, 1)) == ["same_number"]
    assert lead.told(version(any_house, deal, 2)) == ["two_in_work"]
    both = [update("proposal_version", first.id, 10**6, status="sent"), version(any_house, deal, 2)]
    assert lead.told(both) == ["accepted"]
    assert an.told(version(any_house, deal, 3, "sent")) == ["older_in_work"]
    assert any_house.value("select count(*) from proposal_version") == 2
