"""Words in the current language, places filled, English where a catalogue is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from kam_desktop import config, language


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small Vietnamese catalogue in the place of the program's own."""
    words = Catalog(locale="vi")
    words.add("Account", "Khách hàng")
    words.add("Hello {name}", "Chào {name}")
    words.add("Wrong {name}", "Sai {other}")
    words.add(("{n} row", "{n} rows"), ("{n} dòng",))
    folder = tmp_path / "translations" / "vi" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "kam_desktop.mo").open("wb") as file:
        write_mo(file, words)
    monkeypatch.setattr(config, "resources", lambda: tmp_path)
    language._catalogue.cache_clear()
    language.use("vi")
    yield tmp_path
    language._catalogue.cache_clear()
    monkeypatch.undo()
    language.use("vi")


@pytest.mark.usefixtures("catalogue")
def test_switching_live() -> None:
    assert language.tr("Account") == "Khách hàng"
    language.use("en")
    assert (language.tr("Account"), language.current()) == ("Account", "en")
    assert language.tr_to("vi", "Account") == "Khách hàng"
    language.use("vi")
    assert language.tr("Account") == "Khách hàng"


@pytest.mark.usefixtures("catalogue")
def test_places_are_filled_and_data_is_never_a_pattern() -> None:
    assert language.tr("Hello {name}", name="{An}") == "Chào {An}"
    assert language.tr("Hello {name}") == "Chào {name}"
    assert language.tr("Wrong {name}", name="An") == "Wrong An"


@pytest.mark.usefixtures("catalogue")
def test_numbers() -> None:
    assert language.trn("{n} row", "{n} rows", 1) == "1 dòng"
    assert language.trn("{n} row", "{n} rows", 1234) == "1.234 dòng"
    assert language.trn_to("en", "{n} row", "{n} rows", 1234) == "1,234 rows"
    assert language.trn_to("en", "{n} row", "{n} rows", 1) == "1 row"


@pytest.mark.usefixtures("catalogue")
def test_unknown_words_stay_english_and_the_empty_one_stays_empty() -> None:
    assert language.tr("Nobody translated this") == "Nobody translated this"
    assert language.tr("") == ""
    assert language.N_("Account") == "Account"


def test_a_missing_or_broken_catalogue_leaves_english(catalogue: Path) -> None:
    path = catalogue / "translations" / "vi" / "LC_MESSAGES" / "kam_desktop.mo"
    path.write_bytes(b"not a catalogue")
    language._catalogue.cache_clear()
    language.use("vi")
    assert language.tr("Account") == "Account"
    path.unlink()
    language._catalogue.cache_clear()
    language.use("vi")
    assert language.tr("Account") == "Account"


def test_a_language_that_is_not_there() -> None:
    before = language.current()
    with pytest.raises(ValueError, match="unknown language"):
        language.use("fr")
    assert language.current() == before
