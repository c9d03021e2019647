"""Proposals: what is on the board, its versions and their lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from kam_desktop.domain.entity import Policy, Problem, Record, entity
from kam_desktop.domain.fields import (
    Merge,
    Visibility,
    choice,
    day,
    decimal,
    flag,
    integer,
    moment,
    money,
    note,
    ref,
    text,
)

STAGES = ("briefed", "working", "in_approval", "sent", "negotiating", "won", "lost", "on_hold")
OPEN_STAGES = STAGES[:5]


def _loss_needs_reason(proposal: Proposal) -> Sequence[Problem]:
    if proposal.stage == "lost" and not proposal.outcome_reason:
        return [Problem("outcome_reason", "reason_needed", "Say why the proposal was lost.")]
    return []


@entity("proposal", "Proposal", "Proposals", title="title", rules=[_loss_needs_reason])
class Proposal(Record):
    """An offer to a customer through all its versions; its stage is where it hangs on the board."""

    account: str = ref("Account", to="account", required=True, owns=True)
    number: str = text("Number", searchable=True, max_length=40, default="")
    title: str = text("Title", required=True, searchable=True)
    stage: str = choice("Stage", *STAGES, default="briefed", required=True, merge=Merge.ASK, group="outcome")
    outcome_reason: str = text("Reason", merge=Merge.ASK, group="outcome", visibility=Visibility.INTERNAL, default="")
    owner: str = ref("Owner", to="person", default="")
    client_budget: int | None = money(
        "Client's budget, tax included", visibility=Visibility.INTERNAL, lowest=0, default=None
    )
    currency: str = text("Currency", default="VND", max_length=3, required=True)
    expected_close_on: date | None = day("Expected close", default=None)
    next_step: str = text("Next step", visibility=Visibility.INTERNAL, default="")
    next_step_on: date | None = day("Next step on", visibility=Visibility.INTERNAL, default=None)


def _version_is_frozen(version: ProposalVersion) -> bool:
    return version.status not in ("draft", "in_approval", "approved")


@entity(
    "proposal_version",
    "Proposal version",
    "Proposal versions",
    title="name",
    policy=Policy.VERSIONED,
    frozen_when=_version_is_frozen,
)
class ProposalVersion(Record):
    """One version of the priced offer. What was sent never changes; a change makes the next version."""

    proposal: str = ref("Proposal", to="proposal", required=True, owns=True)
    number: int | None = integer("Version", required=True, lowest=1)
    name: str = text("Name", max_length=120, default="")
    status: str = choice(
        "Status",
        "draft",
        "in_approval",
        "approved",
        "sent",
        "accepted",
        "rejected",
        "expired",
        "superseded",
        default="draft",
        required=True,
        merge=Merge.ASK,
    )
    quoted_on: date | None = day("Date of the quotation", default=None)
    valid_until: date | None = day("Valid until", merge=Merge.ASK, default=None)
    currency: str = text("Currency", default="VND", max_length=3, required=True, merge=Merge.ASK)
    price_list: str = ref("Price list", to="price_list", default="")
    language: str = choice("Language", "vi", "en", default="vi")
    discount: int | None = money("Discount", merge=Merge.ASK, lowest=0, default=None)
    terms: str = note("Terms", default="")
    sent_at: datetime | None = moment("Sent at", default=None)


@entity("proposal_line", "Proposal line", "Proposal lines", title="description", policy=Policy.VERSIONED)
class ProposalLine(Record):
    """One priced line of a version. Net = quantity × price less the line's discount, rounded once."""

    version: str = ref("Proposal version", to="proposal_version", required=True, owns=True)
    place: int | None = integer("Place", required=True, lowest=1)
    section: str = text("Section", max_length=200, default="")
    product: str = ref("Product", to="product", default="")
    description: str = text("Description", required=True, searchable=True)
    unit: str = text("Unit", max_length=40, default="")
    quantity: Decimal | None = decimal("Quantity", required=True, merge=Merge.ASK, group="price")
    price: int | None = money("Unit price", required=True, merge=Merge.ASK, group="price")
    discount_percent: Decimal | None = decimal("Discount %", merge=Merge.ASK, group="price", lowest=0, default=None)
    cost: int | None = money("Cost", visibility=Visibility.SECRET, lowest=0, default=None)
    tax_rate: str = text("Tax rate", default="8%", max_length=16, merge=Merge.ASK, group="price")
    optional: bool = flag("Optional", default=False)
