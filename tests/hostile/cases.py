"""The cases of the hostile corpus: name, door, how the file is made, what may come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

IMPORT, OPENING, LOAD, BACKUP, KEYS, TEMPLATE = "import", "opening", "load", "backup", "keys", "template"
READ, REFUSED, EITHER = "read", "refused", "either"


@dataclass(frozen=True)
class Case:
    """One hostile file.

    Attributes:
        name: its file's name without the ending.
        door: where it comes in.
        ending: of the file, with its dot.
        build: writes the file at the path it is given.
        wanted: `refused`, `read` (it looks hostile and is harmless) or `either`.
        slow: left out of the short run: its file alone takes seconds to make or to read.
    """

    name: str
    door: str
    ending: str
    build: Callable[[Path], object]
    wanted: str = REFUSED
    slow: bool = False


CASES: dict[str, Case] = {}


def case(door: str, ending: str, wanted: str = REFUSED, *, slow: bool = False) -> Callable[..., Callable[..., object]]:
    """Makes a case of a function that gives the file's bytes, or writes the file itself and gives None."""

    def known(make: Callable[[Path], bytes | None]) -> Callable[[Path], bytes | None]:
        def build(path: Path) -> None:
            content = make(path)
            if content is not None:
                path.write_bytes(content)

        name = make.__name__
        assert name not in CASES
        CASES[name] = Case(name, door, ending, build, wanted, slow)
        return make

    return known


SECRET = "nobody-may-open-this"
"""The name of the file that hostile files try to reach; it lies beside them."""
SERVER = "http://127.0.0.1:9/nobody-may-ask-this"
