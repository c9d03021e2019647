"""The OpenAPI document: what each call takes, what it gives, and every status that it may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.protocol import messages, proofs

OPEN_CALLS = ("sign-in", "refresh", "sign-out", "hand-in", "provider", "browser-begin", "browser-sign-in")
"""Calls that need no token."""
PROVEN_CALLS = ("sign-in", "refresh", "hand-in", "browser-begin", "browser-sign-in")
"""Calls that must show that the laptop holds its key (DPoP, RFC 9449)."""

SUMMARIES = {
    "hello": "Which workspace this is, its epoch and limits",
    "push": "Changes in whole groups; a verdict for each group",
    "pull": "Rows, leaves and cursors of the caller's scopes",
    "wait": "Returns when something changed, or after 55 seconds; never data",
    "digest": "Sums over rows by scope and entity",
    "reconcile": "Which of these groups the server does not know",
    "recovered": "What the server lost and laptops still have: handed in, listed, taken in or dropped",
    "history": "Who changed a record, when and how",
    "audit": "The change log, commit by commit, as digests that tell nothing of it",
    "reassign": "Another owner, team or helpers for an account",
    "devices": "The laptops of everybody, and shutting one out; for administrators",
    "handed-in": "What revoked laptops had not sent: listed for the lead, taken in or dropped",
    "sign-in": "Begins a session of one device",
    "provider": "Whether one may sign in through the browser, and as what that is known",
    "browser-begin": "What the browser is to be sent to (OpenID Connect, PKCE)",
    "browser-sign-in": "Exchanges what the browser brought back, and begins a session of one device",
    "hand-in": "What a revoked laptop had not sent; then the code by which it erases itself",
    "refresh": "Another access token",
    "sign-out": "Ends a session",
}

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
_ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
_GROUP: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_MOMENT: Schema = {"type": "string", "maxLength": 32, "pattern": "Z$"}
_ENTITY: Schema = {"type": "string", "enum": sorted(BY_NAME)}
_KIND: Schema = {"type": "string", "enum": sorted((*BY_NAME, "conflict"))}
_FIELD: Schema = {"type": "string", "pattern": "^([a-z][a-z0-9_]{0,59}|_sort|_extra)$"}
_SEQ: Schema = {"type": "integer", "minimum": 0, "exclusiveMaximum": 1 << 62}
_EPOCH: Schema = {"type": "integer", "minimum": 1}
_VALUE: Schema = {}
"""A value of a record as it travels: text, number, truth value, list of texts or null."""


def _list(of: Schema, most: int | None = None, least: int = 0) -> Schema:
    made: Schema = {"type": "array", "items": of}
    if most is not None:
        made["maxItems"] = most
    return made | ({"minItems": least} if least else {})


def _tuple(*of: Schema) -> Schema:
    """A list of exactly these."""
    return {"type": "array", "prefixItems": list(of), "minItems": len(of), "maxItems": len(of)}


def _map(of: Schema) -> Schema:
    return {"type": "object", "additionalProperties": of}


def _object(
    required: Mapping[str, Schema], more: Mapping[str, Schema] | None = None, *, closed: bool = False
) -> Schema:
    """An object; a message may hold members that an older server does not know, so it is closed only where asked."""
    made = {"type": "object", "required": list(required), "properties": {**required, **(more or {})}}
    return made | ({"additionalProperties": False} if closed else {})


_WORD: Schema = {"type": "string", "minLength": 1, "maxLength": 1000, "pattern": "^[^\\u0000]*$"}
_CODE: Schema = {"type": "string", "minLength": 1, "maxLength": 4096, "pattern": "^[ -~]+$"}
_REDIRECT: Schema = {"type": "string", "pattern": "^http://127\\.0\\.0\\.1:[1-9][0-9]{1,4}/kam$"}
_MARK = _object({"seq": _SEQ, "hash": {**_TEXT, "maxLength": 200}, "mac": {**_TEXT, "maxLength": 200}})
_ENVELOPE: dict[str, Schema] = {"workspace": _ID, "epoch": {"type": "integer"}, "device": _GROUP}
_BESIDE: dict[str, Schema] = {
    "protocol": {"type": "integer", "const": messages.PROTOCOL},
    "schema": {"type": "integer", "minimum": 1, "maximum": 1000},
    "mark": {"anyOf": [{"type": "null"}, _MARK]},
    "ask": {"type": "string", "maxLength": 64},
}
_PART_SENT = _object(
    {"entity": _ENTITY, "action": {"type": "string", "enum": ["create", "update", "delete"]},
     "index": _list({"type": "integer", "minimum": 0, "maximum": messages.PUSH_CHANGES}, least=1),
     "id": _list(_ID, least=1),
     "written_at": {"anyOf": [_MOMENT, _list(_MOMENT)]}},
    {"fields": _list(_FIELD, 200), "base": _list(_SEQ), "values": _list(_list(_VALUE))},
)  # fmt: skip
_PART = _object(
    {"entity": _ENTITY, "fields": _list(_FIELD), "id": _list(_ID, least=1), "seq": _list(_SEQ), "sort": _list(_TEXT),
     "values": _list(_list(_VALUE))},
    {"scope": _list(_SEQ)},
)  # fmt: skip
_PROBLEM = _object({"where": _TEXT, "code": _TEXT, "message": _TEXT, "args": _map({"type": ["string", "integer"]})})
_CONFLICT = _object(
    {"id": _ID, "entity": _ENTITY, "record": _ID, "kind": _TEXT,
     "fields": _map(_object({"stands": _VALUE, "other": _VALUE}, closed=True)), "stands_by": _TEXT, "other_by": _TEXT,
     "group": _GROUP, "at": _MOMENT, "resolved": _FLAG},
    closed=True,
)  # fmt: skip
_HANDED = _object(
    {"entity": _ENTITY, "id": _ID, "action": {"type": "string", "enum": ["create", "update", "delete"]},
     "new": _map(_VALUE), "base": _SEQ, "at": _MOMENT}
)  # fmt: skip
_SUM = _tuple({"type": "integer", "minimum": 0}, {"type": "integer", "minimum": 0})
_IN_SCOPE = _tuple(_SEQ, _KIND, _ID)

REQUESTS: dict[str, Schema] = {
    "hello": _object(_ENVELOPE, _BESIDE),
    "push": _object(
        {**_ENVELOPE, "number": {**_SEQ, "minimum": 1},
         "groups": _list(_tuple(_GROUP, {"type": "integer", "minimum": 1, "maximum": messages.PUSH_CHANGES}),
                         messages.PUSH_CHANGES),
         "parts": _list(_PART_SENT, messages.PUSH_CHANGES)},
        {**_BESIDE, "copy": {"type": "string", "maxLength": 64}, "recovered": _map(_ID),
         "settle": _list(_ID, messages.PUSH_CHANGES)},
    ),
    "pull": _object(
        {**_ENVELOPE, "cursors": _map({"type": "string", "maxLength": 299})},
        {**_BESIDE, "limit": {"type": "integer", "minimum": 1}, "rights": _SEQ, "echo": _FLAG},
    ),
    "wait": _object({"workspace": _ID, "epoch": {"type": "integer"}, "seq": _SEQ}),
    "digest": _object(
        _ENVELOPE,
        {**_BESIDE, "scopes": _list(_TEXT, 1000), "rows": _list(_tuple(_ENTITY, _ID), 1000),
         "below": _list(_tuple(_TEXT, _ENTITY, {"type": "string", "pattern": "^[0-9a-f-]{0,36}$"}), 100)},
    ),
    "reconcile": _object(
        {**_ENVELOPE, "groups": _list(_GROUP, messages.PUSH_CHANGES)},
        {**_BESIDE, "marks": _list(_tuple({"type": "integer"}, _SEQ, _TEXT, _TEXT), 500)},
    ),
    "recovered": _object(
        _ENVELOPE,
        {**_BESIDE, "hold": _list(_tuple(_ENTITY, _ID, _map(_VALUE), _TEXT, _SEQ), 500), "group": _GROUP,
         "groups": _list(_GROUP, 500), "take": _FLAG, "reopen": _FLAG},
    ),
    "history": _object({**_ENVELOPE, "entity": _ENTITY, "id": _ID}, {**_BESIDE, "before": _SEQ}),
    "audit": _object(_ENVELOPE, {**_BESIDE, "after": _SEQ}),
    "reassign": _object(
        {**_ENVELOPE, "account": _ID},
        {**_BESIDE, "owner": {"anyOf": [_ID, {"const": ""}, {"type": "null"}]},
         "helpers": {"anyOf": [_list(_ID, 50), {"type": "null"}]}, "seen": _TEXT},
    ),
    "sign-in": _object({"user": _WORD, "password": _WORD, "device": _GROUP}),
    "provider": _object({}),
    "browser-begin": _object({"device": _GROUP, "challenge": {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"},
                              "redirect": _REDIRECT}),
    "browser-sign-in": _object(
        {"device": _GROUP, "verifier": {"type": "string", "pattern": "^[A-Za-z0-9._~-]{43,128}$"},
         "redirect": _REDIRECT, "nonce": _CODE, "code": _CODE}, {"person": {"anyOf": [_ID, {"const": ""}]}},
    ),
    "refresh": _object({"refresh": _WORD, "device": _WORD}, {"epoch": {"type": "integer"}, "mark": _BESIDE["mark"]}),
    "sign-out": _object({"refresh": _WORD, "device": _WORD}),
    "devices": _object(_ENVELOPE, {**_BESIDE, "revoke": _GROUP}),
    "handed-in": _object(_ENVELOPE, {**_BESIDE, "group": _GROUP, "take": _FLAG}),
    "hand-in": _object(
        {"device": _GROUP},
        {"finished": _FLAG, "groups": _list(_object({"group": _GROUP, "changes": _list(_HANDED, least=1)}), 1000)},
    ),
}  # fmt: skip

_TOLD: dict[str, Schema] = {
    "workspace": _ID, "epoch": _EPOCH, "mark": _MARK, "server_time": _MOMENT,
    "state": {"type": "string", "enum": ["open", "set_back"]},
}  # fmt: skip
_ASKED: dict[str, Schema] = {"ask": _TEXT}
_TOKENS: dict[str, Schema] = {
    "access": {"type": "string", "minLength": 32}, "refresh": {"type": "string", "minLength": 32},
    "expires_s": {"type": "integer", "minimum": 1, "maximum": 600}, "nonce": _TEXT,
    "lease_days": {"type": "integer", "minimum": 1}, "wipe_lock": _TEXT,
}  # fmt: skip
_VERDICT: Schema = {
    "oneOf": [
        _tuple({"enum": ["accepted", "already"]}, {"type": "integer", "minimum": 1}),
        _tuple({"enum": ["conflict", "refused"]}, _object({"problem": _PROBLEM})),
    ]
}
ANSWERS: dict[str, Schema] = {
    "hello": _object(
        {**_TOLD, "protocol": {"type": "integer"}, "schema": _tuple({"type": "integer"}, {"type": "integer"}),
         "limits": _map({"type": "integer"})}, closed=True,
    ),
    "push": _object(
        {**_TOLD, "verdicts": _list(_VERDICT), "parts": _list(_PART), "conflicts": _list(_CONFLICT)},
        {**_ASKED, "numbered": _list(_tuple(_SEQ, _SEQ, _SEQ))}, closed=True,
    ),
    "pull": _object(
        {**_TOLD, "parts": _list(_PART), "scopes": _list(_TEXT), "also": _list(_IN_SCOPE), "leaves": _list(_IN_SCOPE),
         "conflicts": _list(_CONFLICT), "restarted": _list(_TEXT), "cursors": _map(_TEXT), "more": _FLAG,
         "count": _SEQ, "checksum": {"type": "integer", "minimum": 0}, "rights": _SEQ, "total": _map(_SEQ)},
        {**_ASKED, "recovered": _TEXT, "echo": _list(_object({"entity": _ENTITY, "id": _list(_ID), "seq": _list(_SEQ),
                                          "scope": _list(_SEQ), "sum": _TEXT}, closed=True))}, closed=True,
    ),
    "wait": _object({"workspace": _ID, "changed": _FLAG}, closed=True),
    "digest": _object(
        {**_TOLD, "seq": _SEQ, "sums": _map(_map(_SUM)), "rows": _list(_PART), "gone": _list(_tuple(_ENTITY, _ID)),
         "parts": _list({"anyOf": [_object({"rows": _list(_tuple(_ID, _SEQ))}, closed=True),
                                   _object({"sums": _map(_SUM)}, closed=True)]})},
        _ASKED, closed=True,
    ),
    "reconcile": _object({**_TOLD, "unknown": _list(_GROUP)}, {**_ASKED, "common": _SEQ}, closed=True),
    "recovered": _object(
        _TOLD,
        {**_ASKED, "held": _SEQ, "verdict": _tuple(_TEXT, _VALUE), "verdicts": _list(_tuple(_TEXT, _VALUE)),
         "list": _TEXT, "waiting": _list(_object(
             {"group": _GROUP, "author": _ID, "sender": _ID, "at": _MOMENT,
              "changes": _list(_object({"entity": _ENTITY, "id": _ID, "action": _TEXT},
                                       {"new": _map(_VALUE), "now": {"anyOf": [{"type": "null"}, _map(_VALUE)]}},
                                       closed=True))}, closed=True))}, closed=True,
    ),
    "history": _object(
        {**_TOLD, "more": _FLAG,
         "changes": _list(_object(
             {"seq": _SEQ, "group": _GROUP, "place": _SEQ, "action": _TEXT, "old": _map(_VALUE), "new": _map(_VALUE),
              "author": _TEXT, "written_at": _MOMENT, "committed_at": _MOMENT, "blanked": _FLAG}, closed=True))},
        _ASKED, closed=True,
    ),
    "audit": _object(
        {**_TOLD, "commits": _list(_tuple(_SEQ, {"type": "string", "pattern": "^([0-9a-f]{64})?$"})),
         "blanked": _list(_SEQ), "erasures": _list(_list(_list(_VALUE))), "more": _FLAG}, _ASKED, closed=True,
    ),
    "reassign": _object({**_TOLD, "seq": _SEQ, "owner": _TEXT, "helpers": _list(_ID)}, _ASKED, closed=True),
    "sign-in": _object(
        {**_TOKENS, "user": _ID, "person": _ID, "role": _TEXT, "rights": _SEQ, "letter": _TEXT, "workspace": _ID,
         "epoch": _EPOCH}, closed=True,
    ),
    "provider": _object({"name": _TEXT}, closed=True),
    "browser-begin": _object(
        {"name": _TEXT, "issuer": _TEXT, "client_id": _TEXT, "authorize": _TEXT, "scope": _TEXT, "nonce": _TEXT},
        closed=True,
    ),
    "browser-sign-in": _object(
        {**_TOKENS, "user": _ID, "person": _ID, "role": _TEXT, "rights": _SEQ, "letter": _TEXT, "workspace": _ID,
         "epoch": _EPOCH, "name": _TEXT}, closed=True,
    ),
    "refresh": _object(_TOKENS, closed=True),
    "sign-out": _object({}, closed=True),
    "devices": _object(
        {**_TOLD, "lease_days": _SEQ,
         "devices": _list(_object({"id": _TEXT, "user": _TEXT, "letter": _TEXT, "last_seen": _TEXT, "revoked": _FLAG,
                                   "left_at": _TEXT, "handed_in": _SEQ}, closed=True))}, _ASKED, closed=True,
    ),
    "handed-in": _object(
        _TOLD,
        {**_ASKED, "verdict": _tuple(_TEXT, _VALUE),
         "waiting": _list(_object({"group": _GROUP, "author": _ID, "device": _TEXT, "at": _MOMENT,
                                   "changes": _list(_VALUE)}, closed=True))}, closed=True,
    ),
    "hand-in": _object(
        {"workspace": _ID, "revoked": _FLAG, "nonce": _TEXT}, {"taken": _SEQ, "wipe": _TEXT}, closed=True
    ),
}  # fmt: skip

_REFUSAL = _object({"problem": _TEXT, "message": _TEXT, "args": _map({"type": ["string", "integer"]})}, closed=True)
_REFUSED = {
    400: "The message has not the agreed shape", 401: "Sign in again", 403: "Not allowed",
    404: "Not there, or not for the caller to see; the two are told alike", 409: "Another epoch, device or owner",
    413: "Too large", 415: "Another media type or encoding", 421: "Another workspace",
    426: "One of the two programs is too old", 429: "Too many failed sign-ins or calls", 500: "A fault of the server",
    503: "Busy, or restored from a backup",
}  # fmt: skip
_FOR = {
    "hello": (400, 401, 413, 415, 500, 503),
    "wait": (400, 401, 403, 413, 415, 500, 503),
    "sign-in": (400, 401, 403, 413, 415, 426, 429, 500, 503),
    "refresh": (400, 401, 413, 415, 426, 500, 503),
    "sign-out": (400, 413, 415, 500, 503),
    "provider": (400, 413, 415, 500, 503),
    "browser-begin": (400, 404, 413, 415, 426, 500, 503),
    "browser-sign-in": (400, 403, 404, 413, 415, 426, 500, 503),
    "hand-in": (400, 403, 413, 415, 426, 500, 503),
    "handed-in": (400, 401, 403, 404, 409, 413, 415, 421, 426, 500, 503),
    "devices": (400, 401, 403, 404, 409, 413, 415, 421, 426, 500, 503),
    "history": (400, 401, 403, 404, 409, 413, 415, 421, 426, 500, 503),
    "reassign": (400, 401, 403, 404, 409, 413, 415, 421, 426, 500, 503),
    "recovered": (400, 401, 403, 404, 409, 413, 415, 421, 426, 500, 503),
}
_OTHERS = (400, 401, 403, 409, 413, 415, 421, 426, 500, 503)
_WORKSPACE = {messages.WORKSPACE_HEADER: {"description": "The workspace that answers", "required": True, "schema": _ID}}
_RETRY = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "string", "pattern": r"^\d+$"}}}
_SCHEME = {"WWW-Authenticate": {"description": "How to sign in", "required": True, "schema": {"const": "Bearer"}}}

_PROOF: Schema = {
    "name": proofs.HEADER, "in": "header", "required": True, "schema": {"type": "string", "maxLength": proofs.LONGEST},
    "description": "A JWT signed with the laptop's Ed25519 key; claims jti, htm, htu, iat, nonce, attempt",
}  # fmt: skip
_NONCE = {proofs.NONCE_HEADER: {"description": "The nonce to take, of use_dpop_nonce", "schema": _TEXT}}

HEALTH: dict[int | str, dict[str, Any]] = {
    status: {
        "description": text,
        "content": {"application/json": {"schema": _object(
            {"state": {"type": "string", "const": state}, "version": _TEXT, "workspace": _ID}, closed=True)}},
    }
    for status, state, text in ((200, "ready", "It answers"), (503, "unavailable", "It does not answer now"))
}  # fmt: skip


def responses(name: str) -> dict[int | str, dict[str, Any]]:
    """What a call may answer, by status."""
    found: dict[int | str, dict[str, Any]] = {200: _response(SUMMARIES[name], ANSWERS[name])}
    for status in sorted({*_FOR.get(name, _OTHERS), 429}):
        more = _SCHEME if status == 401 else _RETRY if status in (429, 503) else {}
        if status == 400 and name in PROVEN_CALLS:
            more = _NONCE
        found[status] = _response(_REFUSED[status], _REFUSAL, more)
    return found


def body(name: str) -> dict[str, Any]:
    """What a call takes, and whether it needs a token."""
    security: dict[str, Any] = {} if name in OPEN_CALLS else {"security": [{"token": []}]}
    shown: dict[str, Any] = {"parameters": [_PROOF]} if name in PROVEN_CALLS else {}
    return {"requestBody": {"required": True, "content": _content(REQUESTS[name])}, **shown, **security}


def completed(document: dict[str, Any]) -> None:
    """Adds to a document what FastAPI does not know of."""
    document.setdefault("components", {})["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}


def _response(text: str, schema: Schema, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"description": text, "headers": {**_WORKSPACE, **(more or {})}, "content": _content(schema)}


def _content(schema: Schema) -> dict[str, Any]:
    return {messages.MEDIA_TYPE: {"schema": dict(schema)}}
