"""News between the processes of one server: a thread that hears what PostgreSQL tells at each commit."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import psycopg

from kam_desktop.domain.errors import Unavailable
from kam_desktop.server.database import NEWS, Database

AGAIN_S = 1.0
"""After this long a lost connection is tried again; meanwhile waiting calls look for themselves."""
BEAT_S = 5.0
"""So often the connection is asked whether it still lives: a silent one would be no news for ever."""
_log = logging.getLogger(__name__)


class Listener:
    """Hears, on a connection of its own, that something was committed, by whichever process.

    Attributes:
        listening: whether news is heard now; where it is not, nobody may rely on it.
    """

    def __init__(self, database: Database, heard: Callable[[], None]) -> None:
        """`heard` is called in the listener's thread, once for each commit and once after each new connection."""
        self._database, self._heard = database, heard
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kam-news", daemon=True)
        self.listening = False

    def start(self) -> None:
        """Begins, where the database can tell news at all; SQLite has one process only."""
        if self._database.postgresql:
            self._thread.start()

    def stop(self) -> None:
        """Ends; waits for the thread no longer than it takes to hear of it."""
        self._ended.set()
        if self._thread.is_alive():
            try:
                with self._database.write() as connection:
                    connection.tell(NEWS)  # wakes the thread
            except Unavailable:
                pass  # then it does not listen, but waits for this very event
            self._thread.join(BEAT_S)

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._listen()
            except (psycopg.Error, Unavailable) as failure:
                if self.listening:
                    _log.warning("news of other processes is lost: %s; trying again", type(failure).__name__)
                self.listening = False
                self._ended.wait(AGAIN_S)
        self.listening = False

    def _listen(self) -> None:
        with self._database.alone() as driver:
            driver.execute(f"listen {NEWS}")
            self.listening = True
            self._heard()  # what was told while nobody listened
            while not self._ended.is_set():
                for _ in driver.notifies(timeout=BEAT_S, stop_after=1):
                    self._heard()
                driver.execute("select 1")
