"""Writes kam_desktop/MAP.md: every module with the first line of its docstring. Run it after adding a module."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "kam_desktop"
MAP = PACKAGE / "MAP.md"

HEAD = """# The house map

Every module with the first line of its docstring, written by `python installer/house_map.py`; a test compares.
How the floors hang together is in [ARCHITECTURE.md](ARCHITECTURE.md).
"""


def house_map(package: Path = PACKAGE) -> str:
    """The map of a package as Markdown: a heading a folder, a line a module."""
    folders: dict[str, list[tuple[str, str]]] = {}
    for path in sorted(package.rglob("*.py"), key=lambda each: (each.parent.relative_to(package).parts, each.name)):
        docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        folder = path.parent.relative_to(package.parent).as_posix() + "/"
        folders.setdefault(folder, []).append((path.stem, docstring.partition("\n")[0]))
    blocks = [HEAD]
    for folder, modules in folders.items():
        # The line of __init__ is the line of the folder.
        about = next((line for stem, line in modules if stem == "__init__"), "")
        rows = [f"- `{stem}` {line}" for stem, line in modules if stem != "__init__"]
        blocks.append("\n".join([f"## {folder}", "", about, *([""] if rows else []), *rows]) + "\n")
    return "\n".join(blocks)


if __name__ == "__main__":
    MAP.write_text(house_map(), "utf-8")
    sys.stderr.write(f"{MAP.relative_to(ROOT)} written\n")
