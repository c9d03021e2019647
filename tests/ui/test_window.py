"""The window: lazy pages, history, geometry on a screen, live language and theme, F6, toasts."""

import base64
import json

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import delete, isValid

from kam_desktop import language
from kam_desktop.ui import qt_words, theme
from kam_desktop.ui.kit.labels import PlainLabel
from kam_desktop.ui.navigation import FOOT
from kam_desktop.ui.window import Command, Job, PageSpec, Window

PAYLOAD = '<img src="file:///etc/hostname"><b>đậm</b> & co'


class Page(QWidget):
    """A page with one field that remembers what was typed and the place that it shows."""

    made = 0

    def __init__(self) -> None:
        super().__init__()
        Page.made += 1
        self.edit = QLineEdit()
        self.place = ""
        QVBoxLayout(self).addWidget(self.edit)
        self.setFocusProxy(self.edit)

    def open_place(self, place: str) -> None:
        self.place = place

    def remembered(self) -> object:
        return self.edit.text()

    def remember(self, state: object) -> None:
        self.edit.setText(str(state))


def specs() -> list[PageSpec]:
    return [
        PageSpec("today", "Today", "sun", Page, "Ctrl+1"),
        PageSpec("accounts", "Accounts", "users", Page, "Ctrl+2"),
        PageSpec("import", "Import", "upload", Page, section="Tools", wide=True),
        PageSpec("settings", "Settings", "settings", Page, "Ctrl+,", section=FOOT),
    ]


@pytest.fixture
def window(qapp: QApplication, qtbot):
    qt_words.install(qapp)
    language.use("vi")
    theme.apply(qapp, "light", 100)
    Page.made = 0
    made = Window(specs(), firm=PAYLOAD, person=PAYLOAD, letters="KV")
    qtbot.addWidget(made)
    made.resize(1200, 700)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)  # shortcuts are those of the active window
    yield made
    language.use("vi")
    theme.apply(qapp, "light", 100)


def test_pages_are_made_when_first_shown(window: Window) -> None:
    assert Page.made == 1 and window.current_key() == "today"
    window.show_page("accounts")
    window.show_page("today")
    window.show_page("accounts")
    assert Page.made == 2
    assert window.page("settings") is None
    with pytest.raises(KeyError):
        window.show_page("nowhere")


def test_back_and_forward_go_through_pages_and_places(window: Window) -> None:
    assert not window.top.back.isEnabled()
    window.show_page("accounts", "a-1")
    window.show_page("accounts", "a-2")
    window.note_place("a-3")
    page = window.page("accounts")
    assert isinstance(page, Page)
    window.go_back()
    assert page.place == "a-2" and window.top.forward.isEnabled()
    window.go_back()
    window.go_back()
    assert window.current_key() == "today" and not window.top.back.isEnabled()
    window.go_back()
    window.go_forward()
    assert window.current_key() == "accounts" and page.place == "a-1"
    window.show_page("settings")
    assert not window.top.forward.isEnabled()


def test_the_list_shows_pages_counts_and_the_chosen_one(qtbot, window: Window) -> None:
    window.set_count("accounts", 12)
    model = window.navigation.list.model()
    names = [model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(model.rowCount())]
    assert len(names) == 4, "the gear is no line of the list"
    assert names[1].endswith(", 12")
    window.navigation.list.setFocus()
    qtbot.keyClick(window.navigation.list, Qt.Key.Key_Down)
    assert window.current_key() == "accounts"
    window.show_page("settings")
    assert not window.navigation.list.currentIndex().isValid()


def test_a_look_is_turned_once_the_hidden_pages_have_ended_one_by_one(qtbot, window: Window) -> None:
    window.show_page("accounts")
    window.show_page("settings")
    assert len(window.hidden_pages()) == 2
    worn: list[tuple[str, int, list[str]]] = []
    window.look_changed.connect(lambda mode, zoom: worn.append((mode, zoom, window.hidden_pages())))
    window.look.turn()
    window.look.step(1)
    window.look.step(1)
    assert worn == [] and len(window.hidden_pages()) == 2, "nothing within the key's own turn"
    qtbot.waitUntil(lambda: bool(worn))
    two_up = theme.ZOOMS[theme.ZOOMS.index(100) + 2]
    assert worn == [("dark", two_up, [])], "the second step counts from the first, which is not worn yet"
    window.look.step(0)
    window.look.turn()
    qtbot.waitUntil(lambda: len(worn) == 2)
    assert worn[1][:2] == ("light", 100) and window.current_key() == "settings"


def test_the_list_shrinks_to_a_rail(qtbot, window: Window) -> None:
    assert window.navigation.width() == 220
    window.toggle_list()
    assert window.navigation.width() == 56
    window.toggle_list()
    window.show_page("import")
    assert window.navigation.width() == 56, "a wide page takes the room"
    window.show_page("today")
    assert window.navigation.width() == 220


def test_geometry_page_and_list_are_restored(qtbot, window: Window) -> None:
    window.setGeometry(60, 50, 1240, 720)
    window.show_page("accounts")
    window.toggle_list()
    kept = window.state()
    other = Window(specs())
    qtbot.addWidget(other)
    assert other.restore(kept)
    assert (other.width(), other.height()) == (1240, 720)
    assert other.current_key() == "accounts" and other.navigation.width() == 56
    assert not other.top.back.isEnabled()


@pytest.mark.parametrize("place", [(9000, 9000), (-5000, 40), (300, -4000), (50, 60)])
def test_a_window_always_lands_on_a_screen(qtbot, window: Window, place: tuple[int, int]) -> None:
    window.setGeometry(*place, 1200, 700)
    kept = window.state()
    other = Window(specs())
    qtbot.addWidget(other)
    assert other.restore(kept)
    other.show()
    screen = QGuiApplication.primaryScreen().availableGeometry()
    seen = screen.intersected(other.frameGeometry())
    assert seen.width() >= 120 and other.y() >= screen.top() - 1
    assert screen.contains(QPoint(max(other.x(), screen.left() + 1) + 60, other.y() + 10))


UNREADABLE = [b"", b"nonsense", b"{}", b'{"geometry": "!!", "page": "x", "rail": 0}', b"\xff\xfe", b"[]"]


@pytest.mark.parametrize("kept", UNREADABLE)
def test_a_state_that_cannot_be_read_changes_nothing(window: Window, kept: bytes) -> None:
    before = window.geometry()
    assert window.restore(kept) is False
    assert window.geometry() == before and window.current_key() == "today"


def test_an_unknown_page_in_the_state_is_left_out(window: Window) -> None:
    kept = json.loads(window.state())
    kept["page"] = "gone"
    kept["geometry"] = base64.b64encode(b"x").decode()
    assert window.restore(json.dumps(kept).encode())
    assert window.current_key() == "today"


def test_language_theme_and_zoom_switch_live(qapp: QApplication, qtbot, window: Window) -> None:
    window.show_page("accounts", "a-7")
    window.set_status("Ngoại tuyến", "", "cloud-off")
    window.set_count("accounts", 3)
    window.set_job("import", Job("Đang nhập", 0.5))
    page = window.page("accounts")
    assert isinstance(page, Page)
    page.edit.setText("đang gõ")
    geometry = window.geometry()
    language.use("en")
    window.rebuild()
    assert window.top.find_box.accessibleName() == "Search or type a command"
    theme.apply(qapp, "dark", 125)
    fresh = window.page("accounts")
    assert isinstance(fresh, Page) and fresh is not page
    assert fresh.edit.text() == "đang gõ" and fresh.place == "a-7"
    assert window.geometry() == geometry and window.current_key() == "accounts"
    assert window.bottom.pill.accessibleName() == "Ngoại tuyến"
    assert window.bottom.jobs.jobs()["import"].share == 0.5
    assert window.top.back.isEnabled()
    assert window.navigation.list.model().index(1, 0).data(Qt.ItemDataRole.AccessibleTextRole).endswith(", 3")


def test_no_page_is_dressed_anew_only_to_be_thrown_away(qapp: QApplication, qtbot, window: Window) -> None:
    window.show_page("accounts", "a-7")
    page = window.page("accounts")
    assert isinstance(page, Page)
    page.edit.setText("đang gõ")
    window.show()
    qtbot.waitExposed(window)
    there: list[bool] = []
    theme.signals.changing.connect(look := lambda: there.append(isValid(page)))
    theme.apply(qapp, "dark", 100)
    theme.signals.changing.disconnect(look)
    assert there == [False]
    fresh = window.page("accounts")
    assert isinstance(fresh, Page) and fresh.edit.text() == "đang gõ" and window.pages.currentWidget() is fresh


def test_zoom_is_chosen_by_keys_and_told(qtbot, window: Window) -> None:
    with qtbot.waitSignal(window.look_changed) as told:
        qtbot.keyClick(window, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert told.args == ["light", 110]
    qtbot.keyClick(window, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: theme.zoom() == 100)


def buttons_of(box: QDialogButtonBox) -> set[str]:
    return {button.text().replace("&", "") for button in box.buttons()}


def words_of(menu: QMenu) -> set[str]:
    return {action.text().split("\t")[0].replace("&", "") for action in menu.actions() if action.text()}


def test_words_of_qt_follow_the_language(qtbot, window: Window) -> None:
    flags = QDialogButtonBox.StandardButton
    wanted = flags.Ok | flags.Cancel | flags.Save | flags.Discard | flags.Yes | flags.No | flags.Close | flags.Apply
    vietnamese = {"Đồng ý", "Huỷ", "Lưu", "Có", "Không", "Đóng", "Áp dụng"}
    menus = {"Hoàn tác", "Làm lại", "Cắt", "Sao chép", "Dán", "Xoá", "Chọn tất cả"}
    box = QDialogButtonBox(wanted)
    qtbot.addWidget(box)
    assert vietnamese <= buttons_of(box) and not {"OK", "Cancel", "Discard"} & buttons_of(box)
    for edit in (QLineEdit("x"), QPlainTextEdit("x")):
        qtbot.addWidget(edit)
        menu = edit.createStandardContextMenu()
        assert menus <= words_of(menu), words_of(menu)
        menu.deleteLater()
    language.use("en")
    english = QDialogButtonBox(wanted)
    qtbot.addWidget(english)
    assert {"OK", "Cancel", "Save"} <= buttons_of(english)


def test_words_that_we_do_not_know_stay_qts_own(qtbot, window: Window) -> None:
    assert QApplication.translate("QSomething", "Unheard of words") == "Unheard of words"
    spin = QSpinBox()
    qtbot.addWidget(spin)
    spin.setValue(3)
    assert spin.text() == "3"


def test_data_in_the_frame_is_plain_text(window: Window) -> None:
    window.set_selection_text(PAYLOAD)
    window.set_status(PAYLOAD)
    window.toast(PAYLOAD, lambda: None)
    window.set_job("x", Job(PAYLOAD, 0.1))
    labels = window.findChildren(QLabel)
    assert labels and all(label.textFormat() == Qt.TextFormat.PlainText for label in labels)
    for child in window.findChildren(QWidget):
        assert "<img" not in child.toolTip()
    assert window.bottom.pill.accessibleName() == PAYLOAD


def test_a_toast_is_undone_by_its_link_and_kept_to_read_again(qtbot, window: Window) -> None:
    undone: list[str] = []
    window.toast("Đã lưu")
    window.toast("Đã chuyển", lambda: undone.append("x"))
    toast = window._toasts._shown
    assert toast is not None and toast.isVisible()
    corner = toast.geometry().bottomRight()
    assert window.width() - corner.x() <= 20 and window.height() - corner.y() <= 60
    link = next(child for child in toast.findChildren(QWidget) if child.metaObject().className() == "Link")
    qtbot.mouseClick(link, Qt.MouseButton.LeftButton)
    assert undone == ["x"] and window._toasts._shown is None
    assert list(window.said) == ["Đã lưu", "Đã chuyển"]
    window.toast("Nữa")
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window._toasts._shown is None


def test_a_toast_covers_nothing_to_press_or_to_type_in(qtbot, window: Window) -> None:
    page = window.page("today")
    assert isinstance(page, Page)
    window.toast("Đã lưu", lambda: None)
    toast = window._toasts._shown
    assert toast is not None
    corner = toast.geometry()

    def over(widget: QWidget) -> bool:
        return toast.geometry().intersects(QRect(widget.mapTo(toast.parentWidget(), QPoint(0, 0)), widget.size()))

    def put(widget: QWidget) -> None:  # where the toast is
        widget.setParent(page)
        widget.setGeometry(QRect(page.mapFrom(toast.parentWidget(), toast.pos()), QSize(120, 32)))
        widget.show()

    button, field = QPushButton("Ghi"), QLineEdit()
    put(button)
    assert over(button)
    qtbot.waitUntil(lambda: not over(button))
    put(field)
    window._toasts._look.stop()
    field.setFocus()  # whoever goes there need not wait for the next look
    qtbot.waitUntil(lambda: not over(field) and not over(button))
    window._toasts.close_shown()
    window.toast("Nữa")
    toast = window._toasts._shown
    assert toast is not None and not over(button) and not over(field)
    # while somebody is about to press it, it stays
    toast.findChild(QAbstractButton).setFocus()
    put(button)
    window._toasts._give_way()
    assert over(button)
    for each in (button, field):
        each.hide()
    window._toasts.place()
    assert toast.geometry().bottomRight() == corner.bottomRight()


def test_a_toast_looks_at_nothing_while_the_field_with_the_keyboard_is_destroyed(
    qtbot, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its parent's list of children has holes then: to look through it ended the process."""
    page = window.page("today")
    holder = QWidget(page)
    field = QLineEdit(holder)
    holder.show()
    field.setFocus()
    window.toast("Đã lưu", lambda: None)
    qtbot.waitUntil(field.hasFocus)
    looked: list[bool] = []
    taken, ending = window._toasts._taken, [False]
    monkeypatch.setattr(window._toasts, "_taken", lambda toast: looked.append(ending[0]) or taken(toast))
    ending[0] = True
    delete(holder)
    ending[0] = False
    qtbot.waitUntil(lambda: bool(looked))
    assert True not in looked


def test_a_toast_leaves_the_row_free_that_the_keyboard_is_on(qtbot, window: Window) -> None:
    page = window.page("today")
    view = QListWidget(page)
    view.setGeometry(page.rect())
    view.addItems([f"{n}" for n in range(60)])
    view.show()
    view.setFocus()
    view.setCurrentRow(30)
    view.scrollToItem(view.item(30), QListWidget.ScrollHint.PositionAtBottom)
    window.toast("Đã lưu", lambda: None)
    toast = window._toasts._shown
    assert toast is not None
    row = view.visualItemRect(view.item(30))
    row.moveTopLeft(view.viewport().mapTo(toast.parentWidget(), row.topLeft()))
    assert not toast.geometry().intersects(row)


def test_f6_goes_through_the_panes(qtbot, window: Window) -> None:
    page = window.page("today")
    assert isinstance(page, Page)
    window.navigation.list.setFocus()
    seen = []
    for _ in range(3):
        qtbot.keyClick(window, Qt.Key.Key_F6)
        seen.append(window.focusWidget())
    assert seen == [page.edit, window.bottom.pill, window.navigation.list]
    qtbot.keyClick(window, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert window.focusWidget() is window.bottom.pill


def test_commands_have_keys_and_a_menu(qtbot, window: Window) -> None:
    ran: list[str] = []
    window.add_command(Command("Sell the ship", lambda: ran.append("r"), shortcut="Ctrl+R", create=True))
    window.add_command(Command("Never", lambda: ran.append("n"), shortcut="Ctrl+J", enabled=lambda: False))
    qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert ran == ["r"]
    assert [action.text() for action in window.top.create_menu.actions()] == ["Sell the ship"]
    assert window.top.create_button.isVisible()


def test_ctrl_k_opens_the_palette_and_it_goes_to_pages(qtbot, window: Window) -> None:
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window._palette.isVisible()
    qtbot.keyClicks(window._palette.edit, "accounts")
    qtbot.keyClick(window._palette.edit, Qt.Key.Key_Return)
    assert window.current_key() == "accounts" and not window._palette.isVisible()


def test_no_key_of_ours_is_a_letter_or_a_switch_of_an_input_method(window: Window) -> None:
    keys = [shortcut.key().toString() for shortcut in window.findChildren(QShortcut)]
    assert "Ctrl+K" in keys
    for key in keys:
        assert "+" in key or key.startswith("F"), key
        assert key not in ("Ctrl+Space", "Ctrl+Shift")


def test_everything_that_takes_the_keyboard_has_a_name(window: Window) -> None:
    window.set_job("x", Job("Đang nhập", 0.1, lambda: None))
    unnamed = [
        child.metaObject().className()
        for child in window.findChildren(QWidget)
        if child.focusPolicy() & Qt.FocusPolicy.TabFocus and child.isVisible() and not child.accessibleName()
        and not isinstance(child.parentWidget(), Page)
    ]  # fmt: skip
    assert unnamed == []
    stops = [child for child in window.findChildren(QWidget) if child.focusPolicy() & Qt.FocusPolicy.TabFocus]
    shown = [child for child in stops if child.isVisible() and not isinstance(child, QLineEdit)]
    assert [child.accessibleName() for child in shown if min(child.width(), child.height()) < 24] == []


def test_nothing_is_cut_at_150_per_cent(qapp: QApplication, window: Window) -> None:
    theme.apply(qapp, "light", 150)
    window.resize(1366, 768)
    QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    for label in window.findChildren(PlainLabel):
        if label.isVisible() and type(label) is PlainLabel:
            assert label.width() >= label.sizeHint().width() - 1 or label.wordWrap(), label.text()
            assert label.height() >= label.fontMetrics().height(), label.text()
    assert window.bottom.height() >= window.bottom.pill.height()
    assert window.minimumSizeHint().width() <= 1366


def test_the_status_pill_asks_for_the_status_page(qtbot, window: Window) -> None:
    with qtbot.waitSignal(window.status_wanted):
        qtbot.mouseClick(window.bottom.pill, Qt.MouseButton.LeftButton)


def test_a_job_can_be_stopped_and_goes_away(qtbot, window: Window) -> None:
    stopped: list[bool] = []
    window.set_job("a", Job("Đang nhập", None, lambda: stopped.append(True)))
    window.set_job("b", Job("Đang sao lưu", 0.3))
    tray = window.bottom.jobs
    assert tray.isVisible() and tray.accessibleName() == "Đang nhập · +1"
    qtbot.mouseClick(tray._stop, Qt.MouseButton.LeftButton)
    assert stopped == [True]
    window.set_job("a", None)
    window.set_job("b", None)
    assert not tray.isVisible()


def test_what_floats_follows_the_windows_size(qtbot, window: Window) -> None:
    window.toast("Đã lưu")
    window.open_palette()
    window.resize(1300, 760)
    frame = window.centralWidget()
    qtbot.waitUntil(lambda: window._palette.size() == frame.size())
    toast = window._toasts._shown
    assert toast is not None and frame.width() - toast.geometry().right() <= 20
