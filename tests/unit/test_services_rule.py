"""Dated rules and payment terms: seeds that stand in, spans that never overlap, all problems at once."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kam_desktop import formats
from kam_desktop.domain.entities import PaymentTerm, PaymentTermLine, Rule
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.figures import provision, terms
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.locale.vietnam import provision_table, seeds, vat
from kam_desktop.domain.query import Query
from kam_desktop.protocol.codec import to_wire
from kam_desktop.services import profile, rule
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock

TODAY = date(2026, 3, 2)


def made(folder: Path) -> Store:
    clock = FakeClock()
    return Store.create(folder, DataKey.new(), "rules", clock, RandomIds(clock))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = made(tmp_path)
    yield store
    store.close()


def read(store: Store, question: Any, *args: Any) -> Any:
    with store.reader() as reader:
        return question(reader, *args)


def write(store: Store, verb: Any, *args: Any) -> Any:
    with store.edit("Test") as uow:
        return verb(uow, *args)


def refused(store: Store, verb: Any, *args: Any) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as caught:
        write(store, verb, *args)
    return [(each.where, each.code) for each in caught.value.problems]


def vat_rule(begins: str, ends: str = "", rate: str = "8%", category: str = "reduced", **more: Any) -> Rule:
    plain = {"id": f"018f0000-0000-7000-8000-0000{begins.replace('-', '')}", "kind": "vat", "name": f"Thuế {rate}"}
    ended = date.fromisoformat(ends) if ends else None
    facts = {"begins_on": date.fromisoformat(begins), "ends_on": ended, "rate": rate, "category": category}
    return Rule(**{**plain, **facts, **more})


def dump(store: Store) -> list[str]:
    with store.reader() as reader:
        kinds = ("rule", "payment_term", "payment_term_line", "firm", "person")
        found = [each for kind in kinds for each in reader.all(Query(kind, (), ()))]
    return [json.dumps(to_wire(each), ensure_ascii=False, sort_keys=True) for each in found]


# Seeds.


def test_a_profile_without_rules_gets_the_seeds(store: Store) -> None:
    assert sorted(read(store, rule.vat_rules), key=repr) == sorted(
        (dataclasses.replace(each, source=seeds._source(each.source)) for each in vat.SEEDS), key=repr
    )
    (table,) = read(store, rule.provision_tables)
    assert table.tiers == provision_table.SEEDS[0].tiers and table.source == "Thông tư 48/2019/TT-BTC Điều 6"
    assert read(store, rule.late_interest_percent, TODAY) == Decimal(10)
    assert read(store, rule.late_interest_rule, date(1999, 1, 1)).source == "Bộ luật Dân sự 2015 Điều 468"
    assert not read(store, rule.is_seeded, "vat") and read(store, rule.term_list) == []
    assert read(store, rule.holidays) == formats.FirmDays({}, frozenset())


def test_a_new_profile_holds_them_as_records_of_the_same_ids(tmp_path: Path) -> None:
    first, second = made(tmp_path / "a"), made(tmp_path / "b")
    for each in (first, second):
        profile.set_up(each, "Mộc Lam", "9900000010")
    assert dump(first) == dump(second)
    held = read(first, lambda reader: reader.all(Query("rule", (), ())))
    assert {each.id for each in held} == {each.id for each in seeds.rules()} and all(each.source for each in held)
    assert len({each.id for each in seeds.records()}) == len(seeds.records())
    before = read(first, rule.vat_rules), read(first, rule.provision_tables)
    write(first, rule.seed)
    write(first, rule.seed_terms)
    assert dump(first) == dump(second) and before == (read(first, rule.vat_rules), read(first, rule.provision_tables))
    first.close()
    second.close()


def test_setting_up_again_brings_nothing_back_that_was_changed(store: Store) -> None:
    profile.set_up(store, "Mộc Lam", "")
    eight = next(each for each in seeds.rules() if each.ends_on == date(2026, 12, 31))
    write(store, rule.save, dataclasses.replace(eight, ends_on=date(2027, 6, 30)))
    profile.set_up(store, "Mộc Lam", "")
    assert read(store, lambda reader: reader.get(Rule, eight.id)).ends_on == date(2027, 6, 30)


@pytest.mark.parametrize(
    ("day", "reduced", "standard"),
    [
        ("2022-01-31", "10%", "10%"),
        ("2022-02-01", "8%", "10%"),
        ("2023-01-01", "10%", "10%"),
        ("2026-12-31", "8%", "10%"),
        ("2027-01-01", "10%", "10%"),
    ],
)
def test_rates_of_the_seeded_rules(store: Store, day: str, reduced: str, standard: str) -> None:
    profile.set_up(store, "", "")
    rules = read(store, rule.vat_rules)
    on = date.fromisoformat(day)
    found = vat.rule_on(on, "reduced", rules), vat.rule_on(on, "standard", rules)
    assert [each.rate for each in found if each] == [reduced, standard]


# Saving.


@pytest.mark.parametrize(
    ("begins", "ends", "code"),
    [
        ("2026-12-31", "2027-12-31", "overlap"),  # on the last day of the rule before
        ("2027-01-01", "2027-12-31", ""),
        ("2027-01-01", "", ""),
        ("2026-01-01", "2026-02-01", "overlap"),  # inside
        ("2020-01-01", "2021-12-31", ""),  # before all
        ("2020-01-01", "2022-02-01", "overlap"),
        ("2020-01-01", "", "overlap"),  # without an end it runs into all of them
        ("2023-01-01", "2023-06-30", ""),  # the gap
    ],
)
def test_spans_of_one_tax_category_never_overlap(store: Store, begins: str, ends: str, code: str) -> None:
    new = vat_rule(begins, ends)
    if code:
        assert refused(store, rule.save, new) == [("begins_on", code)]
        assert not read(store, rule.is_seeded, "vat")
    else:
        write(store, rule.save, new)
        assert len(read(store, rule.rules, "vat")) == len(vat.SEEDS) + 1  # the seeds did not go away


def test_the_refusal_names_the_rule_and_its_days(store: Store) -> None:
    with pytest.raises(Refused) as caught:
        write(store, rule.save, vat_rule("2026-12-31"))
    args = caught.value.problems[0].args
    assert args == {"name": "Thuế GTGT 8 % (giảm thuế)", "first": "01/07/2025", "last": "31/12/2026"}
    assert refused(store, rule.save, vat_rule("2030-01-01", category="standard")) == [("begins_on", "overlap")]
    write(store, rule.save, vat_rule("2020-01-01", category="Phần mềm", rate="KCT"))  # another category: no meeting
    assert refused(store, rule.save, vat_rule("2028-01-01", rate="")) == [("rate", "required")]
    write(store, rule.save, Rule(id=vat_rule("2020-01-01").id, kind="vat", name="Đổi tên", rate="KCT",
                                 category="Phần mềm", begins_on=date(2020, 1, 1)))  # fmt: skip


def test_a_provision_table_is_changed_as_one(store: Store) -> None:
    lines = [each for each in seeds.rules() if each.kind == "provision"]
    twice = dataclasses.replace(lines[0], id="018f0000-0000-7000-8000-000000000001")
    assert refused(store, rule.save, twice) == [("months", "tier_twice")]
    other_day = dataclasses.replace(twice, id="018f0000-0000-7000-8000-000000000009", begins_on=date(2025, 1, 1))
    assert refused(store, rule.save, other_day) == [("begins_on", "overlap")]
    write(store, rule.save, dataclasses.replace(twice, months=3, percent=Decimal(15), ends_on=date(2026, 12, 31)))
    (table,) = read(store, rule.provision_tables)
    assert [each.months for each in table.tiers] == [3, 6, 12, 24, 36] and table.valid_to == date(2026, 12, 31)
    write(store, rule.save, dataclasses.replace(other_day, begins_on=date(2027, 1, 1)))
    assert [each.valid_from for each in read(store, rule.provision_tables)] == [date(2027, 1, 1), date(2019, 10, 10)]
    assert provision.table_on(date(2026, 12, 31), read(store, rule.provision_tables)).tiers[0].months == 3


def test_ending_one_and_beginning_the_next(store: Store) -> None:
    eight = next(each for each in seeds.rules() if each.ends_on == date(2026, 12, 31))
    nine = vat_rule("2026-07-01", rate="9%")
    write(store, rule.begin_next, eight.id, nine)
    rules = read(store, rule.vat_rules)
    assert vat.rule_on(date(2026, 6, 30), "reduced", rules).rate == "8%"
    assert vat.rule_on(date(2026, 7, 1), "reduced", rules).rate == "9%"
    assert refused(store, rule.begin_next, eight.id, vat_rule("2025-07-01")) == [("begins_on", "begins_too_early")]
    assert refused(store, rule.begin_next, "gone", nine) == [("id", "missing")]
    store.undo()
    assert vat.rule_on(date(2026, 7, 1), "reduced", read(store, rule.vat_rules)).rate == "8%"
    write(store, rule.begin_next, eight.id, vat_rule("2027-03-01"))  # one that ended before keeps its end
    assert read(store, lambda reader: reader.get(Rule, eight.id)).ends_on == date(2026, 12, 31)


def test_the_next_provision_table_takes_the_other_lines_along(store: Store) -> None:
    six = next(each for each in seeds.rules() if each.kind == "provision" and each.months == 6)
    following = dataclasses.replace(
        six, id="018f0000-0000-7000-8000-000000000002", percent=Decimal(40), begins_on=date(2027, 1, 1)
    )
    write(store, rule.begin_next, six.id, following)
    new, old = read(store, rule.provision_tables)
    assert [(each.months, each.percent) for each in new.tiers] == [(6, 40), (12, 50), (24, 70), (36, 100)]
    assert (old.valid_to, new.valid_from, new.valid_to) == (date(2026, 12, 31), date(2027, 1, 1), None)
    assert old.tiers == provision_table.SEEDS[0].tiers


def test_interest_agreed_by_the_firm_has_its_days(store: Store) -> None:
    (law,) = read(store, rule.rules, "late_interest")
    own = Rule(id="018f0000-0000-7000-8000-000000000003", kind="late_interest", name="Hợp đồng khung",
               percent=Decimal("12.5"), begins_on=date(2026, 1, 1))  # fmt: skip
    assert refused(store, rule.save, own) == [("begins_on", "overlap")]
    write(store, rule.begin_next, law.id, own)
    assert read(store, rule.late_interest_percent, date(2025, 12, 31)) == 10
    assert read(store, rule.late_interest_percent, date(2026, 1, 1)) == Decimal("12.5")
    write(store, rule.remove, law.id)
    assert read(store, rule.late_interest_percent, date(2025, 12, 31)) == 10  # the law's own stands behind
    assert refused(store, rule.remove, "gone") == [("id", "missing")]


def test_the_firms_days_lie_over_the_public_calendar(store: Store) -> None:
    off = Rule(id="018f0000-0000-7000-8000-000000000004", kind="holiday", name="Nghỉ hè", begins_on=date(2026, 7, 30),
               ends_on=date(2026, 7, 31))  # fmt: skip
    saturday = Rule(id="018f0000-0000-7000-8000-000000000005", kind="working_day", name="Làm bù",
                    begins_on=date(2026, 8, 22))  # fmt: skip
    swapped = dataclasses.replace(saturday, id="018f0000-0000-7000-8000-000000000006", begins_on=date(2026, 9, 1))
    for each in (off, saturday, swapped):
        write(store, rule.save, each)
    days = read(store, rule.holidays)
    assert days.off == {date(2026, 7, 30): "Nghỉ hè", date(2026, 7, 31): "Nghỉ hè"}
    assert not formats.is_working_day(date(2026, 7, 30), days) and formats.is_working_day(date(2026, 7, 30))
    assert formats.is_working_day(date(2026, 8, 22), days) and not formats.is_working_day(date(2026, 8, 22))
    assert formats.is_working_day(date(2026, 9, 1), days) and not formats.is_working_day(date(2026, 9, 1))
    year = formats.holidays_of(2026, days)
    assert year[date(2026, 7, 31)] == "Nghỉ hè" and date(2026, 9, 1) not in year and list(year) == sorted(year)
    assert date(2026, 7, 31) not in formats.holidays_of(2026) and date(2026, 7, 31) not in formats.holidays_of(
        2027, days
    )
    assert formats.next_working_day(date(2026, 7, 30), days) == date(2026, 8, 3)
    assert formats.next_working_day(date(2026, 8, 22), days) == date(2026, 8, 22)


def test_a_calendar_with_a_slip_of_the_year_ends(store: Store) -> None:
    write(store, rule.save, Rule(id="018f0000-0000-7000-8000-000000000007", kind="holiday", name="Nhầm năm",
                                 begins_on=date(2026, 1, 1), ends_on=date(2926, 1, 1)))  # fmt: skip
    days = read(store, rule.holidays)
    assert len(days.off) == 366
    whole = formats.FirmDays({date(2026, 1, 1) + timedelta(days=n): "x" for n in range(400)})
    assert formats.next_working_day(date(2026, 1, 1), whole) == date(2026, 3, 2)  # given up, not walked for good


# Payment terms.


@pytest.mark.parametrize(
    ("place", "total", "expected"),
    [  # on an invoice of 2026-11-23, papers confirmed on 2026-12-05
        (0, 100_000_000, [(100_000_000, "2026-12-23")]),
        (1, 100_000_000, [(100_000_000, "2027-01-04")]),
        (2, 100_000_001, [(50_000_001, "2026-11-23"), (50_000_000, "2027-01-04")]),
        (3, 100_000_000, [(30_000_000, "2026-11-23"), (40_000_000, "2026-12-23"), (30_000_000, "2027-01-04")]),
        (4, 100_000_000, [(50_000_000, "2026-11-23"), (40_000_000, "2027-01-04"), (10_000_000, "2027-12-05")]),
        (5, 100_000_000, [(100_000_000, "2026-12-15")]),
    ],
)
def test_the_usual_terms(store: Store, place: int, total: int, expected: list[tuple[int, str]]) -> None:
    write(store, rule.seed_terms)
    wanted = [each for each in seeds.payment_terms() if isinstance(each, PaymentTerm)][place]
    term = next(each for each in read(store, rule.term_list) if each.term.id == wanted.id)
    due = rule.preview(term.lines, total, date(2026, 11, 23), date(2026, 12, 5))
    assert [(each.amount, str(each.due_on)) for each in due] == expected
    waiting = rule.preview(term.lines, total, date(2026, 11, 23))
    assert [each.due_on is None for each in waiting] == [each.from_papers for each in term.lines]
    assert term.term.name and term.term.name_en and rule.term_problems(term.term, term.lines) == []


def test_a_term_is_saved_with_its_lines_or_not_at_all(store: Store) -> None:
    term = PaymentTerm(id="018f0000-0000-7000-8000-000000000010", name="Của tôi")

    def part(kind: str, value: str = "", *steps: str, **more: Any) -> PaymentTermLine:
        return PaymentTermLine(id="", term="", place=None, kind=kind, value=Decimal(value) if value else None,
                               steps=steps, **more)  # fmt: skip

    write(store, rule.save_term, term, [part("percent", "30"), part("rest", "5", "days 30", "end_of_month")])
    (saved,) = read(store, rule.term_list)
    assert [(each.place, each.kind, each.value) for each in saved.lines] == [(1, "percent", 30), (2, "rest", None)]
    assert rule.parts(saved.lines)[1].steps == (terms.Step("days", 30), terms.Step("end_of_month"))
    kept = saved.lines[1]
    write(store, rule.save_term, term, [kept])
    (again,) = read(store, rule.term_list)
    assert [(each.id, each.place) for each in again.lines] == [(kept.id, 1)]

    nameless = dataclasses.replace(term, name=" ")
    bad = [part("percent", "-1"), part("fixed", "1.5"), part("percent", "10", "weeks 2"), part("rest", "", "days 9999")]
    assert refused(store, rule.save_term, nameless, bad) == [
        ("name", "required"),
        ("parts.1", "part_not_positive"),
        ("parts.2", "part_not_whole"),
        ("parts.3", "unknown_part"),
        ("parts.4", "step_too_long"),
    ]
    assert refused(store, rule.save_term, term, []) == [("parts", "no_part")]
    assert refused(store, rule.save_term, term, [part("percent", "60"), part("percent", "50")]) == [
        ("parts", "over_100")
    ]
    (unchanged,) = read(store, rule.term_list)
    assert unchanged == again
