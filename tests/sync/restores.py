"""Random restores and clones: python -m tests.sync.restores --count 500 [--postgresql]."""

from __future__ import annotations

import argparse
import collections
import json
import random
import shutil
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from kam_desktop.domain.entities import BY_NAME, ENTITIES, Proposal
from kam_desktop.domain.ids import letters
from kam_desktop.protocol.messages import Problem
from kam_desktop.server import backup as server_backup
from kam_desktop.server import workspace
from kam_desktop.server.database import Database
from kam_desktop.services.proposal import next_number
from kam_desktop.store import backup as profile_backup
from kam_desktop.store import device_file, rescue
from kam_desktop.store.keys import create_key_file
from kam_desktop.store.landing import EMPTIES, column_of_wire, columns_of
from kam_desktop.store.profile import LETTER
from kam_desktop.store.recovery_key import RecoveryKey
from kam_desktop.store.restore import restore
from tests.fakes import FakeClock
from tests.sync import oracle
from tests.sync.nodes import Failed, Node, template
from tests.sync.simulation import Run
from tests.sync.world import KEY

NOISE = ("lose", "duplicate", "reorder", "answers", "truncate", "crash", "commit_crash", "pages", "timeout", "undo")
"""Faults of the network and the processes that go on meanwhile."""
EVENTS = (
    "point_in_time", "point_in_time_unnoticed", "backup", "file_unnoticed", "staging", "profile_backup", "data_file",
    "folder", "disk_image", "clone", "image_clone", "clone_and_set_back",
)  # fmt: skip
EVERY = 4
"""So many steps lie between two moments to which the server can be set back."""
Item = tuple[str, str, str, str]
"""(kind, id, field, JSON of a wire value) of a change that somebody still holds."""


class Restores(Run):
    """One history with as many restores and clones as asked for; `events` says which there were."""

    def __init__(self, seed: int, events: int = 3, only: str = "", told: Any = None) -> None:
        numbers = random.Random(seed)
        noise = tuple(each for each in NOISE if numbers.random() < 0.3)
        super().__init__(seed, steps=40 + 16 * events, told=told, only=noise)
        chosen = [only] * events if only else [numbers.choice(EVENTS) for _ in range(events)]
        at = sorted(numbers.sample(range(12, self.steps - 4), events))
        self.due = dict(zip(at, chosen, strict=True))
        self.events: list[str] = []
        self.detected = 0
        self.expected: set[Item] = set()
        self.lineage: set[tuple[int, str]] = set()
        self.pushed: dict[tuple[str, int], tuple[str, ...]] = {}
        self.words: dict[tuple[int, str], str] = {}
        self.lost_numbers: dict[int, tuple[str, int]] = {}
        self.exempt: set[int] = set()
        self.forked_at: int | None = None
        self.moments: list[tuple[Path, set[tuple[int, str]]]] = []
        self.backups: dict[str, tuple[Path, Path]] = {}
        self.signed: dict[str, str] = {}
        self.silent: dict[str, str] = {}
        self.given: dict[str, set[str]] = collections.defaultdict(set)
        self._answer = self.house.answer
        self.house.answer = self._judged  # type: ignore[method-assign]
        for node in self.nodes:
            node.state.set_note(LETTER, "")
            _give_keys(node)
            self._sign_in(node)
            mark = node.state.standing().mark
            self.lineage.add((mark["seq"], mark["hash"]))

    # What is judged at every call.

    def _judged(self, name: str, subject: Any, message: Mapping[str, Any]) -> dict[str, Any]:
        mark = message.get("mark")
        strange = mark is not None and (mark["seq"], mark["hash"]) not in self.lineage and bool(self.moments)
        try:
            answer = self._answer(name, subject, message)
        except Problem as problem:
            if strange and problem.code in ("restored", "epoch"):
                self.detected += 1
            if problem.code == "epoch":
                self.lineage.add((int(problem.args_named["seq"]), str(problem.args_named["hash"])))
            raise
        if strange:
            raise Failed("a laptop that knows a lost past was answered as if nothing had been")
        self.lineage.add((answer["mark"]["seq"], answer["mark"]["hash"]))
        if name == "push" and message["groups"]:
            key, groups = (message["device"], message["number"]), tuple(each[0] for each in message["groups"])
            word = message.get("copy", "")
            if self.words.setdefault((message["epoch"], message["device"]), word) != word:
                raise Failed("a clone was taken for the original")
            if set(groups) - set(self.pushed.setdefault(key, groups)):
                raise Failed(f"the number {key[1]} of a laptop's pushes was taken twice")
        return answer

    # The run.

    def _act(self, number: int) -> None:
        if number % EVERY == 0:
            place = self.folder / f"moment-{number}"
            self._server_copy(place)
            self.moments = [*self.moments[-6:], (place, self.lineage | {self._mark_now()})]
            for node in self.nodes:
                if node.ready and self.random.random() < 0.2:
                    self._keep_backups(node)
        event = self.due.get(number)
        if event:
            node = self.random.choice([each for each in self.nodes if each.ready])
            self.say("EVENT", event, node.label)
            self.events.append(event)
            self.server_fuse.left = -1
            for each in self.nodes:
                each.fuse.left = -1
            getattr(self, "event_" + event)(node)
            return
        if self.random.random() < 0.06:
            self._number(self.random.choice(self.nodes))
            return
        super()._act(number)

    def start(self, node: Node) -> None:
        self._sign_in(node)
        super().start(node)

    def _whole_cycle(self, node: Node) -> bool:
        self._sign_in(node)
        return super()._whole_cycle(node)

    def _sign_in(self, node: Node) -> None:
        """A device that the server does not know signs in, and is given its letter."""
        device = node.state.device()
        if self.silent.get(node.label, device) != device:
            self.silent.pop(node.label)
        letter = self.house.value("select letter from device where id = ?", device)
        if letter and self.signed.get(node.label) == device:
            return
        node.known()
        if not letter:
            with self.house.database.write() as connection:
                taken = {row[0] for row in connection.rows("select letter from device where person = ?", (node.user,))}
                again = workspace.read(connection).epoch > 1
                letter = letters(device) if again else next(each for each in "ABCDEFGHJK" if each not in taken)
                connection.run("update device set letter = ? where id = ?", (letter, device))
        if node.label not in self.signed:  # later ones have letters of their own, by which nobody else goes
            node.state.set_note(LETTER, letter)
        self.signed[node.label] = device

    def _number(self, node: Node) -> None:
        """A proposal with a number of ours. A disk image does not know that it is one before it met the server."""
        if node.label in self.silent:
            return
        accounts = node.sql("select id from account order by id")
        if not accounts or not node.ready:
            return

        def work(uow: Any) -> None:
            number = next_number(uow, f"BG{node.name}")
            uow.add(Proposal(id=made, account=accounts[0][0], title="Số", owner=node.user, number=number))

        made = self.ids.new()
        self.written_by(node, "number", lambda: node.store.edit("number"), work)
        for (number,) in node.sql("select number from proposal where id = ?", made):  # it was not killed before
            self.given[number].add(made)
            if len(self.given[number]) > 1:
                raise Failed(f"{node.label} gave the number {number} a second time")

    # The server.

    def event_point_in_time(self, node: Node) -> None:
        self._server_back(*self.random.choice(self.moments), told=True)

    def event_point_in_time_unnoticed(self, node: Node) -> None:
        self._server_back(*self.random.choice(self.moments), told=False)

    def event_file_unnoticed(self, node: Node) -> None:
        self._server_back(*self.moments[0], told=False)

    def event_backup(self, node: Node) -> None:
        """A backup as the program makes it, of a moment a while ago, put back as the program does."""
        place, lineage = self.random.choice(self.moments)
        old = Database(f"sqlite:///{place / 'server.db'}")
        file = self.folder / f"{len(self.events)}.kamserver"
        server_backup.make(old, file, self.clock)
        old.close()
        self._busy()
        before = self._before()
        server_backup.restore(self.house.database, file, "production", self.clock, self.ids, replace=True)
        self._after(before, lineage, told=True)

    def event_staging(self, node: Node) -> None:
        """A copy for trying things out answers where the server should: nothing is sent, nothing taken in."""
        answer, self.house.answer = self.house.answer, self._answer  # type: ignore[method-assign]
        try:
            self.do_copy(node)
        finally:
            self.house.answer = answer  # type: ignore[method-assign]

    def _busy(self) -> None:
        """Work that is sent and fetched just before it is lost, so that others have what its author let go of."""
        if self.random.random() < 0.3:
            return
        for _ in range(2):
            for node in self.nodes:
                if node.ready:
                    self.edit(node)
                    self.edit(node)
        for node in [each for each in (*self.nodes, *self.nodes) if each.ready]:
            self._whole_cycle(node)

    def _server_back(self, place: Path, lineage: set[tuple[int, str]], *, told: bool) -> None:
        self._busy()
        before = self._before()
        self.house.database.close()
        shutil.rmtree(self.folder / "server")
        shutil.copytree(place, self.folder / "server")
        if told:
            self._restore_as_production()
        self._after(before, lineage, told=told)

    def _before(self) -> tuple[list[Any], set[str]]:
        with self.house.sql() as connection:
            log = connection.rows("select seq, group_id, place, entity, record, action, new from change_log")
        return log, self._known_groups()

    def _after(self, before: tuple[list[Any], set[str]], lineage: set[tuple[int, str]], *, told: bool) -> None:
        log, groups = before
        with self.house.sql() as connection:
            kept = {tuple(row) for row in connection.rows("select seq, group_id, place from change_log")}
            newest = connection.one("select max(seq) from change_log")
        lost = [row for row in log if tuple(row[:3]) not in kept]
        self.lineage = set(lineage)
        self.pushed.clear()  # what was taken under these numbers is lost
        self.epochs += 1
        fork = int(newest[0] or 0) if newest else 0
        if self.forked_at is not None:  # nobody had noticed the last time either
            self.exempt |= {row[0] for row in log if row[0] > (self.forked_at or 0)}
            fork = min(fork, self.forked_at)
        self.forked_at = None if told else fork
        self.lost_numbers.update({row[0]: (row[1], row[2]) for row in lost})
        let_go: set[str] = set()
        for node in self.nodes:
            if self.random.random() < 0.4:  # what it had sent, it sent long ago, or from another laptop
                let_go |= {row[0] for row in node.sql("select group_id from acknowledged")}
                with node.store.database.write() as connection:
                    connection.exec_driver_sql("delete from acknowledged")
        held = {each.label: _can_send(each) for each in self.nodes}
        for group in (groups | let_go) - self._known_groups():
            made = self.written.get(group)
            if made is None or not any(group in found for found in held.values()):
                self.excused.add(group)  # its author cannot send it again; what others have of it is expected below
        self._forget_unheld()
        for row in lost:
            if row[5] in ("create", "update"):
                self.expected |= {each for each in _items(row[3], row[4], row[6]) if self._held(each, row[0])}
        self.moments = [(place, found) for place, found in self.moments if found <= self.lineage]
        self.moments = self.moments or [self._moment_now()]
        self.say("server set back", len(lost), "lost", len(self.expected), "expected", "told" if told else "")

    def _moment_now(self) -> tuple[Path, set[tuple[int, str]]]:
        place = self.folder / f"moment-after-{len(self.events)}"
        self._server_copy(place)
        return place, self.lineage | {self._mark_now()}

    def _mark_now(self) -> tuple[int, str]:
        with self.house.sql() as connection:
            found = workspace.read(connection)
        return found.seq, found.hash

    def _restore_as_production(self) -> None:
        self._exempt_unnoticed()
        super()._restore_as_production()

    def _exempt_unnoticed(self) -> None:
        """What was written before anybody noticed, or could, may have numbers of the lost past."""
        if self.forked_at is not None:
            with self.house.sql() as connection:
                found = connection.rows("select seq from change_log where seq > ?", (self.forked_at,))
            self.exempt |= {row[0] for row in found}
            self.forked_at = None

    # The laptops.

    def _keep_backups(self, node: Node) -> None:
        """A backup as the program makes it, and a copy of the folder."""
        file, place = (
            self.folder / f"{node.label}-{node.clock.moment:%d%H%M%S}.kambackup",
            self.folder / f"{node.label}-kept",
        )
        file.unlink(missing_ok=True)
        profile_backup.backup_to(node.store, file)
        node.close()
        node.copy_to(place)
        node.open()
        self.backups[node.label] = file, place

    def event_profile_backup(self, node: Node) -> None:
        """What waited is not in the older backup: it is listed for its author."""
        if node.label not in self.backups:
            self._keep_backups(node)
        before = {group for group, made in self.written.items() if made.node == node.label}
        node.close()
        restore(node.folder, self.backups[node.label][0], KEY, node.clock, self.house.ids)
        self._back(node, before)

    def event_data_file(self, node: Node) -> None:
        if node.label not in self.backups:
            self._keep_backups(node)
        node.close()
        for path in node.folder.glob("data.kam*"):
            path.unlink()
        shutil.copy(self.backups[node.label][1] / "data.kam", node.folder / "data.kam")
        self._back(node, set())

    def event_folder(self, node: Node, image: bool = False) -> None:
        """Everything is brought back from a copy: the files are others, so the laptop knows it at once."""
        if node.label not in self.backups:
            self._keep_backups(node)
        before = {group for group, made in self.written.items() if made.node == node.label}
        node.close()
        shutil.rmtree(node.folder)
        shutil.copytree(self.backups[node.label][1], node.folder)
        self._back(node, before, image=image)

    def event_disk_image(self, node: Node) -> None:
        """The whole disk is brought back: nothing on it tells."""
        self.event_folder(node, image=True)

    def _back(self, node: Node, before: set[str], image: bool = False) -> None:
        node.high.clear()
        self._opened(node, image)
        kept = "select group_id from history union select group_id from outbox union select group_id from acknowledged "
        held = {row[0] for row in node.sql(kept + "union select id from needs_you")}
        self.excused |= before - held - self._accepted()  # what was refused lay before its author, on this disk
        self._forget_unheld()
        oracle.live(node)

    def _accepted(self) -> set[str]:
        with self.house.sql() as connection:
            rows = connection.rows("select group_id, verdict from group_applied")
        return {group for group, verdict in rows if verdict is None or json.loads(verdict)[0] == "accepted"}

    def _opened(self, node: Node, image: bool) -> None:
        """As services.profile opens a folder; a disk image keeps the number of the file, so nothing is noticed."""
        if image:
            device_file.write(node.folder, device_file.read(node.folder))
            self.silent[node.label] = device_file.read(node.folder)
        node.open()
        if device_file.is_copied(node.folder):
            node.store.take_device_id()
            node.killed()

    def event_clone(self, node: Node, image: bool = False) -> None:
        if len(self.nodes) >= 7:
            return
        label = f"{node.label}-clone{len(self.nodes)}"
        node.close()
        node.copy_to(self.folder / label)
        node.open()
        device = device_file.read(self.folder / label)
        if image:
            device_file.write(self.folder / label, device)
            self.silent[label] = self.silent[node.label] = device  # which of the two goes on as another is not known
        clone = Node(self.house, node.name, label, self.folder / label, FakeClock(node.clock.moment), ready=True)
        clone.inherited = set(node.inherited) | {g for g, w in self.written.items() if w.node == node.label}
        if device_file.is_copied(clone.folder):
            clone.store.take_device_id()
            clone.killed()
        self.signed[label] = device
        self.nodes.append(clone)
        self.say("clone", label)

    def event_image_clone(self, node: Node) -> None:
        self.event_clone(node, image=True)

    def event_clone_and_set_back(self, node: Node) -> None:
        """The server forgets the numbers by which it would know the copy."""
        self.event_clone(node, image=True)
        self._server_back(*self.random.choice(self.moments), told=self.random.random() < 0.5)

    # What must be found again.

    def _held(self, item: Item, seq: int = 0) -> bool:
        """Whether a laptop has a value as the server's own, of this version of the row or a later one."""
        entity, record, name, text = item
        column = column_of_wire(BY_NAME[entity].field(name), json.loads(text))
        for node in self.nodes:
            if not node.ready:
                continue
            sent = (
                "select 1 from outbox where record = ? and json_extract(cast(payload as text), '$.action') = 'delete'"
            )
            if node.sql(sent, record):
                continue  # its user deleted it
            kept = node.sql("select seq, row from base where record = ?", record)
            if kept:
                at, row = kept[0][0], {**EMPTIES[entity], **orjson.loads(kept[0][1])}
            else:
                names = columns_of(BY_NAME[entity])
                columns = ", ".join(f'"{each}"' for each in names)
                found = node.sql(f'select {columns} from "{entity}" where id = ?', record)
                if not found or node.sql("select 1 from outbox where record = ?", record):
                    continue
                row = dict(zip(names, found[0], strict=True))
                at = row["_seq"] or 0
            if at >= seq and row[name] == column:
                return True
        return False

    def _forget_unheld(self) -> None:
        """What nobody holds any more is not expected: the laptop that had it was set back too."""
        if self.expected:
            found = self._found()
            self.expected = {each for each in self.expected if each in found or self._held(each)}

    def _found(self) -> set[Item]:
        """What the server has, ever had in this past, or holds for its owner; and what lies before an author."""
        found: set[Item] = set()
        with self.house.sql() as connection:
            for entity, record, new in connection.rows("select entity, record, new from change_log"):
                found |= _items(entity, record, new)
            for (text,) in connection.rows("select changes from recovered"):
                for each in json.loads(text):
                    found |= _items(each["entity"], each["id"], json.dumps(each["new"]))
            for entity, record, theirs, mine in connection.rows("select entity, record, theirs, mine from conflict"):
                found |= _items(entity, record, theirs) | _items(entity, record, mine)
        for node in self.nodes:
            for (changes,) in node.sql("select changes from needs_you"):
                for each in orjson.loads(changes):
                    found |= _items(each["entity"], each["id"], json.dumps(each["new"]))
        return found

    def heal(self) -> None:
        super().heal()
        self._settle_recovered()
        quiet = False
        for _ in range(8):
            quiet = all([self._whole_cycle(node) for node in self.nodes])  # noqa: C419 — every one of them
            if quiet:
                break
        if not quiet:
            raise Failed("I10 no quiet after what was recovered was settled")
        self._check_found()
        self._check_numbers()

    def _settle_recovered(self) -> None:
        """Owners take in or drop what waits for them."""
        self.taken = 0
        lists = {}
        for node in self.nodes:
            lists[node.label] = self._ask_recovered(node)["waiting"]
            with node.store.database.read() as connection:
                kept = [each["group"] for each in rescue.waiting(connection).entries]
            if kept != [each["group"] for each in lists[node.label]]:
                raise Failed(f"{node.label} does not list what waits for its user")
        for node in {each.user: each for each in self.nodes}.values():
            waiting = lists[node.label]
            groups = [each["group"] for each in waiting]
            take = [each for each in groups if self.random.random() < 0.8]
            if take:
                verdicts = self._ask_recovered(node, groups=take, take=True)["verdicts"]
                self.taken += sum(kind == "accepted" for kind, _ in verdicts)
                self.say(node.label, "takes", *(kind for kind, _ in verdicts))
            left = [each for each in groups if each not in take]
            if left:
                self._ask_recovered(node, groups=left, take=False)

    def _ask_recovered(self, node: Node, **more: Any) -> dict[str, Any]:
        standing = node.state.standing()
        message = {
            "workspace": standing.workspace, "epoch": standing.epoch, "device": standing.device, "protocol": 1,
            "schema": 2, "mark": standing.mark, **more,
        }  # fmt: skip
        return self.house.answer("recovered", node.subject, message)

    def _check_found(self) -> None:
        missing = self.expected - self._found()
        with self.house.sql() as connection:
            for entity, record, name, text in sorted(missing):
                row = connection.one(f'select _deleted_seq from "{entity}" where id = ?', (record,))
                default = next(each.default for each in BY_NAME[entity].fields if each.name == name)
                if row is not None and (row[0] is not None or json.loads(text) in (default, "", [], None, False)):
                    continue
                raise Failed(f"{entity}.{name} = {text} of {record} was held by a laptop and is lost")

    def _check_numbers(self) -> None:
        self._exempt_unnoticed()
        with self.house.sql() as connection:
            for seq, group, place in connection.rows("select seq, group_id, place from change_log"):
                if self.lost_numbers.get(seq, (group, place)) != (group, place) and seq not in self.exempt:
                    raise Failed(f"the number {seq} was given twice")
        shown: dict[str, set[str]] = collections.defaultdict(set)
        for node in self.nodes:
            for number, record in node.sql("select number, id from proposal where number like 'BG%'"):
                shown[number].add(record)
        if twice := [number for number, records in shown.items() if len(records) > 1]:
            raise Failed(f"the numbers {twice} were given twice")


def _can_send(node: Node) -> set[str]:
    """The groups that a laptop would send again."""
    told = "select group_id from acknowledged union select group_id from outbox"
    return {row[0] for row in node.sql(told)}


def _give_keys(node: Node) -> None:
    """The key file of the profile: without one there is no backup."""
    place = template().folder / f"keys-{node.name}"
    if not place.exists():
        place.mkdir()
        create_key_file(place, node.name, KEY, node.clock, recovery=RecoveryKey.new())
    for path in place.iterdir():
        shutil.copy(path, node.folder / path.name)


def _items(entity: str, record: str, new: str | None) -> set[Item]:
    if entity not in KINDS:
        return set()
    return {
        (entity, record, name, json.dumps(value, ensure_ascii=False))
        for name, value in json.loads(new or "{}").items()
        if name in BY_NAME[entity].names and not (entity in ("account", "task") and name == "owner")
    }


KINDS = {record.entity.name for record in ENTITIES}


def one(seed: int, events: int = 3, only: str = "", told: Any = None) -> tuple[str, list[str], int, int, int]:
    """What failed ("" for nothing), the events there were, how often a lost past was noticed, expected, taken in."""
    made = Restores(seed, events, only, told)
    try:
        made.go()
        why = ""
    except Failed as failed:
        why = str(failed)
    except Exception:  # noqa: BLE001 — what the product raises is a failure of this seed
        why = traceback.format_exc(limit=-5)
    finally:
        made.close()
    return why, made.events, made.detected, len(made.expected), getattr(made, "taken", 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500, help="restores and clones, at least")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="one seed alone, told")
    parser.add_argument("--only", default="", choices=("", *EVENTS))
    parser.add_argument("--until-failure", action="store_true")
    parser.add_argument("--postgresql", action="store_true", help="on a real PostgreSQL; each is one scenario")
    given = parser.parse_args()
    if given.postgresql:
        from tests.sync import restores_postgresql

        return restores_postgresql.main(given.count)
    if given.seed is not None:
        why = one(given.seed, only=given.only, told=print)[0]
        print(why or "holds")
        return int(bool(why))
    begun, used = time.monotonic(), time.process_time()
    kinds: collections.Counter[str] = collections.Counter()
    failures = detected = expected = taken = 0
    seed = given.first
    while kinds.total() < given.count:
        why, events, noticed, items, accepted = one(seed, only=given.only)
        kinds.update(events)
        detected, expected, taken = detected + noticed, expected + items, taken + accepted
        if why:
            failures += 1
            print(f"seed {seed} ({', '.join(events)}): {why.strip()}", flush=True)
            if given.until_failure:
                print(f"first failure: seed {seed}: {why.strip().splitlines()[-1]}")
                return 1
        seed += 1
    told = {
        "restores_and_clones": kinds.total(), "seeds": seed - given.first, "failures": failures,
        "by_kind": dict(sorted(kinds.items())),
        "lost_past_noticed": detected, "values_held_by_laptops_alone": expected, "rows_taken_back_in": taken,
        "processor_s": round(time.process_time() - used), "s": round(time.monotonic() - begun),
    }  # fmt: skip
    print(json.dumps(told, ensure_ascii=False))
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
