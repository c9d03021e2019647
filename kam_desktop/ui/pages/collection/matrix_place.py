"""The current and the chosen rows of the matrix of ages, as the tools of lists ask for them."""

from __future__ import annotations

from collections.abc import Callable

from kam_desktop.ui.kit.table_view import TableView


class MatrixPlace:
    """Stands for the KeptPlace of a list; `key_at(row)` names a row."""

    def __init__(self, table: TableView, key_at: Callable[[int], str]) -> None:
        self._table, self._key_at = table, key_at

    def current(self) -> str:
        """The key of the row that the keyboard is on."""
        index = self._table.currentIndex()
        return self._key_at(index.row()) if index.isValid() else ""

    def selected(self) -> list[str]:
        """The keys of the chosen rows, from the top."""
        return [self._key_at(row) for row in sorted({at.row() for at in self._table.selectionModel().selectedRows()})]

    def count(self) -> int:
        """How many rows are chosen."""
        return len(self.selected())
