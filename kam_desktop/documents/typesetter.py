"""Sets one paper with typst, inside the confined child: fonts of ours, no other file, no network."""

from __future__ import annotations

import base64
import os
import re
from datetime import UTC, date, datetime
from typing import Any

from kam_desktop.confined import close_the_door
from kam_desktop.domain.errors import Problem, Refused

MAIN = "main"
FAMILY = "KAM Inter"
# Every weight is set once, so that all font files are in memory before the door is closed.
_ALL_WEIGHTS = "#set text(font: " + f'"{FAMILY}"' + ")\na #text(weight: 500)[a] #text(weight: 650)[a]"
_NOT_TEXT = "a file is not valid UTF-8"
_PLACE = re.compile(r"┌─ (?P<file>[^\n]*?):(?P<line>\d+):\d+")


def compile_paper(inputs: list[bytes], args: dict[str, Any]) -> dict[str, Any]:
    """The pages of a paper as base64 text: one PDF, or one PNG a page.

    The child's limits on time and memory stand around it. The template gets its data as JSON in `sys.inputs.data`.

    Args:
        inputs: the contents of the files named in args["files"]; the one named "main" is the template.
        args: files, data (JSON text), fonts (folder), root (an empty folder), dated_on (ISO), form ("pdf", "png").

    Raises Refused `template_error` with file and line when the template does not compile.
    """
    # One thread: each more would take address space of the limit. A package from outside finds no way out either.
    os.environ["RAYON_NUM_THREADS"] = "1"
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        os.environ[name] = "http://127.0.0.1:9"
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[args["fonts"]])

    def compiler(files: dict[str, bytes], data: str) -> Any:
        return typst.Compiler(
            files,  # type: ignore[type-var]
            root=args["root"],
            font_paths=fonts,
            ignore_system_fonts=True,
            sys_inputs={"data": data},
            package_path=args["root"],
            package_cache_path=args["root"],
        )

    compiler({MAIN: _ALL_WEIGHTS.encode()}, "{}").compile()
    close_the_door()
    dated_on = date.fromisoformat(args["dated_on"])
    options: dict[str, Any] = {"timestamp": datetime(dated_on.year, dated_on.month, dated_on.day, tzinfo=UTC)}
    options |= {"format": "png", "ppi": 110.0} if args["form"] == "png" else {"pdf_standards": ["a-2b"]}
    try:
        made = compiler(dict(zip(args["files"], inputs, strict=True)), args["data"]).compile(**options)
    except typst.TypstError as error:
        raise Refused(_problem(error, args["files"])) from error
    except RuntimeError as error:  # a file that is no text
        raise Refused(
            Problem("template", "template_error", "The template cannot be set: {reason}", {"reason": _NOT_TEXT})
        ) from error
    pages = [made] if isinstance(made, bytes) else made
    return {"pages": [base64.b64encode(page).decode("ascii") for page in pages]}


def _problem(error: Any, files: list[str]) -> Problem:
    reason = " ".join(str(error.message).split())[:300]
    found = _PLACE.search(str(error.diagnostic))
    if found is None:
        return Problem("template", "template_error", "The template cannot be set: {reason}", {"reason": reason})
    name = found["file"].replace("\\", "/").rpartition("/")[2]
    args = {"file": name if name in files else MAIN, "line": found["line"], "reason": reason}
    return Problem("template", "template_error", "The template “{file}” fails in line {line}: {reason}", args)
