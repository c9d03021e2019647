"""One entry of the sync page opened: what happened, its values, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from kam_desktop.language import tr, trn
from kam_desktop.ui import keymap, theme
from kam_desktop.ui.badges import KeyCap
from kam_desktop.ui.form_dialog import head_name
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.frames import Panel, action_bar, page_head, scrolled
from kam_desktop.ui.kit.labels import ElidedLabel, PlainLabel, caption
from kam_desktop.ui.kit.states import Notice
from kam_desktop.ui.pages.sync.answers import Detail
from kam_desktop.ui.pages.sync.choice import GroupChoice, GroupShown, Heads

_ASKS = ("conflict", "deleted", "refused", "stuck", "recovered")
"""The kinds of entries that wait for somebody to decide."""


class DetailPanel(Panel):
    """The right side of the page.

    Signals:
        chosen(str, str): a group's key and the side chosen for it.
        apply_wanted: the choices are made, or the entry is to be sent again.
        open_wanted, drop_wanted, back_wanted, both_wanted, leave_wanted, again_wanted: edit by hand, let go, put the
            other value of a merge back, let both stand, leave it as it stands, open a decision again.
    """

    chosen = Signal(str, str)
    apply_wanted = Signal()
    open_wanted = Signal()
    drop_wanted = Signal()
    back_wanted = Signal()
    both_wanted = Signal()
    leave_wanted = Signal()
    again_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.groups: list[GroupChoice] = []
        self._title = head_name()
        self._sub = ElidedLabel(tone="muted")
        self.open = Button(tr("Edit by hand"))
        self.open.clicked.connect(self.open_wanted)
        head = page_head(self._title, self._sub, self.open)
        head.box.setStretchFactor(self._sub, 1)
        self.add(head)
        told = Panel(margins=(24, 0, 24, 12), gap=8, lines="bottom")
        self._words = PlainLabel(tone="text2", wrap=True)
        self._changed = Notice(
            tr("One side changed while this was open. What you had chosen for it is asked again."), "warning", "info"
        )
        self._behind = caption(wrap=True)
        told.add(self._words, self._changed, self._behind)
        self.add(told)
        self._inner = QWidget()
        self._box = QVBoxLayout(self._inner)
        self._box.setContentsMargins(theme.px(24), theme.px(16), theme.px(24), 0)
        self._content = QWidget()
        self._box.addWidget(self._content)
        self._box.addStretch()
        self.add(scrolled(self._inner), stretch=1)
        self.drop = Button(tr("Let go …"))
        self.drop.clicked.connect(self.drop_wanted)
        self.back = Button(tr("Put back"), icon="undo-2")
        self.back.clicked.connect(self.back_wanted)
        self.both = Button(tr("Keep both"))
        self.both.clicked.connect(self.both_wanted)
        self.leave = Button(tr("Leave as it stands"), icon="check")
        self.leave.clicked.connect(self.leave_wanted)
        self.again = Button(tr("Decide again"), icon="undo-2")
        self.again.clicked.connect(self.again_wanted)
        self.apply = Button(tr("Apply"), kind="primary", key="⏎")
        self.apply.clicked.connect(self.apply_wanted)
        self._hint = QWidget()
        hints = QHBoxLayout(self._hint)
        hints.setContentsMargins(0, 0, 0, 0)
        hints.setSpacing(theme.px(8))
        for widget in (
            KeyCap("←"), KeyCap("→"), caption(tr("choose a side"), "text2"), KeyCap(keymap.shown("undo")),
            caption(tr("undo"), "text2"),
        ):  # fmt: skip
            hints.addWidget(widget)
        deeds = (self.drop, self.both, self.back, self.leave, self.again, self.apply)
        self._bar = action_bar(self._hint, None, *deeds, side=24)
        self.add(self._bar)
        self.shown: Detail | None = None

    def show_detail(self, detail: Detail, choices: Mapping[str, str], changed: bool) -> None:
        """Shows an entry with the choices made so far; `changed`: one side is another since it was opened."""
        kept = self._focused()
        self.shown = detail
        self._title.setText(detail.title)
        self._sub.setText(detail.sub)
        self._words.setText(detail.words)
        self._changed.setVisible(changed)
        waits = trn("{n} other change waits with it.", "{n} other changes wait with it.", detail.behind)
        self._behind.setText(waits)
        self._behind.setVisible(bool(detail.behind))
        self._fill(detail, choices)
        conflict = detail.kind == "conflict"
        self._hint.setVisible(conflict and bool(self.groups))
        self.open.setVisible(detail.open is not None)
        deleted, asks = detail.kind == "deleted", detail.kind in _ASKS
        self.drop.setVisible(asks)
        self.drop.set_label(tr("Delete anyway") if deleted else tr("Let go …"))
        self.back.setVisible(detail.can_put_back)
        self.leave.setVisible(detail.can_put_back)
        self.both.setVisible(detail.can_keep_both)
        self.again.setVisible(detail.can_open_again)
        self.apply.setVisible(asks and detail.can_send)
        taken = tr("Take back in") if detail.kind == "recovered" else tr("Send again")
        self.apply.set_label(tr("Apply") if conflict else tr("Keep it") if deleted else taken)
        self._bar.setVisible(detail.kind not in ("waiting", "sent"))
        self.show_choices(choices)
        for group in self.groups:
            if kept is not None and group.group.key == kept:
                group.take_focus()

    def _fill(self, detail: Detail, choices: Mapping[str, str]) -> None:
        made = QWidget()
        box = QVBoxLayout(made)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(4))
        self.groups = []
        heads = tuple(each for each in detail.heads if each.title)
        if heads and detail.groups:
            box.addWidget(Heads(heads))
        for group in detail.groups:
            if detail.kind == "conflict" and not group.decided:
                choice = GroupChoice(group, choices.get(group.key, ""))
                choice.chosen.connect(self.chosen)
                choice.group_wanted.connect(lambda step, choice=choice: self._go(choice, step))
                choice.applied.connect(self._on_enter)
                self.groups.append(choice)
                box.addWidget(choice)
        decided = [group for group in detail.groups if group.decided or detail.kind != "conflict"]
        if decided and detail.kind == "conflict":
            box.addWidget(caption(tr("Nobody else changed this; yours is sent along")))
        for group in decided:
            box.addWidget(GroupShown(group, detail.heads))
        self._box.replaceWidget(self._content, made)
        self._content.hide()
        self._content.deleteLater()
        self._content = made

    def show_choices(self, choices: Mapping[str, str]) -> None:
        """Whether everything is chosen that has to be."""
        left = [group for group in self.groups if group.group.key not in choices]
        self.apply.setEnabled(not left)

    def take_focus(self) -> None:
        """Puts the keyboard on the first group that is not chosen, else on the first deed."""
        group = next((each for each in self.groups if not each.side), self.groups[0] if self.groups else None)
        if group is not None:
            group.take_focus()
        else:
            for button in (self.apply, self.leave, self.back, self.again, self.open):
                if button.isVisible():
                    button.setFocus(Qt.FocusReason.TabFocusReason)
                    return

    def _go(self, choice: GroupChoice, step: int) -> None:
        at = self.groups.index(choice) + step
        if 0 <= at < len(self.groups):
            self.groups[at].take_focus()

    def _on_enter(self) -> None:
        if self.apply.isEnabled():
            self.apply_wanted.emit()
        else:
            self.take_focus()

    def _focused(self) -> str | None:
        return next((each.group.key for each in self.groups if each.isAncestorOf(each.focusWidget() or each) and any(
            button.hasFocus() for button in each.buttons.values())), None)  # fmt: skip
