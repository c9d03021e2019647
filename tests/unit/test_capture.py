"""Quick capture: lines as people type them, and that nothing typed is ever lost."""

from __future__ import annotations

import unicodedata
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.capture import Captured, read
from kam_desktop.domain.text import clean, fold

MONDAY = date(2026, 11, 23)


def day(number: int, month: int = 11, year: int = 2026) -> date:
    return date(year, month, number)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("mai 9h gọi chị @Tuyết #SữaMây chốt giá",
         Captured("task", "gọi chị Tuyết chốt giá", day(24), time(9), None, "SữaMây", "Tuyết",
                  ("chốt", "giá"))),
        ('Gọi chị Tuyết xin thêm 2 ngày #"Sữa Mây"',
         Captured("call", "Gọi chị Tuyết xin thêm 2 ngày", account="Sữa Mây")),
        ("hẹn trả 50tr thứ 6 #ABC", Captured("promise", "hẹn trả", day(27), None, 50_000_000, "ABC")),
        ("chị Lan hứa trả 1 tỷ 200 triệu trước ngày 30/11 #ABC",
         Captured("promise", "chị Lan hứa trả", day(30), None, 1_200_000_000, "ABC")),
        ("hứa trả 1.250.000 ngày 30/11/2026", Captured("promise", "hứa trả", day(30), None, 1_250_000)),
        ("hứa trả thứ 6", Captured("task", "hứa trả", day(27))),
        ("thứ 6 tuần sau họp 14h30", Captured("task", "họp", day(4, 12), time(14, 30))),
        ("gửi báo giá 25/12", Captured("task", "gửi báo giá", day(25, 12))),
        ("gửi báo giá 5/1", Captured("task", "gửi báo giá", day(5, 1, 2027))),
        ("gửi báo giá 3 ngày nữa", Captured("task", "gửi báo giá", day(26))),
        ("gửi báo giá 1 tháng nữa", Captured("task", "gửi báo giá", day(23, 12))),
        ("call Ms Lan tomorrow 3pm", Captured("task", "call Ms Lan", day(24), time(15))),
        ("send the quote by next friday", Captured("task", "send the quote", day(4, 12))),
        ("send the quote in 2 weeks", Captured("task", "send the quote", day(7, 12))),
        ("thu tiền ABC thứ 2", Captured("task", "thu tiền ABC", day(30))),
        ("note: khách muốn giảm giá 1,2 tỷ", Captured("note", "khách muốn giảm giá 1,2 tỷ")),
        ("khách khen ý tưởng #ABC", Captured("note", "khách khen ý tưởng", account="ABC")),
        ("in hồ sơ", Captured("task", "in hồ sơ")),
        ("met Ms Lan", Captured("meeting", "met Ms Lan")),
        ("Zalo anh Bình hỏi nghiệm thu", Captured("message", "Zalo anh Bình hỏi nghiệm thu")),
        ("cuối tháng đối chiếu #ABC", Captured("task", "đối chiếu", day(30), None, None, "ABC")),
        ("gặp khách lúc 5h chiều mai", Captured("task", "gặp khách", day(24), time(17))),
        ("9h30 họp", Captured("task", "họp", MONDAY, time(9, 30))),
        ("12am backup", Captured("task", "backup", MONDAY, time(0))),
        ("việc: in hồ sơ 2026-12-01", Captured("task", "in hồ sơ", day(1, 12))),
        ("họp 31/2", Captured("meeting", "họp 31/2")),
        ("giảm 5%, gói 10.5 ngày", Captured("task", "giảm 5%, gói 10.5 ngày")),
        ("mai", Captured("task", "mai", day(24))),
    ],
)  # fmt: skip
def test_lines_as_people_type_them(line: str, wanted: Captured) -> None:
    assert read(line, MONDAY) == wanted
    assert read(unicodedata.normalize("NFD", line), MONDAY) == wanted, "as some input methods write it"


@pytest.mark.parametrize("line", ["mai 9h họp", "thứ 6 tuần sau họp 14h30", "cuối tuần họp", "chiều mai họp"])
def test_accents_may_be_left_out(line: str) -> None:
    plain, full = read(fold(line), MONDAY), read(line, MONDAY)
    assert (plain.kind, plain.on, plain.at, plain.subject) == (full.kind, full.on, full.at, fold(full.subject))


@given(st.integers(0, 6), st.sampled_from(["thứ 2", "thứ ba", "t4", "thứ 5", "friday", "thứ bảy", "chủ nhật"]))
def test_a_weekday_is_one_of_the_next_seven_days(offset: int, name: str) -> None:
    today = day(23 + offset)
    found = read(f"họp {name}", today).on
    wanted = ["thứ 2", "thứ ba", "t4", "thứ 5", "friday", "thứ bảy", "chủ nhật"].index(name)
    assert found is not None and 1 <= (found - today).days <= 7 and found.weekday() == wanted


@given(st.text(max_size=80), st.dates(date(2000, 1, 1), date(2090, 1, 1)))
def test_any_line_can_be_read_and_none_comes_out_empty(line: str, today: date) -> None:
    found = read(line, today)
    assert found.subject or not clean(line)
    assert found.kind in ("task", "note", "call", "meeting", "message", "promise")


@given(
    st.lists(st.sampled_from(["gọi", "Lan", "mai", "hợp đồng", "50tr", "9h", "#A", "@B", "thứ 6", "12/12"]), max_size=8)
)
def test_every_word_is_in_the_subject_or_understood(words: list[str]) -> None:
    line = " ".join(words)
    found = read(line, MONDAY)
    understood = [bool(found.account), bool(found.on), bool(found.at), found.amount is not None]
    for word in ("gọi", "Lan", "hợp đồng"):
        assert found.subject.count(word) == words.count(word)
    assert any(understood) or found.subject == line.strip() or "@B" in words
