"""What the large profile has beside customers: a full board, tasks, a catalogue, long proposals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from random import Random
from typing import Any

from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.entities import LOCAL_PERSON_ID, Product, Proposal, ProposalLine, ProposalVersion, Task
from kam_desktop.domain.entities.proposal import OPEN_STAGES
from kam_desktop.domain.ids import derived
from kam_desktop.store.profile import Store

PROPOSALS, TASKS, PRODUCTS = 3_000, 2_000, 2_000
LONG, SHORT = derived("bench", "proposal of 500 lines"), derived("bench", "proposal of 30 lines")
"""The proposals whose editing is measured; their lines hang in sections of 25."""
_WORK = ("Dàn dựng gian hàng", "Thuê màn hình LED", "In ấn phông nền", "Nhân sự sự kiện", "Âm thanh ánh sáng",
         "Thiết kế bộ nhận diện", "Quay phim tổng kết", "Vận chuyển thiết bị")  # fmt: skip
_LINES = ("Sự kiện", "Thiết kế", "Truyền thông")
_NEXT = ("Gọi hỏi ý kiến", "Gửi bản sửa", "Hẹn gặp giám đốc", "Chờ duyệt ngân sách", "")


def add(store: Store) -> int:
    """Adds them once; returns how many records were added, 0 when they are there already."""
    with store.reader() as reader:
        if reader.get(Proposal, LONG) is not None:
            return 0
        accounts = [str(row[0]) for row in reader.sql("select id from account order by id limit 20000")]
    made = 0
    everything = _records(accounts)
    while part := list(islice(everything, 4000)):
        with store.edit("", kind="internal", recorded=False) as uow:
            for record in part:
                uow.add(record)
                uow.new_group()
        made += len(part)
    return made


def _records(accounts: list[str]) -> Iterator[Any]:
    random, today = Random("offers"), SystemClock().today()
    for number in range(PRODUCTS):
        cost = random.randrange(5, 400) * 10_000
        yield Product(
            id=derived("bench", "product", str(number)), code=f"SP{number:05}", unit="gói", cost=cost,
            price=cost * 3 // 2, name=f"{random.choice(_WORK)} {number}", line=random.choice(_LINES),
        )  # fmt: skip
    for number in range(TASKS):
        due_on = today + timedelta(days=random.randrange(-60, 60))
        done_on = due_on if number >= TASKS // 5 and due_on <= today else None
        yield Task(
            id=derived("bench", "task", str(number)), subject=f"{random.choice(_NEXT[:4])} {number}", due_on=due_on,
            done_on=done_on, account=random.choice(accounts), owner=LOCAL_PERSON_ID,
        )  # fmt: skip
    for number in range(PROPOSALS):
        stage = random.choice((*OPEN_STAGES, "won", "won", "lost", "on_hold"))
        step = random.choice(_NEXT)
        yield from _proposal(
            derived("bench", "proposal", str(number)), random.choice(accounts), f"{random.choice(_WORK)} đợt {number}",
            random.randrange(3, 9), random, stage=stage, outcome_reason="Giá cao" if stage == "lost" else "",
            next_step=step, next_step_on=today + timedelta(days=random.randrange(-5, 30)) if step else None,
        )  # fmt: skip
    for identity, lines in ((LONG, 500), (SHORT, 30)):
        title = f"Báo giá {lines} dòng"
        yield from _proposal(identity, accounts[lines], title, lines, random, stage="working", client_budget=10**10)


def _proposal(identity: str, account: str, title: str, lines: int, random: Random, **more: Any) -> Iterator[Any]:
    today = SystemClock().today()
    version = derived("bench", "version", identity)
    yield Proposal(id=identity, account=account, title=title, owner=LOCAL_PERSON_ID, **more)
    yield ProposalVersion(
        id=version, proposal=identity, number=1, quoted_on=today, valid_until=today + timedelta(days=30)
    )
    for place in range(1, lines + 1):
        price = random.randrange(2, 900) * 50_000
        yield ProposalLine(
            id=derived("bench", "line", identity, str(place)), version=version, place=place, price=price,
            section=f"Hạng mục {(place - 1) // 25 + 1}" if lines > 25 else "", unit="gói", cost=price * 7 // 10,
            description=f"{random.choice(_WORK)} {place}", quantity=Decimal(random.randrange(1, 12)),
        )  # fmt: skip
