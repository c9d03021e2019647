"""The column titles by which tables of invoices, of money received and of opening balances are known."""

from __future__ import annotations

from typing import Final

from kam_desktop.language import N_
from kam_desktop.transfer.vocabulary import Vocabulary

# Titles are folded: small letters, no accents, đ as d, signs as blanks. Earlier fields and titles win.
_CUSTOMER: Final = (
    "ten khach hang", "ten kh", "ten nguoi mua", "ten nguoi mua ten nguoi nhan hang", "ten don vi mua hang",
    "ten don vi mua", "don vi mua hang", "ten cong ty", "ten doi tuong", "ten khach", "ten dtpn", "ten doi tac",
    "ten don vi", "nguoi mua", "nguoi mua hang", "khach hang", "doi tuong", "doi tac", "ten doi tuong phap nhan",
    "ten khach mua hang", "cong ty", "don vi", "customer name", "customer", "buyer name", "buyer", "company name",
    "company", "client", "client name", "account name", "account", "bill to", "ten",
)  # fmt: skip
_TAX_CODE: Final = (
    "ma so thue nguoi mua", "mst nguoi mua", "mst nguoi mua mst nguoi nhan hang", "ma so thue khach hang", "mst kh",
    "mst khach hang", "ma so thue don vi mua", "mst don vi mua", "mst nguoi mua hang", "ma so thue nguoi mua hang",
    "ma so thue", "mst", "ma thue", "mst cccd", "customer tax code", "buyer tax code", "tax code", "tax id",
    "tax number", "vat number",
)  # fmt: skip
_CODE: Final = (
    "ma khach hang", "ma kh", "ma khach", "ma doi tuong", "ma dt", "ma doi tac", "ma dtpn", "customer code",
    "customer id", "customer no", "account code",
)  # fmt: skip
_CURRENCY: Final = (
    "loai tien", "tien te", "don vi tien te", "dong tien", "ma nt", "ma nte", "ma ngoai te", "ngoai te", "loai tien te",
    "currency", "ccy", "currency code",
)  # fmt: skip
_DUE_ON: Final = (
    "han thanh toan", "ngay den han", "han tt", "ngay han thanh toan", "ngay dao han", "den han", "han no",
    "ngay den han thanh toan", "thoi han thanh toan", "due date", "due on", "due", "payment due date", "payment due",
)  # fmt: skip
_DESCRIPTION: Final = (
    "dien giai", "dien giai chung", "noi dung", "ghi chu", "mo ta", "ly do", "description", "note", "notes", "remark",
    "remarks", "memo", "details",
)  # fmt: skip

INVOICES: Final = Vocabulary(
    kind="invoices",
    label=N_("Invoices"),
    synonyms={
        "number": (
            "so hoa don", "so hd", "so hoa don gtgt", "hoa don so", "shd", "so hddt", "hd so", "so hoa don hddt",
            "invoice number", "invoice no", "invoice", "inv no", "invoice id", "number", "so",
        ),
        "symbol": (
            "ky hieu hoa don", "ky hieu", "ky hieu hd", "kh hoa don", "so seri", "seri", "serial", "series",
            "ma hoa don", "invoice series", "invoice serial", "symbol", "khhd",
        ),
        "form": (
            "mau so", "ky hieu mau so", "mau hoa don", "ky hieu mau", "mau so hd", "mau so hoa don",
            "ky hieu mau hoa don", "mau hd", "mau so ky hieu", "form", "invoice form", "template code",
        ),
        "issued_on": (
            "ngay hoa don", "ngay hd", "ngay lap", "ngay xuat hoa don", "ngay lap hoa don", "ngay phat hanh",
            "ngay xuat hd", "ngay thang hoa don", "ngay thang nam hoa don", "ngay thang nam", "ngay ky", "ngay ct",
            "ngay chung tu", "ngay hach toan", "ngay ban", "ngay", "ngay thang", "invoice date", "issued on",
            "issue date", "date", "document date",
        ),
        "due_on": _DUE_ON,
        "seller_tax_code": (
            "mst nguoi ban", "mst nguoi ban mst nguoi xuat hang", "ma so thue nguoi ban", "mst ben ban",
            "mst nguoi xuat hang", "seller tax code",
        ),
        "name": _CUSTOMER,
        "tax_code": _TAX_CODE,
        "code": _CODE,
        "product_code": ("ma hang", "ma hang hoa", "ma vt", "ma vat tu", "ma san pham", "ma sp", "item code", "sku"),
        "product": (
            "ten hang hoa dich vu", "ten hang hoa", "ten hang", "mat hang", "hang hoa dich vu", "ten vat tu", "ten vt",
            "ten san pham", "ten hang hoa dich vu ban ra", "san pham", "dich vu", "ten dich vu", "hang hoa", "hhdv",
            "hang muc", "product", "item", "item name", "product name", "service",
        ),
        "unit": ("don vi tinh", "dvt", "unit", "uom"),
        "quantity": ("so luong", "sl", "tong so luong ban", "so luong ban", "quantity", "qty"),
        "price": ("don gia", "gia ban", "don gia chua thue", "unit price", "price"),
        "discount": (
            "chiet khau", "tien chiet khau", "tien ck", "so tien chiet khau", "giam gia", "discount",
            "discount amount",
        ),
        "net": (
            "tong tien chua thue", "tien chua thue", "tien truoc thue", "tong tien truoc thue", "thanh tien truoc thue",
            "thanh tien chua thue", "gia tri chua thue", "gia tri truoc thue", "doanh so ban chua co thue",
            "doanh so ban chua thue", "doanh thu chua thue", "doanh thu truoc thue", "doanh thu chua co thue gtgt",
            "doanh so chua thue", "gia tri hhdv chua thue", "gia tri hhdv ban ra chua co thue", "cong tien hang",
            "tong tien hang", "tien hang", "thanh tien", "doanh so ban", "doanh so", "doanh thu", "tri gia",
            "net amount", "net", "amount before tax", "amount excl tax", "subtotal", "untaxed amount", "line amount",
        ),
        "tax_rate": (
            "thue suat", "thue suat gtgt", "thue suat thue gtgt", "ts gtgt", "phan tram thue", "loai thue suat",
            "tax rate", "vat rate", "vat", "rate",
        ),
        "tax": (
            "tong tien thue", "tien thue", "tien thue gtgt", "thue gtgt", "tong tien thue gtgt", "thue vat", "tien vat",
            "thue", "thue gia tri gia tang", "tax amount", "vat amount", "tax", "total tax",
        ),
        "fees": ("tong tien phi", "tien phi", "phi", "phi khac", "fees", "fee"),
        "total": (
            "tong tien thanh toan", "tong thanh toan", "tong cong tien thanh toan", "tong tien sau thue", "tong tien",
            "tien thanh toan", "thanh tien sau thue", "gia tri hoa don", "gia tri hd",
            "so tien hoa don", "tong gia tri hoa don",
            "gia tri sau thue", "tong cong", "tong gia tri", "phai thu", "so phai thu", "so tien phai thu",
            "tong phai thu", "so tien", "gia tri", "tien", "ps no", "phat sinh no", "total amount", "total",
            "invoice total", "grand total", "gross", "amount", "amount incl tax", "invoice amount",
        ),
        "currency": _CURRENCY,
        "exchange_rate": ("ty gia", "ti gia", "exchange rate", "fx rate"),
        "paid": (
            "da thanh toan", "da thu", "so da thu", "so tien da thu", "so da thanh toan", "so tien da thanh toan",
            "da tra", "thanh toan", "tien da thu", "paid", "amount paid", "paid amount", "received", "collected",
        ),
        "still_open": (
            "con no", "con lai", "con phai thu", "so con phai thu", "so con lai", "chua thanh toan", "chua thu",
            "so chua thu", "so tien con lai", "so tien con no", "so tien chua thu", "no con lai", "du no", "so con no",
            "open amount", "still open", "balance due", "amount due", "outstanding", "open", "balance", "remaining",
        ),
        "status": (
            "trang thai hoa don", "trang thai", "tinh chat hoa don", "tinh chat", "loai hoa don", "tinh trang hoa don",
            "invoice status", "status", "type",
        ),
        "related": (
            "hoa don goc", "hoa don lien quan", "so hoa don goc", "dieu chinh cho hoa don", "thay the cho hoa don",
            "dieu chinh thay the cho hoa don", "hoa don bi dieu chinh", "hoa don bi thay the",
            "hoa don bi thay the dieu chinh", "so hoa don bi dieu chinh", "so hoa don lien quan", "original invoice",
            "related invoice", "credited invoice",
        ),
        "description": _DESCRIPTION,
    },
    labels={
        "number": N_("Invoice number"),
        "symbol": N_("Symbol"),
        "form": N_("Form"),
        "issued_on": N_("Invoice date"),
        "due_on": N_("Due date"),
        "seller_tax_code": N_("Seller's tax code"),
        "name": N_("Customer"),
        "tax_code": N_("Tax code"),
        "code": N_("Customer code"),
        "product_code": N_("Product code"),
        "product": N_("Product or service"),
        "unit": N_("Unit"),
        "quantity": N_("Quantity"),
        "price": N_("Unit price"),
        "discount": N_("Discount"),
        "net": N_("Net"),
        "tax_rate": N_("Tax rate"),
        "tax": N_("Tax"),
        "fees": N_("Fees"),
        "total": N_("Total"),
        "currency": N_("Currency"),
        "exchange_rate": N_("Exchange rate"),
        "paid": N_("Paid"),
        "still_open": N_("Still open"),
        "status": N_("Invoice status"),
        "related": N_("Original invoice"),
        "description": N_("Description"),
    },
    required=(("number",), ("issued_on",), ("total", "net")),
    needs=N_("A table of invoices needs at least the invoice number, its date, and its total or net."),
    weights={
        "number": 3, "symbol": 4, "form": 4, "net": 3, "tax": 3, "tax_rate": 3, "exchange_rate": 3, "status": 3,
        "related": 4, "code": 1, "tax_code": 1, "description": 1, "seller_tax_code": 4,
    },
)  # fmt: skip

RECEIPTS: Final = Vocabulary(
    kind="receipts",
    label=N_("Money received"),
    synonyms={
        "amount": (
            "so tien thu", "so tien da thu", "tien thu", "ghi co", "so tien ghi co", "phat sinh co", "ps co",
            "tien vao", "so tien vao", "co", "so tien co", "credit", "credit amount", "deposit", "money in", "paid in",
            "so tien thanh toan", "so tien giao dich", "so tien nhan", "thuc thu", "thanh toan", "so tien",
            "amount received", "received amount", "amount", "tien", "tong tien", "gia tri",
        ),
        "debit": (
            "ghi no", "so tien ghi no", "phat sinh no", "ps no", "tien ra", "so tien ra", "no", "so tien no", "debit",
            "debit amount", "withdrawal", "money out", "paid out", "chi", "so tien chi",
        ),
        "received_on": (
            "ngay thu", "ngay thu tien", "ngay nhan", "ngay nhan tien", "ngay thanh toan", "ngay giao dich",
            "ngay hieu luc", "ngay ghi co", "ngay gd", "ngay phieu thu", "ngay bao co", "ngay hach toan", "ngay ct",
            "ngay chung tu", "ngay", "ngay thang", "transaction date", "value date", "posting date", "payment date",
            "received on", "receipt date", "date",
        ),
        "transaction": (
            "so but toan", "ma giao dich", "so giao dich", "so tham chieu", "ma tham chieu", "so gd", "ma gd",
            "ma but toan", "so ref", "transaction number", "transaction no", "transaction id", "transaction ref",
            "trace", "bank reference", "ref no", "ref", "teller seq",
        ),
        "reference": (
            "so phieu thu", "so phieu", "so chung tu", "so ct", "phieu thu so", "chung tu", "receipt no",
            "receipt number", "voucher no", "document no", "reference",
        ),
        "invoices": (
            "so hoa don", "thanh toan cho hoa don", "thu cho hoa don", "hoa don", "so hd", "cac hoa don",
            "hoa don thanh toan", "thu tien hoa don", "so hoa don thanh toan", "hoa don duoc thanh toan", "invoices",
            "invoice", "invoice number", "invoice no", "paid invoices",
        ),
        "tax_code": _TAX_CODE,
        "name": _CUSTOMER,
        "code": _CODE,
        "payer": (
            "nguoi nop", "nguoi nop tien", "nguoi chuyen", "nguoi chuyen tien", "ten tai khoan doi ung",
            "ten nguoi chuyen", "doi tac chuyen tien", "ten tk doi ung", "ten doi ung", "don vi chuyen", "nguoi tra",
            "nguoi chuyen khoan", "ben chuyen", "payer", "sender", "remitter", "paid by", "counterparty",
            "counterparty name", "from",
        ),
        "method": (
            "hinh thuc", "hinh thuc thanh toan", "hinh thuc thu", "phuong thuc", "phuong thuc thanh toan", "httt",
            "pttt", "loai thu", "method", "payment method", "mode",
        ),
        "currency": _CURRENCY,
        "own_account": (
            "tai khoan ngan hang", "so tai khoan", "tai khoan", "tk ngan hang", "so tk", "tai khoan nhan",
            "account number", "account no", "bank account",
        ),
        "running": ("so du", "so du sau giao dich", "so du tai khoan", "running balance", "balance"),
        "memo": (
            "noi dung giao dich", "noi dung chuyen khoan", "noi dung thanh toan", "mo ta giao dich",
            "dien giai giao dich", "noi dung",
            *_DESCRIPTION, "transaction detail", "transaction details", "narrative", "remarks",
        ),
    },
    labels={
        "amount": N_("Amount"),
        "debit": N_("Money that went out"),
        "received_on": N_("Received on"),
        "transaction": N_("Transaction number"),
        "reference": N_("Reference"),
        "invoices": N_("Invoices paid"),
        "tax_code": N_("Tax code"),
        "name": N_("Customer"),
        "code": N_("Customer code"),
        "payer": N_("Payer"),
        "method": N_("Method"),
        "currency": N_("Currency"),
        "own_account": N_("Our account number"),
        "running": N_("Balance after it"),
        "memo": N_("Memo"),
    },
    required=(("amount",), ("received_on",)),
    needs=N_("A table of money received needs at least a date and an amount."),
    weights={
        "debit": 4, "transaction": 4, "payer": 4, "method": 3, "invoices": 2, "own_account": 3, "running": 3,
        "memo": 1, "reference": 1, "code": 1, "tax_code": 1, "received_on": 2,
    },
)  # fmt: skip

BALANCES: Final = Vocabulary(
    kind="balances",
    label=N_("Opening balances"),
    synonyms={
        "balance": (
            "so du", "so du cong no", "du no cuoi ky", "no cuoi ky", "so du cuoi ky", "cuoi ky no", "so du no cuoi ky",
            "so du dau ky", "du dau ky", "du no dau ky", "no dau ky", "dau ky no", "du no", "so du no", "cong no",
            "con no", "con phai thu", "phai thu", "so con phai thu", "so tien no", "tong no", "tong cong no",
            "no phai thu",
            "cong no phai thu", "balance", "opening balance", "closing balance", "receivable", "outstanding",
            "amount due", "balance due", "no", "debit",
        ),
        "credit": (
            "co cuoi ky", "du co cuoi ky", "cuoi ky co", "so du co cuoi ky", "so du co", "du co", "co dau ky",
            "du co dau ky",
            "dau ky co", "tra truoc", "khach hang tra truoc", "nguoi mua tra tien truoc", "ung truoc", "credit balance",
            "prepaid", "co", "credit",
        ),
        "as_of": (
            "ngay so du", "tinh den ngay", "den ngay", "ngay chot", "ngay chot cong no", "tai ngay", "ngay", "as of",
            "as of date", "balance date", "date",
        ),
        "due_on": _DUE_ON,
        "tax_code": _TAX_CODE,
        "name": _CUSTOMER,
        "code": _CODE,
        "currency": _CURRENCY,
        "description": _DESCRIPTION,
    },
    labels={
        "balance": N_("Balance"),
        "credit": N_("Paid in advance"),
        "as_of": N_("Balance on"),
        "due_on": N_("Due date"),
        "tax_code": N_("Tax code"),
        "name": N_("Customer"),
        "code": N_("Customer code"),
        "currency": N_("Currency"),
        "description": N_("Description"),
    },
    required=(("balance",), ("name", "tax_code")),
    needs=N_("A table of opening balances needs at least a customer and the balance."),
    weights={"balance": 3, "credit": 4, "as_of": 3, "due_on": 1, "code": 1, "description": 1},
)  # fmt: skip
