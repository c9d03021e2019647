"""Opens and makes profiles for commands: keyring, passphrase file, then a prompt; secrets never shown."""

from __future__ import annotations

import contextlib
import getpass
import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from kam_desktop import config
from kam_desktop.cli.output import Output, said
from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.ids import RandomIds
from kam_desktop.language import N_, tr
from kam_desktop.services import backup, profile
from kam_desktop.services.profile import OpenProfile
from kam_desktop.vault import Vault

_WITHOUT_LEASE = ("connect", "disconnect", "sync", "status", "doctor", "backup", "restore")
"""Commands that show no data: they are there to sign in again, or to look after the files."""


def folder_of(args: Namespace) -> Path:
    """The profile's folder: --profile, else the per-user data folder."""
    return Path(args.profile).expanduser() if args.profile else config.profile_dir()


@contextlib.contextmanager
def opened(args: Namespace, output: Output, *, write: bool) -> Iterator[OpenProfile]:
    """The profile, open for this command, closed at its end. A writing one holds the profile's lock."""
    clock = SystemClock()
    asks = sys.stdin.isatty()
    found = profile.open_profile(
        folder_of(args),
        clock,
        RandomIds(clock),
        Vault(),
        write=write,
        passphrase_source=_ask_passphrase if asks else None,
        recovery_source=_ask_recovery if asks else None,
        program=f"kam-desktop {args.command}",
    )
    with found:
        for note in found.notes:
            if write or note.where != "keyring":
                output.say(said(note))
        if args.command not in _WITHOUT_LEASE:
            found.check_lease(clock.now())
        yield found


def restored(args: Namespace) -> backup.Restored:
    """Puts the backup that was named in the place of the profile."""
    clock = SystemClock()
    asks = sys.stdin.isatty()
    return backup.put_back(
        folder_of(args),
        Path(args.file),
        clock,
        RandomIds(clock),
        Vault(),
        passphrase_source=_ask_passphrase if asks else None,
        recovery_source=_ask_recovery if asks else None,
        program="kam-desktop restore",
    )


def made(args: Namespace, output: Output) -> OpenProfile:
    """A new profile, its ways in set up: keyring where it works, passphrase, recovery key into its file."""
    clock = SystemClock()
    recovery = profile.RecoveryKey.new() if args.recovery_file else None
    if args.recovery_file and Path(args.recovery_file).exists():
        message = N_("{path} exists already; name a new file.")
        raise Refused(Problem("recovery_file", "file_exists", message, {"path": args.recovery_file}))
    passphrase = _new_passphrase()
    if passphrase is None and recovery is None:
        message = N_(
            "A new profile needs a way back in: name a file with a passphrase in KAM_PASSPHRASE_FILE, "
            "or a file for the recovery key with --recovery-file."
        )
        raise Refused(Problem("profile", "no_way_back", message))
    found = profile.create_profile(
        folder_of(args),
        clock,
        RandomIds(clock),
        Vault(),
        passphrase=passphrase,
        recovery=recovery,
        program="kam-desktop init",
    )
    if recovery is not None:
        try:
            recovery.write_file(Path(args.recovery_file), note=tr("Recovery key of KAM Desktop. Keep it on paper."))
        except BaseException:
            profile.discard(found)
            raise
        message = N_("The recovery key is in {path}. Print it or write it down, then delete the file.")
        output.say(tr(message, path=args.recovery_file))
    return found


def _new_passphrase() -> str | None:
    path = os.environ.get(profile.PASSPHRASE_FILE)
    if path:
        return profile.passphrase_in_file(Path(path))
    if not sys.stdin.isatty():
        return None

    def ask(turn: int) -> str:
        first = tr("New passphrase, at least 12 characters (empty for none): ")
        return getpass.getpass(first if turn == 1 else tr("Once more: "))

    return profile.answer_twice(ask) or None


def _ask_passphrase(refused: Refused | None) -> str | None:
    return _asked(refused, tr("Passphrase (empty for the recovery key): "))


def _ask_recovery(refused: Refused | None) -> str | None:
    return _asked(refused, tr("Recovery key: "))


def _asked(refused: Refused | None, prompt: str) -> str | None:
    for problem in refused.problems if refused else ():
        print(said(problem), file=sys.stderr)
    return getpass.getpass(prompt) or None
