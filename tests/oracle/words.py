"""Reads amounts in words back to numbers; by command: python -m tests.oracle.words --random 100000."""

from __future__ import annotations

import argparse
import random
from itertools import product

from kam_desktop.domain.locale import english
from kam_desktop.domain.locale.vietnam import words as vietnamese

# Written from how people read, not from the writer: nothing of the product is used to read.
_VI = {
    "không": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5, "sáu": 6, "bảy": 7,
    "tám": 8, "chín": 9,
}  # fmt: skip
_EN = {
    word: value
    for value, word in enumerate(
        [
            "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
            "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
        ]
    )
}  # fmt: skip
_EN |= {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_EN_SCALES = {
    name: 1000**power
    for power, name in enumerate(["thousand", "million", "billion", "trillion", "quadrillion", "quintillion"], 1)
}


class Unreadable(Exception):
    """Words that are no number in any usual spelling."""


def read_vietnamese(text: str) -> int:
    """The number that Vietnamese words say; Unreadable when they say none, or say a place twice."""
    words = text.lower().split()
    if not words:
        raise Unreadable(text)
    if words[0] == "âm":
        return -read_vietnamese(" ".join(words[1:]))
    if words == ["không"]:
        return 0
    return _read_tens_of_billions(words, first=True)


def _read_tens_of_billions(words: list[str], first: bool) -> int:
    if "tỷ" in words:
        last = len(words) - 1 - words[::-1].index("tỷ")
        after = words[last + 1 :]
        low = _read_below_billion(after, first=False) if after else 0
        return _read_tens_of_billions(words[:last], first) * 10**9 + low
    return _read_below_billion(words, first)


def _read_below_billion(words: list[str], first: bool) -> int:
    total, rest = 0, list(words)
    for names, size in ((("triệu",), 10**6), (("nghìn", "ngàn"), 1000)):
        at = next((place for place, word in enumerate(rest) if word in names), None)
        if at is not None:
            total += _read_hundreds(rest[:at], first and not total) * size
            rest = rest[at + 1 :]
    if rest:
        total += _read_hundreds(rest, first and not total)
    if not total:
        raise Unreadable(" ".join(words))
    return total


def _read_hundreds(words: list[str], first: bool) -> int:
    """1 to 999; behind something larger the hundreds must be said."""
    rest = list(words)
    hundreds = tens = ones = 0
    said_hundreds = len(rest) > 1 and rest[1] == "trăm"
    if said_hundreds:
        hundreds, rest = _VI[rest[0]], rest[2:]
        if hundreds == 0 and first:
            raise Unreadable(" ".join(words))
    elif not first:
        raise Unreadable(" ".join(words))
    if rest and rest[0] in ("linh", "lẻ"):
        if not said_hundreds or len(rest) != 2 or rest[1] in ("mốt", "lăm", "không"):
            raise Unreadable(" ".join(words))
        ones, rest = _VI[rest[1]], []
    elif rest and rest[0] == "mười":
        tens, rest = 1, rest[1:]
    elif len(rest) > 1 and rest[1] == "mươi":
        tens, rest = _VI[rest[0]], rest[2:]
        if tens < 2:
            raise Unreadable(" ".join(words))
    if rest:
        word = rest[0]
        wrong_one = (word == "mốt") != (tens > 1 and word in ("mốt", "một"))
        wrong_five = (word == "lăm") != (tens > 0 and word in ("lăm", "năm"))
        if len(rest) != 1 or wrong_one or wrong_five or (word == "tư" and tens < 2) or word == "không":
            raise Unreadable(" ".join(words))
        if not tens and said_hundreds:
            raise Unreadable(" ".join(words))  # linh is missing
        ones = _VI[word]
    value = 100 * hundreds + 10 * tens + ones
    if not value:
        raise Unreadable(" ".join(words))
    return value


def read_english(text: str) -> int:
    """The number that English words say."""
    words = text.lower().replace("-", " ").split()
    if not words:
        raise Unreadable(text)
    if words[0] == "minus":
        return -read_english(" ".join(words[1:]))
    total = group = 0
    before = 10**24
    for word in words:
        if word in _EN:
            if group % 10 and group % 100 != 0:
                raise Unreadable(text)
            group += _EN[word]
        elif word == "hundred":
            if not 1 <= group <= 9:
                raise Unreadable(text)
            group *= 100
        elif word in _EN_SCALES and 0 < group < 1000 and _EN_SCALES[word] < before:
            total, group, before = total + group * _EN_SCALES[word], 0, _EN_SCALES[word]
        else:
            raise Unreadable(text)
    return total + group


SPELLINGS = [
    vietnamese.Spelling(zero_tens, four, thousand)
    for zero_tens, four, thousand in product(vietnamese.ZERO_TENS, vietnamese.FOURS, vietnamese.THOUSANDS)
]


def differences(number: int) -> list[str]:
    """The spellings in which a number does not come back."""
    found = []
    for spelling in SPELLINGS:
        said = vietnamese.number(number, spelling)
        try:
            back = read_vietnamese(said)
        except (Unreadable, KeyError):
            back = None
        if back != number:
            found.append(f"{number}: {said} is read as {back}")
    said = english.number(number)
    if read_english(said) != number:
        found.append(f"{number}: {said}")
    return found


def some_numbers(count: int, seed: int) -> list[int]:
    """Random numbers of every length up to 10^18, many of them with holes, where spellings differ."""
    dice = random.Random(seed)
    found = []
    for _ in range(count):
        number = dice.randrange(10 ** dice.randint(1, 18))
        if dice.random() < 0.6:
            digits = [digit if dice.random() < 0.5 else dice.choice("0145") for digit in str(number)]
            number = int("".join(digits))
        found.append(number)
    return found


def main() -> int:
    """All numbers to 10,000 and so many random ones, in every spelling; 1 when one does not come back."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--random", "--numbers", type=int, default=100_000, dest="random")
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    numbers = [*range(10_001), 10**18, *some_numbers(options.random, options.seed)]
    wrong = [line for number in numbers for line in differences(number)]
    print(f"{len(numbers)} numbers in {len(SPELLINGS) + 1} spellings: {len(wrong)} differences")
    print("\n".join(wrong[:20]))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
