"""Payment codes: published ones read and written, memos, damage, and banks."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam_desktop.domain.errors import Refused
from kam_desktop.domain.locale.vietnam import banks
from kam_desktop.domain.locale.vietnam.vietqr import Payment, crc, invoice_memo, payload, plain_memo, read
from tests.cases.payment_codes import CODES, REFUSED, Code


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
