"""Invitations to a server (.kamx) and links to a record (kam://): read strictly, written as values."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

from kam_desktop.domain.errors import Problem, Refused, TooOld
from kam_desktop.domain.text import clean

SUFFIX = ".kamx"
SCHEME = "kam:"
FORMAT, VERSION = "kam-invitation", 1
MOST_BYTES = 16_384
"""Twenty times what an invitation needs; nothing larger is read from a disk."""
LONGEST = 200
LONGEST_LINK = 200
LOOPBACK = ("127.0.0.1", "localhost", "::1")

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|[0-9a-f:]+")
_LINK = re.compile(r"kam://open/(?P<entity>[a-z][a-z_]*)/(?P<id>[0-9a-f-]{36})", re.IGNORECASE | re.ASCII)
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Kinds of characters that are not seen, or that turn what stands around them: a name has none of them."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an administrator hands out so that a laptop finds its server. It holds no secret.

    Attributes:
        server: the address, https (or plain http to this very machine), without a slash at its end.
        workspace: the id that the server must name itself by.
        name: of the workspace, for people; user, team: hints for whom it is, "" for nobody in particular.
        identity_provider: the name of where one signs in through the browser, "" for nowhere; the server's word counts.
    """

    server: str
    workspace: str
    name: str
    user: str = ""
    team: str = ""
    identity_provider: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A record that a link leads to: the name of a known entity, and an id in its written form."""

    entity: str
    id: str


def checked_server(text: str) -> str:
    """The address without a slash at its end.

    Raises Refused: anything but https, plain http beyond this machine, names, passwords, queries, letters that look
    like others.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        _refuse("bad_address", "“{address}” is not an address of a server. It looks like https://kam.company.vn.", text)
    extra = parts.username or parts.password or parts.query or parts.fragment or "?" in text or "#" in text
    odd = not text.isascii() or not text.isprintable() or any(sign in text for sign in " \\\"'<>`{}|^%")
    if odd or extra or port == 0 or not _HOST.fullmatch(host) or parts.scheme not in ("https", "http"):
        _refuse("bad_address", "“{address}” is not an address of a server. It looks like https://kam.company.vn.", text)
    if parts.scheme == "http" and host not in LOOPBACK:
        _refuse("not_encrypted", "“{address}” is not encrypted. Ask your administrator for one with https.", text)
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def is_plain(server: str) -> bool:
    """Whether what is sent to that address is not encrypted: a trial on this very machine."""
    return server.startswith("http://")


def checked_workspace(text: str) -> str:
    """The id of a workspace. Raises Refused for anything that is none."""
    if not _ID.fullmatch(text):
        _refuse("bad_workspace", "The invitation names no workspace. Ask your administrator for a new one.")
    return text


def read(data: bytes) -> Invitation:
    """What an invitation says; fields that are not known are passed over.

    Raises Refused (no invitation, too large, an address that is none, names with hidden characters), TooOld for one
    that a newer program wrote.
    """
    if len(data) > MOST_BYTES:
        _no_invitation()
    try:
        found = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError):
        _no_invitation()
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        _no_invitation()
    version = found.get("version")
    if type(version) is not int or version < 1:
        _no_invitation()
    if version > VERSION:
        raise TooOld("newer_invitation", "This invitation is for a newer version of the program. Update it, then open "
                     "the invitation again.")  # fmt: skip
    return Invitation(
        checked_server(_text(found, "server", needed=True)),
        checked_workspace(_text(found, "workspace", needed=True)),
        _text(found, "name"), _text(found, "user"), _text(found, "team"), _text(found, "identity_provider"),
    )  # fmt: skip


def written(invitation: Invitation) -> bytes:
    """The file of an invitation, such that `read` gives it back. Raises Refused for what `read` would not take."""
    shown = {"server": invitation.server, "workspace": invitation.workspace, "name": invitation.name,
             "user": invitation.user, "team": invitation.team,
             "identity_provider": invitation.identity_provider}  # fmt: skip
    kept = {"format": FORMAT, "version": VERSION} | {key: value for key, value in shown.items() if value}
    data = (json.dumps(kept, ensure_ascii=False, indent=1) + "\n").encode()
    if read(data) != invitation:
        _no_invitation()
    return data


def read_link(text: str) -> Link:
    """The record that a link leads to; a link says nothing else. Raises Refused for every other text."""
    # read here alone: every start of the program looks through its arguments, and few of them hold a link
    from kam_desktop.domain.entities import BY_NAME

    found = _LINK.fullmatch(text) if len(text) <= LONGEST_LINK else None
    if found is None:
        _refuse("bad_link", "This link leads nowhere: a link of this program names one record and nothing else.")
    entity, identity = found["entity"].lower(), found["id"].lower()
    if entity not in BY_NAME or not _ID.fullmatch(identity):
        _refuse("bad_link", "This link leads nowhere: a link of this program names one record and nothing else.")
    return Link(entity, identity)


def link_to(entity: str, identity: str) -> str:
    """The link that leads to a record."""
    return f"kam://open/{entity}/{identity}"


def is_target(argument: str) -> bool:
    """Whether the system asks to open this: a link of ours, or the name of an invitation's file."""
    small = argument.strip().lower()
    return small.startswith(SCHEME) or small.endswith(SUFFIX)


def split_arguments(given: Sequence[str], valued: Sequence[str]) -> tuple[list[str], list[str]]:
    """(options, targets) of a command line. From the first target on everything is a target, whatever it looks like.

    Systems put a link between quotation marks into a command line; one that closes them itself must not bring options
    in. `valued` are the options of the window that take a value and may stand before a target.
    """
    at = 0
    while at < len(given):
        if is_target(given[at]) and not given[at].startswith("-"):
            return list(given[:at]), list(given[at:])
        if given[at] in valued:
            at += 2
        elif given[at].partition("=")[0] in valued:
            at += 1
        else:
            break
    return list(given), []


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object that says each thing once: readers that disagree on which counts could be played against each other."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("said twice")
    return found


def _constant(_text: str) -> NoReturn:
    raise ValueError("no number")


def _text(found: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    value = found.get(name, "")
    if not isinstance(value, str) or len(value) > LONGEST or (needed and not value):
        _no_invitation()
    if any(unicodedata.category(char) in _UNSEEN for char in value) or value != clean(value):
        _refuse("hidden", "A name in this invitation has hidden characters. Ask your administrator for a new one.")
    return value


def _no_invitation() -> NoReturn:
    _refuse("no_invitation", "This file is not an invitation to a server.")


def _refuse(code: str, message: str, address: str = "") -> NoReturn:
    shown = "".join(char for char in address[:LONGEST] if unicodedata.category(char) not in _UNSEEN)
    raise Refused(Problem("invitation", code, message, {"address": shown} if address else {}))
