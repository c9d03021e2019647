"""One of the two lists of the product page: its filters, views, deeds, and cells edited in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject

from kam_desktop.domain.entity import Record
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui.cell_edits import CellEdits, CellField
from kam_desktop.ui.folding import Folding
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.list_tools import Deed, ListTools
from kam_desktop.ui.pages.product.page import Listing

Question = Callable[[Any, Sequence[str]], Mapping[str, Any]]


class ListPart(QObject):
    """What is searched for in one list, and its tools; the controller asks and edits for it.

    Attributes:
        text, archived: what the list is narrowed to.
        tools, edits, folding: what the list offers beside its rows, cells edited in place, product lines folded away.
    """

    def __init__(
        self, controller: RecordController, view: Listing, kind: type[Record], cells: Mapping[int, CellField],
        question: Question, archive: Callable[..., Any],
    ) -> None:  # fmt: skip
        """`question(reader, ids)` gives rows; `archive(kind, ids, archived, uow)` runs in the edit lane."""
        super().__init__(controller)
        self._controller, self._view, self._kind = controller, view, kind
        self._question, self._archive = question, archive
        self.text, self.archived = "", False
        key = kind.entity.name
        view.searched.connect(self._on_searched)
        view.cleared.connect(partial(self.use_view, {}))
        view.archived_chosen.connect(self._on_archived)
        view.opened.connect(lambda identity: controller.desk.shell.show_page("product", identity))
        view.table.selectionModel().selectionChanged.connect(lambda *_: self.say_selection())
        controller.keep_layout(view.table, key)
        label = N_("Change product {name}") if key == "product" else N_("Change price list {name}")
        self.folding = Folding(controller.desk, key, view.table, view.model)
        self.edits = CellEdits(controller, view.table, view.model, kind, cells, label)
        self.tools = ListTools(controller, self, view, key, tr(kind.entity.plural))

    def say_selection(self) -> None:
        """How many rows are chosen, in the status bar."""
        count = self._view.place.count()
        if self._view.isVisible():
            words = trn("{n} row selected", "{n} rows selected", count) if count else ""
            self._controller.desk.shell.set_selection_text(words)

    def _on_searched(self, text: str) -> None:
        if text != self.text:
            self.text = text
            self._controller.refresh()

    def _on_archived(self, archived: bool) -> None:
        self.archived = archived
        self._controller.refresh()

    def view_settings(self) -> dict[str, Any]:
        """See list_tools.Listed."""
        return {"text": self.text, "archived": self.archived}

    def use_view(self, settings: Mapping[str, Any]) -> None:
        """See list_tools.Listed."""
        self.text, self.archived = str(settings.get("text", "")), settings.get("archived") is True
        self._view.show_settings(self.text, self.archived)
        self._controller.refresh()

    def deeds(self) -> Sequence[Deed]:
        """See list_tools.Listed."""
        show = self._controller.desk.shell.show_page
        words = tr("Bring back") if self.archived else tr("Archive")
        return (
            Deed(tr("Open"), "corner-down-left", lambda ids: show("product", ids[0]), single=True, key="open"),
            *self.edits.deeds(),
            Deed(words, "archive", partial(self._archive_all, not self.archived)),
        )

    def row_question(self) -> Question:
        """See list_tools.Listed."""
        return self._question

    def _archive_all(self, archived: bool, ids: Sequence[str]) -> None:
        if self._kind.entity.name == "product":
            label = N_("Archive {n} products") if archived else N_("Bring back {n} products")
        else:
            label = N_("Archive {n} price lists") if archived else N_("Bring back {n} price lists")
        self._controller.edit(partial(self._archive, self._kind, ids, archived), label, n=str(len(ids)))
