"""A revoked laptop hands in what it had not sent, and erases itself under the code for it alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from kam_desktop.domain.errors import Unavailable
from kam_desktop.language import N_
from kam_desktop.store import unsent, wiping
from kam_desktop.store.profile import Store
from kam_desktop.sync.answers import cut

WIPE_LOCK = "sync.wipe_lock"
"""The note of what this laptop was given at sign-in: it knows the code again by it."""
ASKS = frozenset(("sign_in", "device_taken", "device_revoked", "user_disabled"))
"""After such a refusal the server is asked whether this laptop was revoked; the refusal itself means nothing more."""
ERASED = "erased"

Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def leave(store: Store, lock: str, ask: Ask, entries: list[str], vault: Any) -> bool:
    """Asks whether this laptop was revoked; if so hands everything in and gives up the keys. Whether it was.

    Nothing is erased before the server said of every group that it has it, and nothing without the code that fits
    `lock`, whatever was answered. Raises Unavailable; everything is then as it was, and is asked again.

    Args:
        ask: the call hand-in, with the device and its proof. entries: names in the keyring of this profile's tokens.
    """
    answer = ask({})
    if answer.get("revoked") is not True:
        return False
    handed: set[str] = set()
    while True:
        _hand_in(store, ask, handed)
        code = ask({"finished": True}).get("wipe")
        if not isinstance(code, str) or not wiping.fits(code, lock):
            return False  # whoever says so does not know what this laptop was given
        if store.give_up(handed, partial(wiping.order, store.folder, code, lock, entries)):
            wiping.erase_keys(store.folder, vault)
            return True  # else something was written meanwhile, and is handed in as well


def _hand_in(store: Store, ask: Ask, handed: set[str]) -> None:
    while True:
        with store.database.read() as connection:
            groups = unsent.page(connection, handed)
        if not groups:
            return
        if ask({"groups": groups}).get("taken") != len(groups):
            raise cut()
        handed.update(each["group"] for each in groups)


def erased() -> Unavailable:
    """What window and command say then."""
    return Unavailable(
        ERASED,
        N_("Your firm has taken this laptop out of use. What had not been sent was handed in to your team lead; "
           "the data on this laptop is erased."),
    )  # fmt: skip
