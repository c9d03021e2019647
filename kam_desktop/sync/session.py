"""Being signed in to the shared server: tokens kept, renewed, and never lost by a lost answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from kam_desktop.domain.errors import SignedOut, Unavailable
from kam_desktop.language import N_
from kam_desktop.protocol.proofs import USE_NONCE
from kam_desktop.sync import answers, browser
from kam_desktop.sync.proving import Prover, random_name
from kam_desktop.sync.transport import Transport

EARLY_S = 60.0
"""So long before its end an access token is renewed."""


class Keeping(Protocol):
    """Where the refresh token of this profile is kept: the OS keyring, or the encrypted profile."""

    def read(self) -> str:
        """The kept text, "" for none. Raises Unavailable when the place does not answer: that is not "none"."""

    def write(self, text: str) -> None:
        """Keeps another text; "" forgets it."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What the server said of the person who signed in.

    Attributes:
        letter: this laptop's own letter in the numbers of documents.
        name: by which the server knows who signed in through the browser; "" for a built-in account.
    """

    user: str
    person: str
    role: str
    letter: str
    workspace: str
    epoch: int
    rights: int
    name: str = ""


class Session:
    """One person's session on this laptop. Tokens stand in memory and in `keeping`, never in a log.

    The refresh token that was sent stays kept until its successor is, with a word for the attempt that was written down
    before: an answer that is lost is asked for again with the same token and word, and the server gives the same
    successor. Without the laptop's key and that word a copy of the token ends the session at the server.

    Attributes:
        device: the laptop's id at the time; a session belongs to it.
    """

    def __init__(
        self,
        transport: Transport,
        keeping: Keeping,
        monotonic: Callable[[], float],
        device: str,
        prover: Prover,
        past: Callable[[], Mapping[str, Any]] = dict,
        told: Callable[[Mapping[str, Any], bool], object] = lambda answer, first: None,
    ) -> None:
        """`past` gives epoch and newest mark, so that a server that was set back ends no session.

        `told` hears each answer that brought tokens, and whether it was a sign-in: lease and wipe_lock stand in it.
        """
        self._told = told
        self._past = past
        self._prover = prover
        self._transport = transport
        self._keeping = keeping
        self._monotonic = monotonic
        self.device = device
        self._access = ""
        self._ends_at = 0.0

    def token(self) -> str:
        """The access token as it is; "" while nobody is signed in."""
        return self._access

    def sign_in(self, user: str, password: str, *, workspace: str = "", person: str = "") -> SignedIn:
        """Signs in with a built-in account. Raises SignedOut for a wrong name or password, Unavailable.

        `workspace` and `person` are whose this profile is; an answer that names others is none, and nothing is kept.
        """
        self._access = ""
        answer = self.proven("sign-in", {"user": user, "password": password, "device": self.device})
        return self._begun(answer, workspace, person)

    def sign_in_by_browser(
        self, server: str, show: Callable[[str], object], cancelled: Callable[[], bool], *, workspace: str = "",
        person: str = "",
    ) -> SignedIn:  # fmt: skip
        """Signs in at the server's identity provider; `show` opens an address in the browser. Raises Unavailable.

        It waits until somebody has signed in there, or stopped (`cancelled`). `person` is asked of the server: where
        somebody else is signed in in the browser, it begins no session.
        """
        self._access = ""
        message = browser.brought(self.proven, self.device, server, show, self._monotonic, cancelled)
        answer = self.proven("browser-sign-in", {**message, "person": person})
        return self._begun(answer, workspace, person)

    def _begun(self, answer: Mapping[str, Any], workspace: str, person: str) -> SignedIn:
        self._take(answers.signed_in(answer, first=True, workspace=workspace, person=person))
        self._told(answer, True)
        return SignedIn(
            answer["user"], answer["person"], answer["role"], answer["letter"], answer["workspace"], answer["epoch"],
            answer["rights"], answer.get("name", ""),
        )  # fmt: skip

    def ensure(self) -> None:
        """Makes sure that the access token is good for a while. Raises SignedOut when signing in again is needed."""
        if self._access and self._monotonic() < self._ends_at - EARLY_S:
            return
        self.renew()

    def renew(self) -> None:
        """Another access token for the kept refresh token."""
        kept = self._keeping.read()
        if not kept:
            raise SignedOut("sign_in", N_("Sign in to the shared server to go on syncing. Your changes wait here."))
        token = orjson.loads(kept)
        self._access = ""
        if "attempt" not in token:
            token["attempt"] = random_name()
            self._keeping.write(orjson.dumps(token).decode())  # before it is used: it may have to be said again
        asked = {**self._past(), "refresh": token["refresh"], "device": self.device}
        try:
            answer = self.proven("refresh", asked, token["attempt"])
        except SignedOut:
            # Only our own server, known by its identity, can say this; the kept token is of no more use.
            self._keeping.write("")
            raise
        self._take(answers.signed_in(answer, first=False))
        self._told(answer, False)

    def sign_out(self) -> None:
        """Ends the session, here in any case, at the server when it can be reached."""
        kept, self._access = self._keeping.read(), self._access
        try:
            if kept:
                self._transport.call("sign-out", {"refresh": orjson.loads(kept)["refresh"], "device": self.device})
        except Unavailable:
            pass  # the token there ends by itself
        finally:
            self._access = ""
            self._keeping.write("")

    def has_key(self) -> bool:
        """Whether this laptop ever showed a key to the server."""
        return self._prover.has_key()

    def proven(self, name: str, message: Mapping[str, Any], attempt: str = "") -> Mapping[str, Any]:
        """A call with a proof of the device key; once more where the server asks for another nonce in it."""
        try:
            return self._transport.call(name, {**message, "proof": self._prover.proof(name, attempt)})
        except Unavailable as failure:
            if failure.code != USE_NONCE:
                raise
            self._prover.nonce = failure.args_named.get("nonce", "")
        return self._transport.call(name, {**message, "proof": self._prover.proof(name, attempt)})

    def _take(self, answer: Mapping[str, Any]) -> None:
        self._keeping.write(orjson.dumps({"refresh": answer["refresh"]}).decode())
        self._prover.nonce = answer.get("nonce", "")
        self._access = answer["access"]
        self._ends_at = self._monotonic() + float(answer["expires_s"])
