"""Functions that test_confined runs in a child: each misbehaves in one way."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from pathlib import Path
from typing import Any

from kam_desktop.domain.errors import Problem, Refused


def echo(inputs: list[bytes], args: Any) -> Any:
    return {"sizes": [len(each) for each in inputs], "first": inputs[0][:1].decode() if inputs else "", "args": args}


def forever(inputs: list[bytes], args: Any) -> None:
    while True:
        pass


def asleep(inputs: list[bytes], args: Any) -> None:
    time.sleep(60)


def greedy(inputs: list[bytes], args: Any) -> int:
    return len(bytearray(args["bytes"]))


def aborts(inputs: list[bytes], args: Any) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def refuses(inputs: list[bytes], args: Any) -> None:
    raise Refused(Problem("cell", "odd", "Row {row} is odd.", {"row": "7"}))


def broken(inputs: list[bytes], args: Any) -> None:
    raise KeyError("content of the file")


def nested(inputs: list[bytes], args: Any) -> None:
    nested(inputs, args)


def reaches_out(inputs: list[bytes], args: Any) -> list[str]:
    """The names of the ways out that worked."""
    worked = []
    with contextlib.suppress(OSError):
        Path(args["file"]).read_bytes()
        worked.append("read")
    with contextlib.suppress(OSError):
        os.open(args["file"], os.O_RDONLY)
        worked.append("os.open")
    with contextlib.suppress(OSError):
        Path(args["target"]).write_bytes(b"x")
        worked.append("write")
    with contextlib.suppress(OSError):
        socket.socket()
        worked.append("socket")
    with contextlib.suppress(OSError):
        os.pipe()
        worked.append("pipe")
    with contextlib.suppress(OSError):
        os.fork()
        worked.append("fork")
    return worked


def environment(inputs: list[bytes], args: Any) -> list[str]:
    return sorted(os.environ)
