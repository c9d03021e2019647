"""Proofs that a laptop holds its device key (DPoP, RFC 9449): made on the laptop, read by the server."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kam_desktop.protocol.messages import Problem

HEADER = "DPoP"
NONCE_HEADER = "DPoP-Nonce"
USE_NONCE = "use_dpop_nonce"
METHOD = "POST"
LONGEST = 2000
_TYPE, _ALGORITHM = "dpop+jwt", "EdDSA"
_KEY_BYTES, _SIGNATURE_BYTES = 32, 64
_LONGEST_CLAIM = 500


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof says, its signature checked; whether it is fresh and for this call is the reader's to judge.

    Attributes:
        thumbprint: of the key that signed it (RFC 7638).
        identity: `jti`; the same proof is taken once.
        attempt: names one try to renew a session, over all its repetitions; "" where there is none.
    """

    thumbprint: str
    identity: str
    method: str
    address: str
    nonce: str
    attempt: str


class DeviceKey:
    """A laptop's Ed25519 key. It never leaves the laptop."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self._jwk = {"crv": "Ed25519", "kty": "OKP", "x": _text(private.public_key().public_bytes_raw())}

    @classmethod
    def new(cls) -> DeviceKey:
        """A fresh one."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_text(cls, text: str) -> DeviceKey:
        """The key that `text` gave. Raises ValueError."""
        return cls(Ed25519PrivateKey.from_private_bytes(_bytes(text, _KEY_BYTES)))

    def text(self) -> str:
        """The private half, for where it is kept."""
        return _text(self._private.private_bytes_raw())

    @property
    def thumbprint(self) -> str:
        """The name of the key (RFC 7638)."""
        return _thumbprint(self._jwk)

    def proof(self, address: str, *, identity: str, at_s: int, nonce: str = "", attempt: str = "") -> str:
        """A proof for one POST to this address; `at_s` is Unix time by this laptop's clock."""
        head = {"typ": _TYPE, "alg": _ALGORITHM, "jwk": self._jwk}
        claims: dict[str, Any] = {"jti": identity, "htm": METHOD, "htu": address, "iat": at_s}
        if nonce:
            claims["nonce"] = nonce
        if attempt:
            claims["attempt"] = attempt
        signed = f"{_text(orjson.dumps(head))}.{_text(orjson.dumps(claims))}"
        return f"{signed}.{_text(self._private.sign(signed.encode()))}"


def read(proof: str) -> Proof:
    """Reads a proof strictly. Raises Problem 400 `bad_proof`: wrong form, another algorithm, a wrong signature."""
    try:
        if not 0 < len(proof) <= LONGEST:
            raise ValueError("length")
        head_text, claims_text, signature = proof.encode("ascii").split(b".")
        head, claims = orjson.loads(_bytes(head_text)), orjson.loads(_bytes(claims_text))
        if (head["typ"], head["alg"]) != (_TYPE, _ALGORITHM) or set(head) != {"typ", "alg", "jwk"}:
            raise ValueError("head")
        key = head["jwk"]
        if set(key) != {"kty", "crv", "x"} or (key["kty"], key["crv"]) != ("OKP", "Ed25519"):
            raise ValueError("key")
        public = Ed25519PublicKey.from_public_bytes(_bytes(key["x"], _KEY_BYTES))
        public.verify(_bytes(signature, _SIGNATURE_BYTES), head_text + b"." + claims_text)
        if type(claims["iat"]) is not int:
            raise ValueError("iat")
        found = Proof(
            _thumbprint(key), _claim(claims, "jti"), _claim(claims, "htm"), _claim(claims, "htu"),
            _claim(claims, "nonce", needed=False), _claim(claims, "attempt", needed=False),
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError, UnicodeError, InvalidSignature) as error:
        raise bad_proof() from error
    return found


def bad_proof() -> Problem:
    """What a request is told whose proof is none: it ends no session, for anybody could send it."""
    return Problem(400, "bad_proof", "The proof that this laptop holds its key is not in order.")


def _claim(claims: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
    value = claims[name] if needed else claims.get(name, "")
    if not isinstance(value, str) or (needed and not value) or len(value) > _LONGEST_CLAIM:
        raise ValueError(name)
    return value


def _thumbprint(jwk: Mapping[str, str]) -> str:
    plain = {name: jwk[name] for name in ("crv", "kty", "x")}
    return _text(hashlib.sha256(orjson.dumps(plain)).digest())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes(text: str | bytes, length: int | None = None) -> bytes:
    """The bytes, from the one way of writing them that there is. Raises ValueError."""
    given = text.encode("ascii") if isinstance(text, str) else text
    try:
        raw = base64.b64decode(given + b"=" * (-len(given) % 4), b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != given or (length is not None and len(raw) != length):
        raise ValueError("not base64url as it is written")
    return raw
