"""Sync in the window against the server's real core: words, keyboard, undo, refresh, closing."""

from __future__ import annotations

import dataclasses
import json
import random
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from kam_desktop.domain.entities import Account, Proposal, Task
from kam_desktop.domain.errors import Problem, Refused, Unavailable
from kam_desktop.language import use
from kam_desktop.server.database import Database
from kam_desktop.services import needs
from kam_desktop.store.lease import Lease
from kam_desktop.sync.agent import Agent
from kam_desktop.ui import sync_words
from kam_desktop.ui.desktop import Desktop, start_values
from kam_desktop.ui.sync_agent import Now
from tests.server.conftest import furnished
from tests.server.house import House
from tests.sync.world import Makers, NoSession, RealLaptop

ACCOUNT = "01890000-0000-7000-8000-000000000001"
PROPOSAL = "01890000-0000-7000-8000-000000000002"
TODAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
Keys = Qt.Key


def put(laptop: RealLaptop, record: type[Any], identity: str, **values: Any) -> None:
    laptop.edit(lambda uow: uow.put(dataclasses.replace(uow.many(record, [identity])[identity], **values)))


@dataclass
class Seat:
    """A window on Lan's laptop, and An's laptop beside it.

    Attributes:
        gate: cleared, the server's answers are held back; offline: raised, there is no network.
    """

    qtbot: Any
    desktop: Desktop
    an: RealLaptop
    lan: RealLaptop
    house: House
    gate: threading.Event
    offline: threading.Event

    def call(self, name: str, message: Mapping[str, Any], *, timeout_s: float = 0) -> Mapping[str, Any]:
        """The transport of the window."""
        if name == "wait":
            raise Unavailable("cut", "no long poll here")
        if self.offline.is_set():
            raise Unavailable("offline", "No network: {host} is not found. Your changes wait here.", host="kam.example")
        self.gate.wait(20)
        return self.lan.call(name, message)

    def settle(self) -> None:
        for _ in range(4):
            self.qtbot.waitUntil(self.desktop.background.is_idle, timeout=20_000)
            QApplication.processEvents()

    def sync(self) -> None:
        """One cycle, to its end."""
        self.desktop.sync.sync_now()
        self.qtbot.waitUntil(lambda: not self.desktop.sync.now.phase, timeout=20_000)
        self.settle()

    def press(self, key: Qt.Key) -> None:
        """A key where the keyboard is."""
        focused = self.desktop.window.focusWidget()
        assert focused is not None
        QTest.keyClick(focused, key)

    def page(self, place: str = "") -> Any:
        self.desktop.window.show_page("sync", place)
        self.settle()
        return self.desktop.window.page("sync")

    def toasts(self) -> str:
        return "\n".join(self.desktop.window.said)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = Database(f"sqlite:///{tmp_path / 'server.db'}")
    yield furnished(database)
    database.close()


@pytest.fixture
def seat(dressed: None, qtbot: Any, house: House, tmp_path: Path) -> Iterator[Seat]:
    made = Makers(tmp_path)
    an, lan = made.laptop(house, "An"), made.laptop(house, "Lan")
    an.connect()
    lan.connect()
    an.edit(lambda uow: uow.add(Account(id=ACCOUNT, name="Công ty Sữa Mây", owner=an.user, phone="028 3822 1100")))
    an.edit(lambda uow: uow.add(Proposal(id=PROPOSAL, account=ACCOUNT, title="Tết 2027", owner=an.user)))
    assert an.sync() and lan.sync()
    lan.state.set_note("sync.session.place", "profile")
    desktop = Desktop(house.clock, lan.store.ids, None)
    gate, offline = threading.Event(), threading.Event()
    gate.set()
    found = Seat(qtbot, desktop, an, lan, house, gate, offline)

    def agent(store: Any) -> Agent:
        built = Agent(store, None, house.clock, transport=lambda *_given: found, uniform=random.Random(1).uniform)
        built._open("https://kam.example", "")
        built._session = NoSession()  # type: ignore[assignment]
        return built

    desktop.sync.make = agent
    broken: list[Any] = []
    desktop.background.broken.connect(broken.append)
    desktop._telling = True
    desktop.background.open(lambda: lan.store, lambda: desktop.background.ask(start_values, desktop.opened))
    desktop.window.resize(1366, 768)
    desktop.window.show()
    desktop.window.activateWindow()
    qtbot.waitUntil(desktop.window.isActiveWindow, timeout=20_000)
    qtbot.waitUntil(lambda: desktop.sync.now.connected and not desktop.sync.now.phase, timeout=20_000)
    found.settle()
    yield found
    gate.set()
    desktop.window.close()
    desktop.background.close()
    an.close()
    desktop.window.deleteLater()
    assert not [getattr(each, "details", each) for each in broken]


def moved_by_both(seat: Seat) -> None:
    """Both moved the proposal; the server has An's stage."""
    put(seat.an, Proposal, PROPOSAL, stage="working")
    put(seat.lan, Proposal, PROPOSAL, stage="negotiating")
    assert seat.an.sync()
    seat.sync()


# The pill.

_HERE = Now(connected=True, signed_in=True, last_sync=NOON)


@pytest.mark.parametrize(
    ("now", "words", "tone"),
    [
        (Now(), "Saved on this computer", ""),
        (_HERE, "Synced at ", ""),
        (dataclasses.replace(_HERE, phase="syncing", done=3, whole=8), "Syncing 3/8", ""),
        (dataclasses.replace(_HERE, phase="connecting", done=3, whole=8), "Downloading 3 of 8 rows", ""),
        (dataclasses.replace(_HERE, waiting=4), "4 changes wait · last sync ", ""),
        (dataclasses.replace(_HERE, waiting=4, failure=Problem("server", "offline", "x")),
         "Offline · 4 changes wait · last sync ", ""),
        (dataclasses.replace(_HERE, failure=Problem("server", "busy", "x")), "The server is busy · last sync ", ""),
        (dataclasses.replace(_HERE, needs_you=2), "Needs you (2) · last sync ", "warning"),
        (dataclasses.replace(_HERE, needs_you=2, failure=Problem("server", "offline", "x")),
         "Needs you (2) · Offline · last sync ", "warning"),
        (dataclasses.replace(_HERE, braked=900), "Needs you (1) · last sync ", "warning"),
        (dataclasses.replace(_HERE, signed_in=False, waiting=1), "Sign in again · 1 change waits", "warning"),
        (dataclasses.replace(_HERE, failure=Problem("server", "sign_in", "x")), "Sign in again", "warning"),
        (dataclasses.replace(_HERE, failure=Problem("server", "other_workspace", "x")),
         "Another server answers · your data is safe", "danger"),
        (dataclasses.replace(_HERE, failure=Problem("server", "never_heard_of", "x")),
         "Sync stopped · your data is safe", "danger"),
        (dataclasses.replace(_HERE, waiting=1, lease=Lease(NOON, 3)),
         "3 days left without the server · 1 change waits", "warning"),
        (dataclasses.replace(_HERE, lease=Lease(NOON, 9, True)), "Check the date of this computer", "warning"),
    ],
)  # fmt: skip
def test_the_pill_says_every_state_in_words_and_never_by_colour_alone(
    dressed: None, now: Now, words: str, tone: str
) -> None:
    found = sync_words.pill(now, TODAY)
    assert found.text.startswith(words) and found.tone == tone and found.icon
    assert len(found.text) < 80
    use("vi")
    assert sync_words.pill(now, TODAY).text != found.text


def test_a_profile_that_is_not_connected_loads_nothing_for_the_network(dressed: None, qtbot: Any) -> None:
    import subprocess
    import sys

    code = ("import sys; import kam_desktop.app, kam_desktop.ui.desktop, kam_desktop.ui.sync_agent; "
            "print([m for m in ('requests', 'kam_desktop.sync.agent', 'zstandard') if m in sys.modules])")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


# Cycles.


def test_an_edit_goes_by_itself_and_the_other_laptop_has_it(seat: Seat) -> None:
    def work(uow: Any) -> None:
        uow.put(dataclasses.replace(uow.get(Account, ACCOUNT), address="12 Lê Lợi"))

    seat.desktop.background.edit(work, label="Edit")
    seat.qtbot.waitUntil(lambda: seat.house.value("select address from account") == "12 Lê Lợi", timeout=20_000)
    seat.qtbot.waitUntil(lambda: not seat.desktop.sync.now.phase and not seat.desktop.sync.now.waiting, timeout=20_000)
    assert seat.desktop.window.bottom.pill.accessibleName().startswith("Synced")
    put(seat.an, Account, ACCOUNT, phone="0900")
    assert seat.an.sync()
    QTest.keyClick(seat.desktop.window, Keys.Key_F5)

    def phone() -> str:
        with seat.lan.store.reader() as reader:
            return reader.get(Account, ACCOUNT).phone

    seat.qtbot.waitUntil(lambda: phone() == "0900", timeout=20_000)


def test_offline_is_no_error_and_what_waits_is_counted(seat: Seat) -> None:
    seat.offline.set()
    put(seat.lan, Account, ACCOUNT, address="1 Hai Bà Trưng")
    seat.sync()
    now = seat.desktop.sync.now
    assert now.waiting == 1 and now.failure is not None and now.failure.code == "offline"
    assert seat.desktop.window.bottom.pill.accessibleName().startswith("Offline · 1 change waits")
    assert seat.desktop.window._status[1] == ""
    page = seat.page("waiting")
    assert [line.title for line in page.lists.waiting] == ["Công ty Sữa Mây"]
    seat.offline.clear()
    seat.sync()
    assert seat.desktop.sync.now.waiting == 0 and page.lists.waiting == ()


def test_what_a_colleague_writes_comes_while_typing_stays_and_it_is_said(seat: Seat) -> None:
    seat.desktop.window.show_page("account", ACCOUNT)
    seat.settle()
    detail = seat.desktop.window.page("account").detail
    detail.show_tab("details")
    line = detail.form.editor("address").inner
    line.setFocus()
    QTest.keyClicks(line, "99 Nguyen Hue")
    put(seat.an, Account, ACCOUNT, phone="0900 111 222")
    assert seat.an.sync()
    seat.sync()
    seat.settle()
    assert detail.form.editor("phone").value() == "0900 111 222"
    assert line.text() == "99 Nguyen Hue" and line.hasFocus()
    assert "A colleague changed “Công ty Sữa Mây” (Phone)" in seat.toasts()


def test_what_comes_leaves_selection_and_scroll_where_they_are(seat: Seat) -> None:
    def many(uow: Any) -> None:
        for at in range(80):
            uow.add(
                Account(id=f"01890000-0000-7000-8000-0000000001{at:02d}", name=f"Khách {at:02d}", owner=seat.an.user)
            )

    seat.an.edit(many)
    assert seat.an.sync()
    seat.sync()
    seat.desktop.window.show_page("account")
    seat.settle()
    listing = seat.desktop.window.page("account").list
    chosen = "01890000-0000-7000-8000-000000000150"
    listing.place.show(chosen)
    seat.settle()
    bar = listing.table.verticalScrollBar()
    top = listing.model.id_at(listing.table.rowAt(0))
    assert bar.value() > 0
    put(seat.an, Account, chosen, phone="0900 111 222")
    put(seat.an, Account, ACCOUNT, phone="0900 333 444")
    assert seat.an.sync()
    seat.sync()
    assert listing.place.current() == chosen and listing.model.id_at(listing.table.rowAt(0)) == top


def test_closing_in_the_middle_of_a_cycle_ends_within_three_seconds(seat: Seat) -> None:
    seat.gate.clear()
    seat.desktop.sync.sync_now()
    QApplication.processEvents()
    began = monotonic()
    seat.desktop.window.close()
    seat.desktop.background.close()
    assert monotonic() - began < 3
    seat.gate.set()


# Deciding.


def test_a_conflict_is_decided_by_keyboard_sent_and_undone(seat: Seat) -> None:
    moved_by_both(seat)
    assert seat.desktop.sync.now.needs_you == 1
    assert seat.desktop.window.bottom.pill.accessibleName().startswith("Needs you (1)")
    assert seat.desktop.window._counts["sync"] == 1
    page = seat.page("needs")
    page.table.setFocus()
    QTest.keyClick(page.table, Keys.Key_Return)
    seat.settle()
    (group,) = page.detail.groups
    assert [(row.before, row.mine, row.theirs) for row in group.group.rows] == [
        ("Brief received", "Negotiating", "In progress")
    ]
    assert not page.detail.apply.isEnabled()
    seat.press(Keys.Key_Right)
    assert group.side == "theirs"
    seat.press(Keys.Key_Left)
    assert group.side == "mine" and page.detail.apply.isEnabled()
    seat.press(Keys.Key_Return)
    seat.settle()
    seat.sync()
    assert seat.house.value("select stage from proposal") == "negotiating"
    assert page.lists.needs == () and seat.desktop.sync.now.needs_you == 0
    seat.desktop.desk.undo()
    seat.settle()
    seat.settle()
    assert [line.title for line in page.lists.needs] == ["Tết 2027"]
    seat.sync()
    assert seat.house.value("select stage from proposal") == "working"


def test_taking_the_servers_side_is_undone_without_touching_what_was_done_before(seat: Seat) -> None:
    moved_by_both(seat)
    page = seat.page("needs")
    page.detail.groups[0].choose("theirs")
    page.detail.apply.click()
    seat.settle()
    assert page.lists.needs == ()
    seat.desktop.desk.undo()
    seat.settle()
    seat.settle()
    assert len(page.lists.needs) == 1
    with seat.lan.store.reader() as reader:
        assert reader.get(Proposal, PROPOSAL).stage == "working"


def test_when_a_side_changes_meanwhile_the_choice_is_asked_again_and_nothing_is_decided(seat: Seat) -> None:
    moved_by_both(seat)
    page = seat.page("needs")
    page.detail.groups[0].choose("mine")
    seen = page.detail.shown.seen
    with seat.lan.store.reader() as reader:
        (entry,) = needs.entries(reader)
    changed = [dataclasses.replace(each, sides=(dataclasses.replace(each.sides[0], theirs="sent"),)) for each in seen]
    with pytest.raises(Refused) as refused, seat.lan.store.edit("x") as uow:
        needs.resolve(uow, entry.need.id, {}, changed)
    assert refused.value.problems[0].code == "changed"
    shown = page.detail.shown
    moved = tuple(
        dataclasses.replace(each, rows=(dataclasses.replace(each.rows[0], theirs="Sent"),)) for each in shown.groups
    )
    controller = next(each for each in page.children() if type(each).__name__ == "SyncController")
    controller._show_detail(dataclasses.replace(shown, groups=moved, seen=changed))
    assert not page.detail.apply.isEnabled() and page.detail._changed.isVisible()
    page.detail.groups[0].choose("mine")
    page.detail.apply.click()
    seat.settle()
    assert "One side changed while this was open" in seat.toasts() and len(page.lists.needs) == 1


def test_every_merge_is_listed_and_put_back(seat: Seat) -> None:
    put(seat.an, Account, ACCOUNT, website="a.vn")
    put(seat.lan, Account, ACCOUNT, website="b.vn")
    assert seat.an.sync()
    seat.sync()
    page = seat.page("log")
    assert any(line.note == "Merged by itself" and "Website" in line.sub for line in page.lists.log)
    line = next(line for line in page.lists.log if line.id.startswith("merged:"))
    page.place.show(line.id)
    seat.settle()
    assert page.detail.shown.can_put_back and page.detail.back.isVisible()
    page.detail.back.click()
    seat.settle()
    seat.sync()
    assert seat.house.value("select website from account") == "a.vn"


def test_a_merge_is_left_as_it_stands_by_keyboard_undone_and_decided_again(seat: Seat) -> None:
    put(seat.an, Account, ACCOUNT, website="a.vn")
    put(seat.lan, Account, ACCOUNT, website="b.vn")
    assert seat.an.sync()
    seat.sync()
    page = seat.page("log")

    def note() -> str:
        return next(line.note for line in page.lists.log if line.id.startswith("merged:"))

    def decide_by_keyboard() -> None:
        page.place.show(next(line.id for line in page.lists.log if line.id.startswith("merged:")))
        seat.settle()
        page.table.setFocus()
        seat.press(Keys.Key_Return)
        assert page.detail.leave.hasFocus()
        seat.press(Keys.Key_Return)
        seat.settle()

    decide_by_keyboard()
    assert note() == "Merged, dealt with" and page.table.hasFocus()
    assert not page.detail.leave.isVisible() and not page.detail.back.isVisible() and page.detail.again.isVisible()
    seat.desktop.desk.undo()
    seat.settle()
    assert note() == "Merged by itself" and page.detail.leave.isVisible()
    decide_by_keyboard()
    seat.sync()
    assert seat.house.value("select website from account") == "b.vn"
    seat.desktop.desk.taking_back.clear()  # as after a restart
    page.detail.again.click()
    seat.settle()
    assert note() == "Merged by itself" and page.detail.leave.isVisible() and page.detail.back.isVisible()


def test_the_page_built_anew_keeps_the_entry_and_the_side_that_is_chosen(seat: Seat) -> None:
    moved_by_both(seat)
    put(seat.an, Account, ACCOUNT, website="a.vn")
    put(seat.lan, Account, ACCOUNT, website="b.vn")
    assert seat.an.sync()
    seat.sync()
    seat.page("needs").detail.groups[0].choose("mine")
    seat.desktop.window.rebuild()
    seat.settle()
    page = seat.desktop.window.page("sync")
    assert page.detail.groups[0].side == "mine" and page.detail.apply.isEnabled()
    last = seat.page("log").lists.log[-1].id
    page.place.show(last)
    seat.settle()
    seat.desktop.window.rebuild()
    seat.settle()
    page = seat.desktop.window.page("sync")
    assert page.place.current() == page.detail.shown.id == last != page.lists.log[0].id


def test_over_each_side_stands_who_wrote_it_and_when(seat: Seat) -> None:
    with seat.house.database.write() as connection:
        connection.run("update device set letter = 'B' where person = ?", (seat.an.user,))
    moved_by_both(seat)
    heads = seat.page("needs").detail.shown.heads
    assert [each.title for each in heads] == ["Original", "This computer", "The server"]
    assert [each.who for each in heads[1:]] == ["Lan", "An"]
    assert heads[1].when.startswith("changed ") and heads[2].when.endswith(" · computer B")


def test_two_notes_that_met_can_both_be_kept(seat: Seat) -> None:
    put(seat.an, Account, ACCOUNT, internal_note="An was here.")
    put(seat.lan, Account, ACCOUNT, internal_note="Lan was here.")
    assert seat.an.sync()
    seat.sync()
    page = seat.page("log")
    page.place.show(next(line.id for line in page.lists.log if line.id.startswith("merged:")))
    seat.settle()
    assert page.detail.both.isVisible()
    page.detail.both.click()
    seat.settle()
    seat.sync()
    assert seat.house.value("select internal_note from account") == "Lan was here.\n\nAn was here."
    assert "Merged, both kept" in [line.note for line in page.lists.log]
    seat.desktop.desk.undo()
    seat.settle()
    seat.settle()
    assert page.detail.both.isVisible()


def test_a_decision_is_in_the_log_and_opened_again_without_the_undo_of_this_window(seat: Seat) -> None:
    moved_by_both(seat)
    page = seat.page("needs")
    page.detail.groups[0].choose("mine")
    page.detail.apply.click()
    seat.settle()
    seat.sync()
    seat.desktop.desk.taking_back.clear()  # as after a restart
    seat.page("log")
    page.place.show(next(line.id for line in page.lists.log if line.note == "Decided and sent"))
    seat.settle()
    assert page.detail.again.isVisible() and not page.detail.groups
    page.detail.again.click()
    seat.settle()
    seat.settle()
    assert [line.title for line in page.lists.needs] == ["Tết 2027"]
    page.detail.groups[0].choose("theirs")
    page.detail.apply.click()
    seat.settle()
    seat.sync()
    assert seat.house.value("select stage from proposal") == "working"


@pytest.mark.parametrize("keep", [True, False])
def test_a_deletion_that_met_an_edit_shows_the_edit_and_asks(seat: Seat, tmp_path: Path, keep: bool) -> None:
    task, other = "01890000-0000-7000-8000-000000000003", Makers(tmp_path / "other").laptop(seat.house, "Lan", 2)
    other.connect()
    other.edit(lambda uow: uow.add(Task(id=task, subject="Call", owner=other.user)))
    assert other.sync()
    seat.sync()
    put(other, Task, task, subject="Call before noon")
    seat.lan.edit(lambda uow: uow.delete(Task, task))
    assert other.sync()
    other.close()
    seat.sync()
    page = seat.page("needs")
    assert page.detail.shown.words.startswith("You deleted this; a colleague changed it")
    (group,) = page.detail.shown.groups
    assert ("Call", "deleted", "Call before noon") in [(row.before, row.mine, row.theirs) for row in group.rows]
    (page.detail.apply if keep else page.detail.drop).click()
    seat.settle()
    seat.sync()
    left = seat.house.value("select count(*) from task where _deleted_seq is null")
    assert left == int(keep) and page.lists.needs == ()


def test_what_the_server_refused_says_why_and_is_let_go_only_after_a_question(seat: Seat, monkeypatch: Any) -> None:
    def fake(uow: Any) -> None:
        from kam_desktop.store.sync_tables import needs_you

        problem = '{"where": "", "code": "forbidden", "message": "Your role may not do this here.", "args": {}}'
        kept = {"entity": "account", "id": ACCOUNT, "action": "update", "old": {"phone": "1"}, "new": {"phone": "2"}}
        change = json.dumps([kept])
        uow.connection.execute(needs_you.insert().values(
            id="g", kind="refused", problem=problem, entity="account", record=ACCOUNT, changes=change, theirs="{}",
            at="2026-11-23T02:00:00.000000Z", state="open",
        ))  # fmt: skip

    seat.lan.edit(fake)
    page = seat.page("needs")
    assert "may not do this" in page.detail._words.text()
    assert page.detail.apply.isEnabled() and page.detail.open.isVisible()
    answers = iter((False, True))
    monkeypatch.setattr("kam_desktop.ui.kit.dialogs.ask", lambda *_given, **_named: next(answers))
    page.detail.drop.click()
    seat.settle()
    assert len(page.lists.needs) == 1
    page.detail.drop.click()
    seat.settle()
    assert page.lists.needs == ()


# Connecting.


def test_the_first_connect_shows_rows_asks_for_matches_and_says_what_came(seat: Seat) -> None:
    asked = []

    class Fake:
        def provider(self, _server: str, _workspace: str) -> str:
            return ""

        def connect(self, server: str, user: str, password: str, *, agree: Any, told: Any, **_more: Any) -> Any:
            told(40, 100)
            match = SimpleNamespace(here="a", there="b", name="Công ty Sữa Mây", tax_code="0319482712")
            asked.append((server, user, password, agree([match])))
            return SimpleNamespace(pulled=100, linked=1, matches=0, waiting=3, left=2)

    seat.desktop.sync._agent = Fake()
    connecting = seat.desktop.sync_status.connecting
    connecting.open()
    dialog = connecting.dialog
    assert dialog is not None and dialog.stage == "form" and dialog.server.isReadOnly()
    dialog.password.setText("secret")
    QTest.keyClick(dialog.password, Keys.Key_Return)
    seat.qtbot.waitUntil(lambda: dialog.stage == "both", timeout=20_000)
    assert seat.desktop.window.bottom.pill.accessibleName() == "Downloading 40 of 100 rows"
    dialog.answered.emit(True)
    seat.qtbot.waitUntil(lambda: dialog.stage == "done", timeout=20_000)
    assert asked == [("https://kam.example", "Lan", "secret", True)]
    dialog.accept()
    seat.settle()


def cover_words(seat: Seat) -> str:
    cover = seat.desktop.sync_status.cover
    return cover.said if cover is not None else ""


def test_figures_are_not_shown_over_a_download_that_is_not_whole(seat: Seat) -> None:
    window, sync = seat.desktop.window, seat.desktop.sync
    window.show_page("today")
    seat.settle()
    sync._set(phase="connecting", done=12, whole=100, downloading=True)
    cover = seat.desktop.sync_status.cover
    assert cover is not None and cover.isVisible() and cover.said == "Downloading 12 of 100 rows"
    assert not window.page("today").isVisible()
    window.show_page("task")
    assert window.page("task").isVisible() and seat.desktop.sync_status.cover is None
    window.show_page("account")
    assert not window.page("account").isVisible()
    sync._set(phase="")
    assert cover_words(seat) == "The download is not complete"
    sync._set(downloading=False)
    assert window.page("account").isVisible()
    seat.settle()


def test_the_brake_asks_and_goes_on_only_when_agreed(seat: Seat) -> None:
    page = seat.page("needs")
    calls = []
    real = seat.desktop.sync._made().sync
    seat.desktop.sync._agent.sync = lambda *given, **named: (calls.append(named["agreed"]), real(*given, **named))[1]
    seat.desktop.sync._set(braked=900)
    assert "900 rows" in page._banner_words
    page.brake_answered.emit(False)
    assert seat.desktop.sync.now.braked == 0 and calls == []
    seat.desktop.sync._set(braked=900)
    page.brake_answered.emit(True)
    seat.qtbot.waitUntil(lambda: bool(calls) and not seat.desktop.sync.now.phase, timeout=20_000)
    assert calls == [True]
    seat.settle()


def test_who_works_here_is_the_signed_in_user(seat: Seat) -> None:
    assert seat.desktop.desk.me == seat.lan.user


def test_an_account_is_handed_over_at_the_server(seat: Seat) -> None:
    seat.desktop.window.show_page("account", ACCOUNT)
    seat.settle()
    detail = seat.desktop.window.page("account").detail
    assert detail.hand_over.isVisible()
    detail.hand_over.click()
    seat.settle()
    dialog = next(each for each in seat.desktop.window.findChildren(object) if type(each).__name__ == "HandOverDialog")
    names = [dialog.people.item(row).text() for row in range(dialog.people.count())]
    assert "Binh" in names and "An" not in names and not dialog.go.isEnabled()
    dialog.people.setCurrentRow(names.index("Binh"))
    dialog.go.click()
    seat.qtbot.waitUntil(
        lambda: seat.house.value("select owner from account") == seat.house.people["Binh"], timeout=20_000
    )
    seat.settle()
    assert "Handed over: Công ty Sữa Mây" in seat.toasts()
