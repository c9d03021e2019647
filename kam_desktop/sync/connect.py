"""The first connect of a profile: everything is pulled before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.ids import derived
from kam_desktop.domain.policy import Policy
from kam_desktop.language import N_
from kam_desktop.protocol import messages
from kam_desktop.store.joining import Match
from kam_desktop.store.standing import Standing
from kam_desktop.store.sync_state import SyncState
from kam_desktop.store.tables import SCHEMA
from kam_desktop.sync import answers
from kam_desktop.sync.engine import PULL_ROWS
from kam_desktop.sync.session import Session, SignedIn
from kam_desktop.sync.transport import Transport


@dataclass(frozen=True, slots=True)
class Joined:
    """What the first connect did.

    Attributes:
        pulled: rows that came from the server.
        linked: accounts that both had and that are one now.
        matches: those that could be linked and were not, because nobody agreed.
        waiting: changes that wait to be sent.
        left: records, or fields of records, that the role may not write; they are listed under "needs you".
    """

    pulled: int
    linked: int
    matches: int
    waiting: int
    left: int


def refuse_other(standing: Standing, server: str, user: str) -> None:
    """A profile is one person's, in one workspace, for its life. Raises Refused for another server or person."""
    if standing.workspace and (standing.server, standing.user_name) != (server, user):
        message = N_("This profile belongs to {user} on {server}. For another server or person make another profile.")
        said = {"user": standing.user_name, "server": standing.server}
        raise Refused(Problem("server", "other_profile", message, said))


def join(
    state: SyncState,
    transport: Transport,
    session: Session,
    person: SignedIn,
    server: str,
    user: str,
    policy: Policy,
    *,
    agree: Callable[[list[Match]], bool],
    told: Callable[[int, int], Any] = lambda done, whole: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Joined:
    """Downloads everything, matches what both have, and leaves one creation waiting for each record that is left.

    It can be killed at any point and begins where it was; until its last transaction the profile counts as never
    connected. `agree` is asked once with the accounts that both have. `told` gets rows done and rows in all.
    Raises Unavailable; what was downloaded stays and is gone on with.
    """
    state.begin_joining(person.workspace, person.epoch, person.rights)
    pulled = 0
    more = True
    while more and not cancelled():
        session.ensure()
        asked = _pull(state, person)
        answer = answers.checked("pull", asked, transport.call("pull", asked), person=person.person)
        state.take_joining_page(answer, lambda record: derived("conflict", "first-connect", person.person, record))
        pulled += answer["count"]
        told(pulled, sum((answer.get("total") or {}).values()) or pulled)
        more = answer["more"]
    if more:
        return Joined(pulled, 0, 0, 0, 0)
    found = state.matches()
    agreed = bool(found) and agree(found)
    waiting, left = state.finish_joining(
        Standing(
            person.workspace, person.epoch, None, "", 0, person.rights, server, person.person, "", user, person.role
        ),
        found if agreed else [],
        lambda record: derived("conflict", "first-connect", person.person, record),
        lambda entity, row: _writable(policy, person, entity, row),
    )
    return Joined(pulled, len(found) if agreed else 0, 0 if agreed else len(found), waiting, left)


def _pull(state: SyncState, person: SignedIn) -> Mapping[str, Any]:
    standing = state.standing()
    return {
        "workspace": person.workspace,
        "epoch": person.epoch,
        "device": standing.device,
        "protocol": messages.PROTOCOL,
        "schema": SCHEMA,
        "mark": standing.mark,
        "rights": standing.rights,
        "ask": state.ask(),
        "cursors": state.look().cursors,
        "limit": PULL_ROWS,
    }


def _writable(policy: Policy, person: SignedIn, entity: str, row: Mapping[str, Any]) -> Iterable[str] | None:
    """The fields that the signed-in user may write of a record that was made here; None where they may not make it.

    Everything here is their own work, so that they stand to it as to their own; what belongs to the whole firm or to
    them alone is asked by its own relation.
    """
    relations = ("own", "self", "org", "finance") if not row.get("owner") else ("own", "self", "org")
    for relation in relations:
        if policy.may(person.role, relation, entity, "create"):
            closed = policy.unwritable_fields(person.role, relation, entity)
            return [name for name in BY_NAME[entity].names if name not in closed]
    return None
