"""Amounts in words: published readings, every spelling, and each number read back independently."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain import money
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.locale import english
from kam_desktop.domain.locale.vietnam.words import FOURS, THOUSANDS, ZERO_TENS, Spelling, agrees, amount, number
from tests.oracle.words import Unreadable, differences, read_english, read_vietnamese, some_numbers

# as printed on invoices, and as vn-money 0.1.0 (PyPI) and num2words 0.5.14 read them
AMOUNTS = [
    (110_000_000, "Một trăm mười triệu đồng"),
    (13_690_000, "Mười ba triệu sáu trăm chín mươi nghìn đồng"),
    (0, "Không đồng"),
    (5, "Năm đồng"),
    (10, "Mười đồng"),
    (11, "Mười một đồng"),
    (14, "Mười bốn đồng"),
    (15, "Mười lăm đồng"),
    (20, "Hai mươi đồng"),
    (21, "Hai mươi mốt đồng"),
    (24, "Hai mươi tư đồng"),
    (25, "Hai mươi lăm đồng"),
    (101, "Một trăm linh một đồng"),
    (104, "Một trăm linh bốn đồng"),
    (105, "Một trăm linh năm đồng"),
    (111, "Một trăm mười một đồng"),
    (1_001, "Một nghìn không trăm linh một đồng"),
    (1_010, "Một nghìn không trăm mười đồng"),
    (1_284_000, "Một triệu hai trăm tám mươi tư nghìn đồng"),
    (21_021_021, "Hai mươi mốt triệu không trăm hai mươi mốt nghìn không trăm hai mươi mốt đồng"),
    (1_000_000_000, "Một tỷ đồng"),
    (1_005_000_000, "Một tỷ không trăm linh năm triệu đồng"),
    (2_000_000_000_000, "Hai nghìn tỷ đồng"),
    (3_000_000_000_000_000, "Ba triệu tỷ đồng"),
    (10**18, "Một tỷ tỷ đồng"),
    (-1_284, "Âm một nghìn hai trăm tám mươi tư đồng"),
]  # fmt: skip


@pytest.mark.parametrize(("minor", "said"), AMOUNTS)
def test_schoolbook_spelling(minor: int, said: str) -> None:
    assert amount(minor) == said
    assert agrees(said, minor)


@pytest.mark.parametrize(
    ("minor", "theirs", "ours"),
    [
        # vn-money says the empty group, we skip it
        (1_000_008, "một triệu không nghìn không trăm linh tám", "Một triệu không trăm linh tám đồng"),
        # num2words says lẻ and drops the hundreds
        (1_000_008, "một triệu lẻ tám", "Một triệu không trăm linh tám đồng"),
        # a printed invoice
        (1_284_000, "Một triệu hai trăm tám mươi bốn nghìn đồng.", "Một triệu hai trăm tám mươi tư nghìn đồng"),
    ],
)
def test_other_conventions_agree(minor: int, theirs: str, ours: str) -> None:
    assert amount(minor) == ours
    assert agrees(theirs, minor)
    assert not agrees(theirs, minor + 1)


def test_settings() -> None:
    spoken = Spelling("lẻ", "bốn", "ngàn", even=True, capital=False, stop=True)
    assert amount(24_105_000, "VND", spoken) == "hai mươi bốn triệu một trăm lẻ năm ngàn đồng chẵn."
    assert amount(24_105_001, "VND", spoken) == "hai mươi bốn triệu một trăm lẻ năm ngàn không trăm lẻ một đồng."
    even = Spelling(even=True)
    assert amount(1_000, spelling=even) == "Một nghìn đồng chẵn"
    assert amount(500, spelling=even) == "Năm trăm đồng"
    assert amount(0, spelling=even) == "Không đồng"
    assert amount(1_200, "USD", even) == "Mười hai đô la Mỹ chẵn"
    assert amount(1_205, "USD", even) == "Mười hai đô la Mỹ và năm xu"


@pytest.mark.parametrize(
    ("minor", "currency", "vietnamese", "in_english"),
    [
        (110_000_000, "VND", "Một trăm mười triệu đồng", "One hundred ten million Vietnamese dong"),
        (1_284_000, "VND", "Một triệu hai trăm tám mươi tư nghìn đồng",
         "One million two hundred eighty-four thousand Vietnamese dong"),
        (123_456, "USD", "Một nghìn hai trăm ba mươi tư đô la Mỹ và năm mươi sáu xu",
         "One thousand two hundred thirty-four US dollars and fifty-six cents"),
        (101, "USD", "Một đô la Mỹ và một xu", "One US dollar and one cent"),
        (100, "EUR", "Một euro", "One euro"),
        (250, "GBP", "Hai bảng Anh và năm mươi xu", "Two pounds sterling and fifty pence"),
        (5_000, "JPY", "Năm nghìn yên Nhật", "Five thousand Japanese yen"),
        (1_005, "KWD", "Một dinar Kuwait và năm fils", "One Kuwaiti dinar and five fils"),
        (-5, "USD", "Âm không đô la Mỹ và năm xu", "Minus zero US dollars and five cents"),
        (1_205, "SEK", "Mười hai phẩy không năm SEK", "Twelve and 05/100 SEK"),
        (1_200, "SEK", "Mười hai SEK", "Twelve SEK"),
        (123_456, "CLF", "Mười hai phẩy ba bốn năm sáu CLF", "Twelve and 3456/10000 CLF"),
        (1_234, "BHD", "Một phẩy hai ba bốn BHD", "One and 234/1000 BHD"),
    ],
)  # fmt: skip
def test_currencies(minor: int, currency: str, vietnamese: str, in_english: str) -> None:
    assert amount(minor, currency) == vietnamese
    assert english.amount(minor, currency) == in_english
    assert agrees(vietnamese, minor, currency)


def test_english_forms() -> None:
    assert english.amount(12, only=True) == "Twelve Vietnamese dong only"
    assert english.amount(12, capital=False) == "twelve Vietnamese dong"
    with pytest.raises(ValueError, match="beyond"):
        english.number(10**21)
    for write in (amount, english.amount):
        with pytest.raises(Refused):
            write(1, "XXX")


@pytest.mark.parametrize(
    "theirs",
    [
        "Một triệu hai trăm tám mươi tư nghìn đồng chẵn",
        "MỘT TRIỆU HAI TRĂM TÁM MƯƠI BỐN NGÀN ĐỒNG",
        "(Một triệu, hai trăm tám mươi bốn ngàn đồng chẵn./.)",
        "Bằng chữ: Một triệu hai trăm tám mươi tư nghìn đồng Việt Nam",
        "một triệu hai trăm tám mươi tư nghìn",
        "Mô\u0323t triê\u0323u hai trăm ta\u0301m mươi tư nghi\u0300n đô\u0300ng",
    ],
)
def test_words_on_papers_are_compared_tolerantly(theirs: str) -> None:
    assert agrees(theirs, 1_284_000)
    assert not agrees(theirs, 1_284_001)
    assert not agrees(theirs, 1_204_000)
    assert not agrees(theirs, 12_840_000)


def test_every_number_to_ten_thousand_comes_back() -> None:
    assert [line for value in range(10_001) for line in differences(value)] == []


def test_random_numbers_come_back() -> None:
    assert [line for value in (*some_numbers(2_000, seed=7), 10**18) for line in differences(value)] == []


@given(st.integers(-(10**18), 10**18), st.sampled_from(list(product(ZERO_TENS, FOURS, THOUSANDS))))
def test_any_number_in_any_spelling(value: int, spelling: tuple[str, str, str]) -> None:
    assert read_vietnamese(number(value, Spelling(*spelling))) == value
    assert read_english(english.number(value)) == value


@given(st.integers(0, money.MAX_MINOR), st.integers(0, money.MAX_MINOR))
def test_two_amounts_never_agree(one: int, other: int) -> None:
    assert agrees(amount(one), other) is (one == other)
    near = other % 10_000
    assert agrees(amount(one % 10_000), near) is (one % 10_000 == near)


@pytest.mark.parametrize(
    "wrong",
    ["", "trăm", "một trăm năm", "mười mốt", "hai mươi một", "hai mươi năm", "mười năm", "linh năm", "một mươi",
     "không trăm linh năm", "một nghìn năm", "một trăm linh lăm", "mười tư", "không không", "một triệu không trăm",
     "đồng", "một một"],
)  # fmt: skip
def test_the_reader_itself_is_strict(wrong: str) -> None:
    with pytest.raises((Unreadable, KeyError)):
        read_vietnamese(wrong)
