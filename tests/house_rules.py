"""The rules of the house that imports cannot express: functions from a parsed file to its faults."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Module:
    """One Python file: its path below the folder that is checked, and its text."""

    path: str
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.source, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the file, parents before children."""
        return list(ast.walk(self.tree))

    @cached_property
    def names(self) -> dict[str, str]:
        """What the names of imports stand for, dotted: `dt` → `datetime.datetime`."""
        known: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    known[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and not node.level:
                for alias in node.names:
                    known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return known

    def dotted(self, node: ast.AST) -> str:
        """`node` as a dotted name with imports resolved; empty where it is not a plain chain of names."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            left = self.dotted(node.value)
            return f"{left}.{node.attr}" if left else ""
        return ""

    @cached_property
    def uses(self) -> list[tuple[int, str]]:
        """(line, dotted name) of every import and of every chain of names."""
        found: list[tuple[int, str]] = []
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found += [(node.lineno, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
            elif isinstance(node, ast.Attribute) and (name := self.dotted(node)):
                found.append((node.lineno, name))
        return found

    @property
    def stem(self) -> str:
        """The module's own word."""
        return Path(self.path).stem


Rule = Callable[[Module], Iterator[str]]


def read_tree(folder: Path) -> list[Module]:
    """Every Python file below `folder`, in the order of the paths."""
    return [
        Module(path.relative_to(folder).as_posix(), path.read_text("utf-8"))
        for path in sorted(folder.rglob("*.py"))
        if "__pycache__" not in path.parts
    ]


# ---- threads, processes, clock


STARTERS = re.compile(
    r"(_thread|multiprocessing|concurrent|subprocess|asyncio|sched)(\.|$)"
    r"|threading\.(Thread|Timer|_)"
    r"|os\.(fork|forkpty|system|popen|startfile|posix_spawn\w*|spawn\w+|exec[lv]\w*)$"
    r"|PySide6\.QtCore\.(QThread|QThreadPool|QRunnable|QProcess)\b|PySide6\.QtConcurrent"
)
MAY_START = re.compile(r"ui/background\.py|vault\.py|confined\.py|server/.*")


def threads_and_processes(module: Module) -> Iterator[str]:
    """Threads and processes are started only in ui/background.py, vault.py, confined.py and server/."""
    if MAY_START.fullmatch(module.path):
        return
    for line, name in module.uses:
        if STARTERS.match(name):
            yield f"{line}: {name} starts threads or processes"


WALL_CLOCK = re.compile(
    r"time\.(time|time_ns|localtime|gmtime|ctime|asctime|strftime)$"
    r"|datetime\.datetime\.(now|utcnow|today)$|datetime\.date\.today$"
    r"|PySide6\.QtCore\.(QDateTime|QDate|QTime)\.current\w+$"
    r"|sqlalchemy\.(func|sql\.func)\.(now|current_\w+|localtime\w*)$"
)
SQL_CLOCK = re.compile(
    r"\bcurrent_(timestamp|date|time)\b|\b(date|time|datetime|julianday|unixepoch|strftime)\s*\([^)]*'now'",
    re.IGNORECASE,
)


def wall_clock(module: Module) -> Iterator[str]:
    """The time of day is read only in domain/clock.py; everyone else is handed a clock."""
    if module.path == "domain/clock.py":
        return
    for line, name in module.uses:
        if WALL_CLOCK.match(name):
            yield f"{line}: {name} reads the wall clock"
    for node in module.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL_CLOCK.search(node.value):
            yield f"{node.lineno}: SQL that reads the wall clock"


# ---- names, lengths, docstrings


NO_NAMES = {"utils", "util", "helpers", "helper", "misc", "common", "manager", "managers", "base"}
NO_CLASSES = re.compile(r"(Manager|Helper|Helpers|Handler|Data|Info|Base|Utils)$|^_?(Abstract|Base)[A-Z]")


def module_names(module: Module) -> Iterator[str]:
    """No module is named after nothing: utils, helpers, misc, common, manager, base."""
    for part in Path(module.path).with_suffix("").parts:
        if NO_NAMES & set(part.split("_")):
            yield f"1: a module named {part}"


def class_names(module: Module) -> Iterator[str]:
    """No class is a Manager, Helper, Handler, Data, Info, Base or Abstract."""
    for node in module.nodes:
        if isinstance(node, ast.ClassDef) and NO_CLASSES.search(node.name):
            yield f"{node.lineno}: class {node.name}"


def length(module: Module) -> Iterator[str]:
    """No file is longer than 400 lines."""
    count = len(module.source.splitlines())
    if count > 400:
        yield f"{count}: more than 400 lines"


def first_line(module: Module) -> Iterator[str]:
    """The first docstring line says what the file is for, in at most 100 characters and one sentence."""
    said = (ast.get_docstring(module.tree) or "").partition("\n")[0]
    if not said:
        yield "1: no docstring on the first line"
    elif len(said) > 100:
        yield f"1: the first docstring line has {len(said)} characters, at most 100"
    elif "and also" in said:
        yield "1: 'and also': split the file"
    elif not said.endswith("."):
        yield "1: the first docstring line is not a sentence with a full stop"


def public_docstrings(module: Module) -> Iterator[str]:
    """Public functions and classes of a module have docstrings."""
    if module.stem.startswith("_") and module.stem != "__init__":
        return
    for node in module.tree.body:
        if (
            isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
            and not node.name.startswith("_")
            and ast.get_docstring(node) is None
        ):
            yield f"{node.lineno}: {node.name} has no docstring"


# ---- errors


BORDERS = {"ui/background.py", "vault.py", "confined.py", "server/main.py"}
EVERYTHING = {"Exception", "BaseException", "builtins.Exception", "builtins.BaseException"}


def _named(module: Module, node: ast.expr | None) -> set[str]:
    if node is None:
        return {"BaseException"}
    if isinstance(node, ast.Tuple):
        return {module.dotted(part) for part in node.elts}
    return {module.dotted(node)}


def broad_except(module: Module) -> Iterator[str]:
    """`except Exception` stands only at the borders; cleaning up and raising again hides nothing and is let through."""
    if module.path in BORDERS:
        return
    for node in module.nodes:
        if isinstance(node, ast.ExceptHandler) and EVERYTHING & _named(module, node.type):
            last = node.body[-1]
            if not (isinstance(last, ast.Raise) and last.exc is None):
                yield f"{node.lineno}: catches everything"
        elif (
            isinstance(node, ast.Call)
            and module.dotted(node.func) == "contextlib.suppress"
            and any(EVERYTHING & _named(module, argument) for argument in node.args)
        ):
            yield f"{node.lineno}: suppresses everything"


# ---- domain


ENTITY_MAY_IMPORT = {"kam_desktop.domain.entity", "kam_desktop.domain.fields"}


def _is_entity_file(module: Module) -> bool:
    return module.path.startswith("domain/entities/") and module.stem != "__init__"


def entity_imports(module: Module) -> Iterator[str]:
    """An entity file imports of ours only `entity` and `fields`."""
    if not _is_entity_file(module):
        return
    for node in module.nodes:
        if isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            wanted = (
                {f"{source}.{alias.name}" for alias in node.names} if source == "kam_desktop.domain" else {source}
            )
        elif isinstance(node, ast.Import):
            wanted = {alias.name for alias in node.names}
        else:
            continue
        for name in sorted(wanted - ENTITY_MAY_IMPORT):
            if name.startswith((".", "kam_desktop")):
                yield f"{node.lineno}: an entity file imports {name}"


OWN_WORDS = {"birthday", "valid_until"}


def date_names(module: Module) -> Iterator[str]:
    """A field that holds a date ends in `_on`, one that holds a moment in `_at`, but for the business's own words."""
    if not _is_entity_file(module):
        return
    for node in module.nodes:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            parts = {part.strip() for part in ast.unparse(node.annotation).split("|")}
            for kind, ending in (("date", "_on"), ("datetime", "_at")):
                if kind in parts and node.target.id not in OWN_WORDS and not f"_{node.target.id}".endswith(ending):
                    yield f"{node.lineno}: {node.target.id} holds a {kind} and does not end in {ending}"


# ---- the window


TEXT_SINKS = {"setToolTip", "setWhatsThis", "setHtml", "insertHtml", "appendHtml", "setMarkdown", "insertMarkdown"}
RICH_WIDGETS = {"QMessageBox", "QTextBrowser", "QTextEdit", "QToolTip", "QErrorMessage"}


def _is_our_own_text(module: Module, node: ast.expr) -> bool:
    """A literal, or the translation of literals with nothing filled in but a number."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.IfExp):
        return _is_our_own_text(module, node.body) and _is_our_own_text(module, node.orelse)
    if isinstance(node, ast.Call) and not node.keywords:
        called = module.dotted(node.func).rpartition(".")[2]
        if called == "tr":
            return len(node.args) == 1 and _is_our_own_text(module, node.args[0])
        if called == "trn":
            return len(node.args) == 3 and all(_is_our_own_text(module, part) for part in node.args[:2])
    return False


def plain_text_only(module: Module) -> Iterator[str]:
    """Text from data is never given to a widget that would read it as HTML; ui/kit has the safe ones.

    Source: Qt guesses HTML in labels, tool tips and message boxes, and then loads the files that it names.
    """
    in_kit = module.path.startswith("ui/kit/")
    for node in module.nodes:
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else module.dotted(node.func)
            short = name.rpartition(".")[2]
            ours = [_is_our_own_text(module, argument) for argument in node.args[:1]]
            if short == "QLabel" and ours != [True] and not (in_kit and "TextFormat.PlainText" in module.source):
                yield f"{node.lineno}: QLabel with text that may come from data; take the kit's plain label"
            elif short in TEXT_SINKS and ours != [True] and not in_kit:
                yield f"{node.lineno}: {short} with text that may come from data"
        elif isinstance(node, ast.Attribute) and node.attr == "ToolTipRole" and not in_kit:
            yield f"{node.lineno}: ToolTipRole is rich text"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("PySide6") and not in_kit:
            for alias in node.names:
                if alias.name in RICH_WIDGETS:
                    yield f"{node.lineno}: {alias.name} outside the kit"


def no_nested_loop(module: Module) -> Iterator[str]:
    """No processEvents, and no nested event loop outside ui/kit/dialogs.py; app.py runs the one loop."""
    if not module.path.startswith("ui/") and module.path not in {"app.py", "__main__.py"}:
        return
    for node in module.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in {"processEvents", "sendPostedEvents"}:
                yield f"{node.lineno}: {node.func.attr} takes events out of turn"
            elif node.func.attr in {"exec", "exec_"} and module.path not in {"ui/kit/dialogs.py", "app.py"}:
                yield f"{node.lineno}: a nested event loop"
        elif isinstance(node, ast.Name) and node.id == "QEventLoop" and module.path != "ui/kit/dialogs.py":
            yield f"{node.lineno}: a nested event loop"


def no_sleep_on_screen(module: Module) -> Iterator[str]:
    """The UI thread never sleeps."""
    if module.path.startswith("ui/"):
        for line, name in module.uses:
            if name in {"time.sleep", "PySide6.QtTest.QTest.qWait"}:
                yield f"{line}: {name}"


# ---- tests


def tests_wait_for_conditions(module: Module) -> Iterator[str]:
    """Tests wait for a condition; a sleep stands only inside a `while` that asks for one."""
    if not module.stem.startswith(("test_", "conftest")):
        return  # what a test starts may be slow on purpose
    polling = {
        id(inner) for node in module.nodes if isinstance(node, ast.While) for inner in ast.walk(node)
    }
    for node in module.nodes:
        if isinstance(node, ast.Call):
            name = module.dotted(node.func)
            if name == "time.sleep" and id(node) not in polling:
                yield f"{node.lineno}: a sleep that waits for nothing"
            elif name.endswith(("qtbot.wait", "QTest.qWait")):
                yield f"{node.lineno}: {name} waits for nothing"


def tests_are_not_skipped(module: Module) -> Iterator[str]:
    """No test is skipped or expected to fail."""
    for line, name in module.uses:
        if re.match(r"pytest\.(skip|importorskip|xfail|mark\.(skip|skipif|xfail))$|unittest\.skip", name):
            yield f"{line}: {name}"


PRODUCT_RULES: tuple[Rule, ...] = (
    threads_and_processes,
    wall_clock,
    module_names,
    class_names,
    length,
    first_line,
    public_docstrings,
    broad_except,
    entity_imports,
    date_names,
    plain_text_only,
    no_nested_loop,
    no_sleep_on_screen,
)
TEST_RULES: tuple[Rule, ...] = (module_names, first_line, tests_wait_for_conditions, tests_are_not_skipped)


def faults(modules: list[Module], rules: tuple[Rule, ...]) -> list[str]:
    """Every fault of every module: `path:line: what is wrong (rule)`."""
    return [
        f"{module.path}:{fault} ({rule.__name__})" for module in modules for rule in rules for fault in rule(module)
    ]


# ---- budgets over several files


def kinds_of_field(modules: list[Module]) -> list[str]:
    """The names of the kinds of field: members of `Kind` in domain/fields.py."""
    for module in modules:
        if module.path == "domain/fields.py":
            for node in module.tree.body:
                if isinstance(node, ast.ClassDef) and node.name == "Kind":
                    return [
                        target.id
                        for line in node.body
                        if isinstance(line, ast.Assign)
                        for target in line.targets
                        if isinstance(target, ast.Name)
                    ]
    return []


def over_budget(modules: list[Module]) -> list[str]:
    """Budgets of lines and of kinds; when one presses, write the special page instead of another option."""
    lines = {module.path: len(module.source.splitlines()) for module in modules}
    measured = [
        ("kinds of field", len(kinds_of_field(modules)), 14),
        ("domain/fields.py + entity.py", lines.get("domain/fields.py", 0) + lines.get("domain/entity.py", 0), 600),
        ("ui/kit/", sum(count for path, count in lines.items() if path.startswith("ui/kit/")), 2500),
        ("services/records.py", lines.get("services/records.py", 0), 400),
    ]
    return [f"{what}: {count}, at most {most}" for what, count, most in measured if count > most]
