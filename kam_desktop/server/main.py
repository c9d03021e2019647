"""The web service around the core: bodies in, bodies out, nothing decided here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from kam_desktop import __version__
from kam_desktop.domain.clock import Clock
from kam_desktop.domain.errors import Unavailable
from kam_desktop.domain.ids import Ids
from kam_desktop.domain.policy import Policy
from kam_desktop.language import N_
from kam_desktop.protocol import messages, proofs
from kam_desktop.protocol.addresses import PATHS
from kam_desktop.protocol.messages import Problem
from kam_desktop.server import browser, callers, calls, document, leaving, sessions, waiting, workspace
from kam_desktop.server.admission import BUSY, Admission, Limits
from kam_desktop.server.database import Again, Database
from kam_desktop.server.metrics import Metrics
from kam_desktop.server.news import Listener
from kam_desktop.server.provider_door import Door
from kam_desktop.server.sessions import Bearer, Subject

WAIT_S = 55.0
LOOK_S = 1.0
"""How often a waiting call looks for what another process of this server wrote, where nobody tells it."""
RARE_LOOK_S = 10.0
"""The same where PostgreSQL tells it at each commit."""
SPARE_THREADS = 4
"""Beside those of the calls that are worked on: for looks at the news and for the health."""
_log = logging.getLogger(__name__)


class Service:
    """One server process: its database, what a call needs, and who waits for news.

    Attributes:
        workspace: the identity that stands in the header of every answer.
    """

    def __init__(
        self, database: Database, policy: Policy, clock: Clock, ids: Ids, limits: Limits | None = None
    ) -> None:
        self.database, self.policy, self.clock, self.ids = database, policy, clock, ids
        with database.read() as connection:
            self.workspace = workspace.read(connection).id
        self.limits, self.metrics = limits or Limits(), Metrics()
        self.provider = Door(clock.monotonic)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.listener = Listener(database, self._heard)
        self._threads = ThreadPoolExecutor(self.limits.calls + SPARE_THREADS, "call")
        self.admission = Admission(self.limits, self.metrics, monotonic=clock.monotonic)
        self.waiting = waiting.Waiting(database, self.aside, clock, self.metrics)
        self.metrics.gauges |= {
            "calls_at_work": ("Calls that are worked on now.", lambda: self.admission.at_work),
            "calls_queued": ("Calls that wait for a place now.", lambda: self.admission.queued),
            "calls_inside": ("Calls whose bodies are here or coming now.", lambda: self.admission.inside),
            "laptops_waiting": ("Laptops that hold a call for news now.", lambda: self.waiting.count),
            "news_heard": ("Whether commits of other processes are heard.", lambda: float(self.listener.listening)),
            "connections_idle": ("Connections to the database that stand idle.", lambda: database.idle),
            "connections_used": ("Connections to the database in a transaction.", lambda: database.used),
        }

    @asynccontextmanager
    async def listening(self, _app: FastAPI) -> AsyncIterator[None]:
        """While the application runs, what other processes commit wakes the calls that wait in this one."""
        self._loop = asyncio.get_running_loop()
        self.listener.start()
        yield
        self._loop = None
        await self.aside(self.listener.stop)
        self._threads.shutdown(wait=False)

    async def aside(self, work: Callable[..., Any], *given: Any) -> Any:
        """Does it in a thread of its own, so that the loop goes on."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)

    def wake(self) -> None:
        """Lets every waiting call look; in the thread of the loop."""
        self.waiting.wake()

    def _heard(self) -> None:
        if (loop := self._loop) is not None:
            loop.call_soon_threadsafe(self.wake)

    def look_every_s(self) -> float:
        """How often a call that waits looks by itself."""
        return RARE_LOOK_S if self.listener.listening else LOOK_S

    def work(self, name: str, token: str, message: Mapping[str, Any], host: str = "") -> Mapping[str, Any]:
        """One call from beginning to end, in a thread of its own; `host` as the request named this server."""
        if name == "sign-in":
            return sessions.sign_in(self.database, message, self.clock, self.ids, host)
        if name == "refresh":
            return sessions.refresh(self.database, message, self.clock, self.ids, host)
        if name == "provider":
            return browser.offered(self.database)
        if name == "browser-begin":
            return browser.begin(self.database, self.provider, message, self.clock, self.ids, host)
        if name == "browser-sign-in":
            return browser.sign_in(self.database, self.provider, message, self.clock, self.ids, self.policy, host)
        if name == "hand-in":
            return leaving.hand_in(self.database, message, self.clock, self.ids, host)
        if name == "sign-out":
            return sessions.sign_out(self.database, message)
        # what only reads asks in its own transaction whose token it is; nobody unknown gets as far as the writers' lock
        subject = self.subject(token) if name in calls.WRITING else Bearer(token, self.clock)
        return calls.answer(self.database, name, subject, message, clock=self.clock, ids=self.ids, policy=self.policy)

    def subject(self, token: str) -> Subject:
        """Whose token this is. Raises Problem 401."""
        with self.database.read() as connection:
            return sessions.subject(connection, token, self.clock)

    def scopes(self, token: str) -> frozenset[str]:
        """The scopes in which news is news for this token's user. Raises Problem 401 or 403."""
        with self.database.read() as connection:
            found = sessions.subject(connection, token, self.clock)
            caller = callers.load(connection, found.user, found.device, self.policy)
            names = frozenset(callers.scopes_of(connection, caller))
            sees_all = "all" in self.policy.reach.get(caller.role, frozenset())
            return names | {waiting.ALL} if sees_all else names

    def seq(self) -> int:
        """The newest sequence number."""
        with self.database.read() as connection:
            return workspace.read(connection).seq


class App(FastAPI):
    """A call reads its own body and makes its own answer: FastAPI tells of it and does not stand in between.

    Attributes:
        calls: what answers a POST, by its path.
        metrics: what it counts.
    """

    calls: dict[str, Callable[[Request], Awaitable[Response]]]
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self.calls.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if call is None:
            await super().__call__(scope, receive, send)
            return
        response = await call(Request(scope, receive))
        await response(scope, receive, send)


class _Route(APIRoute):
    """The same for what comes here all the same, by a path that is written otherwise."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return handler


def create_app(database: Database, policy: Policy, clock: Clock, ids: Ids, limits: Limits | None = None) -> App:
    """The application; its figures are at `app.metrics`. The workspace must have been made (`migrate`)."""
    service = Service(database, policy, clock, ids, limits)
    app = App(title="KAM Desktop shared server", version=__version__, docs_url=None, redoc_url=None,
               lifespan=service.listening)  # fmt: skip
    app.metrics = service.metrics
    app.calls = {PATHS[name]: _endpoint(service, name) for name in document.SUMMARIES}
    for name, summary in document.SUMMARIES.items():
        app.router.add_api_route(
            PATHS[name], app.calls[PATHS[name]], methods=["POST"], summary=summary, response_class=Response,
            operation_id=name, responses=document.responses(name), openapi_extra=document.body(name),
            route_class_override=_Route,
        )  # fmt: skip
    app.add_api_route(
        "/health", _health(service), methods=["GET"], summary="Whether the database answers", operation_id="health",
        response_class=JSONResponse, responses=document.HEALTH,
    )  # fmt: skip
    document.completed(app.openapi())  # made once and kept
    return app


def _endpoint(service: Service, name: str) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        began = service.clock.monotonic()
        response = await _answered(service, name, request)
        service.metrics.called(name, response.status_code, service.clock.monotonic() - began)
        return response

    return endpoint


async def _answered(service: Service, name: str, request: Request) -> Response:
    accepted = request.headers.get("accept-encoding", "")
    try:
        with service.admission.arrived():
            answer = await _worked(service, name, request)
        if name == "wait":  # it holds no place while it waits
            answer = await _wait(service, answer)
        return _response(service, 200, answer, accepted)
    except Problem as refused:
        _log.info("%s %s %s", name, refused.status, refused.code)
        return _refused(service, refused, accepted)
    except (Again, Unavailable) as busy:
        _log.warning("%s busy: %s", name, type(busy).__name__)
        return _refused(service, Problem(503, "busy", BUSY, retry_after=5), accepted)
    except Exception as error:  # noqa: BLE001 - the outermost border: what is said names no value of the data
        _log.error("%s failed: %s at %s", name, type(error).__name__, _place(error))
        fault = N_("The server has a problem ({status}). Your changes wait here.")
        return _refused(service, Problem(500, "server_fault", fault), accepted)


async def _worked(service: Service, name: str, request: Request) -> Mapping[str, Any]:
    """Reads the body, waits for a place, and does it there; of `wait` only what is asked before the waiting."""
    try:
        body = await asyncio.wait_for(_body_of(request), service.limits.body_s)
    except TimeoutError:
        raise service.admission.turned_away("body") from None
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    known_by = token or (request.client.host if request.client is not None else "")
    async with service.admission.place(name, known_by):
        message = messages.unpack(body, request.headers.get("content-encoding", ""))
        if name not in document.OPEN_CALLS and not token:
            raise Problem(401, "sign_in", N_("Sign in again to go on syncing. Your changes wait on this computer."))
        if (proof := request.headers.get(proofs.HEADER)) is not None:
            message["proof"] = proof
        if name == "wait":
            scopes = await service.aside(service.scopes, token)
            return {"scopes": scopes, "seq": messages.whole(message, "seq")}
        answer: Mapping[str, Any]
        answer = await service.aside(service.work, name, token, message, request.headers.get("host", ""))
    if name in calls.WRITING:
        service.wake()
    return answer


async def _body_of(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != messages.MEDIA_TYPE:
        raise Problem(415, "unknown_media_type", N_("This is not a message of KAM Desktop."))
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > messages.PACKED_BYTES:
            raise Problem(413, "too_large", N_("The message is too large."))
        chunks.append(chunk)
    return b"".join(chunks)


async def _wait(service: Service, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Holds the call until there is news for this caller; a hint, never data, and nothing about whose change it was."""
    held = service.waiting
    if held.count >= service.limits.waiting:
        raise service.admission.turned_away("waiting")
    changed = await held.hold(asked["seq"], asked["scopes"], service.look_every_s, WAIT_S)
    return {"workspace": service.workspace, "changed": changed}


def _refused(service: Service, problem: Problem, accepted: str) -> Response:
    response = _response(service, problem.status, problem.body(), accepted)
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    if problem.code == proofs.USE_NONCE:
        response.headers[proofs.NONCE_HEADER] = str(problem.args_named["nonce"])
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _response(service: Service, status: int, content: Mapping[str, Any], accepted: str) -> Response:
    encodings = [each for each in messages.ENCODINGS if each in accepted]
    body, encoding = messages.pack(content, encodings, large=messages.LARGE_LEVEL)
    headers = {messages.WORKSPACE_HEADER: service.workspace, "Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if encoding:
        headers["Content-Encoding"] = encoding
    return Response(body, status, headers, messages.MEDIA_TYPE)


def _health(service: Service) -> Callable[[], Response]:
    def health() -> Response:
        status, state = 200, "ready"
        try:
            service.seq()
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer is that the database does not answer
            _log.error("health failed: %s at %s", type(error).__name__, _place(error))
            status, state = 503, "unavailable"
        return JSONResponse({"state": state, "version": __version__, "workspace": service.workspace}, status)

    return health


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "?"
