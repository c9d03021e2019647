"""Whether somebody is in a meeting: showing slides, sharing a full screen, not to be disturbed."""

from __future__ import annotations

import sys

# SHQueryUserNotificationState: a full-screen program, a full-screen game, presentation settings switched on.
_BUSY = (2, 3, 4)


def in_a_meeting() -> bool:
    """What Windows says of the moment; elsewhere nobody can be asked, and the window itself is what is looked at."""
    if sys.platform == "win32":
        import ctypes

        state = ctypes.c_int(0)
        asked = ctypes.windll.shell32.SHQueryUserNotificationState(ctypes.byref(state))
        return bool(asked == 0 and state.value in _BUSY)
    return False
