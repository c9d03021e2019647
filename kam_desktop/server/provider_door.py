"""What the provider says of itself, kept for a while; and the exchange of a code for a token."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kam_desktop.domain.errors import Unavailable
from kam_desktop.language import N_
from kam_desktop.protocol.messages import Problem
from kam_desktop.server import transport
from kam_desktop.server.provider import Provider

KEPT_S = 3600.0
KEYS_KEPT_S = 600.0
"""A key that the provider withdrew is believed no longer than this."""
AGAIN_S = 30.0
"""So soon at the earliest the keys are asked for again because a token names one that is not known."""
AT_ONCE = 4
"""Calls to the provider at one time; more would take the places of those who sync."""
_MOST_KEYS = 100

Fetched = Callable[[str, Mapping[str, str] | None, tuple[str, str] | None], tuple[int, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the provider is to be found, and what it can do."""

    authorize: str
    token: str
    keys: str
    groups_scope: bool
    basic: bool


class Door:
    """One for a process."""

    def __init__(self, monotonic: Callable[[], float], fetched: Fetched = transport.fetched) -> None:
        self._monotonic, self._fetched = monotonic, fetched
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._addresses: tuple[Provider, float, Addresses] | None = None
        self._keys: tuple[Provider, float, list[dict[str, Any]]] | None = None

    def addresses(self, provider: Provider) -> Addresses:
        """By its discovery document (OpenID Connect Discovery 1.0). Raises Unavailable, Problem 503 `busy`."""
        with self._lock:
            kept = self._addresses
        if kept is not None and kept[0] == provider and self._monotonic() - kept[1] < KEPT_S:
            return kept[2]
        found = self._asked(provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
        made = _read(provider, found)
        with self._lock:
            self._addresses = (provider, self._monotonic(), made)
        return made

    def keys(self, provider: Provider, *, fresh: bool = False) -> Sequence[Mapping[str, Any]]:
        """Its public keys; `fresh`: a token names another one. Raises Unavailable, Problem 503 `busy`."""
        with self._lock:
            kept = self._keys
        if kept is not None and kept[0] == provider:
            if self._monotonic() - kept[1] < (AGAIN_S if fresh else KEYS_KEPT_S):
                return kept[2]
        found = self._asked(self.addresses(provider).keys).get("keys")
        if not isinstance(found, list) or len(found) > _MOST_KEYS:
            raise transport.down()
        keys = [each for each in found if isinstance(each, dict)]
        with self._lock:
            self._keys = (provider, self._monotonic(), keys)
        return keys

    def exchange(self, provider: Provider, code: str, verifier: str, redirect: str, secret: str) -> str:
        """The ID token for a code (RFC 6749, RFC 7636). Raises Problem 403 `provider_refused`, Unavailable."""
        where = self.addresses(provider)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier,
                "client_id": provider.client_id}  # fmt: skip
        basic = (provider.client_id, secret) if secret and where.basic else None
        if secret and basic is None:
            form["client_secret"] = secret
        with self._place():
            status, said = self._fetched(where.token, form, basic)
        if 400 <= status < 500 and status != 429:
            message = N_("{name} did not accept the sign-in. Begin again.")
            raise Problem(403, "provider_refused", message, name=provider.name)
        token = said.get("id_token")
        if status != 200 or not isinstance(token, str):
            raise transport.down()
        return token

    def _asked(self, url: str) -> dict[str, Any]:
        with self._place():
            status, found = self._fetched(url, None, None)
        if status != 200:
            raise transport.down()
        return found

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._room.acquire(blocking=False):
            raise Problem(503, "busy", N_("The server is busy. Your changes wait here."), retry_after=5)
        try:
            yield
        finally:
            self._room.release()


def _read(provider: Provider, found: Mapping[str, Any]) -> Addresses:
    """What of a discovery document is used. Raises Unavailable where it is another's, or asks for what is not safe."""
    places = [found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    methods = found.get("code_challenge_methods_supported", ["S256"])
    if found.get("issuer") != provider.issuer or not all(transport.is_safe(each, provider.trial) for each in places):
        raise Unavailable(transport.DOWN, N_("What answers for your firm's sign-in service is not what was agreed."))
    if not isinstance(methods, list) or "S256" not in methods:
        raise Unavailable(transport.DOWN, N_("Your firm's sign-in service cannot do what is needed (PKCE, S256)."))
    scopes, ways = found.get("scopes_supported"), found.get("token_endpoint_auth_methods_supported")
    basic = not isinstance(ways, list) or "client_secret_basic" in ways
    groups = isinstance(scopes, list) and "groups" in scopes and provider.groups_claim == "groups"
    return Addresses(str(places[0]), str(places[1]), str(places[2]), groups, basic)
