"""Answers of the server read strictly before anything of them is believed: shape, types, counts, sums."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import orjson

from kam_desktop.domain.change import plain_value
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.errors import Problem, Unavailable
from kam_desktop.domain.fields import Field, Kind
from kam_desktop.language import N_
from kam_desktop.protocol.messages import are_ids, checksum

_MOST = 1 << 62
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,59}")
_SCOPE_LENGTH = 200
_DIGEST = re.compile(r"([0-9a-f]{64})?")
PLAIN = ("accepted", "already")
TO_AUTHOR = ("conflict", "refused")


def cut() -> Unavailable:
    """An answer that is not what was agreed: nothing of it is taken, the question is asked again."""
    return Unavailable("cut", N_("The answer of the server broke off. It is asked again."))


def checked(name: str, request: Mapping[str, Any], answer: Mapping[str, Any], *, person: str = "") -> Mapping[str, Any]:
    """The answer without kinds of records that this program does not know, or Unavailable `cut` (or `update`).

    Args:
        name: the call.
        request: what was asked: the answer must be for this question, workspace and epoch.
        person: who is signed in; their own scope is in every pull.
    """
    try:
        _envelope(request, answer)
        if name == "pull":
            return _pull(request, answer, person)
        if name == "push":
            return _push(request, answer)
        if name == "reconcile":
            _need(set(_list(answer["unknown"])) <= set(request["groups"]))
            _whole(answer.get("common", 0))
        elif name == "recovered":
            _recovered(request, answer)
        elif name == "wait":
            _need(type(answer["changed"]) is bool)
        elif name == "audit":
            _audit(answer)
    except (KeyError, TypeError, ValueError, ArithmeticError, IndexError, RecursionError) as error:
        raise cut() from error
    return answer


def signed_in(answer: Mapping[str, Any], *, first: bool, workspace: str = "", person: str = "") -> Mapping[str, Any]:
    """The answer to a sign-in (`first`) or a refresh, for whom it must be where known. Raises Unavailable `cut`."""
    try:
        for name in ("access", "refresh"):
            _need(0 < len(_text(answer[name])) <= 500)
        _need(0 < _whole(answer["expires_s"]) <= 86_400)
        _need(len(_text(answer.get("nonce", ""))) <= 200)
        _need(0 < _whole(answer.get("lease_days", 1)) <= 3650 and len(_text(answer.get("wipe_lock", ""))) <= 200)
        if first:
            _need(are_ids([answer["user"], answer["person"], answer["workspace"]]))
            _need(workspace in ("", answer["workspace"]) and person in ("", answer["person"]))
            _need(len(_text(answer["letter"])) <= 4)
            _text(answer["role"])
            _need(len(_text(answer.get("name", ""))) <= 200)
            _whole(answer["rights"])
            _need(_whole(answer["epoch"]) > 0)
    except (KeyError, TypeError, ValueError) as error:
        raise cut() from error
    return answer


def why_not(kind: str, detail: Any) -> Problem:
    """Why the server did not take something in, by its verdict."""
    problem = detail.get("problem", {}) if isinstance(detail, Mapping) else {}
    said = str(problem.get("message") or N_("The server did not take it. It goes on waiting for you."))
    args = {str(name): str(value) for name, value in (problem.get("args") or {}).items()}
    return Problem("", str(problem.get("code") or kind), said, args)


def _need(true: bool) -> None:
    if not true:
        raise ValueError("not as agreed")


def _text(value: Any) -> str:
    _need(isinstance(value, str))
    return str(value)


def _whole(value: Any) -> int:
    _need(type(value) is int and 0 <= value < _MOST)
    return int(value)


def _list(value: Any) -> list[Any]:
    _need(isinstance(value, list))
    return list(value)


def _map(value: Any) -> dict[str, Any]:
    _need(isinstance(value, dict))
    return dict(value)


def _envelope(request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    _need(answer["workspace"] == request["workspace"])
    if "ask" in request:
        _need(answer["ask"] == request["ask"])
    if "device" not in request:
        return  # a call that only waits
    _need(type(answer["epoch"]) is int and answer["epoch"] == request["epoch"])
    mark = _map(answer["mark"])
    _whole(mark["seq"])
    _need(len(_text(mark["hash"])) <= 200 and len(_text(mark["mac"])) <= 200)


def _push(request: Mapping[str, Any], answer: Mapping[str, Any]) -> Mapping[str, Any]:
    groups = 0
    for each in _list(answer["verdicts"]):
        kind, detail = _list(each)
        if kind in PLAIN:
            _need(_whole(detail) > 0)
            groups += int(detail)
        elif kind in TO_AUTHOR:
            groups += 1
            _problem(_map(detail).get("problem", {}))
            _need(all(isinstance(name, str) for name in _map(detail.get("theirs", {}))))
        else:
            raise Unavailable("update", N_("The server says something that this program does not know. Update it."))
    _need(groups == len(request["groups"]))
    parts = _parts(_list(answer["parts"]), None)
    _conflicts(_list(answer["conflicts"]))
    _numbered(_list(answer["numbered"]), sum(size for _, size in request["groups"]))
    return answer if len(parts) == len(answer["parts"]) else {**answer, "parts": parts}


def _audit(answer: Mapping[str, Any]) -> None:
    """What the log says, as digests: an empty one where the server itself cannot read what stands there."""
    for last, said in map(_list, _list(answer["commits"])):
        _need(_whole(last) > 0 and _DIGEST.fullmatch(_text(said)) is not None)
    _need(all(_whole(seq) >= 0 for seq in _list(answer["blanked"])))
    _need(all(len(_list(row)) == 12 for rows in _list(answer["erasures"]) for row in _list(rows)))
    _need(type(answer["more"]) is bool and (bool(answer["commits"]) or not answer["more"]))


def _problem(value: Any) -> None:
    problem = _map(value)
    for name in ("where", "code", "message"):
        _text(problem.get(name, ""))
    for word, said in _map(problem.get("args", {})).items():
        _need(_NAME.fullmatch(word) is not None and isinstance(said, str | int))


def _pull(request: Mapping[str, Any], answer: Mapping[str, Any], person: str) -> Mapping[str, Any]:
    scopes = _list(answer["scopes"])
    _need(all(0 < len(_text(each)) <= _SCOPE_LENGTH for each in scopes))
    cursors = _map(answer["cursors"])
    _need(all(0 < len(name) <= _SCOPE_LENGTH and 0 < len(_text(each)) < 300 for name, each in cursors.items()))
    _need(set(scopes) <= set(cursors) and set(_list(answer["restarted"])) <= set(cursors))
    # Everybody has a scope of their own: an answer that names none is not ours, and would take everything away.
    _need(bool(cursors) and (not person or f"person:{person}" in cursors))
    _need(all(_whole(number) >= 0 for number in _map(answer.get("total", {})).values()))
    _whole(answer["rights"])
    _need(len(_text(answer.get("recovered", ""))) <= 40)
    parts = _list(answer["parts"])
    ids = [identity for part in parts for identity in _list(_map(part)["id"])]
    _need(len(ids) == _whole(answer["count"]) and len(set(ids)) == len(ids))
    known = _parts(parts, len(scopes))
    seqs = [seq for part in parts for seq in part["seq"]]
    _need(checksum(ids, seqs) == answer["checksum"])
    places = range(len(scopes))
    for name in ("also", "leaves"):
        for place, entity, record in _list(answer[name]):
            _need(type(place) is int and place in places and isinstance(entity, str) and are_ids([record]))
    _conflicts(_list(answer["conflicts"]))
    echo = _list(answer.get("echo", []))
    _need(not echo or request.get("echo") is True)
    _echo(echo, len(scopes), request.get("limit", 0))
    _need(type(answer["more"]) is bool)
    moved = cursors != request["cursors"] or bool(ids) or bool(answer["leaves"])
    _need(moved or not answer["more"])  # else it would be asked for ever
    also = [each for each in answer["also"] if each[1] in BY_NAME]
    if len(known) == len(parts) and len(also) == len(answer["also"]):
        return answer
    return {**answer, "parts": known, "also": also}


def _recovered(request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    if "hold" in request:
        _whole(answer["held"])
        return
    if "group" in request or "groups" in request:
        told = [answer["verdict"]] if "group" in request else _list(answer["verdicts"])
        _need(all(len(_list(each)) == 2 and isinstance(each[0], str) for each in told))
        return
    _need(len(_text(answer["list"])) <= 40)
    for each in _list(answer["waiting"]):
        entry = _map(each)
        _need(are_ids([entry["author"], entry["sender"]]))
        for name in ("group", "at"):
            _text(entry[name])
        for change in _list(entry["changes"]):
            _need(are_ids([_map(change)["id"]]) and isinstance(change["entity"], str))
            for name in ("new", "now"):
                values = _map(change.get(name) or {})
                for field in BY_NAME[change["entity"]].fields if change["entity"] in BY_NAME else ():
                    if values.get(field.name) is not None:
                        plain_value(field.kind, values[field.name])


def _parts(parts: Sequence[Any], scopes: int | None) -> list[Mapping[str, Any]]:
    """Those parts whose kind this program knows, every column of theirs checked."""
    known: list[Mapping[str, Any]] = []
    for each in parts:
        part = _map(each)
        entity, fields, ids = _text(part["entity"]), _list(part["fields"]), _list(part["id"])
        seqs, values = _list(part["seq"]), _list(part["values"])
        _need(are_ids(ids) and len(seqs) == len(ids) and (not seqs or (set(map(type, seqs)) == {int})))
        _need(not seqs or (min(seqs) > 0 and max(seqs) < _MOST))
        _need(all(isinstance(name, str) and _NAME.fullmatch(name) for name in fields))
        _need(len(set(fields)) == len(fields) == len(values))
        _need(all(isinstance(column, list) and len(column) == len(ids) for column in values))
        if "sort" in part:
            _need(len(_list(part["sort"])) == len(ids) and set(map(type, part["sort"])) <= {str})
        if scopes is not None:
            places = _list(part["scope"])
            _need(len(places) == len(ids) and set(map(type, places)) <= {int})
            _need(not places or (min(places) >= 0 and max(places) < scopes))
        if entity not in BY_NAME:
            continue  # of a newer server: a newer program fetches it
        described = {field.name: field for field in BY_NAME[entity].fields}
        for name, column in zip(fields, values, strict=True):
            if name in described:
                _column(described[name], column)
            elif name == "_extra":
                _need(set(map(type, column)) <= {str, type(None)})
                _parsed(column, lambda text: _map(json.loads(text)))
        known.append(part)
    return known


def _numbered(runs: Sequence[Any], count: int) -> None:
    """Which number each change got: runs of places, none twice, none that was not sent."""
    behind = 0
    for each in runs:
        start, first, size = map(_whole, _list(each))
        _need(start >= behind and size > 0 and first > 0)
        behind = start + size
    _need(behind <= count)


def _echo(found: Sequence[Any], scopes: int, limit: int) -> None:
    """What the laptop wrote itself: a server tells it only of kinds that both know."""
    count = 0
    for each in found:
        part = _map(each)
        _need(_text(part["entity"]) in BY_NAME and 0 <= _whole(part["scope"]) < scopes)
        for run in _list(part["seq"]):
            first, size = map(_whole, _list(run))
            _need(first > 0 and size > 0)
            count += size
        _text(part["sum"])
    _need(count <= limit)


_WHOLE: frozenset[type] = frozenset((int, type(None)))
_WORDS: frozenset[type] = frozenset((str,))
_WORDS_OR_NONE: frozenset[type] = frozenset((str, type(None)))
_TYPES: Mapping[Kind, frozenset[type]] = {
    Kind.INTEGER: _WHOLE, Kind.MONEY: _WHOLE, Kind.FLAG: frozenset[type]((int,)), Kind.DECIMAL: _WORDS_OR_NONE,
    Kind.DATE: _WORDS_OR_NONE, Kind.MOMENT: _WORDS_OR_NONE, Kind.REF: _WORDS_OR_NONE,
}  # fmt: skip


def _column(field: Field, column: list[Any]) -> None:
    """Values as the table keeps them: of the right type, and readable again."""
    _need(set(map(type, column)) <= _TYPES.get(field.kind, _WORDS))
    kind = field.kind
    if kind in (Kind.INTEGER, Kind.MONEY):
        _need(all(value is None or -_MOST < value < _MOST for value in column))
    elif kind is Kind.FLAG:
        _need(set(column) <= {0, 1})
    elif kind is Kind.REF:
        _need(are_ids([value for value in column if value]))
    elif kind is Kind.TEXTS:
        _parsed(column, _texts)
    elif kind in (Kind.DATE, Kind.MOMENT, Kind.DECIMAL):
        _parsed(column, lambda text: plain_value(kind, text))


def _texts(text: str) -> None:
    value = orjson.loads(text)
    _need(type(value) is list and set(map(type, value)) <= _WORDS)


def _parsed(column: Iterable[Any], read: Callable[[str], Any]) -> None:
    for text in set(column):
        if text:
            read(text)


def _conflicts(found: Sequence[Any]) -> None:
    for each in found:
        conflict = _map(each)
        _need(are_ids([conflict["id"], conflict["record"]]))
        for name in ("entity", "stands_by", "other_by"):
            _text(conflict[name])
        for name in ("kind", "at"):
            _text(conflict.get(name, ""))
        _need(type(conflict.get("resolved", False)) is bool)
        for name, values in _map(conflict["fields"]).items():
            _need(_NAME.fullmatch(name) is not None and {"stands", "other"} <= set(_map(values)))
