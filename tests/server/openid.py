"""An OpenID provider on loopback for tests: it keeps the protocol, and lies where it is told to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CLIENT = "kam-desktop"
Claims = dict[str, Any]


@cache
def private_key(name: str) -> Any:
    """A key of this name, the same for all of a run."""
    if name.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=1024 if "weak" in name else 2048)
    return ec.generate_private_key(ec.SECP256R1())


def public_jwk(name: str) -> dict[str, Any]:
    """The public half, as the provider publishes it."""
    kind = jwt.algorithms.RSAAlgorithm if name.startswith("rsa") else jwt.algorithms.ECAlgorithm
    return {**kind.to_jwk(private_key(name).public_key(), as_dict=True), "kid": name, "use": "sig"}


class OpenId:
    """One provider. Whoever comes to its page is signed in as `user` already.

    Attributes:
        user: the claims of who sits at the browser. spoil: changes what a token says before it is signed.
        signed: makes the token, where it is not to be made rightly. before: a token that is given instead.
        published, key: the names of the keys that it publishes, and of the one it signs with.
        broken: paths that answer 500. discovery: what its discovery document says otherwise.
        asked: the paths that were asked for. allowed: the redirect is taken unseen, as a careless provider does.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.user: Claims = {"sub": "u-1", "email": "an@moclam.vn", "email_verified": True,
                             "preferred_username": "an", "name": "Nguyễn Thị An", "groups": ["sales"]}  # fmt: skip
        self.spoil: Callable[[Claims], Claims] = lambda claims: claims
        self.signed: Callable[[Claims], str] = self.sign
        self.key, self.published = "ec1", ["ec1"]
        self.before: str | None = None
        self.given = ""
        self.broken: set[str] = set()
        self.moved: dict[str, str] = {}
        self.discovery: dict[str, Any] = {}
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        self._now = now
        provider = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.answer(self, "")

            def do_POST(self) -> None:
                provider.answer(self, self.rfile.read(int(self.headers["Content-Length"])).decode())

            def log_message(self, *_given: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def sign(self, claims: Claims) -> str:
        algorithm = "RS256" if self.key.startswith("rsa") else "ES256"
        return jwt.encode(claims, private_key(self.key), algorithm, {"kid": self.key})

    def answer(self, request: BaseHTTPRequestHandler, body: str) -> None:
        parts = urlsplit(request.path)
        self.asked.append(parts.path)
        asked = {name: values[0] for name, values in parse_qs(body or parts.query).items()}
        status, said, headers = 200, "", {"Content-Type": "application/json"}
        if parts.path in self.broken:
            status, said = 500, "<html>"
        elif parts.path in self.moved:
            status, headers["Location"] = 302, self.moved[parts.path]
        elif parts.path == "/.well-known/openid-configuration":
            said = json.dumps({
                "issuer": self.issuer, "authorization_endpoint": self.issuer + "/authorize",
                "token_endpoint": self.issuer + "/token", "jwks_uri": self.issuer + "/keys",
                "code_challenge_methods_supported": ["S256"], **self.discovery,
            })  # fmt: skip
        elif parts.path == "/keys":
            said = json.dumps({"keys": [public_jwk(name) for name in self.published]})
        elif parts.path == "/authorize":
            status, headers["Location"] = 302, self.authorized(asked)
        elif parts.path == "/token":
            status, said = self.token(asked)
        else:
            status = 404
        request.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(said.encode()))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(said.encode())

    def authorized(self, asked: dict[str, str]) -> str:
        """Where the browser is sent back to (RFC 6749, 4.1.2; RFC 9207)."""
        assert asked["client_id"] == CLIENT and asked["response_type"] == "code" and "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256" and urlsplit(asked["redirect_uri"]).hostname == "127.0.0.1"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"], "iss": self.issuer})

    def token(self, asked: dict[str, str]) -> tuple[int, str]:
        """The ID token for a code, once, for whoever has the verifier."""
        begun = self.codes.pop(asked.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(asked["code_verifier"].encode()).digest()).rstrip(b"=")
        good = begun is not None and begun["code_challenge"] == challenge.decode()
        if not good or begun is None or begun["redirect_uri"] != asked["redirect_uri"] or asked["client_id"] != CLIENT:
            return 400, '{"error": "invalid_grant"}'
        now = int(self._now().timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": begun["nonce"], **self.user}
        self.given = self.before or self.signed(self.spoil(claims))
        return 200, json.dumps({"access_token": "x", "token_type": "Bearer", "id_token": self.given})


def unsigned(claims: Claims) -> str:
    """Algorithm `none`."""
    return jwt.encode(claims, None, "none", {"kid": "ec1"})


def confused(claims: Claims) -> str:
    """HS256 with the public key as the secret; made by hand, the library refuses to."""
    secret = private_key("rsa1").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = {"alg": "HS256", "typ": "JWT", "kid": "rsa1"}
    raw = [json.dumps(each).encode() for each in (head, claims)]
    said = b".".join(base64.urlsafe_b64encode(each).rstrip(b"=") for each in raw).decode()
    mac = hmac.new(secret, said.encode(), "sha256").digest()
    return f"{said}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
