"""Requests to the shared server, told apart from what is not its answer; the home of `requests`."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit

import requests
import truststore
import urllib3
from cryptography import x509
from cryptography.x509.oid import NameOID
from requests.adapters import HTTPAdapter

from kam_desktop.domain.errors import Problem, Refused, SignedOut, TooOld, Unavailable
from kam_desktop.language import N_
from kam_desktop.protocol import messages, proofs
from kam_desktop.protocol.addresses import PATHS, USER_AGENT

CONNECT_S = 10.0
ANSWER_S = 60.0
WAIT_S = 65.0
"""Longer than the server's long poll of 55 s."""
MOST_BYTES = 4 * messages.PACKED_BYTES
"""More than any answer has on the wire."""
_FAULT = N_("The server has a problem ({status}). Your changes wait here.")
_CODE = re.compile(r"[a-z][a-z_]{0,39}")
_PLACE = re.compile(r"\{([a-z][a-z_]{0,39})\}")
_LONGEST_ARGUMENT = 300
_HEADERS = {
    "Accept": messages.MEDIA_TYPE, "Accept-Encoding": "zstd, gzip", "Content-Type": messages.MEDIA_TYPE,
    "User-Agent": USER_AGENT,
}  # fmt: skip
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Transport(Protocol):
    """The road to the server, as the engine's owner uses it.

    Attributes:
        workspace: the identity that every answer must carry; "" before it is known.
    """

    workspace: str

    def call(self, name: str, message: Mapping[str, Any], *, timeout_s: float = ANSWER_S) -> Mapping[str, Any]:
        """Sends one message and gives the answer's content. Raises Unavailable with a code that says what is wrong."""


class _Adapter(HTTPAdapter):
    """Trusts what the operating system trusts, a firm's own authority included. It belongs to one address."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._straight: Any = None
        super().__init__(pool_connections=1, pool_maxsize=2, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)

    def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:
        """The pool of the address, looked for once where no proxy stands between."""
        if proxies:
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        if self._straight is None:
            self._straight = super().get_connection_with_tls_context(request, verify, proxies, cert)
        return self._straight

    def build_response(self, req: Any, resp: Any) -> requests.Response:
        """What is read of an answer, without cookies, history and guesses at its letters."""
        response = requests.Response()
        response.status_code, response.headers, response.raw = resp.status, resp.headers, resp
        response.request, response.url = req, req.url
        return response

    def close(self) -> None:
        self._straight = None
        super().close()


def checked_address(url: str) -> str:
    """The server's address without a slash at its end. Raises Refused: https only, plain http to this machine alone."""
    try:
        parts = urlsplit(url.strip())
        good = bool(parts.hostname) and parts.port != 0  # asking for the port reads it
    except ValueError:
        parts, good = urlsplit(""), False
    plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not good or (parts.scheme != "https" and not plain) or parts.username or parts.query or parts.fragment:
        message = N_("“{address}” is not an address of a server. It looks like https://kam.company.vn.")
        raise Refused(Problem("server", "bad_address", message, {"address": url[:200]}))
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


class HttpTransport:
    """One laptop's connection to one server: kept open, no redirects, no retries of its own.

    Attributes:
        workspace: the identity that every answer must carry; "" before it is known (sign-in, hello).
    """

    def __init__(self, address: str, token: Callable[[], str], workspace: str = "") -> None:
        self._address = checked_address(address)
        self.workspace = workspace
        self._session = requests.Session()
        self._token = token
        self._urls: dict[str, str] = {}
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        adapter = _Adapter(context)
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, adapter)
        if urlsplit(self._address).hostname in _LOOPBACK:
            self._session.trust_env = False  # no proxy stands between a machine and itself

    def close(self) -> None:
        """Gives the connection back."""
        self._session.close()

    def call(self, name: str, message: Mapping[str, Any], *, timeout_s: float = ANSWER_S) -> Mapping[str, Any]:
        """Sends one message and gives the answer's content.

        Raises:
            Unavailable: `offline`, `portal`, `wrong_server`, `other_workspace`, `clock`, `tls_inspected`, `proxy`,
                `busy` (with retry_after_s), `too_large`, `server_fault`, `cut`, `epoch`, `new_device`, `restored` …
            SignedOut: the server, known as ours, does not take the token.
            TooOld: the server speaks a newer language.
        """
        proof = str(message.get("proof", ""))
        body, encoding = messages.pack(
            {key: value for key, value in message.items() if key != "proof"} if proof else message, messages.ENCODINGS
        )
        try:
            with self._sent(self._request(name, body, encoding, proof), timeout_s) as response:
                return self._read(response)
        except requests.exceptions.RequestException as error:
            raise failure_of(error, self._address) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unavailable("cut", N_("The answer of the server broke off. It is asked again.")) from error

    def _request(self, name: str, body: bytes, encoding: str, proof: str = "") -> requests.PreparedRequest:
        """A request made ready by hand: nothing of it comes from cookies or a .netrc file."""
        request = requests.PreparedRequest()
        if name not in self._urls:
            request.prepare_url(f"{self._address}{PATHS[name]}", None)
            self._urls[name] = request.url or ""
        request.method, request.url, request.body = "POST", self._urls[name], body
        given = {**_HEADERS, "Content-Length": str(len(body))}
        if encoding:
            given["Content-Encoding"] = encoding
        if proof:
            given[proofs.HEADER] = proof
        if token := self._token():
            given["Authorization"] = f"Bearer {token}"
        request.headers = requests.structures.CaseInsensitiveDict(given)
        return request

    def _sent(self, request: requests.PreparedRequest, timeout_s: float) -> requests.Response:
        """Straight to the adapter: no redirect is followed, no cookie kept. Proxies and authorities as always."""
        url = request.url or ""
        settings: dict[str, Any] = {"proxies": {}, "verify": True, "cert": None}
        if self._session.trust_env:
            settings = dict(self._session.merge_environment_settings(url, {}, None, None, None))
        settings["stream"] = True
        return self._session.get_adapter(url).send(request, timeout=(CONNECT_S, timeout_s), **settings)

    def _read(self, response: requests.Response) -> Mapping[str, Any]:
        kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
        workspace = response.headers.get(messages.WORKSPACE_HEADER, "")
        if kind != messages.MEDIA_TYPE or not workspace:
            raise _stranger(response.status_code, kind, response.headers)
        if self.workspace and workspace != self.workspace:
            raise Unavailable(
                "other_workspace",
                N_("Another server answers at this address. Expected was {expected}, it is {found}. Nothing was sent."),
                expected=self.workspace[:8],
                found=workspace[:8],
            )
        raw = _capped(response)
        try:
            content = messages.unpack(raw, response.headers.get("Content-Encoding", ""))
        except messages.Problem as error:
            raise Unavailable("cut", N_("The answer of the server broke off. It is asked again.")) from error
        if response.status_code != 200:
            raise problem_of(response.status_code, content, response.headers)
        return content


def _capped(response: requests.Response) -> bytes:
    """The body as it came over the wire, unpacked by us alone, never more than an answer may have."""
    chunks, size = [], 0
    for chunk in response.raw.stream(1 << 16, decode_content=False):
        size += len(chunk)
        if size > MOST_BYTES:
            raise Unavailable("cut", N_("The server sent more than an answer may have. Nothing was taken from it."))
        chunks.append(chunk)
    expected = response.headers.get("Content-Length")
    if expected is not None and expected.strip() != str(size):
        raise Unavailable("cut", N_("The answer of the server broke off. It is asked again."))
    return b"".join(chunks)


def _stranger(status: int, kind: str, headers: Mapping[str, str]) -> Unavailable:
    """What answered is not our server: a portal, a proxy, another program."""
    if status == 511 or (300 <= status < 400) or (kind.startswith("text/html") and status in (200, 203, 302, 403)):
        return Unavailable(
            "portal",
            N_("This network wants you to sign in first: open any page in the browser. Your changes wait here."),
        )
    if status == 407 or "proxy-authenticate" in {name.lower() for name in headers}:
        return Unavailable("proxy", N_("The proxy of this network wants a name and a password."))
    if status in (502, 503, 504, 500, 429):
        return Unavailable("server_fault", _FAULT, status=str(status), **_retry_after(headers))  # fmt: skip
    if status == 413:
        return Unavailable("too_large", N_("Something between here and the server takes no message of this size."))
    return Unavailable(
        "wrong_server",
        N_("What answers at this address is not the shared server ({status}). Your changes wait here."),
        status=str(status),
    )


def _retry_after(headers: Mapping[str, str]) -> dict[str, str]:
    text = headers.get("Retry-After", "")
    return {"retry_after_s": text} if re.fullmatch(r"\d{1,6}", text) else {}


def problem_of(status: int, content: Mapping[str, Any], headers: Mapping[str, str]) -> Unavailable:
    """A refusal of our own server as the program knows it, by its code."""
    given, said, filled = content.get("problem"), content.get("message"), content.get("args")
    if not isinstance(given, str) or not _CODE.fullmatch(given) or not isinstance(said, str) or not said:
        given, said, filled = "server_fault", _FAULT, {}
    args = {
        name: str(value)[:_LONGEST_ARGUMENT]
        for name, value in (filled if isinstance(filled, dict) else {}).items()
        if _CODE.fullmatch(name) and name not in ("self", "code", "message") and isinstance(value, str | int)
    }
    args = {"status": str(status), **args, **_retry_after(headers)}
    message = said
    if not set(_PLACE.findall(said)) <= set(args) or set(_PLACE.sub("", said)) & set("{}"):
        message = _FAULT  # a sentence that cannot be filled is none of ours
    if status == 401 and given in ("sign_in", "wrong_password"):
        return SignedOut(given, message, **args)
    if status == 426:
        return TooOld(given, message, **args)
    if status >= 500 and given not in ("restored", "busy"):
        given = "server_fault"
    return Unavailable(given, message, **args)


def failure_of(error: requests.exceptions.RequestException, address: str) -> Unavailable:
    """Why there was no answer. Classes are asked in this order because SSL and proxy errors are connection errors."""
    host = urlsplit(address).hostname or ""
    if isinstance(error, requests.exceptions.SSLError):
        return _tls_failure(error, urlsplit(address))
    if isinstance(error, requests.exceptions.ProxyError):
        asks = "407" in str(error)
        return Unavailable("proxy", N_("The proxy of this network wants a name and a password.") if asks
                           else N_("The proxy of this network does not answer."))  # fmt: skip
    if isinstance(error, requests.exceptions.ReadTimeout | requests.exceptions.ChunkedEncodingError):
        return Unavailable("cut", N_("The answer of the server broke off. It is asked again."))
    if isinstance(error, requests.exceptions.InvalidHeader | requests.exceptions.ContentDecodingError):
        return Unavailable("cut", N_("The answer of the server broke off. It is asked again."))
    if "Name or service" in str(error) or "getaddrinfo" in str(error) or "NameResolution" in str(error):
        return Unavailable("offline", N_("No network: {host} is not found. Your changes wait here."), host=host)
    return Unavailable("offline", N_("{host} does not answer. Your changes wait here."), host=host)


def _tls_failure(error: Exception, address: SplitResult) -> Unavailable:
    text, host = str(error), address.hostname or ""
    if "not yet valid" in text or "certificate has expired" in text or "not valid yet" in text:
        return Unavailable(
            "clock",
            N_("The certificate of {host} is not valid today. If the date or time of this computer is wrong, set it."),
            host=host,
        )
    issuer = _issuer(host, address.port or 443)
    if not issuer:
        return Unavailable(
            "tls_inspected",
            N_("The connection to {host} is not private: somebody in between answers with a certificate that this "
               "computer does not trust. Nothing was sent. Ask your administrator."),
            host=host,
        )  # fmt: skip
    return Unavailable(
        "tls_inspected",
        N_("The connection to {host} is not private: its certificate is from “{issuer}”, whom this computer does not "
           "trust. Nothing was sent. Ask your administrator."),
        host=host, issuer=issuer,
    )  # fmt: skip


def _issuer(host: str, port: int) -> str:
    """Who signed the certificate that was not trusted, "" where that cannot be learnt. Nothing is sent to read it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        plain = socket.create_connection((host, port), CONNECT_S)
        with plain, context.wrap_socket(plain, server_hostname=host) as stream:
            raw = stream.getpeercert(binary_form=True)
        named = x509.load_der_x509_certificate(raw or b"").issuer
    except (OSError, ValueError):
        return ""
    for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        found = named.get_attributes_for_oid(kind)
        if found:
            return str(found[0].value)[:100]
    return ""
