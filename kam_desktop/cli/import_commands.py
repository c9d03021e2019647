"""Commands that bring files in and take steps back: import, undo."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from kam_desktop.cli.output import Column, Output, safe
from kam_desktop.cli.profile_opening import opened
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import N_, tr


def run(args: Namespace, output: Output) -> int:
    """Carries out one of this file's commands."""
    if args.command == "undo":
        _undo(args, output)
    else:
        _import(args, output)
    return 0


def _import(args: Namespace, output: Output) -> None:
    from kam_desktop.transfer import import_report, importer, opening_answer

    missing = [name for name in args.files if not Path(name).exists()]
    if missing:
        message = N_("There is no file {file}.")
        raise Refused([Problem(name, "missing_file", message, {"file": name}) for name in missing])
    opening = opening_answer.read(args.opening) if args.opening else None
    sources = importer.read(
        [Path(name) for name in args.files],
        progress=lambda done, whole: output.progress(tr("Reading {done} of {whole} …", done=done, whole=whole)),
    )
    with opened(args, output, write=not args.dry_run) as profile:
        with profile.store.reader() as reader:
            planned = importer.plan(reader, sources, args.kind, opening)
        if planned.problems:
            raise Refused(planned.problems)
        if args.rejects:
            import_report.write_rejects(planned.files, Path(args.rejects))
        if args.dry_run:
            reports = [import_report.FileReport.of(file) for file in planned.files]
            document = import_report.plain(None, reports, planned.records, planned.asks_opening, import_report.said)
        else:
            names = ", ".join(Path(name).name for name in args.files[:3])
            with profile.store.edit(N_("Import {files}"), kind="import", files=names) as uow:
                report = importer.apply(uow, planned)
            document = report.plain()
    if output.json:
        output.document(document)
    else:
        _tell(document, output)


def _tell(document: dict[str, Any], output: Output) -> None:
    columns = [
        Column(tr("file")),
        *(Column(word, right=True) for word in (tr("created"), tr("updated"), tr("unchanged"), tr("skipped"))),
    ]
    files, counted = document["files"], ("created", "updated", "unchanged")
    rows = [[safe(each["file"]), *(str(each[key]) for key in counted), str(len(each["skipped"]))] for each in files]
    output.table(columns, rows)
    for each in files:
        for note in each["notes"]:
            output.say(f"{safe(each['file'])}: {safe(note)}")
        for row in each["skipped"]:
            place = safe(row.get("document") or tr("row {n}", n=row["row"]))
            output.say(f"{safe(each['file'])}, {place}: {safe(row['reason'])}")
    if document["import"] is not None:
        output.say(tr("Import {n}; “kam-desktop undo {n}” takes it back.", n=document["import"]))
    if document.get("opening") == "unanswered":
        output.say(
            tr("Say which invoices are still unpaid with --open all, --open since:DATE or --open list:FILE: until then "
               "all of them look open.")
        )  # fmt: skip


def _undo(args: Namespace, output: Output) -> None:
    with opened(args, output, write=True) as profile:
        report, _ = profile.store.undo(args.step)
    if output.json:
        kept = [
            {"entity": each.entity, "id": each.id, "title": each.title, "reason": each.reason} for each in report.kept
        ]
        label = tr(report.label, **report.label_args)
        output.document({"undone": report.step, "label": label, "changed": report.changed, "kept": kept})
        return
    output.say(tr("Taken back: {label} ({n} records).", label=tr(report.label, **report.label_args), n=report.changed))
    reasons = {
        "changed_since": tr("somebody changed it since"),
        "has_children": tr("other records hang on it"),
        "exists_again": tr("it exists again"),
    }
    for each in report.kept:
        label = tr(BY_NAME[each.entity].label)
        message = N_("Kept: {label} “{title}”, because {why}.")
        output.say(tr(message, label=label, title=safe(each.title), why=reasons[each.reason]))
