"""The six first steps of a profile, each measured from what is there: nobody ticks one off."""

from __future__ import annotations

from pathlib import Path

from kam_desktop.domain.entities import FIRM_ID, Firm
from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.store import backup
from kam_desktop.store.key_file import KeyFile
from kam_desktop.store.reader import Reader

FIRM, CUSTOMERS, MONEY, PROPOSAL, RECOVERY, SAFETY = "firm", "customers", "money", "proposal", "recovery", "safety"
STEPS = (FIRM, CUSTOMERS, MONEY, PROPOSAL, RECOVERY, SAFETY)
_THERE = """
select exists(select 1 from account), exists(select 1 from invoice) or exists(select 1 from credit_note),
  exists(select 1 from proposal), exists(select 1 from meta where key = 'workspace' and value <> '')
"""


def done(reader: Reader, folder: Path | None) -> frozenset[str]:
    """Which of STEPS are done.

    Args:
        folder: of the profile, with its keys and backups; None for one that is thrown away.
    """
    firm = reader.get(Firm, FIRM_ID)
    accounts, money, proposals, connected = reader.sql(_THERE)[0]
    found = {
        FIRM: firm is not None and bool(firm.legal_name and firm.tax_code),
        CUSTOMERS: bool(accounts),
        MONEY: bool(money),
        PROPOSAL: bool(proposals),
        RECOVERY: folder is not None and _recovery_kept(folder),
        SAFETY: bool(connected) or (folder is not None and backup.asked_for(folder)),
    }
    return frozenset(name for name, there in found.items() if there)


def _recovery_kept(folder: Path) -> bool:
    """Such a key gets into the key file only once two of its groups were given back from paper."""
    try:
        return "recovery" in KeyFile.load(folder, False).kinds
    except (Refused, Unavailable):
        return False
