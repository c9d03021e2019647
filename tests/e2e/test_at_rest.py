"""A stolen laptop shows nothing: after full use no known word and no key is in a file or message."""

from __future__ import annotations

import base64
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kam_desktop.store.key_file import KeyFile
from kam_desktop.store.recovery_key import RecoveryKey
from tests import makers
from tests.e2e import known_words
from tests.e2e.known_words import ROOT, word
from tests.makers import OUR_CODE, Bill, L

SOURCES = Path(__file__).resolve().parents[2]
PASSPHRASE = "bảy con cò trắng bay về phía biển"
NEW_PASSPHRASE = "tám cây sồi già đứng bên bờ suối"


@dataclass
class Laptop:
    """One user's laptop: a home, a folder for temporary files, profiles; and `outside`, what was asked for.

    Attributes:
        outside: what was put in and what was asked to be written; it is no part of the search.
        said: what every process wrote to standard output and error, by its name.
    """

    folder: Path
    said: dict[str, tuple[str, str]] = field(default_factory=dict)
    turns: int = 0

    def __post_init__(self) -> None:
        for name in ("home", "tmp", "run", "outside", "copies"):
            (self.folder / name).mkdir(mode=0o700)
        for name, text in (("passphrase", PASSPHRASE), ("passphrase-2", NEW_PASSPHRASE)):
            file = self.outside / name
            file.write_text(text + "\n", "utf-8")
            file.chmod(0o600)

    @property
    def outside(self) -> Path:
        """The folder that is not searched."""
        return self.folder / "outside"

    @property
    def profile(self) -> Path:
        """The profile at work."""
        return self.folder / "home" / "hồ sơ"

    def run(self, *words: str, passphrase: str = "passphrase", status: int = 0, program: str = "") -> str:
        """One process of ours, with no rights taken away from its files by the shell; its standard output."""
        home = self.folder / "home"
        environ = {
            "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(home), "TMPDIR": str(self.folder / "tmp"),
            "XDG_DATA_HOME": str(home / ".local/share"), "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_CACHE_HOME": str(home / ".cache"), "XDG_STATE_HOME": str(home / ".local/state"),
            "XDG_RUNTIME_DIR": str(self.folder / "run"), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "PYTHONPATH": str(SOURCES), "PYTHONDONTWRITEBYTECODE": "1", "QT_QPA_PLATFORM": "offscreen",
            **({"KAM_PASSPHRASE_FILE": str(self.outside / passphrase)} if passphrase else {}),
        }  # fmt: skip
        module = program or "kam_desktop"
        done = subprocess.run(
            [sys.executable, "-m", module, *words], env=environ, cwd=self.folder / "run", stdin=subprocess.DEVNULL,
            capture_output=True, umask=0, timeout=240, check=False,
        )  # fmt: skip
        out, err = done.stdout.decode(), done.stderr.decode()
        self.turns += 1
        self.said[f"{self.turns} {' '.join(words[:2])}"] = (out, err)
        assert done.returncode == status, (words, done.returncode, out[-2000:], err[-2000:], self.told("failed"))
        return out

    def command(self, *words: str, status: int = 0, passphrase: str = "passphrase") -> str:
        """A command on the profile at work."""
        return self.run(*words, "--profile", str(self.profile), status=status, passphrase=passphrase)

    def session(self, name: str, profile: Path) -> None:
        """A session at the window, which nothing but a person can unlock."""
        (self.outside / "told.json").unlink(missing_ok=True)
        self.run(name, str(profile), str(self.outside), passphrase="", program="tests.e2e.window_session")
        (self.outside / "told.json").rename(self.outside / f"told-{name}.json")

    def told(self, key: str, name: str = "") -> Any:
        """What a session at the window told the test."""
        file = self.outside / (f"told-{name}.json" if name else "told.json")
        return json.loads(file.read_text("utf-8"))[key] if file.exists() else None


def write_inputs(outside: Path) -> None:
    """Files with known words in their names and in all they hold: for the command line, and for the page."""
    for at, place in enumerate(("by-command", "by-the-page")):
        first = 200 + 50 * at
        words = map(word, range(first, first + 50))
        folder = outside / place / "list" / f"Khách hàng {next(words)}"
        folder.mkdir(parents=True)
        name, code = f"Công ty {next(words)}", makers.tax_code(500 + at)
        row = [1, name, code, known_words.telephone(first + 7), next(words), "", next(words), next(words), "A", 45]
        wrong = [2, "", makers.tax_code(600), "", next(words), "", "", "", "", ""]
        makers.write_accounts(folder / f"{next(words)}.xlsx", [row, wrong])
        number = 10 * at + 1
        lines = (L(known_words.amount(first), next(words)), L(1000, next(words), "3"))
        other = (f"Công ty {next(words)}", makers.tax_code(700 + at))
        lowers = ("2", "1", "C26TAA", str(number))
        bills = [
            Bill(str(number), buyer=(name, code), lines=lines),
            Bill(str(number + 1), buyer=other, issued_on="2026-04-05"),
            Bill(str(number + 2), buyer=(name, code), lines=(L(-2000, next(words)),), related=lowers),
        ]
        place_of_bills = outside / place / "invoices" / f"Hoá đơn {next(words)}"
        place_of_bills.mkdir(parents=True)
        packed = makers.zipped({f"{bill.number}.xml": makers.xml(bill) for bill in bills})
        (place_of_bills / f"{next(words)}.zip").write_bytes(packed)
    (outside / "by-command" / f"hỏng {word(290)}.xml").write_bytes(f"<HDon><{word(291)}".encode())
    records, texts = known_words.records(OUR_CODE)
    lines = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records)
    (outside / f"nạp {word(292)}.ndjson").write_text(lines, "utf-8")
    (outside / "texts.json").write_text(json.dumps(texts), "utf-8")


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A laptop after a long day."""
    made = Laptop(tmp_path_factory.mktemp("laptop"))
    outside, command = made.outside, made.command
    write_inputs(outside)
    command("init", "--company", word(298), "--tax-code", OUR_CODE, "--recovery-file", str(outside / "recovery"))
    command("load", str(next(outside.glob("*.ndjson"))))
    by_command = outside / "by-command"
    listed, invoices = [str(by_command / name) for name in ("list", "invoices")]
    table = str(next((by_command / "list").rglob("*.xlsx")))
    command("import", table, invoices, "--dry-run")
    command("import", table, invoices, "--open", "all", "--rejects", str(outside / "rejects.xlsx"), "--json")
    command("import", str(next(by_command.glob("*.xml"))), status=1)
    command("import", listed, status=1)
    command("find", word(1))
    command("find", word(1).lower(), "--json")
    command("show", "account", known_words.identity("account"))
    command("report", "ageing")
    command("report", "pareto", "-o", str(outside / "pareto.xlsx"))
    command("export", "accounts", str(outside / "accounts.csv"))
    command("backup", str(made.folder / "copies" / "first.kambackup"))
    made.session("work", made.profile)
    (outside / "recovery-2").write_text("-".join(made.told("recovery", "work")[-1]), "utf-8")
    made.session("again", made.profile)
    made.session("first-run", made.folder / "home" / "hồ sơ mới")
    command("undo", passphrase="passphrase-2")
    command("load", str(next(outside.glob("*.ndjson"))), passphrase="passphrase-2")
    command("doctor", "--deep", passphrase="passphrase-2")
    command("backup", str(made.folder / "copies" / "second.kambackup"), passphrase="passphrase-2")
    (outside / "dump.ndjson").write_text(command("dump", passphrase="passphrase-2"), "utf-8")
    command("restore", str(made.folder / "copies" / "second.kambackup"), passphrase="passphrase-2")
    command("restore", str(made.folder / "copies" / "first.kambackup"), passphrase="passphrase-2")
    yield made
    shutil.rmtree(made.folder, ignore_errors=True)


def needles_of(laptop: Laptop) -> dict[bytes, str]:
    """Every form of every text that may lie nowhere."""
    texts = json.loads((laptop.outside / "texts.json").read_text("utf-8"))
    texts += laptop.told("words", "work")
    texts += [known_words.telephone(207), known_words.telephone(257)]
    texts += [str(known_words.amount(200)), str(known_words.amount(250))]
    needles: dict[bytes, str] = {}
    for text in (ROOT, *(each for each in texts if ROOT not in each)):
        needles.update(known_words.forms(text))
    return needles


def secrets_of(laptop: Laptop) -> dict[bytes, str]:
    """Every form of the passphrases, the recovery keys with each of their groups, and the data keys."""
    keys = [laptop.told("recovery", name)[-1] for name in ("work", "first-run")]
    keys.append(list(RecoveryKey.read_file(laptop.outside / "recovery").groups()))
    needles: dict[bytes, str] = {}
    for text in (PASSPHRASE, NEW_PASSPHRASE):
        needles.update(known_words.forms(text))
    for groups in keys:
        for joint in ("-", " ", ""):
            needles.update(known_words.forms(joint.join(groups)))
        needles.update({group.encode(): "a group of a recovery key" for group in groups})
        needles.update(known_words.bytes_forms(RecoveryKey.parse("-".join(groups)).raw()))
    data_key = KeyFile.load(laptop.profile).open_with_passphrase(NEW_PASSPHRASE)
    assert data_key is not None
    needles.update(known_words.bytes_forms(data_key.raw()))
    return needles


def searched(laptop: Laptop, needles: dict[bytes, str]) -> list[known_words.Found]:
    return known_words.search([laptop.folder], needles, laptop.outside)


def test_the_day_put_a_hundred_known_words_into_the_data(laptop: Laptop) -> None:
    """Else the search would find nothing because there is nothing."""
    kept = known_words.names_in((laptop.outside / "dump.ndjson").read_text("utf-8"))
    loaded = {text for text in json.loads((laptop.outside / "texts.json").read_text("utf-8")) if text != ROOT}
    typed = set(laptop.told("words", "work"))
    assert len(kept) >= 100 and len(loaded & kept) >= 80, (len(kept), loaded - kept)
    # some of what was typed is a search, a draft, a wrong passphrase or was typed over
    assert len(typed) >= 45 and len(typed & kept) >= 20, (len(typed), len(typed & kept))
    assert {"import of list", "import of invoices", "faults", "settings", "receipt"} <= set(laptop.told("done", "work"))


def test_no_known_word_is_in_any_file(laptop: Laptop) -> None:
    found = searched(laptop, needles_of(laptop))
    assert not found, "\n".join(map(str, found[:20]))
    files = [path for path in laptop.folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) > 1_000_000


def test_no_key_and_no_passphrase_is_in_any_file(laptop: Laptop) -> None:
    found = searched(laptop, secrets_of(laptop))
    assert not found, "\n".join(map(str, found[:20]))


def test_secrets_are_never_said_and_the_window_says_nothing(laptop: Laptop) -> None:
    said = {name: (out + err).encode() for name, (out, err) in laptop.said.items()}
    for name, content in said.items():
        assert not [form for needle, form in secrets_of(laptop).items() if needle in content], name
    needles = needles_of(laptop)
    for name, (out, err) in laptop.said.items():
        if " work " in f"{name} " or " again " in f"{name} " or "first-run" in name:
            assert "Traceback" not in err and out == "", (name, out, err)
            assert not [form for needle, form in needles.items() if needle in err.encode()], err
            assert "ValueError" in err or "work" not in name, "the log says where it broke"


def test_files_are_for_their_owner_only(laptop: Laptop) -> None:
    home = laptop.folder / "home"
    profiles = [each for each in home.iterdir() if each.name.startswith("hồ sơ")]
    assert len(profiles) >= 2
    wrong = []
    for profile in profiles:
        for path in (profile, *profile.rglob("*")):
            mode, wanted = stat.S_IMODE(path.lstat().st_mode), 0o700 if path.is_dir() else 0o600
            if mode != wanted:
                wrong.append(f"{path}: {mode:o}")
    assert not wrong, wrong


def test_nothing_is_left_in_the_folder_for_temporary_files(laptop: Laptop) -> None:
    assert list((laptop.folder / "tmp").rglob("*")) == []


def test_the_search_finds_what_lies_bare(laptop: Laptop, tmp_path: Path) -> None:
    """The control: each form planted is found; so are the files that were brought in, and a database without a key."""
    needles = needles_of(laptop)
    place = tmp_path / "planted"
    place.mkdir()
    text = f"Công ty {word(123)} và các con"
    planted = {
        "utf8": text.encode(), "utf16": text.encode("utf-16"), "nfd": unicodedata.normalize("NFD", text).encode(),
        "folded": b"cong ty kemho9vu123", "upper": text.upper().encode(),
        "zip": makers.zipped({"a.txt": text.encode()}), "phone": known_words.telephone(207).encode(),
        "amount": b"7.310.659.000.600",
    }  # fmt: skip
    planted.update({f"base64-{n}": base64.b64encode(b"x" * n + text.encode()) for n in range(3)})
    for name, content in planted.items():
        (place / name).write_bytes(os.urandom(5000) + content + os.urandom(5000) if name != "zip" else content)
    found = {Path(each.file.split("!")[0]).name for each in known_words.search([place], needles, laptop.outside)}
    assert found == set(planted)

    (tmp_path / "bare").mkdir()
    bare = sqlite3.connect(tmp_path / "bare" / "data.kam")
    bare.execute("create table account (name text, credit_limit integer)")
    bare.execute("insert into account values (?, ?)", (text, known_words.amount(200)))
    bare.commit()
    bare.close()
    hits = known_words.search([tmp_path / "bare"], needles, laptop.outside)
    assert {"as typed, utf-8", "a number in SQLite"} <= {each.form for each in hits}

    nowhere = tmp_path / "nowhere"
    assert known_words.search([laptop.outside], needles, nowhere)
    assert known_words.search([laptop.outside], secrets_of(laptop), nowhere)
