"""One laptop of the sync benchmark, a process of its own: commands on stdin, JSON answers on stdout."""

from __future__ import annotations

import cProfile
import dataclasses
import gc
import hashlib
import itertools
import json
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kam_desktop import config
from kam_desktop.cli.sync_commands import COLLECTED
from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.entities import Account
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.policy import Policy
from kam_desktop.store import files
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.sync import connect
from kam_desktop.sync.agent import Agent

FIELDS = (
    "id", "name", "short_name", "phone", "email", "address", "industry", "website", "internal_note", "tags", "archived",
    "owner",
)  # fmt: skip


def record(row: dict[str, Any], owner: str) -> Account:
    """A row of the peers' data as a customer: twelve fields, every text of it kept."""
    return Account(
        id=row["id"], name=f"{row['cong_ty']} {row['email'][2:8]}", short_name=row["ten"], phone=row["dien_thoai"],
        email=row["email"], address=row["dia_chi"], industry=row["giai_doan"],
        website=f"https://kh.example.vn/{row['tao_luc']}", internal_note=row["ghi_chu"],
        tags=(str(row["phu_trach"]), str(row["gia_tri"])), archived=row["da_xoa"], owner=owner,
    )  # fmt: skip


def octets() -> int:
    """What the loopback interface of this namespace has carried, headers included, both directions."""
    with open("/proc/net/dev") as lines:
        return next(int(line.split(":")[1].split()[0]) for line in lines if line.strip().startswith("lo:"))


class Laptop:
    """A profile in a folder of its own: encrypted database, journal, requests to the server."""

    def __init__(self, folder: Path, server: str, user: str, password: str, data: Path, size: int) -> None:
        clock = SystemClock()
        key = DataKey(hashlib.sha256(b"bench").digest())
        self.store = Store.create(files.private_folder(folder), key, "bench", clock, RandomIds(clock))
        self.agent = Agent(self.store, None, clock)
        self.data, self.size, self.server, self.user = data, size, server, user
        self.agent._open(server, "")
        self.transport, self.session = self.agent._parts()
        self.person = self.session.sign_in(user, password)

    def join(self) -> dict[str, Any]:
        """The first connect without its backup: everything is downloaded, and what is here waits to be sent."""
        policy = Policy.read((config.resources() / "policy.toml").read_text("utf-8"))
        server, user = self.server, self.user
        begun, before, used = time.perf_counter(), octets(), time.process_time()
        connect.join(
            self.agent.state, self.transport, self.session, self.person, server, user, policy, agree=lambda found: False
        )
        told = self._told(begun, before, used)
        self.agent._open(server, self.person.workspace)
        begun, used = time.perf_counter(), time.process_time()
        while self.agent.state.index_rows():
            pass
        return told | {"index_s": time.perf_counter() - begun, "index_cpu_s": time.process_time() - used}

    def _told(self, begun: float, before: int, used: float) -> dict[str, Any]:
        return {
            "s": time.perf_counter() - begun, "bytes": octets() - before, "cpu_s": time.process_time() - used,
        }  # fmt: skip

    def load(self) -> dict[str, Any]:
        """All rows entered here, each a group of its own as an import makes them."""
        took = 0.0
        with open(self.data / f"rows_{self.size}.jsonl", encoding="utf-8") as lines:
            while rows := [record(json.loads(line), self.person.person) for line in itertools.islice(lines, 1000)]:
                begun = time.perf_counter()
                with self.store.edit("Load") as uow:
                    for row in rows:
                        uow.new_group()
                        uow.add(row)
                took += time.perf_counter() - begun
        return {"s": took}

    def edit(self) -> dict[str, Any]:
        """Two fields of a hundred rows, in one step."""
        with open(self.data / f"edit_{self.size}.json", encoding="utf-8") as text:
            found = json.load(text)
        begun = time.perf_counter()
        with self.store.edit("Edit") as uow:
            held = uow.many(Account, [each["id"] for each in found])
            for each in found:
                uow.new_group()
                note = each["ghi_chu"] + str(random.random())
                uow.put(dataclasses.replace(held[each["id"]], industry=each["giai_doan"], internal_note=note))
        return {"s": time.perf_counter() - begun}

    def sync(self) -> dict[str, Any]:
        """A whole cycle: push, pull, index."""
        begun, before, used = time.perf_counter(), octets(), time.process_time()
        report = self.agent.sync()
        if report.to_author or report.braked:
            raise RuntimeError(f"{report.to_author} groups were not taken, {report.braked} rows held back")
        return self._told(begun, before, used) | {"pushed": report.pushed, "pulled": report.pulled}

    def count(self) -> dict[str, Any]:
        with self.store.reader() as reader:
            return {"n": next(iter(reader.sql("select count(*) from account")))[0]}

    def sum(self) -> dict[str, Any]:
        names = ", ".join((*FIELDS, "_seq", "_sort"))
        made, last = hashlib.sha256(), ""
        with self.store.reader() as reader:
            statement = f"select {names} from account where id > :last order by id limit 1000"
            while rows := list(reader.sql(statement, {"last": last})):
                for row in rows:
                    made.update(repr(tuple(row)).encode())
                last = rows[-1][0]
        return {"h": made.hexdigest()}

    def rss(self) -> dict[str, Any]:
        status = Path("/proc/self/status").read_text()
        return {"mb": int(status.split("VmHWM:")[1].split()[0]) / 1024}


def main() -> None:
    folder, server, user, password_file, data, size = sys.argv[1:7]
    laptop = Laptop(
        Path(folder), server, user, Path(password_file).read_text("utf-8").strip(), Path(data), int(size)
    )  # fmt: skip
    gc.freeze()
    gc.set_threshold(*COLLECTED)  # as the commands of the program do
    profiled, _, place = os.environ.get("KAM_BENCH_PROFILE", "").partition("=")
    print('{"ready": 1}', flush=True)
    for line in sys.stdin:
        name = line.strip()
        if name == "quit":
            break
        deed: Callable[[], dict[str, Any]] = getattr(laptop, name)
        try:
            told = _profiled(deed, place) if name == profiled else deed()
            print(json.dumps(told), flush=True)
        except Exception as error:  # noqa: BLE001 — the harness says what failed, and goes on to the next peer
            print(json.dumps({"error": repr(error)[:500]}), flush=True)
    laptop.store.close()


def _profiled(deed: Callable[[], dict[str, Any]], place: str) -> dict[str, Any]:
    """KAM_BENCH_PROFILE=sync=FILE: where the time of that command goes; the last one stays in the file."""
    watch = cProfile.Profile(time.process_time)
    told = watch.runcall(deed)
    watch.dump_stats(place)
    return told


if __name__ == "__main__":
    main()
