"""The list of all entities, written out so that a reader sees it."""

from __future__ import annotations

from kam_desktop.domain.entities.account import Account, Contact
from kam_desktop.domain.entities.activity import Activity, Occasion
from kam_desktop.domain.entities.collection import (
    Allocation,
    CreditNote,
    DocumentsConfirmed,
    DunningEvent,
    Instalment,
    Invoice,
    InvoiceLine,
    OpeningSettlement,
    PromiseToPay,
    Receipt,
    ReceiptDecision,
)
from kam_desktop.domain.entities.firm import DunningStep, Firm, PaymentTerm, PaymentTermLine, Rule
from kam_desktop.domain.entities.product import PriceList, PriceListItem, Product
from kam_desktop.domain.entities.proposal import Proposal, ProposalLine, ProposalVersion
from kam_desktop.domain.entities.task import Task
from kam_desktop.domain.entities.team import Person, SavedView
from kam_desktop.domain.entity import Entity, Record

__all__ = [
    "BY_NAME",
    "ENTITIES",
    "FIRM_ID",
    "LOCAL_PERSON_ID",
    "Account",
    "Activity",
    "Allocation",
    "Contact",
    "CreditNote",
    "DocumentsConfirmed",
    "DunningEvent",
    "DunningStep",
    "Firm",
    "Instalment",
    "Invoice",
    "InvoiceLine",
    "Occasion",
    "OpeningSettlement",
    "PaymentTerm",
    "PaymentTermLine",
    "Person",
    "PriceList",
    "PriceListItem",
    "Product",
    "PromiseToPay",
    "Proposal",
    "ProposalLine",
    "ProposalVersion",
    "Receipt",
    "ReceiptDecision",
    "Rule",
    "SavedView",
    "Task",
]

ENTITIES: tuple[type[Record], ...] = (
    Firm,
    Rule,
    PaymentTerm,
    PaymentTermLine,
    DunningStep,
    Person,
    SavedView,
    Account,
    Contact,
    Product,
    PriceList,
    PriceListItem,
    Activity,
    Occasion,
    Proposal,
    ProposalVersion,
    ProposalLine,
    Invoice,
    InvoiceLine,
    Instalment,
    Receipt,
    CreditNote,
    Allocation,
    OpeningSettlement,
    DocumentsConfirmed,
    ReceiptDecision,
    PromiseToPay,
    DunningEvent,
    Task,
)
"""Every kind of record, parents before children."""

BY_NAME: dict[str, Entity] = {record.entity.name: record.entity for record in ENTITIES}

FIRM_ID = "00000000-0000-7000-8000-000000000001"
"""The firm's one record, alike in every profile."""
LOCAL_PERSON_ID = "00000000-0000-7000-8000-000000000002"
"""The user of a profile that was never connected."""
