"""The column titles, Vietnamese and English, by which tables of accounts are recognised."""

from __future__ import annotations

from typing import Final

from kam_desktop.transfer.sheets import Vocabulary

# Titles are folded: small letters, no accents, đ as d, signs as blanks. Earlier fields and titles win.
ACCOUNTS: Final = Vocabulary(
    "accounts",
    {
        "name": (
            "ten khach hang", "ten kh", "ten cong ty", "ten doanh nghiep", "ten don vi", "ten khach", "khach hang",
            "ten doi tac", "ten to chuc", "ten day du", "cong ty", "doanh nghiep", "ten nguoi mua", "don vi",
            "account name", "customer name", "company name", "account", "customer", "company", "client",
            "client name", "legal name", "ten phap ly", "name", "ten",
        ),
        "short_name": (
            "ten viet tat", "ten ngan", "ten rut gon", "ten tat", "ten giao dich", "ten thuong mai", "viet tat",
            "short name", "trading name", "abbreviation", "brand",
        ),
        "tax_code": (
            "ma so thue", "mst", "ma thue", "ma so doanh nghiep", "msdn", "ma so thue mst", "mst cccd", "so mst",
            "mst kh", "ma so thue khach hang", "tax code", "taxcode", "tax id", "tax no", "tax number", "vat code",
            "vat number", "tin",
        ),
        "industry": (
            "nganh", "nganh nghe", "linh vuc", "nganh hang", "linh vuc hoat dong", "nganh nghe kinh doanh",
            "nhom nganh", "industry", "sector",
        ),
        "tier": (
            "hang", "phan hang", "xep hang", "hang khach hang", "hang kh", "phan loai", "loai kh", "nhom abc", "abc",
            "loai khach hang", "tier", "class", "grade", "rank", "segment",
        ),
        "payment_days": (
            "han tt", "han thanh toan", "so ngay no", "ngay no", "thoi han thanh toan", "thoi han no", "cong no ngay",
            "han no", "dieu khoan thanh toan", "so ngay thanh toan", "ngay thanh toan", "payment days",
            "payment term", "payment terms", "credit days", "terms", "net days",
        ),
        "credit_limit": (
            "han muc", "han muc no", "han muc cong no", "han muc tin dung", "no toi da", "du no toi da", "credit limit",
            "limit",
        ),
        "currency": ("tien te", "loai tien", "don vi tien te", "dong tien", "currency", "ccy"),
        "founded_on": (
            "ngay thanh lap", "ngay tl", "thanh lap", "ngay ky niem thanh lap", "founded on", "founded",
            "founding day", "founding date", "established",
        ),
        "contact_name": (
            "nguoi lien he", "ten nguoi lien he", "ho ten nguoi lien he", "lien he", "dau moi", "nguoi dai dien",
            "dau moi lien he", "ho va ten", "ho ten", "dai dien", "contact", "contact name", "contact person",
            "full name", "attn",
        ),
        "contact_position": (
            "chuc vu", "chuc danh", "vi tri", "chuc vu nguoi lien he", "position", "title", "job title",
            "contact title",
        ),
        "contact_phone": (
            "dien thoai lien he", "sdt lien he", "sdt nguoi lien he", "dien thoai nguoi lien he", "di dong", "mobile",
            "so di dong", "dtdd", "dt di dong", "dien thoai di dong", "contact phone", "contact mobile", "cell",
        ),
        "contact_email": (
            "email lien he", "email nguoi lien he", "e mail nguoi lien he", "contact email", "contact e mail",
        ),
        "contact_birthday": (
            "ngay sinh", "sinh nhat", "ngay sinh nguoi lien he", "sinh nhat nguoi lien he", "birthday",
            "date of birth", "dob",
        ),
        "address": (
            "dia chi", "dia chi cong ty", "dia chi khach hang", "dia chi kh", "dia chi xuat hoa don", "tru so",
            "dia chi tru so", "dc", "address", "head office", "registered address",
        ),
        "phone": (
            "dien thoai", "so dien thoai", "sdt", "dt", "so dt", "tel", "dien thoai cong ty", "dien thoai co dinh",
            "hotline", "phone", "telephone", "phone number",
        ),
        "email": ("email", "e mail", "mail", "thu dien tu", "dia chi email", "email cong ty", "email address"),
        "website": ("website", "web", "trang web", "url", "homepage"),
        "tags": ("nhan", "the", "tu khoa", "tags", "labels", "tag"),
        "internal_note": ("ghi chu", "ghi chu noi bo", "dien giai", "note", "notes", "remark", "remarks", "comment"),
        "balance": (
            "cong no", "du no", "so du", "so du no", "con no", "con phai thu", "phai thu", "cong no hien tai",
            "no cuoi ky", "so du cuoi ky", "balance", "receivable", "receivables", "outstanding", "amount due",
        ),
    },
    ("name",),
)  # fmt: skip

VOCABULARIES: Final = (ACCOUNTS,)
"""Every kind of table that an import recognises by itself."""
