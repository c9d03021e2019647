"""Payment codes: published ones read and written, memos, damage, banks; ours read by a second library."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from datetime import date

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kam_desktop.documents import parts, payment_request, renderer
from kam_desktop.domain.entities import FIRM_ID, Account, Firm, Invoice
from kam_desktop.domain.errors import Refused
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.locale.vietnam import banks
from kam_desktop.domain.locale.vietnam.vietqr import (
    LARGEST_AMOUNT,
    Payment,
    crc,
    invoice_memo,
    payload,
    plain_memo,
    read,
)
from kam_desktop.services import collection
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.cases.payment_codes import CODES, REFUSED, Code
from tests.fakes import FakeClock


@pytest.mark.parametrize("code", CODES, ids=lambda code: f"{code.source.split(',')[0]} {code.text[-4:]}")
def test_published_codes_are_read(code: Code) -> None:
    assert read(code.text) == code.payment
    assert read(f" {code.text[:-4]}{code.text[-4:].lower()}\n") == code.payment


@pytest.mark.parametrize("code", [code for code in CODES if code.ours], ids=lambda code: code.text[-4:])
def test_published_codes_are_written_letter_for_letter(code: Code) -> None:
    asked = code.payment
    assert payload(asked.bin, asked.account, asked.amount, asked.memo) == code.text


@pytest.mark.parametrize(("name", "text", "problem"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_cannot_be_paid_is_refused(name: str, text: str, problem: str) -> None:
    with pytest.raises(Refused) as caught:
        read(text)
    assert caught.value.problems[0].code == problem


def resummed(text: str) -> str:
    """The same code with the check sum that fits."""
    return text[:-4] + crc(text[:-4])


GOOD = payload("970436", "0123456789", 50_000, "TT HD 0007957 ABC")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no_payment_code"),
        ("hello", "damaged"),
        ("0002", "damaged"),
        ("https://example.vn/pay", "damaged"),
        ("000202" + GOOD[6:], "no_payment_code"),
        (GOOD[:-1], "damaged"),
        (GOOD + "0", "damaged"),
        (GOOD.replace("50000", "60000"), "damaged"),
        (GOOD.replace("ABC", "ABĐ"), "not_ascii"),
        (resummed(GOOD.replace("5303704", "5303840")), "other_currency"),
        (resummed(GOOD.replace("5303704", "5303VND")), "einvoice_code"),
        (GOOD[:-8] + "6332" + "0123456789ABCDEF" * 2, "einvoice_code"),
        (resummed(GOOD.replace("540550000", "54055,000")), "bad_amount"),
        (resummed(GOOD.replace("540550000", "54055.000")), None),
        (resummed(GOOD.replace("540550000", "540550.01")), "bad_amount"),
        (resummed(GOOD.replace("0006970436", "00069704AB")), "no_account"),
        (resummed(GOOD.replace("A000000727", "A000000728")), "other_scheme"),
    ],
)
def test_damage(text: str, problem: str | None) -> None:
    if problem is None:
        assert read(text).amount == 5
        return
    with pytest.raises(Refused) as caught:
        read(text)
    assert caught.value.problems[0].code == problem


def test_fields_may_stand_in_any_order_and_unknown_ones_are_passed_over() -> None:
    body = "000201" + "5802VN" + "9903abc" + "5303704" + GOOD[12 : 12 + 58] + "6304"
    assert read(body + crc(body)) == Payment("970436", "0123456789")


def test_the_check_sum() -> None:
    assert (crc("123456789"), crc("00"), crc("01"), crc("")) == ("29B1", "2EC9", "3EE8", "FFFF")


ACCENTS = (
    "áàảãạăắằẳẵặâấầẩẫậÁÀẢÃẠĂẮẰẲẴẶÂẤẦẨẪẬéèẻẽẹêếềểễệÉÈẺẼẸÊẾỀỂỄỆóòỏõọôốồổỗộơớờởỡợÓÒỎÕỌÔỐỒỔỖỘƠỚỜỞỠỢíìỉĩịÍÌỈĨỊ"
    "úùủũụưứừửữựÚÙỦŨỤƯỨỪỬỮỰýỳỷỹỵÝỲỶỸỴđĐ"
)
PLAIN = (
    "aaaaaaaaaaaaaaaaaAAAAAAAAAAAAAAAAAeeeeeeeeeeeEEEEEEEEEEEoooooooooooooooooOOOOOOOOOOOOOOOOOiiiiiIIIII"
    "uuuuuuuuuuuUUUUUUUUUUUyyyyyYYYYYdD"
)


@pytest.mark.parametrize(
    ("typed", "memo"),
    [
        (ACCENTS, PLAIN),  # Odoo, l10n_vn, test_remove_vietnamese_accents
        ("INV/TEST/0001", "INVTEST0001"),
        ("Thanh toán  HĐ số 0007957\n(Công ty Đại Á)", "Thanh toan HD so 0007957 Cong ty Dai A"),
        ("Ðông Á", "Dong A"),  # the Icelandic letter that old files have for Đ
        ("e\u0301 \u00a0 ﬁ １２", "e fi 12"),
        ("a_b-c.d", "abcd"),
        ("", ""),
    ],
)
def test_memos(typed: str, memo: str) -> None:
    assert plain_memo(typed) == memo


def test_letters_of_other_scripts_are_refused_not_lost() -> None:
    for typed in ("付款 0001", "оплата", "β"):
        with pytest.raises(Refused) as caught:
            plain_memo(typed)
        assert caught.value.problems[0].code == "memo_letters"


def test_the_memo_of_an_invoice() -> None:
    assert invoice_memo("0007957", "ABC") == "TT HD 0007957 ABC"
    assert invoice_memo("0007957", "Công ty Đại Á Châu") == "TT HD 0007957 Cong ty Dai"
    assert invoice_memo("1C26TAA/00007957", "ABC") == "TT HD 1C26TAA00007957 ABC"
    assert invoice_memo("0007957") == "TT HD 0007957"
    with pytest.raises(Refused):
        invoice_memo("1" * 20, "ABC")


@pytest.mark.parametrize(
    ("bank", "account", "amount", "memo", "problems"),
    [
        ("97043", "1", None, "", ["bad_bin"]),
        ("97043A", "1", None, "", ["bad_bin"]),
        ("970436", "", None, "", ["bad_account"]),
        ("970436", "1" * 20, None, "", ["bad_account"]),
        ("970436", "12é", None, "", ["bad_account"]),
        ("970436", "1", 0, "", ["bad_amount"]),
        ("970436", "1", 10**13, "", ["bad_amount"]),
        ("970436", "1", None, "a" * 26, ["memo_too_long"]),
        ("x", "", -1, "a" * 26, ["bad_bin", "bad_account", "bad_amount", "memo_too_long"]),
    ],
)
def test_what_cannot_be_written_is_refused(
    bank: str, account: str, amount: int | None, memo: str, problems: list[str]
) -> None:
    with pytest.raises(Refused) as caught:
        payload(bank, account, amount, memo)
    assert [problem.code for problem in caught.value.problems] == problems


def test_blanks_and_dots_in_an_account_number_are_dropped() -> None:
    assert read(payload("970436", "0123 456.789-0")).account == "01234567890"


@given(
    st.sampled_from(banks.SEEDS),
    st.from_regex(r"[0-9A-Z]{1,19}", fullmatch=True),
    st.none() | st.integers(1, 10**13 - 1),
    st.text(alphabet="abcXYZ012 áĐỗ-/.", max_size=25),
)
def test_what_is_written_is_read_back(bank: banks.Bank, account: str, amount: int | None, memo: str) -> None:
    text = payload(bank.bin, account, amount, memo)
    assert re.fullmatch(r"[0-9A-Za-z ]+", text)
    assert read(text) == Payment(bank.bin, account, amount, plain_memo(memo), once=amount is not None)


@given(st.integers(0, len(GOOD) - 1), st.characters(min_codepoint=32, max_codepoint=126))
def test_one_wrong_character_is_always_found(place: int, char: str) -> None:
    text = GOOD[:place] + char + GOOD[place + 1 :]
    if text.upper() != GOOD.upper() or (text != GOOD and place < len(GOOD) - 4):
        with pytest.raises(Refused):
            read(text)


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=120))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(Refused):
        read("000201" + text + "6304FFFF!")


def test_banks() -> None:
    assert len({bank.bin for bank in banks.SEEDS}) == len(banks.SEEDS) >= 55
    assert len({bank.code for bank in banks.SEEDS}) == len(banks.SEEDS)
    assert all(re.fullmatch(r"[0-9]{6}", bank.bin) for bank in banks.SEEDS)
    assert banks.by_bin("970436") is not None
    assert banks.by_bin("000000") is None


@pytest.mark.parametrize(
    ("typed", "bins"),
    [
        ("970436", ["970436"]),
        ("vcb", ["970436"]),
        ("Vietcombank", ["970436"]),
        ("Ngân hàng TMCP Ngoại Thương Việt Nam", ["970436"]),
        ("ngoai thuong", ["970436", "970444"]),
        ("MB", ["970422"]),
        ("mb bank", ["970422"]),
        ("quân đội", ["970422"]),
        ("đông á", ["970406"]),
        ("DongA Bank", ["970406"]),
        ("Ocean Bank", ["970414"]),
        ("techcom", ["970407"]),
        ("", []),
        ("ngân hàng", []),
        ("Sparkasse", []),
    ],
)
def test_a_bank_is_found_by_what_people_write(typed: str, bins: list[str]) -> None:
    assert [bank.bin for bank in banks.find(typed)] == bins


# --- read by a second library ----------------------------------------------------------------------------------------


def fields(text: str) -> dict[str, str]:
    """A code taken apart in the plainest way: two digits of name, two of length, the value."""
    found, place = {}, 0
    while place < len(text):
        length = int(text[place + 2 : place + 4])
        found[text[place : place + 2]] = text[place + 4 : place + 4 + length]
        place += 4 + length
    return found


def drawn(text: str) -> Image.Image:
    """Our drawing of a code as an image, four pixels a module."""
    svg = parts.code_picture(text)
    size = int(svg.split('viewBox="0 0 ')[1].split()[0])
    picture = Image.new("L", (size, size), 255)
    for x, y, run in re.findall(r"M(\d+) (\d+)h(\d+)v1h", svg.split('<path d="')[1]):
        picture.paste(0, (int(x), int(y), int(x) + int(run), int(y) + 1))
    return picture.resize((4 * size, 4 * size), Image.Resampling.NEAREST)


def scanned(picture: Image.Image) -> str:
    """What the second library reads in an image that holds one code."""
    [found] = zxingcpp.read_barcodes(picture)
    assert found.format == zxingcpp.BarcodeFormat.QRCode
    return str(found.text)


def by_the_standard_library(text: str) -> str:
    """CRC-16/CCITT-FALSE (ISO/IEC 13239) as Python itself computes it."""
    return f"{binascii.crc_hqx(text.encode('ascii'), 0xFFFF):04X}"


@pytest.mark.parametrize("code", CODES, ids=lambda code: f"{code.source.split(',')[0]} {code.text[-4:]}")
def test_a_published_code_is_read_from_a_picture(code: Code) -> None:
    assert scanned(drawn(code.text)) == code.text
    assert by_the_standard_library(code.text[:-4]) == code.text[-4:]


AMOUNTS = (1, 999, 1_000, 50_000, 1_234_567, 10**9, LARGEST_AMOUNT)


@pytest.mark.parametrize("place", range(len(banks.SEEDS)), ids=lambda place: banks.SEEDS[place].bin)
def test_ours_for_every_bank_is_read_from_a_picture(place: int) -> None:
    bank, amount = banks.SEEDS[place], AMOUNTS[place % len(AMOUNTS)]
    # Every bank by the three names under which a firm may have entered it.
    for typed in (bank.name, bank.short_name, bank.code):
        found = parts.bank_account(Firm(id=FIRM_ID, legal_name="x", bank_name=typed, bank_account="0011 0043 21987"))
        assert found is not None
        assert found.bin == bank.bin
    memo = f"Thanh toán HĐ {place:07}"
    text = scanned(drawn(parts.payment_code(found, amount, memo)))
    whole = fields(text)
    assert (whole["00"], whole["01"], whole["53"], whole["58"]) == ("01", "12", "704", "VN")
    merchant = fields(whole["38"])
    assert (merchant["00"], merchant["02"]) == ("A000000727", "QRIBFTTA")
    assert fields(merchant["01"]) == {"00": bank.bin, "01": "0011004321987"}
    assert whole["54"] == f"{amount}"
    assert fields(whole["62"]) == {"08": f"Thanh toan HD {place:07}"}
    assert whole["63"] == by_the_standard_library(text[:-4])


@pytest.mark.parametrize("place", range(4))
def test_a_wrong_digit_of_the_check_sum_is_seen_in_a_picture(place: int) -> None:
    for digit in "0123456789ABCDEF":
        end = GOOD[-4:][:place] + digit + GOOD[-4:][place + 1 :]
        text = scanned(drawn(GOOD[:-4] + end))
        if end == GOOD[-4:]:
            assert read(text).amount == 50_000
            continue
        with pytest.raises(Refused) as caught:
            read(text)
        assert caught.value.problems[0].code == "damaged"


# --- read from the page of a payment request -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    clock = FakeClock()
    made = Store.create(tmp_path_factory.mktemp("codes"), DataKey.new(), "codes", clock, RandomIds(clock))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("bank", "amount", "number", "customer", "memo", "form"),
    [
        ("Vietcombank", 1, "0000001", "Đại Á", "TT HD 0000001 Dai A", "vi"),
        ("Ngân hàng TMCP Quân đội", 999, "7", "Gỗ Ấm", "TT HD 7 Go Am", "en"),
        ("Techcombank", 1_234_567, "0007957", "Sữa Mây Ngọt Lành", "TT HD 0007957 Sua May Ngo", "vi+en"),
        ("BIDV", 10**9, "1C26TAA/00007957", "Ắc quy", "TT HD 1C26TAA00007957 Ac", "vi"),
        ("Agribank", LARGEST_AMOUNT, "0012", "ƯỚC", "TT HD 0012 UOC", "vi"),
    ],
)
def test_what_the_page_asks_for_is_what_is_owed(
    store: Store, bank: str, amount: int, number: str, customer: str, memo: str, form: str
) -> None:
    own = Firm(id=FIRM_ID, legal_name="Mây Lành", bank_name=bank, bank_account="0011 0043 21987")
    with store.edit("Firm") as uow:
        uow.put(own)
        account = Account(id=uow.new_id(), name=f"Công ty {customer}", short_name=customer)
        uow.add(account)
    plain = Invoice(id="", account=account.id, number=number, issued_on=date(2026, 1, 15), net=amount, total=amount)
    with store.edit("Invoice") as uow:
        invoice = collection.create_invoice(uow, plain)
    with store.reader() as reader:
        made = payment_request.payment_request(reader, [invoice.id], date(2026, 3, 2))
    page = pypdfium2.PdfDocument(renderer.pdf(payment_request.paper(made, form)))[0]
    text = scanned(page.render(scale=150 / 72).to_pil())
    [known] = banks.find(bank)
    assert read(text) == Payment(known.bin, "0011004321987", amount, memo, once=True)
    assert fields(text)["63"] == by_the_standard_library(text[:-4])
