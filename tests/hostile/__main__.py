"""The command `python -m tests.hostile [NAME…]`: the whole hostile corpus, each case with its figures.

With --strace a second witness that does not know Python looks on (Linux): `opens` and `sockets` of it stand below.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.hostile import corpus, strace
from tests.hostile.measure import Runner, table


def main() -> int:
    """0 when no case has a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("names", nargs="*", help="cases by a part of their name; all without")
    parser.add_argument("--strace", action="store_true", help="have system calls watched too")
    args = parser.parse_args()
    wanted = [each for each in corpus.every() if not args.names or any(name in each.name for name in args.names)]
    faults, found = 0, []
    with tempfile.TemporaryDirectory(prefix="kam-hostile-", ignore_cleanup_errors=True) as place:
        log = Path(place) / "strace.log"
        runner = Runner(Path(place), strace.prefix(log) if args.strace else ())
        for case, measured in corpus.run(Path(place), wanted, runner):
            found.append(measured)
            wrong = measured.faults(case.wanted)
            faults += bool(wrong)
            sizes = f"{measured.wall_s:6.2f} s {measured.child_bytes / 1e6:4.0f} MB {measured.own_bytes / 1e6:4.0f} MB"
            print(f"{measured.outcome:<8}{sizes}  {case.name}: {measured.code}", *wrong, sep="\n    FAULT ")
        runner.close()
        if args.strace:
            seen = strace.seen(log)
            faults += len(seen)
            print(f"strace: {len(seen)} opens of the forbidden file, sockets and programs", *seen, sep="\n    FAULT ")
    print(*table(found), sep="\n")
    print(f"{len(found)} files, {faults} faults")
    return min(faults, 1)


if __name__ == "__main__":
    raise SystemExit(main())
