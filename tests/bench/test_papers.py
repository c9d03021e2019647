"""A statement of account as PDF: within 2 s the first time, 0.5 s after, 150 lines on it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from time import monotonic

from kam_desktop.documents import renderer, statement
from kam_desktop.domain.entities import FIRM_ID, Account, Firm, Invoice
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import collection
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock

FIRST_S, AGAIN_S = 2.0, 0.5


def test_a_statement_is_set_in_time(tmp_path: Path) -> None:
    clock = FakeClock()
    store = Store.create(tmp_path, DataKey.new(), "papers", clock, RandomIds(clock))
    with store.edit("Records") as uow:
        uow.add(Firm(id=FIRM_ID, legal_name="Mây Lành"))
        account = Account(id=uow.new_id(), name="Sữa Đồng Xanh")
        uow.add(account)
        for number in range(150):
            plain = Invoice(
                id="", account=account.id, number=str(number), issued_on=date(2026, 1, 1 + number % 28), net=9, total=9
            )
            collection.create_invoice(uow, plain)
    taken = []
    for _ in range(4):
        started = monotonic()
        with store.reader() as reader:
            made = statement.statement(reader, account.id, date(2026, 1, 1), date(2026, 2, 28))
        assert renderer.pdf(statement.paper(made, "vi+en")).startswith(b"%PDF")
        taken.append(monotonic() - started)
    store.close()
    print("statement of 150 lines, seconds:", [round(each, 3) for each in taken])
    assert taken[0] <= FIRST_S
    assert max(taken[1:]) <= AGAIN_S
