"""The palette: finds without accents in both languages, best first, and runs by the keyboard."""

from collections.abc import Callable, Sequence

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from kam_desktop import language
from kam_desktop.ui import palette, theme
from kam_desktop.ui.palette import Command, Hit, rank, score, shown_key, spans_of
from kam_desktop.ui.palette_popup import Context, PalettePopup

NAMES = {"Record a receipt": "Ghi thu tiền", "Allocate a receipt": "Phân bổ tiền thu", "New account": "Thêm khách hàng",
         "Collection plan": "Kế hoạch thu tiền", "Settings": "Cài đặt", "New proposal": "Đề xuất mới"}  # fmt: skip


@pytest.fixture(autouse=True)
def vietnamese(monkeypatch, qapp: QApplication) -> None:
    monkeypatch.setattr(palette, "tr", lambda text: NAMES.get(text, text))
    monkeypatch.setattr(palette, "tr_to", lambda _language, text: NAMES.get(text, text))
    language.use("vi")
    theme.apply(qapp, "light", 100)


def commands(ran: list[str] | None = None) -> list[Command]:
    log: list[str] = [] if ran is None else ran
    more = {"Record a receipt": ("phiếu thu",), "Settings": ("tuỳ chọn", "options")}
    return [Command(title, lambda title=title: log.append(title), more.get(title, ())) for title in NAMES]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("thu tien", "Ghi thu tiền"),
        ("ghi", "Ghi thu tiền"),
        ("phieu thu", "Ghi thu tiền"),
        ("receipt", "Ghi thu tiền"),
        ("gtt", "Ghi thu tiền"),
        ("ke hoach", "Kế hoạch thu tiền"),
        ("de xuat", "Đề xuất mới"),
        ("ĐỀ XUẤT", "Đề xuất mới"),
        ("options", "Cài đặt"),
        ("cai dat", "Cài đặt"),
        ("new acc", "Thêm khách hàng"),
    ],
)
def test_words_without_accents_in_both_languages_find(typed: str, first: str) -> None:
    assert rank(commands(), typed)[0].title == first


def test_what_does_not_fit_is_left_out() -> None:
    assert rank(commands(), "xyz") == []
    assert len(rank(commands(), "")) == len(NAMES)


def test_fitting_accents_come_first() -> None:
    fitting, other = score("thủ", "Thủ tục"), score("thủ", "Thu tiền")
    assert fitting is not None and other is not None and fitting < other
    assert score("thu", "Thu tiền") == score("thu", "thu tiền")


def test_disabled_commands_are_not_offered() -> None:
    assert rank([Command("Settings", lambda: None, enabled=lambda: False)], "") == []


@pytest.mark.parametrize(
    ("title", "typed", "marked"),
    [
        ("Ghi thu tiền", "thu tien", ["thu tiền"]),
        ("Biên bản thu hồi tiền đặt cọc", "thu tien", ["thu", "tiền"]),
        ("Đặng Thế Vỹ", "dang", ["Đặng"]),
        ("Công ty Đ&B", "cong", ["Công"]),
        ("x", "", []),
    ],
)
def test_the_matching_letters_are_marked(title: str, typed: str, marked: list[str]) -> None:
    assert [title[start:end] for start, end in spans_of(title, typed)] == marked


def test_marks_of_decomposed_letters_stay_with_them() -> None:
    title = "Ghi thu tiền"
    assert [title[start:end] for start, end in spans_of(title, "tien")] == ["tiền"]


def test_shortcuts_are_shown_without_plus() -> None:
    assert shown_key("Ctrl+Shift+Z") == "Ctrl Shift Z"
    assert shown_key("Ctrl++") == "Ctrl +"


@pytest.fixture
def popup(qtbot) -> PalettePopup:
    frame = QWidget()
    QVBoxLayout(frame).addWidget(QLineEdit())
    frame.resize(1200, 760)
    qtbot.addWidget(frame)
    frame.show()
    return PalettePopup(frame)


def titles(popup: PalettePopup) -> list[str]:
    return [line if isinstance(line, str) else line.title for line in popup._lines.lines]


def test_records_come_later_and_old_answers_are_dropped(qtbot, popup: PalettePopup) -> None:
    asked: list[tuple[str, Callable[[Sequence[Hit]], None]]] = []
    popup.open(commands(), Context(), lambda text, then: asked.append((text, then)))
    qtbot.keyClicks(popup.edit, "thu")
    qtbot.waitUntil(lambda: len(asked) == 2)
    asked[0][1]([Hit("cũ", lambda: None)])
    assert "cũ" not in titles(popup)
    asked[1][1]([Hit("Thu 812.500.000 ₫", lambda: None)])
    assert titles(popup)[-1] == "Thu 812.500.000 ₫"


def test_commands_of_the_open_record_stand_first(popup: PalettePopup) -> None:
    popup.open(commands(), Context("Sữa Mây Trắng", [Command("New proposal", lambda: None)]), None, "")
    assert titles(popup)[:2] == ["Sữa Mây Trắng", "Đề xuất mới"]


def test_the_keyboard_chooses_and_runs(qtbot, popup: PalettePopup) -> None:
    ran: list[str] = []
    popup.open(commands(ran), Context(), None)
    qtbot.keyClicks(popup.edit, "thu tien")
    qtbot.keyClick(popup.edit, Qt.Key.Key_Down)
    qtbot.keyClick(popup.edit, Qt.Key.Key_Up)
    qtbot.keyClick(popup.edit, Qt.Key.Key_Return)
    assert ran == ["Record a receipt"]
    assert not popup.isVisible()


def test_heads_are_never_chosen(qtbot, popup: PalettePopup) -> None:
    popup.open(commands(), Context("A", [Command("Settings", lambda: None)]), None)
    for key in [Qt.Key.Key_Up] * 3 + [Qt.Key.Key_Down] * 12 + [Qt.Key.Key_PageUp] * 3:
        qtbot.keyClick(popup.edit, key)
        assert not isinstance(popup._lines.lines[popup.list.currentIndex().row()], str)


def test_escape_gives_the_keyboard_back(qtbot, popup: PalettePopup) -> None:
    edit = popup.parentWidget().findChild(QLineEdit)
    popup.window().activateWindow()
    edit.setFocus()
    qtbot.waitUntil(edit.hasFocus)
    popup.open(commands(), Context(), None)
    qtbot.keyClick(popup.edit, Qt.Key.Key_Escape)
    assert not popup.isVisible() and edit.hasFocus()


def test_nothing_is_searched_while_an_input_method_composes(popup: PalettePopup) -> None:
    asked: list[str] = []
    popup.open(commands(), Context(), lambda text, _then: asked.append(text))
    QApplication.sendEvent(popup.edit, QInputMethodEvent("tie", []))
    popup._find()
    assert asked == [""] and popup.edit.text() == ""


def test_ranking_is_quick() -> None:
    import time

    many = [Command(f"Lệnh số {number} thu tiền khách hàng", lambda: None) for number in range(300)]
    rank(many, "thu")
    begun = time.thread_time()  # what else the machine does meanwhile is not ours
    rank(many, "khach hang")
    assert (time.thread_time() - begun) * 1000 < 50
