"""The lease: days without the server, warnings, a clock that is set back, a sign-in before the data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kam_desktop.domain.entities import Account
from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.domain.ids import RandomIds
from kam_desktop.services import profile
from kam_desktop.store import lease
from tests.fakes import FakeClock

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY = timedelta(days=1)


class Notes(dict[str, str]):
    """Notes of a profile."""

    def note(self, key: str) -> str:
        return self.get(key, "")

    def set_note(self, key: str, value: str) -> None:
        self[key] = value


def test_days_are_counted_from_the_last_renewal() -> None:
    notes = Notes()
    assert lease.standing(notes, NOW) is None
    lease.renewed(notes, 45, NOW)
    for passed, left, warns in (
        (0, 45, False),
        (34, 11, False),
        (35, 10, True),
        (44.5, 1, True),
        (45, 0, True),
        (900, 0, True),
    ):
        found = lease.standing(notes, NOW + passed * DAY)
        assert found is not None and (found.left_days, found.warns, found.ended) == (left, warns, left == 0)


@pytest.mark.parametrize("days", [0, -1, "45", None, True, 10**6])
def test_what_is_no_number_of_days_changes_nothing(days: object) -> None:
    notes = Notes()
    lease.renewed(notes, 45, NOW)
    lease.renewed(notes, days, NOW + DAY)
    found = lease.standing(notes, NOW)
    assert found is not None and found.left_days == 45


def test_a_clock_that_is_set_back_makes_it_no_longer() -> None:
    notes = Notes()
    lease.renewed(notes, 45, NOW)
    lease.noticed(notes, NOW + 40 * DAY)
    back = lease.standing(notes, NOW - 300 * DAY)
    assert back is not None and back.left_days == 5 and back.set_back and back.warns
    lease.noticed(notes, NOW)  # an earlier moment is no later one
    assert notes[lease.LATEST].startswith("2026-04-11")
    lease.renewed(notes, 45, NOW)  # the server's word counts anew, by whatever clock there is
    found = lease.standing(notes, NOW)
    assert found is not None and found.left_days == 45 and not found.set_back


def test_when_it_has_ended_the_data_wait_for_a_sign_in_and_nothing_is_lost(tmp_path: Path) -> None:
    clock = FakeClock(NOW)
    ids = RandomIds(clock)
    with profile.create_profile(tmp_path / "p", clock, ids, None, passphrase="chín con ngựa trên đồi xanh") as made:
        made.check_lease(clock.now() + 900 * DAY)  # never connected: there is none
        made.store.remember({lease.NOTE: '{"days": 45, "from": "2026-03-02T08:00:00Z"}'})
        with made.store.edit("x") as uow:
            uow.add(Account(id=ids.new(), name="Thép", currency="VND"))
        made.check_lease(clock.now() + 44 * DAY)
        with pytest.raises(Unavailable) as found:
            made.check_lease(clock.now() + 46 * DAY)
        assert found.value.code == "lease_ended"
        with pytest.raises(Unavailable):  # the later moment was kept: setting the clock back opens nothing
            made.check_lease(clock.now())
        with made.store.reader() as reader:
            assert reader.connection.exec_driver_sql("select count(*) from account").scalar() == 1


def test_a_profile_that_was_locked_asks_for_the_passphrase_once(tmp_path: Path) -> None:
    clock = FakeClock(NOW)
    ids, ring, folder = RandomIds(clock), Ring(), tmp_path / "p"
    with profile.create_profile(folder, clock, ids, ring, passphrase="chín con ngựa trên đồi xanh") as made:
        made.lock_up()
    assert profile.is_locked(folder)
    with pytest.raises(Unavailable) as found:
        profile.open_profile(folder, clock, ids, ring)
    assert found.value.code == "key_needed" and profile.is_locked(folder)
    profile.open_profile(folder, clock, ids, ring, passphrase_source=lambda _: "chín con ngựa trên đồi xanh").close()
    profile.open_profile(folder, clock, ids, ring).close()
    with profile.create_profile(tmp_path / "q", clock, ids, ring, recovery=profile.RecoveryKey.new()) as made:
        pass
    with pytest.raises(Refused) as found_none:
        made.lock_up()
    assert found_none.value.problems[0].code == "no_passphrase"


class Ring:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def read(self, name: str) -> str | None:
        return self.kept.get(name)

    def write(self, name: str, secret: str) -> None:
        self.kept[name] = secret

    def delete(self, name: str) -> None:
        self.kept.pop(name, None)
