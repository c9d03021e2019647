"""The board of proposals: which hang in which stage, what they are worth together, and since when."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from kam_desktop.domain.entities.proposal import OPEN_STAGES, STAGES
from kam_desktop.domain.figures import pipeline, totals
from kam_desktop.domain.figures.pipeline import Moved
from kam_desktop.domain.query import Op, Query, Where
from kam_desktop.store.reader import Reader


@dataclass(frozen=True)
class StageColumn:
    """The proposals of one stage in the order asked for.

    Attributes:
        currency: the one in which most of the board is; amounts of others are never added to it.
        net, weighted: before tax, of the proposals in that currency; 0 in the stages that are no longer in play.
        others: how many proposals are in another currency.
    """

    stage: str
    ids: Sequence[str]
    currency: str
    net: int
    weighted: int
    others: int


ORDERS = ("closing", "value", "days", "title")
"""How cards of a stage may stand: first to be closed, largest, longest in the stage, by title. Ties: by title."""
UNDATED = "undated"
"""The quarter of what has no expected close."""


@dataclass(frozen=True)
class Choices:
    """What the board can be narrowed to.

    Attributes:
        owners: (id, name) of those who own a proposal; quarters: in which one of those in play is to be closed.
        undated: whether one in play has no expected close.
    """

    owners: Sequence[tuple[str, str]]
    quarters: Sequence[str]
    undated: bool


def board(
    reader: Reader, *, text: str = "", owner: str = "", closing: str = "", order: str = "title"
) -> tuple[StageColumn, ...]:
    """Every stage in the order of the board, empty ones too; with a text only what it finds.

    Args:
        owner: the id of a person, "" for all; closing: a quarter (figures.pipeline.quarter_of), UNDATED or "".
        order: one of ORDERS.
    """
    where = narrowed(owner, closing)
    ids = {stage: reader.ids(Query("proposal", (Where("stage", Op.IS, stage), *where), text=text)) for stage in STAGES}
    nets = {key: (currency, net) for key, currency, net in _nets(reader)}
    count = Counter(nets[key][0] for stage in OPEN_STAGES for key in ids[stage] if key in nets)
    currency = count.most_common(1)[0][0] if count else "VND"
    made = []
    for stage in STAGES:
        found = [nets[key] for key in ids[stage] if key in nets]
        net = sum(each for its, each in found if its == currency)
        others = sum(its != currency for its, _ in found)
        shown = _ordered(reader, ids[stage], order, nets)
        made.append(StageColumn(stage, shown, currency, net, pipeline.weighted(net, stage), others))
    return tuple(made)


def narrowed(owner: str, closing: str) -> tuple[Where, ...]:
    """The conditions of an owner and a quarter; a quarter that cannot be read is none."""
    where = [Where("owner", Op.IS, owner)] if owner else []
    if closing == UNDATED:
        where.append(Where("expected_close_on", Op.EMPTY))
    elif closing:
        try:
            first, last = pipeline.quarter_span(closing)
        except ValueError:
            return tuple(where)
        where += [Where("expected_close_on", Op.AT_LEAST, first), Where("expected_close_on", Op.AT_MOST, last)]
    return tuple(where)


_CLOSING = "select id, expected_close_on from proposal where expected_close_on is not null and expected_close_on <> ''"


def _ordered(reader: Reader, ids: list[str], order: str, nets: Mapping[str, tuple[str, int]]) -> list[str]:
    """Ids by title in another order; what has no value in it stands last."""
    keys: Mapping[str, Any]
    if order == "closing":
        keys = dict(reader.sql(_CLOSING))
    elif order == "value":
        keys = {key: -nets[key][1] for key in ids if key in nets}
    elif order == "days":
        keys = entered(reader, ids)
    else:
        return ids
    known = sorted((key for key in ids if key in keys), key=lambda key: keys[key])
    return [*known, *(key for key in ids if key not in keys)]


_OWNERS = """
select r.id, r.full_name from person r where r.id in (select owner from proposal) order by r._sort, r.id
"""
_CLOSINGS = """
select distinct coalesce(expected_close_on, '') from proposal
where stage in ('briefed', 'working', 'in_approval', 'sent', 'negotiating')
"""


def choices(reader: Reader) -> Choices:
    """What the board can be narrowed to now."""
    days = [row[0] for row in reader.sql(_CLOSINGS)]
    quarters = sorted({pipeline.quarter_of(date.fromisoformat(day)) for day in days if day})
    return Choices([(row[0], row[1]) for row in reader.sql(_OWNERS)], quarters, "" in days)


_LINES = """
select v.proposal, v.number, v.currency, coalesce(v.discount, 0), l.quantity, l.price, l.discount_percent, l.optional
from proposal_version v join proposal p on p.id = v.proposal left join proposal_line l on l.version = v.id
where p.stage in ('briefed', 'working', 'in_approval', 'sent', 'negotiating')
order by v.proposal, v.number desc
"""


def _nets(reader: Reader) -> Iterator[tuple[str, str, int]]:
    """(proposal, currency, net of its newest version) of what is in play, as services.proposal.totals has it."""
    for key, rows in groupby(reader.each(_LINES), key=lambda row: row[0]):
        lines = list(rows)
        newest = lines[0]
        gross = sum(_net(row) for row in lines if row[1] == newest[1])
        yield key, newest[2], gross - max(0, min(newest[3], gross))


def _net(row: tuple[object, ...]) -> int:
    _, _, _, _, quantity, price, percent, optional = row
    if optional or not quantity or not price:
        return 0
    if not percent and str(quantity).isdecimal():
        return int(str(quantity)) * int(str(price))
    return totals.line_net(Decimal(str(quantity)), int(str(price)), Decimal(str(percent)) if percent else None)


_MOVES = """
select record, new, written_at from history
where entity = 'proposal' and record in (select value from json_each(:ids)) order by n
"""


def entered(reader: Reader, ids: Sequence[str]) -> dict[str, date]:
    """Since which day each proposal has been in its stage, by its history (figures.pipeline.entered_on)."""
    sampled: dict[str, list[list[str]]] = json.loads(reader.preference(pipeline.SAMPLED) or "{}")
    moves = {
        key: [Moved(date.fromisoformat(day), stage) for day, stage in sampled[key]] for key in ids if key in sampled
    }
    for key, new, written_at in reader.sql(_MOVES, {"ids": json.dumps(list(ids))}):
        stage = json.loads(new).get("stage")
        if stage:
            moves.setdefault(key, []).append(Moved(datetime.fromisoformat(written_at).astimezone().date(), stage))
    return {key: on for key, found in moves.items() if (on := pipeline.entered_on(found)) is not None}
