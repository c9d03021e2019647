"""Collects the program's English messages and writes the Vietnamese catalogue from the translators' pairs.

    python installer/translations.py             write resources/translations/vi/LC_MESSAGES/kam_desktop.po and .mo
    python installer/translations.py --missing   print the messages without a translation as JSON, to be filled in
    python installer/translations.py --unused    print the pairs that no message asks for any more
    python installer/translations.py --check     write nothing; exit 1 when something is missing or out of date

The English text is the message's id. Translators edit resources/translations/parts/*.json, {"English": "Tiếng Việt"};
a message with a number is found under its plural. Messages are found in the source by reading it, never by running it:
what is given to tr, trn, tr_to, trn_to, N_, to Problem and the errors of the world, to `entity` and to the fields, and
to any function of ours that hands its argument on to one of these.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import string
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import write_po

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "kam_desktop"
TRANSLATIONS = ROOT / "resources" / "translations"
CATALOGUE = TRANSLATIONS / "vi" / "LC_MESSAGES" / "kam_desktop.po"

# Where a message stands in a call: its place among the arguments, and its name as a keyword.
Place = tuple[int, str]
LANGUAGE = "kam_desktop.language"
ERRORS = "kam_desktop.domain.errors"
FIELDS = "kam_desktop.domain.fields"
PLACES: dict[str, tuple[Place, ...]] = {
    f"{LANGUAGE}.tr": ((0, "message"),),
    f"{LANGUAGE}.N_": ((0, "message"),),
    f"{LANGUAGE}.tr_to": ((1, "message"),),
    f"{ERRORS}.Problem": ((2, "message"),),
    f"{ERRORS}.Unavailable": ((1, "message"),),
    f"{ERRORS}.SignedOut": ((1, "message"),),
    f"{ERRORS}.TooOld": ((1, "message"),),
    "kam_desktop.domain.entity.Problem": ((2, "message"),),
    "kam_desktop.domain.entity.entity": ((1, "label"), (2, "plural")),
    **{
        f"{FIELDS}.{kind}": ((0, "label"),)
        for kind in ("text", "note", "choice", "integer", "decimal", "money", "day", "moment", "flag", "ref", "texts")
    },
}
PLURALS = {f"{LANGUAGE}.trn": 0, f"{LANGUAGE}.trn_to": 1}


# Sentences of undo steps, by the method that takes them, on whatever object: `store.edit`, `self.edit`, `self.bind`.
STEP_PLACES: dict[str, tuple[Place, ...]] = {
    "edit": ((0, "label"), (1, "label")),
    "bind": ((1, "label"), (2, "created")),
}


@dataclass(frozen=True, order=True)
class Message:
    """One English message; `many` is its plural, where it has a number."""

    one: str
    many: str = ""
    where: str = field(default="", compare=False)


def literals(node: ast.expr | None) -> Iterator[str]:
    """The texts that an argument may be: a literal, literals put together, either side of a condition."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        for left in literals(node.left):
            for right in literals(node.right):
                yield left + right
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from literals(value)


def argument(call: ast.Call, place: Place) -> ast.expr | None:
    """The argument of a call at a place, given by position or by name."""
    for word in call.keywords:
        if word.arg == place[1]:
            return word.value
    before = call.args[: place[0] + 1]
    if len(before) > place[0] and not any(isinstance(each, ast.Starred) for each in before):
        return before[place[0]]
    return None


class Source:
    """One Python file of the package, its names resolved to where they come from."""

    def __init__(self, path: Path, package: Path) -> None:
        parts = path.relative_to(package.parent).with_suffix("").parts
        self.name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        self.path = path.relative_to(package.parent).as_posix()
        self.tree = ast.parse(path.read_text("utf-8"))
        self.names: dict[str, str] = {}
        self.assigned: dict[str, list[ast.expr]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self.assigned.setdefault(node.targets[0].id, []).append(node.value)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self.names[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and not node.level:
                for alias in node.names:
                    self.names[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def dotted(self, node: ast.expr) -> str:
        """What a called name stands for: dotted from the top, or `self.method` as `module:method`."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, f"{self.name}.{node.id}")
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
                return f"{self.name}:{node.attr}"
            left = self.dotted(node.value)
            return f"{left}.{node.attr}"
        return "?"

    def calls(self, inside: ast.AST | None = None) -> Iterator[ast.Call]:
        """Every call in the file, or inside one of its functions."""
        for node in ast.walk(inside or self.tree):
            if isinstance(node, ast.Call):
                yield node

    def texts(self, node: ast.expr | None) -> Iterator[str]:
        """The texts that an argument may be, also through a name that texts are assigned to in this file."""
        for value in self.assigned.get(node.id, ()) if isinstance(node, ast.Name) else (node,):
            yield from literals(value)

    def functions(self) -> Iterator[tuple[tuple[str, ...], ast.FunctionDef]]:
        """Every function with the names it may be called by."""
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef):
                yield (f"{self.name}.{node.name}",), node
                for inner in ast.walk(node):
                    if isinstance(inner, ast.FunctionDef) and inner is not node:
                        yield (f"{self.name}.{inner.name}",), inner
            elif isinstance(node, ast.ClassDef):
                for method in node.body:
                    if isinstance(method, ast.FunctionDef):
                        if method.name == "__init__":
                            yield (f"{self.name}.{node.name}",), method
                        else:
                            yield (f"{self.name}:{method.name}", f"{self.name}.{node.name}.{method.name}"), method


def with_forwarders(sources: list[Source]) -> dict[str, tuple[Place, ...]]:
    """`PLACES`, and every function of ours that hands one of its own arguments on to such a place."""
    places = dict(PLACES)
    grown = True
    while grown:
        grown = False
        for source in sources:
            if source.name == LANGUAGE:
                continue
            for names, function in source.functions():
                own = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
                bound = own[1:] if own[:1] in (["self"], ["cls"]) else own
                bound_only = [each.arg for each in function.args.kwonlyargs]
                for call in source.calls(function):
                    for place in places.get(source.dotted(call.func), ()):
                        given = argument(call, place)
                        if not isinstance(given, ast.Name) or given.id not in bound + bound_only:
                            continue
                        at = (bound.index(given.id) if given.id in bound else 10_000, given.id)
                        for name in names:
                            if at not in places.get(name, ()):
                                places[name] = (*places.get(name, ()), at)
                                grown = True
    return places


def collect(package: Path = PACKAGE) -> list[Message]:
    """Every message of the package, sorted, each once."""
    sources = [Source(path, package) for path in sorted(package.rglob("*.py"))]
    places = with_forwarders(sources)
    found: dict[str, Message] = {}

    def keep(message: Message) -> None:
        if message.one and not (found.get(message.one) and found[message.one].many):
            found[message.one] = message

    for source in sources:
        for call in source.calls():
            called = source.dotted(call.func)
            where = f"{source.path}:{call.lineno}"
            for place in places.get(called, ()):
                for text in source.texts(argument(call, place)):
                    keep(Message(text, "", where))
            method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            for place in STEP_PLACES.get(method, ()):
                for text in source.texts(argument(call, place)):
                    keep(Message(text, "", where))
            if called in PLURALS and len(call.args) > PLURALS[called] + 1:
                one, many = call.args[PLURALS[called] : PLURALS[called] + 2]
                for first, second in zip(literals(one), literals(many), strict=False):
                    keep(Message(first, second, where))
    return sorted(found.values())


def read_pairs(folder: Path = TRANSLATIONS / "parts") -> tuple[dict[str, str], list[str]]:
    """(English → Vietnamese of all parts, what is wrong with them)."""
    pairs: dict[str, str] = {}
    faults: list[str] = []
    for path in sorted(folder.glob("*.json")):
        for english, vietnamese in json.loads(path.read_text("utf-8")).items():
            if pairs.setdefault(english, vietnamese) != vietnamese:
                faults.append(f"{path.name}: “{english}” is “{pairs[english]}” in another part, here “{vietnamese}”")
            if unicodedata.normalize("NFC", vietnamese) != vietnamese:
                faults.append(f"{path.name}: “{vietnamese}” is not in normal form C")
    return pairs, faults


def translation(message: Message, pairs: dict[str, str]) -> str:
    """The Vietnamese of a message; empty where there is none."""
    return pairs.get(message.many, "") or pairs.get(message.one, "")


def named_places(text: str) -> set[str]:
    """The {name} places of a message; "{" alone where its braces do not match."""
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:
        return {"{"}


def faults_of(messages: list[Message], pairs: dict[str, str]) -> list[str]:
    """Messages without a Vietnamese text, and texts whose places are not those of the English."""
    faults: list[str] = []
    for message in messages:
        vietnamese = translation(message, pairs)
        if not vietnamese.strip():
            faults.append(f"{message.where}: no Vietnamese for “{message.one}”")
            continue
        english = message.many or message.one
        if named_places(english) != named_places(vietnamese):
            faults.append(f"{message.where}: other places in “{vietnamese}” than in “{english}”")
    return faults


def build(messages: list[Message], pairs: dict[str, str]) -> Catalog:
    """The catalogue of the messages that have a translation; the same input makes the same bytes."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    catalogue = Catalog(
        locale="vi",
        domain="kam_desktop",
        project="KAM Desktop",
        charset="utf-8",
        fuzzy=False,
        creation_date=moment,
        revision_date=moment,
        version="1",
        msgid_bugs_address="none",
        last_translator="KAM Desktop <none>",
        language_team="vi <none>",
        header_comment="# Written by installer/translations.py from resources/translations/parts/*.json",
    )
    for message in messages:
        vietnamese = translation(message, pairs)
        if vietnamese:
            if message.many:
                catalogue.add((message.one, message.many), (vietnamese,))
            else:
                catalogue.add(message.one, vietnamese)
    return catalogue


def po_and_mo(catalogue: Catalog) -> tuple[bytes, bytes]:
    """A catalogue as the bytes of its two files."""
    po, mo = io.BytesIO(), io.BytesIO()
    write_po(po, catalogue, width=0, sort_output=True)
    write_mo(mo, catalogue)
    return po.getvalue(), mo.getvalue()


def main() -> int:
    """Run the command line; 0 when every message has its translation."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    choice = parser.add_mutually_exclusive_group()
    for option in ("missing", "unused", "check"):
        choice.add_argument(f"--{option}", action="store_true")
    asked = parser.parse_args()
    messages = collect()
    pairs, faults = read_pairs()
    if asked.missing:
        missing = {each.many or each.one: "" for each in messages if not translation(each, pairs)}
        print(json.dumps(missing, ensure_ascii=False, indent=2))
        return 0
    if asked.unused:
        used = {text for each in messages for text in (each.one, each.many)}
        print("\n".join(sorted(set(pairs) - used)))
        return 0
    faults += faults_of(messages, pairs)
    files = dict(zip((CATALOGUE, CATALOGUE.with_suffix(".mo")), po_and_mo(build(messages, pairs)), strict=True))
    for path, wanted in files.items():
        if asked.check and (not path.exists() or path.read_bytes() != wanted):
            faults.append(f"{path.name} is out of date: run python installer/translations.py")
        elif not asked.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wanted)
    print("\n".join(faults) or f"{len(messages)} messages, all in Vietnamese", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
