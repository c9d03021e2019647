"""Text from data is plain text: markup in every field, on every screen, is letters and opens no file."""

from __future__ import annotations

import ast
import contextlib
import ctypes
import dataclasses
import itertools
import os
import socket
import struct
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PySide6.QtCore import QAbstractTableModel, QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent, QTextDocument
from PySide6.QtGui import Qt as TextGuess
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QLabel,
    QMenu,
    QMessageBox,
    QTextEdit,
    QToolTip,
    QWidget,
)
from shiboken6 import isValid

from kam_desktop.documents import renderer, statement
from kam_desktop.domain.entities import ENTITIES, FIRM_ID, LOCAL_PERSON_ID, Account
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.fields import Field, Kind
from kam_desktop.domain.ids import RandomIds, derived
from kam_desktop.protocol.codec import from_wire, to_wire
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock
from tests.ui.whole_window import Screen, WholeWindow, whole_window

SOURCES = Path(__file__).resolve().parents[2] / "kam_desktop"
MARKER = "{marker}"  # stands for the address of a file that nobody may open
PAYLOADS = (
    "<b>đậm</b>", "<i>nghiêng</i> & đứng", "<u>x</u>", "<h1>To</h1>", "<font color=red size=7>đỏ</font>",
    f"<img src='{MARKER}'>", f"<IMG SRC={MARKER} width=300 height=300>", f"<a href='{MARKER}'>bấm</a>",
    f"<p style=\"background:url('{MARKER}')\">nền</p>", f"<link rel=stylesheet href='{MARKER}'><b>a</b>",
    f"<style>@import '{MARKER}';</style>",
    "<a href='javascript:alert(1)'>chạy</a>", "<a href='http://x.example/'>ra ngoài</a>",
    "<img src='data:image/png;base64,iVBORw0KGgo='>", "<table border=1><tr><td>ô</td></tr></table>", "<br><hr><br>",
    "&lt;b&gt;thoát&lt;/b&gt; &amp; &#60;i&#62;", "<!-- ẩn --><b>hiện</b>", "<?xml version='1.0'?><b>a</b>",
    f"![ảnh]({MARKER})", "# Tiêu đề\n**đậm** [liên kết](http://x.example/)", "<script>alert(1)</script>", "<qt>qt</qt>",
    "<span style='font-size:72pt'>rất to</span>", f"<object data='{MARKER}'></object>", "<nobr>một dòng</nobr>",
    f"<iframe src='{MARKER}'></iframe>", "<body bgcolor=black text=black>tối</body>", "A&B && &C", "<",
    # more ways to a file, to the net, and to another look
    f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{MARKER}'/></svg>",
    "<img src='http://127.0.0.1:{port}/x.png'>", "<table background='http://127.0.0.1:{port}/t.png'><td>ô</td></table>",
    f"<ul><li style=\"list-style-image:url('{MARKER}')\">một</ul>", f"<a name=x></a><img src={MARKER}#x>",
    f"[![ảnh]({MARKER})](http://127.0.0.1:{{port}}/)", "<meta http-equiv=refresh content='0;url=http://127.0.0.1:{port}/'>",
    "<div dir=rtl>ngược</div>", "שלום <b>עולם</b> 123", "W" * 150 + "<b>dài</b>",
    "<table>" * 200 + "x", "Müller <tom@x.example>", "<pre>\tô\n\tô</pre>", "<sub>dưới</sub><sup>trên</sup>",
    "qrc:/x.png <img src='qrc:/x.png'>", "<b>không đóng", "&#x202e;&nbsp;&lt;img src=x&gt;", "\u200b<u>\u200b",
)  # fmt: skip
# These never get as far as a screen: a null byte, an escape sequence, letters that turn the direction around.
REFUSED = ("<b>không\x00đóng</b>", "\x1b[31m<b>đỏ</b>", "\u202etxt.exe\u202c <b>x</b>", "\u2066<b>x</b>\u2069")
SHORT = "<b>a</b>"
HOSTILE = f"<img src='{MARKER}'><h1>To</h1><b>đậm</b> & <a href='{MARKER}'>bấm</a>"


# --- a file that tells who opens it -----------------------------------------------------------------------------------


class Watched:
    """A picture that tells when it is opened (inotify) and a door that tells who knocks, by whatever process."""

    IN_OPEN, IN_NONBLOCK = 0x20, 0o4000

    def __init__(self, folder: Path) -> None:
        self.path = folder / "dấu.png"
        self.path.write_bytes(bytes.fromhex(
            "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000a49444154789c63000100000500010d0a2db4"
            "0000000049454e44ae426082"
        ))  # fmt: skip
        self._c = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._c.inotify_init1(self.IN_NONBLOCK)
        assert self._c.inotify_add_watch(self._descriptor, os.fsencode(self.path), self.IN_OPEN) >= 0
        self._door = socket.create_server(("127.0.0.1", 0))
        self._door.setblocking(False)
        self.port = self._door.getsockname()[1]

    def put_into(self, payload: str) -> str:
        """A payload that names this picture and this door."""
        return payload.replace(MARKER, self.path.as_uri()).replace("{port}", str(self.port))

    def knocked(self) -> int:
        """How many came to the door since this was asked last."""
        count = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                self._door.accept()[0].close()
                count += 1
        return count

    def opened(self) -> int:
        """How often it was opened or the door was knocked at since this was asked last."""
        return self.knocked() + self._read()

    def _read(self) -> int:
        try:
            found = os.read(self._descriptor, 65536)
        except BlockingIOError:
            return 0
        count, at = 0, 0
        while at < len(found):
            count, at = count + 1, at + 16 + struct.unpack_from("iIII", found, at)[3]
        return count

    def close(self) -> None:
        """Watches no longer."""
        os.close(self._descriptor)
        self._door.close()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.close()


# --- records ----------------------------------------------------------------------------------------------------------


def family(payload: str) -> list[Any]:
    """One record of each kind, with the payload in each of its text fields."""

    def identity(entity: str) -> str:
        return {"firm": FIRM_ID, "person": LOCAL_PERSON_ID}.get(entity) or derived(entity, payload)

    def value(field: Field) -> Any:
        fits = payload if not field.max_length or len(payload) <= field.max_length else SHORT[: field.max_length]
        match field.kind:
            case Kind.TEXT if field.name == "currency":
                return "VND"
            case Kind.TEXT:
                return fits.replace("\n", " ")
            case Kind.NOTE:
                return f"{payload}\n{payload}"
            case Kind.TEXTS if field.name == "steps":
                return ["days 30"]  # words of our own; anything else is refused
            case Kind.TEXTS:
                return [fits.replace("\n", " ")]
            case Kind.MONEY:
                return 1_000_000
            case Kind.DATE:
                return "2026-10-01"
            case Kind.MOMENT:
                return "2026-11-20T08:00:00.000000Z"
            case Kind.INTEGER:
                return 1
            case Kind.DECIMAL:
                return "1"
            case Kind.CHOICE if field.required:
                return field.options[0]
            case Kind.REF:
                return identity(field.to)
        return None

    made = []
    left_out = {"allocation": ("credit_note", "reverses"), "invoice": ("replaces", "adjusts"), "account": ("parent",)}
    for kind in ENTITIES:
        entity = kind.entity
        names = [name for name in entity.names if name not in left_out.get(entity.name, ())]
        row = {name: value(entity.field(name)) for name in names}
        if entity.name == "allocation":
            row["amount"] = 1
        if entity.name != "opening_settlement":
            wire = {name: each for name, each in row.items() if each is not None}
            record, _unknown = from_wire({"entity": entity.name, "id": identity(entity.name), **wire})
            made.append(record)
    return made


def fill(store: Store, watched: Watched) -> None:
    """Every payload in every field."""
    for payload in PAYLOADS:
        with store.edit("Change account {name}", name=payload) as uow:
            for record in family(watched.put_into(payload)):
                if uow.get(type(record), record.id) is None:
                    uow.add(record)
                else:
                    uow.put(record)


def test_every_text_field_holds_a_payload() -> None:
    """The set is whole: a new field of text is covered as soon as it is declared."""
    for record in family(SHORT):
        wire = to_wire(record)
        for field in type(record).entity.fields:
            if field.kind in (Kind.TEXT, Kind.NOTE, Kind.TEXTS) and field.name not in ("currency", "steps"):
                assert "<b>" in str(wire[field.name]), (type(record).entity.name, field.name)
    assert len(PAYLOADS) >= 40 and len({type(record) for record in family(SHORT)}) >= len(ENTITIES) - 1


@pytest.mark.parametrize("payload", REFUSED)
def test_what_cannot_be_shown_is_not_taken(tmp_path: Path, payload: str) -> None:
    clock = FakeClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    store = Store.create(tmp_path / "profile", DataKey.new(), "test", clock, RandomIds(clock))
    with pytest.raises(Refused), store.edit("Add") as uow:
        uow.add(Account(id="a", name=payload))
    store.close()


def test_papers_say_markup_in_letters(tmp_path: Path, watched: Watched) -> None:
    """A statement of each payload's customer, set as PDF: its letters stand there, nothing was opened or called."""
    clock = FakeClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    store = Store.create(tmp_path / "profile", DataKey.new(), "test", clock, RandomIds(clock))
    fill(store, watched)
    with store.reader() as reader:
        for payload in PAYLOADS[::6]:
            customer = derived("account", watched.put_into(payload))
            told = statement.statement(reader, customer, date(2026, 1, 1), date(2026, 11, 23), "VND")
            made = renderer.pdf(statement.paper(told, "vi", dated_on=date(2026, 11, 23)))
            pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(made)]
            letters = "".join(" ".join(pages).replace("\u200b", "").split())
            name = reader.get(Account, customer).name
            assert "".join(name.split())[:12] in letters, (name, letters[:400])
    store.close()
    assert watched.opened() == 0


# --- what must not be on a screen -------------------------------------------------------------------------------------


def markup_in(text: str) -> str:
    """What of a tooltip Qt would draw as more than letters: "" for none."""
    if not TextGuess.mightBeRichText(text):
        return ""
    document = QTextDocument()
    document.setHtml(text)
    block = document.begin()
    while block.isValid():
        each = block.begin()
        while not each.atEnd():
            form = each.fragment().charFormat()
            changed = form.isImageFormat() or form.isAnchor() or form.fontWeight() > 400 or form.fontItalic()
            told = (form.Property.ForegroundBrush, form.Property.FontPointSize, form.Property.FontSizeAdjustment)
            if changed or form.fontUnderline() or any(map(form.hasProperty, told)):
                return each.fragment().text()
            each += 1
        if block.blockFormat().headingLevel() or block.textList() is not None:
            return block.text()
        block = block.next()
    return ""


def faults(screen: Screen) -> list[str]:
    """Widgets that would show markup as markup."""
    found = []
    for widget in [screen.widget, *screen.widget.findChildren(QWidget)]:
        if not isValid(widget):
            continue  # Qt's own bubble of the screen before: looking at the tips of a view put another in its place
        name = f"{screen.name}: {type(widget).__name__} {widget.objectName()}"
        if isinstance(widget, QLabel) and widget.textFormat() != Qt.TextFormat.PlainText:
            if widget.objectName() != "qtooltip_label" or markup_in(widget.text()):  # Qt's own, for what we give it
                found.append(f"{name}: a label that guesses, with {widget.text()!r}")
        if isinstance(widget, (QTextEdit, QMessageBox)):
            found.append(f"{name}: shows documents")
        if markup_in(widget.toolTip()):
            found.append(f"{name}: tooltip {widget.toolTip()!r}")
        if widget.whatsThis() or widget.statusTip():
            found.append(f"{name}: has words for a help bubble")
        if isinstance(widget, QMenu) and widget.toolTipsVisible():
            found.append(f"{name}: a menu with tooltips")
        if isinstance(widget, QAbstractItemView) and widget.isVisible():
            found += [f"{name}: tip {tip!r}" for tip in tips_of(widget) if markup_in(tip)]
    return found


def tips_of(view: QAbstractItemView) -> list[str]:
    """The tooltips of the cells that are seen, as they come up under the pointer."""
    model = view.model()
    found = []
    for row in range(min(model.rowCount(), 40)):
        for column in range(model.columnCount() if isinstance(model, QAbstractTableModel) else 1):
            place = view.visualRect(model.index(row, column)).center()
            if view.viewport().rect().contains(place):
                QToolTip.hideText()
                at = view.viewport().mapToGlobal(QPoint(0, 0)) + place
                QApplication.sendEvent(view.viewport(), QHelpEvent(QEvent.Type.ToolTip, place, at))
                found.append(QToolTip.text())
    QToolTip.hideText()
    return found


@pytest.fixture
def window(dressed: None, qtbot: Any, tmp_path: Path, watched: Watched) -> Iterator[WholeWindow]:
    clock = FakeClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    with whole_window(qtbot, tmp_path, clock, lambda store: fill(store, watched), watched.put_into(HOSTILE)) as made:
        yield made


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_no_screen_shows_markup(window: WholeWindow, watched: Watched, lang: str) -> None:
    window.look(lang, 100, 1366, 768)
    found, names = [], []
    for screen in window.screens():
        screen.widget.grab()
        names.append(screen.name)
        found += faults(screen)
        if watched.opened():
            found.append(f"{screen.name}: opened the file")
    assert not found, "\n".join(found)
    assert len(names) >= 45, names


def test_every_record_is_shown_with_its_payload(window: WholeWindow, watched: Watched) -> None:
    """Each payload's own customer, proposal, invoice and task is opened, not only the first in the list."""
    window.look("vi", 100, 1600, 900)
    for page, entity in (("account", "account"), ("proposal", "proposal"), ("collection", "invoice"), ("task", "task")):
        for identity in window.ids(entity, len(PAYLOADS)):
            window.window.show_page(page, identity)
            window.settle()
            for screen in itertools.chain([Screen(page, window.window)], window._dialog(f"{page}, form")):
                screen.widget.grab()
                assert faults(screen) == []
    assert watched.opened() == 0


def test_the_title_of_the_window_is_letters(window: WholeWindow, watched: Watched) -> None:
    firm = window.words
    window.window.set_firm(firm, firm, "KV")
    assert firm in window.window.windowTitle()
    window.window.grab()
    assert faults(Screen("title", window.window)) == [] and watched.opened() == 0


def test_undo_messages_name_a_record_in_letters(window: WholeWindow, watched: Watched) -> None:
    found = window.ids("account")[0]
    desk = window.desktop.desk

    def rename(uow: Any) -> None:
        uow.put(dataclasses.replace(uow.get(Account, found), address=window.words))

    desk.background.edit(rename, label="Change account {name}", args={"name": window.words})
    window.settle()
    desk.undo()
    window.settle()
    assert any(window.words in said for said in window.window.said)
    window.window.grab()
    assert faults(Screen("undone", window.window)) == [] and watched.opened() == 0


def test_the_probes_see_markup(qtbot: Any, watched: Watched) -> None:
    """The control: an ordinary label opens the file, and an ordinary tooltip is told."""
    picture = f"<img src='{watched.path.as_uri()}'>"
    label = QLabel(picture)
    qtbot.addWidget(label)
    label.show()
    label.grab()
    assert watched.opened() > 0
    socket.create_connection(("127.0.0.1", watched.port)).close()
    assert watched.knocked() == 1
    label.setToolTip(picture)
    found = faults(Screen("control", label))
    assert len(found) == 2, found
    for payload in PAYLOADS[:4]:
        assert markup_in(payload)
    box = QTextEdit()
    qtbot.addWidget(box)
    assert faults(Screen("control", box))


def test_only_one_module_makes_labels_and_tooltips() -> None:
    """Whoever wants a label takes ours, which holds only text."""
    sinks = {
        "QLabel", "QMessageBox", "QTextEdit", "QTextBrowser", "QTextDocument", "QToolTip", "QErrorMessage",
        "QWhatsThis", "QStaticText", "QSystemTrayIcon", "QWizard", "QSplashScreen",
    }  # fmt: skip
    calls = {
        "setToolTip",
        "setHtml",
        "setMarkdown",
        "setWhatsThis",
        "setStatusTip",
        "appendHtml",
        "showText",
        "showMessage",
    }
    known = {("tray.py", "QSystemTrayIcon")}  # an icon and a menu of our own words
    found = []
    for path in [*sorted((SOURCES / "ui").rglob("*.py")), SOURCES / "app.py"]:
        if path.name == "labels.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = isinstance(node, ast.alias) and node.name in sinks and (path.name, node.name) not in known
            called = isinstance(node, ast.Attribute) and node.attr in calls
            if named or called:
                found.append(f"{path.relative_to(SOURCES)}:{node.lineno}")
    assert not found, found
