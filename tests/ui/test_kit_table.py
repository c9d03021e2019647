"""Tables and their cells: plain text, measures, keys, totals, what screen readers hear."""

import pytest
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QStyleOptionViewItem

from kam_desktop import language
from kam_desktop.ui import theme
from kam_desktop.ui.kit import cells
from kam_desktop.ui.kit.cells import LOOK, PRIVATE, Look, row_summary
from kam_desktop.ui.kit.table_view import Column, TableView, TotalsRow

PAYLOAD = '<img src="file:///etc/hostname"><b>đậm</b> & &amp;'
KINDS = [cells.TextCell, cells.AmountCell, cells.DateCell, cells.PillCell, cells.ShareCell, cells.AgeingCell]


FULL = Look(tone="danger", icon="clock", part=0.5, note="n")


class Rows(QAbstractTableModel):
    """A table in memory."""

    heads = ("Khách hàng", "Doanh thu 12 tháng", "Dự phòng")

    def __init__(self, rows: int = 5, look: Look | None = None, text: str = "Cà phê Ươm Nắng") -> None:
        super().__init__()
        self.rows, self.look, self.text = rows, look, text

    def rowCount(self, parent=QModelIndex()):  # noqa: B008
        return 0 if parent.isValid() else self.rows

    def columnCount(self, parent=QModelIndex()):  # noqa: B008
        return 0 if parent.isValid() else len(self.heads)

    def headerData(self, column, orientation, role=Qt.ItemDataRole.DisplayRole):
        if role == PRIVATE:
            return column == 2
        return self.heads[column] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        if role == Qt.ItemDataRole.DisplayRole:
            return (self.text, "18.460.500.000", "–")[index.column()]
        return self.look if role == LOOK else None


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> None:
    language.use("vi")
    theme.apply(qapp, "light", 100)


@pytest.fixture
def table(qtbot) -> TableView:
    model = Rows(50)
    view = TableView("Khách hàng")
    model.setParent(view)
    view.setModel(model)
    named, amount, quiet = cells.TextCell(name=True), cells.AmountCell(), cells.AmountCell()
    view.set_columns([Column(0, named), Column(100, amount), Column(80, quiet, rank=2)])
    qtbot.addWidget(view)
    view.resize(700, 300)
    view.show()
    qtbot.waitExposed(view)
    view.activateWindow()
    view.setFocus()
    return view


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("look", [None, FULL], ids=["plain", "look"])
def test_cells_paint_data_as_it_is(qtbot, kind, look) -> None:
    """The markup's letters are painted, so the picture differs from that of its bare words."""
    pictures = []
    for text in (PAYLOAD, "đậm & &"):
        model = Rows(1, look, text)
        QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
        image = QImage(900, 60, QImage.Format.Format_ARGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        option = QStyleOptionViewItem()
        option.rect = QRect(0, 0, 900, 56)
        cell = kind()
        cell.paint(painter, option, model.index(0, 0))
        painter.end()
        pictures.append(image)
        assert cell.sizeHint(option, model.index(0, 0)).height() == 36
    assert pictures[0] != pictures[1]


def test_rows_head_and_totals_have_the_measures_of_the_drawing(table: TableView) -> None:
    assert table.rowHeight(0) == 36
    assert table.horizontalHeader().height() == 32
    assert TotalsRow(table).height() == 36
    assert not table.showGrid()


@pytest.mark.parametrize("zoom", [90, 125, 150])
def test_rows_grow_with_the_zoom(qapp, qtbot, zoom: int) -> None:
    theme.apply(qapp, "light", zoom)
    try:
        view = TableView("x")
        qtbot.addWidget(view)
        view.setModel(Rows(3))
        assert view.verticalHeader().defaultSectionSize() == round(36 * zoom / 100)
        assert view.verticalHeader().defaultSectionSize() >= theme.metrics().height()
        view.set_columns([Column(0), Column(10), Column(10)])
        needed = theme.metrics(theme.CAPTION, theme.MEDIUM).horizontalAdvance(Rows.heads[1])
        assert view.columnWidth(1) >= needed + 12, "a column is never narrower than its name"
    finally:
        theme.apply(qapp, "light", 100)


def test_an_amount_is_never_shortened(qtbot) -> None:
    """In a cell that is too narrow every digit is still painted, to the left of the cell."""
    model = Rows(1)
    widths = []
    for room in (200, 40):
        image = QImage(300, 36, QImage.Format.Format_ARGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        option = QStyleOptionViewItem()
        option.rect = QRect(300 - room, 0, room, 36)
        cells.AmountCell().paint(painter, option, model.index(0, 1))
        painter.end()
        inked = [x for x in range(300) if any(image.pixelColor(x, y) != QColor("white") for y in range(36))]
        widths.append(max(inked) - min(inked))
    assert abs(widths[0] - widths[1]) <= 1


def test_enter_opens_and_space_peeks(qtbot, table: TableView) -> None:
    table.setCurrentIndex(table.model().index(1, 0))
    with qtbot.waitSignal(table.opened) as opened:
        qtbot.keyClick(table, Qt.Key.Key_Return)
    assert opened.args[0].row() == 1
    with qtbot.waitSignal(table.peeked):
        qtbot.keyClick(table, Qt.Key.Key_Space)
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(50, 40))
    with qtbot.waitSignal(table.opened):
        qtbot.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(50, 40))


def test_home_and_end_go_to_the_first_and_last_row(qtbot, table: TableView) -> None:
    table.setCurrentIndex(table.model().index(5, 0))
    qtbot.keyClick(table, Qt.Key.Key_End)
    assert table.currentIndex().row() == 49
    qtbot.keyClick(table, Qt.Key.Key_Home)
    assert table.currentIndex().row() == 0


def test_letters_do_not_search_the_rows(qtbot, table: TableView) -> None:
    table.setCurrentIndex(table.model().index(3, 0))
    qtbot.keyClicks(table, "ca")
    assert table.currentIndex().row() == 3


def test_focus_chooses_the_first_row_and_screen_readers_hear_it(qtbot, table: TableView) -> None:
    qtbot.waitUntil(lambda: table.currentIndex().isValid())
    assert table.currentIndex().row() == 0
    assert table.accessibleDescription() == "Khách hàng: Cà phê Ươm Nắng; Doanh thu 12 tháng: 18.460.500.000"
    assert row_summary(table.model(), 0) == table.accessibleDescription()


def test_columns_of_high_rank_give_way_first(qtbot, table: TableView) -> None:
    assert not table.isColumnHidden(2)
    table.resize(360, 300)
    qtbot.waitUntil(lambda: table.isColumnHidden(2))
    assert not table.isColumnHidden(1) and table.columnWidth(0) >= 150
    table.resize(700, 300)
    qtbot.waitUntil(lambda: not table.isColumnHidden(2))


def test_widths_are_kept(qtbot, table: TableView) -> None:
    table.horizontalHeader().resizeSection(1, 231)
    kept = table.layout_state()
    table.horizontalHeader().resizeSection(1, 120)
    table.restore_layout(kept)
    assert table.columnWidth(1) == 231
    table.restore_layout(b"nonsense")
    assert table.columnWidth(1) == 231


def test_the_private_column_is_violet_from_head_to_totals(qtbot, table: TableView) -> None:
    totals = TotalsRow(table)
    qtbot.addWidget(totals)
    totals.set_texts({0: "50 khách hàng", 2: PAYLOAD})
    totals.resize(700, 36)
    table.setCurrentIndex(table.model().index(9, 0))
    x = table.columnViewportPosition(2) + 3
    image = table.grab().toImage()
    violet = QColor(theme.TOKENS["private_bg"][0])
    assert image.pixelColor(x, 4) == violet
    assert image.pixelColor(x, 32 + 36 + 10) == violet
    assert totals.grab().toImage().pixelColor(x, 10) == violet
    assert totals.accessibleName() == f"50 khách hàng; {PAYLOAD}"


def test_hover_and_selection_paint_the_whole_row(qtbot, table: TableView) -> None:
    table.setCurrentIndex(table.model().index(1, 0))
    qtbot.mouseMove(table.viewport(), QPoint(60, 36 * 3 + 10))
    qtbot.waitUntil(lambda: table._hovered == 3)
    image = table.viewport().grab().toImage()
    assert image.pixelColor(10, 36 * 3 + 10) == QColor(theme.TOKENS["subtle"][0])
    assert image.pixelColor(10, 36 + 10) == QColor(theme.TOKENS["selected"][0])
    if table.hasFocus():
        assert image.pixelColor(0, 36 + 10) == QColor(theme.TOKENS["accent"][0])


def test_an_empty_table_paints(qtbot) -> None:
    view = TableView("x")
    qtbot.addWidget(view)
    assert not view.grab().isNull()
    view.setModel(Rows(0))
    view.set_columns([Column(0), Column(0), Column(50)])
    assert not view.grab().isNull()


def test_the_scroll_bar_lies_over_the_rows(qtbot, table: TableView) -> None:
    assert table.viewport().width() == table.width()
    bar = table._bar
    assert bar.isVisible() and bar.geometry().right() == table.viewport().geometry().right()
    table.verticalScrollBar().setValue(120)
    assert bar.value() == 120
    bar.setValue(40)
    assert table.verticalScrollBar().value() == 40
    table.resize(700, 36 * 60)
    qtbot.waitUntil(lambda: not bar.isVisible())


def test_a_text_after_a_number_stands_further_off(qtbot) -> None:
    view = TableView("x")
    qtbot.addWidget(view)
    view.setModel(Rows(3))
    view.set_columns([Column(0), Column(100, cells.AmountCell()), Column(100, cells.TextCell(), rank=1)])
    view.resize(700, 200)
    view.show()
    assert view.pads(0) == (24, 6) and view.pads(1) == (6, 6) and view.pads(2) == (14, 24)
    assert view.columnWidth(2) == 100 + 14 + 24
    view.horizontalHeader().resizeSection(1, 180)
    for width in (340, 700):
        view.resize(width, 200)
        qtbot.waitUntil(lambda width=width: view.isColumnHidden(2) is (width == 340))
    assert view.columnWidth(2) == 138 and view.columnWidth(1) == 180, "hiding and showing keeps the widths"
