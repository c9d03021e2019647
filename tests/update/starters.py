"""The starter of Windows, under Wine, and the one in Python choose the same.

`WINEPREFIX=… python -m tests.update.starters` compiles the starter as it is shipped and a program that only says its
version, starts it in folders of every state (pointer, versions that are there, versions that failed, window or
command), and compares what starts and what is written down with `choose()`. Exit status 1 at the first difference.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from installer.updates import starter

HERE = Path(__file__).resolve().parents[2] / "installer" / "windows"
NAME = "kam-desktop.exe"
SAYS = r"""
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
int main(void) {
    char path[4096], *end;
    GetModuleFileNameA(NULL, path, sizeof path);
    *(end = strrchr(path, '\\')) = 0;
    printf("%s\n", strrchr(path, '\\') + 1);
    fflush(stdout);
    if (getenv("KAM_HOLD")) Sleep(atoi(getenv("KAM_HOLD")));
    return 0;
}
"""
POINTERS = [
    "1.1.0\n-\ngood\n", "1.1.0\n1.0.0\ngood\n", "1.1.0\n1.0.0\nnew\n", "1.1.0\r\n1.0.0\r\ntried\r\n", "", "1.1.0\n",
]  # fmt: skip
VERSIONS = [(), ("1.0.0",), ("1.1.0",), ("1.0.0", "1.1.0"), ("1.0.0", "1.10.0", "1.9.0rc2", ".part-2.0.0")]
FAILED = ["", "0.9.0\n1.10.0\n"]
WORDS: list[list[str]] = [
    ["--lang", "vi"], ["--lang", "vi", "status"], ["--lang=en"], ["kam://open/account/1"], ["x.kamx"], ["--version"],
    ["report", "x.kamx"], ["--profile", "report"],
]  # fmt: skip
Case = tuple[str, tuple[str, ...], str, list[str]]


def cases() -> Iterator[Case]:
    """Pointer, versions, failed ones, arguments."""
    words: list[list[str]] = [[], ["status"]]
    yield from itertools.product(POINTERS, VERSIONS, FAILED, words)
    yield from ((POINTERS[2], VERSIONS[3], "", each) for each in WORDS)


def laid(base: Path, case: Case, program: Path) -> Path:
    """A base folder in that state."""
    pointer, versions, failed, _ = case
    (base / "versions").mkdir(parents=True)
    for version in versions:
        (base / "versions" / version).mkdir()
        shutil.copy2(program, base / "versions" / version / NAME)
    for name, text in (("current", pointer), ("failed", failed)):
        if text:
            (base / name).write_bytes(text.encode())
    return base


def written(base: Path) -> list[str]:
    """What the starter may change."""
    files = (base / name for name in ("current", "failed"))
    return [file.read_text("ascii") if file.exists() else "" for file in files]


def wine(base: Path, words: list[str]) -> str:
    """What started, "" when nothing did."""
    made = subprocess.run(
        ["wine", str(base / NAME), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )
    return made.stdout.strip() if made.returncode == 0 else ""


def main() -> int:
    """The command."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "says.c").write_text(SAYS)
        compiler = "x86_64-w64-mingw32-gcc"
        shipped, says = folder / "shipped.exe", folder / "says.exe"
        flags = ["-O2", "-municode", "-finput-charset=UTF-8", "-mconsole", "-DCONSOLE"]
        subprocess.run([compiler, *flags, str(HERE / "launcher.c"), "-o", str(shipped)], check=True)
        subprocess.run([compiler, "-O2", str(folder / "says.c"), "-o", str(says)], check=True)
        count = 0
        for count, case in enumerate(cases(), 1):
            ours = laid(folder / f"python-{count}", case, says)
            theirs = laid(folder / f"wine-{count}", case, says)
            shutil.copy2(shipped, theirs / NAME)
            expected = starter.choose(ours, starter.is_window(case[3]))
            found = wine(theirs, case[3])
            print(".", end="", flush=True)
            if (found, written(theirs)) != (expected, written(ours)):
                print(f"differ in {case}: {found!r} {written(theirs)}; Python {expected!r} {written(ours)}")
                return 1
            shutil.rmtree(theirs)
        base = laid(folder / "held", (POINTERS[2], VERSIONS[3], "", []), says)
        shutil.copy2(shipped, base / NAME)
        with subprocess.Popen(
            ["wine", str(base / NAME)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "KAM_HOLD": "4000"},
        ) as first:  # fmt: skip
            assert first.stdout is not None
            heard = [first.stdout.readline().strip(), wine(base, [])]
        heard.append(wine(base, []))
        if heard != ["1.1.0", "1.1.0", "1.0.0"]:
            print(f"while the first start is under way, and after it: {heard}")
            return 1
    print(f"{count} states: both starters choose the same; a first start under way is left alone")
    return 0


if __name__ == "__main__":
    sys.exit(main())
