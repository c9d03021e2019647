"""Text as typed and looked for: clean form, folding, search words, Vietnamese order, phone digits."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# U+00D0 and U+0189 look like Đ and stand for it in files that went through a Western or African code page.
_LOOKS_LIKE_D = {0x00D0: "Đ", 0x00F0: "đ", 0x0189: "Đ", 0x0256: "đ"}


# Putting the marks of one letter in order takes the square of their number: a cell of ten thousand would take seconds.
# Unicode calls thirty in a row enough for every language (UAX 15, stream-safe text); a run of so many letters outside
# ASCII is rare enough to be looked at one by one.
_MOST_MARKS = 30
_LONG_RUN = re.compile(rf"[^\x00-\x7f]{{{_MOST_MARKS + 1},}}")


def nfc(text: str) -> str:
    """The composed normal form, in which everything that people type or import is kept.

    Of more than thirty marks on one letter the others are dropped: no language has them, and they take endless time.
    """
    if text.isascii():
        return text
    if len(text) > _MOST_MARKS:
        text = _LONG_RUN.sub(_without_heaps, text)
    return unicodedata.normalize("NFC", text)


def _without_heaps(found: re.Match[str]) -> str:
    kept, marks = [], 0
    for char in found.group():
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)


def repair_eth(text: str) -> str:
    """Puts Đ and đ where a wrong code page left the Icelandic eth."""
    return text if text.isascii() else text.translate(_LOOKS_LIKE_D)


class _Clean(dict[int, str | None]):
    """Per character: control characters and lone surrogates go, every kind of blank becomes a space."""

    def __missing__(self, code: int) -> str | None:
        category = unicodedata.category(chr(code))
        # Cs cannot be written as UTF-8; Zs, Zl and Zp hold no-break, thin and ideographic spaces and separators
        new: str | None = chr(code)
        if category in ("Cc", "Cs") or code == 0xFEFF:
            new = None
        elif category in ("Zs", "Zl", "Zp"):
            new = " "
        self[code] = new
        return new


_CLEAN = _Clean({0x09: " ", 0x0A: " ", 0x0B: " ", 0x0C: " ", 0x0D: " ", 0x85: " "})
_CLEAN_LINES = _Clean({0x09: " ", 0x0A: "\n"})


def clean(text: str) -> str:
    """One line as a person meant it: composed, without control characters, blanks single and none at the ends."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    # composed last: taking a control character away can bring a letter and its mark together
    return nfc(" ".join(text.translate(_CLEAN).split()))


def clean_lines(text: str) -> str:
    """Several lines, each cleaned of control characters and of blanks at its end; inner blanks stay."""
    joined = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    lines = nfc(joined.translate(_CLEAN_LINES)).split("\n")
    return "\n".join(line.rstrip(" ") for line in lines).strip("\n")


class _Fold(dict[int, str]):
    """Per character: its letters without marks, small, đ as d; found once and kept."""

    def __missing__(self, code: int) -> str:
        if code in _LOOKS_LIKE_D or code in (0x0110, 0x0111):
            folded = "d"
        else:
            parts = unicodedata.normalize("NFD", chr(code))
            folded = "".join(part.lower() for part in parts if not _is_mark(part))
            # the small form of a letter can bring a mark of its own (İ)
            folded = "".join(part for part in unicodedata.normalize("NFD", folded) if not _is_mark(part))
        self[code] = folded
        return folded


def _is_mark(char: str) -> bool:
    return unicodedata.combining(char) != 0 or unicodedata.category(char) in ("Mn", "Me", "Cf")


_FOLD = _Fold()


def fold(text: str) -> str:
    """The text for searching: no accents, đ as d, small letters.

    Works letter by letter, so composed and decomposed spellings fold alike and parts fold as the whole does.
    """
    return text.lower() if text.isascii() else text.translate(_FOLD)


_WORD = re.compile(r"[^\W_]+")


def tokens(text: str) -> list[str]:
    """The folded words of a text, in order, for the search index and for a search."""
    return _WORD.findall(fold(text))


# hòa and hoà are one word: the older placing of the tone is brought to the newer one
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_OLD_PLACING = {
    unicodedata.normalize("NFC", first + tone + second): unicodedata.normalize("NFC", first + second + tone)
    for first, second in (("o", "a"), ("o", "e"), ("u", "y"))
    for tone in _TONES
}
_OLD_PLACING_PATTERN = re.compile("|".join(_OLD_PLACING))


def exact_key(text: str) -> str:
    """The text for telling hits with the same accents from folded ones: small, composed, tones placed alike."""
    if text.isascii():
        return text.lower()
    small = unicodedata.normalize("NFC", repair_eth(text).lower())
    return _OLD_PLACING_PATTERN.sub(lambda found: _OLD_PLACING[found.group()], small)


# Letters beyond the Vietnamese alphabet (f j w z) stand where the Latin alphabet has them.
ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_WEIGHTS = {letter: chr(ord("A") + place) for place, letter in enumerate(ALPHABET)}
_SHAPES = {
    ("a", "\u0306"): "ă",
    ("a", "\u0302"): "â",
    ("e", "\u0302"): "ê",
    ("o", "\u0302"): "ô",
    ("o", "\u031b"): "ơ",
    ("u", "\u031b"): "ư",
}
# huyền, hỏi, ngã, sắc, nặng; no mark (ngang) is 1, any other mark comes last
_TONE_WEIGHTS = {"\u0300": "2", "\u0309": "3", "\u0303": "4", "\u0301": "5", "\u0323": "6"}
# below every weight, and the end of a part below the step to its tones
_END_OF_PART = "\x01"
_TO_TONES = "\x02"


class _Place(dict[str, tuple[str, str]]):
    """Per composed letter: its place in the alphabet ("" for none, " " for a sign) and the weights of its marks."""

    def __missing__(self, char: str) -> tuple[str, str]:
        letters, marks, base = "", "", ""
        for part in unicodedata.normalize("NFD", repair_eth(char).lower()):
            shaped = _SHAPES.get((base, part))
            if shaped is not None:
                letters = letters[:-1] + _WEIGHTS[shaped]
                base = ""
            elif _is_mark(part):
                marks += "" if unicodedata.category(part) == "Cf" else _TONE_WEIGHTS.get(part, "7")
            elif part.isalnum():
                base = part
                letters += _WEIGHTS.get(part, part)
            else:
                letters = " "
        self[char] = (letters, marks)
        return self[char]


_PLACE = _Place()


def sort_key(text: str) -> str:
    """A text whose binary order is the Vietnamese order of `text`.

    First the letters a ă â b c d đ e ê … of the whole text; then the tones, word by word: ngang, huyền, hỏi, ngã,
    sắc, nặng. Signs count as blanks, blanks come first, digits before letters. Upper and lower case, and the two
    places of a tone (hòa, hoà), give equal keys: whoever sorts breaks ties by id.
    """
    words: list[str] = []
    tones: list[str] = []
    word = marks = ""
    for char in unicodedata.normalize("NFC", text) + " ":
        letter, mark = _PLACE[char]
        if letter != " ":
            word += letter
            marks += mark
        elif word:
            words.append(word)
            tones.append(marks or "1")
            word = marks = ""
    second = "".join(tones).rstrip("1")
    return " ".join(words) + (_TO_TONES + second if second else "")


_ASIDE = re.compile(r"\([^()]*\)")


def person_sort_key(full_name: str) -> str:
    """The order of people in Vietnam: given name (the last word), then family name (the first), then the middle.

    What stands in brackets does not count.
    """
    words = _ASIDE.sub(" ", full_name).split()
    if len(words) < 2:
        return sort_key(full_name)
    parts = (words[-1], words[0], " ".join(words[1:-1]))
    return _END_OF_PART.join(sort_key(part) for part in parts).rstrip(_END_OF_PART)


# Folded words in which a legal form is written. A name starts with a kind of enterprise, then its form may follow.
_KINDS = (
    "tong cong ty", "cong ty", "tong cty", "cty", "c ty", "ctcp", "ct cp", "cong ti", "tap doan",
    "doanh nghiep tu nhan", "dntn", "hop tac xa", "htx", "ho kinh doanh", "hkd", "chi nhanh",
    "van phong dai dien", "vpdd", "tnhh",
)  # fmt: skip
_FORMS = (
    "trach nhiem huu han", "tnhh", "t n h h", "co phan", "cp", "c p", "hop danh", "lien doanh", "tu nhan",
    "mot thanh vien", "1 thanh vien", "mtv", "1tv", "hai thanh vien tro len", "2 thanh vien tro len",
    "hai thanh vien", "2 thanh vien", "2tv", "nha nuoc",
)  # fmt: skip


def _phrases(*groups: tuple[str, ...]) -> dict[str, list[tuple[str, ...]]]:
    """Phrases by their first word, the longest first."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in sorted((tuple(text.split()) for group in groups for text in group), key=len, reverse=True):
        found.setdefault(phrase[0], []).append(phrase)
    return found


_KIND_PHRASES = _phrases(_KINDS)
_KIND_OR_FORM_PHRASES = _phrases(_KINDS, _FORMS)
# words in the original spelling, each with its place
_SPELLED_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*")


_folded_word = lru_cache(maxsize=8192)(fold)
"""Firms' names are made of few words: of 100,000 names most words were folded before."""


def company_core(name: str) -> str:
    """The name without the legal form before it: "Công ty TNHH MTV Sao Mai" → "Sao Mai". Never empty for a name."""
    found = list(_SPELLED_WORD.finditer(name))
    words = [_folded_word(match.group()) for match in found]
    at = 0
    phrases = _KIND_PHRASES
    while at < len(words):
        fitting = (p for p in phrases.get(words[at], ()) if tuple(words[at : at + len(p)]) == p)
        phrase = next(fitting, None)
        if phrase is None:
            break
        at += len(phrase)
        phrases = _KIND_OR_FORM_PHRASES
    if at == 0 or at == len(words):
        return name
    return name[found[at].start() :]


def company_key(name: str) -> str:
    """A company's name for comparing: without its legal form, folded, without signs: "CTY TNHH Sao Mai" → "sao mai"."""
    return " ".join(tokens(company_core(name)))


def company_sort_key(name: str) -> str:
    """The order of companies: by their name without the legal form before it."""
    return sort_key(company_core(name))


_ASCII_DIGITS = re.compile("[0-9]+")


def phone_digits(text: str) -> str:
    """The digits of a telephone number for searching and comparing, a Vietnamese one as dialled at home.

    "+84 912 345 678", "0084912345678", "84912345678" and "0912.345.678" all give "0912345678"; "+84 (0)912…" too.
    A number of another country keeps its country code, without a plus.
    """
    if text.isascii():
        digits = text if text.isdecimal() else "".join(_ASCII_DIGITS.findall(text))
    else:
        digits = "".join(str(unicodedata.decimal(char)) for char in text if char.isdecimal())
    abroad = "+" in text
    if digits.startswith("00"):
        digits, abroad = digits[2:], True
    if digits.startswith("84") and (abroad or len(digits) in (11, 12)):
        return "0" + digits[2:].removeprefix("0")
    return digits
