"""The look as one table: colours, type, zoom; from it the palette and the style sheet."""

import re
from functools import cache, lru_cache

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication

from kam_desktop import config

FAMILY = "KAM Inter"  # our own cuts of Inter: three weights, tabular digits, a line tall enough for stacked marks
REGULAR, MEDIUM, BOLD = 400, 500, 650
CAPTION, BODY, SECTION, TITLE, FIGURE = 12, 13, 15, 18, 24
ZOOMS = (90, 100, 110, 125, 150)
MODES = ("system", "light", "dark")

# name: (light, dark). Every pair of text and ground in use is 4.5 : 1 or better (tests/ui/test_theme.py).
TOKENS: dict[str, tuple[str, str]] = {
    "window": ("#F6F7F9", "#11151B"),
    "surface": ("#FFFFFF", "#191F27"),
    "subtle": ("#EDF0F4", "#222A34"),
    "selected": ("#E3EDFC", "#21395C"),
    "border": ("#D6DBE2", "#343E4B"),
    "border_strong": ("#7A8696", "#77869A"),
    "text": ("#141A21", "#EDF1F5"),
    "text2": ("#465262", "#B8C2CE"),
    "muted": ("#5C6878", "#9AA6B4"),
    "accent": ("#1F5FBF", "#7FB0FF"),
    "accent_hover": ("#184C9A", "#A3C7FF"),
    "on_accent": ("#FFFFFF", "#0A1A33"),
    "on_accent2": ("#DCE7F7", "#1B2F52"),
    "success": ("#17693B", "#6FCF97"),
    "success_bg": ("#E3F4EA", "#173626"),
    "warning": ("#8A5200", "#F2B84B"),
    "warning_bg": ("#FCEFD9", "#3A2B10"),
    "danger": ("#B3261E", "#FF8F86"),
    "danger_bg": ("#FCE7E5", "#432120"),
    "info": ("#0B6175", "#6CC7D9"),
    "info_bg": ("#E0F2F6", "#12343C"),
    "private": ("#5B2E91", "#C9A7F5"),
    "private_bg": ("#EFE6FA", "#2E2142"),
    "age0": ("#5B8DB8", "#7FA9CF"),
    "age1": ("#2F7F7A", "#57B5AE"),
    "age2": ("#B07A00", "#E0B040"),
    "age3": ("#C4561A", "#F08A50"),
    "age4": ("#9C1C1C", "#F26A6A"),
    "scrim": ("#52141A21", "#85000000"),  # with alpha first
    "shadow": ("#2E141A21", "#80000000"),
}
TONES = ("", "success", "warning", "danger", "info", "private")  # what a pill, a notice or a status may say

_SHEET = """
QToolTip { background: @surface; color: @text; border: 1px solid @border; padding: 4dp 8dp; }
QDialog, QMessageBox, QWizard { background: @surface; }
QMainWindow, QMainWindow > QWidget#frame { background: @window; }
QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox {
  background: @surface; color: @text; border: 1px solid @border_strong; border-radius: 6dp; padding: 0 9dp;
  min-height: @thin; }
QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox {
  selection-background-color: @accent; selection-color: @on_accent; }
QPlainTextEdit, QTextEdit { padding: 5dp 6dp; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus, QComboBox:focus {
  border: 2px solid @accent; padding: 0 8dp; min-height: @thick; }
QPlainTextEdit:focus, QTextEdit:focus { padding: 4dp 5dp; }
QLineEdit[invalid="true"], QPlainTextEdit[invalid="true"], QAbstractSpinBox[invalid="true"], QComboBox[invalid="true"] {
  border: 2px solid @danger; padding: 0 8dp; min-height: @thick; }
QLineEdit:disabled, QPlainTextEdit:disabled, QTextEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled,
QLineEdit[readOnly="true"] { background: @subtle; border: 1px solid @subtle; color: @muted; }
QLineEdit[bare="true"] { border: none; background: transparent; padding: 0; min-height: 20dp; }
QLineEdit[cell="true"] { border: 2px solid @accent; border-radius: 4dp; padding: 0 4dp; min-height: 20dp; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 0; border: none; }
QDateEdit::drop-down, QComboBox::drop-down { width: 26dp; border: none; }
QComboBox::down-arrow, QDateEdit::down-arrow { image: url(@styles/chevron-@mode.svg); width: 14dp; height: 14dp; }
QComboBox { combobox-popup: 0; }
QComboBox QAbstractItemView { background: @surface; border: 1px solid @border; padding: 4dp; outline: 0;
  selection-background-color: @selected; selection-color: @text; }
QComboBox QAbstractItemView::item { min-height: 28dp; padding: 0 6dp; border-radius: 6dp; color: @text; }
QComboBox QAbstractItemView::item:selected { background: @selected; color: @text; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QCheckBox, QRadioButton { color: @text; spacing: 8dp; min-height: 24dp; }
QCheckBox:disabled, QRadioButton:disabled { color: @muted; }
QCheckBox::indicator, QRadioButton::indicator { width: 14dp; height: 14dp; border: 1px solid @border_strong;
  background: @surface; border-radius: 4dp; }
QCheckBox::indicator:checked { background: @accent; border-color: @accent; image: url(@styles/check-@mode.svg); }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border-color: @accent; }
QRadioButton::indicator { border-radius: @round; }
QRadioButton::indicator:checked { width: @dot; height: @dot; border: 5dp solid @accent; }
QCheckBox:focus, QRadioButton:focus { color: @accent; }
QPushButton { background: @surface; color: @text; border: 1px solid @border; border-radius: 6dp; padding: 0 12dp;
  min-height: @thin; min-width: 56dp; font-weight: 500; }
QPushButton:hover { background: @subtle; }
QPushButton:focus { border: 2px solid @accent; padding: 0 11dp; min-height: @thick; }
QPushButton:default { background: @accent; color: @on_accent; border-color: @accent; }
QPushButton:default:hover { background: @accent_hover; }
QPushButton:default:focus { border: 2px solid @text; }
QPushButton:disabled { background: @subtle; color: @muted; border-color: @subtle; }
QMenu { background: @surface; border: 1px solid @border; padding: 4dp; }
QMenu::item { color: @text; height: 32dp; padding: 0 12dp 0 10dp; border-radius: 6dp; }
QMenu::item:selected { background: @subtle; }
QMenu::item:disabled { color: @muted; }
QMenu::icon { padding-left: 10dp; }
QMenu::separator { height: 1px; background: @border; margin: 4dp 6dp; }
QAbstractItemView { background: @surface; border: none; outline: 0; }
QHeaderView, QTableCornerButton::section { background: @surface; border: none; }
QScrollArea { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 12dp; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12dp; margin: 0; }
QScrollBar::handle { background: @border; border-radius: 3dp; margin: 3dp; }
QScrollBar::handle:vertical { min-height: 32dp; }
QScrollBar::handle:horizontal { min-width: 32dp; }
QScrollBar::handle:hover { background: @border_strong; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {
  background: transparent; border: none; width: 0; height: 0; }
QSplitter::handle { background: @border; }
QSplitter::handle:hover { background: @accent; }
QCalendarWidget QWidget#qt_calendar_navigationbar { background: @window; }
QCalendarWidget QToolButton { background: transparent; color: @text; border: none; padding: 4dp 8dp; }
QCalendarWidget QToolButton:hover { background: @subtle; border-radius: 6dp; }
QCalendarWidget QAbstractItemView { background: @surface; color: @text;
  selection-background-color: @accent; selection-color: @on_accent; }
QCalendarWidget QToolButton::menu-indicator { image: none; }
QCalendarWidget QSpinBox { min-height: 24dp; }
"""


class _Signals(QObject):
    """Tells the window that colours, zoom or the system's scheme changed.

    Signals:
        changing: the look is about to change; Qt dresses every widget that is still there then.
        changed: everything built with the old look has to be built again.
    """

    changing = Signal()
    changed = Signal()


class _State:
    """What is applied now."""

    mode = "system"
    zoom = 100
    dark = False
    watching = False


signals = _Signals()
_state = _State()


def apply(app: QApplication, mode: str = "system", zoom: int = 100) -> None:
    """Dress the whole application. `mode` is one of MODES, `zoom` per cent from 90 to 150. Emits `signals.changed`."""
    load_fonts()
    _state.mode, _state.zoom = mode, max(90, min(150, zoom))
    hints = app.styleHints()
    if not _state.watching:
        app.setStyle("fusion")
        hints.colorSchemeChanged.connect(lambda _scheme: _on_scheme_changed(app))
        _state.watching = True
    schemes = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
    wanted = schemes.get(mode, Qt.ColorScheme.Unknown)
    if mode != "system" or hints.colorScheme() != wanted:
        hints.setColorScheme(wanted)  # the title bar follows too
    _dress(app)


def _on_scheme_changed(app: QApplication) -> None:
    if _state.mode == "system":
        _dress(app)


def _dress(app: QApplication) -> None:
    system_dark = app.styleHints().colorScheme() == Qt.ColorScheme.Dark
    _state.dark = _state.mode == "dark" or (_state.mode == "system" and system_dark)
    for made in (color, font, metrics, width):
        made.cache_clear()
    signals.changing.emit()
    app.setPalette(palette())
    app.setFont(font())
    app.setStyleSheet(style_sheet())
    signals.changed.emit()


@cache
def load_fonts() -> bool:
    """Make our three cuts known to Qt; False if a file is missing or broken (Qt's own font is used then)."""
    files = sorted((config.resources() / "fonts").glob("*.ttf"))
    added = [QFontDatabase.addApplicationFontFromData(file.read_bytes()) for file in files]
    return bool(added) and all(number >= 0 for number in added)


def mode() -> str:
    """The chosen mode: system, light or dark."""
    return _state.mode


def zoom() -> int:
    """Per cent."""
    return _state.zoom


def is_dark() -> bool:
    """True when dark colours are applied now."""
    return _state.dark


def name_of(token: str) -> str:
    """A token's colour as Qt reads it, `#RRGGBB` or `#AARRGGBB`."""
    return TOKENS[token][_state.dark]


@cache
def color(token: str) -> QColor:
    """A token's colour in the applied theme. Shared: do not change it."""
    return QColor(TOKENS[token][_state.dark])


def ground_of(tone: str) -> str:
    """The token of the ground on which a tone's text stands."""
    return f"{tone}_bg" if tone in TONES and tone else "subtle"


def text_of(tone: str) -> str:
    """The token of a tone's text; the neutral tone is `text2`."""
    return tone or "text2"


def px(length: float) -> int:
    """A length given at 100 % in pixels of the applied zoom."""
    return round(length * _state.zoom / 100)


@cache
def font(size: int = BODY, weight: int = REGULAR) -> QFont:
    """A font of the scale, `size` in px at 100 %. Shared: copy it before changing it."""
    made = QFont(FAMILY)
    made.setPixelSize(px(size))
    made.setWeight(QFont.Weight(weight))
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made


@cache
def metrics(size: int = BODY, weight: int = REGULAR) -> QFontMetrics:
    """The measures of `font(size, weight)`."""
    return QFontMetrics(font(size, weight))


@lru_cache(maxsize=10_000)
def width(words: str, size: int = BODY, weight: int = REGULAR) -> int:
    """How wide a text is; the words of a list are measured in every frame, so they are kept."""
    return metrics(size, weight).horizontalAdvance(words)


def palette() -> QPalette:
    """The tokens as Qt's palette, for what paints itself without our style sheet."""
    made = QPalette()
    role = QPalette.ColorRole
    for name, token in (
        (role.Window, "surface"), (role.WindowText, "text"), (role.Base, "surface"), (role.AlternateBase, "subtle"),
        (role.Text, "text"), (role.PlaceholderText, "muted"), (role.Button, "surface"), (role.ButtonText, "text"),
        (role.BrightText, "danger"), (role.Highlight, "selected"), (role.HighlightedText, "text"),
        (role.Accent, "accent"), (role.Link, "accent"), (role.LinkVisited, "accent"), (role.ToolTipBase, "surface"),
        (role.ToolTipText, "text"), (role.Light, "surface"), (role.Midlight, "subtle"), (role.Mid, "border"),
        (role.Dark, "border_strong"), (role.Shadow, "border"),
    ):  # fmt: skip
        made.setColor(name, color(token))
    for name in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, name, color("muted"))
    return made


def style_sheet() -> str:
    """The one style sheet, made from the tokens: `@token` is a colour, `12dp` a length that the zoom changes."""
    ring = px(14) + 2  # Qt drops a radius that is more than half of the box, so the round ones are counted
    fixed = {
        "styles": (config.resources() / "styles").as_posix(), "mode": "dark" if _state.dark else "light",
        "thin": f"{px(32) - 2}px", "thick": f"{px(32) - 4}px",  # 32 high with a line of one and of two pixels
        "round": f"{ring // 2}px", "dot": f"{ring - 2 * px(5)}px",
    }  # fmt: skip
    sheet = re.sub(r"@(\w+)", lambda found: fixed.get(found[1]) or name_of(found[1]), _SHEET)
    return re.sub(r"(\d+)dp", lambda found: f"{px(int(found[1]))}px", sheet)
