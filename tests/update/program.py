"""What a version of the stage does when it starts: confirms itself once its window would be there."""

from __future__ import annotations

import sys
from pathlib import Path

from kam_desktop.update.installation import Installation
from kam_desktop.update.updates import confirm_start
from tests.update import counted


def main() -> None:
    """Prints `started <version>`."""
    version, base = sys.argv[1], Path(sys.argv[2])
    counted.begin("first start")
    place = Installation(base, version)
    confirm_start(place)
    place.tidy()
    print(f"started {version}", flush=True)


if __name__ == "__main__":
    main()
