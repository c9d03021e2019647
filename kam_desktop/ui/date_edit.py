"""A date as day/month/year with a calendar in the program's language and colours."""

from datetime import date

from PySide6.QtCore import QDate, QLocale, QSize, Qt, Signal
from PySide6.QtGui import QTextCharFormat
from PySide6.QtWidgets import QCalendarWidget, QDateEdit, QToolButton, QWidget

from kam_desktop import language
from kam_desktop.ui import icons, theme


class DateEdit(QDateEdit):
    """A date that is always one; typed or chosen.

    Signals:
        chosen(date): the user chose another day.
    """

    chosen = Signal(object)

    def __init__(self, day: date, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        vietnamese = language.current() == "vi"
        self.setLocale(QLocale(QLocale.Language.Vietnamese if vietnamese else QLocale.Language.English))
        self.setDisplayFormat("dd/MM/yyyy")
        self.setAccessibleName(name)
        self.setCalendarPopup(True)
        self.setDate(QDate(day.year, day.month, day.day))
        self._dress(self.calendarWidget())
        self.dateChanged.connect(lambda _date: self.chosen.emit(self.day()))

    def day(self) -> date:
        """The shown day."""
        shown = self.date()
        return date(shown.year(), shown.month(), shown.day())

    def _dress(self, calendar: QCalendarWidget) -> None:
        calendar.setLocale(self.locale())
        calendar.setFirstDayOfWeek(Qt.DayOfWeek.Monday)
        calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        calendar.setMinimumSize(QSize(theme.px(300), theme.px(250)))
        quiet, weekend = QTextCharFormat(), QTextCharFormat()
        quiet.setForeground(theme.color("muted"))
        quiet.setBackground(theme.color("surface"))
        weekend.setForeground(theme.color("text2"))
        calendar.setHeaderTextFormat(quiet)
        for weekday in (Qt.DayOfWeek.Saturday, Qt.DayOfWeek.Sunday):
            calendar.setWeekdayTextFormat(weekday, weekend)
        for end, drawing in (("prevmonth", "chevron-left"), ("nextmonth", "chevron-right")):
            button = calendar.findChild(QToolButton, f"qt_calendar_{end}")
            if isinstance(button, QToolButton):
                button.setIcon(icons.icon(drawing))
