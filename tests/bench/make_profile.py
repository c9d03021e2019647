"""Makes a profile of the benchmarks: `python -m tests.bench.make_profile DIR small|large`."""

from __future__ import annotations

import sys
from pathlib import Path

from kam_desktop.services import demo
from tests.bench.profiles import LARGE, make, opened, rows


def main() -> int:
    """Leaves a profile that is there alone."""
    folder, size = Path(sys.argv[1]), sys.argv[2]
    make(folder, LARGE if size == "large" else demo.SMALL)
    with opened(folder, write=False) as found:
        print(f"{size}: {rows(found.store):,} records")
    return 0


if __name__ == "__main__":
    sys.exit(main())
