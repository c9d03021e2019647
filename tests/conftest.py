"""What every test shares: derandomised random tests in CI, and no unexpected warning in our log."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.patience import PatientBot, let_go_of_the_keys

# How slow examples are made says how busy the machine is; so no test is judged by that, nor by a deadline.
# In CI the same examples each time and no shrinking: a red run is repeatable, and its time is known.
settings.register_profile(
    "ci",
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=(HealthCheck.too_slow,),
)
settings.register_profile("desk", deadline=None, suppress_health_check=(HealthCheck.too_slow,))
settings.load_profile("ci" if os.environ.get("CI") else "desk")

# A test never reaches the keyring or the profile of whoever runs it; one that wants a keyring brings its own.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
_home = tempfile.TemporaryDirectory(prefix="kam-test-home-")
os.environ["XDG_DATA_HOME"] = os.environ["XDG_CONFIG_HOME"] = _home.name
for name in ("KAM_PASSPHRASE_FILE", "KAM_PASSWORD_FILE"):
    os.environ.pop(name, None)


class _Warnings(logging.Handler):
    """Keeps the warnings and errors that our own code logs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record; what it means is decided after the test."""
        self.records.append(record)


@pytest.fixture(autouse=True)
def no_unexpected_warning_in_our_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that made our code log a warning, unless it is marked `expects_log`."""
    ours = logging.getLogger("kam_desktop")
    kept = _Warnings()
    ours.addHandler(kept)
    yield
    ours.removeHandler(kept)
    if kept.records and request.node.get_closest_marker("expects_log") is None:
        said = "\n".join(f"{record.levelname} {record.name}: {record.getMessage()}" for record in kept.records)
        pytest.fail(f"unexpected in our log:\n{said}", pytrace=False)


@pytest.fixture
def qtbot(qapp: Any, request: pytest.FixtureRequest) -> PatientBot:
    """In place of pytest-qt's: patient, and no key is down from the test before."""
    let_go_of_the_keys()
    return PatientBot(request)
