"""Log, crashes, support bundle, licences: nothing of a customer's gets in, nothing breaks anything."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from installer import licences
from kam_desktop.domain.entities import Account
from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services.support import bundle, facts, log, notices
from kam_desktop.services.support.faults import CRASH_FILE, RUNNING, Watch
from kam_desktop.services.support.scrub import scrub
from kam_desktop.services.support.words import REMOVED, safe
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.ui.background import broken_by
from tests.fakes import FakeClock

ROOT = Path(__file__).resolve().parents[2]
MARKED = (
    "Công ty TNHH Dấu Mốc", "Kangaroo Quatest", "kangarooquatest", "Nguyễn Văn Kín", "lan.kin@dau-moc.vn", "0912345678",
    "+84 912 345 678", "0312345678-001", "1903 4567 8910 1112", "987654321", "987.654.321", "987 654 321,50 ₫",
    "Tr0ng-m4t-khau!", "correcthorsebattery", "ABCDE-FGHJK-MNPQR-STVWX-YZ234", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIi.c2ln",
    "Bearer 8f14e45fceea167a5a36dedd4bea2543", "8f14e45fceea167a5a36dedd4bea2543", "postgresql://kam:geheim@db/kam",
    "https://crm.dau-moc.vn/api?token=geheim", "/home/nguyenkin/KAM/data.kam", r"C:\Users\nguyenkin\AppData\Local\KAM",
    r"\\mayte\chung\khach.xlsx", "khach-hang-kin.xlsx", "HD-2026-000777-KIN", "12 Đường Bí Mật, Quận 1",
    "=cmd|' /C calc'!A0",
    "select * from account where name = 'Kín'", "<b>Kín</b>", "-----BEGIN PRIVATE KEY-----",
)  # fmt: skip
_log = logging.getLogger("kam_desktop.services.support.test")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[log.RotatingLog]:
    """A log that takes what our code says."""
    made = log.RotatingLog(tmp_path / "log")
    ours = logging.getLogger("kam_desktop")
    before = ours.level
    logging.getLogger().addHandler(made)
    ours.setLevel(logging.INFO)
    yield made
    ours.setLevel(before)
    logging.getLogger().removeHandler(made)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = FakeClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    made = Store.create(tmp_path / "profile", DataKey.new(), "test", clock, RandomIds(clock))
    yield made
    made.close()


def written(folder: Path) -> str:
    """All files of the log."""
    return "".join(path.read_text("utf-8") for path in log.files(folder))


def _fail(text: str) -> list[BaseException]:
    """Real operations that fail over a text of a customer: each raises with it in its message."""
    found: list[BaseException] = []
    for deed in (lambda: int(text + "x"), lambda: {}[text], lambda: (Path("/nowhere") / text).open(),
                 lambda: getattr(io, text), lambda: text.encode("ascii", "strict") + b"" + text,
                 lambda: (_ for _ in ()).throw(Unavailable(text, text)), lambda: datetime.fromisoformat(text),
                 ):  # fmt: skip
        try:
            deed()  # type: ignore[no-untyped-call]
        except (ValueError, KeyError, OSError, AttributeError, TypeError, Unavailable) as error:
            found.append(error)
    return found


@pytest.mark.expects_log
def test_no_secret_and_no_word_of_a_customer_reaches_the_log(kept: log.RotatingLog, store: Store) -> None:
    assert len(set(MARKED)) == 30
    foreign = logging.getLogger("urllib3.connectionpool")
    failed = 0
    for text in MARKED:
        for error in _fail(text):
            failed += 1
            _log.error("broken: %s", vars(broken_by(error))["trace"])  # as the lanes and the window do
            _log.error("failed: %s", error)
            _log.error("failed", exc_info=error)
        with pytest.raises(ZeroDivisionError), store.edit("Add") as uow:
            uow.add(Account(id=f"a{failed}", name=text))
            1 / 0  # noqa: B018
        _log.warning("%s at %s of %s", text, Path(text), [text])
        _log.warning(f"forgotten {text}")
        _log.warning("%(what)s", {"what": text})
        foreign.error("Retrying %s", text)
        foreign.error(text)
    said = written(kept.folder)
    assert failed > 5 * len(MARKED) and said.count("\n") > 10 * len(MARKED)
    assert "ZeroDivisionError" in said or "KeyError" in said
    assert [text for text in MARKED if text.casefold() in said.casefold()] == []
    assert str(Path.home()) not in said and str(ROOT) not in said


def test_codes_ids_and_counts_are_said(kept: log.RotatingLog) -> None:
    identity = "0198c0de-0000-7000-8000-000000000001"
    _log.info("sync: %s, waiting %s of %s", "not_written", 12, identity)
    _log.info("%s", KeyError("Kín"))
    said = written(kept.folder)
    assert f"sync: not_written, waiting 12 of {identity}\n" in said and "KeyError" in said
    assert safe(123_456_789) == "≥100000" and safe(["x"]) == REMOVED and safe(True) == "True"


def test_the_log_keeps_five_files_that_only_their_owner_reads(tmp_path: Path) -> None:
    made = log.RotatingLog(tmp_path / "log", largest=2_000)
    for number in range(300):
        made.handle(logging.makeLogRecord({"name": "kam_desktop.x", "levelno": 40, "levelname": "ERROR", "msg": "x",
                                           "lineno": number}))  # fmt: skip
    found = log.files(tmp_path / "log")
    assert len(found) == log.FILES and all(path.stat().st_size < 2_200 for path in found)
    assert sys.platform == "win32" or all(path.stat().st_mode & 0o077 == 0 for path in [*found, tmp_path / "log"])


@pytest.mark.expects_log
def test_a_disk_that_takes_nothing_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "log").write_text("a file where the folder should be")
    watch = Watch(tmp_path)
    watch.begin()
    _log.error("broken")
    watch.let_go()
    made = log.RotatingLog(tmp_path / "other")

    def full(*_given: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    made.handle(logging.makeLogRecord({"name": "kam_desktop", "levelno": 40, "msg": "x"}))


def test_a_hard_crash_leaves_its_stack_and_is_noticed_at_the_next_start(tmp_path: Path) -> None:
    code = (
        "import faulthandler, sys; from pathlib import Path\n"
        "from kam_desktop.services.support.faults import Watch\n"
        "watch = Watch(Path(sys.argv[1])); watch.begin()\n"
        "print(watch.last.ended, watch.last.crashed)\n"
        "faulthandler._sigsegv() if sys.argv[2] == 'crash' else watch.end()"
    )

    def run(how: str) -> str:
        words = [sys.executable, "-c", code, str(tmp_path), how]
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60).stdout.strip()

    assert run("crash") in ("True False", "")
    assert (tmp_path / "log" / CRASH_FILE).stat().st_size and (tmp_path / "log" / RUNNING).exists()
    assert run("end") == "False True"
    assert not (tmp_path / "log" / RUNNING).exists()
    assert run("end") == "True False"
    found = {part.name: part for part in bundle.parts(tmp_path, [])}
    assert "File" in found[bundle.CRASHES].text and str(tmp_path) not in found[bundle.CRASHES].text


def test_the_bundle_holds_counts_and_no_content(store: Store, tmp_path: Path) -> None:
    with store.edit("Add") as uow:
        uow.add(Account(id="a1", name=MARKED[0], tax_code="0312345678"))
    folder = store.folder / "log"
    folder.mkdir(exist_ok=True)
    (folder / log.FILE).write_text("\n".join(f"old line {text}" for text in MARKED), "utf-8")
    parts = bundle.parts(store.folder, facts.facts(store), store)
    text = "\n".join(part.text for part in parts if part.name != bundle.LOG)
    assert "account: 1" in text and "sqlcipher" in text and MARKED[0] not in text
    target = tmp_path / "x.zip"
    size = bundle.write(target, [part for part in parts if part.name != bundle.LOG], "It went away")
    with zipfile.ZipFile(target) as archive:
        assert size == target.stat().st_size and bundle.LOG not in archive.namelist()
        assert archive.read(bundle.NOTE) == b"It went away"
        assert archive.read(bundle.COUNTS).decode() in text
    with pytest.raises(Refused):
        bundle.write(tmp_path / "none" / "x.zip", parts)


def test_a_stopped_bundle_leaves_nothing(tmp_path: Path) -> None:
    def stop(_done: int, _whole: int) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        bundle.write(tmp_path / "x.zip", [bundle.Part("log.txt", "x")], report=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", [*MARKED[4:11], *MARKED[14:23]])
def test_the_second_net_takes_addresses_numbers_and_paths(text: str) -> None:
    clean, removed = scrub(f"2026-11-23T01:02:03.000Z x {text}")
    assert removed and REMOVED in clean and text not in clean
    assert clean.startswith("2026-11-23T01:02:03.000Z")


def test_everything_that_is_shipped_has_its_licence() -> None:
    text, faults = licences.collected()
    assert faults == [] and licences.differences(text) == []
    assert licences.unknown("x", "") and licences.unknown("x", "AGPL-3.0-only")
    assert licences.unknown("x", "MIT AND AGPL-3.0-only") and not licences.unknown("x", "MIT OR AGPL-3.0-only")
    found = notices.notices()
    assert len(found) == len(licences.heads(text)) > 60
    qt = next(each for each in found if each.name.startswith("Qt for Python"))
    assert "REPLACING THE LIBRARIES" in qt.text and "GNU LESSER GENERAL PUBLIC LICENSE" in qt.text
