"""Joins the client's page to the lanes: pictures a moment after every change, and the PDF into a file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage

from kam_desktop.domain.errors import Refused
from kam_desktop.language import tr
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.kit.record_controller import RecordController
from kam_desktop.ui.pages.proposal.preview import Preview
from kam_desktop.ui.sentences import sentence

PAUSE_MS = 250  # between two cells committed; the sheet of 500 lines takes 0.6 s of the processor


class PaperSide:
    """The quotation of the version on the screen.

    Args:
        questions: what may ask services and documents (the page's questions.py).
    """

    def __init__(self, controller: RecordController, preview: Preview, questions: Any, today: date) -> None:
        self._controller, self._preview, self._questions, self._today = controller, preview, questions, today
        self._proposal = self._version = self._name = self._form = ""
        self._newest = 0
        self._change, self._shown = 0, -1  # counts what changed the page; which of them the page shows or is asked for
        self._soon = QTimer(preview, singleShot=True, interval=PAUSE_MS)
        self._soon.timeout.connect(self._ask)
        preview.shown.connect(self._ask)  # who looks at the page waits for it: only typing makes it pause
        preview.language_chosen.connect(self._on_language)

    def show(self, proposal: str, version: str, name: str, language: str) -> None:
        """Another version, or the same one changed; the page follows after a pause."""
        if version != self._version:
            self._form = language
            self._preview.languages.choose(language)
        self._proposal, self._version, self._name = proposal, version, name
        self.touch()

    def touch(self) -> None:
        """Something of the version changed; the page follows after a pause."""
        self._change += 1
        self._soon.start()

    def _on_language(self, form: str) -> None:
        self._form = form
        self._change += 1
        self._ask()

    def _question(self) -> Any:
        proposal, version, form, today = self._proposal, self._version, self._form, self._today
        ask = self._questions.ask_paper
        return lambda reader: ask(reader, proposal, version, form, today)

    def _folder(self) -> Path | None:
        # the firm's own templates lie in the profile
        return getattr(self._controller.desk.background.profile, "folder", None)

    def _ask(self) -> None:
        if self._version and self._preview.isVisible() and self._shown != self._change:
            self._newest += 1
            self._shown = self._change
            background, number = self._controller.desk.background, self._newest
            background.ask(self._question(), lambda answer: self._set(answer[0], number), self._failed,
                           key=f"{id(self)}", owner=self._preview)  # fmt: skip

    def _set(self, paper: Any, number: int) -> None:
        """Has the pages set in the lane of files, and unpacked those that are looked at; the others are when seen.

        What is older than the newest question is not begun.
        """
        set_pages, folder = self._questions.set_pages, self._folder()
        background, at = self._controller.desk.background, self._preview.page() - 1

        def first() -> tuple[list[bytes], list[QImage]]:
            if number != self._newest:
                return [], []
            pages = set_pages(paper, folder)
            looked_at = range(min(at, len(pages) - 1), min(at, len(pages) - 1) + 2)
            return pages, [QImage.fromData(page) if at in looked_at else QImage() for at, page in enumerate(pages)]

        def show(answer: tuple[list[bytes], list[QImage]]) -> None:
            if number == self._newest:
                self._preview.show_images(answer[1], answer[0])

        background.run("files", first, show, self._failed, owner=self._preview)

    def _failed(self, failure: Any) -> None:
        self._shown = -1
        if isinstance(failure, Refused):
            self._preview.show_failure(" ".join(map(sentence, failure.problems)))

    # Into a file.

    def export(self) -> None:
        """Asks where to, and writes the PDF; what the sender should know is said beside."""
        if not self._version:
            return
        name = "".join(each if each not in '\\/:*?"<>|' else " " for each in self._name).strip() or tr("Quotation")
        target = dialogs.choose_target(
            self._preview.window(), tr("Quotation as PDF"), f"{name}.pdf", [("PDF", "*.pdf")]
        )
        if target is not None:
            self.export_to(target if target.suffix.lower() == ".pdf" else target.with_name(target.name + ".pdf"))

    def export_to(self, target: Path) -> None:
        """Writes the PDF of the version on the screen."""
        write, folder, shell = self._questions.write_paper, self._folder(), self._controller.desk.shell

        def made(answer: Any) -> None:
            paper, notes = answer

            def done(_nothing: object) -> None:
                words = tr("{name} is written", name=target.name)
                shell.toast(" ".join([words, *map(sentence, notes)]), None, "warning" if notes else "")

            background = self._controller.desk.background
            background.run("files", lambda: write(target, paper, folder), done, self._controller.refuse,
                           owner=self._controller)  # fmt: skip

        self._controller.ask(self._question(), made)
