"""Our laptop and server in the sync peers' workload: python -m tests.bench.sync --peers DIR."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.server import cluster

ROOT = Path(__file__).parents[2]
PASSWORD = "một mật khẩu để đo"
INSIDE = "KAM_BENCH_NAMESPACE"
Figures = dict[tuple[str, int], dict[str, float]]

# (what, our metric, peer, how many times that peer's figure at most: by our SQLite server, by PostgreSQL); sync
# protocol, section 6.
ANKI, POUCH, FLOOR = "anki-normalsync(rows)", "pouchdb-tuned(batch1000)", "floor-prototype(sqlite)"
TARGETS = (
    ("upload", "a_upload_s", ANKI, 1.0, 1.6),
    ("upload", "a_upload_s", POUCH, 0.25, 0.4),
    ("upload", "a_upload_s", FLOOR, None, None),
    ("download", "b_download_s", ANKI, 0.6, 0.6),
    ("download", "b_download_s", POUCH, 0.15, None),
    ("download", "b_download_s", FLOOR, None, None),
    ("100 edits, push and pull", "c_incremental100_s", ANKI, 1.3, 1.6),
    ("100 edits, push and pull", "c_incremental100_s", POUCH, 0.35, None),
    ("100 edits, push and pull", "c_incremental100_s", FLOOR, None, None),
    ("nothing to do", "d_noop_ms", ANKI, 4.0, 5.0),
    ("nothing to do", "d_noop_ms", POUCH, 0.2, None),
    ("nothing to do", "d_noop_ms", FLOOR, None, None),
    ("bytes of the upload", "e_upload_bytes", ANKI, 0.7, 0.7),
    ("bytes of 100 edits", "e_incremental100_bytes", ANKI, 0.7, 0.7),
    ("peak memory of a laptop", "f_rss_client_mb", ANKI, 0.5, 0.5),
)
MEMORY_ROWS = 50_000
"""With fewer rows memory is the interpreter and its libraries: the protocol has a target for so many."""
GROWTH = (("nothing to do", "d_noop_ms", 1.3), ("100 edits, push and pull", "c_incremental100_s", 1.3))


class Spoken:
    """A process that answers each line with a line of JSON."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        told: dict[str, Any] = json.loads(line or '{"error": "the process ended"}')
        if "error" in told:
            raise RuntimeError(told["error"])
        return told

    def ask(self, name: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(name + "\n")
        self._process.stdin.flush()
        return self._read()

    def end(self) -> None:
        if self._process.poll() is None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write("quit\n")
                self._process.stdin.close()
            self._process.wait(30)


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def served(folder: Path, database: str) -> Iterator[tuple[str, int]]:
    """`kam-server serve` with one user; its address and process id."""
    secret = folder / "password"
    secret.write_text(PASSWORD, "utf-8")
    secret.chmod(0o600)
    tool = [sys.executable, "-m", "kam_desktop.server"]
    told = {**os.environ, "KAM_PASSWORD_FILE": str(secret)}
    subprocess.run([*tool, "migrate", "--database", database], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    made = [*tool, "user", "add", "an", "--role", "kam", "--database", database]
    subprocess.run(made, check=True, env=told, stdout=subprocess.DEVNULL, cwd=ROOT)
    port = _port()
    log = (folder / "server.log").open("w")
    server = subprocess.Popen([*tool, "serve", "--database", database, "--listen", f"127.0.0.1:{port}"],
                              stdout=log, stderr=log, cwd=ROOT)  # fmt: skip
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
        log.close()


def ours(kind: str, database: str, data: Path, size: int, repeats: int) -> Figures:
    """The workload once: A enters and uploads, B downloads, edits travel from A to B, then there is nothing to do."""
    folder = Path(tempfile.mkdtemp(prefix="kam-bench-sync-"))
    made: dict[str, float] = {}
    laptops: list[Spoken] = []

    def laptop(name: str, url: str) -> Spoken:
        laptops.append(
            Spoken(sys.executable, "-m", "tests.bench.sync_laptop", str(folder / name), url, "an",
                   str(folder / "password"), str(data), str(size))
        )  # fmt: skip
        return laptops[-1]

    try:
        with served(folder, database or f"sqlite:///{folder / 'server.db'}") as (url, server):
            a = laptop("A", url)
            a.ask("join")
            made["local_load_s"] = a.ask("load")["s"]
            begun = _cpu(server)
            up = a.ask("sync")
            made |= {"a_upload_s": up["s"], "e_upload_bytes": up["bytes"], "upload_cpu_s": up["cpu_s"],
                     "upload_server_cpu_s": _cpu(server) - begun}  # fmt: skip
            b = laptop("B", url)
            begun = _cpu(server)
            down = b.ask("join")
            made |= {"b_download_s": down["s"], "e_download_bytes": down["bytes"], "download_cpu_s": down["cpu_s"],
                     "download_server_cpu_s": _cpu(server) - begun, "index_s": down["index_s"],
                     "index_cpu_s": down["index_cpu_s"]}  # fmt: skip
            if b.ask("count")["n"] != size:
                raise RuntimeError("B does not hold all rows")
            a.ask("sync")
            b.ask("sync")
            times, sizes, spent = [], [], []
            for _ in range(repeats):
                a.ask("edit")
                begun = _cpu(server)
                push, pull = a.ask("sync"), b.ask("sync")
                times.append(push["s"] + pull["s"])
                spent.append(push["cpu_s"] + pull["cpu_s"] + _cpu(server) - begun)
                sizes.append(push["bytes"] + pull["bytes"])
            made |= {"c_incremental100_s": statistics.median(times), "e_incremental100_bytes": statistics.median(sizes)}
            made["incremental100_cpu_s"] = statistics.median(spent)
            made["converged"] = float(a.ask("sum")["h"] == b.ask("sum")["h"])
            quiet = [b.ask("sync") for _ in range(7)]
            made["noop_laptop_cpu_ms"] = statistics.median(each["cpu_s"] for each in quiet) * 1000
            made["d_noop_ms"] = statistics.median(each["s"] for each in quiet) * 1000
            made["e_noop_bytes"] = statistics.median(each["bytes"] for each in quiet)
            made["f_rss_clientA_mb"], made["f_rss_clientB_mb"] = a.ask("rss")["mb"], b.ask("rss")["mb"]
            status = Path(f"/proc/{server}/status").read_text()
            made["f_rss_server_mb"] = int(status.split("VmHWM:")[1].split()[0]) / 1024
            for each in laptops:
                each.end()
    finally:
        for each in laptops:
            each.end()
        shutil.rmtree(folder, ignore_errors=True)
    if not made["converged"]:
        print(f"{kind}, {size} rows: the two laptops do not hold the same", file=sys.stderr)
    return {(f"kam({kind})", size): made}


def _cpu(process: int) -> float:
    """Seconds of the processor that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


def peers(folder: Path, name: str, size: int) -> Figures:
    """One peer's own run, if it is installed there; nothing otherwise."""
    found: Figures = {}
    done = subprocess.run([str(folder / name / "run.sh"), str(size)], capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        with contextlib.suppress(ValueError):
            told = json.loads(line)
            if isinstance(told.get("value"), int | float):
                found.setdefault((told["peer"], told["n"]), {})[told["metric"]] = float(told["value"])
            elif told.get("metric") == "ERROR":
                print(f"{name}: {told['value']}", file=sys.stderr)
    if not found:
        print(f"{name} gave no figures: {done.stderr.strip()[-200:]}", file=sys.stderr)
    return found


def table(figures: Figures, sizes: list[int]) -> None:
    """Every figure, then every ratio of the protocol's targets."""
    for each in figures.values():
        each["f_rss_client_mb"] = max(each.get("f_rss_clientA_mb", 0.0), each.get("f_rss_clientB_mb", 0.0))
    print(
        "\n| | rows | upload s | download s | 100 edits ms | nothing ms | bytes up / 100 edits / nothing | laptop MB |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for (name, size), got in sorted(figures.items(), key=lambda each: (each[0][1], each[0][0])):
        numbers = [got.get(key, float("nan")) for key in (
            "a_upload_s", "b_download_s", "c_incremental100_s", "d_noop_ms", "e_upload_bytes", "e_incremental100_bytes",
            "e_noop_bytes", "f_rss_client_mb")]  # fmt: skip
        up, down, edits, quiet, *sizes_, memory = numbers
        of = " / ".join(f"{each:,.0f}" for each in sizes_)
        print(f"| {name} | {size:,} | {up:.3f} | {down:.3f} | {1000 * edits:.1f} | {quiet:.2f} | {of} | {memory:.0f} |")
    print("\n| processor, s | rows | upload: laptop + server | download: laptop + server | indexing | 100 edits |")
    print("|---|---|---|---|---|---|")
    for (name, size), got in sorted(figures.items(), key=lambda each: (each[0][1], each[0][0])):
        if "upload_cpu_s" in got:
            pairs = ((got[f"{each}_cpu_s"], got[f"{each}_server_cpu_s"]) for each in ("upload", "download"))
            sums = [f"{laptop:.2f} + {server:.2f}" for laptop, server in pairs]
            more = f"{got['index_cpu_s']:.2f} | {got['incremental100_cpu_s']:.3f}"
            print(f"| {name} | {size:,} | {sums[0]} | {sums[1]} | {more} |")
    print("\n| | rows | server | against | ratio | at most | |")
    print("|---|---|---|---|---|---|---|")
    for what, metric, peer, *most in TARGETS:
        for size in sizes:
            for kind, limit in zip(("sqlite", "postgresql"), most, strict=True):
                own, other = figures.get((f"kam({kind})", size), {}), figures.get((peer, size), {})
                if metric in own and other.get(metric):
                    wanted = limit if size == MEMORY_ROWS or metric != "f_rss_client_mb" else None
                    _ratio(what, f"{size:,}", kind, peer, own[metric] / other[metric], wanted)
    if len(sizes) > 1:
        for what, metric, limit in GROWTH:
            for kind in ("sqlite", "postgresql"):
                small, large = (figures.get((f"kam({kind})", size), {}) for size in (sizes[0], sizes[-1]))
                if metric in small and metric in large:
                    ratio = large[metric] / small[metric]
                    _ratio(what, f"{sizes[-1]:,}", kind, f"itself at {sizes[0]:,}", ratio, limit)


def _ratio(what: str, size: str, kind: str, peer: str, ratio: float, limit: float | None) -> None:
    verdict = "" if limit is None else "met" if ratio <= limit else "missed"
    print(f"| {what} | {size} | {kind} | {peer} | {ratio:.2f} | {'' if limit is None else limit} | {verdict} |")


def _alone() -> None:
    """Into a network namespace of our own, so that the loopback's counter is of this run alone."""
    if os.environ.get(INSIDE):
        return
    inside = [sys.executable, "-m", "tests.bench.sync", *sys.argv[1:]]
    command = ["unshare", "-n", "bash", "-c", 'ip link set lo up; exec "$@"', "--", *inside]
    if (
        shutil.which("unshare")
        and subprocess.run(["unshare", "-n", "true"], check=False, capture_output=True).returncode == 0
    ):
        os.execvpe(command[0], command, {**os.environ, INSIDE: "1"})
    print("No network namespace here (it needs root): bytes of other programs are counted too.", file=sys.stderr)


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--peers", type=Path, help="the peers' folder with common/, anki/, pouchdb/, proto/")
    reading.add_argument("--data", type=Path, help="where rows_N.jsonl lie; else PEERS/data")
    reading.add_argument("--rows", default="1000,10000,50000")
    reading.add_argument("--only", default="anki,pouchdb,proto", help="which peers; empty for none")
    reading.add_argument("--repeats", type=int, default=3)
    reading.add_argument("--no-postgresql", action="store_true")
    reading.add_argument("--json", type=Path)
    asked = reading.parse_args()
    _alone()
    sizes = [int(each) for each in asked.rows.split(",")]
    data = asked.data or (asked.peers / "data" if asked.peers else None)
    if data is None:
        reading.error("name --peers or --data")
    if asked.peers:
        subprocess.run([sys.executable, str(asked.peers / "common" / "gen.py"), *map(str, sizes)], check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
    figures: Figures = {}
    print(f"Load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores at the start.")
    database = None
    if not asked.no_postgresql and cluster.programs() is not None:
        database = cluster.Cluster()
    try:
        for size in sizes:
            figures |= _timed(ours, "sqlite", "", data, size, asked.repeats)
            if database is not None:
                url = database.url()
                figures |= _timed(ours, "postgresql", url, data, size, asked.repeats)
            for name in filter(None, asked.only.split(",")) if asked.peers else ():
                figures |= _timed(peers, asked.peers, name, size)
            if asked.json:  # what is known so far, should the rest not come about
                _keep(asked.json, figures)
    finally:
        if database is not None:
            database.remove()
    table(figures, sizes)
    print(f"\nLoad {os.getloadavg()[0]:.1f} at the end.")
    if asked.json:
        _keep(asked.json, figures)


def _timed(run: Callable[..., Figures], *args: Any) -> Figures:
    """Runs one of them, and says on stderr how long it took: the whole takes minutes."""
    begun = time.monotonic()
    found = run(*args)
    told = ", ".join(f"{name} with {size:,} rows" for name, size in found) or "nothing"
    print(f"{told}: {time.monotonic() - begun:.0f} s, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    return found


def _keep(file: Path, figures: Figures) -> None:
    file.write_text(json.dumps([{"peer": name, "rows": size, **got} for (name, size), got in figures.items()]))


if __name__ == "__main__":
    main()
