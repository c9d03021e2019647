"""Starts KAM Desktop: the window without a command, the command otherwise."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from kam_desktop.cli import main as commands
from kam_desktop.domain import invitation

_VALUED = ("--profile", "--lang")


def main() -> int:
    """The entry point of `kam-desktop` and `python -m kam_desktop`."""
    sys.excepthook = commands.excepthook
    options, targets = invitation.split_arguments(sys.argv[1:], _VALUED)
    return commands.main(options, partial(_window, targets))


def _window(targets: Sequence[str], args: argparse.Namespace) -> int:
    # Qt is loaded here and nowhere before: a command never waits for it.
    from kam_desktop import app

    if args.tour:
        return app.run_tour(Path(args.tour), _wishes(args))
    if args.demo:
        return app.run_demo(lang=args.lang)
    return app.run_window(Path(args.profile) if args.profile else None, lang=args.lang, targets=targets)


def _wishes(args: argparse.Namespace) -> Any:
    from kam_desktop.ui.tour import Wishes

    return Wishes(tuple(args.only or ()), args.size, args.zoom)


if __name__ == "__main__":
    sys.exit(main())
