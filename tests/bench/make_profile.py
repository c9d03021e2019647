"""Makes a profile of the benchmarks: `python -m tests.bench.make_profile DIR small|large`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from kam_desktop.services import demo
from tests.bench import offers
from tests.bench.profiles import LARGE, make, opened, rows, up_to_date


def main() -> int:
    """Leaves a profile that is there alone, unless the schema has changed since."""
    folder, size = Path(sys.argv[1]), sys.argv[2]
    if folder.exists() and not up_to_date(folder):
        print(f"{folder} has an older schema and is made again", file=sys.stderr)
        shutil.rmtree(folder)
    make(folder, LARGE if size == "large" else demo.SMALL)
    if size == "large":
        with opened(folder) as found:
            if offers.add(found.store):
                found.store.database.checkpoint()
    with opened(folder, write=False) as found:
        print(f"{size}: {rows(found.store):,} records")
    return 0


if __name__ == "__main__":
    sys.exit(main())
