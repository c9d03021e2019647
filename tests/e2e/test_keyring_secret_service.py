"""The real Secret Service: gnome-keyring in a session of its own, failing at start and at unlock."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.secret_service_scenarios import PATIENCE_S

PROGRAMS = ("dbus-run-session", "gnome-keyring-daemon")

CODES = {
    "nothing wrong": {""},
    "locked, prompt dismissed": {"keyring_locked"},
    "wrong login password": {"keyring_locked", "keyring_not_ready"},
    "entry deleted": {"keyring_no_entry"},
    "value changed": {"keyring_changed"},
    "garbage": {"keyring_value"},
    "not even text": {"keyring_value"},
    "far too long": {"keyring_value"},
    "does not answer": {"keyring_slow"},
    "dies in the call": {"keyring_not_ready", "keyring_gone", "keyring_failed", "keyring_missing"},
    "dead, started again locked": {"keyring_locked", "keyring_not_ready", "keyring_missing"},
    "keyring turned off by the user": {"keyring_backend"},
    "no bus": {"keyring_missing"},
}
LOST = {"entry deleted", "value changed", "garbage", "not even text", "far too long"}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What each scenario came to; they run once, one after the other, in one session."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    assert not missing, f"{', '.join(missing)} not installed; `bash installer/dev.sh setup` installs it"
    home = tmp_path_factory.mktemp("home")
    (home / "run").mkdir(mode=0o700)
    hidden = {
        "PYTHON_KEYRING_BACKEND",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "DBUS_SESSION_BUS_ADDRESS",
        "GNOME_KEYRING_CONTROL",
    }
    environ = {name: value for name, value in os.environ.items() if name not in hidden and not name.startswith("XDG_")}
    environ |= {
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_RUNTIME_DIR": str(home / "run"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    done = subprocess.run(
        ["dbus-run-session", "--", sys.executable, "-m", "tests.e2e.secret_service_scenarios", str(home / "profile")],
        env=environ,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert found, f"no scenario ran: {done.stderr[-3000:]}"
    by_name = {outcome["scenario"]: outcome for outcome in found}
    by_name[""] = {"stderr": done.stderr}
    assert (home / ".local" / "share" / "keyrings" / "login.keyring").exists(), "the keyring was the real one"
    return by_name


def outcome(outcomes: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    assert name in outcomes, f"it did not come to this: {outcomes['']['stderr'][-3000:]}"
    return outcomes[name]


@pytest.mark.parametrize("moment", ["start", "unlock"])
@pytest.mark.parametrize("name", CODES)
def test_the_data_opens_whatever_the_keyring_does(outcomes: dict[str, dict[str, Any]], name: str, moment: str) -> None:
    came = outcome(outcomes, f"{name} at {moment}")
    assert came["opened"], came
    assert came["untouched"], "nothing is created, nothing changed"
    assert came["by"] == ("keyring" if name == "nothing wrong" else "recovery")
    assert came["code"] in CODES[name]
    assert came["reseal"] is (name in LOST)
    assert came["seconds"] < PATIENCE_S, "nothing but the keyring that hangs came near its deadline"


@pytest.mark.parametrize("moment", ["start", "unlock"])
@pytest.mark.parametrize("name", CODES)
def test_the_keyring_opens_again_when_it_is_mended(outcomes: dict[str, dict[str, Any]], name: str, moment: str) -> None:
    came = outcome(outcomes, f"{name} at {moment}, mended")
    assert (came["by"], came["opened"], came["untouched"]) == ("keyring", True, True)


def test_the_data_opens_when_the_bus_dies_in_the_call(outcomes: dict[str, dict[str, Any]]) -> None:
    came = outcome(outcomes, "the bus dies in the call")
    assert (came["by"], came["opened"], came["untouched"]) == ("recovery", True, True)
    assert came["code"].startswith("keyring_")
    assert came["seconds"] < PATIENCE_S
