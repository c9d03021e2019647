"""The words of the program in Vietnamese or English, from gettext catalogues."""

from __future__ import annotations

import gettext
from functools import cache

from kam_desktop import config

LANGUAGES = ("vi", "en")
DOMAIN = "kam_desktop"


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    """The catalogue of a language; where there is none, or it cannot be read, the English words stand."""
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}")
    path = config.resources() / "translations" / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    try:
        with path.open("rb") as file:
            return gettext.GNUTranslations(file)
    except (OSError, ValueError, UnicodeDecodeError):
        return gettext.NullTranslations()


# The language and its catalogue in one value, so that a thread never sees the one without the other.
_now: tuple[str, gettext.NullTranslations | None] = ("vi", None)


def use(language: str) -> None:
    """Switches the whole program to "vi" or "en". Windows that are open ask for their words again themselves."""
    global _now
    _now = (language, _catalogue(language))


def current() -> str:
    """The language in use: "vi" or "en"."""
    return _now[0]


def N_(message: str) -> str:
    """Marks a message that is translated later, where it is shown."""
    return message


def tr(message: str, /, **args: object) -> str:
    """The message in the current language, its {name} places filled. Unknown messages stay English."""
    return _filled(_current_catalogue().gettext(message) if message else "", message, args)


def trn(one: str, many: str, n: int, /, **args: object) -> str:
    """The form that fits the number n; the place {n} is filled with n, its thousands parted."""
    args.setdefault("n", _grouped(n, current()))
    return _filled(_current_catalogue().ngettext(one, many, n), one if n == 1 else many, args)


def tr_to(language: str, message: str, /, **args: object) -> str:
    """The message in a named language: for a document that is written in another language than the screen's."""
    return _filled(_catalogue(language).gettext(message) if message else "", message, args)


def trn_to(language: str, one: str, many: str, n: int, /, **args: object) -> str:
    """Like `trn`, in a named language."""
    args.setdefault("n", _grouped(n, language))
    return _filled(_catalogue(language).ngettext(one, many, n), one if n == 1 else many, args)


def _current_catalogue() -> gettext.NullTranslations:
    language, catalogue = _now
    if catalogue is None:
        use(language)
        return _catalogue(language)
    return catalogue


def _grouped(n: int, language: str) -> str:
    text = f"{n:,}"
    return text.replace(",", ".") if language == "vi" else text


def _filled(text: str, english: str, args: dict[str, object]) -> str:
    if not args:
        return text
    try:
        return text.format(**args)
    except (KeyError, IndexError, ValueError):
        # a translation with a wrong place must not take a window down
        return english.format(**args)
