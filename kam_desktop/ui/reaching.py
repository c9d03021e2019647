"""One click to a person, or to a page to sign in: through the system, by an allowed scheme only."""

from __future__ import annotations

from urllib.parse import quote

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from kam_desktop import formats
from kam_desktop.domain.text import phone_digits

SCHEMES = ("tel", "mailto", "https")
ZALO = "zalo.me"


def address(kind: str, value: str) -> str:
    """What is handed to the system for "phone", "mail" or "zalo"; "" when the value is none of that."""
    digits = phone_digits(value)
    if kind == "phone" and len(digits) >= 3:
        plus = "+" if formats.phone_international(value).startswith("+") else ""
        number = "".join(letter for letter in formats.phone_international(value) if letter.isdigit()) or digits
        return f"tel:{plus}{number}"
    if kind == "zalo" and len(digits) >= 8:
        return f"https://{ZALO}/{digits}"
    name, at, host = value.strip().partition("@")
    if kind == "mail" and at and name and "." in host and not any(letter in value for letter in ' \t\r\n,;?&<>"'):
        return f"mailto:{quote(name, safe='.+-_')}@{quote(host, safe='.-')}"
    return ""


def allowed(url: QUrl) -> bool:
    """Whether an address may leave the program: a telephone, a mail, or a page of Zalo."""
    if url.scheme() not in SCHEMES or not url.isValid():
        return False
    return url.scheme() != "https" or (url.host() == ZALO and not url.userInfo() and url.port() == -1)


def browse(address: str) -> bool:
    """Opens a page of an identity provider, whose address sync.browser made; False where no browser takes it."""
    url = QUrl(address, QUrl.ParsingMode.StrictMode)
    return url.isValid() and url.scheme() in ("https", "http") and QDesktopServices.openUrl(url)


def reach(kind: str, value: str) -> bool:
    """Hands it to the system's own program; False when it is no such thing or no program takes it."""
    url = QUrl(address(kind, value))
    return bool(url.toString()) and allowed(url) and QDesktopServices.openUrl(url)
