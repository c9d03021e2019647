"""The command kam-server: for now --help and --version; it says that serving is not here yet."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from kam_desktop import __version__

UNAVAILABLE = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Answer the command line; return the exit status: 0 done, 2 usage, 3 unavailable."""
    parser = argparse.ArgumentParser(
        prog="kam-server",
        description="The shared server of KAM Desktop. Serving comes with a later version.",
    )
    parser.add_argument("--version", action="version", version=f"kam-server {__version__}")
    parser.add_argument("command", nargs="*", help="serve, user, device, backup, restore, migrate, doctor (later)")
    parser.parse_known_args(argv)
    print(
        "kam-server: serving comes with a later version. "
        "KAM Desktop works in full on one laptop until then; nothing was changed.",
        file=sys.stderr,
    )
    return UNAVAILABLE


if __name__ == "__main__":
    sys.exit(main())
