"""The import page: choose or drop files, look at every row, import, see what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.language import tr, trn
from kam_desktop.ui import theme
from kam_desktop.ui.charts import Progress
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.kit.buttons import Button
from kam_desktop.ui.kit.frames import Card, Panel, action_bar, page_head
from kam_desktop.ui.kit.labels import ElidedLabel, IconLabel, PlainLabel, caption, section, strong, title
from kam_desktop.ui.pages.importing.form import LATER, OpeningForm
from kam_desktop.ui.pages.importing.kinds import CREATE, SKIP, UPDATE
from kam_desktop.ui.pages.importing.parts import DropZone, Steps
from kam_desktop.ui.pages.importing.preview import Preview, PreviewShown

CHOOSE, READING, PREVIEW, OPENING, DONE = "choose", "reading", "preview", "opening", "done"


@dataclass(frozen=True)
class Outcome:
    """What an import did; `step` can be taken back, `notes` are sentences worth reading."""

    created: int
    updated: int
    unchanged: int
    skipped: int
    step: int
    invoices: bool
    notes: Sequence[str] = ()


class ImportPage(QWidget):
    """The page.

    Signals:
        files_chosen(list): paths of files and folders to read.
        cancel_wanted: stop reading.
        import_wanted: take the rows over (asks the opening question first, where there are new invoices).
        opening_answered(OpeningAnswer): which invoices are open.
        back_wanted: one step back.
        rejected_wanted(Path): write the rejected rows to that file.
        undo_wanted(step): take the import back.
        page_wanted(key): go to another page.
        place_wanted(place): another page leads here.
    """

    files_chosen = Signal(list)
    cancel_wanted = Signal()
    import_wanted = Signal()
    opening_answered = Signal(object)
    back_wanted = Signal()
    rejected_wanted = Signal(object)
    undo_wanted = Signal(int)
    page_wanted = Signal(str)
    place_wanted = Signal(str)

    def __init__(self, today: date) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self._state, self._asks = CHOOSE, False
        self._name = ElidedLabel(tone="muted")
        self.steps = Steps()
        self.preview = Preview()
        self.opening = OpeningForm(today)
        self.opening.changed.connect(self._tell_opening)
        self._views = QStackedWidget()
        self._zone = DropZone(margins=(32, 32, 32, 32), gap=8)
        self._pages = {CHOOSE: self._choose(), READING: self._reading(), PREVIEW: self.preview, OPENING: self.opening,
                       DONE: QWidget()}  # fmt: skip
        for page in self._pages.values():
            self._views.addWidget(page)
        self._build_foot()
        main = QVBoxLayout(self)
        main.setContentsMargins(0, 0, 0, 0)
        main.setSpacing(0)
        head = page_head(title(tr("Import")))
        head.add(self._name, stretch=1)
        main.addWidget(head.add(self.steps))
        main.addWidget(self._views, 1)
        main.addWidget(self._foot)
        for keys, deed in (
            ("Ctrl+Return", self._on_primary),
            ("Ctrl+Enter", self._on_primary),
            ("Escape", self._on_escape),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(deed)
        self.show_choose()

    def _choose(self) -> QWidget:
        page = Panel(margins=(24, 0, 24, 24), gap=16)
        icon = IconLabel("upload", "muted", 24)
        self._zone.box.addStretch(1)
        for widget in (icon, strong(tr("Drop files, a folder or a ZIP here")),
                       caption(tr("Nothing is written before you have looked at every row."))):  # fmt: skip
            self._zone.box.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.px(8))
        self._files = Button(tr("Choose files"), kind="primary", icon="file-spreadsheet")
        self._files.clicked.connect(self.choose_files)
        folder = Button(tr("Choose a folder"), icon="folder-open")
        folder.clicked.connect(self._choose_folder)
        buttons.addStretch()
        buttons.addWidget(self._files)
        buttons.addWidget(folder)
        buttons.addStretch()
        self._zone.box.addSpacing(theme.px(8))
        self._zone.box.addLayout(buttons)
        self._zone.box.addStretch(1)
        self._zone.setMinimumHeight(theme.px(240))
        page.add(self._zone, stretch=1)
        known = QHBoxLayout()
        known.setSpacing(theme.px(24))
        for drawing, name, words in (
            ("users", tr("Customers from Excel or CSV"),
             tr("Vietnamese or English column names, text numbers and title rows are understood.")),
            ("receipt-text", tr("E-invoices as XML, ZIP or a folder"),
             tr("Our tax code tells sales from purchases; adjustments and replacements find their invoice.")),
        ):  # fmt: skip
            block = QVBoxLayout()
            block.setSpacing(theme.px(2))
            block.addWidget(strong(name))
            block.addWidget(caption(words, wrap=True))
            block.addStretch()
            known.addWidget(IconLabel(drawing, "text2", 16, tile="subtle"), 0, Qt.AlignmentFlag.AlignTop)
            known.addLayout(block, 1)
        page.box.addLayout(known)
        return page

    def _reading(self) -> QWidget:
        page = Panel(margins=(24, 24, 24, 24))
        box = Card(margins=(24, 20, 24, 20), gap=12)
        self._told = strong()
        self._progress = Progress(name=tr("Reading"))
        self._counted = caption()
        stop = Button(tr("Stop"), key="Esc")
        stop.clicked.connect(self.cancel_wanted)
        row = QHBoxLayout()
        row.addWidget(self._counted, 1)
        row.addWidget(stop)
        box.add(self._told, self._progress)
        box.box.addLayout(row)
        page.add(box)
        page.box.addStretch(1)
        return page

    def _build_foot(self) -> None:
        self._save_rejected = Button("", icon="download")
        self._save_rejected.clicked.connect(self._on_rejected)
        self._foot_note = ElidedLabel(size=theme.CAPTION, tone="muted")
        self._foot_note.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._back = Button(tr("Back"), icon="arrow-left")
        self._back.clicked.connect(self.back_wanted)
        self._go = Button("", kind="primary", key="Ctrl Enter")
        self._go.clicked.connect(self._on_primary)
        self._foot = action_bar(self._save_rejected, self._foot_note, None, self._back, self._go, side=24)

    # What the controller shows.

    def state(self) -> str:
        """Which of the five states is shown."""
        return self._state

    def show_choose(self) -> None:
        """Waits for files."""
        self._name.setText("")
        self._show(CHOOSE)
        self.setFocusProxy(self._files)

    def show_reading(self, name: str) -> None:
        """Files are being read."""
        self._name.setText(name)
        self._told.setText(tr("Reading {name}", name=name))
        self.show_progress(0, 0)
        self._show(READING)

    def show_progress(self, done: int, total: int) -> None:
        """How far the reading is; total 0 while nobody knows."""
        self._progress.set_share(done / total if total else 0)
        words = tr("{done} of {total} files", done=formats.number(done), total=formats.number(total))
        self._counted.setText(words if total else tr("Opening the files"))

    def hold_import(self) -> None:
        """Nothing can be imported until the next preview: it is planned anew."""
        self._go.setEnabled(False)

    def show_preview(self, shown: PreviewShown, name: str, *, asks: bool, keep: bool = False) -> None:
        """Everything was read; `asks` says that the opening question follows, `keep` that it is the same preview."""
        self._asks = asks
        self._name.setText(f"{name} · {trn('{n} row', '{n} rows', len(shown.rows))}")
        self.preview.show_preview(shown, keep=keep)
        writes, skipped = shown.count(CREATE) + shown.count(UPDATE), shown.count(SKIP)
        self._save_rejected.set_label(trn("Save {n} skipped row", "Save {n} skipped rows", skipped))
        self._save_rejected.setVisible(skipped > 0)
        self._foot_note.setText(tr("Nothing is written yet. An import can be taken back as a whole."))
        self._go.setEnabled(writes > 0)
        label = trn("Import {n} row", "Import {n} rows", writes) if writes else tr("Nothing to import")
        self._go.set_label(tr("Go on: which are open?") if asks and writes else label)
        self._show(PREVIEW)
        if not keep:
            self.preview.setFocus()

    def show_opening(self, *, alone: bool = False) -> None:
        """Asks which invoices are open; `alone` when the invoices were imported before."""
        self._alone = alone
        self._save_rejected.hide()
        self._foot_note.setText("" if alone else tr("Nothing is written yet. An import can be taken back as a whole."))
        self._show(OPENING)
        self._tell_opening()
        self.opening.setFocus()

    def show_done(self, outcome: Outcome) -> None:
        """The import is written."""
        old = self._pages[DONE]
        self._views.removeWidget(old)
        old.deleteLater()
        self._pages[DONE] = self._done(outcome)
        self._views.addWidget(self._pages[DONE])
        self._show(DONE)

    def _done(self, outcome: Outcome) -> QWidget:
        page = Panel(margins=(24, 24, 24, 24), gap=8)
        page.add(IconLabel("circle-check", "success", 24))
        page.add(section(tr("The import is saved.")))
        counts = (
            trn("{n} new", "{n} new", outcome.created), trn("{n} updated", "{n} updated", outcome.updated),
            trn("{n} unchanged", "{n} unchanged", outcome.unchanged),
            trn("{n} skipped", "{n} skipped", outcome.skipped),
        )  # fmt: skip
        page.add(PlainLabel(" · ".join(counts), tone="text2", wrap=True))
        for sentence in outcome.notes:
            page.add(PlainLabel(sentence, tone="warning", wrap=True))
        page.box.addSpacing(theme.px(8))
        see = Button(tr("See the money due") if outcome.invoices else tr("See the customers"), kind="primary",
                     icon="wallet" if outcome.invoices else "users")  # fmt: skip
        see.clicked.connect(lambda: self.page_wanted.emit("collection" if outcome.invoices else "account"))
        more = Button(tr("Import more files"), icon="upload")
        more.clicked.connect(self.show_choose)
        undo = Button(tr("Take the import back"), kind="flat", icon="undo-2")
        undo.clicked.connect(lambda: self.undo_wanted.emit(outcome.step))
        undo.setVisible(outcome.step > 0)
        row = QHBoxLayout()
        row.setSpacing(theme.px(8))
        for button in (see, more, undo):
            row.addWidget(button)
        row.addStretch()
        page.box.addLayout(row)
        page.box.addStretch(1)
        page.setFocusProxy(see)
        return page

    def _show(self, state: str) -> None:
        self._state = state
        steps = [(CHOOSE, tr("Files")), (PREVIEW, tr("Preview"))]
        steps += [(OPENING, tr("Still open"))] if self._asks or state == OPENING else []
        self.steps.show_steps([*steps, (DONE, tr("Done"))], PREVIEW if state == READING else state)
        self._views.setCurrentWidget(self._pages[state])
        self._foot.setVisible(state in (PREVIEW, OPENING))
        self._back.set_label(tr("Other files") if state == PREVIEW else tr("Back"))
        if state in (READING, DONE):
            self.setFocusProxy(self._pages[state])

    def _tell_opening(self) -> None:
        if self._state == OPENING:
            later = self.opening.answer().kind == LATER
            alone = getattr(self, "_alone", False)
            self._go.setEnabled(True)
            self._go.set_label(
                tr("Save the answer") if alone else tr("Import, answer later") if later else tr("Import")
            )

    # What the user does.

    def choose_files(self) -> None:
        """Lets the user pick files."""
        kinds = [(tr("Lists and e-invoices"), "*.xlsx *.xlsm *.csv *.tsv *.txt *.xml *.zip"), (tr("All files"), "*")]
        found = dialogs.choose_files(self, tr("Choose files"), kinds)
        if found:
            self.files_chosen.emit(found)

    def _choose_folder(self) -> None:
        found = dialogs.choose_folder(self, tr("Choose a folder"))
        if found is not None:
            self.files_chosen.emit([found])

    def open_place(self, place: str) -> None:
        """ "opening" asks which imported invoices are open; nothing named leaves the page as it is."""
        if place:
            self.place_wanted.emit(place)

    def _on_rejected(self) -> None:
        target = dialogs.choose_target(
            self, tr("Save skipped rows"), f"{tr('skipped-rows')}.xlsx", [("Excel", "*.xlsx")]
        )
        if target is not None:
            self.rejected_wanted.emit(target)

    def _on_primary(self) -> None:
        if self._state == PREVIEW and self._go.isEnabled():
            self.import_wanted.emit()
        elif self._state == OPENING:
            self.opening_answered.emit(self.opening.answer())

    def _on_escape(self) -> None:
        if self._state == READING:
            self.cancel_wanted.emit()
        elif self._state in (PREVIEW, OPENING):
            self.back_wanted.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _local_files(event) and self._state in (CHOOSE, PREVIEW, DONE):
            event.acceptProposedAction()
            self._hover(True)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self._hover(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._hover(False)
        files = _local_files(event)
        if files:
            event.acceptProposedAction()
            self.files_chosen.emit(files)

    def _hover(self, on: bool) -> None:
        self._zone.hovered = on
        self._zone.update()


def _local_files(event: QDropEvent) -> list[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
