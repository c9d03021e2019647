"""Makes the PDF of a paper from its data: the firm's template or ours, set in the confined child."""

from __future__ import annotations

import base64
import dataclasses
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from kam_desktop import config, confined
from kam_desktop.documents import typesetter
from kam_desktop.documents.pictures import as_svg
from kam_desktop.domain.errors import Broken, Problem, Refused, Unavailable
from kam_desktop.language import N_
from kam_desktop.store import files

TEMPLATES = "templates"
"""The folder of templates, ours in the resources and the firm's own in the profile."""
PARTS = "parts.typ"
_PICTURES = (".svg", ".png", ".jpg", ".jpeg")
_LARGEST_FILE = 2 * 1024 * 1024
_MOST_FILES = 40
_TOO_SLOW = N_("The template “{file}” took longer than {seconds} seconds and was stopped.")
_TOO_MUCH = N_("The template “{file}” needs more memory than a paper may use.")
_CRASHED = N_("The template “{file}” made the type-setter stop.")
_FAILURES = {"too_slow": _TOO_SLOW, "too_much_memory": _TOO_MUCH, "crashed": _CRASHED}
_MESSAGES = (
    N_("The template cannot be set: {reason}"),
    N_("The template “{file}” fails in line {line}: {reason}"),
)


@dataclass(frozen=True)
class Paper:
    """One paper ready to be set.

    Attributes:
        kind: the name of its template without the ending.
        data: what the template gets; plain JSON values, texts are shown as they are and never read as markup.
        dated_on: the paper's date, which is the PDF's too: the same data give the same bytes.
    """

    kind: str
    data: Mapping[str, Any]
    dated_on: date


def pdf(paper: Paper, profile: Path | None = None, *, own: bool = False, time_s: float | None = None) -> bytes:
    """The paper as PDF.

    Args:
        profile: the profile's folder; files in its `templates` win over ours of the same name.
        own: our template, whatever the firm has; the way out when a changed one fails.
        time_s: the time limit, 10 seconds unless said otherwise.

    Raises Refused: `template_error` (file and line), `too_slow`, `too_much_memory`, `template_file`; Unavailable when
    no child can be started or no temporary folder be made.
    """
    return _set(paper, profile, own, time_s, "pdf")[0]


def pictures(paper: Paper, profile: Path | None = None, *, own: bool = False) -> list[bytes]:
    """The paper's pages as PNG, for a preview. Raises like `pdf`."""
    return _set(paper, profile, own, None, "png")


def write(path: Path, made: bytes) -> None:
    """Puts the paper in place of the file, whole or not at all, for its owner only. Raises Unavailable."""
    files.write_atomically(path, made)


def own_templates(profile: Path | None) -> tuple[str, ...]:
    """The names of the firm's own templates and pictures that are used in place of ours."""
    return tuple(sorted(_found(profile / TEMPLATES))) if profile is not None else ()


def _set(paper: Paper, profile: Path | None, own: bool, time_s: float | None, form: str) -> list[bytes]:
    parts = _found(config.resources() / TEMPLATES)
    main = f"{paper.kind}.typ"
    if main not in parts:
        raise Broken(f"there is no template {main}")
    changed = _found(profile / TEMPLATES) if profile is not None and not own else {}
    sources = {**parts, **changed}
    # The template itself goes under the name that the child knows; the others may be imported by theirs.
    contents = {typesetter.MAIN: _read(sources[main])}
    for name, path in sources.items():
        if name != main:
            contents[_known_as(name)] = as_svg(_read(path), name) if _is_raster(name) else _read(path)
    logo = next((_known_as(name) for name in changed if Path(name).stem == "logo" and not name.endswith(".typ")), "")
    task = dataclasses.replace(confined.PAPER, time_s=time_s or confined.PAPER.time_s)
    try:
        with tempfile.TemporaryDirectory(prefix="kam-paper-", ignore_cleanup_errors=True) as root:
            said = confined.run(
                task,
                list(contents.values()),
                {
                    "files": list(contents),
                    "data": json.dumps({**paper.data, "logo": logo}, ensure_ascii=False),
                    "fonts": str(config.resources() / "fonts"),
                    "root": root,
                    "dated_on": paper.dated_on.isoformat(),
                    "form": form,
                },
            )
    except OSError as error:
        raise files.unavailable(error) from error
    except Refused as refused:
        raise _about_the_template(refused, main, bool(changed), task.time_s) from refused
    return [base64.b64decode(page) for page in said["pages"]]


def _is_raster(name: str) -> bool:
    return Path(name).suffix.lower() in (".png", ".jpg", ".jpeg")


def _known_as(name: str) -> str:
    """The name by which a template gets a file: "stamp.png" is an SVG there, "stamp.png.svg"."""
    return f"{name}.svg" if _is_raster(name) else name


def _about_the_template(refused: Refused, main: str, changed: bool, time_s: float) -> Exception:
    """What the child said, as a sentence about the template; a failure of our own template is our fault."""
    problem = refused.problems[0]
    args = {name: main if value == typesetter.MAIN else value for name, value in problem.args.items()}
    if problem.code in _FAILURES:
        args = {"file": main, "seconds": f"{time_s:g}"}
        problem = Problem("template", problem.code, _FAILURES[problem.code], args)
    if not changed and problem.code == "template_error":
        return Broken(problem.message.format(**args))
    return Refused(dataclasses.replace(problem, args=args))


def _found(folder: Path) -> dict[str, Path]:
    """The template files of a folder by name; a link is none, it could lead out of the folder."""
    try:
        listed = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise files.unavailable(error) from error
    fitting = [
        path
        for path in listed
        if path.suffix.lower() in (".typ", *_PICTURES) and path.is_file() and not path.is_symlink()
    ]
    return {path.name: path for path in fitting[:_MOST_FILES]}


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            message = N_("The template file {file} is larger than {limit} MB.")
            args = {"file": path.name, "limit": str(_LARGEST_FILE // 1024 // 1024)}
            raise Refused(Problem("template", "template_file", message, args))
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or "?"
        raise Unavailable(
            "template_unread", N_("The template {file} cannot be read: {reason}."), file=path.name, reason=reason
        ) from error
