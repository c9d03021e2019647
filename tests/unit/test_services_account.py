"""Accounts: tidied, warned of twins, listed, filtered, found, on one page; today's list."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.domain.entities import (
    FIRM_ID,
    LOCAL_PERSON_ID,
    Account,
    Contact,
    CreditNote,
    Firm,
    Invoice,
    Person,
    Proposal,
    ProposalLine,
    Receipt,
    Task,
)
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import account as accounts
from kam_desktop.services import collection, flows, proposal, records, search, summary
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock
from tests.makers import tax_code

TODAY = date(2026, 3, 2)
NFD = unicodedata.normalize("NFD", "Đặng Thuỳ")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = FakeClock()
    made = Store.create(tmp_path, DataKey.new(), "accounts", clock, RandomIds(clock))
    with made.edit("Set up") as uow:
        uow.add(Firm(id=FIRM_ID, legal_name="Mộc Lam", default_payment_days=30))
        uow.add(Person(id=LOCAL_PERSON_ID, full_name="Đỗ Khánh Vy", code="Vy"))
    yield made
    made.close()


def add(store: Store, name: str, **more: Any) -> Account:
    with store.edit("Add account") as uow:
        return records.save(uow, Account(id=uow.new_id(), name=name, **more))


def bill(store: Store, of: Account, net: int, issued_on: date, number: str = "1", **more: Any) -> Invoice:
    with store.edit("Invoice") as uow:
        plain = Invoice(id="", account=of.id, number=number, issued_on=issued_on, net=net, total=net, **more)
        return collection.create_invoice(uow, plain)


def test_what_a_form_holds_is_tidied_when_saved(store: Store) -> None:
    made = add(store, f"  {NFD}   Trâm ", tags=(" lớn ", ""), internal_note="một  \r\nhai ")
    assert made.name == "Đặng Thuỳ Trâm" and made.tags == ("lớn",) and made.internal_note == "một\nhai"
    with store.reader() as reader:
        assert records.get(reader, Account, made.id) == made
        assert records.titles(reader, Account, [made.id, "nobody"]) == {made.id: made.name}
        with pytest.raises(Refused):
            records.get(reader, Account, "nobody")


def test_archive_and_remove(store: Store) -> None:
    made = add(store, "Một")
    with store.edit("Archive") as uow:
        records.archive(uow, Account, made.id)
    with store.reader() as reader:
        assert summary.account_list(reader, TODAY).ids == []
        assert summary.account_list(reader, TODAY, filters=summary.AccountFilter(archived=True)).ids == [made.id]
        assert summary.counts(reader, TODAY)["account"] == 0
    with store.edit("Back") as uow:
        records.archive(uow, Account, made.id, archived=False)
    with pytest.raises(Refused, match="archive it"), store.edit("Remove") as uow:
        records.remove(uow, Account, made.id)
    with store.edit("Contact") as uow:
        contact = records.save(uow, Contact(id=uow.new_id(), account=made.id, full_name="Ánh"))
    with pytest.raises(Refused, match="not archived"), store.edit("Archive") as uow:
        records.archive(uow, Contact, contact.id)
    with store.edit("Remove") as uow:
        records.remove(uow, Contact, contact.id)
    with store.reader() as reader:
        assert records.children(reader, Contact, "account", made.id) == []


def test_twins_and_odd_tax_codes_are_warned_of_and_saved_all_the_same(store: Store) -> None:
    add(store, "Công ty TNHH Đặng Gia", tax_code=tax_code(1))
    with store.edit("Twin") as uow:
        twin, warned = accounts.save(uow, Account(id=uow.new_id(), name="Cty CP dang gia", tax_code=tax_code(1)))
    assert [problem.code for problem in warned] == ["same_tax_code", "same_name"]
    assert all(problem.args["name"] == "Công ty TNHH Đặng Gia" for problem in warned)
    wrong = tax_code(2)[:-1] + str((int(tax_code(2)[-1]) + 1) % 10)
    with store.edit("Change") as uow:
        _, warned = accounts.save(uow, dataclasses.replace(twin, name="Khác hẳn", tax_code=wrong))
    assert [problem.code for problem in warned] == ["check_digit"]
    with store.edit("Change") as uow:
        _, warned = accounts.save(uow, dataclasses.replace(twin, name="Đặng Gia Phát", tax_code=""))
    assert warned == []


def test_the_list_stands_in_classes_and_in_the_order_asked_for(store: Store) -> None:
    big, middle = add(store, "Công ty Bằng", tier="A"), add(store, "An")
    small, nothing = add(store, "Công ty Ân"), add(store, "Đông")
    bill(store, big, 800, TODAY - timedelta(days=200))
    bill(store, middle, 120, TODAY - timedelta(days=10))
    bill(store, small, 80, TODAY - timedelta(days=60))
    bill(store, nothing, 5000, TODAY - timedelta(days=366))  # before the twelve months
    bill(store, small, 9, TODAY, currency="USD")
    with store.reader() as reader:
        listed = summary.account_list(reader, TODAY)
        assert listed.from_on == date(2025, 3, 3) and listed.revenue == listed.revenue_all == 1000
        assert listed.ids == [big.id, middle.id, small.id, nothing.id]
        assert [(group.name, group.start, group.count, group.revenue, group.share) for group in listed.groups] == [
            ("A", 0, 1, 800, Decimal("80.0")),
            ("B", 1, 1, 120, Decimal("12.0")),
            ("C", 2, 2, 80, Decimal("8.0")),
        ]
        assert [listed.class_of(each) for each in listed.ids] == ["A", "B", "C", "C"]
        assert listed.share_of(middle.id) == Decimal("12.0")
        assert listed.overdue == 800 + 80 + 5000
        by_name = summary.account_list(reader, TODAY, order=summary.AccountOrder.NAME, grouped=False)
        assert by_name.ids == [middle.id, small.id, big.id, nothing.id]  # a, â, b, đ without the legal form
        assert [group.name for group in by_name.groups] == [""]
        by_debt = summary.account_list(reader, TODAY, order=summary.AccountOrder.OVERDUE, grouped=False)
        assert by_debt.ids == [nothing.id, big.id, small.id, middle.id]
        assert summary.account_list(reader, TODAY, text="cong ty").ids == [big.id, small.id]
        for chosen, wanted in (
            (summary.AccountFilter(tier="A"), [big.id]),
            (summary.AccountFilter(overdue_over_days=60), [big.id, nothing.id]),
            (summary.AccountFilter(owner=LOCAL_PERSON_ID), []),
        ):
            found = summary.account_list(reader, TODAY, filters=chosen)
            assert found.ids == wanted and found.revenue_all == 1000  # shares stay those of everybody
        rows = summary.account_rows(reader, [small.id, "nobody", big.id], TODAY)
        assert [(row.name, row.revenue_12m, row.overdue, row.oldest_days) for row in rows] == [
            ("Công ty Ân", 80, 80, 30),
            ("Công ty Bằng", 800, 800, 170),
        ]


def test_a_credit_note_lowers_the_year(store: Store) -> None:
    made = add(store, "Một")
    bill(store, made, 100, TODAY)
    with store.edit("Note") as uow:
        note = CreditNote(id=uow.new_id(), account=made.id, number="2", issued_on=TODAY, net=30, total=30)
        uow.add(note)
    with store.reader() as reader:
        report = summary.pareto(reader, date(2026, 1, 1), TODAY)
        assert [(row.amount, row.abc, row.cumulative) for row in report.rows] == [(70, "A", Decimal(100))]
        assert report.total == 70


def test_the_twelve_months_of_a_leap_day() -> None:
    assert summary.twelve_months_before(date(2028, 2, 29)) == date(2027, 3, 1)
    assert summary.twelve_months_before(date(2027, 2, 28)) == date(2026, 3, 1)


def test_one_account_on_one_page(store: Store) -> None:
    parent = add(store, "Mẹ")
    made = add(store, "Con", parent=parent.id, owner=LOCAL_PERSON_ID)
    bill(store, made, 100, TODAY - timedelta(days=40), "1")
    bill(store, made, 50, TODAY, "2")
    bill(store, made, 7, TODAY, "3", currency="USD")
    with store.edit("More") as uow:
        uow.add(Contact(id=uow.new_id(), account=made.id, full_name="Ánh"))
        uow.add(Contact(id=uow.new_id(), account=made.id, full_name="Bình", main=True, phones=("0912 345 678",)))
        uow.add(Contact(id=uow.new_id(), account=made.id, full_name="Gone", left_on=TODAY))
        collection.record_receipt(uow, Receipt(id="", account=made.id, received_on=TODAY, amount=30))
    for day in range(3):
        with store.edit("Log") as uow:
            at = datetime(2026, 2, 1 + day, 3, tzinfo=UTC)
            accounts.log_interaction(uow, made.id, "call", f"Gọi {day}", said="Xin thêm hai ngày", at=at)
    with store.reader() as reader:
        brief = accounts.brief(reader, made.id, TODAY, activities=2)
        assert brief.owner == "Đỗ Khánh Vy" and brief.parent == parent
        assert [each.full_name for each in brief.contacts] == ["Bình", "Ánh"]
        assert [each.subject for each in brief.activities] == ["Gọi 2", "Gọi 1"]
        assert brief.activities[0].author == LOCAL_PERSON_ID
        assert [(each.number, each.open, each.days_overdue) for each in brief.invoices] == [
            ("1", 100, 10), ("2", 50, -30), ("3", 7, -30),
        ]  # fmt: skip
        assert [(m.currency, m.revenue_12m, m.not_due, m.overdue, m.unallocated) for m in brief.money] == [
            ("VND", 150, 50, 100, 30), ("USD", 7, 7, 0, 0),
        ]  # fmt: skip
        row = summary.account_rows(reader, [made.id], TODAY)[0]
        assert (row.contact, row.owner, row.last_touch_on) == ("Bình", "Đỗ Khánh Vy", date(2026, 2, 3))
        hit = search.find(reader, "0912345678")[0]
        assert (hit.entity, hit.field, hit.account_name, hit.value) == ("contact", "phones", "Con", "0912 345 678")
        said = search.find(reader, "them hai ngay")[0]
        assert (said.entity, said.account, said.open_entity) == ("activity", made.id, "activity")
        assert search.find(reader, "") == []


def test_a_line_of_a_proposal_opens_its_proposal(store: Store) -> None:
    made = add(store, "Một")
    with store.edit("Proposal") as uow:
        offered = proposal.create(uow, made.id, "Ra mắt")
    with store.reader() as reader:
        version = proposal.detail(reader, offered.id).version
    with store.edit("Lines") as uow:
        line = ProposalLine(
            id="", version=version.id, place=1, description="Dựng sân khấu", quantity=Decimal(1), price=5
        )
        proposal.set_lines(uow, version.id, [line])
    with store.reader() as reader:
        hit = search.find(reader, "san khau")[0]
        assert (hit.account, hit.open_entity, hit.open_id) == (made.id, "proposal", offered.id)


def test_today_orders_by_what_is_lost_by_waiting(store: Store) -> None:
    old, fresh, soon, calm = (add(store, name) for name in ("Lâu", "Mới", "Sắp", "Yên"))
    bill(store, old, 100_000_000, TODAY - timedelta(days=130), "17")  # 100 days overdue
    bill(store, fresh, 300_000_000, TODAY - timedelta(days=40), "18")  # 10 days overdue
    bill(store, fresh, 10_000_000, TODAY - timedelta(days=41), "19")
    bill(store, soon, 900_000_000, TODAY - timedelta(days=27), "20")  # due in three days
    bill(store, calm, 900_000_000, TODAY, "21")  # due in thirty
    with store.edit("Offer") as uow:
        offered = proposal.create(uow, calm.id, "Organic")
        uow.put(dataclasses.replace(offered, next_step="Gọi lại", next_step_on=TODAY + timedelta(days=2)))
    with store.reader() as reader:
        late = sum(len(summary.open_instalments(reader, TODAY, bucket=place)) for place in range(5))
        assert summary.counts(reader, TODAY)["collection"] == late > 0
        today = flows.today(reader, TODAY)
        assert [(item.kind, item.account_name, item.section) for item in today.items] == [
            ("overdue", "Lâu", "now"),
            ("overdue", "Mới", "now"),
            ("follow_up", "Yên", "week"),
            ("due", "Sắp", "week"),
        ]
        first, second, third, _ = today.items
        assert first.entity == "invoice" and first.reason_args["number"] == "17" and first.reason_args["days"] == 100
        assert (first.action, first.reason_args["step"]) == ("letter", 5)
        assert second.entity == "invoice" and second.amount == 310_000_000
        assert (second.number, second.more) == ("18", 1), "the one on which acting brings most"
        assert (third.entity, third.id, third.reason_args["step"]) == ("proposal", offered.id, "Gọi lại")
        for item in today.items:
            assert item.reason.format(**item.reason_args)
        figures = {figure.key: (figure.amount, figure.count) for figure in today.figures}
        assert figures["overdue"] == (410_000_000, 2) and figures["due"] == (900_000_000, 1)
        assert figures["invoiced"] == (900_000_000, 0) and figures["proposals"] == (None, 1)
        assert all(figure.as_of == TODAY for figure in today.figures)
        short = flows.today(reader, TODAY, limit=1)
        assert len(short.items) == 2 and short.left_out == {"now": 1, "week": 1}


def test_today_tells_of_offers_that_end(store: Store) -> None:
    made = add(store, "Một")
    for number, ends in enumerate((-1, 3, 30)):
        with store.edit("Offer") as uow:
            offered = proposal.create(uow, made.id, f"Đề xuất {number}")
        with store.reader() as reader:
            version = proposal.detail(reader, offered.id).version
        with store.edit("Line") as uow:
            uow.put(dataclasses.replace(version, valid_until=TODAY + timedelta(days=ends)))
            line = ProposalLine(id="", version="", place=1, description="x", quantity=Decimal(2), price=50)
            proposal.set_lines(uow, version.id, [line])
        with store.edit("Send") as uow:
            proposal.mark_sent(uow, version.id)
    with store.reader() as reader:
        items = flows.today(reader, TODAY).items
        assert [(item.kind, item.section, item.amount) for item in items] == [
            ("proposal_ended", "now", 108),
            ("proposal_ends", "week", 108),
        ]
    with store.edit("Lost") as uow:
        proposal.set_stage(uow, items[0].id, "lost", "giá")
    with store.reader() as reader:
        assert [item.kind for item in flows.today(reader, TODAY).items] == ["proposal_ends"]
        assert reader.get(Proposal, items[0].id) is not None


def test_foreign_money_stands_in_today_without_being_added(store: Store) -> None:
    made = add(store, "Một")
    bill(store, made, 10_000_00, TODAY - timedelta(days=60), "1", currency="USD", exchange_rate=Decimal(25_000))
    bill(store, made, 1_000_000, TODAY - timedelta(days=60), "2")
    with store.reader() as reader:
        today = flows.today(reader, TODAY)
        assert [(item.currency, item.amount) for item in today.items] == [("USD", 10_000_00), ("VND", 1_000_000)]
        assert {figure.key: figure.amount for figure in today.figures}["overdue"] == 1_000_000
        assert summary.ageing(reader, TODAY).currencies == ("USD",)


def test_today_tells_of_tasks_that_are_due(store: Store) -> None:
    with store.edit("Tasks") as uow:
        made = Account(id=uow.new_id(), name="Công ty Cổ phần Mây", short_name="Mây")
        uow.add(made)
        for subject, account, due, done in (
            ("Trễ", made.id, -2, None),
            ("Tuần này", "", 7, None),
            ("Tuần sau", "", 8, None),
            ("Xong rồi", "", 0, -1),
        ):
            due_on, done_on = (None if each is None else TODAY + timedelta(days=each) for each in (due, done))
            uow.add(Task(id=uow.new_id(), subject=subject, account=account, due_on=due_on, done_on=done_on))
    with store.reader() as reader:
        items = [item for item in flows.today(reader, TODAY).items if item.kind == "task"]
        assert summary.counts(reader, TODAY) == {"account": 1, "proposal": 0, "collection": 0, "task": 3}
    assert [(item.account_name, item.section, item.reason_args["subject"]) for item in items] == [
        ("Mây", "now", "Trễ"),
        ("Tuần này", "week", "Tuần này"),
    ]
