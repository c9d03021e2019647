"""One part of an update in a process of its own, to be killed: `update`, or `start`, the starter."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.update import counted


def main() -> int:
    """`update BASE SOURCE` or `start BASE`."""
    part, base = sys.argv[1], Path(sys.argv[2])
    if part == "update":
        from kam_desktop.update.updates import Source
        from tests.update.stage import Laptop

        said = json.loads(Path(sys.argv[3]).read_text())
        laptop = Laptop(base, Source(said["address"], said["root"].encode()))
        counted.begin("update", base)
        updates = laptop.updates()
        release = updates.check(again=True)
        if release is not None:
            updates.download(release, lambda _done, _whole: None)
            updates.make_ready(release, lambda _done, _whole: None)
            updates.switch(release)
        return 0
    from installer.updates import starter

    os.environ["KAM_BASE"] = str(base)
    counted.begin("starter", base)
    return starter.main(base, "kam-desktop", [])


if __name__ == "__main__":
    sys.exit(main())
