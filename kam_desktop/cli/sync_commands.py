"""Commands for the shared server: connect, disconnect, sync, status."""

from __future__ import annotations

import gc
import getpass
import os
import sys
import time
from argparse import Namespace
from pathlib import Path

from kam_desktop.cli.output import Output, said
from kam_desktop.cli.profile_opening import opened
from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.errors import Problem, SignedOut, Unavailable
from kam_desktop.language import tr, trn
from kam_desktop.store.joining import Match
from kam_desktop.store.passphrase import passphrase_in_file
from kam_desktop.sync.agent import Agent, Status
from kam_desktop.sync.engine import Report
from kam_desktop.vault import Vault

PASSWORD_FILE = "KAM_PASSWORD_FILE"
COLLECTED = 50_000, 20, 100
"""When garbage is looked for: by itself Python goes through a page of 5,000 rows again and again while it is read."""


def run(args: Namespace, output: Output) -> int:
    """Carries out one of this file's commands."""
    gc.freeze()  # nothing of the program itself is garbage
    gc.set_threshold(*COLLECTED)
    match args.command:
        case "connect":
            return _connect(args, output)
        case "disconnect":
            return _disconnect(args, output)
        case "sync":
            return _sync(args, output)
        case _:
            return _status(args, output)


def _connect(args: Namespace, output: Output) -> int:
    with opened(args, output, write=True) as found:
        agent = Agent(found.store, Vault(), SystemClock())
        linked: list[Match] = []

        def agree(matches: list[Match]) -> bool:
            linked[:] = matches
            for each in matches:
                output.say(tr("Both have it: {name} (tax code {code})", name=each.name, code=each.tax_code))
            if args.link or not matches or not sys.stdin.isatty():
                return bool(args.link)
            return input(tr("Make one of each pair? [y/N] ")).strip().lower() in ("y", "yes", "c", "có", "co")

        joined = agent.connect(
            args.server,
            args.user,
            "" if args.browser else password(),
            agree=agree,
            told=lambda done, whole: output.progress(tr("{done} of {whole} rows …", done=done, whole=whole)),
            browse=(lambda address: _browse(address, output)) if args.browser else None,
        )
        if joined is None:
            output.say(tr("Signed in again."))
        elif joined.matches:
            output.say(
                trn(
                    "{n} customer is on both sides and was not made one; connect with --link to do so.",
                    "{n} customers are on both sides and were not made one; connect with --link to do so.",
                    joined.matches,
                )
            )
        report = agent.sync()
        if output.json:
            document = {
                "pulled": (joined.pulled if joined else 0) + report.pulled,
                "linked": joined.linked if joined else 0,
                "not_linked": joined.matches if joined else 0,
                "pushed": report.pushed,
                "left": joined.left if joined else 0,
            }
            output.document(document | _document(agent.status()))
        else:
            _tell(report, output)
            _tell_status(agent.status(), output)
    return 0


def _browse(address: str, output: Output) -> None:
    import webbrowser

    output.say(tr("Sign in in the browser. If none opens, open this address: {address}", address=address))
    webbrowser.open(address)


def password() -> str:
    """From the file that KAM_PASSWORD_FILE names, which only its owner reads, else a prompt; never an argument."""
    place = os.environ.get(PASSWORD_FILE)
    return passphrase_in_file(Path(place)) if place else getpass.getpass(tr("Password: "))


def _disconnect(args: Namespace, output: Output) -> int:
    with opened(args, output, write=True) as found:
        agent = Agent(found.store, Vault(), SystemClock())
        agent.disconnect()
        if output.json:
            output.document(_document(agent.status()))
        else:
            output.say(tr("Signed out. Everything stays on this computer; waiting changes are kept."))
    return 0


def _sync(args: Namespace, output: Output) -> int:
    with opened(args, output, write=True) as found:
        agent = Agent(found.store, Vault(), SystemClock())
        while True:
            try:
                report = agent.sync(told=lambda report: _progress(report, output))
            except SignedOut:
                raise
            except Unavailable as failure:
                if not args.watch:
                    raise
                output.say(said(Problem("", failure.code, failure.message, failure.args_named)))
                time.sleep(agent.schedule.after_failure(_seconds(failure)))
                continue
            if report.braked and args.yes:
                report = agent.sync(told=lambda report: _progress(report, output), agreed=True)
            if not args.watch:
                break
            _tell(report, output)
            if (seen := _look_at_log(agent)) is not None:
                output.say(said(seen))
            agent.schedule.after_success()
            _wait(agent)
        noticed = _look_at_log(agent)
        status = agent.status()
        if output.json:
            output.document(
                {"pushed": report.pushed, "pulled": report.pulled, "to_author": report.to_author,
                 "merged": report.merged, "braked": report.braked} | _document(status)
            )  # fmt: skip
        else:
            _tell(report, output)
            _tell_status(status, output)
        if noticed is not None:
            output.say(said(noticed))
    if report.braked or noticed is not None:
        return 1
    return 0


def _look_at_log(agent: Agent) -> Problem | None:
    """What is wrong with the server's log of changes, as far as this computer can tell today."""
    try:
        return agent.look_at_log()
    except Unavailable:
        return None


def server_log(args: Namespace, output: Output) -> Problem | str | None:
    """What is wrong with the server's log, counted from its beginning; "" for nothing, None without a server."""
    with opened(args, output, write=False) as found:
        agent = Agent(found.store, Vault(), SystemClock())
        if not agent.connected:
            return None
        return agent.look_at_log(whole=True) or ""


def _wait(agent: Agent) -> None:
    """Until there is news; where no long poll is possible, for a while."""
    try:
        agent.wait()
    except Unavailable:
        time.sleep(agent.schedule.after_success())


def _status(args: Namespace, output: Output) -> int:
    with opened(args, output, write=False) as found:
        agent = Agent(found.store, Vault(), SystemClock())
        status = agent.status()
        online = None
        if status.connected:
            try:
                online = agent.reachable()
            except Unavailable as failure:
                online = False
                output.say(said(Problem("", failure.code, failure.message, failure.args_named)))
    if output.json:
        output.document(_document(status, online))
    else:
        _tell_status(status, output, online)
    return 0


def _document(status: Status, online: bool | None = True) -> dict[str, object]:
    standing = status.standing
    return {
        "online": bool(online) if status.connected else False,
        "waiting": status.counts.waiting,
        "needs_you": status.counts.needs_you,
        "conflicts": status.counts.conflicts,
        "last_sync": standing.last_sync or None,
        "workspace": standing.workspace or None,
        "epoch": standing.epoch if status.connected else None,
        "server": standing.server or None,
        "user": standing.user_name or None,
        "downloading": status.counts.downloading,
        "token": status.token_place or None,
    }


def _tell_status(status: Status, output: Output, online: bool | None = True) -> None:
    if not status.connected:
        output.line(tr("Not connected: everything stays on this computer."))
        return
    standing = status.standing
    output.line(tr("{server}, as {user}", server=standing.server, user=standing.user_name))
    output.line(tr("Online") if online else tr("Offline"))
    waiting, asks = status.counts.waiting, status.counts.needs_you
    output.line(trn("{n} change waits to be sent", "{n} changes wait to be sent", waiting))
    output.line(trn("{n} entry needs you", "{n} entries need you", asks))
    output.line(tr("Last sync: {at}", at=standing.last_sync or "–"))
    if status.token_place == "profile":
        output.line(tr("This computer has no usable keyring: the sign-in is kept in the encrypted profile."))


def _progress(report: Report, output: Output) -> None:
    output.progress(tr("{sent} sent, {received} received …", sent=report.pushed, received=report.pulled))


def _tell(report: Report, output: Output) -> None:
    output.say(tr("{sent} sent, {received} received", sent=report.pushed, received=report.pulled))
    if report.to_author:
        output.say(trn("{n} entry needs you", "{n} entries need you", report.to_author))
    if report.braked:
        output.say(
            trn(
                "The server would take {n} row away from this computer. Nothing was; “sync --yes” agrees.",
                "The server would take {n} rows away from this computer. Nothing was; “sync --yes” agrees.",
                report.braked,
            )
        )


def _seconds(failure: Unavailable) -> float | None:
    text = failure.args_named.get("retry_after_s", "")
    return float(text) if text.isdigit() else None
