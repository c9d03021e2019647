"""The Windows package: which runtime is refused, what of Qt is left out, which wheels the lock allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from installer.windows import build, runtime, trim

TODAY = datetime(2026, 11, 23, tzinfo=UTC)
SIGNED = "Current message digest  : AA\nCalculated message digest : AA\nSubject: /O=Python Software Foundation/CN=x\n"


def test_a_runtime_older_than_a_year_is_for_tests_alone() -> None:
    old = runtime.Runtime(Path(), "3.11", TODAY - timedelta(days=366))
    with pytest.raises(runtime.Unfit, match="more than a year"):
        runtime.refuse_old(old, TODAY, False)
    runtime.refuse_old(old, TODAY, True)
    runtime.refuse_old(runtime.Runtime(Path(), "3.14", TODAY - timedelta(days=300)), TODAY, False)


def test_only_untouched_files_of_python_org_pass() -> None:
    runtime.check_said("python311.dll", SIGNED, True)
    for said in ("", SIGNED.replace(": AA\nS", ": BB\nS"), SIGNED.replace("Python", "Another")):
        with pytest.raises(runtime.Unfit):
            runtime.check_said("python311.dll", said, True)


def test_qt_is_trimmed_to_what_the_window_loads() -> None:
    kept = ["Qt6Core.dll", "QtWidgets.pyd", "plugins", "pyside6.abi3.dll", "msvcp140.dll"]
    gone = ["Qt6Quick.dll", "QtQml.pyd", "qml", "opengl32sw.dll", "designer.exe", "translations"]
    assert [trim.keeps_qt(name) for name in kept + gone] == [True] * 5 + [False] * 6


def test_what_the_lock_does_not_name_is_refused() -> None:
    lock = "a==1 \\\n    --hash=sha256:00\nb==2 \\\n    --hash=sha256:11\n"
    assert build.locked(lock, ["b==2"]) == "b==2 \\\n    --hash=sha256:11\n"
    with pytest.raises(runtime.Unfit, match="c==3"):
        build.locked(lock, ["c==3"])
