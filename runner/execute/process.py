"""One worker process: how it is started, read, stopped, and how its death is told."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from runner.errors import WorkerFailed
from runner.execute.lines import LineDecoder

if TYPE_CHECKING:
    from runner.execute.lines import Message
    from runner.execute.options import WorkerOptions

_MAIN = Path(__file__).parent.parent / "_worker" / "__main__.py"
_PIPE_BYTES = 1 << 20
_STACK_BYTES = 64 * 1024
_LEAVING_S = 2.0
_OUR_REGISTRY = "RUNNER_REGISTRY"
_CHANNEL_LOST = 71  # as in the worker's wire module
_READS_OF_DEAD = 8  # a stray outside the group may hold the pipe and write for ever


def interpreter_flags() -> list[str]:
    """Return the flags that give a child the interpreter settings of this process (-O, -W, -X and so on)."""
    flags = cast("list[str]", subprocess._args_from_interpreter_flags())  # type: ignore[attr-defined]  # noqa: SLF001
    for name, value in sys._xoptions.items():  # noqa: SLF001
        option = name if value is True else f"{name}={value}"
        if option not in flags:
            flags += ["-X", option]
    return flags


class WorkerProcess:
    """A worker in its own session and process group, with private pipes."""

    def __init__(self, options: WorkerOptions, block: bytes) -> None:
        self._decoder = LineDecoder()
        self._is_cut_off = False
        self._is_closed = False
        self._stacks = _anonymous_file()
        self._events, events = os.pipe()
        commands, self._commands = os.pipe()
        lifeline, self._lifeline = os.pipe()
        for pipe in (events, self._commands):
            _enlarge(pipe)
        try:
            self._process = _start(options, (events, commands, lifeline, self._stacks.fileno()))
        except OSError as error:
            for descriptor in (self._events, self._commands, self._lifeline):
                os.close(descriptor)
            self._stacks.close()
            raise WorkerFailed(f"the worker process cannot be started in {options.working_directory}: {error}") from error
        finally:
            for descriptor in (events, commands, lifeline):
                os.close(descriptor)
        os.set_blocking(self._events, False)
        self._death = os.pidfd_open(self._process.pid) if hasattr(os, "pidfd_open") else None
        self.command(block)

    @property
    def descriptors(self) -> list[int]:
        """What to poll for news: the pipe of events, and where the system has one the descriptor of the process."""
        return [self._events] if self._death is None else [self._events, self._death]

    def command(self, data: bytes) -> None:
        """Send to the worker; a worker that is gone is noticed where its events are read."""
        with contextlib.suppress(BrokenPipeError):
            while data:
                data = data[os.write(self._commands, data) :]

    def read(self) -> tuple[list[Message], bool]:
        """Return the messages that are there, and whether the worker is dead and nothing more can come."""
        is_dead = self._is_dead()
        if is_dead:
            self._bury()
        data = b""
        for _ in range(_READS_OF_DEAD if is_dead else 1):
            try:
                chunk = os.read(self._events, _PIPE_BYTES)
            except BlockingIOError:
                break
            if not chunk:
                self._cut_off()
                is_dead = True
                break
            data += chunk
        return self._decoder.feed(data), is_dead

    def pause(self, seconds: float) -> None:
        """Let events gather, but come back at once if the worker dies."""
        if self._death is None:
            time.sleep(seconds)
        else:
            select.select([self._death], [], [], seconds)

    def interrupt(self) -> None:
        """Pass a Ctrl-C on to the worker and its children."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End the worker and everything in its group."""
        self._signal(signal.SIGKILL)

    def death(self) -> str:
        """Tell how the worker ended."""
        code = self._process.wait()
        if self._is_cut_off or code == _CHANNEL_LOST:
            return "worker lost its connection, whose file descriptor was closed by a test,"
        if code >= 0:
            return f"worker exited with code {code}"
        try:
            return f"worker killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"worker killed by signal {-code}"

    def stacks(self) -> str | None:
        """Return what faulthandler wrote when the worker died, without the frames of the worker's own code."""
        self._stacks.seek(0)
        lines = self._stacks.read(_STACK_BYTES).decode("utf-8", "replace").splitlines(keepends=True)
        return "".join(line for line in lines if str(_MAIN.parent) not in line) or None

    def leave(self) -> None:
        """Give a worker that said `end` two seconds for its exit handlers, then close."""
        self._wait_for_death(_LEAVING_S)
        self.close()

    def close(self) -> None:
        """Kill what is left of the worker and its group and free what belongs to it; may be called again."""
        if self._is_closed:
            return
        self._is_closed = True
        self._bury()
        for descriptor in (*self.descriptors, self._commands, self._lifeline):
            os.close(descriptor)
        self._stacks.close()

    def _is_dead(self) -> bool:
        """Ask without reaping, so that the group's number stays ours until the strays in it are killed."""
        if self._process.returncode is not None:
            return True
        if not hasattr(os, "waitid"):
            return self._process.poll() is not None
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _bury(self) -> None:
        if self._process.returncode is None:
            self.kill()
            self._process.wait()

    def _cut_off(self) -> None:
        """The pipe has no writer: the worker is at its end, or a test closed its descriptors and it cannot report any more."""
        self._is_cut_off = not self._wait_for_death(_LEAVING_S)
        self._bury()

    def _wait_for_death(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not self._is_dead() and time.monotonic() < deadline:
            self.pause(0.02)
        return self._is_dead()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def _start(options: WorkerOptions, descriptors: tuple[int, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [options.interpreter or sys.executable, *interpreter_flags(), str(_MAIN), *map(str, descriptors)],
        stdin=subprocess.DEVNULL,
        stdout=2 if options.stdout_to_stderr else None,
        cwd=options.working_directory,
        # A test that runs `runner` itself records where its own project says, not among us.
        env={name: value for name, value in os.environ.items() if name != _OUR_REGISTRY},
        pass_fds=descriptors,
        start_new_session=True,
    )


def _anonymous_file() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("runner-stacks"), "w+b", buffering=0)
    import tempfile

    return tempfile.TemporaryFile(buffering=0)


def _enlarge(pipe: int) -> None:
    """Give the pipe room for thousands of events, where the system lets us."""
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
