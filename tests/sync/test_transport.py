"""The road to the server over real sockets: what is not its answer is told by its name."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kam_desktop.domain.errors import Refused, SignedOut, Unavailable
from kam_desktop.protocol import messages
from kam_desktop.protocol.addresses import USER_AGENT
from kam_desktop.sync import transport
from kam_desktop.sync.transport import HttpTransport, checked_address

WORKSPACE = "01900000-0000-7000-8000-000000000001"
OURS = f"Content-Type: {messages.MEDIA_TYPE}\r\n{messages.WORKSPACE_HEADER}: {WORKSPACE}\r\n"


def answer(status: str, head: str = "", body: bytes = b"") -> bytes:
    return f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


@contextmanager
def listening(said: bytes, context: ssl.SSLContext | None = None, seen: list[bytes] | None = None) -> Iterator[int]:
    """A port that says the same to everybody."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.1)
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = server.accept()
            except (TimeoutError, OSError):
                continue
            try:
                connection.settimeout(5)
                stream = context.wrap_socket(connection, server_side=True) if context else connection
                data = b""
                while b"\r\n\r\n" not in data and (more := stream.recv(65536)):
                    data += more
                # the body too: who closes with something unread tears the answer away from the other side
                head, _, body = data.partition(b"\r\n\r\n")
                length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
                while length and len(body) < int(length[1]) and (more := stream.recv(65536)):
                    body += more
                    data += more
                if seen is not None:
                    seen.append(data)
                stream.sendall(said)
                stream.close()
            except OSError:
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        stop.set()
        thread.join()
        server.close()


def failure(address: str, timeout_s: float = 5, workspace: str = WORKSPACE) -> Unavailable:
    road = HttpTransport(address, lambda: "secret-token", workspace)
    try:
        with pytest.raises(Unavailable) as found:
            road.call("pull", {"x": 1}, timeout_s=timeout_s)
        assert "secret-token" not in str(found.value)
        return found.value
    finally:
        road.close()


def told(said: bytes) -> Unavailable:
    with listening(said) as port:
        return failure(f"http://127.0.0.1:{port}")


def problem(status: str, code: str, more: str = "") -> bytes:
    body = f'{{"problem": "{code}", "message": "No.", "args": {{}}}}'.encode()
    return answer(status, OURS + more, body)


PAGE = b"<html>Welcome to this hotel</html>"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (answer("302 Found", "Location: http://portal.example/login\r\nContent-Type: text/html\r\n"), "portal"),
        (answer("200 OK", "Content-Type: text/html; charset=utf-8\r\n", PAGE), "portal"),
        (answer("511 Network Authentication Required", "Content-Type: text/html\r\n", PAGE), "portal"),
        (answer("407 Proxy Authentication Required", "Proxy-Authenticate: Basic\r\n"), "proxy"),
        (answer("404 Not Found", "Content-Type: text/html\r\n", PAGE), "wrong_server"),
        (answer("401 Unauthorized", "Content-Type: application/json\r\n", b"{}"), "wrong_server"),
        (answer("200 OK", "Content-Type: application/json\r\n", b"{}"), "wrong_server"),
        (answer("502 Bad Gateway", "Content-Type: text/html\r\n", PAGE), "server_fault"),
        (answer("413 Payload Too Large", "Content-Type: text/html\r\n", PAGE), "too_large"),
        (problem("503 Busy", "busy", "Retry-After: 17\r\n"), "busy"),
        (problem("503 Restored", "restored"), "restored"),
        (problem("429 Locked", "locked", "Retry-After: 60\r\n"), "locked"),
        (problem("401 No", "sign_in"), "sign_in"),
        (problem("409 No", "new_device"), "new_device"),
        (answer("200 OK", OURS.replace(WORKSPACE, WORKSPACE.replace("1", "2")), b"{}"), "other_workspace"),
    ],
)  # fmt: skip
def test_each_has_its_name(said: bytes, code: str) -> None:
    found = told(said)
    assert found.code == code
    assert isinstance(found, SignedOut) is (code == "sign_in")


def test_retry_after_is_taken_from_ours_and_from_a_proxy() -> None:
    assert told(problem("503 Busy", "busy", "Retry-After: 17\r\n")).args_named["retry_after_s"] == "17"
    gateway = answer("503 Service Unavailable", "Content-Type: text/html\r\nRetry-After: 9\r\n", PAGE)
    assert told(gateway).args_named["retry_after_s"] == "9"
    strange = answer("503 Service Unavailable", "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n")
    assert "retry_after_s" not in told(strange).args_named


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = failure(f"http://127.0.0.1:{port}")
    assert found.code == "offline" and "127.0.0.1" in str(found)


def test_a_name_that_is_not_found() -> None:
    found = failure("https://kam.company.invalid")
    assert found.code == "offline" and "kam.company.invalid" in str(found)


def test_a_server_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = failure(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.2)
    assert found.code == "cut"


def test_a_redirect_is_not_followed_and_takes_no_token_along() -> None:
    seen: list[bytes] = []
    with listening(answer("200 OK", OURS, b"{}"), seen=seen) as elsewhere:
        for status in ("301", "302", "303", "307", "308"):
            told(answer(f"{status} Moved", f"Location: http://127.0.0.1:{elsewhere}/\r\n"))
    assert not seen


def test_the_token_goes_to_our_server_and_no_netrc_or_proxy_is_asked_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password elsewhere\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    seen: list[bytes] = []
    with listening(answer("200 OK", OURS, b'{"a": 1}'), seen=seen) as port:
        road = HttpTransport(f"http://127.0.0.1:{port}", lambda: "secret-token", WORKSPACE)
        assert road.call("hello", {}) == {"a": 1}
        road.close()
    assert b"Authorization: Bearer secret-token" in seen[0] and b"Basic" not in seen[0]


def test_a_proxy_that_wants_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(answer("407 Proxy Authentication Required", "Proxy-Authenticate: Basic\r\n")) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        found = failure("https://kam.company.example")
    assert found.code == "proxy" and "name and a password" in str(found)


def test_a_proxy_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    found = failure("https://kam.company.example")
    assert found.code == "proxy" and "does not answer" in str(found)


# Certificates.


def certificate(
    folder: Path, issuer: str, host: str = "localhost", *, begins: timedelta = -timedelta(days=1),
    ends: timedelta = timedelta(days=30),
) -> tuple[ssl.SSLContext, Path]:  # fmt: skip
    """A server's certificate of an authority of that name; with the authority's own certificate."""
    now, key, above = (
        datetime.now(UTC),
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def made(subject: str, public: Any, authority: bool, times: tuple[timedelta, timedelta]) -> x509.Certificate:
        builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(public)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now + times[0])
        builder = builder.not_valid_after(now + times[1])
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), True)
        names = [x509.DNSName(host), x509.IPAddress(ip_address("127.0.0.1"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        return builder.sign(above, hashes.SHA256())

    root = made(issuer, above.public_key(), True, (-timedelta(days=400), timedelta(days=400)))
    leaf = made(host, key.public_key(), False, (begins, ends))
    pem = serialization.Encoding.PEM
    (folder / "root.pem").write_bytes(root.public_bytes(pem))
    (folder / "leaf.pem").write_bytes(
        leaf.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "leaf.pem")
    return context, folder / "root.pem"


def trusting(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """This computer trusts the authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(root))


def test_a_certificate_that_this_computer_trusts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, root = certificate(tmp_path, "The firm's own authority")
    trusting(monkeypatch, root)
    with listening(answer("200 OK", OURS, b'{"a": 1}'), context) as port:
        road = HttpTransport(f"https://localhost:{port}", lambda: "", WORKSPACE)
        assert road.call("hello", {}) == {"a": 1}
        road.close()


def test_an_unknown_issuer_is_named(tmp_path: Path) -> None:
    seen: list[bytes] = []
    context, _ = certificate(tmp_path, "Hotel Inspection CA")
    with listening(answer("200 OK", OURS, b"{}"), context, seen) as port:
        found = failure(f"https://localhost:{port}")
    assert found.code == "tls_inspected"
    assert "Hotel Inspection CA" in str(found)
    assert not any(b"secret-token" in each for each in seen)


@pytest.mark.parametrize(("begins", "ends"), [(-30, -2), (2, 30)], ids=["expired", "not yet valid"])
def test_a_certificate_out_of_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begins: int, ends: int) -> None:
    context, root = certificate(tmp_path, "A", begins=timedelta(days=begins), ends=timedelta(days=ends))
    trusting(monkeypatch, root)
    with listening(answer("200 OK", OURS, b"{}"), context) as port:
        assert failure(f"https://localhost:{port}").code == "clock"


def test_a_certificate_for_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, root = certificate(tmp_path, "A", "portal.hotel.example")
    trusting(monkeypatch, root)
    with listening(answer("200 OK", OURS, b"{}"), context) as port:
        found = failure(f"https://localhost:{port}")
    assert found.code in ("portal", "tls_inspected") and "localhost" in str(found)


def test_no_TLS_at_all() -> None:
    with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert failure(f"https://localhost:{port}").code == "tls_inspected"


@pytest.mark.parametrize(
    "address",
    ["http://kam.company.vn", "ftp://kam.company.vn", "kam.company.vn", "https://", "https://user:pass@kam.company.vn",
     "https://kam.company.vn/?a=b", "https://kam.company.vn/#x", "http://127.0.0.1.evil.example", "http://10.0.0.1",
     "javascript:alert(1)", "https://kam.company.vn:notaport", "http://[::2]", ""],
)  # fmt: skip
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(Refused):
        checked_address(address)


@pytest.mark.parametrize(
    ("address", "checked"),
    [(" https://kam.company.vn/ ", "https://kam.company.vn"), ("http://127.0.0.1:8787", "http://127.0.0.1:8787"),
     ("http://[::1]:1/x/", "http://[::1]:1/x"), ("http://localhost", "http://localhost")],
)  # fmt: skip
def test_addresses_that_are_good(address: str, checked: str) -> None:
    assert checked_address(address) == checked


def test_an_answer_is_never_larger_than_one_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MOST_BYTES", 1000)
    found = told(answer("200 OK", OURS, b"x" * 5000))
    assert found.code == "cut"


@contextmanager
def keeping(head: str, seen: list[bytes], doors: list[int]) -> Iterator[int]:
    """A port that keeps its connections open; counts them in `doors` and says `head` with every answer."""
    server = socket.create_server(("127.0.0.1", 0))
    open_: list[socket.socket] = []

    def talk(stream: socket.socket) -> None:
        data = b""
        while more := stream.recv(65536):
            data += more
            front, _, body = data.partition(b"\r\n\r\n")
            size = next(
                (int(each[15:]) for each in front.split(b"\r\n") if each.lower().startswith(b"content-length")), 0
            )
            if b"\r\n\r\n" in data and len(body) >= size:
                seen.append(data)
                data = b""
                stream.sendall(f"HTTP/1.1 200 OK\r\n{OURS}{head}Content-Length: 2\r\n\r\n{{}}".encode())

    def serve() -> None:
        while True:
            try:
                stream, _ = server.accept()
            except OSError:
                return
            doors.append(1)
            open_.append(stream)
            threading.Thread(target=talk, args=(stream,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.close()
        for each in open_:
            each.close()


def test_a_request_says_what_it_must_and_nothing_that_an_answer_asked_for() -> None:
    seen: list[bytes] = []
    doors: list[int] = []
    with keeping("Set-Cookie: spy=1; Path=/\r\n", seen, doors) as port:
        road = HttpTransport(f"http://127.0.0.1:{port}/at", lambda: "secret-token", WORKSPACE)
        for message in ({}, {"note": "x" * 3000}, {}):
            assert road.call("pull", message) == {}
        road.close()
    assert len(doors) == 1  # one connection for all of them
    for place, sent in enumerate(seen):
        head, _, body = sent.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        said = dict(line.split(": ", 1) for line in lines)
        assert first == "POST /at/sync/pull HTTP/1.1" and said["Host"] == f"127.0.0.1:{port}"
        packed = {"Content-Encoding": "zstd"} if place == 1 else {}
        assert said == {
            "Host": said["Host"], "Accept": messages.MEDIA_TYPE, "Accept-Encoding": "zstd, gzip",
            "Content-Type": messages.MEDIA_TYPE, "User-Agent": USER_AGENT, "Content-Length": str(len(body)),
            "Authorization": "Bearer secret-token", **packed,
        }  # fmt: skip
        assert messages.unpack(body, said.get("Content-Encoding", "")) == ({"note": "x" * 3000} if place == 1 else {})


def test_a_proxy_that_is_set_between_two_calls_is_used_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    road = HttpTransport("https://kam.company.example", lambda: "secret-token", WORKSPACE)
    made = transport._Adapter.get_connection_with_tls_context
    straight = road._session.get_adapter("https://kam.company.example")
    request = road._request("pull", b"", "")
    pool = made(straight, request, True, {})  # type: ignore[arg-type]
    assert pool is made(straight, request, True, {}) and pool.proxy is None  # type: ignore[arg-type]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    with pytest.raises(Unavailable) as found:
        road.call("pull", {})
    assert found.value.code == "proxy"
    road.close()
