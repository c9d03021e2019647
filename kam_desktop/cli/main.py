"""The command kam-desktop: its options and helps, which command runs, what each failure exits with."""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from types import TracebackType
from typing import Any

from kam_desktop import __version__
from kam_desktop import language as words
from kam_desktop.cli.output import Output
from kam_desktop.domain.errors import Broken, Problem, Refused, Unavailable
from kam_desktop.language import N_, tr

DONE, REFUSED, USAGE, UNAVAILABLE, OUR_FAULT, STOPPED = 0, 1, 2, 3, 4, 130

_ARGPARSE = (
    N_("usage: "),
    N_("options"),
    N_("positional arguments"),
    N_("show this help message and exit"),
    N_("show program's version number and exit"),
    N_("%(prog)s: error: %(message)s\n"),
    N_("argument %(argument_name)s: %(message)s"),
    N_("the following arguments are required: %s"),
    N_("unrecognized arguments: %s"),
    N_("invalid choice: %(value)r (choose from %(choices)s)"),
    N_("expected one argument"),
    N_("expected at least one argument"),
    N_("ambiguous option: %(option)s could match %(matches)s"),
    N_("ignored explicit argument %r"),
)
"""What the standard library's argparse says itself."""


def main(argv: Sequence[str] | None, window: Callable[[argparse.Namespace], int]) -> int:
    """Answers one command line; returns the exit status (see DONE … OUR_FAULT; 130 when the user stopped it).

    Without a command it is `window` that answers: what opens it stands above this floor.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    _speak(given)
    args = parser().parse_args(given)
    if args.command is None:
        return window(args)
    output = Output(args.json)
    try:
        return _run(args, output, window)
    except Refused as refused:
        output.problems(refused.problems)
        return REFUSED
    except Unavailable as failure:
        output.problems([Problem("", failure.code, failure.message, failure.args_named)])
        return UNAVAILABLE
    except Broken as failure:
        output.problems([Problem("", "broken", N_("The program failed: {what}"), {"what": str(failure)})])
        return OUR_FAULT
    except KeyboardInterrupt:
        output.say(tr("Stopped. Nothing was changed."))
        return STOPPED
    except BrokenPipeError:
        # Whoever read our output has enough; Python must not complain about it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _speak(given: Sequence[str]) -> None:
    """The language comes first: the help is written in it. UTF-8 whatever the terminal says."""
    language = "vi"
    for place, word in enumerate(given):
        if word.startswith("--lang="):
            language = word.partition("=")[2]
        elif word == "--lang" and place + 1 < len(given):
            language = given[place + 1]
    words.use(language if language in words.LANGUAGES else "vi")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    shown = logging.StreamHandler()
    shown.setLevel(logging.ERROR)  # the log file of a profile takes more; see services.support
    logging.basicConfig(level=logging.ERROR, format="%(name)s: %(message)s", handlers=[shown])


def _run(args: argparse.Namespace, output: Output, window: Callable[[argparse.Namespace], int]) -> int:
    # Each command loads only what it needs: `find` answers before a window could have opened.
    match args.command:
        case "init" | "doctor" | "backup" | "restore" | "support":
            from kam_desktop.cli import care_commands

            return care_commands.run(args, output)
        case "import" | "undo":
            from kam_desktop.cli import import_commands

            return import_commands.run(args, output)
        case "report" if args.report == "worklist":
            from kam_desktop.cli import worklist_report

            return worklist_report.run(args, output)
        case "report" if args.report not in ("ageing", "pareto"):
            from kam_desktop.cli import receivable_reports

            return receivable_reports.run(args, output)
        case "report":
            from kam_desktop.cli import report_commands

            return report_commands.run(args, output)
        case "connect" | "disconnect" | "sync" | "status":
            from kam_desktop.cli import sync_commands

            return sync_commands.run(args, output)
        case "document":
            from kam_desktop.cli import document_commands

            return document_commands.run(args, output)
        case "selftest":
            from kam_desktop.cli import selftest_commands

            return selftest_commands.run(args, output, window)
        case _:
            from kam_desktop.cli import record_commands

            return record_commands.run(args, output)


def parser() -> argparse.ArgumentParser:
    """All options and commands, their helps in the current language."""
    # argparse looks its own words up under this name; those of _ARGPARSE are in our catalogue.
    vars(argparse)["_"] = tr
    # Parents share their options with their children, so that top and commands need options of their own:
    # after the command nothing must be set unless it was given.
    shared = _common({"default": argparse.SUPPRESS})
    top = argparse.ArgumentParser(
        prog="kam-desktop",
        description=tr("Key accounts, proposals and money due, on this computer. Without a command the window opens."),
        epilog=tr(
            "Exit status: 0 done, 1 refused (nothing was changed), 2 usage, 3 unavailable (lock, keyring, disk), "
            "4 our fault. Secrets are read from a prompt or from the file that KAM_PASSPHRASE_FILE names."
        ),
        parents=[_common({})],
    )
    version = f"KAM Desktop {__version__}"
    top.add_argument("--version", action="version", version=version, help=tr("show program's version number and exit"))
    top.add_argument("--demo", action="store_true", help=tr("open the window on a throw-away profile with sample data"))
    top.add_argument("--tour", metavar="DIR", help=tr("save a picture of every screen into DIR, then end"))
    tour = top.add_argument_group(tr("options of --tour"))
    told = tr("only this part, language (vi, en) or theme (light, dark); may be given several times")
    tour.add_argument("--only", metavar="NAME", action="append", help=told)
    tour.add_argument("--size", metavar="WxH", type=_size, default=(1366, 768), help=tr("the window's size in pixels"))
    tour.add_argument("--zoom", metavar="PERCENT", type=int, default=100, help=tr("the size of text"))
    commands = top.add_subparsers(dest="command", metavar=tr("COMMAND"), title=tr("commands"))

    def command(name: str, text: str, more: str = "") -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=f"{text}. {more}".strip(), parents=[shared])

    _care(command)
    _import(command)
    _records(command)
    _reports(command("report", tr("figures as a table, JSON or file")), shared)
    _server(command)
    _document(command("document", tr("a paper for a customer as PDF, in the language of --lang")))
    _selftest(
        command(
            "selftest",
            tr("try this installation in a folder that is thrown away"),
            tr("Your own profile is not touched. A server named with --server keeps the one customer of the test."),
        )
    )
    return top


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{3,4})x(\d{3,4})", text)
    if found is None:
        raise argparse.ArgumentTypeError(tr("write it as 1366x768"))
    return int(found[1]), int(found[2])


def _common(default: dict[str, Any]) -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    group = shared.add_argument_group(tr("common options (before or after the command)"))
    where = tr("the profile's folder (default: your own data folder)")
    group.add_argument("--profile", metavar="DIR", help=where, **({"default": ""} | default))
    group.add_argument(
        "--lang", choices=words.LANGUAGES, help=tr("language of messages and reports"), **({"default": ""} | default)
    )
    group.add_argument(
        "--json", action="store_true", help=tr("one JSON document on standard output"), **({"default": False} | default)
    )
    return shared


def _care(command: Any) -> None:
    init = command(
        "init",
        tr("make a profile for our firm"),
        tr("The keyring opens it where there is one; besides it needs a passphrase, a recovery key, or both."),
    )
    init.add_argument("--company", metavar="NAME", default="", help=tr("our firm's legal name"))
    init.add_argument("--tax-code", metavar="CODE", default="", help=tr("our tax code: tells sales from purchases"))
    init.add_argument(
        "--demo", metavar="small|large|N", type=_demo_size, help=tr("fill it with sample data: so many customers")
    )
    init.add_argument("--recovery-file", metavar="FILE", help=tr("write the recovery key into this new file (0600)"))
    doctor = command("doctor", tr("check data, keys, journal and backups, and say how to mend what is wrong"))
    doctor.add_argument("--deep", action="store_true", help=tr("check every page and compare every cached figure"))
    backup = command("backup", tr("a verified copy of the whole profile"))
    backup.add_argument("file", metavar="FILE")
    support = command(
        "support",
        tr("write what helps to find a fault into a ZIP file; nothing is sent"),
        tr("It holds the log, stacks of crashes, versions, counts and checks; no customers, amounts, names or keys."),
    )
    support.add_argument("file", metavar="FILE")
    parts = ("system", "counts", "checks", "settings", "log", "crashes")
    support.add_argument("--without", metavar="PART", action="append", choices=parts, default=[],
                         help=tr("leave this part out: {parts}", parts=", ".join(parts)))  # fmt: skip
    support.add_argument("--note", metavar="TEXT", default="", help=tr("what happened; it goes in as it is written"))
    support.add_argument("--preview", action="store_true", help=tr("show everything that would go in; write nothing"))
    restore = command("restore", tr("put a backup in place; what is there now is kept beside it"))
    restore.add_argument("file", metavar="FILE")


def _import(command: Any) -> None:
    bring = command(
        "import",
        tr("bring in tables (XLSX, CSV) and e-invoices (XML, ZIP, folders)"),
        tr("Rows that fail are reported and skipped; the rest is one step that “undo” takes back."),
    )
    bring.add_argument("files", metavar="FILE", nargs="+")
    kinds = ("accounts", "contacts", "products", "prices", "invoices", "receipts", "balances", "einvoices")
    words = tr("what the files hold, where the titles do not tell: {kinds}", kinds=", ".join(kinds))
    bring.add_argument("--as", dest="kind", metavar="KIND", choices=kinds, help=words)
    bring.add_argument("--dry-run", action="store_true", help=tr("say what would be done and change nothing"))
    bring.add_argument(
        "--open", dest="opening", metavar="all|since:DATE|list:FILE", help=tr("which of the invoices are still unpaid")
    )
    bring.add_argument("--rejects", metavar="FILE", help=tr("write the skipped rows into this workbook"))
    undo = command("undo", tr("take back the last step, or an import by its number"))
    undo.add_argument("step", metavar="IMPORT", nargs="?", type=int)


def _records(command: Any) -> None:
    load = command("load", tr("bring in records as lines of JSON, all or nothing"))
    load.add_argument("file", metavar="FILE", help=tr("a file, or - for standard input"))
    dump = command("dump", tr("write every record as a line of JSON"))
    dump.add_argument("--entity", metavar="E", default="", help=tr("only this kind of record"))
    schema = command("schema", tr("every kind of record with its fields"))
    schema.add_argument("entity", metavar="ENTITY", nargs="?", default="")
    show = command("show", tr("one record"))
    show.add_argument("entity", metavar="ENTITY")
    show.add_argument("id", metavar="ID")
    find = command("find", tr("search over everything, with accents or without"))
    find.add_argument("text", metavar="TEXT", nargs="+")
    find.add_argument("--limit", metavar="N", type=_positive, default=50, help=tr("at most so many hits"))
    export = command("export", tr("all records of a kind into a file: .xlsx, .csv or .json"))
    export.add_argument("kind", metavar="KIND")
    export.add_argument("file", metavar="FILE")


def _reports(report: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    names = report.add_subparsers(dest="report", metavar=tr("NAME"), title=tr("reports"), required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        made = names.add_parser(name, help=text, description=text, parents=[shared])
        made.add_argument("--as-of", metavar="DATE", type=_day, help=tr("at the end of this day (default: today)"))
        made.add_argument("--currency", metavar="C", default="VND", type=str.upper, help=tr("the currency (VND)"))
        made.add_argument("-o", "--output", metavar="FILE", help=tr("into a file: .xlsx or .csv"))
        return made

    add("ageing", tr("what every customer owes, by how long it is overdue"))
    pareto = add("pareto", tr("which few customers bring most of the business"))
    pareto.add_argument("--basis", choices=("revenue",), default="revenue", help=tr("the figure to rank by"))
    statement = add("statement", tr("what moved one customer's balance, with the balance after each movement"))
    statement.add_argument("account", metavar="ACCOUNT", help=tr("the customer's id"))
    dso = add("dso", tr("days of sales that customers still owe, by count-back and simple"))
    months = tr("months of the simple figure, the running one included (12)")
    dso.add_argument("--months", metavar="N", type=_positive, default=12, help=months)
    cei = add("cei", tr("how much of what could be collected in a period was collected"))
    promised = add("promises", tr("promises to pay whose day lies in a period, and the share of them kept"))
    promised.add_argument("--account", metavar="ID", default="", help=tr("only this customer"))
    for name in (pareto, statement, cei, promised):
        name.add_argument(
            "--from", dest="from_on", metavar="DATE", type=_day, help=tr("first day (default: 12 months)")
        )
        name.add_argument(
            "--to", dest="to_on", metavar="DATE", type=_day, help=tr("last day (default: the as-of date)")
        )
    work = add("worklist", tr("what to do about open money today, by what it brings"))
    work.add_argument("--account", metavar="ID", default="", help=tr("only this customer"))
    orders = ("benefit", "age", "amount")
    work.add_argument("--order", choices=orders, default="benefit", help=tr("what the lines are sorted by"))
    add("provision", tr("estimated provision for doubtful debts, by the table in force"))
    interest = add("interest", tr("interest for late payment, simple and provisional"))
    rate = tr("the rate a year in percent, such as 10 or 9.5 (default: by the firm's rules)")
    interest.add_argument("--percent", "--rate", metavar="P", type=_percent, help=rate)
    interest.add_argument("--account", metavar="ID", default="", help=tr("only this customer"))


def _server(command: Any) -> None:
    connect = command(
        "connect",
        tr("connect this profile to the shared server, or sign in again"),
        tr("The password comes from a prompt or from the file that KAM_PASSWORD_FILE names."),
    )
    connect.add_argument("server", metavar="URL")
    who = connect.add_mutually_exclusive_group(required=True)
    who.add_argument("--user", metavar="NAME", default="")
    who.add_argument("--browser", action="store_true", help=tr("sign in through the browser, with the firm's account"))
    connect.add_argument("--link", action="store_true", help=tr("make one of customers that both sides have"))
    command("disconnect", tr("sign out of the shared server; everything stays on this computer"))
    sync = command("sync", tr("send what waits and fetch what is new"))
    sync.add_argument("--watch", action="store_true", help=tr("go on until stopped"))
    sync.add_argument("--yes", action="store_true", help=tr("agree when the server takes many rows away"))
    command("status", tr("online?, changes waiting, what needs you, last sync"))


def _selftest(trial: argparse.ArgumentParser) -> None:
    trial.add_argument("--server", metavar="URL", help=tr("also connect to this server; a test server, best"))
    trial.add_argument("--user", metavar="NAME", help=tr("as this user; the password as for connect"))
    trial.add_argument("--window", action="store_true", help=tr("also show the window for a moment"))
    trial.add_argument("--pictures", metavar="DIR", help=tr("with --window: save its picture into DIR"))


def _document(paper: argparse.ArgumentParser) -> None:
    paper.add_argument(
        "kind",
        metavar="KIND",
        choices=("statement", "payment-request", "proposal"),
        help=tr("statement, payment-request or proposal"),
    )
    whose = tr("the customer of a statement; one or more invoices of a request; a proposal")
    paper.add_argument("ids", metavar="ID", nargs="+", help=whose)
    paper.add_argument("-o", "--output", metavar="FILE", required=True, help=tr("the PDF to write"))
    paper.add_argument("--both", action="store_true", help=tr("in Vietnamese and English at once"))
    paper.add_argument("--from", dest="from_on", metavar="DATE", type=_day, help=tr("first day (default: 12 months)"))
    paper.add_argument("--to", dest="to_on", metavar="DATE", type=_day, help=tr("last day (default: the as-of date)"))
    paper.add_argument("--as-of", metavar="DATE", type=_day, help=tr("at the end of this day (default: today)"))
    paper.add_argument("--currency", metavar="C", default="VND", type=str.upper, help=tr("the currency (VND)"))
    paper.add_argument("--number", metavar="TEXT", default="", help=tr("the paper's own number"))
    paper.add_argument("--place", metavar="TEXT", default="", help=tr("the place that stands before the date"))
    paper.add_argument("--contract", metavar="TEXT", default="", help=tr("the contract that a request rests on"))
    newest = tr("the version of a proposal by its id (default: the newest)")
    paper.add_argument("--version-id", metavar="ID", default="", help=newest)
    paper.add_argument("--own-template", action="store_true", help=tr("by the program's template, not by the firm's"))


def _day(text: str) -> date:
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(tr("a date is written YYYY-MM-DD")) from None


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) <= 10_000:
        raise argparse.ArgumentTypeError(tr("a whole number from 1 to {limit}", limit=10_000))
    return int(text)


def _percent(text: str) -> Decimal:
    if not re.fullmatch(r"-?[0-9]{1,4}(\.[0-9]{1,6})?", text):
        raise argparse.ArgumentTypeError(tr("a number such as 10 or 9.5"))
    return Decimal(text)


def _demo_size(text: str) -> int:
    sizes = {"small": -1, "large": -2}
    if text in sizes:
        return sizes[text]
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(tr("small, large, or a number of customers"))
    return int(text)


def excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The last net under a command: the traceback for a report, and status 4 instead of Python's 1."""
    sys.__excepthook__(kind, error, trace)
    if issubclass(kind, Exception):
        print(tr("This is our fault. Nothing that was saved is lost."), file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(OUR_FAULT)
