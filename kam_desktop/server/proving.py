"""Whether a request proves its device key: for this call, with a nonce of ours, and once alone."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from kam_desktop.domain.change import moment_text
from kam_desktop.domain.clock import Clock
from kam_desktop.language import N_
from kam_desktop.protocol import proofs
from kam_desktop.protocol.addresses import PATHS
from kam_desktop.protocol.messages import Problem, bad
from kam_desktop.protocol.proofs import Proof
from kam_desktop.server.database import Connection
from kam_desktop.server.settings import ADDRESS

NONCE_S = 900
"""Longer than an access token lives: the nonce of one answer serves for the next renewal."""
_EARLY_S = 60
"""A nonce may be so much from the future: the processes of one server need not agree to the second."""


def nonce(key: bytes, clock: Clock) -> str:
    """A fresh nonce. Nobody keeps it: every process of this server knows it again by the workspace's key."""
    return _signed(key, int(clock.now().timestamp()))


def proof(key: bytes, message: Mapping[str, Any], name: str, host: str, clock: Clock) -> Proof:
    """The proof of a request, read and judged; `spend` must follow before anything is given for it.

    The laptop's own time (`iat`) decides nothing, because clocks of laptops are wrong; the nonce says that it is fresh.
    Raises Problem 426 without one, 400 `bad_proof`, 400 `use_dpop_nonce` with the nonce to take, 400 `wrong_address`.

    Args:
        key: of the workspace. host: as the request named it, "" where it came over no wire.
    """
    given = message.get("proof")
    if given is None:
        raise Problem(426, "update", N_("Update this program to go on syncing. Your changes wait on this computer."))
    if not isinstance(given, str):
        raise bad("proof")
    found = proofs.read(given)
    if found.method != proofs.METHOD:
        raise proofs.bad_proof()
    _check_address(found.address, PATHS[name], host)
    if not _is_ours(key, found.nonce, clock):
        raise Problem(400, proofs.USE_NONCE, N_("The server asks for a fresh proof."), nonce=nonce(key, clock))
    return found


def spend(connection: Connection, found: Proof, clock: Clock) -> None:
    """Notes that this proof was used. Raises Problem 400 `bad_proof` where it was, at whichever process."""
    identity = hashlib.sha256(f"{found.thumbprint}|{found.identity}".encode()).hexdigest()
    now = clock.now()
    connection.run("delete from proof_spent where ends_at <= ?", (moment_text(now),))
    taken = connection.one(
        "insert into proof_spent (id, ends_at) values (?, ?) on conflict (id) do nothing returning id",
        (identity, moment_text(now + timedelta(seconds=NONCE_S + 2 * _EARLY_S))),
    )
    if taken is None:
        raise proofs.bad_proof()


def _check_address(said: str, path: str, host: str) -> None:
    """The proof must be for this call at this server, as laptops reach it; a proxy may put a path before ours.

    The address is that of the setting where there is one, else the request's own `Host`.
    """
    try:
        parts = urlsplit(said)
        authority = (parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0))
    except ValueError as error:
        raise proofs.bad_proof() from error
    if not parts.path.endswith(path) or parts.query or parts.fragment:
        raise proofs.bad_proof()
    wanted = os.environ.get(ADDRESS, "") or (f"{parts.scheme}://{host}" if host else "")
    if not wanted:
        return
    try:
        expected = urlsplit(wanted)
        other = (expected.hostname or "", expected.port or _PORTS.get(expected.scheme, 0))
    except ValueError as error:
        raise bad("host") from error
    if authority != other or parts.scheme != expected.scheme:
        message = N_(
            "The laptop reaches this server as {said}, a proxy names it {found}. "
            "The administrator must have the proxy pass on the name (Host), or set KAM_SERVER_ADDRESS."
        )
        raise Problem(400, "wrong_address", message, said=(parts.netloc or "?")[:100], found=expected.netloc[:100])


_PORTS = {"https": 443, "http": 80}


def _is_ours(key: bytes, given: str, clock: Clock) -> bool:
    at, _, _mac = given.partition(".")
    if not at.isascii() or not at.isdecimal() or len(at) > 12:
        return False
    if not hmac.compare_digest(given.encode("utf-8", "replace"), _signed(key, int(at)).encode()):
        return False
    return -_EARLY_S <= clock.now().timestamp() - int(at) <= NONCE_S


def _signed(key: bytes, at_s: int) -> str:
    return f"{at_s}.{hmac.new(key, f'nonce|{at_s}'.encode(), 'sha256').hexdigest()[:32]}"
