"""One sync cycle from beginning to end, for the net lane of the window and for the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kam_desktop.domain.errors import SignedOut, Unavailable
from kam_desktop.store.sync_state import SyncState
from kam_desktop.sync.engine import Engine, Report
from kam_desktop.sync.session import Session
from kam_desktop.sync.transport import Transport


def run(
    engine: Engine,
    state: SyncState,
    transport: Transport,
    session: Session,
    *,
    told: Callable[[Report], Any] = lambda report: None,
    cancelled: Callable[[], bool] = lambda: False,
    agreed: bool = False,
) -> Report:
    """Pushes what waits, pulls what is new, indexes it. No transaction is open while the network is.

    Args:
        told: called after every answer, for progress and for pages that refresh.
        cancelled: asked between two requests; what was taken in stays.
        agreed: the user said that rows may go which an earlier cycle held back.

    Raises Unavailable for what kept the cycle from its end; everything taken in before stays, nothing else changed.
    """
    engine.begin()
    if agreed:
        engine.release_brake()
    renewed = False
    while (call := engine.next_call()) is not None and not cancelled():
        try:
            session.ensure()
            answer = transport.call(call.name, call.message)
        except SignedOut as failure:
            if renewed:
                engine.failed(call, failure)
                raise
            renewed = True  # the server ended the token before its time: once, another one is asked for
            try:
                session.renew()
            except Unavailable as reason:
                engine.failed(call, reason)
                raise
            continue
        except Unavailable as failure:
            engine.failed(call, failure)
            if not engine.busy:
                raise
            continue
        engine.answered(call, answer)
        if engine.report.failure is not None and not engine.busy:
            raise engine.report.failure
        told(engine.report)
    if engine.report.done:
        return engine.report
    while state.index_rows() and not cancelled():
        pass
    state.forget()
    return engine.report
