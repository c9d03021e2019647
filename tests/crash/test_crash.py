"""The crash proofs in small, and that each finds a store which is not safe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "command",
    [
        "power_loss --states 70",
        "power_loss --states 30 --flow save --synchronous NORMAL",
        "power_loss --states 20 --flow save --synchronous NORMAL --with-journal",
        "power_loss --states 40 --flow backup --without folder-sync",
        "sigkill --points 14",
        "sigkill --points 6 --flow save --control",
        "disk_full --sizes 1",
        "disk_full --sizes 1 --control",
        "journal_faults --rounds 1",
        "journal_faults --rounds 1 --flow save --control",
    ],
)
def test_proof(command: str) -> None:
    name, *arguments = command.split()
    done = subprocess.run(
        [sys.executable, "-m", f"tests.crash.{name}", *arguments, "--seed", "7"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
