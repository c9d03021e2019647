"""Answers the page of today: what to do, my figures, the next days, and what a new profile needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kam_desktop import formats
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.pages.today import checklist
from kam_desktop.ui.pages.today.page import DayRow, Figure, Shown, TodayPage
from kam_desktop.ui.pages.today.worklist import Item

if TYPE_CHECKING:
    from kam_desktop.services.agenda import Day
    from kam_desktop.services.today import Figure as Counted
    from kam_desktop.services.today import Today, TodayItem

LATE_DAYS = 30  # overdue by more than this costs money today, and is red
SAMPLE = "demo.kit"
DAYS = 14  # that the agenda looks ahead
_ICONS = {
    "overdue": "hourglass", "due": "receipt-text", "proposal_ended": "file-text", "proposal_ends": "file-text",
    "follow_up": "handshake", "task": "list-checks", "promise": "handshake", "answer_due": "file-text",
    "occasion": "star",
}  # fmt: skip
_FIGURE_PLACES = {
    "overdue": ("collection", "ageing"), "due": ("collection", "open"), "collected": ("collection", "receipts"),
    "invoiced": ("collection", "open"), "proposals": ("proposal", ""),
}  # fmt: skip


@dataclass(frozen=True)
class _Answer:
    today: Today
    days: list[Day]
    done: frozenset[str] | None  # None: the first steps are not measured


class TodayController(RecordController):
    """One for each page of today. `page` is the widget."""

    entities = frozenset({
        "firm", "account", "activity", "proposal", "proposal_version", "proposal_line", "invoice", "instalment",
        "receipt", "allocation", "credit_note", "opening_settlement", "task", "promise_to_pay", "documents_confirmed",
        "receipt_decision", "payment_term_line", "rule", "dunning_event", "dunning_step", "occasion", "contact",
    })  # fmt: skip
    page: TodayPage

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, TodayPage())
        self._places: dict[str, tuple[str, str]] = {}
        page = self.page
        page.item_opened.connect(self._on_opened)
        page.done_wanted.connect(self._on_done)
        page.figure_opened.connect(lambda key: desk.shell.show_page(*_FIGURE_PLACES.get(key, ("collection", ""))))
        self._steps_asked = False
        page.step_opened.connect(lambda key: desk.shell.show_page(*_STEP_PLACES[key]))
        page.steps_wanted.connect(self._on_steps)
        page.steps_hidden.connect(self._on_steps_hidden)
        page.opening_wanted.connect(lambda: desk.shell.show_page("importing", "opening"))
        page.own_data_wanted.connect(self._on_own_data)
        page.all_wanted.connect(lambda: desk.shell.show_page("collection", "open"))

    def refresh(self) -> None:
        today, now = self.desk.today(), self.desk.clock.now()
        hidden = self.desk.remembered.get(checklist.PREFERENCE) == checklist.HIDDEN
        measured = not self.desk.remembered.get(SAMPLE) and (self._steps_asked or not hidden)
        folder = getattr(self.desk.background.profile, "folder", None)
        self.ask(lambda reader: _ask(reader, today, now, measured, folder), self._show, "today")

    def _show(self, answer: _Answer) -> None:
        found = answer.today
        items = [self._item(each, found.as_of) for each in found.items]
        steps = checklist.steps(answer.done) if answer.done is not None else ()
        if not self._steps_asked and checklist.next_of(steps) is None:
            steps = ()
        self.page.show_today(Shown(
            today=found.as_of,
            items=items,
            more=sum(found.left_out.values()),
            payments_entered=found.payments_entered,
            figures=[_figure(each) for each in found.figures],
            days=[_day(each) for each in answer.days],
            as_of=tr("as of {time}", time=formats.clock_time(found.made_at)) if found.made_at else "",
            steps=steps,
            sample=bool(self.desk.remembered.get(SAMPLE)),
            removable=bool(self.desk.door) and self.desk.door[0].can_start_over,
        ))  # fmt: skip
        self.desk.shell.set_count("today", sum(item.section == "now" for item in found.items))

    def _item(self, item: TodayItem, today: date) -> Item:
        key = f"{item.kind}:{item.entity}:{item.id}"
        why = str(item.reason_args.get("why", ""))
        spoken = item.entity == "invoice" and item.kind in ("overdue", "promise") and item.action in _LOGGED
        self._places[key] = ("collection", f"log:{item.id}" if spoken else item.id) if item.entity == "invoice" else (
            item.entity, item.id)  # fmt: skip
        late = (today - item.day).days if item.day is not None and item.kind == "overdue" else 0
        what = {
            "overdue": trn("{n} day overdue", "{n} days overdue", late), "due": tr("Falls due"),
            "proposal_ended": tr("Offer has ended"), "proposal_ends": tr("Offer ends soon"),
            "follow_up": tr("Next step"), "task": tr("Task"), "promise": tr("Broken promise"),
            "answer_due": tr("Answer due"), "occasion": tr("Occasion"),
        }  # fmt: skip
        action = {
            "invoice": tr("Open the invoice"),
            "account": tr("Open the customer"),
            "proposal": tr("Open the proposal"),
            "task": tr("Open the task"),
        }.get(item.entity, "")
        if spoken:
            action = _spoken()[item.action]
        elif item.kind == "overdue":
            action = {"papers": tr("Confirm the papers"), "receipt": tr("Record a receipt")}.get(item.action, action)
        warned = late > 0 or item.kind in ("proposal_ended", "proposal_ends", "promise")
        return Item(
            key=key,
            group=tr("Right now") if item.section == "now" else tr("This week"),
            icon=_ICONS.get(item.kind, "circle"),
            tone="danger" if late > LATE_DAYS or item.kind == "promise" else "warning" if warned else "",
            title=item.account_name,
            what=_SAID.get(why, lambda: what.get(item.kind, ""))(),
            reason=_reason(item),
            amount=formats.amount(item.amount, item.currency, symbol=True) if item.amount is not None else "",
            label=_when(item.day, today) if not late else formats.short_day(item.day),
            action=action,
            action_icon="phone" if spoken and item.action == "call" else "",
        )

    def _on_done(self, key: str) -> None:
        kind, _, identity = key.partition(":task:")
        if kind != "task":
            self.desk.shell.toast(tr("Only tasks are ticked off here; the other lines go when what they say is done."))
            return
        today = self.desk.today()

        def work(uow: Any) -> Any:
            from kam_desktop.services import task

            return task.finish(uow, identity, today)

        self.edit(work, N_("Finish a task"))

    def _on_opened(self, key: str) -> None:
        if key in self._places:
            self.desk.shell.show_page(*self._places[key])

    def _on_own_data(self) -> None:
        title, yes = tr("Begin with your own data?"), tr("Remove the sample data")
        text = tr("The sample data and everything you added to it are removed for good. Then you choose how to begin.")
        if dialogs.ask(self.page, title, text, yes, danger=True):
            self.desk.door[0].start_over()

    def _on_steps(self, wanted: bool) -> None:
        """All first steps in the place of the list, also when they are done or were put away; or the list again."""
        if wanted and self.desk.remembered.get(SAMPLE):
            self.desk.shell.toast(tr("First steps come with your own data; sample data need none."))
            return
        self._steps_asked = wanted
        if wanted and self.desk.remembered.get(checklist.PREFERENCE):  # who asks for them wants them back for good
            self.desk.remember(checklist.PREFERENCE, "")
        self.page.show_all_steps(wanted)
        if not wanted:
            self.desk.shell.note_place("")
        self.refresh()

    def _on_steps_hidden(self) -> None:
        def put_away(hidden: bool) -> None:
            self.desk.remember(checklist.PREFERENCE, checklist.HIDDEN if hidden else "")
            self._on_steps(False)

        put_away(True)
        words = tr("The first steps are put away. The command “First steps” brings them back.")
        self.desk.shell.toast(words, lambda: put_away(False))


_STEP_PLACES = {
    "firm": ("settings", "firm"), "customers": ("importing", ""), "money": ("importing", ""),
    "proposal": ("proposal", "new"), "recovery": ("settings", "security"), "safety": ("settings", "backups"),
}  # fmt: skip
_LOGGED = ("call", "message", "letter", "meeting")
_SAID: Mapping[str, Callable[[], str]] = {
    "promise_today": lambda: tr("Promised today"), "papers_missing": lambda: tr("Papers missing"),
    "said_paid": lambda: tr("Says it is paid"), "disputed": lambda: tr("Disputed"),
    "limitation_near": lambda: tr("Limitation near"), "limitation_over": lambda: tr("Limitation over"),
}  # fmt: skip


def _spoken() -> dict[str, str]:
    """What Enter does with a line on which the customer is spoken to."""
    return {"call": tr("Call and log"), "message": tr("Message and log"), "letter": tr("Write and log"),
            "meeting": tr("Meet and log")}  # fmt: skip


def _reason(item: TodayItem) -> str:
    said = tr(item.reason, **_written(item.reason_args))
    if item.number:
        said = f"{item.number} · {said}"
    if item.more:
        said += " " + trn("And {n} more invoice.", "And {n} more invoices.", item.more)
    return said


def _ask(reader: Any, today: date, now: Any, measured: bool, folder: Path | None) -> _Answer:
    from kam_desktop.services import agenda, flows, occasion, rule
    from kam_desktop.services import checklist as measure

    found = flows.today(reader, today, made_at=now)
    occasions = occasion.by_day(reader, today, DAYS)
    days = agenda.next_days(reader, today, flows.firm_currency(reader), DAYS, rule.holidays(reader), occasions)
    return _Answer(found, days, measure.done(reader, folder) if measured else None)


def _written(args: Mapping[str, Any]) -> dict[str, str]:
    """The places of a reason in the reader's language."""
    found = {}
    for name, value in args.items():
        if isinstance(value, date):
            found[name] = formats.day(value)
        else:
            found[name] = formats.number(value) if isinstance(value, int) else str(value)
    return found


def _when(day: date | None, today: date) -> str:
    if day is None:
        return ""
    ahead = (day - today).days
    return {0: tr("today"), 1: tr("tomorrow")}.get(ahead) or formats.short_day(day)


def _figure(figure: Counted) -> Figure:
    if figure.amount is None:
        return Figure(figure.key, tr(figure.label), formats.number(figure.count))
    label = tr("Invoiced this month") if figure.key == "invoiced" else tr(figure.label)
    notes = {
        "invoiced": tr("before tax"),
        "overdue": trn("{n} account", "{n} accounts", figure.count),
        "due": trn("{n} account", "{n} accounts", figure.count),
        "collected": trn("{n} receipt", "{n} receipts", figure.count),
    }
    amount = formats.amount(figure.amount, figure.currency, symbol=True)
    late = figure.key == "overdue" and figure.amount > 0
    note = notes.get(figure.key, "") if figure.count or figure.key == "invoiced" else ""
    return Figure(figure.key, label, amount, note, "danger" if late else "text")


def _day(day: Day) -> DayRow:
    lines = []
    if day.count:
        words = trn("{n} instalment falls due", "{n} instalments fall due", day.count)
        lines.append((words, formats.amount(day.amount)))
    if day.promised:
        words = trn("{n} promise to pay", "{n} promises to pay", day.promised)
        lines.append((words, formats.amount(day.promised_amount)))
    if day.tasks:
        lines.append((trn("{n} task", "{n} tasks", day.tasks), ""))
    if day.steps:
        lines.append((trn("{n} next step of a proposal", "{n} next steps of proposals", day.steps), ""))
    lines += [_occasion(each) for each in day.occasions]
    if day.more:
        lines.append((trn("{n} more occasion", "{n} more occasions", day.more), ""))
    return DayRow(day.on, day.holiday, tuple(lines), day.next_working)


def _occasion(each: Any) -> tuple[str, str]:
    """A birthday, a founding day or an occasion in the agenda with whose it is; and how many years."""
    named = {"birthday": tr("Birthday of {name}", name=each.name), "founding": tr("Founding day")}
    years = trn("{n} year", "{n} years", each.years) if each.years and each.kind != "birthday" else ""
    return f"{named.get(each.kind, each.name)} · {each.account_name}", years
