"""The command kam-server: serve, migrate, users, teams, devices, invitation, backup, restore, doctor."""

from __future__ import annotations

import argparse
import gc
import getpass
import json
import logging
import os
import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kam_desktop import __version__, config
from kam_desktop import language as words
from kam_desktop.domain import invitation
from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.errors import Problem, Refused, Unavailable
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.policy import Policy
from kam_desktop.domain.text import clean
from kam_desktop.language import N_, tr
from kam_desktop.protocol import messages
from kam_desktop.server import (
    backup,
    check,
    devices,
    erasing,
    events,
    fence,
    lease,
    metrics,
    presets,
    provider,
    provider_commands,
    users,
    workspace,
)
from kam_desktop.server.admission import Limits
from kam_desktop.server.database import Again, Connection, Database
from kam_desktop.server.patience import Patience
from kam_desktop.server.settings import DATABASE, LISTEN, METRICS, Settings, make_folder, measured_at, settings

DONE, REFUSED, USAGE, UNAVAILABLE, OUR_FAULT = 0, 1, 2, 3, 4
CONNECTIONS = 20
"""More of them make a database no faster, and PostgreSQL has 100 for all processes as it is installed."""
PASSWORD_FILE = "KAM_PASSWORD_FILE"
_OTHERS = 0o077


def main(argv: Sequence[str] | None = None) -> int:
    """Answers one command line; returns the exit status (see DONE … OUR_FAULT)."""
    args = parser().parse_args(argv)
    words.use(args.lang)
    try:
        return int(args.run(args, settings(args.database, getattr(args, "listen", None))))
    except Refused as refused:
        for problem in refused.problems:
            print(tr(problem.message, **problem.args), file=sys.stderr)
        return REFUSED
    except messages.Problem as problem:
        print(tr(problem.message, **{name: str(value) for name, value in problem.args_named.items()}), file=sys.stderr)
        return UNAVAILABLE if problem.status >= 500 else REFUSED
    except Unavailable as failure:
        print(tr(failure.message, **failure.args_named), file=sys.stderr)
        return UNAVAILABLE
    except Again:
        print(tr("The database is busy. Do it again."), file=sys.stderr)
        return UNAVAILABLE


def parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--database", metavar="URL", help=f"sqlite:///PATH or postgresql+psycopg://…; else {DATABASE}")
    common.add_argument("--lang", choices=("vi", "en"), default="en")
    common.add_argument("--json", action="store_true", help="one JSON document on standard output")
    top = argparse.ArgumentParser(prog="kam-server", description="The shared server of KAM Desktop.")
    top.add_argument("--version", action="version", version=f"kam-server {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, about: str, run: Callable[[argparse.Namespace, Settings], int]) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, parents=[common])
        made.set_defaults(run=run)
        return made

    serve = command("serve", "serves until it is stopped", _serve)
    serve.add_argument("--listen", metavar="HOST:PORT", help=f"else {LISTEN}, else 127.0.0.1:8787")
    serve.add_argument(
        "--connections",
        type=_some,
        default=CONNECTIONS,
        metavar="N",
        help=f"to the database, at most; else {CONNECTIONS}",
    )
    serve.add_argument(
        "--metrics",
        metavar="HOST:PORT",
        help=f"figures for Prometheus, on an address of their own; else {METRICS}",
    )
    command("migrate", "makes the workspace, or brings its tables to this version", _migrate)
    command("doctor", "checks the database and says how to mend it", _doctor)
    made = command("backup", "makes a backup, read back whole before it says so; while it serves too", _backup)
    made.add_argument("file", metavar="FILE|FOLDER", help="a new file, or a folder for one")
    restore = command("restore", "puts a backup there, or says what a database is that was set back", _restore)
    restore.add_argument("file", metavar="FILE", nargs="?", help="a backup; the server must be stopped")
    restore.add_argument("--replace", action="store_true", help="replaces what is there, after a backup of it")
    restore.add_argument("--as", dest="as_", choices=("production", "copy"), required=True)
    user = command("user", "users with built-in accounts", _user)
    user.add_argument("deed", choices=("add", "list", "disable", "enable", "password", "role"))
    user.add_argument("name", nargs="?", default="")
    user.add_argument("--role", default="")
    user.add_argument("--team", default="")
    user.add_argument("--full-name", default="")
    team = command("team", "teams and who leads them", _team)
    team.add_argument("deed", choices=("add", "list", "lead", "join", "leave"))
    team.add_argument("name", nargs="?", default="", help="the team")
    team.add_argument("--user", default="", help="who leads, joins or leaves")
    device = command("device", "laptops", _device)
    device.add_argument("deed", choices=("list", "revoke", "lease", "events"))
    device.add_argument("name", nargs="?", default="", help="a laptop's id, or its beginning; of lease: days, 1 to 365")
    provider_commands.options(command("provider", "signing in through the browser (OpenID Connect)", _provider))
    erase = command("erase-person", "erases a contact or a former colleague for good: rows, log, verdicts", _erase)
    erase.add_argument("id", metavar="ID", help="of the contact or person, as “kam-desktop find” tells it")
    erase.add_argument("--talks", action="store_true", help="also the words of talks, occasions, promises, reminders")
    invite = command("invitation", "writes the file (.kamx) by which a laptop finds us; no secret", _invitation)
    invite.add_argument("file", metavar="FILE", help="a new file, such as acme.kamx")
    invite.add_argument("--address", metavar="URL", required=True, help="https://… as laptops reach this server")
    invite.add_argument("--name", default="", help="of the firm; else as it stands in the workspace")
    invite.add_argument("--user", default="", help="a hint for whom it is: their name to sign in with")
    return top


def _some(text: str) -> int:
    """A number of connections: two at least, one of which may hear the news."""
    if not text.isdecimal() or not 2 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(text)
    return int(text)


def _database(found: Settings, most: int = 0) -> Database:
    make_folder(found.database)
    return Database(found.database, most)


def policy() -> Policy:
    """The policy that this server keeps."""
    return Policy.read((config.resources() / "policy.toml").read_text("utf-8"))


def _ready(found: Settings) -> Database:
    """The database with its workspace made. Raises Refused where `migrate` was never done."""
    database = _database(found)
    with database.read() as connection:
        if not workspace.exists(connection):
            message = N_("There is no workspace in {place} yet. Make one with “kam-server migrate”.")
            raise Refused(Problem("database", "no_workspace", message, {"place": found.place}))
    return database


def _serve(args: argparse.Namespace, found: Settings) -> int:
    import uvicorn

    from kam_desktop.server.main import create_app

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    clock = SystemClock()
    limits, told = Limits.of(), measured_at(args.metrics)
    make_folder(found.database)
    database = Database(found.database, args.connections, Patience.serving())
    with database.write() as connection:
        made = _made(connection)
    print(f"kam-server {__version__}, workspace {made.id}, {found.place}", file=sys.stderr)
    app = create_app(database, policy(), clock, RandomIds(clock), limits)
    port = _port(app.metrics, told)
    gc.freeze()  # nothing of the program itself is garbage, and a push of 5,000 changes is gone through less often
    gc.set_threshold(50_000, 20, 100)
    uvicorn.run(app, host=found.host, port=found.port, log_level="warning", access_log=False, server_header=False,
                timeout_graceful_shutdown=5)  # fmt: skip
    if port is not None:
        port.close()
    database.close()
    return DONE


def _port(found: metrics.Metrics, address: tuple[str, int] | None) -> metrics.Port | None:
    """Where the figures are read. Raises Refused where somebody else listens there."""
    try:
        return metrics.Port(found, *address) if address is not None else None
    except OSError as error:
        message = N_("The address for the figures is taken, or none of this machine.")
        raise Refused(Problem("metrics", "not_listening", message)) from error


def _made(connection: Connection) -> workspace.Workspace:
    """The workspace with its tables and presets, made where they are missing."""
    clock = SystemClock()
    made = workspace.create(connection, RandomIds(clock), clock)
    fence.put_up(connection, policy())
    if made.state == workspace.OPEN:
        presets.ensure(connection, policy=policy(), clock=clock, ids=RandomIds(clock))
    return workspace.read(connection)


def _migrate(args: argparse.Namespace, found: Settings) -> int:
    with _database(found).write() as connection:
        made = _made(connection)
    _tell(args, {"workspace": made.id, "epoch": made.epoch, "schema": made.schema})
    return DONE


def _doctor(args: argparse.Namespace, found: Settings) -> int:
    with _ready(found).read() as connection:
        problems = check.problems(connection)
    _tell(args, {"ok": not problems, "problems": problems})
    return REFUSED if problems else DONE


def _backup(args: argparse.Namespace, found: Settings) -> int:
    made = backup.make(_ready(found), Path(args.file), SystemClock())
    _tell(args, {"file": str(made.path), "workspace": made.workspace, "epoch": made.epoch, "seq": made.seq,
                 "bytes": made.size, "rows": sum(made.tables.values())})  # fmt: skip
    return DONE


def _restore(args: argparse.Namespace, found: Settings) -> int:
    clock = SystemClock()
    if args.file:
        done = backup.restore(
            _database(found), Path(args.file), args.as_, clock, RandomIds(clock), replace=args.replace
        )
        _tell(args, {"workspace": done.workspace.id, "epoch": done.workspace.epoch, "made_at": done.backup.made_at,
                     "before": str(done.before or "")})  # fmt: skip
        return DONE
    with _ready(found).write() as connection:
        made = workspace.restore(connection, args.as_, clock, RandomIds(clock))
    _tell(args, {"workspace": made.id, "epoch": made.epoch})
    return DONE


def _user(args: argparse.Namespace, found: Settings) -> int:
    clock = SystemClock()
    with _ready(found).write() as connection:
        if args.deed == "add":
            identity = users.add(
                connection, args.name, args.role, password(), full_name=args.full_name, team=args.team,
                policy=policy(), clock=clock, ids=RandomIds(clock),
            )  # fmt: skip
            _tell(args, {"user": identity})
        elif args.deed in ("disable", "enable"):
            users.disable(connection, args.name, args.deed == "disable")
        elif args.deed == "password":
            users.set_password(connection, args.name, password())
        elif args.deed == "role":
            users.set_role(connection, args.name, args.role, policy())
        else:
            rows = [
                {"id": each.id, "name": each.name, "role": each.role, "team": each.team, "disabled": each.disabled,
                 "devices": each.devices}
                for each in users.listed(connection)
            ]  # fmt: skip
            _tell(args, {"users": rows})
    return DONE


def _team(args: argparse.Namespace, found: Settings) -> int:
    with _ready(found).write() as connection:
        if args.deed == "add":
            _tell(args, {"team": users.add_team(connection, args.name, args.user, RandomIds(SystemClock()))})
        elif args.deed == "lead":
            users.set_lead(connection, args.name, args.user)
        elif args.deed in ("join", "leave"):
            users.join(connection, args.user, args.name if args.deed == "join" else "")
        else:
            rows = [{"name": name, "lead": lead, "members": members} for name, lead, members in users.teams(connection)]
            _tell(args, {"teams": rows})
    return DONE


def _device(args: argparse.Namespace, found: Settings) -> int:
    with _ready(found).write() as connection:
        if args.deed == "revoke":
            devices.revoke(connection, args.name, SystemClock())
        elif args.deed == "lease":
            if args.name:
                lease.set_days(connection, int(args.name) if args.name.isdecimal() else 0, SystemClock())
            _tell(args, {"lease_days": lease.days(connection)})
        elif args.deed == "events":
            _tell(args, {"events": events.listed(connection)})
        else:
            _tell(args, {"devices": devices.listed(connection)})
    return DONE


def _provider(args: argparse.Namespace, found: Settings) -> int:
    _tell(args, provider_commands.done(args, _ready(found), policy()))
    return DONE


def _erase(args: argparse.Namespace, found: Settings) -> int:
    clock, database = SystemClock(), _ready(found)
    with database.write() as connection:
        done = erasing.erase(connection, args.id, clock=clock, ids=RandomIds(clock), talks=args.talks)
    database.sweep()
    mentions = [{"entity": entity, "id": identity} for entity, identity in done.mentions]
    _tell(args, {"records": len(done.records), "payloads": done.payloads, "verdicts": done.verdicts,
                 "mentions": mentions})  # fmt: skip
    return DONE


def _invitation(args: argparse.Namespace, found: Settings) -> int:
    address = invitation.checked_server(args.address)
    with _ready(found).read() as connection:
        made = workspace.read(connection)
        row = connection.one("select legal_name from firm where _deleted_seq is null") if not args.name else None
        known = {each.name: each.team for each in users.listed(connection)} if args.user else {}
        offered = provider.read(connection)
    if args.user and args.user not in known:
        raise Refused(Problem("user", "no_user", N_("There is no user {name}."), {"name": args.user}))
    name = clean(args.name or (str(row[0]) if row and row[0] else ""))[: invitation.LONGEST]
    told = invitation.Invitation(address, made.id, name, args.user, known.get(args.user) or "",
                                 offered.name if offered is not None else "")  # fmt: skip
    path = Path(args.file)
    try:
        with path.open("xb") as stream:
            stream.write(invitation.written(told))
    except OSError as error:
        message = N_("{path} cannot be written, or is there already.")
        raise Refused(Problem("file", "not_written", message, {"path": args.file})) from error
    _tell(args, {"file": str(path), "server": told.server, "workspace": told.workspace, "name": told.name})
    return DONE


def password() -> str:
    """A password from the file that KAM_PASSWORD_FILE names, which only its owner may read, else from a prompt.

    Raises Refused; a password never comes from an argument, where every process of the machine could read it.
    """
    place = os.environ.get(PASSWORD_FILE)
    if not place:
        if not sys.stdin.isatty():
            message = N_("There is nobody to ask for the password; name a file in KAM_PASSWORD_FILE.")
            raise Refused(Problem("password", "no_prompt", message))
        return getpass.getpass(tr("Password: "))
    path = Path(place)
    try:
        about = path.stat()
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = N_("{path} cannot be read.")
        raise Refused(Problem("password", "password_file", message, {"path": place})) from error
    if os.name == "posix" and (not stat.S_ISREG(about.st_mode) or about.st_mode & _OTHERS):
        message = N_("Others may read {path}. A password file belongs to you and has mode 0600.")
        raise Refused(Problem("password", "password_file_open", message, {"path": place}))
    return text.removesuffix("\n").removesuffix("\r")


def _tell(args: argparse.Namespace, value: dict[str, Any]) -> None:
    if args.json:
        print(json.dumps(value, ensure_ascii=False))
        return
    for name, found in value.items():
        if isinstance(found, list):
            for row in found:
                print("  ".join(str(each) for each in row.values()) if isinstance(row, dict) else row)
        else:
            print(f"{name}: {found}")


if __name__ == "__main__":
    sys.exit(main())
