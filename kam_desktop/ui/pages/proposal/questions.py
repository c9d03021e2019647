"""What the proposal page asks in the ask lane, and frozen values made of the answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from kam_desktop import formats
from kam_desktop.domain.entities import LOCAL_PERSON_ID, Proposal
from kam_desktop.domain.entities.proposal import OPEN_STAGES
from kam_desktop.domain.figures import totals as totals_figure
from kam_desktop.domain.text import company_core
from kam_desktop.language import tr, trn
from kam_desktop.ui.desk import read_draft, titles_of
from kam_desktop.ui.pages.proposal.cards import BoardCard, ColumnTexts
from kam_desktop.ui.pages.proposal.compare import Compared, ComparedLine
from kam_desktop.ui.pages.proposal.filters import UNDATED, Narrowing
from kam_desktop.ui.pages.proposal.form import RateEnd
from kam_desktop.ui.pages.proposal.page import ProposalLineRow

FIRST = 60  # rows that come along with the ids
_FIRST_CARDS = 8  # cards of each column that come along with them
_NOT_SENT = ("draft", "in_approval", "approved")


def cell_key(version: str) -> str:
    """The name under which the cell that is being typed in is kept."""
    return f"proposal_line:{version}"


def ask_list(
    reader: Any, text: str, stages: Sequence[str], narrowing: Narrowing, order: tuple[str, bool]
) -> tuple[Any, dict[str, ProposalLineRow], int, tuple[Any, Any]]:
    """The list by stage, its first rows, whether there is any proposal at all, and what it can be narrowed to."""
    from kam_desktop.domain.query import Query
    from kam_desktop.services import pipeline, proposal

    where = pipeline.narrowed(narrowing.owner, narrowing.closing)
    listing = proposal.listing(reader, text=text, stages=stages, narrowed=where, order=order)
    known = len(listing.ids) or reader.count(Query("proposal"))
    return listing, ask_rows(reader, listing.ids[:FIRST]), known, _choices(reader)


def _choices(reader: Any) -> tuple[Sequence[tuple[str, str]], Sequence[str]]:
    from kam_desktop.services import pipeline

    found = pipeline.choices(reader)
    return found.owners, [*found.quarters, *((UNDATED,) if found.undated else ())]


def ask_rows(reader: Any, ids: Sequence[str]) -> dict[str, ProposalLineRow]:
    """Rows of the list by id."""
    from kam_desktop.services import proposal

    return {
        row.id: ProposalLineRow(
            row.id, row.number, row.title, company_core(row.account_name), str(row.version_number), row.status, row.net,
            row.currency, row.valid_until, row.next_step, row.next_step_on, row.account, row.owner,
            row.expected_close_on,
        )
        for row in proposal.rows(reader, ids)
    }  # fmt: skip


def ask_detail(
    reader: Any, key: str, version: str, today: date
) -> tuple[Any, dict[str, str], str, tuple[str, list[RateEnd]]]:
    """What the editor shows: detail, titles of what it refers to, what was being typed, rates that end."""
    from kam_desktop.services import proposal, rule

    detail = proposal.detail(reader, key, version)
    rules = rule.vat_rules(reader)
    ending = proposal.ending_rates(detail.version, detail.lines, rules, today)
    rate = proposal.default_rate(rules, detail.version.quoted_on or today)
    ends = [RateEnd(each.rate, each.until, each.following) for each in ending]
    return detail, titles_of(reader, detail.proposal), read_draft(reader, cell_key(detail.version.id)), (rate, ends)


def totals(version: Any, lines: Sequence[Any]) -> Any:
    """The figures under the lines; reads nothing."""
    from kam_desktop.services import proposal  # loaded already: the lines on the screen came through it

    return proposal.totals(version, lines)


def change_lines(uow: Any, version: str, put: Sequence[Any], gone: Sequence[str]) -> Any:
    """Writes and takes away lines of a version."""
    from kam_desktop.services import proposal_line

    return proposal_line.change(uow, version, put, gone)


# The board.


@dataclass(frozen=True)
class BoardAnswer:
    """The board as it is now; `cards` are the first of each column, `in_play` how many are not ended."""

    columns: tuple[ColumnTexts, ...]
    cards: dict[str, BoardCard]
    in_play: int
    summary: str
    empty: bool
    choices: tuple[Sequence[tuple[str, str]], Sequence[str]]


def ask_board(
    reader: Any,
    text: str,
    shown: Sequence[str] = (),
    narrowing: Narrowing = Narrowing(),  # noqa: B008 - frozen
) -> BoardAnswer:
    """All stages with what stands in their heads; `shown` are cards in memory, which may be old."""
    from kam_desktop.domain.query import Query
    from kam_desktop.services import pipeline

    made: list[ColumnTexts] = []
    first = dict.fromkeys(shown)
    in_play = net = sure = 0
    currency = ""
    for each in pipeline.board(
        reader, text=text, owner=narrowing.owner, closing=narrowing.closing, order=narrowing.order
    ):
        total = weighted = ""
        if each.stage in OPEN_STAGES:
            in_play, net, sure = in_play + len(each.ids), net + each.net, sure + each.weighted
            currency = each.currency
            total = formats.amount(each.net, each.currency, zero=formats.NOTHING)
            if each.others:
                total = trn("{amount} · {n} in another currency", "{amount} · {n} in other currencies", each.others,
                            amount=total)  # fmt: skip
            if each.net:
                weighted = tr("Weighted {amount}", amount=formats.amount(each.weighted, each.currency))
        made.append(ColumnTexts(each.stage, tuple(each.ids), formats.number(len(each.ids)), total, weighted))
        first.update(dict.fromkeys(each.ids[:_FIRST_CARDS]))
    empty = not any(each.ids for each in made) and not reader.count(Query("proposal"))
    summary = tr("{n} in play · {amount} · weighted {weighted}", n=formats.number(in_play),
                 amount=formats.amount(net, currency, symbol=True),
                 weighted=formats.amount(sure, currency, symbol=True))  # fmt: skip
    return BoardAnswer(tuple(made), ask_cards(reader, list(first)), in_play, "" if empty else summary, empty,
                       _choices(reader))  # fmt: skip


def ask_cards(reader: Any, ids: Sequence[str]) -> dict[str, BoardCard]:
    """The cards of these proposals by id."""
    from kam_desktop.services import pipeline, proposal

    since = pipeline.entered(reader, ids)
    return {row.id: _card(row, since.get(row.id)) for row in proposal.rows(reader, ids)}


def _card(row: Any, since: date | None) -> BoardCard:
    percent = totals_figure.margin_percent(row.net, row.cost) if row.cost is not None else None
    return BoardCard(
        row.id, row.title, company_core(row.account_name), row.stage, row.net, row.currency,
        formats.percent(percent, 0) if percent is not None else "", row.valid_until, since, row.next_step,
        row.next_step_on, row.version if row.status in _NOT_SENT else "",
    )  # fmt: skip


def move(uow: Any, key: str, stage: str, reason: str = "") -> Any:
    """Hangs a card into another stage; it sends and freezes nothing."""
    from kam_desktop.services import proposal

    return proposal.set_stage(uow, key, stage, reason)


def take_over(uow: Any, ids: Sequence[str]) -> None:
    """Makes the person who edits the owner of these proposals."""
    from kam_desktop.services import records

    me = records.author(uow) or LOCAL_PERSON_ID
    for key in ids:
        uow.put(dataclasses.replace(records.get(uow, Proposal, key), owner=me))


def mark_sent(uow: Any, version: str) -> Any:
    """Marks a version as sent."""
    from kam_desktop.services import proposal

    return proposal.mark_sent(uow, version)


# The quotation.


def ask_paper(reader: Any, key: str, version: str, form: str, today: date) -> tuple[Any, Sequence[Any]]:
    """The paper of a version in a language, and what its sender should know."""
    from kam_desktop.documents import quotation

    made = quotation.quotation(reader, key, today, version_id=version)
    return quotation.paper(made, form), made.notes


def set_pages(paper: Any, folder: Path | None) -> list[bytes]:
    """Its pages as PNG; in the lane of files."""
    from kam_desktop.documents import renderer

    return renderer.pictures(paper, folder)


def write_paper(target: Path, paper: Any, folder: Path | None) -> None:
    """Its PDF into a file; in the lane of files."""
    from kam_desktop.documents import renderer

    renderer.write(target, renderer.pdf(paper, folder))


# The catalogue.


def ask_products(reader: Any, text: str, detail: Any, today: date) -> list[tuple[str, str]]:
    """(id, name with unit and price) of the products that fit what is typed, priced for the customer and the day."""
    from kam_desktop.services import product

    version, found = detail.version, []
    for each in product.search(reader, text, 8):
        price = product.price_on(reader, each, version.quoted_on or today, detail.account, 1, version.currency)
        name = (each.name_en if version.language == "en" else "") or each.name
        told = formats.amount(price.amount, version.currency) if price is not None else ""
        found.append((each.id, " · ".join(filter(None, (name, each.unit, told)))))
    return found


def ask_product_line(reader: Any, identity: str, detail: Any, quantity: Any, today: date) -> Any:
    """The line that a product makes on the day of the offer."""
    from kam_desktop.services import product, rule

    version = detail.version
    return product.line_of(reader, identity, version.quoted_on or today, rule.vat_rules(reader), detail.account,
                           quantity, version.currency, version.language)  # fmt: skip


# Versions compared.


def ask_compared(reader: Any, key: str, old: str, new: str) -> Compared:
    """Two versions of a proposal beside each other."""
    from kam_desktop.domain.figures import comparison
    from kam_desktop.services import proposal

    before, after = proposal.detail(reader, key, old), proposal.detail(reader, key, new)
    currency = after.version.currency

    def told(line: Any) -> str:
        if line is None:
            return ""
        words = f"{formats.number(line.quantity)} × {formats.amount(line.price, currency)}"
        if line.discount_percent:
            words += f" − {formats.percent(line.discount_percent)}"
        return f"{words} · {line.tax_rate}"

    def net(line: Any) -> int | None:
        return None if line is None else proposal.line_net(line)

    lines = [
        ComparedLine(each.kind, (each.new or each.old).description, told(each.old), told(each.new), net(each.old),
                     net(each.new))
        for each in comparison.compare(before.lines, after.lines)
    ]  # fmt: skip
    first, second = (tr("Version {number}", number=each.version.number) for each in (before, after))
    sums = [
        (tr("Before VAT"), before.totals.net, after.totals.net),
        (tr("VAT"), before.totals.tax, after.totals.tax),
        (tr("Total"), before.totals.total, after.totals.total),
    ]
    return Compared(first, second, currency, lines, sums)
