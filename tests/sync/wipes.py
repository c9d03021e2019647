"""Revoked laptops killed while they erase themselves: python -m tests.sync.wipes --count 100.

Each run starts from a copy of one laptop (unsent work, an entry that came back, backups, journal, keyring) and of its
server, is killed at another of the points where the disk, the keyring or the server is touched, and begins again twice:
without a network, then with one. Every point is judged before and after. Prints lines of JSON; the status is 0 when
nothing readable was left, nothing unsent was lost, and each planted fault was found.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson

from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.entities import Account
from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.policy import Policy
from kam_desktop.protocol.messages import Problem
from kam_desktop.server import devices, presets, sessions, users, workspace
from kam_desktop.server.database import Database
from kam_desktop.server.main import Service
from kam_desktop.services import profile
from kam_desktop.store import backup, device_file, files, unsent, wiping
from kam_desktop.sync import leaving
from kam_desktop.sync.agent import Agent
from kam_desktop.sync.transport import problem_of

PASSWORD = "một mật khẩu dài"
PASSPHRASE = "chín con ngựa trên đồi xanh"
SECRET = "Khách hàng bí mật"
ADDRESS = "https://kam.test"
LAPTOP, SERVER, RING = "laptop", "server.db", "ring.json"
CLOCK = SystemClock()
IDS = RandomIds(CLOCK)


class Ring:
    """A keyring in a file, for the next process too."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _kept(self) -> dict[str, str]:
        return dict(json.loads(self._path.read_text("utf-8"))) if self._path.exists() else {}

    def read(self, name: str) -> str | None:
        return self._kept().get(name)

    def write(self, name: str, secret: str) -> None:
        touch("keyring")
        self._path.write_text(json.dumps({**self._kept(), name: secret}), "utf-8")

    def delete(self, name: str) -> None:
        touch("keyring")
        self._path.write_text(json.dumps({k: v for k, v in self._kept().items() if k != name}), "utf-8")


class Road:
    """To the server in this very process."""

    def __init__(self, service: Service | None, token: Callable[[], str]) -> None:
        self.service, self.token, self.workspace = service, token, ""

    def call(self, name: str, message: Mapping[str, Any], *, timeout_s: float = 0) -> Mapping[str, Any]:
        if self.service is None:
            raise Unavailable("offline", "no network")
        touch(f"before {name}")
        try:
            sent = orjson.loads(orjson.dumps(dict(message)))
            answer: dict[str, Any] = orjson.loads(orjson.dumps(self.service.work(name, self.token(), sent, "")))
        except Problem as problem:
            raise problem_of(problem.status, problem.body(), {}) from problem
        touch(f"after {name}")
        return answer


# Points at which a process may be killed.

_passed, _dies_at = 0, 0


def touch(_what: str) -> None:
    """One more point; here the process may end."""
    global _passed
    _passed += 1
    if _passed == _dies_at:
        os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def points() -> Iterator[None]:
    """Every time that the disk is touched in the wipe, before and after."""
    with ExitStack() as stack:
        for module, name in (
            (files, "remove"), (files, "sync"), (files, "replace"), (files, "write_all"), (wiping, "_overwrite"),
            (files, "sync_folder"), (os, "unlink"), (os, "fsync"), (os, "replace"), (os, "rmdir"), (os, "write"),
        ):  # fmt: skip
            real = getattr(module, name)

            def counted(*given: Any, _real: Any = real, _name: str = name, **more: Any) -> Any:
                touch(f"before {_name}")
                found = _real(*given, **more)
                touch(f"after {_name}")
                return found

            stack.enter_context(patch.object(module, name, counted))
        stack.enter_context(patch.object(device_file, "is_copied", lambda _folder: False))
        stack.enter_context(patch.object(sessions, "_verified", lambda kept, given: given == PASSWORD))
        stack.enter_context(patch.dict(os.environ, {profile.PASSPHRASE_FILE: ""}))
        yield


# The laptop and its server.


def policy() -> Policy:
    return Policy.read((Path(__file__).parents[2] / "resources" / "policy.toml").read_text("utf-8"))


def service_of(place: Path) -> Service:
    return Service(Database(f"sqlite:///{place / SERVER}"), policy(), CLOCK, IDS)


def built(place: Path) -> None:
    """A server, and a connected laptop with unsent work; then somebody revokes the laptop."""
    database = Database(f"sqlite:///{place / SERVER}")
    with database.write() as connection:
        workspace.create(connection, IDS, CLOCK)
        presets.ensure(connection, policy=policy(), clock=CLOCK, ids=IDS)
        users.add(connection, "An", "kam", PASSWORD, policy=policy(), clock=CLOCK, ids=IDS)
    ring = Ring(place / RING)
    made = profile.create_profile(place / LAPTOP, CLOCK, IDS, ring, passphrase=PASSPHRASE)
    service = Service(database, policy(), CLOCK, IDS)
    with made:
        profile.set_up(made.store, "", "")
        agent = Agent(made.store, ring, CLOCK, transport=lambda _address, token, _workspace: Road(service, token))
        agent.connect(ADDRESS, "An", PASSWORD, agree=lambda found: True)
        _edit(made.store, 3)
        agent.sync()
        for _ in range(3):
            backup.backup_to(made.store, backup.own_place(made.store, "daily"), "daily")
        (place / LAPTOP / "log").mkdir()
        (place / LAPTOP / "log" / "kam.log").write_text("x", "utf-8")
        _edit(made.store, 7)
        group = next(iter(_unsent(made.store)))
        with made.store.database.read() as connection:
            waiting = unsent.outbox.of_groups(connection, [group])
            found = next(iter(waiting))
        agent.state.set_aside(found, {"where": "", "code": "x", "message": "x", "args": {}})
        names = _unsent(made.store)
        device = agent.state.device()
    (place / "unsent.json").write_text(json.dumps(sorted(names)), "utf-8")
    with database.write() as connection:
        devices.revoke(connection, device, CLOCK)
    database.close()


def _edit(store: Any, count: int) -> None:
    for number in range(count):
        with store.edit("x") as uow:
            uow.add(Account(id=IDS.new(), name=f"{SECRET} {number}", currency="VND"))


def _unsent(store: Any) -> set[str]:
    with store.database.read() as connection:
        return set(unsent.names(connection))


def live(place: Path, *, online: bool) -> str:
    """The program starts and syncs once; what came of it."""
    ring = Ring(place / RING)
    service = service_of(place) if online else None
    try:
        found = profile.open_profile(place / LAPTOP, CLOCK, IDS, ring)
    except (Refused, Unavailable) as refused:
        return refused.problems[0].code if isinstance(refused, Refused) else refused.code
    with found:
        agent = Agent(found.store, ring, CLOCK, transport=lambda _address, token, _workspace: Road(service, token))
        try:
            agent.sync()
        except Unavailable as failure:
            return failure.code
        return "synced"


def in_child(work: Callable[[], Any], dies_at: int = 0) -> tuple[bool, str]:
    """Does it in a process of its own that is killed at a point; whether it was, and what it said."""
    global _passed, _dies_at
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        _passed, _dies_at = 0, dies_at
        said = f"{work()} {_passed}"
        os.write(sender, said.encode())
        os._exit(0)
    os.close(sender)
    _, status = os.waitpid(child, 0)
    with os.fdopen(receiver) as stream:
        said = stream.read()
    return os.WIFSIGNALED(status), said


# What is judged.


def at_the_server(place: Path) -> set[str]:
    with Database(f"sqlite:///{place / SERVER}").read() as connection:
        return {row[0] for row in connection.rows("select group_id from handed_in")}


def touched(before: Mapping[str, bytes], place: Path) -> bool:
    """Whether a way to the data, or the data, is less than it was."""
    return any(not (place / LAPTOP / name).exists() or (place / LAPTOP / name).read_bytes() != content
               for name, content in before.items())  # fmt: skip


def remains(place: Path) -> list[str]:
    """What is left that could be read, or lead to it."""
    left = [str(path.relative_to(place)) for path in (place / LAPTOP).rglob("*") if path.is_file()]
    left = [each for each in left if each != f"{LAPTOP}/lock"]
    return left + list(Ring(place / RING)._kept())


def judged(template: Path, place: Path, point: int) -> list[str]:
    """One laptop killed at one point; what is wrong with it."""
    shutil.copytree(template, place)
    before = {name: (place / LAPTOP / name).read_bytes() for name in ("keys.json", "keys.copy.json")}
    names = set(json.loads((place / "unsent.json").read_text("utf-8")))
    wrong = []
    killed, said = in_child(lambda: live(place, online=True), point)
    if not killed:
        wrong.append(f"was not killed: {said}")
    begun = wiping.is_ordered(place / LAPTOP)
    if (begun or touched(before, place)) and not names <= at_the_server(place):
        wrong.append("erasing began before everything was handed in")
    if touched(before, place) and not begun and remains(place):
        wrong.append("keys are gone and no order is there to go on")
    _, said = in_child(lambda: live(place, online=False))
    if begun and (said.split()[0] not in ("erased", "no_profile") or remains(place)):
        wrong.append(f"left without a network: {said} {remains(place)[:5]}")
    if not begun and not remains(place):
        pass  # it was through
    elif not begun and said.split()[0] not in ("offline", "sign_in"):
        wrong.append(f"an untouched laptop does not open: {said}")
    _, said = in_child(lambda: live(place, online=True))
    if said.split()[0] not in ("erased", "no_profile") or remains(place):
        wrong.append(f"left at the end: {said} {remains(place)[:5]}")
    if not names <= at_the_server(place):
        wrong.append("unsent work is lost")
    shutil.rmtree(place)
    return wrong


def counted(template: Path, place: Path) -> int:
    """How many points a whole run passes."""
    shutil.copytree(template, place)
    _, said = in_child(lambda: live(place, online=True))
    shutil.rmtree(place)
    assert said.split()[0] == "erased", said
    return int(said.split()[1])


def sweep(count: int, work: Path, template: Path) -> dict[str, Any]:
    """As many points as wanted, spread over all there are."""
    whole = counted(template, work / "whole")
    chosen = sorted({1 + number * (whole - 1) // max(1, count - 1) for number in range(min(count, whole))})
    wrong = {point: found for point in chosen if (found := judged(template, work / f"at{point}", point))}
    return {"points": whole, "killed_at": len(chosen), "wrong": wrong}


# Answers that must erase nothing.


def refused(work: Path, template: Path, only: tuple[str, ...] = ()) -> dict[str, Any]:
    """Every wrong answer to a laptop that is revoked, and to one that is not: the keys must stay as they are."""
    erased = []
    answers: dict[str, Any] = {
        "401": Problem(401, "sign_in", "x"), "401 wrong_password": Problem(401, "wrong_password", "x"),
        "403 revoked": Problem(403, "device_revoked", "x"), "403 taken": Problem(403, "device_taken", "x"),
        "403 disabled": Problem(403, "user_disabled", "x"), "410": Problem(410, "gone", "x"),
        "404": Problem(404, "gone", "x"), "500": Problem(500, "server_fault", "x"), "empty": {},
        "revoked alone": {"revoked": True}, "no code": {"revoked": True, "taken": 7, "wipe": ""},
        "wrong code": {"revoked": True, "taken": 7, "wipe": "0" * 64},
        "true": {"revoked": True, "taken": 7, "wipe": True}, "the lock": {"revoked": True, "taken": 7, "wipe": "LOCK"},
        "a colleague's": {"revoked": True, "taken": 7, "wipe": "f" * 64}, "words": {"revoked": "yes", "wipe": "0" * 64},
    }  # fmt: skip
    for kind, answer in answers.items():
        if only and kind not in only:
            continue
        place = work / "refused"
        shutil.copytree(template, place)
        before = {name: (place / LAPTOP / name).read_bytes() for name in ("keys.json", "keys.copy.json")}

        def one(answer: Any = answer, place: Path = place) -> str:
            real = Service.work

            def wrong(self: Service, call: str, token: str, message: Mapping[str, Any], host: str = "") -> Any:
                if call != "hand-in":
                    return real(self, call, token, message, host)
                if isinstance(answer, Problem):
                    raise answer
                found = dict(answer)
                if found.get("wipe") == "LOCK":
                    with self.database.read() as connection:
                        key = workspace.read(connection).key
                    from kam_desktop.server import lease

                    found["wipe"] = lease.lock(key, str(message["device"]))
                if "taken" in found:
                    found["taken"] = len(message.get("groups", ()))
                return found

            with patch.object(Service, "work", wrong):
                return live(place, online=True)

        _, said = in_child(one)
        if touched(before, place) or wiping.is_ordered(place / LAPTOP) or said.split()[0] == "erased":
            erased.append(kind)
        shutil.rmtree(place)
    return {"part": "wrong answers", "kinds": len(answers), "erased": erased}


# Faults, each of which must be found.


def _keys_last(stack: ExitStack) -> None:
    """Erases the files and leaves the keys for later, without an order."""
    stack.enter_context(patch.object(wiping, "erase_keys", lambda *_: None))


def _no_order(stack: ExitStack) -> None:
    """Begins to erase without writing down that it does."""

    def erasing(folder: Path, code: str, lock: str, entries: Any = ()) -> None:
        for name in ("keys.json", "keys.copy.json"):
            files.remove(folder / name)

    stack.enter_context(patch.object(wiping, "order", erasing))


def _any_code(stack: ExitStack) -> None:
    """Takes any code for its own."""
    stack.enter_context(patch.object(wiping, "fits", lambda code, lock: True))


def _waiting_alone(stack: ExitStack) -> None:
    """Hands in what waits, and forgets what came back."""
    real = unsent.page

    def first(connection: Any, known: Any) -> Any:
        return [] if known else real(connection, known)[:6]

    stack.enter_context(patch.object(unsent, "page", first))
    stack.enter_context(patch.object(unsent, "names", lambda connection: []))


def _hasty(stack: ExitStack) -> None:
    """Asks for the code first and hands in nothing."""
    stack.enter_context(patch.object(leaving, "_hand_in", lambda store, ask, handed: handed.update(_unsent(store))))


def _order_forgotten(stack: ExitStack) -> None:
    """A start does not look whether something is to be erased."""
    stack.enter_context(patch.object(wiping, "is_ordered", lambda _folder: False))


FAULTS: dict[str, Callable[[ExitStack], None]] = {
    "keys last": _keys_last, "no order": _no_order, "any code": _any_code, "part handed in": _waiting_alone,
    "nothing handed in": _hasty, "order forgotten": _order_forgotten,
}  # fmt: skip


def found_out(name: str, work: Path, template: Path) -> bool:
    with ExitStack() as stack:
        FAULTS[name](stack)
        try:
            if refused(work, template)["erased"]:
                return True
            return bool(sweep(8, work, template)["wrong"])
        except AssertionError:
            return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100, help="points at which it is killed")
    parser.add_argument("--without-faults", action="store_true")
    given = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory(prefix="kam-wipes-") as folder, points():
        work = Path(folder)
        template = work / "template"
        template.mkdir()
        built(template)
        told = sweep(given.count, work, template)
        print(json.dumps({"part": "killed", **told}), flush=True)
        good &= not told["wrong"]
        told = refused(work, template)
        print(json.dumps(told), flush=True)
        good &= not told["erased"]
        for name in () if given.without_faults else FAULTS:
            found = found_out(name, work, template)
            print(json.dumps({"planted": name, "found": found}), flush=True)
            good &= found
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
