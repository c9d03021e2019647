"""Figures of one server process for Prometheus, in its text form; no id, name or address is in them."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KIND = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets in which times are counted."""
Labels = tuple[tuple[str, str], ...]


class _Times:
    """Times counted in buckets."""

    def __init__(self) -> None:
        self.counts = [0] * (len(SECONDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(SECONDS, seconds)] += 1
        self.total += seconds

    def lines(self, name: str, labels: Labels) -> Iterable[str]:
        sum_ = 0
        for bound, count in zip((*map(str, SECONDS), "+Inf"), self.counts, strict=True):
            sum_ += count
            yield _line(f"{name}_bucket", (*labels, ("le", bound)), sum_)
        yield _line(f"{name}_sum", labels, round(self.total, 6))
        yield _line(f"{name}_count", labels, sum_)


class Metrics:
    """What one process counts. Labels are names of calls and of reasons from our own lists, and statuses.

    Attributes:
        gauges: name (without its beginning) → what it means, and what asks for it when it is read.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[tuple[str, int], int] = {}
        self._refused: dict[str, int] = {}
        self._times: dict[str, _Times] = {}
        self._queue = _Times()
        self._lag = _Times()
        self.gauges: dict[str, tuple[str, Callable[[], float]]] = {}

    def called(self, name: str, status: int, seconds: float) -> None:
        """A call of that name was answered."""
        with self._lock:
            self._calls[name, status] = self._calls.get((name, status), 0) + 1
            self._times.setdefault(name, _Times()).add(seconds)

    def refused(self, why: str) -> None:
        """A call was turned away at the door: full, slow, rate, waiting."""
        with self._lock:
            self._refused[why] = self._refused.get(why, 0) + 1

    def queued(self, seconds: float) -> None:
        """A call got its place after so long."""
        with self._lock:
            self._queue.add(seconds)

    def lagged(self, seconds: float) -> None:
        """What was committed so long ago is known to those who wait in this process."""
        with self._lock:
            self._lag.add(max(0.0, seconds))

    def text(self) -> str:
        """Everything, as Prometheus reads it."""
        with self._lock:
            lines = ["# HELP kam_calls_total Calls answered, by name and status.", "# TYPE kam_calls_total counter"]
            for (name, status), count in sorted(self._calls.items()):
                lines.append(_line("kam_calls_total", (("call", name), ("status", str(status))), count))
            lines += ["# HELP kam_call_seconds Time from a call's first byte to its answer.",
                      "# TYPE kam_call_seconds histogram"]  # fmt: skip
            for name, times in sorted(self._times.items()):
                lines += times.lines("kam_call_seconds", (("call", name),))
            lines += ["# HELP kam_turned_away_total Calls turned away at the door, by reason.",
                      "# TYPE kam_turned_away_total counter"]  # fmt: skip
            lines += [_line("kam_turned_away_total", (("why", why),), n) for why, n in sorted(self._refused.items())]
            lines += ["# HELP kam_queue_seconds Time that calls waited for a place.",
                      "# TYPE kam_queue_seconds histogram", *self._queue.lines("kam_queue_seconds", ())]  # fmt: skip
            lines += ["# HELP kam_feed_lag_seconds Time from a commit until those who wait here hear of it.",
                      "# TYPE kam_feed_lag_seconds histogram"]  # fmt: skip
            lines += self._lag.lines("kam_feed_lag_seconds", ())
        for name, (about, ask) in sorted(self.gauges.items()):
            lines += [f"# HELP kam_{name} {about}", f"# TYPE kam_{name} gauge", _line(f"kam_{name}", (), ask())]
        return "\n".join(lines) + "\n"


def _line(name: str, labels: Labels, value: float) -> str:
    inside = ",".join(f'{key}="{text}"' for key, text in labels)
    return f"{name}{{{inside}}} {value:g}" if inside else f"{name} {value:g}"


class Port:
    """The figures at an address of their own, GET /metrics; laptops never reach it."""

    def __init__(self, metrics: Metrics, host: str, port: int) -> None:
        """Listens from here on. Raises OSError where the address is taken."""

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = self.path.split("?")[0] == "/metrics"
                body = metrics.text().encode() if found else b""
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", KIND)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: it is asked every few seconds."""

        self._server = ThreadingHTTPServer((host, port), Page)
        self._server.daemon_threads = True
        self.address = self._server.server_address[:2]
        threading.Thread(target=self._server.serve_forever, name="kam-metrics", daemon=True).start()

    def close(self) -> None:
        """Listens no more."""
        self._server.shutdown()
        self._server.server_close()
