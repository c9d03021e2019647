"""The keys of the program as one table: each deed, its keys, and the user's own instead."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeySequence

from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import N_, tr

WINDOW, LIST, RECORD, BOARD, TABLE = N_("Everywhere"), N_("Lists"), N_("One record"), N_("Board"), N_("Price table")
"""Where a deed's keys work; those of the window work everywhere, so that no other deed may have them."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that keys do.

    Attributes:
        title: English message, translated where it is shown.
        scope: where the keys work.
        keys: the keys it comes with. Whatever needs Ctrl+Shift has keys without it too: input methods switch by
            Ctrl+Shift, so that such keys may never arrive. No plain letters and digits: Telex and VNI type with them.
        fixed: Qt's own keys, which every program has alike; they cannot be changed.
    """

    id: str
    title: str
    scope: str
    keys: tuple[str, ...]
    fixed: bool = False


DEEDS: tuple[Deed, ...] = (
    Deed("palette", N_("Search or type a command"), WINDOW, ("Ctrl+K",)),
    Deed("capture", N_("Quick capture"), WINDOW, ("Ctrl+Shift+Space", "F7")),
    Deed("undo", N_("Undo"), WINDOW, ("Ctrl+Z",)),
    Deed("redo", N_("Redo"), WINDOW, ("Ctrl+Y", "Ctrl+Shift+Z")),
    Deed("back", N_("Back"), WINDOW, ("Alt+Left",)),
    Deed("forward", N_("Forward"), WINDOW, ("Alt+Right",)),
    Deed("page_list", N_("Page list wide or narrow"), WINDOW, ("F9",)),
    Deed("next_pane", N_("Next part of the window"), WINDOW, ("F6",)),
    Deed("previous_pane", N_("Previous part of the window"), WINDOW, ("Shift+F6",)),
    Deed("larger", N_("Larger text"), WINDOW, ("Ctrl++", "Ctrl+=")),
    Deed("smaller", N_("Smaller text"), WINDOW, ("Ctrl+-",)),
    Deed("normal_size", N_("Text of normal size"), WINDOW, ("Ctrl+0",)),
    Deed("light_dark", N_("Light or dark"), WINDOW, ("Ctrl+Shift+L", "F8")),
    Deed("sync", N_("Sync now"), WINDOW, ("F5",)),
    Deed("lock_now", N_("Lock"), WINDOW, ("Ctrl+Alt+L",)),
    Deed("keys", N_("Keyboard shortcuts"), WINDOW, ("F1", "Ctrl+/")),
    Deed("page_1", N_("Page {n}"), WINDOW, ("Ctrl+1",)),
    Deed("page_2", N_("Page {n}"), WINDOW, ("Ctrl+2",)),
    Deed("page_3", N_("Page {n}"), WINDOW, ("Ctrl+3",)),
    Deed("page_4", N_("Page {n}"), WINDOW, ("Ctrl+4",)),
    Deed("page_5", N_("Page {n}"), WINDOW, ("Ctrl+5",)),
    Deed("page_6", N_("Page {n}"), WINDOW, ("Ctrl+6",)),
    Deed("page_7", N_("Page {n}"), WINDOW, ("Ctrl+7",)),
    Deed("settings", N_("Settings"), WINDOW, ("Ctrl+,",)),
    Deed("new", N_("New"), LIST, ("Ctrl+N",)),
    Deed("find", N_("Find in this view"), LIST, ("Ctrl+F",)),
    Deed("open", N_("Open"), LIST, ("Return", "Enter"), fixed=True),
    Deed("edit_cell", N_("Edit the cell"), LIST, ("F2",)),
    Deed("save_view", N_("Save this view"), LIST, ("Ctrl+S", "Ctrl+Shift+S")),
    Deed("columns", N_("Choose columns"), LIST, ("Ctrl+Alt+C",)),
    Deed("export_list", N_("This list as a workbook"), LIST, ("Ctrl+E",)),
    Deed("select_all", N_("Select all"), LIST, ("Ctrl+A",), fixed=True),
    Deed("log", N_("Log interaction"), RECORD, ("Ctrl+L",)),
    Deed("kind_1", N_("Interaction: meeting"), RECORD, ("Alt+1",)),
    Deed("kind_2", N_("Interaction: call"), RECORD, ("Alt+2",)),
    Deed("kind_3", N_("Interaction: message"), RECORD, ("Alt+3",)),
    Deed("kind_4", N_("Interaction: note"), RECORD, ("Alt+4",)),
    Deed("receipt", N_("Record a receipt"), RECORD, ("Ctrl+R",)),
    Deed("print", N_("Print or save as PDF"), RECORD, ("Ctrl+P",)),
    Deed("done", N_("Done"), RECORD, ("Ctrl+D",)),
    Deed("commit", N_("Save"), RECORD, ("Ctrl+Return", "Ctrl+Enter")),
    Deed("leave", N_("Up or cancel"), RECORD, ("Escape",), fixed=True),
    Deed("next_tab", N_("Next tab"), RECORD, ("Ctrl+Tab", "Ctrl+PgDown")),
    Deed("previous_tab", N_("Previous tab"), RECORD, ("Ctrl+Shift+Tab", "Ctrl+PgUp")),
    Deed("lift", N_("Lift or drop the card"), BOARD, ("Space",)),
    Deed("card_left", N_("Move the card to the left"), BOARD, ("Ctrl+Left", "Ctrl+Shift+Left")),
    Deed("card_right", N_("Move the card to the right"), BOARD, ("Ctrl+Right", "Ctrl+Shift+Right")),
    Deed("add_line", N_("Add line"), TABLE, ("Ctrl+Return", "Ctrl+Enter")),
    Deed("line_up", N_("Move the line up"), TABLE, ("Alt+Up",)),
    Deed("line_down", N_("Move the line down"), TABLE, ("Alt+Down",)),
    Deed("line_copy", N_("Duplicate the line"), TABLE, ("Ctrl+D",)),
    Deed("line_delete", N_("Delete the line"), TABLE, ("Delete",)),
)
"""Every deed that has keys, in the order in which they are listed."""

BY_ID = {each.id: each for each in DEEDS}
PREFERENCE = "keys"
"""The preference of this laptop that holds the user's own keys."""


class _Signals(QObject):
    changed = Signal()


signals = _Signals()
"""`changed`: some deed has other keys now."""
_own: dict[str, tuple[str, ...]] = {}


def keys(deed: str) -> tuple[str, ...]:
    """The keys of a deed now; the first one is shown beside its name."""
    return _own.get(deed, BY_ID[deed].keys)


def sequences(name: str) -> tuple[str, ...]:
    """The keys of the deed of that id; of any other text its parts: "Ctrl+1 Ctrl+2"."""
    return keys(name) if name in BY_ID else tuple(name.split())


def shown(deed: str) -> str:
    """The first key of a deed as buttons and menus show it: "Ctrl L"; empty when it has none."""
    found = keys(deed)
    return spoken(found[0]) if found else ""


_WRITTEN = {"Return": "⏎", "Enter": "⏎", "Left": "←", "Right": "→", "Up": "↑", "Down": "↓", "Escape": "Esc"}


def spoken(key: str) -> str:
    """A key as it is shown: "Ctrl+Shift+Z" becomes "Ctrl Shift Z"."""
    parts = key.replace("++", "+\0").split("+")
    return " ".join("+" if part == "\0" else _WRITTEN.get(part, part) for part in parts)


_SAFE = re.compile(r"(F\d+|Ins|Del|Insert|Delete|Home|End|PgUp|PgDown|Pause|Space|Return|Enter|Escape|Esc)")


def rebind(deed: str, wanted: Sequence[str]) -> None:
    """Gives a deed other keys. Raises Refused for a key that types a letter, or that another deed there has."""
    found = []
    here = BY_ID[deed]
    for key in wanted:
        sequence = QKeySequence(key)
        if sequence.isEmpty() or sequence.count() != 1:
            found.append(Problem("keys", "no_key", "“{key}” is not one key.", {"key": key[:20]}))
            continue
        plain = sequence.toString()
        if not any(word in plain for word in ("Ctrl+", "Alt+", "Meta+")) and not _SAFE.fullmatch(plain.split("+")[-1]):
            message = N_("{key} types a letter, also in Vietnamese: choose one with Ctrl or Alt, or a function key.")
            found.append(Problem("keys", "types", message, {"key": plain}))
        for other in DEEDS:
            together = other.scope == here.scope or WINDOW in (other.scope, here.scope)
            if other.id != deed and together and any(QKeySequence(each) == sequence for each in keys(other.id)):
                message = N_("{key} is the key of “{deed}” already.")
                found.append(Problem("keys", "taken", message, {"key": plain, "deed": title(other)}))
    if found:
        raise Refused(found)
    _own[deed] = tuple(wanted)
    if _own[deed] == here.keys:
        del _own[deed]
    signals.changed.emit()


def title(deed: Deed) -> str:
    """The deed in the current language."""
    return tr(deed.title, n=deed.id[5:]) if deed.id.startswith("page_") else tr(deed.title)


def reset(deed: str = "") -> None:
    """Puts back the keys that one deed, or every deed, came with."""
    if deed:
        rebind(deed, BY_ID[deed].keys)
    elif _own:
        _own.clear()
        signals.changed.emit()


def is_own(deed: str) -> bool:
    """Whether the user gave this deed keys of their own."""
    return deed in _own


def kept() -> str:
    """The user's own keys, for the preference."""
    return json.dumps({deed: list(found) for deed, found in sorted(_own.items())})


def use(text: str) -> None:
    """Takes the user's own keys from the preference; what cannot be read or collides is left out."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = {}
    before = dict(_own)
    _own.clear()
    for deed, wanted in found.items() if isinstance(found, Mapping) else ():
        if deed in BY_ID and isinstance(wanted, list) and all(isinstance(each, str) for each in wanted):
            try:
                rebind(deed, wanted)
            except Refused:
                continue
    if _own != before:
        signals.changed.emit()
