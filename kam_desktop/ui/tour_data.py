"""What the tour shows besides the sample data: tables to bring in, lines to paste, other records."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path
from typing import Any

from kam_desktop.domain.entities import FIRM_ID, Account, Firm
from kam_desktop.domain.entities.task import Task

TABLES = {
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

PASTED = "Công việc\tĐVT\tSL\tThù lao\nPhim 15 giây\tphim\t2\t180.000.000\nLồng tiếng\tbản\t3\t8.500.000\n"
"""Lines of a spreadsheet whose columns nobody named."""

CAPTURED = "hẹn trả 50tr thứ 6 #cong"
"""One typed line for quick capture."""


def write_tables(folder: Path) -> list[Path]:
    """Writes TABLES into a folder as files that Excel would write."""
    for name, rows in TABLES.items():
        Path(folder, name).write_text("".join(f"{';'.join(row)}\n" for row in rows), encoding="utf-8-sig")
    return [Path(folder, name) for name in TABLES]


def add_twin(uow: Any, account: str, twin: str) -> None:
    """A second account of the same customer, as it comes about when two people enter it."""
    known = uow.get(Account, account)
    uow.add(Account(id=twin, name=known.name.upper(), phone=known.phone, industry=known.industry, tax_code="",
                    currency=known.currency, address="12 Lê Lợi"))  # fmt: skip


def throw_away(uow: Any, task: str, account: str) -> None:
    """Something for the bin."""
    uow.delete(Task, task)
    uow.put(dataclasses.replace(uow.get(Account, account), archived=True))


def use_real_bank(uow: Any, today: Any) -> None:
    """A bank that takes transfers by payment code, and a finance department that confirms receipts."""
    firm = uow.get(Firm, FIRM_ID)
    begins = today - timedelta(days=10)
    uow.put(dataclasses.replace(firm, bank_name="Vietcombank", confirmation_begins_on=begins))
