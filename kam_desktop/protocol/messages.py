"""Bodies of requests and answers: packed and unpacked within limits, and a push read strictly."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import zstandard

PROTOCOL = 1
MEDIA_TYPE = "application/vnd.kam+json"
WORKSPACE_HEADER = "X-KAM-Workspace"

PUSH_CHANGES = 5000
GROUP_CHANGES = 1000
GROUP_BYTES = 1 << 20
PULL_ROWS = 5000
PACKED_BYTES = 8 << 20
"""What a request may have on the wire; a push of 4 MiB with its columns fits."""
UNPACKED_BYTES = 64 << 20
"""What a body may become when it is unpacked; beyond it is a bomb."""
SMALL = 800
"""Bodies below this many bytes are not worth packing."""
ENCODINGS = ("zstd", "gzip")
LEVEL = 6
"""Of zstd: 5,000 changes take 25 ms instead of 9, and 2 % less room on a slow line than with the usual level 3."""
LARGE, LARGE_LEVEL = 256 << 10, 3
"""Answers of that many bytes are packed in a quarter of the time for 3 % more room: somebody waits for a download."""
SORT = "_sort"
"""Travels beside the fields of a creation: how the title is put in order, as the laptop computed it."""
ERASED_AT = "_erased_at"
"""In `_extra` of a row whose person was erased; no message may bring it. A laptop forgets what it kept of the row."""


class Problem(Exception):
    """Why a request gets no answer, as an HTTP status and a stable word.

    Attributes:
        status: HTTP status; 503 comes with `retry_after` seconds where that is known.
    """

    def __init__(
        self, status: int, code: str, message: str, *, retry_after: int | None = None, **args: str | int
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.args_named = args
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """What the answer says."""
        return {"problem": self.code, "message": self.message, "args": dict(self.args_named)}


def pack(message: Mapping[str, Any], accepted: Collection[str] = (), *, large: int = LEVEL) -> tuple[bytes, str]:
    """The body and its content encoding ("" for plain), by what the other side accepts.

    `large`: the level of zstd for one of LARGE bytes and more.
    """
    plain = orjson.dumps(message)
    if len(plain) < SMALL:
        return plain, ""
    if "zstd" in accepted:
        return zstandard.ZstdCompressor(LEVEL if len(plain) < LARGE else large).compress(plain), "zstd"
    if "gzip" in accepted:
        return gzip.compress(plain, 5, mtime=0), "gzip"
    return plain, ""


def unpack(body: bytes, encoding: str = "", cap: int = UNPACKED_BYTES) -> dict[str, Any]:
    """The message of a body. Raises Problem 400, 413 or 415; never holds more than `cap` bytes."""
    try:
        plain = _plain(body, encoding.strip().lower(), cap)
        message = orjson.loads(plain)
    except (orjson.JSONDecodeError, zstandard.ZstdError, zlib.error, EOFError, OSError) as error:
        raise Problem(400, "bad_body", "The body cannot be read.") from error
    if not isinstance(message, dict):
        raise Problem(400, "bad_body", "The body is no JSON object.")
    return message


def _plain(body: bytes, encoding: str, cap: int) -> bytes:
    if encoding in ("", "identity"):
        plain = body
    elif encoding == "zstd":
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(body) as reader:
            plain = reader.read(cap + 1)
    elif encoding == "gzip":
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as reader:
            plain = reader.read(cap + 1)
    else:
        raise Problem(415, "unknown_encoding", "This content encoding is not known.")
    if len(plain) > cap:
        raise Problem(413, "too_large", "The body is too large.")
    return plain


def row_hash(identity: str, seq: int) -> int:
    """H(id, seq): 64 bits that change when a row's id or sequence number does."""
    return int.from_bytes(hashlib.blake2b(f"{identity}{seq}".encode(), digest_size=8).digest(), "big")


def checksum(ids: Sequence[str], seqs: Sequence[int]) -> int:
    """The sum of H over rows, mod 2^64: the same in any order."""
    hashed, number = hashlib.blake2b, int.from_bytes
    parts = (
        number(hashed(b"%b%d" % pair, digest_size=8).digest(), "big") for pair in zip(_bytes(ids), seqs, strict=True)
    )
    return sum(parts) & 0xFFFFFFFFFFFFFFFF


def rows_sum(rows: Iterable[Sequence[Any]]) -> str:
    """A sum over rows of column values in their order, as both sides' tables keep them: 128 bits in hex."""
    hashed = hashlib.blake2b(digest_size=16)
    for row in rows:
        hashed.update(orjson.dumps(row))
    return hashed.hexdigest()


def _bytes(ids: Sequence[str]) -> list[bytes]:
    return "\n".join(ids).encode().split(b"\n") if ids else []


@dataclass(frozen=True, slots=True)
class Part:
    """Changes of one push with the same entity, action and exact set of fields, as columns.

    Attributes:
        places: the place of each change in the push.
        base: the row's sequence number that the author saw; 0 for a creation.
        values: a column of wire values for each field.
        sort: the order of the titles where the laptop sent it, else None.
    """

    entity: str
    action: str
    fields: tuple[str, ...]
    places: Sequence[int]
    ids: list[str]
    base: list[int]
    written_at: list[str]
    values: list[list[Any]]
    sort: list[str] | None


@dataclass(frozen=True, slots=True)
class Push:
    """A push as it was read.

    Attributes:
        number: of the device's pushes, written down by the laptop before it is sent.
        groups: id and number of changes of each; they are the consecutive pieces of the sequence.
        recovered: by group id who wrote what a server had lost (rule 5).
        settle: ids of conflict records that a person has dealt with.
    """

    number: int
    groups: list[tuple[str, int]]
    count: int
    parts: list[Part]
    recovered: dict[str, str]
    settle: list[str]


_IDS = re.compile(r"(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\n)*")
_GROUPS = re.compile(r"(?:[0-9a-f]{32}\n)*")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,59}|_sort")
_ACTIONS = ("create", "update", "delete")


def are_ids(values: Any) -> bool:
    """Whether this is a list of UUIDs in lower case."""
    if not isinstance(values, list) or set(map(type, values)) - {str} or set(map(len, values)) - {36}:
        return False
    return _IDS.fullmatch("\n".join(values) + "\n") is not None if values else True


def bad(where: str) -> Problem:
    """The problem of a message whose member `where` has not the shape that it must have."""
    return Problem(400, "bad_message", "The message has not the shape that was agreed.", where=where)


def whole(message: Mapping[str, Any], name: str, lowest: int = 0) -> int:
    """A member that must be a whole number."""
    value = message.get(name)
    if type(value) is not int or not lowest <= value < 1 << 62:
        raise bad(name)
    return value


def items(message: Mapping[str, Any], name: str, most: int) -> list[Any]:
    """A member that must be a list of at most so many."""
    value = message.get(name, [])
    if not isinstance(value, list):
        raise bad(name)
    if len(value) > most:
        raise Problem(413, "too_many", "This is too much for one message.", where=name)
    return value


def read_push(message: Mapping[str, Any]) -> Push:
    """A push, every piece of its shape checked; what its values mean is checked later. Raises Problem 400 or 413."""
    groups: list[tuple[str, int]] = []
    for each in items(message, "groups", PUSH_CHANGES):
        if not isinstance(each, list) or len(each) != 2 or type(each[1]) is not int or each[1] < 1:
            raise bad("groups")
        if not isinstance(each[0], str) or len(each[0]) != 32:
            raise bad("groups")
        groups.append((each[0], each[1]))
    if not _GROUPS.fullmatch("".join(name + "\n" for name, _ in groups)):
        raise bad("groups")
    count = sum(size for _, size in groups)
    if len({name for name, _ in groups}) != len(groups):
        raise bad("groups")
    if count > PUSH_CHANGES:
        raise Problem(413, "too_many", "This is too much for one message.", where="groups")
    parts = [_part(each, count) for each in items(message, "parts", PUSH_CHANGES)]
    places = [place for part in parts for place in part.places]
    if len(places) != count or len(set(places)) != count:
        raise bad("index")
    recovered = message.get("recovered", {})
    if not isinstance(recovered, dict) or not are_ids(list(recovered.values())):
        raise bad("recovered")
    settle = items(message, "settle", PUSH_CHANGES)
    if not are_ids(settle):
        raise bad("settle")
    return Push(whole(message, "number", 1), groups, count, parts, recovered, settle)


def _part(raw: Any, count: int) -> Part:
    if not isinstance(raw, dict):
        raise bad("parts")
    entity, action, fields, ids = raw.get("entity"), raw.get("action"), raw.get("fields", []), raw.get("id")
    if not isinstance(entity, str) or len(entity) > 60 or action not in _ACTIONS:
        raise bad("entity")
    if not isinstance(fields, list) or not all(isinstance(each, str) and _FIELD.fullmatch(each) for each in fields):
        raise bad("fields")
    if len(set(fields)) != len(fields) or (action == "delete" and fields) or (action == "update" and not fields):
        raise bad("fields")
    if not isinstance(ids, list) or not ids or not are_ids(ids):
        raise bad("id")
    size = len(ids)
    base = raw.get("base", [0] * size)
    if not isinstance(base, list) or len(base) != size or set(map(type, base)) != {int} or min(base) < 0:
        raise bad("base")
    values = raw.get("values", [])
    if not isinstance(values, list) or len(values) != len(fields):
        raise bad("values")
    if not all(isinstance(column, list) and len(column) == size for column in values):
        raise bad("values")
    sort = None
    if SORT in fields:
        at = fields.index(SORT)
        sort = values[at]
        if action != "create" or set(map(type, sort)) != {str} or max(map(len, sort)) > 2000:
            raise bad("fields")
        fields, values = fields[:at] + fields[at + 1 :], values[:at] + values[at + 1 :]
    written = _written(raw.get("written_at"), size)
    return Part(entity, action, tuple(fields), _places(raw.get("index"), size, count), ids, base, written, values, sort)


def _places(index: Any, size: int, count: int) -> Sequence[int]:
    if not isinstance(index, list) or set(map(type, index)) != {int} or min(index) < 0 or max(index) > count:
        raise bad("index")
    if len(index) == 2 and size != 2:
        # [start, count]; two changes are always listed one by one
        start, length = index
        if length != size or start + length > count:
            raise bad("index")
        return range(start, start + length)
    if len(index) != size or max(index) >= count:
        raise bad("index")
    return index


def _written(raw: Any, size: int) -> list[str]:
    """The authors' own times: one for all, or one each."""
    if isinstance(raw, str):
        raw = [raw] * size
    if not isinstance(raw, list) or len(raw) != size or set(map(type, raw)) != {str}:
        raise bad("written_at")
    for text in set(raw):
        if len(text) > 32 or not text.endswith("Z"):
            raise bad("written_at")
        try:
            datetime.fromisoformat(text)
        except ValueError as error:
            raise bad("written_at") from error
    return raw
