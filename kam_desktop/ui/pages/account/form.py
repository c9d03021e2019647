"""One customer: its fields, its people, what happened; forms of a contact and an interaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.domain.entities import Account, Activity, Contact
from kam_desktop.language import tr
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.badges import Pill, Tier
from kam_desktop.ui.charts import Figure, FigureStrip
from kam_desktop.ui.form_dialog import head_name, two_columns
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.frames import Panel, page_head, scrolled
from kam_desktop.ui.kit.labels import ElidedLabel, IconLabel, Link, PlainLabel, caption, section
from kam_desktop.ui.kit.record_form import RecordForm

KIND_ICONS = {"meeting": "handshake", "call": "phone", "message": "message-circle", "note": "pencil"}


def kind_names() -> dict[str, str]:
    """The kinds of interaction in the current language."""
    return {"meeting": tr("Meeting"), "call": tr("Call"), "message": tr("Message"), "note": tr("Note")}


class AccountForm(RecordForm):
    """The fields of a customer."""

    def __init__(self, today: date) -> None:
        super().__init__(Account, today=today)
        risks = {"low": tr("Low"), "medium": tr("Medium"), "high": tr("High")}
        tiers = {"A": "A", "B": "B", "C": "C"}
        add = self.add
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(24), theme.px(16), theme.px(24), theme.px(24))
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        parts: list[tuple[str, list[list[QWidget]]]] = [
            (tr("Who it is"), [[add("name")], [add("short_name"), add("tax_code")],
                               [add("industry"), add("founded_on")], [add("parent"), add("owner")]]),
            (tr("How to reach it"), [[add("address")], [add("phone"), add("email")], [add("website"), add("tags")]]),
            (tr("Terms"), [[add("payment_days"), add("currency")],
                           [add("credit_limit"), add("risk", names=risks)], [add("tier", names=tiers), QWidget()]]),
            (tr("Internal"), [[add("internal_note", lines=5)]]),
        ]  # fmt: skip
        for name, rows in parts:
            box.addWidget(section(name))
            box.addLayout(two_columns(rows))
            box.addSpacing(theme.px(8))
        box.addStretch()


class ContactForm(RecordForm):
    """A person at a customer."""

    def __init__(self, today: date) -> None:
        super().__init__(Contact, today=today)
        languages = {"vi": tr("Vietnamese"), "en": tr("English")}
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        box.addLayout(two_columns([
            [self.add("full_name")], [self.add("honorific"), self.add("position")],
            [self.add("phones")], [self.add("emails")],
            [self.add("zalo"), self.add("language", names=languages)], [self.add("birthday"), self.add("left_on")],
            [self.add("main")], [self.add("internal_note", lines=3)],
        ]))  # fmt: skip


class InteractionForm(RecordForm):
    """What happened with a customer, written down at once."""

    def __init__(self, today: date) -> None:
        super().__init__(Activity, today=today)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(self.problem_line())
        box.addLayout(two_columns([
            [self.add("subject")], [self.add("kind", names=kind_names()), self.add("at")], [self.add("contact")],
            [self.add("said", lines=4)], [self.add("promised", lines=2)],
        ]))  # fmt: skip


class AccountDetail(QWidget):
    """One customer: head, figures, fields at the left, people and interactions at the right.

    Signals:
        back_wanted, interaction_wanted, contact_wanted(id or ""), archive_wanted(bool): the button was pressed.
    """

    back_wanted = Signal()
    interaction_wanted = Signal()
    contact_wanted = Signal(str)
    archive_wanted = Signal(bool)

    def __init__(self, today: date) -> None:
        super().__init__()
        self.form = AccountForm(today)
        self._archived = False
        self._name = head_name()
        self._tier = Tier("C")
        self._gone = Pill(tr("Archived"))
        self._archive = Button(tr("Archive"), icon="archive", kind="flat")
        self._log = Button(tr("Log interaction"), kind="primary", icon="pencil", key=keymap.shown("log"))
        self._create = Button(tr("Add account"), kind="primary", key=keymap.shown("commit"))
        back = Button(tr("All accounts"), icon="arrow-left", kind="flat")
        head = page_head(back, line=True)
        head.add(self._name, self._tier, self._gone, None, self._archive, self._log, self._create)
        self.figures = FigureStrip()
        self._money = Panel(lines="bottom", margins=(24, 12, 24, 12)).add(self.figures)
        self._side = QVBoxLayout()
        self._content: QWidget | None = None
        side = Panel(lines="left")
        side.setFixedWidth(theme.px(372))
        side.box.addLayout(self._side)
        self._side_panel = side
        left = scrolled(self.form)
        left.setProperty("pane", True)
        left.setFocusProxy(self.form.editor("name"))
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(left, 1)
        middle.addWidget(side)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(head)
        box.addWidget(self._money)
        box.addLayout(middle, 1)
        back.clicked.connect(self.back_wanted)
        self._log.clicked.connect(self.interaction_wanted)
        self._archive.clicked.connect(lambda: self.archive_wanted.emit(not self._archived))
        self._create.clicked.connect(self.form.commit)

    def show_account(self, account: Account, tier: str, titles: dict[str, str], *, is_new: bool = False) -> None:
        """The head and the fields."""
        self._archived = account.archived
        self._name.setText(account.short_name or account.name or tr("New account"))
        self._tier.setVisible(bool(tier) and not is_new)
        if tier:
            self._tier.text = tier
            self._tier.setAccessibleName(tr("Tier {name}", name=tier))
        self._gone.setVisible(account.archived)
        self._archive.set_label(tr("Bring back") if account.archived else tr("Archive"))
        for widget in (self._archive, self._log, self._side_panel, self._money):
            widget.setVisible(not is_new)
        self._create.setVisible(is_new)
        self.form.show_record(account, titles, is_new=is_new)

    def show_around(self, figures: Sequence[Figure], contacts: Sequence[Contact], happened: Sequence[Activity]) -> None:
        """Money, people and interactions."""
        self.figures.set_figures(figures)
        if self._content is not None:
            self._side.removeWidget(self._content)
            self._content.deleteLater()
        made = Panel()
        people = self._part(tr("Contacts"), tr("Add contact"), lambda: self.contact_wanted.emit(""))
        for each in contacts:
            people.add(self._contact(each))
        if not contacts:
            people.add(caption(tr("Nobody yet.")))
        recent = self._part(tr("Interactions"), tr("Log interaction"), self.interaction_wanted.emit, last=True)
        for activity in happened:
            recent.add(_activity(activity))
        if not happened:
            recent.add(caption(tr("Nothing yet.")))
        made.add(people, recent, None)
        self._content = scrolled(made)
        self._content.setProperty("pane", True)
        self._side.addWidget(self._content)

    def _part(self, name: str, action: str, deed, *, last: bool = False) -> Panel:
        link = Link(action)
        link.opened.connect(deed)
        head = Panel(row=True).add(section(name), None, link)
        return Panel(lines="" if last else "bottom", margins=(20, 12, 20, 14), gap=8).add(head)

    def _contact(self, contact: Contact) -> QWidget:
        made = Panel(gap=0)
        link = Link(contact.full_name)
        link.opened.connect(lambda: self.contact_wanted.emit(contact.id))
        first = Panel(row=True, gap=8).add(link, Pill(tr("Main")) if contact.main else None, None)
        made.add(first)
        reach = [*(formats.phone(each) for each in contact.phones[:1]), *contact.emails[:1]]
        for text in filter(None, (contact.position, " · ".join(reach))):
            made.add(ElidedLabel(text, size=theme.CAPTION, tone="text2"))
        return made


def _activity(activity: Activity) -> QWidget:
    made = Panel(row=True, gap=12)
    made.box.addWidget(IconLabel(KIND_ICONS.get(activity.kind, "pencil")), 0, Qt.AlignmentFlag.AlignTop)
    words = QVBoxLayout()
    words.setSpacing(theme.px(2))
    words.addWidget(PlainLabel(activity.subject, wrap=True))
    when = formats.moment(activity.at) if activity.at is not None else ""
    words.addWidget(caption(" · ".join(filter(None, (kind_names().get(activity.kind, ""), when)))))
    for text in filter(None, (activity.said, activity.promised)):
        words.addWidget(PlainLabel(text, tone="text2", wrap=True, select=True))
    made.box.addLayout(words, 1)
    return made
