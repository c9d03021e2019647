"""Everything a window or a command does with the shared server: connect, sync, wait, status, leave."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kam_desktop import config
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.errors import Problem, Refused, SignedOut, Unavailable
from kam_desktop.domain.policy import Policy
from kam_desktop.language import N_
from kam_desktop.protocol import messages
from kam_desktop.store import backup, lease
from kam_desktop.store.joining import Match
from kam_desktop.store.profile import LETTER, Store
from kam_desktop.store.standing import Standing
from kam_desktop.store.sync_state import Counts, SyncState
from kam_desktop.store.tables import SCHEMA
from kam_desktop.sync import answers, browser, connect, cycle, leaving, log_counting
from kam_desktop.sync.connect import Joined
from kam_desktop.sync.engine import Engine, Report
from kam_desktop.sync.keeping import DEVICE_KEY, SecretVault, TokenKeeping
from kam_desktop.sync.proving import Prover
from kam_desktop.sync.schedule import Schedule
from kam_desktop.sync.session import Session
from kam_desktop.sync.transport import WAIT_S, HttpTransport, Transport, checked_address

NOTICE_S = 1800.0
DEMO_MARK = "demo.kit"
"""The preference that sample data carry; they are never sent."""


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of the shared server without asking it.

    Attributes:
        connected: the profile belongs to a workspace.
        failure: why the last cycle did not end, None when it did.
        token_place: keyring, profile, or "" while nobody is signed in.
    """

    connected: bool
    standing: Standing
    counts: Counts
    failure: Problem | None
    token_place: str


class Agent:
    """One profile's dealings with its server. One thread at a time uses it; the store's own door orders the writes."""

    def __init__(
        self,
        store: Store,
        vault: SecretVault | None,
        clock: Clock,
        *,
        transport: Callable[[str, Callable[[], str], str], Transport] = HttpTransport,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._store, self._clock = store, clock
        self.state = SyncState(store)
        self.schedule, self._dice = Schedule(uniform), random.Random()
        self.engine = Engine(self.state)
        self.failure: Problem | None = None
        self._make_transport = transport
        name = f"sync {store.derive('sync.name').hex()[:16]}"  # the same for the life of the profile
        self._vault, self._entries = vault, [name, f"{name} key"]
        self._keeping = TokenKeeping(vault, self.state, name, store.derive("sync.session"), os.urandom(12))
        self._key_keeping = TokenKeeping(
            vault, self.state, f"{name} key", store.derive("sync.device_key"), os.urandom(12), DEVICE_KEY
        )
        self._transport: Transport | None = None
        self._session: Session | None = None
        self._waiting: Transport | None = None
        self._is_connected = False
        self._noticed_until = 0.0

    @property
    def connected(self) -> bool:
        """Whether the profile belongs to a workspace."""
        return bool(self.state.standing().workspace)

    def status(self) -> Status:
        """What is known without asking the server."""
        standing = self.state.standing()
        return Status(bool(standing.workspace), standing, self.state.counts(), self.failure, self._keeping.place)

    def connect(
        self,
        server: str,
        user: str,
        password: str,
        *,
        agree: Callable[[list[Match]], bool],
        told: Callable[[int, int], Any] = lambda done, whole: None,
        cancelled: Callable[[], bool] = lambda: False,
        workspace: str = "",
        browse: Callable[[str], object] | None = None,
    ) -> Joined | None:
        """Signs in; the first time also backs up, downloads and matches. None when it was only signed in again.

        `workspace` is the one that an invitation names: another server is refused before it gets the password.
        With `browse`, which opens an address in the browser, it is the server's identity provider that says who it is.
        Raises Refused (sample data, another person or server), SignedOut (wrong password), Unavailable.
        """
        address = checked_address(server)
        standing = self.state.standing()
        connect.refuse_other(standing, address, user if browse is None else standing.user_name)
        with self._store.reader() as reader:
            if reader.preference(DEMO_MARK) is not None:
                message = N_("This profile holds sample data, which are never sent. Make a profile of your own first.")
                raise Refused(Problem("profile", "sample_data", message))
        self._open(address, standing.workspace or workspace)
        transport, session = self._parts()
        if workspace:
            self._meet(transport, address)
        try:
            known = {"workspace": standing.workspace or workspace, "person": standing.user}
            person = (
                session.sign_in_by_browser(address, browse, cancelled, **known) if browse is not None
                else session.sign_in(user, password, **known)
            )  # fmt: skip
        except Unavailable as failure:
            if failure.code != "device_taken":
                raise
            raise self._ended(failure) from failure
        if standing.workspace:
            self.failure = None
            return None
        self.state.set_note(LETTER, person.letter)  # a copy that signs in again has letters of its own
        transport.workspace = person.workspace  # from here on another server is another one
        backup.backup_to(self._store, backup.own_place(self._store, "before-connect"), "connect")
        joined = connect.join(
            self.state, transport, session, person, address, person.name or user, _policy(), agree=agree, told=told,
            cancelled=cancelled,
        )  # fmt: skip
        self._open(address, person.workspace)
        self.failure = None
        return joined

    def _meet(self, transport: Transport, address: str) -> None:
        """Asks who answers there, without a word of ours. Raises Refused when it is not the invitation's workspace."""
        try:
            transport.call("hello", {"workspace": transport.workspace, "epoch": 1}, timeout_s=10)
        except SignedOut:
            pass  # it is the right one, and nobody is signed in yet
        except Unavailable as failure:
            if failure.code != "other_workspace":
                raise
            message = N_("The server at {address} is not the one of the invitation. Nothing was sent. Ask whoever gave "
                         "you the file for a new one.")  # fmt: skip
            raise Refused(Problem("server", "not_invited", message, {"address": address})) from failure

    def provider(self, server: str, workspace: str = "") -> str:
        """The name of the identity provider of the server there, "" for none. Raises Refused, Unavailable."""
        workspace = self.state.standing().workspace or workspace
        return browser.offered(self._make_transport(checked_address(server), lambda: "", workspace))

    def disconnect(self) -> None:
        """Signs out. Everything stays, the outbox included; signing in again goes on."""
        if self._session is None and self.connected:
            standing = self.state.standing()
            self._open(standing.server, standing.workspace)
        if self._session is not None:
            self._session.sign_out()

    def sync(
        self,
        told: Callable[[Report], Any] = lambda report: None,
        cancelled: Callable[[], bool] = lambda: False,
        agreed: bool = False,
    ) -> Report:
        """One cycle. Raises Unavailable (and remembers why, for the status); what was taken in before stays.

        `agreed`: the user said that rows may go which an earlier cycle held back.
        """
        if not self._is_connected or self._session is None:
            standing = self.state.standing()
            if not standing.workspace:
                message = N_("This profile is not connected to a shared server.")
                raise Refused(Problem("server", "not_connected", message))
            self._is_connected = True  # for the life of the profile (rule 14)
            if self._session is None:
                self._open(standing.server, standing.workspace)
        transport, session = self._parts()
        self._store.database.make_room(True)
        try:
            report = cycle.run(
                self.engine, self.state, transport, session, told=told, cancelled=cancelled, agreed=agreed
            )
        except Unavailable as failure:
            ended = self._ended(failure)
            self.failure = Problem("server", ended.code, ended.message, ended.args_named)
            if ended is failure:
                raise
            raise ended from failure
        self.failure = None
        self._notice()
        return report

    def rest(self) -> None:
        """For one that lives as long as a window: between two cycles it keeps no more memory than it must."""
        self._store.database.make_room(False)

    def _ended(self, failure: Unavailable) -> Unavailable:
        """A laptop that took another device id in mid-cycle (it was a clone) has to sign in as that one."""
        if failure.code in leaving.ASKS and self._left():
            return leaving.erased()
        if failure.code != "other_device" or self._session is None or self._session.device == self.state.device():
            return failure
        self._keeping.write("")
        self._session = self._transport = None
        return SignedOut("sign_in", N_("Sign in to the shared server to go on syncing. Your changes wait here."))

    def revoked(self) -> Unavailable | None:
        """Asks, without being signed in, whether this laptop was taken out of use; then what to say of it."""
        standing = self.state.standing()
        if self._session is None and standing.workspace:
            self._open(standing.server, standing.workspace)
        return leaving.erased() if self._left() else None

    def _left(self) -> bool:
        """Whether this laptop was revoked: then everything unsent was handed in and the keys are gone.

        A server that does not answer, or not as agreed, has said nothing.
        """
        if self._session is None:
            return False
        session, device = self._session, self.state.device()

        def ask(said: Mapping[str, Any]) -> Mapping[str, Any]:
            return session.proven("hand-in", {"device": device, **said})

        try:
            lock = self.state.note(leaving.WIPE_LOCK)
            return session.has_key() and leaving.leave(self._store, lock, ask, self._entries, self._vault)
        except Unavailable:
            return False

    def _notice(self) -> None:
        """Keeps the latest moment seen here, now and then: a quiet cycle asks the disk nothing more."""
        if self._clock.monotonic() >= self._noticed_until:
            self._noticed_until = self._clock.monotonic() + NOTICE_S
            lease.noticed(self.state, self._clock.now())

    def _told(self, answer: Mapping[str, Any], first: bool) -> None:
        """What came beside tokens: the lease, and how this laptop knows the code to erase itself again."""
        lease.renewed(self.state, answer.get("lease_days"), self._clock.now())
        lock = str(answer.get("wipe_lock", ""))
        if lock and (first or not self.state.note(leaving.WIPE_LOCK)):
            self.state.set_note(leaving.WIPE_LOCK, lock)

    def reachable(self) -> bool:
        """Whether our server answers now, without changing anything here. Raises Unavailable that says why not."""
        standing = self.state.standing()
        transport = self._make_transport(standing.server, lambda: "", standing.workspace)
        try:
            transport.call("hello", {"workspace": standing.workspace, "epoch": standing.epoch}, timeout_s=10)
        except SignedOut:
            pass  # it is ours, and it answers
        return True

    def wait(self) -> bool:
        """Holds until the server has news, at most a minute; True when there are some. Raises Unavailable."""
        standing = self.state.standing()
        transport, session = self._parts()
        session.ensure()
        seq = standing.mark["seq"] if standing.mark else 0
        asked = {"workspace": standing.workspace, "epoch": standing.epoch, "seq": seq}
        answer = answers.checked("wait", asked, transport.call("wait", asked, timeout_s=WAIT_S))
        return bool(answer["changed"])

    def waiter(self) -> Callable[[], bool]:
        """A long poll over a connection of its own, for another thread: it touches nothing of this profile.

        Making it renews the token where that is due. Calling it holds until the server has news, at most a minute, and
        gives whether there are some. Both raise Unavailable.
        """
        standing = self.state.standing()
        if self._session is None:
            self._open(standing.server, standing.workspace)
        _, session = self._parts()
        session.ensure()
        if self._waiting is None:
            self._waiting = self._make_transport(standing.server, lambda: self._token(), standing.workspace)
        transport, seq = self._waiting, standing.mark["seq"] if standing.mark else 0
        message = {"workspace": standing.workspace, "epoch": standing.epoch, "seq": seq}

        def hold() -> bool:
            answer = answers.checked("wait", message, transport.call("wait", message, timeout_s=WAIT_S))
            return bool(answer["changed"])

        return hold

    def reassign(self, account: str, owner: str, seen: str) -> None:
        """Hands an account to another owner ("" for nobody), at the server. Raises Unavailable, also for a refusal."""
        self.ask("reassign", account=account, owner=owner, seen=seen)

    def ask(self, name: str, **more: Any) -> Mapping[str, Any]:
        """One call beside the cycle, by somebody at the screen. Raises Unavailable, also for a refusal."""
        standing = self.state.standing()
        if self._session is None:
            self._open(standing.server, standing.workspace)
        transport, session = self._parts()
        session.ensure()
        message = {
            "workspace": standing.workspace, "epoch": standing.epoch, "device": standing.device,
            "protocol": messages.PROTOCOL, "schema": SCHEMA, "mark": standing.mark, **more,
        }  # fmt: skip
        return answers.checked(name, message, transport.call(name, message))

    def look_at_log(self, *, whole: bool = False) -> Problem | None:
        """Counts the links of the server's log and compares them with what was witnessed here; what is wrong with it.

        Once a day an answer's worth, new entries first and then a piece of the past; `whole` goes through all of it
        now, and notes nothing. Raises Unavailable.
        """
        standing = self.state.standing()
        if not standing.workspace:
            return None
        if self._session is None:
            self._open(standing.server, standing.workspace)
        transport, session = self._parts()

        def ask(after: int) -> Mapping[str, Any]:
            session.ensure()
            message = {
                "workspace": standing.workspace, "epoch": standing.epoch, "device": standing.device,
                "protocol": messages.PROTOCOL, "schema": SCHEMA, "mark": standing.mark, "after": after,
            }  # fmt: skip
            return answers.checked("audit", message, transport.call("audit", message))

        if whole:
            return log_counting.problem(log_counting.whole(standing.epoch, self.state.witnessed()[0], ask))
        return log_counting.look(self.state, standing.epoch, ask, self._clock.now(), self._dice)

    def settle_recovered(self, groups: Sequence[str], deed: str) -> None:
        """Takes in, drops or reopens (`take`, `drop`, `reopen`) what the server lost and others still had.

        Raises Refused with why the server did not take some of it, which goes on waiting; Unavailable.
        """
        standing = self.state.standing()
        if self._session is None:
            self._open(standing.server, standing.workspace)
        transport, session = self._parts()
        session.ensure()
        message = {
            "workspace": standing.workspace, "epoch": standing.epoch, "device": standing.device,
            "protocol": messages.PROTOCOL, "schema": SCHEMA, "mark": standing.mark, "groups": list(groups),
            **({"reopen": True} if deed == "reopen" else {"take": deed == "take"}),
        }  # fmt: skip
        answer = answers.checked("recovered", message, transport.call("recovered", message))
        if whys := [answers.why_not(kind, detail) for kind, detail in answer["verdicts"] if kind not in _SETTLED]:
            raise Refused(whys)

    def signed_in(self) -> bool:
        """Whether there is a token to go on with."""
        try:
            return bool(self._keeping.read())
        except Unavailable:
            return True  # a keyring that does not answer signs nobody out

    def _open(self, address: str, workspace: str) -> None:
        token: list[Session] = []
        self._transport = self._make_transport(address, lambda: token[0].token() if token else "", workspace)
        device = self.state.device()
        prover = Prover(self._key_keeping, address, self._clock.now, device)
        self._session = Session(
            self._transport, self._keeping, self._clock.monotonic, device, prover, self._past, self._told
        )
        token.append(self._session)
        self._waiting = None

    def _token(self) -> str:
        return self._session.token() if self._session is not None else ""

    def _past(self) -> dict[str, Any]:
        standing = self.state.standing()
        return {"epoch": standing.epoch, "mark": standing.mark} if standing.mark else {}

    def _parts(self) -> tuple[Transport, Session]:
        if self._transport is None or self._session is None:
            raise SignedOut("sign_in", N_("Sign in to the shared server to go on syncing. Your changes wait here."))
        return self._transport, self._session


_SETTLED = ("accepted", "already", "dropped", "waiting")


def _policy() -> Policy:
    return Policy.read((config.resources() / "policy.toml").read_text("utf-8"))
