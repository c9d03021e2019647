"""Speed and memory of the window: `python -m tests.bench.window`; see README.md."""

from __future__ import annotations

import argparse
import compileall
import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
GOALS = {  # the goals of the product: milliseconds, and MB
    "first frame": 800,
    "usable window": 1500,
    "letter": 50,
    "frame": 16.7,
    "memory": 350,
    "stall": 200,
}


def main() -> int:
    """Prints a table of figures with their goals and their ratios to the floor; the exit status is 0 in any case."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--profile-large", type=Path, metavar="DIR", help="kept between runs; made when missing")
    options.add_argument("--runs", type=int, default=10, help="starts of each window")
    options.add_argument("--whole-runs", type=int, default=2, help="walks through everything, the worst is printed")
    options.add_argument("--only", choices=("small", "large"), help="one of the two profiles")
    options.add_argument("--json", type=Path, metavar="FILE", help="every single figure")
    given = options.parse_args()
    compileall.compile_dir(str(ROOT / "kam_desktop"), quiet=1)
    compileall.compile_dir(str(HERE), quiet=1)
    with tempfile.TemporaryDirectory(prefix="kam-bench-", ignore_cleanup_errors=True) as temporary, _display() as env:
        work = Path(temporary)
        folders = {"small": work / "small", "large": given.profile_large or work / "large"}
        if given.only:
            folders = {given.only: folders[given.only]}
        every: dict[str, Any] = {"load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None}
        for name, folder in folders.items():
            _call(env, "tests.bench.make_profile", str(folder), name)
        every["floor"] = [_probe(env, work, "floor_probe") for _ in range(max(3, given.runs // 2))]
        for name, folder in folders.items():

            def start(count: int, leave: str, kind: str = "start", folder: Path = folder) -> list[dict[str, Any]]:
                return [_probe(env, work, "window_probe", str(folder), kind, leave) for _ in range(count)]

            start(2, "today")  # caches of files and bytecode are warm after the first, the second begins on Today
            every[name] = {"start": start(given.runs, "today"), "whole": start(given.whole_runs, "today", "whole")}
            start(1, "account")
            every[name]["list"] = start(max(3, given.runs // 2), "account")
    if given.json:
        given.json.write_text(json.dumps(every), "utf-8")
    print_table(every)
    return 0


@contextlib.contextmanager
def _display() -> Iterator[dict[str, str]]:
    """The environment of the probes: bytecode kept, and a screen of their own where the system has X."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPATH"] = str(ROOT)
    server = shutil.which("Xvfb")
    if server is None or not sys.platform.startswith("linux"):
        yield env
        return
    read, write = os.pipe()
    screen = subprocess.Popen(
        [server, "-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-displayfd", str(write)],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as answer:
            env["DISPLAY"] = f":{answer.readline().strip()}"
        env["QT_QPA_PLATFORM"] = "xcb"
        yield env
    finally:
        screen.terminate()
        screen.wait()


def _call(env: dict[str, str], module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], env=env, cwd=ROOT, check=True)


def _probe(env: dict[str, str], work: Path, module: str, *arguments: str) -> dict[str, Any]:
    target = work / "figures.json"
    target.unlink(missing_ok=True)
    own = [str(arguments[0]), str(target), *arguments[1:]] if arguments else [str(target)]
    command = [sys.executable, "-m", f"tests.bench.{module}", *own]
    subprocess.run(command, env=env | {"KAM_BENCH_BORN": str(monotonic())}, cwd=ROOT, check=True, timeout=600)
    found: dict[str, Any] = json.loads(target.read_text("utf-8"))
    return found


# The table.


def print_table(every: dict[str, Any]) -> None:
    """Milliseconds and MB, the goal beside them, and how many times the floor they are."""
    from tests.bench.measure import high, middle

    floor = every["floor"]
    base = {
        "start": 1000 * middle([each["first_frame"] for each in floor]),
        "letter": 1000 * high([value for each in floor for value in each["letter"]]),
        "frame": 1000 * high([value for each in floor for value in each["frame"]]),
        "memory": middle([each["memory"].get("VmHWM", 0) for each in floor]),
    }
    print(f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, load {every['load']}")
    print(f"floor: first frame {base['start']:.0f} ms, letter p95 {base['letter']:.1f} ms, "
          f"frame p95 {base['frame']:.1f} ms, memory {base['memory']:.0f} MB")  # fmt: skip
    for name in ("small", "large"):
        if name in every:
            print(f"\n{name}")
            _print_profile(every[name], base)


def _line(label: str, value: float, goal: float = 0, floor: float = 0, more: str = "") -> None:
    said = f"  goal {goal:g} {'met' if value <= goal else 'MISSED'}" if goal else ""
    ratio = f"  {value / floor:.1f} x floor" if floor else ""
    print(f"  {label:<42}{value:>9.1f}{said:<20}{ratio:<16}{more}".rstrip())


def _print_profile(found: dict[str, Any], base: dict[str, float]) -> None:
    from tests.bench.measure import high, middle

    starts, whole = found["start"], found["whole"]
    for label, key in (("first frame", "first_frame"), ("usable window", "usable")):
        values = [1000 * each[key] for each in starts]
        _line(f"{label}, median of {len(values)} (ms)", middle(values), GOALS[label], base["start"],
              f"worst {max(values):.0f}")  # fmt: skip
    for key in ("start", "list"):
        assert all(each["start_page"] == ("today" if key == "start" else "account") for each in found[key])
    on_list = [1000 * each["usable"] for each in found["list"]]
    _line("usable, beginning on the list (ms)", middle(on_list), GOALS["usable window"], base["start"],
          f"worst {max(on_list):.0f}")  # fmt: skip
    stalls: dict[str, float] = {"start": max(1000 * each["stalls"]["start"] for each in starts)}
    for each in whole:
        for phase, late in each["stalls"].items():
            if phase != "start":
                stalls[phase] = max(stalls.get(phase, 0.0), 1000 * late)
    if whole:

        def all_of(key: str) -> list[float]:
            return [1000 * value for each in whole for value in each[key]]

        for where in ("filter", "palette", "form", "backup"):
            values = all_of(f"letter_{where}")
            _line(f"letter in {where}, p95 of {len(values)} (ms)", high(values), GOALS["letter"], base["letter"],
                  f"median {middle(values):.1f}, worst {max(values):.0f}")  # fmt: skip
        print(f"  list of {whole[0]['list_rows']:,} rows")
        for key, label in (
            ("wheel", "wheel at 60 Hz"),
            ("page_down", "Page Down at 30 Hz"),
            ("wheel_fast", "wheel, ten notches each"),
        ):
            frames = [1000 * value for each in whole for value in each[key]["frame"]]
            gaps = [1000 * value for each in whole for value in each[key]["gap"]]
            blank = 100 * max(each[key]["blank"] for each in whole)
            _line(f"{label}: frame p95 (ms)", high(frames), GOALS["frame"], base["frame"],
                  f"median {middle(frames):.1f}, interval p95 {high(gaps):.1f}, blank rows {blank:.1f} %")  # fmt: skip
        for key, label in (
            ("jump_filled", "jump to any place: rows shown"), ("list_answer", "letter to the new list"),
            ("palette_answer", "letter to the found records"), ("saved", "field left to saved on the disk"),
            ("saved_shown", "field left to everything shown"), ("switch_language", "switch of language"),
            ("switch_theme", "switch of theme"),
        ):  # fmt: skip
            values = all_of(key)
            _line(f"{label}, p95 (ms)", high(values), more=f"median {middle(values):.1f}")
        for key in whole[0]["switch"]:
            first = max(1000 * each["switch"][key][0] for each in whole)
            again = max(1000 * each["switch"][key][1] for each in whole)
            _line(f"page {key} (ms)", first, more=f"shown again {again:.0f}")
        _line("open a customer (ms)", max(1000 * each["open_record"] for each in whole))
        _line("open the palette (ms)", max(1000 * each["palette_open"] for each in whole))
        highest = max(each["memory"].get("VmHWM", 0) for each in whole)
        began = middle([each["memory_start"].get("VmRSS", 0) for each in starts])
        _line("memory, highest (MB)", highest, GOALS["memory"], base["memory"], f"after the start {began:.0f}")
    for phase, late in stalls.items():
        _line(f"longest stall: {phase} (ms)", late, GOALS["stall"])


if __name__ == "__main__":
    sys.exit(main())
