"""Memory is given back to the system where the C library can, and nowhere else is anything called."""

from __future__ import annotations

import ctypes
import sys

import pytest

from kam_desktop.ui import heap


class _Library:
    """Stands in for glibc and writes down what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[int, ...]]] = []

    def mallopt(self, *values: int) -> int:
        self.asked.append(("mallopt", values))
        return 1

    def malloc_trim(self, *values: int) -> int:
        self.asked.append(("malloc_trim", values))
        return 1


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    moment = [1000.0]
    monkeypatch.setattr(heap, "monotonic", lambda: moment[0])
    monkeypatch.setattr(heap, "_last", [0.0])
    return moment


def test_free_pages_go_back_at_most_every_ten_seconds(monkeypatch: pytest.MonkeyPatch, now: list[float]) -> None:
    library = _Library()
    monkeypatch.setattr(heap, "_library", lambda: library)
    assert heap.give_back() and library.asked == [("malloc_trim", (0,))]
    now[0] += 9
    assert not heap.give_back()
    now[0] += 2
    assert heap.give_back() and len(library.asked) == 2


def test_heaps_are_few_and_large_blocks_have_pages_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    library = _Library()
    monkeypatch.setattr(heap, "_library", lambda: library)
    heap.begin()
    assert library.asked == [("mallopt", (-8, 2)), ("mallopt", (-3, 256 * 1024))]


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_another_system_is_left_alone(platform: str, monkeypatch: pytest.MonkeyPatch, now: list[float]) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: pytest.fail("no library is asked for"))
    heap.begin()
    assert not heap.give_back()


def test_the_library_of_this_system_does_it_or_is_not_asked(now: list[float]) -> None:
    assert heap.give_back() == (heap._library() is not None)
