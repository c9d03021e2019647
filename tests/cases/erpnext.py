"""Receivables and reconciliation as ERPNext's suites work them out; amounts in paise or cents."""

from __future__ import annotations

from tests.cases.receivables import Back, Credit, Inv, Lay, Oldest, ReceivablesCase

REPORT = "ERPNext, accounts/report/accounts_receivable/test_accounts_receivable.py"
TOOL = "ERPNext, accounts/doctype/payment_reconciliation/test_payment_reconciliation.py"

UNDO = "ERPNext, accounts/doctype/unreconcile_payment/test_unreconcile_payment.py"

# their "today", and days around it
BEFORE, TODAY, NEXT, AFTER = "2026-05-31", "2026-06-01", "2026-06-02", "2026-06-03"
D30, D60, D90 = "2026-07-01", "2026-07-31", "2026-08-30"

TERMS = Inv("si", TODAY, ((D30, 3_000), (D60, 5_000), (D90, 2_000)))
DOUBLE = Inv("si", TODAY, ((D30, 6_000), (D60, 10_000), (D90, 4_000)))
PLAIN = Inv("si", TODAY, ((TODAY, 10_000),))
PAID_40 = (Credit("pe", TODAY, 4_000), Oldest("pe", TODAY))
NOTE = Credit("cn", TODAY, 10_000, "credit_note", invoice="si")
LATER = (
    "entered by hand, an allocation is dated like the later of its two documents, not like the day of typing; "
    "brought in with a day of its own it gives the published answer"
)
LINKED = "a credit note goes to the invoice that it lowers first, and to that one only as far as it is open"


def _report(name: str, *facts: object, open: dict[str, int], balance: int, **more: object) -> ReceivablesCase:
    return ReceivablesCase(REPORT, name, facts, more.pop("as_of", TODAY), open, balance, **more)  # type: ignore[arg-type]


def _tool(name: str, *facts: object, open: dict[str, int], balance: int, **more: object) -> ReceivablesCase:
    return ReceivablesCase(TOOL, name, facts, TODAY, open, balance, **more)  # type: ignore[arg-type]


RECEIVABLES = [
    _report(
        "three terms", TERMS, open={"si/1": 3_000, "si/2": 5_000, "si/3": 2_000}, balance=10_000,
        not_due=10_000, overdue=(0, 0, 0, 0, 0),
    ),
    _report("three terms and a payment", TERMS, *PAID_40, open={"si/2": 4_000, "si/3": 2_000}, balance=6_000),
    _report(
        "then a credit note over everything, kept apart", TERMS, *PAID_40, NOTE,
        open={"si/2": 4_000, "si/3": 2_000}, free={"cn": 10_000}, balance=-4_000,
    ),
    _report(
        "the same credit note laid by our rule", TERMS, *PAID_40, NOTE, Oldest("cn", TODAY),
        open={}, free={"cn": 4_000}, balance=-4_000,
        published="60.00 open, -100.00 on the note: the same balance", why=LINKED,
    ),
    _report("three terms and a credit note over everything", TERMS, NOTE, Oldest("cn", TODAY), open={}, balance=0),
    _report(
        "twice as much in three terms", DOUBLE, open={"si/1": 6_000, "si/2": 10_000, "si/3": 4_000}, balance=20_000,
    ),
    _report(
        "a part payment goes to the first term", DOUBLE, *PAID_40,
        open={"si/1": 2_000, "si/2": 10_000, "si/3": 4_000}, balance=16_000,
    ),
    _report(
        "then a credit note over half", DOUBLE, *PAID_40, NOTE, Oldest("cn", TODAY),
        open={"si/2": 2_000, "si/3": 4_000}, balance=6_000,
    ),
    _report(
        "paid in part", Inv("si", BEFORE, ((BEFORE, 10_000),)), *PAID_40, open={"si/1": 6_000}, balance=6_000,
        not_due=0, overdue=(6_000, 0, 0, 0, 0),
    ),
    _report(
        "paid in part, and a credit note kept apart", Inv("si", BEFORE, ((BEFORE, 10_000),)), *PAID_40, NOTE,
        open={"si/1": 6_000}, free={"cn": 10_000}, balance=-4_000,
    ),
    _report("an advance against an order", Credit("pe", TODAY, 100_000), open={}, free={"pe": 100_000},
            balance=-100_000),
    _report(
        "a credit note of a paid invoice pays another", TERMS, Credit("pe", TODAY, 10_000), Oldest("pe", TODAY), NOTE,
        Inv("si2", TODAY, ((D30, 3_000), (D60, 5_000), (D90, 2_000))), Oldest("cn", TODAY), open={}, balance=0,
    ),
    _report("an entry pays a part", PLAIN, Credit("je", TODAY, 4_000), Lay("l", "je", "si/1", 4_000, TODAY),
            open={"si/1": 6_000}, balance=6_000),
    _report("an entry pays all", PLAIN, Credit("je", TODAY, 10_000), Lay("l", "je", "si/1", 10_000, TODAY),
            open={}, balance=0),
    _report("a credit note alone", Credit("je", TODAY, 10_000, "credit_note"), open={}, free={"je": 10_000},
            balance=-10_000),
    _report(
        "two invoices of a customer", Inv("si1", BEFORE, ((D30, 10_000),)), Inv("si2", TODAY, ((D30, 8_500),)),
        open={"si1/1": 10_000, "si2/1": 8_500}, balance=18_500,
    ),
    _report(
        "a payment and a note of tomorrow, seen today", Credit("sr", TODAY, 1_000, "credit_note"), PLAIN,
        Credit("pe", NEXT, 8_000), Lay("l", "pe", "si/1", 8_000, NEXT), Lay("m", "sr", "si/1", 1_000, NEXT),
        open={"si/1": 10_000}, free={"sr": 1_000}, balance=9_000,
        entered=({"si/1": 9_000}, {}),
        published="100.00 open, and the note's 10.00 free until tomorrow", why=LATER,
    ),
    _report(
        "the same, seen tomorrow", Credit("sr", TODAY, 1_000, "credit_note"), PLAIN,
        Credit("pe", NEXT, 8_000), Lay("l", "pe", "si/1", 8_000, NEXT), Lay("m", "sr", "si/1", 1_000, NEXT),
        open={"si/1": 1_000}, balance=1_000, as_of=NEXT,
    ),
    _report("paid tomorrow, seen today", PLAIN, Credit("pe", NEXT, 10_000), Lay("l", "pe", "si/1", 10_000, NEXT),
            open={"si/1": 10_000}, balance=10_000),
    _report("paid tomorrow, seen tomorrow", PLAIN, Credit("pe", NEXT, 10_000), Lay("l", "pe", "si/1", 10_000, NEXT),
            open={}, balance=0, as_of=NEXT),
    _report(
        "paid too much tomorrow, seen today", PLAIN, Credit("pe", NEXT, 11_000), Lay("l", "pe", "si/1", 10_000, NEXT),
        open={"si/1": 10_000}, balance=10_000,
        published="100.00 open and already -10.00 paid ahead", why="money counts from its own date",
    ),
    _report(
        "paid too much tomorrow, seen tomorrow", PLAIN, Credit("pe", NEXT, 11_000), Oldest("pe", NEXT),
        open={}, free={"pe": 1_000}, balance=-1_000, as_of=NEXT,
    ),
    _report(
        "one payment of tomorrow for two invoices, seen today", PLAIN, Inv("sj", TODAY, ((TODAY, 10_000),)),
        Credit("je", NEXT, 10_000), Lay("l", "je", "si/1", 5_000, NEXT), Lay("m", "je", "sj/1", 5_000, NEXT),
        open={"si/1": 10_000, "sj/1": 10_000}, balance=20_000,
    ),
    _report(
        "one payment of tomorrow for two invoices, seen tomorrow", PLAIN, Inv("sj", TODAY, ((TODAY, 10_000),)),
        Credit("je", NEXT, 10_000), Lay("l", "je", "si/1", 5_000, NEXT), Lay("m", "je", "sj/1", 5_000, NEXT),
        open={"si/1": 5_000, "sj/1": 5_000}, balance=10_000, as_of=NEXT,
    ),
    _report(
        "another currency stands apart", PLAIN, Inv("usd", BEFORE, ((BEFORE, 10_000),), "jane", "USD"),
        open={"si/1": 10_000}, balance=10_000, currency="INR",
        published="8,100.00 in the company's currency at a rate of 80", why="currencies are never added",
    ),
    _report(
        "and has a block of its own", PLAIN, Inv("usd", BEFORE, ((BEFORE, 10_000),), "jane", "USD"),
        open={"si/1": 10_000, "usd/1": 10_000}, balance=20_000,
    ),
    _report(
        "a cent is shown", PLAIN, Credit("pe", TODAY, 9_999), Oldest("pe", TODAY), open={"si/1": 1}, balance=1,
    ),
    _report(
        "only some customers", PLAIN, Inv("sj", TODAY, ((TODAY, 10_000),), "binh"),
        Inv("sk", TODAY, ((TODAY, 10_000),), "chi"), open={"si/1": 10_000, "sk/1": 10_000}, balance=20_000,
        accounts=("an", "chi"),
    ),
    _report("half paid in cash at once", Inv("si", AFTER, ((AFTER, 10_000),)), Credit("pos", AFTER, 5_000),
            Oldest("pos", AFTER), open={"si/1": 5_000}, balance=5_000, as_of=AFTER),
    _report(
        "paid before the invoice, seen before it", Credit("pe", TODAY, 4_000), Inv("si", NEXT, ((NEXT, 10_000),)),
        Lay("l", "pe", "si/1", 4_000, TODAY), open={}, free={"pe": 4_000}, balance=-4_000,
    ),
    _report(
        "paid before the invoice, seen on its day", Credit("pe", TODAY, 4_000), Inv("si", NEXT, ((NEXT, 10_000),)),
        Lay("l", "pe", "si/1", 4_000, TODAY), open={"si/1": 6_000}, balance=6_000, as_of=NEXT,
    ),
    _report(
        "an advance and two terms", Credit("pe", TODAY, 5_000), Inv("si", TODAY, ((TODAY, 5_000), (D30, 5_000))),
        Oldest("pe", TODAY), open={"si/2": 5_000}, balance=5_000,
        published="25.00 open of each term", why="money pays the earliest due date first, not a share of each",
    ),
    _report(
        "a return lowers its invoice", Inv("si", TODAY, ((TODAY, 20_000),)), NOTE, Oldest("cn", TODAY),
        open={"si/1": 10_000}, balance=10_000,
    ),
    _report(
        "two entries of a customer", Inv("je1", TODAY, ((TODAY, 20_000),)), Inv("je2", TODAY, ((TODAY, 15_000),)),
        open={"je1/1": 20_000, "je2/1": 15_000}, balance=35_000,
    ),
]  # fmt: skip

BIG = Inv("jv", TODAY, ((TODAY, 500_000),))
_TWO = (Inv("si", TODAY, ((TODAY, 20_000),)), Credit("pe1", TODAY, 5_500), Credit("pe2", TODAY, 3_500))

RECONCILIATION = [
    _tool("two payments against an invoice", *_TWO, Oldest("pe1", TODAY), Oldest("pe2", TODAY),
          open={"si/1": 11_000}, balance=11_000),
    _tool(
        "one of them is void", _TWO[0], Credit("pe1", TODAY, 5_500, status="rejected"), _TWO[2],
        Lay("l", "pe1", "si/1", 5_500, TODAY), Lay("m", "pe2", "si/1", 3_500, TODAY),
        open={"si/1": 16_500}, balance=16_500,
    ),
    _tool("a payment against an entry", Inv("je", TODAY, ((TODAY, 92_100),)), Credit("pe", TODAY, 92_100),
          Oldest("pe", TODAY), open={}, balance=0),
    _tool("a credit note against an invoice", PLAIN, Credit("cn", TODAY, 10_000, "credit_note"),
          Oldest("cn", TODAY), open={}, balance=0),
    _tool("a linked credit note", PLAIN, NOTE, Oldest("cn", TODAY), open={}, balance=0),
    _tool(
        "the linked credit note is taken off again", PLAIN, NOTE, Lay("l", "cn", "si/1", 10_000, TODAY),
        Back("l", TODAY), open={"si/1": 10_000}, free={"cn": 10_000}, balance=0,
        published="100.00 open, the note is cancelled and gone",
        why="no e-invoice is cancelled: taken back, the note stays the customer's credit until an invoice replaces it",
    ),
    _tool(
        "a credit note in part", PLAIN, Credit("cn", TODAY, 10_000, "credit_note"),
        Lay("l", "cn", "si/1", 8_000, TODAY), open={"si/1": 2_000}, free={"cn": 2_000}, balance=0,
    ),
    _tool("euros beside the firm's currency", Inv("si", TODAY, ((TODAY, 10_000),), currency="EUR"),
          Credit("pe", TODAY, 10_000, currency="EUR"), open={"si/1": 10_000}, free={"pe": 10_000}, balance=0,
          currency="EUR"),
    _tool("euros do not pay another currency", PLAIN, Credit("pe", TODAY, 10_000, currency="EUR"),
          Oldest("pe", TODAY), open={"si/1": 10_000}, balance=10_000),
    _tool("a euro invoice and a euro credit note, not yet laid", Inv("si", TODAY, ((TODAY, 10_000),), currency="EUR"),
          Credit("cn", TODAY, 10_000, "credit_note", currency="EUR"), open={"si/1": 10_000}, free={"cn": 10_000},
          balance=0, currency="EUR"),
    _tool(
        "twice the euros for a euro invoice", Inv("si", TODAY, ((TODAY, 10_000),), currency="EUR"),
        Credit("pe", TODAY, 20_000, currency="EUR"), Oldest("pe", TODAY), open={}, free={"pe": 10_000},
        balance=-10_000, currency="EUR",
        published="100.00 laid, and -500.00 of the firm's currency as a difference of rates (85 and 80)",
        why="a currency is never turned into another; differences of rates are the accountant's",
    ),
    _tool("money of a month before the invoice that it pays", Credit("pe", "2026-05-02", 2_500),
          Inv("si", TODAY, ((TODAY, 2_500),)), Oldest("pe", TODAY), open={}, balance=0),
    _tool(
        "three invoices and three payments, nothing laid", Inv("a", TODAY, ((TODAY, 30_000),)),
        Inv("b", TODAY, ((TODAY, 40_000),)), Inv("c", TODAY, ((TODAY, 50_000),)), Credit("d", TODAY, 30_000),
        Credit("e", TODAY, 40_000), Credit("f", TODAY, 50_000),
        open={"a/1": 30_000, "b/1": 40_000, "c/1": 50_000}, free={"d": 30_000, "e": 40_000, "f": 50_000}, balance=0,
    ),
    _tool("an advance, whole", BIG, Credit("a", TODAY, 10_000), Lay("l", "a", "jv/1", 10_000, TODAY),
          open={"jv/1": 490_000}, balance=490_000),
    _tool(
        "then another, in part", BIG, Credit("a", TODAY, 10_000), Lay("l", "a", "jv/1", 10_000, TODAY),
        Credit("b", TODAY, 30_000), Lay("m", "b", "jv/1", 23_000, TODAY),
        open={"jv/1": 467_000}, free={"b": 7_000}, balance=460_000,
    ),
    _tool(
        "then a third, half of it", BIG, Credit("a", TODAY, 10_000), Lay("l", "a", "jv/1", 10_000, TODAY),
        Credit("b", TODAY, 30_000), Lay("m", "b", "jv/1", 23_000, TODAY),
        Credit("c", TODAY, 20_000), Lay("n", "c", "jv/1", 10_000, TODAY),
        open={"jv/1": 457_000}, free={"b": 7_000, "c": 10_000}, balance=440_000,
    ),
    _tool(
        "two advances of 100", BIG, Credit("a", TODAY, 10_000), Oldest("a", TODAY),
        Credit("b", TODAY, 20_000), Lay("m", "b", "jv/1", 10_000, TODAY),
        open={"jv/1": 480_000}, free={"b": 10_000}, balance=470_000,
    ),
]  # fmt: skip

_PAIR = (Inv("si1", TODAY, ((TODAY, 10_000),)), Inv("si2", TODAY, ((TODAY, 10_000),)))
_ONE = (
    *_PAIR,
    Credit("pe", TODAY, 20_000),
    Lay("l", "pe", "si1/1", 10_000, TODAY),
    Lay("m", "pe", "si2/1", 10_000, TODAY),
    Back("l", NEXT),
    Back("m", AFTER),
)
_HALVES = (
    *_PAIR,
    Credit("pe1", TODAY, 10_000),
    Lay("l", "pe1", "si1/1", 5_000, TODAY),
    Lay("m", "pe1", "si2/1", 5_000, TODAY),
    Credit("pe2", TODAY, 10_000),
    Lay("n", "pe2", "si1/1", 5_000, TODAY),
    Lay("o", "pe2", "si2/1", 5_000, TODAY),
    Back("n", NEXT),
    Back("l", AFTER),
)

# Theirs happens within one day; here what is taken back comes a day later, and something of our own the day after.
TAKEN_BACK = [
    ReceivablesCase(UNDO, "a payment for two invoices, before", _ONE, TODAY, {}, 0),
    ReceivablesCase(UNDO, "it is taken off the first", _ONE, NEXT, {"si1/1": 10_000}, 0, {"pe": 10_000}),
    ReceivablesCase(UNDO, "and off the second", _ONE, AFTER, {"si1/1": 10_000, "si2/1": 10_000}, 0, {"pe": 20_000}),
    ReceivablesCase(UNDO, "two payments for two invoices, before", _HALVES, TODAY, {}, 0),
    ReceivablesCase(UNDO, "one is taken off the first", _HALVES, NEXT, {"si1/1": 5_000}, 0, {"pe2": 5_000}),
    ReceivablesCase(
        UNDO, "and the other too", _HALVES, AFTER, {"si1/1": 10_000}, 0, {"pe1": 5_000, "pe2": 5_000},
    ),
]  # fmt: skip

# what the tool refuses: credit, its amount, what is taken of it already, what is asked for
TOO_MUCH = [
    (TOOL, "200 of an entry of which half was returned", 20_000, 10_000, 20_000),
    (TOOL, "200 of an entry of which half is allocated", 20_000, 10_000, 20_000),
    (TOOL, "200 of a payment of which half is allocated", 20_000, 10_000, 20_000),
]
