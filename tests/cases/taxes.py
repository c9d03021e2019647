"""Line nets and tax by rate group as Odoo's suites work them out; amounts in cents, rates in percent."""

from __future__ import annotations

from dataclasses import dataclass

TOTALS = "Odoo community, addons/account/tests/test_taxes_tax_totals_summary.py"
COMPUTATION = "Odoo community, addons/account/tests/test_taxes_computation.py"


@dataclass(frozen=True)
class Line:
    """quantity × price (in minor units, with decimals) less percent, at a rate; "" bears no tax."""

    quantity: str
    price: str
    rate: str = ""
    discount: str = "0"


@dataclass(frozen=True)
class TaxCase:
    """Lines, the net, and (rate, net, tax) of each group in the order of the lines, in minor units.

    Attributes:
        published: what the publication has where it differs, why: the reason that we do not follow it.
    """

    source: str
    name: str
    lines: tuple[Line, ...]
    net: int
    groups: tuple[tuple[str, int, int], ...]
    published: str = ""
    why: str = ""

    @property
    def tax(self) -> int:
        """The tax of all groups."""
        return sum(tax for _, _, tax in self.groups)


def _twelve(rate: str = "", discount: str = "0") -> Line:
    """12.12 of something at 12.12, which makes 146.8944."""
    return Line("12.12", "1212", rate, discount)


LINE_FIRST = "a line net is rounded once, before its group is summed, so that printed lines add up to the printed net"
CASES = [
    TaxCase(
        TOTALS, "pt 1: two lines without tax", (_twelve(), _twelve()), 29_378, (("", 29_378, 0),),
        published="293.79", why=LINE_FIRST,
    ),
    TaxCase(
        TOTALS, "pt 2: two lines of one rate", (_twelve("13"), _twelve("13")), 29_378, (("13", 29_378, 3_819),),
        published="net 293.79, tax 38.19", why=LINE_FIRST,
    ),
    TaxCase(
        TOTALS, "pt 3: two rates", (_twelve("13"), _twelve("23")), 29_378,
        (("13", 14_689, 1_910), ("23", 14_689, 3_378)),
        published="tax 33.79 at 23 %, from the unrounded 146.8944", why=LINE_FIRST,
    ),
    TaxCase(
        TOTALS, "pt 4: half a cent more", (Line("1", "50", "23"), _twelve("23")), 14_739, (("23", 14_739, 3_390),),
        published="net 147.40, though its lines print 0.50 and 146.89", why=LINE_FIRST,
    ),
    TaxCase(
        TOTALS, "pt 5: four rates, eight lines",
        tuple(_twelve(rate) for rate in ("0", "0", "6", "6", "13", "13", "23", "23")), 117_512,
        (("0", 29_378, 0), ("6", 29_378, 1_763), ("13", 29_378, 3_819), ("23", 29_378, 6_757)),
        published="net 293.79 for each group; the taxes are the same", why=LINE_FIRST,
    ),
    TaxCase(
        TOTALS, "pt 6: three lines of one rate", (_twelve("23"), _twelve("23"), Line("1", "50", "23")), 29_428,
        (("23", 29_428, 6_768),), published="net 294.29, tax 67.69", why=LINE_FIRST,
    ),
    TaxCase(
        TOTALS, "pt 7: single lines beside pairs",
        tuple(_twelve(rate) for rate in ("0", "6", "13", "13", "23", "23")), 88_134,
        (("0", 14_689, 0), ("6", 14_689, 881), ("13", 29_378, 3_819), ("23", 29_378, 6_757)),
        published="146.89, 146.90, 293.79, 293.79: a cent is moved between groups to make the document's sum",
        why=LINE_FIRST,
    ),
    TaxCase(
        TOTALS, "pt 8: quantities with decimals", (Line("5.55", "109", "23"), Line("5.5", "109", "23")), 1_205,
        (("23", 1_205, 277),), published="net 12.04, though its lines print 6.05 and 6.00", why=LINE_FIRST,
    ),
    TaxCase(
        TOTALS, "pt 9: other quantities among the lines",
        (*(_twelve(rate) for rate in ("0", "0", "6", "6")), Line("13.13", "1212", "13"), _twelve("13"),
         Line("13.13", "1212", "23"), _twelve("23")),
        119_962, (("0", 29_378, 0), ("6", 29_378, 1_763), ("13", 30_603, 3_978), ("23", 30_603, 7_039)),
        published="net 293.79, 293.79, 306.03, 306.03; the taxes are the same", why=LINE_FIRST,
    ),
    TaxCase(TOTALS, "pt 10: whole numbers", (Line("501", "300", "6"),), 150_300, (("6", 150_300, 9_018),)),
    TaxCase(
        TOTALS, "pt 11: one line", (_twelve("23"),), 14_689, (("23", 14_689, 3_378),),
        published="tax 33.79, from the unrounded 146.8944", why=LINE_FIRST,
    ),
    TaxCase(
        TOTALS, "pt 12: round nets at two rates", (Line("50", "200", "13"), Line("100", "100", "23")), 20_000,
        (("13", 10_000, 1_300), ("23", 10_000, 2_300)),
    ),
    TaxCase(
        TOTALS, "pt 13: small nets at four rates",
        (Line("1", "100", "0"), Line("1", "400", "0"), Line("10", "300", "6"), Line("1", "200", "13"),
         Line("1", "100", "23")), 3_800, (("0", 500, 0), ("6", 3_000, 180), ("13", 200, 26), ("23", 100, 23)),
    ),
    TaxCase(TOTALS, "pt 14: half a cent of tax", (Line("50", "109", "23"),), 5_450, (("23", 5_450, 1_254),)),
    TaxCase(
        TOTALS, "pt 15: a discount in percent", (Line("100", "55", "23", "8.8"), Line("10", "200", "23")), 7_016,
        (("23", 7_016, 1_614),),
    ),
    TaxCase(
        TOTALS, "pt 16: discounts at two rates",
        (_twelve("13", "6.6"), _twelve("13", "6.6"), _twelve("23", "8.8"), _twelve("23", "8.8")), 54_234,
        (("13", 27_440, 3_567), ("23", 26_794, 6_163)),
        published="net 274.40 and 267.93, tax 97.30 together", why=LINE_FIRST,
    ),
    TaxCase(
        TOTALS, "mixed 3: three lines at two rates",
        (Line("1", "100000", "10"), Line("1", "100000", "20"), Line("1", "100000", "20")), 300_000,
        (("10", 100_000, 10_000), ("20", 200_000, 40_000)),
        published="a line bears both taxes there; here each line has one rate", why="Vietnamese lines have one rate",
    ),
    TaxCase(COMPUTATION, "case 5: 19 % of 22,689 without decimals", (Line("1", "22689", "19"),), 22_689,
            (("19", 22_689, 4_311),)),
    TaxCase(COMPUTATION, "case 5: 19 % of 9,176 without decimals", (Line("1", "9176", "19"),), 9_176,
            (("19", 9_176, 1_743),)),
    TaxCase(COMPUTATION, "case 5: 19 % of 22,689.00", (Line("1", "2268900", "19"),), 2_268_900,
            (("19", 2_268_900, 431_091),)),
    TaxCase(COMPUTATION, "case 5: 19 % of 9,176.00", (Line("1", "917600", "19"),), 917_600,
            (("19", 917_600, 174_344),)),
    TaxCase(COMPUTATION, "filtering: 10 % of 100", (Line("1", "10000", "10"),), 10_000, (("10", 10_000, 1_000),)),
    TaxCase(COMPUTATION, "case 3: 15 % of 2,180.09", (Line("1", "218009", "15"),), 218_009, (("15", 218_009, 32_701),)),
    TaxCase(COMPUTATION, "case 1: 8 % of 115.19", (Line("1", "11519", "8"),), 11_519,
            (("8", 11_519, 922),),
            published="9.21, backed out of 124.40",
            why="tax is computed on the net; imported figures stand as printed"),
]  # fmt: skip
