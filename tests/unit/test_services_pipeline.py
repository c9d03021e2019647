"""The board: sums by stage as the editor counts them, chances, days since the last move."""

from __future__ import annotations

import dataclasses
import json
from datetime import date, timedelta
from decimal import Decimal

from kam_desktop.domain.entities import Person, Proposal, ProposalVersion
from kam_desktop.domain.entities.proposal import STAGES
from kam_desktop.domain.figures import pipeline as figure
from kam_desktop.domain.figures.pipeline import Moved
from kam_desktop.services import pipeline, proposal
from kam_desktop.services.demo import generator, proposals
from kam_desktop.store.profile import Store
from tests.unit.test_services_proposal import create, detail, line, set_lines, store

__all__ = ["store"]  # the fixture


def column(of: Store, stage: str, text: str = "") -> pipeline.StageColumn:
    with of.reader() as reader:
        return next(each for each in pipeline.board(reader, text=text) if each.stage == stage)


def test_every_stage_has_a_chance_and_amounts_are_weighted_by_it() -> None:
    assert set(figure.CHANCES) == set(STAGES)
    assert all(0 <= each <= 100 for each in figure.CHANCES.values())
    assert figure.weighted(4_450_000_000, "working") == 1_335_000_000
    assert (figure.weighted(5, "briefed"), figure.weighted(-5, "briefed"), figure.weighted(9, "lost")) == (1, -1, 0)


def test_a_stage_begins_when_it_last_became_what_it_is() -> None:
    first = date(2026, 11, 2)
    assert figure.entered_on([]) is None
    moves = [Moved(first, "working"), Moved(first + timedelta(3), "sent"), Moved(first + timedelta(5), "sent")]
    assert figure.entered_on(moves) == first + timedelta(3)
    there_and_back = [*moves, Moved(first + timedelta(9), "won"), Moved(first + timedelta(9), "sent")]
    assert figure.entered_on(there_and_back) == first + timedelta(3)


def test_sums_are_those_of_the_newest_versions_by_stage(store: Store) -> None:
    one, two, three = create(store, "Ra mắt"), create(store, "Tết"), create(store, "Hội thảo")
    version = detail(store, one).version
    lines = [line("A", "2.5", 3), line("B", "7", 1000, discount_percent=Decimal("12.5")), line("C", optional=True)]
    set_lines(store, version, *lines)
    with store.edit("Next") as uow:
        uow.put(dataclasses.replace(version, discount=100))
        newest = proposal.new_version(uow, version.id)
    set_lines(store, newest, *lines, line("D", "1", 50_000))
    set_lines(store, detail(store, two).version, line("E", "1", 2_000))
    with store.edit("Dollars") as uow:
        dollars = detail(store, three).version
        uow.put(dataclasses.replace(dollars, currency="USD"))
    set_lines(store, dollars, line("F", "1", 900))
    found = column(store, "working")
    counted = sum(detail(store, each).totals.net for each in (one, two))
    assert (found.net, found.currency, found.others, len(found.ids)) == (counted, "VND", 1, 3)
    assert found.weighted == figure.weighted(counted, "working")
    assert column(store, "working", "tet").ids == [two.id]
    assert column(store, "working", "tet").net == 2_000
    assert column(store, "sent").ids == []


def test_days_in_a_stage_come_from_the_history_and_undo_gives_them_back(store: Store) -> None:
    made = create(store)
    with store.reader() as reader:
        begun = pipeline.entered(reader, [made.id, "nobody"])
    assert list(begun) == [made.id]
    store.clock.move(4 * 86_400)  # type: ignore[attr-defined]
    with store.edit("Title") as uow:
        uow.put(dataclasses.replace(uow.get(Proposal, made.id), title="Khác"))
    with store.reader() as reader:
        assert pipeline.entered(reader, [made.id]) == begun
    with store.edit("Move") as uow:
        proposal.set_stage(uow, made.id, "negotiating")
    with store.reader() as reader:
        assert pipeline.entered(reader, [made.id])[made.id] == begun[made.id] + timedelta(4)
    store.undo()
    with store.reader() as reader:
        assert pipeline.entered(reader, [made.id]) == begun


def test_a_version_without_lines_and_a_proposal_without_a_version_count_nothing(store: Store) -> None:
    made = create(store)
    with store.edit("Version gone") as uow:
        uow.delete(ProposalVersion, detail(store, made).version.id)
    create(store, "Trống")
    assert (column(store, "working").net, len(column(store, "working").ids)) == (0, 2)


def test_a_quarter_is_written_and_read() -> None:
    assert figure.quarter_of(date(2026, 11, 23)) == "2026-4" and figure.quarter_of(date(2027, 1, 1)) == "2027-1"
    assert figure.quarter_span("2026-4") == (date(2026, 10, 1), date(2026, 12, 31))
    assert figure.quarter_span("2024-1") == (date(2024, 1, 1), date(2024, 3, 31))


def test_the_board_is_narrowed_by_owner_and_quarter_and_ordered_as_asked(store: Store) -> None:
    one, two, three = create(store, "An"), create(store, "Bình"), create(store, "Chi")
    with store.edit("Dates") as uow:
        uow.put(dataclasses.replace(one, expected_close_on=date(2026, 12, 31)))
        uow.put(dataclasses.replace(two, expected_close_on=date(2026, 10, 1), owner=""))
    set_lines(store, detail(store, three).version, line("A", "1", 9_000))
    set_lines(store, detail(store, two).version, line("A", "1", 1_000))

    def ids(**asked: str) -> list[str]:
        with store.reader() as reader:
            board = pipeline.board(reader, **asked)
        return list(next(each for each in board if each.stage == "working").ids)

    assert ids() == [one.id, two.id, three.id]
    assert ids(order="closing") == [two.id, one.id, three.id]
    assert ids(order="value") == [three.id, two.id, one.id]
    assert ids(closing="2026-4") == [one.id, two.id] and ids(closing="2027-1") == []
    assert ids(closing=pipeline.UNDATED) == [three.id]
    assert ids(closing="nonsense") == ids() and ids(owner=one.owner) == [one.id, three.id]
    with store.reader() as reader:
        choices = pipeline.choices(reader)
        assert (choices.quarters, choices.undated) == (["2026-4"], True)
        assert [key for key, _ in choices.owners] == [one.owner]
        where = pipeline.narrowed("", "2026-4")
        asked = proposal.listing(reader, narrowed=where, order=("expected_close_on", True))
        assert list(asked.ids) == [one.id, two.id]
        assert list(proposal.listing(reader, order=("expected_close_on", False)).ids) == [two.id, one.id, three.id]
        assert list(proposal.listing(reader, order=("title", True)).ids) == [three.id, two.id, one.id]


def test_the_longest_in_its_stage_stands_first_and_sample_data_has_its_days(store: Store) -> None:
    young, old = create(store, "A"), create(store, "B")
    told = {old.id: [["2026-02-01", "briefed"], ["2026-02-10", "working"]]}
    with store.edit("Sample") as uow:
        uow.set_preference(figure.SAMPLED, json.dumps(told))
    with store.reader() as reader:
        assert pipeline.entered(reader, [old.id]) == {old.id: date(2026, 2, 10)}
        board = pipeline.board(reader, order="days")
    assert list(next(each for each in board if each.stage == "working").ids) == [old.id, young.id]


def test_sample_proposals_have_been_in_their_stage_for_some_days() -> None:
    kit = generator.load("agency")
    as_of = date(2026, 11, 23)
    moves = json.loads(proposals.moves("agency", kit.content, as_of, 400))
    found = {each.id: each for each in proposals.records("agency", kit.content, [_person()], as_of, 400)
             if isinstance(each, Proposal)}  # fmt: skip
    assert moves.keys() == found.keys() and len(found) > 5
    for key, road in moves.items():
        assert road[-1][1] == found[key].stage and road == sorted(road)
        assert road[-1][0] < as_of.isoformat()


def _person() -> Person:
    return Person(id="person", full_name="Đỗ Khánh Lân", code="LAN")
