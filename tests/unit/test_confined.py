"""The child process that reads foreign files: limits on memory, time and files, and clear refusals."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from kam_desktop import confined
from kam_desktop.domain.errors import Broken, Refused

pytestmark = pytest.mark.usefixtures("targets_allowed")


@pytest.fixture
def targets_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    names = (
        "echo",
        "forever",
        "asleep",
        "greedy",
        "aborts",
        "refuses",
        "broken",
        "nested",
        "reaches_out",
        "environment",
    )
    monkeypatch.setattr(confined, "ALLOWED", tuple(task(name) for name in names))


def task(name: str) -> confined.Confined:
    return confined.Confined(f"tests.unit.confined_targets:{name}", preload=("socket",))


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [problem.code for problem in refused.value.problems]


def test_inputs_go_in_and_the_answer_comes_out(tmp_path: Path) -> None:
    file = tmp_path / "đặng.bin"
    file.write_bytes(b"x" * 3_000_000)
    answer = confined.run(task("echo"), [file, b"yy", b""], {"word": "Đặng"})
    assert answer == {"sizes": [3_000_000, 2, 0], "first": "x", "args": {"word": "Đặng"}}


def test_only_named_functions_run() -> None:
    with pytest.raises(Broken):
        confined.run(confined.Confined("os:getcwd"), [])


@pytest.mark.parametrize("name", ["forever", "asleep"])
def test_time_is_limited(name: str) -> None:
    started = time.monotonic()
    with pytest.raises(Refused) as refused:
        confined.run(task(name), [], time_s=0.5)
    assert codes(refused) == ["too_slow"]
    assert time.monotonic() - started < 5


def test_memory_is_limited() -> None:
    assert confined.run(task("greedy"), [], {"bytes": 50_000_000}) == 50_000_000
    with pytest.raises(Refused) as refused:
        confined.run(task("greedy"), [], {"bytes": 600 * 1024 * 1024})
    assert codes(refused) == ["too_much_memory"]


def test_cancelling_ends_the_child_at_once() -> None:
    asked: list[float] = []

    def cancelled() -> bool:
        asked.append(time.monotonic())
        return len(asked) > 3

    started = time.monotonic()
    with pytest.raises(Refused) as refused:
        confined.run(task("asleep"), [], cancelled=cancelled)
    assert codes(refused) == ["cancelled"]
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(("name", "code"), [("aborts", "crashed"), ("refuses", "odd"), ("nested", "nested")])
def test_ends_of_the_child_become_sentences(name: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        confined.run(task(name), [])
    assert codes(refused) == [code]


def test_a_refusal_keeps_its_words() -> None:
    with pytest.raises(Refused, match="Row 7 is odd"):
        confined.run(task("refuses"), [])


def test_a_fault_of_ours_names_the_place_and_not_the_content() -> None:
    with pytest.raises(Broken) as broken:
        confined.run(task("broken"), [])
    assert "KeyError" in str(broken.value)
    assert "confined_targets.py" in str(broken.value)
    assert "content of the file" not in str(broken.value)


def test_no_file_and_no_socket_can_be_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    ways: dict[str, Any] = {"file": str(secret), "target": str(tmp_path / "new.txt")}
    assert confined.run(task("reaches_out"), [], ways) == []
    assert not (tmp_path / "new.txt").exists()


def test_the_environment_stays_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAM_PASSPHRASE_FILE", "somewhere")
    assert "KAM_PASSPHRASE_FILE" not in confined.run(task("environment"), [])


def test_the_interpreter_is_a_python() -> None:
    assert Path(confined.interpreter()).name.startswith("python")
    assert Path(confined.interpreter()) == Path(sys.executable)


def test_every_allowed_function_exists() -> None:
    for each in (confined.SHEET, confined.EINVOICES):
        module, _, name = each.function.partition(":")
        __import__(module)
        assert callable(getattr(sys.modules[module], name))
