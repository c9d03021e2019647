"""Every message of the program has its Vietnamese, and the catalogue is what the translators wrote."""

from __future__ import annotations

import gettext
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from installer import translations
from installer.translations import Message, build, collect, faults_of, po_and_mo, read_pairs

MESSAGES = collect()
PAIRS, PAIR_FAULTS = read_pairs()


def test_every_message_has_its_vietnamese_with_the_same_places() -> None:
    faults = faults_of(MESSAGES, PAIRS)
    assert len(MESSAGES) > 100
    assert not faults, f"{len(faults)} faults; see installer/translations.py --missing\n" + "\n".join(faults)


def test_the_parts_agree_with_each_other() -> None:
    assert not PAIR_FAULTS, "\n".join(PAIR_FAULTS)


def test_the_catalogue_is_up_to_date() -> None:
    po, mo = po_and_mo(build(MESSAGES, PAIRS))
    advice = "run python installer/translations.py"
    assert translations.CATALOGUE.read_bytes() == po, advice
    assert translations.CATALOGUE.with_suffix(".mo").read_bytes() == mo, advice


def test_the_compiled_catalogue_agrees_with_the_readable_one() -> None:
    with translations.CATALOGUE.open("rb") as file:
        readable = {_key(message.id): _key(message.string) for message in read_po(file) if message.id}
    with translations.CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = {_key(message.id): _key(message.string) for message in read_mo(file) if message.id}
    assert readable and readable == compiled


def _key(words: str | Sequence[str]) -> str | tuple[str, ...]:
    """A message with a number has two texts, as a list in the one file and as a tuple in the other."""
    return words if isinstance(words, str) else tuple(words)


SOURCE = '''
from kam_desktop import language
from kam_desktop.language import tr, trn, tr_to, N_
from kam_desktop.domain.errors import Problem as P, Unavailable, Broken
from kam_desktop.domain.fields import text

def button(caption, *, hint=""):
    show(caption, tr(hint))

def refuse(code, message):
    raise P("", code, message)

class Form:
    def __init__(self, title):
        self.title = tr(title)

    def row(self, label):
        self.add(label)

    def add(self, label):
        show(tr(label))

    def fill(self, record):
        self.row("Through a method")
        tr("plain"); language.tr("dotted"); tr_to("vi", "other language"); N_("marked"); tr(record.name)
        tr("either" if record else "or"); tr("two " "parts"); tr("added " + "up")
        trn("{n} row", "{n} rows", 3)
        refuse("code", "Through a function {name}")
        P("where", "code", message="Problem by name"); Unavailable("code", "World")
        Broken("not for users"); tr("plain")
        button("not translated", hint="By keyword")
        Form("Through a class"); text("Label")
        words = "Through a name"
        P("where", "code", words)
        self.bind(record, "Change {name}", "Add {name}")
        record.store.edit("Step of the store"); self.edit(record, label="Step by name")
'''


def test_messages_are_found_wherever_they_are_handed_on(tmp_path: Path) -> None:
    package = tmp_path / "kam_desktop"
    package.mkdir()
    (package / "page.py").write_text(SOURCE, "utf-8")
    found = {(each.one, each.many) for each in collect(package)}
    single = {
        "plain", "dotted", "other language", "marked", "either", "or", "two parts", "added up", "World", "Label",
        "Through a function {name}", "Problem by name", "By keyword", "Through a class", "Through a method",
        "Through a name", "Change {name}", "Add {name}", "Step of the store", "Step by name",
    }  # fmt: skip
    assert found == {(one, "") for one in single} | {("{n} row", "{n} rows")}


@pytest.mark.parametrize(
    ("message", "pairs"),
    [
        (Message("Saved"), {}),
        (Message("Saved"), {"Saved": " "}),
        (Message("Saved {name}"), {"Saved {name}": "Đã lưu"}),
        (Message("Saved"), {"Saved": "Đã lưu {name}"}),
        (Message("{n} row", "{n} rows"), {"{n} rows": "dòng"}),
        (Message("Saved {name}"), {"Saved {name}": "Đã lưu {name"}),
    ],
)
def test_a_missing_or_wrong_translation_is_caught(message: Message, pairs: dict[str, str]) -> None:
    assert len(faults_of([message], pairs)) == 1


def test_parts_that_disagree_or_are_not_composed_are_caught(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps({"Save": "Lưu"}), "utf-8")
    (tmp_path / "two.json").write_text(json.dumps({"Save": "Cất", "Old": "Cu\u0303"}), "utf-8")
    _, faults = read_pairs(tmp_path)
    assert len(faults) == 2


def test_the_catalogue_speaks_vietnamese_to_gettext() -> None:
    messages = [Message("Save"), Message("{n} row", "{n} rows")]
    _, mo = po_and_mo(build(messages, {"Save": "Lưu", "{n} rows": "{n} dòng"}))
    catalogue = gettext.GNUTranslations(io.BytesIO(mo))
    assert catalogue.gettext("Save") == "Lưu"
    assert catalogue.ngettext("{n} row", "{n} rows", 1) == "{n} dòng"
    assert catalogue.ngettext("{n} row", "{n} rows", 5) == "{n} dòng"
