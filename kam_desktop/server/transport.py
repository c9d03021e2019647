"""Requests to the identity provider: https, no redirects, so many bytes and seconds and no more."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
import truststore
import urllib3
from requests.adapters import HTTPAdapter

from kam_desktop.domain.errors import Unavailable
from kam_desktop.language import N_

CONNECT_S, READ_S, WHOLE_S = 5.0, 5.0, 10.0
MOST_BYTES = 256 << 10
LOOPBACK = ("127.0.0.1", "localhost", "::1")
DOWN = "provider_down"


class _Adapter(HTTPAdapter):
    """Trusts what the operating system trusts, a firm's own authority included."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        super().init_poolmanager(*args, ssl_context=context, **kwargs)


def is_safe(url: Any, trial: bool) -> bool:
    """Whether an address may be asked or shown: https; in a trial also plain http to this very machine."""
    if not isinstance(url, str) or len(url) > 2000 or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.username or parts.password or parts.fragment or "\\" in url:
        return False
    return parts.scheme == "https" or (trial and parts.scheme == "http" and host in LOOPBACK)


def fetched(
    url: str, form: Mapping[str, str] | None = None, basic: tuple[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """Status and JSON object of a GET, or of a POST of a form; `basic`: name and secret of the client.

    No redirect is followed, no cookie or .netrc is used. Raises Unavailable `provider_down` for everything that is no
    JSON object in time.
    """
    request = requests.Request("GET" if form is None else "POST", url, data=form, auth=basic,
                               headers={"Accept": "application/json", "Accept-Encoding": "identity"})  # fmt: skip
    ends = time.monotonic() + WHOLE_S
    session = requests.Session()
    adapter = _Adapter(max_retries=0)
    try:
        settings: dict[str, Any] = dict(session.merge_environment_settings(url, {}, None, None, None))
        if urlsplit(url).hostname in LOOPBACK:
            settings["proxies"] = {}
        settings |= {"stream": True, "timeout": (CONNECT_S, READ_S)}
        with adapter.send(request.prepare(), **settings) as response:
            body = b""
            for chunk in response.raw.stream(1 << 14, decode_content=False):
                body += chunk
                if len(body) > MOST_BYTES or time.monotonic() > ends:
                    raise down()
            found = orjson.loads(body)
            if not isinstance(found, dict):
                raise down()
            return response.status_code, found
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise down() from error
    finally:
        adapter.close()
        session.close()


def down() -> Unavailable:
    """What is said where the provider gives no answer that can be used."""
    return Unavailable(DOWN, N_("The server gets no answer from your firm's sign-in service. Try again in a while."))
