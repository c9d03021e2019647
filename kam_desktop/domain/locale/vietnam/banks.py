"""Banks that take transfers by VietQR: their numbers (BIN), names, and finding one by any of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kam_desktop.domain.text import tokens

# Published lists of the NAPAS members, compared with each other; a seed for the firm's own, editable list.
AS_OF = date(2025, 7, 1)


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank or the digital brand of one that has a BIN of its own.

    Attributes:
        bin: six digits.
        code: the short code that people use, mostly the stock exchange's.
        short_name: as it is called; name: as it is registered.
        former: names of the time before it was renamed.
    """

    bin: str
    code: str
    short_name: str
    name: str
    former: tuple[str, ...] = ()


_ROWS = """
970400|SGB|SaigonBank|TMCP Sài Gòn Công Thương
970403|STB|Sacombank|TMCP Sài Gòn Thương Tín
970405|AGRIBANK|Agribank|Nông nghiệp và Phát triển Nông thôn Việt Nam
970406|VIKKI|Vikki Bank|TNHH MTV Số Vikki|DongA Bank;Đông Á
970407|TCB|Techcombank|TMCP Kỹ thương Việt Nam
970408|GPB|GPBank|Thương mại TNHH MTV Dầu Khí Toàn Cầu
970409|BAB|Bac A Bank|TMCP Bắc Á
970410|SC|Standard Chartered|TNHH MTV Standard Chartered Việt Nam
970412|PVCB|PVcomBank|TMCP Đại Chúng Việt Nam
970414|MBV|MBV|TNHH MTV Việt Nam Hiện Đại|OceanBank;Đại Dương
970415|CTG|VietinBank|TMCP Công thương Việt Nam
970416|ACB|ACB|TMCP Á Châu
970418|BIDV|BIDV|TMCP Đầu tư và Phát triển Việt Nam
970419|NCB|NCB|TMCP Quốc Dân
970421|VRB|VRB|Liên doanh Việt - Nga
970422|MB|MB Bank|TMCP Quân đội
970423|TPB|TPBank|TMCP Tiên Phong
970424|SHBVN|Shinhan Bank|TNHH MTV Shinhan Việt Nam
970425|ABB|ABBank|TMCP An Bình
970426|MSB|MSB|TMCP Hàng Hải Việt Nam
970427|VAB|VietABank|TMCP Việt Á
970428|NAB|Nam A Bank|TMCP Nam Á
970429|SCB|SCB|TMCP Sài Gòn
970430|PGB|PGBank|TMCP Thịnh vượng và Phát triển|Petrolimex
970431|EIB|Eximbank|TMCP Xuất Nhập khẩu Việt Nam
970432|VPB|VPBank|TMCP Việt Nam Thịnh Vượng
970433|VBB|VietBank|TMCP Việt Nam Thương Tín
970434|IVB|Indovina Bank|TNHH Indovina
970436|VCB|Vietcombank|TMCP Ngoại Thương Việt Nam
970437|HDB|HDBank|TMCP Phát triển Thành phố Hồ Chí Minh
970438|BVB|BaoViet Bank|TMCP Bảo Việt
970439|PBVN|Public Bank|TNHH MTV Public Việt Nam
970440|SSB|SeABank|TMCP Đông Nam Á
970441|VIB|VIB|TMCP Quốc tế Việt Nam
970442|HLB|Hong Leong Bank|TNHH MTV Hong Leong Việt Nam
970443|SHB|SHB|TMCP Sài Gòn - Hà Nội
970444|VCBNEO|VCBNeo|TNHH MTV Ngoại thương Công nghệ số|CB Bank;Xây dựng Việt Nam
970446|COOPBANK|Co-opBank|Hợp tác xã Việt Nam
970448|OCB|OCB|TMCP Phương Đông
970449|LPB|LPBank|TMCP Lộc Phát Việt Nam|LienVietPostBank;Bưu điện Liên Việt
970452|KLB|KienlongBank|TMCP Kiên Long
970454|BVBANK|BVBank|TMCP Bản Việt|Viet Capital Bank
970455|IBKHN|IBK Hà Nội|Công nghiệp Hàn Quốc - Chi nhánh Hà Nội
970456|IBKHCM|IBK HCM|Công nghiệp Hàn Quốc - Chi nhánh Thành phố Hồ Chí Minh
970457|WOO|Woori Bank|TNHH MTV Woori Việt Nam
970458|UOB|UOB|TNHH MTV United Overseas Bank Việt Nam
970462|KBHN|Kookmin Hà Nội|Kookmin - Chi nhánh Hà Nội
970463|KBHCM|Kookmin HCM|Kookmin - Chi nhánh Thành phố Hồ Chí Minh
422589|CIMB|CIMB|TNHH MTV CIMB Việt Nam
458761|HSBC|HSBC|TNHH MTV HSBC Việt Nam
546034|CAKE|CAKE|Số CAKE by VPBank
546035|UBANK|Ubank|Số Ubank by VPBank
668888|KBANK|Kasikornbank|Đại chúng TNHH Kasikornbank - Chi nhánh Thành phố Hồ Chí Minh
796500|DBS|DBS|TNHH MTV Phát triển Singapore - Chi nhánh Thành phố Hồ Chí Minh
801011|NHB|Nonghyup|Nonghyup - Chi nhánh Hà Nội
963369|LIOBANK|Liobank|Số Liobank by OCB
963388|TIMO|Timo|Số Timo by BVBank
"""


def _seeds() -> tuple[Bank, ...]:
    found = []
    for row in _ROWS.split("\n"):
        if row:
            number, code, short_name, name, *former = row.split("|")
            found.append(Bank(number, code, short_name, "Ngân hàng " + name, tuple(";".join(former).split(";"))))
    return tuple(found)


SEEDS: tuple[Bank, ...] = _seeds()


def by_bin(number: str, banks: Sequence[Bank] = SEEDS) -> Bank | None:
    """The bank with that BIN, None when the list does not have it."""
    return next((bank for bank in banks if bank.bin == number), None)


def find(text: str, banks: Sequence[Bank] = SEEDS) -> tuple[Bank, ...]:
    """The banks that a text can mean: a BIN, a code or a name as people write it, without accents, old names too.

    A bank whose code or name the text names exactly comes alone; else all in which every word of the text begins a
    word of its names; none for an empty text.
    """
    words = [word for word in tokens(text) if word not in ("ngan", "hang", "nh", "bank")]
    joined = "".join(tokens(text))
    if not joined:
        return ()
    exact = [bank for bank in banks if joined in {"".join(tokens(name)) for name in _names(bank)}]
    if exact:
        return tuple(exact)
    if not words:
        return ()
    return tuple(
        bank
        for bank in banks
        if all(any(own.startswith(word) for own in tokens(" ".join(_names(bank)))) for word in words)
    )


def _names(bank: Bank) -> tuple[str, ...]:
    return (bank.bin, bank.code, bank.short_name, bank.name, *(name for name in bank.former if name))
