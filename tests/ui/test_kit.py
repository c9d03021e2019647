"""The kit's widgets: data is plain text, names for screen readers, sizes at every zoom."""

from collections.abc import Callable
from datetime import date

import pytest
from PySide6.QtCore import QEvent, QLocale, QPoint, QRect, Qt
from PySide6.QtGui import QHelpEvent, QInputMethodEvent
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPlainTextEdit, QToolTip, QWidget

from kam_desktop import language
from kam_desktop.ui import badges, charts, icons, theme
from kam_desktop.ui.date_edit import DateEdit
from kam_desktop.ui.kit import buttons, dialogs, frames, labels, search_box, states

PAYLOAD = '<img src="file:///etc/hostname"><b>đậm</b><a href="http://x.example/">bấm</a> & &amp; A&B'


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> None:
    language.use("vi")
    theme.apply(qapp, "light", 100)


BUILD: dict[str, Callable[[], QWidget]] = {
    "label": lambda: labels.PlainLabel(PAYLOAD),
    "wrapped label": lambda: labels.PlainLabel(PAYLOAD, wrap=True, select=True),
    "elided label": lambda: labels.ElidedLabel(PAYLOAD),
    "title": lambda: labels.title(PAYLOAD),
    "caption": lambda: labels.caption(PAYLOAD),
    "link": lambda: labels.Link(PAYLOAD),
    "button": lambda: buttons.Button(PAYLOAD),
    "icon button": lambda: buttons.IconButton("x", PAYLOAD),
    "chip": lambda: buttons.Chip(PAYLOAD, PAYLOAD),
    "segmented": lambda: buttons.Segmented([("a", PAYLOAD), ("b", "B")]),
    "tabs": lambda: buttons.Tabs([("a", PAYLOAD + "\t4"), ("b", "B")]),
    "pill": lambda: badges.Pill(PAYLOAD, "warning", "clock"),
    "tag": lambda: badges.Tag(PAYLOAD),
    "avatar": lambda: badges.Avatar(PAYLOAD),
    "stacked bar": lambda: charts.StackedBar([charts.Part(1, "age0", PAYLOAD, "1", "2")]),
    "figures": lambda: charts.FigureStrip([charts.Figure(PAYLOAD, PAYLOAD, PAYLOAD)]),
    "empty": lambda: states.EmptyState("wallet", PAYLOAD, PAYLOAD),
    "filter empty": lambda: states.FilterEmpty(PAYLOAD, lambda: None),
    "error": lambda: states.ErrorState(PAYLOAD, PAYLOAD, "E-1"),
    "notice": lambda: states.Notice(PAYLOAD, "info"),
    "search": lambda: search_box.SearchBox(PAYLOAD),
}


def rich_labels(widget: QWidget) -> list[QLabel]:
    found = widget.findChildren(QLabel) + ([widget] if isinstance(widget, QLabel) else [])
    return [label for label in found if label.textFormat() != Qt.TextFormat.PlainText]


@pytest.mark.parametrize("kind", BUILD)
def test_data_is_shown_as_plain_text(qtbot, kind: str) -> None:
    widget = BUILD[kind]()
    qtbot.addWidget(widget)
    widget.resize(700, 200)
    widget.show()
    assert not rich_labels(widget)
    parts = [widget, *widget.findChildren(QWidget)]
    said = [part.accessibleName() for part in parts] + [part.text() for part in parts if isinstance(part, QLabel)]
    assert any(PAYLOAD in words for words in said), "the whole text is there, unchanged"
    for part in parts:
        tip = part.toolTip()
        assert "<img" not in tip and "<a " not in tip, "tooltips hold the markup escaped"


def test_a_label_cannot_be_turned_to_markup(qtbot) -> None:
    label = labels.PlainLabel("x")
    qtbot.addWidget(label)
    label.setTextFormat(Qt.TextFormat.RichText)
    assert label.textFormat() == Qt.TextFormat.PlainText


def test_tooltips_show_what_was_typed(qtbot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    labels.set_tip(widget, PAYLOAD)
    widget.show()
    QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, QPoint(1, 1), widget.mapToGlobal(QPoint(1, 1))))
    qtbot.waitUntil(QToolTip.isVisible)
    shown = QToolTip.text()
    assert Qt.mightBeRichText(shown) if hasattr(Qt, "mightBeRichText") else shown.startswith("<qt>")
    assert "&lt;img" in shown and "<img" not in shown
    QToolTip.hideText()


@pytest.mark.parametrize("call", ["ask", "tell", "failed"])
def test_dialogs_show_plain_text(qtbot, monkeypatch, call: str) -> None:
    seen: list[dialogs.Dialog] = []

    def look(box: dialogs.Dialog) -> int:
        seen.append(box)
        box.show()
        return 0

    monkeypatch.setattr(dialogs.Dialog, "exec", look)
    parent = QWidget()
    qtbot.addWidget(parent)
    if call == "ask":
        assert dialogs.ask(parent, PAYLOAD, PAYLOAD, PAYLOAD, danger=True) is False
    elif call == "tell":
        dialogs.tell(parent, PAYLOAD, PAYLOAD, details=PAYLOAD)
    else:
        dialogs.failed(parent, PAYLOAD, PAYLOAD)
    box = seen[0]
    assert not rich_labels(box)
    for edit in box.findChildren(QPlainTextEdit):
        assert edit.toPlainText() == PAYLOAD
    box.close()


def test_escape_refuses_a_question(qtbot) -> None:
    box = dialogs.Dialog(None, "Xoá?")
    qtbot.addWidget(box)
    box.add_button(buttons.Button("Xoá"), 1)
    box.show()
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert box.result() == 0 and not box.isVisible()


def test_an_ampersand_makes_no_access_key(qtbot) -> None:
    button = buttons.Button("A&B")
    qtbot.addWidget(button)
    assert button.shortcut().isEmpty()
    assert button.accessibleName() == "A&B"


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
@pytest.mark.parametrize(
    "make", [lambda: buttons.Button("Lưu"), lambda: buttons.Chip("a", "b"), lambda: labels.Link("Xem")]
)
def test_buttons_answer_the_keyboard(qtbot, key, make) -> None:
    button = make()
    qtbot.addWidget(button)
    button.show()
    with qtbot.waitSignal(button.clicked):
        qtbot.keyClick(button, key)


def test_a_chip_is_closed_by_mouse_and_key(qtbot) -> None:
    chip = buttons.Chip("Phụ trách", "Tôi", closable=True)
    qtbot.addWidget(chip)
    chip.show()
    clicks: list[bool] = []
    chip.clicked.connect(lambda: clicks.append(True))
    with qtbot.waitSignal(chip.closed):
        qtbot.mouseClick(chip, Qt.MouseButton.LeftButton, pos=QPoint(chip.width() - 10, 10))
    with qtbot.waitSignal(chip.closed):
        qtbot.keyClick(chip, Qt.Key.Key_Delete)
    assert not clicks
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert len(clicks) == 1


def test_a_switch_says_what_the_user_chose_only(qtbot) -> None:
    switch = buttons.Segmented([("list", "Danh sách"), ("ageing", "Tuổi nợ")])
    qtbot.addWidget(switch)
    switch.show()
    said: list[str] = []
    switch.changed.connect(said.append)
    switch.choose("ageing")
    assert switch.chosen() == "ageing" and said == []
    qtbot.mouseClick(switch.findChildren(QWidget)[0], Qt.MouseButton.LeftButton)
    assert said == ["list"]


@pytest.mark.parametrize("zoom", theme.ZOOMS)
@pytest.mark.parametrize("text", ["Ghi nhận tương tác", "Thêm khách hàng", "ẾẬỸ Ẵng đặng"])
def test_no_text_is_cut_at_any_zoom(qapp: QApplication, qtbot, zoom: int, text: str) -> None:
    theme.apply(qapp, "light", zoom)
    try:
        for make in (
            lambda: buttons.Button(text, icon="plus", key="Ctrl L"), lambda: buttons.Button(text, small=True),
            lambda: buttons.Button(text, kind="flat"), lambda: buttons.Chip(text, text), lambda: badges.Pill(text),
            lambda: buttons.Segmented([("a", text), ("b", text)]), lambda: buttons.Tabs([("a", text), ("b", text)]),
        ):  # fmt: skip
            widget = make()
            qtbot.addWidget(widget)
            room, needed = widget.minimumSizeHint(), theme.metrics(theme.CAPTION).horizontalAdvance(text)
            assert room.width() >= needed + theme.px(8)
            assert room.height() >= theme.metrics(theme.CAPTION).height()
            assert room.height() >= 24 or isinstance(widget, badges.Pill), "a target of 24 px"
        for label in (labels.title(text), labels.section(text), labels.PlainLabel(text), labels.caption(text)):
            qtbot.addWidget(label)
            assert label.sizeHint().height() >= label.fontMetrics().height() >= 1.4 * label.font().pixelSize()
            assert label.minimumSizeHint().width() >= label.fontMetrics().horizontalAdvance(text)
        edit = QLineEdit(text)
        qtbot.addWidget(edit)
        edit.show()
        assert edit.height() >= edit.fontMetrics().height() + 4
    finally:
        theme.apply(qapp, "light", 100)


def test_inputs_keep_their_height_when_focused_or_wrong(qtbot) -> None:
    frame = frames.Panel()
    one, other = QLineEdit("1"), QLineEdit("2")
    other.setProperty("invalid", True)
    frame.add(one, other, None)
    qtbot.addWidget(frame)
    frame.show()
    assert one.sizeHint().height() == other.sizeHint().height() == theme.px(32)


def test_the_search_box_waits_for_the_input_method(qtbot) -> None:
    box = search_box.SearchBox("Tìm")
    qtbot.addWidget(box)
    box.show()
    said: list[str] = []
    box.asked.connect(said.append)
    QApplication.sendEvent(box.edit, QInputMethodEvent("đa", []))
    assert box.edit.composing and box.edit.text() == ""
    done = QInputMethodEvent("", [])
    done.setCommitString("đặng")
    with qtbot.waitSignal(box.asked):
        QApplication.sendEvent(box.edit, done)
    assert said == ["đặng"] and box.edit.text() == "đặng"


def test_parts_of_a_bar_are_said(qtbot) -> None:
    parts = [charts.Part(3, "age0", "Chưa đến hạn", "3", "75 %"), charts.Part(1, "age1", "1–30", "1", "25 %")]
    bar = charts.StackedBar(parts, name="Tuổi nợ")
    qtbot.addWidget(bar)
    assert bar.accessibleName() == "Tuổi nợ: Chưa đến hạn 3 75 %; 1–30 1 25 %"


def test_empty_charts_paint(qtbot) -> None:
    nothing = charts.StackedBar([charts.Part(0, "age0", "")])
    for widget in (charts.StackedBar([]), charts.FigureStrip([]), charts.Progress(0), nothing):
        qtbot.addWidget(widget)
        assert not widget.grab().isNull()


def test_menu_icons_are_drawn(qapp: QApplication) -> None:
    assert not icons.icon("plus").isNull()


def test_the_ring_stands_around_the_button_while_the_keyboard_is_on_it(qtbot) -> None:
    frame = frames.Panel(row=True)
    one, other = buttons.Button("Một"), buttons.Button("Hai")
    frame.add(one, other)
    outer = frames.Panel(margins=(20, 20, 20, 20))
    outer.add(frame)
    qtbot.addWidget(outer)
    outer.show()
    qtbot.waitExposed(outer)
    outer.activateWindow()
    qtbot.waitUntil(outer.isActiveWindow)
    other.setFocus()
    one.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(one.hasFocus)
    ring = one._ring
    assert ring is not None and ring.isVisible()
    home = ring.parentWidget()
    assert home is not frame, "the row has no room for it"
    assert ring.geometry() == QRect(one.mapTo(home, QPoint(0, 0)), one.size()).adjusted(-4, -4, 4, 4)
    outer.box.insertSpacing(0, 30)
    qtbot.waitUntil(lambda: ring.geometry().top() == one.mapTo(home, QPoint(0, 0)).y() - 4)
    one.clearFocus()
    one.setFocus(Qt.FocusReason.ActiveWindowFocusReason)
    assert one._ring is not None, "it comes back with the window"
    other.setFocus(Qt.FocusReason.MouseFocusReason)
    assert one._ring is None and other._ring is None and not ring.isVisible()


def test_a_date_is_shown_in_the_programs_language(qtbot) -> None:
    edit = DateEdit(date(2026, 11, 23), "Tính đến")
    qtbot.addWidget(edit)
    assert edit.text() == "23/11/2026" and edit.day() == date(2026, 11, 23)
    assert edit.locale().language() == QLocale.Language.Vietnamese
    with qtbot.waitSignal(edit.chosen) as chosen:
        edit.stepDown()
    assert chosen.args == [edit.day()]
    language.use("en")
    english = DateEdit(date(2026, 11, 23), "As of")
    qtbot.addWidget(english)
    assert english.calendarWidget().locale().language() == QLocale.Language.English
