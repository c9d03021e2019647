"""The ageing's part of the collections controller, its list tools, and those of the two plain lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer

from kam_desktop.language import tr
from kam_desktop.ui.list_tools import Deed, ListTools
from kam_desktop.ui.pages.collection import questions
from kam_desktop.ui.pages.collection.ageing import ALL, AgeingShown, LateLine
from kam_desktop.ui.pages.collection.ageing_figures import Pace
from kam_desktop.ui.pages.collection.receipt import deed_words, deeds

_MANY, _REST_MS = 2000, 3000  # customers, from which on DSO and CEI are asked for when the view is at rest


class AgeingPart(QObject):
    """Answers the matrix of one collections page; whose customers it shows, the worklist shows too.

    Attributes:
        owner: the id of the person in charge, industry: of the customers; "" for all.
    """

    def __init__(self, controller: Any) -> None:
        super().__init__(controller)
        self._controller, self._page = controller, controller.page
        self.owner = self.industry = ""
        self._rest = QTimer(self, singleShot=True)
        self._rest.timeout.connect(self._ask_pace)
        page = self._page
        page.owner_chosen.connect(lambda key: self.narrow(owner=key))
        page.industry_chosen.connect(lambda text: self.narrow(industry=text))
        self.tools = ListTools(controller, self, page.ageing, "ageing", tr("Ageing"))
        self.open_tools = ListTools(controller, _OpenList(controller), page.open, "collection", tr("Open instalments"))
        self.receipt_tools = ListTools(controller, _ReceiptList(controller), page.receipts, "receipt",
                                       tr("Money received"))  # fmt: skip

    def refresh(self) -> None:
        """Asks for the sums; what the law says of them comes after."""
        as_of, currency = self._controller.as_of, self._controller.currency
        question = partial(questions.ask_ageing, as_of=as_of, currency=currency, whose=self.owner,
                           industry=self.industry)  # fmt: skip
        self._controller.ask(question, self._show, "view")

    def ask_owners(self) -> None:
        """Asks who is in charge of customers."""
        self._controller.ask(questions.ask_owners, lambda found: self._page.offer_owners(*found), "owners")

    def narrow(self, owner: str | None = None, industry: str | None = None) -> None:
        """The customers of somebody, or of an industry; "" for all."""
        self.owner = self.owner if owner is None else owner
        self.industry = self.industry if industry is None else industry
        self._page.show_whose(self.owner, self.industry)
        self._controller.work.narrow(owner=self.owner)

    def _show(self, answer: tuple[Any, AgeingShown]) -> None:
        report, shown = answer
        known = self._page.ageing.strip.pace
        if known is not None and (known.as_of, known.currency) != (report.as_of, report.currency):
            self._page.ageing.strip.show_pace(None)
        self._page.ageing.show_ageing(shown)
        self._controller.around(report, len(shown.rows), narrowed=bool(self.owner or self.industry))

        def show_late(found: Mapping[str, LateLine]) -> None:
            now = self._page.ageing.model.shown
            if (now.as_of, now.currency) == (report.as_of, report.currency):
                self._page.ageing.show_late(found)

        question = partial(questions.ask_late, as_of=report.as_of, currency=report.currency)
        self._controller.ask(question, show_late, "late")
        # read from every sale there is: with very many of them nobody who goes on at once waits behind that
        self._rest.start(0 if len(report.rows) < _MANY else _REST_MS)

    def _ask_pace(self) -> None:
        shown = self._page.ageing.model.shown
        if shown.as_of is not None and self._page.ageing.isVisible():
            self._controller.ask_pace(shown.as_of, shown.currency, self._show_pace)

    def _show_pace(self, pace: Pace) -> None:
        shown = self._page.ageing.model.shown
        if (shown.as_of, shown.currency) == (pace.as_of, pace.currency):
            self._page.ageing.strip.show_pace(pace)

    # What the tools of the list ask (list_tools.Listed).

    def view_settings(self) -> dict[str, Any]:
        """See list_tools.Listed."""
        return {"owner": self.owner, "industry": self.industry}

    def use_view(self, settings: Mapping[str, Any]) -> None:
        """See list_tools.Listed."""
        self.narrow(str(settings.get("owner", "")), str(settings.get("industry", "")))

    def deeds(self) -> Sequence[Deed]:
        """See list_tools.Listed."""
        return (Deed(tr("Open"), "corner-down-left", lambda ids: self._open(ids[0]), single=True),)

    def _open(self, key: str) -> None:
        row = self._page.ageing.model.answer.rows.get(key)
        if row is not None:
            self._page.ageing.cell_opened.emit(row.account, ALL)

    def row_question(self) -> Callable[[Any, Sequence[str]], Mapping[str, Any]]:
        """See list_tools.Listed: they are all in memory."""
        rows = self._page.ageing.model.answer.rows
        return lambda _reader, ids: {key: rows[key] for key in ids if key in rows}


class _OpenList:
    """What the tools of the list of open instalments ask (list_tools.Listed)."""

    def __init__(self, controller: Any) -> None:
        self._controller = controller

    def view_settings(self) -> dict[str, Any]:
        """See list_tools.Listed."""
        return {}

    def use_view(self, _settings: Mapping[str, Any]) -> None:
        """See list_tools.Listed: all customers and ages."""
        self._controller.page.filter_cleared.emit()

    def deeds(self) -> Sequence[Deed]:
        """See list_tools.Listed."""
        show = self._controller.show_instalment
        return (
            Deed(tr("Open"), "corner-down-left", lambda ids: show(ids[0]), single=True),
            Deed(tr("Log the outcome"), "phone", self._log, key="log"),
            Deed(tr("Record a receipt"), "banknote", self._receipt, single=True, key="receipt"),
        )

    def _lines(self, ids: Sequence[str]) -> list[Any]:
        model = self._controller.page.open.model
        return [line for line in (model.row_value(key) for key in ids) if line is not None]

    def _log(self, ids: Sequence[str]) -> None:
        self._controller.work.log(list(dict.fromkeys(line.invoice for line in self._lines(ids))))

    def _receipt(self, ids: Sequence[str]) -> None:
        for line in self._lines(ids):
            self._controller.page.invoice.receipt_wanted.emit(line.account_id)

    def row_question(self) -> Callable[[Any, Sequence[str]], Mapping[str, Any]]:
        """See list_tools.Listed."""
        return partial(_open_lines, as_of=self._controller.as_of)


def _open_lines(reader: Any, ids: Sequence[str], as_of: Any) -> Mapping[str, Any]:
    return questions.open_lines(reader, ids, as_of)


class _ReceiptList:
    """What the tools of the list of money received ask (list_tools.Listed)."""

    def __init__(self, controller: Any) -> None:
        self._controller = controller

    def view_settings(self) -> dict[str, Any]:
        """See list_tools.Listed."""
        return {"all": self._controller.page.every_receipt}

    def use_view(self, settings: Mapping[str, Any]) -> None:
        """See list_tools.Listed."""
        self._controller.page.show_receipts_of_all(bool(settings.get("all", False)))

    def deeds(self) -> Sequence[Deed]:
        """See list_tools.Listed: the verbs of the receipt that the keyboard is on."""
        page = self._controller.page
        key = page.receipts.place.current()
        line = page.receipts.model.row_value(key) if key else None
        if line is None:
            return ()
        words = deed_words()
        return [Deed(*words[deed], partial(self._do, deed), single=True)
                for deed in deeds(line.status, line.account_id, line.left)]  # fmt: skip

    def _do(self, deed: str, ids: Sequence[str]) -> None:
        self._controller.page.receipt.deed_wanted.emit(deed, ids[0])

    def row_question(self) -> Callable[[Any, Sequence[str]], Mapping[str, Any]]:
        """See list_tools.Listed."""
        return partial(_receipt_lines, left=self._controller.left)


def _receipt_lines(reader: Any, ids: Sequence[str], left: Mapping[str, int]) -> Mapping[str, Any]:
    return questions.receipt_lines(reader, ids, left)
