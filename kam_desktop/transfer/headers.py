"""The column titles, Vietnamese and English, of tables of accounts, contacts, products and prices."""

from __future__ import annotations

from typing import Final

from kam_desktop.language import N_
from kam_desktop.transfer.vocabulary import Vocabulary

# Titles are folded: small letters, no accents, đ as d, signs as blanks. Earlier fields and titles win.
ACCOUNTS: Final = Vocabulary(
    "accounts",
    N_("Customers"),
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
            "payment term days", "han thanh toan ngay", "han tt ngay", "han tt", "han thanh toan",
            "so ngay no", "ngay no", "thoi han thanh toan", "thoi han no", "cong no ngay",
            "han no", "so ngay han no", "dieu khoan thanh toan", "so ngay thanh toan", "ngay thanh toan",
            "payment days", "payment term", "payment terms", "credit days", "terms", "net days",
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
        "internal_note": ("ghi chu", "ghi chu noi bo", "dien giai", "internal note", "note", "notes", "remark",
                          "remarks", "comment"),
        "balance": (
            "cong no", "du no", "so du", "so du no", "con no", "con phai thu", "phai thu", "cong no hien tai",
            "no cuoi ky", "so du cuoi ky", "balance", "receivable", "receivables", "outstanding", "amount due",
        ),
    },
    {
        "name": N_("Customer name"), "short_name": N_("Short name"), "tax_code": N_("Tax code"),
        "industry": N_("Industry"), "tier": N_("Tier"), "payment_days": N_("Payment term (days)"),
        "credit_limit": N_("Credit limit"), "currency": N_("Currency"), "founded_on": N_("Founding day"),
        "contact_name": N_("Contact: full name"), "contact_position": N_("Contact: position"),
        "contact_phone": N_("Contact: phone"), "contact_email": N_("Contact: e-mail"),
        "contact_birthday": N_("Contact: birthday"), "address": N_("Address"), "phone": N_("Phone"),
        "email": N_("E-mail"), "website": N_("Website"), "tags": N_("Tags"), "internal_note": N_("Internal note"),
        "balance": N_("Balance (not imported)"),
    },
    (("name",),),
    N_("No header row was found: a table of customers needs at least a column “Customer name”."),
    {"balance": 1, "internal_note": 1, "currency": 1, "payment_days": 4},
)  # fmt: skip

CONTACTS: Final = Vocabulary(
    "contacts",
    N_("Contacts"),
    {
        "full_name": (
            "ho va ten", "ho ten", "ten nguoi lien he", "ho ten nguoi lien he", "nguoi lien he", "ten lien he",
            "ho va ten nguoi lien he", "dau moi lien he", "dau moi", "nguoi dai dien", "full name",
            "contact name", "contact person", "contact", "person", "ten nhan su", "lien he", "ten", "name",
        ),
        "first_names": ("ho va dem", "ho dem", "ho va ten dem", "ho lot", "last name", "surname", "family name"),
        "given_name": ("ten goi", "first name", "given name"),
        "account_tax_code": (
            "ma so thue", "mst", "ma so thue cong ty", "mst cong ty", "mst kh", "ma so thue khach hang", "ma thue",
            "tax code", "tax id", "account tax code", "company tax code",
        ),
        "account_name": (
            "cong ty", "ten cong ty", "khach hang", "ten khach hang", "ten kh", "doanh nghiep", "ten doanh nghiep",
            "don vi", "ten don vi", "don vi cong tac", "co quan", "noi lam viec", "to chuc", "thuoc khach hang",
            "thuoc cong ty", "account", "account name", "company", "company name", "customer", "customer name",
            "organization", "organisation", "client", "employer",
        ),
        "honorific": (
            "danh xung", "xung ho", "cach xung ho", "quy danh", "form of address", "honorific", "salutation", "prefix",
        ),
        "position": (
            "chuc vu", "chuc danh", "vi tri", "vi tri cong tac", "chuc vu nguoi lien he", "position", "title",
            "job title", "role",
        ),
        "phones": (
            "dien thoai", "so dien thoai", "sdt", "dien thoai di dong", "di dong", "so di dong", "dtdd", "dt di dong",
            "dt", "so dt", "sdt lien he", "sdt nguoi lien he", "dien thoai lien he", "dien thoai nguoi lien he",
            "mobile", "mobile phone", "phone", "phones", "phone number", "telephone", "tel", "cell", "contact phone",
        ),
        "phone_2": (
            "dien thoai 2", "sdt 2", "dt ban", "dien thoai ban", "dien thoai co quan", "dt co quan", "so may ban",
            "dien thoai khac", "phone 2", "work phone", "office phone", "business phone", "other phone",
            "dien thoai", "so dien thoai", "tel", "phone",
        ),
        "emails": (
            "email", "e mail", "mail", "thu dien tu", "dia chi email", "email lien he", "email nguoi lien he",
            "emails", "e mails", "email address", "contact email",
        ),
        "email_2": ("email 2", "email khac", "email ca nhan", "other email", "personal email"),
        "zalo": ("zalo", "so zalo", "sdt zalo", "zalo id"),
        "birthday": (
            "ngay sinh", "sinh nhat", "ngay thang nam sinh", "birthday", "date of birth", "dob",
            "birth date",
        ),
        "language": ("ngon ngu", "ngon ngu giao tiep", "language"),
        "main": ("lien he chinh", "dau moi chinh", "la lien he chinh", "chinh", "main contact", "main", "primary",
                 "primary contact", "is primary"),
        "left_on": ("ngay nghi", "ngay nghi viec", "nghi viec tu", "nghi tu ngay", "left on", "left"),
        "internal_note": ("ghi chu", "ghi chu noi bo", "note", "notes", "internal note", "remark", "remarks"),
    },
    {
        "full_name": N_("Full name"), "first_names": N_("Family and middle name"), "given_name": N_("Given name"),
        "account_tax_code": N_("Customer's tax code"), "account_name": N_("Customer name"),
        "honorific": N_("Form of address"), "position": N_("Position"), "phones": N_("Phones"),
        "phone_2": N_("Second phone"), "emails": N_("E-mails"), "email_2": N_("Second e-mail"), "zalo": N_("Zalo"),
        "birthday": N_("Birthday"), "language": N_("Language"), "main": N_("Main contact"), "left_on": N_("Left on"),
        "internal_note": N_("Internal note"),
    },
    (("full_name", "given_name"), ("account_name", "account_tax_code")),
    N_("No header row was found: a table of contacts needs the columns “Full name” and “Customer name” (or its tax "
       "code)."),
    {"internal_note": 1, "honorific": 3, "zalo": 3, "birthday": 2, "main": 3, "first_names": 3},
)  # fmt: skip

PRODUCTS: Final = Vocabulary(
    "products",
    N_("Products"),
    {
        "code": (
            "ma hang", "ma san pham", "ma sp", "ma hang hoa", "ma vat tu", "ma vt", "ma vthh", "ma dich vu", "ma dv",
            "ma hh", "ma hang hoa dich vu", "ma hhdv", "sku", "product code", "item code", "code", "item no", "ma",
            "part number",
        ),
        "name": (
            "ten hang", "ten san pham", "ten sp", "ten hang hoa", "ten vat tu", "ten vthh", "ten hang hoa dich vu",
            "ten hhdv", "ten dich vu", "ten hang hoa vat tu", "san pham", "san pham dich vu", "hang hoa", "dich vu",
            "hang hoa dich vu", "ten hh", "mat hang", "ten mat hang", "product", "product name", "item", "item name",
            "service", "service name", "name", "ten",
        ),
        "name_en": (
            "ten tieng anh", "ten ta", "ten hang tieng anh", "ten san pham tieng anh", "english name", "name en",
            "name english",
        ),
        "line": (
            "nhom hang", "nhom san pham", "nhom vthh", "nhom hang hoa", "nhom vat tu", "dong san pham", "dong sp",
            "loai hang", "loai san pham", "chung loai", "nganh hang", "nhom", "nhom hang hoa dich vu", "product line",
            "line", "category", "product category", "group", "product group",
        ),
        "unit": ("don vi tinh", "dvt", "dv tinh", "don vi", "dvt chinh", "don vi tinh chinh", "unit", "uom",
                 "unit of measure"),
        "price": (
            "don gia", "gia ban", "don gia ban", "gia niem yet", "gia", "gia ban le", "gia ban chua vat",
            "don gia chua vat", "gia chua thue", "don gia chua thue", "gia ban 1", "don gia ban 1", "price",
            "unit price", "list price", "sale price", "sales price", "selling price",
        ),
        "cost": (
            "gia von", "don gia von", "gia mua", "don gia mua", "gia nhap", "don gia mua gan nhat", "gia thanh",
            "chi phi", "cost", "unit cost", "purchase price", "cost price",
        ),
        "currency": ("loai tien", "tien te", "don vi tien te", "dong tien", "currency", "ccy"),
        "tax_rate": (
            "thue suat", "thue suat gtgt", "thue suat thue gtgt", "thue gtgt", "vat", "thue", "ty le thue",
            "ts gtgt", "thue suat vat", "tax rate", "vat rate", "tax", "gtgt",
        ),
        "tax_category": ("nhom thue", "loai thue", "loai thue suat", "tax category", "tax class"),
        "description": (
            "mo ta", "dien giai", "ghi chu", "quy cach", "dac ta", "mo ta san pham", "thong so ky thuat",
            "description", "specification", "note", "notes",
        ),
        "archived": ("ngung theo doi", "ngung kinh doanh", "da luu tru", "luu tru", "archived", "discontinued"),
    },
    {
        "code": N_("Code"), "name": N_("Product name"), "name_en": N_("English name"), "line": N_("Product line"),
        "unit": N_("Unit"), "price": N_("Unit price"), "cost": N_("Cost"), "currency": N_("Currency"),
        "tax_rate": N_("Tax rate"), "tax_category": N_("Tax category"), "description": N_("Description"),
        "archived": N_("Archived"),
    },
    (("name",), ("code", "unit", "price", "cost", "line", "tax_rate", "tax_category", "name_en")),
    N_("No header row was found: a table of products needs the column “Product name” and one of “Code”, “Unit” or "
       "“Unit price”."),
    {"description": 1, "currency": 1, "cost": 3, "line": 3, "archived": 1, "tax_category": 3},
)  # fmt: skip

PRICES: Final = Vocabulary(
    "prices",
    N_("Price lists"),
    {
        "list_name": (
            "bang gia", "ten bang gia", "ma bang gia", "chinh sach gia", "ten chinh sach gia", "price list",
            "price list name", "pricelist", "price book",
        ),
        "product_code": PRODUCTS.synonyms["code"],
        "product_name": PRODUCTS.synonyms["name"],
        "unit": PRODUCTS.synonyms["unit"],
        "price": (*PRODUCTS.synonyms["price"], "gia ap dung", "gia moi", "gia chinh sach", "don gia ap dung"),
        "from_quantity": (
            "so luong tu", "tu so luong", "sl tu", "tu sl", "so luong toi thieu", "sl toi thieu", "muc so luong",
            "so luong ban tu", "so luong", "sl", "from quantity", "min quantity", "minimum quantity", "min qty", "moq",
            "quantity from", "quantity",
        ),
        "begins_on": (
            "ngay hieu luc", "hieu luc tu", "tu ngay", "ap dung tu", "ngay ap dung", "ngay bat dau", "hieu luc tu ngay",
            "ap dung tu ngay", "valid from", "from date", "start date", "effective date", "effective from",
        ),
        "ends_on": (
            "den ngay", "hieu luc den", "ngay het hieu luc", "ap dung den", "ngay ket thuc", "hieu luc den ngay",
            "ngay het han", "ap dung den ngay", "valid until", "valid to", "to date", "end date", "effective to",
        ),
        "account_tax_code": ("ma so thue", "mst", "ma so thue khach hang", "mst kh", "tax code"),
        "account_name": (
            "khach hang", "ten khach hang", "ten kh", "cong ty", "ten cong ty", "ap dung cho khach hang", "account",
            "customer", "customer name", "account name",
        ),
        "tier": ("hang", "hang khach hang", "hang kh", "phan hang", "xep hang", "nhom khach hang", "ap dung cho hang",
                 "tier", "class"),
        "currency": PRODUCTS.synonyms["currency"],
    },
    {
        "list_name": N_("Price list"), "product_code": N_("Product code"), "product_name": N_("Product name"),
        "unit": N_("Unit"), "price": N_("Unit price"), "from_quantity": N_("From quantity"),
        "begins_on": N_("Valid from"), "ends_on": N_("Valid until"), "account_tax_code": N_("Customer's tax code"),
        "account_name": N_("Customer name"), "tier": N_("Tier"), "currency": N_("Currency"),
    },
    (("product_code", "product_name"), ("price",),
     ("list_name", "from_quantity", "begins_on", "account_name", "account_tax_code", "tier")),
    N_("No header row was found: a table of prices needs the columns “Product code” or “Product name”, “Unit price”, "
       "and “Price list” (or from when, from what quantity or for whom it is)."),
    {"list_name": 4, "from_quantity": 3, "begins_on": 3, "ends_on": 3, "currency": 1},
)  # fmt: skip
