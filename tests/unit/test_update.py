"""Updates: attacks refused, honest releases taken, archives, resuming, roll-out, side by side."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest
import zstandard

from installer.updates import publish, starter
from kam_desktop import config
from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.update import archive, trusted, updates
from kam_desktop.update.installation import Installation, Pointer, found, is_version, order_of, pointer_of
from kam_desktop.update.transport import checked_address
from kam_desktop.update.trusted import Release
from tests.update import attacks
from tests.update.stage import PLATFORM, Stage, serving, write_version


@pytest.mark.parametrize("name", sorted(attacks.ATTACKS))
def test_an_attack_is_refused_and_the_honest_release_taken_after_it(name: str, tmp_path: Path) -> None:
    attacks.run(name, tmp_path)


# ---- archives


def _packed(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return zstandard.compress(raw.getvalue())


def _member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


EVIL = {
    "parent": [(_member("../x"), b"x")],
    "deep parent": [(_member("a", tarfile.DIRTYPE), b""), (_member("a/../../x"), b"x")],
    "absolute": [(_member("/tmp/x"), b"x")],
    "drive": [(_member("C:/x"), b"x")],
    "backslash": [(_member("..\\x"), b"x")],
    "link": [(_member("x", tarfile.SYMTYPE, "/etc/passwd"), b"")],
    "hard link": [(_member("x", tarfile.LNKTYPE, "/etc/passwd"), b"")],
    "through a link": [(_member("a", tarfile.SYMTYPE, ".."), b""), (_member("a/x"), b"x")],
    "device": [(_member("x", tarfile.CHRTYPE), b"")],
    "pipe": [(_member("x", tarfile.FIFOTYPE), b"")],
    "the same name twice": [(_member("x"), b"1"), (_member("X"), b"2")],
    "a device of Windows": [(_member("nul.txt"), b"x")],
    "a stream of Windows": [(_member("x:y"), b"x")],
    "a dot at the end": [(_member("x."), b"x")],
    "a folder that is not there": [(_member("a/x"), b"x")],
}


@pytest.mark.parametrize("name", EVIL)
def test_a_signed_archive_is_still_not_believed(name: str, tmp_path: Path) -> None:
    target = tmp_path / "inside"
    target.mkdir()
    with pytest.raises(Unavailable) as caught:
        archive.unpack(_packed(*EVIL[name]), target)
    assert caught.value.code == "bad_archive"
    assert os.listdir(tmp_path) == ["inside"]


def test_an_archive_has_limits_of_count_and_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = _packed((_member("a"), b"x" * 100), (_member("b"), b"x" * 100))
    for number, (name, limit) in enumerate((("MOST_ENTRIES", 1), ("MOST_UNPACKED", 150))):
        with monkeypatch.context() as patch, pytest.raises(Unavailable, match="not put together"):
            patch.setattr(archive, name, limit)
            (tmp_path / str(number)).mkdir()
            archive.unpack(packed, tmp_path / str(number))
    (tmp_path / "good").mkdir()
    archive.unpack(packed, tmp_path / "good")
    assert (tmp_path / "good/b").stat().st_size == 100


@pytest.mark.parametrize(
    "packed", [b"", b"nothing packed", zstandard.compress(b"no tar"), zstandard.compress(b"x" * 999)]
)  # fmt: skip
def test_what_is_no_archive_is_refused(packed: bytes, tmp_path: Path) -> None:
    try:
        archive.unpack(packed, tmp_path)
    except Unavailable as failure:
        assert failure.code == "bad_archive"
    assert os.listdir(tmp_path) == []


def test_packing_gives_the_same_bytes_twice_and_the_same_files_back(tmp_path: Path) -> None:
    write_version(tmp_path / "one", "1.0.0")
    archive.pack(tmp_path / "one", tmp_path / "a", level=1)
    (tmp_path / "one/VERSION").touch()
    archive.pack(tmp_path / "one", tmp_path / "b", level=1)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    (tmp_path / "two").mkdir()
    archive.unpack((tmp_path / "a").read_bytes(), tmp_path / "two")
    for file in (tmp_path / "one").rglob("*"):
        there = tmp_path / "two" / file.relative_to(tmp_path / "one")
        assert there.is_dir() if file.is_dir() else there.read_bytes() == file.read_bytes()
    assert (tmp_path / "two/kam-desktop").stat().st_mode & 0o100
    (tmp_path / "one/link").symlink_to("VERSION")
    with pytest.raises(ValueError, match="link"):
        archive.pack(tmp_path / "one", tmp_path / "c", level=1)


# ---- the road


def test_a_download_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    with serving(tmp_path) as server:
        stage = Stage(tmp_path, server)
        packed = stage.archive("1.1.0", lambda target: write_version(target, "1.1.0", count=60, size=9000))
        stage.repository.release(packed, PLATFORM, "1.1.0", schema=2, notes={"vi": "Mới", "en": "New"})
        laptop = stage.laptop()
        one = laptop.updates()
        release = one.check()
        assert release is not None
        assert (release.schema, release.notes["vi"]) == (2, "Mới")

        def stop(_done: int, _whole: int) -> None:
            raise Stopped

        with pytest.raises(Stopped):
            one.download(release, stop)
        came = next((laptop.base / "updates").glob("*.part")).stat().st_size
        assert 0 < came < release.length
        told: list[int] = []
        laptop.updates().download(release, lambda done, _whole: told.append(done))
        assert told[0] > came
        assert told[-1] == release.length
        # a piece that somebody changed on the disk: what follows it does not make it whole, so it is brought anew
        file = next((laptop.base / "updates").glob("*.part"))
        file.write_bytes(b"x" * came)
        one.download(release, lambda _done, _whole: None)
        backups: list[str] = []
        one.make_ready(release, lambda _done, _whole: None, lambda: backups.append("made"))
        assert backups == ["made"]
        assert one.is_ready(release)
        one.switch(release)
        assert laptop.next() == "1.1.0"


def test_a_staged_release_reaches_its_share_and_stays_with_each_laptop(tmp_path: Path) -> None:
    def release(percent: int, version: str = "1.1.0") -> Release:
        return Release(version, 1, percent, {}, "x", 1, "0" * 64)

    devices = [f"device-{number}" for number in range(2000)]
    reached = {device for device in devices if trusted.is_reached(release(10), device)}
    assert 140 < len(reached) < 260
    assert reached <= {device for device in devices if trusted.is_reached(release(35), device)}
    assert reached != {device for device in devices if trusted.is_reached(release(10, "1.2.0"), device)}
    assert not trusted.is_reached(release(99), "")
    assert trusted.is_reached(release(100), "")
    with serving(tmp_path) as server:
        stage = Stage(tmp_path, server)
        stage.release("1.1.0")
        stage.release("1.2.0", percent=0)
        assert stage.laptop().take() == "1.1.0"
        stage.repository.roll_out(PLATFORM, trusted.place_of("laptop-1", "1.2.0") + 1)
        early = stage.laptop()
        reach = trusted.place_of("laptop-1", "1.2.0")
        late = stage.laptop(device=next(each for each in devices if trusted.place_of(each, "1.2.0") > reach))
        assert early.take() == "1.2.0"
        assert late.take() == "1.1.0"
        stage.repository.roll_out(PLATFORM, 100)
        assert stage.laptop(device="").take() == "1.2.0"


def test_without_a_repository_nothing_is_asked_of_anybody(tmp_path: Path) -> None:
    assert updates.source_of(None) is None
    assert updates.source_of(tmp_path) is None
    (tmp_path / "update.json").write_text('{"address": ""}')
    assert updates.source_of(tmp_path) is None
    (tmp_path / "update.json").write_text('{"address": "https://updates.example.vn"}')
    assert updates.source_of(tmp_path) is None  # no keys, no updates
    (tmp_path / "root.json").write_bytes(b"{}")
    source = updates.source_of(tmp_path)
    assert source is not None
    one = updates.Updates(tmp_path / "u", updates.Source("http://127.0.0.1:9", b"{}"), SystemClock(), "d")
    with pytest.raises(Unavailable) as caught:
        one.check()
    assert caught.value.code == "no_root"
    assert one.known_since() is None


@pytest.mark.parametrize(
    "address", ["http://updates.example.vn", "ftp://x", "https://", "https://a@b", "https://x?q=1"]
)
def test_an_address_is_https_or_this_machine(address: str) -> None:
    with pytest.raises(Refused):
        checked_address(address)


# ---- side by side


@pytest.mark.parametrize(
    "text", ["", "1.0.0\n", "1.0.0\n-\ngood", "1.0.0\n-\nwell\n", "../x\n-\ngood\n", "1.0\n-\nnew\n"]
)
def test_a_pointer_is_read_strictly(text: str) -> None:
    assert pointer_of(text) is None
    good = Pointer("1.2.0", "1.1.0", "new")
    assert pointer_of(good.text()) == good


def test_versions_have_an_order() -> None:
    rising = ["0.9.9", "1.0.0a1", "1.0.0b2", "1.0.0rc1", "1.0.0rc2", "1.0.0", "1.0.10", "1.2.0", "10.0.0"]
    assert sorted(set(rising), key=order_of) == rising
    assert not any(map(is_version, ("1.0", "01.0.0", "1.0.0-1", "1.0.0/..", "", "1.0.0\n")))
    assert is_version(config.VERSION)


def _base(folder: Path, pointer: Pointer | None, *versions: str) -> Path:
    for version in versions:
        (folder / "versions" / version).mkdir(parents=True)
    if pointer is not None:
        (folder / "current").write_text(pointer.text())
    return folder


CHOICES: list[tuple[Pointer | None, tuple[str, ...], str, Pointer | None]] = [
    (Pointer("1.0.0"), ("1.0.0",), "1.0.0", Pointer("1.0.0")),
    (Pointer("1.1.0", "1.0.0", "new"), ("1.0.0", "1.1.0"), "1.1.0", Pointer("1.1.0", "1.0.0", "tried")),
    (Pointer("1.1.0", "1.0.0", "tried"), ("1.0.0", "1.1.0"), "1.0.0", Pointer("1.0.0")),
    (Pointer("1.1.0", "1.0.0", "good"), ("1.0.0", "1.1.0"), "1.1.0", Pointer("1.1.0", "1.0.0")),
    (Pointer("1.1.0", "1.0.0", "new"), ("1.0.0",), "1.0.0", Pointer("1.1.0", "1.0.0", "new")),
    (Pointer("1.1.0", "1.0.0", "good"), ("1.0.0",), "1.0.0", Pointer("1.1.0", "1.0.0")),
    (Pointer("1.1.0", "1.0.0", "tried"), ("1.1.0",), "1.1.0", Pointer("1.1.0", "1.0.0", "tried")),
    (None, ("1.0.0", "1.10.0", "1.9.0", ".part-2.0.0"), "1.10.0", None),
    (Pointer("3.0.0"), ("1.0.0", "1.1.0"), "1.1.0", Pointer("3.0.0")),
    (None, (), "", None),
]


@pytest.mark.parametrize(("pointer", "versions", "starts", "after"), CHOICES)
def test_the_starter_chooses(
    pointer: Pointer | None, versions: tuple[str, ...], starts: str, after: Pointer | None, tmp_path: Path
) -> None:
    base = _base(tmp_path, pointer, *versions)
    assert starter.choose(base, True) == starts
    assert Installation(base).pointer() == after
    assert (Installation(base).failed() == {"1.1.0"}) == (after == Pointer("1.0.0") and pointer != after)


def test_a_command_never_tries_a_new_version(tmp_path: Path) -> None:
    base = _base(tmp_path, Pointer("1.1.0", "1.0.0", "new"), "1.0.0", "1.1.0")
    commands = (["report", "ageing"], ["--lang", "vi", "status"], ["--version"], ["--demo"])
    assert not any(map(starter.is_window, commands))
    assert all(map(starter.is_window, ([], ["--lang", "vi"], ["kam://open/account/1"], ["x.kamx"])))
    assert starter.choose(base, False) == "1.0.0"
    assert Installation(base).pointer() == Pointer("1.1.0", "1.0.0", "new")


def test_the_first_start_is_confirmed_and_the_old_version_goes_afterwards(tmp_path: Path) -> None:
    base = _base(tmp_path, Pointer("1.1.0", "1.0.0", "tried"), "0.9.0", "1.0.0", "1.1.0", ".part-1.2.0")
    old, new = Installation(base, "1.0.0"), Installation(base, "1.1.0")
    old.confirm()
    new.tidy()
    assert new.is_tried()
    assert len(os.listdir(base / "versions")) == 4
    updates.confirm_start(new)
    assert new.pointer() == Pointer("1.1.0", "1.0.0")
    old.tidy()
    new.tidy()
    assert sorted(os.listdir(base / "versions")) == ["1.0.0", "1.1.0"]
    updates.confirm_start()  # in the source tree nothing happens


def test_an_installation_is_found_from_inside_a_version(tmp_path: Path) -> None:
    base = _base(tmp_path, Pointer("1.0.0"), "1.0.0")
    place = found(base / "versions/1.0.0/app/kam_desktop/update/installation.py")
    assert place is not None
    assert (place.base, place.running) == (base, "1.0.0")
    assert found(tmp_path / "elsewhere/1.0.0/x.py") is None
    assert found() is None


def test_a_version_that_failed_is_offered_again_only_on_demand(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        stage = Stage(tmp_path, server)
        stage.release("1.1.0")
        laptop = stage.laptop()
        assert laptop.take() == "1.1.0"
        assert starter.choose(laptop.base, True) == "1.1.0"
        os.close(_lock(laptop.base))
        assert starter.choose(laptop.base, True) == "1.1.0"  # its first start is still under way
        _drop_locks(laptop.base)
        assert starter.choose(laptop.base, True) == "1.0.0"
        one = laptop.updates()
        assert one.check() is None
        again = one.check(again=True)
        assert again is not None
        one.switch(again)
        assert laptop.next() == "1.1.0"
        assert not laptop.place.failed()


def _lock(base: Path) -> int:
    return os.open(base / "trying", os.O_RDONLY)


def _drop_locks(base: Path) -> None:
    """What ends with the process that tried."""
    wanted = os.stat(base / "trying").st_ino
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.fstat(int(name)).st_ino == wanted:
                os.close(int(name))
        except OSError:
            continue


# ---- the publisher's commands


def test_the_publisher_works_by_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys, repository, folder = (str(tmp_path / name) for name in ("keys", "repository", "built"))
    phrase = tmp_path / "phrase"
    phrase.write_text("a long sentence\n")
    write_version(Path(folder), "1.1.0")
    (tmp_path / "notes").write_text("Có gì mới", "utf-8")

    def run(*words: str, status: int = 0) -> str:
        assert publish.main(["--passphrase-file", str(phrase), *words]) == status
        return capsys.readouterr().out

    run("keys", keys)
    assert all(oct(each.stat().st_mode)[-3:] == "600" for each in Path(keys).glob("*.pem"))
    assert sum(b"ENCRYPTED" in each.read_bytes() for each in Path(keys).glob("*.pem")) == 4
    run("init", repository, "--keys", keys)
    run("init", repository, "--keys", keys, status=1)
    run("pack", folder, str(tmp_path / "a"))
    release = ("--keys", keys, "--platform", PLATFORM, "--schema", "2", "--notes-vi", str(tmp_path / "notes"))
    run("release", repository, str(tmp_path / "a"), *release, "--version", "1.1.0", "--percent", "20")
    run("release", repository, str(tmp_path / "a"), *release, "--version", "1.0.9", status=1)
    said = json.loads(run("show", repository))
    assert [(each["version"], each["percent"]) for each in said["releases"]] == [("1.1.0", 20)]
    assert (said["roles"]["root"]["keys"], said["roles"]["root"]["threshold"]) == (3, 2)
    run("rollout", repository, "100", "--keys", keys, "--platform", PLATFORM)
    run("rollout", repository, "50", "--keys", keys, "--platform", PLATFORM, status=1)
    run("refresh", repository, "--keys", keys)
    for role in ("timestamp", "root"):
        run("rotate", repository, role, "--keys", keys)
    run("renew-root", repository, "--keys", keys)
    root_keys = sorted(Path(keys).glob("root-*.pem"))
    for each in root_keys:
        each.rename(tmp_path / each.name)
    run("renew-root", repository, "--keys", keys, status=1)
    run("preset", repository, str(tmp_path / "set"), "https://updates.example.vn")
    source = updates.source_of(tmp_path / "set")
    assert source is not None
    assert json.loads(run("show", repository))["roles"]["root"]["version"] == 4
