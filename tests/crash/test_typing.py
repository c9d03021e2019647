"""kill -9 while somebody types, in small: the editor comes back, and the control is found out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "command", ["--times 5", "--times 4 --only receipt reminder rule price", "--times 1 --control"]
)
def test_what_was_typed_comes_back(command: str) -> None:
    arguments = [sys.executable, "-m", "tests.crash.typing", *command.split(), "--seed", "7"]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
