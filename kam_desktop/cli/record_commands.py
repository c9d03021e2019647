"""Commands over records: load, dump, schema, show, find, export."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from kam_desktop.cli.output import Column, Output, safe
from kam_desktop.cli.profile_opening import opened
from kam_desktop.domain.entities import BY_NAME, ENTITIES
from kam_desktop.domain.entity import Entity
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import N_, tr

_LONGEST_LINE = 20 << 20  # bytes; the loader itself stops at fewer letters, but reads a line whole first


def run(args: Namespace, output: Output) -> int:
    """Carries out one of this file's commands."""
    match args.command:
        case "load":
            _load(args, output)
        case "dump":
            _dump(args, output)
        case "schema":
            _schema(args, output)
        case "show":
            _show(args, output)
        case "find":
            _find(args, output)
        case "export":
            _export(args, output)
    return 0


def _load(args: Namespace, output: Output) -> None:
    from kam_desktop.transfer import lines

    with _source(args.file) as source, opened(args, output, write=True) as profile:
        with profile.store.edit(N_("Load {file}"), kind="import", file=Path(args.file).name) as uow:
            counts = lines.load(uow, _texts(source, args.file), lambda done: output.progress(tr("{n} lines …", n=done)))
        step = uow.change_set.step
    if output.json:
        document = {"created": counts.created, "updated": counts.updated, "unchanged": counts.unchanged}
        output.document({"step": step or None, **document})
    else:
        message = N_("{created} created, {updated} updated, {unchanged} unchanged.")
        numbers = {"created": counts.created, "updated": counts.updated, "unchanged": counts.unchanged}
        output.say(tr(message, **numbers))


def _source(name: str) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    try:
        if Path(name).exists() and not Path(name).is_file():  # a pipe or a device may never begin, or never end
            message = N_("{file} is not an ordinary file and was not opened; “-” reads standard input.")
            raise Refused(Problem(name, "not_a_file", message, {"file": name}))
        return Path(name).open("rb")
    except OSError as error:
        message = N_("The file {file} cannot be read: {why}.")
        raise Refused(Problem(name, "unreadable", message, {"file": name, "why": error.strerror or "?"})) from error


def _texts(source: BinaryIO, name: str = "-") -> Iterator[str]:
    """The lines as text; bytes that are no UTF-8 become a line that is no JSON, and so a problem with its number."""
    for number, line in enumerate(_bounded(source, name)):
        try:
            yield line.decode("utf-8-sig" if number == 0 else "utf-8")
        except UnicodeDecodeError:
            yield "\ufffd"


def _bounded(source: BinaryIO, name: str) -> Iterator[bytes]:
    """The lines; of one that is beyond every limit only that it is one. Raises Refused where reading fails."""
    try:
        while line := source.readline(_LONGEST_LINE):
            whole = len(line) < _LONGEST_LINE or line.endswith(b"\n")
            yield line if whole else b"\xff"
            while not whole:
                rest = source.readline(_LONGEST_LINE)
                whole = len(rest) < _LONGEST_LINE or rest.endswith(b"\n")
    except OSError as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: OSError) -> Refused:
    message = N_("The file {file} cannot be read: {why}.")
    return Refused(Problem(name, "unreadable", message, {"file": name, "why": error.strerror or "?"}))


def _dump(args: Namespace, output: Output) -> None:
    from kam_desktop.transfer import lines

    with opened(args, output, write=False) as profile, profile.store.reader() as reader:
        # Written without the translation of line ends that Windows does to text.
        target = getattr(sys.stdout, "buffer", None)
        for line in lines.dump(reader, args.entity):
            if target is None:
                output.line(line)
            else:
                target.write(line.encode() + b"\n")
        sys.stdout.flush()


def _schema(args: Namespace, output: Output) -> None:
    if args.entity and args.entity not in BY_NAME:
        raise _unknown(args.entity)
    shown = [record.entity for record in ENTITIES if args.entity in ("", record.entity.name)]
    if output.json:
        output.document({"entities": [_described(entity) for entity in shown]})
        return
    for entity in shown:
        output.line(f"{entity.name} ({tr(entity.label)}), {entity.policy.value}")
        columns = [Column(tr("field")), Column(tr("kind")), Column(tr("label")), Column(tr("facts"))]
        output.table(columns, [_field_row(entity, each) for each in entity.names])
        output.line("")


def _described(entity: Entity) -> dict[str, Any]:
    return {
        "entity": entity.name,
        "label": tr(entity.label),
        "plural": tr(entity.plural),
        "policy": entity.policy.value,
        "title": entity.title,
        "fields": [_field(entity, name) for name in entity.names],
    }


def _field(entity: Entity, name: str) -> dict[str, Any]:
    each = entity.field(name)
    found: dict[str, Any] = {
        "field": each.name,
        "kind": each.kind.value,
        "label": tr(each.label),
        "visibility": each.visibility.value,
        "merge": each.merge.value,
    }
    facts = {
        "required": each.required,
        "searchable": each.searchable,
        "guarded": each.guarded,
        "owns": each.owns,
        "loose": each.loose,
        "phone": each.phone,
        "group": each.group,
        "to": each.to,
        "options": list(each.options),
        "max_length": each.max_length,
    }
    if each.lowest is not None:
        found["lowest"] = each.lowest
    found.update({key: value for key, value in facts.items() if value})
    return found


def _field_row(entity: Entity, name: str) -> list[str]:
    found = _field(entity, name)
    facts = []
    for key, value in found.items():
        if key in ("field", "kind", "label", "max_length"):
            continue
        if (key == "visibility" and value == "client") or (key == "merge" and value == "latest"):
            continue
        facts.append(key if value is True else f"{key}: {'|'.join(value) if isinstance(value, list) else value}")
    return [found["field"], found["kind"], found["label"], ", ".join(facts)]


def _unknown(name: str) -> Refused:
    return Refused(Problem("entity", "unknown_entity", "“{name}” is no kind of record.", {"name": name[:60]}))


def _show(args: Namespace, output: Output) -> None:
    from kam_desktop.protocol.codec import to_wire

    if args.entity not in BY_NAME:
        raise _unknown(args.entity)
    with opened(args, output, write=False) as profile, profile.store.reader() as reader:
        record = reader.get(BY_NAME[args.entity].record, args.id.lower())
        extra = reader.extra(args.entity, args.id.lower())
    if record is None:
        message = N_("There is no record with the id {id}.")
        raise Refused(Problem("id", "missing", message, {"id": args.id[:60]}))
    wire = to_wire(record, json.loads(extra) if extra else None)
    if output.json:
        output.document(wire)
    else:
        output.line(json.dumps(wire, ensure_ascii=False, indent=2))


def _find(args: Namespace, output: Output) -> None:
    with opened(args, output, write=False) as profile, profile.store.reader() as reader:
        hits = reader.find(" ".join(args.text), args.limit)
    if output.json:
        found = [{"entity": hit.entity, "id": hit.id, "title": hit.title, "field": hit.field} for hit in hits]
        output.document({"hits": found})
        return
    if not hits:
        output.say(tr("Nothing was found."))
        return
    columns = [Column(tr("kind")), Column(tr("title")), Column(tr("found in")), Column("id")]
    rows = []
    for hit in hits:
        entity = BY_NAME[hit.entity]
        rows.append([tr(entity.label), safe(hit.title), tr(entity.field(hit.field).label), hit.id])
    output.table(columns, rows)


def _export(args: Namespace, output: Output) -> None:
    from kam_desktop.transfer import exporter

    with opened(args, output, write=False) as profile, profile.store.reader() as reader:
        count = exporter.export(reader, args.kind, Path(args.file))
    if output.json:
        output.document({"file": args.file, "records": count})
    else:
        output.say(tr("{n} records in {file}.", n=count, file=args.file))
