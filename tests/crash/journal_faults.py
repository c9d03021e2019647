"""Journal and database torn apart by hand: `python -m tests.crash.journal_faults`."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from kam_desktop.store.journal import Journal
from kam_desktop.store.profile import JOURNAL, Store
from tests.crash import flows, verdict
from tests.crash.power_loss import workplace
from tests.crash.promises import Promises, digest


class _Day:
    """One flow with a copy of the profile's files after every acknowledged step."""

    def __init__(self, flow: str, place: Path) -> None:
        self.place = place
        self.profile = place / "profile"
        self.profile.mkdir(parents=True)
        flows.prepare(flow, self.profile)
        self.digests: list[str] = []
        store = flows.open_store(self.profile)
        flows.FLOWS[flow](store, self)  # type: ignore[arg-type]
        store.close()
        self._copy("end")

    def saved(self, store: Store) -> None:
        """A step is done: keep the database as a disk image of this moment would hold it."""
        self.digests.append(digest(store))
        self._copy(f"step-{len(self.digests) - 1}")

    def maybe(self, store: Store) -> None:
        """Nothing is acknowledged in the middle of a step."""

    def backed_up(self, store: Store, file: Path) -> None:
        """Backups are another proof."""

    def _copy(self, name: str) -> None:
        # A copy of database and log beside an open connection, as an imaging program would take it.
        shutil.copytree(self.profile, self.place / name, ignore=shutil.ignore_patterns("*-shm"))


def set_back(day: _Day, profile: Path, rng: random.Random) -> set[str]:
    """The database of an earlier moment beside the journal of the end: a restored disk image."""
    step = rng.randrange(len(day.digests))
    for old in profile.glob("data.kam*"):
        old.unlink()
    for file in (day.place / f"step-{step}").glob("data.kam*"):
        shutil.copy(file, profile)
    return {day.digests[-1]}


def torn_tail(day: _Day, profile: Path, rng: random.Random) -> set[str]:
    """The journal's newest segment loses its last bytes, the database is whole."""
    newest = max((profile / JOURNAL).glob("*.kj"))
    content = newest.read_bytes()
    newest.write_bytes(content[: len(content) - rng.randint(1, 200)])
    return {day.digests[-1]}


def half_written(day: _Day, profile: Path, rng: random.Random) -> set[str]:
    """An unfinished frame of a next step hangs on the journal, and the database is set back."""
    allowed = set_back(day, profile, rng)
    newest = max((profile / JOURNAL).glob("*.kj"))
    content = newest.read_bytes()
    newest.write_bytes(content + content[: rng.randint(1, 60)])
    return allowed


def frame_dropped(day: _Day, profile: Path, rng: random.Random) -> set[str]:
    """A frame in the middle of the journal is cut out; the database is whole, so nothing may change."""
    segment, frames = _frames(profile)
    frames.pop(rng.randrange(len(frames) - 1))
    segment.write_bytes(b"".join(frames))
    return {day.digests[-1]}


def frame_lost_when_needed(day: _Day, profile: Path, rng: random.Random) -> set[str]:
    """A frame is gone from the journal and the database is set back before it: the loss is told, never passed over."""
    segment, frames = _frames(profile)
    for old in profile.glob("data.kam*"):
        old.unlink()
    for file in (day.place / "step-0").glob("data.kam*"):
        shutil.copy(file, profile)
    frames.pop(rng.randrange(len(frames) - 3, len(frames) - 1))
    segment.write_bytes(b"".join(frames))
    store = flows.open_store(profile)
    told = store.unread
    now = digest(store)
    store.close()
    return {now} if told == 1 else {"one frame could not be read, told were", str(told)}


def played_twice(day: _Day, profile: Path, rng: random.Random) -> set[str]:
    """Frames stand in the journal again, in any order, and the database is set back: each counts once."""
    segment, frames = _frames(profile)
    again = [rng.choice(frames) for _ in range(rng.randint(1, len(frames)))]
    everything = [*frames, *again]
    if rng.random() < 0.5:
        rng.shuffle(everything)
    segment.write_bytes(b"".join(everything))
    return set_back(day, profile, rng)


def replayed_by_hand(day: _Day, profile: Path, rng: random.Random) -> set[str]:
    """The database forgets how far the journal is known (its number alone is set back): no change counts twice."""
    store = flows.open_store(profile)
    with store.database.write() as connection:
        connection.exec_driver_sql("update meta set value = ? where key = 'frame'", (str(rng.randrange(3)),))
    store.close()
    return {day.digests[-1]}


def journal_gone(day: _Day, profile: Path, rng: random.Random) -> set[str]:
    """The journal is lost; the database is whole."""
    shutil.rmtree(profile / JOURNAL)
    return {day.digests[-1]}


def journal_of_another(day: _Day, profile: Path, rng: random.Random) -> set[str]:
    """Somebody else's journal lies there: nothing of it is believed."""
    shutil.rmtree(profile / JOURNAL)
    other = Journal(profile / JOURNAL, rng.randbytes(32), flows.PROFILE_ID)
    for number in range(1, 200):
        other.append(number, b"not ours")
    other.close()
    return {day.digests[-1]}


FAULTS: dict[str, tuple[Callable[[_Day, Path, random.Random], set[str]], bool]] = {
    # with each: whether the journal is complete afterwards
    "set back": (set_back, True),
    "torn tail": (torn_tail, True),
    "half written": (half_written, True),
    "frame dropped": (frame_dropped, False),
    "frame lost, set back": (frame_lost_when_needed, False),
    "played twice": (played_twice, False),
    "number set back": (replayed_by_hand, True),
    "journal gone": (journal_gone, False),
    "journal of another": (journal_of_another, False),
}


def _frames(profile: Path) -> tuple[Path, list[bytes]]:
    """The frames of the one segment that the small flows fill."""
    (segment,) = (profile / JOURNAL).glob("*.kj")
    content = segment.read_bytes()
    starts = [at for at in range(len(content)) if content[at : at + 4] == b"KJ1\n"]
    return segment, [content[a:b] for a, b in zip(starts, [*starts[1:], len(content)], strict=True)]


def main() -> int:
    """Exit 0 when nothing was lost or doubled (for the control: when something was)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25, help="of each fault in each flow")
    parser.add_argument("--flow", choices=["save", "undo", "import", "all"], default="all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--control", action="store_true", help="a replay that does not ask what is known already: must be found"
    )
    chosen = parser.parse_args()
    if chosen.control:
        flows.forget_what_is_known()
    rng = random.Random(chosen.seed)
    total: Counter[str] = Counter()
    with workplace() as place:
        for flow in ("save", "undo", "import") if chosen.flow == "all" else (chosen.flow,):
            day = _Day(flow, place / flow)
            for name, (act, complete) in FAULTS.items():
                for turn in range(chosen.rounds):
                    profile = place / "profile"
                    shutil.copytree(day.place / "end", profile)
                    allowed = act(day, profile, rng)
                    promises = Promises(sorted(allowed), acknowledged=len(allowed))
                    faults = verdict.faults(profile, promises, with_journal=complete)
                    # What is found after that must stay: a second start, a further edit, a third start.
                    faults += verdict.goes_on(profile)
                    total["cases"] += 1
                    for fault in faults:
                        total[fault.partition(":")[0]] += 1
                        print(f"{flow}, {name}, {turn}: {fault}", file=sys.stderr)
                    shutil.rmtree(profile)
            shutil.rmtree(place / flow)
    bad = [f"{word} {count}" for word, count in sorted(total.items()) if word != "cases"]
    print(
        f"journal: {total['cases']} cases of {len(FAULTS)} faults: {'; '.join(bad) or 'nothing lost, nothing doubled'}"
    )
    return int(bool(bad) != chosen.control)


if __name__ == "__main__":
    sys.exit(main())
