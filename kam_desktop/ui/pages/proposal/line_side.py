"""Joins the price table to the lanes: lines from the catalogue and from the clipboard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from PySide6.QtWidgets import QWidget

from kam_desktop import formats
from kam_desktop.domain import money
from kam_desktop.domain.entities import ProposalLine
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.pages.proposal.line_view import LineView
from kam_desktop.ui.pages.proposal.lines import QUANTITY
from kam_desktop.ui.pages.proposal.paste_dialog import PasteDialog
from kam_desktop.ui.pages.proposal.pasted import Understood, lines_of, understand


class LineSide:
    """What lines are made of besides typing.

    Args:
        questions: what may ask the services (the page's questions.py).
        shown: the detail on the screen, None for none.
    """

    def __init__(self, controller: RecordController, view: LineView, questions: Any, today: date,
                 shown: Callable[[], Any]) -> None:  # fmt: skip
        self._controller, self._view, self._questions, self._today = controller, view, questions, today
        self._shown = shown
        view.product_sought.connect(self._on_sought)
        view.product_chosen.connect(self._on_chosen)
        view.pasted.connect(self._on_pasted)

    # From the catalogue.

    def _on_sought(self, text: str) -> None:
        detail = self._shown()
        if detail is None or not text.strip():
            self._view.offer_products(text, ())
            return
        ask, today = self._questions.ask_products, self._today
        self._controller.ask(lambda reader: ask(reader, text, detail, today),
                             lambda found: self._view.offer_products(text, found), "products")  # fmt: skip

    def _on_chosen(self, place: int, identity: str) -> None:
        detail, today = self._shown(), self._today
        model = self._view.lines
        if detail is None or not 0 <= place < len(model.lines):
            return
        line, ask = model.lines[place], self._questions.ask_product_line

        def fill(made: ProposalLine) -> None:
            if place < len(model.lines) and model.lines[place] == line:
                model.fill(place, made)
                self._view.go_to(place, QUANTITY, edit=True)

        quantity = line.quantity or 1
        self._controller.ask(lambda reader: ask(reader, identity, detail, quantity, today), fill)

    # From the clipboard.

    def _on_pasted(self, after: int, text: str) -> None:
        found = understand(text, formats.decimal_mark())
        if found is None:
            self._controller.desk.shell.toast(tr("There is nothing in the clipboard that could be lines."))
        elif found.clear:
            self._insert(after, found, found.kinds)
        else:
            window: QWidget = self._view.window()
            PasteDialog(window, found, lambda kinds: self._insert(after, found, kinds)).open()

    def _insert(self, after: int, found: Understood, kinds: tuple[str, ...]) -> None:
        model = self._view.lines
        before = model.lines[after] if 0 <= after < len(model.lines) else None
        version = self._shown().version.id
        like = ProposalLine(
            id="", version=version, place=1, description="", quantity=None, price=None,
            section=before.section if before else "", tax_rate=before.tax_rate if before else model.rate,
        )  # fmt: skip
        places = money.decimals(model.currency)
        made = lines_of(found, kinds, like, places, formats.decimal_mark())
        shell = self._controller.desk.shell
        if not made:
            shell.toast(tr("There is nothing in the clipboard that could be lines."))
            return
        place = model.insert(after, made, N_("Paste lines into {name}"))
        self._view.go_to(place, 1)
        left = len(found.rows) - len(made)
        if left:
            shell.toast(trn("{n} row became a section or was left out.", "{n} rows became sections or were left out.",
                            left))  # fmt: skip
