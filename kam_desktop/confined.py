"""Runs one named function of ours in a child process with limits on memory, time and files."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Protocol

from kam_desktop.domain.errors import Broken, Problem, Refused, Unavailable

MEBIBYTE: Final = 1024 * 1024
_LARGEST_ANSWER: Final = 48 * MEBIBYTE
_BLOCK: Final = 1024 * 1024
_POLL_S: Final = 0.02
_PART: Final = b'{"part"'
# The child gets the parent's module path as an argument: it finds our package without the environment, the
# current folder or the `site` module having a say (-I -S), and starts in a third of the time.
_START: Final = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from kam_desktop.confined import _child; _child()"
)


@dataclass(frozen=True, slots=True)
class Confined:
    """A function that may be called in a child, and what it is allowed.

    Attributes:
        function: "module:function"; it takes (inputs, args) and gives something that JSON can hold.
        memory_bytes: address space of the child.
        data_bytes: what the child may write to of it (heap, stacks); with some 20 MB of programs and libraries that
            is all it can ever hold in memory. Where the system knows no such limit, `memory_bytes` alone holds.
        time_s: seconds by the clock on the wall for the whole call.
        preload: modules that the function would only import while it runs; afterwards no file can be opened.
        may_open: leave files within reach (a type-setter needs its fonts); False for everything that is foreign.
    """

    function: str
    memory_bytes: int = 512 * MEBIBYTE
    data_bytes: int = 118 * MEBIBYTE
    time_s: float = 10.0
    preload: tuple[str, ...] = ()
    may_open: bool = False


class Closable(Protocol):
    """What is let go when a child has ended."""

    def close(self) -> None: ...


_TEXT_CODECS = (
    "utf_8",
    "utf_8_sig",
    "utf_16",
    "utf_16_le",
    "utf_16_be",
    "ascii",
    "latin_1",
    "cp437",
    "cp1252",
    "cp1258",
)
_CODECS = tuple(f"encodings.{name}" for name in _TEXT_CODECS)
SHEET: Final = Confined("kam_desktop.transfer.sheet_parser:parse", preload=("datetime", "_strptime", *_CODECS))
EINVOICES: Final = Confined(
    "kam_desktop.transfer.einvoice_parser:parse", preload=("pyexpat", "defusedxml.ElementTree", *_CODECS)
)
# Files stay within reach only until the fonts are read; then the function closes the door itself.
PAPER: Final = Confined("kam_desktop.documents.typesetter:compile_paper", data_bytes=512 * MEBIBYTE, may_open=True)
ALLOWED: Final = (SHEET, EINVOICES, PAPER)
"""Every function that a child may run; nothing else can be named."""


def run(
    task: Confined,
    inputs: Sequence[bytes | Path],
    args: Any = None,
    *,
    cancelled: Callable[[], bool] | None = None,
    memory_bytes: int | None = None,
    time_s: float | None = None,
    part: Callable[[Any], object] | None = None,
) -> Any:
    """The answer of the task's function, run in a child on the inputs (bytes, or files that this process opens).

    The child sees only the bytes: once its modules are loaded it can open no file and no socket. A function that
    yields gives its answer in parts: `part` gets each of them, in this thread, while the child goes on. So neither
    process holds the whole twice, and no step is so long that it keeps a window waiting.
    Raises Refused (codes too_slow, too_much_memory, crashed, cancelled, and those of the function itself),
    Unavailable when no child can be started, and Broken when the function has a fault of ours.
    """
    if not any(task.function == each.function for each in ALLOWED):
        raise Broken(f"not allowed in a child process: {task.function}")
    limits = dataclasses.replace(
        task, memory_bytes=memory_bytes or task.memory_bytes, time_s=time_s if time_s is not None else task.time_s
    )
    sizes = [len(each) if isinstance(each, bytes) else each.stat().st_size for each in inputs]
    head = {"task": dataclasses.asdict(limits), "sizes": sizes, "args": args}
    try:
        process = subprocess.Popen(
            [interpreter(), "-I", "-S", "-c", _START, json.dumps(_module_path())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            close_fds=True,
            env=_bare_environment(),
            creationflags=0x08000000 if sys.platform == "win32" else 0,  # CREATE_NO_WINDOW
        )
    except OSError as error:
        raise Unavailable(
            "no_child", "The program that reads files could not be started: {reason}.", reason=error.strerror or "?"
        ) from error
    fence: Closable | None = None
    if sys.platform == "win32":
        from kam_desktop.windows_job import WindowsJob

        most = min(limits.memory_bytes, limits.data_bytes + 32 * MEBIBYTE)
        fence = WindowsJob(int(vars(process)["_handle"]), most)
    try:
        return _converse(process, head, inputs, sizes, limits.time_s, cancelled, part)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    pass
        if fence is not None:
            fence.close()


def start_again(arguments: Sequence[str]) -> None:
    """Puts a fresh start of the program in the place of this process: what its memory held is gone with it."""
    words = [sys.executable] if getattr(sys, "frozen", False) else [interpreter(), "-m", "kam_desktop"]
    if sys.platform == "win32":  # there another process takes over, and paths may hold spaces
        subprocess.Popen([*words, *arguments], close_fds=True)
    else:
        os.execv(words[0], [*words, *arguments])


def interpreter() -> str:
    """The Python program to start a child with.

    Under the Windows launcher `sys.executable` may name the launcher itself: the interpreter is then the one in
    its `python` folder, or beside it.
    """
    current = Path(sys.executable)
    if sys.platform == "win32" and not current.name.lower().startswith("python"):
        for folder in (current.parent / "python", current.parent, Path(sys.base_prefix)):
            for name in ("pythonw.exe", "python.exe"):
                if (folder / name).is_file():
                    return str(folder / name)
    return str(current)


def _module_path() -> list[str]:
    package = str(Path(__file__).resolve().parent.parent)
    return [package, *(each for each in sys.path if each and each != package)]


def _bare_environment() -> dict[str, str]:
    kept = ("SYSTEMROOT", "WINDIR", "PATH", "LD_LIBRARY_PATH", "TEMP", "TMP", "PYTHONDONTWRITEBYTECODE")
    return {name: os.environ[name] for name in kept if name in os.environ}


class _Answer:
    """The lines that the child writes, taken by a thread of its own so that a full pipe never blocks the child."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.too_large = False
        self._pipe = pipe
        self.thread = threading.Thread(target=self._drain, name="confined answer", daemon=True)
        self.thread.start()

    def _drain(self) -> None:
        left = _LARGEST_ANSWER
        try:
            while line := self._pipe.readline(left + 1):
                left -= len(line)
                if left < 0:
                    self.too_large = True
                    break
                self.lines.put(line)
        except (OSError, ValueError):
            pass
        finally:
            self.lines.put(b"")  # the end


def _feed(pipe: IO[bytes], head: bytes, inputs: Sequence[bytes | Path], sizes: Sequence[int]) -> None:
    try:
        pipe.write(head)
        for each, size in zip(inputs, sizes, strict=True):
            if isinstance(each, bytes):
                pipe.write(each)
                continue
            with each.open("rb") as file:
                left = size
                while left > 0:
                    block = file.read(min(_BLOCK, left))
                    if not block:
                        return  # the file shrank while it was read: the child finds too few bytes
                    left -= len(block)
                    pipe.write(block)
        pipe.close()
    except (OSError, ValueError):
        pass  # the child is gone; its end says why


def _converse(
    process: subprocess.Popen[bytes],
    head: dict[str, Any],
    inputs: Sequence[bytes | Path],
    sizes: Sequence[int],
    time_s: float,
    cancelled: Callable[[], bool] | None,
    part: Callable[[Any], object] | None,
) -> Any:
    if process.stdin is None or process.stdout is None:
        raise Broken("a child process has no pipes")
    deadline = time.monotonic() + time_s
    answer = _Answer(process.stdout)
    opening = json.dumps(head).encode() + b"\n"
    feeder = threading.Thread(
        target=_feed, args=(process.stdin, opening, inputs, sizes), name="confined input", daemon=True
    )
    feeder.start()
    verdict = b""
    while True:
        if cancelled is not None and cancelled():
            process.kill()
            raise Refused(Problem("", "cancelled", "Cancelled; nothing was changed."))
        if time.monotonic() > deadline:
            process.kill()
            raise Refused(
                Problem(
                    "",
                    "too_slow",
                    "Reading this file took longer than {seconds} seconds and was stopped.",
                    {"seconds": f"{time_s:g}"},
                )
            )
        try:
            line = answer.lines.get(timeout=_POLL_S)
        except queue.Empty:
            continue
        if not line:
            break
        if not line.startswith(_PART):
            verdict = line
        elif part is not None and line.endswith(b"\n"):
            part(json.loads(line)["part"])
    if answer.too_large:
        process.kill()
        raise _too_much_memory()
    process.wait()
    feeder.join(timeout=1.0)
    return _outcome(verdict, process.returncode)


def _too_much_memory() -> Refused:
    return Refused(Problem("", "too_much_memory", "This file needs more memory than a file of this kind may use."))


def _crashed() -> Refused:
    return Refused(Problem("", "crashed", "This file could not be read: it made the reader stop."))


def _outcome(answer: bytes, status: int) -> Any:
    if not answer:
        # Rust aborts when it gets no memory (SIGABRT); SIGXCPU and SIGKILL are the processor limit.
        if status in (-6, 134, 3):
            raise _too_much_memory()
        if status in (-24, -9):
            raise Refused(Problem("", "too_slow", "Reading this file took too long and was stopped."))
        raise _crashed()
    try:
        said = json.loads(answer)
    except ValueError as error:
        raise _crashed() from error
    if "refused" in said:
        raise Refused([Problem(**each) for each in said["refused"]])
    if "memory" in said:
        raise _too_much_memory()
    if "crashed" in said:
        raise _crashed()
    if "broken" in said:
        raise Broken(said["broken"])
    return said["answer"]


# --- in the child -------------------------------------------------------------------------------------------------


def _child() -> None:
    """The whole life of the child: limits, modules, inputs, the fence around files, the function, the answer."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    head = json.loads(source.readline())
    task = Confined(**{**head["task"], "preload": tuple(head["task"]["preload"])})
    try:
        _limit(task)
        module, _, name = task.function.partition(":")
        for each in (*task.preload, module):
            importlib.import_module(each)
        function = getattr(sys.modules[module], name)
        inputs = [source.read(size) for size in head["sizes"]]
        if not task.may_open:
            close_the_door()
        said = function(inputs, head["args"])
        if isinstance(said, Iterator):
            for each in said:
                target.write(_line({"part": each}))
            said = None
        answer = _line({"answer": said})
    except MemoryError:
        answer = b'{"memory": true}'
    except RecursionError:
        answer = json.dumps(
            {"refused": [dataclasses.asdict(Problem("", "nested", "This file is nested too deeply to be read."))]}
        ).encode()
    except Refused as refused:
        answer = json.dumps({"refused": [dataclasses.asdict(each) for each in refused.problems]}).encode()
    except Exception as error:  # noqa: BLE001 - a fault of ours: told to the parent by place, without the file's content
        answer = json.dumps({"broken": _place(error)}).encode()
    except BaseException:  # noqa: BLE001 - how a library that is no Python tells of its own fault
        answer = _line({"crashed": True})
    target.write(answer)
    target.flush()
    os._exit(0)  # no clean-up that a hostile file could slow down


def _line(said: dict[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


def _place(error: Exception) -> str:
    trace, places = error.__traceback__, []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return f"{type(error).__name__} in {' < '.join(reversed(places[-4:]))}"


def _limit(task: Confined) -> None:
    if sys.platform != "win32":  # there the parent's job object holds the child
        import resource

        def lower(kind: int, most: int) -> None:
            _, hard = resource.getrlimit(kind)
            value = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (value, value))

        lower(resource.RLIMIT_AS, task.memory_bytes)
        lower(resource.RLIMIT_DATA, task.data_bytes)
        lower(resource.RLIMIT_CPU, max(1, int(task.time_s) + 1))
        lower(resource.RLIMIT_CORE, 0)


def close_the_door() -> None:
    """For a child: from here on it opens no file, no socket and no other process, whatever the file makes it do."""
    if sys.platform == "linux":
        import ctypes

        system = ctypes.CDLL(None)
        system.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
        system.unshare(0x10000000 | 0x40000000)  # own user and network namespace, where the kernel permits it
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        # Descriptors 0, 1 and 2 stay usable; nothing gets a new one: neither Python nor a library opens or connects.
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    sys.addaudithook(_refuse_to_open)


_CLOSED: Final = frozenset(("open", "subprocess.Popen", "os.system", "os.posix_spawn", "os.fork", "os.startfile"))


def _refuse_to_open(event: str, _arguments: tuple[Any, ...]) -> None:
    if event in _CLOSED or event.startswith(("socket.", "os.exec")):
        raise PermissionError(f"{event} while a foreign file is read")
