"""Files of the update server within limits of size and slowness; `requests`' other home."""

from __future__ import annotations

import io
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import requests
import truststore
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from kam_desktop.domain.clock import Clock
from kam_desktop.domain.errors import Problem, Refused, Unavailable
from kam_desktop.language import N_
from kam_desktop.protocol.addresses import USER_AGENT

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PIECE = 1 << 16
_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")


@dataclass(frozen=True, slots=True)
class Limits:
    """How slow a server may be before it is given up.

    Attributes:
        connect_s: for reaching it.
        silence_s: the longest wait for the next byte.
        window_s, least_bytes_per_s: in every such span of time it must bring so much on average, heads included.
            The first 16 KiB may come within one span, so nothing small takes longer than a span and a half.
    """

    connect_s: float = 10.0
    silence_s: float = 20.0
    window_s: float = 30.0
    least_bytes_per_s: int = 4096


def checked_address(url: str) -> str:
    """The repository's address without a slash at its end. Raises Refused: https only, plain http to this machine."""
    try:
        parts = urlsplit(url.strip())
        good = bool(parts.hostname) and parts.port != 0  # asking for the port reads it
    except ValueError:
        parts, good = urlsplit(""), False
    plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not good or (parts.scheme != "https" and not plain) or parts.username or parts.query or parts.fragment:
        message = N_("“{address}” is not an address that updates can come from.")
        raise Refused(Problem("address", "bad_address", message, {"address": url[:200]}))
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


class _Slow(OSError):
    """The server brings less than it must."""


class _Paced(io.RawIOBase):
    """What a socket brings, given up as soon as it is slower than the limits; heads and bodies alike.

    The time-out of a socket begins anew with every byte, so alone it never ends a server that trickles.
    """

    def __init__(self, raw: Any, sock: Any, limits: Limits, monotonic: Callable[[], float]) -> None:
        self._raw, self._sock, self._limits, self._monotonic = raw, sock, limits, monotonic
        self._began, self._came = monotonic(), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        limits = self._limits
        left = self._began + limits.window_s - self._monotonic()
        if left <= 0:
            if self._came < limits.window_s * limits.least_bytes_per_s:
                raise _Slow("slower than the limits")
            self._began, self._came, left = self._monotonic(), 0, limits.window_s
        self._sock.settimeout(max(0.001, min(limits.silence_s, left)))
        try:
            got = self._raw.readinto(buffer)
        except TimeoutError as error:
            raise _Slow("slower than the limits") from error
        self._came += got or 0
        return int(got or 0)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Door:
    """A socket as http.client wants it: something that makes a file to read from."""

    def __init__(self, sock: Any, limits: Limits, monotonic: Callable[[], float]) -> None:
        self._sock, self._limits, self._monotonic = sock, limits, monotonic

    def makefile(self, _mode: str) -> io.BufferedReader:
        raw = self._sock.makefile("rb", buffering=0)
        return io.BufferedReader(_Paced(raw, self._sock, self._limits, self._monotonic))


def _response(limits: Limits, monotonic: Callable[[], float], sock: Any, *args: Any, **named: Any) -> HTTPResponse:
    door: Any = _Door(sock, limits, monotonic)
    return HTTPResponse(door, *args, **named)


class _Adapter(HTTPAdapter):
    """Trusts what the operating system trusts; every answer is paced."""

    def __init__(self, limits: Limits, monotonic: Callable[[], float]) -> None:
        self._context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        paced = partial(_response, limits, monotonic)
        plain = type("_Plain", (HTTPConnection,), {"response_class": staticmethod(paced)})
        secure = type("_Secure", (HTTPSConnection,), {"response_class": staticmethod(paced)})
        self._pools = {
            "http": type("_PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("_SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        made = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        made.pool_classes_by_scheme = self._pools
        return made


class Transport:
    """One computer's way to one update server: no redirects, no cookies, no retries of its own."""

    def __init__(self, address: str, clock: Clock, limits: Limits | None = None) -> None:
        self.address = checked_address(address)
        self._limits = limits or Limits()
        self._session = requests.Session()
        adapter = _Adapter(self._limits, clock.monotonic)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        if urlsplit(self.address).hostname in _LOOPBACK:
            self._session.trust_env = False  # no proxy stands between a machine and itself

    def close(self) -> None:
        """Gives the connection back."""
        self._session.close()

    @contextmanager
    def get(self, url: str, begin: int = 0) -> Iterator[tuple[int, Iterator[bytes]]]:
        """The pieces of a file and where they begin: at `begin` where the server can, else at 0.

        Raises Unavailable: `offline`, `not_there` (403, 404), `too_slow`, `server_fault`, `cut`.
        """
        if not url.startswith(self.address + "/"):
            raise ValueError("not a file of this server")
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        if begin:
            headers["Range"] = f"bytes={begin}-"
        limits = self._limits
        try:
            with self._session.get(
                url, headers=headers, stream=True, allow_redirects=False, timeout=(limits.connect_s, limits.silence_s)
            ) as response:
                first = _first(response, begin)
                yield first, self._pieces(response)
        except Unavailable:
            raise
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise failure_of(error, self.address) from error

    @staticmethod
    def _pieces(response: requests.Response) -> Iterator[bytes]:
        """As it came over the wire; what a server packs although nobody asked is not unpacked."""
        while piece := response.raw.read1(_PIECE, decode_content=False):
            yield piece


def _first(response: requests.Response, begin: int) -> int:
    status = response.status_code
    if status in (403, 404):
        raise Unavailable("not_there", N_("The update server has no such file."))
    if status == 206 and begin:
        found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if found is not None and int(found[1]) == begin:
            return begin
    if status != 200:
        message = N_("The update server has a problem ({status}). The program works on as it is.")
        raise Unavailable("server_fault", message, status=str(status))
    return 0


def failure_of(error: Exception, address: str) -> Unavailable:
    """Why there was no whole answer."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, _Slow | TimeoutError | requests.exceptions.ReadTimeout):
            message = N_("The update server is too slow. The next try goes on where this one ended.")
            return Unavailable("too_slow", message)
        seen = seen.__cause__ or seen.__context__
    host = urlsplit(address).hostname or ""
    if isinstance(error, requests.exceptions.SSLError):
        message = N_("The connection to {host} is not private. Nothing was taken from it.")
        return Unavailable("tls_inspected", message, host=host)
    if isinstance(error, requests.exceptions.ConnectionError) and not isinstance(
        error, requests.exceptions.ChunkedEncodingError
    ):
        return Unavailable("offline", N_("{host} does not answer. The program works on as it is."), host=host)
    return Unavailable("cut", N_("The answer of the update server broke off. The next try goes on from there."))
