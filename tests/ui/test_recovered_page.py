"""What the server had lost, on the sync page: taken back in, let go, opened again."""

from __future__ import annotations

from pathlib import Path

from kam_desktop.domain.entities import Account
from kam_desktop.server import backup
from tests.server.house import House
from tests.sync.world import server_rows
from tests.ui.test_sync_page import ACCOUNT, Seat, house, put, seat

__all__ = ["house", "seat"]


def lose(seat: Seat, house: House, file: Path) -> None:
    """Lan writes two fields of a customer of hers; the server loses them, and she let go of what she had sent."""
    made = backup.make(house.database, file, house.clock)
    put(seat.an, Account, ACCOUNT, phone="0911", address="Huế")
    assert seat.an.sync()
    seat.sync()
    with seat.an.store.database.write() as connection:
        connection.exec_driver_sql("delete from acknowledged")
    backup.restore(house.database, made.path, "production", house.clock, house.ids, replace=True)
    with house.database.write() as connection:  # the customer is Lan's by now
        connection.run("update account set owner = ? where id = ?", (seat.lan.user, ACCOUNT))


def test_taken_back_in_by_its_owner(seat: Seat, house: House, tmp_path: Path) -> None:
    lose(seat, house, tmp_path / "b.kamserver")
    assert seat.an.sync(), "An's laptop hands it in"
    seat.sync()
    seat.sync()
    page = seat.page("needs")
    shown = page.detail.shown
    assert shown is not None and (shown.kind, shown.title) == ("recovered", "Công ty Sữa Mây")
    assert {"Huế", "0911"} == {row.mine for row in shown.groups[0].rows}
    assert seat.desktop.sync.now.needs_you == 1
    page.detail.apply.click()
    seat.settle()
    seat.sync()
    assert server_rows(house, "account")[ACCOUNT]["phone"] == "0911"
    assert seat.desktop.sync.now.needs_you == 0
    assert "Công ty Sữa Mây" in seat.toasts()


def test_let_go_and_undone(seat: Seat, house: House, tmp_path: Path) -> None:
    lose(seat, house, tmp_path / "b.kamserver")
    assert seat.an.sync()
    seat.sync()
    seat.sync()
    shown = seat.page("needs").detail.shown
    assert shown is not None
    group = shown.id.removeprefix("recovered:")
    seat.desktop.sync.at_server(lambda agent: agent.settle_recovered([group], "drop"), lambda: None, lambda _: None)
    seat.settle()
    seat.sync()
    assert seat.desktop.sync.now.needs_you == 0
    seat.desktop.sync.at_server(lambda agent: agent.settle_recovered([group], "reopen"), lambda: None, lambda _: None)
    seat.settle()
    seat.sync()
    assert seat.desktop.sync.now.needs_you == 1
