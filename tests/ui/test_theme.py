"""The theme: contrast of every pair in use, fonts with tabular digits and tall lines, icons, zoom."""

import pytest
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QFontMetrics, QFontMetricsF
from PySide6.QtWidgets import QApplication, QLabel

from kam_desktop import config
from kam_desktop.ui import icons, theme

TEXTS = ("text", "text2", "muted", "accent")
GROUNDS = ("window", "surface", "subtle", "selected")
STATES = ("success", "warning", "danger", "info", "private")


def luminance(name: str) -> float:
    color = QColor(name)
    parts = [(value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4) for value in color.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


PAIRS = [
    *[(text, ground) for text in TEXTS for ground in GROUNDS],
    *[(state, ground) for state in STATES for ground in ("surface", "window", "selected", f"{state}_bg")],
    ("text", "private_bg"),
    ("text2", "subtle"),
    ("on_accent", "accent"),
    ("on_accent", "accent_hover"),
    ("on_accent2", "accent"),
    ("on_accent2", "accent_hover"),
    ("surface", "text2"),
]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS, ids=lambda part: part)
def test_text_is_readable_on_its_ground(text: str, ground: str, dark: bool) -> None:
    assert contrast(theme.TOKENS[text][dark], theme.TOKENS[ground][dark]) >= 4.5


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("line", ["border_strong", "accent", "danger", "age0", "age1", "age2", "age3", "age4"])
def test_lines_and_bars_that_carry_meaning_stand_out(line: str, dark: bool) -> None:
    assert contrast(theme.TOKENS[line][dark], theme.TOKENS["surface"][dark]) >= 3


def test_the_contrast_formula_knows_black_and_white() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_fonts_are_our_own_cuts(qapp: QApplication) -> None:
    assert theme.load_fonts()
    assert theme.FAMILY in QFontDatabase.families()
    for weight in (theme.REGULAR, theme.MEDIUM, theme.BOLD):
        assert QFontInfo(theme.font(theme.BODY, weight)).family() == theme.FAMILY
    widths = {QFontMetricsF(theme.font(24, weight)).horizontalAdvance("Khách hàng") for weight in (400, 500, 650)}
    assert len(widths) == 3, "the three weights are three different cuts"


@pytest.mark.parametrize("weight", [theme.REGULAR, theme.MEDIUM, theme.BOLD])
def test_digits_are_tabular(qapp: QApplication, weight: int) -> None:
    theme.load_fonts()
    measures = QFontMetricsF(theme.font(theme.BODY, weight))
    assert len({round(measures.horizontalAdvance(f"{digit}" * 12), 3) for digit in range(10)}) == 1
    assert measures.horizontalAdvance("1.111.111") == pytest.approx(measures.horizontalAdvance("7.444.808"), abs=0.01)


@pytest.mark.parametrize("size", [theme.CAPTION, theme.BODY, theme.SECTION, theme.TITLE, theme.FIGURE])
@pytest.mark.parametrize("weight", [theme.REGULAR, theme.MEDIUM, theme.BOLD])
def test_a_line_holds_stacked_marks(qapp: QApplication, size: int, weight: int) -> None:
    theme.load_fonts()
    font = QFont(theme.font(size, weight))
    measures = QFontMetrics(font)  # whole pixels, as labels are laid out
    for letter in "ẾỀỂỄỆẤẬẮẶỐỘỚỢỨỰỸỴĐđỵặ₫":
        drawn = measures.tightBoundingRect(letter)
        assert -drawn.top() <= measures.ascent(), letter
        assert drawn.bottom() <= measures.descent(), letter
    assert measures.height() >= 1.4 * size


def test_every_vietnamese_letter_is_in_the_font(qapp: QApplication) -> None:
    theme.load_fonts()
    measures = QFontMetricsF(theme.font())
    letters = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"
    for letter in letters + letters.upper() + "₫–−·→…“”×≤≥":
        assert measures.inFontUcs4(ord(letter)), letter


def test_zoom_scales_lengths_and_fonts(qapp: QApplication) -> None:
    try:
        theme.apply(qapp, "light", 150)
        assert theme.px(36) == 54
        assert theme.font().pixelSize() == 20
        assert "min-height: 36px" in theme.style_sheet()
        theme.apply(qapp, "light", 400)
        assert theme.zoom() == 150
    finally:
        theme.apply(qapp, "light", 100)


def test_dark_and_light_switch_live(dressed: None, qapp: QApplication, qtbot) -> None:
    label = QLabel("x")
    qtbot.addWidget(label)
    try:
        with qtbot.waitSignal(theme.signals.changed):
            theme.apply(qapp, "dark")
        assert theme.is_dark()
        assert label.palette().window().color() == QColor(theme.TOKENS["surface"][1])
        assert "@" not in theme.style_sheet()
    finally:
        theme.apply(qapp, "light")
    assert not theme.is_dark()
    assert label.palette().window().color() == QColor(theme.TOKENS["surface"][0])


def test_every_drawing_can_be_tinted(qapp: QApplication) -> None:
    names = sorted(path.stem for path in (config.resources() / "icons").glob("*.svg"))
    assert len(names) >= 70
    theme.apply(qapp, "light")
    for name in names:
        image = icons.pixmap(name, "danger", 24, 2.0).toImage()
        dots = [image.pixelColor(x, y) for x in range(48) for y in range(48)]
        drawn = [dot.red() for dot in dots if dot.alpha() == 255]
        assert drawn and all(abs(red - 0xB3) < 6 for red in drawn), name


def test_drawings_are_kept_by_colour_and_scale(qapp: QApplication) -> None:
    theme.apply(qapp, "light")
    one = icons.pixmap("users", "muted", 16, 1.0)
    assert icons.pixmap("users", "muted", 16, 1.0) is one
    assert icons.pixmap("users", "muted", 16, 2.0).width() == 32
    assert icons.pixmap("users", "accent", 16, 1.0) is not one
