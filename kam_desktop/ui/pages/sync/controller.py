"""Answers the sync page: its lists, one entry, deciding it with undo, the server's standing."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Qt

from kam_desktop.domain.change import ChangeSet
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.errors import Refused
from kam_desktop.language import N_, tr, trn
from kam_desktop.ui import sync_words
from kam_desktop.ui.background import Failure
from kam_desktop.ui.desk import Desk
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.pages.sync import lost, questions
from kam_desktop.ui.pages.sync.answers import LOG, NEEDS, OFFLINE, WAITING, Detail, Lists
from kam_desktop.ui.pages.sync.page import SyncPage

PLACES = (WAITING, NEEDS, LOG, OFFLINE)


class SyncController(RecordController):
    """One for the sync page. `page` is the widget."""

    entities = frozenset(BY_NAME)
    page: SyncPage

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, SyncPage())
        self._agent: Any = desk.agent[0]
        self._window: Any = desk.shell
        self._place, self._key = "", ""
        self._choices: dict[str, str] = {}
        self._changed = False
        page = self.page
        page.place_wanted.connect(self._on_place)
        page.list_chosen.connect(self._on_list)
        page.line_chosen.connect(self._on_line)
        page.sync_wanted.connect(self._agent.sync_now)
        page.connect_wanted.connect(lambda: self._agent.connecting.open())
        page.leave_wanted.connect(lambda: self._agent.connecting.leave())
        page.brake_answered.connect(self._on_brake)
        detail = page.detail
        detail.chosen.connect(self._on_chosen)
        detail.apply_wanted.connect(self._on_apply)
        detail.open_wanted.connect(self._on_open)
        detail.drop_wanted.connect(self._on_drop)
        detail.back_wanted.connect(self._on_back)
        detail.both_wanted.connect(self._on_both)
        detail.leave_wanted.connect(self._on_leave)
        detail.again_wanted.connect(self._on_again)
        self._agent.changed.connect(self._on_standing)
        desk.background.feed.published.connect(self._on_step)
        self._waits = self._agent.now.waiting, self._agent.now.needs_you
        self._show_standing()

    # What is shown.

    def refresh(self) -> None:
        today = self.desk.today()
        self.ask(lambda reader: questions.ask_lists(reader, today), self._show, "lists")
        if self._place == OFFLINE:
            self.ask(questions.ask_offline, lambda held: self.page.held.show_held(*held), "held")

    def _show(self, lists: Lists) -> None:
        if not self._place:
            self._place = NEEDS if lists.needs else WAITING if lists.waiting else LOG
        self.page.show_lists(lists, self._place)
        self._key = self.page.place.current() or ""
        self._show_right()

    def _lines(self) -> Any:
        lists = self.page.lists
        return {WAITING: lists.waiting, NEEDS: lists.needs, LOG: lists.log}.get(self._place, ())

    def _show_right(self) -> None:
        now = self._agent.now
        if self._place == OFFLINE:
            self.page.show_held()
        elif not now.connected and not self._lines():
            text = tr("Everything is saved on this computer. Connected, your team has it too, and several of you can "
                      "work on the same customers.")  # fmt: skip
            self.page.show_empty("server", tr("Not connected to a shared server"), text,
                                 tr("Connect to the shared server"))  # fmt: skip
        elif not self._lines():
            icon, words, text = {
                WAITING: ("cloud-check", tr("Nothing waits"),
                          tr("What you change offline stands here until it is sent.")),
                NEEDS: ("circle-check", tr("Nothing needs you"),
                        tr("What two people changed at once, and what the server did not take, would stand here.")),
                LOG: ("history", tr("Nothing yet"),
                      tr("What is sent, and every merge that happens by itself, is listed here.")),
            }[self._place]  # fmt: skip
            self.page.show_empty(icon, words, text)
        elif self._key:
            place, key, today = self._place, self._key, self.desk.today()
            self.ask(lambda reader: questions.ask_detail(reader, place, key, today), self._show_detail, "detail")

    def _show_detail(self, detail: Detail | None) -> None:
        if detail is None or detail.id != self._key:
            return
        before = self.page.detail.shown
        if before is not None and before.id == detail.id:
            was = {group.key: group for group in before.groups}
            moved = [group.key for group in detail.groups if was.get(group.key, group) != group]
            for key in moved:
                self._choices.pop(key, None)
            self._changed = self._changed or bool(moved) or was.keys() != {group.key for group in detail.groups}
            if before == detail and before.seen == detail.seen:
                self.page.show_detail()
                return
        else:
            self._choices, self._changed = self.page.chosen_before(detail), False
        self.page.detail.show_detail(detail, self._choices, self._changed)
        self.page.show_detail()

    def _on_place(self, place: str) -> None:
        if place in PLACES and place != self._place:
            self._place = place
            self.refresh()

    def _on_list(self, place: str) -> None:
        self.desk.shell.note_place(place)
        self._on_place(place)

    def _on_line(self, key: str) -> None:
        if key and key != self._key:
            self._key = key
            self._show_right()

    def _on_standing(self) -> None:
        now = self._agent.now
        waits = now.waiting, now.needs_you
        self._show_standing()
        if waits != self._waits and self.page.isVisible():
            self._waits = waits
            self.refresh()

    def _show_standing(self) -> None:
        now, page = self._agent.now, self.page
        who = tr("{user} on {server}", user=now.user, server=now.server.partition("://")[2]) if now.connected else ""
        page.show_server(who, now.signed_in, now.connected)
        if now.phase == "connecting":
            page.show_banner(sync_words.rows(now), "", "download", tr("Show"))
        elif now.braked:
            words = trn("The server would take {n} row away from here, more than usual. Nothing was taken yet.",
                        "The server would take {n} rows away from here, more than usual. Nothing was taken yet.",
                        now.braked)  # fmt: skip
            page.show_banner(words, "warning", "triangle-alert", braked=True)
        elif now.connected and (not now.signed_in or (now.failure is not None and now.failure.code == "sign_in")):
            words = tr("Sign in to the shared server to go on syncing. Your changes wait here.")
            page.show_banner(words, "warning", "lock", tr("Sign in"))
        elif now.failure is not None:
            offline = now.failure.code in sync_words.OFFLINE
            page.show_banner(
                sync_words.long(now), "" if offline else "danger", "cloud-off" if offline else "circle-alert"
            )
        elif now.lease is not None:
            page.show_banner(sync_words.long(now), "warning", "lock")
        else:
            page.show_banner("", "", "")

    def _on_brake(self, agreed: bool) -> None:
        if agreed:
            self._agent.release_brake()
        else:
            self._agent.keep_brake()

    # Deciding.

    def _on_chosen(self, key: str, side: str) -> None:
        self._choices[key] = side
        self.page.detail.show_choices(self._choices)

    def _on_apply(self) -> None:
        detail = self.page.detail.shown
        if detail is None:
            return
        if detail.kind == "recovered":
            self._recover(detail, "take", N_("{name} is taken back in"))
            return
        choices = dict(self._choices) if detail.kind == "conflict" else {}
        if detail.kind == "deleted":  # nothing is given up
            self._settle(detail, partial(_drop, detail.id), N_("Keep {name}"))
            return
        label = N_("Decide conflict of {name}") if detail.kind == "conflict" else N_("Send {name} again")
        self._settle(detail, partial(_resolve, detail.id, choices, detail.seen), label)

    def _on_drop(self) -> None:
        detail = self.page.detail.shown
        if detail is None:
            return
        if detail.kind == "deleted":
            self._settle(detail, partial(_resolve, detail.id, {}, None), N_("Delete {name} anyway"))
            return
        if detail.kind == "recovered":
            text = tr("What was found of “{name}” is not written; the server's stands. Undo brings the entry back.",
                      name=detail.title)  # fmt: skip
            if dialogs.ask(self.page, tr("Let it go?"), text, tr("Let it go"), danger=True):
                self._recover(detail, "drop", N_("{name} is let go"))
            return
        text = tr("Your values of “{name}” are not sent; the server's stand. Undo brings the entry back.",
                  name=detail.title)  # fmt: skip
        if dialogs.ask(self.page, tr("Let your change go?"), text, tr("Let it go"), danger=True):
            self._settle(detail, partial(_drop, detail.id), N_("Let the change of {name} go"))

    def _recover(self, detail: Detail, deed: str, label: str) -> None:
        """Decides at the server about what it had lost; letting go can be undone, taking in is an edit like any."""
        group = detail.id.removeprefix(lost.KEY)

        def done() -> None:
            undo = deed == "drop"
            self.desk.shell.toast(
                tr(label, name=detail.title), partial(self._recover, detail, "reopen", N_("Undone")) if undo else None
            )
            self._looked()

        self._agent.at_server(lambda agent: agent.settle_recovered([group], deed), done, self.refuse)

    def _on_back(self) -> None:
        detail = self.page.detail.shown
        if detail is not None:
            self._settle(detail, partial(_put_back, detail.id), N_("Put back the other value of {name}"))

    def _on_both(self) -> None:
        detail = self.page.detail.shown
        if detail is not None:
            self._settle(detail, partial(_keep_both, detail.id), N_("Keep both values of {name}"))

    def _on_leave(self) -> None:
        detail = self.page.detail.shown
        if detail is not None:
            self._settle(detail, partial(_leave, detail.id), N_("Leave the merge of {name} as it stands"))

    def _on_again(self) -> None:
        """What was decided, also before a restart, is asked again; what the decision wrote stays until the next one."""
        detail = self.page.detail.shown
        if detail is None:
            return
        key = detail.id.removeprefix("settled:")
        place = LOG if detail.kind == "merged" else NEEDS

        def opened(_changes: ChangeSet, _none: Any) -> None:
            self._agent.look()
            self._key = key
            self.desk.shell.show_page("sync", place)
            self.page.place.show(key)
            self.refresh()

        self.desk.background.edit(partial(_reopen, key), opened, self.refuse, label="", owner=self)

    def _settle(self, detail: Detail, work: Any, label: str) -> None:
        """Carries a decision out; one undo takes back what it wrote and opens the entry again."""

        def done(changes: ChangeSet, _result: Any) -> None:
            back = partial(self._take_back, detail.id, changes.step)
            self.desk.taking_back[:] = [back]
            self.desk.shell.toast(tr(label, name=detail.title), back)
            if self.page.detail.isAncestorOf(self.page.window().focusWidget() or self.page):
                self.page.table.setFocus(Qt.FocusReason.TabFocusReason)  # the deed goes; the list has the next entry
            self._looked()

        def fail(failure: Failure) -> None:
            self.refuse(failure)
            if isinstance(failure, Refused):
                self.refresh()

        self.desk.background.edit(work, done, fail, label=label, args={"name": detail.title}, owner=self)

    def _take_back(self, key: str, step: int) -> None:
        self.desk.taking_back.clear()
        background, desk = self.desk.background, self.desk

        def reopened(_changes: ChangeSet, _none: Any) -> None:
            desk.shell.toast(tr("Undone"))
            self._looked()

        def reopen(*_: Any) -> None:
            background.edit(partial(_reopen, key), reopened, label="", owner=self)

        if step:
            background.undo(reopen, self.refuse, step=step)
        else:
            reopen()

    def _looked(self) -> None:
        self._agent.look()
        self._key = ""
        self.refresh()

    def _on_step(self, changes: ChangeSet) -> None:
        if changes.step and self.desk.taking_back and not self._is_own(changes):
            self.desk.taking_back.clear()  # something was done since: undo takes that back first

    def _is_own(self, changes: ChangeSet) -> bool:
        return bool(self.desk.taking_back[0].args[1] == changes.step)  # type: ignore[attr-defined]

    def _on_open(self) -> None:
        detail = self.page.detail.shown
        if detail is not None and detail.open is not None:
            self.desk.shell.show_page(*detail.open)


def _resolve(key: str, choices: dict[str, str], seen: Any, uow: Any) -> None:
    questions.resolve(uow, key, choices, seen)


def _drop(key: str, uow: Any) -> None:
    questions.drop(uow, key)


def _put_back(key: str, uow: Any) -> None:
    questions.put_back(uow, key)


def _keep_both(key: str, uow: Any) -> None:
    questions.keep_both(uow, key)


def _leave(key: str, uow: Any) -> None:
    questions.leave(uow, key)


def _reopen(key: str, uow: Any) -> None:
    questions.reopen(uow, key)
