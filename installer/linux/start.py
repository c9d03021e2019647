"""Where the packaged kam-desktop begins: the program itself, or the child of it that reads a foreign file."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

_CHILD = ["-I", "-S", "-c"]  # how kam_desktop/confined.py calls an interpreter; here the program is its own
_FCITX = ("fcitx", "fcitx5")


def _as_child() -> None:
    from kam_desktop import confined

    if sys.argv[4:5] != [confined._START]:
        sys.exit(2)  # a package runs no code that was handed to it
    sys.path[:] = json.loads(sys.argv[5])
    confined._child()


def _input_method() -> None:
    """fcitx5, with which many type Vietnamese, also speaks the language of IBus; Qt's own plugin for it is not here."""
    plugins = Path(getattr(sys, "_MEIPASS", "")) / "PySide6" / "Qt" / "plugins" / "platforminputcontexts"
    if os.environ.get("QT_IM_MODULE") in _FCITX and not list(plugins.glob("*fcitx*")):
        os.environ["QT_IM_MODULE"] = "ibus"


if __name__ == "__main__":
    if sys.argv[1:4] == _CHILD and len(sys.argv) == 6:
        _as_child()
    else:
        if sys.platform == "linux":
            _input_method()
        from kam_desktop.__main__ import main

        sys.exit(main())
