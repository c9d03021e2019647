"""A second witness that does not know Python: system calls of the program and its children."""

from __future__ import annotations

import re
from pathlib import Path

from tests.hostile.cases import SECRET

_CALL = re.compile(r"^\d+ +(?P<call>\w+)\((?P<arguments>.*)\) = (?P<result>-?\d+)")
_SOCKETS = ("socket", "connect", "sendto", "bind", "accept4")


def prefix(log: Path) -> list[str]:
    """What to put before a command."""
    calls = f"trace=open,openat,openat2,execve,{','.join(_SOCKETS)}"
    return ["strace", "-f", "-qq", "--seccomp-bpf", "-s", "400", "-e", calls, "-o", str(log)]


def seen(log: Path) -> list[str]:
    """Opens of the forbidden file that gave a descriptor, sockets of any family, programs that are no Python."""
    found = []
    for line in log.read_text("utf-8", "replace").splitlines():
        match = _CALL.match(line)
        if match is None or int(match["result"]) < 0:
            continue
        call, arguments = match["call"], match["arguments"]
        secret = call.startswith("open") and (SECRET in arguments or '"/etc/passwd"' in arguments)
        program = call == "execve" and "python" not in arguments.partition(",")[0]
        if secret or program or call in _SOCKETS:
            found.append(line[:300])
    return found
