"""Proposals: their list, numbers, versions, lines and totals; sending and moving on the board."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from kam_desktop.domain.entities import LOCAL_PERSON_ID, Account, Person, Proposal, ProposalLine, ProposalVersion
from kam_desktop.domain.entities.proposal import OPEN_STAGES, STAGES
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures import totals as totals_figure
from kam_desktop.domain.figures.totals import Totals as ProposalTotals
from kam_desktop.domain.locale.vietnam import vat
from kam_desktop.domain.query import Op, Order, Query, Where
from kam_desktop.domain.text import fold
from kam_desktop.services import records
from kam_desktop.store.reader import Reader
from kam_desktop.store.unit_of_work import UnitOfWork

KIND = "BG"
LETTER = "device.letter"  # of store.profile, which gives a copy another one
"""The preference with this laptop's letter in the numbers of documents; A until it is connected."""


@dataclass(frozen=True, slots=True)
class StageGroup:
    """The proposals of one stage: ids[start : start + count] of the list."""

    stage: str
    start: int
    count: int


@dataclass(frozen=True)
class ProposalList:
    """All proposals of a list by id, in the order of the board."""

    ids: Sequence[str]
    groups: tuple[StageGroup, ...]


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """One proposal as a list or a card shows it; figures are those of its newest version, in minor units."""

    id: str
    number: str
    title: str
    account: str
    account_name: str
    stage: str
    owner: str
    currency: str
    version: str
    version_number: int
    status: str
    valid_until: date | None
    net: int
    total: int
    cost: int | None
    next_step: str
    next_step_on: date | None
    expected_close_on: date | None


@dataclass(frozen=True)
class ProposalDetail:
    """What the editor shows: a proposal, all its versions (newest first), one of them with its lines and totals."""

    proposal: Proposal
    account: Account | None
    versions: tuple[ProposalVersion, ...]
    version: ProposalVersion
    lines: tuple[ProposalLine, ...]
    totals: ProposalTotals
    frozen: bool


@dataclass(frozen=True, slots=True)
class RateEnding:
    """A tax rate whose rule ends while an offer is still valid.

    Attributes:
        until: the last day of the rate; following: the rate in force on the day after, "" when none is known.
    """

    rate: str
    until: date
    following: str


_DATED = {
    "expected_close_on": "select id, expected_close_on from proposal where expected_close_on <> ''",
    "next_step_on": "select id, next_step_on from proposal where next_step_on <> ''",
}


def listing(
    reader: Reader,
    *,
    text: str = "",
    stages: Sequence[str] = OPEN_STAGES,
    account: str = "",
    narrowed: Sequence[Where] = (),
    order: tuple[str, bool] = ("title", False),
) -> ProposalList:
    """The proposals in those stages by id, stage by stage; empty stages are left out.

    Args:
        narrowed: further conditions (services.pipeline.narrowed).
        order: within a stage, (title, expected_close_on or next_step_on, descending); without a date last.
    """
    ids: list[str] = []
    groups: list[StageGroup] = []
    name, falling = order
    days = dict(reader.sql(_DATED[name])) if name in _DATED else {}
    for stage in (each for each in STAGES if each in stages):
        where = [Where("stage", Op.IS, stage), *narrowed]
        if account:
            where.append(Where("account", Op.IS, account))
        found = reader.ids(Query("proposal", tuple(where), (Order("title", falling and not days),), text))
        if days:
            dated = sorted((key for key in found if key in days), key=lambda key: days[key], reverse=falling)
            found = [*dated, *(key for key in found if key not in days)]
        if found:
            groups.append(StageGroup(stage, len(ids), len(found)))
            ids += found
    return ProposalList(ids, tuple(groups))


def rows(reader: Reader, ids: Sequence[str]) -> list[ProposalRow]:
    """What a list shows of these proposals, in the order asked for; those that are gone are left out."""
    proposals = reader.many(Proposal, ids)
    accounts = reader.many(Account, {each.account for each in proposals.values()})
    people = reader.many(Person, {each.owner for each in proposals.values() if each.owner})
    versions = newest_versions(reader, list(proposals))
    sums = totals_of(reader, versions.values())
    found = []
    for key in ids:
        proposal, version = proposals.get(key), versions.get(key)
        if proposal is None:
            continue
        figures = sums.get(version.id) if version else None
        owner = people.get(proposal.owner)
        account = accounts.get(proposal.account)
        found.append(
            ProposalRow(
                id=key,
                number=proposal.number,
                title=proposal.title,
                account=proposal.account,
                account_name=account.name if account else "",
                stage=proposal.stage,
                owner=owner.full_name if owner else "",
                currency=version.currency if version else proposal.currency,
                version=version.id if version else "",
                version_number=(version.number or 0) if version else 0,
                status=version.status if version else "",
                valid_until=version.valid_until if version else None,
                net=figures.net if figures else 0,
                total=figures.total if figures else 0,
                cost=figures.cost if figures else None,
                next_step=proposal.next_step,
                next_step_on=proposal.next_step_on,
                expected_close_on=proposal.expected_close_on,
            )
        )
    return found


def detail(reader: Reader, proposal_id: str, version_id: str = "") -> ProposalDetail:
    """A proposal with one version, the newest if none is named. Raises Refused `missing`."""
    proposal = records.get(reader, Proposal, proposal_id)
    versions = tuple(
        reader.children(ProposalVersion, "proposal", proposal_id, (Order("number", descending=True), Order("id")))
    )
    version = next((each for each in versions if each.id == version_id or not version_id), None)
    if version is None:
        raise Refused(Problem("version", "missing", "This record is not there any more."))
    lines = tuple(lines_of(reader, version.id))
    return ProposalDetail(
        proposal=proposal,
        account=reader.get(Account, proposal.account),
        versions=versions,
        version=version,
        lines=lines,
        totals=totals(version, lines),
        frozen=is_frozen(version),
    )


def is_frozen(version: ProposalVersion) -> bool:
    """Whether a saved version no longer changes, because it was sent."""
    frozen_when = ProposalVersion.entity.frozen_when
    return frozen_when is not None and frozen_when(version)


def lines_of(reader: Reader, version_id: str) -> list[ProposalLine]:
    """The lines of a version in their places."""
    return reader.children(ProposalLine, "version", version_id, (Order("place"),))


def newest_versions(reader: Reader, proposals: Sequence[str]) -> dict[str, ProposalVersion]:
    """The version with the highest number by proposal."""
    found: dict[str, ProposalVersion] = {}
    for start in range(0, len(proposals), 500):
        part = tuple(proposals[start : start + 500])
        query = Query("proposal_version", (Where("proposal", Op.ONE_OF, part),), (Order("number"),))
        found.update({each.proposal: each for each in reader.all(query) if isinstance(each, ProposalVersion)})
    return found


def totals_of(reader: Reader, versions: Iterable[ProposalVersion]) -> dict[str, ProposalTotals]:
    """The totals of many versions by id."""
    wanted = list(versions)
    lines: dict[str, list[ProposalLine]] = {each.id: [] for each in wanted}
    for start in range(0, len(wanted), 500):
        part = tuple(each.id for each in wanted[start : start + 500])
        query = Query("proposal_line", (Where("version", Op.ONE_OF, part),), (Order("place"),))
        for each in reader.all(query):
            if isinstance(each, ProposalLine):
                lines[each.version].append(each)
    return {each.id: totals(each, lines[each.id]) for each in wanted}


def line_net(line: ProposalLine) -> int:
    """quantity × price less the line's discount, rounded once."""
    return totals_figure.line_net(line.quantity or Decimal(0), line.price or 0, line.discount_percent)


@lru_cache(maxsize=200)
def rate_percent(rate: str) -> Decimal | None:
    """The percent of a tax rate as written ("8%", "KHAC:08.00%"); None for KCT, KKKNT and what cannot be read."""
    try:
        return vat.read(rate).percent
    except Refused:
        return None


def totals(version: ProposalVersion, lines: Sequence[ProposalLine]) -> ProposalTotals:
    """The figures under the lines; optional lines are left out (figures.totals).

    A discount larger than what it is taken from counts up to that amount, so that a draft always shows figures.
    """
    counted = [
        totals_figure.Line(line_net(line), line.tax_rate, rate_percent(line.tax_rate), line.cost)
        for line in lines
        if not line.optional
    ]
    gross = sum(line.net for line in counted)
    return totals_figure.totals(counted, max(0, min(version.discount or 0, gross)))


def default_rate(rules: Sequence[vat.RateRule], day: date, category: str = "reduced") -> str:
    """The rate that a new line starts from on a day, by the product's tax category; "" where no rule is in force."""
    rule = vat.rule_on(day, category, rules)
    return rule.rate if rule is not None else ""


def ending_rates(
    version: ProposalVersion, lines: Iterable[ProposalLine], rules: Sequence[vat.RateRule], today: date
) -> tuple[RateEnding, ...]:
    """The rates of the lines that end before the offer does: the customer may have to pay another tax.

    Only a date of validity beyond the rule's last day warns; the offer counts from its own date, else from today.
    """
    if version.valid_until is None:
        return ()
    start = version.quoted_on or today
    found = []
    for rate in dict.fromkeys(line.tax_rate for line in lines):
        ended = vat.ends_within(start, version.valid_until, rate, rules)
        if ended is not None and ended.valid_to is not None:
            following = vat.after(ended, rules)
            found.append(RateEnding(rate, ended.valid_to, following.rate if following is not None else ""))
    return tuple(found)


def next_number(uow: UnitOfWork, kind: str = KIND) -> str:
    """The next number of our documents, `BG-2026-LAN-A-014`: made here, never used again (features.md 2, Numbers)."""
    person = uow.get(Person, uow.author) or uow.get(Person, LOCAL_PERSON_ID)
    code = fold(person.code).upper() if person and person.code else "KAM"
    year = uow.clock.today().year
    beginning = f"{kind}-{year}-{code}-{uow.preference(LETTER) or 'A'}-"
    counter = f"number.{beginning}"
    statement = "select number from proposal where substr(number, 1, :length) = :beginning"
    numbers = uow.sql(statement, {"length": len(beginning), "beginning": beginning})
    used = [int(row[0][len(beginning) :]) for row in numbers if row[0][len(beginning) :].isdecimal()]
    next_one = max([int(uow.preference(counter) or 0), *used]) + 1
    uow.set_preference(counter, str(next_one))
    return f"{beginning}{next_one:03d}"


def create(
    uow: UnitOfWork,
    account_id: str,
    title: str,
    *,
    currency: str = "",
    language: str = "vi",
    client_budget: int | None = None,
) -> Proposal:
    """A new proposal with its first, empty draft. Raises Refused `missing` when there is no such account."""
    account = records.get(uow, Account, account_id)
    made = Proposal(
        id=uow.new_id(),
        account=account_id,
        number=next_number(uow),
        title=title,
        stage="working",
        owner=account.owner or records.author(uow),
        client_budget=client_budget,
        currency=currency or account.currency,
    )
    made = records.save(uow, made)
    uow.add(ProposalVersion(id=uow.new_id(), proposal=made.id, number=1, currency=made.currency, language=language))
    return made


def set_lines(uow: UnitOfWork, version_id: str, lines: Sequence[ProposalLine]) -> list[ProposalLine]:
    """Makes these the lines of a version, in this order; lines left out are deleted, those without an id are new."""
    records.get(uow, ProposalVersion, version_id)
    before = {each.id: each for each in lines_of(uow, version_id)}
    kept = []
    for place, line in enumerate(lines, 1):
        identity = line.id if line.id in before else uow.new_id()
        wanted = records.cleaned(dataclasses.replace(line, id=identity, version=version_id, place=place))
        if wanted != before.get(identity):
            uow.put(wanted)
        kept.append(wanted)
    for gone in before.keys() - {each.id for each in kept}:
        uow.delete(ProposalLine, gone)
    return kept


def new_version(uow: UnitOfWork, version_id: str) -> ProposalVersion:
    """The next version as a draft with the same lines; the way to change what was sent."""
    version = records.get(uow, ProposalVersion, version_id)
    versions = uow.children(ProposalVersion, "proposal", version.proposal)
    draft = dataclasses.replace(
        version,
        id=uow.new_id(),
        number=max(each.number or 0 for each in versions) + 1,
        name="",
        status="draft",
        quoted_on=None,
        valid_until=None,
        sent_at=None,
    )
    uow.add(draft)
    for line in lines_of(uow, version_id):
        uow.add(dataclasses.replace(line, id=uow.new_id(), version=draft.id))
    return draft


def mark_sent(uow: UnitOfWork, version_id: str) -> ProposalVersion:
    """Freezes a version as sent today; older versions that were sent are superseded, the card moves to "sent".

    Raises Refused when it was sent before, or has no line that counts.
    """
    version = records.get(uow, ProposalVersion, version_id)
    if is_frozen(version):
        raise Refused(Problem("status", "sent_already", "This version was sent already."))
    if not any(not line.optional for line in lines_of(uow, version_id)):
        raise Refused(Problem("lines", "no_lines", "There is no line to offer yet."))
    now = uow.clock.now()
    sent = dataclasses.replace(version, status="sent", sent_at=now, quoted_on=version.quoted_on or uow.clock.today())
    uow.put(sent)
    for other in uow.children(ProposalVersion, "proposal", version.proposal):
        if other.id != version_id and other.status == "sent":
            uow.put(dataclasses.replace(other, status="superseded"))
    proposal = records.get(uow, Proposal, version.proposal)
    if proposal.stage in STAGES[:3]:
        uow.put(dataclasses.replace(proposal, stage="sent"))
    return sent


def set_stage(uow: UnitOfWork, proposal_id: str, stage: str, reason: str = "") -> Proposal:
    """Moves the card; never sends or freezes anything. Losing needs a reason: Refused `reason_needed` without."""
    proposal = records.get(uow, Proposal, proposal_id)
    kept = reason or (proposal.outcome_reason if stage in ("won", "lost") else "")
    return records.save(uow, dataclasses.replace(proposal, stage=stage, outcome_reason=kept))
