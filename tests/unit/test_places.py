"""Places in an order: rising, and as few of them new as there can be."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.places import ROOM, placed


@given(st.lists(st.one_of(st.none(), st.integers(1, 60)), max_size=40))
def test_places_always_rise(now: list[int | None]) -> None:
    made = placed(now)
    assert len(made) == len(now) and all(place >= 1 for place in made)
    assert all(before < after for before, after in pairwise(made))


@given(st.lists(st.integers(1, 10_000), unique=True, max_size=40).map(sorted))
def test_places_that_rise_already_stay(now: list[int]) -> None:
    assert placed(now) == now


def test_what_is_added_at_the_end_is_counted_on() -> None:
    assert placed([1, 2, None, None]) == [1, 2, 3, 4]
    assert placed([None, None]) == [1, 2]


def test_one_that_moves_is_the_only_one_to_change() -> None:
    assert placed([64, 192, 128, 256]) in ([64, 96, 128, 256], [64, 192, 224, 256])
    assert placed([64, None, 128]) == [64, 96, 128]


def test_where_there_is_no_room_the_next_ones_move_aside_once() -> None:
    first = placed([1, None, 2, 3, 4])
    assert first == [1, 1 + ROOM, 1 + 2 * ROOM, 1 + 3 * ROOM, 1 + 4 * ROOM]
    second = placed([first[0], None, *first[1:]])
    assert second == [1, 33, *first[1:]]  # from now on there is room
