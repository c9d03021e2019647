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
from collections.abc import Iterator, Sequence
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
    "switch": 150,
    "customer": 150,
    "search": 150,
    "edit": 50,
    "preview": 1000,
    "wait": 50,
}
PARTS = ("start", "whole", "first", "pages", "customer", "search", "frames", "proposal", "session")
_WHOLE_S = 60  # a part that takes longer than its own limit and this has failed


def main() -> int:
    """Prints a table of figures with their goals and their ratios to the floor; the exit status is 0 in any case."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--profile-large", type=Path, metavar="DIR", help="kept between runs; made when missing")
    options.add_argument("--runs", type=int, default=5, help="starts of each window")
    options.add_argument("--whole-runs", type=int, default=1, help="walks through everything, the worst is printed")
    options.add_argument("--only", choices=("small", "large"), help="one of the two profiles")
    options.add_argument("--parts", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    options.add_argument("--session", type=float, default=10, metavar="MINUTES", help="how long the scripted day takes")
    options.add_argument("--why", action="store_true", help="says where the UI thread was when it came late")
    options.add_argument("--json", type=Path, metavar="FILE", help="every single figure")
    given = options.parse_args()
    parts = [each for each in PARTS if each in given.parts.split(",")]
    compileall.compile_dir(str(ROOT / "kam_desktop"), quiet=1)
    compileall.compile_dir(str(HERE), quiet=1)
    with tempfile.TemporaryDirectory(prefix="kam-bench-", ignore_cleanup_errors=True) as temporary, _display() as env:
        env |= {"KAM_BENCH_WHY": "1"} if given.why else {}
        work = Path(temporary)
        folders = {"small": work / "small", "large": given.profile_large or work / "large"}
        if given.only:
            folders = {given.only: folders[given.only]}
        every: dict[str, Any] = {"load": _load()}
        for name, folder in folders.items():
            _call(env, "tests.bench.make_profile", str(folder), name)
            if folder.parent != work:  # what is kept stays as it is: the walks work on a copy
                folders[name] = Path(shutil.copytree(folder, work / name))
        every["floor"] = [_probe(env, work, "floor_probe") for _ in range(3)]
        for name, folder in folders.items():
            # the small profile is there for what everybody sees first; the rest is asked of the large one
            asked = [each for each in parts if name == "large" or each in ("start", "whole")]
            every[name] = _measured(env, work, folder, asked, given)
        every["load_after"] = _load()
    if given.json:
        given.json.write_text(json.dumps(every), "utf-8")
    print_table(every)
    return 0


def _load() -> float | None:
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _measured(env: dict[str, str], work: Path, folder: Path, parts: Sequence[str],
              given: argparse.Namespace) -> dict[str, Any]:  # fmt: skip
    """The figures of one profile by part; a part that failed is missing, and the others are there."""
    found: dict[str, Any] = {"load": {}}

    def walk(kind: str, count: int = 1, leave: str = "today", minutes: float = 0) -> list[dict[str, Any]]:
        made = []
        for run in range(count):
            more = [str(minutes or run)]
            try:
                made.append(_probe(env, work, "window_probe", str(folder), kind, leave, *more,
                                   timeout_s=300 + _WHOLE_S + 60 * minutes))  # fmt: skip
            except subprocess.SubprocessError as problem:
                print(f"{kind} failed: {problem}", file=sys.stderr)
        return made

    walk("start", 2)  # caches of files and bytecode are warm after the first, the second begins on Today
    for part in parts:
        began = monotonic()
        if part == "start":
            found["start"] = walk("start", given.runs)
            walk("start", 1, "account")
            found["list"] = walk("start", max(3, given.runs // 2), "account")
            walk("start", 1)
        else:
            counts = {"whole": given.whole_runs, "first": 3}
            minutes = given.session if part == "session" else 0
            found[part] = walk(part, counts.get(part, 1), minutes=minutes)
        found["load"][part] = _load()
        print(f"{part}: {monotonic() - began:.0f} s, load {found['load'][part]}", file=sys.stderr)
    return found


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


def _probe(env: dict[str, str], work: Path, module: str, *arguments: str, timeout_s: float = 600) -> dict[str, Any]:
    target = work / "figures.json"
    target.unlink(missing_ok=True)
    own = [str(arguments[0]), str(target), *arguments[1:]] if arguments else [str(target)]
    command = [sys.executable, "-m", f"tests.bench.{module}", *own]
    subprocess.run(command, env=env | {"KAM_BENCH_BORN": str(monotonic())}, cwd=ROOT, check=True,
                   timeout=timeout_s)  # fmt: skip
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
    print(f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
          f"load {every['load']} before, {every.get('load_after')} after")  # fmt: skip
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
    for part, show in (
        ("start", _print_starts), ("whole", _print_whole), ("first", _print_first), ("pages", _print_pairs),
        ("customer", _print_customers), ("search", _print_search), ("frames", _print_frames),
        ("proposal", _print_proposal), ("session", _print_session),
    ):  # fmt: skip
        if found.get(part):
            print(f"{part} (load {found['load'].get(part)})")
            show(found, base)


def _ms(runs: list[dict[str, Any]], *keys: str) -> list[float]:
    """The milliseconds of all runs under these keys."""
    values: list[float] = []
    for each in runs:
        for key in keys:
            each = each[key]
        values += [1000 * value for value in each]  # type: ignore[misc]
    return values


def _line_of(label: str, values: list[float], goal: float = 0, floor: float = 0, more: str = "") -> None:
    """The 95th percentile with median and worst."""
    from tests.bench.measure import high, middle

    if values:
        told = f"median {middle(values):.1f}, worst {max(values):.0f} of {len(values)}{more}"
        _line(f"{label}, p95 (ms)", high(values), goal, floor, told)


def _stalls(runs: list[dict[str, Any]]) -> None:
    longest: dict[str, float] = {}
    for each in runs:
        for phase, late in each["stalls"].items():
            if phase != "start":
                longest[phase] = max(longest.get(phase, 0.0), 1000 * late)
    for phase, late in sorted(longest.items(), key=lambda each: -each[1])[:4]:
        _line(f"longest stall: {phase} (ms)", late, GOALS["stall"])


def _print_starts(found: dict[str, Any], base: dict[str, float]) -> None:
    from tests.bench.measure import middle

    starts = found["start"]
    for label, key in (("first frame", "first_frame"), ("usable window", "usable")):
        values = [1000 * each[key] for each in starts]
        _line(f"{label}, median of {len(values)} (ms)", middle(values), GOALS[label], base["start"],
              f"worst {max(values):.0f}")  # fmt: skip
    on_list = [1000 * each["usable"] for each in found["list"] if each["start_page"] == "account"]
    if on_list:
        _line("usable, beginning on the list (ms)", middle(on_list), GOALS["usable window"], base["start"],
              f"worst {max(on_list):.0f}")  # fmt: skip
    _line("longest stall: start (ms)", max(1000 * each["stalls"]["start"] for each in starts), GOALS["stall"])
    _line("memory after the start (MB)", middle([each["memory_start"].get("VmRSS", 0) for each in starts]),
          0, base["memory"])  # fmt: skip


def _print_whole(found: dict[str, Any], base: dict[str, float]) -> None:
    from tests.bench.measure import high, middle

    whole = found["whole"]
    for where in ("filter", "palette", "form", "backup"):
        _line_of(f"letter in {where}", _ms(whole, f"letter_{where}"), GOALS["letter"], base["letter"])
    print(f"  list of {whole[0]['list_rows']:,} rows")
    for key, label in (
        ("wheel", "wheel at 60 Hz"),
        ("page_down", "Page Down at 30 Hz"),
        ("wheel_fast", "wheel, ten notches each"),
    ):
        blank = 100 * max(each[key]["blank"] for each in whole)
        more = f", interval p95 {high(_ms(whole, key, 'gap')):.1f}, blank rows {blank:.1f} %"
        _line_of(f"{label}: frame", _ms(whole, key, "frame"), GOALS["frame"], base["frame"], more)
    for key, label in (
        ("jump_filled", "jump to any place: rows shown"), ("list_answer", "letter to the new list"),
        ("palette_answer", "letter to the found records"), ("saved", "field left to saved on the disk"),
        ("saved_shown", "field left to everything shown"), ("switch_language", "switch of language"),
        ("switch_theme", "switch of theme"),
    ):  # fmt: skip
        values = _ms(whole, key)
        _line(f"{label}, p95 (ms)", high(values), more=f"median {middle(values):.1f}")
    _line("open the palette (ms)", max(1000 * each["palette_open"] for each in whole))
    _memory(whole, base)
    _stalls(whole)


def _memory(runs: list[dict[str, Any]], base: dict[str, float]) -> None:
    highest = max(each["memory"].get("VmHWM", 0) for each in runs)
    _line("memory, highest (MB)", highest, GOALS["memory"], base["memory"])


def _print_first(found: dict[str, Any], base: dict[str, float]) -> None:
    from tests.bench.measure import middle

    for key in found["first"][0]["first_switch"]:
        values = [1000 * each["first_switch"][key] for each in found["first"]]
        _line(f"to {key} for the first time, median (ms)", middle(values), GOALS["switch"], base["letter"],
              f"worst {max(values):.0f} of {len(values)}")  # fmt: skip
    _stalls(found["first"])


def _print_pairs(found: dict[str, Any], base: dict[str, float]) -> None:
    pairs = {key: 1000 * value for each in found["pages"] for key, value in each["pair"].items()}
    _line_of(f"page switch, all {len(pairs)} pairs", list(pairs.values()), GOALS["switch"], base["letter"])
    slow = sorted(pairs.items(), key=lambda each: -each[1])[:3]
    _line("page switch, the slowest pair (ms)", slow[0][1], GOALS["switch"], base["letter"],
          ", ".join(f"{key} {value:.0f}" for key, value in slow))  # fmt: skip
    _memory(found["pages"], base)
    _stalls(found["pages"])


def _print_customers(found: dict[str, Any], base: dict[str, float]) -> None:
    values = _ms(found["customer"], "customer")
    _line("one customer, the first (ms)", values[0], GOALS["customer"], base["letter"])
    _line_of("one customer, further ones", values[1:], GOALS["customer"], base["letter"])
    _stalls(found["customer"])


def _print_search(found: dict[str, Any], base: dict[str, float]) -> None:
    for key, label in (("palette_painted", "palette: letter to results painted"),
                       ("filter_painted_account", "accounts: letter to rows painted"),
                       ("filter_painted_proposal", "proposals: letter to rows painted")):  # fmt: skip
        _line_of(label, _ms(found["search"], key), GOALS["search"], base["letter"])
    _stalls(found["search"])


def _print_frames(found: dict[str, Any], base: dict[str, float]) -> None:
    from tests.bench.measure import high

    for name in found["frames"][0]["frames"]:
        gaps = high(_ms(found["frames"], "frames", name, "gap"))
        _line_of(name, _ms(found["frames"], "frames", name, "frame"), GOALS["frame"], base["frame"],
                 f", interval p95 {gaps:.1f}" if gaps else "")  # fmt: skip
    _line_of("card moved at once: frame", _ms(found["frames"], "card_moved"), GOALS["edit"], base["frame"])
    _line_of("card moved: saved, board shown anew", _ms(found["frames"], "card_settled"))
    _stalls(found["frames"])


def _print_proposal(found: dict[str, Any], base: dict[str, float]) -> None:
    for name in ("30", "500"):
        print(f"  a proposal of {name} lines")
        for key, values in found["proposal"][0][f"proposal_{name}"].items():
            goal = GOALS["edit"]
            if key.startswith("preview"):
                goal = GOALS["preview"]
            elif key == "frame":
                goal = GOALS["frame"]
            elif key == "opened":
                goal = GOALS["switch"]
            elif "shown" in key:
                goal = 0
            _line_of(key, [1000 * each for each in values], goal, base["letter"])
    _memory(found["proposal"], base)
    _stalls(found["proposal"])


def _print_session(found: dict[str, Any], base: dict[str, float]) -> None:
    from tests.bench.measure import high, middle

    run = found["session"][0]
    day = run["session"]
    deeds = [1000 * late for _name, late in day["deeds"]]
    stalls = [1000 * each[0] for each in day["stalls"]]
    print(f"  {day['seconds'] / 60:.1f} minutes, {day['walks']} walks, {len(deeds)} deeds; "
          f"stalls over 50 ms: {sum(1 for each in stalls if each > 50)}, over 100 ms: "
          f"{sum(1 for each in stalls if each > 100)}")  # fmt: skip
    _line("longest stall (ms)", max(stalls, default=0), GOALS["stall"], base["frame"])
    _line("p99 of stalls, over all moments (ms)", 1000 * day["p99"], GOALS["wait"], base["frame"],
          f"p99.9 {1000 * day['p999']:.1f}, p99 of the beats alone {1000 * day['late']:.1f}")  # fmt: skip
    _line("p99 of the longest stall after each deed (ms)", high(deeds, 99), 0, base["frame"],
          f"p95 {high(deeds):.1f}, median {middle(deeds):.1f}")  # fmt: skip
    _line_of("letter, everywhere", [1000 * each for each in day["letters"]], GOALS["letter"], base["letter"])
    by_walk = ", ".join(f"{each:.0f}" for each in day["memory"][:: max(1, len(day["memory"]) // 12)])
    peaks = sorted(day["peaks"].items(), key=lambda each: -each[1])
    highest = max(run["memory"].get("VmHWM", 0), *day["memory"], *day["peaks"].values())
    _line("memory, highest (MB)", highest, GOALS["memory"], base["memory"], f"after each walk {by_walk}; highest in "
          f"{', '.join(f'{name} {value:.0f}' for name, value in peaks[:3])}")  # fmt: skip
    own = [1000 * each[2] for each in day["stalls"]]
    _line("longest stall by the processor's time alone (ms)", max(own, default=0), 0, base["frame"])
    for late, phase, worked in day["stalls"][:8]:
        print(f"    stall of {1000 * late:.0f} ms in {phase}; the window itself computed {1000 * worked:.0f} ms")
    for each in day["failed"]:
        print(f"    did not come about: {each}")


if __name__ == "__main__":
    sys.exit(main())
