"""Attacks on updates over a server on loopback: `python -m tests.update.attacks` prints a table.

Each attack is a function that does it and asserts that nothing came of it; the control after it takes the honest
release on the same road with the same laptop. A slow server is one of the tests' own small limits (see stage.QUICK);
`--real-limits` runs the slow ones with the limits of the product, which takes some minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from installer.updates.repository import EVERYONE, Keys, Repository, new_key
from kam_desktop.domain.errors import Unavailable
from kam_desktop.update import archive
from kam_desktop.update.transport import Limits
from tests.update.stage import CALM, PLATFORM, QUICK, Handler, Laptop, Stage, serving, write_version

EVIL = "9.9.9"
ATTACKS: dict[str, Callable[[Stage, Laptop], None]] = {}
LIMITS = [QUICK]


def attack(name: str) -> Callable[[Callable[[Stage, Laptop], None]], Callable[[Stage, Laptop], None]]:
    """Enters a function in the list."""

    def enter(deed: Callable[[Stage, Laptop], None]) -> Callable[[Stage, Laptop], None]:
        ATTACKS[name] = deed
        return deed

    return enter


def refused(laptop: Laptop, *codes: str, between: Callable[[Path], None] | None = None) -> None:
    """The road ends with one of these failures; what starts and what lies on the disk is as before."""
    before, versions = laptop.next(), laptop.versions()
    try:
        laptop.take(between)
    except Unavailable as failure:
        assert failure.code in codes, f"refused as {failure.code}, not as {codes}"
    else:
        raise AssertionError("the attack was accepted")
    assert laptop.next() == before
    assert laptop.versions() == versions


def recover(stage: Stage) -> None:
    """What a publisher does whose timestamp and snapshot keys were stolen: laptops forget the thief's versions."""
    stage.repository.rotate("snapshot", [stage.key("snapshot")])
    stage.repository.rotate("timestamp", [stage.key("timestamp")])


def evil_release(thief: Repository, **named: Any) -> None:
    """A release of the thief's, as far as his keys go."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "evil.tar.zst"
        write_version(Path(folder) / "evil", EVIL)
        archive.pack(Path(folder) / "evil", file, level=1)
        thief.release(file, PLATFORM, EVIL, schema=1, notes={}, **named)


def _other_keys(stage: Stage, thief: Repository, *roles: str) -> None:
    """The thief signs these roles with keys of his own, which no root names; he may claim any ids."""
    own = new_key(stage.folder / "stolen", "own")
    signer = Keys([stage.folder / "stolen"]).signer(own.keyid)
    assert signer is not None
    for file in sorted((thief.folder / "metadata").glob("*.json")):
        if file.name.split(".")[-2] in roles:
            document = Metadata.from_file(str(file))
            ids = list(document.signatures)
            document.signatures.clear()
            made = document.sign(signer, append=True)
            for key_id in ids:
                document.signatures[key_id] = type(made)(key_id, made.signature)
            document.to_file(str(file))


def _timestamp(thief: Repository, change: Callable[[Timestamp], None]) -> None:
    """A timestamp signed with the stolen key, with something else in it."""
    document = thief._loaded(Timestamp)
    document.signed.version += 1
    change(document.signed)
    role = thief._loaded(Root).signed.roles["timestamp"]
    thief._sign(document, role.keyids, 1)
    thief._write(document, thief._file("timestamp"))


def _snapshot(thief: Repository, change: Callable[[Snapshot], None]) -> None:
    """A snapshot and a timestamp signed with the stolen keys."""
    document = thief._loaded(Snapshot)
    document.signed.version += 1
    change(document.signed)
    role = thief._loaded(Root).signed.roles["snapshot"]
    thief._sign(document, role.keyids, 1)
    thief._write(document, thief._file("snapshot", document.signed.version))
    thief._sign_timestamp()


@attack("arbitrary software: another archive under the honest name")
def arbitrary(stage: Stage, laptop: Laptop) -> None:
    stage.release("1.1.0")
    thief = stage.thief()
    evil = stage.archive(EVIL).read_bytes()
    for file in (thief.folder / "targets" / PLATFORM).iterdir():
        length = file.stat().st_size
        file.write_bytes((evil * (length // len(evil) + 1))[:length])
    refused(laptop, "replaced")


@attack("arbitrary software: metadata and archive of an attacker")
def arbitrary_metadata(stage: Stage, laptop: Laptop) -> None:
    thief = stage.thief()
    evil_release(thief)
    _other_keys(stage, thief, "root", "targets", "snapshot", "timestamp")
    refused(laptop, "updates_not_trusted")


@attack("wrong key: targets signed by another key, snapshot and timestamp by stolen ones")
def wrong_key(stage: Stage, laptop: Laptop) -> None:
    thief = stage.thief()
    evil_release(thief)
    _other_keys(stage, thief, "targets")
    thief._sign_snapshot(thief._loaded(Targets))
    thief._sign_timestamp()
    refused(laptop, "updates_not_trusted")
    recover(stage)


@attack("wrong key: a root that only one of three signed, where two have to")
def lone_root(stage: Stage, laptop: Laptop) -> None:
    thief = stage.thief()
    document = thief._loaded(Root)
    document.signed.version += 1
    own = new_key(stage.folder / "stolen", "own")
    for key_id in list(document.signed.roles["targets"].keyids):
        document.signed.revoke_key(key_id, "targets")
    document.signed.add_key(own, "targets")
    thief._sign(document, document.signed.roles["root"].keyids[:1], 1)
    thief._write(document, thief._file("root", document.signed.version))
    refused(laptop, "updates_not_trusted")


@attack("rollback of the timestamp")
def rollback_timestamp(stage: Stage, laptop: Laptop) -> None:
    old = stage.thief()  # what everybody could copy yesterday
    stage.honest()
    stage.release("1.1.0")
    laptop.updates().check()
    stage.server.folder = old.folder
    refused(laptop, "updates_not_trusted")


@attack("rollback of the snapshot, with the timestamp key stolen")
def rollback_snapshot(stage: Stage, laptop: Laptop) -> None:
    old = stage.repository._loaded(Timestamp).signed.snapshot_meta
    stage.release("1.1.0")
    laptop.updates().check()
    thief = stage.thief()

    def back(timestamp: Timestamp) -> None:
        timestamp.snapshot_meta = old

    _timestamp(thief, back)
    refused(laptop, "updates_not_trusted")


@attack("rollback of the targets, with timestamp and snapshot keys stolen")
def rollback_targets(stage: Stage, laptop: Laptop) -> None:
    old = stage.repository._loaded(Snapshot).signed.meta["targets.json"]
    stage.release("1.1.0")
    laptop.updates().check()
    thief = stage.thief()

    def back(snapshot: Snapshot) -> None:
        snapshot.meta["targets.json"] = old

    _snapshot(thief, back)
    refused(laptop, "updates_not_trusted")
    recover(stage)


@attack("indefinite freeze: yesterday's files for ever")
def freeze(stage: Stage, laptop: Laptop) -> None:
    laptop.updates().check()
    thief = stage.thief(days_ago=20)
    thief._sign_timestamp()
    refused(laptop, "updates_expired")
    assert laptop.updates().known_since() is not None


@attack("freeze of everything: root, targets, snapshot and timestamp long expired")
def freeze_everything(stage: Stage, laptop: Laptop) -> None:
    thief = stage.thief(days_ago=2000)
    document = thief._loaded(Root)
    document.signed.version += 1
    thief._sign_root(document, list(document.signed.roles["root"].keyids), 2)
    evil_release(thief)
    refused(laptop, "updates_expired")
    stage.repository.renew_root()
    stage.repository.renew_root()  # past the expired one, as everybody who fell asleep has to


@attack("fast-forward with stolen timestamp and snapshot keys, and the way back by rotating both")
def fast_forward(stage: Stage, laptop: Laptop) -> None:
    thief = stage.thief()

    def ahead(signed: Any) -> None:
        signed.version = 2**31 - 2

    _snapshot(thief, ahead)
    _timestamp(thief, ahead)
    assert laptop.updates().check() is None  # signed as it must be; nothing to take in it
    stage.honest()
    stage.release("1.1.0")
    refused(laptop, "updates_not_trusted")
    recover(stage)


@attack("mix and match: an older snapshot under the newer name")
def mix_and_match(stage: Stage, laptop: Laptop) -> None:
    laptop.updates().check()
    old = stage.repository._file("snapshot", stage.repository._loaded(Snapshot).signed.version).read_bytes()
    stage.release("1.1.0")
    thief = stage.thief()
    thief._file("snapshot", thief._loaded(Snapshot).signed.version).write_bytes(old)
    refused(laptop, "updates_not_trusted")


@attack("mix and match: older targets under the newer name")
def mix_targets(stage: Stage, laptop: Laptop) -> None:
    stage.release("1.0.1")
    old = stage.repository._file("targets", 2).read_bytes()
    stage.release("1.1.0")
    thief = stage.thief()
    thief._file("targets", 3).write_bytes(old)
    refused(laptop, "updates_not_trusted")


def _endless(handler: Handler, _content: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    piece = b" " * (1 << 16)
    while not handler.server.ended.is_set():
        handler.wfile.write(piece)
        handler.server.sent += len(piece)


@attack("endless data: a timestamp without an end")
def endless_metadata(stage: Stage, laptop: Laptop) -> None:
    stage.server.hooks["timestamp"] = _endless
    refused(laptop, "updates_not_trusted")
    assert stage.server.sent < 32 << 20, stage.server.sent  # what lay in buffers of the system when it was hung up


@attack("endless data: an archive without an end")
def endless_archive(stage: Stage, laptop: Laptop) -> None:
    stage.release("1.1.0")
    stage.server.hooks["targets/"] = _endless
    refused(laptop, "too_large")
    lain = sum(each.stat().st_size for each in (laptop.base / "updates").glob("*.part"))
    assert lain <= stage.repository.summary()["releases"][0]["bytes"]


def _trickle(handler: Handler, content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    for place in range(len(content)):
        handler.wfile.write(content[place : place + 1])
        if handler.server.ended.wait(LIMITS[0].window_s / 10):
            return


def _trickle_head(handler: Handler, _content: bytes) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.server.ended.wait(LIMITS[0].window_s / 10):
        handler.wfile.write(b"X-More: and more\r\n"[:3])


def _silence(handler: Handler, _content: bytes) -> None:
    handler.server.ended.wait(90)


def _slow(stage: Stage, laptop: Laptop, pattern: str, hook: Callable[[Handler, bytes], None]) -> None:
    stage.release("1.1.0")
    laptop.limits = LIMITS[0]
    stage.server.hooks[pattern] = hook
    began = time.monotonic()
    refused(laptop, "too_slow")
    assert time.monotonic() - began < 2 * laptop.limits.window_s + 10


ATTACKS["slow retrieval: a timestamp byte by byte"] = partial(_slow, pattern="timestamp", hook=_trickle)
ATTACKS["slow retrieval: the head of an answer byte by byte"] = partial(_slow, pattern="timestamp", hook=_trickle_head)
ATTACKS["slow retrieval: an archive byte by byte"] = partial(_slow, pattern="targets/", hook=_trickle)
ATTACKS["slow retrieval: silence"] = partial(_slow, pattern="targets.json", hook=_silence)


@attack("archive replaced after its download was verified")
def replaced(stage: Stage, laptop: Laptop) -> None:
    stage.release("1.1.0")
    evil = stage.archive(EVIL)
    refused(laptop, "replaced", between=lambda file: _exchange(file, evil.read_bytes()))
    stage.release("1.1.1")
    refused(laptop, "replaced", between=lambda file: _exchange(file, file.read_bytes()[:-1] + b"x"))


def _exchange(file: Path, content: bytes) -> None:
    file.unlink()
    file.write_bytes(content)


@attack("extraneous archive on the server that no metadata names")
def extraneous(stage: Stage, laptop: Laptop) -> None:
    thief = stage.thief()
    folder = thief.folder / "targets" / PLATFORM
    folder.mkdir(parents=True)
    evil = stage.archive(EVIL)
    for name in ("everyone.tar.zst", "staged.tar.zst", f"{EVIL}.tar.zst"):
        (folder / name).write_bytes(evil.read_bytes())
    assert laptop.take() == "1.0.0"
    assert laptop.versions() == {"1.0.0"}
    assert not [path for path in stage.server.asked if path.startswith("targets/")]


@attack("downgrade to an older version that the publisher did sign")
def downgrade(stage: Stage, laptop: Laptop) -> None:
    for version in ("0.9.0", "1.0.0"):
        thief = stage.thief()
        targets = thief._loaded(Targets)
        about = {"version": version, "schema": 1, "percent": 100, "notes": {}}
        thief._put(targets, stage.archive(version), PLATFORM, EVERYONE, about)
        thief._publish(targets)  # with every key there is
        assert laptop.take() == "1.0.0"
        assert laptop.versions() == {"1.0.0"}
    stage.repository.refresh()
    for _ in range(3):  # the honest ones count on from there
        stage.repository._publish(stage.repository._loaded(Targets))


@attack("compromised timestamp and snapshot keys after they were rotated out")
def rotated_online(stage: Stage, laptop: Laptop) -> None:
    thief = stage.thief()
    stage.honest()
    stage.repository.rotate("snapshot", [stage.key("snapshot")])
    stage.repository.rotate("timestamp", [stage.key("timestamp")])
    laptop.updates().check()

    def ahead(signed: Any) -> None:
        signed.version += 50

    _snapshot(thief, ahead)
    _timestamp(thief, ahead)
    _copy_roots(stage, thief)
    stage.server.folder = thief.folder
    refused(laptop, "updates_not_trusted")


@attack("compromised targets key after root rotated it out")
def rotated_targets(stage: Stage, laptop: Laptop) -> None:
    thief = stage.thief()
    stage.honest()
    stage.repository.rotate("targets", [stage.key("targets")])
    laptop.updates().check()
    for _ in range(5):
        thief.refresh()
    evil_release(thief)  # the old targets key, and even the timestamp and snapshot keys that still hold
    for _ in range(5):
        thief._publish(thief._loaded(Targets))
    _copy_roots(stage, thief)
    stage.server.folder = thief.folder
    refused(laptop, "updates_not_trusted")
    recover(stage)


def _copy_roots(stage: Stage, thief: Repository) -> None:
    for file in (stage.repository.folder / "metadata").glob("*root.json"):
        (thief.folder / "metadata" / file.name).write_bytes(file.read_bytes())


def _cut(handler: Handler, content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])


@attack("truncated metadata")
def truncated_metadata(stage: Stage, laptop: Laptop) -> None:
    stage.release("1.1.0")
    for pattern in ("timestamp", "snapshot", "targets.json"):
        stage.server.hooks = {pattern: _cut}
        refused(laptop, "cut")
        stage.server.hooks = {pattern: lambda handler, content: handler.answer(200, content[: len(content) // 2])}
        refused(laptop, "updates_not_trusted")


@attack("truncated archive")
def truncated_archive(stage: Stage, laptop: Laptop) -> None:
    stage.release("1.1.0")
    stage.server.hooks["targets/"] = _cut
    refused(laptop, "cut")
    laptop.base.joinpath("updates", "x.part").write_bytes(b"of another release")
    stage.server.hooks["targets/"] = lambda handler, content: handler.answer(200, content[: len(content) // 3])
    refused(laptop, "cut")


def run(name: str, folder: Path) -> None:
    """One attack, then its control: the honest release after it is taken by the same laptop."""
    with serving(folder) as server:
        stage = Stage(folder, server)
        laptop = stage.laptop()
        ATTACKS[name](stage, laptop)
        stage.honest()
        laptop.limits = CALM
        stage.release("1.2.0")
        assert laptop.take() == "1.2.0", "the honest release was not accepted"
        assert (laptop.base / "versions/1.2.0/VERSION").read_text() == "1.2.0"


def main() -> int:
    """Runs all attacks; the exit status is 1 when one was accepted or its control was not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real-limits", action="store_true", help="slow servers against the limits of the product")
    parser.add_argument("--only", default="", help="attacks with these words")
    args = parser.parse_args()
    if args.real_limits:
        LIMITS[0] = Limits()
    bad = 0
    chosen = [name for name in ATTACKS if args.only in name]
    for name in chosen:
        began, said = time.monotonic(), "refused; control accepted"
        with tempfile.TemporaryDirectory() as folder:
            try:
                run(name, Path(folder))
            except (AssertionError, Unavailable) as fault:
                bad, said = bad + 1, f"FAILED: {fault}"
        print(f"{name:90} {time.monotonic() - began:6.2f} s  {said}", flush=True)
    print(f"{len(chosen)} attacks, {bad} accepted or without their control")
    return 1 if bad else 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
