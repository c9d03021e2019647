"""Every entity walks through table, wire, search, dump, undo, export and editor; a planted one fails."""

from __future__ import annotations

import ast
import dataclasses
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.entities import BY_NAME, ENTITIES
from kam_desktop.domain.entity import Entity, Policy, Record, entity, problems_of
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.fields import Field, Kind, text
from kam_desktop.domain.ids import RandomIds, derived
from kam_desktop.language import tr
from kam_desktop.protocol.codec import from_wire, to_json, to_wire
from kam_desktop.store import search, tables
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.store.unit_of_work import UnitOfWork
from kam_desktop.transfer import exporter, lines

ROOT = Path(__file__).resolve().parents[2] / "kam_desktop"

# What each kind of field is tried with; two values, so that an update changes every field.
VALUES: dict[Kind, tuple[Any, Any]] = {
    Kind.TEXT: ("Đặng {word}", "Khác"),
    Kind.NOTE: ("dòng {word}\nhai", ""),
    Kind.INTEGER: (3, 4),
    Kind.DECIMAL: (Decimal("1.50"), Decimal(2)),
    Kind.MONEY: (1234, 5),
    Kind.DATE: (date(2026, 2, 28), date(2026, 3, 1)),
    Kind.MOMENT: (datetime(2026, 2, 28, 3, 4, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
    Kind.FLAG: (True, False),
    Kind.TEXTS: (("một {word}", "hai"), ()),
}
# Fields whose value must be something in particular.
SPECIAL: dict[tuple[str, str], tuple[Any, Any]] = {
    ("allocation", "credit_note"): ("", ""),
    ("proposal_version", "status"): ("draft", "approved"),
    ("proposal", "stage"): ("working", "sent"),
    ("instalment", "steps"): (("months 1", "end_of_month"), ()),
    ("payment_term_line", "steps"): (("days 30",), ("day_of_month 10", "days 5")),
    ("rule", "ends_on"): (date(2026, 12, 31), None),
}


def word_of(described: Entity, each: Field) -> str:
    """A word that stands in that field alone."""
    return f"zq{described.name.replace('_', '')}{each.name.replace('_', '')}"


def value_of(described: Entity, each: Field, second: int, ids: dict[str, str]) -> Any:
    """A value for the field that its kind, its limits and the rules allow."""
    special = SPECIAL.get((described.name, each.name))
    if special is not None:
        return special[second]
    if each.kind is Kind.REF:
        return ids.get(each.to, "")
    if each.kind is Kind.CHOICE:
        return each.options[second % len(each.options)]
    if each.name == "currency":
        return ("USD", "VND")[second]
    if each.phone and not second:
        return ("0912 345 678",) if each.kind is Kind.TEXTS else "0912 345 678"
    value = VALUES[each.kind][second]
    word = word_of(described, each) if each.max_length >= 60 else "x"
    if isinstance(value, str):
        filled = value.format(word=word)
        return filled[: each.max_length] if filled or not each.required else "Khác"
    return tuple(part.format(word=word) for part in value) if isinstance(value, tuple) else value


def sample(record: type[Record], second: int, ids: dict[str, str], identity: str) -> Record:
    """A record with every field filled."""
    described = record.entity
    return record(id=identity, **{each.name: value_of(described, each, second, ids) for each in described.fields})


def plain_records() -> dict[str, Record]:
    """One record of each entity, its references to others of them, none to its own kind."""
    made: dict[str, Record] = {}
    for record in ENTITIES:
        ids = {name: each.id for name, each in made.items()}
        made[record.entity.name] = sample(record, 0, ids, derived("plain", record.entity.name))
    return made


PLAIN = plain_records()
IDS = {name: record.id for name, record in PLAIN.items()}
FULL = {record.entity.name: sample(record, 0, IDS, derived("full", record.entity.name)) for record in ENTITIES}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    clock = SystemClock()
    made = Store.create(tmp_path_factory.mktemp("entities"), DataKey.new(), "entities", clock, RandomIds(clock))
    with made.edit("Samples", kind="internal") as uow:
        for record in PLAIN.values():
            uow.add(record)
    yield made
    made.close()


def every_name() -> list[str]:
    return [record.entity.name for record in ENTITIES]


# --- the checks, each of one reader -------------------------------------------------------------------------------


def check_rules(record: Record) -> None:
    """The fields' own rules know the kinds, and find what is missing, too long or of the wrong kind."""
    described = type(record).entity
    assert problems_of(record) == []
    for each in described.fields:
        wrong: dict[str, Any] = {each.name: object()}
        assert [found.where for found in problems_of(dataclasses.replace(record, **wrong))] == [each.name]
        if each.required:
            nothing: dict[str, Any] = {
                each.name: () if each.kind is Kind.TEXTS else "" if each.kind in STRINGS else None
            }
            assert "required" in {found.code for found in problems_of(dataclasses.replace(record, **nothing))}
        if each.max_length:
            long: Any = "x" * (each.max_length + 1)
            too_long: dict[str, Any] = {each.name: (long,) if each.kind is Kind.TEXTS else long}
            assert "too_long" in {found.code for found in problems_of(dataclasses.replace(record, **too_long))}
        if each.lowest is not None:
            low: dict[str, Any] = {each.name: type(VALUES[each.kind][0])(each.lowest - 1)}
            assert "too_small" in {found.code for found in problems_of(dataclasses.replace(record, **low))}
        if each.kind is Kind.CHOICE:
            other: dict[str, Any] = {each.name: "no such word"}
            assert "choice" in {found.code for found in problems_of(dataclasses.replace(record, **other))}


STRINGS = (Kind.TEXT, Kind.NOTE, Kind.CHOICE, Kind.REF)


def check_table(record: Record) -> None:
    """A column for every field, an index for every reference, and back from the row the same record."""
    described = type(record).entity
    table = tables.RECORDS[described.name]
    assert set(described.names) <= set(table.c.keys())
    assert tables.record_of(described, tables.row_of(record)) == record
    indexed = {next(iter(index.columns.keys())) for index in table.indexes if len(index.columns)}  # not of expressions
    assert {each.name for each in described.fields if each.kind is Kind.REF} <= indexed


def check_wire(record: Record) -> None:
    """The same record after its wire form, which is JSON."""
    wire = json.loads(to_json(to_wire(record)))
    assert from_wire(wire)[0] == record
    for name in type(record).entity.names:
        assert name in wire or not getattr(record, name)


def check_search(uow: UnitOfWork, record: Record) -> None:
    """Found by a word of each searchable field and by no other; phones by their digits."""
    described = type(record).entity
    for each in described.fields:
        if each.kind not in (Kind.TEXT, Kind.NOTE, Kind.TEXTS):
            assert not each.searchable, "the index holds texts"
            continue
        word = "0912345678" if each.phone else word_of(described, each)
        value = getattr(record, each.name)
        if not each.phone and word not in str(value):
            continue  # too short a field for a word of its own
        found = {hit.id for hit in uow.find(word, 200, (described.name,))}
        assert (record.id in found) is (each.searchable or (each.phone and any_phone(described))), each.name


def any_phone(described: Entity) -> bool:
    return any(each.phone and each.searchable for each in described.fields)


def check_lines(uow: UnitOfWork, record: Record) -> None:
    """Dumped as a line, and loaded from it without a change."""
    described = type(record).entity
    dumped = list(lines.dump(uow, described.name))
    assert to_json(to_wire(record)) in dumped
    counts = lines.load(uow, dumped)
    assert (counts.created, counts.updated) == (0, 0) and counts.unchanged == len(dumped)


def check_export(uow: UnitOfWork, record: Record) -> None:
    """A column under the label of every field, and every value in a form that a file can hold."""
    described = type(record).entity
    assert exporter.kinds()[described.name] is described
    headers, rows = exporter.records_table(uow, described, [record])
    assert headers == [tr(each.label) for each in described.fields]
    for each, value in zip(described.fields, rows[0], strict=True):
        assert value in (None, "", ()) or exporter._plain(value) is not None, each.name
        if each.kind is Kind.REF and getattr(record, each.name):
            target = BY_NAME[each.to]
            known = uow.get(target.record, getattr(record, each.name))
            assert known is None or value == str(getattr(known, target.title))
    assert exporter._csv(headers, rows) and exporter._xlsx(headers, rows)


# --- every entity through every check -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", every_name())
def test_rules_table_and_wire(name: str) -> None:
    for record in (PLAIN[name], FULL[name]):
        check_rules(record)
        check_table(record)
        check_wire(record)


@pytest.mark.parametrize("name", every_name())
def test_store_search_lines_and_export(store: Store, name: str) -> None:
    record = FULL[name]
    with store.rehearse() as uow:
        uow.add(record)
        uow.flush()
        assert uow.saved(type(record), record.id) == record
        check_search(uow, record)
        check_export(uow, record)
        uow.flush_part()
        check_lines(uow, record)


@pytest.mark.parametrize("name", every_name())
def test_undo_of_create_and_update(store: Store, name: str) -> None:
    record = dataclasses.replace(FULL[name], id=derived("undone", name))
    kind = type(record)

    def saved() -> Record | None:
        with store.reader() as reader:
            found = bool(reader.sql("select 1 from search_doc where record = :id", {"id": record.id}))
            now = reader.get(kind, record.id)
            assert found is (now is not None and bool(search.searchable_fields(kind.entity)))
            return now

    with store.edit("Create") as uow:
        uow.add(record)
    assert saved() == record
    changed = sample(kind, 1, IDS, record.id)
    if kind.entity.policy is Policy.APPEND_ONLY:
        with pytest.raises(Refused, match="not edited"), store.edit("Change") as uow:
            uow.put(changed)
        with pytest.raises(Refused, match="not edited"), store.edit("Delete") as uow:
            uow.delete(kind, record.id)
    else:
        with store.edit("Change") as uow:
            uow.put(changed)
        assert saved() == changed != record
        store.undo()
    assert saved() == record
    store.undo()
    assert saved() is None
    store.redo()
    assert saved() == record
    store.undo()


@pytest.mark.parametrize("name", every_name())
def test_references_and_what_they_own(store: Store, name: str) -> None:
    kind = BY_NAME[name].record
    nobody = derived("nobody")
    for each in kind.entity.fields:
        if each.kind is not Kind.REF or not getattr(FULL[name], each.name):
            continue
        assert each.to in BY_NAME, "a reference points to an entity"
        values: dict[str, Any] = {"id": derived("pointing", name, each.name), each.name: nobody}
        pointing = dataclasses.replace(FULL[name], **values)
        problems = refused_by(store, pointing)
        if each.loose:
            assert "missing_reference" not in problems
        else:
            assert "missing_reference" in problems
        if each.owns:
            with store.rehearse() as uow:
                uow.add(FULL[name])
                uow.flush_part()
                assert (name, FULL[name].id) in uow.children_of(each.to, [getattr(FULL[name], each.name)])


def refused_by(store: Store, record: Record) -> set[str]:
    with store.rehearse() as uow:
        uow.add(record)
        try:
            uow.flush()
        except Refused as refused:
            return {problem.code for problem in refused.problems}
    return set()


@pytest.mark.parametrize("name", every_name())
def test_an_editor_shows_and_reads_every_field(qapp: object, name: str) -> None:
    from kam_desktop.ui.kit.editors import editor_for

    for record in (PLAIN[name], sample(BY_NAME[name].record, 1, IDS, PLAIN[name].id)):
        for each in BY_NAME[name].fields:
            editor = editor_for(each)
            value = getattr(record, each.name)
            if each.kind is not Kind.REF:
                editor.set_value(value)
                assert editor.value() == value, each.name
            editor.deleteLater()


def test_every_kind_is_known_where_it_matters() -> None:
    assert set(tables._COLUMN_TYPES) == set(Kind)
    assert set(VALUES) == set(Kind) - {Kind.REF, Kind.CHOICE}
    named = {
        node.attr
        for node in ast.walk(ast.parse((ROOT / "ui/kit/editors.py").read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Kind"
    }
    assert named == {kind.name for kind in Kind}, "an editor for each kind, by its name"


# --- every fact of a field has readers ----------------------------------------------------------------------------

READERS: dict[str, tuple[str, ...]] = {
    "name": ("store/tables.py", "protocol/codec.py", "transfer/exporter.py"),
    "label": ("domain/entity.py", "transfer/exporter.py", "ui/kit/editors.py", "cli/record_commands.py"),
    "kind": ("domain/entity.py", "store/tables.py", "protocol/codec.py", "ui/kit/editors.py", "transfer/exporter.py"),
    "required": ("domain/entity.py", "ui/kit/editors.py"),
    "default": ("domain/change.py", "ui/kit/editors.py"),
    "searchable": ("store/search.py", "cli/record_commands.py"),
    "merge": ("domain/merge.py", "cli/record_commands.py"),
    "group": ("domain/merge.py", "cli/record_commands.py"),
    "visibility": ("ui/kit/record_form.py", "cli/record_commands.py"),
    "guarded": ("cli/record_commands.py",),  # the server's policy reads it once there is one
    "to": ("store/checks.py", "transfer/exporter.py"),
    "owns": ("store/checks.py", "services/search.py"),
    "loose": ("store/checks.py", "transfer/lines.py"),
    "options": ("domain/entity.py", "ui/kit/editors.py"),
    "max_length": ("domain/entity.py", "ui/kit/editors.py"),
    "lowest": ("domain/entity.py", "cli/record_commands.py"),
    "phone": ("store/search.py", "cli/record_commands.py"),
}
ONE_LAYER = {"guarded"}


def facts_without_readers(described: type) -> set[str]:
    """Facts of a field that nobody reads, or that are read in one layer alone."""
    found = set()
    for fact in dataclasses.fields(described):
        layers = {path.partition("/")[0] for path in READERS.get(fact.name, ()) if reads(path, fact.name)}
        if len(layers) < (1 if fact.name in ONE_LAYER else 2):
            found.add(fact.name)
    return found


def reads(path: str, fact: str) -> bool:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return any(isinstance(node, ast.Attribute) and node.attr == fact for node in ast.walk(tree))


def test_every_fact_of_a_field_has_readers_in_two_layers() -> None:
    assert facts_without_readers(Field) == set()


# --- planted: what no reader knows is caught ----------------------------------------------------------------------


class Strange(Enum):
    """A kind of field that no reader knows."""

    SOUND = "sound"


def planted(kind: Any) -> Record:
    """A record of an entity that stands in no list, with a field of that kind."""
    strange: Any = dataclasses.field(default="x", metadata={"field": Field(name="", label="Sound", kind=kind)})

    @entity("planted", "Planted", "Planted", title="name")
    class Planted(Record):
        """An entity that somebody made and told nobody of."""

        name: str = text("Name", required=True, searchable=True)
        noise: str = strange

    return Planted(id=derived("planted"), name="zqplantedname")


@pytest.mark.parametrize("kind", [Strange.SOUND, Kind.TEXT], ids=["a kind nobody knows", "an entity in no list"])
@pytest.mark.parametrize("check", [check_table, check_wire], ids=lambda check: check.__name__)
def test_a_planted_entity_fails_the_checks(kind: Any, check: Callable[[Record], None]) -> None:
    with pytest.raises((KeyError, Refused, AssertionError)):
        check(planted(kind))


@pytest.mark.parametrize("check", [check_search, check_lines, check_export], ids=lambda check: check.__name__)
def test_a_planted_entity_fails_in_the_store(store: Store, check: Callable[[UnitOfWork, Record], None]) -> None:
    with store.rehearse() as uow, pytest.raises((KeyError, Refused, AssertionError)):
        check(uow, planted(Strange.SOUND))
    with store.rehearse() as uow, pytest.raises(KeyError):
        uow.add(planted(Kind.TEXT))
        uow.flush()


def test_a_planted_kind_fails_the_rules_and_a_planted_fact_the_list_of_readers() -> None:
    with pytest.raises(KeyError):
        check_rules(planted(Strange.SOUND))

    @dataclasses.dataclass(frozen=True, slots=True)
    class Louder(Field):
        loudness: int = 0

    assert facts_without_readers(Louder) == {"loudness"}
