"""The panel of one invoice: what is open of it, its instalments and everything laid against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.badges import Pill
from kam_desktop.ui.kit.buttons import Button, IconButton, open_below
from kam_desktop.ui.kit.frames import Line, Panel, action_bar, scrolled
from kam_desktop.ui.kit.labels import ElidedLabel, Link, PlainLabel, caption, section
from kam_desktop.ui.pages.collection.panel_parts import check_line, focus_again, focus_within, payment_code, reminders


@dataclass(frozen=True, slots=True)
class PartLine:
    """One instalment; amounts in minor units."""

    name: str
    due_on: date | None  # None while it waits for papers
    days: int
    amount: int
    open: int
    on_default_term: bool


@dataclass(frozen=True, slots=True)
class LaidLine:
    """Something laid against the invoice: a receipt, a credit note, an opening settlement, or what was taken back."""

    allocation: str
    on: date | None
    words: str
    amount: int
    can_take_back: bool = False


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """A promise to pay; `state` is open, kept, broken, replaced or withdrawn, `who` and `channel` are words."""

    id: str
    amount: int
    pay_on: date | None
    promised_on: date | None
    state: str
    paid: int = 0
    who: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class ReminderLine:
    """A reminder: when, what it was and what came of it, and what was said."""

    on: date | None
    words: str
    remark: str = ""
    letter: bool = False


@dataclass(frozen=True)
class InvoiceShown:
    """One invoice as the panel shows it; `lines` are (description, net) as printed.

    Attributes:
        waiting: what is open of the instalments that wait for papers; `from_papers` says that some count from them.
        papers: since when the customer has the full document set, None while nobody confirmed it; `papers_note` is
            who said so and how we know.
        why, next: of a line of the worklist, the reason in a sentence and what is to be done.
        code, modules: the text and the modules of the VietQR code for exactly what is open, "" where there is none;
            pay_to: what it says, as (name, text).
    """

    id: str
    account: str
    account_name: str
    number: str
    symbol: str
    issued_on: date | None
    currency: str
    net: int
    tax: int
    total: int
    open: int
    days: int
    parts: Sequence[PartLine] = ()
    laid: Sequence[LaidLine] = ()
    lines: Sequence[tuple[str, int]] = ()
    replaced_by: str = ""
    waiting: int = 0
    from_papers: bool = False
    papers: date | None = None
    papers_note: str = ""
    promises: Sequence[PromiseLine] = ()
    reminders: Sequence[ReminderLine] = ()
    why: str = ""
    next: str = ""
    code: str = ""
    modules: Sequence[bytes] = ()
    pay_to: Sequence[tuple[str, str]] = ()


_PROMISES = {"open": ("info", "clock"), "kept": ("success", "check"), "broken": ("danger", "x"),
             "replaced": ("", ""), "withdrawn": ("", "")}  # fmt: skip


def promise_words() -> dict[str, str]:
    """What became of a promise, in words."""
    return {"open": tr("Promised"), "kept": tr("Kept"), "broken": tr("Broken"), "replaced": tr("Replaced"),
            "withdrawn": tr("Taken back")}  # fmt: skip


class InvoicePanel(QWidget):
    """The panel.

    Signals:
        receipt_wanted(account): money came in for it.
        account_wanted(account): open the customer.
        take_back_wanted(allocation): take back what was laid against it.
        papers_wanted(invoice), no_papers_wanted(invoice): the customer has the papers, or has them not after all.
        promise_wanted(invoice, old): a promise to pay, in the place of an older one where that is named.
        withdraw_wanted(promise): take a promise back.
        outcome_wanted(invoice): log what came of a reminder.
        paper_wanted(kind): "request" or "statement" as PDF.
        code_copied: the payment code went to the clipboard.
        closed: the cross was pressed.
    """

    receipt_wanted = Signal(str)
    account_wanted = Signal(str)
    take_back_wanted = Signal(str)
    papers_wanted = Signal(str)
    no_papers_wanted = Signal(str)
    promise_wanted = Signal(str, str)
    withdraw_wanted = Signal(str)
    outcome_wanted = Signal(str)
    paper_wanted = Signal(str)
    code_copied = Signal()
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.shown_id = ""
        self.shown: InvoiceShown | None = None
        self._account = ""
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)
        self._content: QWidget | None = None

    def show_invoice(self, shown: InvoiceShown) -> None:
        """Shows another invoice, or the same one after a change."""
        focused = focus_within(self._content)
        if self._content is not None:
            self._box.removeWidget(self._content)
            self._content.hide()
            self._content.deleteLater()
        self.shown_id, self._account, self.shown = shown.id, shown.account, shown
        self._content = self._built(shown)
        self._box.addWidget(self._content)
        self._content.show()  # now, not when the layout comes to it: it is to take the keyboard
        if focused is not None:
            focus_again(self, self._content, focused)

    def _built(self, shown: InvoiceShown) -> QWidget:
        whole = Panel()
        close = IconButton("x", tr("Close"), key="Esc")
        close.clicked.connect(self.closed)
        head = Panel(row=True, margins=(20, 0, 14, 0), height=56, lines="bottom", gap=8)
        head.add(ElidedLabel(shown.account_name, size=theme.SECTION, weight=theme.BOLD), stretch=1)
        customer = IconButton("users", tr("Open the customer"))
        customer.clicked.connect(lambda: self.account_wanted.emit(shown.account))
        whole.add(head.add(customer, close))
        body = Panel()
        body.add(self._sum(shown), Line())
        if shown.open > 0 or shown.promises:
            body.add(self._promises(shown), Line())
        body.add(self._papers(shown), Line())
        if shown.pay_to:
            body.add(payment_code(shown, self.code_copied.emit), Line())
        if shown.reminders:
            body.add(reminders(shown.reminders), Line())
        body.add(self._instalments(shown), Line())
        body.add(self._payments(shown))
        if shown.lines:
            body.add(Line(), self._lines(shown))
        body.box.addStretch(1)
        whole.add(scrolled(body), stretch=1)
        is_open = shown.open > 0 and not shown.replaced_by
        pay = Button(tr("Receipt"), key=keymap.shown("receipt"))
        pay.setAccessibleName(tr("Record a receipt"))
        pay.clicked.connect(lambda: self.receipt_wanted.emit(shown.account))
        papers = IconButton("file-text", tr("Papers as PDF"), kind="default", small=False)
        papers.clicked.connect(lambda: self._open_papers(papers, is_open))
        log = Button(tr("Log the outcome"), kind="primary", icon="phone", key=keymap.shown("log"))
        log.clicked.connect(lambda: self.outcome_wanted.emit(shown.id))
        for button in (pay, log):
            button.setVisible(is_open)
        whole.add(action_bar(pay, papers, None, log))
        self.setFocusProxy(log if is_open else papers)
        return whole

    def _open_papers(self, button: QWidget, is_open: bool) -> None:
        menu = QMenu(self)
        if is_open:
            menu.addAction(tr("Payment request…"), lambda: self.paper_wanted.emit("request"))
        menu.addAction(tr("Statement of account…"), lambda: self.paper_wanted.emit("statement"))
        open_below(menu, button)

    def _sum(self, shown: InvoiceShown) -> QWidget:
        part = Panel(margins=(20, 12, 20, 12), gap=2)
        number = " ".join(piece for piece in (shown.symbol, shown.number) if piece)
        _pair(part, caption(tr("Open · invoice {number}", number=number)),
              caption(tr("issued {day}", day=formats.day(shown.issued_on))))  # fmt: skip
        amount = PlainLabel(
            formats.amount(shown.open, shown.currency, symbol=True), size=theme.FIGURE, weight=theme.BOLD
        )
        _pair(part, amount, _state(shown))
        words = tr("Total {total}, of it tax {tax}", total=formats.amount(shown.total, shown.currency),
                   tax=formats.amount(shown.tax, shown.currency))  # fmt: skip
        part.add(caption(words, wrap=True))
        if shown.why:
            said = PlainLabel(shown.why, wrap=True)
            step = Pill(tr("Next: {step}", step=shown.next), "info", "signpost")
            part.box.addSpacing(theme.px(4))
            part.add(said, Panel(row=True).add(step, None))
        if shown.replaced_by:
            part.add(caption(tr("Replaced by invoice {number}; it no longer counts.", number=shown.replaced_by),
                             "warning", wrap=True))  # fmt: skip
        return part

    def _promises(self, shown: InvoiceShown) -> QWidget:
        part = Panel(margins=(20, 12, 20, 12), gap=4)
        if shown.open > 0 and not shown.replaced_by:
            add = Link(tr("Promise to pay…"), size=theme.CAPTION)
            add.opened.connect(lambda: self.promise_wanted.emit(shown.id, ""))
            _pair(part, section(tr("Promises to pay")), add)
        else:
            part.add(section(tr("Promises to pay")))
        if not shown.promises:
            part.add(caption(tr("Nobody promised anything yet.")))
        words = promise_words()
        for each in shown.promises:
            tone, icon = _PROMISES[each.state]
            amount = formats.amount(each.amount, shown.currency)
            told = PlainLabel(tr("{amount} by {day}", amount=amount, day=formats.day(each.pay_on)),
                              weight=theme.MEDIUM, wrap=True)  # fmt: skip
            _pair(part, told, Pill(words[each.state], tone, icon))
            said = [each.who, each.channel, tr("promised {day}", day=formats.day(each.promised_on))]
            if each.state == "broken" and each.paid:
                said.append(tr("{amount} came in", amount=formats.amount(each.paid, shown.currency)))
            row = QHBoxLayout()
            row.setSpacing(theme.px(12))
            row.addWidget(caption(" · ".join(piece for piece in said if piece), wrap=True), 1)
            if each.state in ("open", "broken"):
                for text, signal in (
                    (tr("Replace…"), lambda key=each.id: self.promise_wanted.emit(shown.id, key)),
                    (tr("Withdraw"), lambda key=each.id: self.withdraw_wanted.emit(key)),
                ):
                    link = Link(text, size=theme.CAPTION)
                    link.setMinimumWidth(theme.px(24))
                    link.setAccessibleDescription(told.text())
                    link.opened.connect(signal)
                    row.addWidget(link)
            part.box.addLayout(row)
        return part

    def _papers(self, shown: InvoiceShown) -> QWidget:
        part = Panel(margins=(20, 12, 20, 12), gap=4)
        waits = shown.waiting or shown.from_papers
        if shown.papers is None:
            link = Link(tr("Papers confirmed…"), size=theme.CAPTION)
            link.opened.connect(lambda: self.papers_wanted.emit(shown.id))
        else:
            link = Link(tr("Take back"), size=theme.CAPTION)
            link.setAccessibleDescription(tr("Payment papers"))
            link.opened.connect(lambda: self.no_papers_wanted.emit(shown.id))
        _pair(part, section(tr("Payment papers")), link)
        number = " ".join(piece for piece in (shown.symbol, shown.number) if piece)
        part.add(check_line("done", tr("Invoice {number}", number=number), formats.day(shown.issued_on)))
        state = "done" if shown.papers is not None else "warning" if waits else "open"
        when = formats.day(shown.papers) if shown.papers is not None else tr("not confirmed yet")
        part.add(check_line(state, tr("Customer has the full document set"), when))
        letter = next((each for each in shown.reminders if each.letter), None)
        part.add(check_line("done" if letter else "open", tr("Letter or payment request"),
                            formats.day(letter.on) if letter else tr("not sent yet")))  # fmt: skip
        if shown.papers_note:
            part.add(caption(shown.papers_note, wrap=True))
        if shown.waiting and shown.papers is None:
            amount = formats.amount(shown.waiting, shown.currency)
            part.add(caption(tr("{amount} has no due date until the customer has the full document set.",
                                amount=amount), "warning", wrap=True))  # fmt: skip
        return part

    def _instalments(self, shown: InvoiceShown) -> QWidget:
        part = Panel(margins=(20, 12, 20, 12), gap=6)
        part.add(section(tr("Instalments")))
        for each in shown.parts:
            words = each.name or tr("Whole amount")
            if each.days > 0 and each.open:
                when = tr(
                    "due {day}, {days} days overdue", day=formats.day(each.due_on), days=formats.number(each.days)
                )
            else:
                when = tr("due {day}", day=formats.day(each.due_on)) if each.due_on else tr("waiting for papers")
            if each.on_default_term:
                when += " · " + tr("default term")
            _pair(
                part,
                PlainLabel(words, wrap=True),
                PlainLabel(formats.amount(each.open, shown.currency), weight=theme.MEDIUM),
            )
            part.add(caption(when, "danger" if each.days > 30 and each.open else "muted", wrap=True))
        return part

    def _payments(self, shown: InvoiceShown) -> QWidget:
        part = Panel(margins=(20, 12, 20, 12), gap=4)
        part.add(section(tr("Money laid against it")))
        if not shown.laid:
            part.add(caption(tr("Nothing yet.")))
        for each in shown.laid:
            row = QHBoxLayout()
            row.setSpacing(theme.px(8))
            row.addWidget(caption(formats.day(each.on), "text2"))
            row.addWidget(PlainLabel(each.words, wrap=True), 1)
            if each.can_take_back:
                back = Link(tr("Take back"), size=theme.CAPTION)
                back.setMinimumWidth(theme.px(24))
                back.setAccessibleDescription(f"{each.words} {formats.amount(each.amount, shown.currency)}")
                back.opened.connect(lambda key=each.allocation: self.take_back_wanted.emit(key))
                row.addWidget(back)
            row.addWidget(PlainLabel(formats.amount(each.amount, shown.currency), weight=theme.MEDIUM))
            part.box.addLayout(row)
        return part

    def _lines(self, shown: InvoiceShown) -> QWidget:
        part = Panel(margins=(20, 12, 20, 12), gap=4)
        part.add(section(tr("What was invoiced")))
        for words, net in shown.lines:
            _pair(part, PlainLabel(words, wrap=True, tone="text2"), PlainLabel(formats.amount(net, shown.currency)))
        return part


def _state(shown: InvoiceShown) -> QWidget:
    if shown.replaced_by:
        return Pill(tr("Replaced"), "warning", "circle-alert")
    if shown.open <= 0:
        return Pill(tr("Paid"), "success", "check")
    if shown.days > 0:
        words = tr("{days} days overdue", days=formats.number(shown.days))
        return Pill(words, "danger" if shown.days > 30 else "warning", "hourglass")
    if shown.waiting and shown.waiting >= shown.open:
        return Pill(tr("Waiting for papers"), "warning", "hourglass")
    return Pill(tr("Not due"), "")


def _pair(panel: Panel, left: QWidget, right: QWidget) -> None:
    row = QHBoxLayout()
    row.setSpacing(theme.px(12))
    row.addWidget(left, 1)
    row.addWidget(right, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
    panel.box.addLayout(row)
