"""The proposals of the sample data: stages, versions and priced lines."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from kam_desktop.domain.entities.proposal import Proposal, ProposalLine, ProposalVersion
from kam_desktop.domain.entities.team import Person
from kam_desktop.domain.entity import Record
from kam_desktop.domain.ids import derived

_STATUS = {
    "briefed": "draft",
    "working": "draft",
    "in_approval": "in_approval",
    "sent": "sent",
    "negotiating": "sent",
    "won": "accepted",
    "lost": "rejected",
    "on_hold": "sent",
}
_NEXT = ("Gọi chốt giá", "Gửi bản sửa", "Hẹn trình bày", "Xin duyệt nội bộ", "Nhắc khách trả lời")


def records(kit: str, content: dict[str, Any], people: list[Person], as_of: date, accounts: int) -> list[Record]:
    """Every proposal of the kit whose customer is among the first `accounts`."""
    found: list[Record] = []
    for number, (title, place, stage, versions) in enumerate(content["proposals"], start=1):
        if place < accounts:
            found += _proposal(kit, content["works"], people[0], number, title, place, stage, versions, as_of)
    return found


_ROAD = ("briefed", "working", "in_approval", "sent", "negotiating")


def moves(kit: str, content: dict[str, Any], as_of: date, accounts: int) -> str:
    """How each proposal came to its stage, for the preference figures.pipeline.SAMPLED: sample data has no history."""
    found: dict[str, list[list[str]]] = {}
    for number, (_title, place, stage, versions) in enumerate(content["proposals"], start=1):
        if place >= accounts:
            continue
        random = Random(f"{kit}|stages|{number}")
        road = [*_ROAD[: _ROAD.index(stage) + 1]] if stage in _ROAD else [*_ROAD, stage]
        day, way = as_of - timedelta(days=random.randrange(1, 13) + 2 * versions), []
        for each in reversed(road):
            way.append([day.isoformat(), each])
            day -= timedelta(days=random.randrange(2, 12))
        found[derived("demo", kit, "proposal", str(number))] = way[::-1]
    return json.dumps(found)


def _proposal(
    kit: str,
    works: list[list[Any]],
    owner: Person,
    number: int,
    title: str,
    place: int,
    stage: str,
    versions: int,
    as_of: date,
) -> list[Record]:
    random = Random(f"{kit}|proposal|{number}")
    identity = derived("demo", kit, "proposal", str(number))
    open_ = stage not in ("won", "lost", "on_hold")
    found: list[Record] = [
        Proposal(
            id=identity,
            account=derived("demo", kit, "account", str(place)),
            number=f"BG-{as_of.year}-{owner.code}-A-{number:03d}",
            title=title,
            stage=stage,
            outcome_reason="Ngân sách dời sang năm sau" if stage == "lost" else "",
            owner=owner.id,
            expected_close_on=as_of + timedelta(days=random.randrange(10, 60)) if open_ else None,
            next_step=random.choice(_NEXT) if open_ and number % 4 else "",
            next_step_on=as_of + timedelta(days=random.randrange(-2, 9)) if open_ and number % 4 else None,
        )
    ]
    chosen = sorted(random.sample(range(len(works)), min(len(works), 4 + number % 5)))
    for version in range(1, versions + 1):
        last = version == versions
        found += _version(
            kit,
            identity,
            works,
            chosen,
            version,
            _STATUS[stage] if last else "superseded",
            as_of - timedelta(days=20 * (versions - version)),  # an earlier version went out earlier
            random,
        )
    return found


def _version(
    kit: str,
    proposal: str,
    works: list[list[Any]],
    chosen: list[int],
    number: int,
    status: str,
    as_of: date,
    random: Random,
) -> list[Record]:
    identity = derived("demo", kit, "proposal_version", proposal, str(number))
    quoted = as_of - timedelta(days=random.randrange(3, 20))
    sent = status not in ("draft", "in_approval")
    found: list[Record] = [
        ProposalVersion(
            id=identity,
            proposal=proposal,
            number=number,
            status=status,
            quoted_on=quoted,
            valid_until=quoted + timedelta(days=random.choice((15, 20, 30))),
            discount=None if number == 1 else 5_000_000 * random.randrange(1, 5),
            terms="Thanh toán 50 % khi ký, 50 % trong 30 ngày kể từ ngày nhận đủ hồ sơ.",
            sent_at=datetime.combine(quoted, time(8, 30), UTC) if sent else None,
        )
    ]
    for place, work in enumerate(chosen, start=1):
        section, description, unit, million = works[work]
        price = round(float(million) * 1_000_000 * random.uniform(0.85, 1.15))
        price = round(price, -3) if price >= 100_000 else max(100, round(price, -2))
        quantity = (
            1
            if price >= 100_000_000
            else random.randrange(4, 25)
            if price >= 1_000_000
            else random.randrange(20, 60) * 100
        )
        found.append(
            ProposalLine(
                id=derived("demo", kit, "proposal_line", identity, str(place)),
                version=identity,
                place=place,
                section=section,
                description=description,
                unit=unit,
                quantity=Decimal(quantity),
                price=price,
                cost=price * quantity * random.randrange(55, 92) // 100,
                tax_rate="10%" if work == len(works) - 2 else "8%",
            )
        )
    return found
