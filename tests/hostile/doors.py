"""Every door of the program through which a foreign file comes in, as a function of one path."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from kam_desktop import language
from kam_desktop.cli import record_commands
from kam_desktop.documents import renderer, statement
from kam_desktop.domain.entities import FIRM_ID, Account, Firm
from kam_desktop.domain.errors import Problem, Refused, Unavailable
from kam_desktop.domain.ids import RandomIds
from kam_desktop.store import backup, restore
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.key_file import NAMES, KeyFile
from kam_desktop.store.profile import Store
from kam_desktop.transfer import importer, lines, opening_answer
from kam_desktop.transfer.import_plan import Verdict
from kam_desktop.ui.sentences import sentence
from tests import makers
from tests.fakes import FakeClock
from tests.hostile import cases

# Names of Python's own mistakes; in no sentence that a person reads.
FOREIGN_WORDS = (
    "Traceback",
    "Error:",
    "Exception",
    "Errno",
    "object at 0x",
    "NoneType",
    "invalid literal",
    "codec can't",
)


class Doors:
    """The doors of one profile that lies in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.key = DataKey(b"k" * 32)
        self.store = Store.create(folder / "profile", self.key, "hostile", self.clock, RandomIds(self.clock))
        with self.store.edit("start") as uow:
            values = {"legal_name": makers.OUR_NAME, "tax_code": makers.OUR_CODE}
            (uow.add if uow.get(Firm, FIRM_ID) is None else uow.put)(Firm(id=FIRM_ID, **values))
            self.account = Account(id=uow.new_id(), name="Công ty Cổ phần Sữa Đồng Xanh")
            uow.add(self.account)
        with self.store.reader() as reader:
            found = statement.statement(reader, self.account.id, date(2026, 1, 1), date(2026, 3, 2), "VND")
        self.paper = statement.paper(found, "vi")

    def close(self) -> None:
        self.store.close()

    def prepare(self, door: str, path: Path) -> None:
        """Puts the file where its door looks for it."""
        if door == cases.KEYS:
            place = self.folder / "keys"
            place.mkdir(exist_ok=True)
            for name in NAMES:
                (place / name).unlink(missing_ok=True)
            shutil.copyfile(path, place / NAMES[0])
        elif door == cases.TEMPLATE:
            templates = self.store.folder / renderer.TEMPLATES
            shutil.rmtree(templates, ignore_errors=True)
            templates.mkdir()
            shutil.copyfile(path, templates / ("statement.typ" if path.suffix == ".typ" else f"logo{path.suffix}"))

    def bring(self, door: str, path: Path) -> Sequence[Problem]:
        """Brings the file to the door; why it was refused, or nothing. Other exceptions are faults of ours."""
        try:
            found: Sequence[Problem] = getattr(self, f"_{door}")(path)
        except Refused as refused:
            return refused.problems
        except Unavailable as failure:
            return [Problem("", failure.code, failure.message, failure.args_named)]
        return found

    def _import(self, path: Path) -> Sequence[Problem]:
        sources = importer.read([path])
        with self.store.reader() as reader:
            planned = importer.plan(reader, sources)
        rows = [row for file in planned.files for row in file.rows]
        skipped = [row.reason for row in rows if row.reason is not None and row.verdict is Verdict.SKIP]
        nothing = skipped if len(skipped) == len(rows) else []  # every part of it was refused
        return planned.problems or nothing[:50]

    def _opening(self, path: Path) -> Sequence[Problem]:
        opening_answer.read(f"list:{path}")
        return ()

    def _load(self, path: Path) -> Sequence[Problem]:
        with record_commands._source(str(path)) as source, self.store.edit("load") as uow:
            lines.load(uow, record_commands._texts(source))
            raise Refused([])  # nothing stays

    def _backup(self, path: Path) -> Sequence[Problem]:
        fresh = self.folder / "restored"
        try:
            restore.keys_for(fresh, path)
            backup.verify(path, self.key, self.clock)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        return ()

    def _keys(self, path: Path) -> Sequence[Problem]:
        KeyFile.load(self.folder / "keys", repair=False).open_with_passphrase("một cụm từ dài và khó đoán")
        return ()

    def _template(self, path: Path) -> Sequence[Problem]:
        renderer.pdf(self.paper, self.store.folder)
        return ()


def check(problem: Problem) -> tuple[str, str]:
    """The sentence in both languages. Raises AssertionError where it is none, or not translated."""
    said = []
    for spoken in ("vi", "en"):
        language.use(spoken)
        text = sentence(problem)
        said.append(text)
        assert len(text) > 10, f"no sentence: {problem}"
        places = [name for name in problem.args if f"{{{name}}}" in text.replace(str(problem.args[name]), "")]
        assert not places, f"not filled: {text}"
        assert not any(word in text for word in FOREIGN_WORDS), f"words of the machine: {text}"
    assert said[0] != said[1], f"not translated: {problem.message}"
    return said[0], said[1]


def prepared(folder: Path, case: cases.Case) -> Path:
    """The case's file, made in a folder of its own with the file beside it that nobody may open."""
    place = folder / case.name
    place.mkdir()
    (place / cases.SECRET).write_text("secret", "utf-8")
    path = place / f"{case.name}{case.ending}"
    case.build(path)
    return path
