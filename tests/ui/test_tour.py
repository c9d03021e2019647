"""The walk through the window shows every dialog, form and menu; `--tour` saves what is wished."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QMenu, QWidget

import kam_desktop.ui
from kam_desktop import app, language
from kam_desktop.cli import main as commands
from kam_desktop.ui import tour_parts
from kam_desktop.ui.kit.dialogs import Dialog
from kam_desktop.ui.kit.record_form import RecordForm
from kam_desktop.ui.tour import Wishes, picture
from kam_desktop.ui.tour_walk import Walk
from tests.fakes import FakeClock
from tests.ui.whole_window import WholeWindow, whole_window

UI = Path(kam_desktop.ui.__file__).parent


MADE_BEFORE = {"filters.py:_menu", "page.py:_build_main", "page.py:_menu", "page.py:_offer", "tray.py:follow"}
"""Menus made with their page, before this test watches; that of the tray is shown by the system."""


@pytest.fixture
def window(dressed: None, qtbot: Any, tmp_path: Path) -> Iterator[WholeWindow]:
    """The program with a sample firm."""
    clock = FakeClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    today = date(2026, 11, 23)
    with whole_window(qtbot, tmp_path, clock, lambda store: app.fill_sample(store, "agency", today)) as made:
        yield made


def subclasses(base: type) -> set[type]:
    """All classes of the product below a base, at any depth."""
    found = {each for each in base.__subclasses__() if each.__module__.startswith("kam_desktop.")}
    return found.union(*(subclasses(each) for each in found)) if found else set()


def own_calls(outer: ast.FunctionDef) -> Iterator[ast.Call]:
    """The calls in a function, without those in functions inside of it."""
    left: list[ast.AST] = list(outer.body)
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef):
            continue
        if isinstance(node, ast.Call):
            yield node
        left.extend(ast.iter_child_nodes(node))


def sites(*names: str) -> set[str]:
    """Where in the sources one of these is made: "file.py:function"."""
    found = set()
    for path in UI.rglob("*.py"):
        for outer in ast.walk(ast.parse(path.read_text("utf-8"))):
            for call in own_calls(outer) if isinstance(outer, ast.FunctionDef) else ():
                name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
                if name in names:
                    found.add(f"{path.name}:{outer.name}")
    return found


def maker() -> str:
    """Who makes the dialog or menu that is being made: the first caller that is no constructor of it."""
    frame: Any = sys._getframe(2)
    while frame.f_code.co_name == "__init__" and isinstance(frame.f_locals.get("self"), Dialog | QMenu):
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_code.co_name}"


def test_every_dialog_every_form_and_every_menu_is_pictured(window: WholeWindow, monkeypatch: Any) -> None:
    window.look("vi", 100, 1366, 768)
    makers: dict[int, str] = {}
    for made_class in (Dialog, QMenu):
        real = made_class.__init__

        def remembering(self: Any, *given: Any, _real: Any = real, **named: Any) -> None:
            makers[id(self)] = maker()
            _real(self, *given, **named)

        monkeypatch.setattr(made_class, "__init__", remembering)
    kinds, where, names = set[type](), set[str](), list[str]()
    with mock.patch.object(Dialog, "exec", lambda self: self.open() or 0):
        for name in tour_parts.steps(Walk(window.desktop)):
            window.settle()
            if not name:
                continue
            names.append(name)
            tops = [each for each in QApplication.topLevelWidgets() if each.isVisible()]
            shown: list[QWidget] = [each for each in tops if isinstance(each, Dialog | QMenu)]
            forms = [each for each in window.window.findChildren(RecordForm) if each.isVisible()]
            kinds |= {type(each) for each in (*shown, *forms)}
            where |= {makers[id(each)] for each in shown if id(each) in makers}
            assert not any(each.height() > 768 or each.width() > 1366 for each in shown), name
    assert len(names) == len(set(names)) >= 130, [each for each in names if names.count(each) > 1]
    abstract = {each for each in subclasses(RecordForm) if subclasses(each)}
    missing = (subclasses(Dialog) | subclasses(RecordForm)) - abstract - kinds
    assert not missing, f"no picture of {sorted(each.__name__ for each in missing)}"
    dialogs = sites("Dialog", "FormDialog", *(each.__name__ for each in subclasses(Dialog)))
    unseen = dialogs - where - {each for each in dialogs if each.startswith("tour_")}
    assert not unseen, f"dialogs without a picture are made in {sorted(unseen)}"
    unseen = {each for each in sites("QMenu") if not each.endswith(":__init__")} - where - MADE_BEFORE
    assert not unseen, f"menus without a picture are made in {sorted(unseen)}"


def test_the_tour_takes_what_is_wished_for() -> None:
    wishes = Wishes(("account", "vi", "dark"))
    assert wishes.looks() == [("vi", "dark")] and wishes.parts() == ["account"]
    assert len(Wishes().looks()) == 4 and Wishes().parts() == []
    assert "window" in tour_parts.PARTS
    given = commands.parser().parse_args(["--tour", "x", "--only", "vi", "--only", "today", "--size", "1536x864"])
    assert (given.only, given.size, given.zoom) == (["vi", "today"], (1536, 864), 100)


def test_a_picture_holds_the_dialog_over_the_window(window: WholeWindow) -> None:
    language.use("vi")
    before = picture(window.window).toImage()
    window.window.show_keys()
    window.settle()
    after: QImage = picture(window.window).toImage()
    assert after.size() == before.size() and after != before
