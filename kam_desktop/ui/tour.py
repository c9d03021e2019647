"""The tour: every screen in both languages and both themes, each saved as a picture."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from PySide6.QtCore import QObject, QSize, QTimer, Signal
from PySide6.QtWidgets import QApplication

from kam_desktop import language
from kam_desktop.ui import pages, theme
from kam_desktop.ui.desktop import Desktop

_QUIET = 3  # so many turns in a row without work, and the screen is as it will stay
_MOST_TURNS = 400
_TABLES = {
    "hoa-don-thang-11.csv": [
        ["BẢNG KÊ HOÁ ĐƠN BÁN RA"],
        ["Tên khách hàng", "MST", "Ký hiệu", "Số HĐ", "Ngày HĐ", "Hạn TT", "Tổng tiền", "Đã thu", "Phụ trách"],
        ["Công ty CP Sữa Mây Trắng", "0319482712", "C26TML", "351", "18/11/2026", "18/12/2026", "712.800.000",
         "", "Vy"],
        ["Công ty TNHH Bếp Lửa Ấm", "0318774025", "C26TML", "353", "19/11/2026", "19/12/2026", "54.000.000",
         "54.000.000", "Vy"],
        ["Công ty CP Thép Trường Lĩnh", "0318774013", "C26TML", "174", "31/02/2026", "", "322.000.000", "0", "Nam"],
        ["Công ty TNHH Mỹ phẩm Thuần Ý", "", "C26TML", "356", "21/11/2026", "21/12/2026", "88.400.000", "", "Nam"],
    ],
    "thu-tien.csv": [
        ["Ngày thu", "Người nộp", "Số tiền", "Mã giao dịch", "Diễn giải"],
        ["20/11/2026", "CTY SUA MAY TRANG", "200.000.000", "FT26324001", "TT HD 351"],
        ["21/11/2026", "NGUYEN VAN A", "15.000.000", "FT26325017", "chuyen tien"],
    ],
    "bang-gia.csv": [
        ["Mã hàng", "Tên sản phẩm", "ĐVT", "Giá bán lẻ chưa VAT 2026"],
        ["TVC-30", "Phim quảng cáo 30 giây", "phim", "480.000.000"],
        ["KOL-A", "Gói người ảnh hưởng hạng A", "gói", "120.000.000"],
    ],
    "danh-sach.csv": [
        ["Đơn vị phụ trách mua", "Loại hình", "MST", "Số điện thoại", "Địa chỉ"],
        ["Công ty TNHH Gỗ Ấm", "Nội thất", "3702651984", "0274 3555 010", "Thuận An, Bình Dương"],
    ],
}  # fmt: skip
"""Tables that the tour brings in, so that the preview of an import is among its pictures."""


@runtime_checkable
class HasPlaces(Protocol):
    """A page with more than one screen."""

    def tour_places(self) -> list[tuple[str, str]]:
        """(name for the picture, place) of the further screens; asked while the first one is shown."""


class Tour(QObject):
    """Walks once the profile is open.

    Signals:
        finished(int): 0, or 1 if a screen never came to rest.
    """

    finished = Signal(int)

    def __init__(self, desktop: Desktop, folder: Path, size: QSize) -> None:
        super().__init__(desktop)
        self._desktop, self._folder, self._size = desktop, folder, size
        self._steps: Iterator[str] = self._walk()
        self._name, self._quiet, self._turns, self._status = "", 0, 0, 0
        self._clock = QTimer(self)
        self._clock.setInterval(30)
        self._clock.timeout.connect(self._turn)
        desktop.background.opened.connect(self._clock.start)

    def _walk(self) -> Iterator[str]:
        """Shows one screen after the other; what is yielded names the picture to be taken when it rests."""
        window = self._desktop.window
        window.resize(self._size)
        yield ""
        for lang in language.LANGUAGES:
            for mode in ("light", "dark"):
                language.use(lang)
                window.set_look(mode, theme.zoom())
                for entry in pages.PAGES:
                    window.show_page(entry.key)
                    yield f"{entry.key}-{lang}-{mode}"
                    page = window.page(entry.key)
                    if isinstance(page, HasPlaces):
                        for name, place in page.tour_places():
                            window.show_page(entry.key, place)
                            yield f"{entry.key}-{name}-{lang}-{mode}"
                yield from self._proposal(f"{lang}-{mode}")
                yield from self._account(f"{lang}-{mode}")
                yield from self._collection(f"{lang}-{mode}")
                yield from self._import(f"{lang}-{mode}")
                window.show_page(pages.PAGES[0].key)
                window.open_palette("thu tien")  # Vietnamese typed without accents finds it in either language
                yield f"palette-{lang}-{mode}"
                window.close_palette()

    def _proposal(self, look: str) -> Iterator[str]:
        """Lifts a card of the board and carries it on, and shows the client's page beside the editor."""
        window = self._desktop.window
        window.show_page("proposal", "board")
        page: Any = window.page("proposal")
        yield ""
        board = page.board
        filled = [column for column in board.columns.values() if column.view.cards.ids and not column.is_folded()]
        if filled:
            first = filled[0].view
            board.lift(first.cards.ids[0])
            board.carry(1)
            yield f"proposal-lifted-{look}"
            board.put_back()
            window.show_page("proposal", first.cards.ids[0])
            yield ""
            page.editor.toggle_preview(True)
            yield ""
            yield f"proposal-preview-{look}"
            page.editor.toggle_preview(False)

    def _account(self, look: str) -> Iterator[str]:
        """The tabs of one customer, quick capture, possible duplicates and the bin."""
        window = self._desktop.window
        window.show_page("account")
        page: Any = window.page("account")
        yield ""
        window.show_page("account", page.list.place.current())
        yield ""
        for tab in ("people", "proposals", "money", "tasks", "history", "details"):
            page.detail.show_tab(tab)
            yield f"account-{tab}-{look}"
        page.detail.show_tab("overview")
        capture = self._desktop.capture
        capture.open()
        yield ""
        if capture.popup is not None:
            capture.popup.show_line("hẹn trả 50tr thứ 6 #cong")
            yield f"account-capture-{look}"
            capture.popup.close_popup()
        for name, opener in (("duplicates", self._desktop.duplicates), ("bin", self._desktop.bin)):
            opener.open_list()
            yield f"account-{name}-{look}"
            opener.close_list()
        first, second = list(page.list.model.answer.ids)[:2]
        self._desktop.duplicates.open_pair(first, second)
        yield f"account-merge-{look}"
        self._desktop.duplicates.close_list()

    def _collection(self, look: str) -> Iterator[str]:
        """Opens the panels of the collections: the worklist's, an invoice that waits, one overdue, receipts."""
        window = self._desktop.window
        window.show_page("collection", "worklist")
        page: Any = window.page("collection")
        yield ""
        page.worklist.table.opened.emit(page.worklist.table.currentIndex())
        yield f"collection-work-{look}"
        window.show_page("collection", "open")
        yield ""
        model = page.open.model
        lines = [(row, model.row_value(model.id_at(row))) for row in range(model.rowCount())]
        waiting = next((row for row, line in lines if line is not None and line.due_on is None), None)
        late = next((row for row, line in lines if line is not None and line.days > 0), None)
        for name, row in (("waiting", waiting), ("late", late)):
            if row is not None:
                page.open.table.opened.emit(model.index(row, 0))
                yield f"collection-{name}-{look}"
        window.show_page("collection", "receipts")
        page.show_receipts_of_all()
        yield ""
        shown: dict[str, int] = {}
        for row in range(page.receipts.model.rowCount()):
            line = page.receipts.model.row_value(page.receipts.model.id_at(row))
            if line is not None:
                shown.setdefault(line.status, row)
        for status, row in shown.items():
            page.receipts.table.selectRow(row)
            page.receipts.table.opened.emit(page.receipts.model.index(row, 0))
            yield f"collection-{status}-{look}"
        page.close_panel()

    def _import(self, look: str) -> Iterator[str]:
        """Reads tables of every kind, shows what they were taken for, brings them in and takes that back."""
        window = self._desktop.window
        with tempfile.TemporaryDirectory(prefix="kam-tour-") as folder:
            for name, rows in _TABLES.items():
                with Path(folder, name).open("w", encoding="utf-8-sig", newline="") as file:
                    csv.writer(file, delimiter=";").writerows(rows)
            window.show_page("importing")
            page: Any = window.page("importing")
            page.files_chosen.emit([Path(folder, name) for name in _TABLES])
            yield f"importing-preview-{look}"
            for name in _TABLES:
                page.preview.show_file(str(Path(folder, name)))
                yield f"importing-{Path(name).stem}-{look}"
            page.preview.show_file("*")
            yield f"importing-all-{look}"
            page.import_wanted.emit()
            yield f"importing-next-{look}"
            if page.state() == "opening":
                page.opening_answered.emit(page.opening.answer())
                yield f"importing-done-{look}"
            if page.state() == "done":
                self._desktop.desk.undo()
                yield ""

    def _turn(self) -> None:
        self._turns += 1
        self._quiet = self._quiet + 1 if self._desktop.background.is_idle() else 0
        if self._quiet < _QUIET and self._turns < _MOST_TURNS:
            return
        self._status |= self._turns >= _MOST_TURNS
        if self._name:
            shown = QApplication.activeModalWidget() or self._desktop.window
            shown.grab().save(str(self._folder / f"{self._name}.png"))
        self._quiet = self._turns = 0
        self._name = next(self._steps, "end")
        if self._name == "end":
            self._clock.stop()
            self.finished.emit(int(self._status))
