"""Commands, and how a typed text finds them: without accents, in both languages, best first."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kam_desktop.domain.text import exact_key, fold
from kam_desktop.language import tr, tr_to
from kam_desktop.ui import keymap

Span = tuple[int, int]


@dataclass(frozen=True)
class Command:
    """A deed of the program as data: for menus, shortcuts and the palette.

    Attributes:
        title: English message, translated when shown.
        callback: does it.
        synonyms: other words that find it, in any language.
        shortcut: the id of a deed of the keymap, or keys by themselves ("Ctrl+L").
        icon: a drawing of resources/icons.
        enabled: asked before it is shown or run; None means always.
        note: quiet words after the title, shown as they are.
        create: it also stands in the menu of things to create.
    """

    title: str
    callback: Callable[[], None]
    synonyms: Sequence[str] = ()
    shortcut: str = ""
    icon: str = "corner-down-left"
    enabled: Callable[[], bool] | None = None
    note: str = ""
    create: bool = False

    def run(self) -> None:
        """Do it, if it can be done now."""
        if self.is_enabled():
            self.callback()

    def is_enabled(self) -> bool:
        """True if it can be run now."""
        return self.enabled is None or self.enabled()


@dataclass(frozen=True)
class Hit:
    """A record that the search found: its title and note are data, shown as they are."""

    title: str
    open: Callable[[], None]
    note: str = ""
    icon: str = "file-text"


@dataclass(frozen=True)
class Choice:
    """One line that the palette offers; `spans` are the letters of the title that matched."""

    title: str
    run: Callable[[], None]
    note: str = ""
    icon: str = ""
    shortcut: str = ""
    spans: tuple[Span, ...] = ()


@lru_cache(maxsize=4096)
def _folded(text: str) -> tuple[str, tuple[int, ...]]:
    """The folded text and, for each of its letters, the place of the letter that it came from."""
    letters, places = [], []
    for place, letter in enumerate(text):
        for piece in fold(letter):
            letters.append(piece)
            places.append(place)
    return "".join(letters), tuple(places)


def spans_of(text: str, query: str) -> tuple[Span, ...]:
    """Where the words of the query stand in the text, accents left aside: (start, end) in letters of the text."""
    folded, places = _folded(text)
    found: list[Span] = []
    start_at = 0
    for word in fold(query).split():
        at = _word_start(folded, word, start_at)
        if at < 0:
            at = _word_start(folded, word, 0)
        if at < 0:
            continue
        end = at + len(word)
        last = places[end - 1] + 1
        while last < len(text) and not fold(text[last]).strip() and not text[last].isspace():
            last += 1  # a mark that stands alone belongs to the letter before it
        found.append((places[at], last))
        start_at = end
    return _joined(found, text)


def _joined(spans: list[Span], text: str) -> tuple[Span, ...]:
    made: list[Span] = []
    for start, end in sorted(spans):
        if made and (start <= made[-1][1] or not text[made[-1][1] : start].strip()):
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((start, end))
    return tuple(made)


def _word_start(folded: str, word: str, start: int) -> int:
    """The first place at which a word of the text begins with `word`, or -1."""
    at = folded.find(word, start)
    while at > 0 and folded[at - 1].isalnum():
        at = folded.find(word, at + 1)
    return at


def score(query: str, title: str, others: Iterable[str] = ()) -> int | None:
    """How well a query names a title, 0 best, None not at all. Words may be begun only, and stand in any order."""
    words = fold(query).split()
    if not words:
        return 50
    folded = _folded(title)[0]
    whole = " ".join(words)
    points: int | None
    if folded == whole:
        points = 0
    elif folded.startswith(whole):
        points = 1
    elif _word_start(folded, whole, 0) >= 0:
        points = 2
    elif all(_word_start(folded, word, 0) >= 0 for word in words):
        points = 3
    else:
        points = _score_others(words, whole, folded, others)
    if points is not None and exact_key(query).strip() in exact_key(title):
        return points * 2  # the accents fit as well
    return None if points is None else points * 2 + 1


def _score_others(words: list[str], whole: str, folded: str, others: Iterable[str]) -> int | None:
    for other in others:
        if _word_start(_folded(other)[0], whole, 0) >= 0:
            return 4
    known = [folded, *(_folded(other)[0] for other in others)]
    if all(any(_word_start(text, word, 0) >= 0 for text in known) for word in words):
        return 5
    initials = "".join(word[0] for word in folded.split())
    if len(whole) > 1 and initials.startswith(whole.replace(" ", "")):
        return 6
    return 7 if len(whole) > 2 and any(whole in text for text in known) else None


def rank(commands: Sequence[Command], query: str, limit: int = 30) -> list[Choice]:
    """The commands that the query names, best first; with an empty query all of them in their order."""
    found = []
    for place, command in enumerate(commands):
        if not command.is_enabled():
            continue
        title = tr(command.title)
        key = shown_key(command.shortcut)
        others = [command.title, tr_to("vi", command.title), *command.synonyms, key, command.note]
        points = score(query, title, others)
        if points is not None:
            choice = Choice(title, command.callback, command.note, command.icon, key,
                            spans_of(title, query))  # fmt: skip
            found.append((points, place, choice))
    found.sort(key=lambda item: item[:2])
    return [choice for _points, _place, choice in found[:limit]]


def from_hits(hits: Sequence[Hit], query: str) -> list[Choice]:
    """Found records in the order of the search."""
    return [Choice(hit.title, hit.open, hit.note, hit.icon, "", spans_of(hit.title, query)) for hit in hits]


def shown_key(shortcut: str) -> str:
    """A deed's first key, or a key itself, as it is shown: "Ctrl+Shift+Z" becomes "Ctrl Shift Z"."""
    return keymap.spoken(next(iter(keymap.sequences(shortcut)), ""))
