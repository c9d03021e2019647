"""A profile on this computer: made, unlocked, opened, closed; for window and commands alike."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

from kam_desktop.domain.clock import Clock
from kam_desktop.domain.entities import FIRM_ID, LOCAL_PERSON_ID, Firm, Person
from kam_desktop.domain.errors import Problem, Refused, Unavailable
from kam_desktop.domain.ids import Ids
from kam_desktop.domain.locale.vietnam import seeds
from kam_desktop.language import N_
from kam_desktop.services import records
from kam_desktop.store import backup, device_file, files, keys, lease, profile_lock, profile_place, unlock, wiping
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.database import FILE
from kam_desktop.store.key_file import NAMES, KeyFile, KeyVault
from kam_desktop.store.key_slots import PASSPHRASE
from kam_desktop.store.passphrase import passphrase_in_file as passphrase_in_file
from kam_desktop.store.profile import DEVICE_FILE, JOURNAL, Store
from kam_desktop.store.recovery_key import RecoveryKey as RecoveryKey
from kam_desktop.store.standing import standing
from kam_desktop.store.unlock import PASSPHRASE_FILE as PASSPHRASE_FILE
from kam_desktop.store.unlock import Source, Unlocked

LOCKED = "locked"
"""The file that says: the person locked it, so that the keyring is not asked."""
PERSON = "KAM"
"""Name and code of the user until the settings say more; alike everywhere, so that two fresh profiles are equal."""


@dataclass
class OpenProfile:
    """A profile that is open, with the lock of whoever writes to it. Use it in a `with`, or close it.

    Attributes:
        unlocked: how it was opened; None for one that was made just now.
        notes: what the user should hear: the keyring that failed, commits that came back from the journal.
    """

    store: Store
    keys: keys.KeyFile
    lock: profile_lock.ProfileLock
    unlocked: Unlocked | None = None
    notes: tuple[Problem, ...] = ()
    vault: KeyVault | None = None

    def close(self) -> None:
        """Closes the store, then lets the next process write."""
        self.store.close()
        self.end()

    def end(self) -> None:
        """Lets the next process write, once the store is closed; erases the profile where the firm ordered that."""
        if self.lock.writes:
            wiping.carry_out(self.store.folder, self.vault)
        self.lock.release()

    def lease(self, now: datetime) -> lease.Lease | None:
        """How long it may be used without the server's word; None where it never was connected."""
        with self.store.reader() as reader:
            kept = {name: reader.preference(name) or "" for name in (lease.NOTE, lease.LATEST)}
        if kept[lease.NOTE] and self.lock.writes and (later := lease.latest(kept[lease.LATEST], now)):
            self.store.remember({lease.LATEST: later})
        return lease.standing(kept, now)

    def lock_up(self) -> None:
        """From the next start on the keyring alone does not open it: the passphrase is asked for, once.

        Raises Refused `no_passphrase` for a profile without one.
        """
        if PASSPHRASE not in KeyFile.load(self.store.folder, repair=False).kinds:
            message = N_("Set a passphrase first, in the settings under “Keys”.")
            raise Refused(Problem("profile", "no_passphrase", message))
        files.write_atomically(self.store.folder / LOCKED, b"")

    def check_lease(self, now: datetime) -> None:
        """Raises Unavailable `lease_ended`, with user and server, where a sign-in must come before the data."""
        found = self.lease(now)
        if found is not None and found.ended:
            with self.store.reader() as reader:
                who = standing(reader.connection)
            raise Unavailable(
                "lease_ended",
                N_("This computer was not at the server for longer than your firm allows. Sign in to open your data; "
                   "nothing is lost, what was not sent waits here."),
                user=who.user_name, server=who.server,
            )  # fmt: skip

    def __enter__(self) -> OpenProfile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def exists(folder: Path) -> bool:
    """Whether the folder holds a profile, whole or damaged: then none is ever made there."""
    return any((folder / name).exists() for name in (*NAMES, FILE))


def open_profile(
    folder: Path,
    clock: Clock,
    ids: Ids,
    vault: KeyVault | None,
    *,
    write: bool = True,
    passphrase_source: Source | None = None,
    recovery_source: Source | None = None,
    program: str = "kam-desktop",
) -> OpenProfile:
    """Opens a profile: for writing alone (kernel lock), or for reading beside whoever writes.

    Raises Refused (no profile, a bad place, a wrong passphrase), Unavailable (`locked` by another process, no way to
    unlock, a damaged or missing database), TooOld. Nothing is ever made in place of what does not open.
    """
    if not exists(folder) and not wiping.is_ordered(folder):
        message = N_("There is no profile in {folder}. Make one with “kam-desktop init”.")
        raise Refused(Problem("profile", "no_profile", message, {"folder": str(folder)}))
    profile_place.refuse_bad_place(folder)
    ways = None if is_locked(folder) else vault
    lock = profile_lock.acquire(folder, write or wiping.is_ordered(folder), program)
    try:
        if wiping.carry_out(folder, vault):
            message = N_("Your firm has taken this laptop out of use; the data on it are erased.")
            raise Refused(Problem("profile", "erased", message))
        unlocked = unlock.unlock(folder, ways, passphrase_source, recovery_source, repair=write)
        if write:
            with contextlib.suppress(OSError):
                (folder / LOCKED).unlink()
            profile_place.tighten(folder)
        store = Store.open(folder, unlocked.key, unlocked.keys.profile_id, clock, ids, write=write)
        if write and device_file.is_copied(folder):
            _rename(store)
    except BaseException:
        lock.release()
        raise
    return OpenProfile(store, unlocked.keys, lock, unlocked, _notes(store, unlocked), vault)


def is_locked(folder: Path) -> bool:
    """Whether `lock_up` was done since it was opened last."""
    return (folder / LOCKED).exists()


def _rename(store: Store) -> None:
    """This folder was copied, or brought back: two would go by one name, and give one number twice."""
    try:
        store.take_device_id()
    except BaseException:
        store.close()
        raise


def _notes(store: Store, unlocked: Unlocked) -> tuple[Problem, ...]:
    found = []
    if unlocked.keyring_failure is not None:
        failure = unlocked.keyring_failure
        found.append(Problem("keyring", failure.code, failure.message, failure.args_named))
    if store.recovered:
        message = N_("The data file had been set back; {n} edits came back from the journal.")
        found.append(Problem("journal", "recovered", message, {"n": str(store.recovered)}))
    if store.unread:
        message = N_("{n} edits in the journal could not be read. Ask for help before you go on, and keep the backups.")
        found.append(Problem("journal", "unread", message, {"n": str(store.unread)}))
    return tuple(found)


def create_profile(
    folder: Path,
    clock: Clock,
    ids: Ids,
    vault: KeyVault | None,
    *,
    passphrase: str | None = None,
    recovery: RecoveryKey | None = None,
    program: str = "kam-desktop",
) -> OpenProfile:
    """Makes a profile in a folder that holds none, and opens it for writing.

    The keyring gets its slot where it works; a passphrase or a recovery key is needed besides. Raises Refused
    (`profile_exists`, a bad place, a weak passphrase, `no_way_back`), Unavailable. A failure leaves nothing behind
    that would pass for a profile.
    """
    if exists(folder) or (folder / JOURNAL).exists():
        message = N_("There is a profile in {folder} already.")
        raise Refused(Problem("profile", "profile_exists", message, {"folder": str(folder)}))
    profile_place.refuse_bad_place(folder)
    files.private_folder(folder)
    lock = profile_lock.acquire(folder, True, program)
    made = False
    try:
        profile_id, key = ids.random(), DataKey.new()
        key_file = keys.create_key_file(
            folder, profile_id, key, clock, vault=vault, passphrase_text=passphrase, recovery=recovery
        )
        made = True
        store = Store.create(folder, key, profile_id, clock, ids)
    except BaseException:
        if made:
            _clear(folder)
        lock.release()
        raise
    return OpenProfile(store, key_file, lock, vault=vault)


def discard(found: OpenProfile) -> None:
    """Takes away a profile that was made just now and could not be handed over (its recovery key was not kept)."""
    if found.unlocked is not None:
        raise ValueError("only a profile that was made just now is discarded")
    found.close()
    _clear(found.store.folder)


def start_over(found: OpenProfile, mark: str) -> None:
    """Closes a profile of sample data and takes it away for good, backups too, so that one's own can begin.

    `mark` is the preference that sample data carry. Raises Refused `not_sample` for any other profile.
    """
    with found.store.reader() as reader:
        if reader.preference(mark) is None:
            message = N_("Only sample data can be taken away.")
            raise Refused(Problem("profile", "not_sample", message))
    folder = found.store.folder
    found.close()
    _clear(folder)
    shutil.rmtree(folder / backup.FOLDER, ignore_errors=True)


def _clear(folder: Path) -> None:
    """Takes away the files of a profile, its keys first: without them the rest tells nothing."""
    for name in (*NAMES, FILE, f"{FILE}-wal", f"{FILE}-shm", DEVICE_FILE):
        with contextlib.suppress(OSError):
            (folder / name).unlink()
    shutil.rmtree(folder / JOURNAL, ignore_errors=True)


def set_up(
    store: Store, company: str, tax_code: str, person: str = PERSON, code: str = PERSON, *, over_sample: bool = False
) -> None:
    """Writes our firm (if it is named), the user, dated rules and payment terms, with the ids of every profile.

    What is there already is left alone, but for the firm of sample data with `over_sample`. Without a firm's tax code
    an import cannot tell sales from purchases.
    """
    with store.edit(N_("Set up the profile"), kind="internal") as uow:
        firm = uow.get(Firm, FIRM_ID)
        if (company or tax_code) and (firm is None or over_sample):
            plain = firm or Firm(id=FIRM_ID, legal_name="")
            named = dataclasses.replace(plain, legal_name=company or tax_code, short_name="", tax_code=tax_code)
            records.save(uow, named)
        if uow.get(Person, LOCAL_PERSON_ID) is None:
            records.save(uow, Person(id=LOCAL_PERSON_ID, full_name=person, code=code))
            records.add_missing(uow, seeds.records())


def mend_keyring(opened: OpenProfile, vault: KeyVault, clock: Clock) -> bool:
    """Makes the keyring's slot anew where its entry is lost for good; whether that worked."""
    unlocked = opened.unlocked
    if unlocked is None or not unlocked.reseal or not opened.lock.writes:
        return False
    try:
        opened.keys = keys.set_keyring(opened.store.folder, opened.keys, unlocked.key, vault, clock)
    except Unavailable:
        return False
    return True


def answer_twice(ask: Callable[[int], str]) -> str:
    """A new passphrase, typed twice alike; `ask` gets 1 or 2. Raises Refused `not_alike`."""
    first = ask(1)
    if first and ask(2) != first:
        raise Refused(Problem("passphrase", "not_alike", "The two passphrases are not alike."))
    return first
