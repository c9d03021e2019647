"""Signing in through the system's browser: an address to open, a door here for the answer."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import selectors
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from kam_desktop.domain.errors import Unavailable
from kam_desktop.domain.invitation import is_plain
from kam_desktop.language import N_
from kam_desktop.sync.answers import cut
from kam_desktop.sync.transport import Transport

HOST, PATH = "127.0.0.1", "/kam"
LONGEST_S = 540.0
"""A minute less than the server gives."""
STOPPED = "stopped"
LOOK_S = 0.2
_HEAD_BYTES, _VISITORS, _VISIT_S = 16_384, 16, 10.0
_LONGEST_CODE = 4096
_LINE = re.compile(r"GET (/\S{0,12000}) HTTP/1\.[01]")
_DONE = ("Bạn đã trở lại KAM Desktop", "Bạn có thể đóng trang này.", "You are back in KAM Desktop",
         "You may close this page.")  # fmt: skip
_NOT_DONE = ("Chưa đăng nhập", "Bạn có thể đóng trang này và thử lại trong KAM Desktop.", "Not signed in",
             "You may close this page and try again in KAM Desktop.")  # fmt: skip
_NOTHING = ("Không có gì ở đây", "Bạn có thể đóng trang này.", "There is nothing here", "You may close this page.")


def offered(transport: Transport) -> str:
    """The name of the server's identity provider, "" where it has none. Raises Unavailable."""
    name = transport.call("provider", {}, timeout_s=10).get("name", "")
    if not isinstance(name, str) or len(name) > 60 or not name.isprintable():
        raise cut()
    return name


def brought(
    ask: Callable[[str, Mapping[str, Any]], Mapping[str, Any]],
    device: str,
    server: str,
    show: Callable[[str], object],
    monotonic: Callable[[], float],
    cancelled: Callable[[], bool],
) -> dict[str, Any]:
    """What the server needs to sign somebody in, after they did so in their browser.

    The verifier stays here until then: what the browser carries is of use to nobody else (PKCE, RFC 7636, S256).
    Raises Unavailable: `stopped`, `browser_late`, `browser_refused`, `no_loopback`, and what the call raises.

    Args:
        ask: a call with a proof of the device key. show: opens an address in the browser.
    """
    verifier, state = _random(), _random()
    challenge = _base64(hashlib.sha256(verifier.encode()).digest())
    with Landing(state, monotonic) as landing:
        said = ask("browser-begin", {"device": device, "challenge": challenge, "redirect": landing.address})
        show(_page(said, challenge, landing.address, state, trial=is_plain(server)))
        code = landing.code(str(said["issuer"]), cancelled)
    return {"device": device, "verifier": verifier, "redirect": landing.address, "nonce": said["nonce"], "code": code}


class Landing:
    """Listens on this machine alone (RFC 8252, 7.3) for the one answer that has our `state`.

    Whatever else comes (other pages, other programs, a browser that opens connections to spare) is answered by a page
    that says nothing, and is waited past. No page leads anywhere else, whatever was asked.
    """

    def __init__(self, state: str, monotonic: Callable[[], float]) -> None:
        """Raises Unavailable `no_loopback`."""
        self._state, self._monotonic = state, monotonic
        self._selector = selectors.DefaultSelector()
        self._visits: dict[socket.socket, tuple[bytearray, float]] = {}
        try:
            self._door = socket.create_server((HOST, 0), backlog=_VISITORS)
        except OSError as error:
            self._selector.close()
            message = N_("This computer lets no browser answer the program. Ask your administrator.")
            raise Unavailable("no_loopback", message) from error
        self._door.setblocking(False)
        self._selector.register(self._door, selectors.EVENT_READ)
        self._at = f"{HOST}:{self._door.getsockname()[1]}"
        self.address = f"http://{self._at}{PATH}"

    def __enter__(self) -> Landing:
        return self

    def __exit__(self, *_given: object) -> None:
        for visitor in list(self._visits):
            self._leave(visitor)
        self._selector.unregister(self._door)
        self._door.close()
        self._selector.close()

    def code(self, issuer: str, cancelled: Callable[[], bool]) -> str:
        """Waits for the code. Raises Unavailable: `stopped`, `browser_late`, `browser_refused`."""
        ends = self._monotonic() + LONGEST_S
        while True:
            if cancelled():
                raise Unavailable(STOPPED, N_("Signing in was stopped."))
            now = self._monotonic()
            if now >= ends:
                raise Unavailable("browser_late", N_("Nobody signed in in the browser in time. Begin again."))
            for key, _ in self._selector.select(LOOK_S):
                if key.fileobj is self._door:
                    self._let_in(now)
                    continue
                found = self._heard(key.fileobj, issuer)  # type: ignore[arg-type]
                if found:
                    return found
            for visitor in [each for each, (_, until) in self._visits.items() if now > until]:
                self._leave(visitor)

    def _let_in(self, now: float) -> None:
        with suppress(OSError):
            visitor, _ = self._door.accept()
            visitor.setblocking(False)
            if len(self._visits) >= _VISITORS:  # the oldest says nothing; it makes room
                self._leave(next(iter(self._visits)))
            self._visits[visitor] = (bytearray(), now + _VISIT_S)
            self._selector.register(visitor, selectors.EVENT_READ)

    def _heard(self, visitor: socket.socket, issuer: str) -> str:
        """The code, where a visitor brought it; "" else."""
        if visitor not in self._visits:
            return ""
        head = self._visits[visitor][0]
        try:
            piece = visitor.recv(_HEAD_BYTES)
        except BlockingIOError:
            return ""
        except OSError:
            piece = b""
        head += piece
        if not piece or len(head) > _HEAD_BYTES:
            self._leave(visitor)
            return ""
        if b"\r\n\r\n" not in head:
            return ""
        answer = self._read(head.partition(b"\r\n\r\n")[0].decode("latin-1"), issuer)
        good, refused = answer is not None and "code" in answer, answer is not None and "code" not in answer
        self._say(visitor, "200 OK" if good or refused else "404 Not Found",
                  _DONE if good else _NOT_DONE if refused else _NOTHING)  # fmt: skip
        if refused:
            raise Unavailable("browser_refused", N_("The sign-in was stopped or refused in the browser. Begin again."))
        return str(answer["code"]) if answer is not None and good else ""

    def _read(self, head: str, issuer: str) -> dict[str, str] | None:
        """What the browser was sent back with; None for everything that is not the answer to our question."""
        first, *rest = head.split("\r\n")
        line = _LINE.fullmatch(first)
        hosts = [each.partition(":")[2].strip() for each in rest if each.lower().startswith("host:")]
        if line is None or hosts != [self._at]:
            return None  # by another name this machine may be somebody else's page
        try:
            parts = urlsplit(line[1])
            asked = parse_qs(parts.query, keep_blank_values=True, max_num_fields=50)
        except ValueError:
            return None
        if parts.path != PATH or parts.netloc or any(len(values) != 1 for values in asked.values()):
            return None
        found = {name: values[0] for name, values in asked.items()}
        if not hmac.compare_digest(found.get("state", "").encode("utf-8", "replace"), self._state.encode()):
            return None
        if found.get("iss", issuer) != issuer:  # RFC 9207: the answer of another provider
            return None
        if "code" in found and "error" not in found:
            code = found["code"]
            return {"code": code} if 0 < len(code) <= _LONGEST_CODE and code.isascii() and code.isprintable() else None
        return {"error": ""} if "error" in found else None

    def _say(self, visitor: socket.socket, status: str, words: tuple[str, str, str, str]) -> None:
        """A page of ours, in both languages; nothing of what was asked stands in it."""
        body = _PAGE.format(*words).encode()
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n"
            "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n"
            "Connection: close\r\n\r\n"
        )
        with suppress(OSError):
            visitor.sendall(head.encode() + body)
            visitor.shutdown(socket.SHUT_WR)
        self._leave(visitor)

    def _leave(self, visitor: socket.socket) -> None:
        self._visits.pop(visitor, None)
        with suppress(KeyError, ValueError):
            self._selector.unregister(visitor)
        visitor.close()


_PAGE = (
    "<!doctype html><html lang=vi><meta charset=utf-8><title>KAM Desktop</title>"
    "<body style='font:16px/1.5 system-ui,sans-serif;max-width:32em;margin:15vh auto;padding:0 1em'>"
    "<h1 style='font-size:1.4em'>{0}</h1><p>{1}</p><hr>"
    "<div lang=en><h1 style='font-size:1.4em'>{2}</h1><p>{3}</p></div>"
)


def _page(said: Mapping[str, Any], challenge: str, redirect: str, state: str, *, trial: bool) -> str:
    """The address for the browser. Raises Unavailable where the server says one that no browser should be sent to."""
    try:
        texts = {name: str(said[name]) for name in ("authorize", "client_id", "scope", "nonce", "issuer")}
        parts = urlsplit(texts["authorize"])
        host, _port = parts.hostname or "", parts.port
    except (KeyError, ValueError) as error:
        raise cut() from error
    plain = trial and parts.scheme == "http" and host in (HOST, "localhost", "::1")
    odd = any(len(each) > 2000 or not each.isascii() or not each.isprintable() for each in texts.values())
    if odd or not host or parts.username or parts.fragment or " " in texts["authorize"] or "\\" in texts["authorize"]:
        raise cut()
    if parts.scheme != "https" and not plain:
        raise cut()
    asked = {
        "response_type": "code", "client_id": texts["client_id"], "redirect_uri": redirect, "scope": texts["scope"],
        "state": state, "nonce": texts["nonce"], "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    return f"{texts['authorize']}{'&' if parts.query else '?'}{urlencode(asked)}"


def _random() -> str:
    return _base64(os.urandom(32))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
