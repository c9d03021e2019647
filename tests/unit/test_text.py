"""Folding, exact keys, Vietnamese order and telephone digits."""

from __future__ import annotations

import random
import sqlite3
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain import text

# the alphabet as taught; f j w z, which Vietnamese borrows, stand where Latin has them
ALPHABET = list("aăâbcdđeêghiklmnoôơpqrstuưvxy")
TONES = ["", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323"]  # ngang huyền hỏi ngã sắc nặng
VOWELS = list("aăâeêioôơuưy")

# worked order, one word after the other
IN_ORDER = """a à ả ã á ạ an anh ảnh ánh ăn ắt ấm ân ba bà bả bã bá bạ bắc bân ca cá chả da dạ đa đà em êm ga ghế hoa
hòa huế khi kim la lê ma mà mả mã má mạ nga ngã nhà no nô nơ ơn phở quà ra sa ta tỉ tu tư từ tỷ va xa y ý"""
WORDS = IN_ORDER.split()

letters = st.text(st.sampled_from("aăâbdđeêoôơuưyAĂÂĐÊÔƠƯàảãáạằẳẵắặầẩẫấậ Nguyễn-.,1"), max_size=14)


def nfd(value: str) -> str:
    return unicodedata.normalize("NFD", value)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Đặng Thị Ánh", "dang thi anh"),
        ("ĐƯỜNG", "duong"),
        ("ÐẶNG", "dang"),  # U+00D0, an Icelandic eth
        ("ðặng", "dang"),
        ("Nguye\u0302\u0303n", "nguyen"),
        ("Zero\u200bwidth", "zerowidth"),
        ("ƠỚỜỞỠỢ ưứừửữự", "oooooo uuuuuu"),
        ("İstanbul", "istanbul"),
        ("", ""),
    ],
)
def test_fold(written: str, folded: str) -> None:
    assert text.fold(written) == folded


def test_every_character_folds_once_and_alike_in_both_normal_forms() -> None:
    for code in range(0x110000):
        char = chr(code)
        folded = text.fold(char)
        assert text.fold(folded) == folded, hex(code)
        if not 0xD800 <= code < 0xE000:
            assert text.fold(nfd(char)) == folded, hex(code)


@given(st.text(), st.text())
def test_folding_goes_letter_by_letter(one: str, other: str) -> None:
    assert text.fold(one + other) == text.fold(one) + text.fold(other)
    assert text.fold(nfd(one)) == text.fold(one) == text.fold(unicodedata.normalize("NFC", one))


def test_dang_finds_dang() -> None:
    assert text.tokens("dang") == ["dang"]
    assert "dang" in text.tokens("Công ty Đặng & Con")
    assert text.tokens("0101234567-001 an@sao-mai.vn") == ["0101234567", "001", "an", "sao", "mai", "vn"]


def test_exact_key_keeps_accents_and_levels_out_spelling() -> None:
    assert text.exact_key("Đặng") == text.exact_key(nfd("ĐẶNG")) == text.exact_key("ÐẶNG")
    assert text.exact_key("Đặng") != text.exact_key("Đang")
    assert text.exact_key("Hòa Thúy") == text.exact_key("Hoà Thuý")
    assert text.exact_key("hoàng").startswith(text.exact_key("hòa"))


@given(letters)
def test_exact_key_is_the_same_for_both_normal_forms(value: str) -> None:
    assert text.exact_key(nfd(value)) == text.exact_key(value)


def test_order_of_the_alphabet() -> None:
    shuffled = random.Random(1).sample(ALPHABET, len(ALPHABET))
    assert sorted(shuffled, key=text.sort_key) == ALPHABET
    assert set(ALPHABET) <= set(text.ALPHABET)


@pytest.mark.parametrize("vowel", VOWELS)
def test_order_of_the_tones(vowel: str) -> None:
    ordered = [unicodedata.normalize("NFC", vowel + tone) for tone in TONES]
    assert sorted(random.Random(4).sample(ordered, 6), key=text.sort_key) == ordered
    # the letters after it decide before the tone does
    assert text.sort_key(ordered[-1] + "b") < text.sort_key(vowel + "c")
    assert text.sort_key(ordered[0] + "b") < text.sort_key(ordered[5] + "b") < text.sort_key(vowel + "ba")


def test_order_of_words() -> None:
    assert sorted(random.Random(2).sample(WORDS, len(WORDS)), key=text.sort_key) == WORDS


def test_order_of_whole_names() -> None:
    # blanks and signs come first, digits before letters, tones only when all letters are equal
    in_order = "An|An 2|An Bình|Án Bình|Án Bình 2|An Bình An|Anh|Ăn|Âu Cơ|Bá An|Ba Bình|Đa|Đạ|Ê-ke|Ếch"
    names = in_order.split("|")
    assert sorted(random.Random(3).sample(names, len(names)), key=text.sort_key) == names


@given(st.lists(letters, max_size=12))
def test_sqlite_sorts_keys_as_python_does(values: list[str]) -> None:
    keys = [text.sort_key(value) for value in values]
    connection = sqlite3.connect(":memory:")
    connection.execute("create table names (key text)")
    connection.executemany("insert into names values (?)", [(key,) for key in keys])
    assert [row[0] for row in connection.execute("select key from names order by key")] == sorted(keys)
    connection.close()


@given(st.text())
def test_sort_key_knows_no_normal_form_and_no_case(value: str) -> None:
    key = text.sort_key(value)
    assert text.sort_key(nfd(value)) == key
    assert "\x00" not in key


@given(letters, letters)
def test_order_follows_letters_before_tones(one: str, other: str) -> None:
    """An independent statement of the order: compare the letters of the whole text first."""

    def letters_of(value: str) -> list[int]:
        places = {letter: place for place, letter in enumerate("aăâbcdđeêfghijklmnoôơpqrstuưvwxyz", 100)}
        kept = []
        for char in unicodedata.normalize("NFC", value).lower():
            bare = nfd(char)
            for tone in TONES[1:]:
                bare = bare.replace(tone, "")
            bare = unicodedata.normalize("NFC", bare)
            kept.append(places.get(bare, 50 if bare.isalnum() else 0))
        words = " ".join("".join(map(chr, kept)).replace("\x00", " ").split())
        return [ord(char) if char != " " else 0 for char in words]

    if letters_of(one) < letters_of(other):
        assert text.sort_key(one) < text.sort_key(other)


def test_people_sort_by_given_name_then_family_then_middle() -> None:
    people = [
        "Trần Văn An",
        "Lê Thị Anh",
        "Nguyễn Anh",
        "Bùi Văn Ánh",
        "Lê Văn Bình",
        "Lê Thị Bình",
        "Đỗ Bình",
        "Dương Bình",
    ]
    assert sorted(people, key=text.person_sort_key) == [
        "Trần Văn An",
        "Lê Thị Anh",
        "Nguyễn Anh",
        "Bùi Văn Ánh",
        "Dương Bình",
        "Đỗ Bình",
        "Lê Thị Bình",
        "Lê Văn Bình",
    ]
    assert text.person_sort_key("Lê Văn Bình (kế toán)") == text.person_sort_key("Lê Văn Bình")
    assert text.person_sort_key("Bình") < text.person_sort_key("An Bình") < text.person_sort_key("An A Bình")


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("Công ty TNHH MTV Sao Mai", "Sao Mai"),
        ("CÔNG TY TNHH HAI THÀNH VIÊN TRỞ LÊN ABC", "ABC"),
        ("Công ty Cổ phần Chăn nuôi C.P. Việt Nam", "Chăn nuôi C.P. Việt Nam"),
        ("CTCP Sữa Ánh Dương", "Sữa Ánh Dương"),
        ("Cty. CP Y", "Y"),
        ("C.TY TNHH X", "X"),
        ("Tập đoàn Đông Hải", "Đông Hải"),
        ("Chi nhánh Công ty CP Đất Xanh", "Đất Xanh"),
        (nfd("Công ty Cổ phần Gạch Việt"), nfd("Gạch Việt")),
        ("Công ty TNHH", "Công ty TNHH"),
        ("CP Việt Nam", "CP Việt Nam"),
        ("Sao Mai", "Sao Mai"),
        ("", ""),
    ],
)
def test_company_core(name: str, core: str) -> None:
    assert text.company_core(name) == core


def test_companies_sort_by_their_own_name() -> None:
    names = ["Công ty TNHH Bình An", "Ánh Dương", "CTCP Âu Lạc", "Tập đoàn Đại Phát"]
    assert sorted(names, key=text.company_sort_key) == [
        "Ánh Dương",
        "CTCP Âu Lạc",
        "Công ty TNHH Bình An",
        "Tập đoàn Đại Phát",
    ]


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("+84 912 345 678", "0912345678"),
        ("+84 (0)912.345.678", "0912345678"),
        ("0084912345678", "0912345678"),
        ("84912345678", "0912345678"),
        ("0912-345-678", "0912345678"),
        ("024 3825 1234", "02438251234"),
        ("1900 6017", "19006017"),
        ("+65 9123 4567", "6591234567"),
        ("", ""),
    ],
)
def test_phone_digits(typed: str, digits: str) -> None:
    assert text.phone_digits(typed) == digits


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Sao \u00a0 Mai\t", "Sao Mai"),
        ("Sao\r\nMai", "Sao Mai"),
        ("Sa\x00o", "Sao"),
        ("Nguye\u0302\u0303n", "Nguyễn"),
        ("a\ud800b", "ab"),
        ("\ufeffTên", "Tên"),
    ],
)
def test_clean(typed: str, kept: str) -> None:
    assert text.clean(typed) == kept


def test_clean_lines_keeps_lines() -> None:
    assert text.clean_lines("một \r\n  hai\x00\rba\n\n") == "một\n  hai\nba"


@given(st.text())
def test_clean_text_stays_clean(value: str) -> None:
    once = text.clean(value)
    assert text.clean(once) == once
    once.encode()
    lines = text.clean_lines(value)
    assert text.clean_lines(lines) == lines
    lines.encode()
