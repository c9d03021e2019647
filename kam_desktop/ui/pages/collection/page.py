"""The collections page: worklist, open instalments, ageing and money received, with a panel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

from PySide6.QtCore import QDate, QLocale, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QDateEdit, QHBoxLayout, QMenu, QSizePolicy, QStackedWidget, QWidget

from kam_desktop import formats, language
from kam_desktop.language import tr
from kam_desktop.ui import focus_order, keymap, theme
from kam_desktop.ui.kit.buttons import Button, Chip, Segmented, open_below
from kam_desktop.ui.kit.frames import Panel, page_head, side_panel
from kam_desktop.ui.kit.labels import ElidedLabel, IconLabel, Link, PlainLabel, caption, title
from kam_desktop.ui.kit.states import EmptyState, FilterEmpty, Notice
from kam_desktop.ui.pages.collection.ageing import AgeingView
from kam_desktop.ui.pages.collection.form import ReceiptForm
from kam_desktop.ui.pages.collection.invoice import InvoicePanel
from kam_desktop.ui.pages.collection.lists import ListView, open_list, receipt_list
from kam_desktop.ui.pages.collection.receipt import ReceiptPanel
from kam_desktop.ui.pages.collection.worklist import WorklistView
from kam_desktop.ui.shortcuts import add_shortcut
from kam_desktop.ui.side_fold import SideFold

WORKLIST, OPEN, AGEING, RECEIPTS = "worklist", "open", "ageing", "receipts"


_BESIDE = 1090  # px of the page, from which on the panel stands beside the list and does not lie over it
_TOOLS = 960  # px of the page, from which on the worklist's tools say all their words
_ROOMY = 1180  # px of the page, from which on a list beside the panel has room for all its words


class _Views(QStackedWidget):
    """Views of which only the shown one takes room: the matrix needs more than the list beside a panel has."""

    def show_only(self, shown: QWidget) -> None:
        """Shows one of them."""
        for at in range(self.count()):
            wide = QSizePolicy.Policy.Preferred if self.widget(at) is shown else QSizePolicy.Policy.Ignored
            self.widget(at).setSizePolicy(wide, wide)  # type: ignore[union-attr]
        self.setCurrentWidget(shown)


class CollectionPage(QWidget):
    """Four views of receivables, three of them with one as-of date, and at the right an invoice or a new receipt.

    Signals:
        view_changed(key): worklist, open, ageing or receipts.
        as_of_changed(date): count everything at the end of that day.
        currency_changed(code): another currency.
        filter_cleared: show the instalments of all customers and ages again.
        receipt_wanted: record a receipt.
        import_wanted, opening_wanted: from the empty page, from the notice.
        panel_closed: the panel at the right was put away.
        place_wanted(place): another page or the search leads here.
        log_wanted: log what came of reminding of the chosen invoices.
        which_changed: all receipts are wanted, or those of which something is laid nowhere.
        owner_chosen(id), industry_chosen(text): only customers of that person or industry; "" for all.
    """

    view_changed = Signal(str)
    as_of_changed = Signal(object)
    currency_changed = Signal(str)
    filter_cleared = Signal()
    receipt_wanted = Signal()
    import_wanted = Signal()
    opening_wanted = Signal()
    panel_closed = Signal()
    place_wanted = Signal(str)
    log_wanted = Signal()
    which_changed = Signal()
    owner_chosen = Signal(str)
    industry_chosen = Signal(str)

    def __init__(self, today: date) -> None:
        super().__init__()
        self._today = today
        self.ageing, self.worklist = AgeingView(), WorklistView()
        self.open, self.receipts = open_list(), receipt_list()
        self.every_receipt = False
        self._owners: list[tuple[str, str]] = []
        self._industries: list[str] = []
        self.form = ReceiptForm(today)
        self.invoice = InvoicePanel()
        self.receipt = ReceiptPanel()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._build_main(), 1)
        row.addWidget(self._build_side())
        self._fold = SideFold(self, row, self._side, _BESIDE)
        for deed, callback in (
            ("receipt", self.receipt_wanted.emit), ("log", self.log_wanted.emit), ("leave", self.close_panel),
        ):  # fmt: skip
            add_shortcut(self, deed, callback)
        self.show_view(WORKLIST)

    def _build_main(self) -> QWidget:
        self._count = PlainLabel(size=theme.SECTION, tone="muted")
        views = [(WORKLIST, tr("Worklist")), (OPEN, tr("All open")), (AGEING, tr("Ageing")),
                 (RECEIPTS, tr("Receipts"))]  # fmt: skip
        self.switch = Segmented(views, name=tr("View"))
        self.switch.changed.connect(self.show_view)
        self._record = Button(tr("Record a receipt"), kind="primary", icon="banknote", key=keymap.shown("receipt"))
        self._record.clicked.connect(self.receipt_wanted)
        self._date = _date_edit(self._today)
        self._date.dateChanged.connect(lambda day: self.as_of_changed.emit(date(day.year(), day.month(), day.day())))
        self._today_link = Link(tr("Back to today"))
        self._today_link.opened.connect(lambda: self._date.setDate(_qt_day(self._today)))
        self._currency = Chip(tr("Currency"), "VND")
        self._currencies = QMenu(self)
        self._currency.clicked.connect(lambda: open_below(self._currencies, self._currency))
        self._currency.hide()
        self._filter = Chip("", "", closable=True)
        self._filter.closed.connect(self.filter_cleared)
        self._filter.clicked.connect(self.filter_cleared)
        self._filter.hide()
        self._which = Chip(tr("Shown"), tr("Not allocated"))
        self._which.clicked.connect(self._open_which)
        self._which.hide()
        self._owner, self._industry = Chip(tr("In charge"), tr("All")), Chip(tr("Industry"), tr("All"))
        for chip in (self._owner, self.worklist.owner):
            chip.clicked.connect(partial(self._open_owners, chip))
        self._industry.clicked.connect(self._open_industries)
        self._note = ElidedLabel(size=theme.CAPTION, tone="muted")
        self._note.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        as_of = caption(tr("As of"), "text2")
        as_of.setBuddy(self._date)
        self._tools = tools = Panel(row=True, margins=(24, 0, 24, 12), gap=8)
        tools.add(IconLabel("calendar", "muted", 14), as_of, self._date, self._today_link, self._currency, self._which,
                  self._owner, self._industry, self._filter, None, self._note,
                  *(view.tool_bar for view in (self.open, self.ageing, self.receipts)))  # fmt: skip
        self._notice = Panel(margins=(24, 0, 24, 12))
        answer = Link(tr("Say which are open"))
        answer.opened.connect(self.opening_wanted)
        text = tr("Payments are not entered yet: imported invoices that were paid look open.")
        self._notice.add(Notice(text, "warning", "triangle-alert", answer))
        self._notice.hide()
        self._views = _Views()
        self.worklist.currency.clicked.connect(lambda: open_below(self._currencies, self.worklist.currency))
        for view in (self.worklist, self.open, self.ageing, self.receipts):
            self._views.addWidget(view)
        bring = Button(tr("Import invoices"), icon="upload")
        bring.clicked.connect(self.import_wanted)
        self._empty = EmptyState("wallet", tr("There are no invoices yet."),
                                 tr("Import your e-invoices as XML or ZIP files."), bring)  # fmt: skip
        self._no_match = FilterEmpty(tr("No open instalment fits."), self.filter_cleared.emit)
        self._no_receipts = EmptyState("circle-check", tr("All money received is allocated."))
        for state in (self._empty, self._no_match, self._no_receipts):
            self._views.addWidget(state)
        main = Panel()
        main.setProperty("pane", True)
        main.add(page_head(title(tr("Collections")), self._count, None, self.switch, self._record))
        main.add(tools, self._notice)
        main.add(self._views, stretch=1)
        main.setFocusProxy(self._views)
        self._today_link.hide()
        return main

    def _build_side(self) -> QWidget:
        self._side = side_panel(420)
        self._side.setProperty("pane", True)
        self._panels = QStackedWidget()
        self._panels.addWidget(self.invoice)
        self._panels.addWidget(self.form)
        self._panels.addWidget(self.receipt)
        self._side.add(self._panels)
        self._side.hide()
        self.invoice.closed.connect(self.close_panel)
        self.form.closed.connect(self.close_panel)
        self.receipt.closed.connect(self.close_panel)
        return self._side

    # What the controller shows.

    def show_view(self, key: str) -> None:
        """Shows one of the views and says so when it is another one."""
        changed = self.switch.chosen() != key or self._views.currentWidget() is not self._view(key)
        self.switch.choose(key)
        self._views.show_only(self._view(key))
        self._tools.setVisible(key != WORKLIST)
        for name, view in ((OPEN, self.open), (AGEING, self.ageing), (RECEIPTS, self.receipts)):
            view.tool_bar.setVisible(key == name)
        for chip in (self._owner, self._industry):
            chip.setVisible(key == AGEING)
        self.setFocusProxy(self._view(key))
        if key == AGEING or (key == RECEIPTS and self.panel_shown() == "invoice"):
            self.close_panel()
        if changed:
            self.view_changed.emit(key)

    def _view(self, key: str) -> QWidget:
        return {WORKLIST: self.worklist, OPEN: self.open, AGEING: self.ageing, RECEIPTS: self.receipts}[key]

    def show_state(self, *, count: int, filtered: str = "", on_default: str = "", payments_entered: bool = True,
                   no_data: bool = False, currency: str = "VND", currencies: Sequence[str] = ()) -> None:  # fmt: skip
        """What stands around the view: count, filter, default terms, currencies; `no_data` shows the empty page."""
        key = self.switch.chosen()
        self._count.setText(formats.number(count) if count else "")
        self._filter.setVisible(bool(filtered) and key == OPEN)
        self._filter.set_texts("", filtered)
        self._which.setVisible(key == RECEIPTS and not no_data)
        self._note.setText(on_default if key in (OPEN, AGEING) else "")
        self._notice.setVisible(not payments_entered)
        shown: QWidget = self._view(key)
        if no_data:
            shown = self._empty
        elif not count and key == OPEN:
            shown = self._no_match
        elif not count and key == RECEIPTS and not self.every_receipt:
            shown = self._no_receipts
        self._views.show_only(shown)
        self._currency.set_texts(tr("Currency"), currency)
        self._currency.setVisible(bool(currencies))
        self.worklist.currency.set_texts(tr("Currency"), currency)
        self.worklist.currency.setVisible(bool(currencies))
        self._currencies.clear()
        for code in (currency, *currencies):
            self._currencies.addAction(code, partial(self.currency_changed.emit, code))

    def show_as_of(self, day: date) -> None:
        """Shows the as-of date, silently."""
        self._date.blockSignals(True)
        self._date.setDate(_qt_day(day))
        self._date.blockSignals(False)
        self._today_link.setVisible(day != self._today)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        beside = not self._side.isHidden() and not self._fold.is_folded()
        self.worklist.set_tight(self.width() < theme.px(_ROOMY if beside else _TOOLS))

    def _open_side(self, panel: QWidget) -> None:
        room = _TOOLS if self._fold.is_folded() else _ROOMY
        self.worklist.set_tight(self.width() < theme.px(room))  # before the panel takes the room
        self._panels.setCurrentWidget(panel)
        self._side.show()

    def show_invoice_panel(self) -> None:
        """Opens the panel with an invoice; the matrix gives way to the list, which fits beside it."""
        if self.switch.chosen() == AGEING:
            self.show_view(OPEN)
        self._open_side(self.invoice)
        self._record.hide()  # the panel has both deeds, and the one filled button

    def show_receipt_form(self) -> None:
        """Opens the panel with the form for a receipt; the matrix gives way to the list, which fits beside it."""
        if self.switch.chosen() == AGEING:
            self.show_view(OPEN)
        self._open_side(self.form)
        self._record.hide()  # the form has the one filled button now
        self.form.start()

    def show_receipt_panel(self) -> None:
        """Opens the panel with a receipt; it has the one filled button then."""
        self._open_side(self.receipt)
        self._record.setVisible(not self.receipt.buttons)

    def _open_which(self) -> None:
        menu = QMenu(self)
        for every, words in ((False, tr("Not allocated")), (True, tr("All receipts"))):
            action = menu.addAction(words, partial(self._show_which, every))
            action.setCheckable(True)
            action.setChecked(every == self.every_receipt)
        open_below(menu, self._which)

    def show_receipts_of_all(self, every: bool = True) -> None:
        """Shows every receipt, those that are laid out and those that were rejected too."""
        self._show_which(every)

    def _show_which(self, every: bool) -> None:
        self.every_receipt = every
        self._which.set_texts(tr("Shown"), tr("All receipts") if every else tr("Not allocated"))
        self.which_changed.emit()

    # Whose customers.

    def offer_owners(self, owners: Sequence[tuple[str, str]], industries: Sequence[str]) -> None:
        """Who is in charge of customers (id, name), and the customers' industries."""
        self._owners, self._industries = list(owners), list(industries)

    def owner_name(self, key: str) -> str:
        """The name of somebody in charge, "" for all."""
        return next((name for each, name in self._owners if each == key), "")

    def show_whose(self, owner: str, industry: str) -> None:
        """Shows in the chips whose customers are shown."""
        self._owner.set_texts(tr("In charge"), self.owner_name(owner) or tr("All"))
        self._industry.set_texts(tr("Industry"), industry or tr("All"))

    def _open_owners(self, chip: Chip) -> None:
        self._offer(chip, [("", tr("All")), *self._owners], self.owner_chosen.emit)

    def _open_industries(self) -> None:
        named = [("", tr("All")), *((each, each) for each in self._industries)]
        self._offer(self._industry, named, self.industry_chosen.emit)

    def _offer(self, chip: Chip, options: Sequence[tuple[str, str]], chosen: Callable[[str], object]) -> None:
        menu = QMenu(self)
        for key, words in options:
            menu.addAction(words.replace("&", "&&"), partial(chosen, key))
        open_below(menu, chip)

    def close_panel(self) -> None:
        """Puts the panel away; the keyboard goes back to the list."""
        if not self._side.isHidden():
            self._side.hide()
            self._fit()
            self._record.show()
            self.focus_list()
            self.panel_closed.emit()

    def focus_list(self) -> None:
        """The keyboard goes to the list, or to what stands in its place."""
        shown = self._views.currentWidget()
        if shown is not None and shown is not self._view(self.switch.chosen()):
            focus_order.enter(shown)
        else:
            self._view(self.switch.chosen()).setFocus(Qt.FocusReason.OtherFocusReason)

    def current_instalment(self) -> str:
        """The instalment that the keyboard is on in the worklist or the list of all open ones, "" for none."""
        view = {WORKLIST: self.worklist, OPEN: self.open}.get(self.switch.chosen())
        return view.place.current() if isinstance(view, WorklistView | ListView) else ""

    def panel_shown(self) -> str:
        """ "invoice", "receipt" for its form, "money" for one that is there, or "" when no panel is shown."""
        if self._side.isHidden():
            return ""
        shown = self._panels.currentWidget()
        return "receipt" if shown is self.form else "money" if shown is self.receipt else "invoice"

    # What the window asks.

    def open_place(self, place: str) -> None:
        """Shows a view, a customer's instalments or an invoice; nothing named leaves the page as it is."""
        if place:
            self.place_wanted.emit(place)

    def tour_places(self) -> list[tuple[str, str]]:
        """The further screens of this page."""
        return [("ageing", AGEING), ("receipts", RECEIPTS), ("new-receipt", "new"), ("open", OPEN),
                ("worklist", WORKLIST)]  # fmt: skip

    def remembered(self) -> object:
        """The view and the current row."""
        return self.switch.chosen(), self.current_instalment()

    def remember(self, state: object) -> None:
        """Shows that view again."""
        if isinstance(state, tuple):
            self.show_view(str(state[0]))


def _qt_day(day: date) -> QDate:
    return QDate(day.year, day.month, day.day)


def _date_edit(today: date) -> QDateEdit:
    """The picker of the as-of date, in the writing of the language."""
    edit = QDateEdit(_qt_day(today))
    vietnamese = language.current() == "vi"
    edit.setLocale(QLocale(QLocale.Language.Vietnamese if vietnamese else QLocale.Language.English))
    edit.setDisplayFormat("dd/MM/yyyy" if vietnamese else "d MMM yyyy")
    edit.setCalendarPopup(True)
    edit.setKeyboardTracking(False)
    edit.setAccessibleName(tr("As of"))
    edit.setFixedWidth(theme.px(136 if vietnamese else 148))
    edit.setStyleSheet(f"min-height: {theme.px(26)}px")  # a row of small tools
    edit.setMaximumDate(_qt_day(today))
    # making a calendar takes a quarter of the page's time: it comes in the turn after the one that shows the page
    QTimer.singleShot(0, edit, partial(_dress_calendar, edit))
    return edit


def _dress_calendar(edit: QDateEdit) -> None:
    edit.calendarWidget().setLocale(edit.locale())
    edit.calendarWidget().setFirstDayOfWeek(Qt.DayOfWeek.Monday)
