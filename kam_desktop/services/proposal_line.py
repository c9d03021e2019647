"""Lines of a proposal's version written one by one: what did not change is not touched."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from kam_desktop.domain.entities import ProposalLine, ProposalVersion
from kam_desktop.services import records
from kam_desktop.store.unit_of_work import UnitOfWork


def change(
    uow: UnitOfWork, version_id: str, put: Sequence[ProposalLine], gone: Iterable[str] = ()
) -> list[ProposalLine]:
    """Writes these lines of a version and takes those away; the others stay. Returns the lines as they are saved.

    Their places are the caller's (domain.places.placed). A line without an id is new; one that is gone already is
    passed over. Raises Refused `missing` without the version; a frozen version is refused when the edit ends.
    """
    records.get(uow, ProposalVersion, version_id)
    kept = []
    for line in put:
        identity = line.id or uow.new_id()
        kept.append(records.save(uow, dataclasses.replace(line, id=identity, version=version_id)))
    for identity in gone:
        if uow.get(ProposalLine, identity) is not None:
            uow.delete(ProposalLine, identity)
    return kept
