"""Messages: packing within limits, strict reading, and columns that are checked like single values."""

from __future__ import annotations

import gzip
from typing import Any

import orjson
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.fields import Kind
from kam_desktop.protocol import messages
from kam_desktop.protocol.messages import Problem
from kam_desktop.server.values import FIELDS, column, one
from tests.server.house import House

GROUP = "0" * 32
ID = "019a0000-0000-7000-8000-000000000000"
OTHER = "019a0000-0000-7000-8000-000000000001"


@pytest.mark.parametrize("accepted", [(), ("gzip",), ("zstd",), ("zstd", "gzip")])
@pytest.mark.parametrize("size", [1, 5000])
def test_packed_and_unpacked(accepted: tuple[str, ...], size: int) -> None:
    message = {"tên": ["Hoàng Phát"] * size}
    body, encoding = messages.pack(message, accepted)
    assert messages.unpack(body, encoding) == message
    assert encoding == ("" if size == 1 or not accepted else accepted[0])


BOMB = orjson.dumps({"x": "0" * 3_000_000})


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(BOMB), "gzip"),
        (zstandard.ZstdCompressor().compress(BOMB), "zstd"),
        (BOMB, ""),
    ],
)
def test_a_bomb_is_not_unpacked(body: bytes, encoding: str) -> None:
    with pytest.raises(Problem) as caught:
        messages.unpack(body, encoding, cap=1_000_000)
    assert caught.value.status == 413


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"", "", 400),
        (b"[]", "", 400),
        (b"{", "", 400),
        (b"\xff", "", 400),
        (b'{"a":"\\ud800"}', "", 400),
        (b"{}", "gzip", 400),
        (b"{}", "zstd", 400),
        (gzip.compress(BOMB)[:-9], "gzip", 400),
        (zstandard.ZstdCompressor().compress(BOMB)[:-9], "zstd", 400),
        (b"{}", "br", 415),
        (b"[" * 100_000, "", 400),
    ],
)
def test_a_bad_body_is_refused(body: bytes, encoding: str, status: int) -> None:
    with pytest.raises(Problem) as caught:
        messages.unpack(body, encoding)
    assert caught.value.status == status


def push_of(**part: Any) -> dict[str, Any]:
    base = {"entity": "account", "action": "create", "fields": ["name"], "index": [0, 1], "id": [ID],
            "written_at": "2026-01-01T00:00:00Z", "values": [["Thép"]]}  # fmt: skip
    return {"number": 1, "groups": [[GROUP, 1]], "parts": [{**base, **part}]}


def test_a_push_is_read() -> None:
    found = messages.read_push(push_of(fields=["name", "_sort"], values=[["Thép"], ["thep"]]))
    (part,) = found.parts
    assert (part.fields, part.sort, part.ids, list(part.places), part.base) == (("name",), ["thep"], [ID], [0], [0])


@pytest.mark.parametrize(
    "change",
    [
        {"number": 0}, {"number": "1"}, {"number": True}, {"number": 1 << 63},
        {"groups": [[GROUP, 2]]}, {"groups": [[GROUP, 0]]}, {"groups": [["x", 1]]},
        {"groups": [[GROUP, 1], [GROUP, 1]]},
        {"groups": {}}, {"groups": [[GROUP]]}, {"groups": [[GROUP, 1.0]]}, {"parts": []}, {"parts": [5]}, {"parts": {}},
        {"settle": ["x"]}, {"recovered": []}, {"recovered": {GROUP: 5}},
    ],
)  # fmt: skip
def test_a_push_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Problem) as caught:
        messages.read_push({**push_of(), **change})
    assert caught.value.code in ("bad_message", "too_many")


@pytest.mark.parametrize(
    "part",
    [
        {"entity": 5}, {"entity": "x" * 99}, {"action": "drop"}, {"fields": "name"}, {"fields": ["name", "name"]},
        {"fields": ["Name"]}, {"fields": ["_seq"]}, {"fields": []}, {"id": []}, {"id": [ID.upper()]}, {"id": ["x"]},
        {"id": ID}, {"id": [ID, OTHER]}, {"id": [5]}, {"id": [ID + "\n" + OTHER]}, {"base": [0, 0]}, {"base": [-1]},
        {"base": ["0"]}, {"base": [True]}, {"base": 0}, {"values": []}, {"values": [[]]}, {"values": [["a", "b"]]},
        {"values": ["a"]}, {"index": [1]}, {"index": [-1]}, {"index": []}, {"index": [0, 2]}, {"index": ["0"]},
        {"index": None}, {"written_at": None}, {"written_at": "gestern"}, {"written_at": "2026-01-01T00:00:00"},
        {"written_at": ["2026-01-01T00:00:00Z"] * 2}, {"written_at": [5]},
        {"action": "update", "fields": [], "values": []}, {"action": "delete"},
        {"action": "update", "fields": ["_sort"], "values": [["x"]]},
        {"fields": ["name", "_sort"], "values": [["a"], [5]]},
    ],
)  # fmt: skip
def test_a_part_of_another_shape_is_refused(part: dict[str, Any]) -> None:
    with pytest.raises(Problem) as caught:
        messages.read_push(push_of(**part))
    assert caught.value.code == "bad_message"


def test_places_are_each_named_once() -> None:
    message = push_of(id=[ID, OTHER], values=[["a", "b"]], index=[0, 0])
    message["groups"] = [[GROUP, 2]]
    with pytest.raises(Problem):
        messages.read_push(message)


@given(st.lists(st.tuples(st.uuids().map(str), st.integers(0, 1 << 61)), unique_by=lambda row: row[0]), st.randoms())
def test_the_checksum_knows_no_order_and_every_row(rows: list[tuple[str, int]], shuffled: Any) -> None:
    whole = messages.checksum([row[0] for row in rows], [row[1] for row in rows])
    assert whole == sum(messages.row_hash(*row) for row in rows) % (1 << 64)
    mixed = list(rows)
    shuffled.shuffle(mixed)
    assert messages.checksum([row[0] for row in mixed], [row[1] for row in mixed]) == whole
    if rows:
        assert messages.checksum([row[0] for row in rows[1:]], [row[1] for row in rows[1:]]) != whole


def test_two_rows_that_swap_their_numbers_are_noticed() -> None:
    assert messages.checksum([ID, OTHER], [5, 6]) != messages.checksum([ID, OTHER], [6, 5])


_ANY = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**19), 10**19), st.floats(allow_nan=False), st.text(max_size=8),
    st.sampled_from([ID, ID.upper(), "2026-01-31", "2026-13-01", "20260131", "2026-W01-1", "2026-01-31T05:00:00Z",
                     "2026-01-31T05:00:00+07:00", "2026-01-31T05:00:00", "1.50", "-0", "1e5", "NaN", "A",
                     "VND", "x" * 500,
                     "a\nb", "a\x07", "\u202ea", "a\u00a0b", ""]),
    st.lists(st.one_of(st.text(max_size=5), st.integers(), st.just("x" * 80)), max_size=3), st.just({}),
)  # fmt: skip
_ONE_OF_EACH = [
    ("account", "name"), ("account", "internal_note"), ("account", "tier"), ("account", "payment_days"),
    ("invoice", "exchange_rate"), ("invoice", "total"), ("invoice", "issued_on"), ("activity", "at"),
    ("contact", "main"), ("contact", "account"), ("account", "tags"), ("price_list_item", "from_quantity"),
]  # fmt: skip


@pytest.mark.parametrize(("entity", "name"), _ONE_OF_EACH)
@given(values=st.lists(_ANY, min_size=1, max_size=4))
def test_a_column_is_checked_like_its_values(entity: str, name: str, values: list[Any]) -> None:
    each = FIELDS[entity][name]
    kept, wrong = column(each, values)
    for place, value in enumerate(values):
        single, problem = one(each, value)
        assert (place in wrong) == (problem is not None), (value, wrong, problem)
        if problem is None:
            assert kept[place] == single
            assert type(kept[place]) is type(single)


def test_each_kind_of_field_is_among_them() -> None:
    assert {FIELDS[entity][name].kind for entity, name in _ONE_OF_EACH} == set(Kind)
    assert set(FIELDS) == set(BY_NAME)


def test_a_wrong_value_is_told_beside_its_field(house: House) -> None:
    an = house.laptop("An")
    message = an.message(**push_of(fields=["name", "payment_days", "currency"], values=[[""], ["x"], ["VND"]]))
    answer = house.answer("push", an.subject, message)
    ((kind, detail),) = answer["verdicts"]
    assert kind == "refused"
    assert {(each["where"], each["code"]) for each in detail["problems"]} == {
        ("name", "required"),
        ("payment_days", "type"),
    }
