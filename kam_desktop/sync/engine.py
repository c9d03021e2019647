"""The sync cycle as a machine without input and output: what to ask next, and what an answer means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kam_desktop.domain.change import ChangeSet
from kam_desktop.domain.errors import Unavailable
from kam_desktop.protocol import messages
from kam_desktop.store.outbox import PUSH_BYTES, PUSH_CHANGES, Waiting
from kam_desktop.store.standing import Look, Standing
from kam_desktop.store.sync_state import SyncState
from kam_desktop.store.tables import SCHEMA
from kam_desktop.store.verdicts import Verdict
from kam_desktop.sync import answers, wire

PULL_ROWS = 5000
RECONCILE_GROUPS = 5000
RESCUED_ROWS = 200
FAILURES_ALONE = 5
"""So many answers without a verdict for one group alone, and it goes to its author (sync protocol, rule 9)."""

TURNS = 3
"""So often one cycle begins anew because the server said that it, or this laptop, is another one than before."""

# Failures that say something about what was sent, and not about the road to the server.
_ABOUT_THE_MESSAGE = ("too_large", "server_fault", "cut", "bad_message")


@dataclass(frozen=True, slots=True)
class Call:
    """One request that the engine wants made. An answer to an older one than the last is dropped.

    Attributes:
        attempt: counts up; ties an answer to its request.
        name: hello | push | pull | reconcile | recovered | digest.
        sent: the groups of a push.
    """

    attempt: int
    name: str
    message: Mapping[str, Any]
    sent: tuple[tuple[Waiting, ...], ...] = ()


@dataclass
class Report:
    """What one cycle did, for the status, the sync page and the log.

    Attributes:
        pushed, pulled: changes sent and rows received.
        rescued: rows that a server which was set back had lost, and that wait there for their owner.
        to_author: groups that were refused, asked about or stuck.
        merged: fields of which another value was displaced and kept.
        braked: rows that an answer would have taken away and that wait for an agreement, 0 for none.
        done: nothing was new, and nothing is left to be indexed or forgotten either.
        everything: a first download ended; whoever shows anything asks again.
        failure: why the cycle did not come to its end, None when it did or was told by whoever owns the network.
    """

    pushed: int = 0
    pulled: int = 0
    rescued: int = 0
    to_author: int = 0
    merged: int = 0
    braked: int = 0
    everything: bool = False
    done: bool = False
    changes: list[ChangeSet] = field(default_factory=list)
    failure: Unavailable | None = None


class Engine:
    """One laptop's side of the protocol, stepped by whoever owns the network.

    `next_call` says what to send, or None when the cycle is done; then exactly one of `answered` and `failed` is told.
    Between any two calls of these the process may die: everything that matters is on the disk.
    """

    def __init__(self, state: SyncState) -> None:
        self._state = state
        self._attempt = 0
        self._most_changes = PUSH_CHANGES
        self._phase = "idle"
        self._agreed = False
        self._whole_rows = False
        self._reconciled_to = 0
        self._common = 0
        self._rescued_to, self._rescue_ends = ("", ""), ("", "")
        self._rescue_failures = 0
        self._turns = 0
        self._person = ""
        self._settles = True
        self.report = Report()

    @property
    def busy(self) -> bool:
        """Whether a cycle is under way."""
        return self._phase != "idle"

    def begin(self) -> None:
        """Starts a cycle, from the start; one that is under way is forgotten with its answers."""
        self.report = Report()
        self._attempt += 1
        self._turns = 0
        self._agreed = self._whole_rows = False
        self._phase, self._reconciled_to = "begun", 0

    def release_brake(self) -> None:
        """The user said that the rows may go."""
        self._agreed = True

    def next_call(self) -> Call | None:
        """The next request of the cycle, None when there is nothing left to ask."""
        if self._phase in ("begun", "push", "pull"):
            look = self._state.look()
        if self._phase == "begun":
            self._phase = "reconcile" if look.reconciles else "push"
        if self._phase == "push":
            call = self._push(look)
            if call is not None:
                return call
            self._phase = "pull"
        if self._phase == "pull":
            asked = {"cursors": look.cursors, "limit": PULL_ROWS, "echo": not self._whole_rows}
            return self._call(look.standing, "pull", asked)
        if self._phase == "reconcile":
            groups, _ = self._state.acknowledged(self._reconciled_to, RECONCILE_GROUPS)
            if groups:
                return self._call(self._state.standing(), "reconcile", {"groups": groups})
            return self._call(self._state.standing(), "reconcile", {"groups": [], "marks": self._state.past()})
        if self._phase == "rescue":
            rows, self._rescue_ends = self._state.lost_rows(self._common, self._rescued_to, RESCUED_ROWS)
            if rows:
                return self._call(self._state.standing(), "recovered", {"hold": rows})
            self._state.reconciled()
            self._phase = "push"
            return self.next_call()
        if self._phase == "list":
            return self._call(self._state.standing(), "recovered", {})
        return None

    def answered(self, call: Call, answer: Mapping[str, Any]) -> None:
        """Takes in an answer, in one short write.

        One to an older request changes nothing; neither does one that is not as agreed, down to its last value: it is
        a failure like a broken connection, and stands in the report.
        """
        if call.attempt != self._attempt:
            return
        try:
            answer = answers.checked(call.name, call.message, answer, person=self._person)
        except Unavailable as failure:
            self.failed(call, failure)
            self.report.failure = failure
            return
        self._attempt += 1
        if call.name == "push":
            self._take_push(call, answer)
        elif call.name == "pull":
            self._take_pull(answer)
        elif call.name == "reconcile":
            self._take_reconcile(call, answer)
        elif call.name == "recovered":
            self._take_recovered(call, answer)

    def failed(self, call: Call, failure: Unavailable) -> None:
        """Takes in that a request brought no answer of use. Nothing is deleted, nobody is signed out."""
        if call.attempt != self._attempt:
            return
        self._attempt += 1
        self._phase = "idle"
        if failure.code in ("epoch", "new_device") and self._turns < TURNS:
            self._turns += 1
            if failure.code == "new_device":
                self._state.new_device()
                self._phase = "push"
                return
            epoch = failure.args_named.get("epoch", "")
            if epoch.isdecimal() and int(epoch) > self._state.standing().epoch:
                self._state.new_epoch(int(epoch), _mark_of(failure))
                self._phase, self._reconciled_to = "reconcile", 0
                return
        if call.name == "recovered":
            self._not_recovered(call, failure)
        if call.name == "push" and failure.code in _ABOUT_THE_MESSAGE:
            self._split(call.sent, failure)

    # Inside.

    def _call(
        self, standing: Standing, name: str, content: Mapping[str, Any], sent: Sequence[Sequence[Waiting]] = ()
    ) -> Call:
        self._person = standing.user
        message = {
            "workspace": standing.workspace,
            "epoch": standing.epoch,
            "device": standing.device,
            "protocol": messages.PROTOCOL,
            "schema": SCHEMA,
            "mark": standing.mark,
            "rights": standing.rights,
            "ask": self._state.ask(),
            **content,
        }
        return Call(self._attempt, name, message, tuple(tuple(group) for group in sent))

    def _push(self, look: Look) -> Call | None:
        settle = look.settle if self._settles else []
        # one that only tells what was dealt with is not counted
        number = max(1, look.standing.number)
        groups: list[list[Waiting]] = []
        if look.waits:
            number, groups = self._state.next_push(self._most_changes, PUSH_BYTES)
        if not groups and not settle:
            return None
        content = wire.push_content(groups)
        told = {"settle": settle} if settle else {}
        copy = {"copy": look.standing.copy} if look.standing.copy else {}
        return self._call(look.standing, "push", {"number": number, **content, **told, **copy}, groups)

    def _take_push(self, call: Call, answer: Mapping[str, Any]) -> None:
        verdicts = [
            Verdict(group[0].group, kind, detail.get("problem", {}), detail.get("theirs", {}))
            for group, (kind, detail) in zip(call.sent, wire.verdicts(answer), strict=True)
        ]
        told = call.message.get("settle", ())
        self.report.changes.append(self._state.take_verdicts(call.sent, verdicts, answer, told))
        self.report.pushed += sum(len(group) for group in call.sent)
        self.report.to_author += sum(1 for each in verdicts if each.kind in ("refused", "conflict"))
        self.report.merged += len(answer.get("conflicts", ()))
        self._most_changes = min(PUSH_CHANGES, self._most_changes * 2)

    def _take_pull(self, answer: Mapping[str, Any]) -> None:
        pulled, changes = self._state.take_pull(answer, released=self._agreed)
        if pulled.unlike:
            self._whole_rows = True  # the same page is asked for once more
            return
        if pulled.braked:
            self.report.braked = pulled.removed
            self._phase = "idle"
            return
        self._agreed = False
        self.report.changes.append(changes)
        self.report.pulled += answer["count"]
        self.report.done = pulled.done
        self.report.everything = self.report.everything or pulled.ended
        if not answer["more"]:
            told = answer.get("recovered")
            self._phase = "idle" if told is None or told == self._state.waiting_word() else "list"
            self._settles = True

    def _take_reconcile(self, call: Call, answer: Mapping[str, Any]) -> None:
        if not call.message["groups"]:  # what was written here is told; now what others wrote and only we still have
            if "common" in answer:
                self._common, self._rescued_to, self._phase = answer["common"], ("", ""), "rescue"
            else:  # a server that is older than this
                self._state.reconciled()
                self._phase = "push"
            return
        _, last = self._state.acknowledged(self._reconciled_to, RECONCILE_GROUPS)
        self._reconciled_to = last
        if answer["unknown"]:
            self._state.send_again(answer["unknown"])

    def _take_recovered(self, call: Call, answer: Mapping[str, Any]) -> None:
        if "hold" in call.message:
            self.report.rescued += answer["held"]
            self._rescued_to, self._rescue_failures = self._rescue_ends, 0
        else:
            self._state.keep_waiting(answer["list"], answer["waiting"])
            self._phase = "idle"

    def _not_recovered(self, call: Call, failure: Unavailable) -> None:
        """A server that does not know the call gets nothing; rows that fail again and again keep nobody waiting."""
        if failure.code == "unknown_call":
            self._state.reconciled()
            self._phase = "push" if "hold" in call.message else "idle"
        elif "hold" in call.message and failure.code in _ABOUT_THE_MESSAGE:
            self._rescue_failures += 1
            if self._rescue_failures >= FAILURES_ALONE:
                self._rescued_to, self._rescue_failures, self._phase = self._rescue_ends, 0, "rescue"

    def _split(self, sent: Sequence[Sequence[Waiting]], failure: Unavailable) -> None:
        """Half of the groups the next time; one that fails alone again and again goes to its author."""
        if not sent:
            self._settles = False  # it told only what was dealt with: that can wait until a pull was taken in
        elif len(sent) > 1:
            self._most_changes = max(1, sum(len(group) for group in sent) // 2)
        elif self._state.failed_alone(sent[0]) >= FAILURES_ALONE:
            problem = {"where": "", "code": failure.code, "message": failure.message, "args": failure.args_named}
            self.report.changes.append(self._state.set_aside(sent[0], problem))
            self.report.to_author += 1


def _mark_of(failure: Unavailable) -> dict[str, Any] | None:
    """The server's mark of the moment at which it said that it goes by another epoch."""
    said = failure.args_named
    if not said.get("seq", "").isdecimal() or "mac" not in said:
        return None
    return {"seq": int(said["seq"]), "hash": said.get("hash", ""), "mac": said["mac"]}
