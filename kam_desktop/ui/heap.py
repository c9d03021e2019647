"""Asks the C library to give free memory back to the system: what threads once needed, glibc keeps."""

from __future__ import annotations

import ctypes
import sys
from time import monotonic
from typing import Any

_ARENA_MAX, _MMAP_THRESHOLD = -8, -3  # names of glibc's mallopt(3)
_ARENAS = 2
"""Heaps: the window's own, and one for all lanes. By itself glibc makes one a thread, and each keeps what is free."""
_OWN_PAGES = 256 * 1024
"""From so many bytes on a block has pages of its own, which go back when it is freed.

By itself glibc raises this bound to the largest block it ever saw freed; lists of 100,000 ids then lie in the heaps and
leave holes in which nothing fits.
"""
_EVERY_S = 10.0
_last = [-_EVERY_S]


def _library() -> Any:
    """The C library, where it is glibc; elsewhere None, and nothing here does anything."""
    if not sys.platform.startswith("linux"):
        return None
    found = ctypes.CDLL(None)
    return found if hasattr(found, "malloc_trim") and hasattr(found, "mallopt") else None


def begin() -> None:
    """Before the lanes begin: how memory is taken from the system."""
    library = _library()
    if library is not None:
        library.mallopt(_ARENA_MAX, _ARENAS)
        library.mallopt(_MMAP_THRESHOLD, _OWN_PAGES)


def give_back() -> bool:
    """Gives free pages back, at most every ten seconds; whether it did. Takes some milliseconds, without the GIL.

    For a lane that has nothing to do: a day of work leaves 20 to 40 MB of them after every larger question.
    """
    library, now = _library(), monotonic()
    if library is None or now - _last[0] < _EVERY_S:
        return False
    _last[0] = now
    library.malloc_trim(0)
    return True
