"""Unlocking a profile: its slots tried in order, and what to mend afterwards."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.key_file import KeyFile, KeyVault
from kam_desktop.store.key_slots import KEYRING, PASSPHRASE, RECOVERY
from kam_desktop.store.passphrase import passphrase_in_file

PASSPHRASE_FILE = "KAM_PASSPHRASE_FILE"
"""The environment variable that names a file (0600) with the passphrase, for scripts without a desktop session."""

Source = Callable[[Refused | None], str | None]
"""Asks a person: gets why the last answer was refused (None at first); returns the text, or None to give up."""

_MOST_ATTEMPTS = 5

# Failures that will be the same next time. A locked, slow or refusing keyring still has the key.
_LOST = frozenset({"keyring_no_entry", "keyring_value", "keyring_changed", "keyring_slot"})

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Unlocked:
    """A profile's data key, and how it was got.

    Attributes:
        key: the data key; confirmed to be this profile's.
        keys: the key file it came from.
        by: the kind of slot that opened: keyring, passphrase or recovery.
        keyring_failure: why the keyring did not open, None where it did or was not asked.
        reseal: the keyring's entry is lost for good: offer `set_keyring`, which makes the slot anew.
    """

    key: DataKey
    keys: KeyFile
    by: str
    keyring_failure: Unavailable | None = None
    reseal: bool = False


def unlock(
    folder: Path,
    vault: KeyVault | None,
    passphrase_source: Source | None = None,
    recovery_source: Source | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    repair: bool = True,
) -> Unlocked:
    """The data key by the first way that works: keyring, KAM_PASSPHRASE_FILE, then asking passphrase and recovery key.

    Nothing is created or changed, except that `repair` puts a whole copy of the key file in place of a damaged one
    (pass False beside a writing process). Raises what `KeyFile.load` raises; Refused for a passphrase file that others
    may read or whose passphrase is wrong (a script must not be answered with a prompt), for the same wrong answer twice
    or five wrong ones, and `keys_damaged` if a slot is; Unavailable `key_needed` if no way is left to try.
    """
    return unlock_keys(KeyFile.load(folder, repair), vault, passphrase_source, recovery_source, environ=environ)


def unlock_keys(
    keys: KeyFile,
    vault: KeyVault | None,
    passphrase_source: Source | None = None,
    recovery_source: Source | None = None,
    *,
    environ: Mapping[str, str] | None = None,
) -> Unlocked:
    """The same with a key file at hand, such as the one in a backup."""
    failure: Unavailable | None = None
    if vault is not None and KEYRING in keys.kinds:
        try:
            return Unlocked(keys.open_with_vault(vault), keys, KEYRING)
        except Unavailable as error:
            _log.info("the keyring did not open the profile: %s", error.code)
            failure = error
    reseal = failure is not None and failure.code in _LOST
    path = (os.environ if environ is None else environ).get(PASSPHRASE_FILE)
    if path and PASSPHRASE in keys.kinds:
        key = keys.open_with_passphrase(passphrase_in_file(Path(path)))
        return Unlocked(key, keys, PASSPHRASE, failure, reseal)
    damage: Refused | None = None
    for kind, source, open_with in (
        (PASSPHRASE, passphrase_source, keys.open_with_passphrase),
        (RECOVERY, recovery_source, keys.open_with_recovery),
    ):
        if source is not None and kind in keys.kinds:
            try:
                asked = _asked(source, open_with)
            except Refused as error:
                if error.problems[0].code != "keys_damaged":
                    raise
                damage = error
                continue
            if asked is not None:
                return Unlocked(asked, keys, kind, failure, reseal)
    if damage is not None:
        raise damage
    raise Unavailable(
        "key_needed", "The profile is locked. Its passphrase or its recovery key opens it; nothing is lost."
    ) from failure


def _asked(source: Source, open_with: Callable[[str], DataKey]) -> DataKey | None:
    refusal: Refused | None = None
    last: str | None = None
    for _ in range(_MOST_ATTEMPTS):
        text = source(refusal)
        if text is None:
            return None
        if refusal is not None and text == last:
            raise refusal
        try:
            return open_with(text)
        except Refused as error:
            if error.problems[0].code == "keys_damaged":
                raise
            refusal, last = error, text
    if refusal is not None:
        raise refusal
    return None
