"""The command selftest: whether an installed program works, tried in a folder that is thrown away."""

from __future__ import annotations

import contextlib
import gc
import os
import platform
import secrets
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from kam_desktop import config, formats, language
from kam_desktop.cli import sync_commands
from kam_desktop.cli.output import Output, said
from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.entities import Account
from kam_desktop.domain.errors import Broken, Problem, Refused, Unavailable
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.query import Query
from kam_desktop.language import N_, tr, trn
from kam_desktop.services import profile as profiles
from kam_desktop.store.unlock import PASSPHRASE_FILE
from kam_desktop.vault import Vault

OK, ABSENT, FAILED = "ok", "absent", "failed"
_DONE, _UNAVAILABLE, _OUR_FAULT = 0, 3, 4
_CUSTOMER = "Công ty Cổ phần Tự Kiểm Tra"
_ENCODINGS = ("cp1258", "utf_16", "cp437")
"""Of foreign files; a trimmed runtime could lack them."""

_PART_MISSING = Broken, OSError, ImportError, LookupError, AttributeError, ValueError, TypeError, RuntimeError
"""A part that was not packed shows as any of these; the steps after it still tell more."""

Window = Callable[[Namespace], int]


class Selftest:
    """The steps of one run, in order, on one throw-away profile.

    Attributes:
        steps: what was tried so far: its name, OK, ABSENT or FAILED, seconds, what was seen.
        unavailable: whether what failed was only something out of reach: a server, a disk.
    """

    def __init__(self, args: Namespace, output: Output, window: Window, folder: Path) -> None:
        self._args, self._output, self._window, self._folder = args, output, window, folder
        self._clock = SystemClock()
        self._passphrase = secrets.token_urlsafe(24)
        self._opened: profiles.OpenProfile | None = None
        self.steps: list[dict[str, object]] = []
        self.unavailable = True

    def run(self) -> int:
        """Every step that was asked for; one that fails does not keep the next from being tried."""
        steps = [
            ("program", tr("program"), self._program),
            ("profile", tr("profile"), self._profile),
            ("import", tr("import"), self._import),
            ("pdf", tr("PDF"), self._pdf),
            ("keyring", tr("keyring"), self._keyring),
        ]
        if self._args.server:
            steps.append(("sync", tr("server"), self._sync))
        try:
            for name, title, act in steps:
                self._step(name, title, act)
        finally:
            if self._opened is not None:
                self._opened.close()
        if self._args.window:
            self._step("window", tr("window"), self._show)
        failed = [step for step in self.steps if step["state"] == FAILED]
        if self._output.json:
            self._output.document({"ok": not failed, "version": config.VERSION, "steps": self.steps})
        elif not failed:
            self._output.line(tr("This installation works."))
        if not failed:
            return _DONE
        return _UNAVAILABLE if self.unavailable else _OUR_FAULT

    def _step(self, name: str, title: str, act: Callable[[], tuple[str, str]]) -> None:
        begun = self._clock.monotonic()
        try:
            state, note = act()
        except Refused as refused:
            self.unavailable = False
            state, note = FAILED, "; ".join(said(problem) for problem in refused.problems)
        except Unavailable as failure:
            state, note = FAILED, said(Problem("", failure.code, failure.message, failure.args_named))
        except _PART_MISSING as error:
            self.unavailable = False
            state, note = FAILED, f"{type(error).__name__}: {error}"
        seconds = round(self._clock.monotonic() - begun, 2)
        self.steps.append({"step": name, "state": state, "seconds": seconds, "note": note})
        word = {OK: tr("works"), ABSENT: tr("none"), FAILED: tr("FAILED")}[state]
        speak = self._output.say if self._output.json else self._output.line
        speak(f"{title}: {word} ({formats.number(Decimal(str(seconds)), 2)} s) – {note}")

    # The steps. Each gives its state and what a person may want to know.

    def _program(self) -> tuple[str, str]:
        for name in _ENCODINGS:
            "a".encode(name)
        resources = config.resources()
        missing = [name for name in ("icons", "fonts", "templates", "translations") if not (resources / name).is_dir()]
        if missing:
            raise Broken(f"no resources: {', '.join(missing)}")
        note = f"{config.VERSION}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
        return OK, note

    def _profile(self) -> tuple[str, str]:
        folder, ids = self._folder / "profile", RandomIds(self._clock)
        made = profiles.create_profile(folder, self._clock, ids, None, passphrase=self._passphrase)
        with made:
            profiles.set_up(made.store, "Công ty TNHH Đại Lý Mẫu", "0100109106")
        for file in folder.glob("data.kam*"):
            if b"SQLite format 3" in file.read_bytes()[:64]:
                raise Broken("the data file is not encrypted")

        def source(refused: Refused | None) -> str | None:
            return self._passphrase if refused is None else None

        self._opened = profiles.open_profile(folder, self._clock, ids, None, passphrase_source=source)
        return OK, tr("made, closed and opened again")

    def _here(self) -> profiles.OpenProfile:
        if self._opened is None:
            raise Broken("there is no profile to try it with")
        return self._opened

    def _import(self) -> tuple[str, str]:
        from kam_desktop.transfer import exporter, importer

        file, store = self._folder / "khách hàng.xlsx", self._here().store
        exporter.write_table(file, ["Tên khách hàng", "Mã số thuế"], [[_CUSTOMER, "0301234567"]])
        sources = importer.read([file])
        with store.reader() as reader:
            planned = importer.plan(reader, sources, "accounts")
        with store.edit(N_("Import {files}"), kind="import", files=file.name) as uow:
            importer.apply(uow, planned)
        with store.reader() as reader:
            names = [each.name for each in reader.page(Query("account"), 10) if isinstance(each, Account)]
        if names != [_CUSTOMER]:
            raise Broken(f"the import brought {len(names)} customers")
        return OK, trn("{n} customer from a workbook", "{n} customers from a workbook", len(names))

    def _pdf(self) -> tuple[str, str]:
        from kam_desktop.documents import renderer, statement

        today = self._clock.today()
        with self._here().store.reader() as reader:
            account = reader.ids(Query("account"))[0]
            made = statement.statement(reader, account, today.replace(month=1, day=1), today)
        content = renderer.pdf(statement.paper(made, "vi+en"), own=True, time_s=60)
        if not content.startswith(b"%PDF-"):
            raise Broken("what was set is no PDF")
        return OK, tr("a statement of {n} bytes", n=len(content))

    def _keyring(self) -> tuple[str, str]:
        vault, name, secret = Vault(), f"selftest-{secrets.token_hex(8)}", secrets.token_urlsafe(32)
        try:
            vault.write(name, secret)
            kept = vault.read(name)
            vault.delete(name)
            left = vault.read(name)
        except Unavailable as failure:
            # No fault of the installation: a passphrase opens the profile then.
            return ABSENT, said(Problem("", failure.code, failure.message, failure.args_named))
        finally:
            vault.close()
        if kept != secret or left is not None:
            raise Broken("the keyring gave back something else than it was given")
        return OK, tr("kept a secret, gave it back, forgot it")

    def _sync(self) -> tuple[str, str]:
        from kam_desktop.sync.agent import Agent

        password = sync_commands.password()
        agent = Agent(self._here().store, Vault(), self._clock)
        try:
            agent.connect(self._args.server, self._args.user, password, agree=lambda matches: False)
            report = agent.sync()
            waiting = agent.status().counts.waiting
        finally:
            with contextlib.suppress(Unavailable):
                agent.disconnect()
        if waiting:
            raise Broken(f"{waiting} changes still wait")
        return OK, tr("{sent} sent, {received} received", sent=report.pushed, received=report.pulled)

    def _show(self) -> tuple[str, str]:
        """The window on sample data until it is at rest, in the language of the command."""
        pictures = self._folder / "window"
        wishes = {"only": ["today", language.current(), "light"], "size": (1366, 768), "zoom": 100}
        status = self._window(Namespace(**{**vars(self._args), "command": None, "tour": str(pictures), **wishes}))
        count = len(list(pictures.glob("*.png")))
        if status or not count:
            raise Broken("the window failed, or did not come to rest")
        if self._args.pictures:
            kept = Path(self._args.pictures)
            kept.mkdir(parents=True, exist_ok=True)
            for each in pictures.glob("*.png"):
                (kept / each.name).write_bytes(each.read_bytes())
        return OK, tr("shown and closed")


@contextlib.contextmanager
def _throw_away() -> Iterator[Path]:
    # What a scanner still holds open on Windows stays behind in the folder for temporary files: no failure of ours.
    with tempfile.TemporaryDirectory(prefix="kam-selftest-", ignore_cleanup_errors=True) as folder:
        yield Path(folder).resolve()
        gc.collect()


def run(args: Namespace, output: Output, window: Window) -> int:
    """Tries everything that was asked for. 0 when all works, 3 when something is out of reach, 4 when a part fails."""
    if bool(args.server) != bool(args.user):
        raise Refused(Problem("server", "selftest_server", N_("A server is tried with --server and --user together.")))
    # The passphrase of the user's own profile is not that of the one made here.
    kept = os.environ.pop(PASSPHRASE_FILE, None)
    try:
        with _throw_away() as folder:
            return Selftest(args, output, window, folder).run()
    finally:
        if kept is not None:
            os.environ[PASSPHRASE_FILE] = kept
