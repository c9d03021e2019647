"""The quotation of one version of a proposal: its lines by section, options, tax by rate, terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from kam_desktop import formats
from kam_desktop.documents import parts
from kam_desktop.documents.renderer import Paper
from kam_desktop.domain.entities import Person, ProposalLine
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.figures.totals import Totals
from kam_desktop.domain.locale.vietnam import vat
from kam_desktop.language import N_, tr_to
from kam_desktop.services import proposal
from kam_desktop.store.reader import Reader

KIND = "quotation"
_NOT_SENT = ("draft", "in_approval", "approved")


@dataclass(frozen=True, slots=True)
class Line:
    """One line as the customer reads it; minor units, before tax."""

    place: int
    description: str
    unit: str
    quantity: Decimal
    price: int
    discount_percent: Decimal | None
    net: int
    tax_rate: str


@dataclass(frozen=True, slots=True)
class Section:
    """Consecutive lines under one name, "" for none."""

    name: str
    net: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Quotation:
    """What a customer is offered; nothing of it is for our eyes only.

    Attributes:
        draft: it was not sent yet, and every page says so.
        options: lines that are not in the totals.
        totals: without costs, whatever the lines hold.
        author: who of us made the offer, "" for nobody; author_title, author_phone, author_email beside.
        notes: what the sender should know and the customer should not read.
    """

    ours: parts.Party
    customer: parts.Party
    title: str
    number: str
    version: int
    draft: bool
    currency: str
    language: str
    dated_on: date
    valid_until: date | None
    sections: tuple[Section, ...]
    options: tuple[Line, ...]
    totals: Totals
    terms: str
    author: str
    author_title: str
    author_phone: str
    author_email: str
    notes: tuple[Problem, ...]


def quotation(reader: Reader, proposal_id: str, today: date, *, version_id: str = "") -> Quotation:
    """The offer of a version, the newest when none is named; a draft without a date is dated today.

    Refused: `missing`, `no_firm`, `no_lines`.
    """
    firm = parts.our_firm(reader)
    found = proposal.detail(reader, proposal_id, version_id)
    if found.account is None:
        raise Refused(Problem("account", "missing", N_("This record does not exist.")))
    lines = [parts.for_clients(each) for each in found.lines]
    if not lines:
        raise Refused(Problem("lines", "no_lines", N_("There is no line to offer yet.")))
    offer, version = parts.for_clients(found.proposal), parts.for_clients(found.version)
    author = reader.get(Person, offer.owner) if offer.owner else None
    author = parts.for_clients(author) if author is not None else None
    return Quotation(
        ours=parts.party(firm),
        customer=parts.party(parts.for_clients(found.account)),
        title=offer.title,
        number=offer.number,
        version=version.number or 1,
        draft=version.status in _NOT_SENT,
        currency=version.currency,
        language=version.language,
        dated_on=version.quoted_on or today,
        valid_until=version.valid_until,
        sections=_sections([each for each in lines if not each.optional]),
        options=tuple(_line(place, each) for place, each in enumerate((x for x in lines if x.optional), 1)),
        totals=proposal.totals(version, lines),
        terms=version.terms,
        author=author.full_name if author else "",
        author_title=author.position if author else "",
        author_phone=formats.phone(author.phone) if author and author.phone else "",
        author_email=author.email if author else "",
        notes=_notes(version.valid_until, version.quoted_on or today),
    )


def _line(place: int, line: ProposalLine) -> Line:
    return Line(
        place=place,
        description=line.description,
        unit=line.unit,
        quantity=line.quantity or Decimal(0),
        price=line.price or 0,
        discount_percent=line.discount_percent or None,
        net=proposal.line_net(line),
        tax_rate=line.tax_rate,
    )


def _sections(lines: Sequence[ProposalLine]) -> tuple[Section, ...]:
    made, place = [], 0
    for name, members in groupby(lines, key=lambda each: each.section):
        shown = []
        for each in members:
            place += 1
            shown.append(_line(place, each))
        made.append(Section(name, sum(each.net for each in shown), tuple(shown)))
    return tuple(made)


def _notes(valid_until: date | None, dated_on: date) -> tuple[Problem, ...]:
    if valid_until is None:
        return (Problem("valid_until", "no_validity", N_("The quotation does not say until when it is valid.")),)
    if valid_until < dated_on:
        message = N_("The quotation would be valid until a day before its own date.")
        return (Problem("valid_until", "validity_before_date", message),)
    return ()


_WORDS = {
    "title": N_("Quotation"),
    "number": N_("No."),
    "to": N_("To"),
    "tax_code": N_("Tax code"),
    "address": N_("Address"),
    "date": N_("Date"),
    "valid_until": N_("Valid until"),
    "unit": N_("Currency unit"),
    "item": N_("Description of goods and services"),
    "measure": N_("Unit of measure"),
    "quantity": N_("Quantity"),
    "price": N_("Unit price"),
    "line_discount": N_("Discount"),
    "amount": N_("Amount before VAT"),
    "rate": N_("VAT"),
    "options": N_("Options, not included in the total"),
    "gross": N_("Sum of lines"),
    "discount": N_("Discount on the whole"),
    "net": N_("Total before VAT"),
    "total": N_("Total, VAT included"),
    "in_words": N_("In words"),
    "terms": N_("Terms and conditions"),
    "contact": N_("Your contact"),
    "draft": N_("Draft"),
    "accepted": N_("Accepted by the customer"),
    "for_us": N_("For the company"),
    "sign": N_("(signature, full name, stamp)"),
    "page": N_("Page"),
}
_TAX, _NOT_SUBJECT, _NOT_DECLARED = N_("VAT {rate}"), N_("Not subject to VAT"), N_("VAT not declared")
_VERSION, _DRAFT = N_("Version {number}"), N_("not sent yet, for discussion only")


def paper(made: Quotation, form: str = "", *, place: str = "") -> Paper:
    """The quotation in "vi", "en" or "vi+en" (the version's own language when not said), ready to be set.

    Args:
        place: where it is signed, before the date; may stay empty.
    """
    form = form or made.language

    def money(minor: int) -> str:
        return parts.amount(minor, made.currency, form)

    def line(each: Line) -> dict[str, Any]:
        lead = parts.lead(form)
        return {
            "place": str(each.place),
            "description": [parts.breakable(text) for text in each.description.splitlines() or [""]],
            "unit": parts.breakable(each.unit),
            "quantity": formats.number(each.quantity, lang=lead),
            "price": money(each.price),
            "discount": _percent(each.discount_percent, lead) if each.discount_percent else "",
            "rate": _rate(each.tax_rate, lead),
            "amount": money(each.net),
        }

    totals, version = made.totals, parts.said(form, _VERSION, number=made.version)
    data: dict[str, Any] = {
        "form": form,
        "languages": parts.languages_of(form),
        "words": parts.words_data(form, _WORDS),
        "ours": parts.party_data(made.ours),
        "customer": parts.party_data(made.customer),
        "name": parts.breakable(made.title),
        # every page says of which version it is a part
        "number": " · ".join(filter(None, (parts.breakable(made.number), version[0]))),
        "own_number": parts.breakable(made.number),
        "version": version,
        "draft": parts.said(form, _WORDS["draft"]) if made.draft else [],
        "draft_note": parts.said(form, _DRAFT) if made.draft else [],
        "date": parts.day(made.dated_on, form),
        "dated": parts.paper_day(made.dated_on, parts.breakable(place), form),
        "valid_until": parts.day(made.valid_until, form),
        "currency": made.currency,
        "discounted": any(each.discount_percent for section in made.sections for each in section.lines)
        or any(each.discount_percent for each in made.options),
        "sections": [
            {"name": parts.breakable(each.name), "net": money(each.net), "lines": [line(one) for one in each.lines]}
            for each in made.sections
        ],
        "options": [line(each) for each in made.options],
        "gross": money(totals.gross),
        "discount": money(-totals.discount) if totals.discount else "",
        "net": money(totals.net),
        "taxes": [{"name": _tax(each.group, each.percent, form), "amount": money(each.tax)} for each in totals.groups],
        "total": money(totals.total),
        "total_words": parts.in_words(totals.total, made.currency, form) if totals.total >= 0 else [],
        "terms": [parts.breakable(each) for each in made.terms.splitlines()],
        "author": {
            name: parts.breakable(value)
            for name, value in (
                ("name", made.author), ("title", made.author_title),
                ("phone", made.author_phone), ("email", made.author_email),
            )
        },
    }  # fmt: skip
    return Paper(KIND, data, made.dated_on)


def _percent(value: Decimal, lang: str) -> str:
    return formats.number(value, lang=lang) + (formats.NBSP + "%" if lang == "vi" else "%")


def _rate(rate: str, lang: str) -> str:
    percent = proposal.rate_percent(rate)
    return rate if percent is None else _percent(percent, lang)


def _tax(group: str, percent: Decimal | None, form: str) -> list[str]:
    if percent is not None:
        return [tr_to(lang, _TAX, rate=_percent(percent, lang)) for lang in parts.languages_of(form)]
    known = {vat.NOT_SUBJECT: _NOT_SUBJECT, vat.NOT_DECLARED: _NOT_DECLARED}
    if group in known:
        return parts.said(form, known[group])
    return parts.said(form, _TAX, rate=group)
