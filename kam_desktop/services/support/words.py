"""What may be written down: words of the program's own source, ids and small numbers; nothing else."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REMOVED = "‹removed›"
"""Stands for a text that was left out."""

_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PLACE = re.compile(r"(.+\.pyw?):(\d+) ([\w<>.]+)")
_LARGEST = 100_000  # a count; an amount, a telephone number or a tax code is larger
_PACKAGE = str(Path(__file__).resolve().parents[2])
_known: set[str] = set()
_seen = 0  # so many modules were loaded when the words were gathered


def safe(value: object) -> str:
    """How a value may stand in the log; what could be a customer's word or a secret becomes REMOVED."""
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return f"{value:.6g}" if abs(value) < _LARGEST else f"≥{_LARGEST}"
    if isinstance(value, type):
        return value.__qualname__
    if isinstance(value, BaseException):
        code = getattr(value, "code", None)
        return f"{type(value).__qualname__}:{safe(code)}" if isinstance(code, str) else type(value).__qualname__
    return _safe_text(value) if isinstance(value, str) else REMOVED


def _safe_text(text: str) -> str:
    if not text or _UUID.fullmatch(text) or is_known(text):
        return text
    lines = text.split("\n")
    if len(lines) > 1 and is_known(lines[0]):
        return "\n  ".join([lines[0], *map(place, lines[1:])])  # the trace of ui.background.broken_by
    return REMOVED


def place(line: str) -> str:
    """A line “file:number function” of a stack without the folders of this computer."""
    found = _PLACE.fullmatch(line)
    if found is None:
        return REMOVED
    file = short_path(found[1])
    return f"{file}:{found[2]} {found[3]}" if file else f"elsewhere:{found[2]}"


def short_path(path: str) -> str:
    """A source file from its package on; "" for one that is neither ours, a library's nor Python's."""
    plain = path.replace("\\", "/")
    ours = _PACKAGE.replace("\\", "/")
    if plain.startswith(ours + "/"):
        return "kam_desktop" + plain[len(ours) :]
    found = re.search(r"/(?:site-packages|dist-packages|_internal)/([\w./-]+)$", plain)
    if found is not None:
        return found[1]
    found = re.search(r"/(?:python3\.\d+|Lib)/([\w./-]+)$", plain, re.IGNORECASE)
    if found is not None and Path(path).exists():
        return f"python/{found[1]}"
    return plain if plain.startswith(("kam_desktop/", "<frozen ")) else ""


def is_known(text: str) -> bool:
    """Whether this is a single word that stands in the source of the program, or the name of an exception.

    A text that came from a file, a person or a server stands in no source, so it cannot pass, whatever it looks like.
    """
    global _seen
    if not _WORD.fullmatch(text):
        return False
    if text not in _known and _seen != len(sys.modules):
        _seen = len(sys.modules)
        _known.update(_gathered())
    return text in _known


def _gathered() -> Iterator[str]:
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "kam_desktop":
            yield from _of_names(vars(module))
    kinds: list[type] = [BaseException]
    while kinds:
        kind = kinds.pop()
        yield kind.__name__
        yield kind.__qualname__
        kinds += type.__subclasses__(kind)


def _of_names(names: Any) -> Iterator[str]:
    """Constants (by their capital names) and what functions and classes hold; never what a variable happens to hold."""
    for name, value in list(names.items()):
        if isinstance(value, types.FunctionType | staticmethod | classmethod | property):
            inside = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
            if isinstance(inside, types.FunctionType) and inside.__module__.startswith("kam_desktop"):
                yield from _of_code(inside.__code__)
        elif isinstance(value, type):
            if value.__module__.startswith("kam_desktop") and value.__qualname__ == name:
                yield from _of_names(vars(value))
        elif name.lstrip("_").isupper():
            yield from _of_constant(value)


def _of_code(code: types.CodeType) -> Iterator[str]:
    for value in code.co_consts:
        if isinstance(value, types.CodeType):
            yield from _of_code(value)
        else:
            yield from _of_constant(value)


def _of_constant(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if _WORD.fullmatch(value):
            yield str(value)
    elif isinstance(value, tuple | frozenset):
        for each in value:
            yield from _of_constant(each)
