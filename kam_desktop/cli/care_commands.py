"""Commands that care for a profile: init, doctor, backup, restore."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from kam_desktop.cli.output import Output, said
from kam_desktop.cli.profile_opening import folder_of, made, opened, restored
from kam_desktop.domain.change import moment_text
from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.errors import Problem, Refused, Unavailable
from kam_desktop.domain.locale.vietnam import tax_code
from kam_desktop.language import N_, tr
from kam_desktop.services import doctor, profile
from kam_desktop.store.profile import Store


def run(args: Namespace, output: Output) -> int:
    """Carries out one of this file's commands."""
    match args.command:
        case "init":
            return _init(args, output)
        case "doctor":
            return _doctor(args, output)
        case "backup":
            return _backup(args, output)
        case "support":
            return _support(args, output)
        case _:
            return _restore(args, output)


def _init(args: Namespace, output: Output) -> int:
    code = tax_code.read(args.tax_code)
    if code.warning is not None:
        output.say(said(code.warning))
    with made(args, output) as found:
        records = 0
        if args.demo is not None:
            records = _demo(args, output, found.store)
        if not args.demo or args.company or args.tax_code:
            profile.set_up(found.store, args.company, code.text, over_sample=args.demo is not None)
        kinds = list(found.keys.kinds)
    folder = str(folder_of(args))
    if output.json:
        output.document({"profile": folder, "slots": kinds, "records": records})
    else:
        words = {"keyring": tr("keyring"), "passphrase": tr("passphrase"), "recovery": tr("recovery key")}
        ways = ", ".join(words[kind] for kind in kinds)
        output.say(tr("The profile in {folder} is made. It opens by: {ways}.", folder=folder, ways=ways))
        if not args.tax_code and args.demo is None:
            output.say(tr("Give our firm's tax code in the settings before you import e-invoices."))
    return 0


def _demo(args: Namespace, output: Output, store: Store) -> int:
    from kam_desktop.services import demo

    size = {-1: demo.SMALL, -2: demo.LARGE}.get(args.demo, args.demo)
    return demo.fill(
        lambda: store.edit(N_("Sample data"), kind="internal", recorded=False),
        demo.load(demo.KITS[0]),
        SystemClock().today(),
        size,
        lambda done, whole: output.progress(tr("{done} of {whole} customers …", done=done, whole=whole)),
    )


def _doctor(args: Namespace, output: Output) -> int:
    findings = doctor.examine(folder_of(args), lambda: opened(args, output, write=False), SystemClock(), deep=args.deep)
    if args.deep and all(each.sound for each in findings):
        findings += _server_log(args, output)
    wrong = [each for each in findings if not each.sound]
    if output.json:
        output.document({"sound": not wrong, "checks": [doctor.plain(each) for each in findings]})
    else:
        for each in findings:
            output.line(f"{tr('fine') if each.sound else tr('WRONG')}: {doctor.said(each)}")
            if each.mend:
                output.line(f"    → {tr(each.mend)}")
    return 1 if wrong else 0


def _server_log(args: Namespace, output: Output) -> list[doctor.Finding]:
    """The shared server's log of changes, counted through and compared with what was witnessed here."""
    from kam_desktop.cli import sync_commands

    try:
        found = sync_commands.server_log(args, output)
    except (Refused, Unavailable):
        return [doctor.Finding("server_log", True, N_("The server's log was not looked at: it does not answer."))]
    if found is None:
        return []
    if isinstance(found, Problem):
        mend = N_("Tell your administrator; keep this computer as it is.")
        return [doctor.Finding("server_log", False, found.message, dict(found.args), mend)]
    return [doctor.Finding("server_log", True, N_("The server's log of changes is as this computer witnessed it."))]


def _support(args: Namespace, output: Output) -> int:
    from kam_desktop.services.support import bundle, facts

    folder, parts = folder_of(args), []
    findings = doctor.examine(folder, lambda: opened(args, output, write=False), SystemClock())
    try:
        with opened(args, output, write=False) as found:
            parts = bundle.parts(folder, facts.facts(found.store), found.store, findings)
    except (Refused, Unavailable):  # it is for such a day: what can be read without the data goes in
        parts = bundle.parts(folder, facts.facts(), None, findings)
    chosen = [each for each in parts if each.name.removesuffix(".txt") not in args.without]
    if args.preview:
        if output.json:
            told = [{"name": each.name, "removed": each.removed, "text": each.text} for each in chosen]
            output.document({"file": None, "parts": told})
        else:
            for each in chosen:
                output.line(f"--- {each.name}\n{each.text}\n")
        return 0
    size = bundle.write(Path(args.file), chosen, args.note)
    if output.json:
        names = [{"name": each.name, "removed": each.removed} for each in chosen]
        output.document({"file": args.file, "bytes": size, "parts": names})
    else:
        output.say(tr("The bundle is saved as {name}. Nothing was sent.", name=args.file))
    return 0


def _backup(args: Namespace, output: Output) -> int:
    from kam_desktop.services import backup

    with opened(args, output, write=False) as found:
        made = backup.make(found.store, Path(args.file))
    if output.json:
        output.document({"file": args.file, "bytes": made.size, "made_at": moment_text(made.made_at)})
    else:
        output.say(tr("The backup {file} is made and was checked.", file=args.file))
    return 0


def _restore(args: Namespace, output: Output) -> int:
    done = restored(args)
    aside = [str(path) for path in done.set_aside]
    before = str(done.before.path) if done.before is not None else None
    if output.json:
        made_at = moment_text(done.backup.made_at)
        follows = done.journal_follows
        document = {"restored": args.file, "made_at": made_at, "before": before, "set_aside": aside}
        output.document({**document, "journal_follows": follows})
        return 0
    output.say(tr("The backup of {day} is in place.", day=done.backup.made_at.astimezone().date().isoformat()))
    if before is not None:
        output.say(tr("The state before is kept in {file}.", file=before))
    for path in aside:
        output.say(tr("Moved aside: {path}", path=path))
    if done.journal_follows:
        output.say(tr("The data did not open any more, so the edits since that backup come back from the journal."))
    return 0
