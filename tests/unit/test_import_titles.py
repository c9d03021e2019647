"""Which kind of table a header row is: rows as MISA, Fast, Bravo, KiotViet and offices write them."""

from __future__ import annotations

import pytest

from kam_desktop.transfer import table_finder, table_kinds
from kam_desktop.transfer.sheets import Row, Sheet

ROWS: tuple[tuple[str, str], ...] = (
    # customers
    ("accounts", "Tên KH|MST|Công nợ|Hạn TT"),
    ("accounts", "STT|Tên khách hàng|Mã số thuế|Điện thoại|Người liên hệ|Email|Địa chỉ|Ngành|Hạng|Hạn TT (ngày)"),
    ("accounts", "Mã khách hàng|Tên khách hàng|Địa chỉ|Mã số thuế|Điện thoại|Nhóm KH|Số tài khoản|Tên ngân hàng"),
    ("accounts", "Mã KH|Tên KH|Địa chỉ|MST|ĐT|Fax|E-mail|Hạn mức nợ|Số ngày nợ"),
    ("accounts", "Mã đối tượng|Tên đối tác|Mã số thuế|Địa chỉ|Điện thoại|Ghi chú"),
    ("accounts", "Loại khách|Mã khách hàng|Tên khách hàng|Điện thoại|Địa chỉ|Công ty|Mã số thuế|Email|Ghi chú"),
    ("accounts", "Company|Tax code|Address|Phone|Website|Industry|Payment terms"),
    ("accounts", "Account Name|Industry|Billing Address|Phone|Website|Owner"),
    ("accounts", "Tên công ty|Người liên hệ|Chức vụ|Điện thoại|Email|Địa chỉ"),
    ("accounts", "Tên KH|Địa chỉ|Ngành"),
    ("accounts", "Khách hàng"),
    ("accounts", "TÊN KHÁCH HÀNG (*)|ĐỊA CHỈ|SĐT"),
    # people at customers
    ("contacts", "STT|Họ và tên|Chức vụ|Công ty|Điện thoại|Email|Ngày sinh"),
    ("contacts", "Họ tên|Danh xưng|Chức danh|Khách hàng|Di động|Email|Zalo"),
    ("contacts", "Họ và đệm|Tên|Chức danh|Tổ chức|ĐT di động|Email cơ quan|Ngày sinh"),
    ("contacts", "First Name|Last Name|Company|Job Title|E-mail Address|Mobile Phone|Business Phone|Birthday"),
    ("contacts", "Full name|Position|Account|Tax code|Phone|E-mail|Zalo"),
    ("contacts", "Contact name|Account name|Title|Phone|Mobile|Email"),
    ("contacts", "Họ và tên|MST công ty|SĐT|Email"),
    ("contacts", "Người liên hệ|Danh xưng|Khách hàng|Chức vụ|Zalo|Sinh nhật|Liên hệ chính"),
    # what we sell
    ("products", "Mã hàng|Tên hàng|ĐVT|Đơn giá|Thuế suất"),
    ("products", "Mã|Tên|Tính chất|Nhóm VTHH|Đơn vị tính chính|Đơn giá bán|Thuế suất GTGT|Mô tả"),
    ("products", "Mã vật tư|Tên vật tư|Đvt|Nhóm vật tư|Giá vốn"),
    ("products", "Loại hàng|Nhóm hàng|Mã hàng|Tên hàng hóa|Thương hiệu|Giá bán|Giá vốn|Tồn kho|ĐVT"),
    ("products", "Sản phẩm|Đơn giá|Đơn vị"),
    ("products", "STT|Tên dịch vụ|Đơn vị tính|Đơn giá (chưa VAT)|VAT|Ghi chú"),
    ("products", "SKU|Product name|Unit|Unit price|Cost|Tax rate|Description"),
    ("products", "Code|Name|English name|Product line|Unit|Currency|Unit price|Cost|Tax category|Tax rate"),
    ("products", "Mã SP|Tên sản phẩm|Tên tiếng Anh|Dòng sản phẩm|ĐVT|Giá niêm yết"),
    # prices
    ("prices", "Bảng giá|Mã hàng|Tên hàng|Đơn giá|Từ ngày|Đến ngày"),
    ("prices", "Mã hàng|Tên hàng|ĐVT|Số lượng từ|Giá bán|Ngày hiệu lực"),
    ("prices", "Chính sách giá|Mã SP|Đơn giá|Khách hàng"),
    ("prices", "Price list|Product code|Unit price|Min qty|Valid from|Valid to"),
    ("prices", "Tên bảng giá|Mã hàng|Giá áp dụng|Hạng KH|Hiệu lực từ|Hiệu lực đến"),
    # invoices
    ("invoices", "Số hóa đơn|Ngày hóa đơn|Tên khách hàng|MST|Tiền hàng|Tiền thuế|Tổng tiền"),
    ("invoices", "Ngày hạch toán|Ngày hóa đơn|Số hóa đơn|Mã khách hàng|Khách hàng|Diễn giải|Tổng tiền thanh toán"),
    ("invoices", "STT|Ký hiệu mẫu số|Ký hiệu hóa đơn|Số hóa đơn|Ngày lập|MST người mua/MST người nhận hàng|"
                 "Tên người mua/Tên người nhận hàng|Tổng tiền chưa thuế|Tổng tiền thuế|Tổng tiền thanh toán"),
    ("invoices", "Số HĐ|Ngày HĐ|Tên KH|Tổng tiền|Hạn thanh toán"),
    ("invoices", "Invoice no|Invoice date|Customer|Net|VAT|Total|Due date"),
    ("invoices", "Ký hiệu|Số HĐ|Ngày HĐ|Khách hàng|Giá trị HĐ|Đã thu|Còn phải thu"),
    # money received
    ("receipts", "Ngày|Số chứng từ|Khách hàng|Số tiền|Nội dung"),
    ("receipts", "Ngày thu|Tên khách hàng|MST|Số tiền thu|Hình thức thanh toán|Diễn giải"),
    ("receipts", "Ngày giao dịch|Số tham chiếu|Diễn giải|Ghi nợ|Ghi có|Số dư"),
    ("receipts", "Date|Customer|Amount received|Payment method|Reference"),
    ("receipts", "Số phiếu thu|Ngày phiếu thu|Tên khách hàng|Số tiền"),
    # what was open on a day
    ("balances", "Mã KH|Tên KH|Dư nợ đầu kỳ|Dư có đầu kỳ"),
    ("balances", "Mã khách hàng|Tên khách hàng|Mã số thuế|Số dư đầu kỳ"),
    ("balances", "Khách hàng|MST|Số dư nợ|Ngày"),
    ("balances", "Customer|Tax code|Opening balance|As of"),
)  # fmt: skip


def kind_of(titles: str) -> str:
    row = Row(1, tuple(titles.split("|")))
    data = Row(2, tuple("x" for _ in row.cells))
    found = table_finder.find("a.xlsx", [Sheet("", (row, data))], table_kinds.VOCABULARIES)
    return "" if found is None or found.vocabulary is None or found.missing else found.vocabulary.kind


@pytest.mark.parametrize(("kind", "titles"), ROWS)
def test_a_header_row_is_taken_for_its_kind(kind: str, titles: str) -> None:
    assert kind_of(titles) == kind
