"""The small forms of the collections: a reason, a payer, papers confirmed, a promise to pay."""

from __future__ import annotations

from datetime import date

from PySide6.QtWidgets import QVBoxLayout, QWidget

from kam_desktop.domain.entities import DocumentsConfirmed, PromiseToPay, Receipt, ReceiptDecision
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.form_dialog import two_columns
from kam_desktop.ui.kit.labels import caption
from kam_desktop.ui.kit.record_form import RecordForm


def channel_names() -> dict[str, str]:
    """How a promise was made, in the current language."""
    return {"call": tr("Call"), "meeting": tr("Meeting"), "message": tr("Message"), "letter": tr("Letter"),
            "other": tr("Other")}  # fmt: skip


class _Deed(RecordForm):
    """A form of few fields that is saved as a whole."""

    _says = ""

    def _lay(self, rows: list[list[QWidget]], words: str) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(12))
        box.addWidget(caption(words, "text2", wrap=True))
        box.addWidget(self.problem_line())
        box.addLayout(two_columns(rows))


class RejectForm(_Deed):
    """Why a receipt is not there."""

    def __init__(self, today: date) -> None:
        super().__init__(ReceiptDecision, today=today)
        self._lay([[self.add("reason")]], tr("It never counts, and what it was laid against is open again."))


class PayerForm(_Deed):
    """Whose money a receipt is."""

    def __init__(self, today: date) -> None:
        super().__init__(Receipt, today=today)
        words = tr("The receipt is entered again for this customer; the one without a payer is rejected.")
        self._lay([[self.add("account")]], words)


class PapersForm(_Deed):
    """Since when the customer has the full document set, who said so, and how we know."""

    def __init__(self, today: date) -> None:
        super().__init__(DocumentsConfirmed, today=today)
        self._lay([[self.add("confirmed_on"), self.add("confirmed_by")], [self.add("evidence", lines=3)]],
                  tr("From that day the term counts that waited for papers."))  # fmt: skip


class PromiseForm(_Deed):
    """What a customer promised to pay, and by when."""

    def __init__(self, today: date) -> None:
        super().__init__(PromiseToPay, today=today)
        self._lay([[self.add("amount"), self.add("pay_on")],
                   [self.add("contact"), self.add("channel", names=channel_names())],
                   [self.add("remark", lines=3)]],
                  tr("Whether it is kept shows by itself, from the money that comes in."))  # fmt: skip
