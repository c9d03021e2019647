"""Whether an ID token is one that this provider gave for this sign-in: OpenID Connect Core, 3.1.3.7."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt

from kam_desktop.server.provider import Provider

LEEWAY_S = 60
"""So far the clocks of provider and server may be apart."""
OLDEST_S = 900
"""A token is given and used within one sign-in."""
LONGEST = 64 << 10
_RSA_BITS = 2048
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_KINDS = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"), **dict.fromkeys(_CURVES, "EC"),
    "EdDSA": "OKP",
}  # fmt: skip
"""The algorithms that are taken, each with its kind of key: public ones alone, so neither `none` nor HMAC."""
_UNCHECKED = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
"""The library checks the signature; what the token says is judged here, by the server's own clock."""


class Untrusted(Exception):
    """The token is not believed; `why` is a word for the log."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class UnknownKey(Untrusted):
    """It is signed with a key that is not, or not yet, among those that are known."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What the provider says of somebody.

    Attributes:
        email: a verified address, "" for none.
    """

    subject: str
    email: str
    name: str
    full_name: str
    groups: tuple[str, ...]


def verified(
    token: str, keys: Sequence[Mapping[str, Any]], provider: Provider, nonce: str, now: datetime
) -> Claims:  # fmt: skip
    """What a token says, everything of it checked. Raises Untrusted, UnknownKey.

    Args:
        keys: the provider's public keys (JWK) as they are known.
    """
    if not 0 < len(token) <= LONGEST or token.count(".") != 2:
        raise Untrusted("form")
    try:
        head = jwt.get_unverified_header(token)
        algorithm = head.get("alg")
        if algorithm not in _KINDS:
            raise Untrusted("algorithm")
        if "crit" in head or str(head.get("typ", "JWT")).upper() != "JWT":
            raise Untrusted("type")
        key = _key(keys, algorithm, head.get("kid"))
        said = jwt.decode(token, key, algorithms=[algorithm], options={"verify_signature": True, **_UNCHECKED})  # type: ignore[arg-type]
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Untrusted("signature") from error
    _judge(said, provider, nonce, now.timestamp())
    email = said.get("email")
    good = isinstance(email, str) and said.get("email_verified") is True and len(email) <= 255
    return Claims(said["sub"], str(email) if good else "", _text(said, "preferred_username"), _text(said, "name"),
                  _groups(said, provider.groups_claim))  # fmt: skip


def _key(keys: Sequence[Mapping[str, Any]], algorithm: str, identity: Any) -> Any:
    fitting = [
        each for each in keys
        if each.get("kty") == _KINDS[algorithm] and each.get("use", "sig") == "sig"
        and each.get("alg", algorithm) == algorithm and each.get("crv") == _CURVES.get(algorithm, each.get("crv"))
        and (identity is None or each.get("kid") == identity)
    ]  # fmt: skip
    if not fitting:
        raise UnknownKey("key")
    if len(fitting) > 1:
        raise Untrusted("keys")
    found = jwt.PyJWK(dict(fitting[0]), algorithm)
    if _KINDS[algorithm] == "RSA" and found.key.key_size < _RSA_BITS:
        raise Untrusted("weak_key")
    return found.key


def _judge(said: Mapping[str, Any], provider: Provider, nonce: str, now_s: float) -> None:
    if said.get("iss") != provider.issuer:
        raise Untrusted("issuer")
    subject, audience = said.get("sub"), said.get("aud")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or "\0" in subject:
        raise Untrusted("subject")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or provider.client_id not in audiences:
        raise Untrusted("audience")
    if said.get("azp", provider.client_id if len(audiences) == 1 else None) != provider.client_id:
        raise Untrusted("audience")
    ends, made, begins = (_moment(said.get(name)) for name in ("exp", "iat", "nbf"))
    if ends is None or now_s >= ends + LEEWAY_S:
        raise Untrusted("expired")
    if made is None or not now_s - OLDEST_S - LEEWAY_S <= made <= now_s + LEEWAY_S:
        raise Untrusted("moment")
    if "nbf" in said and (begins is None or now_s < begins - LEEWAY_S):
        raise Untrusted("moment")
    given = said.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "replace"), nonce.encode()):
        raise Untrusted("nonce")


def _moment(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) and 0 < value < 1e11 else None


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value[:120] if isinstance(value, str) and value.isprintable() else ""


def _groups(said: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The groups; a provider that only says where to ask for them, because they are too many, has said nothing."""
    beside = said.get("_claim_names")
    if name not in said and isinstance(beside, dict) and name in beside:
        raise Untrusted("too_many_groups")
    found = said.get(name, [])
    found = [found] if isinstance(found, str) else found
    if not isinstance(found, list) or len(found) > 5000 or not all(isinstance(each, str) for each in found):
        raise Untrusted("groups")
    return tuple(found)
