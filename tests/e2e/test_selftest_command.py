"""The command selftest: every step of an installation that works, and its exit status when not."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import pytest

from kam_desktop.cli import main as commands
from kam_desktop.cli import selftest_commands
from kam_desktop.cli.output import Output
from kam_desktop.cli.selftest_commands import Selftest
from kam_desktop.domain.errors import Refused, Unavailable
from tests.fakes import MemoryVault


class Keyring(MemoryVault):
    """A keyring of its own for each run, that can be closed."""

    def close(self) -> None:
        """Nothing to let go."""


def test_an_installation_that_works(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    keyring = Keyring()
    monkeypatch.setattr(selftest_commands, "Vault", lambda: keyring)

    def window(args: Namespace) -> int:
        Path(args.tour).mkdir()
        (Path(args.tour) / "today.png").write_bytes(b"picture")
        return 0

    assert commands.main(["selftest", "--window", "--json"], window) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] and [step["step"] for step in said["steps"]] == [
        "program", "profile", "import", "pdf", "keyring", "window",
    ]  # fmt: skip
    assert {step["state"] for step in said["steps"]} == {"ok"}, said


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (None, 0),
        (Unavailable("offline", "The server cannot be reached."), 3),
        (ImportError("no such module"), 4),
        (Refused([]), 4),
    ],
)
def test_what_fails_decides_the_exit_status(
    failure: Exception | None, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    args = Namespace(server="", user="", window=False, pictures=None)
    trial = Selftest(args, Output(True), lambda args: 0, tmp_path)

    def act() -> tuple[str, str]:
        if failure is not None:
            raise failure
        return "ok", ""

    for name in ("_program", "_profile", "_import", "_pdf"):
        monkeypatch.setattr(trial, name, act)

    def absent() -> tuple[str, str]:
        return "absent", "no keyring"

    monkeypatch.setattr(trial, "_keyring", absent)
    assert trial.run() == status
    assert [step["state"] for step in trial.steps][-1] == "absent", "a missing keyring is no fault, and is still said"


def test_a_server_is_tried_with_a_user(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["selftest", "--server", "https://example.invalid", "--json"], lambda args: 0) == 1
    assert json.loads(capsys.readouterr().out)["problems"][0]["code"] == "selftest_server"
