"""The column titles by which a kind of table is known, and the field that each column is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kam_desktop.transfer.sheets import Raw, folded_title

USUAL_WEIGHT: Final = 2
"""What a recognised column counts for its kind; a title that only this kind has counts 3 or 4, a common one 1."""


OVER: Final = " › "
"""Between the upper and the lower line of a title that stands over two rows."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The column titles by which a kind of table is known.

    Attributes:
        kind: the word of `import --as`, such as "accounts".
        label: what the kind is called, as an English message.
        synonyms: per field the titles, already folded; the first field with a fitting title gets the column.
        labels: per field what it is called, as an English message.
        required: groups of fields; a table is of this kind when one of each group has a column. The first is the
            subject of the table.
        needs: the sentence for a table that lacks them, as an English message without places.
        weights: what a recognised column counts when kinds are compared; USUAL_WEIGHT when not named.
    """

    kind: str
    label: str
    synonyms: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, str]
    required: tuple[tuple[str, ...], ...]
    needs: str
    weights: Mapping[str, int] = field(default_factory=dict)

    def missing(self, fields: Mapping[str, int]) -> tuple[tuple[str, ...], ...]:
        """The groups of required fields of which no column was recognised."""
        return tuple(group for group in self.required if not any(name in fields for name in group))

    def score(self, fields: Mapping[str, int]) -> int:
        """How well a header row fits this kind, to be compared with other kinds on the same row."""
        return sum(self.weights.get(name, USUAL_WEIGHT) for name in fields)

    def subject_column(self, fields: Mapping[str, int]) -> int:
        """The column of what the table is about: in real tables it stands further left than what hangs on it."""
        return min((fields[name] for name in self.required[0] if name in fields), default=10_000)

    def guess(self, titles: Sequence[Raw]) -> dict[str, int]:
        """The column of each field whose title is known; a title fits whole, or without what stands in brackets.

        Of titles over two lines ("Phát sinh" over "Nợ") the lower line alone fits too, after the whole.
        """
        written = [_places(each) for each in _forms(titles)]
        found: dict[str, int] = {}
        taken: set[int] = set()
        for name, synonyms in self.synonyms.items():
            for places in written:
                for synonym in synonyms:
                    column = next((each for each in places.get(synonym, ()) if each not in taken), None)
                    if column is not None:
                        found[name] = column
                        taken.add(column)
                        break
                if name in found:
                    break
        return found


def _forms(titles: Sequence[Raw]) -> list[list[str]]:
    whole = [folded_title(title) for title in titles]
    bare = [folded_title(str(title).split("(")[0]) if isinstance(title, str) else "" for title in titles]
    lower = [folded_title(title.rpartition(OVER)[2]) if isinstance(title, str) else "" for title in titles]
    return [whole, *(each for each in (bare, lower) if each != whole)]


def _places(titles: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for column, title in enumerate(titles):
        if title:
            found.setdefault(title, []).append(column)
    return found
